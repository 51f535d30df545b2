//! Getting connected and staying so: tickets, backoff, pings, sleep.
//!
//! A socket may look alive and be dead, so it has to prove itself: every 15 s a ping goes out, and
//! ten seconds of silence after it mean that the socket is gone. Timers of a hidden tab fire as
//! rarely as once a minute; silence alone therefore proves nothing before [`SLEPT`].

use super::{Action, Connection, Session};
use crate::chat::Millis;
use crate::chat::protocol::{ClientFrame, close_code};
use crate::domain::Seq;

/// From asking for a ticket to `welcome`, in milliseconds.
const CONNECT_PATIENCE: u64 = 10_000;
/// Between two pings, in milliseconds.
const PING_EVERY: u64 = 15_000;
/// From a ping to the next frame of any kind, in milliseconds.
const PONG_PATIENCE: u64 = 10_000;
/// The same when somebody has just come back to the page and waits.
const WATCHED_PATIENCE: u64 = 3_000;
/// A page in front does not wait for the next ping after this much silence, in milliseconds.
const QUIET: u64 = 5_000;
/// Nobody's timers are this late unless the device slept, and no server keeps a socket that was
/// silent for this long, in milliseconds.
const SLEPT: u64 = 120_000;
/// A connection that lasted this long was a good one, in milliseconds.
const STABLE: u64 = 10_000;
/// How long this device stays away after newer devices of the user took its place, in milliseconds.
const DISPLACED: u64 = 30_000;
/// At least this long after frames were sent too fast, in milliseconds.
const COOL_DOWN: u64 = 5_000;
/// How many conversations a ping asks about.
const PING_HEADS: usize = 64;

#[derive(Clone, Copy, Debug)]
pub(super) enum Link {
    /// Not started.
    Fresh,
    Connecting {
        since: Millis,
    },
    Live(Live),
    BackingOff {
        until: Millis,
    },
    Offline,
    /// Terminal.
    Ended,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Live {
    since: Millis,
    /// When the last frame came.
    heard: Millis,
    next_ping: Millis,
    /// The socket is dead unless a frame comes before this.
    doubt: Option<Millis>,
}

impl Link {
    pub(super) fn shown(&self) -> Connection {
        match self {
            Self::Fresh | Self::Connecting { .. } => Connection::Connecting,
            Self::Live(_) => Connection::Live,
            Self::BackingOff { .. } => Connection::BackingOff,
            Self::Offline => Connection::Offline,
            Self::Ended => Connection::Ended,
        }
    }

    pub(super) fn wake_at(&self) -> Option<Millis> {
        match self {
            Self::Connecting { since } => Some(since.after(CONNECT_PATIENCE)),
            Self::Live(live) => Some(live.doubt.map_or(live.next_ping, |doubt| doubt.min(live.next_ping))),
            Self::BackingOff { until } => Some(*until),
            Self::Fresh | Self::Offline | Self::Ended => None,
        }
    }
}

impl Session {
    pub(super) fn is_live(&self) -> bool {
        matches!(self.link, Link::Live(_))
    }

    pub(super) fn start(&mut self, now: Millis) {
        if matches!(self.link, Link::Fresh) {
            self.connect(now);
        }
    }

    pub(super) fn network_lost(&mut self, now: Millis) {
        match self.link {
            Link::Offline | Link::Ended => return,
            Link::Connecting { .. } | Link::Live(_) => {
                self.socket_lost(now);
                self.actions.push_back(Action::Disconnect);
            }
            Link::Fresh | Link::BackingOff { .. } => {}
        }
        self.link = Link::Offline;
    }

    pub(super) fn network_back(&mut self, now: Millis) {
        match self.link {
            Link::Offline | Link::BackingOff { .. } => {
                self.attempt = 0;
                self.connect(now);
            }
            Link::Live(_) => self.probe(now),
            Link::Fresh | Link::Connecting { .. } | Link::Ended => {}
        }
    }

    pub(super) fn became_visible(&mut self, now: Millis) {
        match self.link {
            // Somebody looks: what the browser says of the network is a hint, and may be wrong.
            Link::BackingOff { .. } | Link::Offline => self.connect(now),
            Link::Live(_) => self.probe(now),
            Link::Fresh | Link::Connecting { .. } | Link::Ended => {}
        }
    }

    /// The socket closed by itself, or the ticket could not be had.
    pub(super) fn closed(&mut self, now: Millis, code: Option<u16>) {
        if code == Some(close_code::SESSION_ENDED) {
            return self.end();
        }
        if !matches!(self.link, Link::Connecting { .. } | Link::Live(_)) {
            return;
        }
        self.socket_lost(now);
        let wait = match code {
            Some(close_code::TOO_MANY_DEVICES) => DISPLACED,
            Some(close_code::TOO_FAST) => COOL_DOWN + self.dice.spread(self.attempt),
            _ => self.dice.spread(self.attempt),
        };
        self.attempt = self.attempt.saturating_add(1);
        self.link = Link::BackingOff { until: now.after(wait) };
    }

    /// The log-in is gone: no further try, ever.
    pub(super) fn end(&mut self) {
        if matches!(self.link, Link::Ended) {
            return;
        }
        let connected = matches!(self.link, Link::Connecting { .. } | Link::Live(_));
        self.link = Link::Ended;
        self.forget_socket();
        if connected {
            self.actions.push_back(Action::Disconnect);
        }
        self.actions.push_back(Action::SessionOver);
    }

    /// `welcome` came: from here on the socket is of use.
    pub(super) fn went_live(&mut self, now: Millis) {
        let next_ping = now.after(PING_EVERY);
        self.link = Link::Live(Live { since: now, heard: now, next_ping, doubt: None });
    }

    /// Whether a `welcome` may still be expected.
    pub(super) fn is_connecting(&self) -> bool {
        matches!(self.link, Link::Connecting { .. })
    }

    pub(super) fn has_ended(&self) -> bool {
        matches!(self.link, Link::Ended)
    }

    pub(super) fn heard(&mut self, now: Millis) {
        if let Link::Live(live) = &mut self.link {
            live.heard = now;
            live.doubt = None;
        }
    }

    /// What the passing of time asks of the connection.
    pub(super) fn keep_connected(&mut self, now: Millis) {
        match self.link {
            Link::Connecting { since } if now.since(since) >= CONNECT_PATIENCE => self.give_up(now),
            Link::BackingOff { until } if now >= until => self.connect(now),
            Link::Live(live) => {
                let silent = live.doubt.is_some_and(|doubt| now >= doubt);
                if silent || now.since(live.heard) >= SLEPT {
                    self.give_up(now);
                } else if now >= live.next_ping {
                    self.ping(now, PONG_PATIENCE);
                }
            }
            _ => {}
        }
    }

    fn connect(&mut self, now: Millis) {
        for conversation in self.conversations.values_mut() {
            conversation.precedes_socket = conversation.timeline.last_seq() > Seq::ZERO;
        }
        self.link = Link::Connecting { since: now };
        self.actions.push_back(Action::Connect);
    }

    /// The socket is of no use any more, or never was.
    pub(super) fn give_up(&mut self, now: Millis) {
        if matches!(self.link, Link::Connecting { .. } | Link::Live(_)) {
            self.actions.push_back(Action::Disconnect);
            self.closed(now, None);
        }
    }

    /// Asks the server what has changed, without waiting for the next ping.
    pub(super) fn ping_now(&mut self, now: Millis) {
        self.ping(now, PONG_PATIENCE);
    }

    fn probe(&mut self, now: Millis) {
        if let Link::Live(live) = self.link
            && now.since(live.heard) >= QUIET
        {
            self.ping(now, WATCHED_PATIENCE);
        }
    }

    fn ping(&mut self, now: Millis, patience: u64) {
        let Link::Live(live) = &mut self.link else { return };
        live.next_ping = now.after(PING_EVERY);
        let doubt = now.after(patience);
        live.doubt = Some(live.doubt.map_or(doubt, |earlier| earlier.min(doubt)));
        // What is on the screen first, should there be more than one ping can ask about. An empty
        // conversation is asked about as well: its first message can get lost like any other.
        let held = |open| {
            let each = self.conversations.iter();
            each.filter(move |(_, conversation)| {
                conversation.open == open && !conversation.is_gone && conversation.timeline.is_ready()
            })
        };
        let heads = held(true).chain(held(false)).take(PING_HEADS);
        let heads = heads.map(|(peer, conversation)| (*peer, conversation.timeline.contiguous())).collect();
        self.claimed_by_ping(&heads);
        self.transmit(ClientFrame::Ping { heads });
    }

    fn socket_lost(&mut self, now: Millis) {
        if let Link::Live(live) = self.link
            && now.since(live.since) >= STABLE
        {
            self.attempt = 0;
        }
        self.forget_socket();
    }

    fn forget_socket(&mut self) {
        self.sending.socket_lost();
        for conversation in self.conversations.values_mut() {
            conversation.forward.socket_lost();
            conversation.older.socket_lost();
        }
    }
}
