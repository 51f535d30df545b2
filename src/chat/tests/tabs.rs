//! Several tabs of one user that share one outbox.

use super::support::{ADA, Device, NONE, client_id, count, live, mine, refusal, sends};
use crate::chat::{Action, Delivery, Input, Outbox};

fn elsewhere(outbox: &Outbox) -> Input {
    Input::OutboxChangedElsewhere(outbox.clone())
}

fn two_tabs() -> (Device, Device) {
    (Device::live(Vec::new()), Device::live(Vec::new()))
}

#[test]
fn an_item_of_another_tab_is_shown_and_left_to_it() {
    let (mut first, mut second) = two_tabs();
    first.send(ADA, 1);
    let actions = second.feed(elsewhere(first.session.outbox()));
    assert_eq!((sends(&actions), count(&actions, &Action::SaveOutbox)), (vec![], 0));
    assert_eq!(second.shown(ADA), [(0, Delivery::Sending)]);
    second.wait(3_000);
    second.feed(live(mine(ADA, 1, 1)));
    assert_eq!(second.shown(ADA), [(1, Delivery::Sent)]);
    assert_eq!(sends(&second.wait_connected(30)), []);
}

#[test]
fn an_item_of_a_tab_that_died_is_taken_over() {
    let (mut first, mut second) = two_tabs();
    first.send(ADA, 1);
    first.send(ADA, 2);
    second.feed(elsewhere(first.session.outbox()));
    assert_eq!(sends(&second.wait_connected(9)), []);
    assert_eq!(sends(&second.wait_connected(2)), [1, 2]);
}

#[test]
fn a_retry_begins_with_what_the_server_waits_for() {
    let (mut first, mut second) = two_tabs();
    first.send(ADA, 1);
    second.feed(elsewhere(first.session.outbox()));
    second.wait(1);
    assert_eq!(sends(&second.send(ADA, 2)), [2]);
    second.wait_connected(9);
    second.wait(900);
    // The other tab's time ends before this one tries again.
    assert_eq!(sends(&second.feed(refusal(2, true))), []);
    assert_eq!(sends(&second.wait_connected(2)), [2, 1]);
}

#[test]
fn a_write_that_does_not_know_of_an_item_does_not_lose_it() {
    let (mut first, mut second) = two_tabs();
    first.send(ADA, 1);
    second.send(ADA, 2);
    // The second tab has written over what the first had.
    let actions = first.feed(elsewhere(second.session.outbox()));
    assert_eq!(actions[0], Action::SaveOutbox);
    assert_eq!(first.session.outbox().items().len(), 2);
    // The second takes the union in and has nothing to add: the exchange ends here.
    let actions = second.feed(elsewhere(first.session.outbox()));
    assert_eq!(count(&actions, &Action::SaveOutbox), 0);
    assert_eq!(second.session.outbox().items(), first.session.outbox().items());
    let kept = second.session.outbox().combined(first.session.outbox().clone());
    assert_eq!(kept.items().len(), 2);
}

#[test]
fn an_item_that_another_tab_got_stored_is_kept_until_there_is_proof() {
    let (mut first, mut second) = two_tabs();
    first.send(ADA, 1);
    second.feed(elsewhere(first.session.outbox()));
    first.ack(mine(ADA, 1, 1));
    let actions = second.feed(elsewhere(first.session.outbox()));
    assert_eq!(count(&actions, &Action::SaveOutbox), 0, "nothing is lacking there");
    assert_eq!(second.shown(ADA), [(0, Delivery::Sending)]);
    // The echo got lost on the bus: this tab asks for itself.
    assert_eq!(sends(&second.wait_connected(11)), [1]);
    second.ack(mine(ADA, 1, 1));
    assert_eq!(second.shown(ADA), [(1, Delivery::Sent)]);
    // Whatever older copy comes by now does not bring it back.
    let mut stale = Device::live(Vec::new());
    stale.send(ADA, 1);
    let actions = second.feed(elsewhere(stale.session.outbox()));
    assert_eq!((sends(&actions), second.session.outbox().is_empty()), (vec![], true));
}

#[test]
fn refusals_retries_and_deletions_are_shared() {
    let (mut first, mut second) = two_tabs();
    first.send(ADA, 1);
    second.feed(elsewhere(first.session.outbox()));
    first.feed(refusal(1, false));
    second.feed(elsewhere(first.session.outbox()));
    assert!(matches!(second.shown(ADA)[..], [(0, Delivery::NotSent { .. })]));
    let (peer, client_id) = (ADA, client_id(1));
    assert_eq!(sends(&second.feed(Input::RetryRequested { peer, client_id })), [1]);
    first.feed(elsewhere(second.session.outbox()));
    assert_eq!(first.shown(ADA), [(0, Delivery::Sending)]);
    second.feed(refusal(1, false));
    first.feed(elsewhere(second.session.outbox()));
    first.feed(Input::DeleteRequested { peer, client_id });
    assert_eq!(first.shown(ADA), []);
    second.feed(elsewhere(first.session.outbox()));
    assert_eq!(second.shown(ADA), []);
    assert!(second.session.outbox().is_empty());
}

#[test]
fn an_item_that_is_stored_already_is_not_shown_twice() {
    let (mut first, mut second) = two_tabs();
    first.send(ADA, 1);
    second.feed(live(mine(ADA, 1, 1)));
    second.feed(elsewhere(first.session.outbox()));
    assert_eq!(second.positions(ADA), NONE);
    assert_eq!(sends(&second.wait_connected(30)), []);
}
