//! How the costs of Mosaic grow: with instances, with people who write at once, with what is stored, with sockets and
//! with people to search among. Each point is measured once; how much that says, its neighbours show.

use anyhow::{Context as _, Result};
use tokio::time::Instant;

use crate::database::Home;
use crate::past::{Couple, fill};
use crate::plan::Plan;
use crate::report::{Figures, Report, spread};
use crate::system::{Kind, Person, System};
use crate::traffic::{self, Load};
use crate::usage::{LOAD, STACK, Watch};
use crate::wire::Device;
use crate::{crowd, reads};

/// Pairs that write at once.
const PAIRS: [usize; 5] = [1, 10, 50, 200, 1000];
/// Messages each of them has under way.
const WINDOWS: [usize; 2] = [1, 8];
/// What the largest numbers are divided by: of messages of a conversation, and of people to search among.
const TENTHS: [u64; 4] = [1000, 100, 10, 1];
/// The same for sockets, which are dear.
const SOCKETS: [u32; 4] = [10, 5, 2, 1];
/// Conversations of three people who know many.
const ACQUAINTED: [usize; 3] = [10, 100, 1000];
/// People whom those know, and how many of the next ones each of them knows.
const OTHERS: usize = 1000;
const NEIGHBOURS: usize = 8;
/// How often a socket is opened.
const OPENINGS: u32 = 200;

/// What precedes the name of every scenario of this mode.
const MARK: &str = "scale: ";

/// The name of a point: what grows or is done, by whom or how, and how much there is of it. None has a comma in it.
fn name(topic: &str, series: &str, amount: u64, of: &str) -> String {
    let of = if amount == 1 { of.trim_end_matches('s') } else { of };
    format!("{MARK}{topic}, {series}, {} {of}", short(amount))
}

/// The parts of such a name.
pub fn parts(scenario: &str) -> Option<[&str; 3]> {
    let parts: Vec<_> = scenario.strip_prefix(MARK)?.split(", ").collect();
    parts.try_into().ok()
}

/// `2.5 k`, `1 M`.
fn short(amount: u64) -> String {
    let (divided, unit) = match amount {
        1_000_000.. => (amount as f64 / 1e6, " M"),
        1000.. => (amount as f64 / 1e3, " k"),
        _ => (amount as f64, ""),
    };
    let digits = format!("{divided:.1}");
    format!("{}{unit}", digits.strip_suffix(".0").unwrap_or(&digits))
}

/// Measures all of it.
///
/// # Errors
/// When something cannot be measured, and when a message was lost, doubled or out of order.
pub async fn run(plan: &Plan, report: &mut Report) -> Result<()> {
    instances(plan, report).await?;
    pairs(plan, report).await?;
    past(plan, report).await?;
    for part in SOCKETS {
        let sockets = plan.sockets / part;
        let figures = crowd::idle(plan, Kind::Mosaic, sockets).await?;
        report.add(&name("sockets", "idle", sockets.into(), "sockets"), Kind::Mosaic, 0, figures);
    }
    for part in &TENTHS[1..] {
        let people = plan.crowd / u32::try_from(*part)?;
        reads::search(plan, Home::Served, people, 1, |what, round, figures| {
            report.add(&name("search", what, people.into(), "people"), Kind::Mosaic, round, figures);
        })
        .await?;
    }
    Ok(())
}

/// One instance, and two: then the two people of a pair are at different ones, and everything crosses Redis.
async fn instances(plan: &Plan, report: &mut Report) -> Result<()> {
    let [single, crowd] = plan.paced();
    for load in [plan.saturating(), single, crowd] {
        for count in 1..=2 {
            let mut system = System::start(plan, Kind::Mosaic, Home::Served, 2 * load.pairs()).await?;
            for _ in 1..count {
                system.add_server(plan).await?;
            }
            let before = system.database.log_position().await?;
            let (mut figures, sent) =
                traffic::talk(plan, &system, &system.people, load, plan.seconds).await?;
            let written = system.database.log_position().await? - before;
            figures.insert("log_bytes_message".to_owned(), written / sent as f64);
            system.stop(plan, sent).await?;
            let load = load.to_string();
            let (topic, series) = load.split_once(", ").context("a load has two parts")?;
            report.add(&name(topic, series, count, "instances"), Kind::Mosaic, 0, figures);
        }
    }
    Ok(())
}

/// More and more people who write at once. They wrote before: to begin a thousand conversations takes longer than the
/// warm-up.
async fn pairs(plan: &Plan, report: &mut Report) -> Result<()> {
    for window in WINDOWS {
        for pairs in PAIRS {
            let system = System::start(plan, Kind::Mosaic, Home::Served, 2 * pairs).await?;
            let couples: Vec<_> = system.people.chunks(2).map(|both| (both[0].id, both[1].id)).collect();
            fill(&system.database, &couples, 1).await?;
            let load = Load::Saturating { pairs, window };
            let (figures, sent) =
                traffic::talk(plan, &system, &system.people, load, plan.half_the_seconds()).await?;
            system.stop(plan, sent + pairs as u64).await?;
            let series = format!("{window} under way in each");
            report.add(&name("pairs", &series, pairs as u64, "pairs"), Kind::Mosaic, 0, figures);
        }
    }
    Ok(())
}

/// Long conversations, first alone, then among ten times as many messages as the longest has; and people with many
/// conversations.
async fn past(plan: &Plan, report: &mut Report) -> Result<()> {
    let people = 2 * TENTHS.len() + ACQUAINTED.len() + OTHERS;
    let system = System::start(plan, Kind::Mosaic, Home::Served, people).await?;
    let (talking, rest) = system.people.split_at(2 * TENTHS.len());
    let (acquainted, others) = rest.split_at(ACQUAINTED.len());
    let couples: Vec<&[Person]> = talking.chunks(2).collect();
    let mut lengths = TENTHS.map(|part| plan.messages / part);
    for (couple, length) in couples.iter().zip(lengths) {
        fill(&system.database, &[(couple[0].id, couple[1].id)], length).await?;
    }
    long_conversations(plan, report, &system, &couples, &mut lengths).await?;

    let acquaintances = acquaintances(acquainted, others);
    let missing = 10 * plan.messages - lengths.iter().sum::<u64>();
    let each = missing / acquaintances.len() as u64;
    fill(&system.database, &acquaintances, each).await?;
    let stored = lengths.iter().sum::<u64>() + each * acquaintances.len() as u64;
    let size = system.database.size_of_messages().await? / stored as f64;
    let figures = Figures::from([("bytes_message".to_owned(), size)]);
    report.add(&name("storage", "rows and indexes", stored, "messages"), Kind::Mosaic, 0, figures);
    long_conversations(plan, report, &system, &couples, &mut lengths).await?;

    let someone = couples.first().context("there are couples")?;
    let known = [(1, &someone[0])].into_iter().chain(ACQUAINTED.into_iter().zip(acquainted));
    for (count, person) in known {
        let count = count as u64;
        let figures = reads::inbox(plan, &system, person, count).await?;
        report.add(&name("inbox", "a page", count, "conversations"), Kind::Mosaic, 0, figures);
        let figures = openings(plan, &system, person).await?;
        report.add(&name("inbox", "opening a socket", count, "conversations"), Kind::Mosaic, 0, figures);
    }
    system.stop(plan, lengths.iter().sum::<u64>() + each * acquaintances.len() as u64).await
}

/// Who knows whom: three know many of the others, and each of the others some of the next ones.
fn acquaintances(acquainted: &[Person], others: &[Person]) -> Vec<Couple> {
    let many = acquainted.iter().zip(ACQUAINTED);
    let many = many.flat_map(|(person, count)| others[..count].iter().map(|other| (person.id, other.id)));
    let next = others.iter().zip(1..).flat_map(|(person, next)| {
        (next..next + NEIGHBOURS).map(|next| (person.id, others[next % others.len()].id))
    });
    many.chain(next).collect()
}

/// Pages of these conversations, and sends to them, of which `lengths` takes note.
async fn long_conversations(
    plan: &Plan,
    report: &mut Report,
    system: &System,
    couples: &[&[Person]],
    lengths: &mut [u64],
) -> Result<()> {
    let stored = system.database.messages().await?;
    let among = format!("among {}", short(stored));
    for ((couple, length), part) in couples.iter().zip(lengths).zip(TENTHS) {
        let amount = plan.messages / part;
        for (what, offset) in [("newest", 0), ("oldest tenth", amount / 10 * 9)] {
            let figures = reads::page(plan, system, &couple[0], &couple[1], *length, offset).await?;
            report.add(
                &name("history", &format!("{what} {among}"), amount, "messages"),
                Kind::Mosaic,
                0,
                figures,
            );
        }
        let [load, _] = plan.paced();
        let (figures, sent) = traffic::talk(plan, system, couple, load, plan.half_the_seconds()).await?;
        *length += sent;
        report.add(&name("send", &among, amount, "messages"), Kind::Mosaic, 0, figures);
    }
    Ok(())
}

/// Ticket, socket and `welcome`, one after the other.
async fn openings(plan: &Plan, system: &System, person: &Person) -> Result<Figures> {
    let mut processes = system.processes(plan).await?;
    processes.retain(|process| process.name != LOAD);
    let mut times = Vec::new();
    let watch = Watch::begin(&processes)?;
    for _ in 0..OPENINGS {
        let begun = Instant::now();
        drop(Device::open(&system.socket_address(0, person).await?).await?);
        times.push(u32::try_from(begun.elapsed().as_micros()).unwrap_or(u32::MAX));
    }
    let mut figures = watch.end()?;
    figures.insert("cpu_us_answer_stack".to_owned(), figures[STACK] * 1e6 / f64::from(OPENINGS));
    spread(&mut figures, "answered", times);
    Ok(figures)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_be_taken_apart() {
        let name = name("history", "newest among 10 M", 2500, "messages");
        assert_eq!(parts(&name), Some(["history", "newest among 10 M", "2.5 k messages"]));
        assert_eq!(parts(&super::name("pairs", "x", 1, "pairs")), Some(["pairs", "x", "1 pair"]));
        assert_eq!(parts("idle, 5000 sockets"), None);
        assert_eq!([short(999), short(1_111_000)], ["999", "1.1 M"]);
    }

    #[test]
    fn nobody_knows_somebody_twice() {
        let person = |_| Person { id: uuid::Uuid::new_v4(), token: String::new() };
        let (acquainted, others): (Vec<_>, Vec<_>) =
            ((0..3).map(person).collect(), (0..OTHERS).map(person).collect());
        let all = acquaintances(&acquainted, &others);
        let pairs = all.iter().map(|(a, b)| (a.min(b), a.max(b)));
        let different: std::collections::BTreeSet<_> = pairs.collect();
        assert_eq!((all.len(), different.len()), (9110, 9110));
    }
}
