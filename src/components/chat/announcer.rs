//! What a screen reader is told of the messages that come in while a conversation is open.
//!
//! The log is live for what its user writes and what becomes of it. A message of the peer is not read out from
//! there: a hundred of them in a second would be read one after the other. This line says that they came, and how
//! many, at most once a second.

use std::cell::RefCell;

use leptos::prelude::*;

use crate::chat::Loading;
use crate::domain::Seq;
use crate::hooks::browser::{BrowserCell, Timer};
use crate::hooks::use_messages::UseMessages;
use crate::i18n::{Words, use_words};
use crate::reactive::{dynamic, effect};

/// From one announcement to the next at least, in milliseconds.
const REST_MS: u64 = 1_000;

/// The line, which nobody sees.
#[component]
pub fn Announcer(
    /// The conversation.
    chat: UseMessages,
    /// The peer's name.
    name: Signal<String>,
) -> impl IntoView {
    let words = use_words();
    let line = RwSignal::new(String::new());
    // Up to here it was told of, or is no news.
    let told = StoredValue::new(None::<Seq>);
    let is_resting = StoredValue::new(false);
    let rest = BrowserCell::<RefCell<Timer>>::default();
    let tell = move || {
        let seq = chat.tail.get_untracked().seq;
        let new = told.get_value().map_or(0, |told| untrack(|| chat.count_after(told)));
        told.set_value(Some(seq));
        is_resting.set_value(new > 0);
        if new > 0 {
            line.update(|line| *line = announcement(words, new, &name.get_untracked(), line));
            rest.with(|rest| rest.borrow_mut().set(REST_MS));
        } else if !line.with_untracked(String::is_empty) {
            line.set(String::new());
        }
    };
    effect(move || rest.fill(RefCell::new(Timer::new(tell))));
    effect(move || {
        chat.tail.track();
        if chat.loading.get() == Loading::Ready && !is_resting.get_value() {
            tell();
        }
    });
    view! {
        <p class="visually-hidden" aria-live="polite">
            {dynamic(move || line.get())}
        </p>
    }
}

/// The announcement after the one `before`. The same words again are no change, which nobody would be told of;
/// with a space at the end they are.
fn announcement(words: &Words, new: usize, name: &str, before: &str) -> String {
    let text = if new == 1 { words.new_message_from.with(name) } else { words.several_new.of(new as u64) };
    if text == before { text + "\u{a0}" } else { text }
}

#[cfg(test)]
mod tests {
    use super::announcement;
    use crate::domain::Locale;

    #[test]
    fn the_same_announcement_twice_is_a_change() {
        let words = Locale::English.words();
        let first = announcement(words, 1, "Ada", "");
        assert_eq!(first, "New message from Ada");
        assert_eq!(announcement(words, 1, "Ada", &first), "New message from Ada\u{a0}");
        assert_eq!(announcement(words, 2, "Ada", &first), "2 new messages.");
    }
}
