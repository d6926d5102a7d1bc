//! The fields a request names: "with title, author and a rating".

use serde_json::Value;

use super::blueprint::{self, FieldKind};
use super::words::{self, Piece, Request, Word};

/// Fields of one list; what a request names beyond them is left out.
const MOST_FIELDS: usize = 12;
/// Words of one field's name.
const MOST_WORDS: usize = 4;
/// The best rating when the request names none, and the best one that is still drawn as stars.
const USUAL_SCALE: u32 = 5;
const LONGEST_SCALE: u32 = 10;
/// Choices of one field.
const MOST_CHOICES: usize = 20;

/// One field of a list a person wants to keep.
#[derive(Debug, Clone)]
pub(super) struct Field {
    /// Its member in a row's object: an identifier.
    pub(super) key: String,
    pub(super) label: String,
    pub(super) kind: &'static FieldKind,
    /// The values it can take, where the request lists them in brackets.
    pub(super) choices: Vec<String>,
    /// The best rating, for a field that is one.
    pub(super) most: u32,
}

impl Field {
    /// The field `name` means, its kind guessed from its words.
    pub(super) fn guess(name: &str) -> Option<Self> {
        let request = Request::read(name);
        let words: Vec<&Word> = request.words().collect();
        Self::from_words(&words, Vec::new())
    }

    fn from_words(words: &[&Word], inside_brackets: Vec<String>) -> Option<Self> {
        if words.is_empty() || words.len() > MOST_WORDS {
            return None;
        }
        let written = with_last(words, &words[words.len() - 1].lower);
        let is_choice = inside_brackets.len() > 1;
        let kind = if is_choice {
            kind_called("choice")
        } else {
            guessed_kind(words)
        };
        let written = if kind.many {
            written
        } else {
            with_last(words, &words[words.len() - 1].singular)
        };
        let label = match inside_brackets.as_slice() {
            [unit] => format!("{written} ({unit})"),
            _ => written.clone(),
        };
        Some(Self {
            key: identifier(&written),
            label: words::plain_text(&words::capitalised(&label), 40),
            kind,
            choices: if is_choice { inside_brackets } else { Vec::new() },
            most: USUAL_SCALE,
        })
    }

    /// The same field with ratings up to `most`; without stars where there would be too many.
    fn up_to(self, most: u32) -> Self {
        let kind = if most > LONGEST_SCALE {
            kind_called("number")
        } else {
            self.kind
        };
        Self { kind, most, ..self }
    }

    /// The value of a new row.
    pub(super) fn initial(&self) -> Value {
        match self.choices.first() {
            Some(first) => first.as_str().into(),
            None => self
                .kind
                .parts
                .get("initial")
                .cloned()
                .unwrap_or_else(|| "".into()),
        }
    }
}

fn with_last(words: &[&Word], last: &str) -> String {
    let before = words[..words.len() - 1].iter().map(|word| word.lower.as_str());
    before.chain([last]).collect::<Vec<_>>().join(" ")
}

/// Every field the request lists; empty where it lists none.
pub(super) fn named_in(request: &Request) -> Vec<Field> {
    let Some(start) = list_start(&request.pieces) else {
        return Vec::new();
    };
    let end = request.pieces[start..]
        .iter()
        .position(ends_the_list)
        .map_or(request.pieces.len(), |at| start + at);
    let mut found: Vec<Field> = Vec::new();
    for item in items(&request.pieces[start..end]) {
        let Some(field) = field(&item) else { continue };
        if found.len() < MOST_FIELDS && found.iter().all(|other| other.key != field.key) {
            found.push(field);
        }
    }
    found
}

fn list_start(pieces: &[Piece]) -> Option<usize> {
    const MARKERS: [&str; 8] = [
        "with",
        "including",
        "includes",
        "having",
        "containing",
        "have",
        "has",
        "fields",
    ];
    let marker = |piece: &Piece| *piece == Piece::Colon || MARKERS.iter().any(|marker| piece.is_word(marker));
    // "I have to track …" is no list of fields: something that is tracked comes before it.
    let first_noun = pieces
        .iter()
        .position(|piece| piece.word().is_some_and(|word| !words::is_filler(word)))?;
    pieces
        .iter()
        .enumerate()
        .skip(first_noun)
        .find_map(|(at, piece)| marker(piece).then_some(at + 1))
}

fn ends_the_list(piece: &Piece) -> bool {
    const WORDS: [&str; 7] = ["that", "which", "where", "for", "so", "who", "when"];
    *piece == Piece::Stop || WORDS.iter().any(|word| piece.is_word(word))
}

/// One entry of the list: its words, and what its brackets hold.
#[derive(Debug, Default)]
struct Item<'a> {
    words: Vec<&'a Word>,
    inside_brackets: Vec<String>,
}

fn items(pieces: &[Piece]) -> Vec<Item<'_>> {
    let mut items = vec![Item::default()];
    let mut brackets: Option<Vec<Vec<&str>>> = None;
    for piece in pieces {
        match (piece, &mut brackets) {
            (Piece::Open, None) => brackets = Some(vec![Vec::new()]),
            (Piece::Close, Some(inside)) => {
                let choices = inside.iter().map(|words| words::capitalised(&words.join(" ")));
                let choices: Vec<String> = choices
                    .filter(|text| !text.is_empty())
                    .take(MOST_CHOICES)
                    .collect();
                if let Some(item) = items.last_mut() {
                    item.inside_brackets = choices;
                }
                brackets = None;
            }
            (Piece::Comma, Some(inside)) => inside.push(Vec::new()),
            (Piece::Word(word), Some(inside)) if word.lower == "or" => inside.push(Vec::new()),
            (Piece::Word(word), Some(inside)) => {
                if let Some(last) = inside.last_mut() {
                    last.push(&word.written);
                }
            }
            (Piece::Comma, None) => items.push(Item::default()),
            (Piece::Word(word), None) if matches!(word.lower.as_str(), "and" | "plus" | "or" | "with") => {
                items.push(Item::default());
            }
            (Piece::Word(word), None) => {
                if let Some(item) = items.last_mut() {
                    item.words.push(word);
                }
            }
            _ => {}
        }
    }
    items
}

/// Words after which an item says more about a field than its name.
const DETAILS: [&str; 7] = ["from", "to", "out", "between", "as", "such", "like"];

fn field(item: &Item<'_>) -> Option<Field> {
    const LEADING: [&str; 14] = [
        "a", "an", "the", "its", "their", "my", "each", "also", "optional", "fields", "field", "column",
        "columns", "some",
    ];
    const TRAILING: [&str; 4] = ["field", "fields", "column", "columns"];
    let words: Vec<&Word> = item
        .words
        .iter()
        .copied()
        .skip_while(|word| LEADING.contains(&word.lower.as_str()))
        .take_while(|word| !DETAILS.contains(&word.lower.as_str()))
        .filter(|word| !TRAILING.contains(&word.lower.as_str()))
        .collect();
    if words.first().is_some_and(|first| is_a_feature(first)) || words.iter().any(|word| is_beyond(word)) {
        return None;
    }
    match best_rating(item).filter(|_| guessed_kind(&words).kind == "rating") {
        Some(most) => Field::from_words(&words, Vec::new()).map(|field| field.up_to(most)),
        None => Field::from_words(&words, item.inside_brackets.clone()),
    }
}

/// The last number an item gives besides its name: "from 1 to 10", "out of 10", "(1-10)".
fn best_rating(item: &Item<'_>) -> Option<u32> {
    let details = item
        .words
        .iter()
        .skip_while(|word| !DETAILS.contains(&word.lower.as_str()));
    let said = details
        .map(|word| word.lower.as_str())
        .chain(item.inside_brackets.iter().map(String::as_str));
    let numbers = said
        .flat_map(|text| text.split(|c: char| !c.is_ascii_digit()))
        .filter_map(|digits| digits.parse().ok());
    numbers.last().filter(|most| *most > 1)
}

fn is_a_feature(word: &Word) -> bool {
    let (tracker, _) = blueprint::tracker();
    tracker.header.hints.contains(&word.singular)
}

fn is_beyond(word: &Word) -> bool {
    let (_, parts) = blueprint::tracker();
    parts.beyond.contains(&word.singular)
}

fn guessed_kind(words: &[&Word]) -> &'static FieldKind {
    let (_, parts) = blueprint::tracker();
    let named = |kind: &&FieldKind| words.iter().any(|word| kind.named.contains(&word.singular));
    parts
        .kinds
        .iter()
        .find(named)
        .unwrap_or_else(|| kind_called("text"))
}

fn kind_called(name: &str) -> &'static FieldKind {
    let (_, parts) = blueprint::tracker();
    parts
        .kinds
        .iter()
        .find(|kind| kind.kind == name)
        .expect("the tracker has this kind; a test reads the whole library")
}

/// A member name that an expression and a path can both say.
fn identifier(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    let plain = plain.trim_matches('_');
    let is_taken = ["id", "constructor", "prototype"].contains(&plain);
    if plain.is_empty() || is_taken || plain.starts_with(|c: char| c.is_ascii_digit()) {
        return format!("field_{plain}");
    }
    plain.to_owned()
}
