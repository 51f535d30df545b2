//! The words of the product: people, messages, their ids, and the parsing that turns outside text
//! into them. No framework, no I/O, no clock.

mod contact;
mod ids;
mod locale;
pub mod matching;
mod message;
mod preferences;
mod profile;

pub use contact::{Contact, ContactChange};
pub use ids::{ClientId, MessageId, Seq, SessionId, UserId};
pub use locale::Locale;
pub use message::{InvalidBody, Message, MessageBody, SendMessageRequest};
pub use preferences::{Preferences, Theme};
pub use profile::{DisplayName, InvalidDisplayName, InvalidUsername, Profile, ScoredProfile, Username};
