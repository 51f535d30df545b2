//! Sign-up. A plain form: it works before, and without, any WASM.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::components::auth_card::AuthCard;
use crate::components::form::{PasswordField, TextField};
use crate::i18n::{Words, use_words};

/// Display name, username and password. After a failure the server sends the browser back here with
/// the reason, the field to blame and what was typed, the password excepted.
#[component]
pub fn SignupPage() -> impl IntoView {
    let words = use_words();
    let address = use_query_map().get_untracked();
    let field = address.get("field").unwrap_or_default();
    let code = address.get("error");
    let alert = code.as_deref().map(|code| explanation(words, code, &field));
    let taken = code.as_deref() == Some("username_taken");

    view! {
        <Title text=words.title(words.create_your_account)/>
        <AuthCard
            title=words.create_your_account
            lead=words.sign_up_lead
            action="/signup"
            alert
            question=words.already_here
            other=words.log_in
            other_href="/login"
        >
            <TextField
                name="display_name"
                label=words.display_name
                value=address.get("display_name").unwrap_or_default()
                autocomplete="name"
                hint=words.display_name_hint
                invalid=field == "display_name"
                prose=true
            />
            <TextField
                name="username"
                label=words.username
                value=address.get("username").unwrap_or_default()
                autocomplete="username"
                hint=words.username_hint
                invalid=taken || field == "username"
            />
            <PasswordField autocomplete="new-password" hint=words.password_hint invalid=field == "password"/>
            <button class="button" data-kind="primary" type="submit">
                {words.create_account}
            </button>
        </AuthCard>
    }
}

/// The reason in words.
fn explanation(words: &Words, code: &str, field: &str) -> &'static str {
    match (code, field) {
        ("username_taken", _) => words.username_taken,
        ("invalid", "username") => words.invalid_username,
        ("invalid", "display_name") => words.invalid_display_name,
        ("invalid", "password") => words.weak_password,
        ("invalid", _) => words.invalid_form,
        ("rate_limited", _) => words.too_many_attempts,
        _ => words.sign_up_failed,
    }
}
