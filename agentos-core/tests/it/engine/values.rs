//! Values on screen: bindings, expressions, conditions, repetition, and that a change costs what
//! it changes.

use serde_json::{Value, json};

use super::screen::Screen;

fn app(parts: Value) -> Value {
    let mut document = json!({"type": "app", "title": "Values", "components": []});
    for (key, value) in parts.as_object().unwrap() {
        document[key] = value.clone();
    }
    document
}

fn text(id: &str, content: &str) -> Value {
    json!({"type": "text", "id": id, "props": {"content": content}})
}

fn set(id: &str, path: &str, value: Value) -> Value {
    json!({"type": "button", "id": id, "props": {"text": id},
        "on_event": {"click": {"tool": "ui.set_state", "args": {"path": path, "value": value}}}})
}

#[test]
fn two_controls_on_one_path_show_the_same_value() {
    let mut screen = Screen::open(app(json!({
        "state": {"name": "Ada"},
        "components": [
            {"type": "input", "id": "one", "props": {"label": "One", "value": {"$bind": "name"}}},
            {"type": "input", "id": "two", "props": {"label": "Two", "value": {"$bind": "/name"}}},
            text("hello", "Hello {{ name }}!"),
            text("plain", "Hello name!"),
            {"type": "text", "id": "literal", "props": {"content": {"$lit": "{{ name }}"}}}
        ]
    })));
    screen.enter("one", "Bob");
    assert_eq!(screen.prop("two", "value"), "Bob");
    assert_eq!(screen.prop("hello", "content"), "Hello Bob!");
    assert_eq!(screen.prop("plain", "content"), "Hello name!");
    assert_eq!(screen.prop("literal", "content"), "{{ name }}");
    assert_eq!(screen.changed(), ["hello", "one", "two"]);
}

#[test]
fn a_control_without_a_binding_keeps_its_value_under_its_id() {
    let mut screen = Screen::open(app(json!({
        "components": [
            {"type": "input", "id": "message", "props": {"label": "Message"}},
            {"type": "input", "id": "first-name", "props": {"label": "Name", "value": "Ada"}},
            text("echo", "{{ message }}"),
        ]
    })));
    assert_eq!(screen.state, json!({"message": "", "first-name": "Ada"}));
    screen.enter("message", "hello world");
    assert_eq!(screen.prop("echo", "content"), "hello world");
    screen.enter("first-name", "Bob");
    assert_eq!(
        screen.state,
        json!({"message": "hello world", "first-name": "Bob"})
    );
}

#[test]
fn a_lone_expression_keeps_its_type_and_missing_is_nothing() {
    let screen = Screen::open(app(json!({
        "state": {"n": 5, "list": [{"value": "a", "label": "A"}], "f": 0.1, "gone": null},
        "components": [
            {"type": "progress", "id": "bar", "props": {"value": "{{ n }}", "label": "Bar"}},
            {"type": "select", "id": "pick", "props": {"label": "Pick", "options": "{{ list }}"}},
            text("sum", "{{ f + 0.2 }} {{ 6 / 2 }} {{ gone }}{{ gone.deeper }}|"),
        ]
    })));
    assert_eq!(screen.prop("bar", "value"), 5);
    assert_eq!(
        screen.prop("pick", "options"),
        &json!([{"value": "a", "label": "A"}])
    );
    assert_eq!(screen.prop("sum", "content"), "0.3 3 |");
}

#[test]
fn a_value_from_the_state_is_never_a_template() {
    let mut screen = Screen::open(app(json!({
        "state": {"secret": "s3cret", "note": ""},
        "components": [
            {"type": "input", "id": "note", "props": {"label": "Note", "value": {"$bind": "note"}}},
            text("echo", "{{ note }}"),
        ]
    })));
    screen.enter("note", "{{ secret }}");
    assert_eq!(screen.prop("echo", "content"), "{{ secret }}");
}

#[test]
fn computed_values_follow_their_inputs_and_stop_where_nothing_changed() {
    let mut screen = Screen::open(app(json!({
        "state": {"a": 1, "b": 10},
        "computed": {"double": "a * 2", "big": "double > 4", "both": "double + b"},
        "components": [
            {"type": "input", "id": "a", "props": {"label": "a", "type": "number", "value": {"$bind": "a"}}},
            text("double", "{{ double }}"), text("big", "{{ big }}"), text("both", "{{ both }}"),
        ]
    })));
    assert_eq!(screen.prop("both", "content"), 12);
    screen.enter("a", 2);
    assert_eq!(screen.changed(), ["a", "both", "double"], "`big` came out equal");
    screen.enter("a", 3);
    assert_eq!(screen.prop("big", "content"), true);
    assert_eq!(screen.prop("both", "content"), 16);
}

#[test]
fn what_is_not_visible_is_not_mounted_and_keeps_its_state() {
    let mut screen = Screen::open(app(json!({
        "state": {"open": true},
        "components": [
            {"type": "switch", "id": "open", "props": {"label": "More", "checked": {"$bind": "open"}}},
            {"type": "container", "id": "more", "visible": "open", "children": [
                {"type": "input", "id": "note", "props": {"label": "Note"}}
            ]},
        ]
    })));
    screen.enter("note", "kept");
    screen.check("open", false);
    assert!(!screen.shows("more") && !screen.shows("note"));
    assert_eq!(screen.turn["root"], json!(["open"]));
    screen.check("open", true);
    assert_eq!(screen.prop("note", "value"), "kept");
    assert_eq!(screen.root, ["open", "more"]);
}

#[test]
fn a_watch_runs_when_its_path_changed_and_only_then() {
    let mut screen = Screen::open(app(json!({
        "state": {"city": "Berlin", "page": 3, "other": 0, "log": []},
        "watch": {"city": [
            {"tool": "ui.set_state", "args": {"path": "page", "value": 1}},
            {"tool": "ui.append", "args": {"path": "log", "value": "{{ city }}"}}
        ]},
        "components": [
            {"type": "input", "id": "city", "props": {"label": "City", "value": {"$bind": "city"}}},
            set("other", "other", json!(1)),
            set("same", "city", json!("Paris")),
        ]
    })));
    screen.click("other");
    assert_eq!(screen.state["page"], 3);
    screen.enter("city", "Paris");
    assert_eq!(screen.state["page"], 1);
    screen.click("same");
    assert_eq!(
        screen.state["log"],
        json!(["Paris"]),
        "an equal value is no change"
    );
}

#[test]
fn watches_that_chase_each_other_are_stopped_and_told() {
    let mut screen = Screen::open(app(json!({
        "state": {"a": 0, "b": 0},
        "watch": {
            "a": {"tool": "ui.set_state", "args": {"path": "b", "value": "{{ b + 1 }}"}},
            "b": {"tool": "ui.set_state", "args": {"path": "a", "value": "{{ a + 1 }}"}}
        },
        "components": [set("go", "a", json!(1)), text("n", "{{ a }}")]
    })));
    screen.click("go");
    assert!(screen.issues().contains(&"watch_loop"), "{:?}", screen.issues());
    assert!(screen.state["a"].as_f64().unwrap() < 20.0);
    screen.click("go");
    assert_eq!(
        screen.state["a"].as_f64().map(|a| a >= 1.0),
        Some(true),
        "the app goes on"
    );
}

#[test]
fn a_watch_runs_once_however_often_its_path_was_written_and_sees_the_last() {
    let write = |value: i64| json!({"tool": "ui.set_state", "args": {"path": "n", "value": value}});
    let mut screen = Screen::open(app(json!({
        "state": {"n": 0, "deep": {"a": {"b": 0}}, "log": []},
        "computed": {"even": "n % 2 == 0"},
        "watch": {
            "n": {"tool": "ui.append", "args": {"path": "log", "value": "{{ event.path }} {{ n }}"}},
            "deep.a": {"tool": "ui.append", "args": {"path": "log", "value": "{{ event.path }} {{ deep.a.b }}"}},
            "even": {"tool": "ui.append", "args": {"path": "log", "value": "even {{ even }}"}}
        },
        "components": [
            {"type": "button", "id": "many", "props": {"text": "m"}, "on_event": {"click": [write(2), write(6), write(4)]}},
            set("below", "deep.a.b", json!(1)),
            set("above", "deep", json!({"a": {"b": 2}})),
            set("odd", "n", json!(5)),
        ]
    })));
    screen.click("many");
    assert_eq!(screen.state["log"], json!(["n 4"]), "`even` came out equal");
    screen.click("below");
    screen.click("above");
    screen.click("odd");
    assert_eq!(
        screen.state["log"],
        json!(["n 4", "deep.a 1", "deep.a 2", "n 5", "even false"])
    );
}

#[test]
fn a_chain_of_watches_goes_8_rounds_and_no_further() {
    let chain = |watches: usize| {
        let watch: serde_json::Map<String, Value> = (0..watches)
            .map(|n| {
                (
                    format!("v{n}"),
                    json!({"tool": "ui.increment", "args": {"path": format!("v{}", n + 1)}}),
                )
            })
            .collect();
        let state: serde_json::Map<String, Value> =
            (0..=watches).map(|n| (format!("v{n}"), json!(0))).collect();
        let mut screen = Screen::open(app(json!({
            "state": state, "watch": watch, "components": [set("go", "v0", json!(1))]
        })));
        screen.click("go");
        screen
    };
    let screen = chain(8);
    assert_eq!((screen.state["v8"].clone(), screen.issues()), (json!(1), vec![]));
    let screen = chain(9);
    assert_eq!(screen.state["v8"], 1);
    assert_eq!(screen.state["v9"], 0);
    assert_eq!(screen.issues(), ["watch_loop"]);
}

fn thousand(components: usize) -> Screen {
    let state: serde_json::Map<String, Value> =
        (0..components).map(|n| (format!("v{n}"), json!(0))).collect();
    let nodes = (0..components).flat_map(|n| {
        let bump = json!({"type": "button", "id": format!("b{n}"), "props": {"text": "+"},
            "on_event": {"click": {"tool": "ui.increment", "args": {"path": format!("v{n}")}}}});
        [text(&format!("t{n}"), &format!("{{{{ v{n} }}}}")), bump]
    });
    Screen::open(app(
        json!({"state": state, "components": nodes.collect::<Value>()}),
    ))
}

#[test]
fn one_click_among_a_thousand_components_changes_one_node() {
    let mut screen = thousand(500);
    screen.click("b250");
    assert_eq!(screen.changed(), ["t250"]);
    assert_eq!(
        screen.turn["state_patch"],
        json!([{"op": "replace", "path": "/v250", "value": 1}])
    );
    assert_eq!(screen.turn["removed"], json!([]));
}

fn long_list(rows: usize) -> Screen {
    let items: Value = (0..rows)
        .map(|n| json!({"id": format!("r{n}"), "n": n}))
        .collect();
    Screen::open(app(json!({
        "state": {"items": items},
        "components": [
            {"type": "list", "id": "rows", "each": {"in": "items", "as": "r"}, "children": [
                {"type": "text", "id": "n", "props": {"content": "{{ r.n }}"}},
                {"type": "button", "id": "inc", "props": {"text": "+"},
                 "on_event": {"click": {"tool": "ui.update_item", "args": {"path": "items", "key": "{{ r.id }}", "value": {"n": "{{ r.n + 1 }}"}}}}}
            ]},
            {"type": "text", "id": "count", "props": {"content": "{{ items | length }}"}},
        ]
    })))
}

#[test]
fn an_each_resolves_a_window_and_more_on_demand() {
    let mut screen = long_list(1_000);
    assert_eq!(screen.node("rows")["total"], 1_000);
    assert_eq!(screen.nodes_of("n").len(), 50);
    screen.play(json!({"op": "range", "component": "rows", "first": 500, "count": 20}));
    let shown = screen.nodes_of("n");
    assert_eq!(shown.len(), 20);
    assert_eq!(screen.prop(&shown[0], "content"), 500);
    assert_eq!(screen.node("rows")["total"], 1_000);
    screen.play(json!({"op": "range", "component": "rows", "first": 990, "count": 50}));
    assert_eq!(screen.nodes_of("n").len(), 10);
    screen.play(json!({"op": "range", "component": "rows", "first": 5_000, "count": 50}));
    assert_eq!(screen.nodes_of("n").len(), 0);
}

#[test]
fn a_node_tells_the_rows_its_children_are() {
    let mut screen = long_list(1_000);
    let halves = |rows: std::ops::Range<usize>| -> Vec<usize> { rows.flat_map(|row| [row, row]).collect() };
    assert_eq!(screen.node("rows")["places"], json!(halves(0..50)));
    screen.play(json!({"op": "range", "component": "rows", "first": 200, "count": 60}));
    assert_eq!(screen.node("rows")["places"], json!(halves(200..260)));
    assert_eq!(screen.nodes_of("n")[0], "n@r200");

    let screen = Screen::open(app(json!({
        "state": {"rows": (0..20).map(|id| json!({"id": id, "shown": id % 3 == 0})).collect::<Vec<_>>()},
        "components": [
            {"type": "list", "id": "plain", "each": {"in": "rows", "as": "r", "where": "r.id < 4"}, "children": [
                {"type": "text", "props": {"content": "{{ r.id }}"}}]},
            {"type": "list", "id": "gaps", "each": {"in": "rows", "as": "r", "where": "r.id > 4"}, "children": [
                {"type": "text", "visible": "r.shown", "props": {"content": "{{ r.id }}"}}]},
        ]
    })));
    assert_eq!(
        screen.node("plain").get("places"),
        None,
        "one a row from the first on"
    );
    assert_eq!(screen.node("gaps")["places"], json!([1, 4, 7, 10, 13]));
    assert_eq!(screen.node("gaps")["total"], 15);
}

#[test]
fn a_row_that_is_shown_or_hidden_moves_no_other() {
    let mut screen = Screen::open(app(json!({
        "state": {"rows": (0..5).map(|id| json!({"id": id, "off": false})).collect::<Vec<_>>()},
        "components": [
            {"type": "list", "id": "rows", "each": {"in": "rows", "as": "r"}, "children": [
                {"type": "checkbox", "id": "off", "visible": "not r.off",
                 "props": {"label": "Off", "checked": {"$bind": "r.off"}}}]},
        ]
    })));
    screen.check("off@1", true);
    assert_eq!(screen.children("rows"), ["off@0", "off@2", "off@3", "off@4"]);
    assert_eq!(screen.node("rows")["places"], json!([0, 2, 3, 4]));
}

#[test]
fn a_kept_row_stays_resolved_wherever_it_goes() {
    let mut screen = long_list(1_000);
    let range = |first: usize, keep: Value| json!({"op": "range", "component": "rows", "first": first, "count": 2, "keep": keep});
    screen.play(range(900, json!(["inc@r3", "count", "inc@nowhere"])));
    assert_eq!(screen.nodes_of("n"), ["n@r3", "n@r900", "n@r901"]);
    assert_eq!(screen.node("rows")["places"], json!([3, 3, 900, 900, 901, 901]));
    screen.click("inc@r3");
    assert_eq!(screen.prop("n@r3", "content"), 4);
    // A row kept once is kept again only when it is asked for.
    screen.play(range(0, json!(["n@r900"])));
    assert_eq!(screen.nodes_of("n"), ["n@r0", "n@r1", "n@r900"]);
    screen.play(range(500, json!([])));
    assert_eq!(screen.nodes_of("n"), ["n@r500", "n@r501"]);
}

#[test]
fn a_kept_row_is_found_where_rows_were_added_above_it() {
    let mut screen = Screen::open(app(json!({
        "state": {"rows": (0..300).map(|id| json!({"id": id})).collect::<Vec<_>>(), "more": (300..400).map(|id| json!({"id": id})).collect::<Vec<_>>()},
        "components": [
            {"type": "list", "id": "rows", "each": {"in": "rows", "as": "r", "where": "r.id != 7"}, "children": [
                {"type": "text", "id": "n", "props": {"content": "{{ r.id }}"}}]},
            {"type": "button", "id": "add", "props": {"text": "Add"},
             "on_event": {"click": {"tool": "ui.set_state", "args": {"path": "rows", "value": "{{ more + rows }}"}}}},
        ]
    })));
    screen.play(json!({"op": "range", "component": "rows", "first": 40, "count": 3, "keep": ["n@42"]}));
    assert_eq!(screen.nodes_of("n"), ["n@41", "n@42", "n@43"]);
    screen.click("add");
    assert_eq!(screen.nodes_of("n"), ["n@340", "n@341", "n@342", "n@42"]);
    assert_eq!(screen.node("rows")["places"], json!([40, 41, 42, 141]));
}

#[test]
fn rows_of_one_key_have_the_same_id_in_every_window() {
    let items: Value = (0..100)
        .map(|n| match n {
            10 | 60 => json!({"id": "same"}),
            _ => json!({"id": format!("r{n}")}),
        })
        .collect();
    let mut screen = Screen::open(app(json!({
        "state": {"items": items},
        "components": [
            {"type": "list", "id": "rows", "each": {"in": "items", "as": "r"}, "children": [
                {"type": "text", "id": "name", "props": {"content": "{{ r.id }}"}}
            ]},
        ]
    })));
    screen.play(json!({"op": "range", "component": "rows", "first": 0, "count": 100}));
    let whole = screen.nodes_of("name");
    assert_eq!(whole[60], "name@same#2");
    for (first, count) in [(0, 20), (11, 20), (50, 20), (60, 1), (61, 39), (95, 50)] {
        screen.play(json!({"op": "range", "component": "rows", "first": first, "count": count}));
        assert_eq!(
            screen.nodes_of("name"),
            whole[first..(first + count).min(100)],
            "from {first}"
        );
    }
}

#[test]
fn a_change_in_one_row_changes_that_row() {
    let mut screen = long_list(1_000);
    let button = screen.nodes_of("inc")[7].clone();
    screen.click(&button);
    assert_eq!(screen.changed(), ["n@r7"]);
    assert_eq!(screen.prop("n@r7", "content"), 8);
}

#[test]
fn rows_without_a_key_are_told_apart_by_their_place() {
    let mut screen = Screen::open(app(json!({
        "state": {"names": ["Ada", "Bob"]},
        "components": [
            {"type": "list", "id": "rows", "each": {"in": "names", "as": "name"}, "children": [
                {"type": "input", "id": "name", "props": {"label": "Name", "value": {"$bind": "name"}}}
            ]},
            {"type": "button", "id": "add", "props": {"text": "Add"},
             "on_event": {"click": {"tool": "ui.add_item", "args": {"path": "names", "value": "Eve", "at": "first"}}}}
        ]
    })));
    let second = screen.nodes_of("name")[1].clone();
    screen.enter(&second, "Bill");
    assert_eq!(screen.state["names"], json!(["Ada", "Bill"]));
    screen.click("add");
    assert_eq!(screen.state["names"], json!(["Eve", "Ada", "Bill"]));
    let shown: Vec<Value> = screen
        .nodes_of("name")
        .iter()
        .map(|id| screen.prop(id, "value").clone())
        .collect();
    assert_eq!(shown, ["Eve", "Ada", "Bill"]);
}

#[test]
fn rows_that_could_have_a_key_and_have_none_are_told() {
    let screen = Screen::open(app(json!({
        "state": {"rows": [{"x": 1}]},
        "components": [{"type": "list", "id": "rows", "each": {"in": "rows"}, "children": [text("x", "{{ item.x }}")]}]
    })));
    assert_eq!(screen.issues(), ["each_no_key"]);
    assert_eq!(screen.nodes_of("x").len(), 1);
}

#[test]
fn each_within_each_writes_to_the_right_place() {
    let mut screen = Screen::open(app(json!({
        "state": {"lists": [
            {"id": "a", "name": "A", "items": [{"id": "1", "done": false}, {"id": "2", "done": false}]},
            {"id": "b", "name": "B", "items": [{"id": "1", "done": false}]},
        ]},
        "components": [
            {"type": "list", "id": "outer", "each": {"in": "lists", "as": "l"}, "children": [
                {"type": "list", "id": "inner", "each": {"in": "l.items", "as": "i"}, "children": [
                    {"type": "checkbox", "id": "box", "props": {"label": "{{ l.name }}{{ i.id }}", "checked": {"$bind": "i.done"}}}
                ]}
            ]}
        ]
    })));
    let boxes = screen.nodes_of("box");
    assert_eq!(boxes.len(), 3);
    assert_eq!(screen.prop(&boxes[2], "label"), "B1");
    screen.check(&boxes[2], true);
    assert_eq!(screen.changed(), [boxes[2].as_str()]);
    assert_eq!(screen.state["lists"][1]["items"][0]["done"], true);
    screen.play(json!({"op": "dispatch", "event": {"component": "box", "kind": "change", "payload": {"checked": true}, "item": ["a", "2"]}}));
    assert_eq!(
        screen.state["lists"][0]["items"],
        json!([{"id": "1", "done": false}, {"id": "2", "done": true}])
    );
}

#[test]
fn an_unknown_component_is_a_placeholder_and_its_children_are_drawn() {
    let mut document = app(json!({
        "state": {"a": 1},
        "components": [{"type": "hologram", "id": "holo", "children": [text("inside", "{{ a }}")]}]
    }));
    let mut screen = Screen::open(document.clone());
    assert_eq!(screen.prop("inside", "content"), 1);
    assert!(
        screen.node("holo").to_string().contains("hologram"),
        "{}",
        screen.node("holo")
    );
    document["components"][0]["type"] = json!("text");
    assert_eq!(
        screen.call(&json!({"op": "check", "spec": document}))["valid"],
        true
    );
}

#[test]
fn unsafe_urls_are_not_shown() {
    let screen = Screen::open(app(json!({
        "state": {"bad": "javascript:alert(1)", "good": "https://example.org/a", "html": "data:text/html,<script>"},
        "components": [
            {"type": "link", "id": "bad", "props": {"text": "x", "href": "{{ bad }}"}},
            {"type": "link", "id": "good", "props": {"text": "x", "href": "{{ good }}"}},
            {"type": "image", "id": "pixel", "props": {"alt": "x", "src": "data:image/png;base64,AAAA"}},
            {"type": "image", "id": "page", "props": {"alt": "x", "src": "{{ html }}"}},
        ]
    })));
    assert_eq!(screen.prop("bad", "href"), &Value::Null);
    assert_eq!(screen.prop("good", "href"), "https://example.org/a");
    assert_eq!(screen.prop("pixel", "src"), "data:image/png;base64,AAAA");
    assert_eq!(screen.prop("page", "src"), &Value::Null);
}

#[test]
fn a_choice_made_by_an_expression_is_read_as_a_written_one() {
    #[track_caller]
    fn shows(value: Value, expected: Value, told: &[&str]) {
        let screen = Screen::open(json!({
            "title": "A", "state": {"tone": value},
            "components": [{"type": "badge", "id": "b", "props": {"text": "A", "variant": "{{ tone }}"}}],
        }));
        assert_eq!(screen.node("b")["props"]["variant"], expected);
        let codes: Vec<&Value> = screen.turn["issues"]
            .as_array()
            .unwrap()
            .iter()
            .map(|issue| &issue["code"])
            .collect();
        assert_eq!(codes, told);
    }
    shows(json!("success"), json!("success"), &[]);
    shows(json!("danger"), json!("error"), &[]);
    shows(json!("Primary"), json!("primary"), &[]);
    shows(json!(null), json!(null), &[]);
    shows(json!("hologram"), json!(null), &["prop_enum"]);
}

#[test]
fn a_style_made_by_expressions_keeps_to_the_allowed_ones() {
    let state = json!({
        "st": {"position": "fixed", "background": "url(https://example.org/x)", "color": "red", "padding": 4},
        "s": "url(https://example.org/x)", "c": "#fff",
    });
    for (style, expected) in [
        (json!("{{ st }}"), json!({"color": "red", "padding": 4})),
        (
            json!({"position": "{{ c }}", "background": "{{ s }}", "color": "{{ c }}"}),
            json!({"color": "#fff"}),
        ),
        (json!({"background": "{{ c }}"}), json!({"background": "#fff"})),
    ] {
        let screen = Screen::open(app(json!({
            "state": state,
            "components": [{"type": "text", "id": "t", "props": {"content": "A", "style": style}}],
        })));
        assert_eq!(screen.node("t")["props"]["style"], expected);
        let told = screen.turn["issues"].to_string().contains("was left out");
        assert_eq!(
            told,
            expected["background"].is_null(),
            "{}",
            screen.turn["issues"]
        );
    }
}

/// What the watch of `path` saw after one click that runs `action`.
#[track_caller]
fn watched(path: &str, action: Value, expected: &[&str]) {
    let watch = json!({path: {"tool": "ui.append", "args": {"path": "log", "value": "{{ event.path }}"}}});
    let mut screen = Screen::open(app(json!({
        "state": {"n": 0, "deep": {"a": {"b": 0}, "c": 1}, "l": [{"d": 1}], "log": []},
        "watch": watch,
        "components": [{"type": "button", "id": "go", "props": {"text": "Go"}, "on_event": {"click": action}}]
    })));
    screen.click("go");
    assert_eq!(screen.state["log"], json!(expected), "{path}");
}

#[test]
fn a_watch_runs_exactly_when_its_value_is_another_at_the_end_of_the_turn() {
    let set =
        |path: &str, value: Value| json!({"tool": "ui.set_state", "args": {"path": path, "value": value}});
    let add = |by: i64| json!({"tool": "ui.increment", "args": {"path": "n", "by": by}});
    watched("n", json!([add(1), add(-1)]), &[]);
    watched("n", json!([add(1), add(1)]), &["n"]);
    let fails = json!({"do": [add(1), {"tool": "ui.toggle", "args": {"path": "deep"}}], "catch": add(0)});
    watched("n", fails, &[]);
    watched("deep.a", set("deep", json!({"a": {"b": 0}, "c": 2})), &[]);
    watched("deep.c", set("deep", json!({"a": {"b": 0}, "c": 2})), &["deep.c"]);
    let append = json!({"tool": "ui.append", "args": {"path": "l", "value": {"d": 2}}});
    watched("l.0.d", append.clone(), &[]);
    watched("l", append, &["l"]);
    watched(
        "l.0.d",
        json!({"tool": "ui.add_item", "args": {"path": "l", "value": {"d": 2}, "at": "first"}}),
        &["l.0.d"],
    );
}

#[test]
fn panels_begin_with_what_is_drawn() {
    let panels = json!([
        {"type": "container", "id": "day", "props": {"label": "Day"}},
        {"type": "container", "id": "week", "props": {"label": "Week"}}
    ]);
    let screen = Screen::open(app(json!({
        "components": [
            {"type": "tabs", "id": "first", "children": panels.clone()},
            {"type": "tabs", "id": "chosen", "props": {"defaultTab": "late"}, "children": [
                {"type": "container", "id": "early", "props": {"label": "Early"}},
                {"type": "container", "id": "late", "props": {"label": "Late"}}]},
            {"type": "tabs", "id": "wrong", "props": {"defaultTab": "nowhere"}, "children": [
                {"type": "container", "id": "one", "props": {"label": "One"}}]},
            {"type": "accordion", "id": "closed", "children": [
                {"type": "container", "id": "more", "props": {"label": "More"}}]},
            text("line", "{{ first }} {{ chosen }} {{ wrong }} {{ closed is none }}"),
        ]
    })));
    assert_eq!(screen.prop("line", "content"), "day late one true");
    assert_eq!(screen.state["first"], "day");
}

#[test]
fn what_was_shown_or_hidden_holds_until_a_reset() {
    let on = |id: &str, tool: &str| button(id, &json!({"tool": tool, "args": {"id": "more"}}));
    let mut screen = Screen::open(app(json!({
        "state": {"open": false},
        "components": [
            {"type": "text", "id": "more", "props": {"content": "More"}, "visible": "open"},
            on("show", "ui.show"), on("hide", "ui.hide"), on("disable", "ui.disable"),
            button("reset", &json!("ui.reset")),
            button("reset_open", &json!({"tool": "ui.reset", "args": {"path": "open"}})),
            set("open", "open", json!(true)),
        ]
    })));
    screen.click("show");
    assert!(screen.shows("more"));
    screen.click("reset_open");
    assert!(
        screen.shows("more"),
        "a reset of one value is none of what is seen"
    );
    screen.click("reset");
    assert!(!screen.shows("more"), "the expression counts again");
    screen.click("hide");
    screen.click("open");
    assert!(!screen.shows("more"));
    screen.click("disable");
    screen.click("reset");
    screen.click("open");
    assert!(screen.shows("more"));
}

fn button(id: &str, action: &Value) -> Value {
    json!({"type": "button", "id": id, "props": {"text": id}, "on_event": {"click": action}})
}
