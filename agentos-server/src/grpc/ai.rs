//! `agentos.ai.v1.AiService` over the desk.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use agentos_core::generate::{Generated, GenerationEvent};
use agentos_core::ids::AppId;
use agentos_core::ports::llm::LlmRequest;
use agentos_core::time::Millis;
use agentos_proto::ai::ai_service_server::AiService;
use agentos_proto::ai::stream_message::Type;
use agentos_proto::ai::{
    self, GenerateUiRequest, GenerateUiResponse, IdentityRequest, IdentityResponse, LlmEvent, ModelsRequest,
    ModelsResponse, StreamChatRequest, StreamMessage,
};
use axum::http::StatusCode;
use futures::StreamExt;
use futures::stream::BoxStream;
use serde_json::json;
use tonic::{Request, Response, Status};

use super::outlet::{Abandoned, Outlet, stream_of};
use crate::desk::Desk;
use crate::fault::{Fault, FaultBody};
use crate::make::{Made, Order, begin, make, open_generated, place};

/// How long a model may be asked to take over one answer, whatever the deadline of the request.
const LONGEST_ANSWER: Duration = Duration::from_mins(10);

/// The service.
pub(super) struct Ai(pub(super) Arc<Desk>);

type Answers<T> = BoxStream<'static, Result<T, Status>>;

#[tonic::async_trait]
impl AiService for Ai {
    type StreamUiStream = Answers<StreamMessage>;
    type StreamChatStream = Answers<StreamMessage>;
    type CompleteStream = Answers<LlmEvent>;

    async fn generate_ui(
        &self,
        request: Request<GenerateUiRequest>,
    ) -> Result<Response<GenerateUiResponse>, Status> {
        let made = make(&self.0, order(request.into_inner())?).await?;
        Ok(Response::new(GenerateUiResponse {
            app_id: made.app_id.to_string(),
            ui_spec: made.ui_spec.to_string(),
            thoughts: made.thoughts,
            report: made.report.to_string(),
        }))
    }

    async fn stream_ui(
        &self,
        request: Request<GenerateUiRequest>,
    ) -> Result<Response<Self::StreamUiStream>, Status> {
        let order = order(request.into_inner())?;
        let desk = Arc::clone(&self.0);
        let messages = stream_of(&self.0.tasks, |outlet| async move {
            Telling { desk: &desk, outlet }.of(order).await;
        });
        Ok(Response::new(messages.map(Ok).boxed()))
    }

    async fn stream_chat(
        &self,
        _: Request<StreamChatRequest>,
    ) -> Result<Response<Self::StreamChatStream>, Status> {
        Err(Status::unimplemented(
            "this version cannot chat yet; StreamUi makes apps, Complete asks the model itself",
        ))
    }

    async fn complete(
        &self,
        request: Request<ai::LlmRequest>,
    ) -> Result<Response<Self::CompleteStream>, Status> {
        let mut request = LlmRequest::try_from(request.into_inner()).map_err(Fault::from)?;
        request.deadline = request.deadline.min(LONGEST_ANSWER);
        let desk = Arc::clone(&self.0);
        let events = stream_of(&self.0.tasks, |outlet| async move {
            relay(&desk, request, outlet).await;
        });
        Ok(Response::new(events))
    }

    async fn identity(&self, _: Request<IdentityRequest>) -> Result<Response<IdentityResponse>, Status> {
        let llm = self.0.generator.llm();
        let identity = llm.identity();
        Ok(Response::new(IdentityResponse {
            provider: identity.provider.into_owned(),
            model: identity.model,
            can_repair: llm.can_repair(),
        }))
    }

    async fn models(&self, _: Request<ModelsRequest>) -> Result<Response<ModelsResponse>, Status> {
        let (models, error) = match self.0.generator.llm().models().await {
            Ok(models) => (models, None),
            Err(error) => (Vec::new(), Some(error.into())),
        };
        Ok(Response::new(ModelsResponse { models, error }))
    }
}

fn order(request: GenerateUiRequest) -> Result<Order, Fault> {
    let parent = request.parent_id.as_deref().map(AppId::parse).transpose();
    Ok(Order {
        message: request.message,
        parent: parent.map_err(|error| {
            Fault::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid_body",
                error.to_string(),
            )
        })?,
    })
}

/// Passes on what the model says until it has said all, nobody listens or the server stops.
async fn relay(desk: &Desk, request: LlmRequest, outlet: Outlet<Result<LlmEvent, Status>>) {
    let answer = async {
        let _place = match place(desk) {
            Ok(place) => place,
            Err(fault) => return outlet.pass_on(Err(fault.into())).await,
        };
        let mut events = desk.generator.llm().stream(request);
        while let Some(event) = events.next().await {
            outlet.pass_on(Ok(event.into())).await?;
        }
        Ok(())
    };
    tokio::select! {
        _ = answer => {}
        () = outlet.abandoned() => {}
        () = desk.stop.cancelled() => {
            let _ = outlet.pass_on(Err(Status::unavailable("the server is stopping"))).await;
        }
    }
}

/// A generation that is told while it happens.
struct Telling<'a> {
    desk: &'a Desk,
    outlet: Outlet<StreamMessage>,
}

impl Telling<'_> {
    async fn of(&self, order: Order) {
        let (kind, content) = match self.make(order).await {
            Ok(Made {
                app_id,
                ui_spec,
                report,
                ..
            }) => (
                Type::Complete,
                json!({ "app_id": app_id, "ui_spec": ui_spec, "report": report }),
            ),
            Err(fault) => (Type::Error, json!(FaultBody::from(fault))),
        };
        // Nobody may be left to hear it.
        let _ = self.tell(kind, content.to_string()).await;
    }

    async fn make(&self, order: Order) -> Result<Made, Fault> {
        let generated = tokio::select! {
            generated = self.generate(&order) => generated?,
            () = self.outlet.abandoned() => return Err(Fault::cancelled()),
            () = self.desk.stop.cancelled() => return Err(Fault::cancelled()),
        };
        // From here on it is not cancelled: there would be an app nobody was told of.
        open_generated(self.desk, order, generated).await
    }

    async fn generate(&self, order: &Order) -> Result<Generated, Fault> {
        let mut making = begin(self.desk, order).await?;
        while let Some(event) = making.events.next().await {
            let told = match event {
                GenerationEvent::Started => {
                    self.tell(Type::GenerationStart, "writing the app".to_owned())
                        .await
                }
                GenerationEvent::Thought(text) => self.tell(Type::Thought, text).await,
                GenerationEvent::Token(text) => self.tell(Type::Token, text).await,
                GenerationEvent::Patch(_) => Ok(()),
                GenerationEvent::Completed(generated) => return Ok(*generated),
                GenerationEvent::Failed(failure) => return Err((*failure).into()),
            };
            told.map_err(|Abandoned| Fault::cancelled())?;
        }
        Err(Fault::unfinished())
    }

    async fn tell(&self, kind: Type, content: String) -> Result<(), Abandoned> {
        let message = StreamMessage {
            r#type: kind.into(),
            content,
            timestamp: Some(timestamp(self.desk.ambient.now())),
        };
        self.outlet.pass_on(message).await
    }
}

fn timestamp(at: Millis) -> prost_types::Timestamp {
    (SystemTime::UNIX_EPOCH + Duration::from_millis(at)).into()
}
