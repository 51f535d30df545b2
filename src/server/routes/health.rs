//! What a supervisor and a dashboard ask.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;

use crate::server::AppState;
use crate::server::bus::BusHealth;

pub fn router() -> Router<AppState> {
    Router::new().route("/healthz", get(live)).route("/readyz", get(ready)).route("/metrics", get(metrics))
}

async fn live() -> Json<serde_json::Value> {
    Json(json!({"status": "ok"}))
}

/// Ready means: the store answers and the server is not going away. A bus that is away makes
/// delivery slower, not wrong, so it is told and does not count.
async fn ready(State(state): State<AppState>) -> Response {
    let store = state.service.store.ping().await.is_ok();
    let bus = match state.service.bus.health() {
        BusHealth::Healthy => "ok",
        BusHealth::Degraded => "degraded",
    };
    let draining = state.shutdown.is_cancelled();
    let ready = store && !draining;
    let body = json!({
        "ready": ready,
        "database": if store { "ok" } else { "unreachable" },
        "bus": bus,
        "draining": draining,
    });
    (if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, Json(body)).into_response()
}

async fn metrics(State(state): State<AppState>) -> Response {
    let text =
        state.metrics.as_ref().map(metrics_exporter_prometheus::PrometheusHandle::render).unwrap_or_default();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}
