//! Random steps under a virtual clock; after each one, what must always hold.

use super::*;
use crate::kernel::capability::Standing;
use std::collections::BTreeSet;

/// Numbers that look random and are the same in every run.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

fn program() -> ProgramName {
    ProgramName::parse("sort").unwrap()
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
    requests_under_way: BTreeSet<OpId>,
    requests: u64,
    programs: u64,
    questions_answered: u64,
}

impl Run {
    fn new(seed: u64) -> Self {
        let mut limits = LimitTable::default();
        limits.standard.store_value_bytes = 4_096;
        limits.standard.memory_bytes = 20_000;
        limits.standard.calls_in_flight = 5;
        limits.standard.response_bytes = 3_000;
        limits.standard.network_in_flight = 3;
        limits.standard.network_bytes_per_hour = 200_000;
        limits.standard.program_output_bytes = 1_000;
        limits.standard.program_cpu_seconds = 2;
        let config = KernelConfig {
            limits,
            local_at_once: 4,
            remote_at_once: 2,
            programs_at_once: 2,
            programs: BTreeSet::from([program()]),
            ..KernelConfig::new(BootId::new(START, 1))
        };
        Self {
            bench: Bench::with(config.clone()),
            dice: Dice(seed),
            config,
            processes: Vec::new(),
            grants: Vec::new(),
            waiting: BTreeMap::new(),
            performing: BTreeSet::new(),
            answers: 0,
            operations: 0,
            denials_of_revoked: 0,
            requests_under_way: BTreeSet::new(),
            requests: 0,
            programs: 0,
            questions_answered: 0,
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
        let effects = match self.dice.below(31) {
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
            20 | 21 => match self.pick(&processes) {
                Some(pid) => self.fetch(pid),
                None => return,
            },
            19 => match self.pick(&processes) {
                Some(pid) => self.ask_the_model(pid),
                None => return,
            },
            26 | 27 => match self.pick(&processes) {
                Some(pid) => self.touch_files(pid),
                None => return,
            },
            28..=30 => match self.pick(&processes) {
                Some(pid) => self.run_or_kill_a_program(pid),
                None => return,
            },
            22 => {
                let attended = self.dice.below(4) > 0;
                self.bench.handle(Input::Attended(attended))
            }
            23 => match self.open_question() {
                Some(id) => self.answer_question(id),
                None => return,
            },
            24 if self.dice.below(20) == 0 => {
                self.bench.now += 61_000;
                self.bench.handle(Input::Tick)
            }
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

    fn ask_the_model(&mut self, pid: Pid) -> Vec<Effect> {
        let (call, effects) = self.bench.call(Principal::Process(pid), ask("summarise"));
        self.waiting.insert(call, pid);
        effects
    }

    fn run_or_kill_a_program(&mut self, pid: Pid) -> Vec<Effect> {
        let running: Vec<Pid> = self.bench.kernel.programs.keys().copied().collect();
        if self.dice.below(6) == 0
            && let Some(pid) = self.pick(&running)
        {
            return self.system(Syscall::KillProcess { pid });
        }
        let run = Syscall::RunProgram(ProgramRequest {
            program: program(),
            args: Vec::new(),
            input: vec![0; self.dice.below(500) as usize],
        });
        let (call, effects) = self.bench.call(Principal::Process(pid), run);
        self.waiting.insert(call, pid);
        effects
    }

    /// Its own, those of all, or from one to the other.
    fn touch_files(&mut self, pid: Pid) -> Vec<Effect> {
        let roots = ["home:", "tmp:", "shared:", "shared:d/"];
        let mut path = || {
            let root = roots[self.dice.below(4) as usize];
            file_path(&format!("{root}{}", self.dice.below(3)))
        };
        let (from, to) = (path(), path());
        let call = match self.dice.below(4) {
            0 => FileCall::Move { from, to },
            1 => FileCall::Copy { from, to },
            2 => write(to, self.dice.below(3_000) as usize),
            _ => FileCall::Stat { path: to },
        };
        let (call, effects) = self.bench.call(Principal::Process(pid), Syscall::File(call));
        self.waiting.insert(call, pid);
        effects
    }

    fn fetch(&mut self, pid: Pid) -> Vec<Effect> {
        let site = self.dice.below(8);
        let (call, effects) = self.bench.call(
            Principal::Process(pid),
            Syscall::NetworkRequest(HttpRequest {
                method: Method::Post,
                body: vec![0; self.dice.below(100) as usize],
                response_bytes: Some(self.dice.below(4_000)),
                ..request(&format!("https://s{site}.example/"))
            }),
        );
        self.waiting.insert(call, pid);
        effects
    }

    fn open_question(&mut self) -> Option<ApprovalId> {
        let open: Vec<ApprovalId> = self
            .bench
            .kernel
            .approvals
            .open()
            .map(|question| question.approval.id)
            .collect();
        self.pick(&open)
    }

    fn answer_question(&mut self, id: ApprovalId) -> Vec<Effect> {
        use ApprovalAnswer::{Always, Never, Once, Session};
        let answer = self.pick(&[Once, Once, Once, Session, Always, Never]).unwrap();
        self.questions_answered += 1;
        self.system(Syscall::AnswerApproval { id, answer })
    }

    /// What the network answers: mostly a page, at times a redirect to another site.
    fn page(&mut self) -> Reply {
        let site = format!("https://s{}.example/", self.dice.below(8));
        Reply::Response(match self.dice.below(4) {
            0 => response(307, &[("location", &site)], 0),
            _ => response(200, &[], self.dice.below(2_000) as usize),
        })
    }

    fn done(&mut self, op: OpId) -> Vec<Effect> {
        self.performing.remove(&op);
        if self.requests_under_way.remove(&op) {
            let result = Ok(self.page());
            return self.bench.handle(Input::OpDone { op, result });
        }
        self.bench.done(op)
    }

    fn check(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Perform(op) => self.check_performed(&op),
                Effect::CancelOp(op) => {
                    self.requests_under_way.remove(&op);
                    assert!(
                        self.performing.remove(&op),
                        "{op:?} was cancelled but not performed"
                    );
                }
                Effect::Reply { call, result } => self.check_answered(call, result),
                Effect::Audit(_) | Effect::Emit(_) => {}
            }
        }
        let kernel = &self.bench.kernel;
        self.check_programs();
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
                (count, bytes + process.usage.message_bytes)
            );
            assert!(count <= process.limits.calls_in_flight && bytes <= process.limits.memory_bytes);
            self.check_network(*pid);
        }
        for call in kernel.calls.values() {
            let Principal::Process(pid) = call.asked.caller else {
                continue;
            };
            let expected = if let Stage::Asking { need, .. } = &call.stage {
                kernel.grants.standing_of(call.asked.caller, need) == Standing::Nothing
            } else {
                let needs = call.needs();
                !needs.is_empty()
                    && needs.iter().all(|need| {
                        let once = call.is_allowed_once(need);
                        monitor::check_call(&kernel.grants, call.asked.caller, need, once).is_ok()
                    })
            };
            assert!(expected, "{pid} waits for what it is not allowed");
        }
        let (local, remote, programs) = (
            self.config.local_at_once,
            self.config.remote_at_once,
            self.config.programs_at_once,
        );
        self.check_lane(Lane::Local, local, local / 2);
        self.check_lane(Lane::Remote, remote, remote / 2);
        self.check_lane(Lane::Program, programs, programs / 2);
    }

    /// Of a lane `at_once` are served and `of_one` of each process, and nobody waits while there is room.
    fn check_lane(&self, lane: Lane, at_once: usize, of_one: usize) {
        let kernel = &self.bench.kernel;
        let pid = |call: &WaitingCall| call.asked.caller.pid();
        let mut served: BTreeMap<Pid, usize> = BTreeMap::new();
        for call in self
            .performing
            .iter()
            .map(|op| &kernel.calls[&kernel.performing[op]])
        {
            if call.lane() == lane {
                *served.entry(pid(call)).or_default() += 1;
            }
        }
        let total: usize = served.values().sum();
        assert!(total <= at_once, "{lane:?}: {served:?}");
        assert!(
            served.values().all(|count| *count <= of_one),
            "{lane:?}: {served:?}"
        );
        let mut queued = kernel
            .calls
            .values()
            .filter(|call| matches!(call.stage, Stage::Queued(_)) && call.lane() == lane);
        assert!(
            total == at_once || queued.all(|call| served.get(&pid(call)) == Some(&of_one)),
            "{lane:?}: a call waits although there is room"
        );
    }

    /// Each program has a process below its caller, and only as long as its call.
    fn check_programs(&self) {
        let kernel = &self.bench.kernel;
        let is_program = |process: &ProcessInfo| process.name == program().as_str();
        let table = kernel.processes.visible_to(Principal::System);
        let processes: Vec<_> = table.into_iter().filter(is_program).collect();
        assert_eq!(processes.len(), kernel.programs.len());
        for process in processes {
            let call = &kernel.calls[&kernel.programs[&process.pid]];
            assert_eq!(process.parent, Some(call.asked.caller.pid()));
            assert!(matches!(
                call.stage,
                Stage::Queued(Op::RunProgram(_)) | Stage::Performing(_)
            ));
        }
    }

    /// What holds of the requests of `pid` and of what the person is asked about it.
    fn check_network(&self, pid: Pid) {
        let kernel = &self.bench.kernel;
        let process = kernel.processes.get(pid).unwrap();
        let requests = kernel
            .calls
            .iter()
            .filter(|(_, call)| call.asked.caller.pid() == pid);
        let requests: Vec<_> = requests
            .filter(|(_, call)| matches!(call.errand, Some(Errand::Network(_))))
            .collect();
        assert_eq!(requests.len() as u32, process.usage.network_in_flight);
        assert!(process.usage.network_in_flight <= process.limits.network_in_flight);
        assert!(process.usage.network_bytes <= process.limits.network_bytes_per_hour);
        let questions: Vec<_> = kernel
            .approvals
            .open()
            .filter(|question| question.approval.pid == pid)
            .collect();
        assert!(questions.len() <= APPROVALS_PENDING);
        let needs: BTreeSet<_> = questions.iter().map(|question| &question.approval.need).collect();
        assert_eq!(
            needs.len(),
            questions.len(),
            "{pid} is asked about the same twice"
        );
        for (call, waiting) in requests {
            let asked = questions
                .iter()
                .filter(|question| question.calls.contains(call))
                .count();
            assert_eq!(asked, usize::from(waiting.is_waiting_for_a_person()));
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
        let (kernel, need) = (&self.bench.kernel, op.op().need());
        let caller = kernel.calls[&call].asked.caller;
        let allowed = match kernel.grants.standing_of(caller, &need) {
            Standing::Allowed => true,
            Standing::Nothing => kernel.calls[&call].is_allowed_once(&need),
            Standing::Denied => false,
        };
        assert!(allowed, "{pid} performs what it is not allowed");
        if matches!(op.op(), Op::RunProgram(_)) {
            self.programs += 1;
        }
        if matches!(op.op(), Op::NetworkRequest(_)) {
            self.requests += 1;
            self.requests_under_way.insert(op.id());
        }
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
    let (mut requests, mut questions, mut programs) = (0, 0, 0);
    for seed in 0..40 {
        let mut run = Run::new(seed);
        for _ in 0..1_000 {
            run.step();
        }
        run.bench.now += 60_000;
        let effects = run.bench.handle(Input::Tick);
        run.check(effects);
        assert_eq!(
            run.bench.kernel.approvals.open().count(),
            0,
            "a question was never closed"
        );
        assert!(run.waiting.is_empty(), "a call was never answered");
        (answers, operations, denials) = (
            answers + run.answers,
            operations + run.operations,
            denials + run.denials_of_revoked,
        );
        (requests, questions) = (requests + run.requests, questions + run.questions_answered);
        programs += run.programs;
    }
    assert!(
        answers > 10_000 && operations > 4_000 && denials > 1_000,
        "{answers} {operations} {denials}"
    );
    assert!(
        requests > 500 && questions > 200 && programs > 200,
        "{requests} {questions} {programs}"
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
