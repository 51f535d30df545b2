//! Identifiers as types of their own, so that a sender can never be passed for a receiver's message.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

uuid_id! {
    /// A person.
    UserId
}
uuid_id! {
    /// A stored message.
    MessageId
}
uuid_id! {
    /// The id the sender chose before the first try. Unique per sender: it makes a send idempotent.
    ClientId
}
uuid_id! {
    /// A log-in. Not the token: that is secret and only its digest is stored.
    SessionId
}

/// A position in one conversation: 1, 2, 3 … without holes. Zero means "before the first message". What is
/// beyond [`Seq::MAX`] is not read as one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Seq(pub u64);

impl Seq {
    /// Before the first message.
    pub const ZERO: Self = Self(0);
    /// As far as databases count.
    pub const MAX: Self = Self(i64::MAX.cast_unsigned());

    /// The position that follows.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl<'de> Deserialize<'de> for Seq {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seq = u64::deserialize(deserializer).map(Self)?;
        if seq <= Self::MAX { Ok(seq) } else { Err(D::Error::custom("a position is too far off")) }
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_one_that_databases_can_hold() {
        for seq in [Seq::ZERO, Seq(1), Seq::MAX] {
            assert_eq!(serde_json::from_str(&seq.to_string()).ok(), Some(seq));
        }
        for beyond in ["9223372036854775808", "18446744073709551615", "18446744073709551616", "-1", "1.0"] {
            assert!(serde_json::from_str::<Seq>(beyond).is_err(), "{beyond}");
        }
    }
}
