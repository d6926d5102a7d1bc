//! A request as words: lower case, with their singular, and the marks between them.

/// One piece of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Word(Word),
    Comma,
    Colon,
    /// A full stop, an exclamation or question mark, a line's end.
    Stop,
    Open,
    Close,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// As it was written, without signs.
    pub(super) written: String,
    pub(super) lower: String,
    pub(super) singular: String,
}

/// A request, read once.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) pieces: Vec<Piece>,
    /// A name the person gave the app: `called "…"`.
    pub(super) title: Option<String>,
}

impl Request {
    pub(super) fn read(text: &str) -> Self {
        let text: String = text.chars().take(super::REQUEST_CHARACTERS).collect();
        let (title, rest) = given_title(&one_word_todo(&text));
        Self {
            pieces: pieces(&rest),
            title,
        }
    }

    pub(super) fn words(&self) -> impl Iterator<Item = &Word> {
        self.pieces.iter().filter_map(Piece::word)
    }

    /// The words in runs between marks and the words that begin a new thought ("with", "that"),
    /// those without a word that means something left away.
    pub(super) fn clauses(&self) -> Vec<Vec<&Word>> {
        self.pieces
            .split(|piece| piece.word().is_none_or(is_clause_word))
            .map(|run| run.iter().filter_map(Piece::word).collect::<Vec<_>>())
            .filter(|run| run.iter().any(|word| !is_filler(word)))
            .collect()
    }
}

impl Piece {
    pub(super) fn word(&self) -> Option<&Word> {
        match self {
            Self::Word(word) => Some(word),
            _ => None,
        }
    }

    pub(super) fn is_word(&self, lower: &str) -> bool {
        self.word().is_some_and(|word| word.lower == lower)
    }
}

impl Word {
    pub(super) fn new(written: &str) -> Self {
        let lower = written.to_lowercase();
        Self {
            written: written.to_owned(),
            singular: singular(&lower),
            lower,
        }
    }
}

/// The words of a phrase, in the singular: how phrases of blueprints are compared.
pub(super) fn phrase(text: &str) -> Vec<String> {
    pieces(text)
        .iter()
        .filter_map(Piece::word)
        .map(|word| word.singular.clone())
        .collect()
}

/// Words that say nothing about which app is meant.
pub(super) fn is_filler(word: &Word) -> bool {
    FILLERS.contains(&word.lower.as_str()) || word.lower.chars().all(|c| c.is_ascii_digit())
}

/// Whether what follows the word says what for or with what.
pub(super) fn is_clause_word(word: &Word) -> bool {
    CLAUSE_WORDS.contains(&word.lower.as_str())
}

/// Words after which a request says what for or with what.
const CLAUSE_WORDS: [&str; 14] = [
    "with",
    "that",
    "which",
    "where",
    "for",
    "to",
    "so",
    "including",
    "having",
    "containing",
    "who",
    "when",
    "from",
    "plus",
];

#[rustfmt::skip]
const FILLERS: [&str; 121] = [
    "a", "an", "the", "my", "our", "your", "me", "i", "we", "us", "you", "it", "its", "this", "some", "any", "all",
    "please", "hi", "hello", "hey", "thanks", "thank", "can", "could", "would", "should", "will", "ll", "d", "m", "s",
    "want", "need", "like", "love", "create", "build", "make", "give", "show", "get", "generate", "write", "design",
    "develop", "code", "start", "open", "add", "new", "have", "has", "be", "is", "are", "do", "let", "lets", "help",
    "simple", "basic", "nice", "beautiful", "pretty", "clean", "modern", "small", "little", "tiny", "big", "large",
    "good", "great", "cool", "fancy", "elegant", "minimal", "minimalist", "quick", "fast", "easy", "personal",
    "daily", "everyday", "working", "functional", "full", "complete", "standard", "normal", "classic", "pocket",
    "app", "application", "program", "tool", "widget", "page", "screen", "window", "thing", "something", "software",
    "utility", "really", "very", "super", "just", "easily", "ui", "interface", "website", "of", "and", "in", "on", "at", "keep", "use", "using",
];

/// "To do" as one word where it is a noun, so that its "to" begins no clause.
fn one_word_todo(text: &str) -> String {
    const SPELLINGS: [&str; 5] = ["things to do", "to-do", "to do list", "to do app", "to dos"];
    const NOUNS: [&str; 5] = ["todos", "todo", "todo list", "todo app", "todos"];
    let lower = text.to_ascii_lowercase();
    for (spelling, noun) in SPELLINGS.iter().zip(NOUNS) {
        if let Some(at) = lower.find(spelling) {
            return format!("{}{noun}{}", &text[..at], &text[at + spelling.len()..]);
        }
    }
    text.to_owned()
}

/// A name in quotes, or after "called" or "named", taken out of the text.
fn given_title(text: &str) -> (Option<String>, String) {
    const MARKERS: [&str; 5] = [
        " called ",
        " named ",
        " titled ",
        " entitled ",
        " with the title ",
    ];
    let lower = text.to_ascii_lowercase();
    let Some((start, marker)) = MARKERS
        .iter()
        .find_map(|marker| Some((lower.find(marker)?, *marker)))
    else {
        return (None, text.to_owned());
    };
    let name_at = start + marker.len();
    let rest = &text[name_at..];
    let (name, consumed) = if let Some((opening, closing)) = rest.chars().next().and_then(closing_quote) {
        quoted(rest, opening, closing)
    } else {
        let end = end_of_name(rest);
        (&rest[..end], end)
    };
    let name = plain_text(name, 60);
    let without = format!("{}{}", &text[..start], &rest[consumed..]);
    ((!name.is_empty()).then_some(name), without)
}

/// A quote that opens a name, in bytes, and the one that closes it.
fn closing_quote(quote: char) -> Option<(usize, char)> {
    let closing = match quote {
        '“' => '”',
        '‘' => '’',
        '«' => '»',
        '"' | '\'' => quote,
        _ => return None,
    };
    Some((quote.len_utf8(), closing))
}

/// What stands between the quotes, and how many bytes of `text` it takes with them.
fn quoted(text: &str, opening: usize, closing: char) -> (&str, usize) {
    let inner = &text[opening..];
    match inner.find(closing) {
        Some(end) => (&inner[..end], opening + end + closing.len_utf8()),
        None => (inner, text.len()),
    }
}

/// Where a name without quotes ends.
fn end_of_name(text: &str) -> usize {
    const STOPS: [&str; 8] = [" with ", " that ", " which ", " to ", ",", ".", ":", "\n"];
    let lower = text.to_ascii_lowercase();
    STOPS
        .iter()
        .filter_map(|stop| lower.find(stop))
        .min()
        .unwrap_or(text.len())
}

/// A person's words as a text no template can hide in: no braces, no control characters, single
/// spaces, at most `longest` characters.
pub(super) fn plain_text(text: &str, longest: usize) -> String {
    let spaced: String = text
        .chars()
        .map(|c| {
            if c.is_control() || matches!(c, '{' | '}') {
                ' '
            } else {
                c
            }
        })
        .collect();
    let joined = spaced.split_whitespace().collect::<Vec<_>>().join(" ");
    joined
        .chars()
        .take(longest)
        .collect::<String>()
        .trim_end()
        .to_owned()
}

fn pieces(text: &str) -> Vec<Piece> {
    let mut found = Vec::new();
    let mut word = String::new();
    for c in text.chars().chain([' ']) {
        if c.is_alphanumeric() || (matches!(c, '-' | '_') && !word.is_empty()) {
            word.push(c);
            continue;
        }
        let written = word.trim_end_matches(['-', '_']);
        if !written.is_empty() {
            found.push(Piece::Word(Word::new(written)));
        }
        word.clear();
        match c {
            ',' | ';' | '/' => found.push(Piece::Comma),
            '&' => found.push(Piece::Word(Word::new("and"))),
            ':' => found.push(Piece::Colon),
            '.' | '!' | '?' | '\n' => found.push(Piece::Stop),
            '(' | '[' => found.push(Piece::Open),
            ')' | ']' => found.push(Piece::Close),
            _ => {}
        }
    }
    found
}

const IRREGULAR: [(&str, &str); 12] = [
    ("people", "person"),
    ("children", "child"),
    ("men", "man"),
    ("women", "woman"),
    ("movies", "movie"),
    ("cookies", "cookie"),
    ("calories", "calorie"),
    ("series", "series"),
    ("species", "species"),
    ("quizzes", "quiz"),
    ("groceries", "grocery"),
    ("bookshelves", "bookshelf"),
];

/// The singular of an English noun in lower case; a word that is none comes back as it is.
pub(super) fn singular(word: &str) -> String {
    if let Some((_, one)) = IRREGULAR.iter().find(|(many, _)| *many == word) {
        return (*one).to_owned();
    }
    let keeps_its_s = ["ss", "us", "is"].iter().any(|ending| word.ends_with(ending));
    if word.chars().count() < 4 || !word.ends_with('s') || keeps_its_s {
        return word.to_owned();
    }
    if let Some(stem) = word.strip_suffix("ies") {
        return format!("{stem}y");
    }
    let ends_in_es = ["sses", "xes", "zes", "ches", "shes"]
        .iter()
        .any(|ending| word.ends_with(ending));
    word[..word.len() - if ends_in_es { 2 } else { 1 }].to_owned()
}

/// The plural of an English noun given in the singular.
pub(super) fn plural(word: &str) -> String {
    if let Some((many, _)) = IRREGULAR.iter().find(|(_, one)| *one == word) {
        return (*many).to_owned();
    }
    let ends_in = |endings: &[&str]| endings.iter().any(|ending| word.ends_with(ending));
    if ends_in(&["s", "x", "z", "ch", "sh"]) {
        return format!("{word}es");
    }
    match word.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'i', 'o', 'u']) => format!("{stem}ies"),
        _ => format!("{word}s"),
    }
}

/// With its first letter in upper case.
pub(super) fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    })
}
