//! Why there is no configuration: every mistake at once, each with its place.

use std::fmt;

use thiserror::Error;

use crate::model::Missing;

/// Why no configuration came out.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The command line was not understood, or asked for help; it knows how to print itself.
    #[error(transparent)]
    Usage(clap::Error),
    #[error("{}", listed(.0))]
    Mistakes(Vec<Mistake>),
}

/// One setting that cannot be used, and where it was written.
#[derive(Debug, PartialEq, Eq)]
pub struct Mistake {
    pub place: String,
    pub problem: String,
}

impl From<Missing> for Mistake {
    fn from(missing: Missing) -> Self {
        let place = match missing {
            Missing::Model(_) => "AGENTOS_LLM_MODEL",
            Missing::Key(_) => "AGENTOS_LLM_API_KEY",
        };
        Self {
            place: place.to_owned(),
            problem: missing.to_string(),
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.place, self.problem)
    }
}

fn listed(mistakes: &[Mistake]) -> String {
    let lines: Vec<String> = mistakes.iter().map(|mistake| format!("  {mistake}")).collect();
    format!("the configuration cannot be used:\n{}", lines.join("\n"))
}
