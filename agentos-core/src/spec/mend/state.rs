//! State that is used but not declared, and values that were meant to be bound both ways.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{Mender, Object, is_open, path_meant};
use crate::spec::catalog::{ComponentEntry, ToolEntry, ValueKind};
use crate::spec::location::Location;
use crate::spec::nearest;
use crate::spec::path::Path;

impl<'a> Mender<'a> {
    /// `{{ path }}` on the value of a control that a person changes and nothing else handles is a
    /// binding; read one way, the control would be dead.
    pub(super) fn one_way_bindings(&mut self, root: &mut Object) {
        let state = names_of(root, "state");
        if let Some(Value::Array(components)) = root.get_mut("components") {
            self.bind_both_ways(components, &Location::at("/components"), &state);
        }
    }

    fn bind_both_ways(&mut self, components: &mut [Value], at: &Location, names: &BTreeSet<String>) {
        for (index, component) in components.iter_mut().enumerate() {
            let Value::Object(component) = component else {
                continue;
            };
            let at = at.item(index);
            if let Some(entry) = self.entry_of(component)
                && let Some(value) = &entry.value
                && component
                    .get("on_event")
                    .is_none_or(|handlers| handlers.get("change").is_none())
                && let Some(Value::Object(props)) = component.get_mut("props")
                && !["readonly", "disabled"]
                    .iter()
                    .any(|flag| props.get(*flag) == Some(&Value::Bool(true)))
                && let Some(Value::String(text)) = props.get(value.name.as_ref())
                && text.contains("{{")
                && let Some(path) = path_meant(&Value::String(text.clone()))
                && path.split('.').next().is_some_and(|first| names.contains(first))
            {
                props.insert(value.name.to_string(), json!({"$bind": path}));
                self.told(
                    &at.member("props").member(&value.name),
                    format!("the value of {} is bound by `$bind`", entry.with_article()),
                );
            }
            let row = row_name(component);
            if let Some(Value::Array(children)) = component.get_mut("children") {
                let at = at.member("children");
                match row {
                    Some(row) => {
                        let mut names = names.clone();
                        names.insert(row);
                        self.bind_both_ways(children, &at, &names);
                    }
                    None => self.bind_both_ways(children, &at, names),
                }
            }
        }
    }

    /// Gives every path that is bound, repeated or written, and that no state declares, the empty
    /// value of what uses it.
    pub(super) fn undeclared_state(&mut self, root: &mut Object) {
        let mut uses = Uses {
            mender: self,
            state: root.get("state"),
            wanted: Vec::new(),
            held: BTreeSet::new(),
            rows: BTreeSet::new(),
        };
        uses.components(root.get("components"), &Location::at("/components"));
        for key in ["actions", "on", "watch"] {
            for (name, action) in root.get(key).and_then(Value::as_object).into_iter().flatten() {
                uses.action(action, &Location::ROOT.member(key).member(name));
            }
        }
        let Uses {
            wanted,
            mut held,
            rows,
            ..
        } = uses;
        if wanted.is_empty() {
            return;
        }
        held.extend(rows);
        for key in ["computed", "data"] {
            held.extend(names_of(root, key));
        }
        let declared: Object = root
            .get("state")
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default();
        for (path, empty, at) in wanted {
            let root_name = path.root().as_ref();
            if held.contains(root_name) || crate::spec::check::RESERVED_NAMES.contains(&root_name) {
                continue;
            }
            let stranger = stranger(&path, &declared);
            let meant = stranger.and_then(|stranger| {
                let name = &path.segments()[stranger.index];
                let meant = nearest::unmistakable(name, stranger.fitting(&path, &empty))?;
                stranger.called(&path, meant)
            });
            if let Some(meant) = meant
                && respell(root, &at, &path, &meant)
            {
                self.told(
                    &Location::at(&at),
                    format!("`{path}` is called `{meant}` in the state"),
                );
                continue;
            }
            if path.has_a_slice() || !declared.contains_key(root_name) && path.is_an_expression() {
                continue;
            }
            let near = stranger.and_then(|stranger| {
                let name = &path.segments()[stranger.index];
                let near = nearest::suggestion(name, stranger.fitting(&path, &empty))?;
                stranger.called(&path, near)
            });
            let Value::Object(state) = root.entry("state").or_insert_with(|| json!({})) else {
                return;
            };
            if declare(state, &path, &empty) {
                self.told(
                    &Location::at(&at),
                    format!("`{path}` was not in the state; it begins as {empty}"),
                );
                let declaration = self.issues.last_mut();
                if let (Some(declaration), Some(near)) = (declaration, near) {
                    declaration.hint = Some(near.to_string());
                }
            }
        }
    }

    fn entry_of(&self, component: &Object) -> Option<&'a ComponentEntry> {
        self.catalog.component(component.get("type")?.as_str()?)
    }
}

/// What the parts of a document bind and write.
struct Uses<'m, 'a> {
    mender: &'m Mender<'a>,
    state: Option<&'m Value>,
    /// What the state has not.
    wanted: Vec<(Path, Value, String)>,
    /// Ids of components that hold their own value.
    held: BTreeSet<String>,
    /// Names of rows.
    rows: BTreeSet<String>,
}

impl Uses<'_, '_> {
    fn components(&mut self, components: Option<&Value>, at: &Location) {
        for (index, component) in components
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .enumerate()
        {
            if let Value::Object(component) = component {
                self.component(component, &at.item(index));
            }
        }
    }

    fn component(&mut self, component: &Object, at: &Location) {
        let empty = Map::new();
        let props = component
            .get("props")
            .and_then(Value::as_object)
            .unwrap_or(&empty);
        if let Some(entry) = self.mender.entry_of(component) {
            let bound: Vec<(&str, &Value)> = props
                .iter()
                .filter_map(|(name, value)| Some((name.as_str(), value.get("$bind")?)))
                .collect();
            for prop in &entry.props {
                let Some((_, path)) = bound.iter().find(|(name, _)| *name == prop.name) else {
                    continue;
                };
                let is_value = entry.value.as_ref().is_some_and(|value| value.name == prop.name);
                let begins = if is_value {
                    entry.empty_value(props)
                } else {
                    Some(empty_of(&prop.kind))
                };
                self.want(
                    path,
                    begins.unwrap_or_default(),
                    &at.member("props").member(&prop.name),
                );
            }
            if let Some(value) = &entry.value
                && !bound.iter().any(|(name, _)| *name == value.name)
                && let Some(id) = component.get("id").and_then(Value::as_str)
            {
                self.held.insert(id.to_owned());
            }
        }
        if let Some(each) = component.get("each") {
            self.want(each.get("in").unwrap_or(each), json!([]), &at.member("each"));
            self.rows.extend(row_name(component));
        }
        for (event, action) in component
            .get("on_event")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            self.action(action, &at.member("on_event").member(event));
        }
        self.components(component.get("children"), &at.member("children"));
    }

    fn action(&mut self, action: &Value, at: &Location) {
        match action {
            Value::Array(steps) => {
                for (index, step) in steps.iter().enumerate() {
                    self.action(step, &at.item(index));
                }
            }
            Value::String(id) => self.call(id, &Map::new(), at),
            Value::Object(step) => {
                if let Some(id) = step.get("tool").and_then(Value::as_str) {
                    let none = Map::new();
                    self.call(
                        id,
                        step.get("args").and_then(Value::as_object).unwrap_or(&none),
                        at,
                    );
                }
                if let Some(into) = step.get("into") {
                    self.want(into, Value::Null, &at.member("into"));
                }
                for key in ["do", "then", "catch"] {
                    if let Some(action) = step.get(key) {
                        self.action(action, &at.member(key));
                    }
                }
            }
            _ => {}
        }
    }

    fn call(&mut self, id: &str, args: &Object, at: &Location) {
        let Some(tool) = self.mender.catalog.tool(id) else {
            return;
        };
        for param in tool.params.iter().filter(|param| param.kind == ValueKind::Path) {
            let path = args.get(param.name.as_ref()).or(param.default.as_ref());
            if let (Some(path), Some(begins)) = (path, written_by(tool, &param.name, args)) {
                self.want(path, begins, &at.member("args").member(&param.name));
            }
        }
        if tool.group() == "list" && !args.contains_key("path") {
            let list = args.get("list_id").and_then(Value::as_str).unwrap_or("list");
            self.want(
                &Location::ROOT.member(list).pointer().into(),
                json!([]),
                &at.member("args").member("list_id"),
            );
        }
        for (path, value) in args
            .get("values")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            if id == "ui.set_multiple" {
                self.want(
                    &path.as_str().into(),
                    empty_like(Some(value)),
                    &at.member("args").member("values").member(path),
                );
            }
        }
        if let Some(action) = args.get("action").filter(|_| tool.group() == "timer") {
            self.action(action, &at.member("args").member("action"));
        }
    }

    fn want(&mut self, path: &Value, begins: Value, at: &Location) {
        let path = path
            .as_str()
            .filter(|path| !path.contains("{{"))
            .and_then(|path| Path::parse(path).ok())
            .filter(|path| !self.state.is_some_and(|state| declares(state, path)));
        self.wanted.extend(path.map(|path| (path, begins, at.pointer())));
    }
}

/// The first segment of a path that the state does not have.
#[derive(Clone, Copy)]
struct Stranger<'s> {
    index: usize,
    /// What stands beside it.
    members: &'s Object,
}

fn stranger<'s>(path: &Path, declared: &'s Object) -> Option<Stranger<'s>> {
    let mut members = declared;
    for (index, segment) in path.segments().iter().enumerate() {
        match members.get(segment.as_ref()) {
            None => return Some(Stranger { index, members }),
            Some(inner) => members = inner.as_object()?,
        }
    }
    None
}

impl<'s> Stranger<'s> {
    /// The names that it may stand for. A name an edit away is only meant where the value there is of the kind
    /// that is wanted and the numbers in both names agree: `todo` for a text is no slip of the list `todos`,
    /// and `item2` none of `item1`.
    fn fitting(self, path: &Path, wanted: &Value) -> impl Iterator<Item = &'s str> {
        let name = &path.segments()[self.index];
        let digits = |name: &str| -> String { name.chars().filter(char::is_ascii_digit).collect() };
        let is_kind = |held: &Value| match wanted {
            Value::Array(_) => held.is_array(),
            Value::Bool(_) => held.is_boolean(),
            Value::Number(_) => held.is_number(),
            Value::String(_) => held.is_string() || held.is_number(),
            Value::Object(_) => held.is_object(),
            Value::Null => true,
        };
        let is_last = self.index + 1 == path.segments().len();
        let fits = move |(other, held): &(&String, &Value)| {
            let is_way_on = !is_last && held.is_object();
            digits(other) == digits(name) && (is_way_on || is_last && is_kind(held))
        };
        self.members.iter().filter(fits).map(|(other, _)| other.as_str())
    }

    /// The path with another name in its place.
    fn called(self, path: &Path, name: &str) -> Option<Path> {
        let mut segments = path.segments().to_vec();
        segments[self.index] = name.into();
        let first = Path::key(&segments[0]).ok()?;
        Some(first.join(segments.into_iter().skip(1)))
    }
}

/// Writes another path where `path` stands, at `at`.
fn respell(root: &mut Object, at: &str, path: &Path, meant: &Path) -> bool {
    let mut document = Value::Object(std::mem::take(root));
    let respelt = respell_in(&mut document, at, path, meant);
    if let Value::Object(members) = document {
        *root = members;
    }
    respelt
}

fn respell_in(document: &mut Value, at: &str, path: &Path, meant: &Path) -> bool {
    let again = |text: &str| {
        let is_written = Path::parse(text).is_ok_and(|written| written == *path);
        is_written.then(|| {
            if text.starts_with('/') {
                meant.pointer()
            } else {
                meant.to_string()
            }
        })
    };
    if let Some((values, key)) = at
        .rsplit_once('/')
        .filter(|(values, _)| values.ends_with("/args/values"))
    {
        let key = key.replace("~1", "/").replace("~0", "~");
        let Some(Value::Object(values)) = document.pointer_mut(values) else {
            return false;
        };
        return again(&key)
            .filter(|meant| values.contains_key(&key) && !values.contains_key(meant))
            .map(|meant| super::rename(values, &key, &meant))
            .is_some();
    }
    let Some(found) = document.pointer_mut(at) else {
        return false;
    };
    let key = ["$bind", "in"].into_iter().find(|key| found.get(key).is_some());
    let text = match key {
        Some(key) => found.get_mut(key),
        None => Some(found),
    };
    let Some(Value::String(text)) = text else {
        return false;
    };
    match again(text) {
        Some(meant) => {
            *text = meant;
            true
        }
        None => false,
    }
}

/// What a path begins as that a tool writes; nothing for a tool that only reads it.
fn written_by(tool: &ToolEntry, param: &str, args: &Object) -> Option<Value> {
    Some(match (tool.id.as_ref(), param) {
        ("ui.get_state" | "ui.reset", _) => return None,
        ("ui.toggle", _) => json!(false),
        ("ui.increment", _) => json!(0),
        ("ui.add_todo", "input") => json!(""),
        ("ui.append", _) if !args.get("value").is_some_and(Value::is_string) => json!([]),
        ("ui.set_state" | "ui.append", _) => empty_like(args.get("value")),
        (_, "target") => json!("0"),
        _ => json!([]),
    })
}

fn empty_like(value: Option<&Value>) -> Value {
    match value {
        Some(value) if is_open(value) => Value::Null,
        Some(Value::String(_)) => json!(""),
        Some(Value::Number(_)) => json!(0),
        Some(Value::Bool(_)) => json!(false),
        Some(Value::Array(_)) => json!([]),
        Some(Value::Object(_)) => json!({}),
        Some(Value::Null) | None => Value::Null,
    }
}

fn empty_of(kind: &ValueKind) -> Value {
    match kind {
        ValueKind::List(_) => json!([]),
        ValueKind::Flag => json!(false),
        ValueKind::Number { .. } | ValueKind::Integer { .. } => json!(0),
        ValueKind::Text | ValueKind::Scalar => json!(""),
        _ => Value::Null,
    }
}

/// Whether an object of the state has the member `path`.
fn declares(state: &Value, path: &Path) -> bool {
    let mut segments = path.segments().iter();
    let declared = segments.try_fold(state, |value, segment| value.as_object()?.get(segment.as_ref()));
    declared.is_some()
}

/// Declares `path` unless it is there, or lies in something that is no object.
fn declare(state: &mut Object, path: &Path, empty: &Value) -> bool {
    let mut inner = state;
    let (last, parents) = path.segments().split_last().unwrap_or((path.root(), &[]));
    for segment in parents {
        let Value::Object(next) = inner.entry(segment.as_ref()).or_insert_with(|| json!({})) else {
            return false;
        };
        inner = next;
    }
    if inner.contains_key(last.as_ref()) {
        return false;
    }
    inner.insert(last.to_string(), empty.clone());
    true
}

fn names_of(root: &Object, key: &str) -> BTreeSet<String> {
    root.get(key)
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(|map| map.keys().cloned())
        .collect()
}

/// What a row of the component's `each` is called.
fn row_name(component: &Object) -> Option<String> {
    let each = component.get("each")?;
    Some(
        each.get("as")
            .and_then(Value::as_str)
            .unwrap_or("item")
            .to_owned(),
    )
}
