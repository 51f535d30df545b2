//! One message. Its element is the same one from `Sending` to `Read`.

use leptos::either::Either;
use leptos::prelude::*;
use web_sys::Element;

use super::rich_text::{self, Piece};
use crate::chat::{Delivery, EntryKey, Millis};
use crate::components::ui::icon::{Icon, IconName};
use crate::hooks::local_time;
use crate::hooks::use_messages::{Bubble, UseMessages, refusal, state_word};
use crate::i18n::{Words, use_words};
use crate::reactive::{dynamic, effect, memo};

/// A message with its time and, for own ones, how far it got; when it failed, with a way on.
///
/// A log has many of them, and most never change: what is fixed for a message is not watched.
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
    /// Whether it may come in with a move.
    moves: bool,
) -> impl IntoView {
    let words = use_words();
    let bubble = RwSignal::from(bubble);
    let direction = if key.mine { "sent" } else { "received" };
    // Another person has another panel.
    let author = if key.mine { words.you.to_owned() } else { name.get_untracked() };
    // What comes in is told by the announcer, so that it is not too much at once.
    let live = (!key.mine).then_some("off");
    let now = bubble.get_untracked();
    let is_emoji = rich_text::is_emoji_only(&now.content).then_some("true");
    let text = text_of(&now.content);
    let below = if key.mine {
        let standing = memo(move || bubble.with(|bubble| (bubble.created_at, bubble.delivery.clone())));
        dynamic(move || standing.with(|(at, delivery)| below(words, chat, key, *at, delivery))).into_any()
    } else {
        below(words, chat, key, now.created_at, &now.delivery).into_any()
    };
    view! {
        <div
            class="message-bubble"
            role="listitem"
            data-direction=direction
            data-group=now.group.as_str()
            data-delivery=delivery_name(&now.delivery)
            data-seq=now.seq.map(|seq| seq.0)
            data-emoji=is_emoji
            data-moves=moves.then_some("")
            aria-live=live
            use:follow=bubble
        >
            <span class="message-bubble__author">{author}</span>
            <p class="message-bubble__text" dir="auto">
                {text}
            </p>
            {below}
        </div>
    }
}

/// Keeps the attributes of a bubble's element as they are to be now, all of them in one effect.
fn follow(element: Element, bubble: RwSignal<Bubble>) {
    let mut shown = bubble.get_untracked();
    effect(move || {
        let now = bubble.get();
        // Setting attributes with valid names cannot fail.
        if now.group != shown.group {
            let _ = element.set_attribute("data-group", now.group.as_str());
        }
        if now.delivery != shown.delivery {
            let _ = element.set_attribute("data-delivery", delivery_name(&now.delivery));
        }
        if let Some(seq) = now.seq.filter(|_| now.seq != shown.seq) {
            let _ = element.set_attribute("data-seq", &seq.to_string());
        }
        shown = now;
    });
}

/// What stands below the text: the time, how far it got, and a way on if that is nowhere.
fn below(
    words: &'static Words,
    chat: UseMessages,
    key: EntryKey,
    at: Millis,
    delivery: &Delivery,
) -> impl IntoView + use<> {
    let state = state_word(words, delivery).map(|word| {
        view! { <span class="message-bubble__state"><Icon name=icon_of(delivery) />{word}</span> }
    });
    let failure = match delivery {
        Delivery::NotSent { code } => Some(refusal(words, code)),
        _ => None,
    };
    view! {
        <p class="message-bubble__meta">
            <time class="message-bubble__time" datetime=local_time::rfc3339(at)>
                {local_time::clock_time(at)}
            </time>
            {state}
        </p>
        {failure
            .map(|reason| {
                view! {
                    <p class="message-bubble__reason">{reason}</p>
                    <p class="message-bubble__actions">
                        <button class="button" data-kind="quiet" type="button" on:click=move |_| chat.retry(key)>
                            {words.retry}
                        </button>
                        <button class="button" data-kind="danger" type="button" on:click=move |_| chat.delete(key)>
                            {words.delete}
                        </button>
                    </p>
                }
            })}
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
