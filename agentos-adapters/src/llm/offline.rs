//! The model that is always there: the offline composer behind the model port.

use agentos_core::chat::Order;
use agentos_core::compose::{self, Composed, Declined};
use agentos_core::ports::llm::{EndReason, Identity, LlmError, LlmEvent, LlmPort, LlmRequest, Task};
use futures::future::{self, BoxFuture};
use futures::stream::{self, BoxStream};
use futures::{FutureExt, StreamExt};

/// Answers from blueprints, in microseconds and without a network. It builds new apps, in a chat too, and nothing
/// else; what it cannot build it declines.
#[derive(Debug, Clone, Copy, Default)]
pub struct OfflineLlm;

/// How a person gets an answer to the rest.
const CONNECT: &str = "a model; Settings on the desktop or the variable AGENTOS_LLM connects one: gemini, openai (and every \
                       server that speaks like it, such as Ollama) or anthropic";

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
        Task::Chat => match compose::compose(&request.user_text) {
            Ok(composed) => ordered(&composed, &request.user_text),
            Err(_) => vec![Err(unable("Talking about anything but an app I can build"))],
        },
        Task::Edit | Task::Repair => vec![Err(unable("Changing an app in words"))],
        Task::Ask => vec![Err(unable("What this app wants to ask"))],
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

/// In a chat an app is ordered, and written when the order is carried out.
fn ordered(composed: &Composed, request: &str) -> Vec<Result<LlmEvent, LlmError>> {
    let text = format!("{}\n{}", composed.summary, Order::line_to_make(request));
    vec![Ok(LlmEvent::Text(text)), Ok(LlmEvent::End(EndReason::Stop))]
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
    use agentos_core::ports::llm::{Account, Urgency};

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
            account: Account::Person,
            urgency: Urgency::Foreground,
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
    async fn edits_repairs_questions_and_talk_are_declined() {
        for task in [Task::Edit, Task::Repair, Task::Chat, Task::Ask] {
            declined(task, "how are you?").await;
        }
    }

    #[tokio::test]
    async fn in_a_chat_it_orders_what_it_can_build() {
        let events: Vec<_> = OfflineLlm
            .stream(request(Task::Chat, "create a calculator"))
            .collect()
            .await;
        let Some(Ok(LlmEvent::Text(text))) = events.first() else {
            panic!("{events:?}");
        };
        assert_eq!(text.lines().last(), Some(r#"{"make":"create a calculator"}"#));
    }
}
