//! What was measured: kept, summed up, printed and written down.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::Result;
use mosaic::server::clock::Clock;
use serde::Serialize;
use serde_json::{Value, json};

use crate::plan::Plan;
use crate::say;
use crate::system::Kind;

/// Numbers by name; the name ends in the unit.
pub type Figures = BTreeMap<String, f64>;

/// Adds percentiles of times in microseconds, sorted here.
pub fn spread(figures: &mut Figures, name: &str, mut times: Vec<u32>) {
    times.sort_unstable();
    let Some(longest) = times.last() else { return };
    for percent in [50, 90, 99] {
        // The nearest rank: the smallest value that so many of a hundred do not exceed.
        let rank = (times.len() * percent).div_ceil(100).max(1);
        figures.insert(format!("{name}_p{percent}_us"), f64::from(times[rank - 1]));
    }
    figures.insert(format!("{name}_max_us"), f64::from(*longest));
}

#[derive(Debug, Serialize)]
struct Measurement {
    scenario: String,
    system: &'static str,
    round: u32,
    figures: Figures,
}

/// The middle of several rounds, and the ends.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Middle {
    median: f64,
    least: f64,
    most: f64,
}

impl Middle {
    fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let (least, most) = (*values.first()?, *values.last()?);
        let half = values.len() / 2;
        let median = if values.len().is_multiple_of(2) {
            f64::midpoint(values[half - 1], values[half])
        } else {
            values[half]
        };
        Some(Self { median, least, most })
    }
}

/// One figure of a scenario.
#[derive(Debug, Serialize)]
struct Line {
    scenario: String,
    figure: String,
    floor: Option<Middle>,
    keyed: Option<Middle>,
    mosaic: Option<Middle>,
    peer: Option<Middle>,
    /// Mosaic's share of the mean of the floors before and after it.
    to_floor: Option<Middle>,
    /// The same of the floors with keys.
    to_keyed: Option<Middle>,
    /// Mosaic's share of the peer in the same round.
    to_peer: Option<Middle>,
}

/// See the module.
pub struct Report {
    about: Value,
    measurements: Vec<Measurement>,
}

impl Report {
    /// Nothing was measured yet.
    ///
    /// # Errors
    /// When the machine does not say what it is.
    pub async fn begin(plan: &Plan) -> Result<Self> {
        let mut redis =
            redis::Client::open(plan.redis_url.as_str())?.get_multiplexed_async_connection().await?;
        let redis: String = redis::cmd("INFO").arg("server").query_async(&mut redis).await?;
        let redis = redis.lines().find_map(|line| line.strip_prefix("redis_version:")).unwrap_or_default();
        let mut postgres = <sqlx::PgConnection as sqlx::Connection>::connect(&plan.database_url).await?;
        let postgres: String = sqlx::query_scalar("SHOW server_version").fetch_one(&mut postgres).await?;
        let processor = std::fs::read_to_string("/proc/cpuinfo")?;
        let processor =
            processor.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
        let build = if cfg!(debug_assertions) { "debug" } else { "release" };
        if cfg!(debug_assertions) {
            say("A debug build of the load and the floor: the figures mean nothing.");
        }
        let about = json!({
            "at": Clock::system().now(),
            "build": build,
            "plan": format!("{plan:?}"),
            "processor": processor.trim_start_matches([' ', '\t', ':']),
            "processors": std::thread::available_parallelism()?,
            "kernel": std::fs::read_to_string("/proc/sys/kernel/osrelease")?.trim(),
            "load_before": std::fs::read_to_string("/proc/loadavg")?.trim(),
            "postgres": postgres,
            "redis": redis,
        });
        Ok(Self { about, measurements: Vec::new() })
    }

    /// Keeps what one measurement found, and says so.
    pub fn add(&mut self, scenario: &str, kind: Kind, round: u32, figures: Figures) {
        let shown = figures.iter().filter(|(name, _)| is_telling(name));
        let shown =
            shown.map(|(name, value)| format!("{name} {}", short(*value))).collect::<Vec<_>>().join(", ");
        say(&format!("{scenario}: {} [{round}] {shown}", kind.name()));
        self.measurements.push(Measurement {
            scenario: scenario.to_owned(),
            system: kind.name(),
            round,
            figures,
        });
    }

    /// Writes all of it as JSON.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, file: &Path) -> Result<()> {
        let all = json!({"about": self.about, "summary": self.summary(), "measurements": self.measurements});
        Ok(std::fs::write(file, serde_json::to_string_pretty(&all)? + "\n")?)
    }

    /// Prints the figures that tell something; all are in the file.
    pub fn print(&self) {
        let mut scenario = String::new();
        for line in self.summary().iter().filter(|line| is_telling(&line.figure)) {
            if line.scenario != scenario {
                scenario.clone_from(&line.scenario);
                say(&format!("\n{scenario}"));
                say(&row("", COLUMNS.map(str::to_owned)));
            }
            let cells =
                [line.floor, line.keyed, line.mosaic, line.peer, line.to_floor, line.to_keyed, line.to_peer];
            say(&row(&line.figure, cells.map(cell)));
        }
    }

    fn summary(&self) -> Vec<Line> {
        let mut names: Vec<(&str, &str)> = Vec::new();
        for measurement in &self.measurements {
            for figure in measurement.figures.keys() {
                if !names.contains(&(&measurement.scenario, figure)) {
                    names.push((&measurement.scenario, figure));
                }
            }
        }
        names.sort_by_key(|(scenario, _)| self.measurements.iter().position(|one| one.scenario == *scenario));
        names.into_iter().map(|(scenario, figure)| self.line(scenario, figure)).collect()
    }

    fn line(&self, scenario: &str, figure: &str) -> Line {
        let of = |kind: Kind| -> BTreeMap<u32, f64> {
            let those =
                self.measurements.iter().filter(|one| one.scenario == scenario && one.system == kind.name());
            those.filter_map(|one| Some((one.round, *one.figures.get(figure)?))).collect()
        };
        let (floor, keyed) = (of(Kind::Floor), of(Kind::Keyed));
        let (mosaic, peer) = (of(Kind::Mosaic), of(Kind::Peer));
        let middle = |values: &BTreeMap<u32, f64>| Middle::of(values.values().copied().collect());
        // The next round begins where this one ends.
        let around = |floor: &BTreeMap<u32, f64>, round: u32| {
            Some(f64::midpoint(*floor.get(&round)?, *floor.get(&(round + 1))?))
        };
        let share = |reference: &dyn Fn(u32) -> Option<f64>| {
            let shares = mosaic.iter().filter_map(|(round, value)| {
                reference(*round).filter(|reference| *reference > 0.0).map(|reference| value / reference)
            });
            Middle::of(shares.collect())
        };
        Line {
            scenario: scenario.to_owned(),
            figure: figure.to_owned(),
            floor: middle(&floor),
            keyed: middle(&keyed),
            mosaic: middle(&mosaic),
            peer: middle(&peer),
            to_floor: share(&|round| around(&floor, round)),
            to_keyed: share(&|round| around(&keyed, round)),
            to_peer: share(&|round| peer.get(&round).copied()),
        }
    }
}

const COLUMNS: [&str; 7] = ["floor", "keyed", "mosaic", "peer", "x floor", "x keyed", "x peer"];

/// Whether a figure is for people; sums over a whole measurement are for the file.
fn is_telling(figure: &str) -> bool {
    !(figure.starts_with("cpu_s_") || figure.ends_with("_p90_us"))
}

fn row(name: &str, cells: [String; COLUMNS.len()]) -> String {
    let mut row = format!("  {name:<26}");
    for cell in cells {
        // Writing into a text does not fail.
        let _ = write!(row, "{cell:>22}");
    }
    row
}

fn cell(middle: Option<Middle>) -> String {
    match middle {
        None => "-".to_owned(),
        Some(Middle { median, least, most }) if least == most => short(median),
        Some(Middle { median, least, most }) => {
            format!("{} ({}-{})", short(median), short(least), short(most))
        }
    }
}

/// Three digits that count.
fn short(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        size if size < 1.0 => format!("{value:.3}"),
        size if size < 10.0 => format!("{value:.2}"),
        size if size < 100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        let mut figures = Figures::new();
        spread(&mut figures, "x", (1..=1000).rev().collect());
        let of = |name: &str| figures[name];
        assert_eq!(
            (of("x_p50_us"), of("x_p90_us"), of("x_p99_us"), of("x_max_us")),
            (500.0, 900.0, 990.0, 1000.0)
        );
        let mut figures = Figures::new();
        spread(&mut figures, "x", vec![7]);
        assert_eq!(figures["x_p99_us"], 7.0);
        spread(&mut figures, "none", Vec::new());
        assert!(!figures.contains_key("none_max_us"));
    }

    #[test]
    fn ratios_are_made_within_a_round_and_the_floor_stands_at_both_ends() {
        let mut report = Report { about: Value::Null, measurements: Vec::new() };
        let figures = |value: f64| Figures::from([("x_us".to_owned(), value)]);
        for (kind, round, value) in [
            (Kind::Floor, 0, 10.0),
            (Kind::Mosaic, 0, 30.0),
            (Kind::Peer, 0, 60.0),
            (Kind::Floor, 1, 20.0),
            (Kind::Mosaic, 1, 50.0),
            (Kind::Peer, 1, 200.0),
            (Kind::Floor, 2, 30.0),
            (Kind::Keyed, 0, 20.0),
            (Kind::Keyed, 1, 40.0),
        ] {
            let (scenario, system) = ("s".to_owned(), kind.name());
            report.measurements.push(Measurement { scenario, system, round, figures: figures(value) });
        }
        let [line] = &report.summary()[..] else { panic!("one figure") };
        assert_eq!(line.to_floor, Some(Middle { median: 2.0, least: 2.0, most: 2.0 }));
        let of_the_first_round = Middle { median: 1.0, least: 1.0, most: 1.0 };
        assert_eq!(line.to_keyed, Some(of_the_first_round), "only one round has such floors at both ends");
        assert_eq!(line.to_peer, Some(Middle { median: 0.375, least: 0.25, most: 0.5 }));
        assert_eq!(line.mosaic, Some(Middle { median: 40.0, least: 30.0, most: 50.0 }));
        assert_eq!(line.floor.map(|floor| floor.median), Some(20.0));
    }
}
