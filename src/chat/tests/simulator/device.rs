//! One device with its driver's bookkeeping, and an eye on what it shows.

use std::collections::BTreeMap;

use super::server::user;
use crate::chat::protocol::ClientFrame;
use crate::chat::{Action, Connection, Delivery, EntryKey, Input, Millis, Session, Timeline};
use crate::domain::Seq;

pub(super) struct Device {
    pub(super) owner: usize,
    pub(super) session: Session,
    /// Counts crashes: what was under way for an earlier life is lost.
    pub(super) life: u32,
    /// Counts sockets: what comes from a superseded one is dropped.
    pub(super) generation: u32,
    pub(super) socket: Option<usize>,
    /// Which storage it writes; tabs share one.
    pub(super) storage: usize,
    pub(super) asleep_until: u64,
    /// Counts timers: a new one replaces the earlier.
    pub(super) timer: u32,
    pub(super) offline: bool,
    /// What was shown before the last input and is not any more.
    pub(super) gone: Vec<EntryKey>,
    seen: Seen,
}

/// What was shown and said so far in this life.
#[derive(Default)]
struct Seen {
    ready: bool,
    keys: BTreeMap<EntryKey, u8>,
    marks: [Seq; 5],
    version: u64,
    last_claim: Option<u64>,
}

impl Device {
    pub(super) fn new(owner: usize, storage: usize, session: Session) -> Self {
        Self {
            owner,
            session,
            life: 0,
            generation: 0,
            socket: None,
            storage,
            asleep_until: 0,
            timer: 0,
            offline: false,
            gone: Vec::new(),
            seen: Seen::default(),
        }
    }

    pub(super) fn reborn(&mut self, session: Session) {
        self.session = session;
        self.life += 1;
        self.generation += 1;
        self.timer += 1;
        self.socket = None;
        self.offline = false;
        self.seen = Seen::default();
    }

    pub(super) fn peer(&self) -> crate::domain::UserId {
        user(1 - self.owner)
    }

    pub(super) fn timeline(&self) -> Option<&Timeline> {
        self.session.timeline(self.peer())
    }

    pub(super) fn is_live(&self) -> bool {
        self.session.connection() == Connection::Live
    }

    /// Feeds one input, drains the actions, and checks everything that must hold at any moment.
    pub(super) fn handle(&mut self, now: u64, input: Input) -> Vec<Action> {
        let before = self.timeline().map(fingerprint).unwrap_or_default();
        self.session.handle(Millis(now), input);
        let actions: Vec<_> = std::iter::from_fn(|| self.session.poll()).collect();
        let after = self.timeline().map(fingerprint).unwrap_or_default();
        if before != after {
            let told =
                actions.iter().filter(|action| matches!(action, Action::ConversationChanged(_))).count();
            assert_eq!(told, 1, "a visible change is told once");
            let version = self.timeline().map_or(0, Timeline::version);
            assert!(version > self.seen.version, "a visible change has a new version");
            self.seen.version = version;
        }
        self.check(now, &actions);
        actions
    }

    fn check(&mut self, now: u64, actions: &[Action]) {
        for action in actions {
            if let Action::Transmit(ClientFrame::Received { .. }) = action {
                let rested = self.seen.last_claim.is_none_or(|last| now - last >= 1000);
                assert!(rested, "at most one `received` a second");
                self.seen.last_claim = Some(now);
            }
        }
        let peer = self.peer();
        let Some(timeline) = self.session.timeline(peer) else { return };
        let mut last = Seq::ZERO;
        let mut unsent = false;
        let mut keys = BTreeMap::new();
        for entry in timeline.entries() {
            match entry.seq {
                Some(seq) => {
                    assert!(!unsent && seq > last, "shown in the order of seq");
                    last = seq;
                }
                None => unsent = true,
            }
            let rank = rank(&entry.delivery);
            assert!(keys.insert(entry.key, rank).is_none(), "nothing is shown twice");
            let before = self.seen.keys.get(&entry.key);
            assert!(before.is_none_or(|before| *before <= rank), "states never go back");
        }
        if self.seen.ready && timeline.is_ready() {
            self.gone = self.seen.keys.keys().filter(|key| !keys.contains_key(key)).copied().collect();
        }
        let marks = marks(timeline);
        assert!(self.seen.marks.iter().zip(&marks).all(|(old, new)| old <= new), "marks only move forward");
        assert!(marks.iter().all(|mark| *mark <= timeline.last_seq()), "marks never pass the newest message");
        assert!(timeline.peer_read_seq() <= timeline.peer_delivered_seq(), "read implies delivered");
        assert!(timeline.unread() <= timeline.last_seq().0 - timeline.read_seq().0, "unread is bounded");
        self.seen.marks = marks;
        self.seen.ready = timeline.is_ready();
        self.seen.keys = keys;
    }
}

fn fingerprint(timeline: &Timeline) -> (usize, Option<Seq>, [Seq; 5], u64) {
    let newest = timeline.entries().filter_map(|entry| entry.seq).last();
    (timeline.entries().count(), newest, marks(timeline), timeline.unread())
}

fn marks(timeline: &Timeline) -> [Seq; 5] {
    [
        timeline.read_seq(),
        timeline.peer_read_seq(),
        timeline.peer_delivered_seq(),
        timeline.contiguous(),
        timeline.last_seq(),
    ]
}

fn rank(delivery: &Delivery) -> u8 {
    match delivery {
        Delivery::NotSent { .. } | Delivery::Sending | Delivery::Received => 0,
        Delivery::Sent => 1,
        Delivery::Delivered => 2,
        Delivery::Read => 3,
    }
}
