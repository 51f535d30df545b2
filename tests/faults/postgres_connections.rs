//! Connections to PostgreSQL that end in the middle of something, and requests whose sender does
//! not wait for the end.

use std::time::Duration;

use mosaic::domain::ClientId;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::timeout;
use uuid::Uuid;

use crate::load::Load;
use crate::rig::Rig;
use crate::tools::{Dice, say, signalled, until, within};
use crate::wire::Caller;

/// So many statements are to be met.
const KILLS: usize = 25;
/// So many requests whose sender hangs up.
const HANG_UPS: usize = 300;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_ends_at_commit_stores_once_or_not_at_all() {
    let test = "killed at COMMIT";
    let mut rig = Rig::start(test, 8).await;
    // A commit takes a twentieth of a second: that is where statements are met.
    rig.postgres.set("commit_siblings", "0").await;
    rig.postgres.set("commit_delay", "50000").await;
    let mut load = Load::start(&mut rig, 4, Duration::from_millis(100), |person| person % 2);
    load.progress(&rig, 20).await;
    let mut killed = 0;
    while killed < KILLS {
        for pid in rig.postgres.busy().await {
            let end = format!("SELECT pg_terminate_backend({pid})::int::bigint");
            killed += usize::from(rig.postgres.numbers(&end).await == [1]);
        }
        load.progress(&rig, 1).await;
    }
    // Killed for good, one of them takes the whole server through a recovery.
    until("a statement is under way", async || match rig.postgres.busy().await.first() {
        Some(pid) => signalled(*pid, "KILL"),
        None => false,
    })
    .await;
    rig.postgres.answers().await;
    load.progress(&rig, 20).await;
    load.stop();
    let report = rig.judge(test, &load.clients).await;
    assert!(report.unknown > 0, "no send was met: {report}");
    assert_eq!(report.refused, 0, "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn senders_who_hang_up_leave_nothing_behind() {
    let test = "hung up";
    let mut rig = Rig::start(test, 2).await;
    let (ada, door) = (rig.caller(0), rig.doors()[0]);
    let receiver = rig.people[1].id;
    let url = format!("http://{}/messages/send", door.http);
    let mut requests = JoinSet::new();
    let mut sent = Vec::new();
    for _ in 0..HANG_UPS {
        let client_id = ClientId(Uuid::new_v4());
        let message = json!({ "receiver_id": receiver, "content": "gone", "client_id": client_id });
        let patience = patience(&mut rig.dice);
        sent.push(client_id);
        requests.spawn(answered_in(patience, ada.clone(), url.clone(), message));
        if requests.len() == 8 {
            requests.join_next().await;
        }
    }
    requests.join_all().await;

    let idle = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'";
    let under_way = async || !rig.postgres.busy().await.is_empty();
    within(Duration::from_secs(3), "the last statement has ended", async || !under_way().await).await;
    assert_eq!(rig.postgres.numbers(idle).await, [0], "a transaction was left open");
    // In one statement: a request that was hung up on may be stored this late.
    let both = "SELECT seq FROM messages UNION ALL SELECT last_seq FROM conversations ORDER BY seq";
    let mut stored = rig.postgres.numbers(both).await;
    let last = stored.pop();
    let dense: Vec<_> = (1..).take(stored.len()).collect();
    assert_eq!((&stored, last.as_ref()), (&dense, dense.last()), "the conversation has a hole");
    say(&format!("{test}: {} of {HANG_UPS} requests were stored", stored.len()));

    // Nothing of it holds anything up: the very same sends are answered, all of them, once each.
    for client_id in sent {
        let message = json!({ "receiver_id": receiver, "content": "gone", "client_id": client_id });
        let answer = answered_in(Duration::from_secs(2), ada.clone(), url.clone(), message).await;
        assert!(answer, "a send that was given up is not answered when it is repeated");
    }
    assert_eq!(rig.postgres.numbers("SELECT count(*) FROM messages").await, [300]);
}

/// Up to twelve milliseconds: a send takes about half of that.
fn patience(dice: &mut Dice) -> Duration {
    Duration::from_micros(dice.roll() % 12_000)
}

/// Sends on a connection of its own, and hangs up when the answer takes longer than this.
async fn answered_in(patience: Duration, caller: Caller, url: String, message: serde_json::Value) -> bool {
    let http = reqwest::Client::new();
    let request = http.post(url).bearer_auth(&caller.person.token).json(&message);
    let answer = timeout(patience, request.send()).await;
    answer.is_ok_and(|answer| answer.is_ok_and(|answer| answer.status().is_success()))
}
