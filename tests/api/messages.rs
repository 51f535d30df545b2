//! Sending over HTTP, history and read marks.

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::harness::{TestApp, expect, refused, uuid};

#[tokio::test(flavor = "multi_thread")]
async fn a_send_is_idempotent_by_client_id() {
    let app = TestApp::spawn().await;
    let (ada, grace, alan) = (app.person("ada").await, app.person("grace").await, app.person("alan").await);
    let client_id = uuid();
    let body = json!({"receiver_id": grace.id, "content": "Hello", "client_id": client_id});
    let first = expect(ada.post("/messages/send", body.clone()).await, StatusCode::CREATED).await;
    assert_eq!(first["client_id"], client_id);
    assert_eq!(first["seq"], 1);
    let again = expect(ada.post("/messages/send", body).await, StatusCode::OK).await;
    assert_eq!(first, again);
    for other in [
        json!({"receiver_id": grace.id, "content": "Other", "client_id": client_id}),
        json!({"receiver_id": alan.id, "content": "Hello", "client_id": client_id}),
    ] {
        refused(ada.post("/messages/send", other).await, 409, "client_id_reused").await;
    }
    // Another sender may use the same id.
    let theirs = json!({"receiver_id": ada.id, "content": "Hi", "client_id": client_id});
    assert_eq!(expect(grace.post("/messages/send", theirs).await, StatusCode::CREATED).await["seq"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn content_comes_back_verbatim() {
    let app = TestApp::spawn().await;
    let (ada, grace) = (app.person("ada").await, app.person("grace").await);
    let longest = "é".repeat(4000);
    let padded = format!("  {longest}\n");
    for content in
        ["<script>alert(1)</script>", "{{7*7}} %s $1", "שלום \u{202e}abc", "👩‍👩‍👧‍👦🏳️‍🌈", "a\u{200b}b", &padded]
    {
        assert_eq!(ada.send(&grace, content).await["content"], content);
    }
    let page = grace.get(&format!("/messages/history/{}", ada.id)).await;
    assert_eq!(page["messages"][5]["content"], padded);
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_sends_are_refused_with_their_field() {
    let app = TestApp::spawn().await;
    let (ada, grace) = (app.person("ada").await, app.person("grace").await);
    let good = json!({"receiver_id": grace.id, "content": "Hello", "client_id": uuid()});
    for (field, bad) in [
        ("content", json!("")),
        ("content", json!(" \n ")),
        ("content", json!("x".repeat(4001))),
        ("content", json!("a\u{0}b")),
        ("content", json!(7)),
        ("receiver_id", json!("nobody")),
        ("receiver_id", json!(null)),
        ("client_id", json!("x")),
    ] {
        let mut body = good.clone();
        body[field] = bad.clone();
        assert_eq!(refused(ada.post("/messages/send", body).await, 422, "invalid").await, field, "{bad}");
    }
    for nobody in [ada.id.clone(), uuid()] {
        let body = json!({"receiver_id": nobody, "content": "Hello"});
        refused(ada.post("/messages/send", body).await, 404, "not_found").await;
    }
    assert_eq!(
        ada.get(&format!("/messages/history/{}", grace.id)).await["last_seq"],
        0,
        "nothing was stored"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn history_pages_in_every_direction() {
    let app = TestApp::spawn().await;
    let (ada, grace) = (app.person("ada").await, app.person("grace").await);
    for n in 1..=25 {
        ada.send(&grace, &format!("message {n}")).await;
    }
    let path = format!("/messages/history/{}", ada.id);
    for (query, seqs, has_more) in [
        ("", (1, 25), false),
        ("?limit=10", (16, 25), true),
        ("?limit=10&offset=10", (6, 15), true),
        ("?limit=10&offset=20", (1, 5), false),
        ("?limit=10&before=6", (1, 5), false),
        ("?limit=3&before=6", (3, 5), true),
        ("?limit=10&before=1000", (16, 25), true),
        ("?limit=10&after=0", (1, 10), true),
        ("?limit=10&after=20", (21, 25), false),
    ] {
        let page = grace.get(&format!("{path}{query}")).await;
        let got: Vec<u64> =
            page["messages"].as_array().unwrap().iter().map(|m| m["seq"].as_u64().unwrap()).collect();
        assert_eq!(got, (seqs.0..=seqs.1).collect::<Vec<_>>(), "{query}");
        assert_eq!(page["has_more"], has_more, "{query}");
        assert_eq!(page["last_seq"], 25);
    }
    for empty in ["?after=25", "?after=999999999999", "?offset=25", "?offset=90000", "?before=1"] {
        let page = grace.get(&format!("{path}{empty}")).await;
        assert_eq!(page["messages"], json!([]), "{empty}");
        assert_eq!(page["has_more"], false, "{empty}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn history_refuses_what_makes_no_sense() {
    let app = TestApp::spawn().await;
    let (ada, grace) = (app.person("ada").await, app.person("grace").await);
    let path = format!("/messages/history/{}", grace.id);
    for query in [
        "limit=0",
        "limit=-1",
        "limit=1000000000",
        "before=0",
        "before=x",
        "after=-1",
        "offset=1&before=2",
        "before=1&after=1",
        "limit=1&limit=2",
        "offset=1;drop",
    ] {
        let response = ada.request(Method::GET, &format!("{path}?{query}")).send().await.unwrap();
        refused(response, 422, "invalid").await;
    }
    for nobody in [&ada.id, &uuid(), "not-a-uuid", "%00", "1' or '1'='1"] {
        let response = ada.request(Method::GET, &format!("/messages/history/{nobody}")).send().await.unwrap();
        refused(response, 404, "not_found").await;
    }
    assert_eq!(ada.get(&path).await["last_seq"], 0, "a known person without a conversation");
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_moves_forward_only_and_not_past_the_end() {
    let app = TestApp::spawn().await;
    let (ada, grace) = (app.person("ada").await, app.person("grace").await);
    for n in 0..3 {
        ada.send(&grace, &n.to_string()).await;
    }
    let read = format!("/messages/read/{}", ada.id);
    assert_eq!(grace.post(&read, json!({"seq": 2})).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(grace.post(&read, json!({"seq": 1})).await.status(), StatusCode::NO_CONTENT);
    for bad in [
        json!({"seq": 4}),
        json!({"seq": 0}),
        json!({"seq": -1}),
        json!({"seq": 1e40}),
        json!({"seq": "2"}),
        json!({}),
    ] {
        assert_eq!(refused(grace.post(&read, bad).await, 422, "invalid").await, "seq");
    }
    let page = grace.get(&format!("/messages/history/{}", ada.id)).await;
    assert_eq!(page["read_seq"], 2);
    assert!(page["messages"][1]["read_at"].is_string() && page["messages"][2]["read_at"].is_null());
    let hers = ada.get(&format!("/messages/history/{}", grace.id)).await;
    assert_eq!((&hers["peer_read_seq"], &hers["read_seq"]), (&json!(2), &json!(0)));
    refused(grace.post(&format!("/messages/read/{}", uuid()), json!({"seq": 1})).await, 404, "not_found")
        .await;
    refused(grace.post(&format!("/messages/read/{}", grace.id), json!({"seq": 1})).await, 404, "not_found")
        .await;
}
