//! Messages: reading them, and the marks.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::chat::protocol::HistoryPage;
use crate::domain::{Seq, UserId};
use crate::server::store::rows::{MarksRow, Micros, ordered, saturated};
use crate::server::store::sql::silent;
use crate::server::store::{Mark, Position};

/// How many positions one step of a read mark stamps.
const MARK_STEP: i64 = 20_000;

pub async fn history(
    db: &mut PgConnection,
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
             WHERE LEAST(sender_id, receiver_id) = $1 AND GREATEST(sender_id, receiver_id) = $2
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

/// In steps, each a transaction of its own: a mark that is on its way is a mark all the same.
pub async fn mark_read(
    db: &mut PgConnection,
    me: UserId,
    peer: UserId,
    seq: Seq,
    now: DateTime<Utc>,
) -> anyhow::Result<Mark> {
    let upto = saturated(seq.0);
    let mut moved = false;
    loop {
        // Who blocks gives no mark away.
        let step: Option<(i64, i64, bool, bool)> = sqlx::query_as(concat!(
            "SELECT was, reached, blocks, ",
            silent!("$1", "$2"),
            " FROM (SELECT EXISTS (
                 SELECT 1 FROM contacts WHERE owner_id = $1 AND peer_id = $2 AND blocked_after IS NOT NULL
             ) AS blocks) AS chosen,
             mark_read($1, $2, CASE WHEN blocks THEN 0 ELSE $3::bigint END, $4, $5)",
        ))
        .bind(me.0)
        .bind(peer.0)
        .bind(upto)
        .bind(Micros(now))
        .bind(MARK_STEP)
        .fetch_optional(&mut *db)
        .await?;
        let Some((was, reached, blocks, silent)) = step else { return Ok(Mark::BeyondEnd) };
        moved |= reached > was;
        if blocks || reached >= upto {
            return Ok(match moved {
                true if silent => Mark::MovedUnheard,
                true => Mark::Moved(seq),
                false => Mark::Unchanged,
            });
        }
    }
}

pub async fn mark_delivered(
    db: &mut PgConnection,
    me: UserId,
    peer: UserId,
    seq: Seq,
) -> anyhow::Result<Mark> {
    let (lo, hi) = ordered(me, peer);
    let upto = saturated(seq.0);
    let silent: Option<bool> = sqlx::query_scalar(concat!(
        "UPDATE conversations
         SET lo_delivered_seq = CASE WHEN user_lo = $3 THEN $4 ELSE lo_delivered_seq END,
             hi_delivered_seq = CASE WHEN user_hi = $3 THEN $4 ELSE hi_delivered_seq END,
             changed_at = GREATEST(changed_at, slot(clock_timestamp()))
         WHERE user_lo = $1 AND user_hi = $2 AND last_seq >= $4
           AND CASE WHEN user_lo = $3 THEN lo_delivered_seq ELSE hi_delivered_seq END < $4
           AND NOT EXISTS (SELECT 1 FROM contacts WHERE owner_id = $3 AND peer_id IN ($1, $2) AND blocked_after IS NOT NULL)
         RETURNING ",
        silent!("user_lo", "user_hi"),
    ))
    .bind(lo)
    .bind(hi)
    .bind(me.0)
    .bind(upto)
    .fetch_optional(&mut *db)
    .await?;
    if let Some(silent) = silent {
        return Ok(if silent { Mark::MovedUnheard } else { Mark::Moved(seq) });
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
