//! The rows an instance stands in: which `each` repeated it, and at which place of which list.

use std::sync::Arc;

use super::expression::Reference;
use super::scope::Scope;
use super::store::Store;
use crate::spec::Path;
use crate::value::Value;

/// One round of an `each`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// The loop variable.
    pub name: Arc<str>,
    pub list: Path,
    pub index: usize,
    /// Names the row among its siblings.
    pub key: Arc<str>,
}

/// The rows around an instance, outermost first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Rows(Arc<[Row]>);

impl Rows {
    #[must_use]
    pub(super) fn with(&self, row: Row) -> Self {
        Self(self.0.iter().cloned().chain([row]).collect())
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &Arc<str>> {
        self.0.iter().map(|row| &row.key)
    }

    pub(super) fn innermost(&self) -> Option<&Row> {
        self.0.last()
    }

    /// The id of `component`'s node in these rows.
    pub(super) fn node_id(&self, component: &Arc<str>) -> Arc<str> {
        if self.0.is_empty() {
            return component.clone();
        }
        let keys: Vec<&str> = self.keys().map(|key| &**key).collect();
        Arc::from(format!("{component}@{}", keys.join("/")))
    }

    /// The path in the state that `path` means here: a loop variable stands for its row.
    pub(super) fn locate(&self, path: &Path) -> Path {
        match self.0.iter().rev().find(|row| row.name == *path.root()) {
            Some(row) => row
                .list
                .index(row.index)
                .join(path.segments()[1..].iter().cloned()),
            None => path.clone(),
        }
    }

    /// The path in the state whose change can change what `reference` reads here.
    pub(super) fn follow(&self, reference: &Reference) -> Option<Path> {
        match self.0.iter().rev().find(|row| row.name == reference.name) {
            Some(row) => Some(row.list.index(row.index).join(reference.members.iter().cloned())),
            None => reference.path(),
        }
    }

    /// Puts the loop variables in scope.
    pub(super) fn enter(&self, mut scope: Scope, store: &Store) -> Scope {
        for row in self.0.iter() {
            let value = row.value(&scope, store);
            scope.push(row.name.clone(), value);
        }
        scope
    }

    /// The innermost row, which every action sees as `item`.
    pub(super) fn item(&self, scope: &Scope, store: &Store) -> Value {
        self.innermost()
            .map(|row| row.value(scope, store))
            .unwrap_or_default()
    }
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
