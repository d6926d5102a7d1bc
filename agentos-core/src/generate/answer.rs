//! One answer of the model, read while it is written.

use futures::{SinkExt, StreamExt};

use super::run::Events;
use super::{GenerationError, GenerationEvent};
use crate::ports::llm::{EndReason, LlmEvent, LlmPort, LlmRequest, Usage};
use crate::spec::patch::PatchOperation;
use crate::spec::reader::Reader;
use crate::spec::{limits, schema};

/// Bytes of one answer with everything around its document.
pub(super) const ANSWER_BYTES: usize = 2 * limits::DOCUMENT_BYTES;

/// What one answer came to; where it failed, what had arrived by then.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) text: String,
    pub(super) thoughts: String,
    pub(super) usage: Usage,
    /// Why the answer is over; none when its stream ended without saying so.
    pub(super) end: Option<EndReason>,
    pub(super) failure: Option<GenerationError>,
}

/// Asks and collects. Each piece of text goes through `reader`, whose patches are passed on with the
/// text. A repair has none: nothing of it is shown before it is applied.
pub(super) async fn ask(
    llm: &dyn LlmPort,
    request: LlmRequest,
    events: &mut Events,
    mut reader: Option<&mut Reader>,
) -> Answer {
    let mut answer = Answer::default();
    let mut stream = llm.stream(request);
    while let Some(event) = stream.next().await {
        match event {
            Ok(LlmEvent::Thought(thought)) => {
                let room = ANSWER_BYTES.saturating_sub(answer.thoughts.len());
                answer.thoughts.push_str(beginning(&thought, room));
                tell(events, GenerationEvent::Thought(thought)).await;
            }
            Ok(LlmEvent::Text(text)) => {
                if answer.text.len() + text.len() > ANSWER_BYTES {
                    answer.failure = Some(GenerationError::AnswerTooLong);
                    break;
                }
                answer.text.push_str(&text);
                if let Some(reader) = &mut reader {
                    let patch = folded(reader.push(&text));
                    tell(events, GenerationEvent::Token(text)).await;
                    if !patch.is_empty() {
                        tell(events, GenerationEvent::Patch(patch)).await;
                    }
                }
            }
            Ok(LlmEvent::Usage(usage)) => answer.usage = usage,
            Ok(LlmEvent::End(reason)) => {
                answer.end = Some(reason);
                break;
            }
            Err(error) => {
                answer.failure = Some(error.into());
                break;
            }
        }
    }
    answer
}

/// A patch as it is drawn, whichever form the model answers in.
pub(super) fn folded(mut patch: Vec<PatchOperation>) -> Vec<PatchOperation> {
    patch.retain_mut(|operation| match operation {
        PatchOperation::Add(add) => schema::fold_addition(&add.path, &mut add.value),
        PatchOperation::Replace(replace) => schema::fold_addition(&replace.path, &mut replace.value),
        _ => true,
    });
    patch
}

/// Passes an event on. Who no longer listens has dropped the generation, which ends it at this
/// await at the latest.
pub(super) async fn tell(events: &mut Events, event: GenerationEvent) {
    let _ = events.send(event).await;
}

/// As much of the beginning of `text` as fits into `bytes`.
pub(super) fn beginning(text: &str, bytes: usize) -> &str {
    let end = (0..=bytes.min(text.len()))
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0);
    &text[..end]
}
