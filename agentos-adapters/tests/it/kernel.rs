//! The contracts of `KernelPort` and `HostPort` on this machine, and what only concurrency shows.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod approvals;
mod audit;
mod concurrency;
mod files;
mod network;
mod spans;

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;

use agentos_adapters::database;
use agentos_adapters::kernel::{Files, Host, LocalKernel, SqliteAppData};
use agentos_core::ids::{BootId, Namespace};
use agentos_core::kernel::{
    KernelConfig, NewProcess, Pid, Principal, Reply, StoreKey, StoredValue, SysError, Syscall,
};
use agentos_core::ports::ambient::Ambient;
use agentos_core::ports::host::HostPort;
use agentos_core::ports::kernel::KernelPort;
use agentos_core::testing::host::FakeHost;
use agentos_core::testing::kernel_contract::program;
use agentos_core::time::Millis;
use sqlx::SqlitePool;
use tempfile::TempDir;
use tokio::time::Instant;

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(future)
}

/// Runs on a clock that jumps to the next thing due when nothing else can happen.
fn run_paused<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build();
    runtime.expect("a runtime").block_on(future)
}

/// Tokio's clock, so that a test can pause it.
struct TokioClock(Instant);

impl TokioClock {
    fn start() -> Arc<Self> {
        Arc::new(Self(Instant::now()))
    }
}

impl Ambient for TokioClock {
    fn now(&self) -> Millis {
        1_700_000_000_000 + self.0.elapsed().as_millis() as u64
    }

    fn seed(&self) -> u128 {
        0
    }
}

fn config() -> KernelConfig {
    KernelConfig {
        programs: BTreeSet::from([program()]),
        ..KernelConfig::new(BootId::new(1_700_000_000_000, 1))
    }
}

fn start(host: Arc<dyn HostPort>) -> LocalKernel {
    LocalKernel::start(config(), TokioClock::start(), host)
}

async fn database_in(folder: &TempDir) -> SqlitePool {
    database::open(&folder.path().join("agentos.db"))
        .await
        .expect("a database")
}

async fn host_on_disk() -> (Host, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let app_data = SqliteAppData::new(database_in(&folder).await);
    let files = Files::open(folder.path()).expect("a folder for files");
    (Host::new(app_data).with_files(files), folder)
}

mod host_in_memory {
    use super::{Files, Host, SqliteAppData, TempDir, database, run};

    async fn empty() -> (Host, TempDir) {
        let folder = tempfile::tempdir().expect("a folder");
        let app_data = SqliteAppData::new(database::in_memory().await.expect("a database"));
        let files = Files::open(folder.path()).expect("a folder for files");
        (Host::new(app_data).with_files(files), folder)
    }

    agentos_core::host_contract!(run, empty());
}

mod host_on_disk {
    use super::{host_on_disk, run};

    agentos_core::host_contract!(run, host_on_disk());
}

mod kernel_over_fake_host {
    use std::sync::Arc;

    use super::{FakeHost, run, start};

    agentos_core::kernel_contract!(run, async { (start(Arc::new(FakeHost::default())), ()) });
}

mod kernel_over_this_machine {
    use std::sync::Arc;

    use super::{LocalKernel, TempDir, host_on_disk, run, start};

    async fn started() -> (LocalKernel, TempDir) {
        let (host, folder) = host_on_disk().await;
        (start(Arc::new(host)), folder)
    }

    agentos_core::kernel_contract!(run, started());
}

fn namespace(number: u128) -> Namespace {
    Namespace::new(1_700_000_000_000, number)
}

async fn app(kernel: &dyn KernelPort, number: u128) -> Pid {
    kernel
        .spawn(NewProcess::app("app", namespace(number)))
        .await
        .expect("an app can start")
}

fn put(number: u128, key: &str, value: &str) -> Syscall {
    let (namespace, key) = (namespace(number), StoreKey::parse(key).expect("a key"));
    Syscall::StorePut {
        namespace,
        key,
        value: value.as_bytes().to_vec(),
        if_version: None,
    }
}

/// What the system reads there.
async fn read(kernel: &dyn KernelPort, number: u128, key: &str) -> Result<Vec<u8>, SysError> {
    let (namespace, key) = (namespace(number), StoreKey::parse(key).expect("a key"));
    match kernel
        .syscall(Principal::System, Syscall::StoreGet { namespace, key })
        .await?
    {
        Reply::Value(StoredValue { bytes, .. }) => Ok(bytes),
        other => panic!("{other:?}"),
    }
}
