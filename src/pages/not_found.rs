//! Where an address leads that leads nowhere.

use leptos::prelude::*;
use leptos_meta::Title;

use super::SessionHeader;

/// Says so, with status 404, and shows the way back.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    #[cfg(feature = "ssr")]
    crate::api::set_status(axum::http::StatusCode::NOT_FOUND);

    view! {
        <Title text="Not found · Mosaic"/>
        <SessionHeader/>
        <main class="not-found">
            <img class="not-found__image" src="/favicon.svg" alt="" width="72" height="72"/>
            <h1 class="not-found__title">"This page does not exist"</h1>
            <p class="not-found__text">"The address may be old, or mistyped."</p>
            <a class="button" data-kind="primary" href="/" rel="external">
                "Back to your matches"
            </a>
        </main>
    }
}
