//! `'{:>8.2f}'.format(x)` and `'%8.2f' | format(x)`: the two ways of Python to put values into a text.

use std::sync::Arc;

use super::given::Given;
use super::operand::Operand;
use super::{ExpressionError, Machine, invalid};
use crate::spec::limits;
use crate::value::decimal;

/// Decimals that are written; every number has only zeros behind them.
const MOST_DECIMALS: usize = 1100;

/// How one value is written.
struct Field {
    fill: char,
    /// `<`, `>`, `^`, or `=` for zeros behind the sign.
    align: Option<char>,
    plus: Option<char>,
    alternate: bool,
    width: usize,
    group: Option<char>,
    precision: Option<usize>,
    kind: char,
    is_percent: bool,
}

/// Fills the fields `{}`, `{0}` and `{name}`; two braces write one.
pub(super) fn braces(
    format: &str,
    given: &mut Given,
    machine: &mut Machine<'_>,
) -> Result<String, ExpressionError> {
    let mut placed = Vec::new();
    while let Some(operand) = given.next() {
        placed.push(operand);
    }
    let named = given.take_named();
    let (mut text, mut rest, mut nth, mut room) = (String::new(), format, 0, 0);
    let mut lacks_a_value = false;
    while let Some(at) = rest.find(['{', '}']) {
        text.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        rest = &rest[at + 1..];
        if let Some(behind) = rest.strip_prefix(brace) {
            text.push_str(brace);
            rest = behind;
            continue;
        }
        let field = if brace == "{" { rest.split_once('}') } else { None };
        let (field, behind) = field.ok_or_else(|| invalid("the format has a single brace"))?;
        rest = behind;
        let (path, how) = field.split_once(':').unwrap_or((field, ""));
        let (name, members) = match path.find(['.', '[']) {
            Some(end) => path.split_at(end),
            None => (path, ""),
        };
        let index = if name.is_empty() {
            Some(nth)
        } else {
            name.parse().ok()
        };
        nth += usize::from(name.is_empty());
        let operand = match index {
            Some(index) => placed.get(index),
            None => of_name(&named, name),
        };
        let members = members
            .split(['.', '['])
            .map(|member| member.trim_end_matches(']'));
        let field = Field::read(how, false, &mut room)?.0;
        let Some(operand) = operand else {
            lacks_a_value = true;
            continue;
        };
        let operand = members
            .filter(|member| !member.is_empty())
            .fold(operand.clone(), |operand, member| operand.member(member));
        machine.spend_on_text(field.width)?;
        text.push_str(&field.write(&operand)?);
    }
    if lacks_a_value {
        return Err(invalid("the format has more fields than there are values"));
    }
    text.push_str(rest);
    Ok(text)
}

/// Fills the fields `%s`, `%d`, `%.2f` and `%(name)s`; two signs write one.
pub(super) fn percents(
    format: &str,
    mut given: Given,
    machine: &mut Machine<'_>,
) -> Result<String, ExpressionError> {
    let named = given.take_named();
    let (mut text, mut rest, mut room) = (String::new(), format, 0);
    while let Some((before, behind)) = rest.split_once('%') {
        text.push_str(before);
        if let Some(behind) = behind.strip_prefix('%') {
            text.push('%');
            rest = behind;
            continue;
        }
        let bracketed = behind.strip_prefix('(').and_then(|name| name.split_once(')'));
        let (name, how) = bracketed.map_or((None, behind), |(name, how)| (Some(name), how));
        let (field, behind) = Field::read(how, true, &mut room)?;
        rest = behind;
        let operand = match name {
            Some(name) => of_name(&named, name).cloned(),
            None => given.next(),
        };
        let operand = operand.ok_or_else(|| invalid("the format has more fields than there are values"))?;
        machine.spend_on_text(field.width)?;
        text.push_str(&field.write(&operand)?);
    }
    text.push_str(rest);
    Ok(text)
}

fn of_name<'v>(values: &'v [(Arc<str>, Operand)], name: &str) -> Option<&'v Operand> {
    let mut values = values.iter();
    values.find_map(|(known, operand)| (**known == *name).then_some(operand))
}

impl Field {
    /// The field and what stands behind it. It makes room for the widths it names before anything counts it, so
    /// `room` adds them up.
    fn read<'f>(
        how: &'f str,
        is_percent: bool,
        room: &mut usize,
    ) -> Result<(Self, &'f str), ExpressionError> {
        let mut field = Self {
            fill: ' ',
            align: None,
            plus: None,
            alternate: false,
            width: 0,
            group: None,
            precision: None,
            kind: 's',
            is_percent,
        };
        let mut rest = how;
        if !is_percent {
            let mut signs = how.chars();
            let (first, second) = (signs.next(), signs.next());
            let is_align = |sign: &char| matches!(sign, '<' | '>' | '^' | '=');
            if let (Some(fill), Some(align)) = (first, second.filter(is_align)) {
                (field.fill, field.align) = (fill, Some(align));
                rest = signs.as_str();
            } else if let Some(align) = first.filter(is_align) {
                field.align = Some(align);
                rest = &how[1..];
            }
        }
        loop {
            match rest.chars().next() {
                Some('-') if is_percent => field.align = Some('<'),
                Some('-') => {}
                Some(plus @ ('+' | ' ')) => field.plus = Some(plus),
                Some('#') => field.alternate = true,
                Some('0') => {
                    if field.align.is_none() {
                        (field.fill, field.align) = ('0', Some('='));
                    }
                }
                _ => break,
            }
            rest = &rest[1..];
        }
        field.width = number(&mut rest).unwrap_or(0);
        if let Some(group) = rest
            .chars()
            .next()
            .filter(|sign| !is_percent && matches!(sign, ',' | '_'))
        {
            field.group = Some(group);
            rest = &rest[1..];
        }
        if let Some(behind) = rest.strip_prefix('.') {
            rest = behind;
            field.precision = Some(number(&mut rest).unwrap_or(0));
        }
        *room = room
            .saturating_add(field.width)
            .saturating_add(field.precision.unwrap_or(0));
        if *room > limits::RESULT_BYTES {
            return Err(invalid(&format!(
                "the format is wider than {} bytes",
                limits::RESULT_BYTES
            )));
        }
        let kind = rest.chars().next();
        match kind {
            Some(kind) if "bcdeEfFgGiosxX".contains(kind) || kind == '%' && !is_percent => {
                field.kind = kind;
                rest = &rest[1..];
            }
            _ if is_percent => return Err(invalid("a `%` in the format stands before no field")),
            _ => field.kind = ' ',
        }
        if !is_percent && !rest.is_empty() {
            return Err(invalid(&format!("`{how}` is no way to write a value")));
        }
        Ok((field, rest))
    }

    fn write(&self, operand: &Operand) -> Result<String, ExpressionError> {
        let number = operand
            .as_f64()
            .filter(|_| !matches!(operand, Operand::Bool(_)) || self.kind != ' ');
        let text = match (self.kind, number) {
            (' ' | 's', None) | ('s', _) => {
                let text = operand.written()?;
                let text: String = text.chars().take(self.precision.unwrap_or(usize::MAX)).collect();
                return Ok(self.padded(&text, "", if self.is_percent { '>' } else { '<' }));
            }
            ('c', _) => {
                let code = operand.as_int().and_then(|code| u32::try_from(code).ok());
                let character = code.and_then(char::from_u32).map(String::from);
                let character = character.or_else(|| operand.as_str().map(str::to_owned));
                let character = character.ok_or_else(|| invalid("`c` writes one character"))?;
                return Ok(self.padded(&character, "", '<'));
            }
            (kind, None) => {
                return Err(invalid(&format!("`{kind}` cannot write a {}", operand.kind())));
            }
            (' ', Some(_)) if self.precision.is_none() => {
                let text = operand.written()?;
                self.grouped(text.trim_start_matches('-'))
            }
            (' ' | 'g' | 'G', Some(number)) => self.general(number.abs()),
            ('d' | 'i', Some(number)) => self.grouped(&libm::trunc(number).abs().to_string()),
            ('f' | 'F', Some(number)) => self.fixed(number.abs()),
            ('%', Some(number)) => self.fixed(number.abs() * 100.0) + "%",
            ('e' | 'E', Some(number)) => scientific(number.abs(), self.decimals()),
            (kind, Some(number)) => self.of_base(kind, number.abs())?,
        };
        let number = number.unwrap_or_default();
        let sign = match self.plus {
            _ if number < 0.0 => "-",
            Some('+') => "+",
            Some(_) => " ",
            None => "",
        };
        let text = if self.kind.is_ascii_uppercase() {
            text.to_ascii_uppercase()
        } else {
            text
        };
        Ok(self.padded(&text, sign, '>'))
    }

    fn decimals(&self) -> usize {
        self.precision.unwrap_or(6).min(MOST_DECIMALS)
    }

    fn fixed(&self, number: f64) -> String {
        let decimals = self.decimals();
        let rounded = decimal(number, decimals as i32, libm::round);
        self.grouped(&format!("{rounded:.decimals$}"))
    }

    /// Short where that says as much: without zeros at the end, large and small numbers by their power of ten.
    fn general(&self, number: f64) -> String {
        let precision = self.decimals().max(1);
        let scientific = scientific(number, precision - 1);
        let (digits, power) = scientific.split_once('e').unwrap_or((&scientific, "0"));
        let power: i64 = power.parse().unwrap_or(0);
        let is_fixed = (-4..precision as i64).contains(&power);
        let fixed = format!("{number:.*}", (precision as i64 - 1 - power).max(0) as usize);
        let shown = if is_fixed { &fixed } else { digits };
        let shown = if shown.contains('.') && !self.alternate {
            shown.trim_end_matches('0').trim_end_matches('.')
        } else {
            shown
        };
        if is_fixed {
            return self.grouped(shown);
        }
        format!("{shown}e{power:+03}")
    }

    fn of_base(&self, kind: char, number: f64) -> Result<String, ExpressionError> {
        if number != libm::trunc(number) {
            return Err(invalid(&format!("`{kind}` writes whole numbers")));
        }
        let int = number as u64;
        Ok(match (kind, self.alternate) {
            ('b', false) => format!("{int:b}"),
            ('b', true) => format!("{int:#b}"),
            ('o', false) => format!("{int:o}"),
            ('o', true) => format!("{int:#o}"),
            (_, false) => format!("{int:x}"),
            (_, true) => format!("{int:#x}"),
        })
    }

    fn grouped(&self, digits: &str) -> String {
        let Some(separator) = self.group else {
            return digits.to_owned();
        };
        let (whole, fraction) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
        let mut text = String::new();
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (whole.len() - index).is_multiple_of(3) {
                text.push(separator);
            }
            text.push(digit);
        }
        text + fraction
    }

    fn padded(&self, text: &str, sign: &str, usual: char) -> String {
        let missing = self.width.saturating_sub(text.chars().count() + sign.len());
        let fill = |count: usize| String::from(self.fill).repeat(count);
        match self.align.unwrap_or(usual) {
            '<' => format!("{sign}{text}{}", fill(missing)),
            '^' => format!("{}{sign}{text}{}", fill(missing / 2), fill(missing - missing / 2)),
            '=' => format!("{sign}{}{text}", fill(missing)),
            _ => format!("{}{sign}{text}", fill(missing)),
        }
    }
}

fn scientific(number: f64, precision: usize) -> String {
    let text = format!("{number:.precision$e}");
    let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
    let power: i32 = power.parse().unwrap_or(0);
    format!("{digits}e{power:+03}")
}

/// A number at the start; one that is too large is the largest.
fn number(rest: &mut &str) -> Option<usize> {
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (number, behind) = rest.split_at(digits);
    *rest = behind;
    (!number.is_empty()).then(|| number.parse().unwrap_or(usize::MAX))
}
