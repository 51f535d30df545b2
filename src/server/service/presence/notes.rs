//! What the store was told of who is here, so that it is told no more than it needs.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Mutex as Turns, OwnedMutexGuard};

use crate::domain::UserId;

/// See the module's documentation. One for each user who has a socket here, or had one a moment ago.
#[derive(Default)]
pub struct Notes {
    of: Mutex<HashMap<UserId, Arc<Turns<Note>>>>,
    life: AtomicU64,
    is_incomplete: AtomicBool,
}

/// In which [life](Notes::life) of this instance a user was noted as being here; `None` when they are not.
type Note = Option<u64>;

impl Notes {
    /// The note of a user, once nobody else has it: what the store is told of one user it is told in turn.
    pub async fn of(&self, user: UserId) -> OwnedMutexGuard<Note> {
        let note = Arc::clone(self.lock().entry(user).or_default());
        note.lock_owned().await
    }

    /// Takes the note of a user out who is not here, unless somebody waits for it.
    pub fn forget(&self, user: UserId) {
        let mut notes = self.lock();
        if notes.get(&user).is_some_and(|note| Arc::strong_count(note) == 1) {
            notes.remove(&user);
        }
    }

    /// An instance that was silent for too long is buried, with all that was noted of it, and lives again with its next
    /// beat. This counts.
    pub fn life(&self) -> u64 {
        self.life.load(Ordering::Relaxed)
    }

    /// Nothing that was noted holds any more.
    pub fn begin_life(&self) {
        self.life.fetch_add(1, Ordering::Relaxed);
        self.miss();
    }

    /// Somebody is here and not noted.
    pub fn miss(&self) {
        self.is_incomplete.store(true, Ordering::Release);
    }

    /// Whether somebody was missed since the last time.
    pub fn take_missed(&self) -> bool {
        self.is_incomplete.swap(false, Ordering::Acquire)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<UserId, Arc<Turns<Note>>>> {
        self.of.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;
    use uuid::Uuid;

    use super::*;

    #[tokio::test]
    async fn a_note_is_in_one_hand_and_is_forgotten_in_none() {
        let (notes, user) = (Notes::default(), UserId(Uuid::from_u128(1)));
        let mut first = notes.of(user).await;
        *first = Some(notes.life());
        let mut second = Box::pin(notes.of(user));
        assert!(second.as_mut().now_or_never().is_none());
        drop(first);
        notes.forget(user);
        assert_eq!(*second.await, Some(0), "forgotten while somebody waited for it");
        notes.forget(user);
        assert!(notes.lock().is_empty());
    }

    #[test]
    fn a_new_life_holds_nothing_of_the_old() {
        let notes = Notes::default();
        let before = notes.life();
        assert!(!notes.take_missed());
        notes.begin_life();
        assert_ne!(notes.life(), before);
        assert_eq!([notes.take_missed(), notes.take_missed()], [true, false]);
    }
}
