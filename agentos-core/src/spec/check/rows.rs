//! What the rows of a list are known to hold.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::super::action::{Action, Args, Run, Step};
use super::super::document::UiSpec;
use super::super::template::Template;

/// Tools that put a row into the list at `path`.
const ADDS: [&str; 2] = ["ui.add_item", "ui.append"];

/// The members of rows, by the path of their list.
#[derive(Debug, Default)]
pub(super) struct KnownRows(BTreeMap<String, BTreeSet<String>>);

impl KnownRows {
    /// From what the state begins with and what actions add. Other members may come from elsewhere, such as a request.
    pub(super) fn of(spec: &UiSpec) -> Self {
        let mut known = Self::default();
        for (name, value) in &spec.state {
            for row in value.as_array().into_iter().flatten() {
                known.add(
                    name,
                    row.as_object().into_iter().flatten().map(|(member, _)| member),
                );
            }
        }
        let named = spec.actions.iter().map(|(_, action)| action);
        let handlers = spec
            .walk()
            .flat_map(|component| component.on_event.iter().map(|(_, action)| action));
        for action in named.chain(handlers) {
            known.add_from(action);
        }
        known
    }

    /// Of the rows of `list`; nothing where no row is written down.
    pub(super) fn members(&self, list: &str) -> Option<&BTreeSet<String>> {
        self.0.get(list)
    }

    fn add<'a>(&mut self, list: &str, members: impl Iterator<Item = &'a String>) {
        let mut members = members.cloned().peekable();
        if members.peek().is_some() {
            let known = self.0.entry(list.to_owned()).or_default();
            known.insert("id".to_owned());
            known.extend(members);
        }
    }

    fn add_from(&mut self, action: &Action) {
        for step in &action.steps {
            self.add_from_step(step);
        }
    }

    fn add_from_step(&mut self, step: &Step) {
        match &step.run {
            Run::Tool {
                id,
                args: Args::Given { args, .. },
            } if ADDS.contains(&id.as_str()) => {
                let given = |name: &str| args.iter().find(|(key, _)| key == name).map(|(_, value)| value);
                if let (Some(Template::Literal(Json::String(list))), Some(row)) =
                    (given("path"), given("value"))
                {
                    match row {
                        Template::Map(members) => self.add(list, members.iter().map(|(member, _)| member)),
                        Template::Literal(Json::Object(members)) => {
                            self.add(list, members.iter().map(|(member, _)| member));
                        }
                        _ => {}
                    }
                }
            }
            Run::Steps(action) => self.add_from(action),
            Run::Tool { .. } | Run::Named { .. } => {}
        }
        for action in [&step.then, &step.catch].into_iter().flatten() {
            self.add_from(action);
        }
    }
}
