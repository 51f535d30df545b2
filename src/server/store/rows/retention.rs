//! What is too old, and what is left of it.

use sqlx::FromRow;
use uuid::Uuid;

use crate::domain::UserId;
use crate::server::store::{Outdated, Pair};

/// How many conversations are looked at in one statement.
pub const LOOK: i64 = 1000;

/// The key of a conversation, and whether it begins with a message that is too old.
#[derive(FromRow)]
pub struct KeyRow {
    user_lo: Uuid,
    user_hi: Uuid,
    due: bool,
}

impl KeyRow {
    fn pair(&self) -> Pair {
        (UserId(self.user_lo), UserId(self.user_hi))
    }
}

/// As columns; before every conversation without one.
pub fn key(after: Option<Pair>) -> (Uuid, Uuid) {
    after.map_or((Uuid::nil(), Uuid::nil()), |(lo, hi)| (lo.0, hi.0))
}

/// What a stretch of at most [`LOOK`] conversations says.
pub fn outdated_of(rows: &[KeyRow]) -> Outdated {
    let is_full = i64::try_from(rows.len()).is_ok_and(|count| count >= LOOK);
    Outdated {
        due: rows.iter().filter(|row| row.due).map(KeyRow::pair).collect(),
        next: rows.last().filter(|_| is_full).map(KeyRow::pair),
    }
}
