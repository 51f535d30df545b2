//! One's own account: devices, the password, what is kept, and leaving.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use futures::TryStreamExt as _;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::auth::clear_cookie;
use super::extract::{Client, JsonBody, preferences};
use crate::domain::SessionId;
use crate::server::AppState;
use crate::server::auth::Viewer;
use crate::server::error::ServiceError;
use crate::server::input::Fields;
use crate::server::service::Device;

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(devices))
        .routes(routes!(end_device))
        .routes(routes!(change_password))
        .routes(routes!(export))
        .routes(routes!(delete_account))
}

/// The devices on which somebody is logged in.
#[derive(Serialize, ToSchema)]
struct Devices {
    /// The one used last first.
    sessions: Vec<Device>,
}

/// Where one is logged in.
#[utoipa::path(
    get,
    path = "/auth/sessions",
    tag = "accounts",
    operation_id = "devices",
    responses((status = 200, description = "One's own devices.", body = Devices))
)]
async fn devices(State(state): State<AppState>, viewer: Viewer) -> Result<Json<Devices>, ServiceError> {
    Ok(Json(Devices { sessions: state.service.devices(viewer).await? }))
}

/// Ends the log-in of one's own devices; its sockets close within two seconds on every instance.
#[utoipa::path(
    delete,
    path = "/auth/sessions/{session_id}",
    tag = "accounts",
    operation_id = "endDevice",
    params(("session_id" = SessionId, Path, description = "As `devices` names it.")),
    responses(
        (status = 204, description = "Ended."),
        (status = 404, description = "`not_found`: not one of one's own, or over.")
    )
)]
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

/// What one gives for another password.
#[derive(ToSchema)]
struct ChangePassword {
    /// The one until now.
    current_password: String,
    /// The one from now on: 8–256 bytes, and none of the most common ones.
    #[schema(min_length = 8, max_length = 256)]
    new_password: String,
}

impl ChangePassword {
    fn read(body: &Fields) -> Result<Self, ServiceError> {
        let current_password = body.text("current_password")?.to_owned();
        Ok(Self { current_password, new_password: body.text("new_password")?.to_owned() })
    }
}

/// Changes the password, and ends all other log-ins.
#[utoipa::path(
    post,
    path = "/auth/password",
    tag = "accounts",
    operation_id = "changePassword",
    request_body = ChangePassword,
    responses(
        (status = 204, description = "Changed."),
        (status = 403, description = "`wrong_password`: not the current one; or `cross_site`."),
        (status = 429, description = "`rate_limited`: too many tries for this account or from this address.")
    )
)]
async fn change_password(
    State(state): State<AppState>,
    viewer: Viewer,
    Client(client): Client,
    JsonBody(body): JsonBody,
) -> Result<StatusCode, ServiceError> {
    let ChangePassword { current_password, new_password } = ChangePassword::read(&body)?;
    state.service.change_password(viewer, current_password, new_password, client).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// All that is kept of somebody, as one document to be saved.
#[utoipa::path(
    get,
    path = "/account/export",
    tag = "accounts",
    operation_id = "export",
    responses(
        (
            status = 200, description = "It grows while it is sent; broken off, it is no JSON.", body = Object,
            headers(("content-disposition" = String, description = "Names the file."))
        ),
        (status = 429, description = "`rate_limited`: too many exports.")
    )
)]
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

/// Says again who asks to leave.
#[derive(ToSchema)]
struct DeleteAccount {
    /// One's password.
    password: String,
}

impl DeleteAccount {
    fn read(body: &Fields) -> Result<Self, ServiceError> {
        Ok(Self { password: body.text("password")?.to_owned() })
    }
}

/// Deletes one's account with all its messages; those one wrote with are told at once.
#[utoipa::path(
    post,
    path = "/account/delete",
    tag = "accounts",
    operation_id = "deleteAccount",
    request_body = DeleteAccount,
    responses(
        (
            status = 204, description = "Gone.",
            headers(("set-cookie" = String, description = "Takes the cookie away."))
        ),
        (status = 403, description = "`wrong_password`, or `cross_site`."),
        (status = 429, description = "`rate_limited`: too many tries for this account or from this address.")
    )
)]
async fn delete_account(
    State(state): State<AppState>,
    viewer: Viewer,
    Client(client): Client,
    JsonBody(body): JsonBody,
) -> Result<Response, ServiceError> {
    let DeleteAccount { password } = DeleteAccount::read(&body)?;
    state.service.delete_account(viewer, password, client).await?;
    Ok((StatusCode::NO_CONTENT, farewell(&state)).into_response())
}

/// What an answer carries after which nobody is logged in: no cookie, and nothing kept of the user.
pub fn farewell(state: &AppState) -> [(HeaderName, HeaderValue); 2] {
    // A page whose scripts do not run cannot empty what an earlier one kept of this user.
    let forget = (HeaderName::from_static("clear-site-data"), HeaderValue::from_static("\"storage\""));
    [(SET_COOKIE, clear_cookie(state)), forget]
}
