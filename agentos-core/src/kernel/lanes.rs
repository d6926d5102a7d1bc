//! Operations by what they wait for, so that those that take long keep none of another kind waiting.

use super::CallId;
use super::KernelConfig;
use super::process::{Pid, Priority};
use super::queues::Queues;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    /// This machine: its files and stores.
    Local,
    /// Other sides: servers and models.
    Remote,
    Program,
}

#[derive(Debug)]
pub(super) struct Lanes {
    local: Queues,
    remote: Queues,
    programs: Queues,
}

impl Lanes {
    /// One process has half of a lane at most: those of it that take long leave the others the rest.
    pub(super) fn new(config: &KernelConfig) -> Self {
        let shared = |at_once: usize| Queues::new(at_once, at_once.div_ceil(2));
        Self {
            local: shared(config.local_at_once),
            remote: shared(config.remote_at_once),
            programs: shared(config.programs_at_once),
        }
    }

    pub(super) fn of(&mut self, lane: Lane) -> &mut Queues {
        match lane {
            Lane::Local => &mut self.local,
            Lane::Remote => &mut self.remote,
            Lane::Program => &mut self.programs,
        }
    }

    /// The next call for which its lane has room. Each ends with [`Queues::done`].
    pub(super) fn pop(&mut self) -> Option<CallId> {
        self.all().into_iter().find_map(Queues::pop)
    }

    pub(super) fn set_priority(&mut self, pid: Pid, priority: Priority) {
        for queues in self.all() {
            queues.set_priority(pid, priority);
        }
    }

    pub(super) fn forget(&mut self, pid: Pid) {
        for queues in self.all() {
            queues.forget(pid);
        }
    }

    /// How many calls wait.
    pub(super) fn waiting(&self) -> usize {
        [&self.local, &self.remote, &self.programs]
            .map(Queues::len)
            .iter()
            .sum()
    }

    fn all(&mut self) -> [&mut Queues; 3] {
        [&mut self.local, &mut self.remote, &mut self.programs]
    }
}
