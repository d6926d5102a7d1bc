//! The paths of a state that outlive the window.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::spec::path::Path;

/// The paths the document persists. What is no path was told by the checker and persists nothing.
pub(super) fn paths(document: &Value) -> Vec<Path> {
    let listed = document["persist"].as_array().into_iter().flatten();
    listed
        .filter_map(|path| Path::parse(path.as_str()?).ok())
        .collect()
}

/// The state the document begins with, with what its namespace kept of the paths it persists.
pub(super) fn initial_state(document: &Value, persisted: &BTreeMap<String, Value>) -> Value {
    let mut state = match &document["state"] {
        Value::Object(state) => Value::Object(state.clone()),
        _ => Value::Object(Map::new()),
    };
    for path in paths(document) {
        if let Some(value) = persisted.get(&path.pointer()) {
            set(&mut state, &path, value.clone());
        }
    }
    state
}

/// What a change of the state changed at the persisted paths: JSON Pointer → new value, null where
/// there is none any more.
pub(super) fn changes(document: &Value, before: &Value, after: &Value) -> BTreeMap<String, Value> {
    let pointers = paths(document).into_iter().map(|path| path.pointer());
    pointers
        .filter(|pointer| before.pointer(pointer) != after.pointer(pointer))
        .map(|pointer| {
            let value = after.pointer(&pointer).cloned().unwrap_or_default();
            (pointer, value)
        })
        .collect()
}

/// What an edit of the document changed at the persisted paths: as [`changes`], with what is there at
/// the paths that only the edited document persists.
pub(super) fn changes_by_edit(
    documents: [&Value; 2],
    before: &Value,
    after: &Value,
) -> BTreeMap<String, Value> {
    let [earlier, edited] = documents;
    let known = paths(earlier);
    let fresh = paths(edited).into_iter().filter(|path| !known.contains(path));
    let mut changed = changes(edited, before, after);
    changed.extend(fresh.filter_map(|path| {
        let pointer = path.pointer();
        let value = after.pointer(&pointer)?.clone();
        Some((pointer, value))
    }));
    changed
}

/// Writes `value` at `path`, making the objects that are missing on the way. A path that leads through a list too
/// short or a plain value changes nothing: the document is newer than what was kept.
fn set(state: &mut Value, path: &Path, value: Value) {
    let mut place = state;
    for segment in path.segments() {
        if place.is_null() {
            *place = Value::Object(Map::new());
        }
        let next = match place {
            Value::Object(members) => Some(members.entry(&**segment).or_insert(Value::Null)),
            Value::Array(items) => segment.parse().ok().and_then(|index: usize| items.get_mut(index)),
            _ => None,
        };
        let Some(next) = next else { return };
        place = next;
    }
    *place = value;
}
