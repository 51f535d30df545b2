//! What a session knows of one conversation besides what is shown.

use chrono::{DateTime, Utc};

use super::{HistoryQuery, Millis, Timeline};
use crate::domain::{Contact, Seq};

#[derive(Default)]
pub(super) struct Conversation {
    pub(super) timeline: Timeline,
    /// Whether it is on the screen.
    pub(super) open: bool,
    /// Whether the server said where it stands.
    pub(super) is_listed: bool,
    /// Whether there were messages before this socket was asked for.
    pub(super) precedes_socket: bool,
    /// Whether the peer's account is gone, and with it what the server held. Accounts never come back.
    pub(super) is_gone: bool,
    /// What the user chose for the peer.
    pub(super) contact: Contact,
    pub(super) online: Option<bool>,
    pub(super) last_seen: Option<DateTime<Utc>>,
    /// Until when the peer counts as typing.
    pub(super) typing_until: Option<Millis>,
    /// When the peer was last told that the user is typing.
    pub(super) typing_sent: Option<Millis>,
    /// Up to here a catch-up told of messages: they are not news when they arrive.
    pub(super) listed: Seq,
    /// The user's read mark as the server has it.
    pub(super) read_confirmed: Seq,
    /// The read mark that was sent over this socket.
    pub(super) read_sent: Seq,
    /// What this socket was told that this device holds.
    pub(super) claimed: Seq,
    /// The newest page, and the filling of holes.
    pub(super) forward: Fetch,
    /// Older pages.
    pub(super) older: Fetch,
    /// Presence, typing or the like changed, which the timeline does not know of.
    pub(super) changed: bool,
}

impl Conversation {
    /// Messages of the peer that wait to be read.
    pub(super) fn unread(&self) -> u64 {
        if self.contact.blocked || self.is_gone { 0 } else { self.timeline.unread() }
    }
}

/// One direction of fetching: at most one request at a time.
#[derive(Default)]
pub(super) struct Fetch {
    pub(super) step: Step,
    /// Failures in a row.
    pub(super) attempt: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing to do.
    #[default]
    Quiet,
    /// To be asked for at this time, if still needed then.
    Due(Millis),
    /// Asked for. `stale` once the socket was lost: that request is likely dead as well.
    Asked { query: HistoryQuery, until: Millis, stale: bool },
}

impl Fetch {
    /// Ends the request that this answers. Late answers to an earlier one change nothing here.
    pub(super) fn answered(&mut self, answer: HistoryQuery) -> bool {
        let matches = matches!(self.step, Step::Asked { query, .. } if query == answer);
        if matches {
            self.step = Step::Quiet;
        }
        matches
    }

    pub(super) fn socket_lost(&mut self) {
        if let Step::Asked { stale, .. } = &mut self.step {
            *stale = true;
        }
    }

    pub(super) fn is_stale(&self) -> bool {
        matches!(self.step, Step::Asked { stale: true, .. })
    }

    /// When something has to happen here.
    pub(super) fn wake_at(&self, live: bool) -> Option<Millis> {
        match self.step {
            Step::Due(at) if live => Some(at),
            Step::Asked { until, .. } => Some(until),
            _ => None,
        }
    }
}
