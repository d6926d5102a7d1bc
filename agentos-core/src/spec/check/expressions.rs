//! Expressions: their syntax, the names they read, the filters they use.

use std::borrow::Cow;

use super::super::issue::{Code, Issue};
use super::super::location::Location;
use super::super::template::{self, Template};
use super::Checker;
use super::names::Place;
use crate::runtime::expression::{self, Expression, IMPURE_FUNCTIONS};

/// Characters of a source that a message shows.
const SHOWN: usize = 80;

/// Names of other languages, with what does the same here.
const FOREIGN: [(&str, &str); 20] = [
    ("len", "x | length"),
    ("max", "[a, b] | max"),
    ("min", "[a, b] | min"),
    ("sum", "list | sum"),
    ("abs", "x | abs"),
    ("round", "x | round(2)"),
    ("sorted", "list | sort"),
    ("reversed", "list | reverse"),
    ("int", "x | int"),
    ("float", "x | float"),
    ("str", "'' ~ x"),
    ("string", "'' ~ x"),
    ("bool", "x and true or false"),
    ("Math", "x | round, x | abs, [a, b] | max"),
    ("Number", "x | float"),
    ("String", "'' ~ x"),
    ("parseInt", "x | int"),
    ("parseFloat", "x | float"),
    ("Date", "x | date('%d.%m.%Y')"),
    ("JSON", "'' ~ x"),
];

impl Checker<'_> {
    pub(super) fn expression(&mut self, source: &template::Source, place: &Place, at: &Location) {
        let expression = match Expression::compile(source) {
            Ok(expression) => expression,
            Err(error) => {
                let message = format!("`{}` is no expression: {error}", shown(source.as_str()));
                return self.report(Issue::error(Code::ExprSyntax, at, message));
            }
        };
        for reference in &expression.reads() {
            if self.sources.contains_key(reference.name.as_ref()) && calls(source.as_str(), &reference.name) {
                let message = format!(
                    "`{0}` is a value of this app, so `{0}()` is no call; the value needs another name",
                    reference.name
                );
                self.report(Issue::error(Code::NameCollision, at, message));
                continue;
            }
            if IMPURE_FUNCTIONS.contains(&reference.name.as_ref())
                && !self.sources.contains_key(reference.name.as_ref())
            {
                if !place.is_in_action() {
                    let message = format!(
                        "`{}()` may only stand in the arguments of actions; everywhere else values follow from the state",
                        reference.name
                    );
                    self.report(Issue::error(Code::ExprUnknownName, at, message));
                }
                continue;
            }
            let is_ours = place.row(&reference.name).is_some() || self.sources.contains_key(&*reference.name);
            if !is_ours && let Some((_, instead)) = FOREIGN.iter().find(|(name, _)| *name == &*reference.name)
            {
                let message = format!(
                    "`{}` is no name here; expressions use filters: {instead}",
                    reference.name
                );
                self.report(Issue::error(Code::ExprUnknownName, at, message).hint(*instead));
                continue;
            }
            self.read_name(&reference.name, &reference.members, place, at);
        }
        self.called(source.as_str(), at);
    }

    /// Filters, tests and methods, of which an app can define none.
    fn called(&mut self, source: &str, at: &Location) {
        let told = |kind: &str, name: &str| {
            Issue::error(Code::ExprUnknownName, at, format!("there is no {kind} `{name}`"))
        };
        for filter in filters(source) {
            if !expression::FILTERS.contains(&filter) && !expression::is_filter(filter) {
                let hint = self.nearest(filter, expression::FILTERS);
                self.report_with(told("filter", filter), hint);
            }
        }
        // Most expressions have neither, and looking closely takes longer than all else.
        let tests = if source.contains("is") {
            expression::tests_in(source)
        } else {
            Vec::new()
        };
        for test in tests {
            if !expression::TESTS.contains(&test) && !expression::is_test(test) {
                let hint = self.nearest(test, expression::TESTS);
                self.report_with(told("test", test), hint);
            }
        }
        let methods = if source.contains('.') && source.contains('(') {
            expression::methods_in(source)
        } else {
            Vec::new()
        };
        for method in methods {
            if !expression::METHODS.contains(&method) {
                let hint = self.nearest(method, expression::METHODS);
                self.report_with(told("method", method), hint);
            }
        }
    }

    /// Every expression and binding in a value.
    pub(super) fn template(&mut self, template: &Template, place: &Place, at: &Location) {
        match template {
            Template::Literal(_) => {}
            Template::Bind(path) => self.read_path(path, place, at, "read"),
            Template::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.template(item, place, &at.item(index));
                }
            }
            Template::Map(members) => self.templates(members, place, at),
            Template::Expression(_) | Template::Text(_) => {
                for source in template.expressions() {
                    self.expression(source, place, at);
                }
            }
        }
    }

    pub(super) fn templates(&mut self, members: &[(String, Template)], place: &Place, at: &Location) {
        for (name, template) in members {
            self.template(template, place, &at.member(name));
        }
    }
}

/// The beginning of a source that is long.
fn shown(source: &str) -> Cow<'_, str> {
    match source.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &source[..end]).into(),
        None => source.into(),
    }
}

/// The names after each `|` outside of quotes.
fn filters(source: &str) -> Vec<&str> {
    let mut filters = Vec::new();
    let mut quote: Option<char> = None;
    let mut escaped = false;
    for (at, next) in source.char_indices() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if next == '\\' => escaped = true,
            Some(open) if open == next => quote = None,
            None if next == '"' || next == '\'' => quote = Some(next),
            None if next == '|' => {
                let rest = source[at + 1..].trim_start();
                let name = &rest[..rest
                    .find(|c: char| !c.is_alphanumeric() && c != '_')
                    .unwrap_or(rest.len())];
                filters.extend(Some(name).filter(|name| !name.is_empty()));
            }
            Some(_) | None => {}
        }
    }
    filters
}

/// Whether an expression calls a function of the language by its bare name.
fn calls(source: &str, name: &str) -> bool {
    IMPURE_FUNCTIONS.contains(&name)
        && source.match_indices(name).any(|(start, _)| {
            let continues = |sign: char| sign.is_alphanumeric() || matches!(sign, '_' | '.');
            let begins = !source[..start].ends_with(continues);
            begins && source[start + name.len()..].trim_start().starts_with('(')
        })
}

#[cfg(test)]
mod tests {
    use super::filters;

    #[test]
    fn finds_filters_outside_of_texts() {
        assert_eq!(filters("a | join(' | b') |length~'|'"), ["join", "length"]);
        assert_eq!(filters(r"'\'|x' | trim"), ["trim"]);
        assert!(filters("a || b").is_empty() || filters("a || b") == ["b"]);
    }
}
