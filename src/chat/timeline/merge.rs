//! Putting messages in their place: the rule that extends the contiguous run, and nothing else.

use super::{Ahead, Entry, EntryKey, Loading, Timeline};
use crate::domain::{ClientId, Seq};

/// How many live messages a conversation that was never opened keeps: enough for a list and a
/// toast. The page that is loaded on opening brings them anyway.
const TAIL: usize = 64;

impl Timeline {
    /// Takes in one stored message, from wherever it came. Returns whether it is new to this
    /// device.
    ///
    /// Up to the end of the run it is a repetition; right behind, it extends the run together with
    /// what waited for it; further on, it waits. An unsent entry with the same key is confirmed.
    pub(in crate::chat) fn take(&mut self, entry: Entry) -> bool {
        let Some(seq) = entry.seq.filter(|seq| *seq > Seq::ZERO) else { return false };
        let shown = self.drop_pending(entry.key);
        self.raise_last(seq);
        if self.is_ready() {
            if seq <= self.contiguous {
                return false;
            }
            if seq == self.contiguous.next() {
                let fresh = self.ahead.remove(&seq).is_none();
                self.append(entry);
                self.drain();
                self.account();
                return fresh;
            }
        }
        let held = self.ahead.contains_key(&seq);
        // Of a conversation that was never opened only the newest messages are held.
        let is_newer = self.ahead.first_key_value().is_none_or(|(oldest, _)| seq > *oldest);
        let fresh = !held && (self.is_ready() || is_newer);
        let delivery = self.standing(entry.key.mine, seq);
        let entry = Entry { delivery, ..entry };
        self.ahead.entry(seq).or_insert(Ahead { entry, shown: false }).shown |= shown;
        self.dirty |= !held;
        if !self.is_ready() && self.ahead.len() > TAIL {
            self.ahead.pop_first();
        }
        self.account();
        fresh
    }

    /// Starts the run from the newest page, or joins the page to the run where they meet.
    pub(in crate::chat) fn take_newest(&mut self, page: Vec<Entry>) {
        let page = dense_end(page);
        let start = page.first().and_then(|entry| entry.seq).unwrap_or(self.start);
        if self.is_ready() && start <= self.contiguous.next() {
            page.into_iter().for_each(|entry| {
                self.take(entry);
            });
            return;
        }
        // While messages are missing already, it is the earlier place that the reader knows.
        if !self.run.is_empty() && self.missing() == 0 {
            self.left_at = Some(self.contiguous);
        }
        self.set_loading(Loading::Ready);
        self.dirty = true;
        self.run.clear();
        self.contiguous = Seq(start.0.saturating_sub(1));
        for entry in page {
            self.drop_pending(entry.key);
            self.append(entry);
        }
        self.raise_last(self.contiguous);
        self.ahead.retain(|seq, _| *seq > self.contiguous);
        self.drain();
        self.account();
    }

    /// Learns where what the server holds begins. A run that ends before that will never be continued: what
    /// lies between is deleted, as the run itself is, and the next one begins there.
    pub(in crate::chat) fn raise_start(&mut self, start: Seq) {
        if start <= self.start {
            return;
        }
        self.start = start;
        self.dirty = true;
        self.raise_last(Seq(start.0 - 1));
        if self.is_ready() && self.contiguous.next() < start {
            self.run.clear();
            self.contiguous = Seq(start.0 - 1);
            self.ahead.retain(|seq, _| *seq >= start);
            self.drain();
            self.account();
        }
    }

    /// Puts an older page before the run. Pages that do not meet it are of no use any more.
    pub(in crate::chat) fn take_older(&mut self, page: Vec<Entry>) {
        let first = self.first_seq();
        let mut page = dense_end(page);
        page.retain(|entry| entry.seq < Some(first));
        let end = page.last().and_then(|entry| entry.seq);
        if !self.is_ready() || end.is_none_or(|end| end.next() != first) {
            return;
        }
        for entry in &mut page {
            self.drop_pending(entry.key);
            entry.delivery = self.standing(entry.key.mine, entry.seq.unwrap_or_default());
        }
        self.run.splice(0..0, page);
        self.dirty = true;
    }

    /// Shows an unsent message. The order is that of the outbox.
    pub(in crate::chat) fn show_pending(&mut self, entry: Entry) {
        self.drop_pending(entry.key);
        let order = |entry: &Entry| (entry.created_at, entry.key);
        let at = self.pending.partition_point(|other| order(other) < order(&entry));
        self.pending.insert(at, entry);
        self.dirty = true;
    }

    /// Takes an unsent message off the screen.
    pub(in crate::chat) fn hide_pending(&mut self, client_id: ClientId) {
        self.drop_pending(EntryKey { mine: true, client_id });
    }

    /// Moves the marks of the peer. One that is ahead of the newest message tells of messages this
    /// device has not heard of.
    pub(in crate::chat) fn raise_peer_marks(&mut self, delivered: Seq, read: Seq) -> bool {
        let before = (self.peer_delivered_seq, self.peer_read_seq);
        let read = read.max(self.peer_read_seq);
        let delivered = delivered.max(self.peer_delivered_seq).max(read);
        if (delivered, read) == before {
            return false;
        }
        self.raise_last(delivered);
        (self.peer_delivered_seq, self.peer_read_seq) = (delivered, read);
        self.dirty = true;
        // Up to the old marks nothing changes: of what was delivered only what is read now.
        let from = if read > before.1 { before.1 } else { before.0 };
        let settled = self.run.partition_point(|entry| entry.seq <= Some(from));
        let reached = self.run.partition_point(|entry| entry.seq <= Some(delivered));
        for index in settled..reached {
            let entry = &self.run[index];
            self.run[index].delivery = self.standing(entry.key.mine, entry.seq.unwrap_or_default());
        }
        let mut waiting = std::mem::take(&mut self.ahead);
        for (seq, ahead) in &mut waiting {
            ahead.entry.delivery = self.standing(ahead.entry.key.mine, *seq);
        }
        self.ahead = waiting;
        true
    }

    /// Learns of the newest position.
    pub(in crate::chat) fn raise_last(&mut self, seq: Seq) {
        if seq > self.last_seq {
            self.last_seq = seq;
            self.dirty = true;
        }
    }

    fn append(&mut self, mut entry: Entry) {
        self.contiguous = self.contiguous.next();
        entry.delivery = self.standing(entry.key.mine, self.contiguous);
        if !entry.key.mine {
            self.received_seq = self.received_seq.max(self.contiguous);
        }
        self.run.push(entry);
        self.dirty = true;
    }

    fn drain(&mut self) {
        while let Some(ahead) = self.ahead.remove(&self.contiguous.next()) {
            self.append(ahead.entry);
        }
    }

    fn drop_pending(&mut self, key: EntryKey) -> bool {
        let Some(at) = self.pending.iter().position(|entry| entry.key == key) else { return false };
        self.pending.remove(at);
        self.dirty = true;
        true
    }
}

/// The part of a page that reaches its end without a hole, and begins with a position. A page has no
/// hole; this is what keeps the run dense if a server ever sends one.
fn dense_end(mut page: Vec<Entry>) -> Vec<Entry> {
    let seq = |entry: &Entry| entry.seq.unwrap_or_default();
    page.retain(|entry| seq(entry) > Seq::ZERO);
    let holes = page.windows(2).rposition(|pair| seq(&pair[0]).next() != seq(&pair[1]));
    page.split_off(holes.map_or(0, |at| at + 1))
}
