//! A2UI: messages that build a surface out of a flat list of components and a data model.

mod component;
mod format;
mod surface;
mod value;

use serde_json::{Map, Value, json};

use self::component::Components;
use self::surface::Surface;
use self::value::key_of_state;
use super::Imported;
use crate::spec::{Code, Issue};

type Object = Map<String, Value>;

pub(super) fn import(payload: &Value) -> Result<Imported, Issue> {
    let (surface, mut issues) = surface::read(payload)?;
    let mut state = Object::new();
    for (name, value) in &surface.data {
        let key = key_of_state(name);
        if key != *name {
            let message = format!("the data `{name}` is called `{key}`, so that expressions can name it");
            issues.push(Issue::note(Code::Mended, format!("/data/{name}"), message));
        }
        state.insert(key, value.clone());
    }
    let mut components = Components::new(&surface, state, issues);
    let root = components.of("root");
    let mut document = Object::from_iter([
        ("type".to_owned(), json!("app")),
        ("title".to_owned(), title(&surface).into()),
        ("state".to_owned(), Value::Object(components.state)),
    ]);
    if !components.actions.is_empty() {
        document.insert("actions".to_owned(), Value::Object(components.actions));
    }
    if let Some(accent) = surface.theme.get("primaryColor") {
        document.insert("theme".to_owned(), json!({"accent": accent}));
    }
    document.insert("components".to_owned(), Value::Array(root.into_iter().collect()));
    Ok(Imported {
        document: Value::Object(document),
        issues: components.issues,
    })
}

/// The first heading, else the name of the agent, else the name of the surface.
fn title(surface: &Surface) -> String {
    let heading = surface.components.values().find_map(|component| {
        let variant = component
            .get("variant")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let is_heading = component["component"] == "Text" && variant.starts_with('h');
        is_heading.then(|| component.get("text")?.as_str()).flatten()
    });
    let agent = surface.theme.get("agentDisplayName").and_then(Value::as_str);
    heading
        .or(agent)
        .unwrap_or(&surface.id)
        .trim_start_matches(['#', ' '])
        .to_owned()
}

/// A member by its name, or by the name with the `@` that version 1.0 puts in front of what is not
/// the component's own.
fn member<'a>(object: &'a Object, name: &str) -> Option<&'a Value> {
    object.get(name).or_else(|| object.get(&format!("@{name}")))
}
