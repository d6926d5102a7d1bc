//! The state of one app: a persistent tree, a log of what changed, and the way back.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use serde::Serialize;
use thiserror::Error;

use crate::spec::{Path, limits};
use crate::value::{List, Map, Value};

/// One RFC 6902 operation on the state.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum PatchOp {
    Add { path: String, value: Value },
    Replace { path: String, value: Value },
    Remove { path: String },
}

impl PatchOp {
    /// Bytes of the value it carries.
    fn size(&self) -> usize {
        match self {
            Self::Add { value, .. } | Self::Replace { value, .. } => value.size(),
            Self::Remove { .. } => 0,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum StoreError {
    #[error("the state would hold more than {} bytes", limits::STATE_BYTES)]
    TooLarge,
    #[error("`{0}` is no list")]
    NotAList(String),
    #[error("`{0}` holds a value that has no members")]
    NotAContainer(String),
    #[error("there is nothing at `{0}`")]
    Missing(String),
    #[error("no path leads to `{0}`, so the state cannot hold it")]
    NotAPath(String),
    #[error("`{0}` is worked out, not kept in the state; it cannot be written")]
    WorkedOut(String),
}

/// Old states kept for undo.
const HISTORY_ENTRIES: usize = 200;
/// Bytes of change the history may hold.
const HISTORY_BYTES: usize = 1024 * 1024;
/// What an entry weighs by itself.
const HISTORY_ENTRY_BYTES: usize = 64;
/// Typing in one field joins into one entry while pauses are shorter.
const TYPING_PAUSE_MS: f64 = 1000.0;

/// What a member of an object adds to its key and value: quotes, a colon, a comma.
const MEMBER_BYTES: usize = 4;

#[derive(Debug, Clone)]
pub(super) struct Store {
    root: Map,
    /// Names that are no keys of the state, whatever asks to write them.
    worked_out: BTreeSet<Arc<str>>,
    bytes: usize,
    changes: Vec<Change>,
    undo: VecDeque<Entry>,
    redo: Vec<Entry>,
    history_bytes: usize,
    /// Whether this turn walked the history, which is no new step of it.
    walked: bool,
}

/// One write of this turn.
#[derive(Debug, Clone)]
struct Change {
    op: PatchOp,
    /// What the write can have changed for a reader.
    touched: Path,
}

/// A step to take back: what led from one state to another, whatever else changed since.
#[derive(Debug, Clone)]
struct Entry {
    before: Map,
    /// Nothing while the turn of the step goes on.
    after: Option<Map>,
    weight: usize,
    label: Arc<str>,
    at: f64,
}

/// Where a failed step returns to.
#[derive(Debug, Clone)]
pub(super) struct Mark {
    root: Map,
    bytes: usize,
    changes: usize,
}

impl Mark {
    pub(super) fn change_count(&self) -> usize {
        self.changes
    }
}

impl Store {
    pub(super) fn new(root: Map) -> Self {
        let bytes = Value::Map(root.clone()).size();
        Self {
            root,
            worked_out: BTreeSet::new(),
            bytes,
            changes: Vec::new(),
            undo: VecDeque::new(),
            redo: Vec::new(),
            history_bytes: 0,
            walked: false,
        }
    }

    /// The same without keys of these names, none of which can be written from now on.
    pub(super) fn keeping_off(mut self, worked_out: &BTreeSet<Arc<str>>) -> Self {
        for name in worked_out {
            if let Ok(path) = Path::key(name) {
                // One that is not there is what was asked for.
                let _ = self.remove(&path);
            }
        }
        self.worked_out.clone_from(worked_out);
        self
    }

    fn writable(&self, path: &Path) -> Result<(), StoreError> {
        if self.worked_out.contains(path.root()) {
            return Err(StoreError::WorkedOut(path.root().to_string()));
        }
        Ok(())
    }

    pub(super) fn root(&self) -> &Map {
        &self.root
    }

    pub(super) fn get(&self, path: &Path) -> Option<&Value> {
        let (first, rest) = path.segments().split_first()?;
        rest.iter()
            .try_fold(self.root.get(first)?, |value, segment| value.member(segment))
    }

    /// Writes `value` at `path`; missing objects on the way are made. Writing what is already
    /// there changes nothing.
    ///
    /// # Errors
    /// The state is as it was.
    pub(super) fn set(&mut self, path: &Path, value: Value) -> Result<(), StoreError> {
        self.writable(path)?;
        let existing = self.get(path);
        if existing == Some(&value) {
            return Ok(());
        }
        let replaced = existing.map(Value::size);
        let (made_at, made) = self.first_missing(path, value.clone());
        let bytes = match replaced {
            Some(replaced) => (self.bytes + value.size()).saturating_sub(replaced),
            None => self.bytes + made_at.last().len() + made.size() + MEMBER_BYTES,
        };
        if bytes > limits::STATE_BYTES {
            return Err(StoreError::TooLarge);
        }
        let mut root = Value::Map(self.root.clone());
        write(&mut root, path.segments(), value)
            .map_err(|Blocked| StoreError::NotAContainer(path.to_string()))?;
        let Value::Map(root) = root else {
            return Err(StoreError::NotAContainer(path.to_string()));
        };
        let pointer = made_at.pointer();
        let op = match replaced {
            Some(_) => PatchOp::Replace {
                path: pointer,
                value: made,
            },
            None => PatchOp::Add {
                path: pointer,
                value: made,
            },
        };
        self.root = root;
        self.bytes = bytes;
        self.record(op, path.clone());
        Ok(())
    }

    /// Puts `value` into the list at `path`, before `index`; at the end when `index` is past it.
    /// A list that is not there yet is made.
    pub(super) fn insert(&mut self, path: &Path, index: usize, value: Value) -> Result<(), StoreError> {
        let Some(list) = self.existing_list(path)? else {
            return self.set(path, Value::List(List::unit(value)));
        };
        self.writable(path)?;
        let index = index.min(list.len());
        let bytes = self.bytes + value.size() + 1;
        if bytes > limits::STATE_BYTES {
            return Err(StoreError::TooLarge);
        }
        let mut list = list.clone();
        list.insert(index, value.clone());
        self.overwrite(path, Value::List(list))?;
        self.bytes = bytes;
        self.record(
            PatchOp::Add {
                path: path.index(index).pointer(),
                value,
            },
            path.clone(),
        );
        Ok(())
    }

    /// Takes out what is at `path`: a member of an object or an element of a list.
    pub(super) fn remove(&mut self, path: &Path) -> Result<Value, StoreError> {
        self.writable(path)?;
        let missing = || StoreError::Missing(path.to_string());
        let removed = self.get(path).cloned().ok_or_else(missing)?;
        let mut touched = path.clone();
        let mut overhead = path.last().len() + MEMBER_BYTES;
        match path.parent() {
            None => {
                self.root.remove(path.root());
            }
            Some(parent) => match self.get(&parent).cloned() {
                Some(Value::Map(mut map)) => {
                    map.remove(path.last());
                    self.overwrite(&parent, Value::Map(map))?;
                }
                Some(Value::List(mut list)) => {
                    list.remove(path.last().parse().map_err(|_| missing())?);
                    self.overwrite(&parent, Value::List(list))?;
                    touched = parent;
                    overhead = 1;
                }
                _ => return Err(missing()),
            },
        }
        self.bytes = self.bytes.saturating_sub(removed.size() + overhead);
        self.record(PatchOp::Remove { path: path.pointer() }, touched);
        Ok(removed)
    }

    /// Replaces the whole state by `root`, with one operation for each key that differs.
    pub(super) fn replace_root(&mut self, root: Map) -> Result<(), StoreError> {
        for key in root.keys() {
            let path = Path::key(key).map_err(|_| StoreError::NotAPath(key.to_string()))?;
            self.writable(&path)?;
        }
        let bytes = Value::Map(root.clone()).size();
        if bytes > limits::STATE_BYTES {
            return Err(StoreError::TooLarge);
        }
        let old = std::mem::replace(&mut self.root, root);
        self.bytes = bytes;
        let mut differences = Vec::new();
        let (before, after) = (Value::Map(old), Value::Map(self.root.clone()));
        difference(&before, &after, None, &mut differences);
        for (op, touched) in differences {
            self.record(op, touched);
        }
        Ok(())
    }

    /// The operations that lead from the state of `before` to this one.
    pub(super) fn patch_since(&self, before: &Self) -> Vec<PatchOp> {
        let mut differences = Vec::new();
        let (before, after) = (Value::Map(before.root.clone()), Value::Map(self.root.clone()));
        difference(&before, &after, None, &mut differences);
        differences.into_iter().map(|(op, _)| op).collect()
    }

    pub(super) fn mark(&self) -> Mark {
        Mark {
            root: self.root.clone(),
            bytes: self.bytes,
            changes: self.changes.len(),
        }
    }

    pub(super) fn roll_back(&mut self, mark: Mark) {
        self.root = mark.root;
        self.bytes = mark.bytes;
        self.changes.truncate(mark.changes);
    }

    /// Paths written since `change`, an earlier [`Store::change_count`].
    pub(super) fn touched_since(&self, change: usize) -> impl Iterator<Item = &Path> {
        self.changes[change.min(self.changes.len())..]
            .iter()
            .map(|change| &change.touched)
    }

    pub(super) fn change_count(&self) -> usize {
        self.changes.len()
    }

    /// The operations of this turn, and a clean log for the next.
    pub(super) fn take_patch(&mut self) -> Vec<PatchOp> {
        let mut patch: Vec<PatchOp> = Vec::with_capacity(self.changes.len());
        for Change { op, .. } in self.changes.drain(..) {
            if let (Some(PatchOp::Replace { path: last, .. }), PatchOp::Replace { path, .. }) =
                (patch.last(), &op)
                && last == path
            {
                patch.pop();
            }
            patch.push(op);
        }
        patch
    }

    /// Keeps `before` as a state to return to. Entries of the same `label` join while the pauses
    /// between them are short, which is how typing becomes one step.
    pub(super) fn remember(&mut self, before: Map, label: &Arc<str>, joins: bool, now: f64) {
        if std::mem::take(&mut self.walked) {
            return;
        }
        self.redo.clear();
        if let Some(last) = self.undo.back_mut()
            && joins
            && last.label == *label
            && now - last.at < TYPING_PAUSE_MS
        {
            last.at = now;
            if let Some(after) = last.after.take()
                && !after.ptr_eq(&before)
            {
                last.before = stepped(&last.before, &after, &before);
            }
            return;
        }
        let weight = HISTORY_ENTRY_BYTES + self.changes.iter().map(|change| change.op.size()).sum::<usize>();
        self.history_bytes += weight;
        self.undo.push_back(Entry {
            before,
            after: None,
            weight,
            label: label.clone(),
            at: now,
        });
        while self.undo.len() > HISTORY_ENTRIES || self.history_bytes > HISTORY_BYTES {
            let Some(oldest) = self.undo.pop_front() else {
                break;
            };
            self.history_bytes -= oldest.weight;
        }
    }

    /// Ends the step that was remembered, with all that followed from it in its turn.
    pub(super) fn end_step(&mut self) {
        self.walked = false;
        let root = &self.root;
        if let Some(last) = self.undo.back_mut() {
            last.after.get_or_insert_with(|| root.clone());
        }
    }

    /// Takes one remembered step back; false when there is none.
    pub(super) fn undo(&mut self) -> Result<bool, StoreError> {
        self.end_step();
        let Some(entry) = self.undo.pop_back() else {
            return Ok(false);
        };
        let after = entry.after.as_ref().unwrap_or(&self.root);
        let root = stepped(&self.root, after, &entry.before);
        self.history_bytes -= entry.weight;
        self.redo.push(entry);
        self.walked = true;
        self.replace_root(root)?;
        Ok(true)
    }

    /// Takes back the last undo; false when there is none.
    pub(super) fn redo(&mut self) -> Result<bool, StoreError> {
        let Some(entry) = self.redo.pop() else {
            return Ok(false);
        };
        let after = entry.after.as_ref().unwrap_or(&self.root);
        let root = stepped(&self.root, &entry.before, after);
        self.history_bytes += entry.weight;
        self.undo.push_back(entry);
        self.walked = true;
        self.replace_root(root)?;
        Ok(true)
    }

    /// How many steps undo and redo reach.
    pub(super) fn history(&self) -> (usize, usize) {
        (self.undo.len(), self.redo.len())
    }

    fn existing_list(&self, path: &Path) -> Result<Option<&List>, StoreError> {
        match self.get(path) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::List(list)) => Ok(Some(list)),
            Some(_) => Err(StoreError::NotAList(path.to_string())),
        }
    }

    fn overwrite(&mut self, path: &Path, value: Value) -> Result<(), StoreError> {
        let mut root = Value::Map(std::mem::take(&mut self.root));
        let written = write(&mut root, path.segments(), value);
        if let Value::Map(root) = root {
            self.root = root;
        }
        written.map_err(|Blocked| StoreError::NotAContainer(path.to_string()))
    }

    /// The first part of `path` that is not there, and what stands there after the write.
    fn first_missing(&self, path: &Path, value: Value) -> (Path, Value) {
        let mut made = value;
        let mut at = path.clone();
        while let Some(parent) = at.parent() {
            if self.get(&parent).is_some_and(|existing| !existing.is_null()) {
                break;
            }
            made = Value::Map(Map::unit(at.last().clone(), made));
            at = parent;
        }
        (at, made)
    }

    fn record(&mut self, op: PatchOp, touched: Path) {
        self.changes.push(Change { op, touched });
    }
}

/// A value without members stands in the way.
struct Blocked;

fn write(target: &mut Value, segments: &[Arc<str>], value: Value) -> Result<(), Blocked> {
    let Some((first, rest)) = segments.split_first() else {
        *target = value;
        return Ok(());
    };
    if target.is_null() {
        *target = Value::Map(Map::new());
    }
    match target {
        Value::Map(map) => {
            if let Some(member) = map.get_mut(first) {
                write(member, rest, value)
            } else {
                let mut member = Value::Null;
                write(&mut member, rest, value)?;
                map.insert(first.clone(), member);
                Ok(())
            }
        }
        Value::List(list) => {
            let index: usize = first.parse().map_err(|_| Blocked)?;
            let element = list.get_mut(index).ok_or(Blocked)?;
            write(element, rest, value)
        }
        _ => Err(Blocked),
    }
}

/// `now` with the step from `from` to `to` taken in it, too: what the step did not touch stays.
fn stepped(now: &Map, from: &Map, to: &Map) -> Map {
    if now == from {
        return to.clone();
    }
    let mut stepped = now.clone();
    for key in from.keys().filter(|key| !to.contains_key(*key)) {
        stepped.remove(key);
    }
    for (key, to) in to {
        let value = match (now.get(key), from.get(key)) {
            (_, Some(from)) if from == to => continue,
            (Some(now), Some(from)) => stepped_value(now, from, to),
            _ => to.clone(),
        };
        stepped.insert(key.clone(), value);
    }
    stepped
}

fn stepped_value(now: &Value, from: &Value, to: &Value) -> Value {
    match (now, from, to) {
        (now, from, _) if now == from => to.clone(),
        (now, from, to) if from == to => now.clone(),
        (Value::Map(now), Value::Map(from), Value::Map(to)) => Value::Map(stepped(now, from, to)),
        (Value::List(now), Value::List(from), Value::List(to))
            if now.len() == from.len() && from.len() == to.len() =>
        {
            let items = now.iter().zip(from).zip(to);
            Value::List(
                items
                    .map(|((now, from), to)| stepped_value(now, from, to))
                    .collect(),
            )
        }
        _ => to.clone(),
    }
}

fn difference(before: &Value, after: &Value, at: Option<&Path>, found: &mut Vec<(PatchOp, Path)>) {
    if before == after {
        return;
    }
    let (Value::Map(old), Value::Map(new)) = (before, after) else {
        if let Some(path) = at {
            found.push((
                PatchOp::Replace {
                    path: path.pointer(),
                    value: after.clone(),
                },
                path.clone(),
            ));
        }
        return;
    };
    // Keys of a state were paths once, so a key that is no path cannot be met.
    let below = |key: &Arc<str>| match at {
        Some(path) => Some(path.join([key.clone()])),
        None => Path::key(key).ok(),
    };
    for (key, value) in new {
        let Some(path) = below(key) else { continue };
        match old.get(key) {
            Some(earlier) => difference(earlier, value, Some(&path), found),
            None => found.push((
                PatchOp::Add {
                    path: path.pointer(),
                    value: value.clone(),
                },
                path,
            )),
        }
    }
    for key in old.keys().filter(|key| !new.contains_key(*key)) {
        let Some(path) = below(key) else { continue };
        found.push((PatchOp::Remove { path: path.pointer() }, path));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::value::map_from_json;

    fn store(json: &serde_json::Value) -> Store {
        Store::new(map_from_json(json.as_object().expect("an object")))
    }

    fn path(text: &str) -> Path {
        Path::parse(text).expect("a path")
    }

    #[track_caller]
    fn check(before: &serde_json::Value, write: impl FnOnce(&mut Store), patch: &serde_json::Value) {
        let mut store = store(before);
        write(&mut store);
        let after = Value::Map(store.root().clone()).to_json();
        let written = serde_json::to_value(store.take_patch()).expect("a patch is JSON");
        assert_eq!(&written, patch);
        let mut replayed = before.clone();
        let patch: json_patch::Patch = serde_json::from_value(written).expect("RFC 6902");
        json_patch::patch(&mut replayed, &patch).expect("the patch applies");
        assert_eq!(replayed, after, "the patch says what happened");
        assert_eq!(
            store.bytes,
            Value::Map(store.root().clone()).size(),
            "the bytes are counted"
        );
    }

    #[test]
    fn every_write_is_told_as_an_operation_that_replays() {
        let before = json!({"n": 1, "list": [{"id": "a"}, {"id": "b"}]});
        check(
            &before,
            |store| store.set(&path("n"), Value::Int(22)).expect("set"),
            &json!([{"op": "replace", "path": "/n", "value": 22}]),
        );
        check(
            &before,
            |store| store.set(&path("n"), Value::Int(1)).expect("set"),
            &json!([]),
        );
        check(
            &before,
            |store| store.set(&path("list.1.done"), Value::Bool(true)).expect("set"),
            &json!([{"op": "add", "path": "/list/1/done", "value": true}]),
        );
        check(
            &before,
            |store| store.insert(&path("list"), 0, Value::Null).expect("insert"),
            &json!([{"op": "add", "path": "/list/0", "value": null}]),
        );
        check(
            &before,
            |store| {
                store.remove(&path("n")).expect("remove");
            },
            &json!([{"op": "remove", "path": "/n"}]),
        );
        check(
            &before,
            |store| {
                store.remove(&path("list.0")).expect("remove");
            },
            &json!([{"op": "remove", "path": "/list/0"}]),
        );
    }

    #[test]
    fn objects_on_the_way_are_made_and_told_as_one_operation() {
        let mut store = store(&json!({}));
        store.set(&path("a.b.c"), Value::Int(1)).expect("set");
        assert_eq!(
            serde_json::to_value(store.take_patch()).expect("JSON"),
            json!([{"op": "add", "path": "/a", "value": {"b": {"c": 1}}}])
        );
    }

    #[test]
    fn a_write_through_a_number_changes_nothing() {
        let mut store = store(&json!({"n": 1}));
        assert_eq!(
            store.set(&path("n.x"), Value::Null),
            Err(StoreError::NotAContainer("n.x".into()))
        );
        assert_eq!(
            store.insert(&path("n"), 0, Value::Null),
            Err(StoreError::NotAList("n".into()))
        );
        assert!(store.take_patch().is_empty());
    }

    #[test]
    fn a_state_beyond_its_bound_is_refused_whole() {
        let mut store = store(&json!({"text": ""}));
        let large = Value::text("x".repeat(limits::STATE_BYTES));
        assert_eq!(store.set(&path("text"), large.clone()), Err(StoreError::TooLarge));
        assert_eq!(store.insert(&path("list"), 0, large), Err(StoreError::TooLarge));
        assert_eq!(store.get(&path("text")), Some(&Value::text("")));
    }

    #[test]
    fn undo_and_redo_walk_whole_states_and_typing_is_one_step() {
        let mut store = store(&json!({"draft": ""}));
        let label: Arc<str> = "draft".into();
        for (index, text) in ["a", "ab", "abc"].into_iter().enumerate() {
            let before = store.root().clone();
            store.set(&path("draft"), text.into()).expect("set");
            store.remember(before, &label, true, index as f64 * 100.0);
        }
        assert_eq!(store.undo(), Ok(true));
        assert_eq!(store.get(&path("draft")), Some(&Value::text("")));
        assert_eq!(store.undo(), Ok(false));
        assert_eq!(store.redo(), Ok(true));
        assert_eq!(store.get(&path("draft")), Some(&Value::text("abc")));
    }
}
