//! The ordered view of one conversation, merged from sources that overlap and arrive in any
//! order: pages of history, live frames, acknowledgements, and the user's own unsent messages.
//!
//! Invariants:
//! - Taking in the same messages in any order, any number of times, yields the same timeline.
//! - What is shown is in the order of `seq`, without duplicates; unsent messages follow.
//! - An entry keeps its [`EntryKey`] from the first echo until it is read.
//! - Marks only move forward, and never past [`Timeline::last_seq`].
//!
//! The stored part is one dense run of positions. Whatever lies beyond its end waits unseen until
//! the hole is filled, except for the user's own message whose acknowledgement arrived early: that
//! one was on the screen already and stays there.

mod merge;
mod shown;
mod unread;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{Millis, OutboxItem};
use crate::domain::{ClientId, Message, Seq, UserId};

pub use shown::Shown;
use unread::Tally;

/// What identifies an entry on the screen, from the first echo to the read message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryKey {
    /// Whether the user wrote it; client ids are unique for each sender only.
    pub mine: bool,
    /// What the sender called it.
    pub client_id: ClientId,
}

/// Where a message stands on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Shown at once, not yet confirmed.
    Sending,
    /// The server refused it for good; the user may retry or delete it.
    NotSent {
        /// The code of the refusal, as the server gave it.
        code: String,
    },
    /// Stored by the server.
    Sent,
    /// A device of the peer holds it.
    Delivered,
    /// The peer has read it.
    Read,
    /// A message of the peer.
    Received,
}

/// One message as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Stable for as long as the message is shown.
    pub key: EntryKey,
    /// The text, verbatim.
    pub content: Arc<str>,
    /// When it was stored by the server's clock; when it was queued by ours while it is not.
    pub created_at: Millis,
    /// The position; `None` while not stored.
    pub seq: Option<Seq>,
    /// How far it got.
    pub delivery: Delivery,
}

/// How far the first page of a conversation is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Loading {
    /// Never opened on this device: nothing but heads and live messages are known.
    #[default]
    Idle,
    /// The first page is on its way.
    First,
    /// The newest messages are held, and kept whole from here on.
    Ready,
    /// The first page could not be loaded.
    Failed,
}

/// One conversation. See the module's invariants.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    run: Vec<Entry>,
    ahead: BTreeMap<Seq, Ahead>,
    pending: Vec<Entry>,
    pub(super) loading: Loading,
    pub(super) loading_older: bool,
    contiguous: Seq,
    /// Where a run ended that was let go; see [`Timeline::missing`].
    left_at: Option<Seq>,
    /// Where what the server holds begins, as far as it said.
    start: Seq,
    last_seq: Seq,
    read_seq: Seq,
    peer_read_seq: Seq,
    peer_delivered_seq: Seq,
    received_seq: Seq,
    tally: Tally,
    unread: u64,
    version: u64,
    dirty: bool,
}

/// A stored message beyond the end of the run.
#[derive(Clone, Debug)]
struct Ahead {
    entry: Entry,
    shown: bool,
}

impl Timeline {
    /// What is shown, in display order: the stored run, the user's own messages whose
    /// acknowledgement is ahead of a hole, then the unsent ones in the order of the outbox.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        let early = self.ahead.values().filter(|ahead| ahead.shown).map(|ahead| &ahead.entry);
        self.run.iter().chain(early).chain(&self.pending)
    }

    /// The stored message with the highest position that this device holds, shown or not: what a
    /// list of conversations says about this one.
    #[must_use]
    pub fn newest(&self) -> Option<&Entry> {
        let ahead = self.ahead.values().next_back().map(|ahead| &ahead.entry);
        ahead.or(self.run.last())
    }

    /// Whether the newest message anybody told of is held.
    pub(super) fn holds_newest(&self) -> bool {
        self.newest().and_then(|entry| entry.seq).unwrap_or_default() == self.last_seq
    }

    /// How far the first page is.
    #[must_use]
    pub fn loading(&self) -> Loading {
        self.loading
    }

    /// Whether an older page is on its way.
    #[must_use]
    pub fn loading_older(&self) -> bool {
        self.loading_older
    }

    /// Whether there are messages before the first one shown.
    #[must_use]
    pub fn has_older(&self) -> bool {
        self.first_seq() > self.start.max(Seq(1))
    }

    /// How many messages lie between where the run was let go and the first one held now. Zero unless
    /// the conversation was far behind and started over, and once older pages reached that place.
    #[must_use]
    pub fn missing(&self) -> u64 {
        let begins = |left_at: Seq| left_at.next().max(self.start);
        self.left_at.map_or(0, |left_at| self.first_seq().0.saturating_sub(begins(left_at).0))
    }

    /// The position of the newest message anybody told of.
    #[must_use]
    pub fn last_seq(&self) -> Seq {
        self.last_seq
    }

    /// How far the user has read, here or on another device.
    #[must_use]
    pub fn read_seq(&self) -> Seq {
        self.read_seq
    }

    /// How far the peer has read.
    #[must_use]
    pub fn peer_read_seq(&self) -> Seq {
        self.peer_read_seq
    }

    /// How far a device of the peer holds the conversation.
    #[must_use]
    pub fn peer_delivered_seq(&self) -> Seq {
        self.peer_delivered_seq
    }

    /// The end of the stored run; zero while none is loaded or the conversation is empty.
    #[must_use]
    pub fn contiguous(&self) -> Seq {
        self.contiguous
    }

    /// Messages of the peer beyond [`Timeline::read_seq`]. Counted exactly while all of them are
    /// held; otherwise the server's last count, moved along by what was seen since.
    #[must_use]
    pub fn unread(&self) -> u64 {
        self.unread
    }

    /// Changes with every visible change.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Whether the newest page was loaded, so that holes are known as such.
    pub(super) fn is_ready(&self) -> bool {
        self.loading == Loading::Ready
    }

    /// Whether messages are missing between the run and the newest one.
    pub(super) fn has_gap(&self) -> bool {
        self.is_ready() && self.contiguous < self.last_seq
    }

    /// The first position of the run; zero when it is empty.
    #[must_use]
    pub fn first_seq(&self) -> Seq {
        self.run.first().and_then(|entry| entry.seq).unwrap_or_default()
    }

    /// The newest message of the peer up to which this device holds everything it was told of.
    pub(super) fn received_seq(&self) -> Seq {
        self.received_seq
    }

    /// Whether a message with this key is stored, as far as this device knows.
    pub(super) fn holds(&self, key: EntryKey) -> bool {
        let early = self.ahead.values().map(|ahead| &ahead.entry);
        self.run.iter().rev().chain(early).any(|entry| entry.key == key)
    }

    pub(super) fn set_loading(&mut self, loading: Loading) {
        self.dirty |= self.loading != loading;
        self.loading = loading;
    }

    pub(super) fn set_loading_older(&mut self, loading: bool) {
        self.dirty |= self.loading_older != loading;
        self.loading_older = loading;
    }

    /// Ends a round of changes: derives what is derived, and says whether anything changed, and
    /// whether the number of unread messages did.
    pub(super) fn seal(&mut self) -> (bool, bool) {
        if !self.dirty {
            return (false, false);
        }
        self.dirty = false;
        self.version += 1;
        let unread = self.count_unread();
        let before = std::mem::replace(&mut self.unread, unread);
        (true, before != unread)
    }

    fn standing(&self, mine: bool, seq: Seq) -> Delivery {
        match seq {
            _ if !mine => Delivery::Received,
            seq if seq <= self.peer_read_seq => Delivery::Read,
            seq if seq <= self.peer_delivered_seq => Delivery::Delivered,
            _ => Delivery::Sent,
        }
    }

    fn at(&self, seq: Seq) -> Option<&Entry> {
        let first = self.first_seq();
        if seq < first || self.run.is_empty() {
            return self.ahead.get(&seq).map(|ahead| &ahead.entry);
        }
        let index = usize::try_from(seq.0 - first.0).unwrap_or(usize::MAX);
        self.run.get(index).or_else(|| self.ahead.get(&seq).map(|ahead| &ahead.entry))
    }
}

impl Entry {
    /// A stored message; its standing is set when it is put in its place.
    pub(super) fn stored(message: &Message, me: UserId) -> Self {
        let mine = message.sender_id == me;
        Self {
            key: EntryKey { mine, client_id: message.client_id },
            content: Arc::from(message.content.as_str()),
            created_at: millis(message.created_at),
            seq: Some(message.seq),
            delivery: if mine { Delivery::Sent } else { Delivery::Received },
        }
    }

    /// A message that is not stored yet.
    pub(super) fn unsent(item: &OutboxItem) -> Self {
        Self {
            key: EntryKey { mine: true, client_id: item.client_id },
            content: Arc::from(item.content.as_str()),
            created_at: item.queued_at,
            seq: None,
            delivery: match &item.failed {
                None => Delivery::Sending,
                Some(code) => Delivery::NotSent { code: code.clone() },
            },
        }
    }
}

/// A moment of the server's clock as the session counts time.
pub(super) fn millis(moment: DateTime<Utc>) -> Millis {
    Millis(u64::try_from(moment.timestamp_millis()).unwrap_or(0))
}
