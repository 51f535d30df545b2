//! Server frames as they come over the wire: one struct with every field any of them has.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use super::{ConversationHead, ServerFrame};
use crate::domain::{ClientId, Contact, Message, Seq, UserId};

/// See the module.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct WireFrame {
    r#type: String,
    user_id: Option<UserId>,
    server_time: Option<DateTime<Utc>>,
    conversations: Option<Vec<ConversationHead>>,
    client_id: Option<ClientId>,
    duplicate: Option<bool>,
    message: Option<StoredOrText>,
    peer_id: Option<UserId>,
    reader_id: Option<UserId>,
    seq: Option<Seq>,
    read_at: Option<DateTime<Utc>>,
    online: Option<bool>,
    last_seen: Option<DateTime<Utc>>,
    heads: Option<BTreeMap<UserId, Seq>>,
    code: Option<String>,
    retryable: Option<bool>,
    contact: Option<Contact>,
}

impl From<WireFrame> for ServerFrame {
    fn from(wire: WireFrame) -> Self {
        wire.read().unwrap_or(Self::Unknown)
    }
}

impl WireFrame {
    /// `None` for a type that is not known, and when a field is missing.
    fn read(self) -> Option<ServerFrame> {
        Some(match self.r#type.as_str() {
            "welcome" => ServerFrame::Welcome {
                user_id: self.user_id?,
                server_time: self.server_time?,
                conversations: self.conversations?,
            },
            "ack" => ServerFrame::Ack {
                client_id: self.client_id?,
                duplicate: self.duplicate?,
                message: self.message?.stored()?,
            },
            "message" => ServerFrame::Message { message: self.message?.stored()? },
            "delivered" => ServerFrame::Delivered { peer_id: self.peer_id?, seq: self.seq? },
            "read" => ServerFrame::Read {
                peer_id: self.peer_id?,
                reader_id: self.reader_id?,
                seq: self.seq?,
                read_at: self.read_at?,
            },
            "typing" => ServerFrame::Typing { peer_id: self.peer_id? },
            "presence" => ServerFrame::Presence {
                peer_id: self.peer_id?,
                online: self.online?,
                last_seen: self.last_seen,
            },
            "contact" => ServerFrame::Contact { peer_id: self.peer_id?, contact: self.contact? },
            "gone" => ServerFrame::Gone { peer_id: self.peer_id? },
            "resync" => ServerFrame::Resync { conversations: self.conversations? },
            "pong" => ServerFrame::Pong {
                server_time: self.server_time?,
                heads: self.heads.unwrap_or_default(),
                conversations: self.conversations.unwrap_or_default(),
            },
            "error" => ServerFrame::Error {
                code: self.code?,
                message: self.message?.text()?,
                retryable: self.retryable?,
                client_id: self.client_id,
            },
            _ => return None,
        })
    }
}

/// What stands under `message`: a row, or in an `error` a text for a person.
enum StoredOrText {
    Stored(Box<Message>),
    Text(String),
}

impl StoredOrText {
    fn stored(self) -> Option<Message> {
        if let Self::Stored(message) = self { Some(*message) } else { None }
    }

    fn text(self) -> Option<String> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }
}

impl<'de> Deserialize<'de> for StoredOrText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = StoredOrText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a message or a text")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(StoredOrText::Text(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                let message = Message::deserialize(MapAccessDeserializer::new(map))?;
                Ok(StoredOrText::Stored(Box::new(message)))
            }
        }

        deserializer.deserialize_any(Either)
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;
    use crate::domain::MessageId;

    /// Every frame there is.
    fn all() -> Vec<ServerFrame> {
        let (peer_id, client_id) = (UserId(Uuid::from_u128(1)), ClientId(Uuid::from_u128(2)));
        let (seq, at) =
            (Seq(7), DateTime::from_timestamp_micros(1_700_000_000_123_456).expect("a valid time"));
        let message = Message {
            id: MessageId(Uuid::from_u128(3)),
            client_id,
            sender_id: peer_id,
            receiver_id: UserId(Uuid::from_u128(4)),
            content: "Hello \"you\"".to_owned(),
            seq,
            created_at: at,
            read_at: None,
        };
        let head = ConversationHead {
            peer_id,
            last_seq: seq,
            read_seq: Seq(1),
            peer_read_seq: Seq(2),
            peer_delivered_seq: Seq(3),
            unread: 6,
            online: true,
            last_seen: Some(at),
            contact: Contact { muted: true, ..Contact::default() },
        };
        vec![
            ServerFrame::Welcome { user_id: peer_id, server_time: at, conversations: vec![head.clone()] },
            ServerFrame::Ack { client_id, duplicate: true, message: message.clone() },
            ServerFrame::Message { message },
            ServerFrame::Delivered { peer_id, seq },
            ServerFrame::Read { peer_id, reader_id: peer_id, seq, read_at: at },
            ServerFrame::Typing { peer_id },
            ServerFrame::Presence { peer_id, online: false, last_seen: None },
            ServerFrame::Contact { peer_id, contact: Contact { blocked: true, ..Contact::default() } },
            ServerFrame::Gone { peer_id },
            ServerFrame::Resync { conversations: vec![head.clone()] },
            ServerFrame::Pong {
                server_time: at,
                heads: BTreeMap::from([(peer_id, seq)]),
                conversations: vec![head],
            },
            ServerFrame::Pong { server_time: at, heads: BTreeMap::new(), conversations: Vec::new() },
            ServerFrame::Error {
                code: "invalid".to_owned(),
                message: "No.".to_owned(),
                retryable: false,
                client_id: Some(client_id),
            },
        ]
    }

    #[test]
    fn every_frame_comes_back_as_it_went() {
        for frame in all() {
            let json = serde_json::to_string(&frame).expect("a frame serialises");
            assert_eq!(serde_json::from_str::<ServerFrame>(&json).ok(), Some(frame), "{json}");
        }
    }

    #[test]
    fn what_is_not_known_or_not_whole_is_unknown() {
        for json in [
            "{}",
            r#"{"type":"later"}"#,
            r#"{"type":"message"}"#,
            r#"{"type":"message","message":"text"}"#,
            r#"{"type":"delivered","seq":1}"#,
        ] {
            assert_eq!(serde_json::from_str::<ServerFrame>(json).ok(), Some(ServerFrame::Unknown), "{json}");
        }
    }
}
