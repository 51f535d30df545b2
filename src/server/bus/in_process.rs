//! The bus of a single process: no network, nothing to configure, never degraded.
//!
//! Delivery is a function call, so a payload is in the mailboxes before `publish_message` returns.
//! [`InProcessBus::join`] gives further instances in the same process (tests of several servers)
//! their own end of the same bus.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::time::Instant;

use super::local::Local;
use super::{Bus, BusError, BusEvent, BusHealth, meter};
use crate::domain::UserId;

/// See the module's documentation.
pub struct InProcessBus {
    local: Arc<Local>,
    instances: Arc<Mutex<Vec<Weak<Local>>>>,
}

impl InProcessBus {
    /// A bus with one instance on it.
    #[must_use]
    pub fn new() -> Self {
        meter::healthy(true);
        Self::on(Arc::default())
    }

    /// Another instance on the same bus: each hears what any of them publishes, and closing one
    /// leaves the others alone.
    #[must_use]
    pub fn join(&self) -> Self {
        Self::on(Arc::clone(&self.instances))
    }

    /// How many users have a stream of this instance.
    #[must_use]
    pub fn subscribed_users(&self) -> usize {
        self.local.count()
    }

    fn on(instances: Arc<Mutex<Vec<Weak<Local>>>>) -> Self {
        let local = Local::new(|_| {});
        let mut all = instances.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|other| other.strong_count() > 0);
        all.push(Arc::downgrade(&local));
        drop(all);
        Self { local, instances }
    }
}

impl Default for InProcessBus {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Bus for InProcessBus {
    async fn publish_message(&self, user: UserId, payload: Bytes) -> Result<(), BusError> {
        if self.local.is_closed() {
            meter::dropped(1);
            return Err(BusError::Closed);
        }
        let handed_over = Instant::now();
        // Under the lock for the whole round: every stream gets the payloads in the same order.
        let instances = self.instances.lock().unwrap_or_else(PoisonError::into_inner);
        for local in instances.iter().filter_map(Weak::upgrade) {
            local.deliver(user, &payload);
        }
        meter::published(handed_over.elapsed());
        Ok(())
    }

    async fn subscribe_user(&self, user: UserId) -> BoxStream<'static, BusEvent> {
        self.local.listen(user).boxed()
    }

    fn leave_out(&self, own: &str) {
        self.local.leave_out(own);
    }

    fn health(&self) -> BusHealth {
        BusHealth::Healthy
    }

    async fn close(&self) {
        self.local.close();
    }
}

impl Drop for InProcessBus {
    fn drop(&mut self) {
        self.local.close();
    }
}
