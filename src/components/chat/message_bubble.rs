//! One message. Its element is the same one from `Sending` to `Read`.

use leptos::either::Either;
use leptos::prelude::*;

use super::rich_text::{self, Piece};
use crate::chat::{Delivery, EntryKey};
use crate::components::ui::icon::{Icon, IconName};
use crate::hooks::local_time;
use crate::hooks::use_messages::{Bubble, UseMessages, refusal, state_word};
use crate::i18n::use_words;
use crate::reactive::{dynamic, memo};

/// A message with its time and, for own ones, how far it got; when it failed, with a way on.
#[component]
pub fn MessageBubble(
    /// Which message.
    key: EntryKey,
    /// What to show; changes while the message travels.
    bubble: ArcRwSignal<Bubble>,
    /// The peer's name.
    name: Signal<String>,
    /// The conversation it belongs to.
    chat: UseMessages,
) -> impl IntoView {
    let words = use_words();
    let bubble = RwSignal::from(bubble);
    let direction = if key.mine { "sent" } else { "received" };
    let author = move || if key.mine { words.you.to_owned() } else { name.get() };
    // The text of a message never changes: no need to watch it.
    let content = bubble.with_untracked(|bubble| bubble.content.clone());
    let is_emoji = rich_text::is_emoji_only(&content).then_some("true");
    let text = text_of(&content);
    let delivery = memo(move || bubble.with(|bubble| bubble.delivery.clone()));
    let created_at = memo(move || bubble.with(|bubble| bubble.created_at));
    let state =
        move || delivery.with(|delivery| state_word(words, delivery).map(|word| (icon_of(delivery), word)));
    let failure = memo(move || match delivery.get() {
        Delivery::NotSent { code } => Some(refusal(words, &code)),
        _ => None,
    });
    view! {
        <div
            class="message-bubble"
            role="listitem"
            data-direction=direction
            data-group=move || bubble.with(|bubble| bubble.group.as_str())
            data-delivery=move || delivery.with(delivery_name)
            data-seq=move || bubble.with(|bubble| bubble.seq.map(|seq| seq.0))
            data-emoji=is_emoji
        >
            <span class="message-bubble__author visually-hidden">{author}</span>
            <p class="message-bubble__text" dir="auto">
                {text}
            </p>
            <p class="message-bubble__meta">
                <time class="message-bubble__time" datetime=move || local_time::rfc3339(created_at.get())>
                    {dynamic(move || local_time::clock_time(created_at.get()))}
                </time>
                {dynamic(move || {
                    state()
                        .map(|(name, word)| {
                            view! { <span class="message-bubble__state"><Icon name />{word}</span> }
                        })
                })}
            </p>
            {dynamic(move || {
                failure
                    .get()
                    .map(|reason| {
                        view! {
                            <p class="message-bubble__reason">{reason}</p>
                            <p class="message-bubble__actions">
                                <button
                                    class="button"
                                    data-kind="quiet"
                                    type="button"
                                    on:click=move |_| chat.retry(key)
                                >
                                    {words.retry}
                                </button>
                                <button
                                    class="button"
                                    data-kind="danger"
                                    type="button"
                                    on:click=move |_| chat.delete(key)
                                >
                                    {words.delete}
                                </button>
                            </p>
                        }
                    })
            })}
        </div>
    }
}

/// The text of a message, its links as nodes.
pub(super) fn text_of(content: &str) -> impl IntoView + use<> {
    let pieces = rich_text::pieces(content).into_iter().map(|piece| match piece {
        Piece::Text(text) => Either::Left(text.to_owned()),
        Piece::Link(address) => Either::Right(view! {
            <a href=address.to_owned() target="_blank" rel="noopener noreferrer nofollow ugc">
                {address.to_owned()}
            </a>
        }),
    });
    pieces.collect_view()
}

fn delivery_name(delivery: &Delivery) -> &'static str {
    match delivery {
        Delivery::Sending => "sending",
        Delivery::NotSent { .. } => "not-sent",
        Delivery::Sent => "sent",
        Delivery::Delivered => "delivered",
        Delivery::Read => "read",
        Delivery::Received => "received",
    }
}

fn icon_of(delivery: &Delivery) -> IconName {
    match delivery {
        Delivery::Sending => IconName::Clock,
        Delivery::NotSent { .. } => IconName::Alert,
        Delivery::Sent => IconName::Check,
        Delivery::Delivered | Delivery::Read | Delivery::Received => IconName::DoubleCheck,
    }
}
