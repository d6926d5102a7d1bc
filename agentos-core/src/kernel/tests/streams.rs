//! Streams of files: what they take, and with what they end.

use super::*;

fn reading(path: &str) -> FileStream {
    FileStream::Read(ReadStream {
        path: file_path(path),
        offset: 0,
        length: None,
    })
}

fn writing(path: &str, mode: WriteMode) -> FileStream {
    FileStream::Write(WriteStream {
        path: file_path(path),
        mode,
        if_etag: None,
    })
}

impl Bench {
    fn stream(&mut self, pid: Pid, stream: FileStream) -> (CallId, Vec<Effect>) {
        self.calls += 1;
        let (id, caller) = (CallId(self.calls), Principal::Process(pid));
        (id, self.handle(Input::Open { id, caller, stream }))
    }
}

fn started() -> (Bench, Pid) {
    let mut bench = Bench::one_at_once();
    let pid = bench.app(1);
    (bench, pid)
}

fn streamed(bytes: u64) -> Reply {
    let stat = FileStat {
        kind: FileKind::File,
        size: bytes,
        modified: START,
        etag: "1".to_owned(),
    };
    Reply::Streamed { bytes, stat }
}

#[test]
fn a_stream_keeps_no_call_from_its_turn_and_has_no_deadline() {
    let (mut bench, pid) = started();
    let (stream, begun) = bench.stream(pid, reading("home:a"));
    let [op] = performed(&begun)[..] else {
        panic!("{begun:?}");
    };
    let (_, effects) = bench.call(Principal::Process(pid), get(1));
    assert_eq!(performed(&effects).len(), 1);
    bench.done(performed(&effects)[0]);
    assert_eq!(bench.kernel.wake_at(), None);
    bench.now += 100 * CALL_TIME;
    assert!(bench.handle(Input::Tick).is_empty());
    let usage = bench.usage(pid);
    assert_eq!((usage.open_streams, usage.calls_in_flight), (1, 0));
    assert!(usage.memory_bytes >= STREAM_CHUNK as u64);

    let result = Ok(streamed(7));
    let effects = bench.handle(Input::OpDone {
        op,
        result: result.clone(),
    });
    assert_eq!(replies(&effects), BTreeMap::from([(stream, result)]));
    let usage = bench.usage(pid);
    assert_eq!((usage.open_streams, usage.memory_bytes), (0, 0));
    let stats = bench.kernel.stats();
    assert_eq!((stats.open_streams, stats.streamed_bytes), (0, 7));
}

#[test]
fn one_stream_more_than_allowed_is_refused_until_one_ends() {
    let limits = LimitTable::default();
    for (profile, limit) in [
        (Profile::Minimal, limits.minimal.open_streams),
        (Profile::Standard, limits.standard.open_streams),
        (Profile::Privileged, limits.privileged.open_streams),
    ] {
        let mut bench = Bench::new();
        let new = NewProcess::app("app", namespace(1));
        let pid = bench.spawn(NewProcess { profile, ..new }).unwrap();
        bench.grant(pid, reading_at("home:"));
        let mut last = CallId(0);
        for _ in 0..limit {
            // Not more at once than calls may come.
            bench.now += 1_000;
            let (stream, effects) = bench.stream(pid, reading("home:a"));
            assert_eq!(performed(&effects).len(), 1, "{effects:?}");
            last = stream;
        }
        bench.now += 1_000;
        let full = SysError::QuotaExceeded {
            resource: Resource::OpenStreams,
            limit: limit.into(),
            used: limit.into(),
            retry_after: None,
        };
        let (refused, effects) = bench.stream(pid, reading("home:a"));
        assert_eq!(replies(&effects)[&refused], Err(full));
        bench.handle(Input::Cancel { call: last });
        let (_, effects) = bench.stream(pid, reading("home:a"));
        assert_eq!(performed(&effects).len(), 1);
    }
}

fn reading_at(path: &str) -> Capability {
    let place = FilePlace {
        path: file_path(path),
        owner: Some(namespace(1)),
    };
    let rights = FsRights::Read;
    FsRule { place, rights }.into()
}

#[test]
fn a_stream_ends_with_the_grant_the_process_and_its_turn_to_run() {
    let pid = Pid::from_number(2);
    let denial = Syscall::AddGrant {
        to: pid,
        capability: reading_at("home:"),
        rule: Rule::Deny,
    };
    let need = reading_at("home:a");
    for (act, error) in [
        (denial, SysError::PermissionDenied { need }),
        (Syscall::KillProcess { pid }, SysError::Cancelled),
        (
            Syscall::SuspendProcess { pid },
            SysError::Unavailable { retry_after: None },
        ),
    ] {
        let (mut bench, pid) = started();
        let (stream, begun) = bench.stream(pid, reading("home:a"));
        let (_, effects) = bench.call(Principal::System, act);
        assert_eq!(replies(&effects)[&stream], Err(error));
        assert_eq!(cancelled(&effects), performed(&begun));
        let process = bench.kernel.processes.get(pid);
        assert_eq!(process.map_or(0, |process| process.usage.open_streams), 0);
        assert!(bench.kernel.streaming.is_empty());
    }
}

#[test]
fn a_file_that_is_written_carries_its_record_and_one_that_is_read_does_not() {
    let (mut bench, pid) = started();
    for (stream, change) in [
        (reading("home:a"), None),
        (writing("home:a", WriteMode::Replace), Some(FileChange::Write)),
        (writing("home:a", WriteMode::CreateNew), Some(FileChange::Create)),
        (writing("home:a", WriteMode::Append), Some(FileChange::Append)),
    ] {
        let (_, effects) = bench.stream(pid, stream);
        let [Effect::Perform(op)] = &effects[..] else {
            panic!("{effects:?}");
        };
        let recorded = op.record().map(|record| match &record.action {
            Action::File { change, .. } => *change,
            other => panic!("{other:?}"),
        });
        assert_eq!(recorded, change);
    }
}

#[test]
fn what_is_nobodys_own_is_asked_about() {
    let (mut bench, pid) = started();
    bench.handle(Input::Attended(true));
    let (stream, effects) = bench.stream(pid, writing("shared:a", WriteMode::Replace));
    assert_eq!(performed(&effects), []);
    let Ok(Reply::Approvals(asked)) = bench.system(Syscall::ListApprovals) else {
        panic!("{stream:?}");
    };
    let (id, answer) = (asked[0].id, ApprovalAnswer::Once);
    let (_, effects) = bench.call(Principal::System, Syscall::AnswerApproval { id, answer });
    assert_eq!(performed(&effects).len(), 1);
    assert_eq!(bench.kernel.wake_at(), None, "it still has no deadline");
}
