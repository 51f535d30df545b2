//! The count of unread messages, in figures for the eye and in words for everybody.

use leptos::prelude::*;

use crate::components::ui::toast::unread_label;

/// A badge that reads `{n} unread`, `99+ unread` from 100 on; nothing at 0.
#[component]
pub fn UnreadBadge(
    /// How many messages are unread.
    #[prop(into)]
    count: Signal<u64>,
    /// The class that places it within its block.
    class: &'static str,
) -> impl IntoView {
    let shown = Memo::new(move |_| unread_label(count.get()));
    move || {
        shown.get().map(|figures| {
            view! {
                " "
                <span class=format!("badge {class}")>
                    {figures} <span class="visually-hidden">" unread"</span>
                </span>
            }
        })
    }
}
