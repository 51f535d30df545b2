//! Any request: methods, bodies, headers.

use reqwest::{Method, RequestBuilder, StatusCode};

use crate::authorisation::rows;
use crate::harness::{Person, TestApp, refused};

const JSON_ENDPOINTS: &[&str] =
    &["/auth/signup", "/auth/login", "/auth/password", "/account/delete", "/messages/send"];

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

/// A request for a route of the matrix, with whatever stands for its parameters.
fn request(ada: &Person, method: Method, path: &str) -> RequestBuilder {
    let path = path.replace("{file}", "x.svg");
    let path = path.split_once('{').map_or(path.clone(), |(before, _)| format!("{before}{}", ada.id));
    ada.request(method, &path)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_method_nobody_offers_is_refused_on_every_route() {
    let app = TestApp::spawn().await;
    let ada = app.person("ada").await;
    let rows = rows::all();
    for row in &rows {
        for method in ["DELETE", "PUT", "PATCH", "TRACE", "PROPFIND", "get"] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            if rows.iter().any(|other| other.path == row.path && other.method == method) {
                continue;
            }
            let status = request(&ada, method.clone(), row.path).send().await.unwrap().status();
            assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED, "{method} {}", row.path);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_with_a_body_refuses_a_broken_a_deep_and_a_huge_one() {
    let app = TestApp::spawn().await;
    let ada = app.person("ada").await;
    let deep = |open: &str, close: &str| open.repeat(2_000) + "1" + &close.repeat(2_000);
    for row in rows::all().into_iter().filter(|row| matches!(row.body, rows::Body::Json(_))) {
        let post = |body: String| {
            let request = request(&ada, Method::POST, row.path).header("content-type", "application/json");
            request.body(body).send()
        };
        for broken in [
            deep("[", "]"),
            deep("{\"a\":", "}"),
            "{\"x\":\"\\ud800\"}".to_owned(),
            "{\"x\":\"\\udc00\\ud800\"}".to_owned(),
            "{\"x\":\"\0\"}".to_owned(),
            "{\"x\":1}{}".to_owned(),
            "{\"x\":NaN}".to_owned(),
        ] {
            refused(post(broken).await.unwrap(), 400, "bad_json").await;
        }
        refused(post("[".to_owned() + &" ".repeat(70_000)).await.unwrap(), 413, "too_big").await;
    }
    for row in rows::all().into_iter().filter(|row| matches!(row.body, rows::Body::Form(_))) {
        let kind = "application/x-www-form-urlencoded";
        let post = request(&ada, Method::POST, row.path).header("content-type", kind);
        let status = post.body("x=".to_owned() + &"x".repeat(70_000)).send().await.unwrap().status();
        assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE, "{}", row.path);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_function_says_of_bad_arguments_that_they_are_bad() {
    let app = TestApp::spawn().await;
    let ada = app.person("ada").await;
    let kind = "application/x-www-form-urlencoded";
    for (path, body) in [
        ("/api/get_profile", &b""[..]),
        ("/api/get_profile", b"id=1&id=2"),
        ("/api/get_profile", b"name=1"),
        ("/api/get_profile", b"id=\xff\xfe"),
        ("/api/list_matches", b"cursor=x"),
        ("/api/list_matches", b"query=&cursor=x"),
        ("/api/list_conversations", b"cursor=x"),
        ("/api/list_conversations", b"cursor=1&cursor=2"),
    ] {
        let request = ada.request(Method::POST, path).header("content-type", kind).body(body);
        let answer = request.send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{path} {body:?}: {text}");
        assert_eq!(text, "\"invalid\"", "{path}");
    }
}
