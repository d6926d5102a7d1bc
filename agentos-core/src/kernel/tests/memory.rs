//! What is held for all processes together: counted to the byte, refused when it is short, given back by force when it
//! runs out.

use super::*;
use proptest::prelude::*;

const BUDGET: u64 = 10_000;

fn bench() -> Bench {
    bench_with(&LimitTable::default())
}

fn bench_with(limits: &LimitTable) -> Bench {
    Bench::with(KernelConfig {
        limits: *limits,
        memory_budget: BUDGET,
        ..KernelConfig::new(BootId::new(START, 1))
    })
}

impl Bench {
    fn hold(&mut self, pid: Pid, bytes: u64) -> Result<Reply, SysError> {
        self.system(Syscall::HoldState { pid, bytes })
    }

    fn focus(&mut self, pid: impl Into<Option<Pid>>) {
        self.system(Syscall::SetFocus { pid: pid.into() }).unwrap();
    }

    /// Has `pid` hold so much, and answers who ended for it.
    fn ended_by(&mut self, pid: Pid, bytes: u64) -> Vec<Pid> {
        let (call, effects) = self.call(Principal::System, Syscall::HoldState { pid, bytes });
        assert_eq!(replies(&effects)[&call], Ok(Reply::Done));
        let reason = EndReason::OutOfMemory;
        let ended = audited(&effects).into_iter().filter_map(|action| match action {
            Action::End {
                process,
                reason: told,
            } if told == reason => Some(process),
            _ => None,
        });
        let ended = ended.collect();
        let told = effects.iter().filter_map(|effect| match effect {
            Effect::Emit(event) if event.kind == EventKind::ProcessEnded { reason } => Some(event.pid),
            _ => None,
        });
        assert_eq!(
            told.collect::<Vec<_>>(),
            ended,
            "each is announced and in the audit"
        );
        ended
    }

    fn child_of(&mut self, parent: Pid) -> Pid {
        let new = NewProcess::app("child", namespace(9));
        self.spawn(NewProcess { parent, ..new }).unwrap()
    }

    fn lives(&self, pid: Pid) -> bool {
        self.kernel.processes.get(pid).is_some()
    }

    fn held_by_all(&self) -> u64 {
        self.kernel
            .processes
            .all()
            .map(|process| process.usage.memory_bytes)
            .sum()
    }
}

fn levels(effects: &[Effect]) -> Vec<MemoryLevel> {
    let told = effects.iter().filter_map(|effect| match effect {
        Effect::Emit(KernelEvent {
            pid: Pid::SYSTEM,
            kind: EventKind::MemoryPressure { level, .. },
            ..
        }) => Some(*level),
        _ => None,
    });
    told.collect()
}

fn system_memory(used: u64) -> SysError {
    SysError::QuotaExceeded {
        resource: Resource::SystemMemory,
        limit: BUDGET,
        used,
        retry_after: None,
    }
}

#[test]
fn a_level_is_told_when_it_changes_and_not_at_each_step_around_it() {
    use MemoryLevel::{Normal, Warning};
    let mut bench = bench();
    let pid = bench.app(1);
    for (bytes, told) in [
        (7_999, vec![]),
        (8_000, vec![Warning]),
        (7_999, vec![]),
        (8_001, vec![]),
        (7_000, vec![]),
        (6_999, vec![Normal]),
        (7_999, vec![]),
        (9_499, vec![Warning]),
    ] {
        let (_, effects) = bench.call(Principal::System, Syscall::HoldState { pid, bytes });
        assert_eq!(levels(&effects), told, "{bytes}");
    }
    let Ok(Reply::Stats(stats)) = bench.system(Syscall::GetStats) else {
        panic!()
    };
    let figures = (stats.memory_bytes, stats.memory_budget_bytes, stats.memory_level);
    assert_eq!(figures, (9_499, BUDGET, Warning));
}

#[test]
fn while_memory_is_short_no_process_begins_in_the_background() {
    let mut bench = bench();
    let focused = bench.app(1);
    bench.focus(focused);
    bench.hold(focused, 8_000).unwrap();
    let app = NewProcess::app("app", namespace(2));
    assert_eq!(bench.spawn(app.clone()), Err(system_memory(8_000)));
    let below = bench.child_of(focused);
    let seen = bench
        .spawn(NewProcess {
            focused: true,
            ..app.clone()
        })
        .unwrap();
    assert_eq!(bench.kernel.focused, Some(seen));
    let beside = NewProcess {
        parent: below,
        ..app.clone()
    };
    assert_eq!(
        bench.spawn(beside),
        Err(system_memory(8_000)),
        "it is in the background now"
    );
    bench.hold(focused, 6_999).unwrap();
    bench.spawn(app).unwrap();
}

#[test]
fn an_operation_that_does_not_fit_is_refused_and_nobody_ends_for_it() {
    let mut bench = bench();
    let (one, two) = (bench.app(1), bench.app(2));
    bench.hold(one, 7_000).unwrap();
    let caller = Principal::Process(two);
    assert_eq!(bench.answer(caller, put(2, 2_500)), Err(system_memory(7_000)));
    assert_eq!(bench.answer(caller, ask("?")), Err(system_memory(7_000)));
    let (_, effects) = bench.call(caller, put(2, 2_499));
    assert_eq!(levels(&effects), [MemoryLevel::Warning]);
    bench.done(performed(&effects)[0]);
    assert_eq!(bench.held_by_all(), 7_000);

    let (_, effects) = bench.call(Principal::System, put(2, 5_000));
    assert_eq!(performed(&effects).len(), 1, "the system's own have room");
    assert!(!bench.lives(one), "and who holds most made it");
}

/// A kernel whose callers take no answers.
fn unread(config: KernelConfig) -> Bench {
    Bench {
        takes_answers: false,
        ..Bench::with(config)
    }
}

/// Has `caller` read a value of so many bytes.
fn answered_with(bench: &mut Bench, caller: Principal, bytes: u64) -> CallId {
    let (call, effects) = bench.call(caller, get(1));
    let value = StoredValue {
        bytes: vec![0; bytes as usize],
        version: 1,
    };
    let op = performed(&effects)[0];
    bench.handle(Input::OpDone {
        op,
        result: Ok(Reply::Value(value)),
    });
    call
}

#[test]
fn a_large_answer_is_held_until_it_is_taken_and_a_small_one_is_not() {
    let mut limits = LimitTable::default();
    limits.standard.store_value_bytes = LARGE_ANSWER;
    limits.standard.memory_bytes = LARGE_ANSWER * 5 / 2;
    let mut bench = unread(KernelConfig {
        limits,
        ..KernelConfig::new(BootId::new(START, 1))
    });
    let pid = bench.app(1);
    let caller = Principal::Process(pid);
    answered_with(&mut bench, caller, LARGE_ANSWER - 1);
    assert_eq!(
        bench.usage(pid),
        Usage {
            calls: 1,
            ..Usage::default()
        }
    );
    let first = answered_with(&mut bench, caller, LARGE_ANSWER);
    let second = answered_with(&mut bench, caller, LARGE_ANSWER);
    let usage = bench.usage(pid);
    assert_eq!((usage.memory_bytes, usage.calls_in_flight), (LARGE_ANSWER * 2, 0));
    let full = SysError::QuotaExceeded {
        resource: Resource::Memory,
        limit: limits.standard.memory_bytes,
        used: LARGE_ANSWER * 2,
        retry_after: None,
    };
    assert_eq!(bench.answer(caller, get(1)), Err(full));
    for _ in 0..2 {
        assert_eq!(bench.handle(Input::Taken { call: first }), []);
        assert_eq!(bench.usage(pid).memory_bytes, LARGE_ANSWER);
    }
    answered_with(&mut bench, caller, 1);
    bench.handle(Input::Taken { call: second });
    assert_eq!((bench.usage(pid).memory_bytes, bench.held_by_all()), (0, 0));
}

#[test]
fn an_answer_outlasts_its_process_and_nobody_ends_for_what_that_would_not_give_back() {
    let mut limits = LimitTable::default();
    limits.standard.store_value_bytes = LARGE_ANSWER;
    let mut bench = unread(KernelConfig {
        limits,
        memory_budget: LARGE_ANSWER * 2,
        ..KernelConfig::new(BootId::new(START, 1))
    });
    let (reader, other, front) = (bench.app(1), bench.app(2), bench.app(3));
    bench.focus(front);
    let answered = answered_with(&mut bench, Principal::Process(reader), LARGE_ANSWER);
    bench.hold(other, 30_000).unwrap();
    assert_eq!(bench.ended_by(front, 30_000), [other]);
    bench.system(Syscall::KillProcess { pid: reader }).unwrap();
    assert_eq!(bench.kernel.processes.memory().held, LARGE_ANSWER + 30_000);
    bench.handle(Input::Taken { call: answered });
    assert_eq!(bench.kernel.processes.memory().held, 30_000);
}

#[test]
fn the_answer_to_a_key_takes_room_each_time_it_is_given() {
    let mut limits = LimitTable::default();
    limits.standard.memory_bytes = LARGE_ANSWER * 3 + 1_000;
    let mut bench = unread(KernelConfig {
        limits,
        ..KernelConfig::new(BootId::new(START, 1))
    });
    let pid = bench.app(1);
    let caller = Principal::Process(pid);
    bench.grant(pid, Capability::Llm);
    let once = || Call::new(caller, ask("?")).once(IdempotencyKey::parse("k").unwrap());
    let (first, effects) = bench.make(once());
    let text = "x".repeat(LARGE_ANSWER as usize);
    let answer = Ok(Reply::Model(ModelReply::Text(text)));
    bench.handle(Input::OpDone {
        op: performed(&effects)[0],
        result: answer.clone(),
    });
    let (second, effects) = bench.make(once());
    assert_eq!(replies(&effects)[&second], answer);
    let (third, effects) = bench.make(once());
    assert!(
        matches!(
            replies(&effects)[&third],
            Err(SysError::QuotaExceeded {
                resource: Resource::Memory,
                ..
            })
        ),
        "the first, what is remembered and the second fill it"
    );
    bench.handle(Input::Taken { call: first });
    let (fourth, effects) = bench.make(once());
    assert_eq!(replies(&effects)[&fourth], answer);
}

#[test]
fn who_holds_most_with_all_below_it_ends_first() {
    let mut bench = bench();
    let (light, heavy, parent) = (bench.app(1), bench.app(2), bench.app(3));
    let child = bench.child_of(parent);
    bench.hold(heavy, 3_000).unwrap();
    bench.hold(parent, 100).unwrap();
    bench.hold(child, 3_200).unwrap();
    let (_, effects) = bench.call(
        Principal::System,
        Syscall::HoldState {
            pid: light,
            bytes: 3_200,
        },
    );
    let ends = audited(&effects);
    let end = |process, reason| Action::End { process, reason };
    assert_eq!(
        ends,
        [
            end(parent, EndReason::OutOfMemory),
            end(child, EndReason::ParentKilled)
        ]
    );
    assert_eq!(levels(&effects), [MemoryLevel::Critical, MemoryLevel::Normal]);
    assert_eq!(bench.held_by_all(), 6_200);
    // Of equals the youngest, so a child without its parent.
    let child = bench.child_of(light);
    bench.hold(light, 0).unwrap();
    bench.hold(child, 3_000).unwrap();
    assert_eq!(bench.ended_by(heavy, 6_501), [heavy]);
    assert_eq!(bench.ended_by(child, 9_500), [child]);
    assert!(bench.lives(light));
}

#[test]
fn as_many_end_as_it_takes_and_the_focused_one_last() {
    let mut bench = bench();
    let apps: Vec<Pid> = (1..=4).map(|number| bench.app(number)).collect();
    let focused = bench.app(5);
    let below = bench.child_of(focused);
    bench.focus(focused);
    for pid in &apps {
        bench.hold(*pid, 400).unwrap();
    }
    bench.hold(below, 4_000).unwrap();
    assert_eq!(bench.ended_by(focused, 3_899), []);
    assert_eq!(
        bench.ended_by(focused, 3_900),
        [apps[3], apps[2], apps[1], apps[0]]
    );
    assert_eq!(bench.held_by_all(), 7_900);
    assert_eq!(bench.ended_by(focused, 5_500), [below]);
    assert_eq!(bench.ended_by(focused, 9_500), [focused]);
    assert_eq!((bench.held_by_all(), bench.kernel.focused), (0, None));
}

#[test]
fn who_stands_above_the_focused_one_ends_after_it() {
    let mut bench = bench();
    let parent = bench.app(1);
    let focused = bench.child_of(parent);
    bench.focus(focused);
    let other = bench.app(2);
    bench.hold(other, 10).unwrap();
    assert_eq!(bench.ended_by(focused, 9_000), []);
    assert_eq!(bench.ended_by(parent, 5_000), [other, focused]);
    assert!(bench.lives(parent));
    assert_eq!(bench.ended_by(parent, 9_500), [parent]);
}

#[test]
fn the_system_never_ends_and_nobody_ends_for_nothing() {
    let mut bench = bench();
    let idle = bench.app(1);
    let (_, effects) = bench.call(Principal::System, put(1, 20_000));
    assert_eq!(
        (levels(&effects), audited(&effects)),
        (vec![MemoryLevel::Critical], vec![])
    );
    assert!(bench.lives(idle) && bench.lives(Pid::SYSTEM));
    let effects = bench.done(performed(&effects)[0]);
    assert_eq!(levels(&bench.handle(Input::Tick)), []);
    assert_eq!(levels(&effects), [MemoryLevel::Normal]);
}

#[test]
fn the_calls_of_who_ends_are_cancelled_and_their_operations_stopped() {
    let mut bench = bench();
    let pid = bench.app(1);
    let (call, effects) = bench.call(Principal::Process(pid), put(1, 5_000));
    let ops = performed(&effects);
    let other = bench.app(2);
    let (_, effects) = bench.call(
        Principal::System,
        Syscall::HoldState {
            pid: other,
            bytes: 4_600,
        },
    );
    assert_eq!(replies(&effects)[&call], Err(SysError::Cancelled));
    assert_eq!(cancelled(&effects), ops);
    assert!(bench.lives(other));
}

#[test]
fn a_state_beyond_the_limit_is_refused_and_what_is_held_stays() {
    let mut limits = LimitTable::default();
    limits.standard.memory_bytes = 2_000;
    let mut bench = bench_with(&limits);
    let pid = bench.app(1);
    bench.hold(pid, 1_500).unwrap();
    let full = |used| {
        Err(SysError::QuotaExceeded {
            resource: Resource::Memory,
            limit: 2_000,
            used,
            retry_after: None,
        })
    };
    assert_eq!(bench.hold(pid, 2_001), full(1_500));
    let (_, effects) = bench.call(Principal::Process(pid), put(1, 500));
    assert_eq!(bench.hold(pid, 1_501), full(2_000));
    bench.done(performed(&effects)[0]);
    bench.hold(pid, 2_000).unwrap();
    let usage = bench.usage(pid);
    assert_eq!((usage.state_bytes, usage.memory_bytes), (2_000, 2_000));
    bench.hold(pid, 0).unwrap();
    assert_eq!(bench.usage(pid).memory_bytes, 0);
}

#[test]
fn no_process_says_what_is_held_or_looked_at() {
    let mut bench = bench();
    let pid = bench.app(1);
    bench.grant(pid, Capability::Signal);
    bench.grant(pid, Capability::Spawn);
    let caller = Principal::Process(pid);
    let focused = NewProcess {
        parent: pid,
        focused: true,
        ..NewProcess::app("child", namespace(1))
    };
    for syscall in [
        Syscall::SetFocus { pid: Some(pid) },
        Syscall::HoldState { pid, bytes: 1 },
        Syscall::SpawnProcess(focused),
    ] {
        let answer = bench.answer(caller, syscall);
        assert!(
            matches!(answer, Err(SysError::PermissionDenied { .. })),
            "{answer:?}"
        );
    }
    let gone = Some(Pid(99));
    assert_eq!(
        bench.system(Syscall::SetFocus { pid: gone }),
        Err(SysError::NotFound)
    );
}

/// One step of a random run; numbers pick among what is there.
#[derive(Debug, Clone)]
enum Step {
    Spawn { parent: usize, focused: bool },
    Kill(usize),
    Focus(usize),
    Hold { who: usize, bytes: u64 },
    Put { who: usize, bytes: usize },
    Send { from: usize, to: usize, bytes: usize },
    Call { from: usize, to: usize, bytes: usize },
    Receive { who: usize, max: u32 },
    Done(usize),
    Cancel(usize),
    Wait,
}

fn step() -> impl Strategy<Value = Step> {
    let who = 0..8usize;
    prop_oneof![
        2 => (who.clone(), any::<bool>()).prop_map(|(parent, focused)| Step::Spawn { parent, focused }),
        1 => who.clone().prop_map(Step::Kill),
        1 => who.clone().prop_map(Step::Focus),
        2 => (who.clone(), 0..6_000u64).prop_map(|(who, bytes)| Step::Hold { who, bytes }),
        3 => (who.clone(), 0..3_000usize).prop_map(|(who, bytes)| Step::Put { who, bytes }),
        4 => (who.clone(), who.clone(), 0..2_000usize)
            .prop_map(|(from, to, bytes)| Step::Send { from, to, bytes }),
        2 => (who.clone(), who.clone(), 0..2_000usize)
            .prop_map(|(from, to, bytes)| Step::Call { from, to, bytes }),
        2 => (who.clone(), 1..5u32).prop_map(|(who, max)| Step::Receive { who, max }),
        4 => who.clone().prop_map(Step::Done),
        1 => (0..40usize).prop_map(Step::Cancel),
        1 => Just(Step::Wait),
    ]
}

struct Run {
    bench: Bench,
    processes: Vec<Pid>,
    performing: Vec<OpId>,
}

impl Run {
    fn pick(&self, number: usize) -> Option<Pid> {
        let count = self.processes.len();
        (count > 0).then(|| self.processes[number % count])
    }

    /// All processes are of one app, so that they talk without asking.
    fn take(&mut self, step: &Step) -> Option<()> {
        let effects = match *step {
            Step::Spawn { parent, focused } => {
                let parent = self
                    .pick(parent)
                    .filter(|_| parent % 2 == 0)
                    .unwrap_or(Pid::SYSTEM);
                let new = NewProcess {
                    parent,
                    focused,
                    ..NewProcess::app("app", namespace(1))
                };
                self.system(Syscall::SpawnProcess(new))
            }
            Step::Kill(who) => self.system(Syscall::KillProcess { pid: self.pick(who)? }),
            Step::Focus(who) => self.system(Syscall::SetFocus { pid: self.pick(who) }),
            Step::Hold { who, bytes } => self.system(Syscall::HoldState {
                pid: self.pick(who)?,
                bytes,
            }),
            Step::Put { who, bytes } => self.call(self.pick(who)?, put(1, bytes)),
            Step::Send { from, to, bytes } => {
                let to = Peer::Process(self.pick(to)?);
                self.dispatch(self.pick(from)?, Dispatch::Send { to }, bytes)
            }
            Step::Call { from, to, bytes } => {
                let (to, wait) = (Peer::Process(self.pick(to)?), 1_000);
                self.dispatch(self.pick(from)?, Dispatch::Call { to, wait }, bytes)
            }
            Step::Receive { who, max } => {
                let (wanted, wait) = (Wanted::Any, 500);
                self.call(self.pick(who)?, Syscall::IpcReceive { wanted, max, wait })
            }
            Step::Done(_) if self.performing.is_empty() => return None,
            Step::Done(which) => {
                let op = self.performing.swap_remove(which % self.performing.len());
                self.bench.done(op)
            }
            Step::Cancel(back) => {
                let call = CallId(self.bench.calls.saturating_sub(back as u64));
                self.bench.handle(Input::Cancel { call })
            }
            Step::Wait => {
                self.bench.now += 700;
                self.bench.handle(Input::Tick)
            }
        };
        self.heed(&effects);
        Some(())
    }

    fn system(&mut self, syscall: Syscall) -> Vec<Effect> {
        self.bench.call(Principal::System, syscall).1
    }

    fn call(&mut self, pid: Pid, syscall: Syscall) -> Vec<Effect> {
        self.bench.call(Principal::Process(pid), syscall).1
    }

    fn dispatch(&mut self, pid: Pid, dispatch: Dispatch, bytes: usize) -> Vec<Effect> {
        let body = vec![0; bytes];
        self.call(pid, Syscall::IpcDispatch { dispatch, body })
    }

    fn heed(&mut self, effects: &[Effect]) {
        self.performing.extend(performed(effects));
        let stopped = cancelled(effects);
        self.performing.retain(|op| !stopped.contains(op));
        for effect in effects {
            if let Effect::Emit(KernelEvent { pid, kind, .. }) = effect {
                match kind {
                    EventKind::ProcessSpawned { .. } => self.processes.push(*pid),
                    EventKind::ProcessEnded { .. } => self.processes.retain(|running| running != pid),
                    _ => {}
                }
            }
        }
    }

    /// What is counted is what is there, for each process and for all; too much is held by nobody who can end.
    fn check(&mut self) -> Result<(), TestCaseError> {
        let kernel = &mut self.bench.kernel;
        for (pid, _, bytes) in kernel.processes.given_back_by_ends().collect::<Vec<_>>() {
            let calls = kernel
                .calls
                .values()
                .filter(|call| call.asked.caller.pid() == pid);
            let in_flight: u64 = calls.map(|call| call.held_bytes).sum();
            let usage = kernel.processes.get(pid).map(|process| process.usage);
            let Usage {
                message_bytes,
                state_bytes,
                ..
            } = usage.unwrap_or_default();
            prop_assert_eq!(bytes, in_flight + message_bytes + state_bytes, "{}", pid);
        }
        let memory = kernel.processes.memory();
        prop_assert_eq!(memory.held, self.bench.held_by_all());
        let held_by_apps = self.bench.usage(Pid::SYSTEM).memory_bytes < memory.held;
        prop_assert!(
            !(held_by_apps && memory.held * 100 >= BUDGET * 95),
            "{:?}",
            memory
        );
        Ok(())
    }
}

proptest! {
    #[test]
    fn what_is_held_is_counted_to_the_byte_and_given_back(steps in proptest::collection::vec(step(), 1..120)) {
        let mut limits = LimitTable::default();
        limits.standard.memory_bytes = 6_000;
        limits.standard.calls_in_flight = 6;
        let mut run = Run { bench: bench_with(&limits), processes: Vec::new(), performing: Vec::new() };
        for step in &steps {
            run.take(step);
            run.check()?;
        }
        while let Some(pid) = run.pick(0) {
            let effects = run.system(Syscall::KillProcess { pid });
            run.heed(&effects);
            run.check()?;
        }
        prop_assert_eq!(run.bench.kernel.processes.memory().held, 0);
    }
}
