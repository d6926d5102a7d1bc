//! What a property or an argument may hold: one description for checking, mending, prompting and
//! typing.

use std::borrow::Cow;
use std::fmt;

use serde_json::{Number, Value};

use super::Field;
use crate::spec::nearest;

/// The values a [`Field`] takes.
#[derive(Debug, Clone, PartialEq)]
pub enum ValueKind {
    /// Anything JSON can say.
    Any,
    Text,
    /// What can be shown as text: text, a number, a truth value or null.
    Scalar,
    /// A number within bounds that are part of the range.
    Number {
        min: Option<f64>,
        max: Option<f64>,
    },
    /// A whole number within bounds that are part of the range.
    Integer {
        min: Option<f64>,
        max: Option<f64>,
    },
    Flag,
    OneOf(Vec<Cow<'static, str>>),
    Url(UrlUse),
    /// An object with any keys.
    Object,
    /// An object with these keys.
    Shape(Vec<Field>),
    List(Box<ValueKind>),
    Either(Vec<ValueKind>),
    /// A map of allowed style properties.
    Style,
    /// A path into the state: dotted, or a JSON Pointer.
    Path,
    /// The id of a component of the same document.
    ComponentId,
    /// An action: a name, a step, or a list of steps. It is run later, so it is never evaluated
    /// with the other arguments.
    Action,
}

/// Where a URL leads, which decides the schemes it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UrlUse {
    /// http or https.
    Link,
    /// http, https or `data:image/…`.
    Image,
    /// ws or wss.
    Socket,
}

/// Why a value is not of its kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Mismatch {
    /// JSON Pointer from the value to the part that does not fit; empty for the value itself.
    pub path: String,
    pub reason: MismatchReason,
}

#[derive(Debug, Clone, PartialEq)]
pub enum MismatchReason {
    /// Another type of value.
    Type { expected: String, found: String },
    /// Text that is none of the choices.
    Choice {
        found: String,
        choices: String,
        nearest: Option<String>,
    },
    /// A number beyond the bounds.
    Range { expected: String, found: String },
    /// A URL of a scheme that is not allowed there.
    UrlScheme { found: String, allowed: &'static str },
    /// A key the object does not have.
    UnknownKey { key: String, nearest: Option<String> },
    /// A key the object must have.
    MissingKey { key: String },
}

impl ValueKind {
    pub const NUMBER: Self = Self::Number { min: None, max: None };
    pub const INTEGER: Self = Self::Integer { min: None, max: None };

    pub fn number(min: f64, max: f64) -> Self {
        Self::Number {
            min: Some(min),
            max: Some(max),
        }
    }

    pub fn at_least(min: f64) -> Self {
        Self::Number {
            min: Some(min),
            max: None,
        }
    }

    pub fn integer(min: f64, max: f64) -> Self {
        Self::Integer {
            min: Some(min),
            max: Some(max),
        }
    }

    pub fn one_of(choices: &[&'static str]) -> Self {
        Self::OneOf(choices.iter().map(|choice| Cow::Borrowed(*choice)).collect())
    }

    pub fn list(of: Self) -> Self {
        Self::List(Box::new(of))
    }

    /// Whether `value` is of this kind. `open` names the values that are only known while the app
    /// runs (templates, bindings); they fit everywhere.
    pub fn check(&self, value: &Value, open: &dyn Fn(&Value) -> bool) -> Result<(), Mismatch> {
        if open(value) {
            return Ok(());
        }
        match (self, value) {
            (Self::Any, _)
            | (Self::Text | Self::Path | Self::ComponentId, Value::String(_))
            | (Self::Scalar, Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null)
            | (Self::Flag, Value::Bool(_))
            | (Self::Object | Self::Style, Value::Object(_))
            | (Self::Action, Value::String(_) | Value::Object(_) | Value::Array(_)) => Ok(()),
            (Self::Number { min, max }, Value::Number(number)) => self.check_range(number, *min, *max),
            (Self::Integer { min, max }, Value::Number(number)) if is_whole(number) => {
                self.check_range(number, *min, *max)
            }
            (Self::OneOf(choices), Value::String(text)) => check_choice(choices, text),
            (Self::Url(usage), Value::String(url)) => check_url(*usage, url),
            (Self::Shape(fields), Value::Object(map)) => {
                for (key, part) in map {
                    let Some(field) = fields.iter().find(|field| field.name == *key) else {
                        let names = fields.iter().map(|field| field.name.as_ref());
                        let nearest = nearest::suggestion(key, names).map(str::to_owned);
                        return Err(Mismatch::here(MismatchReason::UnknownKey {
                            key: key.clone(),
                            nearest,
                        }));
                    };
                    field.kind.check(part, open).map_err(|found| found.within(key))?;
                }
                match fields
                    .iter()
                    .find(|field| field.required && !map.contains_key(field.name.as_ref()))
                {
                    Some(field) => Err(Mismatch::here(MismatchReason::MissingKey {
                        key: field.name.to_string(),
                    })),
                    None => Ok(()),
                }
            }
            (Self::List(kind), Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    kind.check(item, open)
                        .map_err(|found| found.within(&index.to_string()))?;
                }
                Ok(())
            }
            (Self::Either(kinds), _) => self.check_either(kinds, value, open),
            _ => Err(self.wrong_type(value)),
        }
    }

    /// The kind that came furthest into the value tells what is wrong with it.
    fn check_either(
        &self,
        kinds: &[Self],
        value: &Value,
        open: &dyn Fn(&Value) -> bool,
    ) -> Result<(), Mismatch> {
        let mut told: Option<Mismatch> = None;
        for kind in kinds {
            match kind.check(value, open) {
                Ok(()) => return Ok(()),
                Err(found)
                    if matches!(found.reason, MismatchReason::Type { .. }) && found.path.is_empty() => {}
                Err(found) => told = told.or(Some(found)),
            }
        }
        Err(told.unwrap_or_else(|| self.wrong_type(value)))
    }

    fn check_range(&self, number: &Number, min: Option<f64>, max: Option<f64>) -> Result<(), Mismatch> {
        let value = number.as_f64().unwrap_or(f64::NAN);
        if min.is_some_and(|min| value < min) || max.is_some_and(|max| value > max) || value.is_nan() {
            return Err(Mismatch::here(MismatchReason::Range {
                expected: self.to_string(),
                found: number.to_string(),
            }));
        }
        Ok(())
    }

    fn wrong_type(&self, value: &Value) -> Mismatch {
        Mismatch::here(MismatchReason::Type {
            expected: self.to_string(),
            found: described(value),
        })
    }

    /// The same value in this kind's own form, where nothing is lost by it: `"3"` is 3 where a
    /// number is asked for, `"true"` is true, `"Primary"` is `primary`, 7 is `"7"` where text is, and true is
    /// `medium` where a measure from `none` on is.
    pub fn coerce(&self, value: &Value) -> Option<Value> {
        match (self, value) {
            (Self::Number { .. } | Self::Integer { .. }, Value::String(text)) => number_in(text),
            (Self::Flag, Value::String(text)) => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "yes" => Some(Value::Bool(true)),
                "false" | "no" => Some(Value::Bool(false)),
                _ => None,
            },
            (Self::Text | Self::Path | Self::ComponentId, Value::Number(number)) => {
                Some(number.to_string().into())
            }
            (Self::Text, Value::Bool(flag)) => Some(flag.to_string().into()),
            (Self::OneOf(choices), Value::String(text)) => {
                let choice = nearest::unmistakable(text, choices.iter().map(AsRef::as_ref))?;
                Some(choice.into())
            }
            (Self::OneOf(choices), Value::Bool(flag)) => {
                let meant = if *flag { "medium" } else { "none" };
                let has = |choice: &str| choices.iter().any(|known| known == choice);
                (has("none") && has("medium")).then(|| meant.into())
            }
            (Self::List(kind), Value::Array(items)) => Some(coerce_items(kind, items)),
            (Self::Shape(fields), Value::Object(map)) => Some(coerce_fields(fields, map)),
            (Self::Either(kinds), _) => kinds.iter().find_map(|kind| kind.coerce(value)),
            _ => None,
        }
        .filter(|coerced| coerced != value)
    }
}

impl Mismatch {
    fn here(reason: MismatchReason) -> Self {
        Self {
            path: String::new(),
            reason,
        }
    }

    fn within(mut self, key: &str) -> Self {
        self.path = format!("/{}{}", key.replace('~', "~0").replace('/', "~1"), self.path);
        self
    }

    /// The nearest valid form, where there is one.
    pub fn hint(&self) -> Option<&str> {
        match &self.reason {
            MismatchReason::Choice { nearest, .. } | MismatchReason::UnknownKey { nearest, .. } => {
                nearest.as_deref()
            }
            _ => None,
        }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            MismatchReason::Choice { found, choices, .. } => {
                write!(f, "expected one of {choices}, found \"{found}\"")
            }
            MismatchReason::Type { expected, found } | MismatchReason::Range { expected, found } => {
                write!(f, "expected {expected}, found {found}")
            }
            MismatchReason::UrlScheme { found, allowed } => {
                write!(f, "expected a URL that begins with {allowed}, found \"{found}\"")
            }
            MismatchReason::UnknownKey { key, .. } => write!(f, "has no key \"{key}\""),
            MismatchReason::MissingKey { key } => write!(f, "lacks \"{key}\""),
        }
    }
}

impl fmt::Display for ValueKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any value"),
            Self::Text => f.write_str("text"),
            Self::Scalar => f.write_str("text, a number or a truth value"),
            Self::Number { min, max } => write_range(f, "a number", *min, *max),
            Self::Integer { min, max } => write_range(f, "a whole number", *min, *max),
            Self::Flag => f.write_str("true or false"),
            Self::OneOf(choices) => write!(f, "one of {}", choices.join(" ")),
            Self::Url(usage) => write!(f, "a URL that begins with {}", usage.allowed()),
            Self::Object => f.write_str("an object"),
            Self::Shape(fields) => {
                let names: Vec<_> = fields.iter().map(|field| field.name.as_ref()).collect();
                write!(f, "an object with {}", names.join(", "))
            }
            Self::List(kind) => write!(f, "a list of {kind}"),
            Self::Either(kinds) => {
                let texts: Vec<_> = kinds.iter().map(ToString::to_string).collect();
                f.write_str(&texts.join(" or "))
            }
            Self::Style => f.write_str("an object of style properties"),
            Self::Path => f.write_str("a path into the state"),
            Self::ComponentId => f.write_str("the id of a component"),
            Self::Action => f.write_str("an action"),
        }
    }
}

impl UrlUse {
    fn allowed(self) -> &'static str {
        match self {
            Self::Link => "http:// or https://",
            Self::Image => "http://, https:// or data:image/",
            Self::Socket => "ws:// or wss://",
        }
    }

    /// Whether `url` may be used so. A URL that begins with an expression is known only while the
    /// app runs, and an empty one leads nowhere.
    pub fn allows(self, url: &str) -> bool {
        let start = bare(url.split("{{").next().unwrap_or_default());
        let starts: &[&str] = match self {
            Self::Link => &["http://", "https://"],
            Self::Image => &["http://", "https://", "data:image/"],
            Self::Socket => &["ws://", "wss://"],
        };
        start.is_empty() || starts.iter().any(|allowed| start.starts_with(allowed))
    }

    /// Whether `url` names a scheme that is not allowed, so that it could run or open something.
    pub fn forbids(self, url: &str) -> bool {
        let start = bare(url.split("{{").next().unwrap_or_default());
        let scheme = start.split_once(':').map(|(scheme, _)| scheme);
        scheme.is_some_and(|scheme| !scheme.contains(['/', '?', '#'])) && !self.allows(url)
    }
}

/// The beginning of a URL as a browser reads it: without white space and control characters, so that
/// `java\nscript:` is a scheme.
fn bare(url: &str) -> String {
    let kept = url
        .chars()
        .filter(|c| !c.is_whitespace() && !c.is_control())
        .take(64);
    kept.flat_map(char::to_lowercase).collect()
}

fn check_choice(choices: &[Cow<'static, str>], text: &str) -> Result<(), Mismatch> {
    if choices.iter().any(|choice| choice == text) {
        return Ok(());
    }
    let nearest = nearest::suggestion(text, choices.iter().map(AsRef::as_ref)).map(str::to_owned);
    Err(Mismatch::here(MismatchReason::Choice {
        found: shortened(text),
        choices: choices.join(" "),
        nearest,
    }))
}

fn check_url(usage: UrlUse, url: &str) -> Result<(), Mismatch> {
    if usage.allows(url) {
        return Ok(());
    }
    Err(Mismatch::here(MismatchReason::UrlScheme {
        found: shortened(url),
        allowed: usage.allowed(),
    }))
}

fn coerce_items(kind: &ValueKind, items: &[Value]) -> Value {
    let coerced = items
        .iter()
        .map(|item| kind.coerce_misfit(item).unwrap_or_else(|| item.clone()))
        .collect();
    Value::Array(coerced)
}

fn coerce_fields(fields: &[Field], map: &serde_json::Map<String, Value>) -> Value {
    let coerced = map.iter().map(|(key, part)| {
        let kind = fields
            .iter()
            .find(|field| field.name == *key)
            .map(|field| &field.kind);
        let part = kind
            .and_then(|kind| kind.coerce_misfit(part))
            .unwrap_or_else(|| part.clone());
        (key.clone(), part)
    });
    Value::Object(coerced.collect())
}

impl ValueKind {
    /// As [`Self::coerce`], for a value that is not yet of this kind.
    pub fn coerce_misfit(&self, value: &Value) -> Option<Value> {
        match self.check(value, &|_| false) {
            Ok(()) => None,
            Err(_) => self.coerce(value),
        }
    }
}

/// The number a text spells in JSON's own way, and nothing looser: `"1e400"`, `"0x10"` and `""` are
/// no numbers.
fn number_in(text: &str) -> Option<Value> {
    let text = text.trim();
    let plain = text.strip_prefix('+').unwrap_or(text);
    if plain.len() > 32 || !plain.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '.') {
        return None;
    }
    if let Ok(whole) = plain.parse::<i64>() {
        return Some(whole.into());
    }
    let number = plain.parse::<f64>().ok()?;
    Number::from_f64(number).map(Value::Number)
}

fn is_whole(number: &Number) -> bool {
    number.as_f64().is_some_and(|value| value.fract() == 0.0)
}

/// What kind of value this is, and which where it is short.
fn described(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) => format!("the text \"{}\"", shortened(text)),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

fn shortened(text: &str) -> String {
    const SHOWN: usize = 40;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn write_range(f: &mut fmt::Formatter<'_>, noun: &str, min: Option<f64>, max: Option<f64>) -> fmt::Result {
    match (min, max) {
        (None, None) => f.write_str(noun),
        (Some(min), None) => write!(f, "{noun} of at least {min}"),
        (None, Some(max)) => write!(f, "{noun} of at most {max}"),
        (Some(min), Some(max)) => write!(f, "{noun} from {min} to {max}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{UrlUse, ValueKind};

    #[derive(Debug, PartialEq)]
    enum Verdict {
        Allowed,
        Refused,
        Forbidden,
    }
    use Verdict::{Allowed, Forbidden, Refused};

    #[track_caller]
    fn judges(usage: UrlUse, url: &str, expected: &Verdict) {
        let verdict = match (usage.allows(url), usage.forbids(url)) {
            (true, _) => Allowed,
            (false, true) => Forbidden,
            (false, false) => Refused,
        };
        assert_eq!(&verdict, expected, "{url:?}");
    }

    #[test]
    fn only_web_schemes_pass() {
        judges(UrlUse::Link, "https://example.org/a:b", &Allowed);
        judges(UrlUse::Link, "HTTP://example.org", &Allowed);
        judges(UrlUse::Link, "{{ url }}", &Allowed);
        judges(UrlUse::Link, "https://example.org/{{ id }}", &Allowed);
        judges(UrlUse::Link, "", &Allowed);
        judges(UrlUse::Link, "#top", &Refused);
        judges(UrlUse::Link, "/a?b=c:d", &Refused);
        judges(UrlUse::Link, "www.example.org", &Refused);
        judges(UrlUse::Link, "javascript:alert(1)", &Forbidden);
        judges(UrlUse::Link, " \tJava\nScript:{{ x }}", &Forbidden);
        judges(UrlUse::Link, "data:text/html,x", &Forbidden);
        judges(UrlUse::Link, "file:///etc/passwd", &Forbidden);
        judges(UrlUse::Image, "data:image/png;base64,AA", &Allowed);
        judges(UrlUse::Image, "data:text/html,x", &Forbidden);
        judges(UrlUse::Socket, "wss://example.org/{{ room }}", &Allowed);
        judges(UrlUse::Socket, "WS://example.org", &Allowed);
        judges(UrlUse::Socket, "https://example.org", &Forbidden);
        judges(UrlUse::Link, "wss://example.org", &Forbidden);
    }

    #[track_caller]
    fn coerces(kind: &ValueKind, value: &Value, expected: Option<&Value>) {
        assert_eq!(kind.coerce(value).as_ref(), expected, "{value} as {kind}");
    }

    #[test]
    fn coercion_never_loses_anything() {
        coerces(&ValueKind::NUMBER, &json!("3"), Some(&json!(3)));
        coerces(&ValueKind::NUMBER, &json!(" -2.5 "), Some(&json!(-2.5)));
        coerces(&ValueKind::NUMBER, &json!("1e400"), None);
        coerces(&ValueKind::NUMBER, &json!("3px"), None);
        coerces(&ValueKind::NUMBER, &json!(""), None);
        coerces(&ValueKind::NUMBER, &json!("inf"), None);
        coerces(&ValueKind::Flag, &json!("True"), Some(&json!(true)));
        coerces(&ValueKind::Flag, &json!(1), None);
        coerces(&ValueKind::Text, &json!(7), Some(&json!("7")));
        coerces(
            &ValueKind::one_of(&["primary", "ghost"]),
            &json!("Primary"),
            Some(&json!("primary")),
        );
        coerces(
            &ValueKind::list(ValueKind::NUMBER),
            &json!(["1", 2]),
            Some(&json!([1, 2])),
        );
        coerces(&ValueKind::list(ValueKind::NUMBER), &json!([1, 2]), None);
    }
}
