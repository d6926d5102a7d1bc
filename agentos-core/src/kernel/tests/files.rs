//! Calls to files: what is one's own is there, what is not is asked about place by place.

use super::*;

fn path(text: &str) -> FsPath {
    file_path(text)
}

fn read(at: &str) -> FileCall {
    FileCall::Read {
        path: path(at),
        offset: 0,
        length: None,
    }
}

fn carry(from: &str, to: &str) -> [FileCall; 2] {
    let (from, to) = (path(from), path(to));
    [
        FileCall::Copy {
            from: from.clone(),
            to: to.clone(),
        },
        FileCall::Move { from, to },
    ]
}

fn place(at: &str) -> FilePlace {
    FilePlace::of(path(at), Some(namespace(1))).unwrap()
}

fn rule(at: &str, rights: FsRights) -> FsRule {
    FsRule {
        place: place(at),
        rights,
    }
}

fn fs(at: &str, rights: FsRights) -> Capability {
    rule(at, rights).into()
}

/// One call of every kind at `at`.
fn every(at: &str) -> Vec<FileCall> {
    let path = || path(at);
    let [copy, moved] = carry(at, at);
    vec![
        read(at),
        write(path(), 3),
        FileCall::Create { path: path() },
        FileCall::Truncate {
            path: path(),
            length: 3,
        },
        FileCall::Delete { path: path() },
        FileCall::Exists { path: path() },
        FileCall::Stat { path: path() },
        FileCall::List {
            path: path(),
            after: None,
            limit: 10,
        },
        FileCall::CreateDirectory { path: path() },
        FileCall::RemoveDirectory { path: path() },
        copy,
        moved,
    ]
}

/// A kernel with a person at it, and an app.
fn attended() -> (Bench, Pid) {
    let mut bench = Bench::new();
    bench.handle(Input::Attended(true));
    let pid = bench.app(1);
    (bench, pid)
}

fn call(bench: &mut Bench, pid: Pid, call: FileCall) -> (CallId, Vec<Effect>) {
    bench.call(Principal::Process(pid), Syscall::File(call))
}

fn refusal(bench: &mut Bench, pid: Pid, call: FileCall) -> SysError {
    bench
        .answer(Principal::Process(pid), Syscall::File(call))
        .expect_err("it is refused")
}

fn question(bench: &mut Bench) -> Option<Approval> {
    match bench.system(Syscall::ListApprovals) {
        Ok(Reply::Approvals(mut open)) => open.pop(),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn decide(bench: &mut Bench, asked: &FsRule, answer: ApprovalAnswer) -> Vec<Effect> {
    let question = question(bench).expect("somebody is asked");
    assert_eq!(question.need, ApprovalNeed::Fs(asked.clone()));
    let id = question.id;
    bench
        .call(Principal::System, Syscall::AnswerApproval { id, answer })
        .1
}

fn ops(effects: &[Effect]) -> Vec<(FileOp, Option<Action>)> {
    let ops = effects.iter().filter_map(|effect| match effect {
        Effect::Perform(op) => match op.op() {
            Op::File(file) => Some(((**file).clone(), op.record().map(|record| record.action.clone()))),
            _ => None,
        },
        _ => None,
    });
    ops.collect()
}

#[test]
fn an_app_reaches_its_own_files_and_nobody_is_asked() {
    let (mut bench, pid) = attended();
    for at in ["home:a", "tmp:a", "home:d/a"] {
        for file_call in every(at) {
            let (id, effects) = call(&mut bench, pid, file_call.clone());
            assert_eq!(ops(&effects).len(), 1, "{file_call:?}");
            bench.handle(Input::Cancel { call: id });
        }
    }
    assert_eq!(question(&mut bench), None);
    assert_eq!(bench.usage(pid).memory_bytes, 0);
}

#[test]
fn the_home_of_an_app_is_that_of_its_namespace() {
    let (mut bench, _) = attended();
    let other = bench.app(2);
    let (_, effects) = call(&mut bench, other, read("home:a"));
    let [(FileOp::Read { place, .. }, None)] = &ops(&effects)[..] else {
        panic!("{effects:?}");
    };
    assert_eq!(place.owner, Some(namespace(2)));
}

#[test]
fn the_home_of_the_system_is_its_own_and_nobody_is_granted_it() {
    let (mut bench, pid) = attended();
    let (_, effects) = bench.call(Principal::System, Syscall::File(read("home:a")));
    let [(FileOp::Read { place, .. }, None)] = &ops(&effects)[..] else {
        panic!("{effects:?}");
    };
    let systems = place.clone();
    assert_eq!(systems.owner, None);
    let whole = FsRule {
        place: systems.clone(),
        rights: FsRights::ReadWrite,
    }
    .into();
    let granted = bench.system(Syscall::AddGrant {
        to: pid,
        capability: whole,
        rule: Rule::Allow,
    });
    assert!(granted.is_ok(), "{granted:?}");
    for file_call in every("home:a") {
        let (id, effects) = call(&mut bench, pid, file_call.clone());
        let [(op, _)] = &ops(&effects)[..] else {
            panic!("{effects:?}");
        };
        assert_eq!(op.need().place, self::place("home:a"), "{file_call:?}");
        bench.handle(Input::Cancel { call: id });
    }
}

#[test]
fn a_minimal_process_has_no_files_of_its_own() {
    let mut bench = Bench::new();
    let minimal = NewProcess {
        profile: Profile::Minimal,
        ..NewProcess::app("small", namespace(1))
    };
    let pid = bench.spawn(minimal).unwrap();
    for at in ["home:a", "shared:a"] {
        let refused = refusal(&mut bench, pid, read(at));
        assert!(
            matches!(refused, SysError::ApprovalRequired { .. }),
            "{refused:?}"
        );
    }
}

#[test]
fn what_is_shared_is_asked_about_by_its_place_and_what_is_done_there() {
    for (file_call, rights) in every("shared:d/a").into_iter().zip([
        FsRights::Read,
        FsRights::ReadWrite,
        FsRights::ReadWrite,
        FsRights::ReadWrite,
        FsRights::ReadWrite,
        FsRights::Read,
        FsRights::Read,
        FsRights::Read,
        FsRights::ReadWrite,
        FsRights::ReadWrite,
    ]) {
        let (mut bench, pid) = attended();
        let (id, effects) = call(&mut bench, pid, file_call.clone());
        assert!(performed(&effects).is_empty(), "{file_call:?}");
        let effects = decide(&mut bench, &rule("shared:d/a", rights), ApprovalAnswer::Once);
        assert_eq!(ops(&effects).len(), 1, "{file_call:?}");
        bench.handle(Input::Cancel { call: id });
        let (_, effects) = call(&mut bench, pid, file_call);
        assert!(performed(&effects).is_empty(), "once is once");
    }
}

#[test]
fn an_answer_about_a_folder_holds_for_what_is_in_it() {
    let (mut bench, pid) = attended();
    let list = FileCall::List {
        path: path("shared:d"),
        after: None,
        limit: 10,
    };
    call(&mut bench, pid, list);
    let rule = rule("shared:d", FsRights::Read);
    assert_eq!(ops(&decide(&mut bench, &rule, ApprovalAnswer::Session)).len(), 1);
    assert_eq!(ops(&call(&mut bench, pid, read("shared:d/e/a")).1).len(), 1);
    for beyond in [read("shared:da"), read("shared:"), write(path("shared:d/a"), 1)] {
        let (id, effects) = call(&mut bench, pid, beyond);
        assert!(performed(&effects).is_empty());
        bench.handle(Input::Cancel { call: id });
    }
}

#[test]
fn a_move_is_asked_about_at_both_ends_and_a_copy_only_reads_the_first() {
    for (file_call, rights) in carry("shared:a", "shared:b")
        .into_iter()
        .zip([FsRights::Read, FsRights::ReadWrite])
    {
        let (mut bench, pid) = attended();
        call(&mut bench, pid, file_call);
        let effects = decide(&mut bench, &rule("shared:a", rights), ApprovalAnswer::Once);
        assert!(
            performed(&effects).is_empty(),
            "the other end is yet to be asked about"
        );
        let to = rule("shared:b", FsRights::ReadWrite);
        let effects = decide(&mut bench, &to, ApprovalAnswer::Once);
        assert_eq!(ops(&effects).len(), 1);
    }
}

#[test]
fn where_nobody_waits_both_ends_are_allowed_one_after_the_other() {
    let mut bench = Bench::new();
    let pid = bench.app(1);
    let [copy, _] = carry("shared:a", "shared:b");
    for (at, rights) in [("shared:a", FsRights::Read), ("shared:b", FsRights::ReadWrite)] {
        let refused = refusal(&mut bench, pid, copy.clone());
        assert!(
            matches!(refused, SysError::ApprovalRequired { .. }),
            "{refused:?}"
        );
        decide(&mut bench, &rule(at, rights), ApprovalAnswer::Once);
    }
    assert_eq!(ops(&call(&mut bench, pid, copy.clone()).1).len(), 1);
    let again = refusal(&mut bench, pid, copy);
    assert!(
        matches!(again, SysError::ApprovalRequired { .. }),
        "once is once: {again:?}"
    );
}

#[test]
fn what_is_taken_back_at_either_end_ends_the_call() {
    for lost in ["shared:a", "shared:b"] {
        let (mut bench, pid) = attended();
        let grants = ["shared:a", "shared:b"].map(|at| (at, bench.grant(pid, fs(at, FsRights::ReadWrite))));
        let [_, file_call] = carry("shared:a", "shared:b");
        let (id, effects) = call(&mut bench, pid, file_call);
        let (_, grant) = *grants.iter().find(|(at, _)| *at == lost).unwrap();
        let (_, after) = bench.call(Principal::System, Syscall::RevokeGrant { grant });
        assert_eq!(cancelled(&after), performed(&effects));
        let need = fs(lost, FsRights::ReadWrite);
        assert_eq!(replies(&after)[&id], Err(SysError::PermissionDenied { need }));
    }
}

#[test]
fn a_denial_below_wins_over_what_is_ones_own() {
    let (mut bench, pid) = attended();
    let deny = |bench: &mut Bench, at, rights| {
        let (to, capability, rule) = (pid, fs(at, rights), Rule::Deny);
        bench.system(Syscall::AddGrant { to, capability, rule }).unwrap();
    };
    deny(&mut bench, "home:private", FsRights::Read);
    deny(&mut bench, "home:fixed", FsRights::ReadWrite);
    for at in ["home:private", "home:private/a"] {
        for file_call in every(at) {
            let refused = refusal(&mut bench, pid, file_call.clone());
            assert!(
                matches!(refused, SysError::PermissionDenied { .. }),
                "{file_call:?}: {refused:?}"
            );
        }
    }
    assert_eq!(ops(&call(&mut bench, pid, read("home:fixed/a")).1).len(), 1);
    let need = fs("home:fixed/a", FsRights::ReadWrite);
    let refused = refusal(&mut bench, pid, write(path("home:fixed/a"), 1));
    assert_eq!(refused, SysError::PermissionDenied { need });
    assert_eq!(ops(&call(&mut bench, pid, write(path("home:a"), 1)).1).len(), 1);
}

#[test]
fn a_child_has_no_more_of_a_folder_than_its_parent() {
    let (mut bench, pid) = attended();
    bench.grant(pid, Capability::Spawn);
    bench.grant(pid, Capability::Signal);
    bench.grant(pid, fs("shared:d", FsRights::Read));
    let parent = Principal::Process(pid);
    let new = NewProcess {
        parent: pid,
        ..NewProcess::app("child", namespace(1))
    };
    let Ok(Reply::Spawned(to)) = bench.answer(parent, Syscall::SpawnProcess(new)) else {
        panic!("no child");
    };
    let mut give = |at, rights| {
        let (capability, rule) = (fs(at, rights), Rule::Allow);
        bench
            .answer(parent, Syscall::AddGrant { to, capability, rule })
            .is_ok()
    };
    assert!(give("shared:d/e", FsRights::Read));
    assert!(!give("shared:d", FsRights::ReadWrite) && !give("shared:", FsRights::Read));
    assert_eq!(ops(&call(&mut bench, to, read("shared:d/e/a")).1).len(), 1);
    assert_eq!(ops(&call(&mut bench, to, write(path("home:a"), 1)).1).len(), 1);
    let (_, effects) = call(&mut bench, to, read("shared:d/a"));
    assert!(performed(&effects).is_empty());
}

#[test]
fn every_change_carries_its_record_and_no_reading_does() {
    let (mut bench, pid) = attended();
    let [copy, moved] = carry("home:a", "tmp:b");
    let record = |change, at, from: Option<&str>, bytes| {
        Some(Action::File {
            change,
            place: place(at),
            from: from.map(place),
            bytes,
        })
    };
    let mut calls: Vec<_> = every("home:a").into_iter().take(10).collect();
    calls.extend([copy, moved]);
    let records: Vec<_> = calls
        .into_iter()
        .map(|file_call| {
            let (id, effects) = call(&mut bench, pid, file_call);
            bench.handle(Input::Cancel { call: id });
            ops(&effects).pop().unwrap().1
        })
        .collect();
    assert_eq!(
        records,
        [
            None,
            record(FileChange::Write, "home:a", None, 3),
            record(FileChange::Create, "home:a", None, 0),
            record(FileChange::Truncate, "home:a", None, 0),
            record(FileChange::Delete, "home:a", None, 0),
            None,
            None,
            None,
            record(FileChange::CreateDirectory, "home:a", None, 0),
            record(FileChange::RemoveDirectory, "home:a", None, 0),
            record(FileChange::Copy, "tmp:b", Some("home:a"), 0),
            record(FileChange::Move, "tmp:b", Some("home:a"), 0),
        ]
    );
}

#[test]
fn a_call_that_makes_no_sense_is_refused_before_anybody_is_asked() {
    let (mut bench, pid) = attended();
    let mut check = |file_call: FileCall, expected: SysError| {
        assert_eq!(
            refusal(&mut bench, pid, file_call.clone()),
            expected,
            "{file_call:?}"
        );
    };
    let limit = FILE_BYTES;
    let list = |limit, after: Option<String>| FileCall::List {
        path: path("shared:"),
        after,
        limit,
    };
    check(
        write(path("shared:a"), FILE_BYTES as usize + 1),
        SysError::TooLarge { limit },
    );
    let length = Some(FILE_BYTES + 1);
    let (offset, at) = (0, path("shared:a"));
    check(
        FileCall::Read {
            path: at,
            offset,
            length,
        },
        SysError::TooLarge { limit },
    );
    check(list(0, None), SysError::invalid("limit"));
    check(list(FILE_LIST_LIMIT + 1, None), SysError::invalid("limit"));
    check(list(1, Some("n".repeat(256))), SysError::invalid("after"));
    for file_call in [
        read("shared:"),
        write(path("shared:"), 1),
        FileCall::Delete {
            path: path("shared:"),
        },
    ] {
        check(file_call, SysError::IsADirectory);
    }
    for file_call in carry("shared:", "shared:a")
        .into_iter()
        .chain(carry("shared:a", "shared:"))
    {
        check(file_call, SysError::IsADirectory);
    }
    check(
        FileCall::RemoveDirectory {
            path: path("shared:"),
        },
        SysError::invalid("path"),
    );
    let new = FileCall::Write {
        path: path("a"),
        bytes: Vec::new(),
        mode: WriteMode::CreateNew,
        if_etag: Some("1".to_owned()),
    };
    check(new, SysError::invalid("if_etag"));
}

#[test]
fn what_a_call_may_bring_is_memory_of_its_process() {
    let (mut bench, pid) = attended();
    let ranged = FileCall::Read {
        path: path("a"),
        offset: 0,
        length: Some(100),
    };
    for (file_call, bytes) in [
        (read("a"), FILE_BYTES),
        (ranged, 100),
        (write(path("a"), 1_000), 1_000),
    ] {
        let (id, _) = call(&mut bench, pid, file_call);
        assert_eq!(bench.usage(pid).memory_bytes, bytes);
        bench.handle(Input::Cancel { call: id });
    }
    for _ in 0..8 {
        call(&mut bench, pid, read("a"));
    }
    let refused = refusal(&mut bench, pid, read("a"));
    let SysError::QuotaExceeded { resource, .. } = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(resource, Resource::Memory);
}

#[test]
fn each_profile_has_its_allowance_of_disk() {
    for (profile, expected) in [
        (Profile::Minimal, 8 << 20),
        (Profile::Standard, 256 << 20),
        (Profile::Privileged, 4_u64 << 30),
    ] {
        let mut bench = Bench::new();
        let new = NewProcess {
            profile,
            ..NewProcess::app("app", namespace(1))
        };
        let pid = bench.spawn(new).unwrap();
        bench.grant(pid, fs("home:", FsRights::ReadWrite));
        let (_, effects) = call(&mut bench, pid, write(path("a"), 1));
        let [(FileOp::Write { max_disk_bytes, .. }, _)] = &ops(&effects)[..] else {
            panic!("{effects:?}");
        };
        assert_eq!(*max_disk_bytes, expected);
    }
}
