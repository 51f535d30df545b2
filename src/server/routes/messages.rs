//! Sending, history, read marks and tickets.

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;

use super::extract::{JsonBody, PathUser, SEND_BYTES};
use crate::domain::{ContactChange, Seq};
use crate::server::AppState;
use crate::server::auth::{TICKET_AGE, Viewer};
use crate::server::error::ServiceError;
use crate::server::input::Query;
use crate::server::store::Position;

pub fn router() -> Router<AppState> {
    Router::new()
        .route("/messages/ws-ticket", post(ticket))
        .route("/messages/send", post(send))
        .route("/messages/history/{other_user_id}", get(history))
        .route("/messages/read/{other_user_id}", post(read))
        .route("/messages/contact/{other_user_id}", post(contact))
        .route("/messages/report/{other_user_id}", post(report))
}

async fn ticket(State(state): State<AppState>, viewer: Viewer) -> Result<Response, ServiceError> {
    let ticket = state.service.issue_ticket(viewer).await?;
    Ok(Json(json!({"ticket": ticket.reveal(), "expires_in": TICKET_AGE.as_secs()})).into_response())
}

async fn send(
    State(state): State<AppState>,
    viewer: Viewer,
    JsonBody(body): JsonBody<SEND_BYTES>,
) -> Result<Response, ServiceError> {
    let receiver = body.user("receiver_id")?;
    let sent =
        state.service.send_message(viewer, receiver, body.text("content")?, body.client_id()?, None).await?;
    let status = if sent.duplicate { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(sent.message)).into_response())
}

async fn history(
    State(state): State<AppState>,
    viewer: Viewer,
    PathUser(peer): PathUser,
    RawQuery(query): RawQuery,
) -> Result<Response, ServiceError> {
    let query = Query::parse(query.as_deref());
    let limit = query.limit(50)?;
    let page = state.service.history(viewer, peer, limit, position(&query)?).await?;
    Ok(Json(page).into_response())
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

async fn read(
    State(state): State<AppState>,
    viewer: Viewer,
    PathUser(peer): PathUser,
    JsonBody(body): JsonBody,
) -> Result<StatusCode, ServiceError> {
    state.service.mark_read(viewer, peer, body.seq("seq")?).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn contact(
    State(state): State<AppState>,
    viewer: Viewer,
    PathUser(peer): PathUser,
    JsonBody(body): JsonBody,
) -> Result<Response, ServiceError> {
    let change = match (body.flag("muted")?, body.flag("marked_unread")?, body.flag("blocked")?) {
        (Some(on), None, None) => ContactChange::Muted(on),
        (None, Some(on), None) => ContactChange::MarkedUnread(on),
        (None, None, Some(on)) => ContactChange::Blocked(on),
        _ => return Err(ServiceError::invalid("body", "Give one of muted, marked_unread and blocked.")),
    };
    let contact = state.service.change_contact(viewer, peer, change).await?;
    Ok(Json(json!({"contact": contact})).into_response())
}

async fn report(
    State(state): State<AppState>,
    viewer: Viewer,
    PathUser(peer): PathUser,
    JsonBody(body): JsonBody,
) -> Result<StatusCode, ServiceError> {
    state.service.report(viewer, peer, body.text("reason")?).await?;
    Ok(StatusCode::NO_CONTENT)
}
