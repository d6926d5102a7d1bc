//! `validate`: what is wrong with a document, told as a compiler tells it.

use std::path::{Path, PathBuf};

use agentos_core::engine::Engine;
use agentos_core::spec::{Issue, Severity};
use anyhow::Context;
use clap::Args;
use serde::Deserialize;
use serde_json::json;

use super::{print, print_json, read, told, word};
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
