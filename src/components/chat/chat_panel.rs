//! The chat with one person: from 720 px a region beside the card, below it a sheet over everything.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::KeyboardEvent;

use super::composer::Composer;
use super::conversation_menu::ConversationMenu;
use super::conversation_start::ConversationStart;
use super::message_log::MessageLog;
use super::status_strip::StatusStrip;
use crate::components::ui::avatar::Avatar;
use crate::components::ui::icon::{Icon, IconName};
use crate::domain::{ContactChange, UserId};
use crate::hooks::browser::Listener;
use crate::hooks::messenger::{Presence, use_presence_text};
use crate::hooks::page;
use crate::hooks::use_messages::{UseMessages, use_messages};
use crate::i18n::use_words;
use crate::reactive::{dynamic, effect, memo, spawn};
use crate::state::{PLAIN_FORM, use_app_store};

/// Below this the panel covers the page.
const COMPACT: &str = "(max-width: 719.98px)";

/// The panel. It belongs to one person: for another one, render another panel.
#[component]
pub fn ChatPanel(
    /// With whom.
    recipient_id: UserId,
    /// Their name.
    #[prop(into)]
    name: Signal<String>,
    /// Their picture.
    #[prop(into)]
    avatar_url: Signal<Option<String>>,
    /// How well the two match, 0–100.
    #[prop(into)]
    score: Signal<Option<u8>>,
    /// What both like.
    #[prop(into)]
    shared_interests: Signal<Vec<String>>,
    /// Their presence as the page knew it, for as long as the socket knows nothing of it.
    #[prop(into, optional)]
    presence: Signal<Option<Presence>>,
) -> impl IntoView {
    let words = use_words();
    let store = use_app_store();
    let chat = use_messages(recipient_id);
    let (is_online, presence_text) = use_presence_text(recipient_id, presence);
    let panel = NodeRef::<html::Section>::new();
    let input = NodeRef::<html::Textarea>::new();
    let is_compact = page::use_media_query(COMPACT);
    page::use_sole_interaction(panel, is_compact.into());
    page::use_visual_viewport(is_compact.into());

    let draft = RwSignal::new(String::new());
    effect(move || {
        let typed_early = input.get_untracked().map(|input| input.value()).filter(|typed| !typed.is_empty());
        draft.set(typed_early.unwrap_or_else(|| chat.draft()));
    });
    // To give the focus to what is not painted yet costs a layout of its own.
    effect(move || {
        if input.get().is_some() {
            page::after_paint(move || {
                if let Some(input) = input.try_get_untracked().flatten() {
                    let _ = input.focus();
                }
            });
        }
    });
    on_cleanup(page::return_focus_to_message_button);
    effect(move || {
        StoredValue::new_local(Listener::new(&window(), "keydown", move |event| {
            let event = event.unchecked_into::<KeyboardEvent>();
            if event.key() == "Escape"
                && !event.is_composing()
                && !event.default_prevented()
                && !is_elsewhere(&event)
                && !page::has_open_menu()
            {
                store.close_chat();
            }
        }))
    });
    let is_gone = chat.is_gone;
    let is_blocked = memo(move || chat.contact.get().blocked);
    let pick = Callback::new(move |opener: String| {
        chat.save_draft(&opener);
        draft.set(opener);
        if let Some(input) = input.get_untracked() {
            let _ = input.focus();
        }
    });
    view! {
        <section
            class="chat-panel"
            id="chat-panel"
            data-state="open"
            role=move || if is_compact.get() { "dialog" } else { "region" }
            aria-modal=move || is_compact.get().then_some("true")
            aria-label=move || words.chat_with.with(&name.get())
            node_ref=panel
        >
            <header class="chat-panel__header">
                <span class="chat-panel__avatar">
                    <Avatar url=avatar_url size=32 online=is_online />
                </span>
                <h2 class="chat-panel__title" dir="auto">
                    {dynamic(move || name.get())}
                </h2>
                <p class="chat-panel__presence">{dynamic(move || presence_text.get())}</p>
                <ConversationMenu chat name />
                <button
                    class="icon-button chat-panel__close"
                    type="submit"
                    form=PLAIN_FORM
                    aria-label=words.close_chat
                    on:click=move |_| store.close_chat()
                >
                    <Icon name=IconName::Close />
                </button>
            </header>
            <StatusStrip connection=chat.connection />
            <MessageLog chat name>
                <ConversationStart
                    name
                    avatar_url
                    score
                    shared_interests
                    is_empty=chat.is_empty
                    on_pick=pick
                />
            </MessageLog>
            {dynamic(move || {
                if is_gone.get() {
                    view! {
                        <p class="chat-panel__blocked" role="status">
                            {words.account_gone}
                        </p>
                    }
                        .into_any()
                } else if is_blocked.get() {
                    view! { <Blocked chat name /> }.into_any()
                } else {
                    view! { <Composer chat name draft input /> }.into_any()
                }
            })}
            <noscript>{without_scripts(recipient_id, name)}</noscript>
        </section>
    }
    .into_any()
}

/// The conversation for browsers that run no scripts. Written by the server; hydration looks past it.
#[cfg(feature = "ssr")]
fn without_scripts(peer: UserId, name: Signal<String>) -> impl IntoView {
    use super::plain_chat::PlainChatView;

    view! { <PlainChatView peer name=name.get_untracked() /> }
}

#[cfg(not(feature = "ssr"))]
fn without_scripts(_: UserId, _: Signal<String>) {}

/// Where one would write, to somebody one has blocked. Only the one who blocks ever sees it.
#[component]
fn Blocked(chat: UseMessages, name: Signal<String>) -> impl IntoView {
    let words = use_words();
    let has_failed = RwSignal::new(false);
    let unblock = move |_| {
        spawn(async move {
            let is_done = chat.change_contact(ContactChange::Blocked(false)).await;
            has_failed.try_set(!is_done);
        });
    };
    view! {
        <div class="chat-panel__blocked">
            <p>{dynamic(move || words.you_blocked.with(&name.get()))}</p>
            <button class="button" type="button" on:click=unblock>
                {words.unblock}
            </button>
            <p role="alert">
                {dynamic(move || has_failed.get().then_some(words.not_reached))}
            </p>
        </div>
    }
}

/// Whether the key belongs to a field outside of the panel, where Escape has a meaning of its own.
fn is_elsewhere(event: &KeyboardEvent) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    target.is_some_and(|target| {
        let is = |selector| target.closest(selector).is_ok_and(|found| found.is_some());
        is("input, textarea, select") && !is(".chat-panel")
    })
}
