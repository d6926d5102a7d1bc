//! Requests over the network, and the questions they lead to.

use super::*;

const URL: &str = "https://api.example/data";
const OTHER_URL: &str = "https://other.example/";
const MIB: usize = 1_024 * 1_024;

fn site(text: &str) -> ApprovalNeed {
    ApprovalNeed::Net(Site::parse(text).unwrap())
}

/// A kernel with a person at it, and an app.
fn attended() -> (Bench, Pid) {
    let mut bench = Bench::new();
    bench.handle(Input::Attended(true));
    let pid = bench.app(1);
    (bench, pid)
}

/// An app that may contact the hosts.
fn granted(hosts: &[&str]) -> (Bench, Pid) {
    let (mut bench, pid) = attended();
    for host in hosts {
        bench.grant(pid, site(host).capability());
    }
    (bench, pid)
}

impl Bench {
    fn fetch(&mut self, pid: Pid, url: &str) -> (CallId, Vec<Effect>) {
        self.call(Principal::Process(pid), fetch(url))
    }

    fn open(&mut self) -> Vec<Approval> {
        match self.system(Syscall::ListApprovals) {
            Ok(Reply::Approvals(open)) => open,
            other => panic!("{other:?}"),
        }
    }

    /// Answers the one open question.
    fn decide(&mut self, answer: ApprovalAnswer) -> Vec<Effect> {
        let open = self.open();
        let [approval] = &open[..] else { panic!("{open:?}") };
        self.call(
            Principal::System,
            Syscall::AnswerApproval {
                id: approval.id,
                answer,
            },
        )
        .1
    }

    fn respond(&mut self, op: OpId, response: HttpResponse) -> Vec<Effect> {
        let result = Ok(Reply::Response(response));
        self.handle(Input::OpDone { op, result })
    }

    fn pass(&mut self, time: Millis) -> Vec<Effect> {
        self.now += time;
        self.handle(Input::Tick)
    }
}

fn sent(effects: &[Effect]) -> Vec<(OpId, String)> {
    let ops = effects.iter().filter_map(|effect| match effect {
        Effect::Perform(op) => match op.op() {
            Op::NetworkRequest(outbound) => Some((op.id(), outbound.target.as_str().to_owned())),
            _ => None,
        },
        _ => None,
    });
    ops.collect()
}

fn events(effects: &[Effect]) -> Vec<&EventKind> {
    let emitted = effects.iter().filter_map(|effect| match effect {
        Effect::Emit(event) => Some(&event.kind),
        _ => None,
    });
    emitted.collect()
}

#[track_caller]
fn denied(effects: &[Effect], call: CallId) {
    match replies(effects).remove(&call) {
        Some(Err(SysError::PermissionDenied { .. })) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_nobody_granted_is_asked_and_waits() {
    let (mut bench, pid) = attended();
    let (call, effects) = bench.fetch(pid, URL);
    assert!(replies(&effects).is_empty() && sent(&effects).is_empty());
    let open = bench.open();
    let expected = Approval {
        id: open[0].id,
        pid,
        need: site("api.example"),
        expires_at: bench.now + APPROVAL_TIME,
    };
    assert_eq!(open, std::slice::from_ref(&expected));
    let Approval {
        id, need, expires_at, ..
    } = expected;
    let requested = EventKind::ApprovalRequested {
        id,
        need: Box::new(need.clone()),
        expires_at,
    };
    assert_eq!(events(&effects), [&requested]);
    assert_eq!(
        audited(&effects),
        [Action::ApprovalAsked {
            approval: id,
            need: need.clone()
        }]
    );

    let effects = bench.decide(ApprovalAnswer::Once);
    let (op, url) = sent(&effects).remove(0);
    assert_eq!(url, URL);
    let answer = ApprovalAnswer::Once;
    assert!(events(&effects).contains(&&EventKind::ApprovalAnswered { id, answer }));
    assert!(audited(&effects).contains(&Action::ApprovalAnswered {
        approval: id,
        process: pid,
        need,
        answer
    }));
    let effects = bench.respond(op, response(200, &[], 3));
    assert_eq!(
        replies(&effects)[&call],
        Ok(Reply::Response(response(200, &[], 3)))
    );
    assert_eq!(bench.usage(pid).network_in_flight, 0);
}

#[test]
fn a_request_that_is_granted_is_sent_with_its_record() {
    let (mut bench, pid) = granted(&["api.example"]);
    let (_, effects) = bench.fetch(pid, URL);
    let records = effects.iter().filter_map(|effect| match effect {
        Effect::Perform(op) => op.record().map(|record| (record.pid, record.action.clone())),
        _ => None,
    });
    let origin = "https://api.example".to_owned();
    let action = Action::NetworkRequest {
        method: Method::Get,
        origin,
        bytes: 0,
    };
    assert_eq!(records.collect::<Vec<_>>(), [(pid, action)]);
}

#[test]
fn equal_needs_of_one_app_share_a_question() {
    let (mut bench, pid) = attended();
    let (first, _) = bench.fetch(pid, URL);
    let (second, _) = bench.fetch(pid, "http://api.example/else");
    bench.fetch(pid, "https://api.example:8443/");
    assert_eq!(bench.open().len(), 2);
    let id = bench.open()[0].id;
    let answer = ApprovalAnswer::Once;
    let (_, effects) = bench.call(Principal::System, Syscall::AnswerApproval { id, answer });
    assert_eq!(sent(&effects).len(), 2);
    for (op, _) in sent(&effects) {
        bench.respond(op, response(200, &[], 0));
    }
    assert!(!bench.kernel.calls.contains_key(&first) && !bench.kernel.calls.contains_key(&second));
}

#[test]
fn once_is_for_the_calls_that_wait_and_asks_again() {
    let (mut bench, pid) = attended();
    bench.fetch(pid, URL);
    bench.decide(ApprovalAnswer::Once);
    let (_, effects) = bench.fetch(pid, URL);
    assert!(sent(&effects).is_empty());
    assert_eq!(bench.open().len(), 1);
}

#[test]
fn a_session_holds_for_the_namespace_and_is_not_kept() {
    let (mut bench, pid) = attended();
    bench.fetch(pid, URL);
    let effects = bench.decide(ApprovalAnswer::Session);
    assert_eq!(performed(&effects).len(), 1, "only the request");
    bench.system(Syscall::KillProcess { pid }).unwrap();
    let again = bench.app(1);
    assert_eq!(sent(&bench.fetch(again, URL).1).len(), 1);
    let stranger = bench.app(2);
    assert!(sent(&bench.fetch(stranger, URL).1).is_empty());
}

/// What is kept of `answer`, and what a kernel does that starts with it.
#[track_caller]
fn outlives(answer: ApprovalAnswer, rule: Rule) {
    let (mut bench, pid) = attended();
    let (call, _) = bench.fetch(pid, URL);
    let effects = bench.decide(answer);
    if rule == Rule::Deny {
        denied(&effects, call);
    }
    let kept = effects.iter().find_map(|effect| match effect {
        Effect::Perform(op) => match op.op() {
            Op::KeepApproval(approval) => Some(approval.clone()),
            _ => None,
        },
        _ => None,
    });
    let kept = kept.unwrap();
    assert_eq!(
        kept,
        StandingApproval {
            namespace: namespace(1),
            need: site("api.example"),
            rule
        }
    );

    let mut bench = Bench::with(KernelConfig {
        approvals: vec![kept],
        ..KernelConfig::new(BootId::new(START, 2))
    });
    bench.handle(Input::Attended(true));
    let pid = bench.app(1);
    let (call, effects) = bench.fetch(pid, URL);
    match rule {
        Rule::Allow => assert_eq!(sent(&effects).len(), 1),
        Rule::Deny => denied(&effects, call),
    }
    assert!(bench.open().is_empty());
    let stranger = bench.app(2);
    bench.fetch(stranger, URL);
    assert_eq!(bench.open().len(), 1);
}

#[test]
fn always_and_never_hold_after_a_restart() {
    outlives(ApprovalAnswer::Always, Rule::Allow);
    outlives(ApprovalAnswer::Never, Rule::Deny);
}

#[test]
fn an_answer_settles_the_same_question_of_the_namespace() {
    let (mut bench, first) = attended();
    let second = bench.app(1);
    bench.fetch(first, URL);
    bench.fetch(second, URL);
    let id = bench.open()[0].id;
    let answer = ApprovalAnswer::Session;
    let (_, effects) = bench.call(Principal::System, Syscall::AnswerApproval { id, answer });
    assert_eq!(sent(&effects).len(), 2);
    assert!(bench.open().is_empty());
}

#[test]
fn a_grant_settles_the_question() {
    let (mut bench, pid) = attended();
    bench.fetch(pid, URL);
    bench.grant(pid, site("api.example").capability());
    assert!(bench.open().is_empty());
    assert_eq!(bench.kernel.performing.len(), 1);
}

#[test]
fn no_answer_in_sixty_seconds_is_no() {
    let (mut bench, pid) = attended();
    let (call, _) = bench.fetch(pid, URL);
    assert_eq!(bench.kernel.wake_at(), Some(bench.now + 60_000));
    assert!(replies(&bench.pass(59_999)).is_empty());
    let id = bench.open()[0].id;
    let effects = bench.pass(1);
    denied(&effects, call);
    assert!(events(&effects).contains(&&EventKind::ApprovalExpired { id }));
    let need = site("api.example");
    assert!(audited(&effects).contains(&Action::ApprovalExpired { approval: id, need }));
    let late = Syscall::AnswerApproval {
        id,
        answer: ApprovalAnswer::Always,
    };
    assert_eq!(bench.system(late), Err(SysError::NotFound));
}

#[test]
fn the_time_of_a_call_stands_still_while_it_is_asked_about() {
    let (mut bench, pid) = attended();
    let slow = HttpRequest {
        timeout: Some(10_000),
        ..request(URL)
    };
    let (call, _) = bench.call(Principal::Process(pid), Syscall::NetworkRequest(slow));
    bench.pass(50_000);
    bench.decide(ApprovalAnswer::Once);
    assert!(replies(&bench.pass(9_999)).is_empty());
    assert_eq!(replies(&bench.pass(1))[&call], Err(SysError::DeadlineExceeded));
}

#[test]
fn five_questions_of_a_process_wait_and_no_more() {
    let (mut bench, pid) = attended();
    for number in 0..APPROVALS_PENDING {
        bench.fetch(pid, &format!("https://s{number}.example/"));
    }
    let (call, effects) = bench.fetch(pid, URL);
    let (resource, limit, used) = (Resource::Approvals, 5, 5);
    let full = SysError::QuotaExceeded {
        resource,
        limit,
        used,
        retry_after: None,
    };
    assert_eq!(replies(&effects)[&call], Err(full));
    assert_eq!((bench.open().len(), bench.usage(pid).network_in_flight), (5, 5));
    let other = bench.app(2);
    bench.fetch(other, URL);
    assert_eq!(bench.open().len(), 6);
}

#[test]
fn where_nobody_is_there_a_call_fails_at_once_and_an_answer_lets_the_next_pass() {
    let mut bench = Bench::new();
    let pid = bench.app(1);
    let (call, effects) = bench.fetch(pid, URL);
    let id = bench.open()[0].id;
    assert_eq!(replies(&effects)[&call], Err(SysError::ApprovalRequired { id }));
    let (call, effects) = bench.fetch(pid, URL);
    assert_eq!(
        replies(&effects)[&call],
        Err(SysError::ApprovalRequired { id }),
        "the same question"
    );
    bench.decide(ApprovalAnswer::Once);
    assert_eq!(sent(&bench.fetch(pid, URL).1).len(), 1);
    assert!(sent(&bench.fetch(pid, URL).1).is_empty());
}

#[test]
fn a_question_nobody_waits_for_is_taken_back() {
    let (mut bench, pid) = attended();
    let (first, _) = bench.fetch(pid, URL);
    let (second, _) = bench.fetch(pid, URL);
    bench.handle(Input::Cancel { call: first });
    let id = bench.open()[0].id;
    let effects = bench.handle(Input::Cancel { call: second });
    assert_eq!(events(&effects), [&EventKind::ApprovalWithdrawn { id }]);
    assert!(bench.open().is_empty());
}

#[test]
fn killing_a_process_drops_its_questions() {
    let (mut bench, pid) = attended();
    let (call, _) = bench.fetch(pid, URL);
    let id = bench.open()[0].id;
    let (_, effects) = bench.call(Principal::System, Syscall::KillProcess { pid });
    assert_eq!(replies(&effects)[&call], Err(SysError::Cancelled));
    assert!(events(&effects).contains(&&EventKind::ApprovalWithdrawn { id }));
    assert!(bench.open().is_empty());
    assert_eq!(bench.kernel.wake_at(), None);
}

#[test]
fn only_a_person_sees_and_answers() {
    let (mut bench, pid) = attended();
    bench.fetch(pid, URL);
    let id = bench.open()[0].id;
    let need = Capability::Approve;
    for syscall in [
        Syscall::ListApprovals,
        Syscall::AnswerApproval {
            id,
            answer: ApprovalAnswer::Once,
        },
    ] {
        let refused = Err(SysError::PermissionDenied { need: need.clone() });
        assert_eq!(bench.answer(Principal::Process(pid), syscall), refused);
    }
    let grant = Syscall::AddGrant {
        to: pid,
        capability: need,
        rule: Rule::Allow,
    };
    assert_eq!(bench.system(grant), Err(SysError::invalid("capability")));
}

#[test]
fn what_is_denied_is_not_asked() {
    let (mut bench, pid) = attended();
    let (to, capability, rule) = (pid, site("api.example").capability(), Rule::Deny);
    bench.system(Syscall::AddGrant { to, capability, rule }).unwrap();
    let (call, effects) = bench.fetch(pid, URL);
    denied(&effects, call);
    assert!(bench.open().is_empty());
}

#[test]
fn a_denial_ends_what_waits_and_what_was_allowed_once() {
    let (mut bench, pid) = attended();
    let deny = |url: &str| {
        let (to, rule) = (pid, Rule::Deny);
        let capability = Capability::from(Target::parse(url).unwrap().site().rule());
        Syscall::AddGrant { to, capability, rule }
    };
    let (once, _) = bench.fetch(pid, URL);
    bench.decide(ApprovalAnswer::Once);
    let (asking, _) = bench.fetch(pid, OTHER_URL);
    let (_, effects) = bench.call(Principal::System, deny(URL));
    denied(&effects, once);
    let (_, effects) = bench.call(Principal::System, deny(OTHER_URL));
    denied(&effects, asking);
    assert!(bench.open().is_empty());
}

#[test]
fn a_grant_is_checked_again_when_a_queued_request_goes_out() {
    let mut bench = Bench::one_at_once();
    let pid = bench.app(1);
    let grant = bench.grant(pid, site("api.example").capability());
    let (_, effects) = bench.fetch(pid, URL);
    let (op, _) = sent(&effects).remove(0);
    let (queued, _) = bench.fetch(pid, URL);
    let (_, effects) = bench.call(Principal::System, Syscall::RevokeGrant { grant });
    denied(&effects, queued);
    assert!(sent(&bench.respond(op, response(200, &[], 0))).is_empty());
}

#[test]
fn an_address_that_is_not_public_is_refused_without_a_question() {
    let (mut bench, pid) = attended();
    for url in [
        "http://127.0.0.1/",
        "http://2130706433:8000/",
        "http://[::1]/",
        "http://169.254.169.254/latest",
    ] {
        let (call, effects) = bench.fetch(pid, url);
        denied(&effects, call);
    }
    assert!(bench.open().is_empty());
    bench.grant(pid, site("10.0.0.1").capability());
    let (call, effects) = bench.fetch(pid, "http://10.0.0.1/");
    denied(&effects, call);
}

#[test]
fn what_the_operator_named_is_asked_and_may_be_private() {
    let mut bench = Bench::with(KernelConfig {
        operator_sites: BTreeSet::from([Site::parse("127.0.0.1:9000").unwrap()]),
        ..KernelConfig::new(BootId::new(START, 1))
    });
    bench.handle(Input::Attended(true));
    let pid = bench.app(1);
    let (call, effects) = bench.fetch(pid, "http://127.0.0.1:9001/");
    denied(&effects, call);
    bench.fetch(pid, "http://127.0.0.1:9000/");
    let effects = bench.decide(ApprovalAnswer::Once);
    let admits = effects.iter().any(|effect| match effect {
        Effect::Perform(op) => {
            matches!(op.op(), Op::NetworkRequest(outbound) if outbound.admits([127, 0, 0, 1].into()))
        }
        _ => false,
    });
    assert!(admits);
}

#[test]
fn each_redirect_is_a_request_of_its_own() {
    let (mut bench, pid) = granted(&["api.example"]);
    let (call, effects) = bench.fetch(pid, URL);
    let (op, _) = sent(&effects).remove(0);
    let effects = bench.respond(op, response(302, &[("location", "/next")], 0));
    let (op, url) = sent(&effects).remove(0);
    assert_eq!(url, "https://api.example/next");
    let effects = bench.respond(op, response(302, &[("location", OTHER_URL)], 0));
    assert!(
        sent(&effects).is_empty() && replies(&effects).is_empty(),
        "the other host is asked about"
    );
    assert_eq!(bench.open()[0].need, site("other.example"));
    let effects = bench.decide(ApprovalAnswer::Once);
    let (op, url) = sent(&effects).remove(0);
    assert_eq!(url, OTHER_URL);
    let effects = bench.respond(op, response(302, &[("location", "https://127.0.0.1/")], 0));
    denied(&effects, call);
    assert_eq!(
        (bench.usage(pid).network_in_flight, bench.usage(pid).memory_bytes),
        (0, 0)
    );
}

#[test]
fn a_redirect_to_a_denied_host_ends_the_call() {
    let (mut bench, pid) = granted(&["api.example"]);
    let (to, capability, rule) = (pid, site("other.example").capability(), Rule::Deny);
    bench.system(Syscall::AddGrant { to, capability, rule }).unwrap();
    let (call, effects) = bench.fetch(pid, URL);
    let effects = bench.respond(sent(&effects)[0].0, response(302, &[("location", OTHER_URL)], 0));
    denied(&effects, call);
}

#[test]
fn the_sixth_redirect_ends_the_call() {
    let (mut bench, pid) = granted(&["api.example"]);
    let (call, mut effects) = bench.fetch(pid, URL);
    for _ in 0..REDIRECTS {
        let (op, _) = sent(&effects).remove(0);
        effects = bench.respond(op, response(302, &[("location", "/again")], 0));
    }
    let (op, _) = sent(&effects).remove(0);
    let effects = bench.respond(op, response(302, &[("location", "/again")], 0));
    assert_eq!(
        replies(&effects)[&call],
        Err(SysError::Io {
            kind: IoKind::Protocol
        })
    );
}

#[test]
fn a_body_over_the_limit_is_not_sent() {
    let (mut bench, pid) = granted(&["api.example"]);
    let post = |bytes| HttpRequest {
        method: Method::Post,
        body: vec![0; bytes],
        ..request(URL)
    };
    let caller = Principal::Process(pid);
    let (_, effects) = bench.call(caller, Syscall::NetworkRequest(post(MIB)));
    assert_eq!(sent(&effects).len(), 1);
    let limit = MIB as u64;
    let refused = bench.answer(caller, Syscall::NetworkRequest(post(MIB + 1)));
    assert_eq!(refused, Err(SysError::TooLarge { limit }));
}

#[test]
fn an_answer_may_have_what_the_caller_wants_and_ten_mebibytes_at_most() {
    let (mut bench, pid) = granted(&["api.example"]);
    for (wanted, expected) in [(None, 10 * MIB), (Some(5), 5), (Some(20 * MIB as u64), 10 * MIB)] {
        let call = HttpRequest {
            response_bytes: wanted,
            ..request(URL)
        };
        let (_, effects) = bench.call(Principal::Process(pid), Syscall::NetworkRequest(call));
        let allowance = effects.iter().find_map(|effect| match effect {
            Effect::Perform(op) => match op.op() {
                Op::NetworkRequest(outbound) => Some(outbound.response_bytes),
                _ => None,
            },
            _ => None,
        });
        assert_eq!(allowance, Some(expected as u64));
        bench.respond(sent(&effects)[0].0, response(200, &[], 0));
    }
}

#[test]
fn eight_requests_are_in_flight_and_no_more() {
    let (mut bench, pid) = granted(&["api.example"]);
    let small = || {
        Syscall::NetworkRequest(HttpRequest {
            response_bytes: Some(10),
            ..request(URL)
        })
    };
    let caller = Principal::Process(pid);
    let mut ops = Vec::new();
    for _ in 0..8 {
        ops.extend(sent(&bench.call(caller, small()).1));
    }
    let (resource, limit, used) = (Resource::NetworkInFlight, 8, 8);
    let full = SysError::QuotaExceeded {
        resource,
        limit,
        used,
        retry_after: None,
    };
    assert_eq!(bench.answer(caller, small()), Err(full));
    bench.respond(ops[0].0, response(200, &[], 1));
    assert_eq!(sent(&bench.call(caller, small()).1).len(), 1);
}

#[test]
fn minimal_processes_reach_nothing() {
    let (mut bench, _) = attended();
    let new = NewProcess {
        profile: Profile::Minimal,
        ..NewProcess::app("app", namespace(7))
    };
    let pid = bench.spawn(new).unwrap();
    bench.grant(pid, site("api.example").capability());
    match bench.answer(Principal::Process(pid), fetch(URL)) {
        Err(SysError::QuotaExceeded {
            resource: Resource::NetworkInFlight,
            limit: 0,
            ..
        }) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_hundred_mebibytes_pass_in_an_hour() {
    let (mut bench, pid) = granted(&["api.example"]);
    bench.now += 1_000;
    for _ in 0..9 {
        let (_, effects) = bench.fetch(pid, URL);
        bench.respond(sent(&effects)[0].0, response(200, &[], 10 * MIB));
    }
    let (_, effects) = bench.fetch(pid, URL);
    bench.respond(sent(&effects)[0].0, response(200, &[], 10 * MIB - 5));
    // Five bytes are left: an answer that fits passes, a longer one is told as the quota it is.
    let (call, effects) = bench.fetch(pid, URL);
    let (op, result) = (sent(&effects)[0].0, Err(SysError::TooLarge { limit: 5 }));
    let effects = bench.handle(Input::OpDone { op, result });
    let full = |used: u64| SysError::QuotaExceeded {
        resource: Resource::NetworkBytes,
        limit: 100 * MIB as u64,
        used,
        retry_after: Some(3_600_000 - 1_000),
    };
    assert_eq!(replies(&effects)[&call], Err(full(100 * MIB as u64)));
    assert_eq!(
        bench.answer(Principal::Process(pid), fetch(URL)),
        Err(full(100 * MIB as u64))
    );
    bench.pass(3_600_000 - 1_000);
    assert_eq!(sent(&bench.fetch(pid, URL).1).len(), 1);
    assert_eq!(bench.usage(pid).network_bytes, 0);
}

#[test]
fn what_calls_in_flight_may_need_is_set_aside() {
    let (mut bench, pid) = granted(&["api.example"]);
    for _ in 0..9 {
        let (_, effects) = bench.fetch(pid, URL);
        bench.respond(sent(&effects)[0].0, response(200, &[], 10 * MIB));
    }
    let (first, _) = bench.fetch(pid, URL);
    let refused = bench.answer(Principal::Process(pid), fetch(URL));
    assert!(matches!(
        refused,
        Err(SysError::QuotaExceeded {
            resource: Resource::NetworkBytes,
            ..
        })
    ));
    // Whoever gives up may have received everything.
    bench.handle(Input::Cancel { call: first });
    assert_eq!(bench.usage(pid).network_bytes, 100 * MIB as u64);
}

#[test]
fn answers_that_are_kept_are_bounded() {
    let kept = (0..APPROVALS_KEPT).map(|number| StandingApproval {
        namespace: namespace(1),
        need: site(&format!("s{number}.example")),
        rule: Rule::Allow,
    });
    let mut bench = Bench::with(KernelConfig {
        approvals: kept.collect(),
        ..KernelConfig::new(BootId::new(START, 1))
    });
    bench.handle(Input::Attended(true));
    let pid = bench.app(1);
    bench.fetch(pid, URL);
    let id = bench.open()[0].id;
    let full = bench.system(Syscall::AnswerApproval {
        id,
        answer: ApprovalAnswer::Always,
    });
    assert!(matches!(
        full,
        Err(SysError::QuotaExceeded {
            resource: Resource::Approvals,
            ..
        })
    ));
    assert_eq!(sent(&bench.decide(ApprovalAnswer::Once)).len(), 1);
}

fn access(url: &str) -> Syscall {
    Syscall::NetworkAccess { url: url.to_owned() }
}

#[test]
fn what_a_window_loads_is_asked_about_as_a_request_is_and_not_sent() {
    let (mut bench, pid) = attended();
    let (call, effects) = bench.call(Principal::Process(pid), access(URL));
    assert!(replies(&effects).is_empty());
    assert_eq!(bench.open()[0].need, site("api.example"));
    let effects = bench.decide(ApprovalAnswer::Session);
    assert_eq!(replies(&effects)[&call], Ok(Reply::Done));
    assert!(sent(&effects).is_empty());
    let origin = "https://api.example".to_owned();
    assert!(audited(&effects).contains(&Action::NetworkAccess { origin }));

    let (call, effects) = bench.call(Principal::Process(pid), access(URL));
    assert_eq!(replies(&effects)[&call], Ok(Reply::Done));
    let (_, effects) = bench.fetch(pid, URL);
    assert_eq!(sent(&effects).len(), 1, "one answer is for both");

    let (call, effects) = bench.call(Principal::Process(pid), access("http://192.168.1.1/"));
    denied(&effects, call);
    let (call, effects) = bench.call(Principal::Process(pid), access("file:///etc/passwd"));
    assert_eq!(replies(&effects)[&call], Err(SysError::invalid("url")));
    assert_eq!(bench.usage(pid).network_in_flight, 1);
}

#[test]
fn an_answer_whose_grant_is_revoked_holds_for_no_later_process() {
    for answer in [
        ApprovalAnswer::Session,
        ApprovalAnswer::Always,
        ApprovalAnswer::Never,
    ] {
        let (mut bench, pid) = attended();
        bench.fetch(pid, URL);
        bench.decide(answer);
        let given = bench.kernel.grants.held_by(pid).pop().unwrap();
        let (_, effects) = bench.call(Principal::System, Syscall::RevokeGrant { grant: given.id });
        let forgotten = Op::ForgetApprovals {
            namespace: namespace(1),
            need: Some(site("api.example")),
        };
        assert!(
            effects
                .iter()
                .any(|effect| matches!(effect, Effect::Perform(op) if *op.op() == forgotten)),
            "{answer:?}: the host forgets it"
        );
        let later = bench.app(1);
        bench.fetch(later, URL);
        assert_eq!(bench.open().len(), 1, "{answer:?}: it is asked again");
    }
}

#[test]
fn an_answer_that_is_forgotten_holds_for_no_running_process() {
    let (mut bench, pid) = attended();
    let (call, _) = bench.fetch(pid, URL);
    bench.decide(ApprovalAnswer::Always);
    let (_, effects) = bench.fetch(pid, OTHER_URL);
    assert!(sent(&effects).is_empty());
    bench.decide(ApprovalAnswer::Never);
    let standing = StandingApproval {
        namespace: namespace(1),
        need: site("api.example"),
        rule: Rule::Allow,
    };
    let denied_site = StandingApproval {
        need: site("other.example"),
        rule: Rule::Deny,
        ..standing.clone()
    };
    let listed = Syscall::ListStandingApprovals {
        namespace: namespace(1),
    };
    assert_eq!(
        bench.system(listed.clone()),
        Ok(Reply::StandingApprovals(vec![standing, denied_site]))
    );

    let forgotten = Syscall::ForgetApprovals {
        namespace: namespace(1),
    };
    let (_, effects) = bench.call(Principal::System, forgotten);
    denied(&effects, call);
    let namespace = namespace(1);
    assert_eq!(
        audited(&effects).last(),
        Some(&Action::ForgetApprovals { namespace })
    );
    assert_eq!(bench.system(listed), Ok(Reply::StandingApprovals(Vec::new())));
    for url in [URL, OTHER_URL] {
        let (call, effects) = bench.fetch(pid, url);
        assert!(!replies(&effects).contains_key(&call) && sent(&effects).is_empty());
    }
    assert_eq!(bench.open().len(), 2, "both are asked again");
    let own = Syscall::ListStandingApprovals { namespace };
    let (call, effects) = bench.call(Principal::Process(pid), own);
    denied(&effects, call);
}
