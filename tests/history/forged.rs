//! A checker that finds nothing is worth nothing: one forged history for each way to break a
//! guarantee, and one that is whole.

use std::time::Duration;

use mosaic::domain::{ClientId, MessageId, Seq, UserId};
use uuid::Uuid;

use super::checker::{Guarantee, Verdict, check};
use super::record::{Database, Event, History, Record, Row, Side};
use super::report::Report;

const ADA: UserId = UserId(Uuid::from_u128(1));
const BOB: UserId = UserId(Uuid::from_u128(2));
const EVE: UserId = UserId(Uuid::from_u128(3));

fn client_id(n: u64) -> ClientId {
    ClientId(Uuid::from_u128(u128::from(n)))
}

fn message_id(n: u64) -> MessageId {
    MessageId(Uuid::from_u128(1000 + u128::from(n)))
}

/// Ada's n-th message to Bob.
fn row(n: u64) -> Row {
    let text = format!("text {n}");
    Row { id: message_id(n), client_id: client_id(n), sender: ADA, receiver: BOB, seq: Seq(n), text }
}

fn invoke(n: u64) -> Event {
    Event::Invoke { peer: BOB, client_id: client_id(n), text: format!("text {n}") }
}

fn acked(n: u64) -> Event {
    Event::Ok { client_id: client_id(n), id: message_id(n), seq: Seq(n) }
}

fn seen(n: u64) -> Event {
    Event::Seen { peer: ADA, seq: Seq(n), client_id: client_id(n), mine: false }
}

/// Three messages from Ada (client 0), stored, seen and read by Bob (client 1).
fn whole() -> (History, Database) {
    let mut told = Vec::new();
    for n in 1..=3 {
        told.extend([(0, invoke(n)), (0, acked(n)), (1, Event::Told(row(n))), (1, seen(n))]);
        told.push((0, Event::Mark { peer: BOB, delivered: Seq(n), read: Seq(n - 1) }));
    }
    let record = |(n, (client, event))| Record { at: Duration::from_millis(n), client, instance: 0, event };
    let records = (0..).zip(told).map(record).collect();
    let side = |owner, peer, read| Side { owner, peer, last: Seq(3), read, delivered: Seq(3) };
    let sides = vec![side(ADA, BOB, Seq(0)), side(BOB, ADA, Seq(2))];
    (History { people: vec![ADA, BOB], records }, Database { rows: (1..=3).map(row).collect(), sides })
}

/// The verdict after this was done to a whole history.
fn forged(forge: impl FnOnce(&mut History, &mut Database)) -> Verdict {
    let (mut history, mut database) = whole();
    forge(&mut history, &mut database);
    check(&history, &database)
}

fn refused(against: Guarantee, forge: impl FnOnce(&mut History, &mut Database)) {
    let verdict = forged(forge);
    assert!(verdict.count(against) > 0, "{against:?} was broken, and the verdict is: {verdict}");
}

fn add(history: &mut History, client: usize, event: Event) {
    add_at(history, Duration::from_secs(1), client, event);
}

fn add_at(history: &mut History, at: Duration, client: usize, event: Event) {
    history.records.push(Record { at, client, instance: 0, event });
}

fn drop_events(history: &mut History, unwanted: fn(&Event) -> bool) {
    history.records.retain(|record| !unwanted(&record.event));
}

#[test]
fn a_whole_history_passes() {
    let verdict = forged(|_, _| {});
    assert!(verdict.0.is_empty(), "{verdict}");
    let report = Report::of(&whole().0, &verdict);
    assert_eq!((report.sends, report.acked, report.delivery.len()), (3, 3, 3));
    assert_eq!(report.delivery.max(), Duration::from_millis(2));
}

#[test]
fn a_lost_message_is_refused() {
    refused(Guarantee::AckedIsStored, |_, database| drop(database.rows.pop()));
}

#[test]
fn a_doubled_message_is_refused() {
    refused(Guarantee::StoredOnce, |_, database| {
        database.rows.push(Row { id: message_id(4), seq: Seq(4), ..row(3) });
    });
    refused(Guarantee::StoredOnce, |_, database| {
        database.rows.push(Row { id: message_id(4), client_id: client_id(4), seq: Seq(4), ..row(3) });
    });
}

#[test]
fn two_acknowledgements_that_differ_are_refused() {
    refused(Guarantee::StoredOnce, |history, _| {
        add(history, 0, Event::Ok { client_id: client_id(3), id: message_id(3), seq: Seq(4) });
    });
}

#[test]
fn a_hole_is_refused() {
    refused(Guarantee::Dense, |_, database| database.rows[2].seq = Seq(4));
    refused(Guarantee::Dense, |_, database| database.sides[0].last = Seq(4));
}

#[test]
fn what_nobody_stored_is_not_to_be_seen() {
    refused(Guarantee::SeenIsStored, |history, _| add(history, 1, seen(4)));
    refused(Guarantee::SeenIsStored, |_, database| {
        let (first, second) = (database.rows[0].client_id, database.rows[1].client_id);
        (database.rows[0].client_id, database.rows[1].client_id) = (second, first);
    });
    refused(Guarantee::SeenIsStored, |_, database| database.rows[0].text.push('!'));
}

#[test]
fn a_screen_out_of_order_is_refused() {
    refused(Guarantee::SeenInOrder, |history, _| {
        drop_events(history, |event| matches!(event, Event::Seen { seq: Seq(2), .. }));
    });
    refused(Guarantee::SeenInOrder, |history, _| add(history, 1, seen(3)));
    refused(Guarantee::SeenInOrder, |history, _| add(history, 1, Event::Flaw(String::from("twice"))));
}

#[test]
fn a_reload_may_begin_anywhere_and_has_to_end_at_the_end() {
    let verdict = forged(|history, _| {
        add(history, 1, Event::Reloaded);
        add(history, 1, seen(2));
        add(history, 1, seen(3));
    });
    assert!(verdict.0.is_empty(), "{verdict}");
    refused(Guarantee::AllCaughtUp, |history, _| {
        add(history, 1, Event::Reloaded);
        add(history, 1, seen(2));
    });
    refused(Guarantee::AllCaughtUp, |history, _| add(history, 1, Event::Reloaded));
}

#[test]
fn messages_that_swapped_are_refused() {
    refused(Guarantee::SentInOrder, |history, _| {
        add(history, 0, invoke(1));
    });
}

#[test]
fn a_screen_that_stays_behind_is_refused() {
    refused(Guarantee::AllCaughtUp, |history, _| {
        drop_events(history, |event| matches!(event, Event::Seen { seq: Seq(3), .. }));
    });
}

#[test]
fn a_message_that_waits_for_ever_is_refused() {
    refused(Guarantee::AllCaughtUp, |history, _| add(history, 0, invoke(4)));
    let verdict = forged(|history, _| {
        add(history, 0, invoke(4));
        add(history, 0, Event::Fail { client_id: client_id(4), code: String::from("invalid") });
    });
    assert!(verdict.0.is_empty(), "{verdict}");
}

#[test]
fn marks_that_go_back_or_too_far_are_refused() {
    refused(Guarantee::MarksForward, |history, _| {
        add(history, 0, Event::Mark { peer: BOB, delivered: Seq(2), read: Seq(2) });
    });
    refused(Guarantee::MarksForward, |history, _| {
        add(history, 0, Event::Mark { peer: BOB, delivered: Seq(4), read: Seq(2) });
    });
    refused(Guarantee::MarksForward, |_, database| database.sides[1].read = Seq(1));
    refused(Guarantee::MarksForward, |_, database| database.sides[1].delivered = Seq(4));
}

#[test]
fn only_what_says_so_may_start_over() {
    let skip_the_second = |history: &mut History| {
        drop_events(history, |event| matches!(event, Event::Seen { seq: Seq(2), .. }));
    };
    refused(Guarantee::SeenInOrder, |history, _| skip_the_second(history));
    let verdict = forged(|history, _| {
        skip_the_second(history);
        let last = history.records.iter().rposition(|record| matches!(record.event, Event::Seen { .. }));
        let record = history.records[last.expect("something is seen")].clone();
        history
            .records
            .insert(last.unwrap_or_default(), Record { event: Event::StartedOver { peer: ADA }, ..record });
    });
    assert!(verdict.0.is_empty(), "{verdict}");
}

#[test]
fn what_is_somebody_elses_is_refused() {
    refused(Guarantee::NothingForeign, |history, database| {
        history.people.push(EVE);
        add(history, 2, Event::Told(database.rows[0].clone()));
    });
}

#[test]
fn data_for_a_log_in_that_ended_is_refused_after_a_while() {
    let told_late = |history: &mut History, at: Duration| {
        add(history, 1, Event::LoggedOut);
        add_at(history, at, 1, Event::Reloaded);
        add_at(history, at, 1, Event::Told(row(3)));
        add_at(history, at, 1, seen(3));
    };
    let verdict = forged(|history, _| told_late(history, Duration::from_secs(3)));
    assert!(verdict.0.is_empty(), "{verdict}");
    let verdict = forged(|history, _| told_late(history, Duration::from_millis(3001)));
    assert_eq!(verdict.count(Guarantee::NothingAfterLogOut), 2, "{verdict}");
    assert_eq!(Report::of(&whole().0, &verdict).other, 2);
}

#[test]
fn who_was_logged_out_may_be_behind_and_nobody_else() {
    let behind = |history: &mut History| {
        drop_events(history, |event| matches!(event, Event::Seen { seq: Seq(3), .. }));
        add(history, 0, invoke(4));
    };
    let verdict = forged(|history, _| {
        behind(history);
        (0..=1).for_each(|client| add(history, client, Event::LoggedOut));
    });
    assert!(verdict.0.is_empty(), "{verdict}");
    for client in 0..=1 {
        refused(Guarantee::AllCaughtUp, |history, _| {
            behind(history);
            add(history, client, Event::LoggedOut);
        });
    }
}
