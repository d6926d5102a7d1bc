//! [`StoragePort`] in files: JSON in the system's own home, reached by syscalls and nothing else.
//!
//! `records` makes transactions out of files, `folder` makes the calls.

mod folder;
mod records;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use agentos_core::ids::{AppId, Namespace, PackageId, SessionId};
use agentos_core::kernel::SysError;
use agentos_core::ports::kernel::KernelPort;
use agentos_core::ports::storage::{
    AppRecord, DocumentEdit, Package, PackageMetadata, PackageVersion, Replica, Session, SessionMetadata,
    StorageError, StoragePort, VERSIONS_KEPT, Version, Window,
};
use agentos_core::spec::history::History;
use async_trait::async_trait;
use serde_json::Value;
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::shapes::{
    StoredApp, StoredPackage, StoredReplica, StoredRev, StoredSession, StoredVersion, StoredWorkspace,
};
use folder::Folder;
use records::{Changes, Kind, Records, corrupt};

/// The records of `AgentOS` itself, in files of a kernel. Only one program may have them open; one call is served after
/// another.
#[derive(Debug)]
pub struct KernelFsStorage {
    records: Arc<Mutex<Records>>,
}

impl KernelFsStorage {
    /// Opens what is there, or begins with nothing. What a crash left half done is ended first.
    ///
    /// [`StorageError::Corrupt`]: it cannot be told which records count; nothing was changed.
    pub async fn open(kernel: Arc<dyn KernelPort>) -> Result<Self, StorageError> {
        let records = Records::open(Folder::new(kernel)).await?;
        Ok(Self {
            records: Arc::new(Mutex::new(records)),
        })
    }

    async fn records(&self) -> Result<OwnedMutexGuard<Records>, StorageError> {
        let mut records = Arc::clone(&self.records).lock_owned().await;
        records.settle().await?;
        Ok(records)
    }
}

/// Goes on to its end when the caller leaves.
async fn commit(mut records: OwnedMutexGuard<Records>, changes: Changes) -> Result<(), StorageError> {
    let committing = tokio::spawn(async move { records.commit(changes).await });
    committing
        .await
        .unwrap_or_else(|error| Err(StorageError::Unavailable(error.into())))
}

#[async_trait]
impl StoragePort for KernelFsStorage {
    async fn probe(&self) -> Result<(), StorageError> {
        self.records().await?.probe().await
    }

    async fn insert_app(&self, app: &AppRecord, state: &Value) -> Result<(), StorageError> {
        let records = self.records().await?;
        let package_is_missing = app
            .package
            .is_some_and(|package| !records.has(Kind::Package, package));
        if package_is_missing || records.has(Kind::App, app.id) {
            return Err(StorageError::Conflict);
        }
        let stored = StoredApp {
            position: records.next(),
            app: app.clone(),
        };
        let mut changes = Changes::default();
        changes.put(Kind::App, app.id, &stored)?;
        changes.put(Kind::Replica, app.id, &StoredReplica { rev: 0, state })?;
        commit(records, changes).await
    }

    async fn app(&self, id: AppId) -> Result<Option<AppRecord>, StorageError> {
        let stored: Option<StoredApp> = self.records().await?.read(Kind::App, id).await?;
        Ok(stored.map(|stored| stored.app))
    }

    async fn apps(&self) -> Result<Vec<AppRecord>, StorageError> {
        let mut stored: Vec<StoredApp> = self.records().await?.all(Kind::App).await?;
        stored.sort_by_key(|stored| stored.position);
        Ok(stored.into_iter().map(|stored| stored.app).collect())
    }

    async fn set_window(&self, id: AppId, window: Window) -> Result<(), StorageError> {
        let records = self.records().await?;
        let mut stored = stored_app(&records, id).await?;
        stored.app.window = Some(window);
        let mut changes = Changes::default();
        changes.put(Kind::App, id, &stored)?;
        commit(records, changes).await
    }

    async fn remove_apps(&self, ids: &[AppId]) -> Result<(), StorageError> {
        let records = self.records().await?;
        let mut changes = Changes::default();
        for id in ids.iter().filter(|id| records.has(Kind::App, **id)) {
            for kind in [Kind::App, Kind::Replica, Kind::History] {
                changes.remove(kind, id);
            }
        }
        forget_unreferred_namespaces(&records, &mut changes).await?;
        if changes.is_empty() {
            return Ok(());
        }
        commit(records, changes).await
    }

    async fn replica(&self, id: AppId) -> Result<Option<Replica>, StorageError> {
        let stored: Option<StoredReplica<Value>> = self.records().await?.read(Kind::Replica, id).await?;
        Ok(stored.map(|StoredReplica { rev, state }| Replica { rev, state }))
    }

    async fn commit_state(
        &self,
        id: AppId,
        base_rev: u64,
        state: &Value,
        persisted: &BTreeMap<String, Value>,
    ) -> Result<u64, StorageError> {
        let records = self.records().await?;
        let mut changes = Changes::default();
        let rev = replace_replica(&records, &mut changes, id, base_rev, state).await?;
        if !persisted.is_empty() {
            let StoredApp { app, .. } = stored_app(&records, id).await?;
            put_persisted(&records, &mut changes, app.namespace, persisted).await?;
        }
        commit(records, changes).await?;
        Ok(rev)
    }

    async fn commit_edit(&self, id: AppId, base_rev: u64, edit: &DocumentEdit) -> Result<u64, StorageError> {
        let records = self.records().await?;
        let mut changes = Changes::default();
        let rev = replace_replica(&records, &mut changes, id, base_rev, &edit.state).await?;
        let mut stored = stored_app(&records, id).await?;
        if !edit.persisted.is_empty() {
            put_persisted(&records, &mut changes, stored.app.namespace, &edit.persisted).await?;
        }
        stored.app.document = edit.document.clone();
        stored.app.title.clone_from(&edit.title);
        stored.app.version = edit.history.version();
        changes.put(Kind::App, id, &stored)?;
        changes.put(Kind::History, id, &edit.history)?;
        commit(records, changes).await?;
        Ok(rev)
    }

    async fn history(&self, id: AppId) -> Result<Option<History>, StorageError> {
        self.records().await?.read(Kind::History, id).await
    }

    async fn persisted(&self, namespace: Namespace) -> Result<BTreeMap<String, Value>, StorageError> {
        let stored = self.records().await?.read(Kind::Persisted, namespace).await?;
        Ok(stored.unwrap_or_default())
    }

    async fn save_package(&self, package: &Package, saved_from: Option<AppId>) -> Result<(), StorageError> {
        let Package { metadata, document } = package;
        let records = self.records().await?;
        let (others, _) = records.readable::<StoredPackage>(Kind::Package).await?;
        let has_namespace =
            |other: &PackageMetadata| other.namespace == metadata.namespace && other.id != metadata.id;
        if others.iter().any(|(_, other)| has_namespace(&other.metadata)) {
            return Err(StorageError::Conflict);
        }
        let before: Option<StoredPackage> = records.read(Kind::Package, metadata.id).await?;
        let (position, mut versions) = before.map_or_else(
            || (records.next(), Vec::new()),
            |before| (before.position, before.versions),
        );
        if versions
            .iter()
            .any(|StoredVersion(kept)| kept.version == metadata.version)
        {
            return Err(StorageError::Conflict);
        }
        let mut changes = Changes::default();
        changes.put(
            Kind::Version,
            version_key(metadata.id, metadata.version),
            document,
        )?;
        versions.push(StoredVersion(PackageVersion {
            version: metadata.version,
            created_at: metadata.updated_at,
        }));
        versions.sort_by_key(|StoredVersion(kept)| kept.version);
        let surplus = versions.len().saturating_sub(VERSIONS_KEPT);
        for StoredVersion(dropped) in versions.drain(..surplus) {
            changes.remove(Kind::Version, version_key(metadata.id, dropped.version));
        }
        let stored = StoredPackage {
            position,
            metadata: metadata.clone(),
            versions,
        };
        changes.put(Kind::Package, metadata.id, &stored)?;
        if let Some(id) = saved_from {
            let mut stored = stored_app(&records, id).await?;
            stored.app.package = Some(metadata.id);
            changes.put(Kind::App, id, &stored)?;
        }
        commit(records, changes).await
    }

    async fn package(&self, id: PackageId) -> Result<Option<Package>, StorageError> {
        let records = self.records().await?;
        let Some(stored) = records.read::<StoredPackage>(Kind::Package, id).await? else {
            return Ok(None);
        };
        let metadata = at_newest(stored)?;
        let document = records
            .read(Kind::Version, version_key(id, metadata.version))
            .await?
            .ok_or_else(|| corrupt("package version", SysError::NotFound))?;
        Ok(Some(Package { metadata, document }))
    }

    async fn packages(&self) -> Result<Vec<PackageMetadata>, StorageError> {
        let mut stored: Vec<StoredPackage> = self.records().await?.all(Kind::Package).await?;
        stored.sort_by_key(|stored| stored.position);
        stored.into_iter().map(at_newest).collect()
    }

    async fn versions(&self, id: PackageId) -> Result<Vec<PackageVersion>, StorageError> {
        let stored: Option<StoredPackage> = self.records().await?.read(Kind::Package, id).await?;
        let versions = stored.into_iter().flat_map(|stored| stored.versions);
        let mut versions: Vec<PackageVersion> = versions.map(|StoredVersion(kept)| kept).collect();
        versions.reverse();
        Ok(versions)
    }

    async fn remove_package(&self, id: PackageId) -> Result<(), StorageError> {
        let records = self.records().await?;
        if !records.has(Kind::Package, id) {
            return Err(StorageError::NotFound);
        }
        let mut changes = Changes::default();
        changes.remove(Kind::Package, id);
        let own = format!("{id}-");
        for version in records.keys(Kind::Version).filter(|key| key.starts_with(&own)) {
            changes.remove(Kind::Version, version);
        }
        let (apps, _) = records.readable::<StoredApp>(Kind::App).await?;
        for (key, mut stored) in apps {
            if stored.app.package == Some(id) {
                stored.app.package = None;
                changes.put(Kind::App, key, &stored)?;
            }
        }
        forget_unreferred_namespaces(&records, &mut changes).await?;
        commit(records, changes).await
    }

    async fn save_session(&self, session: &Session) -> Result<(), StorageError> {
        let records = self.records().await?;
        let stored = StoredSession {
            head: session.head(),
            metadata: session.metadata.clone(),
        };
        let workspace = StoredWorkspace::from(session.workspace.clone());
        let mut changes = Changes::default();
        changes.put(Kind::Session, session.id, &stored)?;
        changes.put(Kind::Workspace, session.id, &workspace)?;
        commit(records, changes).await
    }

    async fn session(&self, id: SessionId) -> Result<Option<Session>, StorageError> {
        let records = self.records().await?;
        let Some(stored) = records.read(Kind::Session, id).await? else {
            return Ok(None);
        };
        let workspace: StoredWorkspace = records
            .read(Kind::Workspace, id)
            .await?
            .ok_or_else(|| corrupt("session", SysError::NotFound))?;
        let StoredSession { head, metadata } = stored;
        Ok(Some(Session {
            id: head.id,
            name: head.name,
            description: head.description,
            created_at: head.created_at,
            updated_at: head.updated_at,
            workspace: workspace.into(),
            metadata,
        }))
    }

    async fn sessions(&self) -> Result<Vec<SessionMetadata>, StorageError> {
        let records = self.records().await?;
        let stored: Vec<StoredSession> = records.all(Kind::Session).await?;
        let mut heads: Vec<SessionMetadata> = stored.into_iter().map(|stored| stored.head).collect();
        heads.sort_by_key(|head| records.written_by(Kind::Session, head.id));
        heads.reverse();
        Ok(heads)
    }

    async fn remove_session(&self, id: SessionId) -> Result<(), StorageError> {
        let records = self.records().await?;
        if !records.has(Kind::Session, id) {
            return Err(StorageError::NotFound);
        }
        let mut changes = Changes::default();
        changes.remove(Kind::Session, id);
        changes.remove(Kind::Workspace, id);
        commit(records, changes).await
    }
}

async fn stored_app(records: &Records, id: AppId) -> Result<StoredApp, StorageError> {
    records.read(Kind::App, id).await?.ok_or(StorageError::NotFound)
}

/// Answers the new revision.
async fn replace_replica(
    records: &Records,
    changes: &mut Changes,
    id: AppId,
    base_rev: u64,
    state: &Value,
) -> Result<u64, StorageError> {
    let StoredRev { rev } = records
        .read(Kind::Replica, id)
        .await?
        .ok_or(StorageError::NotFound)?;
    if rev != base_rev {
        return Err(StorageError::Stale { rev });
    }
    let rev = rev + 1;
    changes.put(Kind::Replica, id, &StoredReplica { rev, state })?;
    Ok(rev)
}

async fn put_persisted(
    records: &Records,
    changes: &mut Changes,
    namespace: Namespace,
    persisted: &BTreeMap<String, Value>,
) -> Result<(), StorageError> {
    let kept: Option<BTreeMap<String, Value>> = records.read(Kind::Persisted, namespace).await?;
    let mut kept = kept.unwrap_or_default();
    kept.extend(persisted.clone());
    changes.put(Kind::Persisted, namespace, &kept)
}

/// Removes the persisted paths to which nothing will refer after `changes`. Nobody knows to what a record refers that
/// cannot be read, so beside one all of them stay.
async fn forget_unreferred_namespaces(records: &Records, changes: &mut Changes) -> Result<(), StorageError> {
    if records.keys(Kind::Persisted).next().is_none() {
        return Ok(());
    }
    let (apps, all_apps) = records.readable::<StoredApp>(Kind::App).await?;
    let (packages, all_packages) = records.readable::<StoredPackage>(Kind::Package).await?;
    if !all_apps || !all_packages {
        return Ok(());
    }
    let by_apps = apps
        .into_iter()
        .filter(|(key, _)| !changes.removes(Kind::App, key))
        .map(|(_, stored)| stored.app.namespace);
    let by_packages = packages
        .into_iter()
        .filter(|(key, _)| !changes.removes(Kind::Package, key))
        .map(|(_, stored)| stored.metadata.namespace);
    let referred: BTreeSet<String> = by_apps.chain(by_packages).map(|name| name.to_string()).collect();
    for namespace in records
        .keys(Kind::Persisted)
        .filter(|key| !referred.contains(*key))
    {
        changes.remove(Kind::Persisted, namespace);
    }
    Ok(())
}

fn at_newest(stored: StoredPackage) -> Result<PackageMetadata, StorageError> {
    let StoredVersion(newest) = stored
        .versions
        .last()
        .ok_or_else(|| corrupt("package", SysError::NotFound))?;
    Ok(PackageMetadata {
        version: newest.version,
        ..stored.metadata
    })
}

fn version_key(id: PackageId, version: Version) -> String {
    format!("{id}-{version}")
}
