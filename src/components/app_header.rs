//! The bar above every page of somebody who is signed in.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::components::settings::Settings;
use crate::components::ui::avatar::Avatar;
use crate::components::ui::icon::{Icon, IconName};
use crate::components::unread_badge::UnreadBadge;
use crate::domain::Profile;
use crate::hooks::messenger::use_messenger;
use crate::i18n::use_words;

/// Brand, the way to matches and messages, who is signed in, and the way out.
#[component]
pub fn AppHeader(
    /// Who is signed in; `None` leaves the name out (it could not be loaded).
    me: Option<Profile>,
) -> impl IntoView {
    let words = use_words();
    let messenger = use_messenger();
    let path = use_location().pathname;
    let current = move |own: &'static str| path.with(|path| path == own).then_some("page");
    // Without WASM the form does it. With it the messenger also empties what this browser keeps,
    // and tells the other tabs.
    let log_out = move |event: SubmitEvent| {
        event.prevent_default();
        messenger.log_out();
    };

    view! {
        <header class="app-header">
            <a class="app-header__brand" href="/">
                <img src="/favicon.svg" alt="" width="28" height="28"/>
                <span class="app-header__wordmark">"Mosaic"</span>
            </a>
            <nav class="app-header__nav" aria-label=words.main_nav>
                <a class="app-header__link" href="/" aria-current=move || current("/")>
                    {words.matches}
                </a>
                <a class="app-header__link" href="/messages" aria-current=move || current("/messages")>
                    {words.messages}
                    <UnreadBadge count=messenger.total_unread() class="app-header__badge"/>
                </a>
            </nav>
            {me
                .map(|me| {
                    view! {
                        <span class="app-header__user">
                            <Avatar url=me.avatar_url size=32/>
                            <span class="app-header__name" dir="auto">
                                {me.display_name}
                            </span>
                        </span>
                    }
                })}
            <Settings/>
            <form method="post" action="/logout" on:submit=log_out>
                <button class="button app-header__logout" data-kind="quiet" type="submit">
                    <Icon name=IconName::LogOut/>
                    <span class="app-header__label">{words.log_out}</span>
                </button>
            </form>
        </header>
    }
    .into_any()
}
