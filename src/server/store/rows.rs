//! What both databases' rows have in common: column types that read alike from either, and the
//! steps from a row to a word of the domain.

mod columns;
mod history;
mod retention;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::FromRow;
use uuid::Uuid;

pub use columns::{Interests, Micros};
pub use history::MarksRow;
pub use retention::{KeyRow, LOOK, key, outdated_of};

use super::{
    Acquaintance, Conversation, ConversationCursor, ConversationPage, Departed, INSTANCE_LEASE_SECONDS,
    NewMessage, Report, Session, Ticket,
};
use crate::chat::protocol::ConversationHead;
use crate::domain::{ClientId, Contact, ContactChange, Message, MessageId, Profile, Seq, SessionId, UserId};

/// A person, with what the asker may know of their presence.
#[derive(FromRow)]
pub struct ProfileRow {
    profile_id: Uuid,
    username: String,
    display_name: String,
    headline: String,
    bio: String,
    interests: Interests,
    online: bool,
    last_seen: Option<Micros>,
}

impl From<ProfileRow> for Profile {
    fn from(row: ProfileRow) -> Self {
        Self {
            id: UserId(row.profile_id),
            username: row.username,
            display_name: row.display_name,
            headline: row.headline,
            bio: row.bio,
            interests: row.interests.0,
            avatar_url: Some(format!("/avatars/{}.svg", row.profile_id)),
            online: row.online,
            last_seen: row.last_seen.map(|time| time.0),
        }
    }
}

/// A message as it is stored.
#[derive(FromRow)]
pub struct MessageRow {
    id: Uuid,
    client_id: Uuid,
    sender_id: Uuid,
    receiver_id: Uuid,
    content: String,
    seq: i64,
    created_at: Micros,
    read_at: Option<Micros>,
}

impl From<MessageRow> for Message {
    fn from(row: MessageRow) -> Self {
        Self {
            id: MessageId(row.id),
            client_id: ClientId(row.client_id),
            sender_id: UserId(row.sender_id),
            receiver_id: UserId(row.receiver_id),
            content: row.content,
            seq: seq(row.seq),
            created_at: row.created_at.0,
            read_at: row.read_at.map(|time| time.0),
        }
    }
}

/// Where a conversation stands, seen by one of the two (the view `sides`).
#[derive(FromRow)]
pub struct HeadRow {
    me: Uuid,
    peer: Uuid,
    last_seq: i64,
    read_seq: i64,
    peer_read_seq: i64,
    peer_delivered_seq: i64,
    unread: i64,
    online: bool,
    last_seen: Option<Micros>,
    #[sqlx(flatten)]
    contact: ContactRow,
}

impl HeadRow {
    /// Who sees it like this.
    pub fn me(&self) -> UserId {
        UserId(self.me)
    }
}

impl From<HeadRow> for ConversationHead {
    fn from(row: HeadRow) -> Self {
        Self {
            peer_id: UserId(row.peer),
            last_seq: seq(row.contact.end_of(row.last_seq)),
            read_seq: seq(row.read_seq),
            peer_read_seq: seq(row.peer_read_seq),
            peer_delivered_seq: seq(row.peer_delivered_seq),
            unread: if row.contact.is_blocked() { 0 } else { seq(row.unread).0 },
            online: row.online,
            last_seen: row.last_seen.map(|time| time.0),
            contact: row.contact.into(),
        }
    }
}

/// What somebody chose for a peer; all null where they chose nothing.
#[derive(Clone, Copy, FromRow)]
pub struct ContactRow {
    muted: Option<bool>,
    marked_unread: Option<bool>,
    blocked_after: Option<i64>,
}

impl ContactRow {
    /// Where the conversation ends for the one who chose.
    pub fn end_of(&self, last_seq: i64) -> i64 {
        self.blocked_after.map_or(last_seq, |after| last_seq.min(after))
    }

    fn is_blocked(&self) -> bool {
        self.blocked_after.is_some()
    }
}

impl From<ContactRow> for Contact {
    fn from(row: ContactRow) -> Self {
        Self {
            muted: row.muted.unwrap_or_default(),
            marked_unread: row.marked_unread.unwrap_or_default(),
            blocked: row.is_blocked(),
        }
    }
}

/// A report.
#[derive(FromRow)]
pub struct ReportRow {
    id: Uuid,
    reporter_id: Option<Uuid>,
    reported_id: Option<Uuid>,
    reason: String,
    messages: String,
    created_at: Micros,
}

impl TryFrom<ReportRow> for Report {
    type Error = serde_json::Error;

    fn try_from(row: ReportRow) -> Result<Self, Self::Error> {
        Ok(Self {
            id: row.id,
            reporter_id: row.reporter_id.map(UserId),
            reported_id: row.reported_id.map(UserId),
            reason: row.reason,
            messages: serde_json::from_str(&row.messages)?,
            created_at: row.created_at.0,
        })
    }
}

/// Who a user has to do with; the same words in both databases.
pub const ACQUAINTANCES: &str =
    "SELECT p.id, p.username, p.display_name, k.muted, k.marked_unread, k.blocked_after
     FROM (SELECT user_hi AS peer FROM conversations WHERE user_lo = $1 AND user_hi > $2
           UNION SELECT user_lo FROM conversations WHERE user_hi = $1 AND user_lo > $2
           UNION SELECT peer_id FROM contacts WHERE owner_id = $1 AND peer_id > $2) known
     JOIN profiles p ON p.id = known.peer LEFT JOIN contacts k ON k.owner_id = $1 AND k.peer_id = p.id
     ORDER BY p.id LIMIT $3";

/// One of them.
#[derive(FromRow)]
pub struct AcquaintanceRow {
    id: Uuid,
    username: String,
    display_name: String,
    #[sqlx(flatten)]
    contact: ContactRow,
}

impl From<AcquaintanceRow> for Acquaintance {
    fn from(row: AcquaintanceRow) -> Self {
        Self {
            id: UserId(row.id),
            username: row.username,
            display_name: row.display_name,
            contact: row.contact.into(),
        }
    }
}

/// What a change makes of a contact: muted, marked as unread, blocked; `None` where it leaves a thing as it is.
pub fn changed(change: ContactChange) -> (Option<bool>, Option<bool>, Option<bool>) {
    match change {
        ContactChange::Muted(on) => (Some(on), None, None),
        ContactChange::MarkedUnread(on) => (None, Some(on), None),
        ContactChange::Blocked(on) => (None, None, Some(on)),
    }
}

/// A column that counts from zero.
pub fn seq(column: i64) -> Seq {
    Seq(u64::try_from(column).unwrap_or(0))
}

/// As a column; what does not fit is beyond every row anyway.
pub fn saturated(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The two of a conversation in the order of its key.
pub fn ordered(a: UserId, b: UserId) -> (Uuid, Uuid) {
    (a.min(b).0, a.max(b).0)
}

/// Since when an instance must have beaten to count as alive.
pub fn alive(now: DateTime<Utc>) -> DateTime<Utc> {
    now - TimeDelta::seconds(INSTANCE_LEASE_SECONDS)
}

/// Ids as columns.
pub fn uuids(users: &[UserId]) -> Vec<Uuid> {
    users.iter().map(|user| user.0).collect()
}

/// What a message became under `id` at `at`.
pub fn stored(new: &NewMessage, id: Uuid, at: i64, created_at: Micros, read_at: Option<Micros>) -> Message {
    Message {
        id: MessageId(id),
        client_id: new.client_id,
        sender_id: new.sender_id,
        receiver_id: new.receiver_id,
        content: new.body.as_str().to_owned(),
        seq: seq(at),
        created_at: created_at.0,
        read_at: read_at.map(|time| time.0),
    }
}

/// A log-in.
#[derive(FromRow)]
pub struct SessionRow {
    id: Uuid,
    user_id: Uuid,
    created_at: Micros,
    last_used_at: Micros,
    device: String,
}

impl From<SessionRow> for Session {
    fn from(row: SessionRow) -> Self {
        Self {
            id: SessionId(row.id),
            user_id: UserId(row.user_id),
            created_at: row.created_at.0,
            last_used_at: row.last_used_at.0,
            device: row.device,
        }
    }
}

/// What an account left behind.
pub fn departed(sessions: Vec<Uuid>, peers: Vec<Uuid>) -> Departed {
    Departed {
        sessions: sessions.into_iter().map(SessionId).collect(),
        peers: peers.into_iter().map(UserId).collect(),
    }
}

/// A ticket.
#[derive(FromRow)]
pub struct TicketRow {
    user_id: Uuid,
    session_id: Uuid,
    expires_at: Micros,
}

impl From<TicketRow> for Ticket {
    fn from(row: TicketRow) -> Self {
        Self {
            user_id: UserId(row.user_id),
            session_id: SessionId(row.session_id),
            expires_at: row.expires_at.0,
        }
    }
}

/// An entry of the inbox.
#[derive(FromRow)]
pub struct ConversationRow {
    #[sqlx(flatten)]
    peer: ProfileRow,
    #[sqlx(flatten)]
    last_message: MessageRow,
    #[sqlx(flatten)]
    head: HeadRow,
    last_message_at: Micros,
}

/// Where the inbox begins: behind every conversation.
pub const END_OF_TIME: ConversationCursor = ConversationCursor {
    last_message_at: DateTime::from_timestamp_nanos(i64::MAX),
    peer_id: UserId(Uuid::max()),
};

/// The page of the inbox that `rows` make, one more than the page holds if there are more. Who is
/// blocked is left out; the page is shorter then.
pub fn conversation_page(mut rows: Vec<ConversationRow>, limit: u32, total_unread: i64) -> ConversationPage {
    let more = rows.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    if more {
        rows.pop();
    }
    let next = rows.last().filter(|_| more).map(|row| ConversationCursor {
        last_message_at: row.last_message_at.0,
        peer_id: UserId(row.head.peer),
    });
    let conversations = rows
        .into_iter()
        .filter(|row| !row.head.contact.is_blocked())
        .map(|row| Conversation {
            peer: row.peer.into(),
            last_message: row.last_message.into(),
            head: row.head.into(),
        })
        .collect();
    ConversationPage { conversations, total_unread: seq(total_unread).0, next }
}
