//! How Mosaic looks, sounds and speaks in this browser: read from the cookie, shown, and kept there.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlDocument;

use super::browser::Listener;
use crate::domain::{Locale, Preferences};
use crate::reactive::effect;

/// A year, in seconds.
const KEPT_FOR: u32 = 31_536_000;

/// Makes the [`Preferences`] available to everything below; what is set there is shown and kept.
pub fn provide_preferences() {
    let preferences = RwSignal::new(kept().unwrap_or_default());
    provide_context(preferences);
    effect(move || {
        let chosen = preferences.get();
        show(chosen);
        // Also on each visit: some browsers forget a cookie a week after a page has written it.
        if kept().unwrap_or_default() != chosen || chosen != Preferences::default() {
            keep(chosen);
        }
    });
    // Another tab may have changed them meanwhile.
    effect(move || {
        StoredValue::new_local(Listener::new(&window(), "focus", move |_| {
            if let Some(kept) = kept().filter(|kept| *kept != preferences.get_untracked()) {
                preferences.set(kept);
            }
        }))
    });
}

/// The [`Preferences`] of this browser.
#[must_use]
pub fn use_preferences() -> RwSignal<Preferences> {
    expect_context()
}

/// What is kept in this browser; `None` where nothing was ever chosen, or nothing can be kept.
#[cfg(feature = "ssr")]
pub(super) fn kept() -> Option<Preferences> {
    use_context()
}

/// What is kept in this browser; `None` where nothing was ever chosen, or nothing can be kept.
#[cfg(not(feature = "ssr"))]
pub(super) fn kept() -> Option<Preferences> {
    Preferences::from_cookies(&html_document()?.cookie().ok()?)
}

/// From now on in another language. The page comes again in it; what is being written is kept as a draft.
pub fn change_language(locale: Locale) {
    keep(Preferences { locale: Some(locale), ..kept().unwrap_or_default() });
    // Fails where the page is being left anyhow.
    let _ = window().location().reload();
}

/// After a log-out: whoever comes next has asked for neither tones nor notifications. How the page
/// looks says nothing about anybody, and stays.
pub(super) fn forget_calls() {
    if let Some(kept) = kept() {
        keep(Preferences { sound: false, notifications: false, ..kept });
    }
}

fn keep(chosen: Preferences) {
    let is_secure = window().location().protocol().is_ok_and(|protocol| protocol == "https:");
    let secure = if is_secure { "; Secure" } else { "" };
    let (name, value) = (Preferences::COOKIE, chosen.to_cookie());
    let cookie = format!("{name}={value}; Path=/; Max-Age={KEPT_FOR}; SameSite=Lax{secure}");
    // Where cookies are switched off, the choice lasts as long as the page.
    let _ = html_document().map(|document| document.set_cookie(&cookie));
}

fn show(chosen: Preferences) {
    let set = |selector: &str, name: &str, value: Option<&str>| {
        let Ok(Some(element)) = document().query_selector(selector) else { return };
        // Fails for an invalid name only.
        let _ = match value {
            Some(value) => element.set_attribute(name, value),
            None => element.remove_attribute(name),
        };
    };
    set("html", "data-theme", chosen.theme.name());
    set("html", "data-transparency", chosen.is_opaque.then_some("off"));
    set("meta[name=color-scheme]", "content", Some(chosen.theme.colour_scheme()));
    let (when_light, when_dark) = chosen.theme.bars();
    set("meta[name=theme-color][media*=light]", "content", Some(when_light));
    set("meta[name=theme-color][media*=dark]", "content", Some(when_dark));
}

fn html_document() -> Option<HtmlDocument> {
    document().dyn_into().ok()
}
