//! PostgreSQL restarted or frozen: a send is acknowledged, refused for now or left without an
//! answer, and in the end it is there once.

use std::time::Duration;

use futures::future::join_all;
use mosaic::chat::HistoryQuery;
use mosaic::chat::protocol::{ClientFrame, ServerFrame, close_code};
use mosaic::domain::ClientId;
use sqlx::Connection as _;
use tokio::time::timeout;
use uuid::Uuid;

use crate::driver::connected;
use crate::history::record::Event;
use crate::load::Load;
use crate::postgres::Stop;
use crate::rig::Rig;
use crate::tools::{say, until, within};
use crate::wire::{Device, Heard};

/// How soon sends are stored again once the database is back.
const HEALED: Duration = Duration::from_secs(3);
/// How long a send may wait for a database that does not answer.
const PATIENCE: Duration = Duration::from_secs(13);
/// The connections an instance may hold: for batches of sends, for sends that wait for a lock, for
/// everything else.
const SLOTS: usize = 2 + 4 + READ_SLOTS;
const READ_SLOTS: usize = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_under_load_costs_nothing() {
    let test = "PostgreSQL restarted";
    let mut rig = Rig::alone(test, 8).await;
    let mut load = Load::start(&mut rig, 4, Duration::from_millis(150), |person| person % 2);
    load.progress(&rig, 40).await;
    for how in [Stop::Fast, Stop::Immediate] {
        rig.postgres.restart(how).await;
        let before = rig.recorder.acknowledged();
        let healed = within(HEALED, "sends are stored again", async || rig.recorder.acknowledged() > before);
        say(&format!("{test}, {how:?}: healed after {:?}", healed.await));
        load.progress(&rig, 40).await;
    }
    load.stop();
    let report = rig.judge(test, &load.clients).await;
    assert!(report.unknown > 0, "the restarts met no send: {report}");
    assert_eq!(report.refused, 0, "a send was given up because of a restart");
    for record in rig.recorder.history().records {
        if let Event::Closed { code } = record.event {
            let is_polite = matches!(code, None | Some(close_code::GOING_AWAY | close_code::RESTARTING));
            assert!(is_polite, "{record}");
        }
    }
    the_pools_are_whole(&rig).await;
}

/// No connection is held beyond what the pools have room for, none is in the middle of something,
/// and every slot that is for reading can be had: where one was lost, fewer readers would wait at once.
async fn the_pools_are_whole(rig: &Rig) {
    let held = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'mosaic'";
    let left = format!("{held} AND state LIKE 'idle in transaction%'");
    let waiting = format!("{held} AND wait_event_type = 'Lock'");
    let most = |slots: usize| i64::try_from(rig.instances.len() * slots).expect("not that many");
    within(HEALED, "the pools are within their bounds", async || {
        let held = rig.postgres.numbers(held).await[0];
        (1..=most(SLOTS)).contains(&held) && rig.postgres.numbers(&left).await == [0]
    })
    .await;
    let lock = rig.postgres.lock_out_readers().await;
    let asked = rig.doors().into_iter().flat_map(|door| (0..SLOTS).map(move |reader| (door, reader)));
    let readers = asked.map(|(door, reader)| {
        let people = rig.people.len();
        let (caller, peer) = (rig.caller(reader % people), rig.people[(reader + 1) % people].id);
        async move { caller.history(door, peer, HistoryQuery::Newest).await }
    });
    let readers = tokio::spawn(join_all(readers.collect::<Vec<_>>()));
    until("every slot is in use", async || rig.postgres.numbers(&waiting).await == [most(READ_SLOTS)]).await;
    drop(lock);
    // Those who waited for a slot for too long are told to try again.
    let answers = readers.await.expect("nobody crashed");
    let answered = answers.iter().filter(|answer| answer.is_ok()).count();
    assert!(answered >= rig.instances.len() * READ_SLOTS, "{answered} of {}", answers.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_database_keeps_nobody_waiting_for_long() {
    let test = "PostgreSQL frozen";
    let mut rig = Rig::start(test, 4).await;
    let (ada, bob) = (rig.client(0, 1, 0), rig.client(1, 0, 1));
    let mut device = rig.caller(2).device(rig.instances[0].door()).await;
    connected(&[&ada, &bob]).await;
    // The connections were just used: the statements of these sends are what freezes.
    let (warm_up, first) = send_to(&rig, 3);
    repeat_until_stored(&mut device, &warm_up, first).await;
    rig.postgres.freeze();
    ada.say(String::from("into the ice"));
    let (send, client_id) = send_to(&rig, 3);
    device.say(&send).await;
    let refused = within(PATIENCE, "the client is refused for now", async || rig.recorder.unknown() > 0);
    let (answer, _) = tokio::join!(timeout(PATIENCE, answer_to(&mut device, client_id)), refused);
    let answer = answer.expect("a send waits for a frozen database for too long");
    assert!(matches!(answer, ServerFrame::Error { retryable: true, .. }), "{answer:?}");
    for instance in &rig.instances {
        let alive = timeout(Duration::from_secs(1), instance.get("/healthz")).await;
        let alive = alive.ok().flatten().map(|(status, _)| status);
        assert_eq!(alive, Some(200), "an instance is blocked by its database");
    }
    rig.postgres.thaw();
    let stored = timeout(HEALED, repeat_until_stored(&mut device, &send, client_id)).await;
    stored.expect("the send is not stored though the database is back");
    let count = format!("SELECT count(*) FROM messages WHERE client_id = '{client_id}'");
    assert_eq!(rig.postgres.numbers(&count).await, [1]);
    rig.judge(test, &[ada, bob]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_that_is_locked_for_long_keeps_its_order() {
    let test = "conversation locked";
    let mut rig = Rig::start(test, 2).await;
    let (ada, bob) = (rig.client(0, 1, 0), rig.client(1, 0, 1));
    ada.say(String::from("all is well"));
    until("it arrives", async || bob.shows(1)).await;
    let lock = rig.postgres.lock_conversations().await;
    ["one", "two", "three"].into_iter().for_each(|text| ada.say(String::from(text)));
    // What was sent right behind the refused one must not overtake it.
    until("the first is refused for now", async || rig.recorder.unknown() > 0).await;
    lock.close().await.expect("the lock is let go");
    until("all of it arrives", async || bob.shows(4)).await;
    let report = rig.judge(test, &[ada, bob]).await;
    assert_eq!(report.reconnects, 0, "a send refused for now costs no connection: {report}");
}

fn send_to(rig: &Rig, person: usize) -> (ClientFrame, ClientId) {
    let (receiver_id, client_id) = (rig.people[person].id, ClientId(Uuid::new_v4()));
    (ClientFrame::Send { client_id, receiver_id, content: client_id.to_string() }, client_id)
}

async fn repeat_until_stored(device: &mut Device, send: &ClientFrame, client_id: ClientId) {
    loop {
        device.say(send).await;
        if let ServerFrame::Ack { .. } = answer_to(device, client_id).await {
            return;
        }
    }
}

async fn answer_to(device: &mut Device, send: ClientId) -> ServerFrame {
    loop {
        match device.next().await {
            Heard::Frame(frame @ ServerFrame::Ack { client_id, .. }) if client_id == send => return frame,
            Heard::Frame(frame @ ServerFrame::Error { client_id: Some(client_id), .. })
                if client_id == send =>
            {
                return frame;
            }
            Heard::Frame(_) => {}
            Heard::Closed(code) => panic!("the socket was closed with {code:?}"),
        }
    }
}
