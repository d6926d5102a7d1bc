//! The kernel: who may do what, how much of it, and who is next. A value that is fed inputs and
//! answers effects; it performs nothing and reads no clock.
//!
//! Start at [`Kernel::handle`]. Everything that reaches outside leaves as an [`AuthorizedOp`], which
//! only the monitor builds.

mod address;
mod answers;
mod approval;
mod audit;
mod call;
mod calls;
mod capability;
mod control;
mod denials;
mod ended;
mod errand;
mod error;
mod event;
mod exchange;
mod files;
mod idempotency;
mod lanes;
mod limits;
mod line;
mod mailbox;
mod message;
mod messaging;
mod model;
mod monitor;
mod net;
mod network;
mod path;
mod place;
mod pressure;
mod process;
mod process_table;
mod program;
mod queues;
mod socket;
mod sockets;
mod stats;
mod stream;
mod syscall;
mod tally;
mod words;

use std::collections::{BTreeMap, BTreeSet};

pub use address::is_public;
pub use answers::LARGE_ANSWER;
pub use approval::{
    APPROVAL_TIME, APPROVALS_KEPT, APPROVALS_PENDING, Approval, ApprovalAnswer, ApprovalId, ApprovalNeed,
    StandingApproval,
};
pub use audit::{Action, AuditFault, AuditHash, AuditRecord, AuditRow, AuditVerifier};
pub(crate) use call::AnswerRoom;
pub use call::{Batch, CALL_TIME, Call, CallName, Order};
pub use capability::{Capability, GrantId, GrantInfo, Rule};
pub use ended::ENDED_KEPT;
pub use error::{IoKind, Resource, SysError};
pub use event::{EVENTS_KEPT, EVENTS_LISTED, EventKind, EventPage, KernelEvent};
pub use exchange::{HEADER_BYTES, HEADERS, HttpRequest, HttpResponse, Outbound, REDIRECTS};
pub use files::{
    DISK_BLOCK, FILE_BYTES, FILE_LIST_LIMIT, FileCall, FileChange, FileEntry, FileKind, FileOp, FileReply,
    FileStat, WriteMode, disk_bytes,
};
pub use idempotency::{IdempotencyKey, KEY_TIME, KEYS_KEPT};
pub use limits::{LimitTable, Limits, Usage};
pub(crate) use line::one_line;
pub use message::{
    Dispatch, IpcRights, IpcRule, Message, MessageKind, Partner, Peer, RECEIVE_LIMIT, RequestId,
    SUBSCRIPTIONS, Topic, Wanted,
};
pub use model::{ANSWER_BYTES, ANSWER_TOKENS, MODEL_TIME, ModelReply, ModelRequest, PROMPT_BYTES, Prompt};
pub use monitor::{AuthorizedOp, Op, OpId};
pub use net::{Host, HostRule, Method, NetRule, Scheme, Site, Target, URL_BYTES};
pub use path::{FsPath, FsRoot};
pub use place::{FilePlace, FsRights, FsRule};
pub use pressure::{MEMORY_BUDGET, MemoryLevel};
pub use process::{EndReason, NewProcess, Pid, Principal, Priority, ProcessInfo, ProcessState, Profile};
pub use program::{
    PROGRAM_ARGS, PROGRAM_ARGS_BYTES, PROGRAM_PATIENCE, PROGRAMS_AT_ONCE, ProgramEnd, ProgramLimit,
    ProgramName, ProgramOutput, ProgramRequest, ProgramRun,
};
pub use socket::{
    FRAME_BYTES, SOCKET_OPENING_TIME, SOCKET_PROTOCOLS, SOCKET_UNREAD, SOCKET_UNREAD_BYTES, SOCKET_WAIT,
    SocketAct, SocketCall, SocketId, SocketMessage, SocketMessages, SocketOp, SocketOpening,
};
pub use stats::{MemoryStats, ProcessStats};
pub use stream::{FileStream, ReadStream, STREAM_CHUNK, STREAM_CHUNKS_AHEAD, StreamOp, WriteStream};
pub use syscall::{Reply, STORE_LIST_LIMIT, StoreKey, StoredValue, Syscall, SystemInfo};
pub use tally::{KernelStats, OperationTimes};

use crate::ids::BootId;
use crate::time::Millis;
use answers::Untaken;
use approval::Approvals;
use capability::{Grants, Standing};
use denials::DenialCount;
use ended::Ended;
use errand::Errand;
use event::EventLog;
use idempotency::Keys;
use monitor::Stamp;

use lanes::{Lane, Lanes};
use process_table::ProcessTable;
use tally::Tally;

/// The number of a call, given by whoever drives the kernel and never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub u64);

/// What the kernel is told.
#[derive(Debug)]
pub enum Input {
    Call {
        id: CallId,
        call: Call,
    },
    /// Its bytes flow between the caller and whoever performs its operation; the one answer comes when it ended.
    Open {
        id: CallId,
        caller: Principal,
        stream: FileStream,
    },
    /// An operation it handed out ended. Those cancelled meanwhile are ignored.
    OpDone {
        op: OpId,
        result: Result<Reply, SysError>,
    },
    /// Whether a person is there who can be asked.
    Attended(bool),
    /// Whether so many records wait to be written that none is added which need not be: what would lead to one fails, and
    /// denials are only counted. What ends or takes away is decided all the same.
    AuditFull(bool),
    /// The caller no longer waits. Unknown and answered calls are ignored, and a change with a key goes on.
    Cancel {
        call: CallId,
    },
    /// The answer to a call is with whoever asked, or with nobody: from [`LARGE_ANSWER`] on what it brings is held until
    /// then. Ignored for others.
    Taken {
        call: CallId,
    },
    /// Time passed; due at [`Kernel::wake_at`].
    Tick,
}

/// What the kernel wants done, in order.
#[derive(Debug, PartialEq, Eq)]
pub enum Effect {
    /// The end of one that belongs to no call is ignored.
    Perform(AuthorizedOp),
    /// The one answer to the call.
    Reply {
        call: CallId,
        result: Result<Reply, SysError>,
    },
    /// A decision that has no operation, for the audit.
    Audit(AuditRecord),
    Emit(KernelEvent),
    /// Stop an operation that was handed out; its end needs no [`Input::OpDone`].
    CancelOp(OpId),
}

/// What is fixed for one run of the kernel.
#[derive(Debug, Clone)]
pub struct KernelConfig {
    pub boot: BootId,
    pub limits: LimitTable,
    /// How many operations on its own machine a host is given at once; more wait for their turn.
    pub local_at_once: usize,
    /// How many requests to other sides it has open at once beside those: to servers and to models.
    pub remote_at_once: usize,
    /// How many programs it runs at once beside those.
    pub programs_at_once: usize,
    /// What the operator registered; the host knows what is behind each name.
    pub programs: BTreeSet<ProgramName>,
    /// What may be held for all processes together, in bytes. From 95 % of it on processes end.
    pub memory_budget: u64,
    /// What the operator named, so that it may be on this machine or its network. An app is granted it
    /// as anything else.
    pub operator_sites: BTreeSet<Site>,
    /// What was answered before and holds after a restart.
    pub approvals: Vec<StandingApproval>,
}

impl KernelConfig {
    pub fn new(boot: BootId) -> Self {
        Self {
            boot,
            limits: LimitTable::default(),
            local_at_once: 64,
            remote_at_once: 256,
            programs_at_once: PROGRAMS_AT_ONCE,
            programs: BTreeSet::new(),
            memory_budget: MEMORY_BUDGET,
            operator_sites: BTreeSet::new(),
            approvals: Vec::new(),
        }
    }
}

/// The most grants one process can hold.
pub const GRANTS_PER_PROCESS: usize = 256;

/// All policy. Single writer, no locks: whoever owns it feeds it one input after another.
#[derive(Debug)]
pub struct Kernel {
    config: KernelConfig,
    started_at: Millis,
    now: Millis,
    processes: ProcessTable,
    /// The one a person looks at.
    focused: Option<Pid>,
    ended: Ended,
    grants: Grants,
    calls: BTreeMap<CallId, Box<WaitingCall>>,
    performing: BTreeMap<OpId, CallId>,
    /// Streams, which take no place among those operations.
    streaming: BTreeMap<OpId, CallId>,
    last_op: OpId,
    last_socket: SocketId,
    /// The calls that wait for the host.
    lanes: Lanes,
    /// The call each program was started by, until it ends.
    programs: BTreeMap<Pid, CallId>,
    deadlines: BTreeSet<(Millis, CallId)>,
    /// The calls in flight that have a name.
    names: BTreeMap<(Principal, CallName), CallId>,
    keys: Keys,
    /// The large answers that are on their way.
    untaken: BTreeMap<CallId, Untaken>,
    approvals: Approvals,
    /// Whether a person is there who can be asked.
    attended: bool,
    audit_full: bool,
    denials: DenialCount,
    events: EventLog,
    tally: Tally,
    /// What the input being handled led to so far.
    effects: Vec<Effect>,
}

/// Who asked, in which call, and until when an answer is of use.
#[derive(Debug, Clone, Copy)]
struct Asked {
    caller: Principal,
    call: CallId,
    deadline: Millis,
    name: Option<CallName>,
}

/// A call that waits for its operation, a person, or another process.
#[derive(Debug)]
struct WaitingCall {
    asked: Asked,
    /// What it needs that has no errand; none where a process needs no leave.
    need: Option<Capability>,
    held_bytes: u64,
    stage: Stage,
    /// What this call alone is allowed, by the person or within its family.
    allowed_once: Vec<ApprovalNeed>,
    /// None for a call that is one operation.
    errand: Option<Errand>,
}

impl WaitingCall {
    /// Whether the person allowed this call alone what it needs.
    fn is_allowed_once(&self, need: &Capability) -> bool {
        let mut allowed = self.allowed_once.iter();
        allowed.any(|allowed| allowed.capability().covers(need))
    }

    /// All that has to be allowed as long as it goes on.
    fn needs(&self) -> Vec<Capability> {
        match &self.errand {
            Some(errand) => errand.needs().into_iter().map(|need| need.capability).collect(),
            None => self.need.iter().cloned().collect(),
        }
    }

    /// Where its operation waits for its turn, and is counted while it is performed.
    fn lane(&self) -> Lane {
        self.errand.as_ref().map_or(Lane::Local, Errand::lane)
    }

    fn is_stream(&self) -> bool {
        matches!(&self.errand, Some(Errand::Files(files)) if files.is_stream())
    }

    fn is_waiting_for_a_person(&self) -> bool {
        matches!(self.stage, Stage::Asking { .. })
    }
}

#[derive(Debug)]
enum Stage {
    /// It is being decided where it goes next.
    Arriving,
    /// For a person's answer; its own time stands still.
    Asking {
        approval: ApprovalId,
        need: Capability,
        time_left: Millis,
    },
    Queued(Op),
    Performing(OpId),
    /// For a message.
    Receiving {
        wanted: Wanted,
        max: u32,
    },
    /// For what another process says to its request.
    AwaitingReply {
        from: Pid,
    },
    AwaitingEnd {
        of: Pid,
    },
    /// For the answer to the first call with its key.
    AwaitingFirst,
}

impl Kernel {
    pub fn new(mut config: KernelConfig, now: Millis) -> Self {
        let approvals = Approvals::new(std::mem::take(&mut config.approvals), now);
        Self {
            started_at: now,
            now,
            attended: false,
            approvals,
            processes: ProcessTable::new(config.limits.system, config.memory_budget, now),
            focused: None,
            ended: Ended::default(),
            grants: Grants::default(),
            calls: BTreeMap::new(),
            performing: BTreeMap::new(),
            streaming: BTreeMap::new(),
            last_op: OpId::NONE,
            last_socket: SocketId::NONE,
            lanes: Lanes::new(&config),
            programs: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            names: BTreeMap::new(),
            keys: Keys::default(),
            untaken: BTreeMap::new(),
            audit_full: false,
            denials: DenialCount::default(),
            events: EventLog::new(config.boot),
            tally: Tally::default(),
            config,
            effects: Vec::new(),
        }
    }

    /// Takes one input at the time `now`. A clock that went back stands still here.
    pub fn handle(&mut self, input: Input, now: Millis) -> Vec<Effect> {
        self.now = self.now.max(now);
        self.forget_expired_keys();
        match input {
            Input::Call { id, call } => self.answer(id, call),
            Input::Open { id, caller, stream } => self.open(id, caller, stream),
            Input::OpDone { op, result } => self.op_done(op, result),
            Input::Cancel { call } => self.abandon(call),
            Input::Taken { call } => self.answer_taken(call),
            Input::Attended(attended) => self.attended = attended,
            Input::AuditFull(full) => self.audit_full = full,
            Input::Tick => {}
        }
        self.expire_approvals();
        self.end_overdue_calls();
        self.relieve_memory();
        self.perform_queued();
        self.record_denials_left();
        std::mem::take(&mut self.effects)
    }

    /// Whether the grants let `caller` do what asks for `need`, as they are now. It is the question every call is
    /// asked, and takes nothing from the heap.
    pub fn is_allowed(&self, caller: Principal, need: &Capability) -> bool {
        self.grants.standing_of(caller, need) == Standing::Allowed
    }

    /// When the next [`Input::Tick`] is due, if nothing else happens.
    pub fn wake_at(&self) -> Option<Millis> {
        let deadline = self.deadlines.first().map(|(deadline, _)| *deadline);
        let others = [
            self.denials.wake_at().filter(|_| !self.audit_full),
            self.approvals.wake_at(),
            self.keys.wake_at(),
        ];
        deadline.into_iter().chain(others.into_iter().flatten()).min()
    }

    /// Whether something that happened is not in the audit yet, but will be with a [`Input::Tick`] that is due.
    pub fn owes_a_record(&self) -> bool {
        self.denials.wake_at().is_some() && !self.audit_full
    }

    /// The oldest `limit` of the events kept after `seq`, and how many after it are not kept. All come after a `seq`
    /// beyond the newest, which is of an earlier start.
    pub fn events_since(&self, seq: u64, limit: usize) -> (Vec<KernelEvent>, u64) {
        self.events.since(seq, limit)
    }

    fn answer(&mut self, id: CallId, call: Call) {
        let asked = Asked {
            caller: call.caller,
            call: id,
            deadline: self.now.saturating_add(call.time()),
            name: call.name,
        };
        let answer = self
            .admit(asked)
            .and_then(|limits| self.begin(asked, call, &limits));
        match answer {
            Ok(Answer::Now(reply)) => self.reply(asked, Ok(reply)),
            Ok(Answer::WhenDone) => {}
            Err(error) => self.reply(asked, Err(error)),
        }
    }

    /// Whether a call may be made at all now, and within which limits.
    fn admit(&mut self, asked: Asked) -> Result<Limits, SysError> {
        // A process that ended is answered like the calls it had when it ended.
        let process = self.processes.get_mut(asked.caller.pid());
        let process = process.ok_or(SysError::Cancelled)?;
        process.count_call(self.now)?;
        match process.state {
            ProcessState::Running => {}
            ProcessState::Suspended => return Err(SysError::Unavailable { retry_after: None }),
            ProcessState::Terminated { .. } => return Err(SysError::Cancelled),
        }
        match asked.name {
            Some(name) if self.names.contains_key(&(asked.caller, name)) => Err(SysError::AlreadyExists),
            _ => Ok(*process.limits),
        }
    }

    /// Makes a call, or answers it as the first with its key was.
    fn begin(&mut self, asked: Asked, call: Call, limits: &Limits) -> Result<Answer, SysError> {
        let key = call.key.filter(|_| call.syscall.changes_something());
        if let Some(key) = key
            && let Some(answer) = self.take_key(asked, key, &call.syscall, limits)?
        {
            return Ok(answer);
        }
        self.dispatch(asked, call.syscall, limits)
    }

    fn dispatch(&mut self, asked: Asked, syscall: Syscall, limits: &Limits) -> Result<Answer, SysError> {
        let caller = asked.caller;
        let reply = match syscall {
            Syscall::StoreGet { namespace, key } => {
                return self.queue(asked, Op::store_get(namespace, key, limits), limits);
            }
            Syscall::StorePut {
                namespace,
                key,
                value,
                if_version,
            } => {
                return self.queue(
                    asked,
                    Op::store_put(namespace, key, value, if_version, limits)?,
                    limits,
                );
            }
            Syscall::StoreDelete { namespace, key } => {
                return self.queue(asked, Op::StoreDelete { namespace, key }, limits);
            }
            Syscall::StoreList {
                namespace,
                prefix,
                after,
                limit,
            } => {
                return self.queue(asked, Op::store_list(namespace, prefix, after, limit)?, limits);
            }
            Syscall::StoreClear { namespace } => {
                return self.queue(asked, Op::StoreClear { namespace }, limits);
            }
            Syscall::GetHomeSpace { namespace } => {
                return self.queue(asked, Op::File(Box::new(FileOp::home_space(namespace))), limits);
            }
            Syscall::ClearHome { namespace } => {
                return self.queue(asked, Op::File(Box::new(FileOp::clear_home(namespace))), limits);
            }
            Syscall::GetSystemInfo => return self.queue(asked, Op::SystemInfo, limits),
            Syscall::GetCurrentTime => {
                self.check(caller, &Capability::Time)?;
                Reply::Time(self.now)
            }
            Syscall::GetUptime => {
                self.check(caller, &Capability::Time)?;
                Reply::Uptime(self.now - self.started_at)
            }
            Syscall::SpawnProcess(new) => Reply::Spawned(self.spawn(caller, new)?),
            Syscall::KillProcess { pid } => Reply::Killed(self.kill(caller, pid)?),
            Syscall::SuspendProcess { pid } => {
                self.set_state(
                    caller,
                    pid,
                    ProcessState::Suspended,
                    EventKind::ProcessSuspended {},
                )?;
                self.stop_receiving(pid);
                self.end_streams_of(pid);
                Reply::Done
            }
            Syscall::ResumeProcess { pid } => {
                self.set_state(caller, pid, ProcessState::Running, EventKind::ProcessResumed {})?;
                self.serve_readers(pid);
                Reply::Done
            }
            Syscall::GetProcessInfo { pid } => self.process_info(caller, pid)?,
            Syscall::WaitProcess { pid, wait } => return self.wait_process(asked, pid, wait, limits),
            Syscall::SetProcessPriority { pid, priority } => {
                self.set_priority(caller, pid, priority)?;
                Reply::Done
            }
            Syscall::SetFocus { pid } => {
                self.set_focus(caller, pid)?;
                Reply::Done
            }
            Syscall::HoldState { pid, bytes } => {
                self.hold_state(caller, pid, bytes)?;
                Reply::Done
            }
            Syscall::GetProcessStats { pid } => {
                Reply::ProcessStats(Box::new(self.process_stats(caller, pid)?))
            }
            Syscall::GetMemoryStats => Reply::MemoryStats(self.memory_stats(caller)?),
            Syscall::IpcDispatch { dispatch, body } => {
                return self.ipc_dispatch(asked, dispatch, body, limits);
            }
            Syscall::IpcReply { to, body } => self.ipc_reply(caller, to, body, limits)?,
            Syscall::IpcReceive { wanted, max, wait } => {
                return self.ipc_receive(asked, wanted, max, wait, limits);
            }
            Syscall::IpcSubscribe { topic } => return self.ipc_subscribe(asked, topic, limits),
            Syscall::IpcUnsubscribe { topic } => self.ipc_unsubscribe(caller, &topic)?,
            Syscall::ListProcesses => {
                self.check(caller, &Capability::Signal)?;
                Reply::Processes(self.processes.visible_to(caller))
            }
            Syscall::AddGrant { to, capability, rule } => {
                Reply::Granted(self.add_grant(caller, to, capability, rule)?)
            }
            Syscall::RevokeGrant { grant } => {
                let Some((namespace, need)) = self.revoke(caller, grant)? else {
                    return Ok(Answer::Now(Reply::Done));
                };
                let need = Some(need);
                return self.queue(asked, Op::ForgetApprovals { namespace, need }, limits);
            }
            Syscall::NetworkRequest(request) => return self.network_request(asked, request, limits),
            Syscall::NetworkAccess { url } => return self.network_access(asked, url, limits),
            Syscall::Socket(call) => return self.socket_call(asked, call, limits),
            Syscall::LlmGenerate(request) => return self.llm_generate(asked, request, limits),
            Syscall::File(call) => return self.file_call(asked, call, limits),
            Syscall::CancelCall { name } => self.cancel_call(caller, name)?,
            Syscall::RunProgram(request) => return self.run_program(asked, request, limits),
            Syscall::ListApprovals => {
                errand::check_person(caller)?;
                let open = self.approvals.open().map(|question| question.approval.clone());
                Reply::Approvals(open.collect())
            }
            Syscall::AnswerApproval { id, answer } => {
                return self.answer_approval(asked, id, answer, limits);
            }
            Syscall::ListStandingApprovals { namespace } => {
                errand::check_person(caller)?;
                Reply::StandingApprovals(self.standing_approvals(namespace))
            }
            Syscall::ForgetApprovals { namespace } => {
                errand::check_person(caller)?;
                self.forget_approvals(caller, namespace)?;
                let need = None;
                return self.queue(asked, Op::ForgetApprovals { namespace, need }, limits);
            }
            Syscall::ListGrants { pid } => {
                self.check_control(caller, pid)?;
                Reply::Grants(self.grants.held_by(pid))
            }
            Syscall::ListAllGrants => {
                errand::check_person(caller)?;
                Reply::Grants(self.grants.all())
            }
            Syscall::ListEvents { since, limit } => {
                errand::check_person(caller)?;
                Reply::Events(self.events.page(since, limit)?)
            }
            Syscall::GetStats => {
                errand::check_person(caller)?;
                Reply::Stats(Box::new(self.stats()))
            }
        };
        Ok(Answer::Now(reply))
    }

    fn check(&self, caller: Principal, need: &Capability) -> Result<(), SysError> {
        monitor::check(&self.grants, caller, need)
    }

    fn stamp(&self) -> Stamp {
        Stamp {
            time: self.now,
            boot: self.config.boot,
        }
    }

    /// Whether something may be decided that has no operation and is not refused by itself.
    fn check_audit(&self) -> Result<(), SysError> {
        if self.audit_full {
            return Err(SysError::Io { kind: IoKind::Disk });
        }
        Ok(())
    }

    /// Puts a decision that has no operation into the audit.
    fn record(&mut self, caller: Principal, action: Action) {
        let record = self.stamp().record(caller.pid(), action);
        self.effects.push(Effect::Audit(record));
    }

    fn emit(&mut self, pid: Pid, kind: EventKind) {
        let event = self.events.add(self.now, pid, kind);
        self.effects.push(Effect::Emit(event));
    }
}

enum Answer {
    Now(Reply),
    /// The call waits for its operation.
    WhenDone,
}

#[cfg(test)]
mod tests;
