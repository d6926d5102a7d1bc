//! [`StoragePort`] on `SQLite`. `rows` reads what is stored back into types of core.

mod rows;

use std::collections::BTreeMap;

use agentos_core::ids::{AppId, Namespace, PackageId, SessionId};
use agentos_core::ports::storage::{
    AppRecord, DocumentEdit, Package, PackageMetadata, PackageVersion, Replica, Session, SessionMetadata,
    StorageError, StoragePort, VERSIONS_KEPT, Window,
};
use agentos_core::spec::history::History;
use async_trait::async_trait;
use serde_json::Value;
use sqlx::types::Json;
use sqlx::{Sqlite, SqlitePool, Transaction};

use super::shapes::StoredWorkspace;
use rows::{
    AppRow, HistoryRow, MetadataRow, PackageRow, PersistedRow, ReplicaRow, SessionHeadRow, SessionRow,
    VersionRow, read_all, read_one,
};

const SELECT_APP: &str = "SELECT * FROM apps WHERE id = ?";
const SELECT_APPS: &str = "SELECT * FROM apps ORDER BY position";

/// A package beside its newest version.
const SELECT_PACKAGE: &str = "
    SELECT packages.*, major, minor, patch, document
    FROM packages JOIN package_versions ON package_id = packages.id
    WHERE packages.id = ?
    ORDER BY major DESC, minor DESC, patch DESC LIMIT 1";

const SELECT_PACKAGES: &str = "
    SELECT packages.*, major, minor, patch
    FROM packages JOIN package_versions AS newest ON newest.rowid = (
        SELECT rowid FROM package_versions WHERE package_id = packages.id
        ORDER BY major DESC, minor DESC, patch DESC LIMIT 1)
    ORDER BY position";

const UPSERT_PACKAGE: &str = "
    INSERT INTO packages (id, namespace, name, description, icon, category, author, tags, created_at, updated_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET
        namespace = excluded.namespace, name = excluded.name, description = excluded.description,
        icon = excluded.icon, category = excluded.category, author = excluded.author, tags = excluded.tags,
        created_at = excluded.created_at, updated_at = excluded.updated_at";

const DROP_OLD_VERSIONS: &str = "
    DELETE FROM package_versions WHERE package_id = ?1 AND rowid NOT IN (
        SELECT rowid FROM package_versions WHERE package_id = ?1
        ORDER BY major DESC, minor DESC, patch DESC LIMIT ?2)";

const INSERT_APP: &str = "
    INSERT INTO apps (id, namespace, package_id, from_registry, parent_id, title, request, document, version, report,
        window_x, window_y, window_width, window_height, window_state, created_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

/// A session that is replaced gets a new position.
const REPLACE_SESSION: &str = "
    INSERT OR REPLACE INTO sessions
        (id, name, description, created_at, updated_at, app_count, workspace, metadata)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)";

const SELECT_SESSIONS: &str = "
    SELECT id, name, description, created_at, updated_at, app_count FROM sessions ORDER BY position DESC";

/// The records of `AgentOS` itself, in the database of [`crate::database`].
#[derive(Debug, Clone)]
pub struct SqliteStorage {
    pool: SqlitePool,
}

impl SqliteStorage {
    pub fn new(pool: SqlitePool) -> Self {
        Self { pool }
    }

    /// A transaction that writes. It takes the write lock at once: one that read first and then
    /// finds another writer before it could only fail.
    async fn begin(&self) -> Result<Transaction<'static, Sqlite>, StorageError> {
        self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(unavailable)
    }
}

#[async_trait]
impl StoragePort for SqliteStorage {
    async fn probe(&self) -> Result<(), StorageError> {
        sqlx::query("SELECT 1 FROM apps LIMIT 1")
            .fetch_optional(&self.pool)
            .await
            .map_err(unavailable)?;
        Ok(())
    }

    async fn insert_app(&self, app: &AppRecord, state: &Value) -> Result<(), StorageError> {
        let window = app.window;
        let mut transaction = self.begin().await?;
        sqlx::query(INSERT_APP)
            .bind(app.id.to_string())
            .bind(app.namespace.to_string())
            .bind(app.package.map(|package| package.to_string()))
            .bind(app.from_registry)
            .bind(app.parent.map(|parent| parent.to_string()))
            .bind(&app.title)
            .bind(&app.request)
            .bind(Json(&app.document))
            .bind(app.version as i64)
            .bind(Json(&app.report))
            .bind(window.map(|window| window.x))
            .bind(window.map(|window| window.y))
            .bind(window.map(|window| window.width))
            .bind(window.map(|window| window.height))
            .bind(window.map(|window| window.state.as_str()))
            .bind(app.created_at as i64)
            .execute(&mut *transaction)
            .await
            .map_err(conflict_or_unavailable)?;
        sqlx::query("INSERT INTO replicas (app_id, rev, state) VALUES (?, 0, ?)")
            .bind(app.id.to_string())
            .bind(Json(state))
            .execute(&mut *transaction)
            .await
            .map_err(unavailable)?;
        transaction.commit().await.map_err(unavailable)
    }

    async fn app(&self, id: AppId) -> Result<Option<AppRecord>, StorageError> {
        let query = sqlx::query_as::<_, AppRow>(SELECT_APP).bind(id.to_string());
        read_one("app", query.fetch_optional(&self.pool).await)
    }

    async fn apps(&self) -> Result<Vec<AppRecord>, StorageError> {
        read_all(
            "app",
            sqlx::query_as::<_, AppRow>(SELECT_APPS)
                .fetch_all(&self.pool)
                .await,
        )
    }

    async fn set_window(&self, id: AppId, window: Window) -> Result<(), StorageError> {
        let done = sqlx::query(
            "UPDATE apps SET window_x = ?, window_y = ?, window_width = ?, window_height = ?, window_state = ?
             WHERE id = ?",
        )
        .bind(window.x)
        .bind(window.y)
        .bind(window.width)
        .bind(window.height)
        .bind(window.state.as_str())
        .bind(id.to_string())
        .execute(&self.pool)
        .await
        .map_err(unavailable)?;
        if done.rows_affected() == 0 {
            Err(StorageError::NotFound)
        } else {
            Ok(())
        }
    }

    async fn remove_apps(&self, ids: &[AppId]) -> Result<(), StorageError> {
        let mut transaction = self.begin().await?;
        sqlx::query("DELETE FROM apps WHERE id IN (SELECT value FROM json_each(?))")
            .bind(Json(ids))
            .execute(&mut *transaction)
            .await
            .map_err(unavailable)?;
        forget_unreferred_namespaces(&mut transaction).await?;
        transaction.commit().await.map_err(unavailable)
    }

    async fn replica(&self, id: AppId) -> Result<Option<Replica>, StorageError> {
        let query = sqlx::query_as::<_, ReplicaRow>("SELECT rev, state FROM replicas WHERE app_id = ?");
        read_one(
            "replica",
            query.bind(id.to_string()).fetch_optional(&self.pool).await,
        )
    }

    async fn commit_state(
        &self,
        id: AppId,
        base_rev: u64,
        state: &Value,
        persisted: &BTreeMap<String, Value>,
    ) -> Result<u64, StorageError> {
        let mut transaction = self.begin().await?;
        replace_state(&mut transaction, id, base_rev, state, persisted).await?;
        transaction.commit().await.map_err(unavailable)?;
        Ok(base_rev + 1)
    }

    async fn commit_edit(&self, id: AppId, base_rev: u64, edit: &DocumentEdit) -> Result<u64, StorageError> {
        let mut transaction = self.begin().await?;
        replace_state(&mut transaction, id, base_rev, &edit.state, &edit.persisted).await?;
        sqlx::query("UPDATE apps SET document = ?, title = ?, version = ? WHERE id = ?")
            .bind(Json(&edit.document))
            .bind(&edit.title)
            .bind(edit.history.version() as i64)
            .bind(id.to_string())
            .execute(&mut *transaction)
            .await
            .map_err(unavailable)?;
        sqlx::query(
            "INSERT INTO histories (app_id, history) VALUES (?, ?)
             ON CONFLICT (app_id) DO UPDATE SET history = excluded.history",
        )
        .bind(id.to_string())
        .bind(Json(&edit.history))
        .execute(&mut *transaction)
        .await
        .map_err(unavailable)?;
        transaction.commit().await.map_err(unavailable)?;
        Ok(base_rev + 1)
    }

    async fn history(&self, id: AppId) -> Result<Option<History>, StorageError> {
        let query = sqlx::query_as::<_, HistoryRow>("SELECT history FROM histories WHERE app_id = ?");
        read_one(
            "history",
            query.bind(id.to_string()).fetch_optional(&self.pool).await,
        )
    }

    async fn persisted(&self, namespace: Namespace) -> Result<BTreeMap<String, Value>, StorageError> {
        let query =
            sqlx::query_as::<_, PersistedRow>("SELECT path, value FROM persisted_paths WHERE namespace = ?");
        let rows: Vec<(String, Value)> = read_all(
            "persisted path",
            query.bind(namespace.to_string()).fetch_all(&self.pool).await,
        )?;
        Ok(rows.into_iter().collect())
    }

    async fn save_package(&self, package: &Package, saved_from: Option<AppId>) -> Result<(), StorageError> {
        let mut transaction = self.begin().await?;
        upsert_package(&mut transaction, &package.metadata).await?;
        insert_version(&mut transaction, package).await?;
        if let Some(app) = saved_from {
            let given = sqlx::query("UPDATE apps SET package_id = ? WHERE id = ?")
                .bind(package.metadata.id.to_string())
                .bind(app.to_string())
                .execute(&mut *transaction)
                .await
                .map_err(unavailable)?;
            if given.rows_affected() == 0 {
                return Err(StorageError::NotFound);
            }
        }
        transaction.commit().await.map_err(unavailable)
    }

    async fn package(&self, id: PackageId) -> Result<Option<Package>, StorageError> {
        let query = sqlx::query_as::<_, PackageRow>(SELECT_PACKAGE).bind(id.to_string());
        read_one("package", query.fetch_optional(&self.pool).await)
    }

    async fn packages(&self) -> Result<Vec<PackageMetadata>, StorageError> {
        read_all(
            "package",
            sqlx::query_as::<_, MetadataRow>(SELECT_PACKAGES)
                .fetch_all(&self.pool)
                .await,
        )
    }

    async fn versions(&self, id: PackageId) -> Result<Vec<PackageVersion>, StorageError> {
        let query = sqlx::query_as::<_, VersionRow>(
            "SELECT major, minor, patch, created_at FROM package_versions WHERE package_id = ?
             ORDER BY major DESC, minor DESC, patch DESC",
        );
        read_all(
            "package version",
            query.bind(id.to_string()).fetch_all(&self.pool).await,
        )
    }

    async fn remove_package(&self, id: PackageId) -> Result<(), StorageError> {
        let mut transaction = self.begin().await?;
        let removed = sqlx::query("DELETE FROM packages WHERE id = ?")
            .bind(id.to_string())
            .execute(&mut *transaction)
            .await
            .map_err(unavailable)?;
        if removed.rows_affected() == 0 {
            return Err(StorageError::NotFound);
        }
        forget_unreferred_namespaces(&mut transaction).await?;
        transaction.commit().await.map_err(unavailable)
    }

    async fn save_session(&self, session: &Session) -> Result<(), StorageError> {
        let head = session.head();
        sqlx::query(REPLACE_SESSION)
            .bind(head.id.to_string())
            .bind(head.name)
            .bind(head.description)
            .bind(head.created_at as i64)
            .bind(head.updated_at as i64)
            .bind(head.app_count as i64)
            .bind(Json(StoredWorkspace::from(session.workspace.clone())))
            .bind(Json(&session.metadata))
            .execute(&self.pool)
            .await
            .map_err(unavailable)?;
        Ok(())
    }

    async fn session(&self, id: SessionId) -> Result<Option<Session>, StorageError> {
        let query = sqlx::query_as::<_, SessionRow>("SELECT * FROM sessions WHERE id = ?");
        read_one(
            "session",
            query.bind(id.to_string()).fetch_optional(&self.pool).await,
        )
    }

    async fn sessions(&self) -> Result<Vec<SessionMetadata>, StorageError> {
        read_all(
            "session",
            sqlx::query_as::<_, SessionHeadRow>(SELECT_SESSIONS)
                .fetch_all(&self.pool)
                .await,
        )
    }

    async fn remove_session(&self, id: SessionId) -> Result<(), StorageError> {
        let removed = sqlx::query("DELETE FROM sessions WHERE id = ?")
            .bind(id.to_string())
            .execute(&self.pool)
            .await
            .map_err(unavailable)?;
        if removed.rows_affected() == 0 {
            Err(StorageError::NotFound)
        } else {
            Ok(())
        }
    }
}

/// Replaces the replica and writes the persisted paths.
async fn replace_state(
    transaction: &mut Transaction<'_, Sqlite>,
    id: AppId,
    base_rev: u64,
    state: &Value,
    persisted: &BTreeMap<String, Value>,
) -> Result<(), StorageError> {
    let replaced = sqlx::query("UPDATE replicas SET rev = rev + 1, state = ? WHERE app_id = ? AND rev = ?")
        .bind(Json(state))
        .bind(id.to_string())
        .bind(base_rev as i64)
        .execute(&mut **transaction)
        .await
        .map_err(unavailable)?;
    if replaced.rows_affected() == 0 {
        return Err(why_nothing_was_replaced(transaction, id).await);
    }
    for (path, value) in persisted {
        sqlx::query(
            "INSERT INTO persisted_paths (namespace, path, value)
             SELECT namespace, ?, ? FROM apps WHERE id = ?
             ON CONFLICT (namespace, path) DO UPDATE SET value = excluded.value",
        )
        .bind(path)
        .bind(Json(value))
        .bind(id.to_string())
        .execute(&mut **transaction)
        .await
        .map_err(unavailable)?;
    }
    Ok(())
}

async fn why_nothing_was_replaced(transaction: &mut Transaction<'_, Sqlite>, id: AppId) -> StorageError {
    let rev: Result<Option<i64>, sqlx::Error> =
        sqlx::query_scalar("SELECT rev FROM replicas WHERE app_id = ?")
            .bind(id.to_string())
            .fetch_optional(&mut **transaction)
            .await;
    match rev {
        Ok(Some(rev)) => StorageError::Stale { rev: rev as u64 },
        Ok(None) => StorageError::NotFound,
        Err(error) => unavailable(error),
    }
}

async fn upsert_package(
    transaction: &mut Transaction<'_, Sqlite>,
    metadata: &PackageMetadata,
) -> Result<(), StorageError> {
    sqlx::query(UPSERT_PACKAGE)
        .bind(metadata.id.to_string())
        .bind(metadata.namespace.to_string())
        .bind(&metadata.name)
        .bind(&metadata.description)
        .bind(&metadata.icon)
        .bind(&metadata.category)
        .bind(&metadata.author)
        .bind(Json(&metadata.tags))
        .bind(metadata.created_at as i64)
        .bind(metadata.updated_at as i64)
        .execute(&mut **transaction)
        .await
        .map_err(conflict_or_unavailable)?;
    Ok(())
}

async fn insert_version(
    transaction: &mut Transaction<'_, Sqlite>,
    package: &Package,
) -> Result<(), StorageError> {
    let Package { metadata, document } = package;
    sqlx::query(
        "INSERT INTO package_versions (package_id, major, minor, patch, document, created_at)
         VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(metadata.id.to_string())
    .bind(metadata.version.major)
    .bind(metadata.version.minor)
    .bind(metadata.version.patch)
    .bind(Json(document))
    .bind(metadata.updated_at as i64)
    .execute(&mut **transaction)
    .await
    .map_err(conflict_or_unavailable)?;
    sqlx::query(DROP_OLD_VERSIONS)
        .bind(metadata.id.to_string())
        .bind(VERSIONS_KEPT as i64)
        .execute(&mut **transaction)
        .await
        .map_err(unavailable)?;
    Ok(())
}

async fn forget_unreferred_namespaces(transaction: &mut Transaction<'_, Sqlite>) -> Result<(), StorageError> {
    sqlx::query(
        "DELETE FROM persisted_paths
         WHERE namespace NOT IN (SELECT namespace FROM apps) AND namespace NOT IN (SELECT namespace FROM packages)",
    )
    .execute(&mut **transaction)
    .await
    .map_err(unavailable)?;
    Ok(())
}

fn unavailable(error: sqlx::Error) -> StorageError {
    StorageError::Unavailable(error.into())
}

fn conflict_or_unavailable(error: sqlx::Error) -> StorageError {
    match error.as_database_error() {
        Some(error) if error.is_unique_violation() || error.is_foreign_key_violation() => {
            StorageError::Conflict
        }
        _ => unavailable(error),
    }
}
