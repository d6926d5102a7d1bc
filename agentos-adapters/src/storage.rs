//! [`StoragePort`](agentos_core::ports::storage::StoragePort) in a database.

mod sqlite;

pub use sqlite::SqliteStorage;
