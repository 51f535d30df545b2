//! What arrives: order, repetition, holes, news, presence, typing.

use std::collections::BTreeMap;

use super::support::{
    ADA, BOB, Device, NONE, count, fetches, head, live, message, mine, moment, page, person, theirs,
};
use crate::chat::protocol::{ConversationHead, ServerFrame};
use crate::chat::{Action, Delivery, HistoryQuery, Input, Loading, Millis};
use crate::domain::{Message, Seq};

fn arrivals(actions: &[Action]) -> Vec<u64> {
    let seq = |action: &Action| match action {
        Action::MessageArrived(Message { seq, .. }) => Some(seq.0),
        _ => None,
    };
    actions.iter().filter_map(seq).collect()
}

#[test]
fn the_next_message_is_shown_at_once_and_a_repetition_changes_nothing() {
    let mut device = Device::reading(2);
    let version = device.timeline(ADA).version();
    let actions = device.feed(live(theirs(ADA, 3)));
    assert_eq!(arrivals(&actions), [3]);
    assert_eq!(count(&actions, &Action::ConversationChanged(ADA)), 1);
    assert_eq!(count(&actions, &Action::ActivityChanged), 1);
    assert!(device.timeline(ADA).version() > version);
    let version = device.timeline(ADA).version();
    assert_eq!(device.feed(live(theirs(ADA, 3))), []);
    assert_eq!(device.feed(live(theirs(ADA, 1))), []);
    assert_eq!(device.timeline(ADA).version(), version);
    assert_eq!(device.positions(ADA), [1, 2, 3]);
}

#[test]
fn messages_that_overtook_each_other_need_no_request() {
    let mut device = Device::reading(2);
    let mut actions = device.feed(live(theirs(ADA, 5)));
    actions.extend(device.feed(live(theirs(ADA, 4))));
    assert_eq!(device.positions(ADA), [1, 2], "nothing is shown out of order");
    actions.extend(device.wait(49));
    actions.extend(device.feed(live(theirs(ADA, 3))));
    actions.extend(device.wait(1000));
    assert_eq!(device.positions(ADA), [1, 2, 3, 4, 5]);
    assert_eq!(arrivals(&actions), [5, 4, 3]);
    assert_eq!(fetches(&actions), []);
}

#[test]
fn a_hole_is_filled_after_fifty_milliseconds_page_by_page() {
    let mut device = Device::reading(2);
    device.feed(live(theirs(ADA, 8)));
    assert_eq!(fetches(&device.wait(49)), []);
    assert_eq!(fetches(&device.wait(1)), [HistoryQuery::After(Seq(2))]);
    device.feed(live(theirs(ADA, 9)));
    assert_eq!(fetches(&device.wait(1000)), [], "one request at a time");
    let filled = page((3..=5).map(|seq| theirs(ADA, seq)).collect(), 9);
    let actions = device.loaded(HistoryQuery::After(Seq(2)), filled);
    assert_eq!(fetches(&actions), [HistoryQuery::After(Seq(5))]);
    assert_eq!(arrivals(&actions), NONE, "a catch-up is no news");
    let filled = page((6..=9).map(|seq| theirs(ADA, seq)).collect(), 9);
    let actions = device.loaded(HistoryQuery::After(Seq(5)), filled);
    assert_eq!(fetches(&actions), []);
    assert_eq!(device.positions(ADA), (1..=9).collect::<Vec<_>>());
    assert_eq!(arrivals(&device.feed(live(theirs(ADA, 6)))), NONE, "it was held by then");
}

#[test]
fn welcome_resync_and_pong_reveal_what_was_lost() {
    let behind = |device: &mut Device, input: Input| {
        let mut actions = device.feed(input);
        actions.extend(device.wait(50));
        fetches(&actions)
    };
    let heads = vec![head(ADA, 4, 2, 2)];
    let mut device = Device::reading(2);
    let resync = Input::FrameReceived(ServerFrame::Resync { conversations: heads.clone() });
    assert_eq!(behind(&mut device, resync), [HistoryQuery::After(Seq(2))]);
    let mut device = Device::reading(2);
    let pong = device.pong(&[(ADA, 4)]);
    assert_eq!(behind(&mut device, pong), [HistoryQuery::After(Seq(2))]);
    let mut device = Device::reading(2);
    let pong = compared(&device, heads.clone());
    assert_eq!(behind(&mut device, pong), [HistoryQuery::After(Seq(2))]);
    let mut device = Device::reading(2);
    assert_eq!(fetches(&device.reconnect(heads)), [HistoryQuery::After(Seq(2))]);
    let mut device = Device::reading(2);
    assert_eq!(fetches(&device.reconnect(vec![head(ADA, 2, 2, 0)])), [], "nothing is missing");
}

/// A pong that tells of changes.
fn compared(device: &Device, conversations: Vec<ConversationHead>) -> Input {
    let server_time = moment(device.now);
    Input::FrameReceived(ServerFrame::Pong { server_time, heads: BTreeMap::new(), conversations })
}

#[test]
fn a_pong_tells_of_marks_and_of_conversations_that_were_never_opened() {
    let mut device = Device::reading(2);
    device.send(ADA, 1);
    device.ack(mine(ADA, 1, 3));
    let read = ConversationHead { peer_read_seq: Seq(3), ..head(ADA, 3, 2, 0) };
    device.feed(compared(&device, vec![read, head(BOB, 1, 0, 1)]));
    let last = device.timeline(ADA).entries().last().map(|entry| entry.delivery.clone());
    assert_eq!(last, Some(Delivery::Read));
    assert_eq!(device.session.total_unread(), 1);
    assert_eq!(arrivals(&device.feed(live(theirs(BOB, 1)))), [1], "it was only told, and comes now");
}

#[test]
fn a_mark_beyond_the_newest_message_reveals_that_messages_are_missing() {
    let mut device = Device::reading(2);
    device.feed(Input::FrameReceived(ServerFrame::Delivered { peer_id: ADA, seq: Seq(4) }));
    assert_eq!(device.timeline(ADA).last_seq(), Seq(4));
    assert_eq!(fetches(&device.wait(50)), [HistoryQuery::After(Seq(2))]);
}

#[test]
fn what_the_welcome_lists_is_no_news_and_what_comes_later_is() {
    let mut device = Device::live(vec![head(ADA, 5, 3, 2)]);
    assert_eq!(arrivals(&device.feed(live(theirs(ADA, 5)))), NONE);
    assert_eq!(arrivals(&device.feed(live(theirs(ADA, 6)))), [6]);
    assert_eq!(arrivals(&device.feed(live(theirs(ADA, 6)))), NONE);
    assert_eq!(arrivals(&device.feed(live(theirs(BOB, 1)))), [1], "somebody new");
    assert_eq!(arrivals(&device.feed(live(mine(ADA, 77, 7)))), NONE, "from the user's other device");
}

#[test]
fn what_was_lost_is_news_once_it_is_fetched_and_only_once() {
    let lost = |device: &mut Device| {
        let mut loaded = page((1..=4).map(|seq| theirs(ADA, seq)).collect(), 4);
        loaded.read_seq = Seq(1);
        arrivals(&device.loaded(HistoryQuery::Newest, loaded))
    };
    let mut device = Device::live(vec![head(ADA, 2, 1, 1)]);
    device.resync(vec![head(ADA, 4, 1, 3)]);
    assert_eq!(lost(&mut device), [4], "the newest stands for all");
    assert_eq!(lost(&mut device), NONE);
    let mut device = Device::live(vec![head(ADA, 2, 1, 1)]);
    device.feed(live(theirs(ADA, 4)));
    assert_eq!(lost(&mut device), NONE, "it came by itself before");
    let mut device = Device::live(vec![head(ADA, 4, 1, 3)]);
    assert_eq!(lost(&mut device), NONE, "the welcome listed it");
    let mut device = Device::live(vec![head(ADA, 2, 1, 1)]);
    device.resync(vec![head(ADA, 4, 4, 0)]);
    assert_eq!(lost(&mut device), NONE, "it was read elsewhere");
}

#[test]
fn what_somebody_elses_page_holds_is_no_news() {
    let mut device = Device::live(vec![head(ADA, 0, 0, 0)]);
    let foreign = page(vec![message(ADA, BOB, 1, 1, Millis(1))], 1);
    assert_eq!(arrivals(&device.loaded(HistoryQuery::Newest, foreign)), NONE);
}

#[test]
fn a_hole_that_is_filled_and_a_page_further_up_are_told_apart() {
    let mut device = Device::reading(2);
    device.feed(device.pong(&[(ADA, 4)]));
    device.wait(60);
    let filled = page(vec![theirs(ADA, 3), theirs(ADA, 4)], 4);
    assert_eq!(arrivals(&device.loaded(HistoryQuery::After(Seq(2)), filled)), [4]);
    let mut device = Device::live(Vec::new());
    device.feed(Input::ConversationOpened { peer: ADA });
    device.loaded(HistoryQuery::Newest, page(vec![mine(ADA, 9, 9)], 9));
    device.feed(Input::OlderRequested { peer: ADA });
    let older = page((1..=8).map(|seq| theirs(ADA, seq)).collect(), 9);
    assert_eq!(arrivals(&device.loaded(HistoryQuery::Before(Seq(9)), older)), NONE);
    assert_eq!(arrivals(&device.feed(live(theirs(ADA, 10)))), [10]);
}

#[test]
fn a_conversation_that_was_never_opened_keeps_a_head_and_fetches_nothing() {
    let mut device = Device::live(vec![head(ADA, 5, 3, 2)]);
    let mut actions = device.feed(live(theirs(ADA, 6)));
    actions.extend(device.feed(live(theirs(ADA, 9))));
    actions.extend(device.wait(10_000));
    actions.extend(device.resync(vec![head(ADA, 9, 3, 6)]));
    assert_eq!(fetches(&actions), []);
    let timeline = device.timeline(ADA);
    assert_eq!(
        (timeline.loading(), timeline.contiguous(), timeline.last_seq()),
        (Loading::Idle, Seq::ZERO, Seq(9))
    );
    assert_eq!(timeline.newest().and_then(|entry| entry.seq), Some(Seq(9)), "for the list of conversations");
    assert_eq!(device.positions(ADA), NONE);
    assert_eq!(fetches(&device.feed(Input::ConversationOpened { peer: ADA })), [HistoryQuery::Newest]);
    let newest = page((1..=9).map(|seq| theirs(ADA, seq)).collect(), 9);
    device.loaded(HistoryQuery::Newest, newest);
    assert_eq!(device.positions(ADA), (1..=9).collect::<Vec<_>>());
}

#[test]
fn a_message_that_belongs_to_nobody_here_is_dropped() {
    let mut device = Device::live(Vec::new());
    let stray = message(person(8), person(9), 1, 1, Millis(1));
    assert_eq!(device.feed(live(stray)), []);
    assert!(device.session.timeline(person(8)).is_none());
}

#[test]
fn typing_lasts_five_seconds_or_until_a_message() {
    let mut device = Device::live(Vec::new());
    let typing = Input::FrameReceived(ServerFrame::Typing { peer_id: ADA });
    let actions = device.feed(typing.clone());
    assert_eq!(count(&actions, &Action::ConversationChanged(ADA)), 1);
    assert!(device.session.peer(ADA).typing, "also before the first message");
    device.wait(3_000);
    device.feed(typing.clone());
    device.wait(4_999);
    assert!(device.session.peer(ADA).typing);
    assert_eq!(count(&device.wait(1), &Action::ConversationChanged(ADA)), 1);
    assert!(!device.session.peer(ADA).typing);
    device.feed(typing);
    device.feed(live(theirs(ADA, 1)));
    assert!(!device.session.peer(ADA).typing);
}

#[test]
fn presence_comes_with_heads_and_frames() {
    let mut device = Device::live(vec![head(ADA, 1, 1, 0)]);
    assert_eq!(device.session.peer(BOB).online, None);
    let last_seen = Some(moment(Millis(77)));
    let gone = ServerFrame::Presence { peer_id: ADA, online: false, last_seen };
    let actions = device.feed(Input::FrameReceived(gone.clone()));
    assert_eq!(count(&actions, &Action::ConversationChanged(ADA)), 1);
    assert_eq!(device.session.peer(ADA).last_seen, last_seen);
    assert_eq!(device.feed(Input::FrameReceived(gone)), [], "nothing changed");
}
