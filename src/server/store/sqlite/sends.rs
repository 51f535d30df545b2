//! Storing messages.
//!
//! A batch is two trips to the connection's thread, since each costs as much as storing a few messages: one takes the
//! write lock and looks up all that the answers depend on, the other writes and commits. Positions are given in
//! between, here: nobody else can write. Should anything fail, the connection is closed and the lock goes with it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use anyhow::Context as _;
use sqlx::{AssertSqlSafe, FromRow as _, SqliteConnection};
use uuid::Uuid;

use crate::domain::{ClientId, UserId};
use crate::server::store::rows::{Micros, ordered, stored};
use crate::server::store::{Insert, NewMessage};

/// One row for each pair of people, then one for each send that came before. `…` stands for more rows like the one in
/// front of it, see [`sized`].
const LOOK_UP: &str = "
    BEGIN IMMEDIATE;
    WITH pair (lo, hi) AS (VALUES (?, ?)…)
    SELECT pair.lo, pair.hi, COALESCE(c.last_seq, 0) AS last_seq, COALESCE(c.from_lo, 0) AS from_lo,
           lo <> hi AND EXISTS (SELECT 1 FROM profiles WHERE id = lo)
                    AND EXISTS (SELECT 1 FROM profiles WHERE id = hi) AS is_possible,
           EXISTS (SELECT 1 FROM contacts WHERE owner_id = lo AND peer_id = hi AND blocked_after IS NOT NULL) AS lo_blocks,
           EXISTS (SELECT 1 FROM contacts WHERE owner_id = hi AND peer_id = lo AND blocked_after IS NOT NULL) AS hi_blocks
    FROM pair LEFT JOIN conversations c ON c.user_lo = lo AND c.user_hi = hi
    WHERE lo IS NOT NULL;
    WITH send (sender, client) AS MATERIALIZED (VALUES (?, ?)…)
    SELECT m.sender_id, m.client_id, m.id, m.receiver_id, m.content, m.seq, m.created_at, m.read_at
    FROM send CROSS JOIN messages m ON m.sender_id = sender AND m.client_id = client
    UNION ALL
    SELECT f.sender_id, f.client_id, f.id, f.receiver_id, NULL, f.seq, f.created_at, f.read_at
    FROM send CROSS JOIN forgotten_sends f ON f.sender_id = sender AND f.client_id = client";

const WRITE: &str = "
    INSERT INTO conversations (user_lo, user_hi, last_seq, from_lo, last_message_at)
    SELECT * FROM (VALUES (?, ?, ?, ?, ?)…) WHERE column1 IS NOT NULL
    ON CONFLICT (user_lo, user_hi) DO UPDATE
    SET last_seq = excluded.last_seq, from_lo = excluded.from_lo,
        last_message_at = excluded.last_message_at, changed_at = excluded.changed_at;
    INSERT INTO messages (id, client_id, sender_id, receiver_id, content, created_at, seq, from_lo)
    SELECT * FROM (VALUES (?, ?, ?, ?, ?, ?, ?, ?)…) WHERE column1 IS NOT NULL;
    COMMIT";

/// Where a conversation stands, also one that nobody has begun.
#[derive(sqlx::FromRow)]
struct Conversation {
    lo: Uuid,
    hi: Uuid,
    /// Whether these are two people, and both are there.
    is_possible: bool,
    last_seq: i64,
    from_lo: i64,
    lo_blocks: bool,
    hi_blocks: bool,
    /// Of the last message of this batch.
    #[sqlx(skip)]
    last_message_at: Option<Micros>,
}

impl Conversation {
    /// The message at the next position.
    fn append<'m>(&mut self, new: &'m NewMessage) -> Row<'m> {
        self.last_seq += 1;
        self.from_lo += i64::from(new.sender_id.0 == self.lo);
        self.last_message_at = Some(Micros::of(new.created_at));
        Row { new, seq: self.last_seq, from_lo: self.from_lo }
    }

    fn blocks(&self, person: UserId) -> bool {
        if person.0 == self.lo { self.lo_blocks } else { self.hi_blocks }
    }

    fn is_silent(&self) -> bool {
        self.lo_blocks || self.hi_blocks
    }
}

/// A message to be written.
struct Row<'m> {
    new: &'m NewMessage,
    seq: i64,
    from_lo: i64,
}

/// What a sender stored under a client_id.
#[derive(sqlx::FromRow)]
struct Sent {
    sender_id: Uuid,
    client_id: Uuid,
    id: Uuid,
    receiver_id: Uuid,
    /// `None` when it was deleted for its age.
    content: Option<String>,
    seq: i64,
    created_at: Micros,
    read_at: Option<Micros>,
}

impl Sent {
    fn of(row: &Row) -> Self {
        Self {
            sender_id: row.new.sender_id.0,
            client_id: row.new.client_id.0,
            id: row.new.id.0,
            receiver_id: row.new.receiver_id.0,
            content: Some(row.new.body.as_str().to_owned()),
            seq: row.seq,
            created_at: Micros::of(row.new.created_at),
            read_at: None,
        }
    }

    /// What the send is told that comes again. A text that is gone cannot be compared, and nobody is to hear of it.
    fn again(&self, new: &NewMessage, conversation: &Conversation) -> Insert {
        let is_same = self.content.as_deref().is_none_or(|content| content == new.body.as_str());
        if self.receiver_id != new.receiver_id.0 || !is_same {
            return Insert::ClientIdReused;
        }
        if !conversation.is_possible {
            return Insert::NoReceiver;
        }
        let message = stored(new, self.id, self.seq, self.created_at, self.read_at);
        if conversation.is_silent() || self.content.is_none() {
            Insert::Unheard { message, duplicate: true }
        } else {
            Insert::AlreadyStored(message)
        }
    }
}

/// Stores messages in one transaction, one answer each.
pub async fn insert(db: &mut SqliteConnection, new: &[NewMessage]) -> anyhow::Result<Vec<Insert>> {
    let (mut conversations, mut sent) = look_up(db, new).await?;
    let mut rows = Vec::with_capacity(new.len());
    let mut inserts = Vec::with_capacity(new.len());
    for new in new {
        let conversation =
            conversations.get_mut(&pair(new)).context("a conversation that was not looked up")?;
        inserts.push(match sent.entry(key(new)) {
            Entry::Occupied(before) => before.get().again(new, conversation),
            Entry::Vacant(_) if !conversation.is_possible => Insert::NoReceiver,
            Entry::Vacant(_) if conversation.blocks(new.sender_id) => Insert::Blocked,
            Entry::Vacant(free) => {
                let row = conversation.append(new);
                let message = stored(new, new.id.0, row.seq, Micros::of(new.created_at), None);
                free.insert(Sent::of(&row));
                rows.push(row);
                if conversation.is_silent() {
                    Insert::Unheard { message, duplicate: false }
                } else {
                    Insert::Stored(message)
                }
            }
        });
    }
    conversations.retain(|_, conversation| conversation.last_message_at.is_some());
    write(db, &conversations.into_values().collect::<Vec<_>>(), &rows).await?;
    Ok(inserts)
}

type Pair = (Uuid, Uuid);
type Key = (UserId, ClientId);

fn pair(new: &NewMessage) -> Pair {
    ordered(new.sender_id, new.receiver_id)
}

fn key(new: &NewMessage) -> Key {
    (new.sender_id, new.client_id)
}

/// Begins the transaction.
async fn look_up(
    db: &mut SqliteConnection,
    new: &[NewMessage],
) -> anyhow::Result<(HashMap<Pair, Conversation>, HashMap<Key, Sent>)> {
    let mut pairs: Vec<_> = new.iter().map(pair).collect();
    pairs.sort_unstable();
    pairs.dedup();
    let size = new.len().next_power_of_two();
    let mut query = sqlx::query(AssertSqlSafe(sized(LOOK_UP, size)));
    for pair in padded(&pairs, size) {
        query = query.bind(pair.map(|pair| pair.0)).bind(pair.map(|pair| pair.1));
    }
    for new in padded(new, size) {
        query = query.bind(new.map(|new| new.sender_id.0)).bind(new.map(|new| new.client_id.0));
    }
    let rows = query.fetch_all(db).await?;
    let (conversations, sent) = rows.split_at_checked(pairs.len()).context("a pair without an answer")?;
    let conversations = conversations.iter().map(|row| {
        let conversation = Conversation::from_row(row)?;
        Ok(((conversation.lo, conversation.hi), conversation))
    });
    let sent = sent.iter().map(|row| {
        let sent = Sent::from_row(row)?;
        Ok(((UserId(sent.sender_id), ClientId(sent.client_id)), sent))
    });
    Ok((conversations.collect::<sqlx::Result<_>>()?, sent.collect::<sqlx::Result<_>>()?))
}

/// Ends the transaction.
async fn write(
    db: &mut SqliteConnection,
    conversations: &[Conversation],
    rows: &[Row<'_>],
) -> sqlx::Result<()> {
    if rows.is_empty() {
        sqlx::query("COMMIT").execute(db).await?;
        return Ok(());
    }
    let size = rows.len().next_power_of_two();
    let mut query = sqlx::query(AssertSqlSafe(sized(WRITE, size)));
    for conversation in padded(conversations, size) {
        query = query
            .bind(conversation.map(|c| c.lo))
            .bind(conversation.map(|c| c.hi))
            .bind(conversation.map(|c| c.last_seq))
            .bind(conversation.map(|c| c.from_lo))
            .bind(conversation.and_then(|c| c.last_message_at));
    }
    for row in padded(rows, size) {
        query = query
            .bind(row.map(|row| row.new.id.0))
            .bind(row.map(|row| row.new.client_id.0))
            .bind(row.map(|row| row.new.sender_id.0))
            .bind(row.map(|row| row.new.receiver_id.0))
            .bind(row.map(|row| row.new.body.as_str()))
            .bind(row.map(|row| Micros::of(row.new.created_at)))
            .bind(row.map(|row| row.seq))
            .bind(row.map(|row| row.from_lo));
    }
    query.execute(db).await?;
    Ok(())
}

/// The statement for so many rows. Sizes are powers of two, so that the connection has few statements to keep.
fn sized(statement: &str, size: usize) -> String {
    let mut sized = String::new();
    let mut rest = statement;
    while let Some((before, after)) = rest.split_once('…') {
        let row = &before[before.rfind('(').unwrap_or_default()..];
        sized.push_str(before);
        for _ in 1..size {
            sized.push_str(", ");
            sized.push_str(row);
        }
        rest = after;
    }
    sized.push_str(rest);
    sized
}

/// The rows, and nulls in place of those that are not there.
fn padded<T>(rows: &[T], size: usize) -> impl Iterator<Item = Option<&T>> {
    (0..size).map(|place| rows.get(place))
}
