//! From the typed document to the compiled one.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{
    Action, Args, Call, CompiledCheck, CompiledRule, Component, ComponentIndex, Computed, Dynamic, Each,
    Home, Hooks, Program, Query, Step, TextPart, TwoWay,
};
use crate::runtime::expression::{Expression, Reference};
use crate::runtime::rows::Repeated;
use crate::spec::action::{Args as ArgsSource, Run as RunSource};
use crate::spec::catalog::{Catalog, ValueKind, ValueProperty};
use crate::spec::document::{Check, Lifecycle, Rule};
use crate::spec::template::{Part, Source, Template};
use crate::spec::{self, Code, Issue, Location, Path, UiSpec};
use crate::value::{Value, map_from_json};

impl Program {
    pub(in crate::runtime) fn compile(spec: &UiSpec, catalog: &Catalog) -> (Self, Vec<Issue>) {
        let mut compiler = Compiler {
            catalog,
            components: Vec::with_capacity(spec.walk().count()),
            ids: BTreeSet::new(),
            issues: Vec::new(),
        };
        let roots = spec
            .components
            .iter()
            .map(|component| compiler.component(component, Place::default()))
            .collect();
        let computed = compiler.computed(spec);
        let queries = spec
            .data
            .iter()
            .map(|(name, query)| compiler.query(name, query))
            .collect();
        let actions = spec
            .actions
            .iter()
            .map(|(name, action)| (name.clone(), compiler.action(action)))
            .collect();
        let watch = spec
            .watch
            .iter()
            .map(|(path, action)| (path.clone(), compiler.action(action)))
            .collect();
        let on = compiler.hooks(&spec.on);
        let names = spec.computed.iter().map(|(name, _)| name);
        let names = names.chain(spec.data.iter().map(|(name, _)| name));
        let program = Self {
            title: spec.title.clone(),
            state: map_from_json(&spec.state),
            worked_out: names
                .map(|name| Arc::from(name.as_str()))
                .chain(["app".into(), "_".into()])
                .collect(),
            persist: spec.persist.clone(),
            lists: compiler
                .components
                .iter()
                .filter_map(|component| Some(component.each.as_ref()?.list.root().clone()))
                .collect(),
            components: compiler.components,
            roots,
            computed,
            queries,
            actions,
            watch,
            on,
        };
        (program, compiler.issues)
    }
}

/// What stands around a component.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    form: bool,
    /// The nearest `each`.
    each: Option<ComponentIndex>,
}

struct Compiler<'a> {
    catalog: &'a Catalog,
    components: Vec<Component>,
    ids: BTreeSet<Arc<str>>,
    issues: Vec<Issue>,
}

impl Compiler<'_> {
    fn component(&mut self, source: &spec::Component, place: Place) -> ComponentIndex {
        let entry = self.catalog.component(&source.kind);
        let at = Location::at(&source.at);
        let props = self.dynamics(&source.props, &at.member("props"));
        let value = entry.and_then(|entry| {
            let property = entry.value.as_ref()?;
            let empty = entry.empty_value(&literal_props(source));
            let empty = empty.as_ref().map(Value::from).unwrap_or_default();
            Some(two_way(property, &props, empty))
        });
        let visible = source
            .visible
            .as_ref()
            .map(|source_text| self.expression(source_text, &at.member("visible")));
        let each = source.each.as_ref().map(|each| Each {
            list: each.list.clone(),
            name: Arc::from(each.name.as_str()),
            key: each.key.as_deref().map(Arc::from),
            filter: each
                .filter
                .as_ref()
                .map(|filter| self.expression(filter, &at.member("each").member("where"))),
            repeated: Arc::default(),
        });
        let checks = source
            .checks
            .iter()
            .enumerate()
            .filter_map(|(index, check)| self.check(check, &at.member("checks").item(index)))
            .collect::<Vec<_>>();
        let is_guarded = |name: &str, value: &Dynamic| {
            let prop = entry.and_then(|entry| entry.prop(name));
            prop.is_some_and(|prop| match prop.kind {
                ValueKind::Url(_) | ValueKind::Style => true,
                // The check has seen what is written; what is worked out it has not.
                ValueKind::OneOf(_) => !matches!(value, Dynamic::Literal(_)),
                _ => false,
            })
        };
        let guarded = props
            .iter()
            .filter(|(name, value)| is_guarded(name, value))
            .map(|(name, _)| name.clone())
            .collect();
        let handlers = source
            .on_event
            .iter()
            .map(|(kind, action)| (Arc::from(kind.as_str()), self.action(action)))
            .collect();

        let (mut references, mut binds) = (BTreeSet::new(), BTreeSet::new());
        for (_, dynamic) in &props {
            dynamic.read_into(&mut references, &mut binds);
        }
        for dynamic in visible
            .iter()
            .chain(each.iter().filter_map(|each| each.filter.as_ref()))
        {
            dynamic.read_into(&mut references, &mut binds);
        }
        for check in &checks {
            if let CompiledRule::When(dynamic) = &check.rule {
                dynamic.read_into(&mut references, &mut binds);
            }
        }
        if let Some(each) = &each {
            // The row itself is read through the list, which the component follows as a whole.
            references.retain(|reference| reference.name != each.name);
            binds.insert(each.list.clone());
        }

        let id = self.unique(&source.id);
        let index = self.components.len();
        self.components.push(Component {
            id,
            kind: Arc::from(source.kind.as_str()),
            at: source.at.clone(),
            props,
            guarded,
            value,
            children: Vec::new(),
            handlers,
            visible,
            each,
            checks,
            known: entry.is_some(),
            around: place.each,
            is_submit: place.form && source.kind == "button" && source.handler("click").is_none(),
            submits: source.handler("submit").is_some()
                || place.form && matches!(source.kind.as_str(), "input" | "textarea"),
            references: references.into_iter().collect(),
            binds: binds.into_iter().collect(),
        });
        let within = Place {
            form: place.form || source.kind == "form" && source.handler("submit").is_some(),
            each: source.each.as_ref().map(|_| index).or(place.each),
        };
        let children = source
            .children
            .iter()
            .map(|child| self.component(child, within))
            .collect();
        self.components[index].children = children;
        if source.kind == "tabs" {
            self.begin_with_a_panel(index);
        }
        let repeated = Arc::new(self.repeated(index));
        if let Some(each) = &mut self.components[index].each {
            each.repeated = repeated;
        }
        index
    }

    /// Tabs without a value begin with the panel that is drawn: their `defaultTab`, or the first.
    fn begin_with_a_panel(&mut self, tabs: ComponentIndex) {
        let Component { props, children, .. } = &self.components[tabs];
        let ids: Vec<&Arc<str>> = children.iter().map(|child| &self.components[*child].id).collect();
        let chosen = props.iter().find(|(name, _)| **name == *"defaultTab");
        let panel = match chosen {
            None => ids.first(),
            Some((_, Dynamic::Literal(chosen))) => ids
                .iter()
                .find(|id| chosen.as_str() == Some(&***id))
                .or(ids.first()),
            // It is known when the app runs.
            Some(_) => None,
        };
        let panel = panel.map(|id| Value::Text((*id).clone()));
        if let Some(TwoWay {
            home: Home::Own {
                initial: initial @ None,
            },
            ..
        }) = &mut self.components[tabs].value
        {
            *initial = panel;
        }
    }

    /// What each row of the `each` at `index` has of its own; nothing where there is none.
    fn repeated(&self, index: ComponentIndex) -> Repeated {
        let mut repeated = Repeated::default();
        if self.components[index].each.is_none() {
            return repeated;
        }
        let mut below = self.components[index].children.clone();
        while let Some(child) = below.pop() {
            let component = &self.components[child];
            repeated.ids.push(component.id.clone());
            if let Some(value) = &component.value
                && matches!(value.home, Home::Own { .. })
            {
                let beginning = value.beginning().clone();
                repeated.controls.push((component.id.clone(), beginning));
            }
            if component.each.is_none() {
                below.extend(&component.children);
            }
        }
        repeated
    }

    /// The mends have renamed doubles already; this keeps the promise for whoever opens without them.
    fn unique(&mut self, id: &str) -> Arc<str> {
        let mut unique: Arc<str> = Arc::from(id);
        let mut number = 2;
        while !self.ids.insert(unique.clone()) {
            unique = Arc::from(format!("{id}_{number}"));
            number += 1;
        }
        unique
    }

    fn check(&mut self, check: &Check, at: &Location) -> Option<CompiledCheck> {
        let rule = match &check.rule {
            Rule::Pattern(pattern) => match regex_lite::Regex::new(pattern) {
                Ok(regex) => CompiledRule::Pattern(regex),
                Err(error) => {
                    let message = format!("the pattern `{pattern}` cannot be read: {error}");
                    self.issues.push(Issue::error(Code::ExprSyntax, at, message));
                    return None;
                }
            },
            Rule::When(condition) => CompiledRule::When(self.expression(condition, at)),
            plain => CompiledRule::Plain(plain.clone()),
        };
        Some(CompiledCheck {
            rule,
            message: check.message.clone(),
        })
    }

    fn computed(&mut self, spec: &UiSpec) -> Vec<Computed> {
        let mut waiting: Vec<Computed> = spec
            .computed
            .iter()
            .filter_map(|(name, source)| {
                let path = Path::key(name).ok()?;
                let value = self.expression(source, &Location::ROOT.member("computed").member(name));
                let reads = value.references().iter().filter_map(Reference::path).collect();
                Some(Computed {
                    name: Arc::from(name.as_str()),
                    path,
                    value,
                    reads,
                })
            })
            .collect();
        let mut ordered: Vec<Computed> = Vec::with_capacity(waiting.len());
        while !waiting.is_empty() {
            let mut names = BTreeSet::new();
            names.extend(waiting.iter().map(|computed| computed.name.clone()));
            let is_ready =
                |computed: &Computed| !computed.reads.iter().any(|read| names.contains(read.root()));
            let (ready, rest): (Vec<_>, Vec<_>) = waiting.into_iter().partition(is_ready);
            if ready.is_empty() {
                let names = names
                    .iter()
                    .map(|name| format!("`{name}`"))
                    .collect::<Vec<_>>()
                    .join(", ");
                let message =
                    format!("{names} are computed from each other; one of them must not read the others");
                self.issues
                    .push(Issue::error(Code::DependencyCycle, "/computed", message));
                break;
            }
            ordered.extend(ready);
            waiting = rest;
        }
        ordered
    }

    fn query(&mut self, name: &str, query: &spec::document::DataQuery) -> Query {
        let data = Location::at("/data");
        let at = data.member(name);
        let args = self.dynamics(&query.args, &at.member("args"));
        let when = query
            .when
            .as_ref()
            .map(|when| self.expression(when, &at.member("when")));
        let mut references = BTreeSet::new();
        for dynamic in args.iter().map(|(_, dynamic)| dynamic).chain(&when) {
            references.extend(dynamic.references());
        }
        Query {
            name: Arc::from(name),
            tool: Arc::from(query.tool.as_str()),
            args,
            pick: query
                .pick
                .as_ref()
                .map(|pick| self.expression(pick, &at.member("pick"))),
            when,
            every_ms: query.every_seconds.map(|seconds| seconds * 1000.0),
            default: Value::from(&query.default),
            reads: references.iter().filter_map(Reference::path).collect(),
        }
    }

    fn hooks(&mut self, on: &Lifecycle) -> Hooks {
        let mut hook = |action: &Option<spec::Action>| action.as_ref().map(|action| self.action(action));
        Hooks {
            mount: hook(&on.mount),
            close: hook(&on.close),
            focus: hook(&on.focus),
            blur: hook(&on.blur),
        }
    }

    fn action(&mut self, action: &spec::Action) -> Arc<Action> {
        Arc::new(Action {
            steps: action.steps.iter().map(|step| self.step(step)).collect(),
        })
    }

    fn step(&mut self, step: &spec::Step) -> Step {
        let at = Location::at(&step.at);
        let call = match &step.run {
            RunSource::Tool { id, args } => Call::Tool {
                id: Arc::from(id.as_str()),
                args: match args {
                    ArgsSource::FromEvent => Args::FromEvent,
                    ArgsSource::Given { args, callback } => Args::Given {
                        args: self.dynamics(args, &at.member("args")),
                        callback: callback.as_ref().map(|callback| self.action(callback)),
                    },
                },
            },
            RunSource::Named { action, args } => Call::Named {
                action: action.clone(),
                args: self.dynamics(args, &at.member("args")),
            },
            RunSource::Steps(action) => Call::Steps(self.action(action)),
        };
        Step {
            call,
            condition: step
                .condition
                .as_ref()
                .map(|condition| self.expression(condition, &at.member("if"))),
            confirm: step
                .confirm
                .as_ref()
                .map(|text| self.dynamic(text, &at.member("confirm"))),
            into: step.into.clone(),
            then: step.then.as_ref().map(|then| self.action(then)),
            catch: step.catch.as_ref().map(|catch| self.action(catch)),
            debounce_ms: step.debounce_ms,
            at: step.at.clone(),
        }
    }

    fn dynamics(&mut self, templates: &[(String, Template)], at: &Location) -> Vec<(Arc<str>, Dynamic)> {
        templates
            .iter()
            .map(|(name, template)| {
                let at = at.member(name);
                (Arc::from(name.as_str()), self.dynamic(template, &at))
            })
            .collect()
    }

    fn dynamic(&mut self, template: &Template, at: &Location) -> Dynamic {
        match template {
            Template::Literal(json) => Dynamic::Literal(Value::from(json)),
            Template::Expression(source) => self.expression(source, at),
            Template::Text(parts) => {
                let parts = parts
                    .iter()
                    .filter_map(|part| match part {
                        Part::Literal(text) => Some(TextPart::Literal(text.clone())),
                        Part::Expression(source) => self.compile(source, at).map(TextPart::Expression),
                    })
                    .collect();
                Dynamic::Text(parts)
            }
            Template::Bind(path) => Dynamic::Bind(path.clone()),
            Template::List(items) => Dynamic::List(items.iter().map(|item| self.dynamic(item, at)).collect()),
            Template::Map(members) => Dynamic::Map(self.dynamics(members, at)),
        }
    }

    fn expression(&mut self, source: &Source, at: &Location) -> Dynamic {
        self.compile(source, at)
            .map_or(Dynamic::Literal(Value::Null), Dynamic::Expression)
    }

    fn compile(&mut self, source: &Source, at: &Location) -> Option<Expression> {
        Expression::compile(source)
            .map_err(|error| {
                let message = format!("`{}` cannot be read: {error}", source.as_str());
                self.issues.push(Issue::error(Code::ExprSyntax, at, message));
            })
            .ok()
    }
}

fn literal_props(component: &spec::Component) -> serde_json::Map<String, serde_json::Value> {
    let literals = component
        .props
        .iter()
        .filter_map(|(name, template)| Some((name, template.as_literal()?)));
    literals
        .map(|(name, literal)| (name.clone(), literal.clone()))
        .collect()
}

fn two_way(property: &ValueProperty, props: &[(Arc<str>, Dynamic)], empty: Value) -> TwoWay {
    let written = props
        .iter()
        .find(|(name, _)| **name == *property.name)
        .map(|(_, dynamic)| dynamic);
    let home = match written {
        Some(Dynamic::Bind(path)) => Home::Bound(path.clone()),
        Some(Dynamic::Literal(value)) => Home::Own {
            initial: Some(value.clone()),
        },
        None => Home::Own {
            initial: (!empty.is_null()).then(|| empty.clone()),
        },
        Some(_) => Home::ReadOnly,
    };
    TwoWay {
        prop: Arc::from(&*property.name),
        home,
        empty,
    }
}
