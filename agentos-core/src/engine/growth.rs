//! The patches of a draft. A document that is still being written only grows, so they need no more of RFC 6902 than
//! `add` and `replace`, and the module of the browser holds no more.

use serde_json::Value as Json;

use crate::spec::path::FORBIDDEN_NAMES;
use crate::spec::{Code, Issue, bounds};

/// Applies all operations or none.
pub(super) fn grow(document: &Json, operations: &Json) -> Result<Json, Issue> {
    let mut grown = document.clone();
    let operations = operations
        .as_array()
        .ok_or_else(|| failed("a patch is a list of operations"))?;
    for (number, operation) in operations.iter().enumerate() {
        let path = operation["path"].as_str().unwrap_or_default();
        if path.split('/').any(|name| FORBIDDEN_NAMES.contains(&name)) {
            let told = format!("operation {number} names what is not allowed in its path {path}");
            return Err(Issue::error(Code::PathForbidden, "", told));
        }
        put(&mut grown, operation)
            .ok_or_else(|| failed(&format!("operation {number} failed at path {path}")))?;
    }
    bounds::verify(&grown)?;
    Ok(grown)
}

/// `None` where the operation has no place.
fn put(document: &mut Json, operation: &Json) -> Option<()> {
    let adds = match operation["op"].as_str()? {
        "add" => true,
        "replace" => false,
        _ => return None,
    };
    let (path, value) = (operation["path"].as_str()?, operation.get("value")?.clone());
    let Some((parent, name)) = path.rsplit_once('/') else {
        *document = value;
        return path.is_empty().then_some(());
    };
    let name = name.replace("~1", "/").replace("~0", "~");
    match document.pointer_mut(parent)? {
        Json::Object(members) if adds || members.contains_key(&name) => {
            members.insert(name, value);
        }
        Json::Array(items) => {
            let index = if name == "-" {
                items.len()
            } else {
                name.parse().ok()?
            };
            if !adds {
                *items.get_mut(index)? = value;
            } else if index <= items.len() {
                items.insert(index, value);
            } else {
                return None;
            }
        }
        _ => return None,
    }
    Some(())
}

fn failed(told: &str) -> Issue {
    Issue::error(Code::EditFailed, "", told)
}
