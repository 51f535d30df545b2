//! What follows from the figures for very many sockets and messages.

use anyhow::{Context as _, Result};

use super::Point;
use super::chart::number;

/// What is asked for: sockets that are open, and messages a second.
const SOCKETS: f64 = 1e6;
const MESSAGES: f64 = 1e5;
/// How busy a processor is planned to be.
const BUSY: f64 = 0.5;
/// What an instance has, at most: processors, and sockets that all come back to the others when it dies.
const INSTANCE_PROCESSORS: f64 = 4.0;
const INSTANCE_SOCKETS: f64 = 50_000.0;
/// Processors of a machine for PostgreSQL.
const POSTGRES_PROCESSORS: f64 = 32.0;
/// Connections an instance opens to PostgreSQL; see `docs/OPERATIONS.md`.
const CONNECTIONS: f64 = 17.0;
const DAY: f64 = 86_400.0;

/// What was measured.
struct Costs {
    socket_kib: f64,
    socket_us_s: f64,
    opening_us: f64,
    server_us: f64,
    postgres_us: f64,
    redis_us: f64,
    log_bytes: f64,
    stored_bytes: f64,
}

impl Costs {
    fn read(points: &[Point]) -> Result<Self> {
        let most = |topic, figure| find(points, topic, "", figure);
        Ok(Self {
            socket_kib: most("sockets", "kib_socket")?,
            socket_us_s: most("sockets", "cpu_us_socket_s")?,
            opening_us: find(points, "inbox", "opening a socket, 10 conversations", "cpu_us_answer_stack")?,
            server_us: most("saturate", "cpu_us_message_server")?,
            postgres_us: most("saturate", "cpu_us_message_postgres")?,
            redis_us: most("saturate", "cpu_us_message_redis")?,
            log_bytes: most("saturate", "log_bytes_message")?,
            stored_bytes: most("storage", "bytes_message")?,
        })
    }
}

/// A figure of the last point of a topic whose series and group begin so: that with the most of what grows.
fn find(points: &[Point], topic: &str, place: &str, figure: &str) -> Result<f64> {
    let is_there = |point: &&Point| format!("{}, {}", point.series, point.group).starts_with(place);
    let point = points.iter().filter(|point| point.topic == topic).rfind(is_there);
    let value = point.and_then(|point| point.figures.get(figure)).copied();
    value.with_context(|| format!("no {figure} of {topic} was measured"))
}

/// Two tables in Markdown, and what comes to its end first.
///
/// # Errors
/// When a figure was not measured.
pub fn sums(points: &[Point]) -> Result<String> {
    let costs = Costs::read(points)?;
    Ok(format!("{}\n{}\n{}", measured(&costs), computed(&costs), limits(&costs)))
}

fn table(head: &str, rows: &[(&str, String)]) -> String {
    let rows = rows.iter().map(|(what, value)| format!("| {what} | {value} |\n"));
    format!("| {head} | |\n|---|--:|\n{}", rows.collect::<String>())
}

fn measured(costs: &Costs) -> String {
    let us = |value: f64| format!("{} µs", number(value));
    table(
        "measured",
        &[
            ("memory of an idle socket, in the server", format!("{} KiB", number(costs.socket_kib))),
            ("processor time of an idle socket, whole stack, each second", us(costs.socket_us_s)),
            ("processor time of opening a socket with 10 conversations, whole stack", us(costs.opening_us)),
            ("processor time of a message between two instances: instances", us(costs.server_us)),
            ("– PostgreSQL", us(costs.postgres_us)),
            ("– Redis", us(costs.redis_us)),
            ("PostgreSQL's log, for a message", format!("{} bytes", number(costs.log_bytes))),
            (
                "PostgreSQL's tables and indexes, for a message",
                format!("{} bytes", number(costs.stored_bytes)),
            ),
        ],
    )
}

fn computed(costs: &Costs) -> String {
    let processors = |us: f64| us * 1e-6;
    let idle = processors(SOCKETS * costs.socket_us_s);
    let talking = processors(MESSAGES * costs.server_us);
    let instances = ((idle + talking) / (INSTANCE_PROCESSORS * BUSY)).max(SOCKETS / INSTANCE_SOCKETS).ceil();
    let memory = SOCKETS * costs.socket_kib / 1024.0 / 1024.0;
    let redis = processors(MESSAGES * costs.redis_us);
    let postgres = processors(MESSAGES * costs.postgres_us);
    let returning = SOCKETS / instances;
    table(
        "computed",
        &[
            ("memory of all sockets, in the servers", format!("{} GiB", number(memory))),
            ("processors busy with idle sockets", number(idle)),
            ("processors of instances busy with messages", number(talking)),
            (
                "**instances** of 4 processors that are half busy, with 50 000 sockets at most",
                number(instances),
            ),
            ("messages of each", format!("{}/s", number(MESSAGES / instances))),
            ("memory of each, for sockets", format!("{} MiB", number(memory * 1024.0 / instances))),
            ("processors of Redis busy with messages", number(redis)),
            ("**shards of Redis** that are half busy", number((redis / BUSY).ceil())),
            ("processors of PostgreSQL busy with messages", number(postgres)),
            (
                "**databases** on machines of 32 processors that are half busy",
                number((postgres / (POSTGRES_PROCESSORS * BUSY)).ceil()),
            ),
            ("log of all databases, each second", format!("{} MB", number(MESSAGES * costs.log_bytes / 1e6))),
            (
                "new rows and indexes of a day",
                format!("{} TB", number(MESSAGES * DAY * costs.stored_bytes / 1e12)),
            ),
            ("connections that a database gets from all instances", number(instances * CONNECTIONS)),
            (
                "one instance dies: processor time until all its sockets are open elsewhere",
                format!("{} s", number(returning * costs.opening_us * 1e-6)),
            ),
        ],
    )
}

/// What a single one of each that all instances share can do, the least first: that is the order in which they come to
/// their end.
fn limits(costs: &Costs) -> String {
    let mut limits = [
        ("one Redis, half busy", BUSY * 1e6 / costs.redis_us),
        ("one PostgreSQL of 32 processors, half busy", BUSY * POSTGRES_PROCESSORS * 1e6 / costs.postgres_us),
    ];
    limits.sort_by(|a, b| a.1.total_cmp(&b.1));
    let rows = limits.map(|(what, value)| (what, format!("{} messages/s", number(value))));
    table("computed: where one is not enough any more", &rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Figures;

    #[test]
    fn the_sums_are_right() {
        let costs = Costs {
            socket_kib: 8.0,
            socket_us_s: 2.0,
            opening_us: 1000.0,
            server_us: 30.0,
            postgres_us: 50.0,
            redis_us: 10.0,
            log_bytes: 500.0,
            stored_bytes: 400.0,
        };
        let text = computed(&costs);
        for row in [
            "| memory of all sockets, in the servers | 7.63 GiB |",
            "| processors busy with idle sockets | 2 |",
            "| processors of instances busy with messages | 3 |",
            "| **instances** of 4 processors that are half busy, with 50 000 sockets at most | 20 |",
            "| messages of each | 5000/s |",
            "| **shards of Redis** that are half busy | 2 |",
            "| **databases** on machines of 32 processors that are half busy | 1 |",
            "| log of all databases, each second | 50 MB |",
            "| new rows and indexes of a day | 3.46 TB |",
            "| connections that a database gets from all instances | 340 |",
            "| one instance dies: processor time until all its sockets are open elsewhere | 50 s |",
        ] {
            assert!(text.contains(row), "{row}\n{text}");
        }
        assert!(limits(&costs).contains("|--:|\n| one Redis, half busy | 50000 messages/s |"));
    }

    #[test]
    fn the_most_of_what_grows_counts() {
        let point = |group: &str, value: f64| Point {
            topic: "sockets".to_owned(),
            series: "idle".to_owned(),
            group: group.to_owned(),
            figures: Figures::from([("kib_socket".to_owned(), value)]),
        };
        let points = [point("1", 1.0), point("2", 2.0)];
        assert_eq!(find(&points, "sockets", "", "kib_socket").unwrap(), 2.0);
        assert_eq!(find(&points, "sockets", "idle, 1", "kib_socket").unwrap(), 1.0);
        assert!(find(&points, "sockets", "", "cpu_us_socket_s").is_err());
        assert!(find(&points, "sockets", "busy", "kib_socket").is_err());
    }
}
