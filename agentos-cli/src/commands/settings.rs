//! `settings`: which model writes apps, and the choice of another.

use std::env;
use std::io::{self, BufRead};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{print, print_json};
use crate::Verdict;
use crate::server::Server;

const KEY: &str = "AGENTOS_LLM_API_KEY";

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Choose the model that is asked from now on
    Set(Choice),
    /// Ask a provider which models it has, and keep nothing
    Test(Choice),
}

#[derive(Debug, Args)]
struct Choice {
    /// offline, gemini, openai (and servers that speak like it) or anthropic
    #[arg(long, value_name = "PROVIDER")]
    provider: String,
    /// The model to ask; the provider's own where it has one
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// Where the provider is reached, its version included; its own service unless given
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// Bring a key: what `AGENTOS_LLM_API_KEY` holds, else a line of standard input. Without this the key there is for the
    /// same provider and address stays
    #[arg(long)]
    with_key: bool,
}

pub(crate) fn settings(server: &Server, arguments: &Arguments, json: bool) -> anyhow::Result<Verdict> {
    let (answer, tell): (Value, fn(&Value) -> String) = match &arguments.verb {
        None => (server.get("/settings")?, in_force),
        Some(Verb::Set(choice)) => (server.put("/settings", &choice.words()?)?, in_force),
        Some(Verb::Test(choice)) => (server.post("/settings/test", &choice.words()?)?, reached),
    };
    if json {
        print_json(&answer)?;
    } else {
        print(&tell(&answer))?;
    }
    Ok(Verdict::Good)
}

impl Choice {
    fn words(&self) -> anyhow::Result<Value> {
        let mut words = json!({ "provider": self.provider });
        if let Some(model) = &self.model {
            words["model"] = json!(model);
        }
        if let Some(base_url) = &self.base_url {
            words["base_url"] = json!(base_url);
        }
        if self.with_key {
            words["api_key"] = json!(key()?);
        }
        Ok(words)
    }
}

/// Never an argument, which everybody on the machine may read.
fn key() -> anyhow::Result<String> {
    if let Some(key) = env::var(KEY).ok().filter(|key| !key.is_empty()) {
        return Ok(key);
    }
    let mut line = String::new();
    io::stdin()
        .lock()
        .read_line(&mut line)
        .context("cannot read standard input")?;
    if line.trim().is_empty() {
        bail!("no key came; set {KEY} or write the key to standard input");
    }
    Ok(line)
}

fn in_force(settings: &Value) -> String {
    let text = |name: &str| settings[name].as_str();
    let mut lines = vec![format!(
        "{} {}",
        text("provider").unwrap_or("?"),
        text("model").unwrap_or("?")
    )];
    if let Some(base_url) = text("base_url") {
        let key = if settings["has_key"] == true {
            "a key"
        } else {
            "no key"
        };
        lines.push(format!("  at {base_url}, with {key}"));
    }
    let source = text("source").unwrap_or("?");
    let decided_by =
        text("decided_by").map_or_else(|| source.to_owned(), |place| format!("{source}, {place}"));
    lines.push(format!("  decided by: {decided_by}"));
    lines.extend(text("fixed").map(|fixed| format!("  {fixed}")));
    lines.join("\n")
}

/// A model a line.
fn reached(answer: &Value) -> String {
    let models = answer["models"].as_array().into_iter().flatten();
    let names: Vec<&str> = models.filter_map(Value::as_str).collect();
    let there = if answer["model_is_there"] == true {
        "is"
    } else {
        "is not"
    };
    format!(
        "it answers; the model {there} among these:\n  {}",
        names.join("\n  ")
    )
}
