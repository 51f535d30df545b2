//! The page of matches: the list at the start, the chat and the card of whoever the address names at
//! the end.

mod match_list;
mod search_box;
mod stage;

use leptos::prelude::*;
use leptos_meta::Title;

use self::match_list::Matches;
use self::stage::Stage;
use super::SignedIn;
use crate::i18n::use_words;

/// The list and the stage. Neither changes the other but through the address.
#[component]
pub fn MatchesPage() -> impl IntoView {
    let words = use_words();
    view! {
        <Title text=words.title(words.matches)/>
        <SignedIn>
            <main class="matches-page">
                <Matches/>
                <Stage/>
            </main>
        </SignedIn>
    }
}
