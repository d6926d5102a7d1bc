//! What can be asked with `is`, and by `select` and its like.

use super::given::Given;
use super::operand::Operand;
use super::operators::{Comparison, Operator, contains};
use super::{ExpressionError, Machine, is_filter, is_test};

/// Tests that are there and not offered, other names of those that are.
pub(super) const OTHERS: [&str; 9] = [
    "equalto",
    "filter",
    "greaterthan",
    "int",
    "lessthan",
    "sameas",
    "test",
    "true",
    "undefined",
];

pub(super) fn holds(
    name: &str,
    operand: &Operand,
    mut given: Given,
    machine: &mut Machine<'_>,
) -> Result<bool, ExpressionError> {
    let comparison = match name {
        "eq" | "equalto" | "sameas" => Some(Comparison::Equal),
        "ne" => Some(Comparison::Unequal),
        "lt" | "lessthan" => Some(Comparison::Less),
        "le" => Some(Comparison::AtMost),
        "gt" | "greaterthan" => Some(Comparison::More),
        "ge" => Some(Comparison::AtLeast),
        _ => None,
    };
    let holds = match name {
        _ if let Some(comparison) = comparison => {
            let other = given.needed("other")?;
            comparison.holds(operand, &other, machine)?
        }
        "in" => contains(&given.needed("other")?, operand, machine)?,
        "defined" => !operand.is_null(),
        "undefined" | "none" => operand.is_null(),
        "boolean" => matches!(operand, Operand::Bool(_)),
        "true" => matches!(operand, Operand::Bool(true)),
        "false" => matches!(operand, Operand::Bool(false)),
        "number" => operand.is_number() || matches!(operand, Operand::Bool(_)),
        "integer" | "int" => matches!(operand, Operand::Int(_)),
        "float" => matches!(operand, Operand::Float(_)),
        "odd" => operand.as_int().is_some_and(|int| int % 2 != 0),
        "even" => operand.as_int().is_some_and(|int| int % 2 == 0),
        "divisibleby" => {
            let by = given.needed("number")?;
            let are_numbers = operand.as_f64().is_some() && by.as_f64().is_some();
            are_numbers && !Operator::Remainder.apply(operand, &by, machine)?.is_true()
        }
        "string" => operand.as_str().is_some(),
        "sequence" => operand.is_list() || operand.is_null(),
        "iterable" => operand.len().is_some(),
        "mapping" => operand.is_map(),
        "startingwith" => operand.written()?.starts_with(&*given.needed_text("text")?),
        "endingwith" => operand.written()?.ends_with(&*given.needed_text("text")?),
        "lower" => is_all(operand, char::is_lowercase, char::is_uppercase),
        "upper" => is_all(operand, char::is_uppercase, char::is_lowercase),
        "filter" => operand.as_str().is_some_and(is_filter),
        "test" => operand.as_str().is_some_and(is_test),
        _ => {
            return Err(ExpressionError::Failed(format!(
                "unknown test: test {name} is unknown"
            )));
        }
    };
    given.end()?;
    Ok(holds)
}

/// Whether a text has letters, and all of them are of one kind.
fn is_all(operand: &Operand, one: fn(char) -> bool, other: fn(char) -> bool) -> bool {
    let text = operand.as_str().unwrap_or_default();
    text.chars().any(one) && !text.chars().any(other)
}
