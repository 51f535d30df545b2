//! Where a message is written.

use leptos::ev::{KeyboardEvent, SubmitEvent};
use leptos::html;
use leptos::prelude::*;
use web_sys::HtmlTextAreaElement;

use crate::components::ui::icon::{Icon, IconName};
use crate::domain::MessageBody;
use crate::hooks::page;
use crate::hooks::use_messages::UseMessages;
use crate::i18n::use_words;
use crate::reactive::{dynamic, effect, memo, when};

/// From here on the writer sees how much room is left.
const COUNT_FROM: usize = 3_800;
/// The key code of a key that an input method swallowed; some browsers tell it only this way.
const INPUT_METHOD_KEY: u32 = 229;

/// The text box and its button. What is typed is kept until it is sent.
#[component]
pub fn Composer(
    /// The conversation.
    chat: UseMessages,
    /// The peer's name.
    name: Signal<String>,
    /// What is being written.
    draft: RwSignal<String>,
    /// The text box, for the panel to give the focus to.
    input: NodeRef<html::Textarea>,
) -> impl IntoView {
    let words = use_words();
    let can_send = memo(move || draft.with(|text| MessageBody::parse(text.as_str()).is_ok()));
    let count = memo(move || draft.with(|text| MessageBody::count(text)));
    let breaks_on_enter = page::use_media_query("(pointer: coarse)");
    // Not a property of the view: what was typed before the page was interactive would be overwritten.
    effect(move || {
        let text = draft.get();
        if let Some(input) = input.get() {
            if input.value() != text {
                input.set_value(&text);
            }
            fit(&input);
        }
    });

    let send = move || {
        let Ok(body) = MessageBody::parse(draft.get_untracked()) else { return };
        chat.send_message(body);
        draft.set(String::new());
        chat.save_draft("");
        if let Some(input) = input.get_untracked() {
            let _ = input.focus();
        }
    };
    let on_input = move |text: String| {
        if !text.trim().is_empty() {
            chat.note_typing();
        }
        chat.save_draft(&text);
        draft.set(text);
    };
    let on_key = move |event: KeyboardEvent| {
        let is_composing = event.is_composing() || event.key_code() == INPUT_METHOD_KEY;
        let is_send = event.key() == "Enter" && !event.shift_key() && !event.alt_key();
        if is_send && !is_composing && !breaks_on_enter.get_untracked() {
            event.prevent_default();
            if !event.repeat() {
                send();
            }
        }
    };
    view! {
        <form
            class="composer"
            on:submit=move |event: SubmitEvent| {
                event.prevent_default();
                send();
            }
        >
            <textarea
                class="composer__input"
                rows="1"
                dir="auto"
                aria-label=move || words.message_to.with(&name.get())
                placeholder=words.write_a_message
                autocomplete="off"
                enterkeyhint=move || if breaks_on_enter.get() { "enter" } else { "send" }
                node_ref=input
                on:input:target=move |event| on_input(event.target().value())
                on:keydown=on_key
            ></textarea>
            <button
                class="icon-button composer__send"
                type="submit"
                aria-label=words.send
                aria-disabled=move || if can_send.get() { "false" } else { "true" }
                // Pressing the button must not take the focus, or the keyboard of a phone goes away.
                on:mousedown=|event| event.prevent_default()
            >
                <Icon name=IconName::Send />
            </button>
            {when(move || count.get() >= COUNT_FROM, move || {
                view! {
                    <span
                        class="composer__counter"
                        data-over=move || (count.get() > MessageBody::MAX_CHARS).then_some("true")
                    >
                        {dynamic(move || format!("{} / {}", count.get(), MessageBody::MAX_CHARS))}
                    </span>
                }
            })}
        </form>
    }
    .into_any()
}

/// Makes the box as high as its text where the style sheet cannot; it limits the height in any case.
fn fit(input: &HtmlTextAreaElement) {
    if web_sys::css::supports_with_value("field-sizing", "content").unwrap_or(false) {
        return;
    }
    let style = web_sys::HtmlElement::style(input);
    let _ = style.set_property("height", "auto");
    let _ = style.set_property("height", &format!("{}px", input.scroll_height()));
}
