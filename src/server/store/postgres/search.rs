//! Search: what PostgreSQL says in its own way. See `server::store::search`.

use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

use crate::domain::UserId;
use crate::server::store::MatchCursor;
use crate::server::store::search::statements::{Dialect, RankedRow, Statement};
use crate::server::store::search::{Index, StandingRow};

pub use crate::server::store::search::{page, score};

/// More of a text than this many trigrams does not make the search any narrower.
const MAX_TRIGRAMS: usize = 24;

impl Index for PgConnection {
    const DIALECT: Dialect = Dialect {
        has_bits: |bits, least| format!("bit_count((mask & {bits})::bit(64)) >= {least}"),
        contains: |parameter| format!("position(${parameter} IN text) > 0"),
        found_by: |text, parameter| {
            let found = format!("trigrams(p.text) @@ ${parameter}::tsquery");
            // Up to three characters are in a text when the trigram is.
            if text.chars().nth(3).is_none() {
                return (found, vec![trigrams(text)]);
            }
            // Asked of thousands: `position` would prepare itself anew for each.
            let next = parameter + 1;
            (format!("{found} AND p.text LIKE ${next}"), vec![trigrams(text), pattern(text)])
        },
    };

    async fn standing(&mut self, viewer: UserId) -> anyhow::Result<Vec<StandingRow>> {
        let rows = sqlx::query_as(
            "SELECT 0 AS kind, completeness::bigint AS key, 0::bigint AS number FROM searchable WHERE id = $1
             UNION ALL
             SELECT 1, i.id, i.holders FROM searchable s JOIN profile_interests h ON h.person = s.person
             JOIN interests i ON i.id = h.interest WHERE s.id = $1
             UNION ALL SELECT 2, completeness, people FROM completeness_counts
             UNION ALL SELECT 3, COALESCE(max(person), 0), 0 FROM searchable",
        );
        Ok(rows.bind(viewer.0).fetch_all(self).await?)
    }

    async fn number(&mut self, person: UserId) -> anyhow::Result<Option<i64>> {
        let number = sqlx::query_scalar("SELECT person::bigint FROM searchable WHERE id = $1");
        Ok(number.bind(person.0).fetch_optional(self).await?)
    }

    async fn sample(&mut self, text: &str, people: Vec<i64>) -> anyhow::Result<(i64, i64)> {
        let counts = sqlx::query_as(
            "SELECT count(*), count(*) FILTER (WHERE position($1 IN s.text) > 0)
             FROM UNNEST($2) AS n (person) JOIN searchable s ON s.person = n.person",
        );
        Ok(counts.bind(text).bind(people).fetch_one(self).await?)
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

/// The `LIKE` pattern of those who contain `text`.
fn pattern(text: &str) -> String {
    let escaped = |c| if matches!(c, '%' | '_' | '\\') { vec!['\\', c] } else { vec![c] };
    format!("%{}%", text.chars().flat_map(escaped).collect::<String>())
}

/// A `tsquery` for texts with the trigrams of `text`. One or two characters are the beginning of one.
fn trigrams(text: &str) -> String {
    let quoted = |part: &[char]| {
        let escaped = |&c: &char| if matches!(c, '\'' | '\\') { vec![c, c] } else { vec![c] };
        format!("'{}'", part.iter().flat_map(escaped).collect::<String>())
    };
    let text: Vec<char> = text.chars().collect();
    if text.len() < 3 {
        return format!("{}:*", quoted(&text));
    }
    let all: Vec<_> = text.windows(3).take(MAX_TRIGRAMS).map(quoted).collect();
    all.join(" & ")
}
