//! This machine as the kernel sees it.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::thread::available_parallelism;

use agentos_core::kernel::{
    AuditRecord, AuthorizedOp, FileOp, MEMORY_BUDGET, Op, ProgramRun, Prompt, Reply, StreamOp, SysError,
    SystemInfo,
};
use agentos_core::ports::host::HostPort;
use agentos_core::ports::llm::LlmPort;
use agentos_core::ports::stream::Pipe;
use async_trait::async_trait;

use super::app_data::{Put, SqliteAppData};
use super::files::{Files, Recording, Terms};
use super::model::AppModel;
use super::network::{PinnedHttp, Resolver, SystemResolver};
use super::programs::Programs;
use super::sockets::Sockets;

/// [`HostPort`] for this machine: app data and the audit in `SQLite`, the network, files, and what the machine is.
#[derive(Debug)]
pub struct Host {
    app_data: Arc<SqliteAppData>,
    network: PinnedHttp,
    sockets: Sockets,
    files: Option<Files>,
    model: Option<AppModel>,
    programs: Option<Programs>,
    system_info: SystemInfo,
}

impl Host {
    /// Without files, a model and programs: what apps ask of them is refused.
    pub fn new(app_data: SqliteAppData) -> Self {
        let resolver = Arc::new(SystemResolver);
        Self {
            app_data: Arc::new(app_data),
            network: PinnedHttp::new(resolver.clone()),
            sockets: Sockets::new(resolver),
            files: None,
            model: None,
            programs: None,
            system_info: system_info(),
        }
    }

    /// With the model that apps may ask.
    #[must_use]
    pub fn with_model(mut self, llm: Arc<dyn LlmPort>) -> Self {
        self.model = Some(AppModel::new(llm));
        self
    }

    /// With another way to find the addresses of names than to ask this machine.
    #[must_use]
    pub fn with_resolver(mut self, resolver: Arc<dyn Resolver>) -> Self {
        self.network = PinnedHttp::new(resolver.clone());
        self.sockets = Sockets::new(resolver);
        self
    }

    /// With the files that apps may reach.
    #[must_use]
    pub fn with_files(mut self, files: Files) -> Self {
        self.files = Some(files);
        self
    }

    /// With the programs the operator registered.
    #[must_use]
    pub fn with_programs(mut self, programs: Programs) -> Self {
        self.programs = Some(programs);
        self
    }

    fn recording(&self, record: Option<AuditRecord>) -> impl Recording + use<> {
        let app_data = Arc::clone(&self.app_data);
        async move { app_data.record(record.as_slice()).await }
    }

    async fn run(&self, run: ProgramRun, record: Option<AuditRecord>) -> Result<Reply, SysError> {
        let Some(programs) = &self.programs else {
            return Err(SysError::Unavailable { retry_after: None });
        };
        self.app_data.record(record.as_slice()).await?;
        programs.run(run).await.map(Reply::Program)
    }

    async fn ask(&self, prompt: Prompt, record: Option<AuditRecord>) -> Result<Reply, SysError> {
        self.app_data.record(record.as_slice()).await?;
        match &self.model {
            Some(model) => model.ask(prompt).await,
            None => Err(SysError::Unavailable { retry_after: None }),
        }
    }
}

#[async_trait]
impl HostPort for Host {
    async fn perform(&self, op: AuthorizedOp) -> Result<Reply, SysError> {
        let (op, record) = op.into_parts();
        let need = op.need();
        match op {
            Op::StoreGet {
                namespace,
                key,
                max_bytes,
            } => self.app_data.get(namespace, &key, max_bytes).await,
            Op::StorePut {
                namespace,
                key,
                value,
                if_version,
                max_keys,
            } => {
                self.app_data
                    .put(
                        Put {
                            namespace,
                            key,
                            value,
                            if_version,
                            max_keys,
                        },
                        record,
                    )
                    .await
            }
            Op::StoreDelete { namespace, key } => self.app_data.delete(namespace, &key, record).await,
            Op::StoreList {
                namespace,
                prefix,
                after,
                limit,
            } => {
                self.app_data
                    .list(namespace, &prefix, after.as_ref(), limit)
                    .await
            }
            Op::StoreClear { namespace } => self.app_data.clear(namespace, record).await,
            Op::NetworkRequest(outbound) => {
                self.app_data.record(record.as_slice()).await?;
                let refusal = SysError::PermissionDenied { need };
                self.network.send(*outbound, refusal).await.map(Reply::Response)
            }
            Op::Socket(op) => {
                if record.is_some() {
                    self.app_data.record(record.as_slice()).await?;
                }
                let refusal = SysError::PermissionDenied { need };
                self.sockets.perform(*op, refusal).await
            }
            Op::Generate(prompt) => self.ask(*prompt, record).await,
            Op::File(op) => match &self.files {
                Some(files) => files.perform(*op, self.recording(record)).await,
                None => without_files(&op),
            },
            Op::RunProgram(program) => self.run(*program, record).await,
            Op::Stream(_) => Err(SysError::Unavailable { retry_after: None }),
            Op::KeepApproval(approval) => self.app_data.keep_approval(&approval).await,
            Op::ForgetApprovals { namespace, need } => {
                self.app_data.forget_approvals(namespace, need.as_ref()).await
            }
            Op::SystemInfo => Ok(Reply::SystemInfo(self.system_info.clone())),
        }
    }

    fn perform_at_once(&self, op: AuthorizedOp) -> ControlFlow<Result<Reply, SysError>, AuthorizedOp> {
        let answer = match op.op() {
            Op::SystemInfo => Some(Reply::SystemInfo(self.system_info.clone())),
            Op::File(file) => self.files.as_ref().and_then(|files| files.read_at_once(file)),
            _ => None,
        };
        match answer {
            Some(reply) => ControlFlow::Break(Ok(reply)),
            None => ControlFlow::Continue(op),
        }
    }

    async fn stream(&self, op: AuthorizedOp, pipe: Pipe) -> Result<Reply, SysError> {
        let (op, record) = op.into_parts();
        let (Op::Stream(op), Some(files)) = (op, &self.files) else {
            return Err(SysError::Unavailable { retry_after: None });
        };
        let record = |bytes| self.recording(record.map(|record| record.of_bytes(bytes)));
        match (*op, pipe) {
            (
                StreamOp::Read {
                    place,
                    offset,
                    length,
                },
                Pipe::Out(out),
            ) => files.send(&place, offset, length, out).await,
            (
                StreamOp::Write {
                    place,
                    mode,
                    if_etag,
                    max_disk_bytes,
                },
                Pipe::In(bytes),
            ) => {
                let terms = Terms {
                    mode,
                    if_etag,
                    max_disk_bytes,
                };
                files.take(place, terms, bytes, record).await
            }
            _ => Err(SysError::Unavailable { retry_after: None }),
        }
    }

    async fn record(&self, records: &[AuditRecord]) -> Result<(), SysError> {
        self.app_data.record(records).await
    }
}

/// Where nobody has files, nobody has any to count or to remove.
fn without_files(op: &FileOp) -> Result<Reply, SysError> {
    match op {
        FileOp::Space { .. } => Ok(Reply::Space(0)),
        FileOp::Clear { .. } => Ok(Reply::Done),
        _ => Err(SysError::Unavailable { retry_after: None }),
    }
}

fn system_info() -> SystemInfo {
    SystemInfo {
        os: std::env::consts::OS.to_owned(),
        arch: std::env::consts::ARCH.to_owned(),
        cpus: available_parallelism().map_or(1, |cpus| cpus.get() as u32),
        memory_bytes: memory_bytes(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// What may be held for all processes on this machine: a quarter of its memory, at most [`MEMORY_BUDGET`], which it
/// also is where the machine does not tell.
pub fn memory_budget() -> u64 {
    memory_bytes().map_or(MEMORY_BUDGET, |bytes| MEMORY_BUDGET.min(bytes / 4))
}

/// What Linux says the machine has; other systems do not tell in a file.
fn memory_bytes() -> Option<u64> {
    let facts = std::fs::read_to_string("/proc/meminfo").ok()?;
    let total = facts.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = total.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kib * 1_024)
}
