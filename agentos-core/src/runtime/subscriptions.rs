//! Who reads which path: a write finds its readers by their paths, however many others there are.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::spec::Path;

#[derive(Debug)]
pub(super) struct Subscriptions<T> {
    root: Branch<T>,
}

#[derive(Debug)]
struct Branch<T> {
    here: BTreeSet<T>,
    below: BTreeMap<Arc<str>, Branch<T>>,
}

impl<T> Default for Branch<T> {
    fn default() -> Self {
        Self {
            here: BTreeSet::new(),
            below: BTreeMap::new(),
        }
    }
}

impl<T> Default for Subscriptions<T> {
    fn default() -> Self {
        Self {
            root: Branch::default(),
        }
    }
}

impl<T: Ord + Clone> Subscriptions<T> {
    pub(super) fn add(&mut self, path: &Path, reader: T) {
        let mut branch = &mut self.root;
        for segment in path.segments() {
            branch = branch.below.entry(segment.clone()).or_default();
        }
        branch.here.insert(reader);
    }

    pub(super) fn remove(&mut self, path: &Path, reader: &T) {
        self.root.remove(path.segments(), reader);
    }

    /// Everyone who reads `path`, a part of it, or something it is a part of.
    pub(super) fn readers(&self, path: &Path, found: &mut BTreeSet<T>) {
        let mut branch = &self.root;
        for segment in path.segments() {
            found.extend(branch.here.iter().cloned());
            match branch.below.get(segment) {
                Some(next) => branch = next,
                None => return,
            }
        }
        branch.collect(found);
    }
}

impl<T: Ord + Clone> Branch<T> {
    fn remove(&mut self, segments: &[Arc<str>], reader: &T) {
        match segments.split_first() {
            None => {
                self.here.remove(reader);
            }
            Some((first, rest)) => {
                let Some(next) = self.below.get_mut(first) else {
                    return;
                };
                next.remove(rest, reader);
                if next.here.is_empty() && next.below.is_empty() {
                    self.below.remove(first);
                }
            }
        }
    }

    fn collect(&self, found: &mut BTreeSet<T>) {
        found.extend(self.here.iter().cloned());
        self.below.values().for_each(|branch| branch.collect(found));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Path {
        Path::parse(text).expect("a path")
    }

    #[test]
    fn a_write_finds_readers_above_and_below_and_no_others() {
        let mut subscriptions = Subscriptions::default();
        for (reader, at) in [
            ("list", "todos"),
            ("row", "todos.3"),
            ("done", "todos.3.done"),
            ("other", "todos.4.done"),
            ("n", "n"),
        ] {
            subscriptions.add(&path(at), reader);
        }
        let readers = |subscriptions: &Subscriptions<&'static str>, at: &str| {
            let mut found = BTreeSet::new();
            subscriptions.readers(&path(at), &mut found);
            found.into_iter().collect::<Vec<_>>()
        };
        assert_eq!(readers(&subscriptions, "todos.3.done"), ["done", "list", "row"]);
        assert_eq!(readers(&subscriptions, "todos"), ["done", "list", "other", "row"]);
        assert_eq!(readers(&subscriptions, "todos.5"), ["list"]);
        subscriptions.remove(&path("todos.3.done"), &"done");
        assert_eq!(readers(&subscriptions, "todos.3"), ["list", "row"]);
    }
}
