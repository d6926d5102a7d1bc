//! The engine protocol: many apps behind one function, JSON in and JSON out.
//!
//! The WebAssembly module and the terminal's `engine` command are thin wrappers of
//! [`Engine::call`]; a Rust program may hold one too. A request that fails is answered with
//! `{id, error, code}` and changes nothing.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map as JsonMap, Value as Json, json};
use thiserror::Error;

use self::request::{
    Check, Close, Dispatch, Draft, Edit, Eval, Head, Import, OPS, Op, Open, Patch, Range, Read, Replace,
    Resolve, Tick, Trial, View, Window,
};
use crate::runtime::{App, DispatchError, Effect, Failure, Node, NodeId, Opening, PatchOp, Turn};
use crate::runtime::{expression, scope::Scope, trial};
use crate::spec::accept::{self, Accepted};
use crate::spec::catalog::Catalog;
use crate::spec::import::{Dialect, import};
use crate::spec::mend::Loss;
use crate::spec::reader::Reader;
use crate::spec::{Issue, Source, UiSpec, bounds, edit, mend, patch};
use crate::value::{Map, Value, map_from_json};

mod request;

/// Apps one engine runs at once, drafts included.
const APPS: usize = 256;
/// Documents that may be read at once.
const READERS: usize = 64;
/// Bytes of one request.
const REQUEST_BYTES: usize = 16 * 1024 * 1024;

/// Runs apps by the names their host gives them.
pub struct Engine {
    catalog: Arc<Catalog>,
    apps: HashMap<String, App>,
    drafts: HashMap<String, DraftApp>,
    readers: HashMap<String, Reader>,
}

/// A document still being written.
struct DraftApp {
    document: Json,
    app: App,
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
    #[error("there is no op `{0}`; the ops are {OPS}")]
    NoSuchOp(String),
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
            Self::NotJson(_) | Self::Malformed(_) | Self::NoOp | Self::NoSuchOp(_) => "invalid_request",
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
        Self {
            catalog,
            apps: HashMap::new(),
            drafts: HashMap::new(),
            readers: HashMap::new(),
        }
    }

    /// Answers one request of the engine protocol; the answer carries the request's `id`.
    pub fn call(&mut self, request: &str) -> String {
        let head = head_of(request);
        let id = head.as_ref().map(|head| head.id.clone()).unwrap_or_default();
        head.and_then(|head| Op::parse(&head, request))
            .and_then(|op| self.answer(op, &id))
            .unwrap_or_else(|error| written(&refusal(&error), &id))
    }

    fn answer(&mut self, op: Op, id: &Json) -> Result<String, EngineError> {
        Ok(match op {
            Op::Check(Check { spec, text }) => written(&self.check(spec, text), id),
            Op::Open(open) => written(&self.open(open)?, id),
            Op::Dispatch(Dispatch { app, event, now }) => {
                written(&self.app(&app)?.dispatch(&event, now)?, id)
            }
            Op::Resolve(Resolve {
                app,
                effect,
                ok,
                error,
                now,
            }) => {
                let result = match error {
                    Some(error) => Err(error.into()),
                    None => Ok(Value::from(&ok)),
                };
                written(&self.app(&app)?.resolve(effect, result, now), id)
            }
            Op::Tick(Tick { app, now }) => written(&self.app(&app)?.tick(now), id),
            Op::Range(Range {
                app,
                component,
                item,
                first,
                count,
                keep,
            }) => written(
                &self.app(&app)?.range(&component, &item, first, count, &keep)?,
                id,
            ),
            Op::Window(Window { app, state, now }) => written(&self.app(&app)?.window(state, now), id),
            Op::View(View { app }) => {
                let app = self.app(&app)?;
                written(&Opened::of(app, app.quiet_turn()), id)
            }
            Op::Close(Close { app, now }) => written(&self.close(&app, now)?, id),
            Op::Replace(Replace { app, spec, now }) => written(&self.replace(&app, spec, now)?, id),
            Op::Draft(Draft { app, patch }) => written(&self.draft(app, patch)?, id),
            Op::Trial(Trial { spec, now, seed }) => written(&self.trial(spec, now, seed)?, id),
            Op::Edit(Edit { spec, lines }) => written(&edit_lines(&spec, &lines)?, id),
            Op::Patch(Patch { doc, patch }) => written(&patched(doc, patch)?, id),
            Op::Eval(Eval { expr, scope }) => written(&evaluated(&expr, &scope)?, id),
            Op::Import(Import { dialect, payload }) => written(&imported(dialect, &payload)?, id),
            Op::Read(Read { reader, chunk, end }) => written(&self.read(reader, &chunk, end)?, id),
        })
    }

    fn check(&self, spec: Option<Json>, text: Option<String>) -> JsonMap<String, Json> {
        let accepted = match (spec, text) {
            (Some(spec), _) => accept::accept(spec, &self.catalog, Loss::Forbidden),
            (None, text) => accept::accept_text(&text.unwrap_or_default(), &self.catalog, Loss::Forbidden),
        };
        let (valid, issues) = match accepted {
            Ok(accepted) => (accepted.is_valid(), accepted.issues),
            Err(issues) => (false, issues),
        };
        members(json!({"valid": valid, "issues": issues}))
    }

    fn open(&mut self, open: Open) -> Result<Opened, EngineError> {
        let Open {
            app: name,
            spec,
            state,
            now,
            seed,
        } = open;
        if self.apps.len() + self.drafts.len() >= APPS && !self.apps.contains_key(&name) {
            return Err(EngineError::TooManyApps);
        }
        let Accepted { spec, issues, .. } =
            accept::accept(spec, &self.catalog, Loss::Allowed).map_err(EngineError::invalid_spec)?;
        let saved = state.as_ref().map(map_from_json);
        if let Some(state) = state {
            bounds::verify_state(&Json::Object(state))
                .map_err(|issue| EngineError::refused("state_too_large", vec![issue]))?;
        }
        let opening = Opening {
            spec: &spec,
            catalog: self.catalog.clone(),
            saved,
            now,
            seed,
            draft: false,
        };
        let (app, mut turn) = App::open(opening);
        self.drafts.remove(&name);
        for issue in issues {
            if !turn.issues.contains(&issue) {
                turn.issues.push(issue);
            }
        }
        let answer = Opened::of(&app, turn);
        self.apps.insert(name, app);
        Ok(answer)
    }

    /// Gives an open app an edited document. The patch leads from the state as it was to the one it
    /// goes on with.
    fn replace(&mut self, name: &str, spec: Json, now: f64) -> Result<JsonMap<String, Json>, EngineError> {
        let Accepted { spec, .. } =
            accept::accept(spec, &self.catalog, Loss::Allowed).map_err(EngineError::invalid_spec)?;
        let before = self.app(name)?;
        let (after, turn) = before.succeed(&spec, now);
        let changed = patch::diff(&state_of(before), &state_of(&after));
        let mut answer = object(&Opened::of(&after, turn))?;
        answer.insert("state_patch".to_owned(), json!(changed));
        self.apps.insert(name.to_owned(), after);
        Ok(answer)
    }

    fn close(&mut self, name: &str, now: f64) -> Result<Turn, EngineError> {
        if self.drafts.remove(name).is_some() {
            return Ok(Turn::default());
        }
        let turn = self.app(name)?.close(now);
        self.apps.remove(name);
        Ok(turn)
    }

    fn draft(&mut self, name: String, operations: Json) -> Result<Turn, EngineError> {
        if self.apps.len() + self.drafts.len() >= APPS && !self.drafts.contains_key(&name) {
            return Err(EngineError::TooManyApps);
        }
        let before = self.drafts.get(&name);
        let mut document = before.map_or_else(|| json!({}), |draft| draft.document.clone());
        apply(&mut document, operations)?;
        // A button whose action has still to come is a button: only the shape is asked for.
        let drawn = mend::mend(document.clone(), &self.catalog, Loss::Malformed).doc;
        let spec = UiSpec::from_json(&drawn).map_err(EngineError::invalid_spec)?;
        let opening = Opening {
            spec: &spec,
            catalog: self.catalog.clone(),
            saved: None,
            now: 0.0,
            seed: 0,
            draft: true,
        };
        let (app, turn) = App::open(opening);
        let turn = match before {
            Some(before) => app.difference(&before.app),
            None => turn,
        };
        self.drafts.insert(name, DraftApp { document, app });
        Ok(turn)
    }

    fn trial(&self, spec: Json, now: f64, seed: u64) -> Result<JsonMap<String, Json>, EngineError> {
        let accepted =
            accept::accept(spec, &self.catalog, Loss::Forbidden).map_err(EngineError::invalid_spec)?;
        object(&trial::run(&accepted.spec, &self.catalog, now, seed))
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

    fn app(&mut self, name: &str) -> Result<&mut App, EngineError> {
        self.apps
            .get_mut(name)
            .ok_or_else(|| EngineError::NoSuchApp(name.to_owned()))
    }
}

fn head_of(request: &str) -> Result<Head, EngineError> {
    if request.len() > REQUEST_BYTES {
        return Err(EngineError::RequestTooLarge);
    }
    request::read(request)
}

/// An answer as text, with the request's `id` where it had one.
fn written(body: &impl Serialize, id: &Json) -> String {
    #[derive(Serialize)]
    struct Answer<'a, T> {
        #[serde(flatten)]
        body: &'a T,
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a Json>,
    }
    let answer = Answer {
        body,
        id: (!id.is_null()).then_some(id),
    };
    serde_json::to_string(&answer)
        .unwrap_or_else(|error| json!({"error": error.to_string(), "code": "invalid_request"}).to_string())
}

/// The whole of an app: what opening and `view` answer.
#[derive(Serialize)]
struct Opened {
    root: Vec<NodeId>,
    nodes: Vec<Node>,
    state: Value,
    state_patch: Vec<PatchOp>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    persist: bool,
    effects: Vec<Effect>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wake_at: Option<f64>,
    issues: Vec<Issue>,
}

impl Opened {
    fn of(app: &App, turn: Turn) -> Self {
        let (root, nodes) = app.view();
        Self {
            root,
            nodes: nodes.into_iter().cloned().collect(),
            state: Value::Map(app.state().clone()),
            state_patch: turn.state_patch,
            persist: turn.persist,
            effects: turn.effects,
            wake_at: turn.wake_at,
            issues: turn.issues,
        }
    }
}

fn state_of(app: &App) -> Json {
    Value::Map(app.state().clone()).to_json()
}

fn edit_lines(spec: &Json, lines: &str) -> Result<JsonMap<String, Json>, EngineError> {
    bounds::verify(spec).map_err(|issue| EngineError::invalid_spec(vec![issue]))?;
    let edited = edit::apply(spec, lines);
    Ok(members(
        json!({"spec": edited.doc, "patch": edited.patch, "issues": edited.issues}),
    ))
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
    apply(&mut doc, operations)?;
    Ok(members(json!({"doc": doc})))
}

fn apply(doc: &mut Json, operations: Json) -> Result<(), EngineError> {
    patch::parse(operations)
        .and_then(|operations| patch::apply(doc, &operations, bounds::verify))
        .map_err(|error| EngineError::refused("patch_failed", vec![error.into_issue()]))
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

fn refusal(error: &EngineError) -> JsonMap<String, Json> {
    let mut answer = members(json!({"error": error.to_string(), "code": error.code()}));
    if let EngineError::Refused { issues, .. } = error
        && !issues.is_empty()
    {
        answer.insert("details".to_owned(), json!({"issues": issues}));
    }
    answer
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

impl From<request::WireError> for Failure {
    fn from(error: request::WireError) -> Self {
        match error {
            request::WireError::Whole(failure) => failure,
            request::WireError::Message(message) => Self::new("failed", message),
        }
    }
}
