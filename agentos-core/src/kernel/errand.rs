//! Calls that lead past the person: what nobody granted the process is asked about, and the call waits.

use std::collections::BTreeSet;

use super::approval::{Approval, ApprovalAnswer, ApprovalId, ApprovalNeed, StandingApproval};
use super::capability::Standing;
use super::files::FileErrand;
use super::messaging::MessageCall;
use super::model::ModelCall;
use super::network::NetworkCall;
use super::program::ProgramCall;
use super::sockets::SocketErrand;
use super::{
    Action, Answer, Asked, CallId, Capability, EventKind, GRANTS_PER_PROCESS, GrantInfo, Kernel, Lane,
    Limits, Op, Pid, Principal, Reply, Resource, Rule, Stage, SysError, WaitingCall,
};
use crate::ids::Namespace;

/// What a call is out for.
#[derive(Debug)]
pub(super) enum Errand {
    Network(Box<NetworkCall>),
    Socket(Box<SocketErrand>),
    Model(Box<ModelCall>),
    Message(Box<MessageCall>),
    Files(Box<FileErrand>),
    Program(Box<ProgramCall>),
}

/// One thing that has to be allowed: as a person is asked about it, and as the grants have it.
#[derive(Debug)]
pub(super) struct Need {
    pub(super) asked: ApprovalNeed,
    pub(super) capability: Capability,
}

impl Errand {
    /// What has to be allowed now, in the order the person is asked about it; a redirect changes it.
    pub(super) fn needs(&self) -> Vec<Need> {
        let asked = match self {
            Self::Network(network) => network.need(),
            Self::Socket(socket) => socket.need(),
            Self::Model(_) => ApprovalNeed::Llm,
            Self::Message(message) => ApprovalNeed::Ipc(message.rule()),
            Self::Program(program) => program.need(),
            Self::Files(files) => return files.needs(),
        };
        let capability = self.capability();
        vec![Need { asked, capability }]
    }

    /// What it comes down to, in the end.
    fn capability(&self) -> Capability {
        match self {
            Self::Network(network) => network.capability(),
            Self::Socket(socket) => socket.capability(),
            Self::Model(_) => Capability::Llm,
            Self::Message(message) => message.rule().into(),
            Self::Files(files) => files.capability(),
            Self::Program(program) => program.need().capability(),
        }
    }

    /// Whether it is a person's to allow.
    fn can_be_asked(&self) -> bool {
        match self {
            Self::Network(_) | Self::Socket(_) | Self::Model(_) | Self::Files(_) | Self::Program(_) => true,
            Self::Message(message) => message.can_be_asked(),
        }
    }

    /// Where its operation waits for its turn.
    pub(super) fn lane(&self) -> Lane {
        match self {
            Self::Network(_) | Self::Socket(_) | Self::Model(_) => Lane::Remote,
            Self::Program(_) => Lane::Program,
            Self::Files(_) | Self::Message(_) => Lane::Local,
        }
    }

    /// Its operation is handed to the host.
    pub(super) fn begin(&mut self) {
        match self {
            Self::Network(network) => network.begin(),
            Self::Socket(socket) => socket.begin(),
            Self::Model(_) | Self::Message(_) | Self::Files(_) | Self::Program(_) => {}
        }
    }
}

impl Kernel {
    /// Takes a call on whose process has room for `held_bytes`, and brings it on its way.
    pub(super) fn set_out(&mut self, asked: Asked, errand: Errand, held_bytes: u64) {
        self.set_out_allowed(asked, errand, held_bytes, Vec::new());
    }

    /// As [`set_out`](Self::set_out), with what was allowed it before.
    pub(super) fn set_out_allowed(
        &mut self,
        asked: Asked,
        errand: Errand,
        held_bytes: u64,
        allowed_once: Vec<ApprovalNeed>,
    ) {
        self.keep_waiting(WaitingCall {
            asked,
            need: None,
            held_bytes,
            stage: Stage::Arriving,
            allowed_once,
            errand: Some(errand),
        });
        self.go_on(asked.call);
    }

    /// Brings a call on its way: queued, waiting for the person, or at its end.
    pub(super) fn go_on(&mut self, call: CallId) {
        if let Err(error) = self.pass(call) {
            self.end_call(call, Err(error));
        }
    }

    fn pass(&mut self, call: CallId) -> Result<(), SysError> {
        let Some((caller, needs)) = self.needs_of(call) else {
            return Ok(());
        };
        match self.errand_of(call) {
            Some(Errand::Network(network)) => {
                self.check_address(&network.exchange.target, network.capability())?;
            }
            Some(Errand::Socket(socket)) => self.check_address(socket.target(), socket.capability())?,
            _ => {}
        }
        let is_within_the_family = self.is_within_the_family(call);
        for need in &needs {
            if !self.is_met(call, need, is_within_the_family)? {
                return self.ask(call, caller.pid(), need);
            }
        }
        self.use_passes(call, needs);
        match self.errand_of(call) {
            Some(Errand::Network(_)) => self.send_request(call),
            Some(Errand::Socket(_)) => self.send_to_socket(call),
            Some(Errand::Model(_)) => self.send_prompt(call),
            Some(Errand::Message(_)) => self.deliver(call),
            Some(Errand::Files(_)) => self.perform_on_files(call),
            Some(Errand::Program(_)) => self.start_program(call),
            None => Ok(()),
        }
    }

    fn needs_of(&self, call: CallId) -> Option<(Principal, Vec<Need>)> {
        let waiting = self.calls.get(&call)?;
        Some((waiting.asked.caller, waiting.errand.as_ref()?.needs()))
    }

    /// Whether `call` may go on as far as `need` goes; where it may not yet, the person is asked.
    fn is_met(&mut self, call: CallId, need: &Need, is_within_the_family: bool) -> Result<bool, SysError> {
        let Some(waiting) = self.calls.get_mut(&call) else {
            return Ok(true);
        };
        let caller = waiting.asked.caller;
        let can_be_asked = waiting.errand.as_ref().is_some_and(Errand::can_be_asked);
        let denied = || SysError::PermissionDenied {
            need: need.capability.clone(),
        };
        match self.grants.standing_of(caller, &need.capability) {
            Standing::Allowed => Ok(true),
            Standing::Denied => Err(denied()),
            Standing::Nothing if waiting.is_allowed_once(&need.capability) => Ok(true),
            Standing::Nothing if is_within_the_family => {
                waiting.allowed_once.push(need.asked.clone());
                Ok(true)
            }
            Standing::Nothing if !can_be_asked => Err(denied()),
            Standing::Nothing => Ok(self.approvals.has_pass(caller.pid(), &need.asked)),
        }
    }

    /// Only a call that has all it needs uses up what was allowed it once.
    fn use_passes(&mut self, call: CallId, needs: Vec<Need>) {
        let Some(waiting) = self.calls.get_mut(&call) else {
            return;
        };
        let caller = waiting.asked.caller;
        for Need { asked, capability } in needs {
            let pid = caller.pid();
            if self.approvals.has_pass(pid, &asked)
                && self.grants.standing_of(caller, &capability) == Standing::Nothing
                && !waiting.is_allowed_once(&capability)
                && self.approvals.use_pass(pid, &asked)
            {
                waiting.allowed_once.push(asked);
            }
        }
    }

    fn errand_of(&self, call: CallId) -> Option<&Errand> {
        self.calls.get(&call)?.errand.as_ref()
    }

    /// Puts an allowed call among those that wait for the host.
    pub(super) fn enqueue(&mut self, call: CallId, op: Op) -> Result<(), SysError> {
        let Some(waiting) = self.calls.get_mut(&call) else {
            return Ok(());
        };
        let pid = waiting.asked.caller.pid();
        let process = self.processes.get(pid).ok_or(SysError::Cancelled)?;
        waiting.stage = Stage::Queued(op);
        let lane = waiting.lane();
        self.lanes.of(lane).push(pid, process.priority, call);
        Ok(())
    }

    /// Makes `call` wait for the person, or fail where nobody is there to ask.
    fn ask(&mut self, call: CallId, pid: Pid, need: &Need) -> Result<(), SysError> {
        let open = self
            .approvals
            .asked(pid, &need.asked)
            .map(|question| question.approval.id);
        let id = if let Some(id) = open {
            id
        } else {
            self.check_audit()?;
            let approval = self.approvals.ask(pid, need.asked.clone(), self.now)?;
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
                need: need.capability.clone(),
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
        let need = Box::new(need);
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
        if answer != ApprovalAnswer::Never {
            self.check_audit()?;
        }
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
            if let Some(waiting) = self.calls.get_mut(call) {
                waiting.allowed_once.push(need.clone());
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
            for GrantInfo {
                id, capability, rule, ..
            } in self.grants.held_by(holder)
            {
                if answered.contains(&(capability, rule)) {
                    self.revoke(caller, id)?;
                }
            }
        }
        self.approvals.forget_namespace(namespace);
        if !answered.is_empty() {
            self.record(caller, Action::ForgetApprovals { namespace });
        }
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
                let deadline = self.now.saturating_add(time_left);
                waiting.asked.deadline = deadline;
                self.end_at(deadline, call);
            }
            self.go_on(call);
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
                if let Some(Stage::Asking { need, .. }) = self.calls.get(&call).map(|call| &call.stage) {
                    let need = need.clone();
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
