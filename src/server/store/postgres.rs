//! The store on PostgreSQL, for any number of instances.
//!
//! A send is one function call and so one transaction of the server's own: no `BEGIN` travels from
//! here, nothing can be left open in between. What the database decides under a lock it decides in
//! the functions of `migrations/postgres`; here is what is asked and what the answers mean.

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

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use futures::FutureExt as _;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, PgConnection, Postgres};

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

/// At most this many connections for everything but sends. More are slower, not faster.
const CONNECTIONS: usize = 12;
/// Sends that wait for the lock of a busy conversation, each by itself.
const WAITING: usize = 4;
/// How often a send is tried when it met another one in a way that only a new attempt resolves.
const ATTEMPTS: usize = 5;

/// See the module's documentation.
pub struct PostgresStore {
    migrator: PgConnectOptions,
    // Both the same connections.
    reads: Connections<Postgres>,
    writes: Connections<Postgres>,
    sends: Writer,
}

impl PostgresStore {
    /// Connects when first used.
    pub fn new(options: PgConnectOptions) -> Self {
        // Compiling a statement, or starting processes for it, takes longer than any statement here.
        let options = options
            .application_name("mosaic")
            .options([("jit", "off"), ("max_parallel_workers_per_gather", "0")]);
        // An acknowledgement promises that the row survives, whatever the server's default is.
        let limited = options.clone().options([
            ("synchronous_commit", "on"),
            ("statement_timeout", "5s"),
            ("lock_timeout", "2s"),
            ("idle_in_transaction_session_timeout", "10s"),
        ]);
        let shared = Connections::new("shared", limited.clone(), CONNECTIONS);
        // Planning anew costs three times what storing one message does. A plan that is kept must not be one for
        // tables that were small when it was made.
        let planned_once = limited.options([
            ("plan_cache_mode", "force_generic_plan"),
            ("enable_seqscan", "off"),
            ("enable_hashjoin", "off"),
            ("enable_mergejoin", "off"),
        ]);
        let batches = Connections::new("batches", planned_once.clone(), 1);
        let singles = Connections::new("singles", planned_once, WAITING);
        let sends = Writer::start(move |jobs| store_batch(batches.clone(), singles.clone(), jobs).boxed());
        Self { migrator: options, reads: shared.clone(), writes: shared, sends }
    }

    /// Waits for as long as it takes: another process may be at it, and a migration may be long.
    async fn run_migrations(&self) -> anyhow::Result<()> {
        let mut db = PgConnection::connect_with(&self.migrator).await?;
        // `run` asks for more lifetimes than a boxed future can offer; this is what it calls.
        sqlx::migrate!("migrations/postgres").run_direct(None, &mut db, false).await?;
        Ok(db.close().await?)
    }
}

implement_store!(PostgresStore);

/// Stores what can be stored at once; the rest goes job by job, so that neither a locked
/// conversation nor a message the database refuses holds up the others.
async fn store_batch(batches: Connections<Postgres>, singles: Connections<Postgres>, jobs: Vec<Job>) {
    let new: Vec<_> = jobs.iter().flat_map(|job| job.messages.iter().cloned()).collect();
    let outcomes = batches.run(move |db| async move { sends::insert(db, &new, false).await }.boxed()).await;
    match outcomes {
        Ok(outcomes) => {
            let mut outcomes = outcomes.into_iter();
            for job in jobs {
                let of_job: Vec<_> = outcomes.by_ref().take(job.messages.len()).collect();
                match of_job.into_iter().collect() {
                    Some(inserts) => job.answer(Ok(inserts)),
                    None => drop(tokio::spawn(store_single(singles.clone(), job))),
                }
            }
        }
        Err(error) if refusal(&error).is_some() => {
            for job in jobs {
                tokio::spawn(store_single(singles.clone(), job));
            }
        }
        Err(error) => {
            for job in jobs {
                job.answer(Err(anyhow::anyhow!("{error:#}")));
            }
        }
    }
}

async fn store_single(singles: Connections<Postgres>, job: Job) {
    for attempt in 1.. {
        let new = job.messages.clone();
        let outcome = singles.run(move |db| async move { sends::insert(db, &new, true).await }.boxed()).await;
        let outcome = match outcome {
            Ok(outcomes) => outcomes.into_iter().collect::<Option<_>>().context("a send without answer"),
            // It met another transaction (a duplicate on its way, a deadlock, a deleted member)
            // that is over by now: a new attempt sees what that left.
            Err(error)
                if attempt < ATTEMPTS
                    && matches!(refusal(&error).as_deref(), Some("23505" | "23503" | "40001" | "40P01")) =>
            {
                continue;
            }
            Err(error) => Err(error),
        };
        job.answer(outcome);
        return;
    }
}

/// The code with which the server refused, if it was the server who spoke.
fn refusal(error: &anyhow::Error) -> Option<String> {
    let database = error.downcast_ref::<sqlx::Error>()?.as_database_error()?;
    database.code().map(|code| code.into_owned())
}
