//! The matrix over HTTP, and that no route is missing from it.

use std::collections::BTreeSet;
use std::path::Path;

use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use super::cast::{CALLERS, Caller, Cast, PASSWORD, Stored};
use super::rows::{self, Asked, Body, Cell, Row};
use crate::harness::{TestApp, uuid};

#[tokio::test(flavor = "multi_thread")]
async fn every_route_gives_each_caller_what_is_theirs() {
    let app = TestApp::spawn().await;
    let hash = app.state.service.hash_password(PASSWORD).await.unwrap();
    for row in rows::all() {
        let cast = Cast::assemble(&app, &hash).await;
        for caller in CALLERS {
            for to in named(&row, &cast, caller) {
                asked(&app, &row, &cast, caller, to).await;
            }
        }
    }
}

/// Where somebody is named, a stranger tries both of the two.
fn named<'c>(row: &Row, cast: &'c Cast, caller: Caller) -> Vec<&'c str> {
    match caller {
        Caller::Stranger if row.oneself.is_some() => vec![&cast.owner.id, &cast.peer.id],
        _ => vec![cast.other(caller)],
    }
}

async fn asked(app: &TestApp, row: &Row, cast: &Cast, caller: Caller, to: &str) {
    let at = format!("{} {} by {caller:?}", row.method, row.path);
    let ticket = ticket(row, cast, caller).await;
    let before = Stored::look(app).await;
    let answer = Answer::of(request(app, row, &Asked { cast, caller, ticket }, to)).await;
    let after = Stored::look(app).await;
    answer.is(row.cells[caller as usize], cast, &at);
    match row.cells[caller as usize] {
        Cell::Led(_) | Cell::Refused(..) => assert_eq!(after.changes(&before), [] as [&str; 0], "{at}"),
        Cell::Sees(_) | Cell::Does(_) => {}
    }
    if caller == Caller::Stranger {
        let two = [&cast.owner, &cast.peer];
        assert_eq!(after.naming(&two), before.naming(&two), "{at} changed what the two have");
        let theirs = after.naming(&[&cast.stranger]);
        assert!(theirs.iter().all(|row| !cast.is_told(row)), "{at} took something along: {theirs:?}");
    }
}

/// Whom one does not know and who does not exist are told apart by nothing.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_and_oneself_are_the_same_404() {
    let app = TestApp::spawn().await;
    let hash = app.state.service.hash_password(PASSWORD).await.unwrap();
    for row in rows::all() {
        let Some(oneself) = row.oneself else { continue };
        let cast = Cast::assemble(&app, &hash).await;
        let before = Stored::look(&app).await;
        let mut refusals = BTreeSet::new();
        for (to, cell) in [(&uuid(), Cell::Refused(404, "not_found")), (&cast.owner.id, oneself)] {
            let at = format!("{} {} to {to}", row.method, row.path);
            let asked = Asked { cast: &cast, caller: Caller::Owner, ticket: None };
            let answer = Answer::of(request(&app, &row, &asked, to)).await;
            answer.is(cell, &cast, &at);
            if matches!(cell, Cell::Refused(..)) {
                refusals.insert(answer.text);
            }
        }
        assert_eq!(refusals.len(), 1, "{}: {refusals:?}", row.path);
        assert_eq!(Stored::look(&app).await.changes(&before), [] as [&str; 0], "{}", row.path);
    }
}

/// The socket's pass of a caller, for the row that takes one.
async fn ticket(row: &Row, cast: &Cast, caller: Caller) -> Option<String> {
    match (row.path, caller) {
        ("/messages/ws/{user_id}", Caller::Revoked) => Some(cast.late_ticket.clone()),
        ("/messages/ws/{user_id}", Caller::Owner | Caller::Peer | Caller::Stranger) => {
            Some(cast.person(caller)?.ticket().await)
        }
        _ => None,
    }
}

fn request(app: &TestApp, row: &Row, asked: &Asked<'_>, to: &str) -> RequestBuilder {
    // The socket and the device of the owner are asked for by everybody.
    let device = asked.cast.device.to_string();
    let somebody = match row.path {
        "/messages/ws/{user_id}" => &asked.cast.owner.id,
        "/auth/sessions/{session_id}" => &device,
        _ => to,
    };
    let path = row.path.replace("{file}", &format!("{to}.svg"));
    let path = match path.split_once('{') {
        Some((before, _)) => format!("{before}{somebody}"),
        None => path,
    };
    let request = app
        .anonymous(row.method.clone(), &format!("{path}{}", (row.query)(asked)))
        .header("sec-fetch-site", "same-origin");
    let person = asked.cast.person(asked.caller);
    let request = person.into_iter().fold(request, |request, person| request.bearer_auth(&person.token));
    match row.body {
        Body::Nothing => request,
        Body::Json(body) => request.json(&body(asked.cast, to)),
        Body::Form(fields) => request.form(&fields(asked.cast, to)),
    }
}

struct Answer {
    status: u16,
    location: String,
    text: String,
}

impl Answer {
    async fn of(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let location = response.headers().get("location").map_or("", |to| to.to_str().unwrap()).to_owned();
        Self { status: response.status().as_u16(), location, text: response.text().await.unwrap() }
    }

    fn is(&self, cell: Cell, cast: &Cast, at: &str) {
        let (status, told) = match cell {
            Cell::Sees(status) => (status, true),
            Cell::Does(status) | Cell::Refused(status, _) => (status, false),
            Cell::Led(_) => (303, false),
        };
        assert_eq!(self.status, status, "{at}: {}", self.text);
        assert_eq!(cast.is_told(&self.text), told, "{at}: {}", self.text);
        match cell {
            Cell::Led(to) => assert!(self.location.starts_with(to), "{at}: {}", self.location),
            Cell::Refused(_, code) => {
                assert!(self.text.contains(&format!("\"{code}\"")), "{at}: {}", self.text);
                for person in [&cast.owner, &cast.peer, &cast.stranger] {
                    assert!(!self.text.contains(&person.id), "{at} names people: {}", self.text);
                }
            }
            Cell::Sees(_) | Cell::Does(_) => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_has_its_row() {
    let rows: BTreeSet<_> = rows::all().iter().map(|row| address(row.method.as_str(), row.path)).collect();
    let routes = routes(&TestApp::spawn().await).await;
    let without: Vec<_> = routes.difference(&rows).collect();
    assert!(without.is_empty(), "routes without a row in rows.rs: {without:?}");
    let gone: Vec<_> = rows.difference(&routes).collect();
    assert!(gone.is_empty(), "rows without a route: {gone:?}");
}

/// A method and a path; the names of its parameters are of no interest.
fn address(method: &str, path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
    format!("{} {}", method.to_uppercase(), parts.collect::<Vec<_>>().join("/"))
}

/// Every route there is: those of the served document; those the source gives to a router without describing
/// them (forms, pictures); the pages; the server functions the framework knows of; and the page that shows the
/// document, which a library makes.
async fn routes(app: &TestApp) -> BTreeSet<String> {
    let mut found = BTreeSet::from([address("GET", "/api/docs/")]);
    let document = app.anonymous(Method::GET, "/api/openapi.json").send().await.unwrap();
    let document: Value = document.json().await.unwrap();
    for (path, methods) in document["paths"].as_object().unwrap() {
        found.extend(methods.as_object().unwrap().keys().map(|method| address(method, path)));
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for file in sources(&source.join("server/routes")) {
        let text = std::fs::read_to_string(&file).unwrap();
        for (path, rest) in literals(&text, ".route(\"") {
            let method = rest.trim_start_matches([',', ' ', '\n']).split('(').next().unwrap_or_default();
            assert!(["get", "post", "put", "patch", "delete"].contains(&method), "{file:?}: {method}");
            found.insert(address(method, path));
        }
    }
    let pages = std::fs::read_to_string(source.join("app.rs")).unwrap();
    for (path, _) in literals(&pages, "path!(\"") {
        found.insert(address("GET", if path.is_empty() { "/" } else { path }));
    }
    let functions = leptos::server_fn::axum::server_fn_paths();
    found.extend(functions.map(|(path, method)| address(method.as_str(), path)));
    found
}

fn sources(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

/// The string literals that follow `opening`, each with what comes behind it.
fn literals<'t>(text: &'t str, opening: &str) -> Vec<(&'t str, &'t str)> {
    text.split(opening).skip(1).filter_map(|rest| rest.split_once('"')).collect()
}
