//! Everything a document may hold that needs no mend.

use serde_json::{Map, Value, json};

use super::super::action::{DEPTH, STEPS};
use super::super::catalog::{
    Catalog, Children, ComponentEntry, Field, STYLE_PROPERTIES, ToolEntry, UrlUse, ValueKind,
};
use super::super::limits;
use super::DIALECT;

/// The whole language as one schema: names, types, choices and bounds. What depends on another part
/// of the document (that an action exists, that a path is declared) is for the check.
pub fn acceptance(catalog: &Catalog) -> Value {
    let mut definitions = language(catalog);
    for entry in catalog.components() {
        definitions.insert(format!("{}_props", entry.name), props(entry));
    }
    json!({
        "$schema": DIALECT,
        "title": "UISpec",
        "description": "One app as one document. A document that holds here needs no mend; others may be mended.",
        "type": "object",
        "required": ["components"],
        "additionalProperties": false,
        "properties": {
            "type": {"const": "app"},
            "title": {"type": "string"},
            "layout": {"enum": ["vertical", "horizontal", "grid"]},
            "state": {"type": "object", "description": "the initial state"},
            "persist": {"type": "array", "items": reference("path"), "description": "paths that outlive the window"},
            "computed": map_of(reference("expression")),
            "data": {"type": "object", "additionalProperties": reference("query"), "maxProperties": limits::QUERIES},
            "actions": map_of(reference("action")),
            "on": {
                "type": "object",
                "additionalProperties": false,
                "properties": {
                    "mount": reference("action"), "close": reference("action"),
                    "focus": reference("action"), "blur": reference("action"),
                },
            },
            "watch": {
                "type": "object",
                "additionalProperties": reference("action"),
                "description": "path → what runs when it changed",
            },
            "components": {"type": "array", "items": reference("component"), "maxItems": limits::COMPONENTS},
            "services": {"type": "array", "items": {"type": "string"}},
            "service_bindings": map_of(json!({
                "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
            })),
            "permissions": {"type": "object", "description": "what the app asks for; asking grants nothing"},
            "style": reference("style"),
            "theme": {"type": "object"},
            "x": {"description": "notes of one's own"},
        },
        "$defs": definitions,
    })
}

fn language(catalog: &Catalog) -> Map<String, Value> {
    let names: Vec<&str> = catalog.components().map(|entry| entry.name.as_ref()).collect();
    let definitions = json!({
        "expression": {
            "type": ["string", "number", "boolean"],
            "maxLength": limits::EXPRESSION_BYTES,
            "description": "an expression, with or without {{ }}",
        },
        "path": {"type": "string", "description": "a path into the state: dotted, or a JSON Pointer"},
        "binding": {
            "type": "object", "required": ["$bind"], "additionalProperties": false,
            "properties": {"$bind": reference("path")},
        },
        "literal": {
            "type": "object", "required": ["$lit"], "additionalProperties": false, "properties": {"$lit": {}},
        },
        "open": {
            "description": "a value only known while the app runs",
            "anyOf": [{"type": "string", "pattern": "\\{\\{"}, reference("binding"), reference("literal")],
        },
        "style": style(),
        "action": {
            "anyOf": [
                reference("step"),
                {"type": "array", "items": reference("step"), "maxItems": STEPS},
            ],
            "description": format!("a step, or steps that run in order; at most {DEPTH} deep"),
        },
        "step": step(catalog),
        "each": {
            "anyOf": [
                reference("path"),
                {
                    "type": "object", "required": ["in"], "additionalProperties": false,
                    "properties": {
                        "in": reference("path"),
                        "as": {"type": "string"},
                        "key": {"type": ["string", "null"]},
                        "where": reference("expression"),
                    },
                },
            ],
        },
        "check": check(),
        "query": {
            "type": "object", "required": ["tool"], "additionalProperties": false,
            "properties": {
                "tool": {"type": "string"},
                "args": {"type": "object"},
                "pick": reference("expression"),
                "every": {"type": "number", "minimum": 5, "description": "seconds"},
                "when": reference("expression"),
                "default": {},
            },
        },
        "component": {
            "type": "object", "required": ["type"], "additionalProperties": false,
            "properties": {
                "type": {"enum": names},
                "id": {"type": "string"},
                "props": {"type": "object"},
                "children": {"type": ["array", "null"], "items": reference("component")},
                "on_event": {"type": ["object", "null"], "additionalProperties": reference("action")},
                "visible": reference("expression"),
                "each": reference("each"),
                "checks": {
                    "anyOf": [reference("check"), {"type": "array", "items": reference("check")}, {"type": "null"}],
                },
                "a11y": {"type": "object"},
                "x": {},
            },
            "allOf": catalog.components().map(component_rule).collect::<Vec<_>>(),
        },
    });
    match definitions {
        Value::Object(definitions) => definitions,
        _ => Map::new(),
    }
}

/// What holds of a component once its type is known.
fn component_rule(entry: &ComponentEntry) -> Value {
    let events: Vec<&str> = entry.events.iter().map(|event| event.name.as_ref()).collect();
    let mut rule = Map::new();
    rule.insert("props".to_owned(), reference(&format!("{}_props", entry.name)));
    rule.insert("on_event".to_owned(), json!({"propertyNames": {"enum": events}}));
    if entry.children == Children::None {
        rule.insert("children".to_owned(), json!({"maxItems": 0}));
    }
    let needs_props = entry.props.iter().any(|prop| prop.required);
    let required = if needs_props { vec!["props"] } else { Vec::new() };
    json!({
        "if": {"properties": {"type": {"const": entry.name}}},
        "then": {"properties": rule, "required": required},
    })
}

fn props(entry: &ComponentEntry) -> Value {
    let mut schema = shape(
        &entry.props,
        |field| json!({"anyOf": [kind(&field.kind), {"type": "null"}], "description": field.summary}),
    );
    schema["description"] = entry.summary.as_ref().into();
    schema
}

fn step(catalog: &Catalog) -> Value {
    json!({
        "anyOf": [
            {"type": "string", "description": "a tool by its id, or an action by its name"},
            {
                "type": "object", "additionalProperties": false,
                "properties": {
                    "tool": {"type": "string"},
                    "do": {"anyOf": [{"type": "string"}, reference("action")]},
                    "args": {"type": "object"},
                    "if": reference("expression"),
                    "confirm": {"type": "string"},
                    "into": reference("path"),
                    "then": reference("action"),
                    "catch": reference("action"),
                    "debounce": {"type": "number", "minimum": 0, "maximum": 60_000, "description": "milliseconds"},
                },
                "oneOf": [{"required": ["tool"]}, {"required": ["do"]}],
                "allOf": catalog.tools().map(tool_rule).collect::<Vec<_>>(),
            },
        ],
    })
}

/// What holds of a step's arguments once its tool is known.
fn tool_rule(tool: &ToolEntry) -> Value {
    let args = shape(&tool.params, |field| {
        let mut schema = kind(&field.kind);
        if !field.required {
            schema = json!({"anyOf": [schema, {"type": "null"}]});
        }
        json!({"allOf": [schema], "description": field.summary})
    });
    let required = if tool.params.iter().any(|param| param.required) {
        vec!["args"]
    } else {
        Vec::new()
    };
    json!({
        "if": {"properties": {"tool": {"const": tool.id}}, "required": ["tool"]},
        "then": {"properties": {"args": args}, "required": required},
    })
}

fn check() -> Value {
    let flag = json!({"type": "boolean"});
    json!({
        "anyOf": [
            {"enum": ["required", "email", "url", "number", "integer"]},
            {
                "type": "object", "additionalProperties": false,
                "properties": {
                    "required": flag, "email": flag, "url": flag, "number": flag, "integer": flag,
                    "min": {"type": "number"},
                    "max": {"type": "number"},
                    "min_length": {"type": "integer", "minimum": 0},
                    "max_length": {"type": "integer", "minimum": 0},
                    "pattern": {"type": "string"},
                    "one_of": {"type": "array"},
                    "when": reference("expression"),
                    "message": {"type": "string"},
                },
            },
        ],
    })
}

fn style() -> Value {
    let properties: Map<String, Value> = STYLE_PROPERTIES
        .iter()
        .map(|name| ((*name).to_owned(), json!({"type": ["string", "number"]})))
        .collect();
    json!({"type": "object", "additionalProperties": false, "properties": properties})
}

/// A value of that kind, or one that is only known while the app runs.
fn kind(of: &ValueKind) -> Value {
    match of {
        ValueKind::Any => json!({}),
        ValueKind::Text | ValueKind::Path | ValueKind::ComponentId => or_open(json!({"type": "string"})),
        ValueKind::Scalar => or_open(json!({"type": ["string", "number", "boolean", "null"]})),
        ValueKind::Number { min, max } => or_open(bounded("number", *min, *max)),
        ValueKind::Integer { min, max } => or_open(bounded("integer", *min, *max)),
        ValueKind::Flag => or_open(json!({"type": "boolean"})),
        ValueKind::OneOf(choices) => or_open(json!({"enum": choices})),
        ValueKind::Url(usage) => or_open(json!({"type": "string", "pattern": url_pattern(*usage)})),
        ValueKind::Object => or_open(json!({"type": "object"})),
        ValueKind::Shape(fields) => or_open(shape(fields, |field| kind(&field.kind))),
        ValueKind::List(of) => or_open(json!({"type": "array", "items": kind(of)})),
        ValueKind::Either(kinds) => json!({"anyOf": kinds.iter().map(kind).collect::<Vec<_>>()}),
        ValueKind::Style => reference("style"),
        ValueKind::Action => reference("action"),
    }
}

fn or_open(schema: Value) -> Value {
    json!({"anyOf": [schema, reference("open")]})
}

fn shape(fields: &[Field], of: impl Fn(&Field) -> Value) -> Value {
    let properties: Map<String, Value> = fields
        .iter()
        .map(|field| (field.name.to_string(), of(field)))
        .collect();
    let required: Vec<&str> = fields
        .iter()
        .filter(|field| field.required)
        .map(|field| field.name.as_ref())
        .collect();
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
        "required": required,
    })
}

fn bounded(name: &str, min: Option<f64>, max: Option<f64>) -> Value {
    let mut schema = json!({"type": name});
    for (key, bound) in [("minimum", min), ("maximum", max)] {
        if let Some(bound) = bound {
            schema[key] = bound.into();
        }
    }
    schema
}

fn url_pattern(usage: UrlUse) -> &'static str {
    match usage {
        UrlUse::Link => "^$|^[hH][tT][tT][pP][sS]?://",
        UrlUse::Image => "^$|^[hH][tT][tT][pP][sS]?://|^data:image/",
        UrlUse::Socket => "^$|^[wW][sS][sS]?://",
    }
}

fn map_of(schema: Value) -> Value {
    json!({"type": "object", "additionalProperties": schema})
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/$defs/{name}")})
}
