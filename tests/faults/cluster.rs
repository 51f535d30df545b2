//! The run that counts: two instances under load, and everything they depend on goes away in turn.

use std::time::Duration;

use mosaic::chat::Connection;

use crate::history::record::Event;
use crate::history::report::Report;
use crate::load::Load;
use crate::postgres::Stop;
use crate::rig::Rig;
use crate::tools::{say, within};

/// I7: how soon everybody holds everything once the last fault is over.
const CAUGHT_UP: Duration = Duration::from_secs(3);
/// I10: how soon a log-in that ended is told nothing more.
const LOGGED_OUT: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_pairs_survive_everything() {
    run("ten pairs", 10, Duration::from_millis(400), 100).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "forty seconds: make test-faults"]
async fn fifty_pairs_survive_everything() {
    run("fifty pairs", 50, Duration::from_secs(1), 400).await;
}

/// Between two faults, and during those that last, the load goes on for `step` acknowledgements.
/// One pair more writes to each other until one of the two logs out, and then the other goes on.
async fn run(test: &str, pairs: usize, pause: Duration, step: usize) {
    let mut rig = Rig::alone(test, 2 * pairs + 2).await;
    let mut load = Load::start(&mut rig, pairs + 1, pause, |person| person % 2);
    load.progress(&rig, step).await;

    say("  Redis is killed, and somebody logs out");
    rig.redis.kill();
    rig.bus_becomes("degraded").await;
    log_out(&rig, &load, 2 * pairs).await;
    // What is written to who is not there any more is never delivered.
    load.silence(2 * pairs + 1).await;
    load.progress(&rig, step).await;
    say("  Redis is back");
    rig.redis.restart().await;
    load.progress(&rig, step).await;

    say("  PostgreSQL is restarted like after a crash, and pages are reloaded meanwhile");
    rig.postgres.stop(Stop::Immediate);
    load.clients.iter().step_by(5).for_each(|client| client.reload());
    rig.postgres.begin();
    rig.postgres.answers().await;
    load.progress(&rig, step).await;

    say("  an instance is killed");
    rig.instances[1].kill();
    load.progress(&rig, step).await;
    say("  the instance is back");
    rig.instances[1].restart().await;
    load.progress(&rig, step).await;

    say("  the subscribers are cut off");
    assert!(rig.redis.cut_subscribers().await >= 1, "nobody was subscribed");
    load.progress(&rig, step).await;

    load.stop();
    let report = rig.judge(test, &load.clients).await;
    assert_is_a_run_with_faults(&report, pairs, step);
}

/// Somebody logs out through the instance where their socket is not.
async fn log_out(rig: &Rig, load: &Load, person: usize) {
    load.silence(person).await;
    let client = &load.clients[person];
    let here = client.view().instance;
    rig.caller(person).log_out(rig.doors()[1 - here]).await.expect("the log-out is answered");
    rig.recorder.note(client.no, here, Event::LoggedOut);
    let is_over = async || client.view().connection == Connection::Ended;
    let took = within(LOGGED_OUT, "the log-in is over at the other instance", is_over).await;
    say(&format!("  the other instance knew after {took:?}"));
}

/// Nothing to object to is worth something only if much went wrong.
fn assert_is_a_run_with_faults(report: &Report, pairs: usize, step: usize) {
    assert_eq!(report.clients, 2 * pairs + 2);
    assert_eq!(report.sends, report.acked);
    assert!(report.acked >= 7 * step, "{report}");
    assert!(report.caught_up <= CAUGHT_UP, "somebody was behind for {:?}", report.caught_up);
    assert!(report.reconnects >= pairs, "an instance was killed, and nobody had to move: {report}");
    assert!(report.delivery.len() >= report.acked * 9 / 10, "hardly anything was delivered: {report}");
}
