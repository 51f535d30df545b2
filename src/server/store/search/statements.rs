//! The statements of a search, as far as both databases speak alike. Numbers that are known when a
//! statement is made are written into it, which is safe and lets the database compute with
//! constants; ids and texts are parameters. The common table expressions are `MATERIALIZED` so that
//! what they compute is computed once.

use std::fmt::Display;

use sqlx::FromRow;
use uuid::Uuid;

use super::levels::{Among, Interest, Way};
use crate::domain::UserId;
use crate::server::store::MatchCursor;

/// What is asked, whichever way it is answered.
pub struct Question {
    /// Who asks; never among the answers.
    pub viewer: UserId,
    /// Their completeness.
    pub mine: u8,
    /// The interests of theirs that have a bit.
    pub own_bit: Vec<Interest>,
    /// The other interests of theirs.
    pub listed: Vec<Interest>,
    /// Folded; empty when everybody is asked for.
    pub text: String,
    /// The words of the database.
    pub dialect: Dialect,
}

/// What each database says in its own way.
#[derive(Clone, Copy)]
pub struct Dialect {
    /// The column `mask` has at least so many of these bits.
    pub has_bits: fn(bits: i64, least: usize) -> String,
    /// The column `text` contains the parameter of this number.
    pub contains: fn(parameter: usize) -> String,
    /// `p` contains a text, along the index of trigrams; and the parameters of that, which begin
    /// with this number.
    pub found_by: fn(text: &str, parameter: usize) -> (String, Vec<String>),
}

/// People of one level in the order of their ids.
pub struct Walk<'a> {
    /// Their score.
    pub score: u8,
    /// How they reach it.
    pub way: &'a Way,
    /// Only those behind this one.
    pub behind: Option<UserId>,
    /// How many are wanted at most.
    pub limit: usize,
}

/// A statement that gives [`RankedRow`]s in order.
pub struct Statement {
    /// Its text.
    pub sql: String,
    /// Its first parameters.
    pub ids: Vec<Uuid>,
    /// Its last parameters.
    pub texts: Vec<String>,
}

/// An entry of the ranking.
#[derive(FromRow)]
pub struct RankedRow {
    score: i64,
    id: Uuid,
}

impl TryFrom<RankedRow> for MatchCursor {
    type Error = anyhow::Error;

    fn try_from(row: RankedRow) -> anyhow::Result<Self> {
        Ok(Self { score: u8::try_from(row.score)?, id: UserId(row.id) })
    }
}

/// A stretch of the ranking.
pub struct Page {
    /// The lowest score.
    pub low: u8,
    /// The highest score.
    pub top: u8,
    /// Of those with the highest score, only people behind this one.
    pub behind: Option<UserId>,
    /// How many are wanted at most.
    pub limit: usize,
}

impl Question {
    /// One person.
    pub fn person(&self, person: i64) -> Statement {
        let is_person = format!("person = {person}");
        self.ranking(
            &format!("p.{is_person}"),
            &format!("AND {is_person}"),
            Vec::new(),
            &Page::after(None, 1),
        )
    }

    /// The best of all who contain the text, each of whom is looked at.
    pub fn containing(&self, after: Option<MatchCursor>, limit: usize) -> Statement {
        let page = Page::after(after, limit);
        let (condition, texts) = (self.dialect.found_by)(&self.text, page.text_parameter());
        self.ranking(&condition, "", texts, &page)
    }

    /// The best of those `p` who fulfil a condition. Of the holders of the listed interests only
    /// these are asked for.
    fn ranking(&self, condition: &str, holders: &str, texts: Vec<String>, page: &Page) -> Statement {
        let (masked, scored, on_page, limit) =
            (self.masked("mask"), self.scored(), page.condition(), page.limit);
        let (held, listed, joined) = if self.listed.is_empty() {
            (String::new(), "", "")
        } else {
            let (ids, sum) = (self.listed_ids(), self.listed_sum());
            let held = format!(
                "held AS MATERIALIZED (
                     SELECT person, {sum} AS listed FROM profile_interests
                     WHERE interest IN ({ids}) {holders} GROUP BY person
                 ), "
            );
            (held, " + COALESCE(held.listed, 0)", "LEFT JOIN held ON held.person = p.person")
        };
        let sql = format!(
            "WITH {held}shares AS MATERIALIZED (
                 SELECT p.id, p.completeness, {masked}{listed} AS shared FROM searchable p {joined} WHERE {condition}
             )
             SELECT CAST(score AS bigint) AS score, id FROM (SELECT id, {scored} AS score FROM shares) named
             WHERE {on_page} ORDER BY score DESC, id LIMIT {limit}"
        );
        Statement { texts, ..self.with_parameters(sql, page) }
    }

    /// The best of those who hold a listed interest. Of them, `likely` is the share expected to
    /// contain the text.
    pub fn listed(&self, after: Option<MatchCursor>, limit: usize, likely: Option<f64>) -> Statement {
        let page = Page::after(after, limit);
        let (ids, sum, masked) = (self.listed_ids(), self.listed_sum(), self.masked("MAX(mask)"));
        let sql = format!(
            "WITH shares AS MATERIALIZED (
                 SELECT person, MAX(completeness) AS completeness, {masked} + {sum} AS shared
                 FROM profile_interests WHERE interest IN ({ids}) GROUP BY person
             )"
        );
        self.best(sql, "", &page, likely)
    }

    /// The best of some people who hold no listed interest. Of the people it looks at, `likely` is
    /// the share expected to be among those.
    pub fn sift(&self, among: &Among, page: &Page, likely: Option<f64>) -> Statement {
        let (masked, bits) = (self.masked("mask"), self.has_bits(among.interests));
        let (least, most) = among.shared;
        let found = match &among.holders {
            Some(interests) => {
                let interests = list(interests);
                format!(
                    "SELECT DISTINCT person, completeness, mask FROM profile_interests WHERE interest IN ({interests})"
                )
            }
            None => "SELECT person, completeness, mask FROM searchable WHERE completeness >= 0".to_owned(),
        };
        let sql = format!(
            "WITH found AS MATERIALIZED ({found} {bits} AND {masked} BETWEEN {least} AND {most}),
             shares AS MATERIALIZED (SELECT person, completeness, {masked} AS shared FROM found)"
        );
        self.best(sql, &self.unlisted(), page, likely)
    }

    /// Those of one level who hold no listed interest, in the order of their ids.
    pub fn walk(&self, walk: Walk<'_>) -> Statement {
        let Walk { score, way, behind, limit } = walk;
        let page = Page { low: score, top: score, behind, limit };
        let (completeness, (least, most)) = (way.completeness, way.shared);
        let shared = if most == 0 {
            format!("AND mask & {} = 0", self.mask())
        } else {
            format!("{} AND {} BETWEEN {least} AND {most}", self.has_bits(way.interests), self.masked("mask"))
        };
        let (unlisted, contains) = (self.unlisted(), self.contains(&page));
        // A subquery, because the text is not in the index that `p` is read from.
        let contains = contains.map_or_else(String::new, |contains| {
            format!("AND (SELECT {contains} FROM searchable t WHERE t.person = p.person)")
        });
        let behind = if behind.is_some() { "AND id > $2" } else { "" };
        let sql = format!(
            "SELECT CAST({score} AS bigint) AS score, id FROM searchable p
             WHERE completeness = {completeness} AND id <> $1 {behind} {shared} {unlisted} {contains}
             ORDER BY id LIMIT {limit}"
        );
        self.with_parameters(sql, &page)
    }

    /// How many interests with a bit it takes at least to share `weight`.
    pub fn interests_for(&self, weight: u32) -> usize {
        let mut weights: Vec<_> = self.own_bit.iter().map(|held| held.weight).collect();
        weights.sort_unstable_by(|a, b| b.cmp(a));
        let mut sum = 0;
        let enough = |held: &u32| {
            let more = sum < weight;
            sum += held;
            more
        };
        weights.into_iter().take_while(enough).count()
    }

    /// The best of the people in `shares` who are on the page. What cannot be read off the index is
    /// looked up of so many of them, the best, that the page should be full, and of everybody at
    /// the level of the cursor; without `likely` of all. One row is not an entry: its score is the
    /// lowest that was looked at, its id is the viewer's.
    ///
    /// Looking somebody up costs the most. So one look is for both the text and the id: those who do not
    /// contain the text get none, and nothing differs from the viewer's that is not there. And the
    /// condition is asked of people in order, until the page is full.
    fn best(&self, shares: String, condition: &str, page: &Page, likely: Option<f64>) -> Statement {
        let (scored, within, on_page) = (self.scored(), page.within(), page.condition());
        let contains = self.contains(page).map_or_else(String::new, |contains| format!("AND {contains}"));
        let Page { low, top, limit, .. } = *page;
        let floor = likely.map_or_else(
            || format!("SELECT {low} AS score"),
            |likely| {
                let enough = (2.0 * (limit + 1) as f64 / likely.max(0.001)).ceil();
                format!(
                    "SELECT COALESCE(MIN(score), {low}) AS score FROM
                     (SELECT score FROM scored WHERE score < {top} ORDER BY score DESC LIMIT 1 OFFSET {enough}) nth"
                )
            },
        );
        let sql = format!(
            "{shares}, scored AS MATERIALIZED (
                 SELECT * FROM (SELECT person, {scored} AS score FROM shares) all_scores WHERE {within}
             ), floor AS MATERIALIZED ({floor}),
             named AS MATERIALIZED (
                 SELECT (SELECT s.id FROM searchable s WHERE s.person = p.person {contains}) AS id, p.person, p.score
                 FROM scored p WHERE p.score >= (SELECT score FROM floor)
             ), page AS MATERIALIZED (
                 SELECT score, id FROM (SELECT * FROM named WHERE {on_page} ORDER BY score DESC, id) p
                 WHERE TRUE {condition} ORDER BY score DESC, id LIMIT {limit}
             )
             SELECT CAST(score AS bigint) AS score, $1 AS id FROM floor
             UNION ALL SELECT CAST(score AS bigint), id FROM page"
        );
        self.with_parameters(sql, page)
    }

    fn with_parameters(&self, sql: String, page: &Page) -> Statement {
        let ids = [Some(self.viewer), page.behind].into_iter().flatten().map(|user| user.0).collect();
        let parameter = format!("${}", page.text_parameter());
        let texts = if sql.contains(&parameter) { vec![self.text.clone()] } else { Vec::new() };
        Statement { sql, ids, texts }
    }

    /// The bits of the viewer's interests.
    fn mask(&self) -> i64 {
        self.own_bit.iter().fold(0, |mask, held| mask | 1 << (held.id - 1))
    }

    fn has_bits(&self, least: usize) -> String {
        if least == 0 {
            String::new()
        } else {
            format!("AND {}", (self.dialect.has_bits)(self.mask(), least))
        }
    }

    /// The weight shared of the interests that have a bit, from a mask. Most people share none of them.
    fn masked(&self, mask: &str) -> String {
        if self.own_bit.is_empty() {
            return "0".to_owned();
        }
        let terms =
            self.own_bit.iter().map(|held| format!("{} * (({mask} >> {}) & 1)", held.weight, held.id - 1));
        let sum = terms.collect::<Vec<_>>().join(" + ");
        format!("CASE {mask} & {} WHEN 0 THEN 0 ELSE {sum} END", self.mask())
    }

    /// [`matching::score`](crate::domain::matching::score), from the columns `shared` and `completeness`.
    fn scored(&self) -> String {
        let mine = self.mine;
        format!(
            "CASE shared WHEN 0 THEN 10 ELSE 35 + 45 * shared / (shared + 10) END + ({mine} + completeness) / 2"
        )
    }

    fn listed_ids(&self) -> String {
        list(self.listed.iter().map(|held| held.id).collect::<Vec<_>>().as_slice())
    }

    /// The weight shared of the listed interests, over the rows of their holders.
    fn listed_sum(&self) -> String {
        let cases = self.listed.iter().map(|held| format!(" WHEN {} THEN {}", held.id, held.weight));
        format!("SUM(CASE interest{} END)", cases.collect::<String>())
    }

    /// `p` holds no listed interest. Counted, because people are walked in order, and a database would
    /// make a join of `NOT EXISTS` that loses it.
    fn unlisted(&self) -> String {
        if self.listed.is_empty() {
            return String::new();
        }
        format!(
            "AND (SELECT COUNT(*) FROM profile_interests h WHERE h.person = p.person AND h.interest IN ({})) = 0",
            self.listed_ids()
        )
    }

    /// The column `text` contains the text, if there is one.
    fn contains(&self, page: &Page) -> Option<String> {
        (!self.text.is_empty()).then(|| (self.dialect.contains)(page.text_parameter()))
    }
}

impl Page {
    fn after(after: Option<MatchCursor>, limit: usize) -> Self {
        let top = after.map_or(100, |last| last.score);
        Self { low: 0, top, behind: after.map(|last| last.id), limit }
    }

    /// The scores of it. Each comparison may compute the score anew: none that is always true.
    fn within(&self) -> String {
        match (self.low, self.top) {
            (0, 100) => "TRUE".to_owned(),
            (0, top) => format!("score <= {top}"),
            (low, top) => format!("score BETWEEN {low} AND {top}"),
        }
    }

    fn condition(&self) -> String {
        let Self { low, top, .. } = *self;
        let within = if self.behind.is_none() {
            self.within()
        } else {
            let above = if low == 0 { String::new() } else { format!("score >= {low} AND ") };
            format!("{above}(score < {top} OR score = {top} AND id > $2)")
        };
        format!("id <> $1 AND {within}")
    }

    fn text_parameter(&self) -> usize {
        if self.behind.is_some() { 3 } else { 2 }
    }
}

fn list<T: Display>(numbers: &[T]) -> String {
    if numbers.is_empty() {
        return "NULL".to_owned();
    }
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
