//! Every bound of a running app: what is at it works, what is beyond it is told.

use serde_json::{Map, Value, json};

use super::screen::{Screen, app, button};

/// The check refuses the document; opened, it goes on without what is beyond the bound.
#[track_caller]
fn leaves_out(document: &Value, words: &str) -> Screen {
    let mut screen = Screen::open(document.clone());
    let told = screen.turn["issues"].to_string();
    assert!(
        told.contains("dropped") && told.contains(words),
        "says {words:?}: {told}"
    );
    let checked = screen.call(&json!({"op": "check", "spec": document}));
    assert_eq!(checked["valid"], false, "{checked}");
    assert!(
        checked["issues"].to_string().contains(words),
        "says {words:?}: {checked}"
    );
    screen
}

#[test]
fn an_action_has_at_most_32_steps() {
    let document = |steps: usize| {
        let step = json!({"tool": "ui.increment", "args": {"path": "n"}});
        app(json!({"state": {"n": 0}, "components": [button("go", Value::Array(vec![step; steps]))]}))
    };
    let mut screen = Screen::open(document(32));
    screen.click("go");
    assert_eq!(screen.state["n"], 32);
    leaves_out(&document(33), "at most 32 steps");
}

#[test]
fn actions_nest_at_most_8_deep() {
    let steps_within_steps = |depth: usize| {
        let innermost = json!({"tool": "ui.increment", "args": {"path": "n"}});
        let action = (1..depth).fold(innermost, |inner, _| json!({"do": [inner]}));
        app(json!({"state": {"n": 0}, "components": [button("go", action)]}))
    };
    let mut screen = Screen::open(steps_within_steps(8));
    screen.click("go");
    assert_eq!(screen.state["n"], 1, "{}", screen.turn);
    leaves_out(&steps_within_steps(9), "at most 8 deep");
}

#[test]
fn named_actions_nest_at_most_8_deep_and_what_is_too_deep_is_told() {
    let chain = |depth: usize| {
        let mut actions: Map<String, Value> = (1..depth)
            .map(|n| (format!("a{n}"), json!({"do": format!("a{}", n + 1)})))
            .collect();
        actions.insert(
            format!("a{depth}"),
            json!({"tool": "ui.increment", "args": {"path": "n"}}),
        );
        let mut screen = Screen::open(app(json!({
            "state": {"n": 0}, "actions": actions, "components": [button("go", json!({"do": "a1"}))]
        })));
        screen.click("go");
        screen
    };
    let screen = chain(8);
    assert_eq!((screen.state["n"].clone(), screen.issues()), (json!(1), vec![]));
    let screen = chain(9);
    assert_eq!(
        (screen.state["n"].clone(), screen.issues()),
        (json!(0), vec!["tool_failed"])
    );
    assert!(
        screen.turn["issues"]
            .to_string()
            .contains("nest more than 8 deep"),
        "{}",
        screen.turn
    );
}

#[test]
fn an_action_runs_at_most_1000_steps_and_nothing_catches_what_goes_on() {
    let count = json!({"tool": "ui.increment", "args": {"path": "n"}});
    let times = |step: &Value, count: usize| Value::from(vec![step.clone(); count]);
    let run = |steps: Value, catch: Value| {
        let mut screen = Screen::open(app(json!({
            "state": {"n": 0},
            "actions": {"ten": times(&count, 10), "many": times(&json!({"do": "ten", "catch": catch}), 32), "all": steps},
            "components": [button("go", json!({"do": "all"}))],
        })));
        screen.click("go");
        screen
    };
    let nothing = json!([]);
    let screen = run(json!(["many", "many"]), nothing.clone());
    assert_eq!((screen.state["n"].clone(), screen.issues()), (json!(640), vec![]));
    let screen = run(times(&json!("many"), 32), nothing);
    assert_eq!(screen.issues(), ["tool_failed"]);
    let told = screen.turn["issues"].to_string();
    assert!(
        told.contains("more than 1000 steps") && told.contains("too_many_steps"),
        "{told}"
    );
    let counted = screen.state["n"].as_u64().unwrap();
    assert!((800..1_000).contains(&counted), "{counted}");
    let caught = run(times(&json!("many"), 32), count.clone());
    assert_eq!(caught.state["n"].as_u64().unwrap(), counted);
    let mut screen = caught;
    screen.click("go");
    assert!(
        screen.state["n"].as_u64().unwrap() > counted,
        "the next click has steps of its own"
    );
}

#[test]
fn an_expression_on_screen_that_costs_too_much_is_told_and_shows_nothing() {
    for (expression, words) in [
        (
            "{{ rows | map('string') | map('upper') | map('lower') | map('trim') | map('title') | list | length }}",
            "50000 steps",
        ),
        ("{{ 'x' * 300000 }}", "262144 bytes"),
        ("{{ ('x' * 200000) ~ ('y' * 100000) }}", "262144 bytes"),
    ] {
        let rows: Vec<Value> = (0..9_000).map(|n| json!({"n": n})).collect();
        let screen = Screen::open(app(json!({
            "state": {"rows": rows},
            "components": [
                {"type": "text", "id": "costly", "props": {"content": expression}},
                {"type": "text", "id": "plain", "props": {"content": "{{ 1 + 1 }}"}},
            ]
        })));
        assert!(screen.issues().contains(&"expr_failed"), "{expression}");
        assert!(
            screen.turn["issues"].to_string().contains(words),
            "{}",
            screen.turn["issues"]
        );
        assert!(
            screen
                .prop("costly", "content")
                .as_str()
                .is_none_or(str::is_empty)
        );
        assert_eq!(screen.prop("plain", "content"), 2);
    }
}

#[test]
fn an_expression_has_at_most_2_kib_of_source() {
    let document = |bytes: usize| {
        let text = "x".repeat(bytes - 2);
        app(
            json!({"components": [{"type": "text", "id": "t", "props": {"content": format!("{{{{'{text}'}}}}")}}]}),
        )
    };
    let screen = Screen::open(document(2_048));
    assert_eq!(screen.prop("t", "content").as_str().map(str::len), Some(2_046));
    let mut screen = Screen::open(app(json!({})));
    let answer = screen.call(&json!({"op": "check", "spec": document(2_049)}));
    assert_eq!(answer["valid"], false);
    assert!(answer["issues"].to_string().contains("2048 bytes"), "{answer}");
}

#[test]
fn a_document_has_at_most_16_queries_no_faster_than_5_seconds() {
    let document = |queries: usize, every: f64| {
        let data: Map<String, Value> = (0..queries)
            .map(|n| {
                (
                    format!("q{n}"),
                    json!({"tool": "storage.get", "args": {"key": "k"}, "every": every}),
                )
            })
            .collect();
        app(json!({"data": data}))
    };
    assert_eq!(Screen::open(document(16, 5.0)).effects.len(), 16);
    assert_eq!(
        leaves_out(&document(17, 5.0), "at most 16 data queries")
            .effects
            .len(),
        16
    );
    assert_eq!(leaves_out(&document(1, 4.9), "at least 5").effects.len(), 0);
}

#[test]
fn an_each_shows_at_most_10_000_rows_and_says_so() {
    let document = |rows: usize| {
        let rows: Vec<Value> = (0..rows).map(|n| json!({"id": n})).collect();
        app(json!({"state": {"rows": rows}, "components": [
            {"type": "list", "id": "rows", "each": {"in": "rows", "as": "r"}, "children": [
                {"type": "text", "id": "n", "props": {"content": "{{ r.id }}"}}]}]}))
    };
    let screen = Screen::open(document(10_000));
    assert_eq!(screen.node("rows")["total"], 10_000);
    assert_eq!(screen.issues(), [] as [&str; 0]);
    let mut screen = Screen::open(document(10_001));
    assert_eq!(screen.node("rows")["total"], 10_000);
    assert_eq!(screen.issues(), ["too_large"]);
    assert!(screen.turn["issues"].to_string().contains("10001 rows"));
    screen.play(json!({"op": "range", "component": "rows", "first": 9_999, "count": 50}));
    assert_eq!(screen.nodes_of("n"), ["n@9999"]);
}

#[test]
fn a_state_has_at_most_1_mib_and_what_would_break_that_changes_nothing() {
    let mut screen = Screen::open(app(json!({
        "state": {"text": "x".repeat(200_000), "list": []},
        "components": [
            button("more", json!({"tool": "ui.append", "args": {"path": "list", "value": "{{ text }}"}})),
            {"type": "input", "id": "own", "props": {"label": "Own"}},
        ]
    })));
    for _ in 0..4 {
        screen.click("more");
        assert_eq!(screen.issues(), [] as [&str; 0]);
    }
    screen.click("more");
    assert_eq!(screen.issues(), ["tool_failed"]);
    assert!(
        screen.turn["issues"].to_string().contains("1048576 bytes"),
        "{}",
        screen.turn["issues"]
    );
    assert_eq!(screen.turn["state_patch"], json!([]));
    assert_eq!(screen.state["list"].as_array().unwrap().len(), 4);
    screen.enter("own", "x".repeat(900_000));
    assert_eq!(screen.issues(), ["tool_failed"], "typing keeps the bound too");
    assert_eq!(screen.prop("own", "value"), "");
    screen.enter("own", "short");
    assert_eq!(screen.state["own"], "short");
}

#[test]
fn a_property_has_at_most_64_kib_in_the_document() {
    let document = |bytes: usize| {
        app(json!({"components": [{"type": "text", "props": {"content": "x".repeat(bytes - 2)}}]}))
    };
    Screen::open(document(64 * 1024));
    let answer = Screen::open(app(json!({})))
        .call(&json!({"op": "open", "app": "b", "spec": document(64 * 1024 + 1), "now": 0}));
    assert_eq!(answer["code"], "spec_invalid", "{answer}");
    assert!(answer["error"].to_string().contains("65536"), "{answer}");
}

#[test]
fn a_timer_waits_at_least_50_milliseconds() {
    let mut screen = Screen::open(app(json!({
        "state": {"n": 0},
        "actions": {"tick": {"tool": "ui.increment", "args": {"path": "n"}}},
        "components": [
            button("at", json!({"tool": "timer.set", "args": {"delay": 50, "action": "tick"}})),
            button("below", json!({"tool": "timer.interval", "args": {"interval": "{{ n + 49 }}", "action": "tick"}})),
        ]
    })));
    screen.click("below");
    assert_eq!(screen.issues(), ["tool_failed"]);
    assert_eq!(screen.turn.get("wake_at"), None);
    screen.click("at");
    assert_eq!(screen.turn["wake_at"].as_f64(), Some(screen.now + 50.0));
    screen.pass(50.0);
    assert_eq!(screen.state["n"], 1);
}
