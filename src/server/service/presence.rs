//! Who is there. A user is online while a living instance holds a socket of theirs; an instance
//! says every few seconds that it lives, and any other buries it when it does not.

use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Result, Service};
use crate::chat::protocol::ServerFrame;
use crate::domain::UserId;
use crate::server::store::INSTANCE_LEASE_SECONDS;

/// After the last socket closed, this long may pass until the next opens, unnoticed by others.
const GRACE: Duration = Duration::from_secs(10);
/// What could not be noted is tried again after this.
const RETRY: Duration = Duration::from_secs(1);
/// People told about a coming or going: those of the newest conversations.
const AUDIENCE: u32 = 500;

impl Service {
    /// The first socket of a user opened here. What cannot be noted at once is noted with the next beat.
    pub async fn joined(&self, user: UserId) {
        // Whoever comes back within the grace has never gone.
        if self.noted().contains(&user) {
            return;
        }
        if let Err(error) = self.arrived(user).await {
            tracing::warn!(%error, "an arrival could not be noted and will be tried again");
        }
    }

    async fn arrived(&self, user: UserId) -> Result<()> {
        if !self.note_arrival(user).await? {
            // With everybody else who is here, this one is noted then.
            self.beat().await?;
        }
        Ok(())
    }

    /// Whether it could be noted: not while this instance is unknown, because it has never beaten or was buried.
    async fn note_arrival(&self, user: UserId) -> Result<bool> {
        let Some(is_first) = self.store.arrive(user, self.instance, self.clock.now()).await? else {
            return Ok(false);
        };
        self.noted().insert(user);
        if is_first {
            self.announce(user, true, None).await?;
        }
        Ok(true)
    }

    /// The last socket of a user closed here: after a while of grace they are gone.
    pub fn left(self: &Arc<Self>, user: UserId) {
        let service = Arc::clone(self);
        tokio::spawn(async move {
            tokio::time::sleep(GRACE).await;
            while let Err(error) = service.depart(user).await {
                tracing::warn!(%error, "a departure could not be noted and will be tried again");
                tokio::time::sleep(RETRY).await;
            }
        });
    }

    /// Says that this instance lives and buries those that do not.
    ///
    /// # Errors
    /// [`crate::server::error::ServiceError::Unavailable`].
    pub async fn beat(&self) -> Result<()> {
        let now = self.clock.now();
        if self.store.beat(self.instance, self.is_cut_off.load(Ordering::Relaxed), now).await? {
            // New, or buried while it could not beat: nobody counts as online through it yet.
            self.noted().clear();
        }
        for user in self.hub.users() {
            if !self.noted().contains(&user) {
                self.note_arrival(user).await?;
            }
        }
        for (user, last_seen) in self.store.reap(now - TimeDelta::seconds(INSTANCE_LEASE_SECONDS)).await? {
            if let Err(error) = self.announce(user, false, Some(last_seen)).await {
                tracing::warn!(%error, "a going could not be told");
            }
        }
        Ok(())
    }

    /// Says whether this instance is cut off from the bus: while any is, all of them ask the store what
    /// they cannot be told. Returns whether that is so now.
    ///
    /// # Errors
    /// [`crate::server::error::ServiceError::Unavailable`].
    pub async fn note_bus(&self, is_cut_off: bool) -> Result<bool> {
        if self.is_cut_off.swap(is_cut_off, Ordering::Relaxed) != is_cut_off
            && let Err(error) = self.beat().await
        {
            // To be said again at the next look.
            self.is_cut_off.store(!is_cut_off, Ordering::Relaxed);
            return Err(error);
        }
        Ok(is_cut_off || self.store.is_any_cut_off(self.clock.now()).await?)
    }

    /// Two people begin a conversation: from now on each is told when the other comes or goes, and
    /// first of all how it stands.
    pub(super) async fn introduce(&self, a: UserId, b: UserId) {
        for (about, to) in [(a, b), (b, a)] {
            if let Ok(Some(found)) = self.store.profile(to, about, self.clock.now()).await {
                let (online, last_seen) = (found.profile.online, found.profile.last_seen);
                self.fanout
                    .tell(to, &ServerFrame::Presence { peer_id: about, online, last_seen }, None)
                    .await;
            }
        }
    }

    /// A user has gone from here, unless a socket of theirs opened meanwhile.
    ///
    /// # Errors
    /// [`crate::server::error::ServiceError::Unavailable`]; trying again is harmless.
    pub async fn depart(&self, user: UserId) -> Result<()> {
        if self.hub.holds(user) {
            return Ok(());
        }
        self.noted().remove(&user);
        let now = self.clock.now();
        let gone = self.store.depart(user, self.instance, now).await?;
        if self.hub.holds(user) {
            // A socket opened between the two: its arrival was undone by this departure.
            return self.arrived(user).await;
        }
        if gone {
            self.announce(user, false, Some(now)).await?;
        }
        Ok(())
    }

    fn noted(&self) -> MutexGuard<'_, HashSet<UserId>> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn announce(&self, user: UserId, online: bool, last_seen: Option<DateTime<Utc>>) -> Result<()> {
        let frame = ServerFrame::Presence { peer_id: user, online, last_seen };
        for peer in self.store.peers(user, AUDIENCE).await? {
            self.fanout.tell(peer, &frame, None).await;
        }
        Ok(())
    }
}
