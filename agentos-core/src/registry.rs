//! Installed apps: every save is a version of a package, and a package can be launched again with
//! its data.

mod metadata;

use std::collections::BTreeMap;
use std::sync::Arc;

use thiserror::Error;

pub use metadata::{InvalidMetadata, MetadataChange};

use crate::apps::{App, AppError, Apps};
use crate::ids::{AppId, PackageId};
use crate::ports::storage::{
    AppRecord, Package, PackageMetadata, PackageVersion, StorageError, StoragePort, Version,
};
use crate::time::Millis;

/// The most packages there are.
pub const PACKAGES: usize = 1_000;

pub struct Registry {
    apps: Arc<Apps>,
}

/// Which packages to list; the default is all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Exactly this category.
    pub category: Option<String>,
    /// Words, each of which the name, the description or a tag holds, in any case of letters.
    pub query: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RegistryStats {
    pub total_packages: usize,
    /// How many packages each category has.
    pub categories: BTreeMap<String, usize>,
    pub last_updated: Option<Millis>,
}

/// Nothing was changed.
#[derive(Debug, Error)]
pub enum RegistryError {
    #[error("there is no package {0}")]
    NotFound(PackageId),
    #[error("there are {limit} packages already; delete one first")]
    TooManyPackages { limit: usize },
    #[error(transparent)]
    Invalid(#[from] InvalidMetadata),
    #[error(transparent)]
    App(#[from] AppError),
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Registry {
    pub fn new(apps: Arc<Apps>) -> Self {
        Self { apps }
    }

    /// Saves the document of an app, as it is now, with the app's data where it is: as a new package,
    /// or as the next version of the one the app belongs to.
    pub async fn save(&self, app: AppId, change: MetadataChange) -> Result<PackageMetadata, RegistryError> {
        let change = change.checked()?;
        let _apps = self.apps.lock().await;
        let record = self.storage().app(app).await?.ok_or(AppError::NotFound(app))?;
        let metadata = change.applied_to(self.next_version(&record).await?);
        let package = Package {
            metadata,
            document: record.document,
        };
        self.storage().save_package(&package, Some(app)).await?;
        self.apps.package_changed(app);
        Ok(package.metadata)
    }

    /// The packages the filter lets through, in the order they were first saved, and the stats of all.
    pub async fn list(
        &self,
        filter: &Filter,
    ) -> Result<(Vec<PackageMetadata>, RegistryStats), RegistryError> {
        let mut packages = self.storage().packages().await?;
        let stats = RegistryStats::of(&packages);
        packages.retain(|package| filter.lets_through(package));
        Ok((packages, stats))
    }

    /// The package at its newest version.
    pub async fn package(&self, id: PackageId) -> Result<Package, RegistryError> {
        self.storage()
            .package(id)
            .await?
            .ok_or(RegistryError::NotFound(id))
    }

    /// The kept versions, newest first.
    pub async fn versions(&self, id: PackageId) -> Result<Vec<PackageVersion>, RegistryError> {
        let versions = self.storage().versions(id).await?;
        if versions.is_empty() {
            Err(RegistryError::NotFound(id))
        } else {
            Ok(versions)
        }
    }

    /// Opens the newest version. A package that persists has one running app, which is focused and
    /// answered when it is there; any other may run many times.
    pub async fn launch(&self, id: PackageId) -> Result<App, RegistryError> {
        let package = self.package(id).await?;
        Ok(self.apps.launch(package, None).await?)
    }

    /// Opens the newest version as a child of `parent`. A package that persists is answered where its
    /// running app is of the parent's family, and refused with [`AppError::RunsElsewhere`] otherwise.
    pub async fn launch_for(&self, id: PackageId, parent: AppId) -> Result<App, RegistryError> {
        let package = self.package(id).await?;
        Ok(self.apps.launch(package, Some(parent)).await?)
    }

    /// Deletes the package with all its versions and data. While an app of it is there the data
    /// stays with that app, which is unsaved from then on.
    pub async fn delete(&self, id: PackageId) -> Result<(), RegistryError> {
        let _apps = self.apps.lock().await;
        let package = self.package(id).await?.metadata;
        let apps = self.storage().apps().await?;
        if apps.iter().all(|app| app.namespace != package.namespace) {
            self.apps.clear(package.namespace).await?;
        }
        self.storage().remove_package(id).await?;
        for app in apps.iter().filter(|app| app.package == Some(id)) {
            self.apps.package_changed(app.id);
        }
        Ok(())
    }

    fn storage(&self) -> &dyn StoragePort {
        &*self.apps.storage
    }

    /// What saving `app` makes, before anything is said about it. Data belongs to one package, so the
    /// package with the app's namespace is the app's, even where the app was never saved itself.
    async fn next_version(&self, app: &AppRecord) -> Result<PackageMetadata, RegistryError> {
        let packages = self.storage().packages().await?;
        let count = packages.len();
        let now = self.apps.ambient.now();
        if let Some(package) = packages
            .into_iter()
            .find(|package| package.namespace == app.namespace)
        {
            return Ok(PackageMetadata {
                version: package.version.next(),
                updated_at: now,
                ..package
            });
        }
        if count >= PACKAGES {
            return Err(RegistryError::TooManyPackages { limit: PACKAGES });
        }
        Ok(PackageMetadata {
            id: PackageId::new(now, self.apps.ambient.seed()),
            namespace: app.namespace,
            name: app.title.clone(),
            description: String::new(),
            icon: "📦".to_owned(),
            category: "general".to_owned(),
            author: "user".to_owned(),
            tags: Vec::new(),
            version: Version::FIRST,
            created_at: now,
            updated_at: now,
        })
    }
}

impl RegistryStats {
    fn of(packages: &[PackageMetadata]) -> Self {
        let mut categories = BTreeMap::new();
        for package in packages {
            *categories.entry(package.category.clone()).or_default() += 1;
        }
        Self {
            total_packages: packages.len(),
            categories,
            last_updated: packages.iter().map(|package| package.updated_at).max(),
        }
    }
}

impl Filter {
    fn lets_through(&self, package: &PackageMetadata) -> bool {
        let in_category = self
            .category
            .as_ref()
            .is_none_or(|category| *category == package.category);
        let texts = [&package.name, &package.description]
            .into_iter()
            .chain(&package.tags);
        let texts: Vec<String> = texts.map(|text| text.to_lowercase()).collect();
        let query = self.query.as_deref().unwrap_or_default().to_lowercase();
        in_category
            && query
                .split_whitespace()
                .all(|word| texts.iter().any(|text| text.contains(word)))
    }
}
