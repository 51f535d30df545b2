//! The frame of the log-in and the sign-up page.

use leptos::prelude::*;

use crate::components::form::ALERT_ID;
use crate::components::ui::icon::{Icon, IconName};

/// Brand, title, and a plain form that the browser itself posts to `action`.
#[component]
pub fn AuthCard(
    /// What the page is for.
    title: &'static str,
    /// One sentence below the title.
    lead: &'static str,
    /// Where the form goes.
    action: &'static str,
    /// What went wrong the last time.
    alert: Option<&'static str>,
    /// The question before the link to the other page.
    question: &'static str,
    /// What the link says.
    other: &'static str,
    /// Where it leads.
    #[prop(into)]
    other_href: String,
    /// The fields and the button.
    children: Children,
) -> impl IntoView {
    view! {
        <main class="auth">
            <section class="auth__card">
                <a class="auth__brand" href="/login">
                    <img src="/favicon.svg" alt="" width="40" height="40"/>
                    "Mosaic"
                </a>
                <h1 class="auth__title">{title}</h1>
                <p class="auth__lead">{lead}</p>
                <form class="auth__form" method="post" action=action>
                    {alert
                        .map(|alert| {
                            view! {
                                <p class="auth__alert" id=ALERT_ID role="alert">
                                    <Icon name=IconName::Alert/>
                                    <span>{alert}</span>
                                </p>
                            }
                        })}
                    {children()}
                </form>
                <p class="auth__switch">
                    {question} " " <a href=other_href>{other}</a>
                </p>
            </section>
        </main>
    }
    .into_any()
}
