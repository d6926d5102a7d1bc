//! `ipc`: what apps tell each other, as JSON, each step a syscall of the app's process.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Map, Value, json};

use super::{missing, needed, text, tools_of, unknown};
use crate::apps::{AppError, Apps};
use crate::ids::{AppId, Namespace};
use crate::kernel::{
    Dispatch, IoKind, Message, MessageKind, Peer, Pid, RECEIVE_LIMIT, Reply, SysError, Syscall, Topic, Wanted,
};
use crate::ports::kernel::KernelPort;
use crate::ports::service::{Caller, Service, ServiceError, ServicePort};

/// The app that opened the one that asks.
const PARENT: &str = "parent";

/// Apps meet under a topic, or write to one another by id: one they opened, or one that wrote to them.
pub struct IpcService {
    kernel: Arc<dyn KernelPort>,
    apps: Arc<Apps>,
}

impl IpcService {
    pub fn new(kernel: Arc<dyn KernelPort>, apps: Arc<Apps>) -> Self {
        Self { kernel, apps }
    }

    async fn send(&self, caller: Caller, args: &Map<String, Value>) -> Result<Value, ServiceError> {
        let body = body(args)?;
        let to = Peer::App(self.namespace(caller, text(args, "to")?).await?);
        let dispatch = Dispatch::Send { to };
        match self
            .syscall(caller, Syscall::IpcDispatch { dispatch, body })
            .await?
        {
            Reply::Done => Ok(true.into()),
            _ => Err(SysError::wrong_reply().into()),
        }
    }

    async fn publish(&self, caller: Caller, args: &Map<String, Value>) -> Result<Value, ServiceError> {
        let (topic, body) = (topic(text(args, "topic")?)?, body(args)?);
        let dispatch = Dispatch::Publish { topic };
        match self
            .syscall(caller, Syscall::IpcDispatch { dispatch, body })
            .await?
        {
            Reply::Delivered(count) => Ok(count.into()),
            _ => Err(SysError::wrong_reply().into()),
        }
    }

    /// Who asks for a topic listens to it from then on, also after it got another process.
    async fn receive(&self, caller: Caller, args: &Map<String, Value>) -> Result<Value, ServiceError> {
        let topic = args.get("topic").and_then(Value::as_str).map(topic).transpose()?;
        let number = |name| args.get(name).and_then(Value::as_u64);
        let receive = |wanted| Syscall::IpcReceive {
            wanted,
            max: number("max").map_or(RECEIVE_LIMIT, |max| max as u32),
            wait: number("wait").unwrap_or_default(),
        };
        let Some(topic) = topic else {
            return self
                .told(self.syscall(caller, receive(Wanted::Direct)).await?)
                .await;
        };
        let receive = || receive(Wanted::Topic(topic.clone()));
        let reply = match self.syscall(caller, receive()).await {
            Err(SysError::NotFound) => {
                let topic = topic.clone();
                self.syscall(caller, Syscall::IpcSubscribe { topic }).await?;
                self.syscall(caller, receive()).await
            }
            reply => reply,
        };
        self.told(reply?).await
    }

    async fn told(&self, reply: Reply) -> Result<Value, ServiceError> {
        let Reply::Messages(messages) = reply else {
            return Err(SysError::wrong_reply().into());
        };
        let mut senders = BTreeMap::new();
        for message in &messages {
            if let Entry::Vacant(unknown) = senders.entry(message.from) {
                unknown.insert(self.sender(message.from).await);
            }
        }
        messages
            .into_iter()
            .map(|message| written(&message, &senders[&message.from]))
            .collect()
    }

    /// The app of a sender; null once it ended.
    async fn sender(&self, pid: Pid) -> Value {
        match self.apps.of_process(pid).await {
            Ok(Some(app)) => json!({"app_id": app.record.id, "title": app.record.title}),
            Ok(None) | Err(_) => Value::Null,
        }
    }

    /// The data of the app that is meant, by which the kernel knows it.
    async fn namespace(&self, caller: Caller, to: &str) -> Result<Namespace, ServiceError> {
        let id = if to == PARENT {
            let own = self.apps.app(caller.app).await.map_err(failed)?;
            own.record.parent.ok_or(SysError::NotFound)?
        } else {
            to.parse::<AppId>().map_err(|_| no_app())?
        };
        Ok(self.apps.app(id).await.map_err(failed)?.record.namespace)
    }

    async fn syscall(&self, caller: Caller, syscall: Syscall) -> Result<Reply, SysError> {
        self.kernel.syscall(caller.principal(), syscall).await
    }
}

#[async_trait]
impl ServicePort for IpcService {
    fn describe(&self) -> Service {
        Service {
            id: "ipc".to_owned(),
            name: "Messages between apps".to_owned(),
            description: "Lets apps tell each other things, as the person allows it".to_owned(),
            category: "system".to_owned(),
            capabilities: ["send_message", "publish", "subscribe", "connect_apps"]
                .map(str::to_owned)
                .to_vec(),
            tools: tools_of("ipc"),
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
            "ipc.publish" => self.publish(caller()?, args).await,
            "ipc.receive" => self.receive(caller()?, args).await,
            "ipc.send" => self.send(caller()?, args).await,
            _ => Err(unknown(tool)),
        }
    }
}

fn body(args: &Map<String, Value>) -> Result<Vec<u8>, ServiceError> {
    let message = args.get("message").ok_or_else(|| missing("message"))?;
    Ok(message.to_string().into_bytes())
}

fn written(message: &Message, from: &Value) -> Result<Value, ServiceError> {
    let body: Value = serde_json::from_slice(&message.body).map_err(|_| SysError::Io {
        kind: IoKind::Corrupt,
    })?;
    Ok(match &message.kind {
        MessageKind::Published { lagged, .. } => json!({"message": body, "from": from, "lagged": lagged}),
        MessageKind::Sent | MessageKind::Request(_) => json!({"message": body, "from": from, "lagged": 0}),
    })
}

fn topic(text: &str) -> Result<Topic, ServiceError> {
    Topic::parse(text).map_err(|_| ServiceError::InvalidArgument {
        argument: "topic".to_owned(),
        message: format!(
            "argument \"topic\" must be 1 to {} letters, digits and . _ - / :",
            Topic::MAX_BYTES
        ),
    })
}

fn no_app() -> ServiceError {
    ServiceError::InvalidArgument {
        argument: "to".to_owned(),
        message: format!("argument \"to\" must be \"{PARENT}\" or the id of an app"),
    }
}

fn failed(error: AppError) -> ServiceError {
    match error {
        AppError::NotFound(_) => SysError::NotFound.into(),
        _ => SysError::Unavailable { retry_after: None }.into(),
    }
}
