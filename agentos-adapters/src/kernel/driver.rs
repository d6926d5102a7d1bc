//! Lets the kernel's policy decide, in the thread of whoever has news for it, and carries out what it decided.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::Duration;

use agentos_core::kernel::{
    AuditRecord, AuthorizedOp, Call, CallId, Effect, FileStream, Input, IoKind, Kernel, KernelConfig,
    KernelEvent, OpId, Principal, Reply, SysError,
};
use agentos_core::ports::ambient::Ambient;
use agentos_core::ports::host::HostPort;
use agentos_core::ports::kernel::{EventItem, Reader};
use agentos_core::ports::stream::Pipe;
use agentos_core::time::Millis;
use futures::FutureExt;
use futures::future::{AbortHandle, AbortRegistration, Abortable, join_all};
use tokio::runtime::Handle;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Notify, broadcast, mpsc, oneshot, watch};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::answers::{Charge, Given};

/// Events a reader may be behind before it misses some.
const EVENTS_BEHIND: usize = 1_024;
/// Events that are read under the lock at once, of those that are kept.
const EVENTS_AT_ONCE: usize = 256;
/// Decisions that are written to the audit together, at most.
const DECISIONS_AT_ONCE: usize = 256;
/// How long a cancelled operation may take to reach its next await.
const TIME_TO_STOP: Duration = Duration::from_millis(100);
/// Records kept for a later try while the audit cannot be written. From so many on the kernel decides nothing that it can
/// refuse; what else is to be recorded, such as the end of a process, is bounded by what there is.
const RECORDS_UNWRITTEN: usize = 4_096;
/// How long after a try that failed the next one is made. Where no more waits than is written together, the next decision
/// makes one too.
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// The kernel at work. Each piece of news is one step of the policy, under a lock that no operation, no write and no wait
/// is within: what it takes is what the policy takes to think.
pub(super) struct Driver {
    state: Mutex<State>,
    host: Arc<dyn HostPort>,
    runtime: Handle,
    /// The time to wake at is earlier than it was, or there is none any more.
    time_changed: Notify,
    /// Without a sender once everything is answered and recorded.
    settled: watch::Receiver<()>,
}

struct State {
    /// This one, for the charges of answers.
    driver: Weak<Driver>,
    kernel: Kernel,
    clock: SteadyClock,
    /// False once nobody can ask any more.
    open: bool,
    answers: HashMap<CallId, Answer>,
    /// Calls that led to records before they were answered; their answers come after those.
    recorded: HashSet<CallId>,
    /// Those that are open, with the host's end until the host has it.
    streams: HashMap<CallId, Option<Pipe>>,
    running: HashMap<OpId, Operation>,
    /// When the kernel next hears of the time by itself; never is [`Millis::MAX`].
    wakes_at: Millis,
    /// Shared by the subscriptions of people.
    people: Arc<()>,
    attended: bool,
    /// None once everything is answered.
    outlets: Option<Outlets>,
}

/// Where the kernel's decisions go beside the answers.
struct Outlets {
    events: broadcast::Sender<KernelEvent>,
    /// Bounded by the calls in flight: each decision waits with the answer to one, or ends one.
    decisions: mpsc::UnboundedSender<Decision>,
    unsettled: watch::Sender<()>,
}

type Answer = oneshot::Sender<Given>;

/// A place in the stream of events: what is kept first, part by part, then what happens.
#[derive(Debug)]
pub(super) struct Subscription {
    driver: Arc<Driver>,
    /// What is told before anything else.
    next: VecDeque<EventItem>,
    then: Then,
    /// Says that a person reads, as long as it is there.
    _person: Option<Arc<()>>,
}

#[derive(Debug)]
enum Then {
    /// What is kept of the events after this one.
    Kept(u64),
    Live(broadcast::Receiver<KernelEvent>),
    End,
}

impl Subscription {
    pub(super) async fn next(&mut self) -> Option<EventItem> {
        loop {
            if let Some(item) = self.next.pop_front() {
                return Some(item);
            }
            match &mut self.then {
                Then::Kept(seq) => {
                    let seq = *seq;
                    (self.next, self.then) = self.driver.step(|state| state.kept_after(seq))?;
                }
                Then::Live(live) => {
                    return match live.recv().await {
                        Ok(event) => Some(EventItem::Event(event)),
                        Err(RecvError::Lagged(count)) => Some(EventItem::Missed { count }),
                        Err(RecvError::Closed) => None,
                    };
                }
                Then::End => return None,
            }
        }
    }
}

/// An operation that runs.
struct Operation {
    abort: AbortHandle,
    /// Ends with it, however it ends.
    ended: oneshot::Receiver<()>,
}

/// An operation that is to run.
struct Work {
    op: AuthorizedOp,
    pipe: Option<Pipe>,
    abort: AbortRegistration,
    ends: oneshot::Sender<()>,
}

/// What a step leaves to do without the lock.
#[derive(Default)]
struct Outcome {
    begun: Vec<Work>,
    settled: Vec<Decision>,
    /// Bytes that nobody takes any more; to drop them can be news for the kernel.
    left: Vec<Option<Pipe>>,
}

/// What the kernel decided in one step, and the answers that wait until it is in the audit.
#[derive(Default)]
struct Decision {
    records: Vec<AuditRecord>,
    answers: Vec<(Answer, Given)>,
    stopping: Vec<oneshot::Receiver<()>>,
    /// Held until its answers are given.
    _unsettled: Option<watch::Sender<()>>,
}

impl Driver {
    /// Starts on the current tokio runtime.
    pub(super) fn start(
        config: KernelConfig,
        ambient: Arc<dyn Ambient>,
        host: Arc<dyn HostPort>,
    ) -> Arc<Self> {
        let (decisions, decided) = mpsc::unbounded_channel();
        let (unsettled, settled) = watch::channel(());
        let driver = Arc::new_cyclic(|driver| Self {
            state: Mutex::new(State {
                driver: Weak::clone(driver),
                kernel: Kernel::new(config, ambient.now()),
                clock: SteadyClock::start(ambient),
                open: true,
                answers: HashMap::new(),
                recorded: HashSet::new(),
                streams: HashMap::new(),
                running: HashMap::new(),
                wakes_at: Millis::MAX,
                people: Arc::default(),
                attended: false,
                outlets: Some(Outlets {
                    events: broadcast::channel(EVENTS_BEHIND).0,
                    decisions,
                    unsettled: unsettled.clone(),
                }),
            }),
            host: Arc::clone(&host),
            runtime: Handle::current(),
            time_changed: Notify::new(),
            settled,
        });
        let kernel = Arc::downgrade(&driver);
        tokio::spawn(async move {
            keep_audit(kernel, host, decided).await;
            drop(unsettled);
        });
        tokio::spawn(Arc::clone(&driver).keep_time());
        driver
    }

    /// Begins a call, whose answer comes where this returns; none once nobody can ask.
    pub(super) fn call(self: &Arc<Self>, id: CallId, call: Call) -> Option<oneshot::Receiver<Given>> {
        self.ask(id, Input::Call { id, call }, None)
    }

    /// Opens a stream of a call, which is answered once it ended.
    pub(super) fn open(
        self: &Arc<Self>,
        (id, caller): (CallId, Principal),
        stream: FileStream,
        pipe: Pipe,
    ) -> Option<oneshot::Receiver<Given>> {
        self.ask(id, Input::Open { id, caller, stream }, Some(pipe))
    }

    fn ask(
        self: &Arc<Self>,
        id: CallId,
        input: Input,
        mut pipe: Option<Pipe>,
    ) -> Option<oneshot::Receiver<Given>> {
        let (answer, answered) = oneshot::channel();
        let outcome = self.step(|state| {
            state.open.then(|| {
                state.answers.insert(id, answer);
                if pipe.is_some() {
                    state.streams.insert(id, pipe.take());
                }
                state.take(input)
            })
        })??;
        self.carry_on(outcome);
        Some(answered)
    }

    /// Nobody waits for the answer any more.
    pub(super) fn abandon(self: &Arc<Self>, call: CallId) {
        self.tell(Input::Cancel { call });
    }

    /// None once nobody can ask.
    pub(super) fn subscribe(self: &Arc<Self>, since: Option<u64>, reader: Reader) -> Option<Subscription> {
        let ((next, then), person) = self.step(|state| {
            let person = (reader == Reader::Person).then(|| Arc::clone(&state.people));
            let begin = || match since {
                Some(seq) => state.kept_after(seq),
                None => (VecDeque::new(), state.live()),
            };
            state.open.then(|| (begin(), person))
        })??;
        Some(Subscription {
            driver: Arc::clone(self),
            next,
            then,
            _person: person,
        })
    }

    /// Takes no more calls, and ends open streams: one that nobody reads would not end by itself.
    pub(super) fn close(self: &Arc<Self>) {
        let streams = self.step(|state| {
            state.open = false;
            state.streams.keys().copied().collect::<Vec<_>>()
        });
        for call in streams.into_iter().flatten() {
            self.abandon(call);
        }
        self.time_changed.notify_one();
    }

    /// Returns once everything is answered and recorded, after [`close`](Self::close).
    pub(super) async fn wait(&self) {
        let mut settled = self.settled.clone();
        // Nothing is ever sent: it changes by its end.
        while settled.changed().await.is_ok() {}
    }

    pub(super) fn tell(self: &Arc<Self>, input: Input) {
        if let Some(outcome) = self.step(|state| state.take(input)) {
            self.carry_on(outcome);
        }
    }

    /// None where the policy broke off in an earlier step.
    fn step<T>(&self, step: impl FnOnce(&mut State) -> T) -> Option<T> {
        let _watch = Watch(self);
        let mut state = self.lock()?;
        let done = step(&mut state);
        let is_over = state.end_when_done();
        drop(state);
        if is_over {
            self.time_changed.notify_one();
        }
        Some(done)
    }

    /// None where the policy broke off: what it holds may be half of a step, so nothing more comes of it.
    fn lock(&self) -> Option<MutexGuard<'_, State>> {
        match self.state.lock() {
            Ok(state) => Some(state),
            Err(broken_off) => {
                let mut state = broken_off.into_inner();
                state.answers.clear();
                state.outlets = None;
                None
            }
        }
    }

    /// Carries out what a step left to do, and the steps that follow from what is done at once.
    fn carry_on(self: &Arc<Self>, outcome: Outcome) {
        let mut outcomes = vec![outcome];
        while let Some(Outcome { begun, settled, left }) = outcomes.pop() {
            for decision in settled {
                decision.settle(&self.runtime);
            }
            drop(left);
            for work in begun {
                let done = self.begin(work);
                outcomes.extend(done.and_then(|done| self.step(|state| state.take(done))));
            }
        }
        // Only now: what was done at once waits for no time.
        if self.step(State::wake_earlier) == Some(true) {
            self.time_changed.notify_one();
        }
    }

    /// Starts an operation; where it takes no wait it is done.
    fn begin(self: &Arc<Self>, work: Work) -> Option<Input> {
        let Work {
            op,
            pipe,
            abort,
            ends,
        } = work;
        let id = op.id();
        let op = match &pipe {
            Some(_) => op,
            None => match catch_unwind(AssertUnwindSafe(|| self.host.perform_at_once(op))) {
                Ok(ControlFlow::Continue(op)) => op,
                Ok(ControlFlow::Break(result)) => return Some(Input::OpDone { op: id, result }),
                Err(_) => {
                    return Some(Input::OpDone {
                        op: id,
                        result: Err(BROKEN),
                    });
                }
            },
        };
        let (driver, host) = (Arc::clone(self), Arc::clone(&self.host));
        self.runtime.spawn(async move {
            let performing = match pipe {
                Some(pipe) => host.stream(op, pipe),
                None => host.perform(op),
            };
            let performed = Abortable::new(AssertUnwindSafe(performing).catch_unwind(), abort).await;
            drop(ends);
            if let Ok(performed) = performed {
                let result = performed.unwrap_or(Err(BROKEN));
                driver.tell(Input::OpDone { op: id, result });
            }
        });
        None
    }

    /// Tells the kernel of the time when it waits for it, until everything is answered.
    async fn keep_time(self: Arc<Self>) {
        while let Some(time) = self.time_to_wake() {
            tokio::select! {
                () = sleep(time) => self.tell(Input::Tick),
                () = self.time_changed.notified() => {}
            }
        }
    }

    /// None when everything is answered.
    fn time_to_wake(&self) -> Option<Duration> {
        let _watch = Watch(self);
        let mut state = self.lock()?;
        state.outlets.as_ref()?;
        state.wakes_at = state.kernel.wake_at().unwrap_or(Millis::MAX);
        let now = state.clock.now();
        Some(Duration::from_millis(state.wakes_at.saturating_sub(now)))
    }
}

/// Where the policy breaks off meanwhile, lets those who wait know at once: nobody else may come by.
struct Watch<'a>(&'a Driver);

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if self.0.state.is_poisoned() {
            drop(self.0.lock());
            self.0.time_changed.notify_one();
        }
    }
}

impl fmt::Debug for Driver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Driver").finish_non_exhaustive()
    }
}

/// The host broke a promise; its log says how.
const BROKEN: SysError = SysError::Io { kind: IoKind::Disk };

impl State {
    /// A part of what is kept after `seq`, and what follows it.
    fn kept_after(&self, seq: u64) -> (VecDeque<EventItem>, Then) {
        let (events, missed) = self.kernel.events_since(seq, EVENTS_AT_ONCE);
        let then = match events.last() {
            Some(last) if events.len() == EVENTS_AT_ONCE => Then::Kept(last.seq),
            _ => self.live(),
        };
        let missed = (missed > 0).then_some(EventItem::Missed { count: missed });
        let items = missed.into_iter().chain(events.into_iter().map(EventItem::Event));
        (items.collect(), then)
    }

    fn live(&self) -> Then {
        let outlets = self.outlets.as_ref();
        outlets.map_or(Then::End, |outlets| Then::Live(outlets.events.subscribe()))
    }

    /// One step of the policy; before it, one that says whether a person is there, where that changed.
    fn take(&mut self, input: Input) -> Outcome {
        let mut outcome = Outcome::default();
        let attended = Arc::strong_count(&self.people) > 1;
        if attended != self.attended {
            self.attended = attended;
            self.decide(Input::Attended(attended), &mut outcome);
        }
        if let Input::OpDone { op, .. } = &input {
            self.running.remove(op);
        }
        self.decide(input, &mut outcome);
        outcome
    }

    fn decide(&mut self, input: Input, outcome: &mut Outcome) {
        let asked = match &input {
            Input::Call { id, .. } => Some(*id),
            _ => None,
        };
        let mut follows_records = false;
        let mut decision = Decision {
            _unsettled: self.outlets.as_ref().map(|outlets| outlets.unsettled.clone()),
            ..Decision::default()
        };
        for effect in self.kernel.handle(input, self.clock.now()) {
            match effect {
                Effect::Perform(op) => outcome.begun.push(self.begin(op)),
                Effect::CancelOp(op) => decision.stopping.extend(self.cancel(op)),
                Effect::Audit(record) => decision.records.push(record),
                Effect::Reply { call, result } => {
                    outcome.left.extend(self.streams.remove(&call));
                    follows_records |= self.recorded.remove(&call);
                    let answer = self.answers.remove(&call);
                    decision
                        .answers
                        .extend(answer.map(|answer| (answer, self.given(call, result))));
                }
                Effect::Emit(event) => self.emit(event),
            }
        }
        if !decision.records.is_empty() {
            self.recorded
                .extend(asked.filter(|call| self.answers.contains_key(call)));
            follows_records = true;
        }
        match &self.outlets {
            // Sent in the order of the steps, which is the order in the audit.
            Some(outlets) if follows_records => {
                if let Err(ended) = outlets.decisions.send(decision) {
                    outcome.settled.push(ended.0);
                }
            }
            _ => outcome.settled.push(decision),
        }
    }

    fn given(&self, call: CallId, result: Result<Reply, SysError>) -> Given {
        let is_large = result.as_ref().is_ok_and(Reply::is_large);
        let charge = is_large.then(|| Charge::new(call, Weak::clone(&self.driver)));
        Given { result, charge }
    }

    fn begin(&mut self, op: AuthorizedOp) -> Work {
        let stream = op.call().and_then(|call| self.streams.get_mut(&call));
        let pipe = stream.and_then(Option::take);
        let (handle, abort) = AbortHandle::new_pair();
        let (ends, ended) = oneshot::channel();
        self.running.insert(op.id(), Operation { abort: handle, ended });
        Work {
            op,
            pipe,
            abort,
            ends,
        }
    }

    /// Stops an operation; what it answers ends when nothing of it runs any more.
    fn cancel(&mut self, op: OpId) -> Option<oneshot::Receiver<()>> {
        let Operation { abort, ended } = self.running.remove(&op)?;
        abort.abort();
        Some(ended)
    }

    fn emit(&self, event: KernelEvent) {
        if let Some(outlets) = &self.outlets {
            // Nobody may be listening.
            let _ = outlets.events.send(event);
        }
    }

    /// Whether the kernel waits for an earlier time than it is told of.
    fn wake_earlier(&mut self) -> bool {
        let wake_at = self.kernel.wake_at().unwrap_or(Millis::MAX);
        let is_earlier = wake_at < self.wakes_at;
        if is_earlier {
            self.wakes_at = wake_at;
        }
        is_earlier
    }

    /// Ends the events and the audit once nobody can ask and everything asked is answered and done.
    fn end_when_done(&mut self) -> bool {
        let is_done = self.answers.is_empty() && self.running.is_empty() && !self.kernel.owes_a_record();
        !self.open && is_done && self.outlets.take().is_some()
    }
}

/// Follows the clock of the machine, but goes on evenly when that is set back: deadlines and rates
/// must not wait until it has caught up.
struct SteadyClock {
    ambient: Arc<dyn Ambient>,
    time: Millis,
    since: Instant,
}

impl SteadyClock {
    fn start(ambient: Arc<dyn Ambient>) -> Self {
        Self {
            time: ambient.now(),
            since: Instant::now(),
            ambient,
        }
    }

    fn now(&mut self) -> Millis {
        let steady = self.time + self.since.elapsed().as_millis() as Millis;
        let wall = self.ambient.now();
        if wall > steady {
            (self.time, self.since) = (wall, Instant::now());
        }
        wall.max(steady)
    }
}

impl Decision {
    fn settle(self, runtime: &Handle) {
        if self.stopping.is_empty() {
            self.give_answers();
        } else {
            runtime.spawn(self.settle_once_stopped());
        }
    }

    /// Whoever hears that something was stopped may count on it. An operation at work between two awaits ends at the
    /// second; one that does not get there delays nobody for long.
    async fn settle_once_stopped(mut self) {
        let stopped = join_all(std::mem::take(&mut self.stopping));
        if timeout(TIME_TO_STOP, stopped).await.is_err() {
            tracing::error!("a cancelled operation goes on");
        }
        self.give_answers();
    }

    fn give_answers(self) {
        for (answer, given) in self.answers {
            // Who asked may have left.
            let _ = answer.send(given);
        }
    }
}

/// Writes decisions in the order they were made, many at once when many wait. What cannot be written
/// is kept for the next try, and the kernel told when that is much: a decision stands even when the disk is full.
async fn keep_audit(
    kernel: Weak<Driver>,
    host: Arc<dyn HostPort>,
    mut decided: mpsc::UnboundedReceiver<Decision>,
) {
    let runtime = Handle::current();
    let mut unwritten = Vec::new();
    let mut waiting = Vec::new();
    let mut is_full = false;
    // None while it can be written.
    let mut next_try: Option<Instant> = None;
    loop {
        let more = decided.recv_many(&mut waiting, DECISIONS_AT_ONCE);
        match next_try {
            // Where nothing comes until then it is only tried again.
            Some(time) => drop(timeout_at(time, more).await),
            None => drop(more.await),
        }
        if waiting.is_empty() && decided.is_closed() && decided.is_empty() {
            break;
        }
        for decision in &mut waiting {
            unwritten.append(&mut decision.records);
        }
        let is_due = next_try.is_none_or(|time| time <= Instant::now());
        if is_due || unwritten.len() <= DECISIONS_AT_ONCE {
            match host.record(&unwritten).await {
                Ok(()) => {
                    unwritten.clear();
                    next_try = None;
                }
                Err(error) => {
                    tracing::error!(%error, unwritten = unwritten.len(), "the audit cannot be written");
                    next_try = Some(Instant::now() + TRY_AGAIN);
                }
            }
        }
        if is_full != (unwritten.len() >= RECORDS_UNWRITTEN) {
            is_full = !is_full;
            if let Some(kernel) = kernel.upgrade() {
                kernel.tell(Input::AuditFull(is_full));
            }
        }
        for decision in waiting.drain(..) {
            decision.settle(&runtime);
        }
    }
    if !unwritten.is_empty()
        && let Err(error) = host.record(&unwritten).await
    {
        tracing::error!(%error, lost = unwritten.len(), "the audit ends without its last records");
    }
}
