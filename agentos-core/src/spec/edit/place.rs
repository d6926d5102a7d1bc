//! Where components stand in a document.

use std::collections::HashSet;

use serde_json::Value;

use super::{Failure, put};
use crate::spec::patch::{PatchOperation, PointerBuf};

/// Where a component goes.
#[derive(Debug, Clone, Default)]
pub(super) struct Place {
    /// The id of the parent; without one, the parent of the anchor or the document itself.
    pub(super) into: Option<String>,
    pub(super) position: Position,
}

#[derive(Debug, Clone, Default)]
pub(super) enum Position {
    First,
    #[default]
    Last,
    Before(String),
    After(String),
}

impl Place {
    /// The path a component is added at.
    pub(super) fn target(&self, doc: &Value) -> Result<PointerBuf, Failure> {
        match &self.position {
            Position::First => Ok(self.list(doc)?.with_trailing_token(0)),
            Position::Last => {
                let list = self.list(doc)?;
                let length = doc
                    .pointer(list.as_str())
                    .and_then(Value::as_array)
                    .map_or(0, Vec::len);
                Ok(list.with_trailing_token(length))
            }
            Position::Before(anchor) => self.beside(doc, anchor, 0),
            Position::After(anchor) => self.beside(doc, anchor, 1),
        }
    }

    /// The operation that makes the parent's list, where it has none yet.
    pub(super) fn missing_list(&self, doc: &Value) -> Result<Option<PatchOperation>, Failure> {
        if matches!(self.position, Position::Before(_) | Position::After(_)) {
            return Ok(None);
        }
        let list = self.list(doc)?;
        Ok(match doc.pointer(list.as_str()) {
            Some(Value::Array(_)) => None,
            Some(single @ Value::Object(_)) => Some(put(true, list, Value::Array(vec![single.clone()]))),
            present => Some(put(present.is_some(), list, Value::Array(Vec::new()))),
        })
    }

    fn beside(&self, doc: &Value, anchor: &str, steps: usize) -> Result<PointerBuf, Failure> {
        let path = find(doc, anchor).ok_or_else(|| Failure::NoSuchComponent(anchor.to_owned()))?;
        let (list, index) = list_and_index(path);
        if let Some(into) = &self.into
            && self.list(doc)? != list
        {
            return Err(Failure::AnchorElsewhere {
                anchor: anchor.to_owned(),
                into: into.clone(),
            });
        }
        Ok(list.with_trailing_token(index + steps))
    }

    fn list(&self, doc: &Value) -> Result<PointerBuf, Failure> {
        let Some(into) = &self.into else {
            return Ok(root_list());
        };
        match find(doc, into) {
            Some(parent) => Ok(parent.with_trailing_token("children")),
            None if matches!(into.as_str(), "root" | "app") => Ok(root_list()),
            None => Err(Failure::NoSuchComponent(into.clone())),
        }
    }
}

/// The path of the component with this id; of the first one where several have it.
pub(super) fn find(doc: &Value, id: &str) -> Option<PointerBuf> {
    components(doc)
        .into_iter()
        .find(|component| component.value["id"] == id)
        .map(|component| component.path)
}

pub(super) fn ids(doc: &Value) -> Vec<String> {
    components(doc)
        .iter()
        .filter_map(|component| component.value["id"].as_str())
        .map(str::to_owned)
        .collect()
}

/// The components that have no id, with the one each has by position.
pub(super) fn unnamed_components(doc: &Value) -> Vec<(PointerBuf, String)> {
    let taken: HashSet<String> = ids(doc).into_iter().collect();
    components(doc)
        .into_iter()
        .filter(|component| component.value["id"].as_str().is_none_or(str::is_empty))
        .filter(|component| component.value.is_object() && !taken.contains(&component.position))
        .map(|component| (component.path, component.position))
        .collect()
}

struct Standing<'a> {
    path: PointerBuf,
    /// The id it has by position, as [`UiSpec::from_json`](crate::spec::UiSpec::from_json) gives it.
    position: String,
    value: &'a Value,
}

/// Every component in document order.
fn components(doc: &Value) -> Vec<Standing<'_>> {
    let mut found = Vec::new();
    let mut open = children(&doc["components"], &root_list(), |index| format!("c{index}"));
    while let Some(component) = open.pop() {
        let list = component.path.with_trailing_token("children");
        open.extend(children(&component.value["children"], &list, |index| {
            format!("{}_{index}", component.position)
        }));
        found.push(component);
    }
    found
}

/// Last one first, as a stack wants them.
fn children<'a>(list: &'a Value, path: &PointerBuf, position: impl Fn(usize) -> String) -> Vec<Standing<'a>> {
    let items = list.as_array().map_or(&[] as &[Value], Vec::as_slice);
    let standing = |(index, value)| Standing {
        path: path.with_trailing_token(index),
        position: position(index),
        value,
    };
    items.iter().enumerate().rev().map(standing).collect()
}

fn root_list() -> PointerBuf {
    PointerBuf::from_tokens(["components"])
}

fn list_and_index(mut path: PointerBuf) -> (PointerBuf, usize) {
    let index = path
        .pop_back()
        .and_then(|token| token.decoded().parse().ok())
        .unwrap_or(0);
    (path, index)
}
