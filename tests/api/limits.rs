//! Limits of rate refuse with a time to come back, and only what is too much.

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::harness::{Setup, TestApp, uuid};

#[tokio::test(flavor = "multi_thread")]
async fn log_in_tries_are_limited_by_account() {
    let app = TestApp::spawn_with(Setup { rate_limit: true, ..Setup::default() }).await;
    let try_once = async |username: &str| {
        let body = json!({"username": username, "password": "wrong horse"});
        app.anonymous(Method::POST, "/auth/login").json(&body).send().await.unwrap()
    };
    for _ in 0..5 {
        assert_eq!(try_once("ada").await.status(), StatusCode::UNAUTHORIZED);
    }
    let refused = try_once("ADA").await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    let wait: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait));
    assert_eq!(try_once("grace").await.status(), StatusCode::UNAUTHORIZED, "others are not in the way");
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_sends_are_held_back_in_order_and_may_be_repeated() {
    let app = TestApp::spawn_with(Setup { rate_limit: true, ..Setup::default() }).await;
    let (ada, grace) = (app.person("ada").await, app.person("grace").await);
    let mut device = ada.device().await;
    let ids: Vec<String> = (0..55).map(|_| uuid()).collect();
    for (n, id) in ids.iter().enumerate() {
        device
            .say(json!({"type": "send", "client_id": id, "receiver_id": grace.id, "content": n.to_string()}))
            .await;
    }
    let mut stored = Vec::new();
    let mut refused = Vec::new();
    while stored.len() + refused.len() < ids.len() {
        let frame = device.next().await;
        match frame["type"].as_str() {
            Some("presence") => {}
            Some("ack") => stored.push(frame["client_id"].clone()),
            _ => {
                assert_eq!(
                    (&frame["code"], &frame["retryable"]),
                    (&json!("rate_limited"), &json!(true)),
                    "{frame}"
                );
                refused.push(frame["client_id"].clone());
            }
        }
    }
    assert!(stored.len() >= 20 && !refused.is_empty());
    let order: Vec<_> = stored.iter().chain(&refused).cloned().collect();
    assert_eq!(
        order,
        ids.iter().map(|id| json!(id)).collect::<Vec<_>>(),
        "nothing overtakes what was refused"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_floods_is_closed() {
    let app = TestApp::spawn_with(Setup { rate_limit: true, ..Setup::default() }).await;
    let ada = app.person("ada").await;
    let mut device = ada.device().await;
    for _ in 0..200 {
        if futures::SinkExt::send(&mut device.0, r#"{"type":"ping"}"#.into()).await.is_err() {
            break;
        }
    }
    assert_eq!(device.close_code().await, 4429);
}
