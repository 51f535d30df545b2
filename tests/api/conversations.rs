//! The inbox.

use reqwest::Method;
use serde_json::json;

use crate::harness::{TestApp, refused};

#[tokio::test(flavor = "multi_thread")]
async fn the_inbox_is_newest_first_counts_unread_and_pages() {
    let app = TestApp::spawn().await;
    let ada = app.person("ada").await;
    let mut peers = Vec::new();
    for n in 0..5 {
        let peer = app.person(&format!("peer{n}")).await;
        for text in 0..=n {
            peer.send(&ada, &format!("{text}")).await;
        }
        peers.push(peer);
    }
    ada.send(&peers[0], "last of all").await;
    let all = ada.get("/messages/conversations").await;
    let order: Vec<_> =
        all["conversations"].as_array().unwrap().iter().map(|c| c["peer"]["id"].clone()).collect();
    assert_eq!(order, [&peers[0], &peers[4], &peers[3], &peers[2], &peers[1]].map(|p| json!(p.id)));
    assert_eq!(all["total_unread"], 15, "sending moves no mark");
    assert_eq!(all["conversations"][0]["last_message"]["content"], "last of all");
    assert_eq!(all["conversations"][1]["unread"], 5);
    assert_eq!((&all["has_more"], &all["next_before"]), (&json!(false), &json!(null)));

    let (mut seen, mut before) = (Vec::new(), String::new());
    loop {
        let page = ada.get(&format!("/messages/conversations?limit=2{before}")).await;
        assert_eq!(page["total_unread"], 15, "of all, on every page");
        seen.extend(page["conversations"].as_array().unwrap().iter().map(|c| c["peer"]["id"].clone()));
        match page["next_before"].as_str() {
            Some(next) => before = format!("&before={next}"),
            None => break,
        }
    }
    assert_eq!(seen, order);
    for bad in ["before=x", "limit=0", "before=a&before=b"] {
        let response =
            ada.request(Method::GET, &format!("/messages/conversations?{bad}")).send().await.unwrap();
        refused(response, 422, "invalid").await;
    }
}
