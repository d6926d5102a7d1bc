//! Cycles: values that follow from themselves, and actions that run themselves.

use std::collections::{BTreeMap, BTreeSet, btree_set};

use super::super::action::{Action, Args, DEPTH, Run, Step};
use super::super::document::UiSpec;
use super::super::issue::{Code, Issue};
use super::super::path::{Path, escaped};
use super::super::template::{Source, Template};
use super::Checker;
use crate::runtime::expression::Expression;

/// Cycles told of one document; mending these shows the others.
const REPORTED: usize = 20;

type Graph<'a> = BTreeMap<&'a str, BTreeSet<String>>;

/// Tools that change what they write each time they run, whatever is there.
const ALWAYS_CHANGES: [&str; 6] = [
    "ui.increment",
    "ui.toggle",
    "ui.append",
    "ui.add_item",
    "list.add",
    "calc.append_digit",
];

impl Checker<'_> {
    /// Watches that set each other off without an end. Only steps without a condition whose tool changes its
    /// path whatever is there are counted; what settles is no loop.
    pub(super) fn watch_loops(&mut self) {
        let spec = self.spec;
        let watched: Vec<String> = spec.watch.iter().map(|(path, _)| path.to_string()).collect();
        let mut graph = Graph::new();
        for ((_, action), name) in spec.watch.iter().zip(&watched) {
            let mut written = Vec::new();
            always_written(spec, action, 0, &mut written);
            let sets_off = spec
                .watch
                .iter()
                .zip(&watched)
                .filter(|((path, _), _)| written.iter().any(|written| written.touches(path)))
                .map(|(_, name)| name.clone());
            graph.entry(name).or_default().extend(sets_off);
        }
        for cycle in cycles(&graph) {
            let message = if cycle.len() == 2 {
                format!("what watches `{}` changes it each time, without an end", cycle[0])
            } else {
                format!("watches set each other off without an end: {}", cycle.join(" → "))
            };
            let at = format!("/watch/{}", escaped(&cycle[0]));
            self.report(Issue::error(Code::WatchLoop, at, message).hint("if"));
        }
    }

    pub(super) fn cycles(&mut self) {
        let spec = self.spec;
        let mut values = Graph::new();
        for (name, source) in &spec.computed {
            values.insert(name, names_in([source]));
        }
        for (name, query) in &spec.data {
            let args = query.args.iter().flat_map(|(_, template)| template.expressions());
            let mut names = names_in(args.chain(&query.when));
            names.extend(query.args.iter().flat_map(|(_, template)| bound_names(template)));
            // What a query picks from its own answer is no input of it.
            names.extend(names_in(&query.pick).into_iter().filter(|picked| picked != name));
            values.insert(name, names);
        }
        for cycle in cycles(&values) {
            let section = if spec.computed.iter().any(|(name, _)| *name == cycle[0]) {
                "computed"
            } else {
                "data"
            };
            let message = format!("`{}` follows from itself: {}", cycle[0], cycle.join(" → "));
            self.report(Issue::error(
                Code::DependencyCycle,
                format!("/{section}/{}", escaped(&cycle[0])),
                message,
            ));
        }
        let actions: Graph = spec
            .actions
            .iter()
            .map(|(name, action)| (name.as_str(), called(action)))
            .collect();
        for cycle in cycles(&actions) {
            let message = format!("the action `{}` runs itself: {}", cycle[0], cycle.join(" → "));
            self.report(Issue::error(
                Code::DependencyCycle,
                format!("/actions/{}", escaped(&cycle[0])),
                message,
            ));
        }
    }
}

/// The paths an action changes each time it runs.
fn always_written(spec: &UiSpec, action: &Action, depth: usize, written: &mut Vec<Path>) {
    if depth > DEPTH {
        return;
    }
    for step in action.steps.iter().filter(|step| step.condition.is_none()) {
        match &step.run {
            Run::Tool {
                id,
                args: Args::Given { args, .. },
            } if ALWAYS_CHANGES.contains(&id.as_str()) => {
                let path = args.iter().find_map(|(name, value)| match value {
                    Template::Literal(serde_json::Value::String(path)) if name == "path" => {
                        Path::parse(path).ok()
                    }
                    _ => None,
                });
                written.extend(path);
            }
            Run::Tool { .. } => {}
            Run::Named { action, .. } => {
                let named = spec.actions.iter().find(|(name, _)| name == action);
                if let Some((_, action)) = named {
                    always_written(spec, action, depth + 1, written);
                }
            }
            Run::Steps(action) => always_written(spec, action, depth + 1, written),
        }
    }
}

fn names_in<'a>(sources: impl IntoIterator<Item = &'a Source>) -> BTreeSet<String> {
    let expressions = sources
        .into_iter()
        .filter_map(|source| Expression::compile(source).ok());
    expressions
        .flat_map(|expression| {
            expression
                .references()
                .iter()
                .map(|reference| reference.name.to_string())
                .collect::<Vec<_>>()
        })
        .collect()
}

fn bound_names(template: &Template) -> Vec<String> {
    match template {
        Template::Bind(path) => vec![path.root().to_string()],
        Template::List(items) => items.iter().flat_map(bound_names).collect(),
        Template::Map(members) => members
            .iter()
            .flat_map(|(_, member)| bound_names(member))
            .collect(),
        Template::Literal(_) | Template::Expression(_) | Template::Text(_) => Vec::new(),
    }
}

/// The actions an action runs in the same go; what a timer runs later is no loop.
fn called(action: &Action) -> BTreeSet<String> {
    action.steps.iter().flat_map(called_by).collect()
}

fn called_by(step: &Step) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    match &step.run {
        Run::Named { action, .. } => {
            names.insert(action.clone());
        }
        Run::Steps(action) => names.extend(called(action)),
        Run::Tool {
            args: Args::FromEvent | Args::Given { .. },
            ..
        } => {}
    }
    names.extend([&step.then, &step.catch].into_iter().flatten().flat_map(called));
    names
}

/// Each cycle once, from its first name around to it again. A chain of names may be as long as a
/// document, so the walk keeps its own stack.
fn cycles(graph: &Graph) -> Vec<Vec<String>> {
    let mut done: BTreeSet<&str> = BTreeSet::new();
    let mut found = Vec::new();
    for start in graph.keys().copied() {
        let mut path: Vec<(&str, btree_set::Iter<'_, String>)> = Vec::new();
        let mut on_path: BTreeSet<&str> = BTreeSet::new();
        let mut next = Some(start);
        loop {
            match next.and_then(|name| Some((name, graph.get(name)?))) {
                Some((name, _)) if on_path.contains(name) => {
                    let passed = path
                        .iter()
                        .map(|(passed, _)| *passed)
                        .skip_while(|passed| *passed != name);
                    found.push(passed.chain([name]).map(str::to_owned).collect());
                    if found.len() == REPORTED {
                        return found;
                    }
                }
                Some((name, names)) if done.insert(name) => {
                    path.push((name, names.iter()));
                    on_path.insert(name);
                }
                _ => {}
            }
            let Some((name, names)) = path.last_mut() else {
                break;
            };
            next = names.next().map(String::as_str);
            if next.is_none() {
                on_path.remove(*name);
                path.pop();
            }
        }
    }
    found
}
