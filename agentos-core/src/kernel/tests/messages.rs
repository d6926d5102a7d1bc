//! Messages: who may send, what is bounded, in which order things come, and who is told what.

use super::*;

const ONE: u128 = 1;
const TWO: u128 = 2;

fn topic(text: &str) -> Topic {
    Topic::parse(text).unwrap()
}

fn send(to: Peer, body: &[u8]) -> Syscall {
    dispatch(Dispatch::Send { to }, body)
}

fn call(to: Peer, body: &[u8]) -> Syscall {
    dispatch(Dispatch::Call { to, wait: 10_000 }, body)
}

fn publish(name: &str, body: &[u8]) -> Syscall {
    dispatch(Dispatch::Publish { topic: topic(name) }, body)
}

fn dispatch(dispatch: Dispatch, body: &[u8]) -> Syscall {
    let body = body.to_vec();
    Syscall::IpcDispatch { dispatch, body }
}

fn subscribe(name: &str) -> Syscall {
    Syscall::IpcSubscribe { topic: topic(name) }
}

fn receive(wait: Millis) -> Syscall {
    Syscall::IpcReceive {
        wanted: Wanted::Any,
        max: RECEIVE_LIMIT,
        wait,
    }
}

fn peer(number: u128) -> Peer {
    Peer::App(namespace(number))
}

fn to_peer(number: u128) -> Capability {
    IpcRule::send(Partner::Peer(namespace(number))).into()
}

fn of_topic(name: &str, rights: IpcRights) -> Capability {
    let with = Partner::Topic(topic(name));
    IpcRule { with, rights }.into()
}

fn bodies(reply: Result<Reply, SysError>) -> Vec<Vec<u8>> {
    messages(reply).into_iter().map(|message| message.body).collect()
}

fn messages(reply: Result<Reply, SysError>) -> Vec<Message> {
    match reply {
        Ok(Reply::Messages(messages)) => messages,
        other => panic!("{other:?}"),
    }
}

/// A kernel with two apps, of which the first may send to the second.
fn pair() -> (Bench, Principal, Principal) {
    pair_within(&LimitTable::default())
}

fn pair_within(limits: &LimitTable) -> (Bench, Principal, Principal) {
    let mut bench = Bench::with(KernelConfig {
        limits: *limits,
        ..KernelConfig::new(BootId::new(START, 1))
    });
    let (one, two) = (bench.app(ONE), bench.app(TWO));
    bench.grant(one, to_peer(TWO));
    (bench, Principal::Process(one), Principal::Process(two))
}

/// The first app publishes `news`, the second listens.
fn radio(limits: &LimitTable) -> (Bench, Principal, Principal) {
    let (mut bench, one, two) = pair_within(limits);
    bench.grant(one.pid(), of_topic("news", IpcRights::Send));
    bench.grant(two.pid(), of_topic("news", IpcRights::Receive));
    bench.answer(two, subscribe("news")).unwrap();
    (bench, one, two)
}

#[test]
fn messages_are_read_in_order_and_name_their_sender() {
    let (mut bench, one, two) = pair();
    for body in [b"a", b"b", b"c"] {
        assert_eq!(bench.answer(one, send(peer(TWO), body)), Ok(Reply::Done));
    }
    let read = messages(bench.answer(two, receive(0)));
    let told = Message {
        from: one.pid(),
        namespace: Some(namespace(ONE)),
        kind: MessageKind::Sent,
        body: b"a".to_vec(),
    };
    assert_eq!(read[0], told);
    assert_eq!(bodies(Ok(Reply::Messages(read))), [b"a", b"b", b"c"]);
    assert_eq!(bench.answer(two, receive(0)), Ok(Reply::Messages(vec![])));
}

#[test]
fn a_reader_takes_as_many_as_it_wants_of_what_it_wants() {
    let (mut bench, one, two) = radio(&LimitTable::default());
    bench.answer(one, publish("news", b"n1")).unwrap();
    bench.answer(one, send(peer(TWO), b"m1")).unwrap();
    bench.answer(one, publish("news", b"n2")).unwrap();
    bench.answer(one, send(peer(TWO), b"m2")).unwrap();
    let mut read = |wanted, max| bodies(bench.answer(two, Syscall::IpcReceive { wanted, max, wait: 0 }));
    assert_eq!(read(Wanted::Direct, 1), [b"m1"]);
    assert_eq!(read(Wanted::Topic(topic("news")), 10), [b"n1", b"n2"]);
    assert_eq!(read(Wanted::Any, 10), [b"m2"]);
    let not_heard = Syscall::IpcReceive {
        wanted: Wanted::Topic(topic("olds")),
        max: 1,
        wait: 0,
    };
    assert_eq!(bench.answer(two, not_heard), Err(SysError::NotFound));
    for max in [0, RECEIVE_LIMIT + 1] {
        let wanted = Wanted::Any;
        let refused = bench.answer(two, Syscall::IpcReceive { wanted, max, wait: 0 });
        assert_eq!(refused, Err(SysError::invalid("max")));
    }
}

#[test]
fn a_reader_waits_for_the_first_message_and_no_longer_than_it_said() {
    let (mut bench, one, two) = pair();
    let (waiting, effects) = bench.call(two, receive(5_000));
    assert_eq!(effects, []);
    let (_, effects) = bench.call(one, send(peer(TWO), b"a"));
    assert_eq!(bodies(replies(&effects)[&waiting].clone()), [b"a"]);
    let (waiting, _) = bench.call(two, receive(5_000));
    bench.now += 5_000;
    let effects = bench.handle(Input::Tick);
    assert_eq!(replies(&effects)[&waiting], Ok(Reply::Messages(vec![])));
    bench.answer(one, send(peer(TWO), b"b")).unwrap();
    assert_eq!(
        bench.usage(two.pid()).messages,
        1,
        "who gave up takes nothing away"
    );
}

#[test]
fn who_waits_longest_is_served_first_and_a_cancelled_reader_takes_nothing() {
    let (mut bench, one, two) = pair();
    let waiting = [0; 3].map(|_| bench.call(two, receive(5_000)).0);
    bench.handle(Input::Cancel { call: waiting[1] });
    for (body, reader) in [(b"a", waiting[0]), (b"b", waiting[2])] {
        let (_, effects) = bench.call(one, send(peer(TWO), body));
        assert_eq!(bodies(replies(&effects)[&reader].clone()), [body]);
    }
}

#[test]
fn a_full_mailbox_is_the_senders_error_and_loses_nothing() {
    let mut limits = LimitTable::default();
    limits.standard.mailbox_messages = 3;
    limits.standard.mailbox_bytes = 1_000;
    let (mut bench, one, two) = pair_within(&limits);
    for body in [b"a", b"b", b"c"] {
        bench.answer(one, send(peer(TWO), body)).unwrap();
    }
    let full = |resource, limit, used| {
        Err(SysError::QuotaExceeded {
            resource,
            limit,
            used,
            retry_after: None,
        })
    };
    assert_eq!(
        bench.answer(one, send(peer(TWO), b"d")),
        full(Resource::Mailbox, 3, 3)
    );
    assert_eq!(
        bench.answer(one, call(peer(TWO), b"d")),
        full(Resource::Mailbox, 3, 3)
    );
    assert_eq!(bodies(bench.answer(two, receive(0))), [b"a", b"b", b"c"]);
    bench.answer(one, send(peer(TWO), &[0; 600])).unwrap();
    let refused = bench.answer(one, send(peer(TWO), &[0; 401]));
    assert_eq!(refused, full(Resource::MailboxBytes, 1_000, 600));
    bench.answer(one, send(peer(TWO), &[0; 400])).unwrap();
    assert_eq!(bench.usage(one.pid()).memory_bytes, 0);
}

#[test]
fn a_mailbox_holds_as_many_messages_as_its_profile_says() {
    let table = LimitTable::default();
    for (profile, limit) in [
        (Profile::Minimal, table.minimal.mailbox_messages),
        (Profile::Standard, table.standard.mailbox_messages),
        (Profile::Privileged, table.privileged.mailbox_messages),
    ] {
        let mut bench = Bench::new();
        let new = NewProcess::app("reader", namespace(TWO));
        let reader = bench.spawn(NewProcess { profile, ..new }).unwrap();
        for _ in 0..limit {
            assert_eq!(bench.system(send(peer(TWO), b"a")), Ok(Reply::Done));
        }
        let full = SysError::QuotaExceeded {
            resource: Resource::Mailbox,
            limit,
            used: limit,
            retry_after: None,
        };
        assert_eq!(bench.system(send(peer(TWO), b"a")), Err(full));
        let mut read = 0;
        for _ in 0..limit.div_ceil(RECEIVE_LIMIT.into()) {
            read += bodies(bench.answer(Principal::Process(reader), receive(0))).len() as u64;
        }
        assert_eq!(read, limit);
    }
}

#[test]
fn unread_messages_are_the_readers_memory() {
    let mut limits = LimitTable::default();
    limits.standard.memory_bytes = 1_000;
    let (mut bench, one, two) = pair_within(&limits);
    bench.answer(one, send(peer(TWO), &[0; 700])).unwrap();
    let held = |bench: &Bench| {
        let usage = bench.usage(two.pid());
        (usage.memory_bytes, usage.message_bytes, usage.messages)
    };
    assert_eq!(held(&bench), (700, 700, 1));
    let refused = bench.answer(one, send(peer(TWO), &[0; 301]));
    assert!(matches!(
        refused,
        Err(SysError::QuotaExceeded {
            resource: Resource::Memory,
            used: 700,
            ..
        })
    ));
    assert_eq!(bodies(bench.answer(two, receive(0))).len(), 1);
    assert_eq!(held(&bench), (0, 0, 0));
}

#[test]
fn a_message_is_no_longer_than_either_side_may_have() {
    let mut bench = Bench::new();
    let one = bench.app(ONE);
    let minimal = bench.spawn(NewProcess {
        profile: Profile::Minimal,
        ..NewProcess::app("small", namespace(TWO))
    });
    let minimal = Principal::Process(minimal.unwrap());
    bench.grant(one, to_peer(TWO));
    bench.grant(minimal.pid(), to_peer(ONE));
    let table = LimitTable::default();
    let (small, large) = (table.minimal.message_bytes, table.standard.message_bytes);
    let one = Principal::Process(one);
    let too_large = |limit| Err(SysError::TooLarge { limit });
    let mut sent = |caller, to, bytes: u64| bench.answer(caller, send(to, &vec![0; bytes as usize]));
    assert_eq!(sent(one, peer(TWO), large + 1), too_large(large));
    assert_eq!(sent(one, peer(TWO), small + 1), too_large(small));
    assert_eq!(sent(one, peer(TWO), small), Ok(Reply::Done));
    assert_eq!(sent(minimal, peer(ONE), small + 1), too_large(small));
    assert_eq!(sent(minimal, peer(ONE), small), Ok(Reply::Done));
    let (asking, _) = bench.call(minimal, call(peer(ONE), b"?"));
    let to = RequestId(asking);
    let reply = |bytes: u64| Syscall::IpcReply {
        to,
        body: vec![0; bytes as usize],
    };
    assert_eq!(bench.answer(one, reply(small + 1)), too_large(small));
    let (_, effects) = bench.call(one, reply(small));
    assert!(replies(&effects)[&asking].is_ok());
}

#[test]
fn sending_is_asked_by_namespace_and_the_answer_is_kept() {
    let mut bench = Bench::new();
    bench.handle(Input::Attended(true));
    let (one, two) = (bench.app(ONE), bench.app(TWO));
    let (waiting, effects) = bench.call(Principal::Process(one), send(peer(TWO), b"a"));
    assert!(replies(&effects).is_empty());
    let Ok(Reply::Approvals(open)) = bench.system(Syscall::ListApprovals) else {
        panic!("no list");
    };
    assert_eq!(
        open[0].need,
        ApprovalNeed::Ipc(IpcRule::send(Partner::Peer(namespace(TWO))))
    );
    let answer = Syscall::AnswerApproval {
        id: open[0].id,
        answer: ApprovalAnswer::Always,
    };
    let (_, effects) = bench.call(Principal::System, answer);
    assert_eq!(replies(&effects)[&waiting], Ok(Reply::Done));
    let kept = effects.iter().find_map(|effect| match effect {
        Effect::Perform(op) => Some(op.op().clone()),
        _ => None,
    });
    assert!(matches!(
        kept,
        Some(Op::KeepApproval(StandingApproval {
            need: ApprovalNeed::Ipc(_),
            ..
        }))
    ));
    bench.system(Syscall::KillProcess { pid: two }).unwrap();
    let gone = bench.answer(Principal::Process(one), send(peer(TWO), b"b"));
    assert_eq!(gone, Err(SysError::NotFound));
    bench.app(TWO);
    let again = bench.app(ONE);
    assert_eq!(
        bench.answer(Principal::Process(again), send(peer(TWO), b"c")),
        Ok(Reply::Done)
    );
}

#[test]
fn nobody_learns_who_is_there_without_leave() {
    let (mut bench, _, two) = pair();
    let strangers = [peer(ONE), peer(77)].map(|peer| bench.answer(two, send(peer, b"a")));
    for answer in strangers {
        assert!(
            matches!(answer, Err(SysError::ApprovalRequired { .. })),
            "{answer:?}"
        );
    }
    for pid in [Pid(2), Pid(99), Pid::SYSTEM] {
        let need = IpcRule::send(Partner::Process(pid)).into();
        let answer = bench.answer(two, send(Peer::Process(pid), b"a"));
        assert_eq!(answer, Err(SysError::PermissionDenied { need }));
    }
}

#[test]
fn parents_and_children_talk_unasked_but_not_against_a_denial() {
    let (mut bench, parent, stranger) = pair();
    let child = |bench: &mut Bench, parent: Pid, number| {
        let new = NewProcess::app("child", namespace(number));
        Principal::Process(bench.spawn(NewProcess { parent, ..new }).unwrap())
    };
    let one = child(&mut bench, parent.pid(), 11);
    let two = child(&mut bench, parent.pid(), 12);
    let grandchild = child(&mut bench, one.pid(), 13);
    for (from, to) in [
        (parent, one),
        (one, parent),
        (parent, grandchild),
        (grandchild, parent),
    ] {
        let sent = bench.answer(from, send(Peer::Process(to.pid()), b"a"));
        assert_eq!(sent, Ok(Reply::Done));
    }
    assert_eq!(bench.answer(parent, send(peer(11), b"a")), Ok(Reply::Done));
    for (from, to) in [(one, two), (stranger, grandchild), (one, stranger)] {
        let sent = bench.answer(from, send(Peer::Process(to.pid()), b"a"));
        assert!(matches!(sent, Err(SysError::PermissionDenied { .. })), "{sent:?}");
    }
    let (to, rule) = (one.pid(), Rule::Deny);
    let capability = IpcRule::send(Partner::Process(parent.pid())).into();
    bench.system(Syscall::AddGrant { to, capability, rule }).unwrap();
    let sent = bench.answer(one, send(Peer::Process(parent.pid()), b"a"));
    assert!(matches!(sent, Err(SysError::PermissionDenied { .. })));
}

#[test]
fn an_app_is_the_process_that_started_last_and_talks_with_its_others() {
    let (mut bench, one, older) = pair();
    let newer = Principal::Process(bench.app(TWO));
    bench.answer(one, send(peer(TWO), b"a")).unwrap();
    assert_eq!(bodies(bench.answer(newer, receive(0))), [b"a"]);
    bench.answer(newer, send(peer(TWO), b"b")).unwrap();
    assert_eq!(bodies(bench.answer(older, receive(0))), [b"b"]);
}

#[test]
fn a_reply_goes_once_to_the_one_who_asked() {
    let (mut bench, one, two) = pair();
    let three = Principal::Process(bench.app(3));
    let (asking, effects) = bench.call(one, call(peer(TWO), b"?"));
    assert_eq!(effects, []);
    let [message] = &messages(bench.answer(two, receive(0)))[..] else {
        panic!("one request");
    };
    let MessageKind::Request(to) = message.kind else {
        panic!("{message:?}");
    };
    let reply = || Syscall::IpcReply {
        to,
        body: b"!".to_vec(),
    };
    assert_eq!(bench.answer(three, reply()), Err(SysError::NotFound));
    assert_eq!(bench.answer(one, reply()), Err(SysError::NotFound));
    let (replying, effects) = bench.call(two, reply());
    let told = replies(&effects);
    assert_eq!(
        (&told[&asking], &told[&replying]),
        (&Ok(Reply::Answered(b"!".to_vec())), &Ok(Reply::Done))
    );
    assert_eq!(bench.answer(two, reply()), Err(SysError::NotFound));
    assert_eq!(
        (
            bench.usage(one.pid()).memory_bytes,
            bench.usage(two.pid()).memory_bytes
        ),
        (0, 0)
    );
}

#[test]
fn a_request_ends_with_its_deadline_its_caller_its_callee_and_its_right() {
    type End = fn(&mut Bench, [Pid; 2]) -> Vec<Effect>;
    let ends: [(&str, End, SysError); 3] = [
        (
            "deadline",
            |bench, _| {
                bench.now += 10_000;
                bench.handle(Input::Tick)
            },
            SysError::DeadlineExceeded,
        ),
        (
            "caller",
            |bench, [pid, _]| bench.call(Principal::System, Syscall::KillProcess { pid }).1,
            SysError::Cancelled,
        ),
        (
            "callee",
            |bench, [_, pid]| bench.call(Principal::System, Syscall::KillProcess { pid }).1,
            SysError::NotFound,
        ),
    ];
    for (name, end, expected) in ends {
        let (mut bench, one, two) = pair();
        let (asking, _) = bench.call(one, call(peer(TWO), b"?"));
        let effects = end(&mut bench, [one.pid(), two.pid()]);
        assert_eq!(replies(&effects)[&asking], Err(expected), "{name}");
        if bench.kernel.processes.get(two.pid()).is_some() {
            assert_eq!(bench.usage(two.pid()).messages, 0, "{name}: nobody waits for it");
        }
    }
    let mut bench = Bench::new();
    let (one, two) = (bench.app(ONE), bench.app(TWO));
    let grant = bench.grant(one, to_peer(TWO));
    let (asking, _) = bench.call(Principal::Process(one), call(peer(TWO), b"?"));
    let (_, effects) = bench.call(Principal::System, Syscall::RevokeGrant { grant });
    assert!(matches!(
        replies(&effects)[&asking],
        Err(SysError::PermissionDenied { .. })
    ));
    assert_eq!(bench.usage(two).messages, 0);
}

#[test]
fn what_is_published_reaches_everyone_else_who_listens() {
    let (mut bench, one, two) = radio(&LimitTable::default());
    let three = Principal::Process(bench.app(3));
    for caller in [one, three] {
        bench.grant(caller.pid(), of_topic("news", IpcRights::Both));
        bench.answer(caller, subscribe("news")).unwrap();
    }
    assert_eq!(bench.answer(one, publish("news", b"a")), Ok(Reply::Delivered(2)));
    let own = messages(bench.answer(two, receive(0)));
    assert_eq!(
        own[0].kind,
        MessageKind::Published {
            topic: topic("news"),
            lagged: 0
        }
    );
    assert_eq!(bodies(bench.answer(three, receive(0))), [b"a"]);
    assert_eq!(bench.answer(one, receive(0)), Ok(Reply::Messages(vec![])));
    let unsubscribe = || Syscall::IpcUnsubscribe { topic: topic("news") };
    assert_eq!(bench.answer(two, unsubscribe()), Ok(Reply::Done));
    assert_eq!(bench.answer(two, unsubscribe()), Err(SysError::NotFound));
    bench.system(Syscall::KillProcess { pid: three.pid() }).unwrap();
    assert_eq!(bench.answer(one, publish("news", b"b")), Ok(Reply::Delivered(0)));
}

#[test]
fn both_sides_of_a_topic_are_asked_about() {
    let (mut bench, one, _) = pair();
    for (syscall, rights) in [
        (publish("news", b"a"), IpcRights::Send),
        (subscribe("news"), IpcRights::Receive),
    ] {
        let asked = bench.answer(one, syscall);
        assert!(
            matches!(asked, Err(SysError::ApprovalRequired { .. })),
            "{asked:?}"
        );
        let open = bench.kernel.approvals.open().last().unwrap();
        assert_eq!(open.approval.need.capability(), of_topic("news", rights));
    }
}

#[test]
fn a_slow_listener_loses_the_oldest_and_is_told_how_many() {
    let mut limits = LimitTable::default();
    limits.standard.mailbox_messages = 8;
    let (mut bench, one, two) = radio(&limits);
    for number in 0..10_u8 {
        bench.answer(one, publish("news", &[number])).unwrap();
    }
    for body in [b"a", b"b", b"c", b"d"] {
        bench.answer(one, send(peer(TWO), body)).unwrap();
    }
    let read = messages(bench.answer(two, receive(0)));
    let lagged: Vec<u64> = read
        .iter()
        .filter_map(|message| match message.kind {
            MessageKind::Published { lagged, .. } => Some(lagged),
            _ => None,
        })
        .collect();
    assert_eq!(lagged, [6, 0, 0, 0], "half of the mailbox is for topics");
    assert_eq!(bodies(Ok(Reply::Messages(read)))[..4], [[6], [7], [8], [9]]);
    bench.answer(one, publish("news", &[10])).unwrap();
    assert_eq!(bodies(bench.answer(two, receive(0))), [[10]]);
}

#[test]
fn what_cannot_fit_leaves_the_older_news_where_they_are() {
    let mut limits = LimitTable::default();
    limits.standard.mailbox_bytes = 1_000;
    let (mut bench, one, two) = radio(&limits);
    assert_eq!(bench.answer(one, publish("news", b"a")), Ok(Reply::Delivered(1)));
    assert_eq!(
        bench.answer(one, publish("news", &[0; 501])),
        Ok(Reply::Delivered(0))
    );
    let read = messages(bench.answer(two, receive(0)));
    assert_eq!(
        read[0].kind,
        MessageKind::Published {
            topic: topic("news"),
            lagged: 1
        }
    );
}

#[test]
fn a_subscription_ends_with_its_right_and_takes_its_news_along() {
    let (mut bench, one, two) = pair();
    bench.grant(one.pid(), of_topic("news", IpcRights::Send));
    let grant = bench.grant(two.pid(), of_topic("news", IpcRights::Receive));
    bench.answer(two, subscribe("news")).unwrap();
    bench.answer(one, publish("news", b"a")).unwrap();
    bench.system(Syscall::RevokeGrant { grant }).unwrap();
    assert_eq!(bench.answer(two, receive(0)), Ok(Reply::Messages(vec![])));
    assert_eq!(bench.usage(two.pid()).memory_bytes, 0);
    assert_eq!(bench.answer(one, publish("news", b"b")), Ok(Reply::Delivered(0)));
}

#[test]
fn what_a_person_allows_once_is_one_message_or_one_subscription() {
    let mut bench = Bench::new();
    let two = Principal::Process(bench.app(TWO));
    let one = bench.app(ONE);
    bench.grant(one, of_topic("news", IpcRights::Send));
    let once = |bench: &mut Bench| {
        let id = bench.kernel.approvals.open().next().unwrap().approval.id;
        let answer = ApprovalAnswer::Once;
        bench.system(Syscall::AnswerApproval { id, answer }).unwrap();
    };
    bench.answer(two, subscribe("news")).unwrap_err();
    once(&mut bench);
    bench.answer(two, subscribe("news")).unwrap();
    for _ in 0..2 {
        let reached = bench.answer(Principal::Process(one), publish("news", b"a"));
        assert_eq!(reached, Ok(Reply::Delivered(1)));
    }
    bench.answer(two, send(peer(ONE), b"a")).unwrap_err();
    once(&mut bench);
    bench.answer(two, send(peer(ONE), b"a")).unwrap();
    let again = bench.answer(two, send(peer(ONE), b"a"));
    assert!(matches!(again, Err(SysError::ApprovalRequired { .. })));
    let (to, rule) = (two.pid(), Rule::Deny);
    let capability = of_topic("news", IpcRights::Receive);
    bench.system(Syscall::AddGrant { to, capability, rule }).unwrap();
    let reached = bench.answer(Principal::Process(one), publish("news", b"b"));
    assert_eq!(reached, Ok(Reply::Delivered(0)));
}

#[test]
fn the_topics_of_one_process_are_bounded() {
    let (mut bench, one, _) = pair();
    for number in 0..=SUBSCRIPTIONS {
        bench.grant(one.pid(), of_topic(&format!("t{number}"), IpcRights::Receive));
    }
    for number in 0..SUBSCRIPTIONS {
        bench.answer(one, subscribe(&format!("t{number}"))).unwrap();
    }
    let refused = bench.answer(one, subscribe(&format!("t{SUBSCRIPTIONS}")));
    let limit = SUBSCRIPTIONS as u64;
    assert_eq!(
        refused,
        Err(SysError::QuotaExceeded {
            resource: Resource::Subscriptions,
            limit,
            used: limit,
            retry_after: None
        })
    );
    assert_eq!(bench.answer(one, subscribe("t0")), Ok(Reply::Done));
}

#[test]
fn a_suspended_process_keeps_its_mail() {
    let (mut bench, one, two) = pair();
    let (waiting, _) = bench.call(two, receive(5_000));
    let pid = two.pid();
    bench.system(Syscall::SuspendProcess { pid }).unwrap();
    let (_, effects) = bench.call(one, send(peer(TWO), b"a"));
    assert!(!replies(&effects).contains_key(&waiting));
    assert_eq!(bench.usage(pid).messages, 1);
    let (_, effects) = bench.call(Principal::System, Syscall::ResumeProcess { pid });
    assert_eq!(bodies(replies(&effects)[&waiting].clone()), [b"a"]);
}

#[test]
fn sends_are_neither_in_the_audit_nor_events() {
    let (mut bench, one, two) = radio(&LimitTable::default());
    for syscall in [send(peer(TWO), b"a"), publish("news", b"a")] {
        let (_, effects) = bench.call(one, syscall);
        assert!(matches!(effects[..], [Effect::Reply { .. }]), "{effects:?}");
    }
    let (_, effects) = bench.call(two, receive(0));
    assert_eq!(effects.len(), 1);
}
