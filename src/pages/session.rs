//! Who is signed in. Settled once a page load: whatever changes it loads a new page.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::api::{ApiError, get_me, signed_in};
use crate::components::app_header::AppHeader;
use crate::domain::{Profile, UserId};
use crate::i18n::use_words;

/// The session this page was loaded with.
#[derive(Clone, Copy)]
pub struct Session {
    /// Whose it is, known before anything is rendered.
    pub me: UserId,
    profile: OnceResource<Result<Option<Profile>, ApiError>>,
}

/// Offers the session to everything below; `None` when nobody is signed in.
///
/// The id travels inside the document, so that both sides know it in their first render.
pub fn provide_session() -> Option<Session> {
    let me = SharedValue::new(signed_in).into_inner()?;
    // Blocking, so that even a page that is streamed arrives with its header.
    let session = Session { me, profile: OnceResource::new_blocking(get_me()) };
    provide_context(session);
    Some(session)
}

/// The session, on pages that also exist without one.
#[must_use]
pub fn use_session() -> Option<Session> {
    use_context()
}

/// The bar above the page, for somebody who is signed in; nothing for anybody else.
#[component]
pub fn SessionHeader() -> impl IntoView {
    use_session().map(|session| {
        view! {
            <Suspense>
                {Suspend::new(async move {
                    // Without the name the page still works, and so does the way out.
                    let me = session.profile.await.ok().flatten();
                    view! { <AppHeader me/> }
                })}
            </Suspense>
        }
    })
}

/// A page for people who are signed in. Anybody else is taken to the log-in page and back.
///
/// The server already does so when it is asked for such a page; this is for links followed within
/// the app.
#[component]
pub fn SignedIn<V>(
    /// The page below the header.
    children: TypedChildren<V>,
) -> impl IntoView
where
    V: IntoView + 'static,
{
    if use_session().is_some() {
        let children = children.into_inner();
        view! {
            <SessionHeader/>
            {children()}
        }
        .into_any()
    } else {
        let words = use_words();
        let path = use_location().pathname.get_untracked();
        let login = format!("/login?next={path}");
        Effect::new({
            let login = login.clone();
            move || {
                // Where even this fails, the link below is left.
                let _ = window().location().assign(&login);
            }
        });
        view! {
            <main class="not-found">
                <h1 class="not-found__title">{words.not_logged_in}</h1>
                <a class="button" data-kind="primary" href=login rel="external">
                    {words.log_in}
                </a>
            </main>
        }
        .into_any()
    }
}
