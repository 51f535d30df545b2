//! The kept inputs of `tests/corpus`, over HTTP and over a socket: whatever comes, the answer is clear and the
//! server lives on.

use std::fs;
use std::path::Path;

use reqwest::header::{CONTENT_TYPE, COOKIE, HeaderValue};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::harness::{TestApp, uuid};

/// The inputs of a subject, with their names.
fn inputs(subject: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(subject);
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let inputs: Vec<_> = files.map(|path| (path.display().to_string(), fs::read(&path).unwrap())).collect();
    assert!(inputs.len() > 20, "hardly anything is kept for {subject}");
    inputs
}

async fn status(request: RequestBuilder) -> StatusCode {
    request.send().await.unwrap().status()
}

#[tokio::test(flavor = "multi_thread")]
async fn any_frame_is_answered_and_the_socket_lives_on() {
    let app = TestApp::spawn().await;
    let mut device = app.person("ada").await.device().await;
    for (name, bytes) in inputs("frames") {
        let Ok(text) = String::from_utf8(bytes) else { continue };
        let is_json = serde_json::from_str::<Value>(&text).is_ok();
        device.raw(Message::text(text)).await;
        // Its answer says where the answers to the frame before it end.
        let marker = uuid();
        device.say(json!({"type": "send", "client_id": marker, "receiver_id": uuid(), "content": "x"})).await;
        let mut answers = Vec::new();
        loop {
            let frame = device.next().await;
            if frame["client_id"] == marker.as_str() {
                break;
            }
            answers.push(frame);
        }
        assert!(answers.len() <= 1, "{name}: {answers:?}");
        for answer in &answers {
            assert!(answer["type"] == "pong" || answer["type"] == "error", "{name}: {answer}");
            assert_ne!(answer["retryable"], true, "{name}: {answer}");
        }
        if !is_json {
            assert_eq!(answers[0]["code"], "bad_json", "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn any_body_query_or_cookie_is_taken_or_refused() {
    let app = TestApp::spawn().await;
    let ada = app.person("ada").await;
    for (name, bytes) in inputs("frames") {
        for path in ["/messages/send", "/auth/signup", "/auth/login"] {
            let post = ada.request(Method::POST, path).header(CONTENT_TYPE, "application/json");
            let status = status(post.body(bytes.clone())).await;
            assert!(status.is_client_error(), "{path} {name}: {status}");
        }
    }
    for (name, bytes) in inputs("queries") {
        let query = String::from_utf8_lossy(&bytes).replace('#', "%23");
        let history = format!("/messages/history/{}", ada.id);
        for path in ["/profiles/matches", "/messages/conversations", &history] {
            let status = status(ada.request(Method::GET, &format!("{path}?{query}"))).await;
            assert!(status.is_success() || status.is_client_error(), "{path} {name}: {status}");
        }
    }
    for (name, bytes) in inputs("cookies") {
        let Ok(cookies) = HeaderValue::from_bytes(&bytes) else { continue };
        let status = status(app.anonymous(Method::GET, "/auth/me").header(COOKIE, cookies.clone())).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{name}");
        let page = app.anonymous(Method::GET, "/login").header(COOKIE, cookies);
        assert_eq!(self::status(page).await, StatusCode::OK, "{name}");
    }
}
