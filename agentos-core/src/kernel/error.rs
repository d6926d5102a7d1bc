//! Why a syscall failed: one closed set for Rust, REST, WebSocket, gRPC, the CLI and apps.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::approval::ApprovalId;
use super::capability::Capability;
use crate::time::Millis;

/// The answer to a syscall that was refused or failed. A denial is the same whether or not the thing
/// asked for exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Error)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum SysError {
    #[error("the process may not {need}")]
    PermissionDenied { need: Capability },
    #[error("a person has to allow this first")]
    ApprovalRequired { id: ApprovalId },
    #[error("not found")]
    NotFound,
    #[error("it exists already")]
    AlreadyExists,
    #[error("not a directory")]
    NotADirectory,
    #[error("is a directory")]
    IsADirectory,
    #[error("the directory is not empty")]
    NotEmpty,
    /// `field` names the argument as the syscall spells it.
    #[error("{field} is not valid")]
    InvalidArgument { field: String },
    /// It changed since the caller looked. `etag` names what is there now; none when nothing is.
    #[error("it was changed by someone else")]
    Conflict { etag: Option<String> },
    /// Nothing was changed. `retry_after` is absent where waiting does not help by itself.
    #[error("{resource} reached: {used} of {limit}")]
    QuotaExceeded {
        resource: Resource,
        limit: u64,
        used: u64,
        retry_after: Option<Millis>,
    },
    /// `limit` is in bytes.
    #[error("larger than the {limit} bytes allowed")]
    TooLarge { limit: u64 },
    #[error("it took longer than its deadline")]
    DeadlineExceeded,
    #[error("cancelled")]
    Cancelled,
    #[error("not available now")]
    Unavailable { retry_after: Option<Millis> },
    #[error("input or output failed: {kind}")]
    Io { kind: IoKind },
}

impl SysError {
    /// The variant in `snake_case`, the same on every wire and in an app's `error.code`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::PermissionDenied { .. } => "permission_denied",
            Self::ApprovalRequired { .. } => "approval_required",
            Self::NotFound => "not_found",
            Self::AlreadyExists => "already_exists",
            Self::NotADirectory => "not_a_directory",
            Self::IsADirectory => "is_a_directory",
            Self::NotEmpty => "not_empty",
            Self::InvalidArgument { .. } => "invalid_argument",
            Self::Conflict { .. } => "conflict",
            Self::QuotaExceeded { .. } => "quota_exceeded",
            Self::TooLarge { .. } => "too_large",
            Self::DeadlineExceeded => "deadline_exceeded",
            Self::Cancelled => "cancelled",
            Self::Unavailable { .. } => "unavailable",
            Self::Io { .. } => "io",
        }
    }

    /// The answer was none that the syscall can have.
    pub(crate) fn wrong_reply() -> Self {
        Self::Io {
            kind: IoKind::Protocol,
        }
    }

    /// A namespace holds as many keys as it may.
    pub fn store_full(limit: u64, used: u64) -> Self {
        Self::QuotaExceeded {
            resource: Resource::StoreKeys,
            limit,
            used,
            retry_after: None,
        }
    }

    /// A root of files would take more than it may.
    pub fn disk_quota(limit: u64, used: u64) -> Self {
        Self::QuotaExceeded {
            resource: Resource::Disk,
            limit,
            used,
            retry_after: None,
        }
    }

    pub(crate) fn invalid(field: &str) -> Self {
        Self::InvalidArgument {
            field: field.to_owned(),
        }
    }
}

/// What a quota counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    /// Bytes the kernel holds for the process.
    Memory,
    /// Bytes the kernel holds for all processes.
    SystemMemory,
    CallsInFlight,
    CallsPerSecond,
    ChildProcesses,
    TreeDepth,
    Grants,
    /// Keys in the process's namespace.
    StoreKeys,
    /// Space for files in one root.
    Disk,
    /// Requests over the network at once, with those a person is asked about.
    NetworkInFlight,
    /// Bytes sent and received over the network within an hour.
    NetworkBytes,
    /// Connections and files that are read or written bit by bit.
    OpenStreams,
    /// Questions to the person that wait, or answers that are kept.
    Approvals,
    /// Messages the receiver has not read.
    Mailbox,
    MailboxBytes,
    /// Topics a process listens to.
    Subscriptions,
    /// Keys of changes that are remembered.
    IdempotencyKeys,
}

impl std::fmt::Display for Resource {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Memory => "the limit of bytes held in memory",
            Self::SystemMemory => "the limit of bytes held in memory for all processes",
            Self::CallsInFlight => "the limit of calls at once",
            Self::CallsPerSecond => "the limit of calls a second",
            Self::ChildProcesses => "the limit of child processes",
            Self::TreeDepth => "the limit of nested processes",
            Self::Grants => "the limit of grants",
            Self::StoreKeys => "the limit of stored keys",
            Self::Disk => "the limit of space for files",
            Self::NetworkInFlight => "the limit of requests at once",
            Self::NetworkBytes => "the limit of bytes over the network in an hour",
            Self::OpenStreams => "the limit of open streams",
            Self::Approvals => "the limit of questions to the person",
            Self::Mailbox => "the limit of unread messages",
            Self::MailboxBytes => "the limit of bytes in unread messages",
            Self::Subscriptions => "the limit of topics listened to",
            Self::IdempotencyKeys => "the limit of idempotency keys",
        })
    }
}

/// What kind of input or output failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IoKind {
    /// The disk or database refused.
    Disk,
    /// The disk has no room left.
    DiskFull,
    /// What was stored no longer reads as what was written.
    Corrupt,
    /// The other side of a connection answered something else than it was asked.
    Protocol,
    /// A host has no address, or cannot be connected to, or the connection broke.
    Network,
}

impl std::fmt::Display for IoKind {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Disk => "disk",
            Self::DiskFull => "disk full",
            Self::Corrupt => "corrupt",
            Self::Protocol => "protocol",
            Self::Network => "network",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(error: &SysError) {
        let json = serde_json::to_value(error).unwrap();
        assert_eq!(json["code"], error.code());
        assert_eq!(serde_json::from_value::<SysError>(json).unwrap(), *error);
    }

    #[test]
    fn code_is_the_same_in_rust_and_on_the_wire() {
        check(&SysError::PermissionDenied {
            need: Capability::Time,
        });
        check(&SysError::ApprovalRequired {
            id: ApprovalId::parse("1").unwrap(),
        });
        check(&SysError::NotFound);
        check(&SysError::AlreadyExists);
        check(&SysError::NotADirectory);
        check(&SysError::IsADirectory);
        check(&SysError::NotEmpty);
        check(&SysError::invalid("key"));
        check(&SysError::Conflict {
            etag: Some("7".to_owned()),
        });
        let (resource, limit, used) = (Resource::CallsPerSecond, 200, 200);
        check(&SysError::QuotaExceeded {
            resource,
            limit,
            used,
            retry_after: Some(5),
        });
        check(&SysError::TooLarge { limit: 1 });
        check(&SysError::DeadlineExceeded);
        check(&SysError::Cancelled);
        check(&SysError::Unavailable { retry_after: None });
        check(&SysError::Io {
            kind: IoKind::Corrupt,
        });
    }
}
