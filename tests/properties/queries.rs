//! Query strings: what was put in comes out, however it was escaped.

use mosaic::server::input::Query;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::checks::queries::{check, field};
use crate::config;

/// Every byte escaped that was drawn to be, and all that must be.
fn escaped(text: &str, needlessly: &[bool]) -> String {
    let also = needlessly.iter().copied().chain(std::iter::repeat(false));
    let byte = |(byte, also): (u8, bool)| {
        if byte.is_ascii_alphanumeric() && !also {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02x}")
        }
    };
    text.bytes().zip(also).map(byte).collect()
}

proptest! {
    #![proptest_config(config("tests/corpus/regressions/queries.txt"))]

    #[test]
    fn a_value_comes_out_as_it_was_put_in(value in any::<String>(), other in any::<String>(), needlessly in any::<[bool; 8]>()) {
        let other = escaped(&other, &[]);
        let text = format!("x={other}&{}={}&y", escaped("q", &needlessly), escaped(&value, &needlessly));
        let query = Query::parse(Some(&text));
        prop_assert_eq!(query.optional("q").ok(), Some(Some(value.as_str())));
        check(&text);
    }

    #[test]
    fn what_is_given_twice_is_refused(values in vec("[a-z0-9]{0,3}", 2..5)) {
        let text = values.iter().map(|value| format!("limit={value}")).collect::<Vec<_>>().join("&");
        let query = Query::parse(Some(&text));
        prop_assert_eq!(query.optional("limit").map_err(|error| field(&error)), Err("limit"));
        prop_assert_eq!(query.limit(50).map_err(|error| field(&error)), Err("limit"));
    }

    #[test]
    fn a_limit_is_taken_within_its_bounds(number in prop_oneof![0..=202_u64, any::<u64>()]) {
        let taken = Query::parse(Some(&format!("limit={number}"))).limit(50).ok();
        let expected = u32::try_from(number).ok().filter(|number| (1..=200).contains(number));
        prop_assert_eq!(taken, expected);
    }

    #[test]
    fn parameters_in_any_number(text in "((limit|offset|before|after|q|token|%6cimit)?=?[-+0-9a-f%&=; ]{0,6}&?){0,6}") {
        check(&text);
    }
}
