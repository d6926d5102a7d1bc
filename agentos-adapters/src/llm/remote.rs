//! A model behind a provider's API: one request, one answer. Whoever wants it tried again asks through a
//! [`QueuedLlm`](super::QueuedLlm).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use agentos_core::ports::llm::{EndReason, Identity, LlmError, LlmEvent, LlmPort, LlmRequest};
use futures::channel::mpsc;
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream};
use futures::{FutureExt, SinkExt, StreamExt};
use reqwest::header::HeaderValue;
use reqwest::{Client, Response};
use serde_json::Value;
use thiserror::Error;
use tokio::time::timeout;

use super::provider::{Provider, Reading, malformed, rejected, unavailable};
use super::sse::Decoder;

/// How long a model may be silent, from the request on.
const IDLE: Duration = Duration::from_mins(2);
/// Bytes of an error that are read.
const ERROR_BYTES: usize = 64 * 1024;
/// Bytes of a list of models.
const LIST_BYTES: usize = 4 * 1024 * 1024;
/// How long a list of models may take.
const LIST_TIME: Duration = Duration::from_secs(15);
/// Models that are named where one was not found.
const NAMED: usize = 20;
/// Characters of a provider's sentence that are passed on.
const SENTENCE_CHARS: usize = 600;
/// Bytes of the longest key.
const KEY_BYTES: usize = 4 * 1024;
/// Events that wait for a slow reader before the provider waits too.
const EVENTS_WAITING: usize = 32;

/// A secret that no message, log or debug output shows.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Key(String);

/// A text that no provider gives out as a key. It is not repeated, since it may hold one.
#[derive(Debug, Error, PartialEq, Eq)]
#[error(
    "a key has up to {KEY_BYTES} letters, digits and signs, and no space between them; copy it once more"
)]
pub struct InvalidKey;

impl Key {
    /// Space around it does not count; nothing is [no key](Self::is_none).
    pub fn parse(text: &str) -> Result<Self, InvalidKey> {
        let key = text.trim();
        let fits = key.len() <= KEY_BYTES && key.bytes().all(|byte| byte.is_ascii_graphic());
        if fits {
            Ok(Self(key.to_owned()))
        } else {
            Err(InvalidKey)
        }
    }

    /// No key at all, as servers on this machine want it.
    pub fn is_none(&self) -> bool {
        self.0.is_empty()
    }

    /// The secret itself, to be kept where nobody else reads it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// `text` without the key, should a provider repeat it.
    fn hidden_in(&self, text: &str) -> String {
        if self.is_none() {
            text.to_owned()
        } else {
            text.replace(&self.0, "•••")
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(if self.is_none() {
            "Key(none)"
        } else {
            "Key(•••)"
        })
    }
}

/// One model of one provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteModel {
    pub provider: Provider,
    /// Without a slash at the end.
    pub base_url: String,
    pub model: String,
    pub key: Key,
}

/// Asks a [`RemoteModel`].
#[derive(Clone)]
pub struct RemoteLlm(Arc<Connection>);

struct Connection {
    model: RemoteModel,
    client: Client,
}

impl RemoteLlm {
    /// # Errors
    /// The certificates of this machine cannot be read.
    pub fn new(model: RemoteModel) -> reqwest::Result<Self> {
        let client = crate::http::to_provider()?;
        Ok(Self(Arc::new(Connection { model, client })))
    }
}

impl LlmPort for RemoteLlm {
    fn stream(&self, request: LlmRequest) -> BoxStream<'static, Result<LlmEvent, LlmError>> {
        let connection = Arc::clone(&self.0);
        let (events, receiver) = mpsc::channel(EVENTS_WAITING);
        let running = stream::once(async move { connection.answer(request, events).await });
        stream::select(receiver, running.filter_map(|()| async { None })).boxed()
    }

    fn can_repair(&self) -> bool {
        true
    }

    fn identity(&self) -> Identity {
        Identity {
            provider: self.0.model.provider.name().into(),
            model: self.0.model.model.clone(),
        }
    }

    fn models(&self) -> BoxFuture<'static, Result<Vec<String>, LlmError>> {
        let connection = Arc::clone(&self.0);
        async move { connection.models().await }.boxed()
    }
}

type Events = mpsc::Sender<Result<LlmEvent, LlmError>>;

impl Connection {
    async fn answer(&self, request: LlmRequest, mut events: Events) {
        let last = match timeout(request.deadline, self.attempt(&request, &mut events)).await {
            Ok(Ok(Some(reason))) => Ok(LlmEvent::End(reason)),
            // A stream without an end says that it was cut.
            Ok(Ok(None)) => return,
            Ok(Err(error)) => Err(error),
            Err(_) => Err(LlmError::TimedOut),
        };
        // Who no longer listens has dropped the stream.
        let _ = events.send(last).await;
    }

    async fn attempt(
        &self,
        request: &LlmRequest,
        events: &mut Events,
    ) -> Result<Option<EndReason>, LlmError> {
        let mut begun = false;
        let RemoteModel { provider, model, .. } = &self.model;
        let outgoing = provider.outgoing(model, request);
        let sent = self
            .prepared(self.client.post(self.url(&outgoing.path)))
            .json(&outgoing.body)
            .send();
        let response = timeout(IDLE, sent)
            .await
            .map_err(|_| LlmError::TimedOut)?
            .map_err(|error| unreachable(&error))?;
        if !response.status().is_success() {
            return Err(self.refused(response).await);
        }
        let (mut decoder, mut reading) = (Decoder::default(), provider.reading());
        let mut body = response.bytes_stream();
        while let Some(bytes) = timeout(IDLE, body.next()).await.map_err(|_| LlmError::TimedOut)? {
            let Ok(bytes) = bytes else {
                // The line broke: what was passed on stays, and the missing end tells.
                if begun {
                    return Ok(None);
                }
                return Err(unavailable("the connection broke off"));
            };
            let payloads = decoder
                .push(&bytes)
                .map_err(|_| malformed("an event of the answer is too large"))?;
            self.pass_on(payloads, &mut reading, events, &mut begun).await?;
        }
        self.pass_on(decoder.finish(), &mut reading, events, &mut begun)
            .await?;
        reading.finish()
    }

    async fn pass_on(
        &self,
        payloads: Vec<String>,
        reading: &mut Reading,
        events: &mut Events,
        begun: &mut bool,
    ) -> Result<(), LlmError> {
        for payload in payloads {
            let read = reading
                .take(&payload)
                .map_err(|failed| self.without_key(failed))?;
            for event in read {
                *begun |= matches!(event, LlmEvent::Text(_) | LlmEvent::Thought(_));
                // Who no longer listens has dropped the stream, which ends this at the next await.
                let _ = events.send(Ok(event)).await;
            }
        }
        Ok(())
    }

    /// What a refusal means; where the model is not there, with the models that are.
    async fn refused(&self, response: Response) -> LlmError {
        let status = response.status().as_u16();
        let retry_after = response
            .headers()
            .get("retry-after")
            .and_then(|value| value.to_str().ok()?.trim().parse().ok())
            .map(Duration::from_secs);
        let body = beginning(response, ERROR_BYTES).await;
        let body = String::from_utf8_lossy(&body);
        let failed = self.without_key(self.model.provider.refusal(status, retry_after, &body));
        if status != 404 {
            return failed;
        }
        let mut message = format!("there is no model `{}` ({failed})", self.model.model);
        if let Ok(mut models) = self.models().await
            && !models.is_empty()
        {
            let more = models.len().saturating_sub(NAMED);
            models.truncate(NAMED);
            message = format!(
                "there is no model `{}`; there are {}",
                self.model.model,
                models.join(", ")
            );
            if more > 0 {
                message = format!("{message} and {more} more");
            }
        }
        rejected(message)
    }

    async fn models(&self) -> Result<Vec<String>, LlmError> {
        let asked = async {
            let response = self
                .prepared(self.client.get(self.url("/models")))
                .send()
                .await
                .map_err(|error| unreachable(&error))?;
            let status = response.status();
            let body = beginning(response, LIST_BYTES).await;
            if !status.is_success() {
                let body = String::from_utf8_lossy(&body);
                return Err(self.without_key(self.model.provider.refusal(status.as_u16(), None, &body)));
            }
            let list: Value = serde_json::from_slice(&body)
                .map_err(|error| malformed(format!("the list of models is not JSON: {error}")))?;
            Ok(self.model.provider.models(&list))
        };
        timeout(LIST_TIME, asked)
            .await
            .unwrap_or_else(|_| Err(LlmError::TimedOut))
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.model.base_url)
    }

    fn prepared(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        let headers = self.model.provider.headers(&self.model.key.0);
        headers.into_iter().fold(request, |request, (name, value)| {
            request.header(name, unprinted(value))
        })
    }

    /// A provider's sentence may repeat what it was sent.
    fn without_key(&self, error: LlmError) -> LlmError {
        let hidden = |text: &str| -> String {
            let text = self.model.key.hidden_in(text);
            text.chars().take(SENTENCE_CHARS).collect()
        };
        match error {
            LlmError::Rejected { message } => rejected(hidden(&message)),
            LlmError::Blocked { reason } => LlmError::Blocked {
                reason: hidden(&reason),
            },
            LlmError::Overloaded { message, retry_after } => LlmError::Overloaded {
                message: hidden(&message),
                retry_after,
            },
            LlmError::Unavailable(cause) => unavailable(hidden(&cause.to_string())),
            LlmError::Malformed(cause) => malformed(hidden(&cause.to_string())),
            other => other,
        }
    }
}

/// A header that no library below writes into its log. It fits, because every [`Key`] does.
fn unprinted(value: String) -> HeaderValue {
    let mut value = HeaderValue::try_from(value).expect("a key fits into a header");
    value.set_sensitive(true);
    value
}

/// As much of a body as is read; what broke off is what there is.
async fn beginning(response: Response, most: usize) -> Vec<u8> {
    let mut body = response.bytes_stream();
    let mut bytes = Vec::new();
    while let Ok(Some(Ok(chunk))) = timeout(IDLE, body.next()).await {
        bytes.extend_from_slice(&chunk[..chunk.len().min(most - bytes.len())]);
        if bytes.len() == most {
            break;
        }
    }
    bytes
}

fn unreachable(error: &reqwest::Error) -> LlmError {
    // The URL is not repeated, whatever it holds.
    let reason = if error.is_connect() {
        "no connection to the model provider"
    } else if error.is_timeout() {
        "the model provider did not answer in time"
    } else {
        "the request to the model provider broke off"
    };
    unavailable(reason)
}
