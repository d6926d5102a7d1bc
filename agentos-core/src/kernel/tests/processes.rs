//! Processes that are waited for, weighed and counted.

use super::*;

fn wait_for(pid: Pid, wait: Millis) -> Syscall {
    Syscall::WaitProcess { pid, wait }
}

/// An app that may control its children, and one child.
fn family() -> (Bench, Principal, Pid) {
    let mut bench = Bench::new();
    let parent = bench.app(1);
    bench.grant(parent, Capability::Signal);
    let child = bench.spawn(NewProcess {
        parent,
        ..NewProcess::app("child", namespace(2))
    });
    (bench, Principal::Process(parent), child.unwrap())
}

#[test]
fn a_name_is_one_line_that_turns_no_text_around_it() {
    let mut bench = Bench::new();
    let name = " a\u{202e}b\n2 running\u{1b}[2J ";
    let pid = bench.spawn(NewProcess::app(name, namespace(1))).unwrap();
    assert_eq!(bench.kernel.processes.name(pid), "ab 2 running [2J");
}

#[test]
fn who_waits_for_a_process_is_told_why_it_ended() {
    let (mut bench, parent, child) = family();
    let (call, effects) = bench.call(parent, wait_for(child, 5_000));
    assert_eq!(effects, []);
    let (_, effects) = bench.call(Principal::System, Syscall::KillProcess { pid: child });
    assert_eq!(replies(&effects)[&call], Ok(Reply::Ended(EndReason::Killed)));
    assert_eq!(bench.usage(parent.pid()).calls_in_flight, 0);
}

#[test]
fn who_waits_too_long_is_told_so() {
    let (mut bench, parent, child) = family();
    let (call, _) = bench.call(parent, wait_for(child, 5_000));
    assert_eq!(bench.kernel.wake_at(), Some(START + 5_000));
    bench.now += 5_000;
    let effects = bench.handle(Input::Tick);
    assert_eq!(replies(&effects)[&call], Err(SysError::DeadlineExceeded));
}

#[test]
fn who_asks_late_is_told_by_those_that_ended_last() {
    let (mut bench, parent, child) = family();
    let stranger = bench.app(3);
    bench.grant(stranger, Capability::Signal);
    bench.system(Syscall::KillProcess { pid: child }).unwrap();
    let reason = EndReason::Killed;
    assert_eq!(bench.answer(parent, wait_for(child, 0)), Ok(Reply::Ended(reason)));
    let Ok(Reply::Process(info)) = bench.answer(parent, Syscall::GetProcessInfo { pid: child }) else {
        panic!("it is known for a while");
    };
    assert_eq!(info.state, ProcessState::Terminated { reason });
    let stranger = Principal::Process(stranger);
    let denied = Err(SysError::PermissionDenied {
        need: Capability::Signal,
    });
    assert_eq!(bench.answer(stranger, wait_for(child, 0)), denied);
    assert_eq!(bench.answer(stranger, wait_for(Pid(99), 0)), denied);

    for _ in 0..ENDED_KEPT {
        let pid = bench.app(4);
        bench.system(Syscall::KillProcess { pid }).unwrap();
        bench.now += 1;
    }
    assert_eq!(bench.answer(parent, wait_for(child, 0)), denied);
    assert_eq!(bench.system(wait_for(child, 0)), Err(SysError::NotFound));
}

#[test]
fn a_revocation_ends_the_wait() {
    let mut bench = Bench::new();
    let parent = bench.app(1);
    let grant = bench.grant(parent, Capability::Signal);
    let child = bench.spawn(NewProcess {
        parent,
        ..NewProcess::app("child", namespace(2))
    });
    let (call, _) = bench.call(Principal::Process(parent), wait_for(child.unwrap(), 5_000));
    let (_, effects) = bench.call(Principal::System, Syscall::RevokeGrant { grant });
    assert!(matches!(
        replies(&effects)[&call],
        Err(SysError::PermissionDenied { .. })
    ));
}

#[test]
fn a_priority_holds_for_calls_that_wait() {
    let mut bench = Bench::one_at_once();
    let (slow, fast) = (bench.app(1), bench.app(2));
    let (_, effects) = bench.call(Principal::System, Syscall::GetSystemInfo);
    for _ in 0..8 {
        bench.call(Principal::Process(slow), get(1));
        bench.call(Principal::Process(fast), get(2));
    }
    let set = |pid, weight| Syscall::SetProcessPriority {
        pid,
        priority: Priority::new(weight).unwrap(),
    };
    bench.system(set(slow, 1)).unwrap();
    let (_, told) = bench.call(Principal::System, set(fast, 10));
    let priority = Priority::new(10).unwrap();
    assert!(
        told.iter()
            .any(|effect| matches!(effect, Effect::Emit(KernelEvent {
        pid, kind: EventKind::ProcessPriorityChanged { priority: now }, ..
    }) if *pid == fast && *now == priority))
    );
    let mut op = performed(&effects)[0];
    for _ in 0..10 {
        op = performed(&bench.done(op))[0];
    }
    assert_eq!(bench.usage(fast).calls_in_flight, 0, "weight 10 is served first");
    let denied = bench.answer(Principal::Process(slow), set(slow, 10));
    assert!(matches!(denied, Err(SysError::PermissionDenied { .. })));
}

#[test]
fn a_process_sees_what_it_and_its_own_use() {
    let (mut bench, parent, child) = family();
    let (_, effects) = bench.call(Principal::Process(child), put(2, 700));
    let stats = |bench: &mut Bench, caller, pid| match bench.answer(caller, Syscall::GetProcessStats { pid })
    {
        Ok(Reply::ProcessStats(stats)) => Ok(*stats),
        Ok(other) => panic!("{other:?}"),
        Err(error) => Err(error),
    };
    bench.now += 250;
    let own = stats(&mut bench, parent, parent.pid()).unwrap();
    assert_eq!(
        (own.child_processes, own.usage.memory_bytes, own.age_ms),
        (1, 0, 250)
    );
    let below = stats(&mut bench, parent, child).unwrap();
    assert_eq!((below.usage.memory_bytes, below.usage.calls_in_flight), (700, 1));
    let above = stats(&mut bench, Principal::Process(child), parent.pid()).unwrap_err();
    assert!(matches!(above, SysError::PermissionDenied { .. }));

    let memory = |bench: &mut Bench, caller| match bench.answer(caller, Syscall::GetMemoryStats) {
        Ok(Reply::MemoryStats(stats)) => (stats.own_bytes, stats.tree_bytes, stats.tree_processes),
        other => panic!("{other:?}"),
    };
    assert_eq!(memory(&mut bench, parent), (0, 700, 2));
    assert_eq!(memory(&mut bench, Principal::System), (0, 700, 3));
    bench.done(performed(&effects)[0]);
    assert_eq!(memory(&mut bench, Principal::Process(child)), (0, 0, 1));
}
