//! The catalog without its prose: what running an app needs, as one compact JSON text.
//!
//! The module of the browser is built around that text. It reads it faster than it would make the tables, and holds
//! neither the code that makes them nor what only a prompt, a mend or a document about the language asks for.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::{
    Catalog, Children, ComponentEntry, Event, Field, Runs, ToolEntry, UrlUse, ValueKind, ValueProperty,
};

/// The kinds that are only a word.
const WORDS: [(&str, ValueKind); 12] = [
    ("any", ValueKind::Any),
    ("text", ValueKind::Text),
    ("scalar", ValueKind::Scalar),
    ("number", ValueKind::NUMBER),
    ("integer", ValueKind::INTEGER),
    ("flag", ValueKind::Flag),
    ("link", ValueKind::Url(UrlUse::Link)),
    ("image", ValueKind::Url(UrlUse::Image)),
    ("object", ValueKind::Object),
    ("style", ValueKind::Style),
    ("path", ValueKind::Path),
    ("id", ValueKind::ComponentId),
];
const ACTION: &str = "action";
const RUNS: [(&str, Runs); 3] = [
    ("engine", Runs::Engine),
    ("shell", Runs::Shell),
    ("service", Runs::Service),
];

impl Catalog {
    /// What [`Self::read_lean`] reads.
    pub fn lean(&self) -> String {
        let components: Vec<Value> = self.components.iter().map(component).collect();
        let tools: Vec<Value> = self.tools.iter().map(tool).collect();
        json!([components, tools]).to_string()
    }

    /// A catalog to run apps by. Its entries have no summaries, examples, aliases of components or payloads of
    /// events, so nothing can be mended by it or written about it.
    ///
    /// # Errors
    /// `None` for a text [`Self::lean`] did not write.
    pub fn read_lean(text: &str) -> Option<Self> {
        let tables: Value = serde_json::from_str(text).ok()?;
        Some(Self {
            components: list(&tables[0], read_component)?,
            tools: list(&tables[1], read_tool)?,
        })
    }
}

fn component(entry: &ComponentEntry) -> Value {
    let value = entry.value.as_ref().map(|value| json!([value.name, value.empty]));
    let events: Vec<&str> = entry.events.iter().map(|event| &*event.name).collect();
    json!([entry.name, value, events, fields(&entry.props)])
}

fn read_component(json: &Value) -> Option<ComponentEntry> {
    let value = match &json[1] {
        Value::Null => None,
        value => Some(ValueProperty {
            name: name(&value[0])?,
            empty: value[1].clone(),
        }),
    };
    Some(ComponentEntry {
        name: name(&json[0])?,
        summary: Cow::Borrowed(""),
        aliases: Vec::new(),
        props: list(&json[3], read_field)?,
        value,
        events: list(&json[2], |event| {
            Some(Event {
                name: name(event)?,
                payload: Vec::new(),
            })
        })?,
        children: Children::Any,
        named_by: Vec::new(),
        acts: false,
        example: Cow::Borrowed(""),
    })
}

fn tool(entry: &ToolEntry) -> Value {
    let runs = RUNS.iter().find(|(_, runs)| *runs == entry.runs);
    let word = runs.map(|(word, _)| *word);
    json!([
        entry.id,
        word,
        entry.reads,
        entry.deadline_ms,
        fields(&entry.params)
    ])
}

fn read_tool(json: &Value) -> Option<ToolEntry> {
    let word = json[1].as_str()?;
    Some(ToolEntry {
        id: name(&json[0])?,
        summary: Cow::Borrowed(""),
        params: list(&json[4], read_field)?,
        returns: Cow::Borrowed(""),
        runs: RUNS.iter().find(|(known, _)| *known == word)?.1,
        reads: json[2].as_bool()?,
        capability: None,
        deadline_ms: json[3].as_u64()?,
        example_args: Value::Null,
        example_answer: Value::Null,
    })
}

fn fields(fields: &[Field]) -> Vec<Value> {
    fields.iter().map(field).collect()
}

fn field(field: &Field) -> Value {
    let default: Vec<&Value> = field.default.iter().collect();
    json!([
        field.name,
        kind(&field.kind),
        field.required,
        default,
        field.aliases
    ])
}

fn read_field(json: &Value) -> Option<Field> {
    Some(Field {
        name: name(&json[0])?,
        kind: read_kind(&json[1])?,
        required: json[2].as_bool()?,
        default: json[3].get(0).cloned(),
        aliases: list(&json[4], name)?,
        summary: Cow::Borrowed(""),
    })
}

fn kind(kind: &ValueKind) -> Value {
    if let Some((word, _)) = WORDS.iter().find(|(_, known)| known == kind) {
        return json!(word);
    }
    match kind {
        ValueKind::Number { min, max } => json!(["number", min, max]),
        ValueKind::Integer { min, max } => json!(["integer", min, max]),
        ValueKind::OneOf(choices) => json!(["one", choices]),
        ValueKind::Shape(shape) => json!(["shape", fields(shape)]),
        ValueKind::List(of) => json!(["list", self::kind(of)]),
        ValueKind::Either(kinds) => json!(["either", kinds.iter().map(self::kind).collect::<Vec<_>>()]),
        _ => json!(ACTION),
    }
}

fn read_kind(json: &Value) -> Option<ValueKind> {
    if let Some(word) = json.as_str() {
        let known = WORDS.into_iter().find(|(known, _)| *known == word);
        return match known {
            Some((_, kind)) => Some(kind),
            None => (word == ACTION).then_some(ValueKind::Action),
        };
    }
    let (min, max) = (json[1].as_f64(), json[2].as_f64());
    Some(match json[0].as_str()? {
        "number" => ValueKind::Number { min, max },
        "integer" => ValueKind::Integer { min, max },
        "one" => ValueKind::OneOf(list(&json[1], name)?),
        "shape" => ValueKind::Shape(list(&json[1], read_field)?),
        "list" => ValueKind::List(Box::new(read_kind(&json[1])?)),
        "either" => ValueKind::Either(list(&json[1], read_kind)?),
        _ => return None,
    })
}

fn list<T>(json: &Value, read: impl FnMut(&Value) -> Option<T>) -> Option<Vec<T>> {
    json.as_array()?.iter().map(read).collect()
}

fn name(json: &Value) -> Option<Cow<'static, str>> {
    Some(json.as_str()?.to_owned().into())
}
