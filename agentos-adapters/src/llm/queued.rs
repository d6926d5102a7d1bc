//! The queue in front of a model: what [`LlmQueue`] decides, carried out.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use agentos_core::llm_queue::{
    Ask, AttemptEnd, CallFigures, CallId, Effect, Heard, Input, LlmQueue, Measure, Outcome, QueueConfig,
    QueueFigures, Refusal, Scope,
};
use agentos_core::ports::ambient::Ambient;
use agentos_core::ports::llm::{Identity, LlmError, LlmEvent, LlmPort, LlmRequest, Usage};
use agentos_core::time::{Millis, rfc3339};
use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream};
use tokio::sync::{Notify, mpsc};
use tokio::time::sleep;
use tracing::{debug, info};

/// Bytes of text that make a token, roughly; what the provider counts replaces the estimate.
const BYTES_A_TOKEN: usize = 4;

type Answer = Result<LlmEvent, LlmError>;

/// Asks a model when its turn comes, again where that may help, and not beyond what may be used in a day. A model that
/// takes no time and no tokens is asked at once. Clones share the queue.
#[derive(Clone)]
pub struct QueuedLlm {
    llm: Arc<dyn LlmPort>,
    queue: Arc<Queue>,
}

impl QueuedLlm {
    /// Needs a tokio runtime, on which its clock runs as long as it or a clone of it is there.
    pub fn start(llm: Arc<dyn LlmPort>, config: QueueConfig, ambient: Arc<dyn Ambient>) -> Self {
        let queue = Arc::new(Queue {
            driver: Mutex::new(Driver {
                queue: LlmQueue::new(config),
                last: 0,
                calls: HashMap::new(),
            }),
            ambient,
            changed: Notify::new(),
        });
        tokio::spawn(tick(Arc::downgrade(&queue)));
        Self { llm, queue }
    }

    /// How the queue does now.
    pub fn figures(&self) -> QueueFigures {
        self.queue.driver().queue.figures()
    }
}

impl LlmPort for QueuedLlm {
    fn stream(&self, request: LlmRequest) -> BoxStream<'static, Answer> {
        if !self.llm.can_repair() {
            return self.llm.stream(request);
        }
        let (llm, queue) = (Arc::clone(&self.llm), Arc::clone(&self.queue));
        let asked = stream::once(async move { Call::ask(llm, queue, request) });
        asked
            .flat_map(|call| {
                stream::unfold(call, |mut call| async move {
                    let event = call.next().await?;
                    Some((event, call))
                })
            })
            .boxed()
    }

    fn can_repair(&self) -> bool {
        self.llm.can_repair()
    }

    fn identity(&self) -> Identity {
        self.llm.identity()
    }

    fn models(&self) -> BoxFuture<'static, Result<Vec<String>, LlmError>> {
        self.llm.models()
    }

    fn pinned(&self) -> Option<Arc<dyn LlmPort>> {
        let llm = self.llm.pinned()?;
        let queue = Arc::clone(&self.queue);
        Some(Arc::new(Self { llm, queue }))
    }
}

/// What all calls share.
struct Queue {
    driver: Mutex<Driver>,
    ambient: Arc<dyn Ambient>,
    /// Something was fed to the queue, so it may wake at another time.
    changed: Notify,
}

struct Driver {
    queue: LlmQueue,
    last: u64,
    /// Where the effects on each call go.
    calls: HashMap<CallId, mpsc::UnboundedSender<Effect>>,
}

impl Queue {
    /// What was handled before a panic is whole: nothing is left half done between two statements here.
    fn driver(&self) -> MutexGuard<'_, Driver> {
        self.driver.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn feed(&self, input: Input) {
        self.driver().handle(input, self.ambient.now());
        self.changed.notify_one();
    }
}

impl Driver {
    fn handle(&mut self, input: Input, now: Millis) {
        for effect in self.queue.handle(input, now) {
            let (Effect::Start { call } | Effect::Stop { call } | Effect::Finish { call, .. }) = effect;
            if let Some(effects) = self.calls.get(&call) {
                // A call that is gone has told the queue so.
                let _ = effects.send(effect);
            }
        }
    }
}

/// Tells the queue that time passed, whenever it wants to know.
async fn tick(queue: Weak<Queue>) {
    loop {
        let Some(strong) = queue.upgrade() else { return };
        let wake_at = strong.driver().queue.wake_at();
        let wait = wake_at.map(|at| at.saturating_sub(strong.ambient.now()).max(1));
        // Nobody feeds a queue that nobody holds, so it is looked after now and then.
        let wait = Duration::from_millis(wait.unwrap_or(Millis::MAX)).min(Duration::from_secs(1));
        let passed = tokio::select! {
            () = sleep(wait) => true,
            () = strong.changed.notified() => false,
        };
        if passed {
            strong.driver().handle(Input::Tick, strong.ambient.now());
        }
    }
}

/// One request on its way. Dropping it takes it out of the queue and closes the request to the provider.
struct Call {
    id: CallId,
    llm: Arc<dyn LlmPort>,
    queue: Arc<Queue>,
    request: LlmRequest,
    effects: mpsc::UnboundedReceiver<Effect>,
    attempt: Option<BoxStream<'static, Answer>>,
    usage: Option<Usage>,
    /// How the attempt ended that is not decided about yet; none for one that was cut.
    end: Option<Answer>,
    is_over: bool,
}

impl Call {
    fn ask(llm: Arc<dyn LlmPort>, queue: Arc<Queue>, request: LlmRequest) -> Self {
        let (sender, effects) = mpsc::unbounded_channel();
        let now = queue.ambient.now();
        let ask = Ask {
            account: request.account,
            urgency: request.urgency,
            input_tokens: input_tokens(&request),
            output_tokens: request.max_tokens.into(),
            deadline: now.saturating_add(request.deadline.as_millis() as Millis),
        };
        let id = {
            let mut driver = queue.driver();
            driver.last += 1;
            let id = CallId(driver.last);
            driver.calls.insert(id, sender);
            driver.handle(Input::Ask { call: id, ask }, now);
            id
        };
        queue.changed.notify_one();
        Self {
            id,
            llm,
            queue,
            request,
            effects,
            attempt: None,
            usage: None,
            end: None,
            is_over: false,
        }
    }

    async fn next(&mut self) -> Option<Answer> {
        while !self.is_over {
            tokio::select! {
                biased;
                effect = self.effects.recv() => match effect? {
                    Effect::Start { .. } => self.start(),
                    Effect::Stop { .. } => self.attempt = None,
                    Effect::Finish { outcome, figures, .. } => return self.finish(outcome, figures),
                },
                event = next_of(&mut self.attempt) => {
                    if let Some(event) = self.heard(event) {
                        return Some(Ok(event));
                    }
                }
            }
        }
        None
    }

    fn start(&mut self) {
        self.usage = None;
        self.end = None;
        self.attempt = Some(self.llm.stream(self.request.clone()));
    }

    /// The event as far as it is passed on now; an end waits for what the queue makes of it.
    fn heard(&mut self, event: Option<Answer>) -> Option<LlmEvent> {
        let call = self.id;
        match event {
            Some(Ok(event @ (LlmEvent::Text(_) | LlmEvent::Thought(_)))) => {
                let (LlmEvent::Text(text) | LlmEvent::Thought(text)) = &event else {
                    return None;
                };
                let heard = Heard::Answer {
                    tokens: tokens(text.len()),
                };
                self.queue.feed(Input::Heard { call, heard });
                Some(event)
            }
            Some(Ok(LlmEvent::Usage(usage))) => {
                self.usage = Some(usage);
                let heard = Heard::Alive;
                self.queue.feed(Input::Heard { call, heard });
                Some(LlmEvent::Usage(usage))
            }
            end => {
                self.attempt = None;
                let how = attempt_end(end.as_ref());
                self.end = end;
                let usage = self.usage;
                self.queue.feed(Input::Ended {
                    call,
                    usage,
                    end: how,
                });
                None
            }
        }
    }

    fn finish(&mut self, outcome: Outcome, figures: CallFigures) -> Option<Answer> {
        self.is_over = true;
        let CallFigures {
            queued_ms,
            first_token_ms,
            total_ms,
            usage,
            attempts,
        } = figures;
        let (input, output) = (usage.input, usage.output);
        debug!(
            ?outcome,
            queued_ms,
            ?first_token_ms,
            total_ms,
            input,
            output,
            attempts,
            "the model was asked"
        );
        match outcome {
            Outcome::PassOn => self.end.take(),
            Outcome::Refuse(refusal) => {
                info!(%refusal, "the model was not asked");
                Some(Err(self.refused(refusal)))
            }
            Outcome::Cancelled => None,
        }
    }

    fn refused(&self, refusal: Refusal) -> LlmError {
        match refusal {
            Refusal::QueueFull { .. } => LlmError::Busy {
                message: refusal.to_string(),
            },
            Refusal::BudgetSpent {
                scope,
                measure,
                limit,
                used,
                resets_at,
            } => LlmError::BudgetSpent {
                message: budget_spent(scope, measure, limit, used, resets_at),
                retry_after: Duration::from_millis(resets_at.saturating_sub(self.queue.ambient.now())),
            },
            Refusal::DeadlineExceeded | Refusal::Silent => LlmError::TimedOut,
            Refusal::Unavailable { retry_after } => LlmError::Overloaded {
                message: "it failed too often and is given a rest".to_owned(),
                retry_after: Some(Duration::from_millis(retry_after)),
            },
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.queue.driver().calls.remove(&self.id);
        if !self.is_over {
            self.queue.feed(Input::Cancel { call: self.id });
        }
    }
}

async fn next_of(attempt: &mut Option<BoxStream<'static, Answer>>) -> Option<Answer> {
    match attempt {
        Some(attempt) => attempt.next().await,
        None => std::future::pending().await,
    }
}

fn attempt_end(end: Option<&Answer>) -> AttemptEnd {
    let millis = |pause: Option<Duration>| pause.map(|pause| pause.as_millis() as Millis);
    match end {
        Some(Ok(_)) => AttemptEnd::Answered,
        Some(Err(LlmError::RateLimited { retry_after } | LlmError::Overloaded { retry_after, .. })) => {
            AttemptEnd::Overloaded {
                retry_after: millis(*retry_after),
            }
        }
        // A stream that was cut counts as a connection that broke.
        Some(Err(LlmError::Unavailable(_) | LlmError::TimedOut)) | None => AttemptEnd::Unreachable,
        Some(Err(_)) => AttemptEnd::Refused,
    }
}

fn input_tokens(request: &LlmRequest) -> u64 {
    let messages: usize = request.messages.iter().map(|message| message.text.len()).sum();
    tokens(request.system.len() + messages)
}

fn tokens(bytes: usize) -> u64 {
    bytes.div_ceil(BYTES_A_TOKEN) as u64
}

fn budget_spent(scope: Scope, measure: Measure, limit: u64, used: u64, resets_at: Millis) -> String {
    let whose = match scope {
        Scope::Account => "this app",
        Scope::All => "all apps together",
    };
    let (used, limit) = match measure {
        Measure::Tokens => (format!("{used} tokens"), limit.to_string()),
        Measure::Cost => (money(used), money(limit)),
    };
    format!(
        "{whose} may use no more of the model today: {used} of {limit} are used or set aside; there is a new budget at {}",
        rfc3339(resets_at)
    )
}

fn money(micros: u64) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
        .trim_end_matches('0')
        .trim_end_matches('.')
        .to_owned()
}
