//! What stands in the rows of an `each`: found by its key, read by its plain id, gone with its row.

use serde_json::{Value, json};

use super::screen::Screen;

fn app(more: &Value) -> Screen {
    let mut document = json!({"type": "app", "title": "Rows"});
    for (key, value) in more.as_object().into_iter().flatten() {
        document[key] = value.clone();
    }
    Screen::open(document)
}

fn button(id: &str, action: &Value) -> Value {
    json!({"type": "button", "id": id, "props": {"text": id}, "on_event": {"click": action}})
}

#[test]
fn an_item_is_found_by_the_key_of_the_each_that_draws_its_list() {
    let on = |tool: &str, more: Value| {
        let mut args = json!({"path": "parts", "key": "b"});
        for (name, value) in more.as_object().into_iter().flatten() {
            args[name] = value.clone();
        }
        json!({"tool": tool, "args": args})
    };
    let mut screen = app(&json!({
        "state": {"parts": [{"sku": "a", "n": 1}, {"sku": "b", "n": 2, "id": "a"}, {"sku": "c", "n": 3, "id": "b"}]},
        "components": [
            {"type": "list", "id": "list", "each": {"in": "parts", "as": "p", "key": "sku"}, "children": [
                {"type": "text", "id": "name", "props": {"content": "{{ p.sku }}{{ p.n }}"}}]},
            button("update", &on("ui.update_item", json!({"value": {"n": 9}}))),
            button("move", &on("ui.move_item", json!({"to": "first"}))),
            button("remove", &on("ui.remove_item", json!({}))),
        ]
    }));
    screen.click("update");
    assert_eq!(screen.state["parts"][1]["n"], 9);
    screen.click("move");
    assert_eq!(screen.state["parts"][0]["sku"], "b");
    screen.click("remove");
    assert_eq!(screen.nodes_of("name"), ["name@a", "name@c"]);
}

#[test]
fn items_without_a_key_are_found_by_their_index_and_texts_by_themselves() {
    for (list, key, left) in [
        (json!([5, 0, 7]), json!(0), json!([0, 7])),
        (json!([5, 0, 7]), json!("2"), json!([5, 0])),
        (json!(["1", "0"]), json!("0"), json!(["0"])),
        (json!(["tea", "milk"]), json!("milk"), json!(["tea"])),
        (json!([5, 0, 7]), json!(7), Value::Null),
    ] {
        let mut screen = app(&json!({
            "state": {"list": list},
            "components": [button("remove", &json!({"tool": "ui.remove_item", "args": {"path": "list", "key": key}}))]
        }));
        screen.click("remove");
        if left.is_null() {
            assert_eq!(screen.issues(), ["tool_failed"], "{list} without {key}");
        } else {
            assert_eq!(screen.state["list"], left, "{list} without {key}");
        }
    }
}

fn order() -> Screen {
    app(&json!({
        "state": {"items": [{"id": "a", "price": 3}, {"id": "b", "price": 5}], "log": []},
        "components": [
            {"type": "list", "id": "list", "each": "items", "children": [
                {"type": "slider", "id": "qty", "props": {"label": "Quantity", "min": 1, "max": 9}},
                {"type": "text", "id": "sum", "props": {"content": "{{ qty * item.price }}"}},
                button("log", &json!({"tool": "ui.append", "args": {"path": "log", "value": "{{ qty }}"}})),
                button("twice", &json!({"tool": "ui.set_state", "args": {"path": "qty", "value": 2}})),
                button("more", &json!({"tool": "modal.open", "args": {"modal_id": "details"}})),
                button("drop", &json!({"tool": "ui.remove_item", "args": {"path": "items", "key": "{{ item.id }}"}})),
                button("hide", &json!({"tool": "ui.hide", "args": {"id": "sum"}})),
                {"type": "modal", "id": "details", "props": {"title": "Details"}, "children": [
                    {"type": "text", "props": {"content": "{{ item.id }}"}}]},
                {"type": "form", "id": "form", "children": [
                    {"type": "input", "id": "note", "props": {"label": "Note"}, "checks": ["required"]},
                    button("clear", &json!({"tool": "form.reset", "args": {"form_id": "form"}}))]},
            ]},
            button("undo", &json!("system.undo")),
            button("redo", &json!("system.redo")),
        ]
    }))
}

#[test]
fn a_row_reads_its_own_control_by_the_plain_id() {
    let mut screen = order();
    assert_eq!(screen.prop("sum@a", "content"), 3);
    screen.enter("qty@b", 4);
    assert_eq!(screen.prop("sum@b", "content"), 20);
    assert_eq!(screen.prop("sum@a", "content"), 3);
    screen.click("log@b");
    screen.click("log@a");
    assert_eq!(screen.state["log"], json!([4, 1]));
    screen.click("twice@a");
    assert_eq!(screen.prop("sum@a", "content"), 6);
    assert_eq!(screen.prop("sum@b", "content"), 20);
    assert_eq!(screen.state.get("qty"), None);
}

#[test]
fn a_row_reaches_its_own_modal_form_and_parts_by_the_plain_id() {
    let mut screen = order();
    screen.click("more@b");
    assert_eq!(screen.prop("details@b", "open"), true);
    assert_eq!(screen.prop("details@a", "open"), false);
    screen.enter("note@a", "x");
    screen.enter("note@b", "y");
    screen.click("clear@a");
    assert_eq!(screen.prop("note@a", "value"), "");
    assert_eq!(screen.prop("note@b", "value"), "y");
    screen.click("hide@a");
    assert!(!screen.shows("sum@a") && screen.shows("sum@b"));
}

#[test]
fn what_a_row_kept_of_its_own_goes_with_it_and_comes_back_with_undo() {
    let mut screen = order();
    screen.enter("qty@a", 4);
    screen.enter("qty@b", 5);
    screen.click("drop@a");
    assert_eq!(screen.state.get("qty@a"), None);
    assert_eq!(screen.state["qty@b"], 5);
    screen.click("undo");
    assert_eq!(screen.state["qty@a"], 4);
    assert_eq!(screen.prop("sum@a", "content"), 12);
    screen.click("redo");
    assert_eq!(screen.state.get("qty@a"), None);
}

#[test]
fn rows_within_rows_have_their_own_and_see_that_of_the_row_around() {
    let mut screen = app(&json!({
        "state": {"days": [{"id": "mo", "meals": [{"id": "x"}, {"id": "y"}]}, {"id": "tu", "meals": [{"id": "x"}]}]},
        "components": [{"type": "list", "id": "days", "each": {"in": "days", "as": "day"}, "children": [
            {"type": "input", "id": "cook", "props": {"label": "Cook"}},
            {"type": "list", "id": "meals", "each": {"in": "day.meals", "as": "meal"}, "children": [
                {"type": "input", "id": "dish", "props": {"label": "Dish"}},
                {"type": "text", "id": "line", "props": {"content": "{{ cook }}:{{ dish }}"}},
                button("drop", &json!({"tool": "ui.remove_item", "args": {"path": "day.meals", "key": "{{ meal.id }}"}})),
            ]}
        ]}]
    }));
    screen.enter("cook@mo", "Ann");
    screen.enter("dish@mo/x", "Soup");
    screen.enter("dish@mo/y", "Stew");
    screen.enter("dish@tu/x", "Rice");
    assert_eq!(screen.prop("line@mo/x", "content"), "Ann:Soup");
    assert_eq!(screen.prop("line@tu/x", "content"), ":Rice");
    screen.click("drop@mo/x");
    let kept: Vec<&str> = ["cook@mo", "dish@mo/x", "dish@mo/y", "dish@tu/x"]
        .into_iter()
        .filter(|key| screen.state.get(key).is_some())
        .collect();
    assert_eq!(kept, ["cook@mo", "dish@mo/y", "dish@tu/x"]);
}
