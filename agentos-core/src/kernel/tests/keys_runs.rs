//! Random runs of changes with keys: none is made twice.

use super::*;
use proptest::prelude::*;

const KEYS: usize = 3;

#[derive(Debug, Clone)]
enum Step {
    /// A process makes the change that a key stands for.
    Change {
        process: usize,
        key: usize,
        within: Millis,
    },
    /// The host ends one of its operations.
    End {
        operation: usize,
        result: usize,
    },
    Abandon {
        call: u64,
    },
    Cancel {
        process: usize,
        name: u64,
    },
    Revoke {
        process: usize,
    },
    Grant {
        process: usize,
    },
    Kill {
        process: usize,
    },
    Wait {
        time: Millis,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let process = 0..2_usize;
    prop_oneof![
        8 => (process.clone(), 0..KEYS, prop_oneof![Just(50), Just(CALL_TIME)])
            .prop_map(|(process, key, within)| Step::Change { process, key, within }),
        4 => (0..4_usize, 0..results().len())
            .prop_map(|(operation, result)| Step::End { operation, result }),
        1 => (1..60_u64).prop_map(|call| Step::Abandon { call }),
        1 => (process.clone(), 1..60_u64).prop_map(|(process, name)| Step::Cancel { process, name }),
        1 => process.clone().prop_map(|process| Step::Revoke { process }),
        1 => process.clone().prop_map(|process| Step::Grant { process }),
        1 => process.prop_map(|process| Step::Kill { process }),
        3 => prop_oneof![Just(10), Just(60), Just(CALL_TIME), Just(KEY_TIME / 2), Just(KEY_TIME)]
            .prop_map(|time| Step::Wait { time }),
    ]
}

/// What a host answers; the last two say that nothing was changed and that it may be tried again.
fn results() -> [Result<Reply, SysError>; 6] {
    [
        Ok(Reply::Stored(1)),
        Err(SysError::Conflict { etag: None }),
        Err(SysError::NotFound),
        Err(SysError::Io { kind: IoKind::Disk }),
        Err(SysError::Unavailable { retry_after: None }),
        Err(SysError::store_full(1, 1)),
    ]
}

/// When a change may have happened: it is under way, or was answered at that time.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Made {
    UnderWay,
    At(Millis),
}

struct Run {
    bench: Bench,
    processes: [Pid; 2],
    apps: u128,
    /// By process and key.
    made: BTreeMap<(Pid, String), Made>,
    under_way: Vec<(OpId, (Pid, String))>,
    changes: u64,
}

impl Run {
    fn new() -> Self {
        let mut bench = Bench::with(KernelConfig {
            local_at_once: 2,
            ..KernelConfig::new(BootId::new(START, 1))
        });
        let processes = [bench.app(0), bench.app(1)];
        Self {
            bench,
            processes,
            apps: 2,
            made: BTreeMap::new(),
            under_way: Vec::new(),
            changes: 0,
        }
    }

    fn take(&mut self, step: Step) {
        let effects = match step {
            Step::Change { process, key, within } => self.change(process, key, within),
            Step::End { operation, result } if operation < self.under_way.len() => {
                let (op, change) = self.under_way.remove(operation);
                let [.., unavailable, full] = results();
                let result = results()[result].clone();
                if result == unavailable || result == full {
                    self.made.remove(&change);
                } else {
                    self.made.insert(change, Made::At(self.bench.now));
                }
                self.bench.handle(Input::OpDone { op, result })
            }
            Step::End { .. } => return,
            Step::Abandon { call } => self.bench.handle(Input::Cancel { call: CallId(call) }),
            Step::Cancel { process, name } => {
                let caller = Principal::Process(self.processes[process]);
                let name = CallName(name);
                self.bench.call(caller, Syscall::CancelCall { name }).1
            }
            Step::Revoke { process } => {
                let held = self.bench.kernel.grants.held_by(self.processes[process]);
                let store = |grant: &&GrantInfo| matches!(grant.capability, Capability::Store { .. });
                let Some(GrantInfo { id: grant, .. }) = held.iter().find(store).cloned() else {
                    return;
                };
                self.bench
                    .call(Principal::System, Syscall::RevokeGrant { grant })
                    .1
            }
            Step::Grant { process } => {
                let to = self.processes[process];
                let namespace = self.bench.kernel.processes.get(to).unwrap().namespace.unwrap();
                let (capability, rule) = (Capability::Store { namespace }, Rule::Allow);
                let grant = Syscall::AddGrant { to, capability, rule };
                self.bench.call(Principal::System, grant).1
            }
            Step::Kill { process } => {
                let pid = self.processes[process];
                let effects = self.bench.call(Principal::System, Syscall::KillProcess { pid }).1;
                self.processes[process] = self.bench.app(self.apps);
                self.apps += 1;
                effects
            }
            Step::Wait { time } => {
                self.bench.now += time;
                self.bench.handle(Input::Tick)
            }
        };
        self.check(&effects);
    }

    fn change(&mut self, process: usize, key: usize, within: Millis) -> Vec<Effect> {
        let pid = self.processes[process];
        let namespace = self.bench.kernel.processes.get(pid).unwrap().namespace.unwrap();
        let text = format!("key {key}");
        let put = Syscall::StorePut {
            namespace,
            key: super::key(&text),
            value: vec![0; 10],
            if_version: None,
        };
        let name = CallName(self.bench.calls + 1);
        let call = Call::new(Principal::Process(pid), put)
            .within(within)
            .named(name)
            .once(IdempotencyKey::parse(&text).unwrap());
        self.bench.make(call).1
    }

    fn check(&mut self, effects: &[Effect]) {
        for effect in effects {
            match effect {
                Effect::CancelOp(op) => {
                    let stopped = self.under_way.iter().position(|(id, _)| id == op).unwrap();
                    let (_, change) = self.under_way.remove(stopped);
                    self.made.insert(change, Made::At(self.bench.now));
                }
                Effect::Perform(op) => {
                    let Op::StorePut { key, .. } = op.op() else {
                        panic!("{op:?}");
                    };
                    let change = (op.record().unwrap().pid, key.as_str().to_owned());
                    match self.made.get(&change) {
                        Some(Made::At(time)) => assert!(self.bench.now >= time + KEY_TIME, "made twice"),
                        Some(Made::UnderWay) => panic!("made twice at once"),
                        None => {}
                    }
                    self.made.insert(change.clone(), Made::UnderWay);
                    self.under_way.push((op.id(), change));
                    self.changes += 1;
                }
                _ => {}
            }
        }
        for pid in self.processes {
            let usage = self.bench.usage(pid);
            let in_flight = self.bench.kernel.calls.values();
            let own = in_flight.filter(|call| call.asked.caller.pid() == pid);
            assert_eq!(own.count(), usage.calls_in_flight as usize);
        }
    }

    /// Time passes until everything is answered and forgotten.
    fn end(&mut self) {
        for time in [CALL_TIME, KEY_TIME] {
            self.take(Step::Wait { time });
        }
        for pid in self.processes {
            let usage = self.bench.usage(pid);
            assert_eq!((usage.memory_bytes, usage.calls_in_flight), (0, 0));
        }
        assert_eq!(self.bench.kernel.wake_at(), None);
    }
}

proptest! {
    #[test]
    fn a_change_with_a_key_is_made_at_most_once(steps in proptest::collection::vec(step(), 1..60)) {
        let mut run = Run::new();
        for step in steps {
            run.take(step);
        }
        run.end();
    }
}
