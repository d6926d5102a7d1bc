//! What is asked of the kernel.

use super::{SysError, core, invalid, namespace, number, pid, process, read, wire, word};
use wire::syscall::{self, Syscall};

impl From<core::Syscall> for wire::Syscall {
    fn from(call: core::Syscall) -> Self {
        let call = match call {
            core::Syscall::StoreGet { namespace, key } => Syscall::StoreGet(syscall::StoreGet {
                namespace: namespace.to_string(),
                key: key.into(),
            }),
            core::Syscall::StorePut {
                namespace,
                key,
                value,
                if_version,
            } => Syscall::StorePut(syscall::StorePut {
                namespace: namespace.to_string(),
                key: key.into(),
                value,
                if_version,
            }),
            core::Syscall::StoreDelete { namespace, key } => Syscall::StoreDelete(syscall::StoreDelete {
                namespace: namespace.to_string(),
                key: key.into(),
            }),
            core::Syscall::StoreList {
                namespace,
                prefix,
                after,
                limit,
            } => Syscall::StoreList(syscall::StoreList {
                namespace: namespace.to_string(),
                prefix,
                after: after.map(String::from),
                limit,
            }),
            core::Syscall::StoreClear { namespace } => Syscall::StoreClear(syscall::StoreClear {
                namespace: namespace.to_string(),
            }),
            core::Syscall::GetHomeSpace { namespace } => Syscall::GetHomeSpace(syscall::GetHomeSpace {
                namespace: namespace.to_string(),
            }),
            core::Syscall::ClearHome { namespace } => Syscall::ClearHome(syscall::ClearHome {
                namespace: namespace.to_string(),
            }),
            core::Syscall::GetSystemInfo => Syscall::GetSystemInfo(()),
            core::Syscall::GetCurrentTime => Syscall::GetCurrentTime(()),
            core::Syscall::GetUptime => Syscall::GetUptime(()),
            core::Syscall::SpawnProcess(new) => Syscall::SpawnProcess(new.into()),
            core::Syscall::KillProcess { pid } => {
                Syscall::KillProcess(syscall::KillProcess { pid: pid.number() })
            }
            core::Syscall::SuspendProcess { pid } => {
                Syscall::SuspendProcess(syscall::SuspendProcess { pid: pid.number() })
            }
            core::Syscall::ResumeProcess { pid } => {
                Syscall::ResumeProcess(syscall::ResumeProcess { pid: pid.number() })
            }
            core::Syscall::GetProcessInfo { pid } => {
                Syscall::GetProcessInfo(syscall::GetProcessInfo { pid: pid.number() })
            }
            core::Syscall::WaitProcess { pid, wait } => Syscall::WaitProcess(syscall::WaitProcess {
                pid: pid.number(),
                wait,
            }),
            core::Syscall::SetProcessPriority { pid, priority } => {
                Syscall::SetProcessPriority(syscall::SetProcessPriority {
                    pid: pid.number(),
                    priority: priority.weight().into(),
                })
            }
            core::Syscall::SetFocus { pid } => Syscall::SetFocus(syscall::SetFocus {
                pid: pid.map(core::Pid::number),
            }),
            core::Syscall::HoldState { pid, bytes } => Syscall::HoldState(syscall::HoldState {
                pid: pid.number(),
                bytes,
            }),
            core::Syscall::GetProcessStats { pid } => {
                Syscall::GetProcessStats(syscall::GetProcessStats { pid: pid.number() })
            }
            core::Syscall::GetMemoryStats => Syscall::GetMemoryStats(()),
            core::Syscall::ListProcesses => Syscall::ListProcesses(()),
            core::Syscall::AddGrant { to, capability, rule } => Syscall::AddGrant(syscall::AddGrant {
                to: to.number(),
                capability: Some(capability.into()),
                rule: number::<wire::Rule, _>(rule),
            }),
            core::Syscall::RevokeGrant { grant } => Syscall::RevokeGrant(syscall::RevokeGrant {
                grant: grant.number(),
            }),
            core::Syscall::ListGrants { pid } => {
                Syscall::ListGrants(syscall::ListGrants { pid: pid.number() })
            }
            core::Syscall::ListAllGrants => Syscall::ListAllGrants(()),
            core::Syscall::ListEvents { since, limit } => {
                Syscall::ListEvents(syscall::ListEvents { since, limit })
            }
            core::Syscall::GetStats => Syscall::GetStats(()),
            core::Syscall::NetworkRequest(request) => Syscall::NetworkRequest(request.into()),
            core::Syscall::NetworkAccess { url } => Syscall::NetworkAccess(syscall::NetworkAccess { url }),
            core::Syscall::LlmGenerate(request) => Syscall::LlmGenerate(request.into()),
            core::Syscall::IpcDispatch { dispatch, body } => Syscall::IpcDispatch(syscall::IpcDispatch {
                dispatch: Some(dispatch.into()),
                body,
            }),
            core::Syscall::IpcReply { to, body } => Syscall::IpcReply(syscall::IpcReply {
                to: to.number(),
                body,
            }),
            core::Syscall::IpcReceive { wanted, max, wait } => Syscall::IpcReceive(syscall::IpcReceive {
                wanted: Some(wanted.into()),
                max,
                wait,
            }),
            core::Syscall::IpcSubscribe { topic } => {
                Syscall::IpcSubscribe(syscall::IpcSubscribe { topic: topic.into() })
            }
            core::Syscall::IpcUnsubscribe { topic } => {
                Syscall::IpcUnsubscribe(syscall::IpcUnsubscribe { topic: topic.into() })
            }
            core::Syscall::File(call) => Syscall::File(call.into()),
            core::Syscall::Socket(call) => Syscall::Socket(call.into()),
            core::Syscall::RunProgram(request) => Syscall::RunProgram(request.into()),
            core::Syscall::CancelCall {
                name: core::CallName(name),
            } => Syscall::CancelCall(syscall::CancelCall { name }),
            core::Syscall::ListApprovals => Syscall::ListApprovals(()),
            core::Syscall::AnswerApproval { id, answer } => {
                Syscall::AnswerApproval(syscall::AnswerApproval {
                    id: id.into(),
                    answer: number::<wire::ApprovalAnswer, _>(answer),
                })
            }
            core::Syscall::ListStandingApprovals { namespace } => {
                Syscall::ListStandingApprovals(syscall::ListStandingApprovals {
                    namespace: namespace.to_string(),
                })
            }
            core::Syscall::ForgetApprovals { namespace } => {
                Syscall::ForgetApprovals(syscall::ForgetApprovals {
                    namespace: namespace.to_string(),
                })
            }
        };
        Self { syscall: Some(call) }
    }
}

impl TryFrom<wire::Syscall> for core::Syscall {
    type Error = SysError;

    fn try_from(call: wire::Syscall) -> Result<Self, SysError> {
        Ok(match call.syscall.ok_or_else(|| invalid("syscall"))? {
            Syscall::StoreGet(get) => Self::StoreGet {
                namespace: namespace(&get.namespace)?,
                key: get.key.try_into()?,
            },
            Syscall::StorePut(put) => Self::StorePut {
                namespace: namespace(&put.namespace)?,
                key: put.key.try_into()?,
                value: put.value,
                if_version: put.if_version,
            },
            Syscall::StoreDelete(delete) => Self::StoreDelete {
                namespace: namespace(&delete.namespace)?,
                key: delete.key.try_into()?,
            },
            Syscall::StoreList(list) => Self::StoreList {
                namespace: namespace(&list.namespace)?,
                prefix: list.prefix,
                after: list.after.map(core::StoreKey::try_from).transpose()?,
                limit: list.limit,
            },
            Syscall::StoreClear(clear) => Self::StoreClear {
                namespace: namespace(&clear.namespace)?,
            },
            Syscall::GetHomeSpace(home) => Self::GetHomeSpace {
                namespace: namespace(&home.namespace)?,
            },
            Syscall::ClearHome(home) => Self::ClearHome {
                namespace: namespace(&home.namespace)?,
            },
            Syscall::GetSystemInfo(()) => Self::GetSystemInfo,
            Syscall::GetCurrentTime(()) => Self::GetCurrentTime,
            Syscall::GetUptime(()) => Self::GetUptime,
            Syscall::SpawnProcess(new) => Self::SpawnProcess(new.try_into()?),
            Syscall::KillProcess(kill) => Self::KillProcess { pid: pid(kill.pid) },
            Syscall::SuspendProcess(suspend) => Self::SuspendProcess {
                pid: pid(suspend.pid),
            },
            Syscall::ResumeProcess(resume) => Self::ResumeProcess { pid: pid(resume.pid) },
            Syscall::GetProcessInfo(get) => Self::GetProcessInfo { pid: pid(get.pid) },
            Syscall::WaitProcess(wait) => Self::WaitProcess {
                pid: pid(wait.pid),
                wait: wait.wait,
            },
            Syscall::SetProcessPriority(set) => Self::SetProcessPriority {
                pid: pid(set.pid),
                priority: process::priority(set.priority)?,
            },
            Syscall::SetFocus(focus) => Self::SetFocus {
                pid: focus.pid.map(pid),
            },
            Syscall::HoldState(syscall::HoldState { pid: process, bytes }) => Self::HoldState {
                pid: pid(process),
                bytes,
            },
            Syscall::GetProcessStats(get) => Self::GetProcessStats { pid: pid(get.pid) },
            Syscall::GetMemoryStats(()) => Self::GetMemoryStats,
            Syscall::ListProcesses(()) => Self::ListProcesses,
            Syscall::AddGrant(add) => Self::AddGrant {
                to: pid(add.to),
                capability: read("capability", add.capability)?,
                rule: word::<wire::Rule, _>(add.rule)?,
            },
            Syscall::RevokeGrant(revoke) => Self::RevokeGrant {
                grant: core::GrantId::from_number(revoke.grant),
            },
            Syscall::ListGrants(list) => Self::ListGrants { pid: pid(list.pid) },
            Syscall::ListAllGrants(()) => Self::ListAllGrants,
            Syscall::ListEvents(syscall::ListEvents { since, limit }) => Self::ListEvents { since, limit },
            Syscall::GetStats(()) => Self::GetStats,
            Syscall::NetworkRequest(request) => Self::NetworkRequest(request.try_into()?),
            Syscall::NetworkAccess(syscall::NetworkAccess { url }) => Self::NetworkAccess { url },
            Syscall::LlmGenerate(request) => Self::LlmGenerate(request.into()),
            Syscall::IpcDispatch(dispatch) => Self::IpcDispatch {
                dispatch: read("dispatch", dispatch.dispatch)?,
                body: dispatch.body,
            },
            Syscall::IpcReply(reply) => Self::IpcReply {
                to: core::RequestId::from_number(reply.to),
                body: reply.body,
            },
            Syscall::IpcReceive(receive) => Self::IpcReceive {
                wanted: read("wanted", receive.wanted)?,
                max: receive.max,
                wait: receive.wait,
            },
            Syscall::IpcSubscribe(subscribe) => Self::IpcSubscribe {
                topic: subscribe.topic.try_into()?,
            },
            Syscall::IpcUnsubscribe(unsubscribe) => Self::IpcUnsubscribe {
                topic: unsubscribe.topic.try_into()?,
            },
            Syscall::File(call) => Self::File(call.try_into()?),
            Syscall::Socket(call) => Self::Socket(call.try_into()?),
            Syscall::RunProgram(request) => Self::RunProgram(request.try_into()?),
            Syscall::CancelCall(syscall::CancelCall { name }) => Self::CancelCall {
                name: core::CallName(name),
            },
            Syscall::ListApprovals(()) => Self::ListApprovals,
            Syscall::AnswerApproval(answer) => Self::AnswerApproval {
                id: answer.id.try_into()?,
                answer: word::<wire::ApprovalAnswer, _>(answer.answer)?,
            },
            Syscall::ListStandingApprovals(list) => Self::ListStandingApprovals {
                namespace: namespace(&list.namespace)?,
            },
            Syscall::ForgetApprovals(forget) => Self::ForgetApprovals {
                namespace: namespace(&forget.namespace)?,
            },
        })
    }
}
