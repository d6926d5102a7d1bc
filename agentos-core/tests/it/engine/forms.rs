//! Forms: checks are shown when a field is left and when the form is sent.

use serde_json::{Value, json};

use super::screen::Screen;

pub(super) fn app() -> Value {
    json!({
        "type": "app", "title": "Form", "state": {"name": "", "mail": "", "age": "", "sent": []},
        "components": [{"type": "form", "id": "form",
            "on_event": {"submit": [
                {"tool": "form.validate", "args": {"form_id": "form"}},
                {"tool": "ui.append", "args": {"path": "sent", "value": "{{ name }}"}},
                {"tool": "form.reset", "args": {"form_id": "form"}}
            ]},
            "children": [
                {"type": "input", "id": "name", "props": {"label": "Name", "value": {"$bind": "name"}}, "checks": ["required"]},
                {"type": "input", "id": "mail", "props": {"label": "Mail", "value": {"$bind": "mail"}},
                 "checks": [{"email": true, "message": "An address, please."}]},
                {"type": "input", "id": "age", "props": {"label": "Age", "type": "number", "value": {"$bind": "age"}},
                 "checks": [{"integer": true}, {"min": 18}]},
                {"type": "button", "id": "send", "props": {"text": "Send"}, "on_event": {"click": {"tool": "form.submit"}}}
            ]}]
    })
}

#[test]
fn a_field_tells_what_is_wrong_once_it_was_left() {
    let mut screen = Screen::open(app());
    screen.enter("mail", "ada");
    assert_eq!(
        screen.node("mail").get("error"),
        None,
        "not while typing for the first time"
    );
    screen.dispatch("mail", "blur", Value::Null);
    assert_eq!(screen.node("mail")["error"], "An address, please.");
    screen.enter("mail", "ada@example.org");
    assert_eq!(screen.node("mail").get("error"), None);
}

#[test]
fn sending_shows_every_fault_focuses_the_first_and_does_nothing_else() {
    let mut screen = Screen::open(app());
    screen.enter("age", 17);
    screen.click("send");
    assert!(screen.node("name")["error"].is_string());
    assert!(screen.node("age")["error"].is_string());
    assert_eq!(
        screen.node("mail").get("error"),
        None,
        "an empty field that is not required is fine"
    );
    assert_eq!(screen.state["sent"], json!([]));
    assert_eq!(screen.effect("ui.focus")["args"]["id"], "name");
    assert_eq!(screen.issues(), [] as [&str; 0], "the fields tell it themselves");
}

#[test]
fn a_valid_form_is_sent_and_reset() {
    let mut screen = Screen::open(app());
    screen.enter("name", "Ada");
    screen.enter("age", 36);
    screen.submit("form");
    assert_eq!(screen.state["sent"], json!(["Ada"]));
    assert_eq!(screen.prop("name", "value"), "");
    assert_eq!(screen.node("name").get("error"), None);
}

#[test]
fn all_of_an_app_is_checked_where_no_form_is_named() {
    let mut screen = Screen::open(json!({
        "type": "app", "title": "Two fields", "state": {"a": "", "b": ""},
        "components": [
            {"type": "input", "id": "first", "props": {"label": "A", "value": {"$bind": "a"}}, "checks": ["required"]},
            {"type": "input", "id": "second", "props": {"label": "B", "value": {"$bind": "b"}}, "checks": ["required"]},
            {"type": "button", "id": "check", "props": {"text": "Check"}, "on_event": {"click": {"tool": "form.validate"}}}
        ]
    }));
    screen.click("check");
    for field in ["first", "second"] {
        assert!(screen.node(field)["error"].is_string(), "{field}");
    }
    assert_eq!(screen.effect("ui.focus")["args"]["id"], "first");
}

#[test]
fn forms_that_send_themselves_or_each_other_end_and_say_so() {
    let form = |id: &str, sends: &[&str]| {
        let sends = sends
            .iter()
            .map(|form| json!({"tool": "form.submit", "args": {"form_id": form}}));
        let counts = json!({"tool": "ui.increment", "args": {"path": "sent"}});
        let steps: Vec<Value> = [counts].into_iter().chain(sends).collect();
        json!({"type": "form", "id": id, "on_event": {"submit": steps},
            "children": [{"type": "button", "id": format!("send_{id}"), "props": {"text": "Send"}}]})
    };
    for (forms, most) in [
        (vec![form("a", &["a"])], 8),
        (vec![form("a", &["b"]), form("b", &["a"])], 8),
        (vec![form("a", &["a", "a", "a", "a", "a", "a", "a", "a"])], 1_000),
    ] {
        let mut screen = Screen::open(json!({
            "type": "app", "title": "Forms", "state": {"sent": 0}, "components": forms
        }));
        screen.click("send_a");
        let sent = screen.state["sent"].as_u64().unwrap();
        assert!((1..=most).contains(&sent), "{sent}");
        let told = screen.turn["issues"].to_string();
        assert!(
            told.contains("too_deep") || told.contains("too_many_steps"),
            "{told}"
        );
        screen.click("send_a");
        assert!(screen.state["sent"].as_u64().unwrap() > sent, "the app goes on");
    }
}

#[test]
fn what_a_number_input_tells_is_a_number() {
    let mut screen = Screen::open(json!({
        "type": "app", "title": "Double", "state": {"n": 0, "sent": 0},
        "components": [{"type": "input", "id": "field", "props": {"label": "N", "type": "number"}, "on_event": {
            "change": {"tool": "ui.set_state", "args": {"path": "n", "value": "{{ event.value * 2 }}"}},
            "submit": {"tool": "ui.set_state", "args": {"path": "sent", "value": "{{ event.value + 1 }}"}}
        }}]
    }));
    screen.enter("field", "5");
    screen.dispatch("field", "submit", json!({"value": "5"}));
    assert_eq!(
        (&screen.state["n"], &screen.state["sent"]),
        (&json!(10), &json!(6))
    );
}

/// Opens a form with one field of these checks, gives it `value`, leaves it, and reads what it says.
#[track_caller]
fn says(kind: &str, checks: &Value, value: &Value) -> Option<String> {
    let state = if kind == "checkbox" {
        json!(false)
    } else {
        json!("")
    };
    let prop = if kind == "checkbox" { "checked" } else { "value" };
    let mut screen = Screen::open(json!({
        "type": "app", "title": "Form", "state": {"field": state, "limit": 3, "sent": 0},
        "components": [{"type": "form", "id": "form",
            "on_event": {"submit": {"tool": "ui.increment", "args": {"path": "sent"}}},
            "children": [
                {"type": kind, "id": "field", "props": {"label": "Field", prop: {"$bind": "field"}}, "checks": checks},
                {"type": "button", "id": "send", "props": {"text": "Send"}}
            ]}]
    }));
    screen.dispatch("field", "change", json!({prop: value}));
    assert_eq!(
        screen.node("field").get("error"),
        None,
        "nothing is told while typing"
    );
    screen.dispatch("field", "blur", Value::Null);
    let error = screen
        .node("field")
        .get("error")
        .and_then(Value::as_str)
        .map(str::to_owned);
    screen.click("send");
    let focused = screen
        .effects
        .iter()
        .any(|effect| effect["args"]["id"] == "field");
    assert_eq!(
        screen.state["sent"] == 0,
        error.is_some(),
        "a form with a fault is not sent"
    );
    assert_eq!(focused, error.is_some(), "the keyboard goes to the fault");
    error
}

#[test]
fn every_rule_says_what_it_minds_when_the_field_is_left() {
    let table: [(Value, &[Value], &[Value]); 12] = [
        (
            json!("required"),
            &[json!("a"), json!(0)],
            &[json!(""), json!("  "), Value::Null],
        ),
        (
            json!("email"),
            &[json!(""), json!("a@b.c"), json!(" ada@example.org ")],
            &[
                json!("a"),
                json!("a@b"),
                json!("a@@b.c"),
                json!("a b@c.d"),
                json!("a@b."),
                json!("@b.c"),
            ],
        ),
        (
            json!("url"),
            &[json!(""), json!("https://a.b/c?d"), json!("http://localhost")],
            &[
                json!("a.b"),
                json!("javascript:alert(1)"),
                json!("https://"),
                json!("https://a b"),
            ],
        ),
        (
            json!("number"),
            &[json!(""), json!("1.5"), json!("-3"), json!(" 2 "), json!(7)],
            &[
                json!("x"),
                json!("1,5"),
                json!("nan"),
                json!("inf"),
                json!("1e999"),
            ],
        ),
        (
            json!("integer"),
            &[json!(""), json!("3"), json!("3.0"), json!(-2)],
            &[json!("3.5"), json!("x"), json!("inf"), json!(0.5)],
        ),
        (
            json!({"min": 1}),
            &[json!(""), json!("1"), json!(1.5)],
            &[json!("0.9"), json!(-1), json!("x")],
        ),
        (
            json!({"max": 9}),
            &[json!(""), json!("9"), json!(-10)],
            &[json!("9.1"), json!(10), json!("x")],
        ),
        (
            json!({"min_length": 3}),
            &[json!(""), json!("äöü")],
            &[json!("ab")],
        ),
        (
            json!({"max_length": 2}),
            &[json!(""), json!("äö")],
            &[json!("abc")],
        ),
        (
            json!({"pattern": "^[a-z]+[0-9]$"}),
            &[json!(""), json!("abc1")],
            &[json!("abc"), json!("Abc1")],
        ),
        (
            json!({"one_of": ["a", 2]}),
            &[json!(""), json!("a"), json!(2)],
            &[json!("b"), json!(3)],
        ),
        (
            json!({"when": "(field | length) > limit"}),
            &[json!(""), json!("abc")],
            &[json!("abcd")],
        ),
    ];
    for (check, holds, fails) in &table {
        for value in *holds {
            assert_eq!(
                says("input", &json!([check]), value),
                None,
                "{check} takes {value}"
            );
        }
        for value in *fails {
            let said = says("input", &json!([check]), value);
            assert!(
                said.is_some_and(|said| said.ends_with('.')),
                "{check} minds {value}"
            );
        }
    }
    assert!(says("checkbox", &json!(["required"]), &json!(false)).is_some());
    assert_eq!(says("checkbox", &json!(["required"]), &json!(true)), None);
}

#[test]
fn the_first_rule_that_fails_speaks_and_may_have_words_of_its_own() {
    let checks = json!(["required", {"min": 18, "message": "Adults only."}, {"when": "field > 99"}]);
    assert_eq!(
        says("input", &checks, &json!("")).as_deref(),
        Some("This is required.")
    );
    assert_eq!(
        says("input", &checks, &json!(17)).as_deref(),
        Some("Adults only.")
    );
    assert_eq!(
        says("input", &checks, &json!(100)).as_deref(),
        Some("This is not right.")
    );
    assert_eq!(
        says("input", &json!([{"min": 1, "max": 5}]), &json!(6)).as_deref(),
        Some("This must be at most 5.")
    );
}

#[test]
fn a_rule_with_a_wrong_argument_is_no_rule() {
    for check in [
        json!({"min_length": -1}),
        json!({"max_length": 1.5}),
        json!({"min": "a"}),
        json!({"longer": 3}),
        json!({"pattern": "("}),
        json!(3),
    ] {
        let mut document = app();
        document["components"][0]["children"][0]["checks"] = json!([check]);
        let answer = Screen::open(app()).call(&json!({"op": "check", "spec": document}));
        assert_eq!(answer["valid"], false, "{check}: {answer}");
    }
}
