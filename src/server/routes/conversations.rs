//! The inbox.

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::server::AppState;
use crate::server::auth::Viewer;
use crate::server::cursor;
use crate::server::error::ServiceError;
use crate::server::input::Query;
use crate::server::store::Conversation;

pub fn router() -> Router<AppState> {
    Router::new().route("/messages/conversations", get(conversations))
}

async fn conversations(
    State(state): State<AppState>,
    viewer: Viewer,
    RawQuery(query): RawQuery,
) -> Result<Response, ServiceError> {
    let query = Query::parse(query.as_deref());
    let before = query.optional("before")?.map(cursor::read_conversation).transpose()?;
    let page = state.service.conversations(viewer, query.limit(50)?, before).await?;
    let body = json!({
        "conversations": page.conversations.iter().map(entry).collect::<Vec<_>>(),
        "total_unread": page.total_unread,
        "has_more": page.next.is_some(),
        "next_before": page.next.map(cursor::write_conversation),
    });
    Ok(Json(body).into_response())
}

fn entry(conversation: &Conversation) -> Value {
    let head = &conversation.head;
    json!({
        "peer": conversation.peer,
        "last_message": conversation.last_message,
        "last_seq": head.last_seq,
        "read_seq": head.read_seq,
        "peer_read_seq": head.peer_read_seq,
        "peer_delivered_seq": head.peer_delivered_seq,
        "unread": head.unread,
        "contact": head.contact,
    })
}
