//! The kernel in this process: whoever calls lets the policy decide, a task writes the audit, and a host performs what was
//! authorised.
//!
//! Start at [`LocalKernel`]; [`Host`] is the host of this machine. [`GrpcKernel`] is the kernel of another program.

mod answers;
mod app_data;
mod audit;
mod driver;
mod files;
mod grpc;
mod host;
mod model;
mod network;
mod programs;
mod sockets;

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use agentos_core::kernel::{
    Batch, Call, CallId, FileStat, FileStream, IoKind, KernelConfig, Principal, ReadStream, Reply, SysError,
    WriteStream,
};
use agentos_core::ports::ambient::Ambient;
use agentos_core::ports::host::HostPort;
use agentos_core::ports::kernel::{EventItem, KernelPort, Reader, make_batch};
use agentos_core::ports::stream::{ByteStream, Pipe, pipe, read_through};
use async_trait::async_trait;
use futures::future::{BoxFuture, FutureExt};
use futures::stream::{self, BoxStream, StreamExt};
use tokio::sync::oneshot;
use tokio::time::Instant;
use tracing::{Instrument, field};

pub use answers::{KeptAnswers, keep_answers};
pub use app_data::SqliteAppData;
pub use audit::{AUDIT_ROWS, AuditError, AuditPage, SqliteAudit};
pub use files::Files;
pub use grpc::GrpcKernel;
pub use host::{Host, memory_budget};
pub use network::Resolver;
pub use programs::{Program, Programs, ProgramsError, landlock_version, launched, seccomp_filters};

use answers::Given;
use driver::{Driver, Subscription};

/// [`KernelPort`] over a [`Kernel`](agentos_core::kernel::Kernel) in this process.
///
/// Its tasks end once it is dropped and what was asked is done; [`stop`](Self::stop) waits for that.
#[derive(Debug)]
pub struct LocalKernel {
    driver: Arc<Driver>,
    last_call: AtomicU64,
}

impl LocalKernel {
    /// Starts the kernel on the current tokio runtime.
    pub fn start(config: KernelConfig, ambient: Arc<dyn Ambient>, host: Arc<dyn HostPort>) -> Self {
        Self {
            driver: Driver::start(config, ambient, host),
            last_call: AtomicU64::new(0),
        }
    }

    /// Takes no more calls, lets those in flight end, ends open streams, and returns once the audit is written.
    pub async fn stop(&self) {
        self.driver.close();
        self.driver.wait().await;
    }

    async fn make(&self, call: Call) -> Result<Reply, SysError> {
        let id = self.next_call();
        let answered = self.driver.call(id, call).ok_or_else(stopped)?;
        let Given { result, charge } = WaitingCall::new(id, answered, Arc::clone(&self.driver)).await?;
        if let Some(charge) = charge {
            charge.keep();
        }
        result
    }

    /// Opens a stream, and answers it once it ended.
    fn open(
        &self,
        caller: Principal,
        stream: FileStream,
        pipe: Pipe,
    ) -> BoxFuture<'static, Result<Reply, SysError>> {
        let id = self.next_call();
        let driver = Arc::clone(&self.driver);
        async move {
            let answered = driver.open((id, caller), stream, pipe).ok_or_else(stopped)?;
            WaitingCall::new(id, answered, driver).await?.result
        }
        .boxed()
    }

    fn next_call(&self) -> CallId {
        CallId(self.last_call.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

impl Drop for LocalKernel {
    fn drop(&mut self) {
        self.driver.close();
    }
}

#[async_trait]
impl KernelPort for LocalKernel {
    /// Leaves a span `syscall` with the fields `name`, `pid`, `outcome` (`ok` or the error's code) and `micros`. A call
    /// that was given up has no outcome.
    async fn call(&self, call: Call) -> Result<Reply, SysError> {
        let span = tracing::debug_span!(
            "syscall",
            name = call.syscall.name(),
            pid = %call.caller.pid(),
            outcome = field::Empty,
            micros = field::Empty,
        );
        let began = Instant::now();
        let answer = self.make(call).instrument(span.clone()).await;
        span.record("outcome", answer.as_ref().map_or_else(SysError::code, |_| "ok"));
        span.record("micros", began.elapsed().as_micros() as u64);
        span.in_scope(|| tracing::debug!("answered"));
        answer
    }

    async fn batch(&self, batch: Batch) -> Vec<Result<Reply, SysError>> {
        let (answers, kept) = make_batch(batch, |call| keep_answers(self.call(call)).boxed()).await;
        for kept in kept {
            kept.leave();
        }
        answers
    }

    async fn read_stream(&self, caller: Principal, read: ReadStream) -> Result<ByteStream, SysError> {
        let (pipe, chunks) = pipe();
        read_through(chunks, self.open(caller, FileStream::Read(read), pipe)).await
    }

    async fn write_stream(
        &self,
        caller: Principal,
        write: WriteStream,
        bytes: ByteStream,
    ) -> Result<FileStat, SysError> {
        match self
            .open(caller, FileStream::Write(write), Pipe::In(bytes))
            .await?
        {
            Reply::Streamed { stat, .. } => Ok(stat),
            _ => Err(SysError::Io {
                kind: IoKind::Protocol,
            }),
        }
    }

    async fn events(
        &self,
        since: Option<u64>,
        reader: Reader,
    ) -> Result<BoxStream<'static, EventItem>, SysError> {
        let subscription = self.driver.subscribe(since, reader).ok_or_else(stopped)?;
        Ok(stream::unfold(subscription, next_event).boxed())
    }
}

fn stopped() -> SysError {
    SysError::Unavailable { retry_after: None }
}

/// Cancels the call when its caller no longer waits.
struct WaitingCall {
    call: CallId,
    answered: oneshot::Receiver<Given>,
    driver: Arc<Driver>,
}

impl WaitingCall {
    fn new(call: CallId, answered: oneshot::Receiver<Given>, driver: Arc<Driver>) -> Self {
        Self {
            call,
            answered,
            driver,
        }
    }
}

impl Future for WaitingCall {
    type Output = Result<Given, SysError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let answered = Pin::new(&mut self.answered).poll(context);
        answered.map(|answer| answer.map_err(|_| stopped()))
    }
}

impl Drop for WaitingCall {
    fn drop(&mut self) {
        if !self.answered.is_terminated() {
            self.driver.abandon(self.call);
        }
    }
}

async fn next_event(mut subscription: Subscription) -> Option<(EventItem, Subscription)> {
    let item = subscription.next().await?;
    Some((item, subscription))
}
