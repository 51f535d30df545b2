//! Frames of both sides, whatever stands in them: what was written is read as it was.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use mosaic::chat::protocol::{ClientFrame, ConversationHead, HistoryPage, ServerFrame};
use mosaic::domain::{ClientId, Contact, Message, MessageId, Seq, UserId};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use uuid::Uuid;

use crate::checks::frames::comes_back;
use crate::config;

fn user() -> impl Strategy<Value = UserId> {
    any::<u128>().prop_map(|id| UserId(Uuid::from_u128(id)))
}

fn client_id() -> impl Strategy<Value = ClientId> {
    any::<u128>().prop_map(|id| ClientId(Uuid::from_u128(id)))
}

fn seq() -> impl Strategy<Value = Seq> {
    (0..=Seq::MAX.0).prop_map(Seq)
}

/// Times as both databases keep them: to the microsecond, from 1970 to 9999.
fn time() -> impl Strategy<Value = DateTime<Utc>> {
    (0..253_402_300_800_000_000_i64)
        .prop_map(|micros| DateTime::from_timestamp_micros(micros).expect("a time of these years"))
}

fn contact() -> impl Strategy<Value = Contact> {
    any::<[bool; 3]>().prop_map(|[muted, marked_unread, blocked]| Contact { muted, marked_unread, blocked })
}

fn message() -> impl Strategy<Value = Message> {
    let ids = (any::<u128>(), client_id(), user(), user());
    (ids, any::<String>(), seq(), time(), option::of(time())).prop_map(
        |((id, client_id, sender_id, receiver_id), content, seq, created_at, read_at)| Message {
            id: MessageId(Uuid::from_u128(id)),
            client_id,
            sender_id,
            receiver_id,
            content,
            seq,
            created_at,
            read_at,
        },
    )
}

fn head() -> impl Strategy<Value = ConversationHead> {
    let marks = [seq(), seq(), seq(), seq()];
    (user(), marks, any::<u64>(), any::<bool>(), option::of(time()), contact()).prop_map(
        |(peer_id, marks, unread, online, last_seen, contact)| {
            let [last_seq, read_seq, peer_read_seq, peer_delivered_seq] = marks;
            ConversationHead {
                peer_id,
                last_seq,
                read_seq,
                peer_read_seq,
                peer_delivered_seq,
                unread,
                online,
                last_seen,
                contact,
            }
        },
    )
}

fn heads() -> impl Strategy<Value = BTreeMap<UserId, Seq>> {
    btree_map(user(), seq(), 0..4)
}

fn client_frame() -> impl Strategy<Value = ClientFrame> {
    prop_oneof![
        (client_id(), user(), any::<String>()).prop_map(|(client_id, receiver_id, content)| {
            ClientFrame::Send { client_id, receiver_id, content }
        }),
        (user(), seq()).prop_map(|(peer_id, seq)| ClientFrame::Received { peer_id, seq }),
        (user(), seq()).prop_map(|(peer_id, seq)| ClientFrame::Read { peer_id, seq }),
        user().prop_map(|peer_id| ClientFrame::Typing { peer_id }),
        heads().prop_map(|heads| ClientFrame::Ping { heads }),
    ]
}

fn server_frame() -> impl Strategy<Value = ServerFrame> {
    let conversations = || vec(head(), 0..3);
    prop_oneof![
        (user(), time(), conversations()).prop_map(|(user_id, server_time, conversations)| {
            ServerFrame::Welcome { user_id, server_time, conversations }
        }),
        (client_id(), any::<bool>(), message()).prop_map(|(client_id, duplicate, message)| {
            ServerFrame::Ack { client_id, duplicate, message }
        }),
        message().prop_map(|message| ServerFrame::Message { message }),
        (user(), seq()).prop_map(|(peer_id, seq)| ServerFrame::Delivered { peer_id, seq }),
        (user(), user(), seq(), time()).prop_map(|(peer_id, reader_id, seq, read_at)| {
            ServerFrame::Read { peer_id, reader_id, seq, read_at }
        }),
        user().prop_map(|peer_id| ServerFrame::Typing { peer_id }),
        user().prop_map(|peer_id| ServerFrame::Gone { peer_id }),
        (user(), any::<bool>(), option::of(time())).prop_map(|(peer_id, online, last_seen)| {
            ServerFrame::Presence { peer_id, online, last_seen }
        }),
        (user(), contact()).prop_map(|(peer_id, contact)| ServerFrame::Contact { peer_id, contact }),
        conversations().prop_map(|conversations| ServerFrame::Resync { conversations }),
        (time(), heads(), conversations()).prop_map(|(server_time, heads, conversations)| {
            ServerFrame::Pong { server_time, heads, conversations }
        }),
        (any::<String>(), any::<String>(), any::<bool>(), option::of(client_id())).prop_map(
            |(code, message, retryable, client_id)| ServerFrame::Error {
                code,
                message,
                retryable,
                client_id
            }
        ),
    ]
}

fn page() -> impl Strategy<Value = HistoryPage> {
    (vec(message(), 0..4), [seq(), seq(), seq(), seq(), seq()], any::<bool>(), contact()).prop_map(
        |(messages, marks, has_more, contact)| {
            let [first_seq, last_seq, read_seq, peer_read_seq, peer_delivered_seq] = marks;
            HistoryPage {
                messages,
                first_seq,
                last_seq,
                read_seq,
                peer_read_seq,
                peer_delivered_seq,
                has_more,
                contact,
            }
        },
    )
}

proptest! {
    #![proptest_config(config("tests/corpus/regressions/frames.txt"))]

    #[test]
    fn what_a_device_says_comes_back(frame in client_frame()) {
        comes_back(&frame);
    }

    #[test]
    fn what_the_server_says_comes_back(frame in server_frame()) {
        comes_back(&frame);
    }

    #[test]
    fn a_page_of_history_comes_back(page in page()) {
        comes_back(&page);
    }

    #[test]
    fn a_frame_of_a_type_not_known_is_unknown(kind in "[a-z_]{1,12}", frame in server_frame()) {
        let known = ["welcome", "ack", "message", "delivered", "read", "typing", "presence", "contact", "resync", "pong", "error"];
        prop_assume!(!known.contains(&kind.as_str()));
        let mut fields = serde_json::to_value(&frame).expect("a frame can be written");
        fields["type"] = kind.into();
        prop_assert_eq!(serde_json::from_value::<ServerFrame>(fields).ok(), Some(ServerFrame::Unknown));
    }
}
