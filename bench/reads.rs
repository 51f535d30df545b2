//! Questions that must not cost more the more there is: a page of a long conversation, a search among many people.

use anyhow::{Context as _, Result, ensure};
use reqwest::Url;
use serde::Deserialize;
use serde_json::Value;
use tokio::time::Instant;

use crate::database::{self, Home};
use crate::past::fill;
use crate::plan::Plan;
use crate::report::{Figures, Report, spread};
use crate::system::{Kind, Person, System};
use crate::usage::{LOAD, STACK, Watch};
use crate::wire::Stored;

/// Questions before it counts, and questions that count.
const WARM_UP: u32 = 20;
const QUESTIONS: u32 = 300;
/// Messages of a page, and people of an answer.
const LIMIT: u64 = 50;

#[derive(Deserialize)]
struct Page {
    messages: Vec<Stored>,
}

/// A page at the end of a long conversation, and one near its beginning.
///
/// # Errors
/// When a page is not the one that was asked for.
pub async fn history(plan: &Plan, home: Home, rounds: u32, report: &mut Report) -> Result<()> {
    let system = System::start(plan, Kind::Mosaic, home, 2).await?;
    let [me, peer] = &system.people[..] else { anyhow::bail!("two people were seeded") };
    fill(&system.database, &[(me.id, peer.id)], plan.messages).await?;
    system.database.tidy().await?;

    for round in 0..rounds {
        for offset in [0, plan.messages / 10 * 9] {
            let figures = page(plan, &system, me, peer, plan.messages, offset).await?;
            let scenario = format!("history, offset {offset} of {}, {}", plan.messages, home.name());
            report.add(&scenario, Kind::Mosaic, round, figures);
        }
    }
    system.stop(plan, plan.messages).await
}

/// One page of a conversation that has so many messages.
///
/// # Errors
/// When it is not the one that was asked for.
pub async fn page(
    plan: &Plan,
    system: &System,
    me: &Person,
    peer: &Person,
    messages: u64,
    offset: u64,
) -> Result<Figures> {
    let url = system.url(&format!("/messages/history/{}?limit={LIMIT}&offset={offset}", peer.id));
    let newest = messages - offset;
    let is_right = |text: &str| {
        let page: Page = serde_json::from_str(text)?;
        let seqs = page.messages.iter().map(|message| message.seq);
        ensure!(seqs.eq(newest.saturating_sub(LIMIT) + 1..=newest), "not the page at offset {offset}");
        Ok(())
    };
    ask(plan, system, me, url.parse()?, is_right).await
}

/// The newest page of the inbox of somebody who has so many conversations.
///
/// # Errors
/// When it does not show them.
pub async fn inbox(plan: &Plan, system: &System, me: &Person, conversations: u64) -> Result<Figures> {
    let url = system.url(&format!("/messages/conversations?limit={LIMIT}"));
    let is_right = |text: &str| {
        let answer: Value = serde_json::from_str(text)?;
        let found = answer["conversations"].as_array().context("a list of conversations")?.len() as u64;
        ensure!(found == conversations.min(LIMIT), "{found} conversations of {conversations}");
        Ok(())
    };
    ask(plan, system, me, url.parse()?, is_right).await
}

/// Searches among so many people, with many results, with few, with one and with none.
///
/// # Errors
/// When an answer is not what it has to be.
pub async fn search(
    plan: &Plan,
    home: Home,
    people: u32,
    rounds: u32,
    mut report: impl FnMut(&str, u32, Figures),
) -> Result<()> {
    let system = System::start(plan, Kind::Mosaic, home, people as usize).await?;
    let me = system.people.first().context("somebody was seeded")?;
    let other = system.people.last().context("somebody was seeded")?;
    let address = system.url(&format!("/profiles/{}", other.id));
    let answer = system.http.get(address).bearer_auth(&me.token).send().await?.error_for_status()?;
    let profile: Value = answer.json().await?;
    let text = |field: &Value| field.as_str().map(str::to_owned).context("a profile has names and interests");
    let username = text(&profile["profile"]["username"])?;
    let interest = text(&profile["profile"]["interests"][0])?;
    database::settle(&plan.database_url).await?;

    for round in 0..rounds {
        for (what, query, least, most) in [
            ("everybody", "", LIMIT, LIMIT),
            ("an interest", interest.as_str(), 1, LIMIT),
            ("a username", username.as_str(), 1, LIMIT),
            ("nobody", "zzqxzzqx", 0, 0),
        ] {
            let limit = LIMIT.to_string();
            let url =
                Url::parse_with_params(&system.url("/profiles/matches"), [("q", query), ("limit", &limit)])?;
            let is_right = |text: &str| {
                let answer: Value = serde_json::from_str(text)?;
                let found = answer["matches"].as_array().context("a list of matches")?.len() as u64;
                ensure!((least..=most).contains(&found), "{found} people match {query:?}");
                ensure!(what != "a username" || text.contains(query), "{query:?} is not found");
                Ok(())
            };
            let figures = ask(plan, &system, me, url, is_right).await?;
            report(what, round, figures);
        }
    }
    system.stop(plan, 0).await
}

/// Asks the same again and again, one question after the other, over a connection that stands.
async fn ask(
    plan: &Plan,
    system: &System,
    me: &Person,
    url: Url,
    is_right: impl Fn(&str) -> Result<()>,
) -> Result<Figures> {
    let mut times = Vec::new();
    let mut watch = None;
    for n in 0..WARM_UP + QUESTIONS {
        if n == WARM_UP {
            let mut processes = system.processes(plan).await?;
            processes.retain(|process| process.name != LOAD);
            watch = Some(Watch::begin(&processes)?);
        }
        let begun = Instant::now();
        let answer = system.http.get(url.clone()).bearer_auth(&me.token).send().await?;
        let text = answer.error_for_status()?.text().await?;
        let time = begun.elapsed();
        is_right(&text)?;
        if n >= WARM_UP {
            times.push(u32::try_from(time.as_micros()).unwrap_or(u32::MAX));
        }
    }
    let mut figures = watch.context("the questions began")?.end()?;
    figures.insert("cpu_us_answer_stack".to_owned(), figures[STACK] * 1e6 / f64::from(QUESTIONS));
    spread(&mut figures, "answered", times);
    Ok(figures)
}
