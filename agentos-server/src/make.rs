//! From a sentence or a document to a running app, and from there to a changed one.

use agentos_core::apps::{EditRequest, Edited, NewApp};
use agentos_core::generate::{ChangeRequest, Generated, GenerationEvent, GenerationRequest, Report};
use agentos_core::ids::{AppId, EngineId};
use agentos_core::ports::llm::Account;
use agentos_core::spec::accept::accept;
use agentos_core::spec::mend::Loss;
use agentos_core::time::Millis;
use axum::http::StatusCode;
use futures::StreamExt;
use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::SemaphorePermit;
use utoipa::ToSchema;

use crate::desk::Desk;
use crate::fault::Fault;

/// Apps made at once.
pub(crate) const AT_ONCE: usize = 32;

/// What somebody asked for.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) message: String,
    pub(crate) parent: Option<AppId>,
}

/// What a request may say about where it comes from; other entries of the object mean nothing here.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(crate) struct Context {
    #[schema(value_type = Option<String>)]
    pub(crate) parent_app_id: Option<AppId>,
}

/// A new app.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Made {
    #[schema(value_type = String)]
    pub(crate) app_id: AppId,
    #[schema(value_type = Object)]
    pub(crate) ui_spec: Value,
    pub(crate) thoughts: Vec<String>,
    /// Issues, mends, the use of the cache and of the model.
    #[schema(value_type = Object)]
    pub(crate) report: Value,
}

/// A generation that may begin: its events, and its place among those under way.
pub(crate) struct Making<'a> {
    pub(crate) events: BoxStream<'static, GenerationEvent>,
    began: Millis,
    _place: SemaphorePermit<'a>,
}

/// Begins to make what `order` asks for. Dropping it cancels.
pub(crate) async fn begin<'a>(desk: &'a Desk, order: &Order) -> Result<Making<'a>, Fault> {
    let place = place(desk)?;
    if let Some(parent) = order.parent {
        desk.apps.app(parent).await?;
    }
    let began = desk.ambient.now();
    let request = GenerationRequest {
        message: order.message.clone(),
        now: began,
        seed: desk.ambient.seed(),
        account: Account::Person,
    };
    Ok(Making {
        events: desk.outcomes.counting(desk.generator.generate(request)),
        began,
        _place: place,
    })
}

impl Making<'_> {
    /// `generated` with how long it took.
    pub(crate) fn timed(&self, desk: &Desk, mut generated: Generated) -> Generated {
        generated.report.took_ms = desk.ambient.now().saturating_sub(self.began);
        generated
    }
}

/// A place among the apps that are being made or changed.
pub(crate) fn place(desk: &Desk) -> Result<SemaphorePermit<'_>, Fault> {
    desk.making.try_acquire().map_err(|_| {
        let error = format!("{AT_ONCE} apps are being made; try again when one is ready");
        Fault::new(StatusCode::TOO_MANY_REQUESTS, "busy", error)
    })
}

/// Makes the whole app.
pub(crate) async fn make(desk: &Desk, order: Order) -> Result<Made, Fault> {
    let mut making = begin(desk, &order).await?;
    while let Some(event) = making.events.next().await {
        match event {
            GenerationEvent::Completed(generated) => {
                let generated = making.timed(desk, *generated);
                return open_generated(desk, order, generated).await;
            }
            GenerationEvent::Failed(failure) => return Err((*failure).into()),
            GenerationEvent::Started
            | GenerationEvent::Thought(_)
            | GenerationEvent::Token(_)
            | GenerationEvent::Patch(_) => {}
        }
    }
    Err(Fault::unfinished())
}

/// Opens what was made for `order`.
pub(crate) async fn open_generated(desk: &Desk, order: Order, generated: Generated) -> Result<Made, Fault> {
    let new = NewApp {
        document: generated.document,
        request: order.message,
        parent: order.parent,
        report: json!(generated.report),
    };
    spawn(desk, new, generated.thoughts).await
}

/// Opens a document somebody brought: mended, with what is still wrong in the report. Only one of
/// which nothing survives is refused.
pub(crate) async fn open_document(
    desk: &Desk,
    document: Value,
    parent: Option<AppId>,
) -> Result<Made, Fault> {
    let accepted = accept(document, &desk.catalog, Loss::Allowed)?;
    let report = Report {
        issues: accepted.issues,
        ..Report::default()
    };
    let new = NewApp {
        document: accepted.document,
        request: String::new(),
        parent,
        report: json!(report),
    };
    spawn(desk, new, Vec::new()).await
}

async fn spawn(desk: &Desk, new: NewApp, thoughts: Vec<String>) -> Result<Made, Fault> {
    let app = desk.apps.spawn(new).await?.record;
    Ok(Made {
        app_id: app.id,
        ui_spec: app.document,
        thoughts,
        report: app.report,
    })
}

/// A change the model made, which is not applied yet.
pub(crate) struct Change {
    document: Value,
    /// The version it was made on.
    version: u64,
}

/// Has the model change the document of `id`. Dropping the future cancels.
pub(crate) async fn change_by_the_model(desk: &Desk, id: AppId, message: &str) -> Result<Change, Fault> {
    let _place = place(desk)?;
    let version = desk.apps.history(id).await?.version();
    let request = ChangeRequest {
        document: desk.apps.app(id).await?.record.document,
        message: message.to_owned(),
        now: desk.ambient.now(),
        seed: desk.ambient.seed(),
    };
    let changed = desk.generator.change(request).await?;
    Ok(Change {
        document: changed.document,
        version,
    })
}

impl Change {
    /// Makes the change the app's next version; refused where the app was edited meanwhile. `message` is what was asked.
    pub(crate) async fn apply(
        self,
        desk: &Desk,
        id: AppId,
        message: String,
        engine: Option<EngineId>,
    ) -> Result<Edited, Fault> {
        let request = EditRequest {
            lines: self.document.to_string(),
            text: message,
            version: Some(self.version),
            engine,
        };
        Ok(desk.apps.edit(id, &request, &desk.catalog).await?)
    }
}
