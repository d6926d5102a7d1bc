//! The way of a call that needs an operation: queued, performed, answered exactly once.

use super::{
    Action, Answer, Asked, CallId, CallName, Capability, Effect, Errand, EventKind, Grants, Kernel, Lane,
    Limits, Op, OpId, Pid, Principal, Reply, Stage, SysError, WaitingCall, monitor,
};
use crate::time::Millis;

impl Kernel {
    /// Takes `op` on, if the caller is allowed it and has room for it.
    pub(super) fn queue(&mut self, asked: Asked, op: Op, limits: &Limits) -> Result<Answer, SysError> {
        let need = op.need();
        self.check(asked.caller, &need)?;
        let pid = asked.caller.pid();
        let held_bytes = op.held_bytes();
        let process = self.processes.take_operation(pid, limits, held_bytes)?;
        self.lanes.of(Lane::Local).push(pid, process.priority, asked.call);
        self.keep_waiting(WaitingCall {
            asked,
            need: Some(need),
            held_bytes,
            stage: Stage::Queued(op),
            allowed_once: Vec::new(),
            errand: None,
        });
        Ok(Answer::WhenDone)
    }

    /// Makes a call wait that has its place among those in flight and is no operation.
    pub(super) fn wait(&mut self, asked: Asked, need: Option<Capability>, stage: Stage) {
        self.keep_waiting(WaitingCall {
            asked,
            need,
            held_bytes: 0,
            stage,
            allowed_once: Vec::new(),
            errand: None,
        });
    }

    pub(super) fn keep_waiting(&mut self, waiting: WaitingCall) {
        let Asked {
            caller,
            call,
            deadline,
            name,
        } = waiting.asked;
        self.end_at(deadline, call);
        if let Some(name) = name {
            self.names.insert((caller, name), call);
        }
        self.calls.insert(call, Box::new(waiting));
    }

    pub(super) fn end_at(&mut self, deadline: Millis, call: CallId) {
        if deadline < Millis::MAX {
            self.deadlines.insert((deadline, call));
        }
    }

    /// Hands queued operations out while the host has room. Each is checked again at this moment.
    pub(super) fn perform_queued(&mut self) {
        while let Some(call) = self.lanes.pop() {
            self.perform(call);
        }
    }

    pub(super) fn perform(&mut self, call: CallId) {
        let stamp = self.stamp();
        let Some(waiting) = self.calls.get_mut(&call) else {
            return;
        };
        self.last_op = self.last_op.next();
        let id = self.last_op;
        let lane = waiting.lane();
        let Stage::Queued(op) = std::mem::replace(&mut waiting.stage, Stage::Performing(id)) else {
            return;
        };
        let once = |need: &_| waiting.is_allowed_once(need);
        let Asked { caller, .. } = waiting.asked;
        match monitor::authorize(&self.grants, caller, (id, Some(call)), op, once, stamp) {
            Ok(op) => {
                if let Some(errand) = &mut waiting.errand {
                    errand.begin();
                }
                self.keys.began(call);
                if waiting.is_stream() {
                    self.streaming.insert(id, call);
                } else {
                    self.performing.insert(id, call);
                    self.tally.operation_began(id, self.now);
                }
                self.effects.push(Effect::Perform(op));
            }
            Err(denied) => {
                if !waiting.is_stream() {
                    self.lanes.of(lane).done(caller.pid());
                }
                self.end_call(call, Err(denied));
            }
        }
    }

    pub(super) fn op_done(&mut self, op: OpId, result: Result<Reply, SysError>) {
        if let Some(call) = self.streaming.remove(&op) {
            self.tally.stream_ended(&result);
            self.end_call(call, result);
        } else if let Some(call) = self.performing.remove(&op) {
            if let Some(waiting) = self.calls.get(&call) {
                let pid = waiting.asked.caller.pid();
                self.lanes.of(waiting.lane()).done(pid);
            }
            self.tally.operation_ended(op, self.now);
            match self.calls.get(&call).and_then(|waiting| waiting.errand.as_ref()) {
                Some(Errand::Network(_)) => self.network_answered(call, result),
                Some(Errand::Socket(_)) => self.socket_answered(call, result),
                Some(Errand::Model(_) | Errand::Message(_) | Errand::Files(_) | Errand::Program(_))
                | None => {
                    self.end_call(call, result);
                }
            }
        }
    }

    /// Answers a waiting call, gives back what it held and stops what it still does.
    pub(super) fn end_call(&mut self, call: CallId, result: Result<Reply, SysError>) {
        let Some(waiting) = self.calls.remove(&call) else {
            return;
        };
        let Asked { caller, name, .. } = waiting.asked;
        let (pid, lane, is_stream) = (caller.pid(), waiting.lane(), waiting.is_stream());
        self.deadlines.remove(&(waiting.asked.deadline, call));
        if let Some(name) = name {
            self.names.remove(&(caller, name));
        }
        match waiting.stage {
            Stage::Arriving | Stage::AwaitingEnd { .. } | Stage::AwaitingFirst => {}
            Stage::Receiving { .. } => self.receives_no_longer(pid, call),
            Stage::AwaitingReply { from } => self.withdraw_request(call, from),
            Stage::Asking { approval, .. } => self.no_longer_asks(approval, call),
            Stage::Queued(_) => self.lanes.of(lane).remove(pid, call),
            Stage::Performing(op) => {
                let is_performed = self.performing.remove(&op).is_some();
                if is_performed {
                    self.lanes.of(lane).done(pid);
                }
                if is_performed || self.streaming.remove(&op).is_some() {
                    self.tally.operation_cancelled(op);
                    self.effects.push(Effect::CancelOp(op));
                }
            }
        }
        match waiting.errand {
            Some(Errand::Network(network)) => self.settle_network(pid, &network, &result),
            Some(Errand::Socket(socket)) => self.settle_socket(pid, *socket, &result),
            Some(Errand::Program(program)) => self.end_program(waiting.asked.caller, &program, &result),
            Some(Errand::Model(_) | Errand::Message(_) | Errand::Files(_)) | None => {}
        }
        if let Some(process) = self.processes.get_mut(pid) {
            if is_stream {
                process.usage.give_back_stream(waiting.held_bytes);
            } else {
                process.usage.give_back(waiting.held_bytes);
            }
        }
        self.reply(waiting.asked, result);
    }

    pub(super) fn reply(&mut self, asked: Asked, result: Result<Reply, SysError>) {
        if let Err(SysError::PermissionDenied { need }) = &result
            && self.denials.is_recorded(self.now, self.audit_full)
        {
            self.record(asked.caller, Action::Denial { need: need.clone() });
            self.emit(asked.caller.pid(), EventKind::CallDenied { need: need.clone() });
        }
        self.tally.answered(&result);
        self.hold_answer(asked.caller, asked.call, &result);
        self.settle_key(asked.call, &result);
        self.effects.push(Effect::Reply {
            call: asked.call,
            result,
        });
    }

    /// Puts the denials that were only counted into the audit once their second is over.
    pub(super) fn record_denials_left(&mut self) {
        if !self.audit_full
            && let Some(count) = self.denials.take_due(self.now)
        {
            self.record(Principal::System, Action::MoreDenials { count });
        }
    }

    pub(super) fn end_overdue_calls(&mut self) {
        while let Some((deadline, call)) = self.deadlines.first().copied() {
            if deadline > self.now {
                return;
            }
            let waiting = self.calls.get(&call);
            let result = match waiting.map(|waiting| &waiting.stage) {
                Some(Stage::Receiving { .. }) => Ok(Reply::Messages(Vec::new())),
                _ => Err(SysError::DeadlineExceeded),
            };
            self.end_call(call, result);
        }
    }

    /// Nobody waits for the answer any more. A change with a key goes on: who asks again gets its answer.
    pub(super) fn abandon(&mut self, call: CallId) {
        if !self.keys.is_held_by(call) {
            self.end_call(call, Err(SysError::Cancelled));
        }
    }

    /// Ends a call in flight of the caller's own, by the name it gave it.
    pub(super) fn cancel_call(&mut self, caller: Principal, name: CallName) -> Result<Reply, SysError> {
        let call = self.names.get(&(caller, name)).ok_or(SysError::NotFound)?;
        self.end_call(*call, Err(SysError::Cancelled));
        Ok(Reply::Done)
    }

    pub(super) fn cancel_calls_of(&mut self, pid: Pid) {
        self.end_calls(|call, _| (call.asked.caller.pid() == pid).then_some(Err(SysError::Cancelled)));
    }

    /// Answers every call that waits for another process and of which `answer` knows the end.
    pub(super) fn answer_calls(&mut self, answer: impl Fn(&Stage) -> Option<Result<Reply, SysError>>) {
        self.end_calls(|call, _| answer(&call.stage));
    }

    /// Ends every call that what is granted now no longer covers.
    pub(super) fn end_calls_no_longer_allowed(&mut self) {
        self.end_calls(|call, grants| {
            let ended = call.needs().iter().find_map(|need| {
                let once = call.is_waiting_for_a_person() || call.is_allowed_once(need);
                monitor::check_call(grants, call.asked.caller, need, once).err()
            });
            ended.map(Err)
        });
        self.end_subscriptions_no_longer_allowed();
        self.end_sockets_no_longer_allowed();
    }

    pub(super) fn end_calls(
        &mut self,
        answer: impl Fn(&WaitingCall, &Grants) -> Option<Result<Reply, SysError>>,
    ) {
        let ended: Vec<(CallId, Result<Reply, SysError>)> = self
            .calls
            .iter()
            .filter_map(|(id, call)| Some((*id, answer(call, &self.grants)?)))
            .collect();
        for (call, result) in ended {
            self.end_call(call, result);
        }
    }
}
