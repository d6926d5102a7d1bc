//! What processes use, read from the kernel's own state.

use serde::Serialize;

use super::capability::Capability;
use super::{Kernel, Limits, Pid, Principal, SysError, Usage};
use crate::time::Millis;

/// What one process uses, and of how much.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProcessStats {
    pub pid: Pid,
    pub usage: Usage,
    pub limits: Limits,
    pub child_processes: u32,
    /// Topics it listens to.
    pub subscriptions: u64,
    /// Questions about it that wait for the person.
    pub approvals: u64,
    /// Milliseconds since it started.
    pub age_ms: Millis,
}

/// What the kernel holds in memory for the caller and for all below it, which for the system are all
/// processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct MemoryStats {
    pub own_bytes: u64,
    pub own_limit_bytes: u64,
    /// With its own.
    pub tree_bytes: u64,
    pub tree_processes: u64,
}

impl Kernel {
    /// A process may see its own, and needs [`Capability::Signal`] for those below it.
    pub(super) fn process_stats(&self, caller: Principal, pid: Pid) -> Result<ProcessStats, SysError> {
        if caller.pid() != pid {
            self.check_control(caller, pid)?;
        }
        let process = self.processes.get(pid).ok_or(SysError::NotFound)?;
        Ok(ProcessStats {
            pid,
            usage: process.usage,
            limits: *process.limits,
            child_processes: process.children(),
            subscriptions: process.mailbox.topics().count() as u64,
            approvals: self.approvals.of_process(pid).len() as u64,
            age_ms: self.now.saturating_sub(process.started_at()),
        })
    }

    pub(super) fn memory_stats(&self, caller: Principal) -> Result<MemoryStats, SysError> {
        self.check(caller, &Capability::SystemInfo)?;
        let own = self.processes.get(caller.pid()).ok_or(SysError::Cancelled)?;
        let tree = self.processes.tree(caller.pid());
        let held = tree.iter().filter_map(|pid| self.processes.get(*pid));
        Ok(MemoryStats {
            own_bytes: own.usage.memory_bytes,
            own_limit_bytes: own.limits.memory_bytes,
            tree_bytes: held.map(|process| process.usage.memory_bytes).sum(),
            tree_processes: tree.len() as u64,
        })
    }
}
