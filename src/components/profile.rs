//! People: one of a list, and one in full.

mod match_item;
mod profile_card;

pub use match_item::MatchItem;
pub use profile_card::ProfileCard;
