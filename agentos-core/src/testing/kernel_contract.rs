//! What every [`KernelPort`] promises, as one function a promise.
//!
//! [`kernel_contract!`](crate::kernel_contract) makes a test of each for one implementation.

#![expect(clippy::unwrap_used, reason = "a promise that is not kept ends its test")]

use std::pin::pin;

use futures::future::{Either, select};
use futures::stream::{self, StreamExt};

use crate::ids::Namespace;
use crate::kernel::{
    Batch, Call, CallName, Capability, Dispatch, EndReason, EventKind, FILE_BYTES, FileCall, FilePlace,
    FileStat, FsPath, FsRights, FsRule, IdempotencyKey, IpcRights, IpcRule, KernelEvent, LimitTable, Message,
    MessageKind, NewProcess, Order, Partner, Peer, Pid, Principal, ProcessState, Profile, ProgramEnd,
    ProgramName, ProgramRequest, RECEIVE_LIMIT, ReadStream, Reply, Resource, Rule, STREAM_CHUNK, SocketCall,
    SocketMessage, StoreKey, StoredValue, SysError, Syscall, Topic, Wanted, WriteMode, WriteStream,
};
use crate::ports::kernel::{EventItem, KernelPort, Reader};
use crate::ports::stream::ByteStream;
use crate::time::Millis;

/// One `#[test]` a promise; `$run` drives a future to its end, `$kernel` is a future of a kernel that
/// has just started, with the default limits and [`program`] alone registered, over a host without app data, and of
/// what must live as long. A host that has no such program answers `unavailable`.
#[macro_export]
macro_rules! kernel_contract {
    ($run:path, $kernel:expr) => {
        $crate::kernel_contract!(@tests $run, $kernel,
            a_spawned_process_is_listed_until_it_is_killed
            a_process_keeps_values_in_its_own_namespace
            a_denial_does_not_tell_what_exists
            naming_the_system_as_a_process_gives_nothing
            minimal_processes_know_the_time_and_no_more
            killing_takes_the_descendants
            a_killed_process_is_answered_cancelled
            the_system_cannot_be_killed
            a_suspended_process_waits_to_be_resumed
            a_revoked_grant_stops_the_next_call
            deny_wins_over_allow
            a_value_over_the_limit_is_refused_and_nothing_is_lost
            too_many_children_are_refused
            events_tell_what_happened_in_order
            events_resume_where_a_reader_left
            a_reader_of_an_earlier_start_is_told_all
            many_events_come_in_order_and_what_happens_meanwhile_after_them
            who_waits_for_a_process_is_told_why_it_ended
            messages_are_read_once_and_in_order
            a_reader_waits_for_a_message
            a_full_mailbox_is_the_senders_error_and_nothing_is_lost
            a_reply_goes_once_to_the_one_who_asked
            who_asked_a_process_that_ends_is_told
            what_is_published_reaches_everyone_who_listens
            nobody_sends_to_a_stranger_without_leave
            a_batch_is_answered_call_by_call_in_its_order
            a_batch_at_once_answers_every_call
            the_answers_of_a_batch_are_bounded_and_small_ones_always_come
            a_call_in_flight_is_cancelled_by_its_name
            a_name_is_one_call_at_a_time
            nobody_cancels_the_call_of_another
            a_call_without_any_time_changes_nothing
            a_change_with_a_key_is_made_once
            a_key_with_another_call_is_refused
            a_refusal_frees_its_key
            the_same_question_asked_meanwhile_gets_the_same_answer
            a_call_with_a_key_goes_on_without_its_caller
            a_program_answers_what_it_wrote_and_leaves_no_process
            a_program_needs_leave_of_its_own
            nobody_runs_what_is_not_registered
            a_connection_is_asked_about_like_a_request
            a_file_of_any_length_flows_in_and_out
            a_stream_is_refused_as_a_call_is
            a_stream_that_breaks_off_leaves_the_file_as_it_was
            a_stream_ends_with_its_process_its_grant_and_a_suspension
            one_stream_more_than_allowed_is_refused_until_one_ends
        );
    };
    (@tests $run:path, $kernel:expr, $($promise:ident)*) => {
        $(#[test]
        fn $promise() {
            $run(async {
                let (kernel, _keep) = $kernel.await;
                $crate::testing::kernel_contract::$promise(&kernel).await;
            });
        })*
    };
}

fn namespace(number: u128) -> Namespace {
    Namespace::new(1_700_000_000_000, number)
}

fn key(text: &str) -> StoreKey {
    StoreKey::parse(text).expect("a key of these tests")
}

async fn app(kernel: &dyn KernelPort, number: u128) -> Pid {
    kernel
        .spawn(NewProcess::app(format!("app {number}"), namespace(number)))
        .await
        .expect("an app can start")
}

async fn put(kernel: &dyn KernelPort, pid: Pid, number: u128, value: &[u8]) -> Result<Reply, SysError> {
    let (namespace, key, value) = (namespace(number), key("draft"), value.to_vec());
    let put = Syscall::StorePut {
        namespace,
        key,
        value,
        if_version: None,
    };
    kernel.syscall(Principal::Process(pid), put).await
}

async fn get(kernel: &dyn KernelPort, pid: Pid, number: u128) -> Result<Vec<u8>, SysError> {
    let get = Syscall::StoreGet {
        namespace: namespace(number),
        key: key("draft"),
    };
    match kernel.syscall(Principal::Process(pid), get).await? {
        Reply::Value(StoredValue { bytes, .. }) => Ok(bytes),
        other => panic!("{other:?}"),
    }
}

async fn time(kernel: &dyn KernelPort, pid: Pid) -> Result<Reply, SysError> {
    kernel
        .syscall(Principal::Process(pid), Syscall::GetCurrentTime)
        .await
}

fn denied(number: u128) -> SysError {
    SysError::PermissionDenied {
        need: Capability::Store {
            namespace: namespace(number),
        },
    }
}

async fn pids(kernel: &dyn KernelPort) -> Vec<Pid> {
    kernel
        .processes()
        .await
        .expect("the system sees processes")
        .into_iter()
        .map(|process| process.pid)
        .collect()
}

pub async fn a_spawned_process_is_listed_until_it_is_killed(kernel: &dyn KernelPort) {
    assert_eq!(pids(kernel).await, [Pid::SYSTEM]);
    let pid = app(kernel, 1).await;
    let processes = kernel.processes().await.unwrap();
    let process = processes.iter().find(|process| process.pid == pid).unwrap();
    assert_eq!(
        (process.name.as_str(), process.parent),
        ("app 1", Some(Pid::SYSTEM))
    );
    assert_eq!(
        (process.profile, process.state),
        (Profile::Standard, ProcessState::Running)
    );
    assert_eq!(kernel.kill(pid).await, Ok(vec![pid]));
    assert_eq!(pids(kernel).await, [Pid::SYSTEM]);
    assert_eq!(kernel.kill(pid).await, Err(SysError::NotFound));
    assert!(app(kernel, 1).await > pid, "a pid was used twice");
}

pub async fn a_process_keeps_values_in_its_own_namespace(kernel: &dyn KernelPort) {
    let (one, two) = (app(kernel, 1).await, app(kernel, 2).await);
    put(kernel, one, 1, b"one").await.unwrap();
    put(kernel, two, 2, b"two").await.unwrap();
    assert_eq!(get(kernel, one, 1).await.unwrap(), b"one");
    assert_eq!(get(kernel, two, 2).await.unwrap(), b"two");
    assert_eq!(put(kernel, one, 2, b"three").await, Err(denied(2)));
    assert_eq!(get(kernel, two, 2).await.unwrap(), b"two");
    kernel.kill(one).await.unwrap();
    let again = app(kernel, 1).await;
    assert_eq!(
        get(kernel, again, 1).await.unwrap(),
        b"one",
        "data outlives its process"
    );
}

pub async fn a_denial_does_not_tell_what_exists(kernel: &dyn KernelPort) {
    let (one, two) = (app(kernel, 1).await, app(kernel, 2).await);
    put(kernel, two, 2, b"two").await.unwrap();
    assert_eq!(get(kernel, one, 2).await, Err(denied(2)));
    assert_eq!(get(kernel, one, 3).await, Err(denied(3)));
    let stranger = Pid::from_number(two.number() + 100);
    let kill = |pid| kernel.syscall(Principal::Process(one), Syscall::KillProcess { pid });
    assert_eq!(kill(two).await, kill(stranger).await);
}

pub async fn naming_the_system_as_a_process_gives_nothing(kernel: &dyn KernelPort) {
    assert_eq!(get(kernel, Pid::SYSTEM, 1).await, Err(denied(1)));
    let list = kernel
        .syscall(Principal::Process(Pid::SYSTEM), Syscall::ListProcesses)
        .await;
    assert_eq!(
        list,
        Err(SysError::PermissionDenied {
            need: Capability::Signal
        })
    );
}

pub async fn minimal_processes_know_the_time_and_no_more(kernel: &dyn KernelPort) {
    let new = NewProcess {
        profile: Profile::Minimal,
        ..NewProcess::app("small", namespace(1))
    };
    let small = kernel.spawn(new).await.unwrap();
    let standard = app(kernel, 2).await;
    assert!(matches!(time(kernel, small).await, Ok(Reply::Time(1..))));
    let info = |pid| kernel.syscall(Principal::Process(pid), Syscall::GetSystemInfo);
    assert_eq!(
        info(small).await,
        Err(SysError::PermissionDenied {
            need: Capability::SystemInfo
        })
    );
    assert!(matches!(info(standard).await, Ok(Reply::SystemInfo(_))));
}

pub async fn killing_takes_the_descendants(kernel: &dyn KernelPort) {
    let parent = app(kernel, 1).await;
    let child = NewProcess {
        parent,
        ..NewProcess::app("child", namespace(2))
    };
    let child = kernel.spawn(child).await.unwrap();
    let bystander = app(kernel, 3).await;
    assert_eq!(kernel.kill(parent).await, Ok(vec![parent, child]));
    assert_eq!(pids(kernel).await, [Pid::SYSTEM, bystander]);
}

pub async fn a_killed_process_is_answered_cancelled(kernel: &dyn KernelPort) {
    let pid = app(kernel, 1).await;
    kernel.kill(pid).await.unwrap();
    assert_eq!(put(kernel, pid, 1, b"late").await, Err(SysError::Cancelled));
    assert_eq!(time(kernel, pid).await, Err(SysError::Cancelled));
    let again = app(kernel, 1).await;
    assert_eq!(get(kernel, again, 1).await, Err(SysError::NotFound));
}

pub async fn the_system_cannot_be_killed(kernel: &dyn KernelPort) {
    assert!(matches!(
        kernel.kill(Pid::SYSTEM).await,
        Err(SysError::InvalidArgument { .. })
    ));
    assert_eq!(pids(kernel).await, [Pid::SYSTEM]);
}

pub async fn a_suspended_process_waits_to_be_resumed(kernel: &dyn KernelPort) {
    let pid = app(kernel, 1).await;
    let signal = |syscall| kernel.syscall(Principal::System, syscall);
    assert_eq!(signal(Syscall::SuspendProcess { pid }).await, Ok(Reply::Done));
    assert_eq!(
        time(kernel, pid).await,
        Err(SysError::Unavailable { retry_after: None })
    );
    assert_eq!(signal(Syscall::ResumeProcess { pid }).await, Ok(Reply::Done));
    assert!(time(kernel, pid).await.is_ok());
}

pub async fn a_revoked_grant_stops_the_next_call(kernel: &dyn KernelPort) {
    let pid = app(kernel, 1).await;
    let need = Capability::Store {
        namespace: namespace(2),
    };
    let grant = kernel.grant(pid, need, Rule::Allow).await.unwrap();
    put(kernel, pid, 2, b"lent").await.unwrap();
    assert_eq!(kernel.revoke(grant).await, Ok(()));
    assert_eq!(get(kernel, pid, 2).await, Err(denied(2)));
    assert_eq!(kernel.revoke(grant).await, Err(SysError::NotFound));
}

pub async fn deny_wins_over_allow(kernel: &dyn KernelPort) {
    let pid = app(kernel, 1).await;
    let denial = kernel.grant(pid, Capability::Time, Rule::Deny).await.unwrap();
    kernel.grant(pid, Capability::Time, Rule::Allow).await.unwrap();
    assert_eq!(
        time(kernel, pid).await,
        Err(SysError::PermissionDenied {
            need: Capability::Time
        })
    );
    kernel.revoke(denial).await.unwrap();
    assert!(time(kernel, pid).await.is_ok());
}

pub async fn a_value_over_the_limit_is_refused_and_nothing_is_lost(kernel: &dyn KernelPort) {
    let pid = app(kernel, 1).await;
    let limit = LimitTable::default().standard.store_value_bytes;
    let whole = vec![7; limit as usize];
    put(kernel, pid, 1, &whole).await.unwrap();
    let more = vec![8; limit as usize + 1];
    assert_eq!(
        put(kernel, pid, 1, &more).await,
        Err(SysError::TooLarge { limit })
    );
    assert_eq!(get(kernel, pid, 1).await.unwrap(), whole);
}

pub async fn too_many_children_are_refused(kernel: &dyn KernelPort) {
    let parent = app(kernel, 1).await;
    let child = || {
        kernel.spawn(NewProcess {
            parent,
            ..NewProcess::app("child", namespace(2))
        })
    };
    let limit = LimitTable::default().standard.child_processes;
    let mut children = Vec::new();
    for _ in 0..limit {
        children.push(child().await.unwrap());
    }
    let refused = child().await;
    assert!(
        matches!(refused, Err(SysError::QuotaExceeded { used: 8, .. })),
        "{refused:?}"
    );
    kernel.kill(children[0]).await.unwrap();
    assert!(child().await.is_ok());
}

pub async fn events_tell_what_happened_in_order(kernel: &dyn KernelPort) {
    let mut events = kernel.events(None, Reader::Program).await.unwrap();
    let pid = app(kernel, 1).await;
    kernel.kill(pid).await.unwrap();
    let spawned = EventKind::ProcessSpawned {
        name: "app 1".to_owned(),
        parent: Pid::SYSTEM,
    };
    let ended = EventKind::ProcessEnded {
        reason: EndReason::Killed,
    };
    for (seq, expected) in [(1, spawned), (2, ended)] {
        match events.next().await {
            Some(EventItem::Event(event)) => {
                assert_eq!((event.seq, event.pid, event.kind), (seq, pid, expected));
            }
            other => panic!("{other:?}"),
        }
    }
}

pub async fn events_resume_where_a_reader_left(kernel: &dyn KernelPort) {
    for number in 1..=3 {
        app(kernel, number).await;
    }
    let events = kernel.events(Some(1), Reader::Program).await.unwrap();
    app(kernel, 4).await;
    let read: Vec<u64> = events.take(3).map(|item| seq(&item)).collect().await;
    assert_eq!(read, [2, 3, 4]);
}

pub async fn a_reader_of_an_earlier_start_is_told_all(kernel: &dyn KernelPort) {
    app(kernel, 1).await;
    let of_an_earlier_start = Some(2);
    let page = kernel.past_events(of_an_earlier_start, 9).await.unwrap();
    let told: Vec<u64> = page.events.iter().map(|event| event.seq).collect();
    assert_eq!((told, page.missed), (vec![1], 0));
    let events = kernel.events(of_an_earlier_start, Reader::Program).await.unwrap();
    // Before the first is read there are more than the reader has seen of the earlier start.
    for number in 2..=4 {
        app(kernel, number).await;
    }
    let read: Vec<u64> = events.take(4).map(|item| seq(&item)).collect().await;
    assert_eq!(read, [1, 2, 3, 4]);
}

pub async fn many_events_come_in_order_and_what_happens_meanwhile_after_them(kernel: &dyn KernelPort) {
    let pid = app(kernel, 1).await;
    let suspend_and_resume = async || {
        for _ in 0..400 {
            kernel.suspend(pid).await.unwrap();
            kernel.resume(pid).await.unwrap();
        }
    };
    suspend_and_resume().await;
    let mut events = kernel.events(Some(0), Reader::Program).await.unwrap();
    for expected in 1..=801 + 800 {
        if expected == 300 {
            suspend_and_resume().await;
        }
        assert_eq!(seq(&events.next().await.unwrap()), expected);
    }
}

fn seq(item: &EventItem) -> u64 {
    match item {
        EventItem::Event(KernelEvent { seq, .. }) => *seq,
        EventItem::Missed { count } => panic!("{count} events were missed"),
    }
}

fn to(peer: u128) -> Capability {
    let with = Partner::Peer(namespace(peer));
    let rights = IpcRights::Send;
    IpcRule { with, rights }.into()
}

/// An app that may send to another, and that one.
async fn pair(kernel: &dyn KernelPort) -> (Pid, Pid) {
    let (one, two) = (app(kernel, 1).await, app(kernel, 2).await);
    kernel.grant(one, to(2), Rule::Allow).await.unwrap();
    (one, two)
}

async fn dispatch(
    kernel: &dyn KernelPort,
    from: Pid,
    dispatch: Dispatch,
    body: &[u8],
) -> Result<Reply, SysError> {
    let body = body.to_vec();
    let syscall = Syscall::IpcDispatch { dispatch, body };
    kernel.syscall(Principal::Process(from), syscall).await
}

async fn send(kernel: &dyn KernelPort, from: Pid, peer: u128, body: &[u8]) -> Result<Reply, SysError> {
    let to = Peer::App(namespace(peer));
    dispatch(kernel, from, Dispatch::Send { to }, body).await
}

async fn ask(kernel: &dyn KernelPort, from: Pid, peer: u128, body: &[u8]) -> Result<Reply, SysError> {
    let to = Peer::App(namespace(peer));
    dispatch(kernel, from, Dispatch::Call { to, wait: 20_000 }, body).await
}

async fn receive(kernel: &dyn KernelPort, pid: Pid, wait: Millis) -> Vec<Message> {
    let receive = Syscall::IpcReceive {
        wanted: Wanted::Any,
        max: RECEIVE_LIMIT,
        wait,
    };
    match kernel.syscall(Principal::Process(pid), receive).await {
        Ok(Reply::Messages(messages)) => messages,
        other => panic!("{other:?}"),
    }
}

pub async fn who_waits_for_a_process_is_told_why_it_ended(kernel: &dyn KernelPort) {
    let pid = app(kernel, 1).await;
    let wait = |wait| kernel.syscall(Principal::System, Syscall::WaitProcess { pid, wait });
    assert_eq!(wait(0).await, Err(SysError::DeadlineExceeded));
    let (told, killed) = futures::join!(wait(20_000), kernel.kill(pid));
    killed.unwrap();
    let ended = Ok(Reply::Ended(EndReason::Killed));
    assert_eq!(told, ended);
    assert_eq!(wait(0).await, ended, "who asks late is told, too");
}

pub async fn messages_are_read_once_and_in_order(kernel: &dyn KernelPort) {
    let (one, two) = pair(kernel).await;
    for body in [b"a", b"b", b"c"] {
        assert_eq!(send(kernel, one, 2, body).await, Ok(Reply::Done));
    }
    let read = receive(kernel, two, 0).await;
    let bodies: Vec<_> = read.iter().map(|message| message.body.as_slice()).collect();
    assert_eq!(bodies, [b"a", b"b", b"c"]);
    assert!(
        read.iter()
            .all(|message| message.from == one && message.namespace == Some(namespace(1)))
    );
    assert_eq!(receive(kernel, two, 0).await, []);
}

pub async fn a_reader_waits_for_a_message(kernel: &dyn KernelPort) {
    let (one, two) = pair(kernel).await;
    let (read, sent) = futures::join!(receive(kernel, two, 20_000), send(kernel, one, 2, b"a"));
    assert_eq!((read[0].body.as_slice(), sent), (&b"a"[..], Ok(Reply::Done)));
}

pub async fn a_full_mailbox_is_the_senders_error_and_nothing_is_lost(kernel: &dyn KernelPort) {
    let (one, two) = pair(kernel).await;
    let limits = LimitTable::default().standard;
    let body = vec![7; limits.message_bytes as usize];
    let fits = limits.mailbox_bytes / limits.message_bytes;
    for _ in 0..fits {
        assert_eq!(send(kernel, one, 2, &body).await, Ok(Reply::Done));
    }
    let (limit, used) = (limits.mailbox_bytes, fits * limits.message_bytes);
    let full = SysError::QuotaExceeded {
        resource: Resource::MailboxBytes,
        limit,
        used,
        retry_after: None,
    };
    assert_eq!(send(kernel, one, 2, b"a").await, Err(full));
    assert_eq!(receive(kernel, two, 0).await.len() as u64, fits);
    assert_eq!(send(kernel, one, 2, b"a").await, Ok(Reply::Done));
}

pub async fn a_reply_goes_once_to_the_one_who_asked(kernel: &dyn KernelPort) {
    let (one, two) = pair(kernel).await;
    let replying = async {
        let read = receive(kernel, two, 20_000).await;
        let MessageKind::Request(to) = read[0].kind else {
            panic!("{read:?}");
        };
        let reply = || Syscall::IpcReply {
            to,
            body: b"!".to_vec(),
        };
        let by_another = kernel.syscall(Principal::Process(one), reply()).await;
        assert_eq!(by_another, Err(SysError::NotFound));
        let first = kernel.syscall(Principal::Process(two), reply()).await;
        (first, kernel.syscall(Principal::Process(two), reply()).await)
    };
    let (answer, replied) = futures::join!(ask(kernel, one, 2, b"?"), replying);
    assert_eq!(answer, Ok(Reply::Answered(b"!".to_vec())));
    assert_eq!(replied, (Ok(Reply::Done), Err(SysError::NotFound)));
}

pub async fn who_asked_a_process_that_ends_is_told(kernel: &dyn KernelPort) {
    let (one, two) = pair(kernel).await;
    let ending = async {
        receive(kernel, two, 20_000).await;
        kernel.kill(two).await
    };
    let (answer, ended) = futures::join!(ask(kernel, one, 2, b"?"), ending);
    assert_eq!((answer, ended), (Err(SysError::NotFound), Ok(vec![two])));
}

pub async fn what_is_published_reaches_everyone_who_listens(kernel: &dyn KernelPort) {
    let topic = || Topic::parse("news").expect("a topic of these tests");
    let mut apps = Vec::new();
    for number in 1..=3 {
        let pid = app(kernel, number).await;
        let with = Partner::Topic(topic());
        let rights = IpcRights::Both;
        let capability = IpcRule { with, rights }.into();
        kernel.grant(pid, capability, Rule::Allow).await.unwrap();
        let subscribe = Syscall::IpcSubscribe { topic: topic() };
        let subscribed = kernel.syscall(Principal::Process(pid), subscribe).await;
        assert_eq!(subscribed, Ok(Reply::Done));
        apps.push(pid);
    }
    let published = dispatch(kernel, apps[0], Dispatch::Publish { topic: topic() }, b"a").await;
    assert_eq!(published, Ok(Reply::Delivered(2)));
    let kind = MessageKind::Published {
        topic: topic(),
        lagged: 0,
    };
    for listener in &apps[1..] {
        assert_eq!(receive(kernel, *listener, 0).await[0].kind, kind);
    }
    assert_eq!(receive(kernel, apps[0], 0).await, []);
}

pub async fn nobody_sends_to_a_stranger_without_leave(kernel: &dyn KernelPort) {
    let (_, two) = pair(kernel).await;
    for peer in [1, 99] {
        let refused = send(kernel, two, peer, b"a").await;
        assert!(
            matches!(refused, Err(SysError::ApprovalRequired { .. })),
            "{refused:?}"
        );
    }
}

/// A question of `one` to `two` that is in flight, named `name`, beside what happens meanwhile.
async fn while_asking<T>(
    kernel: &dyn KernelPort,
    (one, two): (Pid, Pid),
    name: CallName,
    meanwhile: impl Future<Output = T>,
) -> (Result<Reply, SysError>, T) {
    let asking = kernel.call(question(one).named(name));
    let then = async {
        assert_eq!(receive(kernel, two, 20_000).await.len(), 1);
        meanwhile.await
    };
    futures::join!(asking, then)
}

async fn cancel(kernel: &dyn KernelPort, pid: Pid, name: CallName) -> Result<Reply, SysError> {
    let cancel = Syscall::CancelCall { name };
    kernel.syscall(Principal::Process(pid), cancel).await
}

pub async fn a_batch_is_answered_call_by_call_in_its_order(kernel: &dyn KernelPort) {
    let pid = app(kernel, 1).await;
    let (namespace, key) = (namespace(1), key("draft"));
    let call = |syscall| Call::new(Principal::Process(pid), syscall);
    let get = || {
        let key = key.clone();
        call(Syscall::StoreGet { namespace, key })
    };
    let put = call(Syscall::StorePut {
        namespace,
        key: key.clone(),
        value: b"one".to_vec(),
        if_version: None,
    });
    let batch = Batch::new(Order::Ordered, vec![get(), put, get()]).unwrap();
    let answers = kernel.batch(batch).await;
    let [
        Err(SysError::NotFound),
        Ok(Reply::Stored(version)),
        Ok(Reply::Value(value)),
    ] = &answers[..]
    else {
        panic!("{answers:?}");
    };
    assert_eq!((value.bytes.as_slice(), value.version), (&b"one"[..], *version));
}

pub async fn a_batch_at_once_answers_every_call(kernel: &dyn KernelPort) {
    let pid = app(kernel, 1).await;
    // The first of these is answered by the second.
    let calls = [
        Syscall::WaitProcess { pid, wait: 20_000 },
        Syscall::KillProcess { pid },
        Syscall::KillProcess { pid: Pid::SYSTEM },
    ];
    let calls = calls.map(|syscall| Call::new(Principal::System, syscall));
    let batch = Batch::new(Order::Parallel, calls.into()).unwrap();
    let answers = [
        Ok(Reply::Ended(EndReason::Killed)),
        Ok(Reply::Killed(vec![pid])),
        Err(SysError::InvalidArgument {
            field: "pid".to_owned(),
        }),
    ];
    assert_eq!(kernel.batch(batch).await, answers);
}

pub async fn the_answers_of_a_batch_are_bounded_and_small_ones_always_come(kernel: &dyn KernelPort) {
    let pid = app(kernel, 1).await;
    let call = |call| Call::new(Principal::Process(pid), Syscall::File(call));
    let path = || FsPath::parse("large").unwrap();
    let write = |bytes| {
        call(FileCall::Write {
            path: path(),
            bytes,
            mode: WriteMode::Replace,
            if_etag: None,
        })
    };
    kernel.call(write(bytes(FILE_BYTES as usize))).await.unwrap();
    let read = call(FileCall::Read {
        path: path(),
        offset: 0,
        length: None,
    });
    let fitting = (Batch::ANSWER_BYTES / FILE_BYTES) as usize;
    let mut calls = vec![read; fitting + 2];
    calls.push(write(Vec::new()));
    let answers = kernel.batch(Batch::new(Order::Ordered, calls).unwrap()).await;
    let too_large = SysError::TooLarge {
        limit: Batch::ANSWER_BYTES,
    };
    let (read, rest) = answers.split_at(fitting);
    assert!(read.iter().all(Result::is_ok));
    assert_eq!(rest[..2], [Err(too_large.clone()), Err(too_large)]);
    assert!(rest[2].is_ok() && rest.len() == 3);
}

pub async fn a_call_in_flight_is_cancelled_by_its_name(kernel: &dyn KernelPort) {
    let apps = pair(kernel).await;
    let name = CallName(7);
    let (asked, cancelled) = while_asking(kernel, apps, name, cancel(kernel, apps.0, name)).await;
    assert_eq!((asked, cancelled), (Err(SysError::Cancelled), Ok(Reply::Done)));
    assert_eq!(cancel(kernel, apps.0, name).await, Err(SysError::NotFound));
}

pub async fn a_name_is_one_call_at_a_time(kernel: &dyn KernelPort) {
    let apps = pair(kernel).await;
    let name = CallName(7);
    let time = || {
        let time = Call::new(Principal::Process(apps.0), Syscall::GetCurrentTime);
        kernel.call(time.named(name))
    };
    let meanwhile = async {
        let refused = time().await;
        (refused, cancel(kernel, apps.0, name).await)
    };
    let (asked, (refused, cancelled)) = while_asking(kernel, apps, name, meanwhile).await;
    assert_eq!((asked, cancelled), (Err(SysError::Cancelled), Ok(Reply::Done)));
    assert_eq!(refused, Err(SysError::AlreadyExists));
    assert!(time().await.is_ok());
}

pub async fn nobody_cancels_the_call_of_another(kernel: &dyn KernelPort) {
    let apps = pair(kernel).await;
    let name = CallName(7);
    let meanwhile = async {
        let by_another = cancel(kernel, apps.1, name).await;
        let system = Syscall::CancelCall { name };
        let by_the_system = kernel.syscall(Principal::System, system).await;
        kernel.kill(apps.1).await.unwrap();
        (by_another, by_the_system)
    };
    let (asked, refused) = while_asking(kernel, apps, name, meanwhile).await;
    assert_eq!(refused, (Err(SysError::NotFound), Err(SysError::NotFound)));
    assert_eq!(asked, Err(SysError::NotFound), "it went on until its end");
}

fn put_by(pid: Pid, number: u128, value: &[u8]) -> Call {
    let put = Syscall::StorePut {
        namespace: namespace(number),
        key: key("draft"),
        value: value.to_vec(),
        if_version: None,
    };
    Call::new(Principal::Process(pid), put)
}

fn once(text: &str) -> IdempotencyKey {
    IdempotencyKey::parse(text).expect("a key of these tests")
}

pub async fn a_call_without_any_time_changes_nothing(kernel: &dyn KernelPort) {
    let pid = app(kernel, 1).await;
    let late = kernel.call(put_by(pid, 1, b"late").within(0)).await;
    assert_eq!(late, Err(SysError::DeadlineExceeded));
    assert_eq!(get(kernel, pid, 1).await, Err(SysError::NotFound));
}

pub async fn a_change_with_a_key_is_made_once(kernel: &dyn KernelPort) {
    let (one, two) = (app(kernel, 1).await, app(kernel, 2).await);
    let first = kernel.call(put_by(one, 1, b"a").once(once("1"))).await;
    assert!(matches!(first, Ok(Reply::Stored(_))), "{first:?}");
    let changed = kernel.call(put_by(one, 1, b"b")).await;
    assert_ne!(changed, first);
    assert_eq!(kernel.call(put_by(one, 1, b"a").once(once("1"))).await, first);
    assert_eq!(get(kernel, one, 1).await.unwrap(), b"b");
    let by_another = kernel.call(put_by(two, 2, b"a").once(once("1"))).await;
    assert!(matches!(by_another, Ok(Reply::Stored(_))), "{by_another:?}");
    assert_eq!(get(kernel, two, 2).await.unwrap(), b"a");
}

pub async fn a_key_with_another_call_is_refused(kernel: &dyn KernelPort) {
    let pid = app(kernel, 1).await;
    kernel.call(put_by(pid, 1, b"a").once(once("1"))).await.unwrap();
    let different = kernel.call(put_by(pid, 1, b"b").once(once("1"))).await;
    let field = "idempotency_key".to_owned();
    assert_eq!(different, Err(SysError::InvalidArgument { field }));
    assert_eq!(get(kernel, pid, 1).await.unwrap(), b"a");
}

pub async fn a_refusal_frees_its_key(kernel: &dyn KernelPort) {
    let pid = app(kernel, 1).await;
    let put = || kernel.call(put_by(pid, 2, b"a").once(once("1")));
    assert_eq!(put().await, Err(denied(2)));
    let need = Capability::Store {
        namespace: namespace(2),
    };
    kernel.grant(pid, need, Rule::Allow).await.unwrap();
    assert!(put().await.is_ok());
}

fn question(from: Pid) -> Call {
    let to = Peer::App(namespace(2));
    let question = Syscall::IpcDispatch {
        dispatch: Dispatch::Call { to, wait: 20_000 },
        body: b"?".to_vec(),
    };
    Call::new(Principal::Process(from), question)
}

/// Replies to the one question that is there or comes.
async fn reply(kernel: &dyn KernelPort, pid: Pid, read: Option<Vec<Message>>) -> Result<Reply, SysError> {
    let read = match read {
        Some(read) => read,
        None => receive(kernel, pid, 20_000).await,
    };
    let [
        Message {
            kind: MessageKind::Request(to),
            ..
        },
    ] = read[..]
    else {
        panic!("{read:?}");
    };
    let body = b"!".to_vec();
    kernel
        .syscall(Principal::Process(pid), Syscall::IpcReply { to, body })
        .await
}

pub async fn the_same_question_asked_meanwhile_gets_the_same_answer(kernel: &dyn KernelPort) {
    let (one, two) = pair(kernel).await;
    let ask = || kernel.call(question(one).once(once("1")));
    let (first, second, replied) = futures::join!(ask(), ask(), reply(kernel, two, None));
    assert_eq!(replied, Ok(Reply::Done));
    let answered = Ok(Reply::Answered(b"!".to_vec()));
    assert_eq!((first, second), (answered.clone(), answered));
    assert_eq!(receive(kernel, two, 0).await, [], "it was asked once");
}

pub async fn a_call_with_a_key_goes_on_without_its_caller(kernel: &dyn KernelPort) {
    let (one, two) = pair(kernel).await;
    let ask = || kernel.call(question(one).once(once("1")));
    let read = match select(ask(), pin!(receive(kernel, two, 20_000))).await {
        Either::Left((answer, _)) => panic!("{answer:?}"),
        Either::Right((read, abandoned)) => {
            drop(abandoned);
            read
        }
    };
    assert_eq!(reply(kernel, two, Some(read)).await, Ok(Reply::Done));
    assert_eq!(ask().await, Ok(Reply::Answered(b"!".to_vec())));
}

/// What is registered in a kernel under test: it writes what it reads.
pub fn program() -> ProgramName {
    ProgramName::parse("cat").unwrap()
}

fn run(program: &str) -> Syscall {
    Syscall::RunProgram(ProgramRequest {
        program: ProgramName::parse(program).unwrap(),
        args: Vec::new(),
        input: b"hello".to_vec(),
    })
}

#[track_caller]
fn assert_ran(answer: Result<Reply, SysError>) {
    match answer {
        Ok(Reply::Program(output)) => {
            let exited = ProgramEnd::Exited { code: 0 };
            assert_eq!((output.end, &output.stdout[..]), (exited, &b"hello"[..]));
        }
        Err(SysError::Unavailable { .. }) => {}
        other => panic!("{other:?}"),
    }
}

pub async fn a_program_answers_what_it_wrote_and_leaves_no_process(kernel: &dyn KernelPort) {
    assert_ran(kernel.syscall(Principal::System, run("cat")).await);
    assert_eq!(pids(kernel).await, [Pid::SYSTEM]);
}

pub async fn a_program_needs_leave_of_its_own(kernel: &dyn KernelPort) {
    let pid = app(kernel, 1).await;
    let caller = Principal::Process(pid);
    let refused = kernel.syscall(caller, run("cat")).await;
    assert!(
        matches!(refused, Err(SysError::ApprovalRequired { .. })),
        "{refused:?}"
    );
    let may = |program| Capability::Program { program };
    let other = ProgramName::parse("other").unwrap();
    kernel.grant(pid, may(other), Rule::Allow).await.unwrap();
    let refused = kernel.syscall(caller, run("cat")).await;
    assert!(
        matches!(refused, Err(SysError::ApprovalRequired { .. })),
        "{refused:?}"
    );
    kernel.grant(pid, may(program()), Rule::Allow).await.unwrap();
    assert_ran(kernel.syscall(caller, run("cat")).await);
    assert_eq!(pids(kernel).await, [Pid::SYSTEM, pid]);
}

pub async fn nobody_runs_what_is_not_registered(kernel: &dyn KernelPort) {
    let pid = app(kernel, 1).await;
    let unknown = kernel.syscall(Principal::System, run("sh")).await;
    assert_eq!(unknown, Err(SysError::NotFound));
    for unasked in ["sh", "sort"] {
        let refused = kernel.syscall(Principal::Process(pid), run(unasked)).await;
        assert!(
            matches!(refused, Err(SysError::ApprovalRequired { .. })),
            "{unasked}: {refused:?}"
        );
    }
}

pub async fn a_connection_is_asked_about_like_a_request(kernel: &dyn KernelPort) {
    let pid = app(kernel, 1).await;
    let url = || "wss://feed.example/".to_owned();
    let over = async |call: SocketCall| {
        let call = Syscall::Socket(call);
        kernel.syscall(Principal::Process(pid), call).await
    };
    let open = |url: String| SocketCall::Open {
        url,
        protocols: Vec::new(),
    };
    let asked = over(open(url())).await;
    assert!(
        matches!(asked, Err(SysError::ApprovalRequired { .. })),
        "{asked:?}"
    );
    let private = over(open("ws://127.0.0.1/".to_owned())).await;
    assert!(
        matches!(private, Err(SysError::PermissionDenied { .. })),
        "{private:?}"
    );
    let field = "url".to_owned();
    let web = over(open("https://feed.example/".to_owned())).await;
    assert_eq!(web, Err(SysError::InvalidArgument { field }));
    let message = SocketMessage::Text("hello".to_owned());
    for call in [
        SocketCall::Send { url: url(), message },
        SocketCall::Receive {
            url: url(),
            max: 1,
            wait: 0,
        },
        SocketCall::Close { url: url() },
    ] {
        assert_eq!(over(call).await, Err(SysError::NotFound));
    }
}

fn path(text: &str) -> FsPath {
    FsPath::parse(text).expect("a path of these tests")
}

fn all_of(at: &str) -> ReadStream {
    ReadStream {
        path: path(at),
        offset: 0,
        length: None,
    }
}

/// Bytes of which no two chunks are alike.
fn bytes(count: usize) -> Vec<u8> {
    (0..count)
        .map(|at| (at % 251 + at / STREAM_CHUNK) as u8)
        .collect()
}

fn flow(bytes: &[u8]) -> ByteStream {
    let chunks: Vec<_> = bytes
        .chunks(STREAM_CHUNK)
        .map(|chunk| Ok(chunk.to_vec()))
        .collect();
    stream::iter(chunks).boxed()
}

async fn write(
    kernel: &dyn KernelPort,
    pid: Pid,
    at: &str,
    mode: WriteMode,
    bytes: ByteStream,
) -> Result<FileStat, SysError> {
    let write = WriteStream {
        path: path(at),
        mode,
        if_etag: None,
    };
    kernel.write_stream(Principal::Process(pid), write, bytes).await
}

/// What comes until the end, and the error with which it ends.
async fn drained(mut stream: ByteStream) -> (Vec<u8>, Option<SysError>) {
    let mut all = Vec::new();
    while let Some(chunk) = stream.next().await {
        match chunk {
            Ok(chunk) => {
                assert!((1..=STREAM_CHUNK).contains(&chunk.len()));
                all.extend(chunk);
            }
            Err(error) => return (all, Some(error)),
        }
    }
    (all, None)
}

pub async fn a_file_of_any_length_flows_in_and_out(kernel: &dyn KernelPort) {
    let pid = app(kernel, 1).await;
    let read = async |read| {
        let stream = kernel.read_stream(Principal::Process(pid), read).await;
        drained(stream.unwrap()).await
    };
    let whole = bytes(FILE_BYTES as usize + 100_000);
    let stat = write(kernel, pid, "home:a", WriteMode::CreateNew, flow(&whole))
        .await
        .unwrap();
    assert_eq!(stat.size, whole.len() as u64);
    assert!(read(all_of("home:a")).await == (whole.clone(), None));
    let stat = write(kernel, pid, "home:a", WriteMode::Append, flow(b"end"))
        .await
        .unwrap();
    assert_eq!(stat.size, whole.len() as u64 + 3);
    let part = ReadStream {
        offset: whole.len() as u64 - 2,
        length: Some(4),
        ..all_of("home:a")
    };
    let expected = [&whole[whole.len() - 2..], b"en"].concat();
    assert_eq!(read(part).await, (expected, None));
    write(kernel, pid, "home:a", WriteMode::Replace, flow(b""))
        .await
        .unwrap();
    assert_eq!(read(all_of("home:a")).await, (Vec::new(), None));
}

pub async fn a_stream_is_refused_as_a_call_is(kernel: &dyn KernelPort) {
    let pid = app(kernel, 1).await;
    let read = async |at| {
        let read = kernel.read_stream(Principal::Process(pid), all_of(at)).await;
        read.err()
    };
    assert_eq!(read("home:a").await, Some(SysError::NotFound));
    assert_eq!(read("home:").await, Some(SysError::IsADirectory));
    let asked = read("shared:a").await;
    assert!(
        matches!(asked, Some(SysError::ApprovalRequired { .. })),
        "{asked:?}"
    );
    write(kernel, pid, "home:a", WriteMode::CreateNew, flow(b"a"))
        .await
        .unwrap();
    let again = write(
        kernel,
        pid,
        "home:a",
        WriteMode::CreateNew,
        stream::pending().boxed(),
    )
    .await;
    assert_eq!(again, Err(SysError::AlreadyExists), "before anything comes");
    let other = WriteStream {
        path: path("home:a"),
        mode: WriteMode::Replace,
        if_etag: Some("another".to_owned()),
    };
    let pending = stream::pending().boxed();
    let other = kernel.write_stream(Principal::Process(pid), other, pending).await;
    assert!(matches!(other, Err(SysError::Conflict { .. })), "{other:?}");
}

pub async fn a_stream_that_breaks_off_leaves_the_file_as_it_was(kernel: &dyn KernelPort) {
    let pid = app(kernel, 1).await;
    write(kernel, pid, "home:a", WriteMode::CreateNew, flow(b"kept"))
        .await
        .unwrap();
    for mode in [WriteMode::Replace, WriteMode::Append] {
        let lost = SysError::Cancelled;
        let broken = flow(&bytes(300_000)).chain(stream::iter([Err(lost.clone())]));
        let broken = write(kernel, pid, "home:a", mode, broken.boxed()).await;
        assert_eq!(broken, Err(lost));
    }
    let long = stream::iter([Ok(vec![0; STREAM_CHUNK + 1])]).boxed();
    let limit = STREAM_CHUNK as u64;
    let too_long = write(kernel, pid, "home:a", WriteMode::Replace, long).await;
    assert_eq!(too_long, Err(SysError::TooLarge { limit }));
    let read = kernel
        .read_stream(Principal::Process(pid), all_of("home:a"))
        .await;
    assert_eq!(drained(read.unwrap()).await, (b"kept".to_vec(), None));
}

/// So long that nothing between a host and a reader holds it.
const LONG: usize = 1_024 * 1_024;

pub async fn a_stream_ends_with_its_process_its_grant_and_a_suspension(kernel: &dyn KernelPort) {
    let whole = bytes(LONG);
    for number in 1..=3 {
        let pid = app(kernel, number).await;
        write(kernel, pid, "home:a", WriteMode::CreateNew, flow(&whole))
            .await
            .unwrap();
        let stream = kernel
            .read_stream(Principal::Process(pid), all_of("home:a"))
            .await;
        let rights = FsRights::Read;
        let owner = Some(namespace(number));
        let need = |at| {
            let place = FilePlace {
                path: path(at),
                owner,
            };
            FsRule { place, rights }.into()
        };
        let expected = match number {
            1 => {
                kernel.kill(pid).await.unwrap();
                SysError::Cancelled
            }
            2 => {
                kernel.suspend(pid).await.unwrap();
                SysError::Unavailable { retry_after: None }
            }
            _ => {
                kernel.grant(pid, need("home:"), Rule::Deny).await.unwrap();
                SysError::PermissionDenied { need: need("home:a") }
            }
        };
        let (read, error) = drained(stream.unwrap()).await;
        assert_eq!(error, Some(expected));
        assert!(read.len() < whole.len(), "all of it was read");
    }
}

pub async fn one_stream_more_than_allowed_is_refused_until_one_ends(kernel: &dyn KernelPort) {
    let pid = app(kernel, 1).await;
    write(kernel, pid, "home:a", WriteMode::CreateNew, flow(&bytes(LONG)))
        .await
        .unwrap();
    let open = || kernel.read_stream(Principal::Process(pid), all_of("home:a"));
    let limit = LimitTable::default().standard.open_streams;
    let mut streams = Vec::new();
    for _ in 0..limit {
        streams.push(open().await.unwrap());
    }
    let full = SysError::QuotaExceeded {
        resource: Resource::OpenStreams,
        limit: limit.into(),
        used: limit.into(),
        retry_after: None,
    };
    assert_eq!(open().await.err(), Some(full));
    let (read, error) = drained(streams.pop().unwrap()).await;
    assert_eq!((read.len(), error), (LONG, None));
    assert!(open().await.is_ok());
}
