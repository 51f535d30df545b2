//! The inbox: every conversation, the one with the newest message first, kept up to date.

mod inbox;
mod inbox_list;

use leptos::prelude::*;
use leptos_meta::Title;

use self::inbox_list::InboxList;
use super::SignedIn;
use crate::api::list_conversations;
use crate::hooks::messenger::use_messenger;
use crate::i18n::use_words;

/// The first page comes with the document; from then on the list keeps itself up to date.
#[component]
pub fn ConversationsPage() -> impl IntoView {
    let words = use_words();
    view! {
        <Title text=words.title(words.messages)/>
        <SignedIn>
            <main class="inbox">
                <h1 class="inbox__title">{words.messages}</h1>
                <Inbox/>
            </main>
        </SignedIn>
    }
}

#[component]
fn Inbox() -> impl IntoView {
    // Before the request: what happens while it is on its way may not be in the answer.
    let asked_at = use_messenger().activity().get_untracked();
    let first = OnceResource::new(list_conversations(None));
    view! {
        <Suspense fallback=InboxSkeleton>
            {Suspend::new(async move {
                let first = first.await;
                view! { <InboxList first asked_at/> }
            })}
        </Suspense>
    }
}

/// The shape of the list before it is here.
#[component]
fn InboxSkeleton() -> impl IntoView {
    view! {
        <div class="inbox__list" aria-hidden="true">
            {(0..5).map(|_| view! { <div class="skeleton inbox-item"></div> }).collect_view()}
        </div>
    }
}
