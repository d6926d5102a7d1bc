//! How many attempts run at once: fewer where the provider is overloaded, more as it recovers.

use std::num::NonZeroU32;

/// How many attempts may run at once at first.
pub const IN_FLIGHT_AT_FIRST: u32 = 4;

/// The number of a start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Start(u64);

/// The limit of attempts at once: halved by an overload, raised by one after as many answers as it
/// counts. Attempts from before the last cut do neither, as they tell about a load that is gone.
#[derive(Debug)]
pub(super) struct InFlight {
    limit: u32,
    max: u32,
    answers: u32,
    next: Start,
    /// The first start that counts.
    since: Start,
}

impl InFlight {
    pub(super) fn new(max: NonZeroU32) -> Self {
        Self {
            limit: max.get().min(IN_FLIGHT_AT_FIRST),
            max: max.get(),
            answers: 0,
            next: Start(0),
            since: Start(0),
        }
    }

    /// At least 1.
    pub(super) fn limit(&self) -> u32 {
        self.limit
    }

    pub(super) fn start(&mut self) -> Start {
        let start = self.next;
        self.next.0 += 1;
        start
    }

    pub(super) fn answered(&mut self, start: Start) {
        if start < self.since {
            return;
        }
        self.answers += 1;
        if self.answers >= self.limit {
            self.answers = 0;
            self.limit = self.max.min(self.limit + 1);
        }
    }

    pub(super) fn overloaded(&mut self, start: Start) {
        if start < self.since {
            return;
        }
        self.since = self.next;
        self.answers = 0;
        self.limit = (self.limit / 2).max(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The limit after rounds that fill it; `+` where all were answered, `-` where all met an overload.
    #[track_caller]
    fn check(max: u32, rounds: &str, expected: u32) {
        let mut in_flight = InFlight::new(NonZeroU32::new(max).unwrap());
        for round in rounds.chars() {
            let starts: Vec<_> = (0..in_flight.limit()).map(|_| in_flight.start()).collect();
            for start in starts {
                match round {
                    '+' => in_flight.answered(start),
                    _ => in_flight.overloaded(start),
                }
            }
        }
        assert_eq!(in_flight.limit(), expected, "{max} {rounds}");
    }

    #[test]
    fn a_burst_of_overloads_halves_once_and_a_round_of_answers_adds_one() {
        check(16, "", 4);
        check(2, "", 2);
        check(16, "-", 2);
        check(16, "--", 1);
        check(16, "-----", 1);
        check(16, "+", 5);
        check(16, "++", 6);
        check(16, "++++++++++++++++++++", 16);
        check(3, "+++", 3);
        check(16, "++-", 3);
        check(16, "--++", 3);
    }

    #[test]
    fn what_began_before_a_cut_neither_halves_nor_raises() {
        let mut in_flight = InFlight::new(NonZeroU32::new(16).unwrap());
        let early: Vec<_> = (0..4).map(|_| in_flight.start()).collect();
        in_flight.overloaded(early[0]);
        let late = in_flight.start();
        in_flight.overloaded(early[1]);
        in_flight.answered(early[2]);
        in_flight.answered(early[3]);
        assert_eq!(in_flight.limit(), 2);
        in_flight.overloaded(late);
        assert_eq!(in_flight.limit(), 1);
    }
}
