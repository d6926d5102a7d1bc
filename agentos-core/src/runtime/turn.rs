//! What goes in and out of a running app.

use std::sync::Arc;

use serde::Serialize;
use thiserror::Error;

use super::store::PatchOp;
use super::view::{Node, NodeId};
use crate::spec::Issue;
use crate::value::Value;

/// What one call of a running app changed.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct Turn {
    /// Ids of the root nodes, when they changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root: Option<Vec<NodeId>>,
    /// Nodes whose resolved form changed, whole; parents before children.
    pub nodes: Vec<Node>,
    pub removed: Vec<NodeId>,
    /// RFC 6902 operations that bring a copy of the state up to date.
    pub state_patch: Vec<PatchOp>,
    /// Whether any of them lies under a persisted path and should be kept at once.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub persist: bool,
    pub effects: Vec<Effect>,
    /// When the app wants the next tick, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wake_at: Option<f64>,
    /// What the person should see went wrong.
    pub issues: Vec<Issue>,
}

/// Something only the host can do; it is resolved exactly once.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Effect {
    pub id: u64,
    pub tool: Arc<str>,
    pub runs: Runs,
    pub args: Value,
    /// The moment the app gives up on it, in milliseconds since 1970.
    pub deadline_ms: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Runs {
    Shell,
    Service,
}

/// Something a person did to a node.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// A node's id, or a component's id with `item`.
    pub component: String,
    pub kind: String,
    pub payload: serde_json::Value,
    /// Keys of the rows around it, outermost first.
    pub item: Vec<String>,
}

/// Why a step, a query or an effect did not succeed. `code` is a tool's own or the kernel's.
#[derive(Debug, Clone, PartialEq, Error, Serialize)]
#[error("{message}")]
pub struct Failure {
    pub code: String,
    pub message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<serde_json::Value>,
}

impl Failure {
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
            details: None,
        }
    }

    /// The `error` of a `catch` and of a query.
    pub fn to_value(&self) -> Value {
        serde_json::to_value(self)
            .map(|json| Value::from(&json))
            .unwrap_or_default()
    }
}

/// Whether a person sees the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WindowState {
    Focused,
    #[default]
    Open,
    /// Queries pause.
    Minimised,
    /// Everything stops: another engine runs the app.
    Frozen,
}

/// The event or call cannot be carried out; nothing changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DispatchError {
    #[error("there is no node or component `{0}`")]
    NoSuchNode(String),
    #[error("`{component}` does not take the event `{kind}`")]
    NoSuchEvent { component: String, kind: String },
    #[error("the app is frozen; another window runs it")]
    Frozen,
}
