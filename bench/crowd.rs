//! A crowd on its sockets that says nothing.

use std::convert::Infallible;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::database::Home;
use crate::plan::Plan;
use crate::report::Figures;
use crate::system::{Kind, Person, System};
use crate::usage::{STACK, Watch, resident};
use crate::wire::Device;

/// Sockets that are opened at a time.
const OPENING: usize = 64;
/// What opening left to do is done by then: presence, for instance, is noted behind the scenes.
const SETTLING: Duration = Duration::from_secs(5);

/// Everybody of a system on a socket.
///
/// # Errors
/// When one cannot be opened.
pub async fn open(system: &System) -> Result<Vec<Device>> {
    let open = async |person: &Person| Device::open(&system.socket_address(0, person).await?).await;
    stream::iter(&system.people).map(open).buffered(OPENING).try_collect().await
}

/// What idle sockets cost: memory of the server, and processor time of the stack.
///
/// # Errors
/// When a socket does not stay open.
pub async fn idle(plan: &Plan, kind: Kind, sockets: u32) -> Result<Figures> {
    let count = sockets as usize;
    let system = System::start(plan, kind, Home::Served, count).await?;
    let mut processes = system.processes(plan).await?;
    let empty = resident(system.server(0).pid())?;

    let mut holding = JoinSet::<Result<Infallible>>::new();
    for mut device in open(&system).await? {
        // Reading answers the pings, too.
        holding.spawn(async move {
            loop {
                device.next().await?;
            }
        });
    }
    sleep(SETTLING).await;
    processes.retain(|process| process.name != crate::usage::LOAD);
    let watch = Watch::begin(&processes)?;
    tokio::select! {
        () = sleep(Duration::from_secs(2 * plan.seconds)) => {}
        ended = holding.join_next() => {
            let ended = ended.transpose()?;
            bail!("a socket did not stay open: {ended:?}: {}", system.last_words());
        }
    }
    let mut figures = watch.end()?;
    let full = resident(system.server(0).pid())?;
    let socket_seconds = watch.seconds() * count as f64;
    figures.insert("base_mib".to_owned(), empty as f64 / 1_048_576.0);
    figures.insert("kib_socket".to_owned(), full.saturating_sub(empty) as f64 / 1024.0 / count as f64);
    figures.insert("cpu_us_socket_s".to_owned(), figures[STACK] * 1e6 / socket_seconds);
    drop(holding);
    system.stop(plan, 0).await.context("idle")?;
    Ok(figures)
}
