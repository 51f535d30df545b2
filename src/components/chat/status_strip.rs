//! One line that says when messages do not pass; empty when all is well.

use std::time::Duration;

use leptos::prelude::*;

use crate::chat::Connection;
use crate::components::ui::icon::{Icon, IconName};
use crate::i18n::use_words;
use crate::reactive::{dynamic, effect, memo};

/// A connection that comes back sooner than this is not worth a word.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// The state of the connection in words, when it is not well.
#[component]
pub fn StatusStrip(
    /// How the connection stands.
    connection: Signal<Connection>,
) -> impl IntoView {
    let words = use_words();
    let is_well = memo(move || matches!(connection.get(), Connection::Live | Connection::Ended));
    let (is_overdue, set_overdue) = signal(false);
    effect(move || {
        set_overdue.set(false);
        if !is_well.get()
            && let Ok(waiting) = set_timeout_with_handle(
                move || {
                    set_overdue.try_set(true);
                },
                PATIENCE,
            )
        {
            on_cleanup(move || waiting.clear());
        }
    });
    let kind = memo(move || match connection.get() {
        Connection::Offline => Some("offline"),
        Connection::Connecting | Connection::BackingOff => is_overdue.get().then_some("reconnecting"),
        Connection::Live | Connection::Ended => None,
    });
    let line = move || match kind.get()? {
        "offline" => Some((IconName::Alert, words.offline)),
        _ => Some((IconName::Retry, words.reconnecting)),
    };
    view! {
        <p class="chat-panel__status" role="status" data-kind=move || kind.get()>
            {dynamic(move || line().map(|(name, line)| view! { <Icon name />{line} }))}
        </p>
    }
    .into_any()
}
