//! Accounts that are deleted while somebody talks to them.

use super::support::{ADA, BOB, Device, NONE, count, fetches, frames, head, mine, page, sends, theirs};
use crate::chat::protocol::{ClientFrame, MAX_LISTED, ServerFrame};
use crate::chat::{Action, Delivery, HistoryQuery, Input};
use crate::domain::{Seq, UserId};

fn gone(peer_id: UserId) -> Input {
    Input::FrameReceived(ServerFrame::Gone { peer_id })
}

fn is_gone(device: &Device, peer: UserId) -> bool {
    device.session.peer(peer).is_gone
}

#[test]
fn what_waits_for_somebody_who_left_is_not_sent_and_what_was_read_stays() {
    let mut device = Device::reading(2);
    device.send(ADA, 7);
    let actions = device.feed(gone(ADA));
    assert!(is_gone(&device, ADA));
    assert_eq!(count(&actions, &Action::ConversationChanged(ADA)), 1);
    assert_eq!(count(&actions, &Action::ActivityChanged), 1);
    assert_eq!(count(&actions, &Action::SaveOutbox), 1);
    assert_eq!(device.positions(ADA), [1, 2, 0]);
    assert!(matches!(device.shown(ADA)[2].1, Delivery::NotSent { .. }));
    assert_eq!(device.feed(gone(ADA)), [], "once is enough");

    let again = device.reconnect(vec![]);
    assert_eq!(sends(&again), [] as [u128; 0]);
    assert_eq!(fetches(&device.wait(60_000)), []);
}

#[test]
fn somebody_who_left_calls_for_nothing() {
    let mut device = Device::live(vec![head(ADA, 5, 2, 3), head(BOB, 4, 3, 1)]);
    assert_eq!(device.session.total_unread(), 4);
    device.feed(gone(ADA));
    assert_eq!(device.session.total_unread(), 1);
    let asked = [device.wait(15_000), device.feed(Input::ConversationOpened { peer: ADA })].concat();
    assert_eq!(fetches(&asked), []);
    let told = frames(&asked);
    assert!(!told.is_empty(), "the ping");
    assert!(
        told.iter().all(|frame| matches!(frame, ClientFrame::Ping { heads } if !heads.contains_key(&ADA)))
    );
}

#[test]
fn a_page_that_is_refused_for_it_says_so_too() {
    let mut device = Device::live(vec![head(ADA, 5, 5, 0)]);
    let asked = device.feed(Input::ConversationOpened { peer: ADA });
    assert_eq!(fetches(&asked), [HistoryQuery::Newest]);
    device.feed(Input::PeerGone { peer: ADA });
    assert!(is_gone(&device, ADA));
    assert_eq!(device.positions(ADA), NONE);
    assert_eq!(fetches(&device.wait(60_000)), [], "it is not asked again");
}

#[test]
fn a_conversation_that_a_welcome_lacks_is_gone() {
    let mut device = Device::live(vec![head(ADA, 5, 2, 3), head(BOB, 4, 4, 0)]);
    device.feed(Input::ConversationOpened { peer: BOB });
    device.reconnect(vec![head(BOB, 4, 4, 0)]);
    assert!(is_gone(&device, ADA) && !is_gone(&device, BOB));
    assert_eq!(device.session.total_unread(), 0);
}

#[test]
fn a_welcome_may_be_older_than_a_page_that_came_before_it() {
    let mut device = Device::live(vec![]);
    device.feed(Input::Closed { code: None });
    device.wait(30_000);
    device.feed(Input::Opened);
    device.feed(Input::ConversationOpened { peer: ADA });
    device.loaded(HistoryQuery::Newest, page(vec![theirs(ADA, 1)], 1));
    device.welcome(vec![]);
    assert_eq!(device.positions(ADA), [1]);
    assert!(!is_gone(&device, ADA));
}

#[test]
fn a_resync_may_list_only_what_changed() {
    let mut device = Device::reading(2);
    device.resync(vec![head(BOB, 1, 0, 1)]);
    assert!(!is_gone(&device, ADA));
}

#[test]
fn a_conversation_without_messages_and_one_beyond_a_full_list_are_not_gone() {
    let mut device = Device::reading(2);
    device.feed(Input::ConversationOpened { peer: BOB });
    let full = (0..u128::from(MAX_LISTED)).map(|n| head(super::support::person(n + 10), 1, 1, 0));
    device.reconnect(full.collect());
    assert!(!is_gone(&device, ADA) && !is_gone(&device, BOB));
}

#[test]
fn a_pong_that_does_not_name_what_is_on_the_screen_is_a_reason_to_ask() {
    let mut device = Device::reading(2);
    let asked = device.feed(device.pong(&[(ADA, 2)]));
    assert_eq!(fetches(&asked), []);
    let asked = device.feed(device.pong(&[]));
    assert_eq!(fetches(&asked), [HistoryQuery::After(Seq(2))]);
    assert_eq!(fetches(&device.feed(device.pong(&[]))), [], "one request at a time");
    device.loaded(HistoryQuery::After(Seq(2)), page(vec![], 2));
    assert!(!is_gone(&device, ADA), "the pong was older than the first message");
    device.feed(device.pong(&[]));
    device.feed(Input::PeerGone { peer: ADA });
    assert!(is_gone(&device, ADA));
}

#[test]
fn what_comes_late_does_not_bring_anybody_back() {
    let mut device = Device::reading(2);
    device.feed(gone(ADA));
    device.resync(vec![head(ADA, 3, 2, 1)]);
    device.feed(super::support::live(theirs(ADA, 3)));
    device.ack(mine(ADA, 9, 4));
    assert!(is_gone(&device, ADA));
    assert_eq!(device.session.total_unread(), 0);
    assert_eq!(fetches(&device.wait(60_000)), []);
}
