//! Values, paths and functions of A2UI as expressions of ours.

use serde_json::{Value, json};

use super::format::{date_directives, interpolated};
use super::{Object, member};

/// Where a value stands: inside how many templates.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Rows(pub(super) usize);

impl Rows {
    pub(super) fn within(self) -> Self {
        Self(self.0 + 1)
    }

    /// The loop variable of the innermost template.
    pub(super) fn name(self) -> String {
        match self.0 {
            0 | 1 => "item".to_owned(),
            depth => format!("item{depth}"),
        }
    }
}

/// Why a value has no equivalent.
pub(super) type Unknown = String;

/// The key of the state a member of the data model is kept under: an identifier that is not
/// reserved.
pub(super) fn key_of_state(name: &str) -> String {
    const RESERVED: [&str; 7] = ["event", "result", "error", "args", "item", "app", "_"];
    let mut key: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '_' {
                c
            } else {
                '_'
            }
        })
        .collect();
    if key.starts_with(|c: char| c.is_ascii_digit()) || key.is_empty() || RESERVED.contains(&key.as_str()) {
        key.insert_str(0, "data_");
    }
    key
}

/// A property as a template: a literal, one lone expression, or text with expressions.
pub(super) fn template(value: &Value, rows: Rows) -> Result<Value, Unknown> {
    match value {
        Value::String(text) if text.contains("{{") => Ok(json!({"$lit": text})),
        Value::Object(dynamic) if call(dynamic) == Some("formatString") => {
            let text = argument(dynamic, "value")
                .and_then(Value::as_str)
                .unwrap_or_default();
            Ok(interpolated(text, rows)?.into())
        }
        Value::Object(dynamic) if is_dynamic(dynamic) => {
            Ok(format!("{{{{ {} }}}}", expression(value, rows)?).into())
        }
        literal => Ok(literal.clone()),
    }
}

/// A value as a part of an expression.
pub(super) fn expression(value: &Value, rows: Rows) -> Result<String, Unknown> {
    match value {
        Value::Null => Ok("none".to_owned()),
        Value::Bool(_) | Value::Number(_) => Ok(value.to_string()),
        Value::String(text) => Ok(quoted(text)),
        Value::Array(items) => {
            let items: Result<Vec<String>, Unknown> =
                items.iter().map(|item| expression(item, rows)).collect();
            Ok(format!("[{}]", items?.join(", ")))
        }
        Value::Object(dynamic) => match (member(dynamic, "path"), call(dynamic)) {
            (Some(Value::String(path)), _) => path_expression(path, rows),
            (_, Some(function)) => function_expression(function, dynamic, rows),
            _ => Err("an object as a value".to_owned()),
        },
    }
}

/// The path a two-way property is bound to.
pub(super) fn bound_path(value: &Value, rows: Rows) -> Option<String> {
    let path = member(value.as_object()?, "path")?.as_str()?;
    path_expression(path, rows)
        .ok()
        .filter(|path| !path.contains('"'))
}

/// A path as an expression: from the data model when it begins with a slash, else from the row.
pub(super) fn path_expression(path: &str, rows: Rows) -> Result<String, Unknown> {
    let is_absolute = path.starts_with('/') || rows.0 == 0;
    let mut segments = path
        .split('/')
        .filter(|segment| !segment.is_empty() && *segment != ".")
        .map(|segment| segment.replace("~1", "/").replace("~0", "~"));
    let start = if is_absolute {
        key_of_state(&segments.next().ok_or("a path to the whole data model")?)
    } else {
        rows.name()
    };
    Ok(
        segments.fold(start, |path, segment| match segment.parse::<usize>() {
            Ok(index) => format!("{path}[{index}]"),
            Err(_) if key_of_state(&segment) == segment || segment == "item" || segment == "error" => {
                format!("{path}.{segment}")
            }
            Err(_) => format!("{path}[{}]", quoted(&segment)),
        }),
    )
}

fn function_expression(function: &str, dynamic: &Object, rows: Rows) -> Result<String, Unknown> {
    let part = |name: &str| match argument(dynamic, name) {
        Some(value) => expression(value, rows).map(Some),
        None => Ok(None),
    };
    let value = || part("value").map(|value| value.unwrap_or_else(|| "none".to_owned()));
    let joined = |word: &str| {
        let parts = argument(dynamic, "values")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        let parts: Result<Vec<String>, Unknown> = parts.iter().map(|part| expression(part, rows)).collect();
        Ok(format!("({})", parts?.join(word)))
    };
    let within = |subject: String| {
        let bounds = [("min", ">="), ("max", "<=")]
            .into_iter()
            .filter_map(|(name, operator)| {
                Some(
                    part(name)
                        .transpose()?
                        .map(|bound| format!("{subject} {operator} {bound}")),
                )
            });
        let bounds: Result<Vec<String>, Unknown> = bounds.collect();
        Ok(format!("({})", bounds?.join(" and ")))
    };
    match function {
        "required" => Ok(format!("({} not in [none, \"\", []])", value()?)),
        "length" => within(format!("({} | string | length)", value()?)),
        "numeric" => within(value()?),
        "and" => joined(" and "),
        "or" => joined(" or "),
        "not" => Ok(format!("(not {})", value()?)),
        "formatString" => {
            let text = argument(dynamic, "value")
                .and_then(Value::as_str)
                .unwrap_or_default();
            super::format::concatenated(text, rows)
        }
        "formatNumber" => {
            let is_grouped = argument(dynamic, "grouping") != Some(&Value::Bool(false));
            let value = value()?;
            Ok(match (is_grouped, part("decimals")?) {
                (true, Some(digits)) => format!("({value} | number({digits}))"),
                (true, None) => format!("({value} | number)"),
                (false, digits) => format!("({value} | round({}))", digits.unwrap_or_else(|| "0".to_owned())),
            })
        }
        "formatCurrency" => {
            let code = argument(dynamic, "currency")
                .and_then(Value::as_str)
                .unwrap_or("USD");
            let (symbol, digits) = currency(code);
            let digits = part("decimals")?.unwrap_or_else(|| digits.to_string());
            Ok(format!(
                "({} | currency({}, {digits}))",
                value()?,
                quoted(&symbol)
            ))
        }
        "formatDate" => {
            let pattern = argument(dynamic, "format")
                .and_then(Value::as_str)
                .unwrap_or("yyyy-MM-dd");
            Ok(format!(
                "({} | date({}))",
                value()?,
                quoted(&date_directives(pattern)?)
            ))
        }
        "pluralize" => {
            let value = value()?;
            let other = part("other")?.unwrap_or_else(|| "\"\"".to_owned());
            let counted = [("zero", 0), ("one", 1), ("two", 2)]
                .into_iter()
                .filter_map(|(name, count)| {
                    Some(
                        part(name)
                            .transpose()?
                            .map(|word| format!("{word} if {value} == {count} else ")),
                    )
                });
            let counted: Result<Vec<String>, Unknown> = counted.collect();
            Ok(format!("({}{other})", counted?.concat()))
        }
        other => Err(format!("the function `{other}` as a value")),
    }
}

/// The sign people write, and how many decimals the currency has (ISO 4217).
fn currency(code: &str) -> (String, u8) {
    match code {
        "USD" => ("$".to_owned(), 2),
        "EUR" => ("€".to_owned(), 2),
        "GBP" => ("£".to_owned(), 2),
        "INR" => ("₹".to_owned(), 2),
        "JPY" => ("¥".to_owned(), 0),
        "KRW" => ("₩".to_owned(), 0),
        other => (format!("{other} "), 2),
    }
}

/// Whether the object is a path or a call rather than a literal.
pub(super) fn is_dynamic(object: &Object) -> bool {
    member(object, "path").is_some() || call(object).is_some()
}

/// The function a value or an action calls.
pub(super) fn call(object: &Object) -> Option<&str> {
    member(object, "call")?.as_str()
}

pub(super) fn argument<'a>(object: &'a Object, name: &str) -> Option<&'a Value> {
    member(object, "args")?.get(name)
}

/// Text as a literal of an expression.
pub(super) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
