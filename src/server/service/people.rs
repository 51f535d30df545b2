//! Looking at people.

use super::access::authorise;
use super::{Result, Service};
use crate::domain::{Profile, ScoredProfile, UserId};
use crate::server::auth::Viewer;
use crate::server::error::ServiceError;
use crate::server::store::{MatchCursor, MatchPage, fold};

/// A search text may have this many characters.
const MAX_QUERY_CHARS: usize = 200;

impl Service {
    /// One's own profile.
    ///
    /// # Errors
    /// [`ServiceError::Unauthenticated`] when the account is gone.
    pub async fn own_profile(&self, me: UserId) -> Result<Profile> {
        let own = self.store.profile(me, me, self.clock.now()).await?;
        own.map(|own| own.profile).ok_or(ServiceError::Unauthenticated)
    }

    /// Somebody, with the score.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`].
    pub async fn profile(&self, viewer: Viewer, id: UserId) -> Result<ScoredProfile> {
        authorise(self.store.profile(viewer.user_id, id, self.clock.now()).await?)
    }

    /// People who fit a search text, best match first.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] for a text of more than 200 characters or with NUL.
    pub async fn matches(
        &self,
        viewer: Viewer,
        text: &str,
        limit: u32,
        after: Option<MatchCursor>,
    ) -> Result<MatchPage> {
        if text.chars().count() > MAX_QUERY_CHARS || text.contains('\0') {
            return Err(ServiceError::invalid("q", "A search has at most 200 characters."));
        }
        self.limits.search(viewer.user_id)?;
        let text = fold(text.trim());
        Ok(self.store.search_matches(viewer.user_id, &text, limit, after, self.clock.now()).await?)
    }
}
