//! Conversations as they are when they have been going on for long: rows as sends leave them, made by statements inside
//! the database, since ten million sends would take longer than all measurements together.

use anyhow::{Context as _, Result};
use serde_json::json;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection};
use uuid::Uuid;

use crate::database::Database;
use crate::pair::CONTENT;

/// A conversation of two people who take turns; the first begins.
pub type Couple = (Uuid, Uuid);

/// Adds so many messages to each of these conversations, as another instance would. Everybody writes in turn, so that
/// the messages of one conversation lie as far apart as those of people who write at the same time. The database is
/// left as it is some time after: analysed, and nothing to write out.
///
/// # Errors
/// When the database refuses.
pub async fn fill(database: &Database, couples: &[Couple], count: u64) -> Result<()> {
    let couples: Vec<_> = couples.iter().map(|(a, b)| json!([a, b])).collect();
    let couples = serde_json::to_string(&couples)?;
    let count = i64::try_from(count).context("a number of messages")?;
    if let Some(file) = database.url.strip_prefix("sqlite://") {
        into_sqlite(file, &couples, count).await
    } else {
        into_postgres(&database.url, &couples, count).await
    }
}

/// The beginning of ids that sort by time, as those of devices and servers do; the rest of the 32 digits is counted.
fn prefix() -> String {
    let id = Uuid::now_v7().simple().to_string();
    id[..17].to_owned()
}

async fn into_postgres(url: &str, couples: &str, count: i64) -> Result<()> {
    let mut db = PgConnection::connect(url).await?;
    // The references hold: looking each of them up would take most of the time.
    sqlx::raw_sql("SET session_replication_role = replica").execute(&mut db).await?;
    let statement = "
        WITH couple AS MATERIALIZED (
            SELECT a, b, LEAST(a, b) AS lo, GREATEST(a, b) AS hi, COALESCE(c.last_seq, 0) AS last_seq,
                   COALESCE(c.from_lo, 0) AS from_lo, row_number() OVER () AS place, count(*) OVER () AS couples
            FROM (SELECT (p ->> 0)::uuid AS a, (p ->> 1)::uuid AS b FROM jsonb_array_elements($1::jsonb) AS p) AS p
            LEFT JOIN conversations c ON c.user_lo = LEAST(a, b) AND c.user_hi = GREATEST(a, b)
        ), written AS (
            INSERT INTO messages (id, client_id, sender_id, receiver_id, content, created_at, seq, from_lo)
            SELECT i.id, i.id, CASE WHEN n % 2 = 1 THEN a ELSE b END, CASE WHEN n % 2 = 1 THEN b ELSE a END, $4,
                   clock_timestamp(), last_seq + n, from_lo + CASE WHEN a = lo THEN (n + 1) / 2 ELSE n / 2 END
            FROM generate_series(1, $2) AS n
            CROSS JOIN couple
            CROSS JOIN LATERAL (SELECT ($3 || lpad(to_hex(n * couples + place), 15, '0'))::uuid AS id) AS i
        )
        INSERT INTO conversations AS c (user_lo, user_hi, last_seq, from_lo, last_message_at)
        SELECT lo, hi, last_seq + $2, from_lo + CASE WHEN a = lo THEN ($2 + 1) / 2 ELSE $2 / 2 END, clock_timestamp()
        FROM couple
        ON CONFLICT (user_lo, user_hi) DO UPDATE
        SET last_seq = excluded.last_seq, from_lo = excluded.from_lo,
            last_message_at = excluded.last_message_at, changed_at = clock_timestamp()";
    sqlx::query(statement).bind(couples).bind(count).bind(prefix()).bind(CONTENT).execute(&mut db).await?;
    for statement in ["VACUUM (ANALYZE) messages, conversations", "CHECKPOINT"] {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut db).await?;
    }
    Ok(db.close().await?)
}

async fn into_sqlite(file: &str, couples: &str, count: i64) -> Result<()> {
    let mut db = SqliteConnectOptions::new().filename(file).foreign_keys(false).connect().await?;
    let couple = "
        WITH couple AS MATERIALIZED (
            SELECT a, b, min(a, b) AS lo, max(a, b) AS hi, COALESCE(c.last_seq, 0) AS last_seq,
                   COALESCE(c.from_lo, 0) AS from_lo, place, count(*) OVER () AS couples
            FROM (SELECT key AS place, unhex(value ->> 0, '-') AS a, unhex(value ->> 1, '-') AS b FROM json_each(?1))
            LEFT JOIN conversations c ON c.user_lo = min(a, b) AND c.user_hi = max(a, b)
        )";
    let messages = format!(
        "{couple}, turn (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM turn WHERE n < ?2), written AS (
            SELECT *, unhex(?3 || printf('%015x', n * couples + place)) AS id FROM turn CROSS JOIN couple
        )
        INSERT INTO messages (id, client_id, sender_id, receiver_id, content, created_at, seq, from_lo)
        SELECT id, id, iif(n % 2 = 1, a, b), iif(n % 2 = 1, b, a), ?4, CAST(unixepoch('subsec') * 1000000 AS INTEGER),
               last_seq + n, from_lo + iif(a = lo, (n + 1) / 2, n / 2)
        FROM written"
    );
    let conversations = format!(
        "{couple}
        INSERT INTO conversations (user_lo, user_hi, last_seq, from_lo, last_message_at)
        SELECT lo, hi, last_seq + ?2, from_lo + iif(a = lo, (?2 + 1) / 2, ?2 / 2),
               CAST(unixepoch('subsec') * 1000000 AS INTEGER)
        FROM couple WHERE true
        ON CONFLICT (user_lo, user_hi) DO UPDATE
        SET last_seq = excluded.last_seq, from_lo = excluded.from_lo,
            last_message_at = excluded.last_message_at, changed_at = excluded.changed_at"
    );
    let mut transaction = db.begin_with("BEGIN IMMEDIATE").await?;
    for statement in [messages, conversations] {
        sqlx::query(AssertSqlSafe(statement))
            .bind(couples)
            .bind(count)
            .bind(prefix())
            .bind(CONTENT)
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await?;
    Ok(db.close().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_begin_alike_and_leave_room_for_a_count() {
        let id: Uuid = format!("{}{:015x}", prefix(), 1).parse().unwrap();
        assert_eq!((id.get_version_num(), id.get_variant()), (7, uuid::Variant::RFC4122));
    }
}
