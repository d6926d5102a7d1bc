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
