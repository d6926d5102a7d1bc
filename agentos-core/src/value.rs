//! Values of an app: JSON as a persistent tree, so that a copy costs nothing and an old state
//! stays whole while a new one grows beside it.

use std::sync::Arc;

use serde::{Serialize, Serializer};
use serde_json::Number;

pub type List = imbl::Vector<Value>;
/// Keys in sorted order.
pub type Map = imbl::OrdMap<Arc<str>, Value>;

/// One JSON value. Clones share structure; numbers that are whole are always [`Value::Int`].
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Value {
    #[default]
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Arc<str>),
    List(List),
    Map(Map),
}

/// Whole floats up to here are exact integers (2^53).
const EXACT_INTEGER: f64 = 9_007_199_254_740_992.0;

impl Value {
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Self::Text(text.into())
    }

    /// The number `float` stands for: whole ones as integers, what is not finite as null.
    pub fn number(float: f64) -> Self {
        if !float.is_finite() {
            return Self::Null;
        }
        if float == float.trunc() && float.abs() <= EXACT_INTEGER {
            return Self::Int(float as i64);
        }
        Self::Float(float)
    }

    /// The number without the noise of binary fractions: at most 15 significant digits, which
    /// every decimal of that length survives (IEEE 754 double precision).
    pub fn rounded(float: f64) -> Self {
        if !float.is_finite() {
            return Self::Null;
        }
        Self::number(exact(float))
    }

    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Int(int) => Some(*int as f64),
            Self::Float(float) => Some(*float),
            _ => None,
        }
    }

    /// The number it is, or that a text spells, since an input may hold either. Never infinite, nor no number.
    pub fn spelled_number(&self) -> Option<f64> {
        let spelled = || self.as_str()?.trim().parse().ok();
        self.as_f64().or_else(spelled).filter(|number| number.is_finite())
    }

    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_list(&self) -> Option<&List> {
        match self {
            Self::List(list) => Some(list),
            _ => None,
        }
    }

    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// What a condition makes of it: null, false, zero and everything empty are no.
    pub fn is_true(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(yes) => *yes,
            Self::Int(int) => *int != 0,
            Self::Float(float) => *float != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::List(list) => !list.is_empty(),
            Self::Map(map) => !map.is_empty(),
        }
    }

    /// What it is, in words for a message.
    pub fn kind_name(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "a truth value",
            Self::Int(_) | Self::Float(_) => "a number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) => "an object",
        }
    }

    /// The member `key` of an object or the element at that index of a list.
    pub fn member(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(map) => map.get(key),
            Self::List(list) => list.get(key.parse::<usize>().ok()?),
            _ => None,
        }
    }

    /// As a person reads it: null is empty, lists and objects are JSON.
    pub fn display(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Bool(yes) => yes.to_string(),
            Self::Int(int) => int.to_string(),
            Self::Float(float) => display_float(*float),
            Self::Text(text) => String::from(&**text),
            Self::List(_) | Self::Map(_) => self.to_json().to_string(),
        }
    }

    /// Bytes of its JSON text; an upper estimate for escaped characters is not needed, for the
    /// limit is on what is held, and this counts each character as it is held.
    pub fn size(&self) -> usize {
        match self {
            Self::Null | Self::Bool(true) => 4,
            Self::Bool(false) => 5,
            Self::Int(int) => int.checked_ilog10().map_or(1, |digits| digits as usize + 1),
            Self::Float(_) => 17,
            Self::Text(text) => text.len() + 2,
            Self::List(list) => list.iter().map(|item| item.size() + 1).sum::<usize>() + 2,
            Self::Map(map) => {
                map.iter()
                    .map(|(key, value)| key.len() + value.size() + 4)
                    .sum::<usize>()
                    + 2
            }
        }
    }

    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match self {
            Self::Null => Json::Null,
            Self::Bool(yes) => Json::Bool(*yes),
            Self::Int(int) => Json::from(*int),
            Self::Float(float) => Number::from_f64(*float).map_or(Json::Null, Json::Number),
            // `to_string` of a shared text goes through the formatter, which takes several times as long.
            Self::Text(text) => Json::String(String::from(&**text)),
            Self::List(list) => Json::Array(list.iter().map(Self::to_json).collect()),
            Self::Map(map) => Json::Object(map_to_json(map)),
        }
    }
}

/// The object form of a state or scope.
pub fn map_to_json(map: &Map) -> serde_json::Map<String, serde_json::Value> {
    map.iter()
        .map(|(key, value)| (String::from(&**key), value.to_json()))
        .collect()
}

/// `number` rounded at `digits` decimals of its decimal text, which is what a person sees: with a
/// function that rounds half away from zero, 2.675 to two digits is 2.68. Fewer than none are tens.
pub fn decimal(number: f64, digits: i32, round: fn(f64) -> f64) -> f64 {
    match shifted(exact(number), digits) {
        // So large that it has no such decimals.
        Some(scaled) if scaled.abs() >= 1e15 => number,
        Some(scaled) => digits
            .checked_neg()
            .and_then(|back| shifted(round(scaled), back))
            .unwrap_or(number),
        None => number,
    }
}

/// A sum or difference of two numbers without the noise that is left where their digits cancel out: no digit of it
/// stands below the fifteenth of the larger one.
pub fn without_noise(result: f64, a: f64, b: f64) -> f64 {
    let larger = a.abs().max(b.abs());
    if result == 0.0 || result.abs() * 2.0 >= larger {
        return result;
    }
    decimal(result, 14 - scientific(larger).1, libm::round)
}

/// What is left of `a` after whole `b`s, worked out in decimal text and with the sign of `b`: 10 after 3.3 leaves 0.1.
pub fn remainder(a: f64, b: f64) -> f64 {
    let (a, b) = (exact(a), exact(b));
    let rest_of = |a: f64, b: f64| {
        let rest = a % b;
        let is_of_other_sign = rest != 0.0 && (rest < 0.0) != (b < 0.0);
        if is_of_other_sign { rest + b } else { rest }
    };
    let decimals = |number: f64| {
        let (digits, exponent) = scientific(number);
        let behind_point = digits.trim_start_matches('-').len().saturating_sub(2);
        (behind_point as i32 - exponent).max(0)
    };
    let digits = decimals(a).max(decimals(b));
    match (shifted(a, digits), shifted(b, digits)) {
        (Some(a), Some(b)) if a.abs().max(b.abs()) < 1e15 => {
            let rest = rest_of(a, b);
            shifted(rest, -digits).unwrap_or(rest)
        }
        _ => rest_of(a, b),
    }
}

/// The number that 15 significant digits tell.
fn exact(number: f64) -> f64 {
    format!("{number:.14e}").parse().unwrap_or(number)
}

/// The point of the decimal text moved to the right; none where that is no number.
fn shifted(number: f64, by: i32) -> Option<f64> {
    let (digits, exponent) = scientific(number);
    format!("{digits}e{}", exponent.checked_add(by)?).parse().ok()
}

/// The digits of a number, the first before the point, and the power of ten they stand for.
fn scientific(number: f64) -> (String, i32) {
    let text = format!("{number:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    (digits.to_owned(), exponent.parse().unwrap_or_default())
}

fn display_float(float: f64) -> String {
    match Value::rounded(float) {
        Value::Int(int) => int.to_string(),
        Value::Float(rounded) => rounded.to_string(),
        _ => String::new(),
    }
}

impl From<&serde_json::Value> for Value {
    fn from(json: &serde_json::Value) -> Self {
        use serde_json::Value as Json;
        match json {
            Json::Null => Self::Null,
            Json::Bool(yes) => Self::Bool(*yes),
            Json::Number(number) => match number.as_i64() {
                Some(int) => Self::Int(int),
                None => Self::number(number.as_f64().unwrap_or(f64::NAN)),
            },
            Json::String(text) => Self::text(text.as_str()),
            Json::Array(items) => Self::List(items.iter().map(Self::from).collect()),
            Json::Object(members) => Self::Map(map_from_json(members)),
        }
    }
}

pub fn map_from_json(members: &serde_json::Map<String, serde_json::Value>) -> Map {
    members
        .iter()
        .map(|(key, value)| (Arc::from(key.as_str()), Value::from(value)))
        .collect()
}

impl From<bool> for Value {
    fn from(yes: bool) -> Self {
        Self::Bool(yes)
    }
}

impl From<i64> for Value {
    fn from(int: i64) -> Self {
        Self::Int(int)
    }
}

impl From<f64> for Value {
    fn from(float: f64) -> Self {
        Self::number(float)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Self::Map(map)
    }
}

impl From<List> for Value {
    fn from(list: List) -> Self {
        Self::List(list)
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(yes) => serializer.serialize_bool(*yes),
            Self::Int(int) => serializer.serialize_i64(*int),
            Self::Float(float) => serializer.serialize_f64(*float),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(list) => serializer.collect_seq(list),
            Self::Map(map) => serializer.collect_map(map.iter().map(|(key, value)| (&**key, value))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_whole_where_they_can_be_and_free_of_noise() {
        for (float, expected) in [
            (3.0, "3"),
            (0.1 + 0.2, "0.3"),
            (1.0 / 3.0, "0.333333333333333"),
            (-0.0, "0"),
            (f64::NAN, ""),
        ] {
            assert_eq!(Value::rounded(float).display(), expected);
        }
    }

    #[test]
    fn json_survives_both_ways() {
        let json = serde_json::json!({"a": [1, 2.5, null, true, "x"], "b": {"c": {}}});
        assert_eq!(Value::from(&json).to_json(), json);
        assert_eq!(
            serde_json::to_value(Value::from(&json)).expect("values are JSON"),
            json
        );
    }
}
