//! Query strings.

use mosaic::server::error::ServiceError;
use mosaic::server::input::Query;

/// What is taken is within its bounds; what is refused names its parameter.
pub fn check(text: &str) {
    let query = Query::parse(Some(text));
    match query.limit(50) {
        Ok(limit) => assert!((1..=200).contains(&limit), "{limit}"),
        Err(error) => assert_eq!(field(&error), "limit"),
    }
    for (name, min) in [("offset", 0), ("before", 1), ("after", 0)] {
        match query.number(name, min) {
            Ok(number) => {
                assert_eq!(number.is_some(), query.optional(name).is_ok_and(|text| text.is_some()));
                assert!(number.is_none_or(|number| (min..=i64::MAX.cast_unsigned()).contains(&number)));
            }
            Err(error) => assert_eq!(field(&error), name),
        }
    }
    for name in ["q", "token", "limit"] {
        if let Err(error) = query.optional(name) {
            assert_eq!(field(&error), name);
            assert!(text.matches(['&', '=']).count() > 0, "nothing is given twice in {text:?}");
        }
    }
}

/// What a refusal is about.
pub fn field(error: &ServiceError) -> &'static str {
    match error {
        ServiceError::Invalid { field, .. } => field,
        other => panic!("{other:?} names no field"),
    }
}
