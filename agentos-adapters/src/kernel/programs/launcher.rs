//! The launcher: this binary again, which confines itself and becomes the program.
//!
//! Its standard input is a socket. It brings one line of [`Launch`] and then what the program reads; what comes back is
//! [`CONFINED`] and nothing more when the program was started, since the socket closes with that, else why it was not.

use std::convert::Infallible;
use std::error::Error;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, Write};
use std::os::unix::process::{CommandExt, parent_id};
use std::process::{Command, ExitCode};

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use rustix::io::fcntl_dupfd_cloexec;
use rustix::process::{Signal, set_parent_process_death_signal, setsid};
use rustix::stdio::{dup2_stdin, stdin};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::sandbox::{self, Sandbox, SandboxError};

/// The argument that makes this binary a launcher.
pub(super) const LAUNCH: &str = "__launch";
/// Comes back once there is nothing left but to execute the program.
pub(super) const CONFINED: &str = "confined\n";
/// All the environment there is, for the launcher too.
pub(super) const ENVIRONMENT: [(&str, &str); 1] = [("LANG", "C.UTF-8")];
/// How a shell ends that could not start a program.
const NOT_STARTED: u8 = 127;

/// What a launcher is told.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Launch {
    /// The process that started it.
    pub(super) parent: u32,
    pub(super) args: Vec<String>,
    pub(super) sandbox: Sandbox,
}

#[derive(Debug, Error)]
enum LaunchError {
    #[error("the launcher was told nothing it can read")]
    Told(#[source] io::Error),
    #[error("the process cannot be set apart")]
    Apart(#[source] io::Error),
    #[error("its input cannot be kept")]
    Input(#[source] io::Error),
    #[error("who started it is gone")]
    Orphaned,
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    #[error("it cannot be executed")]
    Execute(#[source] io::Error),
}

/// What a process ends with that was started as a launcher; none for every other. Call it first in `main`, before there
/// are threads, in each binary that is handed to [`Programs`](super::Programs) as its launcher.
pub fn launched() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    let asked = arguments.next().is_some_and(|only| only == OsStr::new(LAUNCH));
    (asked && arguments.next().is_none()).then(launch)
}

fn launch() -> ExitCode {
    let Ok(socket) = fcntl_dupfd_cloexec(stdin(), 3) else {
        return ExitCode::from(NOT_STARTED);
    };
    // As a file it is written to by the one call that is still allowed at the end.
    let mut socket = File::from(socket);
    let Err(error) = become_program(&socket);
    // Who started it may be gone.
    let _ = socket.write_all(told(&error).as_bytes());
    ExitCode::from(NOT_STARTED)
}

fn told(error: &LaunchError) -> String {
    let causes = std::iter::successors(Some(error as &dyn Error), |error| (*error).source());
    let told: Vec<String> = causes.map(ToString::to_string).collect();
    told.join(": ")
}

/// In this order, since each step takes away what an earlier one needs.
fn become_program(mut socket: &File) -> Result<Infallible, LaunchError> {
    let (launch, input) = instructions(socket).map_err(LaunchError::Told)?;
    setsid().map_err(|error| LaunchError::Apart(error.into()))?;
    keep_as_stdin(&input).map_err(LaunchError::Input)?;
    drop(input);
    let sandbox = &launch.sandbox;
    std::env::set_current_dir(&sandbox.folder).map_err(LaunchError::Apart)?;
    let mut program = Command::new(&sandbox.program);
    program.args(&launch.args).env_clear().envs(ENVIRONMENT);
    let filter = sandbox::filter()?;
    sandbox.give_up_rights()?;
    die_with(launch.parent)?;
    sandbox.limit()?;
    sandbox::apply(&filter)?;
    socket.write_all(CONFINED.as_bytes()).map_err(LaunchError::Told)?;
    Err(LaunchError::Execute(program.exec()))
}

fn instructions(socket: &File) -> io::Result<(Launch, Vec<u8>)> {
    let mut reader = BufReader::new(socket);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let launch = serde_json::from_str(&line)?;
    let mut input = Vec::new();
    reader.read_to_end(&mut input)?;
    Ok((launch, input))
}

/// Leaves `input` to be read and not changed.
fn keep_as_stdin(input: &[u8]) -> io::Result<()> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    // Linux before 6.3 cannot say that it is never executed.
    let file =
        memfd_create("input", flags | MemfdFlags::NOEXEC_SEAL).or_else(|_| memfd_create("input", flags))?;
    let mut file = File::from(file);
    file.write_all(input)?;
    file.rewind()?;
    fcntl_add_seals(
        &file,
        SealFlags::GROW | SealFlags::SHRINK | SealFlags::WRITE | SealFlags::SEAL,
    )?;
    dup2_stdin(&file)?;
    Ok(())
}

fn die_with(parent: u32) -> Result<(), LaunchError> {
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(|error| LaunchError::Apart(error.into()))?;
    if parent_id() == parent {
        Ok(())
    } else {
        Err(LaunchError::Orphaned)
    }
}
