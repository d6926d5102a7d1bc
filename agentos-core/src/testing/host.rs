//! A host without a machine.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures::channel::{mpsc, oneshot};
use futures::{SinkExt, StreamExt};

use super::files::MemoryFiles;
use crate::ids::Namespace;
use crate::kernel::{
    AuditRecord, AuthorizedOp, FRAME_BYTES, FileOp, FileReply, HttpResponse, IoKind, ModelReply, Op,
    Outbound, ProgramEnd, ProgramOutput, Reply, STREAM_CHUNK, SocketAct, SocketId, SocketMessage,
    SocketMessages, SocketOp, StandingApproval, StoreKey, StoredValue, StreamOp, SysError, SystemInfo,
    disk_bytes,
};
use crate::ports::host::HostPort;
use crate::ports::stream::{ByteStream, Pipe, chunk_within_bounds};

/// Keeps app data, files and the audit in memory, answers requests as it was told and questions to the model with their own
/// text, sends back what is sent over a connection, and can hold operations back. Every program it runs writes its input
/// to one output and its arguments to the other.
#[derive(Debug, Default)]
pub struct FakeHost {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    values: BTreeMap<(Namespace, StoreKey), StoredValue>,
    last_version: u64,
    files: MemoryFiles,
    /// By URL.
    responses: BTreeMap<String, HttpResponse>,
    requests: Vec<Outbound>,
    /// By the URL of the handshake, with what each connection brings first.
    socket_servers: BTreeMap<String, Vec<SocketMessage>>,
    sockets: BTreeMap<SocketId, FakeSocket>,
    approvals: Vec<StandingApproval>,
    audit: Vec<AuditRecord>,
    holding: bool,
    held: Vec<oneshot::Sender<()>>,
    arrivals: u64,
    awaiting_arrivals: Vec<(u64, oneshot::Sender<()>)>,
    broken: bool,
}

#[derive(Debug, Default)]
struct FakeSocket {
    unread: VecDeque<SocketMessage>,
    ended: bool,
}

impl FakeHost {
    /// From now on operations wait inside the host until [`release`](Self::release).
    pub fn hold(&self) {
        self.state().holding = true;
    }

    /// Lets the operations that wait go on, and those that come.
    pub fn release(&self) {
        let mut state = self.state();
        state.holding = false;
        state.held.clear();
    }

    /// Returns once `count` operations have reached the host since it was made.
    pub async fn until_arrived(&self, count: u64) {
        let arrived = {
            let mut state = self.state();
            if state.arrivals >= count {
                return;
            }
            let (sender, receiver) = oneshot::channel();
            state.awaiting_arrivals.push((count, sender));
            receiver
        };
        // The sender is dropped only after it was used.
        let _ = arrived.await;
    }

    /// How many operations have reached the host.
    pub fn arrivals(&self) -> u64 {
        self.state().arrivals
    }

    /// From now on, while `broken`, nothing can be written or recorded.
    pub fn set_broken(&self, broken: bool) {
        self.state().broken = broken;
    }

    /// From now on `url` answers `response`. What was not served is unavailable.
    pub fn serve(&self, url: &str, response: HttpResponse) {
        self.state().responses.insert(url.to_owned(), response);
    }

    /// From now on connections can be opened to `url`, which is `http` for `ws` and `https` for `wss`; each brings
    /// `first`. Others are unavailable.
    pub fn serve_socket(&self, url: &str, first: &[SocketMessage]) {
        self.state().socket_servers.insert(url.to_owned(), first.to_vec());
    }

    /// The other side ends every connection.
    pub fn end_sockets(&self) {
        self.state()
            .sockets
            .values_mut()
            .for_each(|socket| socket.ended = true);
    }

    /// How many connections are open, as far as the host knows.
    pub fn open_sockets(&self) -> usize {
        self.state().sockets.len()
    }

    /// What was sent over the network, oldest first.
    pub fn requests(&self) -> Vec<Outbound> {
        self.state().requests.clone()
    }

    /// The answers that were kept, oldest first.
    pub fn approvals(&self) -> Vec<StandingApproval> {
        self.state().approvals.clone()
    }

    /// The audit, oldest first.
    pub fn audit(&self) -> Vec<AuditRecord> {
        self.state().audit.clone()
    }

    async fn send_file(&self, op: StreamOp, mut sender: mpsc::Sender<Vec<u8>>) -> Result<Reply, SysError> {
        let StreamOp::Read {
            place,
            offset,
            length,
        } = op
        else {
            return Err(SysError::Unavailable { retry_after: None });
        };
        let (file, stat) = self.state().files.open(&place)?;
        let rest = file.get(offset as usize..).unwrap_or_default();
        let wanted = length.map_or(rest.len(), |length| rest.len().min(length as usize));
        for chunk in rest[..wanted].chunks(STREAM_CHUNK) {
            if sender.send(chunk.to_vec()).await.is_err() {
                return Err(SysError::Cancelled);
            }
        }
        let bytes = wanted as u64;
        Ok(Reply::Streamed { bytes, stat })
    }

    async fn take_file(
        &self,
        op: StreamOp,
        record: Option<AuditRecord>,
        mut bytes: ByteStream,
    ) -> Result<Reply, SysError> {
        let StreamOp::Write {
            place,
            mode,
            if_etag,
            max_disk_bytes,
        } = op
        else {
            return Err(SysError::Unavailable { retry_after: None });
        };
        self.state().files.check_write(&place, mode, if_etag.as_deref())?;
        let mut all = Vec::new();
        while let Some(chunk) = bytes.next().await {
            all.extend(chunk_within_bounds(chunk?)?);
            let added = disk_bytes(all.len() as u64);
            self.state().files.check_put(&place, added, max_disk_bytes)?;
        }
        let mut state = self.state();
        if state.broken {
            return Err(SysError::Unavailable { retry_after: None });
        }
        let bytes = all.len() as u64;
        let write = FileOp::Write {
            place,
            bytes: all,
            mode,
            if_etag,
            max_disk_bytes,
        };
        let Reply::File(FileReply::Stat(stat)) = state.files.perform(write)? else {
            return Err(SysError::wrong_reply());
        };
        state.audit.extend(record.map(|record| record.of_bytes(bytes)));
        Ok(Reply::Streamed { bytes, stat })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What to wait for before the operation that just came is performed, if anything.
    fn arrive(&self) -> Option<oneshot::Receiver<()>> {
        let mut state = self.state();
        state.arrivals += 1;
        let arrivals = state.arrivals;
        // Dropping the sender wakes whoever waits.
        state.awaiting_arrivals.retain(|(count, _)| *count > arrivals);
        state.holding.then(|| {
            let (sender, receiver) = oneshot::channel();
            state.held.push(sender);
            receiver
        })
    }
}

#[async_trait]
impl HostPort for FakeHost {
    async fn perform(&self, op: AuthorizedOp) -> Result<Reply, SysError> {
        if let Some(released) = self.arrive() {
            // It ends by being dropped, which is an error here.
            let _ = released.await;
        }
        let (op, record) = op.into_parts();
        let mut state = self.state();
        if state.broken {
            return Err(SysError::Unavailable { retry_after: None });
        }
        let reply = state.perform(op)?;
        state.audit.extend(record);
        Ok(reply)
    }

    async fn stream(&self, op: AuthorizedOp, pipe: Pipe) -> Result<Reply, SysError> {
        if let Some(released) = self.arrive() {
            let _ = released.await;
        }
        let (op, record) = op.into_parts();
        match (op, pipe) {
            (Op::Stream(op), Pipe::Out(sender)) => self.send_file(*op, sender).await,
            (Op::Stream(op), Pipe::In(bytes)) => self.take_file(*op, record, bytes).await,
            _ => Err(SysError::Unavailable { retry_after: None }),
        }
    }

    async fn record(&self, records: &[AuditRecord]) -> Result<(), SysError> {
        let mut state = self.state();
        if state.broken {
            return Err(SysError::Unavailable { retry_after: None });
        }
        state.audit.extend_from_slice(records);
        Ok(())
    }
}

impl State {
    fn perform(&mut self, op: Op) -> Result<Reply, SysError> {
        match op {
            Op::StoreGet {
                namespace,
                key,
                max_bytes,
            } => self.get(namespace, key, max_bytes),
            Op::StorePut {
                namespace,
                key,
                value,
                if_version,
                max_keys,
            } => self.put(namespace, key, value, if_version, max_keys),
            Op::StoreDelete { namespace, key } => match self.values.remove(&(namespace, key)) {
                Some(_) => Ok(Reply::Done),
                None => Err(SysError::NotFound),
            },
            Op::StoreList {
                namespace,
                prefix,
                after,
                limit,
            } => Ok(self.list(namespace, &prefix, after.as_ref(), limit as usize)),
            Op::StoreClear { namespace } => {
                let before = self.values.len();
                self.values.retain(|(other, _), _| *other != namespace);
                Ok(Reply::Removed((before - self.values.len()) as u64))
            }
            Op::NetworkRequest(outbound) => self.request(*outbound),
            Op::Socket(op) => self.socket(*op),
            Op::Generate(prompt) => Ok(Reply::Model(ModelReply::Text(format!(
                "{}: {}",
                prompt.prompt, prompt.text
            )))),
            Op::File(op) => self.files.perform(*op),
            Op::RunProgram(run) => Ok(Reply::Program(ProgramOutput {
                end: ProgramEnd::Exited { code: 0 },
                stdout: run.input,
                stderr: run.args.join(" ").into_bytes(),
            })),
            Op::Stream(_) => Err(SysError::Unavailable { retry_after: None }),
            Op::KeepApproval(approval) => {
                self.approvals.push(approval);
                Ok(Reply::Done)
            }
            Op::ForgetApprovals { namespace, need } => {
                let is_forgotten = |approval: &StandingApproval| {
                    let is_meant = need.as_ref().is_none_or(|need| *need == approval.need);
                    approval.namespace == namespace && is_meant
                };
                self.approvals.retain(|approval| !is_forgotten(approval));
                Ok(Reply::Done)
            }
            Op::SystemInfo => Ok(Reply::SystemInfo(SystemInfo {
                os: "fake".to_owned(),
                arch: "fake".to_owned(),
                cpus: 1,
                memory_bytes: None,
                version: "0.0.0".to_owned(),
            })),
        }
    }

    fn request(&mut self, outbound: Outbound) -> Result<Reply, SysError> {
        let response = self.responses.get(outbound.target.as_str()).cloned();
        let limit = outbound.response_bytes;
        self.requests.push(outbound);
        match response {
            Some(response) if response.body.len() as u64 > limit => Err(SysError::TooLarge { limit }),
            Some(response) => Ok(Reply::Response(response)),
            None => Err(SysError::Unavailable { retry_after: None }),
        }
    }

    /// Nobody sends anything later, so a wait ends at once.
    fn socket(&mut self, op: SocketOp) -> Result<Reply, SysError> {
        let id = op.socket;
        let socket = self.sockets.get_mut(&id);
        match (op.act, socket) {
            (SocketAct::Open(_), _) => {
                let first = self.socket_servers.get(op.target.as_str());
                let first = first.ok_or(SysError::Unavailable { retry_after: None })?;
                let unread = first.iter().cloned().collect();
                self.sockets.insert(id, FakeSocket { unread, ended: false });
                Ok(Reply::Done)
            }
            (SocketAct::Send(message), Some(socket)) if !socket.ended => {
                socket.unread.push_back(message);
                Ok(Reply::Done)
            }
            (SocketAct::Send(_), _) => {
                let kind = IoKind::Network;
                Err(SysError::Io { kind })
            }
            (SocketAct::Receive { max, .. }, Some(socket)) => {
                let count = socket.unread.len().min(max as usize);
                let messages = socket.unread.drain(..count).collect();
                let open = !socket.ended || !socket.unread.is_empty();
                if !open {
                    self.sockets.remove(&id);
                }
                Ok(Reply::Socket(came(messages, open)))
            }
            (SocketAct::Receive { .. } | SocketAct::Close, _) => {
                let socket = self.sockets.remove(&id).unwrap_or_default();
                Ok(Reply::Socket(came(socket.unread.into(), false)))
            }
        }
    }

    fn get(&self, namespace: Namespace, key: StoreKey, max_bytes: u64) -> Result<Reply, SysError> {
        let value = self.values.get(&(namespace, key)).ok_or(SysError::NotFound)?;
        if value.bytes.len() as u64 > max_bytes {
            return Err(SysError::TooLarge { limit: max_bytes });
        }
        Ok(Reply::Value(value.clone()))
    }

    fn put(
        &mut self,
        namespace: Namespace,
        key: StoreKey,
        bytes: Vec<u8>,
        if_version: Option<u64>,
        max_keys: u64,
    ) -> Result<Reply, SysError> {
        let place = (namespace, key);
        let current = self.values.get(&place).map(|value| value.version);
        if if_version.is_some_and(|expected| expected != current.unwrap_or(0)) {
            return Err(SysError::Conflict {
                etag: current.map(|version| version.to_string()),
            });
        }
        let used = self
            .values
            .keys()
            .filter(|(other, _)| *other == namespace)
            .count() as u64;
        if current.is_none() && used >= max_keys {
            return Err(SysError::store_full(max_keys, used));
        }
        self.last_version += 1;
        let version = self.last_version;
        self.values.insert(place, StoredValue { bytes, version });
        Ok(Reply::Stored(version))
    }

    fn list(&self, namespace: Namespace, prefix: &str, after: Option<&StoreKey>, limit: usize) -> Reply {
        let in_namespace = self
            .values
            .keys()
            .filter(|(other, _)| *other == namespace)
            .map(|(_, key)| key);
        let mut keys: Vec<StoreKey> = in_namespace
            .filter(|key| key.as_str().starts_with(prefix) && after.is_none_or(|after| *key > after))
            .take(limit + 1)
            .cloned()
            .collect();
        let more = keys.len() > limit;
        keys.truncate(limit);
        Reply::Keys { keys, more }
    }
}

fn came(messages: Vec<SocketMessage>, open: bool) -> SocketMessages {
    let received_bytes = messages.iter().map(|message| message.bytes() + FRAME_BYTES).sum();
    SocketMessages {
        messages,
        open,
        received_bytes,
    }
}
