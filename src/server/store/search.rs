//! Search and scores, answered by the database along its indexes; nothing is kept in memory.
//!
//! What two people share is the sum of the weights of their common interests. The first 63
//! interests of a database, its most common ones, have a bit each in the mask of their holders, so
//! what is shared of those can be read off an index entry. Whoever shares one of the others is
//! found in the lists of its holders, which are short. So there are two kinds of people:
//!
//! - Those who hold a *listed* interest of the viewer: scored and sorted in one statement.
//! - Those who hold none. The score has few values, its [`levels`], and a page is filled from the
//!   best one downwards. Where a level holds many of those asked for, the database *walks* its
//!   people in the order of their ids and stops when the page is full; where levels are thin it
//!   *sifts*: reads masks, of the holders of an interest without which the level cannot be reached
//!   or of everybody, and sorts those few that have what it takes.
//!
//! A text that few people contain is looked up in the index of trigrams, and all of those are scored;
//! one that many contain is a condition of the ways above. Which way is taken is guessed from
//! counters and a sample; a wrong guess costs time only.

pub mod levels;
pub mod statements;

use std::future::Future;

use sqlx::FromRow;

use self::levels::{Interest, Levels};
use self::statements::{Dialect, Page, Question, Statement, Walk};
use super::{MatchCursor, MatchPage, NewProfile, fold};
use crate::domain::{Profile, ScoredProfile, UserId, matching};

/// A text that more people are expected to contain is not looked up but asked of people in order of
/// their score …
const FEW: f64 = 8_000.0;
/// … as is one that a larger share of people contain: a page is soon full then.
const DENSE: f64 = 0.10;
/// How many people are asked for a text to guess how many contain it.
const SAMPLE: i64 = 250;

/// One line of what a search begins with: the meaning of the numbers depends on the kind.
#[derive(FromRow)]
pub struct StandingRow {
    /// 0: the viewer's completeness. 1: an interest of theirs, and how many hold it. 2: a
    /// completeness, and how many people have it. 3: the highest number of a person.
    pub kind: i32,
    /// The first number.
    pub key: i64,
    /// The second number.
    pub number: i64,
}

/// What a database can be asked.
pub trait Index: Send {
    /// Its words.
    const DIALECT: Dialect;

    /// What is known of the viewer, and how many people there are.
    fn standing(&mut self, viewer: UserId) -> impl Future<Output = anyhow::Result<Vec<StandingRow>>> + Send;
    /// The number of a person.
    fn number(&mut self, person: UserId) -> impl Future<Output = anyhow::Result<Option<i64>>> + Send;
    /// How many of these people there are, and how many of them contain `text`.
    fn sample(
        &mut self,
        text: &str,
        people: Vec<i64>,
    ) -> impl Future<Output = anyhow::Result<(i64, i64)>> + Send;
    /// Runs a statement, in the words of the database.
    fn ranked(
        &mut self,
        statement: Statement,
    ) -> impl Future<Output = anyhow::Result<Vec<MatchCursor>>> + Send;
}

/// How well the two match; `None` when one of them is unknown.
pub async fn score<I: Index>(index: &mut I, viewer: UserId, other: UserId) -> anyhow::Result<Option<u8>> {
    let Some(number) = index.number(other).await? else { return Ok(None) };
    let standing = Standing::read(index, viewer).await?;
    if !standing.known {
        return Ok(None);
    }
    let question = standing.question(viewer, "", I::DIALECT);
    let found = index.ranked(question.person(number)).await?;
    Ok(found.first().map(|entry| entry.score))
}

/// The page behind `after`, and whether more follow.
pub async fn page<I: Index>(
    index: &mut I,
    viewer: UserId,
    text: &str,
    limit: u32,
    after: Option<MatchCursor>,
) -> anyhow::Result<(Vec<MatchCursor>, bool)> {
    let limit = usize::try_from(limit)?;
    // Databases disagree about what a NUL is; nobody's text has one. A line feed stands between the lines of
    // what is searched, and in none of them.
    if text.contains(['\0', '\n']) {
        return Ok((Vec::new(), false));
    }
    let standing = Standing::read(index, viewer).await?;
    let question = standing.question(viewer, text, I::DIALECT);
    let mut found = match standing.density(index, text).await? {
        Density::Few => index.ranked(question.containing(after, limit + 1)).await?,
        Density::Share(share) => {
            let listed = if question.listed.is_empty() {
                Vec::new()
            } else {
                let listed = |likely| question.listed(after, limit + 1, likely);
                best(index, &question, (limit + 1, 0), share, listed).await?
            };
            let levels = Levels::new(&question, &standing.counts, share);
            descend(index, &question, &levels, listed, limit + 1, after).await?
        }
    };
    let more = found.len() > limit;
    found.truncate(limit);
    Ok((found, more))
}

/// Adds the people who hold no listed interest of the viewer's to the best of those who do, from
/// the best level downwards until `wanted` are found.
async fn descend(
    index: &mut impl Index,
    question: &Question,
    levels: &Levels<'_>,
    mut found: Vec<MatchCursor>,
    wanted: usize,
    after: Option<MatchCursor>,
) -> anyhow::Result<Vec<MatchCursor>> {
    let mut next = after.map_or(100, |last| last.score);
    while let Some(level) = levels.at_or_below(next) {
        let better = found.iter().filter(|entry| entry.score > level.score).count();
        let missing = wanted.saturating_sub(better);
        if missing == 0 {
            break;
        }
        let behind = after.filter(|last| last.score == level.score).map(|last| last.id);
        let low = if level.is_walkable(missing) {
            for way in &level.ways {
                let walk = Walk { score: level.score, way, behind, limit: missing };
                found.extend(index.ranked(question.walk(walk)).await?);
            }
            level.score
        } else {
            let low = levels.thin_down_to(level, missing);
            let among = levels.reaching(low, level.score);
            let page = Page { low, top: level.score, behind, limit: missing };
            let sift = |likely| question.sift(&among, &page, likely);
            found.extend(best(index, question, (missing, low), among.likely, sift).await?);
            low
        };
        found.sort_unstable_by_key(|entry| (std::cmp::Reverse(entry.score), entry.id));
        found.truncate(wanted);
        let Some(below) = low.checked_sub(1) else { break };
        next = below;
    }
    Ok(found)
}

/// Runs a statement that looks at as many people as should be enough, and if that was too few at
/// all.
async fn best<I: Index>(
    index: &mut I,
    question: &Question,
    (wanted, low): (usize, u8),
    likely: f64,
    statement: impl Fn(Option<f64>) -> Statement,
) -> anyhow::Result<Vec<MatchCursor>> {
    let is_floor = |entry: &MatchCursor| entry.id == question.viewer;
    let mut found = index.ranked(statement(Some(likely))).await?;
    let complete = found.iter().any(|entry| is_floor(entry) && entry.score <= low);
    // The floor is one of them.
    if found.len() <= wanted && !complete {
        found = index.ranked(statement(None)).await?;
    }
    found.retain(|entry| !is_floor(entry));
    Ok(found)
}

/// The page that `ranked` makes of those profiles that are still there.
pub fn match_page(ranked: Vec<MatchCursor>, more: bool, profiles: Vec<Profile>) -> MatchPage {
    let next = ranked.last().copied().filter(|_| more);
    let mut profiles = profiles.into_iter().peekable();
    let matches = ranked
        .into_iter()
        .filter_map(|entry| {
            let profile = profiles.next_if(|profile| profile.id == entry.id)?;
            Some(ScoredProfile { profile, score: Some(entry.score) })
        })
        .collect();
    MatchPage { matches, next }
}

/// What search keeps of somebody.
pub struct Searchable {
    /// See [`matching::completeness`].
    pub completeness: u8,
    /// Everything that is searched, folded.
    pub text: String,
    /// Their interests, folded, each once.
    pub interests: Vec<String>,
}

impl Searchable {
    /// What search keeps of `profile`.
    pub fn of(profile: &NewProfile) -> Self {
        let lines = [profile.display_name.as_str(), profile.username.as_str(), &profile.headline];
        let mut interests: Vec<_> = profile.interests.iter().map(|interest| fold(interest)).collect();
        let told = interests.len();
        let lines = lines.into_iter().map(fold).chain(interests.iter().cloned()).collect::<Vec<_>>();
        interests.sort_unstable();
        interests.dedup();
        Self {
            completeness: matching::completeness(&profile.headline, &profile.bio, told),
            // With two more characters every character of the text begins a trigram.
            text: format!("{}\n\n", lines.join("\n")),
            interests,
        }
    }
}

/// What a search begins with.
struct Standing {
    known: bool,
    mine: u8,
    interests: Vec<Interest>,
    counts: Vec<(u8, u64)>,
    highest: i64,
}

/// How many people contain a text.
enum Density {
    /// So few that all of them can be looked at.
    Few,
    /// About this share.
    Share(f64),
}

impl Standing {
    async fn read(index: &mut impl Index, viewer: UserId) -> anyhow::Result<Self> {
        let mut new = Self { known: false, mine: 0, interests: vec![], counts: vec![], highest: 0 };
        let mut held = Vec::new();
        for row in index.standing(viewer).await? {
            let number = u64::try_from(row.number).unwrap_or(0);
            match row.kind {
                0 => (new.known, new.mine) = (true, u8::try_from(row.key)?),
                1 => held.push((row.key, number)),
                2 => new.counts.push((u8::try_from(row.key)?, number)),
                _ => new.highest = row.key,
            }
        }
        let people = new.people();
        let interest = |(id, holders)| Interest { id, holders, weight: matching::weight(holders, people) };
        new.interests = held.into_iter().map(interest).collect();
        Ok(new)
    }

    fn people(&self) -> u64 {
        self.counts.iter().map(|&(_, people)| people).sum()
    }

    fn question(&self, viewer: UserId, text: &str, dialect: Dialect) -> Question {
        let (own_bit, listed) = self.interests.iter().copied().partition(Interest::has_bit);
        Question { viewer, mine: self.mine, own_bit, listed, text: text.to_owned(), dialect }
    }

    async fn density(&self, index: &mut impl Index, text: &str) -> anyhow::Result<Density> {
        if text.is_empty() {
            return Ok(Density::Share(1.0));
        }
        let (asked, containing) = index.sample(text, self.scattered()).await?;
        let share = containing as f64 / asked.max(1) as f64;
        let is_few = share < DENSE && share * self.people() as f64 <= FEW;
        Ok(if is_few { Density::Few } else { Density::Share(share) })
    }

    /// Numbers of people, evenly scattered and without a rhythm: multiples of the golden ratio.
    fn scattered(&self) -> Vec<i64> {
        let highest = u128::try_from(self.highest).unwrap_or(0);
        let place = |n: i64| n.unsigned_abs().wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let number = |n| i64::try_from(((u128::from(place(n)) * highest) >> 64) + 1).unwrap_or(i64::MAX);
        let mut numbers: Vec<_> = (0..SAMPLE.min(self.highest)).map(number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }
}
