//! The wall clock of an instance jumps.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use mosaic::chat::protocol::{ClientFrame, ServerFrame};

use crate::load::Load;
use crate::process::Instance;
use crate::rig::Rig;
use crate::wire::{Device, Heard};

/// Preloaded, it lets a file say what time it is.
const LIBRARIES: [&str; 2] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
];
const HOUR: i64 = 3600;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_jumps_changes_no_order() {
    let test = "clock jumps";
    let mut rig = Rig::start(test, 8).await;
    let instance = Instance::absent(&rig.postgres.url(), Some(&rig.redis.url()));
    let clock = instance.path("clock");
    fs::write(&clock, "+0").expect("the clock is set");
    let library = LIBRARIES.into_iter().find(|library| Path::new(library).exists());
    rig.instances[0] = instance
        .with("LD_PRELOAD", library.expect("libfaketime: scripts/setup.sh test installs it").to_owned())
        .with("FAKETIME_TIMESTAMP_FILE", clock.display().to_string())
        .with("FAKETIME_NO_CACHE", String::from("1"))
        .with("FAKETIME_DONT_FAKE_MONOTONIC", String::from("1"));
    rig.instances[0].restart().await;
    rig.bus_becomes("ok").await;

    let mut device = rig.caller(0).device(rig.instances[0].door()).await;
    let mut load = Load::start(&mut rig, 4, Duration::from_millis(150), |person| person % 2);
    load.progress(&rig, 20).await;
    for hours in [1, -1, 0] {
        fs::write(&clock, format!("{:+}", hours * HOUR)).expect("the clock is set");
        let ahead = seconds_ahead(&mut device).await;
        assert!((ahead - hours * HOUR).abs() < 60, "the clock is {ahead} s ahead after it was set");
        load.progress(&rig, 60).await;
    }
    load.stop();
    let report = rig.judge(test, &load.clients).await;
    assert_eq!(report.refused, 0, "{report}");
    assert_eq!(report.reconnects, 0, "the time of day is no reason to leave: {report}");
}

async fn seconds_ahead(device: &mut Device) -> i64 {
    device.say(&ClientFrame::Ping { heads: [].into() }).await;
    loop {
        if let Heard::Frame(ServerFrame::Pong { server_time, .. }) = device.next().await {
            let now = SystemTime::UNIX_EPOCH.elapsed().expect("after 1970").as_secs();
            return server_time.timestamp() - i64::try_from(now).expect("before the end of time");
        }
    }
}
