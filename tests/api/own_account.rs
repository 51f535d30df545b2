//! One's own account: devices, the password, leaving.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::harness::{Person, Setup, TestApp, expect, refused, uuid};
use crate::instances::two;

const PASSWORD: &str = "correct horse";
const OTHER_PASSWORD: &str = "battery staple";

/// The same person on one more device, which calls itself so.
async fn log_in(app: &TestApp, ada: &Person, user_agent: &str) -> Person {
    let body = json!({"username": "ada", "password": PASSWORD});
    let request = app.anonymous(Method::POST, "/auth/login").header("user-agent", user_agent).json(&body);
    let answer = expect(request.send().await.unwrap(), StatusCode::OK).await;
    app.known(&ada.id, answer["token"].as_str().unwrap())
}

async fn sessions(of: &Person) -> Vec<Value> {
    of.get("/auth/sessions").await["sessions"].as_array().unwrap().clone()
}

async fn end(by: &Person, id: &str) -> reqwest::Response {
    by.request(Method::DELETE, &format!("/auth/sessions/{id}")).send().await.unwrap()
}

async fn log_in_status(app: &TestApp, password: &str) -> StatusCode {
    let body = json!({"username": "ada", "password": password});
    app.anonymous(Method::POST, "/auth/login").json(&body).send().await.unwrap().status()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_listed_and_ended_by_its_owner_only() {
    let app = TestApp::spawn().await;
    let (ada, grace) = (app.person("ada").await, app.person("grace").await);
    let phone =
        log_in(&app, &ada, "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0").await;
    let mut socket = phone.device().await;

    let listed = sessions(&ada).await;
    assert_eq!(listed.len(), 2);
    let text = json!(listed).to_string();
    assert!(!text.contains(&ada.token) && !text.contains(&phone.token), "a list opens nothing");
    let [other] = &listed.iter().filter(|session| session["current"] == false).collect::<Vec<_>>()[..] else {
        panic!("{listed:?}");
    };
    assert_eq!(other["device"], "Firefox on Android");
    assert!(other["created_at"].is_string() && other["last_used_at"].is_string());
    let id = other["id"].as_str().unwrap();

    for (by, id) in [(&grace, id), (&ada, &*uuid()), (&ada, "nonsense")] {
        refused(end(by, id).await, 404, "not_found").await;
    }
    phone.get("/auth/me").await;
    assert_eq!(end(&ada, id).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(socket.close_code().await, 4401);
    assert_eq!(phone.status("/auth/me").await, StatusCode::UNAUTHORIZED);
    refused(end(&ada, id).await, 404, "not_found").await;
    assert_eq!(sessions(&ada).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_password_ends_the_other_devices() {
    let app = TestApp::spawn().await;
    let ada = app.person("ada").await;
    let phone = log_in(&app, &ada, "phone").await;
    let (mut kept, mut ended) = (ada.device().await, phone.device().await);
    let change = async |current: &str, new: &str| {
        ada.post("/auth/password", json!({"current_password": current, "new_password": new})).await
    };
    refused(change("wrong horse", OTHER_PASSWORD).await, 403, "wrong_password").await;
    for bad in ["short", "password123", &"x".repeat(257)] {
        assert_eq!(refused(change(PASSWORD, bad).await, 422, "invalid").await, "new_password");
    }
    phone.get("/auth/me").await;
    assert_eq!(log_in_status(&app, PASSWORD).await, StatusCode::OK, "nothing has changed so far");

    assert_eq!(change(PASSWORD, OTHER_PASSWORD).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(ended.close_code().await, 4401);
    assert_eq!(phone.status("/auth/me").await, StatusCode::UNAUTHORIZED);
    kept.drain().await;
    assert_eq!(sessions(&ada).await.len(), 1);
    assert_eq!(log_in_status(&app, PASSWORD).await, StatusCode::UNAUTHORIZED);
    assert_eq!(log_in_status(&app, OTHER_PASSWORD).await, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_not_guessed_at_from_an_open_device() {
    let app = TestApp::spawn_with(Setup { rate_limit: true, ..Setup::default() }).await;
    let ada = app.person("ada").await;
    for path in ["/auth/password", "/account/delete"].iter().cycle().take(5) {
        let guess =
            json!({"current_password": "a guess", "password": "a guess", "new_password": OTHER_PASSWORD});
        refused(ada.post(path, guess).await, 403, "wrong_password").await;
    }
    refused(ada.post("/account/delete", json!({"password": PASSWORD})).await, 429, "rate_limited").await;
    ada.get("/auth/me").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_deleted_and_those_it_talked_to_are_told() {
    let app = TestApp::spawn().await;
    let (ada, grace) = (app.person("ada").await, app.person("grace").await);
    let stranger = app.person("stranger").await;
    ada.send(&grace, "hello").await;
    grace.send(&ada, "hello back").await;
    let (mut hers, mut his) = (ada.device().await, grace.device().await);
    let mut strangers = stranger.device().await;

    refused(ada.post("/account/delete", json!({"password": "wrong horse"})).await, 403, "wrong_password")
        .await;
    refused(ada.post("/account/delete", json!({})).await, 422, "invalid").await;
    let gone = ada.post("/account/delete", json!({"password": PASSWORD})).await;
    assert_eq!(gone.status(), StatusCode::NO_CONTENT);
    assert_eq!(hers.close_code().await, 4401);
    assert_eq!(his.expect("gone").await["peer_id"], ada.id);
    assert!(strangers.drain().await.iter().all(|frame| frame["type"] != "gone"), "others are told nothing");

    assert_eq!(ada.status("/auth/me").await, StatusCode::UNAUTHORIZED);
    assert_eq!(log_in_status(&app, PASSWORD).await, StatusCode::UNAUTHORIZED);
    assert_eq!(grace.status(&format!("/profiles/{}", ada.id)).await, StatusCode::NOT_FOUND);
    assert_eq!(grace.status(&format!("/messages/history/{}", ada.id)).await, StatusCode::NOT_FOUND);
    assert_eq!(grace.get("/messages/conversations").await["conversations"], json!([]));
    let (_again, welcome) = grace.welcomed().await;
    assert_eq!(welcome["conversations"], json!([]));
    his.say(json!({"type": "ping", "heads": {&ada.id: 2}})).await;
    assert_eq!(his.expect("pong").await["heads"], json!({}));
    let error = his.send(&ada, &uuid(), "are you there?").await;
    assert_eq!((&error["code"], &error["retryable"]), (&json!("not_found"), &json!(false)));
    app.person("ada").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn devices_on_another_instance_hear_of_it_too() {
    let (one, other) = two().await;
    let ada = one.person("ada").await;
    let grace = other.moved(&one.person("grace").await);
    ada.send(&grace, "hello").await;
    let ended = log_in(&one, &ada, "one that is ended").await;
    let (mut first, mut second) = (other.moved(&ended).device().await, other.moved(&ada).device().await);
    let mut his = grace.device().await;
    let soon = Duration::from_secs(2);

    let listed = sessions(&ended).await;
    let id = listed.iter().find(|session| session["current"] == true).unwrap()["id"].as_str().unwrap();
    assert_eq!(end(&ada, id).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(timeout(soon, first.close_code()).await.expect("later than two seconds"), 4401);

    let gone = ada.post("/account/delete", json!({"password": PASSWORD})).await;
    assert_eq!(gone.status(), StatusCode::NO_CONTENT);
    assert_eq!(timeout(soon, second.close_code()).await.expect("later than two seconds"), 4401);
    assert_eq!(timeout(soon, his.expect("gone")).await.expect("later than two seconds")["peer_id"], ada.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_holds_everything_and_no_secret() {
    let app = TestApp::spawn().await;
    let (ada, grace, alan) = (app.person("ada").await, app.person("grace").await, app.person("alan").await);
    // More than one page of each, so that the seams are seen.
    for n in 0..130 {
        let (from, to) = if n % 2 == 0 { (&ada, &grace) } else { (&grace, &ada) };
        from.send(to, &format!("\"{n}\" }} ]")).await;
    }
    ada.send(&alan, "to Alan").await;
    grace.send(&alan, "not Ada's").await;
    expect(ada.post(&format!("/messages/contact/{}", alan.id), json!({"muted": true})).await, StatusCode::OK)
        .await;
    let report = ada.post(&format!("/messages/report/{}", grace.id), json!({"reason": "Rude."})).await;
    assert_eq!(report.status(), StatusCode::NO_CONTENT);

    let request = ada.request(Method::GET, "/account/export").header("cookie", "preferences=de.dark.sound");
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["content-disposition"], "attachment; filename=\"mosaic.json\"");
    assert_eq!(response.headers()["content-type"], "application/json");
    let text = response.text().await.unwrap();
    for secret in [&*ada.token, "argon2", "password", "not Ada's"] {
        assert!(!text.contains(secret), "{secret}");
    }
    let export: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(export["profile"]["username"], "ada");
    assert_eq!(export["settings"]["language"], "de");
    assert_eq!(export["settings"]["theme"], "dark");
    assert_eq!(
        (&export["settings"]["sound"], &export["settings"]["notifications"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(export["sessions"][0]["current"], true);
    assert_eq!(export["reports"].as_array().unwrap().len(), 1);
    assert_eq!(export["reports"][0]["reason"], "Rude.");
    let people = export["people"].as_array().unwrap();
    assert_eq!(people.len(), 2);
    let of = |person: &Person| people.iter().find(|entry| entry["id"] == person.id).unwrap();
    assert_eq!(of(&alan)["contact"]["muted"], true);
    assert_eq!(of(&alan)["messages"][0]["content"], "to Alan");
    assert_eq!(of(&grace)["display_name"], "Grace");
    let contents: Vec<_> =
        of(&grace)["messages"].as_array().unwrap().iter().map(|it| it["content"].clone()).collect();
    assert_eq!(contents, (0..130).map(|n| json!(format!("\"{n}\" }} ]"))).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_of_nothing_is_whole() {
    let app = TestApp::spawn().await;
    let export = app.person("ada").await.get("/account/export").await;
    assert_eq!((&export["people"], &export["reports"]), (&json!([]), &json!([])));
}

/// What a browser does on the page, without any script.
async fn form(app: &TestApp, ada: &Person, fields: &[(&str, &str)]) -> reqwest::Response {
    let request = app.anonymous(Method::POST, "/account").header("sec-fetch-site", "same-origin");
    request.header("cookie", format!("sid={}", ada.token)).form(fields).send().await.unwrap()
}

async fn page(app: &TestApp, ada: &Person, path: &str) -> String {
    let cookie = format!("sid={}; preferences=dark", ada.token);
    let response = app.anonymous(Method::GET, path).header("cookie", cookie).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    response.text().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_needs_no_script_and_says_what_became_of_a_form() {
    let app = TestApp::spawn().await;
    let ada = app.person("ada").await;
    let phone = log_in(&app, &ada, "Mozilla/5.0 (iPhone) Safari/604.1").await;
    let stranger = app.anonymous(Method::GET, "/account").send().await.unwrap();
    assert_eq!(stranger.headers()["location"], "/login?next=%2Faccount");

    let html = page(&app, &ada, "/account").await;
    for text in [
        "data-theme=\"dark\"",
        "data-hydrated=\"true\"",
        "<title>Your account · Mosaic</title>",
        "Safari on iPhone",
        "This device",
    ] {
        assert!(html.contains(text), "{text}: {html}");
    }
    for text in ["<script", "style=\"", "role=\"alert\"", "role=\"status\"", &*ada.token] {
        assert!(!html.contains(text), "{text}");
    }
    let after = async |fields: &[(&str, &str)], to: &str| {
        let answer = form(&app, &ada, fields).await;
        assert_eq!(
            (answer.status(), &answer.headers()["location"]),
            (StatusCode::SEE_OTHER, &to.parse().unwrap())
        );
        page(&app, &ada, to).await
    };
    let listed = sessions(&ada).await;
    let id = listed.iter().find(|session| session["current"] == false).unwrap()["id"].as_str().unwrap();
    assert!(
        after(&[("form", "device"), ("device", id)], "/account?form=device")
            .await
            .contains("role=\"status\"")
    );
    assert_eq!(phone.status("/auth/me").await, StatusCode::UNAUTHORIZED);
    after(&[("form", "device"), ("device", id)], "/account?form=device&error=not_found").await;

    let password =
        |current| [("form", "password"), ("current-password", current), ("new-password", OTHER_PASSWORD)];
    let wrong = after(&password("wrong"), "/account?form=password&error=wrong_password").await;
    assert!(wrong.contains("id=\"account-password-told\" role=\"alert\""), "{wrong}");
    assert!(wrong.contains("aria-describedby=\"account-password-told\""));
    assert!(after(&password(PASSWORD), "/account?form=password").await.contains("role=\"status\""));

    let leave =
        |password, confirmed| [("form", "delete"), ("delete-password", password), ("confirmed", confirmed)];
    after(&leave(OTHER_PASSWORD, ""), "/account?form=delete&error=invalid").await;
    after(&leave(PASSWORD, "yes"), "/account?form=delete&error=wrong_password").await;
    let gone = form(&app, &ada, &leave(OTHER_PASSWORD, "yes")).await;
    assert_eq!(
        (gone.status(), &gone.headers()["location"]),
        (StatusCode::SEE_OTHER, &"/login".parse().unwrap())
    );
    assert_eq!(gone.headers()["clear-site-data"], "\"storage\"");
    assert!(gone.headers()["set-cookie"].to_str().unwrap().starts_with("sid=;"));
    assert_eq!(ada.status("/auth/me").await, StatusCode::UNAUTHORIZED);

    let foreign = app.anonymous(Method::POST, "/account").header("origin", "https://evil.example");
    refused(foreign.form(&leave(PASSWORD, "yes")).send().await.unwrap(), 403, "cross_site").await;
}
