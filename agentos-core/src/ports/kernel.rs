//! What everyone who acts for an app asks of the kernel.

use async_trait::async_trait;
use futures::FutureExt;
use futures::future::{BoxFuture, join_all};
use futures::stream::BoxStream;

use super::stream::ByteStream;
use crate::ids::Namespace;
use crate::kernel::{
    AnswerRoom, Approval, ApprovalAnswer, ApprovalId, Batch, Call, Capability, EventPage, FileStat, GrantId,
    GrantInfo, KernelEvent, KernelStats, NewProcess, Order, Pid, Principal, ProcessInfo, ReadStream, Reply,
    Rule, StandingApproval, SysError, Syscall, WriteStream,
};

/// The kernel, wherever it runs.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait KernelPort: Send + Sync {
    /// Makes one syscall. Dropping the future cancels the call and what it started; but a change with a key goes on,
    /// and who makes it again gets its answer. A call that takes longer than it may, or than the kernel's deadline for
    /// calls, fails with [`SysError::DeadlineExceeded`].
    ///
    /// # Errors
    /// As [`Syscall`] names them, and for every call: [`SysError::PermissionDenied`],
    /// [`SysError::QuotaExceeded`] and [`SysError::TooLarge`], after which nothing was changed;
    /// [`SysError::Cancelled`] when the process ended; [`SysError::Unavailable`] when it is suspended
    /// or the kernel stopped; [`SysError::Io`] when it would begin or give something, and the audit
    /// can take no record of that; [`SysError::AlreadyExists`] when another call in flight has its name;
    /// [`SysError::InvalidArgument`] when its key is that of another call.
    async fn call(&self, call: Call) -> Result<Reply, SysError>;

    /// Makes calls together, and answers each in their order, up to [`Batch::ANSWER_BYTES`]. Dropping the future cancels
    /// those in flight and makes no more.
    async fn batch(&self, batch: Batch) -> Vec<Result<Reply, SysError>> {
        let make = |call| self.call(call).map(|answer| (answer, ())).boxed();
        make_batch(batch, make).await.0
    }

    /// Reads a file as a stream, however long it is. Dropping it closes the file. A process that ends, is suspended, or
    /// may no longer read the file gets the error of that at once, in place of what it has not read.
    ///
    /// # Errors
    /// As for [`call`](Self::call) and [`FileCall::Read`](crate::kernel::FileCall::Read). Once the stream is there it may
    /// still end with one.
    async fn read_stream(&self, caller: Principal, read: ReadStream) -> Result<ByteStream, SysError>;

    /// Writes a file as a stream. It is what it was until all has come and is on the disk. Dropping the future before
    /// that, or an error in `bytes`, leaves it so.
    ///
    /// # Errors
    /// As for [`call`](Self::call) and [`FileCall::Write`](crate::kernel::FileCall::Write), as soon as they are known;
    /// that of `bytes`; [`SysError::TooLarge`] for a chunk over [`STREAM_CHUNK`](crate::kernel::STREAM_CHUNK).
    async fn write_stream(
        &self,
        caller: Principal,
        write: WriteStream,
        bytes: ByteStream,
    ) -> Result<FileStat, SysError>;

    /// What happens from now on, after what is still kept of the events behind `since` (a `seq`). A number beyond the
    /// newest is of an earlier start: all is told, and its `boot` is another.
    /// A reader that falls behind is told how many it missed, and goes on. As long as there is a stream
    /// of a [`Reader::Person`], what an app is not granted is asked and waits for the answer.
    async fn events(
        &self,
        since: Option<u64>,
        reader: Reader,
    ) -> Result<BoxStream<'static, EventItem>, SysError>;
}

/// Makes the calls of a batch as [`KernelPort::batch`] says. What `make` answers beside an answer is kept, unless the
/// answer did not fit.
pub async fn make_batch<'a, K>(
    batch: Batch,
    make: impl Fn(Call) -> BoxFuture<'a, (Result<Reply, SysError>, K)>,
) -> (Vec<Result<Reply, SysError>>, Vec<K>) {
    let mut room = AnswerRoom::of_a_batch();
    let mut kept = Vec::new();
    let mut admit = |(answer, with_it)| {
        let answer = room.admit(answer);
        kept.extend(answer.is_ok().then_some(with_it));
        answer
    };
    let mut answers = Vec::new();
    match batch.order() {
        Order::Ordered => {
            for call in batch.into_calls() {
                answers.push(admit(make(call).await));
            }
        }
        Order::Parallel => {
            let made = join_all(batch.into_calls().into_iter().map(make)).await;
            answers.extend(made.into_iter().map(admit));
        }
    }
    (answers, kept)
}

/// Who reads the events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// A desktop or a terminal, where a person sees the questions.
    Person,
    /// A part of the system, or a program.
    Program,
}

/// One item of the stream of events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventItem {
    Event(KernelEvent),
    Missed { count: u64 },
}

/// Calls by name; those of the system where no caller is named.
impl dyn KernelPort + '_ {
    /// Makes a call on the kernel's terms.
    pub async fn syscall(&self, caller: Principal, syscall: Syscall) -> Result<Reply, SysError> {
        self.call(Call::new(caller, syscall)).await
    }

    pub async fn spawn(&self, process: NewProcess) -> Result<Pid, SysError> {
        match self
            .syscall(Principal::System, Syscall::SpawnProcess(process))
            .await?
        {
            Reply::Spawned(pid) => Ok(pid),
            _ => Err(SysError::wrong_reply()),
        }
    }

    /// Ends `pid` and its descendants, and answers who ended.
    pub async fn kill(&self, pid: Pid) -> Result<Vec<Pid>, SysError> {
        match self
            .syscall(Principal::System, Syscall::KillProcess { pid })
            .await?
        {
            Reply::Killed(pids) => Ok(pids),
            _ => Err(SysError::wrong_reply()),
        }
    }

    pub async fn processes(&self) -> Result<Vec<ProcessInfo>, SysError> {
        match self.syscall(Principal::System, Syscall::ListProcesses).await? {
            Reply::Processes(processes) => Ok(processes),
            _ => Err(SysError::wrong_reply()),
        }
    }

    /// Suspends `pid`: its calls are answered with `unavailable` until it is resumed.
    pub async fn suspend(&self, pid: Pid) -> Result<(), SysError> {
        self.done(Syscall::SuspendProcess { pid }).await
    }

    pub async fn resume(&self, pid: Pid) -> Result<(), SysError> {
        self.done(Syscall::ResumeProcess { pid }).await
    }

    /// Says which process a person looks at; none where it is none.
    pub async fn set_focus(&self, pid: Option<Pid>) -> Result<(), SysError> {
        self.done(Syscall::SetFocus { pid }).await
    }

    /// Says how much is held of the state of the app whose process `pid` is.
    pub async fn hold_state(&self, pid: Pid, bytes: u64) -> Result<(), SysError> {
        self.done(Syscall::HoldState { pid, bytes }).await
    }

    pub async fn stats(&self) -> Result<KernelStats, SysError> {
        match self.syscall(Principal::System, Syscall::GetStats).await? {
            Reply::Stats(stats) => Ok(*stats),
            _ => Err(SysError::wrong_reply()),
        }
    }

    /// Some of the events that are kept, as [`Syscall::ListEvents`] says.
    pub async fn past_events(&self, since: Option<u64>, limit: u32) -> Result<EventPage, SysError> {
        let listed = Syscall::ListEvents { since, limit };
        match self.syscall(Principal::System, listed).await? {
            Reply::Events(page) => Ok(page),
            _ => Err(SysError::wrong_reply()),
        }
    }

    /// What `holder` holds, or every process.
    pub async fn grants(&self, holder: Option<Pid>) -> Result<Vec<GrantInfo>, SysError> {
        let listed = holder.map_or(Syscall::ListAllGrants, |pid| Syscall::ListGrants { pid });
        match self.syscall(Principal::System, listed).await? {
            Reply::Grants(grants) => Ok(grants),
            _ => Err(SysError::wrong_reply()),
        }
    }

    pub async fn grant(&self, to: Pid, capability: Capability, rule: Rule) -> Result<GrantId, SysError> {
        match self
            .syscall(Principal::System, Syscall::AddGrant { to, capability, rule })
            .await?
        {
            Reply::Granted(grant) => Ok(grant),
            _ => Err(SysError::wrong_reply()),
        }
    }

    /// What the person is asked now, oldest first.
    pub async fn approvals(&self) -> Result<Vec<Approval>, SysError> {
        match self.syscall(Principal::System, Syscall::ListApprovals).await? {
            Reply::Approvals(approvals) => Ok(approvals),
            _ => Err(SysError::wrong_reply()),
        }
    }

    /// What was answered for the apps of `namespace` and still holds.
    pub async fn standing_approvals(&self, namespace: Namespace) -> Result<Vec<StandingApproval>, SysError> {
        let listed = Syscall::ListStandingApprovals { namespace };
        match self.syscall(Principal::System, listed).await? {
            Reply::StandingApprovals(standing) => Ok(standing),
            _ => Err(SysError::wrong_reply()),
        }
    }

    /// Lets none of that hold any more.
    pub async fn forget_approvals(&self, namespace: Namespace) -> Result<(), SysError> {
        self.done(Syscall::ForgetApprovals { namespace }).await
    }

    /// Gives the person's answer.
    pub async fn answer(&self, id: ApprovalId, answer: ApprovalAnswer) -> Result<(), SysError> {
        self.done(Syscall::AnswerApproval { id, answer }).await
    }

    pub async fn revoke(&self, grant: GrantId) -> Result<(), SysError> {
        self.done(Syscall::RevokeGrant { grant }).await
    }

    /// Makes a call whose answer has nothing to tell.
    async fn done(&self, syscall: Syscall) -> Result<(), SysError> {
        match self.syscall(Principal::System, syscall).await? {
            Reply::Done => Ok(()),
            _ => Err(SysError::wrong_reply()),
        }
    }
}
