//! Everybody loses their socket at once, misses messages, and comes back at once.

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;
use uuid::Uuid;

use crate::crowd;
use crate::database::Home;
use crate::past::fill;
use crate::plan::Plan;
use crate::report::{Figures, spread};
use crate::system::{Kind, Person, System};
use crate::usage::Watch;
use crate::wire::{Device, Stored};

/// Messages of each conversation before the storm.
const HELD: u64 = 10;
/// Messages each of them misses.
const MISSED: u64 = 50;
/// Calls over HTTP at a time: a proxy in front keeps so many connections to a server.
const CALLS: usize = 128;

#[derive(Deserialize)]
struct Page {
    messages: Vec<Stored>,
    last_seq: u64,
}

/// How long it takes until all are back and hold everything, without a gap and without a double.
///
/// # Errors
/// When somebody does not come back, or with anything else than what was missed.
pub async fn reconnect(plan: &Plan) -> Result<Figures> {
    // Two for each conversation.
    let count = plan.sockets as usize / 2 * 2;
    let system = Arc::new(System::start(plan, Kind::Mosaic, Home::Served, count).await?);
    let processes = system.processes(plan).await?;
    let pairs: Vec<_> = system.people.chunks(2).map(|people| (people[0].id, people[1].id)).collect();

    fill(&system.database, &pairs, HELD).await?;
    let devices = crowd::open(&system).await?;
    for device in &devices {
        ensure!(device.heads.iter().map(|head| head.last_seq).eq([HELD]), "{:?}", device.heads);
    }
    drop(devices);
    fill(&system.database, &pairs, MISSED).await?;

    let watch = Watch::begin(&processes)?;
    let begun = Instant::now();
    let calls = Arc::new(Semaphore::new(CALLS));
    let mut returning = JoinSet::new();
    for people in system.people.chunks(2) {
        for (me, peer) in [(0, 1), (1, 0)] {
            let (me, peer) = (people[me].clone(), people[peer].id);
            let (system, calls) = (Arc::clone(&system), Arc::clone(&calls));
            returning.spawn(async move {
                let device = come_back(&system, &calls, &me, peer).await;
                device.map(|device| (device, begun.elapsed()))
            });
        }
    }
    let mut back = Vec::new();
    while let Some(returned) = returning.join_next().await {
        back.push(returned?.with_context(|| system.last_words())?);
    }
    let all = begun.elapsed();
    let mut figures = watch.end()?;
    figures.insert("all_back_s".to_owned(), all.as_secs_f64());
    let times = back.iter().map(|(_, time)| u32::try_from(time.as_micros()).unwrap_or(u32::MAX));
    spread(&mut figures, "back", times.collect());
    drop(back);
    let system = Arc::into_inner(system).context("somebody is still on their way")?;
    system.stop(plan, (HELD + MISSED) * pairs.len() as u64).await?;
    Ok(figures)
}

/// What a client does that lost its socket: ticket, socket, welcome, and the messages that are missing.
async fn come_back(system: &System, calls: &Semaphore, me: &Person, peer: Uuid) -> Result<Device> {
    let address = {
        let _call = calls.acquire().await?;
        system.socket_address(0, me).await?
    };
    let device = Device::open(&address).await?;
    let head =
        device.heads.iter().find(|head| head.peer_id == peer).context("welcome lacks the conversation")?;
    ensure!(head.last_seq == HELD + MISSED, "welcome lists {} messages", head.last_seq);
    let page: Page = {
        let _call = calls.acquire().await?;
        let url = system.url(&format!("/messages/history/{peer}?limit=200&after={HELD}"));
        let asked = system.http.get(url).bearer_auth(&me.token).send();
        asked.await?.error_for_status()?.json().await?
    };
    let came = page.messages.iter().map(|message| message.seq);
    ensure!(came.eq(HELD + 1..=HELD + MISSED), "a gap or a double in what was missed");
    ensure!(page.last_seq == HELD + MISSED, "the page ends at {}", page.last_seq);
    Ok(device)
}
