//! Messages: reading them, and the marks.

use chrono::{DateTime, Utc};
use sqlx::SqliteConnection;

use super::contacts::is_silent;
use super::{begin, clock};
use crate::chat::protocol::HistoryPage;
use crate::domain::{Seq, UserId};
use crate::server::store::rows::{MarksRow, Micros, ordered, saturated};
use crate::server::store::{Mark, Position};

pub async fn history(
    db: &mut SqliteConnection,
    me: UserId,
    peer: UserId,
    limit: u32,
    position: Position,
) -> anyhow::Result<Option<HistoryPage>> {
    let (lo, hi) = ordered(me, peer);
    let marks: Option<MarksRow> = sqlx::query_as(
        "SELECT COALESCE(first_seq, 1) AS first_seq, COALESCE(last_seq, 0) AS last_seq,
                COALESCE(lo_read_seq, 0) AS lo_read_seq, COALESCE(hi_read_seq, 0) AS hi_read_seq,
                COALESCE(lo_delivered_seq, 0) AS lo_delivered_seq, COALESCE(hi_delivered_seq, 0) AS hi_delivered_seq,
                k.muted, k.marked_unread, k.blocked_after
         FROM profiles p LEFT JOIN conversations c ON c.user_lo = $1 AND c.user_hi = $2
         LEFT JOIN contacts k ON k.owner_id = $4 AND k.peer_id = p.id
         WHERE p.id = $3 AND $1 <> $2",
    )
    .bind(lo)
    .bind(hi)
    .bind(peer.0)
    .bind(me.0)
    .fetch_optional(&mut *db)
    .await?;
    let Some(marks) = marks else { return Ok(None) };
    let stretch = marks.stretch(limit, position);
    let messages = if stretch.is_empty() {
        Vec::new()
    } else {
        sqlx::query_as(
            "SELECT id, client_id, sender_id, receiver_id, content, seq, created_at, read_at FROM messages
             WHERE min(sender_id, receiver_id) = $1 AND max(sender_id, receiver_id) = $2
               AND seq BETWEEN $3 AND $4 ORDER BY seq",
        )
        .bind(lo)
        .bind(hi)
        .bind(stretch.from)
        .bind(stretch.to)
        .fetch_all(db)
        .await?
    };
    Ok(Some(marks.page(me, peer, messages, stretch)))
}

pub async fn mark_read(
    db: &mut SqliteConnection,
    me: UserId,
    peer: UserId,
    seq: Seq,
    now: DateTime<Utc>,
) -> anyhow::Result<Mark> {
    let (lo, hi) = ordered(me, peer);
    let upto = saturated(seq.0);
    let mut transaction = begin(db).await?;
    // Who blocks gives no mark away.
    let was: Option<(i64, bool)> = sqlx::query_as(
        "SELECT CASE WHEN user_lo = $3 THEN lo_read_seq ELSE hi_read_seq END,
                EXISTS (SELECT 1 FROM contacts WHERE owner_id = $3 AND peer_id IN ($1, $2) AND blocked_after IS NOT NULL)
         FROM conversations WHERE user_lo = $1 AND user_hi = $2 AND last_seq >= $4",
    )
    .bind(lo)
    .bind(hi)
    .bind(me.0)
    .bind(upto)
    .fetch_optional(&mut *transaction)
    .await?;
    let Some((was, blocks)) = was else { return Ok(Mark::BeyondEnd) };
    if blocks || was >= upto {
        return Ok(Mark::Unchanged);
    }
    // Who has read a message has received it.
    sqlx::query(concat!(
        "UPDATE conversations
         SET lo_read_seq = CASE WHEN user_lo = $3 THEN $4 ELSE lo_read_seq END,
             hi_read_seq = CASE WHEN user_hi = $3 THEN $4 ELSE hi_read_seq END,
             lo_delivered_seq = CASE WHEN user_lo = $3 THEN max(lo_delivered_seq, $4) ELSE lo_delivered_seq END,
             hi_delivered_seq = CASE WHEN user_hi = $3 THEN max(hi_delivered_seq, $4) ELSE hi_delivered_seq END,
             changed_at = ",
        clock!(),
        " WHERE user_lo = $1 AND user_hi = $2",
    ))
    .bind(lo)
    .bind(hi)
    .bind(me.0)
    .bind(upto)
    .execute(&mut *transaction)
    .await?;
    sqlx::query(
        "UPDATE messages SET read_at = $6
         WHERE min(sender_id, receiver_id) = $1 AND max(sender_id, receiver_id) = $2
           AND seq > $4 AND seq <= $5 AND receiver_id = $3",
    )
    .bind(lo)
    .bind(hi)
    .bind(me.0)
    .bind(was)
    .bind(upto)
    .bind(Micros(now))
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    heard(db, me, peer, seq).await
}

/// A mark that has moved, for the peer to know of or not.
async fn heard(db: &mut SqliteConnection, me: UserId, peer: UserId, seq: Seq) -> anyhow::Result<Mark> {
    Ok(if is_silent(db, me, peer).await? { Mark::MovedUnheard } else { Mark::Moved(seq) })
}

pub async fn mark_delivered(
    db: &mut SqliteConnection,
    me: UserId,
    peer: UserId,
    seq: Seq,
) -> anyhow::Result<Mark> {
    let (lo, hi) = ordered(me, peer);
    let upto = saturated(seq.0);
    let moved = sqlx::query(concat!(
        "UPDATE conversations
         SET lo_delivered_seq = CASE WHEN user_lo = $3 THEN $4 ELSE lo_delivered_seq END,
             hi_delivered_seq = CASE WHEN user_hi = $3 THEN $4 ELSE hi_delivered_seq END,
             changed_at = ",
        clock!(),
        " WHERE user_lo = $1 AND user_hi = $2 AND last_seq >= $4
           AND CASE WHEN user_lo = $3 THEN lo_delivered_seq ELSE hi_delivered_seq END < $4
           AND NOT EXISTS (SELECT 1 FROM contacts WHERE owner_id = $3 AND peer_id IN ($1, $2) AND blocked_after IS NOT NULL)",
    ))
    .bind(lo)
    .bind(hi)
    .bind(me.0)
    .bind(upto)
    .execute(&mut *db)
    .await?;
    if moved.rows_affected() == 1 {
        return heard(db, me, peer, seq).await;
    }
    let exists: Option<bool> =
        sqlx::query_scalar("SELECT last_seq >= $3 FROM conversations WHERE user_lo = $1 AND user_hi = $2")
            .bind(lo)
            .bind(hi)
            .bind(upto)
            .fetch_optional(db)
            .await?;
    Ok(if exists == Some(true) { Mark::Unchanged } else { Mark::BeyondEnd })
}
