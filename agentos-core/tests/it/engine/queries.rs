//! Data queries over virtual time.

use serde_json::{Value, json};

use super::screen::Screen;

/// `storage.get` stands for any reading tool.
pub(super) fn app(query: Value) -> Value {
    let mut data = json!({"tool": "storage.get", "args": {"key": "{{ city }}"}, "default": "…"});
    for (key, value) in query.as_object().unwrap() {
        data[key] = value.clone();
    }
    json!({
        "type": "app", "title": "Weather", "state": {"city": "Berlin", "on": true}, "data": {"wx": data},
        "components": [
            {"type": "text", "id": "wx", "props": {"content": "{{ wx }}"}},
            {"type": "text", "id": "status", "props": {"content": "{{ 'loading' if _.wx.loading else 'idle' }} {{ _.wx.error.code if _.wx.error else 'ok' }}"}},
            {"type": "input", "id": "city", "props": {"label": "City", "value": {"$bind": "city"}}},
            {"type": "switch", "id": "on", "props": {"label": "On", "checked": {"$bind": "on"}}},
            {"type": "button", "id": "refresh", "props": {"text": "r"}, "on_event": {"click": {"tool": "ui.refresh", "args": {"data": "wx"}}}},
        ]
    })
}

#[track_caller]
fn shows(screen: &Screen, value: impl Into<Value>, status: &str) {
    assert_eq!(screen.prop("wx", "content"), &value.into());
    assert_eq!(screen.prop("status", "content"), status);
}

#[test]
fn default_then_loading_then_result() {
    let mut screen = Screen::open(app(json!({})));
    shows(&screen, "…", "loading ok");
    assert_eq!(screen.effect("storage.get")["args"]["key"], "Berlin");
    screen.succeed("storage.get", json!("rain"));
    shows(&screen, "rain", "idle ok");
    screen.pass(3_600_000.0);
    assert_eq!(screen.effects.len(), 0, "without `every` it runs once");
}

#[test]
fn an_error_keeps_the_old_value_and_is_in_the_status() {
    let mut screen = Screen::open(app(json!({})));
    screen.succeed("storage.get", json!("rain"));
    screen.click("refresh");
    shows(&screen, "rain", "loading ok");
    screen.fail("storage.get", "unavailable");
    shows(&screen, "rain", "idle unavailable");
    screen.click("refresh");
    screen.succeed("storage.get", json!("sun"));
    shows(&screen, "sun", "idle ok");
}

#[test]
fn changed_arguments_restart_it_after_a_pause_and_an_older_answer_is_dropped() {
    let mut screen = Screen::open(app(json!({})));
    let berlin = screen.effect("storage.get")["id"].clone();
    for city in ["P", "Pa", "Paris"] {
        screen.enter("city", city);
        screen.pass(100.0);
    }
    assert_eq!(screen.effects.len(), 1, "nothing starts while typing");
    screen.pass(300.0);
    assert_eq!(screen.effects.len(), 2);
    assert_eq!(screen.effects[1]["args"]["key"], "Paris");
    screen.play(json!({"op": "resolve", "effect": berlin, "ok": "Berlin's"}));
    shows(&screen, "…", "loading ok");
    let paris = screen.effects[1]["id"].clone();
    screen.play(json!({"op": "resolve", "effect": paris, "ok": "Paris's"}));
    shows(&screen, "Paris's", "idle ok");
}

#[test]
fn arguments_that_came_out_equal_start_nothing() {
    let mut screen = Screen::open(app(json!({"args": {"key": "{{ city | lower }}"}})));
    screen.succeed("storage.get", json!("rain"));
    screen.enter("city", "BERLIN");
    screen.pass(1_000.0);
    assert_eq!(screen.effects.len(), 0);
}

#[test]
fn every_repeats_and_missed_periods_coalesce() {
    let mut screen = Screen::open(app(json!({"every": 60})));
    screen.succeed("storage.get", json!(1));
    screen.pass(59_000.0);
    assert_eq!(screen.effects.len(), 0);
    screen.pass(1_000.0);
    assert_eq!(screen.effects.len(), 1);
    screen.succeed("storage.get", json!(2));
    screen.sleep(3_600_000.0);
    assert_eq!(screen.effects.len(), 1, "an hour of sleep is one run");
}

#[test]
fn a_minimised_app_asks_for_nothing_and_catches_up() {
    let mut screen = Screen::open(app(json!({"every": 60})));
    screen.succeed("storage.get", json!(1));
    screen.play(json!({"op": "window", "state": "minimised"}));
    screen.pass(600_000.0);
    assert_eq!(screen.effects.len(), 0);
    screen.play(json!({"op": "window", "state": "focused"}));
    assert_eq!(screen.effects.len(), 1);
}

#[test]
fn when_decides_whether_it_runs() {
    let mut screen = Screen::open(app(json!({"when": "on"})));
    screen.succeed("storage.get", json!("rain"));
    screen.check("on", false);
    screen.pass(1_000.0);
    screen.click("refresh");
    assert_eq!(screen.effects.len(), 0);
    screen.check("on", true);
    screen.pass(1_000.0);
    assert_eq!(screen.effects.len(), 1);
}

#[test]
fn pick_takes_a_part_and_one_value_is_one_node() {
    let mut screen = Screen::open(app(json!({"pick": "result.days[0].max"})));
    screen.succeed("storage.get", json!({"days": [{"max": 21}]}));
    shows(&screen, 21, "idle ok");
    assert_eq!(screen.changed(), ["status", "wx"]);
}

#[test]
fn only_reading_tools_may_be_queried() {
    let screen = Screen::open(app(
        json!({"tool": "storage.set", "args": {"key": "a", "value": 1}}),
    ));
    assert_eq!(screen.effects.len(), 0);
    assert!(
        screen.turn["issues"].to_string().contains("storage.set"),
        "{}",
        screen.turn["issues"]
    );
}

#[test]
fn a_tool_that_is_not_here_is_unavailable() {
    let screen = Screen::open(app(json!({"tool": "weather.now", "args": {}})));
    shows(&screen, "…", "idle unavailable");
}

#[test]
fn a_draft_asks_for_nothing() {
    let mut screen = Screen::open(json!({"type": "app", "title": "x", "components": []}));
    let document = app(json!({}));
    let patch: Vec<Value> = document
        .as_object()
        .unwrap()
        .iter()
        .map(|(key, value)| json!({"op": "add", "path": format!("/{key}"), "value": value}))
        .collect();
    let turn = screen.call(&json!({"op": "draft", "app": "draft", "patch": patch, "now": 0}));
    assert_eq!(turn.get("error"), None, "{turn}");
    assert_eq!(turn["effects"], json!([]));
    assert!(turn["nodes"].to_string().contains("…"), "{turn}");
}

#[test]
fn when_it_was_updated_is_known_and_an_error_does_not_change_it() {
    let mut document = app(json!({}));
    document["components"][1]["props"]["content"] = json!("{{ _.wx.updated_at }}");
    let mut screen = Screen::open(document);
    assert_eq!(screen.prop("status", "content"), &Value::Null);
    screen.pass(2_000.0);
    screen.succeed("storage.get", json!("rain"));
    let updated_at = screen.now;
    assert_eq!(screen.prop("status", "content").as_f64(), Some(updated_at));
    screen.pass(1_000.0);
    screen.click("refresh");
    screen.fail("storage.get", "unavailable");
    assert_eq!(screen.prop("status", "content").as_f64(), Some(updated_at));
}

#[test]
fn a_pick_that_fails_keeps_the_old_value_and_is_an_error() {
    let mut screen = Screen::open(app(json!({"pick": "result.n + 1"})));
    screen.succeed("storage.get", json!({"n": 1}));
    shows(&screen, 2, "idle ok");
    screen.click("refresh");
    screen.succeed("storage.get", json!({}));
    shows(&screen, 2, "idle expr_failed");
}

#[test]
fn queries_may_build_on_each_other_and_never_in_a_circle() {
    let chained = |first: &str| {
        json!({
            "type": "app", "title": "Chain", "state": {"start": "a"},
            "data": {
                "one": {"tool": "storage.get", "args": {"key": first}},
                "two": {"tool": "storage.get", "args": {"key": "{{ one }}"}, "when": "one is defined"}
            },
            "components": [{"type": "text", "id": "two", "props": {"content": "{{ two }}"}}]
        })
    };
    let mut screen = Screen::open(chained("{{ start }}"));
    assert_eq!(
        screen.effects.len(),
        1,
        "the second waits until the first is there"
    );
    screen.succeed("storage.get", json!("b"));
    screen.pass(300.0);
    assert_eq!(screen.effect("storage.get")["args"]["key"], "b");
    screen.succeed("storage.get", json!("c"));
    assert_eq!(screen.prop("two", "content"), "c");
    let answer = screen.call(&json!({"op": "check", "spec": chained("{{ two }}")}));
    assert!(
        answer["issues"].to_string().contains("dependency_cycle"),
        "{answer}"
    );
}
