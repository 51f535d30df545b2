//! Muting, marking, blocking and reporting.

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::harness::{Person, TestApp, expect, refused, uuid, wait_until};

async fn choose(me: &Person, peer: &Person, what: &str, on: bool) {
    let path = format!("/messages/contact/{}", peer.id);
    let answer = expect(me.post(&path, json!({ what: on })).await, StatusCode::OK).await;
    assert_eq!(answer["contact"][what], on);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_chosen_reaches_ones_own_devices_and_nobody_else() {
    let app = TestApp::spawn().await;
    let (ada, grace) = (app.person("ada").await, app.person("grace").await);
    ada.send(&grace, "hello").await;
    let (mut hers, mut his) = (ada.device().await, grace.device().await);
    for what in ["muted", "marked_unread"] {
        choose(&ada, &grace, what, true).await;
        let frame = hers.expect("contact").await;
        assert_eq!((&frame["peer_id"], &frame["contact"][what]), (&json!(grace.id), &json!(true)));
    }
    let (_, welcome) = ada.welcomed().await;
    let chosen = json!({"muted": true, "marked_unread": true, "blocked": false});
    assert_eq!(welcome["conversations"][0]["contact"], chosen);
    let told = his.drain().await;
    assert!(told.iter().all(|frame| frame["type"] != "contact"), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_chosen_before_the_first_message_is_told_before_it() {
    let app = TestApp::spawn().await;
    let (ada, grace) = (app.person("ada").await, app.person("grace").await);
    choose(&ada, &grace, "muted", true).await;
    let (mut hers, mut his) = (ada.device().await, grace.device().await);
    his.send(&ada, &uuid(), "hello").await;
    let told = hers.drain().await;
    let kinds: Vec<_> = told.iter().map(|frame| frame["type"].as_str().unwrap_or_default()).collect();
    assert_eq!(kinds[..2], ["contact", "message"], "{told:?}");
    assert_eq!(told[0]["contact"]["muted"], true);
    let told = his.drain().await;
    assert!(told.iter().all(|frame| frame["type"] != "contact"), "{told:?}");
    let inbox = ada.get("/messages/conversations").await;
    assert_eq!(inbox["conversations"][0]["contact"]["muted"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_blocks_hears_nothing_and_who_is_blocked_notices_nothing() {
    let app = TestApp::spawn().await;
    let (ada, grace) = (app.person("ada").await, app.person("grace").await);
    ada.send(&grace, "before").await;
    let (mut hers, mut his) = (ada.device().await, grace.device().await);
    choose(&ada, &grace, "blocked", true).await;
    let presence = his.expect("presence").await;
    assert_eq!((&presence["online"], &presence["last_seen"]), (&json!(false), &json!(null)));
    hers.drain().await;

    let ack = his.send(&ada, &uuid(), "meanwhile").await;
    assert_eq!((&ack["type"], &ack["message"]["seq"]), (&json!("ack"), &json!(2)));
    his.say(json!({"type": "typing", "peer_id": ada.id})).await;
    his.say(json!({"type": "read", "peer_id": ada.id, "seq": 2})).await;
    hers.say(json!({"type": "received", "peer_id": grace.id, "seq": 1})).await;
    let told = his.drain().await;
    assert_eq!(hers.drain().await, [] as [serde_json::Value; 0], "something reached who blocks");
    assert!(
        told.iter().all(|frame| frame["type"] == "read" && frame["reader_id"] == json!(grace.id)),
        "{told:?}"
    );
    let page = ada.get(&format!("/messages/history/{}", grace.id)).await;
    assert_eq!((&page["last_seq"], &page["contact"]["blocked"]), (&json!(1), &json!(true)));

    let refusal = hers.send(&grace, &uuid(), "after all").await;
    assert_eq!((&refusal["code"], &refusal["retryable"]), (&json!("blocked"), &json!(false)));
    refused(
        ada.post("/messages/send", json!({"receiver_id": grace.id, "content": "hello"})).await,
        403,
        "blocked",
    )
    .await;

    choose(&ada, &grace, "blocked", false).await;
    assert_eq!(his.expect("presence").await["online"], true);
    hers.say(json!({"type": "ping"})).await;
    let pong = hers.expect("pong").await;
    let head = &pong["conversations"][0];
    assert_eq!((&head["last_seq"], &head["unread"]), (&json!(2), &json!(1)), "{pong}");
    his.send(&ada, &uuid(), "heard again").await;
    assert_eq!(hers.expect("message").await["message"]["seq"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_choices_and_reports_are_refused() {
    let app = TestApp::spawn().await;
    let (ada, grace) = (app.person("ada").await, app.person("grace").await);
    let contact = format!("/messages/contact/{}", grace.id);
    for bad in
        [json!({}), json!({"muted": true, "blocked": true}), json!({"muted": 1}), json!({"muted": null})]
    {
        refused(ada.post(&contact, bad).await, 422, "invalid").await;
    }
    let report = format!("/messages/report/{}", grace.id);
    for bad in
        [json!({}), json!({"reason": " "}), json!({"reason": "x".repeat(1001)}), json!({"reason": "\0"})]
    {
        assert_eq!(refused(ada.post(&report, bad).await, 422, "invalid").await, "reason");
    }
    for nobody in [uuid(), ada.id.clone(), "nobody".to_owned()] {
        let path = format!("/messages/contact/{nobody}");
        refused(ada.post(&path, json!({"muted": true})).await, 404, "not_found").await;
        let path = format!("/messages/report/{nobody}");
        refused(ada.post(&path, json!({"reason": "rude"})).await, 404, "not_found").await;
    }
    for path in [contact, report] {
        let response = app.anonymous(Method::POST, &path).json(&json!({"muted": true})).send().await.unwrap();
        refused(response, 401, "unauthenticated").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_takes_what_was_said_along() {
    let app = TestApp::spawn().await;
    let (ada, grace) = (app.person("ada").await, app.person("grace").await);
    for number in 1..=25 {
        grace.send(&ada, &format!("bad {number}")).await;
    }
    let path = format!("/messages/report/{}", grace.id);
    let answer = ada.post(&path, json!({"reason": "  He was rude.  "})).await;
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    let store = &app.state.service.store;
    assert!(wait_until(|| async { store.reports(None, None, 10).await.unwrap().len() == 1 }).await);
    let [report] = &store.reports(None, None, 10).await.unwrap()[..] else { panic!("not one report") };
    assert_eq!(report.reason, "He was rude.");
    assert_eq!(report.reporter_id.map(|id| id.to_string()), Some(ada.id.clone()));
    let said: Vec<_> = report.messages.iter().map(|message| message.content.as_str()).collect();
    assert_eq!((said.len(), said[0], said[19]), (20, "bad 6", "bad 25"));
}
