//! Values of a document that may hold expressions: literals, `{{ … }}` text and `$bind`.

use serde_json::{Map as JsonMap, Value as Json};

use super::issue::{Code, Issue};
use super::limits;
use super::location::Location;
use super::path::Path;

/// The source text of one expression, at most 2 KiB; compiled when the app opens.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Source(String);

impl Source {
    /// Takes an expression with or without its braces, as expression positions allow.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let inner = match lone_expression(text) {
            Some(inner) => inner,
            None => text,
        };
        Self::bounded(inner)
    }

    fn bounded(text: &str) -> Result<Self, String> {
        if text.len() > limits::EXPRESSION_BYTES {
            return Err(format!(
                "an expression may have {} bytes, this one has {}",
                limits::EXPRESSION_BYTES,
                text.len()
            ));
        }
        Ok(Self(text.trim().to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A value as the document writes it.
#[derive(Debug, Clone, PartialEq)]
pub enum Template {
    Literal(Json),
    /// One lone expression: its value keeps its type.
    Expression(Source),
    /// Text with expressions in it.
    Text(Vec<Part>),
    /// Two-way: reads the path, and writes it when a person changes the control.
    Bind(Path),
    List(Vec<Template>),
    Map(Vec<(String, Template)>),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    Literal(String),
    Expression(Source),
}

impl Template {
    /// Reads a value; `at` is its JSON Pointer. Whatever holds no expression is one literal.
    pub fn parse(json: &Json, at: &Location) -> Result<Self, Issue> {
        match json {
            Json::String(text) => Self::parse_text(text, at),
            Json::Array(items) => {
                let items = items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| Self::parse(item, &at.item(index)))
                    .collect::<Result<Vec<_>, _>>()?;
                if items.iter().all(Self::is_literal) {
                    return Ok(Self::Literal(
                        items.into_iter().filter_map(Self::into_literal).collect(),
                    ));
                }
                Ok(Self::List(items))
            }
            Json::Object(members) => Self::parse_object(members, at),
            _ => Ok(Self::Literal(json.clone())),
        }
    }

    fn parse_text(text: &str, at: &Location) -> Result<Self, Issue> {
        let syntax = |message: String| Issue::error(Code::ExprSyntax, at, message);
        if !text.contains("{{") {
            return Ok(Self::Literal(Json::String(text.to_owned())));
        }
        if let Some(inner) = lone_expression(text.trim()) {
            return Source::bounded(inner).map(Self::Expression).map_err(syntax);
        }
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(start) = rest.find("{{") {
            if start > 0 {
                parts.push(Part::Literal(rest[..start].to_owned()));
            }
            let Some(length) = expression_end(&rest[start + 2..]) else {
                return Err(syntax(format!(
                    "`{{{{` at byte {} is never closed by `}}}}`",
                    text.len() - rest.len() + start
                )));
            };
            let inner = &rest[start + 2..start + 2 + length];
            parts.push(Part::Expression(Source::bounded(inner).map_err(syntax)?));
            rest = &rest[start + 2 + length + 2..];
        }
        if !rest.is_empty() {
            parts.push(Part::Literal(rest.to_owned()));
        }
        Ok(Self::Text(parts))
    }

    fn parse_object(members: &JsonMap<String, Json>, at: &Location) -> Result<Self, Issue> {
        if let Some((key, value)) = members.iter().next().filter(|(key, _)| key.starts_with('$')) {
            if members.len() > 1 {
                return Err(Issue::error(
                    Code::Schema,
                    at,
                    format!("`{key}` stands alone in its object"),
                ));
            }
            return match (key.as_str(), value) {
                ("$bind", Json::String(path)) => Path::parse(path)
                    .map(Self::Bind)
                    .map_err(|error| Issue::error(Code::PathForbidden, at, error.to_string())),
                ("$lit", literal) => Ok(Self::Literal(literal.clone())),
                ("$bind", _) => Err(Issue::error(Code::Schema, at, "`$bind` takes a path as text")),
                _ => Err(Issue::error(
                    Code::Schema,
                    at,
                    format!("`{key}` is not known; `$bind` and `$lit` are"),
                )),
            };
        }
        let templates = members
            .iter()
            .map(|(key, value)| Ok((key.clone(), Self::parse(value, &at.member(key))?)))
            .collect::<Result<Vec<_>, _>>()?;
        if templates.iter().all(|(_, template)| template.is_literal()) {
            let literal = templates
                .into_iter()
                .filter_map(|(key, template)| Some((key, template.into_literal()?)));
            return Ok(Self::Literal(Json::Object(literal.collect())));
        }
        Ok(Self::Map(templates))
    }

    pub fn is_literal(&self) -> bool {
        matches!(self, Self::Literal(_))
    }

    pub fn as_literal(&self) -> Option<&Json> {
        match self {
            Self::Literal(json) => Some(json),
            _ => None,
        }
    }

    fn into_literal(self) -> Option<Json> {
        match self {
            Self::Literal(json) => Some(json),
            _ => None,
        }
    }

    /// Every expression in it, however deep.
    pub fn expressions(&self) -> Vec<&Source> {
        match self {
            Self::Literal(_) | Self::Bind(_) => Vec::new(),
            Self::Expression(source) => vec![source],
            Self::Text(parts) => parts
                .iter()
                .filter_map(|part| match part {
                    Part::Expression(source) => Some(source),
                    Part::Literal(_) => None,
                })
                .collect(),
            Self::List(items) => items.iter().flat_map(Self::expressions).collect(),
            Self::Map(members) => members
                .iter()
                .flat_map(|(_, member)| member.expressions())
                .collect(),
        }
    }
}

/// The inside of a text that is exactly one `{{ … }}`.
fn lone_expression(text: &str) -> Option<&str> {
    let inner = text.strip_prefix("{{")?;
    (expression_end(inner)? + 2 == inner.len()).then(|| &inner[..inner.len() - 2])
}

/// Where the `}}` that closes an expression starts; quotes and nested braces are passed over.
fn expression_end(text: &str) -> Option<usize> {
    let mut quote: Option<char> = None;
    let mut braces = 0usize;
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match (quote, character) {
            (Some(_), '\\') => {
                characters.next();
            }
            (Some(open), _) if open == character => quote = None,
            (None, '\'' | '"') => quote = Some(character),
            (None, '{') => braces += 1,
            (None, '}') if braces > 0 => braces -= 1,
            (None, '}') if characters.peek().is_some_and(|(_, next)| *next == '}') => return Some(at),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(json: &Json) -> Result<Template, Issue> {
        Template::parse(json, &Location::ROOT)
    }

    fn source(text: &str) -> Source {
        Source(text.to_owned())
    }

    #[test]
    fn a_lone_expression_is_told_from_text_around_one() {
        assert_eq!(parse(&json!("plain")), Ok(Template::Literal(json!("plain"))));
        assert_eq!(parse(&json!("{{ a }}")), Ok(Template::Expression(source("a"))));
        assert_eq!(
            parse(&json!("{{ {'a': {'b': 1}} }}")),
            Ok(Template::Expression(source("{'a': {'b': 1}}")))
        );
        assert_eq!(
            parse(&json!("{{ '}}' }}")),
            Ok(Template::Expression(source("'}}'")))
        );
        assert_eq!(
            parse(&json!("{{ a }}–{{ b }}")),
            Ok(Template::Text(vec![
                Part::Expression(source("a")),
                Part::Literal("–".into()),
                Part::Expression(source("b"))
            ]))
        );
    }

    #[test]
    fn dollar_keys_are_bind_and_lit_only() {
        assert_eq!(
            parse(&json!({"$bind": "a.b"})),
            Ok(Template::Bind(Path::parse("a.b").expect("a path")))
        );
        assert_eq!(
            parse(&json!({"$lit": "{{ kept }}"})),
            Ok(Template::Literal(json!("{{ kept }}")))
        );
        for wrong in [
            json!({"$bind": 1}),
            json!({"$if": "a"}),
            json!({"$bind": "a", "b": 1}),
            json!({"$bind": "__proto__"}),
        ] {
            assert!(parse(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_open_brace_is_a_syntax_error() {
        assert_eq!(
            parse(&json!("a {{ b")).map_err(|issue| issue.code),
            Err(Code::ExprSyntax)
        );
    }
}
