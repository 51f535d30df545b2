//! The machine that keeps one device of one user in step with the server.
//!
//! **Drain [`Session::poll`] until it is empty before the next [`Session::handle`].** Everything
//! else follows from that: each input leads to one coherent set of actions, and to one change of
//! what is shown.
//!
//! Time comes in as an argument and may jump; chance comes from a seed. The driver owns the socket,
//! the HTTP calls, one timer and the storage, and decides nothing. After [`Action::Connect`] or
//! [`Action::Disconnect`] it drops the earlier socket and reports nothing of it any more.

mod connection;
mod events;
mod gone;
mod history;
mod marks;
mod receiving;
mod sending;

use std::collections::{BTreeMap, VecDeque};

use super::backoff::Dice;
use super::conversation::Conversation;
use super::protocol::ClientFrame;
use super::{Millis, Outbox, Timeline};
use crate::domain::UserId;

pub use events::{Action, Connection, HistoryQuery, Input, PAGE, PeerState};

use connection::Link;
use sending::Sending;

/// One device of one user. See the module's rule.
pub struct Session {
    me: UserId,
    dice: Dice,
    clock: Clock,
    link: Link,
    /// Failed connections in a row.
    attempt: u32,
    server_offset: i64,
    outbox: Outbox,
    sending: Sending,
    conversations: BTreeMap<UserId, Conversation>,
    /// Conversations of which the server is to be told what this device holds.
    claims: VecDeque<UserId>,
    next_claim: Millis,
    actions: VecDeque<Action>,
    save_outbox: bool,
    activity: bool,
    wake_at: Option<Millis>,
}

impl Session {
    /// A device that has just started. `outbox` is what was persisted for this user; `seed` drives
    /// the jitter.
    #[must_use]
    pub fn new(me: UserId, seed: u64, outbox: Outbox) -> Self {
        let mut session = Self {
            me,
            dice: Dice::new(seed),
            clock: Clock::default(),
            link: Link::Fresh,
            attempt: 0,
            server_offset: 0,
            outbox: Outbox::default(),
            sending: Sending::default(),
            conversations: BTreeMap::new(),
            claims: VecDeque::new(),
            next_claim: Millis::default(),
            actions: VecDeque::new(),
            save_outbox: false,
            activity: false,
            wake_at: None,
        };
        session.restore_outbox(outbox);
        session
    }

    /// Takes in what happened at `now`. **Drain [`Session::poll`] before the next call.**
    pub fn handle(&mut self, now: Millis, input: Input) {
        let connection = self.connection();
        let steady = self.clock.steady(now);
        if matches!(input, Input::TimedOut) {
            // The driver's timer is spent, whether it fired early or late.
            self.wake_at = None;
        }
        self.apply(now, steady, input);
        self.keep_connected(steady);
        self.keep_whole(steady);
        self.send_marks(steady);
        self.send_due(steady);
        self.report(connection, steady);
    }

    /// The next thing to do; `None` when there is nothing left.
    pub fn poll(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// How the connection stands.
    #[must_use]
    pub fn connection(&self) -> Connection {
        self.link.shown()
    }

    /// The conversation with this peer, if anything is known of it.
    #[must_use]
    pub fn timeline(&self, peer: UserId) -> Option<&Timeline> {
        self.conversations.get(&peer).map(|conversation| &conversation.timeline)
    }

    /// What is known of this person.
    #[must_use]
    pub fn peer(&self, peer: UserId) -> PeerState {
        self.conversations.get(&peer).map_or_else(PeerState::default, |conversation| PeerState {
            online: conversation.online,
            last_seen: conversation.last_seen,
            typing: conversation.typing_until.is_some(),
            unread: conversation.unread(),
            is_listed: conversation.is_listed,
            is_gone: conversation.is_gone,
            contact: conversation.contact,
        })
    }

    /// Unread messages over all conversations.
    #[must_use]
    pub fn total_unread(&self) -> u64 {
        self.unread().map(|(_, unread)| unread).fold(0, u64::saturating_add)
    }

    /// The conversations with unread messages.
    pub fn unread(&self) -> impl Iterator<Item = (UserId, u64)> {
        let each = self.conversations.iter();
        each.map(|(peer, conversation)| (*peer, conversation.unread())).filter(|(_, unread)| *unread > 0)
    }

    /// What waits to be stored, for persistence.
    #[must_use]
    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// The server's clock minus ours, in milliseconds; zero before the first welcome.
    #[must_use]
    pub fn server_offset(&self) -> i64 {
        self.server_offset
    }

    fn apply(&mut self, wall: Millis, now: Millis, input: Input) {
        match input {
            Input::Started => self.start(now),
            Input::TicketRefused { session_over: true } => self.end(),
            Input::TicketRefused { session_over: false } => self.closed(now, None),
            Input::Opened => {}
            Input::FrameReceived(frame) => self.frame_received(wall, now, frame),
            Input::Closed { code } => self.closed(now, code),
            Input::NetworkLost => self.network_lost(now),
            Input::NetworkBack => self.network_back(now),
            Input::BecameVisible => self.became_visible(now),
            Input::SendRequested { peer, client_id, body } => self.send(wall, peer, client_id, body),
            Input::RetryRequested { peer, client_id } => self.retry(wall, peer, client_id),
            Input::DeleteRequested { peer, client_id } => self.delete(peer, client_id),
            Input::ConversationExpected { peer } => self.conversation_expected(now, peer),
            Input::ConversationOpened { peer } => self.conversation_opened(now, peer),
            Input::ConversationClosed { peer } => self.conversation_closed(peer),
            Input::ReloadRequested { peer } => self.reload(now, peer),
            Input::OlderRequested { peer } => self.older_requested(now, peer),
            Input::HistoryLoaded { peer, query, page } => self.history_loaded(now, peer, query, &page),
            Input::PeerGone { peer } => self.peer_gone(peer),
            Input::HistoryFailed { peer, query } => self.history_failed(now, peer, query),
            Input::ReadUpTo { peer, seq } => self.read_up_to(peer, seq),
            Input::ContactChanged { peer, contact } => self.contact_changed(now, peer, contact),
            Input::Typing { peer } => self.user_types(now, peer),
            Input::TimedOut => {}
            Input::OutboxChangedElsewhere(outbox) => self.outbox_changed_elsewhere(now, outbox),
        }
    }

    fn conversation(&mut self, peer: UserId) -> &mut Conversation {
        self.conversations.entry(peer).or_default()
    }

    fn transmit(&mut self, frame: ClientFrame) {
        self.actions.push_back(Action::Transmit(frame));
    }

    /// Ends an input: what changed is told once, whatever the number of changes.
    fn report(&mut self, before: Connection, now: Millis) {
        for (peer, conversation) in &mut self.conversations {
            let (changed, counted) = conversation.timeline.seal();
            self.activity |= counted;
            if changed | std::mem::take(&mut conversation.changed) {
                self.actions.push_back(Action::ConversationChanged(*peer));
            }
        }
        if std::mem::take(&mut self.activity) {
            self.actions.push_back(Action::ActivityChanged);
        }
        if before != self.connection() {
            self.actions.push_back(Action::ConnectionChanged);
        }
        if std::mem::take(&mut self.save_outbox) {
            self.actions.push_front(Action::SaveOutbox);
        }
        let wake_at = self.next_wake(now).map(|at| self.clock.wall(at));
        if let Some(at) = wake_at.filter(|at| self.wake_at != Some(*at)) {
            self.wake_at = Some(at);
            self.actions.push_back(Action::WakeAt(at));
        }
    }

    fn next_wake(&self, now: Millis) -> Option<Millis> {
        let live = self.is_live();
        let fetching = self.conversations.values().flat_map(|conversation| {
            let typing = conversation.typing_until;
            [conversation.forward.wake_at(live), conversation.older.wake_at(live), typing]
        });
        let link = [self.link.wake_at(), self.claim_wake_at(), self.sending_wake_at()];
        // Nothing is due any more; should a rule ever say otherwise, this keeps it from spinning.
        fetching.chain(link).flatten().min().map(|at| at.max(now.after(1)))
    }
}

/// Turns wall time, which may be set back, into time that only goes forward.
#[derive(Clone, Copy, Debug, Default)]
struct Clock {
    last: Millis,
    ahead: u64,
}

impl Clock {
    fn steady(&mut self, wall: Millis) -> Millis {
        // A clock that was set back must not make an hour out of a wait of a second.
        self.ahead = self.ahead.max(self.last.since(wall));
        self.last = wall.after(self.ahead);
        self.last
    }

    fn wall(self, steady: Millis) -> Millis {
        Millis(steady.0.saturating_sub(self.ahead))
    }
}
