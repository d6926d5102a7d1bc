//! The kernel as programs outside meet it: who they are, what they may, what they are told.

mod events;
mod limits;
mod streams;

use std::time::Duration;

use agentos_proto::kernel::file_call::{self, Call as FileCallKind};
use agentos_proto::kernel::kernel_event::Kind;
use agentos_proto::kernel::kernel_service_client::KernelServiceClient;
use agentos_proto::kernel::reply::Reply as ReplyKind;
use agentos_proto::kernel::stream_events_response::Item;
use agentos_proto::kernel::stream_syscall_request::{Item as StreamItem, Open, open};
use agentos_proto::kernel::stream_syscall_response::Item as Answered;
use agentos_proto::kernel::sys_error::Error as ErrorKind;
use agentos_proto::kernel::syscall::{self, Syscall as SyscallKind};
use agentos_proto::kernel::{
    ApprovalAnswer, Call, Capability, CreateProcessRequest, CreateProcessResponse, Dispatch,
    ExecuteBatchRequest, ExecuteSyscallRequest, ExecuteSyscallResponse, FileCall, FsRights, FsRule,
    KillProcessRequest, Lagged, ListProcessesRequest, NewGrant, NewProcess, Order, Peer, ReadStream, Reader,
    Reply, Resource, Rule, SandboxLevel, StreamEventsRequest, StreamEventsResponse, StreamSyscallRequest,
    SysError, Syscall, UpdateSandboxRequest, Wanted, WriteMode, WriteStream, capability, dispatch,
    execute_syscall_response, peer, wanted,
};
use axum::http::uri::PathAndQuery;
use futures::StreamExt;
use tonic::transport::{Channel, Endpoint, Uri};
use tonic::{Code, Request, Status, Streaming};
use tonic_prost::ProstCodec;

use super::{check_health, reason, reflected};
use crate::process::{Program, place};
use crate::server::Server;

const TOKEN: &str = "x-agentos-process-token";
/// More than the largest answer of one call here.
const ANSWER_BYTES: usize = 16 << 20;

/// A connection, and what it says who it is.
#[derive(Clone)]
struct Client {
    service: KernelServiceClient<Channel>,
    url: String,
    tokens: Vec<String>,
}

impl Client {
    async fn operator(server: &Server) -> Self {
        let service = KernelServiceClient::connect(server.kernel_url.clone())
            .await
            .unwrap();
        Self {
            service: service.max_decoding_message_size(ANSWER_BYTES),
            url: server.kernel_url.clone(),
            tokens: Vec::new(),
        }
    }

    fn with_token(&self, token: &str) -> Self {
        self.with_tokens(&[token])
    }

    fn with_tokens(&self, tokens: &[&str]) -> Self {
        Self {
            tokens: tokens.iter().map(ToString::to_string).collect(),
            ..self.clone()
        }
    }

    fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        for token in &self.tokens {
            request.metadata_mut().append(TOKEN, token.parse().unwrap());
        }
        request
    }

    /// A new process of its own, and the connection that acts as it.
    async fn process(&self, name: &str, level: SandboxLevel) -> (CreateProcessResponse, Self) {
        let created = self.create(named(name, level)).await;
        assert_eq!(created.error, None);
        let client = self.with_token(&created.process_token);
        (created, client)
    }

    async fn create(&self, new: CreateProcessRequest) -> CreateProcessResponse {
        let created = self.service.clone().create_process(self.request(new)).await;
        created.unwrap().into_inner()
    }

    async fn ask(
        &self,
        syscall: SyscallKind,
        acting_pid: Option<u64>,
    ) -> Result<ExecuteSyscallResponse, Status> {
        let request = ExecuteSyscallRequest {
            call: Some(call(syscall)),
            acting_pid,
        };
        let answer = self.service.clone().execute_syscall(self.request(request)).await;
        answer.map(tonic::Response::into_inner)
    }

    async fn call(&self, syscall: SyscallKind) -> Result<ReplyKind, SysError> {
        answered(self.ask(syscall, None).await.unwrap())
    }

    async fn refused(&self, syscall: SyscallKind) -> SysError {
        self.call(syscall).await.unwrap_err()
    }

    async fn events(&self, since: Option<u64>, reader: Reader) -> Streaming<StreamEventsResponse> {
        let request = StreamEventsRequest {
            since,
            reader: reader.into(),
        };
        let events = self.service.clone().stream_events(self.request(request)).await;
        events.unwrap().into_inner()
    }

    async fn update(&self, update: UpdateSandboxRequest) -> (Vec<u64>, Option<SysError>) {
        let updated = self.service.clone().update_sandbox(self.request(update)).await;
        let updated = updated.unwrap().into_inner();
        (updated.granted, updated.error)
    }
}

fn named(name: &str, level: SandboxLevel) -> CreateProcessRequest {
    CreateProcessRequest {
        name: name.to_owned(),
        sandbox_level: level.into(),
        priority: None,
        namespace: None,
    }
}

fn call(syscall: SyscallKind) -> Call {
    Call {
        syscall: Some(Syscall {
            syscall: Some(syscall),
        }),
        ..Call::default()
    }
}

#[expect(clippy::result_large_err, reason = "it is the message as it came")]
fn answered(response: ExecuteSyscallResponse) -> Result<ReplyKind, SysError> {
    match response.answer.unwrap() {
        execute_syscall_response::Answer::Reply(Reply { reply }) => Ok(reply.unwrap()),
        execute_syscall_response::Answer::Error(error) => Err(error),
    }
}

fn put(namespace: &str, value: &[u8]) -> SyscallKind {
    SyscallKind::StorePut(syscall::StorePut {
        namespace: namespace.to_owned(),
        key: "draft".to_owned(),
        value: value.to_vec(),
        if_version: None,
    })
}

fn get(namespace: &str) -> SyscallKind {
    SyscallKind::StoreGet(syscall::StoreGet {
        namespace: namespace.to_owned(),
        key: "draft".to_owned(),
    })
}

fn file(call: FileCallKind) -> SyscallKind {
    SyscallKind::File(FileCall { call: Some(call) })
}

fn write(path: &str, bytes: &[u8]) -> SyscallKind {
    file(FileCallKind::Write(file_call::Write {
        path: path.to_owned(),
        bytes: bytes.to_vec(),
        mode: WriteMode::Replace.into(),
        if_etag: None,
    }))
}

fn read(path: &str) -> SyscallKind {
    file(FileCallKind::Read(file_call::Read {
        path: path.to_owned(),
        offset: 0,
        length: None,
    }))
}

/// Waits for a message that does not come.
fn receive() -> SyscallKind {
    SyscallKind::IpcReceive(syscall::IpcReceive {
        wanted: Some(Wanted {
            wanted: Some(wanted::Wanted::Any(())),
        }),
        max: 1,
        wait: 20_000,
    })
}

/// To an app that nobody let it write to.
fn send_to(namespace: &str) -> SyscallKind {
    let to = Peer {
        peer: Some(peer::Peer::App(namespace.to_owned())),
    };
    let send = dispatch::Dispatch::Send(dispatch::Send { to: Some(to) });
    SyscallKind::IpcDispatch(syscall::IpcDispatch {
        dispatch: Some(Dispatch { dispatch: Some(send) }),
        body: b"hello".to_vec(),
    })
}

fn holds(capability: capability::Capability) -> Capability {
    Capability {
        capability: Some(capability),
    }
}

fn add(pid: u64, capability: capability::Capability, rule: Rule) -> UpdateSandboxRequest {
    UpdateSandboxRequest {
        pid,
        add: vec![NewGrant {
            capability: Some(holds(capability)),
            rule: rule.into(),
        }],
        revoke: Vec::new(),
    }
}

fn spawn_below(parent: u64) -> SyscallKind {
    SyscallKind::SpawnProcess(NewProcess {
        name: "child".to_owned(),
        parent,
        namespace: None,
        sandbox_level: SandboxLevel::Minimal.into(),
        priority: 5,
        focused: false,
    })
}

#[expect(clippy::unnecessary_wraps, reason = "messages hold it so")]
fn invalid(field: &str) -> Option<ErrorKind> {
    Some(ErrorKind::InvalidArgument(
        agentos_proto::kernel::sys_error::InvalidArgument {
            field: field.to_owned(),
        },
    ))
}

/// Asks until `holds`, at most as long as the end of a process may take to be told.
async fn eventually(holds: impl AsyncFn() -> bool) {
    let waiting = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), waiting)
        .await
        .expect("it takes longer than 10 s");
}

#[tokio::test]
async fn a_process_keeps_its_own_data_and_reaches_no_other() {
    let server = Server::start().await;
    let operator = Client::operator(&server).await;
    let (one, as_one) = operator.process("one", SandboxLevel::Standard).await;
    let (two, as_two) = operator.process("two", SandboxLevel::Standard).await;
    assert!(two.pid > one.pid && one.namespace != two.namespace);
    assert_eq!((one.process_token.len(), two.process_token.len()), (64, 64));

    as_one.call(put(&one.namespace, b"one")).await.unwrap();
    as_one.call(write("home:a.txt", &[0, 255])).await.unwrap();
    let Ok(ReplyKind::File(read_back)) = as_one.call(read("home:a.txt")).await else {
        panic!("the file is not there");
    };
    let Some(agentos_proto::kernel::file_reply::Reply::Bytes(bytes)) = read_back.reply else {
        panic!("{read_back:?}");
    };
    assert_eq!(bytes.bytes, [0, 255]);

    let denied = as_two.refused(get(&one.namespace)).await;
    assert_eq!(denied.code, "permission_denied");
    let need = capability::Capability::Store(capability::Store {
        namespace: one.namespace.clone(),
    });
    let expected = agentos_proto::kernel::sys_error::PermissionDenied {
        need: Some(holds(need)),
    };
    assert_eq!(denied.error, Some(ErrorKind::PermissionDenied(expected)));
    assert_eq!(as_two.refused(read("home:a.txt")).await.code, "not_found");
}

#[tokio::test]
async fn data_outlive_the_process_under_their_namespace() {
    let server = Server::start().await;
    let operator = Client::operator(&server).await;
    let (first, as_first) = operator.process("first", SandboxLevel::Minimal).await;
    as_first.call(put(&first.namespace, b"kept")).await.unwrap();
    let kill = KillProcessRequest { pid: first.pid };
    operator.service.clone().kill_process(kill).await.unwrap();
    let again = CreateProcessRequest {
        namespace: Some(first.namespace.clone()),
        ..named("second", SandboxLevel::Minimal)
    };
    let again = operator.create(again).await;
    assert_eq!(again.namespace, first.namespace);
    let as_second = operator.with_token(&again.process_token);
    let Ok(ReplyKind::Value(value)) = as_second.call(get(&first.namespace)).await else {
        panic!("the value is gone");
    };
    assert_eq!(value.bytes, b"kept");
}

#[tokio::test]
async fn a_token_is_believed_alone_and_only_if_it_was_given() {
    let server = Server::start().await;
    let operator = Client::operator(&server).await;
    let (one, as_one) = operator.process("one", SandboxLevel::Standard).await;
    let (two, _) = operator.process("two", SandboxLevel::Standard).await;
    let time = || SyscallKind::GetCurrentTime(());
    for client in [
        operator.with_token(""),
        operator.with_token(&"0".repeat(64)),
        operator.with_token(&one.process_token.to_uppercase()),
        operator.with_tokens(&[&one.process_token, &two.process_token]),
    ] {
        let status = client.ask(time(), None).await.unwrap_err();
        assert_eq!(
            (status.code(), &*reason(&status)),
            (Code::Unauthenticated, "unknown_process_token")
        );
    }
    for pid in [one.pid, two.pid, 1] {
        let status = as_one.ask(time(), Some(pid)).await.unwrap_err();
        assert_eq!(
            (status.code(), &*reason(&status)),
            (Code::PermissionDenied, "acts_for_another")
        );
    }
    assert!(as_one.call(time()).await.is_ok());
}

#[tokio::test]
async fn a_token_ends_with_its_process_whoever_ends_it() {
    let server = Server::start().await;
    let operator = Client::operator(&server).await;
    let time = || SyscallKind::GetCurrentTime(());
    let (killed, as_killed) = operator.process("killed", SandboxLevel::Standard).await;
    let kill = KillProcessRequest { pid: killed.pid };
    let ended = operator
        .service
        .clone()
        .kill_process(kill)
        .await
        .unwrap()
        .into_inner();
    assert_eq!((ended.pids, ended.error), (vec![killed.pid], None));
    let status = as_killed.ask(time(), None).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);

    let (by_rest, as_by_rest) = operator.process("by REST", SandboxLevel::Standard).await;
    let path = format!("/kernel/processes/{}/kill", by_rest.pid);
    let answer = crate::server::answer(server.request("POST", &path)).await;
    assert_eq!(answer.status, 200);
    eventually(async || match as_by_rest.ask(time(), None).await {
        Ok(answer) => {
            assert_eq!(answered(answer).unwrap_err().code, "cancelled");
            false
        }
        Err(status) => status.code() == Code::Unauthenticated,
    })
    .await;
}

#[tokio::test]
async fn a_token_gives_nothing_of_the_operator() {
    let server = Server::start().await;
    let operator = Client::operator(&server).await;
    let (own, process) = operator.process("one", SandboxLevel::Privileged).await;
    let (stranger, _) = operator.process("two", SandboxLevel::Standard).await;
    let namespace = || stranger.namespace.clone();
    let pid = stranger.pid;
    for call in [
        SyscallKind::ListApprovals(()),
        SyscallKind::AnswerApproval(syscall::AnswerApproval {
            id: "1".to_owned(),
            answer: ApprovalAnswer::Always.into(),
        }),
        SyscallKind::ListStandingApprovals(syscall::ListStandingApprovals {
            namespace: namespace(),
        }),
        SyscallKind::ForgetApprovals(syscall::ForgetApprovals {
            namespace: namespace(),
        }),
        SyscallKind::ListAllGrants(()),
        SyscallKind::ListEvents(syscall::ListEvents {
            since: None,
            limit: 1,
        }),
        SyscallKind::GetStats(()),
        SyscallKind::KillProcess(syscall::KillProcess { pid }),
        SyscallKind::ListGrants(syscall::ListGrants { pid: own.pid }),
        SyscallKind::AddGrant(syscall::AddGrant {
            to: own.pid,
            capability: Some(holds(capability::Capability::Llm(()))),
            rule: Rule::Allow.into(),
        }),
        spawn_below(own.pid),
        spawn_below(1),
        put(&namespace(), b"mine"),
        SyscallKind::StoreClear(syscall::StoreClear {
            namespace: namespace(),
        }),
        SyscallKind::GetHomeSpace(syscall::GetHomeSpace {
            namespace: namespace(),
        }),
        SyscallKind::ClearHome(syscall::ClearHome {
            namespace: namespace(),
        }),
    ] {
        let told = format!("{call:?}");
        assert_eq!(process.refused(call).await.code, "permission_denied", "{told}");
    }
    let widened = add(own.pid, capability::Capability::Llm(()), Rule::Allow);
    assert_eq!(process.update(widened).await.1.unwrap().code, "permission_denied");
    let created = process.create(named("child", SandboxLevel::Minimal)).await;
    assert_eq!(created.error.unwrap().code, "permission_denied");
    let kill = process.request(KillProcessRequest { pid });
    let killed = process
        .service
        .clone()
        .kill_process(kill)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(killed.error.unwrap().code, "permission_denied");
    let list = process.request(ListProcessesRequest {});
    let listed = process
        .service
        .clone()
        .list_processes(list)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(listed.error.unwrap().code, "permission_denied");
    for reader in [Reader::Program, Reader::Person] {
        let mut events = process.events(None, reader).await;
        let Some(Item::Error(error)) = events.message().await.unwrap().unwrap().item else {
            panic!("it hears what happens");
        };
        assert_eq!(error.code, "permission_denied");
        assert_eq!(events.message().await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_child_has_no_more_than_the_process_that_makes_it() {
    let server = Server::start().await;
    let operator = Client::operator(&server).await;
    let (parent, as_parent) = operator.process("parent", SandboxLevel::Standard).await;
    for capability in [
        capability::Capability::Spawn(()),
        capability::Capability::Signal(()),
    ] {
        let (granted, error) = operator.update(add(parent.pid, capability, Rule::Allow)).await;
        assert_eq!((granted.len(), error), (1, None));
    }
    let (child, as_child) = as_parent.process("child", SandboxLevel::Minimal).await;
    assert_eq!(child.namespace, parent.namespace);
    as_child.call(put(&parent.namespace, b"ours")).await.unwrap();
    let wider = as_parent.create(named("wider", SandboxLevel::Privileged)).await;
    assert_eq!(wider.error.unwrap().code, "permission_denied");
    let elsewhere = CreateProcessRequest {
        namespace: Some("01890a5d-ac96-774b-bcce-b302099a8057".to_owned()),
        ..named("elsewhere", SandboxLevel::Minimal)
    };
    let elsewhere = as_parent.create(elsewhere).await;
    assert_eq!(elsewhere.error.unwrap().code, "permission_denied");

    let (granted, error) = as_parent
        .update(add(
            child.pid,
            capability::Capability::SystemInfo(()),
            Rule::Allow,
        ))
        .await;
    assert_eq!((granted.len(), error), (1, None));
    assert!(as_child.call(SyscallKind::GetSystemInfo(())).await.is_ok());
    for (capability, rule) in [
        (capability::Capability::Llm(()), Rule::Allow),
        (capability::Capability::Time(()), Rule::Deny),
    ] {
        let refused = as_parent.update(add(child.pid, capability, rule)).await;
        assert_eq!(refused.0, [0; 0]);
        assert_eq!(refused.1.unwrap().code, "permission_denied");
    }
    let listed = as_parent.request(ListProcessesRequest {});
    let listed = as_parent.service.clone().list_processes(listed).await.unwrap();
    let pids: Vec<u64> = listed
        .into_inner()
        .processes
        .iter()
        .map(|process| process.pid)
        .collect();
    assert_eq!(pids, [parent.pid, child.pid]);
    let kill = as_parent.request(KillProcessRequest { pid: child.pid });
    as_parent.service.clone().kill_process(kill).await.unwrap();
    let status = as_child
        .ask(SyscallKind::GetCurrentTime(()), None)
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
}

#[tokio::test]
async fn a_sandbox_is_changed_by_what_it_holds_or_not_at_all() {
    let server = Server::start().await;
    let operator = Client::operator(&server).await;
    let (one, as_one) = operator.process("one", SandboxLevel::Minimal).await;
    let (two, _) = operator.process("two", SandboxLevel::Minimal).await;
    let info = || SyscallKind::GetSystemInfo(());
    let (granted, _) = operator
        .update(add(one.pid, capability::Capability::SystemInfo(()), Rule::Allow))
        .await;
    assert!(as_one.call(info()).await.is_ok());

    let of_another = UpdateSandboxRequest {
        pid: two.pid,
        revoke: granted.clone(),
        ..add(two.pid, capability::Capability::Llm(()), Rule::Allow)
    };
    let (added, error) = operator.update(of_another).await;
    assert_eq!((added, error.unwrap().code.as_str()), (vec![], "not_found"));
    assert!(as_one.call(info()).await.is_ok());

    let swapped = UpdateSandboxRequest {
        pid: one.pid,
        revoke: granted,
        ..add(one.pid, capability::Capability::Approve(()), Rule::Allow)
    };
    let (added, error) = operator.update(swapped).await;
    assert_eq!((added, error.unwrap().error), (vec![], invalid("capability")));
    assert_eq!(as_one.refused(info()).await.code, "permission_denied");

    let unspecified = add(one.pid, capability::Capability::SystemInfo(()), Rule::Unspecified);
    assert_eq!(
        operator.update(unspecified).await.1.unwrap().error,
        invalid("rule")
    );
    let nobody = add(9_999, capability::Capability::Time(()), Rule::Allow);
    assert_eq!(operator.update(nobody).await.1.unwrap().code, "not_found");
}

#[tokio::test]
async fn what_a_request_leaves_out_is_named() {
    let server = Server::start().await;
    let operator = Client::operator(&server).await;
    let mut service = operator.service.clone();
    let no_call = service.execute_syscall(ExecuteSyscallRequest::default()).await;
    let no_call = answered(no_call.unwrap().into_inner()).unwrap_err();
    assert_eq!(
        (no_call.code.as_str(), no_call.error),
        ("invalid_argument", invalid("call"))
    );
    for (call, field) in [
        (SyscallKind::File(FileCall::default()), "call"),
        (get("nobody"), "namespace"),
        (read("home:../a"), "path"),
    ] {
        assert_eq!(operator.refused(call).await.error, invalid(field));
    }
    for (new, field) in [
        (named("a", SandboxLevel::Unspecified), "sandbox_level"),
        (
            CreateProcessRequest {
                priority: Some(11),
                ..named("a", SandboxLevel::Standard)
            },
            "priority",
        ),
        (
            CreateProcessRequest {
                namespace: Some("mine".to_owned()),
                ..named("a", SandboxLevel::Standard)
            },
            "namespace",
        ),
    ] {
        let created = operator.create(new).await;
        assert_eq!(created.error.unwrap().error, invalid(field));
        assert_eq!((created.pid, created.process_token.as_str()), (0, ""));
    }
}

#[tokio::test]
async fn errors_bring_their_details() {
    let server = Server::start().await;
    let operator = Client::operator(&server).await;
    let (own, process) = operator.process("one", SandboxLevel::Minimal).await;
    let too_large = process.refused(put(&own.namespace, &vec![0; 65_537])).await;
    let limit = agentos_proto::kernel::sys_error::TooLarge { limit: 65_536 };
    assert_eq!(too_large.error, Some(ErrorKind::TooLarge(limit)));

    process.call(put(&own.namespace, b"a")).await.unwrap();
    let stale = SyscallKind::StorePut(syscall::StorePut {
        namespace: own.namespace.clone(),
        key: "draft".to_owned(),
        value: b"b".to_vec(),
        if_version: Some(0),
    });
    let stale = process.refused(stale).await;
    let Some(ErrorKind::Conflict(conflict)) = stale.error else {
        panic!("{stale:?}");
    };
    assert!(conflict.etag.is_some(), "it does not tell what is there");

    let holding: Vec<_> = (0..4)
        .map(|_| {
            let process = process.clone();
            tokio::spawn(async move { process.call(receive()).await })
        })
        .collect();
    // Until all wait, the store answers.
    let mut answer = process.call(get(&own.namespace)).await;
    while answer.is_ok() {
        answer = process.call(get(&own.namespace)).await;
    }
    let Some(ErrorKind::QuotaExceeded(quota)) = answer.unwrap_err().error else {
        panic!("it is another error");
    };
    assert!(
        [Resource::CallsInFlight, Resource::CallsPerSecond].contains(&quota.resource()) && quota.limit > 0,
        "{quota:?}"
    );
    holding.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test]
async fn a_batch_is_answered_whole_or_refused_whole() {
    let server = Server::start().await;
    let operator = Client::operator(&server).await;
    let (own, process) = operator.process("one", SandboxLevel::Standard).await;
    let batch = async |client: &Client, calls: Vec<Call>, acting_pid| {
        let request = ExecuteBatchRequest {
            calls,
            order: Order::Ordered.into(),
            acting_pid,
        };
        let request = client.request(request);
        let response = client.service.clone().execute_batch(request).await;
        response.map(tonic::Response::into_inner)
    };
    let calls = vec![
        call(get(&own.namespace)),
        call(put(&own.namespace, b"a")),
        call(get(&own.namespace)),
        call(SyscallKind::GetStats(())),
    ];
    for (client, acting_pid) in [(&process, None), (&operator, Some(own.pid))] {
        let answers = batch(client, calls.clone(), acting_pid).await.unwrap();
        assert_eq!(answers.error, None);
        let codes: Vec<_> = answers
            .answers
            .into_iter()
            .map(|answer| answered(answer).map_or_else(|error| error.code, |_| "ok".to_owned()))
            .collect();
        let first = if acting_pid.is_none() { "not_found" } else { "ok" };
        assert_eq!(codes, [first, "ok", "ok", "permission_denied"]);
    }
    for (calls, field) in [
        (vec![], "calls"),
        (vec![call(SyscallKind::GetUptime(())); 65], "calls"),
        (vec![call(put(&own.namespace, b"b")), Call::default()], "syscall"),
    ] {
        let refused = batch(&process, calls, None).await.unwrap();
        assert_eq!(
            (refused.answers, refused.error.unwrap().error),
            (vec![], invalid(field))
        );
    }
    let Ok(ReplyKind::Value(value)) = process.call(get(&own.namespace)).await else {
        panic!("the value is gone");
    };
    assert_eq!(value.bytes, b"a", "nothing of a refused batch is done");
    let status = batch(&process, calls, Some(own.pid)).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
}

#[tokio::test]
async fn who_leaves_cancels_its_call() {
    let server = Server::start().await;
    let operator = Client::operator(&server).await;
    let (own, process) = operator.process("one", SandboxLevel::Standard).await;
    let in_flight = async || {
        let stats = SyscallKind::GetProcessStats(syscall::GetProcessStats { pid: own.pid });
        match operator.call(stats).await {
            Ok(ReplyKind::ProcessStats(stats)) => stats.usage.unwrap().calls_in_flight,
            other => panic!("{other:?}"),
        }
    };
    let waiting = tokio::spawn(async move { process.call(receive()).await });
    eventually(async || in_flight().await == 1).await;
    waiting.abort();
    eventually(async || in_flight().await == 0).await;
}

#[tokio::test]
async fn a_call_has_its_own_deadline_and_name() {
    let server = Server::start().await;
    let operator = Client::operator(&server).await;
    let (own, process) = operator.process("one", SandboxLevel::Standard).await;
    let request = |call| ExecuteSyscallRequest {
        call: Some(call),
        acting_pid: None,
    };
    let end = SyscallKind::WaitProcess(syscall::WaitProcess {
        pid: own.pid,
        wait: 20_000,
    });
    let brief = Call {
        deadline_ms: Some(20),
        ..call(end)
    };
    let late = operator.service.clone().execute_syscall(request(brief)).await;
    let late = answered(late.unwrap().into_inner());
    assert_eq!(late.unwrap_err().code, "deadline_exceeded");

    let named = Call {
        name: Some(7),
        ..call(receive())
    };
    let waiting = tokio::spawn({
        let (process, request) = (process.clone(), process.request(request(named)));
        async move { process.service.clone().execute_syscall(request).await }
    });
    let cancel = || SyscallKind::CancelCall(syscall::CancelCall { name: 7 });
    eventually(async || process.call(cancel()).await.is_ok()).await;
    let cancelled = waiting.await.unwrap().unwrap().into_inner();
    assert_eq!(answered(cancelled).unwrap_err().code, "cancelled");
}

#[tokio::test]
async fn health_and_reflection_tell_of_the_service() {
    let server = Server::start().await;
    let endpoint = Endpoint::from_shared(server.kernel_url.clone()).unwrap();
    let channel = endpoint.connect().await.unwrap();
    check_health(channel.clone(), "agentos.kernel.v1.KernelService").await;
    assert_eq!(
        reflected(channel).await,
        ["agentos.kernel.v1.KernelService", "grpc.health.v1.Health"]
    );
}

#[tokio::test]
async fn what_a_page_could_have_sent_is_refused() {
    let server = Server::start().await;
    let operator = Client::operator(&server).await;
    for header in ["origin", "sec-fetch-site"] {
        let mut request = Request::new(ListProcessesRequest {});
        request
            .metadata_mut()
            .insert(header, server.kernel_url.parse().unwrap());
        let status = operator
            .service
            .clone()
            .list_processes(request)
            .await
            .unwrap_err();
        assert_eq!(
            (status.code(), &*reason(&status)),
            (Code::PermissionDenied, "foreign_origin")
        );
    }
    let endpoint = Endpoint::from_shared(server.kernel_url.clone()).unwrap();
    let rebound = endpoint.origin(Uri::from_static("http://evil.example"));
    let rebound = KernelServiceClient::new(rebound.connect().await.unwrap());
    let status = rebound.clone().list_processes(ListProcessesRequest {}).await;
    let status = status.unwrap_err();
    assert_eq!(
        (status.code(), &*reason(&status)),
        (Code::PermissionDenied, "foreign_host")
    );
}

#[tokio::test]
async fn a_request_that_is_too_large_is_refused() {
    let server = Server::start().await;
    let operator = Client::operator(&server).await;
    let (own, process) = operator.process("one", SandboxLevel::Standard).await;
    let large = vec![0; 17 * 1_024 * 1_024];
    let status = process.ask(put(&own.namespace, &large), None).await.unwrap_err();
    assert_eq!(status.code(), Code::OutOfRange, "{status:?}");
    assert!(process.call(SyscallKind::GetCurrentTime(())).await.is_ok());
}

#[tokio::test]
async fn the_program_serves_it_where_it_is_told_and_logs_no_payload() {
    const SECRET: &str = "the-secret-of-this-test";
    let (_place, data_dir) = place();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    let traced = "agentos_server=trace,agentos_adapters=trace,agentos_core=trace,tower=trace,tonic=trace";
    let program = Program::start_with(&data_dir, &["--kernel-listen", &address], &[("RUST_LOG", traced)]);
    let url = format!("http://{address}");
    let operator = Client {
        service: KernelServiceClient::connect(url.clone()).await.unwrap(),
        url,
        tokens: Vec::new(),
    };
    let (own, process) = operator.process("one", SandboxLevel::Standard).await;
    process
        .call(put(&own.namespace, SECRET.as_bytes()))
        .await
        .unwrap();
    process
        .call(write(&format!("home:{SECRET}"), SECRET.as_bytes()))
        .await
        .unwrap();
    process.refused(put(SECRET, SECRET.as_bytes())).await;
    operator.with_token(SECRET).ask(get(""), None).await.unwrap_err();
    let log = program.log();
    for secret in [SECRET, &own.process_token] {
        assert!(!log.contains(secret), "{log}");
    }

    let (_place, other_data_dir) = place();
    let (code, told) = Program::refused(&other_data_dir, &["--kernel-listen", &address]);
    assert_eq!(code, Some(3), "{told}");
    assert!(
        told.contains(&address) && told.contains("--kernel-listen"),
        "{told}"
    );
    drop(program);
}
