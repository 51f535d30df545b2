//! One's own account: devices, the password, what is kept, and leaving.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use futures::TryStreamExt as _;
use serde_json::json;

use super::auth::clear_cookie;
use super::extract::{Client, JsonBody, preferences};
use crate::domain::SessionId;
use crate::server::AppState;
use crate::server::auth::Viewer;
use crate::server::error::ServiceError;

pub fn router() -> Router<AppState> {
    Router::new()
        .route("/auth/sessions", get(devices))
        .route("/auth/sessions/{session_id}", delete(end_device))
        .route("/auth/password", post(change_password))
        .route("/account/export", get(export))
        .route("/account/delete", post(delete_account))
}

async fn devices(State(state): State<AppState>, viewer: Viewer) -> Result<Response, ServiceError> {
    let sessions = state.service.devices(viewer).await?;
    Ok(Json(json!({ "sessions": sessions })).into_response())
}

async fn end_device(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<StatusCode, ServiceError> {
    // What is no id names no device.
    let id: SessionId = id.parse().map_err(|_| ServiceError::NotFound)?;
    state.service.end_device(viewer, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn change_password(
    State(state): State<AppState>,
    viewer: Viewer,
    Client(client): Client,
    JsonBody(body): JsonBody,
) -> Result<StatusCode, ServiceError> {
    let (current, new) = (body.text("current_password")?.to_owned(), body.text("new_password")?.to_owned());
    state.service.change_password(viewer, current, new, client).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn export(
    State(state): State<AppState>,
    viewer: Viewer,
    headers: HeaderMap,
) -> Result<Response, ServiceError> {
    let settings = preferences(&headers).unwrap_or_default();
    let pieces = state.service.export(viewer, settings)?.into_pieces();
    let headers =
        [(CONTENT_TYPE, "application/json"), (CONTENT_DISPOSITION, "attachment; filename=\"mosaic.json\"")];
    let pieces = pieces.inspect_err(|error| tracing::warn!(%error, "an export was broken off"));
    Ok((headers, Body::from_stream(pieces)).into_response())
}

async fn delete_account(
    State(state): State<AppState>,
    viewer: Viewer,
    Client(client): Client,
    JsonBody(body): JsonBody,
) -> Result<Response, ServiceError> {
    let password = body.text("password")?.to_owned();
    state.service.delete_account(viewer, password, client).await?;
    Ok((StatusCode::NO_CONTENT, farewell(&state)).into_response())
}

/// What an answer carries after which nobody is logged in: no cookie, and nothing kept of the user.
pub fn farewell(state: &AppState) -> [(HeaderName, HeaderValue); 2] {
    // A page whose scripts do not run cannot empty what an earlier one kept of this user.
    let forget = (HeaderName::from_static("clear-site-data"), HeaderValue::from_static("\"storage\""));
    [(SET_COOKIE, clear_cookie(state)), forget]
}
