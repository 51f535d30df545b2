//! A bounded set of database connections, lent to one piece of work at a time.
//!
//! Work runs in a task of its own: a client that goes away never tears a write or leaves a
//! transaction open. Waiting is bounded everywhere, also when the database is frozen and no limit
//! of its own fires. A connection is kept only after work that succeeded; after an error or a
//! time-out it is closed, because its state is unknown, and the next piece of work opens another.
//! (sqlx's own pool pings a connection when it comes back, without a time limit: a silently dead
//! server would take its places one by one.)

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use futures::future::BoxFuture;
use sqlx::{ConnectOptions, Connection, Database};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};
use tracing::Instrument as _;

use super::meter;

/// How long work waits for its turn, and how long opening a connection may take.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long work may take; above every limit the database itself knows.
const WORK_TIMEOUT: Duration = Duration::from_secs(8);
/// A connection that was idle for longer is asked whether it is still there.
const TRUSTED_IDLE: Duration = Duration::from_secs(1);
/// How long its answer may take.
const PING_TIMEOUT: Duration = Duration::from_millis(500);
/// A connection that was idle for longer is closed.
const MAX_IDLE: Duration = Duration::from_secs(300);
/// A connection is not used for longer than this.
const MAX_LIFETIME: Duration = Duration::from_secs(1800);

/// See the module's documentation. Cheap to clone; clones share the connections.
pub struct Connections<DB: Database>(Arc<Shared<DB>>);

impl<DB: Database> Clone for Connections<DB> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

struct Shared<DB: Database> {
    /// What `/metrics` calls it.
    pool: &'static str,
    options: <DB::Connection as Connection>::Options,
    turns: Semaphore,
    free: Mutex<Vec<Held<DB>>>,
}

struct Held<DB: Database> {
    connection: DB::Connection,
    born: Instant,
    used: Instant,
}

impl<DB: Database> Connections<DB> {
    /// At most `limit` connections at a time. Opens none yet. `pool` is what `/metrics` calls it.
    pub fn new(pool: &'static str, options: <DB::Connection as Connection>::Options, limit: usize) -> Self {
        meter::opened(pool, limit);
        let options = options.disable_statement_logging();
        Self(Arc::new(Shared { pool, options, turns: Semaphore::new(limit), free: Mutex::default() }))
    }

    /// Lends a connection to `work`, which runs to its end whether or not the caller still waits.
    pub async fn run<T, W>(&self, work: W) -> anyhow::Result<T>
    where
        T: Send + 'static,
        W: for<'c> FnOnce(&'c mut DB::Connection) -> BoxFuture<'c, anyhow::Result<T>> + Send + 'static,
    {
        self.run_for(WORK_TIMEOUT, work).await
    }

    /// The same for work that may take longer.
    pub async fn run_for<T, W>(&self, patience: Duration, work: W) -> anyhow::Result<T>
    where
        T: Send + 'static,
        W: for<'c> FnOnce(&'c mut DB::Connection) -> BoxFuture<'c, anyhow::Result<T>> + Send + 'static,
    {
        let shared = Arc::clone(&self.0);
        let work = async move { shared.run(patience, work).await }.in_current_span();
        tokio::spawn(work).await.context("database work ended early")?
    }
}

impl<DB: Database> Shared<DB> {
    async fn run<T, W>(&self, patience: Duration, work: W) -> anyhow::Result<T>
    where
        W: for<'c> FnOnce(&'c mut DB::Connection) -> BoxFuture<'c, anyhow::Result<T>>,
    {
        let asked = Instant::now();
        let turn = timeout(ACQUIRE_TIMEOUT, self.turns.acquire()).await;
        meter::waited(self.pool, asked.elapsed());
        let _turn =
            turn.inspect_err(|_| meter::gave_up(self.pool)).context("no connection became free")??;
        let _in_use = meter::InUse::of(self.pool);
        let mut held = timeout(ACQUIRE_TIMEOUT, self.open())
            .await
            .context("the database does not take connections")??;
        let done = timeout(patience, work(&mut held.connection)).await.context("no answer in time")??;
        held.used = Instant::now();
        self.with_free(|free| free.push(held));
        Ok(done)
    }

    async fn open(&self) -> anyhow::Result<Held<DB>> {
        while let Some(mut held) = self.take_free() {
            let idle = held.used.elapsed();
            if idle > MAX_IDLE || held.born.elapsed() > MAX_LIFETIME {
                continue;
            }
            if idle < TRUSTED_IDLE
                || matches!(timeout(PING_TIMEOUT, held.connection.ping()).await, Ok(Ok(())))
            {
                return Ok(held);
            }
            // Those that were idle for longer are in no better state.
            self.with_free(Vec::clear);
        }
        let now = Instant::now();
        Ok(Held { connection: DB::Connection::connect_with(&self.options).await?, born: now, used: now })
    }

    /// The one used last, so that those not needed grow old.
    fn take_free(&self) -> Option<Held<DB>> {
        self.with_free(Vec::pop)
    }

    fn with_free<T>(&self, change: impl FnOnce(&mut Vec<Held<DB>>) -> T) -> T {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = change(&mut free);
        meter::idle(self.pool, free.len());
        changed
    }
}
