//! Log-in, sign-up and log-out as plain form posts: what the pages use, with or without WASM.

use axum::Router;
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use url::form_urlencoded::Serializer;

use super::account::farewell;
use super::auth::session_cookie;
use super::extract::{Client, Device, Form};
use crate::server::AppState;
use crate::server::auth::{Token, Viewer};
use crate::server::error::ServiceError;
use crate::server::service::{Caller, SignUp};

pub fn router() -> Router<AppState> {
    Router::new()
        .route("/login", post(log_in))
        .route("/signup", post(sign_up))
        .route("/logout", post(log_out))
}

async fn log_in(
    State(state): State<AppState>,
    Client(address): Client,
    Device(device): Device,
    form: Form,
) -> Response {
    let username = form.get("username");
    let caller = Caller { address, device };
    match state.service.log_in(username, form.get("password").to_owned(), caller).await {
        Ok(logged_in) => enter(&state, &logged_in.token, own_path(form.get("next"))),
        Err(error) => back_to("/login", &error, &[("username", username), ("next", form.get("next"))]),
    }
}

async fn sign_up(
    State(state): State<AppState>,
    Client(address): Client,
    Device(device): Device,
    form: Form,
) -> Response {
    let wanted = SignUp {
        username: form.get("username").to_owned(),
        password: form.get("password").to_owned(),
        display_name: form.get("display_name").to_owned(),
    };
    let kept = [("username", wanted.username.clone()), ("display_name", wanted.display_name.clone())];
    match state.service.sign_up(wanted, Caller { address, device }).await {
        Ok(logged_in) => enter(&state, &logged_in.token, "/"),
        Err(error) => back_to("/signup", &error, &kept.each_ref().map(|(key, value)| (*key, value.as_str()))),
    }
}

async fn log_out(State(state): State<AppState>, viewer: Option<Viewer>) -> Response {
    if let Some(viewer) = viewer {
        // Ended meanwhile is as good as ended now; only a store that is away must be told.
        if let Err(error @ ServiceError::Unavailable(_)) = state.service.log_out(viewer).await {
            return error.into_response();
        }
    }
    (farewell(&state), Redirect::to("/login")).into_response()
}

fn enter(state: &AppState, token: &Token, to: &str) -> Response {
    ([(SET_COOKIE, session_cookie(state, token))], Redirect::to(to)).into_response()
}

fn back_to(page: &str, error: &ServiceError, kept: &[(&str, &str)]) -> Response {
    if let ServiceError::Unavailable(Some(cause)) = error {
        tracing::error!(error = ?cause, "the store could not answer");
    }
    let mut query = Serializer::new(String::new());
    query.append_pair("error", error.code());
    if let ServiceError::Invalid { field, .. } = error {
        query.append_pair("field", field);
    }
    for (key, value) in kept.iter().filter(|(_, value)| !value.is_empty()) {
        let value: String = value.chars().take(200).collect();
        query.append_pair(key, &value);
    }
    Redirect::to(&format!("{page}?{}", query.finish())).into_response()
}

/// Where to go after a log-in: a path of this site, never another one (OWASP: unvalidated redirects).
pub fn own_path(next: &str) -> &str {
    let is_own = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains('\\')
        && next.bytes().all(|byte| byte.is_ascii_graphic());
    if is_own { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::own_path;
    use crate::properties::config;

    proptest! {
        #![proptest_config(config("tests/corpus/regressions/own_paths.txt"))]

        #[test]
        fn whatever_is_asked_for_a_browser_stays_here(
            next in prop_oneof![any::<String>(), "[/\\\\.:@?#\\t a-c%0-9]{0,12}", "(/|//|/\\\\|/\\./|/%2f)[!-~]{0,10}"],
        ) {
            let base = url::Url::parse("https://mosaic.example/login").expect("an address");
            let there = base.join(own_path(&next)).expect("a path can be gone to");
            prop_assert_eq!(there.origin(), base.origin(), "{:?}", next);
            prop_assert!(axum::http::HeaderValue::from_str(own_path(&next)).is_ok());
        }
    }

    #[test]
    fn only_own_paths_are_followed() {
        assert_eq!(own_path("/?profile=1&chat=open"), "/?profile=1&chat=open");
        for foreign in
            ["", "//evil", "https://evil", "/\\evil", "/a\r\nb", "javascript:alert(1)", "/\t/evil", "evil"]
        {
            assert_eq!(own_path(foreign), "/", "{foreign:?}");
        }
    }
}
