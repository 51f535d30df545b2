//! What people choose for each other, and what they report.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::{Contact, ContactChange, UserId};
use crate::server::store::rows::{ACQUAINTANCES, AcquaintanceRow, ContactRow, Micros, ReportRow, changed};
use crate::server::store::sql::silent;
use crate::server::store::{Acquaintance, Report};

/// Devices that miss the news find the conversation changed.
pub async fn change(
    db: &mut PgConnection,
    me: UserId,
    peer: UserId,
    change: ContactChange,
) -> anyhow::Result<Option<Contact>> {
    let (muted, marked_unread, blocked) = changed(change);
    let row: Option<ContactRow> = sqlx::query_as(
        "WITH chosen AS (
             INSERT INTO contacts AS k (owner_id, peer_id, muted, marked_unread, blocked_after)
             SELECT $1, p.id, COALESCE($3, false), COALESCE($4, false), CASE WHEN $5::boolean THEN COALESCE((
                        SELECT last_seq FROM conversations WHERE user_lo = LEAST($1, p.id) AND user_hi = GREATEST($1, p.id)
                    ), 0) END
             FROM profiles p WHERE p.id = $2 AND p.id <> $1
             ON CONFLICT (owner_id, peer_id) DO UPDATE
             SET muted = COALESCE($3, k.muted), marked_unread = COALESCE($4, k.marked_unread),
                 blocked_after = CASE WHEN $5::boolean IS NULL THEN k.blocked_after
                                      WHEN $5::boolean THEN COALESCE(k.blocked_after, excluded.blocked_after) END
             RETURNING muted, marked_unread, blocked_after
         ), touched AS (
             UPDATE conversations SET changed_at = GREATEST(changed_at, slot(clock_timestamp()))
             WHERE user_lo = LEAST($1, $2) AND user_hi = GREATEST($1, $2)
         )
         SELECT * FROM chosen",
    )
    .bind(me.0)
    .bind(peer.0)
    .bind(muted)
    .bind(marked_unread)
    .bind(blocked)
    .fetch_optional(db)
    .await?;
    Ok(row.map(Contact::from))
}

pub async fn is_silent(db: &mut PgConnection, a: UserId, b: UserId) -> anyhow::Result<bool> {
    Ok(sqlx::query_scalar(concat!("SELECT ", silent!("$1", "$2"))).bind(a.0).bind(b.0).fetch_one(db).await?)
}

pub async fn report(db: &mut PgConnection, report: Report) -> anyhow::Result<bool> {
    let done = sqlx::query(
        "INSERT INTO reports (id, reporter_id, reported_id, reason, messages, created_at)
         SELECT $1, $2, p.id, $4, $5, $6 FROM profiles p WHERE p.id = $3 AND p.id <> $2",
    )
    .bind(report.id)
    .bind(report.reporter_id.map(|id| id.0))
    .bind(report.reported_id.map(|id| id.0))
    .bind(report.reason)
    .bind(serde_json::to_string(&report.messages)?)
    .bind(Micros(report.created_at))
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn reports(
    db: &mut PgConnection,
    by: Option<UserId>,
    after: Option<Uuid>,
    limit: u32,
) -> anyhow::Result<Vec<Report>> {
    let rows: Vec<ReportRow> = sqlx::query_as(
        "SELECT id, reporter_id, reported_id, reason, messages, created_at FROM reports
         WHERE id > $1 AND ($3::uuid IS NULL OR reporter_id = $3) ORDER BY id LIMIT $2",
    )
    .bind(after.unwrap_or_default())
    .bind(i64::from(limit))
    .bind(by.map(|user| user.0))
    .fetch_all(db)
    .await?;
    rows.into_iter().map(|row| Ok(Report::try_from(row)?)).collect()
}

pub async fn acquaintances(
    db: &mut PgConnection,
    user: UserId,
    after: Option<UserId>,
    limit: u32,
) -> anyhow::Result<Vec<Acquaintance>> {
    let rows: Vec<AcquaintanceRow> = sqlx::query_as(ACQUAINTANCES)
        .bind(user.0)
        .bind(after.map(|peer| peer.0).unwrap_or_default())
        .bind(i64::from(limit))
        .fetch_all(db)
        .await?;
    Ok(rows.into_iter().map(Acquaintance::from).collect())
}
