//! Actions: order, failure, results, waiting, undo.

use serde_json::{Value, json};

use super::screen::Screen;

/// An app with one button a step list and the whole state on screen.
fn buttons(state: Value, buttons: Value) -> Screen {
    let components: Vec<Value> = buttons
        .as_object()
        .unwrap()
        .iter()
        .map(|(id, action)| json!({"type": "button", "id": id, "props": {"text": id}, "on_event": {"click": action}}))
        .collect();
    Screen::open(json!({"type": "app", "title": "Actions", "state": state, "components": components}))
}

fn set(path: &str, value: Value) -> Value {
    json!({"tool": "ui.set_state", "args": {"path": path, "value": value}})
}

#[test]
fn steps_run_in_order_and_see_what_came_before() {
    let mut screen = buttons(
        json!({"a": 1, "b": 0, "sum": 0}),
        json!({"go": [
            set("a", json!("{{ a + 1 }}")),
            {"tool": "calc.multiply", "args": {"a": "{{ a }}", "b": 10}, "into": "b"},
            set("sum", json!("{{ result + a }}")),
        ]}),
    );
    screen.click("go");
    assert_eq!(screen.state, json!({"a": 2, "b": 20, "sum": 22}));
}

#[test]
fn a_condition_skips_its_step_only() {
    let mut screen = buttons(
        json!({"a": 0, "b": 0}),
        json!({"go": [
            {"if": "{{ a > 5 }}", "tool": "ui.set_state", "args": {"path": "a", "value": 100}},
            {"if": "a == 0", "tool": "ui.set_state", "args": {"path": "b", "value": 1}},
        ]}),
    );
    screen.click("go");
    assert_eq!(screen.state, json!({"a": 0, "b": 1}));
}

#[test]
fn then_follows_success_and_catch_follows_failure() {
    let mut screen = buttons(
        json!({"log": [], "got": null}),
        json!({
            "well": {"tool": "calc.add", "args": {"a": 1, "b": 2}, "into": "got",
                "then": {"tool": "ui.append", "args": {"path": "log", "value": "then {{ result }}"}},
                "catch": {"tool": "ui.append", "args": {"path": "log", "value": "catch"}}},
            "badly": [
                {"tool": "calc.add", "args": {"a": 1, "b": "{{ got.nothing }}"},
                 "then": {"tool": "ui.append", "args": {"path": "log", "value": "then"}},
                 "catch": {"tool": "ui.append", "args": {"path": "log", "value": "{{ error.code }}"}}},
                {"tool": "ui.append", "args": {"path": "log", "value": "goes on"}},
            ],
        }),
    );
    screen.click("well");
    assert_eq!(screen.state, json!({"log": ["then 3"], "got": 3}));
    screen.click("badly");
    assert_eq!(screen.state["log"], json!(["then 3", "args_invalid", "goes on"]));
    assert_eq!(screen.issues(), [] as [&str; 0], "what is caught is not told");
}

#[test]
fn a_failure_stops_the_sequence_keeps_what_was_done_and_is_told() {
    let mut screen = buttons(
        json!({"a": 0, "b": 0, "c": 0}),
        json!({"go": [set("a", json!(1)), {"tool": "no.such_tool"}, set("c", json!(1))]}),
    );
    screen.click("go");
    assert_eq!(screen.state, json!({"a": 1, "b": 0, "c": 0}));
    assert_eq!(screen.issues(), ["tool_failed"]);
    assert!(
        screen.turn["issues"][0]["message"]
            .as_str()
            .unwrap()
            .contains("no.such_tool")
    );
}

#[test]
fn a_failed_step_takes_back_its_own_changes() {
    let mut screen = buttons(
        json!({"a": 1, "deep": {"x": 1}, "list": [1]}),
        json!({
            "many": {"tool": "ui.set_multiple", "args": {"values": "{{ {'a': 2, 'list.name.x': 3} }}"}},
            "forbidden": {"tool": "ui.set_multiple", "args": {"values": "{{ {'a': 5, 'deep.__proto__.x': 3} }}"}},
        }),
    );
    screen.click("forbidden");
    assert_eq!(screen.state["a"], 1, "{}", screen.turn);
    assert_eq!(screen.turn["state_patch"], json!([]));
    assert_eq!(screen.issues().len(), 1);
    let before = screen.state.clone();
    screen.click("many");
    assert!(
        screen.state == before || screen.issues().is_empty(),
        "all or nothing: {}",
        screen.turn
    );
}

#[test]
fn prototype_names_are_refused_in_every_path() {
    let mut screen = buttons(
        json!({"where": "__proto__.polluted", "a": {}}),
        json!({
            "set": {"tool": "ui.set_state", "args": {"path": "{{ where }}", "value": 1}},
            "pointer": {"tool": "ui.set_state", "args": {"path": "{{ '/a/constructor/prototype' }}", "value": 1}},
            "item": {"tool": "ui.add_item", "args": {"path": "{{ 'prototype' }}", "value": 1}},
        }),
    );
    let before = screen.state.clone();
    for button in ["set", "pointer", "item"] {
        screen.click(button);
        assert_eq!(screen.issues().len(), 1, "{button}: {}", screen.turn);
        assert_eq!(screen.state, before);
    }
}

#[test]
fn named_actions_take_arguments_and_the_short_form_takes_the_event() {
    let mut screen = Screen::open(json!({
        "type": "app", "title": "A", "state": {"log": [], "display": "0"},
        "actions": {"say": {"tool": "ui.append", "args": {"path": "log", "value": "{{ args.what }}!"}},
                    "twice": [{"do": "say", "args": {"what": "a"}}, {"do": [{"do": "say", "args": {"what": "b"}}]}]},
        "components": [
            {"type": "button", "id": "say", "props": {"text": "s"}, "on_event": {"click": {"do": "say", "args": {"what": "{{ event.componentId }}"}}}},
            {"type": "button", "id": "twice", "props": {"text": "t"}, "on_event": {"click": "twice"}},
            {"type": "button", "id": "seven", "props": {"text": "7"}, "on_event": {"click": "calc.append_digit"}},
        ]
    }));
    screen.click("say");
    screen.click("twice");
    assert_eq!(screen.state["log"], json!(["say!", "a!", "b!"]));
    screen.click("seven");
    assert_eq!(screen.state["display"], "7");
}

#[test]
fn a_debounced_step_knows_the_result_it_follows() {
    let mut screen = Screen::open(json!({
        "type": "app", "title": "Later", "state": {"seven": 7, "kept": 0, "code": ""},
        "components": [{"type": "button", "id": "go", "props": {"text": "Go"}, "on_event": {"click": [
            {"tool": "ui.get_state", "args": {"path": "seven"},
             "then": {"debounce": 100, "tool": "ui.set_state", "args": {"path": "kept", "value": "{{ result }}"}}},
            {"tool": "calc.divide", "args": {"a": "{{ code }}one", "b": 0},
             "catch": {"debounce": 100, "tool": "ui.set_state", "args": {"path": "code", "value": "{{ error.code }}"}}}
        ]}}]
    }));
    screen.click("go");
    screen.pass(200.0);
    assert_eq!(screen.state["kept"], 7);
    assert_eq!(screen.state["code"], "args_invalid");
}

#[test]
fn a_debounced_step_runs_once_after_the_pause() {
    let mut screen = Screen::open(json!({
        "type": "app", "title": "A", "state": {"q": "", "asked": []},
        "components": [{"type": "input", "id": "q", "props": {"label": "q", "value": {"$bind": "q"}},
            "on_event": {"change": {"debounce": 400, "tool": "ui.append", "args": {"path": "asked", "value": "{{ q }}"}}}}]
    }));
    for text in ["t", "te", "tea"] {
        screen.enter("q", text);
        screen.pass(100.0);
    }
    assert_eq!(screen.state["asked"], json!([]));
    assert_eq!(screen.turn["wake_at"].as_f64(), Some(screen.now + 300.0));
    screen.pass(1_000.0);
    assert_eq!(screen.state["asked"], json!(["tea"]));
    assert_eq!(screen.turn.get("wake_at"), None);
}

#[test]
fn undo_and_redo_walk_through_changes_and_typing_joins() {
    let mut screen = Screen::open(json!({
        "type": "app", "title": "A", "state": {"n": 0, "text": ""},
        "components": [
            {"type": "button", "id": "inc", "props": {"text": "+"}, "on_event": {"click": {"tool": "ui.increment", "args": {"path": "n"}}}},
            {"type": "input", "id": "text", "props": {"label": "t", "value": {"$bind": "text"}}},
            {"type": "button", "id": "undo", "props": {"text": "u"}, "on_event": {"click": "system.undo"}},
            {"type": "button", "id": "redo", "props": {"text": "r"}, "on_event": {"click": "system.redo"}},
        ]
    }));
    screen.click("inc");
    screen.now += 5_000.0;
    screen.click("inc");
    screen.now += 5_000.0;
    for text in ["a", "ab", "abc"] {
        screen.now += 100.0;
        screen.enter("text", text);
    }
    screen.now += 5_000.0;
    screen.click("undo");
    assert_eq!(
        screen.state,
        json!({"n": 2, "text": ""}),
        "typing within a second is one change"
    );
    screen.click("undo");
    assert_eq!(screen.state["n"], 1);
    screen.click("undo");
    assert_eq!(screen.state["n"], 0);
    screen.click("undo");
    assert_eq!(screen.state["n"], 0);
    screen.click("redo");
    screen.click("redo");
    screen.click("redo");
    assert_eq!(screen.state, json!({"n": 2, "text": "abc"}));
    screen.click("undo");
    screen.click("inc");
    screen.click("redo");
    assert_eq!(
        screen.state,
        json!({"n": 3, "text": ""}),
        "a new change ends what could be redone"
    );
}

#[test]
fn text_cannot_be_made_to_grow_without_bound() {
    let mut screen = buttons(
        json!({"text": "x".repeat(1_000)}),
        json!({"grow": set("text", json!("{{ text * 1000000 }}")), "double": set("text", json!("{{ text ~ text }}"))}),
    );
    screen.click("grow");
    assert_eq!(screen.issues().len(), 1);
    for _ in 0..20 {
        screen.click("double");
    }
    assert!(screen.state["text"].as_str().unwrap().len() <= 1024 * 1024);
    assert_eq!(screen.issues().len(), 1, "the bound is told");
}

#[test]
fn lifecycle_actions_run_at_their_time() {
    let mut screen = Screen::open(json!({
        "type": "app", "title": "A", "state": {"log": []},
        "on": {
            "mount": {"tool": "ui.append", "args": {"path": "log", "value": "mount"}},
            "focus": {"tool": "ui.append", "args": {"path": "log", "value": "focus"}},
            "blur": {"tool": "ui.append", "args": {"path": "log", "value": "blur"}},
            "close": {"tool": "ui.append", "args": {"path": "log", "value": "close"}}
        },
        "components": []
    }));
    assert_eq!(screen.state["log"], json!(["mount"]));
    for state in ["focused", "focused", "open"] {
        screen.play(json!({"op": "window", "state": state}));
    }
    assert_eq!(screen.state["log"], json!(["mount", "focus", "blur"]));
    let now = screen.now;
    let closing = screen.ask(json!({"op": "close", "now": now}));
    assert!(closing["state_patch"].to_string().contains("close"), "{closing}");
    assert_eq!(closing.get("wake_at"), None);
}

#[test]
fn the_earlier_hooks_run_and_an_action_of_a_hook_may_wait() {
    let mut screen = Screen::open(json!({
        "type": "app", "title": "A", "state": {"log": [], "kept": null},
        "lifecycle_hooks": {
            "on_mount": [{"tool": "storage.get", "args": {"key": "k"}, "into": "kept"}, {"tool": "ui.append", "args": {"path": "log", "value": "mounted {{ kept }}"}}],
            "on_unmount": {"tool": "ui.append", "args": {"path": "log", "value": "closed"}}
        },
        "components": []
    }));
    assert_eq!(screen.state["log"], json!([]));
    screen.succeed("storage.get", json!("x"));
    assert_eq!(screen.state["log"], json!(["mounted x"]));
    let now = screen.now;
    let closing = screen.ask(json!({"op": "close", "now": now}));
    assert!(closing["state_patch"].to_string().contains("closed"), "{closing}");
}

#[test]
fn undo_takes_back_what_a_person_did_and_leaves_what_came_by_itself() {
    let mut screen = Screen::open(json!({
        "type": "app", "title": "A", "state": {"n": 0, "ticks": 0, "text": "", "rows": [{"id": "a", "on": false, "age": 0}]},
        "on": {"mount": {"tool": "timer.interval", "args": {"interval": 1000, "action": [
            {"tool": "ui.increment", "args": {"path": "ticks"}},
            {"tool": "ui.increment", "args": {"path": "rows.0.age"}}]}}},
        "components": [
            {"type": "button", "id": "inc", "props": {"text": "+"}, "on_event": {"click": {"tool": "ui.increment", "args": {"path": "n"}}}},
            {"type": "button", "id": "on", "props": {"text": "o"}, "on_event": {"click": {"tool": "ui.toggle", "args": {"path": "rows.0.on"}}}},
            {"type": "input", "id": "text", "props": {"label": "t", "value": {"$bind": "text"}}},
            {"type": "button", "id": "undo", "props": {"text": "u"}, "on_event": {"click": "system.undo"}},
            {"type": "button", "id": "redo", "props": {"text": "r"}, "on_event": {"click": "system.redo"}},
        ]
    }));
    screen.click("inc");
    screen.click("on");
    screen.pass(3_000.0);
    screen.click("undo");
    assert_eq!(screen.state["rows"], json!([{"id": "a", "on": false, "age": 3}]));
    screen.click("undo");
    assert_eq!(
        (&screen.state["n"], &screen.state["ticks"]),
        (&json!(0), &json!(3))
    );
    screen.pass(1_000.0);
    screen.click("redo");
    assert_eq!(
        (&screen.state["n"], &screen.state["ticks"]),
        (&json!(1), &json!(4))
    );
    // Typing stays one step although a timer fires meanwhile.
    for text in ["a", "ab", "abc"] {
        screen.pass(400.0);
        screen.enter("text", text);
    }
    screen.click("undo");
    assert_eq!(
        (&screen.state["text"], &screen.state["ticks"]),
        (&json!(""), &json!(5))
    );
    assert_eq!(screen.state["n"], 1);
}

#[test]
fn a_tool_that_names_a_component_of_another_type_fails_and_says_so() {
    let mut screen = Screen::open(json!({
        "type": "app", "title": "A", "state": {"id": "name"},
        "components": [
            {"type": "input", "id": "name", "props": {"label": "Name"}},
            {"type": "modal", "id": "box", "props": {"title": "Box"}},
            {"type": "tabs", "id": "tabs", "children": [{"type": "container", "id": "day", "props": {"label": "Day"}}]},
            {"type": "button", "id": "modal", "props": {"text": "m"}, "on_event": {"click": {"tool": "modal.open", "args": {"modal_id": "{{ id }}"}}}},
            {"type": "button", "id": "panel", "props": {"text": "p"}, "on_event": {"click": {"tool": "tabs.switch", "args": {"tab_id": "{{ id }}", "tabs_id": "tabs"}}}},
            {"type": "button", "id": "tab", "props": {"text": "t"}, "on_event": {"click": {"tool": "tabs.switch", "args": {"tab_id": "day", "tabs_id": "{{ id }}"}}}},
            {"type": "button", "id": "form", "props": {"text": "f"}, "on_event": {"click": {"tool": "form.reset", "args": {"form_id": "{{ id }}"}}}},
            {"type": "button", "id": "play", "props": {"text": "l"}, "on_event": {"click": {"tool": "player.play", "args": {"media_id": "{{ id }}"}}}},
        ]
    }));
    for (button, says) in [
        (
            "modal",
            "`modal.open`: the input \"name\" is no modal; there is box (args_invalid)",
        ),
        (
            "panel",
            "`tabs.switch`: \"name\" is no panel of \"tabs\"; it has day (args_invalid)",
        ),
        (
            "tab",
            "`tabs.switch`: the input \"name\" is no tabs or accordion; there is tabs (args_invalid)",
        ),
        (
            "form",
            "`form.reset`: the input \"name\" is no form, and there is none (args_invalid)",
        ),
        (
            "play",
            "`player.play`: the input \"name\" is no video or audio, and there is none (args_invalid)",
        ),
    ] {
        screen.click(button);
        assert_eq!(screen.turn["issues"][0]["message"], says, "{button}");
    }
    assert_eq!(screen.state["name"], "");
}
