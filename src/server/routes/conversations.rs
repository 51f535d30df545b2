//! The inbox.

use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::domain::{Contact, Message, Profile, Seq};
use crate::server::AppState;
use crate::server::auth::Viewer;
use crate::server::cursor;
use crate::server::error::ServiceError;
use crate::server::input::Query;
use crate::server::store::Conversation;

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(conversations))
}

/// A page of the inbox, newest message first.
#[derive(Serialize, ToSchema)]
struct Inbox {
    /// The entries.
    conversations: Vec<Entry>,
    /// Unread messages in all conversations, not only those of the page.
    total_unread: u64,
    /// Whether there are older ones.
    has_more: bool,
    /// Where the next page begins, to be given back as `before`; null on the last one.
    #[schema(required)]
    next_before: Option<String>,
}

/// One conversation.
#[derive(Serialize, ToSchema)]
struct Entry {
    /// The other member.
    peer: Profile,
    /// The newest message.
    last_message: Message,
    /// Its position.
    last_seq: Seq,
    /// How far one has read.
    read_seq: Seq,
    /// How far the peer has read.
    peer_read_seq: Seq,
    /// How far a device of the peer holds it.
    peer_delivered_seq: Seq,
    /// Messages of the peer beyond `read_seq`.
    unread: u64,
    /// What one chose for the peer.
    contact: Contact,
}

/// The inbox.
#[utoipa::path(
    get,
    path = "/messages/conversations",
    tag = "messages",
    operation_id = "conversations",
    params(
        ("limit" = Option<u32>, Query, description = "At most so many; 50 when absent.", minimum = 1, maximum = 200),
        ("before" = Option<String>, Query, description = "The `next_before` of the page before.")
    ),
    responses(
        (
            status = 200, description = "A page, newest message first.", body = Inbox,
            links(
                ("next" = (
                    operation_id = "conversations", parameters(("before" = "$response.body#/next_before"))
                )),
                ("history" = (
                    operation_id = "history",
                    parameters(("other_user_id" = "$response.body#/conversations/0/peer/id"))
                ))
            )
        ),
        (status = 422, description = "`invalid`: a parameter is malformed, out of range or given twice.")
    )
)]
async fn conversations(
    State(state): State<AppState>,
    viewer: Viewer,
    RawQuery(query): RawQuery,
) -> Result<Json<Inbox>, ServiceError> {
    let query = Query::parse(query.as_deref());
    let before = query.optional("before")?.map(cursor::read_conversation).transpose()?;
    let page = state.service.conversations(viewer, query.limit(50)?, before).await?;
    Ok(Json(Inbox {
        conversations: page.conversations.into_iter().map(Entry::from).collect(),
        total_unread: page.total_unread,
        has_more: page.next.is_some(),
        next_before: page.next.map(cursor::write_conversation),
    }))
}

impl From<Conversation> for Entry {
    fn from(Conversation { peer, last_message, head }: Conversation) -> Self {
        Self {
            peer,
            last_message,
            last_seq: head.last_seq,
            read_seq: head.read_seq,
            peer_read_seq: head.peer_read_seq,
            peer_delivered_seq: head.peer_delivered_seq,
            unread: head.unread,
            contact: head.contact,
        }
    }
}
