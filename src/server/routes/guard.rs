//! What every request passes on its way in and every answer on its way out.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::extract::{BODY_BYTES, Client, TwoLengths, bearer, is_json, pass_over, read};
use crate::server::AppState;
use crate::server::error::refuse;
use crate::server::origin::PublicOrigin;

/// A request that takes longer is given up; what it wrote may stand.
const REQUEST_TIME: Duration = Duration::from_secs(10);

/// Refuses what another site makes a browser send (OWASP: cross-site request forgery). A browser
/// tells where a request comes from; who presents a bearer token is no browser acting unasked.
pub async fn cross_site(State(state): State<AppState>, request: Request, next: Next) -> Response {
    match sender(&state.config.origin, &request) {
        Sender::Ours => next.run(request).await,
        Sender::Foreign => {
            refuse(StatusCode::FORBIDDEN, "cross_site", "This request came from another site.")
        }
        Sender::Unknown => {
            let message = "The body must be application/json.";
            refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message)
        }
    }
}

/// Who made a browser send a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sender {
    /// A page of ours, or nobody did.
    Ours,
    /// Another site.
    Foreign,
    /// Nothing tells, and a form of another site could have sent it.
    Unknown,
}

fn sender(ours: &PublicOrigin, request: &Request) -> Sender {
    let headers = request.headers();
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if is_safe || bearer(headers).is_some() {
        return Sender::Ours;
    }
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let is_ours = match (text(HeaderName::from_static("sec-fetch-site")), text(header::ORIGIN)) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => ours.is(origin),
        (None, None) if is_json(headers) || is_empty(request) => true,
        (None, None) => return Sender::Unknown,
    };
    if is_ours { Sender::Ours } else { Sender::Foreign }
}

fn is_empty(request: &Request) -> bool {
    axum::body::HttpBody::is_end_stream(request.body())
}

/// Refuses a request that may be another one to whoever passed it on, and ends the connection, on which it
/// may not have been the only one (RFC 9112, 6.1).
pub async fn one_length(request: Request, next: Next) -> Response {
    if request.extensions().get::<TwoLengths>().is_none() {
        return next.run(request).await;
    }
    pass_over(request.into_body()).await;
    let message = "A request has either Content-Length or Transfer-Encoding.";
    let refusal = refuse(StatusCode::BAD_REQUEST, "two_lengths", message);
    ([(header::CONNECTION, HeaderValue::from_static("close"))], refusal).into_response()
}

/// Holds back an address that asks for too much, before anything is looked up for it.
pub async fn pace(
    State(state): State<AppState>,
    Client(address): Client,
    request: Request,
    next: Next,
) -> Response {
    match state.service.limits.request(address) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
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

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use proptest::option;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::properties::config;

    const OURS: &str = "https://mosaic.example";

    /// Bytes that a header may hold: what a browser says, and what it never does.
    fn value(said: &'static [&'static str]) -> impl Strategy<Value = Option<HeaderValue>> {
        let other = "[\\x20-\\x7e\u{e9}]{0,12}".prop_map(|text: String| text);
        let text = prop_oneof![3 => select(said).prop_map(str::to_owned), 1 => other];
        option::of(text.prop_map(|text| HeaderValue::from_bytes(text.as_bytes()).expect("a header's bytes")))
    }

    proptest! {
        #![proptest_config(config("tests/corpus/regressions/cross_site.txt"))]

        /// Whatever the headers are, a request that changes something and may carry a cookie passes only when
        /// the browser says that it is ours, or when no page of another site can have sent it.
        #[test]
        fn nothing_of_another_site_passes(
            method in select(vec!["GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH", "get", "BREW"]),
            site in value(&["same-origin", "none", "same-site", "cross-site", "", "Same-Origin", "same-origin,"]),
            origin in value(&[OURS, "null", "https://mosaic.example.evil", "http://mosaic.example", ""]),
            kind in value(&["application/json", "APPLICATION/JSON; charset=utf-8", "application/x+json",
                "text/plain", "text/plain; application/json", "application/x-www-form-urlencoded",
                "multipart/form-data; boundary=application/json"]),
            authorization in value(&["Bearer x", "bearer x", "Bearer", "Basic x", " Bearer x"]),
            body in select(vec!["", "{}"]),
        ) {
            let ours = PublicOrigin::parse(OURS).expect("an origin");
            let mut request = Request::builder().method(method).body(Body::from(body)).expect("a request");
            let named = [
                ("sec-fetch-site", &site),
                ("origin", &origin),
                ("content-type", &kind),
                ("authorization", &authorization),
            ];
            for (name, value) in named {
                if let Some(value) = value {
                    request.headers_mut().insert(name, value.clone());
                }
            }
            let is = |header: &Option<HeaderValue>, texts: &[&str]| {
                header.as_ref().is_some_and(|value| texts.iter().any(|text| value.as_bytes() == text.as_bytes()))
            };
            let changes_nothing = ["GET", "HEAD", "OPTIONS"].contains(&method);
            let has_bearer = authorization.as_ref().is_some_and(|value| {
                value.to_str().is_ok_and(|text| text.to_ascii_lowercase().starts_with("bearer "))
            });
            // What a form can say of its body (Fetch standard: CORS-safelisted request headers), and nothing.
            let by_a_form = !body.is_empty()
                && kind.as_ref().and_then(|kind| kind.to_str().ok()).is_none_or(|kind| {
                    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
                    !(essence.starts_with("application/") && essence.ends_with("json"))
                });
            match sender(&ours, &request) {
                Sender::Ours => prop_assert!(
                    changes_nothing
                        || has_bearer
                        || is(&site, &["same-origin", "none"])
                        || site.is_none() && is(&origin, &[OURS])
                        || site.is_none() && origin.is_none() && !by_a_form
                ),
                Sender::Foreign => prop_assert!(site.is_some() || origin.is_some()),
                Sender::Unknown => prop_assert!(site.is_none() && origin.is_none() && by_a_form),
            }
            if changes_nothing || has_bearer || is(&site, &["same-origin"]) {
                prop_assert_eq!(sender(&ours, &request), Sender::Ours);
            }
        }
    }
}
