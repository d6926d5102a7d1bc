//! What happened, in order, for those who watch.

use std::collections::VecDeque;

use serde::Serialize;

use super::approval::{ApprovalAnswer, ApprovalId, ApprovalNeed};
use super::capability::{Capability, GrantId, Rule};
use super::error::SysError;
use super::pressure::MemoryLevel;
use super::process::{EndReason, Pid, Priority};
use crate::ids::BootId;
use crate::time::Millis;

/// One thing that happened in the kernel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KernelEvent {
    /// Counts the events of one boot from 1, without gaps.
    pub seq: u64,
    pub boot: BootId,
    /// Milliseconds since the Unix epoch.
    pub time: Millis,
    /// The process it is about.
    pub pid: Pid,
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What happened to the process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", content = "data", rename_all = "snake_case")]
pub enum EventKind {
    ProcessSpawned {
        name: String,
        parent: Pid,
    },
    ProcessEnded {
        reason: EndReason,
    },
    ProcessSuspended {},
    ProcessResumed {},
    ProcessPriorityChanged {
        priority: Priority,
    },
    GrantAdded {
        grant: GrantId,
        capability: Capability,
        rule: Rule,
    },
    GrantRevoked {
        grant: GrantId,
        capability: Capability,
    },
    CallDenied {
        need: Capability,
    },
    /// The person is asked; `expires_at` in milliseconds since the Unix epoch.
    ApprovalRequested {
        id: ApprovalId,
        need: Box<ApprovalNeed>,
        expires_at: Millis,
    },
    ApprovalAnswered {
        id: ApprovalId,
        answer: ApprovalAnswer,
    },
    ApprovalExpired {
        id: ApprovalId,
    },
    /// Nobody waits for the answer any more, or it was given to another question.
    ApprovalWithdrawn {
        id: ApprovalId,
    },
    /// Of the system: memory runs out, or no longer does.
    MemoryPressure {
        level: MemoryLevel,
        used_bytes: u64,
        budget_bytes: u64,
    },
}

/// How many events are kept for those who come late.
pub const EVENTS_KEPT: usize = 65_536;

/// The most events one [`Syscall::ListEvents`](super::Syscall::ListEvents) answers.
pub const EVENTS_LISTED: u32 = 1_000;

/// Some of the events that are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventPage {
    /// Oldest first, without gaps.
    pub events: Vec<KernelEvent>,
    /// How many events before the first of these, and after the one asked for, are no longer kept.
    pub missed: u64,
    /// The `seq` of the newest event there is; 0 before the first.
    pub newest: u64,
}

/// The latest events, oldest first.
#[derive(Debug)]
pub(super) struct EventLog {
    boot: BootId,
    seq: u64,
    kept: VecDeque<KernelEvent>,
}

impl EventLog {
    pub(super) fn new(boot: BootId) -> Self {
        Self {
            boot,
            seq: 0,
            kept: VecDeque::new(),
        }
    }

    pub(super) fn add(&mut self, time: Millis, pid: Pid, kind: EventKind) -> KernelEvent {
        self.seq += 1;
        let event = KernelEvent {
            seq: self.seq,
            boot: self.boot,
            time,
            pid,
            kind,
        };
        if self.kept.len() == EVENTS_KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(event.clone());
        event
    }

    /// The oldest `limit` of those kept after `seq`, and how many after it are not kept.
    pub(super) fn since(&self, seq: u64, limit: usize) -> (Vec<KernelEvent>, u64) {
        let (kept, missed) = self.kept_after(seq);
        (kept.take(limit).cloned().collect(), missed)
    }

    /// A `seq` beyond the newest is of an earlier start of the kernel, so all follow it.
    fn kept_after(&self, seq: u64) -> (impl Iterator<Item = &KernelEvent>, u64) {
        let next = if seq > self.seq { 1 } else { seq + 1 };
        let first_kept = self.kept.front().map_or(self.seq + 1, |event| event.seq);
        let missed = first_kept.saturating_sub(next);
        let skip = next.saturating_sub(first_kept) as usize;
        (self.kept.iter().skip(skip), missed)
    }

    /// The oldest `limit` of those kept after `since`, or the newest `limit`.
    pub(super) fn page(&self, since: Option<u64>, limit: u32) -> Result<EventPage, SysError> {
        if !(1..=EVENTS_LISTED).contains(&limit) {
            return Err(SysError::invalid("limit"));
        }
        let newest = self.seq.saturating_sub(limit.into());
        let (kept, missed) = self.kept_after(since.unwrap_or(newest));
        Ok(EventPage {
            events: kept.take(limit as usize).cloned().collect(),
            missed,
            newest: self.seq,
        })
    }

    pub(super) fn newest(&self) -> u64 {
        self.seq
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_reader_is_told_how_many_are_gone() {
        let mut log = EventLog::new(BootId::new(1, 1));
        for _ in 0..EVENTS_KEPT + 3 {
            log.add(1, Pid(2), EventKind::ProcessResumed {});
        }
        let (events, missed) = log.since(0, usize::MAX);
        assert_eq!((events.len(), missed, events[0].seq), (EVENTS_KEPT, 3, 4));
        let (events, missed) = log.since(0, 2);
        assert_eq!((events.len(), missed, events[1].seq), (2, 3, 5));
        let (events, missed) = log.since(log.seq - 1, 2);
        assert_eq!((events.len(), missed), (1, 0));
        assert_eq!(log.since(log.seq, 2), (vec![], 0));
        for of_an_earlier_start in [log.seq + 1, u64::MAX] {
            assert_eq!(log.since(of_an_earlier_start, 2), log.since(0, 2));
        }
    }

    #[test]
    fn a_page_begins_after_the_one_asked_for_or_ends_with_the_newest() {
        let mut log = EventLog::new(BootId::new(1, 1));
        let page = |log: &EventLog, since, limit| {
            let EventPage {
                events,
                missed,
                newest,
            } = log.page(since, limit).unwrap();
            let seqs: Vec<u64> = events.iter().map(|event| event.seq).collect();
            (seqs, missed, newest)
        };
        assert_eq!(page(&log, None, 2), (vec![], 0, 0));
        for _ in 0..EVENTS_KEPT + 3 {
            log.add(1, Pid(2), EventKind::ProcessResumed {});
        }
        let newest = log.newest();
        assert_eq!(page(&log, None, 2), (vec![newest - 1, newest], 0, newest));
        assert_eq!(page(&log, Some(0), 2), (vec![4, 5], 3, newest));
        assert_eq!(page(&log, Some(newest - 1), 2), (vec![newest], 0, newest));
        assert_eq!(page(&log, Some(newest), 2), (vec![], 0, newest));
        assert_eq!(page(&log, Some(newest + 9), 2), (vec![4, 5], 3, newest));
        for limit in [0, EVENTS_LISTED + 1] {
            assert_eq!(log.page(None, limit), Err(SysError::invalid("limit")));
        }
    }

    #[test]
    fn an_event_is_written_with_its_kind_and_data() {
        let mut log = EventLog::new(BootId::new(1, 1));
        let kind = EventKind::ProcessEnded {
            reason: EndReason::Killed,
        };
        let json = serde_json::to_value(log.add(5, Pid(2), kind)).unwrap();
        assert_eq!(json["kind"], "process_ended");
        assert_eq!(json["data"]["reason"], "killed");
        assert_eq!(json["pid"], 2);
    }
}
