//! Records as JSON. What is written here stays on disk: a field that is added needs a default, none is renamed.

use agentos_core::ids::{AppId, Namespace, PackageId, SessionId};
use agentos_core::ports::storage::{
    AppRecord, AppSnapshot, PackageMetadata, PackageVersion, SessionMetadata, Version, Window, WindowState,
    Workspace,
};
use agentos_core::time::Millis;
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Serialize, Deserialize)]
pub(super) struct StoredApp {
    /// Grows from app to app in the order they were inserted.
    pub(super) position: u64,
    #[serde(with = "AppShape")]
    pub(super) app: AppRecord,
}

#[derive(Serialize, Deserialize)]
pub(super) struct StoredReplica<State> {
    pub(super) rev: u64,
    pub(super) state: State,
}

/// A replica without its state.
#[derive(Deserialize)]
pub(super) struct StoredRev {
    pub(super) rev: u64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct StoredPackage {
    /// Grows from package to package in the order they were first saved.
    pub(super) position: u64,
    #[serde(with = "MetadataShape")]
    pub(super) metadata: PackageMetadata,
    /// The kept ones, oldest first.
    pub(super) versions: Vec<StoredVersion>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct StoredVersion(#[serde(with = "PackageVersionShape")] pub(super) PackageVersion);

#[derive(Serialize, Deserialize)]
pub(super) struct StoredSession {
    #[serde(with = "SessionShape")]
    pub(super) head: SessionMetadata,
    pub(super) metadata: Value,
}

#[derive(Serialize, Deserialize)]
pub(super) struct StoredWorkspace {
    apps: Vec<StoredSnapshot>,
    focused: Option<AppId>,
    focused_hash: Option<String>,
    chat_state: Value,
    ui_state: Value,
}

#[derive(Serialize, Deserialize)]
struct StoredSnapshot {
    #[serde(with = "AppShape")]
    record: AppRecord,
    component_state: Value,
}

impl From<Workspace> for StoredWorkspace {
    fn from(workspace: Workspace) -> Self {
        let Workspace {
            apps,
            focused,
            focused_hash,
            chat_state,
            ui_state,
        } = workspace;
        Self {
            apps: apps.into_iter().map(StoredSnapshot::from).collect(),
            focused,
            focused_hash,
            chat_state,
            ui_state,
        }
    }
}

impl From<StoredWorkspace> for Workspace {
    fn from(stored: StoredWorkspace) -> Self {
        let StoredWorkspace {
            apps,
            focused,
            focused_hash,
            chat_state,
            ui_state,
        } = stored;
        Self {
            apps: apps.into_iter().map(AppSnapshot::from).collect(),
            focused,
            focused_hash,
            chat_state,
            ui_state,
        }
    }
}

impl From<AppSnapshot> for StoredSnapshot {
    fn from(snapshot: AppSnapshot) -> Self {
        let AppSnapshot {
            record,
            component_state,
        } = snapshot;
        Self {
            record,
            component_state,
        }
    }
}

impl From<StoredSnapshot> for AppSnapshot {
    fn from(stored: StoredSnapshot) -> Self {
        let StoredSnapshot {
            record,
            component_state,
        } = stored;
        Self {
            record,
            component_state,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "AppRecord")]
struct AppShape {
    id: AppId,
    namespace: Namespace,
    package: Option<PackageId>,
    from_registry: bool,
    parent: Option<AppId>,
    title: String,
    request: String,
    document: Value,
    version: u64,
    report: Value,
    #[serde(with = "optional_window")]
    window: Option<Window>,
    created_at: Millis,
}

mod optional_window {
    use agentos_core::ports::storage::Window;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::WindowShape;

    #[derive(Serialize, Deserialize)]
    struct Stored(#[serde(with = "WindowShape")] Window);

    #[expect(clippy::ref_option, reason = "serde passes fields by reference")]
    pub(super) fn serialize<S: Serializer>(
        window: &Option<Window>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        window.map(Stored).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Window>, D::Error> {
        let stored = Option::<Stored>::deserialize(deserializer)?;
        Ok(stored.map(|Stored(window)| window))
    }
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Window")]
struct WindowShape {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
    #[serde(with = "WindowStateShape")]
    state: WindowState,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "WindowState", rename_all = "snake_case")]
enum WindowStateShape {
    Open,
    Minimised,
    Maximised,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "PackageMetadata")]
struct MetadataShape {
    id: PackageId,
    namespace: Namespace,
    name: String,
    description: String,
    icon: String,
    category: String,
    author: String,
    tags: Vec<String>,
    #[serde(with = "VersionShape")]
    version: Version,
    created_at: Millis,
    updated_at: Millis,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "PackageVersion")]
struct PackageVersionShape {
    #[serde(with = "VersionShape")]
    version: Version,
    created_at: Millis,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Version")]
struct VersionShape {
    major: u32,
    minor: u32,
    patch: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "SessionMetadata")]
struct SessionShape {
    id: SessionId,
    name: String,
    description: String,
    created_at: Millis,
    updated_at: Millis,
    app_count: usize,
}
