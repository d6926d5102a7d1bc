//! The launcher: this binary again, which confines itself and becomes the program.
//!
//! Its standard input is a socket. It brings one line of [`Launch`] and then what the program reads; what comes back is
//! empty when the program was started, since the socket closes with that, else why it was not.

use std::ffi::{OsStr, OsString};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, parent_id};
use std::path::PathBuf;
use std::process::{Command, ExitCode, id};

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use rustix::io::{Errno, fcntl_dupfd_cloexec};
use rustix::process::{Signal, set_parent_process_death_signal, setsid};
use rustix::stdio::{dup2_stdin, stdin};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::sandbox;

/// The argument that makes this binary a launcher.
pub(super) const LAUNCH: &str = "__launch";
/// Also what the launcher starts with: nothing of the server's surroundings comes through.
pub(super) const ENVIRONMENT: [(&str, &str); 1] = [("LANG", "C.UTF-8")];
/// As a shell ends that could not start a program.
const NOT_STARTED: u8 = 127;

/// What a launcher is told.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Launch {
    /// The process that started it.
    pub(super) parent: u32,
    pub(super) program: PathBuf,
    pub(super) args: Vec<String>,
    /// The one folder it may write to, and where it is.
    pub(super) folder: PathBuf,
    pub(super) readable: Vec<PathBuf>,
    pub(super) address_bytes: u64,
    pub(super) cpu_seconds: u32,
}

#[derive(Debug, Error)]
enum LaunchError {
    #[error("the launcher was told nothing it can read")]
    Told(#[source] io::Error),
    #[error("the process cannot be set apart")]
    Apart(#[source] io::Error),
    #[error("the sandbox cannot be made")]
    Sandbox(#[from] sandbox::SandboxError),
    #[error("the program cannot be executed")]
    Execute(#[source] io::Error),
}

/// What a process ends with that was started as a launcher; none for every other. Call it first in `main`, before
/// threads, in each binary that is handed to [`Programs`](super::Programs) as its launcher.
pub fn launched() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    let only: Option<OsString> = arguments.next().filter(|_| arguments.next().is_none());
    (only.as_deref() == Some(OsStr::new(LAUNCH))).then(launch)
}

fn launch() -> ExitCode {
    let Ok(socket) = fcntl_dupfd_cloexec(stdin(), 3) else {
        return ExitCode::from(NOT_STARTED);
    };
    let mut socket = UnixStream::from(socket);
    let error: anyhow_free::Chain = match become_program(&socket) {
        Ok(never) => match never {},
        Err(error) => anyhow_free::Chain(error),
    };
    // Who started it may be gone.
    let _ = write!(socket, "{error}");
    ExitCode::from(NOT_STARTED)
}
