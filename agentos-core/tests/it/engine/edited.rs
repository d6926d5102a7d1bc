//! An open app gets an edited document: what stays of its state, and how it goes on.

use agentos_core::runtime::carried;
use agentos_core::spec::patch;
use agentos_core::value::{Map, map_from_json, map_to_json};
use serde_json::{Value, json};

use super::screen::Screen;

fn counter(text: &str) -> Value {
    json!({
        "type": "app", "title": "Counter", "state": { "n": 0 },
        "components": [
            { "type": "text", "id": "shown", "props": { "content": "{{ n }}" } },
            { "type": "button", "id": "more", "props": { "text": text },
              "on_event": { "click": { "tool": "ui.increment", "args": { "path": "n" } } } }
        ]
    })
}

#[test]
fn a_state_is_carried_over_where_it_fits() {
    fn map(value: &Value) -> Map {
        map_from_json(value.as_object().expect("an object"))
    }
    #[track_caller]
    fn carries(before: Value, after: Value, state: Value, expected: Value) {
        let kept = carried(&map(&before), &map(&after), &map(&state));
        assert_eq!(
            Value::Object(map_to_json(&kept)),
            expected,
            "{before} → {after} with {state}"
        );
    }
    // Untouched by the edit, or declared nowhere: it stays.
    carries(json!({"a": 0}), json!({"a": 0}), json!({"a": 5}), json!({"a": 5}));
    carries(
        json!({"a": ""}),
        json!({"a": ""}),
        json!({"a": null}),
        json!({"a": null}),
    );
    carries(json!({}), json!({}), json!({"made": [1]}), json!({"made": [1]}));
    // New, gone.
    carries(json!({}), json!({"b": "x"}), json!({}), json!({"b": "x"}));
    carries(json!({"a": 0}), json!({}), json!({"a": 5}), json!({}));
    // Another initial value: what a person entered stays, what nobody touched follows.
    carries(json!({"a": 0}), json!({"a": 9}), json!({"a": 5}), json!({"a": 5}));
    carries(json!({"a": 0}), json!({"a": 9}), json!({"a": 0}), json!({"a": 9}));
    carries(
        json!({"a": []}),
        json!({"a": ["x"]}),
        json!({"a": [1]}),
        json!({"a": [1]}),
    );
    // Another kind: the new initial value, unless there was none.
    carries(
        json!({"a": 0}),
        json!({"a": "x"}),
        json!({"a": 5}),
        json!({"a": "x"}),
    );
    carries(
        json!({"a": 0}),
        json!({"a": 1.5}),
        json!({"a": 5}),
        json!({"a": 5}),
    );
    carries(
        json!({"a": []}),
        json!({"a": {}}),
        json!({"a": [1]}),
        json!({"a": {}}),
    );
    carries(
        json!({"a": 0}),
        json!({"a": null}),
        json!({"a": 5}),
        json!({"a": 5}),
    );
    carries(json!({}), json!({"a": true}), json!({"a": 1}), json!({"a": true}));
    // Within an object, path by path.
    carries(
        json!({"v": {"a": 0, "b": "", "c": 1}}),
        json!({"v": {"a": 0, "b": [], "d": 2}}),
        json!({"v": {"a": 5, "b": "x", "c": 3, "made": 1}}),
        json!({"v": {"a": 5, "b": [], "d": 2, "made": 1}}),
    );
}

#[test]
fn an_open_app_goes_on_under_the_edited_document() {
    let mut screen = Screen::open(counter("More"));
    screen.click("more");
    screen.click("more");
    let mut edited = counter("Add one");
    edited["state"]["note"] = json!("");
    let answer = screen.ask(json!({"op": "replace", "spec": edited, "now": screen.now}));
    assert_eq!(answer["state"], json!({"n": 2, "note": ""}));
    assert_eq!(
        answer["state_patch"],
        json!([{"op": "add", "path": "/note", "value": ""}])
    );
    let patch = patch::parse(answer["state_patch"].clone()).unwrap();
    patch::apply(&mut screen.state, &patch, |_| Ok(())).unwrap();
    let button = answer["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|node| node["id"] == "more")
        .unwrap();
    assert_eq!(button["props"]["text"], "Add one");

    let turn = screen
        .ask(json!({"op": "dispatch", "event": {"component": "more", "kind": "click"}, "now": screen.now}));
    assert_eq!(
        turn["state_patch"],
        json!([{"op": "replace", "path": "/n", "value": 3}])
    );
}

#[test]
fn an_answer_to_the_earlier_document_finds_nobody() {
    let mut spec = counter("More");
    spec["components"][1]["on_event"]["click"] = json!([
        {"tool": "system.confirm", "args": {"message": "Sure?"}},
        {"tool": "ui.increment", "args": {"path": "n"}}
    ]);
    let mut screen = Screen::open(spec.clone());
    screen.click("more");
    let asked = screen.effects[0]["id"].clone();
    screen.ask(json!({"op": "replace", "spec": spec, "now": screen.now}));
    let turn = screen.ask(json!({"op": "resolve", "effect": asked, "ok": true, "now": screen.now}));
    assert_eq!(turn["state_patch"], json!([]));
    let turn = screen
        .ask(json!({"op": "dispatch", "event": {"component": "more", "kind": "click"}, "now": screen.now}));
    assert_ne!(turn["effects"][0]["id"], asked);
}

#[test]
fn a_document_that_cannot_be_opened_leaves_the_app_as_it_is() {
    let mut screen = Screen::open(counter("More"));
    let refused = screen.call(&json!({"op": "replace", "app": "app", "spec": 7, "now": screen.now}));
    assert_eq!(refused["code"], "spec_invalid", "{refused}");
    let unknown =
        screen.call(&json!({"op": "replace", "app": "other", "spec": counter("x"), "now": screen.now}));
    assert!(unknown["error"].is_string(), "{unknown}");
    screen.click("more");
    assert_eq!(screen.state, json!({"n": 1}));
}
