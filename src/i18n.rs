//! What people read: every word of the pages, in one typed catalogue and three languages.
//!
//! [`Words`] has a field for each text that both halves show, [`ServerWords`] for what the server alone
//! writes. A language is one value of each: what is not translated does not compile. Names, roles and codes
//! that programs read are no words; they stay as they are in every language.
//!
//! Only the server holds the languages. A page brings the words of its own along (see [`Words::to_lines`]),
//! so the browser's half has no language in it, and one more costs it nothing.

mod catalogue;
#[cfg(feature = "ssr")]
mod de;
#[cfg(feature = "ssr")]
mod en;
#[cfg(feature = "ssr")]
mod he;
#[cfg(feature = "ssr")]
mod server;
mod text;

pub use self::catalogue::Words;
#[cfg(feature = "ssr")]
pub use self::server::ServerWords;
pub use self::text::{Counted, Phrase, isolated};
use crate::domain::Locale;

/// The `id` of the `<meta>` that brings the words to the browser.
pub const WORDS_ID: &str = "words";

/// The words of the page that is being rendered. Ask for them while a component is set up.
#[cfg(feature = "ssr")]
#[must_use]
pub fn use_words() -> &'static Words {
    use_locale().words()
}

/// The words of this page, from anywhere.
#[cfg(not(feature = "ssr"))]
#[inline(never)]
#[must_use]
pub fn use_words() -> &'static Words {
    use std::sync::OnceLock;

    static WORDS: OnceLock<Words> = OnceLock::new();
    WORDS.get_or_init(|| {
        let words = leptos::prelude::document().get_element_by_id(WORDS_ID);
        let lines = words.and_then(|words| words.get_attribute("content")).unwrap_or_default();
        // For as long as the page.
        Words::from_lines(lines.leak())
    })
}

/// The language of the page that is being rendered.
#[cfg(feature = "ssr")]
#[must_use]
pub fn use_locale() -> Locale {
    leptos::prelude::use_context().unwrap_or_default()
}

/// The language of this page: what the server wrote it in.
#[cfg(not(feature = "ssr"))]
#[must_use]
pub fn use_locale() -> Locale {
    let root = leptos::prelude::document().document_element();
    root.and_then(|root| Locale::tagged(&root.get_attribute("lang")?)).unwrap_or_default()
}

#[cfg(feature = "ssr")]
impl Locale {
    /// What both halves show, in this language.
    #[must_use]
    pub const fn words(self) -> &'static Words {
        match self {
            Self::English => &en::WORDS,
            Self::German => &de::WORDS,
            Self::Hebrew => &he::WORDS,
        }
    }

    /// What the server alone writes, in this language.
    #[must_use]
    pub const fn server_words(self) -> &'static ServerWords {
        match self {
            Self::English => &en::SERVER_WORDS,
            Self::German => &de::SERVER_WORDS,
            Self::Hebrew => &he::SERVER_WORDS,
        }
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn the_browser_reads_the_words_that_the_server_wrote() {
        for locale in Locale::ALL {
            let lines = locale.words().to_lines();
            assert_eq!(Words::from_lines(lines.leak()), *locale.words(), "{locale:?}");
        }
    }

    #[test]
    fn nothing_was_left_empty_and_little_is_said_alike() {
        let english = Locale::English.words().to_lines();
        for locale in [Locale::German, Locale::Hebrew] {
            let lines = locale.words().to_lines();
            assert!(lines.split('\n').all(|line| !line.trim().is_empty()), "{locale:?}");
            let alike: Vec<_> = english.split('\n').zip(lines.split('\n')).filter(|(a, b)| a == b).collect();
            // Such as "Matches" and "Offline", and marks.
            assert!(alike.len() < 8, "{locale:?}: {alike:?}");
        }
    }

    #[test]
    fn lists_read_like_a_sentence() {
        let items = ["a", "b", "c"].map(str::to_owned);
        let list = |locale: Locale, count: usize| {
            let list = locale.words().list(&items[..count])?;
            Some(list.replace('\u{2068}', "<").replace('\u{2069}', ">"))
        };
        assert_eq!(list(Locale::English, 0), None);
        assert_eq!(list(Locale::English, 1).as_deref(), Some("<a>"));
        assert_eq!(list(Locale::English, 3).as_deref(), Some("<a>, <b> and <c>"));
        assert_eq!(list(Locale::German, 2).as_deref(), Some("<a> und <b>"));
    }

    #[test]
    fn numbers_are_said_as_the_language_says_them() {
        let gap = |locale: Locale, count| locale.words().gap.of(count);
        assert!(gap(Locale::English, 1).starts_with("1 message in between is not shown"));
        assert!(gap(Locale::English, 732).starts_with("732 messages in between are not shown"));
        assert!(gap(Locale::German, 1).starts_with("1 Nachricht "));
        assert!(gap(Locale::German, 2).starts_with("2 Nachrichten "));
        assert!(gap(Locale::Hebrew, 1).starts_with("הודעה אחת "));
        assert!(gap(Locale::Hebrew, 2).starts_with("שתי הודעות "));
        assert!(gap(Locale::Hebrew, 3).starts_with("3 הודעות "));
    }
}
