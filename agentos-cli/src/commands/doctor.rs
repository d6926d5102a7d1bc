//! `doctor`: what this machine offers AgentOS, and what is missing.

use std::env;
use std::fs::{self, OpenOptions};
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};

use agentos_adapters::kernel::{landlock_version, seccomp_filters};
use agentos_adapters::platform;
use clap::Args;
use serde::Serialize;
use serde_json::{Value, json};

use super::{print, print_json};
use crate::Verdict;
use crate::server::Server;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The folder the server keeps everything in; the platform's own unless given
    #[arg(long, env = "AGENTOS_DATA_DIR", value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
}

/// One thing that was looked at.
#[derive(Serialize)]
struct Finding {
    verdict: Word,
    subject: &'static str,
    told: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    Ok,
    /// It is not there, and AgentOS runs without it.
    Note,
    /// AgentOS needs it.
    Bad,
}

pub(crate) fn doctor(server: &Server, arguments: &Arguments, json: bool) -> anyhow::Result<Verdict> {
    let health = server.get("/health");
    let programs = health.as_ref().ok().and_then(registered);
    // Without a server nobody knows of programs, so none is missed.
    let missed = programs.as_ref().is_some_and(|(names, _)| !names.is_empty());
    let findings = [
        reached(server, &health),
        data_folder(arguments.data_dir.clone()),
        loopback(),
        openat2(),
        landlock(missed),
        seccomp(missed),
        told_of(programs),
    ];
    let is_well = findings.iter().all(|finding| finding.verdict != Word::Bad);
    if json {
        print_json(&json!({ "ok": is_well, "findings": findings }))?;
    } else {
        for finding in &findings {
            print(&line(finding))?;
        }
    }
    Ok(if is_well { Verdict::Good } else { Verdict::Bad })
}

fn line(finding: &Finding) -> String {
    let word = match finding.verdict {
        Word::Ok => "ok",
        Word::Note => "note",
        Word::Bad => "bad",
    };
    format!("{word:<6}{:<14}{}", finding.subject, finding.told)
}

fn reached(server: &Server, health: &anyhow::Result<Value>) -> Finding {
    let (verdict, told) = match health {
        Ok(health) if health["status"] == "healthy" => (Word::Ok, format!("{server} is healthy")),
        Ok(_) => {
            let told =
                format!("{server} answers, and a part of it does not; `agentos-cli health` tells which");
            (Word::Note, told)
        }
        Err(error) => (Word::Note, error.to_string()),
    };
    Finding {
        verdict,
        subject: "server",
        told,
    }
}

fn data_folder(given: Option<PathBuf>) -> Finding {
    let (verdict, told) = match given.or_else(platform::data_dir) {
        None => (
            Word::Bad,
            "this platform names none; give one with --data-dir".to_owned(),
        ),
        Some(folder) => match try_to_write(&folder) {
            Ok(()) => (Word::Ok, format!("{} can be written", folder.display())),
            Err(error) => {
                let told = format!("{} cannot be written: {error}", folder.display());
                (Word::Bad, told)
            }
        },
    };
    Finding {
        verdict,
        subject: "data folder",
        told,
    }
}

/// In the folder itself, or where it would be made.
fn try_to_write(folder: &Path) -> io::Result<()> {
    let folder = env::current_dir()?.join(folder);
    let is_there = |folder: &&Path| fs::symlink_metadata(folder).is_ok();
    let existing = folder.ancestors().find(is_there).unwrap_or(&folder);
    let probe = existing.join(format!(".agentos-doctor-{}", std::process::id()));
    OpenOptions::new().write(true).create_new(true).open(&probe)?;
    fs::remove_file(probe)
}

fn loopback() -> Finding {
    let (verdict, told) = match TcpListener::bind((Ipv4Addr::LOCALHOST, 0)) {
        Ok(_) => (Word::Ok, "127.0.0.1 can be listened on".to_owned()),
        Err(error) => (Word::Bad, format!("127.0.0.1 cannot be listened on: {error}")),
    };
    Finding {
        verdict,
        subject: "loopback",
        told,
    }
}

fn openat2() -> Finding {
    let (verdict, told) = if platform::has_openat2() {
        (Word::Ok, "the system keeps paths below their folder")
    } else {
        (Word::Note, "absent; paths are walked name by name instead")
    };
    Finding {
        verdict,
        subject: "openat2",
        told: told.to_owned(),
    }
}

fn landlock(missed: bool) -> Finding {
    let version = landlock_version();
    Finding {
        verdict: word(version.is_some(), missed),
        subject: "Landlock",
        told: version.map_or_else(
            || "absent; no program is run".to_owned(),
            |version| format!("version {version} confines programs"),
        ),
    }
}

fn seccomp(missed: bool) -> Finding {
    let is_there = seccomp_filters();
    let told = if is_there {
        "system calls of programs are filtered"
    } else {
        "absent; no program is run"
    };
    Finding {
        verdict: word(is_there, missed),
        subject: "seccomp",
        told: told.to_owned(),
    }
}

fn word(is_there: bool, missed: bool) -> Word {
    match (is_there, missed) {
        (true, _) => Word::Ok,
        (false, false) => Word::Note,
        (false, true) => Word::Bad,
    }
}

/// The programs of the server, and whether it confines them.
fn registered(health: &Value) -> Option<(Vec<&str>, bool)> {
    let names = health["programs"]["registered"].as_array()?;
    let names = names.iter().filter_map(Value::as_str).collect();
    Some((names, health["programs"]["confined"] == true))
}

fn told_of(programs: Option<(Vec<&str>, bool)>) -> Finding {
    let (verdict, told) = match programs {
        None => (
            Word::Note,
            "a running server tells which are registered".to_owned(),
        ),
        Some((names, _)) if names.is_empty() => (Word::Ok, "none is registered".to_owned()),
        Some((names, true)) => (Word::Ok, format!("{} can be run", names.join(", "))),
        Some((names, false)) => {
            let told = format!("{} cannot be confined here, so none is run", names.join(", "));
            (Word::Bad, told)
        }
    };
    Finding {
        verdict,
        subject: "programs",
        told,
    }
}
