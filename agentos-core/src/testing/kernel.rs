//! A kernel without tasks: the true policy, over a host without a machine.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures::channel::mpsc::{UnboundedSender, unbounded};
use futures::channel::oneshot;
use futures::stream::{self, BoxStream, StreamExt};

use super::host::FakeHost;
use crate::ids::BootId;
use crate::kernel::{
    AuditRecord, AuthorizedOp, Call, CallId, Effect, Input, Kernel, KernelConfig, KernelEvent, LimitTable,
    Reply, SysError,
};
use crate::ports::host::HostPort;
use crate::ports::kernel::{EventItem, KernelPort, Reader};
use crate::time::Millis;

/// Each caller performs what its own call leads to. The clock stands still, so nothing is ever late, and a
/// call that waits for another process waits until that process acts. No person is ever there, so what is
/// not granted is `approval_required` at once.
pub struct FakeKernel {
    host: Arc<FakeHost>,
    state: Mutex<State>,
}

struct State {
    kernel: Kernel,
    calls: u64,
    answers: BTreeMap<CallId, oneshot::Sender<Result<Reply, SysError>>>,
    listeners: Vec<UnboundedSender<KernelEvent>>,
}

/// What is left to do outside after an input.
struct Outside {
    op: Option<AuthorizedOp>,
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
            operations_at_once: usize::MAX,
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
            state: Mutex::new(state),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
        let _waiting = WaitingCall { kernel: self, call };
        loop {
            // As in every kernel, a decision stands even when it cannot be recorded.
            let _ = self.host.record(&outside.records).await;
            let Some(op) = outside.op else {
                return answered.await.unwrap_or(Err(SysError::Cancelled));
            };
            let id = op.id();
            let result = self.host.perform(op).await;
            outside = self.state().handle(Input::OpDone { op: id, result });
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
        let (kept, missed) = since.map_or((Vec::new(), 0), |seq| state.kernel.events_since(seq));
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
        let input = Input::Syscall {
            caller: call.caller,
            call: id,
            deadline: Millis::MAX,
            syscall: call.syscall,
        };
        (id, self.handle(input))
    }

    fn handle(&mut self, input: Input) -> Outside {
        let mut outside = Outside {
            op: None,
            records: Vec::new(),
        };
        for effect in self.kernel.handle(input, FakeKernel::NOW) {
            match effect {
                Effect::Perform(op) => outside.op = Some(op),
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

/// Cancels the call when its caller no longer waits.
struct WaitingCall<'a> {
    kernel: &'a FakeKernel,
    call: CallId,
}

impl Drop for WaitingCall<'_> {
    fn drop(&mut self) {
        let mut state = self.kernel.state();
        state.handle(Input::Cancel { call: self.call });
        state.answers.remove(&self.call);
    }
}
