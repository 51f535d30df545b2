//! The commands that do something and end: `migrate`, `seed` and `reports`.

use std::fs::File;
use std::io::{BufWriter, Write, stdout};

use anyhow::{Context as _, Result};
use serde_json::json;

use super::auth::{Passwords, Token};
use super::clock::Clock;
use super::config::{Config, SeedArgs};
use super::people;
use super::store::{self, SharedStore};

/// The password of every demo person.
const DEMO_PASSWORD: &str = "mosaic-demo";

/// Brings the schema up to date.
///
/// # Errors
/// When the database cannot be had.
pub async fn migrate(config: &Config) -> Result<SharedStore> {
    let store = store::connect(&config.database_url).await.context("DATABASE_URL cannot be used")?;
    store.migrate().await.map_err(anyhow::Error::from).context("the database could not be migrated")?;
    Ok(store)
}

/// Adds people.
///
/// # Errors
/// When the database or the output cannot be had.
pub async fn seed(config: &Config, args: SeedArgs) -> Result<()> {
    let store = migrate(config).await?;
    let now = Clock::system().now();
    if args.demo {
        let hash = hash(DEMO_PASSWORD.to_owned()).await?;
        let count = people::seed_demo(&store, &hash, now).await?;
        tracing::info!(count, "the demo people are there");
    }
    let Some(users) = args.users else { return Ok(()) };
    let mut out: Box<dyn Write + Send> = match &args.out {
        Some(path) => Box::new(BufWriter::new(
            File::create(path).with_context(|| format!("{} cannot be written", path.display()))?,
        )),
        None => Box::new(BufWriter::new(stdout())),
    };
    // Load tests log in by token; the password is nobody's.
    let hash = hash(Token::random().reveal().to_owned()).await?;
    let token = || {
        let token = Token::random();
        (token.reveal().to_owned(), token.digest())
    };
    let mut written = Ok(());
    people::seed_crowd(&store, users, &hash, now, token, |user_id, username, token| {
        if written.is_ok() {
            let line = json!({"user_id": user_id, "username": username, "token": token});
            written = writeln!(out, "{line}");
        }
    })
    .await?;
    written.and_then(|()| out.flush()).context("the people could not be written out")
}

/// How many reports are read at a time.
const REPORTS: u32 = 100;

/// Prints what people reported, one JSON line each, oldest first.
///
/// # Errors
/// When the database or the output cannot be had.
pub async fn reports(config: &Config) -> Result<()> {
    let store = migrate(config).await?;
    let mut out = BufWriter::new(stdout());
    let mut after = None;
    loop {
        let page = store.reports(None, after, REPORTS).await.map_err(anyhow::Error::from)?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        for report in &page {
            writeln!(out, "{}", serde_json::to_string(report)?)?;
        }
    }
    Ok(out.flush()?)
}

async fn hash(password: String) -> Result<String> {
    Passwords::new().hash(password).await.map_err(|error| anyhow::anyhow!("{error}"))
}
