//! The frames of the WebSocket, one JSON object each, tagged by `type`.
//!
//! `peer_id` is always the other member of the conversation, seen from whoever gets the frame.
//! Fields unknown to this version are ignored, so either side may be the older one.

mod wire;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use self::wire::WireFrame;
use crate::domain::{ClientId, Contact, Message, Seq, UserId};

/// What a device says to the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientFrame {
    /// Store this message. Repeating it with the same `client_id` is safe.
    Send {
        /// Chosen before the first try.
        client_id: ClientId,
        /// Whom it is for.
        receiver_id: UserId,
        /// The text.
        content: String,
    },
    /// This device holds the conversation with the peer up to `seq`.
    Received {
        /// The other member.
        peer_id: UserId,
        /// The highest contiguous position held.
        seq: Seq,
    },
    /// The user has read the conversation with the peer up to `seq`.
    Read {
        /// The other member.
        peer_id: UserId,
        /// The last position read.
        seq: Seq,
    },
    /// The user is typing to the peer.
    Typing {
        /// The other member.
        peer_id: UserId,
    },
    /// Keeps the connection honest, and asks what this device may have missed.
    Ping {
        /// The highest contiguous position held, for each conversation asked about.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        heads: BTreeMap<UserId, Seq>,
    },
}

/// What the server says to a device.
///
/// Read through a flat struct (`protocol::wire`): what derive makes of a tagged enum buffers every value, which costs
/// the browser half tens of kilobytes of code.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", from = "WireFrame")]
pub enum ServerFrame {
    /// Always first. What it lists was read after the socket began to receive.
    Welcome {
        /// Who this socket belongs to.
        user_id: UserId,
        /// The server's clock.
        server_time: DateTime<Utc>,
        /// Where every conversation stands.
        conversations: Vec<ConversationHead>,
    },
    /// The message is stored durably.
    Ack {
        /// Which send this answers.
        client_id: ClientId,
        /// Whether an earlier try had stored it already.
        duplicate: bool,
        /// The row.
        message: Message,
    },
    /// A message of the peer, or one the user sent from another device.
    Message {
        /// The row.
        message: Message,
    },
    /// A device of the peer holds the conversation up to `seq`.
    Delivered {
        /// The other member.
        peer_id: UserId,
        /// The position.
        seq: Seq,
    },
    /// Somebody of the two has read up to `seq`.
    Read {
        /// The other member.
        peer_id: UserId,
        /// Who has read: the user, on another device, or the peer.
        reader_id: UserId,
        /// The position.
        seq: Seq,
        /// When.
        read_at: DateTime<Utc>,
    },
    /// The peer is typing; valid for 5 s unless repeated or ended by a message.
    Typing {
        /// The other member.
        peer_id: UserId,
    },
    /// The peer came or went.
    Presence {
        /// The other member.
        peer_id: UserId,
        /// Whether a device of theirs is connected.
        online: bool,
        /// When their last device went away.
        last_seen: Option<DateTime<Utc>>,
    },
    /// The user chose something for the peer, on whichever device.
    Contact {
        /// The other member.
        peer_id: UserId,
        /// How the user stands to them now.
        contact: Contact,
    },
    /// The account of the peer is gone, and the conversation with it. It never comes back.
    Gone {
        /// The other member.
        peer_id: UserId,
    },
    /// Frames may have been lost: compare and fetch.
    Resync {
        /// Where every conversation stands.
        conversations: Vec<ConversationHead>,
    },
    /// Answers a ping.
    Pong {
        /// The server's clock.
        server_time: DateTime<Utc>,
        /// The last position of each conversation asked about.
        #[serde(default)]
        heads: BTreeMap<UserId, Seq>,
        /// Where those conversations stand that changed since the last ping.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        conversations: Vec<ConversationHead>,
    },
    /// Something went wrong; with `client_id`, that send.
    Error {
        /// Machine-readable, snake case.
        code: String,
        /// For a person.
        message: String,
        /// Whether trying the same again may help.
        retryable: bool,
        /// The send it concerns.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client_id: Option<ClientId>,
    },
    /// A frame of a newer server, or one that lacks a field; ignored.
    Unknown,
}

/// How many conversations `welcome` lists at most, those with the newest messages; older ones are found in
/// the inbox.
pub const MAX_LISTED: u32 = 1000;

/// Where one conversation stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationHead {
    /// The other member.
    pub peer_id: UserId,
    /// The position of the newest message.
    pub last_seq: Seq,
    /// How far the user has read.
    pub read_seq: Seq,
    /// How far the peer has read.
    pub peer_read_seq: Seq,
    /// How far a device of the peer holds it.
    #[serde(default)]
    pub peer_delivered_seq: Seq,
    /// Messages of the peer beyond `read_seq`.
    pub unread: u64,
    /// Whether the peer is connected.
    pub online: bool,
    /// When the peer's last device went away.
    pub last_seen: Option<DateTime<Utc>>,
    /// What the user chose for the peer.
    #[serde(default, skip_serializing_if = "Contact::is_plain")]
    pub contact: Contact,
}

/// One page of a conversation's history, as `GET /messages/history/{other_user_id}` answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct HistoryPage {
    /// In ascending order of `seq`.
    pub messages: Vec<Message>,
    /// The position of the oldest message the server holds; what was before is deleted. One beyond `last_seq`
    /// when it holds none.
    #[serde(default)]
    #[cfg_attr(feature = "ssr", schema(required))]
    pub first_seq: Seq,
    /// The position of the newest message of the conversation.
    pub last_seq: Seq,
    /// How far the asker has read.
    pub read_seq: Seq,
    /// How far the peer has read.
    pub peer_read_seq: Seq,
    /// How far a device of the peer holds it.
    #[serde(default)]
    #[cfg_attr(feature = "ssr", schema(required))]
    pub peer_delivered_seq: Seq,
    /// Whether there is more in the direction of travel.
    pub has_more: bool,
    /// What the asker chose for the other member.
    #[serde(default, skip_serializing_if = "Contact::is_plain")]
    pub contact: Contact,
}

/// The reasons a server closes a socket with a code of its own.
pub mod close_code {
    /// The server goes away.
    pub const GOING_AWAY: u16 = 1001;
    /// A binary frame came; only text is spoken here.
    pub const UNSUPPORTED: u16 = 1003;
    /// A text frame was not UTF-8.
    pub const NOT_UTF8: u16 = 1007;
    /// A frame was too big.
    pub const TOO_BIG: u16 = 1009;
    /// The server restarts: reconnect after a random while.
    pub const RESTARTING: u16 = 1012;
    /// The device read too slowly: reconnect and compare.
    pub const TOO_SLOW: u16 = 4008;
    /// The session ended: log in again.
    pub const SESSION_ENDED: u16 = 4401;
    /// Nothing was heard of the device for too long.
    pub const SILENT: u16 = 4408;
    /// The user has too many devices; the oldest is closed.
    pub const TOO_MANY_DEVICES: u16 = 4409;
    /// The device sent frames too fast.
    pub const TOO_FAST: u16 = 4429;
}
