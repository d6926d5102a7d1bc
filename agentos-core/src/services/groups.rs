//! The tools of engine and shell, told as services so that one list names all there is.

use crate::ports::service::Service;
use crate::spec::catalog::{Catalog, Runs, ToolEntry};

/// Id, name, description, category and what it is good for.
const GROUPS: [(&str, &str, &str, &str, &[&str]); 14] = [
    (
        "calc",
        "Calculator",
        "Arithmetic, functions and a calculator's keys",
        "compute",
        &["arithmetic", "calculator"],
    ),
    (
        "data",
        "Data",
        "Filters, sorts, groups and sums lists of records",
        "compute",
        &["filter", "sort", "statistics"],
    ),
    ("list", "Lists", "Changes lists of values", "compute", &["lists"]),
    (
        "ui",
        "Interface",
        "Changes what an app holds and shows",
        "interface",
        &["app_state", "todo_items"],
    ),
    (
        "form",
        "Forms",
        "Checks, submits and resets forms",
        "interface",
        &["validation"],
    ),
    (
        "tabs",
        "Tabs",
        "Switches between panels",
        "interface",
        &["navigation"],
    ),
    (
        "modal",
        "Dialogs",
        "Opens and closes dialogs",
        "interface",
        &["dialogs"],
    ),
    (
        "timer",
        "Timers",
        "Runs actions later or again and again",
        "interface",
        &["schedule", "stopwatch"],
    ),
    (
        "player",
        "Player",
        "Plays and stops video and audio",
        "media",
        &["video", "audio"],
    ),
    (
        "canvas",
        "Canvas",
        "Draws on a sheet and chooses its pen",
        "media",
        &["drawing"],
    ),
    (
        "browser",
        "Browser",
        "Leads a page inside the app from one address to another",
        "media",
        &["web_pages"],
    ),
    (
        "clipboard",
        "Clipboard",
        "Copies and pastes text",
        "system",
        &["copy", "paste"],
    ),
    (
        "notification",
        "Notifications",
        "Tells something in passing",
        "system",
        &["notify"],
    ),
    (
        "system",
        "System",
        "Undo, alerts, questions and logs",
        "system",
        &["undo", "alerts"],
    ),
];

pub(super) fn of_the_catalog() -> Vec<Service> {
    let described = GROUPS
        .iter()
        .map(|(id, name, description, category, capabilities)| Service {
            id: (*id).to_owned(),
            name: (*name).to_owned(),
            description: (*description).to_owned(),
            category: (*category).to_owned(),
            capabilities: capabilities
                .iter()
                .map(|capability| (*capability).to_owned())
                .collect(),
            tools: tools_of(id),
        });
    described.collect()
}

fn tools_of(id: &str) -> Vec<ToolEntry> {
    let runs_there = |tool: &&ToolEntry| tool.group() == id && tool.runs != Runs::Service;
    Catalog::builtin().tools().filter(runs_there).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_of_engine_and_shell_is_listed_once() {
        let mut listed: Vec<_> = of_the_catalog()
            .into_iter()
            .flat_map(|group| group.tools)
            .map(|tool| tool.id)
            .collect();
        let tools = Catalog::builtin().tools();
        let mut all: Vec<_> = tools
            .filter(|tool| tool.runs != Runs::Service)
            .map(|tool| tool.id.clone())
            .collect();
        listed.sort();
        all.sort();
        assert_eq!(listed, all);
    }

    #[test]
    fn no_group_is_empty() {
        for group in of_the_catalog() {
            assert!(!group.tools.is_empty(), "{} has no tools", group.id);
        }
    }
}
