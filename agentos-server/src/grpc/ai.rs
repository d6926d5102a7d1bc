//! `agentos.ai.v1.AiService` over the desk.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

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
use crate::follow::chat::{self, ChatContext, Question};
use crate::follow::{Follower, Progress, generation};
use crate::make::{Order, make, place};

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
            let telling = Telling { desk: &desk, outlet };
            let outcome = generation::make(&desk, &telling, order).await;
            telling.end(outcome.map(|made| Some(made.into()))).await;
        });
        Ok(Response::new(messages.map(Ok).boxed()))
    }

    async fn stream_chat(
        &self,
        request: Request<StreamChatRequest>,
    ) -> Result<Response<Self::StreamChatStream>, Status> {
        let desk = Arc::clone(&self.0);
        let question = question(&desk, request.into_inner());
        let messages = stream_of(&self.0.tasks, |outlet| async move {
            let telling = Telling { desk: &desk, outlet };
            let outcome = chat::answer(&desk, &telling, question).await;
            telling.end(outcome).await;
        });
        Ok(Response::new(messages.map(Ok).boxed()))
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

/// A conversation without a name is one question long.
fn question(desk: &Desk, request: StreamChatRequest) -> Question {
    Question {
        message: request.message,
        context: ChatContext {
            conversation_id: request.conversation_id,
            history: Vec::new(),
        },
        default_conversation: desk.fresh_id(),
    }
}

/// Work that is told while it happens.
struct Telling<'a> {
    desk: &'a Desk,
    outlet: Outlet<StreamMessage>,
}

impl Telling<'_> {
    /// Tells what the work came to, if anybody is left to hear it.
    async fn end(&self, outcome: Result<Option<Progress>, Fault>) {
        let _ = match outcome {
            Ok(Some(progress)) => self.tell(progress).await,
            Ok(None) => self.pass_on(Type::Complete, String::new()).await,
            Err(fault) => {
                self.pass_on(Type::Error, json!(FaultBody::from(fault)).to_string())
                    .await
            }
        };
    }

    async fn pass_on(&self, kind: Type, content: String) -> Result<(), Fault> {
        let message = StreamMessage {
            r#type: kind.into(),
            content,
            timestamp: Some(timestamp(self.desk.ambient.now())),
        };
        let passed_on = self.outlet.pass_on(message).await;
        passed_on.map_err(|Abandoned| Fault::cancelled())
    }
}

impl Follower for Telling<'_> {
    async fn tell(&self, progress: Progress) -> Result<(), Fault> {
        let (kind, content) = match progress {
            Progress::GenerationStart { message, .. } => (Type::GenerationStart, message.to_owned()),
            Progress::Thought { content } => (Type::Thought, content),
            Progress::Token { content } => (Type::Token, content),
            // Programs draw nothing; the whole document comes at the end.
            Progress::UiPatch { .. } => return Ok(()),
            Progress::UiComplete {
                ui_spec,
                app_id,
                report,
            } => {
                let content = json!({ "app_id": app_id, "ui_spec": ui_spec, "report": report });
                (Type::Complete, content.to_string())
            }
        };
        self.pass_on(kind, content).await
    }

    async fn gone(&self) {
        tokio::select! {
            () = self.outlet.abandoned() => {}
            () = self.desk.stop.cancelled() => {}
        }
    }
}

fn timestamp(at: Millis) -> prost_types::Timestamp {
    (SystemTime::UNIX_EPOCH + Duration::from_millis(at)).into()
}
