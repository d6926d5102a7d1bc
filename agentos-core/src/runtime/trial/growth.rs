//! Whether the state grows without limit: on a timer, or each time a control is used.

use std::collections::{BTreeMap, BTreeSet};

use super::Trial;
use crate::runtime::view::Node;
use crate::spec::{Code, Issue, Path, limits};
use crate::value::Value;

/// Times that what a control made twice as long must be made so again before it counts as growth without limit.
const DOUBLINGS: usize = 3;
/// How long a list or a text is made that grew at each wake, to see whether it goes on growing.
const LONG: usize = 5_000;
/// Bytes such a list may take then.
const LONG_BYTES: usize = 128 * 1024;

impl Trial<'_> {
    /// Sends an event, and again where it made something of the state twice as long: what is doubled each time
    /// has no limit.
    pub(super) fn send_on_what_doubles(&mut self, node: &Node, kind: &str) -> bool {
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

    pub(super) fn lengths(&self) -> BTreeMap<Path, usize> {
        let mut lengths = BTreeMap::new();
        for (name, value) in self.app.store.root() {
            if let Ok(path) = Path::key(name) {
                measure(value, path, &mut lengths);
            }
        }
        lengths
    }

    /// What such lengths bring with them is no fault of the app.
    pub(super) fn wake_when_long(&mut self, growing: &BTreeSet<Path>) {
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

pub(super) fn grown(before: &BTreeMap<Path, usize>, after: &BTreeMap<Path, usize>) -> BTreeSet<Path> {
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
