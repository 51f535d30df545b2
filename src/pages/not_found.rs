//! Where an address leads that leads nowhere.

use leptos::prelude::*;
use leptos_meta::Title;

use super::SessionHeader;
use crate::i18n::use_words;

/// Says so, with status 404, and shows the way back.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    #[cfg(feature = "ssr")]
    crate::api::set_status(axum::http::StatusCode::NOT_FOUND);

    let words = use_words();
    view! {
        <Title text=words.title(words.not_found)/>
        <SessionHeader/>
        <main class="not-found">
            <img class="not-found__image" src="/favicon.svg" alt="" width="72" height="72"/>
            <h1 class="not-found__title">{words.page_not_found}</h1>
            <p class="not-found__text">{words.page_not_found_text}</p>
            <a class="button" data-kind="primary" href="/" rel="external">
                {words.back_to_matches}
            </a>
        </main>
    }
}
