//! What a syscall is answered.

use super::{SysError, core, invalid, pid, read, read_all, wire, written};
use wire::execute_syscall_response::Answer;
use wire::reply::{self, Reply};

impl From<core::Reply> for wire::Reply {
    fn from(reply: core::Reply) -> Self {
        let reply = match reply {
            core::Reply::Done => Reply::Done(()),
            core::Reply::Value(value) => Reply::Value(value.into()),
            core::Reply::Stored(version) => Reply::Stored(version),
            core::Reply::Space(bytes) => Reply::Space(bytes),
            core::Reply::Removed(values) => Reply::Removed(values),
            core::Reply::Keys { keys, more } => Reply::Keys(reply::Keys {
                keys: written(keys),
                more,
            }),
            core::Reply::SystemInfo(info) => Reply::SystemInfo(info.into()),
            core::Reply::Time(time) => Reply::Time(time),
            core::Reply::Uptime(time) => Reply::Uptime(time),
            core::Reply::Spawned(pid) => Reply::Spawned(pid.number()),
            core::Reply::Killed(pids) => Reply::Killed(reply::Killed {
                pids: pids.into_iter().map(core::Pid::number).collect(),
            }),
            core::Reply::Process(info) => Reply::Process((*info).into()),
            core::Reply::Processes(processes) => Reply::Processes(reply::Processes {
                processes: written(processes),
            }),
            core::Reply::Granted(grant) => Reply::Granted(grant.number()),
            core::Reply::Grants(grants) => Reply::Grants(reply::Grants {
                grants: written(grants),
            }),
            core::Reply::Events(page) => Reply::Events(page.into()),
            core::Reply::Stats(stats) => Reply::Stats((*stats).into()),
            core::Reply::Response(response) => Reply::Response(response.into()),
            core::Reply::Model(reply) => Reply::Model(reply.into()),
            core::Reply::Ended(reason) => Reply::Ended(reason.into()),
            core::Reply::ProcessStats(stats) => Reply::ProcessStats((*stats).into()),
            core::Reply::MemoryStats(stats) => Reply::MemoryStats(stats.into()),
            core::Reply::Messages(messages) => Reply::Messages(reply::Messages {
                messages: written(messages),
            }),
            core::Reply::Answered(body) => Reply::Answered(body),
            core::Reply::Delivered(mailboxes) => Reply::Delivered(mailboxes),
            core::Reply::File(reply) => Reply::File(reply.into()),
            core::Reply::Socket(messages) => Reply::Socket(messages.into()),
            core::Reply::Program(output) => Reply::Program(output.into()),
            core::Reply::Streamed { bytes, stat } => Reply::Streamed(reply::Streamed {
                bytes,
                stat: Some(stat.into()),
            }),
            core::Reply::Approvals(approvals) => Reply::Approvals(reply::Approvals {
                approvals: written(approvals),
            }),
            core::Reply::StandingApprovals(standing) => Reply::StandingApprovals(reply::StandingApprovals {
                standing_approvals: written(standing),
            }),
        };
        Self { reply: Some(reply) }
    }
}

impl TryFrom<wire::Reply> for core::Reply {
    type Error = SysError;

    fn try_from(reply: wire::Reply) -> Result<Self, SysError> {
        Ok(match reply.reply.ok_or_else(|| invalid("reply"))? {
            Reply::Done(()) => Self::Done,
            Reply::Value(value) => Self::Value(value.into()),
            Reply::Stored(version) => Self::Stored(version),
            Reply::Space(bytes) => Self::Space(bytes),
            Reply::Removed(values) => Self::Removed(values),
            Reply::Keys(reply::Keys { keys, more }) => Self::Keys {
                keys: read_all(keys)?,
                more,
            },
            Reply::SystemInfo(info) => Self::SystemInfo(info.into()),
            Reply::Time(time) => Self::Time(time),
            Reply::Uptime(time) => Self::Uptime(time),
            Reply::Spawned(child) => Self::Spawned(pid(child)),
            Reply::Killed(reply::Killed { pids }) => Self::Killed(pids.into_iter().map(pid).collect()),
            Reply::Process(info) => Self::Process(Box::new(info.try_into()?)),
            Reply::Processes(reply::Processes { processes }) => Self::Processes(read_all(processes)?),
            Reply::Granted(grant) => Self::Granted(core::GrantId::from_number(grant)),
            Reply::Grants(reply::Grants { grants }) => Self::Grants(read_all(grants)?),
            Reply::Events(page) => Self::Events(page.try_into()?),
            Reply::Stats(stats) => Self::Stats(Box::new(stats.try_into()?)),
            Reply::Response(response) => Self::Response(response.try_into()?),
            Reply::Model(reply) => Self::Model(reply.try_into()?),
            Reply::Ended(reason) => Self::Ended(reason.try_into()?),
            Reply::ProcessStats(stats) => Self::ProcessStats(Box::new(stats.try_into()?)),
            Reply::MemoryStats(stats) => Self::MemoryStats(stats.into()),
            Reply::Messages(reply::Messages { messages }) => Self::Messages(read_all(messages)?),
            Reply::Answered(body) => Self::Answered(body),
            Reply::Delivered(mailboxes) => Self::Delivered(mailboxes),
            Reply::File(reply) => Self::File(reply.try_into()?),
            Reply::Socket(messages) => Self::Socket(messages.try_into()?),
            Reply::Program(output) => Self::Program(output.try_into()?),
            Reply::Streamed(reply::Streamed { bytes, stat }) => Self::Streamed {
                bytes,
                stat: read("stat", stat)?,
            },
            Reply::Approvals(reply::Approvals { approvals }) => Self::Approvals(read_all(approvals)?),
            Reply::StandingApprovals(reply::StandingApprovals { standing_approvals }) => {
                Self::StandingApprovals(read_all(standing_approvals)?)
            }
        })
    }
}

/// What a call comes to.
type Answered = Result<core::Reply, SysError>;

impl From<Answered> for wire::ExecuteSyscallResponse {
    fn from(answered: Answered) -> Self {
        let answer = match answered {
            Ok(reply) => Answer::Reply(reply.into()),
            Err(error) => Answer::Error(error.into()),
        };
        Self { answer: Some(answer) }
    }
}

/// An answer without a meaning breaks the protocol.
impl From<wire::ExecuteSyscallResponse> for Answered {
    fn from(response: wire::ExecuteSyscallResponse) -> Self {
        let unreadable = |_| SysError::Io {
            kind: core::IoKind::Protocol,
        };
        match response.answer {
            Some(Answer::Reply(reply)) => reply.try_into().map_err(unreadable),
            Some(Answer::Error(error)) => Err(error.try_into().unwrap_or_else(unreadable)),
            None => Err(unreadable(invalid("answer"))),
        }
    }
}
