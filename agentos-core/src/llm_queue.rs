//! The model queue: when a request to a language model is made, and when it is refused instead. A value
//! that is fed inputs and answers effects; it asks no model and reads no clock.
//!
//! Start at [`LlmQueue::handle`]. `waiting` says who is next, `in_flight`, `breaker` and `retry` what the
//! provider can bear, `budget` what may be used in a day.

mod breaker;
mod budget;
mod call;
mod in_flight;
mod retry;
mod waiting;

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use serde::Serialize;
use thiserror::Error;

pub use breaker::{BreakerState, FAILURES_IN_A_ROW, OPEN_TIME};
pub use budget::{Budget, Budgets, Measure, Price, Spending};
pub use call::CallFigures;
pub use in_flight::IN_FLIGHT_AT_FIRST;
pub use retry::{ATTEMPTS, FIRST_REST, LONGEST_PAUSE};
pub use waiting::{AGED_AFTER, AGED_EVERY};

pub use crate::ports::llm::{Account, Urgency};

use crate::ports::llm::Usage;
use crate::time::Millis;
use breaker::Breaker;
use budget::Ledger;
use call::{Attempt, Call, Due, Over, Stage};
use in_flight::InFlight;
use waiting::Waiting;

/// The most calls of one account that wait or run.
pub const CALLS_PER_ACCOUNT: usize = 32;
/// The most calls that wait or run.
pub const CALLS_IN_ALL: usize = 512;

/// The number of a call, given by whoever drives the queue and never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub u64);

/// What is to be asked of the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    pub account: Account,
    pub urgency: Urgency,
    /// Of the question, estimated.
    pub input_tokens: u64,
    /// The most the answer may have, thoughts included.
    pub output_tokens: u64,
    /// When an answer is of no more use, in milliseconds since the Unix epoch.
    pub deadline: Millis,
}

impl Ask {
    fn most(&self) -> Usage {
        Usage {
            input: self.input_tokens,
            output: self.output_tokens,
        }
    }
}

/// What the queue is told. A call it does not know, or that has no attempt that could be heard or end, is
/// ignored; so is the question of one it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    Ask {
        call: CallId,
        ask: Ask,
    },
    /// Something came from the attempt that runs.
    Heard {
        call: CallId,
        heard: Heard,
    },
    /// The attempt ended by itself.
    Ended {
        call: CallId,
        /// Of this attempt; none where the provider told nothing.
        usage: Option<Usage>,
        end: AttemptEnd,
    },
    /// The caller no longer waits.
    Cancel {
        call: CallId,
    },
    /// Time passed; due at [`LlmQueue::wake_at`].
    Tick,
}

/// What came from an attempt. Either keeps it from being stopped as silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// A sign of life that the caller sees nothing of: a header, a comment, a count of tokens.
    Alive,
    /// Part of the answer, text or thought, which was passed on: from the first on, no other attempt is
    /// made. `tokens` is an estimate and counts where the provider tells no usage.
    Answer { tokens: u64 },
}

/// How an attempt ended by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptEnd {
    Answered,
    /// Asking again would not help.
    Refused,
    /// The provider has too much to do, or the caller asked too much of it: 429, 503, 529.
    Overloaded {
        retry_after: Option<Millis>,
    },
    /// The provider was not reached, or the connection broke.
    Unreachable,
}

/// What the queue wants done, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Make one attempt now, and tell how it ended.
    Start { call: CallId },
    /// Close the attempt's connection to the provider; its end needs no [`Input::Ended`].
    Stop { call: CallId },
    /// The call is over and forgotten. Exactly one for each call that was asked.
    Finish {
        call: CallId,
        outcome: Outcome,
        figures: CallFigures,
    },
}

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The end of the attempt that was just told, answer or error, is that of the call.
    PassOn,
    /// There is no attempt whose end could be told.
    Refuse(Refusal),
    /// As the caller wanted.
    Cancelled,
}

/// Why a call was not answered by the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    #[error("{limit} calls to the model wait or run already")]
    QueueFull { scope: Scope, limit: usize },
    /// `used` holds what is set aside for calls that wait or run. `resets_at` is in milliseconds since
    /// the Unix epoch.
    #[error("today's budget for the model is spent: {used} of {limit}")]
    BudgetSpent {
        scope: Scope,
        measure: Measure,
        limit: u64,
        used: u64,
        resets_at: Millis,
    },
    #[error("the model did not answer in time")]
    DeadlineExceeded,
    /// Nothing was heard of the model for [`QueueConfig::idle`].
    #[error("the model fell silent")]
    Silent,
    /// It failed too often to be asked now.
    #[error("the model is not available now")]
    Unavailable { retry_after: Millis },
}

/// What a bound holds for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The account that asked.
    Account,
    /// All of them together.
    All,
}

/// What is fixed for one run of the queue.
#[derive(Debug, Clone)]
pub struct QueueConfig {
    /// What the rests between attempts are drawn from.
    pub seed: u64,
    /// The most attempts at once, however well the provider does; it begins with [`IN_FLIGHT_AT_FIRST`].
    pub in_flight_max: NonZeroU32,
    /// How long an attempt may be silent, from its start on.
    pub idle: Millis,
    /// The rest after the first attempt of a call, at most; each is twice the one before.
    pub first_rest: Millis,
    pub budgets: Budgets,
    pub price: Price,
}

impl QueueConfig {
    /// Without a budget or a price.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            in_flight_max: IN_FLIGHT_MAX,
            idle: IDLE,
            first_rest: FIRST_REST,
            budgets: Budgets::default(),
            price: Price::default(),
        }
    }
}

/// How long an attempt may be silent unless a configuration says otherwise.
const IDLE: Millis = 120_000;
const IN_FLIGHT_MAX: NonZeroU32 = NonZeroU32::new(16).unwrap();

/// How the queue does, as of its last input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct QueueFigures {
    /// With those that rest between two attempts.
    pub waiting: usize,
    pub running: usize,
    pub in_flight_limit: u32,
    /// Until when the provider asked not to be asked, in milliseconds since the Unix epoch; none where
    /// that is over.
    pub paused_until: Option<Millis>,
    pub breaker: BreakerState,
    /// Of all calls that ended today, by UTC.
    pub spent_today: Spending,
    /// Set aside for the calls that wait or run.
    pub reserved: Spending,
    pub ended: EndedCalls,
}

/// All calls that were let in and ended since the start, whatever their end; these only grow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct EndedCalls {
    pub calls: u64,
    pub input_tokens: u64,
    pub output_tokens: u64,
}

impl EndedCalls {
    fn add(&mut self, used: Usage) {
        self.calls += 1;
        self.input_tokens = self.input_tokens.saturating_add(used.input);
        self.output_tokens = self.output_tokens.saturating_add(used.output);
    }
}

/// The one way to a model. Single writer, no locks: whoever owns it feeds it one input after another.
#[derive(Debug)]
pub struct LlmQueue {
    config: QueueConfig,
    now: Millis,
    calls: BTreeMap<CallId, Call>,
    waiting: Waiting,
    running: u32,
    in_flight: InFlight,
    breaker: Breaker,
    paused_until: Millis,
    ledger: Ledger,
    ended: EndedCalls,
    /// What the input being handled led to so far.
    effects: Vec<Effect>,
}

impl LlmQueue {
    pub fn new(config: QueueConfig) -> Self {
        Self {
            now: 0,
            calls: BTreeMap::new(),
            waiting: Waiting::default(),
            running: 0,
            in_flight: InFlight::new(config.in_flight_max),
            breaker: Breaker::new(),
            paused_until: 0,
            ledger: Ledger::new(config.budgets, config.price),
            ended: EndedCalls::default(),
            effects: Vec::new(),
            config,
        }
    }

    /// Takes one input at the time `now`. A clock that went back stands still here.
    pub fn handle(&mut self, input: Input, now: Millis) -> Vec<Effect> {
        self.now = self.now.max(now);
        self.ledger.turn(self.now);
        match input {
            Input::Ask { call, ask } => self.ask(call, ask),
            Input::Heard { call, heard } => self.hear(call, heard),
            Input::Ended { call, usage, end } => self.attempt_ended(call, usage, end),
            Input::Cancel { call } => self.finish(call, Outcome::Cancelled),
            Input::Tick => {}
        }
        self.handle_due();
        self.start_waiting();
        std::mem::take(&mut self.effects)
    }

    /// When the next [`Input::Tick`] is due, if nothing else happens; later than the last input.
    pub fn wake_at(&self) -> Option<Millis> {
        let due = self.calls.values().map(|call| call.due(self.config.idle).0);
        let pause = (!self.waiting.is_empty() && self.is_paused()).then_some(self.paused_until);
        due.chain(pause).min()
    }

    pub fn figures(&self) -> QueueFigures {
        QueueFigures {
            waiting: self.calls.len() - self.running as usize,
            running: self.running as usize,
            in_flight_limit: self.in_flight.limit(),
            paused_until: self.is_paused().then_some(self.paused_until),
            breaker: self.breaker.state(),
            spent_today: self.ledger.spent(),
            reserved: self.ledger.reserved(),
            ended: self.ended,
        }
    }

    fn ask(&mut self, id: CallId, ask: Ask) {
        if self.calls.contains_key(&id) {
            return;
        }
        let call = Call::new(ask, self.now);
        if let Err(refusal) = self.admit(&ask) {
            self.tell_end(id, &call, Outcome::Refuse(refusal));
            return;
        }
        self.waiting.push(call.ticket(id));
        self.calls.insert(id, call);
    }

    /// Whether `ask` may wait at all; what it may take at most is set aside then.
    fn admit(&mut self, ask: &Ask) -> Result<(), Refusal> {
        if ask.deadline <= self.now {
            return Err(Refusal::DeadlineExceeded);
        }
        if let Some(retry_after) = self.breaker.refuses_for(self.now) {
            return Err(Refusal::Unavailable { retry_after });
        }
        let own = self.calls.values().filter(|call| call.ask.account == ask.account);
        for (scope, limit, used) in [
            (Scope::Account, CALLS_PER_ACCOUNT, own.count()),
            (Scope::All, CALLS_IN_ALL, self.calls.len()),
        ] {
            if used >= limit {
                return Err(Refusal::QueueFull { scope, limit });
            }
        }
        self.ledger.reserve(ask.account, ask.most())
    }

    fn hear(&mut self, id: CallId, heard: Heard) {
        if let Some(call) = self.calls.get_mut(&id)
            && call.hear(heard, self.now)
        {
            self.breaker.succeeded(id);
        }
    }

    fn attempt_ended(&mut self, id: CallId, usage: Option<Usage>, end: AttemptEnd) {
        let Some(attempt) = self.take_attempt(id, usage, Over::Ended(end)) else {
            return;
        };
        match end {
            AttemptEnd::Answered => {
                self.in_flight.answered(attempt.start);
                self.breaker.succeeded(id);
            }
            AttemptEnd::Refused => self.breaker.succeeded(id),
            AttemptEnd::Overloaded { retry_after } => {
                self.in_flight.overloaded(attempt.start);
                self.pause(retry_after.unwrap_or(0));
                self.attempt_failed(id);
            }
            AttemptEnd::Unreachable => self.attempt_failed(id),
        }
        match self.next_attempt(id, &attempt, end) {
            Some(until) => self.rest(id, until),
            None => self.finish(id, Outcome::PassOn),
        }
    }

    /// Nothing starts for so long, as the provider asked; what it asks for beyond [`LONGEST_PAUSE`] is
    /// no pause but a refusal.
    fn pause(&mut self, length: Millis) {
        if length <= LONGEST_PAUSE {
            self.paused_until = self.paused_until.max(self.now.saturating_add(length));
        }
    }

    fn is_paused(&self) -> bool {
        self.now < self.paused_until
    }

    /// Counts a failure. If it is one too many, every call that waits is refused, but not `id`: it has an
    /// error of its own to pass on.
    fn attempt_failed(&mut self, id: CallId) {
        self.breaker.failed(id, self.now);
        let Some(retry_after) = self.breaker.refuses_for(self.now) else {
            return;
        };
        let waiting = self.calls.iter().filter(|(other, call)| {
            let is_running = matches!(call.stage, Stage::Running(_));
            !is_running && **other != id
        });
        let waiting: Vec<CallId> = waiting.map(|(call, _)| *call).collect();
        for call in waiting {
            self.finish(call, Outcome::Refuse(Refusal::Unavailable { retry_after }));
        }
    }

    /// When the call whose attempt ended is tried again; none where that end is final.
    fn next_attempt(&self, id: CallId, attempt: &Attempt, end: AttemptEnd) -> Option<Millis> {
        let pause = match end {
            AttemptEnd::Answered | AttemptEnd::Refused => return None,
            AttemptEnd::Overloaded { retry_after } => retry_after.unwrap_or(0),
            AttemptEnd::Unreachable => 0,
        };
        let call = self.calls.get(&id)?;
        let is_final = attempt.is_heard()
            || call.attempts() >= ATTEMPTS
            || pause > LONGEST_PAUSE
            || self.breaker.refuses_for(self.now).is_some();
        let rest = retry::rest(self.config.seed, self.config.first_rest, id, call.attempts());
        let until = self.now.saturating_add(rest).max(self.paused_until);
        (!is_final && until < call.ask.deadline).then_some(until)
    }

    fn rest(&mut self, id: CallId, until: Millis) {
        if let Some(call) = self.calls.get_mut(&id) {
            call.stage = Stage::Resting { until };
        }
    }

    /// Ends the attempt of a call, which rests from now on, and settles what it took of its account's
    /// share. None where none runs.
    fn take_attempt(&mut self, id: CallId, told: Option<Usage>, how: Over) -> Option<Attempt> {
        let call = self.calls.get_mut(&id)?;
        let (attempt, used) = call.take_attempt(told, how, self.now)?;
        let tokens = used.input.saturating_add(used.output);
        self.waiting.settle(&call.ticket(id), tokens);
        self.running -= 1;
        Some(attempt)
    }

    /// Ends a call, wherever it is; an attempt that runs is stopped.
    fn finish(&mut self, id: CallId, outcome: Outcome) {
        if self.take_attempt(id, None, Over::Stopped).is_some() {
            self.breaker.stopped(id, self.now);
            self.effects.push(Effect::Stop { call: id });
        }
        let Some(call) = self.calls.remove(&id) else {
            return;
        };
        if matches!(call.stage, Stage::Waiting) {
            self.waiting.remove(&call.ticket(id));
        }
        let used = call.figures(self.now).usage;
        self.ledger.settle(call.ask.account, call.ask.most(), used);
        self.ended.add(used);
        self.tell_end(id, &call, outcome);
    }

    fn tell_end(&mut self, id: CallId, call: &Call, outcome: Outcome) {
        self.effects.push(Effect::Finish {
            call: id,
            outcome,
            figures: call.figures(self.now),
        });
    }

    fn handle_due(&mut self) {
        let due = self
            .calls
            .iter()
            .map(|(id, call)| (*id, call.due(self.config.idle)));
        let due = due.filter(|(_, (at, _))| *at <= self.now);
        let due: Vec<_> = due.map(|(id, (_, what))| (id, what)).collect();
        for (id, what) in due {
            match what {
                Due::Deadline => self.finish(id, Outcome::Refuse(Refusal::DeadlineExceeded)),
                Due::Silence => self.fell_silent(id),
                Due::RestOver => self.rest_over(id),
            }
        }
    }

    fn fell_silent(&mut self, id: CallId) {
        self.attempt_failed(id);
        self.finish(id, Outcome::Refuse(Refusal::Silent));
    }

    fn rest_over(&mut self, id: CallId) {
        // A call that fell silent just now may have had all those that rest refused.
        if let Some(call) = self.calls.get_mut(&id) {
            call.stage = Stage::Waiting;
            self.waiting.push(call.ticket(id));
        }
    }

    fn start_waiting(&mut self) {
        while self.may_start()
            && let Some(id) = self.waiting.pop(self.now)
        {
            if let Some(call) = self.calls.get_mut(&id) {
                call.start(self.in_flight.start(), self.now);
                self.running += 1;
                self.breaker.started(id);
                self.effects.push(Effect::Start { call: id });
            }
        }
    }

    fn may_start(&self) -> bool {
        !self.is_paused() && self.running < self.in_flight.limit() && self.breaker.lets_through(self.now)
    }
}

#[cfg(test)]
mod tests;
