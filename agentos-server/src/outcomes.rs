//! How generations ended, counted from the start of the server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use agentos_core::generate::{GenerationError, GenerationEvent};
use agentos_core::ports::llm::LlmError;
use futures::StreamExt;
use futures::stream::BoxStream;

#[derive(Debug, Default)]
pub(crate) struct Outcomes([AtomicU64; Outcome::ALL.len()]);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Made,
    /// The composer builds no such thing.
    Declined,
    Failed,
    /// Nobody waited for the end any more.
    Cancelled,
}

impl Outcome {
    const ALL: [Self; 4] = [Self::Made, Self::Declined, Self::Failed, Self::Cancelled];

    fn name(self) -> &'static str {
        match self {
            Self::Made => "made",
            Self::Declined => "declined",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// None while it goes on.
    fn of(event: &GenerationEvent) -> Option<Self> {
        match event {
            GenerationEvent::Completed(_) => Some(Self::Made),
            GenerationEvent::Failed(failure) => Some(match failure.error {
                GenerationError::Model(LlmError::Declined { .. }) => Self::Declined,
                _ => Self::Failed,
            }),
            GenerationEvent::Started
            | GenerationEvent::Thought(_)
            | GenerationEvent::Token(_)
            | GenerationEvent::Patch(_) => None,
        }
    }
}

impl Outcomes {
    /// `events` as they are; how they end is counted.
    pub(crate) fn counting(
        self: &Arc<Self>,
        events: BoxStream<'static, GenerationEvent>,
    ) -> BoxStream<'static, GenerationEvent> {
        let mut generation = Counted {
            outcomes: Arc::clone(self),
            outcome: Outcome::Cancelled,
        };
        events.inspect(move |event| generation.hear(event)).boxed()
    }

    /// By the name of the outcome.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = self.0.iter().map(|count| count.load(Ordering::Relaxed));
        Outcome::ALL.iter().map(|outcome| outcome.name()).zip(counts)
    }
}

/// Counts its outcome once it is over, or once nobody asks for its events any more.
struct Counted {
    outcomes: Arc<Outcomes>,
    outcome: Outcome,
}

impl Counted {
    fn hear(&mut self, event: &GenerationEvent) {
        self.outcome = Outcome::of(event).unwrap_or(self.outcome);
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.outcomes.0[self.outcome as usize].fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use agentos_core::generate::{Generated, GenerationFailure, Report};
    use futures::stream;
    use serde_json::Value;

    use super::*;

    fn failure(error: GenerationError) -> GenerationEvent {
        GenerationEvent::Failed(Box::new(GenerationFailure {
            error,
            draft: Value::Null,
            issues: Vec::new(),
        }))
    }

    #[tokio::test]
    async fn each_generation_is_counted_once_by_how_it_ended() {
        let outcomes = Arc::new(Outcomes::default());
        let declined = LlmError::Declined {
            message: String::new(),
            can_build: Vec::new(),
        };
        let generated = Generated {
            document: Value::Null,
            thoughts: Vec::new(),
            report: Report::default(),
        };
        for last in [
            GenerationEvent::Completed(Box::new(generated)),
            failure(declined.into()),
            failure(LlmError::TimedOut.into()),
            GenerationEvent::Token("the first of many".to_owned()),
        ] {
            let events = stream::iter([GenerationEvent::Started, last]).boxed();
            let heard = outcomes.counting(events).take(2).count().await;
            assert_eq!(heard, 2);
        }
        let counts: Vec<_> = outcomes.counts().collect();
        assert_eq!(
            counts,
            [("made", 1), ("declined", 1), ("failed", 1), ("cancelled", 1)]
        );
    }
}
