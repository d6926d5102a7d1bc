//! The model queue with a driver, callers and a provider that do anything, under a virtual clock.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;

use agentos_core::ids::Namespace;
use agentos_core::llm_queue::{
    AGED_AFTER, AGED_EVERY, ATTEMPTS, Account, Ask, AttemptEnd, BreakerState, Budget, Budgets, CALLS_IN_ALL,
    CALLS_PER_ACCOUNT, CallFigures, CallId, Effect, FAILURES_IN_A_ROW, FIRST_REST, Heard, IN_FLIGHT_AT_FIRST,
    Input, LONGEST_PAUSE, LlmQueue, Measure, OPEN_TIME, Outcome, Price, QueueConfig, Refusal, Scope,
    Spending, Urgency,
};
use agentos_core::ports::llm::Usage;
use agentos_core::time::Millis;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree;

const DAY: Millis = 86_400_000;
/// Two hours before a midnight, so that days turn in long runs.
const START: Millis = 20_454 * DAY - 7_200_000;

fn app(number: u8) -> Account {
    Account::App(Namespace::new(START, number.into()))
}

/// What the provider does with one attempt.
#[derive(Debug, Clone)]
struct Attempt {
    /// Times between its start, the parts of its answer and its end.
    gap: Millis,
    /// Parts of the answer that come before the end.
    parts: u8,
    /// None where it says nothing more and never ends.
    end: Option<AttemptEnd>,
    /// The share of the most it may take that it takes, in percent; none where the provider does not tell.
    used: Option<u8>,
}

impl Attempt {
    fn answers_after(gap: Millis) -> Self {
        Self {
            gap,
            parts: 1,
            end: Some(AttemptEnd::Answered),
            used: Some(100),
        }
    }

    fn ends(end: AttemptEnd) -> Self {
        Self {
            gap: 100,
            parts: 0,
            end: Some(end),
            used: None,
        }
    }
}

/// What a driver would have to deliver: by time, then in the order it came up.
#[derive(Debug)]
enum Coming {
    Part(CallId),
    End(CallId, Option<Usage>, AttemptEnd),
}

/// What the driver knows of a call that is not over.
#[derive(Debug)]
struct Open {
    ask: Ask,
    asked_at: Millis,
    starts: Vec<Millis>,
    is_running: bool,
    first_token: Option<Millis>,
    /// When something was heard of it last, from the start of its attempt on.
    heard_at: Millis,
    failed_at: Millis,
}

impl Open {
    /// It waits for its first attempt, so it is in a line and does not rest.
    fn is_in_line(&self) -> bool {
        self.starts.is_empty()
    }
}

/// A call that is over.
#[derive(Debug, Clone, Copy)]
struct Done {
    ask: Ask,
    ended_at: Millis,
    outcome: Outcome,
    figures: CallFigures,
}

/// A driver with its queue. It checks what must hold after every input, whatever happens.
struct Run<P> {
    queue: LlmQueue,
    config: QueueConfig,
    /// What becomes of an attempt of a call, by its number from 1.
    provider: P,
    now: Millis,
    open: BTreeMap<CallId, Open>,
    done: BTreeMap<CallId, Done>,
    /// Every start, in order.
    starts: Vec<(Millis, CallId)>,
    coming: BTreeMap<(Millis, u64), Coming>,
    came_up: u64,
    asked: u64,
    /// The call whose attempt just ended: only its end may be passed on.
    just_ended: Option<CallId>,
    paused_until: Millis,
    /// How many starts were made when the limit was halved last.
    starts_at_cut: usize,
    /// In a row, as far as the breaker is closed.
    failures: u32,
    times_opened: u32,
    /// Whether each attempt is answered, so that a call which does not run is in a line.
    is_reliable: bool,
    /// Everything the queue wanted, with its times.
    trace: Vec<(Millis, Effect)>,
}

impl<P: FnMut(CallId, u32) -> Attempt> Run<P> {
    fn new(config: QueueConfig, provider: P) -> Self {
        Self {
            queue: LlmQueue::new(config.clone()),
            config,
            provider,
            now: START,
            open: BTreeMap::new(),
            done: BTreeMap::new(),
            starts: Vec::new(),
            coming: BTreeMap::new(),
            came_up: 0,
            asked: 0,
            just_ended: None,
            paused_until: 0,
            starts_at_cut: 0,
            failures: 0,
            times_opened: 0,
            is_reliable: false,
            trace: Vec::new(),
        }
    }

    fn ask(&mut self, ask: Ask) -> CallId {
        self.asked += 1;
        let call = CallId(self.asked);
        let open = Open {
            ask,
            asked_at: self.now,
            starts: Vec::new(),
            is_running: false,
            first_token: None,
            heard_at: 0,
            failed_at: 0,
        };
        let own = self.open_of(ask.account).count();
        let all = self.open.len();
        self.open.insert(call, open);
        self.handle(Input::Ask { call, ask });
        if let Some(Outcome::Refuse(Refusal::QueueFull { scope, limit })) = self.outcome(call) {
            let (used, expected) = match scope {
                Scope::Account => (own, CALLS_PER_ACCOUNT),
                Scope::All => (all, CALLS_IN_ALL),
            };
            assert_eq!((used, limit), (expected, expected));
        }
        call
    }

    fn open_of(&self, account: Account) -> impl Iterator<Item = &Open> {
        self.open.values().filter(move |open| open.ask.account == account)
    }

    fn outcome(&self, call: CallId) -> Option<Outcome> {
        self.done.get(&call).map(|done| done.outcome)
    }

    fn cancel(&mut self, call: CallId) {
        self.handle(Input::Cancel { call });
    }

    /// Lets time pass up to `until`, with all that comes up meanwhile.
    fn run_until(&mut self, until: Millis) {
        loop {
            let coming = self.coming.first_key_value().map(|((at, _), _)| *at);
            let next = coming.into_iter().chain(self.queue.wake_at()).min();
            let Some(next) = next.filter(|next| *next <= until) else {
                break;
            };
            self.now = self.now.max(next);
            match self.coming.first_entry() {
                Some(first) if first.key().0 <= self.now => {
                    let coming = first.remove();
                    self.deliver(coming);
                }
                _ => self.handle(Input::Tick),
            }
        }
        self.now = self.now.max(until);
    }

    /// Lets time pass until nothing is due any more.
    fn run_out(&mut self) {
        self.run_until(Millis::MAX);
        assert_eq!(self.queue.wake_at(), None);
        assert!(self.open.is_empty(), "calls without an end: {:?}", self.open);
        let figures = self.queue.figures();
        assert_eq!((figures.waiting, figures.running), (0, 0));
        assert_eq!(figures.reserved, Spending::default());
    }

    fn deliver(&mut self, coming: Coming) {
        match coming {
            Coming::Part(call) => {
                let open = self.open.get_mut(&call).unwrap();
                open.heard_at = self.now;
                if open
                    .first_token
                    .replace(open.first_token.unwrap_or(self.now))
                    .is_none()
                {
                    self.failures = 0;
                }
                let heard = Heard::Answer { tokens: 1 };
                self.handle(Input::Heard { call, heard });
            }
            Coming::End(call, usage, end) => self.end(call, usage, end),
        }
    }

    fn end(&mut self, call: CallId, usage: Option<Usage>, end: AttemptEnd) {
        let open = self.open.get_mut(&call).unwrap();
        (open.is_running, open.failed_at) = (false, self.now);
        let is_heard = open.first_token.is_some();
        let start = self
            .starts
            .iter()
            .rposition(|(_, started)| *started == call)
            .unwrap();
        let limit = self.queue.figures().in_flight_limit;
        let mut is_final = is_heard;
        match end {
            AttemptEnd::Answered | AttemptEnd::Refused => {
                self.failures = 0;
                is_final = true;
            }
            AttemptEnd::Overloaded { retry_after } => {
                self.failures += 1;
                let pause = retry_after.unwrap_or(0);
                if pause <= LONGEST_PAUSE {
                    self.paused_until = self.paused_until.max(self.now + pause);
                } else {
                    is_final = true;
                }
            }
            AttemptEnd::Unreachable => self.failures += 1,
        }
        let starts = self.starts.len();
        self.just_ended = Some(call);
        self.handle(Input::Ended { call, usage, end });
        self.just_ended = None;
        assert!(!is_final || self.done.contains_key(&call), "{end:?} is final");

        let after = self.queue.figures().in_flight_limit;
        let is_of_this_load = start >= self.starts_at_cut;
        match end {
            AttemptEnd::Overloaded { .. } if is_of_this_load => {
                self.starts_at_cut = starts;
                assert_eq!(after, (limit / 2).max(1));
            }
            AttemptEnd::Answered if is_of_this_load => assert!((limit..=limit + 1).contains(&after)),
            _ => assert_eq!(after, limit),
        }
    }

    fn handle(&mut self, input: Input) {
        let before = self.queue.figures().breaker;
        let starts = self.starts.len();
        let effects = self.queue.handle(input, self.now);
        for effect in effects {
            self.trace.push((self.now, effect));
            match effect {
                Effect::Start { call } => self.start(call),
                Effect::Stop { call } => self.stop(call),
                Effect::Finish {
                    call,
                    outcome,
                    figures,
                } => self.finish(call, outcome, figures),
            }
        }
        self.check();
        self.check_breaker(before, self.starts.len() - starts);
    }

    /// What holds of the breaker after an input that found it in `before` and led to `starts`.
    fn check_breaker(&mut self, before: BreakerState, starts: usize) {
        let figures = self.queue.figures();
        match figures.breaker {
            BreakerState::Closed => assert!(self.failures < FAILURES_IN_A_ROW),
            BreakerState::Open { until } => {
                assert_eq!(starts, 0);
                assert!(until <= self.now + OPEN_TIME);
                if self.now < until {
                    assert_eq!(figures.waiting, 0, "calls wait for a provider that is not asked");
                }
                if before == BreakerState::Closed {
                    assert!(self.failures >= FAILURES_IN_A_ROW);
                    self.times_opened += 1;
                }
            }
            BreakerState::Probing => assert!(starts <= 1 && before != BreakerState::Closed),
        }
    }

    fn start(&mut self, call: CallId) {
        let open = self.open.get_mut(&call).expect("only an open call is started");
        assert!(!open.is_running, "{call:?} has two attempts at once");
        assert_eq!(
            open.first_token, None,
            "{call:?} is tried again though it was heard"
        );
        assert!(self.now < open.ask.deadline);
        assert!(
            self.now >= self.paused_until,
            "{call:?} started while the provider pauses"
        );
        if let Some(attempt) = (open.starts.len() as u32).checked_sub(1) {
            let shortest = (FIRST_REST << attempt) / 2;
            assert!(self.now >= open.failed_at + shortest, "{call:?} rested too short");
        }
        open.starts.push(self.now);
        open.is_running = true;
        open.heard_at = self.now;
        let attempt = open.starts.len() as u32;
        assert!(attempt <= ATTEMPTS);
        let ask = open.ask;
        self.starts.push((self.now, call));
        if self.is_reliable && self.now < open.asked_at + AGED_AFTER {
            self.check_preference(ask.urgency);
        }
        let plan = (self.provider)(call, attempt);
        self.schedule(call, &ask, &plan);
    }

    /// As long as nobody is aged, a call starts before all less urgent ones.
    fn check_preference(&self, urgency: Urgency) {
        let mut in_line = self.open.values().filter(|open| open.is_in_line());
        if in_line.clone().all(|open| self.now < open.asked_at + AGED_AFTER) {
            assert!(in_line.all(|open| open.ask.urgency >= urgency));
        }
    }

    fn schedule(&mut self, call: CallId, ask: &Ask, plan: &Attempt) {
        let mut at = self.now;
        let mut add = |coming| {
            at += plan.gap;
            self.came_up += 1;
            self.coming.insert((at, self.came_up), coming);
        };
        (0..plan.parts).for_each(|_| add(Coming::Part(call)));
        let Some(end) = plan.end else { return };
        let usage = plan.used.map(|percent| Usage {
            input: ask.input_tokens * u64::from(percent) / 100,
            output: ask.output_tokens * u64::from(percent) / 100,
        });
        add(Coming::End(call, usage, end));
    }

    fn stop(&mut self, call: CallId) {
        let open = self.open.get_mut(&call).expect("only an open call is stopped");
        assert!(
            std::mem::take(&mut open.is_running),
            "{call:?} is stopped and does not run"
        );
        self.coming.retain(|_, coming| match coming {
            Coming::Part(other) | Coming::End(other, ..) => *other != call,
        });
    }

    fn finish(&mut self, call: CallId, outcome: Outcome, figures: CallFigures) {
        let open = self.open.remove(&call).expect("a call ends once");
        assert!(!open.is_running, "{call:?} ends with an attempt that runs");
        match outcome {
            Outcome::PassOn => assert_eq!(self.just_ended, Some(call), "there is no end to pass on"),
            Outcome::Refuse(Refusal::DeadlineExceeded) => assert!(self.now >= open.ask.deadline),
            Outcome::Refuse(Refusal::Silent) => {
                assert!(self.now >= open.heard_at + self.config.idle);
                self.failures += 1;
            }
            Outcome::Refuse(Refusal::Unavailable { retry_after }) => {
                let until = self.now + retry_after;
                assert_eq!(self.queue.figures().breaker, BreakerState::Open { until });
            }
            Outcome::Refuse(_) | Outcome::Cancelled => {}
        }
        assert_eq!(figures.attempts as usize, open.starts.len());
        let started = open.starts.first().copied().unwrap_or(self.now);
        assert_eq!(figures.queued_ms, started - open.asked_at);
        assert_eq!(figures.total_ms, self.now - open.asked_at);
        assert_eq!(
            figures.first_token_ms,
            open.first_token.map(|at| at - open.asked_at)
        );
        assert!(
            self.now <= open.ask.deadline.max(open.asked_at),
            "{call:?} outlived its deadline"
        );
        let done = Done {
            ask: open.ask,
            ended_at: self.now,
            outcome,
            figures,
        };
        self.done.insert(call, done);
    }

    fn check(&self) {
        let figures = self.queue.figures();
        let running = self.open.values().filter(|open| open.is_running);
        for open in running.clone() {
            assert!(
                self.now < open.heard_at + self.config.idle,
                "it may be silent no longer"
            );
        }
        let running = running.count();
        let waiting = self.open.len() - running;
        assert_eq!((figures.running, figures.waiting), (running, waiting));
        let max = self.config.in_flight_max.get();
        assert!(running <= max as usize && (1..=max).contains(&figures.in_flight_limit));
        assert!(self.open.len() <= CALLS_IN_ALL);
        let is_room = match figures.breaker {
            BreakerState::Closed => running < figures.in_flight_limit as usize,
            BreakerState::Open { .. } | BreakerState::Probing => running == 0,
        };
        if is_room && self.now >= self.paused_until {
            let is_left = self
                .open
                .values()
                .any(|open| !open.is_running && open.is_in_line());
            assert!(!is_left, "a call waits although there is room");
        }
        let mut accounts: BTreeMap<Account, usize> = BTreeMap::new();
        for open in self.open.values() {
            *accounts.entry(open.ask.account).or_default() += 1;
        }
        assert!(accounts.values().all(|calls| *calls <= CALLS_PER_ACCOUNT));
        let wake = self.queue.wake_at();
        assert!(
            wake.is_none_or(|wake| wake > self.now),
            "it would wake without end"
        );
        assert_eq!(wake.is_some(), !self.open.is_empty());
    }
}

fn ask_of(account: Account, urgency: Urgency, deadline: Millis) -> Ask {
    Ask {
        account,
        urgency,
        input_tokens: 200,
        output_tokens: 800,
        deadline,
    }
}

/// A queue before a provider that answers each attempt after `gap`, and has for `max` at once.
fn reliable(max: u32, gap: Millis) -> Run<impl FnMut(CallId, u32) -> Attempt> {
    let config = QueueConfig {
        in_flight_max: NonZeroU32::new(max).unwrap(),
        ..QueueConfig::new(1)
    };
    let mut run = Run::new(config, move |_, _| Attempt::answers_after(gap));
    run.is_reliable = true;
    run
}

fn account() -> impl Strategy<Value = Account> {
    prop_oneof![Just(Account::Person), (0..4_u8).prop_map(app)]
}

fn urgency() -> impl Strategy<Value = Urgency> {
    prop_oneof![
        Just(Urgency::Interactive),
        Just(Urgency::Foreground),
        Just(Urgency::Background)
    ]
}

/// A question with a deadline that is counted from when it is asked.
fn ask() -> impl Strategy<Value = Ask> {
    (
        account(),
        urgency(),
        0..2_000_u64,
        0..9_000_u64,
        prop_oneof![Just(0), 1..5_000_u64, 5_000..900_000_u64],
    )
        .prop_map(|(account, urgency, input_tokens, output_tokens, deadline)| Ask {
            account,
            urgency,
            input_tokens,
            output_tokens,
            deadline,
        })
}

fn end() -> impl Strategy<Value = Option<AttemptEnd>> {
    let pause = prop_oneof![
        2 => Just(None),
        2 => (0..20_000_u64).prop_map(Some),
        1 => prop_oneof![Just(LONGEST_PAUSE), Just(LONGEST_PAUSE + 1), Just(Millis::MAX)].prop_map(Some)
    ];
    prop_oneof![
        8 => Just(Some(AttemptEnd::Answered)),
        1 => Just(Some(AttemptEnd::Refused)),
        3 => pause.prop_map(|retry_after| Some(AttemptEnd::Overloaded { retry_after })),
        3 => Just(Some(AttemptEnd::Unreachable)),
        1 => Just(None),
    ]
}

fn attempt() -> impl Strategy<Value = Attempt> {
    let gap = prop_oneof![6 => 1..3_000_u64, 1 => 3_000..200_000_u64];
    let used = prop::option::of(0..=100_u8);
    (gap, 0..5_u8, end(), used).prop_map(|(gap, parts, end, used)| Attempt {
        gap,
        // What fails mostly does so before anything was heard.
        parts: if end == Some(AttemptEnd::Answered) {
            parts
        } else {
            parts / 4
        },
        end,
        used,
    })
}

/// What happens to a queue from the side of its callers.
#[derive(Debug, Clone)]
enum Deed {
    Ask(Ask),
    Burst(Ask, u8),
    Cancel(Index),
    Wait(Millis),
    /// Nobody ever asked what this tells about.
    Stray(u64),
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        6 => ask().prop_map(Deed::Ask),
        1 => (ask(), 2..40_u8).prop_map(|(ask, count)| Deed::Burst(ask, count)),
        2 => any::<Index>().prop_map(Deed::Cancel),
        5 => prop_oneof![1..1_000_u64, 1_000..40_000_u64, Just(5_000_000)].prop_map(Deed::Wait),
        1 => any::<u64>().prop_map(Deed::Stray),
    ]
}

fn perform<P: FnMut(CallId, u32) -> Attempt>(run: &mut Run<P>, deed: &Deed) {
    let at = |run: &Run<P>, ask: &Ask| Ask {
        deadline: run.now + ask.deadline,
        ..*ask
    };
    match deed {
        Deed::Ask(ask) => {
            let ask = at(run, ask);
            run.ask(ask);
        }
        Deed::Burst(ask, count) => {
            let ask = at(run, ask);
            (0..*count).for_each(|_| {
                run.ask(ask);
            });
        }
        Deed::Cancel(which) => {
            let calls: Vec<CallId> = run.open.keys().copied().collect();
            if !calls.is_empty() {
                run.cancel(*which.get(&calls));
            }
        }
        Deed::Wait(time) => run.run_until(run.now + time),
        Deed::Stray(number) => {
            let (call, before) = (CallId(number | 1 << 63), run.queue.figures());
            for input in [
                Input::Cancel { call },
                Input::Heard {
                    call,
                    heard: Heard::Answer { tokens: 9 },
                },
                Input::Ended {
                    call,
                    usage: None,
                    end: AttemptEnd::Unreachable,
                },
            ] {
                assert_eq!(run.queue.handle(input, run.now), []);
            }
            // A day may have turned since the last input.
            let after = run.queue.figures();
            assert_eq!(
                (after.waiting, after.running, after.breaker),
                (before.waiting, before.running, before.breaker)
            );
        }
    }
}

/// A provider that does one of `plans` with each attempt, always the same one.
fn one_of(plans: &[Attempt]) -> impl FnMut(CallId, u32) -> Attempt + '_ {
    |call, attempt| plans[(call.0 as usize * 7 + attempt as usize) % plans.len()].clone()
}

fn run_of<'a>(
    config: &QueueConfig,
    plans: &'a [Attempt],
    deeds: &[Deed],
) -> Run<impl FnMut(CallId, u32) -> Attempt + 'a> {
    let mut run = Run::new(config.clone(), one_of(plans));
    for deed in deeds {
        perform(&mut run, deed);
    }
    run.run_out();
    run
}

fn plans() -> impl Strategy<Value = Vec<Attempt>> {
    prop::collection::vec(attempt(), 1..12)
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    prop::collection::vec(deed(), 1..120)
}

fn in_flight_max() -> impl Strategy<Value = NonZeroU32> {
    (1..20_u32).prop_map(|max| NonZeroU32::new(max).unwrap())
}

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn whatever_happens_each_call_ends_once_in_its_time(
        plans in plans(), deeds in deeds(), seed in any::<u64>(), in_flight_max in in_flight_max()
    ) {
        let config = QueueConfig { in_flight_max, ..QueueConfig::new(seed) };
        let run = run_of(&config, &plans, &deeds);
        prop_assert_eq!(run.done.len() as u64, run.asked);
    }

    #[test]
    fn the_same_inputs_and_seed_lead_to_the_same_effects(plans in plans(), deeds in deeds(), seed in any::<u64>()) {
        let config = QueueConfig::new(seed);
        let (one, other) = (run_of(&config, &plans, &deeds), run_of(&config, &plans, &deeds));
        prop_assert_eq!(one.trace, other.trace);
    }

    #[test]
    fn a_provider_that_comes_and_goes_is_left_alone_while_it_is_gone(
        spells in prop::collection::vec((1..60_usize, any::<bool>()), 2..10), deeds in deeds()
    ) {
        let mut left: Vec<bool> = spells.iter().rev().flat_map(|(length, is_up)| vec![*is_up; *length]).collect();
        let mut run = Run::new(QueueConfig::new(1), |_, _| match left.pop() {
            Some(false) => Attempt::ends(AttemptEnd::Unreachable),
            Some(true) | None => Attempt::answers_after(50),
        });
        for deed in &deeds {
            perform(&mut run, deed);
        }
        run.run_out();
    }

    #[test]
    fn the_limit_recovers_after_overloads(overloads in 1..40_u64, in_flight_max in in_flight_max()) {
        let config = QueueConfig { in_flight_max, ..QueueConfig::new(1) };
        let mut run = Run::new(config, |call, _| if call.0 <= overloads {
            Attempt::ends(AttemptEnd::Overloaded { retry_after: Some(1_000) })
        } else {
            Attempt::answers_after(100)
        });
        // One after the other, so that the breaker lets all of them through.
        for call in 1..=overloads + 200 {
            run.ask(ask_of(app(1), Urgency::Foreground, run.now + 60_000));
            run.run_until(run.now + if call <= overloads { 90_000 } else { 200 });
        }
        prop_assert!(overloads < 3 || run.times_opened > 0);
        prop_assert_eq!(run.queue.figures().in_flight_limit, in_flight_max.get());
    }
}

/// What is used and set aside today, as the test counts it: of `account`, or of all.
fn used_today<P: FnMut(CallId, u32) -> Attempt>(run: &Run<P>, account: Option<Account>) -> Spending {
    let is_meant = |ask: &Ask| account.is_none_or(|account| ask.account == account);
    let done = run
        .done
        .values()
        .filter(|done| done.ended_at / DAY == run.now / DAY);
    let done = done.map(|done| (done.ask, done.figures.usage));
    let open = run.open.values().map(|open| (open.ask, most(&open.ask)));
    let used = done.chain(open).filter(|(ask, _)| is_meant(ask));
    used.fold(Spending::default(), |sum, (_, usage)| {
        let used = priced(&run.config.price, usage);
        Spending {
            tokens: sum.tokens + used.tokens,
            cost_micros: sum.cost_micros + used.cost_micros,
        }
    })
}

fn most(ask: &Ask) -> Usage {
    Usage {
        input: ask.input_tokens,
        output: ask.output_tokens,
    }
}

fn priced(price: &Price, usage: Usage) -> Spending {
    let cost = usage.input * price.input_micros + usage.output * price.output_micros;
    Spending {
        tokens: usage.input + usage.output,
        cost_micros: cost.div_ceil(1_000_000),
    }
}

fn fits(budget: Budget, used: Spending, more: Spending) -> bool {
    budget
        .tokens
        .is_none_or(|limit| used.tokens + more.tokens <= limit)
        && budget
            .cost_micros
            .is_none_or(|limit| used.cost_micros + more.cost_micros <= limit)
}

fn budget() -> impl Strategy<Value = Budget> {
    (
        prop::option::of(5_000..80_000_u64),
        prop::option::of(5_000..80_000_u64),
    )
        .prop_map(|(tokens, cost_micros)| Budget { tokens, cost_micros })
}

proptest! {
    #![proptest_config(cases(32))]

    #[test]
    fn budgets_hold_and_only_what_does_not_fit_is_refused(
        plans in plans(), deeds in deeds(), each_app in budget(), all in budget()
    ) {
        let price = Price { input_micros: 300_000, output_micros: 2_500_000 };
        let config = QueueConfig { budgets: Budgets { each_app, all }, price, ..QueueConfig::new(1) };
        let mut run = Run::new(config, one_of(&plans));
        for deed in &deeds {
            let Deed::Ask(ask) = deed else {
                perform(&mut run, deed);
                continue;
            };
            let ask = Ask { deadline: run.now + ask.deadline, ..*ask };
            let (own, everyone) = (used_today(&run, Some(ask.account)), used_today(&run, None));
            let more = priced(&price, most(&ask));
            let own_fits = ask.account == Account::Person || fits(each_app, own, more);
            let call = run.ask(ask);
            match run.outcome(call) {
                Some(Outcome::Refuse(Refusal::BudgetSpent { scope, measure, limit, used, resets_at })) => {
                    let (budget, known) = match scope {
                        Scope::Account => (each_app, own),
                        Scope::All => (all, everyone),
                    };
                    let (expected, known, more) = match measure {
                        Measure::Tokens => (budget.tokens, known.tokens, more.tokens),
                        Measure::Cost => (budget.cost_micros, known.cost_micros, more.cost_micros),
                    };
                    prop_assert_eq!((Some(limit), used), (expected, known));
                    prop_assert!(used + more > limit);
                    prop_assert!(resets_at > run.now && resets_at <= run.now + DAY && resets_at % DAY == 0);
                }
                Some(Outcome::Refuse(_)) => {}
                Some(_) | None => prop_assert!(own_fits && fits(all, everyone, more)),
            }
            let (figures, everyone) = (run.queue.figures(), used_today(&run, None));
            prop_assert_eq!(figures.spent_today.tokens + figures.reserved.tokens, everyone.tokens);
            prop_assert_eq!(figures.spent_today.cost_micros + figures.reserved.cost_micros, everyone.cost_micros);
        }
        run.run_out();
    }

    #[test]
    fn what_is_used_stays_within_a_budget_where_estimates_hold(deeds in deeds(), each_app in budget(), all in budget()) {
        let config = QueueConfig { budgets: Budgets { each_app, all }, ..QueueConfig::new(1) };
        let mut run = Run::new(config, |call, attempt| match (call.0 + u64::from(attempt)) % 3 {
            0 => Attempt::ends(AttemptEnd::Unreachable),
            share => Attempt { used: Some(share as u8 * 50), parts: 0, ..Attempt::answers_after(700) },
        });
        for deed in &deeds {
            perform(&mut run, deed);
        }
        run.run_out();
        let mut days: BTreeMap<(Millis, Option<Account>), u64> = BTreeMap::new();
        for done in run.done.values() {
            let (day, usage) = (done.ended_at / DAY, done.figures.usage);
            *days.entry((day, None)).or_default() += usage.input + usage.output;
            if done.ask.account != Account::Person {
                *days.entry((day, Some(done.ask.account))).or_default() += usage.input + usage.output;
            }
        }
        for ((_, account), used) in days {
            let budget = if account.is_some() { each_app } else { all };
            prop_assert!(budget.tokens.is_none_or(|limit| used <= limit), "{account:?} used {used}");
        }
    }

    #[test]
    fn accounts_that_always_ask_get_the_same_tokens_and_a_newcomer_no_more(
        sizes in prop::collection::vec((1..2_000_u64, 1..2_000_u64, 20..=100_u8), 2..6), in_flight in 1..7_u32
    ) {
        let config = QueueConfig { in_flight_max: NonZeroU32::new(in_flight).unwrap(), ..QueueConfig::new(1) };
        let shares: Vec<u8> = sizes.iter().map(|(.., share)| *share).collect();
        let owner = std::cell::RefCell::new(BTreeMap::new());
        let mut run = Run::new(config, |call, _| {
            let used = Some(shares[owner.borrow()[&call]]);
            Attempt { used, ..Attempt::answers_after(1) }
        });
        run.is_reliable = true;
        let newcomer = sizes.len() - 1;
        let mut before = Vec::new();
        for round in 0..400 {
            if round == 100 {
                before = (0..sizes.len()).map(|place| tokens_of(&run, app(place as u8))).collect();
            }
            for (place, (input_tokens, output_tokens, _)) in sizes.iter().enumerate() {
                if place == newcomer && round < 100 {
                    continue;
                }
                let ask = Ask {
                    input_tokens: *input_tokens,
                    output_tokens: *output_tokens,
                    ..ask_of(app(place as u8), Urgency::Foreground, run.now + DAY)
                };
                while run.open_of(ask.account).filter(|open| open.is_in_line()).count() < 9 {
                    owner.borrow_mut().insert(CallId(run.asked + 1), place);
                    run.ask(ask);
                }
            }
            run.run_until(run.now + 2);
        }
        let got: Vec<u64> = before.iter().enumerate().map(|(place, before)| {
            tokens_of(&run, app(place as u8)) - before
        }).collect();
        let largest = sizes.iter().map(|(input, output, _)| input + output).max().unwrap();
        let apart = got.iter().max().unwrap() - got.iter().min().unwrap();
        // Each may be one call ahead, and what runs is paid for at its most until it has ended.
        prop_assert!(apart <= 2 * largest * u64::from(in_flight + 1), "{got:?}");
    }

    #[test]
    fn a_call_that_waits_starts_in_bounded_time_whatever_else_is_asked(
        background in 1..20_u64, in_flight in 1..6_u32, gap in 50..900_u64, accounts in 1..4_u8
    ) {
        let mut run = reliable(in_flight, gap);
        // An attempt takes two gaps, and besides the patient ones those that came first may be aged.
        let oldest = background + 12 * u64::from(accounts) + 1;
        let ends = run.now + 2 * AGED_AFTER + 2 * gap * u64::from(AGED_EVERY) * oldest;
        let mut patient = Vec::new();
        while run.now < ends {
            for number in 0..accounts {
                while run.open_of(app(number)).filter(|open| open.is_in_line()).count() < 12 {
                    run.ask(ask_of(app(number), Urgency::Interactive, ends + DAY));
                }
            }
            if patient.is_empty() {
                patient.extend((0..background).map(|_| run.ask(ask_of(app(9), Urgency::Background, ends + DAY))));
            }
            run.run_until(run.now + gap);
        }
        for (older, call) in patient.iter().enumerate() {
            let started = run.starts.iter().position(|(_, started)| started == call);
            let started = started.expect("it starts while the others keep coming");
            let aged_at = START + AGED_AFTER;
            prop_assert!(run.starts[started].0 >= aged_at, "it started before it was aged");
            let passed = run.starts[..started].iter().filter(|(at, _)| *at >= aged_at).count();
            // Interactive ones that came first and were passed over by the fair order are older too.
            let before = run.starts[..started].iter().filter(|(at, other)| *at >= aged_at && other < call && !patient.contains(other));
            let older = older + before.count();
            prop_assert!(passed < (older + 1) * AGED_EVERY as usize, "{passed} starts before it, {older} older calls");
        }
        run.run_out();
    }
}

/// The tokens that the calls of `account` took which are over.
fn tokens_of<P: FnMut(CallId, u32) -> Attempt>(run: &Run<P>, account: Account) -> u64 {
    let own = run.done.values().filter(|done| done.ask.account == account);
    own.map(|done| done.figures.usage.input + done.figures.usage.output)
        .sum()
}

#[test]
fn urgent_calls_go_first_and_none_is_lost_when_all_places_are_taken() {
    let mut run = reliable(IN_FLIGHT_AT_FIRST, 20);
    for number in 0..=u8::MAX {
        for urgency in [Urgency::Background, Urgency::Interactive, Urgency::Foreground] {
            run.ask(ask_of(app(number), urgency, START + DAY));
        }
    }
    let refused = run.done.values().filter(|done| {
        let (scope, limit) = (Scope::All, CALLS_IN_ALL);
        done.outcome == Outcome::Refuse(Refusal::QueueFull { scope, limit })
    });
    assert_eq!(refused.count(), 768 - CALLS_IN_ALL);
    run.run_out();
    let answered = run.done.values().filter(|done| done.outcome == Outcome::PassOn);
    assert_eq!(answered.count(), CALLS_IN_ALL);
}

#[test]
fn a_run_meets_everything_that_can_happen_to_a_call() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut ends, mut opened, mut retries) = (BTreeSet::new(), 0, 0);
    for _ in 0..100 {
        let tree = (plans(), deeds()).new_tree(&mut runner).unwrap();
        let (plans, deeds) = tree.current();
        let run = run_of(&QueueConfig::new(1), &plans, &deeds);
        ends.extend(run.done.values().map(|done| match done.outcome {
            Outcome::PassOn => "passed on",
            Outcome::Cancelled => "cancelled",
            Outcome::Refuse(Refusal::DeadlineExceeded) => "deadline",
            Outcome::Refuse(Refusal::Silent) => "silent",
            Outcome::Refuse(Refusal::Unavailable { .. }) => "unavailable",
            Outcome::Refuse(Refusal::QueueFull { .. }) => "full",
            Outcome::Refuse(Refusal::BudgetSpent { .. }) => "budget",
        }));
        opened += run.times_opened;
        retries += run.done.values().filter(|done| done.figures.attempts > 1).count();
    }
    let expected = [
        "cancelled",
        "deadline",
        "full",
        "passed on",
        "silent",
        "unavailable",
    ];
    assert_eq!(ends.into_iter().collect::<Vec<_>>(), expected);
    assert!(opened > 10 && retries > 200, "{opened} {retries}");
}
