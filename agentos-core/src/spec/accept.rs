//! The way of a document in: bounds, mends, types. Every door of the system takes this one.

use serde_json::Value as Json;

use super::catalog::Catalog;
use super::mend::{Loss, mend};
use super::{Code, Issue, UiSpec, bounds, check};

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
        let (spec, refused) = UiSpec::read(&mended.doc);
        let found = check::check(&spec, catalog);
        if !refused.is_empty() {
            issues.extend(refused);
            issues.extend(found.into_iter().filter(stands_alone));
            return Err(issues);
        }
        (spec, found)
    };
    issues.extend(found);
    Ok(Accepted {
        document: mended.doc,
        spec,
        issues,
    })
}

/// Whether an issue of a document that could be read in part holds of the whole: what is said to be missing may
/// stand in a part that could not be read.
fn stands_alone(issue: &Issue) -> bool {
    matches!(
        issue.code,
        Code::UnknownType
            | Code::UnknownProp
            | Code::PropType
            | Code::PropEnum
            | Code::DuplicateId
            | Code::NameCollision
            | Code::ExprSyntax
            | Code::DependencyCycle
            | Code::ToolUnknown
            | Code::UrlScheme
            | Code::WatchLoop
            | Code::StateTooLarge
    )
}
