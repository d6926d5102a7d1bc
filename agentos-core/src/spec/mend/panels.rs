//! Panels of tabs and accordions that are written as a list of labels and contents.

use serde_json::{Value, json};

use super::{Mender, Object};
use crate::spec::catalog::{Children, ComponentEntry};
use crate::spec::location::Location;

/// What such a list is called, beside the component's properties or among them.
const LISTS: [&str; 4] = ["tabs", "items", "panels", "sections"];
const LABELS: [&str; 5] = ["label", "title", "name", "header", "heading"];
const IDS: [&str; 3] = ["id", "value", "key"];
const CONTENTS: [&str; 6] = ["children", "components", "content", "body", "text", "panel"];

impl Mender<'_> {
    /// Makes the entries of such a list the component's children; left alone where one says more than a panel holds.
    pub(super) fn panels(&mut self, component: &mut Object, entry: Option<&ComponentEntry>, at: &Location) {
        if !entry.is_some_and(|entry| entry.children == Children::Panels) || has_children(component) {
            return;
        }
        let Some((list, inside)) = LISTS.iter().find_map(|list| {
            let in_props = component.get("props").is_some_and(|props| props[list].is_array());
            let beside = component.get(*list).is_some_and(Value::is_array);
            (in_props || beside).then_some((*list, in_props))
        }) else {
            return;
        };
        let holder = if inside {
            component.get_mut("props").and_then(Value::as_object_mut)
        } else {
            Some(&mut *component)
        };
        let Some(holder) = holder else { return };
        let Some(panels) = holder[list]
            .as_array()
            .and_then(|entries| entries.iter().map(panel).collect())
        else {
            return;
        };
        holder.shift_remove(list);
        component.insert("children".to_owned(), Value::Array(panels));
        let at = if inside { at.member("props") } else { *at };
        self.told(
            &at.member(list),
            format!("`{list}` were made children, each a panel with its label"),
        );
    }
}

fn has_children(component: &Object) -> bool {
    let in_props = component.get("props").map(|props| &props["children"]);
    [component.get("children"), in_props]
        .into_iter()
        .flatten()
        .any(|children| !children.is_null() && children.as_array().is_none_or(|list| !list.is_empty()))
}

/// The panel of an entry; none when it has members that would be lost.
fn panel(entry: &Value) -> Option<Value> {
    if let Some(label) = entry.as_str() {
        return Some(json!({"type": "container", "props": {"label": label}, "children": []}));
    }
    let mut rest = entry.as_object()?.clone();
    let mut take = |names: &[&str]| names.iter().find_map(|name| rest.shift_remove(*name));
    let label = take(&LABELS)?;
    let id = take(&IDS);
    let children = match take(&CONTENTS) {
        None | Some(Value::Null) => json!([]),
        Some(Value::Array(children)) => Value::Array(children),
        Some(child) => json!([child]),
    };
    if !rest.is_empty() {
        return None;
    }
    let mut panel = json!({"type": "container", "props": {"label": label}, "children": children});
    if let Some(id @ Value::String(_)) = id {
        panel["id"] = id;
    }
    Some(panel)
}
