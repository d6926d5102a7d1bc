//! `/audit`: what was done and refused, and whether the record of it is whole.

use std::sync::Arc;

use agentos_adapters::kernel::{AUDIT_ROWS, AuditError, SqliteAudit};
use agentos_core::kernel::AuditRow;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::query::Query;
use crate::desk::Desk;
use crate::fault::{Fault, FaultBody};

/// Rows that are told when nobody says how many.
const ROWS_UNASKED: u32 = 100;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Rows {
    /// The `seq` after which rows are told; left out: the last rows are.
    after: Option<u64>,
    /// From 1 to 1,000; 100 when left out.
    limit: Option<u32>,
}

impl Rows {
    fn limit(&self) -> Result<u32, Fault> {
        let limit = self.limit.unwrap_or(ROWS_UNASKED);
        if (1..=AUDIT_ROWS).contains(&limit) {
            Ok(limit)
        } else {
            Err(Fault::invalid_query(format!("`limit` is from 1 to {AUDIT_ROWS}")))
        }
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct AuditList {
    /// In order.
    rows: Vec<WireAuditRow>,
    /// The `seq` of the last row there is; ask again while it is beyond the last of these.
    last: u64,
}

/// One thing that was done or refused.
#[derive(Serialize, ToSchema)]
pub(crate) struct WireAuditRow {
    /// Counts from 1, without gaps.
    seq: u64,
    /// `time` in milliseconds since the Unix epoch, `boot`, `pid`, `action` and what belongs to that. Written without
    /// spaces it is what the hash covers; a text if somebody made it no JSON.
    #[schema(value_type = Object)]
    record: Value,
    /// BLAKE3 of the hash before, `seq` as eight bytes, the lowest first, and the record; in hexadecimal.
    hash: String,
}

impl From<AuditRow> for WireAuditRow {
    fn from(row: AuditRow) -> Self {
        Self {
            seq: row.seq,
            record: serde_json::from_str(&row.record).unwrap_or(Value::String(row.record)),
            hash: row.hash.to_string(),
        }
    }
}

/// Rows of the audit.
#[utoipa::path(get, path = "/audit", params(Rows),
    responses((status = OK, body = AuditList), (status = NOT_FOUND, body = FaultBody),
        (status = UNPROCESSABLE_ENTITY, body = FaultBody)))]
pub(crate) async fn rows(
    State(desk): State<Arc<Desk>>,
    Query(asked): Query<Rows>,
) -> Result<Json<AuditList>, Fault> {
    let page = audit(&desk)?.rows(asked.after, asked.limit()?).await?;
    Ok(Json(AuditList {
        rows: page.rows.into_iter().map(WireAuditRow::from).collect(),
        last: page.last,
    }))
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Verified {
    /// Whether no row was edited or removed.
    holds: bool,
    /// How many rows there are, where it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<u64>,
    /// The first row that is not as it was written, where it does not and a row tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<u64>,
    /// What is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<String>,
}

/// Reads the whole audit and tells whether its chain holds, and whether it goes as far as this server wrote it. Of what an
/// earlier start wrote, an end that was cut off together with the audit's head shows only beside rows that were exported.
#[utoipa::path(get, path = "/audit/verify",
    responses((status = OK, body = Verified), (status = NOT_FOUND, body = FaultBody)))]
pub(crate) async fn verify(State(desk): State<Arc<Desk>>) -> Result<Json<Verified>, Fault> {
    match audit(&desk)?.verify().await {
        Ok(rows) => Ok(Json(Verified {
            holds: true,
            rows: Some(rows),
            seq: None,
            fault: None,
        })),
        Err(AuditError::Fault(fault)) => Ok(Json(Verified {
            holds: false,
            rows: None,
            seq: fault.seq(),
            fault: Some(fault.to_string()),
        })),
        Err(error) => Err(error.into()),
    }
}

fn audit(desk: &Desk) -> Result<&SqliteAudit, Fault> {
    desk.audit.as_ref().ok_or_else(Fault::no_audit)
}
