//! The way of a program: one that the operator registered, run as a child process of its caller until it ends.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::approval::ApprovalNeed;
use super::errand::Errand;
use super::{
    Answer, Asked, CallId, EndReason, Kernel, Lane, Limits, NewProcess, Op, Pid, Principal, Priority,
    Profile, Reply, Stage, SysError,
};
use crate::time::Millis;

/// The most arguments of one program.
pub const PROGRAM_ARGS: usize = 256;
/// What they may take together, in bytes.
pub const PROGRAM_ARGS_BYTES: u64 = 64 * 1_024;
/// How many programs run at once, those that are still ending included.
pub const PROGRAMS_AT_ONCE: usize = 8;
/// How many times its CPU time a program may take in all, from its approval on and with its wait for a place:
/// one that sleeps uses no CPU time.
pub const PROGRAM_PATIENCE: u64 = 4;

/// What the operator calls a program: 1 to 64 of `a-z`, `0-9`, `.`, `_` and `-`, a letter or digit first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProgramName(String);

impl ProgramName {
    pub const MAX_BYTES: usize = 64;

    pub fn parse(text: &str) -> Result<Self, SysError> {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let fits = text.len() <= Self::MAX_BYTES && text.bytes().next().is_some_and(is_plain);
        if fits && text.bytes().all(|byte| is_plain(byte) || b"._-".contains(&byte)) {
            Ok(Self(text.to_owned()))
        } else {
            Err(SysError::invalid("program"))
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProgramName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl TryFrom<String> for ProgramName {
    type Error = SysError;

    fn try_from(text: String) -> Result<Self, SysError> {
        Self::parse(&text)
    }
}

impl From<ProgramName> for String {
    fn from(name: ProgramName) -> Self {
        name.0
    }
}

/// What a process asks for with [`Syscall::RunProgram`](super::Syscall::RunProgram).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ProgramRequest {
    pub program: ProgramName,
    /// Follow those the operator fixed; no shell reads them. At most [`PROGRAM_ARGS`] without a NUL.
    pub args: Vec<String>,
    /// What it reads from its standard input, which then ends; as long as the body of a request may be.
    pub input: Vec<u8>,
}

/// How a program ended, and what it wrote until then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramOutput {
    pub end: ProgramEnd,
    /// Together with `stderr` at most what its caller may have; the bytes need not be text.
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProgramEnd {
    Exited {
        code: i32,
    },
    /// By a signal that came from no limit; one that wants more memory than it may have often ends so.
    Signalled {
        signal: i32,
    },
    /// It was killed at a limit. At [`ProgramLimit::Output`] what it wrote is cut there.
    Stopped {
        limit: ProgramLimit,
    },
}

/// What a program had too much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProgramLimit {
    Cpu,
    Output,
    /// Files in its working folder.
    Disk,
    Threads,
}

/// A program as a host runs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramRun {
    /// As which process.
    pub process: Pid,
    pub program: ProgramName,
    pub args: Vec<String>,
    pub input: Vec<u8>,
    pub address_bytes: u64,
    pub cpu_seconds: u32,
    /// Of both outputs together.
    pub output_bytes: u64,
}

impl ProgramRun {
    pub(super) fn input_bytes(&self) -> u64 {
        bytes(&self.args, &self.input)
    }
}

fn bytes(args: &[String], input: &[u8]) -> u64 {
    args_bytes(args) + input.len() as u64
}

fn args_bytes(args: &[String]) -> u64 {
    args.iter().map(|arg| arg.len() as u64).sum()
}

impl ProgramRequest {
    fn check(&self, limits: &Limits) -> Result<(), SysError> {
        if self.args.len() > PROGRAM_ARGS || self.args.iter().any(|arg| arg.contains('\0')) {
            return Err(SysError::invalid("args"));
        }
        let within = |bytes: u64, limit: u64| {
            let fits = bytes <= limit;
            fits.then_some(()).ok_or(SysError::TooLarge { limit })
        };
        within(args_bytes(&self.args), PROGRAM_ARGS_BYTES)?;
        within(self.input.len() as u64, limits.request_bytes)
    }
}

#[derive(Debug)]
pub(super) struct ProgramCall {
    request: ProgramRequest,
    /// As which process it runs, or waits for its place.
    process: Option<Pid>,
}

impl ProgramCall {
    pub(super) fn need(&self) -> ApprovalNeed {
        ApprovalNeed::Program {
            program: self.request.program.clone(),
        }
    }
}

impl Kernel {
    pub(super) fn run_program(
        &mut self,
        asked: Asked,
        request: ProgramRequest,
        limits: &Limits,
    ) -> Result<Answer, SysError> {
        request.check(limits)?;
        let pid = asked.caller.pid();
        self.processes.check_room(pid)?;
        self.check_room_for_process(pid, false)?;
        let held_bytes = bytes(&request.args, &request.input) + limits.program_output_bytes;
        self.processes.take_operation(pid, limits, held_bytes)?;
        let time: Millis = u64::from(limits.program_cpu_seconds) * 1_000 * PROGRAM_PATIENCE;
        let deadline = asked.deadline.min(self.now.saturating_add(time));
        let program = ProgramCall {
            request,
            process: None,
        };
        self.set_out(
            Asked { deadline, ..asked },
            Errand::Program(Box::new(program)),
            held_bytes,
        );
        Ok(Answer::WhenDone)
    }

    /// Makes the process of an allowed program, which then waits for its place on the host. Only who is allowed a program
    /// learns whether there is one.
    pub(super) fn start_program(&mut self, call: CallId) -> Result<(), SysError> {
        self.check_audit()?;
        let Some(waiting) = self.calls.get_mut(&call) else {
            return Ok(());
        };
        let Some(Errand::Program(program)) = &mut waiting.errand else {
            return Ok(());
        };
        if !self.config.programs.contains(&program.request.program) {
            return Err(SysError::NotFound);
        }
        let caller = waiting.asked.caller;
        let parent = self.processes.get(caller.pid()).ok_or(SysError::Cancelled)?;
        let (limits, priority) = (*parent.limits, parent.priority);
        let new = process_of(&program.request, caller.pid(), priority);
        let child = self
            .processes
            .add(&new, self.config.limits.of(new.profile), self.now)?;
        program.process = Some(child);
        waiting.stage = Stage::Queued(Op::RunProgram(Box::new(ProgramRun {
            process: child,
            program: program.request.program.clone(),
            args: std::mem::take(&mut program.request.args),
            input: std::mem::take(&mut program.request.input),
            address_bytes: limits.program_address_bytes,
            cpu_seconds: limits.program_cpu_seconds,
            output_bytes: limits.program_output_bytes,
        })));
        self.programs.insert(child, call);
        self.lanes.of(Lane::Program).push(caller.pid(), priority, call);
        self.tell_spawned(caller, child, &new);
        Ok(())
    }

    /// The call of a program ended: so does its process, unless that is what ended the call.
    pub(super) fn end_program(
        &mut self,
        caller: Principal,
        program: &ProgramCall,
        result: &Result<Reply, SysError>,
    ) {
        let Some(pid) = program.process else { return };
        if self.programs.remove(&pid).is_none() {
            return;
        }
        let reason = match result {
            Err(SysError::Cancelled | SysError::DeadlineExceeded | SysError::PermissionDenied { .. }) => {
                EndReason::Killed
            }
            _ => EndReason::Exited,
        };
        self.end_process(caller, pid, reason);
        self.processes.remove(pid);
    }
}

/// It makes no calls of its own, so it holds nothing and owns nothing.
fn process_of(request: &ProgramRequest, parent: Pid, priority: Priority) -> NewProcess {
    NewProcess {
        name: request.program.to_string(),
        parent,
        namespace: None,
        profile: Profile::Minimal,
        priority,
        focused: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, accepted: bool) {
        assert_eq!(ProgramName::parse(text).is_ok(), accepted, "{text:?}");
    }

    #[test]
    fn names_are_short_and_plain() {
        check("tar", true);
        check("7z", true);
        check("gcc-14.2_x", true);
        check(&"p".repeat(64), true);
        check(&"p".repeat(65), false);
        for text in ["", "-rf", ".hidden", "a/b", "Tar", "a b", "a\0", "ü"] {
            check(text, false);
        }
    }
}
