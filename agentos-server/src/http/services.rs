//! `/services`: what tools there are, which suit a wish, and running one for an app.

use std::collections::BTreeMap;
use std::sync::Arc;

use agentos_core::ids::{AppId, EngineId};
use agentos_core::ports::service::{Caller, ServiceError};
use agentos_core::spec::UiSpec;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::body::Body;
use super::query::Query;
use crate::desk::Desk;
use crate::fault::{Fault, FaultBody};
use crate::wire::WireService;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Exactly this category.
    category: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ServiceList {
    services: Vec<WireService>,
    stats: WireServiceStats,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct WireServiceStats {
    total_services: usize,
    total_tools: usize,
    /// How many services each category has.
    categories: BTreeMap<String, usize>,
}

impl WireServiceStats {
    pub(crate) fn of(desk: &Desk) -> Self {
        let stats = desk.services.stats();
        Self {
            total_services: stats.total_services,
            total_tools: stats.total_tools,
            categories: stats.categories,
        }
    }
}

/// The catalog's tools, wherever they run.
#[utoipa::path(get, path = "/services", params(ListQuery), responses((status = OK, body = ServiceList)))]
pub(crate) async fn list(State(desk): State<Arc<Desk>>, Query(query): Query<ListQuery>) -> Json<ServiceList> {
    let services = desk.services.list(query.category.as_deref());
    Json(ServiceList {
        services: services.into_iter().map(WireService::from).collect(),
        stats: WireServiceStats::of(&desk),
    })
}

#[derive(Deserialize, ToSchema)]
pub(crate) struct Discover {
    /// What somebody wants to do, in their words.
    message: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Discovered {
    query: String,
    /// Best first, at most five.
    services: Vec<WireService>,
}

/// The services that suit a wish.
#[utoipa::path(post, path = "/services/discover", request_body = Discover,
    responses((status = OK, body = Discovered), (status = UNPROCESSABLE_ENTITY, body = FaultBody)))]
pub(crate) async fn discover(
    State(desk): State<Arc<Desk>>,
    Body(Discover { message }): Body<Discover>,
) -> Json<Discovered> {
    let services = desk
        .services
        .discover(&message)
        .into_iter()
        .map(WireService::from)
        .collect();
    Json(Discovered {
        query: message,
        services,
    })
}

#[derive(Deserialize, ToSchema)]
pub(crate) struct Execute {
    tool_id: String,
    #[serde(default)]
    #[schema(value_type = Object)]
    params: Value,
    /// The app that calls; left out, only tools run that need no capability.
    #[schema(value_type = Option<String>)]
    app_id: Option<AppId>,
    /// The lease of the engine that calls.
    #[schema(value_type = Option<String>)]
    engine: Option<EngineId>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Executed {
    success: bool,
    #[schema(value_type = Object)]
    data: Value,
}

/// A tool that did not answer.
#[derive(Serialize, ToSchema)]
pub(crate) struct Failed {
    success: bool,
    #[serde(flatten)]
    fault: FaultBody,
}

/// Runs a service tool as the app's process, or an engine tool that works on no app.
#[utoipa::path(post, path = "/services/execute", request_body = Execute,
    responses((status = OK, body = Executed), (status = NOT_FOUND, body = Failed), (status = FORBIDDEN, body = Failed),
        (status = CONFLICT, body = Failed), (status = UNPROCESSABLE_ENTITY, body = Failed)))]
pub(crate) async fn execute(
    State(desk): State<Arc<Desk>>,
    Body(call): Body<Execute>,
) -> Result<Json<Executed>, Failure> {
    let data = run(&desk, &call).await.map_err(Failure)?;
    Ok(Json(Executed { success: true, data }))
}

async fn run(desk: &Desk, call: &Execute) -> Result<Value, Fault> {
    let caller = match call.app_id {
        Some(app) => Some(caller(desk, app, call).await?),
        None => None,
    };
    Ok(desk.services.call(&call.tool_id, &call.params, caller).await?)
}

/// The app's process, if the document the server holds lets the app call the tool.
async fn caller(desk: &Desk, app: AppId, call: &Execute) -> Result<Caller, Fault> {
    let tool = &call.tool_id;
    let caller = desk.apps.caller(app, call.engine).await?;
    if desk.catalog.tool(tool).is_none() {
        return Err(ServiceError::UnknownTool { tool: tool.clone() }.into());
    }
    let document = desk.apps.app(app).await?.record.document;
    let spec = UiSpec::from_json(&document);
    if spec.is_ok_and(|spec| spec.may_call(tool)) {
        Ok(caller)
    } else {
        let error = format!("the app's document does not say that it uses {tool}");
        Err(Fault::new(StatusCode::FORBIDDEN, "tool_not_bound", error))
    }
}

/// A fault in the form this route answers with.
pub(crate) struct Failure(Fault);

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self(fault)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = self.0.status;
        (
            status,
            Json(Failed {
                success: false,
                fault: self.0.into(),
            }),
        )
            .into_response()
    }
}
