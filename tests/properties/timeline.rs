//! Timelines of an honest server: the same messages make the same timeline, whichever way they came.

use mosaic::chat::protocol::{ClientFrame, HistoryPage, ServerFrame};
use mosaic::chat::{Action, HistoryQuery, Input, Millis, Outbox};
use mosaic::domain::{Message, MessageBody, Seq, UserId};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use uuid::Uuid;

use crate::checks::device::{ADA, Device, ME, client_id, message, moment, page};
use crate::checks::outbox;
use crate::config;

/// A conversation as the store has it: who wrote each message, and how far it was read.
#[derive(Clone, Debug)]
struct Stored {
    mine: Vec<bool>,
    read: u64,
    peer_read: u64,
    peer_delivered: u64,
}

impl Stored {
    fn last(&self) -> u64 {
        self.mine.len() as u64
    }

    fn message(&self, seq: u64) -> Message {
        message(self.mine[seq as usize - 1], seq, seq)
    }

    fn page(&self, seqs: std::ops::RangeInclusive<u64>) -> HistoryPage {
        let marks = [self.last(), self.read, self.peer_read, self.peer_delivered];
        page(seqs.map(|seq| self.message(seq)).collect(), marks)
    }

    fn unread(&self) -> u64 {
        (self.read + 1..=self.last()).filter(|seq| !self.mine[*seq as usize - 1]).count() as u64
    }
}

fn stored() -> impl Strategy<Value = Stored> {
    (vec(any::<bool>(), 1..40), any::<[Index; 3]>()).prop_map(|(mine, marks)| {
        let [read, a, b] = marks.map(|mark| mark.index(mine.len() + 1) as u64);
        Stored { mine, read, peer_read: a.min(b), peer_delivered: a.max(b) }
    })
}

/// Something that tells a device about a part of the conversation, at a place of it.
#[derive(Clone, Copy, Debug)]
enum Fact {
    Live(Index),
    Acknowledged(Index),
    Newest(Index),
    After(Index, Index),
    Before(Index, Index),
    Read,
    ReadByPeer,
    Delivered,
}

fn fact() -> impl Strategy<Value = Fact> {
    let place = any::<Index>;
    prop_oneof![
        4 => place().prop_map(Fact::Live),
        2 => place().prop_map(Fact::Acknowledged),
        1 => place().prop_map(Fact::Newest),
        2 => (place(), place()).prop_map(|(from, to)| Fact::After(from, to)),
        1 => (place(), place()).prop_map(|(from, to)| Fact::Before(from, to)),
        1 => Just(Fact::Read),
        1 => Just(Fact::ReadByPeer),
        1 => Just(Fact::Delivered),
    ]
}

impl Fact {
    fn input(self, stored: &Stored) -> Input {
        let last = stored.last();
        let seq = |place: Index| place.index(stored.mine.len()) as u64 + 1;
        let range = |a: Index, b: Index| seq(a).min(seq(b))..=seq(a).max(seq(b));
        let loaded = |query, seqs| Input::HistoryLoaded { peer: ADA, query, page: stored.page(seqs) };
        let read =
            |reader_id, seq| ServerFrame::Read { peer_id: ADA, reader_id, seq: Seq(seq), read_at: moment(1) };
        Input::FrameReceived(match self {
            Self::Live(place) => ServerFrame::Message { message: stored.message(seq(place)) },
            Self::Acknowledged(place) => {
                let message = stored.message(seq(place));
                if message.sender_id == ME {
                    ServerFrame::Ack { client_id: message.client_id, duplicate: true, message }
                } else {
                    ServerFrame::Message { message }
                }
            }
            Self::Newest(from) => return loaded(HistoryQuery::Newest, seq(from)..=last),
            Self::After(from, to) => {
                let range = range(from, to);
                return loaded(HistoryQuery::After(Seq(range.start() - 1)), range);
            }
            Self::Before(from, to) => {
                let range = range(from, to);
                return loaded(HistoryQuery::Before(Seq(range.end() + 1)), range);
            }
            Self::Read => read(ME, stored.read),
            Self::ReadByPeer => read(ADA, stored.peer_read),
            Self::Delivered => ServerFrame::Delivered { peer_id: ADA, seq: Seq(stored.peer_delivered) },
        })
    }
}

/// Everything there is to know arrives, in order.
fn complete(device: &mut Device, stored: &Stored) {
    let page = stored.page(1..=stored.last());
    device.feed(Input::HistoryLoaded { peer: ADA, query: HistoryQuery::Newest, page: page.clone() });
    device.feed(Input::HistoryLoaded {
        peer: ADA,
        query: HistoryQuery::Before(Seq(stored.last() + 1)),
        page,
    });
    let first = device.session.timeline(ADA).expect("it is open").first_seq();
    let older = stored.page(1..=first.0.saturating_sub(1).max(1));
    device.feed(Input::HistoryLoaded { peer: ADA, query: HistoryQuery::Before(first), page: older });
}

proptest! {
    #![proptest_config(config("tests/corpus/regressions/timeline.txt"))]

    #[test]
    fn any_order_and_repetition_makes_the_same_timeline(
        stored in stored(), facts in vec(fact(), 0..60), unsent in vec(any::<Index>(), 0..4),
    ) {
        let mut straight = Device::live(Outbox::default());
        complete(&mut straight, &stored);

        let mut device = Device::live(Outbox::default());
        // Some of the user's own were written on this device, and are still shown as on their way.
        for place in unsent {
            let seq = place.index(stored.mine.len()) as u64 + 1;
            if stored.mine[seq as usize - 1] {
                let body = MessageBody::parse(format!("message {seq}")).expect("a text");
                device.feed(Input::SendRequested { peer: ADA, client_id: client_id(seq), body });
            }
        }
        for fact in facts {
            device.feed(fact.input(&stored));
            let keys: Vec<_> = device.shown().into_iter().map(|entry| entry.key).collect();
            let mut once = keys.clone();
            once.sort_unstable();
            once.dedup();
            prop_assert_eq!(once.len(), keys.len(), "a message is shown twice");
        }
        complete(&mut device, &stored);
        // What was sent over this socket is waited for until its own answer comes.
        for seq in (1..=stored.last()).filter(|seq| stored.mine[*seq as usize - 1]) {
            let message = stored.message(seq);
            device.hear(ServerFrame::Ack { client_id: message.client_id, duplicate: true, message });
        }

        prop_assert_eq!(device.shown(), straight.shown());
        let timeline = device.session.timeline(ADA).expect("it is open");
        prop_assert_eq!((timeline.first_seq(), timeline.contiguous()), (Seq(1), Seq(stored.last())));
        prop_assert_eq!((timeline.missing(), timeline.unread()), (0, stored.unread()));
        prop_assert_eq!(device.session.outbox().items().len(), 0, "all of it is stored");
    }

    #[test]
    fn what_was_written_survives_a_reload(
        written in vec((0..12_u64, any::<bool>(), any::<u16>()), 0..12), refused in vec(0..12_u64, 0..4),
    ) {
        let mut device = Device::live(Outbox::default());
        for (n, elsewhere, pause) in written {
            let peer = if elsewhere { UserId(Uuid::from_u128(3)) } else { ADA };
            // The clock of a device may be turned back.
            device.now = Millis(1_000_000 + u64::from(pause));
            let is_new = device.session.outbox().items().iter().all(|item| item.client_id != client_id(n));
            let body = MessageBody::parse(format!("number {n}")).expect("a text");
            let actions = device.feed(Input::SendRequested { peer, client_id: client_id(n), body });
            let is_sent = |action: &Action| matches!(action,
                Action::Transmit(ClientFrame::Send { client_id: id, .. }) if *id == client_id(n));
            let saved = actions.iter().position(|action| *action == Action::SaveOutbox);
            let sent = actions.iter().position(is_sent);
            prop_assert!(!is_new || saved.is_some(), "a reload would lose it");
            prop_assert!(!is_new || sent.is_none() || saved < sent, "sent before it was saved");
        }
        for n in refused {
            let (code, message) = ("invalid".to_owned(), "No.".to_owned());
            device.hear(ServerFrame::Error { code, message, retryable: false, client_id: Some(client_id(n)) });
        }
        let items = device.session.outbox().items();
        prop_assert!(items.is_sorted_by(|a, b| a.queued_at < b.queued_at));
        outbox::survives(device.session.outbox());
        let reloaded = Device::live(device.session.outbox().clone());
        prop_assert_eq!(reloaded.session.outbox().items(), items);
    }
}
