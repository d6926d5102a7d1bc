//! The gates between a document and an app.

use serde_json::Value;

use super::{GenerationError, GenerationFailure};
use crate::spec::{Catalog, Code, Issue, UiSpec, bounds, limits};
use crate::time::Millis;

/// Takes documents through the gates: mend, check, trial run.
pub(super) struct Prover<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) now: Millis,
    pub(super) seed: u128,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Loss {
    Forbidden,
    Allowed,
}

/// A document with everything the gates found.
#[derive(Debug)]
pub(super) struct Proof {
    pub(super) document: Value,
    pub(super) mended: Vec<Issue>,
    pub(super) issues: Vec<Issue>,
}

impl Prover<'_> {
    pub(super) fn prove(&self, document: Value, _loss: Loss) -> Proof {
        if let Err(issue) = bounds::verify(&document) {
            return Proof {
                document,
                mended: Vec::new(),
                issues: vec![issue],
            };
        }
        let issues = Self::issues(&document);
        Proof {
            document,
            mended: Vec::new(),
            issues,
        }
    }

    fn issues(document: &Value) -> Vec<Issue> {
        let spec = match UiSpec::from_json(document) {
            Ok(spec) => spec,
            Err(issues) => return issues,
        };
        let components = spec.walk().count();
        if components > limits::COMPONENTS_BY_MODEL {
            let message = format!(
                "the document has {components} components, a model may write {}",
                limits::COMPONENTS_BY_MODEL
            );
            return vec![Issue::error(Code::TooLarge, "/components", message)];
        }
        Vec::new()
    }
}

impl Proof {
    pub(super) fn errors(&self) -> impl Iterator<Item = &Issue> {
        self.issues.iter().filter(|issue| issue.is_error())
    }

    pub(super) fn has_errors(&self) -> bool {
        self.errors().next().is_some()
    }

    /// This proof, of a document that had been mended before.
    pub(super) fn after(mut self, mended: Vec<Issue>) -> Self {
        self.mended.splice(0..0, mended);
        self
    }

    pub(super) fn into_failure(self, reading: Vec<Issue>) -> GenerationFailure {
        let error = GenerationError::NotWorking {
            issues: self.errors().count(),
        };
        let issues = reading.into_iter().chain(self.issues).collect();
        GenerationFailure {
            error,
            draft: self.document,
            issues,
        }
    }
}
