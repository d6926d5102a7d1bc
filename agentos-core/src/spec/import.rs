//! Documents of other formats, read as documents of ours.
//!
//! An import never drops silently: what has no equivalent is an issue that names the place in the
//! foreign document. The result still goes through [`super::accept`] like any other document.

mod a2ui;

use serde::Deserialize;
use serde_json::Value;

use super::Issue;

/// A format that can be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// A2UI 0.9, 0.9.1 and 1.0 with the basic catalog: messages as JSON Lines, a list, or an object
    /// with `messages` (<https://a2ui.org/specification>).
    A2ui,
}

/// A document of ours and what could not be taken over as it was.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    pub document: Value,
    /// A warning for what has no equivalent, a note for what became something near it. Paths are
    /// `/components/<id>/<property>` of the foreign document.
    pub issues: Vec<Issue>,
}

/// Reads `payload` as a document of `dialect`.
///
/// # Errors
/// Why there is nothing to import.
pub fn import(dialect: Dialect, payload: &Value) -> Result<Imported, Issue> {
    match dialect {
        Dialect::A2ui => a2ui::import(payload),
    }
}
