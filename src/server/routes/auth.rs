//! Sign-up, log-in, log-out and who am I.

use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, SET_COOKIE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;

use super::extract::{JsonBody, Peer};
use crate::server::AppState;
use crate::server::auth::{SESSION_AGE, Token, Viewer};
use crate::server::error::ServiceError;
use crate::server::service::{LoggedIn, SignUp};

pub fn router() -> Router<AppState> {
    Router::new()
        .route("/auth/signup", post(sign_up))
        .route("/auth/login", post(log_in))
        .route("/auth/logout", post(log_out))
        .route("/auth/me", get(me))
}

async fn sign_up(
    State(state): State<AppState>,
    Peer(peer): Peer,
    JsonBody(body): JsonBody,
) -> Result<Response, ServiceError> {
    let wanted = SignUp {
        username: body.text("username")?.to_owned(),
        password: body.text("password")?.to_owned(),
        display_name: body.text("display_name")?.to_owned(),
    };
    let logged_in = state.service.sign_up(wanted, peer.ip()).await?;
    Ok((StatusCode::CREATED, answer(&state, &logged_in)).into_response())
}

async fn log_in(
    State(state): State<AppState>,
    Peer(peer): Peer,
    JsonBody(body): JsonBody,
) -> Result<Response, ServiceError> {
    let password = body.text("password")?.to_owned();
    let logged_in = state.service.log_in(body.text("username")?, password, peer.ip()).await?;
    Ok(answer(&state, &logged_in).into_response())
}

async fn log_out(State(state): State<AppState>, viewer: Viewer) -> Result<Response, ServiceError> {
    state.service.log_out(viewer).await?;
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, clear_cookie(&state))]).into_response())
}

async fn me(State(state): State<AppState>, viewer: Viewer) -> Result<Response, ServiceError> {
    let user = state.service.own_profile(viewer.user_id).await?;
    Ok(Json(json!({ "user": user })).into_response())
}

fn answer(state: &AppState, logged_in: &LoggedIn) -> impl IntoResponse + use<> {
    let body = json!({"user": logged_in.user, "token": logged_in.token.reveal()}).to_string();
    let json = HeaderValue::from_static("application/json");
    ([(SET_COOKIE, session_cookie(state, &logged_in.token)), (CONTENT_TYPE, json)], body)
}

/// The cookie that carries a session (RFC 6265bis). `__Host-` and `Secure` where there is TLS.
pub fn session_cookie(state: &AppState, token: &Token) -> HeaderValue {
    cookie(state, token.reveal(), SESSION_AGE.as_secs())
}

/// Takes the cookie away.
pub fn clear_cookie(state: &AppState) -> HeaderValue {
    cookie(state, "", 0)
}

fn cookie(state: &AppState, value: &str, max_age: u64) -> HeaderValue {
    let secure = if state.config.origin.is_https() { "; Secure" } else { "" };
    let name = state.cookie_name();
    let cookie = format!("{name}={value}; Path=/; Max-Age={max_age}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::from_str(&cookie).expect("tokens are base64url, which a header can hold")
}
