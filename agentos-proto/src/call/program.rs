//! Programs of the operator's.

use super::{SysError, core, invalid, number, same_words, wire, word};
use wire::program_output::End;

same_words! {
    core::ProgramLimit = wire::ProgramLimit as "stopped" { Cpu Output Disk Threads }
}

impl From<core::ProgramRequest> for wire::ProgramRequest {
    fn from(request: core::ProgramRequest) -> Self {
        Self {
            program: request.program.into(),
            args: request.args,
            input: request.input,
        }
    }
}

impl TryFrom<wire::ProgramRequest> for core::ProgramRequest {
    type Error = SysError;

    fn try_from(request: wire::ProgramRequest) -> Result<Self, SysError> {
        Ok(Self {
            program: request.program.try_into()?,
            args: request.args,
            input: request.input,
        })
    }
}

impl From<core::ProgramOutput> for wire::ProgramOutput {
    fn from(output: core::ProgramOutput) -> Self {
        let end = match output.end {
            core::ProgramEnd::Exited { code } => End::Exited(code),
            core::ProgramEnd::Signalled { signal } => End::Signalled(signal),
            core::ProgramEnd::Stopped { limit } => End::Stopped(number::<wire::ProgramLimit, _>(limit)),
        };
        Self {
            end: Some(end),
            stdout: output.stdout,
            stderr: output.stderr,
        }
    }
}

impl TryFrom<wire::ProgramOutput> for core::ProgramOutput {
    type Error = SysError;

    fn try_from(output: wire::ProgramOutput) -> Result<Self, SysError> {
        Ok(Self {
            end: match output.end.ok_or_else(|| invalid("end"))? {
                End::Exited(code) => core::ProgramEnd::Exited { code },
                End::Signalled(signal) => core::ProgramEnd::Signalled { signal },
                End::Stopped(limit) => core::ProgramEnd::Stopped {
                    limit: word::<wire::ProgramLimit, _>(limit)?,
                },
            },
            stdout: output.stdout,
            stderr: output.stderr,
        })
    }
}
