//! What stands between a stranger and a socket.

use chrono::TimeDelta;

use crate::harness::{TestApp, uuid};

#[tokio::test(flavor = "multi_thread")]
async fn the_checks_come_in_order_and_before_the_upgrade() {
    let app = TestApp::spawn().await;
    let (ada, grace) = (app.person("ada").await, app.person("grace").await);
    let ours = format!("http://{}", app.address);
    let theirs = Some("https://evil.example");
    let path = |user: &str, token: &str| format!("/messages/ws/{user}?token={token}");
    let refusal = async |path: String, origin: Option<&str>| ada.upgrade(&path, origin).await.err();

    assert_eq!(refusal(path("x", "x"), theirs).await, Some(404), "the id before the origin");
    let doubled = format!("{}&token=y", path(&ada.id, "x"));
    assert_eq!(refusal(doubled, theirs).await, Some(400), "the query before the origin");
    let ticket = ada.ticket().await;
    let doubled = format!("{}&token={ticket}", path(&ada.id, &ticket));
    assert_eq!(refusal(doubled, None).await, Some(400), "the same ticket twice");
    assert!(ada.upgrade(&path(&ada.id, &ticket), None).await.is_ok(), "it was not looked up, so not spent");
    let ticket = ada.ticket().await;
    for foreign in [
        "https://evil.example",
        "null",
        "",
        "http://127.0.0.1",
        &format!("{ours}.evil.example"),
        &format!("{ours}0"),
        &ours.replace("http://", "http://evil."),
        &ours.replace("http://", "https://"),
    ] {
        assert_eq!(refusal(path(&ada.id, &ticket), Some(foreign)).await, Some(403), "{foreign}");
    }
    assert_eq!(refusal(format!("/messages/ws/{}", ada.id), None).await, Some(401), "no ticket");
    assert_eq!(refusal(path(&ada.id, &uuid()), None).await, Some(401), "an invented ticket");
    assert_eq!(refusal(path(&ada.id, &ada.token), None).await, Some(401), "a session is no ticket");
    assert!(ada.upgrade(&path(&ada.id, &ticket), Some(&ours)).await.is_ok());
    assert_eq!(refusal(path(&ada.id, &ticket), None).await, Some(401), "spent");

    let hers = ada.ticket().await;
    assert_eq!(refusal(path(&grace.id, &hers), None).await, Some(403), "somebody else's socket");
    assert_eq!(refusal(path(&ada.id, &hers), None).await, Some(401), "looked up is spent");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_lives_thirty_seconds_and_not_longer_than_its_session() {
    let app = TestApp::spawn().await;
    let ada = app.person("ada").await;
    let path = |token: &str| format!("/messages/ws/{}?token={token}", ada.id);
    let late = ada.ticket().await;
    app.clock.advance(TimeDelta::seconds(31));
    assert_eq!(ada.upgrade(&path(&late), None).await.err(), Some(401));
    let orphan = ada.ticket().await;
    ada.request(reqwest::Method::POST, "/auth/logout").send().await.unwrap();
    assert_eq!(ada.upgrade(&path(&orphan), None).await.err(), Some(401));
}
