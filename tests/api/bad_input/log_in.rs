//! Log-in and sign-up: names, long passwords, guesses, floods.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::StreamExt as _;
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::harness::{TestApp, expect, refused};

async fn post(app: &TestApp, path: &str, body: &Value) -> Response {
    app.anonymous(Method::POST, path).json(body).send().await.unwrap()
}

fn log_in(username: &str, password: &str) -> Value {
    json!({"username": username, "password": password})
}

/// The quickest of several tries: whatever else the machine does only adds to it.
#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_name_costs_what_a_wrong_password_costs() {
    let app = TestApp::spawn().await;
    app.person("ada").await;
    let mut quickest = [Duration::MAX; 3];
    for _ in 0..8 {
        for (best, username) in quickest.iter_mut().zip(["ada", "nobody", "no body"]) {
            let began = Instant::now();
            let answer = post(&app, "/auth/login", &log_in(username, "wrong horse")).await;
            refused(answer, 401, "invalid_credentials").await;
            *best = began.elapsed().min(*best);
        }
    }
    let [wrong, unknown, impossible] = quickest;
    assert!(unknown * 2 > wrong && impossible * 2 > wrong, "{quickest:?}");
}

/// Letters are folded (NFKC, lower case); what is then no plain letter, digit or mark is refused, so no
/// two names look alike.
#[tokio::test(flavor = "multi_thread")]
async fn names_follow_one_rule() {
    let app = TestApp::spawn().await;
    app.person("ada").await;
    let sign_up = |name: &str| json!({"username": name, "password": "correct horse", "display_name": "Ada"});
    for same in ["Ada", "ａｄａ", "ªda", "𝐚𝐝𝐚", "ⓐⓓⓐ"] {
        refused(post(&app, "/auth/signup", &sign_up(same)).await, 409, "username_taken").await;
        let entered = expect(post(&app, "/auth/login", &log_in(same, "correct horse")).await, StatusCode::OK);
        assert_eq!(entered.await["user"]["username"], "ada", "{same}");
    }
    for alike in
        ["аda", "αda", "ada ", " ada", "ada\u{200b}", "a\u{301}da", "ada\u{a0}", "a\u{0}da", "ada\u{202e}"]
    {
        let field = refused(post(&app, "/auth/signup", &sign_up(alike)).await, 422, "invalid").await;
        assert_eq!(field, "username", "{alike:?}");
        let refusal = post(&app, "/auth/login", &log_in(alike, "correct horse")).await;
        refused(refusal, 401, "invalid_credentials").await;
    }
}

/// More than any queue holds. Whoever finds it full is told when to come back; passwords nobody can have
/// find no queue at all; and everybody else notices nothing.
#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_log_ins_at_once_leave_the_rest_alive() {
    const TRIES: usize = 10_000;
    const AT_ONCE: usize = 200;
    let app = TestApp::spawn().await;
    let ada = app.person("ada").await;
    let (client, url) = (Client::new(), app.url("/auth/login"));
    let left = Arc::new(AtomicUsize::new(TRIES));
    let to_go = Arc::clone(&left);
    let flood = futures::stream::iter(0..TRIES).map(move |_| {
        let (request, left) = (client.post(&url).json(&log_in("ada", "wrong horse")), Arc::clone(&left));
        async move {
            let answer = request.send().await.unwrap();
            left.fetch_sub(1, Ordering::Relaxed);
            let status = answer.status().as_u16();
            if status == 503 {
                let wait = answer.headers()["retry-after"].to_str().unwrap().parse::<u64>();
                assert!(wait.is_ok_and(|seconds| seconds >= 1));
                // The queue was full, or so slow on a busy machine that the request's time was over.
                let refusal = expect(answer, StatusCode::SERVICE_UNAVAILABLE).await;
                assert!(["unavailable", "timeout"].map(Value::from).contains(&refusal["error"]["code"]));
            }
            status
        }
    });
    let flood = tokio::spawn(flood.buffer_unordered(AT_ONCE).collect::<Vec<_>>());
    let mut looks = 0;
    // As long as more are on their way than the queue holds.
    while to_go.load(Ordering::Relaxed) > AT_ONCE {
        assert_eq!(ada.status("/auth/me").await, StatusCode::OK);
        assert_eq!(app.anonymous(Method::GET, "/login").send().await.unwrap().status(), StatusCode::OK);
        let long = "x".repeat(257);
        let refusal = post(&app, "/auth/login", &log_in("ada", &long)).await;
        refused(refusal, 401, "invalid_credentials").await;
        let sign_up = json!({"username": "new", "password": long, "display_name": "New"});
        assert_eq!(refused(post(&app, "/auth/signup", &sign_up).await, 422, "invalid").await, "password");
        looks += 1;
    }
    let answers = flood.await.unwrap();
    let count = |status| answers.iter().filter(|answer| **answer == status).count();
    assert_eq!(count(401) + count(503), TRIES);
    assert!(count(401) > 0 && count(503) > 0, "{} were hashed", count(401));
    assert!(looks > 3, "the flood was over before anybody could look");
}
