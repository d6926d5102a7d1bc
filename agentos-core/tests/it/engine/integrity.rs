//! What a running app keeps whatever is done to it: rows are told apart, values that are worked out are
//! not written, a step that fails leaves nothing behind, and what does not fit is not overwritten.

use serde_json::{Value, json};

use super::screen::{Screen, app, button};

/// An app of one button, after it was clicked.
#[track_caller]
fn clicked(state: Value, action: Value) -> Screen {
    let mut screen = Screen::open(app(json!({"state": state, "components": [button("go", action)]})));
    screen.click("go");
    screen
}

#[track_caller]
fn refuses(state: Value, action: Value, words: &str) {
    let screen = clicked(state.clone(), action);
    assert_eq!(screen.issues(), ["tool_failed"], "{}", screen.turn);
    let told = screen.turn["issues"].to_string();
    assert!(told.contains(words), "says {words:?}: {told}");
    assert_eq!(screen.state, state, "nothing is written");
}

#[test]
fn rows_are_told_apart_whatever_their_keys_are() {
    let groups = json!([
        {"id": "a", "items": [{"id": "b/c", "text": "one"}]},
        {"id": "a/b", "items": [{"id": "c", "text": "two"}]},
        {"id": "a~1b", "items": [{"id": "c", "text": "three"}]},
        {"id": "s", "items": [{"id": "t", "text": "four"}, {"id": "t", "text": "five"}, {"id": "t#2", "text": "six"}]},
    ]);
    let mut screen = Screen::open(app(json!({
        "state": {"groups": groups},
        "components": [{"type": "list", "id": "groups", "each": {"in": "groups", "as": "g"}, "children": [
            {"type": "container", "id": "items", "each": {"in": "g.items", "as": "i"}, "children": [
                {"type": "input", "id": "text", "props": {"label": "Text", "value": {"$bind": "i.text"}}}
            ]}
        ]}]
    })));
    let texts = screen.nodes_of("text");
    assert_eq!(texts.len(), 6, "{texts:?}");
    for id in &texts {
        let was = screen.prop(id, "value").clone();
        screen.enter(id, format!("new {}", was.as_str().unwrap()));
    }
    let written: Vec<&str> = screen.state["groups"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|group| group["items"].as_array().unwrap())
        .map(|item| item["text"].as_str().unwrap())
        .collect();
    assert_eq!(
        written,
        [
            "new one",
            "new two",
            "new three",
            "new four",
            "new five",
            "new six"
        ]
    );
    let by_keys =
        json!({"component": "text", "item": ["a/b", "c"], "kind": "change", "payload": {"value": "by keys"}});
    screen.play(json!({"op": "dispatch", "event": by_keys}));
    assert_eq!(screen.state["groups"][1]["items"][0]["text"], "by keys");
}

#[test]
fn a_key_that_is_a_number_may_be_sent_as_one() {
    let mut screen = Screen::open(app(json!({
        "state": {"rows": [{"id": 1, "on": false}, {"id": 2, "on": false}]},
        "components": [{"type": "list", "id": "list", "each": {"in": "rows", "as": "r"}, "children": [
            {"type": "checkbox", "id": "on", "props": {"label": "On", "checked": {"$bind": "r.on"}}}
        ]}]
    })));
    let event = json!({"component": "on", "item": [2], "kind": "change", "payload": {"checked": true}});
    screen.play(json!({"op": "dispatch", "event": event}));
    assert_eq!(screen.state["rows"][1]["on"], true);
}

#[test]
fn rows_of_one_key_are_told() {
    let document = app(json!({
        "state": {"rows": [{"id": "a"}, {"id": "a"}]},
        "components": [{"type": "list", "id": "list", "each": "rows", "children": [
            {"type": "text", "id": "name", "props": {"content": "{{ item.id }}"}}
        ]}]
    }));
    let screen = Screen::open(document);
    assert_eq!(screen.issues(), ["duplicate_id"]);
    assert_eq!(screen.nodes_of("name"), ["name@a", "name@a#2"]);
}

#[test]
fn every_row_answers_to_item_beside_its_own_name() {
    let mut screen = Screen::open(app(json!({
        "state": {"tasks": [{"id": "a", "text": "Buy", "done": false}]},
        "components": [{"type": "list", "id": "list", "each": {"in": "tasks", "as": "t"}, "children": [
            {"type": "text", "id": "name", "props": {"content": "{{ item.text }} {{ t.text }}"}},
            button("flip", json!({"tool": "ui.toggle", "args": {"path": "item.done"}})),
        ]}]
    })));
    assert_eq!(screen.prop("name@a", "content"), "Buy Buy");
    screen.click("flip@a");
    assert_eq!(
        screen.state,
        json!({"tasks": [{"id": "a", "text": "Buy", "done": true}]})
    );
}

#[test]
fn rows_within_rows_within_rows_are_bounded_and_the_bound_is_told() {
    let rows: Value = (0..40).map(|n| json!({"id": n})).collect();
    let level = |name: &str, children: Value| json!({"type": "container", "id": name, "each": {"in": "rows", "as": name}, "children": children});
    let text = json!([{"type": "text", "id": "leaf", "props": {"content": "{{ c.id }}"}}]);
    let tree = level("a", json!([level("b", json!([level("c", text)]))]));
    let screen = Screen::open(app(json!({"state": {"rows": rows}, "components": [tree]})));
    assert_eq!(screen.issues(), ["too_large"]);
    let shown = screen.nodes_of("leaf").len();
    assert!((10_000..20_000).contains(&shown), "{shown}");
}

#[test]
fn what_is_worked_out_is_not_written_by_a_path_that_is() {
    let document = app(json!({
        "state": {"n": 2, "path": "double"},
        "computed": {"double": "n * 2"},
        "components": [
            {"type": "text", "id": "shown", "props": {"content": "{{ double }}"}},
            button("set", json!({"tool": "ui.set_state", "args": {"path": "{{ path }}", "value": 9}})),
            button("below", json!({"tool": "ui.set_state", "args": {"path": "{{ path ~ '.x' }}", "value": 9}})),
            button("add", json!({"tool": "ui.append", "args": {"path": "{{ path }}", "value": 9}})),
            button("restore", json!({"tool": "system.restore_state", "args": {"snapshot": {"n": 3, "double": 1}}})),
            button("prototype", json!({"tool": "system.restore_state", "args": {"snapshot": "{{ {'__proto__': 1} }}"}})),
        ]
    }));
    let mut screen = Screen::open(document.clone());
    for control in ["set", "below", "add", "restore", "prototype"] {
        screen.click(control);
        assert_eq!(screen.issues(), ["tool_failed"], "{control}");
        assert_eq!(screen.state, json!({"n": 2, "path": "double"}), "{control}");
    }
    assert_eq!(screen.prop("shown", "content"), 4);
    let screen = Screen::reopen(document, json!({"n": 5, "double": 1, "_": 2, "kept": true}));
    assert_eq!(screen.state, json!({"n": 5, "path": "double", "kept": true}));
    assert_eq!(screen.prop("shown", "content"), 10);
}

#[test]
fn a_state_beyond_its_bound_does_not_open() {
    let answer = Screen::open(app(json!({}))).call(&json!({
        "op": "open", "app": "b", "spec": app(json!({"components": [button("b", json!("calc.clear"))]})),
        "state": {"text": "x".repeat(1024 * 1024)}, "now": 0
    }));
    assert_eq!(answer["code"], "state_too_large", "{answer}");
}

#[test]
fn a_step_that_fails_takes_all_of_it_back() {
    let fails = json!({"tool": "ui.increment", "args": {"path": "text"}});
    let adds = json!({"tool": "ui.increment", "args": {"path": "n"}});
    let mut screen = Screen::open(app(json!({
        "state": {"n": 0, "text": "x", "told": ""},
        "computed": {"double": "n * 2"},
        "actions": {"both": [adds, fails]},
        "components": [
            {"type": "text", "id": "shown", "props": {"content": "{{ double }}"}},
            button("do", json!({"do": [adds, fails]})),
            button("named", json!({"do": "both"})),
            button("caught", json!([adds, {"do": [adds, fails], "catch": {"tool": "ui.set_state",
                "args": {"path": "told", "value": "{{ n }} {{ double }}"}}}])),
            button("waits", json!({"do": [adds, {"tool": "system.confirm", "args": {"message": "?"}}, fails]})),
        ]
    })));
    for control in ["do", "named"] {
        screen.click(control);
        assert_eq!(screen.issues(), ["tool_failed"], "{control}");
        assert_eq!(screen.state["n"], 0, "{control}");
        assert_eq!(screen.prop("shown", "content"), 0, "{control}");
    }
    screen.click("caught");
    assert_eq!(
        (&screen.state["n"], &screen.state["told"]),
        (&json!(1), &json!("1 2"))
    );
    assert_eq!(screen.prop("shown", "content"), 2);
    screen.click("waits");
    screen.succeed("system.confirm", json!(true));
    assert_eq!(screen.state["n"], 2, "what was shown while it waited stays");
}

#[test]
fn what_does_not_fit_is_not_overwritten() {
    let call = |tool: &str, args: Value| json!({"tool": tool, "args": args});
    refuses(
        json!({"v": "text"}),
        call("ui.toggle", json!({"path": "v"})),
        "holds text",
    );
    refuses(
        json!({"v": 5}),
        call("ui.toggle", json!({"path": "v"})),
        "holds a number",
    );
    refuses(
        json!({"v": {"a": 1}}),
        call("list.clear", json!({"list_id": "v"})),
        "no list",
    );
    refuses(
        json!({"v": ["a"]}),
        call(
            "list.toggle",
            json!({"list_id": "v", "item_id": "a", "field": "done"}),
        ),
        "holds text",
    );
    refuses(
        json!({"v": [{"id": "a", "done": "later"}]}),
        call(
            "list.toggle",
            json!({"list_id": "v", "item_id": "a", "field": "done"}),
        ),
        "holds text",
    );
    for (held, then) in [
        (json!(null), true),
        (json!(false), true),
        (json!(true), false),
        (json!(0), true),
        (json!(1), false),
    ] {
        let screen = clicked(json!({"v": held}), call("ui.toggle", json!({"path": "v"})));
        assert_eq!(screen.state["v"], then, "{held}");
    }
}

#[test]
fn a_result_that_is_no_number_is_told() {
    let screen = Screen::open(app(json!({
        "state": {"n": 0},
        "components": [
            {"type": "text", "id": "broken", "props": {"content": "{{ 1 / n }}"}},
            {"type": "text", "id": "whole", "props": {"content": "{{ 1 / n if n else 0 }}"}},
        ]
    })));
    assert_eq!(screen.issues(), ["expr_failed"]);
    assert!(
        screen.turn["issues"].to_string().contains("if y else 0"),
        "{}",
        screen.turn["issues"]
    );
    assert_eq!(screen.prop("whole", "content"), 0);
}

#[test]
fn a_check_that_cannot_be_worked_out_is_told() {
    let mut screen = Screen::open(app(json!({
        "state": {"name": "", "n": 0},
        "components": [{"type": "input", "id": "name", "props": {"label": "Name", "value": {"$bind": "name"}},
            "checks": [{"when": "1 / n > 2", "message": "No"}]}]
    })));
    screen.dispatch("name", "blur", json!({}));
    assert_eq!(screen.issues(), ["expr_failed"]);
}

#[test]
fn a_query_that_answers_at_once_is_there_before_what_reads_it() {
    let screen = Screen::open(app(json!({
        "state": {"items": [{"n": 3}, {"n": 4}]},
        "data": {"sorted": {"tool": "data.sort", "args": {"data": {"$bind": "items"}, "field": "n", "order": "desc"}}},
        "computed": {"most": "(sorted | first).n * 10"},
        "components": [{"type": "text", "id": "most", "props": {"content": "{{ most }}"}}]
    })));
    assert_eq!(screen.issues(), [] as [&str; 0], "{}", screen.turn["issues"]);
    assert_eq!(screen.prop("most", "content"), 40);
}

#[test]
fn nothing_is_neither_more_nor_less_than_anything() {
    let items = json!([{"id": "a", "n": 1}, {"id": "b"}, {"id": "c", "n": 9}]);
    for (op, kept) in [
        ("lt", vec!["a"]),
        ("le", vec!["a"]),
        ("gt", vec!["c"]),
        ("ge", vec!["c"]),
        ("ne", vec!["a", "b", "c"]),
    ] {
        let screen = clicked(
            json!({"items": items, "kept": []}),
            json!({"tool": "data.filter", "args": {"data": "{{ items }}", "field": "n", "op": op, "value": 5}, "into": "kept"}),
        );
        let ids: Vec<&str> = screen.state["kept"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["id"].as_str().unwrap())
            .collect();
        assert_eq!(ids, kept, "{op}");
    }
}
