//! `/registry`: installed apps, their versions, and launching them.

use std::collections::BTreeMap;
use std::sync::Arc;

use agentos_core::ids::{AppId, PackageId};
use agentos_core::registry::{Filter, MetadataChange};
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::body::Body;
use super::path::Id;
use super::query::Query;
use crate::desk::Desk;
use crate::fault::{Fault, FaultBody};
use crate::wire::{WirePackage, WirePackageMetadata, rfc3339};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Save {
    #[schema(value_type = String)]
    app_id: AppId,
    name: Option<String>,
    description: Option<String>,
    icon: Option<String>,
    category: Option<String>,
    tags: Option<Vec<String>>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Saved {
    success: bool,
    #[schema(value_type = String)]
    package_id: PackageId,
    version: String,
}

/// Keeps an app as a package; again for the same app makes a new version.
#[utoipa::path(post, path = "/registry/save", request_body = Save,
    responses((status = OK, body = Saved), (status = NOT_FOUND, body = FaultBody), (status = UNPROCESSABLE_ENTITY, body = FaultBody)))]
pub(crate) async fn save(
    State(desk): State<Arc<Desk>>,
    Body(save): Body<Save>,
) -> Result<Json<Saved>, Fault> {
    let Save {
        app_id,
        name,
        description,
        icon,
        category,
        tags,
    } = save;
    let change = MetadataChange {
        name,
        description,
        icon,
        category,
        tags,
    };
    let metadata = desk.registry.save(app_id, change).await?;
    Ok(Json(Saved {
        success: true,
        package_id: metadata.id,
        version: metadata.version.to_string(),
    }))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Exactly this category.
    category: Option<String>,
    /// Words, each of which the name, the description or a tag holds.
    q: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct PackageList {
    apps: Vec<WirePackageMetadata>,
    stats: WireRegistryStats,
}

#[derive(Serialize, ToSchema)]
struct WireRegistryStats {
    total_packages: usize,
    /// How many packages each category has.
    categories: BTreeMap<String, usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_updated: Option<String>,
}

/// The packages in the order they were first saved.
#[utoipa::path(get, path = "/registry/apps", params(ListQuery), responses((status = OK, body = PackageList)))]
pub(crate) async fn list(
    State(desk): State<Arc<Desk>>,
    Query(query): Query<ListQuery>,
) -> Result<Json<PackageList>, Fault> {
    let (packages, stats) = desk
        .registry
        .list(&Filter {
            category: query.category,
            query: query.q,
        })
        .await?;
    let stats = WireRegistryStats {
        total_packages: stats.total_packages,
        categories: stats.categories,
        last_updated: stats.last_updated.map(rfc3339),
    };
    Ok(Json(PackageList {
        apps: packages.into_iter().map(WirePackageMetadata::from).collect(),
        stats,
    }))
}

/// The newest version with its document.
#[utoipa::path(get, path = "/registry/apps/{id}", params(("id" = String, Path)),
    responses((status = OK, body = WirePackage), (status = NOT_FOUND, body = FaultBody)))]
pub(crate) async fn get(
    State(desk): State<Arc<Desk>>,
    Id(id): Id<PackageId>,
) -> Result<Json<WirePackage>, Fault> {
    Ok(Json(desk.registry.package(id).await?.into()))
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Deleted {
    success: bool,
    #[schema(value_type = String)]
    package_id: PackageId,
}

/// Deletes all versions; the data stays only with an app that is open.
#[utoipa::path(delete, path = "/registry/apps/{id}", params(("id" = String, Path)),
    responses((status = OK, body = Deleted), (status = NOT_FOUND, body = FaultBody)))]
pub(crate) async fn delete(
    State(desk): State<Arc<Desk>>,
    Id(id): Id<PackageId>,
) -> Result<Json<Deleted>, Fault> {
    desk.registry.delete(id).await?;
    Ok(Json(Deleted {
        success: true,
        package_id: id,
    }))
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Launched {
    #[schema(value_type = String)]
    app_id: AppId,
    #[schema(value_type = Object)]
    ui_spec: Value,
    title: String,
}

/// Opens the newest version; one that keeps data runs once, and is focused when it is open.
#[utoipa::path(post, path = "/registry/apps/{id}/launch", params(("id" = String, Path)),
    responses((status = OK, body = Launched), (status = NOT_FOUND, body = FaultBody)))]
pub(crate) async fn launch(
    State(desk): State<Arc<Desk>>,
    Id(id): Id<PackageId>,
) -> Result<Json<Launched>, Fault> {
    let app = desk.registry.launch(id).await?.record;
    Ok(Json(Launched {
        app_id: app.id,
        ui_spec: app.document,
        title: app.title,
    }))
}

#[derive(Serialize, ToSchema)]
pub(crate) struct VersionList {
    versions: Vec<WireVersion>,
}

#[derive(Serialize, ToSchema)]
struct WireVersion {
    version: String,
    created_at: String,
}

/// The versions that are kept, newest first.
#[utoipa::path(get, path = "/registry/apps/{id}/versions", params(("id" = String, Path)),
    responses((status = OK, body = VersionList), (status = NOT_FOUND, body = FaultBody)))]
pub(crate) async fn versions(
    State(desk): State<Arc<Desk>>,
    Id(id): Id<PackageId>,
) -> Result<Json<VersionList>, Fault> {
    let versions = desk.registry.versions(id).await?.into_iter();
    let versions = versions.map(|kept| WireVersion {
        version: kept.version.to_string(),
        created_at: rfc3339(kept.created_at),
    });
    Ok(Json(VersionList {
        versions: versions.collect(),
    }))
}
