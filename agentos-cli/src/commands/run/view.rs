//! The resolved view as an indented tree, one component a line.

use std::collections::HashMap;

use serde_json::Value;

/// What a component says, in the order in which it is looked for.
const TEXTS: [&str; 5] = ["content", "text", "title", "label", "name"];
/// What a control holds.
const VALUES: [&str; 4] = ["value", "checked", "open", "selected"];
/// How a component looks, which says nothing about what it does.
const LOOKS: [&str; 14] = [
    "style",
    "variant",
    "size",
    "color",
    "weight",
    "align",
    "spacing",
    "padding",
    "gap",
    "justify",
    "layout",
    "responsive",
    "fullWidth",
    "centered",
];

pub(super) fn tree(view: &Value) -> String {
    let nodes: HashMap<&str, &Value> = view["nodes"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|node| Some((node["id"].as_str()?, node)))
        .collect();
    let mut lines = Vec::new();
    for id in ids(&view["root"]) {
        draw(id, &nodes, 0, &mut lines);
    }
    lines.join("\n")
}

fn ids(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn draw(id: &str, nodes: &HashMap<&str, &Value>, depth: usize, lines: &mut Vec<String>) {
    let Some(node) = nodes.get(id) else { return };
    lines.push(format!("{}{}", "  ".repeat(depth), line(id, node)));
    for child in ids(&node["children"]) {
        draw(child, nodes, depth + 1, lines);
    }
}

fn line(id: &str, node: &Value) -> String {
    let props = &node["props"];
    let says = TEXTS.iter().find(|name| props[**name].is_string());
    let mut parts = vec![format!("{} #{id}", node["type"].as_str().unwrap_or("unknown"))];
    parts.extend(says.map(|name| props[*name].to_string()));
    parts.extend(
        VALUES
            .iter()
            .filter(|name| !props[**name].is_null())
            .map(|name| format!("{name}={}", props[*name])),
    );
    let others = props
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, value)| says != Some(&name.as_str()) && !is_listed(name) && !is_absent(value));
    parts.extend(others.map(|(name, value)| format!("{name}={value}")));
    parts.extend(node["total"].as_u64().map(|total| format!("({total} rows)")));
    if node["pending"] == true {
        parts.push("(working)".to_owned());
    }
    parts.extend(node["error"].as_str().map(|error| format!("! {error}")));
    parts.join(" ")
}

fn is_listed(name: &str) -> bool {
    VALUES.contains(&name) || LOOKS.contains(&name)
}

/// Properties that say nothing by their value.
fn is_absent(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn draws_children_below_their_parent() {
        let view = json!({
            "root": ["card"],
            "nodes": [
                { "id": "card", "type": "card", "props": { "title": "Sum", "padding": "medium" }, "children": ["n", "go"] },
                { "id": "n", "type": "input", "props": { "label": "Number", "value": "7", "disabled": false }, "error": "too small" },
                { "id": "go", "type": "button", "props": { "text": "Add", "icon": "plus" }, "pending": true },
            ],
        });
        let expected = "card #card \"Sum\"\n  input #n \"Number\" value=\"7\" ! too small\n  button #go \"Add\" icon=\"plus\" (working)";
        assert_eq!(tree(&view), expected);
    }
}
