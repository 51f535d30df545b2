//! The document, the routes, and what outlives every page: who is signed in, the state of the
//! address, and the messenger with its socket.

use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::components::{FlatRoutes, Route, Router};
use leptos_router::{SsrMode, path};

use crate::components::ui::toast::Toaster;
use crate::hooks::messenger::provide_messenger;
use crate::hooks::preferences::provide_preferences;
#[cfg(feature = "ssr")]
use crate::pages::account::AccountPage;
#[cfg(feature = "ssr")]
pub use crate::pages::account::{Account, AccountForm, Device as AccountDevice, Outcome};
use crate::pages::{ConversationsPage, LoginPage, MatchesPage, NotFoundPage, SignupPage, provide_session};
use crate::reactive::effect;
use crate::state::provide_app_store;

/// The document around [`App`], rendered by the server only.
#[cfg(feature = "ssr")]
pub fn shell(options: LeptosOptions) -> impl IntoView {
    use leptos_meta::MetaTags;

    use crate::i18n::{WORDS_ID, use_words};

    let head = view! {
        <meta id=WORDS_ID content=use_words().to_lines()/>
        <AutoReload options=options.clone()/>
        <HydrationScripts options=options.clone()/>
        <MetaTags/>
    };
    framed(options, None, head, view! { <App/> })
}

/// The page of one's own account, whole: it needs no script, so it costs the others none.
#[cfg(feature = "ssr")]
#[must_use]
pub fn account_document(options: LeptosOptions, account: Account) -> String {
    let words = crate::i18n::use_words();
    // As it is: a marker of the framework would be part of the title.
    let head = leptos::html::title().inner_html(words.title(words.your_account));
    framed(options, Some("true"), head, view! { <AccountPage account/> }).to_html()
}

/// What all pages have in common. `hydrated` marks a page that needs no script to be interactive.
#[cfg(feature = "ssr")]
fn framed(
    options: LeptosOptions,
    hydrated: Option<&'static str>,
    head: impl IntoView,
    body: impl IntoView,
) -> impl IntoView {
    use leptos_meta::HashedStylesheet;

    use crate::domain::Preferences;
    use crate::i18n::use_locale;

    let locale = use_locale();
    let Preferences { theme, is_opaque, .. } = use_context().unwrap_or_default();
    let (when_light, when_dark) = theme.bars();
    let bar = |system: &str, colour| {
        let media = format!("(prefers-color-scheme: {system})");
        leptos::html::meta().name("theme-color").content(colour).attr("media", media)
    };
    view! {
        <!DOCTYPE html>
        <html
            lang=locale.tag()
            dir=locale.direction()
            data-theme=theme.name()
            data-transparency=is_opaque.then_some("off")
            data-hydrated=hydrated
        >
            <head>
                <meta charset="utf-8"/>
                <meta
                    name="viewport"
                    content="width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content"
                />
                <meta name="color-scheme" content=theme.colour_scheme()/>
                {bar("light", when_light)}
                {bar("dark", when_dark)}
                <meta name="description" content=locale.server_words().description/>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <link rel="manifest" href="/manifest.webmanifest"/>
                <HashedStylesheet options/>
                {head}
            </head>
            <body>{body}</body>
        </html>
    }
}

/// The application, the same on both sides.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    // Effects run in the browser only, once the whole page is interactive.
    effect(|| {
        if let Some(root) = document().document_element() {
            // Setting an attribute with a valid name cannot fail.
            let _ = root.set_attribute("data-hydrated", "true");
        }
    });

    view! {
        <Router>
            <Root/>
        </Router>
    }
}

/// Everything that needs the router around it.
#[component]
fn Root() -> impl IntoView {
    provide_app_store();
    provide_preferences();
    if let Some(session) = provide_session() {
        provide_messenger(session.me);
    }

    view! {
        <FlatRoutes fallback=NotFoundPage>
            // Rendered in one piece: these pages then work without any script.
            <Route path=path!("") view=MatchesPage ssr=SsrMode::Async/>
            <Route path=path!("/messages") view=ConversationsPage ssr=SsrMode::Async/>
            <Route path=path!("/login") view=LoginPage ssr=SsrMode::Async/>
            <Route path=path!("/signup") view=SignupPage ssr=SsrMode::Async/>
        </FlatRoutes>
        <Toaster/>
    }
}
