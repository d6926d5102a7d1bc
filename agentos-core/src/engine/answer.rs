//! Answers as they go over the wire.

use serde::Serialize;
use serde_json::{Value as Json, json};

use super::EngineError;
use crate::runtime::{App, Effect, Node, NodeId, PatchOp, Turn};
use crate::spec::Issue;
use crate::value::Value;

/// The whole of an app: what opening and `view` answer.
#[derive(Serialize)]
pub(super) struct Opened<'a> {
    root: Vec<NodeId>,
    nodes: Vec<&'a Node>,
    state: Value,
    state_patch: Vec<PatchOp>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    persist: bool,
    effects: Vec<Effect>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wake_at: Option<f64>,
    issues: Vec<Issue>,
}

impl<'a> Opened<'a> {
    pub(super) fn of(app: &'a App, turn: Turn) -> Self {
        let (root, nodes) = app.view();
        Self {
            root,
            nodes,
            state: Value::Map(app.state().clone()),
            state_patch: turn.state_patch,
            persist: turn.persist,
            effects: turn.effects,
            wake_at: turn.wake_at,
            issues: turn.issues,
        }
    }
}

/// An answer, which is an object, as text, with the request's `id` where it had one.
pub(super) fn written(body: &impl Serialize, id: &Json) -> String {
    match serde_json::to_string(body) {
        Ok(text) => with_id(text, id),
        Err(error) => refusal(&EngineError::Malformed(error.to_string()), id),
    }
}

pub(super) fn refusal(error: &EngineError, id: &Json) -> String {
    let mut answer = json!({"error": error.to_string(), "code": error.code()});
    if let EngineError::Refused { issues, .. } = error
        && !issues.is_empty()
    {
        answer["details"] = json!({"issues": issues});
    }
    with_id(answer.to_string(), id)
}

fn with_id(mut object: String, id: &Json) -> String {
    if !id.is_null() {
        object.pop();
        let comma = if object.len() > 1 { "," } else { "" };
        object.extend([comma, "\"id\":", &id.to_string(), "}"]);
    }
    object
}
