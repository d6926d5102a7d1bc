//! Processes: what is made, what there is, and what it uses.

use std::collections::BTreeMap;

use agentos_core::ids::BootId;

use super::{SysError, core, invalid, namespace, number, pid, read, wire, word};
use wire::process_state::State;

pub(super) fn priority(weight: u32) -> Result<core::Priority, SysError> {
    let weight = u8::try_from(weight).ok();
    weight
        .and_then(core::Priority::new)
        .ok_or_else(|| invalid("priority"))
}

impl From<core::NewProcess> for wire::NewProcess {
    fn from(new: core::NewProcess) -> Self {
        Self {
            name: new.name,
            parent: new.parent.number(),
            namespace: new.namespace.map(|namespace| namespace.to_string()),
            sandbox_level: number::<wire::SandboxLevel, _>(new.profile),
            priority: new.priority.weight().into(),
            focused: new.focused,
        }
    }
}

impl TryFrom<wire::NewProcess> for core::NewProcess {
    type Error = SysError;

    fn try_from(new: wire::NewProcess) -> Result<Self, SysError> {
        Ok(Self {
            name: new.name,
            parent: pid(new.parent),
            namespace: new.namespace.as_deref().map(namespace).transpose()?,
            profile: word::<wire::SandboxLevel, _>(new.sandbox_level)?,
            priority: priority(new.priority)?,
            focused: new.focused,
        })
    }
}

impl From<core::ProcessInfo> for wire::ProcessInfo {
    fn from(info: core::ProcessInfo) -> Self {
        Self {
            pid: info.pid.number(),
            name: info.name,
            parent: info.parent.map(core::Pid::number),
            namespace: info.namespace.map(|namespace| namespace.to_string()),
            state: Some(info.state.into()),
            priority: info.priority.weight().into(),
            sandbox_level: number::<wire::SandboxLevel, _>(info.profile),
            limits: Some(info.limits.into()),
            usage: Some(info.usage.into()),
            started_at: info.started_at,
        }
    }
}

impl TryFrom<wire::ProcessInfo> for core::ProcessInfo {
    type Error = SysError;

    fn try_from(info: wire::ProcessInfo) -> Result<Self, SysError> {
        Ok(Self {
            pid: pid(info.pid),
            name: info.name,
            parent: info.parent.map(pid),
            namespace: info.namespace.as_deref().map(namespace).transpose()?,
            state: read("state", info.state)?,
            priority: priority(info.priority)?,
            profile: word::<wire::SandboxLevel, _>(info.sandbox_level)?,
            limits: info.limits.ok_or_else(|| invalid("limits"))?.into(),
            usage: info.usage.ok_or_else(|| invalid("usage"))?.into(),
            started_at: info.started_at,
        })
    }
}

impl From<core::ProcessState> for wire::ProcessState {
    fn from(state: core::ProcessState) -> Self {
        let state = match state {
            core::ProcessState::Running => State::Running(()),
            core::ProcessState::Suspended => State::Suspended(()),
            core::ProcessState::Terminated { reason } => State::Terminated(reason.into()),
        };
        Self { state: Some(state) }
    }
}

impl TryFrom<wire::ProcessState> for core::ProcessState {
    type Error = SysError;

    fn try_from(state: wire::ProcessState) -> Result<Self, SysError> {
        Ok(match state.state.ok_or_else(|| invalid("state"))? {
            State::Running(()) => Self::Running,
            State::Suspended(()) => Self::Suspended,
            State::Terminated(reason) => Self::Terminated {
                reason: reason.try_into()?,
            },
        })
    }
}

/// Both sides of messages whose fields have one name and one kind; each must name them all.
macro_rules! same_fields {
    ($($core:ty = $wire:ty { $($field:ident)* })*) => {$(
        impl From<$core> for $wire {
            fn from(core: $core) -> Self {
                Self { $($field: core.$field.into(),)* }
            }
        }

        impl From<$wire> for $core {
            fn from(wire: $wire) -> Self {
                Self { $($field: wire.$field.into(),)* }
            }
        }
    )*};
}

same_fields! {
    core::Limits = wire::Limits {
        memory_bytes calls_in_flight calls_per_second call_burst child_processes tree_depth store_keys store_value_bytes
        disk_bytes request_bytes response_bytes network_in_flight network_bytes_per_hour message_bytes mailbox_messages
        mailbox_bytes open_streams program_address_bytes program_cpu_seconds program_output_bytes
    }
    core::Usage = wire::Usage {
        memory_bytes calls_in_flight calls network_in_flight network_bytes messages message_bytes open_streams state_bytes
    }
    core::MemoryStats = wire::MemoryStats { own_bytes own_limit_bytes tree_bytes tree_processes }
    core::SystemInfo = wire::SystemInfo { os arch cpus memory_bytes version }
    core::StoredValue = wire::StoredValue { bytes version }
}

impl From<core::ProcessStats> for wire::ProcessStats {
    fn from(stats: core::ProcessStats) -> Self {
        Self {
            pid: stats.pid.number(),
            usage: Some(stats.usage.into()),
            limits: Some(stats.limits.into()),
            child_processes: stats.child_processes,
            subscriptions: stats.subscriptions,
            approvals: stats.approvals,
            age_ms: stats.age_ms,
        }
    }
}

impl TryFrom<wire::ProcessStats> for core::ProcessStats {
    type Error = SysError;

    fn try_from(stats: wire::ProcessStats) -> Result<Self, SysError> {
        Ok(Self {
            pid: pid(stats.pid),
            usage: stats.usage.ok_or_else(|| invalid("usage"))?.into(),
            limits: stats.limits.ok_or_else(|| invalid("limits"))?.into(),
            child_processes: stats.child_processes,
            subscriptions: stats.subscriptions,
            approvals: stats.approvals,
            age_ms: stats.age_ms,
        })
    }
}

impl From<core::KernelStats> for wire::KernelStats {
    fn from(stats: core::KernelStats) -> Self {
        Self {
            boot: stats.boot.to_string(),
            uptime_ms: stats.uptime_ms,
            processes: stats.processes as u64,
            suspended: stats.suspended as u64,
            memory_bytes: stats.memory_bytes,
            memory_limit_bytes: stats.memory_limit_bytes,
            grants: stats.grants as u64,
            approvals: stats.approvals as u64,
            calls_in_flight: stats.calls_in_flight as u64,
            calls: stats.calls.into_iter().collect(),
            denials: stats.denials,
            operations_in_flight: stats.operations_in_flight as u64,
            operations_waiting: stats.operations_waiting as u64,
            operation_times: Some(stats.operation_times.into()),
            events: stats.events,
            open_streams: stats.open_streams as u64,
            streamed_bytes: stats.streamed_bytes,
            memory_budget_bytes: stats.memory_budget_bytes,
            memory_level: number::<wire::MemoryLevel, _>(stats.memory_level),
        }
    }
}

impl TryFrom<wire::KernelStats> for core::KernelStats {
    type Error = SysError;

    fn try_from(stats: wire::KernelStats) -> Result<Self, SysError> {
        Ok(Self {
            boot: BootId::parse(&stats.boot).map_err(|_| invalid("boot"))?,
            uptime_ms: stats.uptime_ms,
            processes: count(stats.processes)?,
            suspended: count(stats.suspended)?,
            memory_bytes: stats.memory_bytes,
            memory_limit_bytes: stats.memory_limit_bytes,
            grants: count(stats.grants)?,
            approvals: count(stats.approvals)?,
            calls_in_flight: count(stats.calls_in_flight)?,
            calls: stats.calls.into_iter().collect::<BTreeMap<_, _>>(),
            denials: stats.denials,
            operations_in_flight: count(stats.operations_in_flight)?,
            operations_waiting: count(stats.operations_waiting)?,
            operation_times: read("operation_times", stats.operation_times)?,
            events: stats.events,
            open_streams: count(stats.open_streams)?,
            streamed_bytes: stats.streamed_bytes,
            memory_budget_bytes: stats.memory_budget_bytes,
            memory_level: word::<wire::MemoryLevel, _>(stats.memory_level)?,
        })
    }
}

fn count(number: u64) -> Result<usize, SysError> {
    number.try_into().map_err(|_| invalid("stats"))
}

impl From<core::OperationTimes> for wire::OperationTimes {
    fn from(times: core::OperationTimes) -> Self {
        Self {
            count: times.count,
            total_ms: times.total_ms,
            within: times.within.into(),
        }
    }
}

impl TryFrom<wire::OperationTimes> for core::OperationTimes {
    type Error = SysError;

    fn try_from(times: wire::OperationTimes) -> Result<Self, SysError> {
        Ok(Self {
            count: times.count,
            total_ms: times.total_ms,
            within: times.within.try_into().map_err(|_| invalid("within"))?,
        })
    }
}
