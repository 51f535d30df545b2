//! Messages: storing them, reading them, and the marks.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{FromRow, SqliteConnection};
use uuid::Uuid;

use super::contacts::is_silent;
use super::retention::forgotten;
use super::{begin, clock};
use crate::chat::protocol::HistoryPage;
use crate::domain::{Seq, UserId};
use crate::server::store::rows::{MarksRow, Micros, ordered, saturated, stored};
use crate::server::store::sql::silent;
use crate::server::store::{Insert, Mark, NewMessage, Position};

/// The stored messages with the senders and client_ids of `$1`.
macro_rules! found {
    ($before:literal) => {
        concat!(
            "SELECT j.key AS place, ",
            $before,
            " AS before, m.id, m.receiver_id, m.content, m.seq, m.created_at, m.read_at, ",
            silent!("m.sender_id", "m.receiver_id"),
            " AS silent
             FROM json_each($1) j JOIN messages m
               ON m.sender_id = unhex(j.value->>'sender', '-') AND m.client_id = unhex(j.value->>'client', '-')"
        )
    };
}

/// A message as the statements below take it: JSON, ids in hexadecimal.
#[derive(Serialize)]
struct Outgoing<'a> {
    id: Uuid,
    client: Uuid,
    sender: Uuid,
    receiver: Uuid,
    content: &'a str,
    at: i64,
}

/// What the statements find under a sender and a client_id.
#[derive(FromRow)]
struct FoundRow {
    place: i64,
    before: bool,
    id: Uuid,
    receiver_id: Uuid,
    content: String,
    seq: i64,
    created_at: Micros,
    read_at: Option<Micros>,
    /// Whether one of the two blocks the other.
    silent: bool,
}

/// Stores messages in one transaction, one answer each.
///
/// Three statements travel as one, because each trip to the connection's thread costs as much as
/// the work there: what was stored before, the insert (see the trigger `outgoing_stored`), what is
/// stored now. Only the second writes.
pub async fn insert(db: &mut SqliteConnection, new: &[NewMessage]) -> anyhow::Result<Vec<Insert>> {
    let outgoing = new.iter().map(|message| Outgoing {
        id: message.id.0,
        client: message.client_id.0,
        sender: message.sender_id.0,
        receiver: message.receiver_id.0,
        content: message.body.as_str(),
        at: message.created_at.timestamp_micros(),
    });
    let rows: Vec<FoundRow> = sqlx::query_as(concat!(
        found!("true"),
        "; INSERT INTO outgoing (id, client_id, sender_id, receiver_id, content, created_at)
           SELECT unhex(value->>'id', '-'), unhex(value->>'client', '-'), unhex(value->>'sender', '-'),
                  unhex(value->>'receiver', '-'), value->>'content', value->>'at'
           FROM json_each($1)
           WHERE NOT EXISTS (SELECT 1 FROM contacts WHERE owner_id = unhex(value->>'sender', '-')
                               AND peer_id = unhex(value->>'receiver', '-') AND blocked_after IS NOT NULL)
             AND NOT EXISTS (SELECT 1 FROM forgotten_sends WHERE sender_id = unhex(value->>'sender', '-')
                               AND client_id = unhex(value->>'client', '-'))
           ORDER BY key; ",
        found!("false"),
    ))
    .bind(serde_json::to_string(&outgoing.collect::<Vec<_>>())?)
    .fetch_all(&mut *db)
    .await?;

    let mut seen = HashSet::new();
    let mut before = HashSet::new();
    let mut now = HashMap::new();
    for row in rows {
        if row.before {
            before.insert(row.place);
        } else {
            now.insert(row.place, row);
        }
    }
    let mut not_stored = HashMap::new();
    for (place, new) in (0..).zip(new).filter(|(place, _)| !now.contains_key(place)) {
        not_stored.insert(place, reason(db, new).await?);
    }
    let outcome = |(place, new): (i64, &NewMessage)| {
        let repeated = !seen.insert((new.sender_id, new.client_id));
        let Some(row) = now.get(&place) else {
            return not_stored.remove(&place).unwrap_or(Insert::NoReceiver);
        };
        let message = || stored(new, row.id, row.seq, row.created_at, row.read_at);
        if row.receiver_id != new.receiver_id.0 || row.content != new.body.as_str() {
            Insert::ClientIdReused
        } else {
            let duplicate = repeated || before.contains(&place) || row.id != new.id.0;
            match duplicate {
                _ if row.silent => Insert::Unheard { message: message(), duplicate },
                true => Insert::AlreadyStored(message()),
                false => Insert::Stored(message()),
            }
        }
    };
    Ok((0..).zip(new).map(outcome).collect())
}

/// Why a message was not stored.
async fn reason(db: &mut SqliteConnection, new: &NewMessage) -> anyhow::Result<Insert> {
    if let Some(found) = forgotten(db, new).await? {
        return Ok(found);
    }
    let silent = is_silent(db, new.sender_id, new.receiver_id).await?;
    Ok(if silent { Insert::Blocked } else { Insert::NoReceiver })
}

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
