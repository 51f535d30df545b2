//! The password box, which can show what was typed.

use leptos::prelude::*;

use super::ALERT_ID;
use crate::components::ui::icon::{Icon, IconName};
use crate::hooks::page::use_interactive;
use crate::i18n::use_words;
use crate::reactive::dynamic;

/// A password box labelled `Password`, with a button that shows and hides the text.
///
/// The button appears once it works. Pasting and password managers are welcome.
#[component]
pub fn PasswordField(
    /// `current-password` or `new-password`, for password managers.
    autocomplete: &'static str,
    /// A line below the field.
    #[prop(optional)]
    hint: Option<&'static str>,
    /// Whether the alert above the form speaks of this field.
    invalid: bool,
) -> impl IntoView {
    let words = use_words();
    let is_interactive = use_interactive();
    let revealed = RwSignal::new(false);
    let described_by = match (invalid, hint.is_some()) {
        (true, true) => Some(format!("{ALERT_ID} password-hint")),
        (true, false) => Some(ALERT_ID.to_owned()),
        (false, true) => Some("password-hint".to_owned()),
        (false, false) => None,
    };

    view! {
        <div class="field">
            <label class="field__label" for="password">
                {words.password}
            </label>
            <input
                class="field__input"
                id="password"
                name="password"
                type=move || if revealed.get() { "text" } else { "password" }
                autocomplete=autocomplete
                autocapitalize="none"
                spellcheck="false"
                required
                aria-invalid=invalid.then_some("true")
                aria-describedby=described_by
            />
            <button
                class="icon-button field__reveal"
                type="button"
                aria-label=words.show_password
                aria-pressed=move || if revealed.get() { "true" } else { "false" }
                hidden=move || !is_interactive.get()
                on:click=move |_| revealed.update(|revealed| *revealed = !*revealed)
            >
                {dynamic(move || {
                    let name = if revealed.get() { IconName::EyeOff } else { IconName::Eye };
                    view! { <Icon name/> }
                })}
            </button>
            {hint
                .map(|hint| {
                    view! {
                        <p class="field__hint" id="password-hint">
                            {hint}
                        </p>
                    }
                })}
        </div>
    }
    .into_any()
}
