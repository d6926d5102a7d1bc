//! The rules of the queue as tables; long random runs are in `tests/it/llm_queue.rs`.

use super::*;
use crate::ids::Namespace;

const START: Millis = 1_767_225_600_000;
const HOUR: Millis = 3_600_000;
const ONE: CallId = CallId(1);
const TWO: CallId = CallId(2);

fn app(number: u128) -> Account {
    Account::App(Namespace::new(START, number))
}

/// A queue, the time, and what it wanted done last.
struct Bench {
    queue: LlmQueue,
    now: Millis,
    effects: Vec<Effect>,
}

impl Bench {
    fn new() -> Self {
        Self::with(QueueConfig::new(1))
    }

    fn with(config: QueueConfig) -> Self {
        Self {
            queue: LlmQueue::new(config),
            now: START,
            effects: Vec::new(),
        }
    }

    fn handle(&mut self, input: Input) -> &[Effect] {
        self.effects = self.queue.handle(input, self.now);
        &self.effects
    }

    fn ask(&mut self, call: CallId) -> &[Effect] {
        let (account, urgency) = (app(1), Urgency::Foreground);
        self.ask_of(
            call,
            Ask {
                account,
                urgency,
                input_tokens: 100,
                output_tokens: 1_000,
                deadline: self.now + HOUR,
            },
        )
    }

    fn ask_of(&mut self, call: CallId, ask: Ask) -> &[Effect] {
        self.handle(Input::Ask { call, ask })
    }

    fn say(&mut self, call: CallId, tokens: u64) -> &[Effect] {
        let heard = Heard::Answer { tokens };
        self.handle(Input::Heard { call, heard })
    }

    fn end(&mut self, call: CallId, end: AttemptEnd) -> &[Effect] {
        let usage = None;
        self.handle(Input::Ended { call, usage, end })
    }

    fn pass(&mut self, time: Millis) -> &[Effect] {
        self.now += time;
        self.handle(Input::Tick)
    }

    fn wake(&mut self) -> &[Effect] {
        self.now = self.queue.wake_at().expect("something is due");
        self.handle(Input::Tick)
    }

    /// The outcome of `call`, if that was among the last effects, and its figures.
    fn finished(&self, call: CallId) -> Option<(Outcome, CallFigures)> {
        self.effects.iter().find_map(|effect| match effect {
            Effect::Finish {
                call: finished,
                outcome,
                figures,
            } if *finished == call => Some((*outcome, *figures)),
            _ => None,
        })
    }

    fn outcome(&self, call: CallId) -> Option<Outcome> {
        self.finished(call).map(|(outcome, _)| outcome)
    }
}

fn overloaded(retry_after: Option<Millis>) -> AttemptEnd {
    AttemptEnd::Overloaded { retry_after }
}

/// What becomes of a call whose first attempt ends so: none where it is tried again.
#[track_caller]
fn check_end(is_heard: bool, end: AttemptEnd, expected: Option<Outcome>) {
    let mut bench = Bench::new();
    assert_eq!(bench.ask(ONE), [Effect::Start { call: ONE }]);
    if is_heard {
        assert_eq!(bench.say(ONE, 1), []);
    }
    bench.end(ONE, end);
    assert_eq!(bench.outcome(ONE), expected, "{end:?}");
    if expected.is_none() {
        assert_eq!(bench.wake(), [Effect::Start { call: ONE }], "{end:?}");
    }
}

#[test]
fn only_what_may_help_and_was_not_heard_is_tried_again() {
    for is_heard in [false, true] {
        let again = if is_heard { Some(Outcome::PassOn) } else { None };
        check_end(is_heard, AttemptEnd::Answered, Some(Outcome::PassOn));
        check_end(is_heard, AttemptEnd::Refused, Some(Outcome::PassOn));
        check_end(is_heard, AttemptEnd::Unreachable, again);
        check_end(is_heard, overloaded(None), again);
        check_end(is_heard, overloaded(Some(0)), again);
        check_end(is_heard, overloaded(Some(LONGEST_PAUSE)), again);
        check_end(
            is_heard,
            overloaded(Some(LONGEST_PAUSE + 1)),
            Some(Outcome::PassOn),
        );
        check_end(is_heard, overloaded(Some(Millis::MAX)), Some(Outcome::PassOn));
    }
}

#[test]
fn the_fifth_attempt_is_the_last() {
    let mut bench = Bench::new();
    bench.ask(ONE);
    for _ in 1..ATTEMPTS {
        bench.end(ONE, AttemptEnd::Unreachable);
        assert_eq!(bench.wake(), [Effect::Start { call: ONE }]);
    }
    bench.end(ONE, AttemptEnd::Unreachable);
    let (outcome, figures) = bench.finished(ONE).unwrap();
    assert_eq!((outcome, figures.attempts), (Outcome::PassOn, ATTEMPTS));
    assert_eq!(bench.queue.wake_at(), None);
}

#[test]
fn a_rest_that_would_pass_the_deadline_is_not_taken() {
    for (deadline, expected) in [(FIRST_REST / 2, Some(Outcome::PassOn)), (FIRST_REST + 1, None)] {
        let mut bench = Bench::new();
        let ask = Ask {
            account: Account::Person,
            urgency: Urgency::Interactive,
            input_tokens: 1,
            output_tokens: 1,
            deadline: START + deadline,
        };
        bench.ask_of(ONE, ask);
        bench.end(ONE, AttemptEnd::Unreachable);
        assert_eq!(bench.outcome(ONE), expected, "{deadline}");
    }
}

#[test]
fn a_sign_of_life_keeps_an_attempt_going_and_does_not_make_it_the_last() {
    let mut bench = Bench::new();
    bench.ask(ONE);
    for _ in 0..10 {
        bench.now += 119_999;
        let heard = Heard::Alive;
        assert_eq!(bench.handle(Input::Heard { call: ONE, heard }), []);
    }
    assert_eq!(bench.end(ONE, AttemptEnd::Unreachable), []);
    assert_eq!(bench.wake(), [Effect::Start { call: ONE }]);
    bench.pass(119_999);
    assert_eq!(bench.effects, []);
    assert_eq!(bench.pass(1)[0], Effect::Stop { call: ONE });
    assert_eq!(bench.outcome(ONE), Some(Outcome::Refuse(Refusal::Silent)));
}

#[test]
fn a_deadline_ends_a_call_where_it_is() {
    let mut bench = Bench::with(QueueConfig {
        in_flight_max: NonZeroU32::MIN,
        ..QueueConfig::new(1)
    });
    bench.ask(ONE);
    bench.ask(TWO);
    bench.say(ONE, 1);
    while bench.now < START + HOUR - 1 {
        bench.now = (bench.now + 100_000).min(START + HOUR - 1);
        assert_eq!(bench.say(ONE, 1), []);
    }
    bench.pass(1);
    let refused = Some(Outcome::Refuse(Refusal::DeadlineExceeded));
    assert_eq!((bench.outcome(ONE), bench.outcome(TWO)), (refused, refused));
    let stops = bench
        .effects
        .iter()
        .filter(|effect| matches!(effect, Effect::Stop { .. }));
    assert_eq!(stops.collect::<Vec<_>>(), [&Effect::Stop { call: ONE }]);
}

#[test]
fn a_cancelled_call_is_stopped_where_it_runs_and_gone_where_it_waits() {
    let mut bench = Bench::with(QueueConfig {
        in_flight_max: NonZeroU32::MIN,
        ..QueueConfig::new(1)
    });
    bench.ask(ONE);
    bench.ask(TWO);
    bench.ask(CallId(3));
    bench.handle(Input::Cancel { call: TWO });
    assert_eq!(bench.outcome(TWO), Some(Outcome::Cancelled));
    assert_eq!(bench.effects.len(), 1);
    bench.handle(Input::Cancel { call: ONE });
    assert_eq!(bench.effects[0], Effect::Stop { call: ONE });
    assert_eq!(bench.outcome(ONE), Some(Outcome::Cancelled));
    assert_eq!(bench.effects[2], Effect::Start { call: CallId(3) });
}

#[test]
fn what_does_not_belong_to_a_running_call_is_ignored() {
    let mut bench = Bench::with(QueueConfig {
        in_flight_max: NonZeroU32::MIN,
        ..QueueConfig::new(1)
    });
    let stray = |bench: &mut Bench, call| {
        let before = bench.queue.figures();
        assert_eq!(bench.say(call, 5), []);
        assert_eq!(bench.end(call, AttemptEnd::Answered), []);
        assert_eq!(bench.queue.figures(), before);
    };
    stray(&mut bench, ONE);
    assert_eq!(bench.handle(Input::Cancel { call: ONE }), []);
    bench.ask(ONE);
    assert_eq!(bench.ask(ONE), [], "it is there already");
    bench.ask(TWO);
    stray(&mut bench, TWO);
    bench.end(ONE, AttemptEnd::Unreachable);
    stray(&mut bench, ONE);
    bench.end(TWO, AttemptEnd::Answered);
    stray(&mut bench, TWO);
}

/// The tokens that count for an attempt that told `usage` and of whose answer `heard` tokens came.
#[track_caller]
fn check_usage(usage: Option<(u64, u64)>, heard: Option<u64>, end: Option<AttemptEnd>, expected: (u64, u64)) {
    let mut bench = Bench::new();
    bench.ask(ONE);
    if let Some(tokens) = heard {
        bench.say(ONE, tokens);
        bench.say(ONE, 0);
    }
    let usage = usage.map(|(input, output)| Usage { input, output });
    bench.handle(match end {
        Some(end) => Input::Ended {
            call: ONE,
            usage,
            end,
        },
        None => Input::Cancel { call: ONE },
    });
    let (_, figures) = bench.finished(ONE).unwrap();
    assert_eq!((figures.usage.input, figures.usage.output), expected);
    let spent = bench.queue.figures().spent_today.tokens;
    assert_eq!(spent, expected.0 + expected.1);
    let ended = bench.queue.figures().ended;
    assert_eq!(
        (ended.calls, ended.input_tokens, ended.output_tokens),
        (1, expected.0, expected.1)
    );
    assert_eq!(bench.queue.figures().reserved, Spending::default());
}

#[test]
fn what_was_told_counts_and_else_what_was_seen() {
    use AttemptEnd::{Answered, Refused, Unreachable};
    check_usage(Some((7, 9)), Some(50), Some(Answered), (7, 9));
    check_usage(None, Some(50), Some(Answered), (100, 50));
    check_usage(None, None, Some(Answered), (100, 0));
    check_usage(Some((7, 9)), None, Some(Refused), (7, 9));
    check_usage(None, None, Some(Refused), (0, 0));
    check_usage(None, Some(50), Some(Refused), (100, 50));
    check_usage(None, Some(50), Some(Unreachable), (100, 50));
    check_usage(None, Some(50), None, (100, 50));
    check_usage(None, None, None, (100, 0));
}

#[test]
fn figures_tell_the_times_of_a_call() {
    let mut bench = Bench::with(QueueConfig {
        in_flight_max: NonZeroU32::MIN,
        ..QueueConfig::new(1)
    });
    bench.ask(ONE);
    bench.ask(TWO);
    bench.now += 300;
    bench.end(ONE, AttemptEnd::Answered);
    bench.now += 40;
    bench.say(TWO, 1);
    bench.now += 5;
    bench.say(TWO, 1);
    let (usage, end) = (
        Some(Usage {
            input: 11,
            output: 12,
        }),
        AttemptEnd::Answered,
    );
    bench.handle(Input::Ended {
        call: TWO,
        usage,
        end,
    });
    let expected = CallFigures {
        queued_ms: 300,
        first_token_ms: Some(340),
        total_ms: 345,
        usage: Usage {
            input: 11,
            output: 12,
        },
        attempts: 1,
    };
    assert_eq!(bench.finished(TWO), Some((Outcome::PassOn, expected)));
}

#[test]
fn a_pause_holds_for_every_call() {
    let mut bench = Bench::new();
    bench.ask(ONE);
    bench.end(ONE, overloaded(Some(10_000)));
    assert_eq!(bench.ask(TWO), []);
    assert_eq!(bench.queue.figures().paused_until, Some(START + 10_000));
    assert_eq!(bench.pass(9_999), []);
    bench.wake();
    assert_eq!(bench.now, START + 10_000);
    assert_eq!(
        bench.effects,
        [Effect::Start { call: ONE }, Effect::Start { call: TWO }]
    );
}

/// A queue that thinks the provider down, since now.
fn down() -> Bench {
    let mut bench = Bench::new();
    for failure in 0..FAILURES_IN_A_ROW {
        let call = CallId(100 + u64::from(failure));
        bench.ask(call);
        bench.end(call, AttemptEnd::Unreachable);
        bench.handle(Input::Cancel { call });
    }
    bench
}

#[test]
fn a_provider_that_is_down_is_left_alone_until_one_call_tries() {
    let mut bench = down();
    bench.pass(10_000);
    bench.ask(ONE);
    let retry_after = OPEN_TIME - 10_000;
    let refused = Outcome::Refuse(Refusal::Unavailable { retry_after });
    assert_eq!(bench.outcome(ONE), Some(refused));

    bench.pass(retry_after);
    assert_eq!(bench.ask(ONE), [Effect::Start { call: ONE }]);
    assert_eq!(bench.ask(TWO), []);
    assert_eq!(bench.queue.figures().breaker, BreakerState::Probing);
    assert_eq!(bench.say(ONE, 1), [Effect::Start { call: TWO }]);
    assert_eq!(bench.queue.figures().breaker, BreakerState::Closed);
}

#[test]
fn a_try_that_fails_refuses_those_that_waited_for_it() {
    for end in [Some(AttemptEnd::Unreachable), Some(overloaded(Some(5))), None] {
        let mut bench = down();
        bench.pass(OPEN_TIME);
        bench.ask(ONE);
        bench.ask(TWO);
        if let Some(end) = end {
            bench.end(ONE, end);
            assert_eq!(bench.outcome(ONE), Some(Outcome::PassOn));
        } else {
            bench.pass(120_000);
            assert_eq!(bench.outcome(ONE), Some(Outcome::Refuse(Refusal::Silent)));
        }
        let retry_after = OPEN_TIME;
        let refused = Outcome::Refuse(Refusal::Unavailable { retry_after });
        assert_eq!(bench.outcome(TWO), Some(refused));
    }
}

#[test]
fn where_the_call_that_tries_is_cancelled_the_next_one_does() {
    let mut bench = down();
    bench.pass(OPEN_TIME);
    bench.ask(ONE);
    bench.ask(TWO);
    bench.ask(CallId(3));
    bench.handle(Input::Cancel { call: ONE });
    assert_eq!(bench.effects.last(), Some(&Effect::Start { call: TWO }));
    assert_eq!(bench.queue.figures().breaker, BreakerState::Probing);
}

#[test]
fn the_calls_of_an_account_and_of_all_are_bounded() {
    let mut bench = Bench::new();
    let full = |scope, limit| Some(Outcome::Refuse(Refusal::QueueFull { scope, limit }));
    for call in 0..CALLS_IN_ALL as u64 {
        let ask = Ask {
            account: app(u128::from(call) / CALLS_PER_ACCOUNT as u128),
            urgency: Urgency::Background,
            input_tokens: 1,
            output_tokens: 1,
            deadline: START + HOUR,
        };
        bench.ask_of(CallId(call), ask);
        assert_eq!(bench.outcome(CallId(call)), None);
        if call == CALLS_PER_ACCOUNT as u64 - 1 {
            let one_more = CallId(1_000_000);
            bench.ask_of(one_more, ask);
            assert_eq!(bench.outcome(one_more), full(Scope::Account, CALLS_PER_ACCOUNT));
        }
    }
    let one_more = CallId(1_000_000);
    let ask = Ask {
        account: Account::Person,
        urgency: Urgency::Interactive,
        input_tokens: 1,
        output_tokens: 1,
        deadline: START + HOUR,
    };
    bench.ask_of(one_more, ask);
    assert_eq!(bench.outcome(one_more), full(Scope::All, CALLS_IN_ALL));
    bench.handle(Input::Cancel { call: CallId(500) });
    bench.ask_of(one_more, ask);
    assert_eq!(bench.outcome(one_more), None);
}

#[test]
fn a_clock_that_goes_back_stands_still() {
    let mut bench = Bench::new();
    bench.ask(ONE);
    bench.now -= 5_000;
    bench.end(ONE, AttemptEnd::Answered);
    let (_, figures) = bench.finished(ONE).unwrap();
    assert_eq!(figures.total_ms, 0);
}
