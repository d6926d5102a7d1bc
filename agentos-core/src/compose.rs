//! The offline composer: a request in words, a blueprint document filled for it.
//!
//! Blueprints are documents, not code: the example apps of the [`gallery`](crate::gallery) and the
//! template of the tracker. [`compose`] picks one by the words of the request, fills in the nouns and
//! fields it names, or declines and says what it can build. The same request always gives the same
//! answer.

mod blueprint;
mod fields;
mod fill;
mod pick;
mod tracker;
mod words;

use serde_json::Value;
use thiserror::Error;

use words::Request;

/// Characters of a request that are read; what follows is left out.
pub const REQUEST_CHARACTERS: usize = 2_000;

/// A document made from a blueprint.
#[derive(Debug, Clone, PartialEq)]
pub struct Composed {
    /// The name of the blueprint.
    pub blueprint: &'static str,
    /// What was built, as one sentence for a person.
    pub summary: String,
    pub document: Value,
    /// Words of the request that changed nothing.
    pub left_out: Vec<String>,
}

/// No blueprint fits the request.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("none of the built-in apps fits this request")]
pub struct Declined {
    /// What can be built, one phrase each.
    pub can_build: Vec<String>,
}

/// Builds the app `request` asks for from a blueprint.
pub fn compose(request: &str) -> Result<Composed, Declined> {
    let request = Request::read(request);
    let fields = fields::named_in(&request);
    match pick::best(&request) {
        Some(pick) => Ok(match tracker::instead_of(&pick, &fields) {
            Some(tracker) => tracker.compose(&request),
            None => pick.compose(&request),
        }),
        None => match tracker::asked_for(&request, fields) {
            Some(tracker) => Ok(tracker.compose(&request)),
            None => Err(Declined {
                can_build: can_build(),
            }),
        },
    }
}

/// What the composer can build, one phrase for each blueprint.
pub fn can_build() -> Vec<String> {
    blueprint::all()
        .iter()
        .map(|blueprint| blueprint.header.builds.clone())
        .collect()
}

/// Requests that every blueprint answers, as its document lists them.
pub fn examples() -> impl Iterator<Item = (&'static str, &'static str)> {
    blueprint::all().iter().flat_map(|blueprint| {
        blueprint
            .header
            .examples
            .iter()
            .map(|example| (blueprint.name, example.as_str()))
    })
}
