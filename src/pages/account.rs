//! One's own account: devices, the password, what is kept, and leaving. The server alone renders this page:
//! it is rarely needed, plain forms do all of it, and so no byte of it travels to anybody's browser as code.

use chrono::{DateTime, Utc};
use leptos::prelude::*;

use crate::domain::{Profile, SessionId};

/// What the page shows.
pub struct Account {
    /// Whose account.
    pub me: Profile,
    /// The devices on which they are logged in.
    pub devices: Vec<Device>,
    /// What became of the form that was sent last.
    pub outcome: Option<Outcome>,
}

/// A log-in.
pub struct Device {
    /// Names it.
    pub id: SessionId,
    /// What it is, in a few words; may be empty.
    pub words: String,
    /// When it logged in.
    pub since: DateTime<Utc>,
    /// When it was last seen in use.
    pub used: DateTime<Utc>,
    /// Whether it is the one that asks.
    pub is_current: bool,
}

/// The forms of this page, by the value that each of them sends along as `form`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountForm {
    /// Ends a device.
    Device,
    /// Changes the password.
    Password,
    /// Deletes the account.
    Delete,
}

impl AccountForm {
    /// The form of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Device, Self::Password, Self::Delete].into_iter().find(|form| form.name() == name)
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Password => "password",
            Self::Delete => "delete",
        }
    }
}

/// What became of a form.
pub struct Outcome {
    /// Which.
    pub form: AccountForm,
    /// The code of what went wrong; `None` when it was done.
    pub error: Option<String>,
}

impl Outcome {
    fn words(&self) -> &'static str {
        match (self.error.as_deref(), self.form) {
            (None, AccountForm::Device) => "The device was logged out.",
            (None, _) => "Your password was changed. Your other devices were logged out.",
            (Some("wrong_password"), _) => "The password is wrong.",
            (Some("invalid"), AccountForm::Password) => {
                "The new password needs 8 to 256 characters and must not be a very common one."
            }
            (Some("invalid"), _) => "Please confirm that you want to delete your account.",
            (Some("not_found"), _) => "This device was logged out already.",
            (Some("rate_limited"), _) => "Too many attempts. Wait a minute and try again.",
            (Some(_), _) => "That did not work just now. Try again in a moment.",
        }
    }

    /// Whether a password box of this form is to blame: the first one for a wrong password.
    fn blames(&self, form: AccountForm, code: &str) -> bool {
        self.form == form && self.error.as_deref() == Some(code)
    }
}

/// The page.
#[component]
pub fn AccountPage(
    /// What it shows.
    account: Account,
) -> impl IntoView {
    let Account { me, devices, outcome } = account;
    let is_wrong = |form| outcome.as_ref().is_some_and(|outcome| outcome.blames(form, "wrong_password"));
    let is_weak = outcome.as_ref().is_some_and(|outcome| outcome.blames(AccountForm::Password, "invalid"));
    let told = |form| view! { <Told outcome=outcome.as_ref().filter(|outcome| outcome.form == form)/> };
    view! {
        <main class="account">
            <a class="auth__brand" href="/">
                <img src="/favicon.svg" alt="" width="40" height="40"/>
                "Mosaic"
            </a>
            <h1 class="account__title">"Your account"</h1>
            <p class="account__lead">
                <bdi>{me.display_name}</bdi>
                " · "
                {me.username}
            </p>
            <section class="account__part" aria-labelledby="account-devices">
                <h2 class="account__heading" id="account-devices">"Devices"</h2>
                {told(AccountForm::Device)}
                <ul class="account__devices" role="list" aria-label="Devices">
                    {devices.into_iter().map(|device| view! { <DeviceRow device/> }).collect_view()}
                </ul>
            </section>
            <section class="account__part" aria-labelledby="account-password">
                <h2 class="account__heading" id="account-password">"Change password"</h2>
                {told(AccountForm::Password)}
                <form class="account__form" method="post" action="/account">
                    <input type="hidden" name="form" value=AccountForm::Password.name()/>
                    <PasswordBox
                        id="current-password"
                        label="Current password"
                        autocomplete="current-password"
                        alert=is_wrong(AccountForm::Password).then_some(AccountForm::Password)
                    />
                    <PasswordBox
                        id="new-password"
                        label="New password"
                        autocomplete="new-password"
                        alert=is_weak.then_some(AccountForm::Password)
                    />
                    <button class="button" data-kind="primary" type="submit">"Change password"</button>
                </form>
            </section>
            <section class="account__part" aria-labelledby="account-data">
                <h2 class="account__heading" id="account-data">"Your data"</h2>
                <p>"Everything Mosaic keeps about you, your messages included, as one JSON file."</p>
                <a class="button account__download" href="/account/export" download>"Download my data"</a>
            </section>
            <section class="account__part" aria-labelledby="account-delete">
                <h2 class="account__heading" id="account-delete">"Delete account"</h2>
                <p>
                    "Your profile and all your conversations go, for the others in them as well. This cannot be \
                     undone. What was reported to the operator stays there."
                </p>
                {told(AccountForm::Delete)}
                <form class="account__form" method="post" action="/account">
                    <input type="hidden" name="form" value=AccountForm::Delete.name()/>
                    <PasswordBox
                        id="delete-password"
                        label="Password"
                        autocomplete="current-password"
                        alert=is_wrong(AccountForm::Delete).then_some(AccountForm::Delete)
                    />
                    <label class="account__confirm">
                        <input type="checkbox" name="confirmed" value="yes" required/>
                        "Yes, delete my account for good"
                    </label>
                    <button class="button" data-kind="danger" type="submit">"Delete account"</button>
                </form>
            </section>
            <p>
                <a href="/">"Back to your matches"</a>
            </p>
        </main>
    }
}

/// What became of the form below it.
#[component]
fn Told<'o>(outcome: Option<&'o Outcome>) -> impl IntoView + use<> {
    outcome.map(|outcome| {
        let kind = if outcome.error.is_some() { "alert" } else { "status" };
        view! {
            <p class="account__told" id=told_id(outcome.form) role=kind data-kind=kind>
                {outcome.words()}
            </p>
        }
    })
}

/// The `id` of what was told about a form.
fn told_id(form: AccountForm) -> String {
    format!("account-{}-told", form.name())
}

#[component]
fn DeviceRow(device: Device) -> impl IntoView {
    let words = if device.words.is_empty() { "Unknown device".to_owned() } else { device.words };
    let label = format!("End {words}");
    let end = (!device.is_current).then(|| {
        view! {
            <form method="post" action="/account">
                <input type="hidden" name="form" value=AccountForm::Device.name()/>
                <input type="hidden" name="device" value=device.id.to_string()/>
                <button class="button" type="submit" aria-label=label>"End"</button>
            </form>
        }
    });
    view! {
        <li class="account__device">
            <span class="account__words">{words}</span>
            <span class="account__times">
                {device.is_current.then_some("This device · ")}
                "Logged in " <Moment at=device.since/> " · last used " <Moment at=device.used/>
            </span>
            {end}
        </li>
    }
}

/// A time to the minute. The server does not know the reader's zone and says so.
#[component]
fn Moment(at: DateTime<Utc>) -> impl IntoView {
    view! {
        <time datetime=at.format("%Y-%m-%dT%H:%M:%SZ").to_string()>
            {at.format("%-d %B %Y, %H:%M UTC").to_string()}
        </time>
    }
}

/// A labelled password box, named as its `id`.
#[component]
fn PasswordBox(
    id: &'static str,
    label: &'static str,
    autocomplete: &'static str,
    /// The form whose message speaks of this box.
    alert: Option<AccountForm>,
) -> impl IntoView {
    view! {
        <div class="field">
            <label class="field__label" for=id>{label}</label>
            <input
                class="field__input"
                id=id
                name=id
                type="password"
                autocomplete=autocomplete
                required
                aria-invalid=alert.map(|_| "true")
                aria-describedby=alert.map(told_id)
            />
        </div>
    }
}
