//! Storing messages.
//!
//! What is ordinary goes in sets, through the function `store_numbered`, or alone, through `store_one`; the rest row by
//! row, through `store_messages`. All of them are in the migrations.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use sqlx::postgres::PgArguments;
use sqlx::query::QueryAs;
use sqlx::{FromRow, PgConnection, Postgres};
use uuid::Uuid;

use crate::server::store::rows::{Micros, ordered, stored};
use crate::server::store::{Insert, NewMessage};

/// What the function `store_numbered` says: column by column, of each conversation.
#[derive(FromRow)]
struct NumberedRow {
    /// At which position it stood; `None` for one of which nothing was stored.
    bases: Vec<Option<i64>>,
    /// Whether one of the two blocks the other.
    silents: Vec<bool>,
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
    // By conversation, in the order in which they are locked; within one as they came. Neighbours in the table's
    // indexes are then written one after the other.
    first.sort_by_key(|(_, message)| pair(message));
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
    if let [(place, message)] = new {
        inserts[*place] = store_one(db, message, wait).await?;
    } else {
        store_ordinary(db, new, wait, inserts).await?;
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
        let given = usize::try_from(row.place - 1).ok().and_then(|given| rest.get(given));
        let (place, message) = given.context(UNASKED)?;
        inserts[*place] = row.insert(message)?;
    }
    Ok(())
}

const UNASKED: &str = "an answer to a message nobody sent";

/// Stores a message if it is ordinary.
async fn store_one(db: &mut PgConnection, new: &NewMessage, wait: bool) -> anyhow::Result<Option<Insert>> {
    let (seq, silent): (Option<i64>, Option<bool>) =
        sqlx::query_as("SELECT * FROM store_one($1, $2, $3, $4, $5, $6, $7)")
            .bind(new.id.0)
            .bind(new.client_id.0)
            .bind(new.sender_id.0)
            .bind(new.receiver_id.0)
            .bind(new.body.as_str())
            .bind(Micros::of(new.created_at))
            .bind(wait)
            .fetch_one(db)
            .await?;
    Ok(seq.map(|seq| ordinary(new, seq, silent == Some(true))))
}

/// Stores those of several messages that are ordinary.
async fn store_ordinary(
    db: &mut PgConnection,
    new: &[(usize, &NewMessage)],
    wait: bool,
    inserts: &mut [Option<Insert>],
) -> anyhow::Result<()> {
    let numbers = Numbers::of(new);
    let done = store_numbered(db, new, &numbers, wait).await?;
    for (&(place, new), number) in new.iter().zip(&numbers.messages) {
        let (base, silent) =
            done.bases.get(number.pair).zip(done.silents.get(number.pair)).context(UNASKED)?;
        if let Some(base) = base {
            inserts[place] = Some(ordinary(new, base + i64::from(number.nth), *silent));
        }
    }
    Ok(())
}

/// A message was stored at a position for the first time; with `silent` one of the two blocks the other.
fn ordinary(new: &NewMessage, seq: i64, silent: bool) -> Insert {
    let message = stored(new, new.id.0, seq, Micros::of(new.created_at), None);
    if silent { Insert::Unheard { message, duplicate: false } } else { Insert::Stored(message) }
}

/// Where messages of one call stand among those of their conversation.
struct Numbers {
    messages: Vec<Number>,
    /// In the order in which conversations are locked.
    conversations: Vec<Conversation>,
}

struct Number {
    /// Which of the conversations it belongs to, counted from 0.
    pair: usize,
    /// How many of the call's messages of the conversation there are up to this one.
    nth: i32,
    /// How many of those up to this one are lo's.
    nth_lo: i32,
}

struct Conversation {
    lo: Uuid,
    hi: Uuid,
    count: i32,
    count_lo: i32,
    /// When the last one was sent.
    latest: DateTime<Utc>,
}

impl Numbers {
    /// Of messages that are in the order of their conversations.
    fn of(new: &[(usize, &NewMessage)]) -> Self {
        let mut numbers = Self { messages: Vec::with_capacity(new.len()), conversations: Vec::new() };
        for together in new.chunk_by(|(_, one), (_, next)| pair(one) == pair(next)) {
            let (mut count, mut count_lo, mut latest) = (0, 0, DateTime::UNIX_EPOCH);
            let (lo, hi) = pair(together[0].1);
            for (_, message) in together {
                count += 1;
                count_lo += i32::from(message.sender_id.0 == lo);
                latest = message.created_at;
                let pair = numbers.conversations.len();
                numbers.messages.push(Number { pair, nth: count, nth_lo: count_lo });
            }
            numbers.conversations.push(Conversation { lo, hi, count, count_lo, latest });
        }
        numbers
    }
}

fn pair(message: &NewMessage) -> (Uuid, Uuid) {
    ordered(message.sender_id, message.receiver_id)
}

async fn store_numbered(
    db: &mut PgConnection,
    new: &[(usize, &NewMessage)],
    Numbers { messages, conversations }: &Numbers,
    wait: bool,
) -> anyhow::Result<NumberedRow> {
    let pairs = messages.iter().map(|number| i32::try_from(number.pair + 1));
    let call =
        "SELECT * FROM store_numbered($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
    Ok(with_columns(sqlx::query_as(call), new)
        .bind(pairs.collect::<Result<Vec<_>, _>>()?)
        .bind(messages.iter().map(|number| number.nth).collect::<Vec<_>>())
        .bind(messages.iter().map(|number| number.nth_lo).collect::<Vec<_>>())
        .bind(conversations.iter().map(|conversation| conversation.lo).collect::<Vec<_>>())
        .bind(conversations.iter().map(|conversation| conversation.hi).collect::<Vec<_>>())
        .bind(conversations.iter().map(|conversation| conversation.count).collect::<Vec<_>>())
        .bind(conversations.iter().map(|conversation| conversation.count_lo).collect::<Vec<_>>())
        .bind(conversations.iter().map(|conversation| Micros::of(conversation.latest).0).collect::<Vec<_>>())
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
