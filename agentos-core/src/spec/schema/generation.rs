//! The form a model is constrained to while it writes.
//!
//! What Gemini, the strict mode of `OpenAI` and llama.cpp's grammars all take: every property listed and
//! required, no further properties, null by union, enums of text, lists, definitions that do not
//! recurse. So maps with free keys are lists of `{name, …}`, components nest to a fixed depth, and
//! what has structure of its own inside a value is JSON text.

use serde_json::{Map, Value, json};

use super::super::catalog::{Catalog, Children, ComponentEntry};
use super::DIALECT;

/// How deep components may nest in this form.
pub const COMPONENT_LEVELS: usize = 5;

/// The keys of a document in the order a model writes them: with the state planned first, what
/// comes after it names what exists.
pub(super) const DOCUMENT_KEYS: [&str; 7] = [
    "title",
    "state",
    "persist",
    "computed",
    "data",
    "actions",
    "components",
];

/// The schema a provider is given.
pub fn generation(catalog: &Catalog) -> Value {
    let mut definitions = language();
    for entry in catalog.components() {
        definitions.insert(format!("{}_props", entry.name), props(entry));
        if !entry.events.is_empty() {
            definitions.insert(format!("{}_events", entry.name), events(entry));
        }
        if entry.children == Children::None {
            definitions.insert(entry.name.to_string(), component(entry, None));
        } else {
            for level in 1..=COMPONENT_LEVELS {
                definitions.insert(format!("{}_{level}", entry.name), component(entry, Some(level)));
            }
        }
    }
    for level in 0..=COMPONENT_LEVELS {
        definitions.insert(format!("components_{level}"), components(catalog, level));
    }
    let properties = [
        text(),
        list_of(reference("member")),
        list_of(text()),
        list_of(reference("computed")),
        list_of(reference("query")),
        list_of(reference("action")),
        reference(&format!("components_{COMPONENT_LEVELS}")),
    ];
    let mut schema = object(DOCUMENT_KEYS.into_iter().zip(properties));
    schema["$schema"] = DIALECT.into();
    schema["$defs"] = Value::Object(definitions);
    schema
}

fn language() -> Map<String, Value> {
    let steps = || list_of(json!({"anyOf": [text(), reference("step_call"), reference("step")]}));
    let plain_steps = || list_of(json!({"anyOf": [text(), reference("step_call")]}));
    let definitions = [
        ("member", object([("name", text()), ("value", value())])),
        ("computed", object([("name", text()), ("expression", text())])),
        (
            "query",
            object([
                ("name", text()),
                ("tool", text()),
                ("args", list_of(reference("member"))),
                ("pick", nullable("string")),
                ("every", nullable("number")),
                ("when", nullable("string")),
                ("default", value()),
            ]),
        ),
        (
            "step_call",
            object([("tool", text()), ("args", list_of(reference("member")))]),
        ),
        (
            "step",
            object([
                ("tool", nullable("string")),
                ("do", nullable("string")),
                ("args", list_of(reference("member"))),
                ("if", nullable("string")),
                ("confirm", nullable("string")),
                ("into", nullable("string")),
                ("then", plain_steps()),
                ("catch", plain_steps()),
            ]),
        ),
        ("action", object([("name", text()), ("steps", steps())])),
        ("steps", steps()),
        (
            "each",
            object([
                ("in", text()),
                ("as", text()),
                ("key", nullable("string")),
                ("where", nullable("string")),
            ]),
        ),
        (
            "check",
            object([
                (
                    "rule",
                    json!({"type": "string", "enum": [
                        "required", "email", "url", "number", "integer", "min", "max", "min_length",
                        "max_length", "pattern", "one_of", "when",
                    ]}),
                ),
                ("argument", value()),
                ("message", nullable("string")),
            ]),
        ),
    ];
    definitions
        .into_iter()
        .map(|(name, schema)| (name.to_owned(), schema))
        .collect()
}

/// A component whose children stand on the level below; none for one that has no children.
fn component(entry: &ComponentEntry, level: Option<usize>) -> Value {
    let mut properties = vec![
        ("type", json!({"type": "string", "enum": [entry.name]})),
        ("id", nullable("string")),
        ("visible", nullable("string")),
        ("props", reference(&format!("{}_props", entry.name))),
    ];
    if !entry.events.is_empty() {
        properties.push(("on_event", reference(&format!("{}_events", entry.name))));
    }
    if entry.value.is_some() {
        properties.push(("checks", list_of(reference("check"))));
    }
    if let Some(level) = level {
        properties.push(("each", json!({"anyOf": [reference("each"), {"type": "null"}]})));
        properties.push(("children", reference(&format!("components_{}", level - 1))));
    }
    object(properties)
}

/// What may stand on a level: on the lowest one, only what has no children.
fn components(catalog: &Catalog, level: usize) -> Value {
    let kinds: Vec<Value> = catalog
        .components()
        .filter_map(|entry| match entry.children {
            Children::None => Some(reference(&entry.name)),
            _ if level > 0 => Some(reference(&format!("{}_{level}", entry.name))),
            _ => None,
        })
        .collect();
    list_of(json!({"anyOf": kinds}))
}

fn props(entry: &ComponentEntry) -> Value {
    let names: Vec<&str> = entry.props.iter().map(|prop| prop.name.as_ref()).collect();
    let name = json!({"type": "string", "enum": names});
    let given = object([("name", name), ("value", value())]);
    let Some(held) = &entry.value else {
        return list_of(given);
    };
    let bound = object([
        ("name", json!({"type": "string", "enum": [held.name]})),
        ("bind", text()),
    ]);
    list_of(json!({"anyOf": [given, bound]}))
}

fn events(entry: &ComponentEntry) -> Value {
    let names: Vec<&str> = entry.events.iter().map(|event| event.name.as_ref()).collect();
    list_of(object([
        ("event", json!({"type": "string", "enum": names})),
        ("steps", reference("steps")),
    ]))
}

fn object<'a>(properties: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    let properties: Map<String, Value> = properties
        .into_iter()
        .map(|(name, schema)| (name.to_owned(), schema))
        .collect();
    let required: Vec<&String> = properties.keys().collect();
    json!({
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": false,
    })
}

fn text() -> Value {
    json!({"type": "string"})
}

/// Text, a number, a truth value, null; what has structure is JSON text.
fn value() -> Value {
    json!({"type": ["string", "number", "boolean", "null"]})
}

fn nullable(name: &str) -> Value {
    json!({"type": [name, "null"]})
}

fn list_of(items: Value) -> Value {
    json!({"type": "array", "items": items})
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/$defs/{name}")})
}
