//! `validate`: what is wrong with a document, told as a compiler tells it.

use std::path::{Path, PathBuf};

use agentos_core::engine::Engine;
use agentos_core::spec::{Issue, Severity};
use anyhow::Context;
use clap::Args;
use serde::Deserialize;
use serde_json::json;

use super::{print, print_json, read};
use crate::Verdict;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The document; `-` reads standard input
    file: PathBuf,
}

#[derive(Deserialize)]
struct Check {
    valid: bool,
    issues: Vec<Issue>,
}

pub(crate) fn validate(arguments: &Arguments, json: bool) -> anyhow::Result<Verdict> {
    let text = read(&arguments.file)?;
    let answer = Engine::default().call(&json!({ "op": "check", "text": text }).to_string());
    if json {
        print_json(&serde_json::from_str(&answer)?)?;
    }
    let check: Check =
        serde_json::from_str(&answer).with_context(|| format!("the engine answered {answer}"))?;
    if !json {
        for issue in &check.issues {
            print(&told(&arguments.file, issue))?;
        }
        print(&summary(&arguments.file, &check.issues))?;
    }
    Ok(if check.valid { Verdict::Good } else { Verdict::Bad })
}

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

fn summary(file: &Path, issues: &[Issue]) -> String {
    let counted: Vec<String> = [Severity::Error, Severity::Warning, Severity::Note]
        .into_iter()
        .map(|severity| {
            (
                issues.iter().filter(|issue| issue.severity == severity).count(),
                word(severity),
            )
        })
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}{}", if count == 1 { "" } else { "s" }))
        .collect();
    let found = if counted.is_empty() {
        "no issues".to_owned()
    } else {
        counted.join(", ")
    };
    format!("{}: {found}", file.display())
}
