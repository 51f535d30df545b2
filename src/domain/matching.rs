//! The match score: how much two profiles have in common, 0–100, the same seen from either side.
//!
//! Integer arithmetic only, so that PostgreSQL, SQLite and this code agree to the last point:
//!
//! - An interest weighs [`weight`]: 4 when everybody has it, one more each time the share of
//!   holders halves. Rare interests say more about two people than common ones.
//! - `shared` is the sum of the weights of the interests both have. With none shared the interests
//!   give 10 points; otherwise `35 + 45 · shared / (shared + 10)`: any shared interest puts somebody
//!   above everybody who shares none, and each further one adds less than the one before.
//! - [`completeness`] (0–20 a profile) rewards profiles that say something about themselves; the
//!   two are averaged.

/// Points for what a profile tells: 7 for a headline, 7 for a bio, 2 for each interest up to 3.
#[must_use]
pub fn completeness(headline: &str, bio: &str, interests: usize) -> u8 {
    let told = |text: &str| if text.trim().is_empty() { 0 } else { 7 };
    let listed = [0, 2, 4, 6][interests.min(3)];
    told(headline) + told(bio) + listed
}

/// How much sharing an interest counts, given how many of `profiles` people hold it.
#[must_use]
pub fn weight(holders: u64, profiles: u64) -> u32 {
    let share = profiles.max(1).saturating_mul(16) / holders.max(1);
    share.max(1).ilog2().max(1)
}

/// The score of two profiles, from the weight they share and the completeness of each.
#[must_use]
pub fn score(shared: u32, mine: u8, theirs: u8) -> u8 {
    let shared = u64::from(shared);
    let overlap = if shared == 0 { 10 } else { 35 + 45 * shared / (shared + 10) };
    let told = (u64::from(mine) + u64::from(theirs)) / 2;
    u8::try_from(overlap + told).unwrap_or(100).min(100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rarer_interests_weigh_more() {
        assert_eq!([weight(12, 12), weight(6, 12), weight(3, 12)], [4, 5, 6]);
        assert!(weight(1, 100_000) > weight(5_000, 100_000));
    }

    #[test]
    fn any_shared_interest_beats_none_and_more_beats_fewer() {
        assert!(score(1, 0, 0) > score(0, 20, 20));
        assert!((1..200).all(|s| score(s, 20, 20) <= score(s + 1, 20, 20)));
        assert_eq!(score(u32::from(u16::MAX), 20, 20), 99);
        assert_eq!(score(u32::MAX, 20, 20), 99);
    }

    #[test]
    fn the_score_is_symmetric() {
        assert_eq!(score(9, 3, 20), score(9, 20, 3));
    }

    #[test]
    fn a_full_profile_tells_twenty_points() {
        assert_eq!(completeness("Poet of numbers", "I write.", 5), 20);
        assert_eq!(completeness("", " ", 0), 0);
    }
}
