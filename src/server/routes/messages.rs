//! Sending, history, read marks and tickets.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{JsonBody, PathUser, SEND_BYTES};
use crate::chat::protocol::HistoryPage;
use crate::domain::{Contact, ContactChange, Message, SendMessageRequest, Seq, UserId};
use crate::server::AppState;
use crate::server::auth::{TICKET_AGE, Viewer};
use crate::server::error::ServiceError;
use crate::server::input::{Fields, Query};
use crate::server::store::Position;

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(ticket))
        .routes(routes!(send))
        .routes(routes!(history))
        .routes(routes!(read))
        .routes(routes!(contact))
        .routes(routes!(report))
}

/// A pass for one socket.
#[derive(Serialize, ToSchema)]
struct Ticket {
    /// The pass: it opens one socket of this user.
    #[schema(pattern = "^[A-Za-z0-9_-]{43}$")]
    ticket: String,
    /// For so many seconds.
    expires_in: u64,
}

/// Gives a ticket for a socket.
#[utoipa::path(
    post,
    path = "/messages/ws-ticket",
    tag = "messages",
    operation_id = "ticket",
    responses(
        (
            status = 200, description = "The ticket.", body = Ticket,
            links(("socket" = (operation_id = "socket", parameters(("token" = "$response.body#/ticket")))))
        ),
        (status = 429, description = "`rate_limited`: too many tickets.")
    )
)]
async fn ticket(State(state): State<AppState>, viewer: Viewer) -> Result<Json<Ticket>, ServiceError> {
    let ticket = state.service.issue_ticket(viewer).await?;
    Ok(Json(Ticket { ticket: ticket.reveal().to_owned(), expires_in: TICKET_AGE.as_secs() }))
}

/// Stores a message and tells both people's devices.
#[utoipa::path(
    post,
    path = "/messages/send",
    tag = "messages",
    operation_id = "send",
    request_body = SendMessageRequest,
    responses(
        (
            status = 201, description = "Stored.", body = Message,
            links(
                ("history" = (
                    operation_id = "history", parameters(("other_user_id" = "$response.body#/receiver_id"))
                )),
                ("read" = (
                    operation_id = "read",
                    parameters(("other_user_id" = "$response.body#/receiver_id")),
                    request_body = json!({"seq": "$response.body#/seq"})
                )),
                ("again" = (
                    operation_id = "send",
                    request_body = json!({
                        "receiver_id": "$response.body#/receiver_id",
                        "content": "$response.body#/content",
                        "client_id": "$response.body#/client_id"
                    })
                )),
                ("contact" = (
                    operation_id = "contact", parameters(("other_user_id" = "$response.body#/receiver_id"))
                )),
                ("report" = (
                    operation_id = "report", parameters(("other_user_id" = "$response.body#/receiver_id"))
                ))
            )
        ),
        (status = 200, description = "It had been stored by an earlier try.", body = Message),
        (status = 403, description = "`blocked`: one blocks this person. `cross_site`: a browser sends this for another site."),
        (status = 404, description = "`not_found`: no such receiver; oneself is none."),
        (status = 409, description = "`client_id_reused`: the `client_id` was used for another message."),
        (status = 429, description = "`rate_limited`: too many messages.")
    )
)]
async fn send(
    State(state): State<AppState>,
    viewer: Viewer,
    JsonBody(body): JsonBody<SEND_BYTES>,
) -> Result<Response, ServiceError> {
    let SendMessageRequest { receiver_id, content, client_id } = wanted(&body)?;
    let sent = state.service.send_message(viewer, receiver_id, &content, client_id).await?;
    metrics::counter!("mosaic_acks_total", "way" => "http").increment(1);
    let status = if sent.duplicate { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(sent.message)).into_response())
}

fn wanted(body: &Fields) -> Result<SendMessageRequest, ServiceError> {
    Ok(SendMessageRequest {
        receiver_id: body.user("receiver_id")?,
        content: body.text("content")?.to_owned(),
        client_id: body.client_id()?,
    })
}

/// A page of a conversation; the newest one without a position.
#[utoipa::path(
    get,
    path = "/messages/history/{other_user_id}",
    tag = "messages",
    operation_id = "history",
    params(
        ("other_user_id" = UserId, Path, description = "The other member."),
        ("limit" = Option<u32>, Query, description = "At most so many; 50 when absent.", minimum = 1, maximum = 200),
        ("offset" = Option<u64>, Query, description = "Passes over so many of the newest."),
        ("before" = Option<u64>, Query, description = "The newest below this position.", minimum = 1),
        ("after" = Option<u64>, Query, description = "The oldest above this position.")
    ),
    responses(
        (
            status = 200, description = "The page, in ascending order of `seq`.", body = HistoryPage,
            links(
                ("earlier" = (
                    operation_id = "history",
                    parameters(
                        ("other_user_id" = "$request.path.other_user_id"),
                        ("before" = "$response.body#/messages/0/seq")
                    )
                )),
                ("read" = (
                    operation_id = "read",
                    parameters(("other_user_id" = "$request.path.other_user_id")),
                    request_body = json!({"seq": "$response.body#/last_seq"})
                ))
            )
        ),
        (
            status = 422,
            description = "`invalid`: a parameter is malformed, out of range or given twice, or there are two positions."
        ),
        (status = 429, description = "`rate_limited`: too many pages.")
    )
)]
async fn history(
    State(state): State<AppState>,
    viewer: Viewer,
    PathUser(peer): PathUser,
    RawQuery(query): RawQuery,
) -> Result<Json<HistoryPage>, ServiceError> {
    let query = Query::parse(query.as_deref());
    let limit = query.limit(50)?;
    let page = state.service.history(viewer, peer, limit, position(&query)?).await?;
    Ok(Json(page))
}

fn position(query: &Query) -> Result<Position, ServiceError> {
    let offset = query.number("offset", 0)?;
    let before = query.number("before", 1)?;
    let after = query.number("after", 0)?;
    match (offset, before, after) {
        (None, None, None) => Ok(Position::NEWEST),
        (Some(offset), None, None) => Ok(Position::Offset(offset)),
        (None, Some(before), None) => Ok(Position::Before(Seq(before))),
        (None, None, Some(after)) => Ok(Position::After(Seq(after))),
        (Some(_), ..) => Err(ServiceError::invalid("offset", "Give one of offset, before and after.")),
        _ => Err(ServiceError::invalid("before", "Give one of offset, before and after.")),
    }
}

/// How far one has read.
#[derive(ToSchema)]
struct ReadMark {
    /// The last position read; it never moves backwards.
    #[schema(value_type = u64, minimum = 1)]
    seq: Seq,
}

impl ReadMark {
    fn read(body: &Fields) -> Result<Self, ServiceError> {
        Ok(Self { seq: body.seq("seq")? })
    }
}

/// Notes how far one has read; the devices of both are told.
#[utoipa::path(
    post,
    path = "/messages/read/{other_user_id}",
    tag = "messages",
    operation_id = "read",
    params(("other_user_id" = UserId, Path, description = "The other member.")),
    request_body = ReadMark,
    responses((status = 204, description = "Noted."))
)]
async fn read(
    State(state): State<AppState>,
    viewer: Viewer,
    PathUser(peer): PathUser,
    JsonBody(body): JsonBody,
) -> Result<StatusCode, ServiceError> {
    state.service.mark_read(viewer, peer, ReadMark::read(&body)?.seq).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How one stands to the other now.
#[derive(Serialize, ToSchema)]
struct Chosen {
    /// All of it.
    contact: Contact,
}

/// Chooses something for the other; one's own devices are told, nobody else.
#[utoipa::path(
    post,
    path = "/messages/contact/{other_user_id}",
    tag = "messages",
    operation_id = "contact",
    params(("other_user_id" = UserId, Path, description = "The other member.")),
    request_body = ContactChange,
    responses(
        (status = 200, description = "Chosen.", body = Chosen),
        (status = 429, description = "`rate_limited`: too many changes.")
    )
)]
async fn contact(
    State(state): State<AppState>,
    viewer: Viewer,
    PathUser(peer): PathUser,
    JsonBody(body): JsonBody,
) -> Result<Json<Chosen>, ServiceError> {
    let change = match (body.flag("muted")?, body.flag("marked_unread")?, body.flag("blocked")?) {
        (Some(on), None, None) => ContactChange::Muted(on),
        (None, Some(on), None) => ContactChange::MarkedUnread(on),
        (None, None, Some(on)) => ContactChange::Blocked(on),
        _ => return Err(ServiceError::invalid("body", "Give one of muted, marked_unread and blocked.")),
    };
    let contact = state.service.change_contact(viewer, peer, change).await?;
    Ok(Json(Chosen { contact }))
}

/// What somebody says about another.
#[derive(ToSchema)]
struct Complaint {
    /// What is wrong, in 1–1000 characters after trimming; no NUL.
    #[schema(min_length = 1, max_length = 1000, pattern = "^[^\\u0000]+$")]
    reason: String,
}

impl Complaint {
    fn read(body: &Fields) -> Result<Self, ServiceError> {
        Ok(Self { reason: body.text("reason")?.to_owned() })
    }
}

/// Reports the other to the operator, with what was said last.
#[utoipa::path(
    post,
    path = "/messages/report/{other_user_id}",
    tag = "messages",
    operation_id = "report",
    params(("other_user_id" = UserId, Path, description = "The other member.")),
    request_body = Complaint,
    responses(
        (status = 204, description = "Reported."),
        (status = 429, description = "`rate_limited`: too many reports.")
    )
)]
async fn report(
    State(state): State<AppState>,
    viewer: Viewer,
    PathUser(peer): PathUser,
    JsonBody(body): JsonBody,
) -> Result<StatusCode, ServiceError> {
    state.service.report(viewer, peer, &Complaint::read(&body)?.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}
