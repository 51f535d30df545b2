//! Fan-out between instances: a hint about latency, never the truth.
//!
//! A bus may lose, double, delay and reorder; the store heals all of that. What a bus must do is
//! *say so* when it may have lost something ([`BusEvent::Lost`]), and never make a sender wait.
//! Two implementations, held equal by one contract suite (`tests/bus`).

pub mod in_process;
mod local;
mod meter;
pub mod redis;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;

use crate::domain::UserId;

/// A bus as the rest of the server holds it.
pub type SharedBus = Arc<dyn Bus>;

/// What a subscriber gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BusEvent {
    /// What somebody published to the user's channel, unverified.
    Payload(Bytes),
    /// Something may have been missed up to now: compare with the store.
    Lost,
}

/// Whether fan-out between instances works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BusHealth {
    /// Subscribed, confirmed, and heard its own probe lately.
    Healthy,
    /// Away or deaf: an instance polls the store meanwhile.
    Degraded,
}

/// A publication was given up; the store still has what it was about.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// More publications wait than the queue holds.
    #[error("the bus is too far behind")]
    Full,
    /// The bus was shut down.
    #[error("the bus is closed")]
    Closed,
}

/// See the module's documentation.
#[async_trait]
pub trait Bus: Send + Sync + 'static {
    /// Publishes one JSON object to `chat:{user_id}`. Returns once it is queued, in at most
    /// microseconds, whatever the state of the network.
    ///
    /// # Errors
    /// When it will not be published at all.
    async fn publish_message(&self, user: UserId, payload: Bytes) -> Result<(), BusError>;

    /// Everything published to `chat:{user_id}` from now on. Returns when the subscription is
    /// confirmed, or at once while the bus is degraded; then [`BusEvent::Lost`] follows once it
    /// is. Dropping the last stream of a user unsubscribes. A stream never ends before
    /// [`Bus::close`], and a slow reader gets [`BusEvent::Lost`] instead of what did not fit.
    async fn subscribe_user(&self, user: UserId) -> BoxStream<'static, BusEvent>;

    /// From now on no stream of this instance gets payloads that begin like this: its own, which it has no need to hear.
    ///
    /// # Panics
    /// When it is called again.
    fn leave_out(&self, own: &str);

    /// Whether it works right now.
    fn health(&self) -> BusHealth;

    /// Publishes what is queued (for at most a second) and ends every stream.
    async fn close(&self);
}

/// The channel of a user.
#[must_use]
pub fn channel(user: UserId) -> String {
    format!("chat:{user}")
}
