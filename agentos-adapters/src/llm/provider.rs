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

/// Asking again would not help.
pub(super) fn rejected(message: impl Into<String>) -> LlmError {
    LlmError::Rejected {
        message: message.into(),
    }
}

pub(super) fn unavailable(message: impl Into<String>) -> LlmError {
    LlmError::Unavailable(message.into().into())
}

pub(super) fn malformed(message: impl Into<String>) -> LlmError {
    LlmError::Malformed(message.into().into())
}

pub(super) fn blocked(reason: impl Into<String>) -> LlmError {
    LlmError::Blocked {
        reason: reason.into(),
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
    pub(super) fn refusal(self, status: u16, retry_after: Option<Duration>, body: &str) -> LlmError {
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
fn refusal(status: u16, retry_after: Option<Duration>, body: &Value) -> LlmError {
    let said = message_of(body).unwrap_or_else(|| format!("status {status}"));
    let code = body.pointer("/error/code").map(text_of).unwrap_or_default();
    match status {
        429 if code == "insufficient_quota" => rejected(said),
        429 => LlmError::RateLimited { retry_after },
        503 | 529 => LlmError::Overloaded {
            message: said,
            retry_after,
        },
        408 | 409 | 500 | 502 | 504 => unavailable(said),
        _ => rejected(said),
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
    pub(super) fn take(&mut self, payload: &str) -> Result<Vec<LlmEvent>, LlmError> {
        if payload.trim() == "[DONE]" {
            self.end.get_or_insert(EndReason::Stop);
            return Ok(Vec::new());
        }
        let payload: Value = serde_json::from_str(payload)
            .map_err(|error| malformed(format!("an event is not JSON: {error}")))?;
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
    pub(super) fn finish(self) -> Result<Option<EndReason>, LlmError> {
        match self.end {
            _ if !self.refusal.is_empty() => Err(blocked(self.refusal)),
            Some(EndReason::Length) if !self.has_text => Err(LlmError::OutOfTokens),
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
pub(super) fn error_in(provider: Provider, chunk: &Value) -> Option<LlmError> {
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
