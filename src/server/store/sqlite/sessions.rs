//! Log-ins and tickets.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::SqliteConnection;
use uuid::Uuid;

use super::{begin, clock};
use crate::domain::{SessionId, UserId};
use crate::server::store::rows::{Micros, SessionRow, TicketRow};
use crate::server::store::{Digest, Session, Ticket, Verified};

/// A session as the statement below takes it.
#[derive(Serialize)]
struct NewSession<'s> {
    digest: String,
    id: Uuid,
    user: Uuid,
    created: i64,
    used: i64,
    device: &'s str,
}

pub async fn open_session(
    db: &mut SqliteConnection,
    token: Digest,
    session: Session,
    verified: Verified,
) -> anyhow::Result<bool> {
    let done = sqlx::query(
        "INSERT INTO sessions (token_digest, id, user_id, created_at, last_used_at, device)
         SELECT $1, $2, id, $3, $4, $5 FROM profiles WHERE id = $6 AND password_hash = $7",
    )
    .bind(token.to_vec())
    .bind(session.id.0)
    .bind(Micros(session.created_at))
    .bind(Micros(session.last_used_at))
    .bind(session.device)
    .bind(verified.user_id.0)
    .bind(verified.password_hash)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn create_sessions(db: &mut SqliteConnection, new: Vec<(Digest, Session)>) -> anyhow::Result<()> {
    let new = new.iter().map(|(digest, session)| NewSession {
        digest: hex(digest),
        id: session.id.0,
        user: session.user_id.0,
        created: session.created_at.timestamp_micros(),
        used: session.last_used_at.timestamp_micros(),
        device: &session.device,
    });
    sqlx::query(
        "INSERT INTO sessions (token_digest, id, user_id, created_at, last_used_at, device)
         SELECT unhex(value->>'digest'), unhex(value->>'id', '-'), unhex(value->>'user', '-'),
                value->>'created', value->>'used', value->>'device'
         FROM json_each($1)",
    )
    .bind(serde_json::to_string(&new.collect::<Vec<_>>())?)
    .execute(db)
    .await?;
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub async fn session(db: &mut SqliteConnection, token: Digest) -> anyhow::Result<Option<Session>> {
    let row: Option<SessionRow> = sqlx::query_as(
        "SELECT id, user_id, created_at, last_used_at, device FROM sessions WHERE token_digest = $1 AND revoked_at IS NULL",
    )
    .bind(token.to_vec())
    .fetch_optional(db)
    .await?;
    Ok(row.map(Session::from))
}

/// Writes at most twice a minute, however often it is called.
pub async fn touch_session(
    db: &mut SqliteConnection,
    id: SessionId,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    sqlx::query("UPDATE sessions SET last_used_at = $2 WHERE id = $1 AND last_used_at < $2 - 30000000")
        .bind(id.0)
        .bind(Micros(now))
        .execute(db)
        .await?;
    Ok(())
}

pub async fn sessions_of(
    db: &mut SqliteConnection,
    user: UserId,
    since: DateTime<Utc>,
    limit: u32,
) -> anyhow::Result<Vec<Session>> {
    let rows: Vec<SessionRow> = sqlx::query_as(
        "SELECT id, user_id, created_at, last_used_at, device FROM sessions
         WHERE user_id = $1 AND revoked_at IS NULL AND last_used_at > $2 ORDER BY last_used_at DESC, id LIMIT $3",
    )
    .bind(user.0)
    .bind(Micros(since))
    .bind(i64::from(limit))
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Session::from).collect())
}

pub async fn revoke_session(db: &mut SqliteConnection, user: UserId, id: SessionId) -> anyhow::Result<bool> {
    let done = sqlx::query(concat!(
        "UPDATE sessions SET revoked_at = ",
        clock!(),
        " WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL"
    ))
    .bind(id.0)
    .bind(user.0)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn revoked_since(
    db: &mut SqliteConnection,
    since: DateTime<Utc>,
) -> anyhow::Result<Vec<SessionId>> {
    let ended: Vec<(Uuid, Micros)> = sqlx::query_as(
        "SELECT id, revoked_at FROM sessions WHERE revoked_at >= $1
         UNION ALL SELECT id, ended_at FROM ended_sessions WHERE ended_at >= $1 ORDER BY 2",
    )
    .bind(Micros(since))
    .fetch_all(db)
    .await?;
    Ok(ended.into_iter().map(|(id, _)| SessionId(id)).collect())
}

pub async fn expired_sessions(
    db: &mut SqliteConnection,
    ids: Vec<SessionId>,
    made: DateTime<Utc>,
    used: DateTime<Utc>,
) -> anyhow::Result<Vec<SessionId>> {
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "SELECT id FROM sessions
         WHERE id IN (SELECT unhex(value, '-') FROM json_each($1)) AND (created_at <= $2 OR last_used_at <= $3)",
    )
    .bind(serde_json::to_string(&ids.iter().map(|id| id.0).collect::<Vec<_>>())?)
    .bind(Micros(made))
    .bind(Micros(used))
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(SessionId).collect())
}

pub async fn create_ticket(db: &mut SqliteConnection, digest: Digest, ticket: Ticket) -> anyhow::Result<()> {
    sqlx::query("INSERT INTO tickets (digest, user_id, session_id, expires_at) VALUES ($1, $2, $3, $4)")
        .bind(digest.to_vec())
        .bind(ticket.user_id.0)
        .bind(ticket.session_id.0)
        .bind(Micros(ticket.expires_at))
        .execute(db)
        .await?;
    Ok(())
}

pub async fn take_ticket(db: &mut SqliteConnection, digest: Digest) -> anyhow::Result<Option<Ticket>> {
    let mut transaction = begin(db).await?;
    let row: Option<TicketRow> = sqlx::query_as(
        "SELECT t.user_id, t.session_id, t.expires_at
         FROM tickets t JOIN sessions s ON s.id = t.session_id AND s.revoked_at IS NULL WHERE t.digest = $1",
    )
    .bind(digest.to_vec())
    .fetch_optional(&mut *transaction)
    .await?;
    sqlx::query("DELETE FROM tickets WHERE digest = $1")
        .bind(digest.to_vec())
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(row.map(Ticket::from))
}
