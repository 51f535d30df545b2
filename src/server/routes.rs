//! The edges: HTTP, forms and the socket. They translate; the use cases decide.

mod account;
mod account_page;
mod auth;
mod conversations;
mod docs;
mod extract;
mod files;
mod forms;
mod guard;
mod health;
mod messages;
mod observe;
mod pages;
mod plain;
mod profiles;
mod ws;

use axum::Router;
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::Response;
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;

use super::AppState;
use super::error::refuse;

pub use extract::{Peer, TwoLengths};

/// Everything this server answers.
pub fn router(state: AppState) -> Router {
    let metrics_are_elsewhere = state.config.metrics_addr.is_some();
    let described =
        if metrics_are_elsewhere { described() } else { described().merge(health::metrics_router()) };
    Router::from(described)
        .merge(forms::router().merge(account_page::router()).layer(from_fn(guard::time_limit)))
        .merge(docs::page())
        .method_not_allowed_fallback(method_not_allowed)
        .merge(pages::router(&state))
        .merge(files::router(&state))
        .layer(from_fn_with_state(state.clone(), guard::cross_site))
        .layer(from_fn(guard::one_length))
        .layer(CatchPanicLayer::custom(after_panic))
        .layer(from_fn_with_state(state.clone(), guard::pace))
        .layer(from_fn_with_state(state.clone(), observe::observe))
        .layer(from_fn_with_state(state.clone(), guard::headers))
        .with_state(state)
}

/// What programs use, each endpoint with its description.
fn described() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(docs::Preface::openapi())
        .merge(auth::router())
        .merge(account::router())
        .merge(profiles::router())
        .merge(messages::router())
        .merge(conversations::router())
        .layer(from_fn(guard::time_limit))
        .merge(ws::router())
        .merge(health::router())
        .merge(docs::router())
}

/// For what is made on request. Pages: a fifth less than at the fastest level, for less than a
/// millisecond each.
const PAGES: CompressionLevel = CompressionLevel::Precise(6);
/// Pictures are small, and made once for each browser.
const AVATARS: CompressionLevel = CompressionLevel::Best;

/// What is answered at the address of the metrics, when they have one.
pub fn metrics_router(state: AppState) -> Router {
    Router::from(health::metrics_router()).layer(from_fn(guard::one_length)).with_state(state)
}

fn compression(level: CompressionLevel) -> CompressionLayer {
    CompressionLayer::new().quality(level)
}

async fn method_not_allowed() -> Response {
    refuse(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "This address does not take that method.")
}

fn after_panic(_: Box<dyn std::any::Any + Send>) -> Response {
    refuse(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong. Please try again.")
}
