//! `/apps/{id}/permissions`: what an app uses and what the person answered it; `/apps/{id}/access`: whether its
//! window may load from somewhere.

use std::sync::Arc;

use agentos_core::ids::{AppId, EngineId};
use agentos_core::kernel::{ApprovalNeed, Rule, Syscall};
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::Body;
use super::path::Id;
use crate::desk::Desk;
use crate::fault::{Fault, FaultBody};

#[derive(Serialize, ToSchema)]
pub(crate) struct Permissions {
    /// The services its document uses, by id.
    services: Vec<String>,
    /// What was answered for all apps of its data and still holds.
    answers: Vec<StandingAnswer>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct StandingAnswer {
    /// `{kind: "net", host, port?}`; without a port it is the web's, 80 and 443. `{kind: "fs", path, rights}`: a file,
    /// or a folder with all that is in it, to `read` or `read_write`. `{kind: "llm"}`: the model.
    #[schema(value_type = Object)]
    need: ApprovalNeed,
    allowed: bool,
}

/// What an app uses, and what it was allowed or denied.
#[utoipa::path(get, path = "/apps/{id}/permissions", params(("id" = String, Path)),
    responses((status = OK, body = Permissions), (status = NOT_FOUND, body = FaultBody)))]
pub(crate) async fn show(
    State(desk): State<Arc<Desk>>,
    Id(id): Id<AppId>,
) -> Result<Json<Permissions>, Fault> {
    let app = desk.apps.app(id).await?;
    let standing = desk.kernel.standing_approvals(app.record.namespace).await?;
    let answers = standing.into_iter().map(|standing| StandingAnswer {
        need: standing.need,
        allowed: standing.rule == Rule::Allow,
    });
    Ok(Json(Permissions {
        services: app.services().into_iter().map(str::to_owned).collect(),
        answers: answers.collect(),
    }))
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Done {
    success: bool,
}

/// Forgets every answer: the app asks again.
#[utoipa::path(delete, path = "/apps/{id}/permissions", params(("id" = String, Path)),
    responses((status = OK, body = Done), (status = NOT_FOUND, body = FaultBody)))]
pub(crate) async fn forget(State(desk): State<Arc<Desk>>, Id(id): Id<AppId>) -> Result<Json<Done>, Fault> {
    let app = desk.apps.app(id).await?;
    desk.kernel.forget_approvals(app.record.namespace).await?;
    Ok(Json(Done { success: true }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AskAccess {
    /// What the window wants to load: a picture, sound, film or page.
    url: String,
    /// The lease of the engine that draws the app.
    #[schema(value_type = Option<String>)]
    engine: Option<EngineId>,
}

/// Answers when the app's window may load from there, after asking the person where nobody has answered yet.
#[utoipa::path(post, path = "/apps/{id}/access", params(("id" = String, Path)), request_body = AskAccess,
    responses((status = OK, body = Done), (status = NOT_FOUND, body = FaultBody),
        (status = FORBIDDEN, body = FaultBody), (status = CONFLICT, body = FaultBody),
        (status = UNPROCESSABLE_ENTITY, body = FaultBody)))]
pub(crate) async fn access(
    State(desk): State<Arc<Desk>>,
    Id(id): Id<AppId>,
    Body(AskAccess { url, engine }): Body<AskAccess>,
) -> Result<Json<Done>, Fault> {
    let caller = desk.apps.caller(id, engine).await?;
    desk.kernel
        .syscall(caller.principal(), Syscall::NetworkAccess { url })
        .await?;
    Ok(Json(Done { success: true }))
}
