//! Processes that ended: told to those who wait for it, and for a while to those who ask late.

use std::collections::VecDeque;

use super::capability::Capability;
use super::{
    Answer, Asked, EndReason, Kernel, Limits, Pid, Principal, ProcessInfo, ProcessState, Reply, Stage,
    SysError,
};
use crate::time::Millis;

/// How many processes that ended are still known.
pub const ENDED_KEPT: usize = 1_024;

/// The last processes that ended, the latest at the back.
#[derive(Debug, Default)]
pub(super) struct Ended {
    kept: VecDeque<Remains>,
}

#[derive(Debug)]
struct Remains {
    /// As it was at its end.
    info: ProcessInfo,
    reason: EndReason,
    /// Every process above it.
    ancestors: Vec<Pid>,
}

impl Ended {
    fn keep(&mut self, remains: Remains) {
        if self.kept.len() == ENDED_KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(remains);
    }

    /// What is known of `pid`, for who could see it while it ran.
    fn visible_to(&self, caller: Principal, pid: Pid) -> Option<&Remains> {
        let remains = self.kept.iter().rev().find(|remains| remains.info.pid == pid)?;
        let sees = match caller {
            Principal::System => true,
            Principal::Process(own) => remains.ancestors.contains(&own),
        };
        sees.then_some(remains)
    }
}

impl Kernel {
    /// Keeps what is known of `pid` when it ends, and tells those who wait for it.
    pub(super) fn bury(&mut self, pid: Pid, reason: EndReason) {
        if let Some(info) = self.processes.info(pid) {
            let state = ProcessState::Terminated { reason };
            let ancestors = self.processes.ancestors(pid).collect();
            self.ended.keep(Remains {
                info: ProcessInfo { state, ..info },
                reason,
                ancestors,
            });
        }
        self.answer_calls(|stage| match stage {
            Stage::AwaitingEnd { of } if *of == pid => Some(Ok(Reply::Ended(reason))),
            Stage::AwaitingReply { from } if *from == pid => Some(Err(SysError::NotFound)),
            _ => None,
        });
    }

    pub(super) fn process_info(&self, caller: Principal, pid: Pid) -> Result<Reply, SysError> {
        if let Some(remains) = self.remains(caller, pid)? {
            return Ok(Reply::Process(Box::new(remains.info.clone())));
        }
        self.check_control(caller, pid)?;
        let info = self.processes.info(pid).ok_or(SysError::NotFound)?;
        Ok(Reply::Process(Box::new(info)))
    }

    /// Answers when `pid` ended, at once where it has.
    pub(super) fn wait_process(
        &mut self,
        asked: Asked,
        pid: Pid,
        wait: Millis,
        limits: &Limits,
    ) -> Result<Answer, SysError> {
        if let Some(remains) = self.remains(asked.caller, pid)? {
            return Ok(Answer::Now(Reply::Ended(remains.reason)));
        }
        self.check_control(asked.caller, pid)?;
        let caller = self.processes.get_mut(asked.caller.pid());
        caller.ok_or(SysError::Cancelled)?.usage.take(limits, 0)?;
        let asked = self.at_most(asked, wait);
        self.wait(asked, Some(Capability::Signal), Stage::AwaitingEnd { of: pid });
        Ok(Answer::WhenDone)
    }

    fn remains(&self, caller: Principal, pid: Pid) -> Result<Option<&Remains>, SysError> {
        self.check(caller, &Capability::Signal)?;
        Ok(self.ended.visible_to(caller, pid))
    }
}
