//! Methods of texts, lists and objects, as Python names them.

use super::filters::{capitalized, replaced, split, titled, trimmed};
use super::given::Given;
use super::operand::Operand;
use super::{Evaluated, ExpressionError, Machine, format, invalid};

pub(super) fn call(name: &str, owner: &Operand, mut given: Given, machine: &mut Machine<'_>) -> Evaluated {
    let answer = match owner {
        Operand::Text(text) => of_text(name, text, &mut given, machine)?,
        map if map.is_map() => of_map(name, map, &mut given, machine)?,
        list if list.is_list() && name == "count" => {
            let what = given.needed("value")?;
            let items = machine.items(list)?;
            Some(items.iter().filter(|item| **item == what).count().into())
        }
        _ => None,
    };
    let Some(answer) = answer else {
        let told = format!("unknown method: {} has no method named {name}", owner.kind());
        return Err(ExpressionError::Failed(told));
    };
    given.end()?;
    Ok(answer)
}

fn of_map(
    name: &str,
    map: &Operand,
    given: &mut Given,
    machine: &mut Machine<'_>,
) -> Result<Option<Operand>, ExpressionError> {
    machine.spend(map.len().unwrap_or(0))?;
    let items: Vec<Operand> = match name {
        "get" => {
            let found = map.index(&given.needed("key")?);
            let default = given.next();
            return Ok(Some(match default {
                Some(default) if found.is_null() => default,
                _ => found,
            }));
        }
        "keys" => machine.items(map)?,
        "values" => map.pairs().into_iter().map(|(_, value)| value).collect(),
        "items" => {
            let pairs = map.pairs().into_iter();
            pairs
                .map(|(key, value)| vec![Operand::Text(key), value].into())
                .collect()
        }
        _ => return Ok(None),
    };
    Ok(Some(items.into()))
}

fn of_text(
    name: &str,
    text: &str,
    given: &mut Given,
    machine: &mut Machine<'_>,
) -> Result<Option<Operand>, ExpressionError> {
    machine.spend_on_text(text.len())?;
    let is_all = |of: fn(char) -> bool| Operand::Bool(!text.is_empty() && text.chars().all(of));
    let is_cased = |one: fn(char) -> bool, other: fn(char) -> bool| {
        Operand::Bool(text.chars().any(one) && !text.chars().any(other))
    };
    let place = |at: Option<usize>| Operand::Int(at.map_or(-1, |at| text[..at].chars().count() as i64));
    Ok(Some(match name {
        "capitalize" => capitalized(text).into(),
        "count" => text.matches(&*given.needed_text("text")?).count().into(),
        "endswith" | "startswith" => {
            let wanted = given.needed("text")?;
            let wanted = match wanted {
                Operand::Text(_) => vec![wanted],
                list if list.is_list() => machine.items(&list)?,
                other => {
                    return Err(invalid(&format!(
                        "{name} takes a text or a list of texts, not a {}",
                        other.kind()
                    )));
                }
            };
            let begins = name == "startswith";
            Operand::Bool(wanted.iter().filter_map(Operand::as_str).any(|wanted| {
                if begins {
                    text.starts_with(wanted)
                } else {
                    text.ends_with(wanted)
                }
            }))
        }
        "find" => place(text.find(&*given.needed_text("text")?)),
        "rfind" => place(text.rfind(&*given.needed_text("text")?)),
        "format" => format::braces(text, given, machine)?.into(),
        "isalnum" => is_all(char::is_alphanumeric),
        "isalpha" => is_all(char::is_alphabetic),
        "isascii" => Operand::Bool(text.is_ascii()),
        "isdigit" | "isnumeric" => is_all(char::is_numeric),
        "isspace" => is_all(char::is_whitespace),
        "islower" => is_cased(char::is_lowercase, char::is_uppercase),
        "isupper" => is_cased(char::is_uppercase, char::is_lowercase),
        "join" => {
            let joined = Given::of(vec![Operand::from(text)]);
            super::filters::apply("join", given.needed("items")?, joined, machine)?
        }
        "lower" => text.to_lowercase().into(),
        "upper" => text.to_uppercase().into(),
        "lstrip" | "rstrip" | "strip" => {
            let characters = given.text("chars")?;
            trimmed(text, characters.as_deref(), name != "rstrip", name != "lstrip").into()
        }
        "replace" => {
            let (from, to) = (given.needed_text("old")?, given.needed_text("new")?);
            let count = given.int("count")?.and_then(|count| usize::try_from(count).ok());
            replaced(text, &from, &to, count, machine)?
        }
        "split" => {
            let by = given.text("separator")?;
            split(text, by.as_deref(), given.int("maxsplit")?, machine)?
        }
        "splitlines" => {
            let keeps = given.take("keepends").is_some_and(|keeps| keeps.is_true());
            let lines: Vec<Operand> = if keeps {
                text.split_inclusive('\n').map(Operand::from).collect()
            } else {
                text.lines().map(Operand::from).collect()
            };
            lines.into()
        }
        "title" => titled(text).into(),
        _ => return Ok(None),
    }))
}
