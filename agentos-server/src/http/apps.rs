//! `/apps`: what runs, where its window is and what its state is.

use std::sync::Arc;

use agentos_core::ids::{AppId, EngineId};
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::body::Body;
use super::path::Id;
use crate::desk::Desk;
use crate::fault::{Fault, FaultBody};
use crate::make::{Made, open_document};
use crate::wire::{WireApp, WireAppStats, WireWindow};

#[derive(Serialize, ToSchema)]
pub(crate) struct AppList {
    apps: Vec<WireApp>,
    stats: WireAppStats,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ShownApp {
    #[serde(flatten)]
    app: WireApp,
    /// Whether closing it would destroy data: it or a descendant is not saved and has some.
    has_data: bool,
}

/// All apps in the order they were made.
#[utoipa::path(get, path = "/apps", responses((status = OK, body = AppList)))]
pub(crate) async fn list(State(desk): State<Arc<Desk>>) -> Result<Json<AppList>, Fault> {
    let (apps, stats) = desk.apps.list().await?;
    let apps = apps.into_iter().map(WireApp::from).collect();
    Ok(Json(AppList {
        apps,
        stats: stats.into(),
    }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OpenApp {
    #[schema(value_type = Object)]
    ui_spec: Value,
    #[schema(value_type = Option<String>)]
    parent_id: Option<AppId>,
}

/// Opens a document as an app.
#[utoipa::path(post, path = "/apps", request_body = OpenApp,
    responses((status = OK, body = Made), (status = UNPROCESSABLE_ENTITY, body = FaultBody)))]
pub(crate) async fn open(
    State(desk): State<Arc<Desk>>,
    Body(OpenApp { ui_spec, parent_id }): Body<OpenApp>,
) -> Result<Json<Made>, Fault> {
    Ok(Json(open_document(&desk, ui_spec, parent_id).await?))
}

/// One app.
#[utoipa::path(get, path = "/apps/{id}", params(("id" = String, Path)),
    responses((status = OK, body = ShownApp), (status = NOT_FOUND, body = FaultBody)))]
pub(crate) async fn get(State(desk): State<Arc<Desk>>, Id(id): Id<AppId>) -> Result<Json<ShownApp>, Fault> {
    let app = desk.apps.app(id).await?.into();
    let has_data = desk.apps.has_data(id).await?;
    Ok(Json(ShownApp { app, has_data }))
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Done {
    success: bool,
    #[schema(value_type = String)]
    app_id: AppId,
}

/// Makes it the one active app.
#[utoipa::path(post, path = "/apps/{id}/focus", params(("id" = String, Path)),
    responses((status = OK, body = Done), (status = NOT_FOUND, body = FaultBody)))]
pub(crate) async fn focus(State(desk): State<Arc<Desk>>, Id(id): Id<AppId>) -> Result<Json<Done>, Fault> {
    desk.apps.focus(id).await?;
    Ok(Json(Done {
        success: true,
        app_id: id,
    }))
}

#[derive(Serialize, ToSchema)]
pub(crate) struct CloseAnswer {
    success: bool,
    #[schema(value_type = String)]
    app_id: AppId,
    /// Descendants before their ancestors.
    #[schema(value_type = Vec<String>)]
    closed: Vec<AppId>,
}

/// Ends it and all its descendants, with the data of those that are not saved.
#[utoipa::path(delete, path = "/apps/{id}", params(("id" = String, Path)),
    responses((status = OK, body = CloseAnswer), (status = NOT_FOUND, body = FaultBody)))]
pub(crate) async fn close(
    State(desk): State<Arc<Desk>>,
    Id(id): Id<AppId>,
) -> Result<Json<CloseAnswer>, Fault> {
    let closed = desk.apps.close(id).await?;
    Ok(Json(CloseAnswer {
        success: true,
        app_id: id,
        closed,
    }))
}

/// Keeps where the window is.
#[utoipa::path(post, path = "/apps/{id}/window", params(("id" = String, Path)), request_body = WireWindow,
    responses((status = OK, body = Done), (status = NOT_FOUND, body = FaultBody), (status = UNPROCESSABLE_ENTITY, body = FaultBody)))]
pub(crate) async fn set_window(
    State(desk): State<Arc<Desk>>,
    Id(id): Id<AppId>,
    Body(window): Body<WireWindow>,
) -> Result<Json<Done>, Fault> {
    desk.apps.set_window(id, window.into()).await?;
    Ok(Json(Done {
        success: true,
        app_id: id,
    }))
}

#[derive(Serialize, ToSchema)]
pub(crate) struct WireLease {
    /// Goes with every state batch and service call of the engine.
    #[schema(value_type = String)]
    engine: EngineId,
    rev: u64,
    #[schema(value_type = Object)]
    state: Value,
}

/// Gives the app to the engine that asks; the one that had it is told so.
#[utoipa::path(post, path = "/apps/{id}/engine", params(("id" = String, Path)),
    responses((status = OK, body = WireLease), (status = NOT_FOUND, body = FaultBody)))]
pub(crate) async fn take_lease(
    State(desk): State<Arc<Desk>>,
    Id(id): Id<AppId>,
) -> Result<Json<WireLease>, Fault> {
    let lease = desk.apps.take_lease(id).await?;
    Ok(Json(WireLease {
        engine: lease.engine,
        rev: lease.rev,
        state: lease.state,
    }))
}

#[derive(Serialize, ToSchema)]
pub(crate) struct WireReplica {
    rev: u64,
    #[schema(value_type = Object)]
    state: Value,
}

/// The state as it was last acknowledged.
#[utoipa::path(get, path = "/apps/{id}/state", params(("id" = String, Path)),
    responses((status = OK, body = WireReplica), (status = NOT_FOUND, body = FaultBody)))]
pub(crate) async fn state(
    State(desk): State<Arc<Desk>>,
    Id(id): Id<AppId>,
) -> Result<Json<WireReplica>, Fault> {
    let replica = desk.apps.state(id).await?;
    Ok(Json(WireReplica {
        rev: replica.rev,
        state: replica.state,
    }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PutState {
    #[schema(value_type = Object)]
    state: Value,
    /// The revision the state was made from; left out, it replaces whatever is there.
    rev: Option<u64>,
    /// The lease; left out, no engine may be running the app.
    #[schema(value_type = Option<String>)]
    engine: Option<EngineId>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Revision {
    rev: u64,
}

/// Replaces the whole state.
#[utoipa::path(put, path = "/apps/{id}/state", params(("id" = String, Path)), request_body = PutState,
    responses((status = OK, body = Revision), (status = NOT_FOUND, body = FaultBody), (status = CONFLICT, body = FaultBody)))]
pub(crate) async fn put_state(
    State(desk): State<Arc<Desk>>,
    Id(id): Id<AppId>,
    Body(PutState { state, rev, engine }): Body<PutState>,
) -> Result<Json<Revision>, Fault> {
    let rev = desk.apps.put_state(id, state, rev, engine).await?;
    Ok(Json(Revision { rev }))
}
