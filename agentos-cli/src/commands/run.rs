//! `run`: opens an app, uses it as the script says and prints what it shows.
//!
//! Time is virtual: it moves only by `--wait`. What would leave the app (files, network, stored data)
//! fails `unavailable`, as it does for a person whose server is not there.

mod app;
mod script;
mod view;

use std::path::PathBuf;

use clap::Args;

use super::{print, print_json, read};
use crate::Verdict;
use app::App;
use script::Script;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The document; `-` reads standard input
    file: PathBuf,
    #[command(flatten)]
    script: Script,
}

pub(crate) fn run(arguments: &Arguments, json: bool) -> anyhow::Result<Verdict> {
    let steps = arguments.script.steps()?;
    let mut app = App::open(&read(&arguments.file)?)?;
    for step in &steps {
        app.take(step)?;
    }
    if json {
        print_json(&app.view())?;
    } else {
        print(&view::tree(&app.view()))?;
    }
    Ok(if app.is_sound() {
        Verdict::Good
    } else {
        Verdict::Bad
    })
}
