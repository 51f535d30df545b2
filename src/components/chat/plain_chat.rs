//! The conversation for browsers that run no scripts: its newest messages, and a plain form.
//!
//! It stands in the panel's `<noscript>`, so a browser that does run scripts takes it for text and the
//! hydrated panel, which lives on a timeline, knows nothing of it. The style sheet hides what is beside it.

use leptos::prelude::*;

use super::message_bubble::text_of;
use super::rich_text::is_emoji_only;
use crate::api::{PlainChat, PlainForm, PlainHistory, plain_chat};
use crate::components::local_time::LocalTime;
use crate::components::ui::icon::{Icon, IconName};
use crate::domain::{Message, Seq, UserId};
use crate::i18n::{use_locale, use_words};

/// What ties the form's error to its text box.
const ALERT_ID: &str = "plain-alert";

/// Messages and form; nothing when the page was not asked for this conversation.
#[component]
pub fn PlainChatView(
    /// With whom.
    peer: UserId,
    /// Their name.
    name: String,
) -> impl IntoView {
    let words = use_words();
    plain_chat(peer).map(|PlainChat { history, form }| {
        let last_seq = history.as_ref().map_or(Seq::ZERO, |history| history.last_seq);
        let log = match history {
            Ok(history) => view! { <Log peer name=name.clone() history/> }.into_any(),
            Err(error) => {
                view! { <p class="chat-panel__error" role="alert">{error.text(words)}</p> }.into_any()
            }
        };
        view! {
            {log}
            <Form name form last_seq/>
        }
    })
}

/// The newest messages. Laid from the end, so that the newest is what one sees first.
#[component]
fn Log(peer: UserId, name: String, history: PlainHistory) -> impl IntoView {
    let PlainHistory { messages, read, delivered, has_more, .. } = history;
    let words = use_words();
    let earlier = use_locale().server_words().earlier_need_scripts;
    let is_empty = messages.is_empty();
    let state = |seq: Seq| match seq {
        seq if seq <= read => words.read,
        seq if seq <= delivered => words.delivered,
        _ => words.sent,
    };
    let rows = messages
        .into_iter()
        .map(|message| {
            let state = (message.sender_id != peer).then(|| state(message.seq));
            view! { <Row author=name.clone() message state/> }
        })
        .collect_view();
    view! {
        <div
            class="chat-panel__log"
            data-laid="from-end"
            role="log"
            aria-label=words.messages_with.with(&name)
            tabindex="0"
        >
            <div class="chat-panel__rows" role="list">
                {rows}
            </div>
            {has_more.then(|| view! { <p class="chat-panel__older">{earlier}</p> })}
            {is_empty.then(|| view! { <p class="chat-panel__older">{words.say_hi.with(&name)}</p> })}
        </div>
    }
}

/// One message; `state` is how far an own one got.
#[component]
fn Row(author: String, message: Message, state: Option<&'static str>) -> impl IntoView {
    let own = || ("sent", use_words().you.to_owned());
    let (direction, author) = if state.is_some() { own() } else { ("received", author) };
    view! {
        <div
            class="message-bubble"
            role="listitem"
            data-direction=direction
            data-group="single"
            data-seq=message.seq.0
            data-emoji=is_emoji_only(&message.content).then_some("true")
        >
            <span class="message-bubble__author">{author}</span>
            <p class="message-bubble__text" dir="auto">
                {text_of(&message.content)}
            </p>
            <p class="message-bubble__meta">
                <LocalTime at=message.created_at/>
                {state.map(|word| view! { <span class="message-bubble__state">{word}</span> })}
            </p>
        </div>
    }
}

/// The text of a text box as HTML: the framework writes a text there as it is. A first line end belongs to the
/// tag (HTML: "the textarea element"), so there is always one.
fn as_html(text: &str) -> String {
    format!("\n{}", text.replace('&', "&amp;").replace('<', "&lt;"))
}

/// Posts to the address of the page. The `client_id` makes one message of a form that is sent twice.
#[component]
fn Form(name: String, form: PlainForm, last_seq: Seq) -> impl IntoView {
    let words = use_words();
    let PlainForm { client_id, text, alert } = form;
    let described = alert.is_some().then_some(ALERT_ID);
    view! {
        <form class="composer" method="post" autocomplete="off">
            {alert
                .map(|alert| {
                    view! {
                        <p class="composer__alert" id=ALERT_ID role="alert">
                            {alert}
                        </p>
                    }
                })}
            <input type="hidden" name="client_id" value=client_id.to_string()/>
            <input type="hidden" name="read" value=last_seq.0/>
            <textarea
                class="composer__input"
                name="content"
                rows="2"
                dir="auto"
                required=true
                aria-label=words.message_to.with(&name)
                aria-describedby=described
                aria-invalid=described.map(|_| "true")
                placeholder=words.write_a_message
                inner_html=as_html(&text)
            ></textarea>
            <button class="icon-button composer__send" type="submit" aria-label=words.send>
                <Icon name=IconName::Send/>
            </button>
        </form>
    }
}
