//! Services: each keeps the contract, and the registry checks a call before it reaches one.

use std::sync::Arc;

use agentos_core::ids::{AppId, Namespace};
use agentos_core::kernel::{Capability, NewProcess, SysError};
use agentos_core::ports::kernel::KernelPort;
use agentos_core::ports::service::{Caller, Service, ServiceError, ServicePort};
use agentos_core::services::{RegistrationError, Services, StorageService, SystemService};
use agentos_core::testing::kernel::FakeKernel;
use agentos_core::testing::service::GreetingService;
use futures::executor::block_on;
use serde_json::{Value, json};

fn kernel() -> Arc<dyn KernelPort> {
    Arc::new(FakeKernel::default())
}

async fn app(kernel: &Arc<dyn KernelPort>, number: u128) -> Caller {
    let namespace = Namespace::new(FakeKernel::NOW, number);
    let pid = kernel.spawn(NewProcess::app("app", namespace)).await.unwrap();
    let app = AppId::new(FakeKernel::NOW, number);
    Caller { app, pid, namespace }
}

mod storage {
    use super::{Caller, StorageService, app, block_on, kernel};

    async fn service() -> (StorageService, Caller, ()) {
        let kernel = kernel();
        let caller = app(&kernel, 1).await;
        (StorageService::new(kernel), caller, ())
    }

    agentos_core::service_contract!(block_on, service());
}

mod system {
    use super::{Caller, SystemService, app, block_on, kernel};

    async fn service() -> (SystemService, Caller, ()) {
        let kernel = kernel();
        let caller = app(&kernel, 1).await;
        (SystemService::new(kernel), caller, ())
    }

    agentos_core::service_contract!(block_on, service());
}

mod of_an_embedder {
    use super::{Caller, GreetingService, app, block_on, kernel};

    async fn service() -> (GreetingService, Caller, ()) {
        (GreetingService, app(&kernel(), 1).await, ())
    }

    agentos_core::service_contract!(block_on, service());
}

/// All services over one kernel, and one app.
struct Desk {
    services: Services,
    kernel: Arc<dyn KernelPort>,
    caller: Caller,
}

impl Desk {
    async fn open() -> Self {
        let kernel = kernel();
        let caller = app(&kernel, 1).await;
        let greetings: Arc<dyn ServicePort> = Arc::new(GreetingService);
        let services = Services::new(&kernel, [greetings]).unwrap();
        Self {
            services,
            kernel,
            caller,
        }
    }

    async fn call(&self, tool: &str, args: Value) -> Result<Value, ServiceError> {
        self.services.call(tool, &args, Some(&self.caller)).await
    }

    async fn code(&self, tool: &str, args: Value) -> String {
        self.call(tool, args).await.unwrap_err().code().to_owned()
    }
}

#[test]
fn storage_keeps_any_json_under_its_key() {
    block_on(async {
        let desk = Desk::open().await;
        for value in [
            json!(null),
            json!(false),
            json!(0.5),
            json!("Dear"),
            json!([1, {"b": 1, "a": 2}]),
        ] {
            assert_eq!(
                desk.call("storage.set", json!({"key": "k", "value": value}))
                    .await
                    .unwrap(),
                true
            );
            assert_eq!(
                desk.call("storage.get", json!({"key": "k"})).await.unwrap(),
                value
            );
        }
        assert_eq!(desk.call("storage.list", json!({})).await.unwrap(), json!(["k"]));
        assert_eq!(
            desk.call("storage.remove", json!({"key": "k"})).await.unwrap(),
            true
        );
        assert_eq!(
            desk.call("storage.remove", json!({"key": "k"})).await.unwrap(),
            false
        );
        assert_eq!(
            desk.call("storage.get", json!({"key": "k"})).await.unwrap(),
            Value::Null
        );
        assert_eq!(
            desk.call("storage.get", json!({"key": "k", "default": 7}))
                .await
                .unwrap(),
            7
        );
    });
}

#[test]
fn storage_lists_by_prefix_and_clears_what_it_counts() {
    block_on(async {
        let desk = Desk::open().await;
        for key in ["note/b", "note/a", "other"] {
            desk.call("storage.set", json!({"key": key, "value": 1}))
                .await
                .unwrap();
        }
        let notes = desk
            .call("storage.list", json!({"prefix": "note/"}))
            .await
            .unwrap();
        assert_eq!(notes, json!(["note/a", "note/b"]));
        assert_eq!(desk.call("storage.clear", json!({})).await.unwrap(), 3);
        assert_eq!(desk.call("storage.list", json!({})).await.unwrap(), json!([]));
    });
}

#[test]
fn apps_do_not_see_each_others_storage() {
    block_on(async {
        let desk = Desk::open().await;
        desk.call("storage.set", json!({"key": "k", "value": "mine"}))
            .await
            .unwrap();
        let other = app(&desk.kernel, 2).await;
        let read = desk
            .services
            .call("storage.get", &json!({"key": "k"}), Some(&other))
            .await;
        assert_eq!(read, Ok(Value::Null));

        let liar = Caller {
            namespace: desk.caller.namespace,
            ..other
        };
        let read = desk
            .services
            .call("storage.get", &json!({"key": "k"}), Some(&liar))
            .await;
        let need = Capability::Store {
            namespace: desk.caller.namespace,
        };
        assert_eq!(read, Err(SysError::PermissionDenied { need }.into()));
    });
}

#[test]
fn the_system_tells_its_time_and_kind() {
    block_on(async {
        let desk = Desk::open().await;
        let time = desk.call("system.time", json!({})).await.unwrap();
        assert_eq!(
            time,
            json!({"now": "2023-11-14T22:13:20Z", "unix_ms": FakeKernel::NOW})
        );
        assert_eq!(desk.call("system.time", Value::Null).await.unwrap(), time);
        let info = desk.call("system.info", json!({})).await.unwrap();
        assert_eq!(info["cpus"], 1);
    });
}

#[test]
fn a_call_that_cannot_run_is_refused_with_its_code() {
    block_on(async {
        let desk = Desk::open().await;
        assert_eq!(desk.code("storage.fetch", json!({})).await, "tool_unknown");
        assert_eq!(
            desk.code("http.get", json!({"url": "http://example.com"})).await,
            "tool_unknown"
        );
        assert_eq!(desk.code("storage.get", json!({})).await, "args_invalid");
        assert_eq!(desk.code("storage.get", json!([])).await, "args_invalid");
        assert_eq!(
            desk.code("storage.get", json!({"key": "k", "colour": "red"}))
                .await,
            "args_invalid"
        );
        assert_eq!(desk.code("storage.get", json!({"key": ""})).await, "args_invalid");
        assert_eq!(
            desk.code("ui.set_state", json!({"path": "a", "value": 1})).await,
            "app_required"
        );
        assert_eq!(
            desk.code("system.log", json!({"message": "hi"})).await,
            "app_required"
        );
        let large = "x".repeat(2 * 1024 * 1024);
        assert_eq!(
            desk.code("storage.set", json!({"key": "k", "value": large}))
                .await,
            "too_large"
        );
        desk.kernel.kill(desk.caller.pid).await.unwrap();
        assert_eq!(desk.code("storage.get", json!({"key": "k"})).await, "cancelled");
    });
}

#[test]
fn without_an_app_only_tools_without_a_capability_run() {
    block_on(async {
        let services = Desk::open().await.services;
        let greeting = services.call("greet.hello", &json!({"name": "Ada"}), None).await;
        assert_eq!(greeting, Ok(json!("Hello, Ada")));
        let sum = services.call("calc.add", &json!({"a": 2, "b": 3}), None).await;
        assert_eq!(sum, Ok(json!(5)));
        let key = services
            .call("calc.append_digit", &json!({"digit": "7"}), None)
            .await;
        assert_eq!(key.unwrap_err().code(), "app_required");
        let time = services.call("system.time", &json!({}), None).await;
        assert_eq!(
            time,
            Err(ServiceError::AppRequired {
                tool: "system.time".to_owned()
            })
        );
    });
}

#[test]
fn an_embedders_tools_are_in_the_catalog_the_list_and_discovery() {
    block_on(async {
        let services = Desk::open().await.services;
        assert!(services.catalog().tool("greet.hello").is_some());
        assert_eq!(ids(services.list(Some("social"))), ["greet"]);
        assert_eq!(ids(services.discover("welcomes"))[0], "greet");
        assert_eq!(ids(services.discover("I want to save what I load"))[0], "storage");
        assert_eq!(services.stats().categories["social"], 1);
    });
}

#[test]
fn every_tool_of_the_catalog_is_listed_once() {
    block_on(async {
        let services = Desk::open().await.services;
        let mut listed: Vec<_> = services
            .list(None)
            .iter()
            .flat_map(|service| &service.tools)
            .map(|tool| tool.id.clone())
            .collect();
        let mut all: Vec<_> = services.catalog().tools().map(|tool| tool.id.clone()).collect();
        assert_eq!(services.stats().total_tools, listed.len());
        listed.sort();
        all.sort();
        assert_eq!(listed, all);
    });
}

#[test]
fn services_that_contradict_each_other_are_refused() {
    let greetings = || Arc::new(GreetingService) as Arc<dyn ServicePort>;
    let twice = Services::new(&kernel(), [greetings(), greetings()]).err();
    assert_eq!(
        twice,
        Some(RegistrationError::Twice {
            id: "greet".to_owned()
        })
    );

    let usurper: Arc<dyn ServicePort> = Arc::new(StorageService::new(kernel()));
    let twice = Services::new(&kernel(), [usurper]).err();
    assert_eq!(
        twice,
        Some(RegistrationError::Twice {
            id: "storage".to_owned()
        })
    );
}

fn ids(services: Vec<&Service>) -> Vec<&str> {
    services.into_iter().map(|service| service.id.as_str()).collect()
}
