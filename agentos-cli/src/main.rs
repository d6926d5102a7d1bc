//! AgentOS from a terminal: one verb a file under `commands`.

mod commands;
mod server;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use agentos_adapters::Token;
use anyhow::Context;
use clap::{Parser, Subcommand};

use crate::commands::{
    approvals, audit, change, chat, doctor, edit, engine, eval, events, generate, grants, health, import,
    models, processes, run, schema, settings, top, validate,
};
use crate::server::Server;

/// Describe an app, check one, use one without a browser.
#[derive(Debug, Parser)]
#[command(name = "agentos-cli", version)]
struct Cli {
    /// Where the server is
    #[arg(
        long,
        global = true,
        env = "AGENTOS_SERVER",
        value_name = "URL",
        default_value = "http://127.0.0.1:8000"
    )]
    server: Server,
    /// The file with the token of a server that asks for one, `token` in its data folder; `AGENTOS_TOKEN` may hold the
    /// token itself. Nothing is sent that was not named
    #[arg(long, global = true, env = "AGENTOS_TOKEN_FILE", value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Print JSON instead of text
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Make an app from a sentence and open it on the desktop
    Generate(generate::Arguments),
    /// Talk with the model, which can make and change apps
    Chat(chat::Arguments),
    /// Have the model change an app on the desktop
    Change(change::Arguments),
    /// Serve a file of prompts and tell how it went
    Eval(eval::Arguments),
    /// Tell what is wrong with a document; needs no server
    Validate(validate::Arguments),
    /// Apply edit lines to a document and print what comes of it; needs no server
    Edit(edit::Arguments),
    /// Turn a document of another format into one of ours; needs no server
    Import(import::Arguments),
    /// Print the JSON Schema of documents; needs no server
    Schema(schema::Arguments),
    /// Use an app by script and print what it shows; needs no server
    Run(run::Arguments),
    /// Speak the engine's protocol as JSON lines on standard input and output; needs no server
    Engine,
    /// Tell what this machine offers and what is missing; needs no server
    Doctor(doctor::Arguments),
    /// Ask the server how it is
    Health,
    /// Ask the server which model writes apps, and which there are
    Models,
    /// Show which model writes apps and who decided that, or choose another
    Settings(settings::Arguments),
    /// List the processes: who runs, how much each uses and may use
    Ps,
    /// Watch the processes; on a pipe, show them once
    Top(top::Arguments),
    /// End a process with its children and all their calls
    Kill(processes::Which),
    /// Refuse the calls of a process until it is resumed
    Suspend(processes::Which),
    /// Let a suspended process go on
    Resume(processes::Which),
    /// List what the processes may do
    Grants(grants::Arguments),
    /// Take a grant back, with all that was derived from it
    Revoke(grants::Revoked),
    /// List the questions that wait for an answer, or answer one
    Approvals(approvals::Arguments),
    /// Tell what happened in the kernel, or follow what happens
    Events(events::Arguments),
    /// Read the record of what was done and refused, or verify it
    Audit(audit::Arguments),
}

/// How a verb ended that did what it was asked.
pub(crate) enum Verdict {
    Good,
    /// The thing asked about is not as it should be; the reason has been printed.
    Bad,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match token(cli.token_file.as_deref()).and_then(|token| perform(cli, token)) {
        Ok(Verdict::Good) => ExitCode::SUCCESS,
        Ok(Verdict::Bad) => ExitCode::FAILURE,
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "agentos-cli: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// What the server is shown, should it ask: what is in the file that was named, else in `AGENTOS_TOKEN`.
fn token(file: Option<&Path>) -> anyhow::Result<Option<Token>> {
    let (text, place) = match file {
        Some(file) => {
            let place = file.display().to_string();
            let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {place}"))?;
            (text, place)
        }
        None => match std::env::var("AGENTOS_TOKEN") {
            Ok(text) if !text.is_empty() => (text, "AGENTOS_TOKEN".to_owned()),
            _ => return Ok(None),
        },
    };
    let token = Token::parse(&text).with_context(|| format!("{place} holds no token"))?;
    Ok(Some(token))
}

fn perform(cli: Cli, token: Option<Token>) -> anyhow::Result<Verdict> {
    let server = cli.server.with_token(token);
    match cli.verb {
        Verb::Generate(arguments) => generate::generate(&server, &arguments, cli.json),
        Verb::Chat(arguments) => chat::chat(&server, &arguments, cli.json),
        Verb::Change(arguments) => change::change(&server, &arguments, cli.json),
        Verb::Eval(arguments) => eval::eval(&server, &arguments, cli.json),
        Verb::Validate(arguments) => validate::validate(&arguments, cli.json),
        Verb::Edit(arguments) => edit::edit(&arguments, cli.json),
        Verb::Import(arguments) => import::import(&arguments, cli.json),
        Verb::Schema(arguments) => schema::schema(&arguments),
        Verb::Run(arguments) => run::run(&arguments, cli.json),
        Verb::Engine => engine::engine(),
        Verb::Doctor(arguments) => doctor::doctor(&server, &arguments, cli.json),
        Verb::Health => health::health(&server, cli.json),
        Verb::Models => models::models(&server, cli.json),
        Verb::Settings(arguments) => settings::settings(&server, &arguments, cli.json),
        Verb::Ps => processes::ps(&server, cli.json),
        Verb::Top(arguments) => top::top(&server, &arguments, cli.json),
        Verb::Kill(which) => processes::kill(&server, &which, cli.json),
        Verb::Suspend(which) => processes::suspend(&server, &which, cli.json),
        Verb::Resume(which) => processes::resume(&server, &which, cli.json),
        Verb::Grants(arguments) => grants::grants(&server, &arguments, cli.json),
        Verb::Revoke(revoked) => grants::revoke(&server, &revoked, cli.json),
        Verb::Approvals(arguments) => approvals::approvals(&server, &arguments, cli.json),
        Verb::Events(arguments) => events::events(&server, &arguments, cli.json),
        Verb::Audit(arguments) => audit::audit(&server, &arguments, cli.json),
    }
}

/// The reader, such as `head`, has seen enough.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
