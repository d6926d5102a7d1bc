//! What the kernel needs from the machine.

use std::ops::ControlFlow;

use async_trait::async_trait;

use super::stream::Pipe;
use crate::kernel::{AuditRecord, AuthorizedOp, Reply, SysError};

/// Performs what the kernel's monitor authorised. Holds no policy of its own: an operation carries
/// its allowance, and whoever can build one has passed every check.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait HostPort: Send + Sync {
    /// Performs `op` and answers what [`Op`](crate::kernel::Op) names. A change and its audit record
    /// become durable together before this returns; after an error neither is there. What is changed outside
    /// the database has its record first, and after an error that alone may be there. Dropping the future
    /// cancels: the operation then happened wholly, with its record, or not at all.
    ///
    /// # Errors
    /// Those named beside the operation. [`SysError::Unavailable`] and [`SysError::Io`]: nothing was
    /// changed.
    async fn perform(&self, op: AuthorizedOp) -> Result<Reply, SysError>;

    /// Performs `op` in this moment, where that takes no wait for anything outside this process: no disk, no other side,
    /// no lock that is held over one. It breaks with the answer of [`perform`](Self::perform), or goes on with `op`, of which
    /// nothing has happened. A host may go on with everything.
    fn perform_at_once(&self, op: AuthorizedOp) -> ControlFlow<Result<Reply, SysError>, AuthorizedOp> {
        ControlFlow::Continue(op)
    }

    /// As [`perform`](Self::perform), with the bytes of an [`Op::Stream`](crate::kernel::Op::Stream): through `pipe` a
    /// file is read, or what becomes a file is brought. Never more than a few chunks are in memory. A chunk that is
    /// longer than [`STREAM_CHUNK`](crate::kernel::STREAM_CHUNK) is [`SysError::TooLarge`], and an error that comes
    /// through the pipe is the answer; nothing is written then.
    ///
    /// # Errors
    /// As for [`perform`](Self::perform).
    async fn stream(&self, op: AuthorizedOp, pipe: Pipe) -> Result<Reply, SysError>;

    /// Appends decisions that have no operation to the audit, in order, all or none.
    ///
    /// # Errors
    /// [`SysError::Unavailable`] and [`SysError::Io`]: none was appended.
    async fn record(&self, records: &[AuditRecord]) -> Result<(), SysError>;
}
