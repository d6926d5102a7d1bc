//! What a person enters, chooses and clicks.

use serde_json::{Value as Json, json};

use crate::runtime::checks;
use crate::runtime::program::{CompiledCheck, CompiledRule};
use crate::runtime::view::Node;
use crate::spec::document::Rule;
use crate::spec::limits;
use crate::value::Value;

pub(super) fn payload(node: &Node, kind: &str) -> Json {
    match kind {
        "change" => change_payload(node),
        "submit" => json!({"value": node.props.member("value").map(Value::to_json)}),
        "key" => json!({"key": "a"}),
        "row_click" => {
            let (row, key) = first_row(node);
            json!({"row": row, "key": key, "index": 0})
        }
        "select" => chosen_rows(node),
        "tabChange" => json!({"tabId": node.children.last()}),
        _ => Json::Null,
    }
}

/// The first row of a table and its key.
fn first_row(table: &Node) -> (Json, Json) {
    let row = table.props.member("rows").and_then(|rows| rows.member("0"));
    let key_name = table
        .props
        .member("rowKey")
        .map_or_else(|| "id".to_owned(), Value::display);
    let key = row.and_then(|row| row.member(&key_name));
    (
        row.map_or(Json::Null, Value::to_json),
        key.map_or(Json::Null, Value::to_json),
    )
}

/// What a table tells when its first row is chosen.
fn chosen_rows(table: &Node) -> Json {
    let (_, key) = first_row(table);
    let keys: Vec<&Json> = Some(&key).filter(|key| !key.is_null()).into_iter().collect();
    let is_many = table.props.member("selection").and_then(Value::as_str) == Some("many");
    let value = if is_many { json!(keys) } else { key.clone() };
    json!({"value": value, "key": key, "keys": keys})
}

/// What a person could enter there, what meets the checks first.
pub(super) fn entries(node: &Node, checks: &[CompiledCheck]) -> Vec<Json> {
    let first = change_payload(node);
    if checks.is_empty() {
        return vec![first];
    }
    let mut values: Vec<Json> = ["value", "checked"]
        .into_iter()
        .filter_map(|key| first.get(key).cloned())
        .collect();
    match &*node.kind {
        "checkbox" | "switch" => return vec![json!({"checked": true}), json!({"checked": false})],
        "select" | "radio" => values.extend(options(node)),
        "date" => {
            let moments: [&str; 3] = match props_text(node, "type") {
                "time" => ["09:30", "17:45", "06:15"],
                "datetime-local" => ["2026-01-15T09:30", "2026-01-15T17:45", "2026-01-14T06:15"],
                "month" => ["2026-01", "2026-12", "2025-06"],
                _ => ["2026-01-15", "2026-12-20", "2025-06-01"],
            };
            return moments
                .into_iter()
                .map(|moment| json!({"value": moment}))
                .collect();
        }
        _ => {
            let is_number = props_text(node, "type") == "number" || &*node.kind == "slider";
            for check in checks {
                values.extend(meant_by(&check.rule, is_number));
            }
            values.extend(OTHERS.into_iter().map(Json::from));
        }
    }
    // Only what is entered shows whether a condition holds.
    let fails = |value: &Json| {
        let value = Value::from(value);
        checks
            .iter()
            .any(|check| checks::failure(check, &value, |_| Value::Null).is_some())
    };
    let mut entries: Vec<Json> = Vec::new();
    for value in values {
        if !fails(&value) && !entries.contains(&value) {
            entries.push(value);
        }
    }
    if entries.is_empty() {
        return vec![first];
    }
    entries.into_iter().map(|value| json!({"value": value})).collect()
}

/// Values of the forms that patterns ask for most.
const OTHERS: [&str; 16] = [
    "Sample text that goes on for a while",
    "12345",
    "1234",
    "123456",
    "12",
    "1",
    "ABC",
    "ABC123",
    "AB-1234",
    "abc",
    "a1",
    "555-0100",
    "+15550100",
    "2026-01-15",
    "09:30",
    "#2f56d9",
];

/// Values that meet one rule and lie inside its bounds rather than on them.
fn meant_by(rule: &CompiledRule, is_number: bool) -> Vec<Json> {
    let number = |number: f64| {
        let value = Value::number(number);
        if is_number {
            value.to_json()
        } else {
            json!(value.display())
        }
    };
    let CompiledRule::Plain(rule) = rule else {
        return Vec::new();
    };
    match rule {
        Rule::Email => vec![json!("person@example.org")],
        Rule::Url => vec![json!("https://example.org")],
        Rule::Number | Rule::Integer => vec![number(7.0), number(1.0)],
        Rule::Min(min) => vec![number(min + 1.0), number(*min), number(min.ceil() + 10.0)],
        Rule::Max(max) => vec![number(max - 1.0), number(*max), number((max / 2.0).floor())],
        Rule::MinLength(length) | Rule::MaxLength(length) => vec![json!(
            "Sample "
                .chars()
                .cycle()
                .take((*length).min(limits::PROPERTY_BYTES))
                .collect::<String>()
        )],
        Rule::OneOf(values) => values.clone(),
        Rule::Required | Rule::Pattern(_) | Rule::When(_) => Vec::new(),
    }
}

/// Something a person could enter there, different from what is there.
fn change_payload(node: &Node) -> Json {
    let prop = |name: &str| node.props.member(name);
    let text = |name: &str| props_text(node, name);
    match &*node.kind {
        "checkbox" | "switch" => json!({"checked": !prop("checked").is_some_and(Value::is_true)}),
        "modal" => json!({"value": !prop("open").is_some_and(Value::is_true)}),
        "slider" => json!({"value": stepped(node)}),
        "select" | "radio" => json!({"value": another_option(node)}),
        "tabs" | "accordion" => {
            let open = text("value");
            json!({"value": node.children.iter().find(|child| ***child != *open)})
        }
        "table" => chosen_rows(node),
        "date" => json!({"value": match text("type") {
            "time" => "09:30",
            "datetime-local" => "2026-01-15T09:30",
            "month" => "2026-01",
            _ => "2026-01-15",
        }}),
        _ => json!({"value": match text("type") {
            "number" => return json!({"value": stepped(node)}),
            "email" => "person@example.org",
            "url" => "https://example.org",
            "tel" => "5550100",
            "time" => "09:30",
            "password" => "correct horse 1",
            _ => "Sample",
        }}),
    }
}

/// A number within the control's bounds that is not the one it has.
fn stepped(node: &Node) -> f64 {
    let number = |name: &str| node.props.member(name).and_then(Value::as_f64);
    let (min, max) = (number("min").unwrap_or(0.0), number("max").unwrap_or(100.0));
    let held = number("value").unwrap_or(min);
    let step = number("step").filter(|step| *step > 0.0).unwrap_or(1.0);
    if held + step <= max {
        held + step
    } else {
        (held - step).max(min)
    }
}

fn another_option(node: &Node) -> Json {
    let held = node.props.member("value").map_or(Json::Null, Value::to_json);
    let options = options(node);
    let other = options.iter().find(|value| **value != held);
    other.or(options.first()).cloned().unwrap_or_default()
}

fn options(node: &Node) -> Vec<Json> {
    let options = node.props.member("options").and_then(Value::as_list);
    let values = options
        .into_iter()
        .flatten()
        .map(|option| option.member("value").unwrap_or(option));
    values.map(Value::to_json).collect()
}

fn props_text<'n>(node: &'n Node, name: &str) -> &'n str {
    node.props
        .member(name)
        .and_then(Value::as_str)
        .unwrap_or_default()
}
