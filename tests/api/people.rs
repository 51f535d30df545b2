//! Profiles, matches and pictures.

use mosaic::server::people;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::harness::{TestApp, expect, refused, uuid};

#[tokio::test(flavor = "multi_thread")]
async fn matches_are_scored_sorted_and_never_oneself() {
    let app = TestApp::spawn().await;
    people::seed_demo(&app.state.service.store, &demo_hash(&app).await, app.clock.now()).await.unwrap();
    let body = json!({"username": "ada", "password": "mosaic-demo"});
    let login = app.anonymous(Method::POST, "/auth/login").json(&body).send().await.unwrap();
    let login = expect(login, StatusCode::OK).await;
    let token = login["token"].as_str().unwrap();
    let get = async |path: &str| {
        let response = app.anonymous(Method::GET, path).bearer_auth(token).send().await.unwrap();
        expect(response, StatusCode::OK).await
    };
    let all = get("/profiles/matches").await;
    let all = all["matches"].as_array().unwrap();
    assert_eq!(all.len(), 15);
    let scores: Vec<u64> = all.iter().map(|m| m["score"].as_u64().unwrap()).collect();
    assert!(scores.is_sorted_by(|a, b| a >= b) && scores.iter().all(|s| *s <= 100));
    assert!(all.iter().all(|m| m["profile"]["username"] != "ada"));
    let best = &all[0];
    let alone = get(&format!("/profiles/{}", best["profile"]["id"].as_str().unwrap())).await;
    assert_eq!(&alone, best, "the card and the list agree");
    let own = get(&format!("/profiles/{}", login["user"]["id"].as_str().unwrap())).await;
    assert_eq!(own["score"], json!(null));
    for (query, username) in
        [("GRACE", "grace"), ("hopper", "grace"), ("urin", "alan"), ("Clockwork", "charles")]
    {
        let found = get(&format!("/profiles/matches?q={query}")).await;
        let found: Vec<_> =
            found["matches"].as_array().unwrap().iter().map(|m| m["profile"]["username"].clone()).collect();
        assert!(found.contains(&json!(username)), "{query}: {found:?}");
    }
    for literal in ["%25", "_______", "%5C", "zzzz", "' or 1=1"] {
        assert_eq!(get(&format!("/profiles/matches?q={literal}")).await["matches"], json!([]), "{literal}");
    }
    let first = get("/profiles/matches?limit=4").await;
    let next = first["next_after"].as_str().unwrap().to_owned();
    let second = get(&format!("/profiles/matches?limit=200&after={next}")).await;
    let paged =
        [first["matches"].as_array().unwrap().as_slice(), second["matches"].as_array().unwrap()].concat();
    assert_eq!(&paged, all);
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_people_and_bad_queries_are_refused() {
    let app = TestApp::spawn().await;
    let ada = app.person("ada").await;
    for nobody in [uuid(), "x".to_owned(), "%ff".to_owned()] {
        let response = ada.request(Method::GET, &format!("/profiles/{nobody}")).send().await.unwrap();
        refused(response, 404, "not_found").await;
    }
    for bad in
        ["limit=0", "limit=201", "limit=x", "q=a&q=b", "after=zz", &format!("q={}", "x".repeat(201)), "q=%00"]
    {
        let response = ada.request(Method::GET, &format!("/profiles/matches?{bad}")).send().await.unwrap();
        refused(response, 422, "invalid").await;
    }
    let huge = format!("/profiles/matches?q={}", "x".repeat(9000));
    refused(ada.request(Method::GET, &huge).send().await.unwrap(), 414, "uri_too_long").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_are_drawn_for_ids() {
    let app = TestApp::spawn().await;
    let ada = app.person("ada").await;
    let url = ada.get("/auth/me").await["user"]["avatar_url"].as_str().unwrap().to_owned();
    let picture = app.anonymous(Method::GET, &url).send().await.unwrap();
    assert_eq!(picture.headers()["content-type"], "image/svg+xml");
    assert!(picture.text().await.unwrap().starts_with("<svg"));
    refused(app.anonymous(Method::GET, "/avatars/x.svg").send().await.unwrap(), 404, "not_found").await;
}

async fn demo_hash(app: &TestApp) -> String {
    app.state.service.hash_password("mosaic-demo").await.unwrap()
}
