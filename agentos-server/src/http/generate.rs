//! `/generate-ui`: a sentence becomes an app, answered whole.

use std::sync::Arc;

use agentos_core::ids::AppId;
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use super::body::Body;
use crate::desk::Desk;
use crate::fault::{Fault, FaultBody};
use crate::make::{Context, Made, Order, make};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Generate {
    /// What the app should do.
    message: String,
    #[serde(default)]
    context: Context,
    #[schema(value_type = Option<String>)]
    parent_id: Option<AppId>,
}

/// Makes an app and opens it; a client that leaves cancels.
#[utoipa::path(post, path = "/generate-ui", request_body = Generate,
    responses((status = OK, body = Made), (status = UNPROCESSABLE_ENTITY, body = FaultBody)))]
pub(crate) async fn generate_ui(
    State(desk): State<Arc<Desk>>,
    Body(Generate {
        message,
        context,
        parent_id,
    }): Body<Generate>,
) -> Result<Json<Made>, Fault> {
    let parent = parent_id.or(context.parent_app_id);
    Ok(Json(make(&desk, Order { message, parent }).await?))
}
