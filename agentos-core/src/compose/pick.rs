//! Which blueprint a request names, and what the request calls it.

use super::Composed;
use super::blueprint::{self, Blueprint};
use super::words::{self, Piece, Request, Word};

/// A blueprint that fits, with the words that name the app without changing what it is.
#[derive(Debug)]
pub(super) struct Pick<'a> {
    pub(super) blueprint: &'static Blueprint,
    name: Vec<&'a Word>,
    /// Whether `name` is what a verb acts on ("count coffees") instead of a kind ("egg timer").
    is_object: bool,
    score: usize,
}

/// The blueprint whose phrase the request's first meaningful clause holds; of two that are joined
/// by "and" the first.
pub(super) fn best(request: &Request) -> Option<Pick<'_>> {
    let clauses = request.clauses();
    let head = clauses.first()?;
    let first = head.split(|word| word.lower == "and").next().unwrap_or_default();
    best_for(head, request)
        .or_else(|| best_for(first, request))
        .or_else(|| hinted_at(request))
}

/// The longest phrase wins, then the most hints, then the library's order.
fn best_for<'a>(head: &[&'a Word], request: &'a Request) -> Option<Pick<'a>> {
    let mut picks: Vec<Pick<'_>> = blueprint::all()
        .iter()
        .filter_map(|blueprint| pick(blueprint, head, request))
        .collect();
    picks.sort_by_key(|pick| std::cmp::Reverse(pick.score));
    picks.into_iter().next()
}

/// A blueprint that knows every word of the request and is meant by two of them alone.
fn hinted_at(request: &Request) -> Option<Pick<'_>> {
    let words: Vec<&Word> = request
        .clauses()
        .into_iter()
        .flatten()
        .filter(|word| !words::is_filler(word))
        .collect();
    let knows_all = |blueprint: &&Blueprint| {
        let is_known = |word: &&Word| {
            blueprint.header.hints.contains(&word.singular)
                || blueprint
                    .phrases
                    .iter()
                    .any(|phrase| *phrase == [word.singular.as_str()])
        };
        blueprint.header.hints_suffice && words.len() > 1 && words.iter().all(is_known)
    };
    let blueprint = blueprint::all().iter().find(knows_all)?;
    Some(Pick {
        blueprint,
        name: Vec::new(),
        is_object: false,
        score: 0,
    })
}

fn pick<'a>(blueprint: &'static Blueprint, head: &[&'a Word], request: &'a Request) -> Option<Pick<'a>> {
    let header = &blueprint.header;
    if request.words().any(|word| header.unlike.contains(&word.singular)) {
        return None;
    }
    let (start, length) = longest_phrase(blueprint, head)?;
    let unknown = |words: &[&'a Word]| -> Vec<&'a Word> {
        words
            .iter()
            .copied()
            .filter(|word| !words::is_filler(word) && !header.hints.contains(&word.singular))
            .collect()
    };
    let (before, after) = (unknown(&head[..start]), unknown(&head[start + length..]));
    let is_object = before.is_empty() && !after.is_empty() && header.verbs.contains(&head[start].lower);
    let fits = match (before.is_empty(), after.is_empty()) {
        (true, true) => true,
        (false, true) => header.takes_any_name,
        (true, false) => is_object,
        (false, false) => false,
    };
    let hints = request
        .words()
        .filter(|word| header.hints.contains(&word.singular))
        .count();
    fits.then(|| Pick {
        blueprint,
        name: if is_object { after } else { before },
        is_object,
        score: length * 100 + hints.min(50),
    })
}

/// Where the longest phrase of `blueprint` begins in `words`, and how many words it has.
fn longest_phrase(blueprint: &Blueprint, words: &[&Word]) -> Option<(usize, usize)> {
    let found = |phrase: &Vec<String>| {
        let start = words.windows(phrase.len()).position(|window| {
            window
                .iter()
                .zip(phrase)
                .all(|(word, part)| word.singular == *part)
        })?;
        Some((start, phrase.len()))
    };
    blueprint
        .phrases
        .iter()
        .filter_map(found)
        .max_by_key(|(_, length)| *length)
}

impl Pick<'_> {
    pub(super) fn compose(&self, request: &Request) -> Composed {
        let mut document = self.blueprint.document.clone();
        let purpose = purpose(request);
        let title = request.title.clone().unwrap_or_else(|| self.title(&purpose));
        document["title"] = title.into();
        Composed {
            blueprint: self.blueprint.name,
            summary: format!("From the built-in apps: {}.", self.blueprint.header.builds),
            document,
            left_out: self.left_out(request, &purpose),
        }
    }

    fn title(&self, purpose: &[&Word]) -> String {
        let own = self.blueprint.document["title"].as_str().unwrap_or_default();
        let name = joined(&self.name);
        let title = match (name.is_empty(), self.is_object, purpose.is_empty()) {
            (true, _, true) => own.to_owned(),
            (true, _, false) => format!("{own} for {}", joined(purpose)),
            (false, true, _) => words::capitalised(&name),
            (false, false, _) => format!("{} {}", words::capitalised(&name), own.to_lowercase()),
        };
        words::plain_text(&title, 60)
    }

    fn left_out(&self, request: &Request, purpose: &[&Word]) -> Vec<String> {
        let phrases = self.blueprint.phrases.iter().flatten();
        let understood: Vec<&String> = phrases.chain(&self.blueprint.header.hints).collect();
        request
            .clauses()
            .into_iter()
            .flatten()
            .filter(|word| !words::is_filler(word) && !understood.contains(&&word.singular))
            .filter(|word| !self.name.contains(word) && !purpose.contains(word))
            .map(|word| word.lower.clone())
            .collect()
    }
}

/// What the app is for: the few words after "for", where they name a thing.
fn purpose(request: &Request) -> Vec<&Word> {
    const LONGEST: usize = 4;
    let after_for = request
        .pieces
        .iter()
        .skip_while(|piece| !piece.is_word("for"))
        .skip(1);
    let run: Vec<&Word> = after_for
        .map_while(Piece::word)
        .take_while(|word| !words::is_clause_word(word))
        .collect();
    let names_a_thing = run.iter().any(|word| !words::is_filler(word));
    let counts = run
        .iter()
        .any(|word| word.lower.starts_with(|c: char| c.is_ascii_digit()));
    if run.len() <= LONGEST && names_a_thing && !counts {
        run
    } else {
        Vec::new()
    }
}

fn joined(words: &[&Word]) -> String {
    words
        .iter()
        .map(|word| word.written.as_str())
        .collect::<Vec<_>>()
        .join(" ")
}
