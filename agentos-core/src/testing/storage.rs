//! A store that forgets when it is dropped.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use serde_json::Value;

use crate::ids::{AppId, Namespace, PackageId, SessionId};
use crate::ports::storage::{
    AppRecord, DocumentEdit, Package, PackageMetadata, PackageVersion, Replica, Session, SessionMetadata,
    StorageError, StoragePort, VERSIONS_KEPT, Version, Window,
};
use crate::spec::history::History;
use crate::time::Millis;

#[derive(Debug, Default)]
pub struct MemoryStorage {
    records: Mutex<Records>,
}

#[derive(Debug, Default)]
struct Records {
    apps: Vec<(AppRecord, Replica)>,
    histories: HashMap<AppId, History>,
    persisted: HashMap<Namespace, BTreeMap<String, Value>>,
    packages: Vec<StoredPackage>,
    /// The one saved last is last.
    sessions: Vec<Session>,
}

#[derive(Debug)]
struct StoredPackage {
    metadata: PackageMetadata,
    versions: BTreeMap<Version, StoredVersion>,
}

#[derive(Debug)]
struct StoredVersion {
    document: Value,
    created_at: Millis,
}

impl MemoryStorage {
    fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Records {
    fn app_mut(&mut self, id: AppId) -> Option<&mut (AppRecord, Replica)> {
        self.apps.iter_mut().find(|(app, _)| app.id == id)
    }

    fn package(&self, id: PackageId) -> Option<&StoredPackage> {
        self.packages.iter().find(|package| package.metadata.id == id)
    }

    fn is_referred_to(&self, namespace: Namespace) -> bool {
        self.apps.iter().any(|(app, _)| app.namespace == namespace)
            || self
                .packages
                .iter()
                .any(|package| package.metadata.namespace == namespace)
    }

    fn add_version(&mut self, metadata: &PackageMetadata, version: StoredVersion) {
        let place = self
            .packages
            .iter()
            .position(|package| package.metadata.id == metadata.id);
        let package = if let Some(place) = place {
            &mut self.packages[place]
        } else {
            self.packages.push(StoredPackage {
                metadata: metadata.clone(),
                versions: BTreeMap::new(),
            });
            let last = self.packages.len() - 1;
            &mut self.packages[last]
        };
        package.metadata = metadata.clone();
        package.versions.insert(metadata.version, version);
        while package.versions.len() > VERSIONS_KEPT {
            package.versions.pop_first();
        }
    }

    fn forget_unreferred_namespaces(&mut self) {
        let mut persisted = std::mem::take(&mut self.persisted);
        persisted.retain(|namespace, _| self.is_referred_to(*namespace));
        self.persisted = persisted;
    }
}

#[async_trait]
impl StoragePort for MemoryStorage {
    async fn probe(&self) -> Result<(), StorageError> {
        Ok(())
    }

    async fn insert_app(&self, app: &AppRecord, state: &Value) -> Result<(), StorageError> {
        let mut records = self.records();
        let package_is_missing = app
            .package
            .is_some_and(|package| records.package(package).is_none());
        if package_is_missing || records.app_mut(app.id).is_some() {
            return Err(StorageError::Conflict);
        }
        records.apps.push((
            app.clone(),
            Replica {
                rev: 0,
                state: state.clone(),
            },
        ));
        Ok(())
    }

    async fn app(&self, id: AppId) -> Result<Option<AppRecord>, StorageError> {
        Ok(self.records().app_mut(id).map(|(app, _)| app.clone()))
    }

    async fn apps(&self) -> Result<Vec<AppRecord>, StorageError> {
        Ok(self.records().apps.iter().map(|(app, _)| app.clone()).collect())
    }

    async fn set_window(&self, id: AppId, window: Window) -> Result<(), StorageError> {
        let mut records = self.records();
        let (app, _) = records.app_mut(id).ok_or(StorageError::NotFound)?;
        app.window = Some(window);
        Ok(())
    }

    async fn remove_apps(&self, ids: &[AppId]) -> Result<(), StorageError> {
        let mut records = self.records();
        records.apps.retain(|(app, _)| !ids.contains(&app.id));
        records.histories.retain(|app, _| !ids.contains(app));
        records.forget_unreferred_namespaces();
        Ok(())
    }

    async fn replica(&self, id: AppId) -> Result<Option<Replica>, StorageError> {
        Ok(self.records().app_mut(id).map(|(_, replica)| replica.clone()))
    }

    async fn commit_state(
        &self,
        id: AppId,
        base_rev: u64,
        state: &Value,
        persisted: &BTreeMap<String, Value>,
    ) -> Result<u64, StorageError> {
        let mut records = self.records();
        let (app, replica) = records.app_mut(id).ok_or(StorageError::NotFound)?;
        if replica.rev != base_rev {
            return Err(StorageError::Stale { rev: replica.rev });
        }
        *replica = Replica {
            rev: base_rev + 1,
            state: state.clone(),
        };
        let namespace = app.namespace;
        if !persisted.is_empty() {
            records
                .persisted
                .entry(namespace)
                .or_default()
                .extend(persisted.clone());
        }
        Ok(base_rev + 1)
    }

    async fn commit_edit(&self, id: AppId, base_rev: u64, edit: &DocumentEdit) -> Result<u64, StorageError> {
        let rev = self
            .commit_state(id, base_rev, &edit.state, &edit.persisted)
            .await?;
        let mut records = self.records();
        let (app, _) = records.app_mut(id).ok_or(StorageError::NotFound)?;
        app.document = edit.document.clone();
        app.title.clone_from(&edit.title);
        app.version = edit.history.version();
        records.histories.insert(id, edit.history.clone());
        Ok(rev)
    }

    async fn history(&self, id: AppId) -> Result<Option<History>, StorageError> {
        Ok(self.records().histories.get(&id).cloned())
    }

    async fn persisted(&self, namespace: Namespace) -> Result<BTreeMap<String, Value>, StorageError> {
        Ok(self
            .records()
            .persisted
            .get(&namespace)
            .cloned()
            .unwrap_or_default())
    }

    async fn save_package(&self, package: &Package, saved_from: Option<AppId>) -> Result<(), StorageError> {
        let Package { metadata, document } = package;
        let mut records = self.records();
        if saved_from.is_some_and(|app| records.app_mut(app).is_none()) {
            return Err(StorageError::NotFound);
        }
        let version_is_taken = records
            .package(metadata.id)
            .is_some_and(|stored| stored.versions.contains_key(&metadata.version));
        let namespace_is_taken = records.packages.iter().any(|stored| {
            stored.metadata.namespace == metadata.namespace && stored.metadata.id != metadata.id
        });
        if version_is_taken || namespace_is_taken {
            return Err(StorageError::Conflict);
        }
        let version = StoredVersion {
            document: document.clone(),
            created_at: metadata.updated_at,
        };
        records.add_version(metadata, version);
        if let Some((app, _)) = saved_from.and_then(|app| records.app_mut(app)) {
            app.package = Some(metadata.id);
        }
        Ok(())
    }

    async fn package(&self, id: PackageId) -> Result<Option<Package>, StorageError> {
        let records = self.records();
        Ok(records.package(id).and_then(|stored| {
            let (_, newest) = stored.versions.last_key_value()?;
            Some(Package {
                metadata: stored.metadata.clone(),
                document: newest.document.clone(),
            })
        }))
    }

    async fn packages(&self) -> Result<Vec<PackageMetadata>, StorageError> {
        Ok(self
            .records()
            .packages
            .iter()
            .map(|package| package.metadata.clone())
            .collect())
    }

    async fn versions(&self, id: PackageId) -> Result<Vec<PackageVersion>, StorageError> {
        let records = self.records();
        let versions = records
            .package(id)
            .into_iter()
            .flat_map(|package| package.versions.iter().rev());
        Ok(versions
            .map(|(version, stored)| PackageVersion {
                version: *version,
                created_at: stored.created_at,
            })
            .collect())
    }

    async fn remove_package(&self, id: PackageId) -> Result<(), StorageError> {
        let mut records = self.records();
        if records.package(id).is_none() {
            return Err(StorageError::NotFound);
        }
        records.packages.retain(|package| package.metadata.id != id);
        for (app, _) in &mut records.apps {
            app.package = app.package.filter(|package| *package != id);
        }
        records.forget_unreferred_namespaces();
        Ok(())
    }

    async fn save_session(&self, session: &Session) -> Result<(), StorageError> {
        let sessions = &mut self.records().sessions;
        sessions.retain(|kept| kept.id != session.id);
        sessions.push(session.clone());
        Ok(())
    }

    async fn session(&self, id: SessionId) -> Result<Option<Session>, StorageError> {
        let records = self.records();
        Ok(records.sessions.iter().find(|session| session.id == id).cloned())
    }

    async fn sessions(&self) -> Result<Vec<SessionMetadata>, StorageError> {
        Ok(self.records().sessions.iter().rev().map(Session::head).collect())
    }

    async fn remove_session(&self, id: SessionId) -> Result<(), StorageError> {
        let sessions = &mut self.records().sessions;
        let kept = sessions.len();
        sessions.retain(|session| session.id != id);
        if sessions.len() == kept {
            return Err(StorageError::NotFound);
        }
        Ok(())
    }
}
