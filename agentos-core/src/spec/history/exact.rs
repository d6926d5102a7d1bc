//! Differences that keep the order of members, so that the way there and back ends at the same bytes.

use serde_json::{Map, Value};

use crate::spec::patch::{
    AddOperation, PatchOperation, PointerBuf, RemoveOperation, ReplaceOperation, is_forbidden_name,
};

/// The patch that makes exactly `after` out of `before`: values, the order of members, the form of numbers.
pub(super) fn diff(before: &Value, after: &Value) -> Vec<PatchOperation> {
    let mut operations = Vec::new();
    value(&PointerBuf::new(), before, after, &mut operations);
    operations
}

fn value(path: &PointerBuf, before: &Value, after: &Value, operations: &mut Vec<PatchOperation>) {
    match (before, after) {
        (before, after) if same(before, after) => {}
        (Value::Object(old), Value::Object(new)) if can_be_patched(old, new) => {
            members(path, old, new, operations);
        }
        (Value::Array(old), Value::Array(new)) => items(path, old, new, operations),
        (_, after) => operations.push(PatchOperation::Replace(ReplaceOperation {
            path: path.clone(),
            value: after.clone(),
        })),
    }
}

fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .zip(b)
                    .all(|((name, a), (other, b))| name == other && same(a, b))
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        // Equal numbers may be written in two ways, such as 0.0 and -0.0.
        (Value::Number(a), Value::Number(b)) => a.to_string() == b.to_string(),
        _ => a == b,
    }
}

/// Whether adding and removing members leads to the order of `new`. A removed member's place is taken by
/// the last one.
fn can_be_patched(old: &Map<String, Value>, new: &Map<String, Value>) -> bool {
    let mut names: Vec<&String> = old.keys().collect();
    for name in old.keys().filter(|name| !new.contains_key(*name)) {
        if let Some(place) = names.iter().position(|other| *other == name) {
            names.swap_remove(place);
        }
    }
    names.extend(new.keys().filter(|name| !old.contains_key(*name)));
    let nameable = names
        .iter()
        .chain(&old.keys().collect::<Vec<_>>())
        .all(|name| !is_forbidden_name(name));
    nameable && names.into_iter().eq(new.keys())
}

fn members(
    path: &PointerBuf,
    old: &Map<String, Value>,
    new: &Map<String, Value>,
    operations: &mut Vec<PatchOperation>,
) {
    for name in old.keys().filter(|name| !new.contains_key(*name)) {
        operations.push(PatchOperation::Remove(RemoveOperation {
            path: path.with_trailing_token(name),
        }));
    }
    for (name, after) in new {
        let path = path.with_trailing_token(name);
        match old.get(name) {
            Some(before) => value(&path, before, after, operations),
            None => operations.push(added(path, after)),
        }
    }
}

fn items(path: &PointerBuf, old: &[Value], new: &[Value], operations: &mut Vec<PatchOperation>) {
    let start = old.iter().zip(new).take_while(|(a, b)| same(a, b)).count();
    let (old, new) = (&old[start..], &new[start..]);
    let end = old
        .iter()
        .rev()
        .zip(new.iter().rev())
        .take_while(|(a, b)| same(a, b))
        .count();
    let (old, new) = (&old[..old.len() - end], &new[..new.len() - end]);
    let common = old.len().min(new.len());
    for (index, (before, after)) in old.iter().zip(new).enumerate() {
        value(
            &path.with_trailing_token(start + index),
            before,
            after,
            operations,
        );
    }
    for _ in common..old.len() {
        operations.push(PatchOperation::Remove(RemoveOperation {
            path: path.with_trailing_token(start + common),
        }));
    }
    for (index, item) in new.iter().enumerate().skip(common) {
        operations.push(added(path.with_trailing_token(start + index), item));
    }
}

fn added(path: PointerBuf, value: &Value) -> PatchOperation {
    PatchOperation::Add(AddOperation {
        path,
        value: value.clone(),
    })
}
