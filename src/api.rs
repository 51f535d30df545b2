//! The server functions: what the pages ask for, rendered on the server first and fetched by the
//! browser afterwards.
//!
//! Each is a public endpoint. Whether the caller may see the answer is decided behind it, in
//! `server::pages`; the endpoint names are fixed so that a tab opened before a deploy still finds
//! them. Everything the socket needs is plain HTTP instead (see the contract of `/messages/*`).

use leptos::prelude::*;
use leptos::server_fn::codec::Post;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use leptos::server_fn::{Bytes, ContentType, Decodes, Encodes, Format, FormatType};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::domain::ClientId;
use crate::domain::{Contact, Message, Profile, ScoredProfile, Seq, UserId};
use crate::i18n::Words;

/// Why an answer could not be given. [`ApiError::text`] says it to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApiError {
    /// Nobody is signed in, or no longer.
    Unauthenticated,
    /// What was asked for does not exist.
    NotFound,
    /// Something the caller gave is not acceptable.
    Invalid,
    /// Too many calls; a little later it works again.
    RateLimited,
    /// The server, or the way to it, has a problem that is not the caller's.
    Unavailable,
}

impl ApiError {
    /// What it says on a page.
    #[must_use]
    pub const fn text(self, words: &Words) -> &'static str {
        match self {
            Self::Unauthenticated => words.signed_out,
            Self::NotFound => words.nothing_found,
            Self::Invalid => words.not_accepted,
            Self::RateLimited => words.too_fast,
            Self::Unavailable => words.unreachable,
        }
    }
}

/// JSON, read from text like all other JSON in the browser: the framework's own codec reads it from
/// bytes, and the browser half would hold a second copy of everything that reads.
pub struct JsonText;

impl ContentType for JsonText {
    const CONTENT_TYPE: &'static str = "application/json";
}

impl FormatType for JsonText {
    const FORMAT_TYPE: Format = Format::Text;
}

impl<T: Serialize> Encodes<T> for JsonText {
    type Error = serde_json::Error;

    fn encode(output: &T) -> Result<Bytes, Self::Error> {
        serde_json::to_string(output).map(Bytes::from)
    }
}

impl<T: DeserializeOwned> Decodes<T> for JsonText {
    type Error = serde_json::Error;

    fn decode(bytes: Bytes) -> Result<T, Self::Error> {
        serde_json::from_str(&String::from_utf8_lossy(&bytes))
    }
}

impl FromServerFnError for ApiError {
    type Encoder = JsonText;

    /// The framework's texts speak of its own insides, so only their kind is kept.
    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        // What the server cannot read is the caller's request, what the browser cannot read an answer.
        let is_unreadable = cfg!(feature = "ssr") && matches!(error, ServerFnErrorErr::Deserialization(_));
        with_status(match error {
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => Self::Invalid,
            _ if is_unreadable => Self::Invalid,
            _ => Self::Unavailable,
        })
    }
}

/// One page of matches, best first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatchList {
    /// The people, never the one who asks.
    pub matches: Vec<ScoredProfile>,
    /// Where the next page begins; `None` on the last one.
    pub next: Option<String>,
}

/// What a profile card shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileCardData {
    /// The person, with the score seen from the one who asks.
    pub scored: ScoredProfile,
    /// Those of the person's interests that both have, as the person wrote them.
    pub shared_interests: Vec<String>,
}

/// One page of the inbox, newest activity first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationList {
    /// The conversations of this page.
    pub conversations: Vec<ConversationItem>,
    /// Unread messages over all conversations, not only those of this page.
    pub total_unread: u64,
    /// Where the next page begins; `None` on the last one.
    pub next: Option<String>,
}

/// A conversation as the inbox lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationItem {
    /// The other member.
    pub peer: Profile,
    /// The newest message, of either member.
    pub last_message: Message,
    /// Its position.
    pub last_seq: Seq,
    /// Up to where the one who asks has read.
    pub read_seq: Seq,
    /// Messages of the peer after that.
    pub unread: u64,
    /// What the one who asks chose for the peer.
    pub contact: Contact,
}

/// The person who is signed in; `None` when nobody is.
///
/// # Errors
/// [`ApiError::Unavailable`].
#[server(endpoint = "get_me", output = Post<JsonText>)]
pub async fn get_me() -> Result<Option<Profile>, ApiError> {
    answer(crate::server::pages::me().await)
}

/// People who match `query`, an empty one matching everybody, from `cursor` on.
///
/// # Errors
/// [`ApiError::Unauthenticated`], [`ApiError::Invalid`] for a cursor nobody gave out,
/// [`ApiError::RateLimited`], [`ApiError::Unavailable`].
#[server(endpoint = "list_matches", output = Post<JsonText>)]
pub async fn list_matches(
    /// Part of a name, a headline or an interest; may be empty.
    query: String,
    /// What [`MatchList::next`] said; `None` for the first page.
    cursor: Option<String>,
) -> Result<MatchList, ApiError> {
    answer(crate::server::pages::matches(query, cursor).await)
}

/// The card of one person; `None` when the id is unknown or no id at all.
///
/// # Errors
/// [`ApiError::Unauthenticated`], [`ApiError::RateLimited`], [`ApiError::Unavailable`].
#[server(endpoint = "get_profile", output = Post<JsonText>)]
pub async fn get_profile(
    /// A user id as it stood in the address, well-formed or not.
    id: String,
) -> Result<Option<ProfileCardData>, ApiError> {
    answer(crate::server::pages::profile(id).await)
}

/// The conversations of the one who asks, from `cursor` on.
///
/// # Errors
/// [`ApiError::Unauthenticated`], [`ApiError::Invalid`] for a cursor nobody gave out,
/// [`ApiError::RateLimited`], [`ApiError::Unavailable`].
#[server(endpoint = "list_conversations", output = Post<JsonText>)]
pub async fn list_conversations(
    /// What [`ConversationList::next`] said; `None` for the first page.
    cursor: Option<String>,
) -> Result<ConversationList, ApiError> {
    answer(crate::server::pages::conversations(cursor).await)
}

/// A conversation as a page shows it that runs no scripts. Only the server has it.
#[cfg(feature = "ssr")]
#[derive(Clone, Debug)]
pub struct PlainChat {
    /// What was said.
    pub history: Result<PlainHistory, ApiError>,
    /// What the form holds.
    pub form: PlainForm,
}

/// The newest messages of a conversation.
#[cfg(feature = "ssr")]
#[derive(Clone, Debug)]
pub struct PlainHistory {
    /// Oldest first.
    pub messages: Vec<Message>,
    /// The position of the newest.
    pub last_seq: Seq,
    /// How far the peer has read.
    pub read: Seq,
    /// How far a device of the peer holds it.
    pub delivered: Seq,
    /// Whether there are earlier ones.
    pub has_more: bool,
}

/// What a message is written into.
#[cfg(feature = "ssr")]
#[derive(Clone, Debug)]
pub struct PlainForm {
    /// What the message will be called, however often the form is sent.
    pub client_id: ClientId,
    /// What was written before, and could not be sent.
    pub text: String,
    /// Why, for a person.
    pub alert: Option<&'static str>,
}

/// The conversation with `peer` for a page without scripts; `None` unless the page was asked to show it.
#[cfg(feature = "ssr")]
#[must_use]
pub fn plain_chat(peer: UserId) -> Option<PlainChat> {
    crate::server::pages::plain_chat(peer)
}

/// Who is signed in, as the server knows before it renders anything. The browser knows nothing of
/// its own: it reads what the server wrote into the document.
#[must_use]
pub fn signed_in() -> Option<UserId> {
    #[cfg(feature = "ssr")]
    let me = use_context::<crate::server::auth::Viewer>().map(|viewer| viewer.user_id);
    #[cfg(not(feature = "ssr"))]
    let me = None;
    me
}

/// What a server function answers, with the HTTP status of a failure.
#[cfg(feature = "ssr")]
fn answer<T>(result: Result<T, ApiError>) -> Result<T, ApiError> {
    result.map_err(with_status)
}

/// On the server, gives the answer its HTTP status: without this the framework says 500 to everything.
fn with_status(error: ApiError) -> ApiError {
    #[cfg(feature = "ssr")]
    set_status(status(&error));
    error
}

#[cfg(feature = "ssr")]
fn status(error: &ApiError) -> axum::http::StatusCode {
    use axum::http::StatusCode;

    match error {
        ApiError::Unauthenticated => StatusCode::UNAUTHORIZED,
        ApiError::NotFound => StatusCode::NOT_FOUND,
        ApiError::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        ApiError::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        ApiError::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// Sets the status of the response that is being rendered, if one is.
#[cfg(feature = "ssr")]
pub fn set_status(status: axum::http::StatusCode) {
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(status);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_survive_the_wire() {
        for error in [ApiError::Unauthenticated, ApiError::Invalid, ApiError::RateLimited] {
            assert_eq!(ApiError::de(error.ser()), error);
        }
    }

    #[test]
    fn the_frameworks_texts_stay_inside() {
        let inner = ServerFnErrorErr::ServerError("relation does not exist".to_owned());
        assert_eq!(ApiError::from_server_fn_error(inner), ApiError::Unavailable);
    }
}
