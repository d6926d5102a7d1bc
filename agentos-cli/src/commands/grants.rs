//! `grants` and `revoke`: what the processes may do.

use clap::Args;
use serde_json::Value;

use super::processes::text;
use super::table::{Column, table};
use super::{print, print_json};
use crate::Verdict;
use crate::server::Server;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Only what this process holds
    pid: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct Revoked {
    /// The number of the grant, as `grants` shows it
    id: u64,
}

pub(crate) fn grants(server: &Server, arguments: &Arguments, json: bool) -> anyhow::Result<Verdict> {
    let query = arguments.pid.map(|pid| format!("?pid={pid}")).unwrap_or_default();
    let list = server.get(&format!("/kernel/grants{query}"))?;
    if json {
        print_json(&list)?;
    } else {
        print(&listed(&list))?;
    }
    Ok(Verdict::Good)
}

fn listed(list: &Value) -> String {
    let grants = list["grants"].as_array().map(Vec::as_slice).unwrap_or_default();
    if grants.is_empty() {
        return "Nothing is granted.".to_owned();
    }
    let rows: Vec<_> = grants
        .iter()
        .map(|grant| {
            let verb = if grant["rule"] == "deny" { "may not" } else { "may" };
            [
                grant["id"].to_string(),
                grant["holder"].to_string(),
                text(&grant["parent"]),
                format!("{verb} {}", text(&grant["text"])),
            ]
        })
        .collect();
    let columns = [
        Column::Number("GRANT"),
        Column::Number("PID"),
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
