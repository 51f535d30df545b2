//! Databases for one measurement each, and what makes measurements comparable: everything written out before one
//! begins, and a database that really waits for the disk.

use anyhow::{Context as _, Result, ensure};
use reqwest::Url;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};
use tempfile::TempDir;
use uuid::Uuid;

/// Where a system keeps its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Home {
    /// PostgreSQL, with Redis between instances.
    Served,
    /// An SQLite file, and nothing beside it.
    Embedded,
}

impl Home {
    /// As scenarios are named.
    pub fn name(self) -> &'static str {
        match self {
            Self::Served => "postgres",
            Self::Embedded => "sqlite",
        }
    }
}

/// A message is found by its id and by its conversation, and goes with the people it is of. Nothing in it is there for
/// positions, repeated sends or marks.
const KEYED_TABLES: &str = "
    CREATE TABLE profiles (id uuid PRIMARY KEY);
    CREATE TABLE messages (
        id          uuid PRIMARY KEY,
        client_id   uuid NOT NULL,
        sender_id   uuid NOT NULL REFERENCES profiles (id) ON DELETE CASCADE,
        receiver_id uuid NOT NULL REFERENCES profiles (id) ON DELETE CASCADE,
        content     text NOT NULL,
        seq         bigint NOT NULL,
        created_at  timestamptz NOT NULL DEFAULT now(),
        read_at     timestamptz
    );
    CREATE INDEX idx_messages_conversation
        ON messages (LEAST(sender_id, receiver_id), GREATEST(sender_id, receiver_id), seq DESC);";

/// An empty database.
pub struct Database {
    /// As `DATABASE_URL`.
    pub url: String,
    name: Option<String>,
}

impl Database {
    /// Makes one: in PostgreSQL at `admin`, or a file in `folder`.
    ///
    /// # Errors
    /// When PostgreSQL refuses.
    pub async fn create(admin: &str, home: Home, folder: &TempDir) -> Result<Self> {
        if home == Home::Embedded {
            let file = folder.path().join("bench.db");
            return Ok(Self { url: format!("sqlite://{}", file.display()), name: None });
        }
        let name = format!("bench_{}", Uuid::now_v7().simple());
        execute(admin, &format!("CREATE DATABASE {name}")).await?;
        let mut url = Url::parse(admin)?;
        url.set_path(&name);
        Ok(Self { url: url.to_string(), name: Some(name) })
    }

    /// Makes the table of messages that every server of this protocol has, with its keys, and the people whom it
    /// refers to: the floor then fills this one.
    ///
    /// # Errors
    /// When PostgreSQL refuses.
    pub async fn lay_out_keys(&self, people: Vec<Uuid>) -> Result<()> {
        execute(&self.url, KEYED_TABLES).await?;
        let mut db = PgConnection::connect(&self.url).await?;
        sqlx::query("INSERT INTO profiles SELECT UNNEST($1)").bind(people).execute(&mut db).await?;
        Ok(db.close().await?)
    }

    /// The number of messages stored.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub async fn messages(&self) -> Result<u64> {
        let count = "SELECT count(*) FROM messages";
        let count: i64 = if self.name.is_some() {
            let mut db = PgConnection::connect(&self.url).await?;
            sqlx::query_scalar(count).fetch_one(&mut db).await?
        } else {
            let mut db = SqliteConnection::connect(&self.url).await?;
            sqlx::query_scalar(count).fetch_one(&mut db).await?
        };
        Ok(count.try_into()?)
    }

    /// Does what PostgreSQL would do by and by after much was written, so that none of it is done meanwhile.
    ///
    /// # Errors
    /// When PostgreSQL refuses.
    pub async fn tidy(&self) -> Result<()> {
        if self.name.is_some() {
            execute(&self.url, "VACUUM (ANALYZE)").await?;
            settle(&self.url).await?;
        }
        Ok(())
    }

    /// How many bytes PostgreSQL has written to its log, ever.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub async fn log_position(&self) -> Result<f64> {
        self.ask("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8").await
    }

    /// How many bytes the messages take up in PostgreSQL, with their indexes.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub async fn size_of_messages(&self) -> Result<f64> {
        self.ask("SELECT pg_total_relation_size('messages')::float8").await
    }

    async fn ask(&self, question: &'static str) -> Result<f64> {
        let mut db = PgConnection::connect(&self.url).await?;
        Ok(sqlx::query_scalar(question).fetch_one(&mut db).await?)
    }

    /// Removes it; whoever still uses it is thrown out.
    ///
    /// # Errors
    /// When PostgreSQL refuses.
    pub async fn drop(&self, admin: &str) -> Result<()> {
        match &self.name {
            Some(name) => execute(admin, &format!("DROP DATABASE {name} WITH (FORCE)")).await,
            None => Ok(()),
        }
    }
}

async fn execute(url: &str, statement: &str) -> Result<()> {
    let mut db = PgConnection::connect(url).await.context("TEST_DATABASE_URL")?;
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut db).await?;
    Ok(db.close().await?)
}

/// Writes out what is written already, so that none of it is done during the measurement.
///
/// # Errors
/// When PostgreSQL refuses.
pub async fn settle(admin: &str) -> Result<()> {
    execute(admin, "CHECKPOINT").await
}

/// Refuses a PostgreSQL that calls something stored that is not yet on the disk.
///
/// # Errors
/// When it does, or cannot be asked.
pub async fn is_durable(admin: &str) -> Result<()> {
    let mut db = PgConnection::connect(admin).await.context("TEST_DATABASE_URL")?;
    for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
        let value: String =
            sqlx::query_scalar("SELECT current_setting($1)").bind(setting).fetch_one(&mut db).await?;
        ensure!(value == "on", "{setting} is {value}: its figures would mean nothing");
    }
    Ok(())
}

/// The process that started all others of this PostgreSQL.
///
/// # Errors
/// When it cannot be asked, or is on another machine.
pub async fn postmaster(admin: &str) -> Result<u32> {
    let mut db = PgConnection::connect(admin).await.context("TEST_DATABASE_URL")?;
    let file: String = sqlx::query_scalar("SELECT pg_read_file('postmaster.pid')").fetch_one(&mut db).await?;
    file.lines().next().and_then(|line| line.parse().ok()).context("postmaster.pid begins with its pid")
}

/// The process of this Redis.
///
/// # Errors
/// When it cannot be asked.
pub async fn redis_process(url: &str) -> Result<u32> {
    let mut connection = redis::Client::open(url)?.get_multiplexed_async_connection().await?;
    let info: String = redis::cmd("INFO").arg("server").query_async(&mut connection).await?;
    let line = info.lines().find_map(|line| line.strip_prefix("process_id:"));
    line.and_then(|line| line.trim().parse().ok()).context("process_id in INFO")
}
