//! What a process may ask of the kernel, and what it is answered.

use serde::{Deserialize, Serialize};

use super::answers::LARGE_ANSWER;
use super::approval::{Approval, ApprovalAnswer, ApprovalId, StandingApproval};
use super::call::CallName;
use super::capability::{Capability, GrantId, GrantInfo, Rule};
use super::error::SysError;
use super::event::EventPage;
use super::exchange::{HttpRequest, HttpResponse};
use super::files::{FileCall, FileReply, FileStat};
use super::message::{Dispatch, Message, RequestId, Topic, Wanted};
use super::model::{ModelReply, ModelRequest};
use super::process::{EndReason, NewProcess, Pid, Priority, ProcessInfo};
use super::program::{ProgramOutput, ProgramRequest};
use super::socket::{SocketCall, SocketMessage, SocketMessages};
use super::stats::{MemoryStats, ProcessStats};
use super::tally::KernelStats;
use crate::ids::Namespace;
use crate::time::Millis;

/// One request. Answers are named beside each; any of them may instead be a [`SysError`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Syscall {
    /// [`Reply::Value`], or `not_found`.
    StoreGet { namespace: Namespace, key: StoreKey },
    /// [`Reply::Stored`]. With `if_version` the value is replaced only if it still has that version,
    /// 0 meaning that the key must be absent; otherwise `conflict`.
    StorePut {
        namespace: Namespace,
        key: StoreKey,
        value: Vec<u8>,
        if_version: Option<u64>,
    },
    /// [`Reply::Done`], or `not_found`.
    StoreDelete { namespace: Namespace, key: StoreKey },
    /// [`Reply::Keys`], in order of their bytes, those after `after` that begin with `prefix`; `limit`
    /// is from 1 to [`STORE_LIST_LIMIT`].
    StoreList {
        namespace: Namespace,
        prefix: String,
        after: Option<StoreKey>,
        limit: u32,
    },
    /// [`Reply::Removed`]: the namespace holds nothing.
    StoreClear { namespace: Namespace },
    /// [`Reply::Space`], of all that is in the home of `namespace`.
    GetHomeSpace { namespace: Namespace },
    /// [`Reply::Done`]: nothing is in the home of `namespace`.
    ClearHome { namespace: Namespace },
    /// [`Reply::SystemInfo`]
    GetSystemInfo,
    /// [`Reply::Time`]
    GetCurrentTime,
    /// [`Reply::Uptime`]
    GetUptime,
    /// [`Reply::Spawned`]. A process can only make children of its own, in its own namespace, with
    /// no more than it holds itself.
    SpawnProcess(NewProcess),
    /// [`Reply::Killed`]: the process and all its descendants are gone and their calls cancelled.
    KillProcess { pid: Pid },
    /// [`Reply::Done`]
    SuspendProcess { pid: Pid },
    /// [`Reply::Done`]
    ResumeProcess { pid: Pid },
    /// [`Reply::Process`], also of one of the last that ended.
    GetProcessInfo { pid: Pid },
    /// [`Reply::Ended`] once the process ended, at once where it has; `deadline_exceeded` after `wait`.
    WaitProcess { pid: Pid, wait: Millis },
    /// [`Reply::Done`]: a person looks at this process, or at none. Those it does not look at end before it when memory
    /// runs out. For the system alone, as the next.
    SetFocus { pid: Option<Pid> },
    /// [`Reply::Done`]: so much is held of the state of the app whose process it is, and no longer what was told
    /// before. Beyond its limit of memory `quota_exceeded`, and nothing changed.
    HoldState { pid: Pid, bytes: u64 },
    /// [`Reply::Done`]
    SetProcessPriority { pid: Pid, priority: Priority },
    /// [`Reply::ProcessStats`]; a process may ask for its own.
    GetProcessStats { pid: Pid },
    /// [`Reply::MemoryStats`]
    GetMemoryStats,
    /// [`Reply::Processes`]: all for the system, otherwise the caller and its descendants.
    ListProcesses,
    /// [`Reply::Granted`]. A process can give its descendants what it holds, and deny nothing.
    AddGrant {
        to: Pid,
        capability: Capability,
        rule: Rule,
    },
    /// [`Reply::Done`]: the grant and all derived from it are gone, and so is every call in flight
    /// that needed them.
    RevokeGrant { grant: GrantId },
    /// [`Reply::Grants`]
    ListGrants { pid: Pid },
    /// [`Reply::Grants`]: those of every process, by their age.
    ListAllGrants,
    /// [`Reply::Events`]: the oldest `limit` of those kept after `since`, or the newest `limit` without it;
    /// `limit` is from 1 to [`EVENTS_LISTED`](super::EVENTS_LISTED). A number beyond the newest is of an earlier
    /// start: all are told, and their `boot` is another.
    ListEvents { since: Option<u64>, limit: u32 },
    /// [`Reply::Stats`]
    GetStats,
    /// [`Reply::Response`], whatever its status. What nobody granted the process waits for a person's
    /// answer, without using up the call's time, and is `approval_required` where nobody is there to be
    /// asked. A redirect is followed as a request of its own.
    NetworkRequest(HttpRequest),
    /// [`Reply::Done`] when the process may have its window show what is at `url`. Allowed, asked about and
    /// refused as a request that gets it; the kernel sends nothing, since the window loads it.
    NetworkAccess { url: String },
    /// [`Reply::Socket`] or [`Reply::Done`], as the call says.
    Socket(SocketCall),
    /// [`Reply::Model`]. Approved as a request is, but once for all questions; the answer is text, and grants nothing.
    LlmGenerate(ModelRequest),
    /// As [`Dispatch`] says. What nobody granted the process is asked about as a request is, but for those
    /// who stand above or below one another and for the processes of one app. A mailbox without room is
    /// `quota_exceeded`, and a message longer than either side may have `too_large`.
    IpcDispatch { dispatch: Dispatch, body: Vec<u8> },
    /// [`Reply::Done`]: the one who asked has its reply. `not_found` where it waits no longer, or asked
    /// somebody else.
    IpcReply { to: RequestId, body: Vec<u8> },
    /// [`Reply::Messages`]: from 1 to `max` of its own unread messages, in the order in which they came;
    /// none when nothing came within `wait`, and `not_found` for a topic it does not listen to. Each is
    /// handed out once, whatever becomes of the answer. `max` is from 1 to
    /// [`RECEIVE_LIMIT`](super::RECEIVE_LIMIT).
    IpcReceive { wanted: Wanted, max: u32, wait: Millis },
    /// [`Reply::Done`]: what is published under `topic` from now on comes to the caller, until it ends or
    /// may not any more. What a person allows once lasts as long as the process.
    IpcSubscribe { topic: Topic },
    /// [`Reply::Done`], or `not_found`. What came of the topic and was not read is gone.
    IpcUnsubscribe { topic: Topic },
    /// [`Reply::File`] or [`Reply::Done`], as the call says. Approved as a request is, for one place and what is below it.
    File(FileCall),
    /// [`Reply::Done`]: the caller's own call in flight of that name ended with `cancelled`, and so did what it started;
    /// `not_found` where there is none.
    CancelCall { name: CallName },
    /// [`Reply::Program`] once it ended, however it ended. It runs as a child process of the caller, which is
    /// `cancelled` here when that process is killed and which it does not outlive; it may take
    /// [`PROGRAM_PATIENCE`](super::PROGRAM_PATIENCE) times its CPU time. Approved as a request is, program by program.
    /// Once allowed, `not_found` for one the operator did not register, and `unavailable` where it cannot be confined.
    RunProgram(ProgramRequest),
    /// [`Reply::Approvals`]: what the person is asked now.
    ListApprovals,
    /// [`Reply::Done`], or `not_found` when the question is closed. An answer that is kept holds even
    /// when it could not be written, until the kernel stops.
    AnswerApproval { id: ApprovalId, answer: ApprovalAnswer },
    /// [`Reply::StandingApprovals`]: what was answered for the apps of `namespace` and still holds.
    ListStandingApprovals { namespace: Namespace },
    /// [`Reply::Done`]: none of that holds any more, for running processes too. Calls in flight that needed
    /// it end.
    ForgetApprovals { namespace: Namespace },
}

impl Syscall {
    /// Whether it makes a difference that it is made twice. A request over the network does, whatever its method, and
    /// so does a question to the model, which costs something.
    pub(super) fn changes_something(&self) -> bool {
        match self {
            Self::StorePut { .. }
            | Self::StoreDelete { .. }
            | Self::StoreClear { .. }
            | Self::ClearHome { .. }
            | Self::SpawnProcess(_)
            | Self::KillProcess { .. }
            | Self::SuspendProcess { .. }
            | Self::ResumeProcess { .. }
            | Self::SetProcessPriority { .. }
            | Self::SetFocus { .. }
            | Self::HoldState { .. }
            | Self::AddGrant { .. }
            | Self::RevokeGrant { .. }
            | Self::RunProgram(_)
            | Self::Socket(_)
            | Self::NetworkRequest(_)
            | Self::LlmGenerate(_)
            | Self::IpcDispatch { .. }
            | Self::IpcReply { .. }
            | Self::IpcReceive { .. }
            | Self::IpcSubscribe { .. }
            | Self::IpcUnsubscribe { .. }
            | Self::CancelCall { .. }
            | Self::AnswerApproval { .. }
            | Self::ForgetApprovals { .. } => true,
            Self::File(call) => call.changes_something(),
            Self::StoreGet { .. }
            | Self::StoreList { .. }
            | Self::GetHomeSpace { .. }
            | Self::GetSystemInfo
            | Self::GetCurrentTime
            | Self::GetUptime
            | Self::GetProcessInfo { .. }
            | Self::WaitProcess { .. }
            | Self::GetProcessStats { .. }
            | Self::GetMemoryStats
            | Self::ListProcesses
            | Self::ListGrants { .. }
            | Self::ListAllGrants
            | Self::ListEvents { .. }
            | Self::GetStats
            | Self::NetworkAccess { .. }
            | Self::ListApprovals
            | Self::ListStandingApprovals { .. } => false,
        }
    }
}

/// The most keys one [`Syscall::StoreList`] answers.
pub const STORE_LIST_LIMIT: u32 = 1_000;

/// The answer to a syscall that succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    Done,
    Value(StoredValue),
    /// The version the value has now.
    Stored(u64),
    /// How many values are gone.
    Removed(u64),
    /// `more` says that keys follow the last of these.
    Keys {
        keys: Vec<StoreKey>,
        more: bool,
    },
    SystemInfo(SystemInfo),
    /// Milliseconds since the Unix epoch.
    Time(Millis),
    /// Milliseconds since the kernel started.
    Uptime(Millis),
    Spawned(Pid),
    /// The process first, then its descendants, parents before children.
    Killed(Vec<Pid>),
    Process(Box<ProcessInfo>),
    /// By pid.
    Processes(Vec<ProcessInfo>),
    Granted(GrantId),
    Grants(Vec<GrantInfo>),
    Events(EventPage),
    Stats(Box<KernelStats>),
    Response(HttpResponse),
    Socket(SocketMessages),
    Model(ModelReply),
    Ended(EndReason),
    ProcessStats(Box<ProcessStats>),
    MemoryStats(MemoryStats),
    Messages(Vec<Message>),
    /// What was replied to the request.
    Answered(Vec<u8>),
    /// How many mailboxes it reached.
    Delivered(u64),
    File(FileReply),
    /// What files and folders take, in bytes; see [`DISK_BLOCK`](super::DISK_BLOCK).
    Space(u64),
    Program(ProgramOutput),
    /// How many bytes flowed, and the whole file they were read from or that they made.
    Streamed {
        bytes: u64,
        stat: FileStat,
    },
    /// Oldest first.
    Approvals(Vec<Approval>),
    StandingApprovals(Vec<StandingApproval>),
}

impl Reply {
    /// Whether what it brings is held until it was taken, see [`LARGE_ANSWER`].
    pub fn is_large(&self) -> bool {
        self.bytes() >= LARGE_ANSWER
    }

    /// What it brings, as far as a caller decides how much that is.
    pub(super) fn bytes(&self) -> u64 {
        let bytes = match self {
            Self::Value(value) => value.bytes.len(),
            Self::File(FileReply::Bytes { bytes, .. }) => bytes.len(),
            Self::File(FileReply::Entries { entries, .. }) => {
                let names: usize = entries.iter().map(|entry| entry.name.len()).sum();
                size_of_val(&entries[..]) + names
            }
            Self::Keys { keys, .. } => {
                let names: usize = keys.iter().map(|key| key.0.len()).sum();
                size_of_val(&keys[..]) + names
            }
            Self::Killed(pids) => size_of_val(&pids[..]),
            Self::Response(response) => response.bytes(),
            Self::Model(ModelReply::Text(text)) => text.len(),
            Self::Model(ModelReply::Refused { code, message }) => code.len() + message.len(),
            Self::Messages(messages) => {
                let bodies: usize = messages.iter().map(|message| message.body.len()).sum();
                size_of_val(&messages[..]) + bodies
            }
            Self::Answered(body) => body.len(),
            Self::Program(output) => output.stdout.len() + output.stderr.len(),
            Self::Socket(came) => {
                let bytes: u64 = came.messages.iter().map(SocketMessage::bytes).sum();
                size_of_val(&came.messages[..]) + bytes as usize
            }
            _ => 0,
        };
        bytes as u64
    }
}

/// The name of a value in a namespace: 1 to 512 bytes without control characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StoreKey(String);

impl StoreKey {
    pub const MAX_BYTES: usize = 512;

    pub fn parse(text: &str) -> Result<Self, SysError> {
        let fits = (1..=Self::MAX_BYTES).contains(&text.len());
        if fits && !text.contains(char::is_control) {
            Ok(Self(text.to_owned()))
        } else {
            Err(SysError::invalid("key"))
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for StoreKey {
    type Error = SysError;

    fn try_from(text: String) -> Result<Self, SysError> {
        Self::parse(&text)
    }
}

impl From<StoreKey> for String {
    fn from(key: StoreKey) -> Self {
        key.0
    }
}

/// A value and the version it has. Versions of one namespace only grow; none is used twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredValue {
    pub bytes: Vec<u8>,
    pub version: u64,
}

/// Coarse facts about the machine: nothing that names it or its user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SystemInfo {
    /// As Rust names it: `linux`, `macos`, `windows`.
    pub os: String,
    /// As Rust names it: `x86_64`, `aarch64`.
    pub arch: String,
    pub cpus: u32,
    /// What the machine has in all; none where it does not tell.
    pub memory_bytes: Option<u64>,
    /// The version of `AgentOS`.
    pub version: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, accepted: bool) {
        assert_eq!(StoreKey::parse(text).is_ok(), accepted, "{text:?}");
    }

    #[test]
    fn keys_are_short_printable_names() {
        check("a", true);
        check("notes/today: ü", true);
        check(&"k".repeat(512), true);
        check(&"k".repeat(513), false);
        check("", false);
        check("a\0b", false);
        check("a\nb", false);
    }
}
