//! What a decision of the kernel costs, as one JSON object of medians in nanoseconds, and what its processes hold.
//!
//! `cargo bench --bench kernel`; `make bench` prints the figures as ratios.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a measurement reads the clock"
)]

use std::hint::black_box;
use std::time::Instant;

use agentos_core::ids::{BootId, Namespace};
use agentos_core::kernel::{
    Call, CallId, Capability, EVENTS_KEPT, Effect, Input, Kernel, KernelConfig, LimitTable, Limits,
    NewProcess, Pid, Principal, Reply, Rule, Site, Syscall,
};
use agentos_core::time::Millis;
use serde_json::json;

const ROUNDS: usize = 15;
const PROCESSES: u64 = 10_000;

/// A kernel fed one call after another.
struct Bench {
    kernel: Kernel,
    calls: u64,
    now: Millis,
}

impl Bench {
    /// Of which nobody is limited in how often it calls.
    fn new() -> Self {
        let limits = LimitTable::default();
        let free = |limits: Limits| Limits {
            child_processes: u32::MAX,
            calls_per_second: u32::MAX,
            call_burst: u32::MAX,
            ..limits
        };
        let limits = LimitTable {
            standard: free(limits.standard),
            system: free(limits.system),
            ..limits
        };
        let config = KernelConfig {
            limits,
            ..KernelConfig::new(BootId::new(0, 1))
        };
        Self {
            kernel: Kernel::new(config, 0),
            calls: 0,
            now: 0,
        }
    }

    fn call(&mut self, caller: Principal, syscall: Syscall) -> Vec<Effect> {
        self.calls += 1;
        let input = Input::Call {
            id: CallId(self.calls),
            call: Call::new(caller, syscall),
        };
        self.kernel.handle(input, self.now)
    }

    fn spawn(&mut self) -> Pid {
        let app = NewProcess::app("app", Namespace::new(0, self.calls.into()));
        let effects = self.call(Principal::System, Syscall::SpawnProcess(app));
        let pid = effects.iter().find_map(|effect| match effect {
            Effect::Reply {
                result: Ok(Reply::Spawned(pid)),
                ..
            } => Some(*pid),
            _ => None,
        });
        pid.expect("an app can start")
    }

    fn spawn_all(&mut self) -> Vec<Pid> {
        (0..PROCESSES).map(|_| self.spawn()).collect()
    }

    fn kill_all(&mut self, pids: Vec<Pid>) {
        for pid in pids {
            self.call(Principal::System, Syscall::KillProcess { pid });
        }
    }

    /// A process that may contact so many hosts, and what it needs for the last of them.
    fn granted(&mut self, hosts: usize) -> (Principal, Capability) {
        let pid = self.spawn();
        let capability = |number: usize| {
            let site = Site::parse(&format!("host-{number}.example")).expect("a host");
            Capability::from(site.rule())
        };
        for number in 0..hosts {
            let grant = Syscall::AddGrant {
                to: pid,
                capability: capability(number),
                rule: Rule::Allow,
            };
            self.call(Principal::System, grant);
        }
        (Principal::Process(pid), capability(hosts - 1))
    }
}

/// Median time of one of `times` calls of `work`.
fn nanoseconds(times: usize, mut work: impl FnMut()) -> f64 {
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..times {
                work();
            }
            start.elapsed().as_secs_f64() * 1e9 / times as f64
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    rounds[ROUNDS / 2]
}

fn check(hosts: usize) -> f64 {
    let mut bench = Bench::new();
    let (caller, need) = bench.granted(hosts);
    nanoseconds(10_000, || {
        black_box(bench.kernel.is_allowed(caller, black_box(&need)));
    })
}

/// A whole call, from its arrival to its answer: one that is allowed, one that is not and is recorded, and one that is
/// only counted, since ten of its second are recorded.
fn calls() -> [f64; 3] {
    let mut bench = Bench::new();
    let caller = Principal::Process(bench.spawn());
    let mut time = |syscall: fn() -> Syscall, apart: Millis| {
        nanoseconds(1_000, || {
            bench.now += apart;
            black_box(bench.call(caller, syscall()));
        })
    };
    [
        time(|| Syscall::GetCurrentTime, 0),
        time(|| Syscall::ListApprovals, 101),
        time(|| Syscall::ListApprovals, 0),
    ]
}

/// What so many processes take, and what of it is left when they ended, in a kernel that has as many events as it keeps.
fn processes() -> [i64; 2] {
    let mut bench = Bench::new();
    for _ in 0..=EVENTS_KEPT as u64 / (2 * PROCESSES) {
        let pids = bench.spawn_all();
        bench.kill_all(pids);
    }
    let mut pids = Vec::new();
    let alive = allocation_counter::measure(|| pids = bench.spawn_all());
    let list = size_of_val(&pids[..]) as i64;
    let ended = allocation_counter::measure(|| bench.kill_all(std::mem::take(&mut pids)));
    [
        alive.bytes_current - list,
        alive.bytes_current + ended.bytes_current,
    ]
}

#[expect(clippy::print_stdout, reason = "a benchmark's result is what it prints")]
fn main() {
    let [allowed, denied, denied_counted] = calls();
    let mut bench = Bench::new();
    let alive = allocation_counter::measure(|| {
        for _ in 0..PROCESSES {
            black_box(bench.spawn());
        }
    });
    let [bytes_alive, bytes_ended] = processes();
    println!(
        "{}",
        json!({
            "check_1": check(1), "check_100": check(100),
            "allowed": allowed, "denied": denied, "denied_counted": denied_counted,
            "bytes_10000": alive.bytes_current, "bytes_alive": bytes_alive, "bytes_ended": bytes_ended,
        })
    );
}
