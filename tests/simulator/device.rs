//! One device with its driver's bookkeeping, and an eye on what it shows.

use std::collections::BTreeMap;

use mosaic::chat::protocol::ClientFrame;
use mosaic::chat::{Action, Connection, Delivery, EntryKey, Input, Loading, Millis, Session, Timeline};
use mosaic::domain::{Seq, UserId};

use super::store::user;
use crate::history::screen::Screen;

pub struct Device {
    pub owner: usize,
    pub session: Session,
    /// Counts crashes: what was under way for an earlier life is lost.
    pub life: u32,
    /// Counts sockets: what comes from a superseded one is dropped.
    pub generation: u32,
    pub socket: Option<usize>,
    /// Which storage it writes; tabs share one.
    pub storage: usize,
    pub asleep_until: u64,
    /// Counts timers: a new one replaces the earlier.
    pub timer: u32,
    pub offline: bool,
    /// Its log-in ended, here or elsewhere.
    pub is_logged_out: bool,
    pub screen: Screen,
    /// What was shown before the last input and is not any more.
    pub gone: Vec<EntryKey>,
    seen: Seen,
}

/// What was shown and said so far in this life.
#[derive(Default)]
struct Seen {
    ready: bool,
    keys: BTreeMap<EntryKey, u8>,
    marks: [Seq; 5],
    print: Fingerprint,
    version: u64,
    last_claim: Option<u64>,
}

impl Device {
    pub fn new(owner: usize, storage: usize, session: Session) -> Self {
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
            is_logged_out: false,
            screen: Screen::default(),
            gone: Vec::new(),
            seen: Seen::default(),
        }
    }

    pub fn reborn(&mut self, session: Session) {
        self.session = session;
        self.life += 1;
        self.generation += 1;
        self.timer += 1;
        self.socket = None;
        self.offline = false;
        self.screen = Screen::default();
        self.seen = Seen::default();
    }

    pub fn peer(&self) -> UserId {
        user(1 - self.owner)
    }

    pub fn timeline(&self) -> Option<&Timeline> {
        self.session.timeline(self.peer())
    }

    pub fn is_live(&self) -> bool {
        self.session.connection() == Connection::Live
    }

    /// Whether the first page is held.
    pub fn is_ready(&self) -> bool {
        self.timeline().is_some_and(is_ready)
    }

    /// Feeds one input, drains the actions, and checks everything that must hold at any moment.
    pub fn handle(&mut self, now: u64, input: Input) -> Vec<Action> {
        self.session.handle(Millis(now), input);
        let actions: Vec<_> = std::iter::from_fn(|| self.session.poll()).collect();
        let print = self.timeline().map(fingerprint).unwrap_or_default();
        let version = self.timeline().map_or(0, Timeline::version);
        if self.seen.print != print {
            let told =
                actions.iter().filter(|action| matches!(action, Action::ConversationChanged(_))).count();
            assert_eq!(told, 1, "a visible change is told once");
            assert!(version > self.seen.version, "a visible change has a new version");
            self.seen.print = print;
        }
        self.check_claims(now, &actions);
        if self.seen.version != version {
            self.seen.version = version;
            self.check();
        }
        actions
    }

    fn check_claims(&mut self, now: u64, actions: &[Action]) {
        for action in actions {
            if let Action::Transmit(ClientFrame::Received { .. }) = action {
                let rested = self.seen.last_claim.is_none_or(|last| now - last >= 1000);
                assert!(rested, "at most one `received` a second");
                self.seen.last_claim = Some(now);
            }
        }
    }

    fn check(&mut self) {
        let peer = self.peer();
        let Some(timeline) = self.session.timeline(peer) else { return };
        let keys: BTreeMap<_, _> =
            timeline.entries().map(|entry| (entry.key, rank(&entry.delivery))).collect();
        let went_back =
            |(key, rank): (&EntryKey, &u8)| self.seen.keys.get(key).is_some_and(|before| before > rank);
        assert!(!keys.iter().any(went_back), "states never go back");
        if self.seen.ready && is_ready(timeline) {
            self.gone = self.seen.keys.keys().filter(|key| !keys.contains_key(key)).copied().collect();
        }
        let marks = marks(timeline);
        assert!(self.seen.marks.iter().zip(&marks).all(|(old, new)| old <= new), "marks only move forward");
        assert!(marks.iter().all(|mark| *mark <= timeline.last_seq()), "marks never pass the newest message");
        assert!(timeline.peer_read_seq() <= timeline.peer_delivered_seq(), "read implies delivered");
        assert!(timeline.unread() <= timeline.last_seq().0 - timeline.read_seq().0, "unread is bounded");
        self.seen.marks = marks;
        self.seen.ready = is_ready(timeline);
        self.seen.keys = keys;
    }
}

fn is_ready(timeline: &Timeline) -> bool {
    timeline.loading() == Loading::Ready
}

/// What changes with every visible change, or nearly so.
type Fingerprint = (usize, Option<Seq>, [Seq; 5], u64);

fn fingerprint(timeline: &Timeline) -> Fingerprint {
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
