//! The people one might talk to, best match first, a page at a time.

use std::collections::HashSet;

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::search_box::SearchBox;
use crate::api::{ApiError, MatchList, list_matches};
use crate::components::profile::MatchItem;
use crate::components::ui::icon::{Icon, IconName};
use crate::domain::ScoredProfile;
use crate::i18n::{Words, use_words};
use crate::reactive::dynamic;

/// The pages after the first, of the search they belong to.
#[derive(Clone, Default)]
struct LaterPages {
    query: String,
    people: Vec<ScoredProfile>,
    /// `None` as long as no later page arrived: then the first page tells where to go on.
    next: Option<Option<String>>,
    error: Option<ApiError>,
}

/// The first page and the search it answers; the list shown stays until the next answer is here.
type FirstPage = Resource<(String, Result<MatchList, ApiError>)>;

/// Search box, list, and what there is to say about them.
#[component]
pub fn Matches() -> impl IntoView {
    let words = use_words();
    // Without WASM the address holds the search. With it the address is only the beginning.
    let query = RwSignal::new(use_query_map().with_untracked(|address| {
        address.get_str("q").map(|query| query.trim().to_owned()).unwrap_or_default()
    }));
    let first = Resource::new(
        move || query.get(),
        |query| async move {
            let page = list_matches(query.clone(), None).await;
            (query, page)
        },
    );
    let later = RwSignal::new(LaterPages::default());
    let show_more = Action::new(move |(query, cursor): &(String, String)| {
        let (query, cursor) = (query.clone(), cursor.clone());
        async move {
            let page = list_matches(query.clone(), Some(cursor)).await;
            // The page of matches may be gone by now.
            let _ = later.try_update(|later| later.append(query, page));
        }
    });
    let pending = show_more.pending();
    let more = move |_| {
        if let Some(next) = next_page(first, later)
            && !pending.get_untracked()
        {
            show_more.dispatch(next);
        }
    };

    view! {
        <section class="matches" aria-labelledby="matches-title">
            <h1 class="matches__title" id="matches-title">
                {words.your_matches}
            </h1>
            <SearchBox query/>
            <Transition fallback=MatchesSkeleton>
                <p class="matches__status" role="status">
                    {dynamic(move || status(words, first, later))}
                </p>
                <div class="matches__scroller">
                    <ul class="matches__list" role="list" aria-label=words.matches>
                        <For
                            each=move || people(first, later)
                            key=|scored| scored.profile.id
                            children=|scored| view! { <MatchItem scored/> }
                        />
                    </ul>
                    {dynamic(move || {
                        failed(first)
                            .then(|| {
                                view! {
                                    <p class="matches__more">
                                        <button class="button" type="button" on:click=move |_| first.refetch()>
                                            <Icon name=IconName::Retry/>
                                            {words.try_again}
                                        </button>
                                    </p>
                                }
                            })
                    })}
                    {dynamic(move || {
                        next_page(first, later)
                            .is_some()
                            .then(|| {
                                view! {
                                    <p class="matches__more">
                                        <button
                                            class="button"
                                            data-kind="quiet"
                                            type="button"
                                            aria-busy=move || pending.get().then_some("true")
                                            on:click=more
                                        >
                                            {words.show_more}
                                        </button>
                                    </p>
                                }
                            })
                    })}
                </div>
            </Transition>
        </section>
    }
    .into_any()
}

/// Everybody loaded for the search that was answered last.
fn people(first: FirstPage, later: RwSignal<LaterPages>) -> Vec<ScoredProfile> {
    let Some((query, Ok(page))) = first.get() else { return Vec::new() };
    let mut people = page.matches;
    later.with(|later| {
        if later.query == query {
            let known: HashSet<_> = people.iter().map(|scored| scored.profile.id).collect();
            people.extend(later.people.iter().filter(|scored| !known.contains(&scored.profile.id)).cloned());
        }
    });
    people
}

/// The search and the cursor of the page that follows, if one does.
fn next_page(first: FirstPage, later: RwSignal<LaterPages>) -> Option<(String, String)> {
    let (query, Ok(page)) = first.get()? else { return None };
    let next = later.with(|later| match &later.next {
        Some(next) if later.query == query => next.clone(),
        _ => page.next,
    });
    Some((query, next?))
}

/// What is said about the list: nothing, as long as it speaks for itself.
fn status(words: &Words, first: FirstPage, later: RwSignal<LaterPages>) -> Option<String> {
    match first.get()? {
        (_, Err(error)) => Some(error.text(words).to_owned()),
        (query, Ok(page)) if page.matches.is_empty() && query.is_empty() => Some(words.nobody_yet.to_owned()),
        (query, Ok(page)) if page.matches.is_empty() => Some(words.nobody_matches.with(&query)),
        (query, Ok(_)) => later.with(|later| {
            let error = later.error.as_ref().filter(|_| later.query == query);
            error.map(|error| error.text(words).to_owned())
        }),
    }
}

/// Whether there is no list because it could not be loaded.
fn failed(first: FirstPage) -> bool {
    first.with(|answer| matches!(answer, Some((_, Err(_)))))
}

impl LaterPages {
    /// Takes a page that arrived; one that answers another search than the pages so far replaces
    /// them.
    fn append(&mut self, query: String, page: Result<MatchList, ApiError>) {
        if self.query != query {
            *self = Self { query, ..Self::default() };
        }
        match page {
            Ok(page) => {
                let known: HashSet<_> = self.people.iter().map(|scored| scored.profile.id).collect();
                self.people
                    .extend(page.matches.into_iter().filter(|scored| !known.contains(&scored.profile.id)));
                self.next = Some(page.next);
                self.error = None;
            }
            Err(error) => self.error = Some(error),
        }
    }
}

/// The shape of the list before it is here.
#[component]
fn MatchesSkeleton() -> impl IntoView {
    view! {
        <div class="matches__scroller" aria-hidden="true">
            <div class="matches__list">
                {(0..6).map(|_| view! { <div class="skeleton match-item"></div> }).collect_view()}
            </div>
        </div>
    }
}
