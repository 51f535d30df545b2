//! First pages, older pages, failures, and being far behind.

use super::support::{ADA, BOB, Device, fetches, frames, head, live, mine, page, person, theirs};
use crate::chat::protocol::{ClientFrame, HistoryPage};
use crate::chat::{Action, HistoryQuery, Input, Loading};
use crate::domain::Seq;

const OPEN: Input = Input::ConversationOpened { peer: ADA };

fn newest(from: u64, to: u64) -> HistoryPage {
    page((from..=to).map(|seq| theirs(ADA, seq)).collect(), to)
}

fn failed(query: HistoryQuery) -> Input {
    Input::HistoryFailed { peer: ADA, query }
}

#[test]
fn opening_loads_the_newest_page_once_even_before_the_socket_is_there() {
    let mut device = Device::new();
    device.feed(Input::Started);
    assert_eq!(fetches(&device.feed(OPEN)), [HistoryQuery::Newest]);
    assert_eq!(device.timeline(ADA).loading(), Loading::First);
    assert_eq!(fetches(&device.welcome(vec![head(ADA, 60, 60, 0)])), [], "one request at a time");
    device.loaded(HistoryQuery::Newest, newest(11, 60));
    assert_eq!(device.timeline(ADA).loading(), Loading::Ready);
    assert!(device.timeline(ADA).has_older());
    device.feed(Input::ConversationClosed { peer: ADA });
    assert_eq!(fetches(&device.feed(OPEN)), [], "it was kept whole meanwhile");
}

#[test]
fn what_is_about_to_be_opened_is_asked_for_once() {
    let mut device = Device::live(vec![head(ADA, 2, 2, 0)]);
    let expected = Input::ConversationExpected { peer: ADA };
    assert_eq!(fetches(&device.feed(expected.clone())), [HistoryQuery::Newest]);
    assert_eq!(fetches(&device.feed(expected.clone())), []);
    assert_eq!(fetches(&device.feed(OPEN)), [], "it is on its way");
    device.loaded(HistoryQuery::Newest, newest(1, 2));
    assert_eq!(device.timeline(ADA).loading(), Loading::Ready);
    assert_eq!(fetches(&device.feed(expected)), []);
}

#[test]
fn what_the_server_has_not_told_of_is_not_asked_for_too_early() {
    let expected = Input::ConversationExpected { peer: ADA };
    let mut device = Device::new();
    device.feed(Input::Started);
    assert_eq!(fetches(&device.feed(expected.clone())), [], "its messages would be taken for news");
    device.welcome(vec![]);
    assert_eq!(fetches(&device.feed(expected)), []);
}

#[test]
fn what_is_about_to_be_opened_need_not_wait_for_its_turn() {
    let mut device = Device::live(vec![head(BOB, 2, 2, 1), head(ADA, 2, 2, 1)]);
    assert_eq!(
        device.timeline(ADA).loading(),
        Loading::First,
        "its page is the second that is fetched ahead"
    );
    assert_eq!(fetches(&device.feed(Input::ConversationExpected { peer: ADA })), [HistoryQuery::Newest]);
    assert_eq!(fetches(&device.wait(1_000)), [], "and not once more");
}

#[test]
fn a_page_that_was_asked_for_too_early_is_asked_for_again_when_it_is_opened() {
    let mut device = Device::live(vec![head(ADA, 2, 2, 0)]);
    device.feed(Input::ConversationExpected { peer: ADA });
    device.feed(failed(HistoryQuery::Newest));
    assert_eq!(device.timeline(ADA).loading(), Loading::Idle, "nobody has seen it fail");
    assert_eq!(fetches(&device.feed(OPEN)), [HistoryQuery::Newest]);
}

#[test]
fn what_arrives_during_the_first_page_is_not_lost() {
    let mut device = Device::live(vec![head(ADA, 2, 2, 0)]);
    device.feed(OPEN);
    device.feed(live(theirs(ADA, 4)));
    device.feed(live(theirs(ADA, 3)));
    device.loaded(HistoryQuery::Newest, newest(1, 2));
    assert_eq!(device.positions(ADA), [1, 2, 3, 4]);
}

#[test]
fn a_failed_first_page_stays_failed_until_somebody_asks_again() {
    let mut device = Device::live(vec![head(ADA, 2, 2, 0)]);
    device.feed(OPEN);
    device.feed(failed(HistoryQuery::Newest));
    assert_eq!(device.timeline(ADA).loading(), Loading::Failed);
    assert_eq!(fetches(&device.wait_connected(60)), []);
    assert_eq!(fetches(&device.feed(Input::ReloadRequested { peer: ADA })), [HistoryQuery::Newest]);
    assert_eq!(device.timeline(ADA).loading(), Loading::First);
    device.feed(failed(HistoryQuery::Newest));
    assert_eq!(fetches(&device.reconnect(vec![head(ADA, 2, 2, 0)])), [HistoryQuery::Newest]);
    device.loaded(HistoryQuery::Newest, newest(1, 2));
    assert_eq!(device.timeline(ADA).loading(), Loading::Ready);
}

#[test]
fn a_first_page_that_hangs_has_failed_and_may_still_come() {
    let mut device = Device::live(vec![head(ADA, 2, 2, 0)]);
    device.feed(OPEN);
    device.wait_connected(11);
    assert_eq!(device.timeline(ADA).loading(), Loading::Failed);
    device.loaded(HistoryQuery::Newest, newest(1, 2));
    assert_eq!(device.timeline(ADA).loading(), Loading::Ready);
}

#[test]
fn a_request_under_way_when_the_socket_died_is_made_again() {
    let mut device = Device::live(vec![head(ADA, 2, 2, 0)]);
    device.feed(OPEN);
    device.feed(Input::Closed { code: None });
    device.wait(600);
    device.feed(Input::Opened);
    assert_eq!(fetches(&device.welcome(vec![head(ADA, 2, 2, 0)])), [HistoryQuery::Newest]);
}

#[test]
fn a_fill_that_fails_is_tried_again_with_backoff_while_live() {
    let mut device = Device::reading(2);
    let query = HistoryQuery::After(Seq(2));
    device.feed(live(theirs(ADA, 4)));
    assert_eq!(fetches(&device.wait(50)), [query]);
    for _ in 0..3 {
        assert_eq!(fetches(&device.feed(failed(query))), []);
        assert_eq!(fetches(&device.wait_connected(5)), [query]);
    }
    device.feed(Input::Closed { code: None });
    assert_eq!(fetches(&device.feed(failed(query))), []);
    assert_eq!(fetches(&device.wait(9_000)), [], "nothing is asked without a connection");
    assert_eq!(device.timeline(ADA).loading(), Loading::Ready, "what is shown stays");
}

#[test]
fn a_server_that_hands_nothing_out_is_not_hammered() {
    let mut device = Device::reading(2);
    device.resync(vec![head(ADA, 4, 2, 2)]);
    let mut asked = 0;
    for _ in 0..20 {
        let actions = device.loaded(HistoryQuery::After(Seq(2)), page(Vec::new(), 4));
        asked += fetches(&actions).len() + fetches(&device.wait_connected(1)).len();
    }
    assert!((2..10).contains(&asked), "{asked}");
}

#[test]
fn far_behind_the_newest_page_replaces_the_older_run() {
    let mut device = Device::reading(2);
    device.feed(Input::ReadUpTo { peer: ADA, seq: Seq(2) });
    let actions = device.reconnect(vec![head(ADA, 503, 2, 501)]);
    assert_eq!(fetches(&actions), [HistoryQuery::Newest]);
    assert_eq!(device.positions(ADA), [1, 2], "shown until there is something better");
    device.loaded(HistoryQuery::Newest, newest(454, 503));
    assert_eq!(device.positions(ADA), (454..=503).collect::<Vec<_>>());
    let timeline = device.timeline(ADA);
    assert!(timeline.has_older());
    assert_eq!((timeline.contiguous(), timeline.unread()), (Seq(503), 501), "counted by the server");
    let mut device = Device::reading(2);
    assert_eq!(fetches(&device.reconnect(vec![head(ADA, 502, 2, 500)])), [HistoryQuery::After(Seq(2))]);
}

/// A device that held `1..=2` and started over from `454..=503`.
fn started_over() -> Device {
    let mut device = Device::reading(2);
    device.reconnect(vec![head(ADA, 503, 2, 501)]);
    device.loaded(HistoryQuery::Newest, newest(454, 503));
    device
}

#[test]
fn after_starting_over_it_is_known_how_many_messages_are_missing() {
    let mut device = started_over();
    assert_eq!(device.timeline(ADA).missing(), 451);
    device.feed(live(theirs(ADA, 504)));
    assert_eq!(device.timeline(ADA).missing(), 451, "what comes at the end changes nothing");
    device.loaded(HistoryQuery::Before(Seq(454)), newest(354, 453));
    assert_eq!(device.timeline(ADA).missing(), 351);
    device.loaded(HistoryQuery::Before(Seq(354)), newest(4, 353));
    assert_eq!(device.timeline(ADA).missing(), 1);
    device.loaded(HistoryQuery::Before(Seq(4)), newest(1, 3));
    assert_eq!(device.timeline(ADA).missing(), 0);
}

#[test]
fn nothing_is_missing_where_nothing_was_held_before() {
    let mut device = Device::live(vec![head(ADA, 900, 900, 0)]);
    device.feed(OPEN);
    device.loaded(HistoryQuery::Newest, newest(851, 900));
    assert_eq!(device.timeline(ADA).missing(), 0);
    let mut device = Device::live(Vec::new());
    device.feed(OPEN);
    device.loaded(HistoryQuery::Newest, page(Vec::new(), 0));
    device.reconnect(vec![head(ADA, 900, 0, 900)]);
    device.loaded(HistoryQuery::Newest, newest(851, 900));
    assert_eq!(device.timeline(ADA).missing(), 0, "it was empty");
}

#[test]
fn starting_over_again_counts_from_the_first_place_until_that_was_reached() {
    let mut device = started_over();
    device.reconnect(vec![head(ADA, 1_100, 2, 1_098)]);
    device.loaded(HistoryQuery::Newest, newest(1_051, 1_100));
    assert_eq!(device.timeline(ADA).missing(), 1_048);
    let mut device = started_over();
    device.loaded(HistoryQuery::Before(Seq(454)), newest(3, 453));
    assert_eq!(device.timeline(ADA).missing(), 0);
    device.reconnect(vec![head(ADA, 1_100, 2, 1_098)]);
    device.loaded(HistoryQuery::Newest, newest(1_051, 1_100));
    assert_eq!(device.timeline(ADA).missing(), 547);
}

#[test]
fn older_pages_go_before_the_run_until_there_are_none() {
    let mut device = Device::live(vec![head(ADA, 120, 120, 0)]);
    device.feed(OPEN);
    device.loaded(HistoryQuery::Newest, newest(71, 120));
    let older = Input::OlderRequested { peer: ADA };
    assert_eq!(fetches(&device.feed(older.clone())), [HistoryQuery::Before(Seq(71))]);
    assert!(device.timeline(ADA).loading_older());
    assert_eq!(fetches(&device.feed(older.clone())), [], "one request at a time");
    device.feed(live(theirs(ADA, 121)));
    device.loaded(HistoryQuery::Before(Seq(71)), newest(21, 70));
    assert!(!device.timeline(ADA).loading_older());
    assert_eq!(device.timeline(ADA).last_seq(), Seq(121));
    device.loaded(HistoryQuery::Before(Seq(71)), newest(21, 70));
    assert_eq!(device.positions(ADA), (21..=121).collect::<Vec<_>>(), "twice is once");
    assert_eq!(fetches(&device.feed(older.clone())), [HistoryQuery::Before(Seq(21))]);
    device.loaded(HistoryQuery::Before(Seq(21)), newest(1, 20));
    assert_eq!(device.positions(ADA), (1..=121).collect::<Vec<_>>());
    assert!(!device.timeline(ADA).has_older());
    assert_eq!(fetches(&device.feed(older)), []);
}

#[test]
fn an_older_page_that_failed_is_tried_again() {
    let mut device = Device::live(vec![head(ADA, 120, 120, 0)]);
    device.feed(OPEN);
    device.loaded(HistoryQuery::Newest, newest(71, 120));
    let query = HistoryQuery::Before(Seq(71));
    device.feed(Input::OlderRequested { peer: ADA });
    device.feed(failed(query));
    assert!(device.timeline(ADA).loading_older());
    assert_eq!(fetches(&device.wait_connected(2)), [query]);
    device.feed(Input::Closed { code: None });
    device.feed(failed(query));
    device.wait(600);
    device.feed(Input::Opened);
    assert_eq!(fetches(&device.welcome(vec![head(ADA, 120, 120, 0)])), [query]);
}

#[test]
fn an_empty_conversation_is_loaded_and_grows() {
    let mut device = Device::live(Vec::new());
    device.feed(OPEN);
    device.loaded(HistoryQuery::Newest, page(Vec::new(), 0));
    assert_eq!(device.timeline(ADA).loading(), Loading::Ready);
    assert!(!device.timeline(ADA).has_older());
    device.send(ADA, 1);
    device.ack(mine(ADA, 1, 1));
    device.feed(live(theirs(ADA, 2)));
    assert_eq!(device.positions(ADA), [1, 2]);
    let mut device = Device::live(Vec::new());
    device.feed(OPEN);
    device.loaded(HistoryQuery::Newest, page(Vec::new(), 0));
    let mut actions = device.wait(15_000);
    actions.extend(device.feed(device.pong(&[(ADA, 1)])));
    actions.extend(device.wait(50));
    assert_eq!(fetches(&actions), [HistoryQuery::After(Seq(0))], "its first message may get lost too");
}

#[test]
fn a_page_with_a_hole_does_not_break_the_run() {
    let mut device = Device::live(vec![head(ADA, 9, 9, 0)]);
    device.feed(OPEN);
    let broken = page([4, 5, 8, 9].map(|seq| theirs(ADA, seq)).into(), 9);
    device.loaded(HistoryQuery::Newest, broken);
    assert_eq!(device.positions(ADA), [8, 9]);
    assert!(device.timeline(ADA).has_older());
}

#[test]
fn what_came_while_the_device_was_away_is_fetched_and_claimed_without_being_opened() {
    let mut device = Device::live(Vec::new());
    let actions = device.reconnect(vec![head(ADA, 3, 1, 2), head(BOB, 9, 9, 0)]);
    assert_eq!(fetches(&actions), [HistoryQuery::Newest]);
    assert!(!actions.iter().any(|action| matches!(action, Action::FetchHistory { peer: BOB, .. })));
    let actions = device.loaded(HistoryQuery::Newest, newest(1, 3));
    let received = ClientFrame::Received { peer_id: ADA, seq: Seq(3) };
    assert_eq!(frames(&actions), [received]);
    assert_eq!(fetches(&device.feed(OPEN)), [], "it is there already");
}

#[test]
fn a_few_conversations_are_fetched_ahead_one_after_the_other() {
    let heads: Vec<_> = (0..20).map(|n| head(person(100 + n), 3, 0, 3)).collect();
    let mut device = Device::live(Vec::new());
    let asked = |actions: &[Action]| {
        actions.iter().filter(|action| matches!(action, Action::FetchHistory { .. })).count()
    };
    assert_eq!(asked(&device.reconnect(heads)), 1);
    assert_eq!(asked(&device.wait(1_000)), 5);
    assert_eq!(asked(&device.wait(5_000)), 2);
}

#[test]
fn opening_does_not_wait_for_its_turn_and_a_failure_ahead_of_time_shows_nowhere() {
    let heads = vec![head(BOB, 3, 0, 3), head(ADA, 3, 0, 3)];
    let mut device = Device::live(Vec::new());
    assert_eq!(fetches(&device.reconnect(heads)), []);
    assert_eq!(fetches(&device.feed(OPEN)), [HistoryQuery::Newest]);
    device.feed(Input::HistoryFailed { peer: BOB, query: HistoryQuery::Newest });
    assert_eq!(device.timeline(BOB).loading(), Loading::Idle);
    device.feed(failed(HistoryQuery::Newest));
    assert_eq!(device.timeline(ADA).loading(), Loading::Failed);
}

#[test]
fn nothing_stands_before_the_first_position() {
    let mut device = Device::live(vec![head(ADA, 3, 0, 3)]);
    device.feed(OPEN);
    device.loaded(HistoryQuery::Newest, newest(0, 3));
    assert_eq!(device.positions(ADA), [1, 2, 3]);
    let mut device = Device::live(vec![head(ADA, 3, 0, 3)]);
    device.feed(OPEN);
    device.loaded(HistoryQuery::Newest, newest(2, 3));
    device.loaded(HistoryQuery::Before(Seq(2)), newest(0, 1));
    assert_eq!(device.positions(ADA), [1, 2, 3]);
}
