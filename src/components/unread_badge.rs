//! The count of unread messages, in figures for the eye and in words for everybody.

use leptos::prelude::*;

use crate::components::ui::toast::unread_label;
use crate::i18n::use_words;
use crate::reactive::{dynamic, memo, when};

/// A badge that reads `{n} unread`, `99+ unread` from 100 on; nothing at 0.
#[component]
pub fn UnreadBadge(
    /// How many messages are unread.
    #[prop(into)]
    count: Signal<u64>,
    /// The class that places it within its block.
    class: &'static str,
    /// Whether it is to call for no attention: the conversation is muted.
    #[prop(into, optional)]
    is_quiet: Signal<bool>,
) -> impl IntoView {
    let [one, others] = use_words().unread;
    let shown = memo(move || unread_label(count.get()));
    // While there is one, only its figures change: it is on every page.
    when(
        move || shown.with(Option::is_some),
        move || {
            let unread = move || if shown.with(|it| it.as_deref() == Some("1")) { one } else { others };
            view! {
                " "
                <span class=format!("badge {class}") data-quiet=move || is_quiet.get().then_some("true")>
                    {dynamic(move || shown.get())}
                    <span class="visually-hidden">" " {dynamic(unread)}</span>
                </span>
            }
        },
    )
}
