//! What one client has shown of its conversation so far, and whether what it shows now goes on from
//! there.

use mosaic::chat::{Entry, EntryKey, Timeline};
use mosaic::domain::{Seq, UserId};

use super::record::Event;

#[derive(Default)]
pub struct Screen {
    first: Seq,
    /// The stored messages from `first` on.
    keys: Vec<EntryKey>,
    marks: (Seq, Seq),
    version: u64,
}

impl Screen {
    /// Looks at all of it; tells what is new and what is wrong.
    pub fn look(&mut self, peer: UserId, timeline: &Timeline) -> Vec<Event> {
        if std::mem::replace(&mut self.version, timeline.version()) == timeline.version() {
            return Vec::new();
        }
        let entries: Vec<_> = timeline.entries().collect();
        let first = entries.first().and_then(|entry| entry.seq).unwrap_or_default();
        let mut events = Vec::new();
        events.extend(flaw_of(&entries, timeline.contiguous()).map(Event::Flaw));
        let end = Seq(self.first.0 + self.keys.len() as u64);
        // A conversation that is far behind starts over, and says how much it leaves out.
        if !self.keys.is_empty() && first > end {
            let left_out = first.0 - end.0;
            events.push(if timeline.missing() >= left_out {
                Event::StartedOver { peer }
            } else {
                Event::Flaw(format!(
                    "{left_out} messages are left out, {} are said to be",
                    timeline.missing()
                ))
            });
            self.keys.clear();
        }
        if self.keys.is_empty() {
            self.first = first;
        }
        // Older messages that were asked for stand before what was shown, and move nothing.
        let is_in_run = |seq: Seq| self.first <= seq && seq <= timeline.contiguous();
        let run: Vec<_> = entries.iter().filter(|entry| entry.seq.is_some_and(is_in_run)).collect();
        let known = run.iter().map(|entry| entry.key).take(self.keys.len());
        if !known.eq(self.keys.iter().copied()) {
            events.push(Event::Flaw(format!("what was shown changed; it was {:?} …", self.keys.last())));
        }
        for entry in run.iter().skip(self.keys.len()) {
            let (seq, key) = (entry.seq.unwrap_or_default(), entry.key);
            events.push(Event::Seen { peer, seq, client_id: key.client_id, mine: key.mine });
            self.keys.push(key);
        }
        let marks = (timeline.peer_delivered_seq(), timeline.peer_read_seq());
        if marks != self.marks {
            self.marks = marks;
            events.push(Event::Mark { peer, delivered: marks.0, read: marks.1 });
        }
        events
    }
}

/// What is wrong with a screen by itself.
fn flaw_of(entries: &[&Entry], contiguous: Seq) -> Option<String> {
    let seqs: Vec<_> = entries.iter().map_while(|entry| entry.seq).collect();
    let mut keys: Vec<_> = entries.iter().map(|entry| entry.key).collect();
    keys.sort();
    let is_dense = |pair: &[Seq]| pair[1] == pair[0].next() || pair[1] > contiguous && pair[1] > pair[0];
    if let Some(pair) = seqs.windows(2).find(|pair| !is_dense(pair)) {
        return Some(format!("{} is shown right after {}", pair[1], pair[0]));
    }
    if entries[seqs.len()..].iter().any(|entry| entry.seq.is_some()) {
        return Some(String::from("a stored message stands behind one that is not"));
    }
    let twice = keys.windows(2).find(|pair| pair[0] == pair[1]);
    twice.map(|pair| format!("{:?} is shown twice", pair[0]))
}
