//! What the kernel takes of memory.

use agentos_core::ids::{BootId, Namespace};
use agentos_core::kernel::{
    Call, CallId, Capability, Effect, Input, Kernel, KernelConfig, LimitTable, Limits, NewProcess, Pid,
    Principal, Reply, Rule, Site, Syscall,
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

#[test]
fn ten_thousand_processes_take_less_than_two_kilobytes_each_and_give_them_back() {
    let mut kernel = roomy();
    let mut pids = Vec::with_capacity(PROCESSES as usize);
    let alive = measure(|| {
        for number in 1..=u64::from(PROCESSES) {
            pids.push(spawn(&mut kernel, number));
        }
    });
    assert!(alive.bytes_current < 2_000 * i64::from(PROCESSES), "{alive:?}");
    let ended = measure(|| {
        for (number, pid) in (20_000..).zip(&pids) {
            answer(&mut kernel, number, Syscall::KillProcess { pid: *pid });
        }
    });
    // What is left is the events that tell of them.
    let left = alive.bytes_current + ended.bytes_current;
    assert!(
        left < alive.bytes_current / 2,
        "{left} of {} bytes are still held",
        alive.bytes_current
    );
}
