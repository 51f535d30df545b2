//! Sending a message from a page that runs no scripts.

use axum::http::StatusCode;
use uuid::Uuid;

use super::extract::{Form, SEND_BYTES};
use crate::api::{ApiError, PlainForm};
use crate::domain::{ClientId, Seq, UserId};
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
/// [`Refused`], after which the same form may be sent again: it makes one message, whatever happened before.
pub async fn send(
    state: &AppState,
    viewer: Viewer,
    peer: UserId,
    form: &Form<SEND_BYTES>,
) -> Result<(), Refused> {
    // Browsers post line ends as CR LF (HTML: "constructing the form data set"); messages have LF.
    let text = form.get("content").replace("\r\n", "\n");
    let client_id = form.get("client_id").parse().unwrap_or_else(|_| ClientId(Uuid::now_v7()));
    let read = form.get("read").parse().map_or(Seq::ZERO, Seq);
    let sent = async {
        state.service.send_message(viewer, peer, &text, Some(client_id)).await?;
        if read > Seq::ZERO { state.service.mark_read(viewer, peer, read).await } else { Ok(()) }
    };
    sent.await.map_err(|error| refused(error, text.clone(), client_id))
}

fn refused(error: ServiceError, text: String, client_id: ClientId) -> Refused {
    let status = error.status();
    // The form was sent, changed, and sent again, after Back for instance: that is another message.
    let (client_id, alert) = if matches!(error, ServiceError::ClientIdReused) {
        let alert = "This was sent before with another text. Send again to send this one as well.";
        (ClientId(Uuid::now_v7()), alert.to_owned())
    } else {
        (client_id, ApiError::from(error).to_string())
    };
    Refused { status, form: PlainForm { client_id, text, alert: Some(alert) } }
}
