//! The trial run: an app is used as a person would before anyone sees it.
//!
//! Pure and bounded by events and by the steps of its expressions, never by wall time. Every control is used in document order, then in
//! reverse, and once more in order when something was used in vain; a query is answered with its
//! default and once with an error, for which one that runs once is run again; other tools answer the
//! example of their catalog entry; a question is answered yes, then no.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value as Json;

use self::entries::{entries, payload};
use self::growth::grown;
use super::allowance::Allowance;
use super::app::{App, Opening};
use super::turn::{Event, Turn};
use super::view::{Node, NodeId};
use crate::spec::catalog::Catalog;
use crate::spec::{Code, Issue, Path, Severity, UiSpec, check, limits};
use crate::value::Value;

mod answers;
mod entries;
mod growth;
mod report;

/// Rounds of answering effects after one event; an app that asks on beyond them is in a loop.
const ANSWERS: usize = 20;
/// Components of one kind of row that are used; a list of a hundred rows needs no hundred clicks.
const ROWS: usize = 2;
/// Values tried on a field whose checks none has met.
const ENTRIES: usize = 8;

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

    fn note(&mut self, issue: Issue) {
        if !self.issues.contains(&issue) {
            self.issues.push(issue);
        }
    }
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
