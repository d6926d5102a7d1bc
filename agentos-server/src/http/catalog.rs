//! `/catalog`: every component and tool, as the documentation shows them.

use std::sync::Arc;

use agentos_core::spec::catalog::reference;
use axum::Json;
use axum::extract::State;
use serde_json::Value;

use crate::desk::Desk;

/// Components with their properties, events and an app that shows each; tools with their arguments; the bounds of a
/// document.
#[utoipa::path(get, path = "/catalog", responses((status = OK, body = Object)))]
pub(crate) async fn catalog(State(desk): State<Arc<Desk>>) -> Json<Value> {
    Json(reference(&desk.catalog))
}
