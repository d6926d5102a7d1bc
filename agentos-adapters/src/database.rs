//! The one `SQLite` database: opened so that an acknowledged write survives a kill, and migrated.

use std::path::Path;
use std::time::Duration;

use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use thiserror::Error;

/// How long a transaction waits for another one before it fails.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// One connection writes at a time; the others read beside it.
const CONNECTIONS: u32 = 4;

#[derive(Debug, Error)]
pub enum OpenError {
    #[error("the database cannot be opened")]
    Unavailable(#[source] sqlx::Error),
    /// The file is left as it was before the migration that failed.
    #[error("the database is of another version of AgentOS or damaged")]
    Migration(#[source] sqlx::migrate::MigrateError),
}

/// Opens the database in `file`, makes it if it is not there, and brings it to the newest schema.
pub async fn open(file: &Path) -> Result<SqlitePool, OpenError> {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal);
    let pool = SqlitePoolOptions::new().max_connections(CONNECTIONS);
    connect(options, pool).await
}

/// A database that is gone with its last handle.
pub async fn in_memory() -> Result<SqlitePool, OpenError> {
    // Every connection to `:memory:` is a database of its own, so there is one and it never ends.
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None);
    connect(SqliteConnectOptions::new().in_memory(true), pool).await
}

async fn connect(options: SqliteConnectOptions, pool: SqlitePoolOptions) -> Result<SqlitePool, OpenError> {
    let options = options
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT);
    // A file does not hang up, so its connections need no test before each use.
    let pool = pool.test_before_acquire(false).connect_with(options).await;
    let pool = pool.map_err(OpenError::Unavailable)?;
    sqlx::migrate!("../migrations/sqlite")
        .run(&pool)
        .await
        .map_err(OpenError::Migration)?;
    Ok(pool)
}
