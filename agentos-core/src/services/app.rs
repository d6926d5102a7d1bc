//! `app`: apps that an app opens, and what it may do with them.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures::StreamExt;
use serde_json::{Map, Value, json};

use super::{needed, tools_of, unknown};
use crate::apps::{App, AppError, Apps, NewApp};
use crate::generate::{Generated, GenerationEvent, GenerationFailure, GenerationRequest, Generator};
use crate::ids::{AppId, PackageId};
use crate::kernel::SysError;
use crate::ports::llm::Account;
use crate::ports::service::{Caller, Service, ServiceError, ServicePort};
use crate::registry::{Registry, RegistryError};

/// Opens apps as children of the one that asks. An app reaches itself and its descendants, and is
/// not told whether any other exists.
pub struct AppService {
    apps: Arc<Apps>,
    registry: Registry,
    generator: Generator,
    /// Apps for which one is being made; each may have one made at a time.
    making: Mutex<HashSet<AppId>>,
}

impl AppService {
    pub fn new(apps: Arc<Apps>, generator: Generator) -> Self {
        Self {
            registry: Registry::new(Arc::clone(&apps)),
            apps,
            generator,
            making: Mutex::default(),
        }
    }

    async fn spawn(&self, caller: Caller, args: &Map<String, Value>) -> Result<Value, ServiceError> {
        let given = |name| args.get(name).and_then(Value::as_str);
        let app = match (given("request"), given("package_id")) {
            (Some(request), None) => self.make(caller, request).await?,
            (None, Some(package)) => self.open_package(caller, package).await?,
            _ => {
                let message = "give either \"request\" or \"package_id\"";
                return Err(invalid("request", message));
            }
        };
        Ok(json!({"app_id": app.record.id, "title": app.record.title}))
    }

    async fn make(&self, caller: Caller, request: &str) -> Result<App, ServiceError> {
        let _place = Place::take(&self.making, caller.app)?;
        let Generated { document, report, .. } = self.generated(caller, request).await?;
        let new = NewApp {
            document,
            request: request.to_owned(),
            parent: Some(caller.app),
            report: json!(report),
        };
        self.apps.spawn(new).await.map_err(failed)
    }

    async fn generated(&self, caller: Caller, request: &str) -> Result<Generated, ServiceError> {
        let ambient = &self.apps.ambient;
        let began = ambient.now();
        let mut events = self.generator.generate(GenerationRequest {
            message: request.to_owned(),
            now: began,
            seed: ambient.seed(),
            account: Account::App(caller.namespace),
        });
        while let Some(event) = events.next().await {
            match event {
                GenerationEvent::Completed(mut generated) => {
                    generated.report.took_ms = ambient.now().saturating_sub(began);
                    return Ok(*generated);
                }
                GenerationEvent::Failed(failure) => return Err(not_made(&failure)),
                GenerationEvent::Started
                | GenerationEvent::Thought(_)
                | GenerationEvent::Token(_)
                | GenerationEvent::Patch(_) => {}
            }
        }
        Err(SysError::Cancelled.into())
    }

    async fn open_package(&self, caller: Caller, package: &str) -> Result<App, ServiceError> {
        let unknown = || invalid("package_id", "there is no saved app with this \"package_id\"");
        let id: PackageId = package.parse().map_err(|_| unknown())?;
        match self.registry.launch_for(id, caller.app).await {
            Ok(app) => Ok(app),
            Err(RegistryError::NotFound(_)) => Err(unknown()),
            Err(RegistryError::App(error)) => Err(failed(error)),
            Err(_) => Err(SysError::Unavailable { retry_after: None }.into()),
        }
    }

    async fn list(&self, caller: Caller) -> Result<Value, ServiceError> {
        let family = self.apps.family(caller.app).await.map_err(failed)?;
        let told = family.iter().map(|app| {
            json!({
                "app_id": app.record.id,
                "title": app.record.title,
                "state": app.state.as_str(),
                "parent_id": app.record.parent,
            })
        });
        Ok(told.collect())
    }

    async fn close(&self, caller: Caller, args: &Map<String, Value>) -> Result<Value, ServiceError> {
        let id = self.own(caller, args).await?;
        let closed = self.apps.close(id).await.map_err(failed)?;
        Ok(json!({"closed": closed}))
    }

    async fn focus(&self, caller: Caller, args: &Map<String, Value>) -> Result<Value, ServiceError> {
        let id = self.own(caller, args).await?;
        self.apps.raise(id).await.map_err(failed)?;
        Ok(json!({"app_id": id}))
    }

    async fn unfocus(&self, caller: Caller, args: &Map<String, Value>) -> Result<Value, ServiceError> {
        let id = self.own(caller, args).await?;
        self.apps.lower(id).await.map_err(failed)?;
        Ok(json!({"app_id": id}))
    }

    /// The app that is meant: one the caller opened, or the caller itself where none is named.
    async fn own(&self, caller: Caller, args: &Map<String, Value>) -> Result<AppId, ServiceError> {
        let Some(named) = args.get("app_id").and_then(Value::as_str) else {
            return Ok(caller.app);
        };
        let family = self.apps.family(caller.app).await.map_err(failed)?;
        let meant = family.iter().find(|app| app.record.id.to_string() == named);
        meant.map(|app| app.record.id).ok_or_else(not_own)
    }
}

#[async_trait]
impl ServicePort for AppService {
    fn describe(&self) -> Service {
        Service {
            id: "app".to_owned(),
            name: "Apps".to_owned(),
            description: "Opens further apps from a sentence or a saved app, and closes or shows them"
                .to_owned(),
            category: "system".to_owned(),
            capabilities: ["spawn_app", "close_app", "list_apps", "focus_app"]
                .map(str::to_owned)
                .to_vec(),
            tools: tools_of("app"),
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
            "app.spawn" => self.spawn(caller()?, args).await,
            "app.list" => self.list(caller()?).await,
            "app.focus" => self.focus(caller()?, args).await,
            "app.unfocus" => self.unfocus(caller()?, args).await,
            "app.close" => self.close(caller()?, args).await,
            _ => Err(unknown(tool)),
        }
    }
}

/// The place of an app among those that have one made; given back on drop.
struct Place<'a> {
    making: &'a Mutex<HashSet<AppId>>,
    app: AppId,
}

impl<'a> Place<'a> {
    fn take(making: &'a Mutex<HashSet<AppId>>, app: AppId) -> Result<Self, ServiceError> {
        let is_free = making.lock().unwrap_or_else(PoisonError::into_inner).insert(app);
        if is_free {
            Ok(Self { making, app })
        } else {
            Err(refused("busy", "an app is being made already; wait for it"))
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        making.remove(&self.app);
    }
}

fn failed(error: AppError) -> ServiceError {
    match error {
        AppError::Process(error) => error.into(),
        AppError::NotFound(_) | AppError::ParentNotFound(_) => SysError::NotFound.into(),
        AppError::Storage(_) => SysError::Unavailable { retry_after: None }.into(),
        AppError::TooManyApps { .. } => refused("too_many_apps", &error.to_string()),
        AppError::RunsElsewhere => refused("runs_elsewhere", &error.to_string()),
        other => refused("app_refused", &other.to_string()),
    }
}

fn not_made(failure: &GenerationFailure) -> ServiceError {
    let message = failure.error.to_string();
    match failure.error.code() {
        "invalid_argument" => invalid("request", &message),
        "unavailable" => SysError::Unavailable { retry_after: None }.into(),
        code => ServiceError::Tool {
            code: code.to_owned(),
            message,
            details: Some(json!({"issues": failure.issues})),
        },
    }
}

fn not_own() -> ServiceError {
    refused(
        "app_not_own",
        "an app can close and show only itself and the apps it opened",
    )
}

fn refused(code: &str, message: &str) -> ServiceError {
    ServiceError::Tool {
        code: code.to_owned(),
        message: message.to_owned(),
        details: None,
    }
}

fn invalid(argument: &str, message: &str) -> ServiceError {
    ServiceError::InvalidArgument {
        argument: argument.to_owned(),
        message: message.to_owned(),
    }
}
