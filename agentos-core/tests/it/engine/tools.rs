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
