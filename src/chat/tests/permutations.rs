//! All orders of small sets of inputs lead to one result.

use super::support::{ADA, Device, head, live, message, mine, page, theirs};
use crate::chat::protocol::ServerFrame;
use crate::chat::{Delivery, HistoryQuery, Input, Millis};
use crate::domain::{Message, Seq};

fn ack(message: Message) -> Input {
    let client_id = message.client_id;
    Input::FrameReceived(ServerFrame::Ack { client_id, duplicate: false, message })
}

fn loaded(query: HistoryQuery, messages: Vec<Message>) -> Input {
    Input::HistoryLoaded { peer: ADA, query, page: page(messages, 6) }
}

/// What a reader sees, and what is derived from it.
type View = (Vec<(u64, u128, Delivery)>, [Seq; 5], u64);

fn view(device: &Device) -> View {
    let timeline = device.timeline(ADA);
    let entries = timeline.entries();
    let rows = entries.map(|entry| {
        (entry.seq.unwrap_or_default().0, entry.key.client_id.0.as_u128(), entry.delivery.clone())
    });
    let marks = [
        timeline.contiguous(),
        timeline.last_seq(),
        timeline.read_seq(),
        timeline.peer_read_seq(),
        timeline.peer_delivered_seq(),
    ];
    (rows.collect(), marks, timeline.unread())
}

fn permutations<T: Clone>(items: &[T]) -> Vec<Vec<T>> {
    if items.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for at in 0..items.len() {
        let mut rest = items.to_vec();
        let first = rest.remove(at);
        for mut order in permutations(&rest) {
            order.insert(0, first.clone());
            all.push(order);
        }
    }
    all
}

/// Runs every order of the inputs, each input twice in a row in every other run.
fn every_order(start: impl Fn() -> Device, inputs: &[Input]) -> View {
    let mut result = None;
    for (run, order) in permutations(inputs).into_iter().enumerate() {
        let mut device = start();
        for input in order {
            device.feed(input.clone());
            if run % 2 == 1 {
                device.feed(input);
            }
            let seqs: Vec<_> = device.positions(ADA).into_iter().filter(|seq| *seq > 0).collect();
            assert!(seqs.is_sorted_by(|a, b| a < b), "{seqs:?}");
        }
        let seen = view(&device);
        assert_eq!(result.get_or_insert_with(|| seen.clone()), &seen);
    }
    result.expect("there is at least one order")
}

#[test]
fn history_live_and_acknowledgement_commute() {
    let start = || {
        let mut device = Device::live(vec![head(ADA, 3, 0, 2)]);
        device.feed(Input::ConversationOpened { peer: ADA });
        device.send(ADA, 50);
        device
    };
    let stored = || vec![theirs(ADA, 1), mine(ADA, 40, 2), theirs(ADA, 3)];
    let inputs = [
        loaded(HistoryQuery::Newest, stored()),
        ack(mine(ADA, 50, 5)),
        live(theirs(ADA, 4)),
        live(theirs(ADA, 6)),
        live(mine(ADA, 50, 5)),
    ];
    let (rows, marks, unread) = every_order(start, &inputs);
    assert_eq!(rows.iter().map(|row| row.0).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    assert_eq!((marks[0], unread), (Seq(6), 4));
}

#[test]
fn marks_and_messages_commute() {
    let start = || {
        let mut device = Device::reading(2);
        device.send(ADA, 50);
        device
    };
    let read = |reader, seq| {
        let read_at = super::support::moment(Millis(1));
        Input::FrameReceived(ServerFrame::Read { peer_id: ADA, reader_id: reader, seq: Seq(seq), read_at })
    };
    let inputs = [
        ack(mine(ADA, 50, 3)),
        live(theirs(ADA, 4)),
        read(ADA, 3),
        read(super::support::ME, 4),
        Input::FrameReceived(ServerFrame::Delivered { peer_id: ADA, seq: Seq(4) }),
    ];
    let (rows, marks, unread) = every_order(start, &inputs);
    assert_eq!(rows[2].2, Delivery::Read);
    assert_eq!((marks, unread), ([Seq(4), Seq(4), Seq(4), Seq(3), Seq(4)], 0));
}

#[test]
fn fills_overlap_in_any_order() {
    let start = || Device::reading(2);
    let from = |seqs: std::ops::RangeInclusive<u64>| seqs.map(|seq| theirs(ADA, seq)).collect::<Vec<_>>();
    let inputs = [
        loaded(HistoryQuery::After(Seq(2)), from(3..=4)),
        loaded(HistoryQuery::After(Seq(4)), from(5..=6)),
        live(theirs(ADA, 5)),
        live(theirs(ADA, 3)),
        live(message(ADA, super::support::ME, 1006, 6, Millis(6))),
    ];
    let (rows, _, unread) = every_order(start, &inputs);
    assert_eq!((rows.len(), unread), (6, 4));
}
