//! `generate`: a sentence becomes an app on the desktop; progress goes to standard error.

use std::io::{self, Write};

use anyhow::{Context, bail};
use clap::Args;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::progress::Progress;
use super::{print, print_json};
use crate::Verdict;
use crate::server::{Server, in_runtime};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// What the app should do
    #[arg(value_name = "SENTENCE", required = true)]
    words: Vec<String>,
}

pub(crate) fn generate(server: &Server, arguments: &Arguments, json: bool) -> anyhow::Result<Verdict> {
    let message = arguments.words.join(" ");
    let outcome = in_runtime(converse(server, &message))?;
    match outcome {
        Outcome::App(app) if json => print_json(&app)?,
        Outcome::App(app) => {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            print(&format!(
                "{}  {}",
                text(&app["ui_spec"]["title"]),
                text(&app["app_id"])
            ))?;
        }
        Outcome::Refusal(refusal) => {
            if json {
                print_json(&refusal)?;
            } else {
                writeln!(io::stderr(), "{}", told(&refusal))?;
            }
            return Ok(Verdict::Bad);
        }
    }
    Ok(Verdict::Good)
}

enum Outcome {
    App(Value),
    Refusal(Value),
}

async fn converse(server: &Server, message: &str) -> anyhow::Result<Outcome> {
    let mut stream = server.stream().await?;
    let request = json!({ "type": "generate_ui", "message": message });
    stream.send(Message::text(request.to_string())).await?;
    let mut outcome = None;
    let mut progress = Progress::default();
    while let Some(frame) = stream.next().await {
        let Message::Text(text) = frame.context("the connection to the server broke")? else {
            continue;
        };
        let event: Value =
            serde_json::from_str(&text).context("the server sent something that is not JSON")?;
        progress.show(&event)?;
        match event["type"].as_str() {
            Some("ui_complete") => outcome = Some(Outcome::App(without_envelope(event))),
            Some("error") => outcome = Some(Outcome::Refusal(without_envelope(event))),
            Some("complete") => return outcome.context("the server ended without an app or a reason"),
            _ => {}
        }
    }
    bail!("the server closed the connection before the app was ready")
}

fn without_envelope(mut event: Value) -> Value {
    if let Some(event) = event.as_object_mut() {
        for name in ["type", "id", "seq", "timestamp"] {
            event.shift_remove(name);
        }
    }
    event
}

/// A refusal as lines: the sentence, the issues, what could be built.
pub(super) fn told(refusal: &Value) -> String {
    let mut lines = vec![refusal["error"].as_str().unwrap_or("no app was made").to_owned()];
    for issue in refusal["details"]["issues"].as_array().into_iter().flatten() {
        let text = |name: &str| issue[name].as_str().unwrap_or_default();
        lines.push(format!(
            "  {}[{}] {}: {}",
            text("severity"),
            text("code"),
            text("path"),
            text("message")
        ));
    }
    for name in refusal["details"]["can_build"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
    {
        lines.push(format!("  - {name}"));
    }
    lines.join("\n")
}
