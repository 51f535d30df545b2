//! What changed in conversations since somebody last looked, each change once.
//!
//! The way around a bus that is away, deaf or lossy: the store is asked. Questions overlap, since a
//! transaction may commit later than the time it wrote; what was found before is passed over.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};

use super::store::{COMMIT_LAG, Result, Store};
use crate::chat::protocol::ConversationHead;
use crate::domain::UserId;

/// One look-out. Costs nothing while nothing changes.
pub struct Changes {
    since: DateTime<Utc>,
    found: HashMap<(UserId, UserId), ConversationHead>,
}

impl Changes {
    /// Changes from `watermark` on, by the database's clock.
    #[must_use]
    pub fn since(watermark: DateTime<Utc>) -> Self {
        Self { since: watermark, found: HashMap::new() }
    }

    /// What changed for `users` and was not found before. `watermark` was read before this call; the
    /// next one reaches back to it.
    ///
    /// # Errors
    /// When the database cannot answer; nothing is passed over because of that.
    pub async fn next(
        &mut self,
        store: &dyn Store,
        users: &[UserId],
        watermark: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<BTreeMap<UserId, Vec<ConversationHead>>> {
        if users.is_empty() {
            self.since = watermark;
            return Ok(BTreeMap::new());
        }
        let found = store.changed_since(users, self.since - COMMIT_LAG, now).await?;
        let mut news = BTreeMap::<_, Vec<_>>::new();
        for (user, head) in &found {
            if self.found.get(&(*user, head.peer_id)) != Some(head) {
                news.entry(*user).or_default().push(head.clone());
            }
        }
        self.found = found.into_iter().map(|(user, head)| ((user, head.peer_id), head)).collect();
        self.since = watermark;
        Ok(news)
    }
}
