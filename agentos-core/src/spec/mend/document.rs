//! The document's own keys.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Mender, Object, drop_nulls, names, path_meant, rename};
use crate::spec::check::{THEME, ThemeKind};
use crate::spec::document::DOCUMENT_KEYS;
use crate::spec::location::Location;
use crate::spec::nearest;
use crate::spec::schema;

const SYNONYMS: [(&str, &str); 8] = [
    ("name", "title"),
    ("children", "components"),
    ("elements", "components"),
    ("initial_state", "state"),
    ("initialState", "state"),
    ("queries", "data"),
    ("watchers", "watch"),
    ("derived", "computed"),
];
/// Keys under which a whole document is sometimes wrapped.
const WRAPPERS: [&str; 5] = ["app", "ui_spec", "uispec", "spec", "document"];
const QUERY_KEYS: [&str; 6] = ["tool", "args", "pick", "every", "when", "default"];
const LAYOUTS: [&str; 3] = ["vertical", "horizontal", "grid"];
const HOOKS: [(&str, &str); 4] = [
    ("unmount", "close"),
    ("open", "mount"),
    ("init", "mount"),
    ("destroy", "close"),
];

/// The names of the actions a document defines.
pub(super) fn action_names(doc: &Value) -> BTreeSet<String> {
    let actions = doc.get("actions").and_then(Value::as_object);
    actions
        .into_iter()
        .flat_map(|actions| actions.keys().cloned())
        .collect()
}

impl Mender<'_> {
    pub(super) fn document(&mut self, doc: &mut Value) {
        self.unwrap_document(doc);
        if schema::fold(doc) {
            self.told(
                &Location::ROOT,
                "lists of named members were read as the maps they stand for",
            );
        }
        let Value::Object(root) = doc else { return };
        drop_nulls(root, &DOCUMENT_KEYS);
        self.rename_keys(
            root,
            &Location::ROOT,
            &[&DOCUMENT_KEYS[..], &["lifecycle_hooks"]].concat(),
            &SYNONYMS,
        );
        self.head(root);
        self.theme(root);
        self.paths(root);
        self.services(root);
        self.hooks(root);
        self.scope_prefix(root);
        if let Some(components) = root.get_mut("components") {
            self.children(components, &Location::at("/components"), "the document");
        }
        self.root_actions(root);
        self.queries(root);
        self.ids(root);
        self.one_way_bindings(root);
        self.undeclared_state(root);
    }

    fn unwrap_document(&mut self, doc: &mut Value) {
        match doc {
            Value::Array(_) => {
                *doc = json!({"type": "app", "components": doc.take()});
                self.told(&Location::ROOT, "a list of components was made a document");
            }
            Value::Object(map) if map.len() == 1 => {
                let inner = WRAPPERS.iter().find(|key| {
                    map.get(**key)
                        .is_some_and(|inner| inner.get("components").is_some())
                });
                if let Some(inner) = inner.and_then(|key| map.get_mut(*key)) {
                    *doc = inner.take();
                    self.told(
                        &Location::ROOT,
                        "the document was taken out of an object around it",
                    );
                }
            }
            Value::Object(map) if !map.contains_key("components") => {
                let kind = map.get("type").and_then(Value::as_str);
                let is_component = kind.is_some_and(|kind| {
                    self.catalog.component(kind).is_some() || self.catalog.component_by_alias(kind).is_some()
                });
                if is_component {
                    *doc = json!({"type": "app", "components": [doc.take()]});
                    self.told(&Location::ROOT, "a lone component was made a document");
                }
            }
            _ => {}
        }
    }

    fn head(&mut self, root: &mut Object) {
        if root.get("type").is_some_and(|kind| kind != "app") {
            root.insert("type".to_owned(), "app".into());
            self.told(&Location::at("/type"), "a document's `type` is \"app\"");
        }
        if let Some(title) = root
            .get_mut("title")
            .filter(|title| title.is_number() || title.is_boolean())
        {
            *title = title.to_string().into();
            self.told(&Location::at("/title"), "`title` is text");
        }
        if let Some(Value::String(layout)) = root.get_mut("layout")
            && !LAYOUTS.contains(&layout.as_str())
        {
            let synonym = match layout.to_lowercase().as_str() {
                "row" => Some("horizontal"),
                "column" | "stack" | "flex" => Some("vertical"),
                _ => None,
            };
            if let Some(meant) = synonym.or_else(|| nearest::unmistakable(layout, LAYOUTS)) {
                self.told(
                    &Location::at("/layout"),
                    format!("the layout \"{layout}\" is \"{meant}\""),
                );
                meant.clone_into(layout);
            }
        }
        if root.get("persist").is_some_and(|persist| persist == &json!(true)) {
            let keys = root.get("state").and_then(Value::as_object).map(|state| {
                state
                    .keys()
                    .map(|key| Value::from(Location::ROOT.member(key).pointer()))
                    .collect()
            });
            root.insert("persist".to_owned(), Value::Array(keys.unwrap_or_default()));
            self.told(
                &Location::at("/persist"),
                "`persist` lists the paths to keep; every key of the state is kept",
            );
        }
        for key in ["persist", "services"] {
            if let Some(one) = root.get_mut(key).filter(|one| one.is_string()) {
                *one = json!([one.take()]);
                self.told(&Location::ROOT.member(key), format!("`{key}` is a list"));
            }
        }
    }

    /// The choices of the theme in the catalog's spelling.
    fn theme(&mut self, root: &mut Object) {
        let Some(Value::Object(theme)) = root.get_mut("theme") else {
            return;
        };
        let at = Location::at("/theme");
        let known: Vec<&str> = THEME.iter().map(|(name, _)| *name).collect();
        self.rename_keys(theme, &at, &known, &[]);
        for (name, kind) in &THEME {
            let (ThemeKind::OneOf(choices), Some(Value::String(value))) = (kind, theme.get_mut(*name)) else {
                continue;
            };
            if let Some(meant) = nearest::unmistakable(value, choices.iter().copied())
                && meant != value
            {
                self.told(&at.member(name), format!("the {name} \"{value}\" is \"{meant}\""));
                meant.clone_into(value);
            }
        }
    }

    /// Paths written as expressions.
    fn paths(&mut self, root: &mut Object) {
        for (index, kept) in root
            .get_mut("persist")
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
            .enumerate()
        {
            if let Some(path) = path_meant(kept) {
                *kept = path.into();
                self.told(
                    &Location::ROOT.member("persist").item(index),
                    "`persist` takes paths, not expressions",
                );
            }
        }
        let Some(Value::Object(watched)) = root.get_mut("watch") else {
            return;
        };
        for key in watched.keys().cloned().collect::<Vec<_>>() {
            if let Some(path) =
                path_meant(&Value::from(key.as_str())).filter(|path| !watched.contains_key(path))
            {
                rename(watched, &key, &path);
                self.told(
                    &Location::ROOT.member("watch").member(&key),
                    "`watch` takes paths, not expressions",
                );
            }
        }
    }

    fn services(&mut self, root: &mut Object) {
        let Some(Value::Object(bindings)) = root.get_mut("service_bindings") else {
            return;
        };
        for (service, tools) in bindings.iter_mut() {
            if tools.is_string() {
                *tools = json!([tools.take()]);
                self.told(
                    &Location::ROOT.member("service_bindings").member(service),
                    "the tools of a service are a list",
                );
            }
        }
    }

    /// Folds `lifecycle_hooks` into `on`, and gives the hooks their names.
    fn hooks(&mut self, root: &mut Object) {
        const NAMES: [&str; 4] = ["mount", "close", "focus", "blur"];
        if root.contains_key("lifecycle_hooks") {
            if !root.contains_key("on") {
                rename(root, "lifecycle_hooks", "on");
                self.told(
                    &Location::at("/lifecycle_hooks"),
                    "`lifecycle_hooks` is called `on`",
                );
            } else if let Some(Value::Object(hooks)) = root.shift_remove("lifecycle_hooks")
                && let Some(Value::Object(on)) = root.get_mut("on")
            {
                for (name, action) in hooks {
                    on.entry(name).or_insert(action);
                }
                self.told(
                    &Location::at("/lifecycle_hooks"),
                    "`lifecycle_hooks` was merged into `on`, whose own entries stay",
                );
            }
        }
        let Some(Value::Object(on)) = root.get_mut("on") else {
            return;
        };
        drop_nulls(on, &NAMES);
        let strangers: Vec<String> = on
            .keys()
            .filter(|name| !NAMES.contains(&name.as_str()))
            .cloned()
            .collect();
        for stranger in strangers {
            let plain = stranger
                .strip_prefix("on")
                .unwrap_or(&stranger)
                .trim_start_matches(['_', '-'])
                .to_lowercase();
            let synonym = HOOKS
                .iter()
                .find(|(from, _)| *from == plain)
                .map_or(plain.as_str(), |(_, to)| to);
            if NAMES.contains(&synonym) && !on.contains_key(synonym) {
                rename(on, &stranger, synonym);
                self.told(
                    &Location::ROOT.member("on").member(&stranger),
                    format!("the hook `{stranger}` is called `{synonym}`"),
                );
            }
        }
    }

    fn root_actions(&mut self, root: &mut Object) {
        for key in ["actions", "on", "watch"] {
            let Some(Value::Object(actions)) = root.get_mut(key) else {
                continue;
            };
            for (name, action) in actions.iter_mut() {
                self.action(action, &Location::ROOT.member(key).member(name));
            }
        }
    }

    fn queries(&mut self, root: &mut Object) {
        let Some(Value::Object(queries)) = root.get_mut("data") else {
            return;
        };
        for (name, query) in queries.iter_mut() {
            let data = Location::at("/data");
            let at = data.member(name);
            if query.as_str().is_some_and(|id| self.catalog.tool(id).is_some()) {
                *query = json!({"tool": query.take()});
                self.told(&at, "a query names its tool under `tool`");
            }
            let Value::Object(query) = query else { continue };
            drop_nulls(query, &["args", "pick", "every", "when", "default"]);
            self.call_keys(query, &at, &QUERY_KEYS, &names::QUERY_KEYS);
            self.number(query, "every", &at);
            self.tool_call(query, &at);
        }
    }
}
