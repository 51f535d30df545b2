//! The floor's table and the one statement that fills it: no index, no constraint, no question, unless a table with
//! keys is there already.

use anyhow::{Context as _, Result};
use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, SqliteConnection};
use uuid::Uuid;

use mosaic::domain::Message;

/// The one connection of the floor's writer.
pub enum Table {
    /// PostgreSQL.
    Postgres(PgConnection),
    /// An SQLite file.
    Sqlite(SqliteConnection),
}

impl Table {
    /// Connects and makes the table, unless there is one.
    ///
    /// # Errors
    /// When the database cannot be had.
    pub async fn create(url: &str) -> Result<Self> {
        if let Some(file) = url.strip_prefix("sqlite://") {
            let options = SqliteConnectOptions::new()
                .filename(file)
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full);
            let mut db = options.connect().await?;
            let table = "CREATE TABLE messages (id BLOB, client_id BLOB, sender_id BLOB, receiver_id BLOB,
                                                content TEXT, seq INTEGER, created_at INTEGER)";
            sqlx::query(table).execute(&mut db).await?;
            return Ok(Self::Sqlite(db));
        }
        let mut db = PgConnection::connect(url).await?;
        let table =
            "CREATE TABLE IF NOT EXISTS messages (id uuid, client_id uuid, sender_id uuid, receiver_id uuid,
                                            content text, seq bigint, created_at timestamptz)";
        sqlx::query(table).execute(&mut db).await?;
        Ok(Self::Postgres(db))
    }

    /// Stores these; they are durable when it returns.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn insert(&mut self, batch: &[&Message]) -> Result<()> {
        match self {
            Self::Postgres(db) => into_postgres(db, batch).await,
            Self::Sqlite(db) => into_sqlite(db, batch).await,
        }
    }
}

async fn into_postgres(db: &mut PgConnection, batch: &[&Message]) -> Result<()> {
    let ids = |of: fn(&Message) -> Uuid| batch.iter().map(|&message| of(message)).collect::<Vec<_>>();
    let contents: Vec<&str> = batch.iter().map(|message| message.content.as_str()).collect();
    let seqs: Vec<i64> = batch.iter().map(|message| position(message)).collect::<Result<_>>()?;
    let times: Vec<DateTime<Utc>> = batch.iter().map(|message| message.created_at).collect();
    let statement = "INSERT INTO messages (id, client_id, sender_id, receiver_id, content, seq, created_at)
                     SELECT * FROM UNNEST($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[],
                                          $6::bigint[], $7::timestamptz[])";
    sqlx::query(statement)
        .bind(ids(|message| message.id.0))
        .bind(ids(|message| message.client_id.0))
        .bind(ids(|message| message.sender_id.0))
        .bind(ids(|message| message.receiver_id.0))
        .bind(contents)
        .bind(seqs)
        .bind(times)
        .execute(db)
        .await?;
    Ok(())
}

async fn into_sqlite(db: &mut SqliteConnection, batch: &[&Message]) -> Result<()> {
    let rows: Vec<_> = batch
        .iter()
        .map(|message| {
            json!([
                message.id.0.simple(),
                message.client_id.0.simple(),
                message.sender_id.0.simple(),
                message.receiver_id.0.simple(),
                message.content,
                message.seq,
                message.created_at.timestamp_micros(),
            ])
        })
        .collect();
    let statement = "INSERT INTO messages (id, client_id, sender_id, receiver_id, content, seq, created_at)
                     SELECT unhex(value ->> 0), unhex(value ->> 1), unhex(value ->> 2), unhex(value ->> 3),
                            value ->> 4, value ->> 5, value ->> 6 FROM json_each(?)";
    sqlx::query(statement).bind(serde_json::to_string(&rows)?).execute(db).await?;
    Ok(())
}

fn position(message: &Message) -> Result<i64> {
    i64::try_from(message.seq.0).context("a position beyond what a database counts")
}
