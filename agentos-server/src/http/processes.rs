//! `/kernel/processes`: who runs, how much each uses, and the operator's hand on them.

use std::collections::HashMap;
use std::sync::Arc;

use agentos_core::apps::App;
use agentos_core::ids::AppId;
use agentos_core::kernel::{Limits, Pid, ProcessInfo, ProcessState, Profile, SysError, Usage};
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::path::Id;
use crate::desk::Desk;
use crate::fault::{Fault, FaultBody};
use crate::wire::rfc3339;

#[derive(Serialize, ToSchema)]
pub(crate) struct ProcessList {
    processes: Vec<WireProcess>,
}

/// A process: the system, or what acts for an app.
#[derive(Serialize, ToSchema)]
pub(crate) struct WireProcess {
    #[schema(value_type = u64)]
    pid: Pid,
    name: String,
    /// None for the system.
    #[schema(value_type = Option<u64>)]
    parent: Option<Pid>,
    /// `running`, or `suspended`: then its calls are answered with `unavailable`.
    #[schema(value_type = String)]
    state: ProcessState,
    /// Its weight when the system is saturated, from 1 to 10.
    priority: u8,
    /// `minimal`, `standard` or `privileged`.
    #[schema(value_type = String)]
    profile: Profile,
    #[schema(value_type = Object)]
    usage: Usage,
    /// What `usage` stays within.
    #[schema(value_type = Object)]
    limits: Limits,
    started_at: String,
    /// None for a process that is no app's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    app_id: Option<AppId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
}

impl WireProcess {
    fn new(process: ProcessInfo, app: Option<App>) -> Self {
        let app = app.map(|app| app.record);
        Self {
            pid: process.pid,
            name: process.name,
            parent: process.parent,
            state: process.state,
            priority: process.priority.weight(),
            profile: process.profile,
            usage: process.usage,
            limits: process.limits,
            started_at: rfc3339(process.started_at),
            app_id: app.as_ref().map(|app| app.id),
            title: app.map(|app| app.title),
        }
    }
}

/// Every process, by its number.
#[utoipa::path(get, path = "/kernel/processes", responses((status = OK, body = ProcessList)))]
pub(crate) async fn list(State(desk): State<Arc<Desk>>) -> Result<Json<ProcessList>, Fault> {
    let (apps, _) = desk.apps.list().await?;
    let mut apps: HashMap<Pid, App> = apps.into_iter().filter_map(|app| Some((app.pid?, app))).collect();
    let processes = desk.kernel.processes().await?.into_iter().map(|process| {
        let app = apps.remove(&process.pid);
        WireProcess::new(process, app)
    });
    Ok(Json(ProcessList {
        processes: processes.collect(),
    }))
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Killed {
    /// The process first, then its descendants.
    #[schema(value_type = Vec<u64>)]
    killed: Vec<Pid>,
}

/// Ends a process with its descendants and all their calls. An app whose process ends is suspended until it is used.
#[utoipa::path(post, path = "/kernel/processes/{pid}/kill", params(("pid" = u64, Path)),
    responses((status = OK, body = Killed), (status = NOT_FOUND, body = FaultBody),
        (status = UNPROCESSABLE_ENTITY, body = FaultBody)))]
pub(crate) async fn kill(State(desk): State<Arc<Desk>>, Id(pid): Id<Pid>) -> Result<Json<Killed>, Fault> {
    let killed = desk.kernel.kill(pid).await.map_err(|error| refused(pid, error))?;
    Ok(Json(Killed { killed }))
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Done {
    success: bool,
}

/// Has the calls of a process answered with `unavailable` until it is resumed; those under way go on.
#[utoipa::path(post, path = "/kernel/processes/{pid}/suspend", params(("pid" = u64, Path)),
    responses((status = OK, body = Done), (status = NOT_FOUND, body = FaultBody),
        (status = UNPROCESSABLE_ENTITY, body = FaultBody)))]
pub(crate) async fn suspend(State(desk): State<Arc<Desk>>, Id(pid): Id<Pid>) -> Result<Json<Done>, Fault> {
    desk.kernel
        .suspend(pid)
        .await
        .map_err(|error| refused(pid, error))?;
    Ok(Json(Done { success: true }))
}

/// Lets a suspended process go on.
#[utoipa::path(post, path = "/kernel/processes/{pid}/resume", params(("pid" = u64, Path)),
    responses((status = OK, body = Done), (status = NOT_FOUND, body = FaultBody),
        (status = UNPROCESSABLE_ENTITY, body = FaultBody)))]
pub(crate) async fn resume(State(desk): State<Arc<Desk>>, Id(pid): Id<Pid>) -> Result<Json<Done>, Fault> {
    desk.kernel
        .resume(pid)
        .await
        .map_err(|error| refused(pid, error))?;
    Ok(Json(Done { success: true }))
}

/// Says which process it is about.
pub(super) fn refused(pid: Pid, error: SysError) -> Fault {
    let message = match error {
        SysError::NotFound => format!("there is no process {pid}"),
        SysError::InvalidArgument { .. } if pid == Pid::SYSTEM => {
            format!("process {pid} is the system itself")
        }
        SysError::InvalidArgument { .. } => {
            format!("process {pid} is a program: it can be killed, and not suspended or resumed")
        }
        other => return other.into(),
    };
    Fault {
        message,
        ..error.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pid: u64, error: SysError, expected: &str) {
        assert_eq!(refused(Pid::from_number(pid), error).message, expected);
    }

    #[test]
    fn what_cannot_be_done_to_a_process_is_told_with_what_it_is() {
        let not_this = || SysError::InvalidArgument {
            field: "pid".to_owned(),
        };
        check(1, not_this(), "process 1 is the system itself");
        check(
            7,
            not_this(),
            "process 7 is a program: it can be killed, and not suspended or resumed",
        );
        check(7, SysError::NotFound, "there is no process 7");
    }
}
