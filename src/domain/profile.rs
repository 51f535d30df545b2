//! People as others see them.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::UserId;

/// What everybody may know of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Profile {
    /// The person.
    pub id: UserId,
    /// The unique, lower-case name they log in with.
    pub username: String,
    /// The name others see.
    pub display_name: String,
    /// One line about themselves; may be empty.
    pub headline: String,
    /// A few sentences; may be empty.
    pub bio: String,
    /// What they like, as they wrote it.
    pub interests: Vec<String>,
    /// Where their picture is, relative to the public origin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar_url: Option<String>,
    /// Whether a device of theirs is connected.
    pub online: bool,
    /// When their last device went away; `None` when never seen.
    #[cfg_attr(feature = "ssr", schema(required))]
    pub last_seen: Option<DateTime<Utc>>,
}

/// A profile with how well it matches the one who looks at it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ScoredProfile {
    /// The person.
    pub profile: Profile,
    /// 0–100; `None` on one's own profile.
    #[cfg_attr(feature = "ssr", schema(required, maximum = 100))]
    pub score: Option<u8>,
}

/// A log-in name: 3–32 of `a–z 0–9 _ . -`, lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Username(String);

/// Why a text cannot be a [`Username`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("A username has 3 to 32 characters: letters a–z, digits, and any of _ . -")]
pub struct InvalidUsername;

impl Username {
    /// Accepts a name that is already in NFKC form, whatever its case.
    ///
    /// # Errors
    /// [`InvalidUsername`] when a character or the length does not fit.
    pub fn parse(normalised: &str) -> Result<Self, InvalidUsername> {
        let name = normalised.to_ascii_lowercase();
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_.-".contains(&b);
        if (3..=32).contains(&name.len()) && name.bytes().all(allowed) {
            Ok(Self(name))
        } else {
            Err(InvalidUsername)
        }
    }

    /// The name in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name others see: 1–80 characters after trimming, no control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisplayName(String);

/// Why a text cannot be a [`DisplayName`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("A display name has 1 to 80 characters and no control characters.")]
pub struct InvalidDisplayName;

impl DisplayName {
    /// Accepts `text`, trimmed.
    ///
    /// # Errors
    /// [`InvalidDisplayName`] when it is blank, too long or holds a control character.
    pub fn parse(text: &str) -> Result<Self, InvalidDisplayName> {
        let name = text.trim();
        let fits = (1..=80).contains(&name.chars().count()) && !name.chars().any(char::is_control);
        if fits { Ok(Self(name.to_owned())) } else { Err(InvalidDisplayName) }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usernames_are_folded_and_bounded() {
        assert_eq!(Username::parse("Ada.L-1_x").map(|n| n.to_string()), Ok("ada.l-1_x".to_owned()));
        for bad in ["ab", "", "ada ", "ädä", "a/b/c", &"x".repeat(33)] {
            assert_eq!(Username::parse(bad), Err(InvalidUsername), "{bad:?}");
        }
    }

    #[test]
    fn display_names_are_trimmed_and_free_of_control_characters() {
        assert_eq!(DisplayName::parse("  Ada Lovelace ").map(|n| n.0), Ok("Ada Lovelace".to_owned()));
        for bad in ["", "   ", "a\u{7}b", "a\nb", &"x".repeat(81)] {
            assert_eq!(DisplayName::parse(bad), Err(InvalidDisplayName), "{bad:?}");
        }
    }
}
