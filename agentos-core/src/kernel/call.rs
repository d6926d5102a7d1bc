//! A syscall on the authority of a process, and the terms on which it is made.

use super::error::SysError;
use super::idempotency::IdempotencyKey;
use super::model::MODEL_TIME;
use super::process::Principal;
use super::syscall::{Reply, Syscall};
use crate::time::Millis;

/// How long a call may take, but for one to the model, which has [`MODEL_TIME`], and a program, whose time depends on
/// the limits of its caller.
pub const CALL_TIME: Millis = 30_000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    pub caller: Principal,
    pub syscall: Syscall,
    /// How long its answer is of use; the kernel's own deadline for calls holds beside it.
    pub within: Option<Millis>,
    /// By which [`Syscall::CancelCall`] finds it while it is in flight.
    pub name: Option<CallName>,
    /// With it a change is made once: until ten minutes after its answer, the same key of the caller gets that answer.
    /// Of no meaning for a call that changes nothing.
    pub key: Option<IdempotencyKey>,
}

/// What a caller calls one of its calls in flight. One that another of them has is `already_exists`; it is free again
/// once that is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallName(pub u64);

impl Call {
    /// A call on the kernel's terms.
    pub fn new(caller: Principal, syscall: Syscall) -> Self {
        Self {
            caller,
            syscall,
            within: None,
            name: None,
            key: None,
        }
    }

    #[must_use]
    pub fn within(self, time: Millis) -> Self {
        Self {
            within: Some(time),
            ..self
        }
    }

    #[must_use]
    pub fn named(self, name: CallName) -> Self {
        Self {
            name: Some(name),
            ..self
        }
    }

    #[must_use]
    pub fn once(self, key: IdempotencyKey) -> Self {
        Self {
            key: Some(key),
            ..self
        }
    }

    /// How long it may take, as far as that is known of every caller.
    pub(super) fn time(&self) -> Millis {
        let time = match self.syscall {
            Syscall::LlmGenerate(_) => MODEL_TIME,
            Syscall::RunProgram(_) => Millis::MAX,
            _ => CALL_TIME,
        };
        self.within.map_or(time, |within| within.min(time))
    }
}

/// Calls of one caller that are made together. They are no transaction: each is a call of its own, counted and answered
/// by itself, and an error stops none that follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    calls: Vec<Call>,
    order: Order,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Each begins when the one before is answered.
    Ordered,
    /// All are made at once; those beyond the caller's calls in flight are `quota_exceeded`.
    Parallel,
}

impl Batch {
    pub const MAX_CALLS: usize = 64;
    /// What its answers bring together, at most. One that does not fit is [`SysError::TooLarge`]; what its call did stands.
    pub const ANSWER_BYTES: u64 = 60 * 1_024 * 1_024;

    /// # Errors
    /// [`SysError::InvalidArgument`] for none, for more than [`Self::MAX_CALLS`], and for more than one caller.
    pub fn new(order: Order, calls: Vec<Call>) -> Result<Self, SysError> {
        let fits = (1..=Self::MAX_CALLS).contains(&calls.len());
        let of_one_caller = calls.windows(2).all(|pair| pair[0].caller == pair[1].caller);
        if fits && of_one_caller {
            Ok(Self { calls, order })
        } else {
            Err(SysError::invalid("calls"))
        }
    }

    pub fn order(&self) -> Order {
        self.order
    }

    /// From 1 to [`Self::MAX_CALLS`].
    #[expect(clippy::len_without_is_empty, reason = "none is empty")]
    pub fn len(&self) -> usize {
        self.calls.len()
    }

    pub fn into_calls(self) -> Vec<Call> {
        self.calls
    }
}

/// What the answers of a batch may still bring.
#[derive(Debug)]
pub(crate) struct AnswerRoom(u64);

impl AnswerRoom {
    pub(crate) fn of_a_batch() -> Self {
        Self(Batch::ANSWER_BYTES)
    }

    pub(crate) fn admit(&mut self, answer: Result<Reply, SysError>) -> Result<Reply, SysError> {
        let answer = answer?;
        let left = self.0.checked_sub(answer.bytes());
        self.0 = left.ok_or(SysError::TooLarge {
            limit: Batch::ANSWER_BYTES,
        })?;
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Pid;

    fn calls(count: usize) -> Vec<Call> {
        vec![Call::new(Principal::System, Syscall::GetUptime); count]
    }

    #[test]
    fn a_batch_has_one_to_sixty_four_calls_of_one_caller() {
        let refused = Err(SysError::invalid("calls"));
        let batch = |calls| Batch::new(Order::Ordered, calls).map(|batch| batch.into_calls().len());
        assert_eq!(batch(calls(1)), Ok(1));
        assert_eq!(batch(calls(64)), Ok(64));
        assert_eq!(batch(calls(0)), refused);
        assert_eq!(batch(calls(65)), refused);
        let mut of_two = calls(2);
        of_two[1].caller = Principal::Process(Pid::SYSTEM);
        assert_eq!(batch(of_two), refused);
    }
}
