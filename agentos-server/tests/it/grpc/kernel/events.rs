//! What is told of what happens.

use super::*;

async fn event(events: &mut Streaming<StreamEventsResponse>) -> agentos_proto::kernel::KernelEvent {
    match events.message().await.unwrap().unwrap().item {
        Some(Item::Event(event)) => event,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn events_are_told_and_resumed() {
    let server = Server::start().await;
    let operator = Client::operator(&server).await;
    let mut live = operator.events(None, Reader::Unspecified).await;
    let (one, _) = operator.process("one", SandboxLevel::Standard).await;
    let spawned = event(&mut live).await;
    assert_eq!(spawned.pid, one.pid);
    assert!(
        matches!(&spawned.kind, Some(Kind::ProcessSpawned(new)) if new.name == "one" && new.parent == 1),
        "{spawned:?}"
    );
    drop(live);
    operator.process("two", SandboxLevel::Standard).await;
    let mut resumed = operator.events(Some(spawned.seq), Reader::Program).await;
    let missed = event(&mut resumed).await;
    assert_eq!((missed.seq, &missed.boot), (spawned.seq + 1, &spawned.boot));
    operator.process("three", SandboxLevel::Standard).await;
    assert_eq!(event(&mut resumed).await.seq, spawned.seq + 2);
}

#[tokio::test]
async fn who_is_too_slow_is_told_how_much_it_missed() {
    let server = Server::start().await;
    let operator = Client::operator(&server).await;
    let narrow = Endpoint::from_shared(server.kernel_url.clone()).unwrap();
    let narrow = narrow.initial_stream_window_size(65_535).connect().await.unwrap();
    let reader = Client {
        service: KernelServiceClient::new(narrow),
        url: server.kernel_url.clone(),
        tokens: Vec::new(),
    };
    let mut events = reader.events(None, Reader::Program).await;
    let (one, _) = operator.process("one", SandboxLevel::Standard).await;
    let signal = |suspend: bool| {
        if suspend {
            SyscallKind::SuspendProcess(syscall::SuspendProcess { pid: one.pid })
        } else {
            SyscallKind::ResumeProcess(syscall::ResumeProcess { pid: one.pid })
        }
    };
    // More than the connection and the kernel hold for a reader that takes nothing.
    let calls: Vec<Call> = (0..64).map(|index| call(signal(index % 2 == 0))).collect();
    let mut told = 0_u64;
    for _ in 0..200 {
        let request = ExecuteBatchRequest {
            calls: calls.clone(),
            order: Order::Ordered.into(),
            acting_pid: None,
        };
        operator.service.clone().execute_batch(request).await.unwrap();
    }
    let newest = {
        let list = SyscallKind::ListEvents(syscall::ListEvents {
            since: None,
            limit: 1,
        });
        let Ok(ReplyKind::Events(page)) = operator.call(list).await else {
            panic!("there are no events");
        };
        page.newest
    };
    let mut lagged = 0;
    while told + lagged < newest {
        match events.message().await.unwrap().unwrap().item.unwrap() {
            Item::Event(event) => {
                told += 1;
                assert_eq!(event.seq, told + lagged);
            }
            Item::Lagged(Lagged { missed }) => lagged += missed,
            Item::Error(error) => panic!("{error:?}"),
        }
    }
    assert!(lagged > 0, "all {told} events were held");
}

#[tokio::test]
async fn a_person_who_reads_is_asked_and_answers() {
    let server = Server::start().await;
    let operator = Client::operator(&server).await;
    let (_, process) = operator.process("one", SandboxLevel::Standard).await;
    let (other, _) = operator.process("two", SandboxLevel::Standard).await;
    let program = operator.events(None, Reader::Program).await;
    let unasked = process.refused(send_to(&other.namespace)).await;
    assert_eq!(unasked.code, "approval_required", "a program is nobody to ask");
    drop(program);

    let (another, _) = operator.process("three", SandboxLevel::Standard).await;
    let mut person = operator.events(None, Reader::Person).await;
    let answering = async {
        let id = loop {
            if let Some(Kind::ApprovalRequested(asked)) = event(&mut person).await.kind {
                break asked.id;
            }
        };
        let answer = SyscallKind::AnswerApproval(syscall::AnswerApproval {
            id,
            answer: ApprovalAnswer::Once.into(),
        });
        let by_the_process = process.refused(answer.clone()).await;
        (by_the_process.code, operator.call(answer).await)
    };
    let (sent, (refused, given)) = tokio::join!(process.call(send_to(&another.namespace)), answering);
    assert_eq!(refused, "permission_denied", "a process answers for no person");
    assert_eq!((sent, given), (Ok(ReplyKind::Done(())), Ok(ReplyKind::Done(()))));
}

#[tokio::test]
async fn stopping_ends_the_events() {
    let server = Server::start().await;
    let operator = Client::operator(&server).await;
    let mut events = operator.events(None, Reader::Person).await;
    let (last, stopped) = tokio::join!(
        events.message(),
        tokio::time::timeout(Duration::from_secs(4), server.stop())
    );
    stopped.expect("the server waits for the reader");
    assert_eq!(last.unwrap(), None);
}
