//! How much of everything a process may use, and how much it does.

use serde::{Deserialize, Serialize};

use super::error::{Resource, SysError};
use super::process::Profile;
use crate::time::Millis;

/// The bounds of one process. What reaches one is answered with an error and changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Bytes held for it: what its calls in flight bring and may be answered (a prompt and its answer, a body, a file,
    /// a value), the buffers of its streams, the answers remembered by a key, its unread messages, what its connections
    /// may hold, and the state of its app, which is read whole for every change.
    pub memory_bytes: u64,
    pub calls_in_flight: u32,
    pub calls_per_second: u32,
    /// How many calls may come at once after a pause.
    pub call_burst: u32,
    pub child_processes: u32,
    /// How deep below the system its children may be; a child of the system is at depth 1.
    pub tree_depth: u32,
    pub store_keys: u64,
    /// The longest value of one key, in bytes.
    pub store_value_bytes: u64,
    /// What the files of one root may take, see [`DISK_BLOCK`](super::DISK_BLOCK).
    pub disk_bytes: u64,
    /// The largest body of a request over the network.
    pub request_bytes: u64,
    /// The largest body of an answer, decoded.
    pub response_bytes: u64,
    pub network_in_flight: u32,
    /// Bodies and messages of connections sent and received within an hour.
    pub network_bytes_per_hour: u64,
    /// Connections, and files it reads or writes as streams, at once; they are no calls in flight.
    pub open_streams: u32,
    /// The longest message it sends or is sent.
    pub message_bytes: u64,
    /// Unread messages.
    pub mailbox_messages: u64,
    pub mailbox_bytes: u64,
    /// The address space of each program it runs.
    pub program_address_bytes: u64,
    pub program_cpu_seconds: u32,
    /// What a program may write to both its outputs together.
    pub program_output_bytes: u64,
}

/// The limits of each profile, and of the system itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitTable {
    pub minimal: Limits,
    pub standard: Limits,
    pub privileged: Limits,
    pub system: Limits,
}

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;
const GIB: u64 = 1024 * MIB;

impl Default for LimitTable {
    fn default() -> Self {
        Self {
            minimal: Limits {
                memory_bytes: 16 * MIB,
                calls_in_flight: 4,
                calls_per_second: 20,
                call_burst: 40,
                child_processes: 0,
                tree_depth: 2,
                store_keys: 1_000,
                store_value_bytes: 64 * KIB,
                disk_bytes: 8 * MIB,
                request_bytes: 0,
                response_bytes: 0,
                network_in_flight: 0,
                network_bytes_per_hour: 0,
                open_streams: 16,
                message_bytes: 64 * KIB,
                mailbox_messages: 256,
                mailbox_bytes: 256 * 64 * KIB,
                program_address_bytes: 0,
                program_cpu_seconds: 0,
                program_output_bytes: 0,
            },
            standard: Limits {
                memory_bytes: 64 * MIB,
                calls_in_flight: 16,
                calls_per_second: 200,
                call_burst: 400,
                child_processes: 8,
                tree_depth: 4,
                store_keys: 50_000,
                store_value_bytes: MIB,
                disk_bytes: 256 * MIB,
                request_bytes: MIB,
                response_bytes: 10 * MIB,
                network_in_flight: 8,
                network_bytes_per_hour: 100 * MIB,
                open_streams: 64,
                message_bytes: MIB,
                mailbox_messages: 1_000,
                mailbox_bytes: 8 * MIB,
                program_address_bytes: 512 * MIB,
                program_cpu_seconds: 60,
                program_output_bytes: MIB,
            },
            privileged: Limits {
                memory_bytes: 256 * MIB,
                calls_in_flight: 64,
                calls_per_second: 1_000,
                call_burst: 2_000,
                child_processes: 32,
                tree_depth: 8,
                store_keys: 500_000,
                store_value_bytes: 4 * MIB,
                disk_bytes: 4 * GIB,
                request_bytes: 10 * MIB,
                response_bytes: 50 * MIB,
                network_in_flight: 32,
                network_bytes_per_hour: GIB,
                open_streams: 256,
                message_bytes: MIB,
                mailbox_messages: 1_000,
                mailbox_bytes: 8 * MIB,
                program_address_bytes: 2 * GIB,
                program_cpu_seconds: 300,
                program_output_bytes: 8 * MIB,
            },
            system: Limits {
                memory_bytes: 256 * MIB,
                calls_in_flight: 1_024,
                calls_per_second: 10_000,
                call_burst: 20_000,
                child_processes: 1_024,
                tree_depth: 8,
                store_keys: 500_000,
                store_value_bytes: 4 * MIB,
                disk_bytes: 4 * GIB,
                request_bytes: 10 * MIB,
                response_bytes: 50 * MIB,
                network_in_flight: 32,
                network_bytes_per_hour: GIB,
                open_streams: 256,
                message_bytes: MIB,
                mailbox_messages: 1_000,
                mailbox_bytes: 8 * MIB,
                program_address_bytes: 2 * GIB,
                program_cpu_seconds: 300,
                program_output_bytes: 8 * MIB,
            },
        }
    }
}

impl LimitTable {
    pub fn of(&self, profile: Profile) -> Limits {
        match profile {
            Profile::Minimal => self.minimal,
            Profile::Standard => self.standard,
            Profile::Privileged => self.privileged,
        }
    }
}

/// What a process uses now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    pub memory_bytes: u64,
    pub calls_in_flight: u32,
    /// Calls admitted since its start, with the streams that were opened.
    pub calls: u64,
    /// Requests over the network, with those a person is asked about.
    pub network_in_flight: u32,
    /// Bodies and messages of connections sent and received in the hour that runs.
    pub network_bytes: u64,
    pub open_streams: u32,
    /// Unread messages; what they take is part of the memory.
    pub messages: u64,
    pub message_bytes: u64,
    /// The state of its app; part of the memory too.
    pub state_bytes: u64,
}

impl Usage {
    /// Takes a place among the calls in flight and `bytes` of memory.
    pub(super) fn take(&mut self, limits: &Limits, bytes: u64) -> Result<(), SysError> {
        if self.calls_in_flight >= limits.calls_in_flight {
            let (limit, used) = (limits.calls_in_flight.into(), self.calls_in_flight.into());
            return Err(exceeded(Resource::CallsInFlight, limit, used));
        }
        self.check_memory(limits, bytes)?;
        self.calls_in_flight += 1;
        self.memory_bytes += bytes;
        Ok(())
    }

    pub(super) fn check_memory(&self, limits: &Limits, bytes: u64) -> Result<(), SysError> {
        if self.memory_bytes.saturating_add(bytes) <= limits.memory_bytes {
            return Ok(());
        }
        Err(exceeded(Resource::Memory, limits.memory_bytes, self.memory_bytes))
    }

    /// Takes a place among the open streams and `bytes` of memory.
    pub(super) fn take_stream(&mut self, limits: &Limits, bytes: u64) -> Result<(), SysError> {
        if self.open_streams >= limits.open_streams {
            let (limit, used) = (limits.open_streams.into(), self.open_streams.into());
            return Err(exceeded(Resource::OpenStreams, limit, used));
        }
        self.hold(limits, bytes)?;
        self.open_streams += 1;
        Ok(())
    }

    pub(super) fn give_back_stream(&mut self, bytes: u64) {
        self.open_streams -= 1;
        self.release(bytes);
    }

    /// Takes `bytes` of memory for what outlives its call.
    pub(super) fn hold(&mut self, limits: &Limits, bytes: u64) -> Result<(), SysError> {
        self.check_memory(limits, bytes)?;
        self.memory_bytes += bytes;
        Ok(())
    }

    pub(super) fn release(&mut self, bytes: u64) {
        self.memory_bytes -= bytes;
    }

    /// Takes a place among the unread messages and `bytes` of memory.
    pub(super) fn take_message(&mut self, limits: &Limits, bytes: u64) -> Result<(), SysError> {
        let (messages, limit) = (self.messages, limits.mailbox_messages);
        if messages >= limit {
            return Err(exceeded(Resource::Mailbox, limit, messages));
        }
        let (used, limit) = (self.message_bytes, limits.mailbox_bytes);
        if used.saturating_add(bytes) > limit {
            return Err(exceeded(Resource::MailboxBytes, limit, used));
        }
        self.check_memory(limits, bytes)?;
        self.messages += 1;
        self.message_bytes += bytes;
        self.memory_bytes += bytes;
        Ok(())
    }

    /// Takes `bytes` for the state in place of those it had, or changes nothing.
    pub(super) fn hold_state(&mut self, limits: &Limits, bytes: u64) -> Result<(), SysError> {
        self.check_memory(limits, bytes.saturating_sub(self.state_bytes))?;
        self.memory_bytes = self.memory_bytes - self.state_bytes + bytes;
        self.state_bytes = bytes;
        Ok(())
    }

    pub(super) fn give_back_message(&mut self, bytes: u64) {
        self.messages -= 1;
        self.message_bytes -= bytes;
        self.memory_bytes -= bytes;
    }

    pub(super) fn give_back(&mut self, bytes: u64) {
        self.calls_in_flight -= 1;
        self.memory_bytes -= bytes;
    }
}

fn exceeded(resource: Resource, limit: u64, used: u64) -> SysError {
    SysError::QuotaExceeded {
        resource,
        limit,
        used,
        retry_after: None,
    }
}

/// Lets `calls_per_second` through, and `call_burst` at once after a pause.
#[derive(Debug, Clone, Copy)]
pub(super) struct CallRate {
    /// Thousandths of a call that may still be made.
    credit: u64,
    counted_at: Millis,
}

impl CallRate {
    pub(super) fn full(limits: &Limits, now: Millis) -> Self {
        Self {
            credit: u64::from(limits.call_burst) * 1_000,
            counted_at: now,
        }
    }

    pub(super) fn take(&mut self, limits: &Limits, now: Millis) -> Result<(), SysError> {
        let (rate, burst) = (u64::from(limits.calls_per_second), u64::from(limits.call_burst));
        let earned = now.saturating_sub(self.counted_at).saturating_mul(rate);
        self.credit = self.credit.saturating_add(earned).min(burst * 1_000);
        self.counted_at = now;
        match self.credit.checked_sub(1_000) {
            Some(rest) => {
                self.credit = rest;
                Ok(())
            }
            None => Err(SysError::QuotaExceeded {
                resource: Resource::CallsPerSecond,
                limit: rate,
                used: rate,
                retry_after: Some((1_000 - self.credit).div_ceil(rate.max(1))),
            }),
        }
    }
}

/// What one process may still send and receive before the hour that runs is over. What calls in flight
/// may yet need is set aside, so together they never pass the limit.
#[derive(Debug, Clone, Copy)]
pub(super) struct NetworkHour {
    began: Millis,
    reserved: u64,
}

impl NetworkHour {
    pub(super) fn new(now: Millis) -> Self {
        Self {
            began: now,
            reserved: 0,
        }
    }

    fn turn(&mut self, usage: &mut Usage, now: Millis) {
        if now >= self.began + HOUR {
            self.began = now;
            usage.network_bytes = 0;
        }
    }

    /// How much of `wanted` an answer may have; there is room for at least one byte, or none was wanted.
    pub(super) fn room(
        &mut self,
        limits: &Limits,
        usage: &mut Usage,
        wanted: u64,
        now: Millis,
    ) -> Result<u64, SysError> {
        if usage.network_in_flight >= limits.network_in_flight {
            return Err(SysError::QuotaExceeded {
                resource: Resource::NetworkInFlight,
                limit: limits.network_in_flight.into(),
                used: usage.network_in_flight.into(),
                retry_after: None,
            });
        }
        self.turn(usage, now);
        let room = limits
            .network_bytes_per_hour
            .saturating_sub(usage.network_bytes + self.reserved);
        if room == 0 {
            return Err(self.is_full(limits, usage, now));
        }
        Ok(wanted.min(room))
    }

    pub(super) fn take(&mut self, bytes: u64) {
        self.reserved += bytes;
    }

    pub(super) fn reserve(
        &mut self,
        limits: &Limits,
        usage: &mut Usage,
        bytes: u64,
        now: Millis,
    ) -> Result<(), SysError> {
        self.turn(usage, now);
        if usage.network_bytes + self.reserved + bytes > limits.network_bytes_per_hour {
            return Err(self.is_full(limits, usage, now));
        }
        self.reserved += bytes;
        Ok(())
    }

    pub(super) fn is_full(&self, limits: &Limits, usage: &Usage, now: Millis) -> SysError {
        SysError::QuotaExceeded {
            resource: Resource::NetworkBytes,
            limit: limits.network_bytes_per_hour,
            used: usage.network_bytes + self.reserved,
            retry_after: Some((self.began + HOUR).saturating_sub(now)),
        }
    }

    pub(super) fn settle(&mut self, usage: &mut Usage, reserved: u64, used: u64, now: Millis) {
        self.turn(usage, now);
        self.reserved -= reserved;
        usage.network_bytes += used;
    }
}

const HOUR: Millis = 3_600_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_served_and_then_the_rate() {
        let limits = LimitTable::default().minimal;
        let mut rate = CallRate::full(&limits, 1_000);
        for _ in 0..limits.call_burst {
            rate.take(&limits, 1_000).unwrap();
        }
        let refused = rate.take(&limits, 1_000).unwrap_err();
        let SysError::QuotaExceeded {
            resource: Resource::CallsPerSecond,
            retry_after,
            ..
        } = refused
        else {
            panic!("{refused:?}");
        };
        assert_eq!(retry_after, Some(50));
        rate.take(&limits, 1_050).unwrap();
        rate.take(&limits, 1_050).unwrap_err();
        let served = (0..1_000).filter(|_| rate.take(&limits, 2_050).is_ok()).count();
        assert_eq!(served, limits.calls_per_second as usize);
    }

    #[test]
    fn waiting_long_earns_no_more_than_a_burst() {
        let limits = LimitTable::default().minimal;
        let mut rate = CallRate::full(&limits, 0);
        let served = (0..1_000)
            .filter(|_| rate.take(&limits, u64::MAX).is_ok())
            .count();
        assert_eq!(served, limits.call_burst as usize);
    }

    #[test]
    fn usage_returns_to_nothing() {
        let limits = LimitTable::default().minimal;
        let mut usage = Usage::default();
        usage.take(&limits, 10).unwrap();
        usage.take(&limits, limits.memory_bytes).unwrap_err();
        usage.take(&limits, limits.memory_bytes - 10).unwrap();
        usage.give_back(limits.memory_bytes - 10);
        usage.give_back(10);
        assert_eq!(usage, Usage::default());
    }
}
