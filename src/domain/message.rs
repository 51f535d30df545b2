//! A message, and the one place that says which text may become one.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{ClientId, MessageId, Seq, UserId};

/// A stored message, the same on the wire, in the browser and from the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Message {
    /// The row's id.
    pub id: MessageId,
    /// What the sender called it before it was stored.
    pub client_id: ClientId,
    /// Who wrote it.
    pub sender_id: UserId,
    /// Whom it is for.
    pub receiver_id: UserId,
    /// Plain text, verbatim as it was sent.
    pub content: String,
    /// The position in the conversation of the two.
    pub seq: Seq,
    /// When it was stored, by the server's clock, in UTC.
    pub created_at: DateTime<Utc>,
    /// When the receiver read it; `None` while unread.
    #[cfg_attr(feature = "ssr", schema(required))]
    pub read_at: Option<DateTime<Utc>>,
}

impl Message {
    /// The other member of the conversation, seen from `me`.
    #[must_use]
    pub fn peer_of(&self, me: UserId) -> UserId {
        if self.sender_id == me { self.receiver_id } else { self.sender_id }
    }
}

/// Text that may be stored as a message: 1–4000 Unicode scalar values after trimming, at most
/// 16 KiB, no NUL. Kept verbatim, white space at the ends included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageBody(String);

/// Why a text cannot be a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBody {
    /// Nothing is left after trimming.
    #[error("A message needs some text.")]
    Blank,
    /// More than [`MessageBody::MAX_CHARS`] characters or [`MessageBody::MAX_BYTES`] bytes.
    #[error("A message may have at most 4000 characters.")]
    TooLong,
    /// U+0000, which PostgreSQL's `text` cannot hold.
    #[error("A message must not contain the NUL character.")]
    Nul,
}

impl MessageBody {
    /// The limit in Unicode scalar values, counted after trimming.
    pub const MAX_CHARS: usize = 4000;
    /// The limit in bytes of UTF-8, white space at the ends included.
    pub const MAX_BYTES: usize = 16 * 1024;

    /// Accepts `text` as a message.
    ///
    /// # Errors
    /// [`InvalidBody`] says what the writer can change.
    pub fn parse(text: impl Into<String>) -> Result<Self, InvalidBody> {
        let text = text.into();
        let chars = Self::count(&text);
        if text.contains('\0') {
            Err(InvalidBody::Nul)
        } else if chars == 0 {
            Err(InvalidBody::Blank)
        } else if chars > Self::MAX_CHARS || text.len() > Self::MAX_BYTES {
            Err(InvalidBody::TooLong)
        } else {
            Ok(Self(text))
        }
    }

    /// The length that counts against [`Self::MAX_CHARS`].
    #[must_use]
    pub fn count(text: &str) -> usize {
        text.trim().chars().count()
    }

    /// The text, verbatim.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Gives the text away.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

/// The body of `POST /messages/send`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct SendMessageRequest {
    /// Whom it is for.
    pub receiver_id: UserId,
    /// The text: 1–4000 Unicode scalar values after trimming, no NUL. Stored verbatim.
    #[cfg_attr(feature = "ssr", schema(min_length = 1, max_length = 4000, pattern = "^[^\\u0000]+$"))]
    pub content: String,
    /// Makes the call repeatable; the server makes one when it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn body_counts_scalar_values_after_trimming_and_keeps_the_text() {
        let padded = format!("  {}  ", "é".repeat(MessageBody::MAX_CHARS));
        assert_eq!(MessageBody::parse(padded.clone()).map(MessageBody::into_string), Ok(padded));
        let over = "x".repeat(MessageBody::MAX_CHARS + 1);
        assert_eq!(MessageBody::parse(over), Err(InvalidBody::TooLong));
    }

    #[test]
    fn body_refuses_blank_nul_and_oversized_bytes() {
        assert_eq!(MessageBody::parse(" \n\u{2003}\t"), Err(InvalidBody::Blank));
        assert_eq!(MessageBody::parse("a\0b"), Err(InvalidBody::Nul));
        let wide = format!("x{}", " ".repeat(MessageBody::MAX_BYTES));
        assert_eq!(MessageBody::parse(wide), Err(InvalidBody::TooLong));
    }

    #[test]
    fn four_byte_characters_fill_the_whole_limit() {
        assert!(MessageBody::parse("🦀".repeat(MessageBody::MAX_CHARS)).is_ok());
    }
}
