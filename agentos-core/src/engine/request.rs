//! Requests as they come over the wire.

use serde::Deserialize;
use serde_json::{Map as JsonMap, Value as Json};

use crate::runtime::{Event, Failure, WindowState};
use crate::spec::import::Dialect;

#[derive(Debug, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub(super) enum Op {
    Check {
        spec: Option<Json>,
        text: Option<String>,
    },
    Open {
        app: String,
        spec: Json,
        #[serde(default)]
        state: Option<JsonMap<String, Json>>,
        now: f64,
        #[serde(default)]
        seed: u64,
    },
    Dispatch {
        app: String,
        event: Event,
        now: f64,
    },
    Resolve {
        app: String,
        effect: u64,
        #[serde(default)]
        ok: Json,
        #[serde(default)]
        error: Option<WireError>,
        now: f64,
    },
    Tick {
        app: String,
        now: f64,
    },
    Range {
        app: String,
        component: String,
        #[serde(default)]
        item: Vec<String>,
        first: usize,
        count: usize,
        #[serde(default)]
        keep: Vec<String>,
    },
    Window {
        app: String,
        state: WindowState,
        now: f64,
    },
    View {
        app: String,
    },
    Close {
        app: String,
        now: f64,
    },
    Replace {
        app: String,
        spec: Json,
        now: f64,
    },
    Draft {
        app: String,
        patch: Json,
    },
    Trial {
        spec: Json,
        #[serde(default)]
        now: f64,
        #[serde(default)]
        seed: u64,
    },
    Edit {
        spec: Json,
        lines: String,
    },
    Patch {
        doc: Json,
        patch: Json,
    },
    Eval {
        expr: String,
        #[serde(default)]
        scope: JsonMap<String, Json>,
    },
    Import {
        dialect: Dialect,
        payload: Json,
    },
    Read {
        reader: String,
        #[serde(default)]
        chunk: String,
        #[serde(default)]
        end: bool,
    },
}

/// Why an effect failed: whole, or only a sentence.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum WireError {
    Whole(Failure),
    Message(String),
}
