//! `/apps/{id}/edit` and its way back: the versions of an app's document.

use std::sync::Arc;

use agentos_core::apps::{EditRequest, Edited};
use agentos_core::ids::{AppId, EngineId};
use agentos_core::spec::history::History;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use super::body::Body;
use super::path::Id;
use super::query::Query;
use crate::desk::Desk;
use crate::fault::{Fault, FaultBody};
use crate::make::change_by_the_model;
use crate::wire::{edit_report, rfc3339};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EditBody {
    /// Edit lines: one JSON object a line, addressed by component id.
    lines: Option<String>,
    /// A whole document in place of lines.
    #[schema(value_type = Option<Object>)]
    document: Option<Value>,
    /// What was asked, for the list of versions; alone, what the model is to change.
    #[serde(default)]
    message: String,
    /// The version the edit was made on; left out, it is made on whatever is there.
    version: Option<u64>,
    /// The lease of the engine that asks; left out by everyone else.
    #[schema(value_type = Option<String>)]
    engine: Option<EngineId>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct EditAnswer {
    #[schema(value_type = Object)]
    ui_spec: Value,
    version: u64,
    /// RFC 6902, from the document before.
    #[schema(value_type = Vec<Object>)]
    patch: Value,
    /// `issues`: lines that were skipped, what was mended, what the check says; `trial`: how the app did.
    #[schema(value_type = Object)]
    report: Value,
}

impl From<Edited> for EditAnswer {
    fn from(edited: Edited) -> Self {
        Self {
            report: edit_report(&edited),
            ui_spec: edited.step.document,
            version: edited.version,
            patch: json!(edited.step.patch),
        }
    }
}

/// Edits the document. A `message` alone asks the model for the edit, which must leave the app working. A line that fails is told and skipped; when none stands, nothing changes.
#[utoipa::path(post, path = "/apps/{id}/edit", params(("id" = String, Path)), request_body = EditBody,
    responses((status = OK, body = EditAnswer), (status = NOT_FOUND, body = FaultBody),
        (status = CONFLICT, body = FaultBody), (status = UNPROCESSABLE_ENTITY, body = FaultBody)))]
pub(crate) async fn edit(
    State(desk): State<Arc<Desk>>,
    Id(id): Id<AppId>,
    Body(body): Body<EditBody>,
) -> Result<Json<EditAnswer>, Fault> {
    let refused = |code, error| Fault::new(StatusCode::UNPROCESSABLE_ENTITY, code, error);
    let lines = match (body.lines, body.document) {
        (Some(lines), None) => lines,
        (None, Some(document)) if document["components"].is_array() => document.to_string(),
        (None, Some(_)) => return Err(refused("schema", "a document has a list of `components`")),
        (None, None) if !body.message.trim().is_empty() => {
            let change = change_by_the_model(&desk, id, &body.message).await?;
            let edited = change.apply(&desk, id, body.message, body.engine).await?;
            return Ok(Json(edited.into()));
        }
        _ => {
            let error = "an edit has `lines`, a `document`, or a `message` that says what to change";
            return Err(refused("invalid_body", error));
        }
    };
    let request = EditRequest {
        lines,
        text: body.message,
        version: body.version,
        engine: body.engine,
    };
    Ok(Json(desk.apps.edit(id, &request, &desk.catalog).await?.into()))
}

/// Goes back to the version before.
#[utoipa::path(post, path = "/apps/{id}/undo", params(("id" = String, Path)),
    responses((status = OK, body = EditAnswer), (status = NOT_FOUND, body = FaultBody), (status = CONFLICT, body = FaultBody)))]
pub(crate) async fn undo(
    State(desk): State<Arc<Desk>>,
    Id(id): Id<AppId>,
) -> Result<Json<EditAnswer>, Fault> {
    Ok(Json(desk.apps.undo_edit(id).await?.into()))
}

/// Goes forth to the version that was undone last.
#[utoipa::path(post, path = "/apps/{id}/redo", params(("id" = String, Path)),
    responses((status = OK, body = EditAnswer), (status = NOT_FOUND, body = FaultBody), (status = CONFLICT, body = FaultBody)))]
pub(crate) async fn redo(
    State(desk): State<Arc<Desk>>,
    Id(id): Id<AppId>,
) -> Result<Json<EditAnswer>, Fault> {
    Ok(Json(desk.apps.redo_edit(id).await?.into()))
}

#[derive(Serialize, ToSchema)]
pub(crate) struct HistoryAnswer {
    /// The version that is there.
    version: u64,
    /// The oldest version that can be gone back to.
    first: u64,
    can_undo: bool,
    can_redo: bool,
    /// Those after the oldest, oldest first; the ones after `version` were undone.
    versions: Vec<WireVersion>,
}

#[derive(Serialize, ToSchema)]
struct WireVersion {
    version: u64,
    /// What was asked; empty when nothing was said.
    text: String,
    at: String,
    /// What the edit changed, for a person.
    changes: Vec<String>,
}

impl From<History> for HistoryAnswer {
    fn from(history: History) -> Self {
        let version = history.version();
        let (first, last) = history.versions();
        let versions = history.entries().map(|(version, entry)| WireVersion {
            version,
            text: entry.text.clone(),
            at: rfc3339(entry.at),
            changes: entry.changes.clone(),
        });
        Self {
            version,
            first,
            can_undo: version > first,
            can_redo: version < last,
            versions: versions.collect(),
        }
    }
}

/// The kept versions and what changed in each.
#[utoipa::path(get, path = "/apps/{id}/history", params(("id" = String, Path)),
    responses((status = OK, body = HistoryAnswer), (status = NOT_FOUND, body = FaultBody)))]
pub(crate) async fn history(
    State(desk): State<Arc<Desk>>,
    Id(id): Id<AppId>,
) -> Result<Json<HistoryAnswer>, Fault> {
    Ok(Json(desk.apps.history(id).await?.into()))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Between {
    /// Left out: the version that is there.
    from: Option<u64>,
    /// Left out: the version that is there.
    to: Option<u64>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct DifferenceAnswer {
    /// RFC 6902, from the one version to the other.
    #[schema(value_type = Vec<Object>)]
    patch: Value,
    /// The same for a person.
    changes: Vec<String>,
}

/// What leads from one kept version to another.
#[utoipa::path(get, path = "/apps/{id}/history/diff", params(("id" = String, Path), Between),
    responses((status = OK, body = DifferenceAnswer), (status = NOT_FOUND, body = FaultBody)))]
pub(crate) async fn difference(
    State(desk): State<Arc<Desk>>,
    Id(id): Id<AppId>,
    Query(between): Query<Between>,
) -> Result<Json<DifferenceAnswer>, Fault> {
    let difference = desk.apps.difference(id, between.from, between.to).await?;
    Ok(Json(DifferenceAnswer {
        patch: json!(difference.patch),
        changes: difference.changes,
    }))
}
