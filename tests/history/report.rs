//! A run in figures.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use mosaic::domain::ClientId;

use super::checker::{Guarantee, Verdict};
use super::record::{Event, History};

/// What a run came to.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub clients: usize,
    pub sends: usize,
    pub acked: usize,
    /// Tries whose outcome the client did not learn; each was tried again.
    pub unknown: usize,
    pub refused: usize,
    pub reconnects: usize,
    pub lost: usize,
    pub doubled: usize,
    pub holes: usize,
    pub out_of_order: usize,
    pub other: usize,
    /// From the last message until everybody held everything, where somebody measured that.
    pub caught_up: Duration,
    /// From pressing "send" to the acknowledgement.
    pub ack: Spread,
    /// From the acknowledgement to the receiver's screen.
    pub delivery: Spread,
}

/// A set of durations.
#[derive(Clone, Debug, Default)]
pub struct Spread(Vec<Duration>);

impl Spread {
    pub fn of(mut durations: Vec<Duration>) -> Self {
        durations.sort();
        Self(durations)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The duration that this share of all do not exceed; zero when there is none.
    pub fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0.get(rank - 1).copied().unwrap_or_default()
    }

    pub fn max(&self) -> Duration {
        self.percentile(100)
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [p50, p99, max] = [50, 99, 100].map(|percent| self.percentile(percent).as_millis());
        write!(f, "p50 {p50} ms, p99 {p99} ms, max {max} ms")
    }
}

impl Report {
    pub fn of(history: &History, verdict: &Verdict) -> Self {
        let count = |counts: fn(&Event) -> bool| {
            history.records.iter().filter(|record| counts(&record.event)).count()
        };
        let (ack, delivery) = latencies(history);
        let acked: BTreeSet<ClientId> = history.records.iter().filter_map(acked).collect();
        let counted = |kinds: &[Guarantee]| kinds.iter().map(|kind| verdict.count(*kind)).sum();
        let lost = counted(&[Guarantee::AckedIsStored]);
        let doubled = counted(&[Guarantee::StoredOnce]);
        let holes = counted(&[Guarantee::Dense, Guarantee::AllCaughtUp]);
        let out_of_order = counted(&[Guarantee::SeenInOrder, Guarantee::SentInOrder]);
        Self {
            clients: history.people.len(),
            sends: count(|event| matches!(event, Event::Invoke { .. })),
            acked: acked.len(),
            unknown: count(|event| matches!(event, Event::Unknown { .. })),
            refused: count(|event| matches!(event, Event::Fail { .. })),
            reconnects: count(|event| matches!(event, Event::Opened)).saturating_sub(history.people.len()),
            lost,
            doubled,
            holes,
            out_of_order,
            other: verdict.0.len() - lost - doubled - holes - out_of_order,
            caught_up: Duration::ZERO,
            ack,
            delivery,
        }
    }
}

fn acked(record: &super::record::Record) -> Option<ClientId> {
    if let Event::Ok { client_id, .. } = record.event { Some(client_id) } else { None }
}

/// How long acknowledgements and deliveries took. A client id is random, hence unique in a run.
fn latencies(history: &History) -> (Spread, Spread) {
    let (mut invoked, mut stored) = (BTreeMap::new(), BTreeMap::new());
    let (mut acks, mut deliveries) = (Vec::new(), Vec::new());
    let mut delivered = BTreeSet::new();
    for record in &history.records {
        match &record.event {
            Event::Invoke { client_id, .. } => {
                invoked.insert(*client_id, record.at);
            }
            Event::Ok { client_id, .. } if !stored.contains_key(client_id) => {
                stored.insert(*client_id, record.at);
                acks.extend(invoked.get(client_id).map(|at| record.at.saturating_sub(*at)));
            }
            _ => {}
        }
    }
    for record in &history.records {
        if let Event::Seen { client_id, mine: false, .. } = &record.event
            && delivered.insert((record.client, *client_id))
            && let Some(at) = stored.get(client_id)
        {
            // A message may be seen before its acknowledgement is.
            deliveries.push(record.at.saturating_sub(*at));
        }
    }
    (Spread::of(acks), Spread::of(deliveries))
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  clients      {:>7}   reconnects {}", self.clients, self.reconnects)?;
        writeln!(f, "  sends        {:>7}", self.sends)?;
        writeln!(f, "  acked        {:>7}   {}", self.acked, self.ack)?;
        writeln!(f, "  unknown      {:>7}   tries without an answer, each made again", self.unknown)?;
        writeln!(f, "  refused      {:>7}", self.refused)?;
        writeln!(f, "  delivered    {:>7}   {}", self.delivery.len(), self.delivery)?;
        writeln!(f, "  lost         {:>7}", self.lost)?;
        writeln!(f, "  doubled      {:>7}", self.doubled)?;
        writeln!(f, "  holes        {:>7}", self.holes)?;
        writeln!(f, "  out of order {:>7}", self.out_of_order)?;
        write!(f, "  other        {:>7}", self.other)
    }
}
