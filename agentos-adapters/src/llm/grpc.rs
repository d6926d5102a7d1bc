//! A model behind another AgentOS: the port over the wire.

use std::time::Duration;

use agentos_core::ports::llm::{Identity, LlmError, LlmEvent, LlmPort, LlmRequest};
use agentos_proto::ai::ai_service_client::AiServiceClient;
use agentos_proto::ai::{self, IdentityRequest, ModelsRequest};
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, Stream};
use futures::{FutureExt, StreamExt, TryStreamExt};
use tokio::time::{Instant, timeout_at};
use tonic::{Code, Status, Streaming};

use crate::grpc::{Bearer, Line, endpoint};
use crate::token::Token;

/// How long it may take to say what it has.
const ANSWER_TIME: Duration = Duration::from_secs(20);

/// Asks the model that a running AgentOS asks. Connections that broke are made again with the next request.
#[derive(Debug, Clone)]
pub struct GrpcLlm {
    client: AiServiceClient<Line>,
    identity: Identity,
    can_repair: bool,
}

impl GrpcLlm {
    /// Connects to the AI service at `url`, such as `http://127.0.0.1:50052`, and asks which model it has.
    ///
    /// # Errors
    /// [`LlmError::Rejected`]: the text is no such address, or something else answers there. [`LlmError::Unavailable`]: nobody is there.
    pub async fn connect(url: &str) -> Result<Self, LlmError> {
        Self::open(url, None).await
    }

    /// As [`connect`](Self::connect), to a server that asks for a token; [`LlmError::Rejected`] where it is another.
    pub async fn connect_with_token(url: &str, token: &Token) -> Result<Self, LlmError> {
        Self::open(url, Some(token)).await
    }

    async fn open(url: &str, token: Option<&Token>) -> Result<Self, LlmError> {
        let endpoint = endpoint(url).ok_or_else(|| LlmError::Rejected {
            message: format!("`{url}` is no address of an AI service, such as http://127.0.0.1:50052"),
        })?;
        let channel = endpoint
            .connect()
            .await
            .map_err(|error| LlmError::Unavailable(error.into()))?;
        let mut client = AiServiceClient::with_interceptor(channel, Bearer::of(token));
        let identity = client.identity(within(ANSWER_TIME, IdentityRequest {})).await;
        let identity = identity.map_err(refused)?.into_inner();
        Ok(Self {
            client,
            can_repair: identity.can_repair,
            identity: Identity {
                provider: identity.provider.into(),
                model: identity.model,
            },
        })
    }
}

impl LlmPort for GrpcLlm {
    fn stream(&self, request: LlmRequest) -> BoxStream<'static, Result<LlmEvent, LlmError>> {
        stream::once(answer(self.client.clone(), request))
            .try_flatten()
            .boxed()
    }

    fn can_repair(&self) -> bool {
        self.can_repair
    }

    fn identity(&self) -> Identity {
        self.identity.clone()
    }

    fn models(&self) -> BoxFuture<'static, Result<Vec<String>, LlmError>> {
        let mut client = self.client.clone();
        async move {
            let answer = client.models(within(ANSWER_TIME, ModelsRequest {})).await;
            let answer = answer.map_err(refused)?.into_inner();
            answer.error.map_or(Ok(answer.models), |error| Err(error.into()))
        }
        .boxed()
    }
}

async fn answer(
    mut client: AiServiceClient<Line>,
    request: LlmRequest,
) -> Result<impl Stream<Item = Result<LlmEvent, LlmError>>, LlmError> {
    let ends = Instant::now() + request.deadline;
    match timeout_at(ends, client.complete(ai::LlmRequest::from(request))).await {
        Ok(Ok(answer)) => Ok(until_the_end(answer.into_inner(), ends)),
        Ok(Err(status)) => Err(refused(status)),
        Err(_) => Err(LlmError::TimedOut),
    }
}

/// Nothing follows the end of an answer or an error, whatever the server sends.
fn until_the_end(
    answer: Streaming<ai::LlmEvent>,
    ends: Instant,
) -> impl Stream<Item = Result<LlmEvent, LlmError>> {
    stream::unfold(Some(answer), move |answer| async move {
        let mut answer = answer?;
        let event = match timeout_at(ends, answer.message()).await {
            Ok(Ok(event)) => event?.into(),
            Ok(Err(status)) => Err(refused(status)),
            Err(_) => Err(LlmError::TimedOut),
        };
        let goes_on = !matches!(event, Ok(LlmEvent::End(_)) | Err(_));
        Some((event, goes_on.then_some(answer)))
    })
}

fn within<T>(time: Duration, message: T) -> tonic::Request<T> {
    let mut request = tonic::Request::new(message);
    request.set_timeout(time);
    request
}

/// What a status means: the server itself refused, or is not there, as the model's own errors are events.
fn refused(status: Status) -> LlmError {
    match status.code() {
        Code::ResourceExhausted => LlmError::RateLimited { retry_after: None },
        Code::DeadlineExceeded => LlmError::TimedOut,
        Code::InvalidArgument
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::FailedPrecondition
        | Code::OutOfRange
        | Code::Unimplemented
        | Code::Unauthenticated => LlmError::Rejected {
            message: status.message().to_owned(),
        },
        // How a connection that breaks is told differs with the moment.
        Code::Ok
        | Code::Cancelled
        | Code::Unknown
        | Code::Aborted
        | Code::Internal
        | Code::Unavailable
        | Code::DataLoss => LlmError::Unavailable(status.into()),
    }
}
