//! Requests nobody should make get a clear answer, and never a 5xx.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::harness::{TestApp, refused};

const JSON_ENDPOINTS: &[&str] = &["/auth/signup", "/auth/login", "/messages/send"];

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_no_json_objects_are_refused() {
    let app = TestApp::spawn().await;
    let ada = app.person("ada").await;
    for path in JSON_ENDPOINTS {
        let post = |kind: &'static str, body: Vec<u8>| {
            ada.request(Method::POST, path).header("content-type", kind).body(body).send()
        };
        refused(post("text/plain", b"{}".to_vec()).await.unwrap(), 415, "unsupported_media_type").await;
        for broken in
            [&b"{"[..], b"", b"\xff\xfe", b"{\"content\":\"\\ud800\"}", "[".repeat(10_000).as_bytes()]
        {
            refused(post("application/json", broken.to_vec()).await.unwrap(), 400, "bad_json").await;
        }
        assert_eq!(
            refused(post("application/json", b"[]".to_vec()).await.unwrap(), 422, "invalid").await,
            "body"
        );
        let big = format!("{{\"x\":\"{}\"}}", "x".repeat(70_000)).into_bytes();
        refused(post("application/json; charset=utf-8", big).await.unwrap(), 413, "too_big").await;
        refused(ada.request(Method::DELETE, path).send().await.unwrap(), 405, "method_not_allowed").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_in_without_a_log_in() {
    let app = TestApp::spawn().await;
    let id = app.person("ada").await.id;
    for (method, path) in [
        (Method::POST, "/auth/logout".to_owned()),
        (Method::GET, "/auth/me".to_owned()),
        (Method::GET, "/profiles/matches".to_owned()),
        (Method::GET, format!("/profiles/{id}")),
        (Method::POST, "/messages/ws-ticket".to_owned()),
        (Method::POST, "/messages/send".to_owned()),
        (Method::GET, format!("/messages/history/{id}")),
        (Method::GET, "/messages/conversations".to_owned()),
        (Method::POST, format!("/messages/read/{id}")),
    ] {
        for token in [None, Some("x"), Some("' or 1=1"), Some(&*"A".repeat(43))] {
            let request = app.anonymous(method.clone(), &path);
            let request = token.into_iter().fold(request, |request, token| request.bearer_auth(token));
            refused(request.send().await.unwrap(), 401, "unauthenticated").await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn health_tells_its_reasons() {
    let app = TestApp::spawn().await;
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(app.anonymous(Method::GET, path).send().await.unwrap().status(), StatusCode::OK, "{path}");
    }
    let ready: serde_json::Value =
        app.anonymous(Method::GET, "/readyz").send().await.unwrap().json().await.unwrap();
    assert_eq!((&ready["database"], &ready["bus"]), (&"ok".into(), &"ok".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_carries_the_headers() {
    let app = TestApp::spawn().await;
    for path in ["/healthz", "/auth/me", "/login", "/nowhere", "/pkg/nothing.js"] {
        let response = app.anonymous(Method::GET, path).send().await.unwrap();
        for name in [
            "content-security-policy",
            "x-content-type-options",
            "referrer-policy",
            "permissions-policy",
            "cross-origin-opener-policy",
            "cross-origin-resource-policy",
            "cache-control",
        ] {
            assert!(response.headers().contains_key(name), "{path}: {name}");
        }
    }
}

async fn raw(app: &TestApp, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(app.address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = vec![0; 1024];
    let read =
        timeout(Duration::from_secs(15), stream.read(&mut answer)).await.expect("no answer").unwrap_or(0);
    String::from_utf8_lossy(&answer[..read]).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_ways_to_say_the_length_are_no_way() {
    let app = TestApp::spawn().await;
    let smuggled = b"POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n";
    let answer = raw(&app, smuggled).await;
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_never_ends_is_hung_up_on() {
    let app = TestApp::spawn().await;
    let mut stream = TcpStream::connect(app.address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ").await.unwrap();
    let began = Instant::now();
    let mut rest = Vec::new();
    timeout(Duration::from_secs(15), stream.read_to_end(&mut rest))
        .await
        .expect("it was never hung up")
        .unwrap_or(0);
    assert!(began.elapsed() >= Duration::from_secs(5), "hung up for the wrong reason");
}
