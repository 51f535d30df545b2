//! Cursors: what a page named is understood, and nothing else is taken for it.

use chrono::DateTime;
use mosaic::domain::UserId;
use mosaic::server::cursor;
use mosaic::server::store::{ConversationCursor, MatchCursor};
use proptest::prelude::*;
use proptest::sample::Index;
use uuid::Uuid;

use crate::checks::cursors::check;
use crate::config;

fn cursors() -> impl Strategy<Value = (MatchCursor, ConversationCursor)> {
    (0..=100_u8, any::<u128>(), 0..253_402_300_800_000_000_i64).prop_map(|(score, id, micros)| {
        let id = UserId(Uuid::from_u128(id));
        let last_message_at = DateTime::from_timestamp_micros(micros).expect("a time of these years");
        (MatchCursor { score, id }, ConversationCursor { last_message_at, peer_id: id })
    })
}

proptest! {
    #![proptest_config(config("tests/corpus/regressions/cursors.txt"))]

    #[test]
    fn a_cursor_comes_back((matches, inbox) in cursors()) {
        prop_assert_eq!(cursor::read_match(&cursor::write_match(matches)).ok(), Some(matches));
        prop_assert_eq!(cursor::read_conversation(&cursor::write_conversation(inbox)).ok(), Some(inbox));
    }

    #[test]
    fn a_cursor_that_was_touched_is_refused_or_another(
        (matches, inbox) in cursors(), at in any::<Index>(), other in "[\\x00-\\u{ff}]",
    ) {
        for written in [cursor::write_match(matches), cursor::write_conversation(inbox)] {
            let at = at.index(written.len());
            let mut touched = written.clone();
            touched.replace_range(at..=at, &other);
            prop_assume!(touched != written);
            check(&touched);
            prop_assert_ne!(cursor::read_match(&touched).ok(), Some(matches));
            prop_assert_ne!(cursor::read_conversation(&touched).ok(), Some(inbox));
            let (longer, shorter) = (format!("{written}{other}"), &written[..at]);
            for broken in [longer.as_str(), shorter] {
                prop_assert!(cursor::read_match(broken).is_err() && cursor::read_conversation(broken).is_err());
            }
        }
    }
}
