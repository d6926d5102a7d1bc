//! `/models`: which model answers, and which could.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::desk::Desk;
use crate::fault::{Fault, FaultBody};

#[derive(Serialize, ToSchema)]
pub(crate) struct ModelsAnswer {
    provider: String,
    /// The one that is asked.
    model: String,
    /// Those the provider has, in its order.
    models: Vec<String>,
}

/// Asks the provider now, so it is also a test of the connection.
#[utoipa::path(get, path = "/models", responses((status = OK, body = ModelsAnswer), (status = BAD_GATEWAY, body = FaultBody),
    (status = GATEWAY_TIMEOUT, body = FaultBody)))]
pub(crate) async fn models(State(desk): State<Arc<Desk>>) -> Result<Json<ModelsAnswer>, Fault> {
    let llm = desk.generator.llm();
    let identity = llm.identity();
    Ok(Json(ModelsAnswer {
        models: llm.models().await?,
        provider: identity.provider.into_owned(),
        model: identity.model,
    }))
}
