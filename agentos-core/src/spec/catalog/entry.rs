//! The shape of the catalog's entries, and the way a call's arguments are read by one.

use std::borrow::Cow;

use serde_json::{Map, Value};
use thiserror::Error;

use super::{Mismatch, ValueKind};
use crate::spec::nearest;

/// A kind of component: what a document may say about it and what it does.
#[derive(Debug, Clone)]
pub struct ComponentEntry {
    pub name: Cow<'static, str>,
    /// One line for the prompt and the documentation.
    pub summary: Cow<'static, str>,
    pub aliases: Vec<Alias>,
    pub props: Vec<Field>,
    /// The property that is bound both ways.
    pub value: Option<ValueProperty>,
    pub events: Vec<Event>,
    pub children: Children,
    /// The properties any of which gives the accessible name; empty where none is needed.
    pub named_by: Vec<Cow<'static, str>>,
    /// Whether it exists to run something, so that without a handler it does nothing.
    pub acts: bool,
    /// One component as JSON text.
    pub example: Cow<'static, str>,
}

/// Another name of a component, and the properties that name implies.
#[derive(Debug, Clone)]
pub struct Alias {
    pub name: Cow<'static, str>,
    pub implies: Vec<(Cow<'static, str>, Value)>,
}

/// A property of a component, an argument of a tool, or a key of an object one of these holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    pub name: Cow<'static, str>,
    pub kind: ValueKind,
    /// What an absent one means.
    pub default: Option<Value>,
    /// Other names it goes by.
    pub aliases: Vec<Cow<'static, str>>,
    pub required: bool,
    pub summary: Cow<'static, str>,
}

/// The two-way property of a component that holds a value.
#[derive(Debug, Clone)]
pub struct ValueProperty {
    pub name: Cow<'static, str>,
    /// What state holds before a person gave a value.
    pub empty: Value,
}

/// Something a component tells; `change` of a component with a value is always there.
#[derive(Debug, Clone)]
pub struct Event {
    pub name: Cow<'static, str>,
    pub payload: Vec<Field>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Children {
    None,
    Any,
    /// Each child is a panel and names itself by its `label`.
    Panels,
}

/// Something an action can do.
#[derive(Debug, Clone)]
pub struct ToolEntry {
    /// `group.name`.
    pub id: Cow<'static, str>,
    pub summary: Cow<'static, str>,
    pub params: Vec<Field>,
    /// What the result is, in words.
    pub returns: Cow<'static, str>,
    pub runs: Runs,
    /// Whether it changes nothing anywhere, so that a query may call it.
    pub reads: bool,
    /// What the app's process must hold; `None` where any app may call it.
    pub capability: Option<CapabilityKind>,
    /// How long its own work may take; 0 for an engine tool, which answers within its turn.
    pub deadline_ms: u64,
    /// Arguments of a typical call.
    pub example_args: Value,
    /// What that call answers; a trial run answers every call of the tool with it.
    pub example_answer: Value,
}

/// Who performs a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runs {
    /// The engine itself, purely.
    Engine,
    /// Whatever hosts the engine: a desktop, a terminal.
    Shell,
    /// The server, as the app's process.
    Service,
}

/// The kernel capability a service tool needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CapabilityKind {
    /// The app's own storage.
    Store,
    /// Time and coarse facts about the system.
    Sys,
    /// Children of its own, which it may end.
    Spawn,
    /// Requests over the network; the person allows each host.
    Net,
    /// Files of its own; the person allows others.
    Fs,
    /// Questions to the model; the person allows them.
    Llm,
    /// Messages to other apps; the person allows each app or topic.
    Ipc,
}

/// Why a call's arguments do not fit the tool.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ArgIssue {
    #[error("arguments must be an object")]
    NotAnObject,
    #[error("unknown argument \"{name}\"")]
    Unknown { name: String, nearest: Option<String> },
    #[error("argument \"{name}\" is missing")]
    Missing { name: String },
    #[error("argument \"{name}\": {mismatch}")]
    Wrong { name: String, mismatch: Mismatch },
}

/// The types of component an argument of that name may name; none where any will do.
pub fn component_kinds(argument: &str) -> &'static [&'static str] {
    match argument {
        "modal_id" => &["modal"],
        "tabs_id" => &["tabs", "accordion"],
        "form_id" => &["form"],
        "media_id" => &["video", "audio"],
        "canvas_id" => &["canvas"],
        "iframe_id" => &["iframe"],
        _ => &[],
    }
}

/// What is said of a tool that names a component of another type than it works on.
pub fn not_of_kind(tool: &str, id: &str, kind: &str, kinds: &[&str], fitting: &[&str]) -> String {
    let there_is = if fitting.is_empty() {
        ", and there is none".to_owned()
    } else {
        format!("; there is {}", fitting.join(", "))
    };
    format!(
        "`{tool}`: the {kind} \"{id}\" is no {}{there_is}",
        kinds.join(" or ")
    )
}

impl ComponentEntry {
    /// A component without properties, events or children.
    pub fn new(name: &'static str, summary: &'static str) -> Self {
        Self {
            name: name.into(),
            summary: summary.into(),
            aliases: Vec::new(),
            props: Vec::new(),
            value: None,
            events: Vec::new(),
            children: Children::None,
            named_by: Vec::new(),
            acts: false,
            example: Cow::Borrowed(""),
        }
    }

    #[must_use]
    pub fn also(mut self, names: &[&'static str]) -> Self {
        self.aliases.extend(names.iter().map(|name| Alias {
            name: (*name).into(),
            implies: Vec::new(),
        }));
        self
    }

    /// Another name that means this component with one property set.
    #[must_use]
    pub fn also_as(mut self, name: &'static str, prop: &'static str, value: impl Into<Value>) -> Self {
        let implies = vec![(Cow::Borrowed(prop), value.into())];
        self.aliases.push(Alias {
            name: name.into(),
            implies,
        });
        self
    }

    #[must_use]
    pub fn props(mut self, props: impl IntoIterator<Item = Field>) -> Self {
        self.props.extend(props);
        self
    }

    #[must_use]
    pub fn holds(mut self, prop: &'static str, empty: impl Into<Value>) -> Self {
        self.value = Some(ValueProperty {
            name: prop.into(),
            empty: empty.into(),
        });
        self
    }

    #[must_use]
    pub fn events(mut self, events: impl IntoIterator<Item = Event>) -> Self {
        self.events.extend(events);
        self
    }

    #[must_use]
    pub fn children(mut self, children: Children) -> Self {
        self.children = children;
        self
    }

    #[must_use]
    pub fn named_by(mut self, props: &[&'static str]) -> Self {
        self.named_by
            .extend(props.iter().map(|prop| Cow::Borrowed(*prop)));
        self
    }

    #[must_use]
    pub fn acts(mut self) -> Self {
        self.acts = true;
        self
    }

    #[must_use]
    pub fn example(mut self, json: &'static str) -> Self {
        self.example = json.into();
        self
    }

    /// The name as a sentence needs it: `a button`, `an input`.
    pub fn with_article(&self) -> String {
        let article = if self.name.starts_with(['a', 'e', 'i', 'o', 'u']) {
            "an"
        } else {
            "a"
        };
        format!("{article} {}", self.name)
    }

    pub fn prop(&self, name: &str) -> Option<&Field> {
        self.props.iter().find(|prop| prop.name == name)
    }

    pub fn event(&self, name: &str) -> Option<&Event> {
        self.events.iter().find(|event| event.name == name)
    }

    /// What state holds for this component before a person gave a value: a numeric input holds a
    /// number, a slider begins at its least, a table of which many rows can be chosen holds a list.
    pub fn empty_value(&self, props: &Map<String, Value>) -> Option<Value> {
        let empty = &self.value.as_ref()?.empty;
        let is_numeric_input = self.name == "input" && props.get("type").is_some_and(|kind| kind == "number");
        Some(match props.get("min") {
            Some(min) if empty.is_number() && min.is_number() => min.clone(),
            _ if is_numeric_input => 0.into(),
            _ if self.name == "table" && props.get("selection").is_some_and(|many| many == "many") => {
                Value::Array(Vec::new())
            }
            _ => empty.clone(),
        })
    }
}

impl Field {
    pub fn new(name: &'static str, kind: ValueKind, summary: &'static str) -> Self {
        Self {
            name: name.into(),
            kind,
            default: None,
            aliases: Vec::new(),
            required: false,
            summary: summary.into(),
        }
    }

    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    #[must_use]
    pub fn or(mut self, default: impl Into<Value>) -> Self {
        self.default = Some(default.into());
        self
    }

    #[must_use]
    pub fn also(mut self, names: &[&'static str]) -> Self {
        self.aliases.extend(names.iter().map(|name| Cow::Borrowed(*name)));
        self
    }
}

impl Event {
    pub fn new(name: &'static str) -> Self {
        Self {
            name: name.into(),
            payload: Vec::new(),
        }
    }

    #[must_use]
    pub fn with(mut self, name: &'static str, kind: ValueKind) -> Self {
        self.payload.push(Field::new(name, kind, "").required());
        self
    }
}

impl ToolEntry {
    /// How long a shell or service tool may take where its entry says nothing else.
    pub const DEADLINE_MS: u64 = 10_000;

    pub fn engine(id: &'static str, summary: &'static str) -> Self {
        Self::new(id.into(), summary.into(), Runs::Engine, 0)
    }

    pub fn shell(id: &'static str, summary: &'static str) -> Self {
        Self::new(id.into(), summary.into(), Runs::Shell, Self::DEADLINE_MS)
    }

    pub fn service(id: impl Into<Cow<'static, str>>, summary: impl Into<Cow<'static, str>>) -> Self {
        Self::new(id.into(), summary.into(), Runs::Service, Self::DEADLINE_MS)
    }

    fn new(id: Cow<'static, str>, summary: Cow<'static, str>, runs: Runs, deadline_ms: u64) -> Self {
        Self {
            id,
            summary,
            params: Vec::new(),
            returns: Cow::Borrowed("null"),
            runs,
            reads: false,
            capability: None,
            deadline_ms,
            example_args: Value::Object(Map::new()),
            example_answer: Value::Null,
        }
    }

    #[must_use]
    pub fn takes(mut self, params: impl IntoIterator<Item = Field>) -> Self {
        self.params.extend(params);
        self
    }

    #[must_use]
    pub fn returns(mut self, what: impl Into<Cow<'static, str>>) -> Self {
        self.returns = what.into();
        self
    }

    #[must_use]
    pub fn reads(mut self) -> Self {
        self.reads = true;
        self
    }

    #[must_use]
    pub fn needs(mut self, capability: CapabilityKind) -> Self {
        self.capability = Some(capability);
        self
    }

    #[must_use]
    pub fn within_ms(mut self, deadline_ms: u64) -> Self {
        self.deadline_ms = deadline_ms;
        self
    }

    #[must_use]
    pub fn example(mut self, args: Value, answer: impl Into<Value>) -> Self {
        self.example_args = args;
        self.example_answer = answer.into();
        self
    }

    /// The part of the id before the first dot.
    pub fn group(&self) -> &str {
        self.id.split('.').next().unwrap_or_default()
    }

    /// The argument of that name or alias.
    pub fn param(&self, name: &str) -> Option<&Field> {
        let by_alias = || {
            self.params
                .iter()
                .find(|param| param.aliases.iter().any(|alias| alias == name))
        };
        self.params
            .iter()
            .find(|param| param.name == name)
            .or_else(by_alias)
    }

    /// The arguments this tool takes out of what an event offers: a step that is only a tool's id
    /// passes everything the event knows, of which each tool picks what it has a name for.
    pub fn pick_args(&self, offered: &Map<String, Value>) -> Value {
        let mut args = Map::new();
        for param in &self.params {
            let names = std::iter::once(&param.name).chain(&param.aliases);
            let known = names
                .filter_map(|name| offered.get(name.as_ref()))
                .find(|value| !value.is_null());
            if let Some(value) = known {
                args.insert(param.name.to_string(), value.clone());
            }
        }
        self.coerce_args(&Value::Object(args))
    }

    /// The same arguments by their proper names, in the form the tool takes (`"3"` becomes 3 where
    /// a number is asked for), with the defaults of those that are absent. What cannot be read so is
    /// left for [`Self::validate_args`] to tell.
    pub fn coerce_args(&self, args: &Value) -> Value {
        let Value::Object(given) = args else {
            return args.clone();
        };
        let mut coerced = Map::new();
        for (name, value) in given {
            let param = self.param(name);
            let name = match param {
                Some(param) if !given.contains_key(param.name.as_ref()) => param.name.as_ref(),
                _ => name,
            };
            let value = param
                .and_then(|param| param.kind.coerce_misfit(value))
                .unwrap_or_else(|| value.clone());
            coerced.insert(name.to_owned(), value);
        }
        for param in &self.params {
            if let Some(default) = &param.default
                && coerced.get(param.name.as_ref()).is_none_or(Value::is_null)
            {
                coerced.insert(param.name.to_string(), default.clone());
            }
        }
        Value::Object(coerced)
    }

    /// Whether the tool can be called with these arguments, which [`Self::coerce_args`] has read.
    pub fn validate_args(&self, args: &Value) -> Result<(), Vec<ArgIssue>> {
        self.validate_args_except(args, &|_| false)
    }

    /// As [`Self::validate_args`], where `open` names the values only known while the app runs.
    pub(crate) fn validate_args_except(
        &self,
        args: &Value,
        open: &dyn Fn(&Value) -> bool,
    ) -> Result<(), Vec<ArgIssue>> {
        let Value::Object(args) = args else {
            return Err(vec![ArgIssue::NotAnObject]);
        };
        let mut issues = Vec::new();
        for (name, value) in args {
            let Some(param) = self.params.iter().find(|param| param.name == *name) else {
                let names = self.params.iter().map(|param| param.name.as_ref());
                let nearest = nearest::suggestion(name, names).map(str::to_owned);
                issues.push(ArgIssue::Unknown {
                    name: name.clone(),
                    nearest,
                });
                continue;
            };
            let absent = value.is_null() && !param.required;
            if let Err(mismatch) = param.kind.check(value, open)
                && !absent
            {
                issues.push(ArgIssue::Wrong {
                    name: name.clone(),
                    mismatch,
                });
            }
        }
        let missing = self
            .params
            .iter()
            .filter(|param| param.required && !args.contains_key(param.name.as_ref()));
        issues.extend(missing.map(|param| ArgIssue::Missing {
            name: param.name.to_string(),
        }));
        if issues.is_empty() { Ok(()) } else { Err(issues) }
    }
}
