//! Everything a request may reach, wired once at start.

use std::time::Instant;

/// What the routes stand on.
pub struct Desk {
    started: Instant,
}

impl Desk {
    pub fn new() -> Self {
        Self {
            started: Instant::now(),
        }
    }

    pub(crate) fn uptime_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
