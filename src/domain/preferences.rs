//! How Mosaic looks and sounds in one browser, and what language it speaks there.

use super::Locale;

/// Whether the page is light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the system has it.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// What the style sheet knows it by; `None` for the system's.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::System => None,
            Self::Light => Some("light"),
            Self::Dark => Some("dark"),
        }
    }

    /// The CSS `color-scheme` that goes with it.
    #[must_use]
    pub const fn colour_scheme(self) -> &'static str {
        match self.name() {
            Some(name) => name,
            None => "light dark",
        }
    }

    /// The colours of the browser's own bars, on a light system and on a dark one.
    #[must_use]
    pub const fn bars(self) -> (&'static str, &'static str) {
        const LIGHT: &str = "#f3f2f9";
        const DARK: &str = "#0d0c16";
        match self {
            Self::System => (LIGHT, DARK),
            Self::Light => (LIGHT, LIGHT),
            Self::Dark => (DARK, DARK),
        }
    }
}

/// What somebody chose for a browser. Kept there in a cookie, which the server reads as well, so that
/// the first paint is right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Preferences {
    /// The language; `None` for the one that the browser asks for.
    pub locale: Option<Locale>,
    /// Light or dark.
    pub theme: Theme,
    /// Surfaces without glass.
    pub is_opaque: bool,
    /// A tone for new messages.
    pub sound: bool,
    /// The browser's notifications for new messages, where the browser lets us.
    pub notifications: bool,
}

const OPAQUE: &str = "opaque";
const SOUND: &str = "sound";
const NOTIFICATIONS: &str = "notifications";

impl Preferences {
    /// The name of the cookie.
    pub const COOKIE: &str = "preferences";

    /// The cookie's value: a word for each thing that is not as it is by default.
    #[must_use]
    pub fn to_cookie(self) -> String {
        let words = [
            self.locale.map(Locale::tag),
            self.theme.name(),
            self.is_opaque.then_some(OPAQUE),
            self.sound.then_some(SOUND),
            self.notifications.then_some(NOTIFICATIONS),
        ];
        words.into_iter().flatten().collect::<Vec<_>>().join(".")
    }

    /// What the value of a cookie says. Words nobody knows say nothing.
    #[must_use]
    pub fn from_cookie(value: &str) -> Self {
        let mut preferences = Self::default();
        for word in value.split('.') {
            match word {
                OPAQUE => preferences.is_opaque = true,
                SOUND => preferences.sound = true,
                NOTIFICATIONS => preferences.notifications = true,
                _ => {
                    let named = |theme: &Theme| theme.name() == Some(word);
                    if let Some(theme) = [Theme::Light, Theme::Dark].into_iter().find(named) {
                        preferences.theme = theme;
                    } else if let Some(locale) = Locale::tagged(word) {
                        preferences.locale = Some(locale);
                    }
                }
            }
        }
        preferences
    }

    /// What a whole `Cookie` header, or `document.cookie`, says; `None` when it does not speak of this.
    #[must_use]
    pub fn from_cookies(cookies: &str) -> Option<Self> {
        let mut pairs = cookies.split(';').filter_map(|pair| pair.trim().split_once('='));
        let (_, value) = pairs.find(|(name, _)| *name == Self::COOKIE)?;
        Some(Self::from_cookie(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_chosen_comes_back() {
        let locales = Locale::ALL.map(Some).into_iter().chain([None]);
        let themes = [Theme::System, Theme::Light, Theme::Dark];
        for (locale, theme) in locales.flat_map(|locale| themes.map(|theme| (locale, theme))) {
            for bits in 0..8 {
                let [is_opaque, sound, notifications] = [1, 2, 4].map(|bit| bits & bit != 0);
                let chosen = Preferences { locale, theme, is_opaque, sound, notifications };
                let cookies = format!("sid=x; {}={}; y=z", Preferences::COOKIE, chosen.to_cookie());
                assert_eq!(Preferences::from_cookies(&cookies), Some(chosen));
            }
        }
    }

    #[test]
    fn without_a_sensible_cookie_all_is_as_by_default() {
        for cookies in ["", "sid=x", "preferences", "=;;="] {
            assert_eq!(Preferences::from_cookies(cookies), None, "{cookies:?}");
        }
        for cookies in ["preferences=", "preferences=light-blue.SOUND.fr.DE", "a=b;preferences=.."] {
            assert_eq!(Preferences::from_cookies(cookies), Some(Preferences::default()), "{cookies:?}");
        }
        assert_eq!(Preferences::default().to_cookie(), "");
    }
}
