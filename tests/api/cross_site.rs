//! What another site may make a browser do: nothing.

use reqwest::{Method, StatusCode};

use crate::harness::{TestApp, refused};

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_from_another_site_is_refused() {
    let app = TestApp::spawn().await;
    let ada = app.person("ada").await;
    let ours = format!("http://{}", app.address);
    let post = |headers: &[(&str, &str)]| {
        let request =
            app.anonymous(Method::POST, "/messages/ws-ticket").header("cookie", format!("sid={}", ada.token));
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
    };
    for foreign in [
        vec![("sec-fetch-site", "cross-site")],
        vec![("sec-fetch-site", "same-site")],
        vec![("sec-fetch-site", "cross-site"), ("origin", ours.as_str())],
        vec![("origin", "https://evil.example")],
        vec![("origin", "null")],
        vec![("origin", "")],
        vec![("origin", &format!("{ours}.evil.example"))],
        vec![("origin", &format!("http://evil.example/{ours}"))],
        vec![("origin", &ours.replace("http://", "http://evil."))],
        vec![("origin", &ours.replace("http://", "https://"))],
        vec![("sec-fetch-site", "")],
    ] {
        refused(post(&foreign).send().await.unwrap(), 403, "cross_site").await;
    }
    for own in [
        vec![("sec-fetch-site", "same-origin")],
        vec![("sec-fetch-site", "none")],
        vec![("origin", ours.as_str())],
        vec![],
    ] {
        assert_eq!(post(&own).send().await.unwrap().status(), StatusCode::OK, "{own:?}");
    }
    let form = post(&[("content-type", "text/plain")]).body("x").send().await.unwrap();
    refused(form, 415, "unsupported_media_type").await;
    let bearer = ada.request(Method::POST, "/messages/ws-ticket").header("sec-fetch-site", "cross-site");
    assert_eq!(bearer.send().await.unwrap().status(), StatusCode::OK, "a bearer token is never sent unasked");
}

#[tokio::test(flavor = "multi_thread")]
async fn log_in_works_as_a_plain_form_and_goes_to_own_pages_only() {
    let app = TestApp::spawn().await;
    app.person("ada").await;
    let post = async |path: &str, fields: &[(&str, &str)]| {
        let request = app.anonymous(Method::POST, path).header("sec-fetch-site", "same-origin").form(fields);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        let cookie = response.headers().get("set-cookie").map(|cookie| cookie.to_str().unwrap().to_owned());
        (response.headers()["location"].to_str().unwrap().to_owned(), cookie)
    };
    for (next, to) in
        [("", "/"), ("/messages", "/messages"), ("//evil.example", "/"), ("https://evil.example", "/")]
    {
        let fields = [("username", "ada"), ("password", "correct horse"), ("next", next)];
        let (location, cookie) = post("/login", &fields).await;
        assert_eq!(location, to);
        assert!(cookie.is_some_and(|cookie| cookie.starts_with("sid=")));
    }
    let (back, cookie) =
        post("/login", &[("username", "ada"), ("password", "wrong"), ("next", "/messages")]).await;
    assert_eq!(back, "/login?error=invalid_credentials&username=ada&next=%2Fmessages");
    assert_eq!(cookie, None);
    let (back, _) =
        post("/signup", &[("username", "ada"), ("password", "correct horse"), ("display_name", "Ada")]).await;
    assert_eq!(back, "/signup?error=username_taken&username=ada&display_name=Ada");
    let (home, cookie) =
        post("/signup", &[("username", "new"), ("password", "correct horse"), ("display_name", "New")]).await;
    assert_eq!(home, "/");
    let pair = cookie.unwrap().split(';').next().unwrap().to_owned();
    let out = app
        .anonymous(Method::POST, "/logout")
        .header("origin", format!("http://{}", app.address))
        .header("cookie", &pair);
    let out = out.send().await.unwrap();
    assert_eq!(out.headers()["location"], "/login");
    assert_eq!(out.headers()["clear-site-data"], "\"storage\"");
    let me = app.anonymous(Method::GET, "/auth/me").header("cookie", &pair).send().await.unwrap();
    assert_eq!(me.status(), StatusCode::UNAUTHORIZED);
    let foreign = app
        .anonymous(Method::POST, "/login")
        .header("origin", "https://evil.example")
        .form(&[("username", "ada")]);
    refused(foreign.send().await.unwrap(), 403, "cross_site").await;
}
