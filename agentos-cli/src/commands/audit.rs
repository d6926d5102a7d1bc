//! `audit`: the record of what was done and refused.

use agentos_core::kernel::{AuditRecord, Pid};
use agentos_core::time::rfc3339;
use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::Value;

use super::table::{count, moment};
use super::{print, print_json};
use crate::Verdict;
use crate::server::Server;

const ROWS_AT_ONCE: u32 = 1_000;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Show the last rows
    Tail {
        /// How many, from 1 to 1,000
        #[arg(short = 'n', long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000))]
        lines: u32,
    },
    /// Tell whether any row was edited or removed. Of what was written before the server started, an end that was cut off
    /// together with the audit's head shows only beside rows that were exported
    Verify,
    /// Write every row as a line of JSON, so that it can be kept and verified elsewhere
    Export,
}

pub(crate) fn audit(server: &Server, arguments: &Arguments, json: bool) -> anyhow::Result<Verdict> {
    match arguments.verb {
        Verb::Tail { lines } => tail(server, lines, json),
        Verb::Verify => verify(server, json),
        Verb::Export => export(server),
    }
}

fn tail(server: &Server, lines: u32, json: bool) -> anyhow::Result<Verdict> {
    let page = server.get(&format!("/audit?limit={lines}"))?;
    if json {
        print_json(&page)?;
        return Ok(Verdict::Good);
    }
    for row in rows(&page) {
        print(&told(row))?;
    }
    Ok(Verdict::Good)
}

fn verify(server: &Server, json: bool) -> anyhow::Result<Verdict> {
    let verified = server.get("/audit/verify")?;
    let holds = verified["holds"] == true;
    if json {
        print_json(&verified)?;
    } else if holds {
        let rows = count(verified["rows"].as_u64().unwrap_or_default(), "row", "rows");
        print(&format!("The audit is whole: {rows}, none edited or removed."))?;
    } else {
        print(&format!(
            "The audit is not whole: {}.",
            verified["fault"].as_str().unwrap_or("?")
        ))?;
    }
    Ok(if holds { Verdict::Good } else { Verdict::Bad })
}

fn export(server: &Server) -> anyhow::Result<Verdict> {
    let mut after = 0;
    loop {
        let page = server.get(&format!("/audit?after={after}&limit={ROWS_AT_ONCE}"))?;
        for row in rows(&page) {
            print(&row.to_string())?;
        }
        let last = rows(&page).last().and_then(|row| row["seq"].as_u64());
        match last {
            Some(last) => after = last,
            None => return Ok(Verdict::Good),
        }
    }
}

fn rows(page: &Value) -> impl DoubleEndedIterator<Item = &Value> {
    page["rows"].as_array().into_iter().flatten()
}

/// A row that is no record we know is shown as it is.
fn told(row: &Value) -> String {
    let (seq, record) = (row["seq"].as_u64().unwrap_or_default(), &row["record"]);
    match AuditRecord::deserialize(record) {
        Ok(record) => {
            let who = match record.pid {
                Pid::SYSTEM => "the system".to_owned(),
                pid => format!("process {pid}"),
            };
            format!(
                "{}  {seq:>6}  {who} {}",
                moment(&rfc3339(record.time)),
                record.action
            )
        }
        Err(_) => format!("{seq}  {record}"),
    }
}
