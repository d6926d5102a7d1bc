//! Components: their type, what was written in the wrong place, their children.

use serde_json::{Value, json};

use super::{Mender, Object, drop_nulls, names, path_meant, rename};
use crate::spec::catalog::{Catalog, Children, ComponentEntry};
use crate::spec::document::COMPONENT_KEYS;
use crate::spec::limits::COMPONENT_DEPTH;
use crate::spec::location::Location;
use crate::spec::nearest;

const OPTIONAL_KEYS: [&str; 8] = [
    "id", "props", "children", "on_event", "visible", "each", "checks", "a11y",
];
/// Keys of a component that are often written among its properties.
const MISPLACED_KEYS: [&str; 7] = ["on_event", "visible", "each", "children", "id", "checks", "a11y"];

impl<'a> Mender<'a> {
    /// Mends a list of components; `owner` names whose it is.
    pub(super) fn children(&mut self, children: &mut Value, at: &Location, owner: &str) {
        if children.is_object() || children.is_string() || children.is_number() {
            *children = json!([children.take()]);
            self.told(at, format!("the components of {owner} are a list"));
        }
        let Value::Array(items) = children else { return };
        for (index, item) in items.iter_mut().enumerate() {
            self.component(item, &at.item(index));
        }
        self.radios(items, at);
    }

    fn component(&mut self, value: &mut Value, at: &Location) {
        let first = self.issues.len();
        self.component_parts(value, at);
        let told = &mut self.issues[first..];
        if !told.is_empty()
            && let Some(id) = value.get("id").and_then(Value::as_str)
        {
            for issue in told {
                issue.id.get_or_insert_with(|| id.to_owned());
            }
        }
    }

    fn component_parts(&mut self, value: &mut Value, at: &Location) {
        if value.is_string() || value.is_number() {
            *value = json!({"type": "text", "props": {"content": value.take()}});
            self.told(at, "a bare text was made a text component");
        }
        let Value::Object(component) = value else { return };
        drop_nulls(component, &OPTIONAL_KEYS);
        self.component_keys(component, at);
        let entry = self.kind(component, at);
        self.gather_handlers(component, entry, at);
        self.panels(component, entry, at);
        self.gather_props(component, entry, at);
        self.move_out_of_props(component, entry, at);
        let entry = entry.and_then(|entry| self.input_type(component, entry, at));
        if let Some(entry) = entry {
            self.props(component, entry, at);
        }
        self.events(component, entry, at);
        self.visible_and_each(component, at);
        self.checks(component, at);
        if let Some(children) = component.get_mut("children") {
            let owner = entry.map_or("this component", |entry| entry.name.as_ref());
            self.children(children, &at.member("children"), owner);
        }
        if let Some(entry) = entry {
            self.text_child(component, entry, at);
            if entry.children == Children::None && component.contains_key("each") && has_room_around(at) {
                self.wrap_repeated(value, at);
            }
        }
    }

    /// Gives the component's keys their names, except those that are properties of its type.
    fn component_keys(&mut self, component: &mut Object, at: &Location) {
        if component.keys().all(|key| COMPONENT_KEYS.contains(&key.as_str())) {
            return;
        }
        let kind = component.get("type").and_then(Value::as_str).unwrap_or_default();
        let by_alias = || self.catalog.component_by_alias(kind).map(|(entry, _)| entry);
        let entry = self.catalog.component(kind).or_else(by_alias);
        let is_prop = |key: &str| entry.is_some_and(|entry| takes(entry, key));
        self.rename_keys_except(component, at, &COMPONENT_KEYS, &names::COMPONENT_KEYS, &is_prop);
    }

    /// The component's entry; its type is then written as the catalog writes it.
    fn kind(&mut self, component: &mut Object, at: &Location) -> Option<&'a ComponentEntry> {
        let catalog = self.catalog;
        let Some(written) = component.get("type").and_then(Value::as_str).map(str::to_owned) else {
            if component.contains_key("children") && !component.contains_key("type") {
                component.insert("type".to_owned(), "container".into());
                self.told(at, "a component without a type that has children is a container");
                return catalog.component("container");
            }
            return None;
        };
        if let Some(entry) = catalog.component(&written) {
            return Some(entry);
        }
        let names = catalog.components().flat_map(|entry| {
            std::iter::once(entry.name.as_ref()).chain(entry.aliases.iter().map(|alias| alias.name.as_ref()))
        });
        let meant = nearest::unmistakable(&written, names)?;
        let (entry, implied) = match catalog.component(meant) {
            Some(entry) => (entry, &[][..]),
            None => catalog
                .component_by_alias(meant)
                .map(|(entry, alias)| (entry, alias.implies.as_slice()))?,
        };
        component.insert("type".to_owned(), entry.name.as_ref().into());
        if !implied.is_empty()
            && let Value::Object(props) = component.entry("props").or_insert_with(|| json!({}))
        {
            for (prop, value) in implied {
                props.entry(prop.as_ref()).or_insert_with(|| value.clone());
            }
        }
        self.told(
            &at.member("type"),
            format!("the type \"{written}\" is \"{}\"", entry.name),
        );
        Some(entry)
    }

    /// Properties written beside `props` instead of in it.
    fn gather_props(&mut self, component: &mut Object, entry: Option<&ComponentEntry>, at: &Location) {
        let Some(entry) = entry else { return };
        let strays: Vec<String> = component
            .keys()
            .filter(|key| !COMPONENT_KEYS.contains(&key.as_str()) && takes(entry, key))
            .cloned()
            .collect();
        for key in strays {
            let Value::Object(props) = component.entry("props").or_insert_with(|| json!({})) else {
                return;
            };
            if props.contains_key(&key) {
                continue;
            }
            if let Some(value) = component.shift_remove(&key)
                && let Some(Value::Object(props)) = component.get_mut("props")
            {
                props.insert(key.clone(), value);
                self.told(&at.member(&key), format!("`{key}` was moved into `props`"));
            }
        }
    }

    /// Keys of the component written among its properties.
    fn move_out_of_props(&mut self, component: &mut Object, entry: Option<&ComponentEntry>, at: &Location) {
        let is_misplaced = |key: &String| MISPLACED_KEYS.contains(&key.as_str());
        let props = component.get("props").and_then(Value::as_object);
        if !props.is_some_and(|props| props.keys().any(is_misplaced)) {
            return;
        }
        for key in MISPLACED_KEYS {
            if component.contains_key(key) || entry.is_some_and(|entry| takes(entry, key)) {
                continue;
            }
            let Some(Value::Object(props)) = component.get_mut("props") else {
                return;
            };
            if let Some(value) = props.shift_remove(key) {
                if !value.is_null() {
                    component.insert(key.to_owned(), value);
                }
                self.told(
                    &at.member("props").member(key),
                    format!("`{key}` was moved out of `props`"),
                );
            }
        }
    }

    /// `onClick` and its like, from wherever they were written, to `on_event`.
    fn gather_handlers(&mut self, component: &mut Object, entry: Option<&ComponentEntry>, at: &Location) {
        let props_at = at.member("props");
        for (inside, at) in [("", at), ("props", &props_at)] {
            let Some(from) = part(component, inside) else {
                continue;
            };
            let switches: Vec<String> = from
                .iter()
                .filter(|(key, value)| {
                    value.is_boolean()
                        && is_handler_name(key)
                        && event_meant(self.catalog, entry, key).is_some()
                })
                .map(|(key, _)| key.clone())
                .collect();
            let clicks = |key: &str| {
                names::CLICK_PROPS.contains(&key)
                    && entry.is_some_and(|entry| entry.acts && !takes(entry, key))
            };
            let handlers: Vec<String> = from
                .iter()
                .filter(|(key, value)| {
                    (is_handler_name(key) || clicks(key))
                        && (value.is_string() || value.is_object() || value.is_array())
                })
                .map(|(key, _)| key.clone())
                .collect();
            for key in switches {
                if let Some(from) = part(component, inside) {
                    from.shift_remove(&key);
                }
                self.told(
                    &at.member(&key),
                    format!("an event is told without being asked for, so `{key}` was taken out"),
                );
            }
            for key in handlers {
                let written = if clicks(&key) { "click" } else { &key };
                let Some(event) = event_meant(self.catalog, entry, written) else {
                    continue;
                };
                let handled = component
                    .get("on_event")
                    .is_some_and(|handlers| !handlers.is_object() || handlers.get(event).is_some());
                if handled {
                    continue;
                }
                let Some(action) = part(component, inside).and_then(|from| from.shift_remove(&key)) else {
                    continue;
                };
                if let Value::Object(handlers) = component.entry("on_event").or_insert_with(|| json!({})) {
                    handlers.insert(event.to_owned(), action);
                }
                self.told(
                    &at.member(&key),
                    format!("`{key}` was moved to `on_event.{event}`"),
                );
            }
        }
    }

    /// Names the events of `on_event` and mends what they run.
    fn events(&mut self, component: &mut Object, entry: Option<&ComponentEntry>, at: &Location) {
        let at = at.member("on_event");
        let Some(handlers) = component.get_mut("on_event") else {
            return;
        };
        if handlers.is_string() || handlers.is_array() {
            let only = entry.and_then(|entry| match entry.events.as_slice() {
                [only] => Some(only),
                _ if entry.acts => entry.event("click"),
                _ => None,
            });
            if let Some(event) = only {
                *handlers = json!({event.name.as_ref(): handlers.take()});
                self.told(
                    &at,
                    format!("an action without an event runs on `{}`", event.name),
                );
            }
        }
        let Value::Object(handlers) = handlers else { return };
        if handlers.values().any(Value::is_null) {
            handlers.retain(|_, action| !action.is_null());
        }
        for key in handlers.keys().cloned().collect::<Vec<_>>() {
            if let Some(event) = event_meant(self.catalog, entry, &key)
                && event != key
                && !handlers.contains_key(event)
            {
                rename(handlers, &key, event);
                self.told(&at.member(&key), format!("the event `{key}` is called `{event}`"));
            }
        }
        for (event, action) in handlers.iter_mut() {
            self.action(action, &at.member(event));
        }
    }

    fn visible_and_each(&mut self, component: &mut Object, at: &Location) {
        let at = at.member("each");
        let Some(each) = component.get_mut("each") else {
            return;
        };
        if let Some(path) = path_meant(each) {
            *each = path.into();
            self.told(&at, "`each` takes a path, not an expression");
        }
        let Value::Object(each) = each else { return };
        drop_nulls(each, &["as", "where"]);
        self.rename_keys(each, &at, &["in", "as", "key", "where"], &names::EACH_KEYS);
        if let Some(list) = each.get_mut("in")
            && let Some(path) = path_meant(list)
        {
            *list = path.into();
            self.told(&at.member("in"), "`in` takes a path, not an expression");
        }
        let name = each
            .get("as")
            .and_then(Value::as_str)
            .unwrap_or("item")
            .to_owned();
        if let Some(Value::String(key)) = each.get_mut("key")
            && let Some(member) = path_meant(&Value::String(key.clone()))
                .as_deref()
                .unwrap_or(key)
                .strip_prefix(&format!("{name}."))
        {
            let member = member.to_owned();
            *key = member;
            self.told(&at.member("key"), "`key` is the name of a member of the row");
        }
    }

    /// A text as the only child of a component that takes none is what the component says.
    fn text_child(&mut self, component: &mut Object, entry: &ComponentEntry, at: &Location) {
        if entry.children != Children::None {
            return;
        }
        let Some(Value::Array(children)) = component.get("children") else {
            return;
        };
        let said = match children.as_slice() {
            [] => None,
            [child] if child.get("type").is_some_and(|kind| kind == "text") => {
                child.pointer("/props/content").cloned()
            }
            _ => return,
        };
        let text = ["text", "content"]
            .into_iter()
            .find(|prop| entry.prop(prop).is_some());
        match (said, text) {
            (Some(said), Some(text)) => {
                let Value::Object(props) = component.entry("props").or_insert_with(|| json!({})) else {
                    return;
                };
                if props.contains_key(text) {
                    return;
                }
                props.insert(text.to_owned(), said);
                component.shift_remove("children");
                self.told(
                    &at.member("children"),
                    format!("the text inside {} is its `{text}`", entry.with_article()),
                );
            }
            (None, _) if children.is_empty() => {
                component.shift_remove("children");
            }
            _ => {}
        }
    }

    /// `each` repeats children, so a component without children that is to be repeated gets a
    /// container around it.
    fn wrap_repeated(&mut self, value: &mut Value, at: &Location) {
        let Some(component) = value.as_object_mut() else {
            return;
        };
        let Some(each) = component.shift_remove("each") else {
            return;
        };
        *value = json!({"type": "container", "each": each, "children": [value.take()]});
        self.told(
            &at.member("each"),
            "`each` repeats children, so a container was put around this component",
        );
    }
}

/// Whether a component at that place can be put one level deeper.
fn has_room_around(at: &Location) -> bool {
    at.pointer().matches("/children/").count() + 2 <= COMPONENT_DEPTH
}

fn part<'c>(component: &'c mut Object, inside: &str) -> Option<&'c mut Object> {
    match inside {
        "" => Some(component),
        _ => component.get_mut("props").and_then(Value::as_object_mut),
    }
}

/// Whether `key` is a property of the entry, by name or alias.
pub(super) fn takes(entry: &ComponentEntry, key: &str) -> bool {
    names::BINDING_PROPS.contains(&key) && entry.value.is_some()
        || entry
            .props
            .iter()
            .any(|prop| prop.name == key || prop.aliases.iter().any(|alias| alias == key))
}

/// `onClick`, `on_click`, `on-click`, `onclick`, but neither `on_event` nor `only`.
fn is_handler_name(key: &str) -> bool {
    key != "on_event"
        && key != "onEvent"
        && key.strip_prefix("on").is_some_and(|rest| {
            rest.starts_with(|c: char| c.is_ascii_uppercase() || c == '_' || c == '-')
                || names::DOM_EVENTS.contains(&rest)
        })
}

/// The event that `written` means: one of the entry's, or one of any component's where the type is
/// not known.
fn event_meant<'c>(
    catalog: &'c Catalog,
    entry: Option<&'c ComponentEntry>,
    written: &str,
) -> Option<&'c str> {
    let all = || {
        catalog
            .components()
            .flat_map(|entry| &entry.events)
            .map(|event| event.name.as_ref())
    };
    let events: Vec<&str> = match entry {
        Some(entry) => entry.events.iter().map(|event| event.name.as_ref()).collect(),
        None => all().collect(),
    };
    let known = |name: &str| events.iter().copied().find(|event| *event == name);
    let plain = if is_handler_name(written) {
        written["on".len()..].trim_start_matches(['_', '-'])
    } else {
        written
    };
    let lower = plain.to_lowercase();
    let synonym = || {
        let meant = names::EVENTS
            .iter()
            .filter(|(from, _)| *from == lower)
            .find_map(|(_, to)| known(to));
        meant.or_else(|| nearest::unmistakable(plain, events.iter().copied()))
    };
    known(written).or_else(|| known(&lower)).or_else(synonym)
}
