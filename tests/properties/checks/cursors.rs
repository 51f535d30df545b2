//! Cursors of listings, which come back from outside.

use mosaic::server::cursor;

/// A cursor has one spelling: what is read is what a page could have named, letter for letter.
pub fn check(text: &str) {
    if let Ok(found) = cursor::read_match(text) {
        assert!(found.score <= 100, "{found:?}");
        assert_eq!(cursor::write_match(found), text);
    }
    if let Ok(found) = cursor::read_conversation(text) {
        assert!((1970..=9999).contains(&chrono::Datelike::year(&found.last_message_at)), "{found:?}");
        assert_eq!(cursor::write_conversation(found), text);
    }
}
