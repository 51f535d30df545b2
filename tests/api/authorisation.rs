//! The authorisation matrix: every route and every frame, for whoever may come with it.
//!
//! Two people have a conversation that is nobody else's. Each row of `rows` (HTTP) and of `frames` (the
//! socket) is asked by five people: one of the two, the other, a stranger who has an account, somebody
//! without a log-in, and somebody whose log-in has ended. A cell says what that person gets. What is refused
//! has changed nothing and tells nothing; and whatever a stranger may do shows and changes nothing of what
//! the two have. A route or frame without a row fails.

mod cast;
mod frames;
mod routes;
pub mod rows;
