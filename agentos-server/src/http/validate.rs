//! `/validate`: what is wrong with a document, without opening it.

use std::sync::Arc;

use agentos_core::spec::Issue;
use agentos_core::spec::accept::accept_text;
use agentos_core::spec::mend::Loss;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::body::Text;
use crate::desk::Desk;

#[derive(Serialize, ToSchema)]
pub(crate) struct Validation {
    /// Whether no issue is an error.
    valid: bool,
    /// Each with `code`, `severity` (error, warning, note), `path`, `message`, and where there is one `id` and `hint`.
    #[schema(value_type = Vec<Object>)]
    issues: Vec<Issue>,
}

/// Checks a document like a program; also answers for text that is no document at all.
#[utoipa::path(post, path = "/validate", request_body(content = Object, description = "a UISpec"),
    responses((status = OK, body = Validation)))]
pub(crate) async fn validate(State(desk): State<Arc<Desk>>, Text(text): Text) -> Json<Validation> {
    Json(match accept_text(&text, &desk.catalog, Loss::Forbidden) {
        Ok(accepted) => Validation {
            valid: accepted.is_valid(),
            issues: accepted.issues,
        },
        Err(issues) => Validation { valid: false, issues },
    })
}
