//! Changes that are made at most once, however often they are asked for.
//!
//! What was answered is remembered for ten minutes, an error too, unless it is certain that nothing was changed: a call
//! that was refused, cancelled or too late before it was carried out frees its key, and so does an operation that was
//! over a quota or unavailable. One that was cancelled or too late while it was carried out may have happened, so that
//! is what every later call with its key is told.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};

use super::error::{Resource, SysError};
use super::limits::Limits;
use super::process::{Pid, Principal};
use super::syscall::{Reply, Syscall};
use super::{Answer, Asked, CallId, Kernel, Stage};
use crate::time::Millis;

/// How long the answer to a call with a key is remembered.
pub const KEY_TIME: Millis = 600_000;
/// The most keys of one caller that are remembered at once; one more is `quota_exceeded`.
pub const KEYS_KEPT: usize = 1_000;
/// What a key takes in memory beside itself and the bytes of its answer.
const ENTRY_BYTES: u64 = 256;

/// What a caller gives a change so that it happens once: 1 to 128 printable ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    pub const MAX_BYTES: usize = 128;
    const FIELD: &str = "idempotency_key";

    pub fn parse(text: &str) -> Result<Self, SysError> {
        let fits = (1..=Self::MAX_BYTES).contains(&text.len());
        if fits && text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            Ok(Self(text.to_owned()))
        } else {
            Err(SysError::invalid(Self::FIELD))
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The keys of all callers, those of calls in flight and those whose answer is remembered.
#[derive(Debug, Default)]
pub(super) struct Keys {
    kept: BTreeMap<Principal, BTreeMap<IdempotencyKey, Kept>>,
    in_flight: BTreeMap<CallId, InFlight>,
    expiring: BTreeSet<(Millis, Principal, IdempotencyKey)>,
}

#[derive(Debug)]
struct Kept {
    asked: Fingerprint,
    /// Of the memory of its process.
    bytes: u64,
    answer: KeptAnswer,
}

#[derive(Debug)]
enum KeptAnswer {
    Awaited(CallId),
    Given {
        result: Result<Reply, SysError>,
        until: Millis,
    },
}

/// The first call with a key.
#[derive(Debug)]
struct InFlight {
    caller: Principal,
    key: IdempotencyKey,
    /// Something of it may have happened.
    begun: bool,
    /// It is a request over the network, which can have changed something although it failed.
    leaves_the_machine: bool,
    /// Those who asked for the same meanwhile.
    waiting: Vec<CallId>,
}

impl InFlight {
    fn is_remembered(&self, result: &Result<Reply, SysError>) -> bool {
        match result {
            Ok(_) => true,
            Err(SysError::QuotaExceeded { .. } | SysError::Unavailable { .. }) => {
                self.begun && self.leaves_the_machine
            }
            Err(_) => self.begun,
        }
    }
}

impl Keys {
    /// When the next is forgotten.
    pub(super) fn wake_at(&self) -> Option<Millis> {
        self.expiring.first().map(|(until, ..)| *until)
    }

    /// Whether `call` is the first with a key, and goes on without its caller.
    pub(super) fn is_held_by(&self, call: CallId) -> bool {
        self.in_flight.contains_key(&call)
    }

    /// From now on it may have happened.
    pub(super) fn began(&mut self, call: CallId) {
        if let Some(first) = self.in_flight.get_mut(&call) {
            first.begun = true;
        }
    }

    fn of(&self, caller: Principal, key: &IdempotencyKey) -> Option<&Kept> {
        self.kept.get(&caller)?.get(key)
    }

    fn check_room(&self, caller: Principal, now: Millis) -> Result<(), SysError> {
        let Some(kept) = self.kept.get(&caller).filter(|kept| kept.len() >= KEYS_KEPT) else {
            return Ok(());
        };
        let until = kept.values().filter_map(|kept| match kept.answer {
            KeptAnswer::Given { until, .. } => Some(until),
            KeptAnswer::Awaited(_) => None,
        });
        Err(SysError::QuotaExceeded {
            resource: Resource::IdempotencyKeys,
            limit: KEYS_KEPT as u64,
            used: kept.len() as u64,
            retry_after: until.min().map(|until| until.saturating_sub(now)),
        })
    }

    /// Forgets a key, and answers what it took.
    fn remove(&mut self, caller: Principal, key: &IdempotencyKey) -> Option<u64> {
        let of_caller = self.kept.get_mut(&caller)?;
        let kept = of_caller.remove(key)?;
        if of_caller.is_empty() {
            self.kept.remove(&caller);
        }
        Some(kept.bytes)
    }
}

impl Kernel {
    /// Takes `key` for a call that may be its first. Where it is not, the call gets the answer of the first.
    pub(super) fn take_key(
        &mut self,
        asked: Asked,
        key: IdempotencyKey,
        syscall: &Syscall,
        limits: &Limits,
    ) -> Result<Option<Answer>, SysError> {
        let Asked { caller, call, .. } = asked;
        let fingerprint = Fingerprint::of(syscall);
        match self.keys.of(caller, &key) {
            Some(kept) if kept.asked != fingerprint => Err(SysError::invalid(IdempotencyKey::FIELD)),
            Some(Kept {
                answer: KeptAnswer::Given { result, .. },
                ..
            }) => {
                let result = result.clone();
                self.answer_again(caller, result)
                    .map(|reply| Some(Answer::Now(reply)))
            }
            Some(Kept {
                answer: KeptAnswer::Awaited(first),
                ..
            }) => {
                let first = *first;
                self.await_first(asked, first, limits).map(Some)
            }
            None => {
                self.keys.check_room(caller, self.now)?;
                let process = self.processes.get_mut(caller.pid());
                let bytes = key.0.len() as u64 + ENTRY_BYTES;
                process.ok_or(SysError::Cancelled)?.usage.hold(limits, bytes)?;
                let kept = Kept {
                    asked: fingerprint,
                    bytes,
                    answer: KeptAnswer::Awaited(call),
                };
                self.keys
                    .kept
                    .entry(caller)
                    .or_default()
                    .insert(key.clone(), kept);
                let first = InFlight {
                    caller,
                    key,
                    begun: false,
                    leaves_the_machine: matches!(syscall, Syscall::NetworkRequest(_)),
                    waiting: Vec::new(),
                };
                self.keys.in_flight.insert(call, first);
                Ok(None)
            }
        }
    }

    fn await_first(&mut self, asked: Asked, first: CallId, limits: &Limits) -> Result<Answer, SysError> {
        let process = self.processes.get_mut(asked.caller.pid());
        process.ok_or(SysError::Cancelled)?.usage.take(limits, 0)?;
        if let Some(first) = self.keys.in_flight.get_mut(&first) {
            first.waiting.push(asked.call);
        }
        self.wait(asked, None, Stage::AwaitingFirst);
        Ok(Answer::WhenDone)
    }

    /// A call is answered: remembers that if it has a key, and tells those who asked for the same.
    pub(super) fn settle_key(&mut self, call: CallId, result: &Result<Reply, SysError>) {
        let Some(first) = self.keys.in_flight.remove(&call) else {
            return;
        };
        if first.is_remembered(result) {
            self.remember(first.caller, first.key, result.clone());
        } else {
            let bytes = self.keys.remove(first.caller, &first.key);
            self.release(first.caller.pid(), bytes.unwrap_or_default());
        }
        for waiting in first.waiting {
            let result = self.answer_again(first.caller, result.clone());
            self.end_call(waiting, result);
        }
    }

    /// Where the process has no room for the answer, later calls are told that: it is still made once.
    fn remember(&mut self, caller: Principal, key: IdempotencyKey, result: Result<Reply, SysError>) {
        let until = self.now.saturating_add(KEY_TIME);
        let bytes = result.as_ref().map_or(0, Reply::bytes);
        let kept = self
            .keys
            .kept
            .get_mut(&caller)
            .and_then(|kept| kept.get_mut(&key));
        let (Some(kept), Some(process)) = (kept, self.processes.get_mut(caller.pid())) else {
            return;
        };
        let result = match process.usage.hold(&process.limits, bytes) {
            Ok(()) => {
                kept.bytes += bytes;
                result
            }
            Err(no_room) => Err(no_room),
        };
        kept.answer = KeptAnswer::Given { result, until };
        self.keys.expiring.insert((until, caller, key));
    }

    pub(super) fn forget_expired_keys(&mut self) {
        while let Some((until, caller, key)) = self.keys.expiring.pop_first() {
            if until > self.now {
                self.keys.expiring.insert((until, caller, key));
                return;
            }
            let bytes = self.keys.remove(caller, &key);
            self.release(caller.pid(), bytes.unwrap_or_default());
        }
    }

    /// Forgets all keys of a process, whose calls have ended.
    pub(super) fn forget_keys_of(&mut self, pid: Pid) {
        let caller = Principal::Process(pid);
        let kept = self.keys.kept.remove(&caller).unwrap_or_default();
        let bytes = kept.values().map(|kept| kept.bytes).sum();
        for (key, kept) in kept {
            if let KeptAnswer::Given { until, .. } = kept.answer {
                self.keys.expiring.remove(&(until, caller, key));
            }
        }
        self.release(pid, bytes);
    }

    fn release(&mut self, pid: Pid, bytes: u64) {
        if let Some(process) = self.processes.get_mut(pid) {
            process.usage.release(bytes);
        }
    }
}

/// Tells one call from another without keeping it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fingerprint(blake3::Hash);

impl Fingerprint {
    fn of(syscall: &Syscall) -> Self {
        let mut digest = Digest(blake3::Hasher::new());
        syscall.hash(&mut digest);
        Self(digest.0.finalize())
    }
}

struct Digest(blake3::Hasher);

impl Hasher for Digest {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let mut first = [0; 8];
        self.0.finalize_xof().fill(&mut first);
        u64::from_le_bytes(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, accepted: bool) {
        assert_eq!(IdempotencyKey::parse(text).is_ok(), accepted, "{text:?}");
    }

    #[test]
    fn keys_are_short_and_printable() {
        check("a", true);
        check("order 7 ~", true);
        check(&"k".repeat(128), true);
        check(&"k".repeat(129), false);
        check("", false);
        check("a\n", false);
        check("ü", false);
    }
}
