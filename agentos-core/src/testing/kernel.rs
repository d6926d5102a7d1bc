//! A kernel without tasks: the true policy, over a host without a machine.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures::channel::mpsc::{UnboundedSender, unbounded};
use futures::channel::oneshot;
use futures::future::{BoxFuture, Either, FutureExt, select};
use futures::stream::{self, BoxStream, StreamExt};

use super::host::FakeHost;
use super::kernel_contract::program;
use crate::ids::BootId;
use crate::kernel::{
    AuditRecord, AuthorizedOp, Call, CallId, Effect, FileStat, FileStream, Input, Kernel, KernelConfig,
    KernelEvent, LimitTable, Principal, ReadStream, Reply, SysError, WriteStream,
};
use crate::ports::host::HostPort;
use crate::ports::kernel::{EventItem, KernelPort, Reader};
use crate::ports::stream::{ByteStream, Pipe, pipe, read_through};
use crate::time::Millis;

/// Each caller performs what its own call leads to. The clock stands still, so nothing is ever late, and a
/// call that waits for another process waits until that process acts. No person is ever there, so what is
/// not granted is `approval_required` at once.
pub struct FakeKernel {
    host: Arc<FakeHost>,
    state: Arc<Mutex<State>>,
}

struct State {
    kernel: Kernel,
    calls: u64,
    answers: BTreeMap<CallId, oneshot::Sender<Result<Reply, SysError>>>,
    listeners: Vec<UnboundedSender<KernelEvent>>,
}

/// What is left to do outside after an input.
struct Outside {
    ops: VecDeque<AuthorizedOp>,
    records: Vec<AuditRecord>,
}

impl FakeKernel {
    /// The time it always is.
    pub const NOW: Millis = 1_700_000_000_000;

    pub fn new(host: Arc<FakeHost>) -> Self {
        Self::within(LimitTable::default(), host)
    }

    pub fn within(limits: LimitTable, host: Arc<FakeHost>) -> Self {
        // Nothing is queued, so what an input leads to is always of the call it belongs to.
        let config = KernelConfig {
            limits,
            local_at_once: usize::MAX,
            remote_at_once: usize::MAX,
            programs_at_once: usize::MAX,
            programs: BTreeSet::from([program()]),
            ..KernelConfig::new(BootId::new(Self::NOW, 1))
        };
        let state = State {
            kernel: Kernel::new(config, Self::NOW),
            calls: 0,
            answers: BTreeMap::new(),
            listeners: Vec::new(),
        };
        Self {
            host,
            state: Arc::new(Mutex::new(state)),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Opens a stream, and answers it once it ended.
    fn open(
        &self,
        caller: Principal,
        stream: FileStream,
        pipe: Pipe,
    ) -> BoxFuture<'static, Result<Reply, SysError>> {
        let (host, state) = (Arc::clone(&self.host), Arc::clone(&self.state));
        let (answer, mut answered) = oneshot::channel();
        let (call, mut outside) = lock(&state).open(caller, stream, answer);
        let waiting = WaitingCall {
            state: Arc::clone(&state),
            call,
        };
        async move {
            let _waiting = waiting;
            let _ = host.record(&outside.records).await;
            if let Some(op) = outside.ops.pop_front() {
                let id = op.id();
                let performed = host.stream(op, pipe);
                // The kernel may end it before the host does.
                let result = match select(&mut answered, performed).await {
                    Either::Left((ended, _)) => return ended.unwrap_or(Err(SysError::Cancelled)),
                    Either::Right((result, _)) => result,
                };
                outside = lock(&state).handle(Input::OpDone { op: id, result });
                let _ = host.record(&outside.records).await;
            }
            answered.await.unwrap_or(Err(SysError::Cancelled))
        }
        .boxed()
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Default for FakeKernel {
    fn default() -> Self {
        Self::new(Arc::default())
    }
}

#[async_trait]
impl KernelPort for FakeKernel {
    async fn call(&self, call: Call) -> Result<Reply, SysError> {
        let (answer, answered) = oneshot::channel();
        let (call, mut outside) = self.state().begin(call, answer);
        let _waiting = WaitingCall {
            state: Arc::clone(&self.state),
            call,
        };
        loop {
            // As in every kernel, a decision stands even when it cannot be recorded.
            let _ = self.host.record(&outside.records).await;
            let Some(op) = outside.ops.pop_front() else {
                return answered.await.unwrap_or(Err(SysError::Cancelled));
            };
            let id = op.id();
            let result = self.host.perform(op).await;
            let next = self.state().handle(Input::OpDone { op: id, result });
            outside.records = next.records;
            outside.ops.extend(next.ops);
        }
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
            _ => Err(SysError::wrong_reply()),
        }
    }

    async fn events(
        &self,
        since: Option<u64>,
        _reader: Reader,
    ) -> Result<BoxStream<'static, EventItem>, SysError> {
        let (listener, live) = unbounded();
        let mut state = self.state();
        state.listeners.push(listener);
        let (kept, missed) = since.map_or((Vec::new(), 0), |seq| state.kernel.events_since(seq, usize::MAX));
        let missed = (missed > 0).then_some(EventItem::Missed { count: missed });
        let kept = kept.into_iter().map(EventItem::Event);
        Ok(stream::iter(missed.into_iter().chain(kept))
            .chain(live.map(EventItem::Event))
            .boxed())
    }
}

impl State {
    fn begin(&mut self, call: Call, answer: oneshot::Sender<Result<Reply, SysError>>) -> (CallId, Outside) {
        self.calls += 1;
        let id = CallId(self.calls);
        self.answers.insert(id, answer);
        let input = Input::Call { id, call };
        (id, self.handle(input))
    }

    fn open(
        &mut self,
        caller: Principal,
        stream: FileStream,
        answer: oneshot::Sender<Result<Reply, SysError>>,
    ) -> (CallId, Outside) {
        self.calls += 1;
        let id = CallId(self.calls);
        self.answers.insert(id, answer);
        (id, self.handle(Input::Open { id, caller, stream }))
    }

    fn handle(&mut self, input: Input) -> Outside {
        let mut outside = Outside {
            ops: VecDeque::new(),
            records: Vec::new(),
        };
        for effect in self.kernel.handle(input, FakeKernel::NOW) {
            match effect {
                Effect::Perform(op) => outside.ops.push_back(op),
                Effect::Audit(record) => outside.records.push(record),
                Effect::Reply { call, result } => {
                    // Who asked may have left.
                    let _ = self.answers.remove(&call).map(|answer| answer.send(result));
                }
                Effect::Emit(event) => {
                    self.listeners
                        .retain(|listener| listener.unbounded_send(event.clone()).is_ok());
                }
                // Who performs it is answered already and drops the result.
                Effect::CancelOp(_) => {}
            }
        }
        outside
    }
}

/// Cancels the call when its caller no longer waits; one that has its answer holds it no more.
struct WaitingCall {
    state: Arc<Mutex<State>>,
    call: CallId,
}

impl Drop for WaitingCall {
    fn drop(&mut self) {
        let mut state = lock(&self.state);
        state.handle(Input::Cancel { call: self.call });
        state.handle(Input::Taken { call: self.call });
        state.answers.remove(&self.call);
    }
}
