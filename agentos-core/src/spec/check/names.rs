//! What a name leads to, and where it may stand.

use std::sync::Arc;

use super::super::document::Each;
use super::super::issue::{Code, Issue};
use super::super::location::Location;
use super::super::path::Path;
use super::Checker;
use super::shapes::{DeadEnd, row_of};

/// Names that mean the same in every app.
pub const RESERVED_NAMES: [&str; 7] = ["event", "result", "error", "args", "item", "app", "_"];

/// What other languages call the number of entries.
const LENGTH: &str = "length";

/// Where a name of the app is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    State,
    /// A component with a value and without a binding.
    Control,
    Computed,
    Data,
}

/// Where in the document an expression or a path stands.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// The rows around it, outermost first: the name of each and the list it is from.
    rows: Vec<(String, Path)>,
    role: Role,
    in_form: bool,
    /// Its components are panels, which carry the label of their tab.
    of_panels: bool,
}

/// What the names at a place are read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    View,
    /// The part of a query that picks from its answer.
    Answer,
    Action,
    /// An action by name, which runs in the rows of whoever calls it.
    NamedAction,
}

impl Place {
    pub(super) fn root() -> Self {
        Self {
            rows: Vec::new(),
            role: Role::View,
            in_form: false,
            of_panels: false,
        }
    }

    pub(super) fn in_row(&self, each: &Each) -> Self {
        let mut place = self.clone();
        place.rows.push((each.name.clone(), each.list.clone()));
        place
    }

    pub(super) fn in_action(&self) -> Self {
        self.with_role(Role::Action)
    }

    pub(super) fn in_named_action(&self) -> Self {
        self.with_role(Role::NamedAction)
    }

    pub(super) fn in_answer(&self) -> Self {
        self.with_role(Role::Answer)
    }

    fn with_role(&self, role: Role) -> Self {
        Self { role, ..self.clone() }
    }

    pub(super) fn in_form(&self) -> Self {
        Self {
            in_form: true,
            ..self.clone()
        }
    }

    pub(super) fn of_panels(&self, of_panels: bool) -> Self {
        Self {
            of_panels,
            ..self.clone()
        }
    }

    pub(super) fn is_of_panels(&self) -> bool {
        self.of_panels
    }

    pub(super) fn is_in_form(&self) -> bool {
        self.in_form
    }

    pub(super) fn is_in_action(&self) -> bool {
        matches!(self.role, Role::Action | Role::NamedAction)
    }

    fn is_in_any_row(&self) -> bool {
        self.role == Role::NamedAction
    }

    pub(super) fn row(&self, name: &str) -> Option<&Path> {
        self.rows
            .iter()
            .rev()
            .find(|(row, _)| row == name)
            .map(|(_, list)| list)
    }

    /// Whether a reserved name says anything here.
    fn knows_reserved(&self, name: &str) -> bool {
        match name {
            "_" | "app" => true,
            "item" => !self.rows.is_empty() || self.is_in_action(),
            "result" => self.is_in_action() || self.role == Role::Answer,
            _ => self.is_in_action(),
        }
    }
}

impl Checker<'_> {
    /// A name an expression reads.
    pub(super) fn read_name(&mut self, name: &str, members: &[Arc<str>], place: &Place, at: &Location) {
        self.used.insert(name.to_owned());
        if name == "_" {
            return self.read_status(members, at);
        }
        if place.row(name).is_some() || self.sources.get(name) == Some(&Source::State) {
            return self.read_member(name, members, place, at);
        }
        if self.sources.get(name) == Some(&Source::Computed) {
            return self.member_of_computed(name, members, at);
        }
        if self.sources.contains_key(name) || place.is_in_any_row() && self.row_names.contains(name) {
            return;
        }
        if RESERVED_NAMES.contains(&name) {
            if !place.knows_reserved(name) {
                let whereabouts = if name == "item" {
                    "inside an `each`"
                } else {
                    "in actions"
                };
                self.report(Issue::error(
                    Code::ExprUnknownName,
                    at,
                    format!("`{name}` is only known {whereabouts}"),
                ));
            }
            return;
        }
        let hint = self.known_names(place, name);
        self.report_with(
            Issue::error(
                Code::ExprUnknownName,
                at,
                format!("nothing is called `{name}` here; state, computed or data would define it"),
            ),
            hint,
        );
    }

    /// `t.done`, `user.name`, `todos[0].done`. An object may come to hold more than is written down, so only
    /// what looks like a slip is told.
    fn read_member(&mut self, name: &str, members: &[Arc<str>], place: &Place, at: &Location) {
        let Some(path) = self.in_the_state(name, members, place) else {
            return;
        };
        if let Some(DeadEnd::Plain { index } | DeadEnd::List { index }) = self.shapes.dead_end(&path)
            && &*path[index] == LENGTH
        {
            return self.no_length(name, &members[..members.len() - (path.len() - index)], at);
        }
        if let Some((wrong, meant)) = self.slip(&path) {
            let message = format!(
                "nothing puts `{}` into {}",
                path[wrong],
                whereabouts(&path[..wrong])
            );
            self.report(Issue::warning(Code::ExprUnknownName, at, message).hint(meant));
        }
    }

    /// `todos.length`, as another language counts.
    fn no_length(&mut self, name: &str, members: &[Arc<str>], at: &Location) {
        let counted = std::iter::once(name)
            .chain(members.iter().map(AsRef::as_ref))
            .collect::<Vec<_>>()
            .join(".");
        let message = format!("`{counted}` has no member `{LENGTH}`, so this is null; a filter counts");
        let hint = format!("{counted} | {LENGTH}");
        self.report(Issue::warning(Code::ExprUnknownName, at, message).hint(hint));
    }

    /// A member of what is worked out. What is counted there is a list, unless the word stands in its source.
    fn member_of_computed(&mut self, name: &str, members: &[Arc<str>], at: &Location) {
        let computed = self.spec.computed.iter().find(|(computed, _)| computed == name);
        if let ([member], Some((_, source))) = (members, computed)
            && &**member == LENGTH
            && !source.as_str().contains(LENGTH)
        {
            self.no_length(name, &[], at);
        }
    }

    /// The segment of a path into the state that is a slip, and what was meant. Names that differ in their
    /// numbers are different names.
    fn slip(&self, path: &[Arc<str>]) -> Option<(usize, String)> {
        let DeadEnd::Stranger { index, known } = self.shapes.dead_end(path)? else {
            return None;
        };
        let digits = |name: &str| -> String { name.chars().filter(char::is_ascii_digit).collect() };
        let alike = known
            .into_iter()
            .filter(|name| digits(name) == digits(&path[index]));
        Some((index, self.nearest(&path[index], alike)?))
    }

    /// Where in the state a name and its members lead; nothing for what is not of the state.
    fn in_the_state(&self, name: &str, members: &[Arc<str>], place: &Place) -> Option<Vec<Arc<str>>> {
        if let Some(list) = place.row(name) {
            let (first, rest) = list.segments().split_first()?;
            let list = self.in_the_state(first, rest, &outside(place, name))?;
            return Some(row_of(list, members));
        }
        (self.sources.get(name) == Some(&Source::State)).then(|| {
            std::iter::once(name.into())
                .chain(members.iter().cloned())
                .collect()
        })
    }

    /// `_.<query>.loading`.
    fn read_status(&mut self, members: &[Arc<str>], at: &Location) {
        let Some(query) = members.first() else { return };
        self.used.insert(query.to_string());
        if !self.queries.contains(&**query) {
            let hint = self.nearest(query, self.queries.iter().copied());
            self.report_with(
                Issue::error(
                    Code::ExprUnknownName,
                    at,
                    format!("`_` has the status of queries, and `data` has none called `{query}`"),
                ),
                hint,
            );
        }
    }

    /// A path that something reads; `done` says what is done with it.
    pub(super) fn read_path(&mut self, path: &Path, place: &Place, at: &Location, done: &str) {
        self.path(path, place, at, done, false);
        self.members_of_path(path, place, at, done);
    }

    /// A path that something writes or that must be writable.
    pub(super) fn written_path(&mut self, path: &Path, place: &Place, at: &Location, done: &str) {
        self.path(path, place, at, done, true);
        self.members_of_path(path, place, at, done);
    }

    /// What a path names below its first segment.
    fn members_of_path(&mut self, path: &Path, place: &Place, at: &Location, done: &str) {
        let Some((first, rest)) = path.segments().split_first() else {
            return;
        };
        let Some(inner) = self.in_the_state(first, rest, place) else {
            return;
        };
        if let Some((wrong, meant)) = self.slip(&inner) {
            let message = format!(
                "`{path}` is {done} and nothing puts `{}` into {}",
                inner[wrong],
                whereabouts(&inner[..wrong])
            );
            self.report(Issue::warning(Code::BindUnknownPath, at, message).hint(meant));
        } else if let Some(DeadEnd::Plain { index }) = self.shapes.dead_end(&inner) {
            let message = format!(
                "`{path}` cannot be {done}: {} is text, a number or a truth value and has no members",
                whereabouts(&inner[..index])
            );
            self.report(Issue::error(Code::BindUnknownPath, at, message));
        }
    }

    fn path(&mut self, path: &Path, place: &Place, at: &Location, done: &str, writes: bool) {
        let root = path.root().as_ref();
        self.used.insert(root.to_owned());
        let is_known = place.row(root).is_some() || self.sources.contains_key(root);
        if path.has_a_slice() || !is_known && path.is_an_expression() {
            let message = format!("`{path}` is an expression, and only a path can be {done}");
            let hint = "what is worked out has a name under `computed`, which stands here";
            return self.report(Issue::error(Code::BindUnknownPath, at, message).hint(hint));
        }
        if let Some(list) = place.row(root) {
            let list = list.clone();
            return if writes && path.segments().len() > 1 {
                self.path(&list, &outside(place, root), at, done, true);
            };
        }
        if place.is_in_any_row() && self.row_names.contains(root)
            || root == "item" && place.knows_reserved("item")
        {
            return;
        }
        match self.sources.get(root) {
            Some(Source::State | Source::Control) => {}
            Some(Source::Computed | Source::Data) if !writes => {}
            Some(Source::Computed | Source::Data) => {
                let message =
                    format!("`{path}` cannot be {done}: `{root}` is worked out, not kept in the state");
                self.report(Issue::error(Code::BindUnknownPath, at, message));
            }
            None => {
                let hint = self.known_names(place, root);
                let message = format!("`{path}` cannot be {done}: the state has no `{root}`");
                self.report_with(Issue::error(Code::BindUnknownPath, at, message), hint);
            }
        }
    }

    fn known_names(&self, place: &Place, name: &str) -> Option<String> {
        let rows = place.rows.iter().map(|(row, _)| row.as_str());
        self.nearest(name, rows.chain(self.sources.keys().copied()))
    }
}

/// A place in the state, in words.
fn whereabouts(path: &[Arc<str>]) -> String {
    let is_row = |segment: &Arc<str>| segment.parse::<i64>().is_ok();
    match path.split_last() {
        Some((last, list)) if is_row(last) && !list.is_empty() => format!("the rows of `{}`", list.join(".")),
        _ => format!("`{}`", path.join(".")),
    }
}

/// The place of the `each` that makes the rows called `name`.
fn outside(place: &Place, name: &str) -> Place {
    let depth = place
        .rows
        .iter()
        .rposition(|(row, _)| row == name)
        .unwrap_or_default();
    Place {
        rows: place.rows[..depth].to_vec(),
        ..place.clone()
    }
}
