//! What each route gives to each of the five.

use reqwest::Method;
use serde_json::{Value, json};

use super::cast::{Caller, Cast, PASSWORD};
use crate::harness::uuid;

/// What somebody gets.
#[derive(Clone, Copy, Debug)]
pub enum Cell {
    /// Done, and the answer shows what the two have.
    Sees(u16),
    /// Done, and the answer shows nothing of it.
    Does(u16),
    /// Sent elsewhere; nothing was done.
    Led(&'static str),
    /// Refused with this status and code; nothing was done.
    Refused(u16, &'static str),
}

/// What goes with a request; `to` is whom the caller names.
pub enum Body {
    Nothing,
    Json(fn(&Cast, to: &str) -> Value),
    Form(fn(&Cast, to: &str) -> Vec<(&'static str, String)>),
}

/// One route.
pub struct Row {
    pub method: Method,
    /// As the router has it.
    pub path: &'static str,
    /// Behind the path.
    pub query: fn(&Asked<'_>) -> String,
    pub body: Body,
    /// In the order of [`Caller`].
    pub cells: [Cell; 5],
    /// What one gets who names oneself; absent where nobody is named. Somebody unknown is always a 404.
    pub oneself: Option<Cell>,
}

/// One request of a row.
pub struct Asked<'a> {
    pub cast: &'a Cast,
    pub caller: Caller,
    pub ticket: Option<String>,
}

use Cell::{Does, Led, Refused, Sees};

const LOG_IN: Cell = Led("/login");
const OUT: Cell = Refused(401, "unauthenticated");
const NOBODY: Cell = Refused(404, "not_found");

/// For whoever has a log-in.
const fn members(status: u16) -> [Cell; 5] {
    [Does(status), Does(status), Does(status), OUT, OUT]
}

/// Shows each member what is theirs.
const fn shown(status: u16) -> [Cell; 5] {
    [Sees(status), Sees(status), Does(status), OUT, OUT]
}

/// For whoever has a log-in; others are sent to get one.
const fn led_to_log_in(status: u16) -> [Cell; 5] {
    [Does(status), Does(status), Does(status), LOG_IN, LOG_IN]
}

/// For everybody, and the same.
const fn everybody(cell: Cell) -> [Cell; 5] {
    [cell; 5]
}

fn row(method: Method, path: &'static str, body: Body, cells: [Cell; 5]) -> Row {
    Row { method, path, query: |_| String::new(), body, cells, oneself: None }
}

fn get(path: &'static str, cells: [Cell; 5]) -> Row {
    row(Method::GET, path, Body::Nothing, cells)
}

fn post(path: &'static str, body: Body, cells: [Cell; 5]) -> Row {
    row(Method::POST, path, body, cells)
}

impl Row {
    fn asks(mut self, query: fn(&Asked<'_>) -> String) -> Self {
        self.query = query;
        self
    }

    fn names_somebody(mut self, oneself: Cell) -> Self {
        self.oneself = Some(oneself);
        self
    }
}

/// The matrix. The order of a row: owner, peer, stranger, anonymous, revoked.
pub fn all() -> Vec<Row> {
    [accounts(), people(), messages(), forms(), pages(), server_functions(), operation()]
        .into_iter()
        .flatten()
        .collect()
}

fn accounts() -> Vec<Row> {
    vec![
        post(
            "/auth/signup",
            Body::Json(
                |_, _| json!({"username": new_name(), "password": PASSWORD, "display_name": "Somebody new"}),
            ),
            everybody(Does(201)),
        ),
        post(
            "/auth/login",
            Body::Json(|cast, _| json!({"username": username(cast), "password": PASSWORD})),
            everybody(Does(200)),
        ),
        post("/auth/logout", Body::Nothing, members(204)),
        get("/auth/me", members(200)),
        get("/auth/sessions", members(200)),
        row(
            Method::DELETE,
            "/auth/sessions/{session_id}",
            Body::Nothing,
            [Does(204), NOBODY, NOBODY, OUT, OUT],
        ),
        post(
            "/auth/password",
            Body::Json(|_, _| json!({"current_password": PASSWORD, "new_password": "battery staple"})),
            members(204),
        ),
        get("/account/export", shown(200)),
        post("/account/delete", Body::Json(|_, _| json!({"password": PASSWORD})), members(204)),
    ]
}

fn people() -> Vec<Row> {
    vec![
        get("/profiles/matches", members(200)),
        get("/profiles/{user_id}", members(200)).names_somebody(Does(200)),
        // A picture is drawn from the id alone, for whatever id.
        get("/avatars/{file}", everybody(Does(200))),
    ]
}

fn messages() -> Vec<Row> {
    vec![
        post("/messages/ws-ticket", Body::Nothing, members(200)),
        // The socket of the owner: whoever is let in is told that this request is no upgrade.
        get(
            "/messages/ws/{user_id}",
            [
                Refused(426, "upgrade_required"),
                Refused(403, "not_yours"),
                Refused(403, "not_yours"),
                OUT,
                OUT,
            ],
        )
        .asks(|asked| asked.ticket.as_ref().map_or_else(String::new, |ticket| format!("?token={ticket}"))),
        post(
            "/messages/send",
            Body::Json(|_, to| json!({"receiver_id": to, "content": "Hello"})),
            members(201),
        )
        .names_somebody(NOBODY),
        get("/messages/history/{other_user_id}", shown(200)).names_somebody(NOBODY),
        get("/messages/conversations", shown(200)),
        post(
            "/messages/read/{other_user_id}",
            Body::Json(|_, _| json!({"seq": 1})),
            [Does(204), Does(204), Refused(422, "invalid"), OUT, OUT],
        )
        .names_somebody(NOBODY),
        post(
            "/messages/contact/{other_user_id}",
            Body::Json(|_, _| json!({"marked_unread": true})),
            members(200),
        )
        .names_somebody(NOBODY),
        post("/messages/report/{other_user_id}", Body::Json(|_, _| json!({"reason": "rude"})), members(204))
            .names_somebody(NOBODY),
    ]
}

fn forms() -> Vec<Row> {
    vec![
        post(
            "/login",
            Body::Form(|cast, _| vec![("username", username(cast)), ("password", PASSWORD.to_owned())]),
            everybody(Does(303)),
        ),
        post(
            "/signup",
            Body::Form(|_, _| {
                vec![
                    ("username", new_name()),
                    ("password", PASSWORD.to_owned()),
                    ("display_name", "Somebody new".to_owned()),
                ]
            }),
            everybody(Does(303)),
        ),
        post("/logout", Body::Nothing, led_to_log_in(303)),
        post(
            "/account",
            Body::Form(|_, _| {
                [("form", "password"), ("current-password", PASSWORD), ("new-password", "battery staple")]
                    .map(|(name, value)| (name, value.to_owned()))
                    .into()
            }),
            led_to_log_in(303),
        ),
        post("/", Body::Form(|_, _| vec![("content", "Hello".to_owned())]), led_to_log_in(303))
            .asks(open_chat),
    ]
}

fn pages() -> Vec<Row> {
    let home = [Led("/"), Led("/"), Led("/"), Does(200), Does(200)];
    vec![
        get("/", [Sees(200), Sees(200), Does(200), LOG_IN, LOG_IN]).asks(open_chat),
        get("/messages", [Sees(200), Sees(200), Does(200), LOG_IN, LOG_IN]),
        get("/account", led_to_log_in(200)),
        get("/login", home),
        get("/signup", home),
    ]
}

fn open_chat(asked: &Asked<'_>) -> String {
    format!("?profile={}&chat=open", asked.cast.other(asked.caller))
}

fn server_functions() -> Vec<Row> {
    vec![
        post("/api/get_me", Body::Nothing, everybody(Does(200))),
        post("/api/list_matches", Body::Form(|_, _| vec![("query", String::new())]), members(200)),
        post("/api/get_profile", Body::Form(|_, to| vec![("id", to.to_owned())]), members(200)),
        post("/api/list_conversations", Body::Nothing, shown(200)),
    ]
}

fn operation() -> Vec<Row> {
    ["/healthz", "/readyz", "/metrics", "/api/openapi.json", "/api/docs/"]
        .map(|path| get(path, everybody(Does(200))))
        .into()
}

/// Nobody has it yet.
fn new_name() -> String {
    format!("new-{}", &uuid()[..8])
}

fn username(cast: &Cast) -> String {
    format!("owner-{}", &cast.owner.id.replace('-', "")[..16])
}
