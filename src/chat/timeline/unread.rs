//! How many messages of the peer are unread: derived from positions, never counted by events.
//!
//! While everything between the read mark and the newest position is held, it is a count over the
//! run. Otherwise the base is what the server counted last ([`Tally`]), carried on by every message
//! that follows it without a hole, reduced by what was read since, and completed by the messages
//! held beyond a hole. It cannot be negative or exceed `last_seq − read_seq`; what fell into a hole
//! is missing until that is filled or the server counts again, at the next welcome or resync.

use super::{Entry, Timeline};
use crate::domain::Seq;

/// The unread messages in `(read_seq, last]`, as the server counted them or as they were seen.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) last: Seq,
    pub(super) unread: u64,
}

/// More messages than this are not fetched to begin where the user stopped reading.
const FAR_BACK: usize = 500;

impl Timeline {
    /// Whether unread messages lie before the first one held: whoever begins to read here passes over
    /// them. Not when they are too many to be fetched for that.
    #[must_use]
    pub fn lacks_unread(&self) -> bool {
        self.is_ready() && self.unread > 0 && self.begins_later() && self.run.len() < FAR_BACK
    }

    /// Whether there are messages between what is read and the first one held.
    fn begins_later(&self) -> bool {
        self.has_older() && self.first_seq() > self.read_seq.next()
    }

    /// Takes in where the server says the conversation stands.
    pub(in crate::chat) fn take_head(&mut self, last: Seq, read: Seq, unread: u64) {
        let ours = self.read_seq;
        self.raise_last(last.max(read));
        self.tally = Tally { last, unread: unread.min(last.0.saturating_sub(read.0)) };
        self.read_seq = read;
        self.raise_read(ours);
        self.account();
        self.dirty = true;
    }

    /// Moves the user's own read mark.
    pub(in crate::chat) fn raise_read(&mut self, read: Seq) -> bool {
        if read <= self.read_seq {
            return false;
        }
        self.raise_last(read);
        let (old, last) = (self.read_seq, self.tally.last);
        let read_now = self.held(old, read.min(last), false);
        let left = last.0.saturating_sub(read.0).saturating_sub(self.held(read, last, true));
        self.tally.unread = self.tally.unread.saturating_sub(read_now).min(left);
        self.read_seq = read;
        self.dirty = true;
        true
    }

    /// Carries the tally on over messages that follow it without a hole.
    pub(super) fn account(&mut self) {
        while let Some(mine) = self.at(self.tally.last.next()).map(|entry| entry.key.mine) {
            self.tally.last = self.tally.last.next();
            if !mine && self.tally.last > self.read_seq {
                self.tally.unread += 1;
            }
        }
        if !self.is_ready() {
            let told = self.ahead.range(..=self.tally.last);
            let received = told.rev().find(|(_, ahead)| !ahead.entry.key.mine).map(|(seq, _)| *seq);
            self.received_seq = self.received_seq.max(received.unwrap_or_default());
        }
    }

    pub(super) fn count_unread(&self) -> u64 {
        let (read, last) = (self.read_seq, self.last_seq);
        let held_all = self.is_ready() && self.contiguous >= last && !self.begins_later();
        let count = if held_all {
            self.held(read, last, false)
        } else {
            self.tally.unread + self.held(read.max(self.tally.last), last, false)
        };
        count.min(last.0 - read.0)
    }

    /// How many messages in `(after, to]` are held, of the user or of the peer.
    fn held(&self, after: Seq, to: Seq, mine: bool) -> u64 {
        let of = |entry: &&Entry| entry.key.mine == mine;
        let from = self.run.partition_point(|entry| entry.seq <= Some(after));
        let run = self.run[from..].iter().take_while(|entry| entry.seq <= Some(to)).filter(of).count();
        let ahead = if after < to { self.ahead.range(after.next()..=to) } else { return run as u64 };
        (run + ahead.map(|(_, ahead)| &ahead.entry).filter(of).count()) as u64
    }
}
