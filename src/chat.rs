//! The delivery machine, free of I/O, clocks and randomness; compiled for browser and server alike.
//!
//! The database row is the truth, a frame is a hint about latency, and a device is a machine that
//! extends a contiguous prefix of every conversation. [`Session`] is that machine: whoever drives
//! it feeds it [`Input`]s (frames, timers, clicks) with the time at which they happened, and
//! carries out the [`Action`]s it asks for. Reading order:
//!
//! - [`protocol`]: the frames, as they travel.
//! - [`Timeline`]: one conversation as it is shown, merged from pages of history, live frames and
//!   unsent messages.
//! - [`Outbox`]: what the user wrote and the server has not confirmed; it survives a crash.
//! - [`Session`]: connection, sending, receiving, catching up.

mod backoff;
mod conversation;
mod outbox;
pub mod protocol;
mod session;
#[cfg(test)]
mod tests;
mod timeline;

use serde::{Deserialize, Serialize};

pub use outbox::{Outbox, OutboxItem};
pub use session::{Action, Connection, HistoryQuery, Input, PAGE, PeerState, Session};
pub use timeline::{Delivery, Entry, EntryKey, Loading, Shown, Timeline};

/// Milliseconds of wall time since the Unix epoch, passed in by the driver.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Millis(pub u64);

impl Millis {
    /// The moment `millis` later.
    #[must_use]
    pub fn after(self, millis: u64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// How many milliseconds passed since `earlier`; zero when that is in the future.
    #[must_use]
    pub fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}
