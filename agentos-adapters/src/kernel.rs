//! The kernel in this process: one task owns the policy, another writes the audit, and a host
//! performs what was authorised.
//!
//! Start at [`LocalKernel`]; [`Host`] is the host of this machine.

mod app_data;
mod audit;
mod driver;
mod files;
mod host;
mod model;
mod network;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use agentos_core::kernel::{Call, CallId, KernelConfig, Reply, SysError};
use agentos_core::ports::ambient::Ambient;
use agentos_core::ports::host::HostPort;
use agentos_core::ports::kernel::{EventItem, KernelPort, Reader};
use async_trait::async_trait;
use futures::stream::{self, BoxStream, StreamExt};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{mpsc, oneshot};

pub use app_data::SqliteAppData;
pub use audit::{AUDIT_ROWS, AuditError, AuditPage, SqliteAudit};
pub use files::Files;
pub use host::{Host, memory_budget};

use driver::{Driver, Request, Subscription};

/// Requests that may wait for the kernel's task; who comes after waits to be let in.
const REQUESTS_WAITING: usize = 1_024;

/// [`KernelPort`] over a [`Kernel`](agentos_core::kernel::Kernel) in this process. Calls end after 30 seconds.
///
/// Its tasks end once it is dropped and what was asked is done; [`stop`](Self::stop) waits for that.
#[derive(Debug)]
pub struct LocalKernel {
    requests: mpsc::Sender<Request>,
    abandoned: mpsc::UnboundedSender<CallId>,
    last_call: AtomicU64,
}

impl LocalKernel {
    /// Starts the kernel on the current tokio runtime.
    pub fn start(config: KernelConfig, ambient: Arc<dyn Ambient>, host: Arc<dyn HostPort>) -> Self {
        let (requests, requested) = mpsc::channel(REQUESTS_WAITING);
        let (abandoned, given_up) = mpsc::unbounded_channel();
        tokio::spawn(Driver::new(config, ambient, host).run(requested, given_up));
        Self {
            requests,
            abandoned,
            last_call: AtomicU64::new(0),
        }
    }

    /// Takes no more calls, lets those in flight end, and returns once the audit is written.
    pub async fn stop(&self) {
        let (stopped, done) = oneshot::channel();
        if self.requests.send(Request::Stop { stopped }).await.is_ok() {
            // An error says that the task has ended, which is what is waited for.
            let _ = done.await;
        }
    }

    fn next_call(&self) -> CallId {
        CallId(self.last_call.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

#[async_trait]
impl KernelPort for LocalKernel {
    async fn call(&self, call: Call) -> Result<Reply, SysError> {
        let (answer, answered) = oneshot::channel();
        let id = self.next_call();
        let request = Request::Call { id, call, answer };
        self.requests.send(request).await.map_err(|_| stopped())?;
        let mut waiting = WaitingCall {
            call: id,
            answered,
            abandoned: &self.abandoned,
        };
        (&mut waiting.answered).await.unwrap_or_else(|_| Err(stopped()))
    }

    async fn events(
        &self,
        since: Option<u64>,
        reader: Reader,
    ) -> Result<BoxStream<'static, EventItem>, SysError> {
        let (answer, answered) = oneshot::channel();
        self.requests
            .send(Request::Events {
                since,
                reader,
                answer,
            })
            .await
            .map_err(|_| stopped())?;
        let subscription = answered.await.map_err(|_| stopped())?;
        Ok(stream::unfold(subscription, next_event).boxed())
    }
}

fn stopped() -> SysError {
    SysError::Unavailable { retry_after: None }
}

/// Cancels the call when its caller no longer waits.
struct WaitingCall<'a> {
    call: CallId,
    answered: oneshot::Receiver<Result<Reply, SysError>>,
    abandoned: &'a mpsc::UnboundedSender<CallId>,
}

impl Drop for WaitingCall<'_> {
    fn drop(&mut self) {
        // Closed first: a kernel that learns of the end before the call itself then skips the call.
        self.answered.close();
        // After an answer, or without a kernel, there is nothing to cancel.
        let _ = self.abandoned.send(self.call);
    }
}

async fn next_event(mut subscription: Subscription) -> Option<(EventItem, Subscription)> {
    if let Some(item) = subscription.kept.pop_front() {
        return Some((item, subscription));
    }
    match subscription.live.recv().await {
        Ok(event) => Some((EventItem::Event(event), subscription)),
        Err(RecvError::Lagged(count)) => Some((EventItem::Missed { count }, subscription)),
        Err(RecvError::Closed) => None,
    }
}
