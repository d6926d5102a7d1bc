//! REST: one module a family of routes, all of it described at `/openapi.json`.

mod approvals;
mod apps;
mod audit;
mod body;
mod catalog;
mod edits;
mod gallery;
mod generate;
mod grants;
mod health;
mod kernel;
mod metrics;
mod models;
mod path;
mod permissions;
mod processes;
mod query;
mod registry;
mod schema;
mod services;
mod settings;
mod validate;

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use axum::{Json, Router, middleware};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi, openapi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::desk::Desk;
use crate::fault::Fault;
use crate::{answers, desktop, guard, ws};

pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");
const BODY_BYTES: usize = 1024 * 1024;
const STATE_BODY_BYTES: usize = 16 * 1024 * 1024;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "AgentOS",
        description = "A model writes an app as one JSON document, once; AgentOS proves that it works, \
                       and from then on every click runs locally."
    ),
    modifiers(&TokenScheme),
    security((), ("token" = []))
)]
struct Description;

struct TokenScheme;

impl Modify for TokenScheme {
    fn modify(&self, description: &mut openapi::OpenApi) {
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some(
                "Asked for by a server that was started with `--auth token`; `/stream` takes it as its first message.",
            ))
            .build();
        let components = description.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(bearer));
    }
}

/// Everything the server answers.
pub fn router(desk: Arc<Desk>) -> Router {
    let (routes, description) = OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(health::root))
        .routes(routes!(health::health))
        .routes(routes!(models::models))
        .routes(routes!(settings::show, settings::choose))
        .routes(routes!(settings::test))
        .routes(routes!(apps::list, apps::open))
        .routes(routes!(apps::get, apps::close))
        .routes(routes!(apps::focus))
        .routes(routes!(apps::set_window))
        .routes(routes!(apps::take_lease))
        .merge(
            OpenApiRouter::new()
                .routes(routes!(apps::state, apps::put_state))
                .layer(DefaultBodyLimit::max(STATE_BODY_BYTES)),
        )
        .routes(routes!(edits::edit))
        .routes(routes!(edits::undo))
        .routes(routes!(edits::redo))
        .routes(routes!(edits::history))
        .routes(routes!(edits::difference))
        .routes(routes!(services::list))
        .routes(routes!(services::discover))
        .routes(routes!(services::execute))
        .routes(routes!(approvals::list))
        .routes(routes!(approvals::answer))
        .routes(routes!(processes::list))
        .routes(routes!(processes::kill))
        .routes(routes!(processes::suspend))
        .routes(routes!(processes::resume))
        .routes(routes!(grants::list))
        .routes(routes!(grants::revoke))
        .routes(routes!(kernel::stats))
        .routes(routes!(kernel::events))
        .routes(routes!(metrics::metrics))
        .routes(routes!(audit::rows))
        .routes(routes!(audit::verify))
        .routes(routes!(permissions::show, permissions::forget))
        .routes(routes!(permissions::access))
        .routes(routes!(generate::generate_ui))
        .routes(routes!(validate::validate))
        .routes(routes!(schema::schema))
        .routes(routes!(catalog::catalog))
        .routes(routes!(gallery::list))
        .routes(routes!(gallery::get))
        .routes(routes!(registry::save))
        .routes(routes!(registry::list))
        .routes(routes!(registry::get, registry::delete))
        .routes(routes!(registry::launch))
        .routes(routes!(registry::versions))
        .routes(routes!(ws::stream))
        .split_for_parts();
    let access = desk.access;
    routes
        .route("/openapi.json", get(|| async { Json(description) }))
        // Not for what follows: the files of the desktop are the same for everybody.
        .route_layer(middleware::from_fn_with_state(access, guard::ask_for_token))
        .fallback(desktop::asset)
        .method_not_allowed_fallback(|| async { Fault::wrong_method() })
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(middleware::from_fn(answers::charge))
        .layer(middleware::from_fn_with_state(access, guard::guard))
        .with_state(desk)
}
