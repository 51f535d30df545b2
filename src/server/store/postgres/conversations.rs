//! Conversations as their members see them: the inbox, the heads, what changed.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::chat::protocol::ConversationHead;
use crate::domain::{Seq, UserId};
use crate::server::store::rows::{
    ConversationRow, END_OF_TIME, HeadRow, Micros, conversation_page, seq, uuids,
};
use crate::server::store::sql::{presence_columns, profile_columns};
use crate::server::store::{ConversationCursor, ConversationPage};

pub async fn conversations(
    db: &mut PgConnection,
    me: UserId,
    limit: u32,
    before: Option<ConversationCursor>,
    alive: DateTime<Utc>,
) -> anyhow::Result<ConversationPage> {
    let before = before.unwrap_or(END_OF_TIME);
    let rows: Vec<ConversationRow> = sqlx::query_as(concat!(
        "SELECT page.*, m.id, m.client_id, m.sender_id, m.receiver_id, m.content, m.seq, m.created_at, m.read_at,
                k.muted, k.marked_unread, k.blocked_after, ",
        profile_columns!("$1", "$5"),
        " FROM (
             SELECT * FROM sides
             WHERE me = $1 AND first_seq <> last_seq + 1 AND (last_message_at, peer) < ($2, $3)
             ORDER BY last_message_at DESC, peer DESC LIMIT $4
         ) page
         JOIN profiles p ON p.id = page.peer
         JOIN messages m ON LEAST(m.sender_id, m.receiver_id) = LEAST(page.me, page.peer)
                        AND GREATEST(m.sender_id, m.receiver_id) = GREATEST(page.me, page.peer)
                        AND m.seq = page.last_seq
         LEFT JOIN contacts k ON k.owner_id = page.me AND k.peer_id = page.peer
         ORDER BY page.last_message_at DESC, page.peer DESC",
    ))
    .bind(me.0)
    .bind(Micros(before.last_message_at))
    .bind(before.peer_id.0)
    .bind(i64::from(limit) + 1)
    .bind(Micros(alive))
    .fetch_all(&mut *db)
    .await?;
    let total_unread: i64 = sqlx::query_scalar(
        "SELECT COALESCE(sum(unread), 0)::bigint FROM sides WHERE me = $1 AND read_seq < last_seq
           AND NOT COALESCE((SELECT b.blocked_after IS NOT NULL FROM contacts b WHERE b.owner_id = me AND b.peer_id = peer), false)",
    )
    .bind(me.0)
    .fetch_one(db)
    .await?;
    Ok(conversation_page(rows, limit, total_unread))
}

pub async fn heads(
    db: &mut PgConnection,
    me: UserId,
    limit: u32,
    alive: DateTime<Utc>,
) -> anyhow::Result<Vec<ConversationHead>> {
    let rows: Vec<HeadRow> = sqlx::query_as(concat!(
        "SELECT page.*, k.muted, k.marked_unread, k.blocked_after, ",
        presence_columns!("$1", "$3"),
        " FROM (SELECT * FROM sides WHERE me = $1 ORDER BY last_message_at DESC, peer DESC LIMIT $2) page
         JOIN profiles p ON p.id = page.peer
         LEFT JOIN contacts k ON k.owner_id = page.me AND k.peer_id = page.peer
         ORDER BY page.last_message_at DESC, page.peer DESC",
    ))
    .bind(me.0)
    .bind(i64::from(limit))
    .bind(Micros(alive))
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(ConversationHead::from).collect())
}

pub async fn last_seqs(
    db: &mut PgConnection,
    me: UserId,
    peers: Vec<UserId>,
) -> anyhow::Result<BTreeMap<UserId, Seq>> {
    let rows: Vec<(Uuid, i64, Option<i64>)> = sqlx::query_as(
        "SELECT s.peer, s.last_seq, k.blocked_after FROM sides s
         LEFT JOIN contacts k ON k.owner_id = s.me AND k.peer_id = s.peer
         WHERE s.me = $1 AND s.peer = ANY ($2)",
    )
    .bind(me.0)
    .bind(uuids(&peers))
    .fetch_all(db)
    .await?;
    let end = |last: i64, blocked: Option<i64>| seq(blocked.map_or(last, |after| last.min(after)));
    Ok(rows.into_iter().map(|(peer, last, blocked)| (UserId(peer), end(last, blocked))).collect())
}

pub async fn watermark(db: &mut PgConnection) -> anyhow::Result<DateTime<Utc>> {
    let now: Micros = sqlx::query_scalar("SELECT clock_timestamp()").fetch_one(db).await?;
    Ok(now.0)
}

pub async fn changed_since(
    db: &mut PgConnection,
    users: Vec<UserId>,
    since: DateTime<Utc>,
    alive: DateTime<Utc>,
) -> anyhow::Result<Vec<(UserId, ConversationHead)>> {
    let rows: Vec<HeadRow> = sqlx::query_as(concat!(
        "SELECT s.*, k.muted, k.marked_unread, k.blocked_after, ",
        presence_columns!("s.me", "$3"),
        " FROM sides s JOIN profiles p ON p.id = s.peer
         LEFT JOIN contacts k ON k.owner_id = s.me AND k.peer_id = s.peer WHERE s.changed_at >= slot($2) AND s.me = ANY ($1)",
    ))
    .bind(uuids(&users))
    .bind(Micros(since))
    .bind(Micros(alive))
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.me(), ConversationHead::from(row))).collect())
}

pub async fn peers(db: &mut PgConnection, user: UserId, limit: u32) -> anyhow::Result<Vec<UserId>> {
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "SELECT peer FROM (
             SELECT me, peer FROM sides WHERE me = $1 ORDER BY last_message_at DESC, peer DESC LIMIT $2
         ) page
         WHERE NOT COALESCE((SELECT b.blocked_after IS NOT NULL FROM contacts b WHERE b.owner_id = me AND b.peer_id = peer), false)
           AND NOT COALESCE((SELECT b.blocked_after IS NOT NULL FROM contacts b WHERE b.owner_id = peer AND b.peer_id = me), false)",
    )
    .bind(user.0)
    .bind(i64::from(limit))
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(UserId).collect())
}
