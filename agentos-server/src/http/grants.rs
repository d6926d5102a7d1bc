//! `/kernel/grants`: what each process may do, and taking that back.

use std::sync::Arc;

use agentos_core::kernel::{Capability, GrantId, GrantInfo, Pid, Rule, SysError};
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::path::Id;
use super::processes::refused;
use super::query::Query;
use crate::desk::Desk;
use crate::fault::{Fault, FaultBody};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Holder {
    /// Only what this process holds.
    pid: Option<u64>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct GrantList {
    grants: Vec<WireGrant>,
}

/// One thing a process is allowed or denied.
#[derive(Serialize, ToSchema)]
pub(crate) struct WireGrant {
    #[schema(value_type = u64)]
    id: GrantId,
    /// The process that holds it.
    #[schema(value_type = u64)]
    holder: Pid,
    /// Its `kind`, and what belongs to that.
    #[schema(value_type = Object)]
    capability: Capability,
    /// The same for a person, as what follows "may".
    text: String,
    /// `allow`, or `deny`, which wins.
    #[schema(value_type = String)]
    rule: Rule,
    /// The grant it was derived from, which takes it along; none when the system gave it.
    #[schema(value_type = Option<u64>)]
    parent: Option<GrantId>,
}

impl From<GrantInfo> for WireGrant {
    fn from(grant: GrantInfo) -> Self {
        Self {
            id: grant.id,
            holder: grant.holder,
            text: grant.capability.to_string(),
            capability: grant.capability,
            rule: grant.rule,
            parent: grant.parent,
        }
    }
}

/// What every process holds, or one, oldest first.
#[utoipa::path(get, path = "/kernel/grants", params(Holder),
    responses((status = OK, body = GrantList), (status = NOT_FOUND, body = FaultBody),
        (status = UNPROCESSABLE_ENTITY, body = FaultBody)))]
pub(crate) async fn list(
    State(desk): State<Arc<Desk>>,
    Query(Holder { pid }): Query<Holder>,
) -> Result<Json<GrantList>, Fault> {
    let holder = pid.map(Pid::from_number);
    let grants = desk.kernel.grants(holder).await;
    let grants = grants.map_err(|error| match holder {
        Some(pid) => refused(pid, error),
        None => error.into(),
    })?;
    Ok(Json(GrantList {
        grants: grants.into_iter().map(WireGrant::from).collect(),
    }))
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Revoked {
    success: bool,
}

/// Takes a grant back with all that was derived from it; calls that needed it end.
#[utoipa::path(delete, path = "/kernel/grants/{id}", params(("id" = u64, Path)),
    responses((status = OK, body = Revoked), (status = NOT_FOUND, body = FaultBody)))]
pub(crate) async fn revoke(
    State(desk): State<Arc<Desk>>,
    Id(id): Id<GrantId>,
) -> Result<Json<Revoked>, Fault> {
    let revoked = desk.kernel.revoke(id).await;
    revoked.map_err(|error| match error {
        SysError::NotFound => Fault {
            message: format!("there is no grant {}", id.number()),
            ..error.into()
        },
        other => other.into(),
    })?;
    Ok(Json(Revoked { success: true }))
}
