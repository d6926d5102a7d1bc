//! What each code says: what is wrong, where, what was expected, and the nearest valid form.

use agentos_core::spec::{Catalog, Issue, UiSpec, accept, bounds, check, mend};
use serde_json::{Value, json};

fn one(component: &Value) -> Value {
    json!({"title": "A", "state": {"count": 0, "name": "", "rows": [{"text": "A"}]}, "actions": {"add": {"tool": "ui.increment", "args": {"path": "count"}}}, "components": [component]})
}

fn issues(document: &Value) -> Vec<Issue> {
    UiSpec::from_json(document).map_or_else(|issues| issues, |spec| check::check(&spec, Catalog::builtin()))
}

#[track_caller]
fn says(issues: &[Issue], expected: &str) {
    assert_eq!(told(issues, expected), [expected]);
}

#[track_caller]
fn table(cases: impl IntoIterator<Item = (Vec<Issue>, &'static str)>) {
    let cases = cases
        .into_iter()
        .map(|(issues, expected)| (told(&issues, expected).join("\n"), expected));
    let wrong: Vec<_> = cases.filter(|(told, expected)| told != expected).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What of the issues has the code that is expected.
fn told(issues: &[Issue], expected: &str) -> Vec<String> {
    let told = issues.iter().map(|issue| {
        let code = serde_json::to_value(issue.code).unwrap();
        let hint = issue
            .hint
            .as_deref()
            .map(|hint| format!(" → {hint}"))
            .unwrap_or_default();
        format!("{}: {}{hint}", code.as_str().unwrap(), issue.message)
    });
    let code = expected.split(':').next().unwrap();
    told.filter(|line| line.starts_with(&format!("{code}:")))
        .collect()
}

#[test]
fn of_text_that_is_no_document() {
    says(
        &[bounds::parse("{\"a\" 1}").unwrap_err()],
        "json_invalid: the document is not JSON: expected `:` at line 1 column 6",
    );
    says(
        &[bounds::parse("{\"a\": [1").unwrap_err()],
        "json_truncated: the document ends at line 1, column 8, before its JSON is complete → close every text, list and object that is open there",
    );
}

#[test]
fn of_components() {
    let cases = [
        (
            json!({"type": "buttn"}),
            "unknown_type: there is no component of type \"buttn\"; a placeholder that names it is shown → button",
        ),
        (
            json!({"type": "text", "props": {"contnet": "A"}}),
            "unknown_prop: a text has no property `contnet`; it has no effect → content",
        ),
        (
            json!({"type": "grid", "props": {"columns": "x"}}),
            "prop_type: `columns` of a grid: expected a whole number from 1 to 12, found the text \"x\"",
        ),
        (
            json!({"type": "text", "props": {"weight": "Bold"}}),
            "prop_enum: `weight` of a text: expected one of normal medium semibold bold, found \"Bold\" → bold",
        ),
        (
            json!({"type": "select", "props": {"label": "A"}}),
            "missing_prop: a select needs `options`: what can be chosen → options",
        ),
        (
            json!({"type": "text", "props": {"content": "{{ cuont }}"}}),
            "expr_unknown_name: nothing is called `cuont` here; state, computed or data would define it → count",
        ),
        (
            json!({"type": "text", "visible": "1 +"}),
            "expr_syntax: `1 +` is no expression: syntax error: unexpected end of input, expected expression",
        ),
        (
            json!({"type": "text", "props": {"content": "{{ count | uper }}"}}),
            "expr_unknown_name: there is no filter `uper` → upper",
        ),
        (
            json!({"type": "input", "props": {"label": "A", "value": {"$bind": "nmae"}}}),
            "bind_unknown_path: `nmae` cannot be bound: the state has no `nmae` → name",
        ),
        (
            json!({"type": "input"}),
            "a11y_label: an input needs a name for those who cannot see it: label or placeholder → label",
        ),
        (
            json!({"type": "link", "props": {"text": "A", "href": "ftp://a"}}),
            "url_scheme: `href` of a link: expected a URL that begins with http:// or https://, found \"ftp://a\"",
        ),
        (
            json!({"type": "button", "props": {"text": "A"}}),
            "control_does_nothing: this button does nothing: no action runs on `click` → \"on_event\": {\"click\": …}",
        ),
        (
            json!({"type": "list", "each": "name", "children": [{"type": "divider"}]}),
            "each_not_list: `each` repeats a list, and `name` begins as text",
        ),
        (
            json!({"type": "list", "each": "rows", "children": [{"type": "divider"}]}),
            "each_no_key: rows of `rows` have no `id`, so they are told apart by their place; give each an `id`, or name another `key`",
        ),
        (
            json!({"type": "divider", "colour": 1}),
            "schema: `colour` is not known here; known are type, id, props, children, on_event, visible, each, checks, a11y, x; notes of your own go under `x`",
        ),
    ];
    table(cases.map(|(component, expected)| (issues(&one(&component)), expected)));
}

#[test]
fn of_actions() {
    let click =
        |step: Value| one(&json!({"type": "button", "props": {"text": "A"}, "on_event": {"click": step}}));
    let cases = [
        (
            json!("ad_d"),
            "action_unknown: there is no action `ad_d`; `actions` would define it → add",
        ),
        (
            json!({"tool": "storage.gett"}),
            "tool_unknown: there is no tool `storage.gett`; `storage` has storage.get storage.set storage.remove storage.list storage.clear → storage.get",
        ),
        (
            json!({"tool": "ui.toggle", "args": {}}),
            "args_invalid: `ui.toggle`: argument \"path\" is missing → {\"path\":\"open\"}",
        ),
        (
            json!({"tool": "ui.toggle", "args": {"path": "__proto__"}}),
            "path_forbidden: `ui.toggle`: the path `__proto__` holds the forbidden name `__proto__`",
        ),
    ];
    table(cases.map(|(step, expected)| (issues(&click(step)), expected)));
}

#[test]
fn of_the_document() {
    let mut document = one(&json!({"type": "divider", "id": "a"}));
    document["computed"] = json!({"name": "1", "x": "y", "y": "x"});
    document["components"] = json!([{"type": "divider", "id": "a"}, {"type": "text", "id": "a"}]);
    says(
        &issues(&document),
        "name_collision: `name` is in state and in computed; one of them needs another name",
    );
    says(
        &issues(&document),
        "dependency_cycle: `x` follows from itself: x → y → x",
    );
    says(
        &issues(&document),
        "duplicate_id: the id \"a\" is taken by the divider at /components/0",
    );
    document["services"] = json!(["storage"]);
    document["service_bindings"] = json!({"storage": ["get"]});
    document["on"] = json!({"mount": {"tool": "storage.clear"}});
    says(
        &issues(&document),
        "tool_not_bound: `storage.clear` is not among the tools the app says it uses; `service_bindings` names them → \"service_bindings\": {\"storage\": [\"clear\"]}",
    );
}

#[test]
fn of_mends() {
    let mended = accept::accept(json!({"components": [{"type": "buton", "id": "b", "props": {"text": "A", "__proto__": 1}, "onClick": "ui.refresh"}]}), Catalog::builtin(), mend::Loss::Forbidden).unwrap();
    says(
        &mended.issues,
        "dropped: the key \"__proto__\" is not allowed anywhere and was removed",
    );
}
