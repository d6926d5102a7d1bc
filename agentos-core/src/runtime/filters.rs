//! Our filters: how numbers, money, shares, dates and counted nouns are written.
//!
//! - `number(digits?)`: groups of three by a comma; `digits` decimals, else as many as it has.
//! - `currency(symbol="$", digits=2)`: the symbol before the number, the minus before both.
//! - `percent(digits=0)`: a share, so 0.25 is `25%`.
//! - `date(format="%Y-%m-%d")`: milliseconds since 1970 or RFC 3339 text, in UTC; the
//!   directives are those of strftime.
//! - `plural(one, many?)`: the count and the noun; `many` is `one` with an s.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use minijinja::value::Value as JinjaValue;
use minijinja::{Environment, Error, ErrorKind};

use crate::value::Value;

pub(super) fn install(environment: &mut Environment<'static>) {
    environment.add_filter("number", number);
    environment.add_filter("currency", currency);
    environment.add_filter("percent", percent);
    environment.add_filter("date", date);
    environment.add_filter("plural", plural);
    environment.set_formatter(|output, _, value| {
        let text = display(value);
        std::fmt::Write::write_str(output, &text).map_err(Error::from)
    });
}

/// Decimals a filter may be asked for.
const MOST_DIGITS: u32 = 15;

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
    number
        .filter(|number: &f64| number.is_finite())
        .ok_or_else(|| invalid(format!("`{value}` is not a number")))
}

/// Text of a value inside text: null is empty, numbers carry no noise.
pub(super) fn display(value: &JinjaValue) -> String {
    let mut budget = crate::spec::limits::RESULT_BYTES;
    super::scope::from_jinja(value, &mut budget, crate::spec::limits::JSON_DEPTH)
        .map(|value| value.display())
        .unwrap_or_default()
}

fn grouped(number: f64, digits: Option<u32>) -> String {
    let plain = match digits {
        Some(digits) => format!(
            "{:.*}",
            digits.min(MOST_DIGITS) as usize,
            decimal_rounded(number, digits.min(MOST_DIGITS))
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

/// Rounds half away from zero in decimal, so that 1.005 to two places is 1.01 as written.
fn decimal_rounded(number: f64, digits: u32) -> f64 {
    let text = format!("{number:.14e}");
    let exact: f64 = text.parse().unwrap_or(number);
    let scaled: f64 = format!("{exact}e{digits}").parse().unwrap_or(number);
    if scaled.abs() >= 1e15 {
        return number;
    }
    format!("{}e-{digits}", libm::round(scaled))
        .parse()
        .unwrap_or(number)
}
