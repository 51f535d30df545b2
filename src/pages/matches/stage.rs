//! The card of the person the address names, and the chat with them when the address says so.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use serde::{Deserialize, Serialize};

use crate::api::{ApiError, ProfileCardData, get_profile};
use crate::components::chat::chat_panel::ChatPanel;
use crate::components::chat::panel_frame::PanelFrame;
use crate::components::profile::ProfileCard;
use crate::components::ui::icon::{Icon, IconName};
use crate::domain::{ScoredProfile, UserId};
use crate::hooks::messenger::Presence;
use crate::hooks::parts::use_whole;
use crate::i18n::use_words;
use crate::reactive::{dynamic, memo};
use crate::state::use_app_store;

/// What the stage shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Shown {
    /// The address names nobody.
    Nobody,
    /// It names somebody who does not exist.
    Unknown,
    /// Who it names could not be loaded.
    Failed(ApiError),
    /// A person.
    Person(Box<ProfileCardData>),
}

impl Shown {
    async fn load(id: Option<String>) -> Self {
        match id {
            None => Self::Nobody,
            Some(id) => match get_profile(id).await {
                Ok(Some(data)) => Self::Person(Box::new(data)),
                Ok(None) => Self::Unknown,
                Err(error) => Self::Failed(error),
            },
        }
    }

    fn person(self) -> Option<Box<ProfileCardData>> {
        match self {
            Self::Person(data) => Some(data),
            _ => None,
        }
    }
}

/// Panel and card. Somebody else is shown as soon as they are loaded; until then nothing moves.
#[component]
pub fn Stage() -> impl IntoView {
    let address = use_query_map();
    let asked = memo(move || address.with(|address| address.get("profile")));
    let shown = Resource::new(move || asked.get(), Shown::load);

    view! {
        <Transition fallback=StageSkeleton>
            // Inside the boundary: a keyed list at its root would be filled while it is nowhere.
            <div class="stage">
                // Keyed, so that another person gets a panel and a card of their own, and nothing
                // of the one before is left in them.
                <For
                    each=move || shown.get().and_then(Shown::person)
                    key=|data| data.scored.profile.id
                    children=|data| view! { <Person data=*data/> }
                />
                {dynamic(move || match shown.get() {
                    Some(Shown::Nobody) => Some(view! { <NobodyChosen/> }.into_any()),
                    Some(Shown::Unknown) => Some(view! { <NoSuchPerson/> }.into_any()),
                    Some(Shown::Failed(error)) => {
                        Some(view! { <NotLoaded error retry=move || shown.refetch()/> }.into_any())
                    }
                    Some(Shown::Person(_)) | None => None,
                })}
            </div>
        </Transition>
    }
    .into_any()
}

/// The card of one person, and the panel while it is open.
#[component]
fn Person(data: ProfileCardData) -> impl IntoView {
    let store = use_app_store();
    let ProfileCardData { scored: ScoredProfile { profile, score }, shared_interests } = data;
    let id = profile.id;
    let name = Signal::stored(profile.display_name.clone());
    let avatar_url = Signal::stored(profile.avatar_url.clone());
    let shared = Signal::stored(shared_interests.clone());
    let score_signal = Signal::stored(score);
    let presence = Signal::stored(Some(Presence::from(&profile)));
    // Nobody writes to themselves: one's own profile has no score. The panel opens for who the address
    // names; one that is open already stays until the next person is here.
    let chatting = Memo::new(move |was: Option<&bool>| {
        score.is_some() && store.is_chat_open() && (store.card() == Some(id) || was == Some(&true))
    });

    let is_whole = use_whole();

    view! {
        <noscript>{plain_form(id)}</noscript>
        {dynamic(move || match (chatting.get(), is_whole.get()) {
            (false, _) => None,
            (true, false) => Some(view! { <PanelFrame name/> }.into_any()),
            (true, true) => Some(panel(id, name, avatar_url, score_signal, shared, presence)),
        })}
        <ProfileCard profile score shared_interests/>
    }
    .into_any()
}

/// The panel, in a function of its own: its code is in the second part, that of the card in the first.
#[inline(never)]
fn panel(
    recipient_id: UserId,
    name: Signal<String>,
    avatar_url: Signal<Option<String>>,
    score: Signal<Option<u8>>,
    shared_interests: Signal<Vec<String>>,
    presence: Signal<Option<Presence>>,
) -> AnyView {
    view! { <ChatPanel recipient_id name avatar_url score shared_interests presence/> }.into_any()
}

/// Asks for the address of a person's card, and whatever the button that submits it adds. Written by the
/// server; hydration looks past it.
#[cfg(feature = "ssr")]
fn plain_form(person: UserId) -> impl IntoView {
    use crate::state::PLAIN_FORM;

    view! {
        <form id=PLAIN_FORM method="get" action="/" hidden>
            <input type="hidden" name="profile" value=person.to_string()/>
        </form>
    }
}

#[cfg(not(feature = "ssr"))]
fn plain_form(_: UserId) {}

#[component]
fn NobodyChosen() -> impl IntoView {
    let words = use_words();
    view! {
        <div class="empty-state">
            <Icon name=IconName::Spark/>
            <p class="empty-state__title">{words.nobody_chosen}</p>
            <p class="empty-state__text">{words.nobody_chosen_text}</p>
        </div>
    }
}

#[component]
fn NoSuchPerson() -> impl IntoView {
    let words = use_words();
    view! {
        <div class="empty-state" role="status">
            <Icon name=IconName::Alert/>
            <p class="empty-state__title">{words.no_such_person}</p>
            <p class="empty-state__text">{words.no_such_person_text}</p>
            <a class="button" href="/">
                {words.back_to_matches}
            </a>
        </div>
    }
}

#[component]
fn NotLoaded(error: ApiError, retry: impl Fn() + Send + 'static) -> impl IntoView {
    let words = use_words();
    view! {
        <div class="empty-state" role="alert">
            <Icon name=IconName::Alert/>
            <p class="empty-state__title">{words.profile_not_loaded}</p>
            <p class="empty-state__text">{error.text(words)}</p>
            <button class="button" type="button" on:click=move |_| retry()>
                {words.try_again}
            </button>
        </div>
    }
}

/// The shape of a card before it is here.
#[component]
fn StageSkeleton() -> impl IntoView {
    view! {
        <div class="stage" aria-hidden="true">
            <div class="profile-card">
                <div class="skeleton profile-card__avatar"></div>
                <div class="skeleton"></div>
                <div class="skeleton"></div>
            </div>
        </div>
    }
}
