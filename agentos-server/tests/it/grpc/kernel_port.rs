//! `GrpcKernel`: the kernel port of one program, answered by the kernel of another.

use std::future::Future;

use agentos_adapters::kernel::GrpcKernel;
use agentos_core::ids::Namespace;
use agentos_core::kernel::{
    Batch, Call, FileCall, FileReply, FsPath, NewProcess, Order, Pid, Principal, RECEIVE_LIMIT, Reply,
    SysError, Syscall, Usage, Wanted, WriteMode, WriteStream,
};
use agentos_core::ports::kernel::{KernelPort, Reader};
use futures::stream::{self, StreamExt};

use super::line::Line;
use crate::server::Server;

const UNAVAILABLE: SysError = SysError::Unavailable { retry_after: None };

async fn app(kernel: &dyn KernelPort) -> Pid {
    let app = NewProcess::app("app", Namespace::new(1_700_000_000_000, 1));
    kernel.spawn(app).await.unwrap()
}

/// A call that waits for a message that does not come.
fn waiting(pid: Pid) -> Call {
    let receive = Syscall::IpcReceive {
        wanted: Wanted::Any,
        max: RECEIVE_LIMIT,
        wait: 20_000,
    };
    Call::new(Principal::Process(pid), receive)
}

/// Asks until the process uses what it should.
async fn usage(kernel: &dyn KernelPort, pid: Pid, expected: impl Fn(Usage) -> bool) {
    loop {
        let stats = Syscall::GetProcessStats { pid };
        let Ok(Reply::ProcessStats(stats)) = kernel.syscall(Principal::System, stats).await else {
            panic!("the process has no stats");
        };
        if expected(stats.usage) {
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn who_drops_a_call_cancels_it() {
    let server = Server::start().await;
    let kernel = GrpcKernel::connect(&server.kernel_url).await.unwrap();
    let pid = app(&kernel).await;
    for parallel in [false, true] {
        let call = async {
            if parallel {
                let calls = vec![waiting(pid), waiting(pid)];
                kernel.batch(Batch::new(Order::Parallel, calls).unwrap()).await;
            } else {
                let _ = kernel.call(waiting(pid)).await;
            }
        };
        tokio::select! {
            () = call => panic!("nobody sent anything"),
            () = usage(&kernel, pid, |usage| usage.calls_in_flight == if parallel { 2 } else { 1 }) => {}
        }
        usage(&kernel, pid, |usage| usage.calls_in_flight == 0).await;
    }
}

#[tokio::test]
async fn who_drops_a_write_leaves_the_file_as_it_was() {
    let server = Server::start().await;
    let kernel = GrpcKernel::connect(&server.kernel_url).await.unwrap();
    let pid = app(&kernel).await;
    let path = || FsPath::parse("home:a").unwrap();
    let caller = Principal::Process(pid);
    let write = WriteStream {
        path: path(),
        mode: WriteMode::Replace,
        if_etag: None,
    };
    let some = stream::iter([Ok(vec![7; 65_536])]);
    let writing = kernel.write_stream(caller, write, some.chain(stream::pending()).boxed());
    tokio::select! {
        written = writing => panic!("{written:?}"),
        () = usage(&kernel, pid, |usage| usage.open_streams == 1) => {}
    }
    usage(&kernel, pid, |usage| usage.open_streams == 0).await;
    let exists = Syscall::File(FileCall::Exists { path: path() });
    let exists = (&kernel as &dyn KernelPort).syscall(caller, exists).await;
    assert_eq!(exists, Ok(Reply::File(FileReply::Exists(false))));
}

#[tokio::test]
async fn a_call_takes_no_longer_than_it_may() {
    let server = Server::start().await;
    let kernel = GrpcKernel::connect(&server.kernel_url).await.unwrap();
    let pid = app(&kernel).await;
    let wait = Syscall::WaitProcess { pid, wait: 20_000 };
    let late = kernel.call(Call::new(Principal::System, wait).within(30)).await;
    assert_eq!(late, Err(SysError::DeadlineExceeded));
}

#[tokio::test]
async fn a_server_that_goes_away_is_unavailable() {
    let server = Server::start().await;
    let line = Line::to(&server.kernel_url).await;
    let kernel = GrpcKernel::connect(&line.url).await.unwrap();
    let pid = app(&kernel).await;
    let mut events = kernel.events(None, Reader::Program).await.unwrap();
    let cutting = async {
        usage(&kernel, pid, |usage| usage.calls_in_flight == 1).await;
        line.cut();
    };
    let (waited, ()) = tokio::join!(kernel.call(waiting(pid)), cutting);
    assert_eq!(waited, Err(UNAVAILABLE));
    assert_eq!(events.next().await, None);

    let nobody = kernel.call(waiting(pid)).await;
    assert_eq!(nobody, Err(UNAVAILABLE));
    let batch = Batch::new(Order::Ordered, vec![waiting(pid), waiting(pid)]).unwrap();
    assert_eq!(kernel.batch(batch).await, [Err(UNAVAILABLE), Err(UNAVAILABLE)]);
    assert_eq!(
        kernel.events(None, Reader::Program).await.err(),
        Some(UNAVAILABLE)
    );
    assert_eq!(GrpcKernel::connect(&line.url).await.err(), Some(UNAVAILABLE));
}

#[tokio::test]
async fn what_is_no_address_is_refused() {
    for url in [
        "",
        "not a url",
        "127.0.0.1:1",
        "ftp://127.0.0.1:1",
        "https://127.0.0.1:1",
    ] {
        let refused = SysError::InvalidArgument {
            field: "url".to_owned(),
        };
        assert_eq!(GrpcKernel::connect(url).await.err(), Some(refused), "{url:?}");
    }
}

#[tokio::test]
async fn a_service_of_another_kind_breaks_the_protocol() {
    let server = Server::start().await;
    let kernel = GrpcKernel::connect(&server.ai_url).await.unwrap();
    let answer = kernel
        .call(Call::new(Principal::System, Syscall::GetUptime))
        .await;
    assert!(matches!(answer, Err(SysError::Io { .. })), "{answer:?}");
}

/// The port's promises.
mod contract {
    use super::*;

    fn run<T>(future: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Runtime::new();
        runtime.expect("a runtime").block_on(future)
    }

    async fn served() -> (GrpcKernel, Server) {
        let server = Server::start().await;
        let kernel = GrpcKernel::connect(&server.kernel_url).await.unwrap();
        (kernel, server)
    }

    agentos_core::kernel_contract!(run, served());
}
