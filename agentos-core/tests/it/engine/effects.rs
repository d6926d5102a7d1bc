//! Effects: what only the host can do is resolved exactly once, whatever happens.

use serde_json::{Value, json};

use super::screen::Screen;

pub(super) fn app() -> Value {
    json!({
        "type": "app", "title": "Effects", "state": {"got": null, "fault": null, "log": [], "n": 0, "rows": [{"id": "a"}, {"id": "b"}]},
        "components": [
            {"type": "button", "id": "load", "props": {"text": "Load"},
             "on_event": {"click": {"tool": "storage.get", "args": {"key": "k"}, "into": "got",
                "then": {"tool": "ui.append", "args": {"path": "log", "value": "loaded"}},
                "catch": {"tool": "ui.set_state", "args": {"path": "fault", "value": "{{ error.code }}"}}}}},
            {"type": "button", "id": "bare", "props": {"text": "Bare"}, "on_event": {"click": [{"tool": "storage.get", "args": {"key": "k"}}, {"tool": "ui.append", "args": {"path": "log", "value": "after"}}]}},
            {"type": "button", "id": "later", "props": {"text": "Later"},
             "on_event": {"click": [{"tool": "storage.get", "args": {"key": "k"}}, {"tool": "ui.append", "args": {"path": "log", "value": "{{ n }} {{ result }}"}}]}},
            {"type": "button", "id": "inc", "props": {"text": "+"}, "on_event": {"click": {"tool": "ui.increment", "args": {"path": "n"}}}},
            {"type": "list", "id": "rows", "each": {"in": "rows", "as": "r"}, "children": [
                {"type": "button", "id": "row", "props": {"text": "{{ r.id }}"},
                 "on_event": {"click": {"tool": "storage.get", "args": {"key": "{{ r.id }}"}}}}]},
        ]
    })
}

#[test]
fn a_result_goes_where_it_was_asked_to() {
    let mut screen = Screen::open(app());
    screen.click("load");
    let effect = screen.effect("storage.get");
    assert_eq!(effect["runs"], "service");
    assert_eq!(effect["args"], json!({"key": "k"}));
    assert!(effect["deadline_ms"].as_f64().unwrap() >= screen.now + 65_000.0);
    assert_eq!(screen.node("load")["pending"], true);
    assert_eq!(screen.turn["wake_at"], effect["deadline_ms"]);
    screen.succeed("storage.get", json!({"a": [1]}));
    assert_eq!(screen.state["got"], json!({"a": [1]}));
    assert_eq!(screen.state["log"], json!(["loaded"]));
    assert_eq!(screen.node("load").get("pending"), None);
    assert_eq!(screen.turn.get("wake_at"), None);
}

#[test]
fn an_error_is_caught_or_told() {
    let mut screen = Screen::open(app());
    screen.click("load");
    screen.fail("storage.get", "unavailable");
    assert_eq!(screen.state["fault"], "unavailable");
    assert_eq!(screen.issues(), [] as [&str; 0]);
    screen.click("bare");
    screen.fail("storage.get", "denied");
    assert_eq!(screen.issues(), ["tool_failed"]);
    assert_eq!(screen.state["log"], json!([]), "the sequence stopped");
}

#[test]
fn a_second_answer_and_an_unknown_effect_change_nothing() {
    let mut screen = Screen::open(app());
    screen.click("load");
    let id = screen.effect("storage.get")["id"].clone();
    screen.succeed("storage.get", json!(1));
    for effect in [id, json!(999_999)] {
        screen.play(json!({"op": "resolve", "effect": effect, "ok": 2}));
        assert_eq!(screen.changed(), [] as [&str; 0]);
        assert_eq!(screen.turn["state_patch"], json!([]));
    }
    assert_eq!(screen.state["got"], 1);
    assert_eq!(screen.state["log"], json!(["loaded"]));
}

#[test]
fn an_effect_nobody_resolves_ends_at_its_deadline() {
    let mut screen = Screen::open(app());
    screen.click("load");
    let effect = screen.effect("storage.get");
    let wait = effect["deadline_ms"].as_f64().unwrap() - screen.now;
    screen.pass(wait - 1.0);
    assert_eq!(screen.state["fault"], Value::Null);
    screen.pass(1.0);
    assert_eq!(screen.state["fault"], "deadline_exceeded");
    assert_eq!(screen.node("load").get("pending"), None);
    screen.play(json!({"op": "resolve", "effect": effect["id"], "ok": 1}));
    assert_eq!(screen.state["got"], Value::Null, "too late");
}

#[test]
fn closing_cancels_what_waits() {
    let mut screen = Screen::open(app());
    screen.click("load");
    let now = screen.now;
    let closing = screen.ask(json!({"op": "close", "now": now}));
    assert!(
        closing["state_patch"].to_string().contains("cancelled"),
        "{closing}"
    );
    assert_eq!(closing["issues"], json!([]));
    let after = screen.call(&json!({"op": "view", "app": "app"}));
    assert!(after["error"].is_string() && after["code"].is_string(), "{after}");
}

#[test]
fn a_run_resumes_on_the_state_of_then() {
    let mut screen = Screen::open(app());
    screen.click("later");
    screen.click("inc");
    screen.click("inc");
    assert_eq!(screen.state["n"], 2, "other controls work while one waits");
    screen.succeed("storage.get", json!("x"));
    assert_eq!(screen.state["log"], json!(["2 x"]));
}

#[test]
fn a_control_is_ignored_while_its_own_run_waits() {
    let mut screen = Screen::open(app());
    screen.click("load");
    screen.click("load");
    assert_eq!(screen.turn["effects"], json!([]));
    assert_eq!(screen.effects.len(), 1);
    screen.succeed("storage.get", json!(1));
    screen.click("load");
    assert_eq!(screen.effects.len(), 1);
}

#[test]
fn rows_wait_apart_from_each_other() {
    let mut screen = Screen::open(app());
    screen.click("row@a");
    assert_eq!(screen.node("row@a")["pending"], true);
    assert_eq!(screen.node("row@b").get("pending"), None);
    screen.click("row@b");
    assert_eq!(screen.effects.len(), 2);
    assert_eq!(screen.effects[1]["args"]["key"], "b");
}

#[test]
fn more_runs_than_may_wait_fail_busy() {
    let rows: Value = (0..40).map(|n| json!({"id": format!("{n}")})).collect();
    let mut document = app();
    document["state"]["rows"] = rows;
    let mut screen = Screen::open(document);
    for n in 0..32 {
        screen.click(&format!("row@{n}"));
        assert_eq!(screen.issues(), [] as [&str; 0]);
    }
    screen.click("row@32");
    assert_eq!(screen.issues(), ["busy"]);
    assert_eq!(screen.effects.len(), 32);
    screen.succeed("storage.get", json!(1));
    screen.click("row@33");
    assert_eq!(screen.issues(), [] as [&str; 0]);
}

#[test]
fn a_row_that_went_away_takes_no_one_else_with_it() {
    let mut document = app();
    document["components"]
        .as_array_mut()
        .unwrap()
        .push(json!({"type": "button", "id": "drop", "props": {"text": "d"},
        "on_event": {"click": {"tool": "ui.remove_item", "args": {"path": "rows", "key": "a"}}}}));
    let mut screen = Screen::open(document);
    screen.click("row@a");
    screen.click("drop");
    assert!(!screen.shows("row@a"));
    screen.succeed("storage.get", json!(1));
    assert_eq!(screen.state["rows"], json!([{"id": "b"}]));
}

#[test]
fn a_frozen_app_takes_no_events() {
    let mut screen = Screen::open(app());
    screen.play(json!({"op": "window", "state": "frozen"}));
    let now = screen.now;
    let answer = screen.call(
        &json!({"op": "dispatch", "app": "app", "now": now, "event": {"component": "inc", "kind": "click"}}),
    );
    assert!(
        answer["code"].is_string() || answer["nodes"] == json!([]),
        "{answer}"
    );
    screen.play(json!({"op": "window", "state": "open"}));
    screen.click("inc");
    assert_eq!(screen.state["n"], 1);
}
