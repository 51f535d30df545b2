//! The built front end: hashed files that may be kept for ever, and the rest of `public/`.

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use tower_http::services::ServeDir;

use crate::server::AppState;

/// Files under `/pkg`; everything else that is a file is found by the pages' fallback.
pub fn router(state: &AppState) -> Router<AppState> {
    let packages = state.leptos.site_pkg_dir.trim_matches('/').to_owned();
    let folder = state.config.site_root.join(&packages);
    let files = Router::new()
        .fallback_service(ServeDir::new(folder).precompressed_br().precompressed_gzip())
        .layer(from_fn(keep));
    Router::new().nest(&format!("/{packages}"), files)
}

/// Hashed names never change their content; without hashes a browser has to ask again.
async fn keep(request: Request, next: Next) -> Response {
    let is_hashed = request.uri().path().split('.').count() > 2;
    let value = if is_hashed { "public, max-age=31536000, immutable" } else { "no-cache" };
    with_cache_control(value, next.run(request).await)
}

/// The icons, the sound and the manifest change with a release, and a day later will do. A browser asks for the icon
/// of a page whenever its address changes.
pub async fn keep_a_day(request: Request, next: Next) -> Response {
    with_cache_control("public, max-age=86400", next.run(request).await)
}

fn with_cache_control(value: &'static str, mut response: Response) -> Response {
    if response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(value));
    }
    response
}
