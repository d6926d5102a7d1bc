//! `calc.*`: arithmetic on arguments, and the keys of a calculator on a display in the state.
//!
//! The display is text such as `7×6`. Signs of numbers are `-`, the operator is `−`, so the two
//! never mix. Beside a display `d` the state holds `d_result`, the display as it was last worked
//! out (typing a digit then starts anew), and `d_memory`.

use std::fmt::Write as _;

use super::{ToolCall, refused, unknown};
use crate::runtime::expression::Expression;
use crate::runtime::scope::Scope;
use crate::runtime::store::Store;
use crate::runtime::turn::Failure;
use crate::spec::{Path, Source};
use crate::value::{Value, decimal};

/// Characters a display may hold.
const DISPLAY_LENGTH: usize = 200;
const ERROR: &str = "Error";
const OPERATORS: [char; 5] = ['+', '−', '×', '÷', '^'];

/// Whether the call works on a display.
pub(super) fn uses_state(call: &ToolCall) -> bool {
    match call.id {
        "calc.evaluate" => call.arg("expression").is_none(),
        "calc.append_digit"
        | "calc.append_operator"
        | "calc.decimal"
        | "calc.negate"
        | "calc.backspace"
        | "calc.clear"
        | "calc.memory" => true,
        _ => false,
    }
}

pub(super) fn perform(store: &mut Store, call: &ToolCall) -> Result<Value, Failure> {
    if uses_state(call) {
        return Display::open(store, call)?.press(call);
    }
    let a = || call.number("a");
    let b = || call.number("b");
    let value = || call.number("value");
    let number = match call.id {
        "calc.add" => a()? + b()?,
        "calc.subtract" => a()? - b()?,
        "calc.multiply" => a()? * b()?,
        "calc.divide" | "calc.mod" if b()? == 0.0 => return Ok(Value::text(ERROR)),
        "calc.divide" => a()? / b()?,
        // The sign follows the divisor, as on a clock and in the expressions.
        "calc.mod" => a()? - b()? * libm::floor(a()? / b()?),
        "calc.power" => libm::pow(call.number("base")?, call.number("exponent")?),
        "calc.sqrt" => libm::sqrt(value()?),
        "calc.abs" => value()?.abs(),
        "calc.round" => decimal(value()?, call.number_or("digits", 0.0) as i32, libm::round),
        "calc.floor" => libm::floor(value()?),
        "calc.ceil" => libm::ceil(value()?),
        "calc.sin" => libm::sin(angle(call)?),
        "calc.cos" => libm::cos(angle(call)?),
        "calc.tan" => libm::tan(angle(call)?),
        "calc.log" => match call.number_or("base", 10.0) {
            10.0 => libm::log10(value()?),
            base => libm::log(value()?) / libm::log(base),
        },
        "calc.ln" => libm::log(value()?),
        "calc.exp" => libm::exp(value()?),
        "calc.percent" => value()? / 100.0 * call.number_or("of", 1.0),
        "calc.factorial" => (1..=value()? as u64).map(|factor| factor as f64).product(),
        "calc.format" => return format_number(call),
        "calc.is_number" => {
            let value = call.value("value");
            let spelled = value
                .as_str()
                .is_some_and(|text| text.trim().parse::<f64>().is_ok_and(f64::is_finite));
            return Ok((value.as_f64().is_some() || spelled).into());
        }
        "calc.evaluate" => return Ok(Value::text(worked_out(&call.text("expression")))),
        _ => return Err(unknown(call.id)),
    };
    if !number.is_finite() {
        return Err(Failure::new(
            "args_invalid",
            format!("{} has no value for these arguments", call.id),
        ));
    }
    Ok(Value::rounded(number))
}

fn angle(call: &ToolCall) -> Result<f64, Failure> {
    let value = call.number("value")?;
    Ok(if call.text("unit") == "degrees" {
        value.to_radians()
    } else {
        value
    })
}

fn format_number(call: &ToolCall) -> Result<Value, Failure> {
    let digits = call.arg("digits").map(crate::value::Value::display);
    let filter = match call.text("style").as_str() {
        "currency" => format!("value | currency(sign, {})", digits.as_deref().unwrap_or("2")),
        "percent" => format!("value | percent({})", digits.as_deref().unwrap_or("0")),
        _ => format!("value | number({})", digits.unwrap_or_default()),
    };
    let scope = Scope::default()
        .with("value", call.value("value"))
        .with("sign", call.text("currency").into());
    evaluate(&filter, &scope).ok_or_else(|| Failure::new("args_invalid", "calc.format: `value` is no number"))
}

fn evaluate(source: &str, scope: &Scope) -> Option<Value> {
    Expression::compile(&Source::parse(source).ok()?)
        .ok()?
        .evaluate(scope)
        .ok()
}

/// What a display comes to, as text; "Error" when it comes to nothing.
fn worked_out(display: &str) -> String {
    match arithmetic(display).and_then(|source| evaluate(&source, &Scope::default())) {
        Some(value @ (Value::Int(_) | Value::Float(_))) => value.display(),
        _ => ERROR.to_owned(),
    }
}

/// The display as an expression of floats. Only digits, signs and brackets pass, so nothing a
/// person types can name anything; what stands open at the end is left away.
fn arithmetic(display: &str) -> Option<String> {
    let display = display
        .trim()
        .trim_end_matches(|c| OPERATORS.contains(&c) || matches!(c, '+' | '-' | '*' | '/' | '('));
    let mut source = String::new();
    let mut number = String::new();
    let mut open = 0usize;
    for character in display.chars() {
        if character.is_ascii_digit() || character == '.' {
            number.push(character);
            continue;
        }
        close_number(&mut number, &mut source)?;
        match character {
            '+' => source.push('+'),
            '-' | '−' => source.push('-'),
            '×' | '*' | 'x' => source.push('*'),
            '÷' | '/' => source.push('/'),
            '^' => source.push_str("**"),
            '%' => source.push_str("/100.0"),
            '(' => {
                open += 1;
                source.push('(');
            }
            ')' => {
                open = open.checked_sub(1)?;
                source.push(')');
            }
            ' ' | ',' => {}
            _ => return None,
        }
    }
    close_number(&mut number, &mut source)?;
    source.push_str(&")".repeat(open));
    (!source.is_empty()).then_some(source)
}

fn close_number(number: &mut String, source: &mut String) -> Option<()> {
    if number.is_empty() {
        return Some(());
    }
    let value: f64 = number.parse().ok()?;
    write!(source, "{value:?}").ok()?;
    number.clear();
    Some(())
}

/// A display and what stands beside it.
struct Display<'a> {
    store: &'a mut Store,
    path: Path,
    text: String,
    /// Whether the text is a result, so that a digit starts anew.
    is_result: bool,
}

impl<'a> Display<'a> {
    fn open(store: &'a mut Store, call: &ToolCall) -> Result<Self, Failure> {
        let path = call.path("target")?;
        let text = store.get(&path).map(Value::display).unwrap_or_default();
        let text = if text.is_empty() { "0".to_owned() } else { text };
        let is_result = text == ERROR
            || store
                .get(&beside(&path, "result")?)
                .is_some_and(|result| result.as_str() == Some(&text));
        Ok(Self {
            store,
            path,
            text,
            is_result,
        })
    }

    fn press(mut self, call: &ToolCall) -> Result<Value, Failure> {
        match call.id {
            "calc.append_digit" => self.digit(&call.text("digit")),
            "calc.append_operator" => self.operator(&call.text("operator")),
            "calc.decimal" => self.decimal(),
            "calc.negate" => self.negate(),
            "calc.backspace" => self.backspace(),
            "calc.clear" => self.show("0".to_owned(), false),
            "calc.evaluate" => {
                let result = worked_out(&self.text);
                self.show(result, true)
            }
            "calc.memory" => self.memory(&call.text("op")),
            _ => Err(unknown(call.id)),
        }
    }

    fn digit(&mut self, digits: &str) -> Result<Value, Failure> {
        if digits == "." || digits == "," {
            return self.decimal();
        }
        if digits.is_empty() || !digits.chars().all(|c| c.is_ascii_digit()) {
            return Err(Failure::new("args_invalid", format!("`{digits}` is no digit")));
        }
        let mut text = if self.is_result {
            "0".to_owned()
        } else {
            self.text.clone()
        };
        let start = number_start(&text);
        if matches!(&text[start..], "0" | "-0") {
            text.pop();
        }
        self.show(text + digits, false)
    }

    fn operator(&mut self, operator: &str) -> Result<Value, Failure> {
        let sign = match operator.trim() {
            "+" => '+',
            "-" | "−" | "–" => '−',
            "*" | "×" | "x" | "·" => '×',
            "/" | "÷" | ":" => '÷',
            "^" | "**" => '^',
            "%" => '%',
            "(" => '(',
            ")" => ')',
            other => return Err(Failure::new("args_invalid", format!("`{other}` is no operator"))),
        };
        let mut text = if self.text == ERROR {
            "0".to_owned()
        } else {
            self.text.clone()
        };
        let ends_open = text.ends_with(OPERATORS) || text.ends_with('(');
        match sign {
            '(' if text == "0" || self.is_result => text = String::from("("),
            '(' if ends_open => text.push('('),
            '(' => text.push_str("×("),
            ')' => {
                let depth =
                    text.matches('(').count() - text.matches(')').count().min(text.matches('(').count());
                if depth > 0 && !ends_open {
                    text.push(')');
                }
            }
            '%' if ends_open => {}
            _ => {
                while sign != '%' && text.ends_with(|c| OPERATORS.contains(&c) || c == '-') {
                    text.pop();
                }
                if text.is_empty() || text.ends_with('(') {
                    text.push('0');
                }
                text.push(sign);
            }
        }
        self.show(text, false)
    }

    fn decimal(&mut self) -> Result<Value, Failure> {
        let text = if self.is_result {
            "0".to_owned()
        } else {
            self.text.clone()
        };
        let number = &text[number_start(&text)..];
        let text = match number {
            "" | "-" => text + "0.",
            number if number.contains('.') => text,
            _ => text + ".",
        };
        self.show(text, false)
    }

    fn negate(&mut self) -> Result<Value, Failure> {
        if self.text == ERROR {
            return self.show("0".to_owned(), false);
        }
        let start = number_start(&self.text);
        let (before, number) = self.text.split_at(start);
        let text = match number.strip_prefix('-') {
            Some(positive) => format!("{before}{positive}"),
            None if matches!(number, "" | "0") => self.text.clone(),
            None => format!("{before}-{number}"),
        };
        let was_result = self.is_result;
        self.show(text, was_result)
    }

    fn backspace(&mut self) -> Result<Value, Failure> {
        let mut text = if self.is_result {
            String::new()
        } else {
            self.text.clone()
        };
        text.pop();
        if text.is_empty() || text == "-" {
            text = String::from("0");
        }
        self.show(text, false)
    }

    fn memory(&mut self, op: &str) -> Result<Value, Failure> {
        let place = beside(&self.path, "memory")?;
        let held = self.store.get(&place).and_then(Value::as_f64).unwrap_or(0.0);
        let shown = worked_out(&self.text).parse::<f64>();
        let shown = || {
            shown
                .clone()
                .map_err(|_| Failure::new("args_invalid", "the display has no value to remember"))
        };
        let kept = match op {
            "clear" => 0.0,
            "add" => held + shown()?,
            "subtract" => held - shown()?,
            "store" => shown()?,
            _ => held,
        };
        let kept = Value::rounded(kept);
        if op == "recall" {
            let keeps = !self.is_result && self.text.ends_with(OPERATORS);
            let before = if keeps { self.text.clone() } else { String::new() };
            self.show(before + &kept.display(), !keeps)?;
        } else {
            self.store
                .set(&place, kept.clone())
                .map_err(|error| refused(&error))?;
            // The next digit starts a new number, as after a result.
            if op != "clear" {
                let text = self.text.clone();
                self.show(text, true)?;
            }
        }
        Ok(kept)
    }

    fn show(&mut self, text: String, is_result: bool) -> Result<Value, Failure> {
        if text.chars().count() > DISPLAY_LENGTH {
            return Err(Failure::new(
                "too_large",
                format!("the display holds {DISPLAY_LENGTH} characters"),
            ));
        }
        let text = Value::text(text);
        let result = if is_result { text.clone() } else { Value::Null };
        let place = beside(&self.path, "result")?;
        if is_result || self.store.get(&place).is_some() {
            self.store.set(&place, result).map_err(|error| refused(&error))?;
        }
        self.store
            .set(&self.path, text.clone())
            .map_err(|error| refused(&error))?;
        Ok(text)
    }
}

/// The path of `<display>_<what>`.
fn beside(display: &Path, what: &str) -> Result<Path, Failure> {
    let name = format!("{}_{what}", display.last());
    let path = match display.parent() {
        Some(parent) => Ok(parent.join([std::sync::Arc::from(name)])),
        None => Path::key(&name),
    };
    path.map_err(|error| Failure::new("args_invalid", error.to_string()))
}

/// Where the number at the end of the display starts, its sign included.
fn number_start(text: &str) -> usize {
    let digits = text
        .trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | 'e'))
        .len();
    if text[..digits].ends_with('-') {
        digits - 1
    } else {
        digits
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::rows::Rows;
    use crate::value::Map;

    #[track_caller]
    fn check(keys: &str, expected: &str) {
        let mut store = Store::new(Map::new());
        for key in keys.split(' ') {
            let (id, name): (&str, &str) = match key {
                "=" => ("calc.evaluate", ""),
                "." => ("calc.decimal", ""),
                "±" => ("calc.negate", ""),
                "C" => ("calc.clear", ""),
                "←" => ("calc.backspace", ""),
                "M+" | "M-" | "MR" | "MC" | "MS" => ("calc.memory", "op"),
                digits if digits.chars().all(|c| c.is_ascii_digit()) => ("calc.append_digit", "digit"),
                _ => ("calc.append_operator", "operator"),
            };
            let value = match key {
                "M+" => "add",
                "M-" => "subtract",
                "MR" => "recall",
                "MC" => "clear",
                "MS" => "store",
                key => key,
            };
            let args: Map = [("target", "display"), (name, value)]
                .into_iter()
                .filter(|(name, _)| !name.is_empty())
                .map(|(name, value)| (std::sync::Arc::from(name), Value::from(value)))
                .collect();
            let call = ToolCall {
                id,
                args,
                callback: None,
                rows: Rows::default(),
                origin: None,
            };
            perform(&mut store, &call).unwrap_or_else(|failure| panic!("{keys}: {failure}"));
        }
        let display = Path::parse("display").expect("a path");
        assert_eq!(
            store.get(&display).map(Value::display).as_deref(),
            Some(expected),
            "{keys}"
        );
    }

    #[test]
    fn the_keys_of_a_calculator_do_what_they_say() {
        check("7 × 6 =", "42");
        check("7 + 8 =", "15");
        check("0 7", "7");
        check("1 . 5 . 2 + . 5 =", "2.02");
        check(". 1 + . 2 =", "0.3");
        check("8 ÷ 0 =", "Error");
        check("8 ÷ 0 = 5", "5");
        check("8 ÷ 0 = + 2 =", "2");
        check("7 × 6 = 3", "3");
        check("7 × 6 = + 1 =", "43");
        check("7 + × 6 =", "42");
        check("7 ± =", "-7");
        check("7 ± ±", "7");
        check("7 × 6 ± =", "-42");
        check("5 0 % =", "0.5");
        check("2 ^ 1 0 =", "1024");
        check("( 1 + 2 ) × 3 =", "9");
        check("( 1 + 2 =", "3");
        check("7 + =", "7");
        check("1 2 ←", "1");
        check("1 ←", "0");
        check("7 × 6 = C", "0");
        check("5 M+ 3 M+ MR", "8");
        check("5 M+ 2 + MR =", "7");
        check("5 MS 2 M- C MR", "3");
        check("5 M+ MC MR", "0");
    }

    #[test]
    fn only_arithmetic_is_worked_out() {
        for (display, expected) in [
            ("2+3*4", "14"),
            ("range(9)", "Error"),
            ("__class__", "Error"),
            ("", "Error"),
            ("1..2", "Error"),
            ("9999999999999999999*10", "100000000000000000000"),
            ("2)", "Error"),
        ] {
            assert_eq!(worked_out(display), expected, "{display}");
        }
    }
}
