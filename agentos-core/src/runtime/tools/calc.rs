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
use crate::value::{Value, decimal, remainder, without_noise};

/// Characters a display may hold.
const DISPLAY_LENGTH: usize = 200;
const ERROR: &str = "Error";
/// What people part thousands with; two are spaces that do not break.
const SEPARATORS: [char; 6] = [',', ' ', '\u{a0}', '\u{202f}', '’', '\''];
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
        "calc.add" => without_noise(a()? + b()?, a()?, b()?),
        "calc.subtract" => without_noise(a()? - b()?, a()?, b()?),
        "calc.multiply" => a()? * b()?,
        "calc.divide" | "calc.mod" if b()? == 0.0 => return Ok(Value::text(ERROR)),
        "calc.divide" => a()? / b()?,
        // The sign follows the divisor, as on a clock and in the expressions.
        "calc.mod" => remainder(a()?, b()?),
        "calc.power" => libm::pow(call.number("base")?, call.number("exponent")?),
        "calc.sqrt" => libm::sqrt(value()?),
        "calc.abs" => value()?.abs(),
        "calc.round" => decimal(value()?, call.number_or("digits", 0.0) as i32, libm::round),
        "calc.floor" => libm::floor(value()?),
        "calc.ceil" => libm::ceil(value()?),
        "calc.sin" => wave(libm::sin, angle(call)?),
        "calc.cos" => wave(libm::cos, angle(call)?),
        // Where the cosine is nothing there is no tangent.
        "calc.tan" => wave(libm::sin, angle(call)?) / wave(libm::cos, angle(call)?),
        "calc.log" => libm::log(value()?) / libm::log(call.number_or("base", 10.0)),
        "calc.ln" => libm::log(value()?),
        "calc.exp" => libm::exp(value()?),
        "calc.percent" => value()? / 100.0 * call.number_or("of", 1.0),
        "calc.factorial" => (1..=value()? as u64).map(|factor| factor as f64).product(),
        "calc.format" => return format_number(call),
        "calc.is_number" => {
            return Ok(call.value("value").spelled_number().is_some().into());
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

/// A sine or cosine; nothing where it is less than what the angle itself is known to.
fn wave(of: fn(f64) -> f64, angle: f64) -> f64 {
    let value = of(angle);
    if value.abs() <= angle.abs() * f64::EPSILON {
        0.0
    } else {
        value
    }
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
/// person types can name anything; what stands open at the end is left away. A bracket beside a
/// number multiplies, and of two powers the right one comes first.
fn arithmetic(display: &str) -> Option<String> {
    let display = display
        .trim()
        .trim_end_matches(|c| OPERATORS.contains(&c) || matches!(c, '+' | '-' | '*' | '/' | '('));
    let mut written = Written {
        powers: vec![0],
        ..Written::default()
    };
    let mut rest = display;
    while let Some(character) = rest.chars().next() {
        if character.is_ascii_digit() || character == '.' {
            let (number, after) = number_at(rest)?;
            written.number(number)?;
            rest = after;
            continue;
        }
        rest = &rest[character.len_utf8()..];
        match character {
            '+' => written.operator("+"),
            '-' | '−' => written.operator("-"),
            '×' | '*' | 'x' => written.operator("*"),
            '÷' | '/' => written.operator("/"),
            '^' => written.power(),
            '%' => written.percent()?,
            '(' => written.open(),
            ')' => written.close()?,
            _ if character.is_whitespace() => {}
            _ => return None,
        }
    }
    written.end()
}

/// The number a text begins with, and what follows it. A comma, a space or an apostrophe within its whole part counts
/// only before groups of three digits.
fn number_at(text: &str) -> Option<(f64, &str)> {
    let mut digits = String::new();
    let mut rest = text;
    let leading = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    loop {
        let count = leading(rest);
        digits.push_str(&rest[..count]);
        rest = &rest[count..];
        let Some(separator) = rest.chars().next().filter(|c| SEPARATORS.contains(c)) else {
            break;
        };
        let group = &rest[separator.len_utf8()..];
        if leading(group) != 3 || !(1..=3).contains(&count) {
            break;
        }
        rest = group;
    }
    if let Some(fraction) = rest.strip_prefix('.') {
        let count = leading(fraction);
        digits = format!("{digits}.{}", &fraction[..count]);
        rest = &fraction[count..];
    }
    Some((digits.parse().ok()?, rest))
}

/// An expression as far as it is written.
#[derive(Default)]
struct Written {
    source: String,
    /// The last operand, if an operator may follow.
    operand: Option<Operand>,
    /// Where the brackets begin that are open.
    brackets: Vec<usize>,
    /// How many brackets keep powers of powers together: around all, and in each bracket that is open.
    powers: Vec<usize>,
}

#[derive(Clone, Copy)]
struct Operand {
    start: usize,
    is_number: bool,
}

impl Written {
    fn number(&mut self, number: f64) -> Option<()> {
        match self.operand {
            Some(Operand { is_number: true, .. }) => return None,
            Some(_) => self.operator("*"),
            None => {}
        }
        self.operand = Some(Operand {
            start: self.source.len(),
            is_number: true,
        });
        write!(self.source, "{number:?}").ok()
    }

    fn operator(&mut self, sign: &str) {
        // A sign before an operand is its own.
        if self.operand.take().is_some() {
            self.end_powers();
        }
        self.source.push_str(sign);
    }

    /// Of powers the last is worked out first, so what follows stands in brackets.
    fn power(&mut self) {
        self.operand = None;
        self.source.push_str("**(");
        if let Some(open) = self.powers.last_mut() {
            *open += 1;
        }
    }

    fn percent(&mut self) -> Option<()> {
        let operand = self.operand?;
        self.source.insert(operand.start, '(');
        self.source.push_str("/100.0)");
        Some(())
    }

    fn open(&mut self) {
        if self.operand.is_some() {
            self.operator("*");
        }
        self.brackets.push(self.source.len());
        self.powers.push(0);
        self.source.push('(');
    }

    fn close(&mut self) -> Option<()> {
        let start = self.brackets.pop()?;
        self.end_powers();
        self.powers.pop();
        self.source.push(')');
        self.operand = Some(Operand {
            start,
            is_number: false,
        });
        Some(())
    }

    fn end_powers(&mut self) {
        if let Some(open) = self.powers.last_mut() {
            self.source.push_str(&")".repeat(std::mem::take(open)));
        }
    }

    fn end(mut self) -> Option<String> {
        while !self.brackets.is_empty() {
            self.close()?;
        }
        self.end_powers();
        (!self.source.is_empty()).then_some(self.source)
    }
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
