//! The door every document passes: JSON text or a JSON value within the bounds of [`limits`].
//!
//! [`parse`] is for text, [`verify`] for a document that came in as a value, [`verify_state`] for
//! the state of an app. All of them take time linear in their input and no stack worth speaking of.

use std::collections::HashSet;
use std::fmt;
use std::io::Write;

use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::limits;
use super::location::Location;
use super::{Code, Issue};

/// Reads a document strictly; the result has passed [`verify`].
///
/// A member that stands twice in one object is refused, since only one of the two could count.
/// The issue is `json_invalid` or `json_truncated` with line and column, `too_large`, or `too_deep`.
pub fn parse(text: &str) -> Result<Value, Issue> {
    if text.len() > limits::DOCUMENT_BYTES {
        return Err(document_too_large(text.len()));
    }
    refuse_deep_text(text)?;
    let document = serde_json::from_str(text).map_err(|fault| syntax_issue(&fault))?;
    serde_json::from_str::<DistinctMembers>(text).map_err(|fault| syntax_issue(&fault))?;
    verify(&document)?;
    Ok(document)
}

/// Checks nesting, size, components and properties of a document that is already a value.
pub fn verify(document: &Value) -> Result<(), Issue> {
    refuse_deep_value(document)?;
    let bytes = json_bytes(document);
    if bytes > limits::DOCUMENT_BYTES {
        return Err(document_too_large(bytes));
    }
    verify_components(&document["components"], &Location::at("/components"), 1, &mut 0)
}

/// Checks nesting and size of an app's state.
pub fn verify_state(state: &Value) -> Result<(), Issue> {
    refuse_deep_value(state)?;
    let bytes = json_bytes(state);
    if bytes > limits::STATE_BYTES {
        let limit = limits::STATE_BYTES;
        let message = format!("the state has {bytes} bytes, at most {limit} are allowed");
        return Err(Issue::error(Code::StateTooLarge, "", message)
            .hint("keep long lists in storage and only what is shown in state"));
    }
    Ok(())
}

/// Bytes of `value` as JSON text without white space.
pub fn json_bytes(value: &Value) -> usize {
    let mut counter = ByteCounter(0);
    // Only a failing writer could fail here, and a counter never does.
    let _ = serde_json::to_writer(&mut counter, value);
    counter.0
}

/// Levels of arrays and objects in `value`; a scalar has none.
pub fn nesting(value: &Value) -> usize {
    let mut deepest = 0;
    let mut open = vec![(value, 0)];
    while let Some((value, outer)) = open.pop() {
        match value {
            Value::Array(items) => {
                deepest = deepest.max(outer + 1);
                open.extend(items.iter().map(|item| (item, outer + 1)));
            }
            Value::Object(members) => {
                deepest = deepest.max(outer + 1);
                open.extend(members.values().map(|member| (member, outer + 1)));
            }
            _ => {}
        }
    }
    deepest
}

/// JSON in which no object has a member twice.
struct DistinctMembers;

impl<'de> Deserialize<'de> for DistinctMembers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for DistinctMembers {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self, A::Error> {
        let mut seen = HashSet::new();
        while let Some(name) = members.next_key::<String>()? {
            if seen.contains(&name) {
                return Err(A::Error::custom(format_args!(
                    "the member \"{name}\" stands twice in one object"
                )));
            }
            members.next_value::<Self>()?;
            seen.insert(name);
        }
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
        while items.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }
}

struct ByteCounter(usize);

impl Write for ByteCounter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Counts brackets outside of strings, so that a parser that recurses never sees deep text.
fn refuse_deep_text(text: &str) -> Result<(), Issue> {
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'\\' if in_string => {
                bytes.next();
            }
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                if depth > limits::JSON_DEPTH {
                    let (line, column) = line_and_column(text, at);
                    return Err(too_deep(&format!(" at line {line}, column {column}")));
                }
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

fn refuse_deep_value(value: &Value) -> Result<(), Issue> {
    if nesting(value) > limits::JSON_DEPTH {
        Err(too_deep(""))
    } else {
        Ok(())
    }
}

/// Both counted from 1, the column in characters.
fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = &text[..at];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.bytes().filter(|&byte| byte == b'\n').count() + 1;
    (line, before[line_start..].chars().count() + 1)
}

/// Each list before the lists within it. No deeper than `COMPONENT_DEPTH`, past which the first is refused.
fn verify_components(list: &Value, at: &Location, depth: usize, count: &mut usize) -> Result<(), Issue> {
    for (index, component) in components_of(list).enumerate() {
        let at = at.item(index);
        *count += 1;
        if *count > limits::COMPONENTS {
            let message = format!("the document has more than {} components", limits::COMPONENTS);
            return Err(
                Issue::error(Code::TooLarge, at, message).hint("repeat a component over a list with each")
            );
        }
        if depth > limits::COMPONENT_DEPTH {
            let message = format!(
                "components are nested deeper than {} levels",
                limits::COMPONENT_DEPTH
            );
            return Err(Issue::error(Code::TooDeep, at, message).hint("flatten the containers"));
        }
        verify_properties(component, &at)?;
    }
    for (index, component) in components_of(list).enumerate() {
        let at = at.item(index);
        verify_components(&component["children"], &at.member("children"), depth + 1, count)?;
    }
    Ok(())
}

/// A list, or the single child that a mend later turns into one.
fn components_of(list: &Value) -> impl Iterator<Item = &Value> {
    match list {
        Value::Array(components) => components.as_slice(),
        Value::Object(_) => std::slice::from_ref(list),
        _ => &[],
    }
    .iter()
}

fn verify_properties(component: &Value, at: &Location) -> Result<(), Issue> {
    for (name, value) in component["props"].as_object().into_iter().flatten() {
        let bytes = json_bytes(value);
        if bytes > limits::PROPERTY_BYTES {
            let limit = limits::PROPERTY_BYTES;
            let message = format!("the property `{name}` has {bytes} bytes, at most {limit} are allowed");
            let issue = Issue::error(Code::TooLarge, at.member("props").member(name), message)
                .hint("keep long content in the state or fetch it with `data`");
            return Err(match component["id"].as_str() {
                Some(id) => issue.about(id),
                None => issue,
            });
        }
    }
    Ok(())
}

fn syntax_issue(fault: &serde_json::Error) -> Issue {
    if fault.is_eof() {
        let message = format!(
            "the document ends at line {}, column {}, before its JSON is complete",
            fault.line(),
            fault.column()
        );
        return Issue::error(Code::JsonTruncated, "", message)
            .hint("close every text, list and object that is open there");
    }
    Issue::error(
        Code::JsonInvalid,
        "",
        format!("the document is not JSON: {fault}"),
    )
}

fn document_too_large(bytes: usize) -> Issue {
    let limit = limits::DOCUMENT_BYTES;
    Issue::error(
        Code::TooLarge,
        "",
        format!("the document has {bytes} bytes, at most {limit} are allowed"),
    )
}

fn too_deep(place: &str) -> Issue {
    let limit = limits::JSON_DEPTH;
    Issue::error(
        Code::TooDeep,
        "",
        format!("arrays and objects are nested deeper than {limit} levels{place}"),
    )
}
