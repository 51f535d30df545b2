//! What one may choose for this browser: how Mosaic looks, and how it calls.

use leptos::html;
use leptos::prelude::*;
use web_sys::Event;

use crate::components::ui::icon::{Icon, IconName};
use crate::domain::{Preferences, Theme};
use crate::hooks::notices::{self, Permission};
use crate::hooks::preferences::use_preferences;
use crate::reactive::spawn;

const THEMES: [(Theme, &str); 3] =
    [(Theme::System, "System"), (Theme::Light, "Light"), (Theme::Dark, "Dark")];

/// The button in the header and the menu it opens. The browser itself opens and closes the menu.
#[component]
pub fn Settings() -> impl IntoView {
    let preferences = use_preferences();
    let permission = RwSignal::new(Permission::NotAsked);
    let themes = THEMES
        .map(|(theme, label)| {
            view! {
                <label class="settings__theme">
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
    view! {
        <button
            class="icon-button app-header__settings"
            type="button"
            aria-label="Settings"
            popovertarget="settings"
        >
            <Icon name=IconName::Settings/>
        </button>
        <div
            class="menu settings"
            id="settings"
            popover="auto"
            role="dialog"
            aria-label="Settings"
            on:beforetoggle=move |_: Event| permission.set(notices::permission())
        >
            <fieldset class="settings__themes">
                <legend class="settings__label">"Theme"</legend>
                {themes}
            </fieldset>
            <Switch
                label="Reduce transparency"
                hint="Solid surfaces instead of glass."
                get=|chosen| chosen.is_opaque
                set=|chosen, on| chosen.is_opaque = on
            />
            <Switch
                label="Sound"
                hint="A short tone when somebody writes."
                get=|chosen| chosen.sound
                set=|chosen, on| chosen.sound = on
            />
            <Notifications permission/>
            // Not a page of the app: the server alone renders it.
            <a class="settings__label settings__account" href="/account" rel="external">
                "Your account"
            </a>
        </div>
    }
    .into_any()
}

/// One thing that is on or off.
#[component]
fn Switch(
    label: &'static str,
    hint: &'static str,
    get: fn(&Preferences) -> bool,
    set: fn(&mut Preferences, bool),
) -> impl IntoView {
    let preferences = use_preferences();
    let id = label.replace(' ', "-").to_ascii_lowercase();
    let described_by = id.clone();
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
                aria-describedby=described_by
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
        Permission::Unsupported => note("This browser shows no notifications of a page."),
        Permission::Denied => {
            note("Notifications are blocked. Allow them for this site in your browser's settings.")
        }
        Permission::Granted => view! {
            <Switch
                label="Notifications"
                hint="Who writes, and the first line, while you look elsewhere."
                get=|chosen| chosen.notifications
                set=|chosen, on| chosen.notifications = on
            />
        }
        .into_any(),
        Permission::NotAsked => view! {
            <span class="settings__label">"Notifications"</span>
            <span class="settings__hint">
                "Who writes, and the first line, while you look elsewhere. Your browser will ask you."
            </span>
            <button class="button settings__turn-on" type="button" on:click=ask>
                "Turn on notifications"
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

fn note(text: &'static str) -> AnyView {
    view! {
        <span class="settings__label">"Notifications"</span>
        <span class="settings__hint">{text}</span>
    }
    .into_any()
}
