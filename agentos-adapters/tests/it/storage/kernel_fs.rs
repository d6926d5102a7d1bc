//! Records in files of a kernel: the contract, and every point at which a transaction can break off.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use agentos_adapters::database;
use agentos_adapters::kernel::{Files, Host, LocalKernel, SqliteAppData};
use agentos_adapters::storage::KernelFsStorage;
use agentos_core::ids::{AppId, BootId, PackageId, SessionId};
use agentos_core::kernel::{
    Call, FileCall, FileStat, KernelConfig, Principal, ReadStream, Reply, SysError, Syscall, WriteStream,
};
use agentos_core::ports::ambient::Ambient;
use agentos_core::ports::kernel::{EventItem, KernelPort, Reader};
use agentos_core::ports::storage::{
    AppRecord, Package, PackageMetadata, Session, StorageError, StoragePort, Version, Workspace,
};
use agentos_core::ports::stream::ByteStream;
use agentos_core::testing::host::FakeHost;
use agentos_core::time::Millis;
use async_trait::async_trait;
use futures::FutureExt;
use futures::stream::BoxStream;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::{app, count, run};

mod on_disk {
    use super::{KernelFsStorage, TempDir, open, run};

    async fn empty() -> (KernelFsStorage, TempDir) {
        let folder = tempfile::tempdir().expect("a folder");
        (open(folder.path()).await, folder)
    }

    agentos_core::storage_contract!(run, empty());
}

mod over_a_fake_host {
    use super::{KernelFsStorage, fake_kernel, run};

    async fn empty() -> (KernelFsStorage, ()) {
        let storage = KernelFsStorage::open(fake_kernel()).await;
        (storage.expect("it opens"), ())
    }

    agentos_core::storage_contract!(run, empty());
}

struct SinceStart(Instant);

impl Ambient for SinceStart {
    fn now(&self) -> Millis {
        1_700_000_000_000 + self.0.elapsed().as_millis() as u64
    }

    fn seed(&self) -> u128 {
        0
    }
}

fn start(host: impl agentos_core::ports::host::HostPort + 'static) -> Arc<LocalKernel> {
    let config = KernelConfig::new(BootId::new(1_700_000_000_000, 1));
    let ambient = Arc::new(SinceStart(Instant::now()));
    Arc::new(LocalKernel::start(config, ambient, Arc::new(host)))
}

fn fake_kernel() -> Arc<LocalKernel> {
    start(FakeHost::default())
}

/// The records below `folder`, over a kernel of its own.
pub(super) async fn open(folder: &Path) -> KernelFsStorage {
    KernelFsStorage::open(kernel(folder).await)
        .await
        .expect("it opens")
}

async fn kernel(folder: &Path) -> Arc<LocalKernel> {
    let pool = database::open(&folder.join("agentos.db")).await;
    let app_data = SqliteAppData::new(pool.expect("a database"));
    let files = Files::open(folder).expect("a folder for files");
    start(Host::new(app_data).with_files(files))
}

/// What goes wrong at one of the calls that change a file.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    /// The power goes: this call and those after it do nothing.
    PowerCut,
    /// It is done, and its answer is lost.
    AnswerLost,
    /// It is not done.
    Refused,
}

/// A kernel that serves so many changes and then goes wrong.
struct Faulty {
    kernel: Arc<dyn KernelPort>,
    fault: Fault,
    changes_left: AtomicI64,
}

impl Faulty {
    fn after(changes: i64, fault: Fault, kernel: Arc<dyn KernelPort>) -> Arc<Self> {
        Arc::new(Self {
            kernel,
            fault,
            changes_left: AtomicI64::new(changes),
        })
    }

    fn has_failed(&self) -> bool {
        self.changes_left.load(Ordering::SeqCst) < 0
    }
}

fn changes_a_file(call: &Call) -> bool {
    matches!(
        &call.syscall,
        Syscall::File(FileCall::Write { .. } | FileCall::Delete { .. } | FileCall::CreateDirectory { .. })
    )
}

#[async_trait]
impl KernelPort for Faulty {
    async fn call(&self, call: Call) -> Result<Reply, SysError> {
        let nothing_done = Err(SysError::Unavailable { retry_after: None });
        if !changes_a_file(&call) {
            return match self.fault {
                Fault::PowerCut if self.has_failed() => nothing_done,
                _ => self.kernel.call(call).await,
            };
        }
        let left = self.changes_left.fetch_sub(1, Ordering::SeqCst);
        match self.fault {
            Fault::PowerCut if left <= 0 => nothing_done,
            Fault::Refused if left == 0 => nothing_done,
            Fault::AnswerLost if left == 0 => {
                self.kernel.call(call).await?;
                Err(SysError::DeadlineExceeded)
            }
            _ => self.kernel.call(call).await,
        }
    }

    async fn read_stream(&self, caller: Principal, read: ReadStream) -> Result<ByteStream, SysError> {
        self.kernel.read_stream(caller, read).await
    }

    async fn write_stream(
        &self,
        caller: Principal,
        write: WriteStream,
        bytes: ByteStream,
    ) -> Result<FileStat, SysError> {
        self.kernel.write_stream(caller, write, bytes).await
    }

    async fn events(
        &self,
        since: Option<u64>,
        reader: Reader,
    ) -> Result<BoxStream<'static, EventItem>, SysError> {
        self.kernel.events(since, reader).await
    }
}

fn package() -> Package {
    Package {
        metadata: PackageMetadata {
            id: PackageId::new(1, 2),
            namespace: app().namespace,
            name: "Counter".to_owned(),
            description: String::new(),
            icon: "📦".to_owned(),
            category: "general".to_owned(),
            author: "user".to_owned(),
            tags: Vec::new(),
            version: Version::FIRST,
            created_at: 5,
            updated_at: 5,
        },
        document: app().document,
    }
}

fn session(name: &str) -> Session {
    Session {
        id: SessionId::new(1, 3),
        name: name.to_owned(),
        description: String::new(),
        created_at: 5,
        updated_at: 5,
        workspace: Workspace {
            apps: Vec::new(),
            focused: None,
            focused_hash: None,
            chat_state: json!([name]),
            ui_state: Value::Null,
        },
        metadata: json!({}),
    }
}

fn other() -> AppRecord {
    AppRecord {
        id: AppId::new(2, 2),
        ..app()
    }
}

/// Transactions of several records each; every one changes something.
#[derive(Debug, Clone, Copy)]
enum Step {
    Insert,
    Commit,
    Save,
    SaveSession,
    Remove,
    RemovePackage,
}

const STEPS: [Step; 6] = [
    Step::Insert,
    Step::Commit,
    Step::Save,
    Step::SaveSession,
    Step::Remove,
    Step::RemovePackage,
];

/// A store in which each of them can be done.
async fn prepare(storage: &dyn StoragePort) {
    storage.insert_app(&app(), &json!({})).await.expect("inserted");
    let (state, persisted) = count(1);
    let committed = storage.commit_state(app().id, 0, &state, &persisted).await;
    committed.expect("committed");
    storage.save_package(&package(), None).await.expect("saved");
    storage.save_session(&session("first")).await.expect("saved");
}

async fn take(step: Step, storage: &dyn StoragePort) -> Result<(), StorageError> {
    match step {
        Step::Insert => storage.insert_app(&other(), &json!({ "n": 1 })).await,
        Step::Commit => {
            let (state, persisted) = count(2);
            let rev = storage.commit_state(app().id, 1, &state, &persisted).await?;
            assert_eq!(rev, 2);
            Ok(())
        }
        Step::Save => {
            let mut package = package();
            package.metadata.version = Version::FIRST.next();
            storage.save_package(&package, Some(app().id)).await
        }
        Step::SaveSession => storage.save_session(&session("second")).await,
        Step::Remove => storage.remove_apps(&[app().id]).await,
        Step::RemovePackage => storage.remove_package(package().metadata.id).await,
    }
}

/// Everything that is there, in words.
async fn told(storage: &dyn StoragePort) -> String {
    let mut told = String::new();
    for app in storage.apps().await.expect("read") {
        let replica = storage.replica(app.id).await.expect("read");
        writeln!(told, "{app:?} {:?}", replica.expect("it has one")).expect("a text takes it");
    }
    let persisted = storage.persisted(app().namespace).await.expect("read");
    let packages = storage.packages().await.expect("read");
    let versions = storage.versions(package().metadata.id).await.expect("read");
    let newest = storage.package(package().metadata.id).await.expect("read");
    let session = storage.session(SessionId::new(1, 3)).await.expect("read");
    told + &format!("{persisted:?}\n{packages:?}\n{versions:?}\n{newest:?}\n{session:?}")
}

/// Breaks each step off at each of its changes. What was answered is true, in this run and in the next.
async fn break_off_everywhere(fault: Fault) {
    for step in STEPS {
        let (mut undone, mut done) = (0, 0);
        loop {
            let kernel = fake_kernel();
            let opened = async || KernelFsStorage::open(kernel.clone()).await.expect("it opens");
            prepare(&opened().await).await;
            let before = told(&opened().await).await;
            let faulty = Faulty::after(i64::MAX, fault, kernel.clone());
            let storage = KernelFsStorage::open(faulty.clone()).await.expect("it opens");
            faulty.changes_left.store(undone + done, Ordering::SeqCst);
            let answer = take(step, &storage).await;
            let changed = match &answer {
                Ok(()) => true,
                Err(StorageError::Unavailable(_)) => false,
                Err(other) => panic!("{step:?}: {other:?}"),
            };
            let has_failed = faulty.has_failed();
            if fault != Fault::PowerCut {
                assert_eq!(told(&storage).await != before, changed, "{step:?} now");
            }
            assert_eq!(
                told(&opened().await).await != before,
                changed,
                "{step:?} after a start"
            );
            match changed {
                _ if !has_failed => break,
                true => done += 1,
                false => undone += 1,
            }
        }
        assert!(undone > 0, "{step:?} was broken off before its commit");
        assert!(
            done > 0 || matches!(step, Step::Insert),
            "{step:?} was broken off after it"
        );
    }
}

#[test]
fn a_power_cut_leaves_what_was_acknowledged_and_nothing_else() {
    run(break_off_everywhere(Fault::PowerCut));
}

#[test]
fn a_change_that_is_refused_leaves_everything_as_it_was() {
    run(break_off_everywhere(Fault::Refused));
}

#[test]
fn an_answer_that_is_lost_leaves_everything_as_it_was() {
    run(break_off_everywhere(Fault::AnswerLost));
}

/// A kernel that holds up writes of the journal until it is let go.
struct HeldUp {
    kernel: Arc<dyn KernelPort>,
    reached: Semaphore,
    go_on: Semaphore,
}

#[async_trait]
impl KernelPort for HeldUp {
    async fn call(&self, call: Call) -> Result<Reply, SysError> {
        if let Syscall::File(FileCall::Write { path, .. }) = &call.syscall
            && path.to_string().ends_with("journal.json")
        {
            self.reached.add_permits(1);
            let permit = self.go_on.acquire().await;
            permit.expect("it stays open").forget();
        }
        self.kernel.call(call).await
    }

    async fn read_stream(&self, caller: Principal, read: ReadStream) -> Result<ByteStream, SysError> {
        self.kernel.read_stream(caller, read).await
    }

    async fn write_stream(
        &self,
        caller: Principal,
        write: WriteStream,
        bytes: ByteStream,
    ) -> Result<FileStat, SysError> {
        self.kernel.write_stream(caller, write, bytes).await
    }

    async fn events(
        &self,
        since: Option<u64>,
        reader: Reader,
    ) -> Result<BoxStream<'static, EventItem>, SysError> {
        self.kernel.events(since, reader).await
    }
}

#[test]
fn a_transaction_whose_caller_left_goes_on_to_its_end() {
    run(async {
        let kernel = fake_kernel();
        prepare(&KernelFsStorage::open(kernel.clone()).await.expect("it opens")).await;
        let held_up = Arc::new(HeldUp {
            kernel,
            reached: Semaphore::new(0),
            go_on: Semaphore::new(0),
        });
        let storage = KernelFsStorage::open(held_up.clone()).await.expect("it opens");
        let reached = async { held_up.reached.acquire().await.expect("it stays open").forget() };
        tokio::select! {
            left = take(Step::Commit, &storage) => panic!("it is held up: {left:?}"),
            () = reached => {}
        }
        assert!(
            storage.replica(app().id).now_or_never().is_none(),
            "readers wait for the end"
        );
        held_up.go_on.add_permits(1);
        let (state, persisted) = count(2);
        let replica = storage.replica(app().id).await.expect("read").expect("there");
        assert_eq!((replica.rev, replica.state), (2, state));
        assert_eq!(storage.persisted(app().namespace).await.expect("read"), persisted);
    });
}

fn records(folder: &TempDir) -> PathBuf {
    folder.path().join("files/system/home/records")
}

/// The files of the records of `kind`, by their names.
fn files(folder: &TempDir, kind: &str) -> BTreeMap<String, PathBuf> {
    let entries = std::fs::read_dir(records(folder).join(kind)).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let named = paths.map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), path));
    named.collect()
}

#[test]
fn what_was_committed_is_there_after_reopening() {
    let folder = tempfile::tempdir().expect("a folder");
    let before = run(async {
        let storage = open(folder.path()).await;
        prepare(&storage).await;
        take(Step::Insert, &storage).await.expect("done");
        told(&storage).await
    });
    run(async {
        let storage = open(folder.path()).await;
        assert_eq!(told(&storage).await, before);
        take(Step::Remove, &storage).await.expect("done");
        assert_eq!(storage.apps().await.expect("read"), [other()]);
    });
}

#[test]
fn nothing_is_left_of_what_was_replaced_or_removed() {
    let folder = tempfile::tempdir().expect("a folder");
    run(async {
        let storage = open(folder.path()).await;
        prepare(&storage).await;
        for step in [Step::Insert, Step::Commit, Step::Save, Step::SaveSession] {
            take(step, &storage).await.expect("done");
        }
        for (kind, expected) in [
            ("apps", 2),
            ("replicas", 2),
            ("persisted", 1),
            ("packages", 1),
            ("versions", 2),
            ("sessions", 1),
            ("workspaces", 1),
        ] {
            assert_eq!(files(&folder, kind).len(), expected, "{kind}");
        }
        storage
            .remove_apps(&[app().id, other().id])
            .await
            .expect("removed");
        take(Step::RemovePackage, &storage).await.expect("done");
        let session = SessionId::new(1, 3);
        storage.remove_session(session).await.expect("removed");
        for kind in [
            "apps",
            "replicas",
            "persisted",
            "packages",
            "versions",
            "workspaces",
        ] {
            assert_eq!(files(&folder, kind), BTreeMap::new(), "{kind}");
        }
    });
}

/// Killed after the commit and before what it made obsolete was deleted.
#[test]
fn a_journal_that_was_not_carried_out_is_carried_out_at_the_next_start() {
    let folder = tempfile::tempdir().expect("a folder");
    run(async {
        let kernel = kernel(folder.path()).await;
        prepare(&KernelFsStorage::open(kernel.clone()).await.expect("it opens")).await;
        let faulty = Faulty::after(i64::MAX, Fault::PowerCut, kernel);
        let storage = KernelFsStorage::open(faulty.clone()).await.expect("it opens");
        // The replica, the persisted paths and the journal.
        faulty.changes_left.store(3, Ordering::SeqCst);
        take(Step::Commit, &storage).await.expect("committed");
        assert_eq!(files(&folder, "replicas").len(), 2);
    });
    run(async {
        let storage = open(folder.path()).await;
        let (state, _) = count(2);
        let replica = storage.replica(app().id).await.expect("read").expect("there");
        assert_eq!((replica.rev, replica.state), (2, state));
        assert_eq!(files(&folder, "replicas").len(), 1);
    });
}

#[test]
fn a_record_that_cannot_be_read_is_told_and_leaves_the_others_readable() {
    let folder = tempfile::tempdir().expect("a folder");
    run(async {
        let storage = open(folder.path()).await;
        prepare(&storage).await;
        storage.insert_app(&other(), &json!({})).await.expect("inserted");
        let damaged = files(&folder, "apps");
        let (_, damaged) = damaged.first_key_value().expect("a file");
        std::fs::write(damaged, "{").expect("damaged");
    });
    run(async {
        let storage = open(folder.path()).await;
        for answer in [
            storage.app(app().id).await.map(drop),
            storage.apps().await.map(drop),
        ] {
            assert!(
                matches!(answer, Err(StorageError::Corrupt { record: "app", .. })),
                "{answer:?}"
            );
        }
        assert_eq!(storage.app(other().id).await.expect("read"), Some(other()));
        take(Step::RemovePackage, &storage).await.expect("removed");
        let kept = storage.persisted(app().namespace).await.expect("read");
        assert_eq!(kept, count(1).1, "the damaged app may refer to it");
        storage.remove_apps(&[app().id]).await.expect("removed");
        assert_eq!(storage.apps().await.expect("read"), [other()]);
    });
}

#[test]
fn without_a_journal_that_can_be_read_nothing_is_opened_and_nothing_removed() {
    for journal in [None, Some("{")] {
        let folder = tempfile::tempdir().expect("a folder");
        run(async { prepare(&open(folder.path()).await).await });
        let path = records(&folder).join("journal.json");
        let whole = std::fs::read(&path).expect("there");
        match journal {
            None => std::fs::remove_file(&path),
            Some(text) => std::fs::write(&path, text),
        }
        .expect("damaged");
        run(async {
            let answer = KernelFsStorage::open(kernel(folder.path()).await).await;
            let error = answer.expect_err("it is refused");
            assert!(
                matches!(
                    error,
                    StorageError::Corrupt {
                        record: "journal",
                        ..
                    }
                ),
                "{error:?}"
            );
        });
        std::fs::write(&path, whole).expect("restored");
        run(async {
            let storage = open(folder.path()).await;
            assert_eq!(storage.apps().await.expect("read"), [app()]);
        });
    }
}

#[test]
fn a_full_disk_is_told_and_room_can_be_made() {
    use agentos_core::kernel::{LimitTable, Limits};
    let folder = tempfile::tempdir().expect("a folder");
    run(async {
        prepare(&open(folder.path()).await).await;
        let pool = database::open(&folder.path().join("agentos.db")).await;
        let app_data = SqliteAppData::new(pool.expect("a database"));
        let files = Files::open(folder.path()).expect("a folder for files");
        let table = LimitTable::default();
        let system = Limits {
            disk_bytes: 128 * 1_024,
            ..table.system
        };
        let config = KernelConfig {
            limits: LimitTable { system, ..table },
            ..KernelConfig::new(BootId::new(1_700_000_000_000, 1))
        };
        let host = Arc::new(Host::new(app_data).with_files(files));
        let kernel = LocalKernel::start(config, Arc::new(SinceStart(Instant::now())), host);
        let storage = KernelFsStorage::open(Arc::new(kernel)).await.expect("it opens");
        let large = json!("x".repeat(100 * 1_024));
        let refused = storage.insert_app(&other(), &large).await;
        assert!(
            matches!(refused, Err(StorageError::Unavailable(_))),
            "{refused:?}"
        );
        assert_eq!(storage.apps().await.expect("read"), [app()]);
        take(Step::Commit, &storage).await.expect("small ones fit");
        take(Step::Remove, &storage).await.expect("room is made");
        assert_eq!(storage.apps().await.expect("read"), []);
    });
}
