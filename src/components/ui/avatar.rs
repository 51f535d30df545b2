//! A person's picture.

use crate::reactive::dynamic;
use leptos::prelude::*;

/// A round picture, decorative: the person's name always stands beside it.
#[component]
pub fn Avatar(
    /// Where the picture is; without one, the plain disc shows.
    #[prop(into)]
    url: Signal<Option<String>>,
    /// Width and height in CSS pixels: 32, 40, 48 or 96.
    size: u16,
    /// Whether a dot says that the person is online. Without it there is no dot.
    #[prop(into, optional)]
    online: Option<Signal<bool>>,
) -> impl IntoView {
    view! {
        <span class="avatar" data-size=size>
            {dynamic(move || {
                url.get().map(|url| view! { <img src=url alt="" width=size height=size /> })
            })}
            {online
                .map(|online| {
                    view! {
                        <span class="presence-dot" data-online=move || online.get().then_some("true")></span>
                    }
                })}
        </span>
    }
}
