//! A kernel behind another AgentOS: the port over the wire.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use agentos_core::kernel::{
    Batch, Call, FileStat, FileStream, IoKind, Principal, ReadStream, Reply, SysError, WriteStream,
};
use agentos_core::ports::kernel::{EventItem, KernelPort, Reader};
use agentos_core::ports::stream::ByteStream;
use agentos_proto::kernel::kernel_service_client::KernelServiceClient;
use agentos_proto::kernel::stream_syscall_request::{Item as Asked, Open};
use agentos_proto::kernel::stream_syscall_response::Item;
use agentos_proto::kernel::{
    self as wire, ExecuteBatchRequest, ExecuteSyscallRequest, StreamEventsRequest, StreamEventsResponse,
    StreamSyscallRequest, StreamSyscallResponse,
};
use async_trait::async_trait;
use futures::stream::{self, BoxStream, Stream, StreamExt};
use tokio::sync::oneshot;
use tonic::{Code, Status, Streaming};

use crate::grpc::{Bearer, Line, endpoint};
use crate::token::Token;

/// The longest answer, in bytes: a response over the network, and what is around it.
const ANSWER_BYTES: usize = 64 * 1_024 * 1_024;
/// Bytes the server may send in one call before they are taken, and in all calls together: so many that no stream whose
/// bytes nobody takes holds up the others.
const STREAM_WINDOW: u32 = 128 * 1_024;
const CONNECTION_WINDOW: u32 = 64 * 1_024 * 1_024;
/// How often the server is asked whether it is there while it is waited for, and how long it may take to say so.
const SIGN_OF_LIFE: Duration = Duration::from_secs(10);

/// Asks the kernel of a running AgentOS as its operator, for the system or in the name of any process. Connections that
/// broke are made again with the next call; what was called over them is [`SysError::Unavailable`], whatever became of it.
#[derive(Debug, Clone)]
pub struct GrpcKernel {
    client: KernelServiceClient<Line>,
}

impl GrpcKernel {
    /// Connects to the kernel at `url`, such as `http://127.0.0.1:50051`.
    ///
    /// # Errors
    /// [`SysError::InvalidArgument`]: the text is no such address. [`SysError::Unavailable`]: nobody is there.
    pub async fn connect(url: &str) -> Result<Self, SysError> {
        Self::open(url, None).await
    }

    /// As [`connect`](Self::connect), to a server that asks for a token. Whether it is the right one shows with the
    /// first call, which else is [`SysError::Io`].
    pub async fn connect_with_token(url: &str, token: &Token) -> Result<Self, SysError> {
        Self::open(url, Some(token)).await
    }

    async fn open(url: &str, token: Option<&Token>) -> Result<Self, SysError> {
        let endpoint = endpoint(url).ok_or_else(|| SysError::InvalidArgument {
            field: "url".to_owned(),
        })?;
        let channel = endpoint
            .http2_keep_alive_interval(SIGN_OF_LIFE)
            .keep_alive_timeout(SIGN_OF_LIFE)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .connect()
            .await
            .map_err(|error| {
                tracing::debug!(%error, "a kernel is not there");
                SysError::Unavailable { retry_after: None }
            })?;
        let client = KernelServiceClient::with_interceptor(channel, Bearer::of(token))
            .max_decoding_message_size(ANSWER_BYTES);
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

    async fn read_stream(&self, caller: Principal, read: ReadStream) -> Result<ByteStream, SysError> {
        let opening = opening(caller, FileStream::Read(read));
        let response = self.client.clone().stream_syscall(stream::iter([opening])).await;
        let answers = Some(response.map_err(unreached)?.into_inner());
        let mut chunks = stream::unfold(answers, next_chunk).fuse().boxed();
        // What cannot be opened is told in place of the first chunk.
        let first = chunks.next().await.transpose()?;
        Ok(stream::iter(first.map(Ok)).chain(chunks).boxed())
    }

    async fn write_stream(
        &self,
        caller: Principal,
        write: WriteStream,
        bytes: ByteStream,
    ) -> Result<FileStat, SysError> {
        let opening = opening(caller, FileStream::Write(write));
        let (break_off, broken) = oneshot::channel();
        // The connection may go on with the requests of a call that was dropped; so they end with it.
        let (_waiting, left) = oneshot::channel::<()>();
        let requests = Requests::new(opening, bytes, break_off, left);
        tokio::select! {
            biased;
            Ok(error) = broken => Err(error),
            written = written(self.client.clone(), requests) => written,
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

fn opening(caller: Principal, stream: FileStream) -> StreamSyscallRequest {
    let opening = Open {
        acting_pid: acting_pid(caller),
        stream: Some(stream.into()),
    };
    StreamSyscallRequest {
        item: Some(Asked::Open(opening)),
    }
}

/// Nothing follows an error.
async fn next_chunk(
    answers: Option<Streaming<StreamSyscallResponse>>,
) -> Option<(
    Result<Vec<u8>, SysError>,
    Option<Streaming<StreamSyscallResponse>>,
)> {
    let mut answers = answers?;
    let error = match answers.message().await {
        Ok(answer) => match answer?.item {
            Some(Item::Chunk(chunk)) => return Some((Ok(chunk), Some(answers))),
            Some(Item::Error(error)) => error.try_into().unwrap_or_else(|_| protocol()),
            Some(Item::Written(_)) | None => protocol(),
        },
        Err(status) => unreached(status),
    };
    Some((Err(error), None))
}

/// What a write asks. A type of its own, since the compiler does not see of a boxed stream that a call with it can be sent.
struct Requests(BoxStream<'static, StreamSyscallRequest>);

impl Requests {
    /// They end early when `left` does.
    fn new(
        opening: StreamSyscallRequest,
        bytes: ByteStream,
        break_off: oneshot::Sender<SysError>,
        left: oneshot::Receiver<()>,
    ) -> Self {
        let chunks = stream::unfold(Some((bytes, break_off)), next_request);
        Self(stream::iter([opening]).chain(chunks).take_until(left).boxed())
    }
}

impl Stream for Requests {
    type Item = StreamSyscallRequest;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(context)
    }
}

/// What becomes of the file.
async fn written(mut client: KernelServiceClient<Line>, requests: Requests) -> Result<FileStat, SysError> {
    let response = client.stream_syscall(requests).await.map_err(unreached)?;
    let answer = response.into_inner().message().await.map_err(unreached)?;
    match answer.and_then(|answer| answer.item) {
        Some(Item::Written(stat)) => stat.try_into().map_err(|_| protocol()),
        Some(Item::Error(error)) => Err(error.try_into().unwrap_or_else(|_| protocol())),
        Some(Item::Chunk(_)) | None => Err(protocol()),
    }
}

/// The chunks, and their end; after an error they break off without one.
async fn next_request(
    writing: Option<(ByteStream, oneshot::Sender<SysError>)>,
) -> Option<(
    StreamSyscallRequest,
    Option<(ByteStream, oneshot::Sender<SysError>)>,
)> {
    let (mut bytes, break_off) = writing?;
    let (item, rest) = match bytes.next().await {
        Some(Ok(chunk)) => (Asked::Chunk(chunk), Some((bytes, break_off))),
        None => (Asked::End(()), None),
        Some(Err(error)) => {
            // Who writes may have left.
            let _ = break_off.send(error);
            return None;
        }
    };
    Some((StreamSyscallRequest { item: Some(item) }, rest))
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
        | Code::ResourceExhausted
        | Code::Aborted
        | Code::Internal
        | Code::Unavailable
        | Code::DataLoss => SysError::Unavailable { retry_after: None },
    }
}
