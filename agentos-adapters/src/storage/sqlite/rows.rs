//! Rows as they are stored, and the way from each to its type in core.

use std::error::Error;
use std::str::FromStr;

use agentos_core::ports::Cause;
use agentos_core::ports::storage::{
    AppRecord, Package, PackageMetadata, PackageVersion, Replica, Session, SessionMetadata, StorageError,
    Version, Window, WindowState,
};
use agentos_core::spec::history::History;
use serde_json::Value;
use sqlx::FromRow;
use sqlx::types::Json;

use crate::storage::shapes::StoredWorkspace;

/// The record a query found, if any.
pub(super) fn read_one<Row, Record>(
    record: &'static str,
    found: Result<Option<Row>, sqlx::Error>,
) -> Result<Option<Record>, StorageError>
where
    Record: TryFrom<Row, Error = StorageError>,
{
    found
        .map_err(|error| unreadable(record, error))?
        .map(Record::try_from)
        .transpose()
}

/// The records a query found.
pub(super) fn read_all<Row, Record>(
    record: &'static str,
    found: Result<Vec<Row>, sqlx::Error>,
) -> Result<Vec<Record>, StorageError>
where
    Record: TryFrom<Row, Error = StorageError>,
{
    found
        .map_err(|error| unreadable(record, error))?
        .into_iter()
        .map(Record::try_from)
        .collect()
}

/// What is stored as text, read back.
fn parse<T>(record: &'static str, text: &str) -> Result<T, StorageError>
where
    T: FromStr,
    T::Err: Error + Send + Sync + 'static,
{
    text.parse().map_err(|error: T::Err| corrupt(record, error))
}

fn corrupt(record: &'static str, source: impl Into<Cause>) -> StorageError {
    StorageError::Corrupt {
        record,
        source: source.into(),
    }
}

fn unreadable(record: &'static str, error: sqlx::Error) -> StorageError {
    match error {
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => corrupt(record, error),
        other => StorageError::Unavailable(other.into()),
    }
}

#[derive(FromRow)]
pub(super) struct AppRow {
    id: String,
    namespace: String,
    package_id: Option<String>,
    from_registry: bool,
    parent_id: Option<String>,
    title: String,
    request: String,
    document: Json<Value>,
    version: i64,
    report: Json<Value>,
    #[sqlx(flatten)]
    window: WindowColumns,
    created_at: i64,
}

impl TryFrom<AppRow> for AppRecord {
    type Error = StorageError;

    fn try_from(row: AppRow) -> Result<Self, StorageError> {
        Ok(Self {
            id: parse("app", &row.id)?,
            namespace: parse("app", &row.namespace)?,
            package: row.package_id.as_deref().map(|id| parse("app", id)).transpose()?,
            from_registry: row.from_registry,
            parent: row.parent_id.as_deref().map(|id| parse("app", id)).transpose()?,
            title: row.title,
            request: row.request,
            document: row.document.0,
            version: row.version as u64,
            report: row.report.0,
            window: row.window.window()?,
            created_at: row.created_at as u64,
        })
    }
}

/// All null until the window was first placed.
#[derive(FromRow)]
struct WindowColumns {
    #[sqlx(rename = "window_x")]
    x: Option<f64>,
    #[sqlx(rename = "window_y")]
    y: Option<f64>,
    #[sqlx(rename = "window_width")]
    width: Option<f64>,
    #[sqlx(rename = "window_height")]
    height: Option<f64>,
    #[sqlx(rename = "window_state")]
    state: Option<String>,
}

impl WindowColumns {
    fn window(self) -> Result<Option<Window>, StorageError> {
        let Self {
            x: Some(x),
            y: Some(y),
            width: Some(width),
            height: Some(height),
            state: Some(state),
        } = self
        else {
            return Ok(None);
        };
        let state: WindowState = parse("app", &state)?;
        Ok(Some(Window {
            x,
            y,
            width,
            height,
            state,
        }))
    }
}

#[derive(FromRow)]
pub(super) struct ReplicaRow {
    rev: i64,
    state: Json<Value>,
}

impl TryFrom<ReplicaRow> for Replica {
    type Error = StorageError;

    fn try_from(row: ReplicaRow) -> Result<Self, StorageError> {
        Ok(Self {
            rev: row.rev as u64,
            state: row.state.0,
        })
    }
}

#[derive(FromRow)]
pub(super) struct HistoryRow {
    history: Json<History>,
}

impl TryFrom<HistoryRow> for History {
    type Error = StorageError;

    fn try_from(row: HistoryRow) -> Result<Self, StorageError> {
        Ok(row.history.0)
    }
}

#[derive(FromRow)]
pub(super) struct PersistedRow {
    path: String,
    value: Json<Value>,
}

impl TryFrom<PersistedRow> for (String, Value) {
    type Error = StorageError;

    fn try_from(row: PersistedRow) -> Result<Self, StorageError> {
        Ok((row.path, row.value.0))
    }
}

#[derive(FromRow)]
pub(super) struct PackageRow {
    #[sqlx(flatten)]
    metadata: MetadataRow,
    document: Json<Value>,
}

impl TryFrom<PackageRow> for Package {
    type Error = StorageError;

    fn try_from(row: PackageRow) -> Result<Self, StorageError> {
        Ok(Self {
            metadata: row.metadata.try_into()?,
            document: row.document.0,
        })
    }
}

#[derive(FromRow)]
pub(super) struct MetadataRow {
    id: String,
    namespace: String,
    name: String,
    description: String,
    icon: String,
    category: String,
    author: String,
    tags: Json<Vec<String>>,
    #[sqlx(flatten)]
    version: VersionColumns,
    created_at: i64,
    updated_at: i64,
}

impl TryFrom<MetadataRow> for PackageMetadata {
    type Error = StorageError;

    fn try_from(row: MetadataRow) -> Result<Self, StorageError> {
        Ok(Self {
            id: parse("package", &row.id)?,
            namespace: parse("package", &row.namespace)?,
            name: row.name,
            description: row.description,
            icon: row.icon,
            category: row.category,
            author: row.author,
            tags: row.tags.0,
            version: row.version.into(),
            created_at: row.created_at as u64,
            updated_at: row.updated_at as u64,
        })
    }
}

#[derive(FromRow)]
pub(super) struct VersionRow {
    #[sqlx(flatten)]
    version: VersionColumns,
    created_at: i64,
}

impl TryFrom<VersionRow> for PackageVersion {
    type Error = StorageError;

    fn try_from(row: VersionRow) -> Result<Self, StorageError> {
        Ok(Self {
            version: row.version.into(),
            created_at: row.created_at as u64,
        })
    }
}

#[derive(FromRow)]
struct VersionColumns {
    major: u32,
    minor: u32,
    patch: u32,
}

impl From<VersionColumns> for Version {
    fn from(columns: VersionColumns) -> Self {
        let VersionColumns { major, minor, patch } = columns;
        Self { major, minor, patch }
    }
}

#[derive(FromRow)]
pub(super) struct SessionRow {
    #[sqlx(flatten)]
    head: SessionHeadRow,
    workspace: Json<StoredWorkspace>,
    metadata: Json<Value>,
}

impl TryFrom<SessionRow> for Session {
    type Error = StorageError;

    fn try_from(row: SessionRow) -> Result<Self, StorageError> {
        let head = SessionMetadata::try_from(row.head)?;
        Ok(Self {
            id: head.id,
            name: head.name,
            description: head.description,
            created_at: head.created_at,
            updated_at: head.updated_at,
            workspace: row.workspace.0.into(),
            metadata: row.metadata.0,
        })
    }
}

#[derive(FromRow)]
pub(super) struct SessionHeadRow {
    id: String,
    name: String,
    description: String,
    created_at: i64,
    updated_at: i64,
    app_count: i64,
}

impl TryFrom<SessionHeadRow> for SessionMetadata {
    type Error = StorageError;

    fn try_from(row: SessionHeadRow) -> Result<Self, StorageError> {
        Ok(Self {
            id: parse("session", &row.id)?,
            name: row.name,
            description: row.description,
            created_at: row.created_at as u64,
            updated_at: row.updated_at as u64,
            app_count: row.app_count as usize,
        })
    }
}
