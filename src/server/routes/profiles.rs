//! People and pictures.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;

use super::extract::PathUser;
use super::{AVATARS, compression};
use crate::server::AppState;
use crate::server::auth::Viewer;
use crate::server::avatar::avatar_svg;
use crate::server::cursor;
use crate::server::error::ServiceError;
use crate::server::input::Query;

pub fn router() -> Router<AppState> {
    Router::new()
        .route("/profiles/matches", get(matches))
        .route("/profiles/{user_id}", get(profile))
        .route("/avatars/{file}", get(avatar).layer(compression(AVATARS)))
}

async fn matches(
    State(state): State<AppState>,
    viewer: Viewer,
    RawQuery(query): RawQuery,
) -> Result<Response, ServiceError> {
    let query = Query::parse(query.as_deref());
    let after = query.optional("after")?.map(cursor::read_match).transpose()?;
    let text = query.optional("q")?.unwrap_or_default();
    let page = state.service.matches(viewer, text, query.limit(50)?, after).await?;
    Ok(Json(json!({"matches": page.matches, "next_after": page.next.map(cursor::write_match)}))
        .into_response())
}

async fn profile(
    State(state): State<AppState>,
    viewer: Viewer,
    PathUser(id): PathUser,
) -> Result<Response, ServiceError> {
    Ok(Json(state.service.profile(viewer, id).await?).into_response())
}

/// A picture depends on the id alone, so it may be kept for ever and costs no look-up.
async fn avatar(file: Result<Path<String>, PathRejection>) -> Result<Response, ServiceError> {
    let file = file.map(|Path(file)| file).unwrap_or_default();
    let id = file.strip_suffix(".svg").and_then(|id| id.parse().ok()).ok_or(ServiceError::NotFound)?;
    let headers = [
        (header::CONTENT_TYPE, "image/svg+xml"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'"),
    ];
    Ok((headers, avatar_svg(id)).into_response())
}
