//! Files of any length: their bytes flow in the messages of one call.

use std::sync::Arc;

use agentos_core::kernel::{FileStream, Principal, SysError};
use agentos_core::ports::kernel::KernelPort;
use agentos_core::ports::stream::ByteStream;
use agentos_proto::kernel::stream_syscall_request::{Item as Asked, Open};
use agentos_proto::kernel::stream_syscall_response::Item;
use agentos_proto::kernel::{StreamSyscallRequest, StreamSyscallResponse};
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use tokio_util::sync::CancellationToken;
use tonic::{Status, Streaming};

use super::kernel::invalid;

type Requests = Streaming<StreamSyscallRequest>;
type Items = BoxStream<'static, Item>;

/// What the first message opens, and for which process it says that is.
pub(super) async fn opening(
    requests: &mut Requests,
) -> Result<Result<(FileStream, Option<u64>), SysError>, Status> {
    let first = requests.message().await?.and_then(|request| request.item);
    let Some(Asked::Open(Open { acting_pid, stream })) = first else {
        return Ok(Err(invalid("open")));
    };
    let stream = stream.ok_or_else(|| invalid("stream"));
    let stream = stream.and_then(FileStream::try_from);
    Ok(stream.map(|stream| (stream, acting_pid)))
}

/// What is answered while the bytes flow.
pub(super) fn through(
    kernel: Arc<dyn KernelPort>,
    caller: Principal,
    stream: FileStream,
    requests: Requests,
) -> Items {
    match stream {
        FileStream::Read(read) => stream::once(async move { kernel.read_stream(caller, read).await })
            .try_flatten()
            .map(|chunk| chunk.map_or_else(failed, Item::Chunk))
            .boxed(),
        FileStream::Write(write) => stream::once(async move {
            let written = kernel.write_stream(caller, write, chunks(requests)).await;
            written.map_or_else(failed, |stat| Item::Written(stat.into()))
        })
        .boxed(),
    }
}

pub(super) fn refused(error: SysError) -> Items {
    stream::iter([failed(error)]).boxed()
}

/// The answers as messages; they break off when the server stops.
pub(super) fn until(
    stop: CancellationToken,
    items: Items,
) -> BoxStream<'static, Result<StreamSyscallResponse, Status>> {
    stream::unfold(Some((items, stop)), |flowing| async {
        let (mut items, stop) = flowing?;
        tokio::select! {
            item = items.next() => {
                let item = Some(item?);
                Some((Ok(StreamSyscallResponse { item }), Some((items, stop))))
            }
            () = stop.cancelled() => Some((Err(stopped()), None)),
        }
    })
    .boxed()
}

pub(super) fn stopped() -> Status {
    Status::unavailable("the server is stopping")
}

/// The bytes that come before the end; a client that leaves them without one broke off.
fn chunks(requests: Requests) -> ByteStream {
    stream::unfold(Some(requests), |requests| async {
        let mut requests = requests?;
        match requests
            .message()
            .await
            .ok()
            .flatten()
            .and_then(|request| request.item)
        {
            Some(Asked::Chunk(chunk)) => Some((Ok(chunk), Some(requests))),
            Some(Asked::End(())) => None,
            Some(Asked::Open(_)) => Some((Err(invalid("chunk")), None)),
            None => Some((Err(SysError::Cancelled), None)),
        }
    })
    .boxed()
}

fn failed(error: SysError) -> Item {
    Item::Error(error.into())
}
