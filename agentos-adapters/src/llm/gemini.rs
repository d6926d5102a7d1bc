//! Gemini: `streamGenerateContent` (Google's REST reference, November 2026).

use std::time::Duration;

use agentos_core::ports::llm::{EndReason, LlmError, LlmEvent, LlmRequest, Role, Task};
use serde_json::{Value, json};

use super::provider::{
    Outgoing, Provider, Reading, blocked, error_in, message_of, rejected, thought, unavailable,
};

/// The least a request for an app asks for: thoughts count.
const LEAST_TOKENS: u32 = 8_192;

pub(super) fn outgoing(model: &str, request: &LlmRequest) -> Outgoing {
    let contents: Vec<Value> = request
        .messages
        .iter()
        .map(|message| {
            let role = match message.role {
                Role::User => "user",
                Role::Model => "model",
            };
            json!({"role": role, "parts": [{"text": message.text}]})
        })
        .collect();
    let mut settings = json!({"maxOutputTokens": request.max_tokens.max(LEAST_TOKENS)});
    if request.task == Task::Generate {
        settings["responseMimeType"] = json!("application/json");
        if let Some(schema) = &request.schema {
            settings["responseJsonSchema"] = schema.clone();
        }
    }
    if thinks(model) {
        settings["thinkingConfig"] = json!({"includeThoughts": true});
    }
    let mut body = json!({"contents": contents, "generationConfig": settings});
    if !request.system.is_empty() {
        body["systemInstruction"] = json!({"parts": [{"text": request.system}]});
    }
    Outgoing {
        path: format!("/models/{model}:streamGenerateContent?alt=sse"),
        body,
    }
}

/// Models before 2.5 refuse a request that speaks of thoughts.
fn thinks(model: &str) -> bool {
    let version = model.trim_start_matches("gemini-");
    !["1.", "2.0"].iter().any(|older| version.starts_with(older)) && model.starts_with("gemini-")
}

pub(super) fn read(reading: &mut Reading, chunk: &Value, events: &mut Vec<LlmEvent>) -> Result<(), LlmError> {
    if let Some(failed) = error_in(Provider::Gemini, chunk) {
        return Err(failed);
    }
    if let Some(reason) = chunk
        .pointer("/promptFeedback/blockReason")
        .and_then(Value::as_str)
    {
        return Err(blocked(reason));
    }
    let candidate = chunk.pointer("/candidates/0").unwrap_or(&Value::Null);
    let parts = candidate.pointer("/content/parts").and_then(Value::as_array);
    for part in parts.into_iter().flatten() {
        let text = part.get("text").and_then(Value::as_str).unwrap_or_default();
        if part.get("thought").and_then(Value::as_bool) == Some(true) {
            thought(text, events);
        } else {
            reading.text(text, events);
        }
    }
    if let Some(usage) = chunk.get("usageMetadata") {
        let count = |name: &str| usage.get(name).and_then(Value::as_u64);
        let thoughts = count("thoughtsTokenCount").unwrap_or(0);
        let output = count("candidatesTokenCount").map(|written| written + thoughts);
        reading.used(
            count("promptTokenCount"),
            output.or(Some(thoughts).filter(|count| *count > 0)),
            events,
        );
    }
    match candidate.get("finishReason").and_then(Value::as_str) {
        None | Some("FINISH_REASON_UNSPECIFIED") => {}
        Some("MAX_TOKENS") => reading.end = Some(EndReason::Length),
        Some(
            reason @ ("SAFETY" | "RECITATION" | "LANGUAGE" | "BLOCKLIST" | "PROHIBITED_CONTENT" | "SPII"
            | "IMAGE_SAFETY"),
        ) => return Err(blocked(reason)),
        // New reasons appear; what the text is worth shows when it is read.
        Some(_) => reading.end = Some(EndReason::Stop),
    }
    Ok(())
}

pub(super) fn refusal(status: u16, retry_after: Option<Duration>, body: &Value) -> LlmError {
    let said = message_of(body).unwrap_or_else(|| format!("status {status}"));
    let details = body.pointer("/error/details").and_then(Value::as_array);
    let details: Vec<&Value> = details.into_iter().flatten().collect();
    match status {
        429 => {
            let per_day = details.iter().any(|detail| {
                let violations = detail.get("violations").and_then(Value::as_array);
                violations.into_iter().flatten().any(|violation| {
                    violation
                        .get("quotaId")
                        .and_then(Value::as_str)
                        .is_some_and(|quota| quota.contains("PerDay"))
                })
            });
            if per_day || said.contains("limit: 0") {
                return rejected(said);
            }
            let told = details
                .iter()
                .find_map(|detail| seconds(detail.get("retryDelay")?.as_str()?));
            LlmError::RateLimited {
                retry_after: told.or(retry_after),
            }
        }
        503 => LlmError::Overloaded {
            message: said,
            retry_after,
        },
        500 | 502 | 504 => unavailable(said),
        _ => rejected(said),
    }
}

/// `17s`, `1.5s`.
fn seconds(text: &str) -> Option<Duration> {
    let seconds: f64 = text.strip_suffix('s')?.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// Whether an entry of the list of models is one that writes.
pub(super) fn writes_text(model: &Value) -> bool {
    let methods = model.get("supportedGenerationMethods").and_then(Value::as_array);
    methods.is_none_or(|methods| methods.iter().any(|method| method == "generateContent"))
}
