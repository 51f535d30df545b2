//! The store in one SQLite file, for one machine.
//!
//! There is one connection that writes, and every transaction of it takes the write lock at its
//! beginning: a read transaction that later wants to write fails at once when somebody else wrote
//! in between, whatever the busy time-out says. Another process (`mosaic seed`, a second server) is
//! waited for. Readers see the last commit and are never in the way (WAL), and an acknowledged
//! message is on the disk (`synchronous = FULL`).

mod contacts;
mod conversations;
mod messages;
mod people;
mod presence;
mod retention;
mod search;
mod sends;
mod sessions;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use futures::FutureExt as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Connection as _, Sqlite, SqliteConnection, SqliteTransaction};

use uuid::Uuid;

use super::connections::Connections;
use super::implement::{CHUNK, DELETION, implement_store};
use super::rows::alive;
use super::search::match_page;
use super::writer::{Job, Writer};
use super::{
    Acquaintance, ConversationCursor, ConversationPage, Departed, Digest, Insert, InstanceId, Mark,
    MatchCursor, MatchPage, NewMessage, NewProfile, Outdated, Pair, Position, Report, Result, Session, Store,
    Ticket, Verified,
};
use crate::chat::protocol::{ConversationHead, HistoryPage};
use crate::domain::{Contact, ContactChange, ScoredProfile, Seq, SessionId, UserId, Username};

/// Connections that read.
const READERS: usize = 4;
/// How long a lock of another process is waited for.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How long another process's migration is waited for.
const MIGRATION_TIMEOUT: Duration = Duration::from_secs(300);

/// Now, by the clock of the machine all processes on this file share, in microseconds.
macro_rules! clock {
    () => {
        "CAST(unixepoch('subsec') * 1000000 AS INTEGER)"
    };
}
use clock;

/// See the module's documentation.
pub struct SqliteStore {
    migrator: SqliteConnectOptions,
    reads: Connections<Sqlite>,
    writes: Connections<Sqlite>,
    sends: Writer,
}

impl SqliteStore {
    /// Opens the file, or makes it with the folders it lies in.
    pub async fn open(path: &Path) -> anyhow::Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        }
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        let migrator = options.clone().busy_timeout(MIGRATION_TIMEOUT);
        // A statement that writes many pages keeps the old ones, to take itself back: not in a file, which costs
        // as much as the log does.
        let writes = Connections::new("write", options.clone().pragma("temp_store", "memory"), 1);
        let reads = Connections::new("read", options.pragma("query_only", "on"), READERS);
        open_file(&writes)
            .await
            .with_context(|| format!("cannot open the database file {}", path.display()))?;

        let batches = writes.clone();
        let sends = Writer::start(move |jobs| store_batch(batches.clone(), jobs).boxed());
        Ok(Self { migrator, reads, writes, sends })
    }

    /// In one transaction, so that a second process waits, and then finds nothing left to do.
    async fn run_migrations(&self) -> anyhow::Result<()> {
        let mut db = SqliteConnection::connect_with(&self.migrator).await?;
        let mut transaction = begin(&mut db).await?;
        // `run` asks for more lifetimes than a boxed future can offer; this is what it calls.
        sqlx::migrate!("migrations/sqlite").run_direct(None, &mut *transaction, false).await?;
        transaction.commit().await?;
        Ok(db.close().await?)
    }
}

implement_store!(SqliteStore);

/// Turning a new file into a WAL database does not wait for another process that does the same; so
/// this does.
async fn open_file(writes: &Connections<Sqlite>) -> anyhow::Result<()> {
    let mut patience = 50;
    loop {
        let opened = writes.run(|db| async move { Ok(db.ping().await?) }.boxed()).await;
        match opened {
            Err(_) if patience > 0 => {
                patience -= 1;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            outcome => return outcome,
        }
    }
}

/// Begins a transaction that writes.
async fn begin(db: &mut SqliteConnection) -> sqlx::Result<SqliteTransaction<'_>> {
    db.begin_with("BEGIN IMMEDIATE").await
}

/// Ids as one parameter: a JSON array of hexadecimal digits, for `unhex`.
fn json_ids(users: &[UserId]) -> serde_json::Result<String> {
    serde_json::to_string(&users.iter().map(|user| user.0.simple().to_string()).collect::<Vec<_>>())
}

async fn store_batch(writes: Connections<Sqlite>, jobs: Vec<Job>) {
    let new: Vec<_> = jobs.iter().flat_map(|job| job.messages.iter().cloned()).collect();
    let outcomes = writes.run(move |db| async move { sends::insert(db, &new).await }.boxed()).await;
    match outcomes {
        Ok(outcomes) => {
            let mut outcomes = outcomes.into_iter();
            for job in jobs {
                let of_job = outcomes.by_ref().take(job.messages.len()).collect();
                job.answer(Ok(of_job));
            }
        }
        Err(error) => {
            for job in jobs {
                job.answer(Err(anyhow::anyhow!("{error:#}")));
            }
        }
    }
}
