//! What is held for all processes together, against the budget: who is refused, and who ends, when it runs out.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::error::{Resource, SysError};
use super::{EndReason, EventKind, Kernel, Pid, Principal, errand};

/// What all processes together may have held for them, unless the operator says otherwise.
pub const MEMORY_BUDGET: u64 = 512 * 1_024 * 1_024;

/// In percent of the budget.
const WARNING: u64 = 80;
const CRITICAL: u64 = 95;
/// A warning is over below it, so that a call which comes and goes at the mark is not told each time.
const CALM: u64 = 70;

/// How far the budget is used up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemoryLevel {
    #[default]
    Normal,
    /// From 80 % on, and until less than 70 % is used: no process begins in the background.
    Warning,
    /// From 95 % on: processes end until less than 80 % is used.
    Critical,
}

/// The budget, and what is used of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Memory {
    pub(super) budget: u64,
    pub(super) held: u64,
    pub(super) level: MemoryLevel,
}

impl Memory {
    pub(super) fn new(budget: u64) -> Self {
        Self {
            budget,
            held: 0,
            level: MemoryLevel::Normal,
        }
    }

    fn is_used(&self, percent: u64, bytes: u64) -> bool {
        u128::from(bytes) * 100 >= u128::from(self.budget) * u128::from(percent)
    }

    /// The level that what is held means now.
    fn level_now(&self) -> MemoryLevel {
        let has_warned = self.level > MemoryLevel::Normal;
        if self.is_used(CRITICAL, self.held) {
            MemoryLevel::Critical
        } else if self.is_used(WARNING, self.held) || has_warned && self.is_used(CALM, self.held) {
            MemoryLevel::Warning
        } else {
            MemoryLevel::Normal
        }
    }

    /// Whether an operation may have `bytes`. They come back by themselves, so nobody ends for them: where they do
    /// not fit, the call is refused.
    pub(super) fn check_operation(&self, bytes: u64) -> Result<(), SysError> {
        if bytes > 0 && self.is_used(CRITICAL, self.held.saturating_add(bytes)) {
            return Err(self.is_full());
        }
        Ok(())
    }

    fn is_full(&self) -> SysError {
        SysError::QuotaExceeded {
            resource: Resource::SystemMemory,
            limit: self.budget,
            used: self.held,
            retry_after: None,
        }
    }
}

/// Who ends first when memory runs out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Background,
    /// Below the focused one.
    Foreground,
    Focused,
    /// Above it, so that it would end too.
    AboveFocused,
}

impl Kernel {
    /// Says which process a person looks at, until it ends.
    pub(super) fn set_focus(&mut self, caller: Principal, pid: Option<Pid>) -> Result<(), SysError> {
        errand::check_person(caller)?;
        if let Some(pid) = pid {
            self.check_control(caller, pid)?;
        }
        self.focused = pid;
        Ok(())
    }

    /// Sets what is held of the state of `pid`, in place of what was.
    pub(super) fn hold_state(&mut self, caller: Principal, pid: Pid, bytes: u64) -> Result<(), SysError> {
        errand::check_person(caller)?;
        self.check_control(caller, pid)?;
        let process = self.processes.get_mut(pid).ok_or(SysError::NotFound)?;
        process.usage.hold_state(&process.limits, bytes)
    }

    /// Whether there is memory for a process to begin below `parent`; one that is focused begins always.
    pub(super) fn check_room_for_process(&mut self, parent: Pid, focused: bool) -> Result<(), SysError> {
        let is_seen = focused || matches!(self.rank(parent), Rank::Focused | Rank::Foreground);
        let memory = self.processes.memory();
        if is_seen || memory.level == MemoryLevel::Normal {
            return Ok(());
        }
        Err(memory.is_full())
    }

    /// Ends processes while too much is held, and tells how things stand when that changed.
    pub(super) fn relieve_memory(&mut self) {
        if self.tell_memory_level() < MemoryLevel::Critical {
            return;
        }
        loop {
            let memory = self.processes.memory();
            if !memory.is_used(WARNING, memory.held) {
                break;
            }
            let Some(pid) = self.next_to_end() else { break };
            self.end_tree(Principal::System, pid, EndReason::OutOfMemory);
        }
        self.tell_memory_level();
    }

    fn tell_memory_level(&mut self) -> MemoryLevel {
        let memory = self.processes.memory();
        let level = memory.level_now();
        if level != memory.level {
            self.processes.set_memory_level(level);
            let (used_bytes, budget_bytes) = (memory.held, memory.budget);
            self.emit(
                Pid::SYSTEM,
                EventKind::MemoryPressure {
                    level,
                    used_bytes,
                    budget_bytes,
                },
            );
        }
        level
    }

    /// Whose end gives most back with those below it, among those of the lowest rank; of equals the youngest. None when ending
    /// anybody would give nothing back.
    fn next_to_end(&self) -> Option<Pid> {
        let trees = self.given_back_by_trees();
        let holders = trees
            .iter()
            .filter(|(pid, bytes)| **pid != Pid::SYSTEM && **bytes > 0);
        let ranked = holders.map(|(pid, bytes)| (self.rank(*pid), Reverse(*bytes), Reverse(*pid)));
        ranked.min().map(|(_, _, Reverse(pid))| pid)
    }

    fn rank(&self, pid: Pid) -> Rank {
        match self.focused {
            Some(focused) if pid == focused => Rank::Focused,
            Some(focused) if self.processes.is_below(pid, focused) => Rank::Foreground,
            Some(focused) if self.processes.is_below(focused, pid) => Rank::AboveFocused,
            _ => Rank::Background,
        }
    }

    /// What comes back when each process ends together with all below it.
    fn given_back_by_trees(&self) -> BTreeMap<Pid, u64> {
        let mut trees = BTreeMap::new();
        // A child is younger than its parent, so what is below it is known before it is added above.
        for (pid, parent, bytes) in self.processes.given_back_by_ends() {
            let tree = trees.entry(pid).or_insert(0);
            *tree += bytes;
            let tree = *tree;
            if let Some(parent) = parent {
                *trees.entry(parent).or_insert(0) += tree;
            }
        }
        trees
    }
}
