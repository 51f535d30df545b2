//! What clients did and saw, in the order in which they did and saw it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mosaic::domain::{ClientId, Message, MessageId, Seq, UserId};
use tokio::time::Instant;

/// Names a client of a run; its user is found in [`History::people`].
pub type ClientNo = usize;

/// One thing that happened to one client.
#[derive(Clone, Debug)]
pub struct Record {
    /// Since the run began.
    pub at: Duration,
    pub client: ClientNo,
    /// Which server it talked to.
    pub instance: usize,
    pub event: Event,
}

#[derive(Clone, Debug)]
pub enum Event {
    /// The user pressed "send".
    Invoke { peer: UserId, client_id: ClientId, text: String },
    /// Acknowledged.
    Ok { client_id: ClientId, id: MessageId, seq: Seq },
    /// Refused for good.
    Fail { client_id: ClientId, code: String },
    /// Sent, and no answer that says whether it is stored.
    Unknown { client_id: ClientId },
    /// A row came over the wire, by whatever way.
    Told(Row),
    /// A stored message appeared on the screen, right behind what was there before.
    Seen { peer: UserId, seq: Seq, client_id: ClientId, mine: bool },
    /// The screen starts over further on, and says that messages in between are missing.
    StartedOver { peer: UserId },
    /// What the screen shows is wrong by itself.
    Flaw(String),
    /// The marks of the peer as they are shown.
    Mark { peer: UserId, delivered: Seq, read: Seq },
    /// Connected and welcomed.
    Opened,
    /// The socket ended; with its code when there was one.
    Closed { code: Option<u16> },
    /// The page was reloaded: the screen starts over, the outbox stays.
    Reloaded,
    /// The log-in ended, here or elsewhere: the client is to be told nothing more.
    LoggedOut,
}

/// A message as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub id: MessageId,
    pub client_id: ClientId,
    pub sender: UserId,
    pub receiver: UserId,
    pub seq: Seq,
    pub text: String,
}

impl From<&Message> for Row {
    fn from(message: &Message) -> Self {
        Self {
            id: message.id,
            client_id: message.client_id,
            sender: message.sender_id,
            receiver: message.receiver_id,
            seq: message.seq,
            text: message.content.clone(),
        }
    }
}

/// An unordered pair of people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair(pub UserId, pub UserId);

impl Pair {
    pub fn of(a: UserId, b: UserId) -> Self {
        Self(a.min(b), a.max(b))
    }
}

/// Where one person stands in one conversation, as the database has it.
#[derive(Clone, Debug)]
pub struct Side {
    pub owner: UserId,
    pub peer: UserId,
    pub last: Seq,
    pub read: Seq,
    pub delivered: Seq,
}

/// What is stored after the run.
#[derive(Clone, Debug, Default)]
pub struct Database {
    /// Ordered by conversation and position.
    pub rows: Vec<Row>,
    pub sides: Vec<Side>,
}

/// A whole run.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Whose client is whose.
    pub people: Vec<UserId>,
    pub records: Vec<Record>,
}

impl History {
    /// Whose log-ins ended, and when.
    pub fn log_outs(&self) -> BTreeMap<ClientNo, Duration> {
        let ends = self.records.iter().filter(|record| matches!(record.event, Event::LoggedOut));
        ends.map(|record| (record.client, record.at)).collect()
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.at.as_secs_f64();
        write!(f, "{at:.3} s, client {} at instance {}: {}", self.client, self.instance, self.event)
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invoke { peer, client_id, text } => write!(f, "sends {client_id} to {peer}: {text:?}"),
            Self::Ok { client_id, id, seq } => write!(f, "{client_id} is acknowledged as {id} at {seq}"),
            Self::Fail { client_id, code } => write!(f, "{client_id} is refused: {code}"),
            Self::Unknown { client_id } => write!(f, "nobody knows whether {client_id} is stored"),
            Self::Told(row) => write!(f, "is told {row:?}"),
            Self::Seen { peer, seq, client_id, mine } => {
                let whose = if *mine { "own" } else { "received" };
                write!(f, "shows {whose} {client_id} at {seq} of the conversation with {peer}")
            }
            Self::StartedOver { peer } => write!(f, "starts over in the conversation with {peer}"),
            Self::Flaw(what) => write!(f, "shows nonsense: {what}"),
            Self::Mark { peer, delivered, read } => {
                write!(f, "shows that {peer} holds up to {delivered} and has read up to {read}")
            }
            Self::Opened => write!(f, "is connected"),
            Self::Closed { code } => write!(f, "is disconnected with {code:?}"),
            Self::Reloaded => write!(f, "is reloaded"),
            Self::LoggedOut => write!(f, "is logged out"),
        }
    }
}

/// Where clients write down what happens; cheap to clone.
#[derive(Clone)]
pub struct Recorder {
    begun: Instant,
    history: Arc<Mutex<History>>,
    acknowledged: Arc<Mutex<BTreeSet<ClientId>>>,
    unknown: Arc<AtomicUsize>,
}

impl Recorder {
    pub fn start() -> Self {
        let (history, acknowledged, unknown) = Default::default();
        Self { begun: Instant::now(), history, acknowledged, unknown }
    }

    /// Since the run began.
    pub fn now(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Adds a client; returns its number.
    pub fn enlist(&self, user: UserId) -> ClientNo {
        let mut history = lock(&self.history);
        history.people.push(user);
        history.people.len() - 1
    }

    pub fn note(&self, client: ClientNo, instance: usize, event: Event) {
        let at = self.now();
        match event {
            Event::Ok { client_id, .. } => {
                lock(&self.acknowledged).insert(client_id);
            }
            Event::Unknown { .. } => {
                self.unknown.fetch_add(1, Ordering::Relaxed);
            }
            _ => {}
        }
        lock(&self.history).records.push(Record { at, client, instance, event });
    }

    /// How many messages were acknowledged so far: who tries again may hear of one twice.
    pub fn acknowledged(&self) -> usize {
        lock(&self.acknowledged).len()
    }

    /// How many tries so far left their outcome open.
    pub fn unknown(&self) -> usize {
        self.unknown.load(Ordering::Relaxed)
    }

    /// Whose log-ins ended so far, and when.
    pub fn log_outs(&self) -> BTreeMap<ClientNo, Duration> {
        lock(&self.history).log_outs()
    }

    pub fn history(&self) -> History {
        lock(&self.history).clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
