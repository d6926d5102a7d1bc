//! Our expressions as minijinja takes them.
//!
//! The two differ in what nothing is. There, a missing member is undefined and `none` is a value of
//! its own; here they are one, so `none` is written as a member that is always missing. And `~`
//! writes its operands as text everywhere does, through our filter `string`.

use std::ops::Range;

const KEYWORDS: [&str; 8] = ["and", "or", "not", "in", "is", "if", "else", "elif"];
const SIGNS: [&str; 25] = [
    "(", ")", "[", "]", "{", "}", ".", ",", ":", "|", "~", "+", "-", "*", "/", "%", "=", "<", ">", "==",
    "!=", "<=", ">=", "//", "**",
];
/// What is never there: a member of nothing.
const NOTHING: &str = "(none.x)";

pub(super) fn translated(source: &str) -> String {
    let Some(tokens) = tokens(source) else {
        return source.to_owned();
    };
    let mut translation = Translation {
        output: String::with_capacity(source.len() * 2),
        levels: vec![Operand::default()],
    };
    let mut end = 0;
    for (index, token) in tokens.iter().enumerate() {
        translation.output.push_str(&source[end..token.span.start]);
        end = token.span.end;
        let before = |back: usize| index.checked_sub(back).map(|at| tokens[at].text(source));
        let role = match role(token, token.text(source), before(1), before(2)) {
            Role::Nothing if tokens.get(index + 1).is_some_and(|next| next.text(source) == "=") => {
                Role::Plain
            }
            role => role,
        };
        translation.take(role, token.text(source));
    }
    translation.close();
    translation.output.push_str(&source[end..]);
    translation.output
}

/// The first thing that no expression holds. It is looked for here because minijinja ends an expression
/// without a word where it cannot read on behind a text.
pub(super) fn mistake(source: &str) -> Option<String> {
    let Some(tokens) = tokens(source) else {
        return Some("syntax error: a text is never closed".to_owned());
    };
    let mut before: Option<&Token> = None;
    for token in &tokens {
        let text = token.text(source);
        if token.kind == Kind::Sign && !SIGNS.contains(&text) {
            let instead = match text {
                "&" => "; write `and`",
                "!" => "; write `not`",
                "?" => "; write `x if condition else y`",
                _ => "",
            };
            return Some(format!(
                "syntax error: `{text}` is no part of an expression{instead}"
            ));
        }
        if let Some(before) = before {
            let instead = match (before.text(source), text) {
                ("==", "=") => Some("=="),
                ("!=", "=") => Some("!="),
                ("|", "|") => Some("or"),
                _ => None,
            };
            if let Some(instead) = instead.filter(|_| before.span.end == token.span.start) {
                let written = &source[before.span.start..token.span.end];
                return Some(format!(
                    "syntax error: `{written}` is no part of an expression; write `{instead}`"
                ));
            }
        }
        let is_text = |token: &Token| token.text(source).starts_with(['\'', '"']);
        if let Some(before) = before.filter(|before| is_text(before))
            && token.kind != Kind::Sign
            && !is_text(token)
            && !KEYWORDS.contains(&text)
        {
            let written = before.text(source);
            return Some(format!(
                "syntax error: `{text}` stands behind {written} with nothing between them"
            ));
        }
        before = Some(token);
    }
    None
}

/// The tests an expression names, after each `is` or `is not`.
pub(super) fn tests(source: &str) -> Vec<&str> {
    let words = tokens(source).unwrap_or_default();
    let text = |at: usize| words.get(at).map(|token| token.text(source));
    let is_word = |at: &usize| words.get(*at).is_some_and(|token| token.kind == Kind::Word);
    (0..words.len())
        .filter(|at| text(*at) == Some("is") && (*at == 0 || text(at - 1) != Some(".")))
        .map(|at| {
            if text(at + 1) == Some("not") {
                at + 2
            } else {
                at + 1
            }
        })
        .filter(is_word)
        .filter_map(text)
        .collect()
}

/// The methods an expression calls: `.name(`.
pub(super) fn methods(source: &str) -> Vec<&str> {
    let words = tokens(source).unwrap_or_default();
    let called = words.windows(3).filter(|three| {
        three[0].text(source) == "." && three[1].kind == Kind::Word && three[2].text(source) == "("
    });
    called.map(|three| three[1].text(source)).collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Part of an operand of `~`.
    Plain,
    Nothing,
    Tilde,
    /// Binds weaker than `~`, so an operand ends before it.
    Weaker,
    Open,
    Close,
}

fn role(token: &Token, text: &str, before: Option<&str>, before_that: Option<&str>) -> Role {
    let is_test = before == Some("is") || (before == Some("not") && before_that == Some("is"));
    let is_member = matches!(before, Some("." | "|"));
    match (token.kind, text) {
        (Kind::Word, _) if is_test || is_member => Role::Plain,
        (Kind::Word, "none" | "None") => Role::Nothing,
        (Kind::Sign, "~") => Role::Tilde,
        (Kind::Sign, "(" | "[" | "{") => Role::Open,
        (Kind::Sign, ")" | "]" | "}") => Role::Close,
        (Kind::Sign, "-") if !token.follows_operand => Role::Plain,
        (Kind::Word, "and" | "or" | "not" | "in" | "if" | "else")
        | (Kind::Sign, "+" | "-" | "=" | "==" | "!=" | "<" | "<=" | ">" | ">=" | "," | ":") => Role::Weaker,
        _ => Role::Plain,
    }
}

/// The operand that is being written within one pair of brackets.
#[derive(Default)]
struct Operand {
    start: usize,
    /// Whether a `~` came before it.
    joins: bool,
}

struct Translation {
    output: String,
    /// One for each open bracket, innermost last; never empty.
    levels: Vec<Operand>,
}

impl Translation {
    fn take(&mut self, role: Role, text: &str) {
        match role {
            Role::Plain => self.output.push_str(text),
            Role::Nothing => self.output.push_str(NOTHING),
            Role::Tilde => {
                self.wrap();
                self.begin(text, true);
            }
            Role::Weaker => {
                self.close();
                self.begin(text, false);
            }
            Role::Open => {
                self.output.push_str(text);
                self.levels.push(Operand {
                    start: self.output.len(),
                    joins: false,
                });
            }
            Role::Close => {
                self.close();
                if self.levels.len() > 1 {
                    self.levels.pop();
                }
                self.output.push_str(text);
            }
        }
    }

    /// Ends the operand, if it is one of `~`.
    fn close(&mut self) {
        if self.levels.last().is_some_and(|operand| operand.joins) {
            self.wrap();
        }
    }

    fn wrap(&mut self) {
        let start = self.levels.last().map_or(0, |operand| operand.start);
        let written = self.output[start..].trim();
        // An empty operand stays the syntax error it is.
        if !written.is_empty() {
            let written = format!(" ({written})|string ");
            self.output.truncate(start);
            self.output.push_str(&written);
        }
    }

    fn begin(&mut self, operator: &str, joins: bool) {
        self.output.push_str(operator);
        let start = self.output.len();
        if let Some(operand) = self.levels.last_mut() {
            *operand = Operand { start, joins };
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Word,
    Literal,
    Sign,
}

struct Token {
    kind: Kind,
    span: Range<usize>,
    follows_operand: bool,
}

impl Token {
    fn text<'s>(&self, source: &'s str) -> &'s str {
        &source[self.span.clone()]
    }
}

/// Cuts the source where minijinja does; `None` for a text that is never closed.
fn tokens(source: &str) -> Option<Vec<Token>> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut at = 0;
    while let Some(first) = source[at..].chars().next() {
        let rest = &source[at..];
        let (kind, length) = match first {
            _ if first.is_whitespace() => {
                at += first.len_utf8();
                continue;
            }
            '\'' | '"' => (Kind::Literal, text_length(rest, first)?),
            _ if first.is_ascii_digit() => (Kind::Literal, number_length(rest)),
            _ if first.is_alphabetic() || first == '_' => (Kind::Word, word_length(rest)),
            _ => (Kind::Sign, sign_length(rest, first)),
        };
        let follows_operand = tokens.last().is_some_and(|last| match last.kind {
            Kind::Literal => true,
            Kind::Word => !KEYWORDS.contains(&last.text(source)),
            Kind::Sign => matches!(last.text(source), ")" | "]" | "}"),
        });
        tokens.push(Token {
            kind,
            span: at..at + length,
            follows_operand,
        });
        at += length;
    }
    Some(tokens)
}

fn text_length(rest: &str, quote: char) -> Option<usize> {
    let mut characters = rest.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        if character == '\\' {
            characters.next();
        } else if character == quote {
            return Some(at + 1);
        }
    }
    None
}

fn word_length(rest: &str) -> usize {
    rest.find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(rest.len())
}

/// A number with its fraction and its exponent, whose sign is no operator.
fn number_length(rest: &str) -> usize {
    let mut length = word_length(rest);
    let is_decimal = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let digit_after = |at: usize| rest.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
    if is_decimal(&rest[..length]) && rest[length..].starts_with('.') && digit_after(length + 1) {
        length += 1 + word_length(&rest[length + 1..]);
    }
    let is_hexadecimal = rest.starts_with("0x") || rest.starts_with("0X");
    let has_signed_exponent = rest[..length].ends_with(['e', 'E'])
        && rest[length..].starts_with(['+', '-'])
        && digit_after(length + 1);
    if has_signed_exponent && !is_hexadecimal {
        length += 1 + word_length(&rest[length + 1..]);
    }
    length
}

fn sign_length(rest: &str, first: char) -> usize {
    const PAIRS: [&str; 6] = ["==", "!=", "<=", ">=", "//", "**"];
    if PAIRS.iter().any(|pair| rest.starts_with(pair)) {
        2
    } else {
        first.len_utf8()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_none_and_the_operands_of_a_tilde_are_written_anew() {
        for (source, expected) in [
            ("a.b + 1", "a.b + 1"),
            ("a == none", "a == (none.x)"),
            ("a is none or a is not none", "a is none or a is not none"),
            ("a.none + 'none'", "a.none + 'none'"),
            ("dict(none=1)", "dict(none=1)"),
            ("a ~ b", " (a)|string ~ (b)|string "),
            ("a * b ~ -c + d", " (a * b)|string ~ (-c)|string + d"),
            ("a - b ~ 1e-5", "a - (b)|string ~ (1e-5)|string "),
            ("f(x ~ 'y', z)", "f( (x)|string ~ ('y')|string , z)"),
            ("a ~", " (a)|string ~"),
            ("'it\\'s ~", "'it\\'s ~"),
        ] {
            assert_eq!(translated(source), expected, "{source}");
        }
    }
}
