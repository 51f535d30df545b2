//! Measures Mosaic beside two references, on the same machine and in the same minutes.
//!
//! - the *floor* ([`floor`]): the same frames over the same kind of sockets, the same way through Redis, and a
//!   bare insert; what no server that keeps messages can be much below;
//! - the *peer* (`bench/peer`): the same design written the usual way in Python.
//!
//! All three speak the frames of `docs/PROTOCOL.md`, so that one load drives them alike. Every message is
//! checked while it is timed: one that is lost, doubled or out of order ends the run.
//!
//! `scripts/bench.sh` builds what is needed and runs this; `docs/BENCHMARKS.md` says how to read the outcome.

mod crowd;
mod database;
mod floor;
mod floor_store;
mod ledger;
mod pair;
mod past;
mod plan;
mod plot;
mod reads;
mod report;
mod scale;
mod server;
mod storm;
mod system;
mod traffic;
mod usage;
mod wire;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Measures Mosaic beside a floor and a peer.
#[derive(Debug, Parser)]
#[command(name = "bench")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure, print a table, write JSON.
    Run(Box<plan::Plan>),
    /// Make the figures and plots of a page anew.
    Plot(plot::Settings),
    /// Serve as the floor. `run` starts it by itself.
    Floor(floor::Settings),
}

/// One thread: the load and the floor are to take as little as they can from what is measured.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Run(plan) => plan::run(&plan).await,
        Command::Plot(settings) => settings.plot(),
        Command::Floor(settings) => floor::serve(settings).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // One line, whatever went wrong: the chain of causes behind colons.
            let _ = writeln!(std::io::stderr(), "bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Says how far the run is.
fn say(text: &str) {
    // Who closed standard output does not want to know.
    let _ = writeln!(std::io::stdout(), "{text}");
}
