//! `/kernel/approvals`: what apps ask of the person, and the person's answers.

use std::sync::Arc;

use agentos_core::kernel::{ApprovalAnswer, ApprovalId};
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::Body;
use super::path::Id;
use crate::desk::Desk;
use crate::fault::{Fault, FaultBody};
use crate::wire::WireApproval;

#[derive(Serialize, ToSchema)]
pub(crate) struct ApprovalList {
    approvals: Vec<WireApproval>,
}

/// The questions that wait, oldest first.
#[utoipa::path(get, path = "/kernel/approvals", responses((status = OK, body = ApprovalList)))]
pub(crate) async fn list(State(desk): State<Arc<Desk>>) -> Result<Json<ApprovalList>, Fault> {
    let mut approvals = Vec::new();
    for approval in desk.kernel.approvals().await? {
        approvals.push(WireApproval::of(&desk, approval).await);
    }
    Ok(Json(ApprovalList { approvals }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnswerApproval {
    #[schema(value_type = WireAnswer)]
    answer: ApprovalAnswer,
}

/// How long the answer holds: `once` for the calls that wait, `session` until the server stops, `always`
/// and `never` also after that.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "it only describes the answers")]
pub(crate) enum WireAnswer {
    Once,
    Session,
    Always,
    Never,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Answered {
    success: bool,
}

/// Answers a question; what is kept for good is kept when this returns.
#[utoipa::path(post, path = "/kernel/approvals/{id}", params(("id" = String, Path)), request_body = AnswerApproval,
    responses((status = OK, body = Answered), (status = NOT_FOUND, body = FaultBody),
        (status = UNPROCESSABLE_ENTITY, body = FaultBody), (status = TOO_MANY_REQUESTS, body = FaultBody)))]
pub(crate) async fn answer(
    State(desk): State<Arc<Desk>>,
    Id(id): Id<ApprovalId>,
    Body(AnswerApproval { answer }): Body<AnswerApproval>,
) -> Result<Json<Answered>, Fault> {
    desk.kernel.answer(id, answer).await?;
    Ok(Json(Answered { success: true }))
}
