//! One's own account: devices, the password, what is kept, and leaving. The server alone renders this page:
//! it is rarely needed, plain forms do all of it, and so no byte of it travels to anybody's browser as code.

use chrono::{DateTime, Utc};
use leptos::prelude::*;

use crate::domain::{Profile, SessionId};
use crate::i18n::{ServerWords, use_locale, use_words};

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
    /// What it is, in a few words.
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
        let (words, server) = (use_words(), server_words());
        match (self.error.as_deref(), self.form) {
            (None, AccountForm::Device) => server.device_ended,
            (None, _) => server.password_changed,
            (Some("wrong_password"), _) => server.wrong_password,
            (Some("invalid"), AccountForm::Password) => server.weak_new_password,
            (Some("invalid"), _) => server.delete_unconfirmed,
            (Some("not_found"), _) => server.device_not_found,
            (Some("rate_limited"), _) => words.too_many_attempts,
            (Some(_), _) => server.did_not_work,
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
    let (words, server) = (use_words(), server_words());
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
            <h1 class="account__title">{words.your_account}</h1>
            <p class="account__lead">
                <bdi>{me.display_name}</bdi>
                " · "
                {me.username}
            </p>
            <section class="account__part" aria-labelledby="account-devices">
                <h2 class="account__heading" id="account-devices">{server.devices}</h2>
                {told(AccountForm::Device)}
                <ul class="account__devices" role="list" aria-label=server.devices>
                    {devices.into_iter().map(|device| view! { <DeviceRow device/> }).collect_view()}
                </ul>
            </section>
            <section class="account__part" aria-labelledby="account-password">
                <h2 class="account__heading" id="account-password">{server.change_password}</h2>
                {told(AccountForm::Password)}
                <form class="account__form" method="post" action="/account">
                    <input type="hidden" name="form" value=AccountForm::Password.name()/>
                    <PasswordBox
                        id="current-password"
                        label=server.current_password
                        autocomplete="current-password"
                        alert=is_wrong(AccountForm::Password).then_some(AccountForm::Password)
                    />
                    <PasswordBox
                        id="new-password"
                        label=server.new_password
                        autocomplete="new-password"
                        alert=is_weak.then_some(AccountForm::Password)
                    />
                    <button class="button" data-kind="primary" type="submit">{server.change_password}</button>
                </form>
            </section>
            <section class="account__part" aria-labelledby="account-data">
                <h2 class="account__heading" id="account-data">{server.your_data}</h2>
                <p>{server.your_data_text}</p>
                <a class="button account__download" href="/account/export" download>{server.download}</a>
            </section>
            <section class="account__part" aria-labelledby="account-delete">
                <h2 class="account__heading" id="account-delete">{server.delete_account}</h2>
                <p>{server.delete_account_text}</p>
                {told(AccountForm::Delete)}
                <form class="account__form" method="post" action="/account">
                    <input type="hidden" name="form" value=AccountForm::Delete.name()/>
                    <PasswordBox
                        id="delete-password"
                        label=words.password
                        autocomplete="current-password"
                        alert=is_wrong(AccountForm::Delete).then_some(AccountForm::Delete)
                    />
                    <label class="account__confirm">
                        <input type="checkbox" name="confirmed" value="yes" required/>
                        {server.delete_confirm}
                    </label>
                    <button class="button" data-kind="danger" type="submit">{server.delete_account}</button>
                </form>
            </section>
            <p>
                <a href="/">{words.back_to_matches}</a>
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
    let server = server_words();
    let label = server.end_device.with(&device.words);
    let end = (!device.is_current).then(|| {
        view! {
            <form method="post" action="/account">
                <input type="hidden" name="form" value=AccountForm::Device.name()/>
                <input type="hidden" name="device" value=device.id.to_string()/>
                <button class="button" type="submit" aria-label=label>{server.end}</button>
            </form>
        }
    });
    view! {
        <li class="account__device">
            <span class="account__words">{device.words}</span>
            <span class="account__times">
                {device.is_current.then(|| view! { {server.this_device} " · " })}
                <span>{server.logged_in} " " <Moment at=device.since/></span>
                " · "
                <span>{server.last_used} " " <Moment at=device.used/></span>
            </span>
            {end}
        </li>
    }
}

/// A time to the minute, in UTC.
#[component]
fn Moment(at: DateTime<Utc>) -> impl IntoView {
    view! {
        <time datetime=at.format("%Y-%m-%dT%H:%M:%SZ").to_string()>
            {server_words().moment(at)}
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

/// What only the server writes, in the language of the page.
fn server_words() -> &'static ServerWords {
    use_locale().server_words()
}
