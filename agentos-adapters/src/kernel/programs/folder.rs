//! The working folders of programs. Nothing is removed or renamed in one before the program ended, and it holds no
//! folders, so that what stands in it is all the space there is.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use agentos_core::kernel::Pid;
use tracing::warn;

/// What the files of one program may take. It is looked at every [`TICK`](super::running::TICK), so a fast disk takes
/// a little more meanwhile; each file alone ends exactly here.
pub(super) const FOLDER_BYTES: u64 = 64 * 1_024 * 1_024;
pub(super) const FOLDER_FILES: usize = 256;

/// Where the working folders are, which nobody else reads.
#[derive(Debug)]
pub(super) struct Folders {
    path: PathBuf,
}

/// Removed when dropped.
#[derive(Debug)]
pub(super) struct WorkingFolder {
    path: PathBuf,
}

impl Folders {
    pub(super) fn open(data_dir: &Path) -> io::Result<Self> {
        let path = data_dir.canonicalize()?.join("programs");
        match fs::remove_dir_all(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        private().create(&path)?;
        Ok(Self { path })
    }

    pub(super) fn make(&self, process: Pid) -> io::Result<WorkingFolder> {
        let path = self.path.join(process.to_string());
        private().create(&path)?;
        Ok(WorkingFolder { path })
    }
}

impl WorkingFolder {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn is_over_its_limits(&self) -> io::Result<bool> {
        let mut bytes = 0;
        for (files, entry) in (1..).zip(fs::read_dir(&self.path)?) {
            bytes += entry?.metadata()?.blocks() * 512;
            if files > FOLDER_FILES || bytes > FOLDER_BYTES {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Drop for WorkingFolder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.path) {
            warn!(%error, folder = %self.path.display(), "what a program left is removed at the next start");
        }
    }
}

fn private() -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.mode(0o700);
    builder
}
