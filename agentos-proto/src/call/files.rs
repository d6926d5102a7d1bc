//! Calls to files, and what they are answered.

use super::{SysError, core, invalid, number, read, read_all, same_words, wire, word, written};
use wire::file_call::{self, Call, Path, Way};
use wire::file_reply::{self, Reply};
use wire::stream_syscall_request::open::Stream;

same_words! {
    core::WriteMode = wire::WriteMode as "mode" { Replace CreateNew Append }
    core::FileKind = wire::FileKind as "kind" { File Directory }
}

impl From<core::FileCall> for wire::FileCall {
    fn from(call: core::FileCall) -> Self {
        let call = match call {
            core::FileCall::Read { path, offset, length } => Call::Read(file_call::Read {
                path: path.into(),
                offset,
                length,
            }),
            core::FileCall::Write {
                path,
                bytes,
                mode,
                if_etag,
            } => Call::Write(file_call::Write {
                path: path.into(),
                bytes,
                mode: number::<wire::WriteMode, _>(mode),
                if_etag,
            }),
            core::FileCall::Create { path } => Call::Create(path.into()),
            core::FileCall::Truncate { path, length } => Call::Truncate(file_call::Truncate {
                path: path.into(),
                length,
            }),
            core::FileCall::Delete { path } => Call::Delete(path.into()),
            core::FileCall::Exists { path } => Call::Exists(path.into()),
            core::FileCall::Stat { path } => Call::Stat(path.into()),
            core::FileCall::List { path, after, limit } => Call::List(file_call::List {
                path: path.into(),
                after,
                limit,
            }),
            core::FileCall::Move { from, to } => Call::Move(way(from, to)),
            core::FileCall::Copy { from, to } => Call::Copy(way(from, to)),
            core::FileCall::CreateDirectory { path } => Call::CreateDirectory(path.into()),
            core::FileCall::RemoveDirectory { path } => Call::RemoveDirectory(path.into()),
        };
        Self { call: Some(call) }
    }
}

impl TryFrom<wire::FileCall> for core::FileCall {
    type Error = SysError;

    fn try_from(call: wire::FileCall) -> Result<Self, SysError> {
        Ok(match call.call.ok_or_else(|| invalid("call"))? {
            Call::Read(read) => Self::Read {
                path: read.path.try_into()?,
                offset: read.offset,
                length: read.length,
            },
            Call::Write(write) => Self::Write {
                path: write.path.try_into()?,
                bytes: write.bytes,
                mode: word::<wire::WriteMode, _>(write.mode)?,
                if_etag: write.if_etag,
            },
            Call::Create(path) => Self::Create {
                path: path.try_into()?,
            },
            Call::Truncate(truncate) => Self::Truncate {
                path: truncate.path.try_into()?,
                length: truncate.length,
            },
            Call::Delete(path) => Self::Delete {
                path: path.try_into()?,
            },
            Call::Exists(path) => Self::Exists {
                path: path.try_into()?,
            },
            Call::Stat(path) => Self::Stat {
                path: path.try_into()?,
            },
            Call::List(list) => Self::List {
                path: list.path.try_into()?,
                after: list.after,
                limit: list.limit,
            },
            Call::Move(Way { from, to }) => Self::Move {
                from: from.try_into()?,
                to: to.try_into()?,
            },
            Call::Copy(Way { from, to }) => Self::Copy {
                from: from.try_into()?,
                to: to.try_into()?,
            },
            Call::CreateDirectory(path) => Self::CreateDirectory {
                path: path.try_into()?,
            },
            Call::RemoveDirectory(path) => Self::RemoveDirectory {
                path: path.try_into()?,
            },
        })
    }
}

fn way(from: core::FsPath, to: core::FsPath) -> Way {
    Way {
        from: from.into(),
        to: to.into(),
    }
}

impl From<core::FsPath> for Path {
    fn from(path: core::FsPath) -> Self {
        Self { path: path.into() }
    }
}

impl TryFrom<Path> for core::FsPath {
    type Error = SysError;

    fn try_from(path: Path) -> Result<Self, SysError> {
        path.path.try_into()
    }
}

impl From<core::FileStream> for Stream {
    fn from(stream: core::FileStream) -> Self {
        match stream {
            core::FileStream::Read(core::ReadStream { path, offset, length }) => {
                Self::Read(wire::ReadStream {
                    path: path.into(),
                    offset,
                    length,
                })
            }
            core::FileStream::Write(core::WriteStream { path, mode, if_etag }) => {
                Self::Write(wire::WriteStream {
                    path: path.into(),
                    mode: number::<wire::WriteMode, _>(mode),
                    if_etag,
                })
            }
        }
    }
}

impl TryFrom<Stream> for core::FileStream {
    type Error = SysError;

    fn try_from(stream: Stream) -> Result<Self, SysError> {
        Ok(match stream {
            Stream::Read(read) => Self::Read(core::ReadStream {
                path: read.path.try_into()?,
                offset: read.offset,
                length: read.length,
            }),
            Stream::Write(write) => Self::Write(core::WriteStream {
                path: write.path.try_into()?,
                mode: word::<wire::WriteMode, _>(write.mode)?,
                if_etag: write.if_etag,
            }),
        })
    }
}

impl From<core::FileReply> for wire::FileReply {
    fn from(reply: core::FileReply) -> Self {
        let reply = match reply {
            core::FileReply::Bytes { bytes, stat } => Reply::Bytes(file_reply::Bytes {
                bytes,
                stat: Some(stat.into()),
            }),
            core::FileReply::Stat(stat) => Reply::Stat(stat.into()),
            core::FileReply::Exists(exists) => Reply::Exists(exists),
            core::FileReply::Entries { entries, more } => Reply::Entries(file_reply::Entries {
                entries: written(entries),
                more,
            }),
        };
        Self { reply: Some(reply) }
    }
}

impl TryFrom<wire::FileReply> for core::FileReply {
    type Error = SysError;

    fn try_from(reply: wire::FileReply) -> Result<Self, SysError> {
        Ok(match reply.reply.ok_or_else(|| invalid("file"))? {
            Reply::Bytes(file_reply::Bytes { bytes, stat }) => Self::Bytes {
                bytes,
                stat: read("stat", stat)?,
            },
            Reply::Stat(stat) => Self::Stat(stat.try_into()?),
            Reply::Exists(exists) => Self::Exists(exists),
            Reply::Entries(file_reply::Entries { entries, more }) => Self::Entries {
                entries: read_all(entries)?,
                more,
            },
        })
    }
}

impl From<core::FileStat> for wire::FileStat {
    fn from(stat: core::FileStat) -> Self {
        Self {
            kind: number::<wire::FileKind, _>(stat.kind),
            size: stat.size,
            modified: stat.modified,
            etag: stat.etag,
        }
    }
}

impl TryFrom<wire::FileStat> for core::FileStat {
    type Error = SysError;

    fn try_from(stat: wire::FileStat) -> Result<Self, SysError> {
        Ok(Self {
            kind: word::<wire::FileKind, _>(stat.kind)?,
            size: stat.size,
            modified: stat.modified,
            etag: stat.etag,
        })
    }
}

impl From<core::FileEntry> for wire::FileEntry {
    fn from(entry: core::FileEntry) -> Self {
        Self {
            name: entry.name,
            kind: number::<wire::FileKind, _>(entry.kind),
            size: entry.size,
            modified: entry.modified,
        }
    }
}

impl TryFrom<wire::FileEntry> for core::FileEntry {
    type Error = SysError;

    fn try_from(entry: wire::FileEntry) -> Result<Self, SysError> {
        Ok(Self {
            name: entry.name,
            kind: word::<wire::FileKind, _>(entry.kind)?,
            size: entry.size,
            modified: entry.modified,
        })
    }
}
