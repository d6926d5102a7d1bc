//! What of a state stays when the document it belongs to is edited.

use crate::value::{Map, Value};

/// The state an app goes on with under an edited document, from the values the documents `before`
/// and `after` begin with.
///
/// A path neither declares stays, and so does one whose declaration did not change. Where it
/// changed, a value of the new one's kind stays unless it is still what the old one began with; any
/// other gives way to the new initial value. What only the old document declared goes.
pub fn carried(before: &Map, after: &Map, state: &Map) -> Map {
    let mut kept = Map::new();
    for (name, value) in state {
        let next = match (before.get(name), after.get(name)) {
            (Some(_), None) => continue,
            (old, Some(new)) => fitting(old, new, value),
            (None, None) => value.clone(),
        };
        kept.insert(name.clone(), next);
    }
    for (name, value) in after {
        if !kept.contains_key(name) {
            kept.insert(name.clone(), value.clone());
        }
    }
    kept
}

fn fitting(old: Option<&Value>, new: &Value, value: &Value) -> Value {
    match (old, new, value) {
        (Some(old), new, value) if old == new => value.clone(),
        (Some(old), new, value) if old == value => new.clone(),
        (old, Value::Map(new), Value::Map(value)) => {
            let none = Map::new();
            let old = old.and_then(Value::as_map).unwrap_or(&none);
            Value::Map(carried(old, new, value))
        }
        // An empty place takes any value.
        (_, Value::Null, value) => value.clone(),
        (_, new, value) if kind(new) == kind(value) => value.clone(),
        (_, new, _) => new.clone(),
    }
}

fn kind(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Text(_) => 3,
        Value::List(_) => 4,
        Value::Map(_) => 5,
        _ => 2,
    }
}
