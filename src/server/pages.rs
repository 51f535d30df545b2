//! What the pages ask for: the bodies of the server functions, one use case each.
//!
//! What a page is sure to ask for is fetched before it is rendered ([`Prepared`]): then nothing is
//! waited for while it is. The framework loses a wake-up now and then when several things a page
//! waits for arrive at the same time, and such a page would never be complete.

use std::sync::Arc;

use leptos::prelude::{expect_context, use_context};
use tokio::join;
use uuid::Uuid;

use super::AppState;
use super::auth::Viewer;
use super::cursor;
use super::error::ServiceError;
use super::store::{Position, fold};
use crate::api::{
    ApiError, ConversationItem, ConversationList, MatchList, PlainChat, PlainForm, PlainHistory,
    ProfileCardData,
};
use crate::domain::{ClientId, Profile, UserId};

/// People on one page of matches.
const MATCHES: u32 = 24;
/// Conversations on one page of the inbox.
const CONVERSATIONS: u32 = 30;
/// Messages on a page without scripts.
const MESSAGES: u32 = 30;

impl From<ServiceError> for ApiError {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Unauthenticated | ServiceError::InvalidCredentials => Self::Unauthenticated,
            ServiceError::NotFound => Self::NotFound,
            ServiceError::Invalid { .. }
            | ServiceError::UsernameTaken
            | ServiceError::ClientIdReused
            | ServiceError::Blocked
            | ServiceError::WrongPassword => Self::Invalid,
            ServiceError::RateLimited { .. } => Self::RateLimited,
            ServiceError::Unavailable(cause) => {
                tracing::error!(error = ?cause, "the store could not answer");
                metrics::counter!("mosaic_store_errors_total").increment(1);
                Self::Unavailable
            }
        }
    }
}

/// What a page asks for, by what it asks with.
#[derive(Debug, Default)]
pub struct Prepared {
    me: Option<Result<Option<Profile>, ApiError>>,
    matches: Option<(String, Result<MatchList, ApiError>)>,
    profile: Option<(String, Result<Option<ProfileCardData>, ApiError>)>,
    conversations: Option<Result<ConversationList, ApiError>>,
    history: Option<(UserId, Result<PlainHistory, ApiError>)>,
    unsent: Option<PlainForm>,
}

impl Prepared {
    /// For the page of matches: the first ones for a search, the person who is chosen, and the conversation
    /// that is open. That one is for pages without scripts; no other can be told apart from them.
    pub async fn matches(
        state: &AppState,
        viewer: Viewer,
        search: String,
        chosen: Option<String>,
        chat: Option<UserId>,
    ) -> Self {
        let asker = Asker { state: state.clone(), viewer: Some(viewer) };
        let profile = async {
            let id = chosen?;
            let found = asker.profile(&id).await;
            Some((id, found))
        };
        let history = async {
            let peer = chat?;
            Some((peer, asker.history(peer).await))
        };
        let (me, matches, profile, history) =
            join!(asker.me(), asker.matches(&search, None), profile, history);
        Self { me: Some(me), matches: Some((search, matches)), profile, history, ..Self::default() }
    }

    /// With a message that could not be sent, to be shown in its form again.
    #[must_use]
    pub fn with_unsent(self, unsent: PlainForm) -> Self {
        Self { unsent: Some(unsent), ..self }
    }

    /// For the inbox.
    pub async fn conversations(state: &AppState, viewer: Viewer) -> Self {
        let asker = Asker { state: state.clone(), viewer: Some(viewer) };
        let (me, conversations) = join!(asker.me(), asker.conversations(None));
        Self { me: Some(me), conversations: Some(conversations), ..Self::default() }
    }
}

/// Who looks at the page, if anybody is logged in.
///
/// # Errors
/// [`ApiError::Unavailable`].
pub async fn me() -> Result<Option<Profile>, ApiError> {
    match prepared(|prepared| prepared.me.clone()) {
        Some(ready) => ready,
        None => Asker::of_page().me().await,
    }
}

/// A page of matches.
///
/// # Errors
/// As [`super::service::Service::matches`], and [`ApiError::Unauthenticated`].
pub async fn matches(query: String, after: Option<String>) -> Result<MatchList, ApiError> {
    let is_asked = |(search, _): &(String, _)| after.is_none() && *search == query;
    match prepared(|prepared| prepared.matches.clone().filter(is_asked)) {
        Some((_, ready)) => ready,
        None => Asker::of_page().matches(&query, after).await,
    }
}

/// A person's card; `None` for an id that names nobody.
///
/// # Errors
/// [`ApiError::Unauthenticated`], [`ApiError::Unavailable`].
pub async fn profile(id: String) -> Result<Option<ProfileCardData>, ApiError> {
    let is_asked = |(chosen, _): &(String, _)| *chosen == id;
    match prepared(|prepared| prepared.profile.clone().filter(is_asked)) {
        Some((_, ready)) => ready,
        None => Asker::of_page().profile(&id).await,
    }
}

/// A page of the inbox.
///
/// # Errors
/// [`ApiError::Unauthenticated`], [`ApiError::Invalid`], [`ApiError::Unavailable`].
pub async fn conversations(before: Option<String>) -> Result<ConversationList, ApiError> {
    match prepared(|prepared| prepared.conversations.clone().filter(|_| before.is_none())) {
        Some(ready) => ready,
        None => Asker::of_page().conversations(before).await,
    }
}

/// The conversation with `peer`, if this page was prepared with it, and a form to write in: as it was sent
/// when that failed, otherwise a fresh one.
pub fn plain_chat(peer: UserId) -> Option<PlainChat> {
    let (_, history) = prepared(|prepared| prepared.history.clone().filter(|(whose, _)| *whose == peer))?;
    let fresh = || PlainForm { client_id: ClientId(Uuid::now_v7()), text: String::new(), alert: None };
    let form = prepared(|prepared| prepared.unsent.clone()).unwrap_or_else(fresh);
    Some(PlainChat { history, form })
}

fn prepared<T>(look: impl FnOnce(&Prepared) -> Option<T>) -> Option<T> {
    look(use_context::<Arc<Prepared>>()?.as_ref())
}

/// Who asks, and where.
struct Asker {
    state: AppState,
    viewer: Option<Viewer>,
}

impl Asker {
    fn of_page() -> Self {
        Self { state: expect_context(), viewer: use_context() }
    }

    fn viewer(&self) -> Result<Viewer, ApiError> {
        self.viewer.ok_or(ApiError::Unauthenticated)
    }

    async fn me(&self) -> Result<Option<Profile>, ApiError> {
        match self.viewer {
            Some(viewer) => Ok(Some(self.state.service.own_profile(viewer.user_id).await?)),
            None => Ok(None),
        }
    }

    async fn matches(&self, query: &str, after: Option<String>) -> Result<MatchList, ApiError> {
        let after = after.as_deref().map(cursor::read_match).transpose()?;
        let page = self.state.service.matches(self.viewer()?, query, MATCHES, after).await?;
        Ok(MatchList { matches: page.matches, next: page.next.map(cursor::write_match) })
    }

    async fn profile(&self, id: &str) -> Result<Option<ProfileCardData>, ApiError> {
        let (service, viewer) = (&self.state.service, self.viewer()?);
        let Ok(id) = id.parse::<UserId>() else { return Ok(None) };
        let scored = match service.profile(viewer, id).await {
            Ok(scored) => scored,
            Err(ServiceError::NotFound) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let own = service.own_profile(viewer.user_id).await?;
        let mine: Vec<String> = own.interests.iter().map(|interest| fold(interest)).collect();
        let both = |interest: &&String| id != viewer.user_id && mine.contains(&fold(interest));
        let shared_interests = scored.profile.interests.iter().filter(both).cloned().collect();
        Ok(Some(ProfileCardData { scored, shared_interests }))
    }

    async fn history(&self, peer: UserId) -> Result<PlainHistory, ApiError> {
        let page = self.state.service.history(self.viewer()?, peer, MESSAGES, Position::NEWEST).await?;
        Ok(PlainHistory {
            messages: page.messages,
            last_seq: page.last_seq,
            read: page.peer_read_seq,
            delivered: page.peer_delivered_seq,
            has_more: page.has_more,
        })
    }

    async fn conversations(&self, before: Option<String>) -> Result<ConversationList, ApiError> {
        let before = before.as_deref().map(cursor::read_conversation).transpose()?;
        let page = self.state.service.conversations(self.viewer()?, CONVERSATIONS, before).await?;
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
}
