//! A document while it is written, as it is drawn.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::spec::mend::{Loss, mend};
use crate::spec::patch::{self, AddOperation, PatchOperation, PointerBuf, ReplaceOperation};
use crate::spec::{Catalog, UiSpec, bounds};

/// Follows the patches of a document and tells those of its mended form, because what draws it does not mend.
#[derive(Debug)]
pub struct Draft {
    catalog: Arc<Catalog>,
    written: Value,
    told: Value,
}

impl Draft {
    /// A draft of the empty document.
    pub fn new(catalog: Arc<Catalog>) -> Self {
        Self {
            catalog,
            written: json!({}),
            told: json!({}),
        }
    }

    /// What `patch` changes of what is drawn: `add` and `replace` only, parents before their children. Nothing while
    /// the document has no shape that can be drawn; that is made up for as soon as it has one.
    pub fn grow(&mut self, patch: &[PatchOperation]) -> Vec<PatchOperation> {
        if patch::apply(&mut self.written, patch, bounds::verify).is_err() {
            return Vec::new();
        }
        // A button whose action has still to come is a button: only the shape is asked for.
        let mended = mend(self.written.clone(), &self.catalog, Loss::Malformed).doc;
        let mut operations = Vec::new();
        if UiSpec::from_json(&mended).is_ok() {
            growth(&self.told, &mended, &mut PointerBuf::new(), &mut operations);
            self.told = mended;
        }
        operations
    }
}

fn growth(before: &Value, after: &Value, at: &mut PointerBuf, operations: &mut Vec<PatchOperation>) {
    match (before, after) {
        _ if before == after => {}
        (Value::Object(old), Value::Object(new)) if old.keys().all(|name| new.contains_key(name)) => {
            for (name, value) in new {
                at.push_back(name);
                part(old.get(name), value, at, operations);
                at.pop_back();
            }
        }
        (Value::Array(old), Value::Array(new)) if old.len() <= new.len() => {
            for (index, value) in new.iter().enumerate() {
                at.push_back(index);
                part(old.get(index), value, at, operations);
                at.pop_back();
            }
        }
        _ => operations.push(PatchOperation::Replace(ReplaceOperation {
            path: at.clone(),
            value: after.clone(),
        })),
    }
}

fn part(before: Option<&Value>, after: &Value, at: &mut PointerBuf, operations: &mut Vec<PatchOperation>) {
    match before {
        Some(before) => growth(before, after, at, operations),
        None => operations.push(PatchOperation::Add(AddOperation {
            path: at.clone(),
            value: after.clone(),
        })),
    }
}
