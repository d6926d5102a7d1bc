//! `approvals`: what apps ask of the person, and the person's answers.

use agentos_core::kernel::{ApprovalId, ApprovalNeed};
use clap::{Args, Subcommand, ValueEnum};
use serde::Deserialize;
use serde_json::{Value, json};

use super::processes::text;
use super::table::{Column, moment, table};
use super::{print, print_json};
use crate::Verdict;
use crate::server::Server;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Answer one of the questions that wait
    Answer {
        /// The question, as `approvals` shows it
        #[arg(value_parser = question)]
        id: ApprovalId,
        /// How long the app is allowed what it asks for
        answer: Answer,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Answer {
    /// The calls that wait
    Once,
    /// Until the server stops
    Session,
    /// After that too
    Always,
    /// It is refused from now on
    Never,
}

fn question(text: &str) -> Result<ApprovalId, String> {
    ApprovalId::parse(text)
        .ok_or_else(|| "a question is named by its number, as `approvals` shows it".to_owned())
}

pub(crate) fn approvals(server: &Server, arguments: &Arguments, json: bool) -> anyhow::Result<Verdict> {
    let (answer, told) = match &arguments.verb {
        None => {
            let list = server.get("/kernel/approvals")?;
            let told = listed(&list);
            (list, told)
        }
        Some(Verb::Answer { id, answer }) => {
            let path = format!("/kernel/approvals/{id}");
            let answered = server.post(&path, &json!({ "answer": answer.word() }))?;
            (answered, format!("Question {id} is answered: {}.", answer.word()))
        }
    };
    if json {
        print_json(&answer)?;
    } else {
        print(&told)?;
    }
    Ok(Verdict::Good)
}

impl Answer {
    fn word(self) -> &'static str {
        match self {
            Self::Once => "once",
            Self::Session => "session",
            Self::Always => "always",
            Self::Never => "never",
        }
    }
}

fn listed(list: &Value) -> String {
    let questions = list["approvals"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    if questions.is_empty() {
        return "Nothing waits for an answer.".to_owned();
    }
    let rows: Vec<_> = questions
        .iter()
        .map(|question| {
            [
                text(&question["id"]),
                text(&question["title"]),
                need(&question["need"]),
                moment(&text(&question["expires_at"])),
            ]
        })
        .collect();
    let columns = [
        Column::Text("QUESTION"),
        Column::Text("APP"),
        Column::Text("WANTS TO"),
        Column::Text("REFUSED AT"),
    ];
    table(columns, &rows)
}

/// A server that is newer may know needs that this program does not.
fn need(need: &Value) -> String {
    ApprovalNeed::deserialize(need).map_or_else(|_| need.to_string(), |need| need.to_string())
}
