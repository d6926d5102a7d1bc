//! Steps that expressions may take together, for whoever bounds a whole run and not one evaluation.
//!
//! A call of an app evaluates on the thread it is called on and returns when it is done, so the
//! allowance belongs to the thread and reaches every expression without passing through the program.

use std::cell::Cell;

thread_local! {
    static LEFT: Cell<Option<u64>> = const { Cell::new(None) };
}

/// As long as it lives, expressions on this thread are measured, and fail once `steps` are spent.
#[derive(Debug)]
pub(super) struct Allowance {
    steps: u64,
    before: Option<u64>,
}

impl Allowance {
    pub(super) fn of(steps: u64) -> Self {
        Self {
            steps,
            before: LEFT.replace(Some(steps)),
        }
    }

    /// `None` when nothing bounds this thread.
    pub(super) fn left() -> Option<u64> {
        LEFT.get()
    }

    pub(super) fn spent(&self) -> u64 {
        self.steps - LEFT.get().unwrap_or_default().min(self.steps)
    }
}

impl Drop for Allowance {
    fn drop(&mut self) {
        LEFT.set(self.before);
    }
}

pub(super) fn spend(steps: u64) {
    LEFT.set(LEFT.get().map(|left| left.saturating_sub(steps)));
}
