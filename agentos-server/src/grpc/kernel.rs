//! `agentos.kernel.v1.KernelService` over the desk's kernel.

use std::sync::Arc;

use agentos_core::ids::Namespace;
use agentos_core::kernel::{
    Batch, Call, Capability, FsPath, FsRoot, GRANTS_PER_PROCESS, GrantId, IoKind, NewProcess, Order, Pid,
    Principal, Priority, ProcessState, Reply, Rule, SysError, Syscall,
};
use agentos_core::ports::kernel::Reader;
use agentos_proto::kernel::kernel_service_server::KernelService;
use agentos_proto::kernel::stream_events_response::Item;
use agentos_proto::kernel::{
    CreateProcessRequest, CreateProcessResponse, ExecuteBatchRequest, ExecuteBatchResponse,
    ExecuteSyscallRequest, ExecuteSyscallResponse, KillProcessRequest, KillProcessResponse,
    ListProcessesRequest, ListProcessesResponse, NewGrant, StreamEventsRequest, StreamEventsResponse,
    StreamSyscallRequest, StreamSyscallResponse, UpdateSandboxRequest, UpdateSandboxResponse,
};
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status, Streaming};

use super::flow;
use super::tokens::ProcessTokens;
use crate::desk::Desk;
use crate::fault::Fault;

const PROCESS_TOKEN: &str = "x-agentos-process-token";

/// The service.
pub(super) struct Kernel {
    pub(super) desk: Arc<Desk>,
    pub(super) tokens: Arc<ProcessTokens>,
}

#[tonic::async_trait]
impl KernelService for Kernel {
    type StreamEventsStream = BoxStream<'static, Result<StreamEventsResponse, Status>>;
    type StreamSyscallStream = BoxStream<'static, Result<StreamSyscallResponse, Status>>;

    async fn create_process(
        &self,
        request: Request<CreateProcessRequest>,
    ) -> Result<Response<CreateProcessResponse>, Status> {
        let caller = self.caller(request.metadata())?;
        let created = self.create(caller, request.into_inner()).await;
        Ok(Response::new(created.unwrap_or_else(|error| {
            let error = Some(error.into());
            CreateProcessResponse {
                error,
                ..Default::default()
            }
        })))
    }

    async fn kill_process(
        &self,
        request: Request<KillProcessRequest>,
    ) -> Result<Response<KillProcessResponse>, Status> {
        let caller = self.caller(request.metadata())?;
        let pid = Pid::from_number(request.into_inner().pid);
        let killed = match self.syscall(caller, Syscall::KillProcess { pid }).await {
            Ok(Reply::Killed(pids)) => Ok(pids),
            other => Err(refusal(other)),
        };
        Ok(Response::new(match killed {
            Ok(pids) => {
                self.tokens.forget(&pids);
                KillProcessResponse {
                    pids: pids.into_iter().map(Pid::number).collect(),
                    error: None,
                }
            }
            Err(error) => KillProcessResponse {
                pids: Vec::new(),
                error: Some(error.into()),
            },
        }))
    }

    async fn execute_syscall(
        &self,
        request: Request<ExecuteSyscallRequest>,
    ) -> Result<Response<ExecuteSyscallResponse>, Status> {
        let caller = acting(self.caller(request.metadata())?, request.get_ref().acting_pid)?;
        let call = request.into_inner().call.ok_or_else(|| invalid("call"));
        let call = call.and_then(|call| call.made_by(caller));
        let answer = match call.and_then(beyond_the_systems_own_files) {
            Ok(call) => self.desk.kernel.call(call).await,
            Err(error) => Err(error),
        };
        Ok(Response::new(answer.into()))
    }

    async fn execute_batch(
        &self,
        request: Request<ExecuteBatchRequest>,
    ) -> Result<Response<ExecuteBatchResponse>, Status> {
        let caller = acting(self.caller(request.metadata())?, request.get_ref().acting_pid)?;
        let response = match batch(caller, request.into_inner()) {
            Ok(batch) => {
                let answers = self.desk.kernel.batch(batch).await;
                ExecuteBatchResponse {
                    answers: answers.into_iter().map(Into::into).collect(),
                    error: None,
                }
            }
            Err(error) => ExecuteBatchResponse {
                answers: Vec::new(),
                error: Some(error.into()),
            },
        };
        Ok(Response::new(response))
    }

    async fn stream_syscall(
        &self,
        request: Request<Streaming<StreamSyscallRequest>>,
    ) -> Result<Response<Self::StreamSyscallStream>, Status> {
        let caller = self.caller(request.metadata())?;
        let mut requests = request.into_inner();
        let opening = tokio::select! {
            opening = flow::opening(&mut requests) => opening?,
            () = self.desk.stop.cancelled() => return Err(flow::stopped()),
        };
        let answers = match opening {
            Ok((stream, acting_pid)) => {
                let caller = acting(caller, acting_pid)?;
                match check_place(caller, stream.path()) {
                    Ok(()) => flow::through(Arc::clone(&self.desk.kernel), caller, stream, requests),
                    Err(error) => flow::refused(error),
                }
            }
            Err(error) => flow::refused(error),
        };
        Ok(Response::new(flow::until(self.desk.stop.clone(), answers)))
    }

    async fn update_sandbox(
        &self,
        request: Request<UpdateSandboxRequest>,
    ) -> Result<Response<UpdateSandboxResponse>, Status> {
        let caller = self.caller(request.metadata())?;
        let mut granted = Vec::new();
        let changed = self.change(caller, request.into_inner(), &mut granted).await;
        Ok(Response::new(UpdateSandboxResponse {
            granted,
            error: changed.err().map(Into::into),
        }))
    }

    async fn list_processes(
        &self,
        request: Request<ListProcessesRequest>,
    ) -> Result<Response<ListProcessesResponse>, Status> {
        let caller = self.caller(request.metadata())?;
        Ok(Response::new(
            match self.syscall(caller, Syscall::ListProcesses).await {
                Ok(Reply::Processes(processes)) => ListProcessesResponse {
                    processes: processes.into_iter().map(Into::into).collect(),
                    error: None,
                },
                other => ListProcessesResponse {
                    processes: Vec::new(),
                    error: Some(refusal(other).into()),
                },
            },
        ))
    }

    async fn stream_events(
        &self,
        request: Request<StreamEventsRequest>,
    ) -> Result<Response<Self::StreamEventsStream>, Status> {
        let caller = self.caller(request.metadata())?;
        let reader = Reader::from(request.get_ref().reader());
        let events = match caller {
            Principal::System => self.desk.kernel.events(request.get_ref().since, reader).await,
            // As the kernel answers a process that lists them.
            Principal::Process(_) => Err(SysError::PermissionDenied {
                need: Capability::Approve,
            }),
        };
        let items = match events {
            Ok(events) => events.map(StreamEventsResponse::from).boxed(),
            Err(error) => {
                let item = Some(Item::Error(error.into()));
                stream::iter([StreamEventsResponse { item }]).boxed()
            }
        };
        let stopped = self.desk.stop.clone().cancelled_owned();
        Ok(Response::new(items.map(Ok).take_until(stopped).boxed()))
    }
}

impl Kernel {
    /// On whose authority a request is: that of the process whose token it brings, or the operator's.
    fn caller(&self, metadata: &MetadataMap) -> Result<Principal, Fault> {
        let mut tokens = metadata.get_all(PROCESS_TOKEN).iter();
        match (tokens.next(), tokens.next()) {
            (None, _) => Ok(Principal::System),
            (Some(token), None) => {
                let holder = self.tokens.holder(token.as_bytes());
                holder
                    .map(Principal::Process)
                    .ok_or_else(Fault::unknown_process_token)
            }
            (Some(_), Some(_)) => Err(Fault::unknown_process_token()),
        }
    }

    async fn syscall(&self, caller: Principal, syscall: Syscall) -> Result<Reply, SysError> {
        self.desk.kernel.call(Call::new(caller, syscall)).await
    }

    async fn create(
        &self,
        caller: Principal,
        request: CreateProcessRequest,
    ) -> Result<CreateProcessResponse, SysError> {
        let profile = request.sandbox_level().try_into()?;
        let priority = match request.priority {
            Some(weight) => {
                let weight = u8::try_from(weight).ok();
                weight
                    .and_then(Priority::new)
                    .ok_or_else(|| invalid("priority"))?
            }
            None => Priority::default(),
        };
        let namespace = match request.namespace {
            Some(text) => Some(Namespace::parse(&text).map_err(|_| invalid("namespace"))?),
            None => self.namespace_for(caller).await?,
        };
        let new = NewProcess {
            name: request.name,
            parent: caller.pid(),
            namespace,
            profile,
            priority,
            focused: false,
        };
        let pid = match self.syscall(caller, Syscall::SpawnProcess(new)).await {
            Ok(Reply::Spawned(pid)) => pid,
            other => return Err(refusal(other)),
        };
        let process_token = self.tokens.issue(pid, &*self.desk.ambient);
        // Its end may have been told before there was a token to forget.
        if !self.runs(pid).await {
            self.tokens.forget(&[pid]);
        }
        Ok(CreateProcessResponse {
            pid: pid.number(),
            process_token,
            namespace: namespace
                .map(|namespace| namespace.to_string())
                .unwrap_or_default(),
            error: None,
        })
    }

    /// The app data of a process that names none.
    async fn namespace_for(&self, caller: Principal) -> Result<Option<Namespace>, SysError> {
        match caller {
            Principal::System => {
                let ambient = &self.desk.ambient;
                Ok(Some(Namespace::new(ambient.now(), ambient.seed())))
            }
            Principal::Process(pid) => {
                let info = Syscall::GetProcessInfo { pid };
                match self.syscall(Principal::System, info).await {
                    Ok(Reply::Process(info)) => Ok(info.namespace),
                    other => Err(refusal(other)),
                }
            }
        }
    }

    async fn runs(&self, pid: Pid) -> bool {
        let info = self
            .syscall(Principal::System, Syscall::GetProcessInfo { pid })
            .await;
        matches!(info, Ok(Reply::Process(info)) if !matches!(info.state, ProcessState::Terminated { .. }))
    }

    /// Makes the changes one after another until one is refused, and tells in `granted` what was added.
    async fn change(
        &self,
        caller: Principal,
        request: UpdateSandboxRequest,
        granted: &mut Vec<u64>,
    ) -> Result<(), SysError> {
        let pid = Pid::from_number(request.pid);
        if request.revoke.len() > GRANTS_PER_PROCESS {
            return Err(invalid("revoke"));
        }
        if request.add.len() > GRANTS_PER_PROCESS {
            return Err(invalid("add"));
        }
        let add: Vec<(Capability, Rule)> =
            request.add.into_iter().map(new_grant).collect::<Result<_, _>>()?;
        let held = match self.syscall(caller, Syscall::ListGrants { pid }).await {
            Ok(Reply::Grants(held)) => held,
            other => return Err(refusal(other)),
        };
        let revoke: Vec<GrantId> = request.revoke.into_iter().map(GrantId::from_number).collect();
        if !revoke
            .iter()
            .all(|grant| held.iter().any(|held| held.id == *grant))
        {
            return Err(SysError::NotFound);
        }
        for grant in revoke {
            self.syscall(caller, Syscall::RevokeGrant { grant }).await?;
        }
        for (capability, rule) in add {
            let grant = Syscall::AddGrant {
                to: pid,
                capability,
                rule,
            };
            match self.syscall(caller, grant).await {
                Ok(Reply::Granted(grant)) => granted.push(grant.number()),
                other => return Err(refusal(other)),
            }
        }
        Ok(())
    }
}

/// The same for a call that the operator may make for a process.
fn acting(caller: Principal, acting_pid: Option<u64>) -> Result<Principal, Fault> {
    match (caller, acting_pid) {
        (Principal::System, Some(pid)) => Ok(Principal::Process(Pid::from_number(pid))),
        (Principal::Process(_), Some(_)) => Err(Fault::acts_for_another()),
        (caller, None) => Ok(caller),
    }
}

fn beyond_the_systems_own_files(call: Call) -> Result<Call, SysError> {
    if let Syscall::File(file) = &call.syscall {
        file.paths().try_for_each(|path| check_place(call.caller, path))?;
    }
    Ok(call)
}

/// The system's own files are for this program alone, which keeps its records there. So the operator has no `home` and no
/// `tmp` here, as a process without a namespace has none; what is shared it reaches.
fn check_place(caller: Principal, path: &FsPath) -> Result<(), SysError> {
    if caller == Principal::System && path.root() != FsRoot::Shared {
        return Err(invalid("path"));
    }
    Ok(())
}

fn batch(caller: Principal, request: ExecuteBatchRequest) -> Result<Batch, SysError> {
    let order = Order::from(request.order());
    let calls = request.calls.into_iter().map(|call| call.made_by(caller));
    let calls = calls.map(|call| call.and_then(beyond_the_systems_own_files));
    Batch::new(order, calls.collect::<Result<_, _>>()?)
}

fn new_grant(grant: NewGrant) -> Result<(Capability, Rule), SysError> {
    let rule = grant.rule().try_into()?;
    let capability = grant.capability.ok_or_else(|| invalid("capability"))?;
    Ok((capability.try_into()?, rule))
}

pub(super) fn invalid(field: &str) -> SysError {
    SysError::InvalidArgument {
        field: field.to_owned(),
    }
}

/// Why there is not the reply that there should be.
fn refusal(answer: Result<Reply, SysError>) -> SysError {
    answer.err().unwrap_or(SysError::Io {
        kind: IoKind::Protocol,
    })
}
