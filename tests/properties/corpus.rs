//! The kept inputs, as they are and mutated, through the check of their subject.

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{TestError, TestRunner};

use crate::checks::SUBJECTS;
use crate::without_regressions;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

/// The inputs kept for a subject, by file.
fn inputs(subject: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let files = fs::read_dir(corpus().join(subject)).expect("every subject has a folder");
    let paths = files.map(|file| file.expect("a file").path());
    let mut inputs: Vec<_> =
        paths.map(|path| (path.clone(), fs::read(&path).expect("it can be read"))).collect();
    inputs.sort();
    inputs
}

#[test]
fn every_kept_input_holds() {
    let mut failed = Vec::new();
    for (subject, check) in SUBJECTS {
        let inputs = inputs(subject);
        assert!(inputs.len() >= 5, "hardly anything is kept for {subject}");
        let fails = |bytes: &[u8]| catch_unwind(|| check(bytes)).is_err();
        failed.extend(inputs.into_iter().filter(|(_, bytes)| fails(bytes)).map(|(path, _)| path));
    }
    assert!(failed.is_empty(), "these inputs do not hold, see above: {failed:#?}");
}

#[test]
fn every_folder_is_somebodys() {
    for folder in fs::read_dir(corpus()).expect("the corpus") {
        let name = folder.expect("an entry").file_name().into_string().expect("a plain name");
        let is_known = SUBJECTS.iter().any(|(subject, _)| *subject == name);
        assert!(is_known || matches!(name.as_str(), "regressions" | "README.md"), "nobody replays {name}");
    }
}

/// One change of an input, as fuzzers make them.
#[derive(Clone, Debug)]
enum Change {
    Put(Index, Vec<u8>),
    Cut(Index, Index),
    Repeat(Index, Index, u8),
    Flip(Index, u8),
}

fn change() -> impl Strategy<Value = Change> {
    let words: Vec<Vec<u8>> = [
        "\0",
        "\"",
        "\\",
        "\\ud800",
        "null",
        "-1",
        "1e400",
        "18446744073709551615",
        "18446744073709551616",
        "{",
        "[",
        "}",
        "]",
        ":",
        ",",
        "&",
        "=",
        "%",
        "%00",
        "+",
        ";",
        ".",
        "@",
        "/",
        "\u{feff}",
        "\u{202e}",
        "\u{200b}",
        "\u{3000}",
        "\u{10ffff}",
        "İ",
        "ß",
        "true",
        "\"type\":\"send\",",
        "\"seq\":",
        "00000000-0000-0000-0000-000000000002",
    ]
    .iter()
    .map(|word| word.as_bytes().to_vec())
    .chain([b"\xff".to_vec(), b"\xc0\x80".to_vec(), b"\xed\xa0\x80".to_vec()])
    .collect();
    let bytes = prop_oneof![select(words), vec(any::<u8>(), 1..8)];
    prop_oneof![
        (any::<Index>(), bytes).prop_map(|(at, bytes)| Change::Put(at, bytes)),
        any::<(Index, Index)>().prop_map(|(from, to)| Change::Cut(from, to)),
        any::<(Index, Index, u8)>().prop_map(|(from, to, times)| Change::Repeat(from, to, times)),
        any::<(Index, u8)>().prop_map(|(at, bits)| Change::Flip(at, bits)),
    ]
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let place = |index: &Index| index.index(bytes.len() + 1);
        let range = |a: &Index, b: &Index| place(a).min(place(b))..place(a).max(place(b));
        match self {
            Self::Put(at, more) => {
                let at = place(at);
                bytes.splice(at..at, more.iter().copied());
            }
            Self::Cut(from, to) => {
                bytes.drain(range(from, to));
            }
            Self::Repeat(from, to, times) => {
                let range = range(from, to);
                let part = bytes[range.clone()].repeat(usize::from(times % 8));
                bytes.splice(range, part);
            }
            Self::Flip(at, bits) => {
                if let Some(byte) = place(at).checked_sub(1).and_then(|at| bytes.get_mut(at)) {
                    *byte ^= bits;
                }
            }
        }
    }
}

/// Bytes of no meaning, or a kept input with a few changes.
fn mutated(subject: &str) -> impl Strategy<Value = Vec<u8>> {
    let kept: Vec<_> =
        inputs(subject).into_iter().map(|(_, bytes)| bytes).filter(|it| it.len() < 4096).collect();
    let changed = (select(kept), vec(change(), 0..6)).prop_map(|(mut bytes, changes)| {
        changes.iter().for_each(|change| change.apply(&mut bytes));
        bytes
    });
    prop_oneof![1 => vec(any::<u8>(), 0..400), 1 => any::<String>().prop_map(String::into_bytes), 6 => changed]
}

#[test]
fn everything_like_the_kept_inputs_holds() {
    for (subject, check) in SUBJECTS {
        let result = TestRunner::new(without_regressions()).run(&mutated(subject), |bytes| {
            check(&bytes);
            Ok(())
        });
        // What fails joins the corpus, as small as it can be made.
        if let Err(TestError::Fail(reason, bytes)) = &result {
            let path = corpus().join(subject).join("found.bin");
            fs::write(&path, bytes).expect("it can be kept");
            panic!("{}: {reason}", path.display());
        }
        result.unwrap_or_else(|failure| panic!("{subject}: {failure}"));
    }
}
