//! What draws attention to messages one is not looking at: toasts, the number before the title, and
//! the dot on the icon.

use std::time::Duration;

use leptos::html;
use leptos::prelude::*;
use leptos_meta::Title;

use super::avatar::Avatar;
use super::icon::{Icon, IconName};
use crate::hooks::messenger::{Messenger, Toast};
use crate::hooks::page;
use crate::i18n::use_words;
use crate::reactive::{dynamic, effect, when};
use crate::state::use_app_store;

/// How long a toast stays while nothing holds it.
const STAY: Duration = Duration::from_secs(5);
/// From one title to the next at least.
const TITLE_REST: Duration = Duration::from_secs(1);
const TICK: Duration = Duration::from_millis(250);
/// From here on the exact number says nothing more.
const MANY: u64 = 100;

/// `3`, or `99+` from 100; `None` at nothing.
#[must_use]
pub fn unread_label(unread: u64) -> Option<String> {
    match unread {
        0 => None,
        MANY.. => Some("99+".to_owned()),
        some => Some(some.to_string()),
    }
}

/// The toasts, and what the browser shows of unread messages. Belongs at the end of the app, once; shows nothing
/// while nobody is logged in.
#[component]
pub fn Toaster() -> impl IntoView {
    use_context::<Messenger>().map(|messenger| view! { <Attention messenger /> })
}

#[component]
fn Attention(messenger: Messenger) -> impl IntoView {
    let words = use_words();
    let unread = messenger.total_unread();
    // Browsers take their time to change a title, so it rests in between.
    let counted = RwSignal::new(0);
    let is_resting = RwSignal::new(false);
    effect(move || {
        let unread = unread.get();
        if !is_resting.get() && counted.get_untracked() != unread {
            counted.set(unread);
            is_resting.set(true);
            let rested = move || {
                is_resting.try_set(false);
            };
            set_timeout(rested, TITLE_REST);
        }
    });
    let title = move |text: String| {
        // The server writes the title last, maybe on a thread that knows nothing of the page's signals any more.
        let label = if cfg!(feature = "ssr") { None } else { counted.try_get().and_then(unread_label) };
        match label {
            Some(label) => format!("({label}) {text}"),
            None => text,
        }
    };
    effect(move || {
        let icon = document().query_selector("link[rel=icon]").ok().flatten();
        let shown = if unread.get() > 0 { "/favicon-unread.svg" } else { "/favicon.svg" };
        if let Some(icon) = icon.filter(|icon| icon.get_attribute("href").as_deref() != Some(shown)) {
            // Setting an attribute with a valid name cannot fail.
            let _ = icon.set_attribute("href", shown);
        }
    });
    let store = use_app_store();
    let called = messenger.called();
    effect(move || {
        if let Some(peer) = called.get() {
            store.open_chat(peer);
        }
    });
    let toasts = messenger.toasts();
    let log_out_failed = messenger.log_out_failed();
    let layer = NodeRef::<html::Div>::new();
    // In the top layer nothing of the page can cover it, whatever is blurred or stacked there.
    effect(move || {
        let is_empty = toasts.with(Vec::is_empty) && !log_out_failed.get();
        if let Some(layer) = layer.get() {
            let _ = if is_empty { layer.hide_popover() } else { layer.show_popover() };
        }
    });
    view! {
        <Title formatter=title />
        <div class="toaster" popover="manual" node_ref=layer>
            <For each=move || toasts.get() key=|toast| toast.peer let(toast)>
                <ToastItem toast messenger />
            </For>
            {when(move || log_out_failed.get(), move || {
                view! {
                    <div class="toast" role="alert">
                        <p class="toast__body">
                            <span class="toast__name">{words.still_logged_in}</span>
                            <span class="toast__text">
                                {words.still_logged_in_text}
                            </span>
                        </p>
                        <button
                            class="icon-button toast__close"
                            type="button"
                            aria-label=words.dismiss
                            on:click=move |_| log_out_failed.set(false)
                        >
                            <Icon name=IconName::Close />
                        </button>
                    </div>
                }
            })}
        </div>
    }
}

#[component]
fn ToastItem(toast: Toast, messenger: Messenger) -> impl IntoView {
    let words = use_words();
    let store = use_app_store();
    let Toast { peer, view } = toast;
    let (is_hovered, set_hovered) = signal(false);
    let (is_focused, set_focused) = signal(false);
    let shown_for = StoredValue::new(Duration::ZERO);
    let view = RwSignal::from(view);
    effect(move || {
        view.track();
        shown_for.set_value(Duration::ZERO);
    });
    effect(move || {
        let tick = move || {
            if is_hovered.get_untracked() || is_focused.get_untracked() || !page::is_visible() {
                return;
            }
            shown_for.update_value(|shown| *shown += TICK);
            if shown_for.get_value() >= STAY {
                messenger.dismiss_toast(peer);
            }
        };
        if let Ok(ticking) = set_interval_with_handle(tick, TICK) {
            on_cleanup(move || ticking.clear());
        }
    });
    let avatar = Signal::derive(move || view.with(|view| view.avatar_url.clone()));
    let text = move || {
        view.with(|view| match view.count {
            1 => view.text.clone(),
            count => [&words.several_new.of(count.into()), " ", &view.text].concat(),
        })
    };
    view! {
        <div
            class="toast"
            role="status"
            on:pointerenter=move |_| set_hovered.set(true)
            on:pointerleave=move |_| set_hovered.set(false)
            on:focusin=move |_| set_focused.set(true)
            on:focusout=move |_| set_focused.set(false)
        >
            <span class="toast__avatar">
                <Avatar url=avatar size=40 />
            </span>
            <p class="toast__body">
                <span class="toast__name" dir="auto">
                    {dynamic(move || view.with(|view| view.name.clone()))}
                </span>
                <span class="toast__text" dir="auto">
                    {text}
                </span>
            </p>
            <button
                class="button toast__open"
                type="button"
                on:click=move |_| {
                    messenger.dismiss_toast(peer);
                    store.open_chat(peer);
                }
            >
                {words.open}
            </button>
            <button
                class="icon-button toast__close"
                type="button"
                aria-label=words.dismiss
                on:click=move |_| messenger.dismiss_toast(peer)
            >
                <Icon name=IconName::Close />
            </button>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::unread_label;

    #[test]
    fn numbers_end_at_ninety_nine() {
        assert_eq!(
            [0, 1, 99, 100, 5_000].map(unread_label).map(Option::unwrap_or_default),
            ["", "1", "99", "99+", "99+"]
        );
    }
}
