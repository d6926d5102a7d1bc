//! What the files of one root take.

use std::collections::BTreeMap;
use std::error::Error;
use std::ffi::OsStr;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use agentos_core::kernel::{DISK_BLOCK, FsPath, SysError, disk_bytes};
use cap_fs_ext::DirExt;
use cap_std::fs::{Dir, Metadata};

use super::failed;

/// Counted at the first change, kept up with those that follow, and counted again before one is refused: other
/// programs may have changed something.
#[derive(Debug, Default)]
pub(super) struct Space {
    used: Option<u64>,
    arriving: Arc<Arriving>,
}

/// The files that come in as streams, by the names they have meanwhile, and what is set aside for each.
#[derive(Debug, Default)]
struct Arriving(Mutex<BTreeMap<String, u64>>);

/// The place of one of them; given back on drop.
#[derive(Debug)]
pub(super) struct Arrival {
    arriving: Arc<Arriving>,
    name: String,
}

impl Arriving {
    fn names(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn bytes(&self) -> u64 {
        self.names().values().sum()
    }

    fn knows(&self, name: &OsStr) -> bool {
        name.to_str().is_some_and(|name| self.names().contains_key(name))
    }
}

impl Arrival {
    /// From now on nothing is set aside for it: what it takes is counted as what it becomes.
    pub(super) fn settle(&self) {
        self.arriving.names().insert(self.name.clone(), 0);
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        self.arriving.names().remove(&self.name);
    }
}

impl Space {
    /// Whether `root` may take `added` bytes where `freed` go.
    pub(super) fn check(&mut self, root: &Dir, added: u64, freed: u64, limit: u64) -> Result<(), SysError> {
        let arriving = self.arriving.bytes();
        let fits = |used: u64| {
            let used = used.saturating_add(arriving);
            used.saturating_sub(freed).saturating_add(added) <= limit
        };
        let known = self.used.map_or_else(|| self.count(root), Ok)?;
        if added <= freed || fits(known) {
            return Ok(());
        }
        let used = self.count(root)?;
        if fits(used) {
            Ok(())
        } else {
            Err(SysError::disk_quota(limit, used.saturating_add(arriving)))
        }
    }

    /// A file comes in under `name`, which is no file's that a crash left.
    pub(super) fn expect(&self, name: &str) -> Arrival {
        self.arriving.names().insert(name.to_owned(), 0);
        Arrival {
            arriving: Arc::clone(&self.arriving),
            name: name.to_owned(),
        }
    }

    /// Sets `bytes` aside for a file that comes in, instead of what was.
    pub(super) fn set_aside(
        &mut self,
        root: &Dir,
        arrival: &Arrival,
        bytes: u64,
        limit: u64,
    ) -> Result<(), SysError> {
        arrival.settle();
        self.check(root, bytes, 0, limit)?;
        self.arriving.names().insert(arrival.name.clone(), bytes);
        Ok(())
    }

    pub(super) fn change(&mut self, added: u64, freed: u64) {
        self.used = self
            .used
            .map(|used| used.saturating_sub(freed).saturating_add(added));
    }

    /// Whether nothing is in `folder`, once what a crash left half written there is removed.
    pub(super) fn is_empty(&self, folder: &Dir) -> io::Result<bool> {
        for entry in folder.entries()? {
            let entry = entry?;
            let is_half_written = entry
                .metadata()
                .is_ok_and(|metadata| is_half_written(&entry.file_name(), &metadata));
            if !is_half_written || self.arriving.knows(&entry.file_name()) {
                return Ok(false);
            }
            folder.remove_file(entry.file_name())?;
        }
        Ok(true)
    }

    pub(super) fn count(&mut self, root: &Dir) -> Result<u64, SysError> {
        let used = count(root, FsPath::DEPTH, &self.arriving).map_err(failed)?;
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

/// Whether it has a name that no path has, for a file that has none of its own yet.
fn is_half_written(name: &OsStr, metadata: &Metadata) -> bool {
    name.to_string_lossy().starts_with(FsPath::HOST_PREFIX) && metadata.is_file()
}

/// Counts what is below `folder`, as deep as paths reach but for what is arriving, and removes what a crash left half
/// written there.
fn count(folder: &Dir, depth: usize, arriving: &Arriving) -> io::Result<u64> {
    let mut used = 0_u64;
    for entry in folder.entries()? {
        let entry = entry?;
        let name = entry.file_name();
        // What is gone meanwhile takes nothing.
        let Ok(metadata) = entry.metadata() else { continue };
        if is_half_written(&name, &metadata) {
            if !arriving.knows(&name)
                && let Err(error) = folder.remove_file(&name)
            {
                tracing::warn!(error = &error as &dyn Error, "a half-written file stays");
            }
            continue;
        }
        used = used.saturating_add(taken(&metadata));
        if metadata.is_dir()
            && depth > 1
            && let Ok(inner) = folder.open_dir_nofollow(&name)
        {
            used = used.saturating_add(count(&inner, depth - 1, arriving)?);
        }
    }
    Ok(used)
}
