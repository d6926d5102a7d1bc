//! The queue in front of a model: tries, pauses, budgets and hang-ups, over real sockets where they matter.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use agentos_adapters::llm::{Provider, QueuedLlm};
use agentos_core::ids::Namespace;
use agentos_core::llm_queue::{Budget, Budgets, QueueConfig};
use agentos_core::ports::ambient::Ambient;
use agentos_core::ports::llm::{Account, EndReason, LlmError, LlmEvent, LlmPort, LlmRequest, Task, Usage};
use agentos_core::testing::llm::{ScriptedLlm, say};
use futures::StreamExt;
use tokio::time::timeout;

use crate::llm::{asked, code, model, request, stream_of};
use crate::replay::{Replay, Reply};

const NOON: u64 = 1_795_694_400_000;

/// A clock that is set by hand.
struct Clock(AtomicU64);

impl Ambient for Clock {
    fn now(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn seed(&self) -> u128 {
        1
    }
}

struct Machine;

impl Ambient for Machine {
    fn now(&self) -> u64 {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        now.unwrap().as_millis() as u64
    }

    fn seed(&self) -> u128 {
        1
    }
}

fn config() -> QueueConfig {
    QueueConfig {
        first_rest: 2,
        ..QueueConfig::new(1)
    }
}

fn queued(llm: impl LlmPort + 'static) -> QueuedLlm {
    QueuedLlm::start(Arc::new(llm), config(), Arc::new(Machine))
}

async fn answered(replies: impl IntoIterator<Item = Reply>) -> (&'static str, String, usize) {
    let replay = Replay::start(replies).await;
    let answer = asked(&queued(model(Provider::OpenAi, &replay.url()))).await;
    (code(&answer), answer.text, replay.requests().len())
}

#[tokio::test]
async fn a_request_is_made_again_until_something_was_passed_on() {
    let busy = || Reply::of(503, "{}");
    let whole = || Reply::ok(stream_of(Provider::OpenAi));
    let pausing = |seconds| Reply::of(429, "{}").with("retry-after", seconds);
    let text = "{\"a\": \"ü\u{2028}\"}".to_owned();
    assert_eq!(answered([busy(), pausing("0"), whole()]).await, ("stop", text, 3));
    let nothing = String::new;
    assert_eq!(answered([busy()]).await, ("overloaded", nothing(), 5));
    assert_eq!(
        answered([pausing("61"), whole()]).await,
        ("rate_limited", nothing(), 1)
    );
    let cut = || Reply::ok("data: {\"choices\": [{\"delta\": {\"content\": \"\"}}]}\n\n");
    assert_eq!(
        answered([cut(), whole()]).await.0,
        "stop",
        "a cut before the first word is tried again"
    );
    let begun = "data: {\"choices\": [{\"delta\": {\"content\": \"half\"}}]}\n\ndata: {\"error\": {\"code\": 503}}\n\n";
    assert_eq!(
        answered([Reply::ok(begun), whole()]).await,
        ("overloaded", "half".to_owned(), 1)
    );
    assert_eq!(
        answered([Reply::of(401, "{}"), whole()]).await,
        ("model_rejected", nothing(), 1)
    );
}

#[tokio::test]
async fn who_drops_the_stream_hangs_up_and_makes_room() {
    let script = (0..8).fold(ScriptedLlm::default(), |script, _| {
        script.then_hangs_after(vec![Ok(LlmEvent::Text("Well".to_owned()))])
    });
    let llm = queued(script.clone());
    let mut streams: Vec<_> = (0..5).map(|_| llm.stream(request())).collect();
    for stream in &mut streams[..4] {
        assert!(matches!(stream.next().await, Some(Ok(LlmEvent::Text(_)))));
    }
    let waiting = timeout(Duration::from_millis(50), streams[4].next()).await;
    assert!(waiting.is_err(), "four at once in the beginning");
    assert_eq!((llm.figures().running, llm.figures().waiting), (4, 1));
    let last = streams.pop().unwrap();
    drop(streams.pop());
    let mut last = last;
    let begun = timeout(Duration::from_millis(250), last.next()).await;
    assert!(matches!(begun, Ok(Some(Ok(LlmEvent::Text(_))))), "{begun:?}");
    assert_eq!(script.dropped_unfinished(), 1);
    drop((streams, last));
    assert_eq!(script.dropped_unfinished(), 5);
    assert_eq!((llm.figures().running, llm.figures().waiting), (0, 0));
    assert_eq!(llm.figures().reserved.tokens, 0);
}

fn app(number: u128, max_tokens: u32) -> LlmRequest {
    LlmRequest {
        task: Task::Ask,
        account: Account::App(Namespace::new(1, number)),
        max_tokens,
        ..request()
    }
}

async fn end_of(llm: &QueuedLlm, request: LlmRequest) -> Result<EndReason, LlmError> {
    let events: Vec<_> = llm.stream(request).collect().await;
    match events.into_iter().next_back() {
        Some(Ok(LlmEvent::End(reason))) => Ok(reason),
        Some(Err(error)) => Err(error),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_spent_budget_is_told_with_the_time_of_the_next_one() {
    let spending = || {
        let mut reply = say("yes");
        reply.insert(
            0,
            Ok(LlmEvent::Usage(Usage {
                input: 100,
                output: 300,
            })),
        );
        reply
    };
    let script = ScriptedLlm::new([spending(), spending(), spending(), spending()]);
    let clock = Arc::new(Clock(AtomicU64::new(NOON)));
    let each_app = Budget {
        tokens: Some(1_000),
        cost_micros: None,
    };
    let config = QueueConfig {
        budgets: Budgets {
            each_app,
            ..Budgets::default()
        },
        ..config()
    };
    let llm = QueuedLlm::start(Arc::new(script.clone()), config, clock.clone());
    assert!(end_of(&llm, app(1, 500)).await.is_ok());
    assert!(end_of(&llm, app(1, 500)).await.is_ok(), "600 of 1,000 were left");
    let spent = end_of(&llm, app(1, 500)).await.unwrap_err();
    assert_eq!(spent.code(), "budget_spent");
    let told = spent.to_string();
    assert!(
        told.contains("this app may use no more of the model today: 800 tokens of 1000"),
        "{told}"
    );
    assert!(told.contains("a new budget at 2026-11-27T00:00:00"), "{told}");
    assert_eq!(
        script.transcript().len(),
        2,
        "it was refused before anything was asked"
    );
    assert!(end_of(&llm, app(2, 500)).await.is_ok(), "another app has its own");
    assert_eq!(llm.figures().spent_today.tokens, 1_200);
    clock.0.fetch_add(12 * 60 * 60 * 1_000, Ordering::Relaxed);
    assert!(end_of(&llm, app(1, 500)).await.is_ok(), "a new day");
}

#[tokio::test]
async fn what_needs_no_model_does_not_wait_for_one() {
    let clock = Arc::new(Clock(AtomicU64::new(NOON)));
    let nothing = Budget {
        tokens: Some(0),
        cost_micros: None,
    };
    let config = QueueConfig {
        budgets: Budgets {
            each_app: nothing,
            all: nothing,
        },
        ..config()
    };
    let composer = ScriptedLlm::new([say("yes")]).never_repairing();
    let llm = QueuedLlm::start(Arc::new(composer), config, clock);
    assert!(end_of(&llm, app(1, 500)).await.is_ok());
}

mod contract {
    use super::{ScriptedLlm, queued, request, say};

    fn llm() -> super::QueuedLlm {
        queued(ScriptedLlm::new([say("one"), say("two"), say("three")]))
    }

    agentos_core::llm_contract!(llm(), request());
}
