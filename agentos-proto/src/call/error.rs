//! What the kernel refuses with.

use super::{SysError, core, invalid, number, read, same_words, wire, word};
use wire::sys_error::{self, Error};

same_words! {
    core::Resource = wire::Resource as "resource" {
        Memory CallsInFlight CallsPerSecond ChildProcesses TreeDepth Grants StoreKeys Disk NetworkInFlight NetworkBytes
        Approvals Mailbox MailboxBytes Subscriptions OpenStreams IdempotencyKeys SystemMemory
    }
    core::IoKind = wire::IoKind as "kind" { Disk DiskFull Corrupt Protocol Network }
}

impl From<SysError> for wire::SysError {
    fn from(error: SysError) -> Self {
        let (code, message) = (error.code().to_owned(), error.to_string());
        let error = match error {
            SysError::PermissionDenied { need } => Error::PermissionDenied(sys_error::PermissionDenied {
                need: Some(need.into()),
            }),
            SysError::ApprovalRequired { id } => {
                Error::ApprovalRequired(sys_error::ApprovalRequired { id: id.into() })
            }
            SysError::NotFound => Error::NotFound(()),
            SysError::AlreadyExists => Error::AlreadyExists(()),
            SysError::NotADirectory => Error::NotADirectory(()),
            SysError::IsADirectory => Error::IsADirectory(()),
            SysError::NotEmpty => Error::NotEmpty(()),
            SysError::InvalidArgument { field } => {
                Error::InvalidArgument(sys_error::InvalidArgument { field })
            }
            SysError::Conflict { etag } => Error::Conflict(sys_error::Conflict { etag }),
            SysError::QuotaExceeded {
                resource,
                limit,
                used,
                retry_after,
            } => Error::QuotaExceeded(sys_error::QuotaExceeded {
                resource: number::<wire::Resource, _>(resource),
                limit,
                used,
                retry_after,
            }),
            SysError::TooLarge { limit } => Error::TooLarge(sys_error::TooLarge { limit }),
            SysError::DeadlineExceeded => Error::DeadlineExceeded(()),
            SysError::Cancelled => Error::Cancelled(()),
            SysError::Unavailable { retry_after } => {
                Error::Unavailable(sys_error::Unavailable { retry_after })
            }
            SysError::Io { kind } => Error::Io(sys_error::Io {
                kind: number::<wire::IoKind, _>(kind),
            }),
        };
        Self {
            code,
            message,
            error: Some(error),
        }
    }
}

impl TryFrom<wire::SysError> for SysError {
    type Error = Self;

    fn try_from(error: wire::SysError) -> Result<Self, Self> {
        Ok(match error.error.ok_or_else(|| invalid("error"))? {
            Error::PermissionDenied(denied) => Self::PermissionDenied {
                need: read("need", denied.need)?,
            },
            Error::ApprovalRequired(required) => Self::ApprovalRequired {
                id: required.id.try_into()?,
            },
            Error::NotFound(()) => Self::NotFound,
            Error::AlreadyExists(()) => Self::AlreadyExists,
            Error::NotADirectory(()) => Self::NotADirectory,
            Error::IsADirectory(()) => Self::IsADirectory,
            Error::NotEmpty(()) => Self::NotEmpty,
            Error::InvalidArgument(sys_error::InvalidArgument { field }) => Self::InvalidArgument { field },
            Error::Conflict(sys_error::Conflict { etag }) => Self::Conflict { etag },
            Error::QuotaExceeded(exceeded) => Self::QuotaExceeded {
                resource: word::<wire::Resource, _>(exceeded.resource)?,
                limit: exceeded.limit,
                used: exceeded.used,
                retry_after: exceeded.retry_after,
            },
            Error::TooLarge(sys_error::TooLarge { limit }) => Self::TooLarge { limit },
            Error::DeadlineExceeded(()) => Self::DeadlineExceeded,
            Error::Cancelled(()) => Self::Cancelled,
            Error::Unavailable(sys_error::Unavailable { retry_after }) => Self::Unavailable { retry_after },
            Error::Io(io) => Self::Io {
                kind: word::<wire::IoKind, _>(io.kind)?,
            },
        })
    }
}
