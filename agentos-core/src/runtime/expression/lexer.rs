//! An expression cut into tokens, and the mistakes that show in them.

use std::ops::Range;

const KEYWORDS: [&str; 8] = ["and", "or", "not", "in", "is", "if", "else", "elif"];
const SIGNS: [&str; 25] = [
    "(", ")", "[", "]", "{", "}", ".", ",", ":", "|", "~", "+", "-", "*", "/", "%", "=", "<", ">", "==",
    "!=", "<=", ">=", "//", "**",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    /// A text with its quotes, or a number.
    Literal,
    Sign,
}

#[derive(Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    span: Range<usize>,
}

/// The first thing that no expression holds, with what is written instead.
pub(super) fn mistake(source: &str, tokens: &[Token]) -> Option<String> {
    let mut before: Option<&Token> = None;
    for token in tokens {
        let text = token.text(source);
        if token.kind == Kind::Sign && !SIGNS.contains(&text) {
            let instead = match text {
                "&" => "; write `and`",
                "!" => "; write `not`",
                "?" => "; write `x if condition else y`",
                _ => "",
            };
            return Some(format!("`{text}` is no part of an expression{instead}"));
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
                    "`{written}` is no part of an expression; write `{instead}`"
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
                "`{text}` stands behind {written} with nothing between them"
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

impl Token {
    pub(super) fn text<'s>(&self, source: &'s str) -> &'s str {
        &source[self.span.clone()]
    }
}

/// `None` for a text that is never closed.
pub(super) fn tokens(source: &str) -> Option<Vec<Token>> {
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
        tokens.push(Token {
            kind,
            span: at..at + length,
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
    // `1.` is a number, and the 0 of `rows.0.name` stands for an element.
    let goes_on = |at: usize| rest[at..].starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | '.'));
    if is_decimal(&rest[..length]) && rest[length..].starts_with('.') && !goes_on(length + 1) {
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
