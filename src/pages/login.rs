//! Log-in. A plain form: it works before, and without, any WASM.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::components::auth_card::AuthCard;
use crate::components::form::{PasswordField, TextField};
use crate::i18n::{Words, use_words};

/// Username and password. After a failure the server sends the browser back here with the reason
/// and the username in the address.
#[component]
pub fn LoginPage() -> impl IntoView {
    let words = use_words();
    let address = use_query_map().get_untracked();
    let alert = address.get_str("error").map(|code| explanation(words, code));
    let failed = alert.is_some();
    let next = address.get("next");

    view! {
        <Title text=words.title(words.log_in)/>
        <AuthCard
            title=words.welcome_back
            lead=words.log_in_lead
            action="/login"
            alert
            question=words.new_here
            other=words.create_an_account
            other_href="/signup"
        >
            {next.map(|next| view! { <input type="hidden" name="next" value=next/> })}
            <TextField
                name="username"
                label=words.username
                value=address.get("username").unwrap_or_default()
                autocomplete="username"
                invalid=failed
            />
            <PasswordField autocomplete="current-password" invalid=failed/>
            <button class="button" data-kind="primary" type="submit">
                {words.log_in}
            </button>
        </AuthCard>
    }
}

/// The reason in words. It never says which of the two was wrong.
fn explanation(words: &Words, code: &str) -> &'static str {
    match code {
        "invalid_credentials" => words.wrong_credentials,
        "rate_limited" => words.too_many_attempts,
        "session_over" => words.session_over,
        _ => words.log_in_failed,
    }
}
