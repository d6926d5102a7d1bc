//! The verbs.

pub(crate) mod approvals;
pub(crate) mod audit;
pub(crate) mod change;
pub(crate) mod chat;
pub(crate) mod doctor;
pub(crate) mod edit;
pub(crate) mod engine;
pub(crate) mod eval;
pub(crate) mod events;
pub(crate) mod generate;
pub(crate) mod grants;
pub(crate) mod health;
pub(crate) mod import;
pub(crate) mod models;
pub(crate) mod processes;
mod progress;
pub(crate) mod run;
pub(crate) mod schema;
pub(crate) mod settings;
mod table;
pub(crate) mod top;
pub(crate) mod validate;

use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;

use agentos_core::spec::{Issue, Severity};
use anyhow::Context;
use serde_json::Value;

/// The text of a file, or of standard input for `-`.
fn read(path: &Path) -> anyhow::Result<String> {
    if path.as_os_str() == "-" {
        let mut text = String::new();
        io::stdin()
            .read_to_string(&mut text)
            .context("cannot read standard input")?;
        return Ok(text);
    }
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn print(text: &str) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{text}")
}

fn print_json(value: &Value) -> io::Result<()> {
    print(&format!("{value:#}"))
}

/// An issue as a compiler tells it.
fn told(file: &Path, issue: &Issue) -> String {
    let code = serde_json::to_value(issue.code).unwrap_or_default();
    let place = if issue.path.is_empty() { "/" } else { &issue.path };
    let id = issue
        .id
        .as_ref()
        .map(|id| format!(" (#{id})"))
        .unwrap_or_default();
    let hint = issue
        .hint
        .as_ref()
        .map(|hint| format!("\n  help: {hint}"))
        .unwrap_or_default();
    format!(
        "{}[{}]: {}\n  --> {}:{place}{id}{hint}\n",
        word(issue.severity),
        code.as_str().unwrap_or_default(),
        issue.message,
        file.display(),
    )
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}
