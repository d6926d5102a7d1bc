//! Ids: every component has one, and no two the same.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::{Mender, Object};
use crate::spec::document::position_id;
use crate::spec::location::Location;

impl Mender<'_> {
    /// Gives ids by position (`c0`, `c0_1`, …) where they are missing, and new ones to duplicates.
    pub(super) fn ids(&mut self, root: &mut Object) {
        let Some(Value::Array(components)) = root.get_mut("components") else {
            return;
        };
        if are_settled(components, &mut HashSet::new()) {
            return;
        }
        let mut ids = Ids {
            written: HashSet::new(),
            taken: HashSet::new(),
            next: HashMap::new(),
            given: 0,
        };
        ids.read(components);
        self.assign_ids(components, &Location::at("/components"), &mut ids);
        if ids.given > 0 {
            let noun = if ids.given == 1 { "component" } else { "components" };
            self.told(
                &Location::at("/components"),
                format!("{} {noun} without an id got one by position", ids.given),
            );
        }
    }

    fn assign_ids(&mut self, components: &mut [Value], at: &Location, ids: &mut Ids) {
        for (index, component) in components.iter_mut().enumerate() {
            let Value::Object(component) = component else {
                continue;
            };
            let at = at.item(index);
            self.assign_id(component, &at, ids);
            if let Some(Value::Array(children)) = component.get_mut("children") {
                self.assign_ids(children, &at.member("children"), ids);
            }
        }
    }

    fn assign_id(&mut self, component: &mut Object, at: &Location, ids: &mut Ids) {
        match component.get("id") {
            None => {}
            Some(Value::String(id)) if id.is_empty() => {}
            Some(Value::String(id)) if ids.taken.insert(id.clone()) => return,
            Some(Value::String(id)) => {
                let (id, fresh) = (id.clone(), ids.fresh(id));
                self.told(
                    &at.member("id"),
                    format!("the id \"{id}\" is taken, so this component is \"{fresh}\""),
                );
                component.insert("id".to_owned(), fresh.into());
                return;
            }
            Some(Value::Number(number)) => {
                let id = format!("c_{number}");
                let fresh = if ids.written.contains(&id) || !ids.taken.insert(id.clone()) {
                    ids.fresh(&id)
                } else {
                    id
                };
                self.told(
                    &at.member("id"),
                    format!("an id is text, so this component is \"{fresh}\""),
                );
                component.insert("id".to_owned(), fresh.into());
                return;
            }
            Some(_) => return,
        }
        let position = position_id(&at.pointer());
        let is_free = !ids.written.contains(&position) && ids.taken.insert(position.clone());
        let id = if is_free { position } else { ids.fresh(&position) };
        component.insert("id".to_owned(), id.into());
        ids.given += 1;
    }
}

/// Whether each component has an id that none before it has.
fn are_settled<'c>(components: &'c [Value], taken: &mut HashSet<&'c str>) -> bool {
    components.iter().filter_map(Value::as_object).all(|component| {
        let has_own = match component.get("id") {
            Some(Value::String(id)) => !id.is_empty() && taken.insert(id),
            None | Some(Value::Number(_)) => false,
            // No mend makes an id of it.
            Some(_) => true,
        };
        let children = component.get("children").and_then(Value::as_array);
        has_own && children.is_none_or(|children| are_settled(children, taken))
    })
}

struct Ids {
    /// Every id the document writes, wherever it stands.
    written: HashSet<String>,
    /// Ids of the components passed so far.
    taken: HashSet<String>,
    /// Where the search for a free number of an id goes on.
    next: HashMap<String, usize>,
    given: usize,
}

impl Ids {
    fn read(&mut self, components: &[Value]) {
        for component in components {
            if let Some(id) = component.get("id").and_then(Value::as_str) {
                self.written.insert(id.to_owned());
            }
            if let Some(children) = component.get("children").and_then(Value::as_array) {
                self.read(children);
            }
        }
    }

    fn fresh(&mut self, id: &str) -> String {
        let next = self.next.entry(id.to_owned()).or_insert(1);
        loop {
            *next += 1;
            let fresh = format!("{id}_{next}");
            if !self.written.contains(&fresh) && self.taken.insert(fresh.clone()) {
                return fresh;
            }
        }
    }
}
