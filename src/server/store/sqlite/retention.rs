//! What is not kept: messages of a certain age, log-ins and tickets past their time.

use chrono::{DateTime, Utc};
use sqlx::SqliteConnection;

use super::{begin, clock};
use crate::server::store::rows::{KeyRow, LOOK, Micros, key, outdated_of};
use crate::server::store::{FORGET_STEP, Outdated, Pair};

pub async fn outdated(
    db: &mut SqliteConnection,
    before: DateTime<Utc>,
    after: Option<Pair>,
) -> anyhow::Result<Outdated> {
    let (lo, hi) = key(after);
    let rows: Vec<KeyRow> = sqlx::query_as(
        "SELECT c.user_lo, c.user_hi, COALESCE((
             SELECT m.created_at < $3 FROM messages m
             WHERE min(m.sender_id, m.receiver_id) = c.user_lo AND max(m.sender_id, m.receiver_id) = c.user_hi
               AND m.seq = c.first_seq
         ), false) AS due
         FROM conversations c WHERE (c.user_lo, c.user_hi) > ($1, $2) ORDER BY c.user_lo, c.user_hi LIMIT $4",
    )
    .bind(lo)
    .bind(hi)
    .bind(Micros(before))
    .bind(LOOK)
    .fetch_all(db)
    .await?;
    Ok(outdated_of(&rows))
}

pub async fn forget_messages(
    db: &mut SqliteConnection,
    (lo, hi): Pair,
    before: DateTime<Utc>,
    now: DateTime<Utc>,
) -> anyhow::Result<u64> {
    let (lo, hi) = (lo.0, hi.0);
    let mut transaction = begin(db).await?;
    let stretch: Option<(i64, i64)> = sqlx::query_as(
        "SELECT c.first_seq, COALESCE((
             SELECT min(m.seq) FROM messages m
             WHERE min(m.sender_id, m.receiver_id) = $1 AND max(m.sender_id, m.receiver_id) = $2
               AND m.seq >= c.first_seq AND m.seq < c.first_seq + $4 AND m.created_at >= $3
         ), min(c.first_seq + $4, c.last_seq + 1))
         FROM conversations c WHERE c.user_lo = $1 AND c.user_hi = $2",
    )
    .bind(lo)
    .bind(hi)
    .bind(Micros(before))
    .bind(i64::from(FORGET_STEP))
    .fetch_optional(&mut *transaction)
    .await?;
    let Some((first, start)) = stretch.filter(|(first, start)| start > first) else { return Ok(0) };
    sqlx::query(concat!(
        "UPDATE conversations SET first_seq = $3, changed_at = ",
        clock!(),
        ", gone_from_lo = (
             SELECT m.from_lo FROM messages m
             WHERE min(m.sender_id, m.receiver_id) = $1 AND max(m.sender_id, m.receiver_id) = $2 AND m.seq = $3 - 1
         ) WHERE user_lo = $1 AND user_hi = $2",
    ))
    .bind(lo)
    .bind(hi)
    .bind(start)
    .execute(&mut *transaction)
    .await?;
    sqlx::query(
        "INSERT INTO forgotten_sends (sender_id, client_id, receiver_id, id, seq, created_at, read_at, forgotten_at)
         SELECT sender_id, client_id, receiver_id, id, seq, created_at, read_at, $5 FROM messages
         WHERE min(sender_id, receiver_id) = $1 AND max(sender_id, receiver_id) = $2 AND seq >= $3 AND seq < $4",
    )
    .bind(lo)
    .bind(hi)
    .bind(first)
    .bind(start)
    .bind(Micros(now))
    .execute(&mut *transaction)
    .await?;
    sqlx::query(
        "DELETE FROM messages
         WHERE min(sender_id, receiver_id) = $1 AND max(sender_id, receiver_id) = $2 AND seq >= $3 AND seq < $4",
    )
    .bind(lo)
    .bind(hi)
    .bind(first)
    .bind(start)
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(start.abs_diff(first))
}

pub async fn forget_sends(db: &mut SqliteConnection, before: DateTime<Utc>) -> anyhow::Result<u64> {
    let done = sqlx::query(
        "DELETE FROM forgotten_sends WHERE (sender_id, client_id) IN (
             SELECT sender_id, client_id FROM forgotten_sends WHERE forgotten_at < $1 ORDER BY forgotten_at LIMIT $2
         )",
    )
    .bind(Micros(before))
    .bind(i64::from(FORGET_STEP))
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

pub async fn forget_sessions(
    db: &mut SqliteConnection,
    made: DateTime<Utc>,
    used: DateTime<Utc>,
    ended: DateTime<Utc>,
) -> anyhow::Result<u64> {
    let expired = sqlx::query(
        "DELETE FROM sessions WHERE id IN (
             SELECT id FROM sessions WHERE created_at < $1 OR last_used_at < $2 OR revoked_at < $3 LIMIT $4
         )",
    )
    .bind(Micros(made))
    .bind(Micros(used))
    .bind(Micros(ended))
    .bind(i64::from(FORGET_STEP))
    .execute(&mut *db)
    .await?;
    let left = i64::from(FORGET_STEP) - i64::try_from(expired.rows_affected())?;
    let departed = sqlx::query(
        "DELETE FROM ended_sessions WHERE id IN (SELECT id FROM ended_sessions WHERE ended_at < $1 LIMIT $2)",
    )
    .bind(Micros(ended))
    .bind(left)
    .execute(db)
    .await?;
    Ok(expired.rows_affected() + departed.rows_affected())
}

pub async fn forget_tickets(db: &mut SqliteConnection, before: DateTime<Utc>) -> anyhow::Result<u64> {
    let done = sqlx::query(
        "DELETE FROM tickets WHERE digest IN (
             SELECT digest FROM tickets WHERE expires_at < $1 ORDER BY expires_at LIMIT $2
         )",
    )
    .bind(Micros(before))
    .bind(i64::from(FORGET_STEP))
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
