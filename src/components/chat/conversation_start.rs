//! What stands at the beginning of a conversation: who this is, what both like, and how to begin.

use leptos::prelude::*;

use crate::components::ui::avatar::Avatar;
use crate::components::ui::icon::{Icon, IconName};
use crate::i18n::{Words, use_words};
use crate::reactive::{dynamic, when};

/// The first thing in the log of a conversation whose beginning is loaded.
#[component]
pub fn ConversationStart(
    /// The peer's name.
    name: Signal<String>,
    /// The peer's picture.
    avatar_url: Signal<Option<String>>,
    /// How well the two match, 0–100.
    score: Signal<Option<u8>>,
    /// What both like.
    shared_interests: Signal<Vec<String>>,
    /// Whether nothing was said yet: then beginnings are offered.
    is_empty: Signal<bool>,
    /// Takes the beginning that was chosen.
    on_pick: Callback<String>,
) -> impl IntoView {
    let words = use_words();
    let shared = move || {
        let shared = shared_interests.with(|shared| words.list(shared));
        shared.map(|shared| {
            view! {
                <p class="conversation-start__shared">{words.both_like.with(&shared)}</p>
            }
        })
    };
    view! {
        <div class="conversation-start">
            <span class="conversation-start__avatar">
                <Avatar url=avatar_url size=96 />
            </span>
            <p class="conversation-start__name" dir="auto">
                {dynamic(move || {
                    let name = name.get();
                    if is_empty.get() { words.say_hi.with(&name) } else { name }
                })}
            </p>
            {dynamic(move || {
                score
                    .get()
                    .map(|score| {
                        view! {
                            <p class="conversation-start__match">
                                <Icon name=IconName::Spark />
                                {words.percent_match.with(&score.to_string())}
                            </p>
                        }
                    })
            })}
            {shared}
            {when(move || is_empty.get(), move || {
                view! {
                    <ul class="conversation-start__openers" aria-label=words.suggestions>
                        {dynamic(move || {
                            shared_interests
                                .with(|shared| openers(words, shared))
                                .into_iter()
                                .map(|opener| {
                                    let chosen = opener.clone();
                                    view! {
                                        <li>
                                            <button
                                                class="opener"
                                                type="button"
                                                on:click=move |_| on_pick.run(chosen.clone())
                                            >
                                                {opener}
                                            </button>
                                        </li>
                                    }
                                })
                                .collect_view()
                        })}
                    </ul>
                }
            })}
        </div>
    }
    .into_any()
}

/// Always the same number of beginnings, about shared interests as far as there are any.
fn openers(words: &Words, shared: &[String]) -> Vec<String> {
    let specific = shared.iter().zip(words.openers_about).map(|(interest, ask)| ask.with(interest));
    specific.chain(words.openers.map(str::to_owned)).take(words.openers.len()).collect()
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;
    use crate::domain::Locale;

    #[test]
    fn there_are_always_three_openers_and_shared_interests_come_first() {
        let shared: Vec<String> = ["Harp", "Moors", "Engines", "Tea"].map(str::to_owned).to_vec();
        for locale in Locale::ALL {
            let openers = |shared| openers(locale.words(), shared);
            assert_eq!(openers(&[]).len(), 3);
            assert!(openers(&shared[..1])[0].contains("Harp"));
            assert_eq!(openers(&shared[..1]).len(), 3);
            assert!(openers(&shared)[2].contains("Engines"));
        }
    }
}
