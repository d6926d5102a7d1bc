//! Actions: names of tools and actions, and the arguments of their calls.

use serde_json::{Value, json};

use super::props::in_form;
use super::{Mender, Object, drop_nulls, is_open, names, path_meant, rename};
use crate::spec::catalog::{ToolEntry, ValueKind};
use crate::spec::location::Location;
use crate::spec::nearest;

const STEP_KEYS: [&str; 9] = [
    "tool", "do", "args", "if", "confirm", "into", "then", "catch", "debounce",
];

/// Asked where a step is to be confirmed and says not how.
const QUESTION: &str = "Are you sure?";

impl Mender<'_> {
    pub(super) fn action(&mut self, action: &mut Value, at: &Location) {
        match action {
            Value::Array(steps) => {
                for (index, step) in steps.iter_mut().enumerate() {
                    self.action(step, &at.item(index));
                }
            }
            Value::String(name) => {
                if let Some(meant) = self.callable(name) {
                    self.told(at, format!("\"{name}\" is called \"{meant}\""));
                    *name = meant;
                }
            }
            Value::Object(step) => self.step(step, at),
            _ => {}
        }
    }

    fn step(&mut self, step: &mut Object, at: &Location) {
        drop_nulls(step, &STEP_KEYS);
        self.tool_as_key(step, at);
        self.call_keys(step, at, &STEP_KEYS, &names::STEP_KEYS);
        self.number(step, "debounce", at);
        self.tool_or_action(step, at);
        self.tool_call(step, at);
        if let Some(into) = step.get_mut("into")
            && let Some(path) = path_meant(into)
        {
            *into = path.into();
            self.told(&at.member("into"), "`into` takes a path, not an expression");
        }
        match step.get_mut("confirm") {
            Some(question @ Value::Bool(true)) => {
                *question = QUESTION.into();
                self.told(&at.member("confirm"), "`confirm` is the question that is asked");
            }
            Some(Value::Bool(false)) => {
                step.shift_remove("confirm");
                self.told(
                    &at.member("confirm"),
                    "nothing is asked, so `confirm` was taken out",
                );
            }
            _ => {}
        }
        for key in ["do", "then", "catch"] {
            if let Some(action) = step.get_mut(key) {
                self.action(action, &at.member(key));
            }
        }
    }

    /// The keys of a step or a query: arguments go into `args`, the others get their names.
    pub(super) fn call_keys(
        &mut self,
        call: &mut Object,
        at: &Location,
        known: &[&str],
        synonyms: &[(&str, &str)],
    ) {
        let tool = call
            .get("tool")
            .and_then(Value::as_str)
            .and_then(|id| self.catalog.tool(id));
        let strays: Vec<String> = call
            .keys()
            .filter(|key| {
                !known.contains(&key.as_str()) && tool.is_some_and(|tool| tool.param(key).is_some())
            })
            .cloned()
            .collect();
        for key in strays {
            self.move_into_args(call, &key, at);
        }
        if let Some(tool) = tool {
            self.request_params(call, tool, at);
        }
        self.rename_keys(call, at, known, synonyms);
    }

    /// `params` beside `args` is what a request adds to its URL.
    fn request_params(&mut self, call: &mut Object, tool: &ToolEntry, at: &Location) {
        let is_due = tool.param("query").is_some()
            && call.get("params").is_some_and(Value::is_object)
            && call
                .get("args")
                .is_some_and(|args| args.is_object() && args.get("query").is_none());
        if is_due
            && let Some(params) = call.shift_remove("params")
            && let Some(Value::Object(args)) = call.get_mut("args")
        {
            args.insert("query".to_owned(), params);
            self.told(
                &at.member("params"),
                "what a request adds to its URL is its argument `query`",
            );
        }
    }

    /// A number that is written as text.
    pub(super) fn number(&mut self, of: &mut Object, key: &str, at: &Location) {
        if let Some(value) = of.get_mut(key)
            && let Some(number) = in_form(&ValueKind::NUMBER, value)
        {
            self.told(
                &at.member(key),
                format!("`{key}` is a number: {value} was read as {number}"),
            );
            *value = number;
        }
    }

    /// `{"ui.toggle": {"path": "open"}}`.
    fn tool_as_key(&mut self, step: &mut Object, at: &Location) {
        let [(key, args)] = step.iter().collect::<Vec<_>>()[..] else {
            return;
        };
        if self.catalog.tool(key).is_some() && args.is_object() {
            let (key, args) = (key.clone(), args.clone());
            *step = Object::from_iter([("tool".to_owned(), Value::from(key)), ("args".to_owned(), args)]);
            self.told(
                at,
                "a step names its tool under `tool` and the arguments under `args`",
            );
        }
    }

    fn move_into_args(&mut self, step: &mut Object, key: &str, at: &Location) {
        let Value::Object(args) = step.entry("args").or_insert_with(|| json!({})) else {
            return;
        };
        if args.contains_key(key) {
            return;
        }
        if let Some(value) = step.shift_remove(key)
            && let Some(Value::Object(args)) = step.get_mut("args")
        {
            args.insert(key.to_owned(), value);
            self.told(
                &at.member(key),
                format!("the argument `{key}` was moved into `args`"),
            );
        }
    }

    /// A tool under `do`, an action under `tool`.
    fn tool_or_action(&mut self, step: &mut Object, at: &Location) {
        for (key, other) in [("do", "tool"), ("tool", "do")] {
            let Some(name) = step.get(key).and_then(Value::as_str).map(str::to_owned) else {
                continue;
            };
            let meant = self.callable(&name);
            let name = match meant {
                Some(meant) => {
                    self.told(&at.member(key), format!("\"{name}\" is called \"{meant}\""));
                    step.insert(key.to_owned(), meant.as_str().into());
                    meant
                }
                None => name,
            };
            let is_tool = name.contains('.') && !self.actions.contains(&name);
            let misplaced = if key == "do" {
                is_tool
            } else {
                self.actions.contains(&name)
            };
            if misplaced && !step.contains_key(other) {
                rename(step, key, other);
                self.told(&at.member(key), format!("\"{name}\" belongs under `{other}`"));
            }
        }
    }

    /// What an unknown name of a tool or an action unmistakably means.
    fn callable(&self, name: &str) -> Option<String> {
        if self.actions.contains(name) || self.catalog.tool(name).is_some() {
            return None;
        }
        if let Some(bare) = name.strip_suffix("()") {
            let is_known = self.actions.contains(bare) || self.catalog.tool(bare).is_some();
            return is_known.then(|| bare.to_owned()).or_else(|| self.callable(bare));
        }
        if let Some(action) = name
            .strip_prefix("actions.")
            .filter(|action| self.actions.contains(*action))
        {
            return Some(action.to_owned());
        }
        let tools = self.catalog.tools().map(|tool| tool.id.as_ref());
        if name.contains('.') {
            return nearest::unmistakable(name, tools).map(str::to_owned);
        }
        nearest::unmistakable(name, self.actions.iter().map(String::as_str)).map(str::to_owned)
    }

    /// The arguments of a call of a tool: a step, or a query of `data`.
    pub(super) fn tool_call(&mut self, call: &mut Object, at: &Location) {
        let Some(id) = call.get("tool").and_then(Value::as_str).map(str::to_owned) else {
            return;
        };
        let id = match self.callable(&id) {
            Some(meant) if meant.contains('.') => {
                self.told(&at.member("tool"), format!("\"{id}\" is called \"{meant}\""));
                call.insert("tool".to_owned(), meant.as_str().into());
                meant
            }
            _ => id,
        };
        let Some(tool) = self.catalog.tool(&id) else {
            return;
        };
        let Some(Value::Object(args)) = call.get_mut("args") else {
            return;
        };
        let at = at.member("args");
        self.arg_names(args, tool, &at);
        for (name, value) in args.iter_mut() {
            if let Some(param) = tool.params.iter().find(|param| param.name == *name) {
                self.arg_value(value, &param.kind, &at.member(name));
            }
        }
    }

    fn arg_names(&mut self, args: &mut Object, tool: &ToolEntry, at: &Location) {
        let known: Vec<&str> = tool.params.iter().map(|param| param.name.as_ref()).collect();
        let synonyms: Vec<(&str, &str)> = tool
            .params
            .iter()
            .flat_map(|param| {
                param
                    .aliases
                    .iter()
                    .map(|alias| (alias.as_ref(), param.name.as_ref()))
            })
            .collect();
        self.rename_keys(args, at, &known, &synonyms);
    }

    fn arg_value(&mut self, value: &mut Value, kind: &ValueKind, at: &Location) {
        match kind {
            ValueKind::Action => self.action(value, at),
            ValueKind::Path | ValueKind::ComponentId
                if value.get("$bind").is_some()
                    || value.as_str().is_some_and(|path| path.starts_with('$')) =>
            {
                if let Some(path) = path_meant(value) {
                    *value = path.into();
                    self.told(at, "a path is written as text");
                }
            }
            _ if is_open(value) => {}
            _ => {
                if let Some(coerced) = in_form(kind, value) {
                    self.told(at, format!("{kind} was expected: {value} was read as {coerced}"));
                    *value = coerced;
                }
            }
        }
    }
}
