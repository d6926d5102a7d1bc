//! Our filters: how numbers, money, shares, dates and counted nouns are written.
//!
//! - `number(digits?)`: groups of three by a comma; `digits` decimals, else as many as it has.
//! - `currency(symbol="$", digits=2)`: the symbol before the number, the minus before both.
//! - `percent(digits=0)`: a share, so 0.25 is `25%`.
//! - `date(format="%Y-%m-%d")`: milliseconds since 1970 or RFC 3339 text, in UTC; the
//!   directives are those of strftime.
//! - `plural(one, many?)`: the count and the noun; `many` is `one` with an s.
//!
//! And those of minijinja that would contradict them: `round` takes a half away from zero, `int` and `float` say
//! which text is no number, `string` and `join` write a value as text around an expression does.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use minijinja::value::{Kwargs, Value as JinjaValue};
use minijinja::{Environment, Error, ErrorKind, State, filters};

use super::scope::NotAValue;
use crate::spec::limits;
use crate::value::{Value, decimal};

pub(super) fn install(environment: &mut Environment<'static>) {
    environment.add_filter("number", number);
    environment.add_filter("currency", currency);
    environment.add_filter("percent", percent);
    environment.add_filter("date", date);
    environment.add_filter("plural", plural);
    environment.add_filter("round", round);
    environment.add_filter("int", int);
    environment.add_filter("float", to_float);
    environment.add_filter("string", text);
    environment.add_filter("join", join);
    environment.set_formatter(|output, _, value| {
        std::fmt::Write::write_str(output, &written(value)?).map_err(Error::from)
    });
}

fn int(
    state: &State<'_, '_>,
    value: &JinjaValue,
    default: Option<JinjaValue>,
    base: Option<u32>,
    options: Kwargs,
) -> Result<JinjaValue, Error> {
    filters::int(state, &trimmed(value), default, base, options).map_err(|_| no_number(value, "int"))
}

fn to_float(
    state: &State<'_, '_>,
    value: &JinjaValue,
    default: Option<JinjaValue>,
    options: Kwargs,
) -> Result<JinjaValue, Error> {
    filters::float(state, &trimmed(value), default, options).map_err(|_| no_number(value, "float"))
}

fn trimmed(value: &JinjaValue) -> JinjaValue {
    match value.as_str() {
        Some(text) => JinjaValue::from(text.trim()),
        None => value.clone(),
    }
}

fn no_number(value: &JinjaValue, filter: &str) -> Error {
    let written = written(value).unwrap_or_default();
    let shown: String = written.chars().take(SHOWN).collect();
    invalid(format!("`{shown}` is no number; `{filter}(0)` takes 0 instead"))
}

/// Characters of a value that a message shows.
const SHOWN: usize = 40;

/// Decimals a filter may be asked for.
const MOST_DIGITS: u32 = 15;

/// Powers of ten beyond which no float has digits.
const LARGEST_POWER: i32 = 400;

fn round(
    value: &JinjaValue,
    digits: Option<i32>,
    method: Option<&str>,
    options: Kwargs,
) -> Result<JinjaValue, Error> {
    let digits = match digits {
        Some(digits) => Some(digits),
        None => options.get("precision")?,
    };
    let method = match method {
        Some(method) => method,
        None => options.get::<Option<&str>>("method")?.unwrap_or("common"),
    };
    options.assert_all_used()?;
    let rounded = match method {
        "common" => libm::round,
        "ceil" => libm::ceil,
        "floor" => libm::floor,
        _ => return Err(invalid("the method is common, ceil or floor".into())),
    };
    let digits = digits.unwrap_or(0).clamp(-LARGEST_POWER, LARGEST_POWER);
    if value.is_integer() && digits >= 0 {
        return Ok(value.clone());
    }
    Ok(JinjaValue::from(decimal(float(value)?, digits, rounded)))
}

fn text(value: &JinjaValue) -> Result<JinjaValue, Error> {
    match value.as_str() {
        Some(_) => Ok(value.clone()),
        None => written(value).map(JinjaValue::from),
    }
}

fn join(
    state: &State,
    value: &JinjaValue,
    between: Option<&str>,
    attribute: Option<&str>,
    options: Kwargs,
) -> Result<String, Error> {
    let between = match between {
        Some(between) => between,
        None => options.get::<Option<&str>>("d")?.unwrap_or_default(),
    };
    let attribute = match attribute {
        Some(attribute) => Some(attribute),
        None => options.get::<Option<&str>>("attribute")?,
    };
    options.assert_all_used()?;
    let mut joined = String::new();
    for (index, item) in value.try_iter()?.enumerate() {
        let item = attribute.map_or_else(|| Ok(item.clone()), |path| member(&item, path))?;
        if index > 0 {
            joined.push_str(between);
        }
        let item = written(&item)?;
        state.consume_fuel(1 + (between.len() + item.len()) as u64 / 64)?;
        joined.push_str(&item);
        if joined.len() > limits::RESULT_BYTES {
            return Err(invalid(too_large()));
        }
    }
    Ok(joined)
}

fn number(value: &JinjaValue, digits: Option<u32>) -> Result<String, Error> {
    if is_missing(value) {
        return Ok(String::new());
    }
    Ok(grouped(float(value)?, digits))
}

fn currency(value: &JinjaValue, symbol: Option<String>, digits: Option<u32>) -> Result<String, Error> {
    if is_missing(value) {
        return Ok(String::new());
    }
    let amount = float(value)?;
    let text = grouped(amount.abs(), Some(digits.unwrap_or(2)));
    let minus = if amount < 0.0 && text.contains(|c: char| c.is_ascii_digit() && c != '0') {
        "-"
    } else {
        ""
    };
    Ok(format!("{minus}{}{text}", symbol.as_deref().unwrap_or("$")))
}

fn percent(value: &JinjaValue, digits: Option<u32>) -> Result<String, Error> {
    if is_missing(value) {
        return Ok(String::new());
    }
    Ok(format!(
        "{}%",
        grouped(float(value)? * 100.0, Some(digits.unwrap_or(0)))
    ))
}

fn plural(count: &JinjaValue, one: &str, many: Option<String>) -> Result<String, Error> {
    if is_missing(count) {
        return Ok(String::new());
    }
    let count = float(count)?;
    let noun = if count == 1.0 {
        one.to_owned()
    } else {
        many.unwrap_or_else(|| format!("{one}s"))
    };
    Ok(format!("{} {noun}", grouped(count, None)))
}

fn date(value: &JinjaValue, format: Option<String>) -> Result<String, Error> {
    if is_missing(value) || value.as_str() == Some("") {
        return Ok(String::new());
    }
    let moment = match value.as_str() {
        Some(text) => {
            moment(text).ok_or_else(|| invalid(format!("`{text}` is no date as RFC 3339 writes it")))?
        }
        None => Timestamp::from_millisecond(float(value)? as i64)
            .map(|timestamp| TimeZone::UTC.to_datetime(timestamp))
            .map_err(|_| invalid("the date is out of range".into()))?,
    };
    let format = format.as_deref().unwrap_or("%Y-%m-%d");
    strtime::format(format, moment).map_err(|error| invalid(error.to_string()))
}

/// A moment in UTC: with an offset it is converted, without one it is taken as it stands.
fn moment(text: &str) -> Option<DateTime> {
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Some(TimeZone::UTC.to_datetime(timestamp));
    }
    text.parse().ok()
}

fn is_missing(value: &JinjaValue) -> bool {
    value.is_undefined() || value.is_none()
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, message)
}

fn float(value: &JinjaValue) -> Result<f64, Error> {
    let number = match value.as_str() {
        Some(text) => text.trim().parse().ok(),
        None => f64::try_from(value.clone()).ok(),
    };
    number.filter(|number: &f64| number.is_finite()).ok_or_else(|| {
        if is_missing(value) {
            invalid("null is not a number".into())
        } else {
            invalid(format!("`{value}` is not a number"))
        }
    })
}

/// Text of a value inside text: null is empty, numbers carry no noise.
fn written(value: &JinjaValue) -> Result<String, Error> {
    let mut budget = limits::RESULT_BYTES;
    match super::scope::from_jinja(value, &mut budget, limits::JSON_DEPTH) {
        Ok(value) => Ok(value.display()),
        Err(NotAValue::TooLarge) => Err(invalid(too_large())),
        Err(NotAValue::TooDeep | NotAValue::NoJson | NotAValue::NotFinite) => {
            Err(invalid("what is no value has no text".into()))
        }
    }
}

fn too_large() -> String {
    format!("the text is larger than {} bytes", limits::RESULT_BYTES)
}

/// What a dotted path leads to; nothing below nothing.
fn member(value: &JinjaValue, path: &str) -> Result<JinjaValue, Error> {
    path.split('.').try_fold(value.clone(), |value, name| {
        if is_missing(&value) {
            Ok(value)
        } else {
            value.get_attr(name)
        }
    })
}

fn grouped(number: f64, digits: Option<u32>) -> String {
    let plain = match digits {
        Some(digits) => format!(
            "{:.*}",
            digits.min(MOST_DIGITS) as usize,
            decimal(number, digits.min(MOST_DIGITS) as i32, libm::round)
        ),
        None => Value::rounded(number).display(),
    };
    if plain.contains('e') {
        return plain;
    }
    let (sign, unsigned) = plain
        .strip_prefix('-')
        .map_or(("", plain.as_str()), |rest| ("-", rest));
    let (whole, fraction) = unsigned
        .split_once('.')
        .map_or((unsigned, None), |(whole, rest)| (whole, Some(rest)));
    let mut text = String::from(if unsigned.chars().all(|c| matches!(c, '0' | '.')) {
        ""
    } else {
        sign
    });
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if let Some(fraction) = fraction {
        text.push('.');
        text.push_str(fraction);
    }
    text
}
