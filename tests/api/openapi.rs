//! The description of the API, and the page that shows it.

use std::collections::BTreeSet;

use reqwest::{Method, Response, StatusCode};
use serde_json::Value;

use crate::harness::{TestApp, expect};

/// What clients are promised.
const ENDPOINTS: &[(&str, &str)] = &[
    ("post", "/auth/signup"),
    ("post", "/auth/login"),
    ("post", "/auth/logout"),
    ("get", "/auth/me"),
    ("get", "/auth/sessions"),
    ("delete", "/auth/sessions/{session_id}"),
    ("post", "/auth/password"),
    ("get", "/account/export"),
    ("post", "/account/delete"),
    ("get", "/profiles/matches"),
    ("get", "/profiles/{user_id}"),
    ("post", "/messages/ws-ticket"),
    ("get", "/messages/ws/{user_id}"),
    ("post", "/messages/send"),
    ("get", "/messages/history/{other_user_id}"),
    ("get", "/messages/conversations"),
    ("post", "/messages/read/{other_user_id}"),
    ("post", "/messages/contact/{other_user_id}"),
    ("post", "/messages/report/{other_user_id}"),
    ("get", "/healthz"),
    ("get", "/readyz"),
    ("get", "/metrics"),
    ("get", "/api/openapi.json"),
];

async fn get(app: &TestApp, path: &str) -> Response {
    app.anonymous(Method::GET, path).send().await.unwrap()
}

async fn document(app: &TestApp) -> Value {
    expect(get(app, "/api/openapi.json").await, StatusCode::OK).await
}

/// Method, path and description of every operation.
fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths
        .flat_map(|(path, item)| {
            item.as_object().unwrap().iter().map(move |(method, operation)| (&**method, &**path, operation))
        })
        .collect()
}

/// Every value that stands under this name, however deep.
fn all<'v>(value: &'v Value, name: &str, found: &mut Vec<&'v Value>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get(name));
            fields.values().for_each(|value| all(value, name, found));
        }
        Value::Array(values) => values.iter().for_each(|value| all(value, name, found)),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_names_every_endpoint() {
    let app = TestApp::spawn().await;
    let document = document(&app).await;
    let named: BTreeSet<_> =
        operations(&document).into_iter().map(|(method, path, _)| (method, path)).collect();
    assert_eq!(named, ENDPOINTS.iter().copied().collect());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_is_whole() {
    let app = TestApp::spawn().await;
    let document = document(&app).await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    assert!(document["info"]["title"].is_string() && document["info"]["version"].is_string());
    let mut references = Vec::new();
    all(&document, "$ref", &mut references);
    assert!(references.len() > 50);
    for reference in references {
        let pointer = reference.as_str().unwrap().strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    for scheme in document["security"].as_array().unwrap() {
        let (name, _) = scheme.as_object().unwrap().iter().next().unwrap();
        assert!(document["components"]["securitySchemes"][name].is_object(), "{name}");
    }
    let operations = operations(&document);
    let ids: BTreeSet<_> =
        operations.iter().map(|(.., operation)| operation["operationId"].as_str()).collect();
    assert_eq!(ids.len(), operations.len(), "operations share an id");
    let mut links = Vec::new();
    all(&document, "links", &mut links);
    let links: Vec<_> = links.into_iter().flat_map(|links| links.as_object().unwrap().values()).collect();
    assert!(links.len() > 10);
    for link in links {
        assert!(ids.contains(&link["operationId"].as_str()), "{link} leads nowhere");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_says_how_it_refuses() {
    let app = TestApp::spawn().await;
    let document = document(&app).await;
    for (method, path, operation) in operations(&document) {
        let answers = operation["responses"].as_object().unwrap();
        let mut refusals = 0;
        for (status, answer) in answers {
            assert!(!answer["description"].as_str().unwrap().is_empty(), "{method} {path}: {status}");
            let schema = &answer["content"]["application/json"]["schema"]["$ref"];
            if status.starts_with(['4', '5']) && (path, &**status) != ("/readyz", "503") {
                assert_eq!(schema, "#/components/schemas/ErrorAnswer", "{method} {path}: {status}");
                refusals += usize::from(status.starts_with('4'));
            }
        }
        assert!(refusals > 0, "{method} {path} never refuses anything");
        let is_public = operation["security"].is_array();
        assert!(is_public || answers.contains_key("401"), "{method} {path} knows no 401");
        let in_path = path.matches('{').count();
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        assert_eq!(parameters.filter(|parameter| parameter["in"] == "path").count(), in_path, "{path}");
    }
}

/// The addresses a page loads its files from.
fn loaded(page: &str) -> Vec<&str> {
    let marks = ["src=\"", "href=\""].into_iter();
    marks.flat_map(|mark| page.split(mark).skip(1)).map(|rest| rest.split('"').next().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_loads_everything_from_here() {
    let app = TestApp::spawn().await;
    let bare = get(&app, "/api/docs").await;
    assert_eq!(
        (bare.status(), &bare.headers()["location"]),
        (StatusCode::SEE_OTHER, &"/api/docs/".parse().unwrap())
    );
    let page = get(&app, "/api/docs/").await;
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
    assert!(page.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    let page = page.text().await.unwrap();
    assert_eq!(page.matches("<script").count(), page.matches("<script src=").count(), "a script is inline");
    let files = loaded(&page);
    assert!(files.len() >= 5, "{files:?}");
    for file in files {
        let name = file.strip_prefix("./").unwrap_or(file);
        assert!(!name.contains(['/', ':']), "{file} is elsewhere");
        let loaded = get(&app, &format!("/api/docs/{name}")).await;
        assert_eq!(loaded.status(), StatusCode::OK, "{file}");
        let kind = match name.rsplit('.').next().unwrap() {
            "js" => "text/javascript",
            "css" => "text/css",
            "png" => "image/png",
            other => panic!("{other} is a new kind of file"),
        };
        assert!(loaded.headers()["content-type"].to_str().unwrap().starts_with(kind), "{file}");
    }
    let start = get(&app, "/api/docs/swagger-initializer.js").await.text().await.unwrap();
    assert!(start.contains("\"url\": \"/api/openapi.json\"") && !start.contains("http"), "{start}");
}
