//! Recorded conversations: `tests/golden/NAME.jsonl` holds requests, `NAME.answers.jsonl` what the
//! engine answers, one line each. Every build of the engine must answer with the same bytes, and a
//! runner must answer as the whole engine does; only those in `whole` are of the engine alone.
//!
//! `UPDATE_GENERATED=1 cargo test golden` writes the answers anew; read them before committing.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use agentos_core::engine::{Engine, Runner};
use agentos_core::spec::Catalog;

fn conversations(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut found: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let name = path.file_stem().and_then(OsStr::to_str).unwrap_or_default();
            path.extension() == Some(OsStr::new("jsonl")) && !name.ends_with(".answers")
        })
        .collect();
    found.sort();
    found
}

#[track_caller]
fn answers_as_committed(requests: &Path, mut call: impl FnMut(&str) -> String) {
    let answers: String = fs::read_to_string(requests)
        .unwrap()
        .lines()
        .map(|request| call(request) + "\n")
        .collect();
    let expected = requests.with_extension("answers.jsonl");
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        fs::write(&expected, &answers).unwrap();
    }
    let committed = fs::read_to_string(&expected).unwrap_or_default();
    for (number, (answer, committed)) in answers.lines().zip(committed.lines()).enumerate() {
        assert_eq!(answer, committed, "{} line {}", requests.display(), number + 1);
    }
    assert_eq!(
        answers.lines().count(),
        committed.lines().count(),
        "{}",
        expected.display()
    );
}

#[test]
fn answers_are_those_that_were_read_and_committed() {
    let of_both = conversations("tests/golden");
    assert!(of_both.len() >= 3, "{of_both:?}");
    for requests in of_both.into_iter().chain(conversations("tests/golden/whole")) {
        let mut engine = Engine::default();
        answers_as_committed(&requests, |request| engine.call(request));
    }
}

#[test]
fn a_runner_with_a_catalog_without_prose_answers_the_same() {
    let catalog = Catalog::read_lean(&Catalog::builtin().lean()).unwrap();
    let catalog = Arc::new(catalog);
    for requests in conversations("tests/golden") {
        let mut runner = Runner::new(catalog.clone());
        answers_as_committed(&requests, |request| runner.call(request));
    }
}
