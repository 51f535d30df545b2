//! Frames: what each does, and what bad ones get.

use std::time::Duration;

use futures::SinkExt as _;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::harness::{Person, Setup, TestApp, uuid, wait_until};

async fn two(app: &TestApp) -> (Person, Person) {
    (app.person("ada").await, app.person("grace").await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_reaches_every_other_device_of_both_and_the_sender_an_ack() {
    let app = TestApp::spawn().await;
    let (ada, grace) = two(&app).await;
    let (mut hers, mut her_phone, mut his) = (ada.device().await, ada.device().await, grace.device().await);
    let client_id = uuid();
    let ack = hers.send(&grace, &client_id, "Hello").await;
    assert_eq!(
        (&ack["type"], &ack["duplicate"], &ack["client_id"]),
        (&json!("ack"), &json!(false), &json!(client_id))
    );
    for device in [&mut her_phone, &mut his] {
        assert_eq!(device.expect("message").await["message"], ack["message"]);
    }
    assert!(
        hers.drain().await.iter().all(|frame| frame["type"] != "message"),
        "no echo to the sending socket"
    );
    let again = hers.send(&grace, &client_id, "Hello").await;
    assert_eq!((&again["duplicate"], &again["message"]), (&json!(true), &ack["message"]));
    assert_eq!(his.expect("message").await["message"], ack["message"], "a repeated send is told again");
}

/// What comes together lies in one write of the device, so that the server finds all of it at once.
#[tokio::test(flavor = "multi_thread")]
async fn what_comes_together_is_answered_in_its_order() {
    let app = TestApp::spawn().await;
    let (ada, grace) = two(&app).await;
    let alan = app.person("alan").await;
    let (mut hers, mut his) = (ada.device().await, grace.device().await);
    let ids: Vec<_> = (0..7).map(|_| uuid()).collect();
    let send = |to: &Person, id: usize, content: &str| {
        json!({"type": "send", "client_id": ids[id], "receiver_id": to.id, "content": content}).to_string()
    };
    let frames = [
        send(&grace, 0, "one"),
        send(&grace, 1, "two"),
        send(&grace, 2, " "),
        send(&grace, 0, "one"),
        send(&grace, 1, "not two"),
        send(&alan, 3, "another"),
        send(&grace, 4, "three"),
        "no frame".to_owned(),
        send(&grace, 5, "four"),
        json!({"type": "read", "peer_id": grace.id, "seq": 4}).to_string(),
        send(&grace, 6, "five"),
    ];
    for frame in frames {
        hers.0.feed(Message::text(frame)).await.unwrap();
    }
    hers.0.flush().await.unwrap();
    let mut answers = Vec::new();
    while answers.len() < 11 {
        let frame = hers.next().await;
        answers.push(match frame["type"].as_str().unwrap() {
            "ack" => format!("{} {}", frame["message"]["content"].as_str().unwrap(), frame["message"]["seq"]),
            "error" => frame["code"].as_str().unwrap().to_owned(),
            "presence" => continue,
            other => other.to_owned(),
        });
    }
    let expected = [
        "one 1",
        "two 2",
        "invalid",
        "one 1",
        "client_id_reused",
        "another 1",
        "three 3",
        "bad_json",
        "four 4",
        "read",
        "five 5",
    ];
    assert_eq!(answers, expected);
    let mut told = Vec::new();
    while told.last() != Some(&5) {
        told.push(his.expect("message").await["message"]["seq"].as_u64().unwrap());
    }
    assert_eq!(told, [1, 2, 1, 3, 4, 5], "a repeated send is told again");
}

#[tokio::test(flavor = "multi_thread")]
async fn welcome_lists_where_every_conversation_stands() {
    let app = TestApp::spawn().await;
    let (ada, grace) = two(&app).await;
    ada.send(&grace, "one").await;
    ada.send(&grace, "two").await;
    let (_ada_device, _) = ada.welcomed().await;
    let (_device, welcome) = grace.welcomed().await;
    assert_eq!(welcome["user_id"], grace.id);
    let head = &welcome["conversations"][0];
    assert_eq!(
        (&head["peer_id"], &head["last_seq"], &head["read_seq"], &head["unread"], &head["online"]),
        (&json!(ada.id), &json!(2), &json!(0), &json!(2), &json!(true))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn marks_travel_to_both_sides() {
    let app = TestApp::spawn().await;
    let (ada, grace) = two(&app).await;
    let (mut hers, mut his, mut his_phone) = (ada.device().await, grace.device().await, grace.device().await);
    hers.send(&grace, &uuid(), "one").await;
    his.expect("message").await;
    his.say(json!({"type": "received", "peer_id": ada.id, "seq": 1})).await;
    let delivered = hers.expect("delivered").await;
    assert_eq!((&delivered["peer_id"], &delivered["seq"]), (&json!(grace.id), &json!(1)));
    his.say(json!({"type": "read", "peer_id": ada.id, "seq": 1})).await;
    for (device, peer) in [(&mut hers, &grace.id), (&mut his_phone, &ada.id), (&mut his, &ada.id)] {
        let read = device.expect("read").await;
        assert_eq!(
            (&read["peer_id"], &read["reader_id"], &read["seq"]),
            (&json!(peer), &json!(grace.id), &json!(1))
        );
        assert!(read["read_at"].is_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ping_answers_with_heads_and_counts_as_received() {
    let app = TestApp::spawn().await;
    let (ada, grace) = two(&app).await;
    let (mut hers, mut his) = (ada.device().await, grace.device().await);
    ada.send(&grace, "one").await;
    his.say(json!({"type": "ping", "heads": {ada.id.clone(): 1, uuid(): 5}})).await;
    let pong = his.expect("pong").await;
    assert_eq!(pong["heads"], json!({ada.id.clone(): 1}));
    assert_eq!(hers.expect("delivered").await["seq"], 1);
    his.say(json!({"type": "ping"})).await;
    assert_eq!(his.expect("pong").await["heads"], json!({}));
}

#[tokio::test(flavor = "multi_thread")]
async fn typing_is_passed_on_once_in_three_seconds() {
    let app = TestApp::spawn().await;
    let (ada, grace) = two(&app).await;
    let (mut hers, mut his) = (ada.device().await, grace.device().await);
    for _ in 0..3 {
        hers.say(json!({"type": "typing", "peer_id": grace.id})).await;
    }
    assert_eq!(his.expect("typing").await["peer_id"], ada.id);
    hers.drain().await;
    assert_eq!(his.drain().await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_message_tells_both_who_is_there() {
    let app = TestApp::spawn().await;
    let (ada, grace) = two(&app).await;
    let (mut hers, mut his) = (ada.device().await, grace.device().await);
    assert_eq!(hers.drain().await, Vec::<Value>::new(), "strangers are told nothing");
    ada.send(&grace, "Hello").await;
    for (device, peer) in [(&mut hers, &grace), (&mut his, &ada)] {
        let presence = device.expect("presence").await;
        assert_eq!((&presence["peer_id"], &presence["online"]), (&json!(peer.id), &json!(true)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn presence_is_told_to_those_one_talks_with() {
    let app = TestApp::spawn().await;
    let (ada, grace) = two(&app).await;
    ada.send(&grace, "one").await;
    let mut hers = ada.device().await;
    let his = grace.device().await;
    let came = hers.expect("presence").await;
    assert_eq!((&came["peer_id"], &came["online"]), (&json!(grace.id), &json!(true)));
    drop(his);
    let gone = tokio::time::timeout(Duration::from_secs(20), async {
        loop {
            hers.say(json!({"type": "ping"})).await;
            let frame = hers.next().await;
            if frame["type"] == "presence" {
                return frame;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    let gone = gone.await.expect("offline at most 20 s after the last socket closed");
    assert_eq!((&gone["online"], gone["last_seen"].is_string()), (&json!(false), true));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_buried_with_their_instance_is_there_again_when_somebody_comes() {
    let app = TestApp::spawn().await;
    let (ada, grace) = two(&app).await;
    let hers = ada.device().await;
    let service = &app.state.service;
    let is_online = async || app.is_online(&ada, &grace).await;
    assert!(is_online().await);
    // As another instance does when this one is silent for too long.
    service.store.reap(service.clock.now() + chrono::TimeDelta::hours(1)).await.unwrap();
    assert!(!is_online().await);
    let his = grace.device().await;
    assert!(wait_until(is_online).await, "only who came last is noted");
    drop((hers, his));
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_frames_get_an_error_and_the_socket_lives_on() {
    let app = TestApp::spawn().await;
    let (ada, grace) = two(&app).await;
    let mut device = ada.device().await;
    let cid = uuid();
    for (frame, code) in [
        ("{".to_owned(), "bad_json"),
        ("\"\\ud800\"".to_owned(), "bad_json"),
        ("[".repeat(5000), "bad_json"),
        ("[]".to_owned(), "invalid"),
        (json!({"type": "nonsense"}).to_string(), "unknown_type"),
        (json!({}).to_string(), "unknown_type"),
        (json!({"type": "send", "receiver_id": grace.id, "content": "x"}).to_string(), "invalid"),
        (
            json!({"type": "send", "client_id": "x", "receiver_id": grace.id, "content": "x"}).to_string(),
            "invalid",
        ),
        (
            json!({"type": "send", "client_id": cid, "receiver_id": grace.id, "content": " "}).to_string(),
            "invalid",
        ),
        (json!({"type": "send", "client_id": cid, "receiver_id": grace.id}).to_string(), "invalid"),
        (
            json!({"type": "send", "client_id": cid, "receiver_id": ada.id, "content": "x"}).to_string(),
            "not_found",
        ),
        (
            json!({"type": "send", "client_id": cid, "receiver_id": uuid(), "content": "x"}).to_string(),
            "not_found",
        ),
        (json!({"type": "read", "peer_id": grace.id, "seq": 1}).to_string(), "invalid"),
        (json!({"type": "read", "peer_id": grace.id, "seq": 0}).to_string(), "invalid"),
        (json!({"type": "read", "peer_id": uuid(), "seq": 1}).to_string(), "not_found"),
        (json!({"type": "received", "peer_id": grace.id, "seq": "1"}).to_string(), "invalid"),
        (json!({"type": "typing"}).to_string(), "invalid"),
        (json!({"type": "ping", "heads": []}).to_string(), "invalid"),
    ] {
        device.raw(Message::text(frame.clone())).await;
        let error = device.next().await;
        assert_eq!((&error["type"], &error["code"]), (&json!("error"), &json!(code)), "{frame}");
        assert_eq!(error["retryable"], false);
    }
    let ack = device.send(&grace, &cid, "Still here").await;
    assert_eq!(ack["message"]["seq"], 1, "nothing bad was stored");
    device.say(json!({"type": "send", "client_id": cid, "receiver_id": grace.id, "content": "Other"})).await;
    let reused = device.expect("error").await;
    assert_eq!((&reused["code"], &reused["client_id"]), (&json!("client_id_reused"), &json!(cid)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_text_frame_is_closed_with_its_code() {
    let app = TestApp::spawn().await;
    let ada = app.person("ada").await;
    for (message, code) in [
        (Message::binary(vec![1, 2, 3]), 1003),
        (Message::text("x".repeat(65 * 1024)), 1009),
        (Message::text("x".repeat(1024 * 1024)), 1009),
        (invalid_utf8(), 1007),
    ] {
        let mut device = ada.device().await;
        // The server may have closed before it was told all of it.
        let _ = device.0.send(message).await;
        assert_eq!(device.close_code().await, code);
    }
}

/// A text frame whose payload is no UTF-8.
fn invalid_utf8() -> Message {
    use tokio_tungstenite::tungstenite::protocol::frame::Frame;
    use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
    Message::Frame(Frame::message(vec![0xff, 0xfe, 0xfd], OpCode::Data(Data::Text), true))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ninth_device_closes_the_first() {
    let app = TestApp::spawn_with(Setup { rate_limit: true, ..Setup::default() }).await;
    let ada = app.person("ada").await;
    let mut devices = Vec::new();
    for _ in 0..9 {
        devices.push(ada.device().await);
    }
    assert_eq!(devices[0].close_code().await, 4409);
    assert_eq!(devices[1].drain().await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draining_server_says_so() {
    let app = TestApp::spawn().await;
    let ada = app.person("ada").await;
    let mut device = ada.device().await;
    app.state.shutdown.cancel();
    assert_eq!(device.close_code().await, 1012);
}
