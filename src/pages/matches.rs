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

/// The list and the stage. Neither changes the other but through the address.
#[component]
pub fn MatchesPage() -> impl IntoView {
    view! {
        <Title text="Matches · Mosaic"/>
        <SignedIn>
            <main class="matches-page">
                <Matches/>
                <Stage/>
            </main>
        </SignedIn>
    }
}
