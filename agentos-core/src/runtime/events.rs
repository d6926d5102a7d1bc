//! What a person does, carried to the state and to the document's actions.

use std::sync::Arc;

use super::app::{App, Waiting};
use super::checks;
use super::program::{Component, ComponentIndex};
use super::rows::Rows;
use super::run::Run;
use super::scope::Scope;
use super::turn::{DispatchError, Event, Runs};
use super::view::{self, Node, NodeId};
use crate::spec::{Code, Issue, Path};
use crate::value::{Map, Value};

/// How long a host may take to move the keyboard.
const FOCUS_MS: f64 = 10_000.0;

impl App {
    pub(super) fn handle(&mut self, id: &NodeId, event: &Event) -> Result<(), DispatchError> {
        let program = self.program.clone();
        let Some((component, rows)) = self.place(id) else {
            return Err(DispatchError::NoSuchNode(id.to_string()));
        };
        let component = &program.components[component];
        let is_known = self
            .catalog
            .component(&component.kind)
            .is_some_and(|entry| entry.event(&event.kind).is_some())
            || component.handlers.contains_key(event.kind.as_str())
            || self
                .view
                .node(id)
                .is_some_and(|node| node.events.iter().any(|kind| **kind == *event.kind));
        if !is_known {
            return Err(DispatchError::NoSuchEvent {
                component: id.to_string(),
                kind: event.kind.clone(),
            });
        }
        if self
            .view
            .node(id)
            .is_some_and(|node| node.props.member("disabled").is_some_and(Value::is_true))
        {
            return Ok(());
        }
        match event.kind.as_str() {
            "change" => self.change(id, component, &rows, &event.payload),
            "close" if &*component.kind == "modal" => self.write(id, component, &rows, Value::Bool(false)),
            "blur" if !component.checks.is_empty() => self.reveal_error(id),
            "click" if component.is_submit => return self.submit_form_around(id),
            "submit" => {
                let around = self.form_around(id).unwrap_or_else(|| id.clone());
                if !self.validate(Some(&around)) {
                    return Ok(());
                }
            }
            _ => {}
        }
        self.run_handler(id, &event.kind, &event.payload);
        if event.kind == "change" {
            for told_with_it in ["tabChange", "select"] {
                self.run_handler(id, told_with_it, &event.payload);
            }
        }
        if event.kind == "submit"
            && let Some(form) = self.form_around(id)
        {
            self.run_handler(&form, "submit", &event.payload);
        }
        Ok(())
    }

    /// What a button of a form does, and `form.submit`.
    pub(super) fn submit_form_around(&mut self, id: &str) -> Result<(), DispatchError> {
        let form = self
            .form_around(id)
            .ok_or_else(|| DispatchError::NoSuchNode(id.to_owned()))?;
        if self.validate(Some(&form)) {
            self.run_handler(&form, "submit", &serde_json::Value::Null);
        }
        Ok(())
    }

    pub(super) fn run_handler(&mut self, id: &NodeId, kind: &str, payload: &serde_json::Value) {
        let program = self.program.clone();
        let Some((component, rows)) = self.place(id) else {
            return;
        };
        let Some(action) = program.components[component].handlers.get(kind) else {
            return;
        };
        if self.is_pending(id) {
            return;
        }
        let event = self.describe(id, &program.components[component], &rows, kind, payload);
        self.start(Run::new(action.clone(), Some(id.clone()), rows, event));
    }

    /// The nearest form around a node.
    pub(super) fn form_around(&self, id: &str) -> Option<NodeId> {
        let is_form = |id: &&NodeId| self.view.node(id).is_some_and(|node| &*node.kind == "form");
        self.view.ancestors(id).find(is_form).cloned()
    }

    /// Nodes that hold a value within `around`, which counts itself; all of the app for `None`.
    pub(super) fn fields(&self, around: Option<&str>) -> Vec<NodeId> {
        self.view
            .nodes()
            .into_iter()
            .filter(|node| {
                around.is_none_or(|around| *node.id == *around || self.view.is_below(&node.id, around))
                    && self.value_path_of(&node.id).is_some()
            })
            .map(|node| node.id.clone())
            .collect()
    }

    pub(super) fn value_path_of(&self, id: &str) -> Option<Path> {
        let instance = self.view.instance(id)?;
        view::value_path(&self.program.components[instance.component], id, &instance.rows)
    }

    /// Runs the checks of every field in `around`, or of all, shows what fails, and moves the keyboard to
    /// the first; whether all hold.
    pub(super) fn validate(&mut self, around: Option<&str>) -> bool {
        let mut first_failure = None;
        for id in self.fields(around) {
            self.reveal_error(&id);
            if first_failure.is_none() && self.fails_a_check(&id) {
                first_failure = Some(id);
            }
        }
        let Some(id) = first_failure else { return true };
        let args = Map::unit("id".into(), Value::Text(id));
        self.emit(
            "ui.focus".into(),
            Runs::Shell,
            Value::Map(args),
            FOCUS_MS,
            Waiting::Nobody,
        );
        false
    }

    pub(super) fn fails_a_check(&self, id: &str) -> bool {
        let Some((component, rows)) = self.place(id) else {
            return false;
        };
        let component = &self.program.components[component];
        let value = self
            .value_path_of(id)
            .and_then(|path| self.store.get(&path).cloned())
            .unwrap_or_default();
        let scope = rows.enter(Scope::new(self.store.root(), &self.derived), &self.store);
        component.checks.iter().any(|check| {
            checks::failure(check, &value, |condition| {
                condition.evaluate(&scope, &|_| Value::Null).unwrap_or_default()
            })
            .is_some()
        })
    }

    fn reveal_error(&mut self, id: &NodeId) {
        if self.view.show_error(id, true) {
            self.stale.insert(id.clone());
        }
    }

    fn place(&self, id: &str) -> Option<(ComponentIndex, Rows)> {
        self.view
            .instance(id)
            .map(|instance| (instance.component, instance.rows.clone()))
    }

    fn change(&mut self, id: &NodeId, component: &Component, rows: &Rows, payload: &serde_json::Value) {
        let given = payload
            .get("value")
            .or_else(|| payload.get("checked"))
            .or_else(|| payload.get("tabId"));
        let Some(given) = given else { return };
        let value = match self.view.node(id) {
            Some(node) => as_held(node, Value::from(given)),
            None => Value::from(given),
        };
        self.write(id, component, rows, value);
    }

    fn write(&mut self, id: &NodeId, component: &Component, rows: &Rows, value: Value) {
        let Some(path) = view::value_path(component, id, rows) else {
            return;
        };
        if let Err(error) = self.store.set(&path, value) {
            self.issues
                .push(Issue::error(Code::ToolFailed, component.at.clone(), error.to_string()).about(&**id));
            // The control shows again what the state holds.
            self.stale.insert(id.clone());
        }
        self.settle();
    }

    /// The `event` of an action, which is also what a tool named alone takes its arguments from.
    fn describe(
        &self,
        id: &NodeId,
        component: &Component,
        rows: &Rows,
        kind: &str,
        payload: &serde_json::Value,
    ) -> Value {
        let mut event = match Value::from(payload) {
            Value::Map(payload) => payload,
            _ => Map::new(),
        };
        if let (Some(node), Some(given)) = (self.view.node(id), event.get("value").cloned()) {
            event.insert("value".into(), as_held(node, given));
        }
        let props = self
            .view
            .node(id)
            .map(|node| node.props.clone())
            .unwrap_or_default();
        let text = props.member("text").cloned().unwrap_or_default();
        let row_key = rows.innermost().map(|row| Value::Text(row.key.clone()));
        let held = component
            .value
            .as_ref()
            .and_then(|two_way| props.member(&two_way.prop).cloned());
        let mut offer = |name: &str, value: Value| {
            if !event.contains_key(name) {
                event.insert(Arc::from(name), value);
            }
        };
        offer("componentId", Value::Text(component.id.clone()));
        offer(
            "id",
            row_key
                .clone()
                .unwrap_or_else(|| Value::Text(component.id.clone())),
        );
        offer("kind", kind.into());
        offer("event", kind.into());
        offer("text", text.clone());
        offer("digit", text);
        offer("value", held.unwrap_or_default());
        offer("key", row_key.unwrap_or_default());
        Value::Map(event)
    }
}

/// What a control sends, in the type its value has: a number input keeps numbers, a choice the
/// type of its option.
fn as_held(node: &Node, given: Value) -> Value {
    let is_numeric = &*node.kind == "slider"
        || &*node.kind == "input" && node.props.member("type").and_then(Value::as_str) == Some("number");
    match (&*node.kind, &given) {
        (_, Value::Text(text)) if is_numeric => match text.trim() {
            "" => Value::Null,
            text => text.parse::<f64>().map_or(given.clone(), Value::number),
        },
        ("checkbox" | "switch" | "modal", _) => Value::Bool(given.is_true()),
        ("select" | "radio", Value::Text(text)) => {
            let options = node.props.member("options").and_then(Value::as_list);
            let values = options
                .into_iter()
                .flatten()
                .map(|option| option.member("value").unwrap_or(option));
            values
                .into_iter()
                .find(|value| value.display() == **text)
                .cloned()
                .unwrap_or(given)
        }
        _ => given,
    }
}
