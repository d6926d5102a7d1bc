//! Apps over a store in memory and a kernel whose host has no machine.

use std::sync::{Arc, Mutex};

use agentos_core::apps::{App, AppEvent, Apps, Lease, NewApp};
use agentos_core::ids::Namespace;
use agentos_core::kernel::{Call, LimitTable, Pid, Principal, StoreKey, Syscall};
use agentos_core::ports::ambient::Ambient;
use agentos_core::ports::kernel::KernelPort;
use agentos_core::registry::Registry;
use agentos_core::testing::host::FakeHost;
use agentos_core::testing::kernel::FakeKernel;
use agentos_core::testing::storage::MemoryStorage;
use agentos_core::time::Millis;
use serde_json::{Value, json};

/// Everything a test reaches. A restart keeps the store and what apps stored, and nothing else.
pub(crate) struct Desk {
    pub(crate) apps: Arc<Apps>,
    pub(crate) registry: Registry,
    pub(crate) storage: Arc<MemoryStorage>,
    pub(crate) kernel: Arc<FakeKernel>,
    pub(crate) host: Arc<FakeHost>,
    pub(crate) clock: Arc<Clock>,
    events: Arc<Mutex<Vec<AppEvent>>>,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self::within(&LimitTable::default())
    }

    pub(crate) fn within(limits: &LimitTable) -> Self {
        Self::start(limits, Arc::default(), Arc::default(), Arc::default())
    }

    pub(crate) fn restarted(self) -> Self {
        Self::start(&LimitTable::default(), self.storage, self.host, self.clock)
    }

    fn start(
        limits: &LimitTable,
        storage: Arc<MemoryStorage>,
        host: Arc<FakeHost>,
        clock: Arc<Clock>,
    ) -> Self {
        let kernel = Arc::new(FakeKernel::within(*limits, host.clone()));
        let events: Arc<Mutex<Vec<AppEvent>>> = Arc::default();
        let heard = Arc::clone(&events);
        let apps = Arc::new(Apps::new(
            Arc::clone(&storage) as _,
            Arc::clone(&kernel) as _,
            Arc::clone(&clock) as _,
            Box::new(move |event| heard.lock().expect("events").push(event)),
        ));
        let registry = Registry::new(Arc::clone(&apps));
        Self {
            apps,
            registry,
            storage,
            kernel,
            host,
            clock,
            events,
        }
    }

    /// What was told since the last time.
    pub(crate) fn events(&self) -> Vec<AppEvent> {
        std::mem::take(&mut self.events.lock().expect("events"))
    }

    pub(crate) async fn spawn(&self, document: Value) -> App {
        self.apps.spawn(new_app(document)).await.expect("spawned")
    }

    pub(crate) async fn spawn_child(&self, parent: &App) -> App {
        let child = NewApp {
            parent: Some(parent.record.id),
            ..new_app(counter())
        };
        self.apps.spawn(child).await.expect("spawned")
    }

    pub(crate) async fn lease(&self, app: &App) -> Lease {
        self.apps.take_lease(app.record.id).await.expect("a lease")
    }

    /// What the `storage` tools would write for `namespace`.
    pub(crate) async fn store(&self, namespace: Namespace) {
        let key = StoreKey::parse("k").expect("a key");
        let put = Syscall::StorePut {
            namespace,
            key,
            value: b"1".to_vec(),
            if_version: None,
        };
        self.kernel
            .call(Call::new(Principal::System, put))
            .await
            .expect("stored");
    }

    pub(crate) async fn stores(&self, namespace: Namespace) -> bool {
        let key = StoreKey::parse("k").expect("a key");
        self.kernel
            .call(Call::new(Principal::System, Syscall::StoreGet { namespace, key }))
            .await
            .is_ok()
    }

    pub(crate) async fn processes(&self) -> Vec<Pid> {
        let kernel: &dyn KernelPort = &*self.kernel;
        let processes = kernel.processes().await.expect("processes");
        processes
            .into_iter()
            .map(|process| process.pid)
            .filter(|pid| *pid != Pid::SYSTEM)
            .collect()
    }
}

pub(crate) fn new_app(document: Value) -> NewApp {
    NewApp {
        document,
        request: "create it".to_owned(),
        parent: None,
        report: Value::Null,
    }
}

/// Persists nothing.
pub(crate) fn counter() -> Value {
    json!({"type": "app", "title": "Counter", "state": {"n": 0}, "components": []})
}

/// Persists two of its three paths.
pub(crate) fn todo() -> Value {
    json!({
        "type": "app", "title": "Todo", "services": ["storage"],
        "state": {"draft": "", "todos": [], "view": {"filter": "all"}},
        "persist": ["todos", "view.filter"],
        "components": []
    })
}

/// Stands still unless it is moved; seeds count up.
#[derive(Default)]
pub(crate) struct Clock {
    now: Mutex<Millis>,
    seed: Mutex<u128>,
}

impl Clock {
    pub(crate) fn advance(&self, span: Millis) {
        *self.now.lock().expect("now") += span;
    }
}

impl Ambient for Clock {
    fn now(&self) -> Millis {
        *self.now.lock().expect("now")
    }

    fn seed(&self) -> u128 {
        let mut seed = self.seed.lock().expect("seed");
        *seed += 1;
        *seed
    }
}
