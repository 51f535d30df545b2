//! The page on how Mosaic scales: its plots, its figures and what follows from them, made from a file of `run`.

mod chart;
mod sums;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use serde::Deserialize;

use self::chart::{Chart, number};
use crate::report::Figures;
use crate::scale;

/// Which page, and from what.
#[derive(Debug, Args)]
pub struct Settings {
    /// A file that `run` wrote, with the mode `scale`.
    #[arg(long)]
    from: PathBuf,
    /// The page. Its plots are in the folder of its name beside it, in lower case.
    #[arg(long)]
    page: PathBuf,
}

impl Settings {
    /// Makes the page's figures and plots anew.
    ///
    /// # Errors
    /// As [`plot`].
    pub fn plot(&self) -> Result<()> {
        plot(&self.from, &self.page)
    }
}

/// A plot: some figures of one topic.
struct Plot {
    file: &'static str,
    title: &'static str,
    unit: &'static str,
    topic: &'static str,
    /// Figures and what they are called, when there are several.
    figures: &'static [(&'static str, &'static str)],
    /// By what they are multiplied to be in the unit.
    factor: f64,
}

const PLOTS: [Plot; 12] = [
    Plot {
        file: "instances-throughput",
        title: "Messages delivered with one processor for the whole stack",
        unit: "messages/s",
        topic: "saturate",
        figures: &[("messages_s", "")],
        factor: 1.0,
    },
    Plot {
        file: "instances-cost",
        title: "Processor time of a message",
        unit: "µs",
        topic: "saturate",
        figures: &[
            ("cpu_us_message_server", "instances"),
            ("cpu_us_message_postgres", "PostgreSQL"),
            ("cpu_us_message_redis", "Redis"),
        ],
        factor: 1.0,
    },
    Plot {
        file: "instances-latency",
        title: "From when a send is due until the receiver has it",
        unit: "ms",
        topic: "latency",
        figures: &[("delivered_p50_us", "p50"), ("delivered_p99_us", "p99")],
        factor: 0.001,
    },
    Plot {
        file: "pairs-throughput",
        title: "Messages delivered, by pairs that write at once",
        unit: "messages/s",
        topic: "pairs",
        figures: &[("messages_s", "")],
        factor: 1.0,
    },
    Plot {
        file: "pairs-cost",
        title: "Processor time of a message, by pairs that write at once",
        unit: "µs",
        topic: "pairs",
        figures: &[("cpu_us_message_stack", "")],
        factor: 1.0,
    },
    Plot {
        file: "history",
        title: "A page of 50, p50 at the client",
        unit: "ms",
        topic: "history",
        figures: &[("answered_p50_us", "")],
        factor: 0.001,
    },
    Plot {
        file: "sends",
        title: "From when a send is due until the receiver has it, p50, by messages before it",
        unit: "ms",
        topic: "send",
        figures: &[("delivered_p50_us", "")],
        factor: 0.001,
    },
    Plot {
        file: "sends-cost",
        title: "Processor time of a send, by messages before it",
        unit: "µs",
        topic: "send",
        figures: &[("cpu_us_message_stack", "")],
        factor: 1.0,
    },
    Plot {
        file: "conversations",
        title: "p50 at the client, by conversations of the person",
        unit: "ms",
        topic: "inbox",
        figures: &[("answered_p50_us", "")],
        factor: 0.001,
    },
    Plot {
        file: "people",
        title: "A search, p50 at the client, by people to search among",
        unit: "ms",
        topic: "search",
        figures: &[("answered_p50_us", "")],
        factor: 0.001,
    },
    Plot {
        file: "sockets-memory",
        title: "Memory of the server for an idle socket",
        unit: "KiB",
        topic: "sockets",
        figures: &[("kib_socket", "")],
        factor: 1.0,
    },
    Plot {
        file: "sockets-cost",
        title: "Processor time of the stack for an idle socket",
        unit: "µs each second",
        topic: "sockets",
        figures: &[("cpu_us_socket_s", "")],
        factor: 1.0,
    },
];

#[derive(Deserialize)]
struct File {
    about: BTreeMap<String, serde_json::Value>,
    measurements: Vec<Measured>,
}

#[derive(Deserialize)]
struct Measured {
    scenario: String,
    figures: Figures,
}

/// What was measured at one point.
struct Point {
    topic: String,
    series: String,
    group: String,
    figures: Figures,
}

/// Writes the plots into the folder beside the page, and the page's two blocks anew.
///
/// # Errors
/// When the file lacks a figure, or the page the marks of a block.
pub fn plot(from: &Path, page: &Path) -> Result<()> {
    let file: File = serde_json::from_str(&std::fs::read_to_string(from)?)?;
    let points: Vec<Point> = file.measurements.into_iter().filter_map(point).collect();
    ensure!(!points.is_empty(), "{} has nothing of the mode scale", from.display());
    let name = page.file_stem().context("a page")?.to_string_lossy().to_lowercase();
    let folder = page.with_file_name(&name);
    std::fs::create_dir_all(&folder)?;
    let mut shown = about(&file.about);
    for plot in &PLOTS {
        let chart = plot.chart(&points)?;
        std::fs::write(folder.join(plot.file).with_extension("svg"), chart.svg())?;
        // Writing into a text does not fail.
        let _ = write!(shown, "\n![{}]({name}/{}.svg)\n\n{}", plot.title, plot.file, table(&chart));
    }
    let mut text = std::fs::read_to_string(page)?;
    text = replace(&text, "figures", &shown)?;
    text = replace(&text, "sums", &sums::sums(&points)?)?;
    Ok(std::fs::write(page, text)?)
}

fn point(measured: Measured) -> Option<Point> {
    let [topic, series, group] = scale::parts(&measured.scenario)?.map(str::to_owned);
    Some(Point { topic, series, group, figures: measured.figures })
}

fn about(about: &BTreeMap<String, serde_json::Value>) -> String {
    let of = |name: &str| about.get(name).map_or("?".to_owned(), |value| value.to_string().replace('"', ""));
    format!(
        "Measured {} on {} processors ({}), Linux {}, PostgreSQL {}, Redis {}.\n",
        of("at").get(..10).unwrap_or("?"),
        of("processors"),
        of("processor"),
        of("kernel"),
        of("postgres"),
        of("redis"),
    )
}

impl Plot {
    fn chart(&self, points: &[Point]) -> Result<Chart> {
        let points: Vec<_> = points.iter().filter(|point| point.topic == self.topic).collect();
        ensure!(!points.is_empty(), "nothing was measured of {}", self.topic);
        let groups = distinct(points.iter().map(|point| &point.group));
        let all = distinct(points.iter().map(|point| &point.series));
        let mut series = Vec::new();
        for one in &all {
            for (figure, label) in self.figures {
                let value = |group: &String| {
                    let found = points.iter().find(|point| point.series == *one && point.group == *group);
                    Some(found?.figures.get(*figure)? * self.factor)
                };
                let values = groups.iter().map(value).collect();
                let name = match (all.len(), *label) {
                    (_, "") => one.clone(),
                    (1, label) => label.to_owned(),
                    (_, label) => format!("{one}, {label}"),
                };
                series.push((name, values));
            }
        }
        Ok(Chart { title: self.title.to_owned(), unit: self.unit, groups, series })
    }
}

/// Each once, in the order in which they came.
fn distinct<'a>(texts: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for text in texts {
        if !found.contains(text) {
            found.push(text.clone());
        }
    }
    found
}

/// The values of a chart, in Markdown.
fn table(chart: &Chart) -> String {
    let mut table = format!("| {} | {} |\n", chart.unit, chart.groups.join(" | "));
    table += &format!("|---|{}\n", "--:|".repeat(chart.groups.len()));
    for (name, values) in &chart.series {
        let cells = values.iter().map(|value| value.map_or("–".to_owned(), number));
        table += &format!("| {name} | {} |\n", cells.collect::<Vec<_>>().join(" | "));
    }
    table
}

/// Puts a text between the marks of a block.
fn replace(page: &str, block: &str, text: &str) -> Result<String> {
    let (begin, end) = (format!("<!-- {block} -->\n"), format!("<!-- end of {block} -->"));
    let marks = || format!("the page needs the lines {} and {end}", begin.trim_end());
    let (before, rest) = page.split_once(&begin).with_context(marks)?;
    let (_, after) = rest.split_once(&end).with_context(marks)?;
    Ok(format!("{before}{begin}{text}{end}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(series: &str, group: &str, value: f64) -> Point {
        let figures = Figures::from([("kib_socket".to_owned(), value)]);
        Point { topic: "sockets".to_owned(), series: series.to_owned(), group: group.to_owned(), figures }
    }

    #[test]
    fn a_chart_has_a_place_for_every_point_and_a_dash_where_there_is_none() {
        let plot = PLOTS.iter().find(|plot| plot.file == "sockets-memory").unwrap();
        let points = [measured("a", "1", 8.0), measured("a", "2", 9.5), measured("b", "2", 10.0)];
        let chart = plot.chart(&points).unwrap();
        assert_eq!(table(&chart), "| KiB | 1 | 2 |\n|---|--:|--:|\n| a | 8 | 9.5 |\n| b | – | 10 |\n");
        assert!(plot.chart(&[]).is_err());
    }

    #[test]
    fn a_block_is_replaced_and_nothing_else() {
        let page = "a\n<!-- sums -->\nold\n<!-- end of sums -->\nb\n";
        let page = replace(page, "sums", "new\n").unwrap();
        assert_eq!(page, "a\n<!-- sums -->\nnew\n<!-- end of sums -->\nb\n");
        assert!(replace(&page, "figures", "").is_err());
    }
}
