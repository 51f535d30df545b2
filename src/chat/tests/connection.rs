//! Getting connected and staying so.

use super::support::{ADA, Device, count, head, moment, person};
use crate::chat::protocol::{ClientFrame, ServerFrame, close_code};
use crate::chat::{Action, Connection, Input, Millis};

const HOUR: u64 = 3_600_000;

fn connects(actions: &[Action]) -> usize {
    count(actions, &Action::Connect)
}

/// Waits for the next attempt, and returns how long that took.
fn next_attempt(device: &mut Device) -> u64 {
    let from = device.now;
    while connects(&device.wait(1)) == 0 {}
    device.now.since(from)
}

#[test]
fn a_start_asks_for_a_ticket_and_the_welcome_makes_it_live() {
    let mut device = Device::new();
    assert_eq!(device.session.connection(), Connection::Connecting);
    assert!(device.wait(HOUR).is_empty(), "nothing happens before the app has started");
    assert_eq!(connects(&device.feed(Input::Started)), 1);
    assert_eq!(connects(&device.feed(Input::Started)), 0);
    assert_eq!(device.feed(Input::Opened), []);
    assert_eq!(device.session.connection(), Connection::Connecting);
    let actions = device.welcome(vec![head(ADA, 3, 1, 2)]);
    assert_eq!(count(&actions, &Action::ConnectionChanged), 1);
    assert_eq!(device.session.connection(), Connection::Live);
    assert_eq!(device.session.server_offset(), 5000);
    assert_eq!(device.session.peer(ADA).online, Some(false));
}

#[test]
fn failures_back_off_with_full_jitter_up_to_thirty_seconds() {
    let mut device = Device::new();
    device.feed(Input::Started);
    let mut waits = Vec::new();
    for _ in 0..40 {
        device.feed(Input::Closed { code: None });
        assert_eq!(device.session.connection(), Connection::BackingOff);
        waits.push(next_attempt(&mut device));
    }
    for (attempt, wait) in waits.iter().enumerate() {
        let window = (500_u64 << attempt.min(6)).min(30_000);
        assert!(*wait <= window + 1, "attempt {attempt} waited {wait}");
    }
    assert!(waits.iter().any(|wait| *wait > 15_000) && waits[10..].iter().any(|wait| *wait < 10_000));
}

#[test]
fn ten_stable_seconds_forgive_earlier_failures() {
    let first_wait = |lived: u64| {
        let mut device = Device::new();
        device.feed(Input::Started);
        for _ in 0..12 {
            device.feed(Input::Closed { code: None });
            next_attempt(&mut device);
        }
        device.feed(Input::Opened);
        device.welcome(Vec::new());
        device.wait(lived);
        device.feed(Input::Closed { code: Some(1006) });
        next_attempt(&mut device)
    };
    assert!(first_wait(10_000) <= 501);
    assert!(first_wait(9_000) > 501, "this seed waits longer in the wide window");
}

#[test]
fn a_network_that_is_back_and_a_page_that_is_looked_at_connect_at_once() {
    for input in [Input::NetworkBack, Input::BecameVisible] {
        let mut device = Device::new();
        device.feed(Input::Started);
        for _ in 0..8 {
            device.feed(Input::Closed { code: None });
            next_attempt(&mut device);
        }
        device.feed(Input::TicketRefused { session_over: false });
        assert_eq!(connects(&device.feed(input.clone())), 1);
        assert_eq!(connects(&device.feed(input)), 0, "one attempt at a time");
    }
}

#[test]
fn without_a_network_nothing_is_tried_until_it_is_back_or_somebody_looks() {
    for sign in [Input::NetworkBack, Input::BecameVisible] {
        let mut device = Device::live(Vec::new());
        let actions = device.feed(Input::NetworkLost);
        assert_eq!(count(&actions, &Action::Disconnect), 1);
        assert_eq!(device.session.connection(), Connection::Offline);
        assert_eq!(device.feed(Input::Closed { code: None }), []);
        assert_eq!(device.wait(HOUR), []);
        assert_eq!(connects(&device.feed(sign)), 1);
    }
}

#[test]
fn the_end_of_the_log_in_ends_everything() {
    let ends = [
        Input::TicketRefused { session_over: true },
        Input::Closed { code: Some(close_code::SESSION_ENDED) },
        // The browser has become somebody else's: nothing of this user may go out over that socket.
        Input::FrameReceived(ServerFrame::Welcome {
            user_id: person(9),
            server_time: moment(Millis(0)),
            conversations: Vec::new(),
        }),
    ];
    for end in ends {
        let mut device = Device::new();
        device.send(ADA, 1);
        device.feed(Input::Started);
        let actions = device.feed(end);
        assert_eq!(count(&actions, &Action::SessionOver), 1);
        assert_eq!(device.session.connection(), Connection::Ended);
        assert_eq!(device.session.outbox().items().len(), 1, "what was not sent stays");
        for input in [Input::Started, Input::NetworkLost, Input::NetworkBack, Input::BecameVisible] {
            assert_eq!(device.feed(input), []);
        }
        assert_eq!(device.wait(HOUR), []);
    }
}

#[test]
fn a_displaced_device_does_not_fight_for_its_place() {
    let mut device = Device::live(Vec::new());
    device.feed(Input::Closed { code: Some(close_code::TOO_MANY_DEVICES) });
    assert_eq!(connects(&device.wait(29_999)), 0);
    assert_eq!(connects(&device.wait(1)), 1);
    device.feed(Input::Closed { code: Some(close_code::TOO_MANY_DEVICES) });
    assert_eq!(connects(&device.feed(Input::BecameVisible)), 1);
}

#[test]
fn a_connection_that_brings_no_welcome_is_given_up() {
    let mut device = Device::new();
    device.feed(Input::Started);
    device.wait(2000);
    device.feed(Input::Opened);
    assert_eq!(device.wait(7999), []);
    let actions = device.wait(1000);
    assert_eq!((count(&actions, &Action::Disconnect), connects(&actions)), (1, 1));
}

#[test]
fn a_ping_goes_out_every_fifteen_seconds_and_silence_after_it_means_death() {
    let mut device = Device::reading(3);
    let ping = |actions: &[Action]| {
        let heads = [(ADA, crate::domain::Seq(3))].into();
        count(actions, &Action::Transmit(ClientFrame::Ping { heads }))
    };
    assert_eq!(ping(&device.wait(14_999)), 0);
    assert_eq!(ping(&device.wait(1)), 1);
    device.feed(device.pong(&[(ADA, 3)]));
    assert_eq!(ping(&device.wait(14_999)), 0);
    assert_eq!(ping(&device.wait(1)), 1);
    let actions = device.wait(9_999);
    assert_eq!(count(&actions, &Action::Disconnect), 0);
    let actions = device.wait(1);
    assert_eq!(count(&actions, &Action::Disconnect), 1);
    assert_eq!(device.session.connection(), Connection::BackingOff);
}

#[test]
fn any_frame_proves_that_the_socket_lives() {
    let mut device = Device::live(Vec::new());
    for _ in 0..60 {
        let actions = device.wait(7_000);
        assert_eq!(count(&actions, &Action::Disconnect), 0);
        device.feed(Input::FrameReceived(ServerFrame::Unknown));
    }
}

#[test]
fn throttled_timers_of_a_hidden_tab_are_no_reason_to_reconnect() {
    let mut device = Device::live(Vec::new());
    for _ in 0..30 {
        // The browser lets a hidden tab have one timer a minute; the pong comes in between.
        device.now = device.now.after(60_000);
        let actions = device.feed(Input::TimedOut);
        assert_eq!(count(&actions, &Action::Disconnect), 0);
        device.now = device.now.after(50);
        device.feed(device.pong(&[]));
    }
}

#[test]
fn after_eight_hours_of_sleep_there_is_exactly_one_reconnect() {
    for woken_by in [Input::TimedOut, Input::BecameVisible, Input::NetworkBack] {
        let mut device = Device::live(Vec::new());
        device.now = device.now.after(8 * HOUR);
        let mut actions = device.feed(woken_by);
        actions.extend(device.feed(Input::BecameVisible));
        actions.extend(device.feed(Input::TimedOut));
        actions.extend(device.wait(5_000));
        assert_eq!((count(&actions, &Action::Disconnect), connects(&actions)), (1, 1));
        device.feed(Input::Opened);
        let actions = device.welcome(Vec::new());
        assert_eq!((count(&actions, &Action::Disconnect), connects(&actions)), (0, 0));
        assert_eq!(device.session.connection(), Connection::Live);
    }
}

#[test]
fn somebody_who_comes_back_to_a_dead_socket_waits_three_seconds() {
    let mut device = Device::live(Vec::new());
    device.wait(6_000);
    device.feed(Input::BecameVisible);
    let actions = device.wait(3_000);
    assert_eq!(count(&actions, &Action::Disconnect), 1);
}

#[test]
fn a_clock_that_is_set_back_delays_nothing() {
    let mut device = Device::live(Vec::new());
    device.now = Millis(device.now.0 - HOUR / 4);
    device.feed(Input::Closed { code: None });
    assert_eq!(connects(&device.wait(600)), 1);
    device.feed(Input::Opened);
    device.welcome(Vec::new());
    let actions = device.wait(15_000);
    assert_eq!(super::support::frames(&actions).len(), 1, "the ping is on time");
}

#[test]
fn timers_that_fire_early_late_or_twice_do_no_harm() {
    let mut device = Device::live(Vec::new());
    for _ in 0..10 {
        let actions = device.feed(Input::TimedOut);
        assert!(matches!(actions[..], [Action::WakeAt(_)]), "only the timer is set again: {actions:?}");
    }
    let actions = device.wait(15_000);
    assert_eq!(super::support::frames(&actions).len(), 1);
}
