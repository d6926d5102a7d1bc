//! Programs: allowed one by one, run as children of their callers, and never left behind.

use super::*;

fn name(text: &str) -> ProgramName {
    ProgramName::parse(text).unwrap()
}

fn need(text: &str) -> Capability {
    Capability::Program { program: name(text) }
}

fn run_with(program: &str, args: &[&str], input: usize) -> Syscall {
    Syscall::RunProgram(ProgramRequest {
        program: name(program),
        args: args.iter().map(|arg| (*arg).to_owned()).collect(),
        input: vec![b'x'; input],
    })
}

fn run(program: &str) -> Syscall {
    run_with(program, &["-a"], 3)
}

fn config() -> KernelConfig {
    KernelConfig {
        programs: BTreeSet::from(["sort", "tar"].map(name)),
        ..KernelConfig::new(BootId::new(START, 1))
    }
}

/// A kernel with two programs, and an app that may run one of them.
fn granted() -> (Bench, Pid) {
    let mut bench = Bench::with(config());
    let pid = bench.app(1);
    bench.grant(pid, need("sort"));
    (bench, pid)
}

fn output() -> ProgramOutput {
    ProgramOutput {
        end: ProgramEnd::Exited { code: 0 },
        stdout: b"sorted".to_vec(),
        stderr: Vec::new(),
    }
}

fn ended(bench: &mut Bench, op: OpId) -> Vec<Effect> {
    let result = Ok(Reply::Program(output()));
    bench.handle(Input::OpDone { op, result })
}

fn started(effects: &[Effect]) -> Vec<(OpId, ProgramRun, Option<Action>)> {
    let runs = effects.iter().filter_map(|effect| match effect {
        Effect::Perform(op) => match op.op() {
            Op::RunProgram(run) => {
                let record = op.record().map(|record| record.action.clone());
                Some((op.id(), (**run).clone(), record))
            }
            _ => None,
        },
        _ => None,
    });
    runs.collect()
}

/// The one program that was started, and as which process.
fn start(effects: &[Effect]) -> (OpId, Pid) {
    let [(op, run, _)] = &started(effects)[..] else {
        panic!("{effects:?}");
    };
    (*op, run.process)
}

fn exists(bench: &Bench, pid: Pid) -> bool {
    bench.kernel.processes.get(pid).is_some()
}

fn ends(effects: &[Effect]) -> Vec<(Pid, EndReason)> {
    let ends = audited(effects).into_iter().filter_map(|action| match action {
        Action::End { process, reason } => Some((process, reason)),
        _ => None,
    });
    ends.collect()
}

#[test]
fn a_program_runs_as_a_child_within_the_limits_of_its_caller_and_ends_with_its_answer() {
    let (mut bench, pid) = granted();
    let (call, effects) = bench.call(Principal::Process(pid), run("sort"));
    let [(op, run, record)] = &started(&effects)[..] else {
        panic!("{effects:?}");
    };
    let child = run.process;
    let limits = LimitTable::default().standard;
    let expected = ProgramRun {
        process: child,
        program: name("sort"),
        args: vec!["-a".to_owned()],
        input: b"xxx".to_vec(),
        address_bytes: 512 * 1_024 * 1_024,
        cpu_seconds: 60,
        output_bytes: 1_024 * 1_024,
    };
    assert_eq!(*run, expected);
    let program = name("sort");
    let ran = Action::RunProgram {
        process: child,
        program,
        bytes: 5,
    };
    assert_eq!(*record, Some(ran));
    let began = Action::Spawn {
        child,
        name: "sort".to_owned(),
        profile: Profile::Minimal,
        namespace: None,
    };
    assert_eq!(audited(&effects), [began]);
    let info = bench.kernel.processes.info(child).unwrap();
    assert_eq!((info.parent, info.name.as_str()), (Some(pid), "sort"));
    assert_eq!(bench.usage(pid).memory_bytes, 5 + limits.program_output_bytes);
    for needed in [Capability::Time, need("sort"), Capability::Signal] {
        assert!(!bench.kernel.is_allowed(Principal::Process(child), &needed));
    }

    let effects = ended(&mut bench, *op);
    assert_eq!(replies(&effects)[&call], Ok(Reply::Program(output())));
    assert_eq!(ends(&effects), [(child, EndReason::Exited)]);
    assert!(!exists(&bench, child));
    let usage = bench.usage(pid);
    assert_eq!((usage.memory_bytes, usage.calls_in_flight), (0, 0));
}

#[test]
fn one_program_is_asked_about_and_the_answer_holds_for_it_alone() {
    let mut bench = Bench::with(config());
    let pid = bench.app(1);
    let caller = Principal::Process(pid);
    let refused = bench.answer(caller, run("sort"));
    let Err(SysError::ApprovalRequired { id }) = refused else {
        panic!("{refused:?}");
    };
    let Ok(Reply::Approvals(open)) = bench.system(Syscall::ListApprovals) else {
        panic!("no list");
    };
    let program = name("sort");
    assert_eq!(open[0].need, ApprovalNeed::Program { program });
    assert_eq!(open[0].need.to_string(), "run the program sort");
    let answer = ApprovalAnswer::Session;
    bench.system(Syscall::AnswerApproval { id, answer }).unwrap();
    let (_, effects) = bench.call(caller, run("sort"));
    start(&effects);
    assert!(matches!(
        bench.answer(caller, run("tar")),
        Err(SysError::ApprovalRequired { .. })
    ));
}

#[test]
fn a_program_waits_for_the_person_without_a_process() {
    let mut bench = Bench::with(config());
    bench.handle(Input::Attended(true));
    let pid = bench.app(1);
    let (call, effects) = bench.call(Principal::Process(pid), run("tar"));
    assert!(started(&effects).is_empty());
    assert_eq!(bench.kernel.processes.tree(pid), [pid]);
    let Ok(Reply::Approvals(open)) = bench.system(Syscall::ListApprovals) else {
        panic!("no list");
    };
    let (id, answer) = (open[0].id, ApprovalAnswer::Never);
    let (_, effects) = bench.call(Principal::System, Syscall::AnswerApproval { id, answer });
    let denied = Err(SysError::PermissionDenied { need: need("tar") });
    assert_eq!(replies(&effects)[&call], denied);
    assert_eq!(bench.answer(Principal::Process(pid), run("tar")), denied);
}

#[test]
fn what_the_operator_did_not_register_is_nobodys_to_run() {
    let mut bench = Bench::with(config());
    let pid = bench.app(1);
    bench.grant(pid, need("sh"));
    for caller in [Principal::Process(pid), Principal::System] {
        assert_eq!(bench.answer(caller, run("sh")), Err(SysError::NotFound));
    }
    assert_eq!(bench.kernel.processes.tree(pid), [pid]);
    let usage = bench.usage(pid);
    assert_eq!((usage.memory_bytes, usage.calls_in_flight), (0, 0));
}

#[test]
fn who_is_not_allowed_a_program_is_not_told_whether_there_is_one() {
    let mut bench = Bench::with(config());
    let pid = bench.app(1);
    let caller = Principal::Process(pid);
    for program in ["sort", "sh"] {
        let refused = bench.answer(caller, run(program));
        assert!(
            matches!(refused, Err(SysError::ApprovalRequired { .. })),
            "{program}: {refused:?}"
        );
    }
    bench.handle(Input::Attended(true));
    for program in ["sort", "sh"] {
        let (call, effects) = bench.call(caller, run(program));
        assert_eq!(
            replies(&effects).get(&call),
            None,
            "{program} waits for the person"
        );
        let Ok(Reply::Approvals(open)) = bench.system(Syscall::ListApprovals) else {
            panic!("no list");
        };
        let (id, answer) = (open[0].id, ApprovalAnswer::Never);
        let (_, effects) = bench.call(Principal::System, Syscall::AnswerApproval { id, answer });
        let denied = Err(SysError::PermissionDenied { need: need(program) });
        assert_eq!(replies(&effects)[&call], denied);
    }
}

#[test]
fn what_is_too_much_is_refused_before_anybody_is_asked() {
    let mut bench = Bench::with(config());
    let pid = bench.app(1);
    let mut check = |args: &[&str], input: usize, expected: SysError| {
        let refused = bench.answer(Principal::Process(pid), run_with("sort", args, input));
        assert_eq!(refused, Err(expected));
    };
    check(&["a\0b"], 0, SysError::invalid("args"));
    check(&["a"; PROGRAM_ARGS + 1], 0, SysError::invalid("args"));
    let limit = PROGRAM_ARGS_BYTES;
    let half = "a".repeat(limit as usize / 2);
    check(&[&half, &half, "a"], 0, SysError::TooLarge { limit });
    let limit = LimitTable::default().standard.request_bytes;
    check(&[], limit as usize + 1, SysError::TooLarge { limit });
    let minimal = NewProcess {
        profile: Profile::Minimal,
        ..NewProcess::app("small", namespace(1))
    };
    let minimal = bench.spawn(minimal).unwrap();
    let refused = bench.answer(Principal::Process(minimal), run_with("sort", &[], 0));
    let expected = SysError::QuotaExceeded {
        resource: Resource::ChildProcesses,
        limit: 0,
        used: 0,
        retry_after: None,
    };
    assert_eq!(refused, Err(expected));
}

#[test]
fn programs_count_among_the_children_and_their_depth() {
    let (mut bench, pid) = granted();
    let limit = LimitTable::default().standard.child_processes;
    for _ in 0..limit {
        bench.call(Principal::Process(pid), run("sort"));
    }
    let refused = bench.answer(Principal::Process(pid), run("sort"));
    let expected = SysError::QuotaExceeded {
        resource: Resource::ChildProcesses,
        limit: limit.into(),
        used: limit.into(),
        retry_after: None,
    };
    assert_eq!(refused, Err(expected));

    let mut deepest = bench.app(2);
    for _ in 0..3 {
        deepest = bench
            .spawn(NewProcess {
                parent: deepest,
                ..NewProcess::app("deep", namespace(2))
            })
            .unwrap();
    }
    bench.grant(deepest, need("sort"));
    let refused = bench.answer(Principal::Process(deepest), run("sort"));
    let resource = Resource::TreeDepth;
    assert!(
        matches!(&refused, Err(SysError::QuotaExceeded { resource: of, .. }) if *of == resource),
        "{refused:?}"
    );
}

#[test]
fn killing_the_process_of_a_program_ends_it_and_answers_its_caller() {
    let (mut bench, pid) = granted();
    let (call, effects) = bench.call(Principal::Process(pid), run("sort"));
    let (op, child) = start(&effects);
    let (_, effects) = bench.call(Principal::System, Syscall::KillProcess { pid: child });
    assert_eq!(replies(&effects)[&call], Err(SysError::Cancelled));
    assert_eq!(cancelled(&effects), [op]);
    assert_eq!(ends(&effects), [(child, EndReason::Killed)]);
    assert!(exists(&bench, pid) && !exists(&bench, child));
    assert_eq!(bench.usage(pid).memory_bytes, 0);
    assert_eq!(ended(&mut bench, op), [], "its end comes too late");
}

#[test]
fn a_program_ends_with_its_caller() {
    let (mut bench, pid) = granted();
    let (call, effects) = bench.call(Principal::Process(pid), run("sort"));
    let (op, child) = start(&effects);
    let (_, effects) = bench.call(Principal::System, Syscall::KillProcess { pid });
    assert_eq!(replies(&effects)[&call], Err(SysError::Cancelled));
    assert_eq!(cancelled(&effects), [op]);
    let expected = [(pid, EndReason::Killed), (child, EndReason::ParentKilled)];
    assert_eq!(ends(&effects), expected);
    assert!(!exists(&bench, child));
    assert_eq!(bench.kernel.programs.len(), 0);
}

#[test]
fn who_no_longer_waits_or_no_longer_may_ends_the_program() {
    let (mut bench, pid) = granted();
    let (call, effects) = bench.call(Principal::Process(pid), run("sort"));
    let (op, child) = start(&effects);
    let effects = bench.handle(Input::Cancel { call });
    assert_eq!(cancelled(&effects), [op]);
    assert_eq!(ends(&effects), [(child, EndReason::Killed)]);

    let (call, effects) = bench.call(Principal::Process(pid), run("sort"));
    let (op, child) = start(&effects);
    let grant = bench.kernel.grants.held_by(pid).last().unwrap().id;
    let (_, effects) = bench.call(Principal::System, Syscall::RevokeGrant { grant });
    let denied = Err(SysError::PermissionDenied { need: need("sort") });
    assert_eq!(replies(&effects)[&call], denied);
    assert_eq!(cancelled(&effects), [op]);
    assert_eq!(ends(&effects), [(child, EndReason::Killed)]);
}

#[test]
fn a_program_that_sleeps_ends_at_its_time() {
    let (mut bench, pid) = granted();
    let (call, effects) = bench.call(Principal::Process(pid), run("sort"));
    let (op, child) = start(&effects);
    bench.now += 60_000 * PROGRAM_PATIENCE - 1;
    assert_eq!(bench.handle(Input::Tick), []);
    bench.now += 1;
    let effects = bench.handle(Input::Tick);
    assert_eq!(replies(&effects)[&call], Err(SysError::DeadlineExceeded));
    assert_eq!(cancelled(&effects), [op]);
    assert_eq!(ends(&effects), [(child, EndReason::Killed)]);
}

#[test]
fn a_program_ends_when_its_answer_is_of_no_more_use() {
    let (mut bench, pid) = granted();
    let (call, effects) = bench.make(Call::new(Principal::Process(pid), run("sort")).within(50));
    let (op, _) = start(&effects);
    bench.now += 50;
    let effects = bench.handle(Input::Tick);
    assert_eq!(replies(&effects)[&call], Err(SysError::DeadlineExceeded));
    assert_eq!(cancelled(&effects), [op]);
}

#[test]
fn programs_wait_in_a_fair_line_and_hold_up_no_operation() {
    let mut bench = Bench::with(KernelConfig {
        local_at_once: 1,
        programs_at_once: 3,
        ..config()
    });
    let (greedy, modest) = (bench.app(1), bench.app(2));
    for pid in [greedy, modest] {
        bench.grant(pid, need("sort"));
    }
    let mut running = Vec::new();
    for _ in 0..5 {
        let (_, effects) = bench.call(Principal::Process(greedy), run("sort"));
        running.extend(started(&effects));
    }
    assert_eq!(running.len(), 2);
    let (_, effects) = bench.call(Principal::Process(modest), run("sort"));
    assert_eq!(started(&effects).len(), 1, "nobody has all places");
    let (_, effects) = bench.call(Principal::Process(modest), run("sort"));
    assert!(started(&effects).is_empty());
    let (_, effects) = bench.call(Principal::Process(modest), get(2));
    assert_eq!(performed(&effects).len(), 1, "a place for operations is free");

    let mut callers = Vec::new();
    for _ in 0..2 {
        let (op, ..) = running.remove(0);
        let effects = ended(&mut bench, op);
        let next = started(&effects);
        let parent = bench.kernel.processes.info(next[0].1.process).unwrap().parent;
        callers.extend(parent);
        running.extend(next);
    }
    assert!(callers.contains(&modest), "{callers:?}");
}

#[test]
fn a_program_that_waits_for_its_place_is_killed_without_being_started() {
    let mut bench = Bench::with(KernelConfig {
        programs_at_once: 1,
        ..config()
    });
    let pid = bench.app(1);
    bench.grant(pid, need("sort"));
    let (_, effects) = bench.call(Principal::Process(pid), run("sort"));
    let (op, first) = start(&effects);
    let (call, _) = bench.call(Principal::Process(pid), run("sort"));
    let tree = bench.kernel.processes.tree(pid);
    let second = *tree.last().unwrap();
    assert_ne!(second, first);
    let (_, effects) = bench.call(Principal::System, Syscall::KillProcess { pid: second });
    assert_eq!(replies(&effects)[&call], Err(SysError::Cancelled));
    assert_eq!(cancelled(&effects), []);
    assert!(started(&ended(&mut bench, op)).is_empty());
}

#[test]
fn a_program_cannot_be_suspended() {
    let (mut bench, pid) = granted();
    let (_, effects) = bench.call(Principal::Process(pid), run("sort"));
    let (_, child) = start(&effects);
    let refused = bench.system(Syscall::SuspendProcess { pid: child });
    assert_eq!(refused, Err(SysError::invalid("pid")));
}

#[test]
fn a_program_the_host_could_not_start_leaves_no_process() {
    let (mut bench, pid) = granted();
    let (call, effects) = bench.call(Principal::Process(pid), run("sort"));
    let (op, child) = start(&effects);
    let result = Err(SysError::Unavailable { retry_after: None });
    let effects = bench.handle(Input::OpDone {
        op,
        result: result.clone(),
    });
    assert_eq!(replies(&effects)[&call], result);
    assert_eq!(ends(&effects), [(child, EndReason::Exited)]);
    assert!(!exists(&bench, child));
}

#[test]
fn while_memory_is_short_no_program_begins_in_the_background() {
    const MIB: u64 = 1_024 * 1_024;
    let mut bench = Bench::with(KernelConfig {
        memory_budget: 60 * MIB,
        ..config()
    });
    let (seen, behind) = (bench.app(1), bench.app(2));
    for pid in [seen, behind] {
        bench.grant(pid, need("sort"));
    }
    bench.system(Syscall::SetFocus { pid: Some(seen) }).unwrap();
    let held = Syscall::HoldState {
        pid: seen,
        bytes: 50 * MIB,
    };
    bench.system(held).unwrap();
    let (call, effects) = bench.call(Principal::Process(behind), run("sort"));
    assert!(
        matches!(replies(&effects)[&call], Err(SysError::QuotaExceeded { .. })),
        "{effects:?}"
    );
    let (call, effects) = bench.call(Principal::Process(seen), run("sort"));
    assert!(!replies(&effects).contains_key(&call), "it runs");
}
