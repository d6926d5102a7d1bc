//! One run of an action: a stack of steps that can wait for an effect and go on later.

use std::sync::Arc;

use super::app::{App, Waiting};
use super::program::{Action, Args, Call, Dynamic, Step};
use super::rows::Rows;
use super::scope::{Impure, Scope};
use super::store::Mark;
use super::tools;
use super::turn::{Failure, Runs};
use super::view::NodeId;
use crate::spec::action::DEPTH;
use crate::spec::catalog::{self, ValueKind};
use crate::spec::{Code, Issue, Path};
use crate::value::{Map, Value};

pub(super) type RunId = u64;

/// Runs that may wait for effects at once.
const WAITING_RUNS: usize = 32;
/// Steps of one run, those of the actions it calls included.
const RUN_STEPS: usize = 1_000;

#[derive(Debug, Clone)]
pub(super) struct Run {
    /// The control whose event started it.
    pub origin: Option<NodeId>,
    pub rows: Rows,
    pub event: Value,
    frames: Vec<Frame>,
    /// Steps begun so far.
    begun: usize,
}

#[derive(Debug, Clone)]
struct Frame {
    action: Arc<Action>,
    next: usize,
    /// Steps from here on are not this frame's.
    end: usize,
    args: Value,
    result: Value,
    error: Value,
    /// Whether its end is the end of the step below, which then has a result.
    is_body: bool,
    /// Where the state returns to should a body fail. Nothing once the run has waited: others may have
    /// written meanwhile.
    mark: Option<Mark>,
    /// Whether the person agreed to the step at `next`.
    confirmed: bool,
    /// Whether the step at `next` has already waited for its pause.
    settled: bool,
}

/// What carrying out a step came to.
pub(super) enum Outcome {
    Done(Value),
    Failed(Failure),
    /// Goes on when the effect is resolved.
    Waits {
        tool: Arc<str>,
        runs: Runs,
        args: Value,
        timeout_ms: f64,
        how: Resumption,
    },
    /// The whole run ends without a complaint; what stopped it has been shown already.
    Stops,
    /// Another frame was pushed.
    Entered,
    /// The step is not run.
    Skipped,
}

/// How a waiting run goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resumption {
    /// The step's tool answered.
    Result,
    /// The person answered the step's question.
    Confirmation,
}

impl Run {
    pub(super) fn new(action: Arc<Action>, origin: Option<NodeId>, rows: Rows, event: Value) -> Self {
        Self {
            origin,
            rows,
            event,
            frames: vec![Frame::new(action, Value::Null, false)],
            begun: 0,
        }
    }

    fn enter(&mut self, frame: Frame) -> Outcome {
        if self.frames.iter().filter(|frame| frame.is_body).count() >= DEPTH {
            return Outcome::Failed(too_deep());
        }
        self.frames.push(frame);
        Outcome::Entered
    }

    fn keep_changes(&mut self) {
        for frame in &mut self.frames {
            frame.mark = None;
        }
    }

    fn top(&self) -> Option<&Frame> {
        self.frames.last()
    }

    fn step(&self) -> Option<(Arc<Action>, usize)> {
        let frame = self.top()?;
        (frame.next < frame.end).then(|| (frame.action.clone(), frame.next))
    }
}

fn too_deep() -> Failure {
    Failure::new("too_deep", format!("actions nest more than {DEPTH} deep"))
}

impl Frame {
    fn new(action: Arc<Action>, args: Value, is_body: bool) -> Self {
        Self {
            end: action.steps.len(),
            action,
            next: 0,
            args,
            result: Value::Null,
            error: Value::Null,
            is_body,
            mark: None,
            confirmed: false,
            settled: false,
        }
    }

    fn advance(&mut self) {
        self.next += 1;
        self.confirmed = false;
        self.settled = false;
    }
}

impl App {
    /// Starts a run and carries it on until it ends or waits.
    pub(super) fn start(&mut self, run: Run) {
        self.carry_on(run);
    }

    /// Goes on with a run whose effect was resolved.
    pub(super) fn resume(&mut self, mut run: Run, how: Resumption, outcome: Result<Value, Failure>) {
        match (how, outcome) {
            (Resumption::Result, Ok(value)) => self.finish_step(&mut run, Ok(value)),
            (_, Err(failure)) => self.finish_step(&mut run, Err(failure)),
            (Resumption::Confirmation, Ok(answer)) if answer.is_true() => {
                if let Some(frame) = run.frames.last_mut() {
                    frame.confirmed = true;
                }
            }
            (Resumption::Confirmation, Ok(_)) => return,
        }
        self.carry_on(run);
    }

    /// A run that a step of another starts, as `form.submit` does, goes on from that one's count of steps.
    fn carry_on(&mut self, mut run: Run) {
        if self.nesting == DEPTH {
            let at = run.step().map(|(action, index)| action.steps[index].at.clone());
            return self.tell(&run, &at.unwrap_or_default(), &too_deep());
        }
        run.begun += self.begun;
        self.nesting += 1;
        self.proceed(run);
        self.nesting -= 1;
        if self.nesting == 0 {
            self.begun = 0;
        }
    }

    fn proceed(&mut self, mut run: Run) {
        while !run.frames.is_empty() {
            let Some((action, index)) = run.step() else {
                let Some(ended) = run.frames.pop() else { break };
                if ended.is_body {
                    self.finish_step(&mut run, Ok(ended.result));
                }
                continue;
            };
            let step = &action.steps[index];
            if run.begun == RUN_STEPS {
                // Nothing catches it: what did would run on.
                let message = format!("the action takes more than {RUN_STEPS} steps and was ended");
                return self.tell(&run, &step.at, &Failure::new("too_many_steps", message));
            }
            self.begun = run.begun + 1;
            let mark = self.store.mark();
            let outcome = self.begin_step(&mut run, step);
            run.begun = self.begun;
            match outcome {
                Outcome::Done(value) => self.finish_step(&mut run, Ok(value)),
                Outcome::Failed(failure) => {
                    self.roll_back(mark);
                    self.finish_step(&mut run, Err(failure));
                }
                Outcome::Skipped => {
                    if let Some(frame) = run.frames.last_mut() {
                        frame.advance();
                    }
                }
                Outcome::Entered => {
                    if let Some(body) = run.frames.last_mut() {
                        body.mark = Some(mark);
                    }
                }
                Outcome::Stops => return,
                Outcome::Waits {
                    tool,
                    runs,
                    args,
                    timeout_ms,
                    how,
                } => {
                    if self.runs.len() >= WAITING_RUNS {
                        let message =
                            format!("{WAITING_RUNS} actions wait already; try again when one has ended");
                        self.finish_step(&mut run, Err(Failure::new("busy", message)));
                        continue;
                    }
                    run.keep_changes();
                    let id = self.keep_run(run);
                    self.emit(tool, runs, args, timeout_ms, Waiting::Run { run: id, how });
                    return;
                }
            }
            self.settle();
        }
    }

    fn begin_step(&mut self, run: &mut Run, step: &Step) -> Outcome {
        let (confirmed, settled) = run
            .top()
            .map_or((false, false), |frame| (frame.confirmed, frame.settled));
        if let Some(pause_ms) = step.debounce_ms
            && !settled
        {
            self.debounce(run, step, pause_ms);
            return Outcome::Skipped;
        }
        if let Some(condition) = &step.condition
            && !confirmed
        {
            match self.evaluate(condition, run) {
                Ok(value) if value.is_true() => {}
                Ok(_) => return Outcome::Skipped,
                Err(failure) => return Outcome::Failed(failure),
            }
        }
        if let Some(question) = &step.confirm
            && !confirmed
        {
            return match self.evaluate(question, run) {
                Ok(question) => self.ask(question),
                Err(failure) => Outcome::Failed(failure),
            };
        }
        match &step.call {
            Call::Tool { id, args } => self.call_tool(run, id, args),
            Call::Named { action, args } => {
                let Some(body) = self.program.actions.get(action).cloned() else {
                    return Outcome::Failed(Failure::new(
                        "action_unknown",
                        format!("there is no action `{action}`"),
                    ));
                };
                match self.evaluate_args(args, run) {
                    Ok(args) => run.enter(Frame::new(body, Value::Map(args), true)),
                    Err(failure) => Outcome::Failed(failure),
                }
            }
            Call::Steps(body) => {
                let args = run.top().map(|frame| frame.args.clone()).unwrap_or_default();
                run.enter(Frame::new(body.clone(), args, true))
            }
        }
    }

    fn ask(&self, question: Value) -> Outcome {
        let args = Map::unit("message".into(), Value::text(question.display()));
        let timeout_ms = self
            .catalog
            .tool("system.confirm")
            .map_or(0, |entry| entry.deadline_ms) as f64;
        Outcome::Waits {
            tool: "system.confirm".into(),
            runs: Runs::Shell,
            args: Value::Map(args),
            timeout_ms,
            how: Resumption::Confirmation,
        }
    }

    fn finish_step(&mut self, run: &mut Run, outcome: Result<Value, Failure>) {
        let Some((action, index)) = run.step() else { return };
        let step = &action.steps[index];
        let outcome = outcome.and_then(|value| match &step.into {
            Some(path) => match self.store.set(&run.rows.locate(path), value.clone()) {
                Ok(()) => Ok(value),
                Err(error) => Err(tools::refused(&error)),
            },
            None => Ok(value),
        });
        let Some(frame) = run.frames.last_mut() else {
            return;
        };
        let args = frame.args.clone();
        match outcome {
            Ok(value) => {
                frame.result = value.clone();
                frame.advance();
                if let Some(then) = &step.then {
                    let mut next = Frame::new(then.clone(), args, false);
                    next.result = value;
                    run.frames.push(next);
                }
            }
            Err(failure) => {
                frame.advance();
                match &step.catch {
                    Some(catch) => {
                        let mut next = Frame::new(catch.clone(), args, false);
                        next.error = failure.to_value();
                        run.frames.push(next);
                    }
                    None => self.fail(run, &step.at, failure),
                }
            }
        }
    }

    /// The failure leaves the frame it happened in: the step that entered it fails, and so on
    /// outwards until something catches it or the person is told. Of what was cancelled nobody is
    /// told: it was their own doing.
    fn fail(&mut self, run: &mut Run, at: &str, failure: Failure) {
        while let Some(frame) = run.frames.pop() {
            if frame.is_body && !run.frames.is_empty() {
                if let Some(mark) = frame.mark {
                    self.roll_back(mark);
                }
                self.finish_step(run, Err(failure));
                return;
            }
            if let Some(below) = run.frames.last_mut() {
                below.next = below.end;
            }
        }
        if failure.code != "cancelled" {
            self.tell(run, at, &failure);
        }
    }

    fn tell(&mut self, run: &Run, at: &str, failure: &Failure) {
        let code = if failure.code == "busy" {
            Code::Busy
        } else {
            Code::ToolFailed
        };
        let mut issue = Issue::error(code, at, format!("{} ({})", failure.message, failure.code));
        issue.id = run.origin.as_ref().map(ToString::to_string);
        self.issues.push(issue);
    }

    fn call_tool(&mut self, run: &mut Run, id: &Arc<str>, args: &Args) -> Outcome {
        let catalog = self.catalog.clone();
        let Some(entry) = catalog.tool(id) else {
            let message = format!("there is no tool `{id}` here");
            return Outcome::Failed(Failure::new("unavailable", message));
        };
        let (args, callback) = match args {
            Args::FromEvent => (Self::offered(run, entry), None),
            Args::Given { args, callback } => match self.evaluate_args(args, run) {
                Ok(args) => (args, callback.clone()),
                Err(failure) => return Outcome::Failed(failure),
            },
        };
        let args = match fit(entry, args, callback.is_some()) {
            Ok(args) => args,
            Err(failure) => return Outcome::Failed(failure),
        };
        let args = match self.with_components(entry, args, &run.rows) {
            Ok(args) => args,
            Err(failure) => return Outcome::Failed(failure),
        };
        match entry.runs {
            catalog::Runs::Engine => {
                let call = tools::ToolCall {
                    id: &entry.id,
                    args,
                    callback,
                    rows: run.rows.clone(),
                    origin: run.origin.clone(),
                };
                tools::perform(self, call)
            }
            catalog::Runs::Shell => Outcome::Waits {
                tool: id.clone(),
                runs: Runs::Shell,
                args: Value::Map(args),
                timeout_ms: entry.deadline_ms as f64,
                how: Resumption::Result,
            },
            catalog::Runs::Service => Outcome::Waits {
                tool: id.clone(),
                runs: Runs::Service,
                args: Value::Map(args),
                timeout_ms: entry.deadline_ms as f64 + super::app::APPROVAL_MS,
                how: Resumption::Result,
            },
        }
    }

    /// The arguments with the node that the id of a component means in these rows.
    ///
    /// # Errors
    /// The component is none that the tool works on.
    fn with_components(
        &self,
        entry: &catalog::ToolEntry,
        mut args: Map,
        rows: &Rows,
    ) -> Result<Map, Failure> {
        let components = &self.program.components;
        for param in &entry.params {
            let kinds = catalog::component_kinds(&param.name);
            // A panel is named to its tabs, which know it by its plain id.
            if param.kind != ValueKind::ComponentId || param.name == "tab_id" {
                continue;
            }
            let default = || param.default.as_ref().map(Value::from);
            let given = args.get(&*param.name).cloned().filter(|given| !given.is_null());
            let Some(id) = given.or_else(default).map(|id| id.display()) else {
                continue;
            };
            let instance = || self.view.instance(&id).map(|instance| instance.component);
            if let Some(named) = self.component(&id).or_else(instance)
                && !kinds.is_empty()
                && !kinds.contains(&&*components[named].kind)
            {
                let fitting: Vec<&str> = components
                    .iter()
                    .filter(|component| kinds.contains(&&*component.kind))
                    .map(|component| &*component.id)
                    .collect();
                let message = catalog::not_of_kind(&entry.id, &id, &components[named].kind, kinds, &fitting);
                return Err(Failure::new("args_invalid", message));
            }
            if let Some(node) = rows.named(&id) {
                args.insert(Arc::from(&*param.name), Value::Text(node));
            }
        }
        Ok(args)
    }

    /// What an event and its component offer to a tool named by its id alone.
    fn offered(run: &Run, entry: &catalog::ToolEntry) -> Map {
        let offered = match run.event.to_json() {
            serde_json::Value::Object(offered) => offered,
            _ => serde_json::Map::new(),
        };
        match Value::from(&entry.pick_args(&offered)) {
            Value::Map(args) => args,
            _ => Map::new(),
        }
    }

    fn evaluate_args(&mut self, args: &[(Arc<str>, Dynamic)], run: &Run) -> Result<Map, Failure> {
        args.iter()
            .map(|(name, dynamic)| Ok((name.clone(), self.evaluate(dynamic, run)?)))
            .collect()
    }

    fn evaluate(&mut self, dynamic: &Dynamic, run: &Run) -> Result<Value, Failure> {
        if let Dynamic::Literal(value) = dynamic {
            return Ok(value.clone());
        }
        let impure = Impure::new(self.now, self.ids());
        let mut scope = Scope::new(self.store.root(), &self.derived).with_impure(impure);
        scope = run
            .rows
            .enter(scope, &self.store)
            .with("event", run.event.clone());
        if let Some(frame) = run.top() {
            scope.push("args", frame.args.clone());
            scope.push("result", frame.result.clone());
            scope.push("error", frame.error.clone());
        }
        let store = &self.store;
        let bound = |path: &Path| store.get(&run.rows.locate(path)).cloned().unwrap_or_default();
        dynamic
            .evaluate(&scope, &bound)
            .map_err(|error| Failure::new("expr_failed", error.to_string()))
    }

    /// The step alone, to run when nothing has started it again for `pause_ms`.
    fn debounce(&mut self, run: &Run, step: &Step, pause_ms: f64) {
        let Some((action, index)) = run.step() else { return };
        let mut later = run.clone();
        let Some(frame) = run.top() else { return };
        later.frames = vec![Frame {
            next: index,
            end: index + 1,
            settled: true,
            result: frame.result.clone(),
            error: frame.error.clone(),
            ..Frame::new(action, frame.args.clone(), false)
        }];
        let key = (step.at.clone(), run.origin.clone());
        self.debounced.insert(
            key,
            super::app::Debounced {
                due: self.now + pause_ms,
                run: later,
            },
        );
    }
}

/// The arguments under their proper names and in the tool's form, or what is wrong with them.
/// What a tool takes as it is keeps its structure shared with the state.
pub(super) fn fit(entry: &catalog::ToolEntry, args: Map, has_callback: bool) -> Result<Map, Failure> {
    let mut json = serde_json::Map::new();
    let mut whole = Map::new();
    for (name, value) in &args {
        let is_any = entry
            .param(name)
            .is_some_and(|param| param.kind == ValueKind::Any);
        if is_any && matches!(value, Value::List(_) | Value::Map(_)) {
            let proper = entry
                .param(name)
                .map_or_else(|| name.clone(), |param| Arc::from(&*param.name));
            whole.insert(proper, value.clone());
            json.insert(
                String::from(&**name),
                serde_json::Value::Object(serde_json::Map::new()),
            );
        } else {
            json.insert(String::from(&**name), value.to_json());
        }
    }
    if has_callback {
        json.insert(
            "action".to_owned(),
            serde_json::Value::String("action".to_owned()),
        );
    }
    let json = entry.coerce_args(&serde_json::Value::Object(json));
    entry.validate_args(&json).map_err(|issues| {
        let issues: Vec<String> = issues.iter().map(ToString::to_string).collect();
        Failure::new("args_invalid", format!("{}: {}", entry.id, issues.join("; ")))
    })?;
    let Value::Map(fitted) = Value::from(&json) else {
        return Ok(Map::new());
    };
    Ok(whole.union(fitted))
}
