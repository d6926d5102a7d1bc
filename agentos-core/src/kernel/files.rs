//! The way of a call to files: its places are allowed or asked about one after another, then a host performs it.

use serde::{Deserialize, Serialize};

use super::audit::Action;
use super::errand::{Errand, Need};
use super::path::FsPath;
use super::place::{FilePlace, FsRights, FsRule};
use super::{Answer, ApprovalNeed, Asked, CallId, Capability, Kernel, Limits, Op, Principal, SysError};
use crate::ids::Namespace;
use crate::time::Millis;

/// The most bytes of a file that one call reads or writes.
pub const FILE_BYTES: u64 = 8 * 1_024 * 1_024;
/// The most entries one [`FileCall::List`] answers.
pub const FILE_LIST_LIMIT: u32 = 1_000;
/// What a file takes of its root's space is counted in these; it takes at least one, and so does a folder.
pub const DISK_BLOCK: u64 = 4 * 1_024;
/// What an entry of a list may take in memory.
const ENTRY_BYTES: u64 = FsPath::NAME_BYTES as u64 + 64;

/// What a process asks for with [`Syscall::File`](super::Syscall::File). Nothing but regular files and folders
/// can be reached: what is a link, a pipe or a device is `permission_denied`, whatever it leads to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum FileCall {
    /// [`FileReply::Bytes`]: at most `length` from `offset` on, or all to the end.
    Read {
        path: FsPath,
        offset: u64,
        length: Option<u64>,
    },
    /// [`FileReply::Stat`]. After a crash the file is what it was or what it was to be. With `if_etag` only a file
    /// that still has it is changed, otherwise `conflict`. A file with a second name (a hard link) is
    /// `permission_denied`.
    Write {
        path: FsPath,
        bytes: Vec<u8>,
        mode: WriteMode,
        if_etag: Option<String>,
    },
    /// [`FileReply::Stat`] of a new empty file, or `already_exists`.
    Create { path: FsPath },
    /// [`FileReply::Stat`]: cut to `length`, or filled with zeros up to it. As with [`FileCall::Write`].
    Truncate { path: FsPath, length: u64 },
    /// [`Reply::Done`](super::Reply::Done)
    Delete { path: FsPath },
    /// [`FileReply::Exists`]
    Exists { path: FsPath },
    /// [`FileReply::Stat`]
    Stat { path: FsPath },
    /// [`FileReply::Entries`]: those named after `after`, in order of their bytes; `limit` is from 1 to
    /// [`FILE_LIST_LIMIT`]. What no path can name is left out.
    List {
        path: FsPath,
        after: Option<String>,
        limit: u32,
    },
    /// [`Reply::Done`](super::Reply::Done): one file has its new place. It replaces nothing: `already_exists`.
    Move { from: FsPath, to: FsPath },
    /// [`FileReply::Stat`] of the copy of one file. It replaces nothing: `already_exists`.
    Copy { from: FsPath, to: FsPath },
    /// [`Reply::Done`](super::Reply::Done), or `already_exists`; the folder above must be there.
    CreateDirectory { path: FsPath },
    /// [`Reply::Done`](super::Reply::Done), or `not_empty`.
    RemoveDirectory { path: FsPath },
}

impl FileCall {
    /// What it is about: of a move or a copy both ends.
    pub fn paths(&self) -> impl Iterator<Item = &FsPath> {
        let (path, other) = match self {
            Self::Read { path, .. }
            | Self::Write { path, .. }
            | Self::Create { path }
            | Self::Truncate { path, .. }
            | Self::Delete { path }
            | Self::Exists { path }
            | Self::Stat { path }
            | Self::List { path, .. }
            | Self::CreateDirectory { path }
            | Self::RemoveDirectory { path } => (path, None),
            Self::Move { from, to } | Self::Copy { from, to } => (from, Some(to)),
        };
        [Some(path), other].into_iter().flatten()
    }

    pub(super) fn changes_something(&self) -> bool {
        match self {
            Self::Write { .. }
            | Self::Create { .. }
            | Self::Truncate { .. }
            | Self::Delete { .. }
            | Self::Move { .. }
            | Self::Copy { .. }
            | Self::CreateDirectory { .. }
            | Self::RemoveDirectory { .. } => true,
            Self::Read { .. } | Self::Exists { .. } | Self::Stat { .. } | Self::List { .. } => false,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WriteMode {
    /// The file holds these bytes and no others; it need not be there before.
    Replace,
    /// The file must not be there before: `already_exists`.
    CreateNew,
    /// The bytes follow those that are there; the file need not be.
    Append,
}

/// What a call to files is answered, where it is not `Done`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileReply {
    /// `stat` is that of the whole file these bytes were read from.
    Bytes {
        bytes: Vec<u8>,
        stat: FileStat,
    },
    Stat(FileStat),
    Exists(bool),
    /// `more` says that entries follow the last of these.
    Entries {
        entries: Vec<FileEntry>,
        more: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    File,
    Directory,
}

/// A file or folder as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileStat {
    pub kind: FileKind,
    /// 0 for a folder.
    pub size: u64,
    /// Milliseconds since the Unix epoch.
    pub modified: Millis,
    /// Another after every change; what it is made of is the host's to say.
    pub etag: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    pub name: String,
    pub kind: FileKind,
    /// 0 for a folder.
    pub size: u64,
    /// Milliseconds since the Unix epoch.
    pub modified: Millis,
}

/// One thing for a host to do with files, as the [`FileCall`] of that name says, within its allowance: a root that
/// would take more than `max_disk_bytes` is `quota_exceeded`. Only [`FileOp::List`], [`FileOp::Exists`],
/// [`FileOp::Stat`] and [`FileOp::CreateDirectory`] name a root itself, and [`FileOp::Space`] and [`FileOp::Clear`] nothing
/// else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileOp {
    /// Without `length`, more than `max_bytes` up to the end are `too_large`; a length is not more than that.
    Read {
        place: FilePlace,
        offset: u64,
        length: Option<u64>,
        max_bytes: u64,
    },
    Write {
        place: FilePlace,
        bytes: Vec<u8>,
        mode: WriteMode,
        if_etag: Option<String>,
        max_disk_bytes: u64,
    },
    Truncate {
        place: FilePlace,
        length: u64,
        max_disk_bytes: u64,
    },
    Delete {
        place: FilePlace,
    },
    Exists {
        place: FilePlace,
    },
    Stat {
        place: FilePlace,
    },
    List {
        place: FilePlace,
        after: Option<String>,
        limit: u32,
    },
    Move {
        from: FilePlace,
        to: FilePlace,
        max_disk_bytes: u64,
    },
    Copy {
        from: FilePlace,
        to: FilePlace,
        max_disk_bytes: u64,
    },
    CreateDirectory {
        place: FilePlace,
        max_disk_bytes: u64,
    },
    RemoveDirectory {
        place: FilePlace,
    },
    /// As [`Syscall::GetHomeSpace`](super::Syscall::GetHomeSpace) says.
    Space {
        place: FilePlace,
    },
    /// As [`Syscall::ClearHome`](super::Syscall::ClearHome) says. What is linked there goes, and what it leads to stays.
    Clear {
        place: FilePlace,
    },
}

/// How a file or folder was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileChange {
    Write,
    Create,
    Append,
    Truncate,
    Delete,
    Move,
    Copy,
    CreateDirectory,
    RemoveDirectory,
    Clear,
}

impl FileOp {
    pub(super) fn home_space(namespace: Namespace) -> Self {
        let place = FilePlace::home_of(namespace);
        Self::Space { place }
    }

    pub(super) fn clear_home(namespace: Namespace) -> Self {
        let place = FilePlace::home_of(namespace);
        Self::Clear { place }
    }

    fn new(
        call: FileCall,
        caller: Principal,
        namespace: Option<Namespace>,
        limits: &Limits,
    ) -> Result<Self, SysError> {
        let max_disk_bytes = limits.disk_bytes;
        let place = |path| match caller {
            Principal::System => Ok(FilePlace::of_system(path)),
            Principal::Process(_) => FilePlace::of(path, namespace),
        };
        let file = |path: FsPath| {
            if path.is_root() {
                Err(SysError::IsADirectory)
            } else {
                place(path)
            }
        };
        Ok(match call {
            FileCall::Read { path, offset, length } => Self::Read {
                place: file(path)?,
                offset,
                length: length.map(at_once).transpose()?,
                max_bytes: FILE_BYTES,
            },
            FileCall::Write {
                mode: WriteMode::CreateNew,
                if_etag: Some(_),
                ..
            } => {
                return Err(SysError::invalid("if_etag"));
            }
            FileCall::Write {
                path,
                bytes,
                mode,
                if_etag,
            } => {
                at_once(bytes.len() as u64)?;
                Self::Write {
                    place: file(path)?,
                    bytes,
                    mode,
                    if_etag,
                    max_disk_bytes,
                }
            }
            FileCall::Create { path } => Self::Write {
                place: file(path)?,
                bytes: Vec::new(),
                mode: WriteMode::CreateNew,
                if_etag: None,
                max_disk_bytes,
            },
            FileCall::Truncate { path, length } => Self::Truncate {
                place: file(path)?,
                length,
                max_disk_bytes,
            },
            FileCall::Delete { path } => Self::Delete { place: file(path)? },
            FileCall::Exists { path } => Self::Exists { place: place(path)? },
            FileCall::Stat { path } => Self::Stat { place: place(path)? },
            FileCall::List { limit, .. } if !(1..=FILE_LIST_LIMIT).contains(&limit) => {
                return Err(SysError::invalid("limit"));
            }
            FileCall::List {
                after: Some(after), ..
            } if after.len() > FsPath::NAME_BYTES => {
                return Err(SysError::invalid("after"));
            }
            FileCall::List { path, after, limit } => Self::List {
                place: place(path)?,
                after,
                limit,
            },
            FileCall::Move { from, to } => Self::Move {
                from: file(from)?,
                to: file(to)?,
                max_disk_bytes,
            },
            FileCall::Copy { from, to } => Self::Copy {
                from: file(from)?,
                to: file(to)?,
                max_disk_bytes,
            },
            FileCall::CreateDirectory { path } => Self::CreateDirectory {
                place: place(path)?,
                max_disk_bytes,
            },
            FileCall::RemoveDirectory { path } if path.is_root() => return Err(SysError::invalid("path")),
            FileCall::RemoveDirectory { path } => Self::RemoveDirectory { place: place(path)? },
        })
    }

    /// The place it changes, or the one it reads; and where a move or a copy comes from.
    fn places(&self) -> ((&FilePlace, FsRights), Option<(&FilePlace, FsRights)>) {
        match self {
            Self::Read { place, .. }
            | Self::Exists { place }
            | Self::Stat { place }
            | Self::Space { place }
            | Self::List { place, .. } => ((place, FsRights::Read), None),
            Self::Write { place, .. }
            | Self::Truncate { place, .. }
            | Self::Delete { place }
            | Self::CreateDirectory { place, .. }
            | Self::RemoveDirectory { place }
            | Self::Clear { place } => ((place, FsRights::ReadWrite), None),
            Self::Move { from, to, .. } => ((to, FsRights::ReadWrite), Some((from, FsRights::ReadWrite))),
            Self::Copy { from, to, .. } => ((to, FsRights::ReadWrite), Some((from, FsRights::Read))),
        }
    }

    pub(super) fn need(&self) -> FsRule {
        rule(self.places().0)
    }

    /// What it needs where a move or a copy comes from.
    pub(super) fn source_need(&self) -> Option<FsRule> {
        self.places().1.map(rule)
    }

    pub(super) fn held_bytes(&self) -> u64 {
        match self {
            Self::Read {
                length, max_bytes, ..
            } => length.unwrap_or(*max_bytes),
            Self::Write { bytes, .. } => bytes.len() as u64,
            Self::List { limit, .. } => u64::from(*limit) * ENTRY_BYTES,
            _ => 0,
        }
    }

    pub(super) fn action(&self) -> Option<Action> {
        let (change, bytes) = self.change()?;
        let ((place, _), from) = self.places();
        Some(Action::File {
            change,
            place: place.clone(),
            from: from.map(|(place, _)| place.clone()),
            bytes,
        })
    }

    /// None for what only reads; the bytes are those it brings.
    fn change(&self) -> Option<(FileChange, u64)> {
        Some(match self {
            Self::Read { .. }
            | Self::Exists { .. }
            | Self::Stat { .. }
            | Self::List { .. }
            | Self::Space { .. } => return None,
            Self::Write { mode, bytes, .. } => (FileChange::of_write(*mode), bytes.len() as u64),
            Self::Truncate { .. } => (FileChange::Truncate, 0),
            Self::Delete { .. } => (FileChange::Delete, 0),
            Self::Move { .. } => (FileChange::Move, 0),
            Self::Copy { .. } => (FileChange::Copy, 0),
            Self::CreateDirectory { .. } => (FileChange::CreateDirectory, 0),
            Self::RemoveDirectory { .. } => (FileChange::RemoveDirectory, 0),
            Self::Clear { .. } => (FileChange::Clear, 0),
        })
    }
}

impl FileChange {
    pub(super) fn of_write(mode: WriteMode) -> Self {
        match mode {
            WriteMode::Replace => Self::Write,
            WriteMode::CreateNew => Self::Create,
            WriteMode::Append => Self::Append,
        }
    }
}

fn rule((place, rights): (&FilePlace, FsRights)) -> FsRule {
    let place = place.clone();
    FsRule { place, rights }
}

fn at_once(bytes: u64) -> Result<u64, SysError> {
    if bytes > FILE_BYTES {
        return Err(SysError::TooLarge { limit: FILE_BYTES });
    }
    Ok(bytes)
}

/// What a file of `size` bytes takes of its root's space.
pub fn disk_bytes(size: u64) -> u64 {
    size.max(1).div_ceil(DISK_BLOCK).saturating_mul(DISK_BLOCK)
}

/// A call that may have to be asked about, and holds its operation until it is allowed.
#[derive(Debug)]
pub(super) struct FileErrand {
    /// None once it is handed on.
    op: Option<Op>,
    source: Option<FsRule>,
    main: FsRule,
    is_stream: bool,
}

impl FileErrand {
    pub(super) fn new(op: Op, main: FsRule, source: Option<FsRule>) -> Self {
        Self {
            is_stream: matches!(op, Op::Stream(_)),
            op: Some(op),
            source,
            main,
        }
    }

    pub(super) fn is_stream(&self) -> bool {
        self.is_stream
    }

    pub(super) fn needs(&self) -> Vec<Need> {
        let rules = self.source.iter().chain([&self.main]);
        let needs = rules.map(|rule| Need {
            asked: ApprovalNeed::Fs(rule.clone()),
            capability: rule.clone().into(),
        });
        needs.collect()
    }

    pub(super) fn capability(&self) -> Capability {
        self.main.clone().into()
    }
}

impl Kernel {
    pub(super) fn file_call(
        &mut self,
        asked: Asked,
        call: FileCall,
        limits: &Limits,
    ) -> Result<Answer, SysError> {
        let pid = asked.caller.pid();
        let process = self.processes.get(pid).ok_or(SysError::Cancelled)?;
        let op = FileOp::new(call, asked.caller, process.namespace, limits)?;
        let held_bytes = op.held_bytes();
        self.processes.take_operation(pid, limits, held_bytes)?;
        let (main, source) = (op.need(), op.source_need());
        let errand = FileErrand::new(Op::File(Box::new(op)), main, source);
        self.set_out(asked, Errand::Files(Box::new(errand)), held_bytes);
        Ok(Answer::WhenDone)
    }

    pub(super) fn perform_on_files(&mut self, call: CallId) -> Result<(), SysError> {
        let errand = self.calls.get_mut(&call).and_then(|call| call.errand.as_mut());
        let Some(Errand::Files(files)) = errand else {
            return Ok(());
        };
        match files.op.take() {
            Some(op @ Op::Stream(_)) => {
                self.begin_stream(call, op);
                Ok(())
            }
            Some(op) => self.enqueue(call, op),
            None => Ok(()),
        }
    }
}
