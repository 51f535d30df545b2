//! One check under libFuzzer: `MOSAIC_FUZZ` names the subject. Started by `make fuzz`.
#![no_main]

mod checks;

use std::sync::LazyLock;

static CHECK: LazyLock<checks::Check> = LazyLock::new(|| {
    let wanted = std::env::var("MOSAIC_FUZZ").expect("MOSAIC_FUZZ names a subject");
    let subject = checks::SUBJECTS.iter().find(|(subject, _)| *subject == wanted);
    subject.expect("MOSAIC_FUZZ names a folder of tests/corpus").1
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| CHECK(bytes));
