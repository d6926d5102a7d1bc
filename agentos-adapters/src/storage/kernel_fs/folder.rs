//! The system's own files, by syscalls.

use std::fmt;
use std::sync::Arc;

use agentos_core::kernel::{
    FILE_BYTES, FILE_LIST_LIMIT, FileCall, FileReply, FsPath, IoKind, Principal, Reply, SysError, Syscall,
    WriteMode,
};
use agentos_core::ports::kernel::KernelPort;

/// Each call is made as the system.
#[derive(Clone)]
pub(super) struct Folder {
    kernel: Arc<dyn KernelPort>,
}

impl Folder {
    pub(super) fn new(kernel: Arc<dyn KernelPort>) -> Self {
        Self { kernel }
    }

    /// The whole file, if there is one. Nobody may write it meanwhile.
    pub(super) async fn read(&self, path: &FsPath) -> Result<Option<Vec<u8>>, SysError> {
        let mut whole = Vec::new();
        loop {
            let read = FileCall::Read {
                path: path.clone(),
                offset: whole.len() as u64,
                length: Some(FILE_BYTES),
            };
            let (bytes, stat) = match self.call(read).await {
                Ok(Reply::File(FileReply::Bytes { bytes, stat })) => (bytes, stat),
                Ok(_) => return Err(wrong_reply()),
                Err(SysError::NotFound) => return Ok(None),
                Err(error) => return Err(error),
            };
            let is_last = bytes.is_empty() || (whole.len() + bytes.len()) as u64 >= stat.size;
            whole.extend(bytes);
            if is_last {
                return Ok(Some(whole));
            }
        }
    }

    /// Replaces the file in one step where `bytes` are no more than [`FILE_BYTES`]; more are appended, and until then
    /// nobody may read it.
    pub(super) async fn write(&self, path: &FsPath, bytes: &[u8]) -> Result<(), SysError> {
        let (first, rest) = bytes.split_at(bytes.len().min(FILE_BYTES as usize));
        self.add(path, first, WriteMode::Replace).await?;
        for chunk in rest.chunks(FILE_BYTES as usize) {
            self.add(path, chunk, WriteMode::Append).await?;
        }
        Ok(())
    }

    async fn add(&self, path: &FsPath, bytes: &[u8], mode: WriteMode) -> Result<(), SysError> {
        let write = FileCall::Write {
            path: path.clone(),
            bytes: bytes.to_vec(),
            mode,
            if_etag: None,
        };
        self.call(write).await.map(drop)
    }

    /// Whether or not it was there.
    pub(super) async fn delete(&self, path: &FsPath) -> Result<(), SysError> {
        match self.call(FileCall::Delete { path: path.clone() }).await {
            Ok(_) | Err(SysError::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Makes a folder where there is none.
    pub(super) async fn make(&self, path: &FsPath) -> Result<(), SysError> {
        match self.call(FileCall::CreateDirectory { path: path.clone() }).await {
            Ok(_) | Err(SysError::AlreadyExists) => Ok(()),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn exists(&self, path: &FsPath) -> Result<bool, SysError> {
        match self.call(FileCall::Exists { path: path.clone() }).await? {
            Reply::File(FileReply::Exists(exists)) => Ok(exists),
            _ => Err(wrong_reply()),
        }
    }

    /// The names of what is in the folder.
    pub(super) async fn names(&self, path: &FsPath) -> Result<Vec<String>, SysError> {
        let mut names: Vec<String> = Vec::new();
        loop {
            let list = FileCall::List {
                path: path.clone(),
                after: names.last().cloned(),
                limit: FILE_LIST_LIMIT,
            };
            let Reply::File(FileReply::Entries { entries, more }) = self.call(list).await? else {
                return Err(wrong_reply());
            };
            names.extend(entries.into_iter().map(|entry| entry.name));
            if !more {
                return Ok(names);
            }
        }
    }

    async fn call(&self, call: FileCall) -> Result<Reply, SysError> {
        self.kernel.syscall(Principal::System, Syscall::File(call)).await
    }
}

impl fmt::Debug for Folder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Folder").finish_non_exhaustive()
    }
}

fn wrong_reply() -> SysError {
    SysError::Io {
        kind: IoKind::Protocol,
    }
}
