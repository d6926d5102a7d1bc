//! `schema`: the language as JSON Schema.

use agentos_core::spec::Catalog;
use agentos_core::spec::schema::{acceptance, generation};
use clap::{Args, ValueEnum};

use super::print_json;
use crate::Verdict;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// What it is for
    #[arg(long = "for", value_enum, default_value_t = Purpose::Acceptance)]
    purpose: Purpose,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Purpose {
    /// Everything a document may hold that needs no mend
    Acceptance,
    /// The form a model is constrained to while it writes
    Generation,
}

pub(crate) fn schema(arguments: &Arguments) -> anyhow::Result<Verdict> {
    let catalog = Catalog::builtin();
    print_json(&match arguments.purpose {
        Purpose::Acceptance => acceptance(catalog),
        Purpose::Generation => generation(catalog),
    })?;
    Ok(Verdict::Good)
}
