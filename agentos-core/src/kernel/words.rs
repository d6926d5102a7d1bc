//! What happens in the kernel, as a person reads it: the end of a sentence that begins with the process. And what a
//! syscall is called.

use std::fmt::{Display, Formatter, Result};

use super::approval::{ApprovalAnswer, ApprovalNeed};
use super::audit::Action;
use super::capability::{Capability, Rule};
use super::event::EventKind;
use super::files::{FileCall, FileChange};
use super::message::Dispatch;
use super::pressure::MemoryLevel;
use super::process::{EndReason, Pid, Profile};
use super::socket::SocketCall;
use super::syscall::Syscall;

impl Syscall {
    /// What it is called in a log, in `snake_case`. Says nothing of its arguments.
    pub fn name(&self) -> &'static str {
        match self {
            Self::StoreGet { .. } => "store_get",
            Self::StorePut { .. } => "store_put",
            Self::StoreDelete { .. } => "store_delete",
            Self::StoreList { .. } => "store_list",
            Self::StoreClear { .. } => "store_clear",
            Self::GetHomeSpace { .. } => "get_home_space",
            Self::ClearHome { .. } => "clear_home",
            Self::GetSystemInfo => "get_system_info",
            Self::GetCurrentTime => "get_current_time",
            Self::GetUptime => "get_uptime",
            Self::SpawnProcess(_) => "spawn_process",
            Self::KillProcess { .. } => "kill_process",
            Self::SuspendProcess { .. } => "suspend_process",
            Self::ResumeProcess { .. } => "resume_process",
            Self::GetProcessInfo { .. } => "get_process_info",
            Self::WaitProcess { .. } => "wait_process",
            Self::SetProcessPriority { .. } => "set_process_priority",
            Self::SetFocus { .. } => "set_focus",
            Self::HoldState { .. } => "hold_state",
            Self::GetProcessStats { .. } => "get_process_stats",
            Self::GetMemoryStats => "get_memory_stats",
            Self::ListProcesses => "list_processes",
            Self::AddGrant { .. } => "add_grant",
            Self::RevokeGrant { .. } => "revoke_grant",
            Self::ListGrants { .. } => "list_grants",
            Self::ListAllGrants => "list_all_grants",
            Self::ListEvents { .. } => "list_events",
            Self::GetStats => "get_stats",
            Self::NetworkRequest(_) => "network_request",
            Self::NetworkAccess { .. } => "network_access",
            Self::LlmGenerate(_) => "llm_generate",
            Self::IpcDispatch { dispatch, .. } => match dispatch {
                Dispatch::Send { .. } => "ipc_send",
                Dispatch::Call { .. } => "ipc_call",
                Dispatch::Publish { .. } => "ipc_publish",
            },
            Self::IpcReply { .. } => "ipc_reply",
            Self::IpcReceive { .. } => "ipc_receive",
            Self::IpcSubscribe { .. } => "ipc_subscribe",
            Self::IpcUnsubscribe { .. } => "ipc_unsubscribe",
            Self::File(call) => match call {
                FileCall::Read { .. } => "read_file",
                FileCall::Write { .. } => "write_file",
                FileCall::Create { .. } => "create_file",
                FileCall::Truncate { .. } => "truncate_file",
                FileCall::Delete { .. } => "delete_file",
                FileCall::Exists { .. } => "file_exists",
                FileCall::Stat { .. } => "file_stat",
                FileCall::List { .. } => "list_directory",
                FileCall::Move { .. } => "move_file",
                FileCall::Copy { .. } => "copy_file",
                FileCall::CreateDirectory { .. } => "create_directory",
                FileCall::RemoveDirectory { .. } => "remove_directory",
            },
            Self::ListApprovals => "list_approvals",
            Self::AnswerApproval { .. } => "answer_approval",
            Self::ListStandingApprovals { .. } => "list_standing_approvals",
            Self::ForgetApprovals { .. } => "forget_approvals",
            Self::CancelCall { .. } => "cancel_call",
            Self::RunProgram(_) => "run_program",
            Self::Socket(call) => match call {
                SocketCall::Open { .. } => "socket_open",
                SocketCall::Send { .. } => "socket_send",
                SocketCall::Receive { .. } => "socket_receive",
                SocketCall::Close { .. } => "socket_close",
            },
        }
    }
}

impl Display for EventKind {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        match self {
            Self::ProcessSpawned { .. } => out.write_str("began"),
            Self::ProcessEnded { reason } => write!(out, "ended: {reason}"),
            Self::ProcessSuspended {} => out.write_str("was suspended"),
            Self::ProcessResumed {} => out.write_str("was resumed"),
            Self::ProcessPriorityChanged { priority } => {
                write!(out, "now has the weight {}", priority.weight())
            }
            Self::GrantAdded { capability, rule, .. } => write!(out, "now {}", Permission(*rule, capability)),
            Self::GrantRevoked { capability, .. } => write!(out, "lost a grant: {capability}"),
            Self::CallDenied { need } => write!(out, "was refused: {need}"),
            Self::ApprovalRequested { need, .. } => write!(out, "asks to {need}"),
            Self::ApprovalAnswered { answer, .. } => write!(out, "was answered: {answer}"),
            Self::ApprovalExpired { .. } => out.write_str("was refused without an answer"),
            Self::ApprovalWithdrawn { .. } => out.write_str("no longer asks"),
            Self::MemoryPressure { level, .. } => out.write_str(match level {
                MemoryLevel::Normal => "has memory to spare again",
                MemoryLevel::Warning => "is short of memory",
                MemoryLevel::Critical => "is out of memory",
            }),
        }
    }
}

impl Display for Action {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        match self {
            Self::StorePut { key, bytes, .. } => write!(out, "stored {:?} ({bytes} B)", key.as_str()),
            Self::StoreDelete { key, .. } => write!(out, "deleted {:?}", key.as_str()),
            Self::StoreClear { namespace } => write!(out, "cleared the storage {namespace}"),
            Self::Spawn {
                child, name, profile, ..
            } => write!(out, "began {}, {profile}: {name}", Process(*child)),
            Self::End { process, reason } => write!(out, "ended {}: {reason}", Process(*process)),
            Self::Grant {
                grant,
                to,
                capability,
                rule,
            } => {
                let permission = Permission(*rule, capability);
                write!(
                    out,
                    "decided that {} {permission} (grant {})",
                    Process(*to),
                    grant.number()
                )
            }
            Self::Revoke {
                grant,
                from,
                capability,
            } => write!(
                out,
                "took grant {} from {}: {capability}",
                grant.number(),
                Process(*from)
            ),
            Self::Denial { need } => write!(out, "was refused: {need}"),
            Self::NetworkRequest {
                method,
                origin,
                bytes,
            } => {
                write!(out, "sent {} to {origin} ({bytes} B)", method.as_str())
            }
            Self::NetworkAccess { origin } => write!(out, "may show what is at {origin}"),
            Self::NetworkSocket { origin } => write!(out, "opened a connection to {origin}"),
            Self::File {
                change,
                place,
                from,
                bytes,
            } => {
                write!(out, "{} ", done_to_a_file(*change))?;
                if let Some(from) = from {
                    write!(out, "{} to ", from.path)?;
                }
                write!(out, "{} ({bytes} B)", place.path)
            }
            Self::RunProgram {
                process,
                program,
                bytes,
            } => write!(
                out,
                "ran the program {program} as {} ({bytes} B)",
                Process(*process)
            ),
            Self::LlmGenerate { bytes } => write!(out, "asked the model ({bytes} B)"),
            Self::ApprovalAsked { need, .. } => write!(out, "asked to {need}"),
            Self::ApprovalAnswered {
                process,
                need,
                answer,
                ..
            } => write!(
                out,
                "answered {}, which asked to {need}: {answer}",
                Process(*process)
            ),
            Self::ApprovalExpired { need, .. } => write!(out, "had no answer, so nobody may {need}"),
            Self::ForgetApprovals { namespace } => write!(out, "took back what was answered for {namespace}"),
            Self::MoreDenials { count } => write!(out, "counted {count} more refusals"),
        }
    }
}

fn done_to_a_file(change: FileChange) -> &'static str {
    match change {
        FileChange::Write => "wrote",
        FileChange::Create => "created",
        FileChange::Append => "added to",
        FileChange::Truncate => "cut",
        FileChange::Delete => "deleted",
        FileChange::Move => "moved",
        FileChange::Copy => "copied",
        FileChange::CreateDirectory => "made the folder",
        FileChange::RemoveDirectory => "removed the folder",
        FileChange::Clear => "removed all in",
    }
}

/// A process in a sentence.
struct Process(Pid);

impl Display for Process {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        match self.0 {
            Pid::SYSTEM => out.write_str("the system"),
            pid => write!(out, "process {pid}"),
        }
    }
}

/// "may" or "may not".
struct Permission<'a>(Rule, &'a Capability);

impl Display for Permission<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        let verb = match self.0 {
            Rule::Allow => "may",
            Rule::Deny => "may not",
        };
        write!(out, "{verb} {}", self.1)
    }
}

impl Display for ApprovalNeed {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        match self {
            Self::Net(site) => write!(out, "contact {site}"),
            Self::Llm => out.write_str("ask the model"),
            Self::Program { program } => write!(out, "run the program {program}"),
            Self::Ipc(rule) => Display::fmt(rule, out),
            Self::Fs(rule) => Display::fmt(rule, out),
        }
    }
}

impl Display for ApprovalAnswer {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        out.write_str(match self {
            Self::Once => "once",
            Self::Session => "for this session",
            Self::Always => "always",
            Self::Never => "never",
        })
    }
}

impl Display for EndReason {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        out.write_str(match self {
            Self::Killed => "it was killed",
            Self::ParentKilled => "its parent was killed",
            Self::Exited => "its program is done",
            Self::OutOfMemory => "memory ran out",
        })
    }
}

impl Display for Profile {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        out.write_str(match self {
            Self::Minimal => "minimal",
            Self::Standard => "standard",
            Self::Privileged => "privileged",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::GrantId;

    #[track_caller]
    fn check(told: impl Display, expected: &str) {
        assert_eq!(told.to_string(), expected);
    }

    #[test]
    fn what_happened_reads_as_a_sentence() {
        let (grant, capability) = (GrantId::from_number(4), Capability::Time);
        check(
            EventKind::GrantAdded {
                grant,
                capability: capability.clone(),
                rule: Rule::Deny,
            },
            "now may not read the time",
        );
        check(
            EventKind::CallDenied {
                need: Capability::SystemInfo,
            },
            "was refused: read system information",
        );
        let (reason, to) = (EndReason::ParentKilled, Pid::from_number(3));
        check(
            Action::End { process: to, reason },
            "ended process 3: its parent was killed",
        );
        let rule = Rule::Allow;
        check(
            Action::Grant {
                grant,
                to,
                capability,
                rule,
            },
            "decided that process 3 may read the time (grant 4)",
        );
    }
}
