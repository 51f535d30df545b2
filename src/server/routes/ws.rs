//! The socket: the upgrade with its checks, and the two tasks that serve a connection.

mod connection;
mod frames;
mod sends;
mod writer;

use std::future::ready;

use axum::extract::rejection::PathRejection;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tracing::Span;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::Client;
use crate::domain::UserId;
use crate::server::AppState;
use crate::server::auth::{Token, Viewer};
use crate::server::error::{ServiceError, refuse};
use crate::server::input::Query;

/// A frame of a device may have this many bytes: as many as the body of a send over HTTP. 4000 characters
/// beyond the Basic Multilingual Plane take 48 000 when JSON escapes all of them, so 32 KiB would refuse
/// messages that are not too long.
pub const FRAME_BYTES: usize = 64 * 1024;
/// What the protocol layer reads at most, so that a frame a little too big can be refused with its
/// own close code instead of a broken connection.
const READ_BYTES: usize = 512 * 1024;
/// The read buffer of a socket; the library's default of 128 KiB would be paid for every idle one. The
/// allocator keeps pieces up to this length at hand for each thread, which matters more than fewer reads.
const BUFFER_BYTES: usize = 1024;
/// Frames that are to be written together go to the system together, in pieces of about so many bytes.
const WRITTEN_AT_ONCE: usize = 16 * 1024;
/// What may wait inside the protocol layer before writing fails: the longest frame has to fit, which is
/// the `welcome` of somebody with a thousand conversations.
const WRITE_BYTES: usize = 1024 * 1024;

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(upgrade))
}

/// Opens a WebSocket; its frames are described in `docs/PROTOCOL.md`.
#[utoipa::path(
    get,
    path = "/messages/ws/{user_id}",
    tag = "messages",
    operation_id = "socket",
    security(()),
    params(
        ("user_id" = UserId, Path, description = "Oneself."),
        ("token" = Option<String>, Query, description = "A ticket; without one the answer is 401.")
    ),
    responses(
        (status = 101, description = "The socket is open."),
        (status = 400, description = "`bad_query`: the ticket is given twice."),
        (status = 401, description = "`unauthenticated`: the ticket is missing, unknown, spent or expired."),
        (
            status = 403,
            description = "`not_yours`: the ticket is somebody else's. `cross_site`: a foreign `Origin`."
        ),
        (status = 404, description = "`not_found`: the id is none."),
        (status = 429, description = "`rate_limited`: too many sockets from this address; the ticket is spent."),
        (status = 426, description = "`upgrade_required`: this is no WebSocket handshake; the ticket is spent.")
    )
)]
async fn upgrade(
    State(state): State<AppState>,
    Client(address): Client,
    user: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Response {
    let user = user.map(|Path(user)| user).unwrap_or_default();
    let viewer = match admit(&state, &user, query.as_deref(), &headers).await {
        Ok(viewer) => viewer,
        Err(refusal) => return refusal,
    };
    let place = match state.service.limits.socket(address) {
        Ok(place) => place,
        Err(refusal) => return refusal.into_response(),
    };
    let span = Span::current();
    match upgrade {
        Ok(upgrade) => upgrade
            .read_buffer_size(BUFFER_BYTES)
            .write_buffer_size(WRITTEN_AT_ONCE)
            .max_write_buffer_size(WRITE_BYTES)
            .max_message_size(READ_BYTES)
            .max_frame_size(READ_BYTES)
            .on_upgrade(move |websocket| {
                // Inside the request's span, whose id names the socket from then on. In a task of its own: that of
                // the upgrade has room for much that is over.
                tracing::info_span!(parent: &span, "socket")
                    .in_scope(|| connection::take_over(&state, viewer, websocket, place));
                ready(())
            }),
        Err(_) => refuse(StatusCode::UPGRADE_REQUIRED, "upgrade_required", "A WebSocket is expected here."),
    }
}

/// The checks before the upgrade, in the order of the contract.
async fn admit(
    state: &AppState,
    user: &str,
    query: Option<&str>,
    headers: &HeaderMap,
) -> Result<Viewer, Response> {
    if state.shutdown.is_cancelled() {
        return Err(ServiceError::Unavailable(None).into_response());
    }
    let user: UserId = user.parse().map_err(|_| ServiceError::NotFound.into_response())?;
    let query = Query::parse(query);
    let token = query
        .optional("token")
        .map_err(|_| refuse(StatusCode::BAD_REQUEST, "bad_query", "Give one token."))?;
    if let Some(origin) = headers.get(header::ORIGIN)
        && !origin.to_str().is_ok_and(|origin| state.config.origin.is(origin))
    {
        return Err(refuse(StatusCode::FORBIDDEN, "cross_site", "This request came from another site."));
    }
    let token = token.map(Token::presented).ok_or_else(|| ServiceError::Unauthenticated.into_response())?;
    let viewer = state.service.redeem_ticket(&token).await.map_err(IntoResponse::into_response)?;
    if viewer.user_id == user {
        Ok(viewer)
    } else {
        Err(refuse(StatusCode::FORBIDDEN, "not_yours", "This ticket is for somebody else's socket."))
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;
    use crate::chat::protocol::{ConversationHead, MAX_LISTED, ServerFrame};
    use crate::domain::{Contact, Seq};

    #[test]
    fn the_longest_welcome_can_be_written() {
        let most = Seq(u64::from(u32::MAX));
        let moment = DateTime::from_timestamp_nanos(1_800_000_000_123_456_789);
        let head = ConversationHead {
            peer_id: UserId(Uuid::max()),
            last_seq: most,
            read_seq: most,
            peer_read_seq: most,
            peer_delivered_seq: most,
            unread: most.0,
            online: false,
            last_seen: Some(moment),
            contact: Contact { muted: true, marked_unread: true, blocked: true },
        };
        let conversations = vec![head; usize::try_from(MAX_LISTED).expect("not that many")];
        let user_id = UserId(Uuid::max());
        let welcome = ServerFrame::Welcome { user_id, server_time: moment, conversations };
        let bytes = serde_json::to_vec(&welcome).expect("a frame").len();
        assert!(bytes < WRITE_BYTES / 2, "{bytes} bytes, and other frames may wait before it");
        assert!(bytes < 512 * 1024, "{bytes} bytes: more than clients are told to accept");
    }
}
