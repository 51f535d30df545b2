//! What one may choose for this browser: the language, how Mosaic looks, and how it calls.

use leptos::html;
use leptos::prelude::*;
use web_sys::Event;

use crate::components::ui::icon::{Icon, IconName};
use crate::domain::{Locale, Preferences, Theme};
use crate::hooks::notices::{self, Permission};
use crate::hooks::preferences::{change_language, use_preferences};
use crate::i18n::{Words, use_locale, use_words};
use crate::reactive::spawn;

/// The button in the header and the menu it opens. The browser itself opens and closes the menu.
#[component]
pub fn Settings() -> impl IntoView {
    let words = use_words();
    let preferences = use_preferences();
    let permission = RwSignal::new(Permission::NotAsked);
    let themes = [
        (Theme::System, words.theme_system),
        (Theme::Light, words.theme_light),
        (Theme::Dark, words.theme_dark),
    ];
    let themes = themes
        .map(|(theme, label)| {
            view! {
                <label class="settings__choice">
                    <input
                        type="radio"
                        name="theme"
                        prop:checked=move || preferences.get().theme == theme
                        on:change=move |_| preferences.update(|chosen| chosen.theme = theme)
                    />
                    {label}
                </label>
            }
        })
        .collect_view();
    let locale = use_locale();
    let languages = Locale::ALL
        .map(|offered| {
            view! {
                // No radio: with the arrow keys each on the way would be chosen, and the page come again.
                <button
                    class="settings__choice"
                    type="button"
                    lang=offered.tag()
                    aria-pressed=if offered == locale { "true" } else { "false" }
                    on:click=move |_| change_language(offered)
                >
                    {offered.name()}
                </button>
            }
        })
        .collect_view();
    view! {
        <button
            class="icon-button app-header__settings"
            type="button"
            aria-label=words.settings
            popovertarget="settings"
        >
            <Icon name=IconName::Settings/>
        </button>
        <div
            class="menu settings"
            id="settings"
            popover="auto"
            role="dialog"
            aria-label=words.settings
            on:beforetoggle=move |_: Event| permission.set(notices::permission())
        >
            <fieldset class="settings__choices">
                <legend class="settings__label">{words.language}</legend>
                {languages}
            </fieldset>
            <fieldset class="settings__choices">
                <legend class="settings__label">{words.theme}</legend>
                {themes}
            </fieldset>
            <Switch
                id="reduce-transparency"
                label=words.reduce_transparency
                hint=words.reduce_transparency_hint
                get=|chosen| chosen.is_opaque
                set=|chosen, on| chosen.is_opaque = on
            />
            <Switch
                id="sound"
                label=words.sound
                hint=words.sound_hint
                get=|chosen| chosen.sound
                set=|chosen, on| chosen.sound = on
            />
            <Notifications permission/>
            // Not a page of the app: the server alone renders it.
            <a class="settings__label settings__account" href="/account" rel="external">
                {words.your_account}
            </a>
        </div>
    }
    .into_any()
}

/// One thing that is on or off.
#[component]
fn Switch(
    /// Names the hint.
    id: &'static str,
    label: &'static str,
    hint: &'static str,
    get: fn(&Preferences) -> bool,
    set: fn(&mut Preferences, bool),
) -> impl IntoView {
    let preferences = use_preferences();
    view! {
        <label class="settings__switch">
            <span class="settings__label">{label}</span>
            <span class="settings__hint" id=id aria-hidden="true">
                {hint}
            </span>
            <input
                type="checkbox"
                role="switch"
                aria-label=label
                aria-describedby=id
                prop:checked=move || preferences.with(get)
                on:change:target=move |event| {
                    let on = event.target().checked();
                    preferences.update(|chosen| set(chosen, on));
                }
            />
        </label>
    }
    .into_any()
}

/// The browser asks its user only after a click here, and only once: so it is said first what for.
#[component]
fn Notifications(permission: RwSignal<Permission>) -> impl IntoView {
    let words = use_words();
    let preferences = use_preferences();
    let part = NodeRef::<html::Div>::new();
    let ask = move |_| {
        // The menu may close while the browser asks; the answer counts all the same.
        spawn(async move {
            let answer = notices::ask().await;
            if answer == Permission::Granted {
                preferences.try_update(|chosen| chosen.notifications = true);
            }
            permission.try_set(answer);
            // The button that had the focus is gone.
            if let Some(part) = part.try_get_untracked().flatten() {
                let _ = part.focus();
            }
        });
    };
    let content = move || match permission.get() {
        Permission::Unsupported => note(words, words.notifications_unsupported),
        Permission::Denied => note(words, words.notifications_denied),
        Permission::Granted => view! {
            <Switch
                id="notifications"
                label=words.notifications
                hint=words.notifications_hint
                get=|chosen| chosen.notifications
                set=|chosen, on| chosen.notifications = on
            />
        }
        .into_any(),
        Permission::NotAsked => view! {
            <span class="settings__label">{words.notifications}</span>
            <span class="settings__hint">{words.notifications_ask}</span>
            <button class="button settings__turn-on" type="button" on:click=ask>
                {words.turn_on_notifications}
            </button>
        }
        .into_any(),
    };
    view! {
        <div class="settings__part" aria-live="polite" tabindex="-1" node_ref=part>
            {content}
        </div>
    }
}

fn note(words: &Words, text: &'static str) -> AnyView {
    view! {
        <span class="settings__label">{words.notifications}</span>
        <span class="settings__hint">{text}</span>
    }
    .into_any()
}
