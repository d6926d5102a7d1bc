//! Properties: that they exist, are of their kind, and are there where they must be.

use serde_json::{Value, json};

use super::super::catalog::{ComponentEntry, Field, Mismatch, MismatchReason, ValueKind};
use super::super::document::Component;
use super::super::issue::{Code, Issue};
use super::super::location::Location;
use super::super::template::{Part, Template};
use super::Checker;
use super::names::Place;

/// Stands for a value that is only known while the app runs.
const OPEN: &str = "$open";
/// What a panel of any type may be labelled by.
pub(super) const PANEL_LABELS: [&str; 2] = ["label", "title"];

impl Checker<'_> {
    pub(super) fn props(&mut self, component: &Component, entry: &ComponentEntry, place: &Place) {
        let at = Location::at(&component.at);
        let props_at = at.member("props");
        for (name, value) in &component.props {
            let at = props_at.member(name);
            if let Some(prop) = entry.prop(name) {
                self.prop(entry, prop, value, place, &at);
            } else {
                if !(place.is_of_panels() && PANEL_LABELS.contains(&name.as_str())) {
                    self.unknown_prop(entry, name, &at);
                }
                self.template(value, place, &at);
            }
        }
        let is_missing = |prop: &&Field| {
            prop.required
                && component
                    .prop(&prop.name)
                    .is_none_or(|value| *value == Template::Literal(Value::Null))
        };
        for prop in entry.props.iter().filter(is_missing) {
            let message = format!("{} needs `{}`: {}", entry.with_article(), prop.name, prop.summary);
            self.report(Issue::error(Code::MissingProp, &component.at, message).hint(prop.name.as_ref()));
        }
    }

    fn prop(&mut self, entry: &ComponentEntry, prop: &Field, value: &Template, place: &Place, at: &Location) {
        let is_value = entry.value.as_ref().is_some_and(|value| value.name == prop.name);
        match value {
            Template::Bind(path) if is_value => self.written_path(path, place, at, "bound"),
            Template::Bind(path) => {
                self.read_path(path, place, at, "bound");
                if let Some(value) = &entry.value {
                    let message = format!(
                        "`$bind` belongs on `{}`, which the {} changes; here it only reads",
                        value.name, entry.name
                    );
                    self.report(Issue::warning(Code::PropType, at, message).hint(value.name.as_ref()));
                }
            }
            Template::Literal(Value::Null) => {}
            Template::Literal(Value::Object(style)) if prop.kind == ValueKind::Style => self.style(style, at),
            Template::Text(parts) => {
                self.template(value, place, at);
                self.open_url(&prop.kind, parts, &prop.name, at);
            }
            _ => {
                self.template(value, place, at);
                if let Err(mismatch) = prop.kind.check(&with_open(value), &is_open) {
                    self.mismatch(
                        &mismatch,
                        &format!("`{}` of {}", prop.name, entry.with_article()),
                        at,
                    );
                }
            }
        }
    }

    fn unknown_prop(&mut self, entry: &ComponentEntry, name: &str, at: &Location) {
        let by_alias = entry
            .props
            .iter()
            .find(|prop| prop.aliases.iter().any(|alias| alias == name));
        let hint = match by_alias {
            Some(prop) => Some(prop.name.to_string()),
            None => self.nearest(name, entry.props.iter().map(|prop| prop.name.as_ref())),
        };
        let message = format!(
            "{} has no property `{name}`; it has no effect",
            entry.with_article()
        );
        self.report_with(Issue::warning(Code::UnknownProp, at, message), hint);
    }

    /// The scheme stands in front of the first expression, or the expression gives all of the URL.
    pub(super) fn open_url(&mut self, kind: &ValueKind, parts: &[Part], name: &str, at: &Location) {
        let (ValueKind::Url(usage), Some(Part::Literal(start))) = (kind, parts.first()) else {
            return;
        };
        if !usage.allows(start) {
            self.report(Issue::error(
                Code::UrlScheme,
                at,
                format!("`{name}` expects {kind}, found \"{start}…\""),
            ));
        }
    }

    fn mismatch(&mut self, mismatch: &Mismatch, subject: &str, at: &Location) {
        let code = match mismatch.reason {
            MismatchReason::Choice { .. } => Code::PropEnum,
            _ => code_of_a_misfit(mismatch, Code::PropType),
        };
        let issue = Issue::error(
            code,
            at.pointer() + &mismatch.path,
            format!("{subject}: {mismatch}"),
        );
        self.report_with(issue, mismatch.hint());
    }
}

/// A URL that is not allowed is told as one wherever it stands; `other` is the code of what else does not fit.
pub(super) fn code_of_a_misfit(mismatch: &Mismatch, other: Code) -> Code {
    match mismatch.reason {
        MismatchReason::UrlScheme { .. } => Code::UrlScheme,
        _ => other,
    }
}

/// The value as far as the document tells it.
pub(super) fn with_open(template: &Template) -> Value {
    match template {
        Template::Literal(value) => value.clone(),
        Template::Expression(_) | Template::Text(_) | Template::Bind(_) => open(),
        Template::List(items) => items.iter().map(with_open).collect(),
        Template::Map(members) => members
            .iter()
            .map(|(name, member)| (name.clone(), with_open(member)))
            .collect(),
    }
}

pub(super) fn open() -> Value {
    json!({OPEN: true})
}

pub(super) fn is_open(value: &Value) -> bool {
    value
        .as_object()
        .is_some_and(|map| map.len() == 1 && map.contains_key(OPEN))
}
