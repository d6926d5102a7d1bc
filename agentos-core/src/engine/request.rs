//! Requests as they come over the wire.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map as JsonMap, Value as Json};

use super::EngineError;
use crate::runtime::{Event, Failure, WindowState, row_keys};
use crate::spec::import::Dialect;

/// Every op, for whoever misspells one.
pub(super) const OPS: &str = "check open dispatch resolve tick range window view close replace draft trial edit patch eval import read";

/// What every request has: its op, and perhaps an id that the answer carries.
#[derive(Debug, Default, Deserialize)]
#[serde(default, expecting = "an object with an `op`")]
pub(super) struct Head {
    op: Option<String>,
    pub(super) id: Json,
}

#[derive(Debug)]
pub(super) enum Op {
    Check(Check),
    Open(Open),
    Dispatch(Dispatch),
    Resolve(Resolve),
    Tick(Tick),
    Range(Range),
    Window(Window),
    View(View),
    Close(Close),
    Replace(Replace),
    Draft(Draft),
    Trial(Trial),
    Edit(Edit),
    Patch(Patch),
    Eval(Eval),
    Import(Import),
    Read(Read),
}

impl Op {
    /// Reads a request by the op its head names. The text is read anew, straight into the form of that op: a
    /// document is large, and is then made once.
    pub(super) fn parse(head: &Head, request: &str) -> Result<Self, EngineError> {
        let op = head.op.as_deref().ok_or(EngineError::NoOp)?;
        Ok(match op {
            "check" => Self::Check(read(request)?),
            "open" => Self::Open(read(request)?),
            "dispatch" => Self::Dispatch(read(request)?),
            "resolve" => Self::Resolve(read(request)?),
            "tick" => Self::Tick(read(request)?),
            "range" => Self::Range(read(request)?),
            "window" => Self::Window(read(request)?),
            "view" => Self::View(read(request)?),
            "close" => Self::Close(read(request)?),
            "replace" => Self::Replace(read(request)?),
            "draft" => Self::Draft(read(request)?),
            "trial" => Self::Trial(read(request)?),
            "edit" => Self::Edit(read(request)?),
            "patch" => Self::Patch(read(request)?),
            "eval" => Self::Eval(read(request)?),
            "import" => Self::Import(read(request)?),
            "read" => Self::Read(read(request)?),
            _ => return Err(EngineError::NoSuchOp(op.to_owned())),
        })
    }
}

pub(super) fn read<T: DeserializeOwned>(request: &str) -> Result<T, EngineError> {
    serde_json::from_str(request).map_err(|error| {
        if error.is_data() {
            EngineError::Malformed(error.to_string())
        } else {
            EngineError::NotJson(error.to_string())
        }
    })
}

#[derive(Debug, Deserialize)]
pub(super) struct Check {
    pub(super) spec: Option<Json>,
    pub(super) text: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Open {
    pub(super) app: String,
    pub(super) spec: Json,
    #[serde(default)]
    pub(super) state: Option<JsonMap<String, Json>>,
    pub(super) now: f64,
    #[serde(default)]
    pub(super) seed: u64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Dispatch {
    pub(super) app: String,
    pub(super) event: Event,
    pub(super) now: f64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Resolve {
    pub(super) app: String,
    pub(super) effect: u64,
    #[serde(default)]
    pub(super) ok: Json,
    #[serde(default)]
    pub(super) error: Option<WireError>,
    pub(super) now: f64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Tick {
    pub(super) app: String,
    pub(super) now: f64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Range {
    pub(super) app: String,
    pub(super) component: String,
    #[serde(default, deserialize_with = "row_keys")]
    pub(super) item: Vec<String>,
    pub(super) first: usize,
    pub(super) count: usize,
    #[serde(default)]
    pub(super) keep: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Window {
    pub(super) app: String,
    pub(super) state: WindowState,
    pub(super) now: f64,
}

#[derive(Debug, Deserialize)]
pub(super) struct View {
    pub(super) app: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Close {
    pub(super) app: String,
    pub(super) now: f64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Replace {
    pub(super) app: String,
    pub(super) spec: Json,
    pub(super) now: f64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Draft {
    pub(super) app: String,
    pub(super) patch: Json,
}

#[derive(Debug, Deserialize)]
pub(super) struct Trial {
    pub(super) spec: Json,
    #[serde(default)]
    pub(super) now: f64,
    #[serde(default)]
    pub(super) seed: u64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Edit {
    pub(super) spec: Json,
    pub(super) lines: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Patch {
    pub(super) doc: Json,
    pub(super) patch: Json,
}

#[derive(Debug, Deserialize)]
pub(super) struct Eval {
    pub(super) expr: String,
    #[serde(default)]
    pub(super) scope: JsonMap<String, Json>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Import {
    pub(super) dialect: Dialect,
    pub(super) payload: Json,
}

#[derive(Debug, Deserialize)]
pub(super) struct Read {
    pub(super) reader: String,
    #[serde(default)]
    pub(super) chunk: String,
    #[serde(default)]
    pub(super) end: bool,
}

/// Why an effect failed: whole, or only a sentence.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum WireError {
    Whole(Failure),
    Message(String),
}
