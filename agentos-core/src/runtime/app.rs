//! A running app: a pure function of (document, state, event), with the little that must be
//! remembered between calls.
//!
//! Every public call takes `now` in milliseconds and answers a [`Turn`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::program::{Action, ComponentIndex, Home, Program};
use super::query::QueryState;
use super::rows::{self, Rows};
use super::run::{Resumption, Run, RunId};
use super::scope::{Ids, Scope};
use super::store::{Mark, Store, StoreError};
use super::succession::carried;
use super::turn::{DispatchError, Effect, Event, Failure, Runs, Turn, WindowState};
use super::view::{Changes, Node, NodeId, Override, Surroundings, View};
use crate::spec::catalog::Catalog;
use crate::spec::{Code, Issue, Path, UiSpec};
use crate::value::{Map, Value};

/// What a service effect may wait beyond the tool's own time: the kernel may be asking a person.
pub(super) const APPROVAL_MS: f64 = 65_000.0;
/// Rounds of watches one turn may take.
const WATCH_ROUNDS: usize = 8;

pub struct App {
    pub(super) program: Arc<Program>,
    pub(super) catalog: Arc<Catalog>,
    pub(super) store: Store,
    /// Computed values, query results, `_` and `app`, by the names expressions use.
    pub(super) derived: Map,
    pub(super) view: View,
    pub(super) overrides: BTreeMap<Arc<str>, Override>,
    pub(super) runs: BTreeMap<RunId, Run>,
    /// How many runs are being carried on, each but the first by a step of the one before.
    pub(super) nesting: usize,
    /// Steps they have begun together.
    pub(super) begun: usize,
    pub(super) waiting: BTreeMap<u64, Expected>,
    pub(super) timers: BTreeMap<Arc<str>, Timer>,
    pub(super) debounced: BTreeMap<(String, Option<NodeId>), Debounced>,
    pub(super) queries: Vec<QueryState>,
    pub(super) now: f64,
    pub(super) issues: Vec<Issue>,
    effects: Vec<Effect>,
    /// Paths that changed in this turn, state and derived alike.
    touched: Vec<Path>,
    /// Nodes to resolve again for another reason than a path.
    pub(super) stale: BTreeSet<NodeId>,
    /// How much of the store's log has been settled.
    settled: usize,
    /// State and derived values as the last turn left them.
    last: (Map, Map),
    window: WindowState,
    seed: u64,
    counter: u64,
    draft: bool,
}

/// Who an effect's result is for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Waiting {
    Run {
        run: RunId,
        how: Resumption,
    },
    Query {
        index: usize,
        generation: u64,
    },
    /// Nobody minds how it ends.
    Nobody,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Expected {
    pub deadline: f64,
    pub waiting: Waiting,
}

#[derive(Debug, Clone)]
pub(super) struct Timer {
    pub due: f64,
    pub every: Option<f64>,
    pub action: Arc<Action>,
    pub rows: Rows,
}

#[derive(Debug)]
pub(super) struct Debounced {
    pub due: f64,
    pub run: Run,
}

/// How an app begins.
pub struct Opening<'a> {
    pub spec: &'a UiSpec,
    pub catalog: Arc<Catalog>,
    /// What was kept; keys it does not have begin as the document says.
    pub saved: Option<Map>,
    pub now: f64,
    /// Fresh for every open, so that ids never repeat.
    pub seed: u64,
    /// A document still being written: nothing runs and nothing is clickable.
    pub draft: bool,
}

impl App {
    /// Opens an app: mounts it, starts its queries and runs `on.mount`. The turn's patch leads
    /// from `saved` (an empty object when there is none) to the state the app begins with.
    pub fn open(opening: Opening<'_>) -> (Self, Turn) {
        let (program, issues) = Program::compile(opening.spec, &opening.catalog);
        let info = Map::unit("title".into(), Value::text(program.title.as_str()));
        let mut app = Self {
            store: Store::new(opening.saved.unwrap_or_default()).keeping_off(&program.worked_out),
            derived: Map::unit("app".into(), Value::Map(info)),
            view: View::default(),
            overrides: BTreeMap::new(),
            runs: BTreeMap::new(),
            nesting: 0,
            begun: 0,
            waiting: BTreeMap::new(),
            timers: BTreeMap::new(),
            debounced: BTreeMap::new(),
            queries: Vec::new(),
            now: opening.now,
            issues: if opening.draft { Vec::new() } else { issues },
            effects: Vec::new(),
            touched: Vec::new(),
            stale: BTreeSet::new(),
            settled: 0,
            last: (Map::new(), Map::new()),
            window: WindowState::Open,
            seed: opening.seed,
            counter: 0,
            draft: opening.draft,
            program: Arc::new(program),
            catalog: opening.catalog,
        };
        let turn = app.begin();
        (app, turn)
    }

    /// Goes on under an edited document, with what of the state [`carried`] keeps, as if it were opened
    /// again: what waits is forgotten, queries start and `on.mount` runs. The turn is one of opening.
    pub fn succeed(&self, spec: &UiSpec, now: f64) -> (Self, Turn) {
        let (program, issues) = Program::compile(spec, &self.catalog);
        let info = Map::unit(
            "app".into(),
            Value::Map(Map::unit("title".into(), Value::text(program.title.as_str()))),
        );
        let mut app = Self {
            store: Store::new(Map::new()),
            derived: info,
            view: View::default(),
            overrides: self.overrides.clone(),
            runs: BTreeMap::new(),
            nesting: 0,
            begun: 0,
            waiting: BTreeMap::new(),
            timers: BTreeMap::new(),
            debounced: BTreeMap::new(),
            queries: Vec::new(),
            now: now.max(self.now),
            issues,
            effects: Vec::new(),
            touched: Vec::new(),
            stale: BTreeSet::new(),
            settled: 0,
            last: (Map::new(), Map::new()),
            window: self.window,
            seed: self.seed,
            // An answer to an effect of the earlier document finds nobody.
            counter: self.counter,
            draft: false,
            program: Arc::new(program),
            catalog: self.catalog.clone(),
        };
        let state = carried(&self.initial_state(), &app.initial_state(), self.state());
        app.store = Store::new(state).keeping_off(&app.program.worked_out);
        let turn = app.begin();
        (app, turn)
    }

    /// Begins to run on the state that is there.
    fn begin(&mut self) -> Turn {
        self.begin_state();
        self.begin_queries();
        self.compute_all();
        self.settled = self.store.change_count();
        self.last = (self.store.root().clone(), self.derived.clone());
        if !self.draft {
            // Some are answered at once, and what failed for want of them is worked out by then.
            self.start_queries();
            self.forget_mended_failures();
        }
        let changes = self.mount();
        if !self.draft
            && let Some(action) = self.program.on.mount.clone()
        {
            self.start(Run::new(action, None, Rows::default(), Value::Null));
        }
        self.finish(changes)
    }

    /// Carries out what a person did.
    ///
    /// # Errors
    /// Nothing changed.
    pub fn dispatch(&mut self, event: &Event, now: f64) -> Result<Turn, DispatchError> {
        self.arrive(now);
        if self.window == WindowState::Frozen || self.draft {
            return Err(DispatchError::Frozen);
        }
        let id = self.find(event)?;
        let before = self.store.root().clone();
        self.handle(&id, event)?;
        self.remember(before, &format!("{} {id}", event.kind), event.kind == "change");
        Ok(self.finish(Changes::default()))
    }

    /// Keeps the state a person can come back to, when there was a change.
    fn remember(&mut self, before: Map, label: &str, joins: bool) {
        if !self.store.root().ptr_eq(&before) {
            self.store.remember(before, &Arc::from(label), joins, self.now);
        }
    }

    /// Gives an effect its one result. An id that is unknown or settled changes nothing.
    pub fn resolve(&mut self, effect: u64, result: Result<Value, Failure>, now: f64) -> Turn {
        self.arrive(now);
        if let Some(expected) = self.waiting.remove(&effect) {
            let before = self.store.root().clone();
            let is_a_persons = matches!(expected.waiting, Waiting::Run { run, .. }
                if self.runs.get(&run).is_some_and(|run| run.origin.is_some()));
            self.deliver(expected.waiting, result);
            if is_a_persons {
                self.remember(before, "resolve", false);
            }
        }
        self.finish(Changes::default())
    }

    /// Fires what is due: pauses that ended, timers, query periods, deadlines that passed.
    pub fn tick(&mut self, now: f64) -> Turn {
        self.arrive(now);
        if self.window != WindowState::Frozen {
            self.fire_due();
        }
        self.finish(Changes::default())
    }

    /// Resolves the rows from `first` on of the `each` at node `id`, and besides them the rows in
    /// which the children `keep` stand, wherever those rows go.
    pub fn range(
        &mut self,
        id: &str,
        item: &[String],
        first: usize,
        count: usize,
        keep: &[String],
    ) -> Result<Turn, DispatchError> {
        let event = Event {
            component: id.to_owned(),
            kind: String::new(),
            payload: serde_json::Value::Null,
            item: item.to_vec(),
        };
        let id = self.find(&event)?;
        self.view.set_window(&id, first, count, keep);
        self.stale.insert(id);
        Ok(self.finish(Changes::default()))
    }

    /// Tells the app how it is seen, which runs `on.focus` and `on.blur`.
    pub fn window(&mut self, state: WindowState, now: f64) -> Turn {
        self.arrive(now);
        let before = std::mem::replace(&mut self.window, state);
        let hook = match (before, state) {
            (WindowState::Focused, WindowState::Focused) => None,
            (_, WindowState::Focused) => self.program.on.focus.clone(),
            (WindowState::Focused, WindowState::Open | WindowState::Minimised) => {
                self.program.on.blur.clone()
            }
            _ => None,
        };
        if let Some(action) = hook {
            self.start(Run::new(action, None, Rows::default(), Value::Null));
        }
        if before == WindowState::Minimised && state != WindowState::Frozen {
            self.fire_due();
        }
        self.finish(Changes::default())
    }

    /// Ends the app: whatever waits is cancelled, then `on.close` runs.
    pub fn close(&mut self, now: f64) -> Turn {
        self.arrive(now);
        let cancelled: Vec<Waiting> = std::mem::take(&mut self.waiting)
            .into_values()
            .map(|expected| expected.waiting)
            .collect();
        self.timers.clear();
        self.debounced.clear();
        for waiting in cancelled {
            self.deliver(waiting, Err(Failure::new("cancelled", "the app was closed")));
        }
        if let Some(action) = self.program.on.close.clone() {
            self.start(Run::new(action, None, Rows::default(), Value::Null));
        }
        let mut turn = self.finish(Changes::default());
        turn.wake_at = None;
        turn
    }

    pub fn state(&self) -> &Map {
        self.store.root()
    }

    /// The operations that lead from the state of `before` to this app's.
    pub(crate) fn state_patch_since(&self, before: &Self) -> Vec<super::PatchOp> {
        self.store.patch_since(&before.store)
    }

    /// A turn in which nothing happens: only when the app wants to be woken.
    pub fn quiet_turn(&self) -> Turn {
        Turn {
            wake_at: self.wake_at(),
            ..Turn::default()
        }
    }

    /// What of the view is new or different from `before`, an earlier draft of the same document.
    pub fn difference(&self, before: &Self) -> Turn {
        let (root, nodes) = self.view();
        let (old_root, old_nodes) = before.view();
        let gone = old_nodes.iter().filter(|node| self.view.node(&node.id).is_none());
        Turn {
            nodes: nodes
                .into_iter()
                .filter(|node| before.view.node(&node.id) != Some(*node))
                .cloned()
                .collect(),
            removed: gone.map(|node| node.id.clone()).collect(),
            root: (root != old_root).then_some(root),
            ..Turn::default()
        }
    }

    pub fn title(&self) -> &str {
        &self.program.title
    }

    /// The whole view: ids of the roots, and every visible node with parents first.
    pub fn view(&self) -> (Vec<NodeId>, Vec<&Node>) {
        (self.view.roots(), self.view.nodes())
    }

    /// What the document starts with: its `state`, and the values of controls that keep their own.
    pub(super) fn initial_state(&self) -> Map {
        let mut state = self.program.state.clone();
        for component in self
            .program
            .components
            .iter()
            .filter(|component| component.around.is_none())
        {
            if let Some(Home::Own {
                initial: Some(initial),
            }) = component.value.as_ref().map(|value| &value.home)
                && !state.contains_key(&component.id)
            {
                state.insert(component.id.clone(), initial.clone());
            }
        }
        state
    }

    fn begin_state(&mut self) {
        for (key, value) in &self.initial_state() {
            let Ok(path) = Path::key(key) else { continue };
            if self.store.get(&path).is_none()
                && let Err(error) = self.store.set(&path, value.clone())
            {
                let code = match error {
                    StoreError::TooLarge => Code::StateTooLarge,
                    _ => Code::NameCollision,
                };
                let at = format!("/state{}", path.pointer());
                self.issues.push(Issue::error(code, at, error.to_string()));
            }
        }
    }

    fn mount(&mut self) -> Changes {
        let pending = BTreeSet::new();
        let around = Surroundings {
            program: &self.program,
            catalog: &self.catalog,
            store: &self.store,
            derived: &self.derived,
            overrides: &self.overrides,
            pending: &pending,
            draft: self.draft,
        };
        self.view.mount(&around)
    }

    fn arrive(&mut self, now: f64) {
        if now > self.now {
            self.now = now;
        }
    }

    /// The node an event means.
    fn find(&self, event: &Event) -> Result<NodeId, DispatchError> {
        let missing = || DispatchError::NoSuchNode(event.component.clone());
        let id = if event.item.is_empty() {
            event.component.clone()
        } else {
            rows::node_id(&event.component, &event.item)
        };
        let node = self.view.node(&id).ok_or_else(missing)?;
        Ok(node.id.clone())
    }

    fn compute_all(&mut self) {
        let program = self.program.clone();
        for computed in &program.computed {
            let value = self.computed_value(computed);
            self.derived.insert(computed.name.clone(), value);
        }
    }

    /// Complaints of computed values that have come right since are none.
    fn forget_mended_failures(&mut self) {
        if self.issues.is_empty() || self.queries.is_empty() {
            return;
        }
        let failures = std::mem::take(&mut self.issues);
        let program = self.program.clone();
        for computed in &program.computed {
            self.computed_value(computed);
        }
        let failing = std::mem::take(&mut self.issues);
        let still = |issue: &Issue| issue.code != Code::ExprFailed || failing.contains(issue);
        self.issues = failures.into_iter().filter(still).collect();
    }

    fn computed_value(&mut self, computed: &super::program::Computed) -> Value {
        let scope = Scope::new(self.store.root(), &self.derived);
        match computed.value.evaluate(&scope, &|_| Value::Null) {
            Ok(value) => value,
            Err(error) => {
                let path = format!("/computed/{}", crate::spec::path::escaped(&computed.name));
                let issue = Issue::warning(Code::ExprFailed, path, format!("`{}`: {error}", computed.name));
                if !self.draft && !self.issues.contains(&issue) {
                    self.issues.push(issue);
                }
                Value::Null
            }
        }
    }

    /// Brings computed values in line with what was written since the last time.
    pub(super) fn settle(&mut self) {
        let mut fresh: Vec<Path> = self.store.touched_since(self.settled).cloned().collect();
        self.settled = self.store.change_count();
        if fresh.is_empty() {
            return;
        }
        self.propagate(&mut fresh);
        self.touched.append(&mut fresh);
    }

    /// Takes back what was written since `mark`, and what followed from it.
    pub(super) fn roll_back(&mut self, mark: Mark) {
        let mut undone: Vec<Path> = self.store.touched_since(mark.change_count()).cloned().collect();
        self.store.roll_back(mark);
        if self.settled > self.store.change_count() {
            self.settled = self.store.change_count();
            self.propagate(&mut undone);
            self.touched.append(&mut undone);
        }
    }

    /// A derived value changed by itself, a query's result for one.
    pub(super) fn derive(&mut self, name: &Arc<str>, value: Value) {
        if self.derived.get(name) == Some(&value) {
            return;
        }
        self.derived.insert(name.clone(), value);
        if let Ok(path) = Path::key(name) {
            let mut fresh = vec![path];
            self.propagate(&mut fresh);
            self.touched.append(&mut fresh);
        }
    }

    fn propagate(&mut self, fresh: &mut Vec<Path>) {
        let program = self.program.clone();
        for computed in &program.computed {
            if !any_touches(fresh, &computed.reads) {
                continue;
            }
            let value = self.computed_value(computed);
            if self.derived.get(&computed.name) != Some(&value) {
                self.derived.insert(computed.name.clone(), value);
                fresh.push(computed.path.clone());
            }
        }
    }

    pub(super) fn emit(
        &mut self,
        tool: Arc<str>,
        runs: Runs,
        args: Value,
        timeout_ms: f64,
        waiting: Waiting,
    ) -> u64 {
        self.counter += 1;
        let id = self.counter;
        let deadline = self.now + timeout_ms;
        self.waiting.insert(id, Expected { deadline, waiting });
        self.effects.push(Effect {
            id,
            tool,
            runs,
            args,
            deadline_ms: deadline,
        });
        id
    }

    pub(super) fn keep_run(&mut self, run: Run) -> RunId {
        self.counter += 1;
        self.stale.extend(run.origin.clone());
        self.runs.insert(self.counter, run);
        self.counter
    }

    fn deliver(&mut self, waiting: Waiting, result: Result<Value, Failure>) {
        match waiting {
            Waiting::Run { run, how } => {
                let Some(run) = self.runs.remove(&run) else { return };
                self.stale.extend(run.origin.clone());
                self.resume(run, how, result);
            }
            Waiting::Query { index, generation } => self.answer_query(index, generation, result),
            Waiting::Nobody => {}
        }
        self.settle();
    }

    fn fire_due(&mut self) {
        let now = self.now;
        let overdue: Vec<u64> = self
            .waiting
            .iter()
            .filter(|(_, expected)| expected.deadline <= now)
            .map(|(id, _)| *id)
            .collect();
        for id in overdue {
            if let Some(expected) = self.waiting.remove(&id) {
                self.deliver(
                    expected.waiting,
                    Err(Failure::new("deadline_exceeded", "no answer came in time")),
                );
            }
        }
        let rested: Vec<_> = self
            .debounced
            .iter()
            .filter(|(_, debounced)| debounced.due <= now)
            .map(|(key, _)| key.clone())
            .collect();
        for key in rested {
            if let Some(Debounced { run, .. }) = self.debounced.remove(&key) {
                let before = self.store.root().clone();
                let is_a_persons = run.origin.is_some();
                self.start(run);
                if is_a_persons {
                    self.remember(before, "debounced", false);
                    self.store.end_step();
                }
            }
        }
        let rung: Vec<Arc<str>> = self
            .timers
            .iter()
            .filter(|(_, timer)| timer.due <= now)
            .map(|(id, _)| id.clone())
            .collect();
        for id in rung {
            self.ring(&id);
        }
        if self.window != WindowState::Minimised {
            self.start_queries();
        }
    }

    /// Runs a timer's action once, however many of its periods were missed.
    fn ring(&mut self, id: &Arc<str>) {
        let Some(timer) = self.timers.get(id).cloned() else {
            return;
        };
        match timer.every {
            Some(every) => {
                let periods = ((self.now - timer.due) / every).floor() + 1.0;
                if let Some(timer) = self.timers.get_mut(id) {
                    timer.due += periods * every;
                }
            }
            None => {
                self.timers.remove(id);
            }
        }
        let event = Map::unit("id".into(), Value::Text(id.clone()));
        self.start(Run::new(timer.action, None, timer.rows, Value::Map(event)));
    }

    /// Runs the watches whose values are others than the last turn left, or than they were when they last ran.
    fn run_watches(&mut self) {
        let program = self.program.clone();
        if program.watch.is_empty() {
            return;
        }
        let (state, derived) = &self.last;
        let mut known: Vec<Value> = program
            .watch
            .iter()
            .map(|(path, _)| found(state, derived, path))
            .collect();
        for round in 0..=WATCH_ROUNDS {
            self.settle();
            let mut due = Vec::new();
            for ((path, action), known) in program.watch.iter().zip(&mut known) {
                if !self.touched.iter().any(|touched| touched.touches(path)) {
                    continue;
                }
                let value = found(self.store.root(), &self.derived, path);
                if *known != value {
                    *known = value;
                    due.push((path.clone(), action.clone()));
                }
            }
            if due.is_empty() {
                return;
            }
            if round == WATCH_ROUNDS {
                let path = due[0].0.pointer();
                let message = format!(
                    "`{}` still changes after {WATCH_ROUNDS} rounds of watches, which end here; give them an `if` that ends them",
                    due[0].0
                );
                self.issues
                    .push(Issue::error(Code::WatchLoop, format!("/watch{path}"), message));
                return;
            }
            for (path, action) in due {
                let event = Map::unit("path".into(), Value::text(path.to_string()));
                self.start(Run::new(action, None, Rows::default(), Value::Map(event)));
            }
        }
    }

    /// Paths that may have changed in this turn.
    pub(super) fn touched(&self) -> &[Path] {
        &self.touched
    }

    /// The component of that id.
    pub(super) fn component(&self, id: &str) -> Option<ComponentIndex> {
        let mut components = self.program.components.iter();
        components.position(|component| *component.id == *id)
    }

    /// Whether any of these paths changed in this turn.
    pub(super) fn was_touched(&self, reads: &[Path]) -> bool {
        any_touches(&self.touched, reads)
    }

    /// Nodes whose own run waits.
    fn pending(&self) -> BTreeSet<NodeId> {
        self.runs.values().filter_map(|run| run.origin.clone()).collect()
    }

    pub(super) fn is_pending(&self, node: &str) -> bool {
        self.runs.values().any(|run| run.origin.as_deref() == Some(node))
    }

    /// Puts together what this call changed.
    fn finish(&mut self, mounted: Changes) -> Turn {
        self.settle();
        if !self.draft {
            self.run_watches();
            self.restart_queries();
            self.settle();
            self.forget_removed_rows();
        }
        self.settle();
        let pending = self.pending();
        let touched = std::mem::take(&mut self.touched);
        let stale = std::mem::take(&mut self.stale);
        let around = Surroundings {
            program: &self.program,
            catalog: &self.catalog,
            store: &self.store,
            derived: &self.derived,
            overrides: &self.overrides,
            pending: &pending,
            draft: self.draft,
        };
        let mut changes = self.view.refresh(&touched, stale, &around, mounted);
        let mut issues = std::mem::take(&mut self.issues);
        issues.append(&mut changes.issues);
        let touched_persisted = |path: &Path| {
            self.program
                .persist
                .iter()
                .any(|persisted| persisted.touches(path))
        };
        let persist = self.store.touched_since(0).any(touched_persisted);
        self.settled = 0;
        self.store.end_step();
        self.last = (self.store.root().clone(), self.derived.clone());
        Turn {
            root: changes.roots_changed.then(|| self.view.roots()),
            nodes: changes
                .nodes
                .iter()
                .filter_map(|(_, id)| self.view.node(id).cloned())
                .collect(),
            removed: changes
                .removed
                .into_iter()
                .filter(|id| self.view.node(id).is_none())
                .collect(),
            state_patch: self.store.take_patch(),
            persist,
            effects: std::mem::take(&mut self.effects),
            wake_at: self.wake_at(),
            issues,
        }
    }

    pub(super) fn wake_at(&self) -> Option<f64> {
        if self.window == WindowState::Frozen || self.draft {
            return None;
        }
        let deadlines = self.waiting.values().map(|expected| expected.deadline);
        let pauses = self.debounced.values().map(|debounced| debounced.due);
        let timers = self.timers.values().map(|timer| timer.due);
        let queries = self
            .queries
            .iter()
            .filter(|_| self.window != WindowState::Minimised)
            .filter_map(|query| query.due);
        deadlines
            .chain(pauses)
            .chain(timers)
            .chain(queries)
            .min_by(f64::total_cmp)
    }

    /// Ids nobody else gets.
    pub(super) fn ids(&mut self) -> Ids {
        self.counter += 1;
        Ids {
            seed: self.seed,
            count: self.counter,
            now: self.now,
        }
    }

    pub(super) fn fresh_id(&mut self) -> Arc<str> {
        Arc::from(self.ids().get(0))
    }
}

/// The value of a path of the scope.
fn found(state: &Map, derived: &Map, path: &Path) -> Value {
    let scope = Scope::new(state, derived);
    let found = scope.lookup(path.root(), &path.segments()[1..]);
    found.cloned().unwrap_or_default()
}

fn any_touches(paths: &[Path], reads: &[Path]) -> bool {
    reads
        .iter()
        .any(|read| paths.iter().any(|path| path.touches(read)))
}
