//! `models`: which model the server asks, and which there are.

use serde_json::Value;

use super::{print, print_json};
use crate::Verdict;
use crate::server::Server;

pub(crate) fn models(server: &Server, json: bool) -> anyhow::Result<Verdict> {
    let models = server.get("/models")?;
    if json {
        print_json(&models)?;
    } else {
        print(&listed(&models))?;
    }
    Ok(Verdict::Good)
}

/// One a line, the one that is asked marked.
fn listed(answer: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    let asked = text(&answer["model"]);
    let mut lines = vec![format!("{}:", text(&answer["provider"]))];
    let names: Vec<String> = answer["models"]
        .as_array()
        .into_iter()
        .flatten()
        .map(text)
        .collect();
    if !names.contains(&asked) {
        lines.push(format!("* {asked} (not in the provider's list)"));
    }
    lines.extend(names.iter().map(|name| {
        let mark = if *name == asked { "*" } else { " " };
        format!("{mark} {name}")
    }));
    lines.join("\n")
}
