//! The folder that holds everything AgentOS keeps, and the lock that gives it to one server.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

const LOCK_FILE: &str = "lock";

/// The data folder, held by this process until dropped.
#[derive(Debug)]
pub struct DataDir {
    _lock: File,
}

#[derive(Debug, Error)]
pub enum DataDirError {
    /// Another server holds the folder; nothing was changed.
    #[error("the data folder {} is in use by another AgentOS", .0.display())]
    InUse(PathBuf),
    #[error("the data folder {} cannot be used", path.display())]
    Unusable { path: PathBuf, source: io::Error },
}

impl DataDir {
    /// Makes the folder where it is absent, readable by its owner alone, and takes it for this process.
    pub fn open(path: &Path) -> Result<Self, DataDirError> {
        let unusable = |source| DataDirError::Unusable {
            path: path.to_owned(),
            source,
        };
        create_private(path).map_err(unusable)?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join(LOCK_FILE))
            .map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(DataDirError::InUse(path.to_owned())),
            Err(TryLockError::Error(source)) => Err(unusable(source)),
        }
    }
}

#[cfg(unix)]
fn create_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
}

#[cfg(not(unix))]
fn create_private(path: &Path) -> io::Result<()> {
    std::fs::create_dir_all(path)
}
