//! `edit` prints a document after edit lines.

use std::path::PathBuf;

use tempfile::TempDir;

use crate::program::{COUNTER, Ended, run};

fn counter() -> (TempDir, PathBuf) {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("counter.json");
    std::fs::write(&file, COUNTER).unwrap();
    (place, file)
}

fn edit(lines: &str) -> Ended {
    let (_place, file) = counter();
    run(&["edit", file.to_str().unwrap(), "-"], lines)
}

#[test]
fn it_prints_the_edited_document_and_tells_what_changed() {
    let edited = edit(r#"{"upsert":{"id":"more","props":{"text":"Add"}}}"#);
    assert_eq!(edited.code, 0, "{edited:?}");
    assert_eq!(edited.json()["components"][1]["props"]["text"], "Add");
    assert_eq!(edited.told, "changed text of more\n");
}

#[test]
fn a_line_that_fails_is_told_and_the_others_stand() {
    let edited = edit("{\"remove\":\"mroe\"}\n{\"set\":{\"title\":\"Clicks\"}}");
    assert_eq!(
        (edited.code, edited.json()["title"].clone()),
        (1, "Clicks".into())
    );
    assert!(edited.told.contains("did you mean `more`?"), "{}", edited.told);
}

#[test]
fn an_edit_that_would_break_the_document_prints_none() {
    let refused = edit(r#"{"upsert":{"id":"count","props":{"content":"{{ total }}"}}}"#);
    assert_eq!((refused.code, refused.out.as_str()), (1, ""));
    assert!(
        refused.told.contains("error[expr_unknown_name]"),
        "{}",
        refused.told
    );
    assert!(
        refused.told.ends_with("nothing was changed\n"),
        "{}",
        refused.told
    );
}
