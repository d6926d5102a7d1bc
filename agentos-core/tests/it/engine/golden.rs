//! Recorded conversations: `tests/golden/NAME.jsonl` holds requests, `NAME.answers.jsonl` what the
//! engine answers, one line each. Every build of the engine must answer with the same bytes.
//!
//! `UPDATE_GENERATED=1 cargo test golden` writes the answers anew; read them before committing.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use agentos_core::engine::Engine;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn conversations() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(folder())
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

#[test]
fn answers_are_those_that_were_read_and_committed() {
    let conversations = conversations();
    assert!(conversations.len() >= 3, "{conversations:?}");
    for requests in conversations {
        let mut engine = Engine::default();
        let answers: String = fs::read_to_string(&requests)
            .unwrap()
            .lines()
            .map(|request| engine.call(request) + "\n")
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
}
