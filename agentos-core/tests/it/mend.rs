//! Repairs: what is mended, what is told, and that mending is settled after one go.

use agentos_core::spec::accept::accept;
use agentos_core::spec::catalog::Catalog;
use agentos_core::spec::mend::{Loss, Mended, mend};
use agentos_core::spec::{Code, Severity, UiSpec, bounds};
use serde_json::{Value, json};

fn mend_with(doc: &Value, loss: Loss) -> Mended {
    mend(doc.clone(), Catalog::builtin(), loss)
}

/// Mends one component within a document that declares a little, and compares it without its id.
#[track_caller]
fn component(given: &Value, expected: &Value) {
    let doc = json!({
        "state": {"name": "", "count": 1, "todos": [], "open": false},
        "actions": {"add": "ui.refresh", "remove_all": "ui.refresh"},
        "components": [given],
    });
    let mended = mend_with(&doc, Loss::Forbidden);
    let mut component = mended.doc["components"][0].clone();
    without_ids(&mut component);
    assert_eq!(&component, expected, "{given}\n{:#?}", mended.issues);
    settled(&mended.doc, Loss::Forbidden);
}

fn without_ids(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|key, id| key != "id" || id.as_str().is_none_or(|id| !id.starts_with('c')));
            map.values_mut().for_each(without_ids);
        }
        Value::Array(items) => items.iter_mut().for_each(without_ids),
        _ => {}
    }
}

#[track_caller]
fn settled(doc: &Value, loss: Loss) {
    let again = mend_with(doc, loss);
    assert_eq!(again.issues, [], "mending twice told something in {doc}");
    assert_eq!(&again.doc, doc);
}

#[track_caller]
fn document(given: &Value, expected: &Value) {
    let mended = mend_with(given, Loss::Forbidden);
    assert_eq!(&mended.doc, expected, "{:#?}", mended.issues);
    settled(&mended.doc, Loss::Forbidden);
}

#[test]
fn types_take_their_catalog_name() {
    for name in ["data_table", "datatable", "DataTable", "table"] {
        component(
            &json!({"type": name, "props": {"columns": ["a"], "rows": []}}),
            &json!({"type": "table", "props": {"columns": ["a"], "rows": []}}),
        );
    }
    component(
        &json!({"type": "row", "children": []}),
        &json!({"type": "container", "children": [], "props": {"layout": "horizontal"}}),
    );
    component(
        &json!({"type": "Heading", "props": {"text": "Hi"}}),
        &json!({"type": "text", "props": {"content": "Hi", "variant": "h2"}}),
    );
    component(
        &json!({"type": "h1", "props": {"content": "Hi", "variant": "h3"}}),
        &json!({"type": "text", "props": {"content": "Hi", "variant": "h3"}}),
    );
    component(
        &json!({"type": "Buton", "props": {"text": "A"}}),
        &json!({"type": "button", "props": {"text": "A"}}),
    );
    component(
        &json!({"type": "number_input", "props": {"value": "3"}}),
        &json!({"type": "input", "props": {"value": 3, "type": "number"}}),
    );
    component(
        &json!({"kind": "badge", "props": {"text": "A"}}),
        &json!({"type": "badge", "props": {"text": "A"}}),
    );
    component(
        &json!({"children": ["A"]}),
        &json!({"children": [{"type": "text", "props": {"content": "A"}}], "type": "container"}),
    );
    component(
        &json!({"type": "hologram", "props": {"text": "A"}}),
        &json!({"type": "hologram", "props": {"text": "A"}}),
    );
}

#[test]
fn properties_take_their_name_and_kind() {
    component(
        &json!({"type": "text", "props": {"text": "A"}}),
        &json!({"type": "text", "props": {"content": "A"}}),
    );
    component(
        &json!({"type": "text", "props": {"label": "A"}}),
        &json!({"type": "text", "props": {"content": "A"}}),
    );
    component(
        &json!({"type": "button", "props": {"label": "A"}}),
        &json!({"type": "button", "props": {"text": "A"}}),
    );
    component(
        &json!({"type": "button", "props": {"text": "✕", "label": "Close"}}),
        &json!({"type": "button", "props": {"text": "✕", "label": "Close"}}),
    );
    component(
        &json!({"type": "button", "props": {"icon": "x", "label": "Close"}}),
        &json!({"type": "button", "props": {"icon": "x", "label": "Close"}}),
    );
    component(
        &json!({"type": "button", "props": {"content": "A", "isDisabled": "true"}}),
        &json!({"type": "button", "props": {"text": "A", "disabled": true}}),
    );
    component(
        &json!({"type": "select", "props": {"choices": ["a"]}}),
        &json!({"type": "select", "props": {"options": ["a"]}}),
    );
    component(
        &json!({"type": "select", "props": {"options": "a, b"}}),
        &json!({"type": "select", "props": {"options": ["a", "b"]}}),
    );
    component(
        &json!({"type": "grid", "props": {"cols": "4", "gap": "8"}}),
        &json!({"type": "grid", "props": {"columns": 4, "gap": 8}}),
    );
    component(
        &json!({"type": "button", "props": {"text": "A", "variant": "Primary"}}),
        &json!({"type": "button", "props": {"text": "A", "variant": "primary"}}),
    );
    component(
        &json!({"type": "button", "props": {"text": "A", "size": "lg"}}),
        &json!({"type": "button", "props": {"text": "A", "size": "large"}}),
    );
    component(
        &json!({"type": "alert", "props": {"message": "A", "severity": "error"}}),
        &json!({"type": "alert", "props": {"text": "A", "tone": "danger"}}),
    );
    component(
        &json!({"type": "container", "props": {"justify": "space-between"}}),
        &json!({"type": "container", "props": {"justify": "between"}}),
    );
    component(
        &json!({"type": "input", "props": {"type": "number", "value": "1.5"}}),
        &json!({"type": "input", "props": {"type": "number", "value": 1.5}}),
    );
    component(
        &json!({"type": "input", "props": {"value": "1.5"}}),
        &json!({"type": "input", "props": {"value": "1.5"}}),
    );
    component(
        &json!({"type": "button", "props": {"text": 7}}),
        &json!({"type": "button", "props": {"text": 7}}),
    );
    component(
        &json!({"type": "input", "props": {"label": 7, "placeholdr": "a"}}),
        &json!({"type": "input", "props": {"label": "7", "placeholder": "a"}}),
    );
    component(
        &json!({"type": "slider", "props": {"min": "{{ count }}"}}),
        &json!({"type": "slider", "props": {"min": "{{ count }}"}}),
    );
    component(
        &json!({"type": "input", "props": {"required": true}}),
        &json!({"type": "input", "props": {}, "checks": ["required"]}),
    );
    component(
        &json!({"type": "badge", "props": "New"}),
        &json!({"type": "badge", "props": {"text": "New"}}),
    );
    component(
        &json!({"type": "text", "content": "A", "style": {"color": "red"}}),
        &json!({"type": "text", "props": {"content": "A", "style": {"color": "red"}}}),
    );
}

#[test]
fn properties_of_a_style_take_their_name() {
    component(
        &json!({"type": "text", "props": {"content": "a", "style":
            {"font-size": "2rem", "background_color": "red", "Color": "blue", "marginTop": 4, "glow": 1}}}),
        &json!({"type": "text", "props": {"content": "a", "style":
            {"fontSize": "2rem", "backgroundColor": "red", "color": "blue", "marginTop": 4, "glow": 1}}}),
    );
}

#[test]
fn misplaced_keys_go_where_they_belong() {
    component(
        &json!({"type": "button", "props": {"text": "A", "on_event": {"click": "add"}, "visible": "count", "children": null}}),
        &json!({"type": "button", "props": {"text": "A"}, "on_event": {"click": "add"}, "visible": "count"}),
    );
    component(
        &json!({"type": "button", "props": {"text": "A", "onClick": "add"}}),
        &json!({"type": "button", "props": {"text": "A"}, "on_event": {"click": "add"}}),
    );
    component(
        &json!({"type": "button", "props": {"text": "A"}, "onPress": "add"}),
        &json!({"type": "button", "props": {"text": "A"}, "on_event": {"click": "add"}}),
    );
    component(
        &json!({"type": "button", "text": "A", "action": "add"}),
        &json!({"type": "button", "on_event": {"click": "add"}, "props": {"text": "A"}}),
    );
    component(
        &json!({"type": "button", "props": {"text": "A"}, "on_event": "add"}),
        &json!({"type": "button", "props": {"text": "A"}, "on_event": {"click": "add"}}),
    );
    component(
        &json!({"type": "button", "props": {"text": "A"}, "events": {"onClick": "add"}}),
        &json!({"type": "button", "props": {"text": "A"}, "on_event": {"click": "add"}}),
    );
    component(
        &json!({"type": "select", "props": {"options": ["a"], "on_change": "add"}}),
        &json!({"type": "select", "props": {"options": ["a"]}, "on_event": {"change": "add"}}),
    );
    component(
        &json!({"type": "tabs", "onTabChange": "add"}),
        &json!({"type": "tabs", "on_event": {"tabChange": "add"}}),
    );
    component(
        &json!({"type": "table", "props": {"columns": ["a"], "rows": []}, "on_event": {"rowClick": "add"}}),
        &json!({"type": "table", "props": {"columns": ["a"], "rows": []}, "on_event": {"row_click": "add"}}),
    );
    component(
        &json!({"type": "list", "props": {"each": {"items": "{{ todos }}", "var": "t", "key": "t.id"}}, "children": [{"type": "text", "props": {"content": "{{ t }}"}}]}),
        &json!({"type": "list", "props": {}, "children": [{"type": "text", "props": {"content": "{{ t }}"}}], "each": {"in": "todos", "as": "t", "key": "id"}}),
    );
    component(
        &json!({"type": "text", "each": "todos", "props": {"content": "{{ item }}"}}),
        &json!({"type": "container", "each": "todos", "children": [{"type": "text", "props": {"content": "{{ item }}"}}]}),
    );
}

#[test]
fn children_become_a_list_of_components() {
    component(
        &json!({"type": "card", "children": {"type": "text", "props": {"content": "A"}}}),
        &json!({"type": "card", "children": [{"type": "text", "props": {"content": "A"}}]}),
    );
    component(
        &json!({"type": "card", "children": "A"}),
        &json!({"type": "card", "children": [{"type": "text", "props": {"content": "A"}}]}),
    );
    component(
        &json!({"type": "card", "children": ["A", 7]}),
        &json!({"type": "card", "children": [{"type": "text", "props": {"content": "A"}}, {"type": "text", "props": {"content": 7}}]}),
    );
    component(
        &json!({"type": "button", "children": ["Save"]}),
        &json!({"type": "button", "props": {"text": "Save"}}),
    );
    component(
        &json!({"type": "button", "children": [], "props": {"text": "A"}}),
        &json!({"type": "button", "props": {"text": "A"}}),
    );
}

#[test]
fn bindings_are_two_way() {
    component(
        &json!({"type": "input", "props": {"bind": "name"}}),
        &json!({"type": "input", "props": {"value": {"$bind": "name"}}}),
    );
    component(
        &json!({"type": "input", "props": {"value": "{{ name }}"}}),
        &json!({"type": "input", "props": {"value": {"$bind": "name"}}}),
    );
    component(
        &json!({"type": "input", "props": {"value": "{{ name }}", "readonly": true}}),
        &json!({"type": "input", "props": {"value": "{{ name }}", "readonly": true}}),
    );
    component(
        &json!({"type": "input", "props": {"value": {"$bind": "state.name"}}}),
        &json!({"type": "input", "props": {"value": {"$bind": "name"}}}),
    );
    component(
        &json!({"type": "text", "props": {"content": "{{ state.count + 1 }} of state.count"}}),
        &json!({"type": "text", "props": {"content": "{{ count + 1 }} of state.count"}}),
    );
}

#[test]
fn steps_name_tools_actions_and_arguments_properly() {
    #[track_caller]
    fn click(given: &Value, expected: &Value) {
        component(
            &json!({"type": "button", "props": {"text": "A"}, "on_event": {"click": given}}),
            &json!({"type": "button", "props": {"text": "A"}, "on_event": {"click": expected}}),
        );
    }
    click(&json!("add_"), &json!("add"));
    click(&json!("removeAll"), &json!("remove_all"));
    click(&json!("actions.add"), &json!("add"));
    click(&json!("add()"), &json!("add"));
    click(&json!("ui.refresh()"), &json!("ui.refresh"));
    for key in ["name", "call", "type", "function", "method"] {
        click(&json!({key: "add"}), &json!({"do": "add"}));
        click(
            &json!({key: "ui.toggle", "args": {"path": "open"}}),
            &json!({"tool": "ui.toggle", "args": {"path": "open"}}),
        );
    }
    click(
        &json!({"do": "add", "confirm": true}),
        &json!({"do": "add", "confirm": "Are you sure?"}),
    );
    click(&json!({"do": "add", "confirm": false}), &json!({"do": "add"}));
    click(&json!("calc.appendDigit"), &json!("calc.append_digit"));
    click(&json!({"tool": "add"}), &json!({"do": "add"}));
    click(&json!({"action": "add"}), &json!({"do": "add"}));
    click(&json!({"do": "ui.refresh"}), &json!({"tool": "ui.refresh"}));
    click(
        &json!({"ui.toggle": {"path": "open"}}),
        &json!({"tool": "ui.toggle", "args": {"path": "open"}}),
    );
    click(
        &json!({"tool": "ui.toggle", "params": {"path": "open"}}),
        &json!({"tool": "ui.toggle", "args": {"path": "open"}}),
    );
    click(
        &json!({"tool": "ui.setState", "key": "count", "value": 2}),
        &json!({"tool": "ui.set_state", "args": {"path": "count", "value": 2}}),
    );
    click(
        &json!({"tool": "ui.increment", "args": {"path": {"$bind": "count"}, "by": "2"}}),
        &json!({"tool": "ui.increment", "args": {"path": "count", "by": 2}}),
    );
    click(
        &json!([{"tool": "ui.toggle", "args": {"path": "state.open"}}, null]),
        &json!([{"tool": "ui.toggle", "args": {"path": "open"}}, null]),
    );
    click(
        &json!({"tool": "timer.set", "args": {"delay": "500", "action": {"tool": "add"}}}),
        &json!({"tool": "timer.set", "args": {"delay": 500, "action": {"do": "add"}}}),
    );
    click(
        &json!({"tool": "http.get", "args": {"url": "x"}}),
        &json!({"tool": "http.get", "args": {"url": "x"}}),
    );
}

#[test]
fn checks_take_their_names_and_numbers() {
    component(
        &json!({"type": "input", "props": {"label": "A"}, "checks": ["Required", "requird", {"minLength": "3", "regex": "a"}]}),
        &json!({"type": "input", "props": {"label": "A"}, "checks": ["required", "required", {"min_length": 3, "pattern": "a"}]}),
    );
    component(
        &json!({"type": "input", "props": {"label": "A"}, "checks": {"max": "9", "message": "Less"}}),
        &json!({"type": "input", "props": {"label": "A"}, "checks": {"max": 9, "message": "Less"}}),
    );
}

#[test]
fn handlers_are_found_however_they_are_named() {
    let handled = json!({"type": "button", "props": {"text": "A"}, "on_event": {"click": "add"}});
    for key in ["onclick", "onClick", "on_click", "on-click"] {
        component(
            &json!({"type": "button", "props": {"text": "A"}, key: "add"}),
            &handled,
        );
        component(
            &json!({"type": "button", "props": {"text": "A", key: "add"}}),
            &handled,
        );
    }
    component(
        &json!({"type": "button", "props": {"text": "A"}, "on": {"click": "add"}}),
        &handled,
    );
}

#[test]
fn a_path_that_is_a_slip_of_one_in_the_state_is_that_one() {
    #[track_caller]
    fn corrected(component: &Value, expected: &Value) {
        let state = json!({"todos": [], "user_name": "", "count": 0, "item1": "", "settings": {"dark": false}, "u": {"name": "", "home": {"city": ""}}});
        let mended = mend_with(
            &json!({"state": state, "components": [component]}),
            Loss::Forbidden,
        );
        let mut component = mended.doc["components"][0].clone();
        without_ids(&mut component);
        assert_eq!(&component, expected, "{:#?}", mended.issues);
        assert_eq!(mended.doc["state"], state, "nothing is declared");
        settled(&mended.doc, Loss::Forbidden);
    }
    let bound = |path: &str| json!({"type": "input", "props": {"value": {"$bind": path}}});
    corrected(&bound("userName"), &bound("user_name"));
    corrected(&bound("/usr_name"), &bound("/user_name"));
    corrected(&bound("u.nmae"), &bound("u.name"));
    corrected(&bound("u.home.ctiy"), &bound("u.home.city"));
    corrected(&bound("/u/hmoe/city"), &bound("/u/home/city"));
    let listed = |list: Value| json!({"type": "list", "each": list, "children": []});
    corrected(&listed(json!("todo")), &listed(json!("todos")));
    corrected(
        &listed(json!({"in": "todo", "as": "t"})),
        &listed(json!({"in": "todos", "as": "t"})),
    );
    let runs = |tool: &str, args: Value| json!({"type": "button", "on_event": {"click": {"tool": tool, "args": args}}});
    corrected(
        &runs("ui.increment", json!({"path": "cout"})),
        &runs("ui.increment", json!({"path": "count"})),
    );
    corrected(
        &runs("ui.toggle", json!({"path": "setings.dark"})),
        &runs("ui.toggle", json!({"path": "settings.dark"})),
    );
    corrected(
        &runs("ui.set_multiple", json!({"values": {"userName": "A"}})),
        &runs("ui.set_multiple", json!({"values": {"user_name": "A"}})),
    );
}

#[test]
fn a_path_is_written_plainly() {
    let listed = |list: &str| json!({"type": "list", "each": {"in": list, "as": "t"}, "children": []});
    for written in [
        "$.todos",
        "$state.todos",
        "$todos",
        "{{ todos }}",
        "{{ $.todos }}",
        "state.todos",
        " todos ",
    ] {
        let plain = if written == " todos " { written } else { "todos" };
        component(&listed(written), &listed(plain));
    }
    let runs = |path: &str| json!({"type": "button", "on_event": {"click": {"tool": "ui.toggle", "args": {"path": path}}}});
    component(&runs("$.open"), &runs("open"));
    let field = |value: Value| json!({"type": "input", "props": {"value": value}});
    component(
        &field(json!({"$bind": "$.name"})),
        &field(json!({"$bind": "name"})),
    );
    component(&field(json!("$name")), &field(json!("$name")));
}

#[test]
fn queries_take_their_keys_and_numbers() {
    let app = |query: Value| {
        json!({"type": "app", "title": "A", "data": {"q": query},
            "components": [{"type": "text", "id": "t", "props": {"content": "{{ q }}"}}]})
    };
    let mended = |query: Value, expected: Value| document(&app(query), &app(expected));
    mended(
        json!({"tool": "storage.list", "every": "30"}),
        json!({"tool": "storage.list", "every": 30}),
    );
    mended(
        json!({"tool": "storage.get", "params": {"key": "a"}}),
        json!({"tool": "storage.get", "args": {"key": "a"}}),
    );
    mended(
        json!({"tool": "storage.get", "key": "a"}),
        json!({"tool": "storage.get", "args": {"key": "a"}}),
    );
    let url = "https://example.org";
    mended(
        json!({"tool": "http.get", "params": {"url": url}}),
        json!({"tool": "http.get", "args": {"url": url}}),
    );
    mended(
        json!({"tool": "http.get", "url": url, "params": {"q": "a"}}),
        json!({"tool": "http.get", "args": {"url": url, "query": {"q": "a"}}}),
    );
    mended(
        json!({"tool": "http.get", "args": {"url": url}, "params": {"q": "a"}}),
        json!({"tool": "http.get", "args": {"url": url, "query": {"q": "a"}}}),
    );
    let step = |debounce: Value| json!({"type": "button", "on_event": {"click": {"do": "add", "debounce": debounce}}});
    component(&step(json!("300")), &step(json!(300)));
}

#[test]
fn a_theme_takes_the_spelling_of_its_choices() {
    let app = |theme: Value| json!({"type": "app", "title": "A", "theme": theme, "components": [{"type": "divider", "id": "d"}]});
    document(
        &app(json!({"Mode": "Dark", "density": "COMPACT", "accent": "#2f56d9"})),
        &app(json!({"mode": "dark", "density": "compact", "accent": "#2f56d9"})),
    );
    document(&app(json!({"mode": "sepia"})), &app(json!({"mode": "sepia"})));
}

#[test]
fn an_expression_where_a_list_is_named_is_no_state_and_is_told() {
    for list in [
        "todos | sort(attribute='n')",
        "range(3)",
        "q and todos",
        "todos[:1]",
        "todos[-3:]",
        "more[:1]",
        "{{ todos | sort }}",
        "{{ todos.rows | sort(attribute='a.b') }}",
        "{{ todos + todos }}",
        "{{ todos[:1] }}",
    ] {
        let doc = json!({
            "type": "app", "title": "A", "state": {"todos": [], "q": true},
            "components": [{"type": "list", "id": "l", "each": {"in": list, "as": "t"},
                "children": [{"type": "text", "id": "t", "props": {"content": "{{ t }}"}}]}],
        });
        let accepted = accept(doc, Catalog::builtin(), Loss::Forbidden);
        let told = format!("{accepted:?}");
        assert!(
            told.contains("BindUnknownPath") && told.contains("under `computed`"),
            "{list}: {told}"
        );
    }
}

#[test]
fn what_is_declared_beside_a_name_like_it_is_told_with_that_name() {
    let doc = json!({
        "state": {"trip": {"departure": ""}},
        "components": [{"type": "input", "props": {"value": {"$bind": "trip.deparutres"}}}],
    });
    let mended = mend_with(&doc, Loss::Forbidden);
    assert_eq!(
        mended.doc["state"]["trip"],
        json!({"departure": "", "deparutres": ""})
    );
    let told = mended
        .issues
        .iter()
        .find(|issue| issue.message.contains("deparutres"));
    assert_eq!(
        told.and_then(|issue| issue.hint.as_deref()),
        Some("trip.departure")
    );
}

#[test]
fn a_path_that_is_near_another_and_means_something_else_is_declared() {
    let doc = json!({
        "state": {"todos": [], "item1": ""},
        "components": [
            {"type": "input", "props": {"value": {"$bind": "todo"}}},
            {"type": "input", "props": {"value": {"$bind": "item2"}}},
        ]
    });
    let state = &mend_with(&doc, Loss::Forbidden).doc["state"];
    assert_eq!(state, &json!({"todos": [], "item1": "", "todo": "", "item2": ""}));
    // What a tool writes unless told otherwise is written nowhere in the document.
    let add = json!({"tool": "list.add", "args": {"item": 1}});
    let doc = json!({"state": {"lists": []}, "components": [{"type": "button", "on_event": {"click": add}}]});
    assert_eq!(
        mend_with(&doc, Loss::Forbidden).doc["state"],
        json!({"lists": [], "list": []})
    );
}

#[test]
fn document_keys_take_their_shape() {
    document(
        &json!({"type": "application", "title": 7, "layout": "column", "components": []}),
        &json!({"type": "app", "title": "7", "layout": "vertical", "components": []}),
    );
    document(
        &json!({"components": [], "service_bindings": {"calc": "add"}, "services": "calc"}),
        &json!({"components": [], "service_bindings": {"calc": ["add"]}, "services": ["calc"]}),
    );
    document(
        &json!({"components": [], "lifecycle_hooks": {"on_mount": ["ui.refresh"], "on_unmount": "ui.refresh"}}),
        &json!({"components": [], "on": {"mount": ["ui.refresh"], "close": "ui.refresh"}}),
    );
    document(
        &json!({"components": [], "state": {"a": 1, "b/c": 2}, "persist": true}),
        &json!({"components": [], "state": {"a": 1, "b/c": 2}, "persist": ["/a", "/b~1c"]}),
    );
    document(
        &json!({"components": [], "state": {"a": 1, "b": 2}, "persist": ["{{ a }}"], "watch": {"{{ b }}": "ui.refresh"}}),
        &json!({"components": [], "state": {"a": 1, "b": 2}, "persist": ["a"], "watch": {"b": "ui.refresh"}}),
    );
    document(
        &json!({"components": [], "data": {"keys": "storage.list"}}),
        &json!({"components": [], "data": {"keys": {"tool": "storage.list"}}}),
    );
    document(
        &json!({"components": [], "persist": null, "data": null}),
        &json!({"components": []}),
    );
    document(
        &json!({"app": {"components": [], "name": "A"}}),
        &json!({"components": [], "title": "A"}),
    );
    document(
        &json!([{"type": "divider"}]),
        &json!({"type": "app", "components": [{"type": "divider", "id": "c0"}]}),
    );
    document(
        &json!({"components": [], "state": {"a": 1}, "computed": {"b": "state.a"}, "watch": {"state.a": "ui.refresh"}}),
        &json!({"components": [], "state": {"a": 1}, "computed": {"b": "a"}, "watch": {"a": "ui.refresh"}}),
    );
    document(
        &json!({"components": [], "wizardry": 1}),
        &json!({"components": [], "wizardry": 1}),
    );
}

#[test]
fn ids_are_given_by_position_and_never_twice() {
    document(
        &json!({"components": [
            {"type": "container", "children": [{"type": "divider"}, {"type": "divider", "id": "a"}]},
            {"type": "divider", "id": "a"},
            {"type": "divider", "id": "a_2"},
            {"type": "divider", "id": "c4"},
            {"type": "divider"},
            {"type": "divider", "id": 7},
        ]}),
        &json!({"components": [
            {"type": "container", "id": "c0", "children": [{"type": "divider", "id": "c0_0"}, {"type": "divider", "id": "a"}]},
            {"type": "divider", "id": "a_3"},
            {"type": "divider", "id": "a_2"},
            {"type": "divider", "id": "c4"},
            {"type": "divider", "id": "c4_2"},
            {"type": "divider", "id": "c_7"},
        ]}),
    );
}

#[test]
fn paths_nobody_declared_get_the_empty_value_of_what_uses_them() {
    #[track_caller]
    fn declares(component: &Value, expected: &Value) {
        let doc = json!({"components": [component], "computed": {"sum": "1"}});
        let mended = mend_with(&doc, Loss::Forbidden);
        assert_eq!(
            mended.doc.get("state").unwrap_or(&json!({})),
            expected,
            "{component}"
        );
        settled(&mended.doc, Loss::Forbidden);
    }
    let bound = |kind: &str, prop: &str| json!({"type": kind, "props": {prop: {"$bind": "v"}}});
    declares(&bound("input", "value"), &json!({"v": ""}));
    declares(&bound("checkbox", "checked"), &json!({"v": false}));
    declares(&bound("slider", "value"), &json!({"v": 0}));
    declares(&bound("modal", "open"), &json!({"v": false}));
    declares(&bound("tabs", "value"), &json!({"v": null}));
    declares(&bound("table", "rows"), &json!({"v": []}));
    declares(
        &json!({"type": "slider", "props": {"min": 5, "value": {"$bind": "v"}}}),
        &json!({"v": 5}),
    );
    declares(
        &json!({"type": "input", "props": {"type": "number", "value": {"$bind": "a.b"}}}),
        &json!({"a": {"b": 0}}),
    );
    declares(
        &json!({"type": "list", "each": "rows", "children": [{"type": "checkbox", "props": {"checked": {"$bind": "item.done"}}}]}),
        &json!({"rows": []}),
    );
    declares(&bound("progress", "max"), &json!({"v": 0}));
    declares(
        &json!({"type": "input", "props": {"value": {"$bind": "sum"}}}),
        &json!({}),
    );
    let runs = |tool: &str, args: Value| json!({"type": "button", "on_event": {"click": {"tool": tool, "args": args}}});
    declares(&runs("ui.increment", json!({"path": "n"})), &json!({"n": 0}));
    declares(&runs("ui.toggle", json!({"path": "n"})), &json!({"n": false}));
    declares(
        &runs("ui.add_item", json!({"path": "n", "value": {}})),
        &json!({"n": []}),
    );
    declares(
        &runs("ui.set_state", json!({"path": "n", "value": "a"})),
        &json!({"n": ""}),
    );
    declares(
        &runs("ui.set_multiple", json!({"values": {"n": 1}})),
        &json!({"n": 0}),
    );
    declares(
        &runs("list.add", json!({"list_id": "n", "item": 1})),
        &json!({"n": []}),
    );
    declares(&runs("calc.clear", json!({})), &json!({"display": "0"}));
    declares(&runs("ui.get_state", json!({"path": "n"})), &json!({}));
}

#[test]
fn a_control_that_holds_its_own_value_is_not_declared() {
    let doc = json!({"components": [
        {"type": "input", "id": "display", "props": {"value": "0"}},
        {"type": "button", "on_event": {"click": "calc.clear"}},
    ]});
    assert_eq!(mend_with(&doc, Loss::Forbidden).doc.get("state"), None);
}

#[test]
fn what_is_dangerous_goes_even_without_leave_to_drop() {
    let doc = json!({
        "state": {"__proto__": {"admin": true}, "a": {"constructor": 1}},
        "components": [
            {"type": "link", "id": "a", "props": {"text": "A", "href": " JavaScript:alert(1)"}},
            {"type": "image", "id": "b", "props": {"src": "data:text/html,x", "alt": "B"}},
            {"type": "link", "id": "c", "props": {"text": "C", "href": "javascript:{{ a }}"}},
            {"type": "link", "id": "d", "props": {"text": "D", "href": "{{ a }}"}},
        ],
    });
    let mended = mend_with(&doc, Loss::Forbidden);
    assert_eq!(mended.doc["state"], json!({"a": {}}));
    assert_eq!(mended.doc["components"][0]["props"], json!({"text": "A"}));
    assert_eq!(mended.doc["components"][1]["props"], json!({"alt": "B"}));
    assert_eq!(mended.doc["components"][2]["props"], json!({"text": "C"}));
    assert_eq!(
        mended.doc["components"][3]["props"],
        json!({"text": "D", "href": "{{ a }}"})
    );
    let dropped: Vec<_> = mended
        .issues
        .iter()
        .filter(|issue| issue.severity == Severity::Warning)
        .map(|issue| (issue.code, issue.path.as_str()))
        .collect();
    assert_eq!(
        dropped,
        [
            (Code::Dropped, "/state/__proto__"),
            (Code::Dropped, "/state/a/constructor"),
            (Code::UrlScheme, "/components/0/props/href"),
            (Code::UrlScheme, "/components/1/props/src"),
            (Code::UrlScheme, "/components/2/props/href")
        ]
    );
}

#[test]
fn every_mend_is_a_note_with_its_place() {
    let doc =
        json!({"components": [{"type": "btn", "id": "a", "props": {"label": "A", "onClick": "calc.clear"}}]});
    let issues = mend_with(&doc, Loss::Forbidden).issues;
    let told: Vec<_> = issues
        .iter()
        .map(|issue| (issue.path.as_str(), issue.message.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("/components/0/type", "the type \"btn\" is \"button\""),
            (
                "/components/0/props/onClick",
                "`onClick` was moved to `on_event.click`"
            ),
            (
                "/components/0/props/label",
                "`label` of a button without a `text` stands for it"
            ),
            (
                "/components/0/on_event/click/args/target",
                "`display` was not in the state; it begins as \"0\""
            ),
        ]
    );
    assert!(
        issues
            .iter()
            .all(|issue| issue.severity == Severity::Note && issue.code == Code::Mended)
    );
}

#[track_caller]
fn survives(doc: &Value, expected: &Value) {
    let mended = mend_with(doc, Loss::Allowed);
    assert_eq!(&mended.doc["components"], expected, "{:#?}", mended.issues);
    assert!(UiSpec::from_json(&mended.doc).is_ok());
    settled(&mended.doc, Loss::Allowed);
}

#[test]
fn with_leave_to_drop_the_rest_of_an_app_survives() {
    let text = json!({"type": "text", "id": "t", "props": {"content": "A"}});
    survives(
        &json!({"components": [true, text, [], {"props": {}}]}),
        &json!([text]),
    );
    survives(
        &json!({"components": [text], "wizardry": 1, "computed": {"a": "1 +"}}),
        &json!([text]),
    );
    survives(
        &json!({"components": [{"type": "text", "id": "t", "props": {"content": "A", "glow": 1, "weight": 7}, "aura": 2}]}),
        &json!([text]),
    );
    survives(
        &json!({"components": [text, {"type": "button", "id": "b", "props": {"text": "A"}, "on_event": {"click": {"tool": "ui.vanish"}}}]}),
        &json!([text]),
    );
    survives(
        &json!({"components": [{"type": "button", "id": "b", "props": {"text": "A"}, "on_event": {"click": "ui.undo_all", "focus": "system.undo"}}]}),
        &json!([{"type": "button", "id": "b", "props": {"text": "A"}, "on_event": {"focus": "system.undo"}}]),
    );
    survives(
        &json!({"components": [text, {"type": "hologram", "id": "h", "props": {"depth": 3}}]}),
        &json!([text, {"type": "hologram", "id": "h", "props": {"depth": 3}}]),
    );
    survives(
        &json!({"components": [{"type": "button", "id": "b", "props": {"text": "A"}}]}),
        &json!([]),
    );
}

#[test]
fn without_leave_unknown_keys_stay_to_be_refused() {
    let doc = json!({"components": [{"type": "text", "id": "t", "props": {"content": "A"}, "aura": 2}], "wizardry": 1});
    let mended = mend_with(&doc, Loss::Forbidden);
    assert_eq!(mended.doc, doc);
    assert!(UiSpec::from_json(&mended.doc).is_err());
}

#[test]
fn a_document_that_a_mend_takes_over_its_bounds_is_refused_at_once() {
    let dividers: Vec<Value> = (0..4_000)
        .map(|_| json!({"type": "divider", "props": {"label": "x".repeat(80)}}))
        .collect();
    let doc = json!({"components": dividers});
    assert_eq!(bounds::verify(&doc), Ok(()));
    let refused = accept(doc, Catalog::builtin(), Loss::Forbidden);
    let codes: Vec<_> = refused
        .expect_err("it is too large")
        .iter()
        .map(|issue| issue.code)
        .collect();
    assert_eq!(codes, [Code::TooLarge]);
}

/// A small generator: the same documents on every machine.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % bound
    }

    fn pick<'t>(&mut self, from: &[&'t str]) -> &'t str {
        from[self.below(from.len())]
    }

    fn value(&mut self, depth: usize) -> Value {
        const TEXTS: [&str; 22] = [
            "",
            "add",
            "a",
            "{{ a }}",
            "{{ state.a }}",
            "state.b",
            "ui.toggle",
            "calc.clear",
            "calc.appendDigit",
            "7",
            "true",
            "javascript:alert(1)",
            "{{",
            "primary",
            "Primary",
            "{{ item.x }}",
            "button",
            "row",
            "__proto__",
            "…é{{ 'ü' }}",
            "a.b.0",
            "{{ 1 + }}",
        ];
        match self.below(if depth == 0 { 5 } else { 9 }) {
            0 => Value::Null,
            1 => json!(self.below(2) == 0),
            2 => json!(self.below(100)),
            3 | 4 => json!(self.pick(&TEXTS)),
            5 => (0..self.below(4)).map(|_| self.value(depth - 1)).collect(),
            6 => json!({"$bind": self.pick(&TEXTS)}),
            _ => self.object(depth),
        }
    }

    fn object(&mut self, depth: usize) -> Value {
        const KEYS: [&str; 44] = [
            "type",
            "id",
            "props",
            "children",
            "on_event",
            "visible",
            "each",
            "checks",
            "a11y",
            "text",
            "label",
            "content",
            "value",
            "checked",
            "options",
            "onClick",
            "click",
            "change",
            "tool",
            "do",
            "args",
            "path",
            "in",
            "as",
            "key",
            "where",
            "into",
            "then",
            "catch",
            "if",
            "columns",
            "rows",
            "src",
            "href",
            "style",
            "required",
            "bind",
            "action",
            "delay",
            "icon",
            "__proto__",
            "kind",
            "x",
            "size",
        ];
        const TYPES: [&str; 12] = [
            "button",
            "input",
            "text",
            "container",
            "list",
            "row",
            "select",
            "table",
            "modal",
            "tabs",
            "Chekbox",
            "hologram",
        ];
        let mut map = serde_json::Map::new();
        for _ in 0..self.below(6) {
            let key = self.pick(&KEYS);
            map.insert(key.to_owned(), self.value(depth.saturating_sub(1)));
        }
        if self.below(3) > 0 {
            map.insert("type".to_owned(), self.pick(&TYPES).into());
        }
        Value::Object(map)
    }

    fn document(&mut self) -> Value {
        const SECTIONS: [&str; 16] = [
            "title",
            "layout",
            "components",
            "state",
            "persist",
            "computed",
            "data",
            "actions",
            "on",
            "watch",
            "services",
            "service_bindings",
            "lifecycle_hooks",
            "style",
            "theme",
            "wizardry",
        ];
        let mut doc = json!({"components": (0..self.below(6)).map(|_| self.object(4)).collect::<Vec<_>>()});
        for _ in 0..self.below(8) {
            let section = self.pick(&SECTIONS);
            doc[section] = self.value(3);
        }
        doc
    }
}

#[test]
fn mending_any_document_twice_changes_nothing_the_second_time() {
    for seed in 0..600 {
        let mut chance = Chance(seed);
        let doc = if seed % 10 == 0 {
            chance.value(5)
        } else {
            chance.document()
        };
        for loss in [Loss::Forbidden, Loss::Allowed] {
            let once = mend_with(&doc, loss);
            let twice = mend_with(&once.doc, loss);
            assert_eq!(twice.doc, once.doc, "seed {seed}, {loss:?}: {doc}");
            assert_eq!(twice.issues, [], "seed {seed}, {loss:?}: {doc}");
        }
    }
}

#[test]
fn with_leave_to_drop_any_object_becomes_a_document() {
    for seed in 0..600 {
        let doc = Chance(seed).document();
        let mended = mend_with(&doc, Loss::Allowed);
        assert!(
            UiSpec::from_json(&mended.doc).is_ok(),
            "seed {seed}: {}",
            mended.doc
        );
    }
}

#[test]
fn panels_that_are_written_as_a_list_become_children() {
    let panels = json!([
        {"type": "container", "id": "day", "props": {"label": "Day"},
         "children": [{"type": "text", "props": {"content": "Today"}}]},
        {"type": "container", "props": {"label": "Week"}, "children": [{"type": "button", "props": {"text": "Add"}}]},
        {"type": "container", "props": {"label": "Year"}, "children": []},
    ]);
    let list = json!([
        {"id": "day", "label": "Day", "content": "Today"},
        {"title": "Week", "children": [{"type": "button", "props": {"text": "Add"}}]},
        "Year",
    ]);
    for (kind, key) in [
        ("tabs", "tabs"),
        ("tabs", "panels"),
        ("accordion", "items"),
        ("accordion", "sections"),
    ] {
        let expected = json!({"type": kind, "props": {"label": "Views"}, "children": panels});
        component(
            &json!({"type": kind, "props": {"label": "Views", key: list}}),
            &expected,
        );
        component(
            &json!({"type": kind, "props": {"label": "Views"}, "children": [], key: list}),
            &expected,
        );
    }
    // What a panel cannot hold is not lost.
    let icons = json!({"type": "tabs", "props": {"tabs": [{"label": "Day", "icon": "sun"}]}});
    component(&icons, &icons);
}
