//! A service: tools that run on the server, on behalf of an app.

use async_trait::async_trait;
use serde_json::{Map, Value};
use thiserror::Error;

use crate::ids::{AppId, Namespace};
use crate::kernel::{Pid, Principal, SysError};
use crate::spec::catalog::ToolEntry;

/// Something with tools that apps may call.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait ServicePort: Send + Sync {
    /// What it is and which tools it has. Always the same for one service.
    fn describe(&self) -> Service;

    /// Runs the tool with the full id `tool` (`storage.get`). `args` fit the tool's entry: the
    /// registry has checked them. `caller` is none when no app asks, which happens only to tools
    /// without a capability. Dropping the future cancels.
    ///
    /// # Errors
    /// [`ServiceError::UnknownTool`] for a tool that [`describe`](Self::describe) does not name and
    /// [`ServiceError::InvalidArgument`]: nothing happened.
    async fn call(
        &self,
        tool: &str,
        args: &Map<String, Value>,
        caller: Option<Caller>,
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

/// What a service is.
#[derive(Debug, Clone)]
pub struct Service {
    /// The first part of its tools' ids.
    pub id: String,
    pub name: String,
    pub description: String,
    pub category: String,
    /// What it is good for, in `snake_case`; discovery reads these.
    pub capabilities: Vec<String>,
    /// Those a [`ServicePort`] has all run as [`Runs::Service`](crate::spec::catalog::Runs).
    pub tools: Vec<ToolEntry>,
}

/// Why a tool did not answer.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ServiceError {
    #[error("there is no tool \"{tool}\"")]
    UnknownTool { tool: String },
    /// The caller's mistake: `message` says what the argument should have been. `argument` is empty
    /// where it is about all of them.
    #[error("{message}")]
    InvalidArgument { argument: String, message: String },
    #[error("only an app can use \"{tool}\"")]
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
