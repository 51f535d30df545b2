//! Getting messages stored.

use super::support::{ADA, BOB, Device, client_id, count, head, live, mine, refusal, sends, theirs};
use crate::chat::{Action, Delivery, EntryKey, Input, Outbox};

fn not_sent() -> Delivery {
    Delivery::NotSent { code: String::from("code") }
}

#[test]
fn a_message_is_shown_and_persisted_before_it_is_sent() {
    let mut device = Device::live(Vec::new());
    let actions = device.send(ADA, 1);
    assert_eq!(actions[0], Action::SaveOutbox);
    assert_eq!(sends(&actions), [1]);
    assert_eq!(count(&actions, &Action::ConversationChanged(ADA)), 1);
    assert_eq!(device.shown(ADA), [(0, Delivery::Sending)]);
    assert_eq!(device.session.outbox().items().len(), 1);
    assert_eq!(sends(&device.send(ADA, 1)), [], "the same click twice is one message");
}

#[test]
fn the_acknowledgement_confirms_in_place() {
    let mut device = Device::reading(2);
    device.send(ADA, 1);
    let key = device.timeline(ADA).entries().last().map(|entry| entry.key);
    let actions = device.ack(mine(ADA, 1, 3));
    assert_eq!(actions[0], Action::SaveOutbox);
    assert_eq!(count(&actions, &Action::ConversationChanged(ADA)), 1);
    assert_eq!(device.shown(ADA).last(), Some(&(3, Delivery::Sent)));
    assert_eq!(device.timeline(ADA).entries().last().map(|entry| entry.key), key);
    assert!(device.session.outbox().is_empty());
}

#[test]
fn echo_and_acknowledgement_may_race_and_nothing_doubles() {
    for echo_first in [true, false] {
        let mut device = Device::reading(2);
        device.send(ADA, 1);
        if echo_first {
            device.feed(live(mine(ADA, 1, 3)));
            assert_eq!(device.shown(ADA).last(), Some(&(3, Delivery::Sent)));
        }
        device.ack(mine(ADA, 1, 3));
        device.feed(live(mine(ADA, 1, 3)));
        assert_eq!(device.positions(ADA), [1, 2, 3]);
        assert!(device.session.outbox().is_empty());
    }
}

#[test]
fn an_acknowledgement_beyond_a_hole_is_shown_and_the_hole_is_filled() {
    let mut device = Device::reading(2);
    device.send(ADA, 1);
    device.ack(mine(ADA, 1, 5));
    assert_eq!(device.positions(ADA), [1, 2, 5]);
    let actions = device.wait(50);
    assert_eq!(super::support::fetches(&actions).len(), 1);
    device.feed(live(theirs(ADA, 4)));
    assert_eq!(device.positions(ADA), [1, 2, 5], "what nobody has seen waits for its turn");
    device.feed(live(theirs(ADA, 3)));
    assert_eq!(device.positions(ADA), [1, 2, 3, 4, 5]);
    assert_eq!(device.shown(ADA).last(), Some(&(5, Delivery::Sent)));
}

#[test]
fn offline_messages_wait_and_go_out_in_order_exactly_once() {
    let mut device = Device::live(Vec::new());
    device.feed(Input::NetworkLost);
    let mut early = Vec::new();
    for id in 1..=4 {
        early.extend(device.send(if id == 3 { BOB } else { ADA }, id));
    }
    assert_eq!(sends(&early), []);
    assert_eq!(device.shown(ADA), [(0, Delivery::Sending), (0, Delivery::Sending), (0, Delivery::Sending)]);
    device.feed(Input::NetworkBack);
    assert_eq!(sends(&device.feed(Input::Opened)), [], "not before the welcome");
    assert_eq!(sends(&device.welcome(Vec::new())), [1, 2, 3, 4]);
    assert_eq!(sends(&device.wait(14_000)), []);
}

#[test]
fn what_was_not_acknowledged_goes_again_after_a_reconnect_with_the_same_ids() {
    let mut device = Device::live(Vec::new());
    for id in 1..=3 {
        device.send(ADA, id);
    }
    device.ack(mine(ADA, 1, 1));
    assert_eq!(sends(&device.reconnect(vec![head(ADA, 2, 0, 0)])), [2, 3]);
    device.ack(mine(ADA, 2, 2));
    device.ack(mine(ADA, 3, 3));
    assert!(device.session.outbox().is_empty());
    assert_eq!(sends(&device.reconnect(vec![head(ADA, 3, 0, 0)])), []);
}

#[test]
fn a_resync_may_have_swallowed_answers() {
    let mut device = Device::live(Vec::new());
    device.send(ADA, 1);
    assert_eq!(sends(&device.resync(Vec::new())), [1]);
}

#[test]
fn an_answer_that_never_comes_is_asked_for_again() {
    let mut device = Device::live(Vec::new());
    device.send(ADA, 1);
    assert_eq!(sends(&device.wait_connected(19)), []);
    assert_eq!(sends(&device.wait_connected(2)), [1]);
}

#[test]
fn a_refusal_for_now_holds_up_that_peer_and_nobody_else() {
    let mut device = Device::live(Vec::new());
    for id in 1..=3 {
        device.send(ADA, id);
    }
    device.send(BOB, 10);
    device.ack(mine(ADA, 1, 1));
    let actions = device.feed(refusal(2, true));
    assert_eq!(sends(&actions), []);
    assert_eq!(sends(&device.feed(refusal(3, true))), [], "the lane's refusal tells nothing new");
    assert_eq!(sends(&device.send(ADA, 4)), [], "later ones wait behind it");
    assert_eq!(sends(&device.send(BOB, 11)), [11]);
    assert_eq!(sends(&device.wait(1000)), [2, 3, 4], "in the original order");
    for id in 2..=4 {
        device.ack(mine(ADA, id, id as u64));
    }
    assert_eq!(device.session.outbox().items().len(), 2, "Bob's are still on their way");
}

#[test]
fn refusals_in_a_row_back_off_and_end_in_a_fresh_socket() {
    let mut device = Device::live(Vec::new());
    device.send(ADA, 1);
    let mut waits = Vec::new();
    for _ in 0..4 {
        device.feed(refusal(1, true));
        let from = device.now;
        while sends(&device.wait_connected(1)).is_empty() {}
        waits.push(device.now.since(from));
    }
    assert!(waits[3] > waits[0], "{waits:?}");
    let actions = device.feed(refusal(1, true));
    assert_eq!(count(&actions, &Action::Disconnect), 1, "perhaps the lane is stuck");
    device.wait(30_000);
    device.feed(Input::Opened);
    assert_eq!(sends(&device.welcome(Vec::new())), [1]);
}

#[test]
fn a_refusal_of_what_is_stored_already_gets_a_fresh_socket() {
    let mut device = Device::live(Vec::new());
    device.send(ADA, 1);
    device.resync(Vec::new());
    device.ack(mine(ADA, 1, 1));
    let actions = device.feed(refusal(1, true));
    assert_eq!(count(&actions, &Action::Disconnect), 1);
    assert_eq!(device.shown(ADA), [(1, Delivery::Sent)]);
}

#[test]
fn a_refusal_for_good_is_shown_and_what_follows_goes_on() {
    let mut device = Device::reading(1);
    for id in 1..=2 {
        device.send(ADA, id);
    }
    let actions = device.feed(refusal(1, false));
    assert_eq!(actions[0], Action::SaveOutbox);
    device.ack(mine(ADA, 2, 2));
    assert_eq!(device.shown(ADA)[1..], [(2, Delivery::Sent), (0, not_sent())]);
    assert_eq!(sends(&device.send(ADA, 3)), [3]);
    assert_eq!(sends(&device.reconnect(vec![head(ADA, 2, 1, 0)])), [3], "it is not tried again by itself");
}

#[test]
fn a_retry_queues_at_the_end_under_the_same_id() {
    let mut device = Device::live(Vec::new());
    device.send(ADA, 1);
    device.feed(refusal(1, false));
    device.send(ADA, 2);
    let actions = device.feed(Input::RetryRequested { peer: ADA, client_id: client_id(1) });
    assert_eq!(actions[0], Action::SaveOutbox);
    assert_eq!(sends(&actions), [1]);
    let keys: Vec<_> = device.timeline(ADA).entries().map(|entry| entry.key).collect();
    assert_eq!(keys, [2, 1].map(|id| EntryKey { mine: true, client_id: client_id(id) }));
    assert_eq!(device.shown(ADA), [(0, Delivery::Sending), (0, Delivery::Sending)]);
    assert_eq!(sends(&device.reconnect(Vec::new())), [2, 1]);
    let actions = device.feed(Input::RetryRequested { peer: ADA, client_id: client_id(1) });
    assert_eq!(actions, [], "only what was refused can be tried again");
}

#[test]
fn a_refused_message_can_be_deleted_and_one_on_its_way_cannot() {
    let mut device = Device::live(Vec::new());
    device.send(ADA, 1);
    let delete = Input::DeleteRequested { peer: ADA, client_id: client_id(1) };
    assert_eq!(device.feed(delete.clone()), []);
    device.feed(refusal(1, false));
    let actions = device.feed(delete);
    assert_eq!(actions[..2], [Action::SaveOutbox, Action::ConversationChanged(ADA)]);
    assert_eq!(device.shown(ADA), []);
    assert!(device.session.outbox().is_empty());
}

#[test]
fn the_outbox_survives_a_crash_through_json() {
    let mut device = Device::live(Vec::new());
    device.send(ADA, 1);
    device.send(ADA, 2);
    device.feed(refusal(1, false));
    let json = serde_json::to_string(device.session.outbox()).expect("an outbox is plain data");
    let outbox: Outbox = serde_json::from_str(&json).expect("it reads what it wrote");
    assert_eq!(&outbox, device.session.outbox());
    let mut device = Device::with(outbox);
    assert_eq!(device.shown(ADA), [(0, not_sent()), (0, Delivery::Sending)]);
    device.feed(Input::Started);
    device.feed(Input::Opened);
    assert_eq!(sends(&device.welcome(Vec::new())), [2]);
}

#[test]
fn what_a_crash_left_behind_may_be_stored_already() {
    let mut device = Device::live(Vec::new());
    device.send(ADA, 1);
    let outbox = device.session.outbox().clone();
    let mut device = Device::with(outbox);
    device.feed(Input::Started);
    device.feed(Input::ConversationOpened { peer: ADA });
    let newest = super::support::page(vec![mine(ADA, 1, 1)], 1);
    device.loaded(crate::chat::HistoryQuery::Newest, newest);
    assert_eq!(device.shown(ADA), [(1, Delivery::Sent)]);
    assert!(device.session.outbox().is_empty());
    assert_eq!(sends(&device.welcome(vec![head(ADA, 1, 0, 0)])), []);
}

#[test]
fn what_no_server_would_take_is_refused_here() {
    let json = r#"{"items":[{"client_id":"00000000-0000-0000-0000-000000000001",
        "peer":"00000000-0000-0000-0000-000000000002","content":"  ","queued_at":5}]}"#;
    let mut device = Device::with(serde_json::from_str(json).expect("this is an outbox"));
    assert!(matches!(device.shown(ADA)[..], [(0, Delivery::NotSent { .. })]));
    device.feed(Input::Started);
    assert_eq!(sends(&device.welcome(Vec::new())), []);
}

#[test]
fn a_clock_that_is_set_back_does_not_reorder_the_outbox() {
    let mut device = Device::new();
    for id in 1..=3 {
        device.send(ADA, id);
        device.now = crate::chat::Millis(device.now.0 - 100_000);
    }
    device.feed(Input::Started);
    assert_eq!(sends(&device.welcome(Vec::new())), [1, 2, 3]);
}

#[test]
fn typing_is_told_at_most_every_three_seconds_and_only_live() {
    let mut device = Device::new();
    let typing =
        |device: &mut Device| super::support::frames(&device.feed(Input::Typing { peer: ADA })).len();
    assert_eq!(typing(&mut device), 0);
    device.feed(Input::Started);
    device.welcome(Vec::new());
    assert_eq!(typing(&mut device), 1);
    device.wait(2999);
    assert_eq!(typing(&mut device), 0);
    device.wait(1);
    assert_eq!(typing(&mut device), 1);
}
