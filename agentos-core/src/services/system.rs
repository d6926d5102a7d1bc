//! `system`: coarse facts about the machine, and its time.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Map, Value, json};

use super::{needed, tools_of, unknown};
use crate::kernel::{Reply, SysError, Syscall};
use crate::ports::kernel::KernelPort;
use crate::ports::service::{Caller, Service, ServiceError, ServicePort};
use crate::time::rfc3339;

pub struct SystemService {
    kernel: Arc<dyn KernelPort>,
}

impl SystemService {
    pub fn new(kernel: Arc<dyn KernelPort>) -> Self {
        Self { kernel }
    }

    async fn info(&self, caller: Caller) -> Result<Value, ServiceError> {
        match self
            .kernel
            .syscall(caller.principal(), Syscall::GetSystemInfo)
            .await?
        {
            Reply::SystemInfo(info) => Ok(json!({
                "os": info.os,
                "arch": info.arch,
                "cpus": info.cpus,
                "memory_bytes": info.memory_bytes,
                "version": info.version,
            })),
            _ => Err(SysError::wrong_reply().into()),
        }
    }

    async fn time(&self, caller: Caller) -> Result<Value, ServiceError> {
        match self
            .kernel
            .syscall(caller.principal(), Syscall::GetCurrentTime)
            .await?
        {
            Reply::Time(now) => Ok(json!({"now": rfc3339(now), "unix_ms": now})),
            _ => Err(SysError::wrong_reply().into()),
        }
    }
}

#[async_trait]
impl ServicePort for SystemService {
    fn describe(&self) -> Service {
        Service {
            id: "system".to_owned(),
            name: "System".to_owned(),
            description: "Tells the time and facts about the machine, asks and alerts, takes changes back"
                .to_owned(),
            category: "system".to_owned(),
            capabilities: ["system_info", "clock", "undo", "alerts"]
                .map(str::to_owned)
                .to_vec(),
            tools: tools_of("system"),
        }
    }

    async fn call(
        &self,
        tool: &str,
        _args: &Map<String, Value>,
        caller: Option<Caller>,
    ) -> Result<Value, ServiceError> {
        match tool {
            "system.info" => self.info(needed(caller, tool)?).await,
            "system.time" => self.time(needed(caller, tool)?).await,
            _ => Err(unknown(tool)),
        }
    }
}
