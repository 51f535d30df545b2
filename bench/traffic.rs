//! Pairs of people who write: as much as they can, or at a given rate.

use std::fmt;
use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::database::{self, Home};
use crate::ledger::{Samples, Span};
use crate::pair::{Pace, Pair};
use crate::plan::Plan;
use crate::report::{Figures, spread};
use crate::system::{Kind, Person, System};
use crate::usage::{Bound, Process, STACK, Watch};

/// Caches, plans and files get to where they stay.
const WARM_UP: Duration = Duration::from_secs(2);
/// Sockets that are opened at a time.
const OPENING: usize = 32;

/// Who writes how much.
#[derive(Clone, Copy, Debug)]
pub enum Load {
    /// Always so many under way in each pair. The whole stack shares one processor, the load has the others.
    Saturating {
        /// How many pairs.
        pairs: usize,
        /// Under way in each.
        window: usize,
    },
    /// An open loop: a send is due when it is due, whatever became of those before it.
    Paced {
        /// How many pairs.
        pairs: usize,
        /// Messages a second of all of them.
        rate: u32,
    },
}

impl Load {
    /// How many pairs.
    pub fn pairs(self) -> usize {
        let (Self::Saturating { pairs, .. } | Self::Paced { pairs, .. }) = self;
        pairs
    }
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Saturating { pairs, window } => write!(f, "saturate, {pairs} pairs x {window}"),
            Self::Paced { pairs, rate } => write!(f, "latency, {pairs} pairs at {rate}/s"),
        }
    }
}

/// Starts a system, puts it under a load and stops it.
///
/// # Errors
/// When a message is lost, doubled or out of order, or not stored.
pub async fn drive(plan: &Plan, kind: Kind, home: Home, load: Load) -> Result<Figures> {
    let system = System::start(plan, kind, home, 2 * load.pairs()).await?;
    let (figures, sent) = talk(plan, &system, &system.people, load, plan.seconds).await?;
    system.stop(plan, sent).await?;
    Ok(figures)
}

/// Lets people write to each other, those who stand side by side, for so many seconds after the warm-up. Gives back
/// how many messages they sent in all, too.
///
/// # Errors
/// When a message is lost, doubled or out of order.
pub async fn talk(
    plan: &Plan,
    system: &System,
    people: &[Person],
    load: Load,
    seconds: u64,
) -> Result<(Figures, u64)> {
    let processes = system.processes(plan).await?;
    let _bound = match load {
        Load::Saturating { .. } => Some(Bound::to_one(&processes)?),
        Load::Paced { .. } => None,
    };
    let pairs: Vec<Pair> = stream::iter(people.chunks(2).enumerate())
        .map(|(n, people)| Pair::open(system, n, &people[0], &people[1]))
        .buffered(OPENING)
        .try_collect()
        .await?;
    database::settle(&plan.database_url).await?;

    let from = Instant::now() + WARM_UP;
    let span = Span { from, until: from + Duration::from_secs(seconds) };
    let (mut talking, mut told) = (JoinSet::new(), Vec::new());
    for pair in pairs {
        let pace = match load {
            Load::Saturating { window, .. } => Pace::Window(window),
            Load::Paced { .. } => {
                let (tell, due) = unbounded_channel();
                told.push(tell);
                Pace::Told(due)
            }
        };
        talking.spawn(pair.run(pace, span));
    }
    let pacing = match load {
        Load::Paced { rate, .. } => Some(std::thread::spawn(move || pace(told, rate, span.until))),
        Load::Saturating { .. } => None,
    };

    let watched = watch(&processes, span, &mut talking).await;
    let (samples, mut figures) = watched.with_context(|| system.last_words())?;
    if let Some(pacing) = pacing {
        pacing.join().map_err(|_| anyhow::anyhow!("the pace broke"))??;
    }
    let sent = samples.sent;
    judge(&mut figures, samples, load, seconds)?;
    Ok((figures, sent))
}

/// Waits until everybody is done, and watches the processes during the span.
async fn watch(
    processes: &[Process],
    span: Span,
    talking: &mut JoinSet<Result<Samples>>,
) -> Result<(Samples, Figures)> {
    let watching = async {
        sleep_until(span.from).await;
        let watch = Watch::begin(processes)?;
        sleep_until(span.until).await;
        watch.end()
    };
    let finishing = async {
        let mut samples = Samples::default();
        while let Some(pair) = talking.join_next().await {
            samples.add(pair??);
        }
        anyhow::Ok(samples)
    };
    let (figures, samples) = tokio::try_join!(watching, finishing)?;
    Ok((samples, figures))
}

/// Tells pairs in turn when to send. A thread, because the timers of the load's runtime count whole milliseconds.
fn pace(told: Vec<UnboundedSender<Instant>>, rate: u32, until: Instant) -> Result<()> {
    // The system lets a thread that sleeps be late by 50 µs unless it asks for better: proc(5), timerslack_ns.
    let thread = fs::read_link("/proc/thread-self")?;
    let thread = thread.file_name().and_then(|name| name.to_str()).context("a thread's number")?.to_owned();
    fs::write(format!("/proc/{thread}/timerslack_ns"), "1")?;
    let begun = Instant::now();
    for (n, tell) in (0u32..).zip(told.iter().cycle()) {
        let due = begun + Duration::from_secs_f64(f64::from(n) / f64::from(rate));
        if due >= until {
            break;
        }
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        if tell.send(due).is_err() {
            // The pair failed and will say why.
            break;
        }
    }
    Ok(())
}

/// Adds what the messages say to what the processes said.
fn judge(figures: &mut Figures, samples: Samples, load: Load, seconds: u64) -> Result<()> {
    ensure!(samples.completed > 0, "not one message was completed in time");
    let messages = samples.completed as f64;
    figures.insert("messages_s".to_owned(), messages / seconds as f64);
    let cpu: Vec<_> =
        figures.iter().filter_map(|(name, s)| Some((name.strip_prefix("cpu_s_")?, *s))).collect();
    let per_message: Vec<_> =
        cpu.into_iter().map(|(name, s)| (format!("cpu_us_message_{name}"), s * 1e6 / messages)).collect();
    if matches!(load, Load::Saturating { .. }) {
        figures.insert("messages_cpu_s".to_owned(), messages / figures[STACK].max(f64::EPSILON));
    }
    figures.extend(per_message);
    spread(figures, "delivered", samples.delivered);
    spread(figures, "acked", samples.acked);
    spread(figures, "load_late", samples.late);
    Ok(())
}
