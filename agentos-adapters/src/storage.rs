//! [`StoragePort`](agentos_core::ports::storage::StoragePort): in a database, and in files of the kernel.
//!
//! `shapes` is how records are written as JSON.

mod kernel_fs;
mod shapes;
mod sqlite;

pub use kernel_fs::KernelFsStorage;
pub use sqlite::SqliteStorage;
