//! People who mean harm, by the thousand: they must not be felt by anybody else, and must learn
//! nothing. `make hostile` runs these; nothing else does.

mod crowd;
mod log_in_timing;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::driver::connected;
use crate::history::record::{Event, History};
use crate::history::report::Spread;
use crate::load::Load;
use crate::process::{Instance, SLOW};
use crate::rig::Rig;
use crate::tools::{say, until, within};
use crowd::Crowd;

/// Ordinary people, in pairs, each writing about once a second.
const PAIRS: usize = 20;
const WRITES: Duration = Duration::from_secs(1);
/// For how long they are watched, alone and beside the crowd: some twelve hundred messages each time,
/// so that twelve are slower than the 99th percentile.
const WATCHED: Duration = Duration::from_secs(30);
/// Beside the crowd the 99th percentile of delivery is at most so many times what it was alone …
const SLOWER: u32 = 2;
/// … or, where that was next to nothing, this: two timers of a millisecond and two turns of the
/// system's scheduler, four milliseconds each, on the way there, which no server can do without.
const FLOOR: Duration = Duration::from_millis(10);
/// Nobody hostile is left so long after the last of them came.
const GONE: Duration = Duration::from_secs(60);
/// The share of the connections that last which must stand while the pairs are watched; the others
/// have just been hung up on and are on their way back.
const PRESENT: f64 = 0.75;
/// What the crowd may cost in memory, however long it stays. A device that is written to and does
/// not read: 256 KiB in its queue, and as much again in its writer's hands. Every connection: 32 KiB
/// for its task, hyper's buffer and what the use cases remember of it.
const MEMORY: usize = (crowd::WRITTEN_TO * 512 + (crowd::LASTING + crowd::FLOODS) * 32) * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "three minutes: make hostile"]
async fn a_hostile_crowd_is_not_felt_by_anybody_else() {
    let test = "hostile crowd";
    let mut rig = Rig::guarded(test, 2 * PAIRS + crowd::PEOPLE).await;
    let mut load = Load::start(&mut rig, PAIRS, WRITES, |_| 0);
    connected(&load.clients.iter().collect::<Vec<_>>()).await;
    load.progress(&rig, 2 * PAIRS).await;

    let alone = watched(&rig).await;
    let instance = &rig.instances[0];
    let memory = instance.memory();
    let crowd = Crowd::start(instance.door().http, &rig.people[2 * PAIRS..]);
    let wanted = (PRESENT * crowd::LASTING as f64) as usize;
    until("the crowd is there", async || crowd.open() >= wanted).await;
    let (beside, observed) = tokio::join!(watched(&rig), observe(instance, &crowd));

    crowd.retire();
    let ended = crowd.floods_ended();
    let gone = within(GONE, "the crowd is gone", async || {
        sleep(Duration::from_millis(500)).await;
        crowd.open() == 0
    })
    .await;
    let slow = instance.metric(SLOW).await;
    load.stop();
    let report = rig.judge(test, &load.clients).await;

    let history = rig.recorder.history();
    let [alone, beside] = [alone, beside].map(|window| deliveries(&history, &window));
    let [before, after] = [&alone, &beside].map(|spread| spread.percentile(99));
    let allowed = (SLOWER * before).max(FLOOR);
    let mib = |bytes: usize| bytes / 1024 / 1024;
    say(&format!(
        "{test}: from \"send\" to the other's screen\n  \
         alone            {:>6} messages, p50 {:?}, p99 {before:?}, max {:?}\n  \
         beside the crowd {:>6} messages, p50 {:?}, p99 {after:?}, max {:?}; p99 may be {allowed:?}\n  \
         hostile connections {} to {} of {}, floods ended {ended}, devices closed as too slow {slow}\n  \
         memory {} MiB, {} MiB beside the crowd, {} MiB allowed\n  \
         all of the crowd gone after {gone:?}",
        alone.len(),
        alone.percentile(50),
        alone.max(),
        beside.len(),
        beside.percentile(50),
        beside.max(),
        observed.fewest,
        observed.most,
        crowd::LASTING,
        mib(memory),
        mib(observed.memory),
        mib(memory + MEMORY),
    ));
    assert!(observed.fewest >= wanted, "only {} of the crowd were there", observed.fewest);
    assert!(ended >= crowd::FLOODS, "only {ended} floods were ended");
    assert!(slow > 0.0, "no device was stalled by what it was sent");
    assert!(observed.memory <= memory + MEMORY, "{} MiB are in use", mib(observed.memory));
    assert!(after <= allowed, "others feel it: p99 {before:?} became {after:?}");
    assert_eq!((report.reconnects, report.unknown, report.refused), (0, 0, 0), "{report}");
}

/// What messages are written in, on the clock of the history.
async fn watched(rig: &Rig) -> Range<Duration> {
    let begun = rig.recorder.now();
    sleep(WATCHED).await;
    begun..rig.recorder.now()
}

/// What the crowd came to while others were watched.
struct Observed {
    fewest: usize,
    most: usize,
    memory: usize,
}

async fn observe(instance: &Instance, crowd: &Crowd) -> Observed {
    let mut observed = Observed { fewest: usize::MAX, most: 0, memory: 0 };
    let end = Instant::now() + WATCHED;
    while Instant::now() < end {
        let open = crowd.open();
        observed.fewest = observed.fewest.min(open);
        observed.most = observed.most.max(open);
        observed.memory = observed.memory.max(instance.memory());
        sleep(Duration::from_secs(1)).await;
    }
    observed
}

/// How long those messages that were written in a window took to the other's screen.
fn deliveries(history: &History, window: &Range<Duration>) -> Spread {
    let (mut written, mut seen) = (BTreeMap::new(), BTreeSet::new());
    let mut took = Vec::new();
    for record in &history.records {
        match &record.event {
            Event::Invoke { client_id, .. } if window.contains(&record.at) => {
                written.insert(*client_id, record.at);
            }
            Event::Seen { client_id, mine: false, .. } if seen.insert(*client_id) => {
                took.extend(written.get(client_id).map(|at| record.at.saturating_sub(*at)));
            }
            _ => {}
        }
    }
    assert_eq!(took.len(), written.len(), "not everything was delivered");
    Spread::of(took)
}
