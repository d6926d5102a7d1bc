//! The terms of a call: how long, under which name, and once.

use super::*;

fn key_of(text: &str) -> IdempotencyKey {
    IdempotencyKey::parse(text).unwrap()
}

/// A change of app 1 with the key `once`.
fn change(pid: Pid, syscall: Syscall) -> Call {
    Call::new(Principal::Process(pid), syscall).once(key_of("once"))
}

fn started() -> (Bench, Pid) {
    let mut bench = Bench::new();
    let pid = bench.app(1);
    (bench, pid)
}

/// What app 1 asks app 2, which it may.
fn question(bench: &mut Bench, pid: Pid) -> Syscall {
    let (with, rights) = (Partner::Peer(namespace(2)), IpcRights::Send);
    bench.grant(pid, IpcRule { with, rights }.into());
    let to = Peer::App(namespace(2));
    Syscall::IpcDispatch {
        dispatch: Dispatch::Call { to, wait: CALL_TIME },
        body: b"?".to_vec(),
    }
}

fn finish(bench: &mut Bench, begun: &[Effect], result: Result<Reply, SysError>) -> Vec<Effect> {
    let op = performed(begun)[0];
    bench.handle(Input::OpDone { op, result })
}

/// What the first call gets, whose operation ends with `result`, and then the next with its key; none where that
/// one is performed.
fn again(result: Result<Reply, SysError>, syscall: &Syscall) -> Option<Result<Reply, SysError>> {
    let (mut bench, pid) = started();
    bench.grant(pid, Capability::Llm);
    let site = Site::parse("example.com").unwrap();
    bench.grant(pid, site.rule().into());
    let (first, begun) = bench.make(change(pid, syscall.clone()));
    let answered = finish(&mut bench, &begun, result.clone());
    assert_eq!(replies(&answered)[&first], result);
    let (second, effects) = bench.make(change(pid, syscall.clone()));
    let answer = replies(&effects).remove(&second);
    assert_eq!(answer.is_none(), !performed(&effects).is_empty());
    answer
}

#[test]
fn a_call_ends_when_its_answer_is_of_no_more_use_and_so_does_its_operation() {
    for (syscall, within, ends_after) in [
        (get(1), Some(100), 100),
        (get(1), Some(CALL_TIME + 1), CALL_TIME),
        (get(1), None, CALL_TIME),
        (ask("hello"), Some(100), 100),
        (ask("hello"), Some(CALL_TIME + 1), CALL_TIME + 1),
    ] {
        let (mut bench, pid) = started();
        bench.grant(pid, Capability::Llm);
        let call = Call::new(Principal::Process(pid), syscall);
        let (id, begun) = bench.make(Call { within, ..call });
        bench.now += ends_after - 1;
        assert_eq!(replies(&bench.handle(Input::Tick)), BTreeMap::new());
        assert_eq!(bench.kernel.wake_at(), Some(bench.now + 1));
        bench.now += 1;
        let effects = bench.handle(Input::Tick);
        assert_eq!(replies(&effects)[&id], Err(SysError::DeadlineExceeded));
        assert_eq!(cancelled(&effects), performed(&begun));
        assert_eq!(bench.usage(pid).calls_in_flight, 0);
    }
}

#[test]
fn a_call_without_any_time_is_not_performed() {
    let (mut bench, pid) = started();
    let call = Call::new(Principal::Process(pid), put(1, 1)).within(0);
    let (id, effects) = bench.make(call);
    assert_eq!(replies(&effects)[&id], Err(SysError::DeadlineExceeded));
    assert_eq!(performed(&effects), []);
}

#[test]
fn a_cancelled_call_stops_its_operation_and_frees_its_name() {
    let (mut bench, pid) = started();
    let (name, caller) = (CallName(7), Principal::Process(pid));
    let named = || Call::new(caller, get(1)).named(name);
    let (first, begun) = bench.make(named());
    let (refused, effects) = bench.make(named());
    assert_eq!(replies(&effects)[&refused], Err(SysError::AlreadyExists));
    let (cancel, effects) = bench.call(caller, Syscall::CancelCall { name });
    let answers = replies(&effects);
    assert_eq!(
        (&answers[&first], &answers[&cancel]),
        (&Err(SysError::Cancelled), &Ok(Reply::Done))
    );
    assert_eq!(cancelled(&effects), performed(&begun));
    assert_eq!(
        bench.answer(caller, Syscall::CancelCall { name }),
        Err(SysError::NotFound)
    );
    let (_, effects) = bench.make(named());
    finish(&mut bench, &effects, Ok(Reply::Done));
    assert_eq!(
        bench.answer(caller, Syscall::CancelCall { name }),
        Err(SysError::NotFound)
    );
    assert!(bench.kernel.names.is_empty());
}

#[test]
fn what_was_answered_is_answered_again() {
    let conflict = SysError::Conflict { etag: None };
    for result in [Ok(Reply::Stored(7)), Err(conflict), Err(SysError::NotFound)] {
        assert_eq!(again(result.clone(), &put(1, 1)), Some(result));
    }
}

#[test]
fn what_a_host_could_not_do_now_is_done_by_the_next() {
    for refusal in [
        SysError::store_full(1, 1),
        SysError::Unavailable { retry_after: None },
    ] {
        assert_eq!(again(Err(refusal.clone()), &put(1, 1)), None);
        assert_eq!(again(Err(refusal.clone()), &ask("hello")), None);
        let sent = again(Err(refusal.clone()), &fetch("https://example.com"));
        assert_eq!(sent, Some(Err(refusal)), "it may have been sent");
    }
}

#[test]
fn a_refusal_that_changed_nothing_frees_the_key() {
    let (mut bench, pid) = started();
    let (first, effects) = bench.make(change(pid, put(2, 1)));
    let need = Capability::Store {
        namespace: namespace(2),
    };
    assert_eq!(
        replies(&effects)[&first],
        Err(SysError::PermissionDenied { need: need.clone() })
    );
    assert_eq!(bench.usage(pid).memory_bytes, 0);
    bench.grant(pid, need);
    let (_, effects) = bench.make(change(pid, put(2, 1)));
    assert_eq!(performed(&effects).len(), 1);
}

#[test]
fn a_call_that_waited_for_its_turn_in_vain_frees_the_key_and_one_at_work_does_not() {
    let mut bench = Bench::one_at_once();
    let pid = bench.app(1);
    let (busy, begun) = bench.call(Principal::Process(pid), get(1));
    let (queued, _) = bench.make(change(pid, put(1, 1)).within(50));
    bench.now += 50;
    let effects = bench.handle(Input::Tick);
    assert_eq!(replies(&effects)[&queued], Err(SysError::DeadlineExceeded));
    assert_eq!(
        replies(&finish(&mut bench, &begun, Ok(Reply::Done))).len(),
        1,
        "{busy:?}"
    );

    let (late, begun) = bench.make(change(pid, put(1, 1)).within(50));
    bench.now += 50;
    let effects = bench.handle(Input::Tick);
    assert_eq!(replies(&effects)[&late], Err(SysError::DeadlineExceeded));
    assert_eq!(cancelled(&effects), performed(&begun));
    let (told, effects) = bench.make(change(pid, put(1, 1)));
    assert_eq!(
        replies(&effects)[&told],
        Err(SysError::DeadlineExceeded),
        "it may have happened"
    );
}

#[test]
fn who_asks_for_the_same_meanwhile_gets_the_same_answer() {
    let (mut bench, pid) = started();
    let (first, begun) = bench.make(change(pid, put(1, 1)));
    let (second, effects) = bench.make(change(pid, put(1, 1)));
    assert!(effects.is_empty(), "{effects:?}");
    let (third, _) = bench.make(change(pid, put(1, 1)).within(50));
    let (fourth, _) = bench.make(change(pid, put(1, 1)));
    assert_eq!(bench.usage(pid).calls_in_flight, 4);
    assert_eq!(replies(&bench.handle(Input::Cancel { call: fourth })).len(), 1);
    bench.now += 50;
    let late = replies(&bench.handle(Input::Tick));
    assert_eq!(late, BTreeMap::from([(third, Err(SysError::DeadlineExceeded))]));
    let answered = Ok(Reply::Stored(7));
    let effects = finish(&mut bench, &begun, answered.clone());
    let answers = BTreeMap::from([(first, answered.clone()), (second, answered)]);
    assert_eq!(replies(&effects), answers);
    assert_eq!(bench.usage(pid).calls_in_flight, 0);
}

#[test]
fn a_change_with_a_key_goes_on_without_its_caller() {
    let (mut bench, pid) = started();
    let (first, begun) = bench.make(change(pid, put(1, 1)));
    assert_eq!(bench.handle(Input::Cancel { call: first }), []);
    finish(&mut bench, &begun, Ok(Reply::Stored(7)));
    let (second, effects) = bench.make(change(pid, put(1, 1)));
    assert_eq!(replies(&effects)[&second], Ok(Reply::Stored(7)));
}

#[test]
fn a_key_is_that_of_one_call_of_one_process() {
    let (mut bench, pid) = started();
    let other = bench.app(2);
    let refused = Err(SysError::invalid("idempotency_key"));
    let (_, begun) = bench.make(change(pid, put(1, 1)));
    let (different, effects) = bench.make(change(pid, put(1, 2)));
    assert_eq!(replies(&effects)[&different], refused);
    let (_, effects) = bench.make(change(other, put(2, 1)));
    assert_eq!(performed(&effects).len(), 1);
    finish(&mut bench, &begun, Ok(Reply::Stored(1)));
    let (different, effects) = bench.make(change(pid, put(1, 2)));
    assert_eq!(replies(&effects)[&different], refused);
}

#[test]
fn what_changes_nothing_is_done_each_time() {
    let (mut bench, pid) = started();
    for _ in 0..2 {
        let (_, effects) = bench.make(change(pid, get(1)));
        assert_eq!(performed(&effects).len(), 1);
        finish(&mut bench, &effects, Ok(Reply::Done));
    }
    assert_eq!(bench.usage(pid).memory_bytes, 0);
}

#[test]
fn a_message_with_a_key_is_sent_once() {
    let (mut bench, pid) = started();
    let to = bench.app(2);
    let question = question(&mut bench, pid);
    let (first, _) = bench.make(change(pid, question.clone()).within(50));
    bench.now += 50;
    let effects = bench.handle(Input::Tick);
    assert_eq!(replies(&effects)[&first], Err(SysError::DeadlineExceeded));
    let (second, effects) = bench.make(change(pid, question));
    assert_eq!(
        replies(&effects)[&second],
        Err(SysError::DeadlineExceeded),
        "it may have been read"
    );
    assert_eq!(bench.usage(to).messages, 0);
}

#[test]
fn an_answer_is_remembered_for_ten_minutes_and_pays_for_its_memory() {
    let (mut bench, pid) = started();
    bench.grant(pid, Capability::Llm);
    let text = "x".repeat(5_000);
    let (_, begun) = bench.make(change(pid, ask("hello")));
    let answered = Ok(Reply::Model(ModelReply::Text(text)));
    finish(&mut bench, &begun, answered.clone());
    let held = bench.usage(pid).memory_bytes;
    assert!((5_000..6_000).contains(&held), "{held}");
    assert_eq!(bench.kernel.wake_at(), Some(bench.now + KEY_TIME));

    bench.now += KEY_TIME - 1;
    let (second, effects) = bench.make(change(pid, ask("hello")));
    assert_eq!(replies(&effects)[&second], answered);
    bench.now += 1;
    bench.handle(Input::Tick);
    assert_eq!(bench.usage(pid).memory_bytes, 0);
    let (_, effects) = bench.make(change(pid, ask("hello")));
    assert_eq!(performed(&effects).len(), 1);
}

#[test]
fn what_programs_and_connections_brought_is_paid_for_while_it_is_remembered() {
    let came = |message: SocketMessage| {
        Reply::Socket(SocketMessages {
            messages: vec![message],
            open: true,
            received_bytes: 0,
        })
    };
    let output = ProgramOutput {
        end: ProgramEnd::Exited { code: 0 },
        stdout: vec![b'x'; 2_000],
        stderr: vec![b'x'; 3_000],
    };
    let message = Message {
        from: Pid(2),
        namespace: None,
        kind: MessageKind::Sent,
        body: Vec::new(),
    };
    for (reply, at_least) in [
        (Reply::Program(output), 5_000),
        (came(SocketMessage::Text("x".repeat(4_000))), 4_000),
        (came(SocketMessage::Binary(vec![0; 4_000])), 4_000),
        (Reply::Messages(vec![message; 100]), 5_000),
        (
            Reply::Model(ModelReply::Refused {
                code: "no".to_owned(),
                message: "x".repeat(4_000),
            }),
            4_000,
        ),
    ] {
        let (mut bench, pid) = started();
        bench.grant(pid, Capability::Llm);
        let (_, begun) = bench.make(change(pid, ask("hello")));
        finish(&mut bench, &begun, Ok(reply.clone()));
        let held = bench.usage(pid).memory_bytes;
        assert!(held >= at_least, "{held} for {reply:?}");
    }
}

#[test]
fn an_answer_without_room_in_memory_is_still_given_once() {
    let mut limits = LimitTable::default();
    limits.standard.memory_bytes = 1_000;
    let mut bench = Bench::with(KernelConfig {
        limits,
        ..KernelConfig::new(BootId::new(START, 1))
    });
    let (pid, to) = (bench.app(1), bench.app(2));
    let question = question(&mut bench, pid);
    let (first, _) = bench.make(change(pid, question.clone()));
    let body = vec![0; 900];
    let reply = Syscall::IpcReply {
        to: RequestId(first),
        body: body.clone(),
    };
    let (_, effects) = bench.call(Principal::Process(to), reply);
    assert_eq!(replies(&effects)[&first], Ok(Reply::Answered(body)));
    let (second, effects) = bench.make(change(pid, question));
    let answer = &replies(&effects)[&second];
    assert!(
        matches!(
            answer,
            Err(SysError::QuotaExceeded {
                resource: Resource::Memory,
                ..
            })
        ),
        "{answer:?}"
    );
    assert_eq!(bench.usage(to).messages, 0);
}

#[test]
fn a_caller_has_a_thousand_keys_at_once() {
    let mut bench = Bench::new();
    let limit = KEYS_KEPT as u64;
    let suspend = |bench: &mut Bench, number: u64| {
        let resume = Syscall::ResumeProcess {
            pid: Pid::from_number(2),
        };
        let key = key_of(&number.to_string());
        let (id, effects) = bench.make(Call::new(Principal::System, resume).once(key));
        replies(&effects).remove(&id).unwrap()
    };
    bench.app(1);
    for number in 0..limit {
        assert_eq!(suspend(&mut bench, number), Ok(Reply::Done));
    }
    bench.now += 100;
    let full = SysError::QuotaExceeded {
        resource: Resource::IdempotencyKeys,
        limit,
        used: limit,
        retry_after: Some(KEY_TIME - 100),
    };
    assert_eq!(suspend(&mut bench, limit), Err(full));
    assert_eq!(
        suspend(&mut bench, 0),
        Ok(Reply::Done),
        "one that is there is answered"
    );
    bench.now += KEY_TIME - 100;
    assert_eq!(suspend(&mut bench, limit), Ok(Reply::Done));
}

#[test]
fn nothing_of_a_process_is_remembered_after_its_end() {
    let (mut bench, pid) = started();
    let (_, begun) = bench.make(change(pid, put(1, 1)));
    finish(&mut bench, &begun, Ok(Reply::Stored(1)));
    let another = Call::new(Principal::Process(pid), put(1, 2)).once(key_of("another"));
    let (first, begun) = bench.make(another.clone());
    let (second, _) = bench.make(another);
    let (_, effects) = bench.call(Principal::System, Syscall::KillProcess { pid });
    let answers = replies(&effects);
    for call in [first, second] {
        assert_eq!(answers[&call], Err(SysError::Cancelled));
    }
    assert_eq!(cancelled(&effects), performed(&begun));
    assert_eq!(bench.kernel.wake_at(), None);
}
