//! Timers over virtual time, also when the host slept.

use serde_json::{Value, json};

use super::screen::Screen;

pub(super) fn app() -> Value {
    json!({
        "type": "app", "title": "Timers", "state": {"n": 0, "started": null, "elapsed": 0},
        "actions": {"tick": [
            {"tool": "ui.increment", "args": {"path": "n"}},
            {"if": "started", "tool": "ui.set_state", "args": {"path": "elapsed", "value": "{{ now() - started }}"}}
        ]},
        "components": [
            {"type": "text", "id": "n", "props": {"content": "{{ n }}"}},
            {"type": "button", "id": "once", "props": {"text": "1"}, "on_event": {"click": {"tool": "timer.set", "args": {"delay": 1000, "action": "tick"}}}},
            {"type": "button", "id": "start", "props": {"text": "s"}, "on_event": {"click": [
                {"tool": "ui.set_state", "args": {"path": "started", "value": "{{ now() }}"}},
                {"tool": "timer.interval", "args": {"interval": 1000, "timer_id": "clock", "action": {"do": "tick"}}}]}},
            {"type": "button", "id": "stop", "props": {"text": "x"}, "on_event": {"click": {"tool": "timer.clear", "args": {"timer_id": "clock"}}}},
            {"type": "button", "id": "fast", "props": {"text": "f"}, "on_event": {"click": {"tool": "timer.interval", "args": {"interval": "{{ n + 1 }}", "action": "tick"}}}},
        ]
    })
}

#[test]
fn a_timer_runs_its_action_once() {
    let mut screen = Screen::open(app());
    screen.click("once");
    assert_eq!(screen.turn["wake_at"].as_f64(), Some(screen.now + 1_000.0));
    screen.pass(999.0);
    assert_eq!(screen.state["n"], 0);
    screen.pass(1.0);
    assert_eq!(screen.state["n"], 1);
    screen.pass(10_000.0);
    assert_eq!(screen.state["n"], 1);
    assert_eq!(screen.turn.get("wake_at"), None);
}

#[test]
fn an_interval_runs_until_it_is_cleared() {
    let mut screen = Screen::open(app());
    screen.click("start");
    screen.pass(5_500.0);
    assert_eq!(screen.state["n"], 5);
    assert_eq!(screen.state["elapsed"], 5_000);
    screen.click("stop");
    screen.pass(5_000.0);
    assert_eq!(screen.state["n"], 5);
}

#[test]
fn starting_a_named_interval_again_replaces_it() {
    let mut screen = Screen::open(app());
    screen.click("start");
    screen.click("start");
    screen.pass(3_000.0);
    assert_eq!(screen.state["n"], 3);
}

#[test]
fn elapsed_time_is_right_after_a_long_pause() {
    let mut screen = Screen::open(app());
    screen.click("start");
    screen.sleep(3_600_000.0);
    assert_eq!(screen.state["elapsed"], 3_600_000);
    assert_eq!(screen.state["n"], 1, "missed ticks coalesce");
    screen.pass(2_000.0);
    assert_eq!(screen.state["n"], 3);
}

#[test]
fn a_timer_is_not_faster_than_allowed_and_there_are_not_too_many() {
    let mut screen = Screen::open(app());
    screen.click("fast");
    assert!(screen.turn["wake_at"].is_null() || screen.turn["wake_at"].as_f64() >= Some(screen.now + 50.0));
    let mut screen = Screen::open(app());
    let mut told = 0;
    for _ in 0..20 {
        screen.click("once");
        told += screen.issues().len();
    }
    assert_eq!(told, 4, "sixteen timers and four refusals");
    screen.pass(1_000.0);
    assert_eq!(screen.state["n"], 16);
}

#[test]
fn a_frozen_app_stands_still() {
    let mut screen = Screen::open(app());
    screen.click("start");
    screen.play(json!({"op": "window", "state": "frozen"}));
    assert_eq!(screen.turn.get("wake_at"), None);
    screen.sleep(10_000.0);
    assert_eq!(screen.state["n"], 0);
}

#[test]
fn a_timer_without_a_name_takes_the_place_of_no_other() {
    let mut screen = Screen::open(app());
    screen.click("once");
    screen.pass(600.0);
    screen.click("once");
    screen.pass(600.0);
    assert_eq!(screen.state["n"], 1, "the first has ended, the second waits");
    screen.click("once");
    screen.pass(1_000.0);
    assert_eq!(screen.state["n"], 3);
}

#[test]
fn now_is_the_moment_of_the_turn_and_a_date_is_written_in_utc() {
    let mut screen = Screen::open(json!({
        "type": "app", "title": "Clock", "state": {"first": 0, "second": 0, "id": "", "other": ""},
        "components": [
            {"type": "button", "id": "go", "props": {"text": "Go"}, "on_event": {"click": [
                {"tool": "ui.set_state", "args": {"path": "first", "value": "{{ now() }}"}},
                {"tool": "ui.set_state", "args": {"path": "second", "value": "{{ now() }}"}},
                {"tool": "ui.set_state", "args": {"path": "id", "value": "{{ uuid() }}"}},
                {"tool": "ui.set_state", "args": {"path": "other", "value": "{{ uuid() }}"}},
            ]}},
            {"type": "text", "id": "when", "props": {"content": "{{ first | date('%Y-%m-%d %H:%M:%S') }}"}},
        ]
    }));
    screen.now = 1_798_761_599_000.0;
    screen.click("go");
    assert_eq!(screen.state["first"], 1_798_761_599_000u64);
    assert_eq!(screen.state["second"], screen.state["first"]);
    assert_eq!(screen.prop("when", "content"), "2026-12-31 23:59:59");
    assert_ne!(screen.state["id"], screen.state["other"]);
    assert_eq!(screen.state["id"].as_str().map(str::len), Some(36));
    screen.now -= 3_600_000.0;
    screen.click("go");
    assert_eq!(
        screen.state["first"], 1_798_761_599_000u64,
        "time does not go back"
    );
}
