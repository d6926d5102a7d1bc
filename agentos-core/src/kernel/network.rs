//! The way of a request over the network: allowed or asked about, sent, and led on by redirects, each of
//! which is a request of its own to the monitor.

use std::collections::BTreeSet;

use super::address::is_public;
use super::approval::{Approval, ApprovalAnswer, ApprovalId, ApprovalNeed, StandingApproval};
use super::capability::Standing;
use super::exchange::{Exchange, Outbound};
use super::{
    Action, Answer, Asked, CallId, Capability, EventKind, GRANTS_PER_PROCESS, HttpRequest, Kernel, Limits,
    Method, Op, Pid, Principal, Reply, Resource, Rule, Stage, SysError, WaitingCall,
};
use crate::ids::Namespace;

/// What a call needs until its last answer.
#[derive(Debug)]
pub(super) struct NetworkCall {
    pub(super) exchange: Exchange,
    /// How many bytes the last answer's body may have.
    pub(super) response_bytes: u64,
    /// The caller would have taken more, but the hour is nearly used up.
    pub(super) cut_by_the_hour: bool,
    /// What is set aside of the hour for it.
    pub(super) reserved: u64,
    /// Body bytes handed to the network so far.
    pub(super) sent: u64,
    /// Whether anything was handed to the network.
    pub(super) begun: bool,
    /// What the person allowed this call alone.
    pub(super) allowed_once: Vec<ApprovalNeed>,
    /// It ends once it is allowed: the window of the app loads what is there.
    pub(super) only_asks: bool,
}

impl NetworkCall {
    pub(super) fn need(&self) -> ApprovalNeed {
        ApprovalNeed::Net(self.exchange.target.site())
    }

    pub(super) fn capability(&self) -> Capability {
        Capability::Net(self.exchange.target.need(self.exchange.method))
    }

    pub(super) fn is_allowed_once(&self) -> bool {
        self.allowed_once.contains(&self.need())
    }

    pub(super) fn begin(&mut self) {
        self.begun = true;
        self.sent += self.exchange.body.len() as u64;
    }

    /// What it may have cost of the hour.
    fn bytes_used(&self, result: &Result<Reply, SysError>) -> u64 {
        match result {
            Ok(Reply::Response(response)) => self.sent + response.body.len() as u64,
            // These say that no body was read.
            Err(SysError::PermissionDenied { .. } | SysError::Unavailable { .. }) => self.sent,
            _ if !self.begun => 0,
            _ => self.reserved,
        }
    }
}

impl Kernel {
    pub(super) fn network_request(
        &mut self,
        asked: Asked,
        request: HttpRequest,
        limits: &Limits,
    ) -> Result<Answer, SysError> {
        self.admit_network(asked, request, false, limits)
    }

    pub(super) fn network_access(
        &mut self,
        asked: Asked,
        url: String,
        limits: &Limits,
    ) -> Result<Answer, SysError> {
        let request = HttpRequest {
            method: Method::Get,
            url,
            headers: Vec::new(),
            body: Vec::new(),
            timeout: None,
            response_bytes: Some(0),
        };
        self.admit_network(asked, request, true, limits)
    }

    fn admit_network(
        &mut self,
        asked: Asked,
        request: HttpRequest,
        only_asks: bool,
        limits: &Limits,
    ) -> Result<Answer, SysError> {
        let body = request.body.len() as u64;
        if body > limits.request_bytes {
            return Err(SysError::TooLarge {
                limit: limits.request_bytes,
            });
        }
        let wanted = request
            .response_bytes
            .map_or(limits.response_bytes, |bytes| bytes.min(limits.response_bytes));
        let deadline = request.timeout.map_or(asked.deadline, |timeout| {
            asked.deadline.min(self.now.saturating_add(timeout))
        });
        let asked = Asked { deadline, ..asked };
        let exchange = Exchange::new(request)?;
        let process = self
            .processes
            .get_mut(asked.caller.pid())
            .ok_or(SysError::Cancelled)?;
        let response_bytes = process.check_network(wanted, self.now)?;
        let held_bytes = body + response_bytes;
        process.usage.take(limits, held_bytes)?;
        process.take_network(response_bytes);
        let network = NetworkCall {
            exchange,
            response_bytes,
            cut_by_the_hour: response_bytes < wanted,
            reserved: response_bytes,
            sent: 0,
            begun: false,
            allowed_once: Vec::new(),
            only_asks,
        };
        let waiting = WaitingCall {
            asked,
            need: network.capability(),
            held_bytes,
            stage: Stage::Arriving,
            network: Some(Box::new(network)),
        };
        self.deadlines.insert((deadline, asked.call));
        self.calls.insert(asked.call, waiting);
        self.send_or_end(asked.call);
        Ok(Answer::WhenDone)
    }

    /// Brings a call on its way: queued, waiting for the person, or at its end.
    fn send_or_end(&mut self, call: CallId) {
        if let Err(error) = self.send(call) {
            self.end_call(call, Err(error));
        }
    }

    fn send(&mut self, call: CallId) -> Result<(), SysError> {
        let Some(waiting) = self.calls.get_mut(&call) else {
            return Ok(());
        };
        let Some(network) = &mut waiting.network else {
            return Ok(());
        };
        let (caller, need) = (waiting.asked.caller, network.need());
        waiting.need = network.capability();
        let denied = SysError::PermissionDenied {
            need: waiting.need.clone(),
        };
        let target = &network.exchange.target;
        let operator_granted = self.config.operator_sites.contains(&target.site());
        let is_private = target.host().address().is_some_and(|address| !is_public(address));
        if is_private && !operator_granted {
            return Err(denied);
        }
        match self.grants.standing_of(caller, &waiting.need) {
            Standing::Allowed => {}
            Standing::Denied => return Err(denied),
            Standing::Nothing if network.is_allowed_once() => {}
            Standing::Nothing if self.approvals.use_pass(caller.pid(), &need) => {
                network.allowed_once.push(need);
            }
            Standing::Nothing => return self.ask(call, caller.pid(), need),
        }
        if network.only_asks {
            let origin = network.exchange.target.origin();
            self.record(caller, Action::NetworkAccess { origin });
            self.end_call(call, Ok(Reply::Done));
            return Ok(());
        }
        let process = self.processes.get_mut(caller.pid()).ok_or(SysError::Cancelled)?;
        let body = network.exchange.body.len() as u64;
        process.reserve_network(body, self.now)?;
        network.reserved += body;
        waiting.stage = Stage::Queued(Op::NetworkRequest(Box::new(Outbound {
            method: network.exchange.method,
            target: network.exchange.target.clone(),
            headers: network.exchange.headers.clone(),
            body: network.exchange.body.clone(),
            response_bytes: network.response_bytes,
            operator_granted,
        })));
        self.queues.push(caller.pid(), process.priority, call);
        Ok(())
    }

    /// What the answer of one server means for the call: its result, or the next request.
    pub(super) fn network_answered(&mut self, call: CallId, result: Result<Reply, SysError>) {
        let Some(network) = self.calls.get_mut(&call).and_then(|call| call.network.as_mut()) else {
            return self.end_call(call, result);
        };
        let response = match result {
            Ok(Reply::Response(response)) => response,
            Err(SysError::TooLarge { .. }) if network.cut_by_the_hour => {
                let full = self.network_hour_is_full(call);
                return self.end_call(call, Err(full));
            }
            other => return self.end_call(call, other),
        };
        match network.exchange.after(&response) {
            Ok(None) => self.end_call(call, Ok(Reply::Response(response))),
            Ok(Some(next)) => {
                network.exchange = next;
                self.send_or_end(call);
            }
            Err(error) => self.end_call(call, Err(error)),
        }
    }

    fn network_hour_is_full(&self, call: CallId) -> SysError {
        let process = self
            .calls
            .get(&call)
            .and_then(|call| self.processes.get(call.asked.caller.pid()));
        process.map_or(SysError::Cancelled, |process| process.network_is_full(self.now))
    }

    /// Gives back what a call held of the network.
    pub(super) fn settle_network(
        &mut self,
        pid: Pid,
        network: &NetworkCall,
        result: &Result<Reply, SysError>,
    ) {
        if let Some(process) = self.processes.get_mut(pid) {
            process.give_back_network(network.reserved, network.bytes_used(result), self.now);
        }
    }

    /// Makes `call` wait for the person, or fail where nobody is there to ask.
    fn ask(&mut self, call: CallId, pid: Pid, need: ApprovalNeed) -> Result<(), SysError> {
        let open = self
            .approvals
            .asked(pid, &need)
            .map(|question| question.approval.id);
        let id = if let Some(id) = open {
            id
        } else {
            let approval = self.approvals.ask(pid, need, self.now)?;
            let id = approval.id;
            self.announce(approval);
            id
        };
        if !self.attended {
            return Err(SysError::ApprovalRequired { id });
        }
        if let Some(question) = self.approvals.get_mut(id) {
            question.calls.insert(call);
        }
        if let Some(waiting) = self.calls.get_mut(&call) {
            self.deadlines.remove(&(waiting.asked.deadline, call));
            let time_left = waiting.asked.deadline.saturating_sub(self.now);
            waiting.stage = Stage::Asking {
                approval: id,
                time_left,
            };
        }
        Ok(())
    }

    fn announce(&mut self, approval: Approval) {
        let Approval {
            id,
            pid,
            need,
            expires_at,
        } = approval;
        self.record(
            Principal::Process(pid),
            Action::ApprovalAsked {
                approval: id,
                need: need.clone(),
            },
        );
        self.emit(pid, EventKind::ApprovalRequested { id, need, expires_at });
    }

    /// Takes a person's answer: the calls that waited go on, or end.
    pub(super) fn answer_approval(
        &mut self,
        asked: Asked,
        id: ApprovalId,
        answer: ApprovalAnswer,
        limits: &Limits,
    ) -> Result<Answer, SysError> {
        check_person(asked.caller)?;
        let approval = self.approvals.get(id).ok_or(SysError::NotFound)?.approval.clone();
        let process = self.processes.get(approval.pid).ok_or(SysError::NotFound)?;
        let namespace = process.namespace;
        if answer.rule().is_some() {
            self.check_room_for_grant(approval.pid)?;
            namespace.map_or(Ok(()), |namespace| self.approvals.check_room(namespace))?;
        }
        let calls = self
            .approvals
            .take(id)
            .map(|question| question.calls)
            .unwrap_or_default();
        let need = approval.need;
        let process = approval.pid;
        self.record(
            asked.caller,
            Action::ApprovalAnswered {
                approval: id,
                process,
                need: need.clone(),
                answer,
            },
        );
        self.emit(process, EventKind::ApprovalAnswered { id, answer });
        match answer.rule() {
            Some(rule) => self.let_stand(process, namespace, &need, rule),
            None if calls.is_empty() => self.approvals.add_pass(process, need.clone()),
            None => self.allow_once(&calls, &need),
        }
        self.resume(calls);
        let namespace = namespace.filter(|_| answer.outlives_the_kernel());
        let Some((namespace, rule)) = namespace.zip(answer.rule()) else {
            return Ok(Answer::Now(Reply::Done));
        };
        self.queue(
            asked,
            Op::KeepApproval(StandingApproval {
                namespace,
                need,
                rule,
            }),
            limits,
        )
    }

    fn allow_once(&mut self, calls: &BTreeSet<CallId>, need: &ApprovalNeed) {
        for call in calls {
            if let Some(network) = self.calls.get_mut(call).and_then(|call| call.network.as_mut()) {
                network.allowed_once.push(need.clone());
            }
        }
    }

    /// Grants or denies `need` to every process of the namespace, and settles what they are asked about it.
    fn let_stand(&mut self, pid: Pid, namespace: Option<Namespace>, need: &ApprovalNeed, rule: Rule) {
        let holders = match namespace {
            Some(namespace) => {
                self.approvals.keep(namespace, need.clone(), rule);
                self.processes.of_namespace(namespace)
            }
            None => vec![pid],
        };
        for holder in &holders {
            if self.check_room_for_grant(*holder).is_ok() {
                self.give(*holder, need.capability(), rule);
            }
        }
        self.end_calls_no_longer_allowed();
        for holder in holders {
            self.settle_questions(holder);
        }
    }

    /// Takes back the questions that the grants of `pid` answer by now.
    pub(super) fn settle_questions(&mut self, pid: Pid) {
        for id in self.approvals.of_process(pid) {
            let need = self
                .approvals
                .get(id)
                .map(|question| question.approval.need.capability());
            let standing = need.map(|need| self.grants.standing_of(Principal::Process(pid), &need));
            if standing.is_some_and(|standing| standing != Standing::Nothing) {
                let calls = self.withdraw(id);
                self.resume(calls);
            }
        }
    }

    fn give(&mut self, to: Pid, capability: Capability, rule: Rule) {
        let grant = self.grants.add_root(to, capability.clone(), rule);
        let granted = Action::Grant {
            grant,
            to,
            capability: capability.clone(),
            rule,
        };
        self.record(Principal::System, granted);
        self.emit(
            to,
            EventKind::GrantAdded {
                grant,
                capability,
                rule,
            },
        );
    }

    pub(super) fn standing_approvals(&self, namespace: Namespace) -> Vec<StandingApproval> {
        let standing = self.approvals.standing(namespace);
        let told = standing.map(|(need, rule)| StandingApproval {
            namespace,
            need: need.clone(),
            rule,
        });
        told.collect()
    }

    /// Takes back what was answered for the namespace, from its running processes too.
    pub(super) fn forget_approvals(
        &mut self,
        caller: Principal,
        namespace: Namespace,
    ) -> Result<(), SysError> {
        let standing = self.approvals.standing(namespace);
        let answered: Vec<_> = standing.map(|(need, rule)| (need.capability(), rule)).collect();
        for holder in self.processes.of_namespace(namespace) {
            let held = self.grants.held_by(holder);
            let from_answers =
                held.filter(|grant| answered.contains(&(grant.capability.clone(), grant.rule)));
            for grant in from_answers.map(|grant| grant.id).collect::<Vec<_>>() {
                self.revoke(caller, grant)?;
            }
        }
        self.approvals.forget_namespace(namespace);
        Ok(())
    }

    /// Gives a new process of the system what stands for its namespace.
    pub(super) fn give_standing(&mut self, pid: Pid, namespace: Option<Namespace>) {
        let Some(namespace) = namespace else { return };
        let standing = self.approvals.standing(namespace);
        let standing: Vec<_> = standing.map(|(need, rule)| (need.capability(), rule)).collect();
        for (capability, rule) in standing {
            self.give(pid, capability, rule);
        }
    }

    /// The time of these calls goes on now that they wait for nobody.
    fn resume(&mut self, calls: impl IntoIterator<Item = CallId>) {
        for call in calls {
            if let Some(waiting) = self.calls.get_mut(&call)
                && let Stage::Asking { time_left, .. } = waiting.stage
            {
                waiting.stage = Stage::Arriving;
                waiting.asked.deadline = self.now.saturating_add(time_left);
                self.deadlines.insert((waiting.asked.deadline, call));
            }
            self.send_or_end(call);
        }
    }

    /// No answer is no.
    pub(super) fn expire_approvals(&mut self) {
        while let Some(id) = self.approvals.expired(self.now) {
            let Some(question) = self.approvals.take(id) else {
                return;
            };
            let Approval { pid, need, .. } = question.approval;
            self.record(
                Principal::Process(pid),
                Action::ApprovalExpired { approval: id, need },
            );
            self.emit(pid, EventKind::ApprovalExpired { id });
            for call in question.calls {
                let need = self.calls.get(&call).map(|call| call.need.clone());
                if let Some(need) = need {
                    self.end_call(call, Err(SysError::PermissionDenied { need }));
                }
            }
        }
    }

    /// Closes a question without an answer; the calls that waited are the caller's to end or send.
    fn withdraw(&mut self, id: ApprovalId) -> BTreeSet<CallId> {
        let Some(question) = self.approvals.take(id) else {
            return BTreeSet::new();
        };
        self.emit(question.approval.pid, EventKind::ApprovalWithdrawn { id });
        question.calls
    }

    /// A call ended while it waited: a question nobody waits for any more is not put.
    pub(super) fn no_longer_asks(&mut self, id: ApprovalId, call: CallId) {
        let Some(question) = self.approvals.get_mut(id) else {
            return;
        };
        question.calls.remove(&call);
        if question.calls.is_empty() {
            self.withdraw(id);
        }
    }

    pub(super) fn withdraw_all(&mut self, pid: Pid) {
        for id in self.approvals.of_process(pid) {
            self.withdraw(id);
        }
        self.approvals.forget(pid);
    }

    pub(super) fn check_room_for_grant(&self, to: Pid) -> Result<(), SysError> {
        let (used, limit) = (self.grants.count(to) as u64, GRANTS_PER_PROCESS as u64);
        if used < limit {
            return Ok(());
        }
        Err(SysError::QuotaExceeded {
            resource: Resource::Grants,
            limit,
            used,
            retry_after: None,
        })
    }
}

/// A process answers nothing for the person, whatever it holds.
pub(super) fn check_person(caller: Principal) -> Result<(), SysError> {
    match caller {
        Principal::System => Ok(()),
        Principal::Process(_) => Err(SysError::PermissionDenied {
            need: Capability::Approve,
        }),
    }
}
