//! Random steps under a virtual clock; after each one, what must always hold.

use super::*;
use std::collections::BTreeSet;

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// A kernel under test, and what its host and its callers know.
struct Run {
    bench: Bench,
    dice: Dice,
    config: KernelConfig,
    processes: Vec<Pid>,
    grants: Vec<GrantId>,
    /// Calls without an answer, by who made them.
    waiting: BTreeMap<CallId, Pid>,
    performing: BTreeSet<OpId>,
    answers: u64,
    operations: u64,
    denials_of_revoked: u64,
}

impl Run {
    fn new(seed: u64) -> Self {
        let mut limits = LimitTable::default();
        limits.standard.store_value_bytes = 4_096;
        limits.standard.memory_bytes = 20_000;
        limits.standard.calls_in_flight = 5;
        let config = KernelConfig {
            boot: BootId::new(START, 1),
            limits,
            operations_at_once: 4,
        };
        Self {
            bench: Bench::with(config),
            dice: Dice(seed),
            config,
            processes: Vec::new(),
            grants: Vec::new(),
            waiting: BTreeMap::new(),
            performing: BTreeSet::new(),
            answers: 0,
            operations: 0,
            denials_of_revoked: 0,
        }
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        let sides = of.len() as u64;
        (sides > 0).then(|| of[self.dice.below(sides) as usize])
    }

    fn step(&mut self) {
        self.bench.now += self.dice.below(40);
        let processes = self.processes.clone();
        let performing: Vec<OpId> = self.performing.iter().copied().collect();
        let waiting: Vec<CallId> = self.waiting.keys().copied().collect();
        let effects = match self.dice.below(20) {
            0 => {
                let new = self.new_process();
                self.system(Syscall::SpawnProcess(new))
            }
            1 => match self.pick(&processes) {
                Some(pid) if self.dice.below(4) == 0 => self.system(Syscall::KillProcess { pid }),
                Some(pid) if self.dice.below(2) == 0 => self.system(Syscall::SuspendProcess { pid }),
                Some(pid) => self.system(Syscall::ResumeProcess { pid }),
                None => return,
            },
            2 => match self.pick(&processes) {
                Some(to) => {
                    let capability = Capability::Store {
                        namespace: namespace(self.dice.below(3).into()),
                    };
                    let rule = if self.dice.below(4) == 0 {
                        Rule::Deny
                    } else {
                        Rule::Allow
                    };
                    self.system(Syscall::AddGrant { to, capability, rule })
                }
                None => return,
            },
            3 => match self.pick(&self.grants.clone()) {
                Some(grant) => self.system(Syscall::RevokeGrant { grant }),
                None => return,
            },
            4 => match self.pick(&waiting) {
                Some(call) => self.bench.handle(Input::Cancel { call }),
                None => return,
            },
            5..=9 => match self.pick(&performing) {
                Some(op) => self.done(op),
                None => return,
            },
            10 => self.bench.handle(Input::Tick),
            _ => match self.pick(&processes) {
                Some(pid) => self.store(pid),
                None => return,
            },
        };
        self.check(effects);
    }

    fn new_process(&mut self) -> NewProcess {
        let parent = match self.dice.below(3) {
            0 => self.pick(&self.processes.clone()),
            _ => None,
        };
        let priority = Priority::new(1 + self.dice.below(10) as u8).unwrap();
        let own = namespace(self.dice.below(3).into());
        NewProcess {
            parent: parent.unwrap_or(Pid::SYSTEM),
            priority,
            ..NewProcess::app("app", own)
        }
    }

    fn system(&mut self, syscall: Syscall) -> Vec<Effect> {
        let (call, effects) = self.bench.call(Principal::System, syscall);
        self.waiting.insert(call, Pid::SYSTEM);
        effects
    }

    fn store(&mut self, pid: Pid) -> Vec<Effect> {
        let number = self.dice.below(3).into();
        let syscall = if self.dice.below(2) == 0 {
            get(number)
        } else {
            put(number, self.dice.below(5_000) as usize)
        };
        let (call, effects) = self.bench.call(Principal::Process(pid), syscall);
        self.waiting.insert(call, pid);
        effects
    }

    fn done(&mut self, op: OpId) -> Vec<Effect> {
        self.performing.remove(&op);
        self.bench.done(op)
    }

    fn check(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Perform(op) => self.check_performed(&op),
                Effect::CancelOp(op) => assert!(
                    self.performing.remove(&op),
                    "{op:?} was cancelled but not performed"
                ),
                Effect::Reply { call, result } => self.check_answered(call, result),
                Effect::Audit(_) | Effect::Emit(_) => {}
            }
        }
        assert!(self.performing.len() <= self.config.operations_at_once);
        let kernel = &self.bench.kernel;
        assert_eq!(
            kernel.calls.keys().collect::<Vec<_>>(),
            self.waiting.keys().collect::<Vec<_>>()
        );
        assert!(
            kernel.wake_at().is_none_or(|wake_at| wake_at > self.bench.now),
            "something is overdue"
        );
        for pid in &self.processes {
            let process = kernel.processes.get(*pid).unwrap();
            let calls = kernel
                .calls
                .values()
                .filter(|call| call.asked.caller.pid() == *pid);
            let (count, bytes) = calls.fold((0, 0), |(count, bytes), call| {
                (count + 1, bytes + call.held_bytes)
            });
            assert_eq!(
                (process.usage.calls_in_flight, process.usage.memory_bytes),
                (count, bytes)
            );
            assert!(count <= process.limits.calls_in_flight && bytes <= process.limits.memory_bytes);
        }
        for call in kernel.calls.values() {
            let Principal::Process(pid) = call.asked.caller else {
                continue;
            };
            assert!(
                kernel.grants.allows(pid, &call.need),
                "{pid} waits for what it is not allowed"
            );
        }
        if self.performing.len() < self.config.operations_at_once {
            let queued = kernel
                .calls
                .values()
                .filter(|call| matches!(call.stage, Stage::Queued(_)));
            assert_eq!(queued.count(), 0, "a call waits although there is room");
        }
    }

    fn check_performed(&mut self, op: &AuthorizedOp) {
        self.operations += 1;
        assert!(
            self.performing.insert(op.id()),
            "{:?} was performed twice",
            op.id()
        );
        let call = self.bench.kernel.performing[&op.id()];
        let pid = self.waiting[&call];
        assert!(
            self.bench.kernel.grants.allows(pid, &op.op().need()),
            "{pid} performs what it is not allowed"
        );
    }

    fn check_answered(&mut self, call: CallId, result: Result<Reply, SysError>) {
        self.answers += 1;
        let pid = self.waiting.remove(&call).expect("a call is answered once");
        match result {
            Ok(Reply::Spawned(pid)) => self.processes.push(pid),
            Ok(Reply::Killed(ended)) => self.processes.retain(|pid| !ended.contains(pid)),
            Ok(Reply::Granted(grant)) => self.grants.push(grant),
            Err(SysError::PermissionDenied { .. }) if pid != Pid::SYSTEM => self.denials_of_revoked += 1,
            _ => {}
        }
    }
}

#[test]
fn whatever_happens_each_call_is_answered_once_and_no_limit_is_passed() {
    let (mut answers, mut operations, mut denials) = (0, 0, 0);
    for seed in 0..40 {
        let mut run = Run::new(seed);
        for _ in 0..1_000 {
            run.step();
        }
        run.bench.now += 60_000;
        let effects = run.bench.handle(Input::Tick);
        run.check(effects);
        assert!(run.waiting.is_empty(), "a call was never answered");
        (answers, operations, denials) = (
            answers + run.answers,
            operations + run.operations,
            denials + run.denials_of_revoked,
        );
    }
    assert!(
        answers > 10_000 && operations > 4_000 && denials > 1_000,
        "{answers} {operations} {denials}"
    );
}

#[test]
fn no_process_starves_when_the_host_is_busy() {
    let mut bench = Bench::one_at_once();
    let pids: Vec<Pid> = (0..8)
        .map(|number| {
            let priority = Priority::new(1 + number as u8).unwrap();
            bench
                .spawn(NewProcess {
                    priority,
                    ..NewProcess::app("app", namespace(number))
                })
                .unwrap()
        })
        .collect();
    let mut waiting = BTreeMap::new();
    let mut served: BTreeMap<Pid, u32> = BTreeMap::new();
    let mut op = None;
    for _ in 0..2_000 {
        bench.now += 20;
        for (number, pid) in (0..).zip(&pids) {
            while bench.usage(*pid).calls_in_flight < 4 {
                let (call, effects) = bench.call(Principal::Process(*pid), get(number));
                waiting.insert(call, *pid);
                op = op.or(performed(&effects).first().copied());
            }
        }
        let effects = bench.done(op.take().unwrap());
        for call in replies(&effects).keys() {
            *served.entry(waiting[call]).or_default() += 1;
        }
        op = performed(&effects).first().copied();
    }
    let share = |place: usize| f64::from(served[&pids[place]]) / f64::from(served[&pids[0]]);
    for place in 0..8 {
        let weight = (place + 1) as f64;
        assert!(
            (share(place) / weight - 1.0).abs() < 0.1,
            "weight {weight} was served {} times",
            share(place)
        );
    }
}
