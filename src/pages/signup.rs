//! Sign-up. A plain form: it works before, and without, any WASM.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::components::auth_card::AuthCard;
use crate::components::form::{PasswordField, TextField};
use crate::domain::{InvalidDisplayName, InvalidUsername};

/// Display name, username and password. After a failure the server sends the browser back here with
/// the reason, the field to blame and what was typed, the password excepted.
#[component]
pub fn SignupPage() -> impl IntoView {
    let address = use_query_map().get_untracked();
    let field = address.get("field").unwrap_or_default();
    let code = address.get("error");
    let alert = code.as_deref().map(|code| explanation(code, &field));
    let taken = code.as_deref() == Some("username_taken");

    view! {
        <Title text="Create your account · Mosaic"/>
        <AuthCard
            title="Create your account"
            lead="Meet people who fit, one conversation at a time."
            action="/signup"
            alert
            question="Already here?"
            other="Log in"
            other_href="/login"
        >
            <TextField
                name="display_name"
                label="Display name"
                value=address.get("display_name").unwrap_or_default()
                autocomplete="name"
                hint="What others see."
                invalid=field == "display_name"
                prose=true
            />
            <TextField
                name="username"
                label="Username"
                value=address.get("username").unwrap_or_default()
                autocomplete="username"
                hint="3 to 32 of a–z, digits and _ . -"
                invalid=taken || field == "username"
            />
            <PasswordField autocomplete="new-password" hint="At least 8 characters." invalid=field == "password"/>
            <button class="button" data-kind="primary" type="submit">
                "Create account"
            </button>
        </AuthCard>
    }
}

/// The reason in words.
fn explanation(code: &str, field: &str) -> String {
    match (code, field) {
        ("username_taken", _) => "This username is taken. Choose another one.".to_owned(),
        ("invalid", "username") => InvalidUsername.to_string(),
        ("invalid", "display_name") => InvalidDisplayName.to_string(),
        ("invalid", "password") => {
            "This password is too short, or too common. Choose another one.".to_owned()
        }
        ("invalid", _) => "Something in the form is not right. Check it and try again.".to_owned(),
        ("rate_limited", _) => "Too many attempts. Wait a minute and try again.".to_owned(),
        _ => "The account could not be created just now. Try again in a moment.".to_owned(),
    }
}
