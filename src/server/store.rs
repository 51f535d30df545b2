//! What is durable: accounts, sessions, profiles, conversations and their messages.
//!
//! One trait, two implementations held equal by one contract suite (`tests/store`). The row is the
//! truth of the whole product: an acknowledgement is sent only after a method here has returned,
//! and a method returns only after its commit.
//!
//! Absence is `Ok(None)` and a repeated send is a kind of success; [`StoreError`] means only that
//! the database could not answer, so the same call may be tried again. After an error the outcome
//! of a write is unknown. Time is an argument everywhere; timestamps are kept to the microsecond.

mod connect;
mod connections;
mod implement;
mod meter;
mod postgres;
mod rows;
mod search;
mod sql;
mod sqlite;
mod writer;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use uuid::Uuid;

use crate::chat::protocol::{ConversationHead, HistoryPage};
use crate::domain::{
    ClientId, Contact, ContactChange, DisplayName, Message, MessageBody, MessageId, Profile, ScoredProfile,
    Seq, SessionId, UserId, Username,
};

pub use connect::connect;

/// A store as the rest of the server holds it.
pub type SharedStore = Arc<dyn Store>;

/// The database could not answer. Opaque on purpose: nothing but the log is to know more.
#[derive(Debug, thiserror::Error)]
#[error("the database could not answer")]
pub struct StoreError(#[from] anyhow::Error);

/// The result of every call.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// SHA-256 of a secret token. Only digests are stored.
pub type Digest = [u8; 32];

/// Somebody to be added.
#[derive(Clone, Debug)]
pub struct NewProfile {
    /// Their id, chosen by the caller.
    pub id: UserId,
    /// Their unique log-in name.
    pub username: Username,
    /// The name others see.
    pub display_name: DisplayName,
    /// One line; may be empty.
    pub headline: String,
    /// A few sentences; may be empty.
    pub bio: String,
    /// At most [`MAX_INTERESTS`].
    pub interests: Vec<String>,
    /// argon2id, in PHC string format.
    pub password_hash: String,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// How many interests a profile may list.
pub const MAX_INTERESTS: usize = 20;

/// A log-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Names it without opening it.
    pub id: SessionId,
    /// Whose it is.
    pub user_id: UserId,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last seen in use; kept to the minute or better.
    pub last_used_at: DateTime<Utc>,
    /// What it came from, in words; empty when that was not noted.
    pub device: String,
}

/// Somebody, and the hash against which their password is verified. What follows from that holds only while the
/// hash is theirs: verifying takes a while, and the password may be changed meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Who.
    pub user_id: UserId,
    /// argon2id, in PHC string format.
    pub password_hash: String,
}

/// What an account left behind when it was deleted: whom to tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Departed {
    /// Its log-ins, all of them ended by now.
    pub sessions: Vec<SessionId>,
    /// The people it had a conversation with.
    pub peers: Vec<UserId>,
}

/// A one-time pass for one WebSocket upgrade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Whose it is.
    pub user_id: UserId,
    /// The log-in it was made from.
    pub session_id: SessionId,
    /// After this it is worthless.
    pub expires_at: DateTime<Utc>,
}

/// A message to be stored.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// The row's id, should the row be new.
    pub id: MessageId,
    /// Makes the insert idempotent, together with the sender.
    pub client_id: ClientId,
    /// Who writes. Must exist.
    pub sender_id: UserId,
    /// Whom it is for.
    pub receiver_id: UserId,
    /// The text.
    pub body: MessageBody,
    /// The row's time, should the row be new.
    pub created_at: DateTime<Utc>,
}

/// What became of a message that was to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Insert {
    /// A new row, committed.
    Stored(Message),
    /// The sender had stored this `client_id` before, with the same receiver and content.
    AlreadyStored(Message),
    /// The sender had used this `client_id` for something else. Comes before the question whether there is
    /// such a receiver.
    ClientIdReused,
    /// A row, new or not, of which the receiver is not to hear: they block the sender, or it is deleted already,
    /// see [`Store::forget_messages`].
    Unheard {
        /// The row.
        message: Message,
        /// Whether the sender had stored it before.
        duplicate: bool,
    },
    /// There is no such receiver, or it is the sender.
    NoReceiver,
    /// The sender blocks the receiver.
    Blocked,
}

/// Where a page of history begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// Skip this many of the newest.
    Offset(u64),
    /// The newest of those below this position.
    Before(Seq),
    /// The oldest of those above this position.
    After(Seq),
}

impl Position {
    /// The newest page.
    pub const NEWEST: Self = Self::Offset(0);
}

/// What became of moving a mark forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It moved to here.
    Moved(Seq),
    /// It moved, and the peer is not to hear of it: one of the two blocks the other.
    MovedUnheard,
    /// It was there already, or further.
    Unchanged,
    /// There is no such message yet.
    BeyondEnd,
}

/// What somebody told the operator about somebody else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// In the order of time (UUID version 7).
    pub id: Uuid,
    /// Who reports; `None` once their account is gone.
    pub reporter_id: Option<UserId>,
    /// Who is reported; `None` once their account is gone.
    pub reported_id: Option<UserId>,
    /// What for, in their words.
    pub reason: String,
    /// What was said last between the two.
    pub messages: Vec<Message>,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// Somebody a user has to do with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Acquaintance {
    /// Who.
    pub id: UserId,
    /// Their log-in name.
    pub username: String,
    /// The name they go by.
    pub display_name: String,
    /// What the user chose for them.
    pub contact: Contact,
}

/// A page of people, best match first, ties by id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatchPage {
    /// Never the viewer.
    pub matches: Vec<ScoredProfile>,
    /// Where the next page begins; `None` when this was the last.
    pub next: Option<MatchCursor>,
}

/// The last entry of a page of matches; the next page begins behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MatchCursor {
    /// Its score.
    pub score: u8,
    /// Its person.
    pub id: UserId,
}

/// A conversation as the inbox shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// The other member.
    pub peer: Profile,
    /// The newest message.
    pub last_message: Message,
    /// The marks.
    pub head: ConversationHead,
}

/// A page of the inbox, newest activity first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationPage {
    /// The entries.
    pub conversations: Vec<Conversation>,
    /// Unread messages in all conversations, not only those of the page.
    pub total_unread: u64,
    /// Where the next page begins; `None` when this was the last.
    pub next: Option<ConversationCursor>,
}

/// The last entry of a page of the inbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConversationCursor {
    /// Its newest message's time.
    pub last_message_at: DateTime<Utc>,
    /// Its peer.
    pub peer_id: UserId,
}

/// One running server process, as presence knows it.
pub type InstanceId = Uuid;

/// The key of a conversation: its two people, the lower id first.
pub type Pair = (UserId, UserId);

/// A stretch of all conversations, looked through for what is too old.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outdated {
    /// Those that begin with a message that is too old.
    pub due: Vec<Pair>,
    /// Where the next stretch begins; `None` when this was the last.
    pub next: Option<Pair>,
}

/// How many rows go at a time when what is not kept is deleted: their locks are in somebody's way.
pub const FORGET_STEP: u32 = 500;

/// See the module's documentation.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Brings the schema up to date, under a lock, so that many processes may call it at once.
    async fn migrate(&self) -> Result<()>;
    /// Whether the database answers.
    async fn ping(&self) -> Result<()>;
    /// The time by the database's own clock, which all instances share: until when somebody has seen
    /// what changed. See [`COMMIT_LAG`].
    async fn watermark(&self) -> Result<DateTime<Utc>>;

    // People

    /// Adds somebody; `false` when the username is taken.
    async fn create_profile(&self, profile: &NewProfile) -> Result<bool>;
    /// Adds many at once, skipping those whose username exists; returns the ids in use, in order.
    async fn seed_profiles(&self, profiles: &[NewProfile]) -> Result<Vec<UserId>>;
    /// Who logs in by this name, with the password hash to verify.
    async fn credentials(&self, username: &Username) -> Result<Option<Verified>>;
    /// Gives somebody another password and ends all their log-ins but `kept`; returns which ended. `None`, and
    /// nothing is done, when the password that was verified is not theirs any more.
    async fn change_password(
        &self,
        verified: &Verified,
        hash: &str,
        kept: SessionId,
    ) -> Result<Option<Vec<SessionId>>>;
    /// Takes somebody out with everything of theirs; `None` when there is no such person. Their log-ins
    /// are among those that ended, see [`Store::revoked_since`].
    async fn delete_account(&self, user: UserId) -> Result<Option<Departed>>;
    /// A person, scored for `viewer`; their own profile has no score.
    async fn profile(&self, viewer: UserId, id: UserId, now: DateTime<Utc>) -> Result<Option<ScoredProfile>>;
    /// People whose name, username, headline or interests contain `text` as it is (no wildcards),
    /// best match first. `text` is folded already, see [`fold`]; empty means everybody.
    async fn search_matches(
        &self,
        viewer: UserId,
        text: &str,
        limit: u32,
        after: Option<MatchCursor>,
        now: DateTime<Utc>,
    ) -> Result<MatchPage>;

    // Sessions and tickets

    /// Stores a log-in under the digest of its token; `false` when the password that was verified for it is not
    /// the person's any more. Either it is there when their password changes, or it is not made.
    async fn open_session(&self, token: &Digest, session: &Session, verified: &Verified) -> Result<bool>;
    /// Stores log-ins that nobody gave a password for, under the digests of their tokens.
    async fn create_sessions(&self, sessions: &[(Digest, Session)]) -> Result<()>;
    /// The log-in behind a token, unless revoked. The caller judges its age.
    async fn session(&self, token: &Digest) -> Result<Option<Session>>;
    /// Notes that a log-in was used.
    async fn touch_session(&self, id: SessionId, now: DateTime<Utc>) -> Result<()>;
    /// The log-ins of `user` that were not revoked, of those used after `since` the `limit` used last. The
    /// caller judges their age.
    async fn sessions_of(&self, user: UserId, since: DateTime<Utc>, limit: u32) -> Result<Vec<Session>>;
    /// Ends a log-in of `user`; `false` when it is not theirs or had ended already.
    async fn revoke_session(&self, user: UserId, id: SessionId) -> Result<bool>;
    /// The log-ins that ended at or after `since`, a watermark: what every instance asks once a second.
    async fn revoked_since(&self, since: DateTime<Utc>) -> Result<Vec<SessionId>>;
    /// Which of these log-ins were made at or before `made`, or last used at or before `used`.
    async fn expired_sessions(
        &self,
        ids: &[SessionId],
        made: DateTime<Utc>,
        used: DateTime<Utc>,
    ) -> Result<Vec<SessionId>>;
    /// Stores a ticket under its digest.
    async fn create_ticket(&self, digest: &Digest, ticket: &Ticket) -> Result<()>;
    /// Takes a ticket away: a second call finds nothing. Those of a revoked log-in are not found. The caller judges its age.
    async fn take_ticket(&self, digest: &Digest) -> Result<Option<Ticket>>;

    // Messages

    /// Stores messages of one conversation under its next positions in this order, each once per (sender,
    /// `client_id`); one answer each. After an error none of them is stored, or all are.
    async fn insert_messages(&self, messages: Vec<NewMessage>) -> Result<Vec<Insert>>;
    /// Stores one message: see [`Store::insert_messages`].
    async fn insert_message(&self, message: &NewMessage) -> Result<Insert> {
        let insert = self.insert_messages(vec![message.clone()]).await?.pop();
        Ok(insert.ok_or_else(|| anyhow::anyhow!("a message without an answer"))?)
    }
    /// A page of the conversation of `me` and `peer`, seen by `me`; `None` when there is no such
    /// peer or it is `me`. Costs the same at any position.
    async fn get_messages_between(
        &self,
        me: UserId,
        peer: UserId,
        limit: u32,
        position: Position,
    ) -> Result<Option<HistoryPage>>;
    /// A page of the inbox.
    async fn conversations(
        &self,
        me: UserId,
        limit: u32,
        before: Option<ConversationCursor>,
        now: DateTime<Utc>,
    ) -> Result<ConversationPage>;
    /// Where the newest `limit` conversations of `me` stand, newest first.
    async fn conversation_heads(
        &self,
        me: UserId,
        limit: u32,
        now: DateTime<Utc>,
    ) -> Result<Vec<ConversationHead>>;
    /// The newest position of the conversations of `me` with these peers; absent where there is none.
    async fn last_seqs(&self, me: UserId, peers: &[UserId]) -> Result<BTreeMap<UserId, Seq>>;
    /// `me` has read the conversation with `peer` up to `seq`; stamps `read_at` of the peer's messages.
    async fn mark_read(&self, me: UserId, peer: UserId, seq: Seq, now: DateTime<Utc>) -> Result<Mark>;
    /// A device of `me` holds the conversation with `peer` up to `seq`.
    async fn mark_delivered(&self, me: UserId, peer: UserId, seq: Seq) -> Result<Mark>;
    /// The conversations of `users` that changed (a message or a mark) at or after `since`, a watermark;
    /// each as its user sees it. Some may be among them that changed up to ten seconds earlier.
    async fn changed_since(
        &self,
        users: &[UserId],
        since: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Vec<(UserId, ConversationHead)>>;

    // What is not kept. Each call is one short piece of work, and may be made by many instances at once.

    /// The next conversations behind `after`, in the order of their keys, and which of them begin with a message
    /// from before `before`.
    async fn outdated(&self, before: DateTime<Utc>, after: Option<Pair>) -> Result<Outdated>;
    /// Deletes the beginning of a conversation, up to the first message from `before` or later; returns how many,
    /// at most [`FORGET_STEP`]. Positions stay what they are and are not used again. For a while, see
    /// [`Store::forget_sends`], a repeated send of what is deleted is still known as one.
    async fn forget_messages(&self, pair: Pair, before: DateTime<Utc>, now: DateTime<Utc>) -> Result<u64>;
    /// Stops to know the sends of messages that were deleted before `before`; returns how many, at most
    /// [`FORGET_STEP`].
    async fn forget_sends(&self, before: DateTime<Utc>) -> Result<u64>;
    /// Deletes log-ins that were made before `made`, last used before `used`, or ended before `ended`; returns how
    /// many, at most [`FORGET_STEP`].
    async fn forget_sessions(
        &self,
        made: DateTime<Utc>,
        used: DateTime<Utc>,
        ended: DateTime<Utc>,
    ) -> Result<u64>;
    /// Deletes tickets that expired before `before`; returns how many, at most [`FORGET_STEP`].
    async fn forget_tickets(&self, before: DateTime<Utc>) -> Result<u64>;

    // Contacts

    /// `me` chooses something for `peer`; `None` when there is no such peer or it is `me`.
    async fn change_contact(
        &self,
        me: UserId,
        peer: UserId,
        change: ContactChange,
    ) -> Result<Option<Contact>>;
    /// Whether one of the two blocks the other.
    async fn is_silent(&self, a: UserId, b: UserId) -> Result<bool>;
    /// Stores a report; `false` when there is no such person.
    async fn report(&self, report: &Report) -> Result<bool>;
    /// The reports, those of one reporter or all, oldest first, from behind this one on.
    async fn reports(&self, by: Option<UserId>, after: Option<Uuid>, limit: u32) -> Result<Vec<Report>>;
    /// Who has a conversation with `user` or was chosen something for by them, in the order of their ids, from
    /// behind this one on.
    async fn acquaintances(
        &self,
        user: UserId,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<Acquaintance>>;

    // Presence: a user is online while an instance that beats holds a socket of theirs.

    /// Says that an instance lives, and whether it is cut off from the bus. `true` when it was not
    /// registered: the first time, or because it was silent for so long that it was reaped; then its
    /// users have to arrive anew.
    async fn beat(&self, instance: InstanceId, is_cut_off: bool, now: DateTime<Utc>) -> Result<bool>;
    /// Whether any instance that lives is cut off from the bus.
    async fn is_any_cut_off(&self, now: DateTime<Utc>) -> Result<bool>;
    /// An instance holds a socket of `user`; `true` when nobody did before. `None`, and nothing is noted, when the
    /// instance is not registered: it has to [beat](Self::beat) first. Of somebody who is not there nothing is noted.
    async fn arrive(&self, user: UserId, instance: InstanceId, now: DateTime<Utc>) -> Result<Option<bool>>;
    /// An instance holds no socket of `user` any more; `true` when now nobody does. Sets last seen.
    async fn depart(&self, user: UserId, instance: InstanceId, now: DateTime<Utc>) -> Result<bool>;
    /// Removes instances that have not beaten since `deadline`; returns the users who are thereby
    /// offline. Their last seen is the instance's last beat.
    async fn reap(&self, deadline: DateTime<Utc>) -> Result<Vec<(UserId, DateTime<Utc>)>>;
    /// The people `user` has the newest `limit` conversations with.
    async fn peers(&self, user: UserId, limit: u32) -> Result<Vec<UserId>>;
}

/// A transaction may commit this much after the time it wrote. Whoever asks what changed since a
/// watermark asks from this much before it, and passes over what it has seen. More than the steps in which PostgreSQL
/// notes changes (its function `slot`).
pub const COMMIT_LAG: TimeDelta = TimeDelta::seconds(15);

/// How long an instance that does not beat still counts as alive, in seconds.
pub const INSTANCE_LEASE_SECONDS: i64 = 40;

/// The form in which search compares: NFKC, lower case. U+FFFE and U+FFFF, which are no characters, are
/// U+FFFD: `SQLite`'s index cannot tell them apart.
#[must_use]
pub fn fold(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    // The common case, and a hundred times faster: ASCII is in NFKC as it is.
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let known = |c| if matches!(c, '\u{fffe}' | '\u{ffff}') { char::REPLACEMENT_CHARACTER } else { c };
    text.nfkc().flat_map(char::to_lowercase).nfkc().map(known).collect()
}
