//! `AgentOS`'s own records: apps with their replicas, persisted paths, packages with their versions, sessions.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;
use serde_json::Value;
use thiserror::Error;

use super::Cause;
use crate::ids::{AppId, Namespace, PackageId, SessionId};
use crate::spec::history::History;
use crate::time::Millis;

/// Versions a package keeps; saving one more drops the oldest.
pub const VERSIONS_KEPT: usize = 100;

/// Keeps what must outlive the program.
///
/// Every method is one transaction: after an error nothing of it was written, after `Ok` all of it
/// survives a kill of the program. Dropping a future leaves its transaction wholly done or wholly
/// undone. Rules above single records (who may write, how many) are the caller's.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait StoragePort: Send + Sync {
    /// Answers when the store can be reached.
    async fn probe(&self) -> Result<(), StorageError>;

    /// Adds `app` as the newest one, its replica being `state` at revision 0.
    ///
    /// [`StorageError::Conflict`]: the id is taken or the package is not there.
    async fn insert_app(&self, app: &AppRecord, state: &Value) -> Result<(), StorageError>;

    async fn app(&self, id: AppId) -> Result<Option<AppRecord>, StorageError>;

    /// All apps in the order they were inserted.
    async fn apps(&self) -> Result<Vec<AppRecord>, StorageError>;

    /// [`StorageError::NotFound`]: there is no such app.
    async fn set_window(&self, id: AppId, window: Window) -> Result<(), StorageError>;

    /// Removes the apps and their replicas; the caller names descendants too, unknown ids are
    /// skipped. Persisted paths of a namespace to which no app and no package refers any more go
    /// with them.
    async fn remove_apps(&self, ids: &[AppId]) -> Result<(), StorageError>;

    async fn replica(&self, id: AppId) -> Result<Option<Replica>, StorageError>;

    /// Replaces the replica and writes the persisted paths into the app's namespace; answers the
    /// new revision, which is `base_rev + 1`.
    ///
    /// [`StorageError::Stale`]: the replica is at another revision than `base_rev`.
    /// [`StorageError::NotFound`]: there is no such app.
    async fn commit_state(
        &self,
        id: AppId,
        base_rev: u64,
        state: &Value,
        persisted: &BTreeMap<String, Value>,
    ) -> Result<u64, StorageError>;

    /// Replaces the document of an app, with its title, its history and the state that fits it, and
    /// writes the persisted paths into its namespace; answers the new revision, which is
    /// `base_rev + 1`.
    ///
    /// Errors are those of [`commit_state`](Self::commit_state).
    async fn commit_edit(&self, id: AppId, base_rev: u64, edit: &DocumentEdit) -> Result<u64, StorageError>;

    /// The edits of an app, as they were last committed; none before the first, and for an unknown id.
    async fn history(&self, id: AppId) -> Result<Option<History>, StorageError>;

    /// The persisted paths of a namespace: JSON Pointer into the state → value.
    async fn persisted(&self, namespace: Namespace) -> Result<BTreeMap<String, Value>, StorageError>;

    /// Adds `package.metadata.version` as the newest version of the package, which is made when it
    /// is not there; its metadata becomes the given one. `saved_from` belongs to the package
    /// afterwards.
    ///
    /// [`StorageError::Conflict`]: that version exists, or another package has the namespace.
    /// [`StorageError::NotFound`]: there is no app `saved_from`.
    async fn save_package(&self, package: &Package, saved_from: Option<AppId>) -> Result<(), StorageError>;

    /// The package at its newest version.
    async fn package(&self, id: PackageId) -> Result<Option<Package>, StorageError>;

    /// All packages in the order they were first saved.
    async fn packages(&self) -> Result<Vec<PackageMetadata>, StorageError>;

    /// The kept versions, newest first; empty when there is no such package.
    async fn versions(&self, id: PackageId) -> Result<Vec<PackageVersion>, StorageError>;

    /// Removes the package with all its versions. Its apps stay, as unsaved ones with their data;
    /// where there is none, the persisted paths go too.
    ///
    /// [`StorageError::NotFound`]: there is no such package.
    async fn remove_package(&self, id: PackageId) -> Result<(), StorageError>;

    /// Adds `session`, or replaces the one of that id. It is a copy: what happens to its apps and their
    /// namespaces does not change it, and it keeps none of them.
    async fn save_session(&self, session: &Session) -> Result<(), StorageError>;

    async fn session(&self, id: SessionId) -> Result<Option<Session>, StorageError>;

    /// All sessions without their workspaces, the one saved last first.
    async fn sessions(&self) -> Result<Vec<SessionMetadata>, StorageError>;

    /// [`StorageError::NotFound`]: there is no such session.
    async fn remove_session(&self, id: SessionId) -> Result<(), StorageError>;
}

#[derive(Debug, Error)]
pub enum StorageError {
    #[error("there is no such record")]
    NotFound,
    #[error("the replica is at revision {rev}")]
    Stale { rev: u64 },
    #[error("the record contradicts one that is there")]
    Conflict,
    #[error("the store is not reachable")]
    Unavailable(#[source] Cause),
    /// A record was reached and cannot be read; others can.
    #[error("a stored {record} cannot be read")]
    Corrupt {
        record: &'static str,
        #[source]
        source: Cause,
    },
}

/// What is kept of an app besides its replica.
#[derive(Debug, Clone, PartialEq)]
pub struct AppRecord {
    pub id: AppId,
    pub namespace: Namespace,
    /// The package it was launched from or saved as.
    pub package: Option<PackageId>,
    /// Whether it was launched from a package rather than generated or opened.
    pub from_registry: bool,
    pub parent: Option<AppId>,
    pub title: String,
    /// The sentence it was made from.
    pub request: String,
    pub document: Value,
    /// The version of the document, counted from 1 by its edits.
    pub version: u64,
    /// What generation told about the document; null where nothing was generated.
    pub report: Value,
    pub window: Option<Window>,
    pub created_at: Millis,
}

/// A document that takes the place of another, and everything that changes with it.
#[derive(Debug, Clone, PartialEq)]
pub struct DocumentEdit {
    pub document: Value,
    pub title: String,
    /// Ends, as far as it is applied, at `document`.
    pub history: History,
    pub state: Value,
    pub persisted: BTreeMap<String, Value>,
}

/// The server's copy of an app's state.
#[derive(Debug, Clone, PartialEq)]
pub struct Replica {
    /// Counts the commits.
    pub rev: u64,
    pub state: Value,
}

/// Where an app's window is on the desktop, in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
    pub state: WindowState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WindowState {
    Open,
    Minimised,
    Maximised,
}

impl WindowState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Minimised => "minimised",
            Self::Maximised => "maximised",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is not a window state; it is open, minimised or maximised")]
pub struct InvalidWindowState(pub String);

impl FromStr for WindowState {
    type Err = InvalidWindowState;

    fn from_str(text: &str) -> Result<Self, InvalidWindowState> {
        [Self::Open, Self::Minimised, Self::Maximised]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| InvalidWindowState(text.to_owned()))
    }
}

/// An installed app at one of its versions.
#[derive(Debug, Clone, PartialEq)]
pub struct Package {
    pub metadata: PackageMetadata,
    pub document: Value,
}

#[derive(Debug, Clone, PartialEq)]
pub struct PackageMetadata {
    pub id: PackageId,
    /// Where the data of everything launched from it lives.
    pub namespace: Namespace,
    pub name: String,
    pub description: String,
    pub icon: String,
    pub category: String,
    pub author: String,
    pub tags: Vec<String>,
    pub version: Version,
    pub created_at: Millis,
    pub updated_at: Millis,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackageVersion {
    pub version: Version,
    pub created_at: Millis,
}

/// A desktop as it was when it was saved.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    pub id: SessionId,
    pub name: String,
    pub description: String,
    pub created_at: Millis,
    pub updated_at: Millis,
    pub workspace: Workspace,
    /// What else is told of it; an object.
    pub metadata: Value,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Workspace {
    /// Parents before their children.
    pub apps: Vec<AppSnapshot>,
    pub focused: Option<AppId>,
    /// [`App::hash`](crate::apps::App::hash) of the focused one.
    pub focused_hash: Option<String>,
    /// The conversation; null where there is none.
    pub chat_state: Value,
    /// The rest of what was on the screen; null where there is nothing.
    pub ui_state: Value,
}

/// An app of a session. What it was doing follows from the focus.
#[derive(Debug, Clone, PartialEq)]
pub struct AppSnapshot {
    pub record: AppRecord,
    /// The state of its replica.
    pub component_state: Value,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionMetadata {
    pub id: SessionId,
    pub name: String,
    pub description: String,
    pub created_at: Millis,
    pub updated_at: Millis,
    pub app_count: usize,
}

impl Session {
    /// What a list of sessions tells of it.
    pub fn head(&self) -> SessionMetadata {
        SessionMetadata {
            id: self.id,
            name: self.name.clone(),
            description: self.description.clone(),
            created_at: self.created_at,
            updated_at: self.updated_at,
            app_count: self.workspace.apps.len(),
        }
    }
}

/// The version of a package, written `major.minor.patch`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    pub major: u32,
    pub minor: u32,
    pub patch: u32,
}

impl Version {
    pub const FIRST: Self = Self {
        major: 1,
        minor: 0,
        patch: 0,
    };

    /// The version one more save makes.
    #[must_use]
    pub fn next(self) -> Self {
        Self {
            patch: self.patch.saturating_add(1),
            ..self
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is not a version; versions are three numbers such as 1.0.2")]
pub struct InvalidVersion(pub String);

impl FromStr for Version {
    type Err = InvalidVersion;

    fn from_str(text: &str) -> Result<Self, InvalidVersion> {
        let numbers: Option<Vec<u32>> = text.split('.').map(|part| part.parse().ok()).collect();
        let version = match numbers.as_deref() {
            Some(&[major, minor, patch]) => Some(Self { major, minor, patch }),
            _ => None,
        };
        // Also refuses the forms that only `u32::from_str` takes, such as `+1` and `01`.
        version
            .filter(|version| version.to_string() == text)
            .ok_or_else(|| InvalidVersion(text.to_owned()))
    }
}
