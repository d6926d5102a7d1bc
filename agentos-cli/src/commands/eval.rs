//! `eval`: how well the server's model serves a file of prompts.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use agentos_adapters::http::Method;
use agentos_core::spec::Issue;
use agentos_core::spec::accept::accept;
use agentos_core::spec::catalog::Catalog;
use agentos_core::spec::mend::Loss;
use anyhow::Context;
use clap::Args;
use serde::Serialize;
use serde_json::{Value, json};

use super::{print, print_json};
use crate::Verdict;
use crate::server::{Server, in_runtime};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// One prompt a line; empty lines and those that begin with # are left out
    #[arg(value_name = "FILE")]
    prompts: PathBuf,
}

/// How one prompt was served.
#[derive(Debug, Serialize)]
struct Served {
    prompt: String,
    outcome: Outcome,
    /// The code of a refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// The gates it came through.
    #[serde(flatten)]
    gates: Gates,
    /// Errors that kept an app from working.
    errors: usize,
    mends: usize,
    repairs: u64,
    trial_events: u64,
    input_tokens: u64,
    output_tokens: u64,
    cached: bool,
    seconds: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    /// It passed every gate.
    Works,
    /// Who was asked says that this is none of theirs.
    Declined,
    Failed,
}

/// What of the way to an app went well: there was a document, the check found no error in it, it did what its trial
/// asked of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
struct Gates {
    parse: bool,
    check: bool,
    trial: bool,
}

impl Gates {
    const ALL: Self = Self {
        parse: true,
        check: true,
        trial: true,
    };

    /// Of the draft of an app that does not work. One without an error failed in its trial.
    fn of_draft(draft: &Value) -> Self {
        let accepted = accept(draft.clone(), Catalog::builtin(), Loss::Forbidden);
        let is_sound = |issues: &[Issue]| !issues.iter().any(Issue::is_error);
        Self {
            parse: draft.is_object(),
            check: draft.is_object() && accepted.is_ok_and(|accepted| is_sound(&accepted.issues)),
            trial: false,
        }
    }

    /// One letter for each, in capitals for what went well.
    fn letters(self) -> String {
        [('p', self.parse), ('c', self.check), ('t', self.trial)]
            .map(|(letter, passed)| {
                if passed {
                    letter.to_ascii_uppercase()
                } else {
                    letter
                }
            })
            .iter()
            .collect()
    }
}

/// Good when nothing failed; what is declined is no failure. The apps it makes are closed again.
pub(crate) fn eval(server: &Server, arguments: &Arguments, json: bool) -> anyhow::Result<Verdict> {
    let file = arguments.prompts.display();
    let text = fs::read_to_string(&arguments.prompts).with_context(|| format!("cannot read {file}"))?;
    let prompts: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    let mut all = Vec::with_capacity(prompts.len());
    for (index, prompt) in prompts.iter().enumerate() {
        write!(io::stderr(), "\r{} of {}", index + 1, prompts.len())?;
        all.push(in_runtime(serve(server, prompt))?);
    }
    writeln!(io::stderr())?;
    if json {
        print_json(&json!(all))?;
    } else {
        print(&table(&all))?;
    }
    let failed = all.iter().any(|served| served.outcome == Outcome::Failed);
    Ok(if failed { Verdict::Bad } else { Verdict::Good })
}

async fn serve(server: &Server, prompt: &str) -> anyhow::Result<Served> {
    let began = Instant::now();
    let answer = server
        .ask(Method::POST, "/generate-ui", Some(&json!({ "message": prompt })))
        .await?;
    let took = began.elapsed();
    if let Some(app) = answer.as_ref().ok().and_then(|made| made["app_id"].as_str()) {
        server
            .ask(Method::DELETE, &format!("/apps/{app}"), None)
            .await?
            .ok();
    }
    Ok(Served::of(prompt, &answer, took))
}

impl Served {
    fn of(prompt: &str, answer: &Result<Value, Value>, took: Duration) -> Self {
        let none = Value::Null;
        let (outcome, code, report, issues) = match answer {
            Ok(made) => (Outcome::Works, None, &made["report"], &none),
            Err(refusal) => {
                let code = refusal["code"].as_str().unwrap_or("unknown").to_owned();
                let outcome = if code == "declined" {
                    Outcome::Declined
                } else {
                    Outcome::Failed
                };
                (outcome, Some(code), &none, &refusal["details"]["issues"])
            }
        };
        let count = |value: &Value| value.as_u64().unwrap_or_default();
        let issues = issues.as_array().into_iter().flatten();
        Self {
            prompt: prompt.to_owned(),
            gates: match answer {
                Ok(_) => Gates::ALL,
                Err(refusal) => Gates::of_draft(&refusal["details"]["draft"]),
            },
            outcome,
            code,
            errors: issues.filter(|issue| issue["severity"] == "error").count(),
            mends: report["mended"].as_array().map_or(0, Vec::len),
            repairs: count(&report["repairs"]),
            trial_events: count(&report["trial"]["events"]),
            input_tokens: count(&report["usage"]["input"]),
            output_tokens: count(&report["usage"]["output"]),
            cached: report["cached"] == true,
            seconds: (took.as_secs_f64() * 1_000.0).round() / 1_000.0,
        }
    }

    fn word(&self) -> String {
        match (self.outcome, &self.code) {
            (Outcome::Works, _) if self.cached => "works, cached".to_owned(),
            (Outcome::Works, _) => "works".to_owned(),
            (Outcome::Declined, _) => "declined".to_owned(),
            (Outcome::Failed, code) => code.clone().unwrap_or_default(),
        }
    }
}

fn table(all: &[Served]) -> String {
    let mut lines = vec![format!(
        "{:<18} {:>5} {:>7} {:>5} {:>7} {:>6} {:>6} {:>8}  prompt",
        "outcome", "gates", "repairs", "mends", "events", "in", "out", "seconds"
    )];
    lines.extend(all.iter().map(|served| {
        format!(
            "{:<18} {:>5} {:>7} {:>5} {:>7} {:>6} {:>6} {:>8.3}  {}",
            served.word(),
            served.gates.letters(),
            served.repairs,
            served.mends,
            served.trial_events,
            served.input_tokens,
            served.output_tokens,
            served.seconds,
            served.prompt
        )
    }));
    lines.push("gates: P a document was read, C its check found no error, T its trial passed".to_owned());
    let count = |outcome: Outcome| all.iter().filter(|served| served.outcome == outcome).count();
    let tokens: u64 = all
        .iter()
        .map(|served| served.input_tokens + served.output_tokens)
        .sum();
    let seconds: f64 = all.iter().map(|served| served.seconds).sum();
    lines.push(format!(
        "{} prompts: {} work, {} declined, {} failed; {tokens} tokens, {seconds:.1} s",
        all.len(),
        count(Outcome::Works),
        count(Outcome::Declined),
        count(Outcome::Failed)
    ));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(answer: &Result<Value, Value>, gates: &str) {
        let served = Served::of("a prompt", answer, Duration::ZERO);
        assert_eq!(served.gates.letters(), gates, "{answer:?}");
    }

    #[test]
    fn the_gates_are_told_one_by_one() {
        let refused = |draft: Value| Err(json!({"code": "generation_failed", "details": {"draft": draft}}));
        let button = |click: Value| json!({"components": [{"type": "button", "props": {"text": "A"}, "on_event": {"click": click}}]});
        check(&Ok(json!({"report": {}})), "PCT");
        check(&refused(json!("I cannot")), "pct");
        check(&refused(button(json!("nowhere"))), "Pct");
        check(
            &refused(button(
                json!({"tool": "ui.set_state", "args": {"path": "a", "value": 1}}),
            )),
            "PCt",
        );
    }
}
