//! Files of apps: below folders of their own, by names that lead nowhere else.
//!
//! Each root is a folder that is opened once, and each name of a path is opened in the folder before it without
//! following it, so whatever is linked, mounted or swapped there, a call stays below its root. Start at [`Files`].

#[cfg(target_os = "linux")]
mod cached;
mod change;
mod flow;
mod space;
mod walk;

use std::collections::HashMap;
use std::error::Error;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use agentos_core::ids::Namespace;
use agentos_core::kernel::{FileOp, FilePlace, FileReply, FsRights, FsRoot, IoKind, Reply, SysError};
use cap_fs_ext::DirExt;
use cap_std::ambient_authority;
use cap_std::fs::{Dir, Metadata};
use futures::future::join;
use tokio::runtime::Handle;
use tokio::sync::{OwnedMutexGuard, Semaphore};

use change::Staged;
pub(super) use flow::Terms;
use space::Space;
use walk::{Located, page, stat};

/// How many calls work on the disk at once; others wait without a thread. As many as the kernel hands out at once, of which
/// one process has at most half.
const AT_WORK: usize = 64;
/// How many roots are kept open.
const ROOTS_OPEN: usize = 256;

/// Where the system's own files are, beside the folders that are named by namespaces.
const SYSTEM: &str = "system";

/// Ends when the record of a change is on the disk.
pub(super) trait Recording: Future<Output = Result<(), SysError>> + Send + 'static {}

impl<F: Future<Output = Result<(), SysError>> + Send + 'static> Recording for F {}

/// The folders `home`, `shared` and `tmp` of all apps and of the system, below `files` in the data folder.
#[derive(Debug)]
pub struct Files {
    folder: Arc<Dir>,
    roots: Mutex<HashMap<RootId, Arc<Root>>>,
    at_work: Arc<Semaphore>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum RootId {
    Shared,
    /// None has those of the system.
    Home(Option<Namespace>),
    Tmp(Option<Namespace>),
}

#[derive(Debug)]
struct Root {
    folder: Arc<Dir>,
    id: RootId,
    opened: OnceLock<Dir>,
    #[cfg(target_os = "linux")]
    regular: cached::RegularFiles,
    /// Who changes something here has it, from the first check to the last step.
    turn: Arc<tokio::sync::Mutex<Space>>,
}

/// Where something is changed, and where what is moved or copied comes from; elsewhere that is the same.
#[derive(Debug)]
struct Roots {
    target: Arc<Root>,
    source: Arc<Root>,
    /// Something is moved from one root to another.
    source_loses: bool,
}

impl Files {
    /// Opens the folder, making it where it is absent. What apps left in their `tmp` is removed.
    pub fn open(data_dir: &Path) -> io::Result<Self> {
        let data = Dir::open_ambient_dir(data_dir, ambient_authority())?;
        let folder = walk::open_or_make(&data, "files")?;
        remove_tmp(&folder)?;
        Ok(Self {
            folder: Arc::new(folder),
            roots: Mutex::default(),
            at_work: Arc::new(Semaphore::new(AT_WORK)),
        })
    }

    /// Performs `op`. A change is prepared beside what is there, brought to the disk while `record` is awaited, and then
    /// made in one step; dropping the future before that leaves everything as it was.
    pub(super) async fn perform(&self, op: FileOp, record: impl Recording) -> Result<Reply, SysError> {
        let Some(roots) = self.changed(&op) else {
            return self.read(op).await;
        };
        let turns = Turns::take(&roots).await;
        self.change(move || Staged::prepare(op, &roots, turns), record)
            .await
    }

    /// Makes what `prepare` stages, on one thread, so that no step waits for another thread to wake.
    async fn change(
        &self,
        prepare: impl FnOnce() -> Result<Staged, SysError> + Send + 'static,
        record: impl Recording,
    ) -> Result<Reply, SysError> {
        let caller = Arc::new(());
        let waiting = Arc::downgrade(&caller);
        let runtime = Handle::current();
        let reply = self.at_work(move || {
            let staged = prepare()?;
            // The record is on its way when the flush begins.
            let (recorded, flushed) = runtime.block_on(join(record, async { staged.flush() }));
            recorded.and(flushed)?;
            if waiting.strong_count() == 0 {
                return Err(SysError::Cancelled);
            }
            staged.commit()
        });
        let reply = reply.await;
        drop(caller);
        reply
    }

    /// What `op` reads, where that takes no wait.
    #[cfg(target_os = "linux")]
    pub(super) fn read_at_once(&self, op: &FileOp) -> Option<Reply> {
        let FileOp::Read { place, .. } = op else {
            return None;
        };
        let root = self.root(place);
        cached::read(root.opened.get()?, &root.regular, op).map(Reply::File)
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn read_at_once(&self, _op: &FileOp) -> Option<Reply> {
        None
    }

    /// None for what only reads.
    fn changed(&self, op: &FileOp) -> Option<Roots> {
        let (place, from) = match op {
            FileOp::Read { .. }
            | FileOp::Exists { .. }
            | FileOp::Stat { .. }
            | FileOp::List { .. }
            | FileOp::Space { .. } => return None,
            FileOp::Write { place, .. }
            | FileOp::Truncate { place, .. }
            | FileOp::Delete { place }
            | FileOp::CreateDirectory { place, .. }
            | FileOp::RemoveDirectory { place }
            | FileOp::Clear { place } => (place, None),
            FileOp::Copy { from, to, .. } | FileOp::Move { from, to, .. } => (to, Some(from)),
        };
        let target = self.root(place);
        let source = from.map_or_else(|| Arc::clone(&target), |from| self.root(from));
        Some(Roots {
            source_loses: matches!(op, FileOp::Move { .. }) && source.id != target.id,
            target,
            source,
        })
    }

    fn root(&self, place: &FilePlace) -> Arc<Root> {
        let id = match place.path.root() {
            FsRoot::Shared => RootId::Shared,
            FsRoot::Home => RootId::Home(place.owner),
            FsRoot::Tmp => RootId::Tmp(place.owner),
        };
        let mut roots = self.roots.lock().unwrap_or_else(PoisonError::into_inner);
        if roots.len() >= ROOTS_OPEN {
            roots.retain(|_, root| Arc::strong_count(root) > 1 || Arc::strong_count(&root.turn) > 1);
        }
        let root = roots.entry(id).or_insert_with(|| {
            Arc::new(Root {
                folder: Arc::clone(&self.folder),
                id,
                opened: OnceLock::new(),
                #[cfg(target_os = "linux")]
                regular: cached::RegularFiles::default(),
                turn: Arc::default(),
            })
        });
        Arc::clone(root)
    }

    async fn read(&self, op: FileOp) -> Result<Reply, SysError> {
        if let FileOp::Space { place } = &op {
            return self.space(place).await.map(Reply::Space);
        }
        let (FileOp::Read { place, .. }
        | FileOp::Exists { place }
        | FileOp::Stat { place }
        | FileOp::List { place, .. }) = &op
        else {
            return Err(SysError::Unavailable { retry_after: None });
        };
        let root = self.root(place);
        let answer = self.at_work(move || root.read(op)).await?;
        Ok(Reply::File(answer))
    }

    async fn space(&self, place: &FilePlace) -> Result<u64, SysError> {
        let root = self.root(place);
        let mut turn = Arc::clone(&root.turn).lock_owned().await;
        self.at_work(move || root.existing()?.map_or(Ok(0), |dir| turn.count(&dir)))
            .await
    }

    async fn at_work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, SysError> + Send + 'static,
    ) -> Result<T, SysError> {
        let permit = Arc::clone(&self.at_work).acquire_owned().await;
        let done = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work()
        });
        done.await.unwrap_or_else(|error| {
            tracing::error!(%error, "work on a file broke off");
            Err(SysError::Io { kind: IoKind::Disk })
        })
    }
}

impl Root {
    fn dir(&self) -> Result<&Dir, SysError> {
        if let Some(dir) = self.opened.get() {
            return Ok(dir);
        }
        let opened = self.open().map_err(failed)?;
        Ok(self.opened.get_or_init(|| opened))
    }

    fn open(&self) -> io::Result<Dir> {
        self.names()
            .iter()
            .try_fold(self.folder.try_clone()?, |folder, name| {
                walk::open_or_make(&folder, name)
            })
    }

    /// None where nothing was ever written; nothing is made then.
    fn existing(&self) -> Result<Option<Dir>, SysError> {
        let folder = self.folder.try_clone().map_err(failed)?;
        let found = self
            .names()
            .iter()
            .try_fold(folder, |folder, name| folder.open_dir_nofollow(name));
        match found.map_err(failed) {
            Ok(dir) => Ok(Some(dir)),
            Err(SysError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Of the folders from `files` down to it.
    fn names(&self) -> Vec<String> {
        let (owner, root) = match self.id {
            RootId::Shared => return vec![FsRoot::Shared.as_str().to_owned()],
            RootId::Home(owner) => (owner, FsRoot::Home),
            RootId::Tmp(owner) => (owner, FsRoot::Tmp),
        };
        let owner = owner.map_or_else(|| SYSTEM.to_owned(), |namespace| namespace.to_string());
        vec![owner, root.as_str().to_owned()]
    }

    fn read(&self, op: FileOp) -> Result<FileReply, SysError> {
        let dir = self.dir()?;
        match op {
            FileOp::Read {
                place,
                offset,
                length,
                max_bytes,
            } => read_range(
                &Located::of(dir, &place, FsRights::Read)?,
                offset,
                length,
                max_bytes,
            ),
            FileOp::Exists { place } => exists(dir, &place).map(FileReply::Exists),
            FileOp::Stat { place } => Ok(FileReply::Stat(stat(&walk::metadata(dir, &place)?))),
            FileOp::List { place, after, limit } => {
                let folder = walk::folder(dir, &place, FsRights::Read)?;
                let (entries, more) = page(&folder, &place.path, after.as_deref(), limit as usize)?;
                Ok(FileReply::Entries { entries, more })
            }
            _ => Err(SysError::Unavailable { retry_after: None }),
        }
    }
}

/// What is below something that is no folder is not there.
fn exists(dir: &Dir, place: &FilePlace) -> Result<bool, SysError> {
    match walk::metadata(dir, place) {
        Ok(_) => Ok(true),
        Err(SysError::NotFound | SysError::NotADirectory) => Ok(false),
        Err(error) => Err(error),
    }
}

fn read_range(
    file: &Located,
    offset: u64,
    length: Option<u64>,
    max_bytes: u64,
) -> Result<FileReply, SysError> {
    let (mut file, metadata) = file.open()?;
    let (offset, wanted) = range(&metadata, offset, length, max_bytes)?;
    let mut bytes = Vec::with_capacity(wanted as usize);
    if offset > 0 {
        file.seek(SeekFrom::Start(offset)).map_err(failed)?;
    }
    file.take(wanted).read_to_end(&mut bytes).map_err(failed)?;
    let stat = stat(&metadata);
    Ok(FileReply::Bytes { bytes, stat })
}

/// From where, and how many bytes there are to read.
fn range(
    metadata: &Metadata,
    offset: u64,
    length: Option<u64>,
    max_bytes: u64,
) -> Result<(u64, u64), SysError> {
    let offset = offset.min(metadata.len());
    let rest = metadata.len() - offset;
    if length.is_none() && rest > max_bytes {
        return Err(SysError::TooLarge { limit: max_bytes });
    }
    let wanted = length.unwrap_or(max_bytes).min(max_bytes).min(rest);
    Ok((offset, wanted))
}

/// The turns of the roots that are changed; given back on drop.
#[derive(Debug)]
struct Turns {
    target: OwnedMutexGuard<Space>,
    /// Where another root loses something.
    source: Option<OwnedMutexGuard<Space>>,
}

impl Turns {
    async fn take(roots: &Roots) -> Self {
        let turn = |root: &Arc<Root>| Arc::clone(&root.turn).lock_owned();
        let Roots { target, source, .. } = roots;
        // In one order for all, so that no two wait for each other.
        match (roots.source_loses, source.id < target.id) {
            (false, _) => Self {
                target: turn(target).await,
                source: None,
            },
            (true, true) => Self {
                source: Some(turn(source).await),
                target: turn(target).await,
            },
            (true, false) => Self {
                target: turn(target).await,
                source: Some(turn(source).await),
            },
        }
    }
}

/// Removes what was kept until this start, and the folders of those that have nothing.
fn remove_tmp(files: &Dir) -> io::Result<()> {
    for entry in files.entries()? {
        let entry = entry?;
        // What is called `tmp` there is a folder like any other.
        if !entry.file_type()?.is_dir() || entry.file_name() == FsRoot::Shared.as_str() {
            continue;
        }
        let name = entry.file_name();
        let owner = Path::new(&name);
        match files.remove_dir_all(owner.join(FsRoot::Tmp.as_str())) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(error = &error as &dyn Error, "a folder of temporary files stays");
            }
            _ => {}
        }
        // One that is not empty stays, and so does the one it is in.
        let _ = files.remove_dir(owner.join(FsRoot::Home.as_str()));
        let _ = files.remove_dir(owner);
    }
    Ok(())
}

/// The cause goes to the log here; callers are told only what they can act on.
fn failed(error: io::Error) -> SysError {
    match error.kind() {
        io::ErrorKind::NotFound => SysError::NotFound,
        io::ErrorKind::AlreadyExists => SysError::AlreadyExists,
        io::ErrorKind::NotADirectory => SysError::NotADirectory,
        io::ErrorKind::IsADirectory => SysError::IsADirectory,
        io::ErrorKind::DirectoryNotEmpty => SysError::NotEmpty,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            SysError::Io {
                kind: IoKind::DiskFull,
            }
        }
        _ => {
            tracing::error!(error = &error as &dyn Error, "a file cannot be reached");
            SysError::Io { kind: IoKind::Disk }
        }
    }
}
