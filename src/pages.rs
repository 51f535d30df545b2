//! The pages, one a module. Each reads the address, asks the server functions, and puts components
//! together; what outlives a page belongs to [`crate::app`].

#[cfg(feature = "ssr")]
pub mod account;
mod conversations;
mod login;
mod matches;
mod not_found;
mod session;
mod signup;

pub use conversations::ConversationsPage;
pub use login::LoginPage;
pub use matches::MatchesPage;
pub use not_found::NotFoundPage;
pub use session::{Session, SessionHeader, SignedIn, provide_session, use_session};
pub use signup::SignupPage;
