//! The document, the routes, and what outlives every page: who is signed in, the state of the
//! address, and the messenger with its socket.

use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::components::{FlatRoutes, Route, Router};
use leptos_router::{SsrMode, path};

use crate::components::ui::toast::Toaster;
use crate::hooks::messenger::provide_messenger;
use crate::hooks::preferences::provide_preferences;
use crate::pages::{ConversationsPage, LoginPage, MatchesPage, NotFoundPage, SignupPage, provide_session};
use crate::reactive::effect;
use crate::state::provide_app_store;

/// The document around [`App`], rendered by the server only.
#[cfg(feature = "ssr")]
pub fn shell(options: LeptosOptions) -> impl IntoView {
    use leptos_meta::{HashedStylesheet, MetaTags};

    use crate::domain::Preferences;

    let Preferences { theme, is_opaque, .. } = use_context().unwrap_or_default();
    let (when_light, when_dark) = theme.bars();
    let bar = |system: &str, colour| {
        let media = format!("(prefers-color-scheme: {system})");
        leptos::html::meta().name("theme-color").content(colour).attr("media", media)
    };
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme.name() data-transparency=is_opaque.then_some("off")>
            <head>
                <meta charset="utf-8"/>
                <meta
                    name="viewport"
                    content="width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content"
                />
                <meta name="color-scheme" content=theme.colour_scheme()/>
                {bar("light", when_light)}
                {bar("dark", when_dark)}
                <meta name="description" content="Mosaic: meet people who fit, one conversation at a time."/>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <link rel="manifest" href="/manifest.webmanifest"/>
                <HashedStylesheet options=options.clone()/>
                <AutoReload options=options.clone()/>
                <HydrationScripts options/>
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
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
