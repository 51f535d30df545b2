//! The list of messages, the only part of the panel that scrolls, with everything that can stand in it.

use std::rc::Rc;

use leptos::html;
use leptos::prelude::*;

use super::announcer::Announcer;
use super::message_bubble::MessageBubble;
use super::scroller::{Position, Scroller};
use crate::chat::{Loading, Millis};
use crate::components::ui::icon::{Icon, IconName};
use crate::hooks::browser::{self, BrowserCell};
use crate::hooks::page;
use crate::hooks::use_messages::{Row, UseMessages};
use crate::i18n::use_words;
use crate::reactive::{dynamic, effect, memo, when};

/// A row that comes sooner than this after another one comes in without a move, which would hold up both, in
/// milliseconds.
const CALM_MS: u64 = 1_000;
/// How many lines the placeholder has.
const SKELETON_LINES: usize = 6;

/// The log of one conversation, the day that floats over its beginning, and the button that leads to its end.
#[component]
pub fn MessageLog(
    /// The conversation.
    chat: UseMessages,
    /// The peer's name.
    name: Signal<String>,
    /// What stands before the first message of all.
    children: ChildrenFn,
) -> impl IntoView {
    let words = use_words();
    let log = NodeRef::<html::Div>::new();
    let list = NodeRef::<html::Div>::new();
    let day = NodeRef::<html::Div>::new();
    let position = Position::new();
    let scroller = BrowserCell::<Rc<Scroller>>::default();
    effect(move || {
        if let (Some(log), Some(list), Some(day)) = (log.get(), list.get(), day.get()) {
            scroller.fill(Scroller::new(log.into(), list.into(), day.into(), chat, position));
        }
    });
    effect(move || {
        chat.messages.track();
        chat.loading.track();
        chat.typing.track();
        // An older page alone changes no row, and the reader may wait for it at the top.
        chat.oldest.track();
        // The list may be updated after this effect, but within the same turn.
        queue_microtask(move || {
            scroller.with(Scroller::rows_changed);
        });
    });
    // Before or after the rows that belong to it: either will do.
    effect(move || {
        chat.tail.track();
        queue_microtask(move || {
            scroller.with(|scroller| scroller.newest_changed());
        });
    });
    page::on_attention_change(move || {
        scroller.with(|scroller| scroller.look());
    });

    let is_loading = move || matches!(chat.loading.get(), Loading::Idle | Loading::First);
    let is_busy = move || (is_loading() || chat.is_loading_older.get()).then_some("true");
    let is_at_start = move || chat.loading.get() == Loading::Ready && !chat.has_older.get();
    let rows = move || {
        scroller.with(|scroller| scroller.hold());
        chat.messages.get()
    };
    // When the row before was made.
    let made_at = StoredValue::new(None::<Millis>);
    let is_calm = move || {
        let (now, before) = (browser::now(), made_at.get_value());
        made_at.set_value(Some(now));
        before.is_some_and(|before| now.0.saturating_sub(before.0) >= CALM_MS)
    };
    let start = StoredValue::new(children);
    let touched = move || {
        scroller.with(|scroller| scroller.touched());
    };
    view! {
        <div
            class="chat-panel__log"
            role="log"
            aria-live="polite"
            aria-label=move || words.messages_with.with(&name.get())
            aria-busy=is_busy
            tabindex="0"
            node_ref=log
            on:scroll=move |_| {
                scroller.with(|scroller| scroller.scrolled());
            }
            on:wheel=move |_| touched()
            on:touchstart=move |_| touched()
            on:keydown=move |_| touched()
            on:pointerdown=move |_| touched()
        >
            {when(is_at_start, move || start.with_value(|start| start()))}
            // There for as long as anything is older: coming and going would move what is below.
            {when(move || chat.has_older.get(), move || view! { <p class="chat-panel__older">{words.loading_earlier}</p> })}
            {when(is_loading, move || {
                view! {
                    <div class="chat-panel__skeleton" aria-hidden="true">
                        {std::iter::repeat_with(|| view! { <span class="skeleton"></span> })
                            .take(SKELETON_LINES)
                            .collect_view()}
                    </div>
                }
            })}
            {when(move || chat.loading.get() == Loading::Failed, move || {
                view! {
                    <div class="chat-panel__error">
                        <p role="alert">
                            <Icon name=IconName::Alert />
                            {words.messages_not_loaded}
                        </p>
                        <button class="button" type="button" on:click=move |_| chat.reload()>
                            <Icon name=IconName::Retry />
                            {words.retry}
                        </button>
                    </div>
                }
            })}
            <div class="chat-panel__rows" role="list" node_ref=list>
                <For each=rows key=Row::key let(row)>
                    {match row {
                        Row::Gap => separator("gap-row", dynamic(move || words.gap.of(chat.missing.get())).into_any()),
                        Row::Day { label, .. } => separator("day-separator", label.into_any()),
                        Row::Unread => separator("unread-divider", words.new_messages.into_any()),
                        Row::Message { key, bubble } => {
                            view! { <MessageBubble key bubble name chat moves=is_calm() /> }.into_any()
                        }
                    }}
                </For>
            </div>
            {when(move || chat.typing.get(), move || {
                view! {
                    <div class="typing-row">
                        <span class="typing-row__dot"></span>
                        <span class="typing-row__dot"></span>
                        <span class="typing-row__dot"></span>
                        {dynamic(move || words.is_typing.with(&name.get()))}
                    </div>
                }
            })}
        </div>
        <div class="chat-panel__day" aria-hidden="true" node_ref=day></div>
        <Announcer chat name />
        <Jump chat position on_jump=move || {
            scroller.with(|scroller| scroller.jump());
        } />
    }
    .into_any()
}

/// A line between messages. It is text for everybody, and nothing to stop at.
fn separator(class: &'static str, text: AnyView) -> AnyView {
    view! {
        <div class=class>
            <span>{text}</span>
        </div>
    }
    .into_any()
}

/// The way to the end, once the end is out of view and something is there.
#[component]
fn Jump(
    chat: UseMessages,
    position: Position,
    on_jump: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let words = use_words();
    let label = memo(move || {
        if position.is_at_bottom.get() || chat.tail.get().last.is_none() {
            return None;
        }
        match chat.count_after(position.seen.get()) {
            0 => position.is_far.get().then(|| words.jump_to_latest.to_owned()),
            new => Some(words.new.of(new as u64)),
        }
    });
    let is_shown = memo(move || label.with(Option::is_some));
    view! {
        {when(move || is_shown.get(), move || {
            view! {
                <button class="chat-panel__jump" type="button" on:click=move |_| on_jump()>
                    <Icon name=IconName::ArrowDown />
                    {dynamic(move || label.get())}
                </button>
            }
        })}
    }
}
