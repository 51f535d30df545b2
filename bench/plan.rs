//! What is measured, in which order, and how often.
//!
//! Machines drift. So a round is short, holds everything that is compared, and has the floors at both of its ends;
//! ratios are made within a round, and of the rounds the median counts.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use clap::{Args, ValueEnum};
use tokio::time::timeout;

use crate::database::{self, Home};
use crate::report::{Figures, Report};
use crate::system::Kind;
use crate::traffic::{self, Load};
use crate::{crowd, plot, reads, scale, storm, usage};

/// File descriptors beside those of the load's sockets.
const OTHER_FILES: u64 = 500;

/// One thing to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Mode {
    /// How many messages a second, with the whole stack on one processor.
    Saturate,
    /// How long a message takes when there is nothing else to do, and at a middling load.
    Latency,
    /// Both on SQLite, without Redis; the peer stays where it is.
    Embedded,
    /// What a socket costs that says nothing.
    Idle,
    /// Everybody comes back at once and has missed something.
    Storm,
    /// A page of a very long conversation.
    History,
    /// A search among many people.
    Search,
    /// How all of this grows.
    Scale,
}

/// What to measure and with what.
#[derive(Clone, Debug, Args)]
pub struct Plan {
    /// What to measure; everything when nothing is named.
    #[arg(value_enum)]
    modes: Vec<Mode>,
    /// The server's binary.
    #[arg(long)]
    pub mosaic: PathBuf,
    /// The Python environment of the peer.
    #[arg(long)]
    pub peer: PathBuf,
    /// The file for the outcome; what runs meanwhile keeps its files beside it.
    #[arg(long)]
    out: PathBuf,
    /// A page whose figures and plots `scale` makes anew.
    #[arg(long)]
    page: Option<PathBuf>,
    /// A PostgreSQL in which databases can be made.
    #[arg(long, env = "TEST_DATABASE_URL", hide_env_values = true)]
    pub database_url: String,
    /// A Redis.
    #[arg(long, env = "TEST_REDIS_URL", hide_env_values = true)]
    pub redis_url: String,
    /// How often each figure is measured; the median counts.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=9))]
    rounds: u32,
    /// How long each measurement takes, after two seconds of warm-up.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=120))]
    pub seconds: u64,
    /// Pairs of people that write at once.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=2000))]
    pairs: u16,
    /// Messages each of them has under way.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=64))]
    window: u16,
    /// Messages a second of the single pair; the 64 pairs write five times as many.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=2000))]
    rate: u32,
    /// Sockets that are idle, and that come back at once.
    #[arg(long, default_value_t = 5000, value_parser = clap::value_parser!(u32).range(2..=9000))]
    pub sockets: u32,
    /// Messages of the longest conversation; `scale` has ten times as many in all.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(100_000..=2_000_000))]
    pub messages: u64,
    /// People to search among.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(100..=200_000))]
    pub crowd: u32,
    /// The run is given up after so many minutes.
    #[arg(long, default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=600))]
    minutes: u64,
}

impl Plan {
    /// The folder for what runs.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn folder(&self) -> Result<PathBuf> {
        let folder = self.out.parent().context("--out needs a folder")?;
        std::fs::create_dir_all(folder)?;
        // What runs there looks at paths from there.
        Ok(folder.canonicalize()?)
    }

    /// Time enough for a point of a curve.
    pub fn half_the_seconds(&self) -> u64 {
        self.seconds.div_ceil(2)
    }

    /// Who writes as much as they can.
    pub fn saturating(&self) -> Load {
        Load::Saturating { pairs: self.pairs.into(), window: self.window.into() }
    }

    /// One pair with nobody beside it, and a middling load.
    pub fn paced(&self) -> [Load; 2] {
        [Load::Paced { pairs: 1, rate: self.rate }, Load::Paced { pairs: 64, rate: 5 * self.rate }]
    }

    fn modes(&self) -> BTreeSet<Mode> {
        if self.modes.is_empty() {
            return Mode::value_variants().iter().copied().collect();
        }
        self.modes.iter().copied().collect()
    }
}

/// Measures, prints the table, writes the JSON.
///
/// # Errors
/// When something cannot be measured, and when a message was lost, doubled or out of order.
pub async fn run(plan: &Plan) -> Result<()> {
    plan.folder()?;
    for url in [&plan.database_url, &plan.redis_url] {
        ensure!(url.contains("127.0.0.1"), "only what runs on 127.0.0.1 is put under load");
    }
    let files = usage::most_files()?;
    let wanted = u64::from(plan.sockets) + OTHER_FILES;
    ensure!(files >= wanted, "{wanted} file descriptors are needed, {files} may be open: raise ulimit -n");
    database::is_durable(&plan.database_url).await?;

    let mut report = Report::begin(plan).await?;
    let limit = Duration::from_secs(60 * plan.minutes);
    let measured = timeout(limit, measure(plan, &mut report)).await;
    // What was measured before something went wrong is of use, too.
    report.write(&plan.out)?;
    report.print();
    measured.context("the run takes too long")??;
    plan.page.as_ref().map_or(Ok(()), |page| plot::plot(&plan.out, page))
}

async fn measure(plan: &Plan, report: &mut Report) -> Result<()> {
    for mode in plan.modes() {
        match mode {
            Mode::Saturate => traffic(plan, report, Home::Served, plan.saturating()).await?,
            Mode::Latency => {
                for load in plan.paced() {
                    traffic(plan, report, Home::Served, load).await?;
                }
            }
            Mode::Embedded => {
                let [single, crowd] = plan.paced();
                for load in [plan.saturating(), single, crowd] {
                    traffic(plan, report, Home::Embedded, load).await?;
                }
            }
            Mode::Idle => {
                let scenario = format!("idle, {} sockets", plan.sockets);
                let measure = async |kind| crowd::idle(plan, kind, plan.sockets).await;
                compare(plan, report, &scenario, &[Kind::Floor], measure).await?;
            }
            Mode::Storm => {
                for round in 0..plan.rounds {
                    let scenario = format!("storm, {} sockets", plan.sockets);
                    report.add(&scenario, Kind::Mosaic, round, storm::reconnect(plan).await?);
                }
            }
            Mode::History => {
                for home in [Home::Served, Home::Embedded] {
                    reads::history(plan, home, plan.rounds, report).await?;
                }
            }
            Mode::Search => {
                for home in [Home::Served, Home::Embedded] {
                    reads::search(plan, home, plan.crowd, plan.rounds, |what, round, figures| {
                        let scenario = format!("search for {what} among {}, {}", plan.crowd, home.name());
                        report.add(&scenario, Kind::Mosaic, round, figures);
                    })
                    .await?;
                }
            }
            Mode::Scale => scale::run(plan, report).await?,
        }
    }
    Ok(())
}

async fn traffic(plan: &Plan, report: &mut Report, home: Home, load: Load) -> Result<()> {
    let scenario = format!("{load}, {}", home.name());
    let floors: &[Kind] = match home {
        Home::Served => &[Kind::Floor, Kind::Keyed],
        Home::Embedded => &[Kind::Floor],
    };
    compare(plan, report, &scenario, floors, async |kind| traffic::drive(plan, kind, home, load).await).await
}

/// Rounds of the floors, Mosaic and peer, and the floors once more at the end.
async fn compare(
    plan: &Plan,
    report: &mut Report,
    scenario: &str,
    floors: &[Kind],
    measure: impl AsyncFn(Kind) -> Result<Figures>,
) -> Result<()> {
    for round in 0..=plan.rounds {
        let others: &[Kind] = if round < plan.rounds { &[Kind::Mosaic, Kind::Peer] } else { &[] };
        for &kind in floors.iter().chain(others) {
            let figures = measure(kind).await;
            report.add(
                scenario,
                kind,
                round,
                figures.with_context(|| format!("{scenario}: {}", kind.name()))?,
            );
        }
    }
    Ok(())
}
