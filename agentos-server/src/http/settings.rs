//! `/settings`: which model is asked, and the choice of another.

use std::sync::Arc;

use agentos_adapters::llm::Provider;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::desk::Desk;
use crate::fault::{Fault, FaultBody};
use crate::http::body::Body;
use crate::settings::{InForce, Words};

/// The settings in force. A key is never told.
#[derive(Serialize, ToSchema)]
pub(crate) struct SettingsAnswer {
    provider: String,
    model: String,
    /// None for a model that is not reached over a network.
    base_url: Option<String>,
    has_key: bool,
    /// Who decided: `default`, `file` (`config.toml` or `.env`), `page`, `environment`, `flag`, or the `program` itself.
    source: &'static str,
    /// The flag, the variable or the setting in a file that decided, where one did.
    #[serde(skip_serializing_if = "String::is_empty")]
    decided_by: String,
    /// Why nothing else can be chosen here, and what to do about it; absent where it can.
    #[serde(skip_serializing_if = "Option::is_none")]
    fixed: Option<String>,
    /// In the order in which they are offered.
    providers: Vec<ProviderAnswer>,
}

/// A provider with what it takes unless something else is said.
#[derive(Serialize, ToSchema)]
struct ProviderAnswer {
    name: &'static str,
    label: &'static str,
    base_url: Option<&'static str>,
    model: Option<&'static str>,
    /// Whether its own service answers to nobody without a key.
    needs_key: bool,
}

/// What a provider answered.
#[derive(Serialize, ToSchema)]
pub(crate) struct TestAnswer {
    /// Those it has, in its order.
    models: Vec<String>,
    model_is_there: bool,
}

#[utoipa::path(get, path = "/settings", responses((status = OK, body = SettingsAnswer)))]
pub(crate) async fn show(State(desk): State<Arc<Desk>>) -> Json<SettingsAnswer> {
    Json(desk.settings.in_force().await.into())
}

/// Chooses the model that is asked from now on, after restarts too.
#[utoipa::path(put, path = "/settings", request_body = Words, responses((status = OK, body = SettingsAnswer),
    (status = CONFLICT, body = FaultBody), (status = UNPROCESSABLE_ENTITY, body = FaultBody)))]
pub(crate) async fn choose(
    State(desk): State<Arc<Desk>>,
    Body(words): Body<Words>,
) -> Result<Json<SettingsAnswer>, Fault> {
    desk.settings.choose(&words).await?;
    Ok(show(State(desk)).await)
}

/// Asks a provider for its models with settings that are not kept.
#[utoipa::path(post, path = "/settings/test", request_body = Words, responses((status = OK, body = TestAnswer),
    (status = UNPROCESSABLE_ENTITY, body = FaultBody), (status = BAD_GATEWAY, body = FaultBody),
    (status = GATEWAY_TIMEOUT, body = FaultBody)))]
pub(crate) async fn test(
    State(desk): State<Arc<Desk>>,
    Body(words): Body<Words>,
) -> Result<Json<TestAnswer>, Fault> {
    let reached = desk.settings.reach(&words).await?;
    Ok(Json(TestAnswer {
        models: reached.models,
        model_is_there: reached.model_is_there,
    }))
}

impl From<InForce> for SettingsAnswer {
    fn from(in_force: InForce) -> Self {
        Self {
            provider: in_force.identity.provider.into_owned(),
            model: in_force.identity.model,
            base_url: in_force.base_url,
            has_key: in_force.has_key,
            source: in_force.source.layer.name(),
            fixed: in_force.source.fixed().map(|fixed| fixed.to_string()),
            decided_by: in_force.source.place,
            providers: providers(),
        }
    }
}

fn providers() -> Vec<ProviderAnswer> {
    let composer = ProviderAnswer {
        name: "offline",
        label: "Built-in composer",
        base_url: None,
        model: None,
        needs_key: false,
    };
    let remote = Provider::ALL.map(|provider| ProviderAnswer {
        name: provider.name(),
        label: provider.label(),
        base_url: Some(provider.base_url()),
        model: provider.default_model(),
        needs_key: true,
    });
    std::iter::once(composer).chain(remote).collect()
}
