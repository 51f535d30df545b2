//! The matrix over the socket, and that no frame is missing from it.

use std::collections::BTreeMap;

use futures::SinkExt as _;
use mosaic::chat::protocol::ClientFrame;
use mosaic::domain::{ClientId, Seq, UserId};
use reqwest::Method;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::cast::{Cast, PASSWORD, Stored, logged_in};
use crate::harness::{Device, Person, TestApp, uuid};

/// What a frame brings its sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    /// An answer of this type.
    Answered(&'static str),
    /// A `pong` with or without the position of the conversation asked about.
    Pong { tells: bool },
    /// Nothing.
    Silence,
    /// An `error` with this code.
    Refused(&'static str),
}

use Said::{Answered, Pong, Refused, Silence};

/// A row. Who has no log-in has no socket, and the socket of a log-in that ended takes nothing any more:
/// that holds for every frame.
struct Row {
    owner: Said,
    peer: Said,
    stranger: Said,
    /// To somebody unknown and to oneself.
    nobody: Said,
}

/// The matrix: a kind of frame that has no row here does not compile.
fn row(frame: &ClientFrame) -> Row {
    match frame {
        // Whoever has an account may be written to.
        ClientFrame::Send { .. } => Row {
            owner: Answered("ack"),
            peer: Answered("ack"),
            stranger: Answered("ack"),
            nobody: Refused("not_found"),
        },
        ClientFrame::Received { .. } => {
            Row { owner: Silence, peer: Silence, stranger: Refused("invalid"), nobody: Refused("not_found") }
        }
        ClientFrame::Read { .. } => Row {
            owner: Answered("read"),
            peer: Answered("read"),
            stranger: Refused("invalid"),
            nobody: Refused("not_found"),
        },
        // Heard, or not heard, without a word.
        ClientFrame::Typing { .. } => {
            Row { owner: Silence, peer: Silence, stranger: Silence, nobody: Silence }
        }
        ClientFrame::Ping { .. } => Row {
            owner: Pong { tells: true },
            peer: Pong { tells: true },
            stranger: Pong { tells: false },
            nobody: Pong { tells: false },
        },
    }
}

/// One frame of each kind, to somebody.
fn frames(to: &str) -> Vec<ClientFrame> {
    let (to, seq): (UserId, _) = (to.parse().unwrap(), Seq(1));
    vec![
        ClientFrame::Send {
            client_id: ClientId(uuid::Uuid::new_v4()),
            receiver_id: to,
            content: "Hello".to_owned(),
        },
        ClientFrame::Received { peer_id: to, seq },
        ClientFrame::Read { peer_id: to, seq },
        ClientFrame::Typing { peer_id: to },
        ClientFrame::Ping { heads: BTreeMap::from([(to, seq)]) },
    ]
}

#[test]
fn every_kind_of_frame_is_tried() {
    let tried = frames(&uuid()).into_iter().map(|frame| json!(frame)["type"].as_str().unwrap().to_owned());
    let unknown = serde_json::from_value::<ClientFrame>(json!({"type": "?"})).unwrap_err().to_string();
    let known = unknown.split("expected one of ").nth(1).unwrap().split(" at line").next().unwrap();
    let known: Vec<_> = known.split(", ").map(|name| name.trim_matches('`').to_owned()).collect();
    assert_eq!(tried.collect::<Vec<_>>(), known);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_frame_gives_each_caller_what_is_theirs() {
    let app = TestApp::spawn().await;
    let hash = app.state.service.hash_password(PASSWORD).await.unwrap();
    for kind in 0..frames(&uuid()).len() {
        let cast = Cast::assemble(&app, &hash).await;
        let frame = |to: &Person| frames(&to.id).swap_remove(kind);
        let (owner, peer, stranger) = (&cast.owner, &cast.peer, &cast.stranger);
        let expected = row(&frame(peer));

        let no_ticket = owner.upgrade(&format!("/messages/ws/{}", owner.id), None).await;
        assert_eq!(no_ticket.err(), Some(401), "a socket without a log-in");
        ended(&app, owner, &frame(peer)).await;

        let (mut hers, mut his) = (owner.device().await, peer.device().await);
        for (to, other) in [(owner, &mut his), (peer, &mut hers)] {
            heard(other).await;
            let before = Stored::look(&app).await;
            said(&app, &cast, stranger, &frame(to), expected.stranger).await;
            let after = Stored::look(&app).await;
            assert_eq!(after.naming(&[owner, peer]), before.naming(&[owner, peer]), "by a stranger: {kind}");
            assert_eq!(heard(other).await, [] as [Value; 0], "one of the two hears what the other is told");
        }
        for (me, to) in [(peer, owner), (owner, peer)] {
            let expected = if me.id == owner.id { expected.owner } else { expected.peer };
            said(&app, &cast, me, &frame(to), expected).await;
        }
        for to in [owner.clone(), app.known(&uuid(), &owner.token)] {
            said(&app, &cast, owner, &frame(&to), expected.nobody).await;
        }
    }
}

/// The socket of a log-in that has ended takes nothing.
async fn ended(app: &TestApp, owner: &Person, frame: &ClientFrame) {
    let leaver = app.known(&owner.id, &logged_in(app, &owner.id).await.0);
    let mut device = leaver.device().await;
    leaver.request(Method::POST, "/auth/logout").send().await.unwrap().error_for_status().unwrap();
    let before = Stored::look(app).await;
    // The server may have hung up already.
    let _ = device.0.send(Message::text(json!(frame).to_string())).await;
    assert_eq!(device.close_code().await, 4401);
    assert_eq!(Stored::look(app).await.changes(&before), [] as [&str; 0], "after the log-out: {frame:?}");
}

/// A frame on a new device of its sender brings what it should, and changes nothing when it is refused.
async fn said(app: &TestApp, cast: &Cast, me: &Person, frame: &ClientFrame, expected: Said) {
    let mut device = me.device().await;
    heard(&mut device).await;
    let before = Stored::look(app).await;
    device.say(json!(frame)).await;
    let mut answers = heard(&mut device).await;
    // Who begins a conversation is told how it stands between the two.
    answers.retain(|answer| answer["type"] != "presence");
    let got = match &answers[..] {
        [] => ("", Value::Null),
        [answer] => (answer["type"].as_str().unwrap(), answer.clone()),
        more => panic!("{frame:?} by {}: {more:?}", me.id),
    };
    let at = format!("{frame:?}: {answers:?}");
    match expected {
        Answered(kind) => assert_eq!(got.0, kind, "{at}"),
        Pong { tells } => {
            assert_eq!(got.0, "pong", "{at}");
            assert_eq!(got.1["heads"] != json!({}), tells, "{at}");
        }
        Silence => assert_eq!(got.0, "", "{at}"),
        Refused(code) => {
            assert_eq!((got.0, &got.1["code"]), ("error", &json!(code)), "{at}");
            assert_eq!(Stored::look(app).await.changes(&before), [] as [&str; 0], "{at}");
        }
    }
    assert!(!answers.iter().any(|answer| cast.is_told(&answer.to_string())), "{at}");
}

/// Everything a device hears up to the answer of a frame nobody knows.
async fn heard(device: &mut Device) -> Vec<Value> {
    device.say(json!({"type": "what?"})).await;
    let mut frames = Vec::new();
    loop {
        let frame = device.next().await;
        if frame["code"] == "unknown_type" {
            return frames;
        }
        frames.push(frame);
    }
}
