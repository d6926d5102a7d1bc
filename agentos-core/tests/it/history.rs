//! The edits of a document: stored, undone, redone, compared, bounded.

use agentos_core::spec::history::{History, HistoryError, Step, changes};
use agentos_core::spec::{Catalog, Code, limits, patch};
use proptest::prelude::*;
use serde_json::{Value, json};

fn todo() -> Value {
    json!({
        "type": "app", "title": "Todo", "state": { "items": [], "draft": "" },
        "components": [
            { "type": "input", "id": "field", "props": { "value": { "$bind": "draft" }, "label": "New" } },
            { "type": "container", "id": "row", "children": [
                { "type": "button", "id": "clear", "props": { "text": "Clear", "variant": "primary" },
                  "on_event": { "click": { "tool": "ui.set_state", "args": { "path": "items", "value": [] } } } },
                { "type": "text", "id": "count", "props": { "content": "{{ items | length }}" } }
            ]}
        ]
    })
}

fn edit(history: &mut History, document: &Value, lines: &str) -> Result<Step, HistoryError> {
    history.edit(document, lines, "asked", 7, Catalog::builtin())
}

#[test]
fn an_edit_is_one_patch_with_its_inverse_time_and_text() {
    let mut history = History::default();
    let document = todo();
    let lines = r#"{"upsert":{"id":"clear","props":{"text":"Clear done"}}}
{"upsert":{"id":"prio","type":"text","props":{"content":"!"}},"into":"row","at":"after:clear"}"#;
    let step = edit(&mut history, &document, lines).unwrap();
    let mut patched = document.clone();
    patch::apply(&mut patched, &step.patch, |_| Ok(())).unwrap();
    assert_eq!(patched.to_string(), step.document.to_string());
    let (version, entry) = history.entries().next().unwrap();
    assert_eq!((version, entry.text.as_str(), entry.at), (2, "asked", 7));
    assert_eq!(entry.changes, ["changed text of clear", "added text prio"]);
    assert_eq!(
        history.undo(&step.document).unwrap().document.to_string(),
        document.to_string()
    );
}

#[test]
fn a_line_that_fails_is_told_and_skipped_and_the_others_stand() {
    let mut history = History::default();
    let lines = "{\"remove\":\"nobody\"}\n{\"set\":{\"title\":\"Tasks\"}}";
    let step = edit(&mut history, &todo(), lines).unwrap();
    assert_eq!(step.document["title"], "Tasks");
    assert_eq!(
        step.issues
            .iter()
            .filter(|issue| issue.code == Code::EditFailed)
            .count(),
        1
    );
}

#[test]
fn an_edit_that_is_refused_changes_nothing() {
    for (lines, code) in [
        (r#"{"remove":"nobody"}"#, Code::EditFailed),
        ("no line at all", Code::EditFailed),
        (r#"{"set":{"title":"Todo"}}"#, Code::EditFailed),
        (
            r#"{"upsert":{"id":"count","props":{"content":"{{ nothing_here }}"}}}"#,
            Code::ExprUnknownName,
        ),
        (
            r#"{"upsert":{"id":"clear","on_event":{"click":"no_such_action"}}}"#,
            Code::ActionUnknown,
        ),
    ] {
        let mut history = History::default();
        let refused = edit(&mut history, &todo(), lines);
        let Err(HistoryError::Refused(issues)) = refused else {
            panic!("{lines}: {refused:?}");
        };
        assert!(
            issues.iter().any(|issue| issue.code == code),
            "{lines}: {issues:?}"
        );
        assert_eq!(history, History::default(), "{lines}");
    }
}

#[test]
fn a_fault_that_was_there_before_does_not_keep_an_edit_out() {
    let mut broken = todo();
    broken["components"][1]["children"][1]["props"]["content"] = json!("{{ nothing_here }}");
    let step = edit(&mut History::default(), &broken, r#"{"set":{"title":"Tasks"}}"#).unwrap();
    assert!(
        step.issues
            .iter()
            .any(|issue| issue.code == Code::ExprUnknownName),
        "{:?}",
        step.issues
    );
}

#[test]
fn a_whole_document_is_an_edit_too() {
    let mut history = History::default();
    let mut other = todo();
    other["title"] = json!("Other");
    let step = edit(&mut history, &todo(), &other.to_string()).unwrap();
    assert_eq!(step.document["title"], "Other");
    assert_eq!(history.version(), 2);
}

#[test]
fn an_edit_after_an_undo_cuts_what_was_undone() {
    let mut history = History::default();
    let one = edit(&mut history, &todo(), r#"{"set":{"title":"One"}}"#)
        .unwrap()
        .document;
    let two = edit(&mut history, &one, r#"{"set":{"title":"Two"}}"#)
        .unwrap()
        .document;
    let back = history.undo(&two).unwrap().document;
    assert_eq!(
        (back["title"].as_str(), history.version(), history.versions()),
        (Some("One"), 2, (1, 3))
    );
    let three = edit(&mut history, &back, r#"{"set":{"title":"Three"}}"#)
        .unwrap()
        .document;
    assert_eq!((history.version(), history.versions()), (3, (1, 3)));
    assert!(matches!(history.redo(&three), Err(HistoryError::NothingToRedo)));
    assert_eq!(
        history.document_at(&three, 1).unwrap().to_string(),
        todo().to_string()
    );
}

#[test]
fn there_is_an_end_on_both_sides() {
    let mut history = History::default();
    assert!(matches!(history.undo(&todo()), Err(HistoryError::NothingToUndo)));
    assert!(matches!(history.redo(&todo()), Err(HistoryError::NothingToRedo)));
    for version in [0, 2] {
        let refused = history.difference(&todo(), 1, version);
        assert!(
            matches!(
                refused,
                Err(HistoryError::NoSuchVersion {
                    first: 1,
                    last: 1,
                    ..
                })
            ),
            "{refused:?}"
        );
    }
}

#[test]
fn the_oldest_edits_are_forgotten_beyond_the_bounds() {
    let mut history = History::default();
    let mut document = todo();
    for count in 0..limits::HISTORY_ENTRIES + 3 {
        let lines = json!({ "set": { "title": format!("Title {count}") } }).to_string();
        document = edit(&mut history, &document, &lines).unwrap().document;
    }
    assert_eq!(history.entries().count(), limits::HISTORY_ENTRIES);
    assert_eq!(history.versions(), (4, 4 + limits::HISTORY_ENTRIES as u64));
    assert_eq!(history.document_at(&document, 4).unwrap()["title"], "Title 2");

    let mut history = History::default();
    let mut document = todo();
    for count in 0..8 {
        let long = format!("{count}").repeat(400 * 1024);
        document = edit(
            &mut history,
            &document,
            &json!({ "state": { "draft": long } }).to_string(),
        )
        .unwrap()
        .document;
    }
    let kept = history.entries().count();
    assert!((1..8).contains(&kept), "{kept}");
    assert!(serde_json::to_string(&history).unwrap().len() <= limits::HISTORY_BYTES + 16 * 1024);
    assert_eq!(history.version(), 9);
}

#[test]
fn what_is_kept_in_words_is_bounded() {
    let mut history = History::default();
    let state: serde_json::Map<String, Value> = (0..limits::HISTORY_CHANGES + 5)
        .map(|number| (format!("key{number}"), json!(1)))
        .collect();
    let lines = json!({ "state": state }).to_string();
    history
        .edit(&todo(), &lines, &"long ".repeat(1_000), 0, Catalog::builtin())
        .unwrap();
    let (_, entry) = history.entries().next().unwrap();
    assert_eq!(entry.changes.len(), limits::HISTORY_CHANGES + 1);
    assert_eq!(entry.changes.last().unwrap(), "and 5 more");
    assert_eq!(entry.text.chars().count(), limits::HISTORY_TEXT_CHARS);
}

#[test]
fn a_difference_is_told_in_words() {
    #[track_caller]
    fn tells(lines: &str, expected: &[&str]) {
        let step = edit(&mut History::default(), &todo(), lines).unwrap();
        assert_eq!(changes(&todo(), &step.document), expected, "{lines}");
    }
    tells(r#"{"set":{"title":"Tasks"}}"#, &["changed title to \"Tasks\""]);
    tells(r#"{"set":{"layout":"horizontal"}}"#, &["added layout of the app"]);
    tells(
        r#"{"set":{"computed":{"left":"items | length"}}}"#,
        &["added computed left"],
    );
    tells(
        r#"{"state":{"draft":"x","filter":"all"}}"#,
        &["changed state draft", "added state filter"],
    );
    tells(
        r#"{"upsert":{"id":"clear","props":{"variant":null}}}"#,
        &["removed variant of clear"],
    );
    tells(
        r#"{"upsert":{"id":"count","visible":"items"}}"#,
        &["added visible of count"],
    );
    tells(r#"{"remove":"count"}"#, &["removed text count"]);
    tells(
        r#"{"upsert":{"id":"count"},"into":"root","at":"first"}"#,
        &["moved count into the app"],
    );
    tells(
        r#"{"upsert":{"id":"count"},"at":"before:clear"}"#,
        &["changed the order of components"],
    );
    tells(
        r#"{"upsert":{"id":"clear","on_event":{"click":{"tool":"ui.set_state","args":{"path":"draft","value":""}}}}}"#,
        &["changed click of clear"],
    );
}

fn line() -> impl Strategy<Value = String> {
    let id = prop_oneof![
        Just("field"),
        Just("row"),
        Just("clear"),
        Just("count"),
        Just("new"),
        Just("other")
    ];
    prop_oneof![
        (id.clone(), "[a-c]{1,3}").prop_map(|(id, text)| json!({"upsert": {"id": id, "a11y": {"label": text}}})),
        (id.clone(), "[a-c]{1,3}", id.clone())
            .prop_map(|(id, text, at)| json!({"upsert": {"id": id, "type": "text", "props": {"content": text}}, "at": format!("before:{at}")})),
        (id.clone(), id.clone()).prop_map(|(id, into)| json!({"upsert": {"id": id}, "into": into, "at": "first"})),
        id.prop_map(|id| json!({"remove": id})),
        "[a-c]{1,3}".prop_map(|title| json!({"set": {"title": title}})),
        ("[a-c]", prop_oneof![Just(json!(0.0)), Just(json!(-0.0)), Just(json!(0)), Just(json!({"b": 1, "a": 2})), Just(json!({"a": 2, "b": 1}))])
            .prop_map(|(name, value)| json!({"state": {name: value}})),
        "[a-c]".prop_map(|name| json!({"set": {"computed": {name: "draft"}}})),
        Just(json!({"set": {"computed": null}})),
    ]
    .prop_map(|line| line.to_string())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn n_edits_n_undos_and_n_redos_end_at_the_same_bytes(edits in prop::collection::vec(line(), 1..12)) {
        let mut history = History::default();
        let mut documents = vec![todo()];
        for lines in edits {
            if let Ok(step) = edit(&mut history, &documents[documents.len() - 1], &lines) {
                documents.push(step.document);
            }
        }
        let written: Vec<String> = documents.iter().map(Value::to_string).collect();
        let mut document = documents[documents.len() - 1].clone();
        for before in written.iter().rev().skip(1) {
            document = history.undo(&document).unwrap().document;
            prop_assert_eq!(&document.to_string(), before);
        }
        for after in written.iter().skip(1) {
            document = history.redo(&document).unwrap().document;
            prop_assert_eq!(&document.to_string(), after);
        }
        let kept: History = serde_json::from_str(&serde_json::to_string(&history).unwrap()).unwrap();
        prop_assert_eq!(kept, history);
    }
}
