//! Where a request comes from, and what it is called: a proxy in front may say so, nobody else.

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::harness::{Setup, TestApp};

const BEHIND_A_PROXY: Setup = Setup {
    database_url: None,
    redis_url: None,
    bus: None,
    rate_limit: true,
    retention: None,
    public_origin: None,
    trusted_proxies: "127.0.0.0/8",
};

/// Signs somebody up who seems to come from this address.
async fn sign_up(app: &TestApp, name: String, seems_to_be: &str) -> StatusCode {
    let body = json!({"username": name, "password": "correct horse", "display_name": name});
    let request = app.anonymous(Method::POST, "/auth/signup").json(&body);
    request.header("x-forwarded-for", seems_to_be).send().await.unwrap().status()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_proxy_says_whom_a_limit_is_for() {
    let app = TestApp::spawn_with(BEHIND_A_PROXY).await;
    for n in 0..5 {
        assert_eq!(sign_up(&app, format!("ada{n}"), "198.51.100.1").await, StatusCode::CREATED);
    }
    let refused = StatusCode::TOO_MANY_REQUESTS;
    assert_eq!(sign_up(&app, "ada5".into(), "198.51.100.1").await, refused);
    assert_eq!(sign_up(&app, "ada6".into(), "203.0.113.9, 198.51.100.1").await, refused, "forged hops");
    assert_eq!(sign_up(&app, "grace".into(), "198.51.100.2").await, StatusCode::CREATED);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_cannot_say_whom_a_limit_is_for() {
    let app = TestApp::spawn_with(Setup { trusted_proxies: "10.0.0.0/8", ..BEHIND_A_PROXY }).await;
    for n in 0..5 {
        let seems_to_be = format!("198.51.100.{n}");
        assert_eq!(sign_up(&app, format!("ada{n}"), &seems_to_be).await, StatusCode::CREATED);
    }
    assert_eq!(sign_up(&app, "ada5".into(), "198.51.100.9").await, StatusCode::TOO_MANY_REQUESTS);
}

/// What an answer to a request with this id is called.
async fn id_of(app: &TestApp, path: &str, given: Option<&str>) -> String {
    let mut request = app.anonymous(Method::GET, path);
    if let Some(given) = given {
        request = request.header("x-request-id", given);
    }
    let answer = request.send().await.unwrap();
    answer.headers()["x-request-id"].to_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_has_an_id_and_a_proxy_may_give_it() {
    let app = TestApp::spawn_with(BEHIND_A_PROXY).await;
    let long = format!("/{}", "a".repeat(9000));
    for path in ["/healthz", "/auth/me", "/nowhere", &*long] {
        assert_eq!(id_of(&app, path, Some("from-the.proxy_1")).await, "from-the.proxy_1");
        let (one, other) = (id_of(&app, path, None).await, id_of(&app, path, None).await);
        assert!(one.len() == 36 && one != other, "{path}: {one} and {other}");
    }
    for bad in ["", "two words", "quote\"", &*"x".repeat(129)] {
        assert_eq!(id_of(&app, "/healthz", Some(bad)).await.len(), 36, "{bad:?}");
    }
    let app = TestApp::spawn().await;
    assert_eq!(id_of(&app, "/healthz", Some("from-a-stranger")).await.len(), 36);
}
