//! Frames below and above JSON: the protocol itself, floods, and positions that do not exist.

use futures::SinkExt as _;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio_tungstenite::MaybeTlsStream;
use tokio_tungstenite::tungstenite::Message;

use crate::harness::{Device, Setup, TestApp, expect, uuid};

/// Writes bytes as they are, past the client's own protocol layer.
async fn write(device: &mut Device, bytes: &[u8]) {
    let MaybeTlsStream::Plain(stream) = device.0.get_mut() else { panic!("not a plain stream") };
    stream.write_all(bytes).await.unwrap();
}

/// Frames (RFC 6455, 5.2) with a mask of zeros, so that the payload stands there as it is.
#[tokio::test(flavor = "multi_thread")]
async fn a_broken_protocol_is_closed_with_its_code() {
    let app = TestApp::spawn().await;
    let ada = app.person("ada").await;
    let long_ping = [&[0x89, 0xfe, 0, 126, 0, 0, 0, 0][..], &[b'x'; 126]].concat();
    for (what, bytes, code) in [
        ("an unknown opcode", &[0x83, 0x80, 0, 0, 0, 0][..], 1002),
        ("an unknown control opcode", &[0x8b, 0x80, 0, 0, 0, 0], 1002),
        ("a reserved bit", &[0xc1, 0x80, 0, 0, 0, 0], 1002),
        ("no mask", &[0x81, 0x01, b'x'], 1002),
        ("a continuation of nothing", &[0x80, 0x80, 0, 0, 0, 0], 1002),
        ("a text within a text", &[0x01, 0x80, 0, 0, 0, 0, 0x81, 0x80, 0, 0, 0, 0], 1002),
        ("a ping in parts", &[0x09, 0x80, 0, 0, 0, 0], 1002),
        ("a long ping", &long_ping, 1002),
        ("not UTF-8", &[0x81, 0x81, 0, 0, 0, 0, 0xff], 1007),
        ("not UTF-8 over two frames", &[0x01, 0x81, 0, 0, 0, 0, 0xc3, 0x80, 0x81, 0, 0, 0, 0, 0x28], 1007),
        ("binary", &[0x82, 0x80, 0, 0, 0, 0], 1003),
        ("a length above all bounds", &[0x81, 0xff, 0, 0, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0], 1009),
    ] {
        let mut device = ada.device().await;
        write(&mut device, bytes).await;
        assert_eq!(device.close_code().await, code, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pings_and_pongs_below_json_count_as_frames() {
    let app = TestApp::spawn_with(Setup { rate_limit: true, ..Setup::default() }).await;
    let ada = app.person("ada").await;
    for flood in [Message::Ping(Default::default()), Message::Pong(Default::default())] {
        let mut device = ada.device().await;
        for _ in 0..200 {
            // The server may have had enough.
            if device.0.send(flood.clone()).await.is_err() {
                break;
            }
        }
        assert_eq!(device.close_code().await, 4429);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_longest_message_fits_however_it_is_escaped() {
    let app = TestApp::spawn().await;
    let (ada, grace) = (app.person("ada").await, app.person("grace").await);
    let (escaped, text) = (r"\ud83e\udd80".repeat(4000), "\u{1f980}".repeat(4000));
    let send = |client_id: &str, kind: &str| {
        let receiver_id = &grace.id;
        format!(r#"{{"client_id":"{client_id}","receiver_id":"{receiver_id}","content":"{escaped}"{kind}}}"#)
    };
    let body = ada.request(Method::POST, "/messages/send").header("content-type", "application/json");
    let stored = body.body(send(&uuid(), "")).send().await.unwrap();
    assert_eq!(expect(stored, StatusCode::CREATED).await["content"], text);
    let mut device = ada.device().await;
    let frame = send(&uuid(), r#","type":"send""#);
    assert!(frame.len() > 48_000);
    device.raw(Message::text(frame)).await;
    assert_eq!(device.expect("ack").await["message"]["content"], text);
}

#[tokio::test(flavor = "multi_thread")]
async fn positions_that_do_not_exist_are_refused_and_lower_ones_passed_over() {
    let app = TestApp::spawn().await;
    let (ada, grace) = (app.person("ada").await, app.person("grace").await);
    for n in 0..3 {
        ada.send(&grace, &n.to_string()).await;
    }
    let mut his = grace.device().await;
    for kind in ["read", "received"] {
        for seq in
            [json!(0), json!(-1), json!(4), json!(1e40), json!(1.5), json!("2"), json!(u64::MAX), Value::Null]
        {
            his.say(json!({"type": kind, "peer_id": ada.id, "seq": seq})).await;
            let error = his.next().await;
            assert_eq!(
                (&error["type"], &error["code"]),
                (&json!("error"), &json!("invalid")),
                "{kind} {seq}"
            );
        }
        his.say(json!({"type": kind, "peer_id": uuid(), "seq": 1})).await;
        assert_eq!(his.next().await["code"], "not_found");
    }
    his.say(json!({"type": "read", "peer_id": ada.id, "seq": 2})).await;
    assert_eq!(his.expect("read").await["seq"], 2);
    for kind in ["read", "received"] {
        his.say(json!({"type": kind, "peer_id": ada.id, "seq": 1})).await;
        assert_eq!(his.drain().await, [] as [Value; 0], "{kind} moved backwards");
    }
    assert_eq!(grace.get(&format!("/messages/history/{}", ada.id)).await["read_seq"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reused_client_id_is_that_whoever_it_is_sent_to() {
    for app in super::on_both_stores().await {
        let (ada, grace, alan) =
            (app.person("ada").await, app.person("grace").await, app.person("alan").await);
        let mut device = ada.device().await;
        let client_id = uuid();
        device.send(&grace, &client_id, "Hello").await;
        for to in [grace.id.clone(), alan.id.clone(), uuid(), ada.id.clone()] {
            let send = json!({"client_id": client_id, "receiver_id": to, "content": "Hello!"});
            let over_http = ada.post("/messages/send", send.clone()).await;
            crate::harness::refused(over_http, 409, "client_id_reused").await;
            let mut frame = send;
            frame["type"] = "send".into();
            device.say(frame).await;
            assert_eq!(device.expect("error").await["code"], "client_id_reused");
        }
    }
}
