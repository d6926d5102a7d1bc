//! A desktop with a service of your own: `cargo run --example own_service`.
//!
//! [`Units`] is all there is to write. Its tools are in the catalog from then on, so documents are
//! checked against them, models are told of them, and `GET /services` lists them. The tests run the
//! contract every service keeps.

use std::io::Write;
use std::sync::Arc;

use agentos_adapters::database;
use agentos_adapters::kernel::{Host, LocalKernel, SqliteAppData};
use agentos_adapters::llm::OfflineLlm;
use agentos_adapters::storage::SqliteStorage;
use agentos_core::ids::BootId;
use agentos_core::kernel::KernelConfig;
use agentos_core::ports::ambient::Ambient;
use agentos_core::ports::kernel::KernelPort;
use agentos_core::ports::service::{Caller, Service, ServiceError, ServicePort};
use agentos_core::services::Services;
use agentos_core::spec::catalog::{Field, ToolEntry, ValueKind};
use agentos_server::{Desk, Listeners, Machine, serve};
use async_trait::async_trait;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;

/// Lengths, each with its metres.
const UNITS: [(&str, f64); 4] = [
    ("mile", 1_609.344),
    ("foot", 0.304_8),
    ("metre", 1.0),
    ("inch", 0.025_4),
];

/// `units.list` names lengths and `units.convert` turns one into another.
struct Units;

#[async_trait]
impl ServicePort for Units {
    fn describe(&self) -> Service {
        let unit = || ValueKind::one_of(&["mile", "foot", "metre", "inch"]);
        let convert = ToolEntry::service("units.convert", "Turns a length into another unit")
            .takes([
                Field::new("value", ValueKind::NUMBER, "how many").required(),
                Field::new("from", unit(), "the unit it is in").required(),
                Field::new("to", unit(), "the unit to turn it into").required(),
            ])
            .returns("the number")
            .reads()
            .example(json!({"value": 1, "from": "foot", "to": "metre"}), 0.304_8);
        let list = ToolEntry::service("units.list", "The units there are")
            .returns("a list of names")
            .reads()
            .example(json!({}), json!(UNITS.map(|(name, _)| name)));
        Service {
            id: "units".to_owned(),
            name: "Units".to_owned(),
            description: "Converts lengths between units of measurement".to_owned(),
            category: "compute".to_owned(),
            capabilities: vec!["convert_units".to_owned()],
            tools: vec![convert, list],
        }
    }

    async fn call(
        &self,
        tool: &str,
        args: &Map<String, Value>,
        _caller: Option<Caller>,
    ) -> Result<Value, ServiceError> {
        match tool {
            "units.list" => Ok(json!(UNITS.map(|(name, _)| name))),
            "units.convert" => {
                let value = args
                    .get("value")
                    .and_then(Value::as_f64)
                    .ok_or_else(|| missing("value"))?;
                Ok(json!(value * metres(args, "from")? / metres(args, "to")?))
            }
            _ => Err(ServiceError::UnknownTool {
                tool: tool.to_owned(),
            }),
        }
    }
}

fn metres(args: &Map<String, Value>, name: &str) -> Result<f64, ServiceError> {
    let unit = args.get(name).and_then(Value::as_str);
    let known = UNITS.iter().find(|(known, _)| Some(*known) == unit);
    known.map(|(_, metres)| *metres).ok_or_else(|| missing(name))
}

fn missing(argument: &str) -> ServiceError {
    ServiceError::InvalidArgument {
        argument: argument.to_owned(),
        message: format!("argument \"{argument}\" is missing"),
    }
}

/// An app that uses the service, as a model would write it.
fn document() -> Value {
    json!({
        "type": "app", "title": "Feet to metres",
        "state": {"feet": 6, "metres": null},
        "components": [
            {"type": "input", "id": "feet", "props": {"label": "Feet", "type": "number", "value": {"$bind": "feet"}}},
            {"type": "button", "id": "convert", "props": {"text": "Convert"}, "on_event": {"click": {
                "tool": "units.convert",
                "args": {"value": "{{ feet }}", "from": "foot", "to": "metre"},
                "into": "metres"
            }}},
            {"type": "text", "id": "metres-text", "props": {"content": "{{ metres | number(2) if metres else '–' }} m"}}
        ]
    })
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let ambient = Arc::new(Machine);
    let database = database::in_memory().await?;
    let storage = Arc::new(SqliteStorage::new(database.clone()));
    let host = Arc::new(Host::new(SqliteAppData::new(database)));
    let boot = BootId::new(ambient.now(), ambient.seed());
    let kernel: Arc<dyn KernelPort> =
        Arc::new(LocalKernel::start(KernelConfig::new(boot), ambient.clone(), host));
    let services = Services::new(&kernel, [Arc::new(Units) as Arc<dyn ServicePort>])?;
    let desk = Arc::new(Desk::new(
        kernel,
        services,
        storage,
        Arc::new(OfflineLlm),
        ambient,
    ));

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let stop = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    let listeners = Listeners {
        http: listener,
        kernel: None,
        ai: None,
    };
    let serving = tokio::spawn(serve(listeners, desk, stop));
    let open = agentos_adapters::http::to_own_server()?.post(format!("http://{address}/apps"));
    open.json(&json!({"ui_spec": document()}))
        .send()
        .await?
        .error_for_status()?;
    writeln!(std::io::stdout(), "AgentOS is ready at http://{address}")?;
    Ok(serving.await??)
}

#[cfg(test)]
mod tests {
    use agentos_core::ids::{AppId, Namespace};
    use agentos_core::kernel::NewProcess;
    use agentos_core::spec::accept::accept;
    use agentos_core::spec::mend::Loss;
    use agentos_core::testing::kernel::FakeKernel;

    use super::*;

    fn block_on<F: Future>(future: F) -> F::Output {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(future)
    }

    async fn service() -> (Units, Caller, Arc<dyn KernelPort>) {
        let namespace = Namespace::new(0, 1);
        let kernel: Arc<dyn KernelPort> = Arc::new(FakeKernel::default());
        let pid = kernel.spawn(NewProcess::app("app", namespace)).await.unwrap();
        let app = AppId::new(0, 1);
        (Units, Caller { app, pid, namespace }, kernel)
    }

    agentos_core::service_contract!(block_on, service());

    #[test]
    fn a_document_that_uses_it_has_no_issue_and_gets_its_answer() {
        let kernel: Arc<dyn KernelPort> = Arc::new(FakeKernel::default());
        let services = Services::new(&kernel, [Arc::new(Units) as Arc<dyn ServicePort>]).unwrap();
        let accepted = accept(document(), services.catalog(), Loss::Allowed).unwrap();
        assert_eq!(accepted.issues, []);
        let args = json!({"value": 10, "from": "foot", "to": "metre"});
        let answer = block_on(services.call("units.convert", &args, None));
        assert_eq!(answer, Ok(json!(3.048)));
        let args = json!({"value": 1, "from": "foot", "to": "hour"});
        assert_eq!(
            block_on(services.call("units.convert", &args, None))
                .unwrap_err()
                .code(),
            "args_invalid"
        );
    }
}
