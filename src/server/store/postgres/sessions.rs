//! Log-ins and tickets.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::{SessionId, UserId};
use crate::server::store::rows::{Micros, SessionRow, TicketRow};
use crate::server::store::{Digest, Session, Ticket, Verified};

/// The lock waits for a change of the password that is under way, and keeps the next one waiting.
pub async fn open_session(
    db: &mut PgConnection,
    token: Digest,
    session: Session,
    verified: Verified,
) -> anyhow::Result<bool> {
    let done = sqlx::query(
        "INSERT INTO sessions (token_digest, id, user_id, created_at, last_used_at, device)
         SELECT $1, $2, p.id, $3, $4, $5 FROM profiles p WHERE p.id = $6 AND p.password_hash = $7 FOR SHARE",
    )
    .bind(&token[..])
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

pub async fn create_sessions(db: &mut PgConnection, new: Vec<(Digest, Session)>) -> anyhow::Result<()> {
    sqlx::query(
        "INSERT INTO sessions (token_digest, id, user_id, created_at, last_used_at, device)
         SELECT * FROM UNNEST($1::bytea[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::timestamptz[], $6::text[])",
    )
    .bind(new.iter().map(|(digest, _)| digest.to_vec()).collect::<Vec<_>>())
    .bind(new.iter().map(|(_, session)| session.id.0).collect::<Vec<_>>())
    .bind(new.iter().map(|(_, session)| session.user_id.0).collect::<Vec<_>>())
    .bind(new.iter().map(|(_, session)| Micros::of(session.created_at).0).collect::<Vec<_>>())
    .bind(new.iter().map(|(_, session)| Micros::of(session.last_used_at).0).collect::<Vec<_>>())
    .bind(new.iter().map(|(_, session)| session.device.clone()).collect::<Vec<_>>())
    .execute(db)
    .await?;
    Ok(())
}

pub async fn session(db: &mut PgConnection, token: Digest) -> anyhow::Result<Option<Session>> {
    let row: Option<SessionRow> = sqlx::query_as(
        "SELECT id, user_id, created_at, last_used_at, device FROM sessions WHERE token_digest = $1 AND revoked_at IS NULL",
    )
    .bind(&token[..])
    .fetch_optional(db)
    .await?;
    Ok(row.map(Session::from))
}

/// Writes at most twice a minute, however often it is called.
pub async fn touch_session(db: &mut PgConnection, id: SessionId, now: DateTime<Utc>) -> anyhow::Result<()> {
    sqlx::query(
        "UPDATE sessions SET last_used_at = $2 WHERE id = $1 AND last_used_at < $2 - interval '30 seconds'",
    )
    .bind(id.0)
    .bind(Micros(now))
    .execute(db)
    .await?;
    Ok(())
}

pub async fn sessions_of(
    db: &mut PgConnection,
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

pub async fn revoke_session(db: &mut PgConnection, user: UserId, id: SessionId) -> anyhow::Result<bool> {
    let done = sqlx::query(
        "UPDATE sessions SET revoked_at = clock_timestamp() WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL",
    )
    .bind(id.0)
    .bind(user.0)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn revoked_since(db: &mut PgConnection, since: DateTime<Utc>) -> anyhow::Result<Vec<SessionId>> {
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
    db: &mut PgConnection,
    ids: Vec<SessionId>,
    made: DateTime<Utc>,
    used: DateTime<Utc>,
) -> anyhow::Result<Vec<SessionId>> {
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "SELECT id FROM sessions WHERE id = ANY($1) AND (created_at <= $2 OR last_used_at <= $3)",
    )
    .bind(ids.iter().map(|id| id.0).collect::<Vec<_>>())
    .bind(Micros(made))
    .bind(Micros(used))
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(SessionId).collect())
}

pub async fn create_ticket(db: &mut PgConnection, digest: Digest, ticket: Ticket) -> anyhow::Result<()> {
    sqlx::query("INSERT INTO tickets (digest, user_id, session_id, expires_at) VALUES ($1, $2, $3, $4)")
        .bind(&digest[..])
        .bind(ticket.user_id.0)
        .bind(ticket.session_id.0)
        .bind(Micros(ticket.expires_at))
        .execute(db)
        .await?;
    Ok(())
}

pub async fn take_ticket(db: &mut PgConnection, digest: Digest) -> anyhow::Result<Option<Ticket>> {
    let row: Option<TicketRow> = sqlx::query_as(
        "WITH taken AS (DELETE FROM tickets WHERE digest = $1 RETURNING user_id, session_id, expires_at)
         SELECT taken.* FROM taken JOIN sessions s ON s.id = taken.session_id AND s.revoked_at IS NULL",
    )
    .bind(&digest[..])
    .fetch_optional(db)
    .await?;
    Ok(row.map(Ticket::from))
}
