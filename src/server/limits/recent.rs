//! A map of those that were met last. What they are named by comes from outside, so there is room
//! for so many and no more: whoever is new takes the place of those not met for longest.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::state::keyed::ShrinkableKeyedStateStore;

/// Two generations: when the young one is full it becomes the old one, and the old one is forgotten.
#[derive(Debug)]
pub struct Recent<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    /// Entries of a generation.
    room: usize,
}

impl<K: Hash + Eq + Clone, V> Recent<K, V> {
    /// Remembers the last `room` at least, and twice as many at most.
    #[must_use]
    pub fn with_room(room: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), room }
    }

    /// Meets `key`: what is known of it goes into `change`, and what comes out is known from now on.
    pub fn meet<T>(&mut self, key: &K, change: impl FnOnce(Option<V>) -> (T, Option<V>)) -> T {
        let known = self.young.remove(key).or_else(|| self.old.remove(key));
        let (outcome, known) = change(known);
        if let Some(known) = known {
            if self.young.len() >= self.room {
                self.old = std::mem::take(&mut self.young);
            }
            self.young.insert(key.clone(), known);
        }
        outcome
    }

    /// Forgets all that are not worth it.
    pub fn retain(&mut self, is_worth_it: impl Fn(&V) -> bool) {
        for generation in [&mut self.young, &mut self.old] {
            generation.retain(|_, known| is_worth_it(known));
            generation.shrink_to_fit();
        }
    }

    /// How many are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}

/// The same as the memory of a rate limiter.
#[derive(Debug)]
pub struct Remembered<K>(Mutex<Recent<K, Nanos>>);

impl<K: Hash + Eq + Clone> Remembered<K> {
    /// As [`Recent::with_room`].
    #[must_use]
    pub fn with_room(room: usize) -> Self {
        Self(Mutex::new(Recent::with_room(room)))
    }

    fn with<T>(&self, work: impl FnOnce(&mut Recent<K, Nanos>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<K: Hash + Eq + Clone> StateStore for Remembered<K> {
    type Key = K;

    fn measure_and_replace<T, F, E>(&self, key: &K, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        self.with(|recent| {
            recent.meet(key, |before| match measure(before) {
                Ok((outcome, after)) => (Ok(outcome), Some(after)),
                Err(refused) => (Err(refused), before),
            })
        })
    }
}

impl<K: Hash + Eq + Clone> ShrinkableKeyedStateStore<K> for Remembered<K> {
    fn retain_recent(&self, drop_below: Nanos) {
        self.with(|recent| recent.retain(|until| *until >= drop_below));
    }

    fn len(&self) -> usize {
        self.with(|recent| recent.len())
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meet(recent: &mut Recent<u32, u32>, key: u32) -> Option<u32> {
        recent.meet(&key, |known| (known, Some(known.unwrap_or(0) + 1)))
    }

    #[test]
    fn whoever_is_met_stays_and_the_others_make_room() {
        let mut recent = Recent::with_room(10);
        assert_eq!(meet(&mut recent, 0), None);
        for stranger in 1..1000 {
            meet(&mut recent, stranger);
            assert!(recent.len() <= 20, "{} are remembered", recent.len());
            if stranger % 9 == 0 {
                assert_eq!(meet(&mut recent, 0), Some(stranger / 9), "who was met lately is forgotten");
            }
        }
        assert_eq!(meet(&mut recent, 1), None, "nobody is forgotten");
    }

    #[test]
    fn what_is_not_worth_it_is_forgotten() {
        let mut recent = Recent::with_room(10);
        for key in 0..15 {
            assert_eq!(meet(&mut recent, key), None);
        }
        recent.retain(|times| *times > 1);
        assert_eq!(recent.len(), 0);
        recent.meet(&1, |known| (known, None));
        assert_eq!(recent.len(), 0, "what is known of nobody takes no room");
    }
}
