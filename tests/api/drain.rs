//! How sockets and servers come to their end.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::Utf8Bytes;
use futures::StreamExt as _;
use mosaic::domain::UserId;
use mosaic::server::bus::in_process::InProcessBus;
use reqwest::{Method, StatusCode};
use serde_json::json;
use sqlx::{Connection as _, SqliteConnection};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::Message;

use crate::harness::{Device, Person, SOON, Setup, TestApp, expect, uuid, wait_until};

/// Holds the write lock of the server's file: whatever it stores waits.
struct Frozen(SqliteConnection);

impl Frozen {
    async fn freeze(app: &TestApp) -> Self {
        let mut connection = SqliteConnection::connect(&app.state.config.database_url).await.unwrap();
        sqlx::query("begin immediate").execute(&mut connection).await.unwrap();
        Self(connection)
    }

    async fn thaw(mut self) {
        sqlx::query("rollback").execute(&mut self.0).await.unwrap();
        self.0.close().await.unwrap();
    }
}

const SECRET: Utf8Bytes = Utf8Bytes::from_static("{\"type\":\"secret\"}");

fn id(person: &Person) -> UserId {
    person.id.parse().unwrap()
}

/// Writes to a device that does not read until no more goes through.
async fn clog(app: &TestApp, person: &Person) {
    let filler: Utf8Bytes = json!({"type": "filler", "text": "x".repeat(64 * 1024)}).to_string().into();
    for _ in 0..400 {
        app.state.service.hub.deliver(id(person), std::slice::from_ref(&filler), None);
        sleep(Duration::from_millis(1)).await;
    }
}

/// Everything that still comes over a connection: its text frames, and the code it is closed with.
async fn rest(device: &mut Device) -> (Vec<String>, Option<u16>) {
    let (mut texts, mut code) = (Vec::new(), None);
    while let Some(Ok(message)) = timeout(SOON, device.0.next()).await.unwrap() {
        match message {
            Message::Text(text) => texts.push(text.to_string()),
            Message::Close(close) => code = close.map(|close| close.code.into()),
            _ => {}
        }
    }
    (texts, code)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_send_in_flight_is_answered_before_the_socket_is_closed() {
    let app = TestApp::spawn().await;
    let (ada, grace) = (app.person("ada").await, app.person("grace").await);
    let mut device = ada.device().await;
    let frozen = Frozen::freeze(&app).await;
    let (first, second) = (uuid(), uuid());
    for client_id in [&first, &second] {
        let send = json!({"type": "send", "client_id": client_id, "receiver_id": grace.id, "content": "x"});
        device.say(send).await;
    }
    assert!(wait_until(async || app.state.service.under_way.len() == 1).await, "nothing is under way");
    app.state.shutdown.cancel();
    sleep(Duration::from_millis(300)).await;
    frozen.thaw().await;
    assert_eq!(device.expect("ack").await["client_id"], json!(first));
    let next = timeout(SOON, device.0.next()).await.unwrap().unwrap().unwrap();
    let Message::Close(Some(close)) = next else { panic!("no frame is taken after the close: {next}") };
    assert_eq!(u16::from(close.code), 1012);
}

/// A clogged device, with a secret waiting for it, whose log-in just ended.
async fn logged_out_while_slow(app: &TestApp, person: &Person) -> Device {
    let device = person.device().await;
    clog(app, person).await;
    // Should the first not fit, it makes room for the second.
    app.state.service.hub.deliver(id(person), &[SECRET], None);
    app.state.service.hub.deliver(id(person), &[SECRET], None);
    let answer = person.request(Method::POST, "/auth/logout").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    device
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ended_is_not_told_what_waits() {
    let app = TestApp::spawn().await;
    let ada = app.person("ada").await;
    let mut device = logged_out_while_slow(&app, &ada).await;
    let (told, code) = rest(&mut device).await;
    assert!(told.iter().any(|text| text.contains("filler")), "what went out before may still arrive");
    assert!(!told.iter().any(|text| text == SECRET.as_str()), "what waited was handed out");
    assert_eq!(code, Some(4401));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ended_is_closed_in_time_however_slow_its_device() {
    let app = TestApp::spawn().await;
    let ada = app.person("ada").await;
    let mut device = logged_out_while_slow(&app, &ada).await;
    sleep(Duration::from_millis(1500)).await;
    assert!(!app.state.service.hub.holds(id(&ada)));
    let (told, code) = rest(&mut device).await;
    assert!(!told.iter().any(|text| text == SECRET.as_str()), "what waited was handed out");
    assert_eq!(code, None, "it was hung up on: later than this nothing may be written at all");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_must_go_leaves_at_once_however_slow_their_device() {
    let app = TestApp::spawn().await;
    let ada = app.person("ada").await;
    let mut device = ada.device().await;
    clog(&app, &ada).await;
    device.raw(Message::binary(vec![1])).await;
    let leaves = wait_until(async || !app.state.service.hub.holds(id(&ada)));
    let left = timeout(Duration::from_secs(3), leaves).await;
    assert_eq!(left, Ok(true), "the grace of presence has not begun");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draining_server_answers_until_its_sockets_are_told() {
    let app = TestApp::spawn().await;
    let ada = app.person("ada").await;
    let mut devices = Vec::new();
    for _ in 0..60 {
        devices.push(ada.device().await);
    }
    let ticket = ada.ticket().await;
    app.state.shutdown.cancel();
    let answer = app.anonymous(Method::GET, "/readyz").send().await.expect("nobody listens any more");
    let ready = expect(answer, StatusCode::SERVICE_UNAVAILABLE).await;
    assert_eq!((&ready["ready"], &ready["draining"]), (&json!(false), &json!(true)));
    let path = format!("/messages/ws/{}?token={ticket}", ada.id);
    assert_eq!(ada.upgrade(&path, None).await.err(), Some(503));
    for device in &mut devices {
        assert_eq!(device.close_code().await, 1012);
    }
    assert!(wait_until(async || TcpStream::connect(app.address).await.is_err()).await, "it still listens");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_stored_while_the_server_ends_is_still_told() {
    let bus = InProcessBus::new();
    let other_bus = Arc::new(bus.join());
    let one = TestApp::spawn_with(Setup { bus: Some(Arc::new(bus)), ..Setup::default() }).await;
    let database_url = Some(one.state.config.database_url.clone());
    let other = TestApp::spawn_with(Setup { bus: Some(other_bus), database_url, ..Setup::default() }).await;
    let ada = one.person("ada").await;
    let grace = other.moved(&one.person("grace").await);
    let mut his = grace.device().await;
    let frozen = Frozen::freeze(&one).await;
    let body = json!({"receiver_id": grace.id, "content": "Hello"});
    let send = tokio::spawn(ada.request(Method::POST, "/messages/send").json(&body).send());
    assert!(wait_until(async || one.state.service.under_way.len() == 1).await, "nothing is under way");
    send.abort();
    assert!(send.await.unwrap_err().is_cancelled(), "the sender goes away before it is stored");
    one.state.shutdown.cancel();
    sleep(Duration::from_millis(700)).await;
    frozen.thaw().await;
    assert_eq!(his.expect("message").await["message"]["content"], "Hello");
}
