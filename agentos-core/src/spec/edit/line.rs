//! Text to edits: finds the JSON objects and says what each asks for.

use serde_json::{Map, Value};

use super::place::{Place, Position};
use crate::spec::Code;
use crate::spec::reader::Reader;

pub(super) struct Line {
    /// Counted from 1.
    pub(super) number: usize,
    /// What the line asks for, or why it cannot be read.
    pub(super) edits: Result<Vec<Edit>, String>,
}

impl Line {
    /// Whether it replaces the whole document.
    pub(super) fn is_document(&self) -> bool {
        matches!(self.edits.as_deref(), Ok([Edit::Document(_)]))
    }
}

pub(super) enum Edit {
    Upsert(Upsert),
    Remove(String),
    Set(Map<String, Value>),
    State(Map<String, Value>),
    Document(Value),
}

pub(super) struct Upsert {
    pub(super) id: String,
    pub(super) component: Map<String, Value>,
    /// Nothing leaves a component where it is and puts a new one at the end.
    pub(super) place: Option<Place>,
}

/// Every JSON object that begins a line. An object may span lines and several may share one.
pub(super) fn read(text: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut at = 0;
    let mut number = 1;
    while at < text.len() {
        let next = match text[at..].trim_start_matches([' ', '\t', '[', ',']) {
            rest if rest.starts_with('{') => {
                let start = text.len() - rest.len();
                let (value, end) = first_value(text, start);
                let edits = value
                    .and_then(edits_of)
                    .or_else(|fault| sloppy_document(&text[start..], fault));
                let line = Line { number, edits };
                let next = if line.is_document() { text.len() } else { end };
                lines.push(line);
                next
            }
            _ => end_of_line(text, at),
        };
        number += text[at..next].bytes().filter(|&byte| byte == b'\n').count();
        at = next;
    }
    lines
}

/// The JSON value at `start` and where reading goes on.
fn first_value(text: &str, start: usize) -> (Result<Value, String>, usize) {
    let mut values = serde_json::Deserializer::from_str(&text[start..]).into_iter::<Value>();
    match values.next() {
        Some(Ok(value)) => (Ok(value), start + values.byte_offset()),
        Some(Err(fault)) => (
            Err(format!("not a JSON object ({fault})")),
            end_of_line(text, start),
        ),
        None => (Err("not a JSON object".into()), end_of_line(text, start)),
    }
}

fn end_of_line(text: &str, at: usize) -> usize {
    text[at..]
        .find('\n')
        .map_or(text.len(), |newline| at + newline + 1)
}

/// A whole document that only the tolerant reader takes. One that was cut is no new document: it
/// would replace a whole app by a part of one.
fn sloppy_document(text: &str, fault: String) -> Result<Vec<Edit>, String> {
    let mut reader = Reader::new();
    reader.push(text);
    let read = reader.finish();
    let cut = read.issues.iter().any(|issue| issue.code == Code::JsonTruncated);
    match read.spec {
        Some(document) if !cut && document["components"].is_array() => Ok(vec![Edit::Document(document)]),
        _ => Err(fault),
    }
}

fn edits_of(value: Value) -> Result<Vec<Edit>, String> {
    let Value::Object(mut members) = value else {
        return Err("not a JSON object".into());
    };
    if members.get("components").is_some_and(Value::is_array) {
        return Ok(vec![Edit::Document(members.into())]);
    }
    let place = place_of(&mut members)?;
    let mut edits = Vec::new();
    if let Some(component) = members.shift_remove("upsert") {
        edits.push(upsert_of(component, place)?);
    }
    match members.shift_remove("remove") {
        None => {}
        Some(Value::String(id)) => edits.push(Edit::Remove(id)),
        Some(Value::Array(ids)) => {
            for id in ids {
                let id = id
                    .as_str()
                    .ok_or("`remove` takes the id of a component or a list of ids")?;
                edits.push(Edit::Remove(id.to_owned()));
            }
        }
        Some(_) => return Err("`remove` takes the id of a component or a list of ids".into()),
    }
    if let Some(changes) = members.shift_remove("set") {
        let mut changes = object(changes, "`set` takes an object with members of the document")?;
        if let Some(Value::Object(values)) = changes.shift_remove("state") {
            edits.push(Edit::State(values));
        }
        edits.push(Edit::Set(changes));
    }
    if let Some(values) = members.shift_remove("state") {
        edits.push(Edit::State(object(
            values,
            "`state` takes an object with names and values",
        )?));
    }
    match (members.keys().next(), edits.is_empty()) {
        (Some(unknown), _) => Err(format!(
            "`{unknown}` is no edit; use upsert (with into and at), remove, set or state"
        )),
        (None, true) => Err("it asks for nothing; use upsert, remove, set or state".into()),
        (None, false) => Ok(edits),
    }
}

fn upsert_of(component: Value, place: Option<Place>) -> Result<Edit, String> {
    let component = object(component, "`upsert` takes a component")?;
    match component.get("id").and_then(Value::as_str) {
        Some(id) if !id.is_empty() => Ok(Edit::Upsert(Upsert {
            id: id.to_owned(),
            component,
            place,
        })),
        _ => Err("`upsert` takes a component with its `id`".into()),
    }
}

fn place_of(members: &mut Map<String, Value>) -> Result<Option<Place>, String> {
    let into = match members.shift_remove("into") {
        None | Some(Value::Null) => None,
        Some(Value::String(id)) => Some(id),
        Some(_) => return Err("`into` takes the id of a component".into()),
    };
    let position = match members.shift_remove("at") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(position_of(&text)?),
        Some(_) => return Err(POSITIONS.into()),
    };
    if into.is_none() && position.is_none() {
        return Ok(None);
    }
    if !members.contains_key("upsert") {
        return Err("`into` and `at` belong to `upsert`".into());
    }
    Ok(Some(Place {
        into,
        position: position.unwrap_or_default(),
    }))
}

const POSITIONS: &str = "`at` takes first, last, before:ID or after:ID";

fn position_of(text: &str) -> Result<Position, String> {
    match text.split_once(':') {
        Some(("before", id)) => Ok(Position::Before(id.trim().to_owned())),
        Some(("after", id)) => Ok(Position::After(id.trim().to_owned())),
        None if text == "first" => Ok(Position::First),
        None if text == "last" => Ok(Position::Last),
        _ => Err(POSITIONS.into()),
    }
}

fn object(value: Value, fault: &str) -> Result<Map<String, Value>, String> {
    match value {
        Value::Object(members) => Ok(members),
        _ => Err(fault.into()),
    }
}
