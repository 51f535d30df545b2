//! The subscribing half: one connection for every user present, set up again for ever.
//!
//! Who is present is known to [`Local`] alone. The task only ever makes the connection agree with
//! it: all users when a connection is new, afterwards those it is told have changed. So a change
//! told twice, late, or while away does no harm.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use futures::StreamExt;
use futures::future::{BoxFuture, Fuse, FusedFuture};
use redis::aio::PubSubSink;
use redis::{Client, Msg, RedisError};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until, timeout};
use uuid::Uuid;

use super::publisher::Outbox;
use super::{Backoff, Local, channel, meter};
use crate::domain::UserId;

/// One try to connect, handshake included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// One batch of subscriptions, until all of it is confirmed.
const BATCH_TIMEOUT: Duration = Duration::from_secs(2);
/// So many users in one command: it fits into any socket's buffer.
const BATCH_USERS: usize = 512;
/// So many messages are routed before anything else gets its turn.
const ROUTE_AT_ONCE: usize = 256;
/// Between two probes.
const PROBE_EVERY: Duration = Duration::from_secs(2);
/// Deaf when no probe was heard for so long. Room for one that got lost.
const DEAF_AFTER: Duration = Duration::from_secs(5);
/// Between two tries to connect, at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Look again whether this user is present.
pub(super) enum Change {
    /// A stream was added. When the subscription stands, the sender is used; if nobody waits for
    /// it any more, the user gets `Lost`.
    Came(UserId, oneshot::Sender<()>),
    /// The last stream was dropped.
    Gone(UserId),
}

impl Change {
    fn user(&self) -> UserId {
        match self {
            Self::Came(user, _) | Self::Gone(user) => *user,
        }
    }
}

/// Why a connection was given up. The text is for the log and holds no address.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("cannot connect: {0}")]
    Connect(RedisError),
    #[error("cannot connect in time")]
    ConnectTimeout,
    #[error("cannot subscribe: {0}")]
    Subscribe(RedisError),
    #[error("subscriptions were not confirmed in time")]
    SubscribeTimeout,
    #[error("the connection was closed")]
    Closed,
    #[error("no probe of its own came back: subscribed, but deaf")]
    Deaf,
}

/// Commands under way, and what to do when all of them are confirmed.
type Work = Fuse<BoxFuture<'static, Result<Confirmed, Failure>>>;

enum Confirmed {
    Everyone,
    Some(Vec<Change>),
}

/// The task; see the module's documentation.
pub(super) struct Subscriber {
    client: Client,
    local: Arc<Local>,
    changes: mpsc::UnboundedReceiver<Change>,
    outbox: Outbox,
    healthy: Arc<AtomicBool>,
    probe_channel: String,
    backoff: Backoff,
    /// What the log said last.
    reported: Option<bool>,
    connected_before: bool,
}

impl Subscriber {
    pub(super) fn new(
        client: Client,
        local: Arc<Local>,
        changes: mpsc::UnboundedReceiver<Change>,
        outbox: Outbox,
        healthy: Arc<AtomicBool>,
    ) -> Self {
        Self {
            client,
            local,
            changes,
            outbox,
            healthy,
            probe_channel: format!("chat-probe:{}", Uuid::new_v4()),
            backoff: Backoff::up_to(LONGEST_PAUSE),
            reported: None,
            connected_before: false,
        }
    }

    /// Never ends by itself.
    pub(super) async fn run(mut self) {
        loop {
            let failure = self.session().await;
            self.report(false, &failure);
            let pause = sleep(self.backoff.pause());
            tokio::pin!(pause);
            loop {
                tokio::select! {
                    () = &mut pause => break,
                    // Nobody need wait for us now; the next session begins with everyone present.
                    _ = self.changes.recv() => {}
                }
            }
        }
    }

    /// One connection, from the first try to its end.
    async fn session(&mut self) -> Failure {
        let pubsub = match timeout(CONNECT_TIMEOUT, self.client.get_async_pubsub()).await {
            Ok(Ok(pubsub)) => pubsub,
            Ok(Err(error)) => return Failure::Connect(error),
            Err(_) => return Failure::ConnectTimeout,
        };
        let (sink, messages) = pubsub.split();
        let mut messages = messages.ready_chunks(ROUTE_AT_ONCE);

        while self.changes.try_recv().is_ok() {}
        let mut subscribed: HashSet<UserId> = self.local.users().into_iter().collect();
        let mut work = self.subscribe_everyone(&sink, &subscribed);
        let mut changes = Vec::new();
        let mut probes = interval(PROBE_EVERY);
        probes.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // Before everyone is confirmed, the time-outs of the batches watch the connection.
        let mut heard_at = None;

        loop {
            let deaf_at = heard_at.map(|at: Instant| at + DEAF_AFTER);
            tokio::select! {
                chunk = messages.next() => {
                    let Some(chunk) = chunk else { return Failure::Closed };
                    if self.route(&chunk) && heard_at.is_some() {
                        heard_at = Some(Instant::now());
                        self.report(true, &"");
                    }
                }
                result = &mut work => match result {
                    Ok(Confirmed::Everyone) => {
                        heard_at = Some(Instant::now());
                        self.everyone_confirmed();
                    }
                    Ok(Confirmed::Some(changes)) => self.confirmed(changes),
                    Err(failure) => return failure,
                },
                _ = self.changes.recv_many(&mut changes, BATCH_USERS), if work.is_terminated() => {
                    work = self.follow(&sink, &mut subscribed, std::mem::take(&mut changes));
                }
                _ = probes.tick() => self.probe(),
                () = sleep_until(deaf_at.unwrap_or_else(Instant::now)), if deaf_at.is_some() => {
                    return Failure::Deaf;
                }
            }
        }
    }

    /// Returns whether our own probe was among them.
    fn route(&self, messages: &[Msg]) -> bool {
        let mut heard = false;
        for message in messages {
            let name = message.get_channel_name();
            if name == self.probe_channel {
                heard = true;
            } else if let Some(user) = name.strip_prefix("chat:").and_then(|id| id.parse().ok()) {
                self.local.deliver(user, message.get_payload_bytes());
            }
        }
        heard
    }

    fn probe(&self) {
        self.outbox.probe(&self.probe_channel, Bytes::from_static(b"{}"));
    }

    fn subscribe_everyone(&self, sink: &PubSubSink, users: &HashSet<UserId>) -> Work {
        let channels: Vec<_> =
            users.iter().copied().map(channel).chain([self.probe_channel.clone()]).collect();
        let mut sink = sink.clone();
        async move {
            for batch in channels.chunks(BATCH_USERS) {
                await_all(sink.subscribe(batch)).await?;
            }
            Ok(Confirmed::Everyone)
        }
        .boxed()
        .fuse()
    }

    fn follow(&self, sink: &PubSubSink, subscribed: &mut HashSet<UserId>, changes: Vec<Change>) -> Work {
        // One look at each user: two could differ, and the order of the commands would matter.
        let users: HashSet<UserId> = changes.iter().map(Change::user).collect();
        let (mut came, mut gone) = (Vec::new(), Vec::new());
        for user in users {
            if self.local.hears(user) {
                if subscribed.insert(user) {
                    came.push(channel(user));
                }
            } else if subscribed.remove(&user) {
                gone.push(channel(user));
            }
        }
        let mut sink = sink.clone();
        async move {
            if !gone.is_empty() {
                await_all(sink.unsubscribe(gone)).await?;
            }
            if !came.is_empty() {
                await_all(sink.subscribe(came)).await?;
            }
            Ok(Confirmed::Some(changes))
        }
        .boxed()
        .fuse()
    }

    fn everyone_confirmed(&mut self) {
        if std::mem::replace(&mut self.connected_before, true) {
            meter::reconnected();
        }
        // What was published while we were away is gone.
        self.local.lose_all();
        // Not to wait for the next tick before calling it healthy.
        self.probe();
    }

    fn confirmed(&self, changes: Vec<Change>) {
        for change in changes {
            if let Change::Came(user, waiting) = change
                && waiting.send(()).is_err()
            {
                self.local.lose(user);
            }
        }
    }

    /// Sets what [`Bus::health`](super::Bus::health) says, and says so once.
    fn report(&mut self, healthy: bool, reason: &dyn fmt::Display) {
        self.healthy.store(healthy, Ordering::Relaxed);
        if self.reported == Some(healthy) {
            return;
        }
        self.reported = Some(healthy);
        meter::healthy(healthy);
        // Without credentials: an address prints as host and port, or as a path.
        let address = self.client.get_connection_info().addr();
        if healthy {
            self.backoff.reset();
            tracing::info!(%address, users = self.local.count(), "the bus is healthy");
        } else {
            tracing::warn!(%address, %reason, "the bus is degraded: the store is polled until it is back");
        }
    }
}

async fn await_all(command: impl Future<Output = Result<(), RedisError>>) -> Result<(), Failure> {
    timeout(BATCH_TIMEOUT, command).await.map_err(|_| Failure::SubscribeTimeout)?.map_err(Failure::Subscribe)
}
