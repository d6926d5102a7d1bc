//! `top`: the processes as they are now, again and again.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::io::{self, IsTerminal, Write};
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::{Value, json};

use super::processes::{memory, processes, text, title};
use super::table::{Column, count, size, table};
use super::{print, print_json};
use crate::Verdict;
use crate::server::Server;

/// Moves to the upper left corner and clears what is below.
const CLEAR: &str = "\x1b[H\x1b[2J";

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Seconds between two looks
    #[arg(long, value_name = "SECONDS", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=3600))]
    every: u64,
}

pub(crate) fn top(server: &Server, arguments: &Arguments, json: bool) -> anyhow::Result<Verdict> {
    let mut look = Look::at(server)?;
    if json {
        print_json(&json!({ "stats": look.stats, "processes": look.list["processes"] }))?;
        return Ok(Verdict::Good);
    }
    if !io::stdout().is_terminal() {
        print(&look.told(None))?;
        return Ok(Verdict::Good);
    }
    let mut shown = look.told(None);
    loop {
        let mut out = io::stdout().lock();
        writeln!(out, "{CLEAR}{shown}")?;
        out.flush()?;
        drop(out);
        thread::sleep(Duration::from_secs(arguments.every));
        let next = Look::at(server)?;
        shown = next.told(Some(&look));
        look = next;
    }
}

/// What was there at one moment.
struct Look {
    taken: Instant,
    stats: Value,
    list: Value,
}

impl Look {
    fn at(server: &Server) -> anyhow::Result<Self> {
        Ok(Self {
            taken: Instant::now(),
            stats: server.get("/kernel/stats")?,
            list: server.get("/kernel/processes")?,
        })
    }

    /// Those that hold most first; how many calls a second each made since `before`.
    fn told(&self, before: Option<&Self>) -> String {
        let mut all: Vec<&Value> = processes(&self.list).collect();
        let usage = |process: &Value, name: &str| process["usage"][name].as_u64().unwrap_or_default();
        all.sort_by_key(|process| Reverse((usage(process, "memory_bytes"), usage(process, "calls"))));
        let rates = before.map(|before| self.rates(before)).unwrap_or_default();
        let rows: Vec<_> = all
            .into_iter()
            .map(|process| {
                let pid = process["pid"].as_u64().unwrap_or_default();
                [
                    pid.to_string(),
                    text(&process["state"]),
                    memory(process),
                    process["usage"]["calls_in_flight"].to_string(),
                    process["usage"]["calls"].to_string(),
                    rates
                        .get(&pid)
                        .map_or("-".to_owned(), |rate| format!("{rate:.1}")),
                    title(process),
                ]
            })
            .collect();
        let columns = [
            Column::Number("PID"),
            Column::Text("STATE"),
            Column::Text("MEMORY"),
            Column::Number("IN FLIGHT"),
            Column::Number("CALLS"),
            Column::Number("A SECOND"),
            Column::Text("NAME"),
        ];
        format!("{}\n\n{}", self.summary(), table(columns, &rows))
    }

    fn summary(&self) -> String {
        let of = |name: &str| self.stats[name].as_u64().unwrap_or_default();
        let answered: u64 = self.stats["calls"]
            .as_object()
            .into_iter()
            .flat_map(|calls| calls.values())
            .filter_map(Value::as_u64)
            .sum();
        [
            format!(
                "{}, {} suspended, up {}",
                count(of("processes"), "process", "processes"),
                of("suspended"),
                duration(of("uptime_ms"))
            ),
            format!(
                "{} of {} held; {} answered, {} refused, {} in flight",
                size(of("memory_bytes")),
                size(of("memory_budget_bytes")),
                count(answered, "call", "calls"),
                of("denials"),
                of("calls_in_flight")
            ),
        ]
        .join("\n")
    }

    fn rates(&self, before: &Self) -> HashMap<u64, f64> {
        let calls = |look: &Self| -> HashMap<u64, u64> {
            let of = |process: &Value| Some((process["pid"].as_u64()?, process["usage"]["calls"].as_u64()?));
            processes(&look.list).filter_map(of).collect()
        };
        let (earlier, seconds) = (calls(before), (self.taken - before.taken).as_secs_f64());
        let rate = |(pid, calls): (u64, u64)| {
            let made = calls.saturating_sub(*earlier.get(&pid)?);
            Some((pid, made as f64 / seconds))
        };
        calls(self).into_iter().filter_map(rate).collect()
    }
}

fn duration(millis: u64) -> String {
    let seconds = millis / 1_000;
    match (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(taken: Instant, calls: u64) -> Look {
        let usage = json!({ "memory_bytes": 0, "calls": calls, "calls_in_flight": 0 });
        let process =
            json!({ "pid": 2, "state": "running", "name": "notes", "usage": usage, "limits": usage });
        Look {
            taken,
            stats: json!({ "processes": 1 }),
            list: json!({ "processes": [process] }),
        }
    }

    #[test]
    fn a_rate_is_what_was_called_between_two_looks() {
        let now = Instant::now();
        let (before, after) = (look(now, 10), look(now + Duration::from_secs(2), 15));
        assert!(
            after.told(Some(&before)).ends_with("15       2.5  notes"),
            "{}",
            after.told(Some(&before))
        );
        assert!(
            after.told(None).ends_with("15         -  notes"),
            "{}",
            after.told(None)
        );
    }

    #[test]
    fn a_duration_has_at_most_two_parts() {
        for (seconds, expected) in [
            (9, "9 s"),
            (61, "1 min"),
            (7_260, "2 h 1 min"),
            (90_000, "1 d 1 h"),
        ] {
            assert_eq!(duration(seconds * 1_000), expected);
        }
    }
}
