//! Bytes that flow between a caller and a host, past the kernel.

use futures::channel::mpsc;
use futures::future::{BoxFuture, Either, select};
use futures::stream::{self, BoxStream, StreamExt};

use crate::kernel::{Reply, STREAM_CHUNK, STREAM_CHUNKS_AHEAD, SysError};

/// Chunks of at most [`STREAM_CHUNK`] bytes. An error is the last item.
pub type ByteStream = BoxStream<'static, Result<Vec<u8>, SysError>>;

/// The host's end of a stream. It is closed by being dropped.
pub enum Pipe {
    /// Takes what is read, and waits while nobody takes that.
    Out(mpsc::Sender<Vec<u8>>),
    /// Brings what is to be written.
    In(ByteStream),
}

impl std::fmt::Debug for Pipe {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Out(_) => "Out",
            Self::In(_) => "In",
        })
    }
}

/// The two ends of a stream that is read.
pub fn pipe() -> (Pipe, mpsc::Receiver<Vec<u8>>) {
    // A channel holds one more for its sender.
    let (sender, receiver) = mpsc::channel(STREAM_CHUNKS_AHEAD - 1);
    (Pipe::Out(sender), receiver)
}

/// What a host checks of each chunk that comes.
pub fn chunk_within_bounds(chunk: Vec<u8>) -> Result<Vec<u8>, SysError> {
    if chunk.len() > STREAM_CHUNK {
        let limit = STREAM_CHUNK as u64;
        return Err(SysError::TooLarge { limit });
    }
    Ok(chunk)
}

/// What comes through `chunks` until `end` answers, which runs as long as somebody reads. An error of `end` comes at
/// once, before chunks that were not taken.
///
/// # Errors
/// Those of `end` before the first chunk.
pub async fn read_through(
    chunks: mpsc::Receiver<Vec<u8>>,
    end: BoxFuture<'static, Result<Reply, SysError>>,
) -> Result<ByteStream, SysError> {
    let mut reading = Reading {
        chunks,
        end: Some(end),
    };
    let first = reading.next().await.transpose()?;
    let rest = stream::unfold(reading, |mut reading| async {
        let item = reading.next().await?;
        Some((item, reading))
    });
    Ok(stream::iter(first.map(Ok)).chain(rest).boxed())
}

struct Reading {
    chunks: mpsc::Receiver<Vec<u8>>,
    /// None once it answered.
    end: Option<BoxFuture<'static, Result<Reply, SysError>>>,
}

impl Reading {
    async fn next(&mut self) -> Option<Result<Vec<u8>, SysError>> {
        let Some(end) = self.end.as_mut() else {
            return self.chunks.next().await.map(Ok);
        };
        let ended = match select(end, self.chunks.next()).await {
            Either::Left((ended, _)) => ended,
            Either::Right((Some(chunk), _)) => return Some(Ok(chunk)),
            Either::Right((None, end)) => end.await,
        };
        self.end = None;
        match ended {
            Ok(_) => self.chunks.next().await.map(Ok),
            Err(error) => {
                // Nothing of what still waits is read.
                self.chunks = mpsc::channel(0).1;
                Some(Err(error))
            }
        }
    }
}
