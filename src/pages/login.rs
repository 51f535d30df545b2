//! Log-in. A plain form: it works before, and without, any WASM.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::components::auth_card::AuthCard;
use crate::components::form::{PasswordField, TextField};

/// Username and password. After a failure the server sends the browser back here with the reason
/// and the username in the address.
#[component]
pub fn LoginPage() -> impl IntoView {
    let address = use_query_map().get_untracked();
    let alert = address.get_str("error").map(|code| explanation(code).to_owned());
    let failed = alert.is_some();
    let next = address.get("next");

    view! {
        <Title text="Log in · Mosaic"/>
        <AuthCard
            title="Welcome back"
            lead="Log in to talk to your matches."
            action="/login"
            alert
            question="New to Mosaic?"
            other="Create an account"
            other_href="/signup"
        >
            {next.map(|next| view! { <input type="hidden" name="next" value=next/> })}
            <TextField
                name="username"
                label="Username"
                value=address.get("username").unwrap_or_default()
                autocomplete="username"
                invalid=failed
            />
            <PasswordField autocomplete="current-password" invalid=failed/>
            <button class="button" data-kind="primary" type="submit">
                "Log in"
            </button>
        </AuthCard>
    }
}

/// The reason in words. It never says which of the two was wrong.
fn explanation(code: &str) -> &'static str {
    match code {
        "invalid_credentials" => "The username or the password is wrong.",
        "rate_limited" => "Too many attempts. Wait a minute and try again.",
        "session_over" => "You were signed out. Log in again.",
        _ => "Logging in did not work just now. Try again in a moment.",
    }
}
