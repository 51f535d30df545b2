//! Writing, reading and the marks between.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::time::Instant;
use tracing::Instrument as _;
use uuid::Uuid;

use super::access::{Access, authorise};
use super::{Result, Service};
use crate::chat::protocol::{ConversationHead, HistoryPage, MAX_LISTED, ServerFrame};
use crate::domain::{ClientId, Message, MessageBody, MessageId, Seq, UserId};
use crate::server::auth::Viewer;
use crate::server::error::ServiceError;
use crate::server::hub::SocketId;
use crate::server::store::{ConversationCursor, ConversationPage, Insert, Mark, NewMessage, Position};

/// A message that is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The row.
    pub message: Message,
    /// Whether an earlier try had stored it.
    pub duplicate: bool,
}

/// What a send found or made.
struct Row {
    message: Message,
    duplicate: bool,
    /// Whether the receiver is to hear of it.
    is_heard: bool,
}

impl From<Insert> for Access<Result<Row>> {
    fn from(outcome: Insert) -> Self {
        let row = |message, duplicate, is_heard| Self::Open(Ok(Row { message, duplicate, is_heard }));
        match outcome {
            Insert::Stored(message) => row(message, false, true),
            Insert::AlreadyStored(message) => row(message, true, true),
            Insert::Unheard { message, duplicate } => row(message, duplicate, false),
            Insert::ClientIdReused => Self::Open(Err(ServiceError::ClientIdReused)),
            Insert::NoReceiver => Self::Nobody,
            Insert::Blocked => Self::Blocked,
        }
    }
}

/// Conversations one ping may ask about.
const PING_HEADS: usize = 1500;

impl Service {
    /// Stores a message and tells both people's devices, all but the one it came `from`. A repeated
    /// send is told again: its first telling may have been what got lost.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`], [`ServiceError::NotFound`] (no such receiver, oneself included),
    /// [`ServiceError::ClientIdReused`], or a retryable one after which the outcome is unknown.
    pub async fn send_message(
        self: &Arc<Self>,
        viewer: Viewer,
        receiver_id: UserId,
        content: &str,
        client_id: Option<ClientId>,
        from: Option<SocketId>,
    ) -> Result<Sent> {
        let body = MessageBody::parse(content)
            .map_err(|error| ServiceError::invalid("content", error.to_string()))?;
        self.limits.send(viewer.user_id)?;
        let new = NewMessage {
            id: MessageId(Uuid::now_v7()),
            client_id: client_id.unwrap_or_else(|| ClientId(Uuid::now_v7())),
            sender_id: viewer.user_id,
            receiver_id,
            body,
            created_at: self.clock.now(),
        };
        let started = Instant::now();
        let sent = self.to_its_end(move |service| async move { service.store_and_tell(&new, from).await });
        let sent = sent.await?;
        metrics::histogram!("mosaic_send_seconds").record(started.elapsed());
        Ok(sent)
    }

    async fn store_and_tell(&self, new: &NewMessage, from: Option<SocketId>) -> Result<Sent> {
        let Row { message, duplicate, is_heard } = authorise(self.store.insert_message(new).await?)??;
        metrics::counter!("mosaic_sends_total", "duplicate" => if duplicate { "yes" } else { "no" })
            .increment(1);
        let (sender, receiver) = (message.sender_id, message.receiver_id);
        let is_first = is_heard && message.seq == Seq::ZERO.next();
        if is_first {
            self.recall_choices(sender, receiver).await;
        }
        if is_heard {
            self.fanout.tell_message(receiver, &message, new.created_at, None).await;
        }
        self.fanout.tell_message(sender, &message, new.created_at, from).await;
        if is_first {
            self.introduce(sender, receiver).await;
        }
        Ok(Sent { message, duplicate })
    }

    /// Runs what writes and then tells in a task of its own: a caller that goes away in between must
    /// not take the telling along, and the bus stays open until it is told.
    pub(super) async fn to_its_end<T, F>(self: &Arc<Self>, work: impl FnOnce(Arc<Self>) -> F) -> Result<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let task = self.under_way.spawn(work(Arc::clone(self)).in_current_span());
        task.await.map_err(|_| ServiceError::Unavailable(None))?
    }

    /// A page of a conversation.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] for an unknown person and for oneself.
    pub async fn history(
        &self,
        viewer: Viewer,
        peer: UserId,
        limit: u32,
        position: Position,
    ) -> Result<HistoryPage> {
        self.limits.history(viewer.user_id)?;
        let page = authorise(self.store.get_messages_between(viewer.user_id, peer, limit, position).await?)?;
        if matches!(position, Position::After(_)) && !page.messages.is_empty() {
            metrics::counter!("mosaic_gaps_healed_total").increment(1);
        }
        Ok(page)
    }

    /// A page of the inbox.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`].
    pub async fn conversations(
        &self,
        viewer: Viewer,
        limit: u32,
        before: Option<ConversationCursor>,
    ) -> Result<ConversationPage> {
        Ok(self.store.conversations(viewer.user_id, limit, before, self.clock.now()).await?)
    }

    /// Where a user's conversations stand, for `welcome` and `resync`. A crowd that asks waits for
    /// its turns here, where waiting is no error.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`].
    pub async fn heads(&self, user: UserId) -> Result<Vec<ConversationHead>> {
        let _turn = self.heads.acquire().await.map_err(|_| ServiceError::Unavailable(None))?;
        Ok(self.store.conversation_heads(user, MAX_LISTED, self.clock.now()).await?)
    }

    /// The newest positions of the conversations a ping asks about.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`].
    pub async fn last_seqs(&self, viewer: Viewer, peers: &[UserId]) -> Result<BTreeMap<UserId, Seq>> {
        if peers.is_empty() {
            return Ok(BTreeMap::new());
        }
        Ok(self.store.last_seqs(viewer.user_id, &peers[..peers.len().min(PING_HEADS)]).await?)
    }

    /// The user has read up to `seq`: every device of both is told.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] for an unknown person; [`ServiceError::Invalid`] beyond the end.
    pub async fn mark_read(self: &Arc<Self>, viewer: Viewer, peer: UserId, seq: Seq) -> Result<()> {
        self.to_its_end(move |service| async move { service.read_and_tell(viewer, peer, seq).await }).await
    }

    async fn read_and_tell(&self, viewer: Viewer, peer: UserId, seq: Seq) -> Result<()> {
        let (me, now) = (viewer.user_id, self.clock.now());
        match self.store.mark_read(me, peer, seq, now).await? {
            moved @ (Mark::Moved(_) | Mark::MovedUnheard) => {
                let read = |peer_id| ServerFrame::Read { peer_id, reader_id: me, seq, read_at: now };
                if moved != Mark::MovedUnheard {
                    self.fanout.tell(peer, &read(me), None).await;
                }
                self.fanout.tell(me, &read(peer), None).await;
                Ok(())
            }
            Mark::Unchanged => Ok(()),
            Mark::BeyondEnd => Err(self.beyond_end(viewer, peer).await?),
        }
    }

    /// A device of the user holds the conversation up to `seq`: the peer's devices are told.
    ///
    /// # Errors
    /// As [`Service::mark_read`].
    pub async fn mark_received(self: &Arc<Self>, viewer: Viewer, peer: UserId, seq: Seq) -> Result<()> {
        self.to_its_end(move |service| async move { service.receive_and_tell(viewer, peer, seq).await }).await
    }

    async fn receive_and_tell(&self, viewer: Viewer, peer: UserId, seq: Seq) -> Result<()> {
        match self.store.mark_delivered(viewer.user_id, peer, seq).await? {
            Mark::Moved(seq) => {
                let frame = ServerFrame::Delivered { peer_id: viewer.user_id, seq };
                self.fanout.tell(peer, &frame, None).await;
                Ok(())
            }
            Mark::MovedUnheard | Mark::Unchanged => Ok(()),
            Mark::BeyondEnd => Err(self.beyond_end(viewer, peer).await?),
        }
    }

    /// The user is typing to a peer. Never stored.
    pub async fn note_typing(&self, viewer: Viewer, peer: UserId) {
        // What cannot be looked up is not passed on: it would be over in five seconds anyway.
        let is_heard = self.store.is_silent(viewer.user_id, peer).await.is_ok_and(|silent| !silent);
        if peer != viewer.user_id && is_heard {
            self.fanout.tell(peer, &ServerFrame::Typing { peer_id: viewer.user_id }, None).await;
        }
    }

    /// Why there is no such position: no such person, or not yet.
    async fn beyond_end(&self, viewer: Viewer, peer: UserId) -> Result<ServiceError> {
        authorise(self.store.get_messages_between(viewer.user_id, peer, 1, Position::NEWEST).await?)?;
        Ok(ServiceError::invalid("seq", "There is no such message yet."))
    }
}
