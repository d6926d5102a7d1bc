//! The edits of one app, each with its way back.
//!
//! A [`History`] belongs to a document it does not hold: [`edit`](History::edit),
//! [`undo`](History::undo) and [`redo`](History::redo) take the document as it is and answer the one that
//! comes next. Versions count from 1, the document the app began with; an edit after an undo takes
//! the place of the versions that were undone.

mod change;
mod exact;

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use super::accept::{self, Accepted};
use super::catalog::Catalog;
use super::limits::{HISTORY_BYTES, HISTORY_ENTRIES, HISTORY_TEXT_CHARS};
use super::mend::Loss;
use super::patch::PatchOperation;
use super::{Code, Issue, bounds, edit, patch};
use crate::time::Millis;

pub use change::changes;

/// Which edits led to a document, and which were undone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// The version before the oldest entry.
    first: u64,
    /// How many of the entries are applied; those after it were undone.
    applied: usize,
    entries: VecDeque<Entry>,
}

/// One edit: from the version before it to its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// What was asked, or nothing.
    pub text: String,
    pub at: Millis,
    /// What it changed, for a person.
    pub changes: Vec<String>,
    patch: Vec<PatchOperation>,
    inverse: Vec<PatchOperation>,
}

/// A document that took the place of another.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub document: Value,
    /// Leads from the document before to this one.
    pub patch: Vec<PatchOperation>,
    /// Lines that were skipped, what was mended, and what the check says.
    pub issues: Vec<Issue>,
}

/// The two documents between which a difference is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    pub patch: Vec<PatchOperation>,
    /// The same for a person.
    pub changes: Vec<String>,
}

/// Nothing was changed.
#[derive(Debug, Error)]
pub enum HistoryError {
    /// No line stands, nothing would change, or the result would be worse than what is there.
    #[error("the edit was refused")]
    Refused(Vec<Issue>),
    #[error("there is nothing to undo")]
    NothingToUndo,
    #[error("there is nothing to redo")]
    NothingToRedo,
    #[error("version {version} is not kept; versions {first} to {last} are")]
    NoSuchVersion { version: u64, first: u64, last: u64 },
    /// The history does not belong to the document.
    #[error("a kept patch does not fit the document")]
    Broken(#[source] patch::PatchError),
}

impl Default for History {
    fn default() -> Self {
        Self {
            first: 1,
            applied: 0,
            entries: VecDeque::new(),
        }
    }
}

impl History {
    /// The version of the document as it is.
    pub fn version(&self) -> u64 {
        self.first + self.applied as u64
    }

    /// The oldest and the newest version that can be gone to.
    pub fn versions(&self) -> (u64, u64) {
        (self.first, self.first + self.entries.len() as u64)
    }

    /// The versions after the oldest, oldest first, with the edit that made each.
    pub fn entries(&self) -> impl Iterator<Item = (u64, &Entry)> {
        (self.first + 1..).zip(&self.entries)
    }

    /// Applies edit lines, or a whole document in place of them, for which `text` was asked. What
    /// was undone before is forgotten.
    ///
    /// A line that fails is told and skipped. An edit that brings an error the document did not
    /// have is [`HistoryError::Refused`] as a whole.
    pub fn edit(
        &mut self,
        document: &Value,
        lines: &str,
        text: &str,
        now: Millis,
        catalog: &Catalog,
    ) -> Result<Step, HistoryError> {
        let edited = edit::apply(document, lines);
        let mut issues = edited.issues;
        if edited.patch.is_empty() {
            return Err(HistoryError::Refused(if issues.is_empty() {
                vec![unchanged()]
            } else {
                issues
            }));
        }
        let accepted = accept::accept(edited.doc, catalog, Loss::Forbidden).map_err(HistoryError::Refused)?;
        let worse = new_errors(document, &accepted, catalog);
        if !worse.is_empty() {
            issues.extend(worse);
            return Err(HistoryError::Refused(issues));
        }
        let Accepted {
            document: after,
            issues: found,
            ..
        } = accepted;
        let patch = exact::diff(document, &after);
        if patch.is_empty() {
            issues.push(unchanged());
            return Err(HistoryError::Refused(issues));
        }
        issues.extend(found);
        self.push(Entry {
            text: text.trim().chars().take(HISTORY_TEXT_CHARS).collect(),
            at: now,
            changes: change::told(document, &after),
            inverse: exact::diff(&after, document),
            patch: patch.clone(),
        });
        Ok(Step {
            document: after,
            patch,
            issues,
        })
    }

    /// Goes back to the version before.
    pub fn undo(&mut self, document: &Value) -> Result<Step, HistoryError> {
        let before = self.applied.checked_sub(1).ok_or(HistoryError::NothingToUndo)?;
        let patch = self.entries[before].inverse.clone();
        let step = stepped(document, patch)?;
        self.applied = before;
        Ok(step)
    }

    /// Goes forth to the version that was undone last.
    pub fn redo(&mut self, document: &Value) -> Result<Step, HistoryError> {
        let entry = self
            .entries
            .get(self.applied)
            .ok_or(HistoryError::NothingToRedo)?;
        let step = stepped(document, entry.patch.clone())?;
        self.applied += 1;
        Ok(step)
    }

    /// The document at `version`, worked out from the one that is there.
    pub fn document_at(&self, document: &Value, version: u64) -> Result<Value, HistoryError> {
        let (first, last) = self.versions();
        if !(first..=last).contains(&version) {
            return Err(HistoryError::NoSuchVersion { version, first, last });
        }
        let mut walker = self.clone();
        let mut document = document.clone();
        while walker.version() > version {
            document = walker.undo(&document)?.document;
        }
        while walker.version() < version {
            document = walker.redo(&document)?.document;
        }
        Ok(document)
    }

    /// What leads from version `from` to version `to`.
    pub fn difference(&self, document: &Value, from: u64, to: u64) -> Result<Difference, HistoryError> {
        let (before, after) = (self.document_at(document, from)?, self.document_at(document, to)?);
        Ok(Difference {
            patch: exact::diff(&before, &after),
            changes: changes(&before, &after),
        })
    }

    fn push(&mut self, entry: Entry) {
        self.entries.truncate(self.applied);
        self.entries.push_back(entry);
        let mut bytes: usize = self.entries.iter().map(Entry::bytes).sum();
        // The newest stays whatever it weighs: the bounds of a document bound it.
        while self.entries.len() > HISTORY_ENTRIES || (bytes > HISTORY_BYTES && self.entries.len() > 1) {
            let Some(oldest) = self.entries.pop_front() else {
                break;
            };
            bytes -= oldest.bytes();
            self.first += 1;
        }
        self.applied = self.entries.len();
    }
}

impl Entry {
    fn bytes(&self) -> usize {
        let patches = [&self.patch, &self.inverse];
        let patches: usize = patches
            .into_iter()
            .map(|patch| serde_json::to_string(patch).map_or(0, |text| text.len()))
            .sum();
        patches + self.text.len() + self.changes.iter().map(String::len).sum::<usize>()
    }
}

fn stepped(document: &Value, patch: Vec<PatchOperation>) -> Result<Step, HistoryError> {
    let mut after = document.clone();
    patch::apply(&mut after, &patch, bounds::verify).map_err(HistoryError::Broken)?;
    Ok(Step {
        document: after,
        patch,
        issues: Vec::new(),
    })
}

fn unchanged() -> Issue {
    Issue::error(
        Code::EditFailed,
        "",
        "the edit changes nothing: the document is like that already",
    )
}

/// The errors of `after` that the document did not have before, wherever they stood in it.
fn new_errors(before: &Value, after: &Accepted, catalog: &Catalog) -> Vec<Issue> {
    if after.is_valid() {
        return Vec::new();
    }
    let known = accept::accept(before.clone(), catalog, Loss::Forbidden)
        .map_or_else(|issues| issues, |accepted| accepted.issues);
    let is_known = |issue: &Issue| {
        known
            .iter()
            .any(|old| old.code == issue.code && old.id == issue.id && old.message == issue.message)
    };
    let errors = after.issues.iter().filter(|issue| issue.is_error());
    errors.filter(|issue| !is_known(issue)).cloned().collect()
}
