//! What the providers have in common: the request each wants, the events each sends, the errors each means.

use std::time::Duration;

use agentos_core::ports::llm::{EndReason, LlmError, LlmEvent, LlmRequest, Usage};
use serde_json::Value;

use super::{anthropic, gemini, openai};

/// A service that runs models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Provider {
    Gemini,
    /// `OpenAI`, and every server that speaks its chat completions: Ollama, llama.cpp, vLLM, LM Studio, `OpenRouter`.
    OpenAi,
    Anthropic,
}

/// A failed request.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) error: LlmError,
    pub(super) again: Again,
}

/// Whether the same request may succeed later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    Never,
    /// Not before this long, where the provider says.
    Later(Option<Duration>),
}

/// The longest pause that is waited for; a longer one is left to the person.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

impl Failed {
    pub(super) fn for_good(message: impl Into<String>) -> Self {
        Self {
            error: LlmError::Rejected {
                message: message.into(),
            },
            again: Again::Never,
        }
    }

    /// The provider asks for a pause.
    pub(super) fn limited(retry_after: Option<Duration>) -> Self {
        let is_short = retry_after.is_none_or(|pause| pause <= LONGEST_PAUSE);
        Self {
            error: LlmError::RateLimited { retry_after },
            again: if is_short {
                Again::Later(retry_after)
            } else {
                Again::Never
            },
        }
    }

    pub(super) fn unavailable(message: String) -> Self {
        Self {
            error: LlmError::Unavailable(message.into()),
            again: Again::Later(None),
        }
    }

    pub(super) fn malformed(message: impl Into<String>) -> Self {
        Self {
            error: LlmError::Malformed(message.into().into()),
            again: Again::Never,
        }
    }

    pub(super) fn blocked(reason: impl Into<String>) -> Self {
        Self {
            error: LlmError::Blocked {
                reason: reason.into(),
            },
            again: Again::Never,
        }
    }
}

/// One request as it goes out, without what every request has.
#[derive(Debug)]
pub(super) struct Outgoing {
    /// Below the provider's base URL.
    pub(super) path: String,
    pub(super) body: Value,
}

impl Provider {
    pub const ALL: [Self; 3] = [Self::Gemini, Self::OpenAi, Self::Anthropic];

    /// As people call it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Gemini => "Google Gemini",
            Self::OpenAi => "OpenAI, or a server that speaks like it",
            Self::Anthropic => "Anthropic",
        }
    }

    /// As the setting `llm` calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gemini => "gemini",
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
        }
    }

    /// Variables under which people keep a key of the provider's own service.
    pub fn key_variables(self) -> &'static [&'static str] {
        match self {
            Self::Gemini => &["GOOGLE_API_KEY", "GEMINI_API_KEY"],
            Self::OpenAi => &["OPENAI_API_KEY"],
            Self::Anthropic => &["ANTHROPIC_API_KEY"],
        }
    }

    /// Where the provider is reached unless a setting says otherwise, its version included.
    pub fn base_url(self) -> &'static str {
        match self {
            Self::Gemini => "https://generativelanguage.googleapis.com/v1beta",
            Self::OpenAi => "https://api.openai.com/v1",
            Self::Anthropic => "https://api.anthropic.com/v1",
        }
    }

    /// The model that is asked unless a setting says otherwise; nothing where a person must choose.
    pub fn default_model(self) -> Option<&'static str> {
        match self {
            Self::Gemini => Some("gemini-3.8-flash"),
            Self::OpenAi | Self::Anthropic => None,
        }
    }

    pub(super) fn headers(self, key: &str) -> Vec<(&'static str, String)> {
        let own = match self {
            Self::Gemini => vec![("x-goog-api-key", key.to_owned())],
            Self::OpenAi => vec![("authorization", format!("Bearer {key}"))],
            Self::Anthropic => vec![("x-api-key", key.to_owned())],
        };
        let mut headers = if key.is_empty() { Vec::new() } else { own };
        if self == Self::Anthropic {
            headers.push(("anthropic-version", "2023-06-01".to_owned()));
        }
        headers
    }

    pub(super) fn outgoing(self, model: &str, request: &LlmRequest) -> Outgoing {
        match self {
            Self::Gemini => gemini::outgoing(model, request),
            Self::OpenAi => openai::outgoing(model, request),
            Self::Anthropic => anthropic::outgoing(model, request),
        }
    }

    pub(super) fn reading(self) -> Reading {
        Reading {
            provider: self,
            usage: Usage::default(),
            end: None,
            has_text: false,
            refusal: String::new(),
        }
    }

    /// What an answer with another status than 200 means.
    pub(super) fn refusal(self, status: u16, retry_after: Option<Duration>, body: &str) -> Failed {
        let error: Value = serde_json::from_str(body).unwrap_or_default();
        let error = error.get(0).unwrap_or(&error);
        if self == Self::Gemini {
            return gemini::refusal(status, retry_after, error);
        }
        refusal(status, retry_after, error)
    }

    /// The names in the provider's list of models.
    pub(super) fn models(self, answer: &Value) -> Vec<String> {
        let (list, name) = match self {
            Self::Gemini => ("models", "name"),
            Self::OpenAi | Self::Anthropic => ("data", "id"),
        };
        let models = answer.get(list).and_then(Value::as_array);
        models
            .into_iter()
            .flatten()
            .filter(|model| self != Self::Gemini || gemini::writes_text(model))
            .filter_map(|model| model.get(name)?.as_str())
            .map(|name| name.trim_start_matches("models/").to_owned())
            .collect()
    }
}

/// How `OpenAI`, those who speak like it, and Anthropic refuse.
fn refusal(status: u16, retry_after: Option<Duration>, body: &Value) -> Failed {
    let said = message_of(body).unwrap_or_else(|| format!("status {status}"));
    let code = body.pointer("/error/code").map(text_of).unwrap_or_default();
    match status {
        429 if code == "insufficient_quota" => Failed::for_good(said),
        429 => Failed::limited(retry_after),
        408 | 409 | 500 | 502 | 503 | 504 | 529 => Failed::unavailable(said),
        _ => Failed::for_good(said),
    }
}

/// The sentence in an error body, in any of the forms servers use.
pub(super) fn message_of(body: &Value) -> Option<String> {
    let candidates = [
        body.pointer("/error/message"),
        body.pointer("/error/detail"),
        body.get("error").filter(|error| error.is_string()),
        body.get("message"),
        body.get("detail"),
    ];
    let found = candidates.into_iter().flatten().find(|found| found.is_string())?;
    Some(text_of(found))
}

pub(super) fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// One answer, read payload by payload.
#[derive(Debug)]
pub(super) struct Reading {
    provider: Provider,
    pub(super) usage: Usage,
    /// Why the answer is over. Text may follow it, so it is passed on with the end of the stream.
    pub(super) end: Option<EndReason>,
    pub(super) has_text: bool,
    /// What the model says instead of answering.
    pub(super) refusal: String,
}

impl Reading {
    pub(super) fn take(&mut self, payload: &str) -> Result<Vec<LlmEvent>, Failed> {
        if payload.trim() == "[DONE]" {
            self.end.get_or_insert(EndReason::Stop);
            return Ok(Vec::new());
        }
        let payload: Value = serde_json::from_str(payload)
            .map_err(|error| Failed::malformed(format!("an event is not JSON: {error}")))?;
        let chunks = match &payload {
            Value::Array(chunks) => chunks.as_slice(),
            one => std::slice::from_ref(one),
        };
        let mut events = Vec::new();
        for chunk in chunks {
            match self.provider {
                Provider::Gemini => gemini::read(self, chunk, &mut events)?,
                Provider::OpenAi => openai::read(self, chunk, &mut events)?,
                Provider::Anthropic => anthropic::read(self, chunk, &mut events)?,
            }
        }
        Ok(events)
    }

    /// What a stream that ended came to: nothing for one that was cut.
    pub(super) fn finish(self) -> Result<Option<EndReason>, Failed> {
        match self.end {
            _ if !self.refusal.is_empty() => Err(Failed::blocked(self.refusal)),
            Some(EndReason::Length) if !self.has_text => Err(Failed {
                error: LlmError::OutOfTokens,
                again: Again::Never,
            }),
            end => Ok(end),
        }
    }

    pub(super) fn text(&mut self, text: &str, events: &mut Vec<LlmEvent>) {
        if !text.is_empty() {
            self.has_text = true;
            events.push(LlmEvent::Text(text.to_owned()));
        }
    }

    pub(super) fn used(&mut self, input: Option<u64>, output: Option<u64>, events: &mut Vec<LlmEvent>) {
        let usage = Usage {
            input: input.unwrap_or(self.usage.input),
            output: output.unwrap_or(self.usage.output),
        };
        if usage != self.usage {
            self.usage = usage;
            events.push(LlmEvent::Usage(usage));
        }
    }
}

pub(super) fn thought(text: &str, events: &mut Vec<LlmEvent>) {
    if !text.is_empty() {
        events.push(LlmEvent::Thought(text.to_owned()));
    }
}

/// An error in the middle of an answer whose status was 200; its `code` says what a status would have.
pub(super) fn error_in(provider: Provider, chunk: &Value) -> Option<Failed> {
    let error = chunk.get("error").filter(|error| !error.is_null())?;
    let status = error.get("code").or_else(|| error.get("status"));
    let status = status
        .and_then(|code| code.as_u64().or_else(|| code.as_str()?.parse().ok()))
        .and_then(|code| u16::try_from(code).ok());
    let status = status.unwrap_or_else(|| match error.get("type").and_then(Value::as_str) {
        Some("overloaded_error" | "api_error" | "server_error") => 529,
        Some("rate_limit_error" | "rate_limit_exceeded") => 429,
        Some(_) => 400,
        None => 500,
    });
    Some(provider.refusal(status, None, &chunk.to_string()))
}
