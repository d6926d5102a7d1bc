//! `storage`: what an app keeps, in its own namespace.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Map, Value, json};

use super::{missing, needed, text, tools_of, unknown};
use crate::kernel::{IoKind, Reply, STORE_LIST_LIMIT, StoreKey, SysError, Syscall};
use crate::ports::kernel::KernelPort;
use crate::ports::service::{Caller, Service, ServiceError, ServicePort};

/// The most names `storage.list` answers.
const NAMES_LISTED: usize = 10_000;

/// Values are JSON, kept as text under a key.
pub struct StorageService {
    kernel: Arc<dyn KernelPort>,
}

impl StorageService {
    pub fn new(kernel: Arc<dyn KernelPort>) -> Self {
        Self { kernel }
    }

    async fn get(&self, caller: Caller, args: &Map<String, Value>) -> Result<Value, ServiceError> {
        let get = Syscall::StoreGet {
            namespace: caller.namespace,
            key: key(args)?,
        };
        match self.kernel.syscall(caller.principal(), get).await {
            Ok(Reply::Value(stored)) => serde_json::from_slice(&stored.bytes).map_err(|_| corrupt()),
            Ok(_) => Err(SysError::wrong_reply().into()),
            Err(SysError::NotFound) => Ok(args.get("default").cloned().unwrap_or(Value::Null)),
            Err(error) => Err(error.into()),
        }
    }

    async fn set(&self, caller: Caller, args: &Map<String, Value>) -> Result<Value, ServiceError> {
        let value = args.get("value").ok_or_else(|| missing("value"))?;
        let put = Syscall::StorePut {
            namespace: caller.namespace,
            key: key(args)?,
            value: value.to_string().into_bytes(),
            if_version: None,
        };
        self.kernel.syscall(caller.principal(), put).await?;
        Ok(true.into())
    }

    async fn remove(&self, caller: Caller, args: &Map<String, Value>) -> Result<Value, ServiceError> {
        let delete = Syscall::StoreDelete {
            namespace: caller.namespace,
            key: key(args)?,
        };
        match self.kernel.syscall(caller.principal(), delete).await {
            Ok(_) => Ok(true.into()),
            Err(SysError::NotFound) => Ok(false.into()),
            Err(error) => Err(error.into()),
        }
    }

    async fn list(&self, caller: Caller, args: &Map<String, Value>) -> Result<Value, ServiceError> {
        let prefix = args.get("prefix").and_then(Value::as_str).unwrap_or_default();
        let mut names: Vec<StoreKey> = Vec::new();
        loop {
            let list = Syscall::StoreList {
                namespace: caller.namespace,
                prefix: prefix.to_owned(),
                after: names.last().cloned(),
                limit: STORE_LIST_LIMIT,
            };
            let Reply::Keys { keys, more } = self.kernel.syscall(caller.principal(), list).await? else {
                return Err(SysError::wrong_reply().into());
            };
            names.extend(keys);
            if !more {
                return Ok(names.iter().map(StoreKey::as_str).collect());
            }
            if names.len() >= NAMES_LISTED {
                return Err(too_many_names());
            }
        }
    }

    async fn clear(&self, caller: Caller) -> Result<Value, ServiceError> {
        let clear = Syscall::StoreClear {
            namespace: caller.namespace,
        };
        match self.kernel.syscall(caller.principal(), clear).await? {
            Reply::Removed(count) => Ok(count.into()),
            _ => Err(SysError::wrong_reply().into()),
        }
    }
}

#[async_trait]
impl ServicePort for StorageService {
    fn describe(&self) -> Service {
        Service {
            id: "storage".to_owned(),
            name: "Storage".to_owned(),
            description: "Keeps values for an app between its runs".to_owned(),
            category: "storage".to_owned(),
            capabilities: ["save", "load", "remember", "key_value"]
                .map(str::to_owned)
                .to_vec(),
            tools: tools_of("storage"),
        }
    }

    async fn call(
        &self,
        tool: &str,
        args: &Map<String, Value>,
        caller: Option<Caller>,
    ) -> Result<Value, ServiceError> {
        let caller = || needed(caller, tool);
        match tool {
            "storage.get" => self.get(caller()?, args).await,
            "storage.set" => self.set(caller()?, args).await,
            "storage.remove" => self.remove(caller()?, args).await,
            "storage.list" => self.list(caller()?, args).await,
            "storage.clear" => self.clear(caller()?).await,
            _ => Err(unknown(tool)),
        }
    }
}

fn key(args: &Map<String, Value>) -> Result<StoreKey, ServiceError> {
    StoreKey::parse(text(args, "key")?).map_err(|_| ServiceError::InvalidArgument {
        argument: "key".to_owned(),
        message: format!(
            "argument \"key\" must be 1 to {} bytes without control characters",
            StoreKey::MAX_BYTES
        ),
    })
}

fn corrupt() -> ServiceError {
    SysError::Io {
        kind: IoKind::Corrupt,
    }
    .into()
}

fn too_many_names() -> ServiceError {
    ServiceError::Tool {
        code: "too_many_names".to_owned(),
        message: format!("there are more than {NAMES_LISTED} names; list them by prefix"),
        details: Some(json!({"limit": NAMES_LISTED})),
    }
}
