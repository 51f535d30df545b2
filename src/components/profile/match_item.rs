//! One of the matches, as the list shows them.

use leptos::ev::MouseEvent;
use leptos::html;
use leptos::prelude::*;

use crate::components::ui::avatar::Avatar;
use crate::components::unread_badge::UnreadBadge;
use crate::domain::{Profile, ScoredProfile};
use crate::hooks::messenger::{Presence, use_messenger, use_presence_text};
use crate::i18n::use_words;
use crate::reactive::memo;
use crate::state::use_app_store;

/// How many interests fit beside the name.
const INTERESTS: usize = 3;

/// A list item that holds one link: it opens the person's card, and keeps an open chat open.
///
/// The name comes first, so that the link's accessible name begins with it. When the card closes,
/// focus returns to the link.
#[component]
pub fn MatchItem(
    /// The person.
    scored: ScoredProfile,
) -> impl IntoView {
    let words = use_words();
    let ScoredProfile { profile, score } = scored;
    let loaded = Signal::stored(Some(Presence::from(&profile)));
    let Profile { id, display_name, headline, interests, avatar_url, .. } = profile;
    let store = use_app_store();
    let messenger = use_messenger();
    let contact = messenger.contact_of(id);
    let (online, _) = use_presence_text(id, loaded);
    let link = NodeRef::<html::A>::new();

    let chosen = memo(move || store.card() == Some(id));
    Effect::new(move |was_chosen: Option<bool>| {
        let is_chosen = chosen.get();
        if was_chosen == Some(true)
            && store.card().is_none()
            && let Some(link) = link.get_untracked()
        {
            // Once the list is shown again where the card took its place. A link that left the page
            // cannot be focused; then there is nothing to return to.
            request_animation_frame(move || {
                let _ = link.focus();
            });
        }
        is_chosen
    });
    let choose = move |event: MouseEvent| {
        let elsewhere = event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key();
        if event.button() == 0 && !elsewhere {
            event.prevent_default();
            store.open_card(id);
        }
    };

    view! {
        <li>
            <a
                class="match-item"
                href=move || store.card_href(id)
                aria-current=move || chosen.get().then_some("true")
                node_ref=link
                on:click=choose
            >
                <span class="match-item__avatar">
                    <Avatar url=avatar_url size=48 online/>
                </span>
                <span class="match-item__body">
                    <span class="match-item__name" dir="auto">
                        {display_name}
                    </span>
                    {(!headline.is_empty())
                        .then(|| {
                            view! {
                                " "
                                <span class="match-item__headline" dir="auto">
                                    {headline}
                                </span>
                            }
                        })}
                </span>
                <span class="match-item__interests">
                    {interests
                        .into_iter()
                        .take(INTERESTS)
                        .map(|interest| {
                            view! {
                                " "
                                <span class="chip" dir="auto">
                                    {interest}
                                </span>
                            }
                        })
                        .collect_view()}
                </span>
                {score
                    .map(|score| {
                        view! {
                            " "
                            <span class="match-item__score">{words.percent_match.with(&score.to_string())}</span>
                        }
                    })}
                <UnreadBadge
                    count=messenger.unread_of(id)
                    is_quiet=Signal::derive(move || contact.get().muted)
                    class="match-item__unread"
                />
            </a>
        </li>
    }
    .into_any()
}
