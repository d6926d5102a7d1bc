//! What happened.

use agentos_core::ids::BootId;
use agentos_core::ports::kernel::{EventItem, Reader};

use super::{SysError, core, invalid, number, pid, read, same_words, wire, word};
use wire::kernel_event::{self, Kind};
use wire::stream_events_response::Item;
use wire::{Lagged, StreamEventsResponse, end_reason};

same_words! {
    core::MemoryLevel = wire::MemoryLevel as "memory_level" { Normal Warning Critical }
}

impl From<core::KernelEvent> for wire::KernelEvent {
    fn from(event: core::KernelEvent) -> Self {
        Self {
            seq: event.seq,
            boot: event.boot.to_string(),
            time: event.time,
            pid: event.pid.number(),
            kind: Some(event.kind.into()),
        }
    }
}

impl TryFrom<wire::KernelEvent> for core::KernelEvent {
    type Error = SysError;

    fn try_from(event: wire::KernelEvent) -> Result<Self, SysError> {
        Ok(Self {
            seq: event.seq,
            boot: BootId::parse(&event.boot).map_err(|_| invalid("boot"))?,
            time: event.time,
            pid: pid(event.pid),
            kind: read("kind", event.kind)?,
        })
    }
}

impl From<core::EventKind> for Kind {
    fn from(kind: core::EventKind) -> Self {
        match kind {
            core::EventKind::ProcessSpawned { name, parent } => {
                let parent = parent.number();
                Self::ProcessSpawned(kernel_event::ProcessSpawned { name, parent })
            }
            core::EventKind::ProcessEnded { reason } => {
                let reason = Some(reason.into());
                Self::ProcessEnded(kernel_event::ProcessEnded { reason })
            }
            core::EventKind::ProcessSuspended {} => Self::ProcessSuspended(()),
            core::EventKind::ProcessResumed {} => Self::ProcessResumed(()),
            core::EventKind::ProcessPriorityChanged { priority } => {
                let priority = priority.weight().into();
                Self::ProcessPriorityChanged(kernel_event::ProcessPriorityChanged { priority })
            }
            core::EventKind::GrantAdded {
                grant,
                capability,
                rule,
            } => Self::GrantAdded(kernel_event::GrantAdded {
                grant: grant.number(),
                capability: Some(capability.into()),
                rule: number::<wire::Rule, _>(rule),
            }),
            core::EventKind::GrantRevoked { grant, capability } => {
                Self::GrantRevoked(kernel_event::GrantRevoked {
                    grant: grant.number(),
                    capability: Some(capability.into()),
                })
            }
            core::EventKind::CallDenied { need } => {
                let need = Some(need.into());
                Self::CallDenied(kernel_event::CallDenied { need })
            }
            core::EventKind::ApprovalRequested { id, need, expires_at } => {
                Self::ApprovalRequested(kernel_event::ApprovalRequested {
                    id: id.into(),
                    need: Some((*need).into()),
                    expires_at,
                })
            }
            core::EventKind::ApprovalAnswered { id, answer } => {
                Self::ApprovalAnswered(kernel_event::ApprovalAnswered {
                    id: id.into(),
                    answer: number::<wire::ApprovalAnswer, _>(answer),
                })
            }
            core::EventKind::ApprovalExpired { id } => {
                Self::ApprovalExpired(kernel_event::ApprovalExpired { id: id.into() })
            }
            core::EventKind::ApprovalWithdrawn { id } => {
                Self::ApprovalWithdrawn(kernel_event::ApprovalWithdrawn { id: id.into() })
            }
            core::EventKind::MemoryPressure {
                level,
                used_bytes,
                budget_bytes,
            } => Self::MemoryPressure(kernel_event::MemoryPressure {
                level: number::<wire::MemoryLevel, _>(level),
                used_bytes,
                budget_bytes,
            }),
        }
    }
}

impl TryFrom<Kind> for core::EventKind {
    type Error = SysError;

    fn try_from(kind: Kind) -> Result<Self, SysError> {
        Ok(match kind {
            Kind::ProcessSpawned(spawned) => Self::ProcessSpawned {
                name: spawned.name,
                parent: pid(spawned.parent),
            },
            Kind::ProcessEnded(ended) => Self::ProcessEnded {
                reason: read("reason", ended.reason)?,
            },
            Kind::ProcessSuspended(()) => Self::ProcessSuspended {},
            Kind::ProcessResumed(()) => Self::ProcessResumed {},
            Kind::ProcessPriorityChanged(changed) => Self::ProcessPriorityChanged {
                priority: super::process::priority(changed.priority)?,
            },
            Kind::GrantAdded(added) => Self::GrantAdded {
                grant: core::GrantId::from_number(added.grant),
                capability: read("capability", added.capability)?,
                rule: word::<wire::Rule, _>(added.rule)?,
            },
            Kind::GrantRevoked(revoked) => Self::GrantRevoked {
                grant: core::GrantId::from_number(revoked.grant),
                capability: read("capability", revoked.capability)?,
            },
            Kind::CallDenied(denied) => Self::CallDenied {
                need: read("need", denied.need)?,
            },
            Kind::ApprovalRequested(requested) => Self::ApprovalRequested {
                id: requested.id.try_into()?,
                need: Box::new(read("need", requested.need)?),
                expires_at: requested.expires_at,
            },
            Kind::ApprovalAnswered(answered) => Self::ApprovalAnswered {
                id: answered.id.try_into()?,
                answer: word::<wire::ApprovalAnswer, _>(answered.answer)?,
            },
            Kind::ApprovalExpired(expired) => Self::ApprovalExpired {
                id: expired.id.try_into()?,
            },
            Kind::ApprovalWithdrawn(withdrawn) => Self::ApprovalWithdrawn {
                id: withdrawn.id.try_into()?,
            },
            Kind::MemoryPressure(pressure) => Self::MemoryPressure {
                level: word::<wire::MemoryLevel, _>(pressure.level)?,
                used_bytes: pressure.used_bytes,
                budget_bytes: pressure.budget_bytes,
            },
        })
    }
}

impl From<core::EndReason> for wire::EndReason {
    fn from(reason: core::EndReason) -> Self {
        use end_reason::Reason;
        let reason = match reason {
            core::EndReason::Killed => Reason::Killed(()),
            core::EndReason::ParentKilled => Reason::ParentKilled(()),
            core::EndReason::Exited => Reason::Exited(()),
            core::EndReason::OutOfMemory => Reason::OutOfMemory(()),
        };
        Self { reason: Some(reason) }
    }
}

impl TryFrom<wire::EndReason> for core::EndReason {
    type Error = SysError;

    fn try_from(reason: wire::EndReason) -> Result<Self, SysError> {
        use end_reason::Reason;
        Ok(match reason.reason.ok_or_else(|| invalid("reason"))? {
            Reason::Killed(()) => Self::Killed,
            Reason::ParentKilled(()) => Self::ParentKilled,
            Reason::Exited(()) => Self::Exited,
            Reason::OutOfMemory(()) => Self::OutOfMemory,
        })
    }
}

impl From<core::EventPage> for wire::EventPage {
    fn from(page: core::EventPage) -> Self {
        Self {
            events: super::written(page.events),
            missed: page.missed,
            newest: page.newest,
        }
    }
}

impl TryFrom<wire::EventPage> for core::EventPage {
    type Error = SysError;

    fn try_from(page: wire::EventPage) -> Result<Self, SysError> {
        Ok(Self {
            events: super::read_all(page.events)?,
            missed: page.missed,
            newest: page.newest,
        })
    }
}

impl From<EventItem> for StreamEventsResponse {
    fn from(item: EventItem) -> Self {
        let item = match item {
            EventItem::Event(event) => Item::Event(event.into()),
            EventItem::Missed { count } => Item::Lagged(Lagged { missed: count }),
        };
        Self { item: Some(item) }
    }
}

/// Fails with what the server ended the stream with, too.
impl TryFrom<StreamEventsResponse> for EventItem {
    type Error = SysError;

    fn try_from(response: StreamEventsResponse) -> Result<Self, SysError> {
        match response.item.ok_or_else(|| invalid("item"))? {
            Item::Event(event) => Ok(Self::Event(event.try_into()?)),
            Item::Lagged(Lagged { missed }) => Ok(Self::Missed { count: missed }),
            Item::Error(error) => Err(SysError::try_from(error)?),
        }
    }
}

impl From<Reader> for wire::Reader {
    fn from(reader: Reader) -> Self {
        match reader {
            Reader::Person => Self::Person,
            Reader::Program => Self::Program,
        }
    }
}

impl From<wire::Reader> for Reader {
    fn from(reader: wire::Reader) -> Self {
        match reader {
            wire::Reader::Person => Self::Person,
            wire::Reader::Program | wire::Reader::Unspecified => Self::Program,
        }
    }
}
