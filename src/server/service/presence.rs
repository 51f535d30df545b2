//! Who is there. A user is online while a living instance holds a socket of theirs; an instance
//! says every few seconds that it lives, and any other buries it when it does not.

mod notes;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

pub use notes::Notes;

use super::{Result, Service};
use crate::chat::protocol::ServerFrame;
use crate::domain::UserId;
use crate::server::store::INSTANCE_LEASE_SECONDS;

/// After the last socket closed, this long may pass until the next opens, unnoticed by others.
const GRACE: Duration = Duration::from_secs(10);
/// What could not be noted is tried again after this.
const RETRY: Duration = Duration::from_secs(1);
/// So many who could not be noted mean that nobody can be for now.
const MOST_FAILED: usize = 8;
/// People told about a coming or going: those of the newest conversations.
const AUDIENCE: u32 = 500;

impl Service {
    /// The first socket of a user opened here. What cannot be noted at once is noted by [`Self::note_missed`].
    pub async fn joined(&self, user: UserId) {
        let is_noted = self.note(user).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "an arrival could not be noted and will be tried again");
            false
        });
        if !is_noted {
            self.notes.miss();
        }
    }

    /// Has the store note a user who is here. Whoever comes back within the grace has never gone, so that nothing is
    /// to be done. `false` while this instance is unknown there, because it was buried: it has to beat first.
    async fn note(&self, user: UserId) -> Result<bool> {
        let mut note = self.notes.of(user).await;
        if !self.hub.holds(user) {
            drop(note);
            self.notes.forget(user);
            return Ok(true);
        }
        let life = self.notes.life();
        if *note == Some(life) {
            return Ok(true);
        }
        let Some(is_first) = self.store.arrive(user, self.instance, self.clock.now()).await? else {
            return Ok(false);
        };
        *note = Some(life);
        if is_first {
            self.announce(user, true, None).await?;
        }
        Ok(true)
    }

    /// Notes whoever is here and is not noted, if there may be anybody.
    ///
    /// # Errors
    /// [`crate::server::error::ServiceError::Unavailable`] when somebody could not be noted; trying again is harmless.
    pub async fn note_missed(&self) -> Result<()> {
        if !self.notes.take_missed() {
            return Ok(());
        }
        let mut failed = Vec::new();
        for user in self.hub.users() {
            if let Err(error) = self.note_or_beat(user).await {
                failed.push(error);
                if failed.len() == MOST_FAILED {
                    break;
                }
            }
        }
        match failed.pop() {
            Some(error) => {
                self.notes.miss();
                Err(error)
            }
            None => Ok(()),
        }
    }

    async fn note_or_beat(&self, user: UserId) -> Result<()> {
        if !self.note(user).await? {
            self.beat().await?;
            self.note(user).await?;
        }
        Ok(())
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
        let is_new = self.store.beat(self.instance, self.is_cut_off.load(Ordering::Relaxed), now).await;
        // New, or buried while it could not beat, or nobody knows: what was noted through it may be gone.
        if !matches!(is_new, Ok(false)) {
            self.notes.begin_life();
        }
        is_new?;
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
        let mut note = self.notes.of(user).await;
        if self.hub.holds(user) {
            return Ok(());
        }
        *note = None;
        let now = self.clock.now();
        if self.store.depart(user, self.instance, now).await? {
            self.announce(user, false, Some(now)).await?;
        }
        drop(note);
        self.notes.forget(user);
        Ok(())
    }

    async fn announce(&self, user: UserId, online: bool, last_seen: Option<DateTime<Utc>>) -> Result<()> {
        let frame = ServerFrame::Presence { peer_id: user, online, last_seen };
        for peer in self.store.peers(user, AUDIENCE).await? {
            self.fanout.tell(peer, &frame, None).await;
        }
        Ok(())
    }
}
