//! How one person stands to another.

use serde::{Deserialize, Serialize};

/// What somebody chose for their conversation with one other person. Nobody else is ever told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Contact {
    /// Their messages count, and call for no attention.
    #[serde(default)]
    #[cfg_attr(feature = "ssr", schema(required))]
    pub muted: bool,
    /// To be looked at again, whatever was read.
    #[serde(default)]
    #[cfg_attr(feature = "ssr", schema(required))]
    pub marked_unread: bool,
    /// Nothing passes between the two: no message arrives, and neither knows whether the other is there.
    #[serde(default)]
    #[cfg_attr(feature = "ssr", schema(required))]
    pub blocked: bool,
}

/// One change of a [`Contact`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(rename_all = "snake_case"))]
pub enum ContactChange {
    /// Whether their messages call for no attention.
    Muted(bool),
    /// Whether to look at the conversation again.
    MarkedUnread(bool),
    /// Whether anything passes between the two.
    Blocked(bool),
}

impl Contact {
    /// Whether nothing was chosen.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}
