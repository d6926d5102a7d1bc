//! The model that is always there: the offline composer behind the model port.

use agentos_core::compose::{self, Composed, Declined};
use agentos_core::ports::llm::{EndReason, Identity, LlmError, LlmEvent, LlmPort, LlmRequest, Task};
use futures::future::{self, BoxFuture};
use futures::stream::{self, BoxStream};
use futures::{FutureExt, StreamExt};

/// Answers from blueprints, in microseconds and without a network. It builds new apps and nothing
/// else; what it cannot build it declines.
#[derive(Debug, Clone, Copy, Default)]
pub struct OfflineLlm;

/// How a person gets an answer to the rest.
const CONNECT: &str = "a model; the setting AGENTOS_LLM connects one: gemini, openai (and every server that speaks like it, \
                       such as Ollama) or anthropic";

impl LlmPort for OfflineLlm {
    fn stream(&self, request: LlmRequest) -> BoxStream<'static, Result<LlmEvent, LlmError>> {
        stream::once(async move { stream::iter(answer(&request)) })
            .flatten()
            .boxed()
    }

    fn can_repair(&self) -> bool {
        false
    }

    fn identity(&self) -> Identity {
        Identity {
            provider: "offline".into(),
            model: "blueprints".to_owned(),
        }
    }

    fn models(&self) -> BoxFuture<'static, Result<Vec<String>, LlmError>> {
        future::ready(Ok(vec!["blueprints".to_owned()])).boxed()
    }
}

fn answer(request: &LlmRequest) -> Vec<Result<LlmEvent, LlmError>> {
    match request.task {
        Task::Generate => match compose::compose(&request.user_text) {
            Ok(composed) => written(&composed),
            Err(declined) => vec![Err(refusal(&declined))],
        },
        Task::Edit | Task::Repair => vec![Err(unable("Changing an app in words"))],
        Task::Chat => vec![Err(unable("Chatting"))],
    }
}

fn written(composed: &Composed) -> Vec<Result<LlmEvent, LlmError>> {
    let mut events = vec![LlmEvent::Thought(format!("{}\n", composed.summary))];
    if !composed.left_out.is_empty() {
        let words = composed.left_out.join(", ");
        events.push(LlmEvent::Thought(format!(
            "Not taken into account: {words}. That needs {CONNECT}.\n"
        )));
    }
    events.push(LlmEvent::Text(composed.document.to_string()));
    events.push(LlmEvent::End(EndReason::Stop));
    events.into_iter().map(Ok).collect()
}

fn refusal(declined: &Declined) -> LlmError {
    let message = format!(
        "No built-in app fits this request. Without a model I can build {}. Anything else needs {CONNECT}.",
        declined.can_build.join("; ")
    );
    LlmError::Declined {
        message,
        can_build: declined.can_build.clone(),
    }
}

fn unable(what: &str) -> LlmError {
    LlmError::Declined {
        message: format!("{what} needs {CONNECT}."),
        can_build: compose::can_build(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use agentos_core::llm_contract;

    use super::*;

    fn request(task: Task, user_text: &str) -> LlmRequest {
        LlmRequest {
            task,
            user_text: user_text.to_owned(),
            document: None,
            issues: Vec::new(),
            system: String::new(),
            messages: Vec::new(),
            schema: None,
            max_tokens: 8_192,
            deadline: Duration::from_secs(10),
        }
    }

    llm_contract!(OfflineLlm, request(Task::Generate, "create a calculator"));

    async fn declined(task: Task, user_text: &str) -> (String, Vec<String>) {
        let events: Vec<_> = OfflineLlm.stream(request(task, user_text)).collect().await;
        match events.into_iter().next() {
            Some(Err(LlmError::Declined { message, can_build })) => (message, can_build),
            other => panic!("{user_text}: {other:?}"),
        }
    }

    #[tokio::test]
    async fn what_it_cannot_build_is_declined_with_what_it_can_and_the_setting() {
        let (message, can_build) = declined(Task::Generate, "a chess game").await;
        assert!(
            message.contains("AGENTOS_LLM") && message.contains("a stopwatch"),
            "{message}"
        );
        assert!(can_build.len() > 9, "{can_build:?}");
    }

    #[tokio::test]
    async fn edits_repairs_and_chats_are_declined() {
        for task in [Task::Edit, Task::Repair, Task::Chat] {
            declined(task, "make it blue").await;
        }
    }
}
