//! A model behind a provider's API: one request, retried as long as nothing of the answer was passed on.

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
use tokio::time::{Instant, sleep, timeout};

use super::provider::{Again, Failed, Provider, Reading};
use super::sse::Decoder;

/// Times a request is made in all.
const TRIES: u32 = 5;
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
    /// The first pause between two tries; each is twice the one before.
    pause: Duration,
}

impl RemoteLlm {
    /// # Errors
    /// The certificates of this machine cannot be read.
    pub fn new(model: RemoteModel) -> reqwest::Result<Self> {
        Self::pausing(model, Duration::from_millis(500))
    }

    /// With another first pause between two tries.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn pausing(model: RemoteModel, pause: Duration) -> reqwest::Result<Self> {
        let client = crate::http::to_provider()?;
        Ok(Self(Arc::new(Connection { model, client, pause })))
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
        async move { connection.models().await.map_err(|failed| failed.error) }.boxed()
    }
}

type Events = mpsc::Sender<Result<LlmEvent, LlmError>>;

impl Connection {
    async fn answer(&self, request: LlmRequest, mut events: Events) {
        let last = match timeout(request.deadline, self.attempts(&request, &mut events)).await {
            Ok(Ok(Some(reason))) => Ok(LlmEvent::End(reason)),
            // A stream without an end says that it was cut.
            Ok(Ok(None)) => return,
            Ok(Err(error)) => Err(error),
            Err(_) => Err(LlmError::TimedOut),
        };
        // Who no longer listens has dropped the stream.
        let _ = events.send(last).await;
    }

    async fn attempts(
        &self,
        request: &LlmRequest,
        events: &mut Events,
    ) -> Result<Option<EndReason>, LlmError> {
        let mut pause = self.pause;
        let ends = Instant::now() + request.deadline;
        for tried in 1.. {
            let mut begun = false;
            let failed = match self.attempt(request, events, &mut begun).await {
                Ok(end) => return Ok(end),
                Err(failed) => failed,
            };
            let Again::Later(wait) = failed.again else {
                return Err(failed.error);
            };
            if begun || tried >= TRIES {
                return Err(failed.error);
            }
            let wait = wait.unwrap_or_else(|| with_jitter(pause));
            if Instant::now() + wait >= ends {
                return Err(failed.error);
            }
            sleep(wait).await;
            pause *= 2;
        }
        Err(LlmError::TimedOut)
    }

    /// Makes the request once; `begun` says whether anything of the answer was passed on.
    async fn attempt(
        &self,
        request: &LlmRequest,
        events: &mut Events,
        begun: &mut bool,
    ) -> Result<Option<EndReason>, Failed> {
        let RemoteModel { provider, model, .. } = &self.model;
        let outgoing = provider.outgoing(model, request);
        let sent = self
            .prepared(self.client.post(self.url(&outgoing.path)))
            .json(&outgoing.body)
            .send();
        let response = timeout(IDLE, sent)
            .await
            .map_err(|_| silent())?
            .map_err(|error| unreachable(&error))?;
        if !response.status().is_success() {
            return Err(self.refused(response).await);
        }
        let (mut decoder, mut reading) = (Decoder::default(), provider.reading());
        let mut body = response.bytes_stream();
        while let Some(bytes) = timeout(IDLE, body.next()).await.map_err(|_| silent())? {
            let Ok(bytes) = bytes else {
                // The line broke: what was passed on stays, and the missing end tells.
                if *begun {
                    return Ok(None);
                }
                return Err(Failed::unavailable("the connection broke off".to_owned()));
            };
            let payloads = decoder
                .push(&bytes)
                .map_err(|_| Failed::malformed("an event of the answer is too large"))?;
            self.pass_on(payloads, &mut reading, events, begun).await?;
        }
        self.pass_on(decoder.finish(), &mut reading, events, begun)
            .await?;
        reading.finish()
    }

    async fn pass_on(
        &self,
        payloads: Vec<String>,
        reading: &mut Reading,
        events: &mut Events,
        begun: &mut bool,
    ) -> Result<(), Failed> {
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
    async fn refused(&self, response: Response) -> Failed {
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
        let mut message = format!("there is no model `{}` ({})", self.model.model, failed.error);
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
        Failed::for_good(message)
    }

    async fn models(&self) -> Result<Vec<String>, Failed> {
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
                .map_err(|error| Failed::malformed(format!("the list of models is not JSON: {error}")))?;
            Ok(self.model.provider.models(&list))
        };
        timeout(LIST_TIME, asked).await.unwrap_or_else(|_| Err(silent()))
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
    fn without_key(&self, failed: Failed) -> Failed {
        let hidden = |text: &str| -> String {
            let text = self.model.key.hidden_in(text);
            text.chars().take(SENTENCE_CHARS).collect()
        };
        let error = match failed.error {
            LlmError::Rejected { message } => LlmError::Rejected {
                message: hidden(&message),
            },
            LlmError::Blocked { reason } => LlmError::Blocked {
                reason: hidden(&reason),
            },
            LlmError::Unavailable(cause) => LlmError::Unavailable(hidden(&cause.to_string()).into()),
            LlmError::Malformed(cause) => LlmError::Malformed(hidden(&cause.to_string()).into()),
            other => other,
        };
        Failed { error, ..failed }
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

fn unreachable(error: &reqwest::Error) -> Failed {
    // The URL is not repeated, whatever it holds.
    let reason = if error.is_connect() {
        "no connection to the model provider"
    } else if error.is_timeout() {
        "the model provider did not answer in time"
    } else {
        "the request to the model provider broke off"
    };
    Failed::unavailable(reason.to_owned())
}

fn silent() -> Failed {
    Failed {
        error: LlmError::TimedOut,
        again: Again::Never,
    }
}

/// Between a half and the whole, so that many who failed together do not come back together.
fn with_jitter(pause: Duration) -> Duration {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let part = now.map_or(0, |now| now.subsec_nanos() % 1_000);
    pause / 2 + pause / 2 * part / 1_000
}
