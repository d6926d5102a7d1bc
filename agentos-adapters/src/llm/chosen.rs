//! The model of the moment.

use std::sync::{Arc, PoisonError, RwLock};

use agentos_core::ports::llm::{Identity, LlmError, LlmEvent, LlmPort, LlmRequest};
use futures::future::BoxFuture;
use futures::stream::BoxStream;

/// Stands for a model that can be replaced while the program runs. What was asked of one is answered by it, and
/// whoever asks next asks its successor. Clones stand for the same.
#[derive(Clone)]
pub struct ChosenLlm(Arc<RwLock<Arc<dyn LlmPort>>>);

impl ChosenLlm {
    pub fn new(llm: Arc<dyn LlmPort>) -> Self {
        Self(Arc::new(RwLock::new(llm)))
    }

    /// Puts `llm` in the place of the one before.
    pub fn choose(&self, llm: Arc<dyn LlmPort>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = llm;
    }

    fn now(&self) -> Arc<dyn LlmPort> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl LlmPort for ChosenLlm {
    fn stream(&self, request: LlmRequest) -> BoxStream<'static, Result<LlmEvent, LlmError>> {
        self.now().stream(request)
    }

    fn can_repair(&self) -> bool {
        self.now().can_repair()
    }

    fn identity(&self) -> Identity {
        self.now().identity()
    }

    fn models(&self) -> BoxFuture<'static, Result<Vec<String>, LlmError>> {
        self.now().models()
    }

    fn pinned(&self) -> Option<Arc<dyn LlmPort>> {
        let now = self.now();
        Some(now.pinned().unwrap_or(now))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use agentos_core::generate::{GenerationEvent, GenerationRequest, Generator};
    use agentos_core::llm_contract;
    use agentos_core::ports::llm::{Account, Task, Urgency};
    use agentos_core::spec::Catalog;
    use agentos_core::testing::llm::{ScriptedLlm, say};
    use futures::StreamExt;

    use super::*;

    fn request() -> LlmRequest {
        LlmRequest {
            task: Task::Generate,
            user_text: "a clock".to_owned(),
            document: None,
            issues: Vec::new(),
            system: String::new(),
            messages: Vec::new(),
            schema: None,
            max_tokens: 1_000,
            deadline: Duration::from_secs(10),
            account: Account::Person,
            urgency: Urgency::Foreground,
        }
    }

    fn saying(words: &str) -> Arc<ScriptedLlm> {
        Arc::new(ScriptedLlm::new([say(words), say(words), say(words)]))
    }

    async fn said(stream: BoxStream<'static, Result<LlmEvent, LlmError>>) -> String {
        let events: Vec<_> = stream.collect().await;
        match &events[0] {
            Ok(LlmEvent::Text(text)) => text.clone(),
            other => panic!("{other:?}"),
        }
    }

    /// A counter whose button runs an action that does not exist.
    const BROKEN: &str = r#"{"title": "Counter", "state": {"count": 0}, "components": [
        {"type": "button", "id": "more", "props": {"text": "{{ count }}"}, "on_event": {"click": "count_one_more"}}]}"#;
    const REPAIR: &str = r#"{"upsert": {"id": "more", "on_event": {"click": {"tool": "ui.increment", "args": {"path": "count"}}}}}"#;

    llm_contract!(ChosenLlm::new(saying("one")), request());

    #[tokio::test]
    async fn a_replaced_model_finishes_what_it_was_asked() {
        let llm = ChosenLlm::new(saying("one"));
        let (begun, pinned) = (llm.stream(request()), llm.pinned().unwrap());
        llm.clone().choose(saying("two"));
        assert_eq!(said(begun).await, "one");
        assert_eq!(said(llm.stream(request())).await, "two");
        assert_eq!(said(pinned.stream(request())).await, "one");
    }

    #[tokio::test]
    async fn an_app_is_repaired_by_the_model_that_wrote_it() {
        let first = Arc::new(ScriptedLlm::new([say(BROKEN), say(REPAIR)]));
        let second = saying("two");
        let llm = ChosenLlm::new(Arc::clone(&first) as Arc<dyn LlmPort>);
        let generator = Generator::new(Arc::new(llm.clone()), Arc::new(Catalog::builtin().clone()));
        let mut events = generator.generate(GenerationRequest {
            message: "count things".to_owned(),
            now: 0,
            seed: 1,
            account: Account::Person,
        });
        let mut last = events.next().await;
        llm.choose(Arc::clone(&second) as Arc<dyn LlmPort>);
        while let Some(event) = events.next().await {
            last = Some(event);
        }
        assert!(matches!(last, Some(GenerationEvent::Completed(_))), "{last:?}");
        assert_eq!((first.transcript().len(), second.transcript().len()), (2, 0));
    }
}
