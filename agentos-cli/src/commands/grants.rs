//! `grants` and `revoke`: what the processes may do.

use clap::Args;
use serde_json::Value;

use super::processes::{pid, processes, text, title};
use super::table::{Column, table};
use super::{print, print_json};
use crate::Verdict;
use crate::server::Server;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Only what this process holds
    #[arg(value_parser = pid)]
    pid: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct Revoked {
    /// The number of the grant, as `grants` shows it
    #[arg(value_parser = grant)]
    id: u64,
}

fn grant(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| "a grant is named by its number, as `grants` shows it".to_owned())
}

pub(crate) fn grants(server: &Server, arguments: &Arguments, json: bool) -> anyhow::Result<Verdict> {
    let query = arguments.pid.map(|pid| format!("?pid={pid}")).unwrap_or_default();
    let list = server.get(&format!("/kernel/grants{query}"))?;
    if json {
        print_json(&list)?;
    } else {
        print(&listed(&list, &server.get("/kernel/processes")?))?;
    }
    Ok(Verdict::Good)
}

/// A process that ended meanwhile has no name.
fn listed(list: &Value, there: &Value) -> String {
    let grants = list["grants"].as_array().map(Vec::as_slice).unwrap_or_default();
    if grants.is_empty() {
        return "Nothing is granted.".to_owned();
    }
    let rows: Vec<_> = grants
        .iter()
        .map(|grant| {
            let holder = processes(there).find(|process| process["pid"] == grant["holder"]);
            let verb = if grant["rule"] == "deny" { "may not" } else { "may" };
            [
                grant["id"].to_string(),
                grant["holder"].to_string(),
                holder.map_or_else(|| text(&Value::Null), title),
                text(&grant["parent"]),
                format!("{verb} {}", text(&grant["text"])),
            ]
        })
        .collect();
    let columns = [
        Column::Number("GRANT"),
        Column::Number("PID"),
        Column::Text("NAME"),
        Column::Number("DERIVED FROM"),
        Column::Text("WHAT"),
    ];
    table(columns, &rows)
}

pub(crate) fn revoke(server: &Server, revoked: &Revoked, json: bool) -> anyhow::Result<Verdict> {
    let answer = server.delete(&format!("/kernel/grants/{}", revoked.id))?;
    if json {
        print_json(&answer)?;
    } else {
        print(&format!("Grant {} is taken back.", revoked.id))?;
    }
    Ok(Verdict::Good)
}
