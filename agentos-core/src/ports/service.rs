//! A service: tools that run on the server, on behalf of an app.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::ids::{AppId, Namespace};
use crate::kernel::{Pid, Principal, SysError};

/// Something with tools that apps may call.
#[async_trait]
pub trait ServicePort: Send + Sync {
    /// What it is and which tools it has. Always the same for one service.
    fn describe(&self) -> Service;

    /// Runs the tool with the full id `tool` (`storage.get`). `caller` is none when no app asks; a
    /// tool with a capability is then refused before it gets here. Dropping the future cancels.
    ///
    /// # Errors
    /// [`ServiceError::UnknownTool`] for a tool that [`describe`](Self::describe) does not name and
    /// [`ServiceError::InvalidArgument`]: nothing happened.
    async fn call(
        &self,
        tool: &str,
        params: &Map<String, Value>,
        caller: Option<&Caller>,
    ) -> Result<Value, ServiceError>;
}

/// The app on whose behalf a tool runs, and the process that bears it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    pub app: AppId,
    pub pid: Pid,
    pub namespace: Namespace,
}

impl Caller {
    pub fn principal(&self) -> Principal {
        Principal::Process(self.pid)
    }
}

/// A service as `GET /services` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// The first part of its tools' ids.
    pub id: String,
    pub name: String,
    pub description: String,
    pub category: String,
    /// What it is good for, in `snake_case`; discovery reads these.
    pub capabilities: Vec<String>,
    pub tools: Vec<Tool>,
}

/// One tool of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// With the service in front: `storage.get`.
    pub id: String,
    pub name: String,
    pub description: String,
    pub parameters: Vec<Parameter>,
    /// What it answers, for people and models.
    pub returns: String,
    pub runs: Runs,
    /// What the calling app's process must hold; none means that it also runs without an app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capability: Option<String>,
}

/// One argument of a tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameter {
    pub name: String,
    /// `string`, `number`, `boolean`, `object`, `array` or `any`.
    #[serde(rename = "type")]
    pub kind: String,
    pub description: String,
    pub required: bool,
}

/// Where a tool runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Runs {
    /// In the app's engine, as a pure function.
    Engine,
    /// In whatever shows the app.
    Shell,
    /// On the server, as the app's process.
    Service,
}

/// Why a tool did not answer.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ServiceError {
    #[error("there is no tool {tool:?}")]
    UnknownTool { tool: String },
    /// The caller's mistake: `message` says what `argument` should have been.
    #[error("{argument}: {message}")]
    InvalidArgument { argument: String, message: String },
    #[error("only an app can use {tool}")]
    AppRequired { tool: String },
    #[error(transparent)]
    System(#[from] SysError),
    /// What only this tool knows. `code` is in `snake_case` and not one of [`SysError`]'s.
    #[error("{message}")]
    Tool {
        code: String,
        message: String,
        details: Option<Value>,
    },
}

impl ServiceError {
    /// An app's `error.code`.
    pub fn code(&self) -> &str {
        match self {
            Self::UnknownTool { .. } => "tool_unknown",
            Self::InvalidArgument { .. } => "args_invalid",
            Self::AppRequired { .. } => "app_required",
            Self::System(error) => error.code(),
            Self::Tool { code, .. } => code,
        }
    }
}
