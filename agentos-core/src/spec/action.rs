//! Actions of a document: steps that run in order and stop at the first failure.

use serde_json::Value as Json;

use super::document::{Reader, UiSpec};
use super::location::Location;
use super::path::Path;
use super::template::{Source, Template};

/// Steps of one action.
pub const STEPS: usize = 32;
/// Actions within actions.
pub const DEPTH: usize = 8;

#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    pub steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Where it stands in the document, as a JSON Pointer.
    pub at: String,
    pub run: Run,
    pub condition: Option<Source>,
    pub confirm: Option<Template>,
    pub into: Option<Path>,
    pub then: Option<Action>,
    pub catch: Option<Action>,
    pub debounce_ms: Option<f64>,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq)]
pub enum Run {
    Tool {
        id: String,
        args: Args,
    },
    /// An action of the document by name; its arguments are in scope as `args`.
    Named {
        action: String,
        args: Vec<(String, Template)>,
    },
    Steps(Action),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Args {
    /// The short form: what the event and its component offer, as far as the tool takes it.
    FromEvent,
    Given {
        args: Vec<(String, Template)>,
        /// What a timer runs; it is code, so it is never evaluated as an argument.
        callback: Option<Action>,
    },
}

impl UiSpec {
    /// Every step of the document, however deep in others.
    pub(super) fn steps(&self) -> impl Iterator<Item = &Step> {
        let on = [&self.on.mount, &self.on.close, &self.on.focus, &self.on.blur];
        let events = self.walk().flat_map(|component| &component.on_event);
        let named = self.actions.iter().chain(events).map(|(_, action)| action);
        let watch = self.watch.iter().map(|(_, action)| action);
        let mut open: Vec<&Step> = named
            .chain(watch)
            .chain(on.into_iter().flatten())
            .flat_map(|action| &action.steps)
            .collect();
        std::iter::from_fn(move || {
            let step = open.pop()?;
            open.extend(step.inner().flat_map(|action| &action.steps));
            Some(step)
        })
    }
}

impl Action {
    pub(super) fn read(reader: &mut Reader, json: &Json, at: &Location, depth: usize) -> Option<Self> {
        if depth >= DEPTH {
            reader.refuse(at, format!("actions nest at most {DEPTH} deep"));
            return None;
        }
        let steps = match json {
            Json::Array(items) => {
                if items.len() > STEPS {
                    reader.refuse(
                        at,
                        format!(
                            "an action has at most {STEPS} steps, this one has {}",
                            items.len()
                        ),
                    );
                    return None;
                }
                items
                    .iter()
                    .enumerate()
                    .filter_map(|(index, item)| reader.step(item, &at.item(index), depth))
                    .collect()
            }
            single => vec![reader.step(single, at, depth)?],
        };
        Some(Self { steps })
    }
}

impl Step {
    /// The actions within it.
    fn inner(&self) -> impl Iterator<Item = &Action> {
        let run = match &self.run {
            Run::Steps(action) => Some(action),
            Run::Tool {
                args: Args::Given { callback, .. },
                ..
            } => callback.as_ref(),
            Run::Tool { .. } | Run::Named { .. } => None,
        };
        run.into_iter().chain(&self.then).chain(&self.catch)
    }

    pub(super) fn read(reader: &mut Reader, json: &Json, at: &Location, depth: usize) -> Option<Self> {
        if let Json::String(name) = json {
            return Some(Self::short(name, at));
        }
        let object = reader.object(json, at)?;
        reader.known_keys(
            object,
            &[
                "tool", "do", "args", "if", "confirm", "into", "then", "catch", "debounce",
            ],
            at,
        );
        let run = match (object.get("tool"), object.get("do")) {
            (Some(Json::String(id)), None) => Run::Tool {
                id: id.clone(),
                args: Self::args(reader, object, id, at, depth),
            },
            (None, Some(Json::String(action))) => Run::Named {
                action: action.clone(),
                args: reader.templates(object, "args", at),
            },
            (None, Some(steps)) => Run::Steps(Action::read(reader, steps, &at.member("do"), depth + 1)?),
            _ => {
                reader.refuse(at, "a step names either its `tool` or what to `do`");
                return None;
            }
        };
        let debounce = object.get("debounce");
        if debounce.is_some_and(|wait| wait.as_f64().is_none_or(|ms| !(0.0..=60_000.0).contains(&ms))) {
            reader.refuse(
                &at.member("debounce"),
                "`debounce` is a number of milliseconds up to 60000",
            );
        }
        let mut nested = |key: &str| {
            object
                .get(key)
                .and_then(|json| Action::read(reader, json, &at.member(key), depth + 1))
        };
        let (then, catch) = (nested("then"), nested("catch"));
        let into = match object.get("into") {
            None => None,
            Some(Json::String(path)) => reader.path(path, &at.member("into")),
            Some(_) => {
                reader.refuse(&at.member("into"), "`into` takes a path");
                None
            }
        };
        Some(Self {
            at: at.pointer(),
            run,
            condition: object
                .get("if")
                .and_then(|json| reader.source(json, &at.member("if"))),
            confirm: object
                .get("confirm")
                .and_then(|json| reader.template(json, &at.member("confirm"))),
            into,
            then,
            catch,
            debounce_ms: debounce.and_then(Json::as_f64),
        })
    }

    /// `"calc.clear"` runs a tool, `"add"` an action.
    fn short(name: &str, at: &Location) -> Self {
        let run = if name.contains('.') {
            Run::Tool {
                id: name.to_owned(),
                args: Args::FromEvent,
            }
        } else {
            Run::Named {
                action: name.to_owned(),
                args: Vec::new(),
            }
        };
        Self {
            at: at.pointer(),
            run,
            condition: None,
            confirm: None,
            into: None,
            then: None,
            catch: None,
            debounce_ms: None,
        }
    }

    fn args(
        reader: &mut Reader,
        object: &serde_json::Map<String, Json>,
        tool: &str,
        at: &Location,
        depth: usize,
    ) -> Args {
        let takes_callback = matches!(tool, "timer.set" | "timer.interval");
        let callback = object
            .get("args")
            .and_then(|args| args.get("action"))
            .filter(|_| takes_callback)
            .and_then(|json| Action::read(reader, json, &at.member("args").member("action"), depth + 1));
        let mut args = reader.templates(object, "args", at);
        if takes_callback {
            args.retain(|(name, _)| name != "action");
        }
        Args::Given { args, callback }
    }
}
