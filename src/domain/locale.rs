//! The languages Mosaic speaks, and which of them somebody wants.

/// A language that all of Mosaic can be read in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Locale {
    /// English, also for those who asked for nothing that is here.
    #[default]
    English,
    /// German.
    German,
    /// Hebrew, written from right to left.
    Hebrew,
}

impl Locale {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::English, Self::German, Self::Hebrew];

    /// Its tag (BCP 47): the value of `lang`.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::Hebrew => "he",
        }
    }

    /// What it is called by those who speak it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::German => "Deutsch",
            Self::Hebrew => "עברית",
        }
    }

    /// Which way it is written: the value of `dir`.
    #[must_use]
    pub const fn direction(self) -> &'static str {
        match self {
            Self::English | Self::German => "ltr",
            Self::Hebrew => "rtl",
        }
    }

    /// The one with exactly this tag.
    #[must_use]
    pub fn tagged(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|locale| locale.tag() == tag)
    }
}

#[cfg(feature = "ssr")]
impl Locale {
    /// What an `Accept-Language` header (RFC 9110, section 12.5.4) likes best of what is here; `None` when it
    /// likes nothing of it. The region does not matter: whoever reads Swiss German reads ours.
    #[must_use]
    pub fn preferred(accept_language: &str) -> Option<Self> {
        let liked = accept_language.split(',').filter_map(|range| {
            let (tag, weight) = range.split_once(';').unwrap_or((range, "q=1"));
            let weight: f32 = weight.trim().strip_prefix("q=")?.parse().ok()?;
            let language = tag.split('-').next()?.trim().to_ascii_lowercase();
            Some((Self::tagged(&language)?, weight)).filter(|_| weight > 0.0 && weight <= 1.0)
        });
        // The first of those that are liked the same.
        let best = liked.reduce(|best, next| if next.1 > best.1 { next } else { best });
        best.map(|(locale, _)| locale)
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::properties::config;

    #[test]
    fn what_is_liked_best_is_chosen() {
        for (header, chosen) in [
            ("de", Locale::German),
            ("DE-CH", Locale::German),
            ("he-IL,he;q=0.9,en-US;q=0.8,en;q=0.7", Locale::Hebrew),
            ("fr-FR, fr;q=0.9, de;q=0.5, en;q=0.8", Locale::English),
            ("en;q=0.8,de;q=0.8", Locale::English),
            ("de;q=0.8, en;q=0.8", Locale::German),
            ("de;q=0, en;q=0.1", Locale::English),
            ("de ; q=0.9,*;q=0.5", Locale::German),
            ("en;q=2,he", Locale::Hebrew),
        ] {
            assert_eq!(Locale::preferred(header), Some(chosen), "{header}");
        }
    }

    #[test]
    fn who_likes_nothing_of_it_is_not_guessed_at() {
        for header in ["", "*", "fr", "den", "d", "de;q=0", "de;q=NaN", "de;level=1", "de;q=", ",;,", "é"] {
            assert_eq!(Locale::preferred(header), None, "{header}");
        }
    }

    proptest! {
        #![proptest_config(config("tests/corpus/regressions/languages.txt"))]

        #[test]
        fn nothing_is_chosen_that_was_not_named(
            header in prop_oneof![any::<String>(), "((en|de|he|fr|\\*)(-[A-Z]{2})?(; ?q=[01](\\.[0-9]{0,3})?)?,? ?){0,6}"],
        ) {
            if let Some(locale) = Locale::preferred(&header) {
                prop_assert!(header.to_ascii_lowercase().contains(locale.tag()));
            }
        }
    }
}
