//! Frames of the socket, read by either side.

use std::fmt::Debug;

use mosaic::chat::Outbox;
use mosaic::chat::protocol::{ClientFrame, HistoryPage, ServerFrame};
use mosaic::domain::Seq;
use mosaic::server::input::Fields;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::device::Device;
use super::queries::field;

/// What is read as a frame is read the same once it was written again; the server reads it as clients
/// mean it; and a device lives on.
pub fn check(bytes: &[u8]) {
    if let Ok(page) = serde_json::from_slice::<HistoryPage>(bytes) {
        comes_back(&page);
    }
    if let Ok(frame) = serde_json::from_slice::<ServerFrame>(bytes) {
        comes_back(&frame);
        let mut device = Device::live(Outbox::default());
        device.hear(frame.clone());
        device.hear(frame);
    }
    let frame = serde_json::from_slice::<ClientFrame>(bytes).ok();
    if let Some(frame) = &frame {
        comes_back(frame);
    }
    if let Ok(fields) =
        serde_json::from_slice::<Value>(bytes).map_err(drop).and_then(|v| Fields::of(v).map_err(drop))
    {
        read_by_the_server(&fields, frame.as_ref());
    }
}

/// What was written is read as it was, also with a field that this version does not know.
pub fn comes_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let written = serde_json::to_string(value).expect("what was read can be written");
    let read = serde_json::from_str::<T>(&written);
    assert_eq!(read.as_ref().ok(), Some(value), "{written}: {:?}", read.as_ref().err());

    let mut fields: Value = serde_json::from_str(&written).expect("what was written is JSON");
    fields["of a later version"] = json!({"type": "x", "seq": [-1, {"deep": null}]});
    let read = serde_json::from_value::<T>(fields.clone());
    assert_eq!(read.as_ref().ok(), Some(value), "{fields}: {:?}", read.as_ref().err());
}

/// The server reads field by field: each is right, or refused by name.
fn read_by_the_server(fields: &Fields, frame: Option<&ClientFrame>) {
    for name in ["type", "content", "receiver_id", "peer_id", "heads"] {
        let value = fields.get(name);
        match fields.text(name) {
            Ok(text) => assert_eq!(value, Some(&Value::from(text))),
            Err(error) => {
                assert!(!value.is_some_and(Value::is_string));
                assert_eq!(field(&error), name);
            }
        }
        match fields.user(name) {
            Ok(user) => assert_eq!(value.and_then(Value::as_str).map(str::parse), Some(Ok(user))),
            Err(error) => assert_eq!(field(&error), name),
        }
    }
    match fields.seq("seq") {
        Ok(seq) => assert!((Seq(1)..=Seq::MAX).contains(&seq), "{seq}"),
        Err(error) => assert_eq!(field(&error), "seq"),
    }
    match fields.client_id() {
        Ok(id) => assert_eq!(id.is_some(), fields.get("client_id").is_some_and(Value::is_string)),
        Err(error) => assert_eq!(field(&error), "client_id"),
    }
    match frame {
        Some(ClientFrame::Send { client_id, receiver_id, content }) => {
            assert_eq!(fields.client_id().expect("an id"), Some(*client_id));
            assert_eq!(fields.user("receiver_id").expect("an id"), *receiver_id);
            assert_eq!(fields.text("content").expect("a text"), content);
        }
        Some(ClientFrame::Received { peer_id, seq } | ClientFrame::Read { peer_id, seq }) => {
            assert_eq!(fields.user("peer_id").expect("an id"), *peer_id);
            assert!(fields.seq("seq").is_ok_and(|read| read == *seq) || *seq == Seq::ZERO);
        }
        Some(ClientFrame::Typing { peer_id }) => assert_eq!(fields.user("peer_id").expect("an id"), *peer_id),
        Some(ClientFrame::Ping { .. }) | None => {}
    }
}
