//! A device on a clock of its own, looked at after everything that happens to it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use mosaic::chat::protocol::{ConversationHead, HistoryPage, ServerFrame};
use mosaic::chat::{Action, Delivery, Entry, Input, Millis, Outbox, Session, Timeline};
use mosaic::domain::{ClientId, Contact, Message, MessageId, Seq, UserId};
use uuid::Uuid;

/// Whose device it is.
pub const ME: UserId = UserId(Uuid::from_u128(1));
/// With whom they talk.
pub const ADA: UserId = UserId(Uuid::from_u128(2));

/// A session and what its driver knows.
pub struct Device {
    /// The machine.
    pub session: Session,
    /// The time.
    pub now: Millis,
}

impl Device {
    /// Not connected yet.
    pub fn new(outbox: Outbox) -> Self {
        Self { session: Session::new(ME, 7, outbox), now: Millis(1_000_000) }
    }

    /// Connected, with Ada's conversation on the screen, of which nothing is known yet.
    pub fn live(outbox: Outbox) -> Self {
        let mut device = Self::new(outbox);
        device.feed(Input::Started);
        device.feed(Input::Opened);
        device.hear(ServerFrame::Welcome { user_id: ME, server_time: moment(0), conversations: Vec::new() });
        device.feed(Input::ConversationOpened { peer: ADA });
        device
    }

    /// Lets something happen, does as the machine asks, and sees that it is sound.
    pub fn feed(&mut self, input: Input) -> Vec<Action> {
        self.session.handle(self.now, input);
        let actions: Vec<_> = std::iter::from_fn(|| self.session.poll()).collect();
        for action in &actions {
            if let Action::WakeAt(at) = action {
                assert!(*at > self.now, "a timer that has rung already rings for ever");
            }
        }
        for head in [ADA, ME] {
            if let Some(timeline) = self.session.timeline(head) {
                sound(timeline);
            }
        }
        let unread: u64 = self.session.unread().map(|(_, unread)| unread).fold(0, u64::saturating_add);
        assert_eq!(self.session.total_unread(), unread);
        actions
    }

    /// A frame comes in.
    pub fn hear(&mut self, frame: ServerFrame) -> Vec<Action> {
        self.feed(Input::FrameReceived(frame))
    }

    /// Ada's conversation as it is shown.
    pub fn shown(&self) -> Vec<Entry> {
        self.session.timeline(ADA).into_iter().flat_map(Timeline::entries).cloned().collect()
    }
}

/// What holds of a timeline whatever happened to it; see the invariants of the module `chat::timeline`.
fn sound(timeline: &Timeline) {
    let entries: Vec<_> = timeline.entries().collect();
    let stored = entries.iter().map_while(|entry| entry.seq).collect::<Vec<_>>();
    assert!(entries[stored.len()..].iter().all(|entry| entry.seq.is_none()), "unsent ones come last");
    assert!(stored.is_sorted_by(|a, b| a < b), "out of order: {stored:?}");

    let (first, end, last) = (timeline.first_seq(), timeline.contiguous(), timeline.last_seq());
    let run = stored.iter().take_while(|seq| **seq <= end).count() as u64;
    let expected = if first == Seq::ZERO { 0 } else { end.0 - first.0 + 1 };
    assert_eq!(run, expected, "the run {first}..={end} has a hole: {stored:?}");

    let (read, peer_read, delivered) =
        (timeline.read_seq(), timeline.peer_read_seq(), timeline.peer_delivered_seq());
    assert!(end <= last, "{end} is held of {last}");
    assert!(read <= last, "read {read} of {last}");
    assert!(peer_read <= delivered && delivered <= last, "read {peer_read}, delivered {delivered} of {last}");
    assert!(timeline.unread() <= last.0 - read.0, "{} unread in {read}..{last}", timeline.unread());
    assert!(timeline.missing() < first.0.max(1), "{} missing before {first}", timeline.missing());

    for entry in entries {
        let expected = match entry.seq {
            None => {
                assert!(matches!(entry.delivery, Delivery::Sending | Delivery::NotSent { .. }), "{entry:?}");
                continue;
            }
            Some(_) if !entry.key.mine => Delivery::Received,
            Some(seq) if seq <= peer_read => Delivery::Read,
            Some(seq) if seq <= delivered => Delivery::Delivered,
            Some(_) => Delivery::Sent,
        };
        assert_eq!(entry.delivery, expected, "{entry:?}");
    }
}

/// A moment of the server's clock.
pub fn moment(millis: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(millis).expect("a moment of our time")
}

/// The id of the user's message that is the `n`th.
pub fn client_id(n: u64) -> ClientId {
    ClientId(Uuid::from_u128(u128::from(n) + 100))
}

/// A stored message of the conversation with Ada.
pub fn message(mine: bool, client: u64, seq: u64) -> Message {
    let (sender_id, receiver_id) = if mine { (ME, ADA) } else { (ADA, ME) };
    Message {
        id: MessageId(Uuid::from_u128(u128::from(client))),
        client_id: client_id(client),
        sender_id,
        receiver_id,
        content: format!("message {client}"),
        seq: Seq(seq),
        created_at: moment(1000),
        read_at: None,
    }
}

/// Where the conversation with Ada stands: newest, read, read and delivered on her side, unread.
pub fn head([last, read, peer_read, delivered, unread]: [u64; 5]) -> ConversationHead {
    ConversationHead {
        peer_id: ADA,
        last_seq: Seq(last),
        read_seq: Seq(read),
        peer_read_seq: Seq(peer_read),
        peer_delivered_seq: Seq(delivered),
        unread,
        online: true,
        last_seen: None,
        contact: Contact::default(),
    }
}

/// A page of the conversation with Ada.
pub fn page(messages: Vec<Message>, [last, read, peer_read, delivered]: [u64; 4]) -> HistoryPage {
    HistoryPage {
        messages,
        first_seq: Seq(1),
        last_seq: Seq(last),
        read_seq: Seq(read),
        peer_read_seq: Seq(peer_read),
        peer_delivered_seq: Seq(delivered),
        has_more: false,
        contact: Contact::default(),
    }
}

/// A pong that tells of one head.
pub fn pong(last: u64) -> ServerFrame {
    let heads = BTreeMap::from([(ADA, Seq(last))]);
    ServerFrame::Pong { server_time: moment(2000), heads, conversations: Vec::new() }
}
