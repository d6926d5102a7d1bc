//! Expressions: compiled once when an app opens, evaluated without side effects, bounded.

mod dialect;

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock, OnceLock};

use minijinja::{Environment, ErrorKind, UndefinedBehavior, Value as JinjaValue};
use minijinja_contrib::pycompat::unknown_method_callback;
use thiserror::Error;

use super::allowance::{self, Allowance};
use super::scope::{NotAValue, Scope, from_jinja};
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
    /// A bare path such as `t.done`, by far the most common expression: read without the VM.
    Path(Reference),
    Compiled {
        source: Box<str>,
        expression: minijinja::Expression<'static, 'static>,
        /// The same, telling its steps; only a measured evaluation needs it.
        measured: OnceLock<Option<minijinja::Expression<'static, 'static>>>,
    },
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

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(environment);

/// Where an expression passes its result through [`SPENT`], since the crate tells an evaluation's
/// steps only to a function that takes part in it.
static MEASURING: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = environment();
    environment.add_filter(SPENT, |state: &minijinja::State<'_, '_>, result: JinjaValue| {
        allowance::spend(state.fuel_levels().map_or(0, |(spent, _)| spent));
        result
    });
    environment
});

const SPENT: &str = "__spent";

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment.set_fuel(Some(limits::EXPRESSION_FUEL));
    environment.set_unknown_method_callback(|state, value, method, args| {
        if method == "format" {
            within_a_result(value.as_str().unwrap_or_default())?;
        }
        let answer = unknown_method_callback(state, value, method, args)?;
        Ok(if answer.is_none() {
            JinjaValue::UNDEFINED
        } else {
            answer
        })
    });
    for name in ["debug", "namespace"] {
        environment.remove_global(name);
    }
    environment.add_test("defined", |value: &JinjaValue| {
        !value.is_undefined() && !value.is_none()
    });
    environment.add_test("undefined", |value: &JinjaValue| {
        value.is_undefined() || value.is_none()
    });
    environment.add_test("none", |value: &JinjaValue| {
        value.is_undefined() || value.is_none()
    });
    super::filters::install(&mut environment);
    environment
}

/// A format makes room for the widths it names before anything counts it, so they are added up first.
fn within_a_result(format: &str) -> Result<(), minijinja::Error> {
    // Two braces write one; what is left opens a field, which ends at the next brace.
    let written = format.replace("{{", "");
    let fields = written
        .split('{')
        .skip(1)
        .filter_map(|field| field.split('}').next());
    let widths = fields
        .flat_map(|field| field.split(|c: char| !c.is_ascii_digit()))
        .filter(|run| !run.is_empty());
    let room = widths
        .map(|width| width.parse().unwrap_or(usize::MAX))
        .fold(0, usize::saturating_add);
    if room <= limits::RESULT_BYTES {
        return Ok(());
    }
    Err(minijinja::Error::new(
        ErrorKind::InvalidOperation,
        format!("the format is wider than {} bytes", limits::RESULT_BYTES),
    ))
}

/// Names every expression may call without the app defining them.
pub const FUNCTIONS: [&str; 2] = ["range", "dict"];
/// Names only arguments of actions may call.
pub const IMPURE_FUNCTIONS: [&str; 2] = ["now", "uuid"];

impl Expression {
    pub fn compile(source: &Source) -> Result<Self, ExpressionError> {
        if let Some(reference) = bare_path(source.as_str()) {
            return Ok(Self {
                references: vec![reference.clone()],
                form: Form::Path(reference),
            });
        }
        if let Some(mistake) = dialect::mistake(source.as_str()) {
            return Err(ExpressionError::Syntax(mistake));
        }
        let compiled = ENVIRONMENT
            .compile_expression_owned(dialect::translated(source.as_str()))
            .map_err(|error| ExpressionError::Syntax(sentence(&error)))?;
        let names: BTreeSet<String> = compiled.undeclared_variables(true).into_iter().collect();
        let references = names
            .into_iter()
            .map(|dotted| Reference::parse(&dotted))
            .filter(|reference| !FUNCTIONS.contains(&&*reference.name))
            .collect();
        Ok(Self {
            references,
            form: Form::Compiled {
                source: source.as_str().into(),
                expression: compiled,
                measured: OnceLock::new(),
            },
        })
    }

    /// What it reads, sorted and without repeats; functions are not among them.
    pub fn references(&self) -> &[Reference] {
        &self.references
    }

    /// Evaluates to a value of at most 256 KiB; what is missing is null.
    pub fn evaluate(&self, scope: &Scope) -> Result<Value, ExpressionError> {
        match &self.form {
            Form::Path(path) => {
                allowance::spend(1);
                Ok(scope
                    .lookup(&path.name, &path.members)
                    .cloned()
                    .unwrap_or_default())
            }
            Form::Compiled {
                source,
                expression,
                measured,
            } => {
                let scope = JinjaValue::from_object(scope.clone());
                let result = match Allowance::left() {
                    None => expression.eval(scope),
                    Some(0) => return Err(ExpressionError::OutOfFuel),
                    Some(_) => evaluate_measured(measured, source, expression, scope),
                };
                let result = result.map_err(|error| failure(&error))?;
                let mut budget = limits::RESULT_BYTES;
                from_jinja(&result, &mut budget, limits::JSON_DEPTH).map_err(|reason| match reason {
                    NotAValue::TooLarge => ExpressionError::TooLarge,
                    NotAValue::TooDeep => ExpressionError::Failed("the result nests too deep".into()),
                    NotAValue::NotFinite => ExpressionError::Failed("the result is no finite number".into()),
                    NotAValue::NoJson => {
                        ExpressionError::Failed("the result is not a value; is a call missing its ()?".into())
                    }
                })
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

/// An evaluation that fails does not get to tell its steps, so it counts as all it may take.
fn evaluate_measured(
    measured: &OnceLock<Option<minijinja::Expression<'static, 'static>>>,
    source: &str,
    plain: &minijinja::Expression<'static, 'static>,
    scope: JinjaValue,
) -> Result<JinjaValue, minijinja::Error> {
    let measured = measured.get_or_init(|| {
        MEASURING
            .compile_expression_owned(format!("({source})|{SPENT}"))
            .ok()
    });
    let Some(measured) = measured else {
        allowance::spend(limits::EXPRESSION_FUEL);
        return plain.eval(scope);
    };
    let result = measured.eval(scope);
    if result.is_err() {
        allowance::spend(limits::EXPRESSION_FUEL);
    }
    result
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
    // A filter that exists fails for its argument, if at all, when it runs; one that does not is unknown.
    ENVIRONMENT
        .compile_expression_owned(format!("none|{name}"))
        .and_then(|expression| expression.eval(()))
        .map_or_else(|error| error.kind() != ErrorKind::UnknownFilter, |_| true)
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
    ENVIRONMENT
        .compile_expression_owned(format!("none is {name}"))
        .and_then(|expression| expression.eval(()))
        .map_or_else(|error| error.kind() != ErrorKind::UnknownTest, |_| true)
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

/// The tests an expression names.
pub fn tests_in(source: &str) -> Vec<&str> {
    dialect::tests(source)
}

/// The methods an expression calls.
pub fn methods_in(source: &str) -> Vec<&str> {
    dialect::methods(source)
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

fn failure(error: &minijinja::Error) -> ExpressionError {
    if error.kind() == ErrorKind::OutOfFuel {
        return ExpressionError::OutOfFuel;
    }
    ExpressionError::Failed(sentence(error))
}

/// What went wrong without the engine's own kind and position.
fn sentence(error: &minijinja::Error) -> String {
    match error.detail() {
        Some(detail) if detail.contains("+ operator") && detail.contains("string") => {
            format!("{detail}; `~` joins texts, and `x | float` reads a number")
        }
        // What is missing is null, and people know it by that name.
        Some(detail) if detail.starts_with("unable to calculate") && detail.ends_with(" 0") => {
            format!("{detail}; where something may be 0, write `x / y if y else 0`")
        }
        Some(detail) => format!("{}: {}", error.kind(), detail.replace("undefined", "null")),
        None => error.kind().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use minijinja::ErrorKind;

    use super::{ENVIRONMENT, FILTERS, METHODS, TESTS, is_filter, is_test};

    #[test]
    fn every_test_and_method_that_is_offered_is_there() {
        let missing: Vec<_> = TESTS.into_iter().filter(|name| !is_test(name)).collect();
        assert!(missing.is_empty(), "{missing:?}");
        assert!(!is_test("tall"));
        let is_method = |name: &&str| {
            ["'a'", "[1]", "{'a': 1}"].into_iter().any(|value| {
                let called = ENVIRONMENT.compile_expression_owned(format!("{value}.{name}()"));
                called
                    .and_then(|expression| expression.eval(()))
                    .map_or_else(|error| error.kind() != ErrorKind::UnknownMethod, |_| true)
            })
        };
        let missing: Vec<_> = METHODS.into_iter().filter(|name| !is_method(name)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn every_filter_that_is_offered_is_there() {
        let missing: Vec<_> = FILTERS.into_iter().filter(|name| !is_filter(name)).collect();
        assert!(missing.is_empty(), "{missing:?}");
        assert!(!is_filter("shout"));
    }
}
