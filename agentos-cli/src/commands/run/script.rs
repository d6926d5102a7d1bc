//! What is done to the app, in order: flags as they were typed, then the lines of a file.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, value_parser};
use serde::Deserialize;

use crate::commands::read;

/// One thing a person does. Components are named by node id or by component id.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Step {
    Click {
        id: String,
    },
    /// Sets the value of any control that has one.
    Type {
        id: String,
        text: String,
    },
    Check {
        id: String,
    },
    Uncheck {
        id: String,
    },
    Submit {
        id: String,
    },
    Wait {
        ms: u64,
    },
}

#[derive(Debug, Clone)]
pub(crate) struct Script {
    flags: Vec<Step>,
    file: Option<PathBuf>,
}

impl Script {
    pub(super) fn steps(&self) -> anyhow::Result<Vec<Step>> {
        let mut steps = self.flags.clone();
        if let Some(path) = &self.file {
            for (number, line) in read(path)?
                .lines()
                .enumerate()
                .filter(|(_, line)| !line.trim().is_empty())
            {
                let step = serde_json::from_str(line)
                    .with_context(|| format!("{}:{}: `{line}` is no step", path.display(), number + 1))?;
                steps.push(step);
            }
        }
        Ok(steps)
    }
}

/// A flag that is one step each time it is given.
struct Flag {
    name: &'static str,
    value: &'static str,
    help: &'static str,
    step: fn(&str) -> Result<Step, String>,
}

const FLAGS: [Flag; 6] = [
    Flag {
        name: "click",
        value: "ID",
        help: "Click a component",
        step: |id| Ok(Step::Click { id: id.to_owned() }),
    },
    Flag {
        name: "type",
        value: "ID=TEXT",
        help: "Put text into a field, or a value into a control",
        step: typed,
    },
    Flag {
        name: "check",
        value: "ID",
        help: "Tick a box",
        step: |id| Ok(Step::Check { id: id.to_owned() }),
    },
    Flag {
        name: "uncheck",
        value: "ID",
        help: "Untick a box",
        step: |id| Ok(Step::Uncheck { id: id.to_owned() }),
    },
    Flag {
        name: "submit",
        value: "ID",
        help: "Press Enter in a field, or send a form",
        step: |id| Ok(Step::Submit { id: id.to_owned() }),
    },
    Flag {
        name: "wait",
        value: "MS",
        help: "Let virtual milliseconds pass",
        step: waited,
    },
];

fn typed(text: &str) -> Result<Step, String> {
    let (id, text) = text.split_once('=').ok_or("write ID=TEXT")?;
    Ok(Step::Type {
        id: id.to_owned(),
        text: text.to_owned(),
    })
}

fn waited(text: &str) -> Result<Step, String> {
    text.parse()
        .map(|ms| Step::Wait { ms })
        .map_err(|_| "write a number of milliseconds".to_owned())
}

impl Args for Script {
    fn augment_args(command: Command) -> Command {
        let script = Arg::new("script").long("script").value_name("FILE").value_parser(value_parser!(PathBuf)).help(
            "Take further steps from a file of JSON lines such as {\"do\":\"click\",\"id\":\"save\"}; `-` reads standard input",
        );
        FLAGS
            .iter()
            .map(|flag| {
                Arg::new(flag.name)
                    .long(flag.name)
                    .value_name(flag.value)
                    .help(flag.help)
                    .action(ArgAction::Append)
                    .value_parser(flag.step)
            })
            .fold(command, Command::arg)
            .arg(script)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Script {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut placed: Vec<(usize, Step)> = FLAGS
            .iter()
            .flat_map(|flag| {
                let places = matches.indices_of(flag.name).into_iter().flatten();
                places.zip(matches.get_many::<Step>(flag.name).into_iter().flatten().cloned())
            })
            .collect();
        placed.sort_by_key(|(place, _)| *place);
        let flags = placed.into_iter().map(|(_, step)| step).collect();
        Ok(Self {
            flags,
            file: matches.get_one("script").cloned(),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
