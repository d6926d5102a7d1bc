//! Anthropic's Messages.

use agentos_core::ports::llm::{EndReason, LlmError, LlmEvent, LlmRequest, Role};
use serde_json::{Value, json};

use super::provider::{Outgoing, Provider, Reading, blocked, error_in, thought};

pub(super) fn outgoing(model: &str, request: &LlmRequest) -> Outgoing {
    let messages: Vec<Value> = request
        .messages
        .iter()
        .map(|message| {
            let role = match message.role {
                Role::User => "user",
                Role::Model => "assistant",
            };
            json!({"role": role, "content": message.text})
        })
        .collect();
    let mut body = json!({
        "model": model,
        "max_tokens": request.max_tokens,
        "messages": messages,
        "stream": true,
    });
    if !request.system.is_empty() {
        body["system"] = json!(request.system);
    }
    Outgoing {
        path: "/messages".to_owned(),
        body,
    }
}

pub(super) fn read(reading: &mut Reading, chunk: &Value, events: &mut Vec<LlmEvent>) -> Result<(), LlmError> {
    if let Some(failed) = error_in(Provider::Anthropic, chunk) {
        return Err(failed);
    }
    let text_at = |pointer: &str| chunk.pointer(pointer).and_then(Value::as_str);
    let count_at = |pointer: &str| chunk.pointer(pointer).and_then(Value::as_u64);
    match chunk.get("type").and_then(Value::as_str).unwrap_or_default() {
        "message_start" => {
            reading.used(
                count_at("/message/usage/input_tokens"),
                count_at("/message/usage/output_tokens"),
                events,
            );
        }
        "content_block_start" => reading.text(text_at("/content_block/text").unwrap_or_default(), events),
        "content_block_delta" => match text_at("/delta/type") {
            Some("text_delta") => reading.text(text_at("/delta/text").unwrap_or_default(), events),
            Some("thinking_delta") => thought(text_at("/delta/thinking").unwrap_or_default(), events),
            _ => {}
        },
        "message_delta" => {
            reading.used(
                count_at("/usage/input_tokens"),
                count_at("/usage/output_tokens"),
                events,
            );
            end(reading, text_at("/delta/stop_reason"))?;
        }
        // A server that does not stream sends the whole message.
        "message" => {
            let blocks = chunk.get("content").and_then(Value::as_array);
            for block in blocks.into_iter().flatten() {
                thought(
                    block.get("thinking").and_then(Value::as_str).unwrap_or_default(),
                    events,
                );
                reading.text(
                    block.get("text").and_then(Value::as_str).unwrap_or_default(),
                    events,
                );
            }
            reading.used(
                count_at("/usage/input_tokens"),
                count_at("/usage/output_tokens"),
                events,
            );
            end(reading, text_at("/stop_reason"))?;
        }
        _ => {}
    }
    Ok(())
}

fn end(reading: &mut Reading, reason: Option<&str>) -> Result<(), LlmError> {
    match reason {
        None => {}
        Some("max_tokens" | "model_context_window_exceeded") => reading.end = Some(EndReason::Length),
        Some("refusal") => return Err(blocked("refusal")),
        Some(_) => reading.end = Some(EndReason::Stop),
    }
    Ok(())
}
