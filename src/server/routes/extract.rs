//! What handlers take from a request, and the refusals when it is not there.

use std::convert::Infallible;
use std::net::IpAddr;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, OptionalFromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use futures::StreamExt as _;

use crate::domain::{Locale, Preferences, UserId};
use crate::server::AppState;
use crate::server::auth::{Token, Viewer};
use crate::server::device::describe;
use crate::server::error::{ServiceError, refuse};
use crate::server::input::Fields;

/// Bodies of most endpoints.
pub const BODY_BYTES: usize = 16 * 1024;
/// The body of a send: 4000 characters may all be escaped, in JSON as in a form.
pub const SEND_BYTES: usize = 64 * 1024;
/// How much of a body that is too big is taken in before the answer.
const PASSED_OVER_BYTES: usize = 1024 * 1024;
/// How long that may take.
const PASSED_OVER_TIME: Duration = Duration::from_secs(2);

/// The words for the device that asks, from its `User-Agent`.
pub struct Device(pub String);

impl<S: Sync> FromRequestParts<S> for Device {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let header = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        Ok(Self(describe(header.unwrap_or_default())))
    }
}

/// The other end of the connection: an extension of every request. It may be a proxy, see `Client`.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// An extension of a request that says how long it is in two ways.
#[derive(Clone, Copy, Debug)]
pub struct TwoLengths;

/// The address a request comes from, for limits.
pub struct Client(pub IpAddr);

impl FromRequestParts<AppState> for Client {
    type Rejection = ServiceError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        let Peer(peer) = parts.extensions.get().copied().ok_or(ServiceError::Unavailable(None))?;
        Ok(Self(state.config.trusted_proxies.client(peer, &parts.headers)))
    }
}

impl FromRequestParts<AppState> for Viewer {
    type Rejection = ServiceError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        viewer(&parts.headers, state).await?.ok_or(ServiceError::Unauthenticated)
    }
}

impl OptionalFromRequestParts<AppState> for Viewer {
    type Rejection = ServiceError;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &AppState,
    ) -> Result<Option<Self>, Self::Rejection> {
        viewer(&parts.headers, state).await
    }
}

/// Who makes a request: the bearer header counts before the cookie.
async fn viewer(headers: &HeaderMap, state: &AppState) -> Result<Option<Viewer>, ServiceError> {
    let token = bearer(headers).or_else(|| cookie(headers, state.cookie_name()));
    match token {
        Some(token) => {
            let viewer = state.service.viewer(&Token::presented(token)).await?;
            viewer.map_or(Ok(()), |viewer| state.service.limits.request_of(viewer.user_id))?;
            Ok(viewer)
        }
        None => Ok(None),
    }
}

/// The token of `Authorization: Bearer …` (RFC 6750).
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let values = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = values.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// What was chosen for the browser that asks, should it say.
pub fn preferences(headers: &HeaderMap) -> Option<Preferences> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    Preferences::from_cookies(&cookies.collect::<Vec<_>>().join(";"))
}

/// The language of a page for the browser that asks: the one that was chosen for it, otherwise the one it
/// likes best of those there are.
pub fn locale(headers: &HeaderMap) -> Locale {
    let chosen = preferences(headers).and_then(|preferences| preferences.locale);
    let asked = || Locale::preferred(headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?);
    chosen.or_else(asked).unwrap_or_default()
}

/// A person named in the path; anything that is no UUID names nobody.
pub struct PathUser(pub UserId);

impl<S: Send + Sync> FromRequestParts<S> for PathUser {
    type Rejection = ServiceError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let Path(id) = <Path<String> as FromRequestParts<S>>::from_request_parts(parts, state)
            .await
            .map_err(|_| ServiceError::NotFound)?;
        id.parse().map(Self).map_err(|_| ServiceError::NotFound)
    }
}

/// A JSON object of at most `LIMIT` bytes.
pub struct JsonBody<const LIMIT: usize = BODY_BYTES>(pub Fields);

impl<S: Send + Sync, const LIMIT: usize> FromRequest<S> for JsonBody<LIMIT> {
    type Rejection = Response;

    async fn from_request(request: Request, _: &S) -> Result<Self, Self::Rejection> {
        if !is_json(request.headers()) {
            let message = "The body must be application/json.";
            return Err(refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message));
        }
        let bytes = read(request, LIMIT).await?;
        let value = serde_json::from_slice(&bytes)
            .map_err(|_| refuse(StatusCode::BAD_REQUEST, "bad_json", "The body is not JSON."))?;
        Fields::of(value).map(Self).map_err(axum::response::IntoResponse::into_response)
    }
}

/// The fields of a form post of at most `LIMIT` bytes.
pub struct Form<const LIMIT: usize = BODY_BYTES>(Vec<(String, String)>);

impl<const LIMIT: usize> Form<LIMIT> {
    /// The value of a field; empty when it is missing.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }
}

impl<S: Send + Sync, const LIMIT: usize> FromRequest<S> for Form<LIMIT> {
    type Rejection = Response;

    async fn from_request(request: Request, _: &S) -> Result<Self, Self::Rejection> {
        let bytes = read(request, LIMIT).await?;
        Ok(Self(url::form_urlencoded::parse(&bytes).into_owned().collect()))
    }
}

/// Whether the body is declared as JSON.
pub fn is_json(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || kind.starts_with("application/") && kind.ends_with("+json")
}

/// A body of at most `limit` bytes, or the refusal.
pub async fn read(request: Request<Body>, limit: usize) -> Result<axum::body::Bytes, Response> {
    let too_big = || refuse(StatusCode::PAYLOAD_TOO_LARGE, "too_big", "The body is too big.");
    let declared =
        request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if declared.is_some_and(|length: usize| length > limit) {
        pass_over(request.into_body()).await;
        return Err(too_big());
    }
    to_bytes(request.into_body(), limit).await.map_err(|_| too_big())
}

/// Takes in a body nobody wants: hanging up while it is still being sent would take the answer with it.
pub async fn pass_over(body: Body) {
    let mut data = body.into_data_stream();
    let mut left = PASSED_OVER_BYTES;
    let all = async {
        while let Some(Ok(chunk)) = data.next().await {
            left = left.saturating_sub(chunk.len());
            if left == 0 {
                return;
            }
        }
    };
    // Whoever sends slower than this gets a broken connection instead of an answer.
    let _ = tokio::time::timeout(PASSED_OVER_TIME, all).await;
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::properties::config;

    fn headers(name: header::HeaderName, values: &[Vec<u8>]) -> HeaderMap {
        let values = values.iter().filter_map(|value| HeaderValue::from_bytes(value).ok());
        values.map(|value| (name.clone(), value)).collect()
    }

    #[test]
    fn the_first_cookie_of_the_name_counts() {
        let found = |text: &str| {
            let headers = headers(header::COOKIE, &[text.as_bytes().to_vec()]);
            cookie(&headers, "sid").map(str::to_owned)
        };
        assert_eq!(found("a=b; sid=x; sid=y").as_deref(), Some("x"));
        assert_eq!(found("sid=x=y; z").as_deref(), Some("x=y"));
        for other in ["", "sid", "SID=x", "__Host-sid=x", "xsid=x", "a=sid=x", "sid =x", "\"sid=x\""] {
            assert_eq!(found(other), None, "{other:?}");
        }
    }

    proptest! {
        #![proptest_config(config("tests/corpus/regressions/headers.txt"))]

        #[test]
        fn a_cookie_is_found_among_any_others(
            before in vec("[!-:<-~]{0,8}", 0..4), token in "[A-Za-z0-9_-]{43}", after in vec("[!-:<-~]{0,8}", 0..4),
        ) {
            prop_assume!(before.iter().all(|pair| !pair.starts_with("__Host-sid=")));
            let pairs: Vec<_> = before.into_iter().chain([format!("__Host-sid={token}")]).chain(after).collect();
            let one = [pairs.join("; ").into_bytes()];
            // A proxy may make several headers of one (RFC 9113, 8.2.3).
            let many: Vec<_> = pairs.into_iter().map(String::into_bytes).collect();
            for values in [one.as_slice(), &many] {
                let headers = headers(header::COOKIE, values);
                prop_assert_eq!(cookie(&headers, "__Host-sid"), Some(token.as_str()));
            }
        }

        #[test]
        fn headers_of_any_bytes_name_nobody_by_accident(values in vec(vec(any::<u8>(), 0..40), 0..4)) {
            let cookies = headers(header::COOKIE, &values);
            if let Some(found) = cookie(&cookies, "sid") {
                let pair = format!("sid={found}");
                prop_assert!(values.iter().any(|value| String::from_utf8_lossy(value).contains(&pair)));
            }
            let authorization = headers(header::AUTHORIZATION, &values);
            if let Some(token) = bearer(&authorization) {
                let first = String::from_utf8_lossy(&values[0]).to_ascii_lowercase();
                prop_assert!(first.trim().starts_with("bearer "), "{token:?} of {first:?}");
            }
        }

        #[test]
        fn a_bearer_token_is_taken_as_it_is(
            scheme in "[bB][eE][aA][rR][eE][rR]", spaces in " {1,3}", token in "[A-Za-z0-9._~+/-]{1,60}=?",
        ) {
            let value = format!("{scheme}{spaces}{token}").into_bytes();
            let authorization = headers(header::AUTHORIZATION, &[value]);
            prop_assert_eq!(bearer(&authorization), Some(token.as_str()));
        }
    }
}
