//! People to fill a database with: a few worth talking to for demonstrations ([`demo`]), and any
//! number of believable ones for load tests ([`crowd`]). Both are the same on every machine.

mod crowd;
mod demo;

use chrono::{DateTime, Utc};
use uuid::Uuid;

pub use self::crowd::crowd;
pub use self::demo::demo;
use super::store::{self, Digest, NewProfile, Session, SharedStore};
use crate::domain::{DisplayName, SessionId, UserId, Username};

/// Somebody made up, or borrowed from history, not yet stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Always the same for the same person.
    pub id: UserId,
    /// Unique within its set.
    pub username: Username,
    /// The name others see.
    pub display_name: DisplayName,
    /// One line, never empty.
    pub headline: String,
    /// Two or three sentences.
    pub bio: String,
    /// Without repetitions, at most [`store::MAX_INTERESTS`].
    pub interests: Vec<String>,
}

impl Person {
    /// The person as the store takes them.
    #[must_use]
    pub fn new_profile(&self, password_hash: &str, now: DateTime<Utc>) -> NewProfile {
        NewProfile {
            id: self.id,
            username: self.username.clone(),
            display_name: self.display_name.clone(),
            headline: self.headline.clone(),
            bio: self.bio.clone(),
            interests: self.interests.clone(),
            password_hash: password_hash.to_owned(),
            created_at: now,
        }
    }
}

/// How many people of a crowd are stored at once.
const BATCH: usize = 2_000;

/// Stores the demo people, those who are missing; returns how many there are now.
///
/// # Errors
/// When the database could not answer. Calling again is safe.
pub async fn seed_demo(store: &SharedStore, password_hash: &str, now: DateTime<Utc>) -> store::Result<usize> {
    let profiles: Vec<_> = demo().map(|person| person.new_profile(password_hash, now)).collect();
    Ok(store.seed_profiles(&profiles).await?.len())
}

/// Stores a crowd of `n`, those who are missing, and logs every one of them in anew.
///
/// `new_token` makes a secret token with its digest. `on_person` is told id, username and token of
/// each, in order, once their log-in is stored.
///
/// # Errors
/// When the database could not answer. What `on_person` was told until then is valid, and calling
/// again is safe.
pub async fn seed_crowd(
    store: &SharedStore,
    n: usize,
    password_hash: &str,
    now: DateTime<Utc>,
    mut new_token: impl FnMut() -> (String, Digest),
    mut on_person: impl FnMut(UserId, &str, &str),
) -> store::Result<()> {
    let mut people = crowd(n);
    loop {
        let batch: Vec<NewProfile> =
            people.by_ref().take(BATCH).map(|person| person.new_profile(password_hash, now)).collect();
        if batch.is_empty() {
            return Ok(());
        }
        let ids = store.seed_profiles(&batch).await?;
        let (tokens, sessions): (Vec<_>, Vec<_>) = ids
            .iter()
            .map(|&user_id| {
                let (token, digest) = new_token();
                let id = SessionId(Uuid::now_v7());
                (
                    token,
                    (
                        digest,
                        Session { id, user_id, created_at: now, last_used_at: now, device: String::new() },
                    ),
                )
            })
            .unzip();
        store.create_sessions(&sessions).await?;
        for ((id, profile), token) in ids.into_iter().zip(&batch).zip(&tokens) {
            on_person(id, profile.username.as_str(), token);
        }
    }
}
