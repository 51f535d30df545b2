//! What the pages ask for: the bodies of the server functions, one use case each.

use leptos::prelude::{expect_context, use_context};

use super::AppState;
use super::auth::Viewer;
use super::cursor;
use super::error::ServiceError;
use super::store::fold;
use crate::api::{ApiError, ConversationItem, ConversationList, MatchList, ProfileCardData};
use crate::domain::{Profile, UserId};

/// People on one page of matches.
const MATCHES: u32 = 24;
/// Conversations on one page of the inbox.
const CONVERSATIONS: u32 = 30;

impl From<ServiceError> for ApiError {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Unauthenticated | ServiceError::InvalidCredentials => Self::Unauthenticated,
            ServiceError::NotFound => Self::NotFound,
            ServiceError::Invalid { field, message } => Self::Invalid { field: field.to_owned(), message },
            ServiceError::UsernameTaken | ServiceError::ClientIdReused | ServiceError::Blocked => {
                Self::Invalid { field: String::new(), message: error.to_string() }
            }
            ServiceError::RateLimited { .. } => Self::RateLimited,
            ServiceError::Unavailable(cause) => {
                tracing::error!(error = ?cause, "the store could not answer");
                metrics::counter!("mosaic_store_errors_total").increment(1);
                Self::Unavailable
            }
        }
    }
}

/// Who looks at the page, if anybody is logged in.
///
/// # Errors
/// [`ApiError::Unavailable`].
pub async fn me() -> Result<Option<Profile>, ApiError> {
    match viewer() {
        Some(viewer) => Ok(Some(state().service.own_profile(viewer.user_id).await?)),
        None => Ok(None),
    }
}

/// A page of matches.
///
/// # Errors
/// As [`super::service::Service::matches`], and [`ApiError::Unauthenticated`].
pub async fn matches(query: String, after: Option<String>) -> Result<MatchList, ApiError> {
    let after = after.as_deref().map(cursor::read_match).transpose()?;
    let page = state().service.matches(required()?, &query, MATCHES, after).await?;
    Ok(MatchList { matches: page.matches, next: page.next.map(cursor::write_match) })
}

/// A person's card; `None` for an id that names nobody.
///
/// # Errors
/// [`ApiError::Unauthenticated`], [`ApiError::Unavailable`].
pub async fn profile(id: String) -> Result<Option<ProfileCardData>, ApiError> {
    let (state, viewer) = (state(), required()?);
    let Ok(id) = id.parse::<UserId>() else { return Ok(None) };
    let scored = match state.service.profile(viewer, id).await {
        Ok(scored) => scored,
        Err(ServiceError::NotFound) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let mine: Vec<String> = state
        .service
        .own_profile(viewer.user_id)
        .await?
        .interests
        .iter()
        .map(|interest| fold(interest))
        .collect();
    let both = |interest: &&String| id != viewer.user_id && mine.contains(&fold(interest));
    let shared_interests = scored.profile.interests.iter().filter(both).cloned().collect();
    Ok(Some(ProfileCardData { scored, shared_interests }))
}

/// A page of the inbox.
///
/// # Errors
/// [`ApiError::Unauthenticated`], [`ApiError::Invalid`], [`ApiError::Unavailable`].
pub async fn conversations(before: Option<String>) -> Result<ConversationList, ApiError> {
    let before = before.as_deref().map(cursor::read_conversation).transpose()?;
    let page = state().service.conversations(required()?, CONVERSATIONS, before).await?;
    let items = page.conversations.into_iter().map(|entry| ConversationItem {
        peer: entry.peer,
        last_message: entry.last_message,
        last_seq: entry.head.last_seq,
        read_seq: entry.head.read_seq,
        unread: entry.head.unread,
        contact: entry.head.contact,
    });
    Ok(ConversationList {
        conversations: items.collect(),
        total_unread: page.total_unread,
        next: page.next.map(cursor::write_conversation),
    })
}

fn state() -> AppState {
    expect_context()
}

fn viewer() -> Option<Viewer> {
    use_context()
}

fn required() -> Result<Viewer, ApiError> {
    viewer().ok_or(ApiError::Unauthenticated)
}
