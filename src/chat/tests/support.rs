//! People, messages, and a device on a virtual clock that carries out its own timers.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::chat::protocol::{ClientFrame, ConversationHead, HistoryPage, ServerFrame};
use crate::chat::{Action, Delivery, HistoryQuery, Input, Millis, Outbox, Session, Timeline};
use crate::domain::{ClientId, Contact, Message, MessageBody, MessageId, Seq, UserId};

pub(super) const ME: UserId = UserId(Uuid::from_u128(1));
pub(super) const ADA: UserId = UserId(Uuid::from_u128(2));
pub(super) const BOB: UserId = UserId(Uuid::from_u128(3));

/// No positions at all, with a type.
pub(super) const NONE: [u64; 0] = [];

pub(super) fn person(n: u128) -> UserId {
    UserId(Uuid::from_u128(n))
}

pub(super) fn client_id(n: u128) -> ClientId {
    ClientId(Uuid::from_u128(n))
}

pub(super) fn moment(at: Millis) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(at.0 as i64).unwrap_or_default()
}

pub(super) fn message(from: UserId, to: UserId, id: u128, seq: u64, at: Millis) -> Message {
    Message {
        id: MessageId(Uuid::from_u128(id)),
        client_id: client_id(id),
        sender_id: from,
        receiver_id: to,
        content: String::from("text"),
        seq: Seq(seq),
        created_at: moment(at),
        read_at: None,
    }
}

/// A stored message of a peer; its client id follows from its position.
pub(super) fn theirs(peer: UserId, seq: u64) -> Message {
    message(peer, ME, 1000 + u128::from(seq), seq, Millis(seq))
}

/// A stored message of the user.
pub(super) fn mine(peer: UserId, id: u128, seq: u64) -> Message {
    message(ME, peer, id, seq, Millis(seq))
}

pub(super) fn head(peer: UserId, last: u64, read: u64, unread: u64) -> ConversationHead {
    ConversationHead {
        peer_id: peer,
        last_seq: Seq(last),
        read_seq: Seq(read),
        peer_read_seq: Seq::ZERO,
        peer_delivered_seq: Seq::ZERO,
        unread,
        online: false,
        last_seen: None,
        contact: Contact::default(),
    }
}

pub(super) fn page(messages: Vec<Message>, last: u64) -> HistoryPage {
    let has_more = false;
    let zero = Seq::ZERO;
    let (read_seq, peer_read_seq, peer_delivered_seq) = (zero, zero, zero);
    let contact = Contact::default();
    HistoryPage {
        messages,
        first_seq: Seq(1),
        last_seq: Seq(last),
        read_seq,
        peer_read_seq,
        peer_delivered_seq,
        has_more,
        contact,
    }
}

pub(super) fn live(message: Message) -> Input {
    Input::FrameReceived(ServerFrame::Message { message })
}

pub(super) fn refusal(id: u128, retryable: bool) -> Input {
    let (code, message) = (String::from("code"), String::from("No."));
    Input::FrameReceived(ServerFrame::Error { code, message, retryable, client_id: Some(client_id(id)) })
}

/// A device, and the time it thinks it is.
pub(super) struct Device {
    pub(super) session: Session,
    pub(super) now: Millis,
    timer: Option<Millis>,
}

impl Device {
    pub(super) fn new() -> Self {
        Self::with(Outbox::default())
    }

    pub(super) fn with(outbox: Outbox) -> Self {
        Self { session: Session::new(ME, 7, outbox), now: Millis(1_000_000), timer: None }
    }

    /// A device that is connected and knows these conversations.
    pub(super) fn live(heads: Vec<ConversationHead>) -> Self {
        let mut device = Self::new();
        device.feed(Input::Started);
        device.feed(Input::Opened);
        device.welcome(heads);
        device
    }

    /// A connected device with Ada's conversation open, `1..=last` of hers loaded and read.
    pub(super) fn reading(last: u64) -> Self {
        let mut device = Self::live(vec![head(ADA, last, last, 0)]);
        device.feed(Input::ConversationOpened { peer: ADA });
        let mut newest = page((1..=last).map(|seq| theirs(ADA, seq)).collect(), last);
        newest.read_seq = Seq(last);
        device.loaded(HistoryQuery::Newest, newest);
        device
    }

    pub(super) fn feed(&mut self, input: Input) -> Vec<Action> {
        if matches!(input, Input::TimedOut) {
            self.timer = None;
        }
        self.session.handle(self.now, input);
        let actions: Vec<_> = std::iter::from_fn(|| self.session.poll()).collect();
        for action in &actions {
            if let Action::WakeAt(at) = action {
                self.timer = Some(*at);
            }
        }
        actions
    }

    /// Lets time pass, with timers on time. Returns what was asked meanwhile.
    pub(super) fn wait(&mut self, millis: u64) -> Vec<Action> {
        let end = self.now.after(millis);
        let mut asked = Vec::new();
        while let Some(at) = self.timer.filter(|at| *at <= end) {
            self.now = self.now.max(at);
            asked.extend(self.feed(Input::TimedOut));
        }
        self.now = end;
        asked
    }

    /// Lets time pass while the socket keeps answering pings.
    pub(super) fn wait_connected(&mut self, seconds: u64) -> Vec<Action> {
        let mut asked = Vec::new();
        for _ in 0..seconds {
            asked.extend(self.wait(1000));
            // A server names every conversation that exists.
            let held = |peer| self.session.timeline(peer).map(|timeline| (peer, timeline.last_seq().0));
            let heads: Vec<_> =
                [ADA, BOB].into_iter().filter_map(held).filter(|(_, last)| *last > 0).collect();
            asked.extend(self.feed(self.pong(&heads)));
        }
        asked
    }

    pub(super) fn pong(&self, heads: &[(UserId, u64)]) -> Input {
        let heads = heads.iter().map(|(peer, seq)| (*peer, Seq(*seq))).collect();
        let (server_time, conversations) = (moment(self.now), Vec::new());
        Input::FrameReceived(ServerFrame::Pong { server_time, heads, conversations })
    }

    pub(super) fn welcome(&mut self, conversations: Vec<ConversationHead>) -> Vec<Action> {
        let server_time = moment(self.now.after(5000));
        self.feed(Input::FrameReceived(ServerFrame::Welcome { user_id: ME, server_time, conversations }))
    }

    pub(super) fn resync(&mut self, conversations: Vec<ConversationHead>) -> Vec<Action> {
        self.feed(Input::FrameReceived(ServerFrame::Resync { conversations }))
    }

    pub(super) fn send(&mut self, peer: UserId, id: u128) -> Vec<Action> {
        let body = MessageBody::parse("text").expect("a short text is a message");
        self.feed(Input::SendRequested { peer, client_id: client_id(id), body })
    }

    pub(super) fn ack(&mut self, message: Message) -> Vec<Action> {
        let client_id = message.client_id;
        self.feed(Input::FrameReceived(ServerFrame::Ack { client_id, duplicate: false, message }))
    }

    pub(super) fn loaded(&mut self, query: HistoryQuery, page: HistoryPage) -> Vec<Action> {
        self.feed(Input::HistoryLoaded { peer: ADA, query, page })
    }

    /// Loses the socket and gets a new one.
    pub(super) fn reconnect(&mut self, heads: Vec<ConversationHead>) -> Vec<Action> {
        self.feed(Input::Closed { code: None });
        self.wait(30_000);
        self.feed(Input::Opened);
        self.welcome(heads)
    }

    pub(super) fn timeline(&self, peer: UserId) -> &Timeline {
        self.session.timeline(peer).expect("this conversation is known")
    }

    /// What is shown: position (zero while unsent) and how far it got.
    pub(super) fn shown(&self, peer: UserId) -> Vec<(u64, Delivery)> {
        let entries = self.timeline(peer).entries();
        entries.map(|entry| (entry.seq.unwrap_or_default().0, entry.delivery.clone())).collect()
    }

    /// The positions shown.
    pub(super) fn positions(&self, peer: UserId) -> Vec<u64> {
        self.shown(peer).into_iter().map(|(seq, _)| seq).collect()
    }
}

/// The client ids that were sent, in order.
pub(super) fn sends(actions: &[Action]) -> Vec<u128> {
    let id = |action: &Action| match action {
        Action::Transmit(ClientFrame::Send { client_id, .. }) => Some(client_id.0.as_u128()),
        _ => None,
    };
    actions.iter().filter_map(id).collect()
}

/// The pages of Ada's conversation that were asked for.
pub(super) fn fetches(actions: &[Action]) -> Vec<HistoryQuery> {
    let query = |action: &Action| match action {
        Action::FetchHistory { peer: ADA, query } => Some(*query),
        _ => None,
    };
    actions.iter().filter_map(query).collect()
}

/// The frames that were sent.
pub(super) fn frames(actions: &[Action]) -> Vec<ClientFrame> {
    let frame = |action: &Action| match action {
        Action::Transmit(frame) => Some(frame.clone()),
        _ => None,
    };
    actions.iter().filter_map(frame).collect()
}

pub(super) fn count(actions: &[Action], wanted: &Action) -> usize {
    actions.iter().filter(|action| *action == wanted).count()
}
