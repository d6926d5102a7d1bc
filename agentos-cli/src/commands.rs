//! The verbs.

pub(crate) mod engine;
pub(crate) mod generate;
pub(crate) mod health;
pub(crate) mod run;
pub(crate) mod schema;
pub(crate) mod validate;

use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;

use anyhow::Context;
use serde_json::Value;

/// The text of a file, or of standard input for `-`.
fn read(path: &Path) -> anyhow::Result<String> {
    if path.as_os_str() == "-" {
        let mut text = String::new();
        io::stdin()
            .read_to_string(&mut text)
            .context("cannot read standard input")?;
        return Ok(text);
    }
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn print(text: &str) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{text}")
}

fn print_json(value: &Value) -> io::Result<()> {
    print(&format!("{value:#}"))
}
