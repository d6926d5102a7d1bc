//! `form.*`: the fields of a form as one.

use std::sync::Arc;

use super::{ToolCall, unknown};
use crate::runtime::app::App;
use crate::runtime::program::Home;
use crate::runtime::run::Outcome;
use crate::runtime::turn::Failure;
use crate::runtime::view::NodeId;
use crate::value::{Map, Value};

pub(super) fn perform(app: &mut App, call: &ToolCall) -> Outcome {
    let form = match form_of(app, call) {
        Ok(form) => form,
        Err(failure) => return Outcome::Failed(failure),
    };
    match call.id {
        "form.validate" if app.validate(form.as_deref()) => Outcome::Done(Value::Bool(true)),
        "form.validate" => Outcome::Stops,
        "form.submit" => {
            if !app.validate(form.as_deref()) {
                return Outcome::Stops;
            }
            let values = values(app, form.as_deref());
            if let Some(form) = &form {
                app.run_handler(form, "submit", &serde_json::Value::Null);
            }
            Outcome::Done(Value::Map(values))
        }
        "form.reset" => match reset(app, form.as_deref()) {
            Ok(()) => Outcome::Done(Value::Null),
            Err(failure) => Outcome::Failed(failure),
        },
        _ => Outcome::Failed(unknown(call.id)),
    }
}

/// The form that is meant: the one named, the one around the control, or the whole app.
fn form_of(app: &App, call: &ToolCall) -> Result<Option<NodeId>, Failure> {
    match call.arg("form_id") {
        Some(id) => match app.view.node(&id.display()) {
            Some(node) => Ok(Some(node.id.clone())),
            None => Err(Failure::new(
                "not_found",
                format!("there is no form `{}`", id.display()),
            )),
        },
        None => Ok(call.origin.as_ref().and_then(|origin| app.form_around(origin))),
    }
}

fn values(app: &App, form: Option<&str>) -> Map {
    let fields = app.fields(form);
    fields
        .into_iter()
        .filter_map(|id| {
            let path = app.value_path_of(&id)?;
            Some((Arc::from(&*id), app.store.get(&path).cloned().unwrap_or_default()))
        })
        .collect()
}

/// Each field gets back what the document starts it with, and says nothing of its value.
fn reset(app: &mut App, form: Option<&str>) -> Result<(), Failure> {
    for id in app.fields(form) {
        let Some(path) = app.value_path_of(&id) else {
            continue;
        };
        let Some(component) = app.view.instance(&id).map(|instance| instance.component) else {
            continue;
        };
        let program = app.program.clone();
        let declared = path.segments()[1..]
            .iter()
            .try_fold(program.state.get(path.root()), |value, segment| {
                Some(value?.member(segment))
            })
            .flatten();
        let two_way = program.components[component].value.as_ref();
        let initial = match two_way.map(|two_way| &two_way.home) {
            Some(Home::Own {
                initial: Some(initial),
            }) => Some(initial),
            _ => None,
        };
        let empty = two_way.map(|two_way| &two_way.empty);
        let value = declared.or(initial).or(empty).cloned().unwrap_or_default();
        app.store
            .set(&path, value)
            .map_err(|error| super::refused(&error))?;
        if app.view.show_error(&id, false) {
            app.stale.insert(id);
        }
    }
    Ok(())
}
