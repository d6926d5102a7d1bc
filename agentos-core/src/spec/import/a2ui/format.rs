//! The two little languages inside A2UI's texts: `${…}` of `formatString`, and date patterns of
//! Unicode TR35.

use serde_json::{Map, Value, json};

use super::value::{Rows, Unknown, expression, quoted};

/// Text with `${…}` as text with `{{ … }}`.
pub(super) fn interpolated(text: &str, rows: Rows) -> Result<String, Unknown> {
    let parts = parts(text, rows)?;
    Ok(parts
        .into_iter()
        .map(|part| match part {
            Part::Text(text) => text,
            Part::Expression(source) => format!("{{{{ {source} }}}}"),
        })
        .collect())
}

/// The same as one expression.
pub(super) fn concatenated(text: &str, rows: Rows) -> Result<String, Unknown> {
    let parts: Vec<String> = parts(text, rows)?
        .into_iter()
        .map(|part| match part {
            Part::Text(text) => quoted(&text),
            Part::Expression(source) => source,
        })
        .collect();
    Ok(if parts.is_empty() {
        "\"\"".to_owned()
    } else {
        format!("({})", parts.join(" ~ "))
    })
}

enum Part {
    Text(String),
    Expression(String),
}

fn parts(text: &str, rows: Rows) -> Result<Vec<Part>, Unknown> {
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, from) = rest.split_at(at);
        if let Some(escaped) = before.strip_suffix('\\') {
            literal.push_str(escaped);
            literal.push_str("${");
            rest = &from[2..];
            continue;
        }
        literal.push_str(before);
        let mut cursor = Cursor {
            rest: &from[2..],
            depth: 0,
        };
        let value = cursor.value(rows)?;
        cursor.expect('}')?;
        if !literal.is_empty() {
            parts.push(Part::Text(std::mem::take(&mut literal)));
        }
        parts.push(Part::Expression(expression(&value, rows)?));
        rest = cursor.rest;
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        parts.push(Part::Text(literal));
    }
    Ok(parts)
}

/// How deep calls may stand within calls.
const DEPTH: usize = 16;

/// Reads what stands between the braces: a path, or a call with named arguments.
struct Cursor<'a> {
    rest: &'a str,
    depth: usize,
}

impl Cursor<'_> {
    fn value(&mut self, rows: Rows) -> Result<Value, Unknown> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(format!("calls nested more than {DEPTH} deep"));
        }
        self.skip_spaces();
        let read = match self.rest.chars().next() {
            Some(quote @ ('\'' | '"')) => self.text(quote),
            Some('$') if self.rest.starts_with("${") => {
                self.rest = &self.rest[2..];
                let inner = self.value(rows)?;
                self.expect('}')?;
                Ok(inner)
            }
            _ => self.word(rows),
        };
        self.depth -= 1;
        read
    }

    fn text(&mut self, quote: char) -> Result<Value, Unknown> {
        let inner = &self.rest[1..];
        let end = inner.find(quote).ok_or("text without its closing quote")?;
        self.rest = &inner[end + 1..];
        Ok(inner[..end].into())
    }

    fn word(&mut self, rows: Rows) -> Result<Value, Unknown> {
        let end = self
            .rest
            .find(['}', '(', ')', ',', ':'])
            .unwrap_or(self.rest.len());
        let word = self.rest[..end].trim().to_owned();
        self.rest = &self.rest[end..];
        if self.rest.starts_with('(') {
            return self.arguments(&word, rows);
        }
        Ok(match serde_json::from_str::<Value>(&word) {
            Ok(literal) if literal.is_number() || literal.is_boolean() => literal,
            _ => json!({"path": word}),
        })
    }

    fn arguments(&mut self, function: &str, rows: Rows) -> Result<Value, Unknown> {
        self.expect('(')?;
        let mut args = Map::new();
        loop {
            self.skip_spaces();
            if self.rest.starts_with(')') {
                break;
            }
            let end = self
                .rest
                .find(':')
                .ok_or_else(|| format!("an argument of `{function}` without a name"))?;
            let name = self.rest[..end].trim().to_owned();
            self.rest = &self.rest[end + 1..];
            args.insert(name, self.value(rows)?);
            self.skip_spaces();
            if !self.rest.starts_with(',') {
                break;
            }
            self.rest = &self.rest[1..];
        }
        self.expect(')')?;
        Ok(json!({"call": function, "args": args}))
    }

    fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn expect(&mut self, wanted: char) -> Result<(), Unknown> {
        self.skip_spaces();
        let Some(rest) = self.rest.strip_prefix(wanted) else {
            return Err(format!("text in which `{wanted}` is missing"));
        };
        self.rest = rest;
        Ok(())
    }
}

/// A date pattern of TR35 as directives of strftime.
pub(super) fn date_directives(pattern: &str) -> Result<String, Unknown> {
    let mut directives = String::new();
    let mut letters = pattern.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter == '\'' {
            let quoted: String = letters.by_ref().take_while(|c| *c != '\'').collect();
            directives.push_str(if quoted.is_empty() { "'" } else { &quoted });
            continue;
        }
        if !letter.is_ascii_alphabetic() {
            directives.push(letter);
            continue;
        }
        let mut count = 1;
        while letters.next_if_eq(&letter).is_some() {
            count += 1;
        }
        directives.push_str(match (letter, count) {
            ('y', 2) => "%y",
            ('y', _) => "%Y",
            ('M', 1) => "%-m",
            ('M', 2) => "%m",
            ('M', 3) => "%b",
            ('M', 4) => "%B",
            ('d', 1) => "%-d",
            ('d', 2) => "%d",
            ('E', 1..=3) => "%a",
            ('E', 4) => "%A",
            ('H', 1) => "%-H",
            ('H', 2) => "%H",
            ('h', 1) => "%-I",
            ('h', 2) => "%I",
            ('m', 1) => "%-M",
            ('m', 2) => "%M",
            ('s', 1) => "%-S",
            ('s', 2) => "%S",
            ('a', 1) => "%p",
            _ => return Err(format!("the date pattern \"{pattern}\"")),
        });
    }
    Ok(directives)
}
