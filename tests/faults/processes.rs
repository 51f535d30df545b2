//! An instance dies, is told to end, or runs out of file descriptors.

use std::time::Duration;

use mosaic::chat::protocol::close_code;
use tokio::net::TcpStream;

use crate::driver::{Client, connected};
use crate::history::record::Event;
use crate::load::Load;
use crate::process::Instance;
use crate::rig::Rig;
use crate::tools::{say, until, within};

/// How soon clients of a killed instance are elsewhere.
const MOVED: Duration = Duration::from_secs(5);
/// How long an instance may take to end when it is told to.
const DRAINED: Duration = Duration::from_secs(20);

fn are_at(instance: usize, clients: &[Client]) -> bool {
    clients.iter().all(|client| client.is_live() && client.view().instance == instance)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_instance_loses_nothing() {
    let test = "SIGKILL";
    let mut rig = Rig::alone(test, 8).await;
    let mut load = Load::start(&mut rig, 4, Duration::from_millis(150), |person| person % 2);
    for victim in [0, 1] {
        load.progress(&rig, 40).await;
        rig.instances[victim].kill();
        let moved = within(MOVED, "everybody is elsewhere", async || are_at(1 - victim, &load.clients)).await;
        say(&format!("{test}: everybody elsewhere after {moved:?}"));
        load.progress(&rig, 20).await;
        rig.instances[victim].restart().await;
        rig.bus_becomes("ok").await;
    }
    load.stop();
    rig.judge(test, &load.clients).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_is_told_to_end_hands_everybody_over() {
    let test = "SIGTERM";
    let mut rig = Rig::start(test, 50).await;
    let mut load = Load::start(&mut rig, 25, Duration::from_secs(1), |_| 0);
    until("everybody is connected", async || are_at(0, &load.clients)).await;
    load.progress(&rig, 50).await;
    rig.instances[0].terminate();
    let status = rig.instances[0].ended(DRAINED).await.expect("the drain takes longer than 20 s");
    assert_eq!(status.code(), Some(0), "{status}");
    let moved = within(MOVED, "everybody is elsewhere", async || are_at(1, &load.clients)).await;
    say(&format!("{test}: everybody elsewhere {moved:?} after the end"));
    load.progress(&rig, 50).await;
    load.stop();
    rig.judge(test, &load.clients).await;
    for record in rig.recorder.history().records {
        if let Event::Closed { code } = record.event {
            assert_eq!(code, Some(close_code::RESTARTING), "nobody was told why: {record}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_restart_fails_no_send() {
    let test = "rolling restart";
    let mut rig = Rig::start(test, 8).await;
    let mut load = Load::start(&mut rig, 4, Duration::from_millis(150), |person| person % 2);
    for next in [0, 1] {
        load.progress(&rig, 40).await;
        rig.instances[next].terminate();
        let status = rig.instances[next].ended(DRAINED).await.expect("the drain takes longer than 20 s");
        assert_eq!(status.code(), Some(0), "{status}");
        rig.instances[next].restart().await;
        rig.bus_becomes("ok").await;
    }
    load.progress(&rig, 40).await;
    load.stop();
    let report = rig.judge(test, &load.clients).await;
    assert_eq!((report.refused, report.acked), (0, report.sends), "{report}");
    // The first to be restarted sends its half to the second, which sends everybody back.
    assert!(report.reconnects >= 4 + 8, "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_without_file_descriptors_lives_on() {
    let test = "no file descriptors";
    let mut rig = Rig::start(test, 4).await;
    let (ada, bob) = (rig.client(0, 1, 0), rig.client(1, 0, 0));
    ada.say(String::from("all is well"));
    until("it arrives", async || bob.shows(1)).await;
    let errors = accept_errors(&rig.instances[0]).await;

    let before = rig.instances[0].limit("nofile", &open_files(&rig.instances[0]).to_string());
    // The system takes the connection; the instance cannot.
    let waiting = TcpStream::connect(rig.instances[0].door().http).await.expect("there is a backlog");
    let late = rig.client(2, 3, 0);
    ada.say(String::from("in need"));
    until("those who are connected go on", async || bob.shows(2)).await;
    assert!(!are_at(0, std::slice::from_ref(&late)), "it has a descriptor after all");

    rig.instances[0].limit("nofile", &before);
    until("it answers again", async || {
        rig.instances[0].get("/healthz").await.is_some_and(|(status, _)| status == 200)
    })
    .await;
    assert!(accept_errors(&rig.instances[0]).await > errors, "there were descriptors left");
    drop(waiting);
    connected(&[&late]).await;
    late.say(String::from("at last"));
    rig.judge(test, &[ada, bob, late]).await;
}

async fn accept_errors(instance: &Instance) -> f64 {
    instance.metric("mosaic_accept_errors_total").await
}

fn open_files(instance: &Instance) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", instance.pid())).expect("the instance runs").count()
}
