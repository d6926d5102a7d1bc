//! An app compiled: every expression parsed once, every component at an index.
//!
//! Compiling never fails as a whole. A part that does not compile is told as an issue and reads
//! as null, so that a draft and an app with one broken text still open.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::expression::{Expression, ExpressionError, Reference};
use super::scope::Scope;
use crate::spec::action::{Args as ArgsSource, Run as RunSource};
use crate::spec::catalog::{Catalog, ValueProperty};
use crate::spec::document::{Check, Lifecycle, Rule};
use crate::spec::template::{Part, Source, Template};
use crate::spec::{self, Code, Issue, Path, UiSpec};
use crate::value::{Map, Value, map_from_json};

pub(super) type ComponentIndex = usize;

#[derive(Debug)]
pub(super) struct Program {
    pub title: String,
    pub state: Map,
    pub persist: Vec<Path>,
    pub components: Vec<Component>,
    pub roots: Vec<ComponentIndex>,
    /// In an order in which each reads only earlier ones.
    pub computed: Vec<Computed>,
    pub queries: Vec<Query>,
    pub actions: BTreeMap<String, Arc<Action>>,
    pub watch: Vec<(Path, Arc<Action>)>,
    pub on: Hooks,
}

#[derive(Debug)]
pub(super) struct Component {
    pub id: Arc<str>,
    pub kind: Arc<str>,
    pub at: String,
    pub props: Vec<(Arc<str>, Dynamic)>,
    /// The two-way property, where the component has one.
    pub value: Option<TwoWay>,
    pub children: Vec<ComponentIndex>,
    pub handlers: BTreeMap<String, Arc<Action>>,
    pub visible: Option<Dynamic>,
    pub each: Option<Each>,
    pub checks: Vec<CompiledCheck>,
    pub known: bool,
    /// Whether a submit in it runs something, its own handler or that of the form around it.
    pub submits: bool,
    /// Whether it is a button of a form without a handler of its own: a click submits the form.
    pub is_submit: bool,
    /// Whether it stands in an `each`, so that each row has one of its own.
    pub is_repeated: bool,
    /// What props, visibility and checks read.
    pub references: Vec<Reference>,
    pub binds: Vec<Path>,
}

/// Where a control's value lives.
#[derive(Debug)]
pub(super) struct TwoWay {
    pub prop: Arc<str>,
    pub home: Home,
    pub empty: Value,
}

#[derive(Debug)]
pub(super) enum Home {
    /// A path of the document's choice.
    Bound(Path),
    /// The component's own place in the state, first holding this value.
    Own { initial: Option<Value> },
    /// An expression: people see it and cannot change it.
    ReadOnly,
}

#[derive(Debug)]
pub(super) struct Each {
    pub list: Path,
    pub name: Arc<str>,
    pub key: Option<Arc<str>>,
    pub filter: Option<Dynamic>,
}

#[derive(Debug)]
pub(super) struct CompiledCheck {
    pub rule: CompiledRule,
    pub message: Option<String>,
}

#[derive(Debug)]
pub(super) enum CompiledRule {
    Plain(Rule),
    Pattern(regex_lite::Regex),
    When(Dynamic),
}

#[derive(Debug)]
pub(super) struct Computed {
    pub name: Arc<str>,
    pub path: Path,
    pub value: Dynamic,
    /// What it reads, as paths of the scope.
    pub reads: Vec<Path>,
}

#[derive(Debug)]
pub(super) struct Query {
    pub name: Arc<str>,
    pub tool: Arc<str>,
    pub args: Vec<(Arc<str>, Dynamic)>,
    pub pick: Option<Dynamic>,
    pub when: Option<Dynamic>,
    pub every_ms: Option<f64>,
    pub default: Value,
    /// What its arguments and condition read, as paths of the scope.
    pub reads: Vec<Path>,
}

#[derive(Debug, Default)]
pub(super) struct Hooks {
    pub mount: Option<Arc<Action>>,
    pub close: Option<Arc<Action>>,
    pub focus: Option<Arc<Action>>,
    pub blur: Option<Arc<Action>>,
}

#[derive(Debug)]
pub(super) struct Action {
    pub steps: Vec<Step>,
}

#[derive(Debug)]
pub(super) struct Step {
    pub at: String,
    pub call: Call,
    pub condition: Option<Dynamic>,
    pub confirm: Option<Dynamic>,
    pub into: Option<Path>,
    pub then: Option<Arc<Action>>,
    pub catch: Option<Arc<Action>>,
    pub debounce_ms: Option<f64>,
}

#[derive(Debug)]
pub(super) enum Call {
    Tool {
        id: Arc<str>,
        args: Args,
    },
    Named {
        action: String,
        args: Vec<(Arc<str>, Dynamic)>,
    },
    Steps(Arc<Action>),
}

#[derive(Debug)]
pub(super) enum Args {
    FromEvent,
    Given {
        args: Vec<(Arc<str>, Dynamic)>,
        callback: Option<Arc<Action>>,
    },
}

/// A value of the document, compiled.
#[derive(Debug)]
pub(super) enum Dynamic {
    Literal(Value),
    Expression(Expression),
    Text(Vec<TextPart>),
    Bind(Path),
    List(Vec<Dynamic>),
    Map(Vec<(Arc<str>, Dynamic)>),
}

#[derive(Debug)]
pub(super) enum TextPart {
    Literal(String),
    Expression(Expression),
}

impl Dynamic {
    /// Its value now. `bound` reads the path of a `$bind`.
    pub(super) fn evaluate(
        &self,
        scope: &Scope,
        bound: &dyn Fn(&Path) -> Value,
    ) -> Result<Value, ExpressionError> {
        match self {
            Self::Literal(value) => Ok(value.clone()),
            Self::Expression(expression) => expression.evaluate(scope),
            Self::Text(parts) => {
                let mut text = String::new();
                for part in parts {
                    match part {
                        TextPart::Literal(literal) => text.push_str(literal),
                        TextPart::Expression(expression) => {
                            text.push_str(&expression.evaluate(scope)?.display());
                        }
                    }
                    if text.len() > crate::spec::limits::RESULT_BYTES {
                        return Err(ExpressionError::TooLarge);
                    }
                }
                Ok(Value::text(text))
            }
            Self::Bind(path) => Ok(bound(path)),
            Self::List(items) => items
                .iter()
                .map(|item| item.evaluate(scope, bound))
                .collect::<Result<_, _>>()
                .map(Value::List),
            Self::Map(members) => members
                .iter()
                .map(|(key, member)| Ok((key.clone(), member.evaluate(scope, bound)?)))
                .collect::<Result<Map, _>>()
                .map(Value::Map),
        }
    }

    fn read_into(&self, references: &mut BTreeSet<Reference>, binds: &mut BTreeSet<Path>) {
        match self {
            Self::Literal(_) => {}
            Self::Expression(expression) => references.extend(expression.references().iter().cloned()),
            Self::Text(parts) => {
                for part in parts {
                    if let TextPart::Expression(expression) = part {
                        references.extend(expression.references().iter().cloned());
                    }
                }
            }
            Self::Bind(path) => {
                binds.insert(path.clone());
            }
            Self::List(items) => items.iter().for_each(|item| item.read_into(references, binds)),
            Self::Map(members) => members
                .iter()
                .for_each(|(_, member)| member.read_into(references, binds)),
        }
    }

    fn references(&self) -> BTreeSet<Reference> {
        let mut references = BTreeSet::new();
        self.read_into(&mut references, &mut BTreeSet::new());
        references
    }
}

impl Program {
    pub(super) fn compile(spec: &UiSpec, catalog: &Catalog) -> (Self, Vec<Issue>) {
        let mut compiler = Compiler {
            catalog,
            components: Vec::new(),
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
        let program = Self {
            title: spec.title.clone(),
            state: map_from_json(&spec.state),
            persist: spec.persist.clone(),
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
    repeated: bool,
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
        let props: Vec<(Arc<str>, Dynamic)> = source
            .props
            .iter()
            .map(|(name, template)| {
                let at = format!("{}/props/{}", source.at, spec::path::escaped(name));
                (Arc::from(name.as_str()), self.dynamic(template, &at))
            })
            .collect();
        let empty = entry.and_then(|entry| entry.empty_value(&literal_props(source)));
        let value = entry.and_then(|entry| entry.value.as_ref()).map(|property| {
            two_way(
                property,
                &props,
                empty.as_ref().map(Value::from).unwrap_or_default(),
            )
        });
        let visible = source
            .visible
            .as_ref()
            .map(|source_text| self.expression(source_text, &format!("{}/visible", source.at)));
        let each = source.each.as_ref().map(|each| Each {
            list: each.list.clone(),
            name: Arc::from(each.name.as_str()),
            key: each.key.as_deref().map(Arc::from),
            filter: each
                .filter
                .as_ref()
                .map(|filter| self.expression(filter, &format!("{}/each/where", source.at))),
        });
        let checks = source
            .checks
            .iter()
            .enumerate()
            .filter_map(|(index, check)| self.check(check, &format!("{}/checks/{index}", source.at)))
            .collect::<Vec<_>>();
        let handlers = source
            .on_event
            .iter()
            .map(|(kind, action)| (kind.clone(), self.action(action)))
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
            value,
            children: Vec::new(),
            handlers,
            visible,
            each,
            checks,
            known: entry.is_some(),
            is_repeated: place.repeated,
            is_submit: place.form && source.kind == "button" && source.handler("click").is_none(),
            submits: source.handler("submit").is_some()
                || place.form && matches!(source.kind.as_str(), "input" | "textarea"),
            references: references.into_iter().collect(),
            binds: binds.into_iter().collect(),
        });
        let within = Place {
            form: place.form || source.kind == "form" && source.handler("submit").is_some(),
            repeated: place.repeated || source.each.is_some(),
        };
        let children = source
            .children
            .iter()
            .map(|child| self.component(child, within))
            .collect();
        self.components[index].children = children;
        index
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

    fn check(&mut self, check: &Check, at: &str) -> Option<CompiledCheck> {
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
                let value = self.expression(source, &format!("/computed/{}", spec::path::escaped(name)));
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
            let names: BTreeSet<Arc<str>> = waiting.iter().map(|computed| computed.name.clone()).collect();
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
        let at = format!("/data/{}", spec::path::escaped(name));
        let args = self.dynamics(&query.args, &format!("{at}/args"));
        let when = query
            .when
            .as_ref()
            .map(|when| self.expression(when, &format!("{at}/when")));
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
                .map(|pick| self.expression(pick, &format!("{at}/pick"))),
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
        let at = &step.at;
        let call = match &step.run {
            RunSource::Tool { id, args } => Call::Tool {
                id: Arc::from(id.as_str()),
                args: match args {
                    ArgsSource::FromEvent => Args::FromEvent,
                    ArgsSource::Given { args, callback } => Args::Given {
                        args: self.dynamics(args, &format!("{at}/args")),
                        callback: callback.as_ref().map(|callback| self.action(callback)),
                    },
                },
            },
            RunSource::Named { action, args } => Call::Named {
                action: action.clone(),
                args: self.dynamics(args, &format!("{at}/args")),
            },
            RunSource::Steps(action) => Call::Steps(self.action(action)),
        };
        Step {
            call,
            condition: step
                .condition
                .as_ref()
                .map(|condition| self.expression(condition, &format!("{at}/if"))),
            confirm: step
                .confirm
                .as_ref()
                .map(|text| self.dynamic(text, &format!("{at}/confirm"))),
            into: step.into.clone(),
            then: step.then.as_ref().map(|then| self.action(then)),
            catch: step.catch.as_ref().map(|catch| self.action(catch)),
            debounce_ms: step.debounce_ms,
            at: at.clone(),
        }
    }

    fn dynamics(&mut self, templates: &[(String, Template)], at: &str) -> Vec<(Arc<str>, Dynamic)> {
        templates
            .iter()
            .map(|(name, template)| {
                let at = format!("{at}/{}", spec::path::escaped(name));
                (Arc::from(name.as_str()), self.dynamic(template, &at))
            })
            .collect()
    }

    fn dynamic(&mut self, template: &Template, at: &str) -> Dynamic {
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

    fn expression(&mut self, source: &Source, at: &str) -> Dynamic {
        self.compile(source, at)
            .map_or(Dynamic::Literal(Value::Null), Dynamic::Expression)
    }

    fn compile(&mut self, source: &Source, at: &str) -> Option<Expression> {
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
