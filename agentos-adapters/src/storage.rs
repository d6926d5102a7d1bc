//! [`StoragePort`](agentos_core::ports::storage::StoragePort) in a database. `shapes` is how records are written as JSON.

mod shapes;
mod sqlite;

pub use sqlite::SqliteStorage;
