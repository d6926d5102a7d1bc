//! Processes and grants: who exists, and who may do what.

use super::{
    Action, ApprovalNeed, CallId, Capability, EndReason, EventKind, GrantId, GrantInfo, Kernel, NewProcess,
    Pid, Principal, Priority, ProcessState, Rule, SysError,
};
use crate::ids::Namespace;

impl Kernel {
    pub(super) fn spawn(&mut self, caller: Principal, new: NewProcess) -> Result<Pid, SysError> {
        let capabilities = Capability::of_profile(new.profile, new.namespace);
        self.check_spawn(caller, &new, &capabilities)?;
        self.check_room_for_process(new.parent, new.focused)?;
        self.check_audit()?;
        let limits = self.config.limits.of(new.profile);
        let child = self.processes.add(&new, limits, self.now)?;
        for capability in capabilities {
            match caller {
                Principal::System => Some(self.grants.add_root(child, capability, Rule::Allow)),
                Principal::Process(pid) => self.grants.derive(pid, child, capability),
            };
        }
        self.tell_spawned(caller, child, &new);
        if caller == Principal::System {
            self.give_standing(child, new.namespace);
        }
        if new.focused {
            self.focused = Some(child);
        }
        Ok(child)
    }

    pub(super) fn tell_spawned(&mut self, caller: Principal, child: Pid, new: &NewProcess) {
        let name = self.processes.name(child);
        self.record(
            caller,
            Action::Spawn {
                child,
                name: name.clone(),
                profile: new.profile,
                namespace: new.namespace,
            },
        );
        let parent = new.parent;
        self.emit(child, EventKind::ProcessSpawned { name, parent });
    }

    /// A process makes children of its own only, no more privileged than itself.
    fn check_spawn(&self, caller: Principal, new: &NewProcess, holds: &[Capability]) -> Result<(), SysError> {
        let Principal::Process(pid) = caller else {
            return Ok(());
        };
        self.check(caller, &Capability::Spawn)?;
        let own = self.processes.get(pid).ok_or(SysError::Cancelled)?;
        if new.parent != pid || new.profile > own.profile || new.focused {
            return Err(SysError::PermissionDenied {
                need: Capability::Spawn,
            });
        }
        holds
            .iter()
            .try_for_each(|capability| self.check(caller, capability))
    }

    /// Ends `pid` and all below it.
    pub(super) fn kill(&mut self, caller: Principal, pid: Pid) -> Result<Vec<Pid>, SysError> {
        self.check_control(caller, pid)?;
        Ok(self.end_tree(caller, pid, EndReason::Killed))
    }

    pub(super) fn end_tree(&mut self, caller: Principal, pid: Pid, reason: EndReason) -> Vec<Pid> {
        let tree = self.processes.tree(pid);
        let programs: Vec<CallId> = tree.iter().filter_map(|pid| self.programs.remove(pid)).collect();
        for ended in &tree {
            let reason = if *ended == pid {
                reason
            } else {
                EndReason::ParentKilled
            };
            self.end_process(caller, *ended, reason);
        }
        for call in programs {
            self.end_call(call, Err(SysError::Cancelled));
        }
        for ended in tree.iter().rev() {
            self.processes.remove(*ended);
        }
        tree
    }

    pub(super) fn end_process(&mut self, caller: Principal, pid: Pid, reason: EndReason) {
        self.grants.revoke_all(pid);
        self.withdraw_all(pid);
        self.cancel_calls_of(pid);
        self.forget_keys_of(pid);
        self.close_sockets_of(pid);
        self.lanes.forget(pid);
        self.focused = self.focused.filter(|focused| *focused != pid);
        self.bury(pid, reason);
        self.record(caller, Action::End { process: pid, reason });
        self.emit(pid, EventKind::ProcessEnded { reason });
    }

    pub(super) fn set_state(
        &mut self,
        caller: Principal,
        pid: Pid,
        state: ProcessState,
        told: EventKind,
    ) -> Result<(), SysError> {
        self.check_control(caller, pid)?;
        // A program makes no calls that could be refused meanwhile.
        if self.programs.contains_key(&pid) {
            return Err(SysError::invalid("pid"));
        }
        let process = self.processes.get_mut(pid).ok_or(SysError::NotFound)?;
        if process.state != state {
            process.state = state;
            self.emit(pid, told);
        }
        Ok(())
    }

    /// Holds for its calls that wait, too.
    pub(super) fn set_priority(
        &mut self,
        caller: Principal,
        pid: Pid,
        priority: Priority,
    ) -> Result<(), SysError> {
        self.check_control(caller, pid)?;
        let process = self.processes.get_mut(pid).ok_or(SysError::NotFound)?;
        if process.priority != priority {
            process.priority = priority;
            self.lanes.set_priority(pid, priority);
            self.emit(pid, EventKind::ProcessPriorityChanged { priority });
        }
        Ok(())
    }

    /// Whether `caller` may control `pid`: the system everyone but itself, a process those below it.
    /// Who is neither is told nothing about who exists.
    pub(super) fn check_control(&self, caller: Principal, pid: Pid) -> Result<(), SysError> {
        match caller {
            Principal::System if pid == Pid::SYSTEM => Err(SysError::invalid("pid")),
            Principal::System => self.processes.get(pid).map(|_| ()).ok_or(SysError::NotFound),
            Principal::Process(own) => {
                self.check(caller, &Capability::Signal)?;
                if self.processes.is_below(pid, own) {
                    return Ok(());
                }
                Err(SysError::PermissionDenied {
                    need: Capability::Signal,
                })
            }
        }
    }

    pub(super) fn add_grant(
        &mut self,
        caller: Principal,
        to: Pid,
        capability: Capability,
        rule: Rule,
    ) -> Result<GrantId, SysError> {
        self.check_control(caller, to)?;
        if capability == Capability::Approve {
            return Err(SysError::invalid("capability"));
        }
        self.check_room_for_grant(to)?;
        if rule == Rule::Allow {
            self.check_audit()?;
        }
        let grant = match (caller, rule) {
            (Principal::System, _) => self.grants.add_root(to, capability.clone(), rule),
            (Principal::Process(own), Rule::Allow) => self
                .grants
                .derive(own, to, capability.clone())
                .ok_or_else(|| SysError::PermissionDenied {
                    need: capability.clone(),
                })?,
            (Principal::Process(_), Rule::Deny) => {
                return Err(SysError::PermissionDenied { need: capability });
            }
        };
        self.record(
            caller,
            Action::Grant {
                grant,
                to,
                capability: capability.clone(),
                rule,
            },
        );
        self.emit(
            to,
            EventKind::GrantAdded {
                grant,
                capability,
                rule,
            },
        );
        if rule == Rule::Deny {
            self.end_calls_no_longer_allowed();
        }
        self.settle_questions(to);
        Ok(grant)
    }

    /// Takes back a grant with all that was derived from it. Where a person's answer gave it, the answer holds no more: it
    /// is told, for the host to forget.
    pub(super) fn revoke(
        &mut self,
        caller: Principal,
        grant: GrantId,
    ) -> Result<Option<(Namespace, ApprovalNeed)>, SysError> {
        if let Principal::Process(own) = caller {
            self.check(caller, &Capability::Signal)?;
            if !self.grants.derived_from(grant, own) {
                return Err(SysError::PermissionDenied {
                    need: Capability::Signal,
                });
            }
        }
        let revoked = self.grants.revoke(grant);
        if revoked.is_empty() {
            return Err(SysError::NotFound);
        }
        let answered = revoked.first().and_then(|revoked| self.forget_answer(revoked));
        for revoked in revoked {
            let (grant, from, capability) = (revoked.id, revoked.holder, revoked.capability);
            self.record(
                caller,
                Action::Revoke {
                    grant,
                    from,
                    capability: capability.clone(),
                },
            );
            self.emit(from, EventKind::GrantRevoked { grant, capability });
        }
        self.end_calls_no_longer_allowed();
        Ok(answered)
    }

    fn forget_answer(&mut self, revoked: &GrantInfo) -> Option<(Namespace, ApprovalNeed)> {
        if revoked.parent.is_some() {
            return None;
        }
        let namespace = self.processes.get(revoked.holder)?.namespace?;
        let is_it =
            |need: &ApprovalNeed, rule| rule == revoked.rule && need.capability() == revoked.capability;
        let mut standing = self.approvals.standing(namespace);
        let need = standing.find(|(need, rule)| is_it(need, *rule))?.0.clone();
        drop(standing);
        self.approvals.forget_answer(namespace, &need);
        Some((namespace, need))
    }
}
