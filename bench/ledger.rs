//! The books of one conversation in which one person writes: what was sent, answered and delivered, each exactly
//! once and in order, and how long it took.

use std::collections::VecDeque;
use std::time::Duration;

use anyhow::{Result, ensure};
use tokio::time::Instant;
use uuid::Uuid;

use crate::wire::Stored;

/// The span of time that is measured: what was due in it. Before is warm-up, after is settling.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// When it begins.
    pub from: Instant,
    /// When it ends.
    pub until: Instant,
}

impl Span {
    fn holds(self, at: Instant) -> bool {
        self.from <= at && at < self.until
    }
}

/// What was measured, in microseconds.
#[derive(Debug, Default)]
pub struct Samples {
    /// From when a send was due until the receiver had it.
    pub delivered: Vec<u32>,
    /// From when a send was due until its sender had the `ack`.
    pub acked: Vec<u32>,
    /// By how much the load itself was late.
    pub late: Vec<u32>,
    /// Messages that became both acknowledged and delivered in the span.
    pub completed: u64,
    /// All messages that were sent, warm-up included.
    pub sent: u64,
}

impl Samples {
    /// Adds those of another conversation.
    pub fn add(&mut self, other: Self) {
        self.delivered.extend(other.delivered);
        self.acked.extend(other.acked);
        self.late.extend(other.late);
        self.completed += other.completed;
        self.sent += other.sent;
    }
}

struct Sent {
    client_id: Uuid,
    due: Instant,
}

/// See the module.
pub struct Ledger {
    span: Span,
    /// The position of the newest message before all of these.
    before: u64,
    /// Those not yet both acknowledged and delivered.
    open: VecDeque<Sent>,
    acked: u64,
    delivered: u64,
    samples: Samples,
}

impl Ledger {
    /// Nothing was sent yet; the conversation stood at `before`.
    pub fn new(span: Span, before: u64) -> Self {
        Self { span, before, open: VecDeque::new(), acked: 0, delivered: 0, samples: Samples::default() }
    }

    /// Notes a send that goes out now and was due then.
    pub fn send(&mut self, due: Instant, now: Instant) -> Uuid {
        let client_id = Uuid::now_v7();
        self.open.push_back(Sent { client_id, due });
        self.samples.sent += 1;
        if self.span.holds(due) {
            self.samples.late.push(micros(now.saturating_duration_since(due)));
        }
        client_id
    }

    /// Notes an `ack`.
    ///
    /// # Errors
    /// When another one was to come first.
    pub fn ack(&mut self, stored: &Stored, now: Instant) -> Result<()> {
        let due = self.expect("acknowledged", self.acked, stored)?;
        self.acked += 1;
        if self.span.holds(due) {
            self.samples.acked.push(micros(now - due));
        }
        self.settle(now);
        Ok(())
    }

    /// Notes that the receiver has a message.
    ///
    /// # Errors
    /// When another one was to come first.
    pub fn deliver(&mut self, stored: &Stored, now: Instant) -> Result<()> {
        let due = self.expect("delivered", self.delivered, stored)?;
        self.delivered += 1;
        if self.span.holds(due) {
            self.samples.delivered.push(micros(now - due));
        }
        self.settle(now);
        Ok(())
    }

    /// How many are under way.
    pub fn in_flight(&self) -> usize {
        self.open.len()
    }

    /// What is still missing, for people.
    pub fn missing(&self) -> String {
        let sent = self.samples.sent;
        format!("{} of {sent} not acknowledged, {} not delivered", sent - self.acked, sent - self.delivered)
    }

    /// What was measured.
    pub fn close(self) -> Samples {
        self.samples
    }

    /// When the send was due that has to be the next one of a kind.
    fn expect(&self, kind: &str, count: u64, stored: &Stored) -> Result<Instant> {
        let last = self.before + count;
        ensure!(stored.seq > last, "doubled: {} was {kind} again after {last}", stored.seq);
        ensure!(stored.seq == last + 1, "lost or out of order: {} was {kind} after {last}", stored.seq);
        let settled = self.acked.min(self.delivered);
        let sent = usize::try_from(count - settled).ok().and_then(|index| self.open.get(index));
        let due = sent.filter(|sent| sent.client_id == stored.client_id).map(|sent| sent.due);
        due.ok_or_else(|| {
            anyhow::anyhow!("{} was {kind} with the id {}, which is not its", stored.seq, stored.client_id)
        })
    }

    fn settle(&mut self, now: Instant) {
        let settled = self.acked.min(self.delivered);
        if settled + self.open.len() as u64 > self.samples.sent {
            self.open.pop_front();
            self.samples.completed += u64::from(self.span.holds(now));
        }
    }
}

/// Whole microseconds, more than an hour counting as one.
fn micros(duration: Duration) -> u32 {
    u32::try_from(duration.as_micros()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger() -> (Ledger, Instant) {
        let now = Instant::now();
        (Ledger::new(Span { from: now, until: now + Duration::from_secs(1) }, 0), now)
    }

    #[test]
    fn what_goes_well_is_timed_from_when_it_was_due() {
        let (mut ledger, due) = ledger();
        let late = due + Duration::from_millis(5);
        let ids = [ledger.send(due, late), ledger.send(due, late)];
        for (seq, client_id) in (1..).zip(ids) {
            let stored = Stored { client_id, seq };
            ledger.deliver(&stored, due + Duration::from_millis(7)).unwrap();
            ledger.ack(&stored, due + Duration::from_millis(8)).unwrap();
        }
        assert_eq!(ledger.in_flight(), 0);
        let samples = ledger.close();
        assert_eq!((samples.sent, samples.completed), (2, 2));
        assert_eq!(samples.delivered, [7000, 7000], "not from when it went out");
        assert_eq!(samples.acked, [8000, 8000]);
        assert_eq!(samples.late, [5000, 5000]);
    }

    #[test]
    fn warm_up_and_settling_are_checked_and_not_timed() {
        let (mut ledger, now) = ledger();
        let (before, after) = (now - Duration::from_millis(1), now + Duration::from_secs(1));
        for (seq, due) in [(1, before), (2, after)] {
            let client_id = ledger.send(due, due);
            ledger.ack(&Stored { client_id, seq }, after).unwrap();
            ledger.deliver(&Stored { client_id, seq }, after).unwrap();
        }
        let samples = ledger.close();
        assert_eq!((samples.sent, samples.completed, samples.delivered.len()), (2, 0, 0));
    }

    #[test]
    fn a_double_a_gap_and_a_stranger_are_caught() {
        let (mut ledger, now) = ledger();
        let ids = [ledger.send(now, now), ledger.send(now, now), ledger.send(now, now)];
        let stored = |index: usize, seq| Stored { client_id: ids[index], seq };
        assert!(ledger.deliver(&stored(1, 2), now).is_err(), "a gap");
        ledger.deliver(&stored(0, 1), now).unwrap();
        assert!(ledger.deliver(&stored(0, 1), now).is_err(), "a double");
        assert!(ledger.deliver(&stored(2, 2), now).is_err(), "out of order under the right position");
        assert!(ledger.ack(&stored(1, 2), now).is_err(), "an ack before the one before it");
        ledger.ack(&stored(0, 1), now).unwrap();
        assert!(ledger.ack(&stored(0, 1), now).is_err(), "a second ack");
        assert_eq!(ledger.in_flight(), 2);
        assert!(ledger.ack(&Stored { client_id: Uuid::now_v7(), seq: 2 }, now).is_err(), "a stranger");
        assert_eq!(ledger.missing(), "2 of 3 not acknowledged, 2 not delivered");
    }

    #[test]
    fn a_conversation_goes_on_where_it_stood() {
        let (ledger, now) = ledger();
        let mut ledger = Ledger { before: 1000, ..ledger };
        let client_id = ledger.send(now, now);
        assert!(ledger.ack(&Stored { client_id, seq: 1 }, now).is_err());
        assert!(ledger.ack(&Stored { client_id, seq: 1000 }, now).is_err());
        ledger.ack(&Stored { client_id, seq: 1001 }, now).unwrap();
        ledger.deliver(&Stored { client_id, seq: 1001 }, now).unwrap();
        assert_eq!((ledger.in_flight(), ledger.close().completed), (0, 1));
    }

    #[test]
    fn more_than_was_sent_is_caught() {
        let (mut ledger, now) = ledger();
        let client_id = ledger.send(now, now);
        ledger.deliver(&Stored { client_id, seq: 1 }, now).unwrap();
        ledger.ack(&Stored { client_id, seq: 1 }, now).unwrap();
        assert!(ledger.deliver(&Stored { client_id, seq: 2 }, now).is_err());
    }
}
