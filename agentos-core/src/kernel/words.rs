//! What happens in the kernel, as a person reads it: the end of a sentence that begins with the process.

use std::fmt::{Display, Formatter, Result};

use super::approval::{ApprovalAnswer, ApprovalNeed};
use super::audit::Action;
use super::capability::{Capability, Rule};
use super::event::EventKind;
use super::files::FileChange;
use super::pressure::MemoryLevel;
use super::process::{EndReason, Pid, Profile};

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
