//! Sign-up, log-in, log-out.

use chrono::TimeDelta;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::harness::{TestApp, expect, refused};

#[tokio::test(flavor = "multi_thread")]
async fn sign_up_log_in_and_me_agree() {
    let app = TestApp::spawn().await;
    let ada = app.person("ada").await;
    let body = json!({"username": "ADA", "password": "correct horse"});
    let response = app.anonymous(Method::POST, "/auth/login").json(&body).send().await.unwrap();
    let cookie = response.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(
        cookie.starts_with("sid=") && cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"),
        "{cookie}"
    );
    let answer = expect(response, StatusCode::OK).await;
    assert_eq!(answer["user"]["id"], ada.id);
    assert_eq!(answer["user"]["display_name"], "Ada");
    assert_ne!(answer["token"], ada.token, "a log-in makes a new session");
    let pair = cookie.split(';').next().unwrap();
    let me = app.anonymous(Method::GET, "/auth/me").header("cookie", pair).send().await.unwrap();
    assert_eq!(expect(me, StatusCode::OK).await["user"]["username"], "ada");
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_origins_get_the_host_cookie() {
    let setup = crate::harness::Setup { public_origin: Some("https://mosaic.example"), ..Default::default() };
    let app = TestApp::spawn_with(setup).await;
    let body = json!({"username": "ada", "password": "correct horse", "display_name": "Ada"});
    let response = app.anonymous(Method::POST, "/auth/signup").json(&body).send().await.unwrap();
    let cookie = response.headers()["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with("__Host-sid=") && cookie.contains("; Secure"), "{cookie}");
    assert!(response.headers().contains_key("strict-transport-security"));
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_and_wrong_are_the_same_answer() {
    let app = TestApp::spawn().await;
    app.person("ada").await;
    let mut answers = Vec::new();
    for (username, password) in
        [("ada", "wrong horse"), ("nobody", "wrong horse"), ("a b", "x"), ("ada", &"x".repeat(5000))]
    {
        let body = json!({"username": username, "password": password});
        let response = app.anonymous(Method::POST, "/auth/login").json(&body).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        answers.push(response.text().await.unwrap());
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    assert!(answers[0].contains("invalid_credentials"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_taken_in_any_case_or_form() {
    let app = TestApp::spawn().await;
    app.person("ada").await;
    for name in ["ada", "ADA", "\u{ff41}\u{ff44}\u{ff41}"] {
        let body = json!({"username": name, "password": "correct horse", "display_name": "Other"});
        refused(
            app.anonymous(Method::POST, "/auth/signup").json(&body).send().await.unwrap(),
            409,
            "username_taken",
        )
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_field_of_a_sign_up_is_named() {
    let app = TestApp::spawn().await;
    let good = json!({"username": "ada", "password": "correct horse", "display_name": "Ada"});
    let long = "x".repeat(300);
    for (field, bad) in [
        ("username", json!("a b")),
        ("username", json!("ab")),
        ("username", json!(null)),
        ("username", json!("ad\u{0430}")),
        ("password", json!("short")),
        ("password", json!("password123")),
        ("password", json!(long)),
        ("password", json!(7)),
        ("display_name", json!("  ")),
        ("display_name", json!("a\u{7}b")),
        ("display_name", json!([])),
    ] {
        let mut body = good.clone();
        body[field] = bad.clone();
        let response = app.anonymous(Method::POST, "/auth/signup").json(&body).send().await.unwrap();
        assert_eq!(refused(response, 422, "invalid").await, field, "{bad}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn log_out_ends_the_session_and_its_sockets() {
    let app = TestApp::spawn().await;
    let ada = app.person("ada").await;
    let mut device = ada.device().await;
    let out = ada.request(Method::POST, "/auth/logout").send().await.unwrap();
    assert_eq!(out.status(), StatusCode::NO_CONTENT);
    assert_eq!(device.close_code().await, 4401);
    refused(ada.request(Method::GET, "/auth/me").send().await.unwrap(), 401, "unauthenticated").await;
    refused(ada.request(Method::POST, "/auth/logout").send().await.unwrap(), 401, "unauthenticated").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unused_session_ends_after_a_week() {
    let app = TestApp::spawn().await;
    let ada = app.person("ada").await;
    app.clock.advance(TimeDelta::days(6));
    ada.get("/auth/me").await;
    app.clock.advance(TimeDelta::days(6));
    ada.get("/auth/me").await;
    app.clock.advance(TimeDelta::days(8));
    assert_eq!(ada.status("/auth/me").await, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_after_thirty_days_of_use() {
    let app = TestApp::spawn().await;
    let ada = app.person("ada").await;
    for _ in 0..5 {
        app.clock.advance(TimeDelta::days(6));
        let alive = ada.status("/auth/me").await;
        if alive == StatusCode::UNAUTHORIZED {
            return;
        }
    }
    panic!("the session outlived its age");
}
