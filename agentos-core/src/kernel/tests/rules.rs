//! One rule a test.

use super::*;

const OWN: u128 = 1;
const OTHER: u128 = 2;

/// What the system answers a fresh process of `profile` that owns the namespace `OWN`.
#[track_caller]
fn check_profile(profile: Profile, syscall: &Syscall, need: Option<&Capability>) {
    let mut bench = Bench::new();
    let new = NewProcess {
        profile,
        ..NewProcess::app("app", namespace(OWN))
    };
    let pid = bench.spawn(new).unwrap();
    let (call, effects) = bench.call(Principal::Process(pid), syscall.clone());
    let denied = match replies(&effects).remove(&call) {
        Some(Err(SysError::PermissionDenied { need })) => Some(need),
        Some(Err(other)) => panic!("{syscall:?}: {other:?}"),
        Some(Ok(_)) | None => None,
    };
    assert_eq!(denied.as_ref(), need, "{profile:?} {syscall:?}");
}

#[test]
fn a_profile_holds_what_it_says_and_no_more() {
    let other = Capability::Store {
        namespace: namespace(OTHER),
    };
    let clear = Syscall::StoreClear {
        namespace: namespace(OTHER),
    };
    let kill = Syscall::KillProcess { pid: Pid::SYSTEM };
    let spawn = Syscall::SpawnProcess(NewProcess::app("child", namespace(OWN)));
    for profile in [Profile::Minimal, Profile::Standard, Profile::Privileged] {
        let info = (profile == Profile::Minimal).then_some(&Capability::SystemInfo);
        check_profile(profile, &get(OWN), None);
        check_profile(profile, &put(OWN, 1), None);
        check_profile(profile, &get(OTHER), Some(&other));
        check_profile(profile, &put(OTHER, 1), Some(&other));
        check_profile(profile, &clear, Some(&other));
        check_profile(profile, &Syscall::GetCurrentTime, None);
        check_profile(profile, &Syscall::GetUptime, None);
        check_profile(profile, &Syscall::GetSystemInfo, info);
        check_profile(profile, &Syscall::ListProcesses, Some(&Capability::Signal));
        check_profile(profile, &kill, Some(&Capability::Signal));
        check_profile(profile, &spawn, Some(&Capability::Spawn));
    }
}

#[test]
fn limits_are_those_of_the_design() {
    let table = LimitTable::default();
    let row = |limits: Limits| {
        let calls = (limits.calls_in_flight, limits.calls_per_second, limits.call_burst);
        let tree = (limits.child_processes, limits.tree_depth);
        let (memory, value) = (limits.memory_bytes >> 20, limits.store_value_bytes >> 10);
        let network = (
            limits.network_in_flight,
            limits.network_bytes_per_hour >> 20,
            limits.request_bytes >> 20,
            limits.response_bytes >> 20,
            limits.open_streams,
        );
        let mail = (
            limits.message_bytes >> 10,
            limits.mailbox_messages,
            limits.mailbox_bytes >> 20,
        );
        (memory, calls, tree, limits.store_keys, value, network, mail)
    };
    let programs = |limits: Limits| {
        let (space, output) = (
            limits.program_address_bytes >> 20,
            limits.program_output_bytes >> 20,
        );
        (limits.disk_bytes >> 20, space, limits.program_cpu_seconds, output)
    };
    assert_eq!(programs(table.minimal), (8, 0, 0, 0));
    assert_eq!(programs(table.standard), (256, 512, 60, 1));
    assert_eq!(programs(table.privileged), (4_096, 2_048, 300, 8));
    assert_eq!(
        row(table.minimal),
        (
            16,
            (4, 20, 40),
            (0, 2),
            1_000,
            64,
            (0, 0, 0, 0, 16),
            (64, 256, 16)
        )
    );
    assert_eq!(
        row(table.standard),
        (
            64,
            (16, 200, 400),
            (8, 4),
            50_000,
            1_024,
            (8, 100, 1, 10, 64),
            (1_024, 1_000, 8)
        )
    );
    assert_eq!(
        row(table.privileged),
        (
            256,
            (64, 1_000, 2_000),
            (32, 8),
            500_000,
            4_096,
            (32, 1_024, 10, 50, 256),
            (1_024, 1_000, 8)
        )
    );
}

#[test]
fn a_call_beyond_the_rate_is_refused_until_it_is_earned() {
    let mut bench = Bench::new();
    let pid = bench.app(OWN);
    let limits = LimitTable::default().standard;
    let time = |bench: &mut Bench| bench.answer(Principal::Process(pid), Syscall::GetCurrentTime);
    for _ in 0..limits.call_burst {
        time(&mut bench).unwrap();
    }
    let refused = time(&mut bench).unwrap_err();
    let SysError::QuotaExceeded {
        resource,
        retry_after,
        ..
    } = refused
    else {
        panic!("{refused:?}")
    };
    assert_eq!((resource, retry_after), (Resource::CallsPerSecond, Some(5)));
    bench.now += 5;
    time(&mut bench).unwrap();
    time(&mut bench).unwrap_err();
}

#[test]
fn memory_over_the_limit_is_refused_and_given_back_when_done() {
    let mut limits = LimitTable::default();
    limits.standard.memory_bytes = 1_000;
    limits.standard.store_value_bytes = 600;
    let mut bench = Bench::with(KernelConfig {
        limits,
        ..KernelConfig::new(BootId::new(START, 1))
    });
    let pid = bench.app(OWN);
    let (_, effects) = bench.call(Principal::Process(pid), put(OWN, 600));
    assert_eq!(bench.usage(pid).memory_bytes, 600);
    let refused = bench.answer(Principal::Process(pid), put(OWN, 401));
    let quota = SysError::QuotaExceeded {
        resource: Resource::Memory,
        limit: 1_000,
        used: 600,
        retry_after: None,
    };
    assert_eq!(refused, Err(quota));
    assert_eq!(bench.usage(pid).calls_in_flight, 1);
    bench.done(performed(&effects)[0]);
    assert_eq!(
        (bench.usage(pid).memory_bytes, bench.usage(pid).calls_in_flight),
        (0, 0)
    );
    let (_, effects) = bench.call(Principal::Process(pid), put(OWN, 401));
    assert_eq!(performed(&effects).len(), 1);
}

#[test]
fn the_tree_is_no_deeper_than_allowed() {
    let mut bench = Bench::new();
    let mut parent = bench.app(OWN);
    let below = |parent| NewProcess {
        parent,
        ..NewProcess::app("child", namespace(OWN))
    };
    for _ in 2..=LimitTable::default().standard.tree_depth {
        parent = bench.spawn(below(parent)).unwrap();
    }
    let refused = bench.spawn(below(parent)).unwrap_err();
    assert!(matches!(
        refused,
        SysError::QuotaExceeded {
            resource: Resource::TreeDepth,
            limit: 4,
            used: 4,
            ..
        }
    ));
}

#[test]
fn grants_of_one_process_are_bounded() {
    let mut bench = Bench::new();
    let pid = bench.app(OWN);
    let held = bench.kernel.grants.count(pid);
    for _ in held..GRANTS_PER_PROCESS {
        bench.grant(pid, Capability::Time);
    }
    let capability = Capability::Time;
    let more = Syscall::AddGrant {
        to: pid,
        capability,
        rule: Rule::Allow,
    };
    let refused = bench.system(more).unwrap_err();
    assert!(matches!(
        refused,
        SysError::QuotaExceeded {
            resource: Resource::Grants,
            limit: 256,
            ..
        }
    ));
}

#[test]
fn a_list_has_a_limit_from_one_to_a_thousand() {
    let mut bench = Bench::new();
    let pid = bench.app(OWN);
    let mut list = |limit, prefix: &str| {
        let list = Syscall::StoreList {
            namespace: namespace(OWN),
            prefix: prefix.to_owned(),
            after: None,
            limit,
        };
        let (call, effects) = bench.call(Principal::Process(pid), list);
        replies(&effects).remove(&call)
    };
    assert_eq!(list(0, ""), Some(Err(SysError::invalid("limit"))));
    assert_eq!(list(1_001, ""), Some(Err(SysError::invalid("limit"))));
    assert_eq!(list(1, &"p".repeat(513)), Some(Err(SysError::invalid("prefix"))));
    assert_eq!(list(1, &"p".repeat(512)), None);
    assert_eq!(list(1_000, ""), None);
}

#[test]
fn revoking_ends_what_is_queued_and_what_is_performed() {
    let mut bench = Bench::one_at_once();
    let pid = bench.app(OWN);
    let grant = bench.grant(
        pid,
        Capability::Store {
            namespace: namespace(OTHER),
        },
    );
    let (first, effects) = bench.call(Principal::Process(pid), put(OTHER, 1));
    let op = performed(&effects)[0];
    let (second, effects) = bench.call(Principal::Process(pid), put(OTHER, 1));
    assert_eq!(performed(&effects), []);
    let (third, effects) = bench.call(Principal::Process(pid), get(OWN));
    assert_eq!(performed(&effects), []);

    let (_, effects) = bench.call(Principal::System, Syscall::RevokeGrant { grant });
    let replies = replies(&effects);
    for call in [first, second] {
        assert!(matches!(replies[&call], Err(SysError::PermissionDenied { .. })));
    }
    assert_eq!(cancelled(&effects), [op]);
    assert_eq!(performed(&effects).len(), 1, "the third call has its turn");
    assert!(!replies.contains_key(&third));
    assert_eq!(bench.done(op), [], "the end of a cancelled operation is ignored");
}

#[test]
fn a_denial_added_ends_calls_like_a_revocation() {
    let mut bench = Bench::new();
    let pid = bench.app(OWN);
    let (call, _) = bench.call(Principal::Process(pid), get(OWN));
    let capability = Capability::Store {
        namespace: namespace(OWN),
    };
    let deny = Syscall::AddGrant {
        to: pid,
        capability,
        rule: Rule::Deny,
    };
    let (_, effects) = bench.call(Principal::System, deny);
    assert!(matches!(
        replies(&effects)[&call],
        Err(SysError::PermissionDenied { .. })
    ));
}

#[test]
fn a_process_spawns_children_with_no_more_than_it_holds() {
    let mut bench = Bench::new();
    let parent = bench.app(OWN);
    bench.grant(parent, Capability::Spawn);
    let caller = Principal::Process(parent);
    let child = |number, profile| {
        let new = NewProcess {
            parent,
            profile,
            ..NewProcess::app("child", namespace(number))
        };
        Syscall::SpawnProcess(new)
    };
    let elsewhere = Syscall::SpawnProcess(NewProcess::app("sibling", namespace(OWN)));
    for refused in [
        child(OTHER, Profile::Standard),
        child(OWN, Profile::Privileged),
        elsewhere,
    ] {
        let answer = bench.answer(caller, refused);
        assert!(
            matches!(answer, Err(SysError::PermissionDenied { .. })),
            "{answer:?}"
        );
    }
    let Ok(Reply::Spawned(child)) = bench.answer(caller, child(OWN, Profile::Standard)) else {
        panic!("a child in its own namespace")
    };
    let (_, effects) = bench.call(Principal::Process(child), get(OWN));
    assert_eq!(performed(&effects).len(), 1);

    let deny = Syscall::AddGrant {
        to: parent,
        capability: Capability::Time,
        rule: Rule::Deny,
    };
    bench.system(deny).unwrap();
    let time = bench.answer(Principal::Process(child), Syscall::GetCurrentTime);
    assert_eq!(
        time,
        Err(SysError::PermissionDenied {
            need: Capability::Time
        })
    );
}

#[test]
fn a_process_controls_and_sees_only_what_is_below_it() {
    let mut bench = Bench::new();
    let (parent, stranger) = (bench.app(OWN), bench.app(OTHER));
    let child = bench
        .spawn(NewProcess {
            parent,
            ..NewProcess::app("child", namespace(OWN))
        })
        .unwrap();
    bench.grant(parent, Capability::Signal);
    let caller = Principal::Process(parent);
    let denied = Err(SysError::PermissionDenied {
        need: Capability::Signal,
    });
    for pid in [parent, stranger, Pid::SYSTEM, Pid(99)] {
        assert_eq!(bench.answer(caller, Syscall::KillProcess { pid }), denied);
        assert_eq!(bench.answer(caller, Syscall::GetProcessInfo { pid }), denied);
        assert_eq!(bench.answer(caller, Syscall::ListGrants { pid }), denied);
    }
    let Ok(Reply::Processes(seen)) = bench.answer(caller, Syscall::ListProcesses) else {
        panic!()
    };
    assert_eq!(
        seen.iter().map(|process| process.pid).collect::<Vec<_>>(),
        [parent, child]
    );
    assert_eq!(
        bench.answer(caller, Syscall::KillProcess { pid: child }),
        Ok(Reply::Killed(vec![child]))
    );
}

#[test]
fn a_process_lends_what_it_holds_to_its_child_and_takes_it_back() {
    let mut bench = Bench::new();
    let parent = bench.app(OWN);
    let child = bench
        .spawn(NewProcess {
            parent,
            ..NewProcess::app("child", namespace(OTHER))
        })
        .unwrap();
    bench.grant(parent, Capability::Signal);
    let caller = Principal::Process(parent);
    let capability = Capability::Store {
        namespace: namespace(OWN),
    };
    let lend = |rule| Syscall::AddGrant {
        to: child,
        capability: capability.clone(),
        rule,
    };
    assert!(matches!(
        bench.answer(caller, lend(Rule::Deny)),
        Err(SysError::PermissionDenied { .. })
    ));
    let Ok(Reply::Granted(grant)) = bench.answer(caller, lend(Rule::Allow)) else {
        panic!()
    };
    let (_, effects) = bench.call(Principal::Process(child), get(OWN));
    assert_eq!(performed(&effects).len(), 1);
    assert_eq!(
        bench.answer(caller, Syscall::RevokeGrant { grant }),
        Ok(Reply::Done)
    );
    let read = bench.answer(Principal::Process(child), get(OWN));
    assert_eq!(
        read,
        Err(SysError::PermissionDenied {
            need: capability.clone()
        })
    );

    let of_the_system = bench.grant(child, Capability::Time);
    let revoke = Syscall::RevokeGrant { grant: of_the_system };
    assert!(matches!(
        bench.answer(caller, revoke),
        Err(SysError::PermissionDenied { .. })
    ));
}

#[test]
fn each_ended_process_is_told_and_audited_once() {
    let mut bench = Bench::new();
    let parent = bench.app(OWN);
    let child = bench
        .spawn(NewProcess {
            parent,
            ..NewProcess::app("child", namespace(OWN))
        })
        .unwrap();
    let (call, effects) = bench.call(Principal::Process(child), get(OWN));
    let op = performed(&effects)[0];
    let (_, effects) = bench.call(Principal::System, Syscall::KillProcess { pid: parent });
    assert_eq!(replies(&effects)[&call], Err(SysError::Cancelled));
    assert_eq!(cancelled(&effects), [op]);
    let ends = [(parent, EndReason::Killed), (child, EndReason::ParentKilled)];
    assert_eq!(
        audited(&effects),
        ends.map(|(process, reason)| Action::End { process, reason })
    );
    let events = effects.iter().filter_map(|effect| match effect {
        Effect::Emit(KernelEvent {
            pid,
            kind: EventKind::ProcessEnded { reason },
            ..
        }) => Some((*pid, *reason)),
        _ => None,
    });
    assert_eq!(events.collect::<Vec<_>>(), ends);
    assert_eq!(bench.kernel.grants.count(child), 0);
}

#[test]
fn changes_are_audited_with_their_operation_and_reads_are_not() {
    let mut bench = Bench::new();
    let pid = bench.app(OWN);
    let mut record = |syscall| {
        let (_, effects) = bench.call(Principal::Process(pid), syscall);
        effects.into_iter().find_map(|effect| match effect {
            Effect::Perform(op) => op.record().cloned(),
            _ => None,
        })
    };
    let (namespace, key) = (namespace(OWN), key("k"));
    let stored = record(put(OWN, 3)).unwrap();
    assert_eq!((stored.pid, stored.time), (pid, START));
    assert_eq!(
        stored.action,
        Action::StorePut {
            namespace,
            key: key.clone(),
            bytes: 3
        }
    );
    let deleted = record(Syscall::StoreDelete {
        namespace,
        key: key.clone(),
    })
    .unwrap();
    assert_eq!(deleted.action, Action::StoreDelete { namespace, key });
    let cleared = record(Syscall::StoreClear { namespace }).unwrap();
    assert_eq!(cleared.action, Action::StoreClear { namespace });
    let emptied = record(Syscall::ClearHome { namespace }).unwrap();
    let emptied_home = Action::File {
        change: FileChange::Clear,
        place: FilePlace::of(file_path("home:"), Some(namespace)).unwrap(),
        from: None,
        bytes: 0,
    };
    assert_eq!(emptied.action, emptied_home);
    assert_eq!(record(Syscall::GetHomeSpace { namespace }), None);
    assert_eq!(record(get(OWN)), None);
    assert_eq!(record(Syscall::GetSystemInfo), None);
}

#[test]
fn denials_beyond_ten_a_second_are_counted() {
    let mut bench = Bench::new();
    let pid = bench.app(OWN);
    let mut recorded = Vec::new();
    for _ in 0..25 {
        let (_, effects) = bench.call(Principal::Process(pid), get(OTHER));
        recorded.extend(audited(&effects));
    }
    assert_eq!(recorded.len(), 10);
    assert_eq!(bench.kernel.wake_at(), Some(START + 1_000));
    bench.now += 1_000;
    assert_eq!(
        audited(&bench.handle(Input::Tick)),
        [Action::MoreDenials { count: 15 }]
    );
    assert_eq!(bench.kernel.wake_at(), None);
    let (_, effects) = bench.call(Principal::Process(pid), get(OTHER));
    assert_eq!(audited(&effects).len(), 1);
}

#[test]
fn while_the_audit_is_full_nothing_is_decided_that_can_be_refused() {
    let mut bench = Bench::new();
    let (pid, other) = (bench.app(OWN), bench.app(OTHER));
    let held = bench.grant(other, Capability::Llm);
    let caller = Principal::Process(pid);
    let full = Err(SysError::Io { kind: IoKind::Disk });
    let asked = bench.answer(caller, ask("?"));
    let Err(SysError::ApprovalRequired { id }) = asked else {
        panic!("{asked:?}");
    };
    assert_eq!(bench.handle(Input::AuditFull(true)), []);

    let refused = |bench: &mut Bench, caller, syscall: Syscall| {
        let told = format!("{syscall:?}");
        let (call, effects) = bench.call(caller, syscall);
        assert_eq!(replies(&effects)[&call], full, "{told}");
        assert_eq!(audited(&effects), [], "{told}");
    };
    let grant = |rule| Syscall::AddGrant {
        to: pid,
        capability: Capability::Signal,
        rule,
    };
    let answer = |answer| Syscall::AnswerApproval { id, answer };
    let new = NewProcess::app("app", namespace(3));
    refused(&mut bench, Principal::System, Syscall::SpawnProcess(new.clone()));
    refused(&mut bench, Principal::System, grant(Rule::Allow));
    refused(&mut bench, Principal::System, answer(ApprovalAnswer::Once));
    refused(&mut bench, Principal::System, answer(ApprovalAnswer::Session));
    refused(&mut bench, caller, fetch("https://api.example/"));
    for _ in 0..3 {
        let (_, effects) = bench.call(caller, get(OTHER));
        assert_eq!(audited(&effects), [], "it is counted");
    }
    bench.now += 5_000;
    assert_eq!(bench.handle(Input::Tick), []);
    assert!(!bench.kernel.owes_a_record());

    for syscall in [
        grant(Rule::Deny),
        answer(ApprovalAnswer::Never),
        Syscall::RevokeGrant { grant: held },
        Syscall::KillProcess { pid: other },
    ] {
        let told = format!("{syscall:?}");
        let (call, effects) = bench.call(Principal::System, syscall);
        assert_ne!(replies(&effects).get(&call), Some(&full), "{told}");
        assert!(!audited(&effects).is_empty(), "{told}");
    }

    let effects = bench.handle(Input::AuditFull(false));
    assert_eq!(audited(&effects), [Action::MoreDenials { count: 3 }]);
    assert!(bench.spawn(new).is_ok());
}

#[test]
fn an_overdue_call_ends_whether_queued_or_performed() {
    let mut bench = Bench::one_at_once();
    let pid = bench.app(OWN);
    let (first, effects) = bench.call(Principal::Process(pid), get(OWN));
    let op = performed(&effects)[0];
    let (second, _) = bench.call(Principal::Process(pid), get(OWN));
    assert_eq!(bench.kernel.wake_at(), Some(START + 30_000));
    bench.now += 29_999;
    assert_eq!(bench.handle(Input::Tick), []);
    bench.now += 1;
    let effects = bench.handle(Input::Tick);
    let replies = replies(&effects);
    assert_eq!(
        (&replies[&first], &replies[&second]),
        (&Err(SysError::DeadlineExceeded), &Err(SysError::DeadlineExceeded))
    );
    assert_eq!(cancelled(&effects), [op]);
    assert_eq!(
        (bench.usage(pid).calls_in_flight, bench.kernel.wake_at()),
        (0, None)
    );
}

#[test]
fn an_answer_that_comes_with_the_deadline_counts() {
    let mut bench = Bench::new();
    let pid = bench.app(OWN);
    let (call, effects) = bench.call(Principal::Process(pid), get(OWN));
    bench.now += 30_000;
    let effects = bench.done(performed(&effects)[0]);
    assert_eq!(replies(&effects)[&call], Ok(Reply::Done));
}

#[test]
fn a_clock_that_goes_back_stands_still() {
    let mut bench = Bench::new();
    bench.now -= 60_000;
    assert_eq!(bench.system(Syscall::GetCurrentTime), Ok(Reply::Time(START)));
    assert_eq!(bench.system(Syscall::GetUptime), Ok(Reply::Uptime(0)));
}

#[test]
fn a_suspended_process_finishes_what_it_began() {
    let mut bench = Bench::new();
    let pid = bench.app(OWN);
    let (call, effects) = bench.call(Principal::Process(pid), get(OWN));
    bench.system(Syscall::SuspendProcess { pid }).unwrap();
    let late = bench.answer(Principal::Process(pid), get(OWN));
    assert_eq!(late, Err(SysError::Unavailable { retry_after: None }));
    let effects = bench.done(performed(&effects)[0]);
    assert_eq!(replies(&effects)[&call], Ok(Reply::Done));
}
