//! From tokens to a tree. What binds tighter stands further down.

use std::sync::Arc;

use super::lexer::{Kind, Token};
use super::operand::Operand;
use super::operators::{Comparison, Operator};

/// How deep an expression may nest.
const DEPTH: usize = 100;

#[derive(Debug)]
pub(super) enum Tree {
    Constant(Operand),
    Name(Arc<str>),
    Member(Box<Tree>, Arc<str>),
    Index(Box<Tree>, Box<Tree>),
    /// The list, from, to, step.
    Slice(Box<Tree>, Box<[Option<Tree>; 3]>),
    Negative(Box<Tree>),
    Not(Box<Tree>),
    And(Box<Tree>, Box<Tree>),
    Or(Box<Tree>, Box<Tree>),
    Binary(Operator, Box<Tree>, Box<Tree>),
    Compare(Box<Tree>, Vec<(Comparison, Tree)>),
    /// The condition, then, else.
    Choice(Box<Tree>, Box<Tree>, Option<Box<Tree>>),
    List(Vec<Tree>),
    Map(Vec<(Tree, Tree)>),
    Filter(Box<Tree>, Arc<str>, Arguments),
    Test(Box<Tree>, Arc<str>, Arguments),
    Call(Arc<str>, Arguments),
    Method(Box<Tree>, Arc<str>, Arguments),
}

/// Arguments as they are written.
#[derive(Debug, Default)]
pub(super) struct Arguments {
    pub(super) placed: Vec<Tree>,
    pub(super) named: Vec<(Arc<str>, Tree)>,
}

pub(super) fn parse(source: &str, tokens: &[Token]) -> Result<Tree, String> {
    let mut parser = Parser {
        source,
        tokens,
        at: 0,
        depth: 0,
    };
    let tree = parser.expression()?;
    if parser.at < tokens.len() {
        return Err("unexpected input after expression".to_owned());
    }
    Ok(tree)
}

struct Parser<'s> {
    source: &'s str,
    tokens: &'s [Token],
    at: usize,
    depth: usize,
}

type Parsed = Result<Tree, String>;

impl<'s> Parser<'s> {
    /// The next token's text; empty at the end.
    fn peek(&self) -> &'s str {
        let next = self.tokens.get(self.at);
        next.map_or("", |token| token.text(self.source))
    }

    fn next_is(&self, kind: Kind) -> bool {
        self.tokens.get(self.at).is_some_and(|token| token.kind == kind)
    }

    fn take(&mut self, text: &str) -> bool {
        let found = self.peek() == text;
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, text: &str) -> Result<(), String> {
        if self.take(text) {
            Ok(())
        } else {
            Err(self.unexpected(&format!("`{text}`")))
        }
    }

    fn unexpected(&self, expected: &str) -> String {
        match self.peek() {
            "" => format!("unexpected end of input, expected {expected}"),
            found => format!("unexpected `{found}`, expected {expected}"),
        }
    }

    fn name(&mut self) -> Result<Arc<str>, String> {
        if !self.next_is(Kind::Word) {
            return Err(self.unexpected("identifier"));
        }
        let name = self.peek();
        self.at += 1;
        Ok(name.into())
    }

    fn nested(&mut self, parse: fn(&mut Self) -> Parsed) -> Parsed {
        if self.depth == DEPTH {
            return Err(format!("it nests deeper than {DEPTH} levels"));
        }
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    fn expression(&mut self) -> Parsed {
        self.nested(Self::choice)
    }

    fn choice(&mut self) -> Parsed {
        let mut tree = self.any()?;
        while self.take("if") {
            let condition = self.any()?;
            let otherwise = if self.take("else") {
                Some(Box::new(self.expression()?))
            } else {
                None
            };
            tree = Tree::Choice(Box::new(condition), Box::new(tree), otherwise);
        }
        Ok(tree)
    }

    fn any(&mut self) -> Parsed {
        let mut left = self.all()?;
        while self.take("or") {
            left = Tree::Or(Box::new(left), Box::new(self.all()?));
        }
        Ok(left)
    }

    fn all(&mut self) -> Parsed {
        let mut left = self.negation()?;
        while self.take("and") {
            left = Tree::And(Box::new(left), Box::new(self.negation()?));
        }
        Ok(left)
    }

    fn negation(&mut self) -> Parsed {
        if self.take("not") {
            return Ok(Tree::Not(Box::new(self.nested(Self::negation)?)));
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Parsed {
        let first = self.sum()?;
        let mut compared = Vec::new();
        loop {
            let comparison = match self.peek() {
                "==" => Comparison::Equal,
                "!=" => Comparison::Unequal,
                "<" => Comparison::Less,
                "<=" => Comparison::AtMost,
                ">" => Comparison::More,
                ">=" => Comparison::AtLeast,
                "in" => Comparison::In,
                "not" => Comparison::NotIn,
                _ => break,
            };
            self.at += 1;
            if comparison == Comparison::NotIn {
                self.expect("in")?;
            }
            compared.push((comparison, self.sum()?));
        }
        if compared.is_empty() {
            return Ok(first);
        }
        Ok(Tree::Compare(Box::new(first), compared))
    }

    /// Operators of one rank, from the left.
    fn ranked(&mut self, tighter: fn(&mut Self) -> Parsed, operators: &[Operator]) -> Parsed {
        let mut left = tighter(self)?;
        while let Some(operator) = operators.iter().find(|operator| operator.sign() == self.peek()) {
            self.at += 1;
            left = Tree::Binary(*operator, Box::new(left), Box::new(tighter(self)?));
        }
        Ok(left)
    }

    fn sum(&mut self) -> Parsed {
        self.ranked(Self::joined, &[Operator::Add, Operator::Subtract])
    }

    fn joined(&mut self) -> Parsed {
        self.ranked(Self::product, &[Operator::Join])
    }

    fn product(&mut self) -> Parsed {
        let operators = [
            Operator::Multiply,
            Operator::Divide,
            Operator::DivideDown,
            Operator::Remainder,
        ];
        self.ranked(Self::power, &operators)
    }

    fn power(&mut self) -> Parsed {
        self.ranked(Self::filtered, &[Operator::Power])
    }

    fn filtered(&mut self) -> Parsed {
        let mut tree = self.signed()?;
        loop {
            if self.take("|") {
                let (name, arguments) = (self.name()?, self.arguments()?);
                tree = Tree::Filter(Box::new(tree), name, arguments);
            } else if self.take("is") {
                let negated = self.take("not");
                let (name, mut arguments) = (self.name()?, self.arguments()?);
                if arguments.is_empty() && self.begins_operand() {
                    arguments.placed.push(self.signed()?);
                }
                tree = Tree::Test(Box::new(tree), name, arguments);
                if negated {
                    tree = Tree::Not(Box::new(tree));
                }
            } else {
                return Ok(tree);
            }
        }
    }

    /// Whether the argument of a test follows it without brackets.
    fn begins_operand(&self) -> bool {
        let is_keyword = matches!(self.peek(), "and" | "or" | "not" | "in" | "is" | "if" | "else");
        self.next_is(Kind::Literal)
            || self.next_is(Kind::Word) && !is_keyword
            || matches!(self.peek(), "[" | "{")
    }

    fn signed(&mut self) -> Parsed {
        if self.take("-") {
            return Ok(Tree::Negative(Box::new(self.nested(Self::signed)?)));
        }
        let tree = self.primary()?;
        self.behind(tree)
    }

    /// Members, elements and calls.
    fn behind(&mut self, mut tree: Tree) -> Parsed {
        loop {
            if self.peek() == "." && matches!(tree, Tree::Constant(Operand::Int(_) | Operand::Float(_))) {
                return Err("a number has no members".to_owned());
            }
            if self.take(".") {
                let word = self.peek();
                let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
                if word.is_empty() || !(self.next_is(Kind::Word) || is_number) {
                    return Err(self.unexpected("identifier or integer"));
                }
                self.at += 1;
                tree = Tree::Member(Box::new(tree), word.into());
            } else if self.take("[") {
                tree = self.element(tree)?;
            } else if self.peek() == "(" {
                let arguments = self.arguments()?;
                tree = match tree {
                    Tree::Name(name) => Tree::Call(name, arguments),
                    Tree::Member(owner, name) => Tree::Method(owner, name, arguments),
                    _ => return Err("only functions and methods can be called".to_owned()),
                };
            } else {
                return Ok(tree);
            }
        }
    }

    fn element(&mut self, of: Tree) -> Parsed {
        let mut parts = [None, None, None];
        let mut part = 0;
        while !self.take("]") {
            if self.take(":") && part < 2 {
                part += 1;
            } else if parts[part].is_none() {
                parts[part] = Some(self.expression()?);
            } else {
                return Err(self.unexpected("`]`"));
            }
        }
        match parts {
            [Some(key), None, None] if part == 0 => Ok(Tree::Index(Box::new(of), Box::new(key))),
            _ if part == 0 => Err("empty subscript".to_owned()),
            parts => Ok(Tree::Slice(Box::new(of), Box::new(parts))),
        }
    }

    /// None where no bracket opens.
    fn arguments(&mut self) -> Result<Arguments, String> {
        let mut arguments = Arguments::default();
        if !self.take("(") {
            return Ok(arguments);
        }
        while !self.take(")") {
            if !arguments.is_empty() {
                self.expect(",")?;
                if self.take(")") {
                    break;
                }
            }
            let is_named = self.next_is(Kind::Word)
                && self
                    .tokens
                    .get(self.at + 1)
                    .is_some_and(|next| next.text(self.source) == "=");
            if is_named {
                let name = self.name()?;
                self.at += 1;
                arguments.named.push((name, self.expression()?));
            } else if arguments.named.is_empty() {
                arguments.placed.push(self.expression()?);
            } else {
                return Err("non-keyword arg after keyword arg".to_owned());
            }
        }
        Ok(arguments)
    }

    fn primary(&mut self) -> Parsed {
        let text = self.peek();
        if self.next_is(Kind::Literal) {
            self.at += 1;
            return self.literal(text);
        }
        if !self.next_is(Kind::Word) {
            return match text {
                "(" => self.bracket(),
                "[" => self.list(),
                "{" => self.map(),
                _ => Err(self.unexpected("expression")),
            };
        }
        let constant = match text {
            "true" | "True" => Operand::Bool(true),
            "false" | "False" => Operand::Bool(false),
            "none" | "None" => Operand::Null,
            "and" | "or" | "not" | "in" | "is" | "if" | "else" => return Err(self.unexpected("expression")),
            name => {
                self.at += 1;
                return Ok(Tree::Name(name.into()));
            }
        };
        self.at += 1;
        Ok(Tree::Constant(constant))
    }

    fn literal(&mut self, literal: &str) -> Parsed {
        if !literal.starts_with(['\'', '"']) {
            return number(literal).map(Tree::Constant);
        }
        let mut text = unescaped(literal)?;
        // Texts beside each other are one.
        while self.next_is(Kind::Literal) && self.peek().starts_with(['\'', '"']) {
            text.push_str(&unescaped(self.peek())?);
            self.at += 1;
        }
        Ok(Tree::Constant(text.into()))
    }

    /// Something in round brackets; with a comma it is a list.
    fn bracket(&mut self) -> Parsed {
        self.at += 1;
        if self.take(")") {
            return Ok(Tree::List(Vec::new()));
        }
        let first = self.expression()?;
        if !self.take(",") {
            self.expect(")")?;
            return Ok(first);
        }
        self.list_until(")", vec![first])
    }

    fn list(&mut self) -> Parsed {
        self.at += 1;
        self.list_until("]", Vec::new())
    }

    fn list_until(&mut self, end: &str, mut items: Vec<Tree>) -> Parsed {
        while !self.take(end) {
            items.push(self.expression()?);
            if self.take(end) {
                break;
            }
            self.expect(",")?;
        }
        Ok(Tree::List(items))
    }

    fn map(&mut self) -> Parsed {
        self.at += 1;
        let mut members = Vec::new();
        while !self.take("}") {
            let key = self.expression()?;
            self.expect(":")?;
            members.push((key, self.expression()?));
            if self.take("}") {
                break;
            }
            self.expect(",")?;
        }
        Ok(Tree::Map(members))
    }
}

impl Arguments {
    fn is_empty(&self) -> bool {
        self.placed.is_empty() && self.named.is_empty()
    }

    fn trees(&self) -> impl Iterator<Item = &Tree> {
        self.placed.iter().chain(self.named.iter().map(|(_, tree)| tree))
    }
}

impl Tree {
    /// What is worked out before the rest of it.
    pub(super) fn first_operand(&self) -> Option<&Self> {
        match self {
            Self::Constant(_) | Self::Name(_) | Self::List(_) | Self::Map(_) | Self::Call(..) => None,
            Self::Member(of, _)
            | Self::Index(of, _)
            | Self::Slice(of, _)
            | Self::Negative(of)
            | Self::Not(of)
            | Self::And(of, _)
            | Self::Or(of, _)
            | Self::Binary(_, of, _)
            | Self::Compare(of, _)
            | Self::Choice(of, ..)
            | Self::Filter(of, ..)
            | Self::Test(of, ..)
            | Self::Method(of, ..) => Some(of),
        }
    }

    /// What it is put together of.
    pub(super) fn parts(&self) -> Vec<&Tree> {
        match self {
            Self::Constant(_) | Self::Name(_) => Vec::new(),
            Self::Member(of, _) | Self::Negative(of) | Self::Not(of) => vec![of],
            Self::Index(a, b) | Self::And(a, b) | Self::Or(a, b) | Self::Binary(_, a, b) => vec![a, b],
            Self::Slice(of, bounds) => [&**of].into_iter().chain(bounds.iter().flatten()).collect(),
            Self::Compare(first, compared) => {
                let others = compared.iter().map(|(_, tree)| tree);
                [&**first].into_iter().chain(others).collect()
            }
            Self::Choice(condition, then, otherwise) => [&**condition, then]
                .into_iter()
                .chain(otherwise.as_deref())
                .collect(),
            Self::List(items) => items.iter().collect(),
            Self::Map(members) => members.iter().flat_map(|(key, member)| [key, member]).collect(),
            Self::Filter(of, _, arguments)
            | Self::Test(of, _, arguments)
            | Self::Method(of, _, arguments) => [&**of].into_iter().chain(arguments.trees()).collect(),
            Self::Call(_, arguments) => arguments.trees().collect(),
        }
    }
}

fn number(literal: &str) -> Result<Operand, String> {
    let wrong = || format!("`{literal}` is no number");
    let digits = literal.replace('_', "").to_ascii_lowercase();
    let of_radix = |radix, digits| {
        i64::from_str_radix(digits, radix)
            .map(Operand::Int)
            .map_err(|_| wrong())
    };
    match digits.get(..2) {
        Some("0x") => return of_radix(16, &digits[2..]),
        Some("0o") => return of_radix(8, &digits[2..]),
        Some("0b") => return of_radix(2, &digits[2..]),
        _ => {}
    }
    if let Ok(int) = digits.parse() {
        return Ok(Operand::Int(int));
    }
    let is_number = digits
        .bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'+' | b'-'));
    let float = digits.parse().ok().filter(|_| is_number);
    float.map(Operand::Float).ok_or_else(wrong)
}

/// The text between the quotes.
fn unescaped(literal: &str) -> Result<String, String> {
    let mut text = String::with_capacity(literal.len());
    let mut characters = literal[1..literal.len() - 1].chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            text.push(character);
            continue;
        }
        let escaped = characters.next().unwrap_or_default();
        let digits = match escaped {
            'x' => 2,
            'u' => 4,
            _ => 0,
        };
        if digits == 0 {
            let meant = match escaped {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'b' => '\u{8}',
                'f' => '\u{c}',
                '\\' | '/' | '\'' | '"' => escaped,
                _ => {
                    text.push('\\');
                    escaped
                }
            };
            text.push(meant);
            continue;
        }
        let code: String = characters.by_ref().take(digits).collect();
        let wrong = || format!("`\\{escaped}{code}` is no character");
        let mut unit = u32::from_str_radix(&code, 16).map_err(|_| wrong())?;
        // A character beyond the first 65,536 is written in two halves.
        let second = characters
            .as_str()
            .strip_prefix("\\u")
            .and_then(|rest| rest.get(..4));
        if let 0xD800..=0xDBFF = unit
            && let Some(Ok(low @ 0xDC00..=0xDFFF)) = second.map(|code| u32::from_str_radix(code, 16))
        {
            unit = 0x1_0000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
            characters = characters.as_str()[6..].chars();
        }
        text.push(char::from_u32(unit).ok_or_else(wrong)?);
    }
    Ok(text)
}
