//! One call from its question to its end.

use serde::Serialize;

use super::in_flight::Start;
use super::waiting::{Place, Ticket};
use super::{Ask, AttemptEnd, CallId, Heard};
use crate::ports::llm::Usage;
use crate::time::Millis;

/// What a call took. Lengths are in milliseconds from when it was asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct CallFigures {
    /// Until its first attempt, or to its end where there was none.
    pub queued_ms: Millis,
    /// Until the first part of the answer.
    pub first_token_ms: Option<Millis>,
    /// To its end.
    pub total_ms: Millis,
    /// Of all attempts, as it counts against budgets: where the provider told nothing, it is estimated.
    pub usage: Usage,
    pub attempts: u32,
}

#[derive(Debug)]
pub(super) struct Call {
    pub(super) ask: Ask,
    pub(super) stage: Stage,
    asked_at: Millis,
    first_start: Option<Millis>,
    first_token: Option<Millis>,
    usage: Usage,
    attempts: u32,
}

#[derive(Debug)]
pub(super) enum Stage {
    /// It has its place in a line.
    Waiting,
    /// Between two attempts; it takes its place again then.
    Resting {
        until: Millis,
    },
    Running(Attempt),
}

#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) start: Start,
    heard_at: Millis,
    /// Of the answer heard so far, estimated; none while nothing was heard of it.
    answer_tokens: Option<u64>,
}

/// What comes due first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    Deadline,
    Silence,
    RestOver,
}

impl Call {
    pub(super) fn new(ask: Ask, now: Millis) -> Self {
        Self {
            ask,
            stage: Stage::Waiting,
            asked_at: now,
            first_start: None,
            first_token: None,
            usage: Usage::default(),
            attempts: 0,
        }
    }

    pub(super) fn ticket(&self, call: CallId) -> Ticket {
        let most = self.ask.most();
        let since = self.asked_at;
        Ticket {
            place: Place { since, call },
            account: self.ask.account,
            urgency: self.ask.urgency,
            tokens: most.input.saturating_add(most.output),
        }
    }

    pub(super) fn start(&mut self, start: Start, now: Millis) {
        self.attempts += 1;
        self.first_start.get_or_insert(now);
        self.stage = Stage::Running(Attempt {
            start,
            heard_at: now,
            answer_tokens: None,
        });
    }

    /// Whether that is the first part of the answer. Nothing is heard where no attempt runs.
    pub(super) fn hear(&mut self, heard: Heard, now: Millis) -> bool {
        let Stage::Running(attempt) = &mut self.stage else {
            return false;
        };
        attempt.heard_at = now;
        let Heard::Answer { tokens } = heard else {
            return false;
        };
        let is_first = attempt.answer_tokens.is_none();
        attempt.answer_tokens = Some(attempt.answer_tokens.unwrap_or(0).saturating_add(tokens));
        self.first_token.get_or_insert(now);
        is_first
    }

    /// Takes the attempt that runs out of the call, which rests from now on. The tokens it took are those
    /// told, or else estimated.
    pub(super) fn take_attempt(
        &mut self,
        told: Option<Usage>,
        how: Over,
        now: Millis,
    ) -> Option<(Attempt, Usage)> {
        let stage = std::mem::replace(&mut self.stage, Stage::Resting { until: now });
        let Stage::Running(attempt) = stage else {
            self.stage = stage;
            return None;
        };
        let used = told.unwrap_or_else(|| attempt.estimate(&self.ask, how));
        self.usage.input = self.usage.input.saturating_add(used.input);
        self.usage.output = self.usage.output.saturating_add(used.output);
        Some((attempt, used))
    }

    pub(super) fn attempts(&self) -> u32 {
        self.attempts
    }

    pub(super) fn figures(&self, now: Millis) -> CallFigures {
        let since = |then: Millis| then - self.asked_at;
        CallFigures {
            queued_ms: since(self.first_start.unwrap_or(now)),
            first_token_ms: self.first_token.map(since),
            total_ms: since(now),
            usage: self.usage,
            attempts: self.attempts,
        }
    }

    /// What comes next by time alone, and when.
    pub(super) fn due(&self, idle: Millis) -> (Millis, Due) {
        let deadline = (self.ask.deadline, Due::Deadline);
        let other = match &self.stage {
            Stage::Waiting => return deadline,
            Stage::Resting { until } => (*until, Due::RestOver),
            Stage::Running(attempt) => (attempt.heard_at.saturating_add(idle), Due::Silence),
        };
        deadline.min(other)
    }
}

/// How an attempt came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Over {
    Ended(AttemptEnd),
    Stopped,
}

impl Attempt {
    pub(super) fn is_heard(&self) -> bool {
        self.answer_tokens.is_some()
    }

    /// What an attempt took that nobody told the tokens of: its question and what was heard. One that
    /// failed before anything was heard took nothing; one that was stopped may have been read.
    fn estimate(&self, ask: &Ask, how: Over) -> Usage {
        let took_nothing = match how {
            Over::Stopped | Over::Ended(AttemptEnd::Answered) => false,
            Over::Ended(_) => !self.is_heard(),
        };
        if took_nothing {
            return Usage::default();
        }
        Usage {
            input: ask.input_tokens,
            output: self.answer_tokens.unwrap_or(0),
        }
    }
}
