//! Pages as the server renders them, before any script runs.

use futures::future::join_all;
use reqwest::{Method, Response, StatusCode};

use crate::harness::TestApp;

async fn page(app: &TestApp, path: &str, token: Option<&str>) -> Response {
    let request = app.anonymous(Method::GET, path);
    let request =
        token.into_iter().fold(request, |request, token| request.header("cookie", format!("sid={token}")));
    request.send().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_are_led_to_the_log_in_and_back() {
    let app = TestApp::spawn().await;
    for (path, to) in [
        ("/", "/login"),
        ("/messages", "/login?next=%2Fmessages"),
        ("/?profile=x&chat=open", "/login?next=%2F%3Fprofile%3Dx%26chat%3Dopen"),
    ] {
        let response = page(&app, path, None).await;
        assert_eq!(
            (response.status(), &response.headers()["location"]),
            (StatusCode::SEE_OTHER, &to.parse().unwrap())
        );
    }
    let ada = app.person("ada").await;
    for path in ["/login", "/signup"] {
        assert_eq!(page(&app, path, Some(&ada.token)).await.headers()["location"], "/");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_come_rendered() {
    let app = TestApp::spawn().await;
    let (ada, grace) = (app.person("ada").await, app.person("grace").await);
    grace.send(&ada, "Hello Ada").await;
    for (path, expected) in [
        ("/".to_owned(), vec!["Search matches", "Grace", "% match", "Log out"]),
        ("/messages".to_owned(), vec!["Conversations", "Grace", "Hello Ada", "inbox-item__unread"]),
        (format!("/?profile={}", grace.id), vec!["Grace", "% match", "profile-card__message"]),
        (format!("/?profile={}&chat=open", grace.id), vec!["Chat with Grace", "Messages with Grace"]),
    ] {
        let response = page(&app, &path, Some(&ada.token)).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert_eq!(response.headers()["cache-control"], "no-store");
        let html = response.text().await.unwrap();
        for text in expected {
            assert!(html.contains(text), "{path} lacks {text:?}");
        }
        assert!(!html.contains("style=\""), "{path}: inline styles are against the policy");
    }
    for (path, expected) in
        [("/login?error=invalid_credentials&username=ada", "role=\"alert\""), ("/signup", "Create account")]
    {
        let html = page(&app, path, None).await.text().await.unwrap();
        assert!(html.contains(expected), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_icon_is_kept_for_a_day_and_what_is_not_there_not_at_all() {
    let app = TestApp::spawn().await;
    std::fs::write(app.folder.path().join("favicon.svg"), "<svg/>").unwrap();
    for (path, status, kept) in [
        ("/favicon.svg", StatusCode::OK, "public, max-age=86400"),
        ("/favicon.png", StatusCode::NOT_FOUND, "no-store"),
    ] {
        let response = page(&app, path, None).await;
        assert_eq!(
            (response.status(), &response.headers()["cache-control"]),
            (status, &kept.parse().unwrap())
        );
    }
    let again = app.anonymous(Method::GET, "/favicon.svg");
    let again = again.header("if-modified-since", "Thu, 31 Dec 2099 00:00:00 GMT").send().await.unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(again.headers()["cache-control"], "public, max-age=86400");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_page_is_a_404_with_a_heading() {
    let app = TestApp::spawn().await;
    let response = page(&app, "/nowhere/at/all", None).await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert!(response.text().await.unwrap().contains("<h1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_names_the_nonce_of_every_inline_script() {
    let app = TestApp::spawn().await;
    let response = page(&app, "/login", None).await;
    let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
    let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).unwrap().to_owned();
    let html = response.text().await.unwrap();
    let inline = html.split("<script").skip(1).filter(|tag| !tag.split('>').next().unwrap().contains("src="));
    for tag in inline {
        assert!(tag.split('>').next().unwrap().contains(&nonce), "a script without the nonce: {tag:.80}");
    }
    assert!(!policy.contains("unsafe-inline") && policy.contains("default-src 'none'"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_paint_is_as_the_browser_wants_it() {
    let app = TestApp::spawn().await;
    let root = async |cookie: &str| {
        let answer = app.anonymous(Method::GET, "/login").header("cookie", cookie).send().await.unwrap();
        let html = answer.text().await.unwrap();
        html.split_once("<html").unwrap().1.split_once('>').unwrap().0.to_owned()
    };
    assert_eq!(root("a=b").await, " lang=\"en\" dir=\"ltr\"");
    let chosen = root("a=b; preferences=dark.opaque.sound").await;
    assert!(chosen.contains("data-theme=\"dark\""), "{chosen}");
    assert!(chosen.contains("data-transparency=\"off\""), "{chosen}");
    assert_eq!(root("preferences=\"><script>alert(1)</script>").await, " lang=\"en\" dir=\"ltr\"");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_paint_is_in_the_language_that_was_chosen_or_is_liked_best() {
    let app = TestApp::spawn().await;
    for (path, chosen, liked, root, said) in [
        ("/login", "", "", "lang=\"en\" dir=\"ltr\"", ">Welcome back<"),
        ("/login", "", "fr,de-AT;q=0.9,en;q=0.8", "lang=\"de\" dir=\"ltr\"", ">Willkommen zurück<"),
        ("/login", "preferences=dark.he", "de", "lang=\"he\" dir=\"rtl\"", ">טוב לראות אותך שוב<"),
        ("/login", "preferences=en", "de", "lang=\"en\" dir=\"ltr\"", ">Welcome back<"),
        ("/nowhere", "", "de", "lang=\"de\" dir=\"ltr\"", ">Diese Seite gibt es nicht<"),
    ] {
        let request =
            app.anonymous(Method::GET, path).header("cookie", chosen).header("accept-language", liked);
        let html = request.send().await.unwrap().text().await.unwrap();
        let html_tag = html.split_once("<html").unwrap().1.split_once('>').unwrap().0;
        assert!(html_tag.contains(root), "{path} {chosen:?} {liked:?}: {html_tag}");
        assert!(html.contains(said), "{path} {chosen:?} {liked:?}");
    }
}

/// What is fetched while a page is rendered may arrive in an order that the framework gets wrong, a
/// few times in a thousand: the page then never ends. Pages fetch before they are rendered.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_complete_however_often_it_is_asked_for() {
    let app = TestApp::spawn().await;
    let (ada, grace) = (app.person("ada").await, app.person("grace").await);
    grace.send(&ada, "Hello Ada").await;
    let path = format!("/?profile={}&chat=open", grace.id);
    for number in 0..300 {
        let status = page(&app, &path, Some(&ada.token)).await.status();
        assert_eq!(status, StatusCode::OK, "request {number}");
    }
}

/// A page is finished on whatever thread is free, and that may know nothing of what the page was made of.
#[tokio::test(flavor = "multi_thread")]
async fn pages_that_are_asked_for_at_once_are_all_there() {
    let app = TestApp::spawn().await;
    let ada = app.person("ada").await;
    let visits = (0..8).map(async |_| {
        for _ in 0..40 {
            for (path, status) in [("/nowhere", StatusCode::NOT_FOUND), ("/messages", StatusCode::OK)] {
                assert_eq!(page(&app, path, Some(&ada.token)).await.status(), status, "{path}");
            }
        }
    });
    join_all(visits).await;
}
