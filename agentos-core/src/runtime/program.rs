//! An app compiled: every expression parsed once, every component at an index.
//!
//! Compiling never fails as a whole. A part that does not compile is told as an issue and reads
//! as null, so that a draft and an app with one broken text still open.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::expression::{Expression, ExpressionError, Reference};
use super::rows::Repeated;
use super::scope::Scope;
use crate::spec::Path;
use crate::spec::document::Rule;
use crate::value::{Map, Value};

mod compile;

pub(super) type ComponentIndex = usize;

#[derive(Debug)]
pub(super) struct Program {
    pub title: String,
    pub state: Map,
    /// Names in scope that no state may have a key of.
    pub worked_out: BTreeSet<Arc<str>>,
    pub persist: Vec<Path>,
    pub components: Vec<Component>,
    /// The names in scope that the lists of its `each`es begin with.
    pub lists: Vec<Arc<str>>,
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
    /// Properties whose values may lead somewhere or look like something: URLs and styles.
    pub guarded: BTreeSet<Arc<str>>,
    /// The two-way property, where the component has one.
    pub value: Option<TwoWay>,
    pub children: Vec<ComponentIndex>,
    pub handlers: BTreeMap<Arc<str>, Arc<Action>>,
    pub visible: Option<Dynamic>,
    pub each: Option<Each>,
    pub checks: Vec<CompiledCheck>,
    pub known: bool,
    /// Whether a submit in it runs something, its own handler or that of the form around it.
    pub submits: bool,
    /// Whether it is a button of a form without a handler of its own: a click submits the form.
    pub is_submit: bool,
    /// The nearest `each` around it, of which each row has one of it.
    pub around: Option<ComponentIndex>,
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

impl TwoWay {
    /// What it shows before there is a value.
    pub(super) fn beginning(&self) -> &Value {
        match &self.home {
            Home::Own {
                initial: Some(initial),
            } => initial,
            _ => &self.empty,
        }
    }
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
    pub repeated: Arc<Repeated>,
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
