//! A kernel behind another AgentOS: the port over the wire.

use std::time::Duration;

use agentos_core::kernel::{Batch, Call, IoKind, Principal, Reply, SysError};
use agentos_core::ports::kernel::{EventItem, KernelPort, Reader};
use agentos_proto::kernel::kernel_service_client::KernelServiceClient;
use agentos_proto::kernel::{
    self as wire, ExecuteBatchRequest, ExecuteSyscallRequest, StreamEventsRequest, StreamEventsResponse,
};
use async_trait::async_trait;
use futures::stream::{self, BoxStream, StreamExt};
use tonic::transport::Channel;
use tonic::{Code, Status, Streaming};

use crate::grpc::endpoint;

/// The longest answer, in bytes: a response over the network, and what is around it.
const ANSWER_BYTES: usize = 64 * 1_024 * 1_024;
/// How often the server is asked whether it is there while it is waited for, and how long it may take to say so.
const SIGN_OF_LIFE: Duration = Duration::from_secs(10);

/// Asks the kernel of a running AgentOS as its operator, for the system or in the name of any process. Connections that
/// broke are made again with the next call; what was called over them is [`SysError::Unavailable`], whatever became of it.
#[derive(Debug, Clone)]
pub struct GrpcKernel {
    client: KernelServiceClient<Channel>,
}

impl GrpcKernel {
    /// Connects to the kernel at `url`, such as `http://127.0.0.1:50051`.
    ///
    /// # Errors
    /// [`SysError::InvalidArgument`]: the text is no such address. [`SysError::Unavailable`]: nobody is there.
    pub async fn connect(url: &str) -> Result<Self, SysError> {
        let endpoint = endpoint(url).ok_or_else(|| SysError::InvalidArgument {
            field: "url".to_owned(),
        })?;
        let channel = endpoint
            .http2_keep_alive_interval(SIGN_OF_LIFE)
            .keep_alive_timeout(SIGN_OF_LIFE)
            .connect()
            .await
            .map_err(|error| {
                tracing::debug!(%error, "a kernel is not there");
                SysError::Unavailable { retry_after: None }
            })?;
        let client = KernelServiceClient::new(channel).max_decoding_message_size(ANSWER_BYTES);
        Ok(Self { client })
    }

    async fn make(&self, batch: Batch) -> Result<Vec<Result<Reply, SysError>>, SysError> {
        let order = wire::Order::from(batch.order()).into();
        let calls = batch.into_calls();
        let request = ExecuteBatchRequest {
            order,
            acting_pid: calls.first().and_then(|call| acting_pid(call.caller)),
            calls: calls.into_iter().map(wire::Call::from).collect(),
        };
        let response = self.client.clone().execute_batch(request).await;
        let response = response.map_err(unreached)?.into_inner();
        match response.error {
            Some(error) => Err(error.try_into().unwrap_or_else(|_| protocol())),
            None => Ok(response.answers.into_iter().map(Into::into).collect()),
        }
    }
}

#[async_trait]
impl KernelPort for GrpcKernel {
    async fn call(&self, call: Call) -> Result<Reply, SysError> {
        let request = ExecuteSyscallRequest {
            acting_pid: acting_pid(call.caller),
            call: Some(call.into()),
        };
        let response = self.client.clone().execute_syscall(request).await;
        response.map_err(unreached)?.into_inner().into()
    }

    async fn batch(&self, batch: Batch) -> Vec<Result<Reply, SysError>> {
        let calls = batch.len();
        match self.make(batch).await {
            Ok(answers) if answers.len() == calls => answers,
            Ok(_) => vec![Err(protocol()); calls],
            Err(error) => vec![Err(error); calls],
        }
    }

    async fn events(
        &self,
        since: Option<u64>,
        reader: Reader,
    ) -> Result<BoxStream<'static, EventItem>, SysError> {
        let request = StreamEventsRequest {
            since,
            reader: wire::Reader::from(reader).into(),
        };
        let response = self.client.clone().stream_events(request).await;
        let events = response.map_err(unreached)?.into_inner();
        Ok(stream::unfold(events, next_event).boxed())
    }
}

/// The operator's connection is the system's where no process is named.
fn acting_pid(caller: Principal) -> Option<u64> {
    match caller {
        Principal::System => None,
        Principal::Process(pid) => Some(pid.number()),
    }
}

async fn next_event(
    mut events: Streaming<StreamEventsResponse>,
) -> Option<(EventItem, Streaming<StreamEventsResponse>)> {
    let item = match events.message().await {
        Ok(item) => EventItem::try_from(item?),
        Err(status) => Err(unreached(status)),
    };
    match item {
        Ok(item) => Some((item, events)),
        Err(error) => {
            tracing::debug!(%error, "the events of a kernel ended");
            None
        }
    }
}

fn protocol() -> SysError {
    SysError::Io {
        kind: IoKind::Protocol,
    }
}

/// What a status means: the call did not get there and back, as the kernel's own errors are answers.
fn unreached(status: Status) -> SysError {
    match status.code() {
        Code::DeadlineExceeded => SysError::DeadlineExceeded,
        // The call or its answer is longer than a message may be.
        Code::OutOfRange => SysError::TooLarge {
            limit: ANSWER_BYTES as u64,
        },
        Code::ResourceExhausted => SysError::Unavailable { retry_after: None },
        Code::InvalidArgument
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::FailedPrecondition
        | Code::Unimplemented
        | Code::Unauthenticated => {
            tracing::warn!(%status, "a kernel does not take this connection's calls");
            protocol()
        }
        // How a connection that breaks is told differs with the moment.
        Code::Ok
        | Code::Cancelled
        | Code::Unknown
        | Code::Aborted
        | Code::Internal
        | Code::Unavailable
        | Code::DataLoss => SysError::Unavailable { retry_after: None },
    }
}
