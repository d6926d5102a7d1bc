//! The task that owns the kernel's policy and carries out what it decides.

use std::collections::{HashMap, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
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
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::task::{AbortHandle, JoinHandle, JoinSet};
use tokio::time::Instant;

/// Events a reader may be behind before it misses some.
const EVENTS_BEHIND: usize = 1_024;
/// Decisions that may wait for the audit; the kernel waits with the next one.
const DECISIONS_WAITING: usize = 256;
/// How long a cancelled operation may take to reach its next await.
const TIME_TO_STOP: Duration = Duration::from_millis(100);
/// Records kept for a later try while the audit cannot be written.
const RECORDS_UNWRITTEN: usize = 4_096;

#[derive(Debug)]
pub(super) enum Request {
    Call {
        id: CallId,
        call: Call,
        answer: Answer,
    },
    Open {
        id: CallId,
        caller: Principal,
        stream: FileStream,
        pipe: Pipe,
        answer: Answer,
    },
    Events {
        since: Option<u64>,
        reader: Reader,
        answer: oneshot::Sender<Subscription>,
    },
    Stop {
        stopped: oneshot::Sender<()>,
    },
}

type Answer = oneshot::Sender<Result<Reply, SysError>>;

/// A place in the stream of events: what is kept first, then what happens.
#[derive(Debug)]
pub(super) struct Subscription {
    pub(super) kept: VecDeque<EventItem>,
    pub(super) live: broadcast::Receiver<KernelEvent>,
    /// Says that a person reads, as long as it is there.
    _person: Option<Arc<()>>,
}

/// An operation that runs.
struct Operation {
    abort: AbortHandle,
    /// Ends with it, however it ends.
    ended: oneshot::Receiver<()>,
}

/// Decisions without an operation, and the answers that wait until they are in the audit.
struct Decision {
    records: Vec<AuditRecord>,
    answers: Vec<(Answer, Result<Reply, SysError>)>,
}

pub(super) struct Driver {
    kernel: Kernel,
    clock: SteadyClock,
    host: Arc<dyn HostPort>,
    answers: HashMap<CallId, Answer>,
    /// Those that are open, with the host's end until the host has it.
    streams: HashMap<CallId, Option<Pipe>>,
    operations: JoinSet<(OpId, Result<Reply, SysError>)>,
    running: HashMap<OpId, Operation>,
    events: broadcast::Sender<KernelEvent>,
    /// Shared by the subscriptions of people.
    people: Arc<()>,
    attended: bool,
    decisions: mpsc::Sender<Decision>,
    audit: JoinHandle<()>,
    stopped: Vec<oneshot::Sender<()>>,
}

impl Driver {
    pub(super) fn new(config: KernelConfig, ambient: Arc<dyn Ambient>, host: Arc<dyn HostPort>) -> Self {
        let (decisions, decided) = mpsc::channel(DECISIONS_WAITING);
        Self {
            kernel: Kernel::new(config, ambient.now()),
            clock: SteadyClock::start(ambient),
            audit: tokio::spawn(keep_audit(host.clone(), decided)),
            host,
            answers: HashMap::new(),
            streams: HashMap::new(),
            operations: JoinSet::new(),
            running: HashMap::new(),
            events: broadcast::channel(EVENTS_BEHIND).0,
            people: Arc::default(),
            attended: false,
            decisions,
            stopped: Vec::new(),
        }
    }

    /// Runs until nobody can ask any more and everything asked is answered and recorded.
    pub(super) async fn run(
        mut self,
        mut requests: mpsc::Receiver<Request>,
        mut abandoned: mpsc::UnboundedReceiver<CallId>,
    ) {
        let mut open = true;
        while open || !self.answers.is_empty() {
            let time_to_wake = self.time_to_wake();
            let input = tokio::select! {
                biased;
                Some(call) = abandoned.recv() => Some(Input::Cancel { call }),
                Some(ended) = self.operations.join_next() => self.op_done(ended.ok()),
                request = requests.recv(), if open => {
                    open = request.is_some();
                    if matches!(request, Some(Request::Stop { .. })) {
                        requests.close();
                    }
                    request.and_then(|request| self.take(request))
                }
                () = sleep(time_to_wake) => Some(Input::Tick),
            };
            if let Some(input) = input {
                self.handle(input).await;
            }
            if !open {
                self.end_streams().await;
            }
        }
        drop(self.decisions);
        if let Err(error) = self.audit.await {
            tracing::error!(%error, "the audit ended early");
        }
        for stopped in self.stopped {
            // Who asked may have left.
            let _ = stopped.send(());
        }
    }

    /// The input that a request is to the kernel, if it is one.
    fn take(&mut self, request: Request) -> Option<Input> {
        match request {
            // The caller left before the call began.
            Request::Call { answer, .. } | Request::Open { answer, .. } if answer.is_closed() => None,
            Request::Call { id, call, answer } => {
                self.answers.insert(id, answer);
                Some(Input::Call { id, call })
            }
            Request::Open {
                id,
                caller,
                stream,
                pipe,
                answer,
            } => {
                self.answers.insert(id, answer);
                self.streams.insert(id, Some(pipe));
                Some(Input::Open { id, caller, stream })
            }
            Request::Events {
                since,
                reader,
                answer,
            } => {
                // Who asked may have left.
                let _ = answer.send(self.subscribe(since, reader));
                None
            }
            Request::Stop { stopped } => {
                self.stopped.push(stopped);
                None
            }
        }
    }

    fn subscribe(&self, since: Option<u64>, reader: Reader) -> Subscription {
        let (events, missed) = since.map_or((Vec::new(), 0), |seq| self.kernel.events_since(seq));
        let missed = (missed > 0).then_some(EventItem::Missed { count: missed });
        Subscription {
            kept: missed
                .into_iter()
                .chain(events.into_iter().map(EventItem::Event))
                .collect(),
            live: self.events.subscribe(),
            _person: (reader == Reader::Person).then(|| Arc::clone(&self.people)),
        }
    }

    /// A stream would not end by itself while nobody reads it.
    async fn end_streams(&mut self) {
        for call in self.streams.keys().copied().collect::<Vec<_>>() {
            self.handle(Input::Cancel { call }).await;
        }
    }

    /// None when the operation was cancelled.
    fn op_done(&mut self, ended: Option<(OpId, Result<Reply, SysError>)>) -> Option<Input> {
        let (op, result) = ended?;
        self.running.remove(&op);
        Some(Input::OpDone { op, result })
    }

    fn time_to_wake(&mut self) -> Option<Duration> {
        let wake_at = self.kernel.wake_at()?;
        Some(Duration::from_millis(wake_at.saturating_sub(self.clock.now())))
    }

    async fn handle(&mut self, input: Input) {
        let attended = Arc::strong_count(&self.people) > 1;
        if attended != self.attended {
            self.attended = attended;
            self.carry_out(Input::Attended(attended)).await;
        }
        self.carry_out(input).await;
    }

    async fn carry_out(&mut self, input: Input) {
        let mut decision = Decision {
            records: Vec::new(),
            answers: Vec::new(),
        };
        let mut cancelled = Vec::new();
        for effect in self.kernel.handle(input, self.clock.now()) {
            match effect {
                Effect::Perform(op) => self.perform(op),
                Effect::CancelOp(op) => cancelled.extend(self.cancel(op)),
                Effect::Audit(record) => decision.records.push(record),
                Effect::Reply { call, result } => {
                    self.streams.remove(&call);
                    decision
                        .answers
                        .extend(self.answers.remove(&call).map(|answer| (answer, result)));
                }
                // Nobody may be listening.
                Effect::Emit(event) => drop(self.events.send(event)),
            }
        }
        // Whoever hears that something was stopped may count on it. An operation at work between two awaits
        // ends at the second; one that does not get there delays nobody for long.
        let stopped = futures::future::join_all(cancelled);
        if tokio::time::timeout(TIME_TO_STOP, stopped).await.is_err() {
            tracing::error!("a cancelled operation goes on");
        }
        if decision.records.is_empty() {
            decision.give_answers();
        } else if let Err(ended) = self.decisions.send(decision).await {
            ended.0.give_answers();
        }
    }

    fn perform(&mut self, op: AuthorizedOp) {
        let (id, host) = (op.id(), self.host.clone());
        let stream = op.call().and_then(|call| self.streams.get_mut(&call));
        let pipe = stream.and_then(Option::take);
        let (ends, ended) = oneshot::channel::<()>();
        let abort = self.operations.spawn(async move {
            let _ends = ends;
            let performed = match pipe {
                Some(pipe) => host.stream(op, pipe),
                None => host.perform(op),
            };
            let performed = AssertUnwindSafe(performed).catch_unwind().await;
            (id, performed.unwrap_or(Err(SysError::Io { kind: IoKind::Disk })))
        });
        self.running.insert(id, Operation { abort, ended });
    }

    /// Stops an operation; what it answers ends when nothing of it runs any more.
    fn cancel(&mut self, op: OpId) -> Option<oneshot::Receiver<()>> {
        let Operation { abort, ended } = self.running.remove(&op)?;
        abort.abort();
        Some(ended)
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
    fn give_answers(self) {
        for (answer, result) in self.answers {
            // Who asked may have left.
            let _ = answer.send(result);
        }
    }
}

async fn sleep(time: Option<Duration>) {
    match time {
        Some(time) => tokio::time::sleep(time).await,
        None => std::future::pending().await,
    }
}

/// Writes decisions in the order they were made, many at once when many wait. What cannot be written
/// is kept for the next try: a decision stands even when the disk is full.
async fn keep_audit(host: Arc<dyn HostPort>, mut decided: mpsc::Receiver<Decision>) {
    let mut unwritten = Vec::new();
    let mut waiting = Vec::new();
    while decided.recv_many(&mut waiting, DECISIONS_WAITING).await > 0 {
        for decision in &mut waiting {
            unwritten.append(&mut decision.records);
        }
        match host.record(&unwritten).await {
            Ok(()) => unwritten.clear(),
            Err(error) => {
                let lost = unwritten.len().saturating_sub(RECORDS_UNWRITTEN);
                unwritten.drain(..lost);
                tracing::error!(%error, unwritten = unwritten.len(), lost, "the audit cannot be written");
            }
        }
        waiting.drain(..).for_each(Decision::give_answers);
    }
    if !unwritten.is_empty()
        && let Err(error) = host.record(&unwritten).await
    {
        tracing::error!(%error, lost = unwritten.len(), "the audit ends without its last records");
    }
}
