//! The trial run: good apps pass, and each way of not working is found.

use std::sync::Arc;

use agentos_core::runtime::trial::{self, Report};
use agentos_core::spec::{Catalog, Severity, UiSpec, limits};
use serde_json::{Value, json};

fn tried(document: &Value) -> Report {
    let spec = UiSpec::from_json(document).unwrap_or_else(|issues| panic!("{document}: {issues:#?}"));
    trial::run(
        &spec,
        &Arc::new(Catalog::builtin().clone()),
        1_767_355_200_000.0,
        7,
    )
}

/// Severity, code, path and component of what a trial found.
fn told(report: &Report) -> Vec<String> {
    let word = |value: Value| value.as_str().unwrap_or_default().to_owned();
    let found = report.issues.iter().map(|issue| {
        let json = serde_json::to_value(issue).unwrap();
        let id = issue.id.as_deref().map(|id| format!(" {id}")).unwrap_or_default();
        format!(
            "{} {} {}{id}",
            word(json["severity"].clone()),
            word(json["code"].clone()),
            issue.path
        )
    });
    found.collect()
}

#[track_caller]
fn check(document: &Value, expected: &[&str]) {
    let report = tried(document);
    assert_eq!(told(&report), expected, "{:#?}", report.issues);
    let has_error = report
        .issues
        .iter()
        .any(|issue| issue.severity == Severity::Error);
    assert_eq!(report.passed, !has_error);
    assert!(report.events <= limits::TRIAL_EVENTS && report.wakes <= limits::TRIAL_WAKES);
}

/// A button over a little state.
fn button(click: &Value) -> Value {
    json!({
        "state": {"count": 0, "name": "x", "list": []},
        "components": [{"type": "button", "id": "go", "props": {"text": "Go"}, "on_event": {"click": click}}],
    })
}

#[test]
fn a_tool_that_fails_is_an_error() {
    check(
        &button(
            &json!({"tool": "calc.divide", "args": {"a": "{{ count }}", "b": "{{ name }}"}, "into": "count"}),
        ),
        &["error tool_failed /components/0/on_event/click go"],
    );
}

#[test]
fn a_failure_that_is_caught_is_none() {
    check(
        &button(
            &json!({"tool": "calc.divide", "args": {"a": 1, "b": "{{ name }}"}, "into": "count",
        "catch": {"tool": "ui.increment", "args": {"path": "count"}}}),
        ),
        &[],
    );
}

#[test]
fn a_state_that_grows_without_limit_is_an_error() {
    let mut document = button(&json!({"tool": "ui.increment", "args": {"path": "count"}}));
    document["state"]["name"] = json!("x".repeat(100_000));
    document["actions"] =
        json!({"grow": {"tool": "ui.append", "args": {"path": "list", "value": "{{ name }}"}}});
    document["on"] =
        json!({"mount": {"tool": "timer.interval", "args": {"interval": 1000, "action": "grow"}}});
    check(&document, &["error tool_failed /on/mount/args/action"]);
    document["actions"] =
        json!({"grow": {"tool": "ui.set_state", "args": {"path": "name", "value": "{{ name ~ name }}"}}});
    check(&document, &["error tool_failed /on/mount/args/action"]);
}

#[test]
fn watches_that_change_each_other_are_a_loop() {
    let mut document = button(&json!({"tool": "ui.increment", "args": {"path": "count"}}));
    document["watch"] = json!({"count": {"tool": "ui.increment", "args": {"path": "count"}}});
    check(&document, &["error watch_loop /watch/count"]);
}

#[test]
fn a_loop_through_the_outside_is_one_too() {
    let mut document = button(&json!({"tool": "ui.increment", "args": {"path": "count"}}));
    document["watch"] = json!({"count": [{"tool": "system.log", "args": {"message": "x"}}, {"tool": "ui.increment", "args": {"path": "count"}}]});
    check(&document, &["error watch_loop "]);
}

#[test]
fn a_control_without_an_action_is_an_error() {
    let mut document = button(&json!([]));
    check(&document, &["error control_does_nothing /components/0 go"]);
    document["components"][0]["on_event"] = json!({});
    check(&document, &["error control_does_nothing /components/0 go"]);
}

#[test]
fn a_control_that_changes_nothing_is_an_error_unless_its_action_has_a_condition() {
    let same = json!({"tool": "ui.set_state", "args": {"path": "name", "value": "x"}});
    check(&button(&same), &["error control_does_nothing /components/0 go"]);
    let mut conditional = same.clone();
    conditional["if"] = json!("count > 5");
    check(
        &button(&conditional),
        &["warning control_does_nothing /components/0 go"],
    );
    let mut named = button(&json!("later"));
    named["actions"] = json!({"later": {"do": [conditional]}});
    check(&named, &["warning control_does_nothing /components/0 go"]);
}

#[test]
fn a_query_answers_its_default_then_an_error_that_must_not_break_the_view() {
    let app = |content: &str| {
        json!({
            "data": {"q": {"tool": "storage.get", "args": {"key": "a"}, "every": 5, "default": [1, 2]}},
            "components": [{"type": "text", "id": "t", "props": {"content": content}}],
        })
    };
    let report = tried(&app("{{ q | length }}"));
    assert_eq!(told(&report), [""; 0]);
    assert!(report.answered["storage.get"] > 1, "{:?}", report.answered);
    check(
        &app("{{ 'on' if not _.q.error else 1 / 'off' }}"),
        &["error expr_failed /components/0/props/content t"],
    );
    check(
        &app("{{ q / 2 }}"),
        &["warning expr_failed /components/0/props/content t"],
    );
}

#[test]
fn a_question_is_answered_yes_then_no() {
    let mut ask = json!({"tool": "ui.append", "args": {"path": "list", "value": 1}, "confirm": "Sure?"});
    let report = tried(&button(&ask));
    assert_eq!(told(&report), [""; 0]);
    assert_eq!(report.answered["system.confirm"], 2);
    ask["if"] = json!("list | length == 0");
    assert_eq!(told(&tried(&button(&ask))), [""; 0]);
}

#[test]
fn other_tools_answer_the_example_of_the_catalog() {
    let mut document = button(&json!({"tool": "storage.get", "args": {"key": "a"}, "into": "name"}));
    document["watch"] =
        json!({"name": {"tool": "ui.append", "args": {"path": "list", "value": "{{ name }}"}}});
    let report = tried(&document);
    assert_eq!(told(&report), [""; 0]);
    assert_eq!(report.answered["storage.get"], 2);
}

#[test]
fn what_other_apps_tell_is_added_to_a_list_or_shown_as_it_comes() {
    let look = json!([
        {"tool": "ipc.receive", "args": {"topic": "timer.done"}, "into": "news"},
        {"if": "news | length > 0", "tool": "ui.set_state",
         "args": {"path": "todos", "value": "{{ todos + (news | map(attribute='message') | list) }}"}}
    ]);
    check(
        &json!({
            "state": {"todos": [], "news": []}, "actions": {"look": look},
            "components": [
                {"type": "list", "each": {"in": "todos", "as": "t"},
                 "children": [{"type": "text", "props": {"content": "{{ t.title }}"}}]},
                {"type": "button", "props": {"text": "Look"}, "on_event": {"click": "look"}}]
        }),
        &[],
    );
    check(
        &json!({
            "data": {"news": {"tool": "ipc.receive", "args": {"topic": "timer.done", "wait": 20_000}, "every": 5, "default": []}},
            "components": [{"type": "text", "props": {"content": "{{ news[0].message.title if news else 'Nothing yet' }}"}}]
        }),
        &[],
    );
}

#[test]
fn what_a_socket_brings_is_added_to_a_list_or_shown_as_it_comes() {
    let chat = json!({
        "state": {"log": [], "draft": ""},
        "actions": {
            "look": [{"tool": "http.socket", "args": {"url": "wss://chat.example.org/room"}}, "keep"],
            "say": [{"tool": "http.socket", "args": {"url": "wss://chat.example.org/room", "send": {"text": "{{ draft }}"}}}, "keep"],
            "keep": [{"if": "result.messages", "tool": "ui.set_state", "args": {"path": "log", "value": "{{ (log + result.messages)[-50:] }}"}}]
        },
        "on": {"mount": {"tool": "timer.interval", "args": {"timer_id": "look", "interval": 1000, "action": "look"}}},
        "components": [
            {"type": "list", "each": {"in": "log", "as": "m"}, "children": [{"type": "text", "props": {"content": "{{ m.text }}"}}]},
            {"type": "input", "props": {"label": "Say", "value": {"$bind": "draft"}}},
            {"type": "button", "props": {"text": "Send"}, "on_event": {"click": "say"}}]
    });
    check(&chat, &[]);
    assert!(tried(&chat).answered["http.socket"] > 2);
    check(
        &json!({
            "data": {"feed": {"tool": "http.socket", "args": {"url": "wss://feed.example.org/news", "wait": 4_000}, "every": 5}},
            "components": [{"type": "text", "props": {"content": "{{ feed.messages[-1].text if feed.messages else 'Nothing yet' }}"}}]
        }),
        &[],
    );
}

#[test]
fn fields_are_filled_before_the_form_is_sent() {
    let mut document = button(&json!(null));
    document["components"] = json!([{"type": "form", "id": "f", "on_event": {"submit": [{"tool": "form.validate"}, {"tool": "ui.append", "args": {"path": "list", "value": "{{ mail }}"}}]}, "children": [
        {"type": "input", "id": "mail", "props": {"label": "Mail", "type": "email"}, "checks": ["required", "email"]},
        {"type": "button", "id": "send", "props": {"text": "Send", "type": "submit"}}]}]);
    check(&document, &[]);
}

/// A form of one field whose sending is counted.
fn form_of(field: &Value) -> Value {
    json!({
        "state": {"sent": []},
        "components": [{"type": "form", "id": "f", "on_event": {"submit": [
            {"tool": "form.validate"}, {"tool": "notification.show", "args": {"message": "Sent"}}
        ]}, "children": [field, {"type": "button", "id": "send", "props": {"text": "Send", "type": "submit"}}]}],
    })
}

#[test]
fn fields_are_filled_with_what_their_checks_ask_for() {
    let input = |kind: &str, checks: Value| json!({"type": "input", "id": "v", "props": {"label": "V", "type": kind}, "checks": checks});
    for field in [
        input("text", json!(["required", "url"])),
        input("text", json!([{"min_length": 20, "max_length": 30}])),
        input("text", json!(["required", {"max_length": 3}])),
        input("number", json!(["required", {"min": 500, "max": 600}])),
        input("text", json!([{"pattern": "^[0-9]{5}$"}])),
        input("text", json!([{"pattern": "^[A-Z]{2}-[0-9]{4}$"}])),
        input("text", json!(["required", {"one_of": ["red", "blue"]}])),
        input(
            "number",
            json!(["required", "integer", {"min": 1}, {"when": "v < 500", "message": "More"}, {"min": 490}]),
        ),
        json!({"type": "checkbox", "id": "v", "props": {"label": "V"}, "checks": ["required"]}),
        json!({"type": "select", "id": "v", "props": {"label": "V", "options": ["", "b"]}, "checks": ["required"]}),
        json!({"type": "textarea", "id": "v", "props": {"label": "V"}, "checks": ["required", {"min_length": 10}]}),
    ] {
        let report = tried(&form_of(&field));
        assert_eq!(told(&report), [""; 0], "{field}");
        assert!(
            report.answered.contains_key("notification.show"),
            "{field} is sent"
        );
    }
}

#[test]
fn a_form_that_never_takes_what_is_entered_is_told() {
    let impossible = json!({"type": "input", "id": "v", "props": {"label": "V"}, "checks": [{"pattern": "^x{7}y[0-9]z$"}, "required"]});
    check(
        &form_of(&impossible),
        &["warning control_does_nothing /components/0 f"],
    );
}

#[test]
fn a_query_that_runs_once_is_answered_with_an_error_too() {
    let app = |content: &str| {
        json!({
            "state": {"city": ""},
            "data": {"q": {"tool": "storage.get", "args": {"key": "{{ city }}"}, "when": "city", "default": []}},
            "components": [
                {"type": "text", "id": "t", "props": {"content": content}},
                {"type": "input", "id": "c", "props": {"label": "City", "value": {"$bind": "city"}}}],
        })
    };
    check(
        &app("{{ 'on' if not _.q.error else 1 / 'off' }}"),
        &["error expr_failed /components/0/props/content t"],
    );
    check(&app("{{ _.q.error.message or q }}"), &[]);
    let mut once = app("{{ 'on' if not _.q.error else 1 / 'off' }}");
    once["data"]["q"] = json!({"tool": "storage.get", "args": {"key": "a"}, "default": [1]});
    check(&once, &["error expr_failed /components/0/props/content t"]);
    assert_eq!(tried(&once).answered["storage.get"], 2);
}

#[test]
fn what_a_control_doubles_each_time_is_growth_without_limit() {
    let set = |value: &str| json!({"tool": "ui.set_state", "args": {"path": "name", "value": value}});
    check(
        &button(&set("{{ name ~ name }}")),
        &["error state_too_large /state/name go"],
    );
    check(&button(&set("{{ name ~ 'x' }}")), &[]);
    let with_rows = |value: &str| {
        let step = json!({"tool": "ui.set_state", "args": {"path": "list", "value": value}});
        let mut document = button(&step);
        document["state"]["list"] = json!([1, 2]);
        document
    };
    check(
        &with_rows("{{ list + list }}"),
        &["error state_too_large /state/list go"],
    );
    check(&with_rows("{{ (list + list)[-6:] }}"), &[]);
}

#[test]
fn what_is_bounded_may_grow_at_each_wake() {
    let on_timer = |action: Value| {
        let mut document = button(&json!({"tool": "ui.increment", "args": {"path": "count"}}));
        document["on"] =
            json!({"mount": {"tool": "timer.interval", "args": {"interval": 1000, "action": action}}});
        document
    };
    let set =
        |path: &str, value: &str| json!({"tool": "ui.set_state", "args": {"path": path, "value": value}});
    check(
        &on_timer(set("list", "{{ (list + [{'at': count}])[-500:] }}")),
        &[],
    );
    check(&on_timer(set("name", "{{ (name ~ 'x')[-99:] }}")), &[]);
    let mut until = json!({"tool": "ui.append", "args": {"path": "list", "value": 1}});
    until["if"] = json!("list | length < 100");
    check(&on_timer(until), &[]);
    check(
        &on_timer(set("name", "{{ name ~ 'x' }}")),
        &["error state_too_large /state/name"],
    );
    check(
        &on_timer(set("log.lines", "{{ (log.lines or []) + [count] }}")),
        &["error state_too_large /state/log/lines"],
    );
}

#[test]
fn a_state_that_grows_at_every_wake_is_told() {
    let mut document = button(&json!({"tool": "ui.increment", "args": {"path": "count"}}));
    document["on"] = json!({"mount": {"tool": "timer.interval", "args": {"interval": 1000,
        "action": {"tool": "ui.append", "args": {"path": "list", "value": 1}}}}});
    check(&document, &["error state_too_large /state/list"]);
}

#[test]
fn an_app_that_shows_nothing_has_not_passed() {
    check(&json!({"components": []}), &["error schema /components"]);
}

#[test]
fn what_is_in_a_closed_modal_is_used_once_it_is_open() {
    let close = json!({"tool": "modal.close", "args": {"modal_id": "box"}});
    let mut document = button(&json!({"tool": "modal.open", "args": {"modal_id": "box"}}));
    let modal = json!({"type": "modal", "id": "box", "props": {"title": "Box"}, "children": [
        {"type": "button", "id": "shut", "props": {"text": "Close"}, "on_event": {"click": close}}]});
    document["components"].as_array_mut().unwrap().push(modal);
    check(&document, &[]);
    assert!(tried(&document).used.iter().any(|id| &**id == "shut"));
    document["components"][1]["children"][0]["on_event"] =
        json!({"click": {"tool": "ui.set_state", "args": {"path": "name", "value": "x"}}});
    check(
        &document,
        &["error control_does_nothing /components/1/children/0 shut"],
    );
}

#[test]
fn at_most_300_events_are_sent() {
    let buttons: Vec<Value> = (0..400)
        .map(|at| json!({"type": "button", "id": format!("b{at}"), "props": {"text": "Go"}, "on_event": {"click": {"tool": "ui.increment", "args": {"path": "count"}}}}))
        .collect();
    let report = tried(&json!({"state": {"count": 0}, "components": buttons}));
    assert_eq!((report.events, report.passed), (limits::TRIAL_EVENTS, true));
    assert_eq!(told(&report), ["note too_large /components"]);
    assert_eq!((report.untried.len(), &*report.untried[0]), (100, "b300"));
}

#[test]
fn the_clock_is_moved_at_most_20_times() {
    let mut document = button(&json!({"tool": "ui.increment", "args": {"path": "count"}}));
    document["on"] = json!({"mount": {"tool": "timer.interval", "args": {"interval": 1000, "action": {"tool": "ui.increment", "args": {"path": "count"}}}}});
    let report = tried(&document);
    assert_eq!((report.wakes, report.passed), (limits::TRIAL_WAKES, true));
}

#[test]
fn expressions_take_at_most_20_million_steps_together() {
    let costly = json!({"type": "text", "props": {"content": "{{ (range(9000) | list | length) + count }}"}});
    let mut components = vec![costly; 900];
    components.push(json!({"type": "button", "id": "go", "props": {"text": "Go"}, "on_event": {"click": {"tool": "ui.increment", "args": {"path": "count"}}}}));
    let report = tried(&json!({"state": {"count": 0}, "components": components}));
    assert_eq!(told(&report), ["error expr_failed "], "{:#?}", report.fuel);
    assert_eq!(report.fuel, limits::TRIAL_FUEL);
    let plain = tried(&button(
        &json!({"tool": "ui.increment", "args": {"path": "count"}}),
    ));
    assert!(plain.fuel < 1_000, "{}", plain.fuel);
}

#[test]
fn a_trial_measures_without_bounding_what_runs_after_it() {
    let dear = json!({"state": {"count": 0}, "components": vec![json!({"type": "text", "props": {"content": "{{ (range(9000) | list | length) + count }}"}}); 3000]});
    assert!(!tried(&dear).passed);
    let again = tried(&button(
        &json!({"tool": "ui.increment", "args": {"path": "count"}}),
    ));
    assert!(again.passed, "{:#?}", again.issues);
}
