//! The list of conversations, and what keeps it up to date.

use std::sync::Arc;
use std::time::Duration;

use leptos::prelude::*;

use super::inbox::Inbox;
use crate::api::{ApiError, ConversationList, list_conversations};
use crate::components::inbox_item::InboxItem;
use crate::components::ui::icon::{Icon, IconName};
use crate::domain::UserId;
use crate::hooks::messenger::use_messenger;
use crate::i18n::use_words;
use crate::reactive::{dynamic, effect, memo};

/// News within this time are fetched together.
const GATHER: Duration = Duration::from_millis(150);

/// The conversations, starting from the page the server rendered. Rows keep their elements when the
/// order changes.
#[component]
pub fn InboxList(
    /// The first page, or why it could not be loaded.
    first: Result<ConversationList, ApiError>,
    /// How much activity there had been when that page was asked for.
    asked_at: u64,
) -> impl IntoView {
    let words = use_words();
    let (first, error) = match first {
        Ok(first) => (Inbox::new(first), None),
        Err(error) => (Inbox::default(), Some(error)),
    };
    let inbox = RwSignal::new(first);
    let messenger = use_messenger();
    // Who was blocked or left since the page was loaded is listed no more.
    let listed = memo(move || {
        let peers = inbox.with(|inbox| inbox.items().iter().map(|item| item.peer.id).collect::<Vec<_>>());
        let is_heard =
            |peer: &UserId| !messenger.contact_of(*peer).get().blocked && !messenger.is_gone(*peer).get();
        peers.into_iter().filter(is_heard).collect::<Vec<_>>()
    });
    let error = RwSignal::new(error);
    // The page may be left while an answer is on its way, so that what it would change is gone.
    let take =
        move |answer: Result<ConversationList, ApiError>, how: fn(&mut Inbox, ConversationList)| match answer
        {
            Ok(page) => {
                let _ = error.try_set(None);
                let _ = inbox.try_update(|inbox| how(inbox, page));
            }
            Err(reason) => {
                let _ = error.try_set(Some(reason));
            }
        };

    let refresh = Action::new(move |(): &()| async move {
        take(list_conversations(None).await, Inbox::refresh);
    });
    let show_more = Action::new(move |cursor: &String| {
        let cursor = cursor.clone();
        async move { take(list_conversations(Some(cursor)).await, Inbox::append) }
    });
    keep_up_to_date(refresh, asked_at);

    let more = move |_| {
        if let Some(cursor) = inbox.with_untracked(|inbox| inbox.next().cloned())
            && !show_more.pending().get_untracked()
        {
            show_more.dispatch(cursor);
        }
    };
    let empty = memo(move || listed.with(Vec::is_empty));

    view! {
        <p class="inbox__status" role="status">
            {dynamic(move || error.get().map(|error| error.text(words)))}
        </p>
        {dynamic(move || {
            if !empty.get() {
                None
            } else if error.with(Option::is_some) {
                Some(view! { <Retry refresh/> }.into_any())
            } else {
                Some(view! { <NoConversations/> }.into_any())
            }
        })}
        <ul class="inbox__list" role="list" aria-label=words.conversations>
            <For
                each=move || listed.get()
                key=|peer| *peer
                children=move |peer| view! { <Row inbox peer/> }
            />
        </ul>
        {dynamic(move || {
            inbox
                .with(|inbox| inbox.next().is_some())
                .then(|| {
                    view! {
                        <p class="inbox__more">
                            <button
                                class="button"
                                data-kind="quiet"
                                type="button"
                                aria-busy=move || show_more.pending().get().then_some("true")
                                on:click=more
                            >
                                {words.show_more}
                            </button>
                        </p>
                    }
                })
        })}
    }
    .into_any()
}

/// Fetches the first page again after activity: one request at a time, and never none after the
/// last news.
fn keep_up_to_date(refresh: Action<(), ()>, asked_at: u64) {
    let activity = use_messenger().activity();
    let fetched = StoredValue::new(asked_at);
    let timer = StoredValue::new(None::<TimeoutHandle>);
    let pending = refresh.pending();

    effect(move || {
        let news = activity.get() != fetched.get_value();
        if news && !pending.get() && timer.get_value().is_none() {
            let handle = set_timeout_with_handle(
                move || {
                    timer.set_value(None);
                    fetched.set_value(activity.get_untracked());
                    refresh.dispatch(());
                },
                GATHER,
            );
            timer.set_value(handle.ok());
        }
    });
    on_cleanup(move || {
        if let Some(timer) = timer.try_get_value().flatten() {
            timer.clear();
        }
    });
}

/// One conversation, as long as the inbox holds it.
#[component]
fn Row(inbox: RwSignal<Inbox>, peer: UserId) -> impl IntoView {
    let item = Memo::new_with_compare(
        move |_| inbox.with(|inbox| inbox.get(peer)),
        |before, after| match (before.and_then(Option::as_ref), after.and_then(Option::as_ref)) {
            (Some(before), Some(after)) => !Arc::ptr_eq(before, after),
            (None, None) => false,
            _ => true,
        },
    );
    // Signals that keep a value to the end: the row is removed a moment after its conversation.
    item.get_untracked().map(|first| {
        let peer = first.peer.clone();
        let held = Signal::derive(move || item.get().unwrap_or_else(|| first.clone()));
        let last_message = Signal::derive(move || held.with(|item| item.last_message.clone()));
        // What this device was told lately counts before what the page was loaded with.
        let told = use_messenger().standing_of(peer.id);
        let standing = move || told.get().unwrap_or_else(|| held.with(|item| (item.unread, item.contact)));
        let unread = Signal::derive(move || standing().0);
        let contact = Signal::derive(move || standing().1);
        view! { <InboxItem peer last_message unread contact/> }
    })
}

/// The way on when the list could not be loaded.
#[component]
fn Retry(refresh: Action<(), ()>) -> impl IntoView {
    view! {
        <p class="inbox__more">
            <button class="button" type="button" on:click=move |_| { refresh.dispatch(()); }>
                <Icon name=IconName::Retry/>
                {use_words().try_again}
            </button>
        </p>
    }
}

/// What an inbox says before its first conversation.
#[component]
fn NoConversations() -> impl IntoView {
    let words = use_words();
    view! {
        <div class="inbox__empty empty-state">
            <Icon name=IconName::Inbox/>
            <p class="empty-state__title">{words.no_conversations}</p>
            <p class="empty-state__text">{words.no_conversations_text}</p>
            <a class="button" data-kind="primary" href="/">
                {words.see_matches}
            </a>
        </div>
    }
}
