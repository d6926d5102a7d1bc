//! The messages of a conversation, folded into the surface they leave behind.

use serde_json::Value;

use super::{Object, member};
use crate::spec::{Code, Issue};

/// A surface as it stands after the last message.
#[derive(Debug, Default)]
pub(super) struct Surface {
    pub(super) id: String,
    pub(super) theme: Object,
    /// By id, in the order in which they came.
    pub(super) components: Object,
    pub(super) data: Object,
}

/// Folds the messages; the first surface with a root is the app, others are told.
pub(super) fn read(payload: &Value) -> Result<(Surface, Vec<Issue>), Issue> {
    let mut issues = Vec::new();
    let mut surfaces: Vec<Surface> = Vec::new();
    for (index, message) in messages(payload)?.iter().enumerate() {
        let at = format!("/messages/{index}");
        let Some(message) = message.as_object() else {
            issues.push(Issue::warning(
                Code::Dropped,
                at,
                "a message is an object; this was left out",
            ));
            continue;
        };
        apply(message, &at, &mut surfaces, &mut issues);
    }
    let with_root = surfaces
        .iter()
        .position(|surface| surface.components.get("root").is_some());
    let Some(chosen) = with_root else {
        return Err(Issue::error(
            Code::Schema,
            "",
            "there is no surface with a component called `root` in these messages; A2UI 0.9 and 1.0 are read",
        ));
    };
    let surface = surfaces.swap_remove(chosen);
    for other in surfaces {
        let message = format!(
            "an app is one surface; `{}` was left out, import it on its own",
            other.id
        );
        issues.push(Issue::warning(Code::Dropped, "", message));
    }
    Ok((surface, issues))
}

fn messages(payload: &Value) -> Result<Vec<Value>, Issue> {
    match payload {
        Value::Array(messages) => Ok(messages.clone()),
        Value::Object(wrapper) => match wrapper.get("messages") {
            Some(Value::Array(messages)) => Ok(messages.clone()),
            _ => Ok(vec![payload.clone()]),
        },
        Value::String(text) => match serde_json::from_str::<Value>(text) {
            Ok(inner) if !inner.is_string() => messages(&inner),
            _ => lines(text),
        },
        _ => Err(Issue::error(
            Code::JsonInvalid,
            "",
            "A2UI is a list of messages, or one message a line",
        )),
    }
}

fn lines(text: &str) -> Result<Vec<Value>, Issue> {
    text.lines()
        .map(str::trim)
        .enumerate()
        .filter(|(_, line)| !line.is_empty())
        .map(|(index, line)| {
            serde_json::from_str(line).map_err(|error| {
                Issue::error(
                    Code::JsonInvalid,
                    "",
                    format!("line {} is no message: {error}", index + 1),
                )
            })
        })
        .collect()
}

fn apply(message: &Object, at: &str, surfaces: &mut Vec<Surface>, issues: &mut Vec<Issue>) {
    let known = message
        .iter()
        .find_map(|(kind, body)| Some((kind.as_str(), body.as_object()?)));
    let Some((kind, body)) = known else {
        issues.push(Issue::warning(
            Code::Dropped,
            at,
            "this message says nothing that is known",
        ));
        return;
    };
    let id = body.get("surfaceId").and_then(Value::as_str).unwrap_or_default();
    if kind == "deleteSurface" {
        surfaces.retain(|surface| surface.id != id);
        return;
    }
    if !matches!(kind, "createSurface" | "updateComponents" | "updateDataModel") {
        let message =
            format!("`{kind}` is for a conversation with an agent, or of another version, and was left out");
        issues.push(Issue::warning(Code::Dropped, format!("{at}/{kind}"), message));
        return;
    }
    let known = surfaces.iter().position(|surface| surface.id == id);
    let index = known.unwrap_or_else(|| {
        surfaces.push(Surface {
            id: id.to_owned(),
            ..Surface::default()
        });
        surfaces.len() - 1
    });
    let surface = &mut surfaces[index];
    if let Some(Value::Object(theme)) = body.get("theme") {
        surface.theme.clone_from(theme);
    }
    if let Some(Value::Object(data)) = body.get("dataModel") {
        surface.data.clone_from(data);
    }
    for component in body
        .get("components")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        match component
            .as_object()
            .and_then(|component| Some((member(component, "id")?.as_str()?, component)))
        {
            Some((id, component)) => {
                surface
                    .components
                    .insert(id.to_owned(), Value::Object(component.clone()));
            }
            None => issues.push(Issue::warning(
                Code::Dropped,
                format!("{at}/{kind}/components"),
                "a component without an `id` was left out",
            )),
        }
    }
    if kind == "updateDataModel" {
        let path = body.get("path").and_then(Value::as_str).unwrap_or("/");
        if !write(&mut surface.data, path, body.get("value").cloned()) {
            let message = format!("`{path}` leads nowhere in the data model; it was left out");
            issues.push(Issue::warning(
                Code::Dropped,
                format!("{at}/{kind}/path"),
                message,
            ));
        }
    }
}

/// Sets what stands at `path`, making the objects on the way; no value takes it away.
fn write(data: &mut Object, path: &str, value: Option<Value>) -> bool {
    let segments: Vec<String> = path
        .split('/')
        .filter(|segment| !segment.is_empty())
        .map(|segment| segment.replace("~1", "/").replace("~0", "~"))
        .collect();
    let Some((last, way)) = segments.split_last() else {
        return match value {
            Some(Value::Object(whole)) => {
                *data = whole;
                true
            }
            None | Some(Value::Null) => {
                data.clear();
                true
            }
            Some(_) => false,
        };
    };
    let Some((first, rest)) = way.split_first() else {
        set(data, last, value);
        return true;
    };
    let mut here = data
        .entry(first.as_str())
        .or_insert_with(|| Value::Object(Object::new()));
    for segment in rest {
        let next = match here {
            Value::Object(members) => Some(
                members
                    .entry(segment.as_str())
                    .or_insert_with(|| Value::Object(Object::new())),
            ),
            Value::Array(items) => segment
                .parse::<usize>()
                .ok()
                .and_then(|index| items.get_mut(index)),
            _ => None,
        };
        let Some(next) = next else { return false };
        here = next;
    }
    match here {
        Value::Object(members) => set(members, last, value),
        Value::Array(items) => {
            let Some(index) = last.parse::<usize>().ok().filter(|index| *index <= items.len()) else {
                return false;
            };
            let value = value.unwrap_or_default();
            if index == items.len() {
                items.push(value);
            } else {
                items[index] = value;
            }
        }
        _ => return false,
    }
    true
}

fn set(members: &mut Object, name: &str, value: Option<Value>) {
    match value {
        Some(value) if !value.is_null() => {
            members.insert(name.to_owned(), value);
        }
        _ => {
            members.shift_remove(name);
        }
    }
}
