//! Log-ins that fail again and again have to wait longer and longer.
//!
//! Counted for an account as tried from one address: whoever guesses is slowed down, and whoever
//! owns the account and comes from elsewhere is not. What many addresses try at one account together
//! is held back by the account's own allowance, which does not grow.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::recent::Recent;

/// So many may fail before there is a wait: people mistype.
const FREE: u32 = 5;
/// The first wait; each further failure doubles it.
const FIRST: Duration = Duration::from_secs(15);
/// No wait is longer.
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// A series is forgotten when nothing was tried for this long after its wait.
const FORGOTTEN: Duration = Duration::from_secs(15 * 60);

/// Who tries which account.
type Tried = (String, IpAddr);

#[derive(Clone, Copy, Debug)]
struct Series {
    failures: u32,
    again: Instant,
}

/// See the module's documentation.
#[derive(Debug)]
pub struct Failures(Mutex<Recent<Tried, Series>>);

impl Failures {
    /// Nothing failed yet; remembers so many series.
    #[must_use]
    pub fn with_room(room: usize) -> Self {
        Self(Mutex::new(Recent::with_room(room)))
    }

    /// How long this one has to wait before the next try.
    #[must_use]
    pub fn wait(&self, tried: &Tried, now: Instant) -> Option<Duration> {
        let wait = self.with(|recent| {
            recent.meet(tried, |series| (series.map(|series| series.again.duration_since(now)), series))
        });
        wait.filter(|wait| !wait.is_zero())
    }

    /// Another one failed.
    pub fn add(&self, tried: &Tried, now: Instant) {
        self.with(|recent| {
            recent.meet(tried, |series| {
                let failures = series.map_or(0, |series| series.failures).saturating_add(1);
                ((), Some(Series { failures, again: now + wait_after(failures) }))
            });
        });
    }

    /// It worked: the series is over.
    pub fn forget(&self, tried: &Tried) {
        self.with(|recent| recent.meet(tried, |_| ((), None)));
    }

    /// Forgets what was long ago.
    pub fn sweep(&self, now: Instant) {
        self.with(|recent| recent.retain(|series| now.duration_since(series.again) < FORGOTTEN));
    }

    fn with<T>(&self, work: impl FnOnce(&mut Recent<Tried, Series>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn wait_after(failures: u32) -> Duration {
    match failures.checked_sub(FREE) {
        None => Duration::ZERO,
        Some(doublings) => FIRST.saturating_mul(2_u32.saturating_pow(doublings)).min(LONGEST),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ada(last: u8) -> Tried {
        ("ada".to_owned(), IpAddr::from([10, 0, 0, last]))
    }

    #[tokio::test]
    async fn the_wait_doubles_up_to_its_longest_and_is_over_after_a_success() {
        let (failures, mut now) = (Failures::with_room(10), Instant::now());
        let mut waits = Vec::new();
        for _ in 0..14 {
            failures.add(&ada(1), now);
            let wait = failures.wait(&ada(1), now);
            waits.push(wait.map_or(0, |wait| wait.as_secs()));
            now += wait.unwrap_or_default();
            assert_eq!(failures.wait(&ada(1), now), None, "whoever waited is let through");
        }
        assert_eq!(waits, [0, 0, 0, 0, 15, 30, 60, 120, 240, 480, 900, 900, 900, 900]);
        failures.forget(&ada(1));
        failures.add(&ada(1), now);
        assert_eq!(failures.wait(&ada(1), now), None);
    }

    #[tokio::test]
    async fn who_comes_from_elsewhere_does_not_wait_and_time_heals() {
        let (failures, now) = (Failures::with_room(10), Instant::now());
        (0..6).for_each(|_| failures.add(&ada(1), now));
        assert_eq!(failures.wait(&ada(2), now), None);
        failures.sweep(now + FORGOTTEN);
        assert!(failures.wait(&ada(1), now).is_some(), "swept too early");
        failures.sweep(now + FORGOTTEN + Duration::from_secs(31));
        assert_eq!(failures.wait(&ada(1), now), None);
    }
}
