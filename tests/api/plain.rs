//! The conversation for browsers that run no scripts: a page and a form post.

use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::harness::{Person, TestApp, refused, uuid};

fn address(peer: &Person) -> String {
    format!("/?profile={}&chat=open", peer.id)
}

/// What a browser of `who` does that runs no scripts.
fn plainly(app: &TestApp, who: &Person, method: Method, path: &str) -> RequestBuilder {
    app.anonymous(method, path)
        .header("cookie", format!("sid={}", who.token))
        .header("sec-fetch-site", "same-origin")
}

/// The part of a page that only such a browser shows.
async fn plain_page(app: &TestApp, who: &Person, path: &str) -> String {
    let response = plainly(app, who, Method::GET, path).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    plain_part(&response.text().await.unwrap())
}

fn plain_part(html: &str) -> String {
    let parts = html.split("<noscript>").skip(1).map(|part| part.split("</noscript>").next().unwrap());
    parts.collect()
}

fn hidden<'h>(html: &'h str, name: &str) -> &'h str {
    let input = html.split("<input").find(|input| input.contains(&format!("name=\"{name}\""))).unwrap();
    input.split("value=\"").nth(1).unwrap().split('"').next().unwrap()
}

async fn history(reader: &Person, other: &Person) -> Value {
    reader.get(&format!("/messages/history/{}", other.id)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_open_conversation_is_in_the_page_as_text() {
    let app = TestApp::spawn().await;
    let (ada, grace) = (app.person("ada").await, app.person("grace").await);
    for number in 1..=31 {
        grace.send(&ada, &format!("line {number} of 31")).await;
    }
    ada.send(&grace, "</noscript><b>bold</b> https://example.org").await;
    let html = plain_page(&app, &ada, &address(&grace)).await;
    assert_eq!(html.matches("data-direction=\"received\"").count(), 29);
    assert_eq!(html.matches("data-direction=\"sent\"").count(), 1);
    assert!(html.contains("line 31 of 31") && !html.contains("line 2 of 31"), "the newest");
    assert!(html.contains("Earlier messages need JavaScript."));
    assert!(html.contains("&lt;/noscript&gt;&lt;b&gt;") && html.contains("href=\"https://example.org\""));
    assert_eq!(hidden(&html, "read"), "32");
    let card = plain_page(&app, &ada, &format!("/?profile={}", grace.id)).await;
    assert_eq!(hidden(&card, "profile"), grace.id, "the Message button needs it");
    assert!(!card.contains("line 31"), "only where the panel is open");
    let read = history(&ada, &grace).await["read_seq"].clone();
    assert_eq!(read, 0, "a page that was fetched was not seen");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_sends_one_message_however_often_it_is_sent() {
    let app = TestApp::spawn().await;
    let (ada, grace) = (app.person("ada").await, app.person("grace").await);
    grace.send(&ada, "Hello Ada").await;
    let mut device = grace.device().await;
    let path = address(&grace);
    let html = plain_page(&app, &ada, &path).await;
    let fields = [
        ("client_id", hidden(&html, "client_id")),
        ("read", hidden(&html, "read")),
        ("content", "Hello\r\nGrace"),
    ];
    for _ in 0..2 {
        let response = plainly(&app, &ada, Method::POST, &path).form(&fields).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        assert_eq!(response.headers()["location"], path.as_str());
    }
    assert_eq!(device.expect("message").await["message"]["content"], "Hello\nGrace");
    let page = history(&ada, &grace).await;
    assert_eq!(page["messages"].as_array().unwrap().len(), 2);
    assert_eq!(page["read_seq"], 1, "whoever answers has read");
    let again = plain_page(&app, &ada, &path).await;
    assert!(again.contains("Hello\nGrace"));
    assert_ne!(hidden(&again, "client_id"), fields[0].1, "the next message is another one");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_sent_comes_back_with_its_text() {
    let app = TestApp::spawn().await;
    let (ada, grace) = (app.person("ada").await, app.person("grace").await);
    let path = address(&grace);
    let client_id = uuid();
    let post = async |client_id: &str, content: &str| {
        let fields = [("client_id", client_id), ("read", "0"), ("content", content)];
        let response = plainly(&app, &ada, Method::POST, &path).form(&fields).send().await.unwrap();
        (response.status(), plain_part(&response.text().await.unwrap()))
    };
    // As many bytes as a form has: the longest message that may be sent fits, and one more is refused.
    let long = "\u{1f642}".repeat(4001);
    let (status, html) = post(&client_id, &long).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("role=\"alert\"") && html.contains("4000") && html.contains(&long));
    assert_eq!(hidden(&html, "client_id"), client_id, "trying again is the same message");

    assert_eq!(post(&client_id, &long[4..]).await.0, StatusCode::SEE_OTHER);
    let (status, html) = post(&client_id, "</textarea></noscript>&lt;<b>").await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(
        html.contains(">\n&lt;/textarea>&lt;/noscript>&amp;lt;&lt;b></textarea>")
            && html.contains("Send again")
    );
    assert_ne!(hidden(&html, "client_id"), client_id, "it is another message");

    let block = ada.post(&format!("/messages/contact/{}", grace.id), json!({"blocked": true})).await;
    assert!(block.status().is_success());
    let (status, html) = post(&uuid(), "to somebody blocked").await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(html.contains("to somebody blocked") && html.contains(">You blocked this person."));
    assert_eq!(history(&ada, &grace).await["last_seq"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_form_is_for_whoever_is_logged_in_and_from_this_site() {
    let app = TestApp::spawn().await;
    let (ada, grace) = (app.person("ada").await, app.person("grace").await);
    let path = address(&grace);
    let stranger = app.anonymous(Method::POST, &path).header("sec-fetch-site", "same-origin");
    let stranger = stranger.form(&[("content", "hello")]).send().await.unwrap();
    assert_eq!(stranger.status(), StatusCode::SEE_OTHER);
    assert!(stranger.headers()["location"].to_str().unwrap().starts_with("/login?next=%2F%3Fprofile%3D"));
    let foreign = app
        .anonymous(Method::POST, &path)
        .header("cookie", format!("sid={}", ada.token))
        .header("sec-fetch-site", "cross-site");
    refused(foreign.form(&[("content", "hello")]).send().await.unwrap(), 403, "cross_site").await;
    for nobody in ["/", "/?profile=x&chat=open", &format!("/?profile={}", grace.id)] {
        let response = plainly(&app, &ada, Method::POST, nobody).form(&[("content", "hello")]);
        refused(response.send().await.unwrap(), 404, "not_found").await;
    }
    assert_eq!(history(&ada, &grace).await["last_seq"], 0);
}
