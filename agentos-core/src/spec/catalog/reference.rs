//! The catalog as data, for documentation.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::super::limits;
use super::{Catalog, ComponentEntry, Field, Runs, ToolEntry};

/// Every component with an app that shows it, every tool, and the bounds of a document:
/// `{components: [{name, summary, aliases, props, value?, events, has_children, example, app}], tools:
/// [{id, summary, params, returns, runs, reads, deadline_ms, example: {args, answer}}], limits: [{of, most}]}`.
pub fn reference(catalog: &Catalog) -> Value {
    json!({
        "components": catalog.components().map(component).collect::<Vec<_>>(),
        "tools": catalog.tools().map(tool).collect::<Vec<_>>(),
        "limits": [
            {"of": "bytes of a document", "most": limits::DOCUMENT_BYTES},
            {"of": "levels of JSON", "most": limits::JSON_DEPTH},
            {"of": "levels of components", "most": limits::COMPONENT_DEPTH},
            {"of": "components", "most": limits::COMPONENTS},
            {"of": "components a model may write", "most": limits::COMPONENTS_BY_MODEL},
            {"of": "rows of one `each`", "most": limits::ROWS},
            {"of": "components on the screen at once", "most": limits::NODES},
            {"of": "data queries", "most": limits::QUERIES},
            {"of": "bytes of the state", "most": limits::STATE_BYTES},
            {"of": "bytes of one property", "most": limits::PROPERTY_BYTES},
            {"of": "bytes of an expression", "most": limits::EXPRESSION_BYTES},
            {"of": "bytes of an expression's result", "most": limits::RESULT_BYTES},
            {"of": "steps of an action", "most": super::super::action::STEPS},
            {"of": "actions within actions", "most": super::super::action::DEPTH},
        ],
    })
}

fn component(entry: &ComponentEntry) -> Value {
    json!({
        "name": entry.name,
        "summary": entry.summary,
        "aliases": entry.aliases.iter().map(|alias| &alias.name).collect::<Vec<_>>(),
        "props": entry.props.iter().map(field).collect::<Vec<_>>(),
        "value": entry.value.as_ref().map(|value| &value.name),
        "events": entry.events.iter().map(|event| &event.name).collect::<Vec<_>>(),
        "has_children": entry.children != super::Children::None,
        "example": example(entry),
        "app": example_app(entry),
    })
}

fn field(field: &Field) -> Value {
    json!({
        "name": field.name,
        "kind": field.kind.to_string(),
        "default": field.default,
        "aliases": field.aliases,
        "required": field.required,
        "summary": field.summary,
    })
}

fn tool(tool: &ToolEntry) -> Value {
    json!({
        "id": tool.id,
        "summary": tool.summary,
        "params": tool.params.iter().map(field).collect::<Vec<_>>(),
        "returns": tool.returns,
        "runs": match tool.runs {
            Runs::Engine => "engine",
            Runs::Shell => "shell",
            Runs::Service => "service",
        },
        "reads": tool.reads,
        "deadline_ms": tool.deadline_ms,
        "example": {"args": tool.example_args, "answer": tool.example_answer},
    })
}

fn example(entry: &ComponentEntry) -> Value {
    serde_json::from_str(&entry.example).unwrap_or_default()
}

/// A document that shows the component's example: with the state it reads, and with each action it
/// names telling that it ran.
pub fn example_app(entry: &ComponentEntry) -> Value {
    let example = example(entry);
    let mut state = samples();
    state.retain(|name, _| mentions(&entry.example, name));
    let mut names = BTreeSet::new();
    named_actions(&example, &mut names);
    let actions: Map<String, Value> = names
        .into_iter()
        .map(|name| {
            let told = json!({"tool": "notification.show", "args": {"message": format!("`{name}` ran")}});
            (name, told)
        })
        .collect();
    let mut components = vec![example];
    if entry.name == "modal" {
        let open = json!({"tool": "modal.open", "args": {"modal_id": components[0]["id"]}});
        components.insert(
            0,
            json!({"type": "button", "props": {"text": "Open"}, "on_event": {"click": open}}),
        );
    }
    json!({
        "type": "app", "title": entry.name, "state": state, "actions": actions, "components": components,
    })
}

fn mentions(text: &str, name: &str) -> bool {
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    text.match_indices(name).any(|(at, _)| {
        !is_word(text[..at].chars().next_back()) && !is_word(text[at + name.len()..].chars().next())
    })
}

fn named_actions(component: &Value, names: &mut BTreeSet<String>) {
    for action in component["on_event"].as_object().into_iter().flatten() {
        names.extend(
            action
                .1
                .as_str()
                .filter(|name| !name.contains('.'))
                .map(str::to_owned),
        );
    }
    for child in component["children"].as_array().into_iter().flatten() {
        named_actions(child, names);
    }
}

/// What the examples read.
fn samples() -> Map<String, Value> {
    let samples = json!({
        "name": "Ada", "note": "Call back", "title": "", "left": 3, "done": 4, "all": 10, "total": 128.5,
        "display": "0", "filter": "all", "size": "M", "notify": true, "minutes": 25, "due": "2026-12-24",
        "adding": false, "strokes": [],
        "todos": [{"id": 1, "text": "Buy milk", "done": true}, {"id": 2, "text": "Write home", "done": false}],
        "expenses": [{"id": 1, "title": "Train", "amount": 42.5}, {"id": 2, "title": "Lunch", "amount": 12.9}],
    });
    match samples {
        Value::Object(samples) => samples,
        _ => Map::new(),
    }
}
