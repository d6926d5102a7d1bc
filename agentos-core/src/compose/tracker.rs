//! A list of the person's own: what is tracked, and with which fields.

use serde_json::Value;

use super::Composed;
use super::blueprint;
use super::fields::Field;
use super::fill::{self, Filling};
use super::pick::Pick;
use super::words::{self, Piece, Request, Word};

/// A list to build.
#[derive(Debug)]
pub(super) struct Tracker {
    /// One entry, and several: "book", "books".
    noun: (String, String),
    title: String,
    fields: Vec<Field>,
    /// Words of the request it accounts for.
    understood: Vec<String>,
}

/// The tracker a request means that names a blueprint but has fields of its own.
pub(super) fn instead_of(pick: &Pick<'_>, fields: &[Field]) -> Option<Tracker> {
    let tracks = pick.blueprint.header.tracks.as_ref()?;
    let hints = &pick.blueprint.header.hints;
    let is_its_own = |field: &Field| {
        words::phrase(&field.label)
            .iter()
            .all(|word| hints.contains(word))
    };
    if fields.iter().all(is_its_own) {
        return None;
    }
    let own = tracks.fields.iter().filter_map(|name| Field::guess(name));
    let mut all: Vec<Field> = own
        .filter(|field| fields.iter().all(|named| named.key != field.key))
        .collect();
    all.extend(fields.iter().cloned());
    Some(Tracker {
        noun: (tracks.noun.clone(), words::plural(&tracks.noun)),
        title: pick.blueprint.document["title"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        fields: all,
        understood: pick.blueprint.phrases.iter().flatten().cloned().collect(),
    })
}

/// The tracker a request asks for by a verb ("track books"), a kind ("book collection") or a
/// plural with fields ("books with title and author").
pub(super) fn asked_for(request: &Request, fields: Vec<Field>) -> Option<Tracker> {
    let clauses = request.clauses();
    let head = clauses.first()?;
    let subject = after_a_verb(head)
        .or_else(|| after_a_list_of(&request.pieces))
        .or_else(|| before_a_kind(head))
        .or_else(|| known_by_itself(head))
        .or_else(|| named_with_fields(head, &fields))?;
    let (_, parts) = blueprint::tracker();
    let promises_more = subject
        .words
        .iter()
        .any(|word| parts.live.contains(&word.singular));
    if promises_more && fields.is_empty() {
        return None;
    }
    Some(subject.tracker(fields))
}

/// What a request wants to keep a list of.
struct Subject<'a> {
    words: Vec<&'a Word>,
    /// The word after it that says it is a list: "tracker", "collection".
    kind: Option<&'a Word>,
}

fn after_a_verb<'a>(head: &[&'a Word]) -> Option<Subject<'a>> {
    const VERBS: [&str; 12] = [
        "track",
        "tracks",
        "tracking",
        "log",
        "record",
        "catalog",
        "catalogue",
        "collect",
        "organize",
        "organise",
        "list",
        "remember",
    ];
    let verb = head.iter().position(|word| !words::is_filler(word))?;
    if !VERBS.contains(&head[verb].lower.as_str()) {
        return None;
    }
    let words = first_noun(&head[verb + 1..]);
    (!words.is_empty()).then_some(Subject { words, kind: None })
}

fn after_a_list_of(pieces: &[Piece]) -> Option<Subject<'_>> {
    let of = pieces
        .windows(2)
        .position(|pair| pair[0].word().is_some_and(is_list_kind) && pair[1].is_word("of"))?;
    let words: Vec<&Word> = pieces[of + 2..]
        .iter()
        .map_while(Piece::word)
        .take_while(|word| !words::is_clause_word(word))
        .collect();
    let words = first_noun(&words);
    (!words.is_empty()).then_some(Subject { words, kind: None })
}

fn before_a_kind<'a>(head: &[&'a Word]) -> Option<Subject<'a>> {
    let kind = head
        .iter()
        .rposition(|word| is_list_kind(word) || is_weak_kind(word))?;
    let from = head[..kind]
        .iter()
        .rposition(|word| words::is_filler(word))
        .map_or(0, |filler| filler + 1);
    let words = head[from..kind].to_vec();
    let nothing_follows = head[kind + 1..].iter().all(|word| words::is_filler(word));
    let is_a_list = is_list_kind(head[kind]) || words.iter().any(|word| known_fields(word).is_some());
    (!words.is_empty() && nothing_follows && is_a_list).then(|| Subject {
        words,
        kind: Some(head[kind]),
    })
}

fn named_with_fields<'a>(head: &[&'a Word], fields: &[Field]) -> Option<Subject<'a>> {
    let words = first_noun(head);
    let last = words.last()?;
    let is_a_collection = last.lower != last.singular || known_fields(last).is_some() || is_list_kind(last);
    (fields.len() > 1 && is_a_collection).then_some(Subject { words, kind: None })
}

/// "Recipes": a known noun and nothing else.
fn known_by_itself<'a>(head: &[&'a Word]) -> Option<Subject<'a>> {
    let words: Vec<&Word> = head
        .iter()
        .copied()
        .filter(|word| !words::is_filler(word))
        .collect();
    let [noun] = words.as_slice() else { return None };
    let is_many = noun.lower != noun.singular || is_list_kind(noun);
    (is_many && known_fields(noun).is_some()).then_some(Subject { words, kind: None })
}

/// The fields of a noun everyone keeps lists of.
fn known_fields(noun: &Word) -> Option<&'static Vec<Value>> {
    let (_, parts) = blueprint::tracker();
    parts.nouns.get(&noun.singular).and_then(Value::as_array)
}

/// Words that make a list of a known noun only: a recipe book, but no file manager.
fn is_weak_kind(word: &Word) -> bool {
    const KINDS: [&str; 7] = [
        "book",
        "management",
        "manager",
        "schedule",
        "watchlist",
        "wishlist",
        "keeper",
    ];
    KINDS.contains(&word.singular.as_str())
}

/// The first run of words that mean something, at most three.
fn first_noun<'a>(words: &[&'a Word]) -> Vec<&'a Word> {
    let from_noun = words.iter().copied().skip_while(|word| words::is_filler(word));
    from_noun
        .take_while(|word| !words::is_filler(word))
        .take(3)
        .collect()
}

fn is_list_kind(word: &Word) -> bool {
    const KINDS: [&str; 20] = [
        "list",
        "tracker",
        "log",
        "collection",
        "database",
        "catalog",
        "catalogue",
        "library",
        "inventory",
        "journal",
        "diary",
        "directory",
        "register",
        "logbook",
        "organizer",
        "organiser",
        "table",
        "form",
        "archive",
        "planner",
    ];
    KINDS.contains(&word.singular.as_str())
}

impl Subject<'_> {
    fn tracker(self, mut fields: Vec<Field>) -> Tracker {
        let (_, parts) = blueprint::tracker();
        let Some((last, first)) = self.words.split_last() else {
            unreachable!("a subject has a word")
        };
        let joined = |last: &str| {
            let all = first.iter().map(|word| word.lower.as_str()).chain([last]);
            all.collect::<Vec<_>>().join(" ")
        };
        let one = joined(&last.singular);
        let many = joined(&words::plural(&last.singular));
        if fields.is_empty() {
            let known = self.words.iter().rev().find_map(|word| known_fields(word));
            let usual = || parts.nouns.get("").and_then(Value::as_array);
            fields = known
                .or_else(usual)
                .into_iter()
                .flatten()
                .filter_map(|name| Field::guess(name.as_str()?))
                .collect();
        }
        let title = match self.kind {
            Some(kind) => format!("{} {}", joined(&last.lower), kind.lower),
            None if last.lower == last.singular => one.clone(),
            None => many.clone(),
        };
        let is_measure =
            parts.measures.contains(&last.singular) || last.lower.ends_with("ing") || is_list_kind(last);
        let said_in_singular = self.kind.is_none() && last.lower == last.singular;
        let noun = if is_measure || said_in_singular {
            ("entry".to_owned(), "entries".to_owned())
        } else {
            (one, many)
        };
        let understood = self
            .words
            .iter()
            .chain(&self.kind)
            .map(|word| word.singular.clone())
            .collect();
        Tracker {
            noun,
            title: words::capitalised(&title),
            fields,
            understood,
        }
    }
}

impl Tracker {
    pub(super) fn compose(&self, request: &Request) -> Composed {
        let (blueprint, _) = blueprint::tracker();
        let (one, many) = &self.noun;
        let lead = self.lead();
        let title = request
            .title
            .clone()
            .unwrap_or_else(|| words::plain_text(&self.title, 60));
        let filling = Filling {
            texts: vec![
                ("noun", one.clone()),
                ("nouns", many.clone()),
                ("Noun", words::capitalised(one)),
                ("Nouns", words::capitalised(many)),
                ("lead", lead.key.clone()),
            ],
            numbers: Vec::new(),
            fields: &self.fields,
            lead,
        };
        let mut document = fill::fill(&blueprint.document, &filling);
        document["title"] = title.into();
        let labels: Vec<String> = self
            .fields
            .iter()
            .map(|field| field.label.to_lowercase())
            .collect();
        Composed {
            blueprint: blueprint.name,
            summary: format!("A list of {many} with {}.", labels.join(", ")),
            document,
            left_out: self.left_out(request, &labels),
        }
    }

    /// The field a row is called by.
    fn lead(&self) -> &Field {
        let named = self
            .fields
            .iter()
            .find(|field| field.kind.leads && field.choices.is_empty());
        named.unwrap_or(&self.fields[0])
    }

    fn left_out(&self, request: &Request, labels: &[String]) -> Vec<String> {
        let (blueprint, _) = blueprint::tracker();
        let labels = labels.join(" ");
        let choices: Vec<String> = self
            .fields
            .iter()
            .flat_map(|field| &field.choices)
            .map(|choice| choice.to_lowercase())
            .collect();
        request
            .clauses()
            .into_iter()
            .flatten()
            .filter(|word| !words::is_filler(word) && !self.understood.contains(&word.singular))
            .filter(|word| !is_list_kind(word))
            .filter(|word| !blueprint.header.hints.contains(&word.singular))
            .filter(|word| !labels.contains(&word.lower) && !choices.join(" ").contains(&word.lower))
            .map(|word| word.lower.clone())
            .collect()
    }
}
