//! Properties: what must hold for every input, not for examples. [`checks`] says what holds for any bytes
//! at all; they are asked about the kept inputs in `tests/corpus`, about mutations of those, and, by
//! `make fuzz`, about what a fuzzer makes of them. The other modules make inputs that mean something.
//!
//! `PROPTEST_CASES=10000` looks longer. What fails is kept: bytes as a file of the corpus, which wants a
//! name that says what is odd about it; anything else in `tests/corpus/regressions`. Both are tried again
//! in every run.
#![cfg(feature = "ssr")]

mod checks;
mod corpus;
mod cursors;
mod frames;
mod matching;
mod queries;
mod retention;
mod texts;
mod timeline;

use proptest::test_runner::{Config, FileFailurePersistence};

/// How a property is tried.
fn without_regressions() -> Config {
    let config = Config::default();
    Config { cases: 2 * config.cases, failure_persistence: None, ..config }
}

/// How a property of a subject is tried. The file keeps what failed.
fn config(regressions: &'static str) -> Config {
    let persistence = FileFailurePersistence::Direct(regressions);
    Config { failure_persistence: Some(Box::new(persistence)), ..without_regressions() }
}
