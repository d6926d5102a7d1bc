//! What is kept about how an app came to be.

use serde::Serialize;

use crate::ports::llm::{Identity, Usage};
use crate::runtime::trial;
use crate::spec::Issue;
use crate::time::Millis;

/// How a finished document got through the gates.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Report {
    /// What reading and the last check found; no errors among them.
    pub issues: Vec<Issue>,
    /// What was repaired without asking.
    pub mended: Vec<Issue>,
    /// What using the app before anyone saw it came to; nothing for a document a person brought.
    pub trial: Option<trial::Report>,
    /// Whether the document was taken from the cache.
    pub cached: bool,
    /// Times an answer went back to the model.
    pub repairs: usize,
    /// Tokens of all rounds together.
    pub usage: Usage,
    /// Which model wrote it; nothing for a document a person brought.
    pub model: Option<Identity>,
    /// From the request to the finished document, in milliseconds. Who asked measures it.
    pub took_ms: Millis,
}
