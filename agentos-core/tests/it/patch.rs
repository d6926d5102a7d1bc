//! RFC 6902 patches: whole or not at all, and never beyond the bounds.

use agentos_core::spec::patch::{self, PatchError};
use agentos_core::spec::{Code, bounds};
use serde_json::{Value, json};

fn apply(document: &Value, operations: Value) -> Result<Value, PatchError> {
    let mut document = document.clone();
    patch::apply(&mut document, &patch::parse(operations)?, bounds::verify)?;
    Ok(document)
}

#[track_caller]
fn refuses(operations: Value, code: Code, says: &str) {
    let document = json!({"title": "A", "state": {"items": [1, 2], "a": {"b": {}}}});
    let issue = apply(&document, operations)
        .expect_err("the patch is refused")
        .into_issue();
    assert_eq!(issue.code, code, "{}", issue.message);
    assert!(issue.message.contains(says), "{:?} says {says:?}", issue.message);
}

#[test]
fn applies_every_operation() {
    let before = json!({"title": "A", "items": [1, 2, 3], "old": true});
    let after = apply(
        &before,
        json!([
            {"op": "test", "path": "/title", "value": "A"},
            {"op": "replace", "path": "/title", "value": "B"},
            {"op": "add", "path": "/items/-", "value": 4},
            {"op": "move", "from": "/items/0", "path": "/items/2"},
            {"op": "copy", "from": "/items", "path": "/copied"},
            {"op": "remove", "path": "/old"},
        ]),
    );
    assert_eq!(
        after.unwrap(),
        json!({"title": "B", "items": [2, 3, 1, 4], "copied": [2, 3, 1, 4]})
    );
}

#[test]
fn changes_nothing_when_one_operation_fails() {
    let mut document = json!({"title": "A"});
    let operations = json!([
        {"op": "replace", "path": "/title", "value": "B"},
        {"op": "remove", "path": "/missing"},
    ]);
    let failure = patch::apply(&mut document, &patch::parse(operations).unwrap(), bounds::verify);
    assert!(
        matches!(&failure, Err(PatchError::Failed { operation: 1, path, .. }) if path == "/missing"),
        "{failure:?}"
    );
    assert_eq!(document, json!({"title": "A"}));
}

#[test]
fn refuses_what_is_no_patch() {
    refuses(json!({"op": "add"}), Code::EditFailed, "not a list");
    refuses(json!([{"op": "grow", "path": "/a"}]), Code::EditFailed, "grow");
    refuses(
        json!([{"op": "add", "path": "no-slash", "value": 1}]),
        Code::EditFailed,
        "not a list",
    );
    refuses(
        json!([{"op": "replace", "path": "/state/items/7", "value": 1}]),
        Code::EditFailed,
        "/state/items/7",
    );
    refuses(
        json!([{"op": "test", "path": "/title", "value": "Z"}]),
        Code::EditFailed,
        "did not match",
    );
}

#[test]
fn refuses_prototype_names_in_every_path() {
    refuses(
        json!([{"op": "add", "path": "/state/__proto__", "value": 1}]),
        Code::PathForbidden,
        "__proto__",
    );
    refuses(
        json!([{"op": "remove", "path": "/constructor/x"}]),
        Code::PathForbidden,
        "constructor",
    );
    refuses(
        json!([{"op": "move", "from": "/state/prototype", "path": "/a"}]),
        Code::PathForbidden,
        "prototype",
    );
    refuses(
        json!([{"op": "copy", "from": "/title", "path": "/state/__proto__"}]),
        Code::PathForbidden,
        "__proto__",
    );
}

#[test]
fn keeps_the_bounds() {
    let long = "x".repeat(600 * 1024);
    refuses(
        json!([{"op": "add", "path": "/title", "value": long}]),
        Code::TooLarge,
        "bytes",
    );
    let doubling: Vec<Value> = (0..64)
        .map(|round| json!({"op": "copy", "from": "/state", "path": format!("/state/c{round}")}))
        .collect();
    refuses(json!(doubling), Code::TooLarge, "copies and moves");
    let deepening: Vec<Value> = (0..64)
        .flat_map(|_| {
            [
                json!({"op": "move", "from": "/state/a", "path": "/state/moved"}),
                json!({"op": "add", "path": "/state/a", "value": {"b": {}}}),
                json!({"op": "move", "from": "/state/moved", "path": "/state/a/b/c"}),
            ]
        })
        .collect();
    refuses(json!(deepening), Code::TooDeep, "64 levels");
}

#[test]
fn a_difference_leads_from_one_document_to_the_other() {
    let before = json!({"title": "A", "components": [{"type": "text"}, {"type": "button"}], "x": 1});
    let after = json!({"title": "B", "components": [{"type": "button"}], "state": {"a": [1]}});
    let mut patched = before.clone();
    patch::apply(&mut patched, &patch::diff(&before, &after), bounds::verify).unwrap();
    assert_eq!(patched, after);
    assert!(patch::diff(&before, &before).is_empty());
}
