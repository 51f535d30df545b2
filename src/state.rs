//! Which card and which chat are open.
//!
//! The address is the truth: `/?profile={id}` shows a card, `/?profile={id}&chat=open` the card with
//! the panel. [`AppStore`] only reads the router's address and asks for another one, so a reload, a
//! link, Back and Forward all show the same thing, and there is no flag that could disagree.

use leptos::prelude::*;
use leptos::wasm_bindgen::JsValue;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate, use_query_map};
use leptos_router::location::State;

use crate::domain::UserId;
use crate::reactive::{effect, memo};

/// The form that makes the buttons which open and close the chat work without scripts. Only a browser
/// that runs none has it (it stands in a `<noscript>`); in any other the buttons submit nothing.
pub const PLAIN_FORM: &str = "address";

/// Marks a history entry that was pushed on top of the card it belongs to: Back leads to that card.
const OVER_CARD: &str = "chat-over-card";

type Navigate = Box<dyn Fn(&str, NavigateOptions) + Send + Sync>;

/// What is open, derived from the address.
#[derive(Clone, Copy)]
pub struct AppStore {
    profile: Memo<Option<String>>,
    card: Memo<Option<UserId>>,
    is_chat_open: Memo<bool>,
    navigate: StoredValue<Navigate>,
    /// Back was asked for and has not happened yet: a second request must not go back twice.
    is_leaving: StoredValue<bool>,
}

/// Makes the [`AppStore`] of this page available to everything below. Call it inside the router.
pub fn provide_app_store() -> AppStore {
    let pathname = use_location().pathname;
    let query = use_query_map();
    let profile = memo(move || {
        pathname.with(|path| path == "/").then(|| query.with(|query| query.get("profile"))).flatten()
    });
    let card = memo(move || profile.with(|id| id.as_deref()?.parse().ok()));
    let is_chat_open =
        memo(move || card.get().is_some() && query.with(|query| query.get_str("chat") == Some("open")));
    let is_leaving = StoredValue::new(false);
    effect(move || {
        if !is_chat_open.get() {
            is_leaving.set_value(false);
        }
    });
    let store = AppStore {
        profile,
        card,
        is_chat_open,
        navigate: StoredValue::new(Box::new(use_navigate())),
        is_leaving,
    };
    provide_context(store);
    store
}

/// The [`AppStore`] of this page.
#[must_use]
pub fn use_app_store() -> AppStore {
    expect_context()
}

impl AppStore {
    /// The `profile` of the address as it stands there, well-formed or not. `None` on other pages.
    #[must_use]
    pub fn profile_parameter(&self) -> Option<String> {
        self.profile.get()
    }

    /// Whose card is open. Tracked; does not change when only the chat opens or closes.
    #[must_use]
    pub fn card(&self) -> Option<UserId> {
        self.card.get()
    }

    /// Whether the panel is open beside the card. Tracked.
    #[must_use]
    pub fn is_chat_open(&self) -> bool {
        self.is_chat_open.get()
    }

    /// With whom the panel is open. Tracked.
    #[must_use]
    pub fn chat(&self) -> Option<UserId> {
        if self.is_chat_open.get() { self.card.get() } else { None }
    }

    /// The address that shows this person: with the panel if a panel is open now. Tracked.
    #[must_use]
    pub fn card_href(&self, person: UserId) -> String {
        address(person, self.is_chat_open.get())
    }

    /// Shows a person's card; an open panel changes to that person too.
    pub fn open_card(&self, person: UserId) {
        if self.card.get_untracked() != Some(person) {
            self.go(&address(person, self.is_chat_open.get_untracked()), NavigateOptions::default());
        }
    }

    /// Opens the chat with a person, from any page.
    pub fn open_chat(&self, person: UserId) {
        let card = self.card.get_untracked();
        let is_open = self.is_chat_open.get_untracked();
        if card == Some(person) && is_open {
            return;
        }
        let over_card = card == Some(person) && !is_open;
        let state = State::new(over_card.then(|| JsValue::from_str(OVER_CARD)));
        self.go(&address(person, true), NavigateOptions { state, ..NavigateOptions::default() });
    }

    /// Closes the panel and leaves the card. Goes back when the entry before is just that.
    pub fn close_chat(&self) {
        let Some(person) = self.card.get_untracked() else { return };
        if !self.is_chat_open.get_untracked() || self.is_leaving.get_value() {
            return;
        }
        let history = window().history().ok();
        let over_card = history
            .as_ref()
            .and_then(|history| history.state().ok())
            .is_some_and(|state| state.as_string().as_deref() == Some(OVER_CARD));
        if let Some(history) = history.filter(|_| over_card) {
            self.is_leaving.set_value(true);
            // Should Back lead nowhere, the button must not stay dead.
            let is_leaving = self.is_leaving;
            set_timeout(
                move || {
                    is_leaving.try_set_value(false);
                },
                std::time::Duration::from_millis(300),
            );
            if history.back().is_ok() {
                return;
            }
        }
        self.go(&address(person, false), NavigateOptions { replace: true, ..NavigateOptions::default() });
    }

    /// Closes the card and with it the panel.
    pub fn close_card(&self) {
        if self.profile.get_untracked().is_some() {
            self.go("/", NavigateOptions::default());
        }
    }

    fn go(&self, address: &str, options: NavigateOptions) {
        let options = NavigateOptions { scroll: false, ..options };
        let state = options.state.to_js_value();
        let is_new = !options.replace;
        self.navigate.with_value(|navigate| navigate(address, options));
        // The router makes no history entry for where it believes to be already, and after Back and
        // Forward it may be wrong about that.
        let location = window().location();
        let here = location.pathname().unwrap_or_default() + &location.search().unwrap_or_default();
        if is_new
            && here != address
            && let Ok(history) = window().history()
        {
            let _ = history.push_state_with_url(&state, "", Some(address));
        }
    }
}

fn address(person: UserId, with_chat: bool) -> String {
    if with_chat { format!("/?profile={person}&chat=open") } else { format!("/?profile={person}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parameters_stand_in_the_promised_order() {
        let id: UserId = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff".parse().expect("a well-formed id");
        assert_eq!(address(id, false), format!("/?profile={id}"));
        assert_eq!(address(id, true), format!("/?profile={id}&chat=open"));
    }
}
