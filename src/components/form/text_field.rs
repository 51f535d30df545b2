//! A labelled line of text.

use leptos::prelude::*;

use super::ALERT_ID;

/// A text box with its label and, if given, a hint below it.
#[component]
pub fn TextField(
    /// The name it is sent under, also its `id`.
    name: &'static str,
    /// What the label says.
    label: &'static str,
    /// What it holds at first: after a failure, what was typed before it.
    value: String,
    /// For password managers.
    autocomplete: &'static str,
    /// A line below the field.
    #[prop(optional)]
    hint: Option<&'static str>,
    /// Whether the alert above the form speaks of this field.
    invalid: bool,
    /// Whether it takes names as typed; otherwise nothing is capitalised or corrected.
    #[prop(optional)]
    prose: bool,
) -> impl IntoView {
    let hint_id = format!("{name}-hint");
    let described_by = [invalid.then(|| ALERT_ID.to_owned()), hint.map(|_| hint_id.clone())]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ");

    view! {
        <div class="field">
            <label class="field__label" for=name>
                {label}
            </label>
            <input
                class="field__input"
                id=name
                name=name
                type="text"
                value=value
                autocomplete=autocomplete
                autocapitalize=(!prose).then_some("none")
                spellcheck=(!prose).then_some("false")
                dir=prose.then_some("auto")
                required
                aria-invalid=invalid.then_some("true")
                aria-describedby=(!described_by.is_empty()).then_some(described_by)
            />
            {hint
                .map(|hint| {
                    view! {
                        <p class="field__hint" id=hint_id>
                            {hint}
                        </p>
                    }
                })}
        </div>
    }
    .into_any()
}
