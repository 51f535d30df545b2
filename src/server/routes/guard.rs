//! What every request passes on its way in and every answer on its way out.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::extract::{BODY_BYTES, bearer, is_json, read};
use crate::server::AppState;
use crate::server::error::refuse;

/// A request that takes longer is given up; what it wrote may stand.
const REQUEST_TIME: Duration = Duration::from_secs(10);

/// Refuses what another site makes a browser send (OWASP: cross-site request forgery). A browser
/// tells where a request comes from; who presents a bearer token is no browser acting unasked.
pub async fn cross_site(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if is_safe || bearer(headers).is_some() {
        return next.run(request).await;
    }
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let ours = match (text(HeaderName::from_static("sec-fetch-site")), text(header::ORIGIN)) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => state.config.origin.is(origin),
        (None, None) if is_json(headers) || is_empty(&request) => true,
        (None, None) => {
            let message = "The body must be application/json.";
            return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message);
        }
    };
    if ours {
        next.run(request).await
    } else {
        refuse(StatusCode::FORBIDDEN, "cross_site", "This request came from another site.")
    }
}

fn is_empty(request: &Request) -> bool {
    axum::body::HttpBody::is_end_stream(request.body())
}

/// The headers every answer carries.
pub async fn headers(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if state.config.origin.is_https() {
        let year = HeaderValue::from_static("max-age=31536000; includeSubDomains");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        let nothing = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
        headers.insert(header::CONTENT_SECURITY_POLICY, nothing);
    }
    response
}

/// Gives a request up that takes too long.
pub async fn time_limit(request: Request, next: Next) -> Response {
    match tokio::time::timeout(REQUEST_TIME, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let message = "This took too long. Please try again.";
            let refusal = refuse(StatusCode::SERVICE_UNAVAILABLE, "timeout", message);
            ([(header::RETRY_AFTER, HeaderValue::from_static("1"))], refusal).into_response()
        }
    }
}

/// Takes a body in before the framework does, which calls one that is too big a fault of the server's.
pub async fn whole_body(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    match read(Request::from_parts(parts.clone(), body), BODY_BYTES).await {
        Ok(bytes) => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Err(refusal) => refusal,
    }
}
