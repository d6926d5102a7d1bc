//! Every number of the limits is reached as it is: the stated error comes beyond it, what was there before is there
//! after, and what is given back can be taken again.

use super::*;

const OWN: u128 = 1;
const PROFILES: [Profile; 3] = [Profile::Minimal, Profile::Standard, Profile::Privileged];

/// A kernel with one process of `profile` that may use its home, and what the design lets it have.
fn started(profile: Profile) -> (Bench, Principal, Limits) {
    let mut bench = Bench::new();
    let new = NewProcess::app("app", namespace(OWN));
    let pid = bench.spawn(NewProcess { profile, ..new }).unwrap();
    let home = FilePlace::of(file_path("home:"), Some(namespace(OWN))).unwrap();
    let rights = FsRights::ReadWrite;
    bench.grant(pid, FsRule { place: home, rights }.into());
    (bench, Principal::Process(pid), LimitTable::default().of(profile))
}

/// As [`started`], and it may ask `site.test`.
fn connected(profile: Profile) -> (Bench, Principal, Limits) {
    let (mut bench, caller, limits) = started(profile);
    let site = Site::parse("site.test").unwrap();
    bench.grant(caller.pid(), Capability::from(site.rule()));
    (bench, caller, limits)
}

fn quota(resource: Resource, limit: u64, used: u64) -> Result<Reply, SysError> {
    Err(SysError::QuotaExceeded {
        resource,
        limit,
        used,
        retry_after: None,
    })
}

fn too_large(limit: u64) -> Result<Reply, SysError> {
    Err(SysError::TooLarge { limit })
}

/// Holds [`FILE_BYTES`] until it is done.
fn read() -> Syscall {
    Syscall::File(FileCall::Read {
        path: file_path("home:a"),
        offset: 0,
        length: None,
    })
}

/// Holds no memory.
fn stat() -> Syscall {
    Syscall::File(FileCall::Stat {
        path: file_path("home:a"),
    })
}

fn post(bytes: u64, response_bytes: Option<u64>) -> Syscall {
    Syscall::NetworkRequest(HttpRequest {
        method: Method::Post,
        body: vec![0; bytes as usize],
        response_bytes,
        ..request("http://site.test/")
    })
}

fn send(bytes: u64) -> Syscall {
    Syscall::IpcDispatch {
        dispatch: Dispatch::Send {
            to: Peer::App(namespace(OWN)),
        },
        body: vec![0; bytes as usize],
    }
}

impl Bench {
    /// What is used of the hour, with what is set aside.
    fn network_used(&mut self, caller: Principal) -> u64 {
        let process = self.kernel.processes.get(caller.pid()).unwrap();
        match process.network_is_full(self.now) {
            SysError::QuotaExceeded { used, .. } => used,
            other => panic!("{other:?}"),
        }
    }

    /// Makes a call that goes as far as the host.
    #[track_caller]
    fn op_of(&mut self, caller: Principal, syscall: Syscall) -> AuthorizedOp {
        let (_, effects) = self.call(caller, syscall);
        let mut ops = effects.into_iter().filter_map(|effect| match effect {
            Effect::Perform(op) => Some(op),
            _ => None,
        });
        ops.next().expect("it is performed")
    }

    /// Ends what `op` began; its call is answered.
    #[track_caller]
    fn end(&mut self, op: OpId) {
        assert_eq!(replies(&self.done(op)).len(), 1);
    }

    /// Reads all messages, as many as there are.
    fn read_all(&mut self, caller: Principal) -> u64 {
        let mut read = 0;
        loop {
            let receive = Syscall::IpcReceive {
                wanted: Wanted::Any,
                max: RECEIVE_LIMIT,
                wait: 0,
            };
            match self.answer(caller, receive) {
                Ok(Reply::Messages(messages)) if messages.is_empty() => return read,
                Ok(Reply::Messages(messages)) => read += messages.len() as u64,
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn memory_is_held_to_the_last_byte_and_given_back() {
    for profile in PROFILES {
        let (mut bench, caller, limits) = started(profile);
        let ops: Vec<OpId> = (0..limits.memory_bytes / FILE_BYTES)
            .map(|_| bench.op_of(caller, read()).id())
            .collect();
        assert_eq!(bench.usage(caller.pid()).memory_bytes, limits.memory_bytes);
        let full = quota(Resource::Memory, limits.memory_bytes, limits.memory_bytes);
        assert_eq!(bench.answer(caller, put(OWN, 1)), full, "{profile:?}");
        assert_eq!(bench.usage(caller.pid()).calls_in_flight as usize, ops.len());
        bench.end(ops[0]);
        let again = bench.op_of(caller, read()).id();
        ops[1..].iter().chain([&again]).for_each(|op| bench.end(*op));
        let usage = bench.usage(caller.pid());
        assert_eq!((usage.memory_bytes, usage.calls_in_flight), (0, 0));
    }
}

#[test]
fn so_many_calls_are_in_flight_and_all_are_answered() {
    for profile in PROFILES {
        let (mut bench, caller, limits) = started(profile);
        let limit = limits.calls_in_flight;
        let mut ops = Vec::new();
        for _ in 0..limit {
            ops.extend(performed(&bench.call(caller, stat()).1));
        }
        let full = quota(Resource::CallsInFlight, limit.into(), limit.into());
        assert_eq!(bench.answer(caller, stat()), full, "{profile:?}");
        let mut answered = 0;
        while let Some(op) = ops.pop() {
            let effects = bench.done(op);
            answered += replies(&effects).len();
            ops.extend(performed(&effects));
        }
        assert_eq!(answered, limit as usize);
        bench.op_of(caller, stat());
    }
}

#[test]
fn one_process_leaves_half_of_the_host_to_the_others() {
    let (mut bench, greedy, limits) = started(Profile::Privileged);
    let at_once = KernelConfig::new(BootId::new(START, 1)).local_at_once;
    let begun: Vec<OpId> = (0..limits.calls_in_flight)
        .flat_map(|_| performed(&bench.call(greedy, stat()).1))
        .collect();
    assert_eq!(begun.len(), at_once / 2);
    let other = Principal::Process(bench.app(OWN + 1));
    let op = bench.op_of(other, get(OWN + 1)).id();
    bench.end(op);
    let effects = bench.done(begun[0]);
    assert_eq!(performed(&effects).len(), 1, "who waits has its turn");
    bench.system(Syscall::KillProcess { pid: greedy.pid() }).unwrap();
    bench.op_of(other, get(OWN + 1));
}

#[test]
fn those_who_wait_for_other_sides_hold_up_nothing_of_this_machine() {
    let mut bench = Bench::with(KernelConfig {
        local_at_once: 2,
        remote_at_once: 2,
        ..KernelConfig::new(BootId::new(START, 1))
    });
    let mut remote = Vec::new();
    for number in 1..=3 {
        let pid = bench.app(OWN + number);
        bench.grant(pid, Capability::Llm);
        let ask = Syscall::LlmGenerate(ModelRequest {
            prompt: "Translate.".to_owned(),
            text: "Hello".to_owned(),
            max_tokens: None,
        });
        let (_, effects) = bench.call(Principal::Process(pid), ask);
        remote.extend(performed(&effects));
    }
    assert_eq!(remote.len(), 2, "the third waits");
    let app = Principal::Process(bench.app(OWN));
    let op = bench.op_of(app, get(OWN)).id();
    bench.end(op);
    let effects = bench.done(remote[0]);
    assert_eq!(performed(&effects).len(), 1, "its turn has come");
}

#[test]
fn a_burst_of_calls_is_served_and_then_so_many_a_second() {
    for profile in PROFILES {
        let (mut bench, caller, limits) = started(profile);
        let served = |bench: &mut Bench, tries: u32| {
            let answers = (0..tries).map(|_| bench.answer(caller, Syscall::GetCurrentTime));
            answers.flatten().count() as u32
        };
        assert_eq!(
            served(&mut bench, limits.call_burst),
            limits.call_burst,
            "{profile:?}"
        );
        let rate = u64::from(limits.calls_per_second);
        let refused = SysError::QuotaExceeded {
            resource: Resource::CallsPerSecond,
            limit: rate,
            used: rate,
            retry_after: Some(1_000 / rate),
        };
        assert_eq!(bench.answer(caller, Syscall::GetCurrentTime), Err(refused));
        bench.now += 1_000;
        assert_eq!(served(&mut bench, 2 * limits.call_burst), limits.calls_per_second);
    }
}

#[test]
fn so_many_children_there_are_and_an_end_makes_room() {
    for profile in PROFILES {
        let (mut bench, caller, limits) = started(profile);
        let child = || NewProcess {
            parent: caller.pid(),
            profile: Profile::Minimal,
            ..NewProcess::app("child", namespace(OWN))
        };
        let limit = limits.child_processes;
        let children: Vec<Pid> = (0..limit).map(|_| bench.spawn(child()).unwrap()).collect();
        let full = quota(Resource::ChildProcesses, limit.into(), limit.into());
        let spawn = || Syscall::SpawnProcess(child());
        assert_eq!(bench.system(spawn()), full, "{profile:?}");
        if let Some(pid) = children.first() {
            bench.system(Syscall::KillProcess { pid: *pid }).unwrap();
            bench.spawn(child()).unwrap();
            assert_eq!(bench.system(spawn()), full, "{profile:?}");
        }
    }
}

/// Of the minimal profile the depth is never reached: it has no children.
#[test]
fn the_tree_of_a_profile_is_so_deep() {
    for profile in [Profile::Standard, Profile::Privileged] {
        let (mut bench, caller, limits) = started(profile);
        let below = |parent| NewProcess {
            parent,
            profile,
            ..NewProcess::app("child", namespace(OWN))
        };
        let mut deepest = caller.pid();
        for _ in 1..limits.tree_depth {
            deepest = bench.spawn(below(deepest)).unwrap();
        }
        let (limit, spawn) = (limits.tree_depth.into(), Syscall::SpawnProcess(below(deepest)));
        assert_eq!(
            bench.system(spawn),
            quota(Resource::TreeDepth, limit, limit),
            "{profile:?}"
        );
        match bench.system(Syscall::KillProcess { pid: caller.pid() }) {
            Ok(Reply::Killed(ended)) => assert_eq!(ended.len() as u64, limit),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn bodies_of_requests_and_answers_are_so_long() {
    for profile in PROFILES {
        let (mut bench, caller, limits) = connected(profile);
        let (request, response) = (limits.request_bytes, limits.response_bytes);
        assert_eq!(
            bench.answer(caller, post(request + 1, None)),
            too_large(request),
            "{profile:?}"
        );
        if profile == Profile::Minimal {
            assert_eq!(
                bench.answer(caller, post(0, None)),
                quota(Resource::NetworkInFlight, 0, 0)
            );
            continue;
        }
        let op = bench.op_of(caller, post(request, Some(u64::MAX)));
        let Op::NetworkRequest(outbound) = op.op() else {
            panic!("{op:?}");
        };
        assert_eq!(
            (outbound.body.len() as u64, outbound.response_bytes),
            (request, response)
        );
        let result = too_large(response);
        let effects = bench.handle(Input::OpDone {
            op: op.id(),
            result: result.clone(),
        });
        assert_eq!(replies(&effects).into_values().collect::<Vec<_>>(), [result]);
        assert_eq!(bench.usage(caller.pid()).memory_bytes, 0);
    }
}

#[test]
fn so_many_requests_are_on_their_way() {
    for profile in [Profile::Standard, Profile::Privileged] {
        let (mut bench, caller, limits) = connected(profile);
        let limit = limits.network_in_flight;
        let ops: Vec<OpId> = (0..limit)
            .map(|_| bench.op_of(caller, post(0, Some(1))).id())
            .collect();
        let full = quota(Resource::NetworkInFlight, limit.into(), limit.into());
        assert_eq!(bench.answer(caller, post(0, Some(1))), full, "{profile:?}");
        for op in ops {
            bench.end(op);
        }
        bench.op_of(caller, post(0, Some(1)));
    }
}

#[test]
fn so_many_bytes_pass_the_network_in_an_hour() {
    for profile in [Profile::Standard, Profile::Privileged] {
        let (mut bench, caller, limits) = connected(profile);
        let hour = limits.network_bytes_per_hour;
        let mut passed = 0;
        while passed < hour {
            let op = bench.op_of(caller, post(0, None));
            let Op::NetworkRequest(outbound) = op.op() else {
                panic!("{op:?}");
            };
            assert_eq!(outbound.response_bytes, limits.response_bytes.min(hour - passed));
            passed += outbound.response_bytes;
            let answer = HttpResponse {
                status: 200,
                headers: Vec::new(),
                body: vec![0; outbound.response_bytes as usize],
            };
            let result = Ok(Reply::Response(answer));
            bench.handle(Input::OpDone { op: op.id(), result });
        }
        bench.now += 600_000;
        let full = SysError::QuotaExceeded {
            resource: Resource::NetworkBytes,
            limit: hour,
            used: hour,
            retry_after: Some(3_000_000),
        };
        assert_eq!(bench.answer(caller, post(0, Some(1))), Err(full), "{profile:?}");
        bench.now += 3_000_000;
        bench.op_of(caller, post(0, Some(1)));
    }
}

#[test]
fn what_a_redirect_brings_counts_in_the_hour_too() {
    let (mut bench, caller, limits) = connected(Profile::Standard);
    let most = limits.response_bytes;
    let answer =
        |status, headers: &[(&str, &str)]| Ok(Reply::Response(response(status, headers, most as usize)));
    let again = [("location", "https://site.test/again")];
    let mut op = bench.op_of(caller, post(0, None)).id();
    for redirects in 1..=u64::from(REDIRECTS) {
        let result = answer(307, &again);
        let effects = bench.handle(Input::OpDone { op, result });
        op = performed(&effects)[0];
        assert_eq!(
            bench.network_used(caller),
            (redirects + 1) * most,
            "with what is set aside"
        );
    }
    let result = answer(200, &[]);
    bench.handle(Input::OpDone { op, result });
    let all = (u64::from(REDIRECTS) + 1) * most;
    assert_eq!(bench.usage(caller.pid()).network_bytes, all);
    assert_eq!(bench.network_used(caller), all, "nothing stays set aside");

    // Ten of the hour's hundred are left for what a redirect brought and for where it leads.
    while bench.network_used(caller) + 2 * most <= limits.network_bytes_per_hour {
        let op = bench.op_of(caller, post(0, None)).id();
        let result = answer(200, &[]);
        bench.handle(Input::OpDone { op, result });
    }
    let (call, effects) = bench.call(caller, post(0, None));
    let result = answer(307, &again);
    let effects = bench.handle(Input::OpDone {
        op: performed(&effects)[0],
        result,
    });
    let hour = limits.network_bytes_per_hour;
    assert!(
        matches!(
            replies(&effects)[&call],
            Err(SysError::QuotaExceeded {
                resource: Resource::NetworkBytes,
                ..
            })
        ),
        "{effects:?}"
    );
    assert_eq!(bench.network_used(caller), hour);
}

#[test]
fn a_message_is_so_long_and_so_many_wait_to_be_read() {
    for profile in PROFILES {
        let (mut bench, caller, limits) = started(profile);
        let (message, bytes) = (limits.message_bytes, limits.mailbox_bytes);
        assert_eq!(bench.system(send(message + 1)), too_large(message), "{profile:?}");
        let fit = (bytes / message).min(limits.mailbox_messages);
        for _ in 0..fit {
            assert_eq!(bench.system(send(message)), Ok(Reply::Done));
        }
        let full = if fit == limits.mailbox_messages {
            quota(Resource::Mailbox, fit, fit)
        } else {
            quota(Resource::MailboxBytes, bytes, bytes)
        };
        assert_eq!(bench.system(send(1)), full, "{profile:?}");
        assert_eq!(bench.read_all(caller), fit, "none is lost");

        for _ in 0..limits.mailbox_messages {
            assert_eq!(bench.system(send(1)), Ok(Reply::Done));
        }
        let limit = limits.mailbox_messages;
        assert_eq!(
            bench.system(send(1)),
            quota(Resource::Mailbox, limit, limit),
            "{profile:?}"
        );
        assert_eq!(bench.read_all(caller), limit, "none is lost");
        assert_eq!(bench.usage(caller.pid()).memory_bytes, 0);
    }
}

/// How many keys there are and what files take is counted by the host, which gets the number with each change.
#[test]
fn a_value_is_so_long_and_a_host_is_told_how_much_may_be_kept() {
    for profile in PROFILES {
        let (mut bench, caller, limits) = started(profile);
        let value = limits.store_value_bytes;
        assert_eq!(
            bench.answer(caller, put(OWN, value as usize + 1)),
            too_large(value),
            "{profile:?}"
        );
        assert_eq!(bench.usage(caller.pid()).memory_bytes, 0);
        let op = bench.op_of(caller, put(OWN, value as usize));
        assert!(matches!(op.op(), Op::StorePut { max_keys, .. } if *max_keys == limits.store_keys));
        let full = Err(SysError::store_full(limits.store_keys, limits.store_keys));
        let effects = bench.handle(Input::OpDone {
            op: op.id(),
            result: full.clone(),
        });
        assert_eq!(replies(&effects).into_values().collect::<Vec<_>>(), [full]);

        let written = FILE_BYTES as usize;
        let longer = Syscall::File(write(file_path("home:a"), written + 1));
        assert_eq!(bench.answer(caller, longer), too_large(FILE_BYTES), "{profile:?}");
        let op = bench.op_of(caller, Syscall::File(write(file_path("home:a"), written)));
        let Op::File(file) = op.op() else {
            panic!("{op:?}");
        };
        assert!(
            matches!(**file, FileOp::Write { max_disk_bytes, .. } if max_disk_bytes == limits.disk_bytes)
        );
        let full = Err(SysError::disk_quota(limits.disk_bytes, limits.disk_bytes));
        let effects = bench.handle(Input::OpDone {
            op: op.id(),
            result: full.clone(),
        });
        assert_eq!(replies(&effects).into_values().collect::<Vec<_>>(), [full]);
        assert_eq!(bench.usage(caller.pid()).memory_bytes, 0);
    }
}
