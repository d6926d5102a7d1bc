//! What stands behind `|`: Jinja's filters, and ours for how numbers, money, shares, dates and counted nouns are
//! written.
//!
//! - `number(digits?)`: groups of three by a comma; `digits` decimals, else as many as it has.
//! - `currency(symbol="$", digits=2)`: the symbol before the number, the minus before both.
//! - `percent(digits=0)`: a share, so 0.25 is `25%`.
//! - `date(format="%Y-%m-%d")`: milliseconds since 1970 or RFC 3339 text, in UTC; the
//!   directives are those of strftime.
//! - `plural(one, many?)`: the count and the noun; `many` is `one` with an s.
//!
//! `round` takes a half away from zero, `int` and `float` say which text is no number, and whatever takes a text
//! takes any value as text around an expression writes it.

use std::cmp::Ordering;
use std::sync::Arc;

use super::given::Given;
use super::operand::Operand;
use super::operators::Operator;
use super::{Evaluated, ExpressionError, Machine, format, invalid, tests};
use crate::runtime::dates::{Moment, NoDirective};
use crate::spec::limits;
use crate::value::{Value, decimal};

/// Filters that are there and not offered.
pub(super) const OTHERS: [&str; 10] = [
    "attr", "bool", "chain", "count", "d", "format", "lines", "safe", "string", "zip",
];

/// Characters of a value that a message shows.
const SHOWN: usize = 40;
/// How often `map` may apply itself: one more for each level of lists in lists.
const MAP_DEPTH: usize = 16;
/// Decimals a filter may be asked for.
const MOST_DIGITS: i64 = 15;
/// Powers of ten beyond which no float has digits.
const LARGEST_POWER: i64 = 400;

pub(super) fn apply(name: &str, value: Operand, mut given: Given, machine: &mut Machine<'_>) -> Evaluated {
    let done = match name {
        "abs" => match value {
            Operand::Int(int) => int
                .checked_abs()
                .map_or(Operand::Float(-(int as f64)), Operand::Int),
            Operand::Float(float) => Operand::Float(float.abs()),
            _ => return Err(invalid("cannot get absolute value")),
        },
        "attr" => value.index(&given.needed("name")?),
        "batch" | "slice" => return parts(name, &value, given, machine),
        "bool" => Operand::Bool(value.is_true()),
        "capitalize" => capitalized(&value.written()?).into(),
        "chain" | "zip" => return together(name, &value, given, machine),
        "count" | "length" => match value.len() {
            Some(length) => length.into(),
            None => {
                return Err(invalid(&format!(
                    "cannot calculate length of value of type {}",
                    value.kind()
                )));
            }
        },
        "currency" | "number" | "percent" | "plural" if value.is_null() => return Ok(Operand::from("")),
        "currency" => currency(&value, &mut given)?,
        "d" | "default" => {
            let other = given.next().unwrap_or_else(|| Operand::from(""));
            let lax = given.take("boolean").is_some_and(|lax| lax.is_true());
            if value.is_null() || lax && !value.is_true() {
                other
            } else {
                value
            }
        }
        "date" => date(&value, &mut given)?,
        "dictsort" => return dictsort(&value, given, machine),
        "first" | "last" => end_of(name, &value)?,
        "float" | "int" => return number_in(name, &value, given),
        "format" => {
            // What the format has no field for is left out.
            let format = value.written()?;
            return format::percents(&format, given, machine).map(Operand::from);
        }
        "groupby" => return groupby(&value, given, machine),
        "items" => match value {
            Operand::Null => Vec::new().into(),
            map if map.is_map() => {
                machine.spend(map.len().unwrap_or(0))?;
                pairs(map.pairs())
            }
            _ => return Err(invalid("cannot convert value into pairs")),
        },
        "join" => joined(&value, &mut given, machine)?,
        "lines" => {
            let lines = text(&value)?.lines().map(Operand::from);
            lines.collect::<Vec<_>>().into()
        }
        "list" => machine.items(&value)?.into(),
        "lower" => value.written()?.to_lowercase().into(),
        "map" => return map(&value, given, machine),
        "max" | "min" => return extreme(name, &value, given, machine),
        "number" => {
            let digits = given.int("digits")?;
            grouped(float(&value)?, digits).into()
        }
        "percent" => {
            let digits = given.int("digits")?.unwrap_or(0);
            (grouped(float(&value)? * 100.0, Some(digits)) + "%").into()
        }
        "plural" => plural(&value, &mut given)?,
        "reject" | "rejectattr" | "select" | "selectattr" => return selected(name, &value, given, machine),
        "replace" => {
            let (text, from, to) = (
                value.written()?,
                given.needed_text("old")?,
                given.needed_text("new")?,
            );
            let count = given.int("count")?.and_then(|count| usize::try_from(count).ok());
            replaced(&text, &from, &to, count, machine)?
        }
        "reverse" if value.is_null() => value,
        "reverse" => {
            let mut items = machine.items(&value)?;
            items.reverse();
            match value {
                Operand::Text(_) => items
                    .iter()
                    .filter_map(Operand::as_str)
                    .collect::<String>()
                    .into(),
                _ => items.into(),
            }
        }
        "round" => rounded(&value, &mut given)?,
        "sort" => return sort(&value, given, machine),
        "split" => {
            let (text, by) = (text(&value)?, given.text("separator")?);
            split(text, by.as_deref(), given.int("maxsplit")?, machine)?
        }
        "safe" | "string" => Operand::Text(value.written()?),
        "sum" => return sum(&value, given, machine),
        "title" => titled(&value.written()?).into(),
        "trim" => trimmed(&value.written()?, given.text("chars")?.as_deref(), true, true).into(),
        "unique" => return unique(&value, given, machine),
        "upper" => value.written()?.to_uppercase().into(),
        _ => {
            return Err(ExpressionError::Failed(format!(
                "unknown filter: filter {name} is unknown"
            )));
        }
    };
    given.end()?;
    Ok(done)
}

/// What is a text itself; a number in parts would be a mistake.
fn text(value: &Operand) -> Result<&str, ExpressionError> {
    value.as_str().ok_or_else(|| invalid("value is not a string"))
}

/// Text without what stands at its ends: white space, or any of some characters.
pub(super) fn trimmed<'t>(text: &'t str, characters: Option<&str>, start: bool, end: bool) -> &'t str {
    let goes = |c: char| characters.map_or(c.is_whitespace(), |characters| characters.contains(c));
    let text = if start {
        text.trim_start_matches(goes)
    } else {
        text
    };
    if end { text.trim_end_matches(goes) } else { text }
}

pub(super) fn capitalized(text: &str) -> String {
    let mut rest = text.chars();
    let first: String = rest.next().into_iter().flat_map(char::to_uppercase).collect();
    first + &rest.as_str().to_lowercase()
}

pub(super) fn titled(text: &str) -> String {
    let mut titled = String::with_capacity(text.len());
    let mut begins = true;
    for character in text.chars() {
        if begins {
            titled.extend(character.to_uppercase());
        } else {
            titled.extend(character.to_lowercase());
        }
        begins = character.is_whitespace() || matches!(character, '-' | '(' | '{' | '[' | '<');
    }
    titled
}

pub(super) fn replaced(
    text: &str,
    from: &str,
    to: &str,
    count: Option<usize>,
    machine: &mut Machine<'_>,
) -> Evaluated {
    let most = (text.len() / from.len().max(1) + 1).min(count.unwrap_or(usize::MAX));
    machine.spend_on_text(text.len().saturating_add(most.saturating_mul(to.len())))?;
    Ok(text.replacen(from, to, count.unwrap_or(usize::MAX)).into())
}

/// By a separator, else by white space; the last part holds the rest after so many cuts.
pub(super) fn split(
    text: &str,
    separator: Option<&str>,
    cuts: Option<i64>,
    machine: &mut Machine<'_>,
) -> Evaluated {
    machine.spend_on_text(text.len())?;
    let cuts = cuts
        .and_then(|cuts| usize::try_from(cuts).ok())
        .unwrap_or(usize::MAX);
    let mut parts: Vec<Operand> = Vec::new();
    let mut rest = if separator.is_none() {
        text.trim_start()
    } else {
        text
    };
    loop {
        let cut = match separator {
            _ if parts.len() == cuts => None,
            Some(separator) => rest.split_once(separator),
            None => rest.split_once(char::is_whitespace),
        };
        let Some((part, behind)) = cut else { break };
        machine.spend(1)?;
        parts.push(part.into());
        if separator == Some("") {
            return Err(invalid("a text is not split at nothing"));
        }
        rest = if separator.is_none() {
            behind.trim_start()
        } else {
            behind
        };
    }
    if separator.is_some() || !rest.is_empty() {
        parts.push(rest.into());
    }
    Ok(parts.into())
}

fn end_of(name: &str, value: &Operand) -> Evaluated {
    if value.len().is_none() {
        return Err(invalid(&format!("cannot get {name} item from value")));
    }
    let place = Operand::Int(if name == "first" { 0 } else { -1 });
    if value.is_map() {
        return Ok(Operand::from(value.items().unwrap_or_default()).index(&place));
    }
    Ok(value.index(&place))
}

fn pairs(pairs: Vec<(Arc<str>, Operand)>) -> Operand {
    let pairs = pairs
        .into_iter()
        .map(|(key, value)| vec![Operand::Text(key), value].into());
    pairs.collect::<Vec<_>>().into()
}

/// Rows of so many elements, or so many columns.
fn parts(name: &str, value: &Operand, mut given: Given, machine: &mut Machine<'_>) -> Evaluated {
    let count = given
        .int("count")?
        .and_then(|count| usize::try_from(count).ok())
        .unwrap_or(0);
    let fill = given.take("fill_with").filter(|fill| !fill.is_null());
    given.end()?;
    if count == 0 {
        return Err(invalid("count cannot be 0"));
    }
    let items = machine.items(value)?;
    machine.spend(count)?;
    let mut parts: Vec<Operand> = Vec::new();
    let mut rest = &items[..];
    let is_batch = name == "batch";
    for nth in 0.. {
        let length = if is_batch {
            count.min(rest.len())
        } else {
            items.len() / count + usize::from(nth < items.len() % count)
        };
        if is_batch && length == 0 || !is_batch && nth == count {
            break;
        }
        let (part, behind) = rest.split_at(length);
        rest = behind;
        let mut part = part.to_vec();
        if let Some(fill) = &fill {
            let full = if is_batch { count } else { items.len() / count + 1 };
            part.resize(full.max(length), fill.clone());
        }
        parts.push(part.into());
    }
    Ok(parts.into())
}

/// Lists one after the other, or their elements side by side as long as each has one.
fn together(name: &str, value: &Operand, mut given: Given, machine: &mut Machine<'_>) -> Evaluated {
    let mut lists = vec![machine.items(value)?];
    while let Some(list) = given.next() {
        lists.push(machine.items(&list)?);
    }
    given.end()?;
    if name == "chain" {
        return Ok(lists.concat().into());
    }
    let length = lists.iter().map(Vec::len).min().unwrap_or(0);
    let rows = (0..length).map(|at| {
        let row = lists.iter().map(|list| list[at].clone());
        row.collect::<Vec<_>>().into()
    });
    Ok(rows.collect::<Vec<_>>().into())
}

/// Elements in the order of their keys; equal ones stay as they stand.
fn sorted(
    mut keyed: Vec<(Operand, Operand)>,
    case_sensitive: bool,
    reverse: bool,
    machine: &mut Machine<'_>,
) -> Result<Vec<(Operand, Operand)>, ExpressionError> {
    machine.spend(keyed.len() * (keyed.len().checked_ilog2().unwrap_or(0) as usize) / 4)?;
    keyed.sort_by(|(a, _), (b, _)| {
        let order = compared(a, b, case_sensitive);
        if reverse { order.reverse() } else { order }
    });
    Ok(keyed)
}

fn compared(a: &Operand, b: &Operand, case_sensitive: bool) -> Ordering {
    if case_sensitive {
        a.compare(b)
    } else {
        a.compare_folded(b)
    }
}

fn dictsort(value: &Operand, mut given: Given, machine: &mut Machine<'_>) -> Evaluated {
    let by_value = given.named("by").is_some_and(|by| by.as_str() == Some("value"));
    let (case_sensitive, reverse) = (given.flag("case_sensitive"), given.flag("reverse"));
    given.end()?;
    if !value.is_map() {
        return Err(invalid("cannot convert value into pair list"));
    }
    let keyed = value.pairs().into_iter().map(|(key, value)| {
        let key = Operand::Text(key);
        let by = if by_value { value.clone() } else { key.clone() };
        (by, vec![key, value].into())
    });
    let sorted = sorted(keyed.collect(), case_sensitive, reverse, machine)?;
    Ok(elements(sorted))
}

fn elements(keyed: Vec<(Operand, Operand)>) -> Operand {
    keyed.into_iter().map(|(_, item)| item).collect::<Vec<_>>().into()
}

fn key_of(item: &Operand, attribute: Option<&str>) -> Operand {
    attribute.map_or_else(|| item.clone(), |path| item.at_path(path))
}

fn sort(value: &Operand, mut given: Given, machine: &mut Machine<'_>) -> Evaluated {
    let (case_sensitive, reverse) = (given.flag("case_sensitive"), given.flag("reverse"));
    let attribute = given.attribute()?;
    given.end()?;
    let attributes = attribute.as_deref().unwrap_or_default().split(',').map(str::trim);
    let attributes: Vec<&str> = attributes.filter(|attribute| !attribute.is_empty()).collect();
    let fold = |key: Operand| match key {
        Operand::Text(text) if !case_sensitive => text.to_lowercase().into(),
        key => key,
    };
    let keyed = machine.items(value)?.into_iter().map(|item| {
        let key = match &attributes[..] {
            [] => item.clone(),
            [path] => item.at_path(path),
            paths => paths
                .iter()
                .map(|path| fold(item.at_path(path)))
                .collect::<Vec<_>>()
                .into(),
        };
        (key, item)
    });
    let keyed = keyed.collect();
    Ok(elements(sorted(keyed, case_sensitive, reverse, machine)?))
}

fn extreme(name: &str, value: &Operand, mut given: Given, machine: &mut Machine<'_>) -> Evaluated {
    let (case_sensitive, attribute) = (given.flag("case_sensitive"), given.attribute()?);
    given.end()?;
    let wanted = if name == "max" {
        Ordering::Greater
    } else {
        Ordering::Less
    };
    let mut found: Option<(Operand, Operand)> = None;
    for item in machine.items(value)? {
        let key = key_of(&item, attribute.as_deref());
        let is_better = |(known, _): &(Operand, Operand)| compared(&key, known, case_sensitive) == wanted;
        if found.as_ref().is_none_or(is_better) {
            found = Some((key, item));
        }
    }
    Ok(found.map_or(Operand::Null, |(_, item)| item))
}

fn unique(value: &Operand, mut given: Given, machine: &mut Machine<'_>) -> Evaluated {
    let (case_sensitive, attribute) = (given.flag("case_sensitive"), given.attribute()?);
    given.end()?;
    let mut seen: Vec<Operand> = Vec::new();
    let mut kept = Vec::new();
    for item in machine.items(value)? {
        let key = match key_of(&item, attribute.as_deref()) {
            Operand::Text(text) if !case_sensitive => text.to_lowercase().into(),
            key => key,
        };
        if let Err(place) = seen.binary_search_by(|known| known.compare(&key)) {
            seen.insert(place, key);
            kept.push(item);
        }
    }
    Ok(kept.into())
}

fn groupby(value: &Operand, mut given: Given, machine: &mut Machine<'_>) -> Evaluated {
    let default = given.named("default").unwrap_or(Operand::Null);
    let case_sensitive = given.flag("case_sensitive");
    let attribute = given.needed_text("attribute")?;
    given.end()?;
    let keyed = machine.items(value)?.into_iter().map(|item| {
        let key = item.at_path(&attribute);
        (if key.is_null() { default.clone() } else { key }, item)
    });
    let keyed = keyed.collect();
    let mut groups: Vec<(Operand, Vec<Operand>)> = Vec::new();
    for (key, item) in sorted(keyed, case_sensitive, false, machine)? {
        match groups.last_mut() {
            Some((known, items)) if compared(known, &key, case_sensitive).is_eq() => items.push(item),
            _ => groups.push((key, vec![item])),
        }
    }
    let groups = groups
        .into_iter()
        .map(|(key, items)| Operand::Group(Arc::new([key, items.into()])));
    Ok(groups.collect::<Vec<_>>().into())
}

fn map(value: &Operand, mut given: Given, machine: &mut Machine<'_>) -> Evaluated {
    let items = machine.items(value)?;
    if let Some(attribute) = given.named("attribute") {
        let default = given.named("default").unwrap_or(Operand::Null);
        given.end()?;
        let mapped = items.into_iter().map(|item| {
            let found = match attribute.as_str() {
                Some(path) => item.at_path(path),
                None => item.index(&attribute),
            };
            if found.is_null() { default.clone() } else { found }
        });
        return Ok(mapped.collect::<Vec<_>>().into());
    }
    let Some(Operand::Text(name)) = given.next() else {
        return Err(invalid("filter name is required"));
    };
    if machine.depth == MAP_DEPTH {
        return Err(invalid(&format!("map nests deeper than {MAP_DEPTH} levels")));
    }
    machine.depth += 1;
    let mut mapped = Vec::with_capacity(items.len());
    for item in items {
        machine.spend(1)?;
        mapped.push(apply(&name, item, given.clone(), machine)?);
    }
    machine.depth -= 1;
    Ok(mapped.into())
}

fn selected(name: &str, value: &Operand, mut given: Given, machine: &mut Machine<'_>) -> Evaluated {
    let attribute = if name.ends_with("attr") {
        Some(given.needed_text("attribute")?)
    } else {
        None
    };
    let test = given.text("test")?;
    let mut kept = Vec::new();
    for item in machine.items(value)? {
        let key = key_of(&item, attribute.as_deref());
        let passes = match &test {
            Some(test) => tests::holds(test, &key, given.clone(), machine)?,
            None => key.is_true(),
        };
        if passes == name.starts_with("select") {
            kept.push(item);
        }
    }
    Ok(kept.into())
}

fn sum(value: &Operand, mut given: Given, machine: &mut Machine<'_>) -> Evaluated {
    let attribute = given.text("attribute")?;
    let mut sum = given.take("start").unwrap_or(Operand::Int(0));
    given.end()?;
    for item in machine.items(value)? {
        let item = key_of(&item, attribute.as_deref());
        if item.is_null() {
            continue;
        }
        if sum.is_number() && item.as_f64().is_none() {
            return Err(invalid(&format!("can only sum numbers, got {}", item.kind())));
        }
        sum = Operator::Add.apply(&sum, &item, machine)?;
    }
    Ok(sum)
}

fn joined(value: &Operand, given: &mut Given, machine: &mut Machine<'_>) -> Evaluated {
    let between = given.text("d")?.unwrap_or_default();
    let attribute = given.text("attribute")?;
    // The sum of what is joined is what counts, so the list itself is not paid for.
    let items = value
        .items()
        .ok_or_else(|| invalid(&format!("cannot join a {}", value.kind())))?;
    let mut joined = String::new();
    for (index, item) in items.iter().enumerate() {
        let item = key_of(item, attribute.as_deref()).written()?;
        machine.spend(1 + (between.len() + item.len()) / 64)?;
        if index > 0 {
            joined.push_str(&between);
        }
        joined.push_str(&item);
        if joined.len() > limits::RESULT_BYTES {
            return Err(invalid(&format!(
                "the text is larger than {} bytes",
                limits::RESULT_BYTES
            )));
        }
    }
    Ok(joined.into())
}

fn number_in(name: &str, value: &Operand, mut given: Given) -> Evaluated {
    let is_int = name == "int";
    let default = given.take("default");
    let base = if is_int {
        given.int("base")?.unwrap_or(10)
    } else {
        10
    };
    given.end()?;
    let whole = |float: f64| match Operand::Float(libm::trunc(float)) {
        float if is_int => float.as_int().map_or(float, Operand::Int),
        _ => Operand::Float(float),
    };
    let number = match value {
        Operand::Null => Some(default.clone().unwrap_or(Operand::Int(0))),
        Operand::Text(text) => {
            let text = text.trim();
            let int = if is_int { int_of_base(text, base) } else { None };
            let float = || text.parse().ok().filter(|float: &f64| float.is_finite());
            int.or_else(|| float().map(whole))
        }
        Operand::Int(_) if is_int => Some(value.clone()),
        other => other.as_f64().map(whole),
    };
    number.or(default).map_or_else(
        || {
            let shown: String = value.written()?.chars().take(SHOWN).collect();
            Err(invalid(&format!(
                "`{shown}` is no number; `{name}(0)` takes 0 instead"
            )))
        },
        Ok,
    )
}

fn int_of_base(text: &str, base: i64) -> Option<Operand> {
    let base = u32::try_from(base).ok().filter(|base| (2..=36).contains(base))?;
    let prefix = match base {
        2 => "0b",
        8 => "0o",
        16 => "0x",
        _ => "",
    };
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let digits = digits.strip_prefix(prefix).unwrap_or(digits);
    if digits.starts_with(['+', '-']) {
        return None;
    }
    i64::from_str_radix(&format!("{sign}{digits}"), base)
        .map(Operand::Int)
        .ok()
}

fn rounded(value: &Operand, given: &mut Given) -> Evaluated {
    let digits = given
        .int("precision")?
        .unwrap_or(0)
        .clamp(-LARGEST_POWER, LARGEST_POWER);
    let method = given.text("method")?;
    let method = match method.as_deref() {
        None | Some("common") => libm::round,
        Some("ceil") => libm::ceil,
        Some("floor") => libm::floor,
        Some(_) => return Err(invalid("the method is common, ceil or floor")),
    };
    if matches!(value, Operand::Int(_)) && digits >= 0 {
        return Ok(value.clone());
    }
    Ok(Operand::Float(decimal(float(value)?, digits as i32, method)))
}

fn currency(value: &Operand, given: &mut Given) -> Evaluated {
    let amount = float(value)?;
    let symbol = given.text("symbol")?;
    let digits = given.int("digits")?.unwrap_or(2);
    let text = grouped(amount.abs(), Some(digits));
    let minus = if amount < 0.0 && text.contains(|c: char| c.is_ascii_digit() && c != '0') {
        "-"
    } else {
        ""
    };
    Ok(format!("{minus}{}{text}", symbol.as_deref().unwrap_or("$")).into())
}

fn plural(value: &Operand, given: &mut Given) -> Evaluated {
    let count = float(value)?;
    let (one, many) = (given.needed_text("one")?, given.text("many")?);
    let noun = if count == 1.0 {
        one
    } else {
        many.unwrap_or_else(|| format!("{one}s").into())
    };
    Ok(format!("{} {noun}", grouped(count, None)).into())
}

fn date(value: &Operand, given: &mut Given) -> Evaluated {
    let format = given.text("format")?;
    let moment = match value {
        Operand::Null => return Ok(Operand::from("")),
        Operand::Text(text) if text.is_empty() => return Ok(Operand::from("")),
        Operand::Text(text) => Moment::parse(text)
            .ok_or_else(|| invalid(&format!("`{text}` is no date as RFC 3339 writes it")))?,
        number => Moment::at(float(number)?).ok_or_else(|| invalid("the date is out of range"))?,
    };
    let written = moment.format(format.as_deref().unwrap_or("%Y-%m-%d"));
    let written =
        written.map_err(|NoDirective(directive)| invalid(&format!("`{directive}` writes nothing of a date")));
    written.map(Operand::from)
}

fn float(value: &Operand) -> Result<f64, ExpressionError> {
    let number = match value {
        Operand::Text(text) => text.trim().parse().ok(),
        Operand::Bool(_) => None,
        other => other.as_f64(),
    };
    match number.filter(|number: &f64| number.is_finite()) {
        Some(number) => Ok(number),
        None if value.is_null() => Err(invalid("null is not a number")),
        None => Err(invalid(&format!("`{}` is not a number", value.written()?))),
    }
}

fn grouped(number: f64, digits: Option<i64>) -> String {
    let plain = match digits {
        Some(digits) => {
            let digits = digits.clamp(0, MOST_DIGITS);
            format!(
                "{:.*}",
                digits as usize,
                decimal(number, digits as i32, libm::round)
            )
        }
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
