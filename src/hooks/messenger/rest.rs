//! The calls over HTTP that go with the socket.

use gloo_net::http::{Request, RequestBuilder, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use web_sys::AbortSignal;

use crate::chat::protocol::HistoryPage;
use crate::chat::{HistoryQuery, PAGE};
use crate::domain::{Contact, ContactChange, ScoredProfile, UserId};

/// A call that takes longer has failed: a dead network does not always say so.
const TIME_OUT_MS: u32 = 10_000;

/// Why a call failed.
pub(super) enum Refused {
    /// The session is over: 401.
    Unauthenticated,
    /// There is no such person: 404.
    NotFound,
    /// Anything else; trying again later may help.
    Otherwise,
}

#[derive(Deserialize)]
struct Ticket {
    ticket: String,
}

/// A ticket for one socket.
pub(super) async fn ws_ticket() -> Result<String, Refused> {
    let answer: Ticket = json(Request::post("/messages/ws-ticket")).await?;
    Ok(answer.ticket)
}

/// A page of the conversation with `peer`.
pub(super) async fn history(peer: UserId, query: HistoryQuery) -> Result<HistoryPage, Refused> {
    let position = match query {
        HistoryQuery::Newest => String::new(),
        HistoryQuery::Before(seq) => format!("&before={seq}"),
        HistoryQuery::After(seq) => format!("&after={seq}"),
    };
    json(Request::get(&format!("/messages/history/{peer}?limit={PAGE}{position}"))).await
}

/// A person's profile.
pub(super) async fn profile(person: UserId) -> Result<ScoredProfile, Refused> {
    json(Request::get(&format!("/profiles/{person}"))).await
}

/// Has the server take in what the user chose for `peer`.
pub(super) async fn change_contact(peer: UserId, change: ContactChange) -> Result<Contact, Refused> {
    #[derive(Deserialize)]
    struct Answer {
        contact: Contact,
    }
    let (what, on) = match change {
        ContactChange::Muted(on) => ("muted", on),
        ContactChange::MarkedUnread(on) => ("marked_unread", on),
        ContactChange::Blocked(on) => ("blocked", on),
    };
    let response = post(&format!("/messages/contact/{peer}"), format!("{{\"{what}\":{on}}}")).await?;
    Ok(read::<Answer>(response).await?.contact)
}

/// Tells the operator about `peer`.
pub(super) async fn report(peer: UserId, reason: &str) -> Result<(), Refused> {
    let reason = serde_json::to_string(reason).map_err(|_| Refused::Otherwise)?;
    post(&format!("/messages/report/{peer}"), format!("{{\"reason\":{reason}}}")).await.map(drop)
}

/// Ends the session. A session that is over already counts as ended.
pub(super) async fn log_out() -> Result<(), Refused> {
    match send(Request::post("/auth/logout")).await {
        Ok(_) | Err(Refused::Unauthenticated) => Ok(()),
        Err(refused) => Err(refused),
    }
}

async fn json<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, Refused> {
    read(send(request).await?).await
}

async fn read<T: DeserializeOwned>(response: Response) -> Result<T, Refused> {
    response.json().await.map_err(|_| Refused::Otherwise)
}

async fn send(request: RequestBuilder) -> Result<Response, Refused> {
    answered(in_time(request).build()).await
}

async fn post(address: &str, json: String) -> Result<Response, Refused> {
    let request = in_time(Request::post(address)).header("content-type", "application/json");
    answered(request.body(json)).await
}

fn in_time(request: RequestBuilder) -> RequestBuilder {
    request.abort_signal(Some(&AbortSignal::timeout_with_u32(TIME_OUT_MS)))
}

async fn answered(request: Result<Request, gloo_net::Error>) -> Result<Response, Refused> {
    let request = request.map_err(|_| Refused::Otherwise)?;
    let response = request.send().await.map_err(|_| Refused::Otherwise)?;
    match response.status() {
        200..=299 => Ok(response),
        401 => Err(Refused::Unauthenticated),
        404 => Err(Refused::NotFound),
        _ => Err(Refused::Otherwise),
    }
}
