//! Edit lines: how a person's change and a repair reach a document.
//!
//! One JSON object a line, addressed by component id, never by index:
//!
//! ```text
//! {"upsert":{"id":"clear","props":{"text":"Clear done"}}}
//! {"upsert":{"id":"prio","type":"select"},"into":"row","at":"after:done"}
//! {"remove":"clear"}
//! {"set":{"title":"Tasks","computed":{"open":"left"}}}
//! {"state":{"filter":"open"}}
//! ```
//! `upsert` and `set` merge one level deep into what is there and a null deletes; `state` takes a
//! null as a value. A line that fails is reported and skipped, the others stand. A whole new
//! document is accepted in place of lines.

mod line;
mod place;

use serde_json::{Map, Value};
use thiserror::Error;

use self::line::{Edit, Line, Upsert};
use self::place::Place;
use super::patch::{
    self, AddOperation, PatchError, PatchOperation, PointerBuf, RemoveOperation, ReplaceOperation,
};
use super::{Code, Issue, bounds, limits, nearest};

/// Lines of one edit; each costs a walk over the document.
pub const LINES: usize = 1_000;

/// What an edit made of a document.
#[derive(Debug)]
pub struct Edited {
    pub doc: Value,
    /// Leads from the document that was edited to `doc`; empty when nothing changed.
    pub patch: Vec<PatchOperation>,
    /// One `edit_failed` for each line that was skipped, or one error for an edit that was refused
    /// as a whole because the result would be out of bounds.
    pub issues: Vec<Issue>,
}

/// Applies edit lines, or a whole new document, to a copy of `doc`. Code fences and prose between
/// the lines are passed over.
pub fn apply(doc: &Value, text: &str) -> Edited {
    if text.len() > limits::DOCUMENT_BYTES {
        let (bytes, limit) = (text.len(), limits::DOCUMENT_BYTES);
        let message = format!("the edit has {bytes} bytes, at most {limit} are allowed");
        return refused(doc, Issue::error(Code::TooLarge, "", message));
    }
    let mut lines = line::read(text);
    if lines.is_empty() {
        let issue = Issue::error(Code::EditFailed, "", "the edit has no line that is a JSON object").hint(
            r#"write one operation a line, such as {"upsert":{"id":"title","props":{"text":"Tasks"}}}"#,
        );
        return refused(doc, issue);
    }
    let mut editing = Editing {
        doc: doc.clone(),
        patch: Vec::new(),
        issues: Vec::new(),
    };
    if let Some(Line { number, .. }) = lines.get(LINES) {
        let message = format!("an edit has at most {LINES} lines; from line {number} on they were skipped");
        editing.issues.push(Issue::error(Code::TooLarge, "", message));
    }
    lines.truncate(LINES);
    if !lines.iter().any(Line::is_document) {
        editing.name_components();
    }
    let names = editing.patch.len();
    for line in lines {
        editing.apply_line(line);
    }
    if editing.patch.len() == names {
        return Edited {
            doc: doc.clone(),
            patch: Vec::new(),
            issues: editing.issues,
        };
    }
    match bounds::verify(&editing.doc) {
        Ok(()) => Edited {
            doc: editing.doc,
            patch: editing.patch,
            issues: editing.issues,
        },
        Err(issue) => refused(doc, issue),
    }
}

fn refused(doc: &Value, issue: Issue) -> Edited {
    Edited {
        doc: doc.clone(),
        patch: Vec::new(),
        issues: vec![issue],
    }
}

/// A document under way.
struct Editing {
    doc: Value,
    patch: Vec<PatchOperation>,
    issues: Vec<Issue>,
}

/// Why an edit cannot be applied.
#[derive(Debug, Error)]
enum Failure {
    #[error("there is no component `{0}`")]
    NoSuchComponent(String),
    #[error("there is no component `{0}` to change, and a new one needs its `type`")]
    NewWithoutType(String),
    #[error("component `{anchor}` is not in `{into}`")]
    AnchorElsewhere { anchor: String, into: String },
    #[error("component `{0}` cannot move into itself")]
    IntoItself(String),
    #[error("component `{0}` cannot be without a `type`")]
    TypeRemoved(String),
    #[error("`set` does not take `components`; use `upsert`, or write the whole document")]
    ComponentsSet,
    #[error(transparent)]
    Patch(PatchError),
}

impl Editing {
    /// Writes the ids that components have by position into the document, so that a line that adds
    /// or removes a component does not rename the others.
    fn name_components(&mut self) {
        let operations = place::unnamed_components(&self.doc)
            .into_iter()
            .map(|(component, id)| add(component.with_trailing_token("id"), id.into()))
            .collect();
        // Where a patch cannot reach, no line can either; that line is the one to tell it.
        let _ = self.commit(operations);
    }

    fn apply_line(&mut self, Line { number, edits }: Line) {
        let edits = match edits {
            Ok(edits) => edits,
            Err(fault) => return self.report(number, &fault, None),
        };
        for edit in edits {
            if let Err(failure) = self.apply_edit(edit) {
                let hint = self.nearest_id(&failure);
                self.report(number, &failure.to_string(), hint);
            }
        }
    }

    fn report(&mut self, number: usize, fault: &str, hint: Option<String>) {
        let issue = Issue::error(
            Code::EditFailed,
            "",
            format!("line {number} was skipped: {fault}"),
        );
        self.issues.push(Issue { hint, ..issue });
    }

    fn nearest_id(&self, failure: &Failure) -> Option<String> {
        let (Failure::NoSuchComponent(id) | Failure::NewWithoutType(id)) = failure else {
            return None;
        };
        let ids = place::ids(&self.doc);
        nearest::suggestion(id, ids.iter().map(String::as_str)).map(|id| format!("did you mean `{id}`?"))
    }

    fn apply_edit(&mut self, edit: Edit) -> Result<(), Failure> {
        let mut operations = Vec::new();
        match edit {
            Edit::Document(document) => operations = patch::diff(&self.doc, &document),
            Edit::Upsert(upsert) => operations = self.upsert(upsert)?,
            Edit::Remove(id) => {
                let path = self.component(&id)?;
                operations.push(PatchOperation::Remove(RemoveOperation { path }));
            }
            Edit::Set(members) => {
                if members.contains_key("components") {
                    return Err(Failure::ComponentsSet);
                }
                merge(&self.doc, &PointerBuf::new(), members, |_| true, &mut operations);
            }
            Edit::State(values) => operations = self.set_state(values),
        }
        self.commit(operations)
    }

    fn commit(&mut self, operations: Vec<PatchOperation>) -> Result<(), Failure> {
        patch::apply(&mut self.doc, &operations, |_| Ok(())).map_err(Failure::Patch)?;
        self.patch.extend(operations);
        Ok(())
    }

    fn component(&self, id: &str) -> Result<PointerBuf, Failure> {
        place::find(&self.doc, id).ok_or_else(|| Failure::NoSuchComponent(id.to_owned()))
    }

    fn set_state(&self, values: Map<String, Value>) -> Vec<PatchOperation> {
        let path = PointerBuf::from_tokens(["state"]);
        let Some(state) = self.doc["state"].as_object() else {
            return vec![add(path, values.into())];
        };
        values
            .into_iter()
            .filter(|(key, value)| state.get(key) != Some(value))
            .map(|(key, value)| put(state.contains_key(&key), path.with_trailing_token(&key), value))
            .collect()
    }

    fn upsert(&self, upsert: Upsert) -> Result<Vec<PatchOperation>, Failure> {
        match place::find(&self.doc, &upsert.id) {
            Some(path) => self.change(path, upsert),
            None => self.insert(upsert),
        }
    }

    fn insert(&self, Upsert { id, component, place }: Upsert) -> Result<Vec<PatchOperation>, Failure> {
        if !component.get("type").is_some_and(Value::is_string) {
            return Err(Failure::NewWithoutType(id));
        }
        let place = place.unwrap_or_default();
        let mut operations = Vec::from_iter(place.missing_list(&self.doc)?);
        operations.push(add(place.target(&self.doc)?, component.into()));
        Ok(operations)
    }

    fn change(&self, path: PointerBuf, upsert: Upsert) -> Result<Vec<PatchOperation>, Failure> {
        if upsert.component.get("type").is_some_and(Value::is_null) {
            return Err(Failure::TypeRemoved(upsert.id));
        }
        let existing = self.doc.pointer(path.as_str()).unwrap_or(&Value::Null);
        let (mut operations, home) = match &upsert.place {
            None => (Vec::new(), path),
            Some(place) => self.relocation(path, existing, &upsert.id, place)?,
        };
        let merges = |key: &str| matches!(key, "props" | "on_event" | "a11y");
        merge(existing, &home, upsert.component, merges, &mut operations);
        Ok(operations)
    }

    /// The operations that put a component elsewhere, and its path there. Not a `move`: once the
    /// component is gone its new path may begin like its old one, which RFC 6902 forbids a `move`.
    fn relocation(
        &self,
        path: PointerBuf,
        component: &Value,
        id: &str,
        place: &Place,
    ) -> Result<(Vec<PatchOperation>, PointerBuf), Failure> {
        let mut operations = vec![PatchOperation::Remove(RemoveOperation { path })];
        let mut without = self.doc.clone();
        patch::apply(&mut without, &operations, |_| Ok(())).map_err(Failure::Patch)?;
        let home = place.target(&without).map_err(|failure| match failure {
            Failure::NoSuchComponent(missing) if place::find(&self.doc, &missing).is_some() => {
                Failure::IntoItself(id.to_owned())
            }
            other => other,
        })?;
        operations.extend(place.missing_list(&without)?);
        operations.push(add(home.clone(), component.clone()));
        Ok((operations, home))
    }
}

/// The operations that put `changes` over the members of `existing`, which is or will be at `path`.
/// A null deletes. Where `merges` says so and both are objects, their members are merged instead.
fn merge(
    existing: &Value,
    path: &PointerBuf,
    changes: Map<String, Value>,
    merges: impl Fn(&str) -> bool,
    operations: &mut Vec<PatchOperation>,
) {
    for (key, change) in changes {
        let path = path.with_trailing_token(&key);
        match (existing.get(&key), change) {
            (Some(before @ Value::Object(_)), Value::Object(members)) if merges(&key) => {
                merge_members(before, &path, members, operations);
            }
            (None, Value::Object(mut members)) if merges(&key) => {
                // What is to be taken away is not there.
                let was_empty = members.is_empty();
                members.retain(|_, member| !member.is_null());
                if was_empty || !members.is_empty() {
                    operations.push(add(path, members.into()));
                }
            }
            (before, change) => operations.extend(change_of(before, path, change)),
        }
    }
}

fn merge_members(
    existing: &Value,
    path: &PointerBuf,
    changes: Map<String, Value>,
    operations: &mut Vec<PatchOperation>,
) {
    for (key, change) in changes {
        operations.extend(change_of(
            existing.get(&key),
            path.with_trailing_token(&key),
            change,
        ));
    }
}

fn change_of(before: Option<&Value>, path: PointerBuf, change: Value) -> Option<PatchOperation> {
    match (before, change) {
        (None, Value::Null) => None,
        (Some(_), Value::Null) => Some(PatchOperation::Remove(RemoveOperation { path })),
        (before, value) if before == Some(&value) => None,
        (before, value) => Some(put(before.is_some(), path, value)),
    }
}

fn put(present: bool, path: PointerBuf, value: Value) -> PatchOperation {
    if present {
        PatchOperation::Replace(ReplaceOperation { path, value })
    } else {
        add(path, value)
    }
}

fn add(path: PointerBuf, value: Value) -> PatchOperation {
    PatchOperation::Add(AddOperation { path, value })
}
