//! `data.*`: questions about lists. Nothing is changed; the answer is the result.

use std::cmp::Ordering;
use std::sync::Arc;

use super::{ToolCall, unknown};
use crate::runtime::turn::Failure;
use crate::value::{List, Map, Value};

pub(super) fn perform(call: &ToolCall) -> Result<Value, Failure> {
    let data = match call.arg("data") {
        Some(Value::List(list)) => list.clone(),
        _ => List::new(),
    };
    let answer = match call.id {
        "data.filter" => keep(&data, |item| passes(call, item)),
        "data.search" => search(call, &data),
        "data.sort" => sorted(call, data),
        "data.group" => grouped(call, &data),
        "data.sum" => Value::rounded(numbers(call, &data).sum()),
        "data.average" => average(call, &data),
        "data.min" => numbers(call, &data)
            .min_by(f64::total_cmp)
            .map_or(Value::Null, Value::number),
        "data.max" => numbers(call, &data)
            .max_by(f64::total_cmp)
            .map_or(Value::Null, Value::number),
        "data.count" => count(call, &data),
        "data.unique" => unique(call, &data),
        "data.page" => page(call, &data),
        _ => return Err(unknown(call.id)),
    };
    Ok(answer)
}

/// The member of the item the call is about, or the item itself.
fn field(call: &ToolCall, item: &Value) -> Value {
    match call.arg("field") {
        Some(field) => member(item, &field.display()).cloned().unwrap_or_default(),
        None => item.clone(),
    }
}

/// The member of that name, or the one its dots lead to.
fn member<'a>(item: &'a Value, name: &str) -> Option<&'a Value> {
    let inner = || name.split('.').try_fold(item, Value::member);
    item.member(name).or_else(inner)
}

fn keep(data: &List, passes: impl Fn(&Value) -> bool) -> Value {
    Value::List(data.iter().filter(|item| passes(item)).cloned().collect())
}

fn passes(call: &ToolCall, item: &Value) -> bool {
    if let Some(text) = call.arg("filter") {
        return holds_text(item, &text.display().to_lowercase());
    }
    let (held, wanted) = (field(call, item), call.value("value"));
    // What is not there is neither more nor less than anything.
    let ordered =
        |fits: fn(Ordering) -> bool| !held.is_null() && !wanted.is_null() && fits(compare(&held, &wanted));
    match call.text("op").as_str() {
        "ne" => held != wanted,
        "lt" => ordered(Ordering::is_lt),
        "le" => ordered(Ordering::is_le),
        "gt" => ordered(Ordering::is_gt),
        "ge" => ordered(Ordering::is_ge),
        "contains" => match &held {
            Value::List(list) => list.contains(&wanted),
            held => held
                .display()
                .to_lowercase()
                .contains(&wanted.display().to_lowercase()),
        },
        "starts_with" => held
            .display()
            .to_lowercase()
            .starts_with(&wanted.display().to_lowercase()),
        "in" => wanted.as_list().is_some_and(|list| list.contains(&held)),
        _ => held == wanted,
    }
}

fn search(call: &ToolCall, data: &List) -> Value {
    let text = call.text("query").trim().to_lowercase();
    let Some(fields) = call.arg("fields").and_then(Value::as_list) else {
        return keep(data, |item| holds_text(item, &text));
    };
    let fields: Vec<String> = fields.iter().map(Value::display).collect();
    keep(data, |item| {
        fields
            .iter()
            .any(|field| member(item, field).is_some_and(|value| holds_text(value, &text)))
    })
}

/// Whether the lower-case text is anywhere in the values, at any depth.
fn holds_text(item: &Value, text: &str) -> bool {
    match item {
        Value::List(list) => list.iter().any(|item| holds_text(item, text)),
        Value::Map(map) => map.values().any(|item| holds_text(item, text)),
        item => item.display().to_lowercase().contains(text),
    }
}

fn sorted(call: &ToolCall, mut data: List) -> Value {
    let descending = call.text("order") == "desc";
    data.sort_by(|left, right| {
        let order = compare(&field(call, left), &field(call, right));
        if descending { order.reverse() } else { order }
    });
    Value::List(data)
}

/// Numbers by size, texts without regard to case, nothing last; unlike kinds by kind.
fn compare(left: &Value, right: &Value) -> Ordering {
    let rank = |value: &Value| match value {
        Value::Bool(_) => 0,
        Value::Int(_) | Value::Float(_) => 1,
        Value::Text(_) => 2,
        Value::List(_) => 3,
        Value::Map(_) => 4,
        Value::Null => 5,
    };
    match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        (Value::Text(left), Value::Text(right)) => left
            .to_lowercase()
            .cmp(&right.to_lowercase())
            .then_with(|| left.cmp(right)),
        _ => match (left.as_f64(), right.as_f64()) {
            (Some(left), Some(right)) => left.total_cmp(&right),
            _ => rank(left).cmp(&rank(right)),
        },
    }
}

fn grouped(call: &ToolCall, data: &List) -> Value {
    let mut groups: Vec<(Value, List)> = Vec::new();
    for item in data {
        let key = field(call, item);
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, items)) => items.push_back(item.clone()),
            None => groups.push((key, List::unit(item.clone()))),
        }
    }
    let group = |(key, items)| {
        let members: [(Arc<str>, Value); 2] = [("key".into(), key), ("items".into(), Value::List(items))];
        Value::Map(members.into_iter().collect())
    };
    Value::List(groups.into_iter().map(group).collect())
}

/// Numbers, and texts that spell one; what is neither does not count.
fn numbers(call: &ToolCall, data: &List) -> impl Iterator<Item = f64> {
    data.iter().filter_map(|item| field(call, item).spelled_number())
}

fn average(call: &ToolCall, data: &List) -> Value {
    let (sum, count) = numbers(call, data).fold((0.0, 0), |(sum, count), number| (sum + number, count + 1));
    if count == 0 {
        Value::Null
    } else {
        Value::rounded(sum / f64::from(count))
    }
}

fn count(call: &ToolCall, data: &List) -> Value {
    let counted = match call.arg("value") {
        Some(wanted) => data.iter().filter(|item| field(call, item) == *wanted).count(),
        None => data.len(),
    };
    Value::Int(counted as i64)
}

fn unique(call: &ToolCall, data: &List) -> Value {
    let mut seen = List::new();
    for item in data {
        let value = field(call, item);
        if !seen.contains(&value) {
            seen.push_back(value);
        }
    }
    Value::List(seen)
}

fn page(call: &ToolCall, data: &List) -> Value {
    let size = call.number_or("size", 10.0).max(1.0) as usize;
    let pages = data.len().div_ceil(size).max(1);
    let page = (call.number_or("page", 1.0).max(1.0) as usize).min(pages);
    let items: List = data.iter().skip((page - 1) * size).take(size).cloned().collect();
    let members: [(Arc<str>, Value); 4] = [
        ("items".into(), Value::List(items)),
        ("page".into(), Value::Int(page as i64)),
        ("pages".into(), Value::Int(pages as i64)),
        ("total".into(), Value::Int(data.len() as i64)),
    ];
    Value::Map(members.into_iter().collect::<Map>())
}
