//! Apps over a store in memory and a real kernel whose host has no machine.

use std::sync::{Arc, Mutex};

use agentos_core::apps::{App, AppEvent, Apps, Lease, NewApp};
use agentos_core::ids::{BootId, Namespace};
use agentos_core::kernel::{
    CallId, Effect, Input, Kernel, KernelConfig, Pid, Principal, Reply, StoreKey, SysError, Syscall,
};
use agentos_core::ports::ambient::Ambient;
use agentos_core::ports::host::HostPort;
use agentos_core::ports::kernel::{EventItem, KernelPort};
use agentos_core::registry::Registry;
use agentos_core::testing::host::FakeHost;
use agentos_core::testing::storage::MemoryStorage;
use agentos_core::time::Millis;
use async_trait::async_trait;
use futures::stream::BoxStream;
use serde_json::{Value, json};

/// Everything a test reaches. A restart keeps the store and what apps stored, and nothing else.
pub(crate) struct Desk {
    pub(crate) apps: Arc<Apps>,
    pub(crate) registry: Registry,
    pub(crate) storage: Arc<MemoryStorage>,
    pub(crate) kernel: Arc<KernelInStep>,
    pub(crate) clock: Arc<Clock>,
    events: Arc<Mutex<Vec<AppEvent>>>,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self::start(Arc::default(), Arc::default(), Arc::default())
    }

    pub(crate) fn restarted(self) -> Self {
        Self::start(self.storage, Arc::clone(&self.kernel.host), self.clock)
    }

    fn start(storage: Arc<MemoryStorage>, host: Arc<FakeHost>, clock: Arc<Clock>) -> Self {
        let kernel = Arc::new(KernelInStep::new(host));
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
        self.kernel.syscall(Principal::System, put).await.expect("stored");
    }

    pub(crate) async fn stores(&self, namespace: Namespace) -> bool {
        let key = StoreKey::parse("k").expect("a key");
        self.kernel
            .syscall(Principal::System, Syscall::StoreGet { namespace, key })
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

/// A kernel whose every call is answered before the next one begins.
pub(crate) struct KernelInStep {
    kernel: Mutex<Kernel>,
    pub(crate) host: Arc<FakeHost>,
    calls: Mutex<u64>,
}

impl KernelInStep {
    fn new(host: Arc<FakeHost>) -> Self {
        let kernel = Kernel::new(KernelConfig::new(BootId::new(0, 0)), 0);
        Self {
            kernel: Mutex::new(kernel),
            host,
            calls: Mutex::default(),
        }
    }

    fn handle(&self, input: Input) -> Vec<Effect> {
        self.kernel.lock().expect("the kernel").handle(input, 0)
    }

    fn next_call(&self) -> CallId {
        let mut calls = self.calls.lock().expect("calls");
        *calls += 1;
        CallId(*calls)
    }
}

#[async_trait]
impl KernelPort for KernelInStep {
    async fn syscall(&self, caller: Principal, syscall: Syscall) -> Result<Reply, SysError> {
        let call = self.next_call();
        let mut effects = self.handle(Input::Syscall {
            caller,
            call,
            deadline: Millis::MAX,
            syscall,
        });
        loop {
            let mut performed = None;
            for effect in effects {
                match effect {
                    Effect::Perform(op) => performed = Some((op.id(), self.host.perform(op).await)),
                    Effect::Reply { result, .. } => return result,
                    Effect::Audit(_) | Effect::Emit(_) | Effect::CancelOp(_) => {}
                }
            }
            let (op, result) = performed.expect("a call is answered or performed");
            effects = self.handle(Input::OpDone { op, result });
        }
    }

    async fn events(&self, _since: Option<u64>) -> Result<BoxStream<'static, EventItem>, SysError> {
        Ok(Box::pin(futures::stream::empty()))
    }
}
