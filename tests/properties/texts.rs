//! Names and messages near the edges of their rules.

use proptest::prelude::*;

use crate::checks::{cookies, texts};
use crate::config;

proptest! {
    #![proptest_config(config("tests/corpus/regressions/texts.txt"))]

    #[test]
    fn names_and_what_almost_is_one(text in "[a-zA-Z0-9_.\\-]{0,36}|[\\PC]{1,34}|\\PC{78,82}|[ \\t\\u{2003}a]{0,6}") {
        texts::check(&text);
    }

    #[test]
    fn messages_about_as_long_as_they_may_be(
        letter in prop_oneof![Just('a'), Just('é'), Just('好'), Just('🦀'), any::<char>()],
        length in prop_oneof![0..3_usize, 3990..4010_usize, 16_370..16_400_usize],
        before in "[ \\n\\u{2003}\\u{200b}]{0,8}",
        after in "[ \\n\\u{2003}\\u{200b}]{0,8}",
    ) {
        let text: String = std::iter::repeat_n(letter, length).collect();
        texts::check(&format!("{before}{text}{after}"));
    }

    #[test]
    fn ids_and_what_almost_is_one(text in "(urn:uuid:|\\{)?[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{11,13}\\}?") {
        texts::check(&text);
    }

    #[test]
    fn cookies_of_preferences(text in "((preferences|sid|PREFERENCES)?=?(light|dark|opaque|sound|notifications|[^a-z]{0,3})\\.?;? ?){0,6}") {
        cookies::check(&text);
    }
}
