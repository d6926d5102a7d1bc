//! `edit`: a document after edit lines.

use std::path::PathBuf;

use agentos_core::spec::history::{History, HistoryError, changes};
use agentos_core::spec::{Catalog, Issue, bounds};
use anyhow::{anyhow, bail};
use clap::Args;
use serde_json::json;

use super::{print_json, read, told};
use crate::Verdict;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The document
    file: PathBuf,
    /// Edit lines, or a whole document in place of them; `-` reads standard input
    lines: PathBuf,
}

/// Prints the document; lines that were skipped and what changed go to standard error.
pub(crate) fn edit(arguments: &Arguments, json: bool) -> anyhow::Result<Verdict> {
    let Arguments { file, lines } = arguments;
    let document =
        bounds::parse(&read(file)?).map_err(|issue| anyhow!("{}: {}", file.display(), issue.message))?;
    let mut history = History::default();
    let step = match history.edit(&document, &read(lines)?, "", 0, Catalog::builtin()) {
        Ok(step) => step,
        Err(HistoryError::Refused(issues)) => {
            for issue in &issues {
                eprintln!("{}", told(lines, issue));
            }
            bail!("nothing was changed");
        }
        Err(other) => return Err(other.into()),
    };
    let changes = changes(&document, &step.document);
    if json {
        print_json(&json!({
            "spec": step.document, "patch": step.patch, "changes": changes, "issues": step.issues
        }))?;
    } else {
        for issue in &step.issues {
            eprintln!("{}", told(lines, issue));
        }
        for change in changes {
            eprintln!("{change}");
        }
        print_json(&step.document)?;
    }
    let all_stand = !step.issues.iter().any(Issue::is_error);
    Ok(if all_stand { Verdict::Good } else { Verdict::Bad })
}
