//! Core's records in the words of the contract.

use agentos_core::apps::{App, AppStats, Edited};
use agentos_core::ids::{AppId, Namespace, PackageId};
use agentos_core::kernel::{
    Approval, ApprovalId, ApprovalNeed, EventKind, IpcRule, KernelEvent, Partner, Pid,
};
use agentos_core::ports::service::Service;
use agentos_core::ports::storage::{Package, PackageMetadata, Window, WindowState};
use agentos_core::spec::catalog::{Field, Runs, ToolEntry, ValueKind};
pub(crate) use agentos_core::time::rfc3339;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::desk::Desk;

/// `issues`: lines that were skipped, what was mended, what the check says; `trial`: how the app did.
pub(crate) fn edit_report(edited: &Edited) -> Value {
    let mut report = json!({ "issues": edited.step.issues });
    if let Some(trial) = &edited.trial {
        report["trial"] = json!(trial);
    }
    report
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WireApp {
    #[schema(value_type = String)]
    id: AppId,
    /// The same for an app restored under another id.
    hash: String,
    title: String,
    #[schema(value_type = Object)]
    ui_spec: Value,
    /// Counts the edits of the document, from 1.
    version: u64,
    /// `active` (the focused one), `background` or `suspended`.
    #[schema(value_type = String)]
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    parent_id: Option<AppId>,
    created_at: String,
    metadata: AppMetadata,
    services: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>)]
    sandbox_pid: Option<Pid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    window: Option<WireWindow>,
}

#[derive(Debug, Serialize, ToSchema)]
struct AppMetadata {
    request: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    package_id: Option<PackageId>,
    from_registry: bool,
    /// What generation told about the document.
    #[serde(skip_serializing_if = "Value::is_null")]
    #[schema(value_type = Object)]
    report: Value,
}

impl From<App> for WireApp {
    fn from(app: App) -> Self {
        Self {
            id: app.record.id,
            hash: app.hash(),
            state: app.state.as_str(),
            created_at: rfc3339(app.record.created_at),
            services: app.services().into_iter().map(str::to_owned).collect(),
            sandbox_pid: app.pid,
            window: app.record.window.map(WireWindow::from),
            metadata: AppMetadata {
                request: app.record.request,
                package_id: app.record.package,
                from_registry: app.record.from_registry,
                report: app.record.report,
            },
            parent_id: app.record.parent,
            title: app.record.title,
            ui_spec: app.record.document,
            version: app.record.version,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WireAppStats {
    total_apps: usize,
    active_apps: usize,
    background_apps: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    focused_app_id: Option<AppId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    focused_app_hash: Option<String>,
}

impl From<AppStats> for WireAppStats {
    fn from(stats: AppStats) -> Self {
        Self {
            total_apps: stats.total_apps,
            active_apps: stats.active_apps,
            background_apps: stats.background_apps,
            focused_app_id: stats.focused_app_id,
            focused_app_hash: stats.focused_app_hash,
        }
    }
}

/// Where a window is, in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WireWindow {
    position: Position,
    size: Size,
    state: WireWindowState,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Position {
    x: f64,
    y: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Size {
    width: f64,
    height: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum WireWindowState {
    Open,
    Minimised,
    Maximised,
}

impl From<WireWindow> for Window {
    fn from(window: WireWindow) -> Self {
        Self {
            x: window.position.x,
            y: window.position.y,
            width: window.size.width,
            height: window.size.height,
            state: match window.state {
                WireWindowState::Open => WindowState::Open,
                WireWindowState::Minimised => WindowState::Minimised,
                WireWindowState::Maximised => WindowState::Maximised,
            },
        }
    }
}

impl From<Window> for WireWindow {
    fn from(window: Window) -> Self {
        Self {
            position: Position {
                x: window.x,
                y: window.y,
            },
            size: Size {
                width: window.width,
                height: window.height,
            },
            state: match window.state {
                WindowState::Open => WireWindowState::Open,
                WindowState::Minimised => WireWindowState::Minimised,
                WindowState::Maximised => WireWindowState::Maximised,
            },
        }
    }
}

/// A group of tools.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WireService {
    id: String,
    name: String,
    description: String,
    category: String,
    capabilities: Vec<String>,
    tools: Vec<WireTool>,
}

#[derive(Debug, Serialize, ToSchema)]
struct WireTool {
    id: String,
    name: String,
    description: String,
    parameters: Vec<WireParameter>,
    /// What the result is, in words.
    returns: String,
    /// `engine`, `shell` or `service`.
    runs: &'static str,
}

#[derive(Debug, Serialize, ToSchema)]
struct WireParameter {
    name: String,
    #[serde(rename = "type")]
    kind: &'static str,
    description: String,
    required: bool,
}

impl From<&Service> for WireService {
    fn from(service: &Service) -> Self {
        Self {
            id: service.id.clone(),
            name: service.name.clone(),
            description: service.description.clone(),
            category: service.category.clone(),
            capabilities: service.capabilities.clone(),
            tools: service.tools.iter().map(WireTool::from).collect(),
        }
    }
}

impl From<&ToolEntry> for WireTool {
    fn from(tool: &ToolEntry) -> Self {
        let name = tool.id.split_once('.').map_or(&*tool.id, |(_, name)| name);
        Self {
            name: name.to_owned(),
            id: tool.id.to_string(),
            description: tool.summary.to_string(),
            parameters: tool.params.iter().map(WireParameter::from).collect(),
            returns: tool.returns.to_string(),
            runs: match tool.runs {
                Runs::Engine => "engine",
                Runs::Shell => "shell",
                Runs::Service => "service",
            },
        }
    }
}

impl From<&Field> for WireParameter {
    fn from(field: &Field) -> Self {
        Self {
            name: field.name.to_string(),
            kind: json_type(&field.kind),
            description: field.summary.to_string(),
            required: field.required,
        }
    }
}

fn json_type(kind: &ValueKind) -> &'static str {
    match kind {
        ValueKind::Any | ValueKind::Scalar | ValueKind::Either(_) | ValueKind::Action => "any",
        ValueKind::Text
        | ValueKind::OneOf(_)
        | ValueKind::Url(_)
        | ValueKind::Path
        | ValueKind::ComponentId => "string",
        ValueKind::Number { .. } => "number",
        ValueKind::Integer { .. } => "integer",
        ValueKind::Flag => "boolean",
        ValueKind::Object | ValueKind::Shape(_) | ValueKind::Style => "object",
        ValueKind::List(_) => "array",
    }
}

/// An installed app without its document.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WirePackageMetadata {
    #[schema(value_type = String)]
    id: PackageId,
    name: String,
    description: String,
    icon: String,
    category: String,
    version: String,
    author: String,
    created_at: String,
    tags: Vec<String>,
}

impl From<PackageMetadata> for WirePackageMetadata {
    fn from(metadata: PackageMetadata) -> Self {
        Self {
            id: metadata.id,
            name: metadata.name,
            description: metadata.description,
            icon: metadata.icon,
            category: metadata.category,
            version: metadata.version.to_string(),
            author: metadata.author,
            created_at: rfc3339(metadata.created_at),
            tags: metadata.tags,
        }
    }
}

/// An installed app at its newest version.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WirePackage {
    #[serde(flatten)]
    metadata: WirePackageMetadata,
    updated_at: String,
    #[schema(value_type = Object)]
    ui_spec: Value,
    /// What the document names.
    services: Vec<Value>,
    /// What the document requests.
    #[schema(value_type = Object)]
    permissions: Value,
}

impl From<Package> for WirePackage {
    fn from(package: Package) -> Self {
        let named = |key: &str| package.document.get(key).cloned();
        Self {
            updated_at: rfc3339(package.metadata.updated_at),
            services: named("services")
                .and_then(|services| services.as_array().cloned())
                .unwrap_or_default(),
            permissions: named("permissions").unwrap_or_else(|| json!({})),
            metadata: package.metadata.into(),
            ui_spec: package.document,
        }
    }
}

/// A question to the person.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WireApproval {
    #[schema(value_type = String)]
    id: ApprovalId,
    /// None for a process that is no app's.
    #[schema(value_type = Option<String>)]
    app_id: Option<AppId>,
    /// The app's, or the number of the process.
    title: String,
    #[schema(value_type = Object)]
    need: WireNeed,
    /// From then on it counts as refused.
    expires_at: String,
}

impl WireApproval {
    pub(crate) async fn of(desk: &Desk, approval: Approval) -> Self {
        let app = desk.apps.of_process(approval.pid).await.ok().flatten();
        let need = WireNeed::of(desk, approval.need).await;
        let Approval {
            id, pid, expires_at, ..
        } = approval;
        Self {
            id,
            app_id: app.as_ref().map(|app| app.record.id),
            title: app.map_or_else(|| format!("process {pid}"), |app| app.record.title),
            need,
            expires_at: rfc3339(expires_at),
        }
    }
}

/// What a person can allow: `{kind: "net", host, port?}`, without a port the web's, 80 and 443; `{kind: "llm"}`;
/// `{kind: "program", program}`, by the name the operator gave it;
/// `{kind: "fs", path, rights}`, a file, or a folder with all in it, to `read` or `read_write`;
/// `{kind: "ipc", peer | topic, rights}`, where `rights` is `send`, `receive` or `both`.
#[derive(Debug, Serialize)]
pub(crate) struct WireNeed {
    #[serde(flatten)]
    need: ApprovalNeed,
    /// Of the app that is `peer`, which a person knows by no other name; absent once it is closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
}

impl WireNeed {
    pub(crate) async fn of(desk: &Desk, need: ApprovalNeed) -> Self {
        let title = match &need {
            ApprovalNeed::Ipc(IpcRule {
                with: Partner::Peer(namespace),
                ..
            }) => title_of(desk, *namespace).await,
            ApprovalNeed::Ipc(_)
            | ApprovalNeed::Net(_)
            | ApprovalNeed::Llm
            | ApprovalNeed::Program { .. }
            | ApprovalNeed::Fs(_) => None,
        };
        Self { need, title }
    }
}

/// The newest app with this data.
async fn title_of(desk: &Desk, namespace: Namespace) -> Option<String> {
    let (apps, _) = desk.apps.list().await.ok()?;
    let of_it = apps.into_iter().rev();
    let mut titles = of_it.filter(|app| app.record.namespace == namespace);
    titles.next().map(|app| app.record.title)
}

/// Something that happened in the kernel, told in the same words over every wire.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WireKernelEvent {
    /// Counts the events since the kernel started from 1, without gaps.
    pub(crate) seq: u64,
    time: String,
    pub(crate) kind: String,
    /// The `pid` it is about, what that kind of event tells, and as `text` the same for a person: what follows the name of
    /// the process.
    #[schema(value_type = Object)]
    pub(crate) data: Value,
}

impl WireKernelEvent {
    pub(crate) async fn of(desk: &Desk, event: KernelEvent) -> Self {
        let mut written = json!(event);
        let mut data = match approval(&event) {
            Some(approval) => json!(WireApproval::of(desk, approval).await),
            None => written["data"].take(),
        };
        data["pid"] = written["pid"].take();
        data["text"] = json!(event.kind.to_string());
        Self {
            seq: event.seq,
            time: rfc3339(event.time),
            kind: written["kind"].as_str().unwrap_or_default().to_owned(),
            data,
        }
    }
}

/// The question the event puts, told with its app as everywhere.
fn approval(event: &KernelEvent) -> Option<Approval> {
    match &event.kind {
        EventKind::ApprovalRequested { id, need, expires_at } => Some(Approval {
            id: *id,
            pid: event.pid,
            need: (**need).clone(),
            expires_at: *expires_at,
        }),
        _ => None,
    }
}
