//! Proves that a document means something: every name leads somewhere, every value is of its kind,
//! every control does something.
//!
//! Messages read like a compiler's: what is wrong, where, what was expected, the nearest valid name.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::catalog::{Catalog, is_style_property, is_style_value};
use super::document::{Component, UiSpec};
use super::issue::{Code, Issue};
use super::limits;
use super::location::Location;
use super::nearest;
use super::path::{Path, escaped};
use super::template::Template;

mod actions;
mod components;
mod expressions;
mod former_tools;
mod graph;
mod names;
mod permissions;
mod props;
mod shapes;

pub use names::RESERVED_NAMES;
use names::{Place, Source};
use shapes::Shapes;

/// Issues after which no near names are searched for.
const HINTED_ISSUES: usize = 200;

/// Every issue of a document, in the order of the document. An app without an issue of severity
/// error works as far as can be told without running it.
pub fn check(spec: &UiSpec, catalog: &Catalog) -> Vec<Issue> {
    let mut checker = Checker::new(spec, catalog);
    checker.names();
    checker.state();
    checker.computed();
    checker.queries();
    checker.root_actions();
    checker.style(&spec.style, &Location::at("/style"));
    checker.theme();
    checker.bindings();
    if spec.components.is_empty() {
        checker.report(Issue::error(
            Code::Schema,
            "/components",
            "the app shows nothing; it needs at least one component",
        ));
    }
    let place = Place::root();
    for component in &spec.components {
        checker.component(component, &place);
    }
    checker.cycles();
    checker.watch_loops();
    checker.permissions();
    checker.unused();
    checker.issues
}

struct Checker<'a> {
    spec: &'a UiSpec,
    catalog: &'a Catalog,
    /// What stands in scope everywhere, and where it is from.
    sources: BTreeMap<&'a str, Source>,
    /// Every id of a component.
    ids: BTreeSet<&'a str>,
    actions: BTreeSet<&'a str>,
    queries: BTreeSet<&'a str>,
    /// Every name that rows have anywhere.
    row_names: BTreeSet<&'a str>,
    shapes: Shapes,
    uses: permissions::Uses,
    used: BTreeSet<String>,
    issues: Vec<Issue>,
}

impl<'a> Checker<'a> {
    fn new(spec: &'a UiSpec, catalog: &'a Catalog) -> Self {
        let mut sources = BTreeMap::new();
        let held = spec
            .walk()
            .filter(|component| holds_own_value(component, catalog));
        sources.extend(held.map(|component| (component.id.as_str(), Source::Control)));
        sources.extend(spec.data.iter().map(|(name, _)| (name.as_str(), Source::Data)));
        sources.extend(
            spec.computed
                .iter()
                .map(|(name, _)| (name.as_str(), Source::Computed)),
        );
        sources.extend(spec.state.keys().map(|name| (name.as_str(), Source::State)));
        Self {
            spec,
            catalog,
            sources,
            ids: spec.walk().map(|component| component.id.as_str()).collect(),
            actions: spec.actions.iter().map(|(name, _)| name.as_str()).collect(),
            queries: spec.data.iter().map(|(name, _)| name.as_str()).collect(),
            row_names: spec
                .walk()
                .filter_map(|component| Some(component.each.as_ref()?.name.as_str()))
                .collect(),
            shapes: Shapes::of(spec),
            uses: permissions::Uses::default(),
            used: BTreeSet::new(),
            issues: Vec::new(),
        }
    }

    fn report(&mut self, issue: Issue) {
        self.issues.push(issue);
    }

    fn report_with(&mut self, issue: Issue, hint: Option<impl Into<String>>) {
        self.issues.push(match hint {
            Some(hint) => issue.hint(hint),
            None => issue,
        });
    }

    /// The name that was most likely meant. A document with so many faults was not written by a slip.
    fn nearest<'n>(&self, name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<String> {
        let few = self.issues.len() < HINTED_ISSUES;
        few.then(|| nearest::suggestion(name, known))
            .flatten()
            .map(str::to_owned)
    }

    /// Names that mean two things.
    fn names(&mut self) {
        let spec = self.spec;
        let state = spec.state.keys().map(|name| (name, "state"));
        let computed = spec.computed.iter().map(|(name, _)| (name, "computed"));
        let data = spec.data.iter().map(|(name, _)| (name, "data"));
        let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
        for (name, section) in state.chain(computed).chain(data) {
            let at = format!("/{section}/{}", escaped(name));
            if RESERVED_NAMES.contains(&name.as_str()) {
                self.report(Issue::error(
                    Code::NameCollision,
                    &at,
                    format!("`{name}` is reserved; {section} needs another name for it"),
                ));
            }
            if section != "state" && !is_identifier(name) {
                let message = format!("no expression can name `{name}`; letters, digits and _ can be read");
                self.report(Issue::warning(Code::Schema, &at, message));
            }
            if let Some(other) = seen.insert(name, section) {
                self.report(Issue::error(
                    Code::NameCollision,
                    &at,
                    format!("`{name}` is in {other} and in {section}; one of them needs another name"),
                ));
            }
        }
        let mut ids: HashMap<&str, &Component> = HashMap::new();
        for component in spec.walk() {
            if let Some(first) = ids.insert(&component.id, component) {
                let message = format!(
                    "the id \"{}\" is taken by the {} at {}",
                    component.id, first.kind, first.at
                );
                self.report(
                    Issue::error(Code::DuplicateId, format!("{}/id", component.at), message)
                        .about(&component.id),
                );
            }
            let derived = seen
                .get(component.id.as_str())
                .filter(|section| **section != "state");
            let holds_own_value = holds_own_value(component, self.catalog);
            // Outside of rows `item` means nothing else.
            let is_reserved = RESERVED_NAMES.contains(&component.id.as_str()) && component.id != "item";
            if is_reserved && holds_own_value {
                let message = format!(
                    "the {} \"{}\" holds its value under its id, which is reserved; bind it, or give it another id",
                    component.kind, component.id
                );
                self.report(
                    Issue::error(Code::NameCollision, format!("{}/id", component.at), message)
                        .about(&component.id),
                );
            }
            if let Some(section) = derived.filter(|_| holds_own_value) {
                let message = format!(
                    "the {} \"{}\" holds its value under its id, which {section} defines; bind it, or give it another id",
                    component.kind, component.id
                );
                self.report(
                    Issue::error(Code::NameCollision, format!("{}/id", component.at), message)
                        .about(&component.id),
                );
            }
        }
    }

    fn state(&mut self) {
        let spec = self.spec;
        let bytes = serde_json::to_string(&spec.state).map_or(0, |json| json.len());
        if bytes > limits::STATE_BYTES {
            let message = format!("the state has {bytes} bytes, {} are allowed", limits::STATE_BYTES);
            self.report(Issue::error(Code::StateTooLarge, "/state", message));
        }
        for (index, path) in spec.persist.iter().enumerate() {
            self.written_path(
                path,
                &Place::root(),
                &Location::ROOT.member("persist").item(index),
                "kept",
            );
        }
    }

    fn computed(&mut self) {
        for (name, source) in &self.spec.computed {
            self.expression(
                source,
                &Place::root(),
                &Location::ROOT.member("computed").member(name),
            );
        }
    }

    fn queries(&mut self) {
        for (name, query) in &self.spec.data {
            let data = Location::at("/data");
            let at = data.member(name);
            let place = Place::root();
            if let Some(tool) = self.tool(&query.tool, &at.member("tool")) {
                if !tool.reads {
                    let message = format!("`{}` changes something; a query may only read", query.tool);
                    self.report(Issue::error(Code::ArgsInvalid, at.member("tool"), message));
                }
                self.bound(tool, &at.member("tool"));
                self.asked_for(tool, &query.args, &at.member("tool"));
                self.given_args(tool, &query.args, false, &place, &at.member("args"));
            } else {
                self.templates(&query.args, &place, &at.member("args"));
            }
            if let Some(pick) = &query.pick {
                self.expression(pick, &place.in_answer(), &at.member("pick"));
            }
            if let Some(when) = &query.when {
                self.expression(when, &place, &at.member("when"));
            }
        }
    }

    fn root_actions(&mut self) {
        let spec = self.spec;
        let place = Place::root().in_action();
        for (name, action) in &spec.actions {
            self.action(action, &Place::root().in_named_action(), &Trigger::Anything, name);
        }
        let hooks = [&spec.on.mount, &spec.on.close, &spec.on.focus, &spec.on.blur];
        for hook in hooks.into_iter().flatten() {
            self.action(hook, &place, &Trigger::NoControl, "");
        }
        for (path, action) in &spec.watch {
            self.read_path(
                path,
                &Place::root(),
                &Location::ROOT.member("watch").member(&path.to_string()),
                "watched",
            );
            self.action(action, &place, &Trigger::NoControl, "");
        }
    }

    fn style(&mut self, style: &serde_json::Map<String, serde_json::Value>, at: &Location) {
        for (name, value) in style {
            let at = at.member(name);
            if !is_style_property(name) {
                let hint = self.nearest(name, super::catalog::STYLE_PROPERTIES.iter().copied());
                self.report_with(
                    Issue::warning(
                        Code::UnknownProp,
                        at,
                        format!("the style property `{name}` is not allowed and has no effect"),
                    ),
                    hint,
                );
            } else if !is_style_value(value)
                && Template::parse(value, &at).is_ok_and(|template| template.is_literal())
            {
                self.report(Issue::error(
                    Code::PropType,
                    at,
                    format!(
                        "the style `{name}` takes a number or short text that loads nothing, found {value}"
                    ),
                ));
            }
        }
    }

    fn theme(&mut self) {
        for (name, value) in &self.spec.theme {
            let at = format!("/theme/{}", escaped(name));
            let Some((_, kind)) = THEME.iter().find(|(known, _)| known == name) else {
                let message = format!("a theme has accent, density and mode, not `{name}`");
                let hint = self.nearest(name, THEME.iter().map(|(known, _)| *known));
                self.report_with(Issue::warning(Code::UnknownProp, at, message), hint);
                continue;
            };
            match kind {
                ThemeKind::Colour if !value.as_str().is_some_and(is_hex_colour) => {
                    let message = format!(
                        "`{name}` takes a colour such as \"#2f56d9\", found {value}; it has no effect"
                    );
                    self.report(Issue::warning(Code::PropType, at, message));
                }
                ThemeKind::OneOf(choices)
                    if !value.as_str().is_some_and(|value| choices.contains(&value)) =>
                {
                    let message = format!(
                        "`{name}` is {}, found {value}; it has no effect",
                        choices.join(" or ")
                    );
                    let hint = self.nearest(value.as_str().unwrap_or_default(), choices.iter().copied());
                    self.report_with(Issue::warning(Code::PropEnum, at, message), hint);
                }
                ThemeKind::Colour | ThemeKind::OneOf(_) => {}
            }
        }
    }

    /// Tools the app says it uses, which must be there to be used.
    fn bindings(&mut self) {
        let (spec, catalog) = (self.spec, self.catalog);
        for (service, tools) in &spec.service_bindings {
            let at = format!("/service_bindings/{}", escaped(service));
            if !catalog.has_group(service) {
                let groups: BTreeSet<&str> = catalog.tools().map(super::catalog::ToolEntry::group).collect();
                let hint = self.nearest(service, groups);
                let message = format!("there is no service `{service}`");
                self.report_with(Issue::warning(Code::ToolUnknown, at, message), hint);
                continue;
            }
            for (index, tool) in tools.iter().enumerate() {
                let full = format!("{service}.{tool}");
                if tool == "*" || catalog.tool(&full).is_some() || catalog.tool(tool).is_some() {
                    continue;
                }
                let own = catalog.tools().filter(|entry| entry.group() == service);
                let names = own.map(|entry| entry.id.rsplit('.').next().unwrap_or_default());
                let hint = self.nearest(tool, names);
                let message = format!("the service `{service}` has no tool `{tool}`");
                self.report_with(
                    Issue::warning(Code::ToolUnknown, format!("{at}/{index}"), message),
                    hint,
                );
            }
        }
    }

    /// What is defined and never used.
    fn unused(&mut self) {
        let spec = self.spec;
        let used = std::mem::take(&mut self.used);
        let kept = |name: &&String| !used.contains(name.as_str());
        let computed = spec
            .computed
            .iter()
            .map(|(name, _)| name)
            .filter(kept)
            .map(|name| (name, "computed"));
        let data = spec
            .data
            .iter()
            .map(|(name, _)| name)
            .filter(kept)
            .map(|name| (name, "data"));
        let state = spec.state.keys().filter(kept).map(|name| (name, "state"));
        let actions = spec
            .actions
            .iter()
            .map(|(name, _)| name)
            .filter(|name| !used.contains(&action_use(name)))
            .map(|name| (name, "actions"));
        let unused: Vec<_> = state
            .chain(computed)
            .chain(data)
            .chain(actions)
            .map(|(name, section)| {
                Issue::note(
                    Code::Unused,
                    format!("/{section}/{}", escaped(name)),
                    format!("`{name}` is never used"),
                )
            })
            .collect();
        self.issues.extend(unused);
    }
}

/// What a theme has.
pub(super) const THEME: [(&str, ThemeKind); 3] = [
    ("accent", ThemeKind::Colour),
    ("density", ThemeKind::OneOf(&["comfortable", "compact"])),
    ("mode", ThemeKind::OneOf(&["light", "dark"])),
];

pub(super) enum ThemeKind {
    Colour,
    OneOf(&'static [&'static str]),
}

/// `#rgb` or `#rrggbb`.
fn is_hex_colour(text: &str) -> bool {
    text.strip_prefix('#').is_some_and(|digits| {
        matches!(digits.len(), 3 | 6) && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
    })
}

/// What starts an action, which decides what a bare tool can pick its arguments from.
enum Trigger<'a> {
    /// An event of a component.
    Event {
        component: &'a Component,
        event: &'a str,
    },
    /// A hook, a watched path or a timer: nobody used a control.
    NoControl,
    /// An action by name, from wherever it is called.
    Anything,
}

/// Whether the component's value lies at `state.<id>` because nothing is bound.
fn holds_own_value(component: &Component, catalog: &Catalog) -> bool {
    let value = catalog
        .component(&component.kind)
        .and_then(|entry| entry.value.as_ref());
    value.is_some_and(|value| !matches!(component.prop(&value.name), Some(Template::Bind(_))))
}

/// Whether an expression can read it by name.
fn is_identifier(name: &str) -> bool {
    name.starts_with(|first: char| first.is_alphabetic() || first == '_')
        && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// Actions and names in scope are used under one roof, but are not each other.
fn action_use(name: &str) -> String {
    format!("{name}()")
}

/// The list a path in the state leads to, as far as the initial state tells.
fn initial<'s>(spec: &'s UiSpec, path: &Path) -> Option<&'s serde_json::Value> {
    let (first, rest) = path.segments().split_first()?;
    rest.iter()
        .try_fold(spec.state.get(first.as_ref())?, |value, segment| match value {
            serde_json::Value::Object(map) => map.get(segment.as_ref()),
            serde_json::Value::Array(items) => items.get(segment.parse::<usize>().ok()?),
            _ => None,
        })
}
