//! What the kernel takes of memory.

use agentos_core::ids::{BootId, Namespace};
use agentos_core::kernel::{
    Call, CallId, Capability, Dispatch, Effect, EndReason, EventKind, Input, Kernel, KernelConfig,
    LimitTable, Limits, NewProcess, Peer, Pid, Principal, ProcessState, Reply, Rule, Site, Syscall,
};
use allocation_counter::measure;

const START: u64 = 1_700_000_000_000;
const PROCESSES: u32 = 10_000;

/// A kernel of which the system may have as many processes as the test wants, and calls at once.
fn roomy() -> Kernel {
    let limits = LimitTable::default();
    let system = Limits {
        child_processes: PROCESSES + 1,
        calls_per_second: u32::MAX,
        call_burst: u32::MAX,
        ..limits.system
    };
    let config = KernelConfig {
        limits: LimitTable { system, ..limits },
        ..KernelConfig::new(BootId::new(START, 1))
    };
    Kernel::new(config, START)
}

fn answer(kernel: &mut Kernel, number: u64, syscall: Syscall) -> Reply {
    let input = Input::Call {
        id: CallId(number),
        call: Call::new(Principal::System, syscall),
    };
    let effects = kernel.handle(input, START);
    let reply = effects.into_iter().find_map(|effect| match effect {
        Effect::Reply { result, .. } => Some(result),
        _ => None,
    });
    reply.expect("an answer at once").expect("it is allowed")
}

fn spawn(kernel: &mut Kernel, number: u64) -> Pid {
    let app = NewProcess::app("app", Namespace::new(START, number.into()));
    match answer(kernel, number, Syscall::SpawnProcess(app)) {
        Reply::Spawned(pid) => pid,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_check_among_100_grants_takes_nothing_from_the_heap() {
    let mut kernel = roomy();
    let pid = spawn(&mut kernel, 1);
    for number in 0..100 {
        let site = Site::parse(&format!("host-{number}.example")).unwrap();
        let capability = Capability::from(site.rule());
        let rule = Rule::Allow;
        answer(
            &mut kernel,
            100 + number,
            Syscall::AddGrant {
                to: pid,
                capability,
                rule,
            },
        );
    }
    let held = Capability::from(Site::parse("host-99.example").unwrap().rule());
    let not_held = Capability::from(Site::parse("host-100.example").unwrap().rule());
    let caller = Principal::Process(pid);
    let mut answers = (false, true);
    let taken = measure(|| {
        answers = (
            kernel.is_allowed(caller, &held),
            kernel.is_allowed(caller, &not_held),
        );
    });
    assert_eq!((answers, taken.count_total), ((true, false), 0));
}

/// Fifty apps fill each other's mailboxes as far as they may, which would take 400 MiB.
#[test]
fn what_is_held_stays_near_the_budget_whoever_sends_what() {
    const BUDGET: u64 = 16 * 1_024 * 1_024;
    let mut kernel = Kernel::new(
        KernelConfig {
            memory_budget: BUDGET,
            ..KernelConfig::new(BootId::new(START, 1))
        },
        START,
    );
    let app = |focused| NewProcess {
        focused,
        ..NewProcess::app("app", Namespace::new(START, 1))
    };
    let mut number = 0;
    let mut call = |caller, syscall| {
        number += 1;
        let input = Input::Call {
            id: CallId(number),
            call: Call::new(caller, syscall).within(1_000),
        };
        kernel.handle(input, START)
    };
    let mut pids = Vec::new();
    let mut ended = Vec::new();
    let taken = measure(|| {
        for place in 0..50 {
            let effects = call(Principal::System, Syscall::SpawnProcess(app(place == 0)));
            pids.extend(effects.iter().find_map(spawned));
        }
        for (round, to) in (0..8).flat_map(|round| pids.iter().map(move |to| (round, *to))) {
            let from = Principal::Process(pids[(round + 1) * 6 % pids.len()]);
            let body = vec![7; 1_024 * 1_024];
            let dispatch = Dispatch::Send {
                to: Peer::Process(to),
            };
            let effects = call(from, Syscall::IpcDispatch { dispatch, body });
            ended.extend(effects.iter().filter_map(out_of_memory));
        }
    });
    assert!(taken.bytes_max < BUDGET + BUDGET / 4, "{taken:?}");
    assert!(ended.len() > 10 && !ended.contains(&pids[0]), "{ended:?}");
    let effects = call(Principal::System, Syscall::GetProcessInfo { pid: pids[0] });
    let told = effects.iter().any(|effect| {
        matches!(effect, Effect::Reply { result: Ok(Reply::Process(info)), .. } if info.state == ProcessState::Running)
    });
    assert!(told, "the focused one lives: {effects:?}");
}

fn spawned(effect: &Effect) -> Option<Pid> {
    match effect {
        Effect::Reply {
            result: Ok(Reply::Spawned(pid)),
            ..
        } => Some(*pid),
        _ => None,
    }
}

fn out_of_memory(effect: &Effect) -> Option<Pid> {
    match effect {
        Effect::Emit(event) => {
            let reason = EndReason::OutOfMemory;
            (event.kind == EventKind::ProcessEnded { reason }).then_some(event.pid)
        }
        _ => None,
    }
}

#[test]
fn ten_thousand_processes_take_less_than_a_kilobyte_each_and_give_it_back() {
    let mut kernel = roomy();
    let mut pids = Vec::with_capacity(PROCESSES as usize);
    let alive = measure(|| {
        for number in 1..=u64::from(PROCESSES) {
            pids.push(spawn(&mut kernel, number));
        }
    });
    assert!(alive.bytes_current < 1_000 * i64::from(PROCESSES), "{alive:?}");
    let ended = measure(|| {
        for (number, pid) in (20_000..).zip(&pids) {
            answer(&mut kernel, number, Syscall::KillProcess { pid: *pid });
        }
    });
    // What is left is the events that tell of them, and what is kept of the last that ended.
    let left = alive.bytes_current + ended.bytes_current;
    assert!(left < 400 * i64::from(PROCESSES), "{left} bytes are still held");
}
