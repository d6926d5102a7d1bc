//! Deterministic repairs of a document that is nearly right: each is told, and mending twice
//! changes nothing the second time.
//!
//! Works on JSON, before the typed document is read, because what needs mending often has no type.
//! The caller keeps the document within its bounds first.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::catalog::Catalog;
use super::document::UiSpec;
use super::issue::{Code, Issue};
use super::location::Location;
use super::nearest;
use super::path::{FORBIDDEN_NAMES, Path};

mod action;
mod component;
mod controls;
mod document;
mod ids;
mod loss;
mod names;
mod panels;
mod props;
mod scope_prefix;
mod state;

pub(crate) use self::props::in_form;

type Object = Map<String, Value>;

/// Passes after which mending stops even if another would still find something.
const PASSES: usize = 8;
/// Rounds of dropping after which the document is left as it is.
const ROUNDS: usize = 24;

/// Whether parts that cannot be used may be dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// Only repairs that keep everything the document says. `javascript:` links and keys that reach
    /// into an object's prototype go all the same.
    Forbidden,
    /// Also drops what has no usable shape; what it means is not asked. For a document that is
    /// still being written, whose names may yet come.
    Malformed,
    /// Also drops what is in error, so that an app is refused only when nothing of it survives.
    Allowed,
}

/// A mended document and what was done to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Mended {
    pub doc: Value,
    /// A note for each repair, a warning for each part that was dropped; paths point into the
    /// document as it was before that repair.
    pub issues: Vec<Issue>,
    /// The document as it was read and checked at last, where dropping what is in error asked for that.
    pub checked: Option<(UiSpec, Vec<Issue>)>,
}

/// Repairs what can be repaired without asking.
pub fn mend(doc: Value, catalog: &Catalog, loss: Loss) -> Mended {
    let mut mended = Mended {
        doc,
        issues: Vec::new(),
        checked: None,
    };
    for _ in 0..ROUNDS {
        repair(&mut mended, catalog);
        if loss == Loss::Forbidden || !loss::drop_refused(&mut mended, catalog, loss) {
            break;
        }
    }
    mended
}

/// A repair can make room for another (a moved property is then also coerced), so passes follow
/// each other until one finds nothing.
fn repair(mended: &mut Mended, catalog: &Catalog) {
    for _ in 0..PASSES {
        let mut pass = Mender {
            catalog,
            actions: document::action_names(&mended.doc),
            issues: Vec::new(),
        };
        if holds_forbidden_names(&mended.doc) {
            pass.forbidden_names(&mut mended.doc, &Location::ROOT, None);
        }
        pass.document(&mut mended.doc);
        if pass.issues.is_empty() {
            break;
        }
        mended.issues.append(&mut pass.issues);
    }
}

/// One pass over a document.
struct Mender<'a> {
    catalog: &'a Catalog,
    /// The names under `actions`.
    actions: BTreeSet<String>,
    issues: Vec<Issue>,
}

impl Mender<'_> {
    fn told(&mut self, at: &Location, message: impl Into<String>) {
        self.issues.push(Issue::note(Code::Mended, at, message));
    }

    fn dropped(&mut self, at: &Location, message: impl Into<String>) {
        self.issues.push(Issue::warning(Code::Dropped, at, message));
    }

    /// `id` is that of the component around `value`.
    fn forbidden_names(&mut self, value: &mut Value, at: &Location, id: Option<&str>) {
        match value {
            Value::Object(map) => {
                let own = map.get("id").filter(|_| map.contains_key("type"));
                let own = own.and_then(Value::as_str).map(str::to_owned);
                let id = own.as_deref().or(id);
                for name in FORBIDDEN_NAMES {
                    if map.shift_remove(name).is_some() {
                        let first = self.issues.len();
                        self.dropped(
                            &at.member(name),
                            format!("the key \"{name}\" is not allowed anywhere and was removed"),
                        );
                        self.issues[first].id = id.map(str::to_owned);
                    }
                }
                for (key, part) in map
                    .iter_mut()
                    .filter(|(_, part)| part.is_object() || part.is_array())
                {
                    self.forbidden_names(part, &at.member(key), id);
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.forbidden_names(item, &at.item(index), id);
                }
            }
            _ => {}
        }
    }

    /// Gives each key of `map` that is not known the known name it stands for, where that one is
    /// free: by `synonyms` first, then by nearness.
    fn rename_keys(&mut self, map: &mut Object, at: &Location, known: &[&str], synonyms: &[(&str, &str)]) {
        self.rename_keys_except(map, at, known, synonyms, &|_| false);
    }

    fn rename_keys_except(
        &mut self,
        map: &mut Object,
        at: &Location,
        known: &[&str],
        synonyms: &[(&str, &str)],
        stays: &dyn Fn(&str) -> bool,
    ) {
        let strangers: Vec<String> = map
            .keys()
            .filter(|key| !known.contains(&key.as_str()) && !stays(key))
            .cloned()
            .collect();
        for key in strangers {
            let synonym = synonyms.iter().find(|(from, _)| *from == key).map(|(_, to)| *to);
            let near = || nearest::unmistakable(&key, known.iter().copied());
            if let Some(name) = synonym.or_else(near).filter(|name| !map.contains_key(*name)) {
                rename(map, &key, name);
                self.told(&at.member(&key), format!("`{key}` is called `{name}`"));
            }
        }
    }
}

/// Asked of every value of every document, so it makes nothing on the way.
fn holds_forbidden_names(value: &Value) -> bool {
    match value {
        Value::Object(map) => map
            .iter()
            .any(|(key, part)| FORBIDDEN_NAMES.contains(&key.as_str()) || holds_forbidden_names(part)),
        Value::Array(items) => items.iter().any(holds_forbidden_names),
        _ => false,
    }
}

/// Renames a key without moving it.
fn rename(map: &mut Object, from: &str, to: &str) {
    let renamed = std::mem::take(map).into_iter().map(|(key, value)| {
        if key == from {
            (to.to_owned(), value)
        } else {
            (key, value)
        }
    });
    *map = renamed.collect();
}

/// Takes the keys out that hold null: absent and null mean the same for every optional key, and
/// schema-bound models write them all.
fn drop_nulls(map: &mut Object, keys: &[&str]) {
    if !map.values().any(Value::is_null) {
        return;
    }
    for key in keys {
        if map.get(*key).is_some_and(Value::is_null) {
            map.shift_remove(*key);
        }
    }
}

/// The path a value means where a path is asked for but an expression, a binding or the `$.` of another notation was
/// written.
fn path_meant(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => {
            let text = text.trim();
            let braced = text.strip_prefix("{{").and_then(|text| text.strip_suffix("}}"));
            let inner = braced.unwrap_or(text).trim();
            match inner.strip_prefix("$.").or_else(|| inner.strip_prefix('$')) {
                Some(path) => path.strip_prefix("state.").unwrap_or(path),
                None => braced?.trim(),
            }
        }
        Value::Object(map) if map.len() == 1 => map.get("$bind")?.as_str()?,
        _ => return None,
    };
    let is_name = |part: &str| {
        !part.is_empty()
            && part.chars().all(|c| c.is_alphanumeric() || c == '_')
            && !part.starts_with(|c: char| c.is_numeric())
    };
    let is_path = matches!(value, Value::Object(_))
        || text.split('.').enumerate().all(|(at, part)| {
            is_name(part) || (at > 0 && !part.is_empty() && part.chars().all(|c| c.is_ascii_digit()))
        });
    (is_path && Path::parse(text).is_ok()).then(|| text.to_owned())
}

/// Whether a value is only known while the app runs.
fn is_open(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains("{{"),
        Value::Object(map) => map.len() == 1 && map.keys().all(|key| key.starts_with('$')),
        _ => false,
    }
}
