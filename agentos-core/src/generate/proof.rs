//! The gates between a document and an app.

use std::sync::Arc;

use serde_json::Value;

use super::{GenerationError, GenerationFailure};
use crate::runtime::trial;
use crate::spec::mend::{self, Loss};
use crate::spec::{Catalog, Code, Issue, UiSpec, bounds, check, limits};
use crate::time::Millis;

/// Takes documents through the gates: mend, check, trial run.
pub(super) struct Prover<'a> {
    pub(super) catalog: &'a Arc<Catalog>,
    pub(super) now: Millis,
    pub(super) seed: u128,
}

/// A document with everything the gates found.
#[derive(Debug)]
pub(super) struct Proof {
    pub(super) document: Value,
    pub(super) mended: Vec<Issue>,
    /// What the check found.
    pub(super) issues: Vec<Issue>,
    /// Nothing for a document that did not get that far.
    pub(super) trial: Option<trial::Report>,
}

impl Prover<'_> {
    pub(super) fn prove(&self, document: Value, loss: Loss) -> Proof {
        if let Err(issue) = bounds::verify(&document) {
            return Proof {
                document,
                mended: Vec::new(),
                issues: vec![issue],
                trial: None,
            };
        }
        let mended = mend::mend(document, self.catalog, loss);
        let (issues, trial) = self.try_out(&mended.doc);
        Proof {
            document: mended.doc,
            mended: mended.issues,
            issues,
            trial,
        }
    }

    fn try_out(&self, document: &Value) -> (Vec<Issue>, Option<trial::Report>) {
        // A mend may have added ids and wrapped components.
        if let Err(issue) = bounds::verify(document) {
            return (vec![issue], None);
        }
        let spec = match UiSpec::from_json(document) {
            Ok(spec) => spec,
            Err(issues) => return (issues, None),
        };
        if let Err(issue) = within_a_models_bounds(&spec) {
            return (vec![issue], None);
        }
        let issues = check::check(&spec, self.catalog);
        if issues.iter().any(Issue::is_error) {
            return (issues, None);
        }
        // The trial takes 64 bits of the seed; which ones does not matter.
        let trial = trial::run(&spec, self.catalog, self.now as f64, self.seed as u64);
        (issues, Some(trial))
    }
}

fn within_a_models_bounds(spec: &UiSpec) -> Result<(), Issue> {
    let components = spec.walk().count();
    let limit = limits::COMPONENTS_BY_MODEL;
    if components <= limit {
        return Ok(());
    }
    let message = format!("the document has {components} components, a model may write {limit}");
    Err(Issue::error(Code::TooLarge, "/components", message))
}

impl Proof {
    /// Whether the document got through every gate.
    pub(super) fn passed(&self) -> bool {
        self.trial.as_ref().is_some_and(|trial| trial.passed)
    }

    /// The errors that were not there before a change.
    pub(super) fn errors_besides<'a>(&'a self, before: &'a Self) -> impl Iterator<Item = &'a Issue> {
        let is_new = |issue: &&Issue| {
            !before.errors().any(|known| {
                (known.code, &known.id, &known.message) == (issue.code, &issue.id, &issue.message)
            })
        };
        self.errors().filter(is_new)
    }

    pub(super) fn errors(&self) -> impl Iterator<Item = &Issue> {
        let tried = self.trial.iter().flat_map(|trial| &trial.issues);
        self.issues.iter().chain(tried).filter(|issue| issue.is_error())
    }

    /// This proof, of a document that had been mended before.
    pub(super) fn after(mut self, mended: Vec<Issue>) -> Self {
        self.mended.splice(0..0, mended);
        self
    }

    pub(super) fn into_failure(self, reading: Vec<Issue>) -> GenerationFailure {
        let errors = self.errors().count();
        let tried = self.trial.into_iter().flat_map(|trial| trial.issues);
        GenerationFailure {
            error: GenerationError::NotWorking { errors },
            draft: self.document,
            issues: reading.into_iter().chain(self.issues).chain(tried).collect(),
        }
    }
}
