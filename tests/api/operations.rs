//! What an operator sees of a running process: metrics that move, and a log that keeps secrets.

use std::collections::HashSet;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{PASSWORD, Person, expect, uuid, wait_until};
use crate::process::{Metrics, Process};

/// Nobody listens there: the bus is degraded, and the store is polled in its place.
const NO_REDIS: (&str, &str) = ("REDIS_URL", "redis://127.0.0.1:1");

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_is_counted() {
    let server = Process::start(&[NO_REDIS]).await;
    let at = server.address;
    let before = Metrics::of(at).await;
    for series in [
        r#"mosaic_sends_total{duplicate="no"}"#,
        r#"mosaic_resyncs_total{cause="poll"}"#,
        r#"mosaic_sockets_closed_total{code="4008"}"#,
        r#"mosaic_rate_limited_total{limit="sign_up"}"#,
        "mosaic_bus_healthy",
        "mosaic_panics_total",
    ] {
        assert_eq!(before.get(series), Some(0.0), "{series} is not there from the start");
    }

    let (ada, grace) = (Person::sign_up(at, "ada").await, Person::sign_up(at, "grace").await);
    let (mut hers, mut his) = (ada.device().await, grace.device().await);
    let id = uuid();
    for _ in 0..2 {
        assert_eq!(hers.send(&grace, &id, "one").await["type"], "ack");
    }
    his.expect("message").await;
    his.expect("resync").await;
    ada.send(&grace, "two").await;
    grace.get(&format!("/messages/history/{}?after=0", ada.id)).await;
    for _ in 0..6 {
        let body = json!({"username": "alan", "password": "wrong"});
        ada.post("/auth/login", body).await;
    }
    ada.request(Method::POST, "/auth/logout").send().await.unwrap();
    assert_eq!(hers.close_code().await, 4401);

    // Given up two seconds after they were queued.
    assert!(
        wait_until(async || Metrics::of(at).await.get("mosaic_bus_publish_dropped_total") > Some(3.0)).await
    );
    let after = Metrics::of(at).await;
    for (series, value) in [
        ("mosaic_sockets", 1.0),
        (r#"mosaic_sockets_closed_total{code="4401"}"#, 1.0),
        (r#"mosaic_sends_total{duplicate="no"}"#, 2.0),
        (r#"mosaic_sends_total{duplicate="yes"}"#, 1.0),
        (r#"mosaic_acks_total{way="socket"}"#, 2.0),
        (r#"mosaic_acks_total{way="http"}"#, 1.0),
        ("mosaic_gaps_healed_total", 1.0),
        (r#"mosaic_rate_limited_total{limit="log_in_failures"}"#, 1.0),
        ("mosaic_send_seconds_count", 3.0),
        (r#"mosaic_delivery_seconds_bucket{way="here",le="+Inf"}"#, 4.0),
        (r#"mosaic_requests_total{status="429"}"#, 1.0),
        (r#"mosaic_pool_limit_connections{pool="write"}"#, 1.0),
        (r#"mosaic_pool_timeouts_total{pool="read"}"#, 0.0),
    ] {
        assert_eq!(after.get(series), Some(value), "{series}\n{}", after.text());
    }
    for series in [
        r#"mosaic_resyncs_total{cause="poll"}"#,
        r#"mosaic_pool_wait_seconds_count{pool="write"}"#,
        "mosaic_request_seconds_count",
    ] {
        assert!(after.get(series) > Some(0.0), "{series}\n{}", after.text());
    }
    for state in ["idle", "in_use"] {
        let series = format!(r#"mosaic_pool_{state}_connections{{pool="write"}}"#);
        assert!(after.get(&series).is_some_and(|lent| lent == 0.0 || lent == 1.0), "{series}");
    }
    is_in_good_form(after.text());
}

/// Every series has a type and a help text, and times are counted in buckets.
fn is_in_good_form(text: &str) {
    let described: HashSet<&str> =
        text.lines().filter_map(|line| line.strip_prefix("# HELP ")?.split(' ').next()).collect();
    for line in text.lines().filter(|line| line.starts_with("# TYPE ")) {
        let name = line.split(' ').nth(2).unwrap();
        assert!(described.contains(name), "{name} has no help text");
        assert!(!line.ends_with(" summary"), "{name} has no buckets");
    }
    assert!(described.len() > 15 && text.lines().count() < 400, "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_with_an_address_of_their_own_are_nowhere_else() {
    let server = Process::start(&[("MOSAIC_METRICS_ADDR", "localhost:0")]).await;
    let private = server.address_of("metrics are served");
    assert!(Metrics::of(private).await.get("mosaic_sockets").is_some());
    let get =
        async |address, path: &str| reqwest::get(format!("http://{address}{path}")).await.unwrap().status();
    assert_eq!(get(server.address, "/metrics").await, StatusCode::NOT_FOUND);
    assert_eq!(get(server.address, "/healthz").await, StatusCode::OK);
    for path in ["/", "/healthz", "/login", "/auth/me"] {
        assert_eq!(get(private, path).await, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_keeps_secrets_at_its_most_talkative() {
    let server = Process::start(&[("MOSAIC_LOG", "trace"), NO_REDIS]).await;
    let at = server.address;
    let (ada, grace) = (Person::sign_up(at, "ada").await, Person::sign_up(at, "grace").await);
    let log_in = async |password: &str| {
        let client = reqwest::Client::builder().cookie_store(true).build().unwrap();
        let form = [("username", "ada"), ("password", password), ("next", "/?profile=opensesame-next")];
        let post = client.post(format!("http://{at}/login")).form(&form);
        post.header("sec-fetch-site", "same-origin").send().await.unwrap();
        client
    };
    let client = log_in(PASSWORD).await;
    log_in("opensesame-wrong").await;
    for path in ["/?q=opensesame-page", "/auth/me"] {
        let answer = client.get(format!("http://{at}{path}")).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "the cookie logs in");
    }
    ada.get("/profiles/matches?q=opensesame-search").await;

    let ticket = ada.ticket().await;
    let path = format!("/messages/ws/{}?token={ticket}", ada.id);
    let mut device = ada.upgrade(&path, None).await.unwrap();
    device.send(&grace, &uuid(), "opensesame-socket").await;
    ada.send(&grace, "opensesame-http").await;
    grace.get(&format!("/messages/history/{}", ada.id)).await;
    grace.post(&format!("/messages/report/{}", ada.id), json!({"reason": "opensesame-reason"})).await;
    ada.post("/messages/send", json!({"receiver_id": "opensesame-id", "content": "opensesame-bad"})).await;
    device.say(json!({"type": "opensesame-type"})).await;
    device.expect("error").await;
    let cookie = expect_cookie(at).await;
    drop(device);

    let ended = |line: &Value| line["message"] == "the socket ended";
    assert!(wait_until(async || server.lines().iter().any(ended)).await, "{}", server.log());
    let log = server.log();
    for secret in ["opensesame", PASSWORD, &*ada.token, &*grace.token, &*ticket, &*cookie, "$argon2"] {
        let told = log.lines().find(|line| line.contains(secret));
        assert_eq!(told, None, "the log tells {secret}");
    }

    // It is not that nothing was logged.
    let lines = server.lines();
    let answered = |route: &str| {
        lines.iter().any(|line| {
            line["message"] == "answered"
                && line["span"]["http.route"] == route
                && line["span"]["request.id"] != ""
        })
    };
    for route in ["/auth/signup", "/login", "/profiles/matches", "/messages/send", "/messages/ws/{user_id}"] {
        assert!(answered(route), "{route} is not in the log");
    }
    let socket = lines.iter().find(|line| ended(line)).unwrap();
    let spans: Vec<_> = socket["spans"].as_array().unwrap().iter().map(|span| &span["name"]).collect();
    assert_eq!(spans, ["request", "socket"], "{socket}");
}

/// The value of a session cookie just set.
async fn expect_cookie(at: std::net::SocketAddr) -> String {
    let body = json!({"username": "grace", "password": PASSWORD});
    let client = reqwest::Client::new();
    let answer = client.post(format!("http://{at}/auth/login")).json(&body).send().await.unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    expect(answer, StatusCode::OK).await;
    cookie.split(['=', ';']).nth(1).unwrap().to_owned()
}
