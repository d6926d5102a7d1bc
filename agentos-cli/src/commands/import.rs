//! `import`: a document of another format as one of ours.

use std::path::PathBuf;

use agentos_core::spec::accept::accept;
use agentos_core::spec::catalog::Catalog;
use agentos_core::spec::import::{Dialect, import as read_foreign};
use agentos_core::spec::mend::Loss;
use agentos_core::spec::{Issue, Severity};
use anyhow::bail;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::{print_json, read, told};
use crate::Verdict;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// What the document is written in
    #[arg(value_enum)]
    from: Format,
    /// The document; `-` reads standard input
    file: PathBuf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// A2UI 0.9 or 1.0, basic catalog: messages as lines, a list, or an object with `messages`
    A2ui,
}

/// Prints the document; what could not be taken over goes to standard error.
pub(crate) fn import(arguments: &Arguments, json: bool) -> anyhow::Result<Verdict> {
    let Format::A2ui = arguments.from;
    let text = read(&arguments.file)?;
    let imported = match read_foreign(Dialect::A2ui, &Value::from(text)) {
        Ok(imported) => imported,
        Err(issue) => bail!("{}: {}", arguments.file.display(), issue.message),
    };
    let mut issues = imported.issues;
    let accepted = match accept(imported.document, Catalog::builtin(), Loss::Forbidden) {
        Ok(accepted) => accepted,
        Err(refused) => {
            let reasons: Vec<&str> = refused.iter().map(|issue| issue.message.as_str()).collect();
            bail!("{}: {}", arguments.file.display(), reasons.join("; "));
        }
    };
    issues.extend(accepted.issues);
    if json {
        print_json(&json!({"spec": accepted.document, "issues": issues}))?;
    } else {
        for issue in &issues {
            eprintln!("{}", told(&arguments.file, issue));
        }
        print_json(&accepted.document)?;
    }
    let is_whole = issues
        .iter()
        .all(|issue: &Issue| issue.severity != Severity::Error);
    Ok(if is_whole { Verdict::Good } else { Verdict::Bad })
}
