//! Expressions: compiled once when an app opens, evaluated without side effects, bounded.
//!
//! The language is that of Jinja's expressions over the values of an app. [`lexer`] and [`syntax`] read it, a
//! [`Machine`] walks the tree, and `filters`, `tests` and `methods` are what it can be asked for.

mod filters;
mod format;
mod given;
mod lexer;
mod methods;
mod operand;
mod operators;
mod syntax;
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

use thiserror::Error;

use self::given::Given;
use self::operand::Operand;
use self::syntax::{Arguments, Tree};
use super::allowance::{self, Allowance};
use super::scope::Scope;
use crate::spec::template::Source;
use crate::spec::{Path, limits};
use crate::value::Value;

/// One compiled expression.
#[derive(Debug)]
pub struct Expression {
    form: Form,
    references: Vec<Reference>,
}

#[derive(Debug)]
enum Form {
    /// A bare path such as `t.done`, by far the most common expression: read without the machine.
    Path(Reference),
    Tree(Tree),
}

/// A name an expression reads, with the members it reads of it as far as they are static.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    pub name: Arc<str>,
    pub members: Vec<Arc<str>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ExpressionError {
    #[error("{0}")]
    Syntax(String),
    #[error("{0}")]
    Failed(String),
    #[error("the expression takes more than {} steps", limits::EXPRESSION_FUEL)]
    OutOfFuel,
    #[error("the result is larger than {} bytes", limits::RESULT_BYTES)]
    TooLarge,
}

/// Names every expression may call without the app defining them.
pub const FUNCTIONS: [&str; 2] = ["range", "dict"];
/// Names only arguments of actions may call.
pub const IMPURE_FUNCTIONS: [&str; 2] = ["now", "uuid"];
/// Numbers a `range` may have.
const RANGE: usize = 100_000;

impl Expression {
    pub fn compile(source: &Source) -> Result<Self, ExpressionError> {
        let source = source.as_str();
        if let Some(reference) = bare_path(source) {
            return Ok(Self {
                references: vec![reference.clone()],
                form: Form::Path(reference),
            });
        }
        let wrong = |mistake: String| ExpressionError::Syntax(format!("syntax error: {mistake}"));
        let tokens = lexer::tokens(source).ok_or_else(|| wrong("a text is never closed".into()))?;
        if let Some(mistake) = lexer::mistake(source, &tokens) {
            return Err(wrong(mistake));
        }
        let tree = syntax::parse(source, &tokens).map_err(wrong)?;
        let mut references = BTreeSet::new();
        refer(&tree, path_of, &mut references);
        Ok(Self {
            references: references.into_iter().collect(),
            form: Form::Tree(tree),
        })
    }

    /// What it reads and calls, sorted and without repeats; [`FUNCTIONS`] are not among them.
    pub fn references(&self) -> &[Reference] {
        &self.references
    }

    /// What it reads, with every member that is written down, those by number or text in brackets included.
    /// [`references`](Self::references) end before a bracket, since a list may be written anew as a whole.
    pub fn reads(&self) -> BTreeSet<Reference> {
        match &self.form {
            Form::Path(path) => BTreeSet::from([path.clone()]),
            Form::Tree(tree) => {
                let mut found = BTreeSet::new();
                refer(tree, written_path, &mut found);
                found
            }
        }
    }

    /// Evaluates to a value of at most 256 KiB; what is missing is null.
    pub fn evaluate(&self, scope: &Scope) -> Result<Value, ExpressionError> {
        match &self.form {
            Form::Path(path) => {
                allowance::spend(1);
                let found = scope.lookup(&path.name, &path.members);
                Ok(found.cloned().unwrap_or_default())
            }
            Form::Tree(_) if Allowance::left() == Some(0) => Err(ExpressionError::OutOfFuel),
            Form::Tree(tree) => {
                let mut machine = Machine {
                    scope,
                    fuel: limits::EXPRESSION_FUEL,
                    depth: 0,
                };
                let result = machine.evaluate(tree);
                allowance::spend(limits::EXPRESSION_FUEL - machine.fuel);
                result?.into_value()
            }
        }
    }
}

impl Reference {
    /// The same as a path of the scope; `None` for a name no path may hold.
    pub fn path(&self) -> Option<Path> {
        Some(Path::key(&self.name).ok()?.join(self.members.iter().cloned()))
    }

    fn parse(dotted: &str) -> Self {
        let mut parts = dotted.split('.').map(Arc::from);
        Self {
            name: parts.next().unwrap_or_default(),
            members: parts.collect(),
        }
    }
}

/// Finds what a tree reads, by what makes a path of a part of it.
fn refer(tree: &Tree, path_of: fn(&Tree) -> Option<Reference>, found: &mut BTreeSet<Reference>) {
    let mut open = vec![tree];
    while let Some(tree) = open.pop() {
        let reference = match tree {
            Tree::Call(name, _) => Some(Reference::parse(name)),
            tree => path_of(tree),
        };
        let is_path = reference.is_some() && !matches!(tree, Tree::Call(..));
        found.extend(reference.filter(|reference| !FUNCTIONS.contains(&&*reference.name)));
        if !is_path {
            open.extend(tree.parts());
        }
    }
}

/// The path a tree is; the name of a function is one too.
fn path_of(mut tree: &Tree) -> Option<Reference> {
    let mut members = Vec::new();
    while let Tree::Member(of, name) = tree {
        members.push(name.clone());
        tree = of;
    }
    members.reverse();
    match tree {
        Tree::Name(name) => Some(Reference {
            name: name.clone(),
            members,
        }),
        _ => None,
    }
}

/// The path a tree is, through brackets whose inside is written down.
fn written_path(mut tree: &Tree) -> Option<Reference> {
    let mut members: Vec<Arc<str>> = Vec::new();
    loop {
        tree = match tree {
            Tree::Name(name) => {
                members.reverse();
                let name = name.clone();
                return Some(Reference { name, members });
            }
            Tree::Member(of, name) => {
                members.push(name.clone());
                of
            }
            Tree::Index(of, key) => {
                members.push(match &**key {
                    Tree::Constant(Operand::Int(index)) => index.to_string().into(),
                    Tree::Constant(Operand::Text(name)) => name.clone(),
                    Tree::Negative(index) => match &**index {
                        Tree::Constant(Operand::Int(index)) => format!("-{index}").into(),
                        _ => return None,
                    },
                    _ => return None,
                });
                of
            }
            _ => return None,
        };
    }
}

/// Walks a tree. Every node is a step, and so is every element that is looked at; text counts by its length.
struct Machine<'a> {
    scope: &'a Scope,
    /// Steps that are left.
    fuel: u64,
    /// How many filters are applied within each other.
    depth: usize,
}

type Evaluated = Result<Operand, ExpressionError>;

impl Machine<'_> {
    /// Chains such as `a.b + c | d` are as long as the source, so they are gone along and not into.
    fn evaluate(&mut self, tree: &Tree) -> Evaluated {
        let mut chain = Vec::new();
        let mut first = tree;
        while let Some(operand) = first.first_operand() {
            chain.push(first);
            first = operand;
        }
        let mut operand = self.beginning(first)?;
        while let Some(tree) = chain.pop() {
            operand = self.continued(tree, operand)?;
        }
        Ok(operand)
    }

    /// What has no first operand.
    fn beginning(&mut self, tree: &Tree) -> Evaluated {
        self.spend(1)?;
        match tree {
            Tree::Constant(operand) => Ok(operand.clone()),
            Tree::Name(name) => self.name(name),
            Tree::List(items) => Ok(self.all(items)?.into()),
            Tree::Map(members) => self.map(members),
            Tree::Call(name, arguments) => {
                let given = self.given(arguments)?;
                self.call(name, given)
            }
            _ => unreachable!("it has a first operand"),
        }
    }

    fn continued(&mut self, tree: &Tree, operand: Operand) -> Evaluated {
        self.spend(1)?;
        match tree {
            Tree::Member(_, name) => Ok(operand.member(name)),
            Tree::Index(_, key) => Ok(operand.index(&self.evaluate(key)?)),
            Tree::Slice(_, bounds) => self.slice(operand, bounds),
            Tree::Negative(_) => operators::negative(&operand),
            Tree::Not(_) => Ok(Operand::Bool(!operand.is_true())),
            Tree::And(_, right) if operand.is_true() => self.evaluate(right),
            Tree::Or(_, right) if !operand.is_true() => self.evaluate(right),
            Tree::Binary(operator, _, right) => {
                let right = self.evaluate(right)?;
                operator.apply(&operand, &right, self)
            }
            Tree::Compare(_, compared) => self.compare(operand, compared),
            Tree::Choice(_, then, _) if operand.is_true() => self.evaluate(then),
            Tree::Choice(_, _, Some(otherwise)) => self.evaluate(otherwise),
            Tree::Choice(_, _, None) => Ok(Operand::Null),
            Tree::Filter(_, name, arguments) => {
                let given = self.given(arguments)?;
                filters::apply(name, operand, given, self)
            }
            Tree::Test(_, name, arguments) => {
                let given = self.given(arguments)?;
                tests::holds(name, &operand, given, self).map(Operand::Bool)
            }
            Tree::Method(_, name, arguments) => {
                let given = self.given(arguments)?;
                methods::call(name, &operand, given, self)
            }
            // The left one decides.
            _ => Ok(operand),
        }
    }

    fn name(&self, name: &str) -> Evaluated {
        match self.scope.get(name) {
            Some(value) => Ok(value.into()),
            None if FUNCTIONS.contains(&name) || self.scope.can_call(name) => Err(ExpressionError::Failed(
                "the result is not a value; is a call missing its ()?".into(),
            )),
            None => Ok(Operand::Null),
        }
    }

    fn compare(&mut self, first: Operand, compared: &[(operators::Comparison, Tree)]) -> Evaluated {
        let mut left = first;
        for (comparison, right) in compared {
            let right = self.evaluate(right)?;
            if !comparison.holds(&left, &right, self)? {
                return Ok(Operand::Bool(false));
            }
            left = right;
        }
        Ok(Operand::Bool(true))
    }

    fn all(&mut self, trees: &[Tree]) -> Result<Vec<Operand>, ExpressionError> {
        trees.iter().map(|tree| self.evaluate(tree)).collect()
    }

    fn map(&mut self, written: &[(Tree, Tree)]) -> Evaluated {
        let mut members: Vec<(Arc<str>, Operand)> = Vec::with_capacity(written.len());
        for (key, member) in written {
            let key = self.evaluate(key)?.written()?;
            let member = self.evaluate(member)?;
            members.retain(|(known, _)| *known != key);
            members.push((key, member));
        }
        Ok(Operand::Members(Arc::new(members)))
    }

    fn slice(&mut self, operand: Operand, bounds: &[Option<Tree>; 3]) -> Evaluated {
        let mut numbers = [None; 3];
        for (number, part) in numbers.iter_mut().zip(bounds) {
            let part = part
                .as_ref()
                .map_or(Ok(Operand::Null), |part| self.evaluate(part))?;
            if !part.is_null() {
                let int = part.as_int();
                *number = Some(int.ok_or_else(|| invalid("the bounds of a slice are whole numbers"))?);
            }
        }
        let [from, to, step] = numbers;
        let step = step.unwrap_or(1);
        if step == 0 {
            return Err(invalid("cannot slice by step size of 0"));
        }
        if operand.is_map() || operand.len().is_none() {
            return Err(invalid(&format!(
                "value of type {} cannot be sliced",
                operand.kind()
            )));
        }
        let items = self.items(&operand)?;
        let length = items.len() as i64;
        let (least, most) = if step > 0 { (0, length) } else { (-1, length - 1) };
        let bound = |index: Option<i64>, usual: i64| {
            let from_end = |index: i64| {
                if index < 0 {
                    index.saturating_add(length)
                } else {
                    index
                }
            };
            index.map_or(usual, |index| from_end(index).clamp(least, most))
        };
        let (mut at, end) = if step > 0 {
            (bound(from, least), bound(to, most))
        } else {
            (bound(from, most), bound(to, least))
        };
        let mut cut = Vec::new();
        while (step > 0 && at < end) || (step < 0 && at > end) {
            cut.push(items[at as usize].clone());
            at = at.saturating_add(step);
        }
        match operand {
            Operand::Text(_) => Ok(cut.iter().filter_map(Operand::as_str).collect::<String>().into()),
            _ => Ok(cut.into()),
        }
    }

    fn given(&mut self, arguments: &Arguments) -> Result<Given, ExpressionError> {
        let mut given = Given::of(self.all(&arguments.placed)?);
        for (name, tree) in &arguments.named {
            let operand = self.evaluate(tree)?;
            given.add(name.clone(), operand);
        }
        Ok(given)
    }

    fn call(&mut self, name: &str, mut given: Given) -> Evaluated {
        match name {
            "range" => {
                let first = given.needed_int("start")?;
                let (from, to) = match given.int("stop")? {
                    Some(to) => (first, to),
                    None => (0, first),
                };
                let step = given.int("step")?.unwrap_or(1);
                if step == 0 {
                    return Err(invalid("cannot create range with step of 0"));
                }
                given.end()?;
                let span = if step > 0 {
                    to.saturating_sub(from)
                } else {
                    from.saturating_sub(to)
                };
                let count = span.max(0).unsigned_abs().div_ceil(step.unsigned_abs());
                if count > RANGE as u64 {
                    return Err(invalid("range has too many elements"));
                }
                self.spend(count as usize / 64)?;
                let numbers = (0..count as i64).map(|nth| Operand::Int(from + nth * step));
                Ok(numbers.collect::<Vec<_>>().into())
            }
            "dict" => {
                let first = given.next().unwrap_or(Operand::Null);
                if !first.is_map() && !first.is_null() {
                    return Err(invalid(&format!("dict takes an object, not a {}", first.kind())));
                }
                let mut members = first.pairs();
                for (name, operand) in given.take_named() {
                    members.retain(|(known, _)| *known != name);
                    members.push((name, operand));
                }
                given.end()?;
                Ok(Operand::Members(Arc::new(members)))
            }
            _ => match self.scope.call(name) {
                Some(value) => given.end().map(|()| Operand::from(&value)),
                None => Err(ExpressionError::Failed(format!(
                    "unknown function: {name} is unknown"
                ))),
            },
        }
    }

    fn spend(&mut self, steps: usize) -> Result<(), ExpressionError> {
        let left = self.fuel.checked_sub(steps as u64);
        self.fuel = left.unwrap_or(0);
        left.map(|_| ()).ok_or(ExpressionError::OutOfFuel)
    }

    fn spend_on_text(&mut self, bytes: usize) -> Result<(), ExpressionError> {
        self.spend(bytes / 64)
    }

    fn joined(&mut self, left: &str, right: &str) -> Evaluated {
        self.spend_on_text(left.len() + right.len())?;
        Ok([left, right].concat().into())
    }

    /// What an operand is a list of, paid for by its length.
    fn items(&mut self, operand: &Operand) -> Result<Vec<Operand>, ExpressionError> {
        self.spend(operand.len().unwrap_or(0))?;
        let items = operand.items();
        items.ok_or_else(|| invalid(&format!("{} is not iterable", operand.kind())))
    }
}

fn invalid(told: &str) -> ExpressionError {
    ExpressionError::Failed(format!("invalid operation: {told}"))
}

/// Filters that are offered where one was misspelt.
pub const FILTERS: [&str; 38] = [
    "abs",
    "batch",
    "capitalize",
    "currency",
    "date",
    "default",
    "dictsort",
    "first",
    "float",
    "groupby",
    "int",
    "items",
    "join",
    "last",
    "length",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "number",
    "percent",
    "plural",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "select",
    "selectattr",
    "slice",
    "sort",
    "split",
    "sum",
    "title",
    "trim",
    "unique",
    "upper",
];

/// Whether an expression may use the filter.
pub fn is_filter(name: &str) -> bool {
    FILTERS.contains(&name) || filters::OTHERS.contains(&name)
}

/// Tests that are offered where one was misspelt.
pub const TESTS: [&str; 24] = [
    "boolean",
    "defined",
    "divisibleby",
    "endingwith",
    "eq",
    "even",
    "false",
    "float",
    "ge",
    "gt",
    "in",
    "integer",
    "iterable",
    "le",
    "lower",
    "lt",
    "mapping",
    "ne",
    "none",
    "number",
    "odd",
    "sequence",
    "startingwith",
    "string",
];

/// Whether an expression may use the test.
pub fn is_test(name: &str) -> bool {
    TESTS.contains(&name) || tests::OTHERS.contains(&name)
}

/// Methods of texts, lists and objects, as Python names them.
pub const METHODS: [&str; 29] = [
    "capitalize",
    "count",
    "endswith",
    "find",
    "format",
    "get",
    "isalnum",
    "isalpha",
    "isascii",
    "isdigit",
    "islower",
    "isnumeric",
    "isspace",
    "isupper",
    "items",
    "join",
    "keys",
    "lower",
    "lstrip",
    "replace",
    "rfind",
    "rstrip",
    "split",
    "splitlines",
    "startswith",
    "strip",
    "title",
    "upper",
    "values",
];

/// The tests an expression names, after each `is` or `is not`.
pub fn tests_in(source: &str) -> Vec<&str> {
    lexer::tests(source)
}

/// The methods an expression calls.
pub fn methods_in(source: &str) -> Vec<&str> {
    lexer::methods(source)
}

fn bare_path(source: &str) -> Option<Reference> {
    const WORDS: [&str; 14] = [
        "true", "True", "false", "False", "none", "None", "not", "and", "or", "in", "is", "if", "else",
        "null",
    ];
    let plain = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !WORDS.contains(&part)
    };
    source.split('.').all(plain).then(|| Reference::parse(source))
}

#[cfg(test)]
mod offered {
    use super::*;

    #[track_caller]
    fn is_there(expression: &str, unknown: &str) {
        let source = Source::parse(expression).expect("a source");
        let scope = Scope::default();
        let failed = Expression::compile(&source)
            .and_then(|compiled| compiled.evaluate(&scope))
            .err();
        let failed = failed.map(|error| error.to_string()).unwrap_or_default();
        assert!(!failed.starts_with(unknown), "{expression}: {failed}");
    }

    #[test]
    fn every_filter_test_and_method_that_is_offered_is_there() {
        for name in FILTERS.iter().chain(&filters::OTHERS) {
            is_there(&format!("none | {name}"), "unknown filter");
            assert!(is_filter(name));
        }
        for name in TESTS.iter().chain(&tests::OTHERS) {
            is_there(&format!("none is {name}"), "unknown test");
            assert!(is_test(name));
        }
        assert!(!is_filter("shout") && !is_test("tall"));
        for name in METHODS {
            let owner = match name {
                "get" | "items" | "keys" | "values" => "{'a': 1}",
                _ => "'a'",
            };
            is_there(&format!("{owner}.{name}()"), "unknown method");
        }
    }
}
