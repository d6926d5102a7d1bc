//! Large answers, which stay charged to who asked until they were taken.

use super::{CallId, Kernel, Pid, Principal, Reply, SysError};

/// What an answer of at least so many bytes brings is held for its process until [`Input::Taken`](super::Input::Taken);
/// what a smaller one brings only until it is given.
pub const LARGE_ANSWER: u64 = 64 * 1_024;

/// An answer that was given and is not taken yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Untaken {
    pid: Pid,
    bytes: u64,
}

impl Kernel {
    /// Charges an answer that is given now, beyond the limit too: what it brings was held for its call, or its mailbox.
    pub(super) fn hold_answer(&mut self, caller: Principal, call: CallId, result: &Result<Reply, SysError>) {
        let Some(reply) = result.as_ref().ok().filter(|reply| reply.is_large()) else {
            return;
        };
        let (pid, bytes) = (caller.pid(), reply.bytes());
        if let Some(process) = self.processes.get_mut(pid) {
            process.hold_answer(bytes);
            self.untaken.insert(call, Untaken { pid, bytes });
        }
    }

    /// The same answer once more takes room of its own.
    pub(super) fn answer_again(
        &mut self,
        caller: Principal,
        result: Result<Reply, SysError>,
    ) -> Result<Reply, SysError> {
        let reply = result?;
        if reply.is_large()
            && let Some(process) = self.processes.get_mut(caller.pid())
        {
            process.check_memory(reply.bytes())?;
        }
        Ok(reply)
    }

    /// Whoever asked has the answer, or nobody will.
    pub(super) fn answer_taken(&mut self, call: CallId) {
        if let Some(Untaken { pid, bytes }) = self.untaken.remove(&call) {
            self.processes.give_back_answer(pid, bytes);
        }
    }
}
