//! The bus between instances: Redis Pub/Sub, with everything that may fail made visible.
//!
//! Two connections an instance, each with a task of its own that never gives up:
//!
//! - `subscriber`: one connection for all users present here. Whenever it was set up (again),
//!   every stream gets [`BusEvent::Lost`], since Redis keeps nothing for those who are away.
//! - `publisher`: a bounded queue in front of pipelined `PUBLISH`es.
//!
//! A TCP connection that lives, even one that answers `PING`, proves nothing about delivery. So an
//! instance counts as healthy only while it hears a probe it publishes to itself.

mod publisher;
mod subscriber;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use redis::io::tcp::{TcpSettings, socket2::TcpKeepalive};
use redis::{Client, IntoConnectionInfo};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::publisher::{Outbox, Publisher};
use self::subscriber::{Change, Subscriber};
use super::local::Local;
use super::{Bus, BusError, BusEvent, BusHealth, channel, meter};
use crate::domain::UserId;

/// How long a subscription may take before its user is served without: the database is polled
/// then, and [`BusEvent::Lost`] follows.
const CONFIRM_TIMEOUT: Duration = Duration::from_secs(1);
/// How long [`Bus::close`] goes on publishing.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(1);
/// Unacknowledged bytes older than this break a connection, and so does a silent peer.
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(5);
/// The shortest pause between two tries to connect.
const BACKOFF_LEAST: Duration = Duration::from_millis(50);

/// `REDIS_URL` is not one this server can use. The text never holds the URL: it may have a
/// password in it.
#[derive(Debug, thiserror::Error)]
pub enum RedisUrlError {
    /// Not `redis://host:port`, nor `redis+unix:///path`.
    #[error("not a Redis URL (redis://host:port or redis+unix:///path)")]
    Malformed,
    /// `rediss://`: the connection would have to be encrypted.
    #[error("TLS to Redis is not built in: use redis://, redis+unix:// or a local TLS proxy")]
    Tls,
}

/// See the module's documentation.
pub struct RedisBus {
    local: Arc<Local>,
    changes: mpsc::UnboundedSender<Change>,
    outbox: Outbox,
    healthy: Arc<AtomicBool>,
    drain: CancellationToken,
    stop: CancellationToken,
    publishing: TaskTracker,
    subscribing: TaskTracker,
}

impl RedisBus {
    /// Starts both tasks on the current runtime and returns at once. Redis need not be there: the
    /// bus is [`BusHealth::Degraded`] until it is.
    ///
    /// # Errors
    /// When the URL is not one of a Redis this server can talk to.
    pub fn start(url: &str) -> Result<Self, RedisUrlError> {
        meter::healthy(false);
        let client = client(url)?;
        let (changes, changed) = mpsc::unbounded_channel();
        let gone = changes.clone();
        let local = Local::new(move |user| {
            // Fails only once the subscriber ended; then nothing is subscribed any more.
            let _ = gone.send(Change::Gone(user));
        });
        let healthy = Arc::new(AtomicBool::new(false));
        let (drain, stop) = (CancellationToken::new(), CancellationToken::new());
        let (publishing, subscribing) = (TaskTracker::new(), TaskTracker::new());

        let (outbox, publisher) = Publisher::new(client.clone(), drain.clone());
        let subscriber =
            Subscriber::new(client, Arc::clone(&local), changed, outbox.clone(), Arc::clone(&healthy));
        publishing.spawn(stop.clone().run_until_cancelled_owned(publisher.run()));
        subscribing.spawn(stop.clone().run_until_cancelled_owned(subscriber.run()));
        Ok(Self { local, changes, outbox, healthy, drain, stop, publishing, subscribing })
    }

    /// How many users have a stream of this instance.
    #[must_use]
    pub fn subscribed_users(&self) -> usize {
        self.local.count()
    }
}

#[async_trait]
impl Bus for RedisBus {
    async fn publish_message(&self, user: UserId, payload: Bytes) -> Result<(), BusError> {
        self.outbox.publish(channel(user), payload)
    }

    async fn subscribe_user(&self, user: UserId) -> BoxStream<'static, BusEvent> {
        // First listen, then say so: the subscriber looks up who is present when it hears of a
        // change, never the other way round.
        let listener = self.local.listen(user);
        let (confirmed, confirmation) = oneshot::channel();
        let announced = self.changes.send(Change::Came(user, confirmed)).is_ok();
        if announced && self.health() == BusHealth::Healthy {
            // Late, or the connection broke: the dropped receiver is what makes the subscriber
            // follow up with `Lost`.
            let _ = timeout(CONFIRM_TIMEOUT, confirmation).await;
        }
        listener.boxed()
    }

    fn leave_out(&self, own: &str) {
        self.local.leave_out(own);
    }

    fn health(&self) -> BusHealth {
        if self.healthy.load(Ordering::Relaxed) { BusHealth::Healthy } else { BusHealth::Degraded }
    }

    async fn close(&self) {
        self.drain.cancel();
        self.publishing.close();
        if timeout(DRAIN_TIMEOUT, self.publishing.wait()).await.is_err() {
            tracing::warn!("the bus was closed before everything queued was published");
        }
        self.stop.cancel();
        self.subscribing.close();
        self.subscribing.wait().await;
        self.publishing.wait().await;
        self.healthy.store(false, Ordering::Relaxed);
        meter::healthy(false);
        self.local.close();
    }
}

impl Drop for RedisBus {
    fn drop(&mut self) {
        self.stop.cancel();
        self.local.close();
    }
}

fn client(url: &str) -> Result<Client, RedisUrlError> {
    let keepalive =
        TcpKeepalive::new().with_time(TCP_USER_TIMEOUT).with_interval(Duration::from_secs(1)).with_retries(3);
    let tcp =
        TcpSettings::default().set_nodelay(true).set_keepalive(keepalive).set_user_timeout(TCP_USER_TIMEOUT);
    // The library's own word for it is lost among its other reasons to refuse a URL.
    if url.starts_with("rediss:") || url.starts_with("valkeys:") {
        return Err(RedisUrlError::Tls);
    }
    let info = url.into_connection_info().map_err(|_| RedisUrlError::Malformed)?;
    Client::open(info.set_tcp_settings(tcp)).map_err(|_| RedisUrlError::Malformed)
}

/// Pauses between tries: exponential with full jitter, so that instances which lost the same Redis
/// do not come back as a herd.
struct Backoff {
    most: Duration,
    tries: u32,
}

impl Backoff {
    fn up_to(most: Duration) -> Self {
        Self { most, tries: 0 }
    }

    fn reset(&mut self) {
        self.tries = 0;
    }

    fn pause(&mut self) -> Duration {
        self.tries = self.tries.saturating_add(1);
        let ceiling = BACKOFF_LEAST.saturating_mul(2u32.saturating_pow(self.tries)).min(self.most);
        // Without randomness (the system's source is broken) the middle of the range will do.
        let share = getrandom::u32().map_or(0.5, |random| f64::from(random) / f64::from(u32::MAX));
        BACKOFF_LEAST + ceiling.saturating_sub(BACKOFF_LEAST).mul_f64(share)
    }
}
