//! RFC 6902 patches that keep the bounds of what they change.
//!
//! Patches come from the network and from models: [`apply`] refuses names that would reach a
//! JavaScript prototype and patches that copy a document beyond its bounds, before any work is done.

use json_patch::jsonptr::Pointer;
use serde_json::Value;
use thiserror::Error;

pub use json_patch::jsonptr::PointerBuf;
pub use json_patch::{AddOperation, PatchErrorKind, PatchOperation, RemoveOperation, ReplaceOperation};

use super::path::FORBIDDEN_NAMES;
use super::{Code, Issue, bounds, limits};

/// Why a patch was refused; what it was meant for is unchanged.
#[derive(Debug, Error)]
pub enum PatchError {
    #[error("not a list of RFC 6902 operations: {0}")]
    Malformed(#[source] serde_json::Error),
    #[error("operation {operation} names {name} in its path {path}, which is not allowed")]
    ForbiddenName {
        operation: usize,
        path: String,
        name: &'static str,
    },
    #[error("operation {operation} failed at path {path}: {reason}")]
    Failed {
        operation: usize,
        path: String,
        reason: PatchErrorKind,
    },
    #[error("operation {operation} would nest values deeper than {limit} levels", limit = limits::JSON_DEPTH)]
    TooDeep { operation: usize },
    #[error("the copies and moves of the patch touch more than {COPIED_BYTES} bytes")]
    CopiesTooMuch,
    #[error("{}", .0.message)]
    OutOfBounds(Issue),
}

impl PatchError {
    pub fn into_issue(self) -> Issue {
        let code = match &self {
            PatchError::Malformed(_) | PatchError::Failed { .. } => Code::EditFailed,
            PatchError::ForbiddenName { .. } => Code::PathForbidden,
            PatchError::TooDeep { .. } => Code::TooDeep,
            PatchError::CopiesTooMuch => Code::TooLarge,
            PatchError::OutOfBounds(issue) => return issue.clone(),
        };
        Issue::error(code, "", self.to_string())
    }
}

/// Bytes that all `copy` and `move` operations of one patch may touch together. A few operations
/// that double the document would otherwise fill the memory long before the result is measured.
const COPIED_BYTES: usize = 8 * limits::DOCUMENT_BYTES;

/// Reads a patch from its JSON form.
pub fn parse(patch: Value) -> Result<Vec<PatchOperation>, PatchError> {
    serde_json::from_value(patch).map_err(PatchError::Malformed)
}

/// Applies all of `patch` or nothing; `verify` is the bounds of what is changed
/// ([`bounds::verify`] for a document, [`bounds::verify_state`] for a state).
pub fn apply(
    target: &mut Value,
    patch: &[PatchOperation],
    verify: impl Fn(&Value) -> Result<(), Issue>,
) -> Result<(), PatchError> {
    for (operation, change) in patch.iter().enumerate() {
        refuse_forbidden_names(operation, change)?;
    }
    let mut changed = target.clone();
    let mut copied_bytes = 0;
    for (operation, change) in patch.iter().enumerate() {
        copied_bytes += bytes_within_depth(operation, change, &changed)?;
        if copied_bytes > COPIED_BYTES {
            return Err(PatchError::CopiesTooMuch);
        }
        json_patch::patch_unsafe(&mut changed, std::slice::from_ref(change)).map_err(|failure| {
            PatchError::Failed {
                operation,
                path: failure.path.to_string(),
                reason: failure.kind,
            }
        })?;
    }
    verify(&changed).map_err(PatchError::OutOfBounds)?;
    *target = changed;
    Ok(())
}

/// The patch that makes `after` out of `before`.
pub fn diff(before: &Value, after: &Value) -> Vec<PatchOperation> {
    json_patch::diff(before, after).0
}

/// Whether no patch may name a member so.
pub fn is_forbidden_name(name: &str) -> bool {
    FORBIDDEN_NAMES.contains(&name)
}

fn refuse_forbidden_names(operation: usize, change: &PatchOperation) -> Result<(), PatchError> {
    for path in [Some(change.path()), source_of(change)].into_iter().flatten() {
        for token in path.tokens() {
            if let Some(&name) = FORBIDDEN_NAMES.iter().find(|&&name| token.decoded() == name) {
                return Err(PatchError::ForbiddenName {
                    operation,
                    path: path.to_string(),
                    name,
                });
            }
        }
    }
    Ok(())
}

fn source_of(change: &PatchOperation) -> Option<&Pointer> {
    match change {
        PatchOperation::Move(change) => Some(&change.from),
        PatchOperation::Copy(change) => Some(&change.from),
        PatchOperation::Add(_)
        | PatchOperation::Remove(_)
        | PatchOperation::Replace(_)
        | PatchOperation::Test(_) => None,
    }
}

/// The bytes a `copy` or `move` takes from elsewhere; no operation may put a value too deep.
fn bytes_within_depth(
    operation: usize,
    change: &PatchOperation,
    target: &Value,
) -> Result<usize, PatchError> {
    let (value, copied) = match change {
        PatchOperation::Add(change) => (Some(&change.value), false),
        PatchOperation::Replace(change) => (Some(&change.value), false),
        PatchOperation::Move(change) => (target.pointer(change.from.as_str()), true),
        PatchOperation::Copy(change) => (target.pointer(change.from.as_str()), true),
        PatchOperation::Remove(_) | PatchOperation::Test(_) => (None, false),
    };
    let Some(value) = value else { return Ok(0) };
    if change.path().count() + bounds::nesting(value) > limits::JSON_DEPTH {
        return Err(PatchError::TooDeep { operation });
    }
    Ok(if copied { bounds::json_bytes(value) } else { 0 })
}
