//! Every tool the engine performs, used as its catalog entry shows.

use agentos_core::spec::Catalog;
use agentos_core::spec::catalog::{Runs, ToolEntry, ValueKind};
use serde_json::{Value, json};

use super::screen::Screen;

/// One button that uses the tool and keeps the answer, beside everything examples speak of.
fn using(tool: &ToolEntry) -> Screen {
    let mut args = tool.example_args.clone();
    if args.get("action").is_some() {
        args["action"] = json!("tick");
    }
    Screen::open(json!({
        "type": "app", "title": "Tools",
        "state": {
            "got": null, "filter": if tool.id == "ui.reset" { "all" } else { "open" }, "open": false, "count": 0, "log": "", "display": "7",
            "todos": [{"id": "a", "text": "Milk", "done": false}], "list": [{"id": "a", "done": false}],
            "task-input": "Tea"
        },
        "actions": {"tick": {"tool": "ui.increment", "args": {"path": "count"}}},
        "components": [
            {"type": "button", "id": "before", "props": {"text": "Before"}, "on_event": {"click": before(&tool.id)}},
            {"type": "button", "id": "undo", "props": {"text": "Undo"}, "on_event": {"click": "system.undo"}},
            {"type": "button", "id": "use", "props": {"text": "Use"}, "on_event": {"click": {"tool": tool.id, "args": args, "into": "got"}}},
            {"type": "modal", "id": "details", "props": {"title": "Details"}, "children": [{"type": "text", "props": {"content": "{{ count }}"}}]},
            {"type": "tabs", "id": "tabs", "children": [
                {"type": "container", "id": "general", "props": {"label": "General"}},
                {"type": "container", "id": "settings", "props": {"label": "Settings"}}]},
            {"type": "text", "props": {"content": "{{ got }} {{ filter }} {{ open }} {{ log }} {{ display }} {{ todos | length }} {{ list | length }}"}},
        ]
    }))
}

/// What a person did before, for tools whose example takes up something.
fn before(tool: &str) -> Value {
    let set =
        |path: &str, value: Value| json!({"tool": "ui.set_state", "args": {"path": path, "value": value}});
    match tool {
        "calc.append_digit" => set("display", json!("0")),
        "calc.evaluate" => set("display", json!("6*7")),
        "ui.add_todo" => set("task-input", json!("Milk")),
        "list.remove" => set("list", json!([{"id": "a"}])),
        "timer.clear" => {
            json!({"tool": "timer.set", "args": {"delay": 1000, "action": "tick", "timer_id": "timer_1"}})
        }
        "system.undo" | "system.redo" | "system.get_history" => set("count", json!(5)),
        _ => json!({"tool": "ui.get_state", "args": {"path": "count"}}),
    }
}

/// An item that was added has an id nobody can know before.
fn with_the_id_of(example: &Value, answer: &Value) -> Value {
    let mut example = example.clone();
    if example["id"] == "a" && answer["id"].as_str().is_some_and(|id| id.len() == 36) {
        example["id"] = answer["id"].clone();
    }
    example
}

#[test]
fn every_tool_of_the_engine_runs_as_its_example_says() {
    let tools: Vec<&ToolEntry> = Catalog::builtin()
        .tools()
        .filter(|tool| tool.runs == Runs::Engine)
        .collect();
    assert!(tools.len() > 50, "{}", tools.len());
    for tool in tools {
        let mut screen = using(tool);
        screen.click("before");
        if tool.id == "system.redo" {
            screen.click("undo");
        }
        screen.click("use");
        assert_eq!(screen.issues(), [] as [&str; 0], "{}: {}", tool.id, screen.turn);
        // These two tell what the app of this test holds.
        if !matches!(&*tool.id, "form.submit" | "system.get_state_snapshot") {
            let answer = with_the_id_of(&tool.example_answer, &screen.state["got"]);
            assert_eq!(screen.state["got"], answer, "{}", tool.id);
        }
    }
}

#[test]
fn a_missing_operand_is_a_visible_failure() {
    let mut tried = 0;
    for tool in Catalog::builtin()
        .tools()
        .filter(|tool| tool.id.starts_with("calc."))
    {
        for param in tool.params.iter().filter(|param| param.required) {
            let mut args = tool.example_args.clone();
            args[&*param.name] = json!("{{ got.nothing }}");
            let mut screen = using(&ToolEntry {
                example_args: args,
                ..tool.clone()
            });
            screen.click("use");
            let takes_anything = param.kind == ValueKind::Any;
            assert_eq!(
                screen.issues().is_empty(),
                takes_anything,
                "{} without {}",
                tool.id,
                param.name
            );
            tried += 1;
        }
    }
    assert!(tried > 20, "{tried}");
}

/// What a tool answers to those arguments.
fn answer(tool: &str, args: &Value) -> Value {
    let entry = Catalog::builtin().tool(tool).unwrap();
    let mut screen = using(&ToolEntry {
        example_args: args.clone(),
        ..entry.clone()
    });
    screen.click("use");
    assert_eq!(screen.issues(), [] as [&str; 0], "{tool} {args}: {}", screen.turn);
    screen.state["got"].clone()
}

#[test]
fn numbers_come_without_the_noise_of_binary_fractions() {
    let pi = std::f64::consts::PI;
    for (tool, args, expected) in [
        ("calc.subtract", json!({"a": 10, "b": 9.9}), json!(0.1)),
        ("calc.add", json!({"a": 0.3, "b": -0.1}), json!(0.2)),
        ("calc.mod", json!({"a": 10, "b": 3.3}), json!(0.1)),
        ("calc.mod", json!({"a": 0.3, "b": 0.1}), json!(0)),
        ("calc.mod", json!({"a": -7, "b": 3}), json!(2)),
        ("calc.sin", json!({"value": pi}), json!(0)),
        ("calc.sin", json!({"value": 1000.0 * pi}), json!(0)),
        ("calc.sin", json!({"value": 1e-18}), json!(1e-18)),
        ("calc.sin", json!({"value": 30, "unit": "degrees"}), json!(0.5)),
        ("calc.cos", json!({"value": 90, "unit": "degrees"}), json!(0)),
        ("calc.tan", json!({"value": 45, "unit": "degrees"}), json!(1)),
        ("calc.tan", json!({"value": 180, "unit": "degrees"}), json!(0)),
    ] {
        assert_eq!(answer(tool, &args), expected, "{tool} {args}");
    }
    let mut screen = using(&ToolEntry {
        example_args: json!({"value": 90, "unit": "degrees"}),
        ..Catalog::builtin().tool("calc.tan").unwrap().clone()
    });
    screen.click("use");
    assert_eq!(screen.issues(), ["tool_failed"]);
}

#[test]
fn what_is_no_number_does_not_count_and_a_field_may_lie_deeper() {
    let mixed = json!(["nan", "inf", "-Infinity", "", "2", 3, null, "x"]);
    let deep = json!([{"a": {"b": 2}}, {"a": {"b": "3"}, "c": 1}, {"a": 1}, {"a.b": 10}]);
    for (tool, args, expected) in [
        ("data.sum", json!({"data": mixed}), json!(5)),
        ("data.average", json!({"data": mixed}), json!(2.5)),
        ("data.max", json!({"data": mixed}), json!(3)),
        ("calc.is_number", json!({"value": "inf"}), json!(false)),
        ("data.sum", json!({"data": deep, "field": "a.b"}), json!(15)),
        (
            "data.filter",
            json!({"data": deep, "field": "a.b", "value": 2}),
            json!([{"a": {"b": 2}}]),
        ),
        (
            "data.search",
            json!({"data": deep, "query": "3", "fields": ["a.b"]}),
            json!([{"a": {"b": "3"}, "c": 1}]),
        ),
    ] {
        assert_eq!(answer(tool, &args), expected, "{tool} {args}");
    }
}
