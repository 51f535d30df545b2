//! Texts that mean something to a browser, a database or a terminal are texts here, on both stores.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use url::form_urlencoded::byte_serialize;

use crate::harness::{Person, expect, uuid};

/// Markup, templates, direction, and characters that cannot be seen.
fn contents() -> Vec<String> {
    let family = "👩‍👩‍👧‍👦";
    vec![
        "<script>alert(1)</script><img src=x onerror=alert(1)>".to_owned(),
        "</textarea><!-- ]]> &amp; &#x41; javascript:alert(1)".to_owned(),
        "{{7*7}} ${7*7} #{7*7} <%= 7*7 %> %s %n $1 {0}".to_owned(),
        "שלום \u{202e}dlrow\u{202c} \u{2066}x\u{2069} \u{200f}".to_owned(),
        "a\u{200b}b\u{200c}c\u{feff}d\u{2060}e\u{ad}f".to_owned(),
        "\u{200d}".repeat(2000) + "x",
        format!("Z{}", "\u{301}".repeat(2000)),
        family.repeat(500),
        "'; DROP TABLE messages; -- \\ \" \\u0000 %_".to_owned(),
        "\u{1b}[31mred\u{7}\u{8}\r\n\u{85}\u{2028}end".to_owned(),
        "\u{fffd}\u{ffff}\u{10ffff}".to_owned(),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_come_out_verbatim_wherever_they_are_seen() {
    for app in super::on_both_stores().await {
        let (ada, grace) = (app.person("ada").await, app.person("grace").await);
        let (mut hers, mut his) = (ada.device().await, grace.device().await);
        let mut sent = Vec::new();
        for content in contents() {
            assert_eq!(ada.send(&grace, &content).await["content"], content);
            assert_eq!(his.expect("message").await["message"]["content"], content);
            let ack = hers.send(&grace, &uuid(), &content).await;
            assert_eq!(ack["message"]["content"], content, "{ack}");
            assert_eq!(his.expect("message").await["message"]["content"], content);
            let inbox = grace.get("/messages/conversations").await;
            assert_eq!(inbox["conversations"][0]["last_message"]["content"], content);
            sent.extend([content.clone(), content]);
        }
        let page = grace.get(&format!("/messages/history/{}", ada.id)).await;
        let read: Vec<_> =
            page["messages"].as_array().unwrap().iter().map(|message| message["content"].clone()).collect();
        assert_eq!(json!(read), json!(sent));
    }
}

const HOSTILE: [&str; 9] = [
    "'",
    "\"",
    "' OR '1'='1",
    "'; DROP TABLE profiles; --",
    "x') UNION SELECT password_hash FROM profiles --",
    "$1 ?1 :id \\",
    "a\0b",
    "../../etc/passwd",
    "\u{202e}{{7*7}}<script>",
];

/// Words that an answer has only when it speaks of the inside.
const INSIDE: [&str; 8] =
    ["sqlx", "sqlite", "postgres", "syntax error", "panicked", "src/", "password_hash", "root:"];

#[tokio::test(flavor = "multi_thread")]
async fn hostile_texts_are_just_texts() {
    for app in super::on_both_stores().await {
        let (ada, grace) = (app.person("ada").await, app.person("grace").await);
        ada.send(&grace, "before").await;
        for text in HOSTILE {
            for (method, path, body) in requests(text, &grace) {
                let at = format!("{method} {path} {body}");
                let request = ada.request(method, &path);
                let request = if body.is_null() { request } else { request.json(&body) };
                harmless(request, &at, text).await;
            }
            for (path, fields) in forms(text) {
                let request = ada.request(Method::POST, path).form(&fields);
                harmless(request, &format!("{path} {fields:?}"), text).await;
            }
            over_the_socket(&ada, text).await;
        }
        assert_eq!(ada.get("/profiles/matches?q=grace").await["matches"].as_array().unwrap().len(), 1);
        assert_eq!(app.anonymous(Method::GET, "/readyz").send().await.unwrap().status(), StatusCode::OK);
    }
}

/// The text in every place of every request that takes one.
fn requests(text: &str, grace: &Person) -> Vec<(Method, String, Value)> {
    let encoded: String = byte_serialize(text.as_bytes()).collect();
    let segment = encoded.replace('+', "%20");
    let post = |path: &str, body| (Method::POST, path.to_owned(), body);
    let sign_up = |field: &str| {
        let mut body = json!({"username": "somebody", "password": "correct horse", "display_name": "S"});
        body[field] = text.into();
        post("/auth/signup", body)
    };
    let mut all = vec![
        sign_up("username"),
        sign_up("password"),
        sign_up("display_name"),
        post("/auth/login", json!({"username": text, "password": "correct horse"})),
        post("/auth/login", json!({"username": "grace", "password": text})),
        post("/messages/send", json!({"receiver_id": grace.id, "content": text})),
        post("/messages/send", json!({"receiver_id": text, "content": "x"})),
        post("/messages/send", json!({"receiver_id": grace.id, "content": "x", "client_id": text})),
        post(&format!("/messages/report/{}", grace.id), json!({"reason": text})),
        post(&format!("/messages/contact/{}", grace.id), json!({"muted": text})),
        post(&format!("/messages/read/{}", grace.id), json!({"seq": text})),
        post(&format!("/messages/read/{segment}"), json!({"seq": 1})),
        post(&format!("/messages/contact/{segment}"), json!({"muted": true})),
        post(&format!("/messages/report/{segment}"), json!({"reason": "x"})),
    ];
    let history = format!("/messages/history/{}", grace.id);
    let places = [
        format!("/profiles/{segment}"),
        format!("/avatars/{segment}.svg"),
        format!("/messages/history/{segment}"),
        format!("/messages/ws/{segment}?token={encoded}"),
        format!("/messages/ws/{}?token={encoded}", grace.id),
        format!("/profiles/matches?q={encoded}"),
        format!("/profiles/matches?limit={encoded}"),
        format!("/profiles/matches?after={encoded}"),
        format!("/messages/conversations?before={encoded}"),
        format!("{history}?limit={encoded}"),
        format!("{history}?before={encoded}"),
        format!("{history}?after={encoded}"),
        format!("{history}?offset={encoded}"),
        format!("/?profile={encoded}&chat={encoded}&q={encoded}"),
        format!("/login?error={encoded}&username={encoded}&next={encoded}"),
        format!("/{segment}"),
        format!("/pkg/{segment}"),
    ];
    all.extend(places.map(|path| (Method::GET, path, Value::Null)));
    all
}

fn forms(text: &str) -> Vec<(&'static str, Vec<(&'static str, &str)>)> {
    vec![
        ("/login", vec![("username", text), ("password", "correct horse"), ("next", text)]),
        ("/login", vec![("username", "grace"), ("password", text)]),
        ("/signup", vec![("username", text), ("password", text), ("display_name", text)]),
        ("/api/list_matches", vec![("query", text), ("cursor", text)]),
        ("/api/get_profile", vec![("id", text)]),
        ("/api/list_conversations", vec![("cursor", text)]),
    ]
}

async fn harmless(request: reqwest::RequestBuilder, at: &str, text: &str) {
    let response = request.send().await.unwrap();
    let status = response.status();
    assert!(!status.is_server_error(), "{at}: {status}");
    let answer = response.text().await.unwrap().replace(text, "").to_lowercase();
    // A page may give the text back in its own words.
    let is_page = answer.contains("<!doctype html>");
    let told: Vec<_> = INSIDE.iter().filter(|word| answer.contains(**word)).collect();
    assert!(is_page || told.is_empty(), "{at} tells {told:?}: {answer}");
    assert!(!is_page || !answer.contains("{{7*7}}<script>"), "{at} is not escaped");
}

async fn over_the_socket(ada: &Person, text: &str) {
    let mut device = ada.device().await;
    for frame in [
        json!({"type": text}),
        json!({"type": "send", "client_id": text, "receiver_id": ada.id, "content": "x"}),
        json!({"type": "send", "client_id": uuid(), "receiver_id": text, "content": "x"}),
        json!({"type": "read", "peer_id": text, "seq": 1}),
        json!({"type": "received", "peer_id": text, "seq": text}),
        json!({"type": "typing", "peer_id": text}),
        json!({"type": "ping", "heads": {text: 1}}),
    ] {
        device.say(frame.clone()).await;
        let error = device.next().await;
        assert_eq!(
            (&error["type"], &error["retryable"]),
            (&json!("error"), &json!(false)),
            "{frame}: {error}"
        );
    }
    device.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_takes_its_text_as_it_is() {
    for app in super::on_both_stores().await {
        let ada = app.person("ada").await;
        for (username, display_name) in
            [("percent", "100% Zoë"), ("under", "snake_case"), ("slash", "back\\slash"), ("plain", "plain")]
        {
            let body =
                json!({"username": username, "password": "correct horse", "display_name": display_name});
            let answer = app.anonymous(Method::POST, "/auth/signup").json(&body).send().await.unwrap();
            expect(answer, StatusCode::CREATED).await;
        }
        for (text, found) in [
            ("%", vec!["percent"]),
            ("_", vec!["under"]),
            ("\\", vec!["slash"]),
            ("0% z", vec!["percent"]),
            ("Zo\u{eb}", vec!["percent"]),
            ("ZOE\u{308}", vec!["percent"]),
            ("ｐｌａｉｎ", vec!["plain"]),
            ("%%", vec![]),
            ("p%n", vec![]),
            ("[a-z]*", vec![]),
            ("ada", vec![]),
        ] {
            let query: String = byte_serialize(text.as_bytes()).collect();
            let over_http = ada.get(&format!("/profiles/matches?q={query}")).await;
            let request = ada.request(Method::POST, "/api/list_matches").form(&[("query", text)]);
            let of_page = expect(request.send().await.unwrap(), StatusCode::OK).await;
            for answer in [over_http, of_page] {
                let names: Vec<_> = answer["matches"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|entry| entry["profile"]["username"].as_str().unwrap().to_owned())
                    .collect();
                assert_eq!(names, found, "{text:?}");
            }
        }
        let huge = [("query", "x".repeat(1 << 20))];
        let refusal = ada.request(Method::POST, "/api/list_matches").form(&huge).send().await.unwrap();
        assert_eq!(refusal.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }
}
