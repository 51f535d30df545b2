//! Sending a message from a page that runs no scripts.

use axum::http::StatusCode;
use uuid::Uuid;

use super::extract::{Form, SEND_BYTES};
use crate::api::{ApiError, PlainForm};
use crate::domain::{ClientId, InvalidBody, Locale, MessageBody, Seq, UserId};
use crate::server::AppState;
use crate::server::auth::Viewer;
use crate::server::error::ServiceError;

/// What the page is to show when the message could not be sent.
pub struct Refused {
    /// The status of the page.
    pub status: StatusCode,
    /// The form, as it was sent, and why it comes back.
    pub form: PlainForm,
}

/// Sends what the form holds. Whoever answers has read what the page showed: nothing else can say so there.
///
/// # Errors
/// [`Refused`], in the language of the page, after which the same form may be sent again: it makes one message,
/// whatever happened before.
pub async fn send(
    state: &AppState,
    viewer: Viewer,
    peer: UserId,
    form: &Form<SEND_BYTES>,
    locale: Locale,
) -> Result<(), Refused> {
    // Browsers post line ends as CR LF (HTML: "constructing the form data set"); messages have LF.
    let text = form.get("content").replace("\r\n", "\n");
    let client_id = form.get("client_id").parse().unwrap_or_else(|_| ClientId(Uuid::now_v7()));
    let read = form.get("read").parse().map_or(Seq::ZERO, Seq);
    let sent = async {
        state.service.send_message(viewer, peer, &text, Some(client_id)).await?;
        if read > Seq::ZERO { state.service.mark_read(viewer, peer, read).await } else { Ok(()) }
    };
    sent.await.map_err(|error| refused(error, text.clone(), client_id, locale))
}

fn refused(error: ServiceError, text: String, client_id: ClientId, locale: Locale) -> Refused {
    let status = error.status();
    // The form was sent, changed, and sent again, after Back for instance: that is another message.
    let is_another = matches!(error, ServiceError::ClientIdReused);
    let client_id = if is_another { ClientId(Uuid::now_v7()) } else { client_id };
    let alert = Some(reason(error, &text, locale));
    Refused { status, form: PlainForm { client_id, text, alert } }
}

/// Why the message could not be sent, for a person.
fn reason(error: ServiceError, text: &str, locale: Locale) -> &'static str {
    let (words, server) = (locale.words(), locale.server_words());
    match (error, MessageBody::parse(text)) {
        (ServiceError::ClientIdReused, _) => server.sent_before,
        (ServiceError::Blocked, _) => words.refused_blocked,
        (ServiceError::Invalid { .. }, Err(InvalidBody::Blank)) => server.blank_message,
        (ServiceError::Invalid { .. }, Err(InvalidBody::TooLong)) => server.long_message,
        (ServiceError::Invalid { .. }, Err(InvalidBody::Nul)) => server.nul_in_message,
        (error, _) => ApiError::from(error).text(words),
    }
}
