//! Files of any length: opened like any call, and then their bytes flow between host and caller, past the kernel.
//!
//! A stream is a call that lasts as long as it flows. It has a ticket of its own kind and no deadline, waits for no other
//! operation, and ends early with what its process loses: the grant, its life, its turn to run.

use super::errand::Errand;
use super::files::FileErrand;
use super::path::FsPath;
use super::place::{FilePlace, FsRights, FsRule};
use super::{
    Action, Asked, CallId, FileChange, Kernel, Limits, Op, Pid, Principal, Stage, SysError, WriteMode,
};
use crate::ids::Namespace;
use crate::time::Millis;

/// The most bytes of one chunk of a stream.
pub const STREAM_CHUNK: usize = 64 * 1_024;
/// How many chunks a host has read and nobody has taken.
pub const STREAM_CHUNKS_AHEAD: usize = 3;
/// What an open stream holds: the chunks that wait, and the one on its way.
pub(super) const STREAM_BYTES: u64 = ((STREAM_CHUNKS_AHEAD + 1) * STREAM_CHUNK) as u64;

/// A file to be opened. What cannot be opened is refused as by the [`FileCall`](super::FileCall) of that
/// name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileStream {
    Read(ReadStream),
    Write(WriteStream),
}

impl FileStream {
    pub fn path(&self) -> &FsPath {
        match self {
            Self::Read(read) => &read.path,
            Self::Write(write) => &write.path,
        }
    }
}

/// At most `length` bytes from `offset` on, or all to the end, of the file as it is now: what changes it meanwhile is not
/// seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadStream {
    pub path: FsPath,
    pub offset: u64,
    pub length: Option<u64>,
}

/// Where what comes is written, and on which terms: those hold when it is opened and again when all has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteStream {
    pub path: FsPath,
    pub mode: WriteMode,
    pub if_etag: Option<String>,
}

/// One thing for a host to do as the stream of that name says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamOp {
    Read {
        place: FilePlace,
        offset: u64,
        length: Option<u64>,
    },
    /// A root that would take more than `max_disk_bytes` is `quota_exceeded` as soon as that much has come.
    Write {
        place: FilePlace,
        mode: WriteMode,
        if_etag: Option<String>,
        max_disk_bytes: u64,
    },
}

impl StreamOp {
    fn new(stream: FileStream, namespace: Option<Namespace>, limits: &Limits) -> Result<Self, SysError> {
        let place = |path| FilePlace::of_file(path, namespace);
        match stream {
            FileStream::Read(ReadStream { path, offset, length }) => Ok(Self::Read {
                place: place(path)?,
                offset,
                length,
            }),
            FileStream::Write(WriteStream {
                mode: WriteMode::CreateNew,
                if_etag: Some(_),
                ..
            }) => Err(SysError::invalid("if_etag")),
            FileStream::Write(WriteStream { path, mode, if_etag }) => Ok(Self::Write {
                place: place(path)?,
                mode,
                if_etag,
                max_disk_bytes: limits.disk_bytes,
            }),
        }
    }

    pub(super) fn need(&self) -> FsRule {
        let (place, rights) = match self {
            Self::Read { place, .. } => (place, FsRights::Read),
            Self::Write { place, .. } => (place, FsRights::ReadWrite),
        };
        let place = place.clone();
        FsRule { place, rights }
    }

    /// Of how many bytes is known when they have come.
    pub(super) fn action(&self) -> Option<Action> {
        match self {
            Self::Read { .. } => None,
            Self::Write { place, mode, .. } => Some(Action::File {
                change: FileChange::of_write(*mode),
                place: place.clone(),
                from: None,
                bytes: 0,
            }),
        }
    }
}

impl Kernel {
    /// Opens a stream on which `id` waits until it ends.
    pub(super) fn open(&mut self, id: CallId, caller: Principal, stream: FileStream) {
        let asked = Asked {
            caller,
            call: id,
            deadline: Millis::MAX,
            name: None,
        };
        let opened = self
            .admit(asked)
            .and_then(|limits| self.open_stream(asked, stream, &limits));
        if let Err(error) = opened {
            self.reply(asked, Err(error));
        }
    }

    fn open_stream(&mut self, asked: Asked, stream: FileStream, limits: &Limits) -> Result<(), SysError> {
        let process = self.processes.get_mut(asked.caller.pid());
        let process = process.ok_or(SysError::Cancelled)?;
        let op = StreamOp::new(stream, process.namespace, limits)?;
        let (held_bytes, need) = (STREAM_BYTES, op.need());
        process.usage.take_stream(limits, held_bytes)?;
        let errand = FileErrand::new(Op::Stream(Box::new(op)), need, None);
        self.set_out(asked, Errand::Files(Box::new(errand)), held_bytes);
        Ok(())
    }

    /// Hands out a stream that is allowed. It waits for no turn, since it would keep those behind it from theirs.
    pub(super) fn begin_stream(&mut self, call: CallId, op: Op) {
        if let Some(waiting) = self.calls.get_mut(&call) {
            waiting.stage = Stage::Queued(op);
            self.perform(call);
        }
    }

    /// Ends the streams of a process that does not go on.
    pub(super) fn end_streams_of(&mut self, pid: Pid) {
        self.end_calls(|call, _| {
            let is_its = call.is_stream() && call.asked.caller.pid() == pid;
            is_its.then_some(Err(SysError::Unavailable { retry_after: None }))
        });
    }
}
