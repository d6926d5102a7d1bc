//! The engine protocol: many apps behind one function, JSON in and JSON out.
//!
//! [`Runner`] has the ops that run apps; it is what the WebAssembly module of the desktop is made of. [`Engine`] is the
//! whole protocol: a runner whose documents are mended and checked on their way in, and the ops for those who write
//! documents. The terminal's `engine` command is a thin wrapper of [`Engine::call`]; a Rust program may hold one too.
//! A request that fails is answered with `{id, error, code}` and changes nothing.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map as JsonMap, Value as Json, json};
use thiserror::Error;

use self::answer::{refusal, written};
use self::request::Request;
use self::runner::Door;
use crate::runtime::DispatchError;
use crate::runtime::{expression, scope::Scope, trial};
use crate::spec::accept;
use crate::spec::catalog::Catalog;
use crate::spec::edit::{self, Edited};
use crate::spec::import::{Dialect, import};
use crate::spec::mend::Loss;
use crate::spec::reader::Reader;
use crate::spec::{Issue, Source, UiSpec, bounds, mend, patch};
use crate::value::{Map, map_from_json};

pub use self::runner::Runner;

mod answer;
mod growth;
mod request;
mod runner;

/// Every op of the whole protocol, for whoever misspells one.
const OPS: &str = "check open dispatch resolve tick range window view close replace draft trial edit patch eval import read";
/// Apps one engine runs at once, drafts included.
const APPS: usize = 256;
/// Documents that may be read at once.
const READERS: usize = 64;
/// Bytes of one request.
const REQUEST_BYTES: usize = 16 * 1024 * 1024;

/// The whole protocol.
pub struct Engine {
    runner: Runner,
    readers: HashMap<String, Reader>,
}

#[derive(Debug, Error)]
enum EngineError {
    #[error("the request is not JSON: {0}")]
    NotJson(String),
    #[error("a request may have {REQUEST_BYTES} bytes")]
    RequestTooLarge,
    #[error("the request has not the form of its op: {0}")]
    Malformed(String),
    #[error("the request has no `op`")]
    NoOp,
    #[error("there is no op `{op}`; the ops are {ops}")]
    NoSuchOp { op: String, ops: &'static str },
    #[error("no app `{0}` is open; open it first")]
    NoSuchApp(String),
    #[error("the engine runs {APPS} apps already; close one first")]
    TooManyApps,
    #[error("the engine reads {READERS} documents already; end one first")]
    TooManyReaders,
    #[error("{0}")]
    Dispatch(#[from] DispatchError),
    #[error("{message}")]
    Refused {
        message: String,
        code: &'static str,
        issues: Vec<Issue>,
    },
}

impl EngineError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotJson(_) | Self::Malformed(_) | Self::NoOp | Self::NoSuchOp { .. } => "invalid_request",
            Self::RequestTooLarge => "too_large",
            Self::NoSuchApp(_) => "app_not_found",
            Self::TooManyApps | Self::TooManyReaders => "quota_exceeded",
            Self::Dispatch(DispatchError::NoSuchNode(_)) => "node_not_found",
            Self::Dispatch(DispatchError::NoSuchEvent { .. }) => "event_unknown",
            Self::Dispatch(DispatchError::Frozen) => "frozen",
            Self::Refused { code, .. } => code,
        }
    }

    /// A document or patch that did not get in.
    fn refused(code: &'static str, issues: Vec<Issue>) -> Self {
        let message = issues.iter().find(|issue| issue.is_error()).or(issues.first());
        let message = message.map_or_else(
            || "the document was refused".to_owned(),
            |issue| issue.message.clone(),
        );
        Self::Refused {
            message,
            code,
            issues,
        }
    }

    fn invalid_spec(issues: Vec<Issue>) -> Self {
        Self::refused("spec_invalid", issues)
    }
}

impl Default for Engine {
    fn default() -> Self {
        Self::new()
    }
}

impl Engine {
    /// An engine over the built-in catalog.
    pub fn new() -> Self {
        Self::with_catalog(Arc::new(Catalog::builtin().clone()))
    }

    /// An engine whose apps may also use what an embedder added.
    pub fn with_catalog(catalog: Arc<Catalog>) -> Self {
        let mending = Door {
            open: |document, catalog| accept::accept(document, catalog, Loss::Allowed),
            // A button whose action has still to come is a button: only the shape is asked for.
            draft: |document, catalog| {
                UiSpec::from_json(&mend::mend(document.clone(), catalog, Loss::Malformed).doc)
            },
        };
        Self {
            runner: Runner::behind(mending, catalog),
            readers: HashMap::new(),
        }
    }

    /// Answers one request of the engine protocol; the answer carries the request's `id`.
    pub fn call(&mut self, request: &str) -> String {
        let mut request = match Request::parse(request) {
            Ok(request) => request,
            Err(error) => return refusal(&error, &Json::Null),
        };
        let answer = request.op().map(str::to_owned);
        let answer = answer.and_then(|op| match self.runner.answer(&op, &mut request) {
            Some(answer) => answer,
            None => Ok(written(&self.answer(op, &mut request)?, &request.id)),
        });
        answer.unwrap_or_else(|error| refusal(&error, &request.id))
    }

    /// The ops a [`Runner`] does not have.
    fn answer(&mut self, op: String, request: &mut Request) -> Result<JsonMap<String, Json>, EngineError> {
        Ok(match &*op {
            "check" => {
                let text = request.optional_text("text")?;
                self.check(request.json("spec"), text)
            }
            "trial" => {
                let spec = request.needed_json("spec")?;
                let now = request.optional_number("now")?.unwrap_or_default();
                let seed = request.optional_count("seed")?.unwrap_or_default();
                self.trial(spec, now, seed)?
            }
            "edit" => self.edit(&request.needed_json("spec")?, &request.text("lines")?)?,
            "patch" => patched(request.needed_json("doc")?, request.needed_json("patch")?)?,
            "eval" => {
                let expr = request.text("expr")?;
                evaluated(&expr, &request.object("scope")?.unwrap_or_default())?
            }
            "import" => {
                let dialect = request.text("dialect")?;
                let dialect = serde_json::from_value(dialect.into())
                    .map_err(|error| EngineError::Malformed(error.to_string()))?;
                imported(dialect, &request.needed_json("payload")?)?
            }
            "read" => {
                let reader = request.text("reader")?;
                let chunk = request.optional_text("chunk")?.unwrap_or_default();
                self.read(reader, &chunk, request.flag("end")?)?
            }
            _ => return Err(EngineError::NoSuchOp { op, ops: OPS }),
        })
    }

    fn check(&self, spec: Json, text: Option<String>) -> JsonMap<String, Json> {
        let catalog = &self.runner.catalog;
        let accepted = match (spec, text) {
            (Json::Null, text) => accept::accept_text(&text.unwrap_or_default(), catalog, Loss::Forbidden),
            (spec, _) => accept::accept(spec, catalog, Loss::Forbidden),
        };
        let (valid, issues) = match accepted {
            Ok(accepted) => (accepted.is_valid(), accepted.issues),
            Err(issues) => (false, issues),
        };
        members(json!({"valid": valid, "issues": issues}))
    }

    fn trial(&self, spec: Json, now: f64, seed: u64) -> Result<JsonMap<String, Json>, EngineError> {
        let catalog = &self.runner.catalog;
        let accepted = accept::accept(spec, catalog, Loss::Forbidden).map_err(EngineError::invalid_spec)?;
        object(&trial::run(&accepted.spec, catalog, now, seed))
    }

    /// The edited document is mended and checked like any other; one that is no app yet is answered as it is.
    fn edit(&self, spec: &Json, lines: &str) -> Result<JsonMap<String, Json>, EngineError> {
        bounds::verify(spec).map_err(|issue| EngineError::invalid_spec(vec![issue]))?;
        let Edited {
            doc,
            mut patch,
            mut issues,
        } = edit::apply(spec, lines);
        let accepted = accept::accept(doc.clone(), &self.runner.catalog, Loss::Forbidden);
        let (valid, spec) = match accepted {
            Ok(accepted) => {
                patch.extend(patch::diff(&doc, &accepted.document));
                let valid = accepted.is_valid();
                issues.extend(accepted.issues);
                (valid, accepted.document)
            }
            Err(refused) => {
                issues.extend(refused);
                (false, doc)
            }
        };
        Ok(members(
            json!({"spec": spec, "patch": patch, "valid": valid, "issues": issues}),
        ))
    }

    fn read(&mut self, name: String, chunk: &str, end: bool) -> Result<JsonMap<String, Json>, EngineError> {
        if self.readers.len() >= READERS && !self.readers.contains_key(&name) {
            return Err(EngineError::TooManyReaders);
        }
        let mut reader = self.readers.remove(&name).unwrap_or_default();
        let mut patches = reader.push(chunk);
        if !end {
            self.readers.insert(name, reader);
            return Ok(members(json!({"patches": patches, "issues": []})));
        }
        let read = reader.finish();
        patches.extend(read.patches);
        let mut answer = members(json!({"patches": patches, "issues": read.issues}));
        if let Some(spec) = read.spec {
            answer.insert("spec".to_owned(), spec);
        }
        Ok(answer)
    }
}

/// A document of another format, mended and checked like one of ours.
fn imported(dialect: Dialect, payload: &Json) -> Result<JsonMap<String, Json>, EngineError> {
    let imported = import(dialect, payload).map_err(|issue| EngineError::invalid_spec(vec![issue]))?;
    let mut issues = imported.issues;
    let accepted =
        accept::accept(imported.document, Catalog::builtin(), Loss::Forbidden).map_err(|refused| {
            issues.extend(refused);
            EngineError::invalid_spec(std::mem::take(&mut issues))
        })?;
    issues.extend(accepted.issues);
    Ok(members(json!({"spec": accepted.document, "issues": issues})))
}

fn patched(mut doc: Json, operations: Json) -> Result<JsonMap<String, Json>, EngineError> {
    patch::parse(operations)
        .and_then(|operations| patch::apply(&mut doc, &operations, bounds::verify))
        .map_err(|error| EngineError::refused("patch_failed", vec![error.into_issue()]))?;
    Ok(members(json!({"doc": doc})))
}

fn evaluated(expr: &str, scope: &JsonMap<String, Json>) -> Result<JsonMap<String, Json>, EngineError> {
    let failed = |message: String| EngineError::Refused {
        message,
        code: "expr_failed",
        issues: Vec::new(),
    };
    let source = Source::parse(expr).map_err(failed)?;
    let expression = expression::Expression::compile(&source).map_err(|error| failed(error.to_string()))?;
    let scope = Scope::new(&map_from_json(scope), &Map::new());
    let value = expression
        .evaluate(&scope)
        .map_err(|error| failed(error.to_string()))?;
    Ok(members(json!({"value": value})))
}

fn object(answer: &impl Serialize) -> Result<JsonMap<String, Json>, EngineError> {
    match serde_json::to_value(answer) {
        Ok(Json::Object(answer)) => Ok(answer),
        Ok(_) => Ok(JsonMap::new()),
        Err(error) => Err(EngineError::Malformed(error.to_string())),
    }
}

fn members(json: Json) -> JsonMap<String, Json> {
    match json {
        Json::Object(members) => members,
        _ => JsonMap::new(),
    }
}
