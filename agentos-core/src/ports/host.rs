//! What the kernel needs from the machine.

use async_trait::async_trait;

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

    /// Appends decisions that have no operation to the audit, in order, all or none.
    ///
    /// # Errors
    /// [`SysError::Unavailable`] and [`SysError::Io`]: none was appended.
    async fn record(&self, records: &[AuditRecord]) -> Result<(), SysError>;
}
