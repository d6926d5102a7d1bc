//! Keeps calls from a provider that is down: after many failures in a row nothing is asked for a while,
//! and then one call tries for all.

use serde::Serialize;

use super::CallId;
use crate::time::Millis;

/// Attempts that fail in a row, over all calls, before nothing is asked for a while. More than one call
/// makes, so that it takes several to think the provider down.
pub const FAILURES_IN_A_ROW: u32 = 8;
/// How long nothing is asked then.
pub const OPEN_TIME: Millis = 30_000;

/// Whether the provider is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum BreakerState {
    /// It is.
    Closed,
    /// Calls are refused until then, in milliseconds since the Unix epoch; the next one after tries.
    Open { until: Millis },
    /// One call tries and the others wait for what becomes of it.
    Probing,
}

#[derive(Debug)]
pub(super) enum Breaker {
    Closed { failures: u32 },
    Open { until: Millis },
    Probing(CallId),
}

impl Breaker {
    pub(super) fn new() -> Self {
        Self::Closed { failures: 0 }
    }

    pub(super) fn state(&self) -> BreakerState {
        match *self {
            Self::Closed { .. } => BreakerState::Closed,
            Self::Open { until } => BreakerState::Open { until },
            Self::Probing(_) => BreakerState::Probing,
        }
    }

    /// How long calls are still refused; none where they are not.
    pub(super) fn refuses_for(&self, now: Millis) -> Option<Millis> {
        match self {
            Self::Open { until } if now < *until => Some(until - now),
            _ => None,
        }
    }

    pub(super) fn lets_through(&self, now: Millis) -> bool {
        match self {
            Self::Closed { .. } => true,
            Self::Open { until } => now >= *until,
            Self::Probing(_) => false,
        }
    }

    /// An attempt of a call that was let through starts.
    pub(super) fn started(&mut self, call: CallId) {
        if let Self::Open { .. } = self {
            *self = Self::Probing(call);
        }
    }

    /// The provider answered, if only with a refusal. While it is thought down, that counts of the call
    /// that tries alone: what was started before says nothing about now.
    pub(super) fn succeeded(&mut self, call: CallId) {
        match self {
            Self::Closed { failures } => *failures = 0,
            Self::Probing(probe) if *probe == call => *self = Self::new(),
            Self::Probing(_) | Self::Open { .. } => {}
        }
    }

    pub(super) fn failed(&mut self, call: CallId, now: Millis) {
        let opens = match self {
            Self::Closed { failures } => {
                *failures += 1;
                *failures >= FAILURES_IN_A_ROW
            }
            Self::Probing(probe) => *probe == call,
            Self::Open { .. } => false,
        };
        if opens {
            let until = now.saturating_add(OPEN_TIME);
            *self = Self::Open { until };
        }
    }

    /// The call was stopped before it told anything; if it was the one that tries, the next one does.
    pub(super) fn stopped(&mut self, call: CallId, now: Millis) {
        if let Self::Probing(probe) = self
            && *probe == call
        {
            *self = Self::Open { until: now };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROBE: CallId = CallId(7);
    const OTHER: CallId = CallId(8);

    fn probing() -> Breaker {
        let mut breaker = Breaker::Open { until: 100 };
        breaker.started(PROBE);
        breaker
    }

    #[track_caller]
    fn check(mut breaker: Breaker, happens: impl FnOnce(&mut Breaker), expected: BreakerState) {
        happens(&mut breaker);
        assert_eq!(breaker.state(), expected);
    }

    #[test]
    fn only_the_call_that_tries_decides() {
        let open_until = |until| BreakerState::Open { until };
        check(
            probing(),
            |breaker| breaker.succeeded(PROBE),
            BreakerState::Closed,
        );
        check(
            probing(),
            |breaker| breaker.succeeded(OTHER),
            BreakerState::Probing,
        );
        check(
            probing(),
            |breaker| breaker.failed(PROBE, 500),
            open_until(500 + OPEN_TIME),
        );
        check(
            probing(),
            |breaker| breaker.failed(OTHER, 500),
            BreakerState::Probing,
        );
        check(probing(), |breaker| breaker.stopped(PROBE, 500), open_until(500));
        check(
            probing(),
            |breaker| breaker.stopped(OTHER, 500),
            BreakerState::Probing,
        );
        let open = || Breaker::Open { until: 100 };
        check(open(), |breaker| breaker.succeeded(OTHER), open_until(100));
        check(open(), |breaker| breaker.failed(OTHER, 50), open_until(100));
    }

    #[test]
    fn failures_in_a_row_open_it_and_an_answer_between_them_does_not() {
        let mut breaker = Breaker::new();
        for _ in 0..3 {
            for failure in 1..FAILURES_IN_A_ROW {
                breaker.failed(CallId(failure.into()), 0);
            }
            breaker.succeeded(OTHER);
        }
        assert_eq!(breaker.state(), BreakerState::Closed);
        for failure in 0..FAILURES_IN_A_ROW {
            assert!(breaker.lets_through(10));
            breaker.failed(CallId(failure.into()), 10);
        }
        assert_eq!(breaker.refuses_for(10), Some(OPEN_TIME));
        assert!(!breaker.lets_through(9 + OPEN_TIME));
        assert!(breaker.lets_through(10 + OPEN_TIME));
        assert_eq!(breaker.refuses_for(10 + OPEN_TIME), None);
    }
}
