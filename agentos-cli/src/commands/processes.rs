//! `ps`, `kill`, `suspend` and `resume`: the processes and the operator's hand on them.

use clap::Args;
use serde_json::{Value, json};

use super::table::{Column, count, moment, size, table};
use super::{print, print_json};
use crate::Verdict;
use crate::server::Server;

#[derive(Debug, Args)]
pub(crate) struct Which {
    /// The number of the process, as `ps` shows it
    #[arg(value_parser = pid)]
    pid: u64,
}

pub(super) fn pid(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| "a process is named by its number, as `ps` shows it".to_owned())
}

pub(crate) fn ps(server: &Server, json: bool) -> anyhow::Result<Verdict> {
    let list = server.get("/kernel/processes")?;
    if json {
        print_json(&list)?;
    } else {
        print(&listed(&list))?;
    }
    Ok(Verdict::Good)
}

fn listed(list: &Value) -> String {
    let rows: Vec<_> = processes(list)
        .map(|process| {
            [
                process["pid"].to_string(),
                text(&process["parent"]),
                text(&process["state"]),
                text(&process["profile"]),
                process["priority"].to_string(),
                memory(process),
                process["usage"]["calls"].to_string(),
                moment(&text(&process["started_at"])),
                title(process),
            ]
        })
        .collect();
    let columns = [
        Column::Number("PID"),
        Column::Number("PARENT"),
        Column::Text("STATE"),
        Column::Text("PROFILE"),
        Column::Number("PRIORITY"),
        Column::Text("MEMORY"),
        Column::Number("CALLS"),
        Column::Text("STARTED"),
        Column::Text("NAME"),
    ];
    table(columns, &rows)
}

pub(super) fn processes(list: &Value) -> impl Iterator<Item = &Value> {
    list["processes"].as_array().into_iter().flatten()
}

/// The app's, else the process's own.
pub(super) fn title(process: &Value) -> String {
    text(process.get("title").unwrap_or(&process["name"]))
}

pub(super) fn memory(process: &Value) -> String {
    let of = |part: &str| size(process[part]["memory_bytes"].as_u64().unwrap_or_default());
    format!("{} of {}", of("usage"), of("limits"))
}

/// A hyphen where there is nothing.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

pub(crate) fn kill(server: &Server, which: &Which, json: bool) -> anyhow::Result<Verdict> {
    act(server, which, "kill", json, |answer| {
        let below = answer["killed"].as_array().map_or(0, Vec::len).saturating_sub(1);
        match below {
            0 => format!("Process {} is ended.", which.pid),
            below => {
                let below = count(below as u64, "process", "processes");
                format!("Process {} is ended, with {below} below it.", which.pid)
            }
        }
    })
}

pub(crate) fn suspend(server: &Server, which: &Which, json: bool) -> anyhow::Result<Verdict> {
    act(server, which, "suspend", json, |_| {
        format!(
            "Process {} is suspended; `resume {}` lets it go on.",
            which.pid, which.pid
        )
    })
}

pub(crate) fn resume(server: &Server, which: &Which, json: bool) -> anyhow::Result<Verdict> {
    act(server, which, "resume", json, |_| {
        format!("Process {} goes on.", which.pid)
    })
}

fn act(
    server: &Server,
    which: &Which,
    verb: &str,
    json: bool,
    tell: impl Fn(&Value) -> String,
) -> anyhow::Result<Verdict> {
    let answer = server.post(&format!("/kernel/processes/{}/{verb}", which.pid), &json!({}))?;
    if json {
        print_json(&answer)?;
    } else {
        print(&tell(&answer))?;
    }
    Ok(Verdict::Good)
}
