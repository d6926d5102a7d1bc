//! What the kernel holds now, and what happened in it since it started.

use std::collections::BTreeMap;

use serde::Serialize;

use super::error::SysError;
use super::monitor::OpId;
use super::pressure::MemoryLevel;
use super::syscall::Reply;
use super::{Kernel, ProcessState};
use crate::ids::BootId;
use crate::time::Millis;

/// The kernel in numbers: what there is at this moment, and counts that only grow until it stops.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KernelStats {
    pub boot: BootId,
    /// Milliseconds since the kernel started.
    pub uptime_ms: Millis,
    /// With the system itself and those that are suspended.
    pub processes: usize,
    pub suspended: usize,
    /// Held for all processes together.
    pub memory_bytes: u64,
    /// The limits of all processes together; more than there is for them.
    pub memory_limit_bytes: u64,
    /// What all processes together may have held for them.
    pub memory_budget_bytes: u64,
    pub memory_level: MemoryLevel,
    pub grants: usize,
    /// Questions that wait for a person.
    pub approvals: usize,
    pub calls_in_flight: usize,
    /// Calls that were answered, by `ok` or the code of their error.
    pub calls: BTreeMap<String, u64>,
    /// Calls that were refused for want of a grant, those that are only counted in the audit too.
    pub denials: u64,
    /// Operations a host performs.
    pub operations_in_flight: usize,
    /// Calls whose operation waits for its turn.
    pub operations_waiting: usize,
    /// How long operations took that a host ended; cancelled ones are not among them.
    pub operation_times: OperationTimes,
    /// Files that are read or written as streams now.
    pub open_streams: usize,
    /// What flowed in those that ended well.
    pub streamed_bytes: u64,
    /// The `seq` of the newest event.
    pub events: u64,
}

/// Durations, counted by how long they were.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct OperationTimes {
    pub count: u64,
    pub total_ms: u64,
    /// For each of [`Self::BOUNDS`] how many took no longer.
    pub within: [u64; Self::BOUNDS.len()],
}

impl OperationTimes {
    /// In milliseconds.
    pub const BOUNDS: [Millis; 8] = [1, 5, 10, 50, 100, 500, 1_000, 5_000];

    fn add(&mut self, took: Millis) {
        self.count += 1;
        self.total_ms += took;
        for (bound, within) in Self::BOUNDS.iter().zip(&mut self.within) {
            *within += u64::from(took <= *bound);
        }
    }
}

/// What is counted as it happens, because nothing else remembers it.
#[derive(Debug, Default)]
pub(super) struct Tally {
    calls: BTreeMap<&'static str, u64>,
    began: BTreeMap<OpId, Millis>,
    operation_times: OperationTimes,
    streamed_bytes: u64,
}

impl Tally {
    pub(super) fn answered(&mut self, result: &Result<Reply, SysError>) {
        let outcome = result.as_ref().err().map_or("ok", SysError::code);
        *self.calls.entry(outcome).or_default() += 1;
    }

    pub(super) fn operation_began(&mut self, op: OpId, now: Millis) {
        self.began.insert(op, now);
    }

    pub(super) fn operation_ended(&mut self, op: OpId, now: Millis) {
        if let Some(began) = self.began.remove(&op) {
            self.operation_times.add(now.saturating_sub(began));
        }
    }

    pub(super) fn stream_ended(&mut self, result: &Result<Reply, SysError>) {
        if let Ok(Reply::Streamed { bytes, .. }) = result {
            self.streamed_bytes += bytes;
        }
    }

    pub(super) fn operation_cancelled(&mut self, op: OpId) {
        self.began.remove(&op);
    }
}

impl Kernel {
    pub(super) fn stats(&mut self) -> KernelStats {
        let memory = self.processes.memory();
        let Tally {
            calls,
            operation_times,
            streamed_bytes,
            ..
        } = &self.tally;
        let processes = self.processes.all();
        let suspended = processes
            .clone()
            .filter(|process| process.state == ProcessState::Suspended);
        KernelStats {
            boot: self.config.boot,
            uptime_ms: self.now - self.started_at,
            suspended: suspended.count(),
            memory_bytes: memory.held,
            memory_limit_bytes: processes.clone().map(|process| process.limits.memory_bytes).sum(),
            memory_budget_bytes: memory.budget,
            memory_level: memory.level,
            processes: processes.count(),
            grants: self.grants.len(),
            approvals: self.approvals.open().count(),
            calls_in_flight: self.calls.len(),
            denials: calls.get("permission_denied").copied().unwrap_or_default(),
            calls: calls
                .iter()
                .map(|(outcome, count)| ((*outcome).to_owned(), *count))
                .collect(),
            operations_in_flight: self.performing.len(),
            operations_waiting: self.lanes.waiting(),
            operation_times: operation_times.clone(),
            open_streams: self.streaming.len(),
            streamed_bytes: *streamed_bytes,
            events: self.events.newest(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_counted_within_every_bound_it_keeps() {
        let mut times = OperationTimes::default();
        for took in [0, 5, 6, 5_000, 5_001] {
            times.add(took);
        }
        assert_eq!((times.count, times.total_ms), (5, 10_012));
        assert_eq!(times.within, [1, 2, 3, 3, 3, 3, 3, 4]);
    }
}
