//! `ui.*` on single values and on components as they are seen.

use std::sync::Arc;

use super::{ToolCall, refused, unknown};
use crate::runtime::app::App;
use crate::runtime::turn::Failure;
use crate::spec::Path;
use crate::value::{List, Map, Value, without_noise};

pub(super) fn perform(app: &mut App, call: &ToolCall) -> Result<Value, Failure> {
    match call.id {
        "ui.set_state" => set(app, &call.path("path")?, call.value("value")),
        "ui.get_state" => {
            let value = app.store.get(&call.path("path")?).cloned();
            Ok(value
                .filter(|value| !value.is_null())
                .unwrap_or_else(|| call.value("default")))
        }
        "ui.set_multiple" => {
            let values = call
                .arg("values")
                .and_then(Value::as_map)
                .cloned()
                .unwrap_or_else(Map::new);
            for (path, value) in &values {
                set(app, &call.locate(path)?, value.clone())?;
            }
            Ok(Value::Map(values))
        }
        "ui.toggle" => {
            let path = call.path("path")?;
            let flipped = flipped(app.store.get(&path), &path)?;
            set(app, &path, flipped)
        }
        "ui.increment" => increment(app, call),
        "ui.append" => append(app, call),
        "ui.show" => see(app, &call.text("id"), Some(true), None),
        "ui.hide" => see(app, &call.text("id"), Some(false), None),
        "ui.enable" => see(app, &call.text("id"), None, Some(false)),
        "ui.disable" => see(app, &call.text("id"), None, Some(true)),
        "ui.reset" => reset(app, call),
        "ui.refresh" => {
            let name = call.arg("data").map(Value::display);
            if app.refresh_queries(name.as_deref()) {
                return Ok(Value::Null);
            }
            Err(Failure::new(
                "not_found",
                format!("there is no query `{}` under `data`", name.unwrap_or_default()),
            ))
        }
        _ => Err(unknown(call.id)),
    }
}

fn set(app: &mut App, path: &Path, value: Value) -> Result<Value, Failure> {
    app.store
        .set(path, value.clone())
        .map_err(|error| refused(&error))?;
    Ok(value)
}

/// The other truth value; nothing held counts as false, and 0 and 1 as what they often stand for.
pub(super) fn flipped(held: Option<&Value>, path: &Path) -> Result<Value, Failure> {
    match held {
        None | Some(Value::Null | Value::Int(0)) => Ok(true.into()),
        Some(Value::Bool(held)) => Ok((!held).into()),
        Some(Value::Int(1)) => Ok(false.into()),
        Some(held) => {
            let message = format!("`{path}` holds {}, not true or false", held.kind_name());
            Err(Failure::new("args_invalid", message))
        }
    }
}

fn increment(app: &mut App, call: &ToolCall) -> Result<Value, Failure> {
    let path = call.path("path")?;
    let held = match app.store.get(&path) {
        None | Some(Value::Null) => 0.0,
        Some(value) => value
            .spelled_number()
            .ok_or_else(|| Failure::new("args_invalid", format!("`{path}` holds no number")))?,
    };
    let by = call.number_or("by", 1.0);
    let sum = without_noise(held + by, held, by)
        .max(call.number_or("min", f64::NEG_INFINITY))
        .min(call.number_or("max", f64::INFINITY));
    set(app, &path, Value::rounded(sum))
}

fn append(app: &mut App, call: &ToolCall) -> Result<Value, Failure> {
    let path = call.path("path")?;
    let added = call.value("value");
    match app.store.get(&path).cloned() {
        Some(Value::List(list)) => {
            app.store
                .insert(&path, list.len(), added)
                .map_err(|error| refused(&error))?;
            Ok(app.store.get(&path).cloned().unwrap_or_default())
        }
        Some(Value::Map(_)) => Err(Failure::new(
            "args_invalid",
            format!("`{path}` holds neither text nor a list"),
        )),
        held => {
            let text = held.unwrap_or_default().display() + &added.display();
            set(app, &path, Value::text(text))
        }
    }
}

/// Every node of the component, or the one node of that id, is seen, or usable, as told until [`reset`].
fn see(app: &mut App, id: &str, visible: Option<bool>, disabled: Option<bool>) -> Result<Value, Failure> {
    match app.component(id) {
        Some(index) => {
            let nodes = app.view.mounted_of(index);
            for node in &nodes {
                if let Some(said) = app.overrides.get_mut(node) {
                    said.visible = said.visible.filter(|_| visible.is_none());
                    said.disabled = said.disabled.filter(|_| disabled.is_none());
                }
            }
            app.stale.extend(nodes);
        }
        None if app.view.instance(id).is_some() => app.stale.extend([Arc::from(id)]),
        None => return Err(Failure::new("not_found", format!("there is no component `{id}`"))),
    }
    let said = app.overrides.entry(Arc::from(id)).or_default();
    said.visible = visible.or(said.visible);
    said.disabled = disabled.or(said.disabled);
    Ok(Value::Null)
}

fn reset(app: &mut App, call: &ToolCall) -> Result<Value, Failure> {
    let initial = app.initial_state();
    let Some(path) = call.arg("path") else {
        app.store.replace_root(initial).map_err(|error| refused(&error))?;
        for (id, _) in std::mem::take(&mut app.overrides) {
            match app.component(&id) {
                Some(index) => app.stale.extend(app.view.mounted_of(index)),
                None => app.stale.extend([id]),
            }
        }
        return Ok(Value::Null);
    };
    let path = call.locate(&path.display())?;
    let (first, rest) = (path.root(), &path.segments()[1..]);
    let declared = rest
        .iter()
        .try_fold(initial.get(first), |value, segment| Some(value?.member(segment)))
        .flatten();
    set(
        app,
        &path,
        declared
            .cloned()
            .unwrap_or_else(|| empty_like(app.store.get(&path))),
    )
}

/// What nothing looks like where the document declares no beginning.
fn empty_like(held: Option<&Value>) -> Value {
    match held {
        Some(Value::Text(_)) => Value::text(""),
        Some(Value::Bool(_)) => Value::Bool(false),
        Some(Value::Int(_) | Value::Float(_)) => Value::Int(0),
        Some(Value::List(_)) => Value::List(List::new()),
        Some(Value::Map(_)) => Value::Map(Map::new()),
        Some(Value::Null) | None => Value::Null,
    }
}
