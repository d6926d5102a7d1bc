//! `/kernel/stats` and `/kernel/events`: how the kernel does, and what happened in it.

use std::sync::Arc;

use agentos_core::kernel::{EVENTS_LISTED, KernelStats};
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::query::Query;
use crate::desk::Desk;
use crate::fault::{Fault, FaultBody};
use crate::wire::WireKernelEvent;

#[derive(Serialize, ToSchema)]
pub(crate) struct Stats {
    /// Counts of what is there, and of what happened since the kernel started.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    stats: KernelStats,
}

/// The kernel in numbers.
#[utoipa::path(get, path = "/kernel/stats", responses((status = OK, body = Stats)))]
pub(crate) async fn stats(State(desk): State<Arc<Desk>>) -> Result<Json<Stats>, Fault> {
    let stats = desk.kernel.stats().await?;
    Ok(Json(Stats { stats }))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Since {
    /// The `seq` after which events are told; left out: the newest events are. A number beyond the newest is of an
    /// earlier start: all are told.
    since: Option<u64>,
    /// From 1 to 1,000, which it is when left out.
    limit: Option<u32>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct EventList {
    /// Oldest first.
    events: Vec<WireKernelEvent>,
    /// How many events after `since` are no longer kept.
    missed: u64,
    /// The `seq` of the newest event; ask again while it is beyond the last of these.
    newest: u64,
}

/// What happened, as far as it is kept.
#[utoipa::path(get, path = "/kernel/events", params(Since),
    responses((status = OK, body = EventList), (status = UNPROCESSABLE_ENTITY, body = FaultBody)))]
pub(crate) async fn events(
    State(desk): State<Arc<Desk>>,
    Query(Since { since, limit }): Query<Since>,
) -> Result<Json<EventList>, Fault> {
    let page = desk
        .kernel
        .past_events(since, limit.unwrap_or(EVENTS_LISTED))
        .await?;
    let mut events = Vec::with_capacity(page.events.len());
    for event in page.events {
        events.push(WireKernelEvent::of(&desk, event).await);
    }
    Ok(Json(EventList {
        events,
        missed: page.missed,
        newest: page.newest,
    }))
}
