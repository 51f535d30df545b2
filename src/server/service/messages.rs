//! Writing, reading and the marks between.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::time::Instant;
use tracing::Instrument as _;
use uuid::Uuid;

use super::access::{Access, authorise};
use super::{Result, Service};
use crate::chat::protocol::{ConversationHead, HistoryPage, MAX_LISTED, ServerFrame};
use crate::domain::{ClientId, Message, MessageBody, MessageId, Seq, UserId};
use crate::server::auth::Viewer;
use crate::server::error::ServiceError;
use crate::server::fanout::Encoded;
use crate::server::hub::SocketId;
use crate::server::store::{ConversationCursor, ConversationPage, Insert, Mark, NewMessage, Position};

/// A message that may be sent.
#[derive(Clone, Debug)]
pub struct Draft {
    /// What the sender calls it.
    pub client_id: ClientId,
    body: MessageBody,
}

/// A message that is stored.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The row.
    pub message: Message,
    /// Whether an earlier try had stored it.
    pub duplicate: bool,
    /// The row as devices are told of it.
    pub encoded: Encoded,
    /// Whether the receiver is to hear of it.
    is_heard: bool,
}

impl From<Insert> for Access<Result<Sent>> {
    fn from(outcome: Insert) -> Self {
        let sent = |message: Message, duplicate, is_heard| {
            Self::Open(Ok(Sent { encoded: Encoded::of(&message), message, duplicate, is_heard }))
        };
        match outcome {
            Insert::Stored(message) => sent(message, false, true),
            Insert::AlreadyStored(message) => sent(message, true, true),
            Insert::Unheard { message, duplicate } => sent(message, duplicate, false),
            Insert::ClientIdReused => Self::Open(Err(ServiceError::ClientIdReused)),
            Insert::NoReceiver => Self::Nobody,
            Insert::Blocked => Self::Blocked,
        }
    }
}

/// Conversations one ping may ask about.
const PING_HEADS: usize = 1500;

impl Service {
    /// Takes a message of the viewer that is to be sent.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] for a text that cannot be one; [`ServiceError::RateLimited`].
    pub fn draft(&self, viewer: Viewer, content: impl Into<String>, client_id: ClientId) -> Result<Draft> {
        let body = MessageBody::parse(content)
            .map_err(|error| ServiceError::invalid("content", error.to_string()))?;
        self.limits.send(viewer.user_id)?;
        Ok(Draft { client_id, body })
    }

    /// Stores one message and tells both people's devices. Without a `client_id` it gets one.
    ///
    /// # Errors
    /// Those of [`Service::draft`] and [`Service::send_messages`].
    pub async fn send_message(
        self: &Arc<Self>,
        viewer: Viewer,
        receiver_id: UserId,
        content: &str,
        client_id: Option<ClientId>,
    ) -> Result<Sent> {
        let client_id = client_id.unwrap_or_else(|| ClientId(Uuid::now_v7()));
        let draft = self.draft(viewer, content, client_id)?;
        let sent = self.send_messages(viewer, receiver_id, vec![draft], None).await?.pop();
        sent.ok_or(ServiceError::Unavailable(None))?
    }

    /// Stores messages in this order and tells both people's devices, all but the one they came `from`. A
    /// repeated send is told again: its first telling may have been what got lost.
    ///
    /// # Errors
    /// Of each message: [`ServiceError::NotFound`] (no such receiver, oneself included),
    /// [`ServiceError::Blocked`], [`ServiceError::ClientIdReused`]. Of all: a retryable one after which the
    /// outcome is unknown.
    pub async fn send_messages(
        self: &Arc<Self>,
        viewer: Viewer,
        receiver_id: UserId,
        drafts: Vec<Draft>,
        from: Option<SocketId>,
    ) -> Result<Vec<Result<Sent>>> {
        let created_at = self.clock.now();
        let message = |draft: Draft| NewMessage {
            id: MessageId(Uuid::now_v7()),
            client_id: draft.client_id,
            sender_id: viewer.user_id,
            receiver_id,
            body: draft.body,
            created_at,
        };
        let new: Vec<_> = drafts.into_iter().map(message).collect();
        let started = Instant::now();
        let sent = self.to_its_end(move |service| async move {
            let inserts = service.store.insert_messages(new).await?;
            let sent = inserts.into_iter().map(|insert| authorise(insert)?).collect::<Vec<_>>();
            service.tell_sent((viewer.user_id, receiver_id), &sent, created_at, from).await;
            Ok(sent)
        });
        let sent = sent.await?;
        let took = started.elapsed();
        metrics::histogram!("mosaic_send_seconds").record_many(took, sent.len());
        Ok(sent)
    }

    async fn tell_sent(
        &self,
        (sender, receiver): (UserId, UserId),
        sent: &[Result<Sent>],
        sent_at: DateTime<Utc>,
        from: Option<SocketId>,
    ) {
        let stored: Vec<_> = sent.iter().flatten().collect();
        for (duplicate, label) in [(true, "yes"), (false, "no")] {
            let count = stored.iter().filter(|sent| sent.duplicate == duplicate).count() as u64;
            metrics::counter!("mosaic_sends_total", "duplicate" => label).increment(count);
        }
        let heard: Vec<_> = stored.iter().filter(|sent| sent.is_heard).map(|sent| &sent.encoded).collect();
        let is_first = stored.iter().any(|sent| sent.is_heard && sent.message.seq == Seq::ZERO.next());
        if is_first {
            self.recall_choices(sender, receiver).await;
        }
        self.fanout.tell_messages(receiver, &heard, sent_at, None).await;
        let all: Vec<_> = stored.iter().map(|sent| &sent.encoded).collect();
        self.fanout.tell_messages(sender, &all, sent_at, from).await;
        if is_first {
            self.introduce(sender, receiver).await;
        }
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
