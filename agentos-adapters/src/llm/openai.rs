//! `OpenAI`'s chat completions, as `OpenAI` and the many servers that speak like it send them.

use agentos_core::ports::llm::{EndReason, LlmError, LlmEvent, LlmRequest, Role, Task};
use serde_json::{Value, json};

use super::provider::{Outgoing, Provider, Reading, blocked, error_in, thought};

pub(super) fn outgoing(model: &str, request: &LlmRequest) -> Outgoing {
    let mut messages = Vec::new();
    if !request.system.is_empty() {
        messages.push(json!({"role": "system", "content": request.system}));
    }
    messages.extend(request.messages.iter().map(|message| {
        let role = match message.role {
            Role::User => "user",
            Role::Model => "assistant",
        };
        json!({"role": role, "content": message.text})
    }));
    let mut body = json!({
        "model": model,
        "messages": messages,
        "stream": true,
        "stream_options": {"include_usage": true},
    });
    // OpenAI's own newer models refuse the name that every other server takes.
    let is_own = ["gpt-5", "o1", "o3", "o4"]
        .iter()
        .any(|family| model.starts_with(family));
    body[if is_own {
        "max_completion_tokens"
    } else {
        "max_tokens"
    }] = json!(request.max_tokens);
    // `json_object` is not enforced by some servers and refused by others, so only a schema is asked for.
    if let (Task::Generate, Some(schema)) = (request.task, &request.schema) {
        body["response_format"] = json!({
            "type": "json_schema",
            "json_schema": {"name": "app", "strict": true, "schema": schema},
        });
    }
    Outgoing {
        path: "/chat/completions".to_owned(),
        body,
    }
}

pub(super) fn read(reading: &mut Reading, chunk: &Value, events: &mut Vec<LlmEvent>) -> Result<(), LlmError> {
    if let Some(failed) = error_in(Provider::OpenAi, chunk) {
        return Err(failed);
    }
    if let Some(usage) = chunk.get("usage").filter(|usage| usage.is_object()) {
        let count = |name: &str| usage.get(name).and_then(Value::as_u64);
        reading.used(count("prompt_tokens"), count("completion_tokens"), events);
    }
    let Some(choice) = chunk.pointer("/choices/0") else {
        return Ok(());
    };
    // A server that does not stream sends the whole message.
    let delta = choice
        .get("delta")
        .or_else(|| choice.get("message"))
        .unwrap_or(&Value::Null);
    for name in ["reasoning_content", "reasoning"] {
        if let Some(text) = delta
            .get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
        {
            thought(text, events);
            break;
        }
    }
    match delta.get("content") {
        Some(Value::String(text)) => reading.text(text, events),
        Some(Value::Array(parts)) => {
            for part in parts {
                let text = part.get("text").and_then(Value::as_str).unwrap_or_default();
                reading.text(text, events);
            }
        }
        _ => {}
    }
    reading
        .refusal
        .push_str(delta.get("refusal").and_then(Value::as_str).unwrap_or_default());
    match choice.get("finish_reason").and_then(Value::as_str) {
        None | Some("") => {}
        Some("length") => reading.end = Some(EndReason::Length),
        Some("content_filter") => return Err(blocked("content_filter")),
        // A reply that asks for tools gets none; its text, if any, is the answer.
        Some(_) => reading.end = Some(EndReason::Stop),
    }
    Ok(())
}
