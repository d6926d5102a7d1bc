//! From a root to a file: name by name, none of them followed.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::time::UNIX_EPOCH;

use agentos_core::kernel::{FileEntry, FileKind, FilePlace, FileStat, FsPath, FsRights, FsRule, SysError};
use cap_fs_ext::{DirExt, FollowSymlinks, MetadataExt, OpenOptionsFollowExt, OpenOptionsSyncExt};
use cap_std::fs::{Dir, DirBuilder, Metadata, OpenOptions};
use cap_std::time::SystemTime;

use super::failed;

/// A name in a folder that is open, whether or not something is there.
#[derive(Debug)]
pub(super) struct Located {
    pub(super) folder: Dir,
    pub(super) name: String,
    rule: FsRule,
}

impl Located {
    /// The root itself is a folder and in none.
    pub(super) fn of(root: &Dir, place: &FilePlace, rights: FsRights) -> Result<Self, SysError> {
        let (above, name) = place.path.split().ok_or(SysError::IsADirectory)?;
        let rule = FsRule {
            place: place.clone(),
            rights,
        };
        Ok(Self {
            folder: descend(root, &above, &rule)?,
            name: name.to_owned(),
            rule,
        })
    }

    /// The regular file or folder of that name, if there is something.
    pub(super) fn found(&self) -> Result<Option<Metadata>, SysError> {
        found(&self.folder, &self.name, &self.rule)
    }

    /// The regular file of that name, if there is one.
    pub(super) fn file(&self) -> Result<Option<Metadata>, SysError> {
        match self.found()? {
            Some(metadata) if metadata.is_dir() => Err(SysError::IsADirectory),
            other => Ok(other),
        }
    }

    /// As [`file`](Self::file), where nothing else goes by another name.
    pub(super) fn changeable_file(&self) -> Result<Option<Metadata>, SysError> {
        let file = self.file()?;
        match &file {
            Some(metadata) if metadata.nlink() > 1 => Err(refused(&self.rule)),
            _ => Ok(file),
        }
    }

    pub(super) fn check_absent(&self) -> Result<(), SysError> {
        match self.found()? {
            Some(_) => Err(SysError::AlreadyExists),
            None => Ok(()),
        }
    }

    /// Opens the folder of that name.
    pub(super) fn open_folder(&self) -> Result<Dir, SysError> {
        if self.found()?.ok_or(SysError::NotFound)?.is_file() {
            return Err(SysError::NotADirectory);
        }
        let folder = self.folder.open_dir_nofollow(&self.name);
        opened(folder, &self.folder, &self.name, &self.rule)
    }

    /// Opens the regular file of that name to read it. What has come in its place meanwhile neither blocks nor is read.
    pub(super) fn open(&self) -> Result<(File, Metadata), SysError> {
        self.file()?.ok_or(SysError::NotFound)?;
        let mut options = OpenOptions::new();
        options.read(true).nonblock(true).follow(FollowSymlinks::No);
        let file = self.folder.open_with(&self.name, &options);
        let file = opened(file, &self.folder, &self.name, &self.rule)?;
        let metadata = file.metadata().map_err(failed)?;
        if metadata.is_file() {
            Ok((file.into_std(), metadata))
        } else {
            Err(refused(&self.rule))
        }
    }
}

/// The folder at `place`.
pub(super) fn folder(root: &Dir, place: &FilePlace, rights: FsRights) -> Result<Dir, SysError> {
    let rule = FsRule {
        place: place.clone(),
        rights,
    };
    descend(root, &place.path, &rule)
}

/// What is at `place`, the root itself too.
pub(super) fn metadata(root: &Dir, place: &FilePlace) -> Result<Metadata, SysError> {
    if place.path.is_root() {
        return root.dir_metadata().map_err(failed);
    }
    let located = Located::of(root, place, FsRights::Read)?;
    located.found()?.ok_or(SysError::NotFound)
}

fn descend(root: &Dir, path: &FsPath, rule: &FsRule) -> Result<Dir, SysError> {
    let mut folder = root.try_clone().map_err(failed)?;
    for name in path.names() {
        let metadata = found(&folder, name, rule)?.ok_or(SysError::NotFound)?;
        if !metadata.is_dir() {
            return Err(SysError::NotADirectory);
        }
        folder = opened(folder.open_dir_nofollow(name), &folder, name, rule)?;
    }
    Ok(folder)
}

/// A link, a pipe, a socket or a device is refused without a look at what is behind it.
fn found(folder: &Dir, name: &str, rule: &FsRule) -> Result<Option<Metadata>, SysError> {
    match folder.symlink_metadata(name) {
        Ok(metadata) if metadata.is_file() || metadata.is_dir() => Ok(Some(metadata)),
        Ok(_) => Err(refused(rule)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

fn refused(rule: &FsRule) -> SysError {
    SysError::PermissionDenied {
        need: rule.clone().into(),
    }
}

/// What was opened, or why it could not be: it may have become something else since it was looked at.
fn opened<T>(result: io::Result<T>, folder: &Dir, name: &str, rule: &FsRule) -> Result<T, SysError> {
    result.map_err(|error| match found(folder, name, rule) {
        Err(refused) => refused,
        Ok(_) => failed(error),
    })
}

/// Opens the folder `name`, making it for its owner alone where it is absent.
pub(super) fn open_or_make(folder: &Dir, name: &str) -> io::Result<Dir> {
    match make(folder, name) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => folder.open_dir_nofollow(name),
    }
}

/// Makes a folder that is there after a loss of power.
pub(super) fn make(folder: &Dir, name: &str) -> io::Result<()> {
    folder.create_dir_with(name, &private_folder())?;
    sync(folder)
}

#[cfg(unix)]
fn private_folder() -> DirBuilder {
    use cap_std::fs::DirBuilderExt;
    let mut builder = DirBuilder::new();
    builder.mode(0o700);
    builder
}

#[cfg(not(unix))]
fn private_folder() -> DirBuilder {
    DirBuilder::new()
}

/// Makes the names in a folder outlast a loss of power.
#[cfg(unix)]
pub(super) fn sync(folder: &Dir) -> io::Result<()> {
    // The folder's own handle may be one that only finds things.
    folder.open(".")?.sync_all()
}

#[cfg(not(unix))]
pub(super) fn sync(_folder: &Dir) -> io::Result<()> {
    Ok(())
}

pub(super) fn stat(metadata: &Metadata) -> FileStat {
    let modified = modified(metadata);
    let size = size(metadata);
    FileStat {
        kind: kind(metadata.is_dir()),
        size,
        modified: (modified / 1_000_000) as u64,
        etag: format!("{modified:x}-{size:x}-{:x}", metadata.ino()),
    }
}

/// Nanoseconds since the Unix epoch.
fn modified(metadata: &Metadata) -> u128 {
    let modified = metadata.modified().map(SystemTime::into_std);
    let since = modified.map(|time| time.duration_since(UNIX_EPOCH).unwrap_or_default());
    since.unwrap_or_default().as_nanos()
}

fn size(metadata: &Metadata) -> u64 {
    if metadata.is_dir() { 0 } else { metadata.len() }
}

fn kind(is_dir: bool) -> FileKind {
    if is_dir {
        FileKind::Directory
    } else {
        FileKind::File
    }
}

/// The entries of `folder` that a path can name, in order, those after `after`, and whether more follow.
pub(super) fn page(
    folder: &Dir,
    path: &FsPath,
    after: Option<&str>,
    limit: usize,
) -> Result<(Vec<FileEntry>, bool), SysError> {
    let mut names: BTreeMap<String, Metadata> = BTreeMap::new();
    let mut more = false;
    for entry in folder.entries().map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        if after.is_some_and(|after| name.as_str() <= after) || path.join(&name).is_err() {
            continue;
        }
        if names.len() == limit && names.last_key_value().is_some_and(|(last, _)| *last < name) {
            more |= entry
                .file_type()
                .is_ok_and(|kind| kind.is_file() || kind.is_dir());
            continue;
        }
        // Gone meanwhile, or nothing an app can reach.
        let Ok(metadata) = entry.metadata() else { continue };
        if metadata.is_file() || metadata.is_dir() {
            names.insert(name, metadata);
        }
        if names.len() > limit {
            names.pop_last();
            more = true;
        }
    }
    let entries = names.into_iter().map(|(name, metadata)| FileEntry {
        name,
        kind: kind(metadata.is_dir()),
        size: size(&metadata),
        modified: (modified(&metadata) / 1_000_000) as u64,
    });
    Ok((entries.collect(), more))
}
