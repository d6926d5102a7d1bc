//! The service registry: which tools there are, which suit a wish, and who runs one.
//!
//! Start at [`Services`]. `ai`, `app`, `files`, `http`, `ipc`, `storage` and `system` are the services every
//! installation has.

mod ai;
mod app;
mod discovery;
mod files;
mod groups;
mod http;
mod ipc;
mod storage;
mod system;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};
use thiserror::Error;

pub use ai::AiService;
pub use app::AppService;
pub use files::FilesService;
pub use http::HttpService;
pub use ipc::IpcService;
pub use storage::StorageService;
pub use system::SystemService;

use crate::ports::kernel::KernelPort;
use crate::ports::service::{Caller, Service, ServiceError, ServicePort};
use crate::runtime::stateless;
use crate::spec::catalog::{ArgIssue, Catalog, Runs, ToolEntry};
use crate::value;

/// Every tool there is, by service, and who runs those that run here. Fixed once it is made.
pub struct Services {
    catalog: Catalog,
    described: Vec<Service>,
    /// By service id.
    ports: BTreeMap<String, Arc<dyn ServicePort>>,
}

/// The services that [`Services::with_apps`] adds.
const OF_APPS: [&str; 2] = ["app", "ipc"];

/// How many services and tools there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceStats {
    pub total_services: usize,
    pub total_tools: usize,
    /// How many services each category has.
    pub categories: BTreeMap<String, usize>,
}

/// Why services cannot stand beside each other.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RegistrationError {
    #[error("there are two services \"{id}\"")]
    Twice { id: String },
    #[error("service \"{service}\" cannot run the tool \"{tool}\"")]
    ForeignTool { service: String, tool: String },
}

impl Services {
    /// The services every installation has, over `kernel`, and `more` of an embedder's own.
    pub fn new(
        kernel: &Arc<dyn KernelPort>,
        more: impl IntoIterator<Item = Arc<dyn ServicePort>>,
    ) -> Result<Self, RegistrationError> {
        let mut services = Self {
            catalog: Catalog::builtin().clone(),
            described: groups::of_the_catalog(),
            ports: BTreeMap::new(),
        };
        services.register(Arc::new(AiService::new(kernel.clone())))?;
        services.register(Arc::new(FilesService::new(kernel.clone())))?;
        services.register(Arc::new(HttpService::new(kernel.clone())))?;
        services.register(Arc::new(StorageService::new(kernel.clone())))?;
        services.register(Arc::new(SystemService::new(kernel.clone())))?;
        for service in more {
            services.register(service)?;
        }
        Ok(services)
    }

    /// These and the services that know the other apps. They come later because the apps that `app` opens
    /// are made for the catalog with all of the tools.
    #[must_use]
    pub fn with_apps(mut self, apps: AppService, messages: IpcService) -> Self {
        self.add(apps.describe(), Arc::new(apps));
        self.add(messages.describe(), Arc::new(messages));
        self
    }

    fn register(&mut self, port: Arc<dyn ServicePort>) -> Result<(), RegistrationError> {
        let service = port.describe();
        let id = service.id.clone();
        let foreign = |tool: &&ToolEntry| tool.group() != id || tool.runs != Runs::Service;
        if let Some(tool) = service.tools.iter().find(foreign) {
            let tool = tool.id.to_string();
            return Err(RegistrationError::ForeignTool { service: id, tool });
        }
        if OF_APPS.contains(&id.as_str()) || self.ports.contains_key(&id) {
            return Err(RegistrationError::Twice { id });
        }
        self.add(service, port);
        Ok(())
    }

    fn add(&mut self, service: Service, port: Arc<dyn ServicePort>) {
        self.catalog = self.catalog.clone().with_tools(service.tools.clone());
        self.ports.insert(service.id.clone(), port);
        self.describe(service);
    }

    /// A group with tools of the engine or the shell keeps them beside those of its service.
    fn describe(&mut self, mut service: Service) {
        match self.described.iter_mut().find(|known| known.id == service.id) {
            Some(known) => {
                service.tools.splice(..0, known.tools.drain(..));
                *known = service;
            }
            None => self.described.push(service),
        }
    }

    /// The catalog with the tools of every service in it.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Those of `category`, or all.
    pub fn list(&self, category: Option<&str>) -> Vec<&Service> {
        let wanted = |service: &&Service| category.is_none_or(|category| service.category == category);
        self.described.iter().filter(wanted).collect()
    }

    pub fn stats(&self) -> ServiceStats {
        let mut categories = BTreeMap::new();
        for service in &self.described {
            *categories.entry(service.category.clone()).or_default() += 1;
        }
        ServiceStats {
            total_services: self.described.len(),
            total_tools: self.described.iter().map(|service| service.tools.len()).sum(),
            categories,
        }
    }

    /// The services that suit a wish in a person's words, best first, at most five.
    pub fn discover(&self, wish: &str) -> Vec<&Service> {
        discovery::best(&self.described, wish)
    }

    /// Runs a service tool as the process of `caller`, or an engine tool that works on no app. `args`
    /// is an object, or null for none.
    ///
    /// # Errors
    /// Those of [`ServicePort::call`], and [`ServiceError::AppRequired`] for a tool that needs an app
    /// to run in or for.
    pub async fn call(
        &self,
        tool: &str,
        args: &Value,
        caller: Option<Caller>,
    ) -> Result<Value, ServiceError> {
        let entry = self.catalog.tool(tool).ok_or_else(|| unknown(tool))?;
        let args = checked(entry, args)?;
        match entry.runs {
            Runs::Engine => compute(tool, &args),
            Runs::Service if entry.capability.is_none() || caller.is_some() => {
                let port = self.ports.get(entry.group()).ok_or_else(|| unknown(tool))?;
                port.call(tool, &args, caller).await
            }
            Runs::Service | Runs::Shell => Err(app_required(tool)),
        }
    }
}

fn compute(tool: &str, args: &Map<String, Value>) -> Result<Value, ServiceError> {
    let failure = match stateless(tool, value::map_from_json(args)) {
        Ok(value) => return Ok(value.to_json()),
        Err(failure) => failure,
    };
    Err(match failure.code.as_str() {
        "app_required" => app_required(tool),
        "args_invalid" => ServiceError::InvalidArgument {
            argument: String::new(),
            message: failure.message,
        },
        _ => ServiceError::Tool {
            code: failure.code,
            message: failure.message,
            details: failure.details,
        },
    })
}

fn unknown(tool: &str) -> ServiceError {
    ServiceError::UnknownTool {
        tool: tool.to_owned(),
    }
}

fn app_required(tool: &str) -> ServiceError {
    ServiceError::AppRequired {
        tool: tool.to_owned(),
    }
}

/// The arguments by their proper names and in the form the tool takes.
fn checked(tool: &ToolEntry, args: &Value) -> Result<Map<String, Value>, ServiceError> {
    let none = Value::Object(Map::new());
    let args = tool.coerce_args(if args.is_null() { &none } else { args });
    let issue = tool
        .validate_args(&args)
        .err()
        .and_then(|issues| issues.into_iter().next());
    match (issue, args) {
        (None, Value::Object(args)) => Ok(args),
        (issue, _) => Err(invalid(&issue.unwrap_or(ArgIssue::NotAnObject))),
    }
}

fn invalid(issue: &ArgIssue) -> ServiceError {
    let argument = match issue {
        ArgIssue::NotAnObject => "",
        ArgIssue::Unknown { name, .. } | ArgIssue::Missing { name } | ArgIssue::Wrong { name, .. } => name,
    };
    ServiceError::InvalidArgument {
        argument: argument.to_owned(),
        message: issue.to_string(),
    }
}

/// The tools of the catalog that the service `id` runs.
fn tools_of(id: &str) -> Vec<ToolEntry> {
    let runs_here = |tool: &&ToolEntry| tool.group() == id && tool.runs == Runs::Service;
    Catalog::builtin().tools().filter(runs_here).cloned().collect()
}

/// The process that bears the call of a tool with a capability.
fn needed(caller: Option<Caller>, tool: &str) -> Result<Caller, ServiceError> {
    caller.ok_or_else(|| app_required(tool))
}

/// The text of an argument.
fn text<'a>(args: &'a Map<String, Value>, name: &str) -> Result<&'a str, ServiceError> {
    args.get(name)
        .and_then(Value::as_str)
        .ok_or_else(|| missing(name))
}

fn missing(name: &str) -> ServiceError {
    invalid(&ArgIssue::Missing {
        name: name.to_owned(),
    })
}
