//! The words of the product: people, messages, their ids, and the parsing that turns outside text
//! into them. No framework, no I/O, no clock.

mod ids;
pub mod matching;
mod message;
mod profile;

pub use ids::{ClientId, MessageId, Seq, SessionId, UserId};
pub use message::{InvalidBody, Message, MessageBody, SendMessageRequest};
pub use profile::{DisplayName, InvalidDisplayName, InvalidUsername, Profile, ScoredProfile, Username};
