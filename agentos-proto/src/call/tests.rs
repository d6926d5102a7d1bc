//! Everything the kernel port says crosses the wire whole.

use std::fmt::Debug;

use agentos_core::ids::{BootId, Namespace};
use agentos_core::kernel::*;

use crate::kernel as wire;

/// Written, sent as bytes and read again, it is what it was.
#[track_caller]
fn crosses<Meaning, Message>(meaning: Meaning)
where
    Meaning: TryFrom<Message, Error = SysError> + Clone + PartialEq + Debug,
    Message: From<Meaning> + prost::Message + Default,
{
    let bytes = Message::from(meaning.clone()).encode_to_vec();
    let message = Message::decode(&bytes[..]).unwrap();
    assert_eq!(Meaning::try_from(message).as_ref(), Ok(&meaning));
}

fn namespace() -> Namespace {
    Namespace::new(1_700_000_000_000, 7)
}

fn path(text: &str) -> FsPath {
    FsPath::parse(text).unwrap()
}

fn topic() -> Topic {
    Topic::parse("news").unwrap()
}

fn fs_rule(text: &str, owner: Option<Namespace>) -> FsRule {
    FsRule {
        place: FilePlace {
            path: path(text),
            owner,
        },
        rights: FsRights::ReadWrite,
    }
}

fn site(text: &str) -> Site {
    Site::parse(text).unwrap()
}

fn ipc_rules() -> Vec<IpcRule> {
    [
        (Partner::Peer(namespace()), IpcRights::Send),
        (Partner::Topic(topic()), IpcRights::Receive),
        (Partner::Process(Pid::from_number(9)), IpcRights::Both),
    ]
    .map(|(with, rights)| IpcRule { with, rights })
    .into()
}

fn capabilities() -> Vec<Capability> {
    let below = NetRule {
        host: HostRule::try_from("*.example.com".to_owned()).unwrap(),
        ..site("example.com:9000").rule()
    };
    let ipc = ipc_rules().into_iter().map(Capability::from);
    [
        Capability::Store {
            namespace: namespace(),
        },
        Capability::Time,
        Capability::SystemInfo,
        Capability::Spawn,
        Capability::Signal,
        fs_rule("home:notes/ä.txt", Some(namespace())).into(),
        fs_rule("shared:", None).into(),
        Capability::Program { program: program() },
        Capability::Llm,
        Capability::Approve,
        site("[::1]:8080").rule().into(),
        below.into(),
    ]
    .into_iter()
    .chain(ipc)
    .collect()
}

fn needs() -> Vec<ApprovalNeed> {
    let ipc = ipc_rules().into_iter().map(ApprovalNeed::Ipc);
    [
        ApprovalNeed::Net(site("example.com")),
        ApprovalNeed::Net(site("nas.lan:8080")),
        ApprovalNeed::Fs(fs_rule("tmp:a", Some(namespace()))),
        ApprovalNeed::Llm,
        ApprovalNeed::Program { program: program() },
    ]
    .into_iter()
    .chain(ipc)
    .collect()
}

fn program() -> ProgramName {
    ProgramName::parse("resize").unwrap()
}

fn approval_id() -> ApprovalId {
    ApprovalId::parse("1700000000001").unwrap()
}

const ANSWERS: [ApprovalAnswer; 4] = [
    ApprovalAnswer::Once,
    ApprovalAnswer::Session,
    ApprovalAnswer::Always,
    ApprovalAnswer::Never,
];

fn errors() -> Vec<SysError> {
    let resources = [
        Resource::Memory,
        Resource::CallsInFlight,
        Resource::CallsPerSecond,
        Resource::ChildProcesses,
        Resource::TreeDepth,
        Resource::Grants,
        Resource::StoreKeys,
        Resource::Disk,
        Resource::NetworkInFlight,
        Resource::NetworkBytes,
        Resource::Approvals,
        Resource::Mailbox,
        Resource::MailboxBytes,
        Resource::Subscriptions,
        Resource::OpenStreams,
        Resource::IdempotencyKeys,
        Resource::SystemMemory,
    ];
    let quotas = resources.map(|resource| SysError::QuotaExceeded {
        resource,
        limit: u64::MAX,
        used: 1,
        retry_after: Some(0),
    });
    let kinds = [
        IoKind::Disk,
        IoKind::DiskFull,
        IoKind::Corrupt,
        IoKind::Protocol,
        IoKind::Network,
    ];
    let denials = capabilities().into_iter();
    [
        SysError::ApprovalRequired { id: approval_id() },
        SysError::NotFound,
        SysError::AlreadyExists,
        SysError::NotADirectory,
        SysError::IsADirectory,
        SysError::NotEmpty,
        SysError::InvalidArgument {
            field: "key".to_owned(),
        },
        SysError::Conflict { etag: None },
        SysError::Conflict {
            etag: Some("7".to_owned()),
        },
        SysError::TooLarge { limit: 9 },
        SysError::DeadlineExceeded,
        SysError::Cancelled,
        SysError::Unavailable { retry_after: None },
        SysError::Unavailable {
            retry_after: Some(50),
        },
    ]
    .into_iter()
    .chain(quotas)
    .chain(kinds.map(|kind| SysError::Io { kind }))
    .chain(denials.map(|need| SysError::PermissionDenied { need }))
    .collect()
}

#[test]
fn every_error_crosses_with_its_code_and_its_details() {
    for error in errors() {
        let message = wire::SysError::from(error.clone());
        assert_eq!(
            (message.code.as_str(), message.message),
            (error.code(), error.to_string())
        );
        crosses::<SysError, wire::SysError>(error);
    }
}

#[test]
fn capabilities_questions_and_answers_cross() {
    for capability in capabilities() {
        for (rule, parent) in [(Rule::Allow, None), (Rule::Deny, Some(GrantId::from_number(1)))] {
            crosses::<GrantInfo, wire::GrantInfo>(GrantInfo {
                id: GrantId::from_number(2),
                holder: Pid::from_number(3),
                capability: capability.clone(),
                rule,
                parent,
            });
        }
    }
    for need in needs() {
        crosses::<Approval, wire::Approval>(Approval {
            id: approval_id(),
            pid: Pid::from_number(3),
            need: need.clone(),
            expires_at: 5,
        });
        crosses::<StandingApproval, wire::StandingApproval>(StandingApproval {
            namespace: namespace(),
            need,
            rule: Rule::Deny,
        });
    }
}

fn events() -> Vec<KernelEvent> {
    let (id, grant) = (approval_id(), GrantId::from_number(4));
    let answered = ANSWERS.map(|answer| EventKind::ApprovalAnswered { id, answer });
    let ended = [
        EndReason::Killed,
        EndReason::ParentKilled,
        EndReason::Exited,
        EndReason::OutOfMemory,
    ]
    .map(|reason| EventKind::ProcessEnded { reason });
    let kinds = [
        EventKind::ProcessSpawned {
            name: "app".to_owned(),
            parent: Pid::SYSTEM,
        },
        EventKind::ProcessSuspended {},
        EventKind::ProcessResumed {},
        EventKind::ProcessPriorityChanged {
            priority: Priority::new(10).unwrap(),
        },
        EventKind::GrantAdded {
            grant,
            capability: Capability::Time,
            rule: Rule::Deny,
        },
        EventKind::GrantRevoked {
            grant,
            capability: Capability::Llm,
        },
        EventKind::CallDenied {
            need: Capability::Spawn,
        },
        EventKind::ApprovalRequested {
            id,
            need: Box::new(ApprovalNeed::Llm),
            expires_at: 60_000,
        },
        EventKind::ApprovalExpired { id },
        EventKind::ApprovalWithdrawn { id },
        EventKind::MemoryPressure {
            level: MemoryLevel::Critical,
            used_bytes: 1,
            budget_bytes: 2,
        },
    ];
    let kinds = kinds.into_iter().chain(answered).chain(ended);
    let events = kinds.zip(1..).map(|(kind, seq)| KernelEvent {
        seq,
        boot: BootId::new(1_700_000_000_000, 1),
        time: 1_700_000_000_005,
        pid: Pid::from_number(2),
        kind,
    });
    events.collect()
}

fn file_calls() -> Vec<FileCall> {
    let file = || path("home:a/b");
    let modes = [WriteMode::Replace, WriteMode::CreateNew, WriteMode::Append];
    let writes = modes.map(|mode| FileCall::Write {
        path: file(),
        bytes: vec![0, 255],
        mode,
        if_etag: Some("1-2".to_owned()),
    });
    let calls = [
        FileCall::Read {
            path: file(),
            offset: 7,
            length: Some(0),
        },
        FileCall::Read {
            path: file(),
            offset: 0,
            length: None,
        },
        FileCall::Create { path: file() },
        FileCall::Truncate {
            path: file(),
            length: 3,
        },
        FileCall::Delete { path: file() },
        FileCall::Exists { path: file() },
        FileCall::Stat { path: path("tmp:") },
        FileCall::List {
            path: path("shared:"),
            after: Some("a".to_owned()),
            limit: 5,
        },
        FileCall::Move {
            from: file(),
            to: path("tmp:c"),
        },
        FileCall::Copy {
            from: file(),
            to: path("tmp:c"),
        },
        FileCall::CreateDirectory { path: file() },
        FileCall::RemoveDirectory { path: file() },
    ];
    calls.into_iter().chain(writes).collect()
}

fn socket_calls() -> [SocketCall; 5] {
    let url = || "wss://example.com/".to_owned();
    let send = |message| SocketCall::Send { url: url(), message };
    [
        SocketCall::Open {
            url: url(),
            protocols: vec!["mqtt".to_owned()],
        },
        send(SocketMessage::Text("a".to_owned())),
        send(SocketMessage::Binary(vec![0, 255])),
        SocketCall::Receive {
            url: url(),
            max: 2,
            wait: 3,
        },
        SocketCall::Close { url: url() },
    ]
}

fn program_ends() -> [ProgramEnd; 6] {
    let stopped = |limit| ProgramEnd::Stopped { limit };
    [
        ProgramEnd::Exited { code: -1 },
        ProgramEnd::Signalled { signal: 9 },
        stopped(ProgramLimit::Cpu),
        stopped(ProgramLimit::Output),
        stopped(ProgramLimit::Disk),
        stopped(ProgramLimit::Threads),
    ]
}

#[test]
fn a_stream_is_opened_as_it_was_asked_for() {
    let read = FileStream::Read(ReadStream {
        path: path("home:a"),
        offset: 3,
        length: Some(0),
    });
    let write = FileStream::Write(WriteStream {
        path: path("shared:a"),
        mode: WriteMode::Append,
        if_etag: Some("7".to_owned()),
    });
    for stream in [read, write] {
        let message = wire::stream_syscall_request::open::Stream::from(stream.clone());
        assert_eq!(message.try_into(), Ok(stream));
    }
}

fn syscalls() -> Vec<Syscall> {
    let (namespace, pid) = (namespace(), Pid::from_number(4));
    let key = || StoreKey::parse("draft").unwrap();
    let body = || b"body".to_vec();
    let new = |profile| NewProcess {
        profile,
        ..NewProcess::app("app", namespace)
    };
    let unowned = NewProcess {
        namespace: None,
        parent: pid,
        priority: Priority::new(1).unwrap(),
        focused: true,
        ..new(Profile::Minimal)
    };
    let dispatches = [
        Dispatch::Send {
            to: Peer::Process(pid),
        },
        Dispatch::Call {
            to: Peer::App(namespace),
            wait: 9,
        },
        Dispatch::Publish { topic: topic() },
    ];
    let wanted = [Wanted::Any, Wanted::Direct, Wanted::Topic(topic())];
    let methods = Method::ALL.map(|method| {
        Syscall::NetworkRequest(HttpRequest {
            method,
            url: "https://example.com/?q=ä".to_owned(),
            headers: vec![
                ("Accept".to_owned(), "*/*".to_owned()),
                ("Accept".to_owned(), String::new()),
            ],
            body: body(),
            timeout: Some(0),
            response_bytes: None,
        })
    });
    let calls = [
        Syscall::StoreGet {
            namespace,
            key: key(),
        },
        Syscall::StorePut {
            namespace,
            key: key(),
            value: body(),
            if_version: Some(0),
        },
        Syscall::StoreDelete {
            namespace,
            key: key(),
        },
        Syscall::StoreList {
            namespace,
            prefix: "d".to_owned(),
            after: Some(key()),
            limit: 9,
        },
        Syscall::StoreClear { namespace },
        Syscall::GetHomeSpace { namespace },
        Syscall::ClearHome { namespace },
        Syscall::GetSystemInfo,
        Syscall::GetCurrentTime,
        Syscall::GetUptime,
        Syscall::SpawnProcess(new(Profile::Standard)),
        Syscall::SpawnProcess(new(Profile::Privileged)),
        Syscall::SpawnProcess(unowned),
        Syscall::KillProcess { pid },
        Syscall::SuspendProcess { pid },
        Syscall::ResumeProcess { pid },
        Syscall::GetProcessInfo { pid },
        Syscall::WaitProcess { pid, wait: 8 },
        Syscall::SetProcessPriority {
            pid,
            priority: Priority::default(),
        },
        Syscall::GetProcessStats { pid },
        Syscall::SetFocus { pid: Some(pid) },
        Syscall::SetFocus { pid: None },
        Syscall::HoldState { pid, bytes: 9 },
        Syscall::GetMemoryStats,
        Syscall::ListProcesses,
        Syscall::AddGrant {
            to: pid,
            capability: Capability::Llm,
            rule: Rule::Deny,
        },
        Syscall::RevokeGrant {
            grant: GrantId::from_number(3),
        },
        Syscall::ListGrants { pid },
        Syscall::ListAllGrants,
        Syscall::ListEvents {
            since: Some(0),
            limit: 4,
        },
        Syscall::GetStats,
        Syscall::NetworkAccess {
            url: "https://example.com".to_owned(),
        },
        Syscall::LlmGenerate(ModelRequest {
            prompt: "shorten".to_owned(),
            text: "long".to_owned(),
            max_tokens: Some(9),
        }),
        Syscall::IpcReply {
            to: RequestId::from_number(4),
            body: body(),
        },
        Syscall::IpcSubscribe { topic: topic() },
        Syscall::IpcUnsubscribe { topic: topic() },
        Syscall::CancelCall { name: CallName(0) },
        Syscall::RunProgram(ProgramRequest {
            program: program(),
            args: vec!["-w".to_owned()],
            input: body(),
        }),
        Syscall::ListApprovals,
        Syscall::ListStandingApprovals { namespace },
        Syscall::ForgetApprovals { namespace },
    ];
    let dispatched = dispatches.map(|dispatch| Syscall::IpcDispatch {
        dispatch,
        body: body(),
    });
    let received = wanted.map(|wanted| Syscall::IpcReceive {
        wanted,
        max: 2,
        wait: 3,
    });
    let answered = ANSWERS.map(|answer| Syscall::AnswerApproval {
        id: approval_id(),
        answer,
    });
    calls
        .into_iter()
        .chain(dispatched)
        .chain(received)
        .chain(answered)
        .chain(methods)
        .chain(file_calls().into_iter().map(Syscall::File))
        .chain(socket_calls().map(Syscall::Socket))
        .collect()
}

#[test]
fn every_syscall_crosses() {
    for syscall in syscalls() {
        crosses::<Syscall, wire::Syscall>(syscall);
    }
}

#[test]
fn the_terms_of_a_call_cross() {
    let caller = Principal::Process(Pid::from_number(2));
    let bare = Call::new(caller, Syscall::GetUptime);
    let key = IdempotencyKey::parse("order 7").unwrap();
    let full = bare.clone().within(0).named(CallName(0)).once(key);
    for call in [bare, full] {
        let message = wire::Call::from(call.clone());
        assert_eq!(message.made_by(caller), Ok(call));
    }
}

fn replies() -> Vec<Reply> {
    let limits = LimitTable::default().standard;
    let usage = Usage {
        memory_bytes: 1,
        calls_in_flight: 2,
        calls: 3,
        network_in_flight: 4,
        network_bytes: 5,
        messages: 6,
        message_bytes: 7,
        open_streams: 8,
        state_bytes: 9,
    };
    let ended = ProcessState::Terminated {
        reason: EndReason::ParentKilled,
    };
    let info = |state| ProcessInfo {
        pid: Pid::from_number(2),
        name: "app".to_owned(),
        parent: Some(Pid::SYSTEM),
        namespace: Some(namespace()),
        state,
        priority: Priority::default(),
        profile: Profile::Standard,
        limits,
        usage,
        started_at: 8,
    };
    let infos: Vec<ProcessInfo> = [ProcessState::Running, ProcessState::Suspended, ended]
        .map(info)
        .into();
    let stat = |kind| FileStat {
        kind,
        size: 3,
        modified: 4,
        etag: "5".to_owned(),
    };
    let message = |kind| Message {
        from: Pid::from_number(2),
        namespace: None,
        kind,
        body: vec![1],
    };
    let lagged = MessageKind::Published {
        topic: topic(),
        lagged: 3,
    };
    let kinds = [
        MessageKind::Sent,
        MessageKind::Request(RequestId::from_number(4)),
        lagged,
    ];
    let operation_times = OperationTimes {
        count: 1,
        total_ms: 2,
        within: [1, 2, 3, 4, 5, 6, 7, 8],
    };
    let stats = KernelStats {
        boot: BootId::new(1, 1),
        uptime_ms: 2,
        processes: 3,
        suspended: 4,
        memory_bytes: 5,
        memory_limit_bytes: 6,
        grants: 7,
        approvals: 8,
        calls_in_flight: 9,
        calls: [("ok".to_owned(), 10), ("not_found".to_owned(), 1)].into(),
        denials: 11,
        operations_in_flight: 12,
        operations_waiting: 13,
        operation_times,
        events: 14,
        open_streams: 15,
        streamed_bytes: 16,
        memory_budget_bytes: 17,
        memory_level: MemoryLevel::Warning,
    };
    let entry = FileEntry {
        name: "a".to_owned(),
        kind: FileKind::Directory,
        size: 0,
        modified: 4,
    };
    vec![
        Reply::Done,
        Reply::Value(StoredValue {
            bytes: vec![0, 255],
            version: 1,
        }),
        Reply::Stored(1),
        Reply::Space(8_192),
        Reply::Removed(0),
        Reply::Keys {
            keys: vec![StoreKey::parse("a").unwrap()],
            more: true,
        },
        Reply::SystemInfo(SystemInfo {
            os: "linux".to_owned(),
            arch: "x86_64".to_owned(),
            cpus: 2,
            memory_bytes: None,
            version: "1".to_owned(),
        }),
        Reply::Time(1),
        Reply::Uptime(0),
        Reply::Spawned(Pid::from_number(2)),
        Reply::Killed(vec![Pid::from_number(2), Pid::from_number(3)]),
        Reply::Process(Box::new(infos[0].clone())),
        Reply::Processes(infos),
        Reply::Granted(GrantId::from_number(1)),
        Reply::Grants(Vec::new()),
        Reply::Events(EventPage {
            events: events(),
            missed: 1,
            newest: 2,
        }),
        Reply::Stats(Box::new(stats)),
        Reply::Response(HttpResponse {
            status: 599,
            headers: vec![("a".to_owned(), "b".to_owned())],
            body: vec![1],
        }),
        Reply::Model(ModelReply::Text(String::new())),
        Reply::Model(ModelReply::Refused {
            code: "blocked".to_owned(),
            message: "no".to_owned(),
        }),
        Reply::Ended(EndReason::Killed),
        Reply::ProcessStats(Box::new(ProcessStats {
            pid: Pid::from_number(2),
            usage,
            limits,
            child_processes: 1,
            subscriptions: 2,
            approvals: 3,
            age_ms: 4,
        })),
        Reply::MemoryStats(MemoryStats {
            own_bytes: 1,
            own_limit_bytes: 2,
            tree_bytes: 3,
            tree_processes: 4,
        }),
        Reply::Messages(kinds.map(message).into()),
        Reply::Answered(Vec::new()),
        Reply::Delivered(0),
        Reply::File(FileReply::Bytes {
            bytes: Vec::new(),
            stat: stat(FileKind::File),
        }),
        Reply::File(FileReply::Stat(stat(FileKind::Directory))),
        Reply::File(FileReply::Exists(false)),
        Reply::File(FileReply::Entries {
            entries: vec![entry],
            more: false,
        }),
        Reply::Streamed {
            bytes: 9,
            stat: stat(FileKind::File),
        },
        Reply::Approvals(Vec::new()),
        Reply::StandingApprovals(Vec::new()),
        Reply::Socket(SocketMessages {
            messages: vec![SocketMessage::Text("a".to_owned())],
            open: true,
            received_bytes: 17,
        }),
    ]
    .into_iter()
    .chain(program_ends().map(|end| {
        Reply::Program(ProgramOutput {
            end,
            stdout: vec![0, 255],
            stderr: Vec::new(),
        })
    }))
    .collect()
}

#[test]
fn every_reply_crosses() {
    for reply in replies() {
        crosses::<Reply, wire::Reply>(reply);
    }
}

#[test]
fn what_is_left_out_or_means_nothing_is_named() {
    #[track_caller]
    fn check(spoiled: wire::syscall::Syscall, field: &str) {
        let message = wire::Syscall {
            syscall: Some(spoiled),
        };
        let read = Syscall::try_from(message);
        let refused = SysError::InvalidArgument {
            field: field.to_owned(),
        };
        assert_eq!(read, Err(refused));
    }
    use wire::syscall::{self, Syscall as Wire};
    let store = |namespace: &str, key: &str| {
        Wire::StoreGet(syscall::StoreGet {
            namespace: namespace.to_owned(),
            key: key.to_owned(),
        })
    };
    let grant = |capability, rule| {
        Wire::AddGrant(syscall::AddGrant {
            to: 2,
            capability,
            rule,
        })
    };
    let fs = |path: &str, owner: Option<String>| {
        let rule = wire::FsRule {
            path: path.to_owned(),
            owner,
            rights: wire::FsRights::Read.into(),
        };
        let capability = Some(wire::capability::Capability::Fs(rule));
        grant(Some(wire::Capability { capability }), 1)
    };
    let net = |ports| {
        let rule = wire::NetRule {
            ports,
            ..site("example.com").rule().into()
        };
        let capability = Some(wire::capability::Capability::Net(rule));
        grant(Some(wire::Capability { capability }), 1)
    };
    let time = || Some(Capability::Time.into());
    check(store("", "a"), "namespace");
    check(store(&namespace().to_string(), ""), "key");
    check(Wire::SpawnProcess(wire::NewProcess::default()), "sandbox_level");
    check(grant(None, 1), "capability");
    check(grant(Some(wire::Capability::default()), 1), "capability");
    check(grant(time(), 0), "rule");
    check(grant(time(), 99), "rule");
    check(fs("home:../a", None), "path");
    check(fs("home:a", None), "owner");
    check(fs("shared:a", Some(namespace().to_string())), "owner");
    check(net(vec![0]), "port");
    check(net(vec![65_536]), "port");
    check(Wire::File(wire::FileCall::default()), "call");
    check(Wire::IpcReceive(wire::syscall::IpcReceive::default()), "wanted");
    check(
        Wire::SetProcessPriority(syscall::SetProcessPriority { pid: 2, priority: 11 }),
        "priority",
    );
    let empty = wire::Call::default().made_by(Principal::System);
    assert_eq!(
        empty,
        Err(SysError::InvalidArgument {
            field: "syscall".to_owned()
        })
    );
}

#[test]
fn an_answer_without_a_meaning_breaks_the_protocol() {
    use wire::execute_syscall_response::Answer;

    let unreadable = wire::SysError {
        code: "not_found".to_owned(),
        ..Default::default()
    };
    for answer in [
        None,
        Some(Answer::Reply(wire::Reply::default())),
        Some(Answer::Error(unreadable)),
    ] {
        let read = Result::<Reply, SysError>::from(wire::ExecuteSyscallResponse { answer });
        assert_eq!(
            read,
            Err(SysError::Io {
                kind: IoKind::Protocol
            })
        );
    }
}
