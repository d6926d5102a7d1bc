//! What changed between two documents, in words.

use serde_json::{Map, Value};

use crate::spec::limits::HISTORY_CHANGES;

/// A sentence for each change: "changed text of clear", "added button prio".
pub fn changes(before: &Value, after: &Value) -> Vec<String> {
    let mut told = Vec::new();
    document(before, after, &mut told);
    components(before, after, &mut told);
    told
}

/// The first of them, and how many more there are.
pub(super) fn told(before: &Value, after: &Value) -> Vec<String> {
    let mut told = changes(before, after);
    let more = told.len().saturating_sub(HISTORY_CHANGES);
    if more > 0 {
        told.truncate(HISTORY_CHANGES);
        told.push(format!("and {more} more"));
    }
    told
}

fn document(before: &Value, after: &Value, told: &mut Vec<String>) {
    for (name, how) in differing(before, after) {
        match (name.as_str(), before[&name].as_object(), after[&name].as_object()) {
            ("components", ..) => {}
            ("state" | "computed" | "data" | "actions" | "on" | "watch" | "theme" | "style", old, new)
                if old.is_some() || new.is_some() =>
            {
                let (old, new) = (
                    before.get(&name).unwrap_or(&Value::Null),
                    after.get(&name).unwrap_or(&Value::Null),
                );
                for (member, how) in differing(old, new) {
                    told.push(format!("{how} {name} {member}"));
                }
            }
            ("title", ..) if after["title"].is_string() => {
                told.push(format!("changed title to {}", after["title"]));
            }
            _ => told.push(format!("{how} {name} of the app")),
        }
    }
}

/// One component, and where it stands.
struct Standing<'a> {
    id: String,
    parent: String,
    value: &'a Value,
}

fn components(before: &Value, after: &Value, told: &mut Vec<String>) {
    let (old, new) = (standing(before), standing(after));
    let index = |list: &[Standing<'_>]| -> std::collections::HashMap<String, usize> {
        let places = list.iter().enumerate();
        places.map(|(place, one)| (one.id.clone(), place)).collect()
    };
    let (old_places, new_places) = (index(&old), index(&new));
    for one in old.iter().filter(|one| !new_places.contains_key(&one.id)) {
        told.push(format!("removed {} {}", kind(one.value), one.id));
    }
    for one in &new {
        let Some(earlier) = old_places.get(&one.id).map(|&place| &old[place]) else {
            told.push(format!("added {} {}", kind(one.value), one.id));
            continue;
        };
        component(earlier, one, told);
    }
    let common = |list: &[Standing<'_>], other: &std::collections::HashMap<String, usize>| -> Vec<String> {
        let kept = list.iter().filter(|one| other.contains_key(&one.id));
        kept.map(|one| format!("{}/{}", one.parent, one.id)).collect()
    };
    let stays_put = common(&old, &new_places) == common(&new, &old_places);
    let some_moved = old.iter().any(|one| {
        new_places
            .get(&one.id)
            .is_some_and(|&place| new[place].parent != one.parent)
    });
    if !stays_put && !some_moved {
        told.push("changed the order of components".to_owned());
    }
}

fn component(before: &Standing<'_>, after: &Standing<'_>, told: &mut Vec<String>) {
    let id = &after.id;
    if before.parent != after.parent {
        let into = if after.parent.is_empty() {
            "the app"
        } else {
            &after.parent
        };
        told.push(format!("moved {id} into {into}"));
    }
    for (name, how) in differing(before.value, after.value) {
        match name.as_str() {
            "children" | "id" => {}
            "type" => told.push(format!("made {id} a {}", kind(after.value))),
            "props" | "on_event" | "a11y" => {
                let (old, new) = (&before.value[&name], &after.value[&name]);
                for (member, how) in differing(old, new) {
                    told.push(format!("{how} {member} of {id}"));
                }
            }
            _ => told.push(format!("{how} {name} of {id}")),
        }
    }
}

fn kind(component: &Value) -> &str {
    component["type"].as_str().unwrap_or("component")
}

/// The members in which two objects differ, with what happened to each.
fn differing(before: &Value, after: &Value) -> Vec<(String, &'static str)> {
    let none = Map::new();
    let old = before.as_object().unwrap_or(&none);
    let new = after.as_object().unwrap_or(&none);
    let removed = old
        .keys()
        .filter(|name| !new.contains_key(*name))
        .map(|name| (name.clone(), "removed"));
    let rest = new.iter().filter_map(|(name, value)| match old.get(name) {
        None => Some((name.clone(), "added")),
        Some(earlier) if earlier != value => Some((name.clone(), "changed")),
        Some(_) => None,
    });
    removed.chain(rest).collect()
}

/// Every component in document order; one without an id has the one it gets by position.
fn standing(document: &Value) -> Vec<Standing<'_>> {
    let mut found = Vec::new();
    let mut open = listed(&document["components"], "", |index| format!("c{index}"));
    while let Some((one, position)) = open.pop() {
        let children = listed(&one.value["children"], &one.id, |index| {
            format!("{position}_{index}")
        });
        open.extend(children);
        found.push(one);
    }
    found
}

/// Last one first, as a stack wants them.
fn listed<'a>(
    list: &'a Value,
    parent: &str,
    position: impl Fn(usize) -> String,
) -> Vec<(Standing<'a>, String)> {
    let items = list.as_array().map_or(&[] as &[Value], Vec::as_slice);
    let one = |(index, value): (usize, &'a Value)| {
        let position = position(index);
        let id = value["id"].as_str().filter(|id| !id.is_empty());
        let one = Standing {
            id: id.unwrap_or(&position).to_owned(),
            parent: parent.to_owned(),
            value,
        };
        (one, position)
    };
    items.iter().enumerate().rev().map(one).collect()
}
