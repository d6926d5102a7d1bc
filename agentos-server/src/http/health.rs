//! `/` and `/health`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::desk::Desk;
use crate::desktop;
use crate::http::VERSION;

#[derive(Serialize, ToSchema)]
pub(crate) struct Online {
    status: &'static str,
    service: &'static str,
    version: &'static str,
}

/// The desktop for a browser; else that the service is online.
#[utoipa::path(get, path = "/", responses((status = OK, body = Online)))]
pub(crate) async fn root(headers: HeaderMap) -> Response {
    if desktop::wants_page(&headers) {
        return desktop::index();
    }
    let online = Online {
        status: "online",
        service: "agentos",
        version: VERSION,
    };
    ([(header::VARY, "accept")], Json(online)).into_response()
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    status: &'static str,
    version: &'static str,
    uptime_ms: u64,
}

/// Whether each part works, asked now.
#[utoipa::path(get, path = "/health", responses((status = OK, body = Health)))]
pub(crate) async fn health(State(desk): State<Arc<Desk>>) -> Json<Health> {
    Json(Health {
        status: "healthy",
        version: VERSION,
        uptime_ms: desk.uptime_ms(),
    })
}
