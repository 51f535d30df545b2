//! Read and delivered, both ways, and what is unread.

use super::support::{ADA, BOB, Device, NONE, count, frames, head, live, mine, moment, page, theirs};
use crate::chat::protocol::{ClientFrame, ServerFrame};
use crate::chat::{Action, Delivery, HistoryQuery, Input, Millis};
use crate::domain::{Seq, UserId};

fn read(peer: UserId, reader: UserId, seq: u64) -> Input {
    let read_at = moment(Millis(1));
    Input::FrameReceived(ServerFrame::Read { peer_id: peer, reader_id: reader, seq: Seq(seq), read_at })
}

fn delivered(seq: u64) -> Input {
    Input::FrameReceived(ServerFrame::Delivered { peer_id: ADA, seq: Seq(seq) })
}

fn reads(actions: &[Action]) -> Vec<u64> {
    let seq = |frame: ClientFrame| match frame {
        ClientFrame::Read { seq, .. } => Some(seq.0),
        _ => None,
    };
    frames(actions).into_iter().filter_map(seq).collect()
}

fn claims(actions: &[Action]) -> Vec<(UserId, u64)> {
    let claim = |frame: ClientFrame| match frame {
        ClientFrame::Received { peer_id, seq } => Some((peer_id, seq.0)),
        _ => None,
    };
    frames(actions).into_iter().filter_map(claim).collect()
}

#[test]
fn own_messages_go_from_sent_to_delivered_to_read_and_never_back() {
    let mut device = Device::reading(1);
    for id in 2..=4 {
        device.send(ADA, id);
        device.ack(mine(ADA, id, id as u64));
    }
    let states = |device: &Device| device.shown(ADA)[1..].iter().map(|(_, d)| d.clone()).collect::<Vec<_>>();
    assert_eq!(states(&device), [Delivery::Sent, Delivery::Sent, Delivery::Sent]);
    let actions = device.feed(delivered(3));
    assert_eq!(count(&actions, &Action::ActivityChanged), 1);
    assert_eq!(states(&device), [Delivery::Delivered, Delivery::Delivered, Delivery::Sent]);
    device.feed(read(ADA, ADA, 2));
    assert_eq!(states(&device), [Delivery::Read, Delivery::Delivered, Delivery::Sent]);
    assert_eq!(device.feed(delivered(1)), []);
    assert_eq!(device.feed(read(ADA, ADA, 1)), []);
    device.feed(read(ADA, ADA, 4));
    assert_eq!(states(&device), [Delivery::Read, Delivery::Read, Delivery::Read]);
    assert_eq!(device.timeline(ADA).peer_delivered_seq(), Seq(4), "read implies delivered");
    assert_eq!(device.shown(ADA)[0].1, Delivery::Received);
}

#[test]
fn a_mark_that_came_before_its_message_counts_when_that_arrives() {
    let mut device = Device::reading(1);
    device.send(ADA, 2);
    device.feed(read(ADA, ADA, 2));
    device.ack(mine(ADA, 2, 2));
    assert_eq!(device.shown(ADA).last(), Some(&(2, Delivery::Read)));
}

#[test]
fn reading_drops_unread_at_once_and_is_repeated_until_confirmed() {
    let mut device = Device::reading(1);
    for seq in 2..=4 {
        device.feed(live(theirs(ADA, seq)));
    }
    assert_eq!((device.session.total_unread(), device.session.peer(ADA).unread), (3, 3));
    assert_eq!(device.session.unread().collect::<Vec<_>>(), [(ADA, 3)]);
    let actions = device.feed(Input::ReadUpTo { peer: ADA, seq: Seq(3) });
    assert_eq!((reads(&actions), device.session.total_unread()), (vec![3], 1));
    assert_eq!(count(&actions, &Action::ActivityChanged), 1);
    assert_eq!(device.feed(Input::ReadUpTo { peer: ADA, seq: Seq(2) }), [], "never backwards");
    device.feed(Input::NetworkLost);
    assert_eq!(reads(&device.feed(Input::ReadUpTo { peer: ADA, seq: Seq(99) })), NONE);
    assert_eq!(device.timeline(ADA).read_seq(), Seq(4), "never past the newest message");
    assert_eq!(device.session.total_unread(), 0);
    device.feed(Input::NetworkBack);
    device.feed(Input::Opened);
    let actions = device.welcome(vec![head(ADA, 4, 3, 1)]);
    assert_eq!((reads(&actions), device.session.total_unread()), (vec![4], 0), "ours is ahead");
    assert_eq!(reads(&device.reconnect(vec![head(ADA, 4, 3, 1)])), [4], "still not confirmed");
    device.feed(read(ADA, super::support::ME, 4));
    assert_eq!(reads(&device.reconnect(vec![head(ADA, 4, 3, 1)])), NONE);
    assert_eq!(reads(&device.wait(15_000)), NONE);
}

#[test]
fn reading_on_another_device_counts_here() {
    let mut device = Device::live(vec![head(ADA, 5, 1, 3), head(BOB, 2, 0, 2)]);
    assert_eq!(device.session.total_unread(), 5);
    let actions = device.feed(read(ADA, super::support::ME, 5));
    assert_eq!(count(&actions, &Action::ConversationChanged(ADA)), 1);
    assert_eq!(device.session.unread().collect::<Vec<_>>(), [(BOB, 2)]);
}

#[test]
fn unread_of_an_unopened_conversation_follows_live_messages() {
    let mut device = Device::live(vec![head(ADA, 10, 7, 2)]);
    for input in
        [live(theirs(ADA, 11)), live(theirs(ADA, 11)), live(mine(ADA, 12, 12)), live(theirs(ADA, 13))]
    {
        device.feed(input);
    }
    assert_eq!(device.session.peer(ADA).unread, 4);
    device.feed(live(theirs(ADA, 15)));
    assert_eq!(device.session.peer(ADA).unread, 5, "what is in the hole is not known yet");
    device.feed(live(theirs(ADA, 14)));
    assert_eq!(device.session.peer(ADA).unread, 6);
    device.feed(read(ADA, super::support::ME, 9));
    assert!(device.session.peer(ADA).unread <= 5);
    device.resync(vec![head(ADA, 15, 9, 4)]);
    assert_eq!(device.session.peer(ADA).unread, 4, "exact again");
    device.feed(read(ADA, super::support::ME, 15));
    assert_eq!(device.session.peer(ADA).unread, 0);
}

#[test]
fn unread_is_exact_as_soon_as_everything_unread_is_held() {
    let mut device = Device::live(vec![head(ADA, 5, 2, 3)]);
    device.feed(Input::ConversationOpened { peer: ADA });
    let mut newest = page(vec![theirs(ADA, 2), mine(ADA, 3, 3), theirs(ADA, 4), theirs(ADA, 5)], 5);
    newest.read_seq = Seq(2);
    device.loaded(HistoryQuery::Newest, newest);
    assert_eq!(device.session.peer(ADA).unread, 2, "one of the three was the user's own");
}

#[test]
fn what_arrives_is_claimed_at_most_once_a_second_for_every_conversation() {
    let mut device = Device::live(vec![head(ADA, 5, 5, 0)]);
    assert_eq!(claims(&device.feed(live(theirs(ADA, 6)))), [(ADA, 6)], "opened or not");
    assert_eq!(claims(&device.feed(live(theirs(ADA, 7)))), []);
    device.feed(live(theirs(ADA, 8)));
    device.feed(live(theirs(BOB, 1)));
    assert_eq!(claims(&device.wait(999)), []);
    assert_eq!(claims(&device.wait(1)), [(BOB, 1)]);
    assert_eq!(claims(&device.wait(1000)), [(ADA, 8)], "coalesced");
    assert_eq!(claims(&device.wait(5000)), []);
    assert_eq!(claims(&device.feed(live(theirs(ADA, 8)))), []);
    assert_eq!(claims(&device.feed(live(mine(ADA, 9, 9)))), [], "nobody waits to hear of one's own");
    assert_eq!(claims(&device.feed(live(theirs(ADA, 12)))), [], "there is a hole before it");
}

#[test]
fn a_fetched_page_is_claimed_too_and_a_ping_says_the_same() {
    let mut device = Device::live(vec![head(ADA, 3, 0, 3)]);
    device.feed(Input::ConversationOpened { peer: ADA });
    let newest = page((1..=3).map(|seq| theirs(ADA, seq)).collect(), 3);
    assert_eq!(claims(&device.loaded(HistoryQuery::Newest, newest)), [(ADA, 3)]);
    device.wait(14_500);
    device.feed(live(theirs(ADA, 4)));
    device.feed(live(theirs(ADA, 5)));
    let actions = device.wait(500);
    let heads = [(ADA, Seq(5))].into();
    assert_eq!(frames(&actions), [ClientFrame::Ping { heads }]);
    device.feed(device.pong(&[]));
    assert_eq!(claims(&device.wait(5_000)), []);
}

#[test]
fn claims_start_anew_with_each_socket() {
    let mut device = Device::live(vec![head(ADA, 5, 5, 0)]);
    device.feed(live(theirs(ADA, 6)));
    assert_eq!(claims(&device.reconnect(vec![head(ADA, 6, 5, 1)])), [(ADA, 6)]);
    assert_eq!(claims(&device.reconnect(vec![head(ADA, 6, 6, 0)])), [], "read says it all");
}

#[test]
fn a_head_that_contradicts_itself_is_taken_as_far_as_it_can_be() {
    let mut device = Device::live(vec![head(ADA, 1, 5, 0)]);
    assert_eq!(device.timeline(ADA).last_seq(), Seq(5), "what was read was there");
    device.resync(vec![head(ADA, 5, 3, u64::MAX)]);
    assert_eq!(device.timeline(ADA).unread(), 0, "a mark never goes back");
    device.resync((2..6).map(|n| head(super::support::person(n), Seq::MAX.0, 0, u64::MAX)).collect());
    assert_eq!(device.session.total_unread(), u64::MAX);
}
