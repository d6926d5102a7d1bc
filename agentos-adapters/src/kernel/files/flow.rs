//! Files of any length: chunk by chunk, with a few of them in memory.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

use agentos_core::kernel::{
    FilePlace, FileReply, FileStat, FsRights, IoKind, Reply, STREAM_CHUNK, SysError, WriteMode,
};
use agentos_core::ports::stream::{ByteStream, chunk_within_bounds};
use futures::channel::mpsc;
use futures::{SinkExt, StreamExt};

use super::change::Incoming;
use super::walk::{Located, stat};
use super::{Files, Recording, Root, Roots, Turns, failed};

/// On which terms a file is written.
#[derive(Debug)]
pub(in crate::kernel) struct Terms {
    pub(in crate::kernel) mode: WriteMode,
    pub(in crate::kernel) if_etag: Option<String>,
    pub(in crate::kernel) max_disk_bytes: u64,
}

impl Files {
    /// Sends a file as it is now.
    pub(in crate::kernel) async fn send(
        &self,
        place: &FilePlace,
        offset: u64,
        length: Option<u64>,
        mut out: mpsc::Sender<Vec<u8>>,
    ) -> Result<Reply, SysError> {
        let (root, place) = (self.root(place), place.clone());
        let mut source = self
            .at_work(move || Source::open(&root, &place, offset, length))
            .await?;
        let mut bytes = 0;
        loop {
            let chunk = self.at_work(move || source.next()).await?;
            source = match chunk {
                (source, Some(chunk)) => {
                    bytes += chunk.len() as u64;
                    out.send(chunk).await.map_err(|_| SysError::Cancelled)?;
                    source
                }
                (Source { stat, .. }, None) => return Ok(Reply::Streamed { bytes, stat }),
            };
        }
    }

    /// Takes a file in beside what is there, and puts it there when all has come and is recorded. While it comes, others
    /// change what they like in the same root.
    pub(in crate::kernel) async fn take<R: Recording>(
        &self,
        place: FilePlace,
        terms: Terms,
        mut bytes: ByteStream,
        record: impl FnOnce(u64) -> R,
    ) -> Result<Reply, SysError> {
        let roots = self.one_root(&place);
        let turns = Turns::take(&roots).await;
        let root = Arc::clone(&roots.target);
        let mut incoming = self
            .at_work(move || Incoming::open(&root, &place, terms, &turns))
            .await?;
        while let Some(chunk) = bytes.next().await {
            let chunk = chunk_within_bounds(chunk?)?;
            let turns = Turns::take(&roots).await;
            incoming = self.at_work(move || incoming.add(&chunk, turns)).await?;
        }
        let count = incoming.bytes();
        let turns = Turns::take(&roots).await;
        let put = self.change(move || incoming.stage(&roots, turns), record(count));
        match put.await? {
            Reply::File(FileReply::Stat(stat)) => Ok(Reply::Streamed { bytes: count, stat }),
            _ => Err(SysError::Io { kind: IoKind::Disk }),
        }
    }

    fn one_root(&self, place: &FilePlace) -> Roots {
        let target = self.root(place);
        Roots {
            source: Arc::clone(&target),
            target,
            source_loses: false,
        }
    }
}

/// A file that is being read.
struct Source {
    file: File,
    stat: FileStat,
    left: u64,
}

impl Source {
    fn open(root: &Root, place: &FilePlace, offset: u64, length: Option<u64>) -> Result<Self, SysError> {
        let (mut file, metadata) = Located::of(root.dir()?, place, FsRights::Read)?.open()?;
        let offset = offset.min(metadata.len());
        let rest = metadata.len() - offset;
        file.seek(SeekFrom::Start(offset)).map_err(failed)?;
        Ok(Self {
            file,
            stat: stat(&metadata),
            left: length.map_or(rest, |length| length.min(rest)),
        })
    }

    /// None at its end.
    fn next(mut self) -> Result<(Self, Option<Vec<u8>>), SysError> {
        let wanted = self.left.min(STREAM_CHUNK as u64);
        let mut chunk = Vec::with_capacity(wanted as usize);
        let mut file = (&self.file).take(wanted);
        file.read_to_end(&mut chunk).map_err(failed)?;
        self.left -= chunk.len() as u64;
        let chunk = Some(chunk).filter(|chunk| !chunk.is_empty());
        Ok((self, chunk))
    }
}
