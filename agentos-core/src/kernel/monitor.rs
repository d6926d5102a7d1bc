//! The one gate: only here is an operation authorised, and an authorised one is all a host performs.

use super::CallId;
use super::approval::{ApprovalNeed, StandingApproval};
use super::audit::{Action, AuditRecord};
use super::capability::{Capability, Grants, Standing};
use super::error::SysError;
use super::exchange::Outbound;
use super::files::FileOp;
use super::limits::Limits;
use super::model::Prompt;
use super::process::{Pid, Principal};
use super::program::ProgramRun;
use super::socket::SocketOp;
use super::stream::StreamOp;
use super::syscall::{STORE_LIST_LIMIT, StoreKey};
use crate::ids::{BootId, Namespace};
use crate::time::Millis;

/// The number of an operation, never used twice in one boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OpId(u64);

impl OpId {
    #[must_use]
    pub(super) fn next(self) -> Self {
        Self(self.0 + 1)
    }

    pub(super) const NONE: Self = Self(0);
}

/// One thing to do outside the pure world, with the allowance it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    /// Answers [`Reply::Value`](super::Reply::Value); `too_large` beyond `max_bytes`.
    StoreGet {
        namespace: Namespace,
        key: StoreKey,
        max_bytes: u64,
    },
    /// Answers [`Reply::Stored`](super::Reply::Stored). `if_version` as in
    /// [`Syscall::StorePut`](super::Syscall::StorePut); a new key beyond `max_keys` is `quota_exceeded`.
    StorePut {
        namespace: Namespace,
        key: StoreKey,
        value: Vec<u8>,
        if_version: Option<u64>,
        max_keys: u64,
    },
    /// Answers [`Reply::Done`](super::Reply::Done), or `not_found`.
    StoreDelete { namespace: Namespace, key: StoreKey },
    /// Answers [`Reply::Keys`](super::Reply::Keys): at most `limit`.
    StoreList {
        namespace: Namespace,
        prefix: String,
        after: Option<StoreKey>,
        limit: u32,
    },
    /// Answers [`Reply::Removed`](super::Reply::Removed).
    StoreClear { namespace: Namespace },
    /// Answers [`Reply::SystemInfo`](super::Reply::SystemInfo).
    SystemInfo,
    /// Answers [`Reply::Response`](super::Reply::Response), whatever its status. The host is resolved
    /// now, and connected to at an address that [`Outbound::admits`]; where none is left it is
    /// `permission_denied`. A body beyond the allowance is `too_large`. The record is written before
    /// anything is sent.
    NetworkRequest(Box<Outbound>),
    /// Answers [`Reply::Socket`](super::Reply::Socket) or [`Reply::Done`](super::Reply::Done), see
    /// [`SocketAct`](super::SocketAct). The record is written before anything is sent.
    Socket(Box<SocketOp>),
    /// Answers [`Reply::Model`](super::Reply::Model), with at most [`ANSWER_BYTES`](super::ANSWER_BYTES) of text.
    /// The record is written before anything is asked.
    Generate(Box<Prompt>),
    /// Answers [`Reply::File`](super::Reply::File) or [`Reply::Done`](super::Reply::Done), see [`FileOp`]. The record is
    /// written when nothing is left to check and before anything is changed.
    File(Box<FileOp>),
    /// Answers [`Reply::Program`](super::Reply::Program) when it ended; dropping the future ends it. It is one of those
    /// the operator registered, or it is `unavailable`, as it is where the host cannot confine it.
    RunProgram(Box<ProgramRun>),
    /// Answers [`Reply::Streamed`](super::Reply::Streamed) once all has flowed. A file that is written is there from then
    /// on and has its record before, with the bytes that came.
    Stream(Box<StreamOp>),
    /// Answers [`Reply::Done`](super::Reply::Done): the answer is there after a restart.
    KeepApproval(StandingApproval),
    /// Answers [`Reply::Done`](super::Reply::Done): nothing is answered for the namespace any more, or not this need.
    ForgetApprovals {
        namespace: Namespace,
        need: Option<ApprovalNeed>,
    },
}

impl Op {
    pub(super) fn store_get(namespace: Namespace, key: StoreKey, limits: &Limits) -> Self {
        let max_bytes = limits.store_value_bytes;
        Self::StoreGet {
            namespace,
            key,
            max_bytes,
        }
    }

    pub(super) fn store_put(
        namespace: Namespace,
        key: StoreKey,
        value: Vec<u8>,
        if_version: Option<u64>,
        limits: &Limits,
    ) -> Result<Self, SysError> {
        if value.len() as u64 > limits.store_value_bytes {
            return Err(SysError::TooLarge {
                limit: limits.store_value_bytes,
            });
        }
        let max_keys = limits.store_keys;
        Ok(Self::StorePut {
            namespace,
            key,
            value,
            if_version,
            max_keys,
        })
    }

    pub(super) fn store_list(
        namespace: Namespace,
        prefix: String,
        after: Option<StoreKey>,
        limit: u32,
    ) -> Result<Self, SysError> {
        if !(1..=STORE_LIST_LIMIT).contains(&limit) {
            return Err(SysError::invalid("limit"));
        }
        if prefix.len() > StoreKey::MAX_BYTES {
            return Err(SysError::invalid("prefix"));
        }
        Ok(Self::StoreList {
            namespace,
            prefix,
            after,
            limit,
        })
    }

    /// The capability without which it must not happen.
    pub fn need(&self) -> Capability {
        match self {
            Self::StoreGet { namespace, .. }
            | Self::StorePut { namespace, .. }
            | Self::StoreDelete { namespace, .. }
            | Self::StoreList { namespace, .. }
            | Self::StoreClear { namespace } => Capability::Store {
                namespace: *namespace,
            },
            Self::SystemInfo => Capability::SystemInfo,
            Self::NetworkRequest(outbound) => outbound.target.need(outbound.method).into(),
            Self::Socket(op) => op.target.need(SocketOp::METHOD).into(),
            Self::Generate(_) => Capability::Llm,
            Self::File(op) => op.need().into(),
            Self::RunProgram(run) => Capability::Program {
                program: run.program.clone(),
            },
            Self::Stream(op) => op.need().into(),
            Self::KeepApproval(_) | Self::ForgetApprovals { .. } => Capability::Approve,
        }
    }

    /// What else it must not happen without: what is moved or copied comes from somewhere.
    pub(super) fn source_need(&self) -> Option<Capability> {
        match self {
            Self::File(op) => op.source_need().map(Capability::from),
            _ => None,
        }
    }

    /// The most bytes the kernel holds until it is done, for one that a call is; what an errand holds it knows itself.
    pub(super) fn held_bytes(&self) -> u64 {
        match self {
            Self::StoreGet { max_bytes, .. } => *max_bytes,
            Self::StorePut { value, .. } => value.len() as u64,
            Self::StoreList { limit, .. } => u64::from(*limit) * StoreKey::MAX_BYTES as u64,
            _ => 0,
        }
    }

    /// What the audit says of it; reads are not in the audit.
    fn action(&self) -> Option<Action> {
        match self {
            Self::StorePut {
                namespace,
                key,
                value,
                ..
            } => Some(Action::StorePut {
                namespace: *namespace,
                key: key.clone(),
                bytes: value.len() as u64,
            }),
            Self::StoreDelete { namespace, key } => Some(Action::StoreDelete {
                namespace: *namespace,
                key: key.clone(),
            }),
            Self::StoreClear { namespace } => Some(Action::StoreClear {
                namespace: *namespace,
            }),
            Self::NetworkRequest(outbound) => Some(Action::NetworkRequest {
                method: outbound.method,
                origin: outbound.target.origin(),
                bytes: outbound.body.len() as u64,
            }),
            Self::Socket(op) => op.action(),
            Self::Generate(prompt) => Some(Action::LlmGenerate {
                bytes: prompt.bytes(),
            }),
            Self::RunProgram(run) => Some(Action::RunProgram {
                process: run.process,
                program: run.program.clone(),
                bytes: run.input_bytes(),
            }),
            Self::File(op) => op.action(),
            Self::Stream(op) => op.action(),
            // The answer, and that it holds no more, is a record of its own.
            Self::KeepApproval(_)
            | Self::ForgetApprovals { .. }
            | Self::StoreGet { .. }
            | Self::StoreList { .. }
            | Self::SystemInfo => None,
        }
    }
}

/// An operation that passed the capability, quota and revocation checks, with its audit record.
///
/// There is no constructor outside the kernel's monitor, not for tests either, so whoever performs
/// these cannot perform what nobody was allowed:
///
/// ```compile_fail,E0451
/// use agentos_core::kernel::{AuthorizedOp, CallId, Op, OpId};
///
/// fn forge(id: OpId, call: CallId, op: Op) -> AuthorizedOp {
///     AuthorizedOp { id, call, op, record: None }
/// }
/// ```
///
/// It is performed at most once, so it cannot be copied:
///
/// ```compile_fail,E0599
/// fn twice(op: &agentos_core::kernel::AuthorizedOp) -> agentos_core::kernel::AuthorizedOp {
///     op.clone()
/// }
/// ```
#[derive(Debug, PartialEq, Eq)]
pub struct AuthorizedOp {
    id: OpId,
    call: Option<CallId>,
    op: Op,
    record: Option<Box<AuditRecord>>,
}

impl AuthorizedOp {
    pub fn id(&self) -> OpId {
        self.id
    }

    /// The call it belongs to; none where the kernel takes something away.
    pub fn call(&self) -> Option<CallId> {
        self.call
    }

    pub fn op(&self) -> &Op {
        &self.op
    }

    /// What the audit must hold once the operation is done; none for a read.
    pub fn record(&self) -> Option<&AuditRecord> {
        self.record.as_deref()
    }

    pub fn into_parts(self) -> (Op, Option<AuditRecord>) {
        (self.op, self.record.map(|record| *record))
    }
}

/// When and in which run of the kernel something happens.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stamp {
    pub(super) time: Millis,
    pub(super) boot: BootId,
}

impl Stamp {
    pub(super) fn record(self, pid: Pid, action: Action) -> AuditRecord {
        AuditRecord {
            time: self.time,
            boot: self.boot,
            pid,
            action,
        }
    }
}

/// Whether `caller` may do what asks for `need`, as the grants are now.
pub(super) fn check(grants: &Grants, caller: Principal, need: &Capability) -> Result<(), SysError> {
    check_call(grants, caller, need, false)
}

/// As [`check`]; a person who `allowed_once` stands for the grant that is not there, but not against a
/// denial.
pub(super) fn check_call(
    grants: &Grants,
    caller: Principal,
    need: &Capability,
    allowed_once: bool,
) -> Result<(), SysError> {
    let allowed = match grants.standing_of(caller, need) {
        Standing::Allowed => true,
        Standing::Nothing => allowed_once,
        Standing::Denied => false,
    };
    if allowed {
        Ok(())
    } else {
        Err(SysError::PermissionDenied { need: need.clone() })
    }
}

/// Turns `op` into one a host performs, if `caller` is allowed it at this moment.
pub(super) fn authorize(
    grants: &Grants,
    caller: Principal,
    (id, call): (OpId, Option<CallId>),
    op: Op,
    allowed_once: impl Fn(&Capability) -> bool,
    stamp: Stamp,
) -> Result<AuthorizedOp, SysError> {
    for need in op.source_need().into_iter().chain([op.need()]) {
        check_call(grants, caller, &need, allowed_once(&need))?;
    }
    let record = op
        .action()
        .map(|action| Box::new(stamp.record(caller.pid(), action)));
    Ok(AuthorizedOp { id, call, op, record })
}
