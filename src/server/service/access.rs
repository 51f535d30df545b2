//! Who may do what with whom: decided here, once, for HTTP, the socket and the pages.
//!
//! Nobody names a conversation. They name the other person, and the conversation is that of the two: what
//! belongs to others cannot even be asked for. Whether there is such a person, whether it is oneself and
//! whether one blocks them is found out by the very statement that reads or writes, so that nothing can
//! change in between; what follows from that is said by [`authorise`] alone.

use super::Result;
use crate::server::error::ServiceError;

/// What was found between somebody and the person they named.
#[derive(Debug)]
pub enum Access<T> {
    /// Nothing stands between them.
    Open(T),
    /// There is no such person, or it is the one who asks.
    Nobody,
    /// The one who asks blocks the person, and wants to write to them.
    Blocked,
}

/// Lets through whoever may, with what was done or found for them. Oneself and somebody who does not exist
/// are refused alike, so a refusal tells nothing about who does.
///
/// # Errors
/// [`ServiceError::NotFound`]; [`ServiceError::Blocked`].
pub fn authorise<T>(found: impl Into<Access<T>>) -> Result<T> {
    match found.into() {
        Access::Open(found) => Ok(found),
        Access::Nobody => Err(ServiceError::NotFound),
        Access::Blocked => Err(ServiceError::Blocked),
    }
}

impl<T> From<Option<T>> for Access<T> {
    fn from(found: Option<T>) -> Self {
        found.map_or(Self::Nobody, Self::Open)
    }
}
