//! One person in full, with the button that opens the chat.

use std::collections::HashSet;

use leptos::prelude::*;

use crate::chat::Connection;
use crate::components::ui::icon::{Icon, IconName};
use crate::components::unread_badge::UnreadBadge;
use crate::domain::{Profile, UserId};
use crate::hooks::messenger::{Presence, use_messenger, use_presence_text};
use crate::i18n::use_words;
use crate::reactive::{effect, memo};
use crate::state::{PLAIN_FORM, use_app_store};

/// The card at the end of the stage. It stays where it is when the chat opens beside it.
///
/// On one's own profile there is neither a score nor anybody to write to.
#[component]
pub fn ProfileCard(
    /// The person.
    profile: Profile,
    /// 0–100; `None` on one's own profile.
    score: Option<u8>,
    /// Those of the person's interests that both have.
    shared_interests: Vec<String>,
) -> impl IntoView {
    let words = use_words();
    let store = use_app_store();
    let shared: HashSet<String> = shared_interests.into_iter().collect();
    let (online, presence) = use_presence_text(profile.id, Signal::stored(Some(Presence::from(&profile))));
    let Profile { id, display_name, headline, bio, interests, avatar_url, .. } = profile;
    let name = display_name.clone();

    view! {
        <article class="profile-card" aria-label=name>
            <button
                class="icon-button profile-card__close"
                type="button"
                aria-label=words.close_profile
                on:click=move |_| store.close_card()
            >
                <Icon name=IconName::Close/>
            </button>
            {avatar_url
                .map(|url| {
                    view! { <img class="profile-card__avatar" src=url alt="" width="288" height="216"/> }
                })}
            <h2 class="profile-card__name" dir="auto">
                {display_name}
            </h2>
            <p class="profile-card__presence">
                <span class="presence-dot" data-online=move || online.get().then_some("true")></span>
                {presence}
            </p>
            {optional_line("profile-card__headline", headline)}
            {score
                .map(|score| {
                    view! {
                        <p class="profile-card__score">
                            <Icon name=IconName::Spark/>
                            {words.percent_match.with(&score.to_string())}
                        </p>
                        <MessageButton peer=id/>
                    }
                })}
            {optional_line("profile-card__bio", bio)}
            {(!interests.is_empty())
                .then(|| {
                    let chips = interests
                        .into_iter()
                        .map(|interest| {
                            let both = shared.contains(&interest);
                            view! {
                                <li class="chip" data-shared=both.then_some("true") dir="auto">
                                    {interest}
                                    {both
                                        .then(|| {
                                            view! { <span class="visually-hidden">" " {words.you_too}</span> }
                                        })}
                                </li>
                            }
                        })
                        .collect_view();
                    view! {
                        <ul class="profile-card__interests" role="list" aria-label=words.interests>
                            {chips}
                        </ul>
                    }
                })}
        </article>
    }
    .into_any()
}

/// A paragraph, unless there is nothing to say.
fn optional_line(class: &'static str, text: String) -> impl IntoView {
    (!text.is_empty()).then(|| {
        view! {
            <p class=class dir="auto">
                {text}
            </p>
        }
    })
}

/// Opens and closes the chat with the person of the card. Its name is `Message` throughout; the badge is
/// for the eye, and said by the person's list item. The panel gives the focus back to it when it closes.
#[component]
fn MessageButton(peer: UserId) -> impl IntoView {
    let store = use_app_store();
    let messenger = use_messenger();
    let (unread, contact) = (messenger.unread_of(peer), messenger.contact_of(peer));
    let is_quiet = Signal::derive(move || contact.get().muted);
    // Where there are messages, they are on their way before the click. After the line was down, another try.
    let standing = messenger.standing_of(peer);
    let have_talked = memo(move || standing.with(Option::is_some));
    effect(move || {
        if have_talked.get() && messenger.connection().get() == Connection::Live {
            messenger.expect_conversation(peer);
        }
    });
    let toggle = move |_| match (store.chat(), store.card()) {
        (Some(_), _) => store.close_chat(),
        (None, Some(id)) => store.open_chat(id),
        (None, None) => {}
    };

    view! {
        <button
            class="button profile-card__message"
            data-kind="primary"
            type="submit"
            form=PLAIN_FORM
            name="chat"
            value="open"
            aria-expanded=move || if store.is_chat_open() { "true" } else { "false" }
            aria-controls=move || store.is_chat_open().then_some("chat-panel")
            on:click=toggle
        >
            <Icon name=IconName::Message/>
            {use_words().message}
            <span aria-hidden="true">
                <UnreadBadge count=unread is_quiet class="profile-card__unread"/>
            </span>
        </button>
    }
}
