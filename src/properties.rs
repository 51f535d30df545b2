//! How properties of what is private are tried; the others are in `tests/properties`.

use proptest::test_runner::{Config, FileFailurePersistence};

/// What failed once is kept in the file, and tried first from then on.
pub fn config(regressions: &'static str) -> Config {
    let persistence = FileFailurePersistence::Direct(regressions);
    Config { failure_persistence: Some(Box::new(persistence)), ..Config::default() }
}
