//! Arithmetic and comparison.

use super::operand::Operand;
use super::{ExpressionError, Machine, invalid};
use crate::value::{remainder, without_noise};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Join,
    Multiply,
    Divide,
    DivideDown,
    Remainder,
    Power,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Unequal,
    Less,
    AtMost,
    More,
    AtLeast,
    In,
    NotIn,
}

impl Operator {
    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Join => "~",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::DivideDown => "//",
            Self::Remainder => "%",
            Self::Power => "**",
        }
    }

    pub(super) fn apply(
        self,
        left: &Operand,
        right: &Operand,
        machine: &mut Machine<'_>,
    ) -> Result<Operand, ExpressionError> {
        match (self, left, right) {
            (Self::Join, ..) => return machine.joined(&left.written()?, &right.written()?),
            (Self::Add, Operand::Text(left), Operand::Text(right)) => return machine.joined(left, right),
            (Self::Add, ..) if left.is_list() && right.is_list() => {
                let mut items = machine.items(left)?;
                items.extend(machine.items(right)?);
                return Ok(items.into());
            }
            (Self::Multiply, Operand::Text(text), times) | (Self::Multiply, times, Operand::Text(text)) => {
                return repeated_text(text, times, machine);
            }
            (Self::Multiply, list, times) | (Self::Multiply, times, list) if list.is_list() => {
                let times = times.as_int().ok_or_else(|| self.unsupported(left, right))?;
                return repeated_list(list, times, machine);
            }
            _ => {}
        }
        let (Some(a), Some(b)) = (left.as_f64(), right.as_f64()) else {
            return Err(self.unsupported(left, right));
        };
        let whole = match (left, right) {
            (Operand::Float(_), _) | (_, Operand::Float(_)) => None,
            _ => left.as_int().zip(right.as_int()),
        };
        if b == 0.0 && matches!(self, Self::Divide | Self::DivideDown | Self::Remainder)
            || self == Self::Power && a == 0.0 && b < 0.0
        {
            return Err(self.impossible(left, right));
        }
        // What is too large for a whole number goes on as one with a fraction.
        if let Some(whole) = whole.and_then(|(a, b)| self.whole(a, b)) {
            return Ok(Operand::Int(whole));
        }
        let result = match self {
            Self::Add => without_noise(a + b, a, b),
            Self::Subtract => without_noise(a - b, a, b),
            Self::Multiply => a * b,
            Self::DivideDown => divided_down(a, b).0,
            Self::Remainder => remainder(a, b),
            Self::Power => libm::pow(a, b),
            Self::Join | Self::Divide => a / b,
        };
        if result.is_finite() || !a.is_finite() || !b.is_finite() {
            return Ok(Operand::Float(result));
        }
        Err(self.impossible(left, right))
    }

    fn whole(self, a: i64, b: i64) -> Option<i64> {
        let is_uneven = || a % b != 0 && (a < 0) != (b < 0);
        match self {
            Self::Add => a.checked_add(b),
            Self::Subtract => a.checked_sub(b),
            Self::Multiply => a.checked_mul(b),
            Self::DivideDown => a.checked_div(b).map(|quotient| quotient - i64::from(is_uneven())),
            Self::Remainder => a
                .checked_rem(b)
                .map(|rest| if is_uneven() { rest + b } else { rest }),
            Self::Power => a.checked_pow(u32::try_from(b).ok()?),
            Self::Join | Self::Divide => None,
        }
    }

    fn unsupported(self, left: &Operand, right: &Operand) -> ExpressionError {
        let (sign, left, right) = (self.sign(), left.kind(), right.kind());
        let told = format!("tried to use {sign} operator on unsupported types {left} and {right}");
        if self == Self::Add && (left == "string" || right == "string") {
            let told = format!("{told}; `~` joins texts, and `x | float` reads a number");
            return ExpressionError::Failed(told);
        }
        invalid(&told)
    }

    fn impossible(self, left: &Operand, right: &Operand) -> ExpressionError {
        let shown = |operand: &Operand| match operand {
            Operand::Float(float) => format!("{float:?}"),
            other => other.as_int().unwrap_or_default().to_string(),
        };
        let told = format!(
            "unable to calculate {} {} {}",
            shown(left),
            self.sign(),
            shown(right)
        );
        if right.as_f64() == Some(0.0) {
            let told = format!("{told}; where something may be 0, write `x / y if y else 0`");
            return ExpressionError::Failed(told);
        }
        invalid(&told)
    }
}

/// Quotient and rest, of which the rest has the sign of the divisor.
fn divided_down(a: f64, b: f64) -> (f64, f64) {
    let rest = remainder(a, b);
    (libm::round((a - rest) / b), rest)
}

fn repeated_text(text: &str, times: &Operand, machine: &mut Machine<'_>) -> Result<Operand, ExpressionError> {
    let Some(times) = times.as_int() else {
        return Err(invalid("strings can only be multiplied with integers"));
    };
    let times = count(times);
    machine.spend_on_text(text.len().saturating_mul(times))?;
    Ok(if text.is_empty() {
        Operand::from("")
    } else {
        text.repeat(times).into()
    })
}

fn repeated_list(list: &Operand, times: i64, machine: &mut Machine<'_>) -> Result<Operand, ExpressionError> {
    let items = machine.items(list)?;
    let length = items.len().saturating_mul(count(times));
    machine.spend(length)?;
    Ok(items.into_iter().cycle().take(length).collect::<Vec<_>>().into())
}

/// How often; what is too much for a machine is the most it can count.
fn count(times: i64) -> usize {
    usize::try_from(times.max(0)).unwrap_or(usize::MAX)
}

pub(super) fn negative(operand: &Operand) -> Result<Operand, ExpressionError> {
    match operand {
        Operand::Int(int) => Ok(match int.checked_neg() {
            Some(negative) => Operand::Int(negative),
            None => Operand::Float(-(*int as f64)),
        }),
        Operand::Float(float) => Ok(Operand::Float(-float)),
        other => Err(invalid(&format!("{} has no negative", other.kind()))),
    }
}

impl Comparison {
    pub(super) fn holds(
        self,
        left: &Operand,
        right: &Operand,
        machine: &mut Machine<'_>,
    ) -> Result<bool, ExpressionError> {
        machine.spend(left.len().unwrap_or(0).min(right.len().unwrap_or(0)) / 64)?;
        Ok(match self {
            Self::Equal => left == right,
            Self::Unequal => left != right,
            Self::Less => left.compare(right).is_lt(),
            Self::AtMost => left.compare(right).is_le(),
            Self::More => left.compare(right).is_gt(),
            Self::AtLeast => left.compare(right).is_ge(),
            Self::In => contains(right, left, machine)?,
            Self::NotIn => !contains(right, left, machine)?,
        })
    }
}

pub(super) fn contains(
    container: &Operand,
    item: &Operand,
    machine: &mut Machine<'_>,
) -> Result<bool, ExpressionError> {
    if let Operand::Text(text) = container {
        machine.spend(text.len() / 64)?;
        return Ok(text.contains(&*item.written()?));
    }
    if container.is_map() {
        return Ok(container.has(&item.written()?));
    }
    if container.len().is_none() {
        return Err(invalid("cannot perform a containment check on this value"));
    }
    Ok(machine.items(container)?.contains(item))
}
