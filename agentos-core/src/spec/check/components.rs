//! Components: their types, events, children, names, and whether they do something.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::catalog::{Children, ComponentEntry};
use super::super::document::{Check, Component, Each, Rule};
use super::super::issue::{Code, Issue};
use super::super::location::Location;
use super::super::path::escaped;
use super::super::template::Template;
use super::names::Place;
use super::props::PANEL_LABELS;
use super::{Checker, Trigger, initial};

impl<'a> Checker<'a> {
    pub(super) fn component(&mut self, component: &'a Component, place: &Place) {
        let first = self.issues.len();
        let at = Location::at(&component.at);
        let entry = self.catalog.component(&component.kind);
        self.kind(component, entry);
        match entry {
            Some(entry) => self.props(component, entry, place),
            None => self.templates(&component.props, place, &at.member("props")),
        }
        if let Some(visible) = &component.visible {
            self.expression(visible, place, &at.member("visible"));
        }
        self.checks(component, entry, place);
        self.events(component, entry, place);
        if let Some(entry) = entry {
            self.loads(component);
            self.accessible_name(component, entry);
            self.does_something(component, entry, place);
            self.panels(component, entry);
            self.childless(component, entry);
        }
        for issue in &mut self.issues[first..] {
            issue.id.get_or_insert_with(|| component.id.clone());
        }
        let holds_panels = entry.is_some_and(|entry| entry.children == Children::Panels);
        self.children(component, &place.of_panels(holds_panels));
    }

    fn kind(&mut self, component: &Component, entry: Option<&ComponentEntry>) {
        if entry.is_some() {
            return;
        }
        let names = self.catalog.components().map(|entry| entry.name.as_ref());
        let alias = self
            .catalog
            .component_by_alias(&component.kind)
            .map(|(entry, _)| entry.name.to_string());
        let hint = alias.or_else(|| self.nearest(&component.kind, names));
        let message = format!(
            "there is no component of type \"{}\"; a placeholder that names it is shown",
            component.kind
        );
        self.report_with(
            Issue::warning(Code::UnknownType, format!("{}/type", component.at), message),
            hint,
        );
    }

    fn children(&mut self, component: &'a Component, place: &Place) {
        let is_form = component.kind == "form" && handles(component, "submit");
        let mut inner = if is_form { place.in_form() } else { place.clone() };
        if let Some(each) = &component.each {
            let first = self.issues.len();
            self.each(component, each, &inner);
            inner = inner.in_row(each);
            if let Some(filter) = &each.filter {
                let at = Location::at(&component.at);
                self.expression(filter, &inner, &at.member("each").member("where"));
            }
            for issue in &mut self.issues[first..] {
                issue.id.get_or_insert_with(|| component.id.clone());
            }
        }
        for child in &component.children {
            self.component(child, &inner);
        }
    }

    fn each(&mut self, component: &Component, each: &Each, place: &Place) {
        let at = Location::at(&component.at);
        let at = at.member("each");
        self.read_path(&each.list, place, &at.member("in"), "repeated");
        if super::RESERVED_NAMES.contains(&each.name.as_str()) && each.name != "item" {
            let message = format!("`{}` is reserved; rows need another name", each.name);
            self.report(Issue::error(Code::NameCollision, at.member("as"), message));
        }
        if !super::is_identifier(&each.name) {
            let message = format!(
                "no expression can name `{}`; rows need a name of letters, digits and _",
                each.name
            );
            self.report(Issue::error(Code::Schema, at.member("as"), message));
        }
        if component.children.is_empty() {
            let message = "`each` repeats the children, and there are none";
            self.report(Issue::warning(Code::Schema, at, message));
        }
        let rows = match initial(self.spec, &each.list) {
            None | Some(Value::Null) => return,
            Some(Value::Array(rows)) => rows,
            Some(other) => {
                let message = format!(
                    "`each` repeats a list, and `{}` begins as {}",
                    each.list,
                    shape(other)
                );
                return self.report(Issue::error(Code::EachNotList, at.member("in"), message));
            }
        };
        let key = each.key.as_deref().unwrap_or("id");
        let mut seen = BTreeSet::new();
        let mut keys = rows
            .iter()
            .filter_map(|row| row.get(key))
            .filter(|key| !key.is_null());
        if let Some(twice) = keys.find(|key| !seen.insert(key.to_string())) {
            let message = format!(
                "several rows of `{}` have the `{key}` {twice}; what addresses one by it reaches the first",
                each.list
            );
            self.report(Issue::warning(Code::DuplicateId, at, message));
        }
        if rows.iter().any(|row| row.is_object() && row.get(key).is_none()) {
            let message = format!(
                "rows of `{}` have no `{key}`, so they are told apart by their place; give each an `{key}`, or name another `key`",
                each.list
            );
            self.report(Issue::warning(Code::EachNoKey, at, message));
        }
    }

    fn events(&mut self, component: &'a Component, entry: Option<&ComponentEntry>, place: &Place) {
        for (event, action) in &component.on_event {
            if let Some(entry) = entry.filter(|entry| entry.event(event).is_none()) {
                let known: Vec<&str> = entry.events.iter().map(|event| event.name.as_ref()).collect();
                let hint = self.nearest(event, known.iter().copied());
                let tells = if known.is_empty() {
                    "it has no events".to_owned()
                } else {
                    format!("its events are {}", known.join(" "))
                };
                let message = format!("{} never tells `{event}`; {tells}", entry.with_article());
                let at = format!("{}/on_event/{}", component.at, escaped(event));
                self.report_with(Issue::warning(Code::UnknownProp, at, message), hint);
            }
            self.action(
                action,
                &place.in_action(),
                &Trigger::Event { component, event },
                "",
            );
        }
    }

    fn checks(&mut self, component: &Component, entry: Option<&ComponentEntry>, place: &Place) {
        let at = Location::at(&component.at);
        let at = at.member("checks");
        if !component.checks.is_empty() && entry.is_some_and(|entry| entry.value.is_none()) {
            let message = format!(
                "{} has no value to check",
                entry.map_or("this", |entry| &entry.name)
            );
            self.report(Issue::warning(Code::Schema, at, message));
        }
        for Check { rule, .. } in &component.checks {
            match rule {
                Rule::When(source) => self.expression(source, place, &at),
                Rule::Pattern(pattern) => {
                    if let Err(error) = regex_lite::Regex::new(pattern) {
                        self.report(Issue::error(
                            Code::Schema,
                            at,
                            format!("`{pattern}` is no pattern: {error}"),
                        ));
                    }
                }
                _ => {}
            }
        }
    }

    fn accessible_name(&mut self, component: &Component, entry: &ComponentEntry) {
        let given = |name: &str| match component.prop(name) {
            None | Some(Template::Literal(Value::Null)) => false,
            Some(value) => name == "alt" || !is_blank(value),
        };
        let is_named = entry.named_by.iter().any(|prop| given(prop)) || component.a11y.contains_key("label");
        if !entry.named_by.is_empty() && !is_named {
            let message = format!(
                "{} needs a name for those who cannot see it: {}",
                entry.with_article(),
                entry.named_by.join(" or ")
            );
            let props: Vec<&str> = entry.named_by.iter().map(AsRef::as_ref).collect();
            let hint = props
                .iter()
                .find(|prop| **prop == "label")
                .or(props.first())
                .map(|prop| (*prop).to_owned());
            self.report_with(Issue::warning(Code::A11yLabel, &component.at, message), hint);
        }
    }

    /// A control that runs nothing is the fault an app is least forgiven.
    fn does_something(&mut self, component: &Component, entry: &ComponentEntry, place: &Place) {
        if !entry.acts {
            return;
        }
        let leads_somewhere = component.prop("href").is_some_and(|href| !is_blank(href));
        let is_disabled = matches!(
            component.prop("disabled"),
            Some(Template::Literal(Value::Bool(true)))
        );
        let submits = entry.name == "button" && place.is_in_form();
        let runs = entry.events.iter().any(|event| handles(component, &event.name));
        if !(leads_somewhere || is_disabled || submits || runs) {
            let message = format!("this {} does nothing: no action runs on `click`", entry.name);
            let hint = r#""on_event": {"click": …}"#;
            self.report(Issue::error(Code::ControlDoesNothing, &component.at, message).hint(hint));
        }
    }

    fn panels(&mut self, component: &Component, entry: &ComponentEntry) {
        if entry.children != Children::Panels {
            return;
        }
        if component.children.is_empty() {
            let message = format!("{} without panels shows nothing", entry.with_article());
            let hint = r#""children": [{"type": "container", "props": {"label": …}, "children": […]}]"#;
            self.report(Issue::error(Code::Schema, &component.at, message).hint(hint));
        }
        for panel in &component.children {
            let is_named = PANEL_LABELS
                .iter()
                .any(|prop| panel.prop(prop).is_some_and(|value| !is_blank(value)));
            if !is_named {
                let message = format!(
                    "a panel of {} needs a `label`, which is written on its tab",
                    entry.name
                );
                self.report(
                    Issue::warning(Code::A11yLabel, &panel.at, message)
                        .about(&panel.id)
                        .hint("label"),
                );
            }
        }
    }

    fn childless(&mut self, component: &Component, entry: &ComponentEntry) {
        if entry.children != Children::None {
            return;
        }
        if component.each.is_some() {
            let message = format!(
                "`each` repeats children, and {} has none; put a container around it",
                entry.with_article()
            );
            self.report(
                Issue::error(Code::Schema, format!("{}/each", component.at), message).hint("container"),
            );
        } else if !component.children.is_empty() {
            let message = format!("{} has no children; these are not shown", entry.with_article());
            self.report(Issue::warning(
                Code::Schema,
                format!("{}/children", component.at),
                message,
            ));
        }
    }
}

fn handles(component: &Component, event: &str) -> bool {
    component
        .handler(event)
        .is_some_and(|action| !action.steps.is_empty())
}

/// Whether a value is known to show nothing.
fn is_blank(value: &Template) -> bool {
    matches!(value, Template::Literal(Value::Null))
        || matches!(value, Template::Literal(Value::String(text)) if text.trim().is_empty())
}

fn shape(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
