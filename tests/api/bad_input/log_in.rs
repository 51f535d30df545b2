//! Log-in and sign-up: names, long passwords, guesses, floods.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::StreamExt as _;
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::harness::{TestApp, expect, refused};

async fn post(app: &TestApp, path: &str, body: &Value) -> Response {
    app.anonymous(Method::POST, path).json(body).send().await.unwrap()
}

fn log_in(username: &str, password: &str) -> Value {
    json!({"username": username, "password": password})
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

/// Somebody, nobody, and a name that nobody can have.
const NAMES: [&str; 3] = ["ada", "nobody", "no body"];

/// More than any queue holds. Whoever finds it full is told when to come back, whatever the name: whoever
/// does not exist waits for a hash as others do, so the time an answer takes tells nothing. Passwords nobody
/// can have find no queue at all; and everybody else notices nothing.
#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_log_ins_at_once_leave_the_rest_alive() {
    const TRIES: usize = 10_000;
    const AT_ONCE: usize = 200;
    let app = TestApp::spawn().await;
    let ada = app.person("ada").await;
    let (client, url) = (Client::new(), app.url("/auth/login"));
    let left = Arc::new(AtomicUsize::new(TRIES));
    let to_go = Arc::clone(&left);
    let flood = futures::stream::iter(0..TRIES).map(move |number| {
        let name = NAMES[number % NAMES.len()];
        let (request, left) = (client.post(&url).json(&log_in(name, "wrong horse")), Arc::clone(&left));
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
            (name, status)
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
    assert!(answers.iter().all(|(_, status)| matches!(status, 401 | 503)));
    for name in NAMES {
        for status in [401, 503] {
            assert!(answers.contains(&(name, status)), "{name:?} was never answered by {status}");
        }
    }
    assert!(looks > 3, "the flood was over before anybody could look");
}
