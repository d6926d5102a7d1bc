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
            if self.provider == Provider::OpenAi {
                self.end.get_or_insert(EndReason::Stop);
            }
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::super::sse::Decoder;
    use super::*;

    /// What an answer comes to in pieces of `size` bytes, as text that compares.
    fn read(provider: Provider, body: &[u8], size: usize) -> String {
        let (mut decoder, mut reading) = (Decoder::default(), provider.reading());
        let mut events = Vec::new();
        let mut payloads = Vec::new();
        for piece in body.chunks(size) {
            match decoder.push(piece) {
                Ok(more) => payloads.extend(more),
                Err(error) => return format!("{error:?}"),
            }
        }
        payloads.extend(decoder.finish());
        for payload in payloads {
            match reading.take(&payload) {
                Ok(more) => events.extend(more),
                Err(error) => return format!("{events:?} {error:?}"),
            }
        }
        format!("{events:?} {:?}", reading.finish())
    }

    fn files_in(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                files_in(&path, found);
            } else {
                found.push(path);
            }
        }
    }

    #[test]
    fn recorded_answers_are_the_same_however_their_bytes_are_cut_for_every_reader() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/transcripts");
        if !folder.is_dir() {
            eprintln!("SKIPPED: {} is not here", folder.display());
            return;
        }
        let mut files = Vec::new();
        files_in(&folder, &mut files);
        for file in &files {
            let body = fs::read(file).unwrap();
            for provider in [Provider::Gemini, Provider::OpenAi, Provider::Anthropic] {
                let whole = read(provider, &body, body.len().max(1));
                for size in [1, 2, 3, 7, 64] {
                    let context = format!("{} by {provider:?} in pieces of {size}", file.display());
                    assert_eq!(read(provider, &body, size), whole, "{context}");
                }
            }
        }
        assert!(files.len() > 300, "{} files", files.len());
    }

    /// A cut in the middle of anything neither panics nor adds to what was there.
    #[test]
    fn an_answer_that_is_cut_anywhere_is_the_beginning_of_the_whole() {
        let body = "\u{feff}: ping\r\n\r\ndata: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"ü\u{2028}\"}]}}]}\r\n\r\n\
                    data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"x\"}]},\"finishReason\":\"STOP\"}]}\r\n\r\n";
        let texts = [
            "[]",
            "[Text(\"ü\\u{2028}\")]",
            "[Text(\"ü\\u{2028}\"), Text(\"x\")]",
        ];
        for cut in 0..body.len() {
            let told = read(Provider::Gemini, &body.as_bytes()[..cut], 1);
            assert!(
                texts.iter().any(|text| told.starts_with(text)),
                "cut at {cut}: {told}"
            );
        }
        assert!(read(Provider::Gemini, body.as_bytes(), 1).ends_with("Ok(Some(Stop))"));
    }
}
