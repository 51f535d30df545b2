//! Messages: storing them, reading them, and the marks.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use sqlx::postgres::PgArguments;
use sqlx::query::QueryAs;
use sqlx::{FromRow, PgConnection, Postgres};
use uuid::Uuid;

use crate::chat::protocol::HistoryPage;
use crate::domain::{Seq, UserId};
use crate::server::store::rows::{MarksRow, Micros, ordered, saturated, stored};
use crate::server::store::sql::silent;
use crate::server::store::{Insert, Mark, NewMessage, Position};

/// How many positions one step of a read mark stamps.
const MARK_STEP: i64 = 20_000;

/// What the function `store_ordinary` says: column by column, of all that it stored.
#[derive(FromRow)]
struct OrdinaryRow {
    places: Option<Vec<i64>>,
    seqs: Option<Vec<i64>>,
    /// Whether one of the two blocks the other.
    silents: Option<Vec<bool>>,
}

/// What the function `store_messages` says of one message.
#[derive(FromRow)]
struct OutcomeRow {
    place: i64,
    outcome: String,
    id: Option<Uuid>,
    seq: Option<i64>,
    created_at: Option<Micros>,
    read_at: Option<Micros>,
    /// Whether one of the two blocks the other.
    silent: bool,
}

impl OutcomeRow {
    /// `None` when the conversation was busy.
    fn insert(&self, new: &NewMessage) -> anyhow::Result<Option<Insert>> {
        let message = || {
            let (Some(id), Some(seq), Some(at)) = (self.id, self.seq, self.created_at) else {
                anyhow::bail!("a stored message without a position");
            };
            Ok(stored(new, id, seq, at, self.read_at))
        };
        Ok(match self.outcome.as_str() {
            "stored" if self.silent => Some(Insert::Unheard { message: message()?, duplicate: false }),
            "already stored" if self.silent => Some(Insert::Unheard { message: message()?, duplicate: true }),
            "stored" => Some(Insert::Stored(message()?)),
            "already stored" => Some(Insert::AlreadyStored(message()?)),
            "reused" => Some(Insert::ClientIdReused),
            "no receiver" => Some(Insert::NoReceiver),
            "blocked" => Some(Insert::Blocked),
            "busy" => None,
            other => anyhow::bail!("an outcome nobody knows: {other}"),
        })
    }
}

/// Stores messages, one answer each; `None` for all of a conversation that somebody else has locked,
/// unless `wait` says to wait for it.
pub async fn insert(
    db: &mut PgConnection,
    new: &[NewMessage],
    wait: bool,
) -> anyhow::Result<Vec<Option<Insert>>> {
    let mut places = HashMap::with_capacity(new.len());
    let (mut first, mut again) = (Vec::new(), Vec::new());
    for (place, message) in new.iter().enumerate() {
        match places.entry((message.sender_id, message.client_id)) {
            Entry::Vacant(entry) => {
                entry.insert(place);
                first.push((place, message));
            }
            Entry::Occupied(entry) => again.push((place, message, *entry.get())),
        }
    }
    let mut inserts = vec![None; new.len()];
    insert_distinct(db, &first, wait, &mut inserts).await?;
    // What comes twice is looked for by calls of its own: only those see what was stored before. What had to be left
    // out is left out again, or it would overtake what was sent in front of it.
    for (place, message, earlier) in again {
        if inserts[earlier].is_some() {
            insert_distinct(db, &[(place, message)], wait, &mut inserts).await?;
        }
    }
    Ok(inserts)
}

/// Stores messages of which none is a repetition of another; their answers go to their places.
async fn insert_distinct(
    db: &mut PgConnection,
    new: &[(usize, &NewMessage)],
    wait: bool,
    inserts: &mut [Option<Insert>],
) -> anyhow::Result<()> {
    let done = store_ordinary(db, new, wait).await?;
    let (seqs, silents) = (done.seqs.unwrap_or_default(), done.silents.unwrap_or_default());
    for ((at, seq), silent) in done.places.unwrap_or_default().into_iter().zip(seqs).zip(silents) {
        let (place, new) = given_at(new, at)?;
        let message = stored(new, new.id.0, seq, Micros::of(new.created_at), None);
        let unheard = |message| Insert::Unheard { message, duplicate: false };
        inserts[place] = Some(if silent { unheard(message) } else { Insert::Stored(message) });
    }

    let rest: Vec<_> = new.iter().copied().filter(|(place, _)| inserts[*place].is_none()).collect();
    if rest.is_empty() {
        return Ok(());
    }
    let rows: Vec<OutcomeRow> =
        with_columns(sqlx::query_as("SELECT * FROM store_messages($1, $2, $3, $4, $5, $6, $7)"), &rest)
            .bind(wait)
            .fetch_all(db)
            .await?;
    anyhow::ensure!(rows.len() == rest.len(), "not every message got an answer");
    for row in rows {
        let (place, message) = given_at(&rest, row.place)?;
        inserts[place] = row.insert(message)?;
    }
    Ok(())
}

async fn store_ordinary(
    db: &mut PgConnection,
    new: &[(usize, &NewMessage)],
    wait: bool,
) -> anyhow::Result<OrdinaryRow> {
    let pair = |message: &NewMessage| ordered(message.sender_id, message.receiver_id);
    let pairs: BTreeSet<_> = new.iter().map(|(_, message)| pair(message)).collect();
    let numbers: HashMap<_, i32> = pairs.iter().copied().zip(1..).collect();
    let (los, his): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
    Ok(with_columns(
        sqlx::query_as("SELECT * FROM store_ordinary($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"),
        new,
    )
    .bind(new.iter().map(|(_, message)| numbers[&pair(message)]).collect::<Vec<_>>())
    .bind(los)
    .bind(his)
    .bind(wait)
    .fetch_one(db)
    .await?)
}

type Query<'q, T> = QueryAs<'q, Postgres, T, PgArguments>;

/// Both functions take the messages column by column.
fn with_columns<'q, T>(query: Query<'q, T>, new: &[(usize, &'q NewMessage)]) -> Query<'q, T> {
    let messages = || new.iter().map(|(_, message)| *message);
    query
        .bind(messages().map(|m| m.id.0).collect::<Vec<_>>())
        .bind(messages().map(|m| m.client_id.0).collect::<Vec<_>>())
        .bind(messages().map(|m| m.sender_id.0).collect::<Vec<_>>())
        .bind(messages().map(|m| m.receiver_id.0).collect::<Vec<_>>())
        .bind(messages().map(|m| m.body.as_str()).collect::<Vec<_>>())
        .bind(messages().map(|m| Micros::of(m.created_at).0).collect::<Vec<_>>())
}

/// The message an answer is about, and where it stood.
fn given_at<'m>(new: &[(usize, &'m NewMessage)], place: i64) -> anyhow::Result<(usize, &'m NewMessage)> {
    let found = usize::try_from(place - 1).ok().and_then(|place| new.get(place));
    found.copied().context("an answer to a message nobody sent")
}

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
             changed_at = clock_timestamp()
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
