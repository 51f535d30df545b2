//! What stands in for the chat while its code is on the way.

use leptos::prelude::*;

use crate::components::ui::icon::{Icon, IconName};
use crate::i18n::use_words;
use crate::state::use_app_store;

/// The panel's frame: whom the chat is with, and the way out again.
#[component]
pub fn PanelFrame(
    /// The peer's name.
    name: Signal<String>,
) -> impl IntoView {
    let store = use_app_store();
    let words = use_words();
    let label = words.chat_with.with(&name.get_untracked());
    view! {
        <section class="chat-panel" id="chat-panel" role="region" aria-label=label aria-busy="true">
            <header class="chat-panel__header">
                <h2 class="chat-panel__title" dir="auto">
                    {name.get_untracked()}
                </h2>
                <button
                    class="icon-button chat-panel__close"
                    type="button"
                    aria-label=words.close_chat
                    on:click=move |_| store.close_chat()
                >
                    <Icon name=IconName::Close />
                </button>
            </header>
            <div class="chat-panel__log">
                <div class="chat-panel__skeleton" aria-hidden="true">
                    {std::iter::repeat_with(|| view! { <span class="skeleton"></span> }).take(6).collect_view()}
                </div>
            </div>
        </section>
    }
    .into_any()
}
