//! `/schema`: the language as JSON Schema.

use std::sync::Arc;

use agentos_core::spec::schema::{acceptance, generation};
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::query::Query;
use crate::desk::Desk;

#[derive(Deserialize, IntoParams)]
pub(crate) struct Wanted {
    /// What the schema is for; acceptance where nothing is said.
    #[serde(default, rename = "for")]
    purpose: Purpose,
}

#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Purpose {
    /// Everything a document may hold that needs no mend.
    #[default]
    Acceptance,
    /// The form a model is constrained to while it writes.
    Generation,
}

/// The document as JSON Schema (draft 2020-12), with the tools of every registered service.
#[utoipa::path(get, path = "/schema", params(Wanted), responses((status = OK, body = Object)))]
pub(crate) async fn schema(State(desk): State<Arc<Desk>>, Query(wanted): Query<Wanted>) -> Json<Value> {
    Json(match wanted.purpose {
        Purpose::Acceptance => acceptance(&desk.catalog),
        Purpose::Generation => generation(&desk.catalog),
    })
}
