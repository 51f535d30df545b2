//! What can go wrong in a use case, and its one translation to HTTP.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::store::StoreError;

/// Why a use case was refused or could not be done.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// Nobody is logged in.
    #[error("Please log in.")]
    Unauthenticated,
    /// Unknown user or wrong password; the same for both.
    #[error("The username or the password is wrong.")]
    InvalidCredentials,
    /// Somebody who is logged in gave a wrong password for what needs it again. Not a 401: the log-in stands.
    #[error("The password is wrong.")]
    WrongPassword,
    /// It does not exist, or it is not for this user to know.
    #[error("There is nothing here.")]
    NotFound,
    /// The name belongs to somebody else.
    #[error("This username is taken.")]
    UsernameTaken,
    /// The sender used the `client_id` for another message.
    #[error("This client_id was used for another message.")]
    ClientIdReused,
    /// The sender blocks the receiver.
    #[error("You blocked this person. Unblock them to write to them.")]
    Blocked,
    /// A field is missing, wrong or out of range.
    #[error("{message}")]
    Invalid {
        /// Which.
        field: &'static str,
        /// What would be right.
        message: String,
    },
    /// Too much at once.
    #[error("Too many tries. Please wait a moment.")]
    RateLimited {
        /// When it is worth trying again.
        retry_after: Duration,
    },
    /// A dependency is away or too busy; what was asked may or may not have been done, and may be asked again.
    #[error("Mosaic cannot do this right now. Please try again.")]
    Unavailable(#[source] Option<StoreError>),
}

impl ServiceError {
    /// A field is missing, wrong or out of range.
    pub fn invalid(field: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid { field, message: message.into() }
    }

    /// Machine-readable, snake case: the `code` of the contract.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unauthenticated => "unauthenticated",
            Self::InvalidCredentials => "invalid_credentials",
            Self::WrongPassword => "wrong_password",
            Self::NotFound => "not_found",
            Self::UsernameTaken => "username_taken",
            Self::ClientIdReused => "client_id_reused",
            Self::Blocked => "blocked",
            Self::Invalid { .. } => "invalid",
            Self::RateLimited { .. } => "rate_limited",
            Self::Unavailable(_) => "unavailable",
        }
    }

    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::RateLimited { .. } | Self::Unavailable(_))
    }

    /// Its HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Unauthenticated | Self::InvalidCredentials => StatusCode::UNAUTHORIZED,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::UsernameTaken | Self::ClientIdReused => StatusCode::CONFLICT,
            Self::Blocked | Self::WrongPassword => StatusCode::FORBIDDEN,
            Self::Invalid { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl From<StoreError> for ServiceError {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(Some(error))
    }
}

impl IntoResponse for ServiceError {
    fn into_response(self) -> Response {
        let status = self.status();
        if let Self::Unavailable(Some(cause)) = &self {
            let cause =
                std::error::Error::source(cause).map_or_else(|| cause.to_string(), ToString::to_string);
            tracing::error!(error = %cause, "the store could not answer");
            metrics::counter!("mosaic_store_errors_total").increment(1);
        }
        let field = if let Self::Invalid { field, .. } = &self { Some(*field) } else { None };
        let mut response = refuse_field(status, self.code(), &self.to_string(), field);
        let wait = match &self {
            Self::RateLimited { retry_after } => Some(whole_seconds(*retry_after)),
            Self::Unavailable(_) => Some(1),
            _ => None,
        };
        if let Some(seconds) = wait {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// The body of every refusal.
#[derive(Serialize, ToSchema)]
pub struct ErrorAnswer<'a> {
    /// What is wrong.
    error: Refusal<'a>,
}

/// Why something was refused.
#[derive(Serialize, ToSchema)]
struct Refusal<'a> {
    /// Machine-readable.
    #[schema(pattern = "^[a-z][a-z0-9_]*$")]
    code: &'a str,
    /// For a person.
    #[schema(min_length = 1)]
    message: &'a str,
    /// With the code `invalid`: what is missing, wrong or out of range.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
}

/// An error answer in the shape all of them have.
pub fn refuse(status: StatusCode, code: &'static str, message: &str) -> Response {
    refuse_field(status, code, message, None)
}

fn refuse_field(
    status: StatusCode,
    code: &'static str,
    message: &str,
    field: Option<&'static str>,
) -> Response {
    let error = Refusal { code, message, field };
    (status, axum::Json(ErrorAnswer { error })).into_response()
}

/// Rounded up: whoever waits that long is let through.
fn whole_seconds(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_waits_as_long_as_they_are_told_waits_long_enough() {
        for (millis, told) in [(0, "1"), (1, "1"), (1_000, "1"), (1_001, "2"), (59_999, "60")] {
            let refused = ServiceError::RateLimited { retry_after: Duration::from_millis(millis) };
            assert_eq!(refused.into_response().headers()[header::RETRY_AFTER], told, "{millis} ms");
        }
    }
}
