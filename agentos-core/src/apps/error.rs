//! Why an app could not be had, shown or changed.

use thiserror::Error;

use crate::ids::AppId;
use crate::kernel::SysError;
use crate::ports::storage::StorageError;
use crate::spec::Issue;
use crate::spec::history::HistoryError;
use crate::spec::patch::PatchError;

/// Nothing was changed, unless the method says otherwise.
#[derive(Debug, Error)]
pub enum AppError {
    #[error("there is no app {0}")]
    NotFound(AppId),
    #[error("there is no app {0} that could be the parent")]
    ParentNotFound(AppId),
    #[error("there are {limit} apps already; close one first")]
    TooManyApps { limit: usize },
    /// A package that keeps data runs once, and its running app belongs to somebody else.
    #[error("the saved app keeps data and is open already, not as one of this app's own")]
    RunsElsewhere,
    #[error("{}", .0.message)]
    Document(Issue),
    #[error("{field} of the window is not a number of pixels a window can have")]
    InvalidWindow { field: &'static str },
    /// Another engine has the lease, or the app's process ended and took the lease with it.
    #[error("the app is in use elsewhere; take the lease to use it here")]
    EngineReplaced,
    /// An engine is running the app, so only that one may write its state.
    #[error("an engine is running the app; only that one can change its state")]
    EngineLive,
    #[error("the app is suspended; take its lease first")]
    Suspended,
    /// The replica is not what the change was made on: send the whole state.
    #[error("the state is at revision {rev}, which is not the one the change was made on")]
    StaleRev { rev: u64 },
    #[error("a batch has at most {limit} operations; send the whole state instead")]
    BatchTooLong { limit: usize },
    #[error(transparent)]
    Patch(PatchError),
    #[error("a state is an object")]
    StateNotAnObject,
    #[error("{}", .0.message)]
    State(Issue),
    /// The edit was made on another version of the document.
    #[error("the document is at version {version}, which is not the one the edit was made on")]
    StaleVersion { version: u64 },
    #[error(transparent)]
    History(HistoryError),
    #[error("the app's process: {0}")]
    Process(#[source] SysError),
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl AppError {
    /// What the store answered about the one app `id`.
    pub(super) fn of_app(id: AppId, error: StorageError) -> Self {
        match error {
            StorageError::NotFound => Self::NotFound(id),
            StorageError::Stale { rev } => Self::StaleRev { rev },
            other => Self::Storage(other),
        }
    }
}
