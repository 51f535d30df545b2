//! The page of one's own account: rendered here and nowhere else, with plain forms that come back to it.

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use leptos::prelude::{Owner, provide_context};
use url::form_urlencoded::Serializer;

use super::account::farewell;
use super::extract::{Client, Form, locale, preferences};
use super::{PAGES, compression};
use crate::app::{Account, AccountDevice, AccountForm, Outcome, account_document};
use crate::i18n::ServerWords;
use crate::server::AppState;
use crate::server::auth::Viewer;
use crate::server::error::ServiceError;
use crate::server::input::Query;
use crate::server::service::Device;

/// Nothing runs on this page at all.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self' data:; manifest-src 'self'; form-action 'self'; \
     base-uri 'none'; frame-ancestors 'none'",
);

pub fn router() -> Router<AppState> {
    Router::new().route("/account", get(page)).route("/account", post(take)).layer(compression(PAGES))
}

async fn page(
    State(state): State<AppState>,
    viewer: Option<Viewer>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ServiceError> {
    let Some(viewer) = viewer else { return Ok(Redirect::to("/login?next=%2Faccount").into_response()) };
    let locale = locale(&headers);
    let words = locale.server_words();
    let account = Account {
        me: state.service.own_profile(viewer.user_id).await?,
        devices: state
            .service
            .devices(viewer)
            .await?
            .into_iter()
            .map(|device| shown(device, words))
            .collect(),
        outcome: outcome(&Query::parse(query.as_deref())),
    };
    let html = Owner::new().with(|| {
        if let Some(preferences) = preferences(&headers) {
            provide_context(preferences);
        }
        provide_context(locale);
        account_document(state.leptos.clone(), account)
    });
    Ok(([(header::CONTENT_SECURITY_POLICY, POLICY)], Html(html)).into_response())
}

fn shown(device: Device, words: &ServerWords) -> AccountDevice {
    AccountDevice {
        id: device.id,
        words: words.device(&device.device),
        since: device.created_at,
        used: device.last_used_at,
        is_current: device.current,
    }
}

/// What the address says of the form that was sent last.
fn outcome(query: &Query) -> Option<Outcome> {
    let form = AccountForm::named(query.optional("form").ok().flatten()?)?;
    Some(Outcome { form, error: query.optional("error").ok().flatten().map(str::to_owned) })
}

async fn take(
    State(state): State<AppState>,
    viewer: Option<Viewer>,
    Client(client): Client,
    sent: Form,
) -> Response {
    let Some(viewer) = viewer else { return Redirect::to("/login?next=%2Faccount").into_response() };
    let Some(form) = AccountForm::named(sent.get("form")) else {
        return ServiceError::invalid("form", "This form is unknown.").into_response();
    };
    let text = |name| sent.get(name).to_owned();
    let service = &state.service;
    let done = match form {
        AccountForm::Device => match sent.get("device").parse() {
            Ok(id) => service.end_device(viewer, id).await,
            Err(_) => Err(ServiceError::NotFound),
        },
        AccountForm::Password => {
            let (current, new) = (text("current-password"), text("new-password"));
            service.change_password(viewer, current, new, client).await
        }
        AccountForm::Delete if sent.get("confirmed") != "yes" => {
            Err(ServiceError::invalid("confirmed", "This has to be confirmed."))
        }
        AccountForm::Delete => service.delete_account(viewer, text("delete-password"), client).await,
    };
    match done {
        Ok(()) if form == AccountForm::Delete => (farewell(&state), Redirect::to("/login")).into_response(),
        outcome => back(form, outcome.err().as_ref()),
    }
}

fn back(form: AccountForm, error: Option<&ServiceError>) -> Response {
    if let Some(ServiceError::Unavailable(Some(cause))) = error {
        tracing::error!(error = ?cause, "the store could not answer");
    }
    let mut query = Serializer::new(String::new());
    query.append_pair("form", form.name());
    if let Some(error) = error {
        query.append_pair("error", error.code());
    }
    Redirect::to(&format!("/account?{}", query.finish())).into_response()
}
