//! The trial run: an app is used as a person would before anyone sees it.
//!
//! Pure and bounded by events and by the steps of its expressions, never by wall time. Every control is used in document order, then in
//! reverse, and once more in order when something was used in vain; a query is answered with its
//! default and once with an error, for which one that runs once is run again; other tools answer the
//! example of their catalog entry; a question is answered yes, then no.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value as Json, json};

use super::allowance::Allowance;
use super::app::{App, Opening, Waiting};
use super::checks;
use super::program::{Action, Call, CompiledCheck, CompiledRule, Program};
use super::turn::{Effect, Event, Failure, Turn};
use super::view::{Node, NodeId};
use crate::spec::catalog::Catalog;
use crate::spec::document::Rule;
use crate::spec::{Code, Issue, Path, Severity, UiSpec, check, limits};
use crate::value::Value;

/// Rounds of answering effects after one event; an app that asks on beyond them is in a loop.
const ANSWERS: usize = 20;
/// Components of one kind of row that are used; a list of a hundred rows needs no hundred clicks.
const ROWS: usize = 2;

/// Values tried on a field whose checks none has met.
const ENTRIES: usize = 8;
/// Times that what a control made twice as long must be made so again before it counts as growth without limit.
const DOUBLINGS: usize = 3;
/// How long a list or a text is made that grew at each wake, to see whether it goes on growing.
const LONG: usize = 5_000;
/// Bytes such a list may take then.
const LONG_BYTES: usize = 128 * 1024;
/// Components that are named of those that were not used.
const NAMED: usize = 20;

/// What the trial did and found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Whether the app works as far as it was used: no issue of severity error.
    pub passed: bool,
    pub issues: Vec<Issue>,
    /// Events that were sent.
    pub events: usize,
    /// Times the clock was moved.
    pub wakes: usize,
    /// Instructions its expressions took.
    pub fuel: u64,
    /// Components that were used.
    pub used: Vec<Arc<str>>,
    /// Components that could have been used and were not, because the trial had come to its bounds.
    pub untried: Vec<Arc<str>>,
    /// Tools that ran outside the engine, with how often.
    pub answered: BTreeMap<Arc<str>, usize>,
}

/// Tries an app out, from `now` in virtual time.
pub fn run(spec: &UiSpec, catalog: &Arc<Catalog>, now: f64, seed: u64) -> Report {
    let allowance = Allowance::of(limits::TRIAL_FUEL);
    let opening = Opening {
        spec,
        catalog: catalog.clone(),
        saved: None,
        now,
        seed,
        draft: false,
    };
    let (app, turn) = App::open(opening);
    let mut trial = Trial {
        catalog,
        app,
        now,
        events: 0,
        wakes: 0,
        issues: Vec::new(),
        uses: BTreeMap::new(),
        answered: BTreeMap::new(),
        queries_answered: BTreeMap::new(),
        confirmed: 0,
        loops: false,
        unsent: BTreeMap::new(),
    };
    // What has no action takes no event, so only the document shows it.
    let idle = check::check(spec, catalog).into_iter();
    idle.filter(|issue| issue.code == Code::ControlDoesNothing)
        .for_each(|issue| trial.note(issue));
    trial.take(turn);
    trial.use_everything(false);
    trial.use_everything(true);
    if trial.has_idle_controls() {
        trial.use_everything(false);
    }
    trial.wait();
    trial.report(allowance.spent())
}

struct Trial<'a> {
    catalog: &'a Catalog,
    app: App,
    now: f64,
    events: usize,
    wakes: usize,
    issues: Vec<Issue>,
    /// Component → whether any use of it changed anything.
    uses: BTreeMap<usize, bool>,
    answered: BTreeMap<Arc<str>, usize>,
    /// Query → how often it was answered.
    queries_answered: BTreeMap<usize, usize>,
    confirmed: usize,
    /// An effect follows from its own answer without an end.
    loops: bool,
    /// Form → the field that took nothing of what was entered, as long as the form was never sent.
    unsent: BTreeMap<NodeId, Option<NodeId>>,
}

impl Trial<'_> {
    /// Uses each control that is or comes into sight, once a pass.
    fn use_everything(&mut self, in_reverse: bool) {
        let mut done: BTreeSet<NodeId> = BTreeSet::new();
        let mut rows: BTreeMap<usize, usize> = BTreeMap::new();
        while let Some((component, node)) = self.next_control(&done, &rows, in_reverse) {
            if self.is_spent() {
                return;
            }
            done.insert(node.id.clone());
            *rows.entry(component).or_default() += 1;
            self.use_control(component, &node, in_reverse);
        }
    }

    fn next_control(
        &self,
        done: &BTreeSet<NodeId>,
        rows: &BTreeMap<usize, usize>,
        in_reverse: bool,
    ) -> Option<(usize, Node)> {
        let (_, nodes) = self.app.view();
        let modals: Vec<&Node> = nodes
            .iter()
            .filter(|node| &*node.kind == "modal")
            .copied()
            .collect();
        let is_hidden = |node: &Node| {
            let is_in = |modal: &&&Node| modal.id == node.id || self.app.view.is_below(&node.id, &modal.id);
            modals.iter().filter(is_in).any(|modal| !is_open(modal))
        };
        let is_fresh = |node: &Node| {
            let component = self.app.view.instance(&node.id)?.component;
            let is_fresh = !done.contains(&node.id) && rows.get(&component).copied().unwrap_or(0) < ROWS;
            (is_fresh && is_usable(node) && !is_hidden(node)).then_some(component)
        };
        // Closing a modal comes after what is in it.
        let is_busy = |node: &Node| {
            &*node.kind == "modal"
                && nodes
                    .iter()
                    .any(|inner| self.app.view.is_below(&inner.id, &node.id) && is_fresh(inner).is_some())
        };
        let fresh = |node: &&Node| {
            let component = is_fresh(node)?;
            (!is_busy(node)).then(|| (component, (*node).clone()))
        };
        if in_reverse {
            nodes.iter().rev().find_map(fresh)
        } else {
            nodes.iter().find_map(fresh)
        }
    }

    /// Backwards a field is filled and not submitted, so that the button beside it has its turn.
    fn use_control(&mut self, component: usize, node: &Node, in_reverse: bool) {
        let mut changed = false;
        if &*node.kind == "form" {
            self.fill_in(node);
        }
        for kind in ordered(&node.events) {
            if in_reverse && &*kind == "submit" && &*node.kind != "form" {
                continue;
            }
            if self.app.view.node(&node.id).is_none() {
                break;
            }
            changed |= if &*kind == "change" {
                self.enter(node)
            } else {
                self.send_on_what_doubles(node, &kind)
            };
        }
        let known = self.uses.entry(component).or_default();
        *known |= changed;
    }

    /// Fills the fields of a form, as one does before it is submitted.
    fn fill_in(&mut self, form: &Node) {
        let (_, nodes) = self.app.view();
        let is_field = |node: &&&Node| {
            self.app.view.is_below(&node.id, &form.id)
                && is_usable(node)
                && node.events.iter().any(|event| &**event == "change")
        };
        let fields: Vec<Node> = nodes
            .iter()
            .filter(is_field)
            .map(|node| (*node).clone())
            .collect();
        let mut refused = None;
        for field in fields {
            self.enter(&field);
            if self.app.fails_a_check(&field.id) {
                refused.get_or_insert(field.id);
            }
        }
        // What was sent once may well refuse the same again.
        let earlier = self
            .unsent
            .entry(form.id.clone())
            .or_insert_with(|| refused.clone());
        if refused.is_none() {
            *earlier = None;
        }
    }

    /// Enters what the field takes, as far as its checks tell; whether anything changed.
    fn enter(&mut self, field: &Node) -> bool {
        let program = self.app.program.clone();
        let component = self
            .app
            .view
            .instance(&field.id)
            .map(|instance| instance.component);
        let checks = component.map_or(&[][..], |index| &program.components[index].checks);
        let mut changed = false;
        for payload in entries(field, checks).into_iter().take(ENTRIES) {
            changed |= self.send_with(field, "change", payload);
            if !self.app.fails_a_check(&field.id) {
                break;
            }
        }
        changed
    }

    /// Whether something was used and nothing ever came of it. It gets another go, since what the
    /// other controls did meanwhile may have been what it waited for.
    fn has_idle_controls(&self) -> bool {
        self.uses.values().any(|changed| !changed)
    }

    /// Whether nothing more may be tried.
    fn is_spent(&self) -> bool {
        self.events >= limits::TRIAL_EVENTS || self.cannot_go_on()
    }

    fn cannot_go_on(&self) -> bool {
        self.loops || Allowance::left() == Some(0)
    }

    /// Sends one event and answers what it asks for; whether anything changed.
    fn send(&mut self, node: &Node, kind: &str) -> bool {
        self.send_with(node, kind, payload(node, kind))
    }

    /// Sends an event, and again where it made something of the state twice as long: what is doubled each time
    /// has no limit.
    fn send_on_what_doubles(&mut self, node: &Node, kind: &str) -> bool {
        let before = self.lengths();
        let changed = self.send(node, kind);
        let mut doubled = doubled(&before, &self.lengths());
        for _ in 0..DOUBLINGS {
            if doubled.is_empty() || self.app.view.node(&node.id).is_none() {
                return changed;
            }
            let before = self.lengths();
            self.send(node, kind);
            let again = self::doubled(&before, &self.lengths());
            doubled.retain(|path| again.contains(path));
        }
        if let Some(path) = doubled.first() {
            let message = format!("`{}` makes `{path}` twice as long each time it is used", node.id);
            self.note(Issue::error(Code::StateTooLarge, in_state(path), message).about(&*node.id));
        }
        changed
    }

    fn lengths(&self) -> BTreeMap<Path, usize> {
        let mut lengths = BTreeMap::new();
        for (name, value) in self.app.store.root() {
            if let Ok(path) = Path::key(name) {
                measure(value, path, &mut lengths);
            }
        }
        lengths
    }

    fn send_with(&mut self, node: &Node, kind: &str, payload: Json) -> bool {
        if self.is_spent() {
            return false;
        }
        self.events += 1;
        self.now += 1.0;
        let event = Event {
            component: node.id.to_string(),
            kind: kind.to_owned(),
            payload,
            item: Vec::new(),
        };
        let woken_at = self.app.wake_at();
        match self.app.dispatch(&event, self.now) {
            // Setting or clearing a timer is a change as well.
            Ok(turn) => self.take(turn) || self.app.wake_at() != woken_at,
            Err(error) => {
                let issue = Issue::error(Code::NotFound, "", error.to_string()).about(&*node.id);
                self.note(issue);
                false
            }
        }
    }

    /// Collects what a turn tells and answers its effects until there are none.
    fn take(&mut self, turn: Turn) -> bool {
        let mut changed = is_change(&turn);
        let mut effects = turn.effects;
        turn.issues.into_iter().for_each(|issue| self.note(issue));
        for _ in 0..ANSWERS {
            if effects.is_empty() {
                return changed;
            }
            let mut next = Vec::new();
            for effect in effects {
                let answer = self.answer(&effect);
                let query_failed = answer.is_err();
                let turn = self.app.resolve(effect.id, answer, self.now);
                changed = true;
                for mut issue in turn.issues {
                    if query_failed && issue.code == Code::ExprFailed {
                        issue.severity = Severity::Error;
                        issue.message = format!("when `{}` fails: {}", effect.tool, issue.message);
                    }
                    self.note(issue);
                }
                next.extend(turn.effects);
            }
            effects = next;
        }
        if !effects.is_empty() {
            let message = format!("`{}` is called again and again without an end", effects[0].tool);
            self.note(Issue::error(Code::WatchLoop, "", message));
            self.loops = true;
        }
        changed
    }

    fn answer(&mut self, effect: &Effect) -> Result<Value, Failure> {
        *self.answered.entry(effect.tool.clone()).or_default() += 1;
        let waiting = self.app.waiting.get(&effect.id).map(|expected| expected.waiting);
        if let Some(Waiting::Query { index, .. }) = waiting {
            let answers = self.queries_answered.entry(index).or_default();
            *answers += 1;
            return if *answers == 2 {
                Err(Failure::new(
                    "unavailable",
                    "the trial run lets every query fail once",
                ))
            } else {
                Ok(self.query_answer(index, &effect.tool))
            };
        }
        if &*effect.tool == "system.confirm" {
            self.confirmed += 1;
            return Ok(Value::Bool(self.confirmed % 2 == 1));
        }
        Ok(self.example(&effect.tool))
    }

    /// A picked default cannot be turned back into an answer, so such a query gets the example.
    fn query_answer(&self, index: usize, tool: &str) -> Value {
        let query = &self.app.program.queries[index];
        match (&query.pick, &query.default) {
            (None, default) if !default.is_null() => default.clone(),
            _ => self.example(tool),
        }
    }

    fn example(&self, tool: &str) -> Value {
        self.catalog
            .tool(tool)
            .map(|entry| Value::from(&entry.example_answer))
            .unwrap_or_default()
    }

    /// Whether using the component was answered with an error, which says why nothing changed.
    fn has_failed(&self, id: &str) -> bool {
        self.issues
            .iter()
            .any(|issue| issue.is_error() && issue.id.as_deref() == Some(id))
    }

    /// Moves the clock to what the app waits for. At the last wake what grew at each one is long already, so that
    /// it shows whether something bounds it.
    fn wait(&mut self) {
        let mut growing: Option<BTreeSet<Path>> = None;
        while self.wakes + 1 < limits::TRIAL_WAKES && self.app.wake_at().is_some() && !self.cannot_go_on() {
            let before = self.lengths();
            self.wake();
            let grown = grown(&before, &self.lengths());
            growing = Some(match growing {
                Some(growing) => growing.intersection(&grown).cloned().collect(),
                None => grown,
            });
        }
        let came_to_the_last = self.wakes + 1 == limits::TRIAL_WAKES;
        self.fail_queries();
        if !came_to_the_last || self.cannot_go_on() {
            return;
        }
        match growing.unwrap_or_default() {
            growing if growing.is_empty() => self.wake(),
            growing => self.wake_when_long(&growing),
        }
    }

    fn wake(&mut self) {
        let Some(due) = self.app.wake_at() else { return };
        self.wakes += 1;
        self.now = self.now.max(due);
        let turn = self.app.tick(self.now);
        self.take(turn);
    }

    /// What such lengths bring with them is no fault of the app.
    fn wake_when_long(&mut self, growing: &BTreeSet<Path>) {
        for path in growing {
            let Some(long) = self.app.store.get(path).and_then(prolonged) else {
                continue;
            };
            // What has no room in the state stays as it is, and grows or not.
            let _ = self.app.store.set(path, long);
        }
        let before = self.lengths();
        let known = self.issues.len();
        self.wake();
        self.issues.truncate(known);
        for path in grown(&before, &self.lengths()).intersection(growing) {
            let message = format!(
                "`{path}` grew at each of {} wakes and nothing bounds it; keep only the last entries of what is added on a timer",
                limits::TRIAL_WAKES
            );
            let hint = "\"{{ (log + [entry])[-50:] }}\"";
            self.note(Issue::error(Code::StateTooLarge, in_state(path), message).hint(hint));
        }
    }

    /// Has each query that was answered once run again, to be answered with an error.
    fn fail_queries(&mut self) {
        let program = self.app.program.clone();
        for (index, query) in program.queries.iter().enumerate() {
            if self.queries_answered.get(&index) == Some(&1) && !self.cannot_go_on() {
                self.app.refresh_queries(Some(&*query.name));
                let turn = self.app.tick(self.now);
                self.take(turn);
            }
        }
    }

    /// Components in sight that were never used.
    fn untried(&self) -> Vec<Arc<str>> {
        let (_, nodes) = self.app.view();
        let instances = nodes
            .into_iter()
            .filter(|node| is_usable(node))
            .filter_map(|node| self.app.view.instance(&node.id));
        let untried: BTreeSet<usize> = instances
            .map(|instance| instance.component)
            .filter(|component| !self.uses.contains_key(component))
            .collect();
        let program = &self.app.program;
        untried
            .into_iter()
            .map(|component| program.components[component].id.clone())
            .collect()
    }

    fn note_what_is_left_open(&mut self, untried: &[Arc<str>]) {
        if self.app.view().1.is_empty() {
            self.note(Issue::error(Code::Schema, "/components", "the app shows nothing"));
        }
        for (form, field) in std::mem::take(&mut self.unsent) {
            let program = self.app.program.clone();
            let (Some(field), Some(instance)) = (field, self.app.view.instance(&form)) else {
                continue;
            };
            let message = format!(
                "`{form}` was never sent: `{field}` did not take what was entered, so what sending does is not tried"
            );
            let at = &*program.components[instance.component].at;
            self.note(Issue::warning(Code::ControlDoesNothing, at, message).about(&*form));
        }
        if !untried.is_empty() && self.events >= limits::TRIAL_EVENTS {
            let message = format!(
                "the trial ends after {} events; {} were not used: {}",
                limits::TRIAL_EVENTS,
                untried.len(),
                untried
                    .iter()
                    .take(NAMED)
                    .map(|id| &**id)
                    .collect::<Vec<_>>()
                    .join(", ")
            );
            self.note(Issue::note(Code::TooLarge, "/components", message));
        }
    }

    fn note(&mut self, issue: Issue) {
        if !self.issues.contains(&issue) {
            self.issues.push(issue);
        }
    }

    fn report(mut self, fuel: u64) -> Report {
        if fuel >= limits::TRIAL_FUEL {
            // Every expression failed from there on, which says nothing about it or the controls.
            self.issues.retain(|issue| issue.code != Code::ExprFailed);
            let message = format!(
                "using the app takes more than {} steps of its expressions; the costly ones work through long lists again and again",
                limits::TRIAL_FUEL
            );
            let issue = Issue::error(Code::ExprFailed, "", message);
            self.note(issue.hint("put what is worked out from a list into `computed`, once"));
        }
        let program = self.app.program.clone();
        let idle = self
            .uses
            .iter()
            .filter(|(_, changed)| !**changed && fuel < limits::TRIAL_FUEL)
            .map(|(component, _)| *component);
        for component in idle.collect::<Vec<_>>() {
            let component = &program.components[component];
            if component.handlers.is_empty() && !component.is_submit || self.has_failed(&component.id) {
                continue;
            }
            let waits_for_something = component
                .handlers
                .values()
                .any(|action| is_conditional(action, &program, 0))
                || component.is_submit
                || !component.checks.is_empty();
            let message = format!("`{}` was used and nothing changed", component.id);
            let issue = if waits_for_something {
                Issue::warning(Code::ControlDoesNothing, &*component.at, message)
            } else {
                Issue::error(Code::ControlDoesNothing, &*component.at, message)
            };
            self.note(issue.about(&*component.id));
        }
        let untried = self.untried();
        self.note_what_is_left_open(&untried);
        Report {
            passed: !self.issues.iter().any(Issue::is_error),
            issues: self.issues,
            events: self.events,
            wakes: self.wakes,
            fuel,
            used: self
                .uses
                .keys()
                .map(|component| program.components[*component].id.clone())
                .collect(),
            untried,
            answered: self.answered,
        }
    }
}

/// Lengths of the texts and lists of the state, those in rows of a list aside.
fn measure(value: &Value, path: Path, lengths: &mut BTreeMap<Path, usize>) {
    match value {
        Value::Text(text) => {
            lengths.insert(path, text.len());
        }
        Value::List(list) => {
            lengths.insert(path, list.len());
        }
        Value::Map(members) => {
            for (name, member) in members {
                measure(member, path.join([name.clone()]), lengths);
            }
        }
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => {}
    }
}

fn grown(before: &BTreeMap<Path, usize>, after: &BTreeMap<Path, usize>) -> BTreeSet<Path> {
    let length_before = |path: &Path| before.get(path).copied().unwrap_or_default();
    let grown = after
        .iter()
        .filter(|(path, length)| **length > length_before(path));
    grown.map(|(path, _)| path.clone()).collect()
}

/// One entry twice is what adding to a list of one looks like.
fn doubled(before: &BTreeMap<Path, usize>, after: &BTreeMap<Path, usize>) -> Vec<Path> {
    let is_doubled = |(path, length): &(&Path, &usize)| {
        before
            .get(*path)
            .is_some_and(|before| *before > 1 && **length >= before * 2)
    };
    after
        .iter()
        .filter(is_doubled)
        .map(|(path, _)| path.clone())
        .collect()
}

/// The text or list over and over, as long as one that has grown for a while.
fn prolonged(value: &Value) -> Option<Value> {
    let room = LONG_BYTES / value.size().max(1);
    match value {
        Value::Text(text) if !text.is_empty() => Some(Value::text(
            text.repeat((LONG / text.len()).clamp(1, room.max(1))),
        )),
        Value::List(list) if !list.is_empty() => {
            let rows = LONG.min(list.len() * room).max(list.len());
            Some(Value::List(list.iter().cycle().take(rows).cloned().collect()))
        }
        _ => None,
    }
}

fn in_state(path: &Path) -> String {
    format!("/state{}", path.pointer())
}

fn is_usable(node: &Node) -> bool {
    !node.events.is_empty() && !node.pending && !node.props.member("disabled").is_some_and(Value::is_true)
}

/// Whether a modal shows what is in it.
fn is_open(modal: &Node) -> bool {
    modal.props.member("open").is_some_and(Value::is_true)
}

/// Values first, so that what is then clicked or submitted has something to work on.
fn ordered(events: &[Arc<str>]) -> Vec<Arc<str>> {
    let rank = |kind: &str| match kind {
        "mount" => 0,
        "focus" => 1,
        "change" => 2,
        "submit" => 4,
        "blur" => 5,
        "escape" | "close" => 6,
        _ => 3,
    };
    let mut events = events.to_vec();
    events.sort_by_key(|kind| rank(kind));
    events
}

fn is_change(turn: &Turn) -> bool {
    !turn.nodes.is_empty()
        || !turn.removed.is_empty()
        || !turn.state_patch.is_empty()
        || !turn.effects.is_empty()
}

/// Whether the action may rightly do nothing: it has a condition or waits for a pause.
fn is_conditional(action: &Action, program: &Program, depth: usize) -> bool {
    if depth > crate::spec::action::DEPTH {
        return false;
    }
    action.steps.iter().any(|step| {
        step.condition.is_some()
            || step.debounce_ms.is_some()
            || match &step.call {
                Call::Steps(steps) => is_conditional(steps, program, depth + 1),
                Call::Named { action, .. } => program
                    .actions
                    .get(action)
                    .is_some_and(|action| is_conditional(action, program, depth + 1)),
                Call::Tool { id, .. } => ends_at_a_limit(id),
            }
    })
}

/// Tools that rightly leave things as they are when there is nothing to do.
fn ends_at_a_limit(tool: &str) -> bool {
    let group = tool.split('.').next().unwrap_or_default();
    matches!(group, "calc" | "form" | "system")
}

fn payload(node: &Node, kind: &str) -> Json {
    match kind {
        "change" => change_payload(node),
        "submit" => json!({"value": node.props.member("value").map(Value::to_json)}),
        "key" => json!({"key": "a"}),
        "row_click" => {
            let (row, key) = first_row(node);
            json!({"row": row, "key": key, "index": 0})
        }
        "select" => chosen_rows(node),
        "tabChange" => json!({"tabId": node.children.last()}),
        _ => Json::Null,
    }
}

/// The first row of a table and its key.
fn first_row(table: &Node) -> (Json, Json) {
    let row = table.props.member("rows").and_then(|rows| rows.member("0"));
    let key_name = table
        .props
        .member("rowKey")
        .map_or_else(|| "id".to_owned(), Value::display);
    let key = row.and_then(|row| row.member(&key_name));
    (
        row.map_or(Json::Null, Value::to_json),
        key.map_or(Json::Null, Value::to_json),
    )
}

/// What a table tells when its first row is chosen.
fn chosen_rows(table: &Node) -> Json {
    let (_, key) = first_row(table);
    let keys: Vec<&Json> = Some(&key).filter(|key| !key.is_null()).into_iter().collect();
    let is_many = table.props.member("selection").and_then(Value::as_str) == Some("many");
    let value = if is_many { json!(keys) } else { key.clone() };
    json!({"value": value, "key": key, "keys": keys})
}

/// What a person could enter there, what meets the checks first.
fn entries(node: &Node, checks: &[CompiledCheck]) -> Vec<Json> {
    let first = change_payload(node);
    if checks.is_empty() {
        return vec![first];
    }
    let mut values: Vec<Json> = ["value", "checked"]
        .into_iter()
        .filter_map(|key| first.get(key).cloned())
        .collect();
    match &*node.kind {
        "checkbox" | "switch" => return vec![json!({"checked": true}), json!({"checked": false})],
        "select" | "radio" => values.extend(options(node)),
        "date" => {
            let moments: [&str; 3] = match props_text(node, "type") {
                "time" => ["09:30", "17:45", "06:15"],
                "datetime-local" => ["2026-01-15T09:30", "2026-01-15T17:45", "2026-01-14T06:15"],
                "month" => ["2026-01", "2026-12", "2025-06"],
                _ => ["2026-01-15", "2026-12-20", "2025-06-01"],
            };
            return moments
                .into_iter()
                .map(|moment| json!({"value": moment}))
                .collect();
        }
        _ => {
            let is_number = props_text(node, "type") == "number" || &*node.kind == "slider";
            for check in checks {
                values.extend(meant_by(&check.rule, is_number));
            }
            values.extend(OTHERS.into_iter().map(Json::from));
        }
    }
    // Only what is entered shows whether a condition holds.
    let fails = |value: &Json| {
        let value = Value::from(value);
        checks
            .iter()
            .any(|check| checks::failure(check, &value, |_| Value::Null).is_some())
    };
    let mut entries: Vec<Json> = Vec::new();
    for value in values {
        if !fails(&value) && !entries.contains(&value) {
            entries.push(value);
        }
    }
    if entries.is_empty() {
        return vec![first];
    }
    entries.into_iter().map(|value| json!({"value": value})).collect()
}

/// Values of the forms that patterns ask for most.
const OTHERS: [&str; 16] = [
    "Sample text that goes on for a while",
    "12345",
    "1234",
    "123456",
    "12",
    "1",
    "ABC",
    "ABC123",
    "AB-1234",
    "abc",
    "a1",
    "555-0100",
    "+15550100",
    "2026-01-15",
    "09:30",
    "#2f56d9",
];

/// Values that meet one rule and lie inside its bounds rather than on them.
fn meant_by(rule: &CompiledRule, is_number: bool) -> Vec<Json> {
    let number = |number: f64| {
        let value = Value::number(number);
        if is_number {
            value.to_json()
        } else {
            json!(value.display())
        }
    };
    let CompiledRule::Plain(rule) = rule else {
        return Vec::new();
    };
    match rule {
        Rule::Email => vec![json!("person@example.org")],
        Rule::Url => vec![json!("https://example.org")],
        Rule::Number | Rule::Integer => vec![number(7.0), number(1.0)],
        Rule::Min(min) => vec![number(min + 1.0), number(*min), number(min.ceil() + 10.0)],
        Rule::Max(max) => vec![number(max - 1.0), number(*max), number((max / 2.0).floor())],
        Rule::MinLength(length) | Rule::MaxLength(length) => vec![json!(
            "Sample "
                .chars()
                .cycle()
                .take((*length).min(limits::PROPERTY_BYTES))
                .collect::<String>()
        )],
        Rule::OneOf(values) => values.clone(),
        Rule::Required | Rule::Pattern(_) | Rule::When(_) => Vec::new(),
    }
}

/// Something a person could enter there, different from what is there.
fn change_payload(node: &Node) -> Json {
    let prop = |name: &str| node.props.member(name);
    let text = |name: &str| props_text(node, name);
    match &*node.kind {
        "checkbox" | "switch" => json!({"checked": !prop("checked").is_some_and(Value::is_true)}),
        "modal" => json!({"value": !prop("open").is_some_and(Value::is_true)}),
        "slider" => json!({"value": stepped(node)}),
        "select" | "radio" => json!({"value": another_option(node)}),
        "tabs" | "accordion" => {
            let open = text("value");
            json!({"value": node.children.iter().find(|child| ***child != *open)})
        }
        "table" => chosen_rows(node),
        "date" => json!({"value": match text("type") {
            "time" => "09:30",
            "datetime-local" => "2026-01-15T09:30",
            "month" => "2026-01",
            _ => "2026-01-15",
        }}),
        _ => json!({"value": match text("type") {
            "number" => return json!({"value": stepped(node)}),
            "email" => "person@example.org",
            "url" => "https://example.org",
            "tel" => "5550100",
            "time" => "09:30",
            "password" => "correct horse 1",
            _ => "Sample",
        }}),
    }
}

/// A number within the control's bounds that is not the one it has.
fn stepped(node: &Node) -> f64 {
    let number = |name: &str| node.props.member(name).and_then(Value::as_f64);
    let (min, max) = (number("min").unwrap_or(0.0), number("max").unwrap_or(100.0));
    let held = number("value").unwrap_or(min);
    let step = number("step").filter(|step| *step > 0.0).unwrap_or(1.0);
    if held + step <= max {
        held + step
    } else {
        (held - step).max(min)
    }
}

fn another_option(node: &Node) -> Json {
    let held = node.props.member("value").map_or(Json::Null, Value::to_json);
    let options = options(node);
    let other = options.iter().find(|value| **value != held);
    other.or(options.first()).cloned().unwrap_or_default()
}

fn options(node: &Node) -> Vec<Json> {
    let options = node.props.member("options").and_then(Value::as_list);
    let values = options
        .into_iter()
        .flatten()
        .map(|option| option.member("value").unwrap_or(option));
    values.map(Value::to_json).collect()
}

fn props_text<'n>(node: &'n Node, name: &str) -> &'n str {
    node.props
        .member(name)
        .and_then(Value::as_str)
        .unwrap_or_default()
}
