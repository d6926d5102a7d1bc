//! The way of a call that needs an operation: queued, performed, answered exactly once.

use super::{
    Action, Answer, Asked, CallId, Effect, Errand, EventKind, Grants, Kernel, Limits, Op, OpId, Pid,
    Principal, Reply, Stage, SysError, WaitingCall, monitor,
};

impl Kernel {
    /// Takes `op` on, if the caller is allowed it and has room for it.
    pub(super) fn queue(&mut self, asked: Asked, op: Op, limits: &Limits) -> Result<Answer, SysError> {
        let need = op.need();
        self.check(asked.caller, &need)?;
        let pid = asked.caller.pid();
        let process = self.processes.get_mut(pid).ok_or(SysError::Cancelled)?;
        let held_bytes = op.held_bytes();
        process.usage.take(limits, held_bytes)?;
        self.queues.push(pid, process.priority, asked.call);
        self.deadlines.insert((asked.deadline, asked.call));
        self.calls.insert(
            asked.call,
            WaitingCall {
                asked,
                need,
                held_bytes,
                stage: Stage::Queued(op),
                allowed_once: Vec::new(),
                errand: None,
            },
        );
        Ok(Answer::WhenDone)
    }

    /// Hands queued operations out while the host has room. Each is checked again at this moment.
    pub(super) fn perform_queued(&mut self) {
        while self.performing.len() < self.config.operations_at_once {
            let Some(call) = self.queues.pop() else { return };
            self.perform(call);
        }
    }

    fn perform(&mut self, call: CallId) {
        let stamp = self.stamp();
        let Some(waiting) = self.calls.get_mut(&call) else {
            return;
        };
        self.last_op = self.last_op.next();
        let id = self.last_op;
        let Stage::Queued(op) = std::mem::replace(&mut waiting.stage, Stage::Performing(id)) else {
            return;
        };
        let once = |need: &_| waiting.is_allowed_once(need);
        match monitor::authorize(&self.grants, waiting.asked.caller, id, op, once, stamp) {
            Ok(op) => {
                if let Some(errand) = &mut waiting.errand {
                    errand.begin();
                }
                self.performing.insert(id, call);
                self.effects.push(Effect::Perform(op));
            }
            Err(denied) => self.end_call(call, Err(denied)),
        }
    }

    pub(super) fn op_done(&mut self, op: OpId, result: Result<Reply, SysError>) {
        if let Some(call) = self.performing.remove(&op) {
            self.network_answered(call, result);
        }
    }

    /// Answers a waiting call, gives back what it held and stops what it still does.
    pub(super) fn end_call(&mut self, call: CallId, result: Result<Reply, SysError>) {
        let Some(waiting) = self.calls.remove(&call) else {
            return;
        };
        let pid = waiting.asked.caller.pid();
        self.deadlines.remove(&(waiting.asked.deadline, call));
        match waiting.stage {
            Stage::Arriving => {}
            Stage::Asking { approval, .. } => self.no_longer_asks(approval, call),
            Stage::Queued(_) => self.queues.remove(pid, call),
            Stage::Performing(op) => {
                if self.performing.remove(&op).is_some() {
                    self.effects.push(Effect::CancelOp(op));
                }
            }
        }
        if let Some(Errand::Network(network)) = &waiting.errand {
            self.settle_network(pid, network, &result);
        }
        if let Some(process) = self.processes.get_mut(pid) {
            process.usage.give_back(waiting.held_bytes);
        }
        self.reply(waiting.asked, result);
    }

    pub(super) fn reply(&mut self, asked: Asked, result: Result<Reply, SysError>) {
        if let Err(SysError::PermissionDenied { need }) = &result
            && self.denials.is_recorded(self.now)
        {
            self.record(asked.caller, Action::Denial { need: need.clone() });
            self.emit(asked.caller.pid(), EventKind::CallDenied { need: need.clone() });
        }
        self.effects.push(Effect::Reply {
            call: asked.call,
            result,
        });
    }

    /// Puts the denials that were only counted into the audit once their second is over.
    pub(super) fn record_denials_left(&mut self) {
        if let Some(count) = self.denials.take_due(self.now) {
            self.record(Principal::System, Action::MoreDenials { count });
        }
    }

    pub(super) fn end_overdue_calls(&mut self) {
        while let Some((deadline, call)) = self.deadlines.first().copied() {
            if deadline > self.now {
                return;
            }
            self.end_call(call, Err(SysError::DeadlineExceeded));
        }
    }

    pub(super) fn cancel_calls_of(&mut self, pid: Pid) {
        self.end_calls(|call, _| (call.asked.caller.pid() == pid).then_some(SysError::Cancelled));
    }

    /// Ends every call that what is granted now no longer covers.
    pub(super) fn end_calls_no_longer_allowed(&mut self) {
        self.end_calls(|call, grants| {
            call.needs().iter().find_map(|need| {
                let once = call.is_waiting_for_a_person() || call.is_allowed_once(need);
                monitor::check_call(grants, call.asked.caller, need, once).err()
            })
        });
    }

    fn end_calls(&mut self, reason: impl Fn(&WaitingCall, &Grants) -> Option<SysError>) {
        let ended: Vec<(CallId, SysError)> = self
            .calls
            .iter()
            .filter_map(|(id, call)| Some((*id, reason(call, &self.grants)?)))
            .collect();
        for (call, error) in ended {
            self.end_call(call, Err(error));
        }
    }
}
