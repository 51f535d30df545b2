//! Holds a history and the final database against the guarantees. Each check walks plain data and
//! quotes what it objects to.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use mosaic::domain::{ClientId, MessageId, Seq, UserId};

use super::record::{Database, Event, History, Pair, Record, Row};

/// The guarantees of the design that a history can be held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Guarantee {
    /// I1: what was acknowledged is stored.
    AckedIsStored,
    /// I2: at most one row for each send, and every acknowledgement names it.
    StoredOnce,
    /// I3: the positions of a conversation are 1, 2, 3 …
    Dense,
    /// I4: what is seen is what is stored.
    SeenIsStored,
    /// I5: what is seen is in order, without holes and duplicates.
    SeenInOrder,
    /// I6: one client's messages to one peer keep their order.
    SentInOrder,
    /// I7: in the end every client shows all there is, and all that was written is stored.
    AllCaughtUp,
    /// I8: marks only move forward, never past the end.
    MarksForward,
    /// I9: nobody gets what is not theirs.
    NothingForeign,
    /// I10: a log-in that ended is told nothing more.
    NothingAfterLogOut,
}

/// I10: how long after its end a log-in may still be told something.
const LOGGED_OUT: Duration = Duration::from_secs(2);

#[derive(Clone, Debug)]
pub struct Offence {
    pub against: Guarantee,
    pub what: String,
}

/// Everything there is to object to; nothing when all is well.
#[derive(Clone, Debug, Default)]
pub struct Verdict(pub Vec<Offence>);

impl Verdict {
    pub fn count(&self, guarantee: Guarantee) -> usize {
        self.0.iter().filter(|offence| offence.against == guarantee).count()
    }

    fn object(&mut self, against: Guarantee, what: impl fmt::Display) {
        self.0.push(Offence { against, what: what.to_string() });
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(first) = self.0.first() else { return write!(f, "nothing to object to") };
        let kinds: BTreeSet<_> = self.0.iter().map(|offence| offence.against).collect();
        for kind in kinds {
            write!(f, "{} against {kind:?}; ", self.count(kind))?;
        }
        write!(f, "first against {:?}: {}", first.against, first.what)
    }
}

/// The verdict on a run.
pub fn check(history: &History, database: &Database) -> Verdict {
    let mut verdict = Verdict::default();
    let stored = Stored::of(database, &mut verdict);
    acknowledgements(history, &stored, &mut verdict);
    positions(database, &mut verdict);
    screens(history, &stored, &mut verdict);
    intentions(history, &stored, &mut verdict);
    order_of_sends(history, &stored, &mut verdict);
    marks(history, database, &mut verdict);
    wire(history, &stored, &mut verdict);
    after_log_outs(history, &mut verdict);
    verdict
}

/// The rows, by what they are looked for.
struct Stored<'d> {
    by_send: BTreeMap<(UserId, ClientId), &'d Row>,
    by_id: BTreeMap<MessageId, &'d Row>,
    by_place: BTreeMap<(Pair, Seq), &'d Row>,
}

impl<'d> Stored<'d> {
    /// A send that is stored twice, under one id or under one text, is an offence by itself.
    fn of(database: &'d Database, verdict: &mut Verdict) -> Self {
        let mut stored = Self { by_send: BTreeMap::new(), by_id: BTreeMap::new(), by_place: BTreeMap::new() };
        let mut texts = BTreeSet::new();
        for row in &database.rows {
            let is_first = stored.by_send.insert((row.sender, row.client_id), row).is_none();
            if !is_first || !texts.insert((row.sender, row.receiver, &row.text)) {
                verdict.object(Guarantee::StoredOnce, format!("stored twice: {row:?}"));
            }
            stored.by_id.insert(row.id, row);
            stored.by_place.insert((pair_of(row), row.seq), row);
        }
        stored
    }

    fn last(&self, pair: Pair) -> Seq {
        let all = (pair, Seq::ZERO)..=(pair, Seq(u64::MAX));
        self.by_place.range(all).next_back().map_or(Seq::ZERO, |((_, seq), _)| *seq)
    }
}

fn pair_of(row: &Row) -> Pair {
    Pair::of(row.sender, row.receiver)
}

/// I1 and the half of I2 that clients see.
fn acknowledgements(history: &History, stored: &Stored<'_>, verdict: &mut Verdict) {
    let mut named = BTreeMap::new();
    for record in &history.records {
        let Event::Ok { client_id, id, seq } = &record.event else { continue };
        let sender = history.people[record.client];
        match stored.by_send.get(&(sender, *client_id)) {
            None => verdict.object(Guarantee::AckedIsStored, record),
            Some(row) if (row.id, row.seq) != (*id, *seq) => {
                verdict.object(Guarantee::StoredOnce, format!("{record} is stored as {row:?}"));
            }
            Some(_) => {}
        }
        if *named.entry((sender, *client_id)).or_insert((*id, *seq)) != (*id, *seq) {
            verdict.object(Guarantee::StoredOnce, format!("acknowledged differently before: {record}"));
        }
    }
}

/// I3.
fn positions(database: &Database, verdict: &mut Verdict) {
    let mut conversations: BTreeMap<Pair, Vec<Seq>> = BTreeMap::new();
    for row in &database.rows {
        conversations.entry(pair_of(row)).or_default().push(row.seq);
    }
    for (pair, mut seqs) in conversations {
        seqs.sort();
        if let Some((seq, due)) = seqs.iter().zip(1..).find(|(seq, due)| seq.0 != *due) {
            verdict.object(Guarantee::Dense, format!("{pair:?}: {seq} stands where {due} is due"));
        }
        let last = seqs.last().copied().unwrap_or_default();
        for side in &database.sides {
            if Pair::of(side.owner, side.peer) == pair && side.last != last {
                verdict.object(Guarantee::Dense, format!("{side:?}, and the last row is {last}"));
            }
        }
    }
}

/// I4, I5 and, at the end, I7.
fn screens(history: &History, stored: &Stored<'_>, verdict: &mut Verdict) {
    let mut shown: BTreeMap<(usize, UserId), Seq> = BTreeMap::new();
    for record in &history.records {
        let me = history.people[record.client];
        match &record.event {
            Event::Flaw(_) => verdict.object(Guarantee::SeenInOrder, record),
            Event::Reloaded => {
                for (_, seq) in shown.iter_mut().filter(|((client, _), _)| *client == record.client) {
                    *seq = Seq::ZERO;
                }
            }
            Event::StartedOver { peer } => {
                shown.insert((record.client, *peer), Seq::ZERO);
            }
            Event::Seen { peer, seq, client_id, mine } => {
                let before = shown.insert((record.client, *peer), *seq).unwrap_or_default();
                if before != Seq::ZERO && *seq != before.next() {
                    verdict.object(Guarantee::SeenInOrder, format!("after {before}: {record}"));
                }
                let row = stored.by_place.get(&(Pair::of(me, *peer), *seq));
                if row.is_none_or(|row| (row.client_id, row.sender == me) != (*client_id, *mine)) {
                    verdict.object(Guarantee::SeenIsStored, format!("{record} is stored as {row:?}"));
                }
            }
            _ => {}
        }
    }
    let log_outs = history.log_outs();
    for ((client, peer), seq) in shown.into_iter().filter(|((client, _), _)| !log_outs.contains_key(client)) {
        let last = stored.last(Pair::of(history.people[client], peer));
        if seq != last {
            let what = format!("client {client} ends at {seq} of {last} in the conversation with {peer}");
            verdict.object(Guarantee::AllCaughtUp, what);
        }
    }
}

/// The sending half of I7: what was neither stored nor refused waits for ever. Who was
/// logged out sends nothing more.
fn intentions(history: &History, stored: &Stored<'_>, verdict: &mut Verdict) {
    let refusal = |record: &Record| match &record.event {
        Event::Fail { client_id, .. } => Some((record.client, *client_id)),
        _ => None,
    };
    let refused: BTreeSet<_> = history.records.iter().filter_map(refusal).collect();
    let log_outs = history.log_outs();
    for record in &history.records {
        let Event::Invoke { peer, client_id, text } = &record.event else { continue };
        match stored.by_send.get(&(history.people[record.client], *client_id)) {
            Some(row) if (&row.receiver, &row.text) != (peer, text) => {
                verdict.object(Guarantee::SeenIsStored, format!("{record} is stored as {row:?}"));
            }
            None if log_outs.contains_key(&record.client) => {}
            None if !refused.contains(&(record.client, *client_id)) => {
                verdict.object(Guarantee::AllCaughtUp, format!("never stored: {record}"));
            }
            _ => {}
        }
    }
}

/// I6. Messages that are not stored have no order.
fn order_of_sends(history: &History, stored: &Stored<'_>, verdict: &mut Verdict) {
    let mut last: BTreeMap<(usize, UserId), (Seq, &Record)> = BTreeMap::new();
    for record in &history.records {
        let Event::Invoke { peer, client_id, .. } = &record.event else { continue };
        let Some(row) = stored.by_send.get(&(history.people[record.client], *client_id)) else { continue };
        if let Some((seq, earlier)) = last.insert((record.client, *peer), (row.seq, record))
            && seq > row.seq
        {
            let what = format!("{earlier} is stored at {seq}, after {} of {record}", row.seq);
            verdict.object(Guarantee::SentInOrder, what);
        }
    }
}

/// I8: as shown, and as the database has them in the end.
fn marks(history: &History, database: &Database, verdict: &mut Verdict) {
    let sides: BTreeMap<_, _> = database.sides.iter().map(|side| ((side.owner, side.peer), side)).collect();
    for side in &database.sides {
        if side.read > side.delivered || side.delivered > side.last {
            verdict.object(Guarantee::MarksForward, format!("{side:?}"));
        }
    }
    let mut shown = BTreeMap::new();
    for record in &history.records {
        if let Event::Reloaded = record.event {
            shown.retain(|(client, _), _| *client != record.client);
        }
        let Event::Mark { peer, delivered, read } = &record.event else { continue };
        let before = shown.insert((record.client, *peer), (*delivered, *read)).unwrap_or_default();
        if *delivered < before.0 || *read < before.1 {
            verdict.object(Guarantee::MarksForward, format!("after {before:?}: {record}"));
        }
        let side = sides.get(&(*peer, history.people[record.client]));
        if side.is_none_or(|side| *read > side.read || *delivered > side.delivered) {
            verdict.object(Guarantee::MarksForward, format!("{record} is stored as {side:?}"));
        }
    }
}

/// I9, and that what travels is what is stored.
fn wire(history: &History, stored: &Stored<'_>, verdict: &mut Verdict) {
    for record in &history.records {
        let Event::Told(row) = &record.event else { continue };
        let me = history.people[record.client];
        if row.sender != me && row.receiver != me {
            verdict.object(Guarantee::NothingForeign, record);
        }
        if stored.by_id.get(&row.id) != Some(&row) {
            verdict.object(Guarantee::SeenIsStored, format!("no such row: {record}"));
        }
    }
}

/// I10.
fn after_log_outs(history: &History, verdict: &mut Verdict) {
    let log_outs = history.log_outs();
    for record in &history.records {
        let is_told = matches!(record.event, Event::Told(_) | Event::Seen { .. } | Event::Mark { .. });
        let limit = log_outs.get(&record.client).map(|end| *end + LOGGED_OUT);
        if is_told && limit.is_some_and(|limit| record.at > limit) {
            verdict.object(Guarantee::NothingAfterLogOut, record);
        }
    }
}
