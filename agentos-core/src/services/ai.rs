//! `ai`: questions of an app to the model, each one a syscall of the app's process.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Map, Value};

use super::{needed, text, tools_of, unknown};
use crate::kernel::{ModelReply, ModelRequest, Reply, SysError, Syscall};
use crate::ports::kernel::KernelPort;
use crate::ports::service::{Caller, Service, ServiceError, ServicePort};

/// Text in, text out. Whatever the model answers, the app gets it as text and nothing else happens.
pub struct AiService {
    kernel: Arc<dyn KernelPort>,
}

impl AiService {
    pub fn new(kernel: Arc<dyn KernelPort>) -> Self {
        Self { kernel }
    }

    async fn ask(&self, caller: Caller, args: &Map<String, Value>) -> Result<Value, ServiceError> {
        let request = ModelRequest {
            prompt: text(args, "prompt")?.to_owned(),
            text: args
                .get("text")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
            max_tokens: args
                .get("max_tokens")
                .and_then(Value::as_u64)
                .map(|tokens| tokens as u32),
        };
        let asked = Syscall::LlmGenerate(request);
        match self.kernel.syscall(caller.principal(), asked).await? {
            Reply::Model(ModelReply::Text(text)) => Ok(text.into()),
            Reply::Model(ModelReply::Refused { code, message }) => Err(ServiceError::Tool {
                code,
                message,
                details: None,
            }),
            _ => Err(SysError::wrong_reply().into()),
        }
    }
}

#[async_trait]
impl ServicePort for AiService {
    fn describe(&self) -> Service {
        Service {
            id: "ai".to_owned(),
            name: "AI".to_owned(),
            description: "Summarises, translates, rewrites and answers, as the person allows it".to_owned(),
            category: "ai".to_owned(),
            capabilities: ["summarise", "translate", "rewrite", "language_model"]
                .map(str::to_owned)
                .to_vec(),
            tools: tools_of("ai"),
        }
    }

    async fn call(
        &self,
        tool: &str,
        args: &Map<String, Value>,
        caller: Option<Caller>,
    ) -> Result<Value, ServiceError> {
        match tool {
            "ai.ask" => self.ask(needed(caller, tool)?, args).await,
            _ => Err(unknown(tool)),
        }
    }
}
