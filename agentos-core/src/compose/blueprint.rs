//! The library of blueprints and the header each one carries: the example apps, and the template of
//! the tracker.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::words;
use crate::gallery;

/// A document with the words by which it is found.
#[derive(Debug)]
pub(super) struct Blueprint {
    pub(super) name: &'static str,
    pub(super) header: Header,
    pub(super) phrases: Vec<Vec<String>>,
    /// The document, without its header.
    pub(super) document: Value,
}

/// What a blueprint says of itself, under `x.blueprint`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    /// "a calculator": completes "I can build …".
    pub(super) builds: String,
    pub(super) examples: Vec<String>,
    /// Phrases that name it; the longest one found decides.
    pub(super) phrases: Vec<String>,
    /// Words it takes account of although they do not name it.
    #[serde(default)]
    pub(super) hints: Vec<String>,
    /// Whether two of these are enough to mean it when nothing else is said ("miles to km").
    #[serde(default)]
    pub(super) hints_suffice: bool,
    /// Words that, anywhere in a request, mean another app.
    #[serde(default)]
    pub(super) unlike: Vec<String>,
    /// Whether an unknown word before it only names it ("egg timer") instead of changing what it
    /// is ("mortgage calculator").
    #[serde(default)]
    pub(super) takes_any_name: bool,
    /// Phrases whose object follows and names it: "count coffees".
    #[serde(default)]
    pub(super) verbs: Vec<String>,
    /// What to track when the request names fields of its own.
    #[serde(default)]
    pub(super) tracks: Option<Tracks>,
    /// The parts of the tracker.
    #[serde(default)]
    pub(super) tracker: Option<TrackerParts>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tracks {
    pub(super) noun: String,
    /// Fields it has even when the request does not name them, in front of the others.
    pub(super) fields: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TrackerParts {
    /// Fields of a noun when the request names none.
    pub(super) nouns: Map<String, Value>,
    /// Nouns that name what one entry measures rather than what is collected.
    pub(super) measures: Vec<String>,
    /// Words that promise more than a list can keep, unless fields are named.
    pub(super) live: Vec<String>,
    /// What a list cannot do; never a field.
    pub(super) beyond: Vec<String>,
    /// In the order they are tried; a name none of them knows is text.
    pub(super) kinds: Vec<FieldKind>,
}

/// How fields of one kind are written, shown, searched and summed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FieldKind {
    pub(super) kind: String,
    /// Words of a field's name that make it this kind.
    #[serde(default)]
    pub(super) named: Vec<String>,
    /// Whether its fields are named in the plural ("minutes", "notes").
    #[serde(default)]
    pub(super) many: bool,
    /// Whether a row can be called by it.
    #[serde(default)]
    pub(super) leads: bool,
    /// Parts of the document by name; a part that is absent is left away for this kind.
    pub(super) parts: Map<String, Value>,
}

/// Every blueprint, in the order in which ties are decided.
pub(super) fn all() -> &'static [Blueprint] {
    static LIBRARY: LazyLock<Vec<Blueprint>> = LazyLock::new(|| {
        let apps = gallery::all()
            .iter()
            .map(|app| with_header(app.id, &app.blueprint, app.document.clone()));
        apps.chain([template()]).collect()
    });
    &LIBRARY
}

/// The blueprint every list of the person's own is made from.
pub(super) fn tracker() -> (&'static Blueprint, &'static TrackerParts) {
    all()
        .iter()
        .find_map(|blueprint| Some((blueprint, blueprint.header.tracker.as_ref()?)))
        .expect("the library has a tracker; a test reads the whole of it")
}

const TRACKER: &str = include_str!("tracker.json");

/// The template the lists of a person's own are made from; it is no app by itself.
fn template() -> Blueprint {
    let mut document: Value = serde_json::from_str(TRACKER).expect("the template is JSON; a test reads it");
    let header = document
        .as_object_mut()
        .and_then(|root| root.shift_remove("x"))
        .and_then(|mut extra| extra.get_mut("blueprint").map(Value::take))
        .unwrap_or_default();
    with_header("tracker", &header, document)
}

fn with_header(name: &'static str, header: &Value, document: Value) -> Blueprint {
    let header = Header::deserialize(header).expect("a blueprint has a header; a test reads every one");
    let phrases = header.phrases.iter().map(|text| words::phrase(text)).collect();
    Blueprint {
        name,
        header,
        phrases,
        document,
    }
}
