//! The rows an instance stands in: which `each` repeated it, and at which place of which list.

use std::borrow::Cow;
use std::sync::Arc;

use super::expression::Reference;
use super::scope::Scope;
use super::store::Store;
use crate::spec::Path;
use crate::spec::path::escaped;
use crate::value::Value;

/// The name every row answers to beside its own.
const ITEM: &str = "item";

/// One round of an `each`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// The loop variable.
    pub name: Arc<str>,
    pub list: Path,
    pub index: usize,
    /// What the key of its `each` says of it; rows may share one.
    pub key: Arc<str>,
    /// Which of the rows with this key it is, from 1.
    pub nth: usize,
    pub repeated: Arc<Repeated>,
}

/// What every row of one `each` has of its own, but for what the rows of another within it have.
#[derive(Debug, Default)]
pub(super) struct Repeated {
    /// Ids of the components.
    pub ids: Vec<Arc<str>>,
    /// The controls among them that keep their own value, and what they begin with.
    pub controls: Vec<(Arc<str>, Value)>,
}

/// There is one of it for each `each`.
impl PartialEq for Repeated {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Repeated {}

/// What tells the row of `item` from others.
pub(super) fn row_key(item: &Value, key: Option<&str>, index: usize) -> String {
    key.and_then(|key| item.member(key))
        .filter(|key| !key.is_null())
        .map_or_else(|| index.to_string(), Value::display)
}

/// The id of the node of `component` in the first rows of these keys, outermost first.
pub(super) fn node_id(component: &str, keys: &[String]) -> String {
    let tokens: Vec<_> = keys.iter().map(|key| token(key)).collect();
    format!("{component}@{}", tokens.join("/"))
}

/// A key as it stands in a node's id, where `/` parts it from the next and `#` from its number. The first two
/// escapes are those of a JSON Pointer (RFC 6901).
fn token(key: &str) -> Cow<'_, str> {
    if key.contains('#') {
        escaped(key).replace('#', "~2").into()
    } else {
        escaped(key)
    }
}

/// A row as it stands in a node's id: by its key, and which of those with this key it is.
pub(super) fn row_token(key: &str, nth: usize) -> String {
    match nth {
        1 => token(key).into_owned(),
        nth => format!("{}#{nth}", token(key)),
    }
}

/// The rows around an instance, outermost first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Rows(Arc<[Row]>);

impl Rows {
    #[must_use]
    pub(super) fn with(&self, row: Row) -> Self {
        Self(self.0.iter().cloned().chain([row]).collect())
    }

    pub(super) fn innermost(&self) -> Option<&Row> {
        self.0.last()
    }

    /// The id of `component`'s node in these rows.
    pub(super) fn node_id(&self, component: &Arc<str>) -> Arc<str> {
        if self.0.is_empty() {
            return component.clone();
        }
        id_in(&self.0, component)
    }

    /// The node that the plain id of a component means here: the one in the nearest row that has one of its own.
    pub(super) fn named(&self, component: &str) -> Option<Arc<str>> {
        let depth = self
            .0
            .iter()
            .rposition(|row| row.repeated.ids.iter().any(|id| **id == *component))?;
        Some(id_in(&self.0[..=depth], component))
    }

    /// Where the control of that id in the nearest row that has one keeps its own value.
    fn own(&self, control: &str) -> Option<Path> {
        let depth = self
            .0
            .iter()
            .rposition(|row| row.repeated.controls.iter().any(|(id, _)| **id == *control))?;
        Path::key(&id_in(&self.0[..=depth], control)).ok()
    }

    /// The path in the state that `path` means here: a loop variable stands for its row, the id of a control that
    /// keeps its own value for the one in this row.
    pub(super) fn locate(&self, path: &Path) -> Path {
        match self.row(path.root()) {
            Some(row) => row
                .list
                .index(row.index)
                .join(path.segments()[1..].iter().cloned()),
            None => match self.own(path.root()) {
                Some(own) => own.join(path.segments()[1..].iter().cloned()),
                None => path.clone(),
            },
        }
    }

    /// The path in the state whose change can change what `reference` reads here.
    pub(super) fn follow(&self, reference: &Reference) -> Option<Path> {
        match self.row(&reference.name) {
            Some(row) => Some(row.list.index(row.index).join(reference.members.iter().cloned())),
            None => match self.own(&reference.name) {
                Some(own) => Some(own.join(reference.members.iter().cloned())),
                None => reference.path(),
            },
        }
    }

    /// The row a name means: a loop variable, or [`ITEM`] for the innermost row whatever it is called.
    fn row(&self, name: &str) -> Option<&Row> {
        let by_name = self.0.iter().rev().find(|row| *row.name == *name);
        by_name.or_else(|| self.innermost().filter(|_| name == ITEM))
    }

    /// Puts the loop variables in scope, [`ITEM`], and the values of the rows' own controls.
    pub(super) fn enter(&self, mut scope: Scope, store: &Store) -> Scope {
        for (depth, row) in self.0.iter().enumerate() {
            for (control, beginning) in &row.repeated.controls {
                let place = Path::key(&id_in(&self.0[..=depth], control)).ok();
                let held = place.as_ref().and_then(|place| store.get(place));
                scope.push(control.clone(), held.unwrap_or(beginning).clone());
            }
        }
        if let Some(row) = self.innermost().filter(|row| *row.name != *ITEM) {
            scope.push(ITEM, row.value(&scope, store));
        }
        for row in self.0.iter() {
            let value = row.value(&scope, store);
            scope.push(row.name.clone(), value);
        }
        scope
    }
}

/// The id of `component`'s node in `rows`, of which there is one at least.
fn id_in(rows: &[Row], component: &str) -> Arc<str> {
    let tokens: Vec<String> = rows.iter().map(|row| row_token(&row.key, row.nth)).collect();
    Arc::from(format!("{component}@{}", tokens.join("/")))
}

impl Row {
    /// A row of the state, or of a list that is computed or the result of a query.
    fn value(&self, scope: &Scope, store: &Store) -> Value {
        let path = self.list.index(self.index);
        let found = store
            .get(&path)
            .or_else(|| scope.lookup(path.root(), &path.segments()[1..]));
        found.cloned().unwrap_or_default()
    }
}
