//! An operator who keeps messages for so many days only.

use chrono::{DateTime, TimeDelta, Utc};
use mosaic::domain::{ClientId, MessageBody, MessageId, UserId};
use mosaic::server::store::NewMessage;
use reqwest::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Person, Setup, TestApp, expect, uuid, wait_until};

const MONTH: TimeDelta = TimeDelta::days(30);

fn seqs(page: &Value) -> Vec<u64> {
    page["messages"].as_array().unwrap().iter().map(|message| message["seq"].as_u64().unwrap()).collect()
}

async fn stored(app: &TestApp, from: &Person, to: &Person, created_at: DateTime<Utc>) {
    let id = |person: &Person| person.id.parse::<UserId>().unwrap();
    let message = NewMessage {
        id: MessageId(Uuid::now_v7()),
        client_id: ClientId(Uuid::now_v7()),
        sender_id: id(from),
        receiver_id: id(to),
        body: MessageBody::parse("hello").unwrap(),
        created_at,
    };
    app.state.service.store.insert_message(&message).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn old_messages_are_deleted_and_the_conversation_goes_on() {
    let app = TestApp::spawn().await;
    let (ada, grace) = (app.person("ada").await, app.person("grace").await);
    let first = json!({"receiver_id": grace.id, "content": "hello", "client_id": uuid()});
    let sent = expect(ada.post("/messages/send", first.clone()).await, StatusCode::CREATED).await;
    ada.send(&grace, "two").await;
    app.clock.advance(TimeDelta::days(6));
    ada.send(&grace, "three").await;
    let with_ada = format!("/messages/history/{}", ada.id);
    let forget = async |retention| app.state.service.forget(retention).await.unwrap();
    forget(None).await;
    forget(Some(TimeDelta::days(7))).await;
    assert_eq!(seqs(&grace.get(&with_ada).await), [1, 2, 3]);
    forget(Some(TimeDelta::days(5))).await;
    let page = grace.get(&format!("{with_ada}?after=0")).await;
    assert_eq!(seqs(&page), [3]);
    assert_eq!(
        (&page["first_seq"], &page["last_seq"], &page["has_more"]),
        (&json!(3), &json!(3), &json!(false))
    );
    let inbox = grace.get("/messages/conversations").await;
    assert_eq!(inbox["total_unread"], 1);
    let export = grace.request(reqwest::Method::GET, "/account/export").send().await.unwrap();
    let export = expect(export, StatusCode::OK).await;
    assert_eq!(seqs(&export["people"][0]), [3]);

    // A send that comes again is known, and disturbs nobody.
    let mut device = grace.device().await;
    let again = expect(ada.post("/messages/send", first).await, StatusCode::OK).await;
    assert_eq!(again, sent);
    assert!(device.drain().await.iter().all(|frame| frame["type"] != "message"));

    forget(Some(TimeDelta::zero())).await;
    let page = grace.get(&with_ada).await;
    assert_eq!((seqs(&page), &page["first_seq"], &page["last_seq"]), (vec![], &json!(4), &json!(3)));
    assert_eq!(grace.get("/messages/conversations").await["conversations"], json!([]));
    assert_eq!(ada.send(&grace, "four").await["seq"], 4);
    assert_eq!(device.expect("message").await["message"]["seq"], 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_is_told_to_deletes_on_its_own() {
    let one = TestApp::spawn().await;
    let (ada, grace) = (one.person("ada").await, one.person("grace").await);
    let now = one.clock.now();
    for age in [31, 29] {
        stored(&one, &ada, &grace, now - TimeDelta::days(age)).await;
    }
    let database_url = Some(one.state.config.database_url.clone());
    let other = TestApp::spawn_with(Setup { database_url, retention: Some(MONTH), ..Setup::default() }).await;
    let ada = other.moved(&ada);
    let with_grace = format!("/messages/history/{}", grace.id);
    assert!(wait_until(async || seqs(&ada.get(&with_grace).await) == [2]).await);
}
