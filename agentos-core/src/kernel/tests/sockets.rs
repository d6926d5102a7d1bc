//! Connections that stay: approved as requests are, bounded, and gone with whatever they hang on.

use super::*;

const URL: &str = "wss://feed.example/news";
const MIB: u64 = 1_024 * 1_024;

fn open(url: &str) -> Syscall {
    let url = url.to_owned();
    let protocols = Vec::new();
    Syscall::Socket(SocketCall::Open { url, protocols })
}

fn send(url: &str, bytes: u64) -> Syscall {
    let (url, message) = (url.to_owned(), SocketMessage::Text("x".repeat(bytes as usize)));
    Syscall::Socket(SocketCall::Send { url, message })
}

fn receive(url: &str, max: u32, wait: Millis) -> Syscall {
    let url = url.to_owned();
    Syscall::Socket(SocketCall::Receive { url, max, wait })
}

fn close(url: &str) -> Syscall {
    let url = url.to_owned();
    Syscall::Socket(SocketCall::Close { url })
}

fn came(messages: &[&str], open: bool) -> Reply {
    let messages: Vec<_> = messages
        .iter()
        .map(|&text| SocketMessage::Text(text.to_owned()))
        .collect();
    let received_bytes = messages.iter().map(|message| message.bytes() + FRAME_BYTES).sum();
    Reply::Socket(SocketMessages {
        messages,
        open,
        received_bytes,
    })
}

fn may_contact(host: &str) -> Capability {
    ApprovalNeed::Net(Site::parse(host).unwrap()).capability()
}

/// What the host is to do with connections.
fn acts(effects: &[Effect]) -> Vec<(OpId, SocketOp)> {
    let ops = effects.iter().filter_map(|effect| match effect {
        Effect::Perform(op) => match op.op() {
            Op::Socket(socket) => Some((op.id(), (**socket).clone())),
            _ => None,
        },
        _ => None,
    });
    ops.collect()
}

fn closes(effects: &[Effect]) -> Vec<SocketId> {
    let closes = acts(effects)
        .into_iter()
        .filter(|(_, op)| op.act == SocketAct::Close);
    closes.map(|(_, op)| op.socket).collect()
}

/// An app that may contact `feed.example`, in an hour and with the limits given.
fn granted_within(limits: &LimitTable) -> (Bench, Pid, GrantId) {
    let mut bench = Bench::with(KernelConfig {
        limits: *limits,
        ..KernelConfig::new(BootId::new(START, 1))
    });
    bench.handle(Input::Attended(true));
    let pid = bench.app(1);
    let grant = bench.grant(pid, may_contact("feed.example"));
    (bench, pid, grant)
}

fn granted() -> (Bench, Pid, GrantId) {
    granted_within(&LimitTable::default())
}

impl Bench {
    fn finish(&mut self, op: OpId, result: Result<Reply, SysError>) -> Vec<Effect> {
        self.handle(Input::OpDone { op, result })
    }

    fn begin(&mut self, pid: Pid, syscall: Syscall) -> (CallId, OpId, SocketOp) {
        let (call, effects) = self.call(Principal::Process(pid), syscall);
        let (op, socket) = acts(&effects).pop().unwrap_or_else(|| panic!("{effects:?}"));
        (call, op, socket)
    }

    /// Makes a call that the host answers with `result`.
    fn over(
        &mut self,
        pid: Pid,
        syscall: Syscall,
        result: Result<Reply, SysError>,
    ) -> Result<Reply, SysError> {
        let (call, op, _) = self.begin(pid, syscall);
        let effects = self.finish(op, result);
        replies(&effects).remove(&call).expect("an answer")
    }

    fn connect(&mut self, pid: Pid, url: &str) -> SocketId {
        let (call, op, socket) = self.begin(pid, open(url));
        let effects = self.finish(op, Ok(Reply::Done));
        assert_eq!(replies(&effects)[&call], Ok(Reply::Done));
        socket.socket
    }

    fn at_once(&mut self, pid: Pid, syscall: Syscall) -> Result<Reply, SysError> {
        self.answer(Principal::Process(pid), syscall)
    }
}

#[test]
fn opening_is_asked_as_a_request_to_the_site_is() {
    let mut bench = Bench::new();
    bench.handle(Input::Attended(true));
    let pid = bench.app(1);
    let (call, effects) = bench.call(Principal::Process(pid), open(URL));
    assert_eq!((replies(&effects).len(), acts(&effects)), (0, vec![]));
    let Ok(Reply::Approvals(asked)) = bench.system(Syscall::ListApprovals) else {
        panic!("the system sees questions")
    };
    assert_eq!(
        asked[0].need,
        ApprovalNeed::Net(Site::parse("feed.example").unwrap())
    );
    let answer = Syscall::AnswerApproval {
        id: asked[0].id,
        answer: ApprovalAnswer::Session,
    };
    let (_, effects) = bench.call(Principal::System, answer);
    let (op, opening) = acts(&effects).remove(0);
    assert_eq!(opening.target.as_str(), "https://feed.example/news");
    let record = effects.iter().find_map(|effect| match effect {
        Effect::Perform(op) => op.record().map(|record| record.action.clone()),
        _ => None,
    });
    let origin = "wss://feed.example".to_owned();
    assert_eq!(record, Some(Action::NetworkSocket { origin }));
    let effects = bench.finish(op, Ok(Reply::Done));
    assert_eq!(replies(&effects)[&call], Ok(Reply::Done));
    let (_, effects) = bench.call(Principal::Process(pid), fetch("http://feed.example/"));
    assert_eq!(performed(&effects).len(), 1, "the answer holds for requests");
}

#[test]
fn what_no_socket_can_be_is_refused() {
    let (mut bench, pid, _) = granted();
    for url in ["https://feed.example/", "ws://a@feed.example/", "feed.example"] {
        assert_eq!(
            bench.at_once(pid, open(url)),
            Err(SysError::invalid("url")),
            "{url}"
        );
    }
    for url in ["ws://127.0.0.1/", "wss://[::ffff:10.0.0.1]/", "ws://0x7f.1:8080/"] {
        let refused = bench.at_once(pid, open(url));
        assert!(
            matches!(refused, Err(SysError::PermissionDenied { .. })),
            "{url} {refused:?}"
        );
    }
    let protocols = vec!["a b".to_owned()];
    let url = URL.to_owned();
    let offered = Syscall::Socket(SocketCall::Open { url, protocols });
    assert_eq!(bench.at_once(pid, offered), Err(SysError::invalid("protocols")));
    for call in [send(URL, 1), receive(URL, 1, 0), close(URL)] {
        assert_eq!(bench.at_once(pid, call), Err(SysError::NotFound));
    }
    assert_eq!(bench.usage(pid).open_streams, 0);
    assert_eq!(bench.usage(pid).memory_bytes, 0);
}

#[test]
fn only_the_operator_opens_what_is_not_public() {
    let site = Site::parse("127.0.0.1:9000").unwrap();
    let mut bench = Bench::with(KernelConfig {
        operator_sites: BTreeSet::from([site]),
        ..KernelConfig::new(BootId::new(START, 1))
    });
    let pid = bench.app(1);
    bench.grant(pid, may_contact("127.0.0.1:9000"));
    bench.grant(pid, may_contact("feed.example"));
    let admits = |bench: &mut Bench, url: &str| match bench.begin(pid, open(url)).2.act {
        SocketAct::Open(opening) => opening.admits([127, 0, 0, 1].into()),
        other => panic!("{other:?}"),
    };
    assert!(admits(&mut bench, "ws://127.0.0.1:9000/"));
    assert!(!admits(&mut bench, URL), "wherever its name leads");
}

#[test]
fn a_process_has_one_connection_to_a_url() {
    let (mut bench, pid, _) = granted();
    let (first, one, _) = bench.begin(pid, open(URL));
    let (second, two, late) = bench.begin(pid, open("WSS://feed.example:443/news#top"));
    let effects = bench.finish(one, Ok(Reply::Done));
    assert_eq!(replies(&effects)[&first], Ok(Reply::Done));
    let effects = bench.finish(two, Ok(Reply::Done));
    assert_eq!(replies(&effects)[&second], Err(SysError::AlreadyExists));
    assert_eq!(
        closes(&effects),
        [late.socket],
        "the one that came late is closed"
    );
    assert_eq!(bench.at_once(pid, open(URL)), Err(SysError::AlreadyExists));
    assert_eq!(bench.usage(pid).open_streams, 1);
    bench.connect(pid, "wss://feed.example/other");
    assert_eq!(bench.usage(pid).open_streams, 2);
}

#[test]
fn messages_go_both_ways_and_are_counted() {
    let (mut bench, pid, _) = granted();
    let socket = bench.connect(pid, URL);
    let held = bench.usage(pid).memory_bytes;
    assert_eq!(held, MIB + SOCKET_UNREAD_BYTES);

    let (call, op, sent) = bench.begin(pid, send(URL, 100));
    assert_eq!((sent.socket, bench.usage(pid).memory_bytes), (socket, held + 100));
    let effects = bench.finish(op, Ok(Reply::Done));
    assert_eq!(replies(&effects)[&call], Ok(Reply::Done));
    assert_eq!(bench.usage(pid).network_bytes, 100 + FRAME_BYTES);

    let told = came(&["ab", "c"], true);
    assert_eq!(bench.over(pid, receive(URL, 10, 0), Ok(told.clone())), Ok(told));
    let usage = bench.usage(pid);
    assert_eq!(usage.network_bytes, 103 + 3 * FRAME_BYTES);
    assert_eq!(
        (usage.memory_bytes, usage.network_in_flight, usage.calls_in_flight),
        (held, 0, 0)
    );

    let left = came(&["d"], false);
    assert_eq!(bench.over(pid, close(URL), Ok(left.clone())), Ok(left));
    let usage = bench.usage(pid);
    assert_eq!(usage.network_bytes, 104 + 4 * FRAME_BYTES);
    assert_eq!((usage.memory_bytes, usage.open_streams), (0, 0));
    assert_eq!(bench.at_once(pid, close(URL)), Err(SysError::NotFound));
}

#[test]
fn a_message_longer_than_the_limit_is_not_sent() {
    let (mut bench, pid, _) = granted();
    bench.connect(pid, URL);
    assert_eq!(
        bench.at_once(pid, send(URL, MIB + 1)),
        Err(SysError::TooLarge { limit: MIB })
    );
    bench.begin(pid, send(URL, MIB));
    for (max, wait, field) in [
        (0, 0, "max"),
        (RECEIVE_LIMIT + 1, 0, "max"),
        (1, SOCKET_WAIT + 1, "wait"),
    ] {
        assert_eq!(
            bench.at_once(pid, receive(URL, max, wait)),
            Err(SysError::invalid(field))
        );
    }
}

#[test]
fn what_the_server_ended_is_told_once_and_opened_anew() {
    let (mut bench, pid, _) = granted();
    let first = bench.connect(pid, URL);
    let last = came(&["bye"], false);
    assert_eq!(bench.over(pid, receive(URL, 10, 0), Ok(last.clone())), Ok(last));
    assert_eq!(
        (bench.usage(pid).memory_bytes, bench.usage(pid).open_streams),
        (0, 0)
    );
    assert_eq!(bench.at_once(pid, receive(URL, 10, 0)), Err(SysError::NotFound));
    assert_ne!(bench.connect(pid, URL), first);
}

#[test]
fn open_connections_are_limited_in_number_and_by_what_they_hold() {
    let mut limits = LimitTable::default();
    limits.standard.open_streams = 3;
    limits.standard.memory_bytes = 4 * MIB;
    let (mut bench, pid, _) = granted_within(&limits);
    let url = |number: usize| format!("wss://feed.example/{number}");
    for number in 0..3 {
        bench.connect(pid, &url(number));
    }
    let quota = |refused: Result<Reply, SysError>| match refused {
        Err(SysError::QuotaExceeded { resource, limit, .. }) => (resource, limit),
        other => panic!("{other:?}"),
    };
    let before = bench.usage(pid);
    assert_eq!(
        quota(bench.at_once(pid, open(&url(3)))),
        (Resource::OpenStreams, 3)
    );
    assert_eq!(
        quota(bench.at_once(pid, receive(&url(0), 1, 0))),
        (Resource::Memory, 4 * MIB)
    );
    let after = bench.usage(pid);
    assert_eq!(
        Usage {
            calls: before.calls,
            ..after
        },
        before,
        "a refusal changes nothing"
    );

    limits.standard.open_streams = 64;
    let (mut bench, pid, _) = granted_within(&limits);
    for number in 0..3 {
        bench.connect(pid, &url(number));
    }
    assert_eq!(
        quota(bench.at_once(pid, open(&url(3)))),
        (Resource::Memory, 4 * MIB)
    );
    assert_eq!(
        (
            bench.usage(pid).calls_in_flight,
            bench.usage(pid).network_in_flight
        ),
        (0, 0)
    );
}

#[test]
fn an_hour_that_is_full_stops_reading_and_leaves_closing() {
    let mut limits = LimitTable::default();
    // One connection and one answer.
    limits.standard.network_bytes_per_hour = 2 * (MIB + SOCKET_UNREAD_BYTES);
    let (mut bench, pid, _) = granted_within(&limits);
    bench.connect(pid, URL);
    bench
        .over(pid, receive(URL, 10, 0), Ok(came(&["abc"], true)))
        .unwrap();
    for refused in [receive(URL, 10, 0), open("wss://feed.example/more")] {
        let refused = bench.at_once(pid, refused);
        let hour = matches!(
            refused,
            Err(SysError::QuotaExceeded {
                resource: Resource::NetworkBytes,
                retry_after: Some(_),
                ..
            })
        );
        assert!(hour, "{refused:?}");
    }
    bench.over(pid, send(URL, 10), Ok(Reply::Done)).unwrap();
    bench.over(pid, close(URL), Ok(came(&[], false))).unwrap();
    bench.now += 3_600_000;
    bench.connect(pid, URL);
    bench.over(pid, receive(URL, 10, 0), Ok(came(&[], true))).unwrap();
}

#[test]
fn calls_about_connections_are_among_the_requests_in_flight() {
    let (mut bench, pid, _) = granted();
    bench.connect(pid, URL);
    for _ in 0..8 {
        bench.begin(pid, receive(URL, 1, 1_000));
    }
    for refused in [
        receive(URL, 1, 0),
        send(URL, 1),
        open("wss://feed.example/2"),
        fetch("https://feed.example/"),
    ] {
        let refused = bench.at_once(pid, refused);
        let full = matches!(
            refused,
            Err(SysError::QuotaExceeded {
                resource: Resource::NetworkInFlight,
                ..
            })
        );
        assert!(full, "{refused:?}");
    }
    bench.begin(pid, close(URL));
}

#[test]
fn a_connection_that_is_not_opened_in_time_is_given_up() {
    let (mut bench, pid, _) = granted();
    let (call, op, opening) = bench.begin(pid, open(URL));
    bench.now += SOCKET_OPENING_TIME;
    let effects = bench.handle(Input::Tick);
    assert_eq!(replies(&effects)[&call], Err(SysError::DeadlineExceeded));
    assert_eq!(cancelled(&effects), [op]);
    assert_eq!(closes(&effects), [opening.socket], "should it be there by now");
    let usage = bench.usage(pid);
    assert_eq!(
        (usage.memory_bytes, usage.open_streams, usage.network_in_flight),
        (0, 0, 0)
    );
    assert_eq!(bench.finish(op, Ok(Reply::Done)), []);
    bench.connect(pid, URL);
}

#[test]
fn a_connection_that_fails_leaves_nothing() {
    let (mut bench, pid, _) = granted();
    let error = SysError::Io {
        kind: IoKind::Protocol,
    };
    assert_eq!(bench.over(pid, open(URL), Err(error.clone())), Err(error));
    let usage = bench.usage(pid);
    assert_eq!(
        (usage.memory_bytes, usage.open_streams, usage.network_in_flight),
        (0, 0, 0)
    );
    bench.connect(pid, URL);
    let broken = SysError::Io {
        kind: IoKind::Network,
    };
    assert_eq!(bench.over(pid, send(URL, 10), Err(broken.clone())), Err(broken));
    assert_eq!(
        bench.usage(pid).open_streams,
        1,
        "what came before is still to be received"
    );
}

#[test]
fn revoking_ends_the_connection_and_what_is_done_over_it() {
    let (mut bench, pid, grant) = granted();
    let socket = bench.connect(pid, URL);
    let (call, op, _) = bench.begin(pid, receive(URL, 1, 1_000));
    let (_, effects) = bench.call(Principal::System, Syscall::RevokeGrant { grant });
    assert!(matches!(
        replies(&effects)[&call],
        Err(SysError::PermissionDenied { .. })
    ));
    assert_eq!((cancelled(&effects), closes(&effects)), (vec![op], vec![socket]));
    let usage = bench.usage(pid);
    assert_eq!(
        (usage.memory_bytes, usage.open_streams, usage.network_in_flight),
        (0, 0, 0)
    );
    assert_eq!(bench.at_once(pid, receive(URL, 1, 0)), Err(SysError::NotFound));
}

#[test]
fn what_was_allowed_once_lasts_as_long_as_the_connection() {
    let mut bench = Bench::new();
    bench.handle(Input::Attended(true));
    let pid = bench.app(1);
    let (_, effects) = bench.call(Principal::Process(pid), open(URL));
    let id = effects.iter().find_map(|effect| match effect {
        Effect::Emit(KernelEvent {
            kind: EventKind::ApprovalRequested { id, .. },
            ..
        }) => Some(*id),
        _ => None,
    });
    let answer = Syscall::AnswerApproval {
        id: id.unwrap(),
        answer: ApprovalAnswer::Once,
    };
    let (_, effects) = bench.call(Principal::System, answer);
    let (op, opening) = acts(&effects).remove(0);
    bench.finish(op, Ok(Reply::Done));
    let other = bench.grant(pid, Capability::Spawn);
    bench.system(Syscall::RevokeGrant { grant: other }).unwrap();
    bench.over(pid, send(URL, 1), Ok(Reply::Done)).unwrap();
    let deny = Syscall::AddGrant {
        to: pid,
        capability: may_contact("feed.example"),
        rule: Rule::Deny,
    };
    let (_, effects) = bench.call(Principal::System, deny);
    assert_eq!(closes(&effects), [opening.socket]);
    let (_, effects) = bench.call(Principal::Process(pid), open(URL));
    assert_eq!(acts(&effects), []);
}

#[test]
fn the_end_of_a_process_ends_its_connections() {
    let (mut bench, pid, _) = granted();
    let sockets = [
        bench.connect(pid, URL),
        bench.connect(pid, "wss://feed.example/2"),
    ];
    let (opening, _, third) = bench.begin(pid, open("wss://feed.example/3"));
    let (waiting, op, _) = bench.begin(pid, receive(URL, 1, 1_000));
    let (_, effects) = bench.call(Principal::System, Syscall::KillProcess { pid });
    let told = replies(&effects);
    assert_eq!(
        (&told[&opening], &told[&waiting]),
        (&Err(SysError::Cancelled), &Err(SysError::Cancelled))
    );
    assert!(cancelled(&effects).contains(&op));
    let closed: BTreeSet<SocketId> = closes(&effects).into_iter().collect();
    assert_eq!(closed, BTreeSet::from([sockets[0], sockets[1], third.socket]));
}

#[test]
fn nothing_is_handed_to_a_process_that_is_suspended() {
    let (mut bench, pid, _) = granted();
    bench.connect(pid, URL);
    let (call, op, _) = bench.begin(pid, receive(URL, 1, 1_000));
    let (_, effects) = bench.call(Principal::System, Syscall::SuspendProcess { pid });
    let unavailable = SysError::Unavailable { retry_after: None };
    assert_eq!(replies(&effects)[&call], Err(unavailable.clone()));
    assert_eq!(cancelled(&effects), [op]);
    assert_eq!(bench.at_once(pid, receive(URL, 1, 0)), Err(unavailable));
    bench.system(Syscall::ResumeProcess { pid }).unwrap();
    let told = came(&["a"], true);
    assert_eq!(bench.over(pid, receive(URL, 1, 0), Ok(told.clone())), Ok(told));
}
