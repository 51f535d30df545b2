//! What stands at the beginning of a conversation: who this is, what both like, and how to begin.

use leptos::prelude::*;

use crate::components::ui::avatar::Avatar;
use crate::components::ui::icon::{Icon, IconName};
use crate::reactive::{dynamic, when};

/// How many beginnings are offered.
const OPENERS: usize = 3;

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
    let shared = move || {
        let shared = shared_interests.with(|shared| in_words(shared));
        shared.map(|shared| {
            view! {
                <p class="conversation-start__shared">{format!("You both like {shared}")}</p>
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
                    if is_empty.get() { format!("Say hi to {name}") } else { name }
                })}
            </p>
            {dynamic(move || {
                score
                    .get()
                    .map(|score| {
                        view! {
                            <p class="conversation-start__match">
                                <Icon name=IconName::Spark />
                                {format!("{score}% match")}
                            </p>
                        }
                    })
            })}
            {shared}
            {when(move || is_empty.get(), move || {
                view! {
                    <ul class="conversation-start__openers" aria-label="Suggestions">
                        {dynamic(move || {
                            shared_interests
                                .with(|shared| openers(shared))
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

/// `Mathematics`, `Mathematics and Poetry`, `Mathematics, Poetry and Harp`.
fn in_words(items: &[String]) -> Option<String> {
    let (last, others) = items.split_last()?;
    Some(if others.is_empty() { last.clone() } else { format!("{} and {last}", others.join(", ")) })
}

/// Always the same number of beginnings, about shared interests as far as there are any.
fn openers(shared: &[String]) -> Vec<String> {
    let about = [
        |interest: &str| format!("How did you get into {interest}?"),
        |interest: &str| format!("What do you like most about {interest}?"),
        |interest: &str| format!("I like {interest} too. What should I try next?"),
    ];
    let general =
        ["What made you smile this week?", "What are you looking forward to?", "How is your day going?"];
    let specific = shared.iter().zip(about).map(|(interest, ask)| ask(interest));
    specific.chain(general.map(str::to_owned)).take(OPENERS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_always_three_openers_and_shared_interests_come_first() {
        let shared: Vec<String> = ["Harp", "Moors", "Engines", "Tea"].map(str::to_owned).to_vec();
        assert_eq!(openers(&[]).len(), 3);
        assert!(openers(&shared[..1])[0].contains("Harp"));
        assert_eq!(openers(&shared[..1]).len(), 3);
        assert!(openers(&shared)[2].contains("Engines"));
    }

    #[test]
    fn lists_read_like_a_sentence() {
        let words = |items: &[&str]| in_words(&items.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(words(&[]), None);
        assert_eq!(words(&["a"]).as_deref(), Some("a"));
        assert_eq!(words(&["a", "b", "c"]).as_deref(), Some("a, b and c"));
    }
}
