//! A program under way: a thread of its own starts it, reads what it writes within its bounds, ends it where it must,
//! and reaps it.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use agentos_core::kernel::{IoKind, ProgramEnd, ProgramLimit, ProgramOutput, ProgramRun, SysError};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tracing::warn;

use super::Program;
use super::folder::{Folders, WorkingFolder};
use super::launcher::{CONFINED, ENVIRONMENT, LAUNCH, Launch};
use super::sandbox::Sandbox;

/// How often a program is looked at that does nothing by which it would be seen.
pub(super) const TICK: Duration = Duration::from_millis(50);
/// How long the launcher may take; it does nothing that waits.
const TIME_TO_START: Duration = Duration::from_secs(10);
/// How long a program that is to end has for it.
const TIME_TO_END: Duration = Duration::from_secs(2);
/// The most threads of one program.
const THREADS: u64 = 64;
const READ_AT_ONCE: usize = 64 * 1_024;

/// Runs `run` in a folder of its own. The thread is its parent, whose end is its end, so it is none of a pool.
pub(super) async fn run(
    launcher: &Path,
    program: &Program,
    folders: Arc<Folders>,
    run: ProgramRun,
    place: OwnedSemaphorePermit,
) -> Result<ProgramOutput, SysError> {
    let (launcher, program) = (launcher.to_owned(), program.clone());
    let (wanted, unwanted) = UnixStream::pair().map_err(|error| failed(&error))?;
    let (answer, answered) = oneshot::channel();
    let thread = std::thread::Builder::new().name("program".to_owned());
    let work = move || {
        let output = in_its_folder(&launcher, program, &folders, run, &unwanted);
        drop(place);
        // Who asked may have left.
        let _ = answer.send(output);
    };
    thread.spawn(work).map_err(|error| failed(&error))?;
    let output = answered.await;
    // Until here; the other end is closed when nobody waits any more.
    drop(wanted);
    output.unwrap_or(Err(unavailable()))
}

fn in_its_folder(
    launcher: &Path,
    program: Program,
    folders: &Folders,
    run: ProgramRun,
    unwanted: &UnixStream,
) -> Result<ProgramOutput, SysError> {
    let folder = folders.make(run.process).map_err(|error| failed(&error))?;
    let launch = Launch {
        parent: std::process::id(),
        args: program.args.into_iter().chain(run.args).collect(),
        sandbox: Sandbox {
            program: program.path,
            folder: folder.path().to_owned(),
            readable: program.folders,
            address_bytes: run.address_bytes,
            cpu_seconds: run.cpu_seconds,
        },
    };
    let started = Running::start(launcher, &launch, &run.input, run.output_bytes, folder);
    let running = started.map_err(|error| {
        warn!(program = %run.program, %error, "a program was not started");
        unavailable()
    })?;
    running.watch(unwanted).map_err(|error| failed(&error))
}

fn unavailable() -> SysError {
    SysError::Unavailable { retry_after: None }
}

fn failed(error: &io::Error) -> SysError {
    warn!(%error, "a program could not be run");
    SysError::Io { kind: IoKind::Disk }
}

/// Killed and reaped when dropped; its folder goes after it.
struct Running {
    process: Process,
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
    output: ProgramOutput,
    output_bytes: u64,
    folder: WorkingFolder,
}

/// A child process and, once it set itself apart, the group it leads.
struct Process {
    child: Child,
    ended: OwnedFd,
    /// From then on its number may be somebody else's.
    reaped: bool,
}

impl Drop for Process {
    fn drop(&mut self) {
        // The child by itself too, since it may not lead its group yet.
        let _ = self.child.kill();
        let _ = self.reap();
    }
}

impl Process {
    fn signal(&self, signal: Signal) {
        if !self.reaped {
            // All of it may have ended.
            let _ = kill_process_group(Pid::from_child(&self.child), signal);
        }
    }

    /// Ends what is left of the group and waits for it.
    fn reap(&mut self) -> io::Result<ExitStatus> {
        self.signal(Signal::KILL);
        let status = self.child.wait()?;
        self.reaped = true;
        Ok(status)
    }
}

/// What the loop is woken by.
struct Woken {
    stdout: bool,
    stderr: bool,
    ended: bool,
    unwanted: bool,
}

impl Running {
    /// Returns once the program itself runs.
    fn start(
        launcher: &Path,
        launch: &Launch,
        input: &[u8],
        output_bytes: u64,
        folder: WorkingFolder,
    ) -> io::Result<Self> {
        let (mut ours, theirs) = UnixStream::pair()?;
        let mut child = Command::new(launcher)
            .arg(LAUNCH)
            .env_clear()
            .envs(ENVIRONMENT)
            .stdin(OwnedFd::from(theirs))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let ended = match pidfd_open(Pid::from_child(&child), PidfdFlags::empty()) {
            Ok(ended) => ended,
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(error.into());
            }
        };
        let process = Process {
            child,
            ended,
            reaped: false,
        };
        ours.set_read_timeout(Some(TIME_TO_START))?;
        ours.set_write_timeout(Some(TIME_TO_START))?;
        let mut told = serde_json::to_vec(launch)?;
        told.push(b'\n');
        ours.write_all(&told)?;
        ours.write_all(input)?;
        ours.shutdown(Shutdown::Write)?;
        let mut answer = String::new();
        ours.read_to_string(&mut answer)?;
        match answer.strip_prefix(CONFINED) {
            Some("") => {}
            problem => return Err(io::Error::other(problem.unwrap_or(&answer))),
        }
        Ok(Self {
            process,
            stdout,
            stderr,
            output: ProgramOutput {
                end: ProgramEnd::Exited { code: 0 },
                stdout: Vec::new(),
                stderr: Vec::new(),
            },
            output_bytes,
            folder,
        })
    }

    /// Until it ended, by itself or at a limit, or because it is `unwanted`.
    fn watch(mut self, unwanted: &UnixStream) -> io::Result<ProgramOutput> {
        let mut stopped: Option<ProgramLimit> = None;
        let mut kill_at: Option<Instant> = None;
        let mut look_at = Instant::now() + TICK;
        loop {
            let woken = self.wait(kill_at.is_none().then_some(unwanted))?;
            if woken.unwanted {
                self.process.signal(Signal::TERM);
                kill_at = Some(Instant::now() + TIME_TO_END);
            }
            if kill_at.is_some_and(|at| at <= Instant::now()) {
                self.process.signal(Signal::KILL);
            }
            self.read(&woken)?;
            if stopped.is_none() {
                stopped = self.is_over_the_output().then_some(ProgramLimit::Output);
                if look_at <= Instant::now() {
                    stopped = stopped.or(self.is_over_a_limit()?);
                    look_at = Instant::now() + TICK;
                }
                if stopped.is_some() {
                    self.process.signal(Signal::KILL);
                }
            }
            if woken.ended {
                return self.finish(stopped);
            }
        }
    }

    fn wait(&self, unwanted: Option<&UnixStream>) -> io::Result<Woken> {
        let ended = self.process.ended.as_fd();
        // What is closed or not of interest any more is not waited for twice.
        let watched: [Option<BorrowedFd<'_>>; 4] = [
            Some(ended),
            self.stdout.as_ref().map(AsFd::as_fd),
            self.stderr.as_ref().map(AsFd::as_fd),
            unwanted.map(AsFd::as_fd),
        ];
        let mut fds: Vec<PollFd<'_>> = watched
            .iter()
            .flatten()
            .map(|fd| PollFd::from_borrowed_fd(*fd, PollFlags::IN))
            .collect();
        let tick = Timespec {
            tv_sec: 0,
            tv_nsec: TICK.subsec_nanos().into(),
        };
        match poll(&mut fds, Some(&tick)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let mut ready = fds.iter().map(|fd| !fd.revents().is_empty());
        let mut next = |place: usize| watched[place].is_some() && ready.next() == Some(true);
        Ok(Woken {
            ended: next(0),
            stdout: next(1),
            stderr: next(2),
            unwanted: next(3),
        })
    }

    fn read(&mut self, woken: &Woken) -> io::Result<()> {
        if woken.stdout {
            read_some(&mut self.stdout, &mut self.output.stdout)?;
        }
        if woken.stderr {
            read_some(&mut self.stderr, &mut self.output.stderr)?;
        }
        Ok(())
    }

    fn is_over_the_output(&self) -> bool {
        (self.output.stdout.len() + self.output.stderr.len()) as u64 > self.output_bytes
    }

    fn is_over_a_limit(&self) -> io::Result<Option<ProgramLimit>> {
        if self.folder.is_over_its_limits()? {
            return Ok(Some(ProgramLimit::Disk));
        }
        let threads = threads_of(self.process.child.id());
        Ok((threads > THREADS).then_some(ProgramLimit::Threads))
    }

    /// Nothing of it runs any more: what is still in its pipes is all there is.
    fn finish(mut self, stopped: Option<ProgramLimit>) -> io::Result<ProgramOutput> {
        let status = self.process.reap()?;
        while !self.is_over_the_output() && (self.stdout.is_some() || self.stderr.is_some()) {
            let all = Woken {
                stdout: self.stdout.is_some(),
                stderr: self.stderr.is_some(),
                ended: true,
                unwanted: false,
            };
            self.read(&all)?;
        }
        let stopped = stopped.or_else(|| self.is_over_the_output().then_some(ProgramLimit::Output));
        let ProgramOutput { stdout, stderr, .. } = &mut self.output;
        let limit = self.output_bytes as usize;
        stdout.truncate(limit);
        stderr.truncate(limit - stdout.len());
        self.output.end = end(status, stopped);
        Ok(self.output)
    }
}

/// Closes what has come to its end.
fn read_some<R: Read>(from: &mut Option<R>, to: &mut Vec<u8>) -> io::Result<()> {
    let Some(reader) = from else { return Ok(()) };
    let before = to.len();
    to.resize(before + READ_AT_ONCE, 0);
    let read = reader.read(&mut to[before..]);
    to.truncate(before + *read.as_ref().unwrap_or(&0));
    match read {
        Ok(0) => *from = None,
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
        Err(error) => return Err(error),
    }
    Ok(())
}

fn end(status: ExitStatus, stopped: Option<ProgramLimit>) -> ProgramEnd {
    let signal = status.signal();
    let limit = stopped.or(match signal {
        Some(libc::SIGXCPU) => Some(ProgramLimit::Cpu),
        Some(libc::SIGXFSZ) => Some(ProgramLimit::Disk),
        _ => None,
    });
    match (limit, signal) {
        (Some(limit), _) => ProgramEnd::Stopped { limit },
        (None, Some(signal)) => ProgramEnd::Signalled { signal },
        (None, None) => ProgramEnd::Exited {
            code: status.code().unwrap_or_default(),
        },
    }
}

/// None when it is gone.
fn threads_of(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let threads = status.lines().find_map(|line| line.strip_prefix("Threads:"));
    threads
        .and_then(|count| count.trim().parse().ok())
        .unwrap_or_default()
}
