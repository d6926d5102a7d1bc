//! `/` and `/health`.

use std::sync::Arc;
use std::time::Duration;

use agentos_adapters::kernel::{landlock_version, seccomp_filters};
use agentos_adapters::llm::QueuedLlm;
use agentos_core::llm_queue::QueueFigures;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::desk::Desk;
use crate::desktop;
use crate::http::VERSION;
use crate::http::services::WireServiceStats;
use crate::wire::WireAppStats;

/// How long the provider of the model may take to show that it is there.
const MODEL_TIME: Duration = Duration::from_secs(3);

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
    /// `healthy`, or `degraded` when a part does not answer.
    status: &'static str,
    version: &'static str,
    uptime_ms: u64,
    /// Absent when the records cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    app_manager: Option<WireAppStats>,
    service_registry: WireServiceStats,
    kernel: KernelHealth,
    ai_service: ModelHealth,
    storage: StorageHealth,
    programs: ProgramsHealth,
    catalog: CatalogHealth,
}

#[derive(Serialize, ToSchema)]
struct KernelHealth {
    connected: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    processes: Option<usize>,
}

#[derive(Serialize, ToSchema)]
struct ModelHealth {
    connected: bool,
    provider: String,
    model: String,
    cache: CacheHealth,
    /// What waits for the model, and what was spent today; absent where it is asked directly.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    queue: Option<QueueFigures>,
}

/// Apps a model made that are kept for whoever asks the same again.
#[derive(Serialize, ToSchema)]
struct CacheHealth {
    entries: usize,
    hits: u64,
    misses: u64,
}

#[derive(Serialize, ToSchema)]
struct StorageHealth {
    connected: bool,
}

#[derive(Serialize, ToSchema)]
struct ProgramsHealth {
    /// The names the operator gave them.
    registered: Vec<String>,
    /// Whether this machine confines them; where it does not, none is run.
    confined: bool,
}

#[derive(Serialize, ToSchema)]
struct CatalogHealth {
    components: usize,
    tools: usize,
}

/// Whether each part works, asked now.
#[utoipa::path(get, path = "/health", responses((status = OK, body = Health)))]
pub(crate) async fn health(State(desk): State<Arc<Desk>>) -> Json<Health> {
    let (llm, cache) = (desk.generator.llm(), desk.generator.cache_figures());
    let (processes, stored, listed, model) = tokio::join!(
        desk.kernel.processes(),
        desk.storage.probe(),
        desk.apps.list(),
        tokio::time::timeout(MODEL_TIME, llm.models())
    );
    let is_connected = matches!(model, Ok(Ok(_)));
    let app_manager = listed.ok().map(|(_, stats)| WireAppStats::from(stats));
    let works = processes.is_ok() && stored.is_ok() && app_manager.is_some() && is_connected;
    Json(Health {
        status: if works { "healthy" } else { "degraded" },
        version: VERSION,
        uptime_ms: desk.uptime_ms(),
        app_manager,
        service_registry: WireServiceStats::of(&desk),
        kernel: KernelHealth {
            connected: processes.is_ok(),
            processes: processes.ok().map(|all| all.len()),
        },
        ai_service: ModelHealth {
            connected: is_connected,
            provider: llm.identity().provider.into_owned(),
            model: llm.identity().model,
            cache: CacheHealth {
                entries: cache.entries,
                hits: cache.hits,
                misses: cache.misses,
            },
            queue: desk.queue.as_ref().map(QueuedLlm::figures),
        },
        storage: StorageHealth {
            connected: stored.is_ok(),
        },
        programs: ProgramsHealth {
            registered: desk.programs.iter().map(ToString::to_string).collect(),
            confined: landlock_version().is_some() && seccomp_filters(),
        },
        catalog: CatalogHealth {
            components: desk.catalog.components().count(),
            tools: desk.catalog.tools().count(),
        },
    })
}
