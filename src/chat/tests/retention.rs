//! Conversations of which the server holds only the newer part.

use super::support::{ADA, Device, fetches, head, live, mine, page, theirs};
use crate::chat::protocol::HistoryPage;
use crate::chat::{Delivery, HistoryQuery, Input, Loading};
use crate::domain::Seq;

/// No message of a conversation that is held from `first` to `last`.
fn none_of(first: u64, last: u64) -> HistoryPage {
    HistoryPage { first_seq: Seq(first), ..page(Vec::new(), last) }
}

/// A page of a conversation that is held from `first` to `last`.
fn held(first: u64, last: u64, seqs: std::ops::RangeInclusive<u64>) -> HistoryPage {
    HistoryPage { first_seq: Seq(first), ..page(seqs.map(|seq| theirs(ADA, seq)).collect(), last) }
}

/// A page of one that holds nothing any more.
fn nothing(last: u64) -> HistoryPage {
    none_of(last + 1, last)
}

fn opened(last: u64, unread: u64, newest: HistoryPage) -> Device {
    let mut device = Device::live(vec![head(ADA, last, 0, unread)]);
    device.feed(Input::ConversationOpened { peer: ADA });
    device.loaded(HistoryQuery::Newest, newest);
    device
}

#[test]
fn a_conversation_begins_where_it_is_held() {
    let mut device = opened(60, 20, held(41, 60, 41..=60));
    let timeline = device.timeline(ADA);
    assert!(!timeline.has_older());
    assert_eq!((timeline.unread(), timeline.missing(), timeline.lacks_unread()), (20, 0, false));
    assert_eq!(fetches(&device.feed(Input::OlderRequested { peer: ADA })), []);
    assert_eq!(fetches(&device.wait_connected(60)), []);
}

#[test]
fn who_scrolls_up_comes_to_the_beginning() {
    let mut device = opened(60, 10, held(31, 60, 41..=60));
    assert!(device.timeline(ADA).has_older());
    let query = HistoryQuery::Before(Seq(41));
    assert_eq!(fetches(&device.feed(Input::OlderRequested { peer: ADA })), [query]);
    // Meanwhile more of it was deleted, and then all that was asked for.
    device.loaded(query, held(36, 60, 36..=40));
    assert_eq!(device.positions(ADA), (36..=60).collect::<Vec<_>>());
    assert!(!device.timeline(ADA).has_older());
    let mut device = opened(60, 10, held(31, 60, 41..=60));
    device.feed(Input::OlderRequested { peer: ADA });
    device.loaded(query, none_of(45, 60));
    assert!(!device.timeline(ADA).has_older());
    assert_eq!(device.positions(ADA), (41..=60).collect::<Vec<_>>(), "what is on the screen stays");
    assert_eq!(fetches(&device.feed(Input::OlderRequested { peer: ADA })), []);
}

#[test]
fn a_hole_that_is_deleted_is_not_fetched_for_ever() {
    let mut device = Device::reading(5);
    let query = HistoryQuery::After(Seq(5));
    assert_eq!(fetches(&device.reconnect(vec![head(ADA, 200, 5, 51)])), [query]);
    let actions = device.loaded(query, held(150, 200, 150..=199));
    assert_eq!(device.positions(ADA), (150..=199).collect::<Vec<_>>(), "nothing with a hole in it is shown");
    let query = HistoryQuery::After(Seq(199));
    assert_eq!(fetches(&actions), [query]);
    device.loaded(query, held(150, 200, 200..=200));
    assert_eq!(fetches(&device.wait_connected(60)), []);
    let timeline = device.timeline(ADA);
    assert_eq!((timeline.unread(), timeline.missing(), timeline.has_older()), (51, 0, false));
    device.feed(live(theirs(ADA, 201)));
    assert_eq!(device.timeline(ADA).contiguous(), Seq(201));
}

#[test]
fn what_waits_behind_a_deleted_hole_is_shown() {
    let mut device = Device::reading(5);
    device.feed(live(theirs(ADA, 9)));
    device.send(ADA, 1);
    device.ack(mine(ADA, 1, 10));
    assert_eq!(device.positions(ADA), [1, 2, 3, 4, 5, 10], "one's own is there at once");
    device.wait(50);
    device.loaded(HistoryQuery::After(Seq(5)), none_of(9, 10));
    assert_eq!(device.shown(ADA), [(9, Delivery::Received), (10, Delivery::Sent)]);
    assert_eq!(fetches(&device.wait_connected(60)), []);
}

#[test]
fn a_conversation_of_which_nothing_is_left_is_empty_and_goes_on() {
    let mut device = opened(10, 0, nothing(10));
    assert_eq!(device.timeline(ADA).loading(), Loading::Ready);
    assert_eq!(device.timeline(ADA).contiguous(), Seq(10));
    assert!(!device.timeline(ADA).has_older());
    assert_eq!(fetches(&device.wait_connected(60)), [], "there is nothing to be had");
    device.feed(live(theirs(ADA, 11)));
    assert_eq!((device.positions(ADA), device.timeline(ADA).unread()), (vec![11], 1));

    let mut device = Device::reading(5);
    device.reconnect(vec![head(ADA, 10, 5, 0)]);
    device.loaded(HistoryQuery::After(Seq(5)), nothing(10));
    assert_eq!(device.positions(ADA), super::support::NONE);
    assert_eq!(fetches(&device.wait_connected(60)), []);
}

#[test]
fn a_gap_left_behind_closes_when_it_is_deleted() {
    let mut device = Device::reading(2);
    device.reconnect(vec![head(ADA, 600, 2, 598)]);
    device.loaded(HistoryQuery::Newest, held(1, 600, 551..=600));
    assert_eq!(device.timeline(ADA).missing(), 548);
    let query = HistoryQuery::Before(Seq(551));
    device.feed(Input::OlderRequested { peer: ADA });
    device.loaded(query, held(541, 600, 541..=550));
    assert_eq!((device.timeline(ADA).missing(), device.timeline(ADA).has_older()), (0, false));
}
