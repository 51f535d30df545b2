//! The match score.

use mosaic::domain::matching::{completeness, score, weight};
use proptest::prelude::*;

use crate::config;

proptest! {
    #![proptest_config(config("tests/corpus/regressions/matching.txt"))]

    #[test]
    fn a_score_is_a_percentage_and_the_same_from_either_side(
        shared in any::<u32>(), mine in any::<u8>(), theirs in any::<u8>(),
    ) {
        let seen = score(shared, mine, theirs);
        prop_assert!(seen <= 100);
        prop_assert_eq!(seen, score(shared, theirs, mine));
    }

    #[test]
    fn more_in_common_is_never_worth_less(
        shared in any::<u32>(), more in any::<u32>(), mine in 0..=20_u8, theirs in 0..=20_u8, told in 0..=20_u8,
    ) {
        prop_assert!(score(shared, mine, theirs) <= score(shared.saturating_add(more), mine, theirs));
        prop_assert!(score(shared, mine, theirs.min(told)) <= score(shared, mine, theirs.max(told)));
        prop_assert!(shared == 0 || score(shared, mine, theirs) > score(0, mine, theirs));
    }

    #[test]
    fn a_rarer_interest_never_weighs_less(holders in any::<u64>(), more in any::<u64>(), profiles in any::<u64>()) {
        let weight_of = |holders| weight(holders, profiles);
        prop_assert!((1..=64).contains(&weight_of(holders)));
        prop_assert!(weight_of(holders) >= weight_of(holders.saturating_add(more)));
    }

    #[test]
    fn telling_more_never_counts_less(headline in any::<String>(), bio in any::<String>(), interests in 0..40_usize) {
        let told = completeness(&headline, &bio, interests);
        prop_assert!(told <= 20);
        prop_assert!(told >= completeness("", &bio, interests) && told >= completeness(&headline, "", interests));
        prop_assert!(told <= completeness(&headline, &bio, interests + 1));
    }
}
