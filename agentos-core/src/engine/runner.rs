//! What runs apps: the ops a desktop needs, for documents that were accepted before they came here.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map as JsonMap, Value as Json};

use super::answer::{Opened, refusal, written};
use super::growth::grow;
use super::request::Request;
use super::{APPS, EngineError};
use crate::runtime::{App, Opening, Turn};
use crate::spec::accept::Accepted;
use crate::spec::catalog::Catalog;
use crate::spec::{Issue, UiSpec, bounds};
use crate::value::{Value, map_from_json};

/// The ops a [`Runner`] has, for whoever misspells one.
pub(super) const OPS: &str = "open dispatch resolve tick range window view close replace draft";

/// Runs apps by the names their host gives them.
///
/// It takes documents as `spec::accept` leaves them: within bounds and of the right shape. What they mean is not asked
/// again, so nothing here mends or checks, and the module of the browser holds neither. What a document names that is
/// not there fails when it is used.
pub struct Runner {
    pub(super) catalog: Arc<Catalog>,
    door: Door,
    apps: HashMap<String, App>,
    drafts: HashMap<String, DraftApp>,
}

/// How a document gets in.
#[derive(Clone, Copy)]
pub(super) struct Door {
    /// A whole document, and what is to be told about it.
    pub(super) open: fn(Json, &Catalog) -> Result<Accepted, Vec<Issue>>,
    /// A document that is still being written.
    pub(super) draft: fn(&Json, &Catalog) -> Result<UiSpec, Vec<Issue>>,
}

/// A document still being written.
struct DraftApp {
    document: Json,
    app: App,
}

impl Runner {
    pub fn new(catalog: Arc<Catalog>) -> Self {
        let accepted = Door {
            open: |document, _| {
                bounds::verify(&document).map_err(|issue| vec![issue])?;
                Ok(Accepted {
                    spec: UiSpec::from_json(&document)?,
                    document,
                    issues: Vec::new(),
                })
            },
            draft: |document, _| UiSpec::from_json(document),
        };
        Self::behind(accepted, catalog)
    }

    pub(super) fn behind(door: Door, catalog: Arc<Catalog>) -> Self {
        Self {
            catalog,
            door,
            apps: HashMap::new(),
            drafts: HashMap::new(),
        }
    }

    /// Answers one request; the answer carries the request's `id`.
    pub fn call(&mut self, request: &str) -> String {
        let mut request = match Request::parse(request) {
            Ok(request) => request,
            Err(error) => return refusal(&error, &Json::Null),
        };
        let answer = request.op().map(str::to_owned);
        let answer = answer.and_then(|op| match self.answer(&op, &mut request) {
            Some(answer) => answer,
            None => Err(EngineError::NoSuchOp { op, ops: OPS }),
        });
        answer.unwrap_or_else(|error| refusal(&error, &request.id))
    }

    /// `None` for an op that is not one of these.
    pub(super) fn answer(&mut self, op: &str, request: &mut Request) -> Option<Result<String, EngineError>> {
        Some(match op {
            "open" | "view" | "replace" => self.whole(op, request),
            "dispatch" | "resolve" | "tick" | "range" | "window" | "close" | "draft" => {
                self.turn(op, request)
            }
            _ => return None,
        })
    }

    /// The ops that answer with the whole of an app.
    fn whole(&mut self, op: &str, request: &mut Request) -> Result<String, EngineError> {
        let name = request.text("app")?;
        let turn = match op {
            "open" => self.open(&name, request)?,
            "replace" => self.replace(&name, request)?,
            _ => self.app(&name)?.quiet_turn(),
        };
        Ok(written(&Opened::of(self.app(&name)?, turn), &request.id))
    }

    /// The ops that answer with what changed.
    fn turn(&mut self, op: &str, request: &mut Request) -> Result<String, EngineError> {
        let name = request.text("app")?;
        let turn = match op {
            "draft" => self.draft(name, &request.needed_json("patch")?)?,
            "range" => {
                let component = request.text("component")?;
                let item = request.row_keys("item")?;
                let (first, count) = (request.count("first")?, request.count("count")?);
                let keep = request.texts("keep")?;
                self.app(&name)?
                    .range(&component, &item, first as usize, count as usize, &keep)?
            }
            _ => {
                let now = request.number("now")?;
                match op {
                    "dispatch" => {
                        let event = request.event()?;
                        self.app(&name)?.dispatch(&event, now)?
                    }
                    "resolve" => {
                        let effect = request.count("effect")?;
                        let result = match request.failure()? {
                            Some(failure) => Err(failure),
                            None => Ok(Value::from(&request.json("ok"))),
                        };
                        self.app(&name)?.resolve(effect, result, now)
                    }
                    "window" => {
                        let state = request.window_state()?;
                        self.app(&name)?.window(state, now)
                    }
                    "close" => self.close(&name, now)?,
                    _ => self.app(&name)?.tick(now),
                }
            }
        };
        Ok(written(&turn, &request.id))
    }

    fn open(&mut self, name: &str, request: &mut Request) -> Result<Turn, EngineError> {
        let document = request.needed_json("spec")?;
        let now = request.number("now")?;
        let seed = request.optional_count("seed")?.unwrap_or_default();
        let state = request.object("state")?;
        if self.apps.len() + self.drafts.len() >= APPS && !self.apps.contains_key(name) {
            return Err(EngineError::TooManyApps);
        }
        let Accepted { spec, issues, .. } = self.accepted(document)?;
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
        self.drafts.remove(name);
        for issue in issues {
            if !turn.issues.contains(&issue) {
                turn.issues.push(issue);
            }
        }
        self.apps.insert(name.to_owned(), app);
        Ok(turn)
    }

    /// Gives an open app an edited document. The patch leads from the state as it was to the one it
    /// goes on with.
    fn replace(&mut self, name: &str, request: &mut Request) -> Result<Turn, EngineError> {
        let document = request.needed_json("spec")?;
        let now = request.number("now")?;
        let Accepted { spec, .. } = self.accepted(document)?;
        let before = self.app(name)?;
        let (after, mut turn) = before.succeed(&spec, now);
        turn.state_patch = after.state_patch_since(before);
        self.apps.insert(name.to_owned(), after);
        Ok(turn)
    }

    fn close(&mut self, name: &str, now: f64) -> Result<Turn, EngineError> {
        if self.drafts.remove(name).is_some() {
            return Ok(Turn::default());
        }
        let turn = self.app(name)?.close(now);
        self.apps.remove(name);
        Ok(turn)
    }

    fn draft(&mut self, name: String, operations: &Json) -> Result<Turn, EngineError> {
        if self.apps.len() + self.drafts.len() >= APPS && !self.drafts.contains_key(&name) {
            return Err(EngineError::TooManyApps);
        }
        let before = self.drafts.get(&name);
        let empty = Json::Object(JsonMap::new());
        let document = grow(before.map_or(&empty, |draft| &draft.document), operations)
            .map_err(|issue| EngineError::refused("patch_failed", vec![issue]))?;
        let spec = (self.door.draft)(&document, &self.catalog).map_err(EngineError::invalid_spec)?;
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

    fn accepted(&self, document: Json) -> Result<Accepted, EngineError> {
        (self.door.open)(document, &self.catalog).map_err(EngineError::invalid_spec)
    }

    fn app(&mut self, name: &str) -> Result<&mut App, EngineError> {
        self.apps
            .get_mut(name)
            .ok_or_else(|| EngineError::NoSuchApp(name.to_owned()))
    }
}
