//! What the files of one root take.

use std::error::Error;
use std::io;

use agentos_core::kernel::{DISK_BLOCK, FsPath, SysError, disk_bytes};
use cap_fs_ext::DirExt;
use cap_std::fs::{Dir, Metadata};

use super::failed;

/// Counted at the first change, kept up with those that follow, and counted again before one is refused: other
/// programs may have changed something.
#[derive(Debug, Default)]
pub(super) struct Space {
    used: Option<u64>,
}

impl Space {
    /// Whether `root` may take `added` bytes where `freed` go.
    pub(super) fn check(&mut self, root: &Dir, added: u64, freed: u64, limit: u64) -> Result<(), SysError> {
        let fits = |used: u64| used.saturating_sub(freed).saturating_add(added) <= limit;
        let known = self.used.map_or_else(|| self.count(root), Ok)?;
        if added <= freed || fits(known) {
            return Ok(());
        }
        let used = self.count(root)?;
        if fits(used) {
            Ok(())
        } else {
            Err(SysError::disk_quota(limit, used))
        }
    }

    pub(super) fn change(&mut self, added: u64, freed: u64) {
        self.used = self
            .used
            .map(|used| used.saturating_sub(freed).saturating_add(added));
    }

    fn count(&mut self, root: &Dir) -> Result<u64, SysError> {
        let used = count(root, FsPath::DEPTH).map_err(failed)?;
        self.used = Some(used);
        Ok(used)
    }
}

/// What one file or folder takes.
pub(super) fn taken(metadata: &Metadata) -> u64 {
    if metadata.is_file() {
        disk_bytes(metadata.len())
    } else {
        DISK_BLOCK
    }
}

/// Counts what is below `folder`, as deep as paths reach, and removes what a crash left half written there.
fn count(folder: &Dir, depth: usize) -> io::Result<u64> {
    let mut used = 0_u64;
    for entry in folder.entries()? {
        let entry = entry?;
        let name = entry.file_name();
        // What is gone meanwhile takes nothing.
        let Ok(metadata) = entry.metadata() else { continue };
        if name.to_string_lossy().starts_with(FsPath::HOST_PREFIX) && metadata.is_file() {
            if let Err(error) = folder.remove_file(&name) {
                tracing::warn!(error = &error as &dyn Error, "a half-written file stays");
            }
            continue;
        }
        used = used.saturating_add(taken(&metadata));
        if metadata.is_dir()
            && depth > 1
            && let Ok(inner) = folder.open_dir_nofollow(&name)
        {
            used = used.saturating_add(count(&inner, depth - 1)?);
        }
    }
    Ok(used)
}
