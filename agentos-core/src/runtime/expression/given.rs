//! Arguments of a call, taken one after the other or by name.

use std::sync::Arc;

use super::operand::Operand;
use super::{ExpressionError, invalid};

#[derive(Debug, Clone)]
pub(super) struct Given {
    /// The next one last.
    placed: Vec<Operand>,
    named: Vec<(Arc<str>, Operand)>,
}

impl Given {
    pub(super) fn of(mut placed: Vec<Operand>) -> Self {
        placed.reverse();
        Self {
            placed,
            named: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, name: Arc<str>, operand: Operand) {
        self.named.push((name, operand));
    }

    pub(super) fn next(&mut self) -> Option<Operand> {
        self.placed.pop()
    }

    pub(super) fn named(&mut self, name: &str) -> Option<Operand> {
        let at = self.named.iter().position(|(known, _)| **known == *name)?;
        Some(self.named.swap_remove(at).1)
    }

    pub(super) fn take_named(&mut self) -> Vec<(Arc<str>, Operand)> {
        std::mem::take(&mut self.named)
    }

    /// The next one, or the one of that name.
    pub(super) fn take(&mut self, name: &str) -> Option<Operand> {
        self.next().or_else(|| self.named(name))
    }

    pub(super) fn needed(&mut self, name: &str) -> Result<Operand, ExpressionError> {
        let missing = || ExpressionError::Failed(format!("missing argument: `{name}`"));
        self.take(name).ok_or_else(missing)
    }

    /// Null where none is given, and what is null is not given.
    pub(super) fn text(&mut self, name: &str) -> Result<Option<Arc<str>>, ExpressionError> {
        let operand = self.take(name).filter(|operand| !operand.is_null());
        operand.map(|operand| operand.written()).transpose()
    }

    pub(super) fn needed_text(&mut self, name: &str) -> Result<Arc<str>, ExpressionError> {
        self.needed(name)?.written()
    }

    pub(super) fn int(&mut self, name: &str) -> Result<Option<i64>, ExpressionError> {
        let operand = self.take(name).filter(|operand| !operand.is_null());
        let int = |operand: Operand| operand.as_int().ok_or_else(|| no_int(name, &operand));
        operand.map(int).transpose()
    }

    pub(super) fn needed_int(&mut self, name: &str) -> Result<i64, ExpressionError> {
        let operand = self.needed(name)?;
        operand.as_int().ok_or_else(|| no_int(name, &operand))
    }

    /// One that can only be given by its name; false where it is not.
    pub(super) fn flag(&mut self, name: &str) -> bool {
        self.named(name).is_some_and(|operand| operand.is_true())
    }

    /// The attribute by which elements are looked at.
    pub(super) fn attribute(&mut self) -> Result<Option<Arc<str>>, ExpressionError> {
        self.named("attribute")
            .map(|attribute| attribute.written())
            .transpose()
    }

    /// # Errors
    /// Something is left that nobody asked for.
    pub(super) fn end(&self) -> Result<(), ExpressionError> {
        if let Some((name, _)) = self.named.first() {
            return Err(ExpressionError::Failed(format!(
                "too many arguments: unknown keyword argument `{name}`"
            )));
        }
        if self.placed.is_empty() {
            return Ok(());
        }
        Err(ExpressionError::Failed("too many arguments".into()))
    }
}

fn no_int(name: &str, operand: &Operand) -> ExpressionError {
    invalid(&format!("`{name}` is a whole number, not a {}", operand.kind()))
}
