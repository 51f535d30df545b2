//! What a supervisor and a dashboard ask.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::server::AppState;
use crate::server::bus::BusHealth;

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(live)).routes(routes!(ready))
}

/// The metrics alone: they may have an address of their own.
pub fn metrics_router() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(metrics))
}

/// A sign of life.
#[derive(Serialize, ToSchema)]
struct Liveness {
    /// Always `ok`.
    status: &'static str,
}

/// Whether the process lives.
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "operation",
    operation_id = "live",
    security(()),
    responses((status = 200, description = "It lives.", body = Liveness))
)]
async fn live() -> Json<Liveness> {
    Json(Liveness { status: "ok" })
}

/// Whether the server is ready, with a reason for each thing it needs.
#[derive(Serialize, ToSchema)]
struct Readiness {
    /// Whether to send people here.
    ready: bool,
    /// `ok` or `unreachable`.
    database: &'static str,
    /// `ok` or `degraded`; without a bus delivery is slower, not wrong.
    bus: &'static str,
    /// Whether the server is going away.
    draining: bool,
}

/// Ready means: the store answers and the server is not going away. A bus that is away makes
/// delivery slower, not wrong, so it is told and does not count.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "operation",
    operation_id = "ready",
    security(()),
    responses(
        (status = 200, description = "Ready.", body = Readiness),
        (status = 503, description = "Not ready.", body = Readiness)
    )
)]
async fn ready(State(state): State<AppState>) -> Response {
    let store = state.service.store.ping().await.is_ok();
    let bus = match state.service.bus.health() {
        BusHealth::Healthy => "ok",
        BusHealth::Degraded => "degraded",
    };
    let draining = state.shutdown.is_cancelled();
    let ready = store && !draining;
    let database = if store { "ok" } else { "unreachable" };
    let body = Readiness { ready, database, bus, draining };
    (if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, Json(body)).into_response()
}

/// Numbers for a dashboard, in the text format of Prometheus. Only at the address of their own, when the
/// operator gave them one.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "operation",
    operation_id = "metrics",
    security(()),
    responses((status = 200, description = "The numbers.", body = String, content_type = "text/plain"))
)]
async fn metrics(State(state): State<AppState>) -> Response {
    let text =
        state.metrics.as_ref().map(metrics_exporter_prometheus::PrometheusHandle::render).unwrap_or_default();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}
