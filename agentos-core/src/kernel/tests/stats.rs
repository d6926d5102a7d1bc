//! What the kernel tells of itself.

use super::*;

fn stats(bench: &mut Bench) -> KernelStats {
    match bench.system(Syscall::GetStats) {
        Ok(Reply::Stats(stats)) => *stats,
        other => panic!("{other:?}"),
    }
}

fn performed(effects: &[Effect]) -> OpId {
    let op = effects.iter().find_map(|effect| match effect {
        Effect::Perform(op) => Some(op.id()),
        _ => None,
    });
    op.expect("an operation")
}

#[test]
fn stats_follow_a_call_from_its_beginning_to_its_answer() {
    let mut bench = Bench::one_at_once();
    let pid = bench.app(1);
    let (_, effects) = bench.call(Principal::Process(pid), put(1, 1_000));
    bench.call(Principal::Process(pid), put(1, 500));
    let during = stats(&mut bench);
    assert_eq!((during.operations_in_flight, during.operations_waiting), (1, 1));
    assert_eq!((during.calls_in_flight, during.memory_bytes), (2, 1_500));

    bench.now += 7;
    let next = performed(&bench.done(performed(&effects)));
    bench.done(next);
    let after = stats(&mut bench);
    assert_eq!((after.operations_in_flight, after.operations_waiting), (0, 0));
    assert_eq!((after.calls_in_flight, after.memory_bytes), (0, 0));
    assert_eq!(
        (after.operation_times.count, after.operation_times.total_ms),
        (2, 7)
    );
    assert_eq!(after.uptime_ms, 7);
}

#[test]
fn a_cancelled_operation_has_no_time() {
    let mut bench = Bench::new();
    let pid = bench.app(1);
    let (call, _) = bench.call(Principal::Process(pid), get(1));
    bench.handle(Input::Cancel { call });
    let stats = stats(&mut bench);
    assert_eq!((stats.operations_in_flight, stats.operation_times.count), (0, 0));
    assert_eq!(stats.calls.get("cancelled"), Some(&1));
}

#[test]
fn every_denial_is_counted_and_suspended_processes_are_told_apart() {
    let mut bench = Bench::new();
    let (pid, other) = (bench.app(1), bench.app(2));
    for _ in 0..denials::RECORDED_A_SECOND + 5 {
        bench.answer(Principal::Process(pid), get(2)).unwrap_err();
    }
    bench.system(Syscall::SuspendProcess { pid: other }).unwrap();
    let stats = stats(&mut bench);
    assert_eq!(stats.denials, denials::RECORDED_A_SECOND + 5);
    assert_eq!((stats.processes, stats.suspended), (3, 1));
    assert_eq!(
        stats.grants, 10,
        "own storage, two own folders, time and system information for each"
    );
    let table = LimitTable::default();
    assert_eq!(
        stats.memory_limit_bytes,
        table.system.memory_bytes + 2 * table.standard.memory_bytes
    );
    let Ok(Reply::Events(page)) = bench.system(Syscall::ListEvents {
        since: None,
        limit: 1,
    }) else {
        panic!()
    };
    assert_eq!((page.newest, page.events[0].seq), (stats.events, stats.events));
}

#[test]
fn a_process_is_told_nothing_of_the_others() {
    let mut bench = Bench::new();
    let pid = bench.app(1);
    bench.grant(pid, Capability::Signal);
    let since = None;
    for syscall in [
        Syscall::GetStats,
        Syscall::ListAllGrants,
        Syscall::ListEvents { since, limit: 1 },
    ] {
        let answer = bench.answer(Principal::Process(pid), syscall);
        assert!(
            matches!(answer, Err(SysError::PermissionDenied { .. })),
            "{answer:?}"
        );
    }
}
