//! A list people keep: adding, ticking, filtering, deleting.

use serde_json::{Value, json};

use super::screen::Screen;

pub(super) fn todo() -> Value {
    json!({
        "type": "app",
        "title": "Todo",
        "state": {"draft": "", "show": "all", "todos": []},
        "persist": ["todos", "show"],
        "computed": {"open": "todos | rejectattr('done') | list | length"},
        "actions": {
            "add": [
                {"if": "draft | trim", "tool": "ui.add_item",
                 "args": {"path": "todos", "value": {"text": "{{ draft | trim }}", "done": false}}},
                {"tool": "ui.set_state", "args": {"path": "draft", "value": ""}}
            ]
        },
        "components": [
            {"type": "input", "id": "draft", "props": {"label": "New task", "value": {"$bind": "draft"}},
             "on_event": {"submit": "add"}},
            {"type": "button", "id": "add", "props": {"text": "Add", "disabled": "{{ not draft | trim }}"},
             "on_event": {"click": "add"}},
            {"type": "list", "id": "items",
             "each": {"in": "todos", "as": "t", "key": "id", "where": "show == 'all' or t.done == (show == 'done')"},
             "children": [
                {"type": "checkbox", "id": "done", "props": {"label": "{{ t.text }}", "checked": {"$bind": "t.done"}}},
                {"type": "button", "id": "delete", "props": {"text": "✕", "label": "Delete {{ t.text }}"},
                 "on_event": {"click": {"tool": "ui.remove_item", "args": {"path": "todos", "key": "{{ t.id }}"}}}}
             ]},
            {"type": "text", "id": "left", "props": {"content": "{{ open }} item{{ '' if open == 1 else 's' }} left"}},
            {"type": "select", "id": "show", "props": {"label": "Show", "options": ["all", "open", "done"], "value": {"$bind": "show"}}},
            {"type": "button", "id": "clear", "visible": "open < todos | length", "props": {"text": "Clear completed"},
             "on_event": {"click": {"tool": "ui.set_state", "confirm": "Remove {{ todos | length - open }} completed?",
                "args": {"path": "todos", "value": "{{ todos | rejectattr('done') | list }}"}}}}
        ]
    })
}

fn add(screen: &mut Screen, text: &str) {
    screen.enter("draft", text);
    screen.click("add");
}

fn with(texts: &[&str]) -> Screen {
    let mut screen = Screen::open(todo());
    for text in texts {
        add(&mut screen, text);
    }
    screen
}

fn labels(screen: &Screen) -> Vec<&str> {
    screen
        .nodes_of("done")
        .iter()
        .map(|id| screen.prop(id, "label").as_str().unwrap())
        .collect()
}

#[track_caller]
fn tick(screen: &mut Screen, label: &str, done: bool) {
    let id = screen
        .nodes_of("done")
        .into_iter()
        .find(|id| screen.prop(id, "label") == label)
        .unwrap();
    screen.check(&id, done);
}

#[test]
fn adds_by_click_and_by_submit_and_never_an_empty_task() {
    let mut screen = Screen::open(todo());
    assert_eq!(screen.prop("add", "disabled"), true);
    screen.enter("draft", "Milk ");
    assert_eq!(screen.prop("add", "disabled"), false);
    screen.click("add");
    assert_eq!(screen.prop("draft", "value"), "");
    screen.enter("draft", "Tea");
    screen.submit("draft");
    screen.enter("draft", "   ");
    screen.submit("draft");
    assert_eq!(labels(&screen), ["Milk", "Tea"]);
    assert_eq!(screen.prop("left", "content"), "2 items left");
    let ids: Vec<&str> = screen.state["todos"]
        .as_array()
        .unwrap()
        .iter()
        .map(|todo| todo["id"].as_str().unwrap())
        .collect();
    assert!(ids[0] != ids[1] && !ids[0].is_empty());
}

#[test]
fn a_checkbox_under_a_filter_writes_to_its_own_item() {
    let mut screen = with(&["Milk", "Tea", "Rice"]);
    tick(&mut screen, "Milk", true);
    screen.enter("show", "open");
    assert_eq!(labels(&screen), ["Tea", "Rice"]);
    tick(&mut screen, "Rice", true);
    assert_eq!(labels(&screen), ["Tea"]);
    screen.enter("show", "done");
    assert_eq!(labels(&screen), ["Milk", "Rice"]);
    tick(&mut screen, "Rice", false);
    screen.enter("show", "all");
    let done: Vec<bool> = screen.state["todos"]
        .as_array()
        .unwrap()
        .iter()
        .map(|todo| todo["done"].as_bool().unwrap())
        .collect();
    assert_eq!(done, [true, false, false]);
    assert_eq!(screen.prop("left", "content"), "2 items left");
}

#[test]
fn an_event_may_name_a_component_and_the_keys_of_its_rows() {
    let mut screen = with(&["Milk", "Tea"]);
    let key = screen.state["todos"][1]["id"].clone();
    screen.play(json!({"op": "dispatch", "event": {"component": "done", "kind": "change", "payload": {"checked": true}, "item": [key]}}));
    assert_eq!(screen.state["todos"][1]["done"], true);
    assert_eq!(screen.state["todos"][0]["done"], false);
}

#[test]
fn deletes_the_task_whose_button_was_pressed() {
    let mut screen = with(&["Milk", "Tea", "Rice"]);
    let second = screen.nodes_of("delete")[1].clone();
    assert_eq!(screen.prop(&second, "label"), "Delete Tea");
    screen.click(&second);
    assert_eq!(labels(&screen), ["Milk", "Rice"]);
    let mut removed: Vec<&str> = screen.turn["removed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|id| id.as_str().unwrap())
        .collect();
    removed.sort_unstable();
    assert_eq!(removed.len(), 2, "{removed:?}");
}

#[test]
fn clears_completed_only_after_a_yes() {
    let mut screen = with(&["Milk", "Tea"]);
    assert!(!screen.shows("clear"));
    tick(&mut screen, "Milk", true);
    assert!(screen.shows("clear"));
    screen.click("clear");
    assert_eq!(
        screen.effect("system.confirm")["args"]["message"],
        "Remove 1 completed?"
    );
    assert_eq!(screen.effect("system.confirm")["runs"], "shell");
    assert_eq!(screen.node("clear")["pending"], true);
    screen.succeed("system.confirm", json!(false));
    assert_eq!(labels(&screen), ["Milk", "Tea"]);
    assert_eq!(screen.node("clear").get("pending"), None);
    assert_eq!(screen.issues(), [] as [&str; 0], "a no is no failure");
    screen.click("clear");
    screen.succeed("system.confirm", json!(true));
    assert_eq!(labels(&screen), ["Tea"]);
    assert!(!screen.shows("clear"));
}

#[test]
fn what_is_persisted_is_marked_and_comes_back() {
    let mut screen = Screen::open(todo());
    screen.enter("draft", "Milk");
    assert_eq!(screen.turn.get("persist"), None, "a draft is not kept at once");
    screen.click("add");
    assert_eq!(screen.turn["persist"], true);
    let again = Screen::reopen(todo(), screen.state.clone());
    assert_eq!(labels(&again), ["Milk"]);
    assert_eq!(again.state, screen.state);
}

#[test]
fn adding_to_a_list_brings_the_new_row_and_what_counts_it() {
    let mut screen = with(&["Milk", "Tea"]);
    screen.enter("draft", "Rice");
    screen.click("add");
    let changed = screen.changed();
    assert_eq!(
        changed.iter().filter(|id| id.starts_with("done@")).count(),
        1,
        "{changed:?}"
    );
    assert!(!screen.changed().contains(&"show"), "{changed:?}");
}
