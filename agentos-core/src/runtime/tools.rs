//! The engine's own tools: pure work on arguments and on the app's state.

use std::sync::Arc;

use super::app::{App, Timer};
use super::program::Action;
use super::rows::Rows;
use super::run::Outcome;
use super::store::StoreError;
use super::turn::Failure;
use super::view::NodeId;
use crate::spec::Path;
use crate::value::{Map, Value};

mod calc;
mod data;
mod form;
mod history;
mod items;
mod panels;
mod state;
mod timer;

/// One call, its arguments checked against the catalog and under their proper names.
pub(super) struct ToolCall<'a> {
    pub id: &'a str,
    pub args: Map,
    pub callback: Option<Arc<Action>>,
    pub rows: Rows,
    pub origin: Option<NodeId>,
}

impl ToolCall<'_> {
    fn arg(&self, name: &str) -> Option<&Value> {
        self.args.get(name).filter(|value| !value.is_null())
    }

    fn value(&self, name: &str) -> Value {
        self.args.get(name).cloned().unwrap_or_default()
    }

    fn text(&self, name: &str) -> String {
        self.arg(name).map(Value::display).unwrap_or_default()
    }

    fn number(&self, name: &str) -> Result<f64, Failure> {
        let missing = || Failure::new("args_invalid", format!("{}: `{name}` is no number", self.id));
        self.arg(name).and_then(Value::as_f64).ok_or_else(missing)
    }

    fn number_or(&self, name: &str, default: f64) -> f64 {
        self.arg(name).and_then(Value::as_f64).unwrap_or(default)
    }

    /// The path an argument names, a loop variable resolved to its row.
    fn path(&self, name: &str) -> Result<Path, Failure> {
        self.locate(&self.text(name))
    }

    fn locate(&self, path: &str) -> Result<Path, Failure> {
        let path = Path::parse(path).map_err(|error| Failure::new("args_invalid", error.to_string()))?;
        Ok(self.rows.locate(&path))
    }
}

/// Carries out an engine tool.
pub(super) fn perform(app: &mut App, call: ToolCall) -> Outcome {
    let group = call.id.split('.').next().unwrap_or_default();
    let result = match group {
        "form" => return form::perform(app, &call),
        "timer" => timer::perform(app, call),
        "system" => history::perform(app, &call),
        "tabs" | "modal" => panels::perform(app, &call),
        "calc" => calc::perform(&mut app.store, &call),
        "data" => data::perform(&call),
        "list" => items::perform(app, &call),
        "ui" => match call.id {
            "ui.add_item" | "ui.update_item" | "ui.remove_item" | "ui.move_item" | "ui.add_todo"
            | "ui.toggle_todo" | "ui.delete_todo" => items::perform(app, &call),
            _ => state::perform(app, &call),
        },
        _ => Err(unknown(call.id)),
    };
    match result {
        Ok(value) => Outcome::Done(value),
        Err(failure) => Outcome::Failed(failure),
    }
}

/// Carries out a reading engine tool for a query.
pub(super) fn read(app: &mut App, id: &str, args: Map) -> Result<Value, Failure> {
    let call = ToolCall {
        id,
        args,
        callback: None,
        rows: Rows::default(),
        origin: None,
    };
    match perform(app, call) {
        Outcome::Done(value) => Ok(value),
        Outcome::Failed(failure) => Err(failure),
        _ => Err(unknown(id)),
    }
}

/// Carries out an engine tool that touches no app's state, such as `calc.add`.
///
/// # Errors
/// `app_required` for a tool that works on an app.
pub fn stateless(id: &str, args: Map) -> Result<Value, Failure> {
    let call = ToolCall {
        id,
        args,
        callback: None,
        rows: Rows::default(),
        origin: None,
    };
    match id.split('.').next() {
        Some("calc") if !calc::uses_state(&call) => {
            calc::perform(&mut super::store::Store::new(Map::new()), &call)
        }
        Some("data") => data::perform(&call),
        _ => Err(Failure::new(
            "app_required",
            format!("`{id}` works on the state of an app"),
        )),
    }
}

/// A write the state does not take.
pub(super) fn refused(error: &StoreError) -> Failure {
    let code = match error {
        StoreError::TooLarge => "state_too_large",
        StoreError::NotAList(_)
        | StoreError::NotAContainer(_)
        | StoreError::NotAPath(_)
        | StoreError::WorkedOut(_) => "args_invalid",
        StoreError::Missing(_) => "not_found",
    };
    Failure::new(code, error.to_string())
}

fn unknown(id: &str) -> Failure {
    Failure::new("unavailable", format!("there is no tool `{id}` here"))
}

impl App {
    /// Timers an app may run at once.
    const TIMERS: usize = 16;

    fn add_timer(&mut self, id: Arc<str>, timer: Timer) -> Result<(), Failure> {
        if self.timers.len() >= Self::TIMERS && !self.timers.contains_key(&id) {
            let message = format!("an app may run {} timers; clear one first", Self::TIMERS);
            return Err(Failure::new("quota_exceeded", message));
        }
        self.timers.insert(id, timer);
        Ok(())
    }
}
