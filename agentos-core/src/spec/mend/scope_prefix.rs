//! `state.count` where the name is `count`: names stand in scope without the section they are from.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Mender, Object};
use crate::spec::location::Location;

/// Sections of the document whose names are in scope.
const SECTIONS: [&str; 3] = ["state", "computed", "data"];
/// Keys that hold an expression even without braces.
const EXPRESSION_KEYS: [&str; 5] = ["visible", "if", "where", "pick", "when"];
/// Keys that hold a path.
const PATH_KEYS: [&str; 5] = ["$bind", "into", "in", "path", "target"];

/// Whether there is anything to look at closely. It makes nothing on the way, since every document is asked.
fn mentions_a_section(value: &Value) -> bool {
    // A name in a section stands behind a mark, and most texts have none.
    let mentions = |text: &str| {
        text.bytes().any(|byte| matches!(byte, b'.' | b'[' | b'/'))
            && SECTIONS.iter().any(|section| text.contains(section))
    };
    match value {
        Value::String(text) => mentions(text),
        Value::Array(items) => items.iter().any(mentions_a_section),
        Value::Object(map) => map
            .iter()
            .any(|(key, part)| mentions(key) || mentions_a_section(part)),
        _ => false,
    }
}

impl Mender<'_> {
    pub(super) fn scope_prefix(&mut self, root: &mut Object) {
        let names: BTreeSet<String> = SECTIONS
            .iter()
            .filter_map(|section| root.get(*section)?.as_object())
            .flat_map(|section| section.keys().cloned())
            .collect();
        let prefixes = Prefixes {
            shadowed: SECTIONS
                .iter()
                .filter(|section| names.contains(**section))
                .copied()
                .collect(),
            names,
        };
        for (key, value) in root.iter_mut() {
            let at = Location::ROOT.member(key);
            match key.as_str() {
                "components" => {
                    for (index, component) in value.as_array_mut().into_iter().flatten().enumerate() {
                        if mentions_a_section(component) {
                            self.strip_prefixes(component, &at.item(index), &prefixes);
                        }
                    }
                }
                "actions" | "on" | "data" => self.strip_prefixes(value, &at, &prefixes),
                "computed" => {
                    for (name, expression) in value.as_object_mut().into_iter().flatten() {
                        self.strip_expression(expression, &at.member(name), &prefixes);
                    }
                }
                "persist" => {
                    for (index, path) in value.as_array_mut().into_iter().flatten().enumerate() {
                        self.strip_path(path, &at.item(index), &prefixes);
                    }
                }
                "watch" => {
                    self.strip_prefixes(value, &at, &prefixes);
                    if let Value::Object(watched) = value {
                        self.strip_keys(watched, &at, &prefixes);
                    }
                }
                _ => {}
            }
        }
    }

    fn strip_prefixes(&mut self, value: &mut Value, at: &Location, prefixes: &Prefixes) {
        match value {
            Value::String(_) => self.strip_text(value, at, prefixes),
            Value::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.strip_prefixes(item, &at.item(index), prefixes);
                }
            }
            Value::Object(map) if !map.contains_key("$lit") => {
                for (key, part) in map.iter_mut() {
                    let at = at.member(key);
                    match part {
                        Value::String(_) if EXPRESSION_KEYS.contains(&key.as_str()) => {
                            self.strip_expression(part, &at, prefixes);
                        }
                        Value::String(_) if PATH_KEYS.contains(&key.as_str()) => {
                            self.strip_path(part, &at, prefixes);
                        }
                        part => self.strip_prefixes(part, &at, prefixes),
                    }
                }
            }
            _ => {}
        }
    }

    fn strip_keys(&mut self, watched: &mut Object, at: &Location, prefixes: &Prefixes) {
        for key in watched.keys().cloned().collect::<Vec<_>>() {
            if let Some(plain) = prefixes
                .in_path(&key)
                .filter(|plain| !watched.contains_key(plain))
            {
                super::rename(watched, &key, &plain);
                self.stripped(&at.member(&key));
            }
        }
    }

    fn strip_expression(&mut self, value: &mut Value, at: &Location, prefixes: &Prefixes) {
        match value.as_str() {
            Some(text) if text.contains("{{") => self.strip_text(value, at, prefixes),
            Some(text) => {
                if let Some(plain) = prefixes.in_expression(text) {
                    *value = plain.into();
                    self.stripped(at);
                }
            }
            None => {}
        }
    }

    fn strip_path(&mut self, value: &mut Value, at: &Location, prefixes: &Prefixes) {
        let Some(text) = value.as_str() else { return };
        if text.contains("{{") {
            return self.strip_text(value, at, prefixes);
        }
        if let Some(plain) = prefixes.in_path(text) {
            *value = plain.into();
            self.stripped(at);
        }
    }

    /// Only what stands between braces is an expression.
    fn strip_text(&mut self, value: &mut Value, at: &Location, prefixes: &Prefixes) {
        let Some(text) = value.as_str().filter(|text| text.contains("{{")) else {
            return;
        };
        let mut pieces = text.split("{{");
        let mut plain = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let (expression, rest) = piece.split_at(piece.find("}}").unwrap_or(piece.len()));
            plain.push_str("{{");
            plain.push_str(
                prefixes
                    .in_expression(expression)
                    .as_deref()
                    .unwrap_or(expression),
            );
            plain.push_str(rest);
        }
        if plain != text {
            *value = plain.into();
            self.stripped(at);
        }
    }

    fn stripped(&mut self, at: &Location) {
        self.told(
            at,
            "names of the state, of computed values and of data are written without a prefix",
        );
    }
}

struct Prefixes {
    names: BTreeSet<String>,
    /// Sections that are also a name of the app's own, whose members are then meant.
    shadowed: BTreeSet<&'static str>,
}

impl Prefixes {
    /// Whether `section.name` says the same as `name`. A state key need not be declared yet.
    fn is_prefix(&self, section: &str, name: &str) -> bool {
        SECTIONS.contains(&section)
            && !self.shadowed.contains(section)
            && !name.is_empty()
            && (section == "state" || self.names.contains(name))
    }

    fn in_path(&self, path: &str) -> Option<String> {
        let (section, rest, slash) = match path.strip_prefix('/') {
            Some(pointer) => (pointer.split_once('/')?.0, pointer.split_once('/')?.1, "/"),
            None => (path.split_once('.')?.0, path.split_once('.')?.1, ""),
        };
        let name = rest.split(['.', '/', '[']).next().unwrap_or_default();
        self.is_prefix(section, name).then(|| format!("{slash}{rest}"))
    }

    /// The expression without prefixes; nothing when it has none.
    fn in_expression(&self, expression: &str) -> Option<String> {
        let mut plain = String::with_capacity(expression.len());
        let mut rest = expression;
        let mut quote: Option<char> = None;
        let mut before = ' ';
        while let Some(next) = rest.chars().next() {
            let is_word = |c: char| c.is_alphanumeric() || c == '_';
            let starts_word = quote.is_none() && is_word(next) && !is_word(before) && before != '.';
            let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            if starts_word
                && let Some(member) = rest[length..].strip_prefix('.')
                && self.is_prefix(
                    &rest[..length],
                    &member[..member.find(|c| !is_word(c)).unwrap_or(member.len())],
                )
            {
                rest = member;
                before = ' ';
                continue;
            }
            match quote {
                Some(open) if open == next => quote = None,
                None if next == '"' || next == '\'' => quote = Some(next),
                _ => {}
            }
            plain.push(next);
            before = next;
            rest = &rest[next.len_utf8()..];
        }
        (plain != expression).then_some(plain)
    }
}

#[cfg(test)]
mod tests {
    use super::Prefixes;

    #[track_caller]
    fn check(expression: &str, expected: Option<&str>) {
        let prefixes = Prefixes {
            names: ["total".to_owned()].into(),
            shadowed: ["data"].into(),
        };
        assert_eq!(
            prefixes.in_expression(expression).as_deref(),
            expected,
            "{expression}"
        );
    }

    #[test]
    fn prefixes_go_outside_of_texts_and_members() {
        check("state.count + 1", Some("count + 1"));
        check(
            "state.a.b ~ 'state.c' ~ computed.total",
            Some("a.b ~ 'state.c' ~ total"),
        );
        check("item.state.count", None);
        check("my_state.count", None);
        check("computed.other", None);
        check("data.total", None);
        check("state", None);
    }
}
