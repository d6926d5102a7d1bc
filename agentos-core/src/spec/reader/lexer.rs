//! Characters to tokens, one character at a time.

use super::slips::Slips;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bracket {
    Object,
    Array,
}

#[derive(Debug)]
pub(super) enum Token {
    Open(Bracket),
    Close(Bracket),
    Colon,
    Comma,
    Text(String),
    /// A number, a literal or a name without quotes.
    Word(String),
    /// The code fence that ends the document.
    Fence,
}

#[derive(Debug, Default)]
pub(super) struct Lexer {
    state: State,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Between,
    Text(OpenText),
    Word(String),
    Slash,
    LineComment,
    BlockComment {
        star: bool,
    },
}

impl Lexer {
    /// At most two tokens: a word ends with the character that is a token itself.
    #[inline]
    pub(super) fn take(&mut self, character: char, slips: &mut Slips) -> [Option<Token>; 2] {
        match &mut self.state {
            State::Between => [None, self.begin(character, slips)],
            State::Text(text) => {
                let closed = text.take(character, slips);
                let token = closed.then(|| Token::Text(std::mem::take(&mut text.content)));
                if closed {
                    self.state = State::Between;
                }
                [token, None]
            }
            State::Word(word) => {
                if continues_word(character) {
                    word.push(character);
                    return [None, None];
                }
                let word = std::mem::take(word);
                self.state = State::Between;
                [Some(Token::Word(word)), self.begin(character, slips)]
            }
            State::Slash => {
                slips.note("a comment was left out");
                self.state = match character {
                    '/' => State::LineComment,
                    '*' => State::BlockComment { star: false },
                    _ => State::Between,
                };
                [None, None]
            }
            State::LineComment => {
                if character == '\n' {
                    self.state = State::Between;
                }
                [None, None]
            }
            State::BlockComment { star } => {
                if *star && character == '/' {
                    self.state = State::Between;
                } else {
                    *star = character == '*';
                }
                [None, None]
            }
        }
    }

    /// Takes the bytes `rest` begins with that only go on with the text that is open, up to `room`; how many
    /// they are. Each is one character, and none has a meaning of its own.
    #[inline]
    pub(super) fn take_plain_text(&mut self, rest: &str, room: usize) -> usize {
        let State::Text(text) = &mut self.state else {
            return 0;
        };
        if !matches!(text.escape, Escape::None) {
            return 0;
        }
        let is_plain = |byte: &u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\' | b'{' | b'}');
        let run = rest.bytes().take(room).take_while(is_plain).count();
        if run > 0 {
            text.settle_surrogate();
            text.content.push_str(&rest[..run]);
        }
        run
    }

    pub(super) fn open_text(&self) -> Option<&OpenText> {
        match &self.state {
            State::Text(text) => Some(text),
            _ => None,
        }
    }

    fn begin(&mut self, character: char, slips: &mut Slips) -> Option<Token> {
        match character {
            '{' => return Some(Token::Open(Bracket::Object)),
            '}' => return Some(Token::Close(Bracket::Object)),
            '[' => return Some(Token::Open(Bracket::Array)),
            ']' => return Some(Token::Close(Bracket::Array)),
            ':' => return Some(Token::Colon),
            ',' => return Some(Token::Comma),
            '`' => return Some(Token::Fence),
            '"' => self.state = State::Text(OpenText::default()),
            '/' => self.state = State::Slash,
            _ if is_typographic_quote(character) => {
                slips.note("typographic quotes were read as quotes");
                self.state = State::Text(OpenText {
                    typographic: true,
                    ..OpenText::default()
                });
            }
            _ if is_space(character) => {}
            _ => self.state = State::Word(character.into()),
        }
        None
    }
}

fn is_space(character: char) -> bool {
    character.is_whitespace() || character == '\u{feff}'
}

fn is_typographic_quote(character: char) -> bool {
    matches!(character, '“' | '”' | '„' | '‟' | '＂')
}

fn continues_word(character: char) -> bool {
    !is_space(character)
        && !is_typographic_quote(character)
        && !matches!(character, '{' | '}' | '[' | ']' | ':' | ',' | '"' | '/' | '`')
}

/// A string whose closing quote has not come yet.
#[derive(Debug, Default)]
pub(super) struct OpenText {
    content: String,
    typographic: bool,
    escape: Escape,
    /// The first half of a character that JSON writes as two `\u` units.
    high_surrogate: Option<u32>,
    /// Where a `{{` begins that has no `}}` yet.
    open_template: Option<usize>,
}

#[derive(Debug, Default)]
enum Escape {
    #[default]
    None,
    Backslash,
    Unit {
        digits: u8,
        unit: u32,
    },
}

impl OpenText {
    /// What can be shown: all but a template or an escape that is still being written.
    pub(super) fn visible(&self) -> &str {
        let end = self.open_template.unwrap_or(self.content.len());
        self.content[..end].trim_end_matches('{')
    }

    /// Whether the character closed the string.
    fn take(&mut self, character: char, slips: &mut Slips) -> bool {
        match std::mem::take(&mut self.escape) {
            Escape::Backslash => self.escaped(character, slips),
            Escape::Unit { digits, unit } => match character.to_digit(16) {
                Some(digit) if digits == 3 => self.add_unit(unit * 16 + digit),
                Some(digit) => {
                    self.escape = Escape::Unit {
                        digits: digits + 1,
                        unit: unit * 16 + digit,
                    }
                }
                None => {
                    slips.note("an unfinished \\u escape was replaced");
                    self.add(char::REPLACEMENT_CHARACTER);
                    return self.take(character, slips);
                }
            },
            Escape::None if character == '\\' => self.escape = Escape::Backslash,
            Escape::None if self.is_closing(character) => {
                self.settle_surrogate();
                return true;
            }
            Escape::None => {
                if character < ' ' {
                    slips.note("a line break or tab inside a text was kept");
                }
                self.add(character);
            }
        }
        false
    }

    fn is_closing(&self, character: char) -> bool {
        character == '"' || (self.typographic && is_typographic_quote(character))
    }

    fn escaped(&mut self, character: char, slips: &mut Slips) {
        match character {
            'n' => self.add('\n'),
            't' => self.add('\t'),
            'r' => self.add('\r'),
            'b' => self.add('\u{8}'),
            'f' => self.add('\u{c}'),
            'u' => self.escape = Escape::Unit { digits: 0, unit: 0 },
            '"' | '\\' | '/' | '\'' => self.add(character),
            _ if is_typographic_quote(character) => self.add(character),
            _ => {
                slips.note("a backslash before an ordinary character was kept");
                self.add('\\');
                self.add(character);
            }
        }
    }

    fn add_unit(&mut self, unit: u32) {
        match (self.high_surrogate.take(), unit) {
            (Some(high), 0xDC00..=0xDFFF) => {
                let code = 0x1_0000 + ((high - 0xD800) << 10) + (unit - 0xDC00);
                self.add(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            (pending, _) => {
                if pending.is_some() {
                    self.add(char::REPLACEMENT_CHARACTER);
                }
                if (0xD800..=0xDBFF).contains(&unit) {
                    self.high_surrogate = Some(unit);
                } else {
                    self.add(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER));
                }
            }
        }
    }

    fn settle_surrogate(&mut self) {
        if self.high_surrogate.take().is_some() {
            self.add(char::REPLACEMENT_CHARACTER);
        }
    }

    fn add(&mut self, character: char) {
        self.settle_surrogate();
        let previous = self.content.chars().next_back();
        self.content.push(character);
        match (previous, character) {
            (Some('{'), '{') if self.open_template.is_none() => {
                self.open_template = Some(self.content.len() - 2);
            }
            (Some('}'), '}') => self.open_template = None,
            _ => {}
        }
    }
}
