//! Where a page of a listing ended, as the opaque text a client gives back.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::DateTime;
use uuid::Uuid;

use super::error::ServiceError;
use super::store::{ConversationCursor, MatchCursor};
use crate::domain::UserId;

/// A position in the matches.
#[must_use]
pub fn write_match(cursor: MatchCursor) -> String {
    write(i64::from(cursor.score), cursor.id)
}

/// The reverse of [`write_match`].
///
/// # Errors
/// [`ServiceError::Invalid`] for anything else.
pub fn read_match(text: &str) -> Result<MatchCursor, ServiceError> {
    let (score, id) = read(text).ok_or_else(|| invalid("after"))?;
    let score = u8::try_from(score).ok().filter(|score| *score <= 100).ok_or_else(|| invalid("after"))?;
    Ok(MatchCursor { score, id })
}

/// A position in the inbox.
#[must_use]
pub fn write_conversation(cursor: ConversationCursor) -> String {
    write(cursor.last_message_at.timestamp_micros(), cursor.peer_id)
}

/// The reverse of [`write_conversation`].
///
/// # Errors
/// [`ServiceError::Invalid`] for anything else.
pub fn read_conversation(text: &str) -> Result<ConversationCursor, ServiceError> {
    let (micros, peer_id) = read(text).ok_or_else(|| invalid("before"))?;
    // Both databases know the years 1970 to 9999.
    let micros = Some(micros).filter(|micros| (0..253_402_300_800_000_000).contains(micros));
    let last_message_at =
        micros.and_then(DateTime::from_timestamp_micros).ok_or_else(|| invalid("before"))?;
    Ok(ConversationCursor { last_message_at, peer_id })
}

fn write(number: i64, id: UserId) -> String {
    let mut bytes = [0; 24];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    bytes[8..].copy_from_slice(id.0.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

fn read(text: &str) -> Option<(i64, UserId)> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (number, id) = bytes.split_first_chunk::<8>()?;
    Some((i64::from_be_bytes(*number), UserId(Uuid::from_slice(id).ok()?)))
}

fn invalid(field: &'static str) -> ServiceError {
    ServiceError::invalid(field, "Give back what a page named as its end.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_come_back_as_they_went() {
        let id = UserId(Uuid::from_u128(7));
        let cursor = MatchCursor { score: 88, id };
        assert_eq!(read_match(&write_match(cursor)).unwrap(), cursor);
        let at = DateTime::from_timestamp_micros(1_700_000_000_123_456).unwrap();
        let cursor = ConversationCursor { last_message_at: at, peer_id: id };
        assert_eq!(read_conversation(&write_conversation(cursor)).unwrap(), cursor);
    }

    #[test]
    fn anything_else_is_refused() {
        for bad in ["", "x", "AAAA", "' or 1=1", &"A".repeat(33)] {
            assert!(read_match(bad).is_err(), "{bad}");
        }
        for far in [-1, 101, 255, 256, 256 + 88] {
            assert!(read_match(&write(far, UserId(Uuid::nil()))).is_err(), "{far}");
        }
        for far in [i64::MAX, i64::MIN, -1, 253_402_300_800_000_000] {
            assert!(read_conversation(&write(far, UserId(Uuid::nil()))).is_err(), "{far}");
        }
    }
}
