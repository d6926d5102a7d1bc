//! The way of a document in: bounds, mends, types. Every door of the system takes this one.

use serde_json::Value as Json;

use super::catalog::Catalog;
use super::mend::{Loss, mend};
use super::{Issue, UiSpec, bounds, check};

/// A document that can be opened.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// As it is kept and shown: the given one, mended.
    pub document: Json,
    pub spec: UiSpec,
    /// What was mended and what the check found, errors included.
    pub issues: Vec<Issue>,
}

impl Accepted {
    /// Whether the document is a working app as far as a check can tell.
    pub fn is_valid(&self) -> bool {
        !self.issues.iter().any(Issue::is_error)
    }
}

/// Takes a document as text.
///
/// # Errors
/// Why it is not a document, or what of its shape could not be mended.
pub fn accept_text(text: &str, catalog: &Catalog, loss: Loss) -> Result<Accepted, Vec<Issue>> {
    let document = bounds::parse(text).map_err(|issue| vec![issue])?;
    accept(document, catalog, loss)
}

/// Takes a document as JSON.
///
/// # Errors
/// As [`accept_text`].
pub fn accept(document: Json, catalog: &Catalog, loss: Loss) -> Result<Accepted, Vec<Issue>> {
    bounds::verify(&document).map_err(|issue| vec![issue])?;
    let mended = mend(document, catalog, loss);
    // A mend may add ids and wrap components, and what is kept must be within the bounds again.
    if !mended.issues.is_empty() {
        bounds::verify(&mended.doc).map_err(|issue| vec![issue])?;
    }
    let mut issues = mended.issues;
    let (spec, found) = if let Some(checked) = mended.checked {
        checked
    } else {
        let spec = UiSpec::from_json(&mended.doc).map_err(|refused| {
            issues.extend(refused);
            std::mem::take(&mut issues)
        })?;
        let found = check::check(&spec, catalog);
        (spec, found)
    };
    issues.extend(found);
    Ok(Accepted {
        document: mended.doc,
        spec,
        issues,
    })
}
