//! Search: what SQLite says in its own way. See `server::store::search`.

use sqlx::{AssertSqlSafe, SqliteConnection};
use uuid::Uuid;

use crate::domain::UserId;
use crate::server::store::MatchCursor;
use crate::server::store::search::statements::{Dialect, RankedRow, Statement};
use crate::server::store::search::{Index, StandingRow};

pub use crate::server::store::search::{page, score};

/// The condition for so many bits doubles with each; that for fewer is true as well.
const MAX_BITS: usize = 5;

impl Index for SqliteConnection {
    const DIALECT: Dialect =
        Dialect { has_bits, contains: |parameter| format!("instr(text, ${parameter}) > 0"), found_by };

    async fn standing(&mut self, viewer: UserId) -> anyhow::Result<Vec<StandingRow>> {
        let rows = sqlx::query_as(
            "SELECT 0 AS kind, completeness AS key, 0 AS number FROM searchable WHERE id = $1
             UNION ALL
             SELECT 1, i.id, i.holders FROM searchable s JOIN profile_interests h ON h.person = s.person
             JOIN interests i ON i.id = h.interest WHERE s.id = $1
             UNION ALL SELECT 2, completeness, people FROM completeness_counts
             UNION ALL SELECT 3, COALESCE(max(person), 0), 0 FROM searchable",
        );
        Ok(rows.bind(viewer.0).fetch_all(self).await?)
    }

    async fn number(&mut self, person: UserId) -> anyhow::Result<Option<i64>> {
        let number = sqlx::query_scalar("SELECT person FROM searchable WHERE id = $1");
        Ok(number.bind(person.0).fetch_optional(self).await?)
    }

    async fn sample(&mut self, text: &str, people: Vec<i64>) -> anyhow::Result<(i64, i64)> {
        let counts = sqlx::query_as(
            "SELECT count(*), count(*) FILTER (WHERE instr(s.text, $1) > 0)
             FROM json_each($2) n CROSS JOIN searchable s ON s.person = n.value",
        );
        Ok(counts.bind(text).bind(serde_json::to_string(&people)?).fetch_one(self).await?)
    }

    async fn ranked(&mut self, statement: Statement) -> anyhow::Result<Vec<MatchCursor>> {
        let Statement { sql, ids, texts } = statement;
        // Nothing but numbers has been written into it.
        let mut query = sqlx::query_as::<_, RankedRow>(AssertSqlSafe(sql)).persistent(false);
        for id in ids {
            query = query.bind::<Uuid>(id);
        }
        for text in texts {
            query = query.bind(text);
        }
        query.fetch_all(self).await?.into_iter().map(MatchCursor::try_from).collect()
    }
}

/// There is no function that counts bits; but `x & (x - 1)` has one less than `x`.
fn has_bits(bits: i64, least: usize) -> String {
    let mut left = format!("(mask & {bits})");
    let mut conditions = Vec::new();
    for _ in 0..least.min(MAX_BITS) {
        conditions.push(format!("{left} <> 0"));
        left = format!("({left} & ({left} - 1))");
    }
    conditions.join(" AND ")
}

fn found_by(text: &str, parameter: usize) -> (String, Vec<String>) {
    if text.chars().nth(2).is_some() {
        // One string, in which only the quotation mark means something.
        let phrase = format!("\"{}\"", text.replace('"', "\"\""));
        let found =
            format!("SELECT rowid FROM searchable_trigrams WHERE searchable_trigrams MATCH ${parameter}");
        return (format!("p.person IN ({found})"), vec![phrase]);
    }
    // Up to the last trigram that begins with it.
    let last = format!("{text}\u{10FFFF}\u{10FFFF}");
    let next = parameter + 1;
    let found = format!("SELECT doc FROM searchable_terms WHERE term BETWEEN ${parameter} AND ${next}");
    (format!("p.person IN ({found})"), vec![text.to_owned(), last])
}
