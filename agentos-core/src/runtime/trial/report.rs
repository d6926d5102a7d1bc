//! What the trial says in the end: what was used in vain, and what it did not get to.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Report, Trial, is_usable};
use crate::runtime::program::{Action, Call, Program};
use crate::spec::{Code, Issue, limits};

/// Components that are named of those that were not used.
const NAMED: usize = 20;

impl Trial<'_> {
    /// Whether using the component was answered with an error, which says why nothing changed.
    fn has_failed(&self, id: &str) -> bool {
        self.issues
            .iter()
            .any(|issue| issue.is_error() && issue.id.as_deref() == Some(id))
    }

    /// Components in sight that were never used.
    fn untried(&self) -> Vec<Arc<str>> {
        let (_, nodes) = self.app.view();
        let instances = nodes
            .into_iter()
            .filter(|node| is_usable(node))
            .filter_map(|node| self.app.view.instance(&node.id));
        let untried: BTreeSet<usize> = instances
            .map(|instance| instance.component)
            .filter(|component| !self.uses.contains_key(component))
            .collect();
        let program = &self.app.program;
        untried
            .into_iter()
            .map(|component| program.components[component].id.clone())
            .collect()
    }

    fn note_what_is_left_open(&mut self, untried: &[Arc<str>]) {
        if self.app.view().1.is_empty() {
            self.note(Issue::error(Code::Schema, "/components", "the app shows nothing"));
        }
        for (form, field) in std::mem::take(&mut self.unsent) {
            let program = self.app.program.clone();
            let (Some(field), Some(instance)) = (field, self.app.view.instance(&form)) else {
                continue;
            };
            let message = format!(
                "`{form}` was never sent: `{field}` did not take what was entered, so what sending does is not tried"
            );
            let at = &*program.components[instance.component].at;
            self.note(Issue::warning(Code::ControlDoesNothing, at, message).about(&*form));
        }
        if !untried.is_empty() && self.events >= limits::TRIAL_EVENTS {
            let message = format!(
                "the trial ends after {} events; {} were not used: {}",
                limits::TRIAL_EVENTS,
                untried.len(),
                untried
                    .iter()
                    .take(NAMED)
                    .map(|id| &**id)
                    .collect::<Vec<_>>()
                    .join(", ")
            );
            self.note(Issue::note(Code::TooLarge, "/components", message));
        }
    }

    pub(super) fn report(mut self, fuel: u64) -> Report {
        if fuel >= limits::TRIAL_FUEL {
            // Every expression failed from there on, which says nothing about it or the controls.
            self.issues.retain(|issue| issue.code != Code::ExprFailed);
            let message = format!(
                "using the app takes more than {} steps of its expressions; the costly ones work through long lists again and again",
                limits::TRIAL_FUEL
            );
            let issue = Issue::error(Code::ExprFailed, "", message);
            self.note(issue.hint("put what is worked out from a list into `computed`, once"));
        }
        let program = self.app.program.clone();
        let idle = self
            .uses
            .iter()
            .filter(|(_, changed)| !**changed && fuel < limits::TRIAL_FUEL)
            .map(|(component, _)| *component);
        for component in idle.collect::<Vec<_>>() {
            let component = &program.components[component];
            if component.handlers.is_empty() && !component.is_submit || self.has_failed(&component.id) {
                continue;
            }
            let waits_for_something = component
                .handlers
                .values()
                .any(|action| is_conditional(action, &program, 0))
                || component.is_submit
                || !component.checks.is_empty();
            let message = format!("`{}` was used and nothing changed", component.id);
            let issue = if waits_for_something {
                Issue::warning(Code::ControlDoesNothing, &*component.at, message)
            } else {
                Issue::error(Code::ControlDoesNothing, &*component.at, message)
            };
            self.note(issue.about(&*component.id));
        }
        let untried = self.untried();
        self.note_what_is_left_open(&untried);
        Report {
            passed: !self.issues.iter().any(Issue::is_error),
            issues: self.issues,
            events: self.events,
            wakes: self.wakes,
            fuel,
            used: self
                .uses
                .keys()
                .map(|component| program.components[*component].id.clone())
                .collect(),
            untried,
            answered: self.answered,
        }
    }
}

/// Whether the action may rightly do nothing: it has a condition or waits for a pause.
fn is_conditional(action: &Action, program: &Program, depth: usize) -> bool {
    if depth > crate::spec::action::DEPTH {
        return false;
    }
    action.steps.iter().any(|step| {
        step.condition.is_some()
            || step.debounce_ms.is_some()
            || match &step.call {
                Call::Steps(steps) => is_conditional(steps, program, depth + 1),
                Call::Named { action, .. } => program
                    .actions
                    .get(action)
                    .is_some_and(|action| is_conditional(action, program, depth + 1)),
                Call::Tool { id, .. } => ends_at_a_limit(id),
            }
    })
}

/// Tools that rightly leave things as they are when there is nothing to do.
fn ends_at_a_limit(tool: &str) -> bool {
    let group = tool.split('.').next().unwrap_or_default();
    matches!(group, "calc" | "form" | "system")
}
