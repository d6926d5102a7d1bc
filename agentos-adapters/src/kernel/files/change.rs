//! A change to files: everything that can fail is done beside what is there, and then one step makes it true.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use agentos_core::kernel::{
    DISK_BLOCK, FileOp, FilePlace, FileReply, FsPath, FsRights, Reply, SysError, WriteMode, disk_bytes,
};
use cap_std::fs::{Dir, Metadata, OpenOptions};

use super::space::{Arrival, Space, taken};
use super::walk::{Located, make, stat, sync};
use super::{Root, Roots, Terms, Turns, failed};

/// A change that waits for its record and to be [flushed](Self::flush). Dropped, it never was.
#[derive(Debug)]
pub(super) struct Staged {
    step: Step,
    /// What the changed root takes and gives back; of a move to another root, what that one gives back.
    added: u64,
    freed: u64,
    // Given back last.
    turns: Turns,
}

/// What makes it true.
#[derive(Debug)]
enum Step {
    /// `new` becomes what is at `at`.
    Put {
        new: NewFile,
        at: Located,
        replaces: bool,
    },
    Delete(Located),
    Move {
        from: Located,
        to: Located,
    },
    MakeFolder(Located),
    RemoveFolder(Located),
    /// Of a root; none is as good as an empty one.
    Clear(Option<Dir>),
}

impl Staged {
    pub(super) fn prepare(op: FileOp, roots: &Roots, turns: Turns) -> Result<Self, SysError> {
        if let FileOp::Clear { .. } = op {
            return Self::clear(&roots.target, turns);
        }
        let dir = roots.target.dir()?;
        let mut staging = Staging { dir, turns };
        let located = |place: &FilePlace| Located::of(dir, place, FsRights::ReadWrite);
        let source = |place: &FilePlace, rights| Located::of(roots.source.dir()?, place, rights);
        match op {
            FileOp::Write {
                place,
                bytes,
                mode,
                if_etag,
                max_disk_bytes,
            } => {
                let at = located(&place)?;
                staging.write(at, &bytes, mode, if_etag.as_deref(), max_disk_bytes)
            }
            FileOp::Truncate {
                place,
                length,
                max_disk_bytes,
            } => staging.truncate(located(&place)?, length, max_disk_bytes),
            FileOp::Copy {
                from,
                to,
                max_disk_bytes,
            } => staging.copy(&source(&from, FsRights::Read)?, located(&to)?, max_disk_bytes),
            FileOp::Move {
                from,
                to,
                max_disk_bytes,
            } => staging.relocate(source(&from, FsRights::ReadWrite)?, located(&to)?, max_disk_bytes),
            FileOp::Delete { place } => {
                let at = located(&place)?;
                let freed = taken(&at.file()?.ok_or(SysError::NotFound)?);
                Ok(staging.staged(Step::Delete(at), 0, freed))
            }
            FileOp::CreateDirectory { place, .. } if place.path.is_root() => Err(SysError::AlreadyExists),
            FileOp::CreateDirectory {
                place,
                max_disk_bytes,
            } => {
                let at = located(&place)?;
                at.check_absent()?;
                staging.turns.target.check(dir, DISK_BLOCK, 0, max_disk_bytes)?;
                Ok(staging.staged(Step::MakeFolder(at), DISK_BLOCK, 0))
            }
            FileOp::RemoveDirectory { place } => {
                let at = located(&place)?;
                check_empty_folder(&at, &staging.turns.target)?;
                Ok(staging.staged(Step::RemoveFolder(at), 0, DISK_BLOCK))
            }
            FileOp::Read { .. }
            | FileOp::Exists { .. }
            | FileOp::Stat { .. }
            | FileOp::List { .. }
            | FileOp::Space { .. }
            | FileOp::Clear { .. } => Err(SysError::Unavailable { retry_after: None }),
        }
    }

    fn clear(root: &Root, mut turns: Turns) -> Result<Self, SysError> {
        let dir = root.existing()?;
        let freed = dir.as_ref().map_or(Ok(0), |dir| turns.target.count(dir))?;
        Ok(Self {
            step: Step::Clear(dir),
            added: 0,
            freed,
            turns,
        })
    }

    /// Brings what is prepared to the disk; what is missing then is its name.
    pub(super) fn flush(&self) -> Result<(), SysError> {
        match &self.step {
            Step::Put { new, .. } => new.flush().map_err(failed),
            _ => Ok(()),
        }
    }

    pub(super) fn commit(self) -> Result<Reply, SysError> {
        let Self {
            step,
            added,
            freed,
            mut turns,
        } = self;
        let reply = step.take().map_err(failed)?;
        match &mut turns.source {
            Some(source) => {
                source.change(0, freed);
                turns.target.change(added, 0);
            }
            None => turns.target.change(added, freed),
        }
        Ok(reply)
    }
}

/// A file that comes in chunk by chunk, beside what is there. Dropped, it never was.
#[derive(Debug)]
pub(super) struct Incoming {
    new: NewFile,
    // Given back after the file is removed.
    arrival: Arrival,
    at: Located,
    terms: Terms,
    root: Arc<Root>,
    bytes: u64,
    /// What goes when it replaces what was there as it was opened.
    freed: u64,
}

impl Incoming {
    pub(super) fn open(
        root: &Arc<Root>,
        place: &FilePlace,
        terms: Terms,
        turns: &Turns,
    ) -> Result<Self, SysError> {
        let at = Located::of(root.dir()?, place, FsRights::ReadWrite)?;
        let there = writable(&at, terms.mode, terms.if_etag.as_deref())?;
        let name = new_name();
        let arrival = turns.target.expect(&name);
        Ok(Self {
            new: NewFile::begin(&at.folder, name).map_err(failed)?,
            arrival,
            at,
            root: Arc::clone(root),
            bytes: 0,
            freed: match terms.mode {
                WriteMode::Replace => there.as_ref().map_or(0, taken),
                WriteMode::CreateNew | WriteMode::Append => 0,
            },
            terms,
        })
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn add(mut self, chunk: &[u8], mut turns: Turns) -> Result<Self, SysError> {
        let bytes = self.bytes + chunk.len() as u64;
        let added = disk_bytes(bytes).saturating_sub(self.freed);
        let limit = self.terms.max_disk_bytes;
        turns
            .target
            .set_aside(self.root.dir()?, &self.arrival, added, limit)?;
        drop(turns);
        self.new.file.write_all(chunk).map_err(failed)?;
        self.bytes = bytes;
        Ok(self)
    }

    /// Stages it on the terms on which it was opened, as they hold now.
    pub(super) fn stage(self, roots: &Roots, turns: Turns) -> Result<Staged, SysError> {
        let Self {
            new,
            arrival,
            at,
            terms,
            bytes,
            ..
        } = self;
        let there = writable(&at, terms.mode, terms.if_etag.as_deref())?;
        arrival.settle();
        let dir = roots.target.dir()?;
        let mut staging = Staging { dir, turns };
        let limit = terms.max_disk_bytes;
        if let (WriteMode::Append, Some(_)) = (terms.mode, &there) {
            let (before, metadata) = at.open()?;
            let before_bytes = metadata.len();
            let mut added = new.file.try_clone().map_err(failed)?.into_std();
            return staging.put(at, there.as_ref(), before_bytes + bytes, limit, |whole| {
                io::copy(&mut before.take(before_bytes), whole)?;
                added.seek(SeekFrom::Start(0))?;
                io::copy(&mut added, whole).map(drop)
            });
        }
        let (added, freed) = (disk_bytes(bytes), there.as_ref().map_or(0, taken));
        staging.turns.target.check(dir, added, freed, limit)?;
        let replaces = there.is_some();
        Ok(staging.staged(Step::Put { new, at, replaces }, added, freed))
    }
}

/// What is there, if it may be written now.
fn writable(at: &Located, mode: WriteMode, if_etag: Option<&str>) -> Result<Option<Metadata>, SysError> {
    let there = at.changeable_file()?;
    check_etag(there.as_ref(), if_etag)?;
    if mode == WriteMode::CreateNew && there.is_some() {
        return Err(SysError::AlreadyExists);
    }
    Ok(there)
}

/// A change on its way to being staged.
struct Staging<'a> {
    dir: &'a Dir,
    turns: Turns,
}

impl Staging<'_> {
    fn staged(self, step: Step, added: u64, freed: u64) -> Staged {
        Staged {
            step,
            added,
            freed,
            turns: self.turns,
        }
    }

    fn write(
        self,
        at: Located,
        bytes: &[u8],
        mode: WriteMode,
        if_etag: Option<&str>,
        limit: u64,
    ) -> Result<Staged, SysError> {
        let there = writable(&at, mode, if_etag)?;
        let before = match (mode, &there) {
            (WriteMode::Append, Some(_)) => Some(at.open()?),
            _ => None,
        };
        let before_bytes = before.as_ref().map_or(0, |(_, metadata)| metadata.len());
        let size = before_bytes + bytes.len() as u64;
        self.put(at, there.as_ref(), size, limit, |new| {
            if let Some((file, _)) = before {
                io::copy(&mut file.take(before_bytes), new)?;
            }
            new.write_all(bytes)
        })
    }

    fn truncate(self, at: Located, length: u64, limit: u64) -> Result<Staged, SysError> {
        let there = at.changeable_file()?;
        let (before, _) = at.open()?;
        self.put(at, there.as_ref(), length, limit, |new| {
            io::copy(&mut before.take(length), new)?;
            new.set_len(length)
        })
    }

    fn copy(self, from: &Located, to: Located, limit: u64) -> Result<Staged, SysError> {
        let (file, metadata) = from.open()?;
        to.check_absent()?;
        let size = metadata.len();
        self.put(to, None, size, limit, |new| {
            io::copy(&mut file.take(size), new).map(drop)
        })
    }

    /// Stages a file of `size` bytes in the place of what is `there`.
    fn put(
        mut self,
        at: Located,
        there: Option<&Metadata>,
        size: u64,
        limit: u64,
        fill: impl FnOnce(&mut File) -> io::Result<()>,
    ) -> Result<Staged, SysError> {
        let (added, freed) = (disk_bytes(size), there.map_or(0, taken));
        self.turns.target.check(self.dir, added, freed, limit)?;
        let new = NewFile::make(&at.folder, fill).map_err(failed)?;
        let replaces = there.is_some();
        Ok(self.staged(Step::Put { new, at, replaces }, added, freed))
    }

    fn relocate(mut self, from: Located, to: Located, limit: u64) -> Result<Staged, SysError> {
        let moved = taken(&from.changeable_file()?.ok_or(SysError::NotFound)?);
        to.check_absent()?;
        let freed_here = if self.turns.source.is_some() { 0 } else { moved };
        self.turns.target.check(self.dir, moved, freed_here, limit)?;
        Ok(self.staged(Step::Move { from, to }, moved, moved))
    }
}

impl Step {
    fn take(self) -> io::Result<Reply> {
        match self {
            Self::Put { new, at, replaces } => {
                let metadata = new.become_file(&at, replaces)?;
                sync(&at.folder)?;
                return Ok(Reply::File(FileReply::Stat(stat(&metadata))));
            }
            Self::Delete(at) => {
                at.folder.remove_file(&at.name)?;
                sync(&at.folder)?;
            }
            Self::Move { from, to } => {
                rename_to_nothing(&from.folder, &from.name, &to.folder, &to.name)?;
                sync(&to.folder)?;
                sync(&from.folder)?;
            }
            Self::MakeFolder(at) => make(&at.folder, &at.name)?,
            Self::RemoveFolder(at) => {
                at.folder.remove_dir(&at.name)?;
                sync(&at.folder)?;
            }
            Self::Clear(None) => {}
            Self::Clear(Some(root)) => {
                for entry in root.entries()? {
                    let entry = entry?;
                    if entry.file_type()?.is_dir() {
                        root.remove_dir_all(entry.file_name())?;
                    } else {
                        root.remove_file(entry.file_name())?;
                    }
                }
                sync(&root)?;
            }
        }
        Ok(Reply::Done)
    }
}

fn check_etag(there: Option<&Metadata>, if_etag: Option<&str>) -> Result<(), SysError> {
    let etag = there.map(|metadata| stat(metadata).etag);
    if if_etag.is_none() || etag.as_deref() == if_etag {
        return Ok(());
    }
    Err(SysError::Conflict { etag })
}

fn check_empty_folder(at: &Located, space: &Space) -> Result<(), SysError> {
    if space.is_empty(&at.open_folder()?).map_err(failed)? {
        Ok(())
    } else {
        Err(SysError::NotEmpty)
    }
}

/// A file that is written but has no name of its own yet; removed on drop.
#[derive(Debug)]
struct NewFile {
    folder: Dir,
    name: String,
    file: cap_std::fs::File,
}

impl NewFile {
    fn make(folder: &Dir, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<Self> {
        let new = Self::begin(folder, new_name())?;
        fill(&mut new.file.try_clone()?.into_std())?;
        Ok(new)
    }

    fn begin(folder: &Dir, name: String) -> io::Result<Self> {
        let file = folder.open_with(&name, &private_file())?;
        Ok(Self {
            folder: folder.try_clone()?,
            name,
            file,
        })
    }

    /// Once all is written.
    fn flush(&self) -> io::Result<()> {
        let file = self.file.try_clone()?.into_std();
        file.set_modified(UNIX_EPOCH + Duration::from_nanos(next_time()))?;
        file.sync_all()
    }

    fn become_file(&self, at: &Located, replaces: bool) -> io::Result<Metadata> {
        if replaces {
            self.folder.rename(&self.name, &at.folder, &at.name)?;
        } else {
            rename_to_nothing(&self.folder, &self.name, &at.folder, &at.name)?;
        }
        self.file.metadata()
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        // After it got its name there is nothing to remove; what stays for another reason goes with the next count.
        let _ = self.folder.remove_file(&self.name);
    }
}

fn new_name() -> String {
    format!("{}{:x}", FsPath::HOST_PREFIX, next_time())
}

/// Nanoseconds since the Unix epoch, later with each file, so that no two have one etag.
fn next_time() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = now.as_nanos() as u64;
    let last = LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| {
        Some(now.max(last + 1))
    });
    now.max(last.unwrap_or_default() + 1)
}

#[cfg(unix)]
fn private_file() -> OpenOptions {
    use cap_std::fs::OpenOptionsExt;
    let mut options = OpenOptions::new();
    options.create_new(true).read(true).write(true).mode(0o600);
    options
}

#[cfg(not(unix))]
fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create_new(true).read(true).write(true);
    options
}

/// Renames where nothing is at the new name, whoever else may be at work there.
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn rename_to_nothing(from: &Dir, old: &str, to: &Dir, new: &str) -> io::Result<()> {
    use rustix::fs::{RenameFlags, renameat_with};
    use rustix::io::Errno;
    match renameat_with(from, old, to, new, RenameFlags::NOREPLACE) {
        // Not every file system knows how.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => rename_after_a_look(from, old, to, new),
        renamed => Ok(renamed?),
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn rename_to_nothing(from: &Dir, old: &str, to: &Dir, new: &str) -> io::Result<()> {
    rename_after_a_look(from, old, to, new)
}

fn rename_after_a_look(from: &Dir, old: &str, to: &Dir, new: &str) -> io::Result<()> {
    match to.symlink_metadata(new) {
        Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => from.rename(old, to, new),
        Err(error) => Err(error),
    }
}
