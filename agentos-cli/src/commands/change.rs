//! `change`: the model changes an app on the desktop, as a sentence says.

use agentos_core::ids::AppId;
use clap::Args;
use serde_json::{Value, json};

use super::{print, print_json};
use crate::Verdict;
use crate::server::Server;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The id of the app
    #[arg(value_name = "APP")]
    app: AppId,
    /// What should be different
    #[arg(value_name = "SENTENCE", required = true)]
    words: Vec<String>,
}

pub(crate) fn change(server: &Server, arguments: &Arguments, json: bool) -> anyhow::Result<Verdict> {
    let message = arguments.words.join(" ");
    let path = format!("/apps/{}/edit", arguments.app);
    let changed = server.post(&path, &json!({ "message": message }))?;
    if json {
        print_json(&changed)?;
    } else {
        print(&summary(&changed))?;
    }
    Ok(Verdict::Good)
}

fn summary(changed: &Value) -> String {
    let mut lines = vec![format!(
        "{}  version {}",
        changed["ui_spec"]["title"].as_str().unwrap_or_default(),
        changed["version"]
    )];
    for operation in changed["patch"].as_array().into_iter().flatten() {
        let text = |name: &str| operation[name].as_str().unwrap_or_default();
        lines.push(format!("  {} {}", text("op"), text("path")));
    }
    lines.join("\n")
}
