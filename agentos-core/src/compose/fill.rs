//! Fills a blueprint: `[[name]]` stands for a text, `[[fields.part]]` for a part of each field.

use serde_json::{Map, Value};

use super::fields::Field;

/// What a blueprint is filled with. No text in it can hold a template: words of a request have
/// letters, digits and hyphens only.
pub(super) struct Filling<'a> {
    pub(super) texts: Vec<(&'static str, String)>,
    /// A slot for one of these, alone as a value, gives the number.
    pub(super) numbers: Vec<(&'static str, u32)>,
    pub(super) fields: &'a [Field],
    /// The field a row is called by.
    pub(super) lead: &'a Field,
}

/// `document` with every slot filled.
///
/// A slot for fields alone in a list gives one item a field, alone as a value an object of them by
/// key, and inside a text (`[[fields.part|separator]]`) their texts joined. `others` are the
/// fields without the lead.
pub(super) fn fill(document: &Value, filling: &Filling<'_>) -> Value {
    match document {
        Value::String(text) => match (Slot::alone(text), number_alone(text, filling)) {
            (Some(slot), _) => Value::Object(slot.by_key(filling)),
            (None, Some(number)) => number.into(),
            (None, None) => Value::String(filled_text(text, filling)),
        },
        Value::Array(items) => Value::Array(items.iter().flat_map(|item| fill_item(item, filling)).collect()),
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| (filled_text(key, filling), fill(value, filling)))
            .collect(),
        other => other.clone(),
    }
}

fn fill_item(item: &Value, filling: &Filling<'_>) -> Vec<Value> {
    match item.as_str().and_then(Slot::alone) {
        Some(slot) => slot.parts(filling).map(|(_, part)| part).collect(),
        None => vec![fill(item, filling)],
    }
}

fn number_alone(text: &str, filling: &Filling<'_>) -> Option<u32> {
    let slot = text.strip_prefix("[[")?.strip_suffix("]]")?;
    filling
        .numbers
        .iter()
        .find_map(|(name, number)| (*name == slot).then_some(*number))
}

fn filled_text(text: &str, filling: &Filling<'_>) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("[[") {
        filled.push_str(before);
        let Some((slot, after)) = after.split_once("]]") else {
            filled.push_str("[[");
            rest = after;
            continue;
        };
        filled.push_str(&slot_text(slot, filling));
        rest = after;
    }
    filled + rest
}

fn slot_text(slot: &str, filling: &Filling<'_>) -> String {
    if let Some((name, separator)) = slot.split_once('|') {
        let texts = Slot::parse(name)
            .into_iter()
            .flat_map(|slot| slot.texts(filling))
            .collect::<Vec<_>>();
        return texts.join(separator);
    }
    filling
        .texts
        .iter()
        .find(|(name, _)| *name == slot)
        .map_or_else(|| format!("[[{slot}]]"), |(_, text)| text.clone())
}

/// A slot that stands for a part of several fields.
struct Slot<'a> {
    without_lead: bool,
    part: &'a str,
}

impl<'a> Slot<'a> {
    fn alone(text: &'a str) -> Option<Self> {
        Self::parse(text.strip_prefix("[[")?.strip_suffix("]]")?)
    }

    fn parse(name: &'a str) -> Option<Self> {
        let (which, part) = name.split_once('.')?;
        match which {
            "fields" => Some(Self {
                without_lead: false,
                part,
            }),
            "others" => Some(Self {
                without_lead: true,
                part,
            }),
            _ => None,
        }
    }

    fn parts(&self, filling: &Filling<'_>) -> impl Iterator<Item = (String, Value)> {
        let fields = filling
            .fields
            .iter()
            .filter(|field| !(self.without_lead && field.key == filling.lead.key));
        fields.filter_map(|field| Some((field.key.clone(), part(field, self.part)?)))
    }

    fn by_key(&self, filling: &Filling<'_>) -> Map<String, Value> {
        self.parts(filling).collect()
    }

    fn texts(&self, filling: &Filling<'_>) -> Vec<String> {
        self.parts(filling)
            .filter_map(|(_, part)| part.as_str().map(str::to_owned))
            .collect()
    }
}

/// One part of a field, filled with its own words.
fn part(field: &Field, name: &str) -> Option<Value> {
    if name == "initial" {
        return Some(field.initial());
    }
    let own = Filling {
        texts: vec![
            ("key", field.key.clone()),
            ("label", field.label.clone()),
            ("most", field.most.to_string()),
        ],
        numbers: vec![("most", field.most)],
        fields: &[],
        lead: field,
    };
    let mut part = fill(field.kind.parts.get(name)?, &own);
    if let Some(options) = part
        .pointer_mut("/props/options")
        .filter(|_| !field.choices.is_empty())
    {
        *options = field
            .choices
            .iter()
            .map(|choice| Value::from(choice.as_str()))
            .collect();
    }
    Some(part)
}
