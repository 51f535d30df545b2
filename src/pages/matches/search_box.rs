//! The box that narrows the list of matches while one types.

use std::time::Duration;

use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;

use crate::components::ui::icon::{Icon, IconName};
use crate::i18n::use_words;
use crate::reactive::effect;

/// How long the typing must pause before the list is asked for.
const PAUSE: Duration = Duration::from_millis(150);

/// Writes what is typed into `query`, a moment later. Without WASM, Enter sends the form instead.
#[component]
pub fn SearchBox(
    /// What the list is narrowed to.
    query: RwSignal<String>,
) -> impl IntoView {
    let words = use_words();
    let input = NodeRef::<html::Input>::new();
    let mut search_later = debounce(PAUSE, move |typed: String| search(query, &typed));

    // What was typed before hydration, or restored by the browser, counts as well.
    effect(move || {
        if let Some(input) = input.get() {
            search(query, &input.value());
        }
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if let Some(input) = input.get_untracked() {
            search(query, &input.value());
        }
    };

    view! {
        <form class="matches__search" role="search" method="get" action="/" on:submit=submit>
            <Icon name=IconName::Search/>
            // Left to the browser after the first render: a bound value would take back what was
            // typed before hydration.
            <input
                class="matches__input"
                type="search"
                name="q"
                aria-label=words.search_matches
                placeholder=words.name_or_interest
                autocomplete="off"
                value=query.get_untracked()
                node_ref=input
                on:input:target=move |event| search_later(event.target().value())
            />
        </form>
    }
}

/// Asks for what was typed, unless it is what the list shows already.
fn search(query: RwSignal<String>, typed: &str) {
    let typed = typed.trim();
    // The page may have been left within the pause.
    if query.try_with_untracked(|query| query != typed) == Some(true) {
        query.set(typed.to_owned());
    }
}
