//! What is not kept: messages of a certain age, log-ins and tickets past their time.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::server::store::rows::{KeyRow, LOOK, Micros, key, outdated_of};
use crate::server::store::{FORGET_STEP, Outdated, Pair};

pub async fn outdated(
    db: &mut PgConnection,
    before: DateTime<Utc>,
    after: Option<Pair>,
) -> anyhow::Result<Outdated> {
    let (lo, hi) = key(after);
    let rows: Vec<KeyRow> = sqlx::query_as(
        "SELECT c.user_lo, c.user_hi, COALESCE((
             SELECT m.created_at < $3 FROM messages m
             WHERE LEAST(m.sender_id, m.receiver_id) = c.user_lo AND GREATEST(m.sender_id, m.receiver_id) = c.user_hi
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
    db: &mut PgConnection,
    (lo, hi): Pair,
    before: DateTime<Utc>,
    now: DateTime<Utc>,
) -> anyhow::Result<u64> {
    let gone: i64 = sqlx::query_scalar("SELECT forget_messages($1, $2, $3, $4, $5)")
        .bind(lo.0)
        .bind(hi.0)
        .bind(Micros(before))
        .bind(i64::from(FORGET_STEP))
        .bind(Micros(now))
        .fetch_one(db)
        .await?;
    Ok(gone.unsigned_abs())
}

pub async fn forget_sends(db: &mut PgConnection, before: DateTime<Utc>) -> anyhow::Result<u64> {
    let done = sqlx::query(
        "DELETE FROM forgotten_sends WHERE (sender_id, client_id) IN (
             SELECT sender_id, client_id FROM forgotten_sends WHERE forgotten_at < $1
             ORDER BY forgotten_at LIMIT $2 FOR UPDATE SKIP LOCKED
         )",
    )
    .bind(Micros(before))
    .bind(i64::from(FORGET_STEP))
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

pub async fn forget_sessions(
    db: &mut PgConnection,
    made: DateTime<Utc>,
    used: DateTime<Utc>,
    ended: DateTime<Utc>,
) -> anyhow::Result<u64> {
    let expired = sqlx::query(
        "DELETE FROM sessions WHERE id IN (
             SELECT id FROM sessions WHERE created_at < $1 OR last_used_at < $2 OR revoked_at < $3
             LIMIT $4 FOR UPDATE SKIP LOCKED
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
        "DELETE FROM ended_sessions WHERE id IN (
             SELECT id FROM ended_sessions WHERE ended_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED
         )",
    )
    .bind(Micros(ended))
    .bind(left)
    .execute(db)
    .await?;
    Ok(expired.rows_affected() + departed.rows_affected())
}

pub async fn forget_tickets(db: &mut PgConnection, before: DateTime<Utc>) -> anyhow::Result<u64> {
    let done = sqlx::query(
        "DELETE FROM tickets WHERE digest IN (
             SELECT digest FROM tickets WHERE expires_at < $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED
         )",
    )
    .bind(Micros(before))
    .bind(i64::from(FORGET_STEP))
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
