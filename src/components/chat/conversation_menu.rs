//! What else one can do with a conversation: mark it, mute it, block the other, report them.

use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;
use web_sys::Event;

use crate::components::ui::icon::{Icon, IconName};
use crate::domain::ContactChange;
use crate::hooks::use_messages::UseMessages;
use crate::i18n::use_words;
use crate::reactive::{dynamic, memo, spawn};
use crate::state::use_app_store;

/// The longest reason of a report, in characters.
const REASON_CHARS: usize = 1000;

/// What the menu shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Choices,
    /// Are you sure?
    Blocking,
    /// What is wrong?
    Reporting,
    Reported,
}

/// The button in the panel's header and its menu. The browser itself opens and closes the menu.
#[component]
pub fn ConversationMenu(
    /// The conversation.
    chat: UseMessages,
    /// The peer's name.
    name: Signal<String>,
) -> impl IntoView {
    let words = use_words();
    let store = use_app_store();
    let menu = NodeRef::<html::Div>::new();
    // Nothing is in it before it is opened: most panels are closed again without.
    let step = RwSignal::new(None);
    let has_failed = RwSignal::new(false);
    let start_over = move |_: Event| {
        step.set(Some(Step::Choices));
        has_failed.set(false);
    };
    let close = move || {
        if let Some(menu) = menu.get_untracked() {
            // Fails when it is closed already.
            let _ = menu.hide_popover();
        }
    };
    let choose = Callback::new(move |change: ContactChange| {
        spawn(async move {
            if chat.change_contact(change).await {
                close();
            } else {
                has_failed.try_set(true);
            }
        });
    });
    let mark_unread = move |_| {
        spawn(async move {
            if !chat.change_contact(ContactChange::MarkedUnread(true)).await {
                has_failed.try_set(true);
            } else if !has_failed.is_disposed() {
                store.close_chat();
            }
        });
    };
    let is_muted = memo(move || chat.contact.get().muted);
    let is_blocked = memo(move || chat.contact.get().blocked);
    let choices = move || {
        view! {
            <Choice label=words.mark_as_unread on:click=mark_unread />
            {dynamic(move || {
                let muted = is_muted.get();
                let label = if muted { words.unmute } else { words.mute };
                view! { <Choice label on:click=move |_| choose.run(ContactChange::Muted(!muted)) /> }
            })}
            {dynamic(move || {
                if is_blocked.get() {
                    view! { <Choice label=words.unblock on:click=move |_| choose.run(ContactChange::Blocked(false)) /> }
                        .into_any()
                } else {
                    view! { <Choice label=words.block_person on:click=move |_| step.set(Some(Step::Blocking)) /> }.into_any()
                }
            })}
            <Choice label=words.report_person on:click=move |_| step.set(Some(Step::Reporting)) />
        }
        .into_any()
    };
    view! {
        <button
            class="icon-button chat-panel__more"
            type="button"
            aria-label=words.more
            popovertarget="conversation-menu"
        >
            <Icon name=IconName::More />
        </button>
        <div
            class="menu"
            id="conversation-menu"
            popover="auto"
            role="dialog"
            aria-label=move || words.conversation_with.with(&name.get())
            node_ref=menu
            on:beforetoggle=start_over
        >
            {dynamic(move || {
                step.get().map(|now| match now {
                    Step::Choices => choices(),
                    Step::Blocking => view! { <Block name step choose /> }.into_any(),
                    Step::Reporting => view! { <Report chat name step has_failed /> }.into_any(),
                    Step::Reported => {
                        view! { <p class="menu__text" role="status">{words.reported}</p> }.into_any()
                    }
                })
            })}
            <p class="menu__error" role="alert">
                {dynamic(move || has_failed.get().then_some(words.not_reached))}
            </p>
        </div>
    }
    .into_any()
}

/// One thing to choose.
#[component]
fn Choice(label: &'static str) -> impl IntoView {
    view! {
        <button class="menu__choice" type="button">
            {label}
        </button>
    }
}

#[component]
fn Block(
    name: Signal<String>,
    step: RwSignal<Option<Step>>,
    choose: Callback<ContactChange>,
) -> impl IntoView {
    let words = use_words();
    view! {
        <p class="menu__text">
            {dynamic(move || words.block_means.with(&name.get()))}
        </p>
        <p class="menu__buttons">
            <button
                class="button"
                data-kind="primary"
                type="button"
                on:click=move |_| choose.run(ContactChange::Blocked(true))
            >
                {words.block}
            </button>
            <button class="button" type="button" on:click=move |_| step.set(Some(Step::Choices))>
                {words.cancel}
            </button>
        </p>
    }
}

#[component]
fn Report(
    chat: UseMessages,
    name: Signal<String>,
    step: RwSignal<Option<Step>>,
    has_failed: RwSignal<bool>,
) -> impl IntoView {
    let words = use_words();
    let reason = RwSignal::new(String::new());
    let report = move |event: SubmitEvent| {
        event.prevent_default();
        let reason = reason.get_untracked();
        if reason.trim().is_empty() {
            return;
        }
        spawn(async move {
            let arrived = chat.report(&reason).await;
            // The menu may be gone by now.
            has_failed.try_set(!arrived);
            if arrived {
                step.try_set(Some(Step::Reported));
            }
        });
    };
    view! {
        <form class="menu__form" on:submit=report>
            <label class="menu__label" for="report-reason">
                {dynamic(move || words.what_is_wrong.with(&name.get()))}
            </label>
            <textarea
                class="menu__reason"
                id="report-reason"
                rows="3"
                required
                maxlength=REASON_CHARS.to_string()
                aria-describedby="report-hint"
                on:input:target=move |event| reason.set(event.target().value())
            ></textarea>
            <p class="menu__text" id="report-hint">
                {words.report_means}
            </p>
            <p class="menu__buttons">
                <button class="button" data-kind="primary" type="submit">
                    {words.send_report}
                </button>
                <button class="button" type="button" on:click=move |_| step.set(Some(Step::Choices))>
                    {words.cancel}
                </button>
            </p>
        </form>
    }
}
