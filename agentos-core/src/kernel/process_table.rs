//! The tree of processes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::error::{Resource, SysError};
use super::limits::{CallRate, Limits, NetworkHour, Usage};
use super::line::one_line;
use super::mailbox::Mailbox;
use super::message::Topic;
use super::pressure::{Memory, MemoryLevel};
use super::process::{NewProcess, Pid, Principal, Priority, ProcessInfo, ProcessState, Profile};
use super::sockets::Sockets;
use crate::ids::Namespace;
use crate::time::Millis;

#[derive(Debug)]
pub(super) struct Process {
    name: String,
    parent: Option<Pid>,
    pub(super) namespace: Option<Namespace>,
    depth: u32,
    children: u32,
    started_at: Millis,
    rate: CallRate,
    hour: NetworkHour,
    pub(super) state: ProcessState,
    pub(super) profile: Profile,
    pub(super) priority: Priority,
    /// Shared by all that have the same.
    pub(super) limits: Arc<Limits>,
    pub(super) usage: Usage,
    /// Of its memory: answers that were given and are not taken yet. They outlast it.
    untaken_bytes: u64,
    pub(super) mailbox: Mailbox,
    pub(super) sockets: Sockets,
}

impl Process {
    /// Counts one more call against the rate.
    pub(super) fn count_call(&mut self, now: Millis) -> Result<(), SysError> {
        self.rate.take(&self.limits, now)?;
        self.usage.calls += 1;
        Ok(())
    }

    /// How many bytes the answer to one more request may have, at most `wanted`.
    pub(super) fn check_network(&mut self, wanted: u64, now: Millis) -> Result<u64, SysError> {
        self.hour.room(&self.limits, &mut self.usage, wanted, now)
    }

    /// As [`check_network`](Self::check_network), for no less than `bytes`.
    pub(super) fn check_network_for(&mut self, bytes: u64, now: Millis) -> Result<(), SysError> {
        if self.check_network(bytes, now)? < bytes {
            return Err(self.network_is_full(now));
        }
        Ok(())
    }

    /// Takes a place among the requests, with room for the answer that was just checked.
    pub(super) fn take_network(&mut self, response_bytes: u64) {
        self.usage.network_in_flight += 1;
        self.hour.take(response_bytes);
    }

    pub(super) fn reserve_network(&mut self, bytes: u64, now: Millis) -> Result<(), SysError> {
        self.hour.reserve(&self.limits, &mut self.usage, bytes, now)
    }

    pub(super) fn give_back_network(&mut self, reserved: u64, used: u64, now: Millis) {
        self.usage.network_in_flight -= 1;
        self.settle_network(reserved, used, now);
    }

    pub(super) fn settle_network(&mut self, reserved: u64, used: u64, now: Millis) {
        self.hour.settle(&mut self.usage, reserved, used, now);
    }

    pub(super) fn network_is_full(&self, now: Millis) -> SysError {
        self.hour.is_full(&self.limits, &self.usage, now)
    }

    pub(super) fn check_memory(&self, bytes: u64) -> Result<(), SysError> {
        self.usage.check_memory(&self.limits, bytes)
    }

    pub(super) fn hold_answer(&mut self, bytes: u64) {
        self.usage.memory_bytes += bytes;
        self.untaken_bytes += bytes;
    }

    /// What comes back when it ends.
    fn bytes_given_back(&self) -> u64 {
        self.usage.memory_bytes - self.untaken_bytes
    }

    pub(super) fn is_running(&self) -> bool {
        self.state == ProcessState::Running
    }

    pub(super) fn children(&self) -> u32 {
        self.children
    }

    pub(super) fn started_at(&self) -> Millis {
        self.started_at
    }

    fn info(&self, pid: Pid) -> ProcessInfo {
        ProcessInfo {
            pid,
            name: self.name.clone(),
            parent: self.parent,
            namespace: self.namespace,
            state: self.state,
            priority: self.priority,
            profile: self.profile,
            limits: *self.limits,
            usage: self.usage,
            started_at: self.started_at,
        }
    }
}

#[derive(Debug)]
pub(super) struct ProcessTable {
    issued: Pid,
    /// Boxed, since the nodes of the map are half empty.
    processes: BTreeMap<Pid, Box<Process>>,
    /// Each process that has a parent, behind it.
    children: BTreeSet<(Pid, Pid)>,
    /// One of each that a process has.
    limits: Vec<Arc<Limits>>,
    /// Without what the process that was reached for last holds more, or less, than it did then.
    memory: Memory,
    reached: Option<(Pid, u64)>,
}

impl ProcessTable {
    /// Holds the system alone.
    pub(super) fn new(limits: Limits, memory_budget: u64, now: Millis) -> Self {
        let system = Process {
            name: "system".to_owned(),
            parent: None,
            namespace: None,
            depth: 0,
            children: 0,
            started_at: now,
            rate: CallRate::full(&limits, now),
            hour: NetworkHour::new(now),
            state: ProcessState::Running,
            profile: Profile::Privileged,
            priority: Priority::default(),
            limits: Arc::new(limits),
            usage: Usage::default(),
            untaken_bytes: 0,
            mailbox: Mailbox::default(),
            sockets: Sockets::new(),
        };
        Self {
            issued: Pid::SYSTEM,
            processes: BTreeMap::from([(Pid::SYSTEM, Box::new(system))]),
            children: BTreeSet::new(),
            limits: Vec::new(),
            memory: Memory::new(memory_budget),
            reached: None,
        }
    }

    pub(super) fn get(&self, pid: Pid) -> Option<&Process> {
        self.processes.get(&pid).map(|process| &**process)
    }

    /// Whatever becomes of what it holds is counted, see [`memory`](Self::memory).
    pub(super) fn get_mut(&mut self, pid: Pid) -> Option<&mut Process> {
        self.count_reached();
        let process = self.processes.get_mut(&pid)?;
        self.reached = Some((pid, process.usage.memory_bytes));
        Some(process)
    }

    fn count_reached(&mut self) {
        if let Some((pid, before)) = self.reached.take() {
            let process = self.processes.get(&pid);
            let after = process.map_or(0, |process| process.usage.memory_bytes);
            self.memory.held = self.memory.held - before + after;
        }
    }

    /// What is held for all of them now.
    pub(super) fn memory(&mut self) -> Memory {
        self.count_reached();
        self.memory
    }

    pub(super) fn set_memory_level(&mut self, level: MemoryLevel) {
        self.memory.level = level;
    }

    /// Takes a place among the calls of `pid`, and `bytes` for what its operation brings and may answer. The system's
    /// own operations have room whatever the processes hold.
    pub(super) fn take_operation(
        &mut self,
        pid: Pid,
        limits: &Limits,
        bytes: u64,
    ) -> Result<&mut Process, SysError> {
        let memory = self.memory();
        let process = self.get_mut(pid).ok_or(SysError::Cancelled)?;
        if pid != Pid::SYSTEM {
            memory.check_operation(bytes)?;
        }
        process.usage.take(limits, bytes)?;
        Ok(process)
    }

    /// What comes back when each process ends, with its parent; children before their parents.
    pub(super) fn given_back_by_ends(&self) -> impl Iterator<Item = (Pid, Option<Pid>, u64)> {
        let processes = self.processes.iter().rev();
        processes.map(|(pid, process)| (*pid, process.parent, process.bytes_given_back()))
    }

    /// An answer is taken; its process may be gone.
    pub(super) fn give_back_answer(&mut self, pid: Pid, bytes: u64) {
        match self.get_mut(pid) {
            Some(process) => {
                process.usage.release(bytes);
                process.untaken_bytes -= bytes;
            }
            None => self.memory.held -= bytes,
        }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Process> + Clone {
        self.processes.values().map(|process| &**process)
    }

    /// Whether `parent` may have one more child.
    pub(super) fn check_room(&self, parent: Pid) -> Result<(), SysError> {
        let parent = self.get(parent).ok_or(SysError::NotFound)?;
        let Limits {
            child_processes,
            tree_depth,
            ..
        } = *parent.limits;
        at_most(Resource::ChildProcesses, child_processes, parent.children)?;
        at_most(Resource::TreeDepth, tree_depth, parent.depth)
    }

    /// Adds a running process below its parent, within the parent's limits.
    pub(super) fn add(&mut self, new: &NewProcess, limits: Limits, now: Millis) -> Result<Pid, SysError> {
        self.check_room(new.parent)?;
        let parent = self.processes.get_mut(&new.parent).ok_or(SysError::NotFound)?;
        let depth = parent.depth + 1;
        parent.children += 1;
        self.issued = Pid(self.issued.0 + 1);
        let process = Process {
            name: one_line(&new.name).chars().take(NewProcess::NAME_CHARS).collect(),
            parent: Some(new.parent),
            namespace: new.namespace,
            depth,
            children: 0,
            started_at: now,
            hour: NetworkHour::new(now),
            state: ProcessState::Running,
            profile: new.profile,
            priority: new.priority,
            rate: CallRate::full(&limits, now),
            limits: self.shared(limits),
            usage: Usage::default(),
            untaken_bytes: 0,
            mailbox: Mailbox::default(),
            sockets: Sockets::new(),
        };
        self.processes.insert(self.issued, Box::new(process));
        self.children.insert((new.parent, self.issued));
        Ok(self.issued)
    }

    fn shared(&mut self, limits: Limits) -> Arc<Limits> {
        if let Some(known) = self.limits.iter().find(|known| ***known == limits) {
            return Arc::clone(known);
        }
        let limits = Arc::new(limits);
        self.limits.push(Arc::clone(&limits));
        limits
    }

    /// `pid` and its descendants, parents before children; empty when there is no such process.
    pub(super) fn tree(&self, pid: Pid) -> Vec<Pid> {
        let mut tree: Vec<Pid> = self
            .processes
            .contains_key(&pid)
            .then_some(pid)
            .into_iter()
            .collect();
        let mut next = 0;
        while let Some(parent) = tree.get(next).copied() {
            let children = self.children.range((parent, Pid(0))..=(parent, Pid(u64::MAX)));
            tree.extend(children.map(|(_, child)| *child));
            next += 1;
        }
        tree
    }

    /// Whether `pid` is a process below `ancestor`.
    pub(super) fn is_below(&self, pid: Pid, ancestor: Pid) -> bool {
        self.ancestors(pid).any(|above| above == ancestor)
    }

    /// The parent of `pid` first, the system last.
    pub(super) fn ancestors(&self, pid: Pid) -> impl Iterator<Item = Pid> {
        let parent_of = |pid: Pid| self.get(pid).and_then(|process| process.parent);
        std::iter::successors(parent_of(pid), move |pid| parent_of(*pid))
    }

    pub(super) fn listening_to(&self, topic: &Topic) -> Vec<Pid> {
        let processes = self.processes.iter();
        let listening = processes.filter(|(_, process)| process.mailbox.listens_to(topic));
        listening.map(|(pid, _)| *pid).collect()
    }

    /// Every process with each topic it listens to, and whether a person allowed that once.
    pub(super) fn subscriptions(&self) -> Vec<(Pid, Topic, bool)> {
        let processes = self.processes.iter();
        let subscriptions = processes.flat_map(|(pid, process)| {
            let topics = process.mailbox.topics();
            topics.map(|(topic, allowed_once)| (*pid, topic.clone(), allowed_once))
        });
        subscriptions.collect()
    }

    /// Every process with the URL of each connection it has.
    pub(super) fn sockets(&self) -> Vec<(Pid, String)> {
        let processes = self.processes.iter();
        let sockets = processes.flat_map(|(pid, process)| {
            let urls = process.sockets.keys();
            urls.map(|url| (*pid, url.clone()))
        });
        sockets.collect()
    }

    pub(super) fn of_namespace(&self, namespace: Namespace) -> Vec<Pid> {
        let own = self
            .processes
            .iter()
            .filter(|(_, process)| process.namespace == Some(namespace));
        own.map(|(pid, _)| *pid).collect()
    }

    /// Empty when there is no such process.
    pub(super) fn name(&self, pid: Pid) -> String {
        self.get(pid)
            .map(|process| process.name.clone())
            .unwrap_or_default()
    }

    pub(super) fn remove(&mut self, pid: Pid) {
        self.count_reached();
        let removed = self.processes.remove(&pid);
        let given_back = removed.as_ref().map_or(0, |process| process.bytes_given_back());
        self.memory.held -= given_back;
        let Some(parent) = removed.and_then(|process| process.parent) else {
            return;
        };
        self.children.remove(&(parent, pid));
        if let Some(parent) = self.processes.get_mut(&parent) {
            parent.children -= 1;
        }
    }

    pub(super) fn info(&self, pid: Pid) -> Option<ProcessInfo> {
        self.get(pid).map(|process| process.info(pid))
    }

    /// What `caller` may see: everything for the system, else itself and its descendants.
    pub(super) fn visible_to(&self, caller: Principal) -> Vec<ProcessInfo> {
        let sees = |pid: Pid| match caller {
            Principal::System => true,
            Principal::Process(own) => pid == own || self.is_below(pid, own),
        };
        self.processes
            .iter()
            .filter(|(pid, _)| sees(**pid))
            .map(|(pid, process)| process.info(*pid))
            .collect()
    }
}

fn at_most(resource: Resource, limit: u32, used: u32) -> Result<(), SysError> {
    if used < limit {
        return Ok(());
    }
    let (limit, used) = (limit.into(), used.into());
    Err(SysError::QuotaExceeded {
        resource,
        limit,
        used,
        retry_after: None,
    })
}
