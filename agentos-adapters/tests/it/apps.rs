//! Apps and packages over the real store and the real kernel, asked for many things at once and
//! started again.

use std::collections::HashSet;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use agentos_adapters::database;
use agentos_adapters::kernel::{Host, LocalKernel, SqliteAppData};
use agentos_adapters::storage::SqliteStorage;
use agentos_core::apps::{App, AppError, AppState, Apps, NewApp};
use agentos_core::ids::{AppId, BootId};
use agentos_core::kernel::{Call, KernelConfig, Principal, StoreKey, Syscall};
use agentos_core::ports::ambient::Ambient;
use agentos_core::ports::kernel::KernelPort;
use agentos_core::registry::{MetadataChange, Registry};
use agentos_core::time::Millis;
use serde_json::{Value, json};
use tokio::task::JoinSet;

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(future)
}

/// A clock that stands still, and seeds that no other desk counts.
struct StillClock {
    seeds: AtomicU64,
}

impl StillClock {
    fn of_boot(boot: u64) -> Arc<Self> {
        Arc::new(Self {
            seeds: AtomicU64::new(boot << 32),
        })
    }
}

impl Ambient for StillClock {
    fn now(&self) -> Millis {
        1_700_000_000_000
    }

    fn seed(&self) -> u128 {
        u128::from(self.seeds.fetch_add(1, Ordering::Relaxed))
    }
}

/// One run of the program on the database in a folder.
struct Desk {
    apps: Arc<Apps>,
    registry: Arc<Registry>,
    kernel: Arc<LocalKernel>,
}

impl Desk {
    async fn start(folder: &Path, boot: u64) -> Self {
        let pool = database::open(&folder.join("agentos.db"))
            .await
            .expect("a database");
        let clock = StillClock::of_boot(boot);
        let config = KernelConfig::new(BootId::new(boot, 0));
        let app_data = SqliteAppData::new(pool.clone());
        let host = Arc::new(Host::new(app_data));
        let kernel = Arc::new(LocalKernel::start(config, Arc::clone(&clock) as _, host));
        let storage = Arc::new(SqliteStorage::new(pool));
        let apps = Arc::new(Apps::new(
            storage,
            Arc::clone(&kernel) as _,
            clock,
            Box::new(|_| ()),
        ));
        let registry = Arc::new(Registry::new(Arc::clone(&apps)));
        Self {
            apps,
            registry,
            kernel,
        }
    }

    async fn spawn(&self) -> App {
        let document = json!({
            "type": "app", "title": "Notes", "state": {"n": 0, "notes": []}, "persist": ["notes"], "components": []
        });
        let new = NewApp {
            document,
            request: "create notes".to_owned(),
            parent: None,
            report: Value::Null,
        };
        self.apps.spawn(new).await.expect("spawned")
    }

    /// What the app's `storage.set` does.
    async fn store(&self, app: AppId) {
        let caller = self.apps.caller(app, None).await.expect("a caller");
        let key = StoreKey::parse("k").expect("a key");
        let put = Syscall::StorePut {
            namespace: caller.namespace,
            key,
            value: b"1".to_vec(),
            if_version: None,
        };
        self.kernel
            .call(Call::new(caller.principal(), put))
            .await
            .expect("stored");
    }

    /// What the app's `storage.get` does.
    async fn stores(&self, app: &App) -> bool {
        let key = StoreKey::parse("k").expect("a key");
        let get = Syscall::StoreGet {
            namespace: app.record.namespace,
            key,
        };
        self.kernel.call(Call::new(Principal::System, get)).await.is_ok()
    }
}

fn add_note(n: u64) -> Value {
    json!([{"op": "replace", "path": "/n", "value": n}, {"op": "add", "path": "/notes/-", "value": n}])
}

#[test]
fn an_app_comes_back_suspended_with_its_state_and_goes_on_under_a_new_lease() {
    let folder = tempfile::tempdir().expect("a folder");
    let (app, package) = run(async {
        let desk = Desk::start(folder.path(), 1).await;
        let app = desk.spawn().await;
        let lease = desk.apps.take_lease(app.record.id).await.expect("a lease");
        desk.apps
            .apply_batch(app.record.id, lease.engine, 0, add_note(7))
            .await
            .expect("applied");
        desk.store(app.record.id).await;
        let saved = desk
            .registry
            .save(app.record.id, MetadataChange::default())
            .await
            .expect("saved");
        (app, saved.id)
    });
    run(async {
        let desk = Desk::start(folder.path(), 2).await;
        let suspended = desk.apps.app(app.record.id).await.expect("there");
        assert_eq!(
            (suspended.state, suspended.record.package),
            (AppState::Suspended, Some(package))
        );
        let lease = desk.apps.take_lease(app.record.id).await.expect("a lease");
        assert_eq!((lease.rev, &lease.state), (1, &json!({"n": 7, "notes": [7]})));
        let rev = desk
            .apps
            .apply_batch(app.record.id, lease.engine, 1, add_note(8))
            .await
            .expect("applied");
        assert_eq!(rev, 2);
        assert!(desk.stores(&app).await);
        desk.apps.close(app.record.id).await.expect("closed");
    });
    run(async {
        let desk = Desk::start(folder.path(), 3).await;
        assert!(desk.apps.list().await.expect("listed").0.is_empty());
        let back = desk.registry.launch(package).await.expect("launched");
        let state = desk.apps.state(back.record.id).await.expect("there").state;
        assert_eq!(state, json!({"n": 0, "notes": [7, 8]}));
        assert!(desk.stores(&app).await);
        desk.apps.close(back.record.id).await.expect("closed");
        desk.registry.delete(package).await.expect("deleted");
        assert!(!desk.stores(&app).await);
    });
}

/// However engines take the lease from each other while they write, every acknowledged note is
/// there once, in the order of the revisions.
#[test]
fn engines_that_take_the_lease_from_each_other_lose_nothing_acknowledged() {
    let folder = tempfile::tempdir().expect("a folder");
    run(async {
        let desk = Desk::start(folder.path(), 1).await;
        let id = desk.spawn().await.record.id;
        let mut engines = JoinSet::new();
        for engine in 0..4 {
            let apps = Arc::clone(&desk.apps);
            engines.spawn(async move { write_until_replaced_five_times(&apps, id, engine).await });
        }
        let mut acknowledged: Vec<(u64, u64)> = engines.join_all().await.into_iter().flatten().collect();
        acknowledged.sort_unstable();
        let revisions: Vec<u64> = acknowledged.iter().map(|(rev, _)| *rev).collect();
        assert_eq!(revisions, (1..=acknowledged.len() as u64).collect::<Vec<_>>());

        let notes: Vec<u64> = acknowledged.into_iter().map(|(_, note)| note).collect();
        let replica = desk.apps.state(id).await.expect("there");
        assert_eq!(replica.state["notes"], json!(notes));
    });
}

/// The acknowledged revisions with the note each of them added.
async fn write_until_replaced_five_times(apps: &Apps, id: AppId, engine: u64) -> Vec<(u64, u64)> {
    let mut acknowledged = Vec::new();
    for opening in 0..5 {
        let lease = apps.take_lease(id).await.expect("a lease");
        let mut rev = lease.rev;
        for number in 0..5 {
            let note = engine * 100 + opening * 10 + number;
            match apps.apply_batch(id, lease.engine, rev, add_note(note)).await {
                Ok(new) => rev = new,
                Err(AppError::EngineReplaced) => break,
                Err(other) => panic!("{other:?}"),
            }
            acknowledged.push((rev, note));
            tokio::task::yield_now().await;
        }
    }
    acknowledged
}

#[test]
fn a_persisting_package_launched_many_times_at_once_runs_once() {
    let folder = tempfile::tempdir().expect("a folder");
    run(async {
        let desk = Desk::start(folder.path(), 1).await;
        let id = desk.spawn().await.record.id;
        let package = desk
            .registry
            .save(id, MetadataChange::default())
            .await
            .expect("saved")
            .id;
        desk.apps.close(id).await.expect("closed");
        let mut launches = JoinSet::new();
        for _ in 0..8 {
            let registry = Arc::clone(&desk.registry);
            launches.spawn(async move { registry.launch(package).await.expect("launched").record.id });
        }
        let running: HashSet<AppId> = launches.join_all().await.into_iter().collect();
        assert_eq!(running.len(), 1);
        let kernel: &dyn KernelPort = &*desk.kernel;
        assert_eq!(
            kernel.processes().await.expect("processes").len(),
            2,
            "the system and the one app"
        );
    });
}

#[test]
fn saves_of_one_app_at_once_are_versions_of_one_package() {
    let folder = tempfile::tempdir().expect("a folder");
    run(async {
        let desk = Desk::start(folder.path(), 1).await;
        let id = desk.spawn().await.record.id;
        let mut saves = JoinSet::new();
        for _ in 0..4 {
            let registry = Arc::clone(&desk.registry);
            saves.spawn(async move { registry.save(id, MetadataChange::default()).await.expect("saved") });
        }
        let versions = saves.join_all().await;
        let packages: HashSet<_> = versions.iter().map(|metadata| metadata.id).collect();
        let versions: HashSet<String> = versions
            .iter()
            .map(|metadata| metadata.version.to_string())
            .collect();
        assert_eq!((packages.len(), versions.len()), (1, 4));
    });
}
