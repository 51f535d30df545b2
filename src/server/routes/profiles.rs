//! People and pictures.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::PathUser;
use super::{AVATARS, compression};
use crate::domain::{ScoredProfile, UserId};
use crate::server::AppState;
use crate::server::auth::Viewer;
use crate::server::avatar::avatar_svg;
use crate::server::cursor;
use crate::server::error::ServiceError;
use crate::server::input::Query;

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(matches))
        .routes(routes!(profile))
        .route("/avatars/{file}", get(avatar).layer(compression(AVATARS)))
}

/// People, best match first; never oneself.
#[derive(Serialize, ToSchema)]
struct Matches {
    /// The page.
    matches: Vec<ScoredProfile>,
    /// Where the next page begins, to be given back as `after`; null on the last one.
    #[schema(required)]
    next_after: Option<String>,
}

/// Searches among people, best match first.
#[utoipa::path(
    get,
    path = "/profiles/matches",
    tag = "people",
    operation_id = "matches",
    params(
        (
            "q" = Option<String>, Query, max_length = 200, pattern = "^[^\\u0000]*$",
            description = "In display name, username, headline and interests; case-folded. Empty: everybody."
        ),
        ("limit" = Option<u32>, Query, description = "At most so many; 50 when absent.", minimum = 1, maximum = 200),
        ("after" = Option<String>, Query, description = "The `next_after` of the page before.")
    ),
    responses(
        (
            status = 200, description = "A page, best match first.", body = Matches,
            links(
                ("next" = (operation_id = "matches", parameters(("after" = "$response.body#/next_after")))),
                ("profile" = (
                    operation_id = "profile",
                    parameters(("user_id" = "$response.body#/matches/0/profile/id"))
                )),
                ("send" = (
                    operation_id = "send",
                    request_body = json!({
                        "receiver_id": "$response.body#/matches/0/profile/id",
                        "content": "Hello!"
                    })
                ))
            )
        ),
        (status = 422, description = "`invalid`: a parameter is malformed, out of range or given twice."),
        (status = 429, description = "`rate_limited`: too many searches.")
    )
)]
async fn matches(
    State(state): State<AppState>,
    viewer: Viewer,
    RawQuery(query): RawQuery,
) -> Result<Json<Matches>, ServiceError> {
    let query = Query::parse(query.as_deref());
    let after = query.optional("after")?.map(cursor::read_match).transpose()?;
    let text = query.optional("q")?.unwrap_or_default();
    let page = state.service.matches(viewer, text, query.limit(50)?, after).await?;
    Ok(Json(Matches { matches: page.matches, next_after: page.next.map(cursor::write_match) }))
}

/// Somebody, with how well they match.
#[utoipa::path(
    get,
    path = "/profiles/{user_id}",
    tag = "people",
    operation_id = "profile",
    params(("user_id" = UserId, Path, description = "The person.")),
    responses((status = 200, description = "The person.", body = ScoredProfile))
)]
async fn profile(
    State(state): State<AppState>,
    viewer: Viewer,
    PathUser(id): PathUser,
) -> Result<Json<ScoredProfile>, ServiceError> {
    Ok(Json(state.service.profile(viewer, id).await?))
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
