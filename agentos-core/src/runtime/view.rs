//! The resolved view: which components are mounted and what each shows, kept up to date by
//! resolving again only what a change can have reached.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use serde::Serialize;

use super::program::{Component, ComponentIndex, Home, Program};
use super::rows::Rows;
use super::scope::Scope;
use super::store::Store;
use super::subscriptions::Subscriptions;
use crate::spec::catalog::Catalog;
use crate::spec::{Code, Issue, Path, limits};
use crate::value::{Map, Value};

mod resolver;

use resolver::Resolver;

pub type NodeId = Arc<str>;

/// Rows of an `each` that are resolved before the view asks for more.
const FIRST_ROWS: usize = 50;

/// Rows a view may have resolved outside the window.
const MOST_KEPT: usize = 64;

/// One component as the surface draws it: every value final.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Node {
    pub id: NodeId,
    #[serde(rename = "type")]
    pub kind: Arc<str>,
    pub props: Value,
    pub children: Vec<NodeId>,
    /// Events that may be dispatched to it.
    pub events: Vec<Arc<str>>,
    /// Rows of its `each` in all, of which `children` may hold a window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<usize>,
    /// The row each of `children` belongs to, unless there is one a row from the first on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub places: Option<Vec<usize>>,
    /// Its own action waits for an effect.
    #[serde(skip_serializing_if = "is_false")]
    pub pending: bool,
    /// What is wrong with its value, once the person has left it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes the field by reference"
)]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// What an instance is resolved against.
pub(super) struct Surroundings<'a> {
    pub program: &'a Program,
    pub catalog: &'a Catalog,
    pub store: &'a Store,
    pub derived: &'a Map,
    pub overrides: &'a BTreeMap<Arc<str>, Override>,
    pub pending: &'a BTreeSet<NodeId>,
    /// A draft shows what is there and says nothing of what is not.
    pub draft: bool,
}

/// What `ui.show`, `ui.hide`, `ui.enable` and `ui.disable` said of a component.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Override {
    pub visible: Option<bool>,
    pub disabled: Option<bool>,
}

#[derive(Debug, Default)]
pub(super) struct View {
    instances: HashMap<NodeId, Instance>,
    roots: Vec<NodeId>,
    readers: Subscriptions<NodeId>,
    /// Complaints already made, so that a broken text is told once and not at every turn.
    told: HashSet<(String, String)>,
}

#[derive(Debug)]
pub(super) struct Instance {
    pub component: ComponentIndex,
    pub rows: Rows,
    pub parent: Option<NodeId>,
    depth: usize,
    /// Nothing while it is not visible.
    pub node: Option<Node>,
    mounted: Vec<NodeId>,
    /// The rows of `mounted`, when an `each` made them.
    places: Vec<usize>,
    window: Window,
    /// The rows that pass the filter of its `each`, as long as nothing it reads has changed.
    passing: Option<Arc<[usize]>>,
    shows_error: bool,
    followed: Vec<Path>,
}

/// The part of an `each` that is resolved.
#[derive(Debug, Clone)]
struct Window {
    first: usize,
    count: usize,
    /// Keys of rows that are resolved wherever they are.
    kept: BTreeSet<Arc<str>>,
}

/// What stands below a component.
#[derive(Debug, Default)]
struct Below {
    wanted: Vec<(ComponentIndex, Rows)>,
    /// The rows of an `each` in all.
    total: Option<usize>,
    /// The row of each of `wanted`, when an `each` made them.
    places: Vec<usize>,
    /// The rows that pass the filter, where there is one.
    passing: Option<Arc<[usize]>>,
}

/// What a refresh found.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// Nodes that are new or differ, with their depth so that parents come before children.
    pub nodes: BTreeSet<(usize, NodeId)>,
    pub removed: BTreeSet<NodeId>,
    pub roots_changed: bool,
    pub issues: Vec<Issue>,
}

impl View {
    /// Mounts the whole app.
    pub(super) fn mount(&mut self, around: &Surroundings) -> Changes {
        let mut changes = Changes {
            roots_changed: true,
            ..Changes::default()
        };
        let wanted = around
            .program
            .roots
            .iter()
            .map(|index| (*index, Rows::default()))
            .collect();
        self.instances.reserve(around.program.components.len());
        self.roots = self.reconcile(None, 0, Vec::new(), wanted, around, &mut changes);
        changes
    }

    /// Resolves again what reads any of `touched`, and `named` besides; what that changes joins `changes`.
    pub(super) fn refresh(
        &mut self,
        touched: &[Path],
        named: impl IntoIterator<Item = NodeId>,
        around: &Surroundings,
        mut changes: Changes,
    ) -> Changes {
        let mut reached = BTreeSet::new();
        for path in touched {
            self.readers.readers(path, &mut reached);
        }
        for id in &reached {
            if let Some(instance) = self.instances.get_mut(id) {
                instance.passing = None;
            }
        }
        reached.extend(named);
        let mut ordered: Vec<(usize, NodeId)> = reached
            .into_iter()
            .filter_map(|id| Some((self.instances.get(&id)?.depth, id)))
            .collect();
        ordered.sort();
        for (_, id) in ordered {
            self.resolve(&id, around, &mut changes);
        }
        changes
    }

    pub(super) fn instance(&self, id: &str) -> Option<&Instance> {
        self.instances.get(id)
    }

    pub(super) fn node(&self, id: &str) -> Option<&Node> {
        self.instances.get(id)?.node.as_ref()
    }

    /// Ids of the visible roots.
    pub(super) fn roots(&self) -> Vec<NodeId> {
        self.visible(&self.roots)
    }

    /// Every visible node, parents before their children.
    pub(super) fn nodes(&self) -> Vec<&Node> {
        let mut nodes = Vec::new();
        let mut stack: Vec<&NodeId> = self.roots.iter().rev().collect();
        while let Some(id) = stack.pop() {
            if let Some(node) = self.node(id) {
                nodes.push(node);
                stack.extend(node.children.iter().rev());
            }
        }
        nodes
    }

    /// The instances of one component, visible or not, in no order that matters.
    pub(super) fn mounted_of(&self, component: ComponentIndex) -> BTreeSet<NodeId> {
        let of_it = self
            .instances
            .iter()
            .filter(|(_, instance)| instance.component == component);
        of_it.map(|(id, _)| id.clone()).collect()
    }

    pub(super) fn is_below(&self, id: &str, ancestor: &str) -> bool {
        self.ancestors(id).any(|above| &**above == ancestor)
    }

    /// The nodes around `id`, nearest first.
    pub(super) fn ancestors(&self, id: &str) -> impl Iterator<Item = &NodeId> {
        let mut next = self
            .instances
            .get(id)
            .and_then(|instance| instance.parent.as_ref());
        std::iter::from_fn(move || {
            let current = next?;
            next = self
                .instances
                .get(current)
                .and_then(|instance| instance.parent.as_ref());
            Some(current)
        })
    }

    /// From now on the node tells what is wrong with its value; false when it did already.
    pub(super) fn show_error(&mut self, id: &str, shows: bool) -> bool {
        match self.instances.get_mut(id) {
            Some(instance) => std::mem::replace(&mut instance.shows_error, shows) != shows,
            None => false,
        }
    }

    /// Moves the window of an `each`. The rows in which the children `keep` stand stay resolved.
    pub(super) fn set_window(&mut self, id: &str, first: usize, count: usize, keep: &[String]) {
        let kept = keep
            .iter()
            .filter_map(|child| self.instances.get(&**child))
            .filter(|child| child.parent.as_deref() == Some(id))
            .filter_map(|child| child.rows.innermost())
            .map(|row| row.key.clone())
            .take(MOST_KEPT)
            .collect();
        if let Some(instance) = self.instances.get_mut(id) {
            instance.window = Window {
                first,
                count: count.min(limits::ROWS),
                kept,
            };
        }
    }

    fn visible(&self, ids: &[NodeId]) -> Vec<NodeId> {
        ids.iter().filter(|id| self.node(id).is_some()).cloned().collect()
    }

    /// The visible ones of `mounted`, with the rows they belong to where that is not plain.
    fn listed(&self, mounted: &[NodeId], places: &[usize]) -> (Vec<NodeId>, Option<Vec<usize>>) {
        let listed = mounted
            .iter()
            .zip(places)
            .filter(|(id, _)| self.node(id).is_some())
            .map(|(_, place)| *place);
        let listed: Vec<usize> = listed.collect();
        let is_plain = listed.iter().enumerate().all(|(index, place)| index == *place);
        (self.visible(mounted), (!is_plain).then_some(listed))
    }

    /// Brings the mounted children of `parent` in line with `wanted` and answers their ids.
    fn reconcile(
        &mut self,
        parent: Option<&NodeId>,
        depth: usize,
        mounted: Vec<NodeId>,
        wanted: Vec<(ComponentIndex, Rows)>,
        around: &Surroundings,
        changes: &mut Changes,
    ) -> Vec<NodeId> {
        let wanted: Vec<(NodeId, ComponentIndex, Rows)> = wanted
            .into_iter()
            .map(|(component, rows)| {
                (
                    rows.node_id(&around.program.components[component].id),
                    component,
                    rows,
                )
            })
            .collect();
        if !mounted.is_empty() {
            let kept: HashSet<&NodeId> = wanted.iter().map(|(id, ..)| id).collect();
            for id in mounted.iter().filter(|id| !kept.contains(id)) {
                self.unmount(id, changes);
            }
        }
        let ids = wanted.iter().map(|(id, ..)| id.clone()).collect();
        for (id, component, rows) in wanted {
            match self.instances.get(&id) {
                Some(instance) if instance.rows == rows => {}
                Some(_) => self.move_to(&id, rows, around, changes),
                None => self.add(id, component, rows, parent.cloned(), depth, around, changes),
            }
        }
        ids
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "each is a field of the new instance or the refresh under way"
    )]
    fn add(
        &mut self,
        id: NodeId,
        component: ComponentIndex,
        rows: Rows,
        parent: Option<NodeId>,
        depth: usize,
        around: &Surroundings,
        changes: &mut Changes,
    ) {
        if self.instances.len() >= limits::NODES {
            let message = format!(
                "the app shows more than {} components at once; the rest is left out",
                limits::NODES
            );
            return self.tell(
                vec![Issue::warning(Code::TooLarge, "/components", message)],
                around,
                changes,
            );
        }
        let instance = Instance {
            component,
            rows,
            parent,
            depth,
            node: None,
            mounted: Vec::new(),
            places: Vec::new(),
            window: Window {
                first: 0,
                count: FIRST_ROWS,
                kept: BTreeSet::new(),
            },
            passing: None,
            shows_error: false,
            followed: Vec::new(),
        };
        self.instances.insert(id.clone(), instance);
        self.follow(&id, around);
        self.resolve(&id, around, changes);
    }

    /// The row of `id` has another place in its list: what it reads lies elsewhere now.
    fn move_to(&mut self, id: &NodeId, rows: Rows, around: &Surroundings, changes: &mut Changes) {
        if let Some(instance) = self.instances.get_mut(id) {
            instance.rows = rows;
            instance.passing = None;
        }
        self.follow(id, around);
        self.resolve(id, around, changes);
    }

    fn follow(&mut self, id: &NodeId, around: &Surroundings) {
        let Some(instance) = self.instances.get_mut(id) else {
            return;
        };
        let component = &around.program.components[instance.component];
        let followed = followed(component, id, &instance.rows);
        for path in &instance.followed {
            self.readers.remove(path, id);
        }
        for path in &followed {
            self.readers.add(path, id.clone());
        }
        instance.followed = followed;
    }

    fn unmount(&mut self, id: &NodeId, changes: &mut Changes) {
        let Some(instance) = self.instances.remove(id) else {
            return;
        };
        for path in &instance.followed {
            self.readers.remove(path, id);
        }
        if instance.node.is_some() {
            changes.removed.insert(id.clone());
        }
        changes.nodes.remove(&(instance.depth, id.clone()));
        for child in &instance.mounted {
            self.unmount(child, changes);
        }
    }

    fn resolve(&mut self, id: &NodeId, around: &Surroundings, changes: &mut Changes) {
        let Some(instance) = self.instances.get(id) else {
            return;
        };
        let component = &around.program.components[instance.component];
        let scope = instance
            .rows
            .enter(Scope::new(around.store.root(), around.derived), around.store);
        let was_visible = instance.node.is_some();
        let mut complaints = Vec::new();
        let mut resolver = Resolver {
            around,
            component,
            id,
            instance,
            scope,
            complaints: &mut complaints,
        };
        let resolved = resolver.is_visible().then(|| {
            let node = resolver.node();
            (node, resolver.children())
        });
        self.tell(complaints, around, changes);

        let (depth, mounted) = match self.instances.get_mut(id) {
            Some(instance) => (instance.depth, std::mem::take(&mut instance.mounted)),
            None => return,
        };
        let (node, mounted, places) = match resolved {
            None => {
                for child in &mounted {
                    self.unmount(child, changes);
                }
                if was_visible {
                    changes.removed.insert(id.clone());
                    changes.nodes.remove(&(depth, id.clone()));
                }
                (None, Vec::new(), Vec::new())
            }
            Some((mut node, below)) => {
                let mounted = self.reconcile(Some(id), depth + 1, mounted, below.wanted, around, changes);
                (node.children, node.places) = self.listed(&mounted, &below.places);
                node.total = below.total;
                if let Some(instance) = self.instances.get_mut(id) {
                    instance.passing = below.passing;
                }
                (Some(node), mounted, below.places)
            }
        };
        let is_visible = node.is_some();
        let Some(instance) = self.instances.get_mut(id) else {
            return;
        };
        instance.mounted = mounted;
        instance.places = places;
        if is_visible && instance.node != node {
            changes.removed.remove(id);
            changes.nodes.insert((depth, id.clone()));
        }
        instance.node = node;
        if was_visible != is_visible {
            let parent = instance.parent.clone();
            self.relist(parent.as_ref(), changes);
        }
    }

    /// A child appeared or went: its parent lists its visible children anew.
    fn relist(&mut self, parent: Option<&NodeId>, changes: &mut Changes) {
        let Some(parent) = parent else {
            changes.roots_changed = true;
            return;
        };
        let Some(instance) = self.instances.get(parent) else {
            return;
        };
        let (children, places) = self.listed(&instance.mounted, &instance.places);
        let depth = instance.depth;
        if let Some(node) = self
            .instances
            .get_mut(parent)
            .and_then(|instance| instance.node.as_mut())
            && node.children != children
        {
            node.children = children;
            node.places = places;
            changes.nodes.insert((depth, parent.clone()));
        }
    }

    fn tell(&mut self, complaints: Vec<Issue>, around: &Surroundings, changes: &mut Changes) {
        if around.draft {
            return;
        }
        for issue in complaints {
            if self.told.insert((issue.path.clone(), issue.message.clone())) {
                changes.issues.push(issue);
            }
        }
    }
}

/// Where a control without a binding keeps its value.
pub(super) fn own_path(node: &str) -> Option<Path> {
    Path::key(node).ok()
}

/// The path a control's value is read from and written to, when it can be written.
pub(super) fn value_path(component: &Component, node: &str, rows: &Rows) -> Option<Path> {
    match &component.value.as_ref()?.home {
        Home::Bound(path) => Some(rows.locate(path)),
        Home::Own { .. } => own_path(node),
        Home::ReadOnly => None,
    }
}

fn followed(component: &Component, node: &str, rows: &Rows) -> Vec<Path> {
    let references = component
        .references
        .iter()
        .filter_map(|reference| rows.follow(reference));
    let binds = component.binds.iter().map(|path| rows.locate(path));
    references
        .chain(binds)
        .chain(value_path(component, node, rows))
        .collect()
}
