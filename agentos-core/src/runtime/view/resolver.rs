//! Resolving one instance: every property a final value, every row of an `each` with its key.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::{Below, Instance, Node, NodeId, Override, Surroundings, Window, value_path};
use crate::runtime::checks;
use crate::runtime::program::{Component, Dynamic, Home, TwoWay};
use crate::runtime::rows::{Row, row_key};
use crate::runtime::scope::Scope;
use crate::spec::catalog::{ValueKind, is_style_property, is_style_value};
use crate::spec::mend::in_form;
use crate::spec::{Code, Issue, Path, limits};
use crate::value::{Map, Value};

/// Resolves one instance.
pub(super) struct Resolver<'a> {
    pub(super) around: &'a Surroundings<'a>,
    pub(super) component: &'a Component,
    pub(super) id: &'a NodeId,
    pub(super) instance: &'a Instance,
    pub(super) scope: Scope,
    pub(super) complaints: &'a mut Vec<Issue>,
}

impl Resolver<'_> {
    pub(super) fn is_visible(&mut self) -> bool {
        match (self.told(|said| said.visible), &self.component.visible) {
            (Some(visible), _) => visible,
            (None, None) => true,
            (None, Some(visible)) => self.evaluate(visible, "/visible", "").is_true(),
        }
    }

    /// What `ui.show` and its kin said of this node, else of its component.
    fn told(&self, part: fn(&Override) -> Option<bool>) -> Option<bool> {
        let overrides = self.around.overrides;
        let of = |id: &Arc<str>| overrides.get(id).and_then(part);
        of(self.id).or_else(|| of(&self.component.id))
    }

    /// What a control shows for the value it holds. A number that was cleared is null and shows
    /// nothing; a 0 in its place could not be cleared.
    fn shown(&self, held: Option<&Value>, two_way: &TwoWay) -> Value {
        match held {
            Some(Value::Null) if &*self.component.kind == "input" => Value::text(""),
            None => two_way.beginning().clone(),
            Some(Value::Null) => two_way.empty.clone(),
            Some(held) => held.clone(),
        }
    }

    pub(super) fn node(&mut self) -> Node {
        let mut props = Map::new();
        for (name, dynamic) in &self.component.props {
            let value = self.evaluate(dynamic, "/props/", name);
            let value = self.kept_to_its_kind(name, value);
            if !value.is_null() {
                props.insert(name.clone(), value);
            }
        }
        let mut error = None;
        if let Some(two_way) = &self.component.value {
            if let Some(path) = value_path(self.component, self.id, &self.instance.rows) {
                let held = self.around.store.get(&path);
                props.insert(two_way.prop.clone(), self.shown(held, two_way));
            }
            if self.instance.shows_error {
                let value = props.get(&two_way.prop).cloned().unwrap_or_default();
                error = self.failed_check(&value);
            }
        }
        if let Some(disabled) = self.told(|said| said.disabled) {
            props.insert("disabled".into(), disabled.into());
        }
        let kind = if self.component.known {
            self.component.kind.clone()
        } else {
            "unknown".into()
        };
        if !self.component.known {
            props = Map::unit("type".into(), Value::Text(self.component.kind.clone()));
        }
        Node {
            id: self.id.clone(),
            kind,
            events: self.events(&props),
            props: Value::Map(props),
            children: Vec::new(),
            total: None,
            places: None,
            pending: self.around.pending.contains(self.id),
            error,
        }
    }

    /// Events worth sending: those with a handler, and those the engine itself answers.
    fn events(&self, props: &Map) -> Vec<Arc<str>> {
        let mut events = BTreeSet::new();
        events.extend(self.component.handlers.keys().cloned());
        let writable = self
            .component
            .value
            .as_ref()
            .is_some_and(|two_way| !matches!(two_way.home, Home::ReadOnly));
        let readonly = props.get("readonly").is_some_and(Value::is_true);
        if writable && !readonly {
            events.insert("change".into());
            if &*self.component.kind == "modal" {
                events.insert("close".into());
            }
        }
        if !self.component.checks.is_empty() {
            events.insert("blur".into());
        }
        if self.component.is_submit {
            events.insert("click".into());
        }
        if self.component.submits {
            events.insert("submit".into());
        }
        events.into_iter().collect()
    }

    fn failed_check(&mut self, value: &Value) -> Option<String> {
        let component = self.component;
        component.checks.iter().enumerate().find_map(|(index, check)| {
            checks::failure(check, value, |condition| {
                self.evaluate(condition, "/checks/", &index.to_string())
            })
        })
    }

    /// Which components stand below it, and in which rows.
    pub(super) fn children(&mut self) -> Below {
        let rows = &self.instance.rows;
        let Some(each) = &self.component.each else {
            let wanted = self.component.children.iter();
            return Below {
                wanted: wanted.map(|child| (*child, rows.clone())).collect(),
                ..Below::default()
            };
        };
        let list_path = rows.locate(&each.list);
        let listed = self.around.store.get(&list_path).cloned().or_else(|| {
            // A list may also be computed or the result of a query.
            let members = &list_path.segments()[1..];
            self.scope.lookup(list_path.root(), members).cloned()
        });
        let none = Below {
            total: Some(0),
            ..Below::default()
        };
        let list = match listed {
            Some(Value::List(list)) => list,
            None | Some(Value::Null) => return none,
            Some(_) => {
                let message = format!("`{}` is repeated by `each` and is no list", each.list);
                self.complain(Code::EachNotList, "/each/", "in", message);
                return none;
            }
        };
        let length = list.len().min(limits::ROWS);
        if list.len() > length {
            let message = format!("`{}` has {} rows; {length} are shown", each.list, list.len());
            self.complain(Code::TooLarge, "/each/", "in", message);
        }
        let passing: Option<Arc<[usize]>> = each.filter.as_ref().map(|filter| {
            let kept = self.instance.passing.clone();
            kept.unwrap_or_else(|| {
                let rows = 0..length;
                rows.filter(|index| self.passes(filter, &each.name, &list[*index]))
                    .collect()
            })
        });
        let total = passing.as_ref().map_or(length, |passing| passing.len());
        let index_at = |place: usize| passing.as_ref().map_or(place, |passing| passing[place]);
        let key_of = |place: usize| row_key(&list[index_at(place)], each.key.as_deref(), index_at(place));
        let places = self.instance.window.places(total, key_of);
        // The number behind a key that occurs twice counts from the start of the list, or a row's id would change
        // with the window it is seen in.
        let mut seen: HashMap<String, usize> = places.iter().map(|place| (key_of(*place), 0)).collect();
        let templates = self.component.children.len();
        let mut below = Below {
            wanted: Vec::with_capacity(places.len() * templates),
            total: Some(total),
            places: Vec::with_capacity(places.len() * templates),
            passing: None,
        };
        let mut passed = 0;
        let mut shared = None;
        for place in places {
            for key in (passed..place).map(key_of) {
                seen.entry(key).and_modify(|times| *times += 1);
            }
            passed = place + 1;
            let key = key_of(place);
            let times = seen.entry(key.clone()).or_default();
            *times += 1;
            let row = Row {
                name: each.name.clone(),
                list: list_path.clone(),
                index: index_at(place),
                key: Arc::from(key),
                nth: *times,
                repeated: each.repeated.clone(),
            };
            shared = shared.or_else(|| (row.nth > 1).then(|| row.key.clone()));
            let rows = rows.with(row);
            let wanted = self.component.children.iter();
            below.wanted.extend(wanted.map(|child| (*child, rows.clone())));
            below.places.extend(std::iter::repeat_n(place, templates));
        }
        if let Some(key) = shared {
            let member = each.key.as_deref().unwrap_or("id");
            let message = format!(
                "several rows of `{}` have the `{member}` \"{key}\"; what addresses one by it reaches the first",
                each.list
            );
            self.complain(Code::DuplicateId, "/each", "", message);
        }
        below.passing = passing;
        below
    }

    fn passes(&mut self, filter: &Dynamic, name: &Arc<str>, item: &Value) -> bool {
        let scope = self.scope.clone().with(name.clone(), item.clone());
        match filter.evaluate(&scope, &|_| Value::Null) {
            Ok(value) => value.is_true(),
            Err(error) => {
                self.complain(
                    Code::ExprFailed,
                    "/each/",
                    "where",
                    format!("`where` failed: {error}"),
                );
                false
            }
        }
    }

    /// `part` and `name` say where in the component it stands, should it fail.
    fn evaluate(&mut self, dynamic: &Dynamic, part: &str, name: &str) -> Value {
        let rows = &self.instance.rows;
        let bound = |path: &Path| {
            self.around
                .store
                .get(&rows.locate(path))
                .cloned()
                .unwrap_or_default()
        };
        match dynamic.evaluate(&self.scope, &bound) {
            Ok(value) => value,
            Err(error) => {
                self.complain(Code::ExprFailed, part, name, error.to_string());
                Value::Null
            }
        }
    }

    /// URLs, styles and choices made by expressions keep the same rules as written ones, and a choice
    /// is read as a written one would be mended.
    fn kept_to_its_kind(&mut self, name: &str, value: Value) -> Value {
        if !self.component.guarded.contains(name) {
            return value;
        }
        let entry = self.around.catalog.component(&self.component.kind);
        let Some(field) = entry.and_then(|entry| entry.prop(name)) else {
            return value;
        };
        if value.is_null() || value == Value::text("") {
            return Value::Null;
        }
        if field.kind == ValueKind::Style
            && let Value::Map(style) = &value
        {
            return Value::Map(self.allowed_style(name, style));
        }
        let written = value.to_json();
        let Err(mismatch) = field.kind.check(&written, &|_| false) else {
            return value;
        };
        let is_choice = matches!(field.kind, ValueKind::OneOf(_));
        if is_choice && let Some(meant) = in_form(&field.kind, &written) {
            return Value::from(&meant);
        }
        let code = if is_choice {
            Code::PropEnum
        } else {
            Code::UrlScheme
        };
        self.complain(code, "/props/", name, mismatch.to_string());
        Value::Null
    }

    /// What of a style may be drawn; the rest is told.
    fn allowed_style(&mut self, prop: &str, style: &Map) -> Map {
        let mut allowed = Map::new();
        for (name, value) in style {
            if is_style_property(name) && (value.is_null() || is_style_value(&value.to_json())) {
                allowed.insert(name.clone(), value.clone());
            } else {
                let message = format!("`{name}` with this value is not allowed in `style` and was left out");
                self.complain(Code::PropType, "/props/", prop, message);
            }
        }
        allowed
    }

    fn complain(&mut self, code: Code, part: &str, name: &str, message: String) {
        let path = format!("{}{part}{name}", self.component.at);
        self.complaints
            .push(Issue::warning(code, path, message).about(&*self.component.id));
    }
}

impl Window {
    /// The rows to resolve of the `length` there are, in order. A kept row whose key an earlier row
    /// has too is not found.
    fn places(&self, length: usize, key_of: impl Fn(usize) -> String) -> BTreeSet<usize> {
        let first = self.first.min(length);
        let inside = first..first.saturating_add(self.count).min(length);
        let mut missing = BTreeSet::new();
        missing.extend(self.kept.iter().map(|key| &**key));
        let mut kept = Vec::new();
        for place in 0..length {
            if missing.is_empty() {
                break;
            }
            if missing.remove(&*key_of(place)) {
                kept.push(place);
            }
        }
        inside.chain(kept).collect()
    }
}
