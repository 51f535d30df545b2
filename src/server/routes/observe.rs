//! What is noted of every request: a span, an id, a count and a time.

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use tokio::time::Instant;
use tracing::Instrument as _;
use uuid::Uuid;

use super::extract::Peer;
use crate::server::AppState;
use crate::server::error::refuse;

/// Longer addresses are nobody's.
const MAX_URI_BYTES: usize = 8 * 1024;
/// Longer ids are replaced.
const MAX_ID_BYTES: usize = 128;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// One span a request, by its matched route: the address itself may hold a ticket.
pub async fn observe(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(&state, &request);
    let route = request.extensions().get::<MatchedPath>().map_or("other", MatchedPath::as_str);
    let span = tracing::info_span!(
        "request",
        request.id = id.to_str().unwrap_or_default(),
        http.method = %request.method(),
        http.route = route,
    );
    async move {
        let mut response = if is_too_long(&request) {
            refuse(StatusCode::URI_TOO_LONG, "uri_too_long", "This address is too long.")
        } else {
            next.run(request).await
        };
        let (status, taken) = (response.status().as_u16(), started.elapsed());
        tracing::debug!(http.status = status, duration_ms = taken.as_secs_f64() * 1000.0, "answered");
        metrics::counter!("mosaic_requests_total", "status" => status.to_string()).increment(1);
        metrics::histogram!("mosaic_request_seconds").record(taken);
        response.headers_mut().insert(REQUEST_ID, id);
        response
    }
    .instrument(span)
    .await
}

fn is_too_long(request: &Request) -> bool {
    request.uri().path_and_query().is_some_and(|path| path.as_str().len() > MAX_URI_BYTES)
}

/// What a trusted proxy calls the request, so that its log and ours can be read together; otherwise
/// something new.
fn request_id(state: &AppState, request: &Request) -> HeaderValue {
    let is_trusted = |peer: &Peer| state.config.trusted_proxies.contain(peer.0);
    let proxied = request.extensions().get().is_some_and(is_trusted);
    let given = request.headers().get(REQUEST_ID).filter(|id| proxied && is_well_formed(id.as_bytes()));
    given.cloned().unwrap_or_else(|| {
        HeaderValue::from_str(&Uuid::new_v4().to_string()).expect("a header can hold a UUID")
    })
}

fn is_well_formed(id: &[u8]) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    (1..=MAX_ID_BYTES).contains(&id.len()) && id.iter().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::is_well_formed;

    #[test]
    fn ids_are_short_and_plain() {
        for good in ["1", "5f3a-9_x.Y", &"a".repeat(128)] {
            assert!(is_well_formed(good.as_bytes()), "{good}");
        }
        for bad in ["", "a b", "a\"b", "a=b", "a\tb", "é", "\u{1b}[31m", &"a".repeat(129)] {
            assert!(!is_well_formed(bad.as_bytes()), "{bad}");
        }
    }
}
