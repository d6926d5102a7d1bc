//! A service as an embedder would add one.

use async_trait::async_trait;
use serde_json::{Map, Value, json};

use crate::ports::service::{Caller, Service, ServiceError, ServicePort};
use crate::spec::catalog::{Field, ToolEntry, ValueKind};

/// `greet.hello` greets whoever is named, and needs nothing of the kernel.
pub struct GreetingService;

#[async_trait]
impl ServicePort for GreetingService {
    fn describe(&self) -> Service {
        let name = Field::new("name", ValueKind::Text, "who is greeted").required();
        let hello = ToolEntry::service("greet.hello", "Greets somebody")
            .takes([name])
            .returns("the greeting")
            .reads()
            .example(json!({"name": "Ada"}), "Hello, Ada");
        Service {
            id: "greet".to_owned(),
            name: "Greetings".to_owned(),
            description: "Welcomes people by name".to_owned(),
            category: "social".to_owned(),
            capabilities: vec!["say_hello".to_owned()],
            tools: vec![hello],
        }
    }

    async fn call(
        &self,
        tool: &str,
        args: &Map<String, Value>,
        _caller: Option<Caller>,
    ) -> Result<Value, ServiceError> {
        match (tool, args.get("name").and_then(Value::as_str)) {
            ("greet.hello", Some(name)) => Ok(format!("Hello, {name}").into()),
            ("greet.hello", None) => Err(ServiceError::InvalidArgument {
                argument: "name".to_owned(),
                message: "argument \"name\" must be text".to_owned(),
            }),
            _ => Err(ServiceError::UnknownTool {
                tool: tool.to_owned(),
            }),
        }
    }
}
